package simplified_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/simplified"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// librarySubjects are the templates of the library by id.
func librarySubjects(t testing.TB) map[string]subject {
	t.Helper()
	names, err := fs.Glob(library.Files, "*.opt")
	if err != nil || len(names) == 0 {
		t.Fatal("no library", err)
	}
	list := map[string]subject{}
	for _, name := range names {
		data, err := fs.ReadFile(library.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list[tpl.ID] = subject{tpl, webtemplate.Build(tpl)}
	}
	return list
}

// TestSyntheticCompositionsThroughEveryFormat takes synthetic compositions from
// JSON through every format in turn: XML, FLAT, STRUCTURED and back, with
// nothing lost but the order of siblings that are different nodes.
func TestSyntheticCompositionsThroughEveryFormat(t *testing.T) {
	t.Parallel()
	subjects := librarySubjects(t)
	g := synth.New(7)
	count := 0
	for i := range 40 {
		p := g.Patient(i)
		for k := range p.Compositions() {
			id, json := p.Composition(k)
			s, ok := subjects[id]
			if !ok {
				t.Fatalf("no template %s", id)
			}
			want, problems := rm.DecodeJSON(json, rm.ClassComposition, rm.JSONOptions{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			xml, err := rm.AppendXML(nil, want)
			if err != nil {
				t.Fatal(err)
			}
			n, problems := rm.DecodeXML(xml, rm.ClassComposition, rm.XMLOptions{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			for _, f := range []simplified.Format{simplified.Flat, simplified.Structured} {
				data, err := simplified.Encode(n, f, s.wt, s.tpl)
				if err != nil {
					t.Fatalf("%s: %v\n%s", id, err, json)
				}
				if n, problems = simplified.Decode(data, f, s.wt, s.tpl, simplified.Options{}); len(problems) > 0 {
					t.Fatalf("%s: %v\n%s", id, problems, data)
				}
			}
			if diff := firstDifference(unordered(want), unordered(n)); diff != "" {
				t.Fatalf("%s: %s", id, diff)
			}
			count++
		}
	}
	t.Logf("%d compositions", count)
}

func BenchmarkEncodeSynthetic(b *testing.B) {
	s, n := synthetic(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := simplified.Encode(n, simplified.Flat, s.wt, s.tpl); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeSynthetic(b *testing.B) {
	s, n := synthetic(b)
	data, err := simplified.Encode(n, simplified.Flat, s.wt, s.tpl)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		simplified.Decode(data, simplified.Flat, s.wt, s.tpl, simplified.Options{})
	}
}

// synthetic is the largest composition of a patient.
func synthetic(b *testing.B) (subject, *rm.Node) {
	b.Helper()
	p := synth.New(7).Patient(0)
	var id string
	var json []byte
	for k := range p.Compositions() {
		if i, data := p.Composition(k); len(data) > len(json) {
			id, json = i, data
		}
	}
	n, problems := rm.DecodeJSON(json, rm.ClassComposition, rm.JSONOptions{})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	b.Logf("%d bytes of JSON", len(json))
	return librarySubjects(b)[id], n
}

// unordered prints a tree with siblings of different node ids in the order of
// those.
func unordered(n *rm.Node) []byte {
	if n.Class.Primitive != rm.NotPrimitive {
		return []byte(n.Text)
	}
	b := []byte(n.Class.Name + "{")
	for _, a := range n.Attrs {
		items := slices.Clone(a.Items)
		slices.SortStableFunc(items, func(x, y *rm.Node) int { return strings.Compare(x.NodeID(), y.NodeID()) })
		b = append(b, " "+a.Def.Name+":"...)
		for _, m := range items {
			b = append(append(b, unordered(m)...), ';')
		}
	}
	return append(b, '}')
}

// firstDifference shows where two documents first differ, "" if nowhere.
func firstDifference(want, got []byte) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	if i == len(want) && i == len(got) {
		return ""
	}
	around := func(b []byte) string { return string(b[max(0, i-100):min(len(b), i+100)]) }
	return "got …" + around(got) + "…, want …" + around(want) + "…"
}
