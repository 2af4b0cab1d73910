package r4

import (
	"fmt"
	"strconv"
	"strings"
)

// Problem is one way in which a resource is not valid R4.
type Problem struct {
	// Code names the rule: "json", "type", "unknown-element", "cardinality",
	// "choice", "value", "binding", "reference", or the key of an invariant
	// such as "obs-7".
	Code string
	// Path is the element with zero-based indexes, as Observation.code.coding[0].
	Path    string
	Message string
	// Warning marks a rule that R4 itself only recommends (best practice and
	// constraints of severity warning).
	Warning bool
}

// String is the problem for people.
func (p Problem) String() string { return p.Path + ": " + p.Message + " (" + p.Code + ")" }

// Validate checks one resource in JSON against the published definitions:
// elements, cardinality, types of choices, primitive forms, required codes,
// reference targets and the invariants this package knows. It reports all
// problems.
func Validate(data []byte) []Problem {
	n, err := Parse(data)
	if err != nil {
		return []Problem{{Code: "json", Path: "", Message: err.Error()}}
	}
	return ValidateNode(n)
}

// ValidateNode is Validate on a tree.
func ValidateNode(n *Node) []Problem {
	var room [128]byte
	v := &validator{path: room[:0]}
	v.resource("", n, false)
	return v.problems
}

type validator struct {
	problems []Problem
	path     []byte
	// local is set when a reference within the resource has been seen.
	local bool
}

func (v *validator) add(code, format string, args ...any) {
	v.problems = append(v.problems, Problem{Code: code, Path: string(v.path), Message: fmt.Sprintf(format, args...)})
}

func (v *validator) warn(code, format string, args ...any) {
	v.add(code, format, args...)
	v.problems[len(v.problems)-1].Warning = true
}

func (v *validator) resource(path string, n *Node, contained bool) {
	mark := len(v.path)
	defer func() { v.path = v.path[:mark] }()
	if n.Kind != Object {
		v.add("type", "a resource must be an object")
		return
	}
	name := n.Str("resourceType")
	t := Lookup(name)
	if t == nil || t.Kind != Resource {
		v.add("type", "%q is not a resource type of R4", name)
		return
	}
	if path == "" {
		v.path = append(v.path, name...)
	}
	v.object(t, n)
	if t.IsA("DomainResource") {
		v.domain(n, contained)
	}
}

// object checks the properties of an object against a type.
func (v *validator) object(t *Type, n *Node) {
	if n.Kind != Object {
		v.add("type", "%s must be an object", t.Name)
		return
	}
	var seen [8]uint64 // elements present, by order; no R4 type has more than 512
	values := 0
	for i := range n.Fields {
		f := &n.Fields[i]
		if f.Name == "resourceType" && t.Kind == Resource {
			continue
		}
		name := f.Name
		sibling := len(name) > 1 && name[0] == '_'
		if sibling {
			name = name[1:]
		}
		m := t.members[name]
		if m == nil || (sibling && m.Type.Type.Kind != Primitive) {
			v.add("unknown-element", "%s has no element %q", t.Name, f.Name)
			continue
		}
		if m.Element.Name != "id" || t.Kind == Resource {
			values++
		}
		word, bit := m.Element.Order/64, uint64(1)<<(m.Element.Order%64)
		if m.Element.Choice && seen[word]&bit != 0 && !v.sameChoice(n, name) {
			v.add("choice", "%s is given in more than one type", m.Element.Path)
		}
		seen[word] |= bit
		mark := len(v.path)
		v.path = append(append(v.path, '.'), f.Name...)
		v.member(m, f.Value, sibling, n)
		v.path = v.path[:mark]
	}
	for _, e := range t.Elements {
		if e.Min > 0 && seen[e.Order/64]&(uint64(1)<<(e.Order%64)) == 0 {
			v.add("cardinality", "%s is mandatory and absent", e.Path)
		}
	}
	if values == 0 {
		v.add("ele-1", "an element must have a value or children")
	}
	v.invariants(t, n)
}

// sameChoice reports whether the object holds both x and _x of one choice and
// no other type of it, which is a single value with its extensions.
func (v *validator) sameChoice(n *Node, name string) bool {
	return n.Get(name) != nil && n.Get("_"+name) != nil
}

func (v *validator) member(m *Member, val *Node, sibling bool, parent *Node) {
	if !m.Element.List() {
		if val.Kind == Array {
			v.add("cardinality", "%s does not repeat", m.Element.Path)
			return
		}
		v.value(m, val, sibling, parent)
		return
	}
	if val.Kind != Array {
		v.add("cardinality", "%s repeats and must be an array", m.Element.Path)
		return
	}
	if len(val.Items) == 0 {
		v.add("ele-1", "an array must not be empty")
	}
	if m.Element.Max > 0 && len(val.Items) > m.Element.Max {
		v.add("cardinality", "%s has more than %d members", m.Element.Path, m.Element.Max)
	}
	mark := len(v.path)
	for i, item := range val.Items {
		v.path = append(v.path, '[')
		v.path = strconv.AppendInt(v.path, int64(i), 10)
		v.path = append(v.path, ']')
		if item.Kind == Null && m.Type.Type.Kind == Primitive {
			v.nullItem(m, i, sibling, parent)
		} else {
			v.value(m, item, sibling, parent)
		}
		v.path = v.path[:mark]
	}
}

// nullItem allows null in an array of primitives where the other array of the
// pair has a value.
func (v *validator) nullItem(m *Member, i int, sibling bool, parent *Node) {
	other := "_" + m.Property
	if sibling {
		other = m.Property
	}
	if o := parent.Get(other); o == nil || o.Kind != Array || i >= len(o.Items) || o.Items[i].Kind == Null {
		v.add("ele-1", "null stands for no value and no extension")
	}
}

func (v *validator) value(m *Member, val *Node, sibling bool, parent *Node) {
	t := m.Type.Type
	switch {
	case val.Kind == Null:
		v.add("type", "null is not allowed")
	case sibling:
		v.object(Lookup("Element"), val)
	case t.Kind == Primitive:
		v.primitive(m, val)
	case t.Kind == Resource:
		v.resource(t.Name, val, m.Element.Name == "contained")
	default:
		v.object(t, val)
		v.coded(m, val)
		if t.Name == "Reference" {
			v.reference(m, val)
		}
	}
}

func (v *validator) primitive(m *Member, val *Node) {
	t := m.Type.Type
	want := String
	switch {
	case t.Name == "boolean":
		want = Bool
	case t.Name == "decimal", t.IsA("integer"):
		want = Number
	}
	if val.Kind != want {
		v.add("type", "%s has the wrong JSON type for %s", m.Element.Path, t.Name)
		return
	}
	if !validPrimitive(t.Name, val.Text) {
		v.add("value", "not a legal %s", t.Name)
		return
	}
	if t.Name == "code" && m.Element.Binding != nil && !m.Element.Binding.Has(val.Text) {
		v.add("binding", "the code is not in the required value set %s", m.Element.Binding.ID)
	}
}

// coded checks a required binding on a CodeableConcept or Coding: at least one
// coding must be of the value set, unless there is none and the text or an
// extension says why.
func (v *validator) coded(m *Member, val *Node) {
	set := m.Element.Binding
	if set == nil {
		return
	}
	var codings []*Node
	switch m.Type.Type.Name {
	case "CodeableConcept":
		codings = val.List("coding")
	case "Coding":
		codings = []*Node{val}
	default:
		return
	}
	for _, c := range codings {
		if codes := set.Systems[c.Str("system")]; codes[c.Str("code")] {
			return
		}
	}
	if val.Get("extension") != nil && len(codings) == 0 {
		return
	}
	v.add("binding", "no coding is of the required value set %s", set.ID)
}

func (v *validator) reference(m *Member, val *Node) {
	ref := val.Str("reference")
	typ := val.Str("type")
	v.local = v.local || (len(ref) > 1 && ref[0] == '#')
	if ref != "" && !strings.HasPrefix(ref, "#") && !strings.HasPrefix(ref, "urn:") {
		target, id, ok := splitReference(ref)
		if !ok {
			v.add("reference", "a reference has the form Type/id")
			return
		}
		if t := Lookup(target); t == nil || t.Kind != Resource {
			v.add("reference", "%q is not a resource type", target)
			return
		}
		if !isID(id) {
			v.add("reference", "the id of the target is not a legal id")
		}
		if typ != "" && typ != target {
			v.add("reference", "type %q differs from the reference", typ)
		}
		typ = target
	}
	if typ == "" || len(m.Type.Targets) == 0 {
		return
	}
	for _, t := range m.Type.Targets {
		if t == typ || t == "Resource" {
			return
		}
	}
	v.add("reference", "%s may not refer to %s", m.Element.Path, typ)
}

// splitReference finds type and id at the end of a reference, before the
// version if it names one.
func splitReference(ref string) (typ, id string, ok bool) {
	rest, id, ok := cutLast(strings.TrimSuffix(ref, "/"))
	if before, last, more := cutLast(rest); more && last == "_history" {
		rest, id, ok = cutLast(before)
	}
	_, typ, _ = cutLast(rest)
	return typ, id, ok
}

// cutLast splits at the last slash; without one, all is the last part.
func cutLast(s string) (before, last string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}
