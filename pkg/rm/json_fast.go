package rm

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// fast does what scan does for most documents, in a third of the time. It gives
// up on whatever is wrong, beyond a limit or uncommon (an escaped name, an escape
// by number), and does not see that a name stands twice in one object: scan has
// the last word on all these.
func (s *scanner) fast(data []byte, lim Limits) bool {
	s.values = append(s.values[:0], rawValue{})
	s.stack = s.stack[:0]
	s.nodes, s.members, s.elements = 0, 0, 0
	if len(data) > lim.Bytes {
		return false
	}
	// name is that of the next value, none in an array.
	var name rawValue
	i := blanks(data, 0)
value:
	if i >= len(data) {
		return false
	}
	switch c := data[i]; c {
	case '{', '[':
		if len(s.stack) >= lim.Depth {
			return false
		}
		object := c == '{'
		if object {
			if s.nodes++; s.nodes > lim.Nodes {
				return false
			}
		}
		name.kind = c
		at := s.link(&name)
		if s.crowded(lim) {
			return false
		}
		s.stack = append(s.stack, scanFrame{value: at, object: object})
		if i = blanks(data, i+1); i >= len(data) {
			return false
		}
		switch {
		case data[i] == c+2: // the closing bracket
			i++
			goto closed
		case object:
			goto member
		}
		name = rawValue{}
		goto value
	case '"':
		end, escaped := stringEnd(data, i+1)
		if end < 0 || end+1-i > lim.StringBytes {
			return false
		}
		name.kind, name.start, name.end, name.escaped = c, int32(i+1), int32(end), escaped
		i = end + 1
	case 't', 'f', 'n':
		word := "true"
		if c == 'f' {
			word = "false"
		} else if c == 'n' {
			word = "null"
		}
		if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
			return false
		}
		name.kind, name.start, name.end = c, int32(i), int32(i+len(word))
		i += len(word)
	default:
		end := numberEnd(data, i)
		if end < 0 || end-i > lim.StringBytes {
			return false
		}
		name.kind, name.start, name.end = '0', int32(i), int32(end)
		i = end
	}
	s.link(&name)
	if s.crowded(lim) {
		return false
	}
	if string(data[name.nameStart:name.nameEnd]) == "_type" {
		s.members--
	} else if s.nodes++; s.nodes > lim.Nodes {
		return false
	}
	goto next

closed:
	s.stack = s.stack[:len(s.stack)-1]

next:
	i = blanks(data, i)
	if len(s.stack) == 0 {
		return i == len(data)
	}
	if i >= len(data) {
		return false
	}
	switch object := s.stack[len(s.stack)-1].object; {
	case data[i] == ',' && object:
		i = blanks(data, i+1)
		goto member
	case data[i] == ',':
		i = blanks(data, i+1)
		name = rawValue{}
		goto value
	case data[i] == '}' && object, data[i] == ']' && !object:
		i++
		goto closed
	}
	return false

member:
	if i >= len(data) || data[i] != '"' {
		return false
	}
	end, escaped := stringEnd(data, i+1)
	if end < 0 || escaped || end+1-i > lim.StringBytes {
		return false
	}
	name = rawValue{nameStart: int32(i + 1), nameEnd: int32(end)}
	if i = blanks(data, end+1); i >= len(data) || data[i] != ':' {
		return false
	}
	i = blanks(data, i+1)
	goto value
}

// ValidJSON reports whether data is one JSON value in UTF-8, no object of which
// has a name twice.
func ValidJSON(data []byte) bool {
	s := scanners.Get().(*scanner)
	defer s.release()
	return s.fast(data, Limits{}.withDefaults()) && s.unique(data) || jsontext.Value(data).IsValid()
}

// unique reports whether no object has a name twice. Of objects with many
// members it is not sure.
func (s *scanner) unique(data []byte) bool {
	const many = 32
	for i := range s.values {
		if s.values[i].kind != '{' {
			continue
		}
		n := 0
		for m := s.values[i].child; m != 0; m = s.values[m].next {
			a := &s.values[m]
			name := data[a.nameStart:a.nameEnd]
			if n++; n > many {
				return false
			}
			for k := s.values[i].child; k != m; k = s.values[k].next {
				if b := &s.values[k]; bytes.Equal(data[b.nameStart:b.nameEnd], name) {
					return false
				}
			}
		}
	}
	return true
}

// crowded reports whether the open array has more members than it may.
func (s *scanner) crowded(lim Limits) bool {
	n := len(s.stack)
	return n > 0 && !s.stack[n-1].object && int(s.stack[n-1].items) > lim.Items
}

// blanks is the place of the first byte that is no blank.
func blanks(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
		i++
	}
	return i
}

// stringEnd is the place of the quote that ends a string whose content begins at
// i, and whether it has escapes; -1 if it is not a string, or has an escape by
// number.
func stringEnd(data []byte, i int) (end int, escaped bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	start, foreign := i, false
	for {
		// Eight bytes at a time: a bit for each quote, backslash, control
		// character and byte beyond ASCII. Bits above the lowest may be wrong.
		for len(data)-i >= 8 {
			w := binary.LittleEndian.Uint64(data[i:])
			q, b := w^(ones*'"'), w^(ones*'\\')
			found := ((q-ones)&^q | (b-ones)&^b | (w-ones*' ')&^w | w) & highs
			if found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(data) {
			return -1, false
		}
		switch c := data[i]; {
		case c == '"':
			if foreign && !utf8.Valid(data[start:i]) {
				return -1, false
			}
			return i, escaped
		case c < ' ':
			return -1, false
		case c == '\\':
			escaped = true
			if i++; i >= len(data) {
				return -1, false
			}
			switch data[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			default:
				return -1, false
			}
		case c >= utf8.RuneSelf:
			foreign = true
		}
		i++
	}
}

// numberEnd is the place after a number that begins at i; -1 if it is none.
func numberEnd(data []byte, i int) int {
	digits := func() bool {
		start := i
		for i < len(data) && data[i]-'0' <= 9 {
			i++
		}
		return i > start
	}
	if data[i] == '-' {
		i++
	}
	if i < len(data) && data[i] == '0' {
		i++
	} else if !digits() {
		return -1
	}
	if i < len(data) && data[i] == '.' {
		if i++; !digits() {
			return -1
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		if i++; i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if !digits() {
			return -1
		}
	}
	return i
}
