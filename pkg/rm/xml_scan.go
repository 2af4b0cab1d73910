package rm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// xmlElement is one element of a scanned document. Children are linked from
// first to last; index 0 ends a list.
type xmlElement struct {
	name        string // local name; {namespace}local outside the openEHR namespaces
	typ         string // xsi:type without its prefix
	attrs       []xmlAttr
	start, end  int // of the text before the first child
	child, next int32
	line        int
	null        bool // xsi:nil
	stray       bool // text after a child
}

type xmlAttr struct {
	name, value string
}

// xmlScanner turns a document into elements. Text is collected in src.
type xmlScanner struct {
	elements   []xmlElement
	attributes int
	src        []byte
	stack      []xmlFrame
	before     int // lines before the document
}

type xmlFrame struct {
	element, last int32
	items         int32 // children so far
}

// utf8BOM is the byte order mark that some systems put before a document.
var utf8BOM = []byte("\xef\xbb\xbf")

// scan reads a document; its root becomes elements[1]. What stops it is
// returned as a problem.
func (s *xmlScanner) scan(data []byte, lim Limits) *Problem {
	if len(data) > lim.Bytes {
		return &Problem{
			Code: CodeLimitBytes, Path: "/",
			Expected: fmt.Sprintf("at most %d bytes", lim.Bytes), Actual: fmt.Sprintf("%d bytes", len(data)),
			Message: fmt.Sprintf("document is longer than %d bytes", lim.Bytes),
		}
	}
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, utf8BOM)))
	dec.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("the encoding %q is not read, only UTF-8", clip(charset))
	}
	s.elements = append(s.elements[:0], xmlElement{})
	s.src = make([]byte, 0, len(data)/2)
	fault := func(msg string) *Problem {
		line, column := dec.InputPos()
		return &Problem{Code: CodeXMLSyntax, Path: s.path(), Message: fmt.Sprintf("%s at line %d column %d", msg, s.before+line, column)}
	}
	limited := func(code, format string, limit int) *Problem {
		return &Problem{Code: code, Path: s.path(), Message: fmt.Sprintf(format, limit)}
	}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && len(s.stack) == 0 {
			if len(s.elements) == 1 {
				return fault("the document has no element")
			}
			return nil
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return fault(syntax.Msg)
			}
			return fault(strings.TrimPrefix(err.Error(), "xml: "))
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(s.stack) == 0 && len(s.elements) > 1 {
				return fault("a second element follows the document's root")
			}
			if len(s.stack) >= lim.Depth {
				return limited(CodeLimitDepth, "elements nest deeper than %d", lim.Depth)
			}
			if name, twice := repeatedAttribute(t.Attr); twice {
				return fault("the attribute " + strconv.Quote(qualified(name)) + " is given twice")
			}
			if p := s.begin(t, lim); p != nil {
				return p
			}
			if root := s.elements[1].name; len(s.elements) == 2 && strings.HasPrefix(root, "{") {
				p := fault("the root element is " + clip(root) + ", which is not in a namespace of openEHR,")
				p.Code, p.Path = CodeXMLNamespace, "/"
				p.Expected = NamespaceV1
				return p
			}
			if len(s.elements)-1+s.attributes > lim.Nodes {
				return limited(CodeLimitNodes, "more than %d elements and attributes", lim.Nodes)
			}
			line, _ := dec.InputPos()
			s.elements[len(s.elements)-1].line = s.before + line
		case xml.EndElement:
			s.stack = s.stack[:len(s.stack)-1]
		case xml.CharData:
			if len(s.stack) == 0 {
				if len(bytes.TrimSpace(t)) > 0 {
					return fault("text stands outside the document's root")
				}
				continue
			}
			top := &s.elements[s.stack[len(s.stack)-1].element]
			if top.child != 0 {
				top.stray = top.stray || len(bytes.TrimSpace(t)) > 0
				continue
			}
			if top.end-top.start+len(t) > lim.StringBytes {
				return limited(CodeLimitString, "a text is longer than %d bytes", lim.StringBytes)
			}
			s.src = append(s.src, t...)
			top.end = len(s.src)
		case xml.Directive:
			return fault("document type declarations are not read")
		}
	}
}

// repeatedAttribute finds an attribute that an element has twice, which no XML
// has and the tokenizer does not see.
func repeatedAttribute(list []xml.Attr) (xml.Name, bool) {
	if len(list) > 16 {
		seen := make(map[xml.Name]bool, len(list))
		for i := range list {
			if seen[list[i].Name] {
				return list[i].Name, true
			}
			seen[list[i].Name] = true
		}
		return xml.Name{}, false
	}
	for i := range list {
		for j := range i {
			if list[i].Name == list[j].Name {
				return list[i].Name, true
			}
		}
	}
	return xml.Name{}, false
}

// begin opens an element.
func (s *xmlScanner) begin(t xml.StartElement, lim Limits) *Problem {
	e := xmlElement{name: qualified(t.Name), start: len(s.src), end: len(s.src)}
	for _, a := range t.Attr {
		if len(a.Value) > lim.StringBytes {
			return &Problem{Code: CodeLimitString, Path: s.path(), Message: fmt.Sprintf("an attribute is longer than %d bytes", lim.StringBytes)}
		}
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Space == namespaceXSI:
			switch a.Name.Local {
			case "type":
				typ := strings.TrimSpace(a.Value)
				if _, local, prefixed := strings.Cut(typ, ":"); prefixed {
					typ = local
				}
				e.typ = typ
			case "nil":
				v := strings.TrimSpace(a.Value)
				e.null = v == "true" || v == "1"
			case "schemaLocation", "noNamespaceSchemaLocation":
			default:
				e.attrs = append(e.attrs, xmlAttr{"xsi:" + a.Name.Local, a.Value})
			}
		case a.Name.Space == "http://www.w3.org/XML/1998/namespace" && a.Name.Local == "space":
		default:
			e.attrs = append(e.attrs, xmlAttr{qualified(a.Name), a.Value})
		}
	}
	s.attributes += len(e.attrs)
	i := int32(len(s.elements))
	s.elements = append(s.elements, e)
	if n := len(s.stack); n > 0 {
		top := &s.stack[n-1]
		if top.last == 0 {
			s.elements[top.element].child = i
		} else {
			s.elements[top.last].next = i
		}
		top.last = i
		if top.items++; int(top.items) > lim.Items {
			return &Problem{Code: CodeLimitItems, Path: s.path(), Message: fmt.Sprintf("an element has more than %d children", lim.Items)}
		}
	}
	s.stack = append(s.stack, xmlFrame{element: i})
	return nil
}

// qualified is the local name of what is in an openEHR namespace or in none.
func qualified(n xml.Name) string {
	switch n.Space {
	case "", NamespaceV1, NamespaceV2:
		return n.Local
	}
	return "{" + clip(n.Space) + "}" + n.Local
}

// path is where scanning stands, as far as it is known without the types:
// element names with the position among siblings of one name.
func (s *xmlScanner) path() string {
	if len(s.stack) < 2 {
		return "/"
	}
	var b strings.Builder
	for i := 1; i < len(s.stack); i++ {
		me := s.stack[i].element
		index := 0
		for c := s.elements[s.stack[i-1].element].child; c != 0 && c != me; c = s.elements[c].next {
			if s.elements[c].name == s.elements[me].name {
				index++
			}
		}
		b.WriteString("/" + clip(s.elements[me].name))
		if index > 0 {
			b.WriteString("[" + strconv.Itoa(index) + "]")
		}
	}
	return b.String()
}
