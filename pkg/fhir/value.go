package fhir

import (
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// filterValue reads one alternative of a parameter; pairs are those of a
// composite.
func (a *api) filterValue(kind Kind, pairs []Pair, p pair) (Value, error) {
	switch kind {
	case Token:
		return tokenValue(p)
	case Date:
		return a.dateValue(p)
	case Quantity:
		return quantityValue(p)
	case String:
		return stringValue(p)
	case URI:
		return Value{Code: unescape(p.value)}, nil
	case Composite:
		// All pairs of a parameter join parameters of the same types.
		parts := splitEscaped(p.value, '$')
		if len(parts) != 2 || parts[0] == "" || parts[1] == "" {
			return Value{}, badParam(p.name, "is two values joined by $")
		}
		first, err := a.filterValue(pairs[0].FirstKind, nil, pair{p.name, parts[0]})
		if err != nil {
			return Value{}, err
		}
		second, err := a.filterValue(pairs[0].SecondKind, nil, pair{p.name, parts[1]})
		return Value{Parts: []Value{first, second}}, err
	default:
		return Value{}, errs.New(errs.Unsupported, "fhir.search", "search parameters of type "+string(kind)+" are not supported")
	}
}

// stringValue reads a text, folded as strings are compared.
func stringValue(p pair) (Value, error) {
	text := r4.FoldString(unescape(p.value))
	if text == "" {
		return Value{}, badParam(p.name, "is blank")
	}
	return Value{Text: text}, nil
}

// tokenValue reads code, system|code, |code or system|.
func tokenValue(p pair) (Value, error) {
	parts := splitEscaped(p.value, '|')
	switch len(parts) {
	case 1:
		return Value{Code: unescape(parts[0])}, nil
	case 2:
		v := Value{HasSystem: true, System: unescape(parts[0]), Code: unescape(parts[1])}
		if v.System == "" && v.Code == "" {
			return v, badParam(p.name, "has neither a system nor a code")
		}
		return v, nil
	default:
		return Value{}, badParam(p.name, "is not a token of the form system|code")
	}
}

var prefixes = []Prefix{Equal, NotEqual, Greater, GreaterOrEqual, Less, LessOrEqual, StartsAfter, EndsBefore, Approximately}

// cutPrefix takes the comparison off a value; without one it is eq.
func cutPrefix(p pair) (Prefix, string, error) {
	s := p.value
	if len(s) < 3 || s[0] < 'a' || s[0] > 'z' {
		return Equal, s, nil
	}
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(s, string(prefix)); ok {
			return prefix, rest, nil
		}
	}
	return "", "", badParam(p.name, "has an unknown comparison prefix")
}

// dateValue reads a date with a prefix. Minutes may stand without seconds; a
// value without an offset is taken in UTC.
func (a *api) dateValue(p pair) (Value, error) {
	prefix, s, err := cutPrefix(p)
	if err != nil {
		return Value{}, err
	}
	low, high, ok := dateRange(s)
	if !ok {
		return Value{}, badParam(p.name, "is not a date of the form YYYY-MM-DDThh:mm:ss+zz:zz")
	}
	if prefix == Approximately {
		// A tenth of the distance from now, either way (R4 search §3.1.1.4.5).
		slack := a.Now().Sub(low).Abs() / 10
		low, high = low.Add(-slack), high.Add(slack)
	}
	return Value{Prefix: prefix, Low: low, High: high}, nil
}

func dateRange(s string) (low, high time.Time, ok bool) {
	// A plus sign that was not encoded arrives as a space.
	s = strings.ReplaceAll(s, " ", "+")
	date, clock, timed := strings.Cut(s, "T")
	if !timed {
		return r4.DateRange(s)
	}
	zone := ""
	if i := strings.IndexAny(clock, "Z+-"); i >= 0 {
		clock, zone = clock[:i], clock[i:]
	}
	if zone == "" {
		zone = "Z"
	}
	if len(clock) == len("15:04") {
		low, _, ok = r4.DateRange(date + "T" + clock + ":00" + zone)
		return low, low.Add(time.Minute), ok
	}
	return r4.DateRange(date + "T" + clock + zone)
}

// quantityValue reads [prefix]number, or with a unit number|system|code.
func quantityValue(p pair) (Value, error) {
	parts := splitEscaped(p.value, '|')
	prefix, number, err := cutPrefix(pair{p.name, parts[0]})
	if err != nil {
		return Value{}, err
	}
	v := Value{Prefix: prefix, Number: number}
	if v.NumberLow, v.NumberHigh, err = implied(number); err != nil {
		return Value{}, badParam(p.name, "does not begin with a number")
	}
	if prefix == Approximately {
		if v.NumberLow, v.NumberHigh, err = tenth(number); err != nil {
			return Value{}, badParam(p.name, "does not begin with a number")
		}
	}
	switch len(parts) {
	case 1:
	case 3:
		v.System, v.Code = unescape(parts[1]), unescape(parts[2])
		v.HasSystem = v.System != ""
	default:
		return Value{}, badParam(p.name, "is not a quantity of the form number|system|code")
	}
	return v, nil
}

// implied is the range of a number with its implied precision: half a unit of
// the last digit either way (R4 search §3.1.1.4.4).
func implied(s string) (low, high string, err error) {
	if len(s) > 40 || !r4.ValidPrimitive("decimal", s) {
		return "", "", errs.New(errs.Invalid, "fhir.search", "not a number")
	}
	n, _, err := apd.NewFromString(s)
	if err != nil || n.Exponent > 30 || n.Exponent < -60 {
		return "", "", errs.New(errs.Invalid, "fhir.search", "not a number")
	}
	ctx := apd.BaseContext.WithPrecision(120)
	half := apd.New(5, n.Exponent-1)
	var lo, hi apd.Decimal
	if _, err := ctx.Sub(&lo, n, half); err != nil {
		return "", "", err
	}
	if _, err := ctx.Add(&hi, n, half); err != nil {
		return "", "", err
	}
	return lo.Text('f'), hi.Text('f'), nil
}

// tenth is the range of a number and a tenth of it either way.
func tenth(s string) (low, high string, err error) {
	n, _, err := apd.NewFromString(s)
	if err != nil {
		return "", "", err
	}
	ctx := apd.BaseContext.WithPrecision(120)
	var slack, lo, hi apd.Decimal
	slack.Abs(n)
	slack.Exponent--
	if _, err := ctx.Sub(&lo, n, &slack); err != nil {
		return "", "", err
	}
	if _, err := ctx.Add(&hi, n, &slack); err != nil {
		return "", "", err
	}
	return lo.Text('f'), hi.Text('f'), nil
}
