package fhirstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

func subscribe(t *testing.T, r *fhirstore.Reader) fhir.Subscription {
	t.Helper()
	return subscribeTo(t, r, "Observation")
}

func subscribeTo(t *testing.T, r *fhirstore.Reader, typ string) fhir.Subscription {
	t.Helper()
	s := fhir.Subscription{
		ID: uuid.New(), Owner: who, Status: fhir.StatusRequested,
		Terms: fhir.Terms{Type: typ, Channel: fhir.ChannelSocket, Content: fhir.ContentFull, Base: "http://h.example/f"},
	}
	if err := r.NewSubscription(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// match compares what there is and gives the numbers woken.
func match(t *testing.T, r *fhirstore.Reader) int {
	t.Helper()
	n, err := r.Match(t.Context(), func(context.Context, pgx.Tx, []int32) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// settle compares until nothing is left: other databases of the server have
// transactions, too, that hold it up.
func settle(t *testing.T, s *store.Store, r *fhirstore.Reader) {
	t.Helper()
	for left := 1; left > 0; {
		match(t, r)
		if err := s.Pool().QueryRow(t.Context(), `select count(*) from fhir_outbox`).Scan(&left); err != nil {
			t.Fatal(err)
		}
	}
}

func eventsOf(t *testing.T, r *fhirstore.Reader, s fhir.Subscription, after int64) (out []string) {
	t.Helper()
	list, err := r.SubscriptionEvents(t.Context(), s, after, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		out = append(out, fmt.Sprintf("%s %s deleted=%t first=%t withheld=%t", e.Record.ID, e.Record.Version, e.Deleted, e.Record.First, e.Withheld))
	}
	slices.Sort(out)
	return out
}

// A projection after a change of mappings is an event for the resources that came
// out differently, appeared or vanished, and for no others.
func TestReprojectionEvents(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{})
	sub := subscribe(t, reader)
	changed := observation("b")
	changed.JSON = []byte(`{"resourceType":"Observation","id":"b","status":"final"}`)
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b"), observation("c")}})
	settle(t, s, reader)
	if diff := cmp.Diff([]string{"a 1 deleted=false first=true withheld=false", "b 1 deleted=false first=true withheld=false", "c 1 deleted=false first=true withheld=false"}, eventsOf(t, reader, sub, 0)); diff != "" {
		t.Error(diff)
	}
	p := []ehr.Projection{rules{"2", func() ehr.Projected {
		return ehr.Projected{Resources: []ehr.Resource{observation("a"), changed, observation("d")}}
	}}}
	for range 2 { // the second time nothing is to do
		if err := s.UseRules(t.Context(), ehr.Rules(p), true); err != nil {
			t.Fatal(err)
		}
		if err := s.Reproject(t.Context(), store.ReprojectOptions{Projections: p, Failed: func(uid string, err error) { t.Error(uid, err) }}); err != nil {
			t.Fatal(err)
		}
		settle(t, s, reader)
		if diff := cmp.Diff([]string{"b 1.1 deleted=false first=false withheld=false", "c 1.1 deleted=true first=false withheld=false", "d 1.1 deleted=false first=true withheld=false"}, eventsOf(t, reader, sub, 3)); diff != "" {
			t.Error(diff)
		}
	}
}

// A Composition is told of when it names what is made of its version: after the
// queue where that is left to it, be anything made or not, and again when it
// names something else; once for each.
func TestCompositionEvents(t *testing.T) {
	t.Parallel()
	s, b := open(t), byContent{version: 1}
	rec, reader, object := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{}), objects(1)[0]
	rec.use(b)
	compositions, documents, provenances := subscribeTo(t, reader, virtual.Composition), subscribeTo(t, reader, virtual.DocumentReference), subscribeTo(t, reader, virtual.Provenance)
	told := func(when string, s fhir.Subscription, want ...string) {
		t.Helper()
		list, err := reader.SubscriptionEvents(t.Context(), s, 0, 100, true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range list {
			got = append(got, fmt.Sprintf("%s first=%t entries=%d", e.Record.Version, e.Record.First, strings.Count(string(e.Record.JSON), `"Observation/`)))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s, %s: told of %q, not %q", when, s.Type, got, want)
		}
	}
	entries := func(b byContent, trunk int) int {
		return len(b.Project(ehr.ProjectionInput{Kind: ehr.KindComposition, Root: of(object, 1, false).Root, ObjectID: object.String(), Trunk: trunk}).Resources)
	}
	first := fmt.Sprintf("1 first=true entries=%d", entries(b, 1))
	if err := rec.later(t.Context(), b, of(object, 1, false)); err != nil {
		t.Fatal(err)
	}
	settle(t, s, reader)
	told("while it waits", compositions)
	told("while it waits", provenances)
	rec.work(b)
	settle(t, s, reader)
	told("when it is made", compositions, first)
	told("when it is made", documents, "1 first=true entries=0")
	told("when it is made", provenances, fmt.Sprintf("1 first=true entries=%d", entries(b, 1)))
	// Looked at only when all is over: once, too.
	if err := rec.later(t.Context(), b, of(object, 2, false)); err != nil {
		t.Fatal(err)
	}
	rec.work(b)
	settle(t, s, reader)
	second := fmt.Sprintf("2 first=false entries=%d", entries(b, 2))
	told("the second", compositions, first, second)
	// Projected again it comes out the same, and by other rules it does not.
	if _, err := s.Pool().Exec(t.Context(), `insert into fhir_queue (ehr_no, vo_no, since, retry) select ehr_no, vo_no, now(), now() from version where object_id = $1 and time_superseded is null`, object); err != nil {
		t.Fatal(err)
	}
	rec.work(b)
	settle(t, s, reader)
	told("the same again", compositions, first, second)
	changed := byContent{version: 2}
	rec.use(changed)
	if err := rec.reproject(changed, store.ReprojectOptions{}); err != nil {
		t.Fatal(err)
	}
	settle(t, s, reader)
	again := fmt.Sprintf("2.1 first=false entries=%d", entries(changed, 2))
	told("by other rules", compositions, first, fmt.Sprintf("2.1 first=false entries=%d", entries(changed, 2)), again)
	if list, err := reader.SubscriptionEvents(t.Context(), compositions, 2, 100, true); err != nil || len(list) != 1 || !list[0].Happened.After(list[0].Record.LastUpdated) {
		t.Errorf("%+v, %v", list, err)
	}
	// Nothing is made of this one, and it is told of.
	none := []ehr.Projection{rules{"3", func() ehr.Projected { return ehr.Projected{} }}}
	if err := s.UseRules(t.Context(), ehr.Rules(none), false); err != nil {
		t.Fatal(err)
	}
	v := of(uuid.New(), 1, false)
	v.Queued = true
	rec.commit(ehr.Contribution{Rules: ehr.Rules(none), Versions: []ehr.NewVersion{v}})
	settle(t, s, reader)
	if list := eventsOf(t, reader, compositions, 3); len(list) != 0 {
		t.Errorf("while it waits: %q", list)
	}
	if err := s.Reproject(t.Context(), store.ReprojectOptions{Projections: none, QueueOnly: true, Failed: func(uid string, err error) { t.Error(uid, err) }}); err != nil {
		t.Fatal(err)
	}
	settle(t, s, reader)
	if list := eventsOf(t, reader, compositions, 3); len(list) != 1 {
		t.Errorf("of which nothing is made: %q", list)
	}
}

// What is still under way holds up what is later, so that nothing is passed over.
func TestMatchWaitsForOlderTransactions(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{})
	sub := subscribe(t, reader)
	tx, err := s.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select pg_current_xact_id()`); err != nil {
		t.Fatal(err)
	}
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("a")}})
	if n := match(t, reader); n != 0 {
		t.Errorf("%d rows were passed on beside an older transaction", n)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	settle(t, s, reader)
	if got := eventsOf(t, reader, sub, 0); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// The owner is told of what the decision point lets the owner read when it is
// told, and cannot subscribe to what may not be searched.
func TestSubscriptionDecisions(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{})
	sub := subscribe(t, reader)
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("a")}})
	settle(t, s, reader)
	refusing := fhirstore.New(s, refuseAll{})
	list, err := refusing.SubscriptionEvents(t.Context(), sub, 0, 10, true)
	if err != nil || len(list) != 1 || !list[0].Withheld || list[0].Number != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if diff := cmp.Diff(fhir.Record{}, list[0].Record); diff != "" {
		t.Errorf("withheld and told: %s", diff)
	}
	other := sub
	other.ID = uuid.New()
	if err := refusing.NewSubscription(t.Context(), &other); !errs.Is(err, errs.Forbidden) {
		t.Errorf("subscribed: %v", err)
	}
	if err := refusing.ReplaceSubscription(t.Context(), &sub); !errs.Is(err, errs.Forbidden) {
		t.Errorf("replaced: %v", err)
	}
}

type refuseAll struct{}

func (refuseAll) Decide(context.Context, ehr.Actor, ehr.Action, ehr.Target) error {
	return errs.New(errs.Forbidden, "test", "no")
}

// A copy of the database in a server whose transactions have lower numbers loses
// nothing.
func TestRestored(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{})
	sub := subscribe(t, reader)
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("a")}})
	for _, sql := range []string{
		`update fhir_subscription set since = '900000000000:900000000000:'`,
		`update fhir_outbox set xid = '900000000001'`,
	} {
		if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if n := match(t, reader); n != 0 {
		t.Errorf("%d rows of the future", n)
	}
	if err := reader.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("b")}})
	settle(t, s, reader)
	if got := eventsOf(t, reader, sub, 0); len(got) != 2 {
		t.Errorf("%v", got)
	}
}
