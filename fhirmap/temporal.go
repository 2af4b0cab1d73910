package fhirmap

import (
	"fmt"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// dateTime converts a point in time. A value is cut to what FHIR can say, never
// padded, except that full minutes get :00 because FHIR has no minutes alone;
// both are reported.
func (v *converter) dateTime(typ string, n reading.Node) (*r4.Node, string) {
	switch n.Class().Name {
	case "POINT_EVENT":
		n = n.Get("time")
	case "DV_DATE_TIME":
		if p := v.at; p != nil && p.attr != nil && p.attr.Name == "time" && p.parent != nil && p.parent.node.Is("INTERVAL_EVENT") {
			return v.fail("interval-event", "the time of an interval event is its end, not its moment")
		}
	}
	if typ == "dateTime" && n.Class().Name == "DV_DATE_TIME" {
		if s := n.Get("magnitude_status"); s.None() || s.Text() == "=" {
			if text, ok := n.Get("value").Carry(&instant); ok {
				return text.String(v.mem(), r4.FreeTime), ""
			}
		}
	}
	t, why := v.parseTemporal(n)
	if why != "" {
		return nil, why
	}
	s, loss := fhirDateTime(t)
	if typ == "date" && t.Precision > rm.ToDay {
		// The day as it was recorded, whatever the day in other zones was.
		s, loss = s[:len("2006-01-02")], "time-of-day"
	}
	if !r4.ValidPrimitive(typ, s) {
		return v.fail("precision", "the time is not precise enough for "+typ)
	}
	if loss != "" {
		v.reduce(loss, lossTexts[loss])
	}
	if typ == "dateTime" && len(s) > len("2006-01-02") {
		return v.mem().FreeString(r4.FreeTime, s), ""
	}
	return v.mem().String(s), ""
}

var lossTexts = map[string]string{
	"time-of-day":         "the target takes a date; the time of the day is left out",
	"time-without-offset": "the time has no offset from UTC; only the date is given",
	"time-to-hour":        "the time is precise to the hour only; only the date is given",
	"time-to-minute":      "the time is precise to the minute; FHIR writes seconds of :00",
}

func (v *converter) parseTemporal(n reading.Node) (rm.Temporal, string) {
	var t rm.Temporal
	var err error
	switch n.Class().Name {
	case "DV_DATE":
		t, err = rm.ParseDate(n.String("value"))
	case "DV_DATE_TIME":
		t, err = rm.ParseDateTime(n.String("value"))
	case "DV_TIME":
		t, err = rm.ParseTime(n.String("value"))
	default:
		_, why := v.fail("type", "a "+n.Class().Name+" is not a date or time")
		return t, why
	}
	if err != nil {
		_, why := v.fail("value", "the date or time is not ISO 8601")
		return t, why
	}
	if s := n.String("magnitude_status"); s != "" && s != "=" {
		_, why := v.fail("comparator", "a date cannot say "+s)
		return t, why
	}
	return t, ""
}

// fhirDateTime is the FHIR form of a date or date/time and the loss it takes.
func fhirDateTime(t rm.Temporal) (s, loss string) {
	var room [40]byte
	b := appendTwo(appendTwo(room[:0], t.Year/100), t.Year%100)
	if t.Precision >= rm.ToMonth {
		b = appendTwo(append(b, '-'), t.Month)
	}
	if t.Precision >= rm.ToDay {
		b = appendTwo(append(b, '-'), t.Day)
	}
	switch {
	case t.Precision <= rm.ToDay:
		return string(b), ""
	case t.Precision == rm.ToHour:
		return string(b), "time-to-hour"
	case !t.HasOffset:
		return string(b), "time-without-offset"
	}
	b = appendTwo(append(b, 'T'), t.Hour)
	b = appendTwo(append(b, ':'), t.Minute)
	b = appendTwo(append(b, ':'), t.Second)
	if t.Fraction != "" {
		b = append(append(b, '.'), t.Fraction...)
	}
	if t.Precision == rm.ToMinute {
		loss = "time-to-minute"
	}
	return string(appendOffset(b, t)), loss
}

// appendTwo appends a number below 100 in two digits.
func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func appendOffset(b []byte, t rm.Temporal) []byte {
	if t.Offset == 0 && strings.HasSuffix(t.Text, "Z") {
		return append(b, 'Z')
	}
	sign, m := byte('+'), t.Offset
	if m < 0 {
		sign, m = '-', -m
	}
	b = appendTwo(append(b, sign), m/60)
	return appendTwo(append(b, ':'), m%60)
}

func (v *converter) time(n reading.Node) (*r4.Node, string) {
	t, why := v.parseTemporal(n)
	if why != "" {
		return nil, why
	}
	if t.HasOffset {
		return v.fail("offset", "a time in FHIR has no offset")
	}
	if t.Precision < rm.ToMinute {
		return v.fail("precision", "a time in FHIR has at least minutes")
	}
	s := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Fraction != "" {
		s += "." + t.Fraction
	}
	if t.Precision == rm.ToMinute {
		v.reduce("time-to-minute", lossTexts["time-to-minute"])
	}
	return v.mem().String(s), ""
}

// period converts what lasts. A single point has no duration and becomes a
// dateTime wherever that is allowed; it is not stretched to a period.
func (v *converter) period(n reading.Node) (*r4.Node, string) {
	switch n.Class().Name {
	case "INTERVAL_EVENT":
		return v.intervalEvent(n)
	case "EVENT_CONTEXT":
		return v.bounds(n.Get("start_time"), n.Get("end_time"))
	case "DV_INTERVAL":
		if b := n.Get("lower"); !b.None() && !b.Is("DV_TEMPORAL") || n.Has("upper") && !n.Get("upper").Is("DV_TEMPORAL") {
			return v.fail("type", "the interval is not one of dates or times")
		}
		p, why := v.bounds(n.Get("lower"), n.Get("upper"))
		if why == "" && (n.Has("lower") && n.String("lower_included") == "false" ||
			n.Has("upper") && n.String("upper_included") == "false") {
			v.reduce("interval", "a bound is excluded, which a period cannot say")
		}
		return p, why
	default:
		return v.fail("type", "a point in time is not a period")
	}
}

func (v *converter) bounds(low, high reading.Node) (*r4.Node, string) {
	out := v.mem().Object()
	for _, b := range [...]struct {
		name string
		node reading.Node
	}{{"start", low}, {"end", high}} {
		if b.node.None() {
			continue
		}
		val, why := v.dateTime("dateTime", b.node)
		if why != "" {
			return nil, why
		}
		out.Fields = append(out.Fields, r4.Field{Name: b.name, Value: val})
	}
	if len(out.Fields) == 0 {
		return v.fail("value", "the interval has no bounds")
	}
	return out, ""
}

// intervalEvent is the time an interval event covers: its time is the end, its
// width lies before it (RM data_structures, INTERVAL_EVENT).
func (v *converter) intervalEvent(n reading.Node) (*r4.Node, string) {
	end, why := v.parseTemporal(n.Get("time"))
	if why != "" {
		return nil, why
	}
	width, err := rm.ParseDuration(n.String("width", "value"))
	if err != nil || width.Negative {
		return v.fail("value", "the width of the interval is not a duration")
	}
	high, loss := fhirDateTime(end)
	out := v.mem().Object(r4.Field{Name: "end", Value: v.mem().String(high)})
	if loss != "" {
		v.reduce(loss, lossTexts[loss])
	}
	wholeDays := !strings.ContainsAny(width.Fields, "hms")
	switch {
	case end.Precision < rm.ToDay, loss == "time-without-offset" && !wholeDays, loss == "time-to-hour" && !wholeDays,
		end.Precision == rm.ToDay && !wholeDays:
		v.reduce("interval-start", "the start of the interval cannot be computed from an inexact end")
		return out, ""
	}
	at := time.Date(end.Year, time.Month(end.Month), end.Day, end.Hour, end.Minute, end.Second, 0, time.UTC)
	width.Negative = true
	start := width.AddTo(at)
	low := start.Format("2006-01-02")
	if len(high) > len("2006-01-02") {
		low = start.Format("2006-01-02T15:04:05")
		switch nanos := start.Nanosecond(); {
		case nanos != 0 && end.Fraction != "":
			v.reduce("interval-start", "the start of the interval cannot be computed exactly")
			return out, ""
		case nanos != 0:
			low += strings.TrimRight(fmt.Sprintf(".%09d", nanos), "0")
		case end.Fraction != "":
			low += "." + end.Fraction
		}
		low = string(appendOffset([]byte(low), end))
	}
	out.Set(r4.Lookup("Period"), "start", v.mem().String(low))
	return out, ""
}
