package validate

import (
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

// leafCases are single constraints on the value of ELEMENT[at0002] with values
// and what is wrong with each. A path is below the element's value.
var leafCases = []struct {
	constraint string
	allow      []obj
	values     []leafValue
}{
	{"list of strings", []obj{opttest.Value("DV_TEXT", opttest.Strings("red", "green"))}, []leafValue{
		{rm.Text("red"), ""},
		{rm.Text("blue"), "tpl.string.list /value"},
		{rm.Text("Red"), "tpl.string.list /value"},
		{rm.CodedText("green", "local", "at9"), ""},
	}},
	{"open list of strings", []obj{opttest.Value("DV_TEXT", opttest.Primitive("STRING", "<list>red</list><list_open>true</list_open>"))}, []leafValue{
		{rm.Text("blue"), ""},
	}},
	{"string pattern is anchored", []obj{opttest.Value("DV_URI", opttest.Pattern("STRING", "https://[a-z.]+"))}, []leafValue{
		{value("DV_URI", "https://example.org"), ""},
		{value("DV_URI", "https://example.org/x"), "tpl.string.pattern /value"},
		{value("DV_EHR_URI", "ehr:x"), "tpl.string.pattern /value"},
	}},
	{"pattern in slashes", []obj{opttest.Value("DV_TEXT", opttest.Pattern("STRING", "/a+/"))}, []leafValue{
		{rm.Text("aaa"), ""}, {rm.Text("/a/"), "tpl.string.pattern /value"},
	}},
	{"pattern that cannot be evaluated", []obj{opttest.Value("DV_TEXT", opttest.Pattern("STRING", "(?=a)a"))}, []leafValue{
		{rm.Text("b"), "tpl.unchecked /value (warning)"},
	}},
	{"boolean", []obj{opttest.Value("DV_BOOLEAN", opttest.Primitive("BOOLEAN", "<true_valid>true</true_valid><false_valid>false</false_valid>"))}, []leafValue{
		{rm.Object("DV_BOOLEAN", rm.Bool("value", true)), ""}, {rm.Object("DV_BOOLEAN", rm.Bool("value", false)), "tpl.boolean /value"},
	}},
	{"integer range", []obj{{RM: "DV_COUNT", Occ: "1..1", Attrs: []attr{{Name: "magnitude", Children: []obj{opttest.Range("INTEGER", "0..<10")}}}}}, []leafValue{
		{rm.Object("DV_COUNT", rm.Int("magnitude", 0)), ""},
		{rm.Object("DV_COUNT", rm.Int("magnitude", 9)), ""},
		{rm.Object("DV_COUNT", rm.Int("magnitude", 10)), "tpl.integer /magnitude"},
		{rm.Object("DV_COUNT", rm.Int("magnitude", -1)), "tpl.integer /magnitude"},
	}},
	{"proportion", []obj{{RM: "DV_PROPORTION", Occ: "1..1", Attrs: []attr{
		{Name: "numerator", Children: []obj{opttest.Range("REAL", ">0..100")}},
		{Name: "type", Children: []obj{opttest.Primitive("INTEGER", "<list>1</list><list>2</list>")}},
		{Name: "is_integral", Children: []obj{opttest.Primitive("BOOLEAN", "<true_valid>true</true_valid><false_valid>false</false_valid>")}},
	}}}, []leafValue{
		{proportion(50, 100, 2), ""},
		{proportion(0, 100, 2), "tpl.real /numerator"},
		{proportion(50, 100, 0), "tpl.integer /type"},
		{proportion(0.5, 1, 1), "tpl.proportion.integral "},
	}},
	{"list of reals", []obj{{RM: "DV_PROPORTION", Occ: "1..1", Attrs: []attr{
		{Name: "denominator", Children: []obj{opttest.Primitive("REAL", "<list>1.5</list><list>2</list>")}},
	}}}, []leafValue{
		{proportion(1, 1.5, 0), ""}, {proportion(1, 2, 0), ""}, {proportion(1, 3, 0), "tpl.real /denominator"},
	}},
	{"date pattern", []obj{opttest.Value("DV_DATE", opttest.Pattern("DATE", "yyyy-??-XX"))}, []leafValue{
		{value("DV_DATE", "2020"), ""},
		{value("DV_DATE", "2020-05"), ""},
		{value("DV_DATE", "2020-05-01"), "tpl.temporal.pattern /value"},
		{value("DV_DATE", "20200501"), "tpl.temporal.pattern /value"},
	}},
	{"full date", []obj{opttest.Value("DV_DATE", opttest.Pattern("DATE", "yyyy-mm-dd"))}, []leafValue{
		{value("DV_DATE", "2020-05-01"), ""}, {value("DV_DATE", "2020-05"), "tpl.temporal.pattern /value"},
	}},
	{"date/time pattern", []obj{opttest.Value("DV_DATE_TIME", opttest.Pattern("DATE_TIME", "yyyy-mm-ddTHH:MM:??"))}, []leafValue{
		{value("DV_DATE_TIME", "2020-05-01T10:00"), ""},
		{value("DV_DATE_TIME", "2020-05-01T10:00:00.5Z"), ""},
		{value("DV_DATE_TIME", "2020-05-01T10"), "tpl.temporal.pattern /value"},
		{value("DV_DATE_TIME", "2020-05-01"), "tpl.temporal.pattern /value"},
	}},
	{"time pattern", []obj{opttest.Value("DV_TIME", opttest.Pattern("TIME", "HH:??:XX"))}, []leafValue{
		{value("DV_TIME", "10"), ""}, {value("DV_TIME", "10:30"), ""}, {value("DV_TIME", "10:30:00"), "tpl.temporal.pattern /value"},
	}},
	{"date range", []obj{opttest.Value("DV_DATE", opttest.Range("DATE", "2020-01-01..<2021-01-01"))}, []leafValue{
		{value("DV_DATE", "2020-01-01"), ""},
		{value("DV_DATE", "2021-01-01"), "tpl.temporal.range /value"},
		{value("DV_DATE", "2019-12-31"), "tpl.temporal.range /value"},
		{value("DV_DATE", "2020"), ""},
		{value("DV_DATE", "2019"), "tpl.temporal.range /value"},
	}},
	{"time zone mandatory", []obj{opttest.Value("DV_DATE_TIME", opttest.Primitive("DATE_TIME", "<timezone_validity>1001</timezone_validity>"))}, []leafValue{
		{value("DV_DATE_TIME", "2020-05-01T10:00:00+02:00"), ""}, {value("DV_DATE_TIME", "2020-05-01T10:00:00"), "tpl.temporal.timezone /value"},
	}},
	{"time zone prohibited", []obj{opttest.Value("DV_TIME", opttest.Primitive("TIME", "<timezone_validity>1003</timezone_validity>"))}, []leafValue{
		{value("DV_TIME", "10:00:00"), ""}, {value("DV_TIME", "10:00:00Z"), "tpl.temporal.timezone /value"},
	}},
	{"duration fields", []obj{opttest.Value("DV_DURATION", opttest.Pattern("DURATION", "PDTH"))}, []leafValue{
		{value("DV_DURATION", "P1DT2H"), ""},
		{value("DV_DURATION", "P0D"), ""},
		{value("DV_DURATION", "PT0S"), ""},
		{value("DV_DURATION", "P1M"), "tpl.duration.fields /value"},
		{value("DV_DURATION", "PT1M"), "tpl.duration.fields /value"},
		{value("DV_DURATION", "PT0.5S"), "tpl.duration.fields /value"},
		{value("DV_DURATION", "P1W"), "tpl.duration.fields /value"},
	}},
	{"duration range", []obj{opttest.Value("DV_DURATION", opttest.Range("DURATION", "PT0S..<P1D"))}, []leafValue{
		{value("DV_DURATION", "PT23H59M"), ""},
		{value("DV_DURATION", "PT24H"), "tpl.duration.range /value"},
		{value("DV_DURATION", "P1M"), "tpl.duration.range /value"},
		{value("DV_DURATION", "-PT1S"), "tpl.duration.range /value"},
	}},
	{"quantity", []obj{opttest.Quantity("125", "mm[Hg]|0..<1000|0..0", "kPa")}, []leafValue{
		{quantity(120, "mm[Hg]"), ""},
		{quantity(9999, "kPa"), ""},
		{quantity(1000, "mm[Hg]"), "tpl.quantity.magnitude "},
		{quantity(120, "mmHg"), "tpl.quantity.units "},
		{quantity(120, "mm[Hg]").With("precision", number("Integer", "0")), ""},
		{quantity(120, "mm[Hg]").With("precision", number("Integer", "-1")), ""},
		{quantity(120, "mm[Hg]").With("precision", number("Integer", "2")), "tpl.quantity.precision "},
	}},
	{"one unit with two ranges", []obj{opttest.Quantity("", "m|0..1", "m|5..6")}, []leafValue{
		{quantity(0.5, "m"), ""}, {quantity(5.5, "m"), ""}, {quantity(3, "m"), "tpl.quantity.magnitude "},
	}},
	{"quantity of a property", []obj{opttest.Quantity("122")}, []leafValue{
		{quantity(1, "cm"), ""}, {quantity(1, "cubit"), ""}, {quantity(1, "mg"), "tpl.quantity.property "},
	}},
	{"ordinal", []obj{opttest.Ordinal("DV_ORDINAL", "0|at0010", "1|at0011")}, []leafValue{
		{ordinal(1, "at0011"), ""}, {ordinal(0, "at0011"), "tpl.ordinal "}, {ordinal(2, "at0012"), "tpl.ordinal "},
	}},
	{"ordinal without a list", []obj{opttest.Ordinal("DV_ORDINAL")}, []leafValue{{ordinal(7, "at0077"), ""}}},
	{"scale", []obj{opttest.Ordinal("DV_SCALE", "0.5|at0010")}, []leafValue{
		{rm.Object("DV_SCALE", rm.Real("value", 0.5), rm.Child("symbol", rm.CodedText("half", "local", "at0010"))), ""},
		{rm.Object("DV_SCALE", rm.Real("value", 0.25), rm.Child("symbol", rm.CodedText("half", "local", "at0010"))), "tpl.ordinal "},
	}},
	{"coded text", []obj{opttest.Coded("SNOMED-CT(2019)", "1", "2")}, []leafValue{
		{rm.CodedText("x", "SNOMED-CT", "1"), ""},
		{rm.CodedText("x", "SNOMED-CT(2023)", "2"), ""},
		{rm.CodedText("x", "SNOMED-CT", "3"), "tpl.code.list /defining_code"},
		{rm.CodedText("x", "LOINC", "1"), "tpl.code.terminology /defining_code"},
		{rm.Text("x"), "tpl.type "},
	}},
	{"any code of a terminology", []obj{opttest.Coded("LOINC")}, []leafValue{
		{rm.CodedText("x", "LOINC", "1"), ""}, {rm.CodedText("x", "local", "1"), "tpl.code.terminology /defining_code"},
	}},
	{"external value set", []obj{{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []attr{{Name: "defining_code", Existence: "1..1", Children: []obj{
		{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: "<referenceSetUri>terminology:SNOMED-CT?subset=x</referenceSetUri>"},
	}}}}}, []leafValue{
		{rm.CodedText("x", "SNOMED-CT", "1"), "tpl.code.undecided /defining_code (warning)"},
	}},
	{"constraint reference without a binding", []obj{{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []attr{{Name: "defining_code", Existence: "1..1", Children: []obj{
		{XSI: "CONSTRAINT_REF", RM: "CODE_PHRASE", Occ: "1..1", XML: "<reference>ac0001</reference>"},
	}}}}}, []leafValue{{rm.CodedText("x", "anything", "1"), ""}}},
	{"state machine", []obj{{XSI: "C_DV_STATE", RM: "DV_STATE", Occ: "1..1", XML: `<value><states xsi:type="TERMINAL_STATE"><name>done</name></states></value>`}}, []leafValue{
		{rm.Object("DV_STATE", rm.Child("value", rm.CodedText("done", "local", "at1")), rm.Bool("is_terminal", true)), ""},
		{rm.Object("DV_STATE", rm.Child("value", rm.CodedText("lost", "local", "at1")), rm.Bool("is_terminal", true)), "tpl.state "},
	}},
	{"type with substitution", []obj{{RM: "DV_TEXT", Occ: "1..1"}}, []leafValue{
		{rm.Text("x"), ""}, {rm.CodedText("x", "local", "at1"), ""}, {quantity(1, "m"), "tpl.type "},
	}},
	{"interval of quantities", []obj{{RM: "DV_INTERVAL<DV_QUANTITY>", Occ: "1..1"}}, []leafValue{
		{interval(quantity(1, "m"), quantity(2, "m")), ""},
		{interval(nil, quantity(2, "m")), ""},
		{interval(nil, nil), ""},
		{interval(rm.Object("DV_COUNT", rm.Int("magnitude", 1)), nil), "tpl.type "},
	}},
	{"limits of an interval", []obj{{RM: "DV_INTERVAL<DV_QUANTITY>", Occ: "1..1", Attrs: []attr{
		{Name: "upper", Existence: "1..1", Children: []obj{opttest.Quantity("", "m|0..5")}},
		{Name: "lower", Existence: "0..0"},
	}}}, []leafValue{
		{interval(nil, quantity(2, "m")), ""},
		{interval(nil, quantity(9, "m")), "tpl.quantity.magnitude /upper"},
		{interval(nil, nil), "tpl.existence /upper"},
		{interval(quantity(1, "m"), quantity(2, "m")), "tpl.existence /lower"},
	}},
	{"parsable", []obj{{RM: "DV_PARSABLE", Occ: "1..1", Attrs: []attr{{Name: "formalism", Children: []obj{opttest.Strings("text/html")}}}}}, []leafValue{
		{rm.Object("DV_PARSABLE", rm.Str("value", "x"), rm.Str("formalism", "text/html")), ""},
		{rm.Object("DV_PARSABLE", rm.Str("value", "x"), rm.Str("formalism", "gdl")), "tpl.string.list /formalism"},
	}},
	{"multimedia", []obj{{RM: "DV_MULTIMEDIA", Occ: "1..1", Attrs: []attr{{Name: "media_type", Children: []obj{opttest.Codes("IANA_media-types", "image/png")}}}}}, []leafValue{
		{rm.Object("DV_MULTIMEDIA", rm.Child("media_type", rm.Code("IANA_media-types", "image/png")), rm.Int("size", 1)), ""},
		{rm.Object("DV_MULTIMEDIA", rm.Child("media_type", rm.Code("IANA_media-types", "image/jpeg")), rm.Int("size", 1)), "tpl.code.list /media_type"},
	}},
	{"identifier", []obj{{RM: "DV_IDENTIFIER", Occ: "1..1", Attrs: []attr{{Name: "id", Children: []obj{opttest.Pattern("STRING", "[0-9]{10}")}}}}}, []leafValue{
		{rm.Object("DV_IDENTIFIER", rm.Str("id", "0123456789")), ""}, {rm.Object("DV_IDENTIFIER", rm.Str("id", "12")), "tpl.string.pattern /id"},
	}},
	{"alternatives", []obj{
		opttest.Value("DV_TEXT", opttest.Strings("unknown")), opttest.Quantity("", "m|0..5"), opttest.Quantity("", "cm|0..500"), opttest.Coded("local", "at0005"),
	}, []leafValue{
		{rm.Text("unknown"), ""},
		{quantity(3, "m"), ""},
		{quantity(300, "cm"), ""},
		{rm.CodedText("yes", "local", "at0005"), ""},
		{rm.CodedText("unknown", "other", "1"), ""},
		{rm.Text("?"), "tpl.string.list /value"},
		{quantity(9, "m"), "tpl.quantity.magnitude "},
		{quantity(900, "cm"), "tpl.quantity.units "},
		{rm.CodedText("yes", "local", "at0006"), "tpl.code.list /defining_code"},
		{rm.Object("DV_COUNT", rm.Int("magnitude", 1)), "tpl.type "},
	}},
}

type leafValue struct {
	value *rm.Node
	want  string
}

func number(class, text string) *rm.Node { return &rm.Node{Class: rm.Lookup(class), Text: text} }

func proportion(numerator, denominator float64, kind int64) *rm.Node {
	return rm.Object("DV_PROPORTION", rm.Real("numerator", numerator), rm.Real("denominator", denominator), rm.Int("type", kind))
}

func interval(lower, upper *rm.Node) *rm.Node {
	return rm.Object("DV_INTERVAL", rm.Child("lower", lower), rm.Child("upper", upper),
		rm.Bool("lower_unbounded", lower == nil), rm.Bool("upper_unbounded", upper == nil),
		rm.Bool("lower_included", lower != nil), rm.Bool("upper_included", upper != nil))
}

func TestLeafConstraints(t *testing.T) {
	t.Parallel()
	for _, c := range leafCases {
		tpl := compile(t, opttest.Evaluation("Leaf", opttest.Element("at0002", "0..1", c.allow...)))
		for _, v := range c.values {
			var want []string
			if v.want != "" {
				code, rest := v.want[:index(v.want)], v.want[index(v.want)+1:]
				want = []string{code + " items[0]/value" + rest}
			}
			root := composition(element("at0002", "Item", v.value))
			expect(t, c.constraint+": "+string(rm.AppendJSON(nil, v.value)), Template(tpl, root, Options{}), want...)
		}
	}
}

func index(s string) int {
	for i := range s {
		if s[i] == ' ' {
			return i
		}
	}
	return len(s)
}

func TestValueSetsAreAskedWhenTheyCanBe(t *testing.T) {
	t.Parallel()
	ref := "<referenceSetUri>terminology:SNOMED-CT?subset=x</referenceSetUri>"
	tpl := compile(t, opttest.Evaluation("Leaf", opttest.Element("at0002", "0..1", obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []attr{
		{Name: "defining_code", Existence: "1..1", Children: []obj{{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: ref}}},
	}})))
	calls := 0
	answers := map[string]terminology.AnswerStatus{
		"1": terminology.Member, "2": terminology.NotMember, "3": terminology.Undecided, "4": terminology.NotAsked,
		"5": terminology.Refused, "6": terminology.Unavailable,
	}
	ask := func(questions []terminology.Question) []terminology.Answer {
		calls++
		var out []terminology.Answer
		for _, q := range questions {
			if q.Reference != "terminology:SNOMED-CT?subset=x" || q.Terminology != "SNOMED-CT" {
				t.Errorf("asked for %+v", q)
			}
			out = append(out, terminology.Answer{Status: answers[q.Code], Reason: "reasons"})
		}
		return out
	}
	for code, want := range map[string][]string{
		"1": nil,
		"2": {"tpl.code.value_set items[0]/value/defining_code"},
		"3": {"tpl.code.undecided items[0]/value/defining_code (warning)"},
		"4": nil,
		"5": {"tpl.code.undecided items[0]/value/defining_code"},
		"6": {"tpl.code.undecided items[0]/value/defining_code"},
	} {
		calls = 0
		root := composition(element("at0002", "Item", rm.CodedText("x", "SNOMED-CT", code)))
		expect(t, code, Template(tpl, root, Options{Decide: ask}), want...)
		if calls != 1 {
			t.Errorf("%s: asked %d times", code, calls)
		}
	}
	root := composition(element("at0002", "Item", rm.CodedText("x", "SNOMED-CT", "3")))
	expect(t, "off", Template(tpl, root, Options{Policy: Policy{ValueSet: Off}}))
	expect(t, "error", Template(tpl, root, Options{Policy: Policy{ValueSet: AsError}}), "tpl.code.undecided items[0]/value/defining_code")
}

// Of alternatives that name value sets, one that has the code is enough; all
// are asked about at once.
func TestAlternativeValueSetsAreAUnion(t *testing.T) {
	t.Parallel()
	reference := func(name string) obj {
		return obj{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: "<referenceSetUri>urn:" + name + "</referenceSetUri>"}
	}
	tpl := compile(t, opttest.Evaluation("Leaf", opttest.Element("at0002", "0..*", obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []attr{
		{Name: "defining_code", Existence: "1..1", Children: []obj{reference("a"), reference("b")}},
	}})))
	var asked [][]terminology.Question
	decide := func(questions []terminology.Question) []terminology.Answer {
		asked = append(asked, questions)
		out := make([]terminology.Answer, len(questions))
		for i, q := range questions {
			out[i].Status = terminology.NotMember
			if strings.HasSuffix(q.Reference, q.Code) {
				out[i].Status = terminology.Member
			}
		}
		return out
	}
	coded := func(code string) *rm.Node { return element("at0002", "Item", rm.CodedText("x", "SNOMED-CT", code)) }
	expect(t, "union", Template(tpl, composition(coded("a"), coded("b"), coded("a"), coded("c")), Options{Decide: decide}),
		"tpl.code.value_set items[3]/value/defining_code")
	if len(asked) != 1 || len(asked[0]) != 6 {
		t.Errorf("asked %v", asked)
	}
	// Somebody who gives no answers is not taken to have said yes.
	silent := func([]terminology.Question) []terminology.Answer { return nil }
	expect(t, "silent", Template(tpl, composition(coded("a")), Options{Decide: silent}), "tpl.code.undecided items[0]/value/defining_code")
}
