package fhirmap

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// forgetful is the shipped library with no room for patterns.
func forgetful(t *testing.T) *Library {
	t.Helper()
	lib, err := Load(Mappings())
	if err != nil {
		t.Fatal(err)
	}
	lib.kept.Store(maxPatterns)
	return lib
}

// plain is a result as it is without patterns.
func plain(res Result) Result {
	for i := range res.Resources {
		r := &res.Resources[i]
		r.Search, r.Mould, r.Own = r.Values(), nil, nil
	}
	return res
}

// Whether something is known of the like of a resource or not, it comes out the
// same, whatever its free texts are.
func TestPatternsChangeNothing(t *testing.T) {
	t.Parallel()
	lib, err := Load(Mappings())
	if err != nil {
		t.Fatal(err)
	}
	slow := forgetful(t)
	texts := []string{"", "1", "-0.50", "1e3", "01", "x", "2020-02-01T12:48:00+01:00", "2020-02-01", "2020", "2020-02-30T00:00:00Z", "ä\u0301", " ", "\x01"}
	known, refused := 0, 0
	var mu sync.Mutex
	t.Run("all", func(t *testing.T) {
		for seed := range 3 {
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				p := synth.New(uint64(seed)).Patient(seed)
				for k := range min(p.Compositions(), 4) {
					_, root := p.Tree(k)
					for n := range 10 {
						in := Input{
							Root: altered(root, n, texts), EHRID: "e" + strconv.Itoa(n), ObjectID: "o", SystemID: "s",
							VersionUID: "o::s::1", Lifecycle: "532",
						}
						want, err := slow.Project(in)
						if err != nil {
							t.Fatal(err)
						}
						got, err := lib.Project(in)
						if err != nil {
							t.Fatal(err)
						}
						mu.Lock()
						for i := range got.Resources {
							if got.Resources[i].Mould != nil {
								known++
							}
						}
						for _, l := range got.Losses {
							if l.Kind == LossRefused {
								refused++
							}
						}
						mu.Unlock()
						if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
							t.Fatalf("composition %d, text %d: %s", k, n, diff)
						}
					}
				}
			})
		}
	})
	if known == 0 || refused == 0 {
		t.Errorf("%d resources were known, %d refused: the test is none", known, refused)
	}
	if n := slow.kept.Load(); n != maxPatterns {
		t.Errorf("the library that should keep nothing kept %d", n-maxPatterns)
	}
}

// altered is a tree with some of its texts replaced.
func altered(n *rm.Node, round int, texts []string) *rm.Node {
	count := 0
	var visit func(n *rm.Node) *rm.Node
	visit = func(n *rm.Node) *rm.Node {
		c := *n
		c.Attrs = make([]rm.Attr, len(n.Attrs))
		for i, a := range n.Attrs {
			c.Attrs[i] = rm.Attr{Def: a.Def, Items: make([]*rm.Node, len(a.Items))}
			for k, item := range a.Items {
				c.Attrs[i].Items[k] = visit(item)
				switch a.Def.Name {
				case "magnitude", "value", "numerator":
					if item.Class.Primitive == rm.NotPrimitive {
						continue
					}
					if count++; round > 0 && (count*7+round)%11 == 0 {
						t := *c.Attrs[i].Items[k]
						t.Text = texts[(count+round)%len(texts)]
						c.Attrs[i].Items[k] = &t
					}
				}
			}
		}
		return &c
	}
	return visit(n)
}

// Nothing that identifies a person stays behind.
func TestPatternsHoldNoFreeTexts(t *testing.T) {
	t.Parallel()
	lib, err := Load(Mappings())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/cases/blood_pressure/in.json")
	if err != nil {
		t.Fatal(err)
	}
	root, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatal(problems)
	}
	in := Input{Root: root, EHRID: someEHR, ObjectID: "o", SystemID: "s", VersionUID: "o::s::1", Lifecycle: lifecycleComplete}
	for range 3 {
		if _, err := lib.Project(in); err != nil {
			t.Fatal(err)
		}
	}
	keys := 0
	for _, plans := range lib.starts {
		for _, p := range plans {
			for key, found := range p.made.all {
				keys++
				text := fmt.Sprintf("%s %+v", key, found.mould.Search)
				for _, free := range []string{in.EHRID, "10:15:30", "Nurse B", "five minutes", "Normotensive"} {
					if strings.Contains(text, free) {
						t.Errorf("%s is in %s", free, text)
					}
				}
			}
		}
	}
	if keys == 0 {
		t.Error("there are no patterns")
	}
}
