package ucum

import (
	_ "embed"
	"fmt"
	"math/big"
	"strings"
	"sync"
)

//go:embed atoms.tsv
var atomsTSV string

// An atom is a unit symbol that has no parts.
type atom struct {
	code              string
	base              int // index in baseUnits; -1 for others
	metric, arbitrary bool
	function          string // of a special unit, whose scale is not proportional to its reference
	value, unit       string // the definition, for a special unit of its reference
	quantity          *quantity
	resolving         bool
}

// A quantity is a factor to the base units and a dimension.
type quantity struct {
	factor *big.Rat
	dim    exponents
	bits   int // bound of the factor's size
}

type prefix struct {
	factor *big.Rat
	bits   int
}

type table struct {
	atoms    map[string]*atom
	prefixes map[string]prefix
}

// baseUnits are the base units of UCUM, in its order.
var baseUnits = [...]string{"m", "s", "g", "rad", "K", "C", "cd"}

// prefixValues are the metric and the binary prefixes.
var prefixValues = map[string]string{
	"Y": "1e24", "Z": "1e21", "E": "1e18", "P": "1e15", "T": "1e12", "G": "1e9", "M": "1e6", "k": "1e3", "h": "1e2", "da": "1e1",
	"d": "1e-1", "c": "1e-2", "m": "1e-3", "u": "1e-6", "n": "1e-9", "p": "1e-12", "f": "1e-15", "a": "1e-18", "z": "1e-21", "y": "1e-24",
	"Ki": "1024", "Mi": "1048576", "Gi": "1073741824", "Ti": "1099511627776",
}

// ucum is the table, read when first needed. It is part of the program, so
// that a fault in it is one of the build, which the tests find.
var ucum = sync.OnceValue(func() *table {
	t, err := readTable(atomsTSV)
	if err != nil {
		panic(err)
	}
	return t
})

func readTable(tsv string) (*table, error) {
	t := &table{atoms: map[string]*atom{}, prefixes: map[string]prefix{}}
	for p, value := range prefixValues {
		r, err := number(value)
		if err != nil {
			return nil, err
		}
		t.prefixes[p] = prefix{r, size(r)}
	}
	for line := range strings.Lines(tsv) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 5 || t.atoms[cells[0]] != nil {
			return nil, fmt.Errorf("units: malformed or repeated row %q", line)
		}
		a := &atom{
			code: cells[0], base: -1, metric: strings.Contains(cells[1], "m"), arbitrary: strings.Contains(cells[1], "a"),
			value: cells[2], unit: cells[3], function: cells[4],
		}
		if strings.Contains(cells[1], "s") != (a.function != "") {
			return nil, fmt.Errorf("units: %s is special without a function or the reverse", a.code)
		}
		if a.function != "" && !knownFunction(a.function) {
			return nil, fmt.Errorf("units: %s has the unknown function %s", a.code, a.function)
		}
		for i, b := range baseUnits {
			if a.code == b {
				a.base = i
			}
		}
		t.atoms[a.code] = a
	}
	for _, a := range t.atoms {
		if err := t.resolve(a); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// resolve computes an atom's quantity from its definition.
func (t *table) resolve(a *atom) error {
	switch {
	case a.quantity != nil:
		return nil
	case a.resolving:
		return fmt.Errorf("units: %s is defined by itself", a.code)
	}
	a.resolving = true
	q := &quantity{factor: big.NewRat(1, 1)}
	if a.base >= 0 {
		q.dim.base[a.base] = 1
	} else {
		p := parser{code: a.unit, table: t, eval: true, resolving: true, q: quantity{factor: big.NewRat(1, 1)}}
		if err := p.parse(); err != nil {
			return fmt.Errorf("units: definition of %s: %w", a.code, err)
		}
		value, err := number(a.value)
		if err != nil {
			return fmt.Errorf("units: definition of %s: %w", a.code, err)
		}
		q.factor, q.dim = value.Mul(value, p.q.factor), p.q.dim
		if a.arbitrary && a.unit == "1" {
			q.dim.addArbitrary(a.code, 1)
		}
	}
	q.bits = size(q.factor)
	a.quantity = q
	return nil
}

// lookup finds a symbol as an atom, or as a prefix (else empty) and a metric atom.
func (t *table) lookup(symbol string) (string, *atom) {
	if a := t.atoms[symbol]; a != nil {
		return "", a
	}
	for n := 1; n <= 2 && n < len(symbol); n++ {
		if _, ok := t.prefixes[symbol[:n]]; !ok {
			continue
		}
		if a := t.atoms[symbol[n:]]; a != nil && a.metric {
			return symbol[:n], a
		}
	}
	return "", nil
}

func number(s string) (*big.Rat, error) {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, fmt.Errorf("%q is not a number", s)
	}
	return r, nil
}

// size is the number of bits of a factor.
func size(r *big.Rat) int { return r.Num().BitLen() + r.Denom().BitLen() }
