package r4

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// SearchKind is the type of a FHIR search parameter.
type SearchKind string

// The search parameter types that resources are indexed by.
const (
	SearchToken     SearchKind = "token"
	SearchDate      SearchKind = "date"
	SearchReference SearchKind = "reference"
	SearchString    SearchKind = "string"
	SearchQuantity  SearchKind = "quantity"
	SearchURI       SearchKind = "uri"
	SearchComposite SearchKind = "composite"
)

// SearchParam is a search parameter of a resource type.
type SearchParam struct {
	Name string
	Kind SearchKind
	// Definition is the canonical URL of the published parameter.
	Definition string
	// Targets are the types that a reference may point to.
	Targets []string
	// Union names the parameters whose values together are those of this one.
	Union []string
	// Identifier is true if the values of a token are those of Identifiers.
	Identifier bool
	// Pairs are those of a composite: of one of them both parameters must match,
	// and if their values stand in components, within the same component.
	Pairs []Pair

	paths []string // JSON property paths
}

// Pair names two parameters that a composite joins.
type Pair struct {
	First, Second string
	// Grouped pairs have their values in the components of the resource.
	Grouped bool
}

// The suffixes of parameters that hold what modifiers look at. Their values are
// no search parameters of their own.
const (
	TextSuffix       = ":text"       // strings: the texts that stand with codes
	OfTypeSuffix     = ":of-type"    // tokens: type of an identifier, with OfTypeCode
	IdentifierSuffix = ":identifier" // tokens: the identifier of a reference
	UnitSuffix       = ":unit"       // tokens: the UCUM codes of quantities
)

// UCUM is the system of the units that quantities are converted by.
const UCUM = "http://unitsofmeasure.org"

// OfTypeCode joins the code of an identifier's type and its value.
func OfTypeCode(code, value string) string { return code + "\x1f" + value }

// SearchValue is one value of one search parameter of one resource: a row of
// the search index. Which fields are set follows from Kind; none is where the
// element has a value that cannot be searched for, such as a code without its
// code or a quantity with a comparator.
//
//	token      System (may be ""), Code
//	date       Low, High
//	reference  Code as Type/id
//	string     Text, folded by FoldString
//	quantity   Number, System, Code (the unit code, or the unit as written)
//	uri        Code
type SearchValue struct {
	// Param is the name of the parameter, perhaps with one of the suffixes.
	Param  string
	Kind   SearchKind
	System string
	Code   string
	Text   string
	// Exact is the text before it was folded, if that is asked for and differs.
	Exact string
	// Coded marks a text that stands with a code.
	Coded bool
	// Group numbers the component that has the value, from 1; 0 is none.
	Group int
	// Low and High bound a date with its precision, in UTC: Low is included,
	// High is not. The zero Low is unbounded below, the zero High above.
	Low, High time.Time
	// Number is the decimal text of a quantity.
	Number string
}

// SearchParams lists the search parameters that resources of a type are
// indexed by; nil for a type without any.
func SearchParams(typ string) []SearchParam { return searchParams()[typ] }

var searchParams = sync.OnceValue(func() map[string][]SearchParam {
	out := make(map[string][]SearchParam, len(searchTable))
	for typ, rows := range searchTable {
		list := make([]SearchParam, 0, len(rows))
		for _, r := range rows {
			p := SearchParam{
				Union: Union(r[0]),
				Name:  r[0], Kind: SearchKind(r[1]),
				Definition: "http://hl7.org/fhir/SearchParameter/" + r[2],
				paths:      strings.Fields(r[3]),
			}
			if p.Kind == SearchComposite {
				for _, path := range p.paths {
					first, second, _ := strings.Cut(path, "$")
					p.Pairs = append(p.Pairs, Pair{first, second, strings.HasPrefix(first, grouping+"-")})
				}
			}
			if p.Kind == SearchReference || p.Kind == SearchToken {
				for _, x := range indexings()[typ] {
					for _, path := range x {
						if path.param != p.Name {
							continue
						}
						if p.Kind == SearchToken {
							p.Identifier = p.Identifier || path.members[len(path.members)-1].Type.Type.Name == "Identifier"
							continue
						}
						if path.only != "" {
							p.Targets = append(p.Targets, path.only)
							continue
						}
						p.Targets = append(p.Targets, path.members[len(path.members)-1].Type.Targets...)
					}
				}
			}
			slices.Sort(p.Targets)
			p.Targets = slices.Compact(p.Targets)
			list = append(list, p)
		}
		out[typ] = list
	}
	return out
})

// Union names the parameters whose values together are those of the parameter;
// nil for a parameter with values of its own.
func Union(param string) []string { return unions[param] }

var unions = map[string][]string{
	"combo-code":               {"code", "component-code"},
	"combo-value-quantity":     {"value-quantity", "component-value-quantity"},
	"combo-value-concept":      {"value-concept", "component-value-concept"},
	"combo-data-absent-reason": {"data-absent-reason", "component-data-absent-reason"},
}

// Texts names what holds the texts of a string parameter beside its own values;
// "" if nothing does.
func Texts(param string) string {
	if param == "value-string" { // value[x] as a string, or the text of a concept
		return "value-concept" + TextSuffix
	}
	return ""
}

// grouping is the element whose occurrences are numbered as groups, in all types.
const grouping = "component"

// indexing is a path of a search parameter, resolved for one type.
type indexing struct {
	param   string
	kind    SearchKind
	members []*Member
	only    string // the x of a path[x]
	// The parameter with its suffixes.
	text, ofType, identifier, unit string
	exact                          bool // the texts of it may be asked for as they are
}

// indexings are the paths of all types by type and first property.
var indexings = sync.OnceValue(func() map[string]map[string][]indexing {
	out := make(map[string]map[string][]indexing, len(searchTable))
	for typ, rows := range searchTable {
		out[typ] = map[string][]indexing{}
		for _, r := range rows {
			if Union(r[0]) != nil || r[1] == string(SearchComposite) || r[0] == deceased {
				continue
			}
			for _, path := range strings.Fields(r[3]) {
				path, only, _ := strings.Cut(strings.TrimSuffix(path, "]"), "[")
				x := indexing{
					param: r[0], kind: SearchKind(r[1]), only: only,
					text: r[0] + TextSuffix, ofType: r[0] + OfTypeSuffix, identifier: r[0] + IdentifierSuffix,
					unit: r[0] + UnitSuffix,
				}
				x.exact = x.text == Texts("value-string")
				t := Lookup(typ)
				for _, name := range strings.Split(path, ".") {
					m := t.members[name]
					if m == nil {
						panic("fhirmap/r4: " + typ + "." + path + " is not an element") // the table is part of the program
					}
					x.members, t = append(x.members, m), m.Type.Type
				}
				first := x.members[0].Property
				out[typ][first] = append(out[typ][first], x)
			}
		}
	}
	return out
})

// deceased is the parameter that every Patient has a value of.
const deceased = "deceased"

// SearchValues extracts the values of all search parameters of a resource.
//
// A quantity with a comparator has no single value and is not indexed by its
// number: a search on it cannot find "below 5".
//
// The values of a parameter that SearchParam.Union declares to be those of
// others are left out, and composites have none.
func SearchValues(n *Node) []SearchValue { return AppendSearchValues(nil, n) }

// AppendSearchValues appends what SearchValues extracts.
func AppendSearchValues(dst []SearchValue, n *Node) []SearchValue {
	typ := n.Str("resourceType")
	table := indexings()[typ]
	for i := range n.Fields {
		f := &n.Fields[i]
		list := table[f.Name]
		for k := range list {
			dst = list[k].extract(dst, f.Value, list[k].members)
		}
	}
	if typ == "Patient" { // Patient.deceased.exists() and Patient.deceased != false
		sv := SearchValue{Param: deceased, Kind: SearchToken, Code: "false"}
		if b := n.Get("deceasedBoolean"); n.Get("deceasedDateTime") != nil || b != nil && b.Text == "true" {
			sv.Code = "true"
		}
		dst = append(dst, sv)
	}
	return dst
}

// extract takes the values of the element that the first of the members denotes.
func (x *indexing) extract(dst []SearchValue, v *Node, path []*Member) []SearchValue {
	if v == nil {
		return dst
	}
	if v.Kind != Array {
		return x.value(dst, v, path)
	}
	for i, item := range v.Items {
		from := len(dst)
		dst = x.value(dst, item, path)
		if path[0].Property == grouping {
			for k := from; k < len(dst); k++ {
				dst[k].Group = i + 1
			}
		}
	}
	return dst
}

func (x *indexing) value(dst []SearchValue, v *Node, path []*Member) []SearchValue {
	if len(path) > 1 {
		return x.extract(dst, v.Get(path[1].Property), path[1:])
	}
	sv := SearchValue{Param: x.param, Kind: x.kind}
	m := path[0]
	switch x.kind {
	case SearchToken:
		if x.only != "" && v.Str("system") != x.only {
			return dst
		}
		return x.token(dst, sv, m, v)
	case SearchDate:
		if m.Type.Type.Name == "Period" {
			if low, _, ok := DateRange(v.Str("start")); ok {
				sv.Low = low
			}
			if _, high, ok := DateRange(v.Str("end")); ok {
				sv.High = high
			}
		} else if low, high, ok := DateRange(v.Text); ok {
			sv.Low, sv.High = low, high
		}
	case SearchReference:
		return x.reference(dst, sv, v)
	case SearchString:
		return indexString(dst, sv, m, v)
	case SearchQuantity:
		if number := v.Str("value"); number != "" && v.Get("comparator") == nil {
			sv.Number, sv.System, sv.Code = number, v.Str("system"), v.Str("code")
			if sv.System == UCUM && sv.Code != "" {
				dst = append(dst, SearchValue{Param: x.unit, Kind: SearchToken, Code: sv.Code})
			}
			if unit := v.Str("unit"); unit != "" && unit != sv.Code {
				dst = append(dst, sv)
				sv.System, sv.Code = "", unit
			}
		}
	case SearchURI:
		sv.Code = v.Text
	}
	return append(dst, sv)
}

func (x *indexing) reference(dst []SearchValue, sv SearchValue, v *Node) []SearchValue {
	sv.Code = v.Str("reference")
	if x.only != "" && !strings.HasPrefix(sv.Code, x.only+"/") && v.Str("type") != x.only {
		return dst
	}
	if id := v.Get("identifier"); id != nil {
		if value := id.Str("value"); value != "" {
			dst = append(dst, SearchValue{Param: x.identifier, Kind: SearchToken, System: id.Str("system"), Code: value})
			if sv.Code == "" {
				return dst
			}
		}
	}
	return append(dst, sv)
}

func (x *indexing) token(dst []SearchValue, sv SearchValue, m *Member, v *Node) []SearchValue {
	switch m.Type.Type.Name {
	case "CodeableConcept":
		return x.concept(dst, sv, v)
	case "Coding":
		sv.System, sv.Code = v.Str("system"), v.Str("code")
		dst = x.addText(dst, v.Str("display"), sv.Code != "")
	case "Identifier":
		sv.System, sv.Code = v.Str("system"), v.Str("value")
		if sv.Code == "" {
			sv.System = ""
			break
		}
		t := v.Get("type")
		if t == nil {
			break
		}
		for _, c := range t.List("coding") {
			if code := c.Str("code"); code != "" {
				dst = append(dst, SearchValue{Param: x.ofType, Kind: SearchToken, System: c.Str("system"), Code: OfTypeCode(code, sv.Code)})
			}
		}
		dst = x.addText(dst, t.Str("text"), false)
	case "ContactPoint":
		sv.Code = v.Str("value")
	case "code":
		sv.Code = v.Text
		if set := m.Element.Binding; set != nil {
			for system, codes := range set.Systems {
				if codes[sv.Code] && (sv.System == "" || system < sv.System) {
					sv.System = system
				}
			}
		}
	default:
		sv.Code = v.Text
	}
	if sv.Code == "" {
		sv.System = "" // only that there is something
	}
	return append(dst, sv)
}

// concept takes the codes of a concept and its texts.
func (x *indexing) concept(dst []SearchValue, sv SearchValue, v *Node) []SearchValue {
	from := len(dst)
	codings := v.List("coding")
	for _, c := range codings {
		if sv.System, sv.Code = c.Str("system"), c.Str("code"); sv.Code != "" {
			dst = append(dst, sv)
		}
	}
	coded := len(dst) > from
	if !coded {
		sv.System, sv.Code = "", ""
		dst = append(dst, sv)
	}
	texts := len(dst)
	for _, c := range codings {
		dst = x.addText(dst, c.Str("display"), coded)
	}
	dst = x.addText(dst, v.Str("text"), coded)
	// Often they are the same.
	out := dst[:texts]
	for i := texts; i < len(dst); i++ {
		if !slices.ContainsFunc(out[texts:], func(t SearchValue) bool { return t.Text == dst[i].Text && t.Exact == dst[i].Exact }) {
			out = append(out, dst[i])
		}
	}
	return out
}

// addText adds a text for the modifier :text.
func (x *indexing) addText(dst []SearchValue, text string, coded bool) []SearchValue {
	folded := FoldString(text)
	if folded == "" {
		return dst
	}
	t := SearchValue{Param: x.text, Kind: SearchString, Text: folded, Coded: coded}
	if x.exact && folded != text {
		t.Exact = text
	}
	return append(dst, t)
}

func indexString(dst []SearchValue, sv SearchValue, m *Member, v *Node) []SearchValue {
	add := func(text string) {
		sv.Text, sv.Exact = FoldString(text), ""
		if sv.Text == "" {
			return
		}
		if sv.Text != text {
			sv.Exact = text
		}
		dst = append(dst, sv)
	}
	if m.Type.Type.Kind == Primitive {
		add(v.Text)
		return dst
	}
	for _, f := range v.Fields { // HumanName, Address: any of the parts
		for _, part := range v.List(f.Name) {
			switch {
			case part.Kind == String && f.Name != "use" && f.Name != "id" && f.Name != "type":
				add(part.Text)
			case f.Name == "_line": // the parts of a line
				for _, ext := range part.List("extension") {
					add(ext.Str("valueString"))
				}
			}
		}
	}
	return dst
}

// FoldString is the form in which string parameters are compared: without
// case, combining marks or surrounding and repeated white space (R4 search
// §3.1.1.4.8).
func FoldString(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return foldAny(s)
		}
	}
	var b []byte // from the first byte that changes on
	n := 0       // bytes written
	put := func(i int, c byte) {
		if b == nil {
			if n == i && s[i] == c {
				n++
				return
			}
			b = append(make([]byte, 0, len(s)), s[:n]...)
		}
		b = append(b, c)
		n++
	}
	space := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ' ' || c >= '\t' && c <= '\r' {
			space = n > 0
			continue
		}
		if space {
			put(i-1, ' ')
			space = false
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		put(i, c)
	}
	if b == nil {
		return s[:n]
	}
	return string(b)
}

// foldAny is FoldString of any text.
func foldAny(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	folded, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		return s
	}
	return folded
}
