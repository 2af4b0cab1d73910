package rm

// StrictlyComparable reports whether two DV_ORDERED values are of one kind, so
// that the one can be less than the other: the same class, and for a
// DV_QUANTITY the same units and units system, for a DV_PROPORTION the same
// type, for ordinals and scales symbols of one terminology.
func StrictlyComparable(a, b *Node) bool {
	if a == nil || b == nil || a.Class != b.Class || !a.Class.IsA(ClassDVOrdered) {
		return false
	}
	switch a.Class {
	case ClassDVQuantity:
		return a.String("units") == b.String("units") && a.String("units_system") == b.String("units_system")
	case classDVProportion:
		return a.String("type") == b.String("type")
	case classDVOrdinal, classDVScale:
		return a.String("symbol", "defining_code", "terminology_id", "value") ==
			b.String("symbol", "defining_code", "terminology_id", "value")
	}
	return true
}

// Compare orders two DV_ORDERED values: negative, zero or positive as usual. It
// reports false when they are not strictly comparable, when a value is missing
// or malformed, and when partial dates or absent offsets leave the order
// uncertain.
func Compare(a, b *Node) (order int, ok bool) {
	if !StrictlyComparable(a, b) {
		return 0, false
	}
	switch a.Class {
	case ClassDVDate:
		return compareTemporal(ParseDate, a, b)
	case ClassDVTime:
		return compareTemporal(ParseTime, a, b)
	case ClassDVDateTime:
		return compareTemporal(ParseDateTime, a, b)
	case ClassDVDuration:
		x, err := ParseDuration(a.String("value"))
		if err != nil {
			return 0, false
		}
		y, err := ParseDuration(b.String("value"))
		if err != nil {
			return 0, false
		}
		return x.Compare(y), true
	case classDVCount:
		x, okX := a.Get("magnitude").Int()
		y, okY := b.Get("magnitude").Int()
		switch {
		case x < y:
			order = -1
		case x > y:
			order = 1
		}
		return order, okX && okY
	}
	x, okX := magnitude(a)
	y, okY := magnitude(b)
	switch {
	case x < y:
		order = -1
	case x > y:
		order = 1
	}
	return order, okX && okY
}

// magnitude is the number that a quantity, proportion, ordinal or scale is
// ordered by.
func magnitude(n *Node) (float64, bool) {
	switch n.Class {
	case ClassDVQuantity:
		return n.Get("magnitude").Float()
	case classDVProportion:
		num, ok1 := n.Get("numerator").Float()
		den, ok2 := n.Get("denominator").Float()
		if !ok1 || !ok2 || den == 0 {
			return 0, false
		}
		return num / den, true
	}
	return n.Get("value").Float()
}

func compareTemporal(parse func(string) (Temporal, error), a, b *Node) (int, bool) {
	x, err := parse(a.String("value"))
	if err != nil {
		return 0, false
	}
	y, err := parse(b.String("value"))
	if err != nil {
		return 0, false
	}
	return x.Compare(y)
}

var (
	classDVProportion = mustLookup("DV_PROPORTION")
	classDVOrdinal    = mustLookup("DV_ORDINAL")
	classDVScale      = mustLookup("DV_SCALE")
	classDVCount      = mustLookup("DV_COUNT")
)

// within reports whether a value lies in an interval of comparable limits. It
// reports false as its second result where that is not certain.
func within(v, interval *Node) (inside, known bool) {
	inside = true
	if lower := interval.Get("lower"); lower != nil {
		order, ok := Compare(lower, v)
		if !ok {
			return false, false
		}
		included, _ := interval.Get("lower_included").Bool()
		inside = order < 0 || order == 0 && included
	}
	if upper := interval.Get("upper"); upper != nil {
		order, ok := Compare(v, upper)
		if !ok {
			return false, false
		}
		included, _ := interval.Get("upper_included").Bool()
		inside = inside && (order < 0 || order == 0 && included)
	}
	return inside, true
}
