package fhirmap

import (
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// restore puts a FHIR value at a place. It reports whether it did: a value
// without a certain inverse stays behind, which the proof finds.
func (b *backward) restore(s *step, to *part, v *fplace) bool {
	n := len(s.src.segs)
	if s.code != nil {
		made := s.code.back(v.node)
		if made == nil || to.class != rm.ClassElement || !slices.Contains(to.allowed(), made.Class.Name) {
			return false
		}
		return to.once("value", made)
	}
	switch {
	case to.class == rm.ClassElement:
		for _, class := range to.allowed() {
			if n := b.value(class, to, v.node); n != nil {
				return to.once("value", n)
			}
		}
		return false
	case to.class != nil && (to.class.Name == "POINT_EVENT" || to.class.Name == "INTERVAL_EVENT"):
		if v.node.Kind == r4.Object {
			return b.lasting(to, v.node)
		}
		return v.node.Kind == r4.String && to.class.Name == "POINT_EVENT" && to.once("time", dated("DV_DATE_TIME", v.node.Text))
	case to.class != nil && to.class.Name == "EVENT_CONTEXT":
		return b.during(to, v.node)
	case to.class != nil && to.made == nil && n == 0 && to.empty() && standsForItself(to.class):
		to.made = b.value(to.class.Name, to, v.node) // opened by the parent method
		return to.made != nil
	case to.up == nil || n == 0 || to.made != nil:
		return false
	}
	// An attribute such as subject, provider, start_time or name/value: it is
	// set where it belongs, and the place opened for it is given up.
	attr := s.src.segs[n-1].attr
	if to.up.class == nil {
		return false
	}
	def := to.up.class.Attribute(attr)
	if def == nil {
		return false
	}
	for _, class := range to.candidates(def) {
		n := b.value(class, to, v.node)
		if n == nil || !n.Class.IsA(def.Type) {
			continue
		}
		if def.Container {
			to.class, to.made = n.Class, n
			return true
		}
		to.up.giveUp(attr, to)
		return to.up.once(attr, n)
	}
	to.up.giveUp(attr, to)
	return false
}

// standsForItself reports whether a class is a value that is made whole.
func standsForItself(c *rm.Class) bool { return c.IsA(rm.ClassDataValue) || c.Name == "CODE_PHRASE" }

// giveUp takes back a place that was opened below an attribute.
func (p *part) giveUp(attr string, child *part) {
	p.fields[attr] = slices.DeleteFunc(p.fields[attr], func(c *part) bool { return c == child })
}

// candidates are the classes that an attribute can have here. The bounds of a
// normal range are of the class of the value that it is about.
func (p *part) candidates(def *rm.Attribute) []string {
	if p.class != nil && !p.class.Abstract {
		var out []string
		for _, c := range p.class.Concrete() {
			out = append(out, c.Name)
		}
		return out
	}
	if of := p.up.up; p.up.class == rm.ClassDVInterval {
		if of != nil && of.class != nil && of.class.IsA(rm.ClassDVOrdered) {
			return []string{of.class.Name}
		}
		return p.up.bounds()
	}
	var out []string
	for _, c := range def.Type.Concrete() {
		out = append(out, c.Name)
	}
	return out
}

// bounds are the classes that the bounds of an interval may have.
func (p *part) bounds() []string {
	if o := p.object; o != nil && o.Param != nil && !o.Param.Abstract {
		return []string{o.Param.Name}
	}
	return []string{"DV_QUANTITY", "DV_COUNT", "DV_DATE_TIME", "DV_DATE"}
}

// allowed are the classes that the template allows as the value of an ELEMENT,
// in its order.
func (p *part) allowed() []string {
	var out []string
	if p.object != nil {
		if a := p.object.Attribute("value"); a != nil {
			for _, c := range a.Children {
				out = append(out, c.Class.Name)
			}
		}
	}
	// What is coded becomes a plain text only if there is no code.
	if slices.Contains(out, "DV_TEXT") && !slices.Contains(out, "DV_CODED_TEXT") {
		out = append([]string{"DV_CODED_TEXT"}, out...)
	}
	return out
}

// absent takes back the reason why an Observation or a component has no value.
func (b *backward) absent(s *step, start *part, root, from *fplace) {
	e := s.dstType.elem
	if e == nil || e.Path != "Observation.value[x]" && e.Path != "Observation.component.value[x]" || !s.hasSrc || len(s.src.segs) == 0 {
		return
	}
	holder := s.dst
	holder.steps = holder.steps[:len(holder.steps)-1]
	for _, at := range follow(&holder, root, from) {
		reason := at.node.Get("dataAbsentReason")
		for code, flavour := range nullFlavours {
			if len(reason.List("coding")) != 1 || reason.Str("coding", "system") != absentSystem ||
				reason.Str("coding", "code") != flavour.code || reason.Str("text") != flavour.text {
				continue
			}
			if to := b.open(start, s.src.segs, false); to != nil && to.class == rm.ClassElement {
				to.once("null_flavour", rm.CodedText(nullFlavourNames[code], "openehr", code))
			}
		}
	}
}

var nullFlavourNames = map[string]string{"253": "unknown", "271": "no information", "272": "masked", "273": "not applicable"}
