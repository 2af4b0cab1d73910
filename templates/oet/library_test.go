package oet_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/oet"
)

func compileFile(t testing.TB, fsys fs.FS, name string, opt oet.Options) ([]byte, error) {
	t.Helper()
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	src, err := oet.Read(text)
	if err != nil {
		return nil, err
	}
	return oet.Compile(src, opt)
}

func librarySources(t testing.TB) []string {
	t.Helper()
	names, err := fs.Glob(library.Files, "*.oet")
	if err != nil || len(names) == 0 {
		t.Fatalf("no template sources: %v", err)
	}
	return names
}

func TestCompiledLibraryIsUpToDate(t *testing.T) {
	t.Parallel()
	repository, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range librarySources(t) {
		got, err := compileFile(t, library.Files, name, oet.Options{Archetypes: repository})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// The file on disk, not the embedded one: go generate may just have run.
		want, err := os.ReadFile("../library/" + strings.TrimSuffix(name, ".oet") + ".opt")
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(got) {
			t.Errorf("%s: the compiled template is not that of its source; run go generate ./templates/library", name)
		}
	}
}

func TestCompiledLibraryReads(t *testing.T) {
	t.Parallel()
	for _, name := range librarySources(t) {
		data, err := fs.ReadFile(library.Files, strings.TrimSuffix(name, ".oet")+".opt")
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(strings.TrimSuffix(name, ".oet"), tpl.ID); diff != "" {
			t.Errorf("%s: template id (-file +template):\n%s", name, diff)
		}
		for _, note := range tpl.Notes {
			t.Errorf("%s: irregular: %+v", name, note)
		}
		t.Logf("%s: %d objects", name, tpl.Objects())
	}
}

// To demand the archetype of an attribute's one value is to demand the
// attribute, whatever its existence in the archetype.
func TestDemandedSingleValue(t *testing.T) {
	t.Parallel()
	repository, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	for least, want := range map[string]int{"": 0, ` min="0"`: 0, ` min="1"`: 1} {
		src, err := oet.Read([]byte(`<template xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><name>T</name>
<definition xsi:type="PERSON" archetype_id="openEHR-DEMOGRAPHIC-PERSON.person.v0">
<Items xsi:type="ITEM_TREE" archetype_id="openEHR-DEMOGRAPHIC-ITEM_TREE.person_details.v0" path="/details[at0001]"` + least + `/></definition></template>`))
		if err != nil {
			t.Fatal(err)
		}
		opt, err := oet.Compile(src, oet.Options{Archetypes: repository})
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := templates.ReadOPT(opt, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := tpl.Root.Attribute("details").Existence.Lower; got != want {
			t.Errorf("details%s: existence from %d, want %d", least, got, want)
		}
	}
}

func BenchmarkCompileVitalSigns(b *testing.B) {
	repository, err := archetypes.Library()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := compileFile(b, library.Files, "Cairn - Vital signs.v1.oet", oet.Options{Archetypes: repository}); err != nil {
			b.Fatal(err)
		}
	}
}
