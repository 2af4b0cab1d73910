package diff

import (
	"io/fs"
	"testing"

	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
)

func TestShippedTemplatesTakeLittleEffort(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		opt, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		a, err := templates.ReadOPT(opt, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := templates.ReadOPT(opt, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		d := &differ{texts: map[string]bool{}, pairs: map[pair]bool{}, effort: new(int)}
		d.object(a.Root, b.Root, false)
		if *d.effort > maxEffort/20 {
			t.Errorf("%s takes %d comparisons of %d", name, *d.effort, maxEffort)
		}
		t.Logf("%s: %d", name, *d.effort)
	}
}
