package r4

import (
	"slices"
	"strings"
	"time"
)

// Free says that the text of a node may differ between resources that are alike
// otherwise, and of which form it is. What this package checks of a resource
// must not depend on a free text beyond its form: NewMould refuses free texts
// where a rule compares values.
type Free uint8

// The forms of free texts.
const (
	Fixed         Free = iota
	FreeString         // a string or markdown
	FreeTime           // a dateTime with seconds and offset
	FreeNumber         // a decimal
	FreeID             // the id of the resource
	FreeReference      // Patient/ and an id
)

const patientPrefix = "Patient/"

// A Hole is the place of a free text in the JSON of a resource.
type Hole struct {
	Node     *Node
	From, To int // with the quotes of a string
}

// AppendHoles is Append, and appends the places of free texts to holes. A text
// that stands with a code is none: there are few such, as there are few codes.
func (n *Node) AppendHoles(dst []byte, holes []Hole) ([]byte, []Hole) {
	switch n.Kind {
	case Object:
		coded := false
		dst = append(dst, '{')
		for i := range n.Fields {
			f := &n.Fields[i]
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, f.Name), ':')
			if coded = coded || f.Name == "coding"; coded && f.Name == "text" {
				dst = f.Value.Append(dst)
				continue
			}
			dst, holes = f.Value.AppendHoles(dst, holes)
		}
		return append(dst, '}'), holes
	case Array:
		dst = append(dst, '[')
		for i, v := range n.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst, holes = v.AppendHoles(dst, holes)
		}
		return append(dst, ']'), holes
	}
	if n.Free == Fixed {
		return n.Append(dst), holes
	}
	from := len(dst)
	dst = n.Append(dst)
	return dst, append(holes, Hole{n, from, len(dst)})
}

// AppendKey appends what the JSON has in common with that of resources that are
// alike: all but the free texts, for which their form stands. The forms are
// bytes that JSON never holds.
func AppendKey(dst, json []byte, holes []Hole) []byte {
	at := 0
	for i := range holes {
		dst = append(append(dst, json[at:holes[i].From]...), byte(holes[i].Node.Free))
		at = holes[i].To
	}
	return append(dst, json[at:]...)
}

// Mould is what resources with one key (AppendKey) have in common: the search
// values that follow from their fixed texts. All of them are valid R4, or none,
// if their free texts have the form that they should.
type Mould struct {
	// Search are the values of all parameters, in the order of SearchValues.
	// Those at Varying lack their free text.
	Search []SearchValue
	// Varying are the places in Search of values with free texts, ascending.
	Varying []int

	holes   int
	sources []source // by place in Varying
}

// source is where a search value has its free text from.
type source struct {
	hole  int
	exact bool // it may be asked for as it is
}

// NewMould is the mould of a valid resource; nil if a rule may depend on one of
// its free texts, so that other resources with its key need not be like it.
func NewMould(root *Node, holes []Hole) *Mould {
	t := Lookup(root.Str("resourceType"))
	if t == nil || root.Get("contained") != nil || !loose(t, nil, root) || slices.ContainsFunc(holes, func(h Hole) bool { return !h.legal() }) {
		return nil
	}
	m := &Mould{Search: SearchValues(root), holes: len(holes)}
	// Which values come from which free text shows when the text is another.
	texts := make([]string, len(holes))
	for i := range holes {
		texts[i] = holes[i].Node.Text
	}
	sources := make(map[int]source)
	alike := true
	for i := range holes {
		n := holes[i].Node
		n.Text = probe(n.Free, texts[i])
		other := SearchValues(root)
		alike = alike && len(other) == len(m.Search)
		for k := range m.Search {
			if !alike || other[k] == m.Search[k] {
				continue
			}
			filled := m.Search[k]
			_, known := sources[k]
			from := source{i, other[k].Exact != ""}
			if known || other[k].Coded || !from.fill(&filled, n) || filled != other[k] {
				alike = false // of two texts, or not the text itself, or one of few
			}
			sources[k] = from
		}
		n.Text = texts[i]
	}
	if !alike {
		return nil
	}
	for k := range m.Search {
		if from, ok := sources[k]; ok {
			m.Varying, m.sources = append(m.Varying, k), append(m.sources, from)
			v := &m.Search[k]
			switch holes[from.hole].Node.Free {
			case FreeTime:
				v.Low, v.High = time.Time{}, time.Time{}
			case FreeNumber:
				v.Number = ""
			case FreeReference, FreeString:
				v.Code, v.Text, v.Exact = "", "", ""
			}
		}
	}
	return m
}

// Fill appends the values at Varying of a resource with the mould's key. It
// reports false if one of the free texts has not its form: nothing is known of
// the resource then.
func (m *Mould) Fill(dst []SearchValue, holes []Hole) ([]SearchValue, bool) {
	if len(holes) != m.holes {
		return dst, false
	}
	for i := range holes {
		if !holes[i].legal() {
			return dst, false
		}
	}
	for i, k := range m.Varying {
		dst = append(dst, m.Search[k])
		if from := m.sources[i]; !from.fill(&dst[len(dst)-1], holes[from.hole].Node) {
			return dst, false
		}
	}
	return dst, true
}

// Values are all search values of a resource whose own are those at Varying.
func (m *Mould) Values(own []SearchValue) []SearchValue {
	all := slices.Clone(m.Search)
	for i, k := range m.Varying {
		all[k] = own[i]
	}
	return all
}

// legal reports whether a free text has its form.
func (h *Hole) legal() bool {
	n := h.Node
	switch n.Free {
	case FreeString:
		return n.Kind == String && validPrimitive("string", n.Text)
	case FreeTime:
		return n.Kind == String && len(n.Text) >= len("2006-01-02T15:04:05Z") && validPrimitive("dateTime", n.Text)
	case FreeNumber:
		return n.Kind == Number && isDecimal(n.Text)
	case FreeID:
		return n.Kind == String && isID(n.Text)
	case FreeReference:
		return n.Kind == String && strings.HasPrefix(n.Text, patientPrefix) && isID(n.Text[len(patientPrefix):])
	}
	return false
}

// fill puts a free text into the search value that comes from it, as the
// extraction would; false if there would be none.
func (s *source) fill(v *SearchValue, n *Node) (ok bool) {
	switch n.Free {
	case FreeTime:
		var low, high time.Time
		low, high, ok = DateRange(n.Text)
		ok = ok && v.Kind == SearchDate
		v.Low, v.High = low, high
	case FreeNumber:
		ok = v.Kind == SearchQuantity
		v.Number = n.Text
	case FreeReference:
		ok = v.Kind == SearchReference
		v.Code = n.Text
	case FreeString:
		switch v.Kind {
		case SearchString:
			if v.Text, v.Exact = FoldString(n.Text), ""; s.exact && v.Text != n.Text {
				v.Exact = n.Text
			}
			ok = v.Text != ""
		case SearchToken:
			v.Code = n.Text
			ok = v.Code != ""
		}
	}
	return ok
}

// probe is another text of the form.
func probe(f Free, text string) string {
	switch f {
	case FreeTime:
		if text != "1821-03-04T05:06:07Z" {
			return "1821-03-04T05:06:07Z"
		}
		return "1821-03-04T05:06:08Z"
	case FreeNumber:
		return text + "1" // of an exponent or not: another number
	case FreeReference:
		return patientPrefix + "x" + strings.TrimPrefix(text, patientPrefix)
	default:
		return "X" + text // other than when it is folded
	}
}

// loose reports whether the free texts in an object are where rules look at
// their form only. That of a Period or Range is compared with another.
func loose(t, parent *Type, n *Node) bool {
	if n.Kind != Object {
		return n.Free == Fixed
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		if f.Name == "resourceType" {
			if f.Value.Free != Fixed {
				return false
			}
			continue
		}
		name, sibling := strings.CutPrefix(f.Name, "_")
		m := t.members[name]
		if m == nil {
			return false
		}
		items := []*Node{f.Value}
		if f.Value.Kind == Array {
			items = f.Value.Items
		}
		for _, item := range items {
			switch {
			case sibling:
				if item.Kind != Null && !loose(Lookup("Element"), t, item) {
					return false
				}
			case m.Type.Type.Kind == Primitive:
				if item.Free != Fixed && !looseText(t, parent, m, item.Free) {
					return false
				}
			case m.Type.Type.Kind == Resource, !loose(m.Type.Type, t, item):
				return false
			}
		}
	}
	return true
}

func looseText(t, parent *Type, m *Member, f Free) bool {
	switch of := m.Type.Type.Name; f {
	case FreeString:
		return (of == "string" || of == "markdown") && t.Name != "Reference" || t.Name == "Reference" && m.Property == "display"
	case FreeTime:
		return of == "dateTime" && (t.Kind == Resource || t.Kind == Backbone)
	case FreeNumber:
		return of == "decimal" && (t.Name == "Quantity" || t.Name == "SimpleQuantity") && parent != nil && (parent.Kind == Resource || parent.Kind == Backbone)
	case FreeID:
		return m.Property == "id" && t.Kind == Resource
	case FreeReference:
		return t.Name == "Reference" && m.Property == "reference"
	}
	return false
}
