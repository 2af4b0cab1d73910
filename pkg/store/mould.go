package store

import (
	"strconv"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// moulded is what resources of one mould have in common in a store: the number
// of their kind, and the search values that stand in the row.
type moulded struct {
	kind int32
	// fixed is what the row has of the search values, without the free texts, which
	// stand in the gaps. It is empty if no value stands in the row.
	fixed []byte
	gaps  []rowGap
	// subjects are the free texts that refer to somebody, others the references in the
	// row that do not vary.
	subjects []reference
	others   []string
	// identified says that the row has an identifier, numbers are those by which the
	// resource is ranked.
	identified bool
	numbers    []rankedNumber
}

// rankedNumber is a value by which resources are ranked: a free text, or without a
// hole a fixed one.
type rankedNumber struct {
	param, number string
	hole          int
}

// rowGap is the place of a free text in a row.
type rowGap struct {
	at, hole int
	form     gapForm
}

type gapForm uint8

const (
	gapNumber gapForm = iota
	gapTimes          // two members
	gapText
	gapFolded
	gapExact // a folded text, with another member if it is not the text itself
)

// reference is a free text that refers to the subject of the record, or to another.
type reference struct {
	hole int
	self bool
}

// moulded is what can be kept of the resource that was taken in last; nil if its
// kind depends on a value that varies.
func (w *searchWriter) moulded(r *ehr.Resource) *moulded {
	if r.Mould == nil {
		return nil
	}
	m := &moulded{}
	values := r.Values()
	varying := map[int]*r4.Variation{}
	for i := range r.Mould.Varying {
		from := &r.Mould.Varying[i]
		varying[from.At] = from
		switch c := w.classes[from.At]; {
		case c != inRow && c != inKindSelf:
			return nil
		case kindOf(&values[from.At]) == "reference":
			m.subjects = append(m.subjects, reference{from.Hole, c == inKindSelf})
		}
	}
	at := map[string]int{}
	var params []string
	var places [][]int
	for k, c := range w.classes {
		v := &values[k]
		switch {
		case c == inKindSelf && varying[k] == nil:
			return nil // of this record only
		case c != inRow:
			continue
		case varying[k] == nil && kindOf(v) == "reference":
			m.others = append(m.others, v.Code)
		}
		n, known := at[v.Param]
		if !known {
			n = len(params)
			at[v.Param] = n
			params, places = append(params, v.Param), append(places, nil)
		}
		switch v.Param {
		case paramIdentifier:
			m.identified = true
		case paramValue, paramComponent:
			number := rankedNumber{param: v.Param, number: v.Number, hole: -1}
			if from := varying[k]; from != nil {
				number.hole = from.Hole
			}
			m.numbers = append(m.numbers, number)
		}
		places[n] = append(places[n], k)
	}
	for n, param := range params {
		m.open(n == 0, '{', ',')
		m.fixed = append(appendQuoted(m.fixed, param), ':')
		for i, k := range places[n] {
			m.open(i == 0, '[', ',')
			m.fixed = append(m.fixed, '{')
			if from := varying[k]; from != nil {
				m.gap(&values[k], from)
			} else {
				m.fixed = appendValue(m.fixed, &values[k], inRow)
			}
			m.fixed = append(m.fixed, '}')
		}
		m.fixed = append(m.fixed, ']')
	}
	if len(params) > 0 {
		m.fixed = append(m.fixed, '}')
	}
	return m
}

func (m *moulded) open(first bool, one, other byte) {
	if !first {
		one = other
	}
	m.fixed = append(m.fixed, one)
}

// gap writes what is fixed of a value with a free text, as appendValue would.
func (m *moulded) gap(v *ehr.SearchValue, from *r4.Variation) {
	if v.Group > 0 {
		m.fixed = strconv.AppendInt(append(m.fixed, `"i":`...), int64(v.Group), 10)
	}
	form := gapText
	switch kindOf(v) {
	case "quantity":
		m.fixed = appendName(m.fixed, "n")
		m.gaps = append(m.gaps, rowGap{len(m.fixed), from.Hole, gapNumber})
		m.fixed = appendMember(appendMember(m.fixed, "s", v.System), "c", v.Code)
		return
	case "date":
		m.fixed, form = appendName(m.fixed, "l"), gapTimes
	case "string":
		if m.fixed, form = appendName(m.fixed, "t"), gapFolded; from.Exact {
			form = gapExact
		}
	default:
		m.fixed = appendName(appendMember(m.fixed, "s", v.System), "c")
	}
	m.gaps = append(m.gaps, rowGap{len(m.fixed), from.Hole, form})
}

// write appends the values of the row, as params would; false if they are not
// what is known of the mould.
func (m *moulded) write(b []byte, w *searchWriter, r *ehr.Resource) ([]byte, bool) {
	for _, s := range m.subjects {
		if s.self != (r.Own[s.hole].Text == w.self) {
			return nil, false
		}
	}
	for _, code := range m.others {
		if code == w.self {
			return nil, false
		}
	}
	at := 0
	for i := range m.gaps {
		g := &m.gaps[i]
		own := &r.Own[g.hole]
		b = append(b, m.fixed[at:g.at]...)
		at = g.at
		switch g.form {
		case gapNumber:
			b = append(b, own.Text...)
		case gapTimes:
			b = append(strconv.AppendInt(b, own.Low, 10), `,"h":`...)
			b = strconv.AppendInt(b, own.High, 10)
		case gapText:
			b = appendQuoted(b, own.Text)
		default:
			b = appendQuoted(b, own.Folded)
			if g.form == gapExact && own.Folded != own.Text {
				b = appendQuoted(append(b, `,"x":`...), own.Text)
			}
		}
	}
	return append(b, m.fixed[at:]...), true
}

// columns are those beside the values, as resource would give them.
func (m *moulded) columns(r *ehr.Resource) columns {
	out := columns{identified: m.identified}
	if len(m.numbers) > 0 {
		var numbers ranking
		for _, n := range m.numbers {
			if n.hole >= 0 {
				n.number = r.Own[n.hole].Text
			}
			numbers.add(n.param, n.number)
		}
		out.rank, out.ranked = numbers.of()
	}
	return out
}

// moulded appends the values of the row of a resource, if something is known of its
// mould. It gives what there was before with them.
func (n *kindNumbers) moulded(b []byte, w *searchWriter, r *ehr.Resource) (kind int32, with []byte, more columns, known bool) {
	if r.Mould == nil {
		return 0, b, more, false
	}
	n.mu.RLock()
	m := n.moulds[r.Mould]
	n.mu.RUnlock()
	if m == nil {
		return 0, b, more, false
	}
	if with, known = m.write(b, w, r); !known {
		return 0, b, more, false
	}
	return m.kind, with, m.columns(r), true
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
