package diff_test

import (
	"flag"
	"io/fs"
	"slices"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/diff"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/library"
	. "github.com/cairn-ehr/cairn/templates/opttest"
	"github.com/cairn-ehr/cairn/templates/validate"
	"github.com/cairn-ehr/cairn/templates/validate/mutate"
)

var update = flag.Bool("update", false, "rewrite docs/conformance/template-diff.md")

var every = flag.Bool("every", false, "try every edit of the shipped templates, not a sample")

func compile(t testing.TB, opt []byte) *templates.Template {
	t.Helper()
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

func valid(tpl *templates.Template, root *rm.Node) (string, bool) {
	for _, p := range validate.All(tpl, root, validate.Options{}) {
		if p.Severity == rm.Error {
			return p.Code + " " + p.Path + ": " + p.Message, false
		}
	}
	return "", true
}

func decode(data []byte, class *rm.Class) *rm.Node {
	n, problems := rm.DecodeJSON(data, class, rm.JSONOptions{})
	if rm.HasErrors(problems) {
		return nil
	}
	return n
}

// examples are the examples of a template at all levels, and what mutation
// makes of them; all are well-formed, but not all conform.
func examples(tpl *templates.Template, mutants bool) []*rm.Node {
	var out []*rm.Node
	for _, detail := range []example.Detail{example.Complete, example.Medium, example.Required} {
		tree, err := example.Instance(tpl, example.Options{Detail: detail})
		if err != nil {
			continue
		}
		root := decode(rm.AppendJSON(nil, tree), tpl.Root.Class)
		if root == nil {
			continue
		}
		out = append(out, root)
		if !mutants || detail != example.Complete {
			continue
		}
		if _, ok := valid(tpl, root); !ok {
			continue
		}
		for _, m := range mutate.Make(tpl, root) {
			if n := decode(m.JSON, tpl.Root.Class); n != nil {
				out = append(out, n)
			}
		}
	}
	return out
}

func conforming(tpl *templates.Template, list []*rm.Node) []*rm.Node {
	return slices.DeleteFunc(slices.Clone(list), func(n *rm.Node) bool { _, ok := valid(tpl, n); return !ok })
}

// everything is a small template with a constraint of each kind.
func everything() []byte {
	text := Obj{RM: "DV_TEXT", Occ: "1..1"}
	integer := func(content string) Obj {
		return Obj{RM: "DV_COUNT", Occ: "1..1", Attrs: []Attr{{Name: "magnitude", Existence: "1..1", Children: []Obj{Primitive("INTEGER", content)}}}}
	}
	named := func(id, occ, name string, value Obj) Obj {
		o := Element(id, occ, value)
		o.Name = name
		return o
	}
	return Evaluation("Everything.v1",
		Element("at0002", "0..1", text),
		Element("at0003", "1..*", Value("DV_TEXT", Strings("red", "green", "blue"))),
		Element("at0004", "0..2", Value("DV_TEXT", Pattern("STRING", "a+|Example"))),
		Element("at0005", "0..1", Coded("local", "at0011", "at0012")),
		Element("at0006", "0..1", Coded("local", "at0011"), text),
		Element("at0007", "0..1", Quantity("125", "kPa|0..40|0..2", "mm[Hg]|0..300")),
		Element("at0008", "0..1", Ordinal("DV_ORDINAL", "1|at0011", "2|at0012")),
		Element("at0009", "0..1", integer(Interval("range", "0..5"))),
		Element("at0010", "0..1", integer("<list>1</list><list>2</list>")),
		Element("at0013", "0..1", Value("DV_DATE_TIME", Pattern("DATE_TIME", "yyyy-mm-ddTHH:MM:??"))),
		Element("at0014", "0..1", Value("DV_DURATION", Pattern("DURATION", "PDTH"))),
		Element("at0015", "0..1", Value("DV_DURATION", Range("DURATION", "PT1H..P1D"))),
		Element("at0016", "0..1", Value("DV_BOOLEAN", Primitive("BOOLEAN", "<true_valid>true</true_valid><false_valid>false</false_valid>"))),
		Element("at0017", "0..1", Obj{RM: "DV_PROPORTION", Occ: "1..1", Attrs: []Attr{
			{Name: "numerator", Existence: "1..1", Children: []Obj{Primitive("REAL", Interval("range", "0.0..100.0"))}},
			{Name: "is_integral", Existence: "1..1", Children: []Obj{Primitive("BOOLEAN", "<true_valid>true</true_valid><false_valid>false</false_valid>")}},
		}}),
		Element("at0018", "0..1", Obj{RM: "DV_INTERVAL<DV_COUNT>", Occ: "1..1", Attrs: []Attr{
			{Name: "lower", Existence: "1..1", Children: []Obj{integer(Interval("range", "1..5"))}},
			{Name: "upper", Existence: "0..1", Children: []Obj{integer(Interval("range", "5..9"))}},
		}}),
		Element("at0019", "0..1", text, Obj{RM: "DV_COUNT", Occ: "1..1"}, Quantity("122", "m", "cm")),
		named("at0020", "0..1", "First", text), named("at0020", "0..*", "Second|Third", Value("DV_TEXT", Strings("x", "y"))),
		Obj{RM: "CLUSTER", ID: "at0021", Occ: "0..*", Attrs: []Attr{{Name: "items", Existence: "1..1", Cardinality: "1..3", Children: []Obj{
			Element("at0022", "1..1", text), Element("at0023", "0..*"),
			Slot("CLUSTER", "0..1", `openEHR-EHR-CLUSTER\.device\.v1|openEHR-EHR-CLUSTER\.person\.v1`),
		}}}},
		Obj{RM: "CLUSTER", ID: "at0024", Occ: "0..1", Attrs: []Attr{{Name: "items", Existence: "0..1", Cardinality: "0..*", Unique: true, Children: []Obj{
			{XSI: "ARCHETYPE_SLOT", RM: "ITEM", Occ: "0..*", ID: "at0025"},
			{RM: "CLUSTER", Archetype: "openEHR-EHR-CLUSTER.known.v1", ID: "at0000", Occ: "0..1", Terms: []string{"at0000", "Known"}, Attrs: []Attr{{Name: "items", Existence: "1..1", Cardinality: "1..*", Children: []Obj{Element("at0001", "0..*", text)}}}},
		}}}},
		Obj{RM: "ELEMENT", ID: "at0026", Occ: "0..1", Attrs: []Attr{{Name: "value", Existence: "0..0"}, {Name: "null_flavour", Existence: "1..1", Children: []Obj{Coded("openehr", "271", "253")}}}},
		Obj{RM: "ELEMENT", ID: "at0027", Occ: "0..1", Attrs: []Attr{{Name: "value", Existence: "1..1", Children: []Obj{{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []Attr{{Name: "defining_code", Existence: "1..1", Children: []Obj{
			{XSI: "CONSTRAINT_REF", RM: "CODE_PHRASE", Occ: "1..1", XML: "<reference>ac0001</reference>"},
		}}}}}}}},
		Element("at0028", "0..1", Obj{RM: "DV_IDENTIFIER", Occ: "1..1", Attrs: []Attr{{Name: "id", Existence: "1..1", Children: []Obj{Strings("1", "2")}}, {Name: "issuer", Existence: "0..1"}}}),
		Element("at0029", "0..1", Value("DV_DATE", Range("DATE", "2020-01-01..2030-01-01"))),
		Element("at0030", "0..1", Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []Attr{{Name: "defining_code", Existence: "1..1", Children: []Obj{
			{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: "<terminology_id><value>SNOMED-CT</value></terminology_id><referenceSetUri>terminology:SNOMED-CT?subset=x</referenceSetUri>"},
		}}}}),
	)
}

// checkEdits compares a template with each edited one. Of a compatible change,
// every instance that conforms to the old template has to conform to the new
// one. Of the breaking ones it counts those for which some instance shows it.
func checkEdits(t *testing.T, name string, opt []byte, list []edit, mutants bool) (compatible int, witnessed, silent map[string]int) {
	t.Helper()
	old := compile(t, opt)
	before := conforming(old, examples(old, mutants))
	if len(before) < 3 {
		t.Fatalf("%s: only %d instances to begin with", name, len(before))
	}
	witnessed, silent = map[string]int{}, map[string]int{}
	for _, e := range list {
		changed, err := templates.ReadOPT(e.opt(), templates.Limits{})
		if err != nil {
			continue
		}
		changes := diff.Compare(old, changed, diff.Options{})
		instances := before
		if mutants {
			instances = append(slices.Clone(before), conforming(old, examples(changed, true))...)
		}
		if !diff.Breaking(changes) {
			compatible++
			for _, n := range instances {
				if problem, ok := valid(changed, n); !ok {
					t.Errorf("%s: %s: said to be compatible, but %s\n%v", name, e.what, problem, changes)
					break
				}
			}
			continue
		}
		kind := ""
		for _, c := range changes {
			if c.Breaking {
				kind = c.Kind
				break
			}
		}
		if slices.ContainsFunc(instances, func(n *rm.Node) bool { _, ok := valid(changed, n); return !ok }) {
			witnessed[kind]++
		} else {
			silent[kind]++
			if *every {
				t.Logf("%s: %s: no witness of %v", name, e.what, changes)
			}
		}
	}
	return compatible, witnessed, silent
}

// sample takes about n of the edits, evenly, unless every one is asked for.
func sample(list []edit, n, offset int) []edit {
	if *every {
		return list
	}
	step := max(1, len(list)/n)
	var out []edit
	for i := offset % step; i < len(list); i += step {
		out = append(out, list[i])
	}
	return out
}

// TestEveryEdit makes single edits of a template with all kinds of
// constraints, and tries examples and mutants of both sides.
func TestEveryEdit(t *testing.T) {
	t.Parallel()
	opt := everything()
	list := sample(edits(t, opt), 110, 0)
	compatible, witnessed, silent := checkEdits(t, "everything", opt, list, true)
	breaking, without := 0, 0
	for kind, n := range witnessed {
		breaking += n
		t.Logf("%s: %d shown by an instance, %d not", kind, n, silent[kind])
	}
	for kind, n := range silent {
		without += n
		if witnessed[kind] == 0 {
			t.Logf("%s: none of %d shown by an instance", kind, n)
		}
	}
	t.Logf("%d edits: %d compatible, %d breaking, %d of them shown by an instance", len(list), compatible, breaking+without, breaking)
	if compatible < 20 || breaking < 20 {
		t.Errorf("only %d compatible and %d shown", compatible, breaking)
	}
	if without*3 > breaking*2 {
		t.Errorf("%d of %d breaking edits are shown by no instance", without, breaking+without)
	}
}

// TestLibraryEdits makes single edits of the shipped templates and tries their
// examples at all levels.
func TestLibraryEdits(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, name := range names {
		opt, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		list := sample(edits(t, opt), 8, len(name))
		compatible, witnessed, silent := checkEdits(t, name, opt, list, false)
		t.Logf("%s: %d edits, %d compatible, shown %v, not shown %v", name, len(list), compatible, witnessed, silent)
	}
}

// TestEffortIsBounded compares templates whose siblings all look alike at every
// level: it ends, and what was not compared counts as breaking.
func TestEffortIsBounded(t *testing.T) {
	t.Parallel()
	var nest func(depth int, leaf string) Obj
	nest = func(depth int, leaf string) Obj {
		if depth == 0 {
			return Element("at0003", "0..1", Value("DV_TEXT", Strings(leaf)))
		}
		o := Obj{RM: "CLUSTER", ID: "at0002", Occ: "0..1", Attrs: []Attr{{Name: "items", Existence: "1..1", Cardinality: "1..*"}}}
		for range 3 {
			o.Attrs[0].Children = append(o.Attrs[0].Children, nest(depth-1, leaf))
		}
		return o
	}
	a := compile(t, Evaluation("Nested.v1", nest(7, "red")))
	b := compile(t, Evaluation("Nested.v1", nest(7, "blue")))
	if changes := diff.Compare(a, b, diff.Options{}); !diff.Breaking(changes) {
		t.Errorf("%v", changes)
	}
}
