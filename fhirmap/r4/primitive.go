package r4

import (
	"strings"
	"unicode/utf8"
)

// maxString is the published limit of a string in characters.
const maxString = 1 << 20

// validPrimitive reports whether text is a legal value of the named primitive
// type. The tests compare it with the published regular expressions, which are
// too slow for every projected resource and do not know the calendar.
func validPrimitive(typ, s string) bool {
	switch typ {
	case "boolean":
		return s == "true" || s == "false"
	case "integer":
		return isInteger(s, true) && fits(s, 10, "2147483647", "2147483648")
	case "unsignedInt":
		return isInteger(s, false) && fits(s, 10, "2147483647", "")
	case "positiveInt":
		return s != "0" && isInteger(s, false) && fits(s, 10, "2147483647", "")
	case "decimal":
		return isDecimal(s)
	case "date":
		p, ok := parseDate(s)
		return ok && p.precision <= precDay
	case "dateTime":
		_, ok := parseDate(s)
		return ok
	case "instant":
		p, ok := parseDate(s)
		return ok && p.precision > precDay
	case "time":
		rest, _, _, ok := clock(s)
		return ok && rest == ""
	case "code":
		return isCode(s)
	case "id":
		return isID(s)
	case "uri", "url", "canonical":
		return s != "" && !hasSpace(s)
	case "oid":
		return isOID(s)
	case "uuid":
		return isUUID(s)
	case "base64Binary":
		return isBase64(s)
	case "string", "markdown":
		return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= maxString && !hasControl(s)
	default: // xhtml
		return s != ""
	}
}

// IsAbsoluteURI reports whether text is a uri that begins with a scheme, as the names
// of code systems and of identifier systems do. A single letter is taken for a drive.
func IsAbsoluteURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	return ok && rest != "" && len(scheme) > 1 && strings.IndexFunc(scheme, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0 && validPrimitive("uri", s)
}

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return true
		}
	}
	return false
}

func hasSpace(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || (s[i] >= '\t' && s[i] <= '\r') {
			return true
		}
	}
	return false
}

func isInteger(s string, sign bool) bool {
	if sign {
		s = strings.TrimPrefix(s, "-")
	}
	if s == "" || (s[0] == '0' && len(s) > 1) {
		return false
	}
	return digits(s) == len(s)
}

// fits compares a whole number's digits with the 32 bit limits.
func fits(s string, n int, max, min string) bool {
	if neg, ok := strings.CutPrefix(s, "-"); ok {
		s, max = neg, min
	}
	return len(s) < n || len(s) == n && s <= max
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	n := digits(s)
	if n == 0 || (n > 1 && s[0] == '0') {
		return false
	}
	s = s[n:]
	if strings.HasPrefix(s, ".") {
		n = digits(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		return s != "" && digits(s) == len(s)
	}
	return s == ""
}

// isCode allows single white space between words only.
func isCode(s string) bool {
	space := true
	for i := 0; i < len(s); i++ {
		now := s[i] == ' ' || (s[i] >= '\t' && s[i] <= '\r' && s[i] != '\v')
		if now && space {
			return false
		}
		space = now
	}
	return s != "" && !space
}

func isID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func isOID(s string) bool {
	s, ok := strings.CutPrefix(s, "urn:oid:")
	if !ok {
		return false
	}
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts[0]) != 1 || parts[0] > "2" {
		return false
	}
	for _, p := range parts {
		if !isInteger(p, false) {
			return false
		}
	}
	return true
}

func isUUID(s string) bool {
	s, ok := strings.CutPrefix(s, "urn:uuid:")
	if !ok || len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isBase64(s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '=', c == '+', c == '/', c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			n++
		default:
			return false
		}
	}
	return n > 0 && n%4 == 0
}

// ValidPrimitive reports whether text is a legal value of the named primitive
// type.
func ValidPrimitive(typ, text string) bool { return validPrimitive(typ, text) }
