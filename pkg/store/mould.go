package store

import (
	"bytes"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// moulded is what resources of one mould have in common in a store: the number
// of their kind, and which of their search values stand in the row.
type moulded struct {
	kind int32
	rows []mouldedParam
	// self says of each varying value whether it refers to the subject of the
	// record, fixed are the places of references in the row that do not vary.
	self  []bool
	fixed []int
}

// mouldedParam is a parameter with values in the row.
type mouldedParam struct {
	name   []byte // quoted
	values []mouldedValue
}

// mouldedValue is the place of a value, in the mould or in what varies.
type mouldedValue struct {
	at     int
	varies bool
}

// moulded is what can be kept of the resource that was taken in last; nil if its
// kind depends on a value that varies.
func (w *searchWriter) moulded(r *ehr.Resource) *moulded {
	if r.Mould == nil {
		return nil
	}
	m := &moulded{self: make([]bool, len(r.Mould.Varying))}
	varying := map[int]int{}
	for i, k := range r.Mould.Varying {
		if varying[k] = i; w.classes[k] != inRow && w.classes[k] != inKindSelf {
			return nil
		}
		m.self[i] = w.classes[k] == inKindSelf
	}
	at := map[string]int{}
	for k, c := range w.classes {
		v := &r.Mould.Search[k]
		i, varies := varying[k]
		switch {
		case c == inKindSelf && !varies:
			return nil // of this record only
		case c != inRow:
			continue
		case !varies && kindOf(v) == "reference":
			m.fixed = append(m.fixed, k)
		}
		if !varies {
			i = k
		}
		n, known := at[v.Param]
		if !known {
			n = len(m.rows)
			at[v.Param] = n
			m.rows = append(m.rows, mouldedParam{name: appendQuoted(nil, v.Param)})
		}
		m.rows[n].values = append(m.rows[n].values, mouldedValue{i, varies})
	}
	return m
}

// write writes the values of the row, as params would; false if they are not
// what is known of the mould.
func (m *moulded) write(w *searchWriter, r *ehr.Resource) ([]byte, bool) {
	if len(r.Search) != len(m.self) {
		return nil, false
	}
	for i := range r.Search {
		v := &r.Search[i]
		if m.self[i] != (kindOf(v) == "reference" && v.Code == w.self) || v.Number != "" && !r4.ValidPrimitive("decimal", v.Number) {
			return nil, false
		}
	}
	for _, k := range m.fixed {
		if r.Mould.Search[k].Code == w.self {
			return nil, false
		}
	}
	if len(m.rows) == 0 {
		return nil, true
	}
	b := append(w.others[:0], '{')
	for i := range m.rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, m.rows[i].name...), ':', '[')
		for j, place := range m.rows[i].values {
			if j > 0 {
				b = append(b, ',')
			}
			from := r.Mould.Search
			if place.varies {
				from = r.Search
			}
			b = append(appendValue(append(b, '{'), &from[place.at], inRow), '}')
		}
		b = append(b, ']')
	}
	w.others = append(b, '}')
	return bytes.Clone(w.others), true
}

// moulded gives what is known of a resource by its mould.
func (n *kindNumbers) moulded(w *searchWriter, r *ehr.Resource) (kind int32, search []byte, known bool) {
	if r.Mould == nil {
		return 0, nil, false
	}
	n.mu.RLock()
	m := n.moulds[r.Mould]
	n.mu.RUnlock()
	if m == nil {
		return 0, nil, false
	}
	search, known = m.write(w, r)
	return m.kind, search, known
}

// learn keeps what follows from the moulds of resources.
func (n *kindNumbers) learn(kinds []kind, numbers []int32) {
	for i := range kinds {
		m := kinds[i].moulded
		if m == nil {
			continue
		}
		m.kind = numbers[i]
		n.mu.Lock()
		if n.moulds == nil || len(n.moulds) >= maxKinds {
			n.moulds = map[*r4.Mould]*moulded{}
		}
		n.moulds[kinds[i].resource.Mould] = m
		n.mu.Unlock()
	}
}
