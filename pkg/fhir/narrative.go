package fhir

import (
	"cmp"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// none says that a section is empty, and that this is all it says.
func (s section) none() string {
	return "This repository shows no " + s.subject + ". That does not mean that there are none."
}

// narrative is the section for human readers: one row per entry.
func (s filled) narrative() string {
	if len(s.entries) == 0 {
		return "<p>" + virtual.Escape(s.none()) + "</p>"
	}
	var b strings.Builder
	for _, kind := range disputed(s.entries) {
		b.WriteString("<p><b>Attention: " + virtual.Escape(dispute(kind)) + ".</b></p>")
	}
	b.WriteString("<table><thead><tr><th>What</th><th>Value</th><th>Status</th><th>When</th></tr></thead><tbody>")
	for _, n := range s.entries {
		b.WriteString("<tr>")
		for _, cell := range []string{what(n), value(n), state(n), when(n)} {
			b.WriteString("<td>" + virtual.Escape(cell) + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

// concept is the text of a CodeableConcept: as written, or that of a coding, or
// a code.
func concept(n *r4.Node) string {
	if n == nil {
		return ""
	}
	if s := n.Str("text"); s != "" {
		return s
	}
	for _, coding := range n.List("coding") {
		if s := coding.Str("display"); s != "" {
			return s
		}
	}
	for _, coding := range n.List("coding") {
		if s := coding.Str("code"); s != "" {
			return s + " (" + coding.Str("system") + ")"
		}
	}
	return ""
}

func what(n *r4.Node) string {
	return cmp.Or(concept(n.Get("code")), concept(n.Get("medicationCodeableConcept")), n.Str("medicationReference", "display"),
		concept(n.Get("vaccineCode")), concept(n.Get("scope")), n.Str("title"), n.Str("device", "display"), n.Str("resourceType"))
}

// value is what an observation, one of its components, a dose or a reaction says.
func value(n *r4.Node) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	add(datum(n))
	for _, c := range n.List("component") {
		if s := datum(c); s != "" {
			add(concept(c.Get("code")) + " " + s)
		}
	}
	for _, name := range []string{"dosage", "dosageInstruction"} {
		for _, d := range n.List(name) {
			add(d.Str("text"))
		}
	}
	for _, r := range n.List("reaction") {
		for _, m := range r.List("manifestation") {
			add(concept(m))
		}
	}
	add(n.Str("conclusion"))
	return strings.Join(parts, "; ")
}

// datum is the value[x] of an observation or component, or why there is none.
func datum(n *r4.Node) string {
	if q := n.Get("valueQuantity"); q != nil {
		return strings.TrimSpace(q.Str("comparator") + q.Str("value") + " " + cmp.Or(q.Str("unit"), q.Str("code")))
	}
	if s := concept(n.Get("valueCodeableConcept")); s != "" {
		return s
	}
	for _, name := range []string{"valueString", "valueInteger", "valueBoolean", "valueDateTime", "valueTime"} {
		if s := n.Str(name); s != "" {
			return s
		}
	}
	if r := n.Get("valueRatio"); r != nil {
		return r.Str("numerator", "value") + " / " + r.Str("denominator", "value")
	}
	if s := concept(n.Get("dataAbsentReason")); s != "" {
		return "no value: " + s
	}
	return ""
}

func state(n *r4.Node) string {
	var parts []string
	for _, s := range []string{concept(n.Get("clinicalStatus")), concept(n.Get("verificationStatus")), n.Str("criticality"), n.Str("status")} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

func when(n *r4.Node) string {
	for _, name := range []string{"effective", "onset", "performed", "occurrence", "period"} {
		for _, suffix := range []string{"DateTime", "Instant", "String"} {
			if s := n.Str(name + suffix); s != "" {
				return s
			}
		}
		for _, p := range []*r4.Node{n.Get(name + "Period"), n.Get(name)} {
			if p != nil && p.Kind == r4.Object {
				if s := strings.TrimSpace(p.Str("start") + " – " + p.Str("end")); s != "–" {
					return s
				}
			}
		}
	}
	return cmp.Or(n.Str("authoredOn"), n.Str("recordedDate"), n.Str("dateTime"))
}
