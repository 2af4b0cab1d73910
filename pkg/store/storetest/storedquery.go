package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// testQueries: versions of queries are stored once and found by name and prefix.
func testQueries(t *testing.T, s ehr.Store) {
	prefix := uuid.NewString() // names of its own, as the store may hold others
	var want []ehr.StoredQuery
	for _, q := range []ehr.StoredQuery{
		{Name: prefix + ".a::q", Version: "1.0.0", Text: "SELECT 1"},
		{Name: prefix + ".a::q", Version: "1.0.1", Text: "SELECT 'é'"},
		{Name: prefix + ".a::Q", Version: "1.0.0", Text: "SELECT 3"},
	} {
		got, err := s.InsertQuery(t.Context(), q, "u")
		if err != nil || got.Saved.IsZero() {
			t.Fatalf("%+v, %v", got, err)
		}
		q.Saved = got.Saved
		want = append(want, q)
		_, err = s.InsertQuery(t.Context(), q, "u")
		wantKind(t, err, errs.Conflict)
	}
	for arg, test := range map[string]struct {
		read func() ([]ehr.StoredQuery, error)
		want []ehr.StoredQuery
	}{
		"name":      {func() ([]ehr.StoredQuery, error) { return s.Queries(t.Context(), prefix+".a::q") }, want[:2]},
		"no name":   {func() ([]ehr.StoredQuery, error) { return s.Queries(t.Context(), prefix) }, nil},
		"prefix":    {func() ([]ehr.StoredQuery, error) { return s.QueriesByPrefix(t.Context(), prefix) }, want},
		"wildcards": {func() ([]ehr.StoredQuery, error) { return s.QueriesByPrefix(t.Context(), prefix+"%") }, nil},
	} {
		got, err := test.read()
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got, func(a, b ehr.StoredQuery) int { return strings.Compare(a.Text, b.Text) })
		sorted := slices.Clone(test.want)
		slices.SortFunc(sorted, func(a, b ehr.StoredQuery) int { return strings.Compare(a.Text, b.Text) })
		if diff := cmp.Diff(len(sorted), len(got)); diff != "" {
			t.Errorf("%s: %v", arg, got)
		} else if diff := cmp.Diff(sorted, got); len(sorted) > 0 && diff != "" {
			t.Errorf("%s: %s", arg, diff)
		}
	}
}
