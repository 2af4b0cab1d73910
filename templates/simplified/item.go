package simplified

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Format is one of the two simplified formats.
type Format uint8

// The formats.
const (
	Flat       Format = iota // one object of paths and values
	Structured               // nested objects by id, with a list for each id
)

// maxIndex bounds the index of a repeated node.
const maxIndex = 9999

// item is one instance of a node: its own parts and its children.
type item struct {
	parts    []part
	children []*child
	used     bool // taken in reading
	index    bool // written with an index even if alone
}

// part is a value with its suffix; the suffix is "" for a bare value and may
// have an index, as identifiers_id:0.
type part struct {
	suffix string
	value  scalar
	used   bool
}

// child is what has one id, by index. Members may be nil.
type child struct {
	id    string
	items []*item
}

// scalar is a JSON value: its kind as jsontext has it and its text, unquoted
// for a string, raw JSON for everything else.
type scalar struct {
	kind jsontext.Kind
	text string
}

func str(s string) scalar { return scalar{'"', s} }

// append appends the value as JSON.
func (s scalar) append(dst []byte) []byte {
	if s.kind == '"' {
		dst, _ = jsontext.AppendQuote(dst, s.text) // invalid UTF-8 is replaced
		return dst
	}
	return append(dst, s.text...)
}

// part takes the value with a suffix.
func (it *item) part(suffixes ...string) (scalar, bool) {
	if it == nil {
		return scalar{}, false
	}
	for _, s := range suffixes {
		for i := range it.parts {
			if it.parts[i].suffix == s {
				it.parts[i].used = true
				return it.parts[i].value, true
			}
		}
	}
	return scalar{}, false
}

// text takes a value as text; "" if it is absent.
func (it *item) text(suffixes ...string) string {
	v, _ := it.part(suffixes...)
	return v.text
}

// has reports whether there is a part with one of the suffixes, without taking
// it.
func (it *item) has(suffixes ...string) bool {
	return it != nil && slices.ContainsFunc(it.parts, func(p part) bool { return slices.Contains(suffixes, p.suffix) })
}

// find is the child with an id; nil if there is none.
func (it *item) find(id string) *child {
	if it == nil {
		return nil
	}
	for _, c := range it.children {
		if c.id == id {
			return c
		}
	}
	return nil
}

// one takes the first instance of a child.
func (it *item) one(ids ...string) *item {
	for _, id := range ids {
		for _, x := range it.all(id) {
			return x
		}
	}
	return nil
}

// all takes the instances of a child.
func (it *item) all(id string) []*item {
	c := it.find(id)
	if c == nil {
		return nil
	}
	var list []*item
	for _, x := range c.items {
		if x != nil {
			x.used = true
			list = append(list, x)
		}
	}
	return list
}

// at finds or makes an instance of a child.
func (it *item) at(id string, index int) *item {
	c := it.find(id)
	if c == nil {
		c = &child{id: id}
		it.children = append(it.children, c)
	}
	for len(c.items) <= index {
		c.items = append(c.items, nil)
	}
	if c.items[index] == nil {
		c.items[index] = &item{}
	}
	return c.items[index]
}

func (it *item) set(suffix string, v scalar) {
	it.parts = append(it.parts, part{suffix: suffix, value: v})
}

// setText sets a part unless the text is empty.
func (it *item) setText(suffix, s string) {
	if s != "" {
		it.set(suffix, str(s))
	}
}

// plainIDs drops the underscore that some clients write before the keys of ctx.
func (it *item) plainIDs() {
	for _, c := range it.children {
		if id, ok := strings.CutPrefix(c.id, "_"); ok && it.find(id) == nil {
			c.id = id
		}
	}
}

func (it *item) empty() bool { return len(it.parts) == 0 && len(it.children) == 0 }

// fault is what is wrong with a document, and where in it; the code is that of a
// limit, "" for the syntax.
type fault struct{ key, msg, code string }

func (f *fault) Error() string { return f.msg }

// parse reads a document into the item that holds the root and ctx.
func parse(data []byte, f Format, maxDepth, maxValues int) (*item, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	if dec.PeekKind() != '{' {
		if _, err := dec.ReadToken(); err != nil {
			return nil, syntax(err)
		}
		return nil, &fault{"", "the document is not a JSON object", ""}
	}
	p := parser{dec: dec, maxDepth: maxDepth, maxValues: maxValues}
	top := &item{}
	var err error
	if f == Flat {
		err = p.flat(top)
	} else {
		err = p.object(top, "", 0)
	}
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, &fault{"", "data follows the document's object", ""}
	}
	return top, nil
}

type parser struct {
	dec                         *jsontext.Decoder
	maxDepth, maxValues, values int
}

func syntax(err error) error {
	var s *jsontext.SyntacticError
	if errors.As(err, &s) {
		return &fault{"", fmt.Sprintf("not JSON: %v at byte %d", s.Err, s.ByteOffset), ""}
	}
	return &fault{"", "not JSON: unexpected end of the document", ""}
}

// scalar reads a value; ok is false for null. Objects and arrays are only
// values of |raw.
func (p *parser) scalar(key string, raw bool) (s scalar, ok bool, err error) {
	if p.values++; p.values > p.maxValues {
		return s, false, &fault{key, "the document has more than " + strconv.Itoa(p.maxValues) + " values", rm.CodeLimitNodes}
	}
	kind := p.dec.PeekKind()
	if (kind == '{' || kind == '[') && !raw {
		return s, false, &fault{key, "the value is an object or array", ""}
	}
	v, err := p.dec.ReadValue()
	if err != nil {
		return s, false, syntax(err)
	}
	switch kind {
	case 'n':
		return s, false, nil
	case '"':
		b, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return s, false, syntax(err)
		}
		return scalar{kind, string(b)}, true, nil
	}
	return scalar{kind, string(v)}, true, nil
}

// flat reads the members of a FLAT document.
func (p *parser) flat(top *item) error {
	if _, err := p.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	for p.dec.PeekKind() != '}' {
		token, err := p.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		key := token.String()
		path, suffix, _ := strings.Cut(key, "|")
		s, ok, err := p.scalar(key, suffix == "raw")
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		segments := strings.Split(path, "/")
		if len(segments) > p.maxDepth {
			return &fault{key, "the key has more than " + strconv.Itoa(p.maxDepth) + " levels", rm.CodeLimitDepth}
		}
		it := top
		for _, seg := range segments {
			id, index, err := segment(key, seg)
			if err != nil {
				return err
			}
			it = it.at(id, index)
		}
		it.set(suffix, s)
	}
	_, err := p.dec.ReadToken()
	if err != nil {
		return syntax(err)
	}
	return nil
}

// segment splits id:index.
func segment(key, seg string) (string, int, error) {
	id, number, indexed := strings.Cut(seg, ":")
	if id == "" {
		return "", 0, &fault{key, "a level of the key has no id", ""}
	}
	if !indexed {
		return id, 0, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > maxIndex {
		return "", 0, &fault{key, "an index must be a number from 0 to " + strconv.Itoa(maxIndex), ""}
	}
	return id, n, nil
}

// object reads an object of a STRUCTURED document.
func (p *parser) object(it *item, key string, depth int) error {
	if depth > p.maxDepth {
		return &fault{key, "the document nests deeper than " + strconv.Itoa(p.maxDepth) + " levels", rm.CodeLimitDepth}
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	for p.dec.PeekKind() != '}' {
		token, err := p.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		name := token.String()
		here := strings.TrimPrefix(key+"/"+name, "/")
		if suffix, ok := strings.CutPrefix(name, "|"); ok || name == "" {
			s, present, err := p.part(here, suffix)
			if err != nil {
				return err
			}
			if present {
				it.set(suffix, s)
			}
			continue
		}
		id, suffix, suffixed := strings.Cut(name, "|")
		id, index, err := segment(here, id)
		if err != nil {
			return err
		}
		if suffixed {
			s, present, err := p.part(here, suffix)
			if err != nil {
				return err
			}
			if present {
				it.at(id, index).set(suffix, s)
			}
			continue
		}
		if err := p.values0(it, id, index, here, depth); err != nil {
			return err
		}
	}
	_, err := p.dec.ReadToken()
	if err != nil {
		return syntax(err)
	}
	return nil
}

// part reads the value of a suffix; a list of one value is that value.
func (p *parser) part(key, suffix string) (scalar, bool, error) {
	if p.dec.PeekKind() == '[' && suffix != "raw" {
		if _, err := p.dec.ReadToken(); err != nil {
			return scalar{}, false, syntax(err)
		}
		s, ok, err := p.scalar(key, false)
		if err != nil {
			return s, ok, err
		}
		if p.dec.PeekKind() != ']' {
			return s, ok, &fault{key, "a suffix has more than one value", ""}
		}
		if _, err := p.dec.ReadToken(); err != nil {
			return s, ok, syntax(err)
		}
		return s, ok, nil
	}
	return p.scalar(key, suffix == "raw")
}

// values0 reads what stands under an id: a list, an object or a bare value.
func (p *parser) values0(it *item, id string, index int, key string, depth int) error {
	one := func() error {
		if p.dec.PeekKind() == '{' {
			return p.object(it.at(id, index), key, depth+1)
		}
		s, ok, err := p.scalar(key, false)
		if err == nil && ok {
			it.at(id, index).set("", s)
		}
		return err
	}
	if p.dec.PeekKind() != '[' {
		return one()
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	for ; p.dec.PeekKind() != ']'; index++ {
		if index > maxIndex {
			return &fault{key, "a list has more than " + strconv.Itoa(maxIndex+1) + " members", rm.CodeLimitItems}
		}
		if p.dec.PeekKind() == 0 {
			_, err := p.dec.ReadToken()
			return syntax(err)
		}
		if err := one(); err != nil {
			return err
		}
	}
	_, err := p.dec.ReadToken()
	if err != nil {
		return syntax(err)
	}
	return nil
}
