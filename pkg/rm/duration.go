package rm

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Duration is the value of a DV_DURATION: ISO 8601 with two openEHR deviations,
// a leading minus and weeks beside other fields.
type Duration struct {
	Text     string // as written
	Negative bool
	// The fields; zero when not given. Fields tells which are.
	Years, Months, Weeks, Days, Hours, Minutes, Seconds int64
	// Fraction is the digits of the fraction of a second as written.
	Fraction string
	// Fields holds the designators given, in order: "YMWD" before the T and
	// "hms" after it, as in "Yh" for P1YT2H.
	Fields string
}

// Average lengths by which openEHR orders durations (Time_definitions:
// Average_days_in_month 30.42, Average_days_in_year 365.24), in seconds.
const (
	secondsInDay          = 24 * 60 * 60
	averageSecondsInMonth = 3042 * secondsInDay / 100
	averageSecondsInYear  = 36524 * secondsInDay / 100
)

// ParseDuration reads the value of a DV_DURATION:
// [-]P[nY][nM][nW][nD][T[nH][nM][n[.n]S]] with at least one field, each of at
// most nine digits.
func ParseDuration(s string) (Duration, error) {
	d, err := parseDuration(s)
	if err != nil {
		return Duration{}, temporalError("duration", s, err)
	}
	return d, nil
}

func parseDuration(s string) (Duration, error) {
	d := Duration{Text: s}
	if len(s) > 2*maxTemporalText {
		return d, fmt.Errorf("longer than %d characters", 2*maxTemporalText)
	}
	rest, negative := strings.CutPrefix(s, "-")
	d.Negative = negative
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok {
		return d, errText("it does not begin with P")
	}
	designators := "YMWD"
	var fields [7]byte
	n, inTime := 0, false
	for rest != "" {
		if rest[0] == 'T' {
			if inTime {
				return d, errText("a second T")
			}
			inTime, designators, rest = true, "HMS", rest[1:]
			if rest == "" {
				return d, errText("no field follows the T")
			}
			continue
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits > 9 {
			return d, errText("a field needs one to nine digits")
		}
		value := int64(0)
		for _, c := range rest[:digits] {
			value = value*10 + int64(c-'0')
		}
		rest = rest[digits:]
		if rest != "" && (rest[0] == '.' || rest[0] == ',') {
			k := len(rest[1:]) - len(strings.TrimLeft(rest[1:], "0123456789"))
			d.Fraction, rest = rest[1:1+k], rest[1+k:]
			if k == 0 || rest != "S" || !inTime {
				return d, errText("only seconds may have a fraction")
			}
		}
		if rest == "" {
			return d, errText("a number without a designator")
		}
		i := strings.IndexByte(designators, rest[0])
		if i < 0 {
			return d, fmt.Errorf("designator %q unknown, repeated or out of order", rest[0])
		}
		field := rest[0]
		designators, rest = designators[i+1:], rest[1:]
		if inTime {
			field += 'a' - 'A'
		}
		fields[n] = field
		n++
		switch field {
		case 'Y':
			d.Years = value
		case 'M':
			d.Months = value
		case 'W':
			d.Weeks = value
		case 'D':
			d.Days = value
		case 'h':
			d.Hours = value
		case 'm':
			d.Minutes = value
		case 's':
			d.Seconds = value
		}
	}
	if n == 0 {
		return d, errText("it has no field")
	}
	d.Fields = string(fields[:n])
	return d, nil
}

// String is the value as written.
func (d Duration) String() string { return d.Text }

// Parts is the magnitude as whole seconds and nanoseconds of the same sign,
// exact but for fractions finer than a nanosecond. Years and months count with
// their average lengths.
func (d Duration) Parts() (seconds int64, nanos int) {
	seconds = d.Years*averageSecondsInYear + d.Months*averageSecondsInMonth +
		(d.Weeks*7+d.Days)*secondsInDay + d.Hours*3600 + d.Minutes*60 + d.Seconds
	nanos = nanoseconds(d.Fraction)
	if d.Negative {
		return -seconds, -nanos
	}
	return seconds, nanos
}

// Magnitude is the number openEHR orders durations by: seconds, with a year of
// 365.24 and a month of 30.42 days.
func (d Duration) Magnitude() float64 {
	seconds, nanos := d.Parts()
	return float64(seconds) + float64(nanos)/1e9
}

// Compare orders two durations by magnitude.
func (d Duration) Compare(e Duration) int {
	ds, dn := d.Parts()
	es, en := e.Parts()
	switch {
	case ds < es || ds == es && dn < en:
		return -1
	case ds > es || ds == es && dn > en:
		return 1
	}
	return 0
}

// AddTo moves an instant by the duration in the calendar (BASE: nominal
// addition): a year or month later is the same day, or the last day of a
// shorter month.
func (d Duration) AddTo(t time.Time) time.Time {
	sign := int64(1)
	if d.Negative {
		sign = -1
	}
	months := sign * (d.Years*12 + d.Months)
	if months != 0 && math.Abs(float64(months)) < 12*10000 {
		total := int64(t.Year())*12 + int64(t.Month()) - 1 + months
		year, month := int(total/12), int(total%12)
		if month < 0 {
			year, month = year-1, month+12
		}
		day := min(t.Day(), daysInMonth(year, month+1))
		t = time.Date(year, time.Month(month+1), day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	t = t.AddDate(0, 0, int(sign*(d.Weeks*7+d.Days)))
	// In two steps, because hours and minutes of nine digits exceed time.Duration.
	seconds := sign * (d.Hours*3600 + d.Minutes*60 + d.Seconds)
	t = t.AddDate(0, 0, int(seconds/secondsInDay))
	return t.Add(time.Duration(seconds%secondsInDay)*time.Second + time.Duration(sign)*time.Duration(nanoseconds(d.Fraction)))
}
