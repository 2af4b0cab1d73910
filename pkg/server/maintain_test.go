package server

import (
	"strings"
	"testing"

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
		insert into node_value values (1, 2, '{items,at0024}', 'ELEMENT', 'Name', '', false), (2, 2, '{items,at0024,value,""}', 'DV_CODED_TEXT', 'LOINC', 'k1', false);
		update node_state set generation = generation + 1`); err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{
		"codes":   "SELECT COUNT(*) FROM COMPOSITION c CONTAINS CLUSTER k[" + analyte + "] WHERE k/items[at0024]/value/defining_code/code_string = '718-7'",
		"element": "SELECT COUNT(*) FROM COMPOSITION c CONTAINS ELEMENT x",
		"all":     "SELECT COUNT(*) FROM COMPOSITION c",
	}
	advice, none, err := m.Advise(ctx, queries)
	if err != nil {
		t.Fatal(err)
	}
	if len(advice) != 1 || advice[0].Archetype != analyte || advice[0].Column != "k1" || advice[0].Exists {
		t.Fatalf("advice %+v", advice)
	}
	if len(none) != 2 || none[0].Query != "all" || !strings.Contains(none[1].Reason, "ELEMENT") {
		t.Errorf("no advice %+v", none)
	}
	for range 2 {
		x, err := m.CreateIndex(ctx, advice[0].Archetype, advice[0].Column)
		if err != nil || !x.Valid || x.Name != "node_2_k1" {
			t.Fatalf("%+v, %v", x, err)
		}
	}
	if advice, _, err = m.Advise(ctx, queries); err != nil || !advice[0].Exists {
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
	if _, err := m.CreateIndex(ctx, analyte, "v; drop table node"); !errs.Is(err, errs.Invalid) {
		t.Errorf("a column that is none: %v", err)
	}
	if _, err := m.CreateIndex(ctx, "openEHR-EHR-CLUSTER.unknown.v1", "n1"); !errs.Is(err, errs.NotFound) {
		t.Errorf("an archetype that is not stored: %v", err)
	}
}
