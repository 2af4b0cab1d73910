package r4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// NodeKind is the JSON kind of a node.
type NodeKind uint8

// The JSON kinds.
const (
	Object NodeKind = iota
	Array
	String
	Number
	Bool
	Null
)

// Node is one value of a JSON document. Numbers keep their lexical form.
type Node struct {
	Kind NodeKind
	// Free says whether resources that are alike may have another text here.
	Free Free
	// From is a number that whoever makes the text of the node gives it; 0 for none.
	From int32
	// Text is the unescaped string, the number as written, or true or false.
	Text string
	// Fields are the properties of an object, in document order.
	Fields []Field
	// Items are the members of an array.
	Items []*Node
}

// Field is one property of an object.
type Field struct {
	Name  string
	Value *Node

	order int // place among the members of the type, from 1; 0: not looked up
}

// Limits on documents that Parse accepts.
const maxDepth = 64

// NewString is a string node.
func NewString(s string) *Node { return &Node{Kind: String, Text: s} }

// NewNumber is a number node from its JSON form.
func NewNumber(s string) *Node { return &Node{Kind: Number, Text: s} }

// NewBool is a boolean node.
func NewBool(b bool) *Node {
	if b {
		return &Node{Kind: Bool, Text: "true"}
	}
	return &Node{Kind: Bool, Text: "false"}
}

// NewObject is an object of the fields given; a field with a nil value is left out.
func NewObject(fields ...Field) *Node {
	n := &Node{Kind: Object}
	for _, f := range fields {
		if f.Value != nil {
			n.Fields = append(n.Fields, f)
		}
	}
	return n
}

// Str is a member that is text.
func Str(name, value string) Field { return Field{Name: name, Value: NewString(value)} }

// Obj is a member that is an object; see [NewObject].
func Obj(name string, fields ...Field) Field { return Field{Name: name, Value: NewObject(fields...)} }

// List is a member that is an array; without items there is none.
func List(name string, items ...*Node) Field {
	if len(items) == 0 {
		return Field{}
	}
	return Field{Name: name, Value: &Node{Kind: Array, Items: items}}
}

// Get follows properties by name, taking the first member of an array on the
// way; nil as soon as one is absent.
func (n *Node) Get(names ...string) *Node {
	for _, name := range names {
		if n != nil && n.Kind == Array {
			if len(n.Items) == 0 {
				return nil
			}
			n = n.Items[0]
		}
		if n == nil || n.Kind != Object {
			return nil
		}
		var next *Node
		for i := range n.Fields {
			if n.Fields[i].Name == name {
				next = n.Fields[i].Value
				break
			}
		}
		n = next
	}
	return n
}

// Str follows properties as Get does and gives the text of the scalar found.
func (n *Node) Str(names ...string) string {
	if m := n.Get(names...); m != nil {
		return m.Text
	}
	return ""
}

// List is the members of an array property, or the single value of another.
func (n *Node) List(name string) []*Node {
	m := n.Get(name)
	switch {
	case m == nil:
		return nil
	case m.Kind == Array:
		return m.Items
	default:
		return []*Node{m}
	}
}

// Set puts a property, replacing one of the same name. With a type the
// property is put where the type's element order has it; otherwise last.
func (n *Node) Set(t *Type, name string, v *Node) {
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			n.Fields[i].Value = v
			return
		}
	}
	at := len(n.Fields)
	if t != nil {
		order := fieldOrder(t, name)
		for ; at > 0; at-- {
			before := &n.Fields[at-1]
			if before.order == 0 {
				before.order = fieldOrder(t, before.Name)
			}
			if before.order <= order {
				break
			}
		}
		n.Fields = slices.Insert(n.Fields, at, Field{name, v, order})
		return
	}
	n.Fields = append(n.Fields, Field{Name: name, Value: v})
}

// Remove drops a property if it is present.
func (n *Node) Remove(name string) {
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			n.Fields = slices.Delete(n.Fields, i, i+1)
			return
		}
	}
}

// fieldOrder sorts resourceType first and _x right after x.
func fieldOrder(t *Type, name string) int {
	if name == "resourceType" {
		return 1
	}
	low := 0
	if name[0] == '_' {
		name, low = name[1:], 1
	}
	if m := t.members[name]; m != nil {
		return 2 + 2*m.Element.Order + low
	}
	return 1 << 20
}

// Parse reads one JSON value. Duplicate names, invalid UTF-8 and nesting
// deeper than 64 are errors.
func Parse(data []byte) (*Node, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	n, err := parseValue(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("json: %w", syntax(err))
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, fmt.Errorf("json: content after the value at byte %d", dec.InputOffset())
	}
	return n, nil
}

// syntax says what is wrong with a document and where, without the name of the
// library that found it.
func syntax(err error) error {
	var s *jsontext.SyntacticError
	switch {
	case err == io.EOF:
		return errors.New("nothing where a value is expected")
	case !errors.As(err, &s) || s.Err == nil:
		return err
	case s.JSONPointer != "":
		return fmt.Errorf("%w at byte %d in %s", s.Err, s.ByteOffset, s.JSONPointer)
	}
	return fmt.Errorf("%w at byte %d", s.Err, s.ByteOffset)
}

func parseValue(dec *jsontext.Decoder, depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		n := &Node{Kind: Object}
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			n.Fields = append(n.Fields, Field{Name: key, Value: v})
		}
		_, err := dec.ReadToken()
		return n, err
	case '[':
		n := &Node{Kind: Array}
		for dec.PeekKind() != ']' {
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, v)
		}
		_, err := dec.ReadToken()
		return n, err
	case '"':
		return NewString(tok.String()), nil
	case '0':
		return NewNumber(tok.String()), nil
	case 't', 'f':
		return NewBool(tok.Bool()), nil
	default:
		return &Node{Kind: Null}, nil
	}
}

// Append writes the node as compact JSON.
func (n *Node) Append(dst []byte) []byte {
	switch n.Kind {
	case Object:
		dst = append(dst, '{')
		for i := range n.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, n.Fields[i].Name)
			dst = append(dst, ':')
			dst = n.Fields[i].Value.Append(dst)
		}
		return append(dst, '}')
	case Array:
		dst = append(dst, '[')
		for i, v := range n.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.Append(dst)
		}
		return append(dst, ']')
	case String:
		return appendString(dst, n.Text)
	case Null:
		return append(dst, "null"...)
	default:
		return append(dst, n.Text...)
	}
}

func appendString(dst []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f && s[i] != '"' && s[i] != '\\'
	}
	if plain {
		dst = append(append(dst, '"'), s...)
		return append(dst, '"')
	}
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		// Invalid UTF-8 is replaced, as the decoder would have refused it.
		out, _ = jsontext.AppendQuote(dst, string(bytes.ToValidUTF8([]byte(s), []byte("\ufffd"))))
	}
	return out
}
