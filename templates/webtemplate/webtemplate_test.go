package webtemplate_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// check walks a tree: ids are usable and different, and the steps lead from
// node to node through attributes that their classes have.
func check(t *testing.T, file string, parent, n *webtemplate.Node) {
	t.Helper()
	if n.ID == "" || strings.ContainsFunc(n.ID, func(c rune) bool { return c == '/' || c == '|' || c == ':' || unicode.IsUpper(c) }) {
		t.Errorf("%s: id %q at %s", file, n.ID, n.AQLPath)
	}
	if parent != nil {
		class := parent.Class
		for _, s := range n.Steps {
			if class.Attribute(s.Attribute.Name) == nil {
				t.Errorf("%s: %s has no attribute %s on the way to %s", file, class, s.Attribute.Name, n.AQLPath)
			}
			if class = s.Attribute.Type; s.Object != nil {
				class = s.Object.Class
			}
		}
		if !n.Class.IsA(class) && !class.IsA(n.Class) && n.Class != rm.ClassDVText {
			t.Errorf("%s: %s is a %s but its steps lead to a %s", file, n.AQLPath, n.Class, class)
		}
	}
	ids := map[string]bool{}
	for _, c := range n.Children {
		if ids[c.ID] {
			t.Errorf("%s: two nodes are called %s below %s", file, c.ID, n.AQLPath)
		}
		ids[c.ID] = true
		check(t, file, n, c)
	}
}

// TestEveryTemplateHasAWebTemplate builds those of the library and the corpus.
func TestEveryTemplateHasAWebTemplate(t *testing.T) {
	t.Parallel()
	build := func(name string, data []byte) {
		tpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wt := webtemplate.Build(tpl)
		check(t, name, nil, wt.Tree)
		var any map[string]any
		if err := json.Unmarshal(wt.JSON(), &any); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil || len(names) == 0 {
		t.Fatal("no library", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		build(name, data)
	}
	t.Run("corpus", func(t *testing.T) {
		t.Parallel()
		files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus/templates/*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			build(filepath.Base(file), data)
		}
	})
}

// TestLibraryWebTemplate compares one web template as a whole.
func TestLibraryWebTemplate(t *testing.T) {
	t.Parallel()
	data, err := fs.ReadFile(library.Files, "Cairn - Vital signs.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(webtemplate.Build(tpl).JSON(), &tree); err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(tree, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/vitalsigns.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkBuild(b *testing.B) {
	tpl := readTemplate(b, "ips.v0.opt")
	b.ReportAllocs()
	for b.Loop() {
		webtemplate.Build(tpl).JSON()
	}
}
