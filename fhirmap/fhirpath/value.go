package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ucum"
)

// Kind is the System type of a value.
type Kind uint8

// The types of values. A Complex is an element of FHIR without a System type, a
// TypeInfo what type() gives.
const (
	Complex Kind = iota
	Boolean
	String
	Integer
	Decimal
	Date
	DateTime
	Time
	Quantity
	TypeInfo
)

var kindNames = [...]string{"", "Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity", "TypeInfo"}

// Value is a member of a collection: a value of a System type, or an element of
// a resource, which has a System type if it is primitive and has a value.
type Value struct {
	kind     Kind
	truth    bool
	text     string // String; of TypeInfo the name, with the namespace in unit
	num      *apd.Decimal
	unit     string // of a Quantity in UCUM, or year and month of the calendar
	calendar bool
	when     moment

	// Of an element: its content, what _name holds of it, and its type, which is
	// nil if the definitions do not have it.
	node, more *r4.Node
	typ        *r4.Type
	element    bool
}

// Kind is the System type of the value; Complex if it has none.
func (v Value) Kind() Kind { return v.kind }

// Bool is the value of a Boolean.
func (v Value) Bool() (value, ok bool) { return v.truth, v.kind == Boolean }

// Node is the content of an element; nil for other values.
func (v Value) Node() *r4.Node { return v.node }

// Type is the name of the type, such as System.String or FHIR.code.
func (v Value) Type() string {
	if v.element {
		if v.typ == nil {
			return "FHIR"
		}
		return "FHIR." + v.typ.Name
	}
	return "System." + kindNames[v.kind]
}

func boolean(b bool) Value   { return Value{kind: Boolean, truth: b} }
func str(s string) Value     { return Value{kind: String, text: s} }
func integer(n int) Value    { return Value{kind: Integer, num: apd.New(int64(n), 0)} }
func one(v Value) []Value    { return []Value{v} }
func truth(b bool) []Value   { return []Value{boolean(b)} }
func strOf(s string) []Value { return []Value{str(s)} }

// arithmetic is the context of calculations, whose results have far more digits
// than the specification's 18.
var arithmetic = apd.BaseContext.WithPrecision(40)

func parseDecimal(s string) (*apd.Decimal, bool) {
	d, _, err := arithmetic.NewFromString(s)
	return d, err == nil && moderate(d)
}

// moderate reports whether a number can be written without an exponent in
// reasonable space.
func moderate(d *apd.Decimal) bool {
	return d.Form == apd.Finite && d.Exponent > -200 && d.Exponent < 200
}

func inRange(d *apd.Decimal) bool {
	n, err := d.Int64()
	return err == nil && n >= -1<<31 && n <= 1<<31-1
}

// calendarUnits are the words for durations and what they stand for: a UCUM
// unit, or year and month, which have none that is equal.
var calendarUnits = map[string]string{
	"year": "year", "years": "year", "month": "month", "months": "month", "week": "wk", "weeks": "wk", "day": "d", "days": "d",
	"hour": "h", "hours": "h", "minute": "min", "minutes": "min", "second": "s", "seconds": "s", "millisecond": "ms", "milliseconds": "ms",
}

// primitive gives an element of a primitive type its System value.
func primitive(v *Value) {
	if v.node == nil || v.typ == nil && v.node.Kind == r4.Object {
		return
	}
	name := ""
	if v.typ != nil {
		if v.typ.Kind != r4.Primitive {
			return
		}
		name = v.typ.Name
	}
	text := v.node.Text
	switch {
	case v.node.Kind == r4.Bool:
		v.kind, v.truth = Boolean, text == "true"
	case v.node.Kind == r4.Number:
		d, ok := parseDecimal(text)
		if !ok {
			return
		}
		v.kind, v.num = Decimal, d
		if name != "decimal" && (name != "" || !strings.ContainsAny(text, ".eE")) && inRange(d) {
			v.kind = Integer
		}
	case v.node.Kind != r4.String:
	case name == "date" || name == "dateTime" || name == "instant":
		kind := DateTime
		if name == "date" {
			kind = Date
		}
		if m, ok := parseMoment(text, kind); ok {
			v.kind, v.when = kind, m
			return
		}
		v.kind, v.text = String, text
	case name == "time":
		if m, ok := parseMoment("T"+text, Time); ok {
			v.kind, v.when = Time, m
			return
		}
		v.kind, v.text = String, text
	default:
		v.kind, v.text = String, text
	}
}

// quantity is the value as a Quantity: one already, a number, or an element of
// type Quantity with a value.
func quantity(v Value) (Value, bool) {
	switch {
	case v.kind == Quantity:
		return v, true
	case v.kind == Integer || v.kind == Decimal:
		return Value{kind: Quantity, num: v.num, unit: "1"}, true
	case v.element && v.typ != nil && v.typ.IsA("Quantity") && v.node != nil && v.node.Get("value") != nil && v.node.Get("comparator") == nil:
		d, ok := parseDecimal(v.node.Str("value"))
		if !ok {
			return v, false
		}
		unit := v.node.Str("code")
		if system := v.node.Str("system"); system != "" && system != ucumSystem {
			unit = system + "|" + unit
		}
		if unit == "" {
			if unit = v.node.Str("unit"); unit == "" {
				unit = "1"
			}
		}
		return Value{kind: Quantity, num: d, unit: unit}, true
	}
	return v, false
}

const ucumSystem = "http://unitsofmeasure.org"

// sameUnit gives b in the unit of a; false if the units cannot be compared.
func sameUnit(a, b Value) (*apd.Decimal, bool) {
	if a.unit == b.unit {
		return b.num, true
	}
	text, err := ucum.Convert(b.num.Text('f'), b.unit, a.unit)
	if err != nil {
		return nil, false
	}
	return parseDecimal(text)
}

// order compares two values: less is below 0. Known is false where the precision
// does not tell, comparable where the types cannot be compared.
func order(a, b Value) (cmp int, known, comparable bool) {
	switch {
	case a.num != nil && b.num != nil && a.kind != Quantity && b.kind != Quantity:
		return a.num.Cmp(b.num), true, true
	case a.kind == String && b.kind == String:
		return strings.Compare(a.text, b.text), true, true
	case temporal(a.kind) && temporal(b.kind) && (a.kind == Time) == (b.kind == Time):
		cmp, known = compareMoments(a.when, b.when)
		return cmp, known, true
	case temporal(a.kind) && b.kind == String:
		if m, ok := parseMoment(b.text, a.kind); ok && b.element {
			cmp, known = compareMoments(a.when, m)
			return cmp, known, true
		}
		return 0, false, false
	}
	p, ok := quantity(a)
	q, ok2 := quantity(b)
	if !ok || !ok2 {
		return 0, false, false
	}
	n, ok := sameUnit(p, q)
	if !ok {
		return 0, false, true
	}
	return p.num.Cmp(n), true, true
}

func temporal(k Kind) bool { return k == Date || k == DateTime || k == Time }

// equal is = for two values; known is false where it gives nothing.
func equal(a, b Value) (same, known bool) {
	switch {
	case a.kind == Boolean && b.kind == Boolean:
		return a.truth == b.truth, true
	case a.kind == TypeInfo && b.kind == TypeInfo:
		return a.text == b.text && a.unit == b.unit, true
	case temporal(a.kind) && temporal(b.kind):
		if (a.kind == Time) != (b.kind == Time) {
			return false, true
		}
		cmp, known := compareMoments(a.when, b.when)
		return cmp == 0, known
	case a.kind == Quantity || b.kind == Quantity:
		p, ok := quantity(a)
		q, ok2 := quantity(b)
		if !ok || !ok2 {
			return false, true
		}
		if n, ok := sameUnit(p, q); ok {
			return p.num.Cmp(n) == 0, true
		}
		if calendarOnly(p) != calendarOnly(q) {
			return false, false
		}
		return false, true
	case a.kind == Complex && b.kind == Complex:
		return sameNodes(a.node, b.node), true
	case a.kind == Complex || b.kind == Complex:
		return false, true
	}
	cmp, known, comparable := order(a, b)
	return comparable && cmp == 0, known || !comparable
}

func calendarOnly(v Value) bool { return v.unit == "year" || v.unit == "month" }

// equivalent is ~ for two values.
func equivalent(a, b Value) bool {
	switch {
	case a.kind == String && b.kind == String:
		return strings.EqualFold(strings.Join(strings.Fields(a.text), " "), strings.Join(strings.Fields(b.text), " "))
	case a.num != nil && b.num != nil && a.kind != Quantity && b.kind != Quantity:
		return sameRounded(a.num, b.num)
	case temporal(a.kind) && temporal(b.kind):
		cmp, known := compareMoments(a.when, b.when)
		return known && cmp == 0
	case a.kind == Quantity || b.kind == Quantity:
		p, ok := quantity(a)
		q, ok2 := quantity(b)
		if !ok || !ok2 {
			return false
		}
		for _, v := range []*Value{&p, &q} {
			switch v.unit {
			case "year":
				v.unit = "a"
			case "month":
				v.unit = "mo"
			}
		}
		n, ok := sameUnit(p, q)
		return ok && sameRounded(p.num, n)
	case a.kind == Complex && b.kind == Complex:
		return sameNodes(a.node, b.node)
	}
	same, known := equal(a, b)
	return same && known
}

// sameRounded compares to the precision of the less precise number.
func sameRounded(a, b *apd.Decimal) bool {
	digits := max(reduced(a).Exponent, reduced(b).Exponent)
	if digits > 0 {
		digits = 0
	}
	var x, y apd.Decimal
	if _, err := arithmetic.Quantize(&x, a, digits); err != nil {
		return false
	}
	if _, err := arithmetic.Quantize(&y, b, digits); err != nil {
		return false
	}
	return x.Cmp(&y) == 0
}

func reduced(d *apd.Decimal) *apd.Decimal {
	var out apd.Decimal
	out.Reduce(d)
	return &out
}

// sameNodes compares content, whatever the order of members of objects. Numbers
// are the same if their values are.
func sameNodes(a, b *r4.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || len(a.Fields) != len(b.Fields) || len(a.Items) != len(b.Items) {
		return false
	}
	for i := range a.Fields {
		if !sameNodes(a.Fields[i].Value, b.Get(a.Fields[i].Name)) {
			return false
		}
	}
	for i := range a.Items {
		if !sameNodes(a.Items[i], b.Items[i]) {
			return false
		}
	}
	if a.Kind == r4.Number {
		x, ok := parseDecimal(a.Text)
		y, ok2 := parseDecimal(b.Text)
		return ok && ok2 && x.Cmp(y) == 0
	}
	return a.Text == b.Text
}

// String is the value as toString() gives it; "" if it has no such form.
func (v Value) String() string {
	switch v.kind {
	case Boolean:
		if v.truth {
			return "true"
		}
		return "false"
	case String:
		return v.text
	case Integer, Decimal:
		return v.num.Text('f')
	case Date, DateTime, Time:
		return v.when.format(v.kind)
	case Quantity:
		if v.calendar {
			for word, unit := range calendarUnits {
				if unit == v.unit && !strings.HasSuffix(word, "s") {
					return v.num.Text('f') + " " + word
				}
			}
		}
		return v.num.Text('f') + " '" + v.unit + "'"
	case TypeInfo:
		return v.unit + "." + v.text
	}
	if q, ok := quantity(v); ok {
		return q.String()
	}
	return ""
}
