package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

func testWriters(t *testing.T, s ehr.Store) {
	const writers, rounds = 8, 25
	id, object := mustEHR(t, s), uuid.New()
	mustCommit(t, s, contribution(id, composition(object, 1, document(0))))
	for round := range rounds {
		trunk := round + 2
		failures := make([]error, writers)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				v := composition(object, trunk, document(w))
				<-start
				_, failures[w] = s.Commit(t.Context(), contribution(id, v))
			})
		}
		close(start)
		wg.Wait()
		winner := -1
		for w, err := range failures {
			if err == nil {
				if winner >= 0 {
					t.Fatalf("round %d: writers %d and %d both won", round, winner, w)
				}
				winner = w
				continue
			}
			wantLatest(t, err, errs.Precondition, ehr.VersionUID{Object: object, System: SystemID, Trunk: trunk})
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody won", round)
		}
		rec, err := s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: object})
		if err != nil || rec.UID.Trunk != trunk || string(rec.Raw) != document(winner) {
			t.Fatalf("round %d: latest is %v %s, %v, want what writer %d wrote", round, rec.UID, rec.Raw, err, winner)
		}
	}
	versions, err := s.Versions(t.Context(), id, ehr.KindComposition, object)
	if err != nil || len(versions) != rounds+1 {
		t.Fatalf("%d versions, %v", len(versions), err)
	}
	if !slices.IsSortedFunc(versions, func(a, b ehr.VersionMeta) int {
		return a.Audit.TimeCommitted.Compare(b.Audit.TimeCommitted)
	}) {
		t.Error("commit times decrease")
	}
}

func testAtomic(t *testing.T, s ehr.Store) {
	id, first, second := mustEHR(t, s), uuid.New(), uuid.New()
	mustCommit(t, s, contribution(id, composition(first, 1, document(1)), composition(second, 1, document(1))))
	fresh := uuid.New()
	// The last of three cannot be committed: none is.
	_, err := s.Commit(t.Context(), contribution(id,
		composition(fresh, 1, document(1)), composition(first, 2, document(2)), composition(second, 3, document(3))))
	wantKind(t, err, errs.Precondition)
	wantKind(t, read(t, s, id, ehr.KindComposition, ehr.VersionSelector{Object: fresh}), errs.NotFound)
	rec, err := s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: first})
	if err != nil || rec.UID.Trunk != 1 || !rec.Meta.TimeSuperseded.IsZero() {
		t.Fatalf("%+v, %v", rec, err)
	}
	// Together they have one time.
	at := mustCommit(t, s, contribution(id, composition(first, 2, document(2)), composition(second, 2, "")))
	for _, object := range []uuid.UUID{first, second} {
		rec, err := s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: object})
		if err != nil || !rec.Meta.Audit.TimeCommitted.Equal(at) {
			t.Errorf("%+v, %v", rec, err)
		}
	}
	// The same object twice in one contribution is refused.
	_, err = s.Commit(t.Context(), contribution(id, composition(first, 3, document(3)), composition(first, 3, document(3))))
	if err == nil {
		t.Error("one contribution replaced a version twice")
	}
}

func status(uid ehr.VersionUID, trunk int, fields ehr.StatusFields) ehr.NewVersion {
	uid.Trunk = trunk
	v := version(uid, ehr.KindEHRStatus, ehr.LifecycleComplete, fmt.Sprintf(`{"_type":"EHR_STATUS","n":%d}`, trunk))
	v.Status = &fields
	return v
}

func testNotModifiable(t *testing.T, s ehr.Store) {
	c := newEHR(open)
	mustCommit(t, s, c)
	id, uid, object := c.EHRID, c.Versions[0].UID, uuid.New()
	mustCommit(t, s, contribution(id, composition(object, 1, document(1))))
	mustCommit(t, s, contribution(id, status(uid, 2, ehr.StatusFields{IsQueryable: true})))
	for name, v := range map[string]ehr.NewVersion{
		"create": composition(uuid.New(), 1, document(1)),
		"update": composition(object, 2, document(2)),
		"delete": composition(object, 2, ""),
	} {
		_, err := s.Commit(t.Context(), contribution(id, v))
		if !errs.Is(err, errs.Conflict) || errs.As(err).Code != ehr.CodeNotModifiable {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustCommit(t, s, contribution(id, status(uid, 3, open)))
	mustCommit(t, s, contribution(id, composition(object, 2, document(2))))
}

func testModifiableRace(t *testing.T, s ehr.Store) {
	c := newEHR(open)
	mustCommit(t, s, c)
	var mu sync.Mutex
	var written []time.Time
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				at, err := s.Commit(t.Context(), contribution(c.EHRID, composition(uuid.New(), 1, document(1))))
				switch {
				case err == nil:
					mu.Lock()
					written = append(written, at)
					mu.Unlock()
				case !errs.Is(err, errs.Conflict):
					t.Error(err)
					return
				}
			}
		})
	}
	for trunk := 2; trunk <= 31; trunk++ {
		mustCommit(t, s, contribution(c.EHRID, status(c.Versions[0].UID, trunk, ehr.StatusFields{IsModifiable: trunk%2 == 1})))
	}
	close(done)
	wg.Wait()
	versions, err := s.Versions(t.Context(), c.EHRID, ehr.KindEHRStatus, c.Versions[0].UID.Object)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range written {
		for _, v := range versions {
			if v.UID.Trunk%2 == 0 && at.After(v.Audit.TimeCommitted) && at.Before(v.TimeSuperseded) {
				t.Fatalf("content was committed at %v under %v, which forbade it from %v to %v",
					at, v.UID, v.Audit.TimeCommitted, v.TimeSuperseded)
			}
		}
	}
}

func testStale(t *testing.T, s ehr.Store) {
	c := newEHR(open)
	mustCommit(t, s, c)
	mustCommit(t, s, contribution(c.EHRID, status(c.Versions[0].UID, 2, open)))
	content := contribution(c.EHRID, composition(uuid.New(), 1, document(1)))
	content.StatusTrunk = 1
	if _, err := s.Commit(t.Context(), content); !errors.Is(err, ehr.ErrStaleContext) {
		t.Fatalf("error %v", err)
	}
	content.StatusTrunk = 2
	content.StatusObject = uuid.New() // that of an EHR with this id that was erased
	if _, err := s.Commit(t.Context(), content); !errors.Is(err, ehr.ErrStaleContext) {
		t.Fatalf("error %v", err)
	}
	content.StatusObject = c.Versions[0].UID.Object
	mustCommit(t, s, content)
}
