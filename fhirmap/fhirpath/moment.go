package fhirpath

import (
	"fmt"
	"strings"
	"time"
)

// The precisions of a moment. Seconds and their fraction are one.
const (
	toYear = iota + 1
	toMonth
	toDay
	toHour
	toMinute
	toSecond
)

// moment is a date, a time of day or both, to some precision.
type moment struct {
	at        time.Time // in UTC without a zone, else in the zone given; unknown parts are the first possible
	precision int
	fraction  int // digits of the fraction of a second
	zone      bool
	utc       bool // the zone is written as Z
}

// parseTimeLiteral reads what follows @.
func parseTimeLiteral(s string) (Value, bool) {
	kind := Date
	switch {
	case strings.HasPrefix(s, "T"):
		kind = Time
	case strings.Contains(s, "T"):
		kind = DateTime
	}
	m, ok := parseMoment(s, kind)
	return Value{kind: kind, when: m}, ok
}

// parseMoment reads a date, a dateTime, or a time that begins with T.
func parseMoment(s string, kind Kind) (moment, bool) {
	m := moment{}
	day, clock, timed := strings.Cut(s, "T")
	parts := [6]int{1, 1, 1}
	layout := strings.Split(day, "-")
	switch {
	case kind == Time:
		if day != "" || !timed {
			return m, false
		}
		m.precision = toDay
	case kind == Date && timed, len(layout) > 3:
		return m, false
	default:
		for i, p := range layout {
			width := 2
			if i == 0 {
				width = 4
			}
			if len(p) != width || !allDigits(p) {
				return m, false
			}
			parts[i] = atoi(p)
		}
		m.precision = len(layout)
		if timed && clock != "" && m.precision < toDay {
			return m, false
		}
	}
	zone := time.UTC
	nanos := 0
	if clock != "" {
		if i := strings.IndexAny(clock, "Z+-"); i >= 0 {
			var ok bool
			if zone, ok = parseZone(clock[i:]); !ok || kind == Time {
				return m, false
			}
			m.zone, m.utc = true, clock[i] == 'Z'
			clock = clock[:i]
		}
		clock, fraction, fractional := strings.Cut(clock, ".")
		hms := strings.Split(clock, ":")
		if len(hms) > 3 || fractional && (len(hms) < 3 || fraction == "" || !allDigits(fraction)) {
			return m, false
		}
		for i, p := range hms {
			if len(p) != 2 || !allDigits(p) {
				return m, false
			}
			parts[3+i] = atoi(p)
		}
		m.precision = toDay + len(hms)
		m.fraction = len(fraction)
		if fractional {
			nanos = atoi((fraction + "000000000")[:9])
		}
	}
	if parts[0] < 1 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59 {
		return m, false
	}
	m.at = time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], nanos, zone)
	return m, m.at.Day() == parts[2] // not the 30th of February
}

func parseZone(s string) (*time.Location, bool) {
	if s == "Z" {
		return time.UTC, true
	}
	if len(s) != 6 || s[3] != ':' || !allDigits(s[1:3]) || !allDigits(s[4:]) || atoi(s[1:3]) > 14 || atoi(s[4:]) > 59 {
		return nil, false
	}
	offset := (atoi(s[1:3])*60 + atoi(s[4:])) * 60
	if s[0] == '-' {
		offset = -offset
	}
	return time.FixedZone("", offset), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// atoi reads digits, of which there are at most twelve.
func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// parts are the components down to the second, which has its fraction beside it.
func (m moment) parts() [7]int {
	t := m.at
	return [7]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond()}
}

// compareMoments goes from the year on. It does not know when all that both say
// is the same and one says more, or only one has a zone.
func compareMoments(a, b moment) (cmp int, known bool) {
	least := min(a.precision, b.precision)
	if least > toDay && a.zone != b.zone {
		return 0, false
	}
	if a.zone && b.zone {
		if least > toDay {
			a.at, b.at = a.at.UTC(), b.at.UTC()
		}
	}
	x, y := a.parts(), b.parts()
	n := least
	if n == toSecond {
		n = 7
	}
	for i := range n {
		if x[i] != y[i] {
			if x[i] < y[i] {
				return -1, true
			}
			return 1, true
		}
	}
	return 0, a.precision == b.precision
}

func (m moment) format(kind Kind) string {
	var b strings.Builder
	p := m.parts()
	if kind != Time {
		fmt.Fprintf(&b, "%04d", p[0])
		if m.precision >= toMonth {
			fmt.Fprintf(&b, "-%02d", p[1])
		}
		if m.precision >= toDay {
			fmt.Fprintf(&b, "-%02d", p[2])
		}
		if m.precision > toDay {
			b.WriteByte('T')
		}
	}
	for i := toHour; i <= min(m.precision, toSecond); i++ {
		if i > toHour {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%02d", p[i-1])
	}
	if m.fraction > 0 {
		b.WriteString("." + (fmt.Sprintf("%09d", p[6]) + strings.Repeat("0", m.fraction))[:m.fraction])
	}
	switch {
	case m.utc:
		b.WriteByte('Z')
	case m.zone:
		b.WriteString(m.at.Format("-07:00"))
	}
	return b.String()
}

// add moves the moment by a number of units of UCUM, or of years or months of
// the calendar, in whole units of its precision. It is false for other units.
func (m moment) add(v Value, kind Kind, sign int) (moment, bool) {
	whole, nanos, ok := split(v)
	if !ok {
		return m, false
	}
	whole, nanos = whole*sign, nanos*int64(sign)
	if whole > 1e10 || whole < -1e10 {
		return m, false
	}
	seconds := map[string]int{"wk": 7 * 86400, "d": 86400, "h": 3600, "min": 60, "s": 1}
	months := map[string]int{"year": 12, "month": 1}
	switch {
	case months[v.unit] > 0 && kind != Time:
		n := whole * months[v.unit]
		if m.precision == toYear {
			n = n / 12 * 12
		}
		m.at = addMonths(m.at, n)
	case v.unit == "ms":
		m.at = m.at.Add(time.Duration(whole) * time.Millisecond)
	case seconds[v.unit] > 0:
		total := whole * seconds[v.unit]
		switch {
		case kind == Time:
		case m.precision == toYear:
			m.at = addMonths(m.at, total/(365*86400)*12)
			return m, true
		case m.precision == toMonth:
			m.at = addMonths(m.at, total/(30*86400))
			return m, true
		case m.precision == toDay:
			total = total / 86400 * 86400
		}
		m.at = m.at.AddDate(0, 0, total/86400).Add(time.Duration(total%86400) * time.Second)
		if v.unit == "s" && m.fraction > 0 {
			m.at = m.at.Add(time.Duration(nanos))
		}
	default:
		return m, false
	}
	if kind == Time { // a time of day goes round
		t := m.at
		m.at = time.Date(1, 1, 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	}
	return m, m.at.Year() >= 1 && m.at.Year() <= 9999
}

// addMonths takes the last day of a month that is shorter.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// split is the whole part of a quantity and the rest in billionths.
func split(v Value) (whole int, nanos int64, ok bool) {
	text, fraction, _ := strings.Cut(v.num.Text('f'), ".")
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(text, "-")
	if len(text) > 12 {
		return 0, 0, false
	}
	whole, nanos = atoi(text), int64(atoi((fraction + "000000000")[:9]))
	if negative {
		whole, nanos = -whole, -nanos
	}
	return whole, nanos, true
}
