package store

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// subject is the record that the resources of these tests belong to.
const subject = "Patient/7d44b88c-4199-4bad-97dc-d78268e01398"

func TestSearchWriter(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	r := ehr.Resource{Type: "Observation", Mapping: "m", MappingVersion: "1", Profiles: []string{"p"}, Search: []ehr.SearchValue{
		{Param: "code", System: "http://loinc.org", Code: "1"},
		{Param: "date", Low: at, High: at.Add(time.Second)},
		{Param: "subject", Code: subject},
		{Param: "code", Code: `"x"`},
		{Param: "date", Low: at},
		{Param: "component-value-quantity", Number: "1.50", System: "u", Code: "mm"},
		{Param: "identifier", System: "s", Code: "77"},
		{Param: "performer", Code: "Practitioner/1"},
		{Param: "instantiates", Kind: "uri", Code: "u"},
		{Param: "name", Text: "a\\b"},
		{Param: "empty"},
	}}
	w := searchWriter{self: subject}
	search, _, err := w.resource(&r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"date":[{"l":1704067200000000,"h":1704067201000000},{"l":1704067200000000}],` +
		`"component-value-quantity":[{"n":1.50,"s":"u","c":"mm"}],` +
		`"identifier":[{"s":"s","c":"77"}],"performer":[{"c":"Practitioner/1"}],"instantiates":[{"c":"u"}],"name":[{"t":"a\\b"}]}`
	if string(search) != want {
		t.Errorf("search %v, want %s", search, want)
	}
	want = `{"code":[{"s":"http://loinc.org","c":"1"},{"c":"\"x\""}],"subject":[{"c":"Patient/."}]}`
	if tokens := string(w.tokens(&r)); tokens != want {
		t.Errorf("tokens %v, want %s", tokens, want)
	}
	if search, _, err = w.resource(&ehr.Resource{Type: "Patient"}); search != nil || err != nil {
		t.Errorf("without values: %v %v", search, err)
	}
	if _, _, err := w.resource(&ehr.Resource{Search: []ehr.SearchValue{{Param: "q", Number: "1,2"}}}); err == nil {
		t.Error("a number that is none")
	}
}

// Resources are of one kind when everything that the kind stands for agrees,
// and only then.
func TestKindDigest(t *testing.T) {
	t.Parallel()
	base := func() ehr.Resource {
		return ehr.Resource{Type: "Observation", Mapping: "m", MappingVersion: "1", Profiles: []string{"p", "q"}, Search: []ehr.SearchValue{
			{Param: "code", System: "s", Code: "c"}, {Param: "subject", Code: subject}, {Param: "date", Low: time.Unix(1, 0)},
		}}
	}
	digest := func(change func(*ehr.Resource)) [32]byte {
		r := base()
		change(&r)
		w := searchWriter{self: subject}
		if _, _, err := w.resource(&r); err != nil {
			t.Fatal(err)
		}
		return w.digest()
	}
	want := digest(func(*ehr.Resource) {})
	for name, change := range map[string]func(*ehr.Resource){
		"id": func(r *ehr.Resource) { r.ID = "x" }, "content": func(r *ehr.Resource) { r.JSON = []byte("{}") },
		"date": func(r *ehr.Resource) { r.Search[2].Low = time.Unix(2, 0) },
	} {
		if digest(change) != want {
			t.Errorf("%s makes another kind", name)
		}
	}
	seen := map[[32]byte]string{want: "none"}
	for name, change := range map[string]func(*ehr.Resource){
		"type": func(r *ehr.Resource) { r.Type = "Condition" }, "mapping": func(r *ehr.Resource) { r.Mapping = "n" },
		"version": func(r *ehr.Resource) { r.MappingVersion = "2" }, "profile": func(r *ehr.Resource) { r.Profiles[1] = "r" },
		"profiles": func(r *ehr.Resource) { r.Profiles = r.Profiles[:1] }, "profile as code": func(r *ehr.Resource) { r.Profiles = []string{"p", "q", "code"} },
		"parameter": func(r *ehr.Resource) { r.Search[0].Param = "category" }, "system": func(r *ehr.Resource) { r.Search[0].System = "" },
		"code": func(r *ehr.Resource) { r.Search[0].Code = "d" }, "subject": func(r *ehr.Resource) { r.Search[1].Code = "Patient/1" },
		"another code": func(r *ehr.Resource) { r.Search = append(r.Search, r.Search[0]) },
	} {
		d := digest(change)
		if other, ok := seen[d]; ok {
			t.Errorf("%s makes the same kind as %s", name, other)
		}
		seen[d] = name
	}
}

// Whatever the values are, both documents are JSON, and together they hold
// each of them once.
func TestSearchWriterHoldsEveryValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := ehr.Resource{Type: rapid.String().Draw(t, "type")}
		want := map[string]int{}
		for range rapid.IntRange(1, 12).Draw(t, "values") {
			v := ehr.SearchValue{
				Param:  rapid.SampledFrom([]string{"a", "b", "identifier", `"`}).Draw(t, "param"),
				Kind:   rapid.SampledFrom([]r4.SearchKind{"", "token", "uri", "reference"}).Draw(t, "kind"),
				System: rapid.String().Draw(t, "system"), Code: rapid.StringN(1, 5, -1).Draw(t, "code"),
			}
			switch rapid.IntRange(0, 4).Draw(t, "sort") {
			case 0:
				v.Number = "1"
			case 1:
				v.Text = rapid.StringN(1, 5, -1).Draw(t, "text")
			case 2:
				v.High = time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "time"), 0)
			case 3:
				v.System, v.Code = "", subject
			}
			want[v.Param]++
			r.Search = append(r.Search, v)
		}
		w := searchWriter{self: subject}
		search, _, err := w.resource(&r)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		count := func(doc string) {
			var params map[string][]map[string]any
			if err := json.Unmarshal([]byte(doc), &params); err != nil {
				t.Fatalf("%s: %v", doc, err)
			}
			for p, values := range params {
				got[p] += len(values)
			}
		}
		if search != nil {
			count(string(search))
		}
		if tokens := w.tokens(&r); len(tokens) > 0 {
			count(string(tokens))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Resources of a mould are written as they would be without, whatever varies.
func TestMouldedResources(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	const before = "[]"
	var kinds kindNumbers
	numbers := map[[32]byte]int32{}
	known := 0
	for seed := range 3 {
		p := synth.New(uint64(seed)).Patient(seed)
		for k := range min(p.Compositions(), 12) {
			_, root := p.Tree(k)
			res, err := lib.Project(fhirmap.Input{Root: root, EHRID: p.EHRID, ObjectID: "o", VersionUID: "o::s::1", SystemID: "s", Lifecycle: "532"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range res.Resources {
				f := &res.Resources[i]
				r := ehr.Resource{Type: f.Type, ID: f.ID, JSON: f.JSON, Profiles: f.Profiles, Mapping: f.Mapping, MappingVersion: f.MappingVersion, Search: f.Search, Mould: f.Mould, Own: f.Own}
				full := r
				full.Search, full.Mould, full.Own = r.Values(), nil, nil
				w := searchWriter{self: "Patient/" + p.EHRID}
				want, wantMore, err := w.resource(&full)
				if err != nil {
					t.Fatal(err)
				}
				digest := w.digest()
				if numbers[digest] == 0 {
					numbers[digest] = int32(len(numbers) + 1)
				}
				no, got, more, ok := kinds.moulded([]byte(before), &w, &r)
				if !ok {
					if _, _, err := w.resource(&r); err != nil {
						t.Fatal(err)
					}
					kinds.learn([]kind{{resource: &r, moulded: w.moulded(&r)}}, []int32{numbers[digest]})
					continue
				}
				known++
				if diff := cmp.Diff(string(want), strings.TrimPrefix(string(got), before)); diff != "" || no != numbers[digest] || more != wantMore {
					t.Fatalf("%s: kind %d instead of %d, %+v instead of %+v, %s", r.JSON, no, numbers[digest], more, wantMore, diff)
				}
				w.self = "Patient/other"
				refers := func(v ehr.SearchValue) bool { return v.Kind == r4.SearchReference }
				if _, _, _, ok := kinds.moulded(nil, &w, &r); ok && slices.ContainsFunc(r.Values(), refers) {
					t.Fatal("a resource of another subject is of the same kind")
				}
			}
		}
	}
	if known == 0 {
		t.Error("no resource was of a known mould")
	}
}
