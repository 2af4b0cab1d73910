package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// Versions that are asked for at once share statements, and each reader has its own:
// the latest, one by number, the EHR_STATUS, a deletion, or that there is none.
func TestVersionsReadTogether(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Config{URL: pgtest.URL(t), Conns: 8, QueryConns: 2, ReadWindow: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id, first := written(t, s)
	other, foreign := written(t, s)
	second := next(first)
	second.Raw = []byte(`{"_type":"COMPOSITION","v":2}`)
	gone := next(second)
	gone.LifecycleState, gone.ChangeType, gone.Raw = ehr.LifecycleDeleted, 523, nil
	for _, v := range []ehr.NewVersion{second, gone} {
		if _, err := s.Commit(t.Context(), contribution(id, v)); err != nil {
			t.Fatal(err)
		}
	}

	tx, err := s.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // committed below
	if _, err := tx.Exec(t.Context(), `lock table version`); err != nil {
		t.Fatal(err)
	}
	var each sync.WaitGroup
	var begun, given atomic.Int64
	for range 4 {
		for _, tt := range []struct {
			name    string
			ehr     uuid.UUID
			kind    ehr.Kind
			sel     ehr.VersionSelector
			trunk   int // 0: not found
			deleted bool
			raw     string
		}{
			{"latest", other, ehr.KindComposition, ehr.VersionSelector{Object: foreign.UID.Object}, 1, false, string(foreign.Raw)},
			{"a deletion", id, ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object}, 3, true, ""},
			{"a deletion by number", id, ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object, Trunk: 3}, 3, true, ""},
			{"the first", id, ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object, Trunk: 1}, 1, false, string(first.Raw)},
			{"the second", id, ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object, Trunk: 2}, 2, false, string(second.Raw)},
			{"a fourth", id, ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object, Trunk: 4}, 0, false, ""},
			{"of another EHR", other, ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object}, 0, false, ""},
			{"of another kind", id, ehr.KindEHRStatus, ehr.VersionSelector{Object: first.UID.Object}, 0, false, ""},
			{"EHR_STATUS", id, ehr.KindEHRStatus, ehr.VersionSelector{}, 1, false, `{}`},
			{"EHR_STATUS by number", id, ehr.KindEHRStatus, ehr.VersionSelector{Trunk: 1}, 1, false, `{}`},
			{"EHR_ACCESS", id, ehr.KindEHRAccess, ehr.VersionSelector{}, 1, false, `{}`},
			{"no object of a kind that has many", id, ehr.KindComposition, ehr.VersionSelector{}, 0, false, ""},
			{"no EHR", uuid.New(), ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object}, 0, false, ""},
		} {
			each.Go(func() {
				begun.Add(1)
				got, err := s.Version(t.Context(), tt.ehr, tt.kind, tt.sel)
				switch {
				case tt.trunk == 0:
					if !errs.Is(err, errs.NotFound) {
						t.Errorf("%s: %+v, %v", tt.name, got, err)
					}
				case err != nil || got.UID.Trunk != tt.trunk || got.Meta.Kind != tt.kind || got.Deleted != tt.deleted || string(got.Raw) != tt.raw ||
					tt.sel.Object != uuid.Nil && got.UID.Object != tt.sel.Object:
					t.Errorf("%s: %+v with %s, %v", tt.name, got, got.Raw, err)
				}
			})
		}
		each.Go(func() {
			begun.Add(1)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if _, err := s.Version(ctx, id, ehr.KindComposition, ehr.VersionSelector{Object: first.UID.Object}); !errs.Is(err, errs.Timeout) {
				t.Errorf("given up: %v", err)
			}
			given.Add(1)
		})
	}
	waitFor(t, "all that read or give up", func() bool { return begun.Load() == 56 && given.Load() == 4 })
	// Only those wait for the lock that began with few under way, of two statements, and
	// the 32 that do not wait for more. What was given up is being cancelled.
	waitFor(t, "no more statements than may be under way", func() bool {
		var active int
		if err := tx.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'cairn read' and state = 'active'`).Scan(&active); err != nil {
			t.Fatal(err)
		}
		return active > 0 && active <= 2*min(runtime.GOMAXPROCS(0), 4)+1
	})
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	each.Wait()
}

// Beside commits every read is as if it were alone: it sees what was committed when
// it was asked for, or later, and a version by its number is that version.
func TestVersionsBesideCommits(t *testing.T) {
	t.Parallel()
	s := openGrouping(t, time.Second)
	const objects, versions = 4, 30
	var ids [objects]uuid.UUID
	var firsts [objects]ehr.NewVersion
	var latest [objects]atomic.Int64 // committed
	document := func(i, ver int) []byte {
		return fmt.Appendf(nil, `{"_type":"COMPOSITION","object":%d,"version":%d}`, i, ver)
	}
	done := make(chan struct{})
	var commits, readers sync.WaitGroup
	for i := range objects {
		ids[i], firsts[i] = written(t, s)
		latest[i].Store(1)
		commits.Go(func() {
			v := firsts[i]
			for ver := 2; ver <= versions; ver++ {
				v = next(v)
				v.Raw = document(i, ver)
				if _, err := s.Commit(t.Context(), contribution(ids[i], v)); err != nil {
					t.Error(err)
					return
				}
				latest[i].Store(int64(ver))
			}
		})
	}
	go func() { commits.Wait(); close(done) }()
	var read, given atomic.Int64
	for range 10 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				i := rand.IntN(objects)
				ctx, cancel := t.Context(), func() {}
				if rand.IntN(5) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(1500))*time.Microsecond)
				}
				least := int(latest[i].Load())
				most := versions
				sel := ehr.VersionSelector{Object: firsts[i].UID.Object}
				if rand.IntN(2) == 0 {
					sel.Trunk = 1 + rand.IntN(least)
					least, most = sel.Trunk, sel.Trunk
				}
				got, err := s.Version(ctx, ids[i], ehr.KindComposition, sel)
				want := string(firsts[i].Raw)
				if got.UID.Trunk > 1 {
					want = string(document(i, got.UID.Trunk))
				}
				switch {
				case err != nil && ctx.Err() != nil && errs.Is(err, errs.Timeout):
					given.Add(1)
				case err != nil:
					t.Error(err)
				case got.UID.Object != sel.Object || got.UID.Trunk < least || got.UID.Trunk > most || string(got.Raw) != want:
					t.Errorf("%d was of version %d, is %v with %s", i, least, got.UID, got.Raw)
				default:
					read.Add(1)
				}
				cancel()
			}
		})
	}
	readers.Wait()
	if read.Load() == 0 || given.Load() == 0 {
		t.Errorf("%d read, %d given up: the test has not tried both", read.Load(), given.Load())
	}
}
