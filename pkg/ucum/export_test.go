package ucum

import "math/big"

// Factor is the exact number of base units (m, s, g, rad, K, C, cd and the
// arbitrary units) that make one of the unit. It is false for a special unit
// such as Cel or [pH], whose values are not proportional to any. The number
// of entities, mol, and the angle's number [pi] have the values of UCUM's table.
func (u Unit) Factor() (*big.Rat, bool) {
	if u.factor == nil || u.special != "" {
		return nil, false
	}
	return new(big.Rat).Set(u.factor), true
}

// Special reports whether the unit's scale is not proportional to that of the
// base units: temperatures with their own zero, logarithms, slopes.
func (u Unit) Special() bool { return u.special != "" }
