package templates

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

const xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

// errStop ends reading after a problem that nothing can follow.
var errStop = errors.New("stop")

// element is an open XML element.
type element struct {
	name string // local name
	typ  string // xsi:type without prefix
	line int
	attr []xml.Attr
}

// attribute is the value of an XML attribute by local name.
func (e *element) attribute(name string) string {
	for _, a := range e.attr {
		if a.Name.Local == name && a.Name.Space != xsiNamespace {
			return a.Value
		}
	}
	return ""
}

// cursor walks the tokens of a document. Elements are told apart by local name
// only: the v1 and v2 namespaces and none at all are in use.
type cursor struct {
	dec      *xml.Decoder
	lim      Limits
	open     []string
	interned map[string]string
	problems rm.Collector
	notes    []Note
	text     bytes.Buffer
}

func newCursor(data []byte, lim Limits) *cursor {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	c := &cursor{dec: xml.NewDecoder(bytes.NewReader(data)), lim: lim, interned: map[string]string{}}
	c.problems.Max = lim.Problems
	c.dec.CharsetReader = charsetReader
	return c
}

func (c *cursor) line() int {
	line, _ := c.dec.InputPos()
	return line
}

func (c *cursor) path() string { return "/" + strings.Join(c.open, "/") }

// problem reports what is wrong at the current element.
func (c *cursor) problem(code string, line int, format string, args ...any) {
	c.problems.Add(rm.Problem{
		Code: code, Path: c.path(),
		Message: "line " + strconv.Itoa(line) + ": " + fmt.Sprintf(format, args...),
	})
}

func (c *cursor) note(line int, format string, args ...any) {
	c.notes = append(c.notes, Note{line, fmt.Sprintf(format, args...)})
}

// intern gives one string for equal texts; templates repeat theirs a lot.
func (c *cursor) intern(b []byte) string {
	if s, ok := c.interned[string(b)]; ok {
		return s
	}
	s := string(b)
	c.interned[s] = s
	return s
}

// fail reports a problem of the document as a whole.
func (c *cursor) fail(err error) error {
	if errors.Is(err, errStop) {
		return err
	}
	line, msg := c.line(), err.Error()
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line, msg = syntax.Line, syntax.Msg
	case errors.Is(err, io.EOF):
		msg = "unexpected end of document"
	}
	c.problem(CodeXML, line, "%s", msg)
	return errStop
}

// root finds the document element.
func (c *cursor) root() (*element, error) {
	for {
		tok, err := c.dec.Token()
		if errors.Is(err, io.EOF) {
			c.problem(CodeXML, c.line(), "the document has no element")
			return nil, errStop
		}
		if err != nil {
			return nil, c.fail(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			return c.start(&tok)
		case xml.Directive:
			c.problem(CodeXML, c.line(), "document type declarations are not read")
			return nil, errStop
		}
	}
}

func (c *cursor) start(tok *xml.StartElement) (*element, error) {
	e := &element{name: tok.Name.Local, line: c.line(), attr: tok.Attr}
	for _, a := range tok.Attr {
		if a.Name.Local == "type" && (a.Name.Space == xsiNamespace || a.Name.Space == "xsi") {
			e.typ = a.Value
			if i := strings.IndexByte(e.typ, ':'); i >= 0 {
				e.typ = e.typ[i+1:]
			}
			e.typ = strings.TrimSpace(e.typ)
		}
	}
	c.open = append(c.open, e.name)
	if len(c.open) > c.lim.Depth {
		c.problem(CodeLimit, e.line, "elements nest deeper than %d", c.lim.Depth)
		return nil, errStop
	}
	return e, nil
}

// children calls visit for each child of the open element up to its end, and
// skips what visit does not consume. Text between the children is a problem.
func (c *cursor) children(visit func(e *element) error) error {
	return c.mixed(visit, func(b []byte) {
		if b = bytes.TrimSpace(b); len(b) > 0 {
			c.problem(CodeElement, c.line(), "text %.40q where elements are expected", b)
		}
	})
}

// skip consumes the open element with all it contains.
func (c *cursor) skip() error {
	return c.mixed(func(*element) error { return nil }, func([]byte) {})
}

// value reads the text of the open element, trimmed; child elements are
// reported.
func (c *cursor) value() (string, error) {
	c.text.Reset()
	err := c.mixed(func(e *element) error {
		c.unknown(e)
		return nil
	}, func(b []byte) { c.text.Write(b) })
	return c.intern(bytes.TrimSpace(c.text.Bytes())), err
}

// mixed is children for elements that also have text.
func (c *cursor) mixed(visit func(*element) error, text func([]byte)) error {
	depth := len(c.open)
	for {
		tok, err := c.dec.Token()
		if err != nil {
			return c.fail(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e, err := c.start(&tok)
			if err != nil {
				return err
			}
			if err := visit(e); err != nil {
				return err
			}
			if len(c.open) > depth {
				if err := c.skip(); err != nil {
					return err
				}
			}
		case xml.EndElement:
			c.open = c.open[:depth-1]
			return nil
		case xml.CharData:
			text(tok)
		}
	}
}

// unknown reports an element that the schema does not have there.
func (c *cursor) unknown(e *element) {
	c.problem(CodeElement, e.line, "element %s is not expected here", e.name)
}

// end checks that nothing but blanks and comments follows the root.
func (c *cursor) end() error {
	for {
		tok, err := c.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return c.fail(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			c.problem(CodeXML, c.line(), "a second document element %s", tok.Name.Local)
			return errStop
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				c.problem(CodeXML, c.line(), "text after the document element")
				return errStop
			}
		}
	}
}

// once reports a second occurrence of an element that may occur once.
func (c *cursor) once(seen *map[string]bool, e *element) {
	if *seen == nil {
		*seen = map[string]bool{}
	}
	if (*seen)[e.name] {
		c.problem(CodeDuplicate, e.line, "element %s occurs twice", e.name)
	}
	(*seen)[e.name] = true
}

func (c *cursor) boolean() (bool, error) {
	line := c.line()
	s, err := c.value()
	switch s {
	case "true", "1":
		return true, err
	case "false", "0", "":
		return false, err
	}
	if err == nil {
		c.problem(CodeValue, line, "%.40q is not a boolean", s)
	}
	return false, err
}

// nested reads the text of <value> inside the open element, the form of
// identifiers.
func (c *cursor) nested() (string, error) {
	var s string
	err := c.children(func(e *element) (err error) {
		if e.name == "value" {
			s, err = c.value()
		} else {
			c.unknown(e)
		}
		return err
	})
	return s, err
}

// charsetReader decodes the single-byte encodings that templates come in.
func charsetReader(label string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii", "ascii":
		return input, nil
	case "iso-8859-1", "latin1", "iso_8859-1":
		return &latin1Reader{src: input}, nil
	case "windows-1252", "cp1252":
		return &latin1Reader{src: input, windows: true}, nil
	}
	return nil, fmt.Errorf("encoding %.40q is not supported", label)
}

// latin1Reader turns ISO-8859-1 or Windows-1252 into UTF-8.
type latin1Reader struct {
	src     io.Reader
	windows bool
	in      [1024]byte
	out     []byte
}

// windows1252 are the code points of the bytes 0x80 to 0x9f.
var windows1252 = [32]rune{
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
	0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
}

func (l *latin1Reader) Read(p []byte) (int, error) {
	for len(l.out) == 0 {
		n, err := l.src.Read(l.in[:])
		if n == 0 && err != nil {
			return 0, err
		}
		l.out = l.out[:0]
		for _, b := range l.in[:n] {
			r := rune(b)
			if l.windows && b >= 0x80 && b < 0xa0 {
				r = windows1252[b-0x80]
			}
			l.out = append(l.out, string(r)...)
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}
