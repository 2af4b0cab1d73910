package fhirpath

import (
	"regexp"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/cairn-ehr/cairn/pkg/ucum"
)

func numeric(f func(d, x *apd.Decimal) (apd.Condition, error), whole bool) func(*run, scope, []Value, *expr) ([]Value, error) {
	return func(_ *run, _ scope, in []Value, e *expr) ([]Value, error) {
		x, ok, err := number(in, e)
		if err != nil || !ok {
			return nil, err
		}
		out := Value{kind: Decimal, num: new(apd.Decimal)}
		if _, err := f(out.num, x.num); err != nil || !moderate(out.num) {
			return nil, nil
		}
		if whole {
			if out.kind = Integer; !inRange(out.num) {
				return nil, nil
			}
		}
		return one(out), nil
	}
}

// number is the one number of the input.
func number(in []Value, e *expr) (Value, bool, error) {
	if len(in) == 0 {
		return Value{}, false, nil
	}
	v, err := single(e, in)
	if err == nil && v.num == nil {
		err = errorf(e.pos, "%s() of a %s", e.name, v.Type())
	}
	return v, err == nil, err
}

func addNumbers() {
	functions["ceiling"] = function{0, 0, numeric(arithmetic.Ceil, true)}
	functions["floor"] = function{0, 0, numeric(arithmetic.Floor, true)}
	functions["truncate"] = function{0, 0, numeric(func(d, x *apd.Decimal) (apd.Condition, error) {
		if x.Negative {
			return arithmetic.Ceil(d, x)
		}
		return arithmetic.Floor(d, x)
	}, true)}
	functions["exp"] = function{0, 0, numeric(arithmetic.Exp, false)}
	functions["ln"] = function{0, 0, numeric(arithmetic.Ln, false)}
	functions["sqrt"] = function{0, 0, numeric(func(d, x *apd.Decimal) (apd.Condition, error) {
		c, err := arithmetic.Sqrt(d, x)
		d.Reduce(d)
		return c, err
	}, false)}
	functions["abs"] = function{0, 0, func(_ *run, _ scope, in []Value, e *expr) ([]Value, error) {
		x, ok, err := number(in, e)
		if err != nil || !ok {
			return nil, err
		}
		return one(Value{kind: x.kind, num: new(apd.Decimal).Abs(x.num), unit: x.unit, calendar: x.calendar}), nil
	}}
	functions["log"] = function{1, 1, func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		return withNumber(r, s, in, e, func(out, x, base *apd.Decimal) error {
			var a, b apd.Decimal
			if _, err := arithmetic.Ln(&a, x); err != nil {
				return err
			}
			if _, err := arithmetic.Ln(&b, base); err != nil {
				return err
			}
			if _, err := arithmetic.Quo(out, &a, &b); err != nil {
				return err
			}
			_, err := arithmetic.WithPrecision(34).Round(out, out) // what the two logarithms have in excess
			out.Reduce(out)
			return err
		}, false)
	}}
	functions["power"] = function{1, 1, func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		return withNumber(r, s, in, e, func(out, x, y *apd.Decimal) error {
			_, err := arithmetic.Pow(out, x, y)
			return err
		}, true)
	}}
	functions["round"] = function{0, 1, func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		digits := 0
		if len(e.args) == 1 {
			var ok bool
			var err error
			if digits, ok, err = r.integerArg(s, in, e.args[0]); err != nil || !ok {
				return nil, err
			}
			if digits < 0 || digits > 30 {
				return nil, errorf(e.pos, "cannot round to %d digits", digits)
			}
		}
		return numeric(func(d, x *apd.Decimal) (apd.Condition, error) { return arithmetic.Quantize(d, x, int32(-digits)) }, false)(r, s, in, e)
	}}
	functions["comparable"] = function{1, 1, func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		other, err := r.arg(s, e.args[0])
		if err != nil || len(in) != 1 || len(other) != 1 {
			return nil, err
		}
		p, ok := quantity(in[0])
		q, ok2 := quantity(other[0])
		if !ok || !ok2 {
			return truth(false), nil
		}
		_, ok = sameUnit(p, q)
		return truth(ok), nil
	}}
	functions["precision"] = function{0, 0, func(_ *run, _ scope, in []Value, e *expr) ([]Value, error) {
		if len(in) == 0 {
			return nil, nil
		}
		v, err := single(e, in)
		if err != nil {
			return nil, err
		}
		switch {
		case temporal(v.kind):
			zone := v.when
			zone.zone, zone.utc = false, false
			digits := 0
			for _, c := range zone.format(v.kind) {
				if c >= '0' && c <= '9' {
					digits++
				}
			}
			return one(integer(digits)), nil
		case v.num != nil:
			return one(integer(max(0, -int(v.num.Exponent)))), nil
		}
		return nil, errorf(e.pos, "precision() of a %s", v.Type())
	}}
}

// withNumber is a function of the input and one number more; a result that is
// none gives nothing.
func withNumber(r *run, s scope, in []Value, e *expr, f func(out, x, y *apd.Decimal) error, keep bool) ([]Value, error) {
	x, ok, err := number(in, e)
	if err != nil || !ok {
		return nil, err
	}
	list, err := r.arg(s, e.args[0])
	if err != nil {
		return nil, err
	}
	y, ok, err := number(list, e)
	if err != nil || !ok {
		return nil, err
	}
	out := Value{kind: Decimal, num: new(apd.Decimal)}
	if y.num.Cmp(apd.New(1000, 0)) > 0 && e.name == "power" {
		return nil, errorf(e.pos, "a power above 1000")
	}
	if f(out.num, x.num, y.num) != nil || !moderate(out.num) {
		return nil, nil
	}
	if keep && x.kind == Integer && y.kind == Integer && inRange(out.num) && !y.num.Negative {
		out.kind = Integer
	}
	return one(out), nil
}

func addConversions() {
	for name, f := range map[string]func(Value) (Value, bool){
		"Boolean": toBoolean, "Integer": toInteger, "Decimal": toDecimal, "String": toText, "Quantity": toQuantity,
		"Date":     func(v Value) (Value, bool) { return toMoment(v, Date) },
		"DateTime": func(v Value) (Value, bool) { return toMoment(v, DateTime) },
		"Time":     func(v Value) (Value, bool) { return toMoment(v, Time) },
	} {
		most := 0
		if name == "Quantity" {
			most = 1
		}
		functions["to"+name] = function{0, most, conversion(f, false)}
		functions["convertsTo"+name] = function{0, most, conversion(f, true)}
	}
}

func conversion(f func(Value) (Value, bool), test bool) func(*run, scope, []Value, *expr) ([]Value, error) {
	return func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		if len(in) == 0 {
			return nil, nil
		}
		v, err := single(e, in)
		if err != nil {
			return nil, err
		}
		out, ok := f(v)
		if ok && len(e.args) == 1 {
			unit, given, err := r.stringArg(s, e.args[0])
			if err != nil {
				return nil, err
			}
			if given {
				if known := calendarUnits[unit]; known != "" {
					unit = known
				}
				var n *apd.Decimal
				if n, ok = sameUnit(Value{unit: unit}, out); ok {
					out.num, out.unit = n, unit
				}
			}
		}
		switch {
		case test:
			return truth(ok), nil
		case ok:
			out.element, out.node, out.more, out.typ = false, nil, nil, nil
			return one(out), nil
		}
		return nil, nil
	}
}

func toBoolean(v Value) (Value, bool) {
	switch v.kind {
	case Boolean:
		return v, true
	case Integer, Decimal:
		if v.num.Cmp(apd.New(1, 0)) == 0 {
			return boolean(true), true
		}
		return boolean(false), v.num.IsZero()
	case String:
		switch strings.ToLower(v.text) {
		case "true", "t", "yes", "y", "1", "1.0":
			return boolean(true), true
		case "false", "f", "no", "n", "0", "0.0":
			return boolean(false), true
		}
	}
	return v, false
}

var (
	integerForm  = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimalForm  = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)
	quantityForm = regexp.MustCompile(`^([+-]?[0-9]+(?:\.[0-9]+)?)\s*(?:'([^']+)'|([a-zA-Z]+))?$`)
)

func toInteger(v Value) (Value, bool) {
	switch {
	case v.kind == Integer:
		return v, true
	case v.kind == Boolean && v.truth:
		return integer(1), true
	case v.kind == Boolean:
		return integer(0), true
	case v.kind == String && integerForm.MatchString(v.text):
		d, ok := parseDecimal(v.text)
		return Value{kind: Integer, num: d}, ok && inRange(d)
	}
	return v, false
}

func toDecimal(v Value) (Value, bool) {
	switch {
	case v.kind == Integer || v.kind == Decimal:
		v.kind = Decimal
		return v, true
	case v.kind == String && decimalForm.MatchString(v.text):
		d, ok := parseDecimal(v.text)
		return Value{kind: Decimal, num: d}, ok
	case v.kind == Boolean:
		i, _ := toInteger(v)
		i.kind = Decimal
		return i, true
	}
	return v, false
}

func toText(v Value) (Value, bool) {
	if v.kind == Complex || v.kind == TypeInfo {
		q, ok := quantity(v)
		return str(q.String()), ok && v.kind == Complex
	}
	return str(v.String()), true
}

func toQuantity(v Value) (Value, bool) {
	if q, ok := quantity(v); ok {
		return q, true
	}
	switch v.kind {
	case Boolean:
		d, _ := toDecimal(v)
		return Value{kind: Quantity, num: d.num, unit: "1"}, true
	case String:
		m := quantityForm.FindStringSubmatch(v.text)
		if m == nil {
			return v, false
		}
		d, ok := parseDecimal(m[1])
		q := Value{kind: Quantity, num: d, unit: "1"}
		switch {
		case m[2] != "":
			q.unit = m[2]
			ok = ok && ucum.Valid(m[2])
		case m[3] != "":
			q.unit, q.calendar = calendarUnits[m[3]], true
			ok = ok && q.unit != ""
		}
		return q, ok
	}
	return v, false
}

func toMoment(v Value, kind Kind) (Value, bool) {
	switch {
	case v.kind == kind:
		return v, true
	case v.kind == Date && kind == DateTime:
		v.kind = DateTime
		return v, true
	case v.kind == DateTime && kind == Date:
		m := v.when
		m.precision, m.fraction, m.zone, m.utc = min(m.precision, toDay), 0, false, false
		return Value{kind: Date, when: m}, true
	case v.kind == String:
		text := v.text
		if kind == Time {
			text = "T" + strings.TrimPrefix(text, "T")
		}
		m, ok := parseMoment(text, kind)
		return Value{kind: kind, when: m}, ok
	}
	return v, false
}
