package templates

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// primitive reads the C_PRIMITIVE of a C_PRIMITIVE_OBJECT.
func (r *reader) primitive(start *element) (Constraint, error) {
	var p rawPrimitive
	err := r.children(func(e *element) error { return p.read(r, e) })
	if err != nil {
		return nil, err
	}
	switch start.typ {
	case "C_STRING":
		c := &CString{List: p.list, ListOpen: p.listOpen, Assumed: p.assumed}
		if p.pattern != "" {
			c.Pattern = newPattern(p.pattern)
			if !c.Pattern.Supported() {
				r.note(start.line, "regular expression %q cannot be evaluated", p.pattern)
			}
		}
		return c, nil
	case "C_INTEGER":
		c := &CInteger{Assumed: p.assumed}
		for _, s := range p.list {
			n, err := parseInteger(s)
			if err != nil {
				r.problem(CodeValue, start.line, "%.40q is not an integer", s)
			}
			c.List = append(c.List, n)
		}
		if p.bounds != nil {
			c.Range = convert(r, start.line, *p.bounds, "an integer", parseInteger, cmp.Compare[int64])
		}
		return c, nil
	case "C_REAL":
		c := &CReal{Assumed: p.assumed}
		for _, s := range p.list {
			f, err := parseReal(s)
			if err != nil {
				r.problem(CodeValue, start.line, "%.40q is not a number", s)
			}
			c.List = append(c.List, f)
		}
		if p.bounds != nil {
			c.Range = convert(r, start.line, *p.bounds, "a number", parseReal, cmp.Compare[float64])
		}
		return c, nil
	case "C_BOOLEAN":
		if !p.trueValid && !p.falseValid {
			r.problem(CodeValue, start.line, "neither true nor false is allowed")
		}
		return &CBoolean{TrueValid: p.trueValid, FalseValid: p.falseValid, Assumed: p.assumed}, nil
	case "C_DATE", "C_TIME", "C_DATE_TIME":
		c := &CTemporal{
			Type: strings.TrimPrefix(start.typ, "C_"), Pattern: p.pattern, Timezone: p.timezone,
			Range: p.textBounds(r, start, "a "+strings.TrimPrefix(start.typ, "C_"), parseTemporal(start.typ)), Assumed: p.assumed,
		}
		if c.Pattern != "" && !validTemporalPattern(c.Type, c.Pattern) {
			r.problem(CodeValue, start.line, "%.40q is not a pattern for %s", c.Pattern, c.Type)
		}
		return c, nil
	case "C_DURATION":
		c := &CDuration{Pattern: p.pattern, Assumed: p.assumed, Range: p.textBounds(r, start, "a DURATION", func(s string) (string, error) {
			_, err := rm.ParseDuration(s)
			return s, err
		})}
		if c.Pattern != "" && !validDurationPattern(c.Pattern) {
			r.note(start.line, "%q is not a duration pattern and is not checked", c.Pattern)
			c.Pattern = ""
		}
		return c, nil
	case "":
		r.problem(CodeType, start.line, "a primitive constraint without xsi:type")
	default:
		r.problem(CodeType, start.line, "primitive constraint of unknown type %s", start.typ)
	}
	return nil, nil
}

// rawPrimitive is the union of what the C_PRIMITIVE types contain.
type rawPrimitive struct {
	list                  []string
	listOpen              bool
	pattern, assumed      string
	trueValid, falseValid bool
	bounds                *rawBounds
	timezone              TimezoneValidity
}

func (p *rawPrimitive) read(r *reader, e *element) (err error) {
	switch e.name {
	case "list":
		var s string
		s, err = r.value()
		p.list = append(p.list, s)
	case "list_open":
		p.listOpen, err = r.boolean()
	case "pattern":
		p.pattern, err = r.value()
	case "true_valid":
		p.trueValid, err = r.boolean()
	case "false_valid":
		p.falseValid, err = r.boolean()
	case "range":
		var b rawBounds
		b, err = r.bounds()
		p.bounds = &b
	case "timezone_validity":
		var s string
		s, err = r.value()
		switch s {
		case "1001":
			p.timezone = TimezoneMandatory
		case "1002":
			p.timezone = TimezoneOptional
		case "1003":
			p.timezone = TimezoneProhibited
		default:
			r.problem(CodeValue, e.line, "%.40q is not a VALIDITY_KIND", s)
		}
	case "assumed_value":
		p.assumed, err = r.value()
	default:
		r.unknown(e)
	}
	return err
}

// textBounds keeps the limits as lexical values. A range without limits is none.
func (p *rawPrimitive) textBounds(r *reader, e *element, what string, parse func(string) (string, error)) *Bounds[string] {
	if p.bounds == nil || p.bounds.lowerUnbounded && p.bounds.upperUnbounded {
		return nil
	}
	return convert(r, e.line, *p.bounds, what, parse, func(string, string) int { return 0 })
}

// parseTemporal checks a limit of a range of dates, times or date/times.
func parseTemporal(xmlType string) func(string) (string, error) {
	return func(s string) (string, error) {
		var err error
		switch xmlType {
		case "C_DATE":
			_, err = rm.ParseDate(s)
		case "C_TIME":
			_, err = rm.ParseTime(s)
		default:
			_, err = rm.ParseDateTime(s)
		}
		return s, err
	}
}

func (r *reader) realBounds(e *element) (*Bounds[float64], error) {
	b, err := r.bounds()
	if err != nil {
		return nil, err
	}
	return convert(r, e.line, b, "a number", parseReal, cmp.Compare[float64]), nil
}

func (r *reader) integerBounds(e *element) (*Bounds[int64], error) {
	b, err := r.bounds()
	if err != nil {
		return nil, err
	}
	return convert(r, e.line, b, "an integer", parseInteger, cmp.Compare[int64]), nil
}

func parseReal(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// parseInteger also takes integral reals such as 2.0, which tools write.
func parseInteger(s string) (int64, error) {
	if i := strings.IndexByte(s, '.'); i > 0 && strings.Trim(s[i+1:], "0") == "" {
		s = s[:i]
	}
	return strconv.ParseInt(s, 10, 64)
}

// validTemporalPattern accepts the patterns of AM 1.4 for dates, times and
// date/times: letters for mandatory, ?? for optional, XX for prohibited parts.
func validTemporalPattern(typ, pattern string) bool {
	date, clock, both := strings.Cut(pattern, "T")
	switch typ {
	case "DATE":
		return !both && validParts(date, "-", "ymd")
	case "TIME":
		return validParts(strings.TrimPrefix(pattern, "T"), ":", "hms")
	}
	return both && validParts(date, "-", "ymd") && validParts(clock, ":", "hms")
}

func validParts(s, separator, letters string) bool {
	parts := strings.Split(s, separator)
	if len(parts) != len(letters) {
		return false
	}
	for i, p := range parts {
		width := 2
		if letters[i] == 'y' {
			width = 4
		}
		if len(p) != width {
			return false
		}
		switch lower := strings.ToLower(p); lower {
		case strings.Repeat(letters[i:i+1], width):
		case strings.Repeat("?", width), strings.Repeat("x", width):
			if letters[i] == 'y' {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// validDurationPattern accepts P with the letters of the fields in their order.
func validDurationPattern(s string) bool {
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok || rest == "" {
		return false
	}
	date, clock, hasTime := strings.Cut(rest, "T")
	return inOrder(date, "YMWD") && inOrder(clock, "HMS") && (!hasTime || clock != "")
}

func inOrder(s, letters string) bool {
	for i := 0; i < len(s); i++ {
		j := strings.IndexByte(letters, s[i])
		if j < 0 {
			return false
		}
		letters = letters[j+1:]
	}
	return true
}
