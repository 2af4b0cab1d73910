package fhirmap

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	testEHR    = "2b6f0e4e-8a3d-4a5e-9a66-3f1f2f1c8e01"
	testObject = "8849182c-82ad-4088-a07f-48ead4180515"
)

// caseInput reads in.json, and input.json for facts that differ from the
// ordinary: a complete first version.
func caseInput(t testing.TB, dir string) Input {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "in.json"))
	if err != nil {
		t.Fatal(err)
	}
	class := "COMPOSITION"
	if bytes.Contains(data, []byte(`"_type": "EHR_STATUS"`)) {
		class = "EHR_STATUS"
	}
	root, problems := rm.DecodeJSON(data, rm.Lookup(class), rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatalf("%s: %+v", dir, problems)
	}
	in := Input{
		Root: root, EHRID: testEHR, ObjectID: testObject, SystemID: "test.cairn",
		VersionUID: testObject + "::test.cairn::1", Lifecycle: "532",
	}
	if data, err := os.ReadFile(filepath.Join(dir, "input.json")); err == nil {
		var extra struct{ Lifecycle string }
		if err := json.Unmarshal(data, &extra); err != nil {
			t.Fatal(err)
		}
		in.Lifecycle = extra.Lifecycle
	}
	return in
}

// TestCases runs every directory of testdata/cases: an object in, the resources
// and losses out. The expected files were checked by hand.
func TestCases(t *testing.T) {
	t.Parallel()
	lib, err := LoadShipped()
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
			if diff := cmp.Diff(got, again); err != nil || diff != "" {
				t.Errorf("a second projection differs: %v %s", err, diff)
			}
			var resources []byte
			for _, r := range got.Resources {
				for _, p := range r4.Validate(r.JSON) {
					if !p.Warning {
						t.Errorf("%s: %s", r.Path, p)
					}
				}
				line, err := json.Marshal(map[string]any{"path": r.Path, "profiles": r.Profiles, "mapping": r.Mapping + " " + r.MappingVersion})
				if err != nil {
					t.Fatal(err)
				}
				resources = append(append(resources, line...), '\n')
				resources = append(append(resources, r.JSON...), '\n')
			}
			losses, err := json.MarshalIndent(got.Losses, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(dir, "resources.ndjson"), resources)
			golden(t, filepath.Join(dir, "losses.json"), append(losses, '\n'))
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
