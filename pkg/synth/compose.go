package synth

import (
	"fmt"
	"strconv"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// composer builds one composition.
type composer struct {
	r  *random
	p  *Patient
	at time.Time
}

func dateTime(t time.Time) *rm.Node {
	return rm.Object("DV_DATE_TIME", rm.Str("value", t.Format("2006-01-02T15:04:05-07:00")))
}

func partialDate(text string) *rm.Node { return rm.Object("DV_DATE_TIME", rm.Str("value", text)) }

func local(code, text string) *rm.Node { return rm.CodedText(text, "local", code) }

func snomed(c concept) *rm.Node { return rm.CodedText(c.text, "SNOMED-CT", c.snomed) }

// locatable adds node id and name to the fields of a node.
func locatable(class, id, name string, fields ...rm.Field) *rm.Node {
	return rm.Object(class, append(fields, rm.Str("archetype_node_id", id), rm.Child("name", rm.Text(name)))...)
}

// root adds what an archetype root has.
func root(class, archetype, name, template string, fields ...rm.Field) *rm.Node {
	details := []rm.Field{rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", archetype)), rm.Str("rm_version", "1.1.0")}
	if template != "" {
		details = append(details, rm.Child("template_id", rm.ID("TEMPLATE_ID", template)))
	}
	return locatable(class, archetype, name, append(fields, rm.Child("archetype_details", rm.Object("ARCHETYPED", details...)))...)
}

func element(id, name string, value *rm.Node) *rm.Node {
	return locatable("ELEMENT", id, name, rm.Child("value", value))
}

// missing is an element whose value is absent for a stated reason.
func missing(id, name, flavour, rubric string) *rm.Node {
	return locatable("ELEMENT", id, name, rm.Child("null_flavour", rm.CodedText(rubric, "openehr", flavour)))
}

func quantity(magnitude, units string, precision int, status string) *rm.Node {
	f := []rm.Field{rm.Child("magnitude", number(magnitude)), rm.Str("units", units), rm.Str("magnitude_status", status)}
	if precision >= 0 {
		f = append(f, rm.Int("precision", int64(precision)))
	}
	return rm.Object("DV_QUANTITY", f...)
}

// number is a real with its digits as given, so that 37.0 stays 37.0.
func number(digits string) *rm.Node { return &rm.Node{Class: rm.Lookup("Real"), Text: digits} }

func fixed(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }

// tree is an ITEM_TREE; nil without items.
func tree(id, name string, items ...*rm.Node) *rm.Node {
	var kept []*rm.Node
	for _, n := range items {
		if n != nil {
			kept = append(kept, n)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return locatable("ITEM_TREE", id, name, rm.Child("items", kept...))
}

func entryFields() []rm.Field {
	return []rm.Field{
		rm.Child("language", rm.Code("ISO_639-1", "en")),
		rm.Child("encoding", rm.Code("IANA_character-sets", "UTF-8")),
		rm.Child("subject", rm.Object("PARTY_SELF")),
	}
}

func entry(class, archetype, name string, fields ...rm.Field) *rm.Node {
	return root(class, archetype, name, "", append(entryFields(), fields...)...)
}

// party names a professional: the PERSON of the registry, or somebody whom a
// system elsewhere knows.
func (c *composer) party(name string) *rm.Node {
	if id := c.p.g.registered()[name]; id != "" {
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", name), rm.Child("external_ref", partyRef("PERSON", id)))
	}
	return rm.Object("PARTY_IDENTIFIED",
		rm.Str("name", name),
		rm.Child("external_ref", rm.Object("PARTY_REF",
			rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", slug(name)), rm.Str("scheme", "staff"))),
			rm.Str("namespace", SubjectNamespace), rm.Str("type", "PERSON"))))
}

// assistance is who took part in a contact besides the composer.
func (c *composer) assistance(template string) []rm.Field {
	if template != EncounterNote {
		return nil
	}
	nurses := [...]string{"Nurse Jonas Ebert", "Nurse Petra Lang", "Nurse Tom Berger", "Nurse Ines Duarte"}
	return []rm.Field{rm.Child("participations", rm.Object("PARTICIPATION",
		rm.Child("function", rm.Text("assistant")),
		rm.Child("performer", c.party(nurses[c.p.Number%len(nurses)]))))}
}

// provided names who observed and acted.
func provided(list []*rm.Node, who *rm.Node) []*rm.Node {
	out := make([]*rm.Node, len(list))
	for i, n := range list {
		switch n.Class.Name {
		case "OBSERVATION", "ACTION":
			n = n.With("provider", who)
		case "SECTION":
			n = n.With("items", provided(n.List("items"), who)...)
		}
		out[i] = n
	}
	return out
}

// slug is a name as an identifier: letters and digits, others as hyphens.
func slug(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if ch >= 'A' && ch <= 'Z' {
			b[i] = ch + 'a' - 'A'
		} else if ch < '0' || ch > '9' && ch < 'a' || ch > 'z' {
			b[i] = '-'
		}
	}
	return string(b)
}

// composition wraps content in a COMPOSITION.
func (c *composer) composition(archetype, name, template string, length time.Duration, content []*rm.Node) *rm.Node {
	s := pick(c.r, settings)
	context := []rm.Field{
		rm.Child("start_time", dateTime(c.at)),
		rm.Child("setting", rm.CodedText(s.text, "openehr", s.code)),
	}
	if length > 0 {
		context = append(context, rm.Child("end_time", dateTime(c.at.Add(length))))
	}
	if c.r.chance(80) {
		facility := pick(c.r, facilities)
		n := rm.Object("PARTY_IDENTIFIED",
			rm.Str("name", facility),
			rm.Child("identifiers", rm.Object("DV_IDENTIFIER",
				rm.Str("issuer", "Cairn sandbox"), rm.Str("id", slug(facility)), rm.Str("type", "facility"))))
		if id := c.p.g.registered()[facility]; id != "" {
			n = n.With("external_ref", partyRef("ORGANISATION", id))
		}
		context = append(context, rm.Child("health_care_facility", n))
	}
	composer := c.party(pick(c.r, clinicians))
	if c.p.g.registered() != nil {
		context = append(context, c.assistance(template)...)
		content = provided(content, composer)
	}
	return root("COMPOSITION", archetype, name, template,
		rm.Child("language", rm.Code("ISO_639-1", "en")),
		rm.Child("territory", rm.Code("ISO_3166-1", "DE")),
		rm.Child("category", rm.CodedText("event", "openehr", "433")),
		rm.Child("composer", composer),
		rm.Child("context", rm.Object("EVENT_CONTEXT", context...)),
		rm.Child("content", content...))
}

func duration(d time.Duration) *rm.Node {
	var text string
	switch h, m := int(d.Hours()), int(d.Minutes())%60; {
	case h > 0 && m > 0:
		text = fmt.Sprintf("PT%dH%dM", h, m)
	case h > 0:
		text = fmt.Sprintf("PT%dH", h)
	default:
		text = fmt.Sprintf("PT%dM", m)
	}
	return rm.Object("DV_DURATION", rm.Str("value", text))
}
