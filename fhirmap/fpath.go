package fhirmap

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// fpath is a path on the FHIR side: the subset of FHIRPath that names a place,
// as mapping files use it.
type fpath struct {
	base base
	up   int // number of ^ steps
	// rootType is the ofType() that follows a variable.
	rootType string
	steps    []fstep
	// leads is the type of the resource that the Reference at the end leads to, where
	// ofType() names one.
	leads string
}

// fstep is one element of a path. Names are filled in by parsing, the rest by
// resolve.
type fstep struct {
	name   string
	ofType string
	index  int // -1 without one
	pins   []pin

	elem *r4.Element
	// typ is the type of the value; nil for a choice without ofType.
	typ r4.TypeRef
}

// pin is one equality of where(): the member that has the value.
type pin struct {
	path  []string
	value string

	steps []fstep
	node  *r4.Node
}

// parseFHIR reads a path as it stands in a mapping file.
func parseFHIR(s string) (fpath, error) {
	var p fpath
	rest := strings.TrimSpace(s)
	switch {
	case strings.HasPrefix(rest, "$"):
		end := strings.IndexAny(rest, ".[( ")
		if end < 0 {
			end = len(rest)
		}
		switch name := rest[:end]; name {
		case "$resource":
			p.base = fromResource
		case "$fhirRoot":
			p.base = fromParent
		case "$reference":
			p.base = fromNothing
		case "$archetype", "$composition", "$openehrRoot", "$version", "$workflow":
			return p, fmt.Errorf("%s is not a variable of the FHIR side", name)
		default:
			return p, fmt.Errorf("unknown variable %s", name)
		}
		rest = rest[end:]
		if rest == "" {
			return p, nil
		}
		if p.base == fromNothing {
			return p, fmt.Errorf("$reference stands alone")
		}
	case strings.HasPrefix(rest, "^"):
		for strings.HasPrefix(rest, "^") {
			p.up++
			rest = rest[1:]
		}
		if rest == "" {
			return p, nil
		}
	default:
		rest = "." + rest
	}
	for rest != "" {
		if strings.HasPrefix(rest, "[") && len(p.steps) > 0 {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return p, fmt.Errorf("the index %q is not closed", clip(rest))
			}
			n, err := strconv.Atoi(rest[1:end])
			if err != nil || n < 0 || n > 1000 {
				return p, fmt.Errorf("%q is not an index", rest[1:end])
			}
			p.steps[len(p.steps)-1].index = n
			rest = rest[end+1:]
			continue
		}
		if rest[0] != '.' {
			return p, fmt.Errorf("unexpected %q", clip(rest))
		}
		rest = rest[1:]
		n := 0
		for n < len(rest) && isNameByte(rest[n]) {
			n++
		}
		if n == 0 {
			return p, fmt.Errorf("expected an element name at %q", clip(rest))
		}
		name := rest[:n]
		rest = rest[n:]
		if !strings.HasPrefix(rest, "(") {
			p.steps = append(p.steps, fstep{name: name, index: -1})
			continue
		}
		end := closingParen(rest)
		if end < 0 {
			return p, fmt.Errorf("%s( is not closed", name)
		}
		if err := p.function(name, strings.TrimSpace(rest[1:end])); err != nil {
			return p, err
		}
		rest = rest[end+1:]
	}
	return p, nil
}

// closingParen finds the end of an argument list outside quotes.
func closingParen(s string) int {
	quoted, depth := false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (p *fpath) function(name, arg string) error {
	last := func() (*fstep, error) {
		if len(p.steps) == 0 {
			return nil, fmt.Errorf("%s() needs an element before it", name)
		}
		return &p.steps[len(p.steps)-1], nil
	}
	if name == "ofType" && len(p.steps) == 0 && p.rootType == "" && arg != "" {
		p.rootType = arg
		return nil
	}
	switch name {
	case "ofType":
		step, err := last()
		if err != nil {
			return err
		}
		if arg == "" || step.ofType != "" {
			return fmt.Errorf("ofType() takes one type name, once")
		}
		step.ofType = arg
		return nil
	case "where":
		step, err := last()
		if err != nil {
			return err
		}
		pins, err := parseWhere(arg)
		step.pins = append(step.pins, pins...)
		return err
	case "extension":
		url, ok := unquote(arg)
		if !ok {
			return fmt.Errorf("extension() takes one quoted url")
		}
		p.steps = append(p.steps, fstep{name: "extension", index: -1, pins: []pin{{path: []string{"url"}, value: url}}})
		return nil
	case "as":
		return fmt.Errorf("not supported: as(); FHIR Connect 1 writes ofType()")
	default:
		return fmt.Errorf("not supported: function %s()", name)
	}
}

// parseWhere reads path = 'value' and path = 'value'.
func parseWhere(s string) ([]pin, error) {
	var pins []pin
	for _, part := range strings.Split(s, " and ") {
		path, value, ok := strings.Cut(part, "=")
		lit, quoted := unquote(strings.TrimSpace(value))
		path = strings.TrimSpace(path)
		if !ok || !quoted || path == "" || strings.ContainsAny(path, "()[]'!<>~ ") {
			return nil, fmt.Errorf("not supported: where(%s); only path = 'value', joined by and", clip(s))
		}
		pins = append(pins, pin{path: strings.Split(path, "."), value: lit})
	}
	return pins, nil
}

func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' || strings.Contains(s[1:len(s)-1], "'") {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// ftype is what a FHIR path leads to.
type ftype struct {
	typ    r4.TypeRef // the zero value for an undecided choice
	elem   *r4.Element
	parent *ftype
}

func (t *ftype) String() string {
	if t.elem != nil {
		return t.elem.Path
	}
	return t.typ.Type.Name
}

// allowed lists the types a value at the place may have.
func (t *ftype) allowed() []r4.TypeRef {
	if t.typ.Type != nil {
		return []r4.TypeRef{t.typ}
	}
	return t.elem.Types
}

// resolve finds the elements of a path in the R4 table.
func (p *fpath) resolve(at *ftype) (*ftype, error) {
	for range p.up {
		if at = at.parent; at == nil {
			return nil, fmt.Errorf("^ goes above the resource")
		}
	}
	if p.rootType != "" && (at.typ.Type == nil || !at.typ.Type.IsA(p.rootType)) {
		var to *ftype
		if at.typ.Type != nil {
			var err error
			if to, err = referring(at, p.rootType); err != nil {
				return nil, err
			}
		}
		if to == nil {
			return nil, fmt.Errorf("not supported: ofType(%s) on a place that is not of that type already", p.rootType)
		}
		at, p.leads = to, p.rootType
	}
	for i := range p.steps {
		if p.leads != "" {
			return nil, fmt.Errorf("ofType(%s) is the Reference to it; its elements are reached by the key reference", p.leads)
		}
		s := &p.steps[i]
		leads := resourceAt(s.ofType)
		if leads {
			p.leads, s.ofType = s.ofType, ""
		}
		next, err := s.resolve(at)
		if err != nil {
			return nil, err
		}
		if leads {
			to, err := referring(next, p.leads)
			if err != nil {
				return nil, err
			}
			if to == nil {
				s.ofType = p.leads
				return nil, s.wrongType()
			}
			s.typ, next = to.typ, to
		}
		at = next
	}
	return at, nil
}

// resourceAt reports whether the type of ofType() is that of a resource.
func resourceAt(name string) bool {
	t := r4.Lookup(name)
	return name != "" && t != nil && t.Kind == r4.Resource
}

// referring narrows a place to the References that lead to a resource of a type;
// nil if there can be no Reference, or the type is none of a resource.
func referring(at *ftype, name string) (*ftype, error) {
	if !resourceAt(name) {
		return nil, nil
	}
	for _, ref := range at.allowed() {
		if ref.Type.Name != "Reference" {
			continue
		}
		if len(ref.Targets) > 0 && !slices.Contains(ref.Targets, "Resource") && !slices.Contains(ref.Targets, name) {
			return nil, fmt.Errorf("%s cannot refer to %s but to %s", at, name, strings.Join(ref.Targets, " or "))
		}
		return &ftype{typ: r4.TypeRef{Type: ref.Type, Targets: []string{name}}, elem: at.elem, parent: at.parent}, nil
	}
	return nil, nil
}

func (s *fstep) resolve(at *ftype) (*ftype, error) {
	if at.typ.Type == nil {
		return nil, fmt.Errorf("%s takes several types; name one with ofType()", at)
	}
	t := at.typ.Type
	if t.Kind == r4.Primitive && s.name == "extension" {
		t = elementType // beside the value, as in _birthDate
	}
	s.elem = t.Element(s.name)
	if s.elem == nil {
		if m, ok := t.Member(s.name); ok && m.Element.Choice {
			return nil, fmt.Errorf("%s has no element %q; write %s.ofType(%s)", t.Name, s.name, m.Element.Name, m.Type.Type.Name)
		}
		if t.Kind == r4.Primitive {
			return nil, fmt.Errorf("%s is a %s and has no element %q", at, t.Name, s.name)
		}
		return nil, fmt.Errorf("%s has no element %q", t.Name, s.name)
	}
	if s.elem.Name == "id" && t.Kind == r4.Resource || s.elem.Path == "Resource.meta" {
		return nil, fmt.Errorf("%s is set by the server, not by mappings", s.elem.Path)
	}
	if s.elem.Max == 0 {
		return nil, fmt.Errorf("%s is not allowed (cardinality 0..0)", s.elem.Path)
	}
	if !s.elem.Choice && len(s.elem.Types) == 1 {
		s.typ = s.elem.Types[0]
	}
	if s.ofType != "" {
		ref, ok := s.elem.Type(s.ofType)
		if !ok {
			ref, ok = s.elem.Type(strings.ToLower(s.ofType[:1]) + s.ofType[1:])
		}
		if !ok && s.elem.Choice && s.ofType == "Quantity" {
			ref, ok = s.elem.Type("SimpleQuantity")
		}
		if !ok {
			return nil, s.wrongType()
		}
		s.typ = ref
	}
	if s.index >= 0 && !s.elem.List() {
		return nil, fmt.Errorf("%s does not repeat and takes no index", s.elem.Path)
	}
	if len(s.pins) > 0 && !s.elem.List() {
		return nil, fmt.Errorf("%s does not repeat and takes no where()", s.elem.Path)
	}
	next := &ftype{typ: s.typ, elem: s.elem, parent: at}
	for i := range s.pins {
		if err := s.pins[i].resolve(next); err != nil {
			return nil, err
		}
	}
	return next, nil
}

func (s *fstep) wrongType() error {
	var names []string
	for _, r := range s.elem.Types {
		names = append(names, r.Type.Name)
	}
	if base, ok := strings.CutSuffix(s.ofType, "Type"); ok && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, base) }) {
		return fmt.Errorf("%q is a class of a Java library; FHIR calls the type %s%s", s.ofType, strings.ToLower(base[:1]), base[1:])
	}
	return fmt.Errorf("%s is not %s but %s", s.elem.Path, s.ofType, strings.Join(names, " or "))
}

func (p *pin) resolve(at *ftype) error {
	sub := fpath{}
	for _, name := range p.path {
		sub.steps = append(sub.steps, fstep{name: name, index: -1})
	}
	t, err := sub.resolve(at)
	if err != nil {
		return fmt.Errorf("where: %w", err)
	}
	p.steps = sub.steps
	p.node, err = constant(t, p.value)
	if err != nil {
		return fmt.Errorf("where: %w", err)
	}
	return nil
}

// constant is the JSON value of a text that a mapping file assigns.
func constant(t *ftype, text string) (*r4.Node, error) {
	if t.typ.Type == nil {
		return nil, fmt.Errorf("%s takes several types; name one with ofType()", t)
	}
	typ := t.typ.Type
	if typ.Kind != r4.Primitive {
		return nil, fmt.Errorf("%s is a %s; assign to its elements", t, typ.Name)
	}
	n := r4.NewString(text)
	switch {
	case typ.Name == "boolean":
		n = &r4.Node{Kind: r4.Bool, Text: text}
	case typ.Name == "decimal", typ.IsA("integer"):
		n = r4.NewNumber(text)
	}
	if !r4.ValidPrimitive(typ.Name, text) {
		return nil, fmt.Errorf("%q is not a legal %s for %s", clip(text), typ.Name, t)
	}
	if set := t.elem.Binding; set != nil && typ.Name == "code" && !set.Has(text) {
		return nil, fmt.Errorf("%q is not a code of the value set %s required for %s", clip(text), set.ID, t)
	}
	return n, nil
}
