package fhirmap_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	testEHR           = casetest.EHR
	lifecycleComplete = "532" // of a version that is complete
)

func caseInput(t testing.TB, dir string) fhirmap.Input {
	t.Helper()
	in, err := casetest.Read(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestCases runs every directory of testdata/cases: an object in, the resources
// and losses out. The expected files were checked by hand.
func TestCases(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no cases", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			in := caseInput(t, dir)
			got, err := lib.Project(in)
			if err != nil {
				t.Fatal(err)
			}
			again, err := lib.Project(in)
			if diff := cmp.Diff(fhirmap.Plain(got), fhirmap.Plain(again)); err != nil || diff != "" {
				t.Errorf("a second projection differs: %v %s", err, diff)
			}
			resources, losses, err := casetest.Outcome(&got)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range got.Resources {
				for _, p := range r4.Validate(r.JSON) {
					if !p.Warning {
						t.Errorf("%s: %s", r.Path, p)
					}
				}
			}
			golden(t, filepath.Join(dir, "resources.ndjson"), resources)
			golden(t, filepath.Join(dir, "losses.json"), losses)
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}
