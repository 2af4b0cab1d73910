package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// indexRows are the rows of the index as text, without the number of the path,
// which depends on the order of commits.
func indexRows(t *testing.T, s *store.Store) []string {
	t.Helper()
	rows, err := s.Pool().Query(t.Context(), `
		select row(ehr_no, vo_no, num, last, parent, (select slot from node_path p where p.path_id = n.path_id), n1, n2, n3, k1, k2, d1, v)::text
		from node n order by ehr_no, vo_no, num`)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func compositionVersion(t *testing.T, patient, k int) ehr.NewVersion {
	t.Helper()
	_, data := synth.New(5).Patient(patient).Composition(k)
	root, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
	if root == nil {
		t.Fatal(problems)
	}
	return ehr.NewVersion{
		UID:  ehr.VersionUID{Object: uuid.New(), System: system, Trunk: 1},
		Kind: ehr.KindComposition, LifecycleState: 532, ChangeType: 249, Raw: rm.AppendJSON(nil, root), Root: root,
	}
}

// emptied is the store as if it came from before the index.
func emptied(t *testing.T, s *store.Store) {
	t.Helper()
	if _, err := s.Pool().Exec(t.Context(), `truncate node; update node_state set complete = false, generation = generation + 1`); err != nil {
		t.Fatal(err)
	}
}

func TestIndexFollowsVersions(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, first := written(t, s) // what has no tree turns the index off
	if st, err := s.IndexState(t.Context()); err != nil || st.Complete {
		t.Fatalf("state %+v, %v", st, err)
	}
	if _, err := s.Commit(t.Context(), contribution(id, next(deleted(first)))); err != nil {
		t.Fatal(err)
	}
	if err := s.Reindex(t.Context(), store.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	if rows := indexRows(t, s); len(rows) > 0 {
		t.Fatalf("rows of nothing: %v", rows)
	}
	v := compositionVersion(t, 0, 0)
	if _, err := s.Commit(t.Context(), contribution(id, v)); err != nil {
		t.Fatal(err)
	}
	one := len(indexRows(t, s))
	other := compositionVersion(t, 1, 1)
	changed := next(v)
	changed.Raw, changed.Root, changed.ChangeType = other.Raw, other.Root, 251
	if _, err := s.Commit(t.Context(), contribution(id, changed, compositionVersion(t, 0, 1))); err != nil {
		t.Fatal(err)
	}
	two := indexRows(t, s)
	if one == 0 || len(two) <= one {
		t.Errorf("%d rows of one composition, %d of two", one, len(two))
	}
	if _, err := s.Commit(t.Context(), contribution(id, next(deleted(changed)))); err != nil {
		t.Fatal(err)
	}
	three := indexRows(t, s)
	if len(three) == 0 || len(three) >= len(two) {
		t.Errorf("%d rows after a deletion, %d before", len(three), len(two))
	}
	emptied(t, s)
	if err := s.Reindex(t.Context(), store.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(three, indexRows(t, s)); diff != "" {
		t.Errorf("rebuilt: %s", diff)
	}
	if st, err := s.IndexState(t.Context()); err != nil || !st.Complete || st.Rebuilding || st.Done != 1 {
		t.Errorf("state %+v, %v", st, err)
	}
	if err := s.EraseEHRs(t.Context(), ehr.Actor{ID: "a"}, []uuid.UUID{id}); err != nil {
		t.Fatal(err)
	}
	if rows := indexRows(t, s); len(rows) > 0 {
		t.Errorf("%d rows of an erased EHR", len(rows))
	}
}

func deleted(v ehr.NewVersion) ehr.NewVersion {
	v.Raw, v.Root, v.LifecycleState, v.ChangeType = nil, nil, 523, 523
	return v
}

// TestReindexBesideWriters rebuilds while compositions are created and
// replaced, and is interrupted once.
func TestReindexBesideWriters(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, first := written(t, s)
	if _, err := s.Commit(t.Context(), contribution(id, next(deleted(first)))); err != nil {
		t.Fatal(err)
	}
	var latest []ehr.NewVersion
	for i := range 40 {
		v := compositionVersion(t, i%4, i%3)
		latest = append(latest, v)
		if _, err := s.Commit(t.Context(), contribution(id, v)); err != nil {
			t.Fatal(err)
		}
	}
	emptied(t, s)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				i := (n*7+w)%20*2 + w // each writer has its own
				v := next(latest[i])
				v.ChangeType = 251
				if n%3 == 0 {
					other := latest[(i+2)%40]
					v.Raw, v.Root = other.Raw, other.Root
				}
				if _, err := s.Commit(context.WithoutCancel(t.Context()), contribution(id, v, compositionVersion(t, n%4, 0))); err != nil {
					t.Error(err)
					return
				}
				latest[i] = v
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	err := s.Reindex(ctx, store.ReindexOptions{Batch: 5, Progress: func(store.IndexState) {
		if batches++; batches == 3 {
			cancel()
		}
	}})
	if err == nil || batches != 3 {
		t.Errorf("interrupted after %d batches: %v", batches, err)
	}
	var resumed int64
	if err := s.Reindex(t.Context(), store.ReindexOptions{Batch: 5, Progress: func(st store.IndexState) {
		if resumed == 0 {
			resumed = st.Done
		}
	}}); err != nil {
		t.Error(err)
	}
	if resumed != 20 {
		t.Errorf("resumed at %d compositions", resumed)
	}
	close(stop)
	wg.Wait()
	got := indexRows(t, s)
	emptied(t, s)
	if err := s.Reindex(t.Context(), store.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := indexRows(t, s); !slices.Equal(got, want) {
		t.Errorf("%d rows after rebuilding beside writers, %d alone: %s", len(got), len(want), cmp.Diff(want, got))
	}
}

func TestReindexRunsOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, _ := written(t, s)
	if _, err := s.Commit(t.Context(), contribution(id, compositionVersion(t, 0, 0))); err != nil {
		t.Fatal(err)
	}
	if err := s.Reindex(t.Context(), store.ReindexOptions{}); err == nil {
		t.Error("a composition that cannot be read was passed over")
	}
	if st, err := s.IndexState(t.Context()); err != nil || st.Complete || !st.Rebuilding {
		t.Errorf("state %+v, %v", st, err)
	}
	if _, err := s.Pool().Exec(t.Context(), `delete from version where kind = 1 and root_concept is null and template_no is null and ver = 1
		and (ehr_no, vo_no) in (select ehr_no, vo_no from document where content = '{"a":1}')`); err != nil {
		t.Fatal(err)
	}
	var second error
	if err := s.Reindex(t.Context(), store.ReindexOptions{Progress: func(store.IndexState) {
		if second == nil {
			second = s.Reindex(t.Context(), store.ReindexOptions{})
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if !errs.Is(second, errs.Conflict) {
		t.Errorf("a second rebuilding at the same time: %v", second)
	}
	if err := errors.Join(s.Reindex(t.Context(), store.ReindexOptions{Again: true}), s.Reindex(t.Context(), store.ReindexOptions{})); err != nil {
		t.Error(err)
	}
}

// TestIndexFollowsAHistory: of several versions in one contribution the index has
// the last.
func TestIndexFollowsAHistory(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, first := written(t, s)
	if _, err := s.Commit(t.Context(), contribution(id, next(deleted(first)))); err != nil {
		t.Fatal(err)
	}
	if err := s.Reindex(t.Context(), store.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	kept, gone := compositionVersion(t, 0, 0), compositionVersion(t, 0, 1)
	other := compositionVersion(t, 1, 1)
	changed := next(kept)
	changed.Raw, changed.Root, changed.ChangeType = other.Raw, other.Root, 251
	if _, err := s.Commit(t.Context(), contribution(id, kept, gone, changed, next(deleted(gone)))); err != nil {
		t.Fatal(err)
	}
	got := indexRows(t, s)
	if len(got) == 0 {
		t.Fatal("nothing is indexed")
	}
	emptied(t, s)
	if err := s.Reindex(t.Context(), store.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(indexRows(t, s), got); diff != "" {
		t.Error(diff)
	}
}
