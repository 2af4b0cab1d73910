package simplified

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// printFlat writes the items as one object of paths.
func printFlat(top *item) []byte {
	w := flatWriter{dst: append(make([]byte, 0, 8<<10), '{'), path: make([]byte, 0, 256)}
	w.item(top)
	return append(w.dst, '}')
}

// flatWriter writes the items below the path.
type flatWriter struct{ dst, path []byte }

func (w *flatWriter) item(it *item) {
	here := len(w.path)
	for i := range it.parts {
		p := &it.parts[i]
		if p.suffix != "" {
			w.path = append(append(w.path, '|'), p.suffix...)
		}
		if len(w.dst) > 1 {
			w.dst = append(w.dst, ',')
		}
		w.dst, _ = jsontext.AppendQuote(w.dst, w.path) // invalid UTF-8 is replaced
		w.dst = p.value.append(append(w.dst, ':'))
		w.path = w.path[:here]
	}
	for _, c := range it.children {
		for i, x := range c.items {
			if x == nil {
				continue
			}
			if here > 0 {
				w.path = append(w.path, '/')
			}
			w.path = append(w.path, c.id...)
			if repeats[c.id] || len(c.items) > 1 || x.indexed() {
				w.path = strconv.AppendInt(append(w.path, ':'), int64(i), 10)
			}
			w.item(x)
			w.path = w.path[:here]
		}
	}
}

// repeats are the ids of RM attributes that are lists and so have an index even
// if there is only one member.
var repeats = map[string]bool{
	"_link": true, "_other_participation": true, "_participation": true, "_identifier": true, "_mapping": true,
	"_other_reference_ranges": true, "_reason": true, "_role": true, "_reverse_relationship": true, "originating_system_item_id": true, "feeder_system_item_id": true,
}

// indexed marks an item of a node that may repeat.
func (it *item) indexed() bool { return it.index }

// printStructured writes the items as nested objects; all but the root are
// lists.
func printStructured(top *item) []byte {
	dst := []byte{'{'}
	for i, c := range top.children {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, _ = jsontext.AppendQuote(dst, c.id)
		dst = append(dst, ':')
		dst = structured(dst, c.items[0])
	}
	return append(dst, '}')
}

func structured(dst []byte, it *item) []byte {
	if len(it.children) == 0 && len(it.parts) == 1 && it.parts[0].suffix == "" {
		return it.parts[0].value.append(dst)
	}
	dst = append(dst, '{')
	comma := false
	name := func(s string) {
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		dst, _ = jsontext.AppendQuote(dst, s)
		dst = append(dst, ':')
	}
	for _, p := range it.parts {
		if p.suffix == "" {
			name("")
		} else {
			name("|" + p.suffix)
		}
		dst = p.value.append(dst)
	}
	for _, c := range it.children {
		name(c.id)
		dst = append(dst, '[')
		first := true
		for _, x := range c.items {
			if x == nil {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = structured(dst, x)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
