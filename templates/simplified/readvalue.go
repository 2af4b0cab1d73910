package simplified

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// value reads a data value, a party or a code of a class; nil if the item says
// nothing of it. The node has the choices and defaults of the template; it is
// nil for what has none.
func (r *reader) value(class, param *rm.Class, it *item, n *webtemplate.Node) *object {
	if it == nil {
		return nil
	}
	if raw, ok := it.part("raw"); ok {
		return r.raw(class, raw)
	}
	o := &object{class: class}
	switch class.Name {
	case "DV_TEXT":
		if it.has("code") {
			return r.coded(it, n)
		}
		v, ok := it.part("", "value", "other")
		o.put("value", v, ok)
		r.textParts(o, it)
	case "DV_CODED_TEXT":
		return r.coded(it, n)
	case "CODE_PHRASE":
		return r.phrase(it)
	case "DV_STATE":
		o.add("value", r.coded(it, n))
		v, ok := it.part("is_terminal")
		o.put("is_terminal", v, ok)
	case "DV_BOOLEAN", "DV_URI", "DV_EHR_URI", "DV_DATE", "DV_TIME", "DV_DATE_TIME":
		v, ok := it.part("", "value")
		o.put("value", v, ok)
	case "DV_COUNT":
		v, ok := it.part("", "magnitude")
		o.put("magnitude", v, ok)
	case "DV_QUANTITY":
		r.quantity(o, it, n)
	case "DV_DURATION":
		v, ok := it.part("", "value")
		if !ok {
			v, ok = durationParts(it)
		}
		o.put("value", v, ok)
	case "DV_ORDINAL", "DV_SCALE":
		r.ordinal(o, it, n)
	case "DV_PROPORTION":
		r.proportion(o, it, n)
	case "DV_INTERVAL":
		r.interval(o, param, it, n)
	case "DV_IDENTIFIER":
		v, ok := it.part("id", "")
		o.put("id", v, ok)
		for _, s := range []string{"issuer", "assigner", "type"} {
			o.putText(s, it.text(s))
		}
	case "DV_PARSABLE":
		v, ok := it.part("value", "")
		o.put("value", v, ok)
		o.putText("formalism", it.text("formalism"))
		r.encapsulated(o, it)
	case "DV_MULTIMEDIA":
		r.multimedia(o, it)
	case "PARTY_PROXY", "PARTY_IDENTIFIED", "PARTY_RELATED", "PARTY_SELF":
		if n != nil && r.ctx.self && len(n.Steps) > 0 && n.Steps[0].Attribute.Name == "composer" && !it.has("_type") {
			class = rm.Lookup("PARTY_SELF")
		}
		return r.party(class, it)
	default:
		return nil
	}
	if class.IsA(rm.ClassDVOrdered) {
		r.ordered(o, it)
	}
	if len(o.attrs) == 0 {
		return nil
	}
	return o
}

// terminologyOf is the terminology that an item names. Forms that do not know
// the terminology of a local code write "undefined": that says nothing where the
// template has the code.
func terminologyOf(it *item, n *webtemplate.Node) string {
	vocabulary := it.text("terminology")
	if vocabulary == "undefined" && it.has("code") && choice(n, it.text("code")) != nil {
		return ""
	}
	return vocabulary
}

func (r *reader) textParts(o *object, it *item) {
	o.putText("formatting", it.text("formatting"))
	if uri := it.one("_hyperlink"); uri != nil {
		o.add("hyperlink", r.value(rm.Lookup("DV_URI"), nil, uri, nil))
	}
	for _, m := range it.all("_mapping") {
		mapping := newObject("TERM_MAPPING")
		mapping.putText("match", m.text("match"))
		if p := m.one("purpose"); p != nil {
			mapping.add("purpose", r.coded(p, nil))
		}
		mapping.add("target", r.phrase(m.one("target")))
		o.add("mappings", mapping)
	}
	o.add("language", r.phrase(it.one("_language")))
	o.add("encoding", r.phrase(it.one("_encoding")))
}

// phrase reads a CODE_PHRASE; a bare value is terminology::code or a code.
func (r *reader) phrase(it *item) *object {
	if it == nil {
		return nil
	}
	if raw, ok := it.part("raw"); ok {
		return r.raw(rm.ClassCodePhrase, raw)
	}
	code, vocabulary := it.text("code", ""), it.text("terminology")
	if t, c, ok := strings.Cut(code, "::"); ok && vocabulary == "" {
		vocabulary, code = t, c
	}
	if code == "" {
		return nil
	}
	o := codePhrase(vocabulary, code)
	o.putText("preferred_term", it.text("preferred_term"))
	return o
}

// coded reads a coded text. What the item leaves out comes from the choices of
// the template, and from the openEHR terminology for its codes.
func (r *reader) coded(it *item, n *webtemplate.Node) *object {
	if other, ok := it.part("other"); ok {
		o := newObject("DV_TEXT")
		o.put("value", other, ok)
		r.textParts(o, it)
		return o
	}
	code, text, vocabulary := it.text("code"), it.text("value"), terminologyOf(it, n)
	if bare := it.text(""); bare != "" && code == "" {
		code = bare
		switch parts := strings.Split(bare, "::"); len(parts) {
		case 2:
			code, text = parts[0], parts[1]
			if choice(n, code) == nil && choice(n, parts[1]) != nil {
				vocabulary, code, text = parts[0], parts[1], ""
			}
		case 3:
			vocabulary, code, text = parts[0], parts[1], parts[2]
		}
	}
	if code == "" {
		if c := labelled(n, text); c != nil && text != "" {
			code = c.Value
		}
	} else if c := choice(n, code); c == nil && text == "" && labelled(n, code) != nil {
		code, text = labelled(n, code).Value, code
	}
	if c := choice(n, code); c != nil && text == "" {
		text = c.Label
	}
	if code == "" {
		if text == "" {
			return nil
		}
		o := value("DV_TEXT", text)
		r.textParts(o, it)
		return o
	}
	if vocabulary == "" {
		vocabulary = r.vocabulary(n, code)
	}
	if text == "" && vocabulary == terminology.ID {
		text, _ = terminology.OpenEHR.ContentRubric(code, "en")
	}
	if text == "" && n != nil && n.Open && choice(n, code) == nil {
		o := value("DV_TEXT", code)
		r.textParts(o, it)
		return o
	}
	o := codedText(text, vocabulary, code)
	o.get("defining_code").putText("preferred_term", it.text("preferred_term"))
	r.textParts(o, it)
	return o
}

// vocabulary is the terminology of a code that names none.
func (r *reader) vocabulary(n *webtemplate.Node, code string) string {
	if n != nil {
		for _, in := range n.Inputs {
			if in.Terminology != "" {
				return in.Terminology
			}
		}
		if len(n.Steps) > 0 && openEHRCoded[n.Steps[len(n.Steps)-1].Attribute.Name] {
			return terminology.ID
		}
	}
	if !strings.HasPrefix(code, "at") && len(code) <= 4 {
		if _, err := strconv.Atoi(code); err == nil {
			if _, ok := terminology.OpenEHR.AnyRubric(code); ok {
				return terminology.ID
			}
		}
	}
	return "local"
}

// openEHRCoded are the attributes whose codes are the openEHR terminology's.
var openEHRCoded = map[string]bool{
	"category": true, "setting": true, "current_state": true, "transition": true, "math_function": true,
	"null_flavour": true, "mode": true, "purpose": true,
}

// choice is the choice of a node with a code; nil if it has none.
func choice(n *webtemplate.Node, code string) *webtemplate.Item {
	return pick(n, func(i *webtemplate.Item) bool { return i.Value == code })
}

// labelled is the choice with a label, in any language.
func labelled(n *webtemplate.Node, label string) *webtemplate.Item {
	return pick(n, func(i *webtemplate.Item) bool {
		if i.Label == label {
			return true
		}
		for _, l := range i.LocalizedLabels {
			if l == label {
				return true
			}
		}
		return false
	})
}

func pick(n *webtemplate.Node, want func(*webtemplate.Item) bool) *webtemplate.Item {
	if n == nil {
		return nil
	}
	for i := range n.Inputs {
		for j := range n.Inputs[i].List {
			if c := &n.Inputs[i].List[j]; want(c) {
				return c
			}
		}
	}
	return nil
}

func (r *reader) quantity(o *object, it *item, n *webtemplate.Node) {
	magnitude, ok := it.part("magnitude", "")
	o.put("magnitude", magnitude, ok)
	unit := it.text("unit", "units")
	if unit == "" && ok && n != nil && len(n.Inputs) > 1 && len(n.Inputs[1].List) == 1 {
		unit = n.Inputs[1].List[0].Value
	}
	o.putText("units", unit)
	v, ok := it.part("precision")
	o.put("precision", v, ok)
	o.putText("units_system", it.text("units_system", "unit_system"))
	o.putText("units_display_name", it.text("units_display_name", "unit_display_name"))
}

// ordered reads what every ordered value may have.
func (r *reader) ordered(o *object, it *item) {
	if o.class.Attribute("magnitude_status") != nil {
		o.putText("magnitude_status", it.text("magnitude_status"))
	}
	if s := it.text("normal_status"); s != "" {
		o.add("normal_status", codePhrase("openehr_normal_statuses", s))
	} else {
		o.add("normal_status", r.phrase(it.one("_normal_status")))
	}
	if a := o.class.Attribute("accuracy"); a != nil && a.Type.Primitive == rm.RealPrimitive {
		v, ok := it.part("accuracy")
		o.put("accuracy", v, ok)
		v, ok = it.part("accuracy_is_percent")
		o.put("accuracy_is_percent", v, ok)
	} else if a != nil {
		o.add("accuracy", r.value(rm.ClassDVDuration, nil, it.one("_accuracy"), nil))
	}
	if x := it.one("_normal_range"); x != nil {
		o.add("normal_range", r.range_(o.class, x))
	}
	for _, x := range it.all("_other_reference_ranges") {
		ref := newObject("REFERENCE_RANGE")
		if raw, ok := x.part("raw"); ok {
			ref = r.raw(ref.class, raw)
		} else {
			ref.add("meaning", r.value(rm.ClassDVText, nil, x.one("meaning"), nil))
			ref.add("range", r.range_(o.class, x))
		}
		o.add("other_reference_ranges", ref)
	}
}

func (r *reader) range_(class *rm.Class, it *item) *object {
	if raw, ok := it.part("raw"); ok {
		return r.raw(rm.ClassDVInterval, raw)
	}
	o := newObject("DV_INTERVAL")
	r.interval(o, class, it, nil)
	return o
}

func (r *reader) interval(o *object, param *rm.Class, it *item, n *webtemplate.Node) {
	limit := func(name string) bool {
		x := it.one(name)
		if x == nil {
			return false
		}
		class := param
		var node *webtemplate.Node
		if n != nil {
			for _, c := range n.Children {
				if c.ID == name {
					class, node = c.Class, c
				}
			}
		}
		if class == nil {
			return false
		}
		v := r.value(class, nil, x, node)
		o.add(name, v)
		return v != nil
	}
	for _, name := range []string{"lower", "upper"} {
		given := limit(name)
		flag := func(suffix string, otherwise bool) {
			v, ok := it.part(name + suffix)
			if !ok {
				v = scalar{'t', "true"}
				if !otherwise {
					v = scalar{'f', "false"}
				}
			}
			o.put(name+suffix, v, true)
		}
		flag("_unbounded", !given)
		flag("_included", given)
	}
}

// durationSuffixes are the parts of a duration in the order ISO 8601 has.
var durationSuffixes = []struct{ suffix, letter string }{
	{"year", "Y"}, {"month", "M"}, {"week", "W"}, {"day", "D"}, {"", "T"}, {"hour", "H"}, {"minute", "M"}, {"second", "S"},
}

// durationParts makes a duration of its parts.
func durationParts(it *item) (scalar, bool) {
	text, clock, any := "P", false, false
	for _, f := range durationSuffixes {
		if f.suffix == "" {
			clock = true
			continue
		}
		v := it.text(f.suffix)
		if v == "" {
			continue
		}
		any = true
		if v == "0" {
			continue
		}
		if clock && !strings.Contains(text, "T") {
			text += "T"
		}
		text += v + f.letter
	}
	if any && text == "P" {
		text = "PT0S"
	}
	return str(text), any
}

func (r *reader) ordinal(o *object, it *item, n *webtemplate.Node) {
	number, hasNumber := it.part("ordinal", "scale")
	code, text := it.text("code"), it.text("value")
	if bare, ok := it.part(""); ok && code == "" {
		if choice(n, bare.text) != nil {
			code = bare.text
		} else {
			number, hasNumber = bare, true
		}
	}
	c := choice(n, code)
	if c == nil && code == "" {
		c = pick(n, func(i *webtemplate.Item) bool { return hasNumber && ordinalText(i) == number.text })
		if c == nil && text != "" {
			c = labelled(n, text)
		}
	}
	if c != nil {
		code = c.Value
		if text == "" {
			text = c.Label
		}
		if !hasNumber {
			number, hasNumber = scalar{'0', ordinalText(c)}, true
		}
	}
	o.put("value", number, hasNumber)
	if code != "" {
		vocabulary := terminologyOf(it, n)
		if vocabulary == "" {
			vocabulary = "local"
			if n != nil && len(n.Inputs) > 0 && n.Inputs[0].Terminology != "" {
				vocabulary = n.Inputs[0].Terminology
			}
		}
		o.add("symbol", codedText(text, vocabulary, code))
	}
}

// ordinalText is the number of a choice.
func ordinalText(i *webtemplate.Item) string {
	if i.Ordinal != nil {
		return strconv.FormatInt(*i.Ordinal, 10)
	}
	return string(i.Scale)
}

// proportionKinds are the numbers of PROPORTION_KIND by name.
var proportionKinds = map[string]string{"ratio": "0", "unitary": "1", "percent": "2", "fraction": "3", "integer_fraction": "4"}

func (r *reader) proportion(o *object, it *item, n *webtemplate.Node) {
	kind := it.text("type")
	if k, ok := proportionKinds[kind]; ok {
		kind = k
	}
	if kind == "" && n != nil && len(n.ProportionTypes) == 1 {
		kind = proportionKinds[n.ProportionTypes[0]]
	}
	numerator, ok := it.part("numerator")
	denominator, hasDenominator := it.part("denominator")
	if bare, isBare := it.part(""); isBare && !ok {
		numerator, ok = bare, true
		if kind == "" {
			kind = "2"
		}
	}
	if !ok && !hasDenominator {
		return
	}
	if !hasDenominator {
		switch kind {
		case "2":
			denominator, hasDenominator = scalar{'0', "100"}, true
		case "1":
			denominator, hasDenominator = scalar{'0', "1"}, true
		}
		if n != nil && len(n.Inputs) > 1 && n.Inputs[1].Validation != nil {
			if v := n.Inputs[1].Validation.Range; v != nil && v.Min != "" && v.Min == v.Max {
				denominator, hasDenominator = scalar{'0', string(v.Min)}, true
			}
		}
	}
	if kind == "" {
		kind = "0"
	}
	o.put("numerator", numerator, ok)
	o.put("denominator", denominator, hasDenominator)
	o.put("type", scalar{'0', kind}, true)
	v, ok := it.part("precision")
	o.put("precision", v, ok)
}

func (r *reader) encapsulated(o *object, it *item) {
	o.add("charset", r.phrase(it.one("_charset")))
	o.add("language", r.phrase(it.one("_language")))
}

func (r *reader) multimedia(o *object, it *item) {
	if uri := it.text("", "uri"); uri != "" {
		o.add("uri", value("DV_URI", uri))
	}
	if m := it.text("mediatype", "media_type", "mimetype"); m != "" {
		o.add("media_type", codePhrase("IANA_media-types", m))
	} else {
		o.add("media_type", r.phrase(it.one("_media_type")))
	}
	o.putText("alternate_text", it.text("alternatetext", "alternate_text"))
	v, ok := it.part("size")
	o.put("size", v, ok)
	o.putText("data", it.text("data"))
	o.putText("integrity_check", it.text("integrity_check"))
	if s := it.text("compression_algorithm"); s != "" {
		o.add("compression_algorithm", codePhrase("openehr_compression_algorithms", s))
	}
	if s := it.text("integrity_check_algorithm"); s != "" {
		o.add("integrity_check_algorithm", codePhrase("openehr_integrity_check_algorithms", s))
	}
	o.add("thumbnail", r.value(rm.Lookup("DV_MULTIMEDIA"), nil, it.one("_thumbnail"), nil))
	r.encapsulated(o, it)
}
