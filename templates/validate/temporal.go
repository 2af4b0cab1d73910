package validate

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// parseTemporal reads a lexical value of the type of a constraint.
func parseTemporal(typ, text string) (rm.Temporal, error) {
	switch typ {
	case "DATE":
		return rm.ParseDate(text)
	case "TIME":
		return rm.ParseTime(text)
	}
	return rm.ParseDateTime(text)
}

// temporal checks the pattern, time zone and range of a date, time or
// date/time. A value that is not one at all is the reference model's problem.
func (v *validator) temporal(o *templates.Object, c *templates.CTemporal, n *rm.Node) {
	t, err := parseTemporal(c.Type, n.Text)
	if err != nil {
		return
	}
	if c.Pattern != "" && !matchesPattern(c, t) && v.fail() {
		v.mustBe(o, CodeTemporalPattern, "C_"+c.Type+".pattern", c.Pattern, n.Text)
	}
	switch {
	case c.Timezone == templates.TimezoneMandatory && !t.HasOffset:
		if v.fail() {
			v.mustBe(o, CodeTimezone, "C_"+c.Type+".timezone_validity", "with a time zone", n.Text)
		}
	case c.Timezone == templates.TimezoneProhibited && t.HasOffset:
		if v.fail() {
			v.mustBe(o, CodeTimezone, "C_"+c.Type+".timezone_validity", "without a time zone", n.Text)
		}
	}
	if c.Range != nil && !inTemporalRange(c, t) && v.fail() {
		v.mustBe(o, CodeTemporalRange, "C_"+c.Type+".range", c.Range.Print(func(s string) string { return s }), n.Text)
	}
}

// matchesPattern checks which components a value has: a letter in the pattern
// means that the component has to be there, ?? that it may, XX that it must not.
func matchesPattern(c *templates.CTemporal, t rm.Temporal) bool {
	date, clock, _ := strings.Cut(c.Pattern, "T")
	if c.Type == "TIME" {
		if clock == "" {
			clock = date
		}
		date = ""
	}
	return matchesParts(date, '-', rm.ToYear, t.Precision) && matchesParts(clock, ':', rm.ToHour, t.Precision)
}

func matchesParts(parts string, separator byte, first, has rm.Precision) bool {
	for at := first; parts != ""; at++ {
		i := strings.IndexByte(parts, separator)
		part := parts
		if i >= 0 {
			part, parts = parts[:i], parts[i+1:]
		} else {
			parts = ""
		}
		switch part[0] {
		case '?':
		case 'X', 'x':
			if has >= at {
				return false
			}
		default:
			if has < at {
				return false
			}
		}
	}
	return true
}

// inTemporalRange reports whether a value may lie in the range. A partial value,
// or one without offset beside limits that have one, is outside only if every
// instant it can mean is.
func inTemporalRange(c *templates.CTemporal, t rm.Temporal) bool {
	r := c.Range
	if !r.LowerUnbounded {
		if limit, err := parseTemporal(c.Type, r.Lower); err == nil {
			if order, sure := t.Compare(limit); sure && (order < 0 || order == 0 && !r.LowerIncluded) {
				return false
			}
		}
	}
	if !r.UpperUnbounded {
		if limit, err := parseTemporal(c.Type, r.Upper); err == nil {
			if order, sure := t.Compare(limit); sure && (order > 0 || order == 0 && !r.UpperIncluded) {
				return false
			}
		}
	}
	return true
}

// duration checks the fields and the range of a duration. Ranges compare by the
// average lengths of months and years (BASE, Time_definitions).
func (v *validator) duration(o *templates.Object, c *templates.CDuration, n *rm.Node) {
	d, err := rm.ParseDuration(n.Text)
	if err != nil {
		return
	}
	if c.Pattern != "" && !onlyFields(c.Pattern, d) && v.fail() {
		v.mustBe(o, CodeDurationFields, "C_DURATION.pattern", c.Pattern, n.Text)
	}
	if c.Range != nil && !inDurations(c.Range, d) && v.fail() {
		v.mustBe(o, CodeDurationRange, "C_DURATION.range", c.Range.Print(func(s string) string { return s }), n.Text)
	}
}

func inDurations(r *templates.Bounds[string], d rm.Duration) bool {
	if !r.LowerUnbounded {
		if limit, err := rm.ParseDuration(r.Lower); err == nil {
			if order := d.Compare(limit); order < 0 || order == 0 && !r.LowerIncluded {
				return false
			}
		}
	}
	if !r.UpperUnbounded {
		if limit, err := rm.ParseDuration(r.Upper); err == nil {
			if order := d.Compare(limit); order > 0 || order == 0 && !r.UpperIncluded {
				return false
			}
		}
	}
	return true
}

// onlyFields reports whether a duration has no fields but those of the pattern.
// A field of zero says nothing and is let pass.
func onlyFields(pattern string, d rm.Duration) bool {
	date, clock, _ := strings.Cut(strings.ToUpper(pattern[1:]), "T")
	for _, f := range [...]struct {
		value   int64
		letter  byte
		allowed string
	}{
		{d.Years, 'Y', date},
		{d.Months, 'M', date},
		{d.Weeks, 'W', date},
		{d.Days, 'D', date},
		{d.Hours, 'H', clock},
		{d.Minutes, 'M', clock},
		{d.Seconds, 'S', clock},
	} {
		if f.value != 0 && strings.IndexByte(f.allowed, f.letter) < 0 {
			return false
		}
	}
	return strings.Trim(d.Fraction, "0") == "" || strings.IndexByte(clock, 'S') >= 0
}
