package nodeindex

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

var instantForm = regexp.MustCompile(`^(\d{4})(?:-?(\d\d)(?:-?(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d(?:[.,]\d+)?))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?)?)?)?$`)

// Instant gives the seconds since 1970-01-01T00:00:00Z of an ISO 8601 date or
// date-time as a decimal number; "" for a text that is none. It is the SQL
// function aql_datetime in Go: a partial value counts from the first instant
// that it may denote, one without an offset as UTC, and an impossible day is
// counted on from the first of its month.
func Instant(text string) string {
	if s, ok := usualInstant(text); ok {
		return s
	}
	m := instantForm.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	num := func(s string, absent int) int {
		if s == "" {
			return absent
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			return absent // the form has two or four digits
		}
		return n
	}
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(m[6], ",", "."), ".")
	secs := num(m[4], 0)*3600 + num(m[5], 0)*60 + num(whole, 0)
	offset := num(m[8], 0)*3600 + num(m[9], 0)*60
	if m[7] == "-" {
		offset = -offset
	}
	return decimal(days(num(m[1], 0), num(m[2], 1), num(m[3], 1))*86400+int64(secs-offset), fraction)
}

// usualInstant reads YYYY-MM-DDThh:mm:ss with a fraction and an offset.
func usualInstant(s string) (string, bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return "", false
	}
	bad := false
	num := func(from, to int) int {
		n := 0
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				bad = true
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	d := days(num(0, 4), num(5, 7), num(8, 10))
	secs := num(11, 13)*3600 + num(14, 16)*60 + num(17, 19)
	rest, fraction := s[19:], ""
	if len(rest) > 1 && rest[0] == '.' {
		i := 1
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		if i == 1 {
			return "", false
		}
		fraction, rest = rest[1:i], rest[i:]
	}
	switch {
	case bad:
		return "", false
	case rest == "", rest == "Z":
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':':
		at := len(s) - 6
		offset := num(at+1, at+3)*3600 + num(at+4, at+6)*60
		if bad {
			return "", false
		}
		if rest[0] == '-' {
			offset = -offset
		}
		secs -= offset
	default:
		return "", false
	}
	return decimal(d*86400+int64(secs), fraction), true
}

// days counts days since 1970-01-01 in the proleptic Gregorian calendar.
func days(y, mo, d int) int64 {
	y += 400
	if mo <= 2 {
		y--
		mo += 12
	}
	return int64(365*y+y/4-y/100+y/400+(153*(mo-3)+2)/5+d-1) - 719468 - 146097
}

// decimal is seconds plus a fraction, which counts up also before 1970.
func decimal(secs int64, fraction string) string {
	if strings.Trim(fraction, "0") == "" {
		return strconv.FormatInt(secs, 10)
	}
	if secs >= 0 {
		return strconv.FormatInt(secs, 10) + "." + fraction
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction))), nil)
	n := new(big.Int).Mul(big.NewInt(secs), scale)
	f, _ := new(big.Int).SetString(fraction, 10)
	return new(big.Rat).SetFrac(n.Add(n, f), scale).FloatString(len(fraction))
}
