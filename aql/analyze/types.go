package analyze

import (
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Types is the set of concrete classes that a value may have, in the order of
// the class table.
type Types []*rm.Class

// typesOf is the concrete classes that conform to a declared type.
func typesOf(c *rm.Class) Types {
	if c.Primitive != rm.NotPrimitive {
		return Types{c}
	}
	return Types(c.Concrete())
}

// String lists the classes, or as many as fit.
func (t Types) String() string {
	const most = 4
	names := make([]string, 0, most)
	for i, c := range t {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// Has reports whether a class is among the types.
func (t Types) Has(c *rm.Class) bool { return slices.Contains(t, c) }

// union adds the types that are missing.
func (t Types) union(more Types) Types {
	out := slices.Clone(t)
	for _, c := range more {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// only keeps the types that conform to a class.
func (t Types) only(c *rm.Class) Types {
	var out Types
	for _, have := range t {
		if have.IsA(c) {
			out = append(out, have)
		}
	}
	return out
}

// Common is the types in both sets.
func (t Types) Common(other Types) Types {
	var out Types
	for _, c := range t {
		if other.Has(c) {
			out = append(out, c)
		}
	}
	return out
}

// Follow gives the types that an attribute has in any of the classes, and
// whether it is a container in any of them; nil when no class has it.
func (t Types) Follow(attribute string) (to Types, container bool) {
	for _, c := range t {
		a := c.Attribute(attribute)
		if a == nil || a.Type == nil {
			continue
		}
		container = container || a.Container
		to = to.union(typesOf(a.Type))
	}
	return to, container
}

// attributes are the names of all attributes of the classes, sorted.
func (t Types) attributes() []string {
	seen := map[string]bool{}
	for _, c := range t {
		for _, a := range c.Attributes() {
			seen[a.Name] = true
		}
	}
	names := make([]string, 0, len(seen))
	for n := range seen {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// classByName finds a class whatever the case of its name: the text of the
// specification writes both COMPOSITION and Composition.
var classByName = sync.OnceValue(func() map[string]*rm.Class {
	m := map[string]*rm.Class{}
	for _, c := range rm.Classes() {
		m[strings.ToUpper(c.Name)] = c
	}
	return m
})

// below is, for each concrete class, the classes that can occur at any depth
// inside an instance of it.
var below = sync.OnceValue(func() map[*rm.Class]map[*rm.Class]bool {
	direct := map[*rm.Class]Types{}
	for _, c := range rm.Classes() {
		if c.Abstract || c.Primitive != rm.NotPrimitive {
			continue
		}
		var to Types
		for _, a := range c.Attributes() {
			if a.Type != nil && a.Type != rm.ClassAny && a.Type.Primitive == rm.NotPrimitive {
				to = to.union(typesOf(a.Type))
			}
		}
		direct[c] = to
	}
	all := map[*rm.Class]map[*rm.Class]bool{}
	for c := range direct {
		seen := map[*rm.Class]bool{}
		for todo := slices.Clone(direct[c]); len(todo) > 0; {
			next := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !seen[next] {
				seen[next] = true
				todo = append(todo, direct[next]...)
			}
		}
		all[c] = seen
	}
	return all
})

// Nests reports whether an instance of a class can be inside another instance
// of it.
func Nests(c *rm.Class) bool { return below()[c][c] }

// Inside is those of the types that can occur at any depth in an instance of
// one of the outer classes.
func (t Types) Inside(outer Types) Types {
	var out Types
	for _, c := range t {
		for _, o := range outer {
			if below()[o][c] {
				out = append(out, c)
				break
			}
		}
	}
	return out
}
