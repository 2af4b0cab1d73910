package local

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// codeSystem is a loaded code system with its hierarchy.
type codeSystem struct {
	url, version, name string
	// complete means that a code that is not here does not exist.
	complete bool
	fold     bool // codes are compared without regard to case
	// subsuming means that the hierarchy says what is a kind of what.
	subsuming bool
	list      []*concept
	index     map[string]*concept
}

type concept struct {
	code, display, definition string
	inactive                  bool
	parents                   []*concept
	designations              []terminology.Designation
	properties                []terminology.Property
}

func newCodeSystem(doc *fhirCodeSystem) *codeSystem {
	s := &codeSystem{
		url: doc.URL, version: doc.Version, name: doc.Name, complete: doc.Content == "complete",
		fold:  doc.CaseSensitive != nil && !*doc.CaseSensitive,
		index: map[string]*concept{},
	}
	switch doc.HierarchyMeaning {
	case "", "is-a", "classified-with":
		s.subsuming = true
	}
	var add func(list []fhirConcept, parent *concept)
	pending := map[*concept][]string{}
	below := map[string][]*concept{} // codes given as children
	add = func(list []fhirConcept, parent *concept) {
		for i := range list {
			d := &list[i]
			c := &concept{code: d.Code, display: d.Display, definition: d.Definition}
			if parent != nil {
				c.parents = append(c.parents, parent)
			}
			for _, x := range d.Designation {
				c.designations = append(c.designations, terminology.Designation{Language: x.Language, Use: x.Use.Code, Value: x.Value})
			}
			for k := range d.Property {
				p := &d.Property[k]
				text := p.text()
				switch p.Code {
				case "parent", "subsumedBy":
					pending[c] = append(pending[c], text)
				case "child":
					below[text] = append(below[text], c)
				case "inactive":
					c.inactive = c.inactive || text == "true"
				case "status":
					c.inactive = c.inactive || text == "retired" || text == "inactive" || text == "deprecated"
				}
				c.properties = append(c.properties, terminology.Property{Name: p.Code, Value: text})
			}
			s.list = append(s.list, c)
			s.index[s.key(c.code)] = c
			add(d.Concept, c)
		}
	}
	add(doc.Concept, nil)
	for c, codes := range pending {
		for _, code := range codes {
			if p := s.find(code); p != nil && p != c {
				c.parents = append(c.parents, p)
			}
		}
	}
	for code, parents := range below {
		if c := s.find(code); c != nil {
			for _, p := range parents {
				if p != c {
					c.parents = append(c.parents, p)
				}
			}
		}
	}
	return s
}

func (s *codeSystem) key(code string) string {
	if s.fold {
		return strings.ToLower(code)
	}
	return code
}

func (s *codeSystem) find(code string) *concept { return s.index[s.key(code)] }

func (s *codeSystem) same(a, b string) bool { return s.key(a) == s.key(b) }

// isA reports whether the concept is the one with the code or below it.
func (s *codeSystem) isA(c *concept, code string) bool {
	want := s.find(code)
	if want == nil {
		return false
	}
	if c == want {
		return true
	}
	// What was seen is kept, so that a hierarchy with a cycle ends.
	seen := map[*concept]bool{c: true}
	stack := []*concept{c}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, p := range top.parents {
			if p == want {
				return true
			}
			if !seen[p] {
				seen[p] = true
				stack = append(stack, p)
			}
		}
	}
	return false
}

// values are those of a property, for filters.
func (c *concept) values(property string) []string {
	switch property {
	case "code", "concept":
		return []string{c.code}
	case "display":
		return []string{c.display}
	case "parent":
		var out []string
		for _, p := range c.parents {
			out = append(out, p.code)
		}
		return out
	}
	var out []string
	for _, p := range c.properties {
		if p.Name == property {
			out = append(out, p.Value)
		}
	}
	return out
}
