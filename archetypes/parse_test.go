package archetypes_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

func corpus(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus", "archetypes", "*.adl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no archetypes in the corpus: %v", err)
	}
	out := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = string(b)
	}
	return out
}

func TestCorpusParses(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		a, err := archetypes.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := name[:len(name)-len(".adl")]; a.ID != want {
			t.Errorf("%s: id %s", name, a.ID)
		}
		if len(a.Ontology.TermDefinitions) == 0 || a.Description == nil || a.Definition == nil {
			t.Errorf("%s: a section is missing", name)
		}
	}
}

var positions = regexp.MustCompile(`"Pos":\{"Line":\d+,"Column":\d+\}`)

// content is everything an archetype says, without its positions.
func content(t testing.TB, a *archetypes.Archetype) string {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return positions.ReplaceAllString(string(b), "")
}

func TestCorpusRoundTrips(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		a, err := archetypes.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		printed := archetypes.Print(a)
		b, err := archetypes.Parse(printed)
		if err != nil {
			t.Errorf("%s: printed form: %v", name, err)
			continue
		}
		if before, after := content(t, a), content(t, b); before != after {
			t.Errorf("%s: differs after printing (-read +printed):\n%s", name, cmp.Diff(before, after))
		}
		if again := archetypes.Print(b); again != printed {
			t.Errorf("%s: printing is not stable", name)
		}
	}
}

func TestCorpusValidates(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		a, err := archetypes.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range archetypes.Validate(a) {
			if !p.Warning {
				t.Errorf("%s: line %d: %s %s: %s", name, p.Pos.Line, p.Code, p.Path, p.Message)
			}
		}
	}
}

func BenchmarkParseCorpus(b *testing.B) {
	files := corpus(b)
	size := 0
	for _, text := range files {
		size += len(text)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for name, text := range files {
			if _, err := archetypes.Parse(text); err != nil {
				b.Fatal(name, err)
			}
		}
	}
}
