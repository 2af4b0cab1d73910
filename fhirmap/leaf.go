package fhirmap

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Leaf is a place in a template that can hold data: an ELEMENT, or an attribute
// of an object.
type Leaf struct {
	Object *templates.Object
	Attr   string // "" for an ELEMENT
}

// dataAttributes are the attributes that carry data beside the ELEMENTs, by the
// class that has them. HISTORY.origin is left out: the times of the events say
// the same.
var dataAttributes = []struct {
	class string
	names []string
}{
	{"ENTRY", []string{"subject", "provider", "other_participations"}},
	{"ACTION", []string{"time", "ism_transition"}},
	{"INSTRUCTION", []string{"narrative", "expiry_time"}},
	{"ACTIVITY", []string{"timing"}},
	{"EVENT", []string{"time"}},
	{"INTERVAL_EVENT", []string{"width", "math_function"}},
	{"COMPOSITION", []string{"composer"}},
	{"EVENT_CONTEXT", []string{"start_time", "end_time", "location", "health_care_facility", "participations"}},
}

// Leaves lists the leaves of an object in the order of the template; outside leaves
// out those of entries, as of a composition.
func Leaves(root *templates.Object, outside bool) []Leaf {
	var out []Leaf
	var visit func(o *templates.Object)
	visit = func(o *templates.Object) {
		if o.Class == rm.ClassElement {
			out = append(out, Leaf{Object: o})
			return
		}
		for _, d := range dataAttributes {
			if !o.Class.IsA(rm.Lookup(d.class)) {
				continue
			}
			for _, name := range d.names {
				a := o.Attribute(name)
				if a == nil || a.Existence.Unbounded || a.Existence.Upper > 0 {
					out = append(out, Leaf{o, name})
				}
			}
		}
		if o.Class == rm.ClassComposition && o.Attribute("context") == nil {
			for _, name := range dataAttributes[len(dataAttributes)-1].names {
				out = append(out, Leaf{o, "context/" + name})
			}
		}
		for _, a := range o.Attributes {
			for _, child := range a.Children {
				if prohibited(child) || !child.Class.IsA(rm.ClassLocatable) && child.Class.Name != "EVENT_CONTEXT" ||
					outside && child.Class.IsA(rm.ClassEntry) {
					continue
				}
				if child.Kind == templates.Slot {
					continue // what will stand there is not known
				}
				visit(child)
			}
		}
	}
	visit(root)
	return out
}

// Path is the path of the leaf from an object above it.
func (l Leaf) Path(from *templates.Object) string {
	p := strings.TrimPrefix(l.Object.Path(), strings.TrimSuffix(from.Path(), "/"))
	if l.Attr != "" {
		p = strings.TrimSuffix(p, "/") + "/" + l.Attr
	}
	return "/" + strings.TrimPrefix(p, "/")
}

func prohibited(o *templates.Object) bool {
	return !o.Occurrences.Unbounded && o.Occurrences.Upper == 0
}
