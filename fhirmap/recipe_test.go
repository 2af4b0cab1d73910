package fhirmap

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// decoded is a tree in which no node stands twice, as one that was read.
func decoded(t testing.TB, root *rm.Node) *rm.Node {
	t.Helper()
	n, problems := rm.DecodeJSON(rm.AppendJSON(nil, root), root.Class, rm.JSONOptions{})
	if n == nil {
		t.Fatal(problems)
	}
	return n
}

var oddTexts = []string{
	"", " ", "0", "1", "-0.50", "36.5", "36.50", "1e3", "01", "x", "at0004", "at0017", "245", "532", "false", "true", "mm[Hg]", "kg", "%",
	"2020-02-01T12:48:00+01:00", "2020-02-01T12:48:00Z", "2020-02-01T12:48:00", "2020-02-01T12:48", "2020-02-01", "2020", "2020-02-30T00:00:00Z", "10:15", "PT1H", "P1D",
	"ä\u0301", "<b>", "\x01", "http://loinc.org", "LOINC", "local", "openehr", "253", "272", "H", "<", ">=", "SNOMED-CT", "performer", "Dr. \"A\"",
}

// changed is a tree with some of its texts replaced and, with structure, some of
// its attributes and members left out, doubled or exchanged.
func changed(n *rm.Node, rnd *rand.Rand, rate float64, structure bool) *rm.Node {
	c := *n
	c.Attrs = nil
	if n.Class.Primitive != rm.NotPrimitive {
		if rnd.Float64() < rate {
			c.Text = oddTexts[rnd.IntN(len(oddTexts))]
		}
		return &c
	}
	for _, a := range n.Attrs {
		fixed := a.Def.Name == "archetype_node_id" || a.Def.Name == "archetype_details"
		if structure && !fixed && rnd.Float64() < rate {
			continue
		}
		items := make([]*rm.Node, 0, len(a.Items))
		for _, item := range a.Items {
			if fixed {
				items = append(items, item)
				continue
			}
			items = append(items, changed(item, rnd, rate, structure))
			if structure && a.Def.Container && rnd.Float64() < rate {
				items = append(items, changed(item, rnd, rate, structure))
			}
		}
		if structure && n.Class == rm.ClassElement && a.Def.Name == "value" && rnd.Float64() < rate {
			values := []*rm.Node{
				rm.Text("a text"), rm.CodedText("a code", "local", "at0017"), rm.CodedText("a code", "http://loinc.org", "1-8"),
				rm.Object("DV_COUNT", rm.Child("magnitude", &rm.Node{Class: rm.ClassInteger64, Text: "3"})),
				rm.Object("DV_BOOLEAN", rm.Child("value", &rm.Node{Class: rm.ClassBoolean, Text: "true"})),
			}
			items = []*rm.Node{values[rnd.IntN(len(values))]}
		}
		c.Attrs = append(c.Attrs, rm.Attr{Def: a.Def, Items: items})
	}
	if structure && n.Class == rm.ClassElement && rnd.Float64() < rate {
		return c.With("null_flavour", rm.CodedText("unknown", "openehr", []string{"253", "271", "272", "273", "999"}[rnd.IntN(5)]))
	}
	return &c
}

// sources are inputs of all kinds.
func sources(t testing.TB, patients int) []Input {
	t.Helper()
	var list []Input
	for seed := range patients {
		p := synth.New(uint64(seed)).Patient(seed)
		for k := range min(p.Compositions(), 6) {
			_, root := p.Tree(k)
			list = append(list, Input{Root: decoded(t, root), EHRID: "e" + strconv.Itoa(seed), ObjectID: "o", SystemID: "s", VersionUID: "o::s::1", Lifecycle: "532"})
		}
	}
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no cases", err)
	}
	for _, dir := range dirs {
		list = append(list, storedCase(t, dir))
	}
	return list
}

// storedCase is the object of a test case, without what a case says of others.
func storedCase(t testing.TB, dir string) Input {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "in.json"))
	if err != nil {
		t.Fatal(err)
	}
	class := rm.ClassComposition
	if _, rest, ok := strings.Cut(string(data), `"_type": "`); ok {
		name, _, _ := strings.Cut(rest, `"`)
		if c := rm.Lookup(name); c != nil && (c.Name == "EHR_STATUS" || c.IsA(classParty)) {
			class = c
		}
	}
	root, problems := rm.DecodeJSON(data, class, rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatal(dir, problems)
	}
	return Input{
		Root: root, EHRID: "2b6f0e4e-8a3d-4a5e-9a66-3f1f2f1c8e01", ObjectID: "8849182c-82ad-4088-a07f-48ead4180515", SystemID: "cairn.test",
		VersionUID: "8849182c-82ad-4088-a07f-48ead4180515::cairn.test::1", Lifecycle: lifecycleComplete,
	}
}

// agree compares a projection with one by a library that knows nothing.
func agree(t *testing.T, lib, slow *Library, in Input) int {
	t.Helper()
	want, wantErr := slow.Project(in)
	got, err := lib.Project(in)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%v, without recipes %v", err, wantErr)
	}
	if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
		t.Fatalf("%s\n%s", diff, rm.AppendJSON(nil, in.Root))
	}
	return len(got.Resources)
}

// What is made by a recipe is what the methods make, whatever the source is like.
func TestRecipesChangeNothing(t *testing.T) {
	t.Parallel()
	lib, err := Load(Mappings())
	if err != nil {
		t.Fatal(err)
	}
	slow := forgetful(t)
	resolve := func(n *rm.Node) string {
		if len(n.String("id", "value"))%2 == 0 {
			return "Practitioner"
		}
		return ""
	}
	made := 0
	for i, in := range sources(t, 4) {
		rnd := rand.New(rand.NewPCG(1, uint64(i)))
		for shape := range 4 {
			of := in
			if shape > 0 {
				of.Root = changed(in.Root, rnd, 0.02, true)
			}
			for text := range 8 {
				to := of
				if text > 2 {
					to.Root = changed(of.Root, rnd, 0.05, false)
				}
				if text%2 == 0 {
					to.Resolve, to.EHRID = resolve, "other"
				}
				made += agree(t, lib, slow, to)
			}
		}
	}
	if n := len(allRecipes(lib)); n < 100 || made == 0 {
		t.Errorf("%d recipes were learned, %d resources made: the test is none", n, made)
	}
	if n := len(allRecipes(slow)); n != 0 {
		t.Errorf("the library that should keep nothing has %d recipes", n)
	}
}

// allRecipes are those of a library.
func allRecipes(lib *Library) (list []*recipe) {
	for _, plans := range lib.starts {
		for _, p := range plans {
			for _, k := range p.recipes.all {
				list = append(list, k.list...)
			}
		}
	}
	return list
}

func FuzzRecipes(f *testing.F) {
	lib, err := Load(Mappings())
	if err != nil {
		f.Fatal(err)
	}
	slow, err := Load(Mappings())
	if err != nil {
		f.Fatal(err)
	}
	slow.kept.Store(maxPatterns)
	list := sources(f, 3)
	f.Add(uint64(0), uint64(1), uint16(0), uint8(1))
	f.Add(uint64(3), uint64(1), uint16(7), uint8(30))
	f.Fuzz(func(t *testing.T, shape, text uint64, source uint16, rate uint8) {
		in := list[int(source)%len(list)]
		in.Root = changed(in.Root, rand.New(rand.NewPCG(shape%64, 0)), float64(rate%32)/256, true)
		agree(t, lib, slow, in)
		agree(t, lib, slow, in)
		agree(t, lib, slow, in)
		in.Root = changed(in.Root, rand.New(rand.NewPCG(text, 1)), float64(rate)/1024, false)
		agree(t, lib, slow, in)
	})
}

// learned is a library that has recipes for a case.
func learned(t *testing.T) (*Library, Input) {
	t.Helper()
	lib, err := Load(Mappings())
	if err != nil {
		t.Fatal(err)
	}
	in := storedCase(t, "testdata/cases/blood_pressure")
	in.Root = decoded(t, in.Root)
	for range 4 {
		if _, err := lib.Project(in); err != nil {
			t.Fatal(err)
		}
	}
	return lib, in
}

// A resource is really made by its recipe.
func TestRecipesAreUsed(t *testing.T) {
	t.Parallel()
	lib, in := learned(t)
	for _, r := range allRecipes(lib) {
		r.fixed = bytes.ReplaceAll(r.fixed, []byte("final"), []byte("taken"))
	}
	res, err := lib.Project(in)
	if err != nil || len(res.Resources) == 0 || !strings.Contains(string(res.Resources[0].JSON), "taken") {
		t.Errorf("no recipe was used: %v %s", err, res.Resources[0].JSON)
	}
}

// Methods that decide by a free text are run each time.
func TestNoRecipeForDecisions(t *testing.T) {
	t.Parallel()
	const value = "$archetype/data[at0001]/events[at0002]/data[at0003]/items[at0004]/value"
	for name, method := range map[string]string{
		"condition": `
  - name: tall
    with: {fhir: "$resource.interpretation"}
    openehrCondition: {targetRoot: "` + value + `/magnitude", operator: one of, criteria: "193"}
    manual:
      - name: tall
        fhir: [{path: text, value: tall}]
`,
		"manual": `
  - name: tall
    with: {fhir: "$resource.interpretation", openehr: "` + value + `"}
    manual:
      - name: tall
        openehrCondition: {targetRoot: "$openehrRoot", targetAttribute: magnitude, operator: not of, criteria: "193"}
        fhir: [{path: text, value: small}]
      - name: other
        openehrCondition: {targetRoot: "$openehrRoot", targetAttribute: magnitude, operator: one of, criteria: "193"}
        fhir: [{path: text, value: tall}]
`,
		"code": `
  - name: tall
    with: {fhir: "$resource.value.ofType(string)", openehr: "` + value + `"}
`,
		"precision": `
  - name: tall
    with: {fhir: "$resource.value.ofType(Quantity)", openehr: "` + value + `"}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lib, err := Load(fstest.MapFS{"m.yml": {Data: []byte(HeightModel + method)}})
			if err != nil {
				t.Fatal(err)
			}
			slow, err := Load(fstest.MapFS{"m.yml": {Data: []byte(HeightModel + method)}})
			if err != nil {
				t.Fatal(err)
			}
			slow.kept.Store(maxPatterns)
			in := storedCase(t, "testdata/cases/height")
			in.Root = decoded(t, in.Root)
			outcomes := map[string]bool{}
			for _, text := range []string{"180", "180", "180", "180", "193", "181.5", "193", "18e1", "x", "180"} {
				p, err := rm.ParsePath("/content[openEHR-EHR-OBSERVATION.height.v2]/data/events[at0002]/data/items[at0004]/value/magnitude")
				if err != nil {
					t.Fatal(err)
				}
				found := p.Resolve(in.Root)
				if len(found) == 0 {
					t.Fatal("there is no height")
				}
				found[0].Text = text
				agree(t, lib, slow, in)
				res, err := lib.Project(in)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range res.Resources {
					outcomes[strings.ReplaceAll(string(r.JSON), text, "")] = true
				}
			}
			if len(outcomes) < 2 {
				t.Errorf("the value decides nothing: %v", outcomes)
			}
			if n := len(allRecipes(lib)); name != "precision" && n != 0 {
				t.Errorf("%d recipes were learned of methods that decide by the value", n)
			}
		})
	}
}

// Nothing that was written freely stays behind.
func TestRecipesHoldNoFreeTexts(t *testing.T) {
	t.Parallel()
	lib, in := learned(t)
	keys := 0
	for _, plans := range lib.starts {
		for _, p := range plans {
			for key, k := range p.recipes.all {
				keys++
				all := key
				for _, r := range k.list {
					all += string(r.fixed)
					for _, g := range r.gaps {
						all += g.text
					}
				}
				for _, free := range []string{in.EHRID, "10:15:30", "Nurse B", "five minutes", "Normotensive"} {
					if strings.Contains(all, free) {
						t.Errorf("%s is in %q", free, all)
					}
				}
			}
		}
	}
	if keys == 0 {
		t.Error("there are no recipes")
	}
}
