package virtual

import (
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// ShownAs are the types of resources that a PARTY_REF with a type can lead to.
func ShownAs(partyType string) []string { return shownAs[partyType] }

var shownAs = map[string][]string{
	"PERSON":       {"Practitioner"},
	"ORGANISATION": {"Organization"},
	"ROLE":         {"PractitionerRole"},
	"ACTOR":        {"Practitioner", "Organization"},
	"PARTY":        {"Practitioner", "Organization", "PractitionerRole"},
	"ANY":          {"Practitioner", "Organization", "PractitionerRole"},
}

// party is what is told of a PARTY_PROXY.
type party struct {
	Type        string `json:"_type"`
	Name        string
	Identifiers []struct{ Issuer, ID string }
	ExternalRef *partyRef `json:"external_ref"`
}

// partyRef is a PARTY_REF.
type partyRef struct {
	Namespace string
	Type      string
	ID        struct{ Value string }
}

// reference is a Reference to a party by its identifier and name, and by the
// resource that it is shown as, if that is among the known ones of the system; nil
// if the party tells nothing of these.
func (p party) reference(known []string, system string) *r4.Node {
	var id *r4.Node
	var literal string
	switch {
	case len(p.Identifiers) > 0:
		id = identifier(p.Identifiers[0].Issuer, p.Identifiers[0].ID)
	case p.ExternalRef != nil:
		id = identifier(p.ExternalRef.Namespace, p.ExternalRef.ID.Value)
	}
	if p.ExternalRef != nil {
		if id, ok := ehr.PartyID(p.ExternalRef.Namespace, p.ExternalRef.ID.Value, system); ok {
			for _, typ := range shownAs[p.ExternalRef.Type] {
				if slices.Contains(known, typ+"/"+id.String()) {
					literal = typ + "/" + id.String()
				}
			}
		}
	}
	n := r4.NewObject()
	if literal != "" {
		extend(n, r4.Str("reference", literal))
	}
	extend(n, r4.Field{Name: "identifier", Value: id}, words("display", p.Name))
	if len(n.Fields) == 0 {
		return nil
	}
	return n
}

// identifier is an Identifier. An issuer that is no URI is told in words.
func identifier(issuer, value string) *r4.Node {
	if value == "" {
		return nil
	}
	if r4.ValidPrimitive("uri", issuer) && hasScheme(issuer) {
		return r4.NewObject(r4.Str("system", issuer), r4.Str("value", value))
	}
	n := r4.NewObject(r4.Str("value", value))
	if issuer != "" {
		n.Fields = append(n.Fields, r4.Obj("assigner", r4.Str("display", issuer)))
	}
	return n
}

func hasScheme(s string) bool {
	for i, c := range []byte(s) {
		switch {
		case c == ':':
			return i > 0
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return false
}

// extend adds those of the fields that have a value.
func extend(n *r4.Node, fields ...r4.Field) {
	for _, f := range fields {
		if f.Value != nil {
			n.Fields = append(n.Fields, f)
		}
	}
}

// words is an element with a text of the record; none if FHIR has no form for it.
func words(name, text string) r4.Field {
	if !r4.ValidPrimitive("string", text) {
		return r4.Field{}
	}
	return r4.Str(name, text)
}
