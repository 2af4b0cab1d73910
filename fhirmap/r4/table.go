package r4

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed r4.tsv
var tableText string

// Kind is the family of a type.
type Kind uint8

// The families of types.
const (
	Primitive Kind = iota // boolean, dateTime …: a JSON scalar
	Complex               // data types
	Backbone              // the content of an element such as Observation.component
	Resource
)

// Type is a FHIR type. Types are built once and shared; they must not be changed.
type Type struct {
	// Name is the type's name, or the path of the element for a Backbone.
	Name string
	Kind Kind
	Base *Type
	// Pattern is the regular expression published for a primitive.
	Pattern string
	// Elements are all elements, inherited ones first, in published order.
	Elements []*Element

	members map[string]*Member // by JSON property name
	byName  map[string]*Element
}

// Element is one element of a type.
type Element struct {
	// Name is the element's name, without the [x] of a choice.
	Name string
	// Path is the published path, with [x].
	Path string
	// Order is the position among the type's elements.
	Order int
	Min   int
	// Max is the upper cardinality; -1 is unbounded.
	Max int
	// Choice marks an element that takes one of several types, as value[x].
	Choice bool
	// Modifier marks an element whose absence or change alters the meaning of
	// the resource (isModifier).
	Modifier bool
	// Summary marks an element that belongs to the summary of a resource
	// (isSummary).
	Summary bool
	// Types are the types allowed.
	Types []TypeRef
	// Binding is the value set of a required binding; nil without one or when
	// it cannot be enumerated.
	Binding *ValueSet

	properties []string // of a choice, for each of Types
}

// List reports whether the element repeats and so is an array in JSON.
func (e *Element) List() bool { return e.Max < 0 || e.Max > 1 }

// TypeRef is a type that an element allows.
type TypeRef struct {
	Type *Type
	// Targets are the resource types a Reference may point to; "Resource" is any.
	Targets []string
}

// Member is what a JSON property of a type denotes.
type Member struct {
	Element *Element
	Type    TypeRef
	// Property is the JSON property name, as valueQuantity.
	Property string
}

// ValueSet is an enumerated set of codes by system.
type ValueSet struct {
	ID      string
	Systems map[string]map[string]bool
}

// Has reports whether a code of any system is in the set.
func (v *ValueSet) Has(code string) bool {
	for _, codes := range v.Systems {
		if codes[code] {
			return true
		}
	}
	return false
}

// IsA reports whether t is the named type or derived from it.
func (t *Type) IsA(name string) bool {
	for ; t != nil; t = t.Base {
		if t.Name == name {
			return true
		}
	}
	return false
}

// Element finds an element by name without [x]; nil if there is none.
func (t *Type) Element(name string) *Element { return t.byName[name] }

// Member finds what a JSON property denotes.
func (t *Type) Member(property string) (Member, bool) {
	if m := t.members[property]; m != nil {
		return *m, true
	}
	return Member{}, false
}

// Property is the JSON property of an element for one of its types.
func (e *Element) Property(t *Type) string {
	if !e.Choice {
		return e.Name
	}
	for i := range e.properties {
		if e.Types[i].Type == t {
			return e.properties[i]
		}
	}
	name := t.Name
	if name == "SimpleQuantity" || name == "MoneyQuantity" {
		name = "Quantity" // profiles of Quantity do not show in the property
	}
	return e.Name + strings.ToUpper(name[:1]) + name[1:]
}

// Type finds the reference to the named type among those the element allows.
func (e *Element) Type(name string) (TypeRef, bool) {
	for _, r := range e.Types {
		if r.Type.Name == name {
			return r, true
		}
	}
	return TypeRef{}, false
}

type tables struct {
	types map[string]*Type
	sets  map[string]*ValueSet
}

var load = sync.OnceValue(func() *tables {
	t, err := parseTable(tableText)
	if err != nil {
		panic("fhirmap/r4: " + err.Error()) // the embedded table is part of the program
	}
	return t
})

// Lookup finds a type, or the content type of an element by its path, as
// "Observation.component"; nil if there is none.
func Lookup(name string) *Type { return load().types[name] }

// parseTable reads the text that gen writes.
func parseTable(text string) (*tables, error) {
	type row struct {
		owner *Type
		elem  *Element
		refs  string
		set   string
	}
	tb := &tables{types: map[string]*Type{}, sets: map[string]*ValueSet{}}
	bases := map[*Type]string{}
	var order []*Type
	var rows []row
	var cur *Type
	for n, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		switch {
		case f[0] == "T" && len(f) == 5:
			cur = &Type{Name: f[2], Pattern: f[4]}
			switch f[1] {
			case "P":
				cur.Kind = Primitive
			case "C":
				cur.Kind = Complex
			case "R":
				cur.Kind = Resource
			default:
				return nil, fmt.Errorf("line %d: unknown kind %q", n+1, f[1])
			}
			tb.types[cur.Name] = cur
			bases[cur] = f[3]
			order = append(order, cur)
		case f[0] == "E" && len(f) == 7 && cur != nil:
			owner, name := cur, f[1]
			if i := strings.LastIndexByte(name, '.'); i >= 0 {
				path := cur.Name + "." + name[:i]
				name = name[i+1:]
				if owner = tb.types[path]; owner == nil {
					owner = &Type{Name: path, Kind: Backbone}
					tb.types[path] = owner
					order = append(order, owner)
				}
			}
			e := &Element{Path: cur.Name + "." + f[1], Modifier: strings.Contains(f[4], "m"), Summary: strings.Contains(f[4], "s")}
			e.Name, e.Choice = strings.CutSuffix(name, "[x]")
			var err error
			if e.Min, err = strconv.Atoi(f[2]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			if f[3] == "*" {
				e.Max = -1
			} else if e.Max, err = strconv.Atoi(f[3]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			owner.Elements = append(owner.Elements, e)
			rows = append(rows, row{owner, e, f[5], f[6]})
		case f[0] == "V" && len(f) == 3:
			v := &ValueSet{ID: f[1], Systems: map[string]map[string]bool{}}
			for _, part := range strings.Split(f[2], ";") {
				system, list, ok := strings.Cut(part, "=")
				if !ok {
					return nil, fmt.Errorf("line %d: no system", n+1)
				}
				codes := map[string]bool{}
				for _, c := range strings.Split(list, ",") {
					codes[c] = true
				}
				v.Systems[system] = codes
			}
			tb.sets[v.ID] = v
		default:
			return nil, fmt.Errorf("line %d: not a table row", n+1)
		}
	}
	for _, r := range rows {
		r.elem.Binding = tb.sets[r.set]
		for _, ref := range splitTypes(r.refs) {
			tr, err := tb.resolve(ref, r.elem, bases)
			if err != nil {
				return nil, err
			}
			if tr.Type != nil {
				r.elem.Types = append(r.elem.Types, tr)
			}
		}
	}
	// Resource.id is published as a plain string; its form is that of an id.
	if r := tb.types["Resource"]; r != nil {
		for _, e := range r.Elements {
			if e.Name == "id" {
				e.Types = []TypeRef{{Type: tb.types["id"]}}
			}
		}
	}
	for t, base := range bases {
		if base != "" {
			if t.Base = tb.types[base]; t.Base == nil {
				return nil, fmt.Errorf("%s: unknown base %s", t.Name, base)
			}
		}
	}
	done := map[*Type]bool{}
	for _, t := range order {
		t.finish(done)
	}
	return tb, nil
}

// splitTypes splits at commas; targets are separated by bars and so are safe.
func splitTypes(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func (tb *tables) resolve(ref string, e *Element, bases map[*Type]string) (TypeRef, error) {
	if path, ok := strings.CutPrefix(ref, "#"); ok {
		if t := tb.types[path]; t != nil {
			return TypeRef{Type: t}, nil
		}
		return TypeRef{}, fmt.Errorf("%s: unknown content %s", e.Path, ref)
	}
	name, rest, _ := strings.Cut(ref, "(")
	name, profile, _ := strings.Cut(name, "{")
	var targets []string
	if rest != "" {
		targets = strings.Split(strings.TrimSuffix(rest, ")"), "|")
	}
	if name == "BackboneElement" || name == "Element" {
		if t := tb.types[e.Path]; t != nil {
			if t.Base == nil {
				bases[t] = name
			}
			return TypeRef{Type: t}, nil
		}
	}
	if profile != "" {
		if t := tb.types[strings.TrimSuffix(profile, "}")]; t != nil {
			return TypeRef{Type: t}, nil
		}
	}
	t := tb.types[name]
	if t == nil {
		return TypeRef{}, fmt.Errorf("%s: unknown type %s", e.Path, name)
	}
	return TypeRef{Type: t, Targets: targets}, nil
}

// finish adds the inherited elements and the index of JSON properties.
func (t *Type) finish(done map[*Type]bool) {
	if done[t] {
		return
	}
	done[t] = true
	if t.Base != nil {
		t.Base.finish(done)
		if t.Kind != Primitive {
			t.Elements = append(append([]*Element(nil), t.Base.Elements...), t.Elements...)
		}
	}
	t.members = make(map[string]*Member, len(t.Elements))
	t.byName = make(map[string]*Element, len(t.Elements))
	for i, e := range t.Elements {
		if e.Order != i {
			c := *e
			c.Order = i
			t.Elements[i], e = &c, &c
		}
		t.byName[e.Name] = e
		for _, r := range e.Types {
			p := e.Property(r.Type)
			t.members[p] = &Member{Element: e, Type: r, Property: p}
		}
		if e.Choice && e.properties == nil {
			properties := make([]string, len(e.Types))
			for k, r := range e.Types {
				properties[k] = e.Property(r.Type)
			}
			e.properties = properties
		}
	}
}
