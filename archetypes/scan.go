package archetypes

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of the parser. Real archetypes stay far below them.
const (
	// MaxSize is the most bytes an archetype may have.
	MaxSize = 8 << 20
	// maxDepth is the deepest nesting of objects, dADL blocks and expressions.
	maxDepth = 200
)

// SyntaxError is why and where a text is not ADL 1.4.
type SyntaxError struct {
	Pos
	Msg string
}

// Error is the message with line and column.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// parser reads ADL by recursive descent straight from the characters, because
// what a character means depends on where it stands (a slash begins a regular
// expression, a path or a division). Errors leave it as a panic with a
// *SyntaxError, which the exported functions recover.
type parser struct {
	src   string
	at    int
	depth int
	lines []int // byte offset of the start of each line
}

func newParser(src string) *parser {
	p := &parser{src: src, lines: []int{0}}
	for i := 0; i < len(src); i++ {
		if src[i] == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	return p
}

// pos is the place of a byte offset.
func (p *parser) pos(offset int) Pos {
	lo, hi := 0, len(p.lines)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; p.lines[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return Pos{Line: lo + 1, Column: offset - p.lines[lo] + 1}
}

func (p *parser) failAt(offset int, format string, args ...any) {
	panic(&SyntaxError{Pos: p.pos(offset), Msg: fmt.Sprintf(format, args...)})
}

func (p *parser) fail(format string, args ...any) { p.failAt(p.at, format, args...) }

// enter and leave bound the recursion.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail("nested more than %d levels deep", maxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// skip passes blanks and comments.
func (p *parser) skip() {
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.at++
		case c == '-' && strings.HasPrefix(p.src[p.at:], "--"):
			if i := strings.IndexByte(p.src[p.at:], '\n'); i >= 0 {
				p.at += i
			} else {
				p.at = len(p.src)
			}
		case c == 0xC2 && strings.HasPrefix(p.src[p.at:], "\u00a0"):
			p.at += 2 // a no-break space from a word processor
		default:
			return
		}
	}
}

// peek is the next byte after blanks; 0 at the end.
func (p *parser) peek() byte {
	p.skip()
	if p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

// has reports whether the text goes on with s after blanks.
func (p *parser) has(s string) bool {
	p.skip()
	return strings.HasPrefix(p.src[p.at:], s)
}

// accept passes s if it is next.
func (p *parser) accept(s string) bool {
	if p.has(s) {
		p.at += len(s)
		return true
	}
	return false
}

// expect passes s or fails.
func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.fail("expected %q, found %s", s, p.found())
	}
}

// found describes what is next, for messages.
func (p *parser) found() string {
	p.skip()
	if p.at >= len(p.src) {
		return "the end of the text"
	}
	rest := p.src[p.at:]
	n := 0
	for n < len(rest) && n < 24 && rest[n] != '\n' && rest[n] != '\r' {
		_, size := utf8.DecodeRuneInString(rest[n:])
		n += size
	}
	return fmt.Sprintf("%q", rest[:n])
}

func isLetter(c byte) bool   { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// peekWord is the identifier that is next; "" if there is none.
func (p *parser) peekWord() string {
	p.skip()
	i := p.at
	if i < len(p.src) && isLetter(p.src[i]) {
		for i < len(p.src) && isWordByte(p.src[i]) {
			i++
		}
	}
	return p.src[p.at:i]
}

// word passes the identifier that is next or fails.
func (p *parser) word(what string) string {
	w := p.peekWord()
	if w == "" {
		p.fail("expected %s, found %s", what, p.found())
	}
	p.at += len(w)
	return w
}

// acceptWord passes one of the keywords, in any letter case.
func (p *parser) acceptWord(words ...string) bool {
	w := p.peekWord()
	for _, want := range words {
		if strings.EqualFold(w, want) {
			p.at += len(w)
			return true
		}
	}
	return false
}

// quoted reads a string in double quotes. Line ends are kept as \n.
func (p *parser) quoted() string {
	p.skip()
	start := p.at
	p.expect(`"`)
	i := strings.IndexAny(p.src[p.at:], `"\`+"\r")
	if i >= 0 && p.src[p.at+i] == '"' {
		s := p.src[p.at : p.at+i]
		p.at += i + 1
		return s
	}
	var b strings.Builder
	for p.at < len(p.src) {
		c := p.src[p.at]
		switch {
		case c == '"':
			p.at++
			return b.String()
		case c == '\\' && p.at+1 < len(p.src):
			p.at++
			switch e := p.src[p.at]; e {
			case '"', '\\', '\'':
				b.WriteByte(e)
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			default: // other backslashes are literal, as in regular expressions
				b.WriteByte('\\')
				b.WriteByte(e)
			}
			p.at++
		case c == '\r' && p.at+1 < len(p.src) && p.src[p.at+1] == '\n':
			p.at++
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	p.failAt(start, "string without its closing quote")
	return ""
}

// bracketed reads the text between [ and ].
func (p *parser) bracketed() string {
	p.expect("[")
	end := strings.IndexAny(p.src[p.at:], "]\n")
	if end < 0 || p.src[p.at+end] != ']' {
		p.fail("expected \"]\" on the same line")
	}
	s := p.src[p.at : p.at+end]
	p.at += end + 1
	return strings.TrimSpace(s)
}

// number reads an integer or real and tells which it is.
func (p *parser) number() (text string, real bool) {
	p.skip()
	start := p.at
	i := p.at
	if i < len(p.src) && (p.src[i] == '-' || p.src[i] == '+') {
		i++
	}
	digits := i
	for i < len(p.src) && isDigit(p.src[i]) {
		i++
	}
	if i == digits {
		p.fail("expected a number, found %s", p.found())
	}
	if i+1 < len(p.src) && p.src[i] == '.' && isDigit(p.src[i+1]) {
		real = true
		for i++; i < len(p.src) && isDigit(p.src[i]); i++ {
		}
	}
	if i < len(p.src) && (p.src[i] == 'e' || p.src[i] == 'E') {
		j := i + 1
		if j < len(p.src) && (p.src[j] == '-' || p.src[j] == '+') {
			j++
		}
		if j < len(p.src) && isDigit(p.src[j]) {
			for real = true; j < len(p.src) && isDigit(p.src[j]); j++ {
			}
			i = j
		}
	}
	p.at = i
	return p.src[start:i], real
}

// parseCode splits the inside of brackets, "SNOMED-CT(2003)::271649006".
func (p *parser) parseCode(offset int, inside string) Code {
	terminology, code, ok := strings.Cut(inside, "::")
	if !ok {
		p.failAt(offset, "expected a code such as [terminology::code], found [%s]", inside)
	}
	c := splitTerminology(terminology)
	c.Code = strings.TrimSpace(code)
	return c
}

func splitTerminology(s string) Code {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '('); i > 0 && strings.HasSuffix(s, ")") {
		return Code{Terminology: s[:i], Version: s[i+1 : len(s)-1]}
	}
	return Code{Terminology: s}
}
