package example

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

func primitive(class *rm.Class, text string) *rm.Node { return &rm.Node{Class: class, Text: text} }

func defaultPrimitive(c *rm.Class) string {
	switch c.Primitive {
	case rm.IntegerPrimitive:
		return "1"
	case rm.RealPrimitive:
		return "1.0"
	case rm.BooleanPrimitive:
		return "true"
	}
	return "Example"
}

// free is the value of an attribute that the template does not mention: a
// mandatory one gets a default, others stay away.
func (g *generator) free(class *rm.Class, o *templates.Object, def *rm.Attribute, b *builder) *rm.Node {
	if class.Name == "COMPOSITION" && def.Name == "context" {
		return g.context()
	}
	if class.Name == "ELEMENT" && def.Name == "value" && !b.has("null_flavour") {
		return rm.Text("Example")
	}
	if !def.Mandatory {
		return nil
	}
	return g.value(class, o, def, b)
}

func (g *generator) context() *rm.Node {
	return rm.Object("EVENT_CONTEXT",
		rm.Child("start_time", g.dateTime(0)),
		rm.Child("setting", openEHR("setting", "238")))
}

func openEHR(group, code string) *rm.Node {
	rubric, _ := terminology.OpenEHR.Rubric(group, code, "en")
	return rm.CodedText(rubric, "openehr", code)
}

func (g *generator) dateTime(after time.Duration) *rm.Node {
	return rm.Object("DV_DATE_TIME", rm.Str("value", g.opt.Time.Add(after).Format("2006-01-02T15:04:05Z07:00")))
}

// bound is the usual value of attributes with a meaning of their own, by class
// and attribute.
func (g *generator) bound(class *rm.Class, name string) *rm.Node {
	is := func(c string) bool { return class.IsA(rm.Lookup(c)) }
	switch {
	case name == "language" && (is("COMPOSITION") || is("ENTRY")):
		return rm.Code("ISO_639-1", g.opt.Language)
	case name == "territory":
		return rm.Code("ISO_3166-1", g.opt.Territory)
	case name == "category" && is("COMPOSITION"):
		return openEHR("composition_category", "433")
	case name == "composer":
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", g.opt.Composer))
	case name == "encoding":
		return rm.Code("IANA_character-sets", "UTF-8")
	case name == "setting":
		return openEHR("setting", "238")
	case name == "math_function":
		return openEHR("event_math_function", "146")
	case name == "width":
		return rm.Object("DV_DURATION", rm.Str("value", "PT1H"))
	case name == "current_state":
		return openEHR("instruction_states", "532")
	case name == "transition":
		return nil // the careflow step says enough, and the pair must be lawful
	case name == "null_flavour":
		return openEHR("null_flavours", "271")
	case name == "relationship" && is("PARTY_RELATED"):
		return openEHR("subject_relationship", "10")
	case name == "action_archetype_id":
		return primitive(rm.ClassString, "/.*/")
	case name == "mode" && is("PARTICIPATION"):
		return openEHR("participation_mode", "216")
	case name == "performer":
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Example performer"))
	case name == "media_type":
		return rm.Code("IANA_media-types", "text/plain")
	case name == "formalism":
		return primitive(rm.ClassString, "text/plain")
	case name == "provider" || name == "health_care_facility":
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Example provider"))
	case name == "denominator":
		return primitive(rm.Lookup("Real"), "1")
	}
	return nil
}

// value makes an unconstrained value of an attribute.
func (g *generator) value(class *rm.Class, o *templates.Object, def *rm.Attribute, b *builder) *rm.Node {
	if n := g.bound(class, def.Name); n != nil {
		return n
	}
	if def.Name == "transition" || class.Name == "DV_MULTIMEDIA" && def.Name == "data" {
		return nil
	}
	typ := def.Type
	if typ.Name == "Any" || typ.Name == "Ordered" {
		if o.Param != nil {
			typ = o.Param
		} else if def.Param != nil {
			typ = def.Param
		}
	}
	typ = concrete(typ)
	if typ.Primitive != rm.NotPrimitive {
		return primitive(typ, lexical(class, def))
	}
	return g.fresh(typ, o)
}

// lexical is the text of an unconstrained primitive attribute.
func lexical(class *rm.Class, def *rm.Attribute) string {
	switch class.Name + "." + def.Name {
	case "DV_DATE.value":
		return "2024-03-01"
	case "DV_TIME.value":
		return "10:30:00"
	case "DV_DATE_TIME.value":
		return "2024-03-01T10:30:00Z"
	case "DV_DURATION.value":
		return "PT1H"
	case "DV_URI.value":
		return "https://example.org/"
	case "DV_EHR_URI.value":
		return "ehr:/"
	case "DV_QUANTITY.units":
		return "1"
	case "DV_PROPORTION.type":
		return "0"
	case "TERM_MAPPING.match":
		return "="
	case "DV_INTERVAL.lower_unbounded", "DV_INTERVAL.upper_unbounded":
		return "false"
	case "TERMINOLOGY_ID.value":
		return "local"
	case "HIER_OBJECT_ID.value":
		return "7f3f0f3e-5d0e-4d0c-9f40-6d0c2b1a9c11"
	}
	return defaultPrimitive(concrete(def.Type))
}

// fresh makes an instance of a class that the template does not constrain.
func (g *generator) fresh(class *rm.Class, o *templates.Object) *rm.Node {
	if class.Primitive != rm.NotPrimitive {
		return primitive(class, defaultPrimitive(class))
	}
	b := &builder{class: class}
	if class.IsA(rm.Lookup("LOCATABLE")) {
		b.set("archetype_node_id", primitive(rm.ClassString, "at0001"))
		b.set("name", rm.Text("Example"))
	}
	empty := &templates.Object{Class: class, Terms: o.Terms, Param: o.Param}
	for _, def := range class.Attributes() {
		if b.has(def.Name) {
			continue
		}
		if def.Container {
			if def.Mandatory && def.MinItems > 0 {
				b.set(def.Name, g.fresh(concrete(def.Type), o))
			}
			continue
		}
		if n := g.free(class, empty, def, b); n != nil {
			b.set(def.Name, n)
		}
	}
	g.finish(b, empty)
	return b.node()
}

// finish makes the attributes of an instance agree with one another.
func (g *generator) finish(b *builder, o *templates.Object) {
	real := rm.Lookup("Real")
	switch b.class.Name {
	case "DV_INTERVAL":
		g.finishInterval(b, o)
	case "DV_PROPORTION":
		switch b.text("type") {
		case "1":
			b.set("denominator", primitive(real, "1"))
		case "2":
			b.set("denominator", primitive(real, "100"))
		case "3", "4":
			for _, name := range []string{"numerator", "denominator"} {
				if f, err := strconv.ParseFloat(b.text(name), 64); err == nil && f != math.Trunc(f) {
					b.set(name, primitive(real, strconv.FormatFloat(math.Ceil(f), 'f', 0, 64)))
				}
			}
		}
		if f, err := strconv.ParseFloat(b.text("denominator"), 64); err == nil && f == 0 {
			b.set("denominator", primitive(real, "1"))
		}
	case "DV_MULTIMEDIA":
		if !b.has("uri") && !b.has("data") {
			b.set("uri", rm.Object("DV_URI", rm.Str("value", "https://example.org/")))
		}
	case "PARTY_IDENTIFIED", "PARTY_RELATED":
		if !b.has("name") && !b.has("identifiers") && !b.has("external_ref") {
			b.set("name", primitive(rm.ClassString, "Example"))
		}
	case "HISTORY":
		if !b.has("events") && !b.has("summary") {
			b.set("events", g.fresh(rm.Lookup("POINT_EVENT"), o))
		}
	case "INTERVAL_EVENT":
		// The time of an interval event is the end of its interval.
		if width := b.names["width"]; len(width) > 0 {
			if d, err := rm.ParseDuration(width[0].String("value")); err == nil {
				b.set("time", rm.Object("DV_DATE_TIME", rm.Str("value", d.AddTo(g.opt.Time).Format("2006-01-02T15:04:05Z07:00"))))
			}
		}
	case "ELEMENT":
		if b.has("value") {
			b.remove("null_flavour")
			b.remove("null_reason")
		}
	case "DV_ORDINAL", "DV_SCALE", "DV_TEXT", "DV_CODED_TEXT":
		if b.class.Name == "DV_CODED_TEXT" {
			g.rubric(b, o)
		}
	}
}

// rubric sets the text of a coded text to that of its code.
func (g *generator) rubric(b *builder, o *templates.Object) {
	code := b.names["defining_code"]
	if len(code) == 0 {
		return
	}
	if a := o.Attribute("value"); a != nil && len(a.Children) > 0 {
		return // the template fixes the text
	}
	id, value := code[0].String("terminology_id", "value"), code[0].String("code_string")
	text := ""
	switch id {
	case "local":
		text = o.Terms.Text(value, g.opt.Language)
	case "openehr":
		text = g.openEHRRubric(o, value)
	}
	if text == "" {
		text = value
	}
	b.set("value", primitive(rm.ClassString, text))
}

// groups are the vocabulary groups of attributes, for rubrics of codes that
// several groups have.
var groups = map[string]string{
	"category": "composition_category", "setting": "setting", "math_function": "event_math_function",
	"current_state": "instruction_states", "transition": "instruction_transitions", "null_flavour": "null_flavours",
	"mode": "participation_mode", "relationship": "subject_relationship", "function": "participation_function",
}

func (g *generator) openEHRRubric(o *templates.Object, code string) string {
	if o.Parent != nil {
		if text, ok := terminology.OpenEHR.Rubric(groups[o.Parent.Name], code, "en"); ok {
			return text
		}
	}
	text, _ := terminology.OpenEHR.AnyRubric(code)
	return text
}

// finishInterval gives an interval flags that fit its limits.
func (g *generator) finishInterval(b *builder, o *templates.Object) {
	for _, name := range []string{"lower", "upper"} {
		if !b.has(name) && g.opt.Detail != Required || !b.has(name) && o.Param == nil {
			if def := b.class.Attribute(name); def != nil && o.Attribute(name) == nil {
				typ := o.Param
				if typ == nil {
					typ = rm.Lookup("DV_COUNT")
				}
				b.set(name, g.fresh(concrete(typ), o))
			}
		}
	}
	for _, name := range []string{"lower", "upper"} {
		there := b.has(name)
		b.set(name+"_unbounded", primitive(rm.ClassBoolean, strconv.FormatBool(!there)))
		b.set(name+"_included", primitive(rm.ClassBoolean, strconv.FormatBool(there)))
	}
}

// leaf makes a value that satisfies a leaf constraint.
func (g *generator) leaf(o *templates.Object, at place) (*rm.Node, error) {
	class := concrete(o.Class)
	if at.attr != nil && at.attr.Type.Primitive != rm.NotPrimitive {
		class = at.attr.Type // documents name primitive types in many ways
	}
	switch c := o.Constraint.(type) {
	case nil:
		if class.Primitive != rm.NotPrimitive {
			if at.owner != nil && at.attr != nil {
				return primitive(class, lexical(at.owner, at.attr)), nil
			}
			return primitive(class, defaultPrimitive(class)), nil
		}
		return g.fresh(class, o), nil
	case *templates.CString:
		s, err := stringOf(c, at)
		if err != nil {
			return nil, g.fail(o, "%v", err)
		}
		return primitive(class, s), nil
	case *templates.CInteger:
		return primitive(class, integerOf(c)), nil
	case *templates.CReal:
		return primitive(class, realOf(c)), nil
	case *templates.CBoolean:
		return primitive(class, strconv.FormatBool(c.TrueValid)), nil
	case *templates.CTemporal:
		return primitive(class, temporalOf(c)), nil
	case *templates.CDuration:
		s, err := durationOf(c)
		if err != nil {
			return nil, g.fail(o, "%v", err)
		}
		return primitive(class, s), nil
	case *templates.CQuantity:
		return g.quantity(c), nil
	case *templates.COrdinal:
		return g.ordinal(o, c, class), nil
	case *templates.CCodePhrase:
		n := g.codePhrase(o, c)
		if class.IsA(rm.Lookup("DV_TEXT")) {
			return rm.CodedText(n.String("code_string"), n.String("terminology_id", "value"), n.String("code_string")), nil
		}
		return n, nil
	case *templates.CState:
		if len(c.States) == 0 {
			return nil, g.fail(o, "state machine without states")
		}
		return rm.Object("DV_STATE", rm.Child("value", rm.CodedText(c.States[0], "local", c.States[0])), rm.Bool("is_terminal", false)), nil
	}
	return nil, g.fail(o, "constraint %T is not known", o.Constraint)
}

func stringOf(c *templates.CString, at place) (string, error) {
	switch {
	case len(c.List) > 0:
		return c.List[0], nil
	case c.Pattern != nil:
		usual := "Example"
		if at.owner != nil && at.attr != nil {
			usual = lexical(at.owner, at.attr)
		}
		if c.Pattern.Supported() && c.Pattern.Match(usual) {
			return usual, nil
		}
		return shortest(c.Pattern.Source)
	}
	if at.owner != nil && at.attr != nil {
		return lexical(at.owner, at.attr), nil
	}
	return "Example", nil
}

// shortest is a shortest string that a regular expression matches, printable
// where a class of characters allows it.
func shortest(pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", fmt.Errorf("pattern %q: %w", pattern, err)
	}
	var b strings.Builder
	write(&b, re)
	return b.String(), nil
}

func write(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCharClass:
		for _, c := range "a0A_- ." {
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= c && c <= re.Rune[i+1] {
					b.WriteRune(c)
					return
				}
			}
		}
		if len(re.Rune) > 0 {
			b.WriteRune(re.Rune[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			write(b, sub)
		}
	case syntax.OpAlternate, syntax.OpCapture, syntax.OpPlus:
		write(b, re.Sub[0])
	case syntax.OpRepeat:
		for range re.Min {
			write(b, re.Sub[0])
		}
	}
}

func integerOf(c *templates.CInteger) string {
	switch {
	case len(c.List) > 0:
		return strconv.FormatInt(c.List[0], 10)
	case c.Range == nil:
		return "1"
	case !c.Range.LowerUnbounded && c.Range.LowerIncluded:
		return strconv.FormatInt(c.Range.Lower, 10)
	case !c.Range.LowerUnbounded:
		return strconv.FormatInt(c.Range.Lower+1, 10)
	case !c.Range.UpperUnbounded && c.Range.UpperIncluded:
		return strconv.FormatInt(c.Range.Upper, 10)
	case !c.Range.UpperUnbounded:
		return strconv.FormatInt(c.Range.Upper-1, 10)
	}
	return "1"
}

func realOf(c *templates.CReal) string {
	if len(c.List) > 0 {
		return formatReal(c.List[0])
	}
	return formatReal(within(c.Range))
}

func formatReal(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// within is a number within limits: 1 if it fits, a limit, or the middle.
func within(r *templates.Bounds[float64]) float64 {
	compare := func(a, b float64) int {
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
	if r == nil || r.Has(1, compare) {
		return 1
	}
	candidates := []float64{0}
	if !r.LowerUnbounded {
		candidates = append(candidates, r.Lower, r.Lower+1, r.Lower+0.1, r.Lower+0.001)
	}
	if !r.UpperUnbounded {
		candidates = append(candidates, r.Upper, r.Upper-1, r.Upper-0.1, r.Upper-0.001)
	}
	if !r.LowerUnbounded && !r.UpperUnbounded {
		candidates = append(candidates, (r.Lower+r.Upper)/2)
	}
	for _, f := range candidates {
		if r.Has(f, compare) {
			return f
		}
	}
	return r.Lower
}

// temporalOf cuts the usual date or time to what the pattern allows.
func temporalOf(c *templates.CTemporal) string {
	if r := c.Range; r != nil {
		switch {
		case !r.LowerUnbounded && r.LowerIncluded:
			return r.Lower
		case !r.UpperUnbounded && r.UpperIncluded:
			return r.Upper
		}
	}
	date, clock := "2024-03-01", "10:30:00"
	datePattern, timePattern, _ := strings.Cut(strings.ToUpper(c.Pattern), "T")
	if c.Type == "TIME" {
		datePattern, timePattern = "", strings.TrimPrefix(strings.ToUpper(c.Pattern), "T")
	}
	date, whole := cut(date, datePattern, "-")
	if c.Type == "DATE" {
		return date
	}
	clock, _ = cut(clock, timePattern, ":")
	zone := "Z"
	if c.Timezone == templates.TimezoneProhibited {
		zone = ""
	}
	if c.Type == "TIME" {
		return clock + map[bool]string{true: zone}[c.Timezone == templates.TimezoneMandatory]
	}
	if !whole || clock == "" {
		return date
	}
	return date + "T" + clock + zone
}

// cut keeps the components of a value up to the first that the pattern
// prohibits; the second result is true if none is.
func cut(value, pattern, separator string) (string, bool) {
	parts, kinds := strings.Split(value, separator), strings.Split(pattern, separator)
	for i := range parts {
		if i < len(kinds) && strings.Contains(kinds[i], "X") {
			return strings.Join(parts[:i], separator), false
		}
	}
	return value, true
}

// durationOf tries the limits, then one unit of each field that is allowed.
func durationOf(c *templates.CDuration) (string, error) {
	var candidates []string
	allowed := func(s string) bool { return c.Pattern == "" || fieldsAllowed(s, c.Pattern) }
	if r := c.Range; r != nil {
		candidates = append(candidates, r.Lower, r.Upper)
	}
	for _, n := range []string{"1", "2", "10", "30", "100", "1000", "0"} {
		for _, s := range []string{"PT%sH", "P%sD", "PT%sM", "PT%sS", "P%sW", "P%sM", "P%sY"} {
			candidates = append(candidates, fmt.Sprintf(s, n))
		}
	}
	compare := func(a, b string) int {
		x, _ := rm.ParseDuration(a)
		y, _ := rm.ParseDuration(b)
		return x.Compare(y)
	}
	for _, s := range candidates {
		if _, err := rm.ParseDuration(s); err != nil || !allowed(s) {
			continue
		}
		if c.Range == nil || c.Range.Has(s, compare) {
			return s, nil
		}
	}
	return "", fmt.Errorf("no duration satisfies %s", c)
}

// fieldsAllowed reports whether a duration has only fields of the pattern.
func fieldsAllowed(s, pattern string) bool {
	datePattern, timePattern, _ := strings.Cut(strings.ToUpper(strings.TrimPrefix(pattern, "P")), "T")
	date, clock, _ := strings.Cut(strings.TrimPrefix(s, "P"), "T")
	only := func(value, fields string) bool {
		for _, r := range value {
			if r >= 'A' && r <= 'Z' && !strings.ContainsRune(fields, r) {
				return false
			}
		}
		return true
	}
	return only(date, datePattern) && only(clock, timePattern)
}

// units to try for a property whose units the template does not list.
var units = []string{"kg", "cm", "mm[Hg]", "Cel", "/min", "l", "mg", "mmol/l", "g/l", "mg/dl", "h", "s", "m2", "%", "deg", "l/min", "kg/m2", "J", "W", "V", "1/s", "mol", "U/l", "[IU]", "1"}

func (g *generator) quantity(c *templates.CQuantity) *rm.Node {
	unit, magnitude, precision := "1", 1.0, int64(-1)
	if len(c.List) > 0 {
		item := c.List[0]
		unit, magnitude = item.Units, within(item.Magnitude)
		if p := item.Precision; p != nil && (!p.LowerUnbounded || !p.UpperUnbounded) {
			precision = p.Lower
			if p.LowerUnbounded {
				precision = p.Upper
			}
		}
	} else if c.Property.Code != "" {
		i := slices.IndexFunc(units, func(u string) bool {
			return terminology.OpenEHR.UnitOfProperty(c.Property.Code, u) == terminology.UnitListed
		})
		if i < 0 {
			i = slices.IndexFunc(units, func(u string) bool {
				return terminology.OpenEHR.UnitOfProperty(c.Property.Code, u) == terminology.UnitUnknown
			})
		}
		if i >= 0 {
			unit = units[i]
		}
	}
	text := formatReal(magnitude)
	if precision >= 0 {
		text = strconv.FormatFloat(magnitude, 'f', int(precision), 64)
	}
	f := []rm.Field{rm.Child("magnitude", primitive(rm.Lookup("Real"), text)), rm.Str("units", unit)}
	if precision >= 0 {
		f = append(f, rm.Int("precision", precision))
	}
	return rm.Object("DV_QUANTITY", f...)
}

func (g *generator) ordinal(o *templates.Object, c *templates.COrdinal, class *rm.Class) *rm.Node {
	value, symbol := 1.0, rm.CodedText("Example", "local", "at0000")
	if len(c.List) > 0 {
		item := c.List[0]
		value = item.Value
		text := o.Terms.Text(item.Symbol.Code, g.opt.Language)
		if text == "" {
			text = item.Text
		}
		if text == "" {
			text = item.Symbol.Code
		}
		symbol = rm.CodedText(text, item.Symbol.Terminology, item.Symbol.Code)
	}
	number := primitive(rm.ClassInteger, strconv.FormatFloat(value, 'f', 0, 64))
	if class.Name == "DV_SCALE" {
		number = primitive(rm.Lookup("Real"), formatReal(value))
	}
	return rm.Object(class.Name, rm.Child("value", number), rm.Child("symbol", symbol))
}

// codePhrase makes a code that the constraint lists, or one of the group that
// the attribute is bound to.
func (g *generator) codePhrase(o *templates.Object, c *templates.CCodePhrase) *rm.Node {
	term, code := "", ""
	if c != nil {
		term = c.Terminology
		if len(c.Codes) > 0 {
			code = c.Codes[0]
		}
	}
	if code == "" && o.Parent != nil {
		for _, attribute := range []*templates.Attribute{o.Parent, o.Parent.Owner.Parent} {
			if attribute == nil {
				continue
			}
			if n := g.bound(attribute.Owner.Class, attribute.Name); n != nil && n.Class.Primitive == rm.NotPrimitive {
				if d := n.Get("defining_code"); d != nil {
					n = d
				}
				if n.Is("CODE_PHRASE") && (term == "" || term == n.String("terminology_id", "value")) {
					return n
				}
			}
		}
	}
	if term == "" {
		term = "local"
	}
	if code == "" {
		code = "example"
	}
	return rm.Code(term, code)
}
