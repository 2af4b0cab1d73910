package ehr_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// TestCorpus commits real compositions: what is accepted must come back equal,
// what is refused must say why.
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir := testshared.Dir(t)
	s, ctx := newService(t, openStore(t), nil), t.Context()
	glob := func(pattern string) []string {
		files, err := filepath.Glob(filepath.Join(dir, "corpus", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		return files
	}
	uploaded := 0
	for _, f := range append(glob("templates/*.opt"), glob("templates/*.xml")...) {
		opt, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		switch info, err := s.PutTemplate(ctx, who, opt); {
		case err == nil:
			uploaded++
			if got, err := s.Template(ctx, who, info.TemplateID, 0); err != nil || !bytes.Equal(got.OPT, opt) {
				t.Errorf("%s does not come back: %v", filepath.Base(f), err)
			}
		case errs.Is(err, errs.Conflict): // two files of one id
		case errs.Is(err, errs.Invalid):
			problemCodes(t, err)
			t.Logf("%s: %v", filepath.Base(f), err)
		default:
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
	}
	e := mustEHR(t, s)
	committed, refused := 0, 0
	for _, f := range glob("compositions/json/*.json") {
		sent, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.CreateComposition(ctx, who, ehr.CreateComposition{EHRID: e.ID, Content: ehr.Content{JSON: sent}})
		if err != nil {
			if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Unprocessable) {
				t.Errorf("%s: %v", filepath.Base(f), err)
				continue
			}
			refused++
			codes := slices.Sorted(maps.Keys(problemCodes(t, err)))
			t.Logf("%s: %v: %v", filepath.Base(f), errs.KindOf(err), codes)
			continue
		}
		committed++
		want, problems := rm.DecodeJSON(sent, rm.ClassComposition, rm.JSONOptions{})
		if want == nil {
			t.Errorf("%s: accepted but not understood: %v", filepath.Base(f), problems)
			continue
		}
		raw := rm.AppendJSON(nil, want.With("uid", rm.ID("OBJECT_VERSION_ID", c.UID.String())))
		got, err := s.CompositionVersion(ctx, who, e.ID, c.UID)
		if err != nil || !bytes.Equal(got.Raw, raw) {
			t.Errorf("%s comes back as %s, %v", filepath.Base(f), got.Raw, err)
		}
	}
	t.Logf("%d templates, %d compositions committed, %d refused", uploaded, committed, refused)
	if uploaded < 50 || committed < 15 {
		t.Errorf("only %d templates and %d compositions were accepted", uploaded, committed)
	}
}
