package archtest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "record the hashes of the generated files")

const root = "../.."

func TestImportDirections(t *testing.T) {
	t.Parallel()
	found, err := violations(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	own := func(dir string) string { return Module + "/" + dir }
	tests := []struct{ dir, imported, fault string }{
		{"pkg/rm", own("pkg/errs"), ""},
		{"pkg/rm", "github.com/cockroachdb/apd/v3", ""},
		{"pkg/rm", own("templates"), "pkg/rm imports templates: pkg/rm may import only pkg/errs"},
		{"pkg/errs", own("pkg/rm"), "pkg/errs may import only nothing of Cairn"},
		{"aql/analyze", own("aql/ast"), ""},
		{"aql/analyze", own("aql/parse/gen"), "which only aql/parse may"},
		{"aql/analyze", own("pkg/ehr"), "aql may import only"},
		{"aql", own("pkg/store"), "aql imports pkg/store"},
		{"fhirmap", own("aql/ast"), "fhirmap may import only"},
		{"fhirmap", own("pkg/ehr"), "fhirmap imports pkg/ehr"},
		{"fhirmap", own("fhirmap/fhirconnect"), ""},
		{"fhirmap", own("fhirmap/coverage"), "fhirmap imports fhirmap/coverage"},
		{"fhirmap/fhirconnect", own("fhirmap"), "fhirmap/fhirconnect may import only fhirmap/conceptmap"},
		{"fhirmap/casetest", own("fhirmap"), ""},
		{"pkg/fhir", own("fhirmap/conceptmap"), ""},
		{"pkg/ehr", own("pkg/store"), "pkg/ehr imports pkg/store"},
		{"pkg/rest", own("pkg/fhir"), "pkg/rest imports pkg/fhir"},
		{"pkg/fhir", own("pkg/rest"), "pkg/fhir imports pkg/rest"},
		{"pkg/rest", own("pkg/store"), "pkg/rest imports pkg/store"},
		{"pkg/fhir", own("pkg/store/fhirstore"), "pkg/fhir imports pkg/store/fhirstore"},
		{"pkg/store", own("pkg/fhir"), "pkg/store imports pkg/fhir"},
		{"pkg/store/fhirstore", own("pkg/fhir"), ""},
		{"pkg/rest", "github.com/jackc/pgx/v5/pgxpool", "which only pkg/store"},
		{"templates/validate", "net/http", "which only"},
		{"templates/validate", "net/httputil", ""},
		{"pkg/server", own("pkg/rest"), ""},
		{"cmd/cairn", own("pkg/server"), ""},
		{"pkg/server", own("cmd/cairn"), "pkg/server imports cmd/cairn"},
		{"pkg/store", own("pkg/testshared"), "which only"},
		{"pkg/helpers", "fmt", "has no layer"},
		{"pkg/server", own("pkg/helpers"), "has no layer"},
	}
	for _, tt := range tests {
		got := judge(tt.dir, tt.imported)
		if (tt.fault == "") != (got == "") || !strings.Contains(got, tt.fault) {
			t.Errorf("%s importing %s: %q, want %q", tt.dir, tt.imported, got, tt.fault)
		}
	}
}

func TestViolationsNameFileAndLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pkg/rm/a.go":          "package rm\n\nimport (\n\t\"fmt\"\n\n\t\"" + Module + "/pkg/store\"\n)\n",
		"pkg/rm/a_test.go":     "package rm\n\nimport \"" + Module + "/pkg/store\"\n",
		"pkg/rm/testdata/x.go": "not go at all",
		"tools/go.mod":         "module tools\n",
		"tools/tool.go":        "package tools\n\nimport \"" + Module + "/pkg/store\"\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := violations(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg/rm/a.go:6: pkg/rm imports pkg/store: pkg/rm may import only pkg/errs"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A misspelt folder would allow nothing and forbid nothing.
func TestRulesNameEachOther(t *testing.T) {
	t.Parallel()
	for _, l := range layers {
		for _, dir := range l.imports {
			if to := layerOf(dir); to == nil || to.dir != dir {
				t.Errorf("layer %s may import %s, which is no layer", l.dir, dir)
			}
		}
	}
	for _, w := range walls {
		for _, dir := range w.inside {
			if layerOf(dir) == nil {
				t.Errorf("the wall around %v lets in %s, which has no layer", w.imported, dir)
			}
		}
	}
}

func TestGeneratedFilesBelongToTheirSources(t *testing.T) {
	t.Parallel()
	for _, g := range generatedFiles {
		sums, err := g.sums(root)
		if err != nil {
			t.Errorf("%s: %v", g.dir, err)
			continue
		}
		path := filepath.Join(root, g.dir, sumFile)
		if *update {
			if err := os.WriteFile(path, []byte(sums), 0o644); err != nil {
				t.Error(err)
			}
			continue
		}
		recorded, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(recorded), "\n"), strings.Split(sums, "\n")); diff != "" {
			t.Errorf("%s changed since it was generated; run \"make generate\" (-recorded +now):\n%s", g.dir, diff)
		}
	}
}
