package fhirmap

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// designations are what the code systems call the codes that the shipped
// mappings write. A resource that carries one of these beside its code says
// nothing else than one without. Of LOINC it is the
// long common name.
var designations = map[string]map[string]string{
	"http://loinc.org": {
		"11329-0": "History general Narrative - Reported",
		"11331-6": "History of Alcohol use",
		"11778-8": "Delivery date Estimated",
		"29463-7": "Body weight",
		"59408-5": "Oxygen saturation in Arterial blood by Pulse oximetry",
		"2708-6":  "Oxygen saturation in Arterial blood",
		"72166-2": "Tobacco smoking status",
		"82810-3": "Pregnancy status",
		"8302-2":  "Body height",
		"8310-5":  "Body temperature",
		"8462-4":  "Diastolic blood pressure",
		"8478-0":  "Mean blood pressure",
		"8480-6":  "Systolic blood pressure",
		"85354-9": "Blood pressure panel with all children optional",
		"8867-4":  "Heart rate",
		"9279-1":  "Respiratory rate",
	},
	"http://snomed.info/sct": {"716186003": "No known allergy", "160245001": "No current problems or disability"},
	"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips": {
		"no-known-allergies": "No known allergies", "no-known-problems": "No known problems",
		"no-known-medications": "No known medications", "no-known-procedures": "No known procedures",
	},
	"http://terminology.hl7.org/CodeSystem/observation-category": {
		"vital-signs": "Vital Signs", "laboratory": "Laboratory", "social-history": "Social History",
	},
	"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": {
		"HH": "Critical high", "H": "High", "N": "Normal", "L": "Low", "LL": "Critical low",
	},
	absentSystem: {"unknown": "Unknown", "masked": "Masked", "not-applicable": "Not Applicable"},
	"http://terminology.hl7.org/CodeSystem/consentscope":                    {"adr": "Advanced Care Directive"},
	"http://terminology.hl7.org/CodeSystem/consentcategorycodes":            {"acd": "Advance Directive"},
	"http://terminology.hl7.org/CodeSystem/v2-0074":                         {"LAB": "Laboratory"},
	"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical":     {"active": "Active", "inactive": "Inactive"},
	"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification": {"unconfirmed": "Unconfirmed", "confirmed": "Confirmed"},
	"http://terminology.hl7.org/CodeSystem/condition-clinical": {
		"active": "Active", "inactive": "Inactive", "recurrence": "Recurrence", "resolved": "Resolved", "relapse": "Relapse", "remission": "Remission",
	},
	"http://terminology.hl7.org/CodeSystem/condition-ver-status": {
		"confirmed": "Confirmed", "provisional": "Provisional", "unconfirmed": "Unconfirmed",
	},
	"http://terminology.hl7.org/CodeSystem/condition-category": {"problem-list-item": "Problem List Item"},
	"http://terminology.hl7.org/CodeSystem/goal-achievement":   {"achieved": "Achieved", "not-achieved": "Not Achieved"},
}

// designates reports whether a display is what the code system calls the code.
// Upper and lower case do not make a difference, nor does the tag of a situation in
// SNOMED CT.
func designates(system, code, display string) bool {
	return display != "" && strings.EqualFold(designations[system][code], strings.TrimSuffix(display, " (situation)"))
}

// comparison collects where two resources differ.
type comparison struct {
	// descriptive says that what only describes a code or the patient may be
	// left out.
	descriptive bool
	// lost are differences that matter; omitted is what came and would not come
	// back, and says nothing that the rest does not say, or is descriptive.
	lost, omitted []Difference
	// linked are the resources that came with the one that is compared, by the
	// text of references to them, back what the references have become.
	linked map[string]*r4.Node
	back   map[string]string
	// at are the places of the references.
	at map[string]string
	// denial is the place of the codings of a denial, of which each says the same.
	denial string
	// around are elements that tell of the composition and not of the resource.
	around map[string]bool
}

// all compares the resource and those linked with what has become of them, and
// tells which is which.
func (c *comparison) all(came *r4.Node, made []Resource, main int) (map[string]ComposedLink, error) {
	c.back, c.at = map[string]string{}, map[string]string{}
	again, err := r4.Parse(made[main].JSON)
	if err != nil {
		return nil, err
	}
	c.differences(came, again)
	links := map[string]ComposedLink{}
	for _, url := range slices.Sorted(maps.Keys(c.linked)) {
		n, path := c.linked[url], c.at[url]+".resolve()"
		i := slices.IndexFunc(made, func(r Resource) bool { return r.Type+"/"+r.ID == c.back[url] })
		switch {
		case c.at[url] == "":
			c.lost = append(c.lost, Difference{n.Str("resourceType"), "no element that the mapping carries refers to the resource"})
		case i < 0 || i == main:
			c.lost = append(c.lost, Difference{path, "the resource would not come back"})
		default:
			if again, err = r4.Parse(made[i].JSON); err != nil {
				return nil, err
			}
			c.compare(n, again, path, true)
			links[url] = ComposedLink{Index: i, Profiles: made[i].Profiles}
		}
	}
	return links, nil
}

// differences lists where a resource differs from the one that came, but for what
// the server assigns.
func (c *comparison) differences(came, back *r4.Node) {
	c.compare(came, back, came.Str("resourceType"), true)
	for _, list := range [...][]Difference{c.lost, c.omitted} {
		slices.SortStableFunc(list, func(x, y Difference) int { return strings.Compare(x.Path, y.Path) })
	}
}

func (c *comparison) compare(a, b *r4.Node, path string, top bool) {
	if url := a.Text; a.Kind == r4.String && b.Kind == r4.String && c.linked[url] != nil && strings.HasSuffix(path, ".reference") {
		was, seen := c.back[url]
		twice := slices.Contains(slices.Collect(maps.Values(c.back)), b.Text)
		if !seen && !twice {
			c.back[url], c.at[url] = b.Text, strings.TrimSuffix(path, ".reference")
			return
		}
		if seen && was == b.Text {
			return
		}
		c.lost = append(c.lost, Difference{path, "the reference would lead to another resource"})
		return
	}
	if a.Kind != b.Kind || a.Text != b.Text {
		c.lost = append(c.lost, Difference{path, "the value would change"})
		return
	}
	for i := range a.Fields {
		f := &a.Fields[i]
		if top && slices.Contains(assigned, f.Name) {
			continue
		}
		other := b.Get(f.Name)
		switch {
		case other != nil:
			c.compare(f.Value, other, path+"."+f.Name, false)
		case repeats(a, b, f):
			c.omitted = append(c.omitted, Difference{path + "." + f.Name, "left out: it repeats what stands beside it"})
		case c.descriptive && describes(a, b, f, path):
			c.omitted = append(c.omitted, Difference{path + "." + f.Name, "left out, as it only describes"})
		default:
			c.lost = append(c.lost, Difference{path + "." + f.Name, "the element would be lost"})
		}
	}
	if a.Kind == r4.Array && (strings.HasSuffix(path, ".coding") || path == "Observation.component") {
		b = aligned(a, b)
	}
	if a.Kind == r4.Array && path == c.denial {
		c.denials(a, b, path)
		return
	}
	for i := range b.Fields {
		f := &b.Fields[i]
		switch {
		case a.Get(f.Name) != nil || top && slices.Contains(assigned, f.Name) || follows(a, b, f):
		case top && c.around[f.Name]:
			c.omitted = append(c.omitted, Difference{path + "." + f.Name, "added: the resource does not say it, and it is who sent it or when it came"})
		default:
			c.lost = append(c.lost, Difference{path + "." + f.Name, "the element is absent and the mapping would add it"})
		}
	}
	for i := range max(len(a.Items), len(b.Items)) {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case i >= len(a.Items):
			c.lost = append(c.lost, Difference{at, "the element is absent and the mapping would add it"})
		case i >= len(b.Items):
			c.lost = append(c.lost, Difference{at, "the element would be lost"})
		default:
			c.compare(a.Items[i], b.Items[i], at, false)
		}
	}
}

// denials compares the codings of a denial: what came has to come back, and what
// the mapping adds means the same.
func (c *comparison) denials(a, b *r4.Node, path string) {
	taken := make([]bool, len(b.Items))
	for i, item := range a.Items {
		at := fmt.Sprintf("%s[%d]", path, i)
		k := slices.IndexFunc(b.Items, func(o *r4.Node) bool { return sameCode(item, o) })
		if k < 0 || taken[k] {
			c.lost = append(c.lost, Difference{at, "the element would be lost"})
			continue
		}
		taken[k] = true
		c.compare(item, b.Items[k], at, false)
	}
	for k := range b.Items {
		if !taken[k] {
			c.omitted = append(c.omitted, Difference{path, "added: a code that says the same"})
		}
	}
}

// aligned is a list in the order of another in which its members are told apart by
// their codes: the order of codings and of components says nothing. A list whose
// members are not all found once in the other stays as it is.
func aligned(a, b *r4.Node) *r4.Node {
	if len(a.Items) != len(b.Items) {
		return b
	}
	key := func(n *r4.Node) string {
		if c := n.List("code"); len(c) == 1 && c[0].Kind == r4.Object { // of a component
			codings := c[0].List("coding")
			if len(codings) != 1 {
				return ""
			}
			n = codings[0]
		}
		if n.Str("code") == "" || n.Str("system") == "" {
			return ""
		}
		return n.Str("system") + "|" + n.Str("version") + "|" + n.Str("code")
	}
	out := &r4.Node{Kind: r4.Array}
	seen := map[string]bool{}
	for _, item := range a.Items {
		k := key(item)
		i := slices.IndexFunc(b.Items, func(o *r4.Node) bool { return key(o) == k })
		if k == "" || seen[k] || i < 0 {
			return b
		}
		seen[k] = true
		out.Items = append(out.Items, b.Items[i])
	}
	return out
}

// sameCode reports whether two objects are a Coding of the same code.
func sameCode(a, b *r4.Node) bool {
	return a.Str("system") != "" && a.Str("code") != "" && a.Str("system") == b.Str("system") && a.Str("code") == b.Str("code") &&
		a.Str("version") == b.Str("version")
}

// repeats reports whether an element that does not come back says only what
// comes back beside it: the name that the code system gives a code or a concept
// with that code alone, or the type of resource that the reference names already.
func repeats(a, b *r4.Node, f *r4.Field) bool {
	if f.Value.Kind != r4.String {
		return false
	}
	switch f.Name {
	case "display":
		return sameCode(a, b) && designates(a.Str("system"), a.Str("code"), f.Value.Text)
	case "text":
		codings := a.List("coding")
		return len(codings) == 1 && len(b.List("coding")) == 1 && sameCode(codings[0], b.List("coding")[0]) &&
			designates(codings[0].Str("system"), codings[0].Str("code"), f.Value.Text)
	case "type":
		typ, id, ok := strings.Cut(a.Str("reference"), "/")
		return ok && typ == f.Value.Text && id != "" && a.Str("reference") == b.Str("reference")
	}
	return false
}

// describes reports whether an element that does not come back is only words
// for people about a code, or about the patient whom a literal reference names.
func describes(a, b *r4.Node, f *r4.Field, path string) bool {
	if f.Name != "display" || f.Value.Kind != r4.String {
		return false
	}
	if sameCode(a, b) {
		return true
	}
	_, element, _ := strings.Cut(path, ".")
	return (element == "subject" || element == "patient") && a.Str("reference") != "" && a.Str("reference") == b.Str("reference")
}

// follows reports whether an element that the mapping adds follows from what
// came: the words for a concept that is coded, the unit as the code of a quantity
// has it, or the id of a registered party that is referred to.
func follows(a, b *r4.Node, f *r4.Field) bool {
	switch f.Name {
	case "text":
		return f.Value.Kind == r4.String && len(a.List("coding")) > 0 && len(b.List("coding")) == len(a.List("coding"))
	case "identifier":
		return a.Str("reference") != "" && a.Str("reference") == b.Str("reference") && identifies(b)
	case "unit":
		return a.Get("value") != nil && a.Str("code") != "" && a.Str("system") == ucumURI && f.Value.Text == a.Str("code")
	}
	return false
}
