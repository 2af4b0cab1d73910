package fhirstore_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const system = "test.example"

var who = ehr.Actor{ID: "u"}

func open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: pgtest.URL(t), Conns: 4, QueryConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// record is an EHR with compositions whose resources are given by hand.
type record struct {
	t     testing.TB
	s     *store.Store
	ehrID uuid.UUID
	ver   map[uuid.UUID]int
}

func newRecord(t testing.TB, s *store.Store, queryable bool) *record {
	t.Helper()
	status := ehr.VersionUID{Object: uuid.New(), System: system, Trunk: 1}
	access := ehr.VersionUID{Object: uuid.New(), System: system, Trunk: 1}
	r := &record{t: t, s: s, ehrID: uuid.New(), ver: map[uuid.UUID]int{}}
	r.commit(ehr.Contribution{
		NewEHR: &ehr.NewEHR{StatusObject: status.Object, AccessObject: access.Object},
		Versions: []ehr.NewVersion{
			{
				UID: status, Kind: ehr.KindEHRStatus, LifecycleState: 532, ChangeType: 249, Raw: []byte(`{}`),
				Status: &ehr.StatusFields{IsQueryable: queryable, IsModifiable: true},
			},
			{UID: access, Kind: ehr.KindEHRAccess, LifecycleState: 532, ChangeType: 249, Raw: []byte(`{}`)},
		},
	})
	return r
}

func (r *record) commit(c ehr.Contribution) time.Time {
	r.t.Helper()
	at, err := r.try(c)
	if err != nil {
		r.t.Fatal(err)
	}
	return at
}

func (r *record) try(c ehr.Contribution) (time.Time, error) {
	c.EHRID, c.ID, c.SystemID, c.Actor = r.ehrID, uuid.New(), system, "u"
	c.ChangeType, c.Committer = 249, []byte(`{"_type":"PARTY_SELF"}`)
	return r.s.Commit(r.t.Context(), c)
}

// put commits the next version of an object with its projection; a nil
// projection deletes it.
func (r *record) put(object uuid.UUID, p *ehr.Projected) (ehr.VersionUID, time.Time) {
	r.t.Helper()
	v := r.next(object, p)
	at := r.commit(ehr.Contribution{Versions: []ehr.NewVersion{v}})
	r.ver[object] = v.UID.Trunk
	return v.UID, at
}

func (r *record) next(object uuid.UUID, p *ehr.Projected) ehr.NewVersion {
	uid := ehr.VersionUID{Object: object, System: system, Trunk: r.ver[object] + 1}
	v := ehr.NewVersion{UID: uid, Kind: ehr.KindComposition, LifecycleState: 523, ChangeType: 523}
	if uid.Trunk > 1 {
		v.Preceding = uid
		v.Preceding.Trunk--
	}
	if p != nil {
		v.LifecycleState, v.ChangeType, v.Raw, v.Projected = 532, 251, []byte(`{"_type":"COMPOSITION"}`), *p
	}
	return v
}

func observation(id string, search ...ehr.SearchValue) ehr.Resource {
	return ehr.Resource{
		Type: "Observation", ID: id, JSON: []byte(`{"resourceType": "Observation", "id": "` + id + `"}`),
		Profiles: []string{"http://p/a", `quo"te\`}, Mapping: "bp", MappingVersion: "1.2", Search: search,
	}
}

func TestResourceLifecycle(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader, object := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{}), uuid.New()

	uid, at := rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b")}})
	got, err := reader.Resource(t.Context(), who, "Observation", "a")
	if err != nil {
		t.Fatal(err)
	}
	got.Owner = 0 // the number is the store's
	want := fhir.Record{
		Type: "Observation", ID: "a", Version: fhir.VersionID{Trunk: 1}, LastUpdated: at, Source: uid.String(),
		Profiles: []string{"http://p/a", `quo"te\`}, Mapping: "bp", MappingVersion: "1.2", JSON: []byte(`{"resourceType": "Observation", "id": "a"}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = reader.Resource(t.Context(), who, "Condition", "a")
	if !errs.Is(err, errs.NotFound) {
		t.Errorf("another type: %v", err)
	}

	// Version 2 lacks b: it has vanished; version 3 lacks a, and b stays as it was.
	uid2, at2 := rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a")}})
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("c")}})
	gone, err := reader.Resource(t.Context(), who, "Observation", "b")
	if !errs.Is(err, errs.Gone) || gone.JSON != nil || gone.Version.Trunk != 2 || !gone.LastUpdated.Equal(at2) || gone.Source != uid2.String() {
		t.Errorf("vanished: %+v, %v", gone, err)
	}
	if gone, err = reader.Resource(t.Context(), who, "Observation", "a"); !errs.Is(err, errs.Gone) || gone.Version.Trunk != 3 {
		t.Errorf("vanished: %+v, %v", gone, err)
	}

	// Version 4 brings b back, version 5 deletes everything.
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("b"), observation("c")}})
	if back, err := reader.Resource(t.Context(), who, "Observation", "b"); err != nil || back.Version.Trunk != 4 {
		t.Errorf("back: %+v, %v", back, err)
	}
	rec.put(object, nil)
	for _, id := range []string{"b", "c"} {
		if gone, err = reader.Resource(t.Context(), who, "Observation", id); !errs.Is(err, errs.Gone) || gone.Version.Trunk != 5 {
			t.Errorf("deleted: %+v, %v", gone, err)
		}
	}
	// History is kept: a 1 2 (3), b 1 (2) 4 (5), c 3 4 (5).
	var versions string
	if err := s.Pool().QueryRow(t.Context(), `
		select string_agg(resource_id || case when byte_len is null then '-' else '' end || ver, ' ' order by resource_id, ver)
		from fhir_resource`).Scan(&versions); err != nil || versions != "a1 a2 a-3 b1 b-2 b4 b-5 c3 c4 c-5" {
		t.Errorf("history %q, %v", versions, err)
	}
}

func TestFailingProjectionAbortsCommit(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec := newRecord(t, s, true)
	object := uuid.New()
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a", ehr.SearchValue{Param: "code", Code: "x"})}})
	before := counts(t, s)
	for name, p := range map[string]ehr.Projected{
		"a resource that is not JSON":   {Resources: []ehr.Resource{{Type: "Observation", ID: "z", JSON: []byte(`{`)}}},
		"two resources of one id":       {Resources: []ehr.Resource{observation("z"), observation("z")}},
		"an index row without number":   {Resources: []ehr.Resource{observation("z", ehr.SearchValue{Param: "value-quantity", Number: "five"})}},
		"an id that another object has": {Resources: []ehr.Resource{observation("a")}},
	} {
		object := object
		if name == "an id that another object has" {
			object = uuid.New()
		}
		if _, err := rec.try(ehr.Contribution{Versions: []ehr.NewVersion{rec.next(object, &p)}}); err == nil {
			t.Errorf("%s: committed", name)
		}
		if diff := cmp.Diff(before, counts(t, s)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func counts(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range []string{"contribution", "version", "document", "fhir_resource", "fhir_loss"} {
		var digest string
		if err := s.Pool().QueryRow(t.Context(), `select count(*) || ' ' || coalesce(md5(string_agg(x::text, '' order by x::text)), '') from `+table+` x`).Scan(&digest); err != nil {
			t.Fatal(err)
		}
		out[table] = digest
	}
	return out
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func dated(low, high string) ehr.SearchValue {
	v := ehr.SearchValue{Param: "date"}
	if low != "" {
		v.Low = day(low)
	}
	if high != "" {
		v.High = day(high)
	}
	return v
}

func TestSearchConditions(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	rec := newRecord(t, s, true)
	loinc := func(code string) ehr.SearchValue {
		return ehr.SearchValue{Param: "code", System: "http://loinc.org", Code: code}
	}
	quantity := func(n, unit string) ehr.SearchValue {
		return ehr.SearchValue{Param: "value-quantity", Number: n, System: "http://unitsofmeasure.org", Code: unit}
	}
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{
		observation("a", loinc("85354-9"), dated("2024-01-10", "2024-01-11"), quantity("120", "mm[Hg]"), ehr.SearchValue{Param: "name", Text: "muller"}),
		observation("b", loinc("8310-5"), ehr.SearchValue{Param: "code", Code: "temp"}, dated("2024-02-01", "2024-03-01"), quantity("37.5", "Cel")),
		observation("c", dated("2024-01-15", ""), quantity("120.4", "mm[Hg]"), ehr.SearchValue{Param: "subject", Code: "Patient/1"}, ehr.SearchValue{Param: "uri", Code: "http://u"}),
		observation("d", dated("2024-01-10", "2024-01-11"), ehr.SearchValue{Param: "name", Text: "mu%"},
			ehr.SearchValue{Param: "subject", Code: "Patient/" + rec.ehrID.String()}, ehr.SearchValue{Param: "performer", Code: "Patient/" + uuid.NewString()},
			ehr.SearchValue{Param: "identifier", System: "urn:a", Code: "77"}, ehr.SearchValue{Param: "telecom", Code: "0123"}),
		observation("e", ehr.SearchValue{Param: "identifier", Code: "77"}, ehr.SearchValue{Param: "code", Kind: "token", Code: "a/b"},
			ehr.SearchValue{Param: "component-value-quantity", Number: "7", System: "http://unitsofmeasure.org", Code: "mm"},
			ehr.SearchValue{Param: "component-code", System: "http://loinc.org", Code: "8310-5"}),
	}})
	january := func(p fhir.Prefix) fhir.Value {
		return fhir.Value{Prefix: p, Low: day("2024-01-10"), High: day("2024-01-12")}
	}
	number := func(p fhir.Prefix, n, low, high, code string) fhir.Value {
		return fhir.Value{Prefix: p, Number: n, NumberLow: low, NumberHigh: high, Code: code}
	}
	for _, test := range []struct {
		param  string
		kind   fhir.Kind
		values []fhir.Value
		want   string
	}{
		{"code", fhir.Token, []fhir.Value{{Code: "8310-5"}}, "b"},
		{"code", fhir.Token, []fhir.Value{{HasSystem: true, System: "http://loinc.org"}}, "ab"},
		{"code", fhir.Token, []fhir.Value{{HasSystem: true, Code: "temp"}}, "b"},
		{"code", fhir.Token, []fhir.Value{{HasSystem: true, System: "http://loinc.org", Code: "temp"}}, ""},
		{"code", fhir.Token, []fhir.Value{{Code: "85354-9"}, {Code: "temp"}}, "ab"},
		{"code", fhir.Token, []fhir.Value{{Code: "x' or true --"}}, ""},
		{"subject", fhir.Reference, []fhir.Value{{Code: "Patient/1"}}, "c"},
		{"subject", fhir.Reference, []fhir.Value{{Code: "Patient/" + rec.ehrID.String()}}, "d"},
		{"subject", fhir.Reference, []fhir.Value{{Code: "Patient/" + uuid.NewString()}}, ""},
		{"subject", fhir.Reference, []fhir.Value{{Code: "Patient/."}}, ""},
		{"performer", fhir.Reference, []fhir.Value{{Code: "Patient/" + rec.ehrID.String()}}, ""},
		{"code", fhir.Token, []fhir.Value{{Code: "a/b"}}, "e"},
		{"code", fhir.Reference, []fhir.Value{{Code: "a/b"}}, ""},
		{"identifier", fhir.Token, []fhir.Value{{Code: "77"}}, "de"},
		{"identifier", fhir.Token, []fhir.Value{{HasSystem: true, Code: "77"}}, "e"},
		{"identifier", fhir.Token, []fhir.Value{{HasSystem: true, System: "urn:a", Code: "77"}, {Code: "78"}}, "d"},
		{"telecom", fhir.Token, []fhir.Value{{HasSystem: true, Code: "0123"}}, "d"},
		{"combo-value-quantity", fhir.Quantity, []fhir.Value{number(fhir.Greater, "6", "5.5", "6.5", "")}, "abce"},
		{"combo-value-quantity", fhir.Quantity, []fhir.Value{number(fhir.Equal, "7", "6.5", "7.5", "mm")}, "e"},
		{"combo-code", fhir.Token, []fhir.Value{{Code: "8310-5"}}, "be"},
		{"combo-code", fhir.Token, []fhir.Value{{HasSystem: true, Code: "8310-5"}, {HasSystem: true, Code: "temp"}}, "b"},
		{"uri", fhir.URI, []fhir.Value{{Code: "http://u"}}, "c"},
		{"name", fhir.String, []fhir.Value{{Text: "mu"}}, "ad"},
		{"name", fhir.String, []fhir.Value{{Text: "mu%"}}, "d"},
		{"date", fhir.Date, []fhir.Value{january(fhir.Equal)}, "ad"},
		{"date", fhir.Date, []fhir.Value{january(fhir.NotEqual)}, "bc"},
		{"date", fhir.Date, []fhir.Value{january(fhir.Greater)}, "bc"},
		{"date", fhir.Date, []fhir.Value{january(fhir.GreaterOrEqual)}, "abcd"},
		{"date", fhir.Date, []fhir.Value{january(fhir.StartsAfter)}, "bc"},
		{"date", fhir.Date, []fhir.Value{{Prefix: fhir.Less, Low: day("2024-01-11"), High: day("2024-01-12")}}, "ad"},
		{"date", fhir.Date, []fhir.Value{{Prefix: fhir.LessOrEqual, Low: day("2024-01-10"), High: day("2024-01-11")}}, "ad"},
		{"date", fhir.Date, []fhir.Value{{Prefix: fhir.EndsBefore, Low: day("2024-01-11"), High: day("2024-01-12")}}, "ad"},
		{"date", fhir.Date, []fhir.Value{{Prefix: fhir.EndsBefore, Low: day("2024-01-10"), High: day("2024-01-12")}}, ""},
		{"value-quantity", fhir.Quantity, []fhir.Value{number(fhir.Equal, "120", "119.5", "120.5", "")}, "ac"},
		{"value-quantity", fhir.Quantity, []fhir.Value{number(fhir.Equal, "120.0", "119.95", "120.05", "mm[Hg]")}, "a"},
		{"value-quantity", fhir.Quantity, []fhir.Value{number(fhir.Greater, "37.4", "37.35", "37.45", "Cel")}, "b"},
		{"value-quantity", fhir.Quantity, []fhir.Value{number(fhir.LessOrEqual, "120", "119.5", "120.5", "")}, "ab"},
		{"value-quantity", fhir.Quantity, []fhir.Value{number(fhir.NotEqual, "120", "119.5", "120.5", "")}, "b"},
	} {
		for _, patients := range [][]string{nil, {rec.ehrID.String()}} {
			q := fhir.Query{
				Type: "Observation", Count: 10, Total: true, Patients: patients,
				Filters: []fhir.Filter{{Param: test.param, Kind: test.kind, Values: test.values}},
			}
			page, err := reader.Search(t.Context(), who, q)
			if err != nil {
				t.Errorf("%s %v: %v", test.param, test.values, err)
				continue
			}
			if got := ids(page); got != test.want || page.Total != len(test.want) {
				t.Errorf("%s %v: %q of %d, want %q", test.param, test.values, got, page.Total, test.want)
			}
		}
	}
	// Filters combine with each other and with ids.
	page, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Count: 10, IDs: []string{"a", "c"}, Filters: []fhir.Filter{
		{Param: "date", Kind: fhir.Date, Values: []fhir.Value{january(fhir.GreaterOrEqual)}},
		{Param: "value-quantity", Kind: fhir.Quantity, Values: []fhir.Value{number(fhir.Greater, "120", "", "", "")}},
	}})
	if err != nil || ids(page) != "c" || page.Total != -1 {
		t.Errorf("%+v, %v", page, err)
	}
	_, err = reader.Search(t.Context(), who, fhir.Query{
		Type: "Observation", Count: 1,
		Filters: []fhir.Filter{{Param: "date", Kind: fhir.Date, Values: []fhir.Value{{Prefix: "zz"}}}},
	})
	if !errs.Is(err, errs.Unsupported) {
		t.Errorf("unknown prefix: %v", err)
	}
}

func ids(p fhir.Page) string {
	s := ""
	for _, r := range p.Records {
		s += r.ID
	}
	return s
}

func TestSearchPagesAndScope(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	mine, other, hidden := newRecord(t, s, true), newRecord(t, s, true), newRecord(t, s, false)
	var all []ehr.Resource
	for i := range 7 {
		all = append(all, observation("m"+strconv.Itoa(i)))
	}
	object := uuid.New()
	_, at := mine.put(object, &ehr.Projected{Resources: all})
	other.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("o")}})
	hidden.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("h")}})

	q := fhir.Query{Type: "Observation", Patients: []string{mine.ehrID.String()}, Count: 3, Total: true}
	var pages []string
	for {
		page, err := reader.Search(t.Context(), who, q)
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != 7 {
			t.Errorf("total %d", page.Total)
		}
		pages = append(pages, ids(page))
		if !page.More {
			break
		}
		q.After = page.Next
	}
	if diff := cmp.Diff([]string{"m0m1m2", "m3m4m5", "m6"}, pages); diff != "" {
		t.Error(diff)
	}

	for name, test := range map[string]struct {
		q    fhir.Query
		want string
	}{
		"the population leaves out EHRs that are not queryable": {fhir.Query{}, "m0m1m2m3m4m5m6o"},
		"a patient named does not":                              {fhir.Query{Patients: []string{hidden.ehrID.String()}}, "h"},
		"several patients":                                      {fhir.Query{Patients: []string{hidden.ehrID.String(), other.ehrID.String()}}, "ho"},
		"a patient that cannot exist":                           {fhir.Query{Patients: []string{"nobody"}}, ""},
		"updated after the commit":                              {fhir.Query{LastUpdated: []fhir.Value{{Prefix: fhir.Greater, Low: at, High: at.Add(time.Microsecond)}}}, "o"},
		"updated by the commit":                                 {fhir.Query{LastUpdated: []fhir.Value{{Prefix: fhir.Equal, Low: at, High: at.Add(time.Microsecond)}}}, "m0m1m2m3m4m5m6"},
	} {
		test.q.Type, test.q.Count = "Observation", 100
		page, err := reader.Search(t.Context(), who, test.q)
		if err != nil || ids(page) != test.want {
			t.Errorf("%s: %q, %v, want %q", name, ids(page), err, test.want)
		}
	}
	// Deleted resources are found no more.
	mine.put(object, nil)
	page, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Count: 100})
	if err != nil || ids(page) != "o" {
		t.Errorf("%q, %v", ids(page), err)
	}
}

func TestSearchGaps(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	rec, object := newRecord(t, s, true), uuid.New()
	unmapped := ehr.Loss{Kind: "unmapped", Code: "no-mapping", Archetype: "openEHR-EHR-OBSERVATION.x.v1", Message: "no mapping", Path: "/content[0]"}
	losses := []ehr.Loss{
		unmapped, unmapped,
		{Kind: "absence", Code: "absence-statement", Message: "nothing known"},
		{Kind: "refused", Code: "unit", Type: "Observation", Message: "unit"},
		{Kind: "refused", Code: "unit", Type: "Condition", Message: "unit"},
		{Kind: "dropped", Code: "detail", Type: "Observation", Message: "detail"},
	}
	rec.put(object, &ehr.Projected{Losses: losses, Types: []string{"Observation"}})
	search := func(patients ...string) []fhir.Gap {
		t.Helper()
		page, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Count: 1, Patients: patients})
		if err != nil {
			t.Fatal(err)
		}
		return page.Gaps
	}
	want := []fhir.Gap{
		{Code: "absence", Message: "nothing known", Count: 1},
		{Code: "unit", Message: "unit", Count: 1},
		{Code: "unmapped", Archetype: "openEHR-EHR-OBSERVATION.x.v1", Message: "no mapping", Count: 2},
	}
	got := search(rec.ehrID.String())
	slices.SortFunc(got, func(a, b fhir.Gap) int { return slices.Compare([]byte(a.Code), []byte(b.Code)) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := search(); len(got) > 0 {
		t.Errorf("population: %v", got)
	}
	// Only current versions have gaps.
	rec.put(object, &ehr.Projected{})
	if got := search(rec.ehrID.String()); len(got) > 0 {
		t.Errorf("superseded: %v", got)
	}
}

type denying struct{ ehrID string }

func (d denying) Decide(_ context.Context, _ ehr.Actor, _ ehr.Action, on ehr.Target) error {
	if on.EHRID == d.ehrID {
		return errs.New(errs.Forbidden, "test", "no")
	}
	if on.EHRID == "broken" {
		return fmt.Errorf("policy store is down")
	}
	return nil
}

func TestDecisionPoint(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec := newRecord(t, s, true)
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("a")}})
	reader := fhirstore.New(s, denying{rec.ehrID.String()})
	if got, err := reader.Resource(t.Context(), who, "Observation", "a"); !errs.Is(err, errs.NotFound) || got.JSON != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for _, p := range []string{rec.ehrID.String(), "broken"} {
		_, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Count: 1, Patients: []string{p}})
		if !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", p, err)
		}
	}
}
