package oet_test

import (
	"io/fs"
	"testing"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/oet"
)

// FuzzRead: whatever is read either is refused or compiles to an operational
// template that reads, or is refused by the compiler; nothing crashes. What
// compiles does so again to the same bytes.
func FuzzRead(f *testing.F) {
	repository, err := archetypes.Library()
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range librarySources(f) {
		text, err := fs.ReadFile(library.Files, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		src, err := oet.Read(text)
		if err != nil {
			return
		}
		opt, err := oet.Compile(src, oet.Options{Archetypes: repository})
		if err != nil {
			return
		}
		if _, err := templates.ReadOPT(opt, templates.Limits{Bytes: len(opt)}); err != nil {
			t.Logf("compiled, but does not read: %v", err)
		}
		again, err := oet.Compile(src, oet.Options{Archetypes: repository})
		if err != nil || string(again) != string(opt) {
			t.Errorf("compiled again: %v, same %v", err, string(again) == string(opt))
		}
	})
}
