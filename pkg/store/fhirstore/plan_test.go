package fhirstore

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

// TestSearchesUseTheirIndexes explains searches in their prepared form, on a
// database large enough for the planner to care: in one EHR its own resources
// are the candidates, in the population those of the kinds with a token.
func TestSearchesUseTheirIndexes(t *testing.T) {
	t.Parallel()
	conn, err := pgtest.Database(t).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`insert into ehr (ehr_id, system_id, time_created, is_queryable, is_modifiable, status_object, status_system, status_ver, access_object)
		select ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, 's', now(), true, true, gen_random_uuid(), 's', 1, gen_random_uuid()
		from generate_series(1, 300) i`)
	// One EHR is large.
	exec(`insert into version (ehr_no, vo_no, ver, kind, object_id, creating_system, contribution_id, lifecycle_state, change_type,
			audit_system_id, committer, time_committed)
		select ehr_no, i, 1, 1, gen_random_uuid(), 's', gen_random_uuid(), 532, 249, 's', '{}', now()
		from ehr, generate_series(1, case ehr_no when 200 then 3000 else 40 end) i`)
	exec(`insert into fhir_kind (kind_no, digest, resource_type, mapping, mapping_version, profiles, tokens)
		select i, int4send(i), 'Observation', 'm', '1', '{}',
			jsonb_build_object('code', jsonb_build_array(jsonb_build_object('s', 'http://loinc.org', 'c', 'c' || i)))
		from generate_series(1, 1000) i`)
	// One code is frequent, the others are not.
	exec(`insert into fhir_resource (ehr_no, resource_type, resource_id, ver, vo_no, kind_no, byte_from, byte_len, last_updated, search, rank, identified)
		select ehr_no, 'Observation', md5(ehr_no || '-' || vo_no), 1, vo_no, case vo_no % 10 when 3 then 3 else 4 + (ehr_no * 7 + vo_no) % 990 end, 0, 1, now(),
			jsonb_build_object('date', jsonb_build_array(jsonb_build_object('l', vo_no * 1000000000::bigint, 'h', vo_no * 1000000000::bigint + 1000000)),
				'identifier', jsonb_build_array(jsonb_build_object('c', ehr_no::text)),
				'value-quantity', jsonb_build_array(jsonb_build_object('n', vo_no, 'c', 'u'))), vo_no * 100, true
		from version`)
	exec(`analyze ehr, version, fhir_kind, fhir_resource`)
	exec(`set plan_cache_mode = force_generic_plan`)

	patient := []uuid.UUID{uuid.MustParse("00000000-0000-0000-0000-000000000200")}
	code := func(codes ...string) fhir.Filter {
		f := fhir.Filter{Param: "code", Kind: fhir.Token}
		for _, c := range codes {
			f.Values = append(f.Values, fhir.Value{HasSystem: true, System: "http://loinc.org", Code: c})
		}
		return f
	}
	date := fhir.Filter{Param: "date", Kind: fhir.Date, Values: []fhir.Value{{Prefix: fhir.Greater, Low: time.Unix(0, 0), High: time.Unix(1_500_000, 0)}}}
	value := func(p fhir.Prefix, n string) fhir.Filter {
		return fhir.Filter{Param: "value-quantity", Kind: fhir.Quantity, Values: []fhir.Value{{Prefix: p, Number: n, NumberLow: n, NumberHigh: n + ".1", Code: "u"}}}
	}
	both := fhir.Filter{
		Param: "combo-code-value-quantity", Kind: fhir.Composite,
		Pairs: []fhir.Pair{
			{First: "code", Second: "value-quantity", FirstKind: fhir.Token, SecondKind: fhir.Quantity},
			{First: "component-code", Second: "component-value-quantity", FirstKind: fhir.Token, SecondKind: fhir.Quantity, Grouped: true},
		},
		Values: []fhir.Value{{Parts: []fhir.Value{code("c3").Values[0], value(fhir.Greater, "2950").Values[0]}}},
	}
	type search struct {
		name    string
		patient []uuid.UUID
		filters []fhir.Filter
		rows    int
		index   string
	}
	searches := []search{
		{"one patient", patient, nil, 51, "fhir_resource_pkey"},
		{"one patient, code and date", patient, []fhir.Filter{code("c3"), date}, 51, "fhir_resource_pkey"},
		{"population, rare code", nil, []fhir.Filter{code("c17")}, 11, "fhir_resource_kind"},
		{"population, frequent code and value", nil, []fhir.Filter{code("c3"), value(fhir.Greater, "2950")}, 5, "(rank "},
		{"population, frequent code and range", nil, []fhir.Filter{code("c3"), value(fhir.Equal, "2943")}, 1, "(rank "},
		{"population, code and value joined", nil, []fhir.Filter{both}, 5, "(rank "},
		{"population, two codes", nil, []fhir.Filter{code("c17", "c18")}, 24, "fhir_resource_kind"},
		{"population, identifier", nil, []fhir.Filter{{Param: "identifier", Kind: fhir.Token, Values: []fhir.Value{{Code: "7"}}}}, 40, "fhir_resource_identifier"},
	}
	explain := func(test search, after fhir.Cursor) {
		t.Helper()
		q := fhir.Query{Type: "Observation", Count: 50, Filters: test.filters, After: after}
		w, _, err := conditions("test", q, test.patient)
		if err != nil {
			t.Fatal(err)
		}
		sql, args, err := w.page(q, false)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(t.Context(), sql, args...)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if rows.Err() != nil || n != test.rows {
			t.Errorf("%s: %d rows, %v", test.name, n, rows.Err())
		}
		rows, err = conn.Query(t.Context(), `explain (costs off) `+sql, args...)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(lines, "\n")
		if strings.Contains(test.name, "code") && (!strings.Contains(plan, "fhir_kind_tokens") || strings.Contains(plan, "Seq Scan on fhir_kind")) {
			t.Errorf("%s: the kinds are not found by their index:\n%s", test.name, plan)
		}
		if strings.HasPrefix(test.index, "(") {
			// What is asked for is in the condition of the index and not only in a filter.
			conditions := ""
			for _, line := range lines {
				if strings.Contains(line, "Index Cond: ((kind_no") {
					conditions += line
				}
			}
			if !strings.Contains(conditions, test.index) {
				t.Errorf("%s: the index is not asked for the value:\n%s", test.name, plan)
			}
			return
		}
		found := false
		for _, index := range strings.Split(test.index, "|") {
			found = found || strings.Contains(plan, index)
		}
		if !found || strings.Contains(plan, "Seq Scan on fhir_resource") || len(after.Keys) > 0 && test.patient == nil && !strings.Contains(plan, "fhir_resource_replaced") {
			t.Errorf("%s does without %s:\n%s", test.name, test.index, plan)
		}
	}
	for _, test := range searches {
		explain(test, fhir.Cursor{})
	}

	// A resource is found by the object that its id says.
	var object uuid.UUID
	if err := conn.QueryRow(t.Context(), `select object_id from version where vo_no = 17 limit 1`).Scan(&object); err != nil {
		t.Fatal(err)
	}
	some := []sought[resourceKey]{{resourceKey: resourceKey{"Observation", "x"}, object: object, says: true}, {resourceKey: resourceKey{"Observation", "y"}}}
	for name, read := range map[string]struct {
		sql  string
		args []any
	}{
		"one":      {resourceSQL, []any{"Observation", "x", object}},
		"several":  {resourcesSQL, keyArgs(some)},
		"anywhere": {anyResourcesSQL, keyArgs(some)},
		"version":  {versionSQL, []any{"Observation", "x", object, int32(1), int16(0)}},
		"versions": {versionsSQL, append(keyArgs(some), []int32{1, 2}, []int16{0, 1})},
	} {
		rows, err := conn.Query(t.Context(), `explain (costs off) `+read.sql, read.args...)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(lines, "\n")
		for _, index := range []string{"version_object", "fhir_resource_pkey", "fhir_content_pkey"} {
			if !strings.Contains(plan, index) {
				t.Errorf("reading %s does without %s:\n%s", name, index, plan)
			}
		}
		if strings.Contains(plan, "Seq Scan on version") || strings.Contains(plan, "Seq Scan on fhir_resource") {
			t.Errorf("reading %s:\n%s", name, plan)
		}
	}

	// The next page shows what the first would have, whatever was corrected since. Many
	// were before.
	exec(`insert into fhir_resource (ehr_no, resource_type, resource_id, ver, vo_no, kind_no, byte_from, byte_len, last_updated, search, rank, identified, superseded, replaced)
		select ehr_no, resource_type, resource_id, 0, vo_no, kind_no, 0, 1, last_updated - interval '1 hour', search, rank, identified, last_updated, pg_current_xact_id()
		from fhir_resource where vo_no % 3 = 0`)
	exec(`analyze fhir_resource`)
	var snapshot string
	if err := conn.QueryRow(t.Context(), `select '0/' || (extract(epoch from now()) * 1000000)::bigint || '/' || pg_current_snapshot()`).Scan(&snapshot); err != nil {
		t.Fatal(err)
	}
	exec(`update fhir_resource set superseded = now(), replaced = pg_current_xact_id() where superseded is null and vo_no in (3, 23, 2953)`)
	for _, test := range searches {
		test.name += ", a later page"
		if test.patient != nil { // nothing has the order of the page if there is much to leave out
			test.index += "|fhir_resource_source"
		}
		explain(test, fhir.Cursor{Keys: []*string{new(string)}, Snapshot: snapshot})
	}
}
