package ucum

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Digits of results. Exact numbers are rounded only to fit a decimal128.
const (
	exactDigits = 34
	workDigits  = 60 // of logarithms and powers
	tanDigits   = 15
	maxValue    = 64  // characters of a value
	maxPower    = 999 // of ten, in a value and on a logarithmic scale
)

// Convert gives the value, a decimal number, in another unit of the same
// dimension. Results are exact where 34 digits hold them and else rounded to
// those, half to even; those of slopes have 15 digits. Errors are of kind
// Invalid: a value that is no number, units that are not UCUM or not
// comparable, values outside of a scale, such as below absolute zero.
func Convert(value, from, to string) (string, error) {
	x, err := decimal(value)
	if err != nil {
		return "", err
	}
	a, err := Parse(from)
	if err != nil {
		return "", err
	}
	b, err := Parse(to)
	if err != nil {
		return "", err
	}
	if !Comparable(a, b) {
		return "", invalid(fmt.Sprintf("%q cannot be converted to %q: their dimensions are %s and %s", from, to, a.dim, b.dim))
	}
	inBase, err := a.toBase(x)
	if err != nil {
		return "", err
	}
	result, err := b.fromBase(inBase)
	if err != nil {
		return "", err
	}
	digits := uint32(exactDigits)
	if a.special == "tanTimes100" || b.special == "tanTimes100" {
		digits = tanDigits
	}
	return format(result, digits)
}

func invalid(msg string) error { return errs.New(errs.Invalid, "ucum.Convert", msg) }

// decimal reads a number in plain or exponent notation.
func decimal(s string) (*big.Rat, error) {
	if len(s) > maxValue {
		return nil, invalid(fmt.Sprintf("a value of more than %d characters", maxValue))
	}
	i := 0
	digits := func() bool {
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > start
	}
	sign := func() {
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
	}
	sign()
	ok := digits()
	if ok && i < len(s) && s[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		start := i
		sign()
		ok = digits()
		if n, err := strconv.Atoi(s[start:i]); ok && (err != nil || max(n, -n) > maxPower) {
			return nil, invalid(fmt.Sprintf("the value's exponent is beyond %d", maxPower))
		}
	}
	if !ok || i != len(s) {
		return nil, invalid(fmt.Sprintf("the value is not a decimal number (character %d)", i+1))
	}
	r, err := number(s)
	if err != nil {
		return nil, invalid("the value is not a decimal number")
	}
	return r, nil
}

// The scales of special units. A temperature's zero is this many of its
// degrees above absolute zero; a logarithm's value is times*log_base.
var (
	zeros    = map[string]*big.Rat{"Cel": big.NewRat(27315, 100), "degF": big.NewRat(45967, 100), "degRe": big.NewRat(21852, 100)}
	logScale = map[string]struct {
		base  int64 // 0 is e
		times int64
	}{
		"ln": {0, 1}, "lg": {10, 1}, "lgTimes2": {10, 2}, "ld": {2, 1}, "pH": {10, -1},
		"hpX": {10, -1}, "hpC": {100, -1}, "hpM": {1000, -1}, "hpQ": {50000, -1},
	}
)

func knownFunction(name string) bool {
	_, isLog := logScale[name]
	return isLog || zeros[name] != nil || name == "sqrt" || name == "tanTimes100"
}

// toBase is a value of the unit in base units.
func (u Unit) toBase(x *big.Rat) (*big.Rat, error) {
	if u.special == "" {
		return new(big.Rat).Mul(x, u.factor), nil
	}
	x = new(big.Rat).Mul(x, u.prefix)
	if zero := zeros[u.special]; zero != nil {
		return x.Mul(x.Add(x, zero), u.factor), u.aboveZero(x)
	}
	switch u.special {
	case "sqrt":
		if x.Sign() < 0 {
			return nil, invalid("a value of " + u.code + " is not negative")
		}
		x.Mul(x, x)
	case "tanTimes100":
		f, _ := x.Float64()
		return fromFloat(math.Atan(f / 100))
	default:
		scale := logScale[u.special]
		x.Quo(x, new(big.Rat).SetInt64(scale.times))
		if x.Cmp(big.NewRat(maxPower, 1)) > 0 || x.Cmp(big.NewRat(-maxPower, 1)) < 0 {
			return nil, invalid("the value is beyond what is computed on the scale of " + u.code)
		}
		err := compute(x, func(c *apd.Context, d *apd.Decimal) error {
			if scale.base == 0 {
				_, err := c.Exp(d, d)
				return err
			}
			_, err := c.Pow(d, apd.New(scale.base, 0), new(apd.Decimal).Set(d))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return x.Mul(x, u.factor), nil
}

// fromBase is the reverse of toBase.
func (u Unit) fromBase(x *big.Rat) (*big.Rat, error) {
	if u.special == "tanTimes100" {
		f, _ := x.Float64()
		if math.Abs(f) >= math.Pi/2 {
			return nil, invalid("an angle of a right angle or more has no slope")
		}
		y, err := fromFloat(100 * math.Tan(f))
		if err != nil {
			return nil, err
		}
		return y.Quo(y, u.prefix), nil
	}
	y := new(big.Rat).Quo(x, u.factor)
	if u.special == "" {
		return y, nil
	}
	if zero := zeros[u.special]; zero != nil {
		if err := u.aboveZero(y); err != nil {
			return nil, err
		}
		return y.Quo(y.Sub(y, zero), u.prefix), nil
	}
	scale, isLog := logScale[u.special]
	if y.Sign() < 0 || isLog && y.Sign() == 0 {
		return nil, invalid("the value has no place on the scale of " + u.code)
	}
	err := compute(y, func(c *apd.Context, d *apd.Decimal) error {
		if !isLog {
			_, err := c.Sqrt(d, d)
			return err
		}
		if scale.base == 0 {
			_, err := c.Ln(d, d)
			return err
		}
		if _, err := c.Log10(d, d); err != nil || scale.base == 10 {
			return err
		}
		var per apd.Decimal
		if _, err := c.Log10(&per, apd.New(scale.base, 0)); err != nil {
			return err
		}
		_, err := c.Quo(d, d, &per)
		return err
	})
	if err != nil {
		return nil, err
	}
	if isLog {
		y.Mul(y, new(big.Rat).SetInt64(scale.times))
	}
	return y.Quo(y, u.prefix), nil
}

// aboveZero checks a temperature, in degrees above absolute zero.
func (u Unit) aboveZero(kelvins *big.Rat) error {
	if kelvins.Sign() < 0 {
		return invalid("a temperature below absolute zero")
	}
	return nil
}

// compute applies a function of decimals to x, with workDigits.
func compute(x *big.Rat, f func(*apd.Context, *apd.Decimal) error) error {
	c := apd.BaseContext.WithPrecision(workDigits)
	d, err := toDecimal(c, x)
	if err != nil {
		return err
	}
	if err := f(c, d); err != nil {
		return errs.Wrap(errs.Invalid, "ucum.Convert", "the value cannot be computed on the unit's scale", err)
	}
	if _, ok := x.SetString(d.Text('E')); !ok {
		return errs.New(errs.Internal, "ucum.Convert", "a computed number is not one")
	}
	return nil
}

func toDecimal(c *apd.Context, x *big.Rat) (*apd.Decimal, error) {
	d := new(apd.Decimal)
	num := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(x.Num()), 0)
	den := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(x.Denom()), 0)
	if _, err := c.Quo(d, num, den); err != nil {
		return nil, errs.Wrap(errs.Invalid, "ucum.Convert", "the value is out of range", err)
	}
	return d, nil
}

func fromFloat(f float64) (*big.Rat, error) {
	r := new(big.Rat)
	if r.SetFloat64(f) == nil {
		return nil, invalid("the value is out of range")
	}
	return r, nil
}

// format writes a number, in plain notation unless that is long.
func format(x *big.Rat, digits uint32) (string, error) {
	c := apd.BaseContext.WithPrecision(digits)
	c.Rounding = apd.RoundHalfEven
	d, err := toDecimal(c, x)
	if err != nil {
		return "", err
	}
	d.Reduce(d)
	if n := int64(d.Exponent) + d.NumDigits(); n > 40 || n < -20 {
		return d.Text('E'), nil
	}
	return d.Text('f'), nil
}
