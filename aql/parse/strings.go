package parse

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/antlr4-go/antlr/v4"

	"github.com/cairn-ehr/cairn/aql/ast"
)

var simpleEscapes = map[byte]rune{
	'\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// str reads a string literal.
func (b *builder) str(t antlr.TerminalNode) *ast.String {
	pos := b.src.token(t.GetSymbol())
	raw := t.GetText()
	raw = raw[1 : len(raw)-1]
	var out strings.Builder
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			r, size := utf8.DecodeRuneInString(raw[i:])
			b.char(&out, pos, r, false)
			i += size
			continue
		}
		rest := raw[i+1:] // the lexer lets no string end in a backslash
		switch c := rest[0]; {
		case c == '*' || c == '?' || c == '\\':
			out.WriteString(raw[i : i+2])
			i += 2
		case simpleEscapes[c] != 0:
			out.WriteRune(simpleEscapes[c])
			i += 2
		case c == 'u':
			r, size := unicodeEscape(raw[i:])
			if size == 0 {
				b.fail(pos, "syntax.escape", `\u takes four hexadecimal digits that name a character`)
				return &ast.String{Pos: pos}
			}
			b.char(&out, pos, r, true)
			i += size
		case c >= '0' && c <= '7':
			n := 1
			for n < 3 && n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
				n++
			}
			v, _ := strconv.ParseUint(rest[:n], 8, 16) // at most 777
			b.char(&out, pos, rune(v), true)
			i += 1 + n
		default:
			r, _ := utf8.DecodeRuneInString(rest)
			b.fail(pos, "syntax.escape", `there is no escape \%c in strings`, r)
			return &ast.String{Pos: pos}
		}
	}
	return &ast.String{Pos: pos, Pattern: out.String()}
}

// char appends one character of a literal; one that was written as a numeric
// escape is never a wildcard.
func (b *builder) char(out *strings.Builder, pos ast.Pos, r rune, escaped bool) {
	if r == 0 {
		b.fail(pos, "syntax.escape", "a string cannot hold the character U+0000")
		return
	}
	if escaped && (r == '*' || r == '?' || r == '\\') {
		out.WriteByte('\\')
	}
	out.WriteRune(r)
}

// unicodeEscape reads \uXXXX, or two of them that make a surrogate pair, and
// gives its length; 0 when it is malformed.
func unicodeEscape(s string) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hex4(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(v), err == nil
}
