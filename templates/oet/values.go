package oet

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
)

// typeNames are the names of data types in multipleConstraint, lower case and
// without underscores.
var typeNames = map[string]string{
	"text": "DV_TEXT", "codedtext": "DV_CODED_TEXT", "quantity": "DV_QUANTITY", "count": "DV_COUNT",
	"date": "DV_DATE", "time": "DV_TIME", "datetime": "DV_DATE_TIME", "duration": "DV_DURATION",
	"boolean": "DV_BOOLEAN", "proportion": "DV_PROPORTION", "ratio": "DV_PROPORTION", "ordinal": "DV_ORDINAL",
	"scale": "DV_SCALE", "identifier": "DV_IDENTIFIER", "uri": "DV_URI", "ehruri": "DV_EHR_URI",
	"multimedia": "DV_MULTIMEDIA", "parsable": "DV_PARSABLE", "state": "DV_STATE", "interval": "DV_INTERVAL",
	"intervalofquantity": "DV_INTERVAL<DV_QUANTITY>", "intervalofcount": "DV_INTERVAL<DV_COUNT>",
	"intervalofdate": "DV_INTERVAL<DV_DATE>", "intervaloftime": "DV_INTERVAL<DV_TIME>",
	"intervalofdatetime": "DV_INTERVAL<DV_DATE_TIME>", "intervalofduration": "DV_INTERVAL<DV_DURATION>",
}

func typeName(s string) (string, bool) {
	name, ok := typeNames[strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", ""))]
	if !ok && baseClass(s) != nil {
		return s, true
	}
	return name, ok
}

// value applies a value constraint to an ELEMENT, or to a node that is a value
// itself.
func (c *compiler) value(n *node, r *Constraint, path string) {
	if n.class != "ELEMENT" {
		// A rule may address the value itself, /…/items[at0004]/value.
		holder := &attr{name: "value", existence: once, children: []*node{n}}
		c.constrain(holder, r, path)
		if len(holder.children) == 1 && holder.children[0] != n {
			*n = *holder.children[0]
		}
		return
	}
	a := n.attr("value")
	if a == nil {
		a = &attr{name: "value", existence: archetypes.Multiplicity{Lower: 0, Upper: 1}}
		n.attrs = append(n.attrs, a)
	}
	c.constrain(a, r, path)
}

// constrain narrows the alternatives of a value.
func (c *compiler) constrain(a *attr, r *Constraint, path string) {
	switch r.Kind {
	case "multipleConstraint":
		c.types(a, r, path)
	case "textConstraint":
		c.text(a, r, path)
	case "quantityConstraint":
		c.each(a, r, path, "DV_QUANTITY", c.quantity)
	case "countConstraint":
		c.each(a, r, path, "DV_COUNT", func(n *node, r *Constraint, path string) {
			c.limitPrimitive(n, "magnitude", archetypes.IntegerKind, "", r, path)
		})
	case "durationConstraint":
		c.each(a, r, path, "DV_DURATION", func(n *node, r *Constraint, path string) {
			c.limitPrimitive(n, "value", archetypes.DurationKind, r.Pattern, r, path)
		})
	case "dateConstraint":
		c.date(a, r, path)
	case "ordinalConstraint":
		c.each(a, r, path, "DV_ORDINAL", c.ordinal)
	case "parsableConstraint":
		c.each(a, r, path, "DV_PARSABLE", func(n *node, r *Constraint, path string) {
			n.replace("formalism", stringNode(&archetypes.Primitive{Values: r.Included, Open: !r.LimitToList}))
		})
	default:
		c.fail(r.Line, path, "constraint of type %q is not supported", r.Kind)
	}
}

// each applies a narrowing to every alternative of a class; an unconstrained
// value becomes one of that class.
func (c *compiler) each(a *attr, r *Constraint, path, class string, narrow func(*node, *Constraint, string)) {
	if len(a.children) == 0 {
		a.children = []*node{{class: class, occurrences: once}}
	}
	found := false
	for _, n := range a.children {
		if n.class == class {
			found = true
			narrow(n, r, path)
		}
	}
	if !found {
		c.fail(r.Line, path, "%s needs a %s among the values the archetype permits", r.Kind, class)
	}
}

// types keeps the alternatives of the listed types.
func (c *compiler) types(a *attr, r *Constraint, path string) {
	if len(r.Types) > 0 {
		var kept []*node
		for _, t := range r.Types {
			class, ok := typeName(t)
			if !ok {
				c.fail(r.Line, path, "data type %q is not known", t)
				return
			}
			matched := false
			for _, n := range a.children {
				if n.class == class || class == "DV_INTERVAL" && strings.HasPrefix(n.class, "DV_INTERVAL<") {
					matched = true
					if !slices.Contains(kept, n) {
						kept = append(kept, n)
					}
				}
			}
			switch {
			case matched:
			case len(a.children) == 0 || class == "DV_CODED_TEXT" && a.hasClass("DV_TEXT"):
				kept = append(kept, &node{class: class, occurrences: once})
			default:
				c.fail(r.Line, path, "the archetype permits no value of type %s", class)
				return
			}
		}
		// Keep the archetype's order: some tools show the first type first.
		order := func(n *node) int {
			if i := slices.Index(a.children, n); i >= 0 {
				return i
			}
			return len(a.children)
		}
		slices.SortStableFunc(kept, func(x, y *node) int { return order(x) - order(y) })
		a.children = kept
	}
	for _, nested := range r.Nested {
		if nested != nil {
			c.constrain(a, nested, path)
		}
	}
}

func (a *attr) hasClass(class string) bool {
	return slices.ContainsFunc(a.children, func(n *node) bool { return n.class == class })
}

// text narrows texts and coded texts: lists of strings, of codes, or a value
// set of an external terminology.
func (c *compiler) text(a *attr, r *Constraint, path string) {
	coded := func(values []string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "::") })
	}
	if len(a.children) == 0 {
		a.children = []*node{{class: "DV_TEXT", occurrences: once}}
	}
	switch {
	case r.Query != nil:
		c.query(a, r, path)
	case coded(r.Included) || coded(r.Excluded):
		c.codes(a, r, path)
	case len(r.Included) > 0:
		for _, n := range a.children {
			if n.class == "DV_TEXT" {
				n.replace("value", stringNode(&archetypes.Primitive{Values: r.Included, Open: !r.LimitToList}))
				return
			}
		}
		c.fail(r.Line, path, "a list of texts needs a DV_TEXT among the values the archetype permits")
	case len(r.Excluded) > 0:
		c.fail(r.Line, path, "texts can only be excluded from a list of texts")
	}
}

func (c *compiler) codes(a *attr, r *Constraint, path string) {
	found := false
	for _, n := range a.children {
		defining := n.attr("defining_code")
		if n.class != "DV_CODED_TEXT" || defining == nil {
			continue
		}
		for _, leaf := range defining.children {
			if leaf.leaf == nil || leaf.leaf.Codes == nil {
				continue
			}
			codes := *leaf.leaf.Codes
			strip := func(values []string) []string {
				var out []string
				for _, v := range values {
					if t, code, ok := strings.Cut(v, "::"); ok && t == codes.Terminology {
						out = append(out, code)
					}
				}
				return out
			}
			included, excluded := strip(r.Included), strip(r.Excluded)
			for _, code := range append(slices.Clone(included), excluded...) {
				if !slices.Contains(codes.Codes, code) && len(codes.Codes) > 0 {
					c.fail(r.Line, path, "code %s::%s is not among those the archetype permits", codes.Terminology, code)
					return
				}
			}
			if len(included)+len(excluded) == 0 {
				continue
			}
			found = true
			var kept []string
			for _, code := range codes.Codes {
				if (len(included) == 0 || slices.Contains(included, code)) && !slices.Contains(excluded, code) {
					kept = append(kept, code)
				}
			}
			if len(codes.Codes) == 0 {
				kept = included
			}
			if len(kept) == 0 {
				c.fail(r.Line, path, "all codes the archetype permits are excluded")
				return
			}
			codes.Codes = kept
			if !slices.Contains(kept, codes.Assumed) {
				codes.Assumed = ""
			}
			leaf.leaf = &archetypes.Object{RMType: "CODE_PHRASE", Codes: &codes}
		}
	}
	if !found {
		c.fail(r.Line, path, "there is no list of codes to which the constraint applies")
	}
}

// query binds a text to a value set of an external terminology.
func (c *compiler) query(a *attr, r *Constraint, path string) {
	uri := "terminology:" + r.Query.Terminology + "?subset=" + strings.ReplaceAll(r.Query.Name, " ", "%20")
	if r.Query.Language != "" {
		uri += "&language=" + r.Query.Language
	}
	for i, n := range a.children {
		if n.class != "DV_TEXT" && n.class != "DV_CODED_TEXT" {
			continue
		}
		coded := codedNode(&archetypes.CodeConstraint{Terminology: r.Query.Terminology})
		coded.attrs[0].children[0].valueSet = uri
		if n.class == "DV_TEXT" && !r.LimitToList {
			a.children = slices.Insert(a.children, i, coded)
		} else {
			a.children[i] = coded
		}
		return
	}
	c.fail(r.Line, path, "a value set needs a text among the values the archetype permits")
}

func (c *compiler) quantity(n *node, r *Constraint, path string) {
	q := archetypes.QuantityConstraint{}
	if n.leaf != nil && n.leaf.Quantity != nil {
		q = *n.leaf.Quantity
	}
	q.List = slices.Clone(q.List)
	known := func(units string) bool {
		return slices.ContainsFunc(q.List, func(i archetypes.QuantityItem) bool { return i.Units == units })
	}
	open := len(q.List) == 0
	if open {
		for _, units := range r.Included {
			q.List = append(q.List, archetypes.QuantityItem{Units: units})
		}
	}
	for _, units := range append(slices.Clone(r.Included), r.Excluded...) {
		if !known(units) {
			c.fail(r.Line, path, "unit %q is not among those the archetype permits", units)
			return
		}
	}
	q.List = slices.DeleteFunc(q.List, func(i archetypes.QuantityItem) bool {
		return len(r.Included) > 0 && !slices.Contains(r.Included, i.Units) || slices.Contains(r.Excluded, i.Units)
	})
	if len(q.List) == 0 && len(r.Units) == 0 {
		c.fail(r.Line, path, "all units the archetype permits are excluded")
		return
	}
	for _, u := range r.Units {
		i := slices.IndexFunc(q.List, func(i archetypes.QuantityItem) bool { return i.Units == u.Units })
		if i < 0 {
			if !open {
				c.fail(r.Line, path, "unit %q is not among those the archetype permits", u.Units)
				return
			}
			q.List = append(q.List, archetypes.QuantityItem{Units: u.Units})
			i = len(q.List) - 1
		}
		var ok bool
		if q.List[i].Magnitude, ok = intersect(q.List[i].Magnitude, u.Magnitude); !ok {
			c.fail(r.Line, path, "magnitude limits of %q do not overlap with the archetype's", u.Units)
			return
		}
		if u.Precision != "" {
			if _, err := strconv.Atoi(u.Precision); err != nil {
				c.fail(r.Line, path, "precision %q is not an integer", u.Precision)
				return
			}
			q.List[i].Precision = &archetypes.Interval{Lower: u.Precision, Upper: u.Precision, LowerIncluded: true, UpperIncluded: true}
		}
	}
	if q.Assumed != nil && !slices.ContainsFunc(q.List, func(i archetypes.QuantityItem) bool { return i.Units == q.Assumed.Units }) {
		q.Assumed = nil
	}
	n.attrs = nil
	n.leaf = &archetypes.Object{RMType: "DV_QUANTITY", Quantity: &q}
}

// intersect is the overlap of two numeric intervals, where nil is everything;
// false if there is none.
func intersect(a, b *archetypes.Interval) (*archetypes.Interval, bool) {
	if a == nil || b == nil {
		if a == nil {
			a = b
		}
		return a, true
	}
	number := func(s string) float64 {
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
	out := *a
	if !b.LowerUnbounded && (a.LowerUnbounded || number(b.Lower) > number(a.Lower) || number(b.Lower) == number(a.Lower) && !b.LowerIncluded) {
		out.Lower, out.LowerIncluded, out.LowerUnbounded = b.Lower, b.LowerIncluded, false
	}
	if !b.UpperUnbounded && (a.UpperUnbounded || number(b.Upper) < number(a.Upper) || number(b.Upper) == number(a.Upper) && !b.UpperIncluded) {
		out.Upper, out.UpperIncluded, out.UpperUnbounded = b.Upper, b.UpperIncluded, false
	}
	if !out.LowerUnbounded && !out.UpperUnbounded {
		l, u := number(out.Lower), number(out.Upper)
		if l > u || l == u && (!out.LowerIncluded || !out.UpperIncluded) {
			return nil, false
		}
	}
	return &out, true
}

// limitPrimitive narrows the primitive in an attribute of a data value.
func (c *compiler) limitPrimitive(n *node, name string, kind archetypes.PrimitiveKind, pattern string, r *Constraint, path string) {
	p := archetypes.Primitive{Kind: kind}
	if a := n.attr(name); a != nil && len(a.children) == 1 && a.children[0].leaf != nil && a.children[0].leaf.Primitive != nil {
		p = *a.children[0].leaf.Primitive
	}
	if kind == archetypes.IntegerKind {
		narrowed, ok := intersect(p.Range, r.Range)
		if !ok {
			c.fail(r.Line, path, "limits do not overlap with the archetype's")
			return
		}
		p.Range = narrowed
	} else if r.Range != nil {
		p.Range = r.Range
	}
	if pattern != "" {
		p.Pattern = pattern
	}
	n.replace(name, primitiveNode(&p))
}

// date limits dates and date/times.
func (c *compiler) date(a *attr, r *Constraint, path string) {
	found := false
	for _, n := range a.children {
		switch n.class {
		case "DV_DATE_TIME":
			found = true
			c.limitPrimitive(n, "value", archetypes.DateTimeKind, "", r, path)
		case "DV_DATE":
			found = true
			day := *r
			if r.Range != nil {
				cut := *r.Range
				cut.Lower, _, _ = strings.Cut(cut.Lower, "T")
				cut.Upper, _, _ = strings.Cut(cut.Upper, "T")
				day.Range = &cut
			}
			c.limitPrimitive(n, "value", archetypes.DateKind, "", &day, path)
		}
	}
	if !found {
		c.fail(r.Line, path, "dateConstraint needs a date or date/time among the values the archetype permits")
	}
}

func (c *compiler) ordinal(n *node, r *Constraint, path string) {
	o := archetypes.OrdinalConstraint{}
	if n.leaf != nil && n.leaf.Ordinal != nil {
		o = *n.leaf.Ordinal
	}
	bare := func(values []string) []string {
		out := make([]string, len(values))
		for i, v := range values {
			out[i] = v[strings.LastIndexByte(v, ':')+1:]
		}
		return out
	}
	included, excluded := bare(r.Included), bare(r.Excluded)
	var kept []archetypes.OrdinalItem
	for _, item := range o.List {
		is := func(v string) bool { return v == item.Symbol.Code || v == item.Value }
		if (len(included) == 0 || slices.ContainsFunc(included, is)) && !slices.ContainsFunc(excluded, is) {
			kept = append(kept, item)
		}
	}
	if len(kept) == 0 {
		c.fail(r.Line, path, "no value of the ordinal remains")
		return
	}
	o.List = kept
	n.leaf = &archetypes.Object{RMType: "DV_ORDINAL", Ordinal: &o}
}
