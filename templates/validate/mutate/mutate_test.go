package mutate

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/library"
)

// pair is a template with a composition that is valid against it.
type pair struct {
	name string
	tpl  *templates.Template
	root *rm.Node
}

func compile(t *testing.T, data []byte) *templates.Template {
	t.Helper()
	tpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// ownPairs are the workbench, and Cairn's templates with examples and with the
// first synthetic compositions.
func ownPairs(t *testing.T) []pair {
	t.Helper()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	pairs := []pair{workbench(t)}
	byID := map[string]*templates.Template{}
	for _, name := range names {
		data, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		tpl := compile(t, data)
		byID[tpl.ID] = tpl
		for _, detail := range []example.Detail{example.Medium, example.Complete} {
			root, err := example.Instance(tpl, example.Options{Detail: detail})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			pairs = append(pairs, pair{fmt.Sprintf("%s, example %d", tpl.ID, detail), tpl, root})
		}
	}
	g := synth.New(1)
	for patient := range 3 {
		p := g.Patient(patient)
		for i := range p.Compositions() {
			id, root := p.Tree(i)
			if byID[id] == nil {
				t.Fatalf("no template %s", id)
			}
			pairs = append(pairs, pair{fmt.Sprintf("%s, patient %d, composition %d", id, patient, i), byID[id], root})
		}
	}
	return pairs
}

// figures are the mutants made of a rule, and how many of them were found.
type figures struct{ made, killed int }

// run makes and checks the mutants of the pairs.
func run(t *testing.T, pairs []pair) map[string]figures {
	t.Helper()
	out := map[string]figures{}
	for _, p := range pairs {
		if problems := check(p.tpl, rm.AppendJSON(nil, p.root), noValueSet); rm.HasErrors(problems) {
			t.Errorf("%s is not valid to begin with: %+v", p.name, problems[0])
			continue
		}
		for _, m := range Make(p.tpl, p.root) {
			f := out[m.Code]
			f.made++
			problems := m.Check(p.tpl)
			if m.Killed(problems) {
				f.killed++
			} else {
				var got []string
				for _, x := range problems {
					got = append(got, x.Code+" "+x.Path)
				}
				t.Errorf("survived: %s: %s at %s (%s): got %s", p.name, m.Code, m.Path, m.Edit, strings.Join(got, "; "))
			}
			out[m.Code] = f
		}
	}
	return out
}

// corpusPairs are the compositions of the shared corpus that are valid against
// their template, and a medium example of every template.
func corpusPairs(t *testing.T) []pair {
	t.Helper()
	dir := filepath.Join(testshared.Dir(t), "corpus")
	byID := map[string][]*templates.Template{}
	var pairs []pair
	for _, file := range glob(t, filepath.Join(dir, "templates", "*.opt")) {
		tpl := compile(t, read(t, file))
		byID[tpl.ID] = append(byID[tpl.ID], tpl)
		if root, err := example.Instance(tpl, example.Options{Detail: example.Medium}); err == nil {
			pairs = append(pairs, pair{filepath.Base(file) + ", example", tpl, root})
		}
	}
	for _, file := range glob(t, filepath.Join(dir, "compositions", "json", "*.json")) {
		root, problems := rm.DecodeJSON(read(t, file), rm.ClassComposition, rm.JSONOptions{})
		if root == nil || rm.HasErrors(problems) {
			continue
		}
		for _, tpl := range byID[root.String("archetype_details", "template_id", "value")] {
			if !rm.HasErrors(check(tpl, rm.AppendJSON(nil, root), noValueSet)) {
				pairs = append(pairs, pair{filepath.Base(file), tpl, root})
			}
		}
	}
	return pairs
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
