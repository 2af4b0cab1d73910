package aql_test

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// value is a node, or a constant.
type value struct {
	node *rm.Node
	kind string // number, string, boolean, or the scale of an object
	num  float64
	str  string
}

// newValue gives nil for a missing node. A value attribute counts as its owner
// where the owner has a scale of time.
func newValue(n, owner *rm.Node, p *ast.Path) *value {
	if n == nil {
		return nil
	}
	v := &value{node: n}
	if len(p.Steps) > 0 && p.Steps[len(p.Steps)-1].Attribute == "value" && owner != nil {
		if o := newValue(owner, nil, &ast.Path{}); o.kind == "datetime" || o.kind == "time" || o.kind == "duration" {
			o.node = n
			return o
		}
	}
	number := func(names ...string) float64 {
		f, err := strconv.ParseFloat(n.String(names...), 64)
		if err != nil {
			panic(err)
		}
		return f
	}
	switch n.Class.Primitive {
	case rm.StringPrimitive:
		v.kind, v.str = "string", n.Text
		return v
	case rm.BooleanPrimitive:
		v.kind, v.str = "boolean", n.Text
		return v
	case rm.IntegerPrimitive, rm.RealPrimitive:
		v.kind, v.num = "number", number()
		return v
	}
	switch n.Class.Name {
	case "DV_QUANTITY":
		v.kind, v.num = "quantity "+n.String("units"), number("magnitude")
	case "DV_COUNT":
		v.kind, v.num = "count", number("magnitude")
	case "DV_ORDINAL", "DV_SCALE":
		v.kind, v.num = "ordinal", number("value")
	case "DV_PROPORTION":
		v.kind, v.num = "proportion", number("numerator")/number("denominator")
	case "DV_DATE", "DV_DATE_TIME", "DV_TIME", "DV_DURATION":
		v.kind = map[string]string{"DV_DATE": "datetime", "DV_DATE_TIME": "datetime", "DV_TIME": "time", "DV_DURATION": "duration"}[n.Class.Name]
		var ok bool
		if v.num, ok = temporal(v.kind, n.String("value")); !ok {
			panic(n.String("value"))
		}
	case "CODE_PHRASE":
		v.kind, v.str = "code", n.String("terminology_id", "value")+"::"+n.String("code_string")
	default:
		if a := n.Get("value"); a != nil {
			switch a.Class.Primitive {
			case rm.StringPrimitive:
				v.kind, v.str = "string", a.Text
			case rm.BooleanPrimitive:
				v.kind, v.str = "boolean", a.Text
			}
		}
	}
	return v
}

func (r *reference) constant(o ast.Operand) *value {
	switch o := o.(type) {
	case *ast.String:
		return &value{kind: "string", str: o.Value()}
	case *ast.Number:
		f, _ := strconv.ParseFloat(o.Text, 64)
		return &value{kind: "number", num: f, str: o.Text}
	case *ast.Boolean:
		return &value{kind: "boolean", str: strconv.FormatBool(o.Value)}
	case *ast.Param:
		switch p := r.params[o.Name].(type) {
		case string:
			return &value{kind: "string", str: p}
		case json.Number:
			f, _ := p.Float64()
			return &value{kind: "number", num: f, str: p.String()}
		}
	}
	return nil
}

var refLayouts = map[string][]string{
	"datetime": {"2006", "2006-01", "2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00"},
	"time":     {"15:04", "15:04:05"},
}

var refDuration = regexp.MustCompile(`^P(?:(\d+)M)?(?:(\d+)D)?$`)

func temporal(kind, s string) (float64, bool) {
	if m := refDuration.FindStringSubmatch(s); kind == "duration" && m != nil && s != "P" {
		months, _ := strconv.Atoi("0" + m[1])
		days, _ := strconv.Atoi("0" + m[2])
		return (float64(months)*30.42 + float64(days)) * 86400, true
	}
	for _, layout := range refLayouts[kind] {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.UnixMilli()) / 1000, true
		}
	}
	return 0, false
}

func (v *value) scale() string {
	if v == nil {
		return ""
	}
	return v.kind
}

func (v *value) number() (float64, bool) { return v.num, v.scale() == "number" }

// compare orders two values; ok is false when they do not compare.
func compare(a, b *value) (int, bool) {
	if a == nil || b == nil || a.kind == "" || b.kind == "" {
		return 0, false
	}
	numeric := func(k string) bool {
		return k == "number" || k == "count" || k == "ordinal" || k == "proportion" || strings.HasPrefix(k, "quantity ")
	}
	time := func(k string) bool { return k == "datetime" || k == "time" || k == "duration" }
	byNumber := func(x, y float64) (int, bool) {
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	switch {
	case a.kind == "string" && time(b.kind):
		n, ok := temporal(b.kind, a.str)
		c, _ := byNumber(n, b.num)
		return c, ok
	case time(a.kind) && b.kind == "string":
		n, ok := temporal(a.kind, b.str)
		c, _ := byNumber(a.num, n)
		return c, ok
	case (a.kind == "string" || a.kind == "code") && (b.kind == "string" || b.kind == "code"):
		return strings.Compare(a.str, b.str), true
	case a.kind == "boolean" && b.kind == "boolean":
		return strings.Compare(a.str, b.str), true
	case a.kind == b.kind, a.kind == "number" && numeric(b.kind), numeric(a.kind) && b.kind == "number":
		return byNumber(a.num, b.num)
	}
	return 0, false
}

func test(op ast.Op, a, b *value) truth {
	c, ok := compare(a, b)
	if !ok {
		return unknown
	}
	return truthOf(map[ast.Op]bool{ast.EQ: c == 0, ast.NE: c != 0, ast.LT: c < 0, ast.LE: c <= 0, ast.GT: c > 0, ast.GE: c >= 0}[op])
}

// like matches the text of a value as it is written.
func like(v *value, pattern string) truth {
	if v == nil {
		return unknown
	}
	text := v.str
	if v.kind == "datetime" || v.kind == "time" || v.kind == "duration" {
		text, _ = v.written()
	} else if v.kind != "string" && v.kind != "code" {
		return unknown
	}
	re := ""
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			re += regexp.QuoteMeta(pattern[i : i+1])
		case c == '*':
			re += ".*"
		case c == '?':
			re += "."
		default:
			re += regexp.QuoteMeta(pattern[i : i+1])
		}
	}
	return truthOf(regexp.MustCompile("(?s)^" + re + "$").MatchString(text))
}

// text is the value as a cell.
func (v *value) text() string {
	switch {
	case v == nil:
		return "null"
	case v.node != nil:
		return string(rm.AppendJSON(nil, v.node))
	case v.kind == "string":
		b, _ := json.Marshal(v.str)
		return string(b)
	case v.kind == "number" && v.str == "":
		return strconv.FormatFloat(math.Round(v.num*1e6)/1e6+0, 'f', -1, 64) // +0: not -0
	case v.kind == "datetime" || v.kind == "duration":
		return `"` + v.iso() + `"`
	}
	return v.str
}

// normal is equal for equal values.
func (v *value) normal() string {
	if v != nil && v.kind == "number" {
		return strconv.FormatFloat(v.num, 'g', -1, 64)
	}
	return v.text()
}
