package coverage

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// unfilled lists what nothing fills of the elements that are mandatory in a
// resource, also in parts that are filled, and that the profiles want supported.
func unfilled(tr *fhirmap.Trace) (mandatory, mustSupport []string) {
	var visit func(t *r4.Type, path string)
	visit = func(t *r4.Type, path string) {
		for _, e := range t.Elements {
			whole, ok := tr.Filled[path+"."+e.Name]
			switch {
			case !ok && e.Min > 0 && !tr.Pinned[path+"."+e.Name]:
				mandatory = append(mandatory, path+"."+e.Name)
			case ok && !whole && len(e.Types) == 1 && e.Types[0].Type.Kind != r4.Primitive:
				visit(e.Types[0].Type, path+"."+e.Name)
			}
		}
	}
	visit(tr.Target, tr.Target.Name)
	for _, url := range tr.Profiles {
		for _, path := range r4.MustSupport(url) {
			if !supports(tr, path) && !slices.Contains(mustSupport, path) && !slices.Contains(mandatory, path) {
				mustSupport = append(mustSupport, path)
			}
		}
	}
	return mandatory, mustSupport
}

// supports reports whether an element, or a value of which it is a part, is
// filled.
func supports(tr *fhirmap.Trace, path string) bool {
	if _, ok := tr.Filled[path]; ok {
		return true
	}
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path, '.') {
		path = path[:i]
		if tr.Filled[path] {
			return true
		}
	}
	return false
}

// Back says which elements of a resource a mapping run backwards carries
// into an entry of a template. An element that is a part of another stands by
// itself only where the other is a group of elements.
type Back struct {
	// Proven is set if resources of the mapping are proven to come back, so that a
	// server takes them, unless their type can deny what it names.
	Proven bool `json:"proven"`
	// Kept elements have a place in the entry, if their values are of a kind that it
	// takes; Fixed ones come back only as the mapping itself writes them. A resource
	// with any of the Refused is refused.
	Kept    []string `json:"kept,omitempty"`
	Fixed   []string `json:"fixed,omitempty"`
	Refused []string `json:"refused,omitempty"`
}

// untold are elements of a resource that no mapping carries and it is not refused
// for, and those that every resource is refused for.
var untold = []string{"meta", "text", "implicitRules", "contained"}

// parts are those that every element has.
var parts = []string{"id", "extension", "modifierExtension"}

// back tells the elements of a resource apart by what becomes of them on the way back.
func back(tr *fhirmap.Trace) *Back {
	out := &Back{Proven: tr.Proven}
	var visit func(t *r4.Type, path string)
	visit = func(t *r4.Type, path string) {
		for _, e := range t.Elements {
			if slices.Contains(parts, e.Name) || t.Kind == r4.Resource && slices.Contains(untold, e.Name) {
				continue
			}
			at := path + "." + e.Name
			_, kept := tr.Kept[at]
			_, fixed := tr.Fixed[at]
			switch {
			case (kept || fixed) && len(e.Types) == 1 && e.Types[0].Type.Kind == r4.Backbone:
				visit(e.Types[0].Type, at)
			case kept:
				out.Kept = append(out.Kept, at)
			case fixed:
				out.Fixed = append(out.Fixed, at)
			default:
				out.Refused = append(out.Refused, at)
			}
		}
	}
	visit(tr.Target, tr.Target.Name)
	return out
}
