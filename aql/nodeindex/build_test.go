package nodeindex_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

var update = flag.Bool("update", false, "write the golden files")

// indexed builds the rows of a composition and extends the tables as needed.
func indexed(t testing.TB, tables *nodeindex.Tables, root *rm.Node) []nodeindex.Row {
	t.Helper()
	var b nodeindex.Builder
	for range 20 {
		rows, needs := b.Build(nodeindex.NewRegistry(1, *tables), root)
		if len(needs) == 0 {
			return rows
		}
		tables.Add(needs)
	}
	t.Fatal("the registry never has what the composition needs")
	return nil
}

func decode(t testing.TB, data []byte) *rm.Node {
	t.Helper()
	n, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
	if n == nil {
		t.Fatal(problems)
	}
	return n
}

// TestBuild compares the rows of compositions, and the registry that all of
// them together make, with golden prints.
func TestBuild(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../aqltest/testdata/compositions/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var tables nodeindex.Tables
	var b strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("# " + filepath.Base(f) + "\n")
		n, _ := rm.DecodeJSON(data, rm.ClassLocatable, rm.JSONOptions{Incomplete: true})
		if n == nil || n.Class != rm.ClassComposition {
			b.WriteString("no composition\n")
			continue
		}
		for _, r := range indexed(t, &tables, n) {
			b.WriteString(r.String() + "\n")
		}
	}
	b.WriteString("# registry\n" + tables.String())
	golden := "testdata/rows.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

// TestStructuresAreFew: what the registry learns from many compositions is
// bounded by the models, not by the data.
func TestStructuresAreFew(t *testing.T) {
	t.Parallel()
	g := synth.New(3)
	var tables nodeindex.Tables
	sizes := []int{}
	for p := range 40 {
		for k := range g.Patient(p).Compositions() {
			_, data := g.Patient(p).Composition(k)
			indexed(t, &tables, decode(t, data))
		}
		sizes = append(sizes, tables.Size())
	}
	if last, half := sizes[39], sizes[19]; last > half+half/10 {
		t.Errorf("the registry grew from %d to %d rows between 20 and 40 patients", half, last)
	}
}

// BenchmarkBuild makes the rows of an 18 KB composition.
func BenchmarkBuild(b *testing.B) {
	g := synth.New(1, synth.WithMeanSize(18_000))
	var tables nodeindex.Tables
	var roots []*rm.Node
	size := 0
	for p := range 30 {
		for k := range g.Patient(p).Compositions() {
			template, data := g.Patient(p).Composition(k)
			if template != synth.VitalSigns {
				continue
			}
			size += len(data)
			roots = append(roots, decode(b, data))
			indexed(b, &tables, roots[len(roots)-1])
		}
	}
	reg := nodeindex.NewRegistry(1, tables)
	var builder nodeindex.Builder
	frames, bytes := 0, 0
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		rows, needs := builder.Build(reg, roots[i%len(roots)])
		if len(needs) > 0 {
			b.Fatal("the registry is incomplete")
		}
		i++
		frames += len(rows)
		for k := range rows {
			bytes += len(rows[k].V)
		}
	}
	b.ReportMetric(float64(size)/float64(len(roots)), "bytes/composition")
	b.ReportMetric(float64(frames)/float64(i), "frames/composition")
	b.ReportMetric(float64(bytes)/float64(i), "v-bytes/composition")
}

// FuzzBuild: whatever reads as a composition has rows, which nest.
func FuzzBuild(f *testing.F) {
	files, _ := filepath.Glob("../aqltest/testdata/compositions/*.json")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, _ := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Depth: 20}})
		if n == nil {
			return
		}
		var tables nodeindex.Tables
		rows := indexed(t, &tables, n)
		for i, r := range rows {
			if int(r.Num) != i || r.Last < r.Num || int(r.Last) >= len(rows) || r.Parent >= r.Num {
				t.Fatalf("row %d: %s", i, r.String())
			}
			if r.Parent >= 0 && rows[r.Parent].Last < r.Last {
				t.Fatalf("row %d is not inside its parent", i)
			}
		}
	})
}
