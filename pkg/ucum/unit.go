package ucum

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// A Unit is a unit of measure with its meaning. The zero value is none; units
// come from Parse. It is not changed by any method and may be shared.
type Unit struct {
	code   string
	factor *big.Rat // of a special unit: of its reference
	dim    Dimension
	// special is the function of a unit on a scale of its own and prefix its prefix's value.
	special string
	prefix  *big.Rat
}

// String is the code that was parsed, annotations included.
func (u Unit) String() string { return u.code }

// Dimension is what the unit measures.
func (u Unit) Dimension() Dimension { return u.dim }

// Comparable reports whether values of a can be converted to b: both have the
// same dimension. Units that are counts by UCUM's definition (1, %, mol, 10*9)
// compare with each other. An arbitrary unit such as [iU] compares with
// itself only.
func Comparable(a, b Unit) bool { return a.factor != nil && b.factor != nil && a.dim == b.dim }

// A Dimension is a product of powers of the base units and arbitrary units.
// Two are equal by ==.
type Dimension struct {
	base      [len(baseUnits)]int
	arbitrary string // as a term, in order
}

// String is the dimension as a term of base units, such as m-1.s-2.g, or 1.
func (d Dimension) String() string {
	var b strings.Builder
	for i, n := range d.base {
		appendPower(&b, baseUnits[i], n)
	}
	if d.arbitrary != "" {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(d.arbitrary)
	}
	if b.Len() == 0 {
		return "1"
	}
	return b.String()
}

// Arbitrary reports whether arbitrary units such as [iU] are part of the
// dimension. What those measure is not known to UCUM.
func (d Dimension) Arbitrary() bool { return d.arbitrary != "" }

// Dimensionless reports whether the unit is a plain number.
func (d Dimension) Dimensionless() bool { return d == Dimension{} }

func appendPower(b *strings.Builder, symbol string, n int) {
	if n == 0 {
		return
	}
	if b.Len() > 0 {
		b.WriteByte('.')
	}
	b.WriteString(symbol)
	if n != 1 {
		b.WriteString(strconv.Itoa(n))
	}
}

// exponents is a Dimension being added up.
type exponents struct {
	base      [len(baseUnits)]int
	arbitrary []power
}

type power struct {
	code string
	n    int
}

func (e *exponents) add(o exponents, n int) {
	for i := range e.base {
		e.base[i] += n * o.base[i]
	}
	for _, p := range o.arbitrary {
		e.addArbitrary(p.code, n*p.n)
	}
}

func (e *exponents) addArbitrary(code string, n int) {
	for i := range e.arbitrary {
		if e.arbitrary[i].code == code {
			e.arbitrary[i].n += n
			return
		}
	}
	e.arbitrary = append(e.arbitrary, power{code, n})
}

func (e *exponents) dimension() Dimension {
	d := Dimension{base: e.base}
	if len(e.arbitrary) > 0 {
		slices.SortFunc(e.arbitrary, func(a, b power) int { return cmp.Compare(a.code, b.code) })
		var b strings.Builder
		for _, p := range e.arbitrary {
			appendPower(&b, p.code, p.n)
		}
		d.arbitrary = b.String()
	}
	return d
}
