package fhirmap

import (
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// The functions of this file say how often something is to be done: frequency,
// period and periodUnit of a Timing.repeat. What one of them takes back no other
// does, so that a schedule has one inverse.

// periods are the units in which a record says how often, with those of a Timing.
var periods = [...]struct{ units, unit string }{{"1/d", "d"}, {"1/h", "h"}, {"1/min", "min"}, {"1/s", "s"}}

// times is a whole number of times, and the unit of time that it is for.
func (v *converter) times(n reading.Node) (times, unit, reason string) {
	for _, p := range periods {
		if s := n.String("units_system"); p.units == n.String("units") && (s == "" || s == ucumURI || strings.EqualFold(s, "UCUM")) {
			unit = p.unit
		}
	}
	times, rest, _ := strings.Cut(n.String("magnitude"), ".")
	switch s := n.String("magnitude_status"); {
	case unit == "":
		_, reason = v.fail("unit", "how often is told per day, hour, minute or second")
	case s != "" && s != "=":
		_, reason = v.fail("comparator", "the target takes no comparator")
	case strings.Trim(rest, "0") != "" || !r4.ValidPrimitive("positiveInt", times):
		_, reason = v.fail("precision", "how often is a whole number of times")
	}
	return times, unit, reason
}

// schedule is members of a Timing.repeat; most "" for no frequencyMax.
func (v *converter) schedule(times, most string, period *r4.Node, unit string) *r4.Node {
	mem := v.mem()
	f := []r4.Field{{Name: "frequency", Value: mem.Number(times)}}
	if most != "" {
		f = append(f, r4.Field{Name: "frequencyMax", Value: mem.Number(most)})
	}
	return mem.Object(append(f, r4.Field{Name: "period", Value: period}, r4.Field{Name: "periodUnit", Value: mem.String(unit)})...)
}

// often is a whole number of times in a unit of time.
func (v *converter) often(n reading.Node) (*r4.Node, string) {
	times, unit, why := v.times(n)
	if why != "" {
		return nil, why
	}
	return v.schedule(times, "", v.mem().Number("1"), unit), ""
}

// oftenUpTo is an interval of such numbers, both of which are in it.
func (v *converter) oftenUpTo(n reading.Node) (*r4.Node, string) {
	low, high := n.Get("lower"), n.Get("upper")
	if low.None() || high.None() || low.Class().Name != "DV_QUANTITY" || high.Class().Name != "DV_QUANTITY" ||
		n.String("lower_included") != "true" || n.String("upper_included") != "true" {
		return v.fail("interval", "the target takes two numbers of times, both included")
	}
	least, unit, why := v.times(low)
	if why != "" {
		return nil, why
	}
	most, same, why := v.times(high)
	if why != "" {
		return nil, why
	}
	if unit != same {
		return v.fail("unit", "the bounds are for different units of time")
	}
	return v.schedule(least, most, v.mem().Number("1"), unit), ""
}

// every is once in a time of one unit.
func (v *converter) every(n reading.Node) (*r4.Node, string) {
	q, why := v.duration(n)
	if why != "" {
		return nil, why
	}
	if q.Get("comparator") != nil {
		return v.fail("comparator", "the target takes no comparator")
	}
	if value := q.Str("value"); strings.HasPrefix(value, "-") || strings.Trim(value, "0.") == "" {
		return v.fail("duration", "the time between doses is more than none")
	}
	return v.schedule("1", "", q.Get("value"), q.Str("code")), ""
}

// perUnit gives the units of a schedule that is for one unit of time; "" for others.
func perUnit(n *r4.Node) string {
	if n.Str("period") != "1" || n.Get("periodMax") != nil {
		return ""
	}
	for _, p := range periods {
		if p.unit == n.Str("periodUnit") {
			return p.units
		}
	}
	return ""
}

// timesOf is a number of times as the archetypes have it, without decimals.
func timesOf(times, units string) *rm.Node {
	if units == "" || !r4.ValidPrimitive("positiveInt", times) {
		return nil
	}
	return rm.Object("DV_QUANTITY", rm.Child("magnitude", number("magnitude", "DV_QUANTITY", times)), rm.Str("units", units),
		rm.Child("precision", number("precision", "DV_QUANTITY", "0")))
}

// oftenOf is the inverse of often.
func oftenOf(n *r4.Node) *rm.Node {
	if n.Get("frequencyMax") != nil {
		return nil
	}
	return timesOf(n.Str("frequency"), perUnit(n))
}

// oftenUpToOf is the inverse of oftenUpTo.
func oftenUpToOf(n *r4.Node) *rm.Node {
	units := perUnit(n)
	low, high := timesOf(n.Str("frequency"), units), timesOf(n.Str("frequencyMax"), units)
	if low == nil || high == nil {
		return nil
	}
	return rm.Object("DV_INTERVAL", rm.Child("lower", low), rm.Child("upper", high), rm.Bool("lower_unbounded", false),
		rm.Bool("upper_unbounded", false), rm.Bool("lower_included", true), rm.Bool("upper_included", true))
}

// everyOf is the inverse of every, for what oftenOf does not take.
func everyOf(n *r4.Node) *rm.Node {
	period, unit := n.Get("period"), n.Str("periodUnit")
	if period == nil || n.Str("frequency") != "1" || n.Get("frequencyMax") != nil || n.Get("periodMax") != nil || perUnit(n) != "" {
		return nil
	}
	return durationOf(r4.NewObject(r4.Field{Name: "value", Value: period}, r4.Field{Name: "system", Value: r4.NewString(ucumURI)},
		r4.Field{Name: "code", Value: r4.NewString(unit)}))
}
