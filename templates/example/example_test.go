package example_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/validate"
)

var details = map[string]example.Detail{"required": example.Required, "medium": example.Medium, "complete": example.Complete}

// check makes the three examples of a template and validates them.
func check(t *testing.T, name string, tpl *templates.Template) {
	t.Helper()
	for level, detail := range details {
		if got, ok := example.ParseDetail(level); !ok || got != detail {
			t.Errorf("detail %s is %v, %v", level, got, ok)
		}
		tree, err := example.Instance(tpl, example.Options{Detail: detail})
		if err != nil {
			t.Errorf("%s: %s: %v", name, level, err)
			continue
		}
		data := rm.AppendJSON(nil, tree)
		n, problems := rm.DecodeJSON(data, tpl.Root.Class, rm.JSONOptions{})
		if n != nil {
			problems = append(problems, validate.All(tpl, n, validate.Options{})...)
		}
		for _, p := range problems {
			if p.Severity == rm.Error {
				t.Errorf("%s: %s: %s %s: %s (%s, %s)", name, level, p.Code, p.Path, p.Message, p.Expected, p.Actual)
			}
		}
	}
}

func TestLibraryExamplesAreValid(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		check(t, name, tpl)
	}
}

func TestCorpusExamplesAreValid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus", "templates", "*.opt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			continue // judged in the tests of the reader
		}
		if name := filepath.Base(f); name == "section_cardinality.opt" {
			// Eight members are mandatory in a container for one.
			if _, err := example.Instance(tpl, example.Options{}); err == nil || !strings.Contains(err.Error(), "exceed the cardinality by 7") {
				t.Errorf("%s: error %v", name, err)
			}
		} else {
			check(t, name, tpl)
		}
	}
}

// keys are the archetype and node ids of a tree, each with its archetype.
func keys(n *rm.Node, scope string, out map[string]bool) {
	if id := n.NodeID(); id != "" {
		if n.ArchetypeID() != "" {
			scope = id
		}
		out[scope+" "+id] = true
	}
	for _, a := range n.Attrs {
		for _, child := range a.Items {
			keys(child, scope, out)
		}
	}
}

func templateKeys(o *templates.Object, scope string, out map[string]bool) {
	if o.Kind == templates.Slot {
		return
	}
	if o.Kind == templates.ArchetypeRoot {
		scope = o.ArchetypeID
	}
	if key := o.Key(); key != "" {
		out[scope+" "+key] = true
	}
	for _, a := range o.Attributes {
		for _, child := range a.Children {
			templateKeys(child, scope, out)
		}
	}
}

func TestCompleteShowsEveryNode(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		tree, err := example.Instance(tpl, example.Options{Detail: example.Complete, Language: "de"})
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]bool{}, map[string]bool{}
		templateKeys(tpl.Root, "", want)
		keys(tree, "", got)
		for key := range want {
			if !got[key] {
				t.Errorf("%s: no %s in the complete example", name, key)
			}
		}
		language := tree.String("language", "code_string")
		if tpl.Root.Class.Name != "COMPOSITION" { // only its names tell
			language = "?"
			if tree.String("name", "value") == tpl.Root.Terms.Text("at0000", "de") {
				language = "de"
			}
		}
		if language != "de" || strings.Contains(string(rm.AppendJSON(nil, tree)), `"value":"Systolic"`) {
			t.Errorf("%s: example is not in German", name)
		}
		again, err := example.Instance(tpl, example.Options{Detail: example.Complete, Language: "de"})
		if err != nil || string(rm.AppendJSON(nil, again)) != string(rm.AppendJSON(nil, tree)) {
			t.Errorf("%s: a second example differs (%v)", name, err)
		}
	}
}

func TestShortestStringsMatch(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`[A-Z]{2}\d{3}`, `(?i)abc|def`, `openEHR-EHR-CLUSTER\.device(-[a-zA-Z0-9_]+)*\.v1`, `a+b?c*.`, `[^a]x`, ``} {
		got, err := example.Shortest(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(got) {
			t.Errorf("%s: %q does not match", pattern, got)
		}
	}
}
