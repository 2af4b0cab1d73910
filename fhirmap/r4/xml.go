package r4

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The namespaces of FHIR and of the narrative.
const (
	Namespace      = "http://hl7.org/fhir"
	xhtmlNamespace = "http://www.w3.org/1999/xhtml"
)

// AppendXML writes a resource in the XML form (FHIR R4 §2.6.1). A property that
// the definitions do not have, or a value of the wrong shape, is an error: XML
// cannot hold it.
func AppendXML(dst []byte, n *Node) ([]byte, error) {
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`...)
	return appendResourceXML(dst, n, ` xmlns="`+Namespace+`"`)
}

func appendResourceXML(dst []byte, n *Node, namespace string) ([]byte, error) {
	name := n.Str("resourceType")
	t := Lookup(name)
	if t == nil || t.Kind != Resource {
		return nil, fmt.Errorf("xml: %q is not a resource type", name)
	}
	return appendObjectXML(dst, name, namespace, t, n)
}

// appendObjectXML writes an object as an element with children in the order of
// its type.
func appendObjectXML(dst []byte, name, attributes string, t *Type, n *Node) ([]byte, error) {
	if n.Kind != Object {
		return nil, fmt.Errorf("xml: %s is not an object", name)
	}
	dst = append(append(append(dst, '<'), name...), attributes...)
	written := 0
	for _, attribute := range attributesOf(t) {
		if v := n.Get(attribute); v != nil {
			dst = appendAttribute(dst, attribute, v.Text)
			written++
		}
	}
	if t.Kind == Resource {
		written++ // resourceType is the name
	}
	dst = append(dst, '>')
	seen := map[string]bool{}
	for _, e := range t.Elements {
		for i := range n.Fields {
			f := &n.Fields[i]
			property := strings.TrimPrefix(f.Name, "_")
			m := t.members[property]
			if m == nil || m.Element != e || isAttribute(t, property) {
				continue
			}
			if written++; seen[property] {
				continue // written with its companion
			}
			seen[property] = true
			var err error
			if dst, err = appendPropertyXML(dst, property, m, n.Get(property), n.Get("_"+property)); err != nil {
				return nil, err
			}
		}
	}
	if written != len(n.Fields) {
		return nil, fmt.Errorf("xml: %s has a property that %s does not define", name, t.Name)
	}
	return append(append(append(dst, "</"...), name...), '>'), nil
}

// attributesOf are the elements of a type that XML writes as attributes.
func attributesOf(t *Type) []string {
	switch {
	case t.Kind == Resource:
		return nil
	case t.IsA("Extension"):
		return []string{"id", "url"}
	}
	return []string{"id"}
}

func isAttribute(t *Type, property string) bool {
	for _, a := range attributesOf(t) {
		if a == property {
			return true
		}
	}
	return false
}

// appendPropertyXML writes all values of a property; more is that of its
// underscored companion, the ids and extensions of primitives.
func appendPropertyXML(dst []byte, name string, m *Member, v, more *Node) ([]byte, error) {
	n := 0
	items := func(n *Node) []*Node {
		if n != nil && n.Kind == Array {
			return n.Items
		}
		if n == nil {
			return nil
		}
		return []*Node{n}
	}
	values, extras := items(v), items(more)
	n = max(len(values), len(extras))
	for i := range n {
		var value, extra *Node
		if i < len(values) && values[i].Kind != Null {
			value = values[i]
		}
		if i < len(extras) && extras[i].Kind != Null {
			extra = extras[i]
		}
		var err error
		if dst, err = appendValueXML(dst, name, m.Type.Type, value, extra); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func appendValueXML(dst []byte, name string, t *Type, v, more *Node) ([]byte, error) {
	switch {
	case t.Kind == Primitive && t.Name == "xhtml":
		if v == nil || v.Kind != String || !strings.HasPrefix(v.Text, "<div") || xml.Unmarshal([]byte(v.Text), new(struct{})) != nil {
			return nil, fmt.Errorf("xml: %s is not XHTML", name)
		}
		return append(dst, v.Text...), nil
	case t.Kind == Primitive:
		dst = append(append(dst, '<'), name...)
		if more != nil {
			if id := more.Get("id"); id != nil {
				dst = appendAttribute(dst, "id", id.Text)
			}
		}
		if v != nil {
			if v.Kind == Object || v.Kind == Array {
				return nil, fmt.Errorf("xml: %s is not a primitive value", name)
			}
			dst = appendAttribute(dst, "value", v.Text)
		}
		extensions := more.List("extension")
		if len(extensions) == 0 {
			return append(dst, "/>"...), nil
		}
		dst = append(dst, '>')
		for _, e := range extensions {
			var err error
			if dst, err = appendObjectXML(dst, "extension", "", Lookup("Extension"), e); err != nil {
				return nil, err
			}
		}
		return append(append(append(dst, "</"...), name...), '>'), nil
	case v == nil:
		return nil, fmt.Errorf("xml: %s has no value", name)
	case t.Name == "Resource":
		dst = append(append(append(dst, '<'), name...), '>')
		dst, err := appendResourceXML(dst, v, "")
		if err != nil {
			return nil, err
		}
		return append(append(append(dst, "</"...), name...), '>'), nil
	}
	return appendObjectXML(dst, name, "", t, v)
}

func appendAttribute(dst []byte, name, value string) []byte {
	dst = append(append(append(dst, ' '), name...), `="`...)
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(value)); err != nil {
		panic("r4: " + err.Error()) // a buffer takes everything
	}
	return append(append(dst, b.Bytes()...), '"')
}

// ParseXML reads a resource in the XML form into the nodes of its JSON form.
// Document type declarations, elements that the definitions do not have and
// nesting deeper than 64 are errors.
func ParseXML(data []byte) (*Node, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("xml: not UTF-8")
	}
	p := xmlReader{data: data, dec: xml.NewDecoder(bytes.NewReader(data))}
	for {
		tok, err := p.dec.Token()
		if err != nil {
			return nil, fmt.Errorf("xml: %w", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n, err := p.resource(tok, 0)
			if err != nil {
				return nil, err
			}
			return n, p.end()
		case xml.Directive:
			return nil, errors.New("xml: a document type declaration is not allowed")
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return nil, errors.New("xml: text before the resource")
			}
		}
	}
}

type xmlReader struct {
	data []byte
	dec  *xml.Decoder
}

// end takes nothing but space and comments after the resource.
func (p *xmlReader) end() error {
	for {
		tok, err := p.dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("xml: %w", err)
		}
		switch tok := tok.(type) {
		case xml.Comment, xml.ProcInst:
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return errors.New("xml: text after the resource")
			}
		default:
			return errors.New("xml: content after the resource")
		}
	}
}

func (p *xmlReader) resource(start xml.StartElement, depth int) (*Node, error) {
	t := Lookup(start.Name.Local)
	if t == nil || t.Kind != Resource || start.Name.Space != Namespace {
		return nil, fmt.Errorf("xml: %s is not a FHIR resource", start.Name.Local)
	}
	n := NewObject(Field{Name: "resourceType", Value: NewString(t.Name)})
	return n, p.object(n, t, start, depth)
}

// object reads the attributes and children of an element into the properties
// of n.
func (p *xmlReader) object(n *Node, t *Type, start xml.StartElement, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("xml: nested deeper than %d", maxDepth)
	}
	for _, a := range start.Attr {
		switch {
		case a.Name.Local == "xmlns" || a.Name.Space == "xmlns" || a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance":
		case a.Name.Space == "" && isAttribute(t, a.Name.Local):
			n.Fields = append(n.Fields, Field{Name: a.Name.Local, Value: NewString(a.Value)})
		default:
			return fmt.Errorf("xml: %s has an attribute %s", start.Name.Local, a.Name.Local)
		}
	}
	for {
		at := p.dec.InputOffset()
		tok, err := p.dec.Token()
		if err != nil {
			return fmt.Errorf("xml: %w", err)
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return fmt.Errorf("xml: text in %s", start.Name.Local)
			}
		case xml.Directive:
			return errors.New("xml: a document type declaration is not allowed")
		case xml.StartElement:
			if err := p.child(n, t, tok, at, depth+1); err != nil {
				return err
			}
		}
	}
}

func (p *xmlReader) child(n *Node, t *Type, start xml.StartElement, at int64, depth int) error {
	name := start.Name.Local
	m := t.members[name]
	if m == nil || isAttribute(t, name) {
		return fmt.Errorf("xml: %s is not an element of %s", name, t.Name)
	}
	mt := m.Type.Type
	space := Namespace
	if mt.Name == "xhtml" {
		space = xhtmlNamespace
	}
	if start.Name.Space != space {
		return fmt.Errorf("xml: %s is not in the namespace %s", name, space)
	}
	var v, more *Node
	switch {
	case mt.Name == "xhtml":
		if err := p.dec.Skip(); err != nil {
			return fmt.Errorf("xml: %w", err)
		}
		v = NewString(string(p.data[at:p.dec.InputOffset()]))
	case mt.Kind == Primitive:
		var err error
		if v, more, err = p.primitive(mt, start, depth); err != nil {
			return err
		}
	case mt.Name == "Resource":
		inner, err := p.inner(start)
		if err != nil {
			return err
		}
		if v, err = p.resource(inner, depth); err != nil {
			return err
		}
		if err := p.close(name); err != nil {
			return err
		}
	default:
		v = NewObject()
		if err := p.object(v, mt, start, depth); err != nil {
			return err
		}
	}
	return add(n, m, name, v, more)
}

// add puts a value, and the id and extensions of a primitive, among those that
// its property has already.
func add(n *Node, m *Member, name string, v, more *Node) error {
	old, oldMore := n.Get(name), n.Get("_"+name)
	if !m.Element.List() {
		if old != nil || oldMore != nil {
			return fmt.Errorf("xml: %s is repeated", name)
		}
		if v != nil {
			n.Fields = append(n.Fields, Field{Name: name, Value: v})
		}
		if more != nil {
			n.Fields = append(n.Fields, Field{Name: "_" + name, Value: more})
		}
		return nil
	}
	count := 0
	for _, list := range []*Node{old, oldMore} {
		if list != nil {
			count = max(count, len(list.Items))
		}
	}
	push := func(list *Node, name string, v *Node) {
		if v == nil && list == nil {
			return
		}
		if list == nil {
			list = &Node{Kind: Array}
			for range count {
				list.Items = append(list.Items, &Node{Kind: Null})
			}
			n.Fields = append(n.Fields, Field{Name: name, Value: list})
		}
		if v == nil {
			v = &Node{Kind: Null}
		}
		list.Items = append(list.Items, v)
	}
	push(old, name, v)
	push(oldMore, "_"+name, more)
	return nil
}

// primitive reads value, id and extensions.
func (p *xmlReader) primitive(t *Type, start xml.StartElement, depth int) (v, more *Node, err error) {
	extra := NewObject()
	var rest []xml.Attr
	for _, a := range start.Attr {
		if a.Name.Space == "" && a.Name.Local == "value" {
			if v, err = primitiveNode(t, a.Value); err != nil {
				return nil, nil, err
			}
			continue
		}
		rest = append(rest, a)
	}
	start.Attr = rest
	if err := p.object(extra, Lookup("Element"), start, depth); err != nil {
		return nil, nil, err
	}
	if len(extra.Fields) > 0 {
		more = extra
	}
	if v == nil && more == nil {
		return nil, nil, fmt.Errorf("xml: %s has neither a value nor an extension", start.Name.Local)
	}
	return v, more, nil
}

// primitiveNode is the JSON form of a lexical value.
func primitiveNode(t *Type, s string) (*Node, error) {
	kind := String
	switch {
	case t.IsA("boolean"):
		kind = Bool
	case t.IsA("integer"), t.IsA("decimal"):
		kind = Number
	}
	if kind == String {
		return NewString(s), nil
	}
	if !ValidPrimitive(t.Name, s) {
		return nil, fmt.Errorf("xml: %q is not a %s", s, t.Name)
	}
	return &Node{Kind: kind, Text: s}, nil
}

// inner is the one child of an element that holds a resource.
func (p *xmlReader) inner(start xml.StartElement) (xml.StartElement, error) {
	for {
		tok, err := p.dec.Token()
		if err != nil {
			return xml.StartElement{}, fmt.Errorf("xml: %w", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			return tok, nil
		case xml.EndElement:
			return xml.StartElement{}, fmt.Errorf("xml: %s holds no resource", start.Name.Local)
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return xml.StartElement{}, fmt.Errorf("xml: text in %s", start.Name.Local)
			}
		}
	}
}

func (p *xmlReader) close(name string) error {
	for {
		tok, err := p.dec.Token()
		if err != nil {
			return fmt.Errorf("xml: %w", err)
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			return fmt.Errorf("xml: %s holds more than one resource", name)
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return fmt.Errorf("xml: text in %s", name)
			}
		}
	}
}
