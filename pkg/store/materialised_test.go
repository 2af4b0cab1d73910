package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/keptstore"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// counted takes the only cell of a result.
type counted struct {
	value string
	fresh *aql.Freshness
}

func (c *counted) Begin([]aql.Column) error     { return nil }
func (c *counted) Row(cells [][]byte) error     { c.value = string(cells[0]); return nil }
func (c *counted) Materialised(f aql.Freshness) { c.fresh = &f }

// queryable lets population queries see all EHRs.
func queryable(t *testing.T, s *store.Store) {
	t.Helper()
	if _, err := s.Pool().Exec(t.Context(), `update ehr set is_queryable = true`); err != nil {
		t.Fatal(err)
	}
}

// TestMaterialisedErased: what is deleted physically is nowhere in what is kept,
// and no result has it.
func TestMaterialisedErased(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, v := written(t, s)
	b, w := written(t, s)
	queryable(t, s)
	engine, err := aql.NewEngine(s.QueryPool(), s, aql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const exact, hourly = "SELECT COUNT(c) FROM EHR e CONTAINS COMPOSITION c", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c"
	for i, text := range []string{exact, hourly} {
		entry := keptstore.Entry{Name: "q", Version: []string{"1.0.0", "1.0.1"}[i], Text: text, Every: time.Duration(i) * time.Hour}
		if _, err := s.InsertQuery(t.Context(), ehr.StoredQuery{Name: entry.Name, Version: entry.Version, Text: text}, "u"); err != nil {
			t.Fatal(err)
		}
		if err := s.Kept().Declare(t.Context(), entry, "u"); err != nil {
			t.Fatal(err)
		}
		if err := s.Kept().Declare(t.Context(), entry, "u"); !errs.Is(err, errs.Conflict) {
			t.Errorf("declared twice: %v", err)
		}
	}
	refresh := func() {
		t.Helper()
		if err := engine.RefreshMaterialised(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when, text, value string, kept bool) {
		t.Helper()
		var got counted
		if err := engine.Run(t.Context(), text, aql.Request{}, &got); err != nil {
			t.Fatal(err)
		}
		if got.value != value || (got.fresh != nil) != kept {
			t.Errorf("%s: %s compositions, freshness %v, want %s", when, got.value, got.fresh, value)
		}
	}
	refresh()
	want("at first", exact, "2", true)
	want("at first", hourly, "2", true)
	// A commit is in the one at once, and not in the other.
	another := v
	another.UID.Object = uuid.New()
	if _, err := s.Commit(t.Context(), contribution(a, another)); err != nil {
		t.Fatal(err)
	}
	want("after a commit", exact, "3", true)
	want("after a commit", hourly, "2", true)
	refresh()
	want("after a refresh", exact, "3", true)
	want("after a refresh", hourly, "2", true)

	// The engine that answers has not heard of the deletion.
	if err := s.EraseComposition(t.Context(), ehr.Actor{ID: "u"}, b, w.UID.Object); err != nil {
		t.Fatal(err)
	}
	want("after the deletion of a composition", exact, "2", true)
	want("after the deletion of a composition", hourly, "2", false)
	empty := func(when, sql string) {
		t.Helper()
		var n int
		if err := s.Pool().QueryRow(t.Context(), `select count(*) from `+sql).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s %d rows are kept of %s, %v", when, n, sql, err)
		}
	}
	empty("after the deletion of a composition", "aql_result")
	empty("after the deletion of a composition", "aql_kept join ehr using (ehr_no) where ehr_id = '"+b.String()+"'")
	refresh()
	want("after a refresh", hourly, "2", true)
	if err := s.EraseEHRs(t.Context(), ehr.Actor{ID: "u"}, []uuid.UUID{a}); err != nil {
		t.Fatal(err)
	}
	want("after the deletion of an EHR", exact, "0", true)
	want("after the deletion of an EHR", hourly, "0", false)
	empty("after the deletion of an EHR", "aql_kept")
	empty("after the deletion of an EHR", "aql_result")
	refresh()
	want("after a refresh", hourly, "0", true)
	if err := s.EraseAllEHRs(t.Context(), ehr.Actor{ID: "u"}); err != nil {
		t.Fatal(err)
	}
	want("after the deletion of all", exact, "0", true)
	want("after the deletion of all", hourly, "0", false)

	// Deleting the query ends it.
	for _, version := range []string{"1.0.0", "1.0.1"} {
		if err := s.EraseQuery(t.Context(), ehr.Actor{ID: "u"}, "q", version); err != nil {
			t.Fatal(err)
		}
	}
	empty("after the deletion of the queries", "aql_materialised")
	want("after the deletion of the query", exact, "0", false)
	if err := s.Kept().Drop(t.Context(), "q", "1.0.0"); !errs.Is(err, errs.NotFound) {
		t.Errorf("dropped twice: %v", err)
	}
}

// TestUnqueryableVanishes: an EHR that must not be queried any more is in no
// result at once.
func TestUnqueryableVanishes(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, _ := written(t, s)
	queryable(t, s)
	engine, err := aql.NewEngine(s.QueryPool(), s, aql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]time.Duration{"SELECT COUNT(c) FROM EHR e CONTAINS COMPOSITION c": 0, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c": time.Hour}
	for text, every := range texts {
		if err := s.Kept().Declare(t.Context(), keptstore.Entry{Name: "q", Version: every.String(), Text: text, Every: every}, "u"); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.RefreshMaterialised(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, queryable := range []bool{true, false} { // the first changes nothing
		if _, err := s.Pool().Exec(t.Context(), `update ehr set is_queryable = $2 where ehr_id = $1`, id, queryable); err != nil {
			t.Fatal(err)
		}
		for text, every := range texts {
			var got counted
			if err := engine.Run(t.Context(), text, aql.Request{}, &got); err != nil {
				t.Fatal(err)
			}
			if want := map[bool]string{true: "1", false: "0"}[queryable]; got.value != want || (got.fresh == nil) != (!queryable && every > 0) {
				t.Errorf("queryable %t, every %v: %s compositions, freshness %v", queryable, every, got.value, got.fresh)
			}
		}
	}
}
