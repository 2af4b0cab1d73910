package library_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/oet"
)

var update = flag.Bool("update", false, "rewrite docs/library.md")

// TestPage: docs/library.md lists what there is.
func TestPage(t *testing.T) {
	t.Parallel()
	repository, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# The library

Archetypes and templates that Cairn ships, in ` + "`archetypes/library` and `templates/library`" + `. Identifiers, node codes and
structure are those of the public archetypes of the Clinical Knowledge Manager, so that data and queries fit those of
others; the texts are Cairn's own. Archetypes with ` + "`cairn_`" + ` in their id have no public counterpart. In some demographic
archetypes occurrences are wider than in the public ones, which demand what is often not known; what is valid against
the public archetype is valid against Cairn's.

This page is made by ` + "`go test ./templates/library -run TestPage -update`" + `.

## Templates

Each is a source (` + "`.oet`" + `) and compiled (` + "`.opt`" + `); a server with a sandbox has them all. For each there are generated
examples, a realistic document written by hand, and at least four invalid ones
(` + "`templates/library/testdata`" + `).

| template | root | purpose |
|---|---|---|
`)
	names, err := fs.Glob(library.Files, "*.oet")
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		src, err := oet.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", src.Name, src.Definition.ArchetypeID, src.Description.Purpose)
	}
	b.WriteString("\n## Archetypes\n\n| archetype | purpose | languages |\n|---|---|---|\n")
	for _, id := range repository.IDs() {
		a := repository.Archetype(id)
		purpose := ""
		for _, d := range a.Description.Details {
			if d.Language.Code == "en" {
				purpose = d.Purpose
			}
		}
		if purpose == "" {
			t.Errorf("%s: no purpose in English", id)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", id, purpose, strings.Join(a.Languages(), ", "))
	}
	const path = "../../docs/library.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, []byte(b.String())) {
		t.Errorf("%s is out of date; run go test ./templates/library -run TestPage -update:\n%s", path, cmp.Diff(string(got), b.String()))
	}
}
