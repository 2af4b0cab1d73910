// Package jsonb writes JSON in the form in which PostgreSQL keeps a jsonb value
// (src/include/utils/jsonb.h), so that the database need not parse it. What it
// writes is byte for byte what the database's own input function makes of the
// same text; what it cannot write so is an error and is left to the database.
//
// Bytes of this form are believed by the database without a check. They may only
// be sent to one that has been seen to use it: see Probe.
package jsonb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxText is the longest text that is taken, in bytes, and MaxDepth how deep its
// values may be nested.
const (
	MaxText  = 32 << 20
	MaxDepth = 512
)

// The header of a container: its kind beside the number of its members.
const (
	isObject = 0x20000000
	isArray  = 0x40000000
)

// An entry of a container: the type of a member with its length or, for every
// stride'th, the offset of its end.
const (
	isString    = 0x00000000
	isNumeric   = 0x10000000
	isFalse     = 0x20000000
	isTrue      = 0x30000000
	isNull      = 0x40000000
	isContainer = 0x50000000

	lengthMask = 0x0fffffff
	typeMask   = 0x70000000
	hasOffset  = 0x80000000
	stride     = 32
)

// Digits that a number may have before and after its point. All such numbers
// have the short form of numeric.
const (
	maxInteger  = 200
	maxFraction = 60
)

// errSyntax is wrapped by all errors of texts that are no JSON.
var errSyntax = errors.New("not a JSON object")

// Writer holds memory that is used for one text after the other. The zero Writer
// is ready for use, by one goroutine at a time.
type Writer struct {
	text     []byte
	at       int
	nodes    []node
	unquoted []byte // strings that had escapes
	pairs    []pair

	out    []byte
	origin int // where the value begins in out, from which it is aligned
}

type nodeKind uint8

const (
	nodeString   nodeKind = iota // start and end are its place in the text
	nodeUnquoted                 // the same in unquoted
	nodeNumber                   // the same in the text
	nodeObject                   // start is the number of members, which follow
	nodeArray
	nodeTrue
	nodeFalse
	nodeNull
)

// node is a value of the text, or a key, which stands before its value. All that
// belongs to a container stands between it and next.
type node struct {
	kind       nodeKind
	start, end int32
	next       int32
}

type pair struct {
	key   []byte
	value int32
}

// Append appends the jsonb value, without the length in front of it, of a text
// that is a JSON object. With an error dst is unchanged up to its length.
//
// An error does not say that the database would refuse the text: numbers with
// an exponent or very many digits are not taken.
func (w *Writer) Append(dst, text []byte) ([]byte, error) {
	if len(text) > MaxText {
		return dst, fmt.Errorf("a text of %d bytes is too long", len(text))
	}
	if !utf8.Valid(text) {
		return dst, fmt.Errorf("%w: not UTF-8", errSyntax)
	}
	w.text, w.at, w.nodes, w.unquoted, w.pairs = text, 0, w.nodes[:0], w.unquoted[:0], w.pairs[:0]
	defer w.forget()
	w.blanks()
	if w.peek() != '{' {
		return dst, w.wrong()
	}
	if err := w.scan(0); err != nil {
		return dst, err
	}
	w.blanks()
	if w.at < len(text) {
		return dst, w.wrong()
	}
	w.out, w.origin = dst, len(dst)
	w.container(0)
	return w.out, nil
}

// forget lets go of what belongs to the caller.
func (w *Writer) forget() {
	clear(w.pairs[:cap(w.pairs)])
	w.text, w.out = nil, nil
}

func (w *Writer) wrong() error { return fmt.Errorf("%w at byte %d", errSyntax, w.at) }

func (w *Writer) blanks() {
	for w.at < len(w.text) && w.text[w.at] <= ' ' {
		switch w.text[w.at] {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return
		}
	}
}

// peek is the next byte; 0 at the end.
func (w *Writer) peek() byte {
	if w.at < len(w.text) {
		return w.text[w.at]
	}
	return 0
}

// scan takes in a value.
func (w *Writer) scan(depth int) error {
	switch c := w.peek(); c {
	case '"':
		return w.scanString()
	case '{', '[':
		if depth == MaxDepth {
			return fmt.Errorf("values nested more than %d deep", MaxDepth)
		}
		return w.scanContainer(c, depth)
	case 't':
		return w.word("true", nodeTrue)
	case 'f':
		return w.word("false", nodeFalse)
	case 'n':
		return w.word("null", nodeNull)
	default:
		return w.scanNumber()
	}
}

func (w *Writer) word(word string, kind nodeKind) error {
	if !bytes.HasPrefix(w.text[w.at:], []byte(word)) {
		return w.wrong()
	}
	w.at += len(word)
	w.add(kind, 0, 0)
	return nil
}

func (w *Writer) add(kind nodeKind, start, end int) {
	w.nodes = append(w.nodes, node{kind, int32(start), int32(end), int32(len(w.nodes) + 1)})
}

func (w *Writer) scanContainer(open byte, depth int) error {
	kind, end := nodeObject, byte('}')
	if open == '[' {
		kind, end = nodeArray, ']'
	}
	self, members := len(w.nodes), int32(0)
	w.add(kind, 0, 0)
	w.at++
	w.blanks()
	if w.peek() == end {
		w.at++
		return nil
	}
	for {
		if kind == nodeObject {
			if w.peek() != '"' {
				return w.wrong()
			}
			if err := w.scanString(); err != nil {
				return err
			}
			w.blanks()
			if w.peek() != ':' {
				return w.wrong()
			}
			w.at++
			w.blanks()
		}
		if err := w.scan(depth + 1); err != nil {
			return err
		}
		members++
		w.blanks()
		switch w.peek() {
		case ',':
			w.at++
			w.blanks()
		case end:
			w.at++
			w.nodes[self].start, w.nodes[self].next = members, int32(len(w.nodes))
			return nil
		default:
			return w.wrong()
		}
	}
}

// plain tells the bytes that stand for themselves in a string.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

func (w *Writer) scanString() error {
	w.at++
	start := w.at
	w.at = afterPlain(w.text, start)
	switch w.peek() {
	case '"':
		w.add(nodeString, start, w.at)
		w.at++
		return nil
	case '\\':
		return w.unquote(start)
	}
	return w.wrong()
}

// afterPlain is where the bytes end that stand for themselves.
func afterPlain(text []byte, at int) int {
	for at+8 <= len(text) {
		if n := special(binary.LittleEndian.Uint64(text[at:])); n != 0 {
			return at + bits.TrailingZeros64(n)/8
		}
		at += 8
	}
	for at < len(text) && plain[text[at]] {
		at++
	}
	return at
}

// special has the high bit of the first byte that does not stand for itself set,
// and no bit before it.
func special(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := x^ones*'"', x^ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x) & highs
}

// unquote takes in a string of which the beginning has no escapes.
func (w *Writer) unquote(start int) error {
	from := len(w.unquoted)
	for {
		w.unquoted = append(w.unquoted, w.text[start:w.at]...)
		switch w.peek() {
		case '"':
			w.add(nodeUnquoted, from, len(w.unquoted))
			w.at++
			return nil
		case '\\':
			w.at++
		default:
			return w.wrong()
		}
		switch c := w.peek(); c {
		case '"', '\\', '/':
			w.unquoted = append(w.unquoted, c)
		case 'b':
			w.unquoted = append(w.unquoted, '\b')
		case 'f':
			w.unquoted = append(w.unquoted, '\f')
		case 'n':
			w.unquoted = append(w.unquoted, '\n')
		case 'r':
			w.unquoted = append(w.unquoted, '\r')
		case 't':
			w.unquoted = append(w.unquoted, '\t')
		case 'u':
			r, ok := w.hex()
			if ok && utf16.IsSurrogate(r) {
				var low rune
				if w.at++; w.peek() == '\\' {
					if w.at++; w.peek() == 'u' {
						low, ok = w.hex()
						r = utf16.DecodeRune(r, low)
					}
				}
				ok = ok && low != 0 && r != utf8.RuneError
			}
			if !ok || r == 0 { // texts of the database have no NUL
				return w.wrong()
			}
			w.unquoted = utf8.AppendRune(w.unquoted, r)
		default:
			return w.wrong()
		}
		w.at++
		start = w.at
		w.at = afterPlain(w.text, start)
	}
}

// hex reads the four digits after a u and stays on the last.
func (w *Writer) hex() (r rune, ok bool) {
	if w.at+4 >= len(w.text) {
		return 0, false
	}
	for range 4 {
		w.at++
		c := w.text[w.at]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func (w *Writer) scanNumber() error {
	start := w.at
	if w.peek() == '-' {
		w.at++
	}
	zero := w.peek() == '0'
	n := w.digits()
	if n == 0 || zero && n > 1 {
		return w.wrong()
	}
	fraction := 0
	if w.peek() == '.' {
		w.at++
		if fraction = w.digits(); fraction == 0 {
			return w.wrong()
		}
	}
	if c := w.peek(); n > maxInteger || fraction > maxFraction || c == 'e' || c == 'E' {
		return fmt.Errorf("a number with an exponent or too many digits at byte %d", start)
	}
	w.add(nodeNumber, start, w.at)
	return nil
}

func (w *Writer) digits() int {
	start := w.at
	for w.at < len(w.text) && w.text[w.at]-'0' <= 9 {
		w.at++
	}
	return w.at - start
}

func (w *Writer) bytes(n *node) []byte {
	if n.kind == nodeUnquoted {
		return w.unquoted[n.start:n.end]
	}
	return w.text[n.start:n.end]
}

// value writes a value and gives its entry with the length.
func (w *Writer) value(i int32) uint32 {
	n := &w.nodes[i]
	switch n.kind {
	case nodeString, nodeUnquoted:
		w.out = append(w.out, w.bytes(n)...)
		return isString | uint32(n.end-n.start)
	case nodeNumber:
		start := len(w.out)
		w.align()
		w.numeric(w.text[n.start:n.end])
		return isNumeric | uint32(len(w.out)-start)
	case nodeTrue:
		return isTrue
	case nodeFalse:
		return isFalse
	case nodeNull:
		return isNull
	}
	start := len(w.out)
	w.align()
	w.container(i)
	return isContainer | uint32(len(w.out)-start)
}

func (w *Writer) align() {
	for (len(w.out)-w.origin)%4 != 0 {
		w.out = append(w.out, 0)
	}
}

func (w *Writer) container(i int32) {
	n := &w.nodes[i]
	if n.kind == nodeArray {
		w.array(i+1, int(n.start))
		return
	}
	first := len(w.pairs)
	for k := i + 1; k < n.next; {
		key := &w.nodes[k]
		w.pairs = append(w.pairs, pair{w.bytes(key), k + 1})
		k = w.nodes[k+1].next
	}
	w.object(unique(w.pairs[first:]))
	w.pairs = w.pairs[:first]
}

// object writes an object: all keys and then all values.
func (w *Writer) object(pairs []pair) {
	entries := w.head(isObject|uint32(len(pairs)), 2*len(pairs))
	total := uint32(0)
	for k := range pairs {
		w.out = append(w.out, pairs[k].key...)
		entries = w.entry(entries, k, isString|uint32(len(pairs[k].key)), &total)
	}
	for k := range pairs {
		entries = w.entry(entries, k+len(pairs), w.value(pairs[k].value), &total)
	}
}

func (w *Writer) array(i int32, members int) {
	entries := w.head(isArray|uint32(members), members)
	total := uint32(0)
	for k := range members {
		entries = w.entry(entries, k, w.value(i), &total)
		i = w.nodes[i].next
	}
}

// head writes the header of a container with room for its entries, and says where
// the first stands.
func (w *Writer) head(header uint32, entries int) (at int) {
	w.out = binary.LittleEndian.AppendUint32(w.out, header)
	at = len(w.out)
	w.out = slices.Grow(w.out, 4*entries)[:at+4*entries]
	return at
}

// entry writes the k'th entry of a container and says where the next stands.
func (w *Writer) entry(at, k int, entry uint32, total *uint32) int {
	*total += entry & lengthMask
	if k%stride == 0 {
		entry = entry&typeMask | *total | hasOffset
	}
	binary.LittleEndian.PutUint32(w.out[at:], entry)
	return at + 4
}

// unique sorts keys by length and then by bytes, and leaves of equal ones the
// last.
func unique(pairs []pair) []pair {
	if len(pairs) > 24 {
		slices.SortStableFunc(pairs, func(a, b pair) int {
			if len(a.key) != len(b.key) {
				return len(a.key) - len(b.key)
			}
			return bytes.Compare(a.key, b.key)
		})
	} else {
		for i := 1; i < len(pairs); i++ {
			p, k := pairs[i], i
			for ; k > 0 && less(p.key, pairs[k-1].key); k-- {
				pairs[k] = pairs[k-1]
			}
			pairs[k] = p
		}
	}
	n := 0
	for i := range pairs {
		if n > 0 && bytes.Equal(pairs[n-1].key, pairs[i].key) {
			n--
		}
		pairs[n] = pairs[i]
		n++
	}
	return pairs[:n]
}

func less(a, b []byte) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return bytes.Compare(a, b) < 0
}
