package fhirmap

import (
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Party is one that is registered in the demographic repository.
type Party struct {
	// Class is that of the party (PERSON, ORGANISATION, ROLE), Type of the resource
	// that it is shown as.
	Class string `json:"class"`
	Type  string `json:"type"`
	// ID is that of the versioned object, and of the resource.
	ID string `json:"id"`
}

// registeredNamespace is that of references into the demographic repository.
const registeredNamespace = "local"

// Ref is the reference to the party.
func (p Party) Ref() *rm.Node {
	return rm.Object("PARTY_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", p.ID)), rm.Str("namespace", registeredNamespace), rm.Str("type", p.Class))
}

// party gives the resources of registered parties while what was composed is
// projected again.
func (in *ComposeInput) party(ref *rm.Node) string {
	for _, p := range in.Parties {
		if p.ID == ref.String("id", "value") && p.Class == ref.String("type") && ref.String("namespace") == registeredNamespace {
			return p.Type
		}
	}
	return ""
}

// party is someone registered here, or named or identified otherwise.
func (b *backward) party(v *r4.Node) *rm.Node {
	if v.Kind != r4.Object {
		return nil
	}
	var f []rm.Field
	if name := v.Str("display"); name != "" {
		f = append(f, rm.Str("name", name))
	}
	switch p, registered := b.in.Parties[v.Str("reference")]; {
	case registered:
		f = append(f, rm.Child("external_ref", p.Ref()))
	case v.Get("reference") != nil || v.Get("type") != nil:
		return nil
	}
	if id := identifierOf(v.Get("identifier")); id != nil && !identifies(v) {
		f = append(f, rm.Child("identifiers", id))
	}
	if len(f) == 0 {
		return nil
	}
	return rm.Object("PARTY_IDENTIFIED", f...)
}

// identifies reports whether the identifier of a Reference repeats its literal
// reference to a registered party.
func identifies(v *r4.Node) bool {
	id := v.Get("identifier")
	_, of, ok := strings.Cut(v.Str("reference"), "/")
	if !ok || id == nil || len(id.Fields) != 2 || id.Str("value") != of {
		return false
	}
	assigner := id.Get("assigner")
	return assigner != nil && len(assigner.Fields) == 1 && assigner.Str("display") == registeredNamespace
}
