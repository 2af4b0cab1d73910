package fhirpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is why an expression cannot be parsed or evaluated.
type Error struct {
	// Pos is the byte in the expression, from 0.
	Pos int
	Msg string
}

func (e *Error) Error() string { return fmt.Sprintf("at byte %d: %s", e.Pos, e.Msg) }

func errorf(pos int, format string, args ...any) error {
	return &Error{Pos: pos, Msg: fmt.Sprintf(format, args...)}
}

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokName
	tokQuoted // a name in back quotes
	tokString
	tokNumber
	tokTime // @ and what follows
	tokSymbol
	tokDollar
)

type token struct {
	kind tokenKind
	text string
	pos  int
}

// maxExpression bounds the length of an expression in bytes, maxNesting the
// nesting of its parts.
const (
	maxExpression = 1 << 16
	maxNesting    = 256
)

func isNameStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool     { return c >= '0' && c <= '9' }

// lex splits an expression.
func lex(s string) ([]token, error) {
	if len(s) > maxExpression {
		return nil, errorf(0, "longer than %d bytes", maxExpression)
	}
	var out []token
	i := 0
	for {
		rest, err := skipSpace(s, i)
		if err != nil {
			return nil, err
		}
		if i = rest; i == len(s) {
			return append(out, token{tokEnd, "", i}), nil
		}
		start := i
		switch c := s[i]; {
		case isNameStart(c):
			for i < len(s) && (isNameStart(s[i]) || isDigit(s[i])) {
				i++
			}
			out = append(out, token{tokName, s[start:i], start})
		case isDigit(c):
			for i < len(s) && isDigit(s[i]) {
				i++
			}
			if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
				for i++; i < len(s) && isDigit(s[i]); i++ {
				}
			}
			out = append(out, token{tokNumber, s[start:i], start})
		case c == '\'' || c == '`' || c == '"':
			text, end, err := quoted(s, i)
			if err != nil {
				return nil, err
			}
			kind := tokString
			if c != '\'' {
				kind = tokQuoted
			}
			out = append(out, token{kind, text, start})
			i = end
		case c == '@':
			i = endOfTime(s, i+1)
			out = append(out, token{tokTime, s[start+1 : i], start})
		case c == '$':
			for i++; i < len(s) && isNameStart(s[i]); i++ {
			}
			out = append(out, token{tokDollar, s[start+1 : i], start})
		default:
			n := 1
			if i+1 < len(s) {
				switch s[i : i+2] {
				case "<=", ">=", "!=", "!~":
					n = 2
				}
			}
			if n == 1 && !strings.ContainsRune("()[]{}.,+-*/&|<>=~%", rune(c)) {
				r, _ := utf8.DecodeRuneInString(s[i:])
				return nil, errorf(i, "unexpected %q", r)
			}
			i += n
			out = append(out, token{tokSymbol, s[start:i], start})
		}
	}
}

// skipSpace goes over white space and comments.
func skipSpace(s string, i int) (int, error) {
	for i < len(s) {
		switch {
		case s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r':
			i++
		case strings.HasPrefix(s[i:], "//"):
			n := strings.IndexByte(s[i:], '\n')
			if n < 0 {
				return len(s), nil
			}
			i += n
		case strings.HasPrefix(s[i:], "/*"):
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				return i, errorf(i, "the comment does not end")
			}
			i += n + 4
		default:
			return i, nil
		}
	}
	return i, nil
}

// quoted reads text in quotes with its escapes.
func quoted(s string, start int) (text string, end int, err error) {
	var b strings.Builder
	for i := start + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[start]:
			return b.String(), i + 1, nil
		case c != '\\':
			b.WriteByte(c)
		case i+1 == len(s):
			return "", 0, errorf(start, "the quotes do not end")
		default:
			i++
			at := strings.IndexByte("rntf\\/'\"`", s[i])
			switch {
			case at >= 0:
				b.WriteByte("\r\n\t\f\\/'\"`"[at])
			case s[i] == 'u' && i+5 <= len(s):
				n, err := strconv.ParseUint(s[i+1:i+5], 16, 16)
				if err != nil {
					return "", 0, errorf(i, "an escape needs four hexadecimal digits")
				}
				b.WriteRune(rune(n))
				i += 4
			default:
				return "", 0, errorf(i, "unknown escape \\%c", s[i])
			}
		}
	}
	return "", 0, errorf(start, "the quotes do not end")
}

// endOfTime finds the end of a date, time or both that begins at i.
func endOfTime(s string, i int) int {
	time := false
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case isDigit(c), c == ':' && time:
		case c == 'T':
			time = true
		case c == '-' || c == '+' && time:
			if i+1 >= len(s) || !isDigit(s[i+1]) {
				return i
			}
		case c == '.' && time:
			if i+1 >= len(s) || !isDigit(s[i+1]) {
				return i
			}
		case c == 'Z' && time:
			return i + 1
		default:
			return i
		}
	}
	return i
}
