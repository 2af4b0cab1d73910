package store

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Of the search values of a resource two things are in columns of their own, for the
// indexes: whether there is an identifier, and the rank of its numbers, as
// fhir_number has it (migrations/0035_fhir_search.up.sql).
const (
	paramIdentifier = "identifier"
	paramValue      = "value-quantity"
	paramComponent  = "component-value-quantity"
)

// maxRanked is how many components are looked at: with more, as with a value beside
// components, the rank is the highest.
const maxRanked = 8

// ranking gathers the rank of the values of a resource, which come in their order.
type ranking struct {
	value, component    int32
	values, components  int
	valued, componented bool // there is a number
}

func (r *ranking) add(param, number string) {
	switch param {
	case paramValue:
		if r.values++; r.values == 1 && number != "" {
			r.value, r.valued = rank(number), true
		}
	case paramComponent:
		if r.components++; r.components > maxRanked || number == "" {
			return
		}
		if n := rank(number); !r.componented || n > r.component {
			r.component, r.componented = n, true
		}
	}
}

// of gives the rank; false for a resource without numbers.
func (r *ranking) of() (int32, bool) {
	switch {
	case r.components == 0:
		return r.value, r.valued
	case r.values > 0 || r.components > maxRanked:
		return math.MaxInt32, true
	}
	return r.component, r.componented
}

// rank is the hundredths of a decimal, cut off where they are too large: fhir_rank.
func rank(n string) int32 {
	if hundredths, ok := shortRank(n); ok {
		return hundredths
	}
	if _, exponent, found := strings.Cut(strings.ToLower(n), "e"); found {
		// An exponent beyond those of numeric must not be written out.
		if e, err := strconv.Atoi(exponent); err != nil || e > 1<<17 || e < -1<<15 {
			return extreme(strings.HasPrefix(n, "-"), strings.HasPrefix(exponent, "-") || !strings.ContainsAny(n[:len(n)-len(exponent)-1], "123456789"))
		}
	}
	x, ok := new(big.Rat).SetString(n)
	if !ok {
		return math.MaxInt32 // looked at whatever is asked for
	}
	x.Mul(x, big.NewRat(100, 1))
	whole := new(big.Int).Div(x.Num(), x.Denom()) // towards minus infinity, since the denominator is positive
	switch {
	case whole.Cmp(big.NewInt(math.MaxInt32)) > 0:
		return math.MaxInt32
	case whole.Cmp(big.NewInt(math.MinInt32)) < 0:
		return math.MinInt32
	}
	return int32(whole.Int64())
}

// extreme is the rank of a number beyond all exponents, or so small that it is next to zero.
func extreme(negative, small bool) int32 {
	switch {
	case small && negative:
		return -1
	case small:
		return 0
	case negative:
		return math.MinInt32
	}
	return math.MaxInt32
}

// shortRank is the rank of a number in few digits without exponent, as nearly all are.
func shortRank(n string) (int32, bool) {
	digits := strings.TrimPrefix(n, "-")
	if digits == "" || len(digits) > 12 {
		return 0, false
	}
	var hundredths int64
	places, more := -1, false // after the point, and something beyond the second
	for i := range len(digits) {
		c := digits[i]
		switch {
		case c == '.' && places < 0:
			places = 0
			continue
		case c < '0' || c > '9':
			return 0, false
		}
		if places >= 2 {
			more = more || c != '0'
			continue
		}
		hundredths = hundredths*10 + int64(c-'0')
		if places >= 0 {
			places++
		}
	}
	for range 2 - max(places, 0) {
		hundredths *= 10
	}
	if len(digits) < len(n) {
		hundredths = -hundredths
		if more {
			hundredths--
		}
	}
	return int32(min(max(hundredths, math.MinInt32), math.MaxInt32)), true
}
