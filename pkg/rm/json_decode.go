package rm

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// JSONOptions adjust DecodeJSON. The zero value is right for a document that
// stands alone.
type JSONOptions struct {
	Limits Limits
	// Incomplete lets mandatory attributes be absent and containers be empty,
	// as the lifecycle state 553|incomplete| allows (Common IM, Incomplete
	// Content). The data of an ORIGINAL_VERSION in that state is always read so.
	Incomplete bool
	// PathPrefix is the RM path of the document within a larger one and
	// precedes the paths of problems.
	PathPrefix string
}

// DecodeJSON reads canonical JSON (ITS-JSON) into a tree and types it against
// the class table. The declared class says what the document has to be: the
// root's _type must conform to it, and may be absent when it is concrete.
//
// All problems are listed, in RM order, up to the limit; the document is
// refused if HasErrors says so. When there are errors, the tree holds what was
// understood; wrong values are left out of it. The tree is nil if the document is not JSON, exceeds a limit, or has a
// root of the wrong type.
//
// A null attribute and an empty optional list count as absent. Attributes come
// out in RM order whatever their order in the document. Numbers keep their
// lexical form; 2.0 is accepted for an Integer because its value is integral.
//
// The tree shares one copy of the document, so it keeps all of it in memory.
func DecodeJSON(data []byte, declared *Class, opt JSONOptions) (*Node, []Problem) {
	lim := opt.Limits.withDefaults()
	s := scanners.Get().(*scanner)
	defer s.release()
	if declared == nil {
		declared = ClassAny
	}
	if s.fast(data, lim) {
		d := s.decode(data, declared, opt, lim)
		if problems := d.problems.Problems(); !d.twice && !HasErrors(problems) {
			return d.root, problems
		}
	}
	if p := s.scan(data, lim); p != nil {
		if opt.PathPrefix != "" {
			p.Path = opt.PathPrefix + strings.TrimSuffix(p.Path, "/")
		}
		return nil, []Problem{*p}
	}
	d := s.decode(data, declared, opt, lim)
	return d.root, d.problems.Problems()
}

// decode types what was scanned.
func (s *scanner) decode(data []byte, declared *Class, opt JSONOptions, lim Limits) *jsonDecoder {
	d := &jsonDecoder{
		src: string(data), values: s.values, incomplete: opt.Incomplete,
		nodes: make([]Node, s.nodes), attrs: make([]Attr, s.members), ptrs: make([]*Node, s.members+s.elements),
		slots: make([]int32, 0, 256),
	}
	d.problems.Max = lim.Problems
	d.walk.Start(nil, opt.PathPrefix)
	d.root = d.value(1, declared, nil)
	return d
}

// jsonDecoder types the values of one document, top down.
type jsonDecoder struct {
	src        string
	values     []rawValue
	incomplete bool

	// Slabs sized by the scan and handed out from the front.
	nodes []Node
	attrs []Attr
	ptrs  []*Node
	slots []int32 // stack of member positions by attribute, see object

	walk     Walk
	problems Collector

	root *Node
	// twice is set if a name that an object's class knows stands in it twice.
	twice bool
}

func (d *jsonDecoder) report(code, expected, actual, message string) {
	p := d.walk.Problem(code, message)
	p.Expected, p.Actual = expected, actual
	d.problems.Add(p)
}

// value reads one value of a declared class; nil when it is not one. param is
// the binding of the declared class's type parameter, nil when open.
func (d *jsonDecoder) value(i int32, declared, param *Class) *Node {
	if declared.Primitive != NotPrimitive {
		return d.scalar(&d.values[i], declared)
	}
	v := &d.values[i]
	if v.kind != '{' {
		d.report(CodeValueKind, "object of type "+declared.Name, d.describe(v),
			"expected an object of type "+declared.Name)
		return nil
	}
	class, param, ok := d.class(v, declared, param)
	if !ok {
		return nil
	}
	n := d.node(class)
	if len(d.walk.steps) > 0 {
		d.walk.steps[len(d.walk.steps)-1].node = n
	} else {
		d.walk.root = n
	}
	d.object(n, v, param)
	return n
}

// class finds the dynamic type of an object.
func (d *jsonDecoder) class(v *rawValue, declared, param *Class) (*Class, *Class, bool) {
	var typ *rawValue
	for m := v.child; m != 0; m = d.values[m].next {
		if d.name(&d.values[m]) == "_type" {
			typ = &d.values[m]
			break
		}
	}
	if typ == nil {
		if declared.Abstract {
			d.report(CodeTypeMissing, "_type conforming to "+declared.Name, "",
				"_type is required because "+declared.Name+" is abstract")
			return nil, nil, false
		}
		return declared, param, true
	}
	if typ.kind != '"' {
		d.report(CodeTypeUnknown, "class name", d.describe(typ), "_type is not a string")
		return nil, nil, false
	}
	name := d.text(typ)
	c := declared
	if name != declared.Name {
		c = classIndex[name]
	}
	if c == nil {
		if base, arg, generic := strings.Cut(name, "<"); generic && strings.HasSuffix(arg, ">") {
			c, param = d.genericClass(base, arg[:len(arg)-1], param)
		}
	}
	switch {
	case c == nil || c.Primitive != NotPrimitive:
		d.report(CodeTypeUnknown, declared.Name, clip(name), "_type names no class of the reference model")
	case c.Abstract:
		d.report(CodeTypeAbstract, declared.Name, name, "_type names the abstract class "+name)
	case !c.IsA(declared):
		d.report(CodeTypeMismatch, declared.Name, name, name+" does not conform to "+declared.Name)
	default:
		return c, param, true
	}
	return nil, nil, false
}

// genericClass reads a _type with a type parameter. The parameter binds the
// object's own parameter and must conform to the declared one. It gives nil
// when the class is not generic or the parameter is no class.
func (d *jsonDecoder) genericClass(base, arg string, param *Class) (*Class, *Class) {
	c := classIndex[base]
	bound := Lookup(arg)
	if c == nil || bound == nil || !c.generic {
		return nil, param
	}
	if param != nil && !bound.IsA(param) {
		d.report(CodeTypeMismatch, base+"<"+param.Name+">", base+"<"+clip(arg)+">",
			bound.Name+" does not conform to "+param.Name)
		return c, param
	}
	return c, bound
}

// object fills in the attributes of n from the members of v.
func (d *jsonDecoder) object(n *Node, v *rawValue, param *Class) {
	class := n.Class
	// slots holds, for each attribute of the class, the member that gives it.
	base := len(d.slots)
	for range class.attrs {
		d.slots = append(d.slots, 0)
	}
	present, next := 0, 0
	var seen uint64
	typed := false
	for m := v.child; m != 0; m = d.values[m].next {
		member := &d.values[m]
		name := d.name(member)
		if name == "_type" {
			d.twice = d.twice || typed
			typed = true
			continue
		}
		k := class.find(name, next)
		if k < 0 {
			d.unknown(class, name)
			continue
		}
		d.twice = d.twice || k >= 64 || seen>>k&1 == 1
		seen |= 1 << k
		next = k + 1
		if member.kind != 'n' {
			d.slots[base+k] = m
			present++
		}
	}

	n.Attrs = d.attrs[:0:present]
	d.attrs = d.attrs[present:]
	for k, a := range class.attrs {
		m := d.slots[base+k]
		if m == 0 {
			if a.Mandatory && !d.incomplete {
				d.missing(class, a, CodeAttributeMissing)
			}
			continue
		}
		typ, bound := a.Type, a.Param
		if a.open && param != nil {
			typ = param
		} else if a.passes {
			bound = param
		}
		wasIncomplete := d.incomplete
		if a.open && class == ClassOriginalVersion &&
			n.String("lifecycle_state", "defining_code", "code_string") == lifecycleIncomplete {
			d.incomplete = true
		}
		if a.Container {
			d.container(n, a, m, typ, bound)
		} else {
			d.walk.Enter(a, -1, nil)
			if x := d.value(m, typ, bound); x != nil {
				items := d.ptrs[:1:1]
				d.ptrs = d.ptrs[1:]
				items[0] = x
				n.Attrs = append(n.Attrs, Attr{Def: a, Items: items})
			}
			d.walk.Leave()
		}
		d.incomplete = wasIncomplete
	}
	d.slots = d.slots[:base]
}

// lifecycleIncomplete is 553|incomplete| of the openEHR group
// version_lifecycle_state.
const lifecycleIncomplete = "553"

// container reads the members of a list.
func (d *jsonDecoder) container(n *Node, a *Attribute, m int32, typ, bound *Class) {
	v := &d.values[m]
	if v.kind != '[' {
		d.walk.EnterAll(a)
		d.report(CodeValueKind, "array of "+typ.Name, d.describe(v), a.Name+" is a list: expected an array")
		d.walk.Leave()
		return
	}
	count := 0
	for i := v.child; i != 0; i = d.values[i].next {
		count++
	}
	if count == 0 {
		switch {
		case d.incomplete || !a.Mandatory:
			return
		case a.MinItems > 0:
			d.missing(n.Class, a, CodeContainerEmpty)
			return
		}
	}
	items := d.ptrs[:0:count]
	d.ptrs = d.ptrs[count:]
	index := 0
	for i := v.child; i != 0; i = d.values[i].next {
		d.walk.Enter(a, index, nil)
		index++
		if d.values[i].kind == 'n' {
			d.report(CodeValueNull, typ.Name, "null", "a member of a list is null")
		} else if x := d.value(i, typ, bound); x != nil {
			items = append(items, x)
		}
		d.walk.Leave()
	}
	if len(items) > 0 || count == 0 {
		n.Attrs = append(n.Attrs, Attr{Def: a, Items: items})
	}
}

// scalar reads a primitive value.
func (d *jsonDecoder) scalar(v *rawValue, class *Class) *Node {
	var text string
	switch class.Primitive {
	case StringPrimitive:
		if v.kind != '"' {
			return d.wrongKind(v, class, "string")
		}
		text = d.text(v)
		if v.escaped && strings.IndexByte(text, 0) >= 0 {
			d.report(CodeValueCharacter, "text without U+0000", "", "text contains the character U+0000")
			return nil
		}
	case IntegerPrimitive:
		if v.kind != '0' {
			return d.wrongKind(v, class, "integer")
		}
		text = d.src[v.start:v.end]
		if _, ok := parseInteger(text); !ok {
			if f, err := strconv.ParseFloat(text, 64); err == nil && f != math.Trunc(f) {
				return d.wrongKind(v, class, "integer")
			}
			d.report(CodeValueRange, "64-bit integer", clip(text), "the integer is out of range")
			return nil
		}
	case RealPrimitive:
		if v.kind != '0' {
			return d.wrongKind(v, class, "number")
		}
		text = d.src[v.start:v.end]
		if !realInRange(text) {
			d.report(CodeValueRange, "number within the range of a double", clip(text), "the number is out of range")
			return nil
		}
	case BooleanPrimitive:
		switch v.kind {
		case 't':
			text = "true"
		case 'f':
			text = "false"
		default:
			return d.wrongKind(v, class, "true or false")
		}
	}
	n := d.node(class)
	n.Text = text
	return n
}

// node hands out the next node of the slab, which the scan has made large
// enough.
func (d *jsonDecoder) node(class *Class) *Node {
	n := &d.nodes[0]
	d.nodes = d.nodes[1:]
	n.Class = class
	return n
}

func (d *jsonDecoder) wrongKind(v *rawValue, class *Class, want string) *Node {
	d.report(CodeValueKind, class.Name, d.describe(v), "expected "+want)
	return nil
}

func (d *jsonDecoder) missing(class *Class, a *Attribute, code string) {
	d.walk.EnterAll(a)
	verb := " is mandatory"
	if code == CodeContainerEmpty {
		verb = " must not be empty"
	}
	p := d.walk.Problem(code, class.Name+"."+a.Name+verb)
	p.Expected = a.Type.Name
	if a.lax {
		p.Severity = Warning
	}
	d.problems.Add(p)
	d.walk.Leave()
}

func (d *jsonDecoder) unknown(class *Class, name string) {
	p := d.walk.Problem(CodeAttributeUnknown, class.Name+" has no attribute "+strconv.Quote(clip(name)))
	p.Path = strings.TrimSuffix(p.Path, "/") + "/" + clip(name)
	p.AQLPath = ""
	d.problems.Add(p)
}

func (d *jsonDecoder) name(v *rawValue) string {
	if v.nameEscaped {
		return unescape(d.src[v.nameStart-1 : v.nameEnd+1])
	}
	return d.src[v.nameStart:v.nameEnd]
}

func (d *jsonDecoder) text(v *rawValue) string {
	if v.escaped {
		return unescape(d.src[v.start-1 : v.end+1])
	}
	return d.src[v.start:v.end]
}

// unescape gives the meaning of a string literal the scanner has accepted.
func unescape(literal string) string {
	b, err := jsontext.AppendUnquote(nil, literal)
	if err != nil {
		panic("rm: scanned string literal does not unquote: " + err.Error())
	}
	return string(b)
}

// describe says what a value is, for Problem.Actual.
func (d *jsonDecoder) describe(v *rawValue) string {
	switch v.kind {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string " + strconv.Quote(clip(d.text(v)))
	case '0':
		return "number " + clip(d.src[v.start:v.end])
	case 'n':
		return "null"
	}
	return d.src[v.start:v.end]
}
