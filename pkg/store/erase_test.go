package store_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// TestErasedTablesAreAll: no table with rows of an EHR is forgotten.
func TestErasedTablesAreAll(t *testing.T) {
	t.Parallel()
	s := open(t)
	rows, err := s.Pool().Query(t.Context(), `select table_name::text from information_schema.columns
		where table_schema = current_schema() and column_name = 'ehr_no'
			and (select not relispartition and relkind <> 'v' from pg_class where oid = table_name::regclass)`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Clone(store.EHRTables)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEraseAll(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, v := written(t, s)
	b, _ := written(t, s)
	// Commits that race with the deletion are before it, or find no EHR.
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				w := v
				w.UID.Object = uuid.New()
				if _, err := s.Commit(t.Context(), contribution(b, w)); err != nil && !errs.Is(err, errs.NotFound) {
					t.Error(err)
				}
			}
		})
	}
	// Parties are spared.
	w := v
	w.UID.Object, w.Kind = uuid.New(), ehr.KindPerson
	party := contribution(ehr.Demographics, w)
	party.Tags = []ehr.TagUpdate{{Target: ehr.TagTarget{Kind: w.Kind, Object: w.UID.Object}, Tags: []ehr.ItemTag{{Key: "k"}}}}
	if _, err := s.Commit(t.Context(), party); err != nil {
		t.Fatal(err)
	}
	if err := s.EraseEHRs(t.Context(), ehr.Actor{ID: "u"}, []uuid.UUID{ehr.Demographics}); !errs.Is(err, errs.NotFound) {
		t.Errorf("the demographic repository was erased: %v", err)
	}
	if err := s.EraseEHRs(t.Context(), ehr.Actor{ID: "u", OnBehalfOf: "o", Purpose: "p"}, []uuid.UUID{a}); err != nil {
		t.Error(err)
	}
	if err := s.EraseAllEHRs(t.Context(), ehr.Actor{ID: "u"}); err != nil {
		t.Error(err)
	}
	group.Wait()
	for _, table := range store.EHRTables {
		var n int
		if err := s.Pool().QueryRow(t.Context(), `select count(*) from `+table+` where ehr_no <> 0`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s has %d rows, %v", table, n, err)
		}
	}
	rec, err := s.Version(t.Context(), ehr.Demographics, w.Kind, ehr.VersionSelector{Object: w.UID.Object})
	if err != nil || !rec.Tagged || rec.Raw == nil {
		t.Errorf("the party is %+v, %v", rec, err)
	}
	rows, err := s.Pool().Query(t.Context(), `select ehr_id::text || ' ' || (versions > 0) || ' ' || actor || ' ' || coalesce(on_behalf_of, '-') || ' ' || coalesce(purpose, '-')
		from ehr_tombstone order by tombstone_no`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if diff := cmp.Diff([]string{a.String() + " true u o p", b.String() + " true u - -"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// TestErasedObjectTablesAreAll: no table with rows of a versioned object is
// forgotten.
func TestErasedObjectTablesAreAll(t *testing.T) {
	t.Parallel()
	s := open(t)
	rows, err := s.Pool().Query(t.Context(), `select table_name::text from information_schema.columns
		where table_schema = current_schema() and column_name = 'vo_no'
			and (select not relispartition and relkind <> 'v' from pg_class where oid = table_name::regclass)`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Clone(store.ObjectTables)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTemplateDeletedMeanwhile: a commit that still knows a template which is
// deleted fails instead of pointing nowhere.
func TestTemplateDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, v := written(t, s)
	w := v
	w.UID.Object, w.Template.No = uuid.New(), 999
	if _, err := s.Commit(t.Context(), contribution(id, w)); !errs.Is(err, errs.Unprocessable) {
		t.Errorf("a template that is not there: %v", err)
	}
}

// TestEraseWaitsForWhatIsDerived: a rebuild that has a version locked may write
// rows of it until it commits; they are deleted too.
func TestEraseWaitsForWhatIsDerived(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, _ := written(t, s)
	tx, err := s.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	var ehrNo int64
	if err := tx.QueryRow(t.Context(), `select v.ehr_no from version v join ehr e using (ehr_no)
		where e.ehr_id = $1 and v.kind = 1 for share of v`, id).Scan(&ehrNo); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `insert into fhir_loss (ehr_no, vo_no, ver, losses)
		select ehr_no, vo_no, 1000, '[]' from version where ehr_no = $1 and kind = 1 limit 1`, ehrNo); err != nil {
		t.Fatal(err)
	}
	erased := make(chan error, 1)
	go func() { erased <- s.EraseEHRs(t.Context(), ehr.Actor{ID: "u"}, []uuid.UUID{id}) }()
	for waiting := false; !waiting; {
		if err := s.Pool().QueryRow(t.Context(), `select exists (select from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock' and query like 'delete from version%')`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-erased:
			t.Fatalf("the deletion did not wait: %v", err)
		default:
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-erased; err != nil {
		t.Fatal(err)
	}
	for _, table := range store.EHRTables {
		var n int
		if err := s.Pool().QueryRow(t.Context(), `select count(*) from `+table+` where ehr_no = $1`, ehrNo).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s has %d rows, %v", table, n, err)
		}
	}
}
