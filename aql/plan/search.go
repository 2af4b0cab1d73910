package plan

import (
	"slices"
	"strings"
	"sync"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Search says where inside objects of some classes objects of other classes
// can be, so that a search need not visit everything. The Reference Model
// nests without end only in SECTION, CLUSTER, FOLDER and data values; sections
// are followed for some levels and searched recursively below.
type Search struct {
	// Self tells that the outer object itself may be one.
	Self bool
	// Paths lead to the objects.
	Paths []SearchPath
	// Deep lead to sections in which the search goes on at any depth.
	Deep []SearchPath
}

// SearchPath is a path of attributes.
type SearchPath []SearchStep

// SearchStep is an attribute.
type SearchStep struct {
	Attribute string
	Container bool
}

const (
	sectionLevels = 3  // levels of nested sections that are written as paths
	maxPaths      = 24 // beyond this a recursive search is as good
)

var section = sync.OnceValue(func() *rm.Class { return rm.Lookup("SECTION") })

// Within finds where instances of the types can be inside instances of the
// outer classes; nil when only a recursive search of everything can find them.
// Self is set only if the outer object counts as inside itself.
func Within(outer, types analyze.Types, self bool) *Search {
	s := &searcher{types: types}
	if self && len(outer.Common(types)) > 0 {
		s.found.Self = true
	}
	if !s.follow(outer, nil, 0) {
		return nil
	}
	return &s.found
}

type searcher struct {
	types analyze.Types
	found Search
}

// leads reports whether instances of the types can be inside one of the class.
func (s *searcher) leads(c *rm.Class) bool {
	return len(s.types.Inside(analyze.Types{c})) > 0
}

// follow goes one attribute further from objects of the classes; false when
// there is no end to it or too many ways.
func (s *searcher) follow(from analyze.Types, path SearchPath, sections int) bool {
	for _, step := range steps(from) {
		to, _ := from.Follow(step.Attribute)
		next := append(slices.Clone(path), step)
		if len(to.Common(s.types)) > 0 {
			s.found.Paths = append(s.found.Paths, next)
		}
		var through analyze.Types
		nested := false
		for _, c := range to {
			if !s.leads(c) {
				continue
			}
			through = append(through, c)
			if analyze.Nests(c) {
				if c != section() {
					return false
				}
				nested = true
			}
		}
		switch {
		case len(through) == 0:
		case nested && sections == sectionLevels:
			s.found.Deep = append(s.found.Deep, next)
			// What is not a section still ends somewhere.
			rest := slices.DeleteFunc(slices.Clone(through), func(c *rm.Class) bool { return c == section() })
			if len(rest) > 0 && !s.follow(rest, next, sections) {
				return false
			}
		default:
			deeper := sections
			if nested {
				deeper++
			}
			if !s.follow(through, next, deeper) {
				return false
			}
		}
		if len(s.found.Paths)+len(s.found.Deep) > maxPaths {
			return false
		}
	}
	return true
}

// steps are the attributes of the classes that hold objects, sorted by name.
func steps(from analyze.Types) []SearchStep {
	var out []SearchStep
	for _, c := range from {
		for _, a := range c.Attributes() {
			if a.Type == nil || a.Type.Primitive != rm.NotPrimitive || a.Type == rm.ClassAny {
				continue
			}
			i := slices.IndexFunc(out, func(s SearchStep) bool { return s.Attribute == a.Name })
			if i < 0 {
				out = append(out, SearchStep{a.Name, a.Container})
			} else if a.Container {
				out[i].Container = true
			}
		}
	}
	slices.SortFunc(out, func(a, b SearchStep) int { return strings.Compare(a.Attribute, b.Attribute) })
	return out
}
