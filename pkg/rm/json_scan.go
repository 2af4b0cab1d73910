package rm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits bound what decoding and parsing accept. A zero field means the
// default of the same name.
type Limits struct {
	Bytes       int // length of the document
	Depth       int // nesting of objects and arrays
	Nodes       int // objects and scalar values
	Items       int // members of one array
	StringBytes int // length of one string or number as written
	Problems    int // problems listed
}

// The defaults of Limits.
const (
	DefaultBytes       = 16 << 20
	DefaultDepth       = 256
	DefaultNodes       = 1 << 20
	DefaultItems       = 100_000
	DefaultStringBytes = 12 << 20 // base64 content of a DV_MULTIMEDIA
	DefaultProblems    = 100
)

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&l.Bytes, DefaultBytes)
	set(&l.Depth, DefaultDepth)
	set(&l.Nodes, DefaultNodes)
	set(&l.Items, DefaultItems)
	set(&l.StringBytes, DefaultStringBytes)
	set(&l.Problems, DefaultProblems)
	l.Bytes = min(l.Bytes, 1<<30) // offsets are 32 bits wide
	return l
}

// rawValue is one JSON value of a scanned document. Members of an object and
// elements of an array are linked from first to last; index 0 ends a list.
type rawValue struct {
	kind               byte // as jsontext.Kind: { [ " 0 t f n
	escaped            bool // a string with backslashes
	nameEscaped        bool
	nameStart, nameEnd int32 // of a member, without quotes
	start, end         int32 // of a scalar, without quotes
	child, next        int32
}

// scanner turns bytes into rawValues. Everything in it is reused.
type scanner struct {
	dec    *jsontext.Decoder
	buf    bytes.Buffer
	values []rawValue
	stack  []scanFrame

	// Upper bounds of what the typing pass will build.
	nodes, members, elements int
}

type scanFrame struct {
	value  int32 // the open object or array
	last   int32 // its last member so far
	items  int32 // how many members it has
	object bool
}

var scanners = sync.Pool{New: func() any {
	s := new(scanner)
	s.dec = jsontext.NewDecoder(&s.buf)
	return s
}}

// release gives the scanner back unless it has grown beyond what is worth
// keeping.
func (s *scanner) release() {
	s.buf = bytes.Buffer{}
	if cap(s.values) <= 1<<16 {
		scanners.Put(s)
	}
}

// scan reads a document of one value, which becomes values[1]. What stops it is
// returned as a problem.
func (s *scanner) scan(data []byte, lim Limits) *Problem {
	s.values = append(s.values[:0], rawValue{})
	s.stack = s.stack[:0]
	s.nodes, s.members, s.elements = 0, 0, 0
	if len(data) > lim.Bytes {
		return &Problem{
			Code: CodeLimitBytes, Path: "/",
			Expected: fmt.Sprintf("at most %d bytes", lim.Bytes), Actual: fmt.Sprintf("%d bytes", len(data)),
			Message: fmt.Sprintf("document is longer than %d bytes", lim.Bytes),
		}
	}
	s.buf = *bytes.NewBuffer(data)
	s.dec.Reset(&s.buf)
	limited := func(code, format string, limit int) *Problem {
		return &Problem{
			Code: code, Path: rmPathOfPointer(string(s.dec.StackPointer())),
			Message: fmt.Sprintf(format, limit),
		}
	}

	var name rawValue // the pending member name
	expectName := false
	for {
		// The decoder checks the grammar. Where the next token begins, and of
		// what kind it is, shows in the bytes after the last one.
		start := s.dec.InputOffset()
		for start < int64(len(data)) && isSeparator[data[start]] {
			start++
		}
		token, err := s.dec.ReadToken()
		if err != nil {
			if err == io.EOF && len(s.values) > 1 {
				return nil
			}
			return syntaxProblem(data, err)
		}
		kind, end := byte(token.Kind()), s.dec.InputOffset()
		if len(s.stack) == 0 && len(s.values) > 1 {
			return trailingProblem(data, start)
		}
		switch kind {
		case '}', ']':
			s.stack = s.stack[:len(s.stack)-1]

		case '{', '[':
			if len(s.stack) >= lim.Depth {
				return limited(CodeLimitDepth, "objects and arrays nest deeper than %d", lim.Depth)
			}
			if kind == '{' {
				s.nodes++
			}
			name.kind = kind
			i := s.link(&name)
			s.stack = append(s.stack, scanFrame{value: i, object: kind == '{'})
			name = rawValue{}

		default:
			if end-start > int64(lim.StringBytes) {
				return limited(CodeLimitString, "a string or number is longer than %d bytes", lim.StringBytes)
			}
			escaped := false
			if kind == '"' {
				start, end = start+1, end-1
				escaped = bytes.IndexByte(data[start:end], '\\') >= 0
			}
			if expectName {
				name = rawValue{nameStart: int32(start), nameEnd: int32(end), nameEscaped: escaped}
				expectName = false
				continue
			}
			name.kind, name.start, name.end, name.escaped = kind, int32(start), int32(end), escaped
			s.link(&name)
			if string(data[name.nameStart:name.nameEnd]) == "_type" {
				s.members--
			} else {
				s.nodes++
			}
			name = rawValue{}
		}
		if n := len(s.stack); n > 0 && !s.stack[n-1].object && int(s.stack[n-1].items) > lim.Items {
			return limited(CodeLimitItems, "an array has more than %d members", lim.Items)
		}
		if s.nodes > lim.Nodes {
			return limited(CodeLimitNodes, "more than %d values", lim.Nodes)
		}
		expectName = len(s.stack) > 0 && s.stack[len(s.stack)-1].object
	}
}

// isSeparator marks the bytes that can stand between two JSON tokens.
var isSeparator = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, ',': true, ':': true}

// link appends a value to the open object or array.
func (s *scanner) link(v *rawValue) int32 {
	i := int32(len(s.values))
	s.values = append(s.values, *v)
	if n := len(s.stack); n > 0 {
		top := &s.stack[n-1]
		if top.last == 0 {
			s.values[top.value].child = i
		} else {
			s.values[top.last].next = i
		}
		top.last = i
		top.items++
		if top.object {
			s.members++
		} else {
			s.elements++
		}
	}
	return i
}

// syntaxProblem describes what jsontext did not accept.
func syntaxProblem(data []byte, err error) *Problem {
	p := &Problem{Code: CodeJSONSyntax, Path: "/"}
	offset := int64(len(data))
	reason := err.Error()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		reason = "unexpected end of the document"
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		offset = syntactic.ByteOffset
		p.Path = rmPathOfPointer(string(syntactic.JSONPointer))
		if reason == err.Error() && syntactic.Err != nil {
			reason = syntactic.Err.Error()
		}
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		p.Code = CodeJSONDuplicate
		reason = "the member is named twice"
	}
	p.Message = reason + " at " + position(data, offset)
	return p
}

func trailingProblem(data []byte, offset int64) *Problem {
	return &Problem{
		Code: CodeJSONSyntax, Path: "/",
		Message: "data follows the document's value at " + position(data, offset),
	}
}

// position renders a byte offset with the line and column an editor shows.
func position(data []byte, offset int64) string {
	before := data[:max(0, min(int(offset), len(data)))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1) + 1
	return fmt.Sprintf("line %d column %d (byte %d)", line, column, offset)
}

// rmPathOfPointer renders a JSON Pointer as an RM path: numeric tokens become
// indexes of the attribute before them.
func rmPathOfPointer(pointer string) string {
	if pointer == "" {
		return "/"
	}
	var b strings.Builder
	for _, token := range strings.Split(pointer[1:], "/") {
		if token != "" && strings.Trim(token, "0123456789") == "" {
			b.WriteString("[" + token + "]")
			continue
		}
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		b.WriteString("/" + clip(token))
	}
	return b.String()
}

// clip shortens a piece of the input for a message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
