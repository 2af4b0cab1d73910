package sqlgen

import (
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
)

// callJSON is the value of a function as JSON.
func (g *gen) callJSON(c *analyze.Call, e env) string {
	switch analyze.ModeOf(c) {
	case analyze.ModeDynamic:
		return "aql_shown(" + g.native(c, e) + ")"
	case analyze.ModeDateTime, analyze.ModeTime, analyze.ModeDuration:
		return "to_jsonb(" + g.callText(c, e) + ")"
	}
	return "to_jsonb(" + g.native(c, e) + ")"
}

// callText is the value of a function as text.
func (g *gen) callText(c *analyze.Call, e env) string {
	switch analyze.ModeOf(c) {
	case analyze.ModeText:
		return g.native(c, e)
	case analyze.ModeNumber, analyze.ModeBoolean:
		return "(" + g.native(c, e) + ")::text"
	case analyze.ModeDynamic:
		return "aql_written(" + g.native(c, e) + ")"
	case analyze.ModeDuration:
		return "aql_iso_duration(" + g.native(c, e) + ")"
	}
	if len(c.Args) == 0 {
		return g.now(c.Function)
	}
	return "aql_iso_datetime(" + g.native(c, e) + ")"
}

// callOperand is the value of a function in the form that a mode compares.
func (g *gen) callOperand(c *analyze.Call, mode analyze.Mode, e env) string {
	own := analyze.ModeOf(c)
	switch {
	case mode == own:
		return g.native(c, e)
	case mode == analyze.ModeDynamic:
		if class, ok := temporalClass[own]; ok {
			return "jsonb_build_object('_type', '" + class + "', 'value', " + g.callText(c, e) + ")"
		}
		return g.callJSON(c, e)
	case own == analyze.ModeText && temporalFunction[mode] != "":
		return temporalFunction[mode] + "(" + g.native(c, e) + ")"
	}
	return fromJSON(g.callJSON(c, e), mode)
}

var temporalClass = map[analyze.Mode]string{
	analyze.ModeDateTime: "DV_DATE_TIME", analyze.ModeTime: "DV_TIME", analyze.ModeDuration: "DV_DURATION",
}

// nowFormats are the layouts of the functions that tell the time.
var nowFormats = map[string]string{
	"CURRENT_DATE": "2006-01-02", "CURRENT_TIME": "15:04:05",
	"CURRENT_DATE_TIME": "2006-01-02T15:04:05.000-07:00", "NOW": "2006-01-02T15:04:05.000-07:00",
	"CURRENT_TIMEZONE": "-07:00",
}

// now binds the instant of the request.
func (g *gen) now(function string) string {
	layout := nowFormats[function]
	return g.bind(field{"the current " + layout, func(v Values) any { return v.Now.Format(layout) }}) + "::text"
}

// native is the value of a function: numeric, text or boolean, for dates and
// times the number of seconds that they compare by, and jsonb for a value whose
// type only the data know.
func (g *gen) native(c *analyze.Call, e env) string {
	mode := analyze.ModeOf(c)
	if len(c.Args) == 0 {
		if f := temporalFunction[mode]; f != "" {
			return f + "(" + g.now(c.Function) + ")"
		}
		return g.now(c.Function)
	}
	joined := func(by string) string {
		parts := make([]string, len(c.Args))
		for i, a := range c.Args {
			parts[i] = g.text(a, e)
		}
		return strings.Join(parts, by)
	}
	texts := func() string { return joined(", ") }
	number := func(i int) string { return g.number(c.Args[i], e) }
	switch c.Function {
	case "LENGTH":
		return "char_length(" + texts() + ")::numeric"
	case "CONTAINS":
		return "(strpos(" + texts() + ") > 0)"
	case "POSITION":
		return "strpos(" + g.text(c.Args[1], e) + ", " + g.text(c.Args[0], e) + ")::numeric"
	case "SUBSTRING":
		args := g.text(c.Args[0], e) + ", " + number(1)
		if len(c.Args) > 2 {
			args += ", " + number(2)
		}
		return "aql_substring(" + args + ")"
	case "CONCAT":
		return "(" + joined(" || ") + ")"
	case "CONCAT_WS":
		return "concat_ws(" + texts() + ")"
	case "ABS", "FLOOR", "CEIL":
		return strings.ToLower(c.Function) + "(" + number(0) + ")"
	case "ROUND":
		if len(c.Args) == 1 {
			return "round(" + number(0) + ")"
		}
		return "round(" + number(0) + ", trunc(least(greatest(" + number(1) + ", -400), 400))::int)"
	case "MOD", "%":
		return "mod(" + number(0) + ", nullif(" + number(1) + ", 0))"
	}
	return g.arithmetic(c, mode, e)
}

func (g *gen) arithmetic(c *analyze.Call, mode analyze.Mode, e env) string {
	left, right := c.Args[0], c.Args[1]
	if mode == analyze.ModeDynamic {
		return "aql_sum(" + g.operand(left, mode, e).value + ", " + g.operand(right, mode, e).value + ", '" + c.Function + "')"
	}
	// What a side is: dates and times keep their kind, anything else beside
	// them is a duration, or a factor.
	side := func(v analyze.Expr, other analyze.Expr) string {
		own := addendMode(v)
		switch {
		case temporalFunction[own] != "":
			return g.operand(v, own, e).value
		case own == analyze.ModeDynamic && mode != analyze.ModeNumber && (c.Function == "+" || c.Function == "-"):
			return g.operand(v, sideMode(mode, addendMode(other), c.Function), e).value
		}
		return g.number(v, e)
	}
	l, r := side(left, right), side(right, left)
	if c.Function == "/" {
		return "trim_scale(" + l + " / nullif(" + r + ", 0))"
	}
	return "(" + l + " " + c.Function + " " + r + ")"
}

// addendMode is what a value is in arithmetic: a date, time or duration, or a
// number; dynamic where only its counterpart tells.
func addendMode(v analyze.Expr) analyze.Mode {
	if l, ok := v.(*analyze.Literal); ok {
		if s, ok := l.Value.(string); ok {
			dt, ti, du := analyze.TemporalText(s)
			switch {
			case du:
				return analyze.ModeDuration
			case dt:
				return analyze.ModeDateTime
			case ti:
				return analyze.ModeTime
			}
		}
	}
	switch m := analyze.ModeOf(v); m {
	case analyze.ModeText, analyze.ModeBoolean:
		return analyze.ModeDynamic
	default:
		return m
	}
}

// sideMode is what a value must be beside another for + and - to give the mode.
func sideMode(result, other analyze.Mode, op string) analyze.Mode {
	switch {
	case result == analyze.ModeDateTime && other == analyze.ModeDuration:
		return analyze.ModeDateTime
	case result == analyze.ModeDuration && op == "-" && (other == analyze.ModeDateTime || other == analyze.ModeTime):
		return other
	}
	return analyze.ModeDuration
}

// text is the text of a value: of an object what it compares by, of dates and
// times how they are written, of numbers and Booleans their JSON form.
func (g *gen) text(v analyze.Expr, e env) string {
	if key, ok := g.groupKey(v); ok {
		return "aql_written(" + key + ")"
	}
	switch v := v.(type) {
	case *analyze.Path:
		if c := g.column(v); c != nil && c.value == nil {
			return c.text()
		}
		if v.Kinds == analyze.KindText {
			return g.pathOperand(v, analyze.ModeText, e).value
		}
		return "aql_written(" + g.pathJSON(v, e) + ")"
	case *analyze.Call:
		return g.callText(v, e)
	case *analyze.Terminology:
		return "(" + g.answer(v, e) + ")::text"
	case *analyze.Literal, *analyze.Param:
		return g.bind(scalar{v, formText}) + "::text"
	}
	return "aql_written(" + g.json(v, e) + ")"
}

// number is a value as a number: of an amount its magnitude.
func (g *gen) number(v analyze.Expr, e env) string {
	if given(v) {
		return g.constant(v, analyze.ModeNumber)
	}
	if analyze.ModeOf(v) == analyze.ModeNumber {
		return g.operand(v, analyze.ModeNumber, e).value
	}
	return "aql_amount(" + g.json(v, e) + ")"
}
