package webtemplate

import (
	"math"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// inputs fills in the fields of a value, and the children of an interval.
func (b *builder) inputs(n *Node) {
	o := n.Object
	switch n.Class.Name {
	case "DV_TEXT", "DV_URI", "DV_EHR_URI", "String", "DV_MULTIMEDIA":
		n.Inputs = []Input{text(o)}
		if n.Open {
			n.Inputs[0] = Input{Type: "TEXT", ListOpen: &n.Open}
			n.Inputs = append(n.Inputs, Input{Suffix: "other", Type: "TEXT"})
		}
	case "DV_CODED_TEXT":
		n.Inputs = b.coded(n)
	case "DV_STATE":
		n.Inputs = fields("TEXT", "code", "value")
	case "DV_PARAGRAPH", "CODE_PHRASE":
	case "DV_BOOLEAN":
		n.Inputs = []Input{boolean(leaf[*templates.CBoolean](o, "value"))}
	case "DV_COUNT":
		n.Inputs = []Input{count(leaf[*templates.CInteger](o, "magnitude"))}
	case "DV_QUANTITY":
		n.Inputs = b.quantity(own[*templates.CQuantity](o))
		if own[*templates.CQuantity](o) == nil {
			n.Inputs[1].Type = "TEXT"
		}
	case "DV_ORDINAL", "DV_SCALE":
		n.Inputs = []Input{b.ordinal(o)}
	case "DV_PROPORTION":
		b.proportion(n)
	case "DV_DATE":
		n.Inputs = []Input{temporal("DATE", leaf[*templates.CTemporal](o, "value"))}
	case "DV_TIME":
		n.Inputs = []Input{temporal("TIME", leaf[*templates.CTemporal](o, "value"))}
	case "DV_DATE_TIME":
		n.Inputs = []Input{temporal("DATETIME", leaf[*templates.CTemporal](o, "value"))}
	case "DV_DURATION":
		n.Inputs = duration(leaf[*templates.CDuration](o, "value"))
	case "DV_IDENTIFIER":
		n.Inputs = fields("TEXT", "id", "type", "issuer", "assigner")
	case "DV_PARSABLE":
		n.Inputs = fields("TEXT", "value", "formalism")
	case "PARTY_PROXY", "PARTY_IDENTIFIED", "PARTY_RELATED", "PARTY_SELF":
		n.Inputs = fields("TEXT", "id", "id_scheme", "id_namespace", "name")
	case "DV_INTERVAL":
		b.interval(n)
	}
	b.preset(n)
}

func fields(typ string, suffixes ...string) []Input {
	list := make([]Input, len(suffixes))
	for i, s := range suffixes {
		list[i] = Input{Suffix: s, Type: typ}
	}
	return list
}

// own is the constraint of an object itself; the zero value if it has another.
func own[C templates.Constraint](o *templates.Object) C {
	var none C
	if o == nil {
		return none
	}
	if c, ok := o.Constraint.(C); ok {
		return c
	}
	return none
}

// leaf is the constraint on a primitive attribute of a value.
func leaf[C templates.Constraint](o *templates.Object, attribute string) C {
	var none C
	if o == nil {
		return none
	}
	if c, ok := o.Constraint.(C); ok {
		return c
	}
	if a := o.Attribute(attribute); a != nil {
		for _, child := range a.Children {
			if c, ok := child.Constraint.(C); ok {
				return c
			}
		}
	}
	return none
}

func text(o *templates.Object) Input {
	in := Input{Type: "TEXT"}
	c := leaf[*templates.CString](o, "value")
	if c == nil {
		return in
	}
	for _, v := range c.List {
		in.List = append(in.List, Item{Value: v, Label: v})
	}
	if len(in.List) > 0 {
		open := c.ListOpen
		in.ListOpen = &open
	}
	if c.Pattern != nil {
		in.Validation = &Validation{Pattern: c.Pattern.Source}
	}
	if c.Assumed != "" {
		in.DefaultValue = c.Assumed
	}
	return in
}

// coded is a list of codes, or two free fields where the template has none.
func (b *builder) coded(n *Node) []Input {
	var list []Input
	c, terms := b.codes(n.Object)
	switch {
	case c == nil:
		list = fields("TEXT", "code", "value")
	case len(c.Codes) == 0:
		list = fields("TEXT", "code", "value")
		for i := range list {
			list[i].Terminology = vocabulary(c)
		}
	default:
		in := Input{Suffix: "code", Type: "CODED_TEXT", Terminology: vocabulary(c)}
		for _, code := range c.Codes {
			in.List = append(in.List, b.item(code, c.Terminology, terms))
		}
		if c.Assumed != nil {
			in.DefaultValue = c.Assumed.String("code_string")
		}
		list = []Input{in}
	}
	if n.Open {
		open := true
		list[0].ListOpen = &open
		list = append(list, Input{Suffix: "other", Type: "TEXT"})
	}
	return list
}

// codes is the constraint on the code of a coded text; a reference to a value
// set of another terminology names that.
func (b *builder) codes(o *templates.Object) (*templates.CCodePhrase, *templates.Terms) {
	if o == nil {
		return nil, nil
	}
	a := o.Attribute("defining_code")
	if a == nil {
		return nil, nil
	}
	for _, c := range a.Children {
		if p, ok := c.Constraint.(*templates.CCodePhrase); ok {
			return p, c.Terms
		}
		if c.Kind == templates.ConstraintRef && c.Terms != nil {
			for _, query := range c.Terms.ConstraintBindings[c.Reference] {
				return &templates.CCodePhrase{Reference: true, ReferenceSet: query}, c.Terms
			}
		}
	}
	return nil, nil
}

// vocabulary is what the field of a code says of its terminology: nothing for
// the codes of the archetype itself.
func vocabulary(c *templates.CCodePhrase) string {
	switch {
	case c.ReferenceSet != "":
		if _, name, ok := strings.Cut(c.ReferenceSet, "terminology:"); ok {
			return name
		}
		return c.ReferenceSet
	case c.Terminology == "local":
		return ""
	}
	return c.Terminology
}

// item is a code with what its vocabulary says of it.
func (b *builder) item(code, terminology string, terms *templates.Terms) Item {
	it := Item{Value: code}
	if terminology == "openehr" {
		it.Label, it.LocalizedLabels = b.rubric(code)
		return it
	}
	key := code
	if terms.Term(key, "") == nil && terminology != "" && terminology != "local" {
		key = terminology + "::" + code
	}
	it.Label = terms.Text(key, "")
	if it.Label == "" && terminology != "" && terminology != "local" {
		it.Label = code
	}
	for _, lang := range b.languages {
		if text := terms.In(key, lang); text != "" {
			if it.LocalizedLabels == nil {
				it.LocalizedLabels = map[string]string{}
			}
			it.LocalizedLabels[lang] = text
			if d := terms.Term(key, lang).Description; d != "" {
				if it.LocalizedDescriptions == nil {
					it.LocalizedDescriptions = map[string]string{}
				}
				it.LocalizedDescriptions[lang] = d
			}
		}
	}
	it.TermBindings = bindings(terms, code)
	return it
}

func boolean(c *templates.CBoolean) Input {
	in := Input{Type: "BOOLEAN"}
	if c == nil {
		return in
	}
	if c.TrueValid != c.FalseValid {
		valid := strconv.FormatBool(c.TrueValid)
		in.List = []Item{{Value: valid, Label: valid}}
	}
	if c.Assumed != "" {
		in.DefaultValue = c.Assumed == "true"
	}
	return in
}

func count(c *templates.CInteger) Input {
	in := Input{Type: "INTEGER"}
	if c == nil {
		return in
	}
	if r := bounds(whole(c.Range), integer); r != nil {
		in.Validation = &Validation{Range: r}
	}
	for _, v := range c.List {
		s := strconv.FormatInt(v, 10)
		in.List = append(in.List, Item{Value: s, Label: s})
	}
	if c.Assumed != "" {
		in.DefaultValue = Number(c.Assumed)
	}
	return in
}

// bounds writes an interval; nil if it has no ends.
func bounds[T any](r *templates.Bounds[T], format func(T) Number) *Range {
	if r == nil || r.LowerUnbounded && r.UpperUnbounded {
		return nil
	}
	var out Range
	if !r.LowerUnbounded {
		out.MinOp, out.Min = ">", format(r.Lower)
		if r.LowerIncluded {
			out.MinOp = ">="
		}
	}
	if !r.UpperUnbounded {
		out.MaxOp, out.Max = "<", format(r.Upper)
		if r.UpperIncluded {
			out.MaxOp = "<="
		}
	}
	return &out
}

// whole makes the ends of an interval of integers included ones.
func whole(r *templates.Bounds[int64]) *templates.Bounds[int64] {
	if r == nil {
		return nil
	}
	out := *r
	if !r.LowerUnbounded && !r.LowerIncluded && r.Lower < math.MaxInt64 {
		out.Lower, out.LowerIncluded = r.Lower+1, true
	}
	if !r.UpperUnbounded && !r.UpperIncluded && r.Upper > math.MinInt64 {
		out.Upper, out.UpperIncluded = r.Upper-1, true
	}
	return &out
}

// unitNames are how units are written whose code says it badly.
func (b *builder) unitNames(unit string) map[string]string {
	written := map[string]string{"mm[Hg]": "mmHg", "deg": "°"}[unit]
	if written == "" {
		return nil
	}
	names := map[string]string{}
	for _, lang := range b.languages {
		names[lang] = written
	}
	return names
}

// quantity is magnitude and unit. With a single unit its bounds are those of
// the magnitude too.
func (b *builder) quantity(c *templates.CQuantity) []Input {
	magnitude, unit := Input{Suffix: "magnitude", Type: "DECIMAL"}, Input{Suffix: "unit", Type: "CODED_TEXT"}
	if c != nil {
		for _, q := range c.List {
			it := Item{Value: q.Units, Label: q.Units}
			it.LocalizedLabels = b.unitNames(q.Units)
			v := Validation{Range: bounds(q.Magnitude, decimal), Precision: bounds(q.Precision, integer)}
			if v.Range != nil || v.Precision != nil {
				it.Validation = &v
			}
			unit.List = append(unit.List, it)
		}
		if len(unit.List) == 1 {
			magnitude.Validation = unit.List[0].Validation
		}
		if c.Assumed != nil {
			if m := c.Assumed.String("magnitude"); m != "" {
				magnitude.DefaultValue = Number(m)
			}
			if u := c.Assumed.String("units"); u != "" {
				unit.DefaultValue = u
			}
		}
	}
	return []Input{magnitude, unit}
}

func (b *builder) ordinal(o *templates.Object) Input {
	in := Input{Type: "CODED_TEXT"}
	c := own[*templates.COrdinal](o)
	if c == nil {
		return in
	}
	for _, v := range c.List {
		it := b.item(v.Symbol.Code, v.Symbol.Terminology, o.Terms)
		if it.Label == "" {
			it.Label = v.Text
		}
		if o.Class.Name == "DV_SCALE" {
			it.Scale = decimal(v.Value)
		} else {
			ordinal := int64(v.Value)
			it.Ordinal = &ordinal
		}
		in.List = append(in.List, it)
	}
	if c.Assumed != nil {
		in.DefaultValue = c.Assumed.String("symbol", "defining_code", "code_string")
	}
	return in
}

// proportionTypes are the names of PROPORTION_KIND by its values.
var proportionTypes = []string{"ratio", "unitary", "percent", "fraction", "integer_fraction"}

func (b *builder) proportion(n *Node) {
	kinds := leaf[*templates.CInteger](n.Object, "type")
	n.ProportionTypes = proportionTypes
	if kinds != nil && len(kinds.List) > 0 {
		n.ProportionTypes = nil
		for _, k := range kinds.List {
			if k >= 0 && int(k) < len(proportionTypes) {
				n.ProportionTypes = append(n.ProportionTypes, proportionTypes[k])
			}
		}
	}
	for _, name := range []string{"numerator", "denominator"} {
		in := Input{Suffix: name, Type: "DECIMAL"}
		if c := leaf[*templates.CReal](n.Object, name); c != nil {
			if r := bounds(c.Range, decimal); r != nil {
				in.Validation = &Validation{Range: r}
			}
			if c.Assumed != "" {
				in.DefaultValue = Number(c.Assumed)
			}
		}
		if name == "denominator" && in.Validation == nil && len(n.ProportionTypes) == 1 && n.ProportionTypes[0] == "percent" {
			in.Validation = &Validation{Range: &Range{MinOp: ">=", Min: "100", MaxOp: "<=", Max: "100"}}
		}
		n.Inputs = append(n.Inputs, in)
	}
}

// wholePatterns leave every precision open, so that they say nothing to a form.
var wholePatterns = map[string]bool{
	"": true, "yyyy-mm-dd": true, "yyyy-??-??": true, "yyyy-??-??T??:??:??": true, "HH:MM:SS": true, "HH:??:??": true,
	"hh:mm:ss": true, "hh:??:??": true, "THH:MM:SS": true, "THH:??:??": true, "Thh:mm:ss": true, "Thh:??:??": true,
}

func temporal(typ string, c *templates.CTemporal) Input {
	in := Input{Type: typ}
	if c == nil {
		return in
	}
	if !wholePatterns[c.Pattern] {
		in.Validation = &Validation{Pattern: c.Pattern}
	}
	if c.Assumed != "" {
		in.DefaultValue = c.Assumed
	}
	return in
}

// durationFields are the fields of a duration, with their letters in a pattern;
// those of the time follow a T.
var durationFields = []struct{ suffix, letter string }{
	{"year", "Y"}, {"month", "M"}, {"week", "W"}, {"day", "D"}, {"hour", "TH"}, {"minute", "TM"}, {"second", "TS"},
}

func duration(c *templates.CDuration) []Input {
	var list []Input
	pattern := ""
	var lower, upper, assumed rm.Duration
	var hasLower, hasUpper, hasAssumed bool
	if c != nil {
		pattern = c.Pattern
		if c.Range != nil {
			if !c.Range.LowerUnbounded {
				lower, hasLower = parseDuration(c.Range.Lower)
			}
			if !c.Range.UpperUnbounded {
				upper, hasUpper = parseDuration(c.Range.Upper)
			}
		}
		assumed, hasAssumed = parseDuration(c.Assumed)
	}
	date, clock, _ := strings.Cut(strings.TrimPrefix(pattern, "P"), "T")
	for i, f := range durationFields {
		if pattern != "" {
			if letter, ok := strings.CutPrefix(f.letter, "T"); ok && !strings.Contains(clock, letter) || !ok && !strings.Contains(date, letter) {
				continue
			}
		}
		r := Range{MinOp: ">=", Min: "0"}
		if v := field(lower, i); hasLower && v > 0 {
			r.Min = integer(v)
		}
		if v := field(upper, i); hasUpper && v > 0 {
			r.MaxOp, r.Max = "<=", integer(v)
		}
		in := Input{Suffix: f.suffix, Type: "INTEGER", Validation: &Validation{Range: &r}}
		if hasAssumed {
			in.DefaultValue = integer(field(assumed, i))
		}
		list = append(list, in)
	}
	if pattern == "" {
		list[2], list[3] = list[3], list[2] // a duration open in all fields has the days first
	}
	return list
}

func parseDuration(s string) (rm.Duration, bool) {
	if s == "" {
		return rm.Duration{}, false
	}
	d, err := rm.ParseDuration(s)
	return d, err == nil
}

// interval adds the limits of an interval as children.
func (b *builder) interval(n *Node) {
	inner := place{node: n, path: n.AQLPath}
	for _, name := range []string{"upper", "lower"} {
		def := rm.ClassDVInterval.Attribute(name)
		var value *templates.Object
		if n.Object != nil {
			if a := n.Object.Attribute(name); a != nil && len(a.Children) > 0 {
				value = a.Children[0]
			}
		}
		var c *Node
		switch {
		case value != nil && value.Class != nil && value.Class != rm.ClassDVOrdered:
			c = b.new(inner.at(def, value, ""), value, value, "")
			unnamed(c, name)
		case n.Param != nil && !n.Param.Abstract:
			c = rmNode(inner.at(def, nil, ""), def, n.Param)
			c.Name = ""
		default:
			continue
		}
		c.Min, c.Max = 1, 1
		b.inputs(c)
		n.Children = append(n.Children, c)
	}
}
