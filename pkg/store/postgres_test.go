package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
)

const system = "test.example"

// written is the first version of a composition in a new EHR.
func written(t *testing.T, s *store.Store) (uuid.UUID, ehr.NewVersion) {
	t.Helper()
	id := uuid.New()
	status := ehr.VersionUID{Object: uuid.New(), System: system, Trunk: 1}
	access := ehr.VersionUID{Object: uuid.New(), System: system, Trunk: 1}
	v := ehr.NewVersion{
		UID:  ehr.VersionUID{Object: uuid.New(), System: system, Trunk: 1},
		Kind: ehr.KindComposition, LifecycleState: 532, ChangeType: 249, Raw: []byte(`{"a":1}`),
	}
	c := contribution(id,
		ehr.NewVersion{
			UID: status, Kind: ehr.KindEHRStatus, LifecycleState: 532, ChangeType: 249, Raw: []byte(`{}`),
			Status: &ehr.StatusFields{IsModifiable: true},
		},
		ehr.NewVersion{UID: access, Kind: ehr.KindEHRAccess, LifecycleState: 532, ChangeType: 249, Raw: []byte(`{}`)}, v)
	c.NewEHR = &ehr.NewEHR{StatusObject: status.Object, AccessObject: access.Object}
	if _, err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return id, v
}

func contribution(id uuid.UUID, versions ...ehr.NewVersion) ehr.Contribution {
	return ehr.Contribution{
		EHRID: id, ID: uuid.New(), SystemID: system, ChangeType: 249,
		Committer: []byte(`{"_type":"PARTY_SELF"}`), Actor: "u", Versions: versions,
	}
}

func next(v ehr.NewVersion) ehr.NewVersion {
	v.Preceding = v.UID
	v.UID.Trunk++
	return v
}

func TestTimeNeverDecreasesWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, v := written(t, s)
	// As if version 1 had been committed before the clock was set back an hour.
	future := time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC()
	if _, err := s.Pool().Exec(t.Context(), `update version set time_committed = $1 where object_id = $2`, future, v.UID.Object); err != nil {
		t.Fatal(err)
	}
	at, err := s.Commit(t.Context(), contribution(id, next(v)))
	if err != nil || !at.Equal(future.Add(time.Millisecond)) {
		t.Fatalf("committed at %v, %v, want just after %v", at, err, future)
	}
	for _, test := range []struct {
		at   time.Time
		want int
	}{{future, 1}, {at, 2}} {
		rec, err := s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: v.UID.Object, At: test.at})
		if err != nil || rec.UID.Trunk != test.want {
			t.Errorf("at %v: %v, %v", test.at, rec.UID, err)
		}
	}
}

func TestWhatJSONBCannotHoldIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, v := written(t, s)
	for name, raw := range map[string]string{
		"U+0000":        `{"a":"\u0000"}`,
		"a huge number": `{"a":1e999999}`,
	} {
		v := v
		v.UID.Object = uuid.New()
		v.Raw = []byte(raw)
		if _, err := s.Commit(t.Context(), contribution(id, v)); !errs.Is(err, errs.Unprocessable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDictionarySurvivesFailedCommitsAndConcurrency(t *testing.T) {
	t.Parallel()
	s := open(t)
	other, err := store.Open(t.Context(), store.Config{URL: s.Pool().Config().ConnString(), Conns: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	id, v := written(t, s)
	var roots []ehr.ArchetypeRoot
	for _, name := range strings.Fields("a b c d e f g h") {
		roots = append(roots, ehr.ArchetypeRoot{ArchetypeID: "openEHR-EHR-OBSERVATION." + name + ".v1", RMType: "OBSERVATION"})
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			v := v
			v.UID.Object = uuid.New()
			v.Archetypes = append(append([]ehr.ArchetypeRoot{}, roots[w:]...), roots[:w]...)
			if w%2 == 0 {
				v.Raw = []byte(`{`) // fails after the dictionary was asked
			}
			st := s
			if w > 3 {
				st = other
			}
			if _, err := st.Commit(t.Context(), contribution(id, v)); (err == nil) == (w%2 == 0) {
				t.Errorf("writer %d: %v", w, err)
			}
		})
	}
	wg.Wait()
	for _, r := range roots {
		a, okA, errA := s.Concept(t.Context(), r.ArchetypeID)
		b, okB, errB := other.Concept(t.Context(), r.ArchetypeID)
		var stored int32
		if err := s.Pool().QueryRow(t.Context(), `select concept_id from concept where archetype_id = $1`, r.ArchetypeID).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if !okA || !okB || errA != nil || errB != nil || a != stored || b != stored {
			t.Errorf("%s: %d %v %v, %d %v %v, stored %d", r.ArchetypeID, a, okA, errA, b, okB, errB, stored)
		}
	}
	if _, ok, err := s.Concept(t.Context(), "openEHR-EHR-OBSERVATION.none.v1"); ok || err != nil {
		t.Errorf("an archetype that is nowhere: %v, %v", ok, err)
	}
	// All four compositions that were stored have all eight, sorted.
	var n int
	if err := s.Pool().QueryRow(t.Context(), `select count(*) from version
		where concepts = (select array_agg(concept_id order by concept_id) from concept)`).Scan(&n); err != nil || n != 4 {
		t.Errorf("%d compositions have all archetypes, %v", n, err)
	}
}

func TestCancelledCommitLeavesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, v := written(t, s)
	// Somebody holds the version that is to be replaced.
	tx, err := s.QueryPool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select from version where object_id = $1 for update`, v.UID.Object); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Commit(ctx, contribution(id, next(v))); !errs.Is(err, errs.Timeout) {
		t.Errorf("cancelled: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The pool has recovered, and the version is still the latest.
	if _, err := s.Commit(t.Context(), contribution(id, next(v))); err != nil {
		t.Error(err)
	}
}

func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	if _, err := store.Open(t.Context(), store.Config{URL: "postgres://127.0.0.1:1/x", ConnectTimeout: time.Second}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
	if _, err := store.Open(t.Context(), store.Config{URL: "postgres://%"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("no url: %v", err)
	}
	s := open(t)
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	s.Close()
	if err := s.Ping(t.Context()); !errs.Is(err, errs.Unavailable) {
		t.Errorf("closed: %v", err)
	}
}

// The schema is never named: a database may hold several.
func TestSchemaIsTheConnections(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	admin, err := store.Open(t.Context(), store.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	var stores [2]*store.Store
	for i, schema := range []string{"north", "south"} {
		if _, err := admin.Pool().Exec(t.Context(), `create schema `+schema); err != nil {
			t.Fatal(err)
		}
		in := url + separator + "search_path=" + schema
		if err := migrate(t, in); err != nil {
			t.Fatal(err)
		}
		if stores[i], err = store.Open(t.Context(), store.Config{URL: in}); err != nil {
			t.Fatal(err)
		}
		defer stores[i].Close()
	}
	id, _ := written(t, stores[0])
	if _, err := stores[0].EHR(t.Context(), id); err != nil {
		t.Error(err)
	}
	if _, err := stores[1].EHR(t.Context(), id); !errs.Is(err, errs.NotFound) {
		t.Errorf("the other schema: %v", err)
	}
}
