package simplified_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/simplified"
)

// codec writes and reads a composition in one format.
type codec struct {
	name  string
	write func(subject, *rm.Node) ([]byte, error)
	read  func(subject, []byte) (*rm.Node, []rm.Problem)
}

func simple(name string, f simplified.Format) codec {
	return codec{
		name,
		func(s subject, n *rm.Node) ([]byte, error) { return simplified.Encode(n, f, s.wt, s.tpl) },
		func(s subject, b []byte) (*rm.Node, []rm.Problem) {
			return simplified.Decode(b, f, s.wt, s.tpl, simplified.Options{Incomplete: true})
		},
	}
}

var codecs = []codec{
	{
		"JSON",
		func(_ subject, n *rm.Node) ([]byte, error) { return rm.AppendJSON(nil, n), nil },
		func(_ subject, b []byte) (*rm.Node, []rm.Problem) {
			return rm.DecodeJSON(b, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
		},
	},
	{
		"XML",
		func(_ subject, n *rm.Node) ([]byte, error) { return rm.AppendXML(nil, n) },
		func(_ subject, b []byte) (*rm.Node, []rm.Problem) {
			return rm.DecodeXML(b, rm.ClassComposition, rm.XMLOptions{Incomplete: true})
		},
	},
	simple("FLAT", simplified.Flat),
	simple("STRUCTURED", simplified.Structured),
}

// TestEveryPairOfFormats takes random compositions (of synthetic patients, and
// examples of every template of the library and the corpus, with parts left out,
// repeated, and with all that the RM allows beside what a template asks for) from
// any format into any other and back.
func TestEveryPairOfFormats(t *testing.T) {
	t.Parallel()
	everyPair(t, librarySubjects(t), true)
}

// TestEveryPairOfFormatsOfTheCorpus does so with the templates of the corpus.
func TestEveryPairOfFormatsOfTheCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus/templates/*"))
	if err != nil {
		t.Fatal(err)
	}
	subjects := map[string]subject{}
	for _, file := range files {
		s := load(t, file)
		subjects[s.tpl.ID] = s
	}
	everyPair(t, subjects, false)
}

func everyPair(t *testing.T, subjects map[string]subject, synthetic bool) {
	examples := map[string]*rm.Node{}
	for _, s := range subjects {
		for _, detail := range []string{"required", "medium", "complete"} {
			d, ok := example.ParseDetail(detail)
			if !ok {
				t.Fatal(detail)
			}
			n, err := example.Instance(s.tpl, example.Options{Detail: d})
			if err == nil && n.Class.IsA(rm.ClassComposition) {
				examples[s.tpl.ID+" "+detail] = n
			}
		}
	}
	names := slices.Sorted(maps.Keys(examples))
	t.Logf("%d examples of %d templates", len(examples), len(subjects))
	rapid.Check(t, func(t *rapid.T) {
		var id string
		var want *rm.Node
		if synthetic && rapid.Bool().Draw(t, "synthetic") {
			p := synth.New(rapid.Uint64().Draw(t, "seed")).Patient(rapid.IntRange(0, 50).Draw(t, "patient"))
			var json []byte
			id, json = p.Composition(rapid.IntRange(0, p.Compositions()-1).Draw(t, "composition"))
			want, _ = rm.DecodeJSON(json, rm.ClassComposition, rm.JSONOptions{})
		} else {
			name := rapid.SampledFrom(names).Draw(t, "example")
			id = name[:strings.LastIndexByte(name, ' ')]
			want = examples[name]
		}
		for range rapid.IntRange(0, 6).Draw(t, "enriched") {
			want = enrich(t, want, 0)
		}
		for range rapid.IntRange(0, 3).Draw(t, "left out") {
			want = prune(t, want, 0)
		}
		first, second := rapid.SampledFrom(codecs).Draw(t, "first"), rapid.SampledFrom(codecs).Draw(t, "second")
		n := want
		for _, c := range []codec{first, second, first} {
			data, err := c.write(subjects[id], n)
			if err != nil {
				t.Fatalf("%s in %s: %v", id, c.name, err)
			}
			var problems []rm.Problem
			if n, problems = c.read(subjects[id], data); n == nil || rm.HasErrors(problems) {
				t.Fatalf("%s from %s: %v\n%s", id, c.name, problems, data)
			}
		}
		if diff := firstDifference(unordered(want), unordered(n)); diff != "" {
			t.Fatalf("%s by %s and %s: %s", id, first.name, second.name, diff)
		}
	})
}

// prune leaves out one optional attribute somewhere below.
func prune(t *rapid.T, n *rm.Node, depth int) *rm.Node {
	var optional, deeper []*rm.Attr
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if len(a.Items) == 0 || a.Def.Name == "archetype_details" {
			continue
		}
		if !a.Def.Mandatory && a.Def.MinItems == 0 {
			optional = append(optional, a)
		}
		if a.Items[0].Class.Primitive == rm.NotPrimitive {
			deeper = append(deeper, a)
		}
	}
	if len(deeper) > 0 && (len(optional) == 0 || depth < 9 && rapid.IntRange(0, 3).Draw(t, "deeper") > 0) {
		a := rapid.SampledFrom(deeper).Draw(t, "attribute")
		k := rapid.IntRange(0, len(a.Items)-1).Draw(t, "member")
		items := slices.Clone(a.Items)
		items[k] = prune(t, items[k], depth+1)
		return n.With(a.Def.Name, items...)
	}
	if len(optional) > 0 {
		return n.With(rapid.SampledFrom(optional).Draw(t, "dropped").Def.Name)
	}
	return n
}
