package ucum

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// The limits of a code. No unit in use comes near them.
const (
	MaxLength   = 128   // bytes of a code
	MaxDepth    = 8     // parentheses in parentheses
	MaxExponent = 999   // of one symbol, either sign
	maxBits     = 16384 // of the factor
)

// Parse reads a unit. Errors are of kind Invalid and name the place, counted
// in characters from 1, and the fault. A dot multiplies, so 1.73 is one times
// seventy-three; UCUM has no decimal fractions.
func Parse(code string) (Unit, error) {
	p := parser{code: code, table: ucum(), eval: true, q: quantity{factor: big.NewRat(1, 1)}}
	if err := p.parse(); err != nil {
		return Unit{}, err
	}
	u := Unit{code: strings.Clone(code), factor: p.q.factor, dim: p.q.dim.dimension()}
	if p.special != nil {
		u.special, u.factor, u.prefix = p.special.function, p.special.quantity.factor, big.NewRat(1, 1)
		if p.specialPrefix != "" {
			u.prefix = p.table.prefixes[p.specialPrefix].factor
		}
	}
	return u, nil
}

// Valid reports whether Parse accepts the code. It computes nothing and
// allocates only for codes that are not valid.
func Valid(code string) bool {
	p := parser{code: code, table: ucum()}
	return p.parse() == nil
}

// A parser reads a code from left to right. With eval it adds up the quantity.
type parser struct {
	code            string
	pos             int
	table           *table
	eval, resolving bool
	q               quantity

	parts         int // symbols and numbers seen
	divided       bool
	special       *atom
	specialPrefix string
	specialPos    int
}

func (p *parser) parse() error {
	if len(p.code) > MaxLength {
		return errs.New(errs.Invalid, "ucum.Parse", fmt.Sprintf("unit of %d bytes: at most %d are read", len(p.code), MaxLength))
	}
	if err := p.term(1, 0); err != nil {
		return err
	}
	if p.pos < len(p.code) {
		r, _ := utf8.DecodeRuneInString(p.code[p.pos:])
		return p.fail(p.pos, "unexpected "+strconv.QuoteRune(r))
	}
	if p.special != nil && (p.parts > 1 || p.divided) {
		return p.fail(p.specialPos, p.special.code+" is not on a proportional scale and cannot be multiplied or divided")
	}
	return nil
}

// term is components joined by . and /; only the whole code may begin with /.
func (p *parser) term(sign, depth int) error {
	if depth > MaxDepth {
		return p.fail(p.pos-1, fmt.Sprintf("parentheses more than %d deep", MaxDepth))
	}
	now := sign
	if depth == 0 && p.take('/') {
		now, p.divided = -sign, true
	}
	for {
		if err := p.component(now, depth); err != nil {
			return err
		}
		switch {
		case p.take('.'):
			now = sign
		case p.take('/'):
			now, p.divided = -sign, true
		default:
			return nil
		}
	}
}

func (p *parser) take(c byte) bool {
	if p.pos < len(p.code) && p.code[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) component(sign, depth int) error {
	start := p.pos
	switch {
	case p.take('('):
		if err := p.term(sign, depth+1); err != nil {
			return err
		}
		if !p.take(')') {
			return p.fail(start, "the parenthesis is not closed")
		}
		return nil
	case p.pos < len(p.code) && p.code[p.pos] == '{':
		return p.annotation()
	}
	p.pos = p.symbolEnd()
	text := p.code[start:p.pos]
	if text == "" {
		if start == len(p.code) {
			return p.fail(start, "a unit is missing at the end")
		}
		return p.fail(start, "a unit is missing before "+strconv.Quote(p.code[start:start+1]))
	}
	if err := p.symbol(start, text, sign); err != nil {
		return err
	}
	p.parts++
	if p.pos < len(p.code) && p.code[p.pos] == '{' {
		return p.annotation()
	}
	return nil
}

// symbolEnd is where the component must end: at an operator, a parenthesis or
// an annotation that is not within square brackets.
func (p *parser) symbolEnd() int {
	inside := false
	for i := p.pos; i < len(p.code); i++ {
		switch c := p.code[i]; {
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case !inside && strings.IndexByte("./(){}", c) >= 0:
			return i
		}
	}
	return len(p.code)
}

// symbol reads a number, or a prefix, atom and exponent.
func (p *parser) symbol(start int, text string, sign int) error {
	end := len(text)
	for end > 0 && text[end-1] >= '0' && text[end-1] <= '9' {
		end--
	}
	if end == 0 {
		if strings.Trim(text, "0") == "" {
			return p.fail(start, "zero is no unit")
		}
		q := quantity{bits: 4 * len(text)}
		if p.eval {
			n, _ := new(big.Int).SetString(text, 10)
			q.factor = new(big.Rat).SetInt(n)
		}
		return p.multiply(start, &q, sign)
	}
	exponent, digits := 1, text[end:]
	if digits != "" {
		n, err := strconv.Atoi(digits)
		if err != nil || n > MaxExponent {
			return p.fail(start+end, fmt.Sprintf("the exponent is greater than %d", MaxExponent))
		}
		exponent = n
		switch text[end-1] {
		case '-':
			exponent, end = -n, end-1
		case '+':
			end--
		}
	}
	pre, a := p.table.lookup(text[:end])
	if a == nil {
		return p.fail(start, strconv.Quote(text[:end])+" is not a unit")
	}
	if p.resolving {
		if err := p.table.resolve(a); err != nil {
			return err
		}
	}
	if a.function != "" {
		if digits != "" {
			return p.fail(start, a.code+" is not on a proportional scale and has no powers")
		}
		p.special, p.specialPrefix, p.specialPos = a, pre, start
	}
	if pre != "" {
		of := p.table.prefixes[pre]
		if err := p.multiply(start, &quantity{factor: of.factor, bits: of.bits}, sign*exponent); err != nil {
			return err
		}
	}
	return p.multiply(start, a.quantity, sign*exponent)
}

// multiply takes a power of q into the result.
func (p *parser) multiply(start int, q *quantity, n int) error {
	p.q.bits += q.bits * max(n, -n)
	if p.q.bits > maxBits {
		return p.fail(start, fmt.Sprintf("the factor of the unit has more than %d bits", maxBits))
	}
	if !p.eval {
		return nil
	}
	num, den := q.factor.Num(), q.factor.Denom()
	if n < 0 {
		num, den = den, num
	}
	k := big.NewInt(int64(max(n, -n)))
	p.q.factor.Mul(p.q.factor, new(big.Rat).SetFrac(new(big.Int).Exp(num, k, nil), new(big.Int).Exp(den, k, nil)))
	p.q.dim.add(q.dim, n)
	return nil
}

// annotation is text in braces, which has no meaning to UCUM.
func (p *parser) annotation() error {
	start := p.pos
	for i := start + 1; i < len(p.code); i++ {
		switch c := p.code[i]; {
		case c == '}':
			p.pos = i + 1
			return nil
		case c == '{' || c < '!' || c > '~':
			r, _ := utf8.DecodeRuneInString(p.code[i:])
			return p.fail(i, strconv.QuoteRune(r)+" may not stand in an annotation")
		}
	}
	return p.fail(start, "the annotation is not closed")
}

func (p *parser) fail(at int, reason string) error {
	return errs.New(errs.Invalid, "ucum.Parse",
		fmt.Sprintf("unit %q, character %d: %s", p.code, utf8.RuneCountInString(p.code[:at])+1, reason))
}
