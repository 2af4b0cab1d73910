package rm

import (
	"fmt"
	"strings"
	"time"
)

// Precision is the finest component a date or time gives.
type Precision uint8

// The precisions, coarsest first.
const (
	ToYear Precision = iota + 1
	ToMonth
	ToDay
	ToHour
	ToMinute
	ToSecond
)

// TemporalKind tells dates, times of day and date/times apart.
type TemporalKind uint8

// The kinds, named after the classes whose value they are.
const (
	DateKind TemporalKind = iota + 1
	TimeKind
	DateTimeKind
)

// Temporal is the value of a DV_DATE, DV_TIME or DV_DATE_TIME: ISO 8601 as the
// BASE foundation types narrow and widen it (Time Types). Components finer
// than Precision are zero, those of the date also for a TimeKind.
type Temporal struct {
	Text      string // as written
	Kind      TemporalKind
	Precision Precision

	Year, Month, Day     int
	Hour, Minute, Second int
	// Fraction is the digits of the fraction of a second as written, "" when
	// there is none.
	Fraction string
	// HasOffset tells whether an offset from UTC is given, Offset how much it
	// is in minutes, east positive.
	HasOffset bool
	Offset    int
	// Basic is true for the compact form without separators. A value too short
	// to have any, such as 2021, is not Basic.
	Basic bool
}

// maxTemporalText bounds the length of a date, time or duration: 30 digits of
// fraction are more than any clock gives.
const maxTemporalText = 64

// ParseDate reads the value of a DV_DATE: YYYY, YYYY-MM, YYYY-MM-DD, YYYYMM or
// YYYYMMDD.
func ParseDate(s string) (Temporal, error) {
	p := temporalParser{t: Temporal{Text: s, Kind: DateKind}}
	err := p.lengthError(s)
	if err == nil {
		err = p.date(s)
	}
	if err != nil {
		return Temporal{}, temporalError("date", s, err)
	}
	return p.t, nil
}

// ParseTime reads the value of a DV_TIME: hh, hh:mm or hh:mm:ss with an
// optional fraction, or the same without colons, and optionally an offset. A T
// may stand before it, as ISO 8601:2019 has it.
func ParseTime(s string) (Temporal, error) {
	p := temporalParser{t: Temporal{Text: s, Kind: TimeKind}}
	err := p.lengthError(s)
	if err == nil {
		err = p.time(strings.TrimPrefix(s, "T"))
	}
	if err != nil {
		return Temporal{}, temporalError("time", s, err)
	}
	return p.t, nil
}

// ParseDateTime reads the value of a DV_DATE_TIME: a date, or a full date, T
// and a time. The two have to be of the same form, basic or extended.
func ParseDateTime(s string) (Temporal, error) {
	p := temporalParser{t: Temporal{Text: s, Kind: DateTimeKind}}
	err := p.lengthError(s)
	if err == nil {
		date, clock, hasTime := strings.Cut(s, "T")
		err = p.date(date)
		if err == nil && hasTime {
			if p.t.Precision != ToDay {
				err = errText("a time needs a full date before it")
			} else {
				err = p.time(clock)
			}
		}
	}
	if err != nil {
		return Temporal{}, temporalError("date/time", s, err)
	}
	return p.t, nil
}

func temporalError(what, s string, err error) error {
	return fmt.Errorf("%q is not a valid ISO 8601 %s: %w", clip(s), what, err)
}

// errText is a reason without anything to format.
type errText string

func (e errText) Error() string { return string(e) }

// temporalParser fills in a Temporal. The form, once a separator or its
// absence has shown it, may not change.
type temporalParser struct {
	rest     string
	t        Temporal
	extended bool
	decided  bool
}

func (p *temporalParser) lengthError(s string) error {
	if len(s) > maxTemporalText {
		return fmt.Errorf("longer than %d characters", maxTemporalText)
	}
	return nil
}

// form notes which of the two forms a part of the value has.
func (p *temporalParser) form(extended bool) error {
	if p.decided && p.extended != extended {
		return errText("basic and extended form are mixed")
	}
	p.decided, p.extended, p.t.Basic = true, extended, !extended
	return nil
}

// number takes exactly n digits.
func (p *temporalParser) number(n int, name string, least, most int) (int, error) {
	if len(p.rest) < n {
		return 0, fmt.Errorf("%s needs %d digits", name, n)
	}
	v := 0
	for i := range n {
		c := p.rest[i]
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%s needs %d digits", name, n)
		}
		v = v*10 + int(c-'0')
	}
	if v < least || v > most {
		return 0, fmt.Errorf("%s is %d, not in %d..%d", name, v, least, most)
	}
	p.rest = p.rest[n:]
	return v, nil
}

// separator takes the character of the extended form if it is next, and checks
// that the form stays the same.
func (p *temporalParser) separator(c byte) error {
	if p.rest[0] == c {
		p.rest = p.rest[1:]
		return p.form(true)
	}
	return p.form(false)
}

func (p *temporalParser) date(s string) (err error) {
	t := &p.t
	p.rest = s
	if t.Year, err = p.number(4, "year", 0, 9999); err != nil {
		return err
	}
	t.Precision = ToYear
	if p.rest == "" {
		return nil
	}
	if err = p.separator('-'); err != nil {
		return err
	}
	if t.Month, err = p.number(2, "month", 1, 12); err != nil {
		return err
	}
	t.Precision = ToMonth
	if p.rest == "" {
		return nil
	}
	if err = p.separator('-'); err != nil {
		return err
	}
	if t.Day, err = p.number(2, "day", 1, daysInMonth(t.Year, t.Month)); err != nil {
		return err
	}
	t.Precision = ToDay
	if p.rest != "" {
		return errText("text follows the day")
	}
	return nil
}

func (p *temporalParser) time(s string) (err error) {
	t := &p.t
	clock := s
	if i := strings.IndexAny(s, "Z+-"); i >= 0 {
		clock = s[:i]
	}
	offset := s[len(clock):]
	p.rest = clock
	if t.Hour, err = p.number(2, "hour", 0, 23); err != nil {
		return err
	}
	t.Precision = ToHour
	if p.rest != "" {
		if err = p.separator(':'); err != nil {
			return err
		}
		if t.Minute, err = p.number(2, "minute", 0, 59); err != nil {
			return err
		}
		t.Precision = ToMinute
	}
	if p.rest != "" {
		if err = p.separator(':'); err != nil {
			return err
		}
		if t.Second, err = p.number(2, "second", 0, 59); err != nil {
			return err
		}
		t.Precision = ToSecond
	}
	if p.rest != "" {
		if p.rest[0] != '.' && p.rest[0] != ',' {
			return errText("text follows the seconds")
		}
		t.Fraction = p.rest[1:]
		if t.Fraction == "" || strings.Trim(t.Fraction, "0123456789") != "" {
			return errText("the fraction of a second needs digits")
		}
	}
	return p.offset(offset)
}

// offset reads Z, ±hh, ±hh:mm or ±hhmm. The range is that of the time zones in
// use, -12:00 to +14:00.
func (p *temporalParser) offset(s string) error {
	switch {
	case s == "":
		return nil
	case s == "Z":
		p.t.HasOffset = true
		return nil
	case s[0] == 'Z':
		return errText("text follows the Z")
	}
	p.rest = s[1:]
	hour, err := p.number(2, "offset hour", 0, 14)
	if err != nil {
		return err
	}
	minute := 0
	if p.rest != "" {
		if err := p.separator(':'); err != nil {
			return err
		}
		if minute, err = p.number(2, "offset minute", 0, 59); err != nil {
			return err
		}
	}
	if p.rest != "" {
		return errText("text follows the offset")
	}
	offset := hour*60 + minute
	if s[0] == '-' {
		offset = -offset
	}
	if offset < minOffset || offset > maxOffset {
		return errText("the offset is not in -12:00..+14:00")
	}
	p.t.HasOffset, p.t.Offset = true, offset
	return nil
}

// The range of offsets from UTC, in minutes.
const (
	minOffset = -12 * 60
	maxOffset = 14 * 60
)

func daysInMonth(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// nanoseconds is the fraction of a second; digits beyond the ninth are cut.
func nanoseconds(fraction string) int {
	n := 0
	for i := range 9 {
		n *= 10
		if i < len(fraction) {
			n += int(fraction[i] - '0')
		}
	}
	return n
}

// Partial reports whether components are missing at the end: days of a date,
// seconds of a time or date/time.
func (t Temporal) Partial() bool {
	if t.Kind == DateKind {
		return t.Precision < ToDay
	}
	return t.Precision < ToSecond
}

// String is the value as written.
func (t Temporal) String() string { return t.Text }

// Earliest is the first instant the value can mean. A value without an offset
// is placed in UTC; Compare treats it with the care it needs. A time of day is
// placed on 0001-01-01.
func (t Temporal) Earliest() time.Time {
	year := t.Year
	if t.Kind == TimeKind {
		year = 1
	}
	return time.Date(year, time.Month(max(t.Month, 1)), max(t.Day, 1), t.Hour, t.Minute-t.Offset, t.Second,
		nanoseconds(t.Fraction), time.UTC)
}

// Latest is the last instant the value can mean, one nanosecond before the
// next value of the same precision. It equals Earliest for a value that gives
// its seconds.
func (t Temporal) Latest() time.Time {
	start := t.Earliest()
	switch t.Precision {
	case ToYear:
		start = start.AddDate(1, 0, 0)
	case ToMonth:
		start = start.AddDate(0, 1, 0)
	case ToDay:
		start = start.AddDate(0, 0, 1)
	case ToHour:
		start = start.Add(time.Hour)
	case ToMinute:
		start = start.Add(time.Minute)
	default:
		return start
	}
	return start.Add(-1)
}

// Compare orders two values of the same kind: negative, zero or positive as
// usual. It reports false when the order is not certain, because the values are
// partial and overlap without being alike, because only one of them has an
// offset and the other might lie on either side of it, or because the kinds
// differ.
func (t Temporal) Compare(u Temporal) (int, bool) {
	if t.Kind != u.Kind {
		return 0, false
	}
	tFrom, tTo, uFrom, uTo := t.Earliest(), t.Latest(), u.Earliest(), u.Latest()
	if t.HasOffset != u.HasOffset && t.Kind != DateKind {
		// East of UTC a local time comes earlier.
		if !t.HasOffset {
			tFrom, tTo = tFrom.Add(-maxOffset*time.Minute), tTo.Add(-minOffset*time.Minute)
		} else {
			uFrom, uTo = uFrom.Add(-maxOffset*time.Minute), uTo.Add(-minOffset*time.Minute)
		}
	}
	switch {
	case tTo.Before(uFrom):
		return -1, true
	case uTo.Before(tFrom):
		return 1, true
	}
	return 0, tFrom.Equal(uFrom) && tTo.Equal(uTo) && t.HasOffset == u.HasOffset
}

// Magnitude is the number openEHR orders the value by (DV_DATE, DV_TIME,
// DV_DATE_TIME magnitude): days since 0001-01-01 of a date, seconds since
// midnight of a time, seconds since 0001-01-01T00:00:00Z of a date/time. A
// partial value counts from its earliest instant; an absent offset is taken as
// UTC.
func (t Temporal) Magnitude() float64 {
	switch start := t.Earliest(); t.Kind {
	case DateKind:
		return float64(sinceOrigin(start) / (24 * 60 * 60))
	case TimeKind:
		return float64(t.Hour*3600+t.Minute*60+t.Second) + float64(nanoseconds(t.Fraction))/1e9
	default:
		return float64(sinceOrigin(start)) + float64(start.Nanosecond())/1e9
	}
}

// sinceOrigin is the seconds since 0001-01-01T00:00:00Z, which is the zero time.
func sinceOrigin(t time.Time) int64 { return t.Unix() - time.Time{}.Unix() }
