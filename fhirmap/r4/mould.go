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
	// Those that vary lack their free text.
	Search []SearchValue
	// Varying are those with free texts, in the order of Search.
	Varying []Variation

	holes []cast
}

// Variation is a search value of a Mould that comes from a free text.
type Variation struct {
	// At is its place in Mould.Search.
	At int
	// Hole is the number of the free text, in the order of the JSON.
	Hole int
	// Form is that of the text.
	Form Free
	// Exact is set if the text can be asked for as it is, beside the folded one.
	Exact bool
}

// cast is what a Mould demands of a free text.
type cast struct {
	form   Free
	folded bool // a value is found by the folded text, and there is none without
}

// Own is a free text of a resource, with what search has of it.
type Own struct {
	Text string
	// Folded is the text as FoldString has it, if a value of a string parameter comes
	// from it.
	Folded string
	// Low and High bound what a time denotes, in microseconds since 1970; otherwise 0.
	Low, High int64
}

// NewMould is the mould of a valid resource; nil if a rule may depend on one of
// its free texts, so that other resources with its key need not be like it.
func NewMould(root *Node, holes []Hole) *Mould {
	t := Lookup(root.Str("resourceType"))
	if t == nil || root.Get("contained") != nil || !loose(t, nil, root) {
		return nil
	}
	m := &Mould{Search: SearchValues(root), holes: make([]cast, len(holes))}
	var times Times
	for i := range holes {
		n := holes[i].Node
		m.holes[i].form = n.Free
		if _, ok := m.Own(i, n.Text, &times); !ok || !holes[i].kind() {
			return nil
		}
	}
	// Which values come from which free text shows when the text is another.
	texts := make([]string, len(holes))
	for i := range holes {
		texts[i] = holes[i].Node.Text
	}
	sources := make(map[int]Variation)
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
			from := Variation{At: k, Hole: i, Form: n.Free, Exact: other[k].Exact != ""}
			if known || other[k].Coded || !from.fill(&filled, n.Text) || filled != other[k] {
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
			m.Varying = append(m.Varying, from)
			v := &m.Search[k]
			switch from.Form {
			case FreeTime:
				v.Low, v.High = time.Time{}, time.Time{}
			case FreeNumber:
				v.Number = ""
			case FreeReference, FreeString:
				if v.Kind == SearchString {
					m.holes[from.Hole].folded = true
				}
				v.Code, v.Text, v.Exact = "", "", ""
			}
		}
	}
	return m
}

// Own is a free text by its number. It reports false if the text has not its form, or no
// search value would come from it: nothing is known of the resource then.
func (m *Mould) Own(hole int, text string, times *Times) (own Own, ok bool) {
	own.Text = text
	switch c := m.holes[hole]; c.form {
	case FreeString:
		if ok = validPrimitive("string", text); ok && c.folded {
			own.Folded = FoldString(text)
			ok = own.Folded != ""
		}
	case FreeTime:
		own.Low, own.High, ok = times.bounds(text)
	case FreeNumber:
		ok = isDecimal(text)
	case FreeID:
		ok = isID(text)
	case FreeReference:
		ok = times.reference == text && text != "" || strings.HasPrefix(text, patientPrefix) && isID(text[len(patientPrefix):])
		if ok {
			times.reference = text
		}
	}
	return own, ok
}

// Fill appends the free texts of a resource with the mould's key. It reports
// false if nothing is known of the resource, as Own does.
func (m *Mould) Fill(dst []Own, holes []Hole, times *Times) ([]Own, bool) {
	if len(holes) != len(m.holes) {
		return dst, false
	}
	for i := range holes {
		own, ok := m.Own(i, holes[i].Node.Text, times)
		if !ok || holes[i].Node.Free != m.holes[i].form || !holes[i].kind() {
			return dst, false
		}
		dst = append(dst, own)
	}
	return dst, true
}

// Values are all search values of a resource with these free texts.
func (m *Mould) Values(own []Own) []SearchValue {
	all := slices.Clone(m.Search)
	for i := range m.Varying {
		from := &m.Varying[i]
		from.fill(&all[from.At], own[from.Hole].Text)
	}
	return all
}

// Times remembers what the last texts have been found to be, for the next ones are
// often the same. The zero Times remembers nothing.
type Times struct {
	last      [4]bounds
	next      int
	reference string
}

type bounds struct {
	text      string
	low, high int64
	ok        bool
}

// bounds are those of a dateTime with seconds and offset. The zero time, which
// stands for no bound in a search value, is none.
func (t *Times) bounds(text string) (low, high int64, ok bool) {
	for i := range t.last {
		if b := &t.last[i]; b.text == text && text != "" {
			return b.low, b.high, b.ok
		}
	}
	b := &t.last[t.next]
	t.next = (t.next + 1) % len(t.last)
	*b = bounds{text: text}
	if len(text) >= len("2006-01-02T15:04:05Z") {
		var from, to time.Time
		from, to, b.ok = DateRange(text)
		b.ok = b.ok && !from.IsZero() && !to.IsZero()
		b.low, b.high = from.UnixMicro(), to.UnixMicro()
	}
	return b.low, b.high, b.ok
}

// kind reports whether the node is of the kind that the form of its text demands.
func (h *Hole) kind() bool {
	if h.Node.Free == FreeNumber {
		return h.Node.Kind == Number
	}
	return h.Node.Kind == String
}

// AppendOwn appends a free text that has its form, as it stands in JSON.
func AppendOwn(dst []byte, f Free, text string) []byte {
	switch f {
	case FreeNumber:
		return append(dst, text...)
	case FreeTime, FreeID, FreeReference: // nothing in these is escaped
		return append(append(append(dst, '"'), text...), '"')
	}
	return appendString(dst, text)
}

// fill puts a free text into the search value that comes from it, as the
// extraction would; false if there would be none.
func (from *Variation) fill(v *SearchValue, text string) (ok bool) {
	switch from.Form {
	case FreeTime:
		var low, high time.Time
		low, high, ok = DateRange(text)
		ok = ok && v.Kind == SearchDate
		v.Low, v.High = low, high
	case FreeNumber:
		ok = v.Kind == SearchQuantity
		v.Number = text
	case FreeReference:
		ok = v.Kind == SearchReference
		v.Code = text
	case FreeString:
		switch v.Kind {
		case SearchString:
			if v.Text, v.Exact = FoldString(text), ""; from.Exact && v.Text != text {
				v.Exact = text
			}
			ok = v.Text != ""
		case SearchToken:
			v.Code = text
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
