package fhirpath

import "github.com/cockroachdb/apd/v3"

// calculate carries out an operator of arithmetic.
func calculate(e *expr, a, b Value) ([]Value, error) {
	refused := errorf(e.pos, "%s of %s and %s", e.name, a.Type(), b.Type())
	if temporal(a.kind) && b.kind == Quantity && (e.name == "+" || e.name == "-") {
		sign := 1
		if e.name == "-" {
			sign = -1
		}
		if b.unit == "month" && !b.calendar || b.unit == "year" && !b.calendar {
			b.calendar = true
		}
		m, ok := a.when.add(b, a.kind, sign)
		if !ok {
			return nil, errorf(e.pos, "%s cannot be moved by %s", a.Type(), b.String())
		}
		return one(Value{kind: a.kind, when: m}), nil
	}
	if a.kind == String && b.kind == String && e.name == "+" {
		return strOf(a.text + b.text), nil
	}
	if a.kind == Quantity || b.kind == Quantity || a.kind == Complex || b.kind == Complex {
		return calculateQuantity(e, a, b, refused)
	}
	if a.num == nil || b.num == nil {
		return nil, refused
	}
	out := Value{kind: Decimal, num: new(apd.Decimal)}
	if a.kind == Integer && b.kind == Integer && e.name != "/" {
		out.kind = Integer
	}
	var err error
	switch e.name {
	case "+":
		_, err = arithmetic.Add(out.num, a.num, b.num)
	case "-":
		_, err = arithmetic.Sub(out.num, a.num, b.num)
	case "*":
		_, err = arithmetic.Mul(out.num, a.num, b.num)
	default:
		if b.num.IsZero() {
			return nil, nil
		}
		switch e.name {
		case "/":
			_, err = arithmetic.Quo(out.num, a.num, b.num)
			out.num = reduced(out.num)
		case "div":
			out.kind = Integer
			_, err = arithmetic.QuoInteger(out.num, a.num, b.num)
		case "mod":
			_, err = arithmetic.Rem(out.num, a.num, b.num)
		}
	}
	if err != nil || !moderate(out.num) {
		return nil, errorf(e.pos, "the result is out of range")
	}
	if out.kind == Integer && !inRange(out.num) {
		return nil, nil
	}
	return one(out), nil
}

// calculateQuantity adds and subtracts quantities in the unit of the first, and
// multiplies and divides them.
func calculateQuantity(e *expr, a, b Value, refused error) ([]Value, error) {
	p, ok := quantity(a)
	q, ok2 := quantity(b)
	if !ok || !ok2 {
		return nil, refused
	}
	out := Value{kind: Quantity, num: new(apd.Decimal), unit: p.unit}
	var err error
	switch e.name {
	case "+", "-":
		n, ok := sameUnit(p, q)
		if !ok {
			return nil, errorf(e.pos, "%s and %s cannot be compared", p.unit, q.unit)
		}
		if e.name == "+" {
			_, err = arithmetic.Add(out.num, p.num, n)
		} else {
			_, err = arithmetic.Sub(out.num, p.num, n)
		}
	case "*", "/":
		switch {
		case q.unit == "1":
		case p.unit == "1" && e.name == "*":
			out.unit = q.unit
		case e.name == "*":
			out.unit = "(" + p.unit + ").(" + q.unit + ")"
		case p.unit == q.unit:
			out.unit = "1"
		default:
			out.unit = "(" + p.unit + ")/(" + q.unit + ")"
		}
		if e.name == "*" {
			_, err = arithmetic.Mul(out.num, p.num, q.num)
			break
		}
		if q.num.IsZero() {
			return nil, nil
		}
		_, err = arithmetic.Quo(out.num, p.num, q.num)
		out.num = reduced(out.num)
	default:
		return nil, refused
	}
	if err != nil || !moderate(out.num) {
		return nil, errorf(e.pos, "the result is out of range")
	}
	return one(out), nil
}
