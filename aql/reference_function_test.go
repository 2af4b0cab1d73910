package aql_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// eval is the value of an operand in this row.
func (x *expansion) eval(o ast.Operand) *value {
	switch o := o.(type) {
	case *ast.Path:
		if x.grouped && len(x.group) == 0 {
			return nil
		}
		return x.path(o)
	case *ast.Call:
		return x.call(o)
	case *ast.Binary:
		return arithmetic(o.Op, x.eval(o.Left), x.eval(o.Right))
	case *ast.Negative:
		return arithmetic("-", &value{kind: "number"}, x.eval(o.Operand))
	}
	return x.r.constant(o)
}

// call is the value of a function; nil if an argument is missing.
func (x *expansion) call(c *ast.Call) *value {
	name := strings.ToUpper(c.Function)
	if refAggregates[name] {
		return x.aggregate(c)
	}
	var args []*value
	for _, a := range c.Args {
		args = append(args, x.eval(a))
	}
	var texts []string
	missing := false
	for _, a := range args {
		t, ok := a.written()
		if missing = missing || !ok; ok {
			texts = append(texts, t)
		}
	}
	str := func(s string) *value { return &value{kind: "string", str: s} }
	num := func(f float64) *value { return &value{kind: "number", num: f + 0} } // not -0
	switch name {
	case "CONCAT_WS":
		if _, ok := args[0].written(); !ok {
			return nil
		}
		return str(strings.Join(texts[1:], texts[0]))
	case "CONCAT":
		if missing {
			return nil
		}
		return str(strings.Join(texts, ""))
	case "LENGTH", "CONTAINS", "POSITION":
		if missing {
			return nil
		}
		switch name {
		case "LENGTH":
			return num(float64(len([]rune(texts[0]))))
		case "CONTAINS":
			return &value{kind: "boolean", str: strconv.FormatBool(strings.Contains(texts[0], texts[1]))}
		}
		i := strings.Index(texts[1], texts[0])
		return num(float64(len([]rune(texts[1][:max(i, 0)])) + min(i+1, 1)))
	case "SUBSTRING":
		text, ok := args[0].written()
		first, isNumber := args[1].amount()
		if !ok || !isNumber {
			return nil
		}
		from := int(math.Trunc(first))
		to := math.MaxInt32
		if len(args) > 2 {
			n, ok := args[2].amount()
			if !ok {
				return nil
			}
			to = from + int(math.Trunc(n))
		}
		out := ""
		for i, r := range []rune(text) {
			if i+1 >= from && i+1 < to {
				out += string(r)
			}
		}
		return str(out)
	}
	var numbers []float64
	for _, a := range args {
		n, ok := a.amount()
		if !ok {
			return nil
		}
		numbers = append(numbers, n)
	}
	switch name {
	case "ABS":
		return num(math.Abs(numbers[0]))
	case "CEIL":
		return num(math.Ceil(numbers[0]))
	case "FLOOR":
		return num(math.Floor(numbers[0]))
	case "MOD":
		return arithmetic("%", args[0], args[1])
	case "ROUND":
		scale := 1.0
		if len(numbers) > 1 {
			scale = math.Pow(10, numbers[1])
		}
		// Away from zero at the half, of the decimal as it is written.
		n, err := strconv.ParseFloat(strconv.FormatFloat(numbers[0]*scale, 'f', 6, 64), 64)
		if err != nil {
			panic(err)
		}
		return num(math.Round(n) / scale)
	}
	panic(fmt.Sprintf("reference: function %s", name))
}

// written is the text of a value.
func (v *value) written() (string, bool) {
	switch {
	case v == nil:
		return "", false
	case v.kind == "number" && v.node == nil && v.str == "":
		return strconv.FormatFloat(v.num, 'f', -1, 64), true
	case v.kind == "number" && v.node != nil:
		return v.node.Text, true
	case v.kind == "datetime" || v.kind == "time" || v.kind == "duration":
		if v.node == nil {
			return v.iso(), true
		}
		if v.node.Class.Primitive == rm.NotPrimitive {
			return v.node.String("value"), true
		}
		return v.node.Text, true
	case v.kind == "string", v.kind == "boolean", v.kind == "code", v.kind == "number":
		return v.str, true
	}
	return "", false
}

// amount is a value as a number.
func (v *value) amount() (float64, bool) {
	if v == nil {
		return 0, false
	}
	switch {
	case v.kind == "number", v.kind == "count", v.kind == "ordinal", v.kind == "proportion", strings.HasPrefix(v.kind, "quantity "):
		return v.num, true
	}
	return 0, false
}

// arithmetic is an operation on numbers, or on dates and durations.
func arithmetic(op string, a, b *value) *value {
	if a == nil || b == nil {
		return nil
	}
	x, okA := a.amount()
	y, okB := b.amount()
	if okA && okB {
		switch op {
		case "+":
			x += y
		case "-":
			x -= y
		case "*":
			x *= y
		case "/", "%":
			if y == 0 {
				return nil
			}
			if op == "/" {
				x /= y
			} else {
				x = math.Mod(x, y)
			}
		}
		return &value{kind: "number", num: x + 0} // not -0
	}
	a, b = a.instant(), b.instant()
	sign := 1.0
	if op == "-" {
		sign = -1
	}
	switch {
	case op != "+" && op != "-":
		return nil
	case a.kind == "duration" && b.kind == "duration", op == "-" && a.kind == b.kind && (a.kind == "datetime" || a.kind == "time"):
		return &value{kind: "duration", num: a.num + sign*b.num}
	case a.kind == "datetime" && b.kind == "duration", op == "+" && a.kind == "duration" && b.kind == "datetime":
		return &value{kind: "datetime", num: a.num + sign*b.num}
	}
	return nil
}

// instant reads a string as a duration, date or time.
func (v *value) instant() *value {
	if v.kind != "string" {
		return v
	}
	for _, kind := range []string{"duration", "datetime", "time"} {
		if n, ok := temporal(kind, v.str); ok {
			return &value{kind: kind, num: n}
		}
	}
	return v
}

// iso is a calculated date-time or duration as text.
func (v *value) iso() string {
	if v.kind == "datetime" {
		return time.UnixMilli(int64(math.Round(v.num * 1000))).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	n := math.Abs(math.Round(v.num*1000) / 1000)
	sign, day, clock := "", "", ""
	if v.num < 0 {
		sign = "-"
	}
	for _, u := range []struct {
		name    string
		seconds float64
	}{{"D", 86400}, {"H", 3600}, {"M", 60}} {
		k := math.Floor(n / u.seconds)
		n -= k * u.seconds
		if k == 0 {
			continue
		}
		if text := strconv.FormatFloat(k, 'f', -1, 64) + u.name; u.name == "D" {
			day = text
		} else {
			clock += text
		}
	}
	if n > 0 {
		clock += strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64) + "S"
	}
	switch {
	case day == "" && clock == "":
		return sign + "PT0S"
	case clock == "":
		return sign + "P" + day
	}
	return sign + "P" + day + "T" + clock
}

// matches tests a regular expression on the whole of a text.
func matches(v *value, pattern string) truth {
	if v == nil || v.kind != "string" && v.kind != "datetime" && v.kind != "time" && v.kind != "duration" && v.kind != "code" {
		return unknown
	}
	text, _ := v.written()
	return truthOf(regexp.MustCompile("^(?:" + pattern + ")$").MatchString(text))
}

// within tests an interval.
func (x *expansion) within(o ast.Operand, i *ast.Interval) truth {
	low := test(i.Op, x.eval(o), x.eval(i.Low))
	if i.High == nil || low == no {
		return low
	}
	switch high := test(i.HighOp, x.eval(o), x.eval(i.High)); {
	case high == no:
		return no
	case low == yes:
		return high
	}
	return unknown
}
