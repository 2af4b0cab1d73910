package oet_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/oet"
	"github.com/cairn-ehr/cairn/templates/validate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func visitADL2(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/visit.adls")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// atCoded gives the nodes of an id-coded text the ids of an at-coded one.
func atCoded(text string) string {
	return regexp.MustCompile(`\bid(\d+)((?:\.\d+)*)\b`).ReplaceAllStringFunc(text, func(id string) string {
		number, rest, _ := strings.Cut(id[2:], ".")
		n, err := strconv.Atoi(number)
		if err != nil {
			return id
		}
		if rest != "" {
			rest = "." + rest
		}
		return fmt.Sprintf("at%04d%s", n-1, rest)
	})
}

func compileADL2(t *testing.T, text string) *templates.Template {
	t.Helper()
	parsed, err := archetypes.ParseOPT2(text)
	if err != nil {
		t.Fatal(err)
	}
	opt, err := oet.CompileADL2(parsed)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, opt)
	}
	return tpl
}

// TestCompileADL2 compares the compiled form of an ADL 2 template, with ids of
// either kind, with what it says, and validates its examples.
func TestCompileADL2(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/visit.golden")
	if err != nil {
		t.Fatal(err)
	}
	text := visitADL2(t)
	if *update {
		want = []byte(compileADL2(t, text).Dump())
		if err := os.WriteFile("testdata/visit.golden", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ text, dump string }{
		"id-coded": {text, string(want)},
		"at-coded": {atCoded(text), strings.ReplaceAll(atCoded(string(want)), " node at0000 ", " ")},
	} {
		tpl := compileADL2(t, c.text)
		if diff := cmp.Diff(c.dump, tpl.Dump()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, detail := range []example.Detail{example.Required, example.Medium, example.Complete} {
			root, err := example.Instance(tpl, example.Options{Detail: detail})
			if err != nil {
				t.Errorf("%s, %v: %v", name, detail, err)
				continue
			}
			n, problems := rm.DecodeJSON(rm.AppendJSON(nil, root), tpl.Root.Class, rm.JSONOptions{})
			if n != nil {
				problems = append(problems, validate.All(tpl, n, validate.Options{})...)
			}
			for _, p := range problems {
				if p.Severity == rm.Error {
					t.Errorf("%s, %v: %s %s: %s", name, detail, p.Code, p.Path, p.Message)
				}
			}
		}
	}
}

// TestCompileADL2Faults edits the template and wants the error to say what is
// not supported or wrong, and in which line.
func TestCompileADL2Faults(t *testing.T) {
	t.Parallel()
	text := visitADL2(t)
	for _, c := range []struct{ name, old, new, want string }{
		{"use_node", "allow_archetype CLUSTER[id24] occurrences matches {0..*} matches {\n", "use_node CLUSTER[id24] /data[id2] xx {\n", "use_node is not allowed here"},
		{"group", "ELEMENT[id7] occurrences", "group cardinality matches {1} occurrences", "groups of objects are not supported"},
		{"sibling order", "ELEMENT[id7] occurrences", "after[id5] ELEMENT[id7] occurrences", "the order of siblings"},
		{"differential path", "category matches", "/category[id9]/x matches", "a path in the place of an attribute"},
		{"default value", "category matches", "_default = <\"x\"> category matches", "default values are not supported"},
		{"proportion tuple", "numerator matches {|21..100|}\n", "[numerator, denominator] matches {[{|21..100|}, {100}]}\n", "a tuple of numerator, denominator in a DV_PROPORTION"},
		{"quantity range", "property matches {[at20]}", "normal_range matches {*}", "a constraint on normal_range of a DV_QUANTITY"},
		{"intervals", "{|>=10|}", "{|0..5|, |10..20|}", "a list with intervals in it"},
		{"interval first", "{|>=10|}", "{5, |10..20|}", "expected a value"},
		{"component", `["org.example::openEHR-EHR-CLUSTER.device.v1.0.0"] =`, `["openEHR-EHR-CLUSTER.other.v1.0.0"] =`, "component_terminologies lacks org.example::openEHR-EHR-CLUSTER.device.v1.0.0"},
		{"bound code", "{[at10]}", "{[at10@loinc]}", "at10 has no code of loinc"},
		{"bound value set", "{preferred [ac2]}", "{[ac2@loinc]}", "ac2 has no binding to loinc"},
		{"unknown code", `["at5"] = <`, `["at6"] = <`, "has no term for at5"},
		{"class", "DV_TEXT[id3]", "DV_NOTHING[id3]", "no class DV_NOTHING"},
		{"attribute", "other_context matches", "another_context matches", "has no attribute another_context"},
		{"archetype version", "[id23, org.example::openEHR-EHR-CLUSTER.device.v1.0.0]", "[id23, openEHR-EHR-CLUSTER.device.v1]", "needs a version of three numbers"},
		{"archetype class", "[id23, org.example::openEHR-EHR-CLUSTER.device.v1.0.0]", "[id23, openEHR-EHR-SECTION.device.v1.0.0]", "is not one of a CLUSTER"},
		{"node id", "ELEMENT[id7]", "ELEMENT[x7]", "expected a node id"},
		{"code", "{[ac1; at4]}", "{[ac1; 4]}", "expected a code such as at7"},
		{"row", "[{0}, {[at1]}]", "[{0, 1}, {[at1]}]", "one value and the code of one symbol"},
		{"open", "component_terminologies\n", "component_terminology\n", "expected the end of the text"},
		{"empty", "POINT_EVENT[id3] occurrences matches {1} matches {", "POINT_EVENT[id3] matches {} X {", "has an empty constraint"},
	} {
		edited := strings.Replace(text, c.old, c.new, 1)
		if edited == text {
			t.Fatalf("%s: nothing is edited", c.name)
		}
		parsed, err := archetypes.ParseOPT2(edited)
		line := 0
		if se := (*archetypes.SyntaxError)(nil); errors.As(err, &se) {
			line = se.Line
		} else if err == nil {
			_, err = oet.CompileADL2(parsed)
			if oe := (*oet.Error)(nil); errors.As(err, &oe) {
				line = oe.Line
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || line == 0 {
			t.Errorf("%s: got %v (line %d), want %q", c.name, err, line, c.want)
		}
	}
}

// FuzzCompileADL2: whatever the text, there is an error or a template.
func FuzzCompileADL2(f *testing.F) {
	f.Add(visitADL2(f))
	f.Add(atCoded(visitADL2(f)))
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := archetypes.ParseOPT2(text)
		if err != nil {
			if se := (*archetypes.SyntaxError)(nil); !errors.As(err, &se) {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		opt, err := oet.CompileADL2(parsed)
		if err != nil {
			return
		}
		if tpl, err := templates.ReadOPT(opt, templates.Limits{}); err == nil {
			_, _ = example.Instance(tpl, example.Options{}) // an error is an answer
		}
	})
}
