package lint

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/ucum"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// leaf looks at the constraint of a value.
func (l *linter) leaf(o *templates.Object) {
	switch c := o.Constraint.(type) {
	case *templates.CString:
		l.text(o, c)
	case *templates.CInteger:
		list(l, o, c.List, c.Range, func(i int64) string { return strconv.FormatInt(i, 10) })
		if i, err := strconv.ParseInt(c.Assumed, 10, 64); c.Assumed != "" && (err != nil || !allows(c.List, c.Range, i)) {
			l.at(o, CodeAssumed, "the assumed value %s is not one of %s", c.Assumed, c)
		}
	case *templates.CReal:
		list(l, o, c.List, c.Range, func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) })
		if f, err := strconv.ParseFloat(c.Assumed, 64); c.Assumed != "" && (err != nil || !allows(c.List, c.Range, f)) {
			l.at(o, CodeAssumed, "the assumed value %s is not one of %s", c.Assumed, c)
		}
	case *templates.CBoolean:
		if c.Assumed == "true" && !c.TrueValid || c.Assumed == "false" && !c.FalseValid {
			l.at(o, CodeAssumed, "the assumed value %s is not allowed", c.Assumed)
		}
	case *templates.CTemporal:
		l.temporal(o, c)
	case *templates.CDuration:
		if r := c.Range; r != nil {
			lower, err1 := rm.ParseDuration(r.Lower)
			upper, err2 := rm.ParseDuration(r.Upper)
			if err1 == nil && err2 == nil && !r.LowerUnbounded && !r.UpperUnbounded && void(r, lower.Compare(upper)) {
				l.empty(o, "no duration lies in "+c.String())
			}
		}
	case *templates.CQuantity:
		l.quantity(o, c)
	case *templates.COrdinal:
		l.ordinal(o, c)
	case *templates.CCodePhrase:
		l.codePhrase(o, c)
	case *templates.CState:
		if len(c.States) == 0 {
			l.empty(o, "the state machine has no states")
		}
	}
}

func (l *linter) empty(o *templates.Object, message string) { l.at(o, CodeEmpty, "%s", message) }

// void reports whether an interval with both ends has no value, given how its
// ends compare.
func void[T any](b *templates.Bounds[T], order int) bool {
	return order > 0 || order == 0 && (!b.LowerIncluded || !b.UpperIncluded)
}

func voidRange[T cmp.Ordered](b *templates.Bounds[T]) bool {
	return b != nil && !b.LowerUnbounded && !b.UpperUnbounded && void(b, cmp.Compare(b.Lower, b.Upper))
}

func allows[T cmp.Ordered](list []T, r *templates.Bounds[T], v T) bool {
	return (list == nil || slices.Contains(list, v)) && (r == nil || r.Has(v, cmp.Compare[T]))
}

// list looks at a list of numbers with a range.
func list[T cmp.Ordered](l *linter, o *templates.Object, values []T, r *templates.Bounds[T], format func(T) string) {
	if voidRange(r) {
		l.empty(o, "no value lies in "+r.Print(format))
		return
	}
	some := len(values) == 0
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			l.at(o, CodeTwice, "%s is listed twice", format(v))
		}
		if r != nil && !r.Has(v, cmp.Compare[T]) {
			l.at(o, CodeNoEffect, "%s is listed, but lies outside %s", format(v), r.Print(format))
			continue
		}
		some = true
	}
	if !some {
		l.empty(o, "no value of the list lies in "+r.Print(format))
	}
}

func (l *linter) text(o *templates.Object, c *templates.CString) {
	if c.Pattern != nil && !c.Pattern.Supported() {
		l.at(o, CodePattern, "the expression /%s/ cannot be evaluated, so that the text is not checked", c.Pattern.Source)
	}
	if c.List != nil && len(c.List) == 0 && !c.ListOpen {
		l.empty(o, "the list of texts is empty")
	}
	some := len(c.List) == 0 || c.ListOpen
	for i, v := range c.List {
		if slices.Contains(c.List[:i], v) {
			l.at(o, CodeTwice, "%q is listed twice", v)
		}
		if damaged(v) {
			l.at(o, CodeText, "%q looks as if its character encoding was mistaken", v)
		}
		if c.Pattern != nil && !c.Pattern.Match(v) {
			l.at(o, CodeNoEffect, "%q is listed, but does not match /%s/", v, c.Pattern.Source)
			continue
		}
		some = true
	}
	if !some {
		l.empty(o, "no text of the list matches the pattern")
	}
	if c.Assumed != "" && (c.List != nil && !c.ListOpen && !slices.Contains(c.List, c.Assumed) || c.Pattern != nil && !c.Pattern.Match(c.Assumed)) {
		l.at(o, CodeAssumed, "the assumed value %q is not allowed", c.Assumed)
	}
}

// temporal looks at the pattern of a date, time or date/time: what is demanded
// after something that must be absent can never be there.
func (l *linter) temporal(o *templates.Object, c *templates.CTemporal) {
	missing := false
	for _, part := range strings.FieldsFunc(c.Pattern, func(r rune) bool { return r == '-' || r == ':' || r == 'T' }) {
		switch part[0] {
		case 'X', 'x':
			missing = true
		case '?':
		default:
			if missing {
				l.at(o, CodeEmpty, "the pattern %s demands a part after one that must be absent", c.Pattern)
				return
			}
		}
	}
	if r := c.Range; r != nil && !r.LowerUnbounded && !r.UpperUnbounded && r.Lower == r.Upper && (!r.LowerIncluded || !r.UpperIncluded) {
		l.empty(o, "no value lies in "+c.String())
	}
}

func (l *linter) quantity(o *templates.Object, c *templates.CQuantity) {
	property := ""
	if c.Property.Terminology == terminology.ID && c.Property.Code != "" {
		property = c.Property.Code
		if !terminology.OpenEHR.Has("property", property) {
			l.at(o, CodeVocabulary, "openehr::%s is not a physical property", property)
			property = ""
		}
	}
	for i, item := range c.List {
		if _, err := ucum.Parse(item.Units); err != nil {
			l.at(o, CodeUCUM, "the unit %q is not a UCUM code", item.Units)
		}
		if property != "" && terminology.OpenEHR.UnitOfProperty(property, item.Units) == terminology.UnitOther {
			rubric, _ := terminology.OpenEHR.Rubric("property", property, "en")
			l.at(o, CodeProperty, "the unit %q is not one of %s (openehr::%s)", item.Units, rubric, property)
		}
		if voidRange(item.Magnitude) {
			l.empty(o, "no magnitude in "+item.Units+" lies in the range")
		}
		if voidRange(item.Precision) {
			l.empty(o, "no precision in "+item.Units+" lies in the range")
		}
		for _, other := range c.List[:i] {
			if other.Units == item.Units {
				l.at(o, CodeTwice, "the unit %q is listed twice", item.Units)
				break
			}
		}
	}
	if a := c.Assumed; a != nil && len(c.List) > 0 {
		units := a.String("units")
		magnitude, has := a.Get("magnitude").Float()
		if !slices.ContainsFunc(c.List, func(i templates.QuantityItem) bool {
			return i.Units == units && (!has || i.Magnitude == nil || i.Magnitude.Has(magnitude, cmp.Compare[float64]))
		}) {
			l.at(o, CodeAssumed, "the assumed value %s %s is not allowed", a.String("magnitude"), units)
		}
	}
}

func (l *linter) ordinal(o *templates.Object, c *templates.COrdinal) {
	values, codes := map[float64]bool{}, map[templates.Code]bool{}
	for _, item := range c.List {
		if values[item.Value] {
			l.at(o, CodeTwice, "the value %s is listed twice", strconv.FormatFloat(item.Value, 'g', -1, 64))
		}
		if codes[item.Symbol] {
			l.at(o, CodeTwice, "the symbol %s is listed twice", item.Symbol.Code)
		}
		values[item.Value], codes[item.Symbol] = true, true
		if item.Symbol.Terminology == "local" {
			l.use(o.Terms, item.Symbol.Code, o)
		} else {
			l.terminology(o, item.Symbol.Terminology)
		}
	}
}

func (l *linter) codePhrase(o *templates.Object, c *templates.CCodePhrase) {
	for i, code := range c.Codes {
		if slices.Contains(c.Codes[:i], code) {
			l.at(o, CodeTwice, "the code %s is listed twice", code)
		}
	}
	switch c.Terminology {
	case "local":
		if len(c.Codes) == 0 && !c.Reference {
			l.empty(o, "the value set of local codes is empty")
		}
		texts := map[string]string{}
		for _, code := range c.Codes {
			l.use(o.Terms, code, o)
			text := strings.ToLower(o.Terms.Text(code, ""))
			if other := texts[text]; text != "" && other != "" && other != code {
				l.at(o, CodeSameText, "the codes %s and %s have the same text %q", other, code, o.Terms.Text(code, ""))
			}
			texts[text] = code
		}
	case "":
		if len(c.Codes) > 0 {
			l.at(o, CodeBinding, "codes are listed without their terminology")
		}
	default:
		l.terminology(o, c.Terminology)
	}
	if c.Reference && strings.TrimSpace(c.ReferenceSet) == "" && len(c.Codes) == 0 {
		l.at(o, CodeBindingCode, "the external value set is not named")
	}
	l.vocabulary(o, c)
	if a := c.Assumed; a != nil && len(c.Codes) > 0 && !c.Has(a.String("code_string")) {
		l.at(o, CodeAssumed, "the assumed code %s is not in the list", a.String("code_string"))
	}
}

// vocabulary compares codes with what the reference model allows there.
func (l *linter) vocabulary(o *templates.Object, c *templates.CCodePhrase) {
	holder := o.Parent
	if holder != nil && holder.Name == "defining_code" && holder.Owner.Parent != nil {
		holder = holder.Owner.Parent
	}
	var v validate.Vocabulary
	var coded bool
	if holder != nil {
		// Descendants may redeclare the attribute; all agree on its vocabulary.
		for _, class := range holder.Owner.Class.Concrete() {
			if def := class.Attribute(holder.Name); def != nil && !coded {
				v, coded = validate.VocabularyOf(def)
			}
		}
	}
	has := func(code string) bool {
		switch {
		case coded && v.Group != nil:
			return v.Group.Has(code)
		case coded && v.Set != nil:
			return terminology.OpenEHR.CodeSetHas(v.Set.Name, code)
		}
		_, ok := terminology.OpenEHR.AnyRubric(code)
		return ok
	}
	if c.Terminology != terminology.ID && !(coded && v.Set != nil && !v.Open) {
		return
	}
	for _, code := range c.Codes {
		if !has(code) {
			where := "the openEHR terminology"
			if coded {
				where = "the vocabulary of " + holder.Owner.Class.Name + "." + holder.Name
			}
			l.at(o, CodeVocabulary, "the code %s is not in %s", code, where)
		}
	}
}
