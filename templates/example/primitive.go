package example

import (
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

func stringOf(c *templates.CString, at place) (string, error) {
	switch {
	case len(c.List) > 0:
		return c.List[0], nil
	case c.Pattern != nil:
		usual := "Example"
		if at.owner != nil && at.attr != nil {
			usual = lexical(at.owner, at.attr)
		}
		if c.Pattern.Supported() && c.Pattern.Match(usual) {
			return usual, nil
		}
		return shortest(c.Pattern.Source)
	}
	if at.owner != nil && at.attr != nil {
		return lexical(at.owner, at.attr), nil
	}
	return "Example", nil
}

// shortest is a shortest string that a regular expression matches, printable
// where a class of characters allows it.
func shortest(pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", fmt.Errorf("pattern %q: %w", pattern, err)
	}
	var b strings.Builder
	write(&b, re)
	return b.String(), nil
}

func write(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCharClass:
		for _, c := range "a0A_- ." {
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= c && c <= re.Rune[i+1] {
					b.WriteRune(c)
					return
				}
			}
		}
		if len(re.Rune) > 0 {
			b.WriteRune(re.Rune[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			write(b, sub)
		}
	case syntax.OpAlternate, syntax.OpCapture, syntax.OpPlus:
		write(b, re.Sub[0])
	case syntax.OpRepeat:
		for range re.Min {
			write(b, re.Sub[0])
		}
	}
}

func integerOf(c *templates.CInteger) string {
	switch {
	case len(c.List) > 0:
		return strconv.FormatInt(c.List[0], 10)
	case c.Range == nil:
		return "1"
	case !c.Range.LowerUnbounded && c.Range.LowerIncluded:
		return strconv.FormatInt(c.Range.Lower, 10)
	case !c.Range.LowerUnbounded:
		return strconv.FormatInt(c.Range.Lower+1, 10)
	case !c.Range.UpperUnbounded && c.Range.UpperIncluded:
		return strconv.FormatInt(c.Range.Upper, 10)
	case !c.Range.UpperUnbounded:
		return strconv.FormatInt(c.Range.Upper-1, 10)
	}
	return "1"
}

func realOf(c *templates.CReal) string {
	if len(c.List) > 0 {
		return formatReal(c.List[0])
	}
	return formatReal(within(c.Range))
}

func formatReal(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// within is a number within limits: 1 if it fits, a limit, or the middle.
func within(r *templates.Bounds[float64]) float64 {
	compare := func(a, b float64) int {
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
	if r == nil || r.Has(1, compare) {
		return 1
	}
	candidates := []float64{0}
	if !r.LowerUnbounded {
		candidates = append(candidates, r.Lower, r.Lower+1, r.Lower+0.1, r.Lower+0.001)
	}
	if !r.UpperUnbounded {
		candidates = append(candidates, r.Upper, r.Upper-1, r.Upper-0.1, r.Upper-0.001)
	}
	if !r.LowerUnbounded && !r.UpperUnbounded {
		candidates = append(candidates, (r.Lower+r.Upper)/2)
	}
	for _, f := range candidates {
		if r.Has(f, compare) {
			return f
		}
	}
	return r.Lower
}

// temporalOf cuts the usual date or time to what the pattern allows.
func temporalOf(c *templates.CTemporal) string {
	if r := c.Range; r != nil {
		switch {
		case !r.LowerUnbounded && r.LowerIncluded:
			return r.Lower
		case !r.UpperUnbounded && r.UpperIncluded:
			return r.Upper
		}
	}
	date, clock := "2024-03-01", "10:30:00"
	datePattern, timePattern, _ := strings.Cut(strings.ToUpper(c.Pattern), "T")
	if c.Type == "TIME" {
		datePattern, timePattern = "", strings.TrimPrefix(strings.ToUpper(c.Pattern), "T")
	}
	date, whole := cut(date, datePattern, "-")
	if c.Type == "DATE" {
		return date
	}
	clock, _ = cut(clock, timePattern, ":")
	zone := "Z"
	if c.Timezone == templates.TimezoneProhibited {
		zone = ""
	}
	if c.Type == "TIME" {
		return clock + map[bool]string{true: zone}[c.Timezone == templates.TimezoneMandatory]
	}
	if !whole || clock == "" {
		return date
	}
	return date + "T" + clock + zone
}

// cut keeps the components of a value up to the first that the pattern
// prohibits; the second result is true if none is.
func cut(value, pattern, separator string) (string, bool) {
	parts, kinds := strings.Split(value, separator), strings.Split(pattern, separator)
	for i := range parts {
		if i < len(kinds) && strings.Contains(kinds[i], "X") {
			return strings.Join(parts[:i], separator), false
		}
	}
	return value, true
}

// durationOf tries the limits, then one unit of each field that is allowed.
func durationOf(c *templates.CDuration) (string, error) {
	var candidates []string
	allowed := func(s string) bool { return c.Pattern == "" || fieldsAllowed(s, c.Pattern) }
	if r := c.Range; r != nil {
		candidates = append(candidates, r.Lower, r.Upper)
	}
	for _, n := range []string{"1", "2", "10", "30", "100", "1000", "0"} {
		for _, s := range []string{"PT%sH", "P%sD", "PT%sM", "PT%sS", "P%sW", "P%sM", "P%sY"} {
			candidates = append(candidates, fmt.Sprintf(s, n))
		}
	}
	compare := func(a, b string) int {
		x, _ := rm.ParseDuration(a)
		y, _ := rm.ParseDuration(b)
		return x.Compare(y)
	}
	for _, s := range candidates {
		if _, err := rm.ParseDuration(s); err != nil || !allowed(s) {
			continue
		}
		if c.Range == nil || c.Range.Has(s, compare) {
			return s, nil
		}
	}
	return "", fmt.Errorf("no duration satisfies %s", c)
}

// fieldsAllowed reports whether a duration has only fields of the pattern.
func fieldsAllowed(s, pattern string) bool {
	datePattern, timePattern, _ := strings.Cut(strings.ToUpper(strings.TrimPrefix(pattern, "P")), "T")
	date, clock, _ := strings.Cut(strings.TrimPrefix(s, "P"), "T")
	only := func(value, fields string) bool {
		for _, r := range value {
			if r >= 'A' && r <= 'Z' && !strings.ContainsRune(fields, r) {
				return false
			}
		}
		return true
	}
	return only(date, datePattern) && only(clock, timePattern)
}
