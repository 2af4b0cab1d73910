package validate

import (
	"slices"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

// fuzzTemplate has every kind of binding: names, slots, alternatives, ambiguous
// siblings and leaves.
func fuzzTemplate(t testing.TB) *templates.Template {
	named := opttest.Element("at0002", "1..1", opttest.Quantity("125", "mm[Hg]|0..<1000|0..0", "kPa"))
	named.Name = "Systolic"
	return compile(t, opttest.Evaluation("Fuzz", named,
		opttest.Element("at0002", "0..2", opttest.Value("DV_TEXT", opttest.Strings("a", "b")), opttest.Coded("local", "at0010", "at0011")),
		opttest.Element("at0003", "0..1", opttest.Quantity("122"), opttest.Value("DV_DATE", opttest.Pattern("DATE", "yyyy-mm-??")),
			opttest.Value("DV_DURATION", opttest.Range("DURATION", "PT0S..P1D"))),
		opttest.Element("at0003", "0..1", opttest.Ordinal("DV_ORDINAL", "0|at0010"), opttest.Value("DV_URI", opttest.Pattern("STRING", "https?://.+"))),
		obj{RM: "CLUSTER", ID: "at0004", Occ: "0..*", Attrs: []attr{{Name: "items", Cardinality: "1..2", Unique: true, Children: []obj{
			opttest.Element("at0005", "0..*", obj{RM: "DV_INTERVAL<DV_COUNT>", Occ: "1..1"}, obj{RM: "DV_PROPORTION", Occ: "1..1"}),
		}}}},
		opttest.Slot("CLUSTER", "0..1", `openEHR-EHR-CLUSTER\.(a|b)\.v1`, "-.*")))
}

func FuzzValidate(f *testing.F) {
	tpl := fuzzTemplate(f)
	systolic := element("at0002", "Systolic", quantity(120, "mm[Hg]"))
	for _, items := range [][]*rm.Node{
		{systolic},
		{systolic, element("at0002", "Note", rm.CodedText("x", "local", "at0010")), element("at0003", "Y", value("DV_DATE", "2020-05"))},
		{element("at0003", "Y", ordinal(0, "at0010")), element("at0003", "Y", value("DV_DURATION", "PT5M"))},
		{systolic, locatable("CLUSTER", "at0004", "C", rm.Child("items", element("at0005", "I", interval(nil, nil)), element("at0005", "I", proportion(1, 2, 0))))},
		{systolic, locatable("CLUSTER", "openEHR-EHR-CLUSTER.a.v1", "Slot", rm.Child("items", element("at0001", "E", rm.Text("x"))))},
	} {
		f.Add(rm.AppendJSON(nil, composition(items...)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, _ := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
		if root == nil {
			return
		}
		first := All(tpl, root, Options{MaxProblems: 1000})
		if again := All(tpl, root, Options{MaxProblems: 1000}); !slices.Equal(first, again) {
			t.Fatalf("two runs differ:\n%v\n%v", first, again)
		}
		known := map[string]bool{}
		for _, p := range first {
			known[p.Code+p.Path] = true
			if p.Code == "" || p.Path == "" || p.Message == "" {
				t.Fatalf("incomplete problem %+v", p)
			}
		}
		if len(root.Attrs) == 0 {
			return
		}
		// Relaxing lower bounds can only remove problems of missing things.
		for _, p := range Template(tpl, root, Options{MaxProblems: 1000, Incomplete: true}) {
			if p.Code == CodeOccurrences && !known[p.Code+p.Path] {
				t.Fatalf("only the incomplete run reports %+v", p)
			}
		}
	})
}
