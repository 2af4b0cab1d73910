package rm

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// AppendXML appends the canonical XML (ITS-XML, v1 namespace) of an object as a
// document: elements in the order of the schema, lexical values as the tree has
// them, xsi:type at the root and wherever the class is not the one declared.
// The root element is the class name in lower case, as composition, or version.
//
// Attributes that are not in the v1 schema, because later releases of the RM
// added them, follow those that are. Bytes that are not UTF-8 are written as
// U+FFFD. The error names the first text with a character that XML 1.0 cannot
// express; it holds no part of the text.
func AppendXML(dst []byte, n *Node) ([]byte, error) {
	if n == nil || n.Class.Primitive != NotPrimitive {
		return dst, fmt.Errorf("rm: only an object can be an XML document")
	}
	e := xmlEncoder{dst: append(dst, `<?xml version="1.0" encoding="UTF-8"?>`...)}
	e.dst = append(e.dst, '\n')
	e.walk.Start(n, "")
	name := xmlRoot(n.Class)
	e.open(name)
	e.dst = append(e.dst, ` xmlns="`+NamespaceV1+`" xmlns:xsi="`+namespaceXSI+`"`...)
	e.typed(n.Class)
	e.object(name, n)
	return append(e.dst, '\n'), e.err
}

type xmlEncoder struct {
	dst  []byte
	walk Walk
	err  error
}

// open begins a start tag.
func (e *xmlEncoder) open(name string) {
	e.dst = append(e.dst, '<')
	e.dst = append(e.dst, name...)
}

func (e *xmlEncoder) typed(c *Class) {
	e.dst = append(e.dst, ` xsi:type="`...)
	e.dst = append(e.dst, c.Name...)
	e.dst = append(e.dst, '"')
}

// object ends the start tag of an object's element and writes the rest of it.
func (e *xmlEncoder) object(name string, n *Node) {
	form := xmlForms[n.Class]
	if form.nodeID != nil {
		if id := n.Attr(form.nodeID.Name); id != nil && len(id.Items) > 0 {
			e.walk.Enter(form.nodeID, -1, id.Items[0])
			e.dst = append(e.dst, ` archetype_node_id="`...)
			e.text(id.Items[0].Text, true)
			e.dst = append(e.dst, '"')
			e.walk.Leave()
		}
	}
	start := len(e.dst)
	e.dst = append(e.dst, '>')
	for _, def := range form.order {
		for i := range n.Attrs {
			if n.Attrs[i].Def == def {
				e.attribute(&n.Attrs[i])
				break
			}
		}
	}
	if len(e.dst) == start+1 {
		e.dst = append(e.dst[:start], "/>"...)
		return
	}
	e.close(name)
}

func (e *xmlEncoder) close(name string) {
	e.dst = append(e.dst, '<', '/')
	e.dst = append(e.dst, name...)
	e.dst = append(e.dst, '>')
}

func (e *xmlEncoder) attribute(a *Attr) {
	name := xmlName(a.Def)
	for i, item := range a.Items {
		e.walk.Enter(a.Def, i, item)
		e.open(name)
		if item.Class.Primitive != NotPrimitive {
			e.dst = append(e.dst, '>')
			e.text(item.Text, false)
			e.close(name)
		} else {
			if item.Class != a.Def.Type {
				e.typed(item.Class)
			}
			e.object(name, item)
		}
		e.walk.Leave()
	}
}

// text writes character data. Line ends and tabs are written so that a parser's
// normalisation leaves them alone.
func (e *xmlEncoder) text(s string, attribute bool) {
	clean := 0
	flush := func(end int) { e.dst = append(e.dst, s[clean:end]...) }
	for i := 0; i < len(s); {
		c := s[i]
		width := 1
		escape := ""
		switch {
		case c == '&':
			escape = "&amp;"
		case c == '<':
			escape = "&lt;"
		case c == '>':
			escape = "&gt;"
		case c == '\r':
			escape = "&#xD;"
		case attribute && c == '"':
			escape = "&quot;"
		case attribute && c == '\n':
			escape = "&#xA;"
		case attribute && c == '\t':
			escape = "&#x9;"
		case c == '\n' || c == '\t':
		case c < ' ':
			e.illegal(rune(c))
		case c >= utf8.RuneSelf:
			var r rune
			r, width = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && width == 1 {
				escape = "\uFFFD"
			} else if r == 0xFFFE || r == 0xFFFF {
				e.illegal(r)
			}
		}
		if escape != "" {
			flush(i)
			e.dst = append(e.dst, escape...)
			clean = i + width
		}
		i += width
	}
	flush(len(s))
}

func (e *xmlEncoder) illegal(c rune) {
	if e.err == nil {
		e.err = fmt.Errorf("%s: the text contains U+%s, which XML cannot express", e.walk.Path(), codePoint(c))
	}
}

// codePoint writes a character's number with four digits.
func codePoint(c rune) string {
	s := strconv.FormatInt(int64(c), 16)
	for len(s) < 4 {
		s = "0" + s
	}
	return s
}
