package fhirstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// later commits versions that are left to the queue; a version without content is
// a deletion.
func (r *record) later(ctx context.Context, b byContent, versions ...ehr.NewVersion) error {
	for i := range versions {
		versions[i].Queued = versions[i].Raw != nil
		versions[i].Projected = ehr.Projected{}
	}
	_, err := r.s.Commit(ctx, ehr.Contribution{
		EHRID: r.ehrID, ID: uuid.New(), SystemID: system, Actor: "u", ChangeType: 249, Committer: []byte(`{"_type":"PARTY_SELF"}`),
		Rules: ehr.Rules([]ehr.Projection{b}), Versions: versions,
	})
	return err
}

// of is a version of an object.
func of(object uuid.UUID, trunk int, deleted bool) ehr.NewVersion {
	v := ehr.NewVersion{UID: ehr.VersionUID{Object: object, System: system, Trunk: trunk}, Kind: ehr.KindComposition, LifecycleState: 523, ChangeType: 523}
	if trunk > 1 {
		v.Preceding = v.UID
		v.Preceding.Trunk--
	}
	if !deleted {
		v.LifecycleState, v.ChangeType, v.Raw = 532, 251, composition
		v.Root, _ = rm.DecodeJSON(composition, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
	}
	return v
}

func (r *record) work(b byContent) {
	r.t.Helper()
	if err := r.reproject(b, store.ReprojectOptions{QueueOnly: true}); err != nil {
		r.t.Fatal(err, errors.Unwrap(err))
	}
}

// What waits is told by every way to read; what is deleted does not wait.
func TestQueueIsTold(t *testing.T) {
	t.Parallel()
	s, b := open(t), byContent{version: 1}
	rec, reader, object := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{}), objects(1)[0]
	other := newRecord(t, s, true)
	rec.use(b)
	id := func(typ string) string {
		t.Helper()
		page, err := reader.Search(t.Context(), who, fhir.Query{Type: typ, Patients: []string{rec.ehrID.String()}, Count: 10})
		if err != nil || len(page.Records) == 0 {
			t.Fatalf("%+v, %v", page, err)
		}
		return page.Records[0].ID
	}
	// lag is what searches of three types say, and how much they find.
	lag := func(rec *record, waiting bool, found ...int) {
		t.Helper()
		for i, typ := range []string{"Observation", virtual.DocumentReference, virtual.Composition, virtual.Provenance} {
			for _, patients := range [][]string{{rec.ehrID.String()}, nil} {
				page, err := reader.Search(t.Context(), who, fhir.Query{Type: typ, Patients: patients, Count: 10})
				if err != nil || page.Lag.Waiting != waiting && (patients != nil || !waiting) || page.Lag.Waiting == page.Lag.Since.IsZero() || len(page.Records) != found[i] && patients != nil {
					t.Errorf("%s of %v: %d found, %+v, %v; want %d, %v", typ, patients, len(page.Records), page.Lag, err, found[i], waiting)
				}
			}
		}
	}
	n := len(b.Project(ehr.ProjectionInput{Kind: ehr.KindComposition, Root: of(object, 1, false).Root, ObjectID: object.String(), Trunk: 1}).Resources)

	if err := rec.later(t.Context(), b, of(object, 1, false)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Queued():
	default:
		t.Error("nobody is told of the commit")
	}
	lag(rec, true, 0, 1, 0, 0)
	if page, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Patients: []string{other.ehrID.String()}, Count: 1}); err != nil || page.Lag.Waiting {
		t.Errorf("of another patient: %+v, %v", page.Lag, err)
	}
	_, err := reader.Resource(t.Context(), who, "Observation", object.String()+"-1")
	if !errs.Is(err, errs.NotFound) || !strings.Contains(errs.As(err).Msg, "not all shown yet") {
		t.Errorf("not made yet: %v", err)
	}
	if _, err := fhirstore.New(s, nobody{}).Resource(t.Context(), who, "Observation", "x"); !errs.Is(err, errs.NotFound) || !strings.Contains(errs.As(err).Msg, "not all shown yet") {
		t.Errorf("the message tells what there is: %v", err)
	}
	document := id(virtual.DocumentReference)
	if _, err := reader.Resource(t.Context(), who, virtual.Composition, document); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a Composition without what is made of it: %v", err)
	}
	x := fhir.Export{Types: []string{}}
	if err := reader.NewExport(t.Context(), who, &x); err != nil {
		t.Fatal(err)
	}
	st, err := s.ProjectionState(t.Context())
	if err != nil || st.Queued != 1 || !x.Snapshot.Before(st.Since) || !x.Waiting.Equal(st.Since) {
		t.Errorf("the snapshot %v is not of before %+v, %v", x, st, err)
	}

	var waited []time.Duration
	if err := rec.reproject(b, store.ReprojectOptions{QueueOnly: true, Waited: func(d time.Duration) { waited = append(waited, d) }}); err != nil {
		t.Fatal(err)
	}
	if len(waited) != 1 || waited[0] <= 0 || waited[0] > time.Hour {
		t.Errorf("waited %v", waited)
	}
	lag(rec, false, n, 1, 1, 1)
	first := id("Observation")
	got, err := reader.Resource(t.Context(), who, "Observation", first)
	if err != nil || got.Version != (fhir.VersionID{Trunk: 1}) || !got.Waiting.IsZero() || !got.LastUpdated.After(st.Since) {
		t.Errorf("%+v, %v", got, err)
	}

	// The version before stays until the next is made, and says that it may be late.
	if err := rec.later(t.Context(), b, of(object, 2, false)); err != nil {
		t.Fatal(err)
	}
	lag(rec, true, n, 1, 0, 1)
	if got, err = reader.Resource(t.Context(), who, "Observation", first); err != nil || got.Version.Trunk != 1 || got.Waiting.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	for _, q := range []fhir.HistoryQuery{{Type: "Observation", ID: first, Count: 5}, {Type: "Observation", Count: 5}} {
		if page, err := reader.History(t.Context(), who, q); err != nil || !page.Lag.Waiting {
			t.Errorf("history: %+v, %v", page, err)
		}
	}

	// A deletion is at once, and nothing waits any more.
	if err := rec.later(t.Context(), b, of(object, 3, true)); err != nil {
		t.Fatal(err)
	}
	lag(rec, false, 0, 0, 0, 2)
	if got, err = reader.Resource(t.Context(), who, "Observation", first); !errs.Is(err, errs.Gone) || got.Version.Trunk != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	rec.work(b)
	sound(t, s)
}

// Of a record nobody sees what was committed later without what was committed
// before: what waits becomes visible together.
func TestQueueKeepsTheOrderOfCommits(t *testing.T) {
	t.Parallel()
	s, b := open(t), byContent{version: 1}
	rec, reader, list := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{}), objects(30)
	rec.use(b)
	latest := make([]int, len(list))
	resources := func(i int) (out []string) {
		for _, r := range b.Project(ehr.ProjectionInput{Kind: ehr.KindComposition, Root: of(list[i], 1, false).Root, ObjectID: list[i].String(), Trunk: latest[i]}).Resources {
			out = append(out, r.ID)
		}
		return out
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	for range 2 { // two servers
		wg.Go(func() {
			for ctx.Err() == nil {
				err := s.Reproject(ctx, store.ReprojectOptions{Projections: []ehr.Projection{b}, QueueOnly: true, Batch: 2})
				if err != nil && ctx.Err() == nil && !errs.Is(err, errs.Conflict) {
					t.Error(err, errors.Unwrap(err))
					return
				}
			}
		})
	}
	var seen atomic.Int32
	wg.Go(func() {
		for ctx.Err() == nil {
			page, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Patients: []string{rec.ehrID.String()}, Count: 1000})
			if err != nil {
				t.Error(err)
				return
			}
			there := map[string]bool{}
			for _, r := range page.Records {
				there[strings.TrimSuffix(r.ID, r.ID[strings.LastIndex(r.ID, "-"):])] = true
			}
			for i := range list {
				if there[list[i].String()] && i > 0 && !there[list[i-1].String()] {
					t.Errorf("%d is there without %d before it", i, i-1)
				}
			}
			if len(there) > 0 && len(there) < len(list) {
				seen.Add(1)
			}
		}
	})
	// In their first versions each object has resources. The reader looks at least
	// once when some are there.
	for i := range list {
		for i == len(list)/2 && seen.Load() == 0 && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		latest[i] = 1
		if len(resources(i)) == 0 {
			t.Fatal("an object without resources")
		}
		if err := rec.later(t.Context(), b, of(list[i], 1, false)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, s)
	stop()
	wg.Wait()
	fresh := newRecord(t, open(t), true)
	for _, o := range list {
		if err := fresh.commitBy(t.Context(), o, 1, b, false); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(current(t, fresh.s), current(t, s)); diff != "" {
		t.Error(diff)
	}
	sound(t, s)
}

// eventually waits until nothing waits.
func eventually(t *testing.T, s *store.Store) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		st, err := s.ProjectionState(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", st, err)
		}
		if st.Queued == 0 {
			return
		}
	}
}

// Commits that leave their versions to the queue and commits that do not, of the
// same objects, with deletions, several versions at once, workers that are cut
// off, changes of rules and physical deletions, end in what there would be
// without a queue.
func TestQueueBesideEverything(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec := newRecord(t, s, true)
	b, list := byContent{version: 2}, objects(40)
	rec.use(byContent{version: 1})
	doomed := newRecord(t, s, true)
	var wg sync.WaitGroup
	last := make([]int, len(list))
	for w := range 2 {
		wg.Go(func() {
			for round := range 4 {
				for i := w; i < len(list); i += 2 {
					deleted, trunk := round == 3 && i%7 == 0, last[i]+1
					var err error
					switch {
					case (i+round)%3 == 0:
						err = rec.commitBy(t.Context(), list[i], trunk, b, deleted)
					case (i+round)%3 == 1 && !deleted:
						err = rec.later(t.Context(), b, of(list[i], trunk, false), of(list[i], trunk+1, false))
						trunk++
					default:
						err = rec.later(t.Context(), b, of(list[i], trunk, deleted))
					}
					if err != nil {
						t.Error(err, errors.Unwrap(err))
						return
					}
					last[i] = trunk
				}
				if w == 0 && round == 1 {
					rec.use(b)
				}
			}
		})
	}
	wg.Go(func() {
		for range 15 {
			o := uuid.New()
			if err := doomed.later(t.Context(), b, of(o, 1, false)); err != nil {
				t.Error(err)
			}
			if err := s.EraseComposition(t.Context(), who, doomed.ehrID, o); err != nil {
				t.Error(err, errors.Unwrap(err))
			}
			if err := doomed.later(t.Context(), b, of(uuid.New(), 1, false)); err != nil {
				t.Error(err)
			}
		}
		if err := s.EraseEHRs(t.Context(), who, []uuid.UUID{doomed.ehrID}); err != nil {
			t.Error(err, errors.Unwrap(err))
		}
	})
	committed := make(chan struct{})
	go func() { wg.Wait(); close(committed) }()
	for cut := 0; ; cut++ {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(cut%5+1)*3*time.Millisecond)
		err := s.Reproject(ctx, store.ReprojectOptions{Projections: []ehr.Projection{b}, Batch: 3})
		stopped := ctx.Err() != nil
		cancel()
		if err != nil && !stopped && !errs.Is(err, errs.Conflict) {
			t.Fatal(err, errors.Unwrap(err))
		}
		select {
		case <-committed:
		default:
			continue
		}
		break
	}
	// The session of a pass that was cut off may hold its lock for a moment.
	if err := rec.reproject(b, store.ReprojectOptions{Patience: time.Minute}); err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	checkProjected(t, rec, list, last, b)
	var left int
	if err := s.Pool().QueryRow(t.Context(), `select count(*) from fhir_queue`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d are left in the queue, %v", left, err)
	}
}

// A version whose resources the database refuses does not keep the others of
// its batch waiting.
func TestQueueGoesAroundWhatTheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, list := newRecord(t, s, true), objects(5)
	p := rules{version: "1"}
	made := 0
	p.make = func() ehr.Projected {
		made++
		r := observation(fmt.Sprint("r", made))
		if made%5 == 3 {
			r.ID = "nul\x00" // which no text of the database can hold
		}
		return ehr.Projected{Resources: []ehr.Resource{r}}
	}
	if err := s.UseRules(t.Context(), ehr.Rules([]ehr.Projection{p}), false); err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		v := of(o, 1, false)
		v.Queued = true
		if _, err := s.Commit(t.Context(), ehr.Contribution{
			EHRID: rec.ehrID, ID: uuid.New(), SystemID: system, Actor: "u", ChangeType: 249, Committer: []byte(`{}`),
			Rules: ehr.Rules([]ehr.Projection{p}), Versions: []ehr.NewVersion{v},
		}); err != nil {
			t.Fatal(err)
		}
	}
	failed := 0
	if err := s.Reproject(t.Context(), store.ReprojectOptions{Projections: []ehr.Projection{p}, QueueOnly: true, Failed: func(string, error) { failed++ }}); err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	st, err := s.ProjectionState(t.Context())
	if err != nil || st.Queued != 1 || failed != 1 {
		t.Errorf("%d failed, %+v, %v", failed, st, err)
	}
}
