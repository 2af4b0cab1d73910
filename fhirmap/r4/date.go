package r4

import (
	"strings"
	"time"
)

// Precisions of a date or dateTime.
const (
	precYear = iota
	precMonth
	precDay
	precSecond
	precFraction
)

type parsedDate struct {
	year, month, day int
	precision        int
	low              time.Time // with a time of day only
	unit             time.Duration
}

// parseDate reads a FHIR date or dateTime and checks it against the calendar.
func parseDate(s string) (parsedDate, bool) {
	var p parsedDate
	if len(s) < 4 || digits(s[:4]) != 4 || s[:4] == "0000" {
		return p, false
	}
	p.year, p.month, p.day = number(s[:4]), 1, 1
	s = s[4:]
	if s == "" {
		p.precision = precYear
		return p, true
	}
	if len(s) < 3 || s[0] != '-' || digits(s[1:3]) != 2 {
		return p, false
	}
	p.month = number(s[1:3])
	if p.month < 1 || p.month > 12 {
		return p, false
	}
	s = s[3:]
	if s == "" {
		p.precision = precMonth
		return p, true
	}
	if len(s) < 3 || s[0] != '-' || digits(s[1:3]) != 2 {
		return p, false
	}
	p.day = number(s[1:3])
	if p.day < 1 || p.day > daysIn(p.year, p.month) {
		return p, false
	}
	s = s[3:]
	if s == "" {
		p.precision = precDay
		return p, true
	}
	if s[0] != 'T' {
		return p, false
	}
	rest, sec, nanos, ok := clock(s[1:])
	if !ok {
		return p, false
	}
	offset, ok := parseOffset(rest)
	if !ok {
		return p, false
	}
	p.low = time.Date(p.year, time.Month(p.month), p.day, 0, 0, sec, 0, time.UTC).Add(-offset)
	p.precision, p.unit = precSecond, time.Second
	if nanos.digits > 0 {
		p.precision, p.unit = precFraction, time.Second
		for range min(nanos.digits, 9) {
			p.unit /= 10
		}
		p.low = p.low.Add(nanos.value)
	}
	return p, true
}

type fraction struct {
	digits int
	value  time.Duration
}

// clock reads hh:mm:ss with an optional fraction and gives what follows, the
// seconds since midnight and the fraction. A leap second counts as :60.
func clock(s string) (rest string, sec int, f fraction, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' || digits(s[0:2]) != 2 || digits(s[3:5]) != 2 || digits(s[6:8]) != 2 {
		return "", 0, f, false
	}
	h, m, c := number(s[0:2]), number(s[3:5]), number(s[6:8])
	if h > 23 || m > 59 || c > 60 {
		return "", 0, f, false
	}
	s = s[8:]
	if strings.HasPrefix(s, ".") {
		f.digits = digits(s[1:])
		if f.digits == 0 {
			return "", 0, f, false
		}
		unit := time.Second / 10
		for i := 1; i <= f.digits && unit > 0; i++ {
			f.value += time.Duration(s[i]-'0') * unit
			unit /= 10
		}
		s = s[1+f.digits:]
	}
	return s, h*3600 + m*60 + c, f, true
}

func parseOffset(s string) (time.Duration, bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':' || digits(s[1:3]) != 2 || digits(s[4:6]) != 2 {
		return 0, false
	}
	h, m := number(s[1:3]), number(s[4:6])
	if h > 14 || m > 59 || (h == 14 && m != 0) {
		return 0, false
	}
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if s[0] == '-' {
		d = -d
	}
	return d, true
}

func number(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// DateRange gives the instants that a FHIR date, dateTime or instant may
// denote: low is included, high is not. A date without a time of day has no
// offset; it is taken as a day of UTC, which is the reading search needs to
// compare it at all. False when s is none of the three.
func DateRange(s string) (low, high time.Time, ok bool) {
	p, ok := parseDate(s)
	if !ok {
		return low, high, false
	}
	at := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	switch p.precision {
	case precYear:
		return at(p.year, 1, 1), at(p.year+1, 1, 1), true
	case precMonth:
		return at(p.year, p.month, 1), at(p.year, p.month+1, 1), true
	case precDay:
		return at(p.year, p.month, p.day), at(p.year, p.month, p.day+1), true
	default:
		return p.low, p.low.Add(p.unit), true
	}
}
