package synth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/validate"
)

func compiled(t testing.TB) map[string]*templates.Template {
	t.Helper()
	out := map[string]*templates.Template{}
	for _, id := range []string{synth.ProblemList, synth.AdverseReactionList, synth.VitalSigns} {
		data, err := fs.ReadFile(library.Files, id+".opt")
		if err != nil {
			t.Fatal(err)
		}
		if out[id], err = templates.ReadOPT(data, templates.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestCompositionsAreValid(t *testing.T) {
	t.Parallel()
	tpls := compiled(t)
	seen := map[string]int{}
	for _, g := range []*synth.Generator{synth.New(1), synth.New(2, synth.WithMeanSize(18000))} {
		for i := range 60 {
			p := g.Patient(i)
			for k := range p.Compositions() {
				id, data := p.Composition(k)
				n, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
				if n == nil {
					t.Fatalf("patient %d, composition %d: %v", i, k, problems)
				}
				problems = append(problems, validate.All(tpls[id], n, validate.Options{})...)
				for _, x := range problems {
					t.Errorf("patient %d, composition %d: %s %s: %s", i, k, x.Code, x.Path, x.Message)
				}
				if again := rm.AppendJSON(nil, n); string(again) != string(data) {
					t.Errorf("patient %d, composition %d: not canonical", i, k)
				}
				text := string(data)
				for _, feature := range []string{
					"INTERVAL_EVENT", "null_flavour", "magnitude_status", "exclusion_global", "exclusion_specific",
					"absence.v2", "ICD-10", "SNOMED-CT", "TERM_MAPPING", "at0030", "at0103",
				} {
					if strings.Contains(text, feature) {
						seen[feature]++
					}
				}
			}
			if _, problems := rm.DecodeJSON(p.EHRStatus(), rm.Lookup("EHR_STATUS"), rm.JSONOptions{}); len(problems) > 0 {
				t.Errorf("patient %d: EHR_STATUS: %+v", i, problems)
			}
		}
	}
	if len(seen) != 11 {
		t.Errorf("not all features occur: %v", seen)
	}
}

// Whoever changes this hash changes every sandbox and every benchmark: say so
// in the changelog.
func TestSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	h := sha256.New()
	g := synth.New(42)
	for i := range 20 {
		p := g.Patient(i)
		h.Write([]byte(p.String() + p.EHRID))
		h.Write(p.EHRStatus())
		for k := range p.Compositions() {
			_, data := p.Composition(k)
			h.Write(data)
		}
	}
	const want = "7b79581581cdd79716bf3182d02017c28f784fd5d30b84793136289f48be9996"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestSeedsAndNumbersDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(3) {
		for i := range 50 {
			p := synth.New(seed).Patient(i)
			if seen[p.EHRID] || seen[p.SubjectID] {
				t.Fatalf("identifier of seed %d, patient %d occurs twice", seed, i)
			}
			seen[p.EHRID], seen[p.SubjectID] = true, true
		}
	}
}

func TestMeanSizeIsKept(t *testing.T) {
	t.Parallel()
	for _, want := range []int{16000, 18000, 60000} {
		g := synth.New(7, synth.WithMeanSize(want))
		total, n := 0, 0
		for i := range 60 {
			p := g.Patient(i)
			for k := 2; k < 10; k++ {
				_, data := p.Composition(k)
				total += len(data)
				n++
			}
		}
		if mean := total / n; mean < want*95/100 || mean > want*105/100 {
			t.Errorf("mean of %d compositions is %d bytes, want about %d", n, mean, want)
		}
	}
}

func BenchmarkComposition(b *testing.B) {
	g := synth.New(1, synth.WithMeanSize(18000))
	p := g.Patient(0)
	bytes := 0
	for i := 0; b.Loop(); i++ {
		_, data := p.Composition(2 + i%50)
		bytes += len(data)
	}
	b.SetBytes(int64(bytes / b.N))
}
