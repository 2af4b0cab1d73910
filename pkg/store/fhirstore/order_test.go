package fhirstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// pages turns all pages of a search, of a few records each.
func pages(t *testing.T, r *fhirstore.Reader, q fhir.Query) string {
	t.Helper()
	var out []string
	for range 50 {
		p, err := r.Search(t.Context(), who, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range p.Records {
			out = append(out, rec.ID)
		}
		if !p.More {
			return strings.Join(out, "")
		}
		q.After = p.Next
	}
	t.Fatal("the pages do not end")
	return ""
}

// Pages follow the order asked for without losing or repeating a record, also
// where records lack the value or share it.
func TestSearchOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	rec := newRecord(t, s, true)
	code := func(c string) ehr.SearchValue { return ehr.SearchValue{Param: "code", Code: c} }
	number := func(n string) ehr.SearchValue { return ehr.SearchValue{Param: "value-quantity", Number: n} }
	name := func(n string) ehr.SearchValue { return ehr.SearchValue{Param: "name", Text: n} }
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{
		observation("a", code("x"), dated("2024-01-10", "2024-01-11"), number("10"), name("z")),
		observation("b", code("y"), dated("2024-01-12", ""), number("9.5")),
		observation("c", code("x"), number("100"), name("b"), name("y")),
		observation("d", code("y"), dated("2024-01-10", "2024-01-20")),
	}})
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{
		observation("e", dated("", "2024-01-05"), number("-1"), name("c")),
		observation("f", code("x"), dated("2024-01-10", "2024-01-11"), number("10")),
	}})
	date, descending := fhir.Sort{Param: "date", Kind: fhir.Date}, fhir.Sort{Param: "date", Kind: fhir.Date, Desc: true}
	token := fhir.Sort{Param: "code", Kind: fhir.Token}
	for _, test := range []struct {
		sort []fhir.Sort
		want string
	}{
		{nil, "abcdef"},
		{[]fhir.Sort{{Param: "_id", Desc: true}}, "fedcba"},
		{[]fhir.Sort{{Param: "_lastUpdated", Desc: true}}, "efabcd"},
		{[]fhir.Sort{date}, "eadfbc"},
		{[]fhir.Sort{descending}, "bdafec"},
		{[]fhir.Sort{token, descending}, "afcbde"},
		{[]fhir.Sort{{Param: "code", Kind: fhir.Token, Desc: true}, {Param: "_id", Desc: true}}, "dbfcae"},
		{[]fhir.Sort{{Param: "value-quantity", Kind: fhir.Quantity}}, "ebafcd"},
		{[]fhir.Sort{{Param: "value-quantity", Kind: fhir.Quantity, Desc: true}}, "cafbed"},
		{[]fhir.Sort{{Param: "name", Kind: fhir.String}}, "ceabdf"},
		{[]fhir.Sort{{Param: "name", Kind: fhir.String, Desc: true}}, "acebdf"},
	} {
		for _, patients := range [][]string{nil, {rec.ehrID.String()}} {
			for _, count := range []int{1, 2, 4, 10} {
				if got := pages(t, reader, fhir.Query{Type: "Observation", Patients: patients, Sort: test.sort, Count: count}); got != test.want {
					t.Errorf("%v in pages of %d: %s, want %s", test.sort, count, got, test.want)
				}
			}
		}
	}
	_, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Count: 1, Sort: []fhir.Sort{{Param: "subject", Kind: fhir.Reference}}})
	if !errs.Is(err, errs.Unsupported) {
		t.Errorf("by a reference: %v", err)
	}
}

// What selects records and resources beyond the values of parameters.
func TestSearchScopes(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	patient := func(id uuid.UUID, name string) ehr.Resource {
		return ehr.Resource{
			Type: "Patient", ID: id.String(), JSON: []byte(`{"resourceType":"Patient"}`), Mapping: "p", MappingVersion: "1",
			Search: []ehr.SearchValue{{Param: "name", Text: name}, {Param: "identifier", System: "urn:nhs", Code: name}},
		}
	}
	code := func(c string) ehr.SearchValue { return ehr.SearchValue{Param: "code", Code: c} }
	one, two := newRecord(t, s, true), newRecord(t, s, true)
	one.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{patient(one.ehrID, "scott miller")}})
	two.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{patient(two.ehrID, "ann lee")}})
	condition := observation("q", code("flu"))
	condition.Type, condition.Profiles = "Condition", []string{"http://p/other"}
	one.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{
		observation("a", code("x"), dated("2024-01-10", "2024-01-11"), ehr.SearchValue{Param: "note", Text: "left arm"}), condition,
	}})
	two.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{
		observation("b", code("y"), dated("2024-03-10", ""), ehr.SearchValue{Param: "performer", Code: "Practitioner/1"}),
		observation("c", ehr.SearchValue{Param: "subject", Code: "Patient/" + two.ehrID.String()}),
	}})
	observations := func(q fhir.Query) fhir.Query { q.Type, q.Count = "Observation", 10; return q }
	patients := func(q fhir.Query) fhir.Query { q.Type, q.Count = "Patient", 10; return q }
	everything := func(q fhir.Query) fhir.Query { q.Count, q.Patients = 1, []string{one.ehrID.String()}; return q }
	values := func(codes ...string) (out []fhir.Value) {
		for _, c := range codes {
			out = append(out, fhir.Value{Code: c})
		}
		return out
	}
	named := fhir.Filter{Param: "name", Kind: fhir.String, Modifier: fhir.Contains, Values: []fhir.Value{{Text: "mill"}}}
	for name, test := range map[string]struct {
		q    fhir.Query
		want string
	}{
		"not a code, or without one": {observations(fhir.Query{Filters: []fhir.Filter{{Param: "code", Kind: fhir.Token, Modifier: fhir.Not, Values: values("x", "z")}}}), "bc"},
		"a code is missing":          {observations(fhir.Query{Filters: []fhir.Filter{{Param: "code", Kind: fhir.Token, Modifier: fhir.Missing}}}), "c"},
		"a code is not missing":      {observations(fhir.Query{Filters: []fhir.Filter{{Param: "code", Kind: fhir.Token, Modifier: fhir.Missing, Negate: true}}}), "ab"},
		"a date is missing":          {observations(fhir.Query{Filters: []fhir.Filter{{Param: "date", Kind: fhir.Date, Modifier: fhir.Missing}}}), "c"},
		"the subject is not missing": {observations(fhir.Query{Filters: []fhir.Filter{{Param: "subject", Kind: fhir.Reference, Modifier: fhir.Missing, Negate: true}}}), "c"},
		"a performer is not missing": {observations(fhir.Query{Filters: []fhir.Filter{{Param: "performer", Kind: fhir.Reference, Modifier: fhir.Missing, Negate: true}}}), "b"},
		"an identifier is missing":   {patients(fhir.Query{Filters: []fhir.Filter{{Param: "identifier", Kind: fhir.Token, Modifier: fhir.Missing}}}), ""},
		"contains":                   {observations(fhir.Query{Filters: []fhir.Filter{{Param: "note", Kind: fhir.String, Modifier: fhir.Contains, Values: []fhir.Value{{Text: "arm"}}}}}), "a"},
		"of a patient with a name":   {observations(fhir.Query{OfPatient: []fhir.Filter{named}}), "a"},
		"of a patient by identifier": {observations(fhir.Query{OfPatient: []fhir.Filter{{Param: "identifier", Kind: fhir.Token, Values: []fhir.Value{{HasSystem: true, System: "urn:nhs", Code: "ann lee"}}}}}), "bc"},
		"who has a flu":              {patients(fhir.Query{Has: []fhir.Has{{Type: "Condition", Filters: []fhir.Filter{{Param: "code", Kind: fhir.Token, Values: values("flu")}}}}}), one.ehrID.String()},
		"who has a flu and a y":      {patients(fhir.Query{Has: []fhir.Has{{Type: "Condition", Filters: []fhir.Filter{{Param: "code", Kind: fhir.Token, Values: values("flu")}}}, {Type: "Observation", Filters: []fhir.Filter{{Param: "code", Kind: fhir.Token, Values: values("y")}}}}}), ""},
		"by profile":                 {observations(fhir.Query{Meta: []fhir.Filter{profiles("", "http://p/a", "http://p/b")}}), "abc"},
		"by two profiles":            {observations(fhir.Query{Meta: []fhir.Filter{profiles("", "http://p/a"), profiles("", "http://p/b")}}), ""},
		"below a profile":            {observations(fhir.Query{Meta: []fhir.Filter{profiles(fhir.Below, "http://p")}}), "abc"},
		"below what is no segment":   {observations(fhir.Query{Meta: []fhir.Filter{profiles(fhir.Below, "http://p/aa", "htt")}}), ""},
		"above a profile":            {observations(fhir.Query{Meta: []fhir.Filter{profiles(fhir.Above, "http://p/a/x")}}), "abc"},
		"with a profile":             {observations(fhir.Query{Meta: []fhir.Filter{{Param: "_profile", Modifier: fhir.Missing, Negate: true}}}), "abc"},
		"during":                     {observations(fhir.Query{During: []time.Time{day("2024-01-01"), day("2024-02-01")}}), "ac"},
		"since":                      {observations(fhir.Query{During: []time.Time{day("2024-02-01"), {}}}), "bc"},
		"until":                      {observations(fhir.Query{During: []time.Time{{}, day("2024-01-11")}}), "ac"},
		"all types":                  {everything(fhir.Query{}), "qa" + one.ehrID.String()},
		"some types":                 {everything(fhir.Query{Types: []string{"Condition", "Observation"}}), "qa"},
		"all types, last first":      {everything(fhir.Query{Sort: []fhir.Sort{{Param: "_lastUpdated", Desc: true}}}), "qa" + one.ehrID.String()},
	} {
		if got := pages(t, reader, test.q); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}

	asked := &classes{}
	q := observations(fhir.Query{OfPatient: []fhir.Filter{named}, Has: []fhir.Has{{Type: "Condition", Filters: []fhir.Filter{named}}}})
	if _, err := fhirstore.New(s, asked).Search(t.Context(), who, q); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Observation", "Patient", "Condition"}; !slices.Equal(asked.list, want) {
		t.Errorf("asked for %v, want %v", asked.list, want)
	}
}

// profiles is a condition on meta.profile.
func profiles(m fhir.Modifier, urls ...string) fhir.Filter {
	f := fhir.Filter{Param: "_profile", Kind: fhir.URI, Modifier: m}
	for _, u := range urls {
		f.Values = append(f.Values, fhir.Value{Code: u})
	}
	return f
}
