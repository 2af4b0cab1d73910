package server

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
)

const analyte = "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1"

// TestIndexOnDemand: what is advised can be created, is used and listed, and
// dropped again.
func TestIndexOnDemand(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m := advised(t)
	queries := map[string]string{
		"codes":   "SELECT COUNT(*) FROM COMPOSITION c CONTAINS CLUSTER k[" + analyte + "] WHERE k/items[at0024]/value/defining_code/code_string = '718-7'",
		"element": "SELECT COUNT(*) FROM COMPOSITION c CONTAINS ELEMENT x",
		"all":     "SELECT COUNT(*) FROM COMPOSITION c",
	}
	advice, none, err := m.Advise(ctx, queries)
	if err != nil {
		t.Fatal(err)
	}
	if len(advice) != 1 || advice[0].Archetype != analyte || !slices.Equal(advice[0].Columns, []string{"k1"}) || advice[0].Exists {
		t.Fatalf("advice %+v", advice)
	}
	if len(none) != 2 || none[0].Query != "all" || !strings.Contains(none[1].Reason, "ELEMENT") {
		t.Errorf("no advice %+v", none)
	}
	for range 2 {
		x, err := m.CreateIndex(ctx, advice[0].Archetype, advice[0].Columns)
		if err != nil || !x.Valid || x.Name != "node_2_k1" {
			t.Fatalf("%+v, %v", x, err)
		}
	}
	if advice, _, err = m.Advise(ctx, queries); err != nil || !advice[0].Exists {
		t.Errorf("advice %+v, %v", advice, err)
	}
	// What was run counts for as long as it took.
	if err := m.store.SaveShapes(ctx, []aql.ShapeRuns{{
		Text: strings.Replace(queries["codes"], "'718-7'", "$text1", 1), Runs: 7, Total: 3 * time.Second, Max: time.Second, First: time.Now(), Last: time.Now(),
	}}); err != nil {
		t.Fatal(err)
	}
	shapes, err := m.Shapes(ctx)
	if err != nil || len(shapes) != 1 {
		t.Fatalf("shapes %+v, %v", shapes, err)
	}
	if advice, _, err = m.Advise(ctx, nil); err != nil || len(advice) != 1 || advice[0].Runs != 7 || advice[0].Time != 3*time.Second || advice[0].Queries[0] != shapes[0].Name {
		t.Errorf("advice %+v, %v", advice, err)
	}
	if list, err := m.Indexes(ctx); err != nil || len(list) != 1 || list[0].Archetypes[0] != analyte {
		t.Errorf("list %+v, %v", list, err)
	}
	if err := m.DropIndex(ctx, "node_2_k1"); err != nil {
		t.Error(err)
	}
	if err := m.DropIndex(ctx, "version_pkey"); !errs.Is(err, errs.NotFound) {
		t.Errorf("an index of the record was dropped: %v", err)
	}
	for _, columns := range [][]string{{"v; drop table node"}, {"k1", "k1"}, {}, {"k1", "n1", "d1", "n2"}} {
		if _, err := m.CreateIndex(ctx, analyte, columns); !errs.Is(err, errs.Invalid) {
			t.Errorf("columns that are none: %v", err)
		}
	}
	if _, err := m.CreateIndex(ctx, "openEHR-EHR-CLUSTER.unknown.v1", []string{"n1"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("an archetype that is not stored: %v", err)
	}
}

// TestAdviceOnSeveralColumns: what is equal comes first, then the order, then
// what is compared; an index that begins another one is left out.
func TestAdviceOnSeveralColumns(t *testing.T) {
	t.Parallel()
	const k = "k/items[at0024]/value/defining_code/code_string"
	const n, d = "k/items[at0001]/value/magnitude", "k/items[at0010]/value/value"
	from := " FROM COMPOSITION c CONTAINS CLUSTER k[" + analyte + "]"
	for _, tt := range []struct {
		name    string
		queries []string
		want    string
	}{
		{"equal and range", []string{"SELECT COUNT(*)" + from + " WHERE " + n + " < 9.5 AND " + k + " = '718-7'"}, "k1,n1"},
		{"order and range", []string{"SELECT " + n + from + " WHERE " + n + " > 160 ORDER BY " + d + " DESC LIMIT 100"}, "d1,n1"},
		{"order without limit", []string{"SELECT " + n + from + " WHERE " + n + " > 160 ORDER BY " + d}, "n1"},
		{"columns alone", []string{"SELECT " + k + ", AVG(" + n + ")" + from + " GROUP BY " + k}, "k1,n1"},
		{"not columns alone", []string{"SELECT COUNT(DISTINCT " + d + ")" + from}, ""},
		{"one begins another", []string{"SELECT COUNT(*)" + from + " WHERE " + k + " = '1'", "SELECT COUNT(*)" + from + " WHERE " + k + " = '1' AND " + n + " > 2"}, "k1,n1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := advised(t)
			queries := map[string]string{}
			for i, q := range tt.queries {
				queries[strconv.Itoa(i)] = q
			}
			list, _, err := m.Advise(t.Context(), queries)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range list {
				got = append(got, strings.Join(a.Columns, ","))
				if _, err := m.CreateIndex(t.Context(), a.Archetype, a.Columns); err != nil {
					t.Error(err)
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("advice %q, want %q", s, tt.want)
			}
			list, _, err = m.Advise(t.Context(), queries)
			if err != nil || len(list) > 0 && !list[len(list)-1].Exists {
				t.Errorf("after: %+v, %v", list, err)
			}
		})
	}
}

// advised is a database with one archetype whose values have columns.
func advised(t *testing.T) Maintainer {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, store.Config{URL: pgtest.URL(t), Conns: 4, QueryConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	m := Maintainer{s}
	if _, err := s.Pool().Exec(ctx, `
		insert into node_place values (1, 'openEHR-EHR-COMPOSITION.report-result.v1', '{}', 'COMPOSITION', 'R', 1), (2, $1, '{}', 'CLUSTER', 'A', 2)`, analyte); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pool().Exec(ctx, `
		insert into node_path values (1, 0, 1, '{"",openEHR-EHR-COMPOSITION.report-result.v1}'), (2, 1, 2, '{content,openEHR-EHR-CLUSTER.laboratory_test_analyte.v1}');
		insert into node_value values (1, 2, '{items,at0024}', 'ELEMENT', 'Name', '', false), (2, 2, '{items,at0024,value,""}', 'DV_CODED_TEXT', 'LOINC', 'k1', false),
			(3, 2, '{items,at0001}', 'ELEMENT', 'Result', '', false), (4, 2, '{items,at0001,value,""}', 'DV_QUANTITY', 'g/dl', 'n1', false),
			(5, 2, '{items,at0010}', 'ELEMENT', 'Time', '', false), (6, 2, '{items,at0010,value,""}', 'DV_DATE_TIME', '', 'd1', false);
		update node_state set generation = generation + 1`); err != nil {
		t.Fatal(err)
	}
	return m
}
