package validate

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// leaf checks a node against a leaf constraint.
func (v *validator) leaf(o *templates.Object, n *rm.Node) {
	switch c := o.Constraint.(type) {
	case *templates.CString:
		v.text(o, c, n)
	case *templates.CInteger:
		v.integer(o, c, n)
	case *templates.CReal:
		v.real(o, c, n)
	case *templates.CBoolean:
		if value, ok := n.Bool(); ok && (value && !c.TrueValid || !value && !c.FalseValid) && v.fail() {
			v.mustBe(o, CodeBoolean, "C_BOOLEAN", strconv.FormatBool(c.TrueValid), n.Text)
		}
	case *templates.CTemporal:
		v.temporal(o, c, n)
	case *templates.CDuration:
		v.duration(o, c, n)
	case *templates.CQuantity:
		v.quantity(o, c, n)
	case *templates.COrdinal:
		v.ordinal(o, c, n)
	case *templates.CCodePhrase:
		v.codePhrase(o, c, n)
	case *templates.CState:
		v.state(o, c, n)
	}
}

// mustBe reports a value that is not as the constraint demands.
func (v *validator) mustBe(o *templates.Object, code, constraint, expected, actual string) {
	v.report(finding{
		code: code, constraint: constraint, at: o, expected: expected, actual: actual,
		message: "The value " + actual + " must be " + expected,
	})
}

func (v *validator) text(o *templates.Object, c *templates.CString, n *rm.Node) {
	if len(c.List) > 0 && !c.ListOpen && !contains(c.List, n.Text) {
		if v.fail() {
			v.mustBe(o, CodeStringList, "C_STRING.list", oneOf(c.List), strconv.Quote(n.Text))
		}
	}
	if c.Pattern == nil {
		return
	}
	if !c.Pattern.Supported() {
		if v.warn() {
			v.report(finding{
				code: CodeUnchecked, constraint: "C_STRING.pattern", at: o, severity: rm.Warning,
				expected: "/" + c.Pattern.Source + "/", actual: n.Text,
				message: "The regular expression uses features that cannot be evaluated; the value is not checked against it",
			})
		}
		return
	}
	if !c.Pattern.Match(n.Text) && !isSameExpression(o, c, n.Text) && v.fail() {
		v.mustBe(o, CodeStringPattern, "C_STRING.pattern", "/"+c.Pattern.Source+"/", strconv.Quote(n.Text))
	}
}

// isSameExpression accepts, in ACTIVITY.action_archetype_id, the template's
// expression itself: that attribute holds a regular expression, which may stand
// between slashes (RM ehr, ACTIVITY.action_archetype_id).
func isSameExpression(o *templates.Object, c *templates.CString, text string) bool {
	if o.Parent == nil || o.Parent.Name != "action_archetype_id" {
		return false
	}
	if n := len(text); n > 2 && text[0] == '/' && text[n-1] == '/' {
		text = text[1 : n-1]
	}
	return text == c.Pattern.Source || c.Pattern.Match(text)
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func (v *validator) integer(o *templates.Object, c *templates.CInteger, n *rm.Node) {
	i, ok := n.Int()
	if !ok {
		// A C_INTEGER on a Real, or a number that the reference model refuses.
		f, isNumber := n.Float()
		if i = int64(f); !isNumber || float64(i) != f {
			if isNumber && v.fail() {
				v.mustBe(o, CodeInteger, "C_INTEGER", "an integer", n.Text)
			}
			return
		}
	}
	good := (c.Range == nil || c.Range.Has(i, compare[int64])) && (len(c.List) == 0 || contain(c.List, i))
	if !good && v.fail() {
		v.mustBe(o, CodeInteger, kindOfNumber("C_INTEGER", len(c.List)), strings.TrimPrefix(c.String(), "integer "), n.Text)
	}
}

func (v *validator) real(o *templates.Object, c *templates.CReal, n *rm.Node) {
	f, ok := n.Float()
	if !ok {
		return
	}
	good := (c.Range == nil || c.Range.Has(f, compare[float64])) && (len(c.List) == 0 || contain(c.List, f))
	if !good && v.fail() {
		v.mustBe(o, CodeReal, kindOfNumber("C_REAL", len(c.List)), strings.TrimPrefix(c.String(), "real "), n.Text)
	}
}

func kindOfNumber(name string, listed int) string {
	if listed > 0 {
		return name + ".list"
	}
	return name + ".range"
}

func contain[T comparable](list []T, x T) bool {
	for _, l := range list {
		if l == x {
			return true
		}
	}
	return false
}

func compare[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// quantity checks unit, magnitude and precision. Units are compared literally;
// a unit may be listed more than once with different ranges.
func (v *validator) quantity(o *templates.Object, c *templates.CQuantity, n *rm.Node) {
	units := n.String("units")
	if len(c.List) == 0 {
		v.property(o, c, n, units)
		return
	}
	magnitude, hasMagnitude := n.Get("magnitude").Float()
	precision, hasPrecision := n.Get("precision").Int()
	hasPrecision = hasPrecision && precision >= 0 // -1: no limit
	var failed *templates.QuantityItem
	code := ""
	for i := range c.List {
		item := &c.List[i]
		if item.Units != units {
			continue
		}
		switch {
		case item.Magnitude != nil && hasMagnitude && !item.Magnitude.Has(magnitude, compare[float64]):
			failed, code = item, CodeMagnitude
		case item.Precision != nil && hasPrecision && !item.Precision.Has(precision, compare[int64]):
			failed, code = item, CodePrecision
		default:
			return
		}
	}
	if !v.fail() {
		return
	}
	switch code {
	case "":
		var all []string
		for _, item := range c.List {
			all = append(all, item.Units)
		}
		v.mustBe(o, CodeUnits, "C_DV_QUANTITY.list", oneOf(all), strconv.Quote(units))
	case CodeMagnitude:
		v.mustBe(o, code, "C_DV_QUANTITY.list.magnitude", failed.Magnitude.Print(formatReal)+" "+failed.Units,
			n.String("magnitude")+" "+units)
	default:
		v.mustBe(o, code, "C_DV_QUANTITY.list.precision",
			"precision "+failed.Precision.Print(func(i int64) string { return strconv.FormatInt(i, 10) }),
			"precision "+n.String("precision"))
	}
}

func formatReal(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// ordinal checks the pair of value and symbol of a DV_ORDINAL or DV_SCALE.
func (v *validator) ordinal(o *templates.Object, c *templates.COrdinal, n *rm.Node) {
	if len(c.List) == 0 {
		return
	}
	value, _ := n.Get("value").Float()
	code := n.String("symbol", "defining_code", "code_string")
	term := templates.TerminologyName(n.String("symbol", "defining_code", "terminology_id", "value"))
	for i := range c.List {
		item := &c.List[i]
		if item.Value == value && item.Symbol.Code == code && item.Symbol.Terminology == term {
			return
		}
	}
	if v.fail() {
		var all []string
		for _, item := range c.List {
			all = append(all, formatReal(item.Value)+"|"+item.Symbol.Terminology+"::"+item.Symbol.Code+"|")
		}
		v.mustBe(o, CodeOrdinal, "C_"+o.Class.Name+".list", strings.Join(all, ", "),
			n.String("value")+"|"+term+"::"+code+"|")
	}
}

func (v *validator) codePhrase(o *templates.Object, c *templates.CCodePhrase, n *rm.Node) {
	term := templates.TerminologyName(n.String("terminology_id", "value"))
	code := n.String("code_string")
	if c.Terminology != "" && c.Terminology != term {
		if v.fail() {
			v.mustBe(o, CodeCodeTerminology, "C_CODE_PHRASE.terminology_id", c.Terminology, term+"::"+code)
		}
		return
	}
	if !c.Has(code) {
		if v.fail() {
			v.mustBe(o, CodeCodeList, "C_CODE_PHRASE.code_list", c.Terminology+"::"+strings.Join(c.Codes, ", "), term+"::"+code)
		}
		return
	}
	if term == "local" {
		v.localRubric(o, code)
	}
	if c.Reference && len(c.Codes) == 0 {
		reference := c.ReferenceSet
		if reference == "" && c.Terminology != "" {
			reference = "terminology:" + c.Terminology // any code of it
		}
		if reference != "" {
			v.valueSets(o, "C_CODE_REFERENCE.referenceSetUri", []string{reference}, term, code)
		}
	}
}

// localRubric compares the value of a DV_CODED_TEXT with the text that the
// archetype gives its code, in the language of the instance or the template's
// own. Another text may be a translation or a synonym, but also the text of
// another code.
func (v *validator) localRubric(o *templates.Object, code string) {
	if v.opt.Policy.Rubric == Off {
		return
	}
	coded := v.walk.Ancestor(1)
	if coded == nil || !coded.Class.IsA(rm.ClassDVCodedText) {
		return
	}
	value := coded.String("value")
	own := o.Terms.Text(code, "")
	if own == "" || own == value {
		return
	}
	expected := strconv.Quote(own)
	if v.lang != "" && v.lang != v.tpl.Language {
		translated := o.Terms.In(code, v.lang)
		if translated == value {
			return
		}
		if translated == "" {
			return // any rendering may be right
		}
		expected = strconv.Quote(translated) + " or " + expected
	}
	if render, severity := v.level(v.opt.Policy.Rubric.or(AsWarning)); render {
		v.report(finding{
			code: CodeCodeRubric, constraint: "ARCHETYPE_TERM.text", at: o, severity: severity,
			expected: expected, actual: value,
			message: "The value " + strconv.Quote(value) + " is not the text of local::" + code + ", " + expected,
		})
	}
}

func (v *validator) state(o *templates.Object, c *templates.CState, n *rm.Node) {
	if len(c.States) == 0 {
		return
	}
	if value := n.String("value", "value"); !contains(c.States, value) && v.fail() {
		v.mustBe(o, CodeState, "C_DV_STATE.value", oneOf(c.States), strconv.Quote(value))
	}
}

func integral(n *rm.Node) bool {
	f, ok := n.Float()
	return !ok || f == float64(int64(f))
}
