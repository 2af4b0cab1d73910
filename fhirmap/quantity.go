package fhirmap

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/ucum"
)

const (
	ucumURI      = "http://unitsofmeasure.org"
	precisionURL = "http://hl7.org/fhir/StructureDefinition/quantity-precision"

	proportionUnitary = "1"
	proportionPercent = "2"
)

// quantity converts measured and counted amounts. Numbers keep their digits.
func (v *converter) quantity(typ string, n reading.Node) (*r4.Node, string) {
	var q *r4.Node
	var why string
	switch n.Class().Name {
	case "DV_QUANTITY":
		q, why = v.amount(n, n.Get("magnitude"), n.String("units"))
	case "DV_COUNT":
		q, why = v.amount(n, n.Get("magnitude"), "1")
	case "DV_PROPORTION":
		switch n.String("type") {
		case proportionPercent:
			q, why = v.amount(n, n.Get("numerator"), "%")
		case proportionUnitary:
			q, why = v.amount(n, n.Get("numerator"), "1")
		default:
			return v.fail("proportion", "only a percentage or a unitary proportion is a quantity")
		}
	case "DV_DURATION":
		q, why = v.duration(n)
	case "DV_INTERVAL":
		q, why = v.halfOpen(n)
	default:
		return v.fail("type", "a "+n.Class().Name+" is not a quantity")
	}
	if why != "" {
		return nil, why
	}
	if typ == "SimpleQuantity" && q.Get("comparator") != nil {
		return v.fail("comparator", "the target takes no comparator")
	}
	if (typ == "Age" || typ == "Duration") && q.Str("system") != ucumURI {
		return v.fail("unit", "the unit is not a UCUM unit of time")
	}
	return q, ""
}

// amount is a quantity of a magnitude as written, with comparator, unit and
// the precision where the digits do not show it.
func (v *converter) amount(n, magnitude reading.Node, units string) (*r4.Node, string) {
	value, ok := magnitude.Carry(&decimal)
	if magnitude.None() || !ok {
		return v.fail("value", "the magnitude is not a decimal number")
	}
	q := v.mem().Object(r4.Field{Name: "value", Value: value.Number(v.mem())})
	if p := n.String("precision"); p != "" && !strings.HasPrefix(p, "-") && !shows(magnitude, p) {
		ext := v.mem().Object(r4.Field{Name: "url", Value: v.mem().String(precisionURL)}, r4.Field{Name: "valueInteger", Value: v.mem().Number(p)})
		q.Fields = append(q.Fields, r4.Field{Name: "_value", Value: v.mem().Object(r4.Field{Name: "extension", Value: v.mem().Array(ext)})})
	}
	switch status := n.String("magnitude_status"); status {
	case "", "=":
	case "<", "<=", ">", ">=":
		q.Fields = append(q.Fields, r4.Field{Name: "comparator", Value: v.mem().String(status)})
	default:
		return v.fail("comparator", "R4 has no comparator for the magnitude status "+status)
	}
	system := n.String("units_system")
	shown := n.String("units_display_name")
	if shown == "" {
		shown = units
	}
	switch {
	case (system == "" || system == ucumURI || strings.EqualFold(system, "UCUM")) && ucum.Valid(units):
		q.Fields = append(q.Fields, r4.Field{Name: "unit", Value: v.mem().String(shown)},
			r4.Field{Name: "system", Value: v.mem().String(ucumURI)}, r4.Field{Name: "code", Value: v.mem().String(units)})
	case system != ucumURI && r4.IsAbsoluteURI(system):
		q.Fields = append(q.Fields, r4.Field{Name: "unit", Value: v.mem().String(shown)},
			r4.Field{Name: "system", Value: v.mem().String(system)}, r4.Field{Name: "code", Value: v.mem().String(units)})
	case strings.TrimSpace(units) != "":
		q.Fields = append(q.Fields, r4.Field{Name: "unit", Value: v.mem().String(units)})
		v.reduce("unit-not-ucum", "the unit is not UCUM and stands as text only")
	}
	return q, ""
}

// shows reports whether a number has as many digits after the point as its
// precision says.
func shows(magnitude reading.Node, precision string) bool {
	if len(precision) == 1 && precision[0] >= '0' && precision[0] <= '9' {
		_, ok := magnitude.Carry(&digits[precision[0]-'0'])
		return ok
	}
	return precision == strconv.Itoa(decimals(magnitude.Text()))
}

// decimals counts the digits after the point of a number without exponent; -1
// when an exponent hides them.
func decimals(s string) int {
	if strings.ContainsAny(s, "eE") {
		return -1
	}
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return len(s) - i - 1
	}
	return 0
}

// ratio is a proportion that is not one quantity.
func (v *converter) ratio(n reading.Node) (*r4.Node, string) {
	if s := n.String("magnitude_status"); s != "" && s != "=" {
		return v.fail("comparator", "a ratio has no comparator")
	}
	num, den := n.String("numerator"), n.String("denominator")
	if !r4.ValidPrimitive("decimal", num) || !r4.ValidPrimitive("decimal", den) {
		return v.fail("value", "the proportion is not made of decimal numbers")
	}
	of := func(s string) *r4.Node { return v.mem().Object(r4.Field{Name: "value", Value: v.mem().Number(s)}) }
	return v.mem().Object(r4.Field{Name: "numerator", Value: of(num)}, r4.Field{Name: "denominator", Value: of(den)}), ""
}

// rangeOf is an interval with both bounds included: R4 has no other range.
func (v *converter) rangeOf(n reading.Node) (*r4.Node, string) {
	out := v.mem().Object()
	for _, b := range [...]struct{ from, included, to string }{{"lower", "lower_included", "low"}, {"upper", "upper_included", "high"}} {
		bound := n.Get(b.from)
		if bound.None() {
			return v.fail("interval", "one side is unbounded, which is not a range")
		}
		if n.String(b.included) == "false" {
			return v.fail("interval", "a bound is excluded, which a range cannot say")
		}
		q, why := v.quantity("SimpleQuantity", bound)
		if why != "" {
			return nil, why
		}
		out.Fields = append(out.Fields, r4.Field{Name: b.to, Value: q})
	}
	return out, ""
}

// halfOpen is an interval with one bound, as a quantity with a comparator.
func (v *converter) halfOpen(n reading.Node) (*r4.Node, string) {
	lower, upper := n.Get("lower"), n.Get("upper")
	bound, comparator := lower, ">="
	switch {
	case !lower.None() && upper.None():
		if n.String("lower_included") == "false" {
			comparator = ">"
		}
	case !upper.None() && lower.None():
		bound, comparator = upper, "<="
		if n.String("upper_included") == "false" {
			comparator = "<"
		}
	default:
		return v.fail("interval", "an interval with two bounds is not one quantity")
	}
	q, why := v.quantity("Quantity", bound)
	if why != "" {
		return nil, why
	}
	if q.Get("comparator") != nil {
		return v.fail("comparator", "the bound has a comparator of its own")
	}
	q.Set(r4.Lookup("Quantity"), "comparator", v.mem().String(comparator))
	return q, ""
}

// durationUnits are the designators of a duration with their UCUM units.
// Fields are only added up within a group: the length of a month in days, or
// of a day in hours, is not fixed.
var durationUnits = []struct {
	field byte
	unit  string
	group int
	size  int64 // in the smallest unit of the group
}{
	{'Y', "a", 0, 12},
	{'M', "mo", 0, 1},
	{'W', "wk", 1, 7},
	{'D', "d", 1, 1},
	{'h', "h", 2, 3600},
	{'m', "min", 2, 60},
	{'s', "s", 2, 1},
}

// duration is an ISO duration as an exact quantity of one UCUM unit of time.
func (v *converter) duration(n reading.Node) (*r4.Node, string) {
	d, err := rm.ParseDuration(n.String("value"))
	if err != nil {
		return v.fail("value", "the duration is not ISO 8601")
	}
	values := []int64{d.Years, d.Months, d.Weeks, d.Days, d.Hours, d.Minutes, d.Seconds}
	group, total, unit, size := -1, int64(0), "", int64(1)
	for i, u := range durationUnits {
		if strings.IndexByte(d.Fields, u.field) < 0 || values[i] == 0 && len(d.Fields) > 1 && !(u.field == 's' && d.Fraction != "") {
			continue
		}
		if group >= 0 && u.group != group {
			return v.fail("duration", "the duration mixes units without a fixed ratio")
		}
		group, unit, size = u.group, u.unit, u.size
		total += values[i] * u.size
	}
	if group < 0 { // every field is zero
		last := d.Fields[len(d.Fields)-1]
		for _, u := range durationUnits {
			if u.field == last {
				unit, size = u.unit, u.size
			}
		}
	}
	text := strconv.FormatInt(total/size, 10)
	if d.Fraction != "" {
		text += "." + d.Fraction
	}
	if d.Negative && strings.Trim(text, "0.") != "" {
		text = "-" + text
	}
	q := v.mem().Object(r4.Field{Name: "value", Value: v.mem().Number(text)})
	switch s := n.String("magnitude_status"); s {
	case "", "=":
	case "<", "<=", ">", ">=":
		q.Fields = append(q.Fields, r4.Field{Name: "comparator", Value: v.mem().String(s)})
	default:
		return v.fail("comparator", "R4 has no comparator for the magnitude status "+s)
	}
	q.Fields = append(q.Fields, r4.Field{Name: "unit", Value: v.mem().String(unit)},
		r4.Field{Name: "system", Value: v.mem().String(ucumURI)}, r4.Field{Name: "code", Value: v.mem().String(unit)})
	return q, ""
}
