package contribution

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/jsonplace"
)

// readCut decodes a contribution. The data of its versions, nearly all of the body,
// is cut out before, so that it is neither checked nor copied here: what decodes it
// does both. Where cut is true, invalid data has not been found yet, unless it will
// not be decoded at all.
func readCut(raw []byte) (body changeSet, cut bool, err error) {
	envelope, data, cut := cutData(raw)
	if cut && decode(envelope, &body) == nil && body.restore(data) {
		return body, true, nil
	}
	body = changeSet{}
	return body, false, decode(raw, &body)
}

func decode(raw []byte, body *changeSet) error {
	if err := jsonv2.Unmarshal(raw, body, jsonv2.RejectUnknownMembers(true)); err != nil {
		return errs.Wrap(errs.Invalid, "contribution.read", "the body is not a contribution"+jsonplace.Of(err), err)
	}
	return nil
}

// WholeFault is the error for a body whose data was cut out: one that is no JSON
// is refused as such, whatever else is wrong with it.
func WholeFault(raw []byte, err error) error {
	var body changeSet
	if whole := decode(raw, &body); whole != nil {
		return whole
	}
	return err
}

// restore puts the data back where its numbers stand.
func (b *changeSet) restore(data []jsontext.Value) bool {
	for i := range b.Versions {
		v := &b.Versions[i]
		if len(v.Data) == 0 {
			continue
		}
		n, err := strconv.Atoi(string(v.Data))
		if err != nil || n >= len(data) {
			return false
		}
		v.Data = data[n]
		change := 0
		if v.Audit != nil {
			change, _ = codeValue(v.Audit.ChangeType, "") // what is wrong with it is said by auditInput
		}
		if (change == ehr.ChangeDeleted || change == ehr.ChangeAttestation || v.Type == "IMPORTED_VERSION") && !v.Data.IsValid() {
			return false
		}
	}
	return true
}

// cutData replaces data of versions by numbers that count from 0. It only finds
// out where values end, and checks nothing: a body that it misunderstands is no
// JSON, and either what is left of it or the data is not.
func cutData(raw []byte) (envelope []byte, data []jsontext.Value, ok bool) {
	c := cutter{raw: raw}
	c.members(func(name []byte) {
		if string(name) != "versions" || c.peek() != '[' {
			c.value()
			return
		}
		c.elements(func() {
			if c.peek() != '{' {
				c.value()
				return
			}
			c.members(func(name []byte) {
				start := c.at
				c.value()
				if string(name) == "data" && !c.failed {
					c.out = append(c.out, raw[c.done:start]...)
					c.out = strconv.AppendInt(c.out, int64(len(c.data)), 10)
					c.data = append(c.data, raw[start:c.at:c.at])
					c.done = c.at
				}
			})
		})
	})
	if c.failed || len(c.data) == 0 {
		return nil, nil, false
	}
	return append(c.out, raw[c.done:]...), c.data, true
}

// cutter walks through a JSON text.
type cutter struct {
	raw    []byte
	at     int
	failed bool

	done int // so much of raw is in out
	out  []byte
	data []jsontext.Value
}

// peek is the next byte that is no blank; 0 at the end.
func (c *cutter) peek() byte {
	for ; c.at < len(c.raw); c.at++ {
		switch c.raw[c.at] {
		case ' ', '\t', '\n', '\r':
		default:
			return c.raw[c.at]
		}
	}
	return 0
}

// next takes the next byte if it is the one wanted.
func (c *cutter) next(want byte) bool {
	if c.failed || c.peek() != want {
		return false
	}
	c.at++
	return true
}

// members walks through an object; visit stands at each value and passes it. A
// name with a backslash could be any name, so that the walk fails.
func (c *cutter) members(visit func(name []byte)) {
	if !c.next('{') {
		c.failed = true
		return
	}
	for !c.next('}') {
		if c.peek() != '"' {
			c.failed = true
			return
		}
		start := c.at + 1
		c.text()
		if c.failed || bytes.IndexByte(c.raw[start:c.at], '\\') >= 0 {
			c.failed = true
			return
		}
		name := c.raw[start : c.at-1]
		if !c.next(':') {
			c.failed = true
			return
		}
		c.peek()
		visit(name)
		if !c.next(',') && (c.failed || c.peek() != '}') {
			c.failed = true
			return
		}
	}
}

// elements walks through an array in the same way.
func (c *cutter) elements(visit func()) {
	if !c.next('[') {
		c.failed = true
		return
	}
	for !c.next(']') {
		visit()
		if !c.next(',') && (c.failed || c.peek() != ']') {
			c.failed = true
			return
		}
	}
}

// text passes a string.
func (c *cutter) text() {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	raw, i := c.raw, c.at+1
	for {
		// Eight bytes at a time, most strings being short: a bit for each quote and
		// backslash, of which the lowest is right.
		for len(raw)-i >= 8 {
			w := binary.LittleEndian.Uint64(raw[i:])
			q, b := w^(ones*'"'), w^(ones*'\\')
			if found := ((q-ones)&^q | (b-ones)&^b) & highs; found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(raw) {
			c.failed = true
			return
		}
		switch raw[i] {
		case '"':
			c.at = i + 1
			return
		case '\\':
			i++
		}
		i++
	}
}

// value passes a value.
func (c *cutter) value() {
	c.peek()
	depth := 0
	for !c.failed {
		if c.at >= len(c.raw) {
			c.failed = true
			return
		}
		switch b := c.raw[c.at]; b {
		case '"':
			c.text()
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			depth--
			c.at++
			if depth < 0 {
				c.failed = true // there is no value
				return
			}
		default:
			start := c.at
			for c.at < len(c.raw) && isPlain[c.raw[c.at]] {
				c.at++
			}
			if c.at > start {
				break // a number or literal
			}
			if depth == 0 {
				c.failed = true
				return
			}
			c.at++ // what stands between values
		}
		if depth == 0 {
			return
		}
	}
}

// isPlain marks the bytes of which numbers and literals are made.
var isPlain = func() (t [256]bool) {
	for b := range t {
		t[b] = b > ' '
	}
	for _, b := range []byte(`"{}[],:`) {
		t[b] = false
	}
	return t
}()
