package jsonb

import "encoding/binary"

// The header of a numeric in its short form: the sign, the digits after the point
// from bit 7, and the weight of the first digit of base 10,000 in seven bits.
const (
	numericShort    = 0x8000
	numericNegative = 0x2000
	scaleShift      = 7
	weightMask      = 0x7f
)

// numeric writes a number of at most maxInteger digits before and maxFraction
// after the point as a numeric with its length.
func (w *Writer) numeric(text []byte) {
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	integer, fraction := text, []byte(nil)
	for i, c := range text {
		if c == '.' {
			integer, fraction = text[:i], text[i+1:]
			break
		}
	}
	start := len(w.out)
	w.out = append(w.out, 0, 0, 0, 0, 0, 0) // the length and the header
	weight := (len(integer)+3)/4 - 1
	for len(integer) > 0 {
		n := (len(integer)-1)%4 + 1
		weight = w.digit(start, weight, integer[:n], 0)
		integer = integer[n:]
	}
	for f := fraction; len(f) > 0; {
		n := min(4, len(f))
		weight = w.digit(start, weight, f[:n], 4-n)
		f = f[n:]
	}
	for end := len(w.out); end > start+6 && w.out[end-1] == 0 && w.out[end-2] == 0; end -= 2 {
		w.out = w.out[:end-2]
	}
	header := numericShort | len(fraction)<<scaleShift
	if len(w.out) > start+6 { // of zero neither has a meaning
		header |= weight & weightMask
		if negative {
			header |= numericNegative
		}
	}
	binary.LittleEndian.PutUint32(w.out[start:], uint32(len(w.out)-start)<<2)
	binary.LittleEndian.PutUint16(w.out[start+4:], uint16(header))
}

// digit writes a digit of base 10,000, of which decimals with zeros after them are
// given. A zero in front is left out, and takes one from the weight.
func (w *Writer) digit(start, weight int, decimals []byte, zeros int) int {
	n := 0
	for _, c := range decimals {
		n = 10*n + int(c-'0')
	}
	for range zeros {
		n *= 10
	}
	if n == 0 && len(w.out) == start+6 {
		return weight - 1
	}
	w.out = binary.LittleEndian.AppendUint16(w.out, uint16(n))
	return weight
}
