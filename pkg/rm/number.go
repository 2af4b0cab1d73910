package rm

import (
	"math"
	"strconv"
	"strings"
)

// Int is the value of an Integer or Integer64 leaf. It reports false for any
// other node and for nil.
func (n *Node) Int() (int64, bool) {
	if n == nil || n.Class == nil || n.Class.Primitive != IntegerPrimitive {
		return 0, false
	}
	return parseInteger(n.Text)
}

// Float is the value of a numeric leaf as a double. It reports false for any
// other node and for nil.
func (n *Node) Float() (float64, bool) {
	if n == nil || n.Class == nil || n.Class.Primitive != IntegerPrimitive && n.Class.Primitive != RealPrimitive {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.Text, 64)
	return f, err == nil
}

// Bool is the value of a Boolean leaf. It reports false for any other node and
// for nil.
func (n *Node) Bool() (value, ok bool) {
	if n == nil || n.Class == nil || n.Class.Primitive != BooleanPrimitive {
		return false, false
	}
	return n.Text == "true", true
}

// parseInteger reads an integer that may be written with a fraction or exponent
// as long as its value is integral and fits 64 bits.
func parseInteger(s string) (int64, bool) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, true
	}
	if !strings.ContainsAny(s, ".eE") {
		return 0, false
	}
	// Exact decimal arithmetic on the digits: a double would lose the last
	// digits of large integers.
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 400 || e < -400 {
			return 0, strings.Trim(s[:i], "-0.") == "" && s != "" && i > 0
		}
		mantissa, exponent = s[:i], e
	}
	negative := strings.HasPrefix(mantissa, "-")
	mantissa = strings.TrimPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	exponent -= len(fraction)
	for exponent < 0 && strings.HasSuffix(digits, "0") {
		digits, exponent = digits[:len(digits)-1], exponent+1
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return 0, true
	}
	if exponent < 0 || len(digits)+exponent > 19 {
		return 0, false
	}
	digits += strings.Repeat("0", exponent)
	if negative {
		digits = "-" + digits
	}
	i, err := strconv.ParseInt(digits, 10, 64)
	return i, err == nil
}

// realInRange reports whether a JSON number is finite as a double and not so
// small that a double takes it for zero.
func realInRange(s string) bool {
	if len(s) <= 300 && strings.IndexByte(s, 'e') < 0 && strings.IndexByte(s, 'E') < 0 {
		return true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return false
	}
	if f != 0 {
		return true
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	return strings.Trim(mantissa, "-0.") == ""
}
