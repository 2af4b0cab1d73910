package rm

import (
	"strconv"
	"strings"
)

// The codes of problems that only XML documents have.
const (
	CodeXMLSyntax    = "xml.syntax"    // not well-formed, not UTF-8, or with a document type
	CodeXMLNamespace = "xml.namespace" // a root in a namespace that is not openEHR's
	CodeXMLText      = "xml.text"      // text where only elements may stand
	CodeXMLRepeated  = "xml.repeated"  // a single-valued attribute given more than once
)

var xmlRules = []Rule{
	{Code: CodeXMLSyntax, Text: "the document is well-formed UTF-8 XML without a document type"},
	{Code: CodeXMLNamespace, Text: "the root element is in a namespace of openEHR or in none"},
	{Code: CodeXMLText, Text: "the element of an object holds no text of its own"},
	{Code: CodeXMLRepeated, Text: "a single-valued attribute is given once"},
}

// XMLOptions adjust DecodeXML as JSONOptions do DecodeJSON.
type XMLOptions struct {
	Limits     Limits
	Incomplete bool
	PathPrefix string
	// Line is the number of the document's first line within a larger one, for
	// the messages; 0 counts as 1.
	Line int
	// Member tells that the root's element has the name of an attribute, which
	// says nothing about its class.
	Member bool
}

// DecodeXML reads canonical XML (ITS-XML) into a tree and types it as DecodeJSON
// does, with the same problems. Elements may be in either of the openEHR
// namespaces or in none, in any order, members of a list also apart from each
// other; xsi:type may have a prefix. Where an attribute of the RM is an XML
// attribute, as archetype_node_id, and where it is an element makes no
// difference.
//
// The root's class is its xsi:type, else the class its element is named after,
// as composition, else the declared one.
//
// Texts are kept as they are. Only numbers and Booleans in forms that JSON does
// not have (+5, 05, .5, 1 for true) are brought into one it has, and white space
// is dropped from base64 data. An empty list is not told from an absent one.
func DecodeXML(data []byte, declared *Class, opt XMLOptions) (*Node, []Problem) {
	lim := opt.Limits.withDefaults()
	s := xmlScanner{before: max(opt.Line-1, 0)}
	if p := s.scan(data, lim); p != nil {
		if opt.PathPrefix != "" {
			p.Path = opt.PathPrefix + strings.TrimSuffix(p.Path, "/")
		}
		return nil, []Problem{*p}
	}
	if declared == nil {
		declared = ClassAny
	}
	x := xmlReader{
		elements: s.elements, src: s.src, names: map[string]int32{},
		values: make([]rawValue, 1, len(s.elements)+len(s.elements)/2),
	}
	x.problems.Max = lim.Problems
	x.maxDepth = lim.Depth
	x.walk.Start(nil, opt.PathPrefix)
	root := &x.elements[1]
	if root.typ == "" && !opt.Member {
		if c := classIndex[strings.ToUpper(root.name)]; c != nil && !c.Abstract && c.Primitive == NotPrimitive {
			root.typ = c.Name
		}
	}
	first := x.value(1, declared, nil)
	if x.tooDeep != "" {
		return nil, []Problem{{
			Code: CodeLimitDepth, Path: x.tooDeep,
			Message: "objects and lists nest deeper than " + strconv.Itoa(lim.Depth),
		}}
	}
	d := jsonDecoder{
		src: string(x.src), values: x.values, incomplete: opt.Incomplete,
		nodes: make([]Node, x.nodes), attrs: make([]Attr, x.members), ptrs: make([]*Node, x.members+x.items),
	}
	d.problems = x.problems
	d.walk.Start(nil, opt.PathPrefix)
	n := d.value(first, declared, nil)
	problems := d.problems.Problems()
	for i := range problems {
		if strings.HasPrefix(problems[i].Code, "rm.type.") {
			problems[i].Message = strings.ReplaceAll(problems[i].Message, "_type", "xsi:type")
			problems[i].Expected = strings.ReplaceAll(problems[i].Expected, "_type", "xsi:type")
		}
	}
	return n, problems
}

// xmlReader turns elements into the values that the typing pass works on. What
// it needs the class table for is only which elements are lists and which are
// scalars of what kind: all judgement is left to the typing pass.
type xmlReader struct {
	elements []xmlElement
	values   []rawValue
	src      []byte
	names    map[string]int32 // where in src a member name stands

	// Bounds of what the typing pass will build.
	nodes, members, items int

	// depth is that of the tree as JSON, where a list is a level too: what is
	// read must be readable again in either format.
	depth, maxDepth int
	tooDeep         string

	walk     Walk
	problems Collector
}

// add appends a value.
func (x *xmlReader) add(v rawValue) int32 {
	x.values = append(x.values, v)
	return int32(len(x.values) - 1)
}

// put appends text to src.
func (x *xmlReader) put(s string) (start, end int32) {
	start = int32(len(x.src))
	x.src = append(x.src, s...)
	return start, int32(len(x.src))
}

// value adds the value of an element of a declared class.
func (x *xmlReader) value(e int32, declared, param *Class) int32 {
	el := &x.elements[e]
	if el.null {
		return x.add(rawValue{kind: 'n'})
	}
	if declared.Primitive == NotPrimitive {
		levels := 1
		if a := x.walk.Attribute(); a != nil && a.Container {
			levels = 2
		}
		x.depth += levels
		defer func() { x.depth -= levels }()
		if x.depth > x.maxDepth {
			if x.tooDeep == "" {
				x.tooDeep = x.walk.Path()
			}
			return x.add(rawValue{kind: '{'})
		}
		return x.object(el, declared, param)
	}
	for i := range el.attrs {
		x.unknown(declared, el.attrs[i].name)
	}
	if el.child != 0 {
		return x.add(rawValue{kind: '{'})
	}
	return x.scalar(string(x.src[el.start:el.end]), el.start, declared)
}

// scalar adds a primitive value with the kind its text has as JSON; at is where
// the text stands in src.
func (x *xmlReader) scalar(text string, at int, class *Class) int32 {
	x.nodes++
	v := rawValue{kind: '"', start: int32(at), end: int32(at + len(text))}
	switch class.Primitive {
	case StringPrimitive:
		if class.Name == "Octet" && strings.ContainsAny(text, " \t\r\n") {
			v.start, v.end = x.put(strings.Join(strings.Fields(text), ""))
		}
	case IntegerPrimitive, RealPrimitive:
		if number, ok := jsonNumber(strings.Trim(text, " \t\r\n")); ok {
			v.kind = '0'
			if number != text {
				v.start, v.end = x.put(number)
			}
		}
	case BooleanPrimitive:
		switch strings.Trim(text, " \t\r\n") {
		case "true", "1":
			v.kind = 't'
		case "false", "0":
			v.kind = 'f'
		}
	}
	return x.add(v)
}

// jsonNumber gives the JSON form of an XML Schema number: the same but for a
// plus sign, leading zeros and a missing digit beside the point.
func jsonNumber(s string) (string, bool) {
	sign := ""
	rest := s
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		if rest[0] == '-' {
			sign = "-"
		}
		rest = rest[1:]
	}
	digits := func() string {
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		d := rest[:i]
		rest = rest[i:]
		return d
	}
	whole := digits()
	fraction, point := "", false
	if strings.HasPrefix(rest, ".") {
		rest, point = rest[1:], true
		fraction = digits()
	}
	if whole == "" && fraction == "" {
		return "", false
	}
	exponent := ""
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		exponent = rest[:1]
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			exponent += rest[:1]
			rest = rest[1:]
		}
		d := digits()
		if d == "" {
			return "", false
		}
		exponent += d
	}
	if rest != "" {
		return "", false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if point {
		if fraction == "" {
			fraction = "0"
		}
		fraction = "." + fraction
	}
	return sign + whole + fraction + exponent, true
}

// object adds an object with its members.
func (x *xmlReader) object(el *xmlElement, declared, param *Class) int32 {
	x.nodes++
	if el.stray || el.end > el.start && strings.TrimSpace(string(x.src[el.start:el.end])) != "" {
		p := x.walk.Problem(CodeXMLText, "text stands where only elements may, in the element at line "+strconv.Itoa(el.line))
		p.Expected = declared.Name
		x.problems.Add(p)
	}
	m := members{x: x, object: x.add(rawValue{kind: '{'})}
	class := declared
	if el.typ != "" {
		start, end := x.put(el.typ)
		m.link("_type", x.add(rawValue{kind: '"', start: start, end: end}))
		class = Lookup(el.typ)
		if _, arg, generic := strings.Cut(el.typ, "<"); generic && class != nil {
			if bound := Lookup(strings.TrimSuffix(arg, ">")); bound != nil {
				param = bound
			}
		}
	}
	if class == nil || class.Abstract || class.Primitive != NotPrimitive || !class.IsA(declared) {
		return m.object // the typing pass refuses the class and looks no further
	}
	m.class, m.given = class, make([]given, len(class.attrs))
	for i := range el.attrs {
		a := &el.attrs[i]
		if k := class.find(a.name, 0); k < 0 {
			x.unknown(class, a.name)
		} else {
			start, _ := x.put(a.value)
			m.give(k, x.scalar(a.value, int(start), class.attrs[k].Type), el.line)
		}
	}
	next := 0
	for e := el.child; e != 0; e = x.elements[e].next {
		child := &x.elements[e]
		name := child.name
		if name == "work_flow_id" && class.IsA(ClassEntry) {
			name = "workflow_id"
		}
		k := class.find(name, max(next-1, 0))
		if k < 0 {
			x.unknown(class, name)
			continue
		}
		next = k + 1
		def := class.attrs[k]
		typ, bound := def.Type, def.Param
		if def.open && param != nil {
			typ = param
		} else if def.passes {
			bound = param
		}
		x.walk.Enter(def, int(m.given[k].count), nil)
		i := x.value(e, typ, bound)
		x.walk.Leave()
		m.give(k, i, child.line)
	}
	// An empty list has no element; where the RM wants the list, it is there.
	for k, def := range class.attrs {
		if def.Container && def.Mandatory && def.MinItems == 0 && m.given[k].count == 0 {
			m.link(def.Name, x.add(rawValue{kind: '['}))
		}
	}
	return m.object
}

// members links the members of one object.
type members struct {
	x            *xmlReader
	class        *Class
	object, last int32
	given        []given // by attribute
}

// given is what one attribute has so far: the last value and their number.
type given struct{ last, count int32 }

// give adds a value of the attribute at position k of the class.
func (m *members) give(k int, value int32, line int) {
	def, g := m.class.attrs[k], &m.given[k]
	g.count++
	switch {
	case g.count > 1 && !def.Container:
		m.x.walk.Enter(def, -1, nil)
		m.x.problems.Add(m.x.walk.Problem(CodeXMLRepeated,
			m.class.Name+"."+def.Name+" is single-valued and given again at line "+strconv.Itoa(line)))
		m.x.walk.Leave()
	case g.count > 1:
		m.x.values[g.last].next = value
		m.x.items++
	case def.Container:
		m.link(def.Name, m.x.add(rawValue{kind: '[', child: value}))
		m.x.items++
	default:
		m.link(def.Name, value)
	}
	g.last = value
}

// link adds a member to the object.
func (m *members) link(name string, value int32) {
	x := m.x
	at, known := x.names[name]
	if !known {
		at, _ = x.put(name)
		x.names[name] = at
	}
	v := &x.values[value]
	v.nameStart, v.nameEnd = at, at+int32(len(name))
	if m.last == 0 {
		x.values[m.object].child = value
	} else {
		x.values[m.last].next = value
	}
	m.last = value
	if name != "_type" {
		x.members++
	}
}

func (x *xmlReader) unknown(class *Class, name string) {
	p := x.walk.Problem(CodeAttributeUnknown, class.Name+" has no attribute "+strconv.Quote(clip(name)))
	p.Path = strings.TrimSuffix(p.Path, "/") + "/" + clip(name)
	p.AQLPath = ""
	x.problems.Add(p)
}
