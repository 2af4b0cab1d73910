package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

func nodeText(n *rm.Node) string {
	if n == nil {
		return ""
	}
	return string(rm.AppendJSON(nil, n))
}

// leaf compares the constraints on two values.
func (d *differ) leaf(a, b *templates.Object, path string) {
	x, y := a.Constraint, b.Constraint
	if x == nil && y == nil {
		return
	}
	kind := kindOf(x, y)
	before, after := text(x), text(y)
	if was, is := assumed(x), assumed(y); was != is && !d.trial {
		d.add(KindMetadata, false, path, "assumed "+was, "assumed "+is, "it is for readers; data do not depend on it")
	}
	if before == after {
		return
	}
	switch {
	case y == nil:
		d.add(kind, false, path, before, after, "any value is allowed now")
	case x == nil:
		if open(y) {
			d.add(kind, false, path, before, after, "the constraint allows every value")
			return
		}
		d.add(kind, true, path, before, after, "any value was allowed before")
	default:
		reason := wider(x, y)
		if reason == "" {
			d.add(kind, false, path, before, after, "everything that was allowed still is")
			return
		}
		d.add(kind, true, path, before, after, reason)
	}
}

func text(c templates.Constraint) string {
	if c == nil {
		return ""
	}
	return c.String()
}

func kindOf(list ...templates.Constraint) string {
	for _, c := range list {
		switch c.(type) {
		case *templates.CQuantity:
			return KindUnits
		case *templates.CCodePhrase:
			return KindCodes
		}
	}
	return KindValues
}

func assumed(c templates.Constraint) string {
	switch c := c.(type) {
	case *templates.CString:
		return c.Assumed
	case *templates.CInteger:
		return c.Assumed
	case *templates.CReal:
		return c.Assumed
	case *templates.CBoolean:
		return c.Assumed
	case *templates.CTemporal:
		return c.Assumed
	case *templates.CDuration:
		return c.Assumed
	case *templates.CQuantity:
		return nodeText(c.Assumed)
	case *templates.COrdinal:
		return nodeText(c.Assumed)
	case *templates.CCodePhrase:
		return nodeText(c.Assumed)
	}
	return ""
}

// open reports whether a constraint allows every value.
func open(c templates.Constraint) bool {
	switch c := c.(type) {
	case *templates.CString:
		return (c.List == nil || c.ListOpen) && c.Pattern == nil
	case *templates.CInteger:
		return c.List == nil && c.Range == nil
	case *templates.CReal:
		return c.List == nil && c.Range == nil
	case *templates.CBoolean:
		return c.TrueValid && c.FalseValid
	case *templates.CTemporal:
		return c.Pattern == "" && c.Range == nil && (c.Timezone == templates.TimezoneAny || c.Timezone == templates.TimezoneOptional)
	case *templates.CDuration:
		return c.Pattern == "" && c.Range == nil
	case *templates.CQuantity:
		return len(c.List) == 0 && c.Property.Code == ""
	case *templates.COrdinal:
		return len(c.List) == 0
	case *templates.CCodePhrase:
		return c.Terminology == "" && len(c.Codes) == 0 && !c.Reference
	case *templates.CState:
		return len(c.States) == 0
	}
	return false
}

// wider says why y does not allow everything that x allows; "" if it does.
func wider(x, y templates.Constraint) string {
	const other = "a value that was allowed is not any more"
	ok := false
	switch y := y.(type) {
	case *templates.CString:
		if x, same := x.(*templates.CString); same {
			ok = widerString(x, y)
		}
	case *templates.CInteger:
		if x, same := x.(*templates.CInteger); same {
			ok = widerNumber(x.List, y.List, x.Range, y.Range)
		}
	case *templates.CReal:
		switch x := x.(type) {
		case *templates.CReal:
			ok = widerNumber(x.List, y.List, x.Range, y.Range)
		default:
			ok = false
		}
	case *templates.CBoolean:
		if x, same := x.(*templates.CBoolean); same {
			ok = (y.TrueValid || !x.TrueValid) && (y.FalseValid || !x.FalseValid)
		}
	case *templates.CTemporal:
		if x, same := x.(*templates.CTemporal); same {
			ok = widerTemporal(x, y)
		}
	case *templates.CDuration:
		if x, same := x.(*templates.CDuration); same {
			ok = widerDuration(x, y)
		}
	case *templates.CQuantity:
		if x, same := x.(*templates.CQuantity); same {
			return widerQuantity(x, y)
		}
	case *templates.COrdinal:
		if x, same := x.(*templates.COrdinal); same {
			return widerOrdinal(x, y)
		}
	case *templates.CCodePhrase:
		if x, same := x.(*templates.CCodePhrase); same {
			return widerCodes(x, y)
		}
	case *templates.CState:
		if x, same := x.(*templates.CState); same {
			ok = len(y.States) == 0 || len(x.States) > 0 && subset(x.States, y.States)
		}
	}
	if ok || open(y) {
		return ""
	}
	return other
}

func widerString(x, y *templates.CString) bool {
	closed := func(c *templates.CString) bool { return len(c.List) > 0 && !c.ListOpen }
	if closed(y) && !(closed(x) && subset(x.List, y.List)) {
		return false
	}
	if y.Pattern == nil {
		return true
	}
	if x.Pattern != nil && x.Pattern.Source == y.Pattern.Source {
		return true
	}
	return closed(x) && y.Pattern.Supported() && !slices.ContainsFunc(x.List, func(s string) bool { return !y.Pattern.Match(s) })
}

func widerNumber[T cmp.Ordered](xs, ys []T, xr, yr *templates.Bounds[T]) bool {
	if len(xs) > 0 {
		for _, v := range xs {
			if xr != nil && !xr.Has(v, cmp.Compare[T]) {
				continue // was not allowed
			}
			if len(ys) > 0 && !slices.Contains(ys, v) || yr != nil && !yr.Has(v, cmp.Compare[T]) {
				return false
			}
		}
		return true
	}
	return len(ys) == 0 && within(xr, yr, cmp.Compare[T])
}

// within reports whether every value in x is in y; nil is unbounded.
func within[T any](x, y *templates.Bounds[T], compare func(T, T) int) bool {
	if y == nil {
		return true
	}
	if x == nil {
		return y.LowerUnbounded && y.UpperUnbounded
	}
	if !y.LowerUnbounded {
		if x.LowerUnbounded {
			return false
		}
		if c := compare(x.Lower, y.Lower); c < 0 || c == 0 && x.LowerIncluded && !y.LowerIncluded {
			return false
		}
	}
	if !y.UpperUnbounded {
		if x.UpperUnbounded {
			return false
		}
		if c := compare(x.Upper, y.Upper); c > 0 || c == 0 && x.UpperIncluded && !y.UpperIncluded {
			return false
		}
	}
	return true
}

func widerTemporal(x, y *templates.CTemporal) bool {
	if x.Type != y.Type {
		return false
	}
	switch y.Timezone {
	case templates.TimezoneMandatory, templates.TimezoneProhibited:
		if x.Timezone != y.Timezone {
			return false
		}
	}
	// Ranges of lexical values are compared only where they are the same.
	if y.Range != nil && (x.Range == nil || *x.Range != *y.Range) {
		return false
	}
	return y.Pattern == "" || widerPattern(x.Pattern, y.Pattern)
}

// widerPattern compares patterns of dates and times part by part: ?? allows
// what a letter demands and XX prohibits.
func widerPattern(x, y string) bool {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == ':' || r == 'T' })
	}
	xs, ys := split(x), split(y)
	for i, p := range ys {
		if p[0] == '?' {
			continue
		}
		if i >= len(xs) || kindOfPart(xs[i]) != kindOfPart(p) {
			return false
		}
	}
	return strings.Contains(x, "T") == strings.Contains(y, "T")
}

func kindOfPart(p string) byte {
	switch p[0] {
	case '?':
		return '?'
	case 'X', 'x':
		return 'X'
	}
	return 'y'
}

func widerDuration(x, y *templates.CDuration) bool {
	if y.Pattern != "" && !durationFields(x.Pattern, y.Pattern) {
		return false
	}
	if y.Range == nil {
		return true
	}
	if x.Range != nil && *x.Range == *y.Range {
		return true
	}
	parsed := func(r *templates.Bounds[string]) (*templates.Bounds[rm.Duration], bool) {
		if r == nil {
			return nil, true
		}
		out := &templates.Bounds[rm.Duration]{
			LowerUnbounded: r.LowerUnbounded, UpperUnbounded: r.UpperUnbounded, LowerIncluded: r.LowerIncluded, UpperIncluded: r.UpperIncluded,
		}
		var err1, err2 error
		if !r.LowerUnbounded {
			out.Lower, err1 = rm.ParseDuration(r.Lower)
		}
		if !r.UpperUnbounded {
			out.Upper, err2 = rm.ParseDuration(r.Upper)
		}
		return out, err1 == nil && err2 == nil
	}
	xr, ok1 := parsed(x.Range)
	yr, ok2 := parsed(y.Range)
	return ok1 && ok2 && within(xr, yr, func(a, b rm.Duration) int { return a.Compare(b) })
}

// durationFields reports whether a pattern of durations has all fields of
// another; M before T is months, after it minutes.
func durationFields(x, y string) bool {
	if x == "" {
		return false
	}
	fields := func(p string) (date, clock string) {
		date, clock, _ = strings.Cut(strings.TrimPrefix(strings.ToUpper(p), "P"), "T")
		return date, clock
	}
	xd, xt := fields(x)
	yd, yt := fields(y)
	has := func(all, some string) bool {
		return !strings.ContainsFunc(some, func(r rune) bool { return !strings.ContainsRune(all, r) })
	}
	return has(yd, xd) && has(yt, xt)
}

func widerQuantity(x, y *templates.CQuantity) string {
	if y.Property.Code != "" && x.Property != y.Property {
		if x.Property.Code != "" {
			return "it is another physical property"
		}
		if len(y.List) == 0 {
			return "the physical property was free before"
		}
	}
	if len(y.List) == 0 {
		if y.Property.Code != "" && len(x.List) > 0 {
			return "a listed unit may belong to another physical property"
		}
		return ""
	}
	if len(x.List) == 0 {
		return "any unit was allowed before"
	}
	for _, i := range x.List {
		found, reason := false, ""
		for _, j := range y.List {
			if i.Units != j.Units {
				continue
			}
			found = true
			switch {
			case !within(i.Magnitude, j.Magnitude, cmp.Compare[float64]):
				reason = "a magnitude in " + i.Units + " that was allowed is not any more"
			case !within(i.Precision, j.Precision, cmp.Compare[int64]):
				reason = "a precision in " + i.Units + " that was allowed is not any more"
			default:
				reason = ""
			}
			if reason == "" {
				break
			}
		}
		if !found {
			return fmt.Sprintf("the unit %q is not allowed any more", i.Units)
		}
		if reason != "" {
			return reason
		}
	}
	return ""
}

func widerOrdinal(x, y *templates.COrdinal) string {
	if len(y.List) == 0 {
		return ""
	}
	if len(x.List) == 0 {
		return "any value was allowed before"
	}
	for _, i := range x.List {
		found := false
		reason := fmt.Sprintf("the value %g|%s| is not allowed any more", i.Value, i.Symbol.Code)
		for _, j := range y.List {
			switch {
			case i.Value == j.Value && i.Symbol == j.Symbol:
				found = true
			case i.Symbol == j.Symbol:
				reason = "the symbol " + i.Symbol.Code + " has another value"
			}
		}
		if !found {
			return reason
		}
	}
	return ""
}

func widerCodes(x, y *templates.CCodePhrase) string {
	if y.Terminology != "" && x.Terminology != y.Terminology {
		return "codes of the old terminology are not allowed any more"
	}
	if len(y.Codes) > 0 {
		if len(x.Codes) == 0 {
			return "any code was allowed before"
		}
		for _, code := range x.Codes {
			if !y.Has(code) {
				return "the code " + code + " is not allowed any more"
			}
		}
		return ""
	}
	if y.Reference && !(x.Reference && x.ReferenceSet == y.ReferenceSet && len(x.Codes) == 0) {
		return "it cannot be decided whether the value set has every code that was allowed"
	}
	return ""
}

// reference compares value sets named by ac-codes, with what they are bound to.
func (d *differ) reference(a, b *templates.Object, path string) {
	if a.Kind != b.Kind {
		d.add(KindCodes, true, path, referenceText(a), referenceText(b), "it cannot be decided whether every code that was allowed still is")
		return
	}
	x, y := bound(a), bound(b)
	if x == y {
		return
	}
	if y == "" {
		d.add(KindCodes, false, path, referenceText(a), referenceText(b), "any code is allowed now")
		return
	}
	d.add(KindCodes, true, path, referenceText(a), referenceText(b), "it cannot be decided whether the value set has every code that was allowed")
}

func bound(o *templates.Object) string {
	if o.Terms == nil {
		return ""
	}
	return strings.Join(o.Terms.ConstraintBindings[o.Reference], ", ")
}

func referenceText(o *templates.Object) string {
	if o.Kind != templates.ConstraintRef {
		return describeObject(o)
	}
	if b := bound(o); b != "" {
		return o.Reference + " " + b
	}
	return o.Reference
}
