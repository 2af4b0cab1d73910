package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// held keeps the next commit to the EHR from ending, as one of its EHR_STATUS
// does, until release is called.
func held(t *testing.T, s *store.Store, id uuid.UUID) (release func()) {
	t.Helper()
	tx, err := s.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select pg_advisory_xact_lock(uuid_hash_extended($1, 1))`, id); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := tx.Rollback(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	return release
}

// waitFor asks until the condition holds, or the test is given up.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for range 3000 {
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within 30 s", what)
}

// blocked waits until a commit waits for the lock that held has taken.
func blocked(t *testing.T, s *store.Store) {
	t.Helper()
	waitFor(t, "a commit that is under way", func() bool {
		var n int
		err := s.QueryPool().QueryRow(t.Context(), `select count(*) from pg_locks
			where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
}

type outcome struct {
	at  time.Time
	err error
}

// behind commits all but the first of the contributions while the first is
// under way, so that they are one group, and gives what became of each.
func behind(t *testing.T, s *store.Store, list []ehr.Contribution) []outcome {
	t.Helper()
	release := held(t, s, list[0].EHRID)
	out := make([]outcome, len(list))
	var wg sync.WaitGroup
	commit := func(i int) {
		wg.Go(func() { out[i].at, out[i].err = s.Commit(t.Context(), list[i]) })
	}
	commit(0)
	blocked(t, s)
	for i := 1; i < len(list); i++ {
		commit(i)
	}
	waitFor(t, "a group that waits", func() bool { return s.Waiting() == len(list)-1 })
	release()
	wg.Wait()
	return out
}

// transactions are the numbers of the transactions that stored contributions.
func transactions(t *testing.T, s *store.Store, list []ehr.Contribution) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, c := range list {
		var xid string
		err := s.Pool().QueryRow(t.Context(), `select xmin::text from contribution where contribution_id = $1`, c.ID).Scan(&xid)
		if errors.Is(err, pgx.ErrNoRows) {
			xid = "none"
		} else if err != nil {
			t.Fatal(err)
		}
		out[xid]++
	}
	return out
}

// full is a contribution with everything that a composition brings along:
// frames of the node index, resources and losses.
func full(t *testing.T, id uuid.UUID, n int) ehr.Contribution {
	t.Helper()
	var versions []ehr.NewVersion
	for k := range 1 + n%3 {
		v := compositionVersion(t, n, k)
		v.Signature = fmt.Sprint("signature ", n, k)
		v.Archetypes = []ehr.ArchetypeRoot{{ArchetypeID: fmt.Sprintf("openEHR-EHR-COMPOSITION.c%d.v1", n%2), RMType: "COMPOSITION"}}
		v.Projected.Types = []string{"Observation"}
		for r := range n % 4 {
			v.Projected.Resources = append(v.Projected.Resources, ehr.Resource{
				Type: "Observation", ID: uuid.NewString(), Mapping: "m", MappingVersion: "1", JSON: []byte(fmt.Sprintf(`{"n":%d%d%d}`, n, k, r)),
				Search: []ehr.SearchValue{{Param: "code", System: "s", Code: fmt.Sprint(r)}, {Param: "value-quantity", Number: fmt.Sprint(n)}},
			})
		}
		if n%2 == 0 {
			v.Projected.Losses = []ehr.Loss{{Kind: "dropped", Path: fmt.Sprintf("/content[%d]", n), Code: "test"}}
		}
		versions = append(versions, v)
	}
	c := contribution(id, versions...)
	c.Actor, c.OnBehalfOf, c.Purpose = fmt.Sprint("actor ", n), fmt.Sprint("behalf ", n), fmt.Sprint("purpose ", n)
	c.Committer = []byte(fmt.Sprintf(`{"n":%d}`, n))
	if n%2 == 1 {
		c.Description = []byte(fmt.Sprintf(`{"d":%d}`, n))
	}
	return c
}

// stored is all that is stored of the contributions, without the numbers that
// the database gives and without times.
func stored(t *testing.T, s *store.Store, list []ehr.Contribution) map[string][]string {
	t.Helper()
	ids := make([]uuid.UUID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	out := map[string][]string{}
	const v = `from version v join ehr e using (ehr_no) `
	for name, query := range map[string]string{
		"contribution": `select to_jsonb(c) - array['ehr_no', 'time_committed'] || jsonb_build_object('ehr', e.ehr_id) as row
			from contribution c join ehr e using (ehr_no) where c.contribution_id = any($1)`,
		"version": `select to_jsonb(v) - array['ehr_no', 'vo_no', 'time_committed', 'made'] || jsonb_build_object('ehr', e.ehr_id)
			|| jsonb_build_object('same time', v.time_committed = c.time_committed) as row
			` + v + ` join contribution c using (ehr_no, contribution_id) where v.contribution_id = any($1)`,
		"document": `select to_jsonb(d) - array['ehr_no', 'vo_no'] || jsonb_build_object('ehr', e.ehr_id, 'object', v.object_id) as row
			` + v + `join document d using (ehr_no, vo_no, ver) where v.contribution_id = any($1)`,
		"fhir_resource": `select to_jsonb(r) - array['ehr_no', 'vo_no', 'last_updated', 'made', 'replaced'] || jsonb_build_object('ehr', e.ehr_id, 'object', v.object_id) as row
			` + v + `join fhir_resource r using (ehr_no, vo_no, ver) where v.contribution_id = any($1)`,
		"fhir_content": `select to_jsonb(f) - array['ehr_no', 'vo_no'] || jsonb_build_object('ehr', e.ehr_id, 'object', v.object_id) as row
			` + v + `join fhir_content f using (ehr_no, vo_no, ver) where v.contribution_id = any($1)`,
		"fhir_loss": `select to_jsonb(l) - array['ehr_no', 'vo_no'] || jsonb_build_object('ehr', e.ehr_id, 'object', v.object_id) as row
			` + v + `join fhir_loss l using (ehr_no, vo_no, ver) where v.contribution_id = any($1)`,
		"node": `select to_jsonb(n) - array['ehr_no', 'vo_no', 'path_id', 'part'] || jsonb_build_object('ehr', e.ehr_id, 'object', v.object_id,
			'path', (select p.slot from node_path p where p.path_id = n.path_id)) as row
			` + v + `join node n using (ehr_no, vo_no) where v.contribution_id = any($1)`,
	} {
		rows, err := s.Pool().Query(t.Context(), `select row::text from (`+query+`) x order by 1`, ids)
		if err != nil {
			t.Fatal(err)
		}
		if out[name], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What is stored in a group is what is stored one by one, and is one
// transaction.
func TestGroupStoresWhatEachWouldStore(t *testing.T) {
	t.Parallel()
	grouping, single := openGrouping(t, time.Hour), open(t)
	// Both have met all content before, so that their dictionaries are the same.
	for _, s := range []*store.Store{grouping, single} {
		id, _ := written(t, s)
		for i := range 26 {
			if _, err := s.Commit(t.Context(), full(t, id, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var list []ehr.Contribution
	for i := range 9 {
		id, _ := written(t, grouping)
		again, _ := written(t, single)
		if _, err := single.Pool().Exec(t.Context(), `update ehr set ehr_id = $1 where ehr_id = $2`, id, again); err != nil {
			t.Fatal(err)
		}
		list = append(list, full(t, id, i))
		if i == 5 { // two of one EHR
			list = append(list, full(t, id, i+20))
		}
	}
	for i, o := range behind(t, grouping, list) {
		if o.err != nil {
			t.Fatalf("contribution %d: %v", i, o.err)
		}
	}
	if got := transactions(t, grouping, list); len(got) != 2 {
		t.Errorf("contributions by transaction: %v, want one and all others", got)
	}
	for _, c := range list {
		if _, err := single.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	got, want := stored(t, grouping, list), stored(t, single, list)
	for name := range want {
		if len(want[name]) == 0 {
			t.Errorf("nothing is stored in %s", name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A refusal is that of one contribution: the others of its group are stored.
func TestRefusalInAGroup(t *testing.T) {
	t.Parallel()
	s := openGrouping(t, time.Hour)
	var list []ehr.Contribution
	for i := range 6 {
		id, _ := written(t, s)
		list = append(list, full(t, id, i))
	}
	list[2].EHRID = uuid.New()
	list[3].StatusObject, list[3].StatusTrunk = uuid.New(), 1
	list[4].ID = list[0].ID // of another EHR: not the same contribution
	list[5].Versions[0].Raw = []byte(`{"a":"\u0000"}`)
	out := behind(t, s, list)
	for i, want := range []error{nil, nil, errs.New(errs.NotFound, "", ""), ehr.ErrStaleContext, nil, errs.New(errs.Unprocessable, "", "")} {
		switch got := out[i].err; {
		case want == nil:
			if got != nil {
				t.Errorf("contribution %d: %v", i, got)
			}
			if _, err := s.Version(t.Context(), list[i].EHRID, ehr.KindComposition, ehr.VersionSelector{Object: list[i].Versions[0].UID.Object}); err != nil {
				t.Errorf("contribution %d: %v", i, err)
			}
		case !errs.Is(got, errs.As(want).Kind) || errors.Is(want, ehr.ErrStaleContext) && !errors.Is(got, ehr.ErrStaleContext):
			t.Errorf("contribution %d: %v, want %v", i, got, want)
		}
	}
	if got := transactions(t, s, list); got["none"] != 3 {
		t.Errorf("contributions by transaction: %v", got)
	}
}

// What waits for a group whose client has gone away is not stored.
func TestCancelledInAGroup(t *testing.T) {
	t.Parallel()
	s := openGrouping(t, time.Hour)
	first, _ := written(t, s)
	second, _ := written(t, s)
	release := held(t, s, first)
	list := []ehr.Contribution{full(t, first, 0), full(t, second, 1)}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Commit(t.Context(), list[0]); err != nil {
			t.Error(err)
		}
	})
	blocked(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() {
		if _, err := s.Commit(ctx, list[1]); !errs.Is(err, errs.Timeout) {
			t.Errorf("cancelled: %v", err)
		}
	})
	waitFor(t, "one that waits", func() bool { return s.Waiting() == 1 })
	cancel()
	waitFor(t, "none that waits", func() bool { return s.Waiting() == 0 })
	release()
	wg.Wait()
	if got := transactions(t, s, list); got["none"] != 1 {
		t.Errorf("contributions by transaction: %v", got)
	}
}

// A commit that is alone under way is cancelled with its request, and what waits
// then goes on.
func TestCancelledAlone(t *testing.T) {
	t.Parallel()
	s := openGrouping(t, time.Hour)
	first, _ := written(t, s)
	second, _ := written(t, s)
	release := held(t, s, first)
	list := []ehr.Contribution{full(t, first, 0), full(t, second, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Commit(ctx, list[0]); !errs.Is(err, errs.Timeout) {
			t.Errorf("cancelled: %v", err)
		}
	})
	blocked(t, s)
	wg.Go(func() {
		if _, err := s.Commit(t.Context(), list[1]); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, "one that waits", func() bool { return s.Waiting() == 1 })
	cancel()
	wg.Wait()
	release()
	if got := transactions(t, s, list); got["none"] != 1 {
		t.Errorf("contributions by transaction: %v", got)
	}
}

// Whoever waits behind one that is taken back waits for the window, too, and not
// for the group under way.
func TestWindowAfterACancellation(t *testing.T) {
	t.Parallel()
	s := openGrouping(t, 300*time.Millisecond)
	var ids []uuid.UUID
	for range 3 {
		id, _ := written(t, s)
		ids = append(ids, id)
	}
	release := held(t, s, ids[0])
	var slow, others sync.WaitGroup
	slow.Go(func() {
		if _, err := s.Commit(t.Context(), full(t, ids[0], 0)); err != nil {
			t.Error(err)
		}
	})
	blocked(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	others.Go(func() {
		// In time or not: what matters is who waits behind it.
		if _, err := s.Commit(ctx, full(t, ids[1], 1)); err != nil && !errs.Is(err, errs.Timeout) {
			t.Error(err)
		}
	})
	waitFor(t, "the first that waits", func() bool { return s.Waiting() > 0 })
	others.Go(func() {
		if _, err := s.Commit(t.Context(), full(t, ids[2], 2)); err != nil {
			t.Error(err)
		}
	})
	cancel()
	others.Wait()
	release()
	slow.Wait()
}

// A group that takes long holds nobody up for longer than the window, nor a
// full group at all.
func TestGroupsBesideAGroupThatTakesLong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		window time.Duration
		others int
	}{"window": {time.Millisecond, 1}, "full": {time.Hour, store.MaxGroup}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openGrouping(t, test.window)
			first, _ := written(t, s)
			release := held(t, s, first)
			var slow, others sync.WaitGroup
			slow.Go(func() {
				if _, err := s.Commit(t.Context(), full(t, first, 0)); err != nil {
					t.Error(err)
				}
			})
			blocked(t, s)
			for i := range test.others {
				id, _ := written(t, s)
				others.Go(func() {
					if _, err := s.Commit(t.Context(), full(t, id, i)); err != nil {
						t.Error(err)
					}
				})
			}
			others.Wait()
			release()
			slow.Wait()
		})
	}
}
