package fhirpath

import (
	"time"

	"github.com/cockroachdb/apd/v3"
)

// maxDigits is the greatest precision that is asked of a number: digits behind
// the point. A boundary of more of them is empty.
const maxDigits = 28

// The precisions of moments as boundaries are asked for with them: the digits
// that are written.
var (
	dateDigits = map[int]int{4: toYear, 6: toMonth, 8: toDay}
	bothDigits = map[int]int{4: toYear, 6: toMonth, 8: toDay, 10: toHour, 12: toMinute, 14: toSecond, 17: toSecond}
	timeDigits = map[int]int{2: toHour, 4: toMinute, 6: toSecond, 9: toSecond}
)

// The zones of a moment without one whose instants are the first and the last.
var (
	firstZone = time.FixedZone("", 14*60*60)
	lastZone  = time.FixedZone("", -12*60*60)
)

func addBoundaries() {
	functions["lowBoundary"] = function{0, 1, boundary(false)}
	functions["highBoundary"] = function{0, 1, boundary(true)}
}

// boundary is the least or greatest value that the input can stand for, given
// the precision it is written with, to the precision that is asked for.
func boundary(high bool) func(*run, scope, []Value, *expr) ([]Value, error) {
	return func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		if len(in) == 0 {
			return nil, nil
		}
		v, err := single(e, in)
		if err != nil {
			return nil, err
		}
		digits := -1
		if len(e.args) == 1 {
			n, ok, err := r.integerArg(s, in, e.args[0])
			if err != nil || !ok || n < 0 {
				return nil, err
			}
			digits = n
		}
		if temporal(v.kind) {
			m, ok := v.when.boundary(v.kind, digits, high)
			if !ok {
				return nil, nil
			}
			return one(Value{kind: v.kind, when: m}), nil
		}
		q, ok := quantity(v)
		if !ok {
			return nil, errorf(e.pos, "%s() of a %s", e.name, v.Type())
		}
		if digits < 0 {
			digits = 8
		}
		d, ok := decimalBoundary(q.num, digits, high)
		if !ok {
			return nil, nil
		}
		if v.kind == Integer || v.kind == Decimal {
			return one(Value{kind: Decimal, num: d}), nil
		}
		return one(Value{kind: Quantity, num: d, unit: q.unit, calendar: q.calendar}), nil
	}
}

// decimalBoundary is half a unit of the last digit away, rounded outwards to the
// digits behind the point. It is false where it cannot be had exactly.
func decimalBoundary(x *apd.Decimal, digits int, high bool) (*apd.Decimal, bool) {
	if digits > maxDigits || !moderate(x) {
		return nil, false
	}
	half := apd.New(5, min(x.Exponent, 0)-1)
	if !high {
		half.Negative = true
	}
	var exact, out apd.Decimal
	context := arithmetic.WithPrecision(uint32(x.NumDigits()) + 450) // no digit of moderate numbers is lost
	context.Rounding = apd.RoundDown
	if _, err := context.Add(&exact, x, half); err != nil {
		return nil, false
	}
	if _, err := context.Quantize(&out, &exact, int32(-digits)); err != nil {
		return nil, false
	}
	// What was cut off on the side away from zero is made up for by a unit. (The
	// library's own rounding up takes numbers far below a unit for zero.)
	if out.Cmp(&exact) != 0 && high != exact.Negative {
		unit := apd.New(1, int32(-digits))
		unit.Negative = !high
		if _, err := context.Add(&out, &out, unit); err != nil {
			return nil, false
		}
	}
	if out.IsZero() {
		out.Negative = false
	}
	return &out, true
}

// boundary is the first or last moment of what m says, written with so many
// digits; below 0 all there are. It is false for a number of digits that no
// moment of the kind has.
func (m moment) boundary(kind Kind, digits int, high bool) (moment, bool) {
	table, most := bothDigits, 17
	switch kind {
	case Date:
		table, most = dateDigits, 8
	case Time:
		table, most = timeDigits, 9
	}
	if digits < 0 {
		digits = most
	}
	precision, ok := table[digits]
	if !ok {
		return m, false
	}
	p := m.parts()
	zone := m.at.Location()
	if !m.zone && kind == DateTime {
		zone = firstZone
		if high {
			zone = lastZone
		}
	}
	out := moment{precision: precision, zone: m.zone, utc: m.utc}
	if kind == DateTime && precision > toDay {
		out.zone = true
	} else {
		out.zone, out.utc = false, false
		zone = time.UTC
	}
	if digits == most && precision == toSecond {
		out.fraction = 3
	}
	if high {
		ends := [...]int{toMonth: 12, toDay: 31, toHour: 23, toMinute: 59, toSecond: 59}
		for i := m.precision + 1; i <= toSecond; i++ {
			p[i-1] = ends[i]
		}
		if m.precision < toDay {
			p[2] = time.Date(p[0], time.Month(p[1])+1, 0, 0, 0, 0, 0, time.UTC).Day()
		}
		unit := 1_000_000_000 // what the digits of the fraction leave open
		for range min(m.fraction, 9) {
			unit /= 10
		}
		p[6] += unit - 1
	}
	if out.fraction == 3 {
		p[6] = p[6] / 1_000_000 * 1_000_000
	} else {
		p[6] = 0
	}
	for i := precision + 1; i <= toSecond; i++ {
		p[i-1] = 0
		if i <= toDay {
			p[i-1] = 1
		}
	}
	out.at = time.Date(p[0], time.Month(p[1]), p[2], p[3], p[4], p[5], p[6], zone)
	return out, true
}
