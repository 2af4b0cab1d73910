package fhirstore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// nobody may do anything.
type nobody struct{}

func (nobody) Decide(context.Context, ehr.Actor, ehr.Action, ehr.Target) error {
	return errs.New(errs.Forbidden, "test", "no")
}

func line(r fhir.Record) string {
	what := "update"
	switch {
	case r.JSON == nil:
		what = "delete"
	case r.First:
		what = "create"
	}
	return fmt.Sprintf("%s/%s/%s %s", r.Type, r.ID, r.Version, what)
}

func lines(p fhir.Page) []string {
	var out []string
	for _, r := range p.Records {
		out = append(out, line(r))
	}
	return out
}

// walk turns all pages of a history.
func walk(t *testing.T, r *fhirstore.Reader, q fhir.HistoryQuery) []string {
	t.Helper()
	var out []string
	for {
		p, err := r.History(t.Context(), who, q)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, lines(p)...)
		if !p.More {
			return out
		}
		last := p.Records[len(p.Records)-1]
		q.After = fhir.Position{LastUpdated: last.LastUpdated, Type: last.Type, ID: last.ID}
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	rec, object := newRecord(t, s, true), uuid.New()
	a, b := "h-"+uuid.NewString(), "h-"+uuid.NewString()
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation(a), observation(b)}})
	_, second := rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation(a)}}) // b vanishes
	_, third := rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation(a), observation(b)}})
	rec.put(object, nil)

	want := []string{
		"Observation/" + a + "/4 delete", "Observation/" + a + "/3 update",
		"Observation/" + a + "/2 update", "Observation/" + a + "/1 create",
	}
	for _, count := range []int{1, 3, 10} {
		q := fhir.HistoryQuery{Type: "Observation", ID: a, Count: count}
		if got := walk(t, reader, q); !slices.Equal(got, want) {
			t.Errorf("pages of %d:\n got %v\nwant %v", count, got, want)
		}
	}
	vanished := []string{
		"Observation/" + b + "/4 delete", "Observation/" + b + "/3 update",
		"Observation/" + b + "/2 delete", "Observation/" + b + "/1 create",
	}
	q := fhir.HistoryQuery{Type: "Observation", ID: b, Count: 10}
	page, err := reader.History(t.Context(), who, q)
	if err != nil || page.Total != 4 || !slices.Equal(lines(page), vanished) {
		t.Errorf("%v, total %d:\n got %v\nwant %v", err, page.Total, lines(page), vanished)
	}
	q.Since = third
	if got := walk(t, reader, q); !slices.Equal(got, vanished[:2]) {
		t.Errorf("since the third commit: %v", got)
	}
	q.Since, q.At = time.Time{}, fhir.Value{Low: second, High: second.Add(time.Microsecond)}
	if got := walk(t, reader, q); !slices.Equal(got, vanished[2:3]) {
		t.Errorf("at the second commit: %v", got)
	}

	for version, kind := range map[int]errs.Kind{1: 0, 2: errs.Gone, 3: 0, 4: errs.Gone, 5: errs.NotFound} {
		got, err := reader.ResourceVersion(t.Context(), who, "Observation", b, fhir.VersionID{Trunk: version})
		if kind == 0 && (err != nil || got.Version.Trunk != version || got.JSON == nil) || kind != 0 && !errs.Is(err, kind) {
			t.Errorf("version %d: %+v, %v", version, got, err)
		}
	}

	// A type's history holds those of its resources, and nothing of a record
	// that is not to be queried.
	hidden := newRecord(t, s, false)
	secret := "h-" + uuid.NewString()
	hidden.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation(secret)}})
	all := walk(t, reader, fhir.HistoryQuery{Type: "Observation", Count: 3})
	for _, l := range slices.Concat(want, vanished) {
		if n := len(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s != l })); n != 1 {
			t.Errorf("%s stands %d times in the history of its type", l, n)
		}
	}
	for _, l := range all {
		if l == "Observation/"+secret+"/1 create" {
			t.Error("the history of the type shows a record that is not queryable")
		}
	}
	if got := walk(t, reader, fhir.HistoryQuery{Type: "Observation", ID: secret, Count: 3}); len(got) != 1 {
		t.Errorf("the resource's own history: %v", got)
	}
	if everything := walk(t, reader, fhir.HistoryQuery{Count: 7}); len(everything) < len(all) {
		t.Errorf("%d versions in all, %d of one type", len(everything), len(all))
	}

	closed := fhirstore.New(s, nobody{})
	for _, q := range []fhir.HistoryQuery{{Type: "Observation", ID: a, Count: 1}, {Type: "Observation", Count: 1}, {Count: 1}} {
		want := errs.Forbidden
		if q.ID != "" {
			want = errs.NotFound
		}
		if _, err := closed.History(t.Context(), who, q); !errs.Is(err, want) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := closed.ResourceVersion(t.Context(), who, "Observation", a, fhir.VersionID{Trunk: 1}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a version for whom may not see it: %v", err)
	}
}

// classes remembers what it was asked for.
type classes struct{ list []string }

func (c *classes) Decide(_ context.Context, _ ehr.Actor, _ ehr.Action, on ehr.Target) error {
	c.list = append(c.list, on.Class)
	return nil
}

// TestHistoryOfOneContribution: versions that come in one contribution leave the
// history that they would have left one by one.
func TestHistoryOfOneContribution(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	rec, object := newRecord(t, s, true), uuid.New()
	a, b := "w-"+uuid.NewString(), "w-"+uuid.NewString()
	var c ehr.Contribution
	for _, p := range []*ehr.Projected{
		{Resources: []ehr.Resource{observation(a), observation(b)}},
		{Resources: []ehr.Resource{observation(a)}}, // b vanishes
		{Resources: []ehr.Resource{observation(a), observation(b)}},
		nil,
	} {
		c.Versions = append(c.Versions, rec.next(object, p))
		rec.ver[object]++
	}
	// Beside another object, which the waves after the first do not have.
	beside := "w-" + uuid.NewString()
	c.Versions = append(c.Versions, rec.next(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation(beside)}}))
	at := rec.commit(c)

	for id, want := range map[string][]string{
		a:      {"/4 delete", "/3 update", "/2 update", "/1 create"},
		b:      {"/4 delete", "/3 update", "/2 delete", "/1 create"},
		beside: {"/1 create"},
	} {
		for i := range want {
			want[i] = "Observation/" + id + want[i]
		}
		if got := walk(t, reader, fhir.HistoryQuery{Type: "Observation", ID: id, Count: 3}); !slices.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	}
	for version, kind := range map[int]errs.Kind{1: 0, 2: errs.Gone, 3: 0, 4: errs.Gone, 5: errs.NotFound} {
		got, err := reader.ResourceVersion(t.Context(), who, "Observation", b, fhir.VersionID{Trunk: version})
		if kind == 0 && (err != nil || got.Version != (fhir.VersionID{Trunk: version}) || got.JSON == nil || !got.LastUpdated.Before(at)) || kind != 0 && !errs.Is(err, kind) {
			t.Errorf("version %d: %+v, %v", version, got, err)
		}
	}
}
