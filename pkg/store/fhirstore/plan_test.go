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
// are the candidates, in the population those with a token.
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
	exec(`insert into fhir_resource (ehr_no, resource_type, resource_id, version_id, vo_no, ver, source, mapping, mapping_version, last_updated, content, search, ranges)
		select ehr_no, 'Observation', md5(ehr_no || '-' || i), 1, i, 1, 's', 'm', '1', now(), '{}',
			jsonb_build_object('Observation', jsonb_build_object(
				'code', jsonb_build_array(jsonb_build_object('s', 'http://loinc.org', 'c', 'c' || i % 10)),
				'subject', jsonb_build_array(jsonb_build_object('c', 'Patient/' || ehr_no)))),
			jsonb_build_object('date', jsonb_build_array(jsonb_build_object('l', i * 1000000000::bigint, 'h', i * 1000000000::bigint + 1000000)))
		from ehr, generate_series(1, case ehr_no when 200 then 3000 else 40 end) i`)
	exec(`analyze ehr, fhir_resource`)
	exec(`set plan_cache_mode = force_generic_plan`)

	patient := []uuid.UUID{uuid.MustParse("00000000-0000-0000-0000-000000000200")}
	code := fhir.Filter{Param: "code", Kind: fhir.Token, Values: []fhir.Value{{HasSystem: true, System: "http://loinc.org", Code: "c3"}}}
	date := fhir.Filter{Param: "date", Kind: fhir.Date, Values: []fhir.Value{{Prefix: fhir.Greater, Low: time.Unix(0, 0), High: time.Unix(1_500_000, 0)}}}
	for _, test := range []struct {
		name    string
		patient []uuid.UUID
		filters []fhir.Filter
		rows    int
		index   string
	}{
		{"one patient", patient, nil, 51, "fhir_resource_type|fhir_resource_source"},
		{"one patient, code and date", patient, []fhir.Filter{code, date}, 51, "fhir_resource_type|fhir_resource_source"},
		// A tenth of all resources has it: in the order of ids a page is soon full.
		{"population, frequent code", nil, []fhir.Filter{code}, 51, "fhir_resource_pkey"},
		{"population, subject", nil, []fhir.Filter{{Param: "subject", Kind: fhir.Reference, Values: []fhir.Value{{Code: "Patient/7"}}}}, 40, "fhir_resource_search"},
		{"population, two subjects", nil, []fhir.Filter{{Param: "subject", Kind: fhir.Reference, Values: []fhir.Value{{Code: "Patient/7"}, {Code: "Patient/none"}}}}, 40, "fhir_resource_search"},
	} {
		q := fhir.Query{Type: "Observation", Count: 50, Filters: test.filters}
		w, err := conditions("test", q, test.patient)
		if err != nil {
			t.Fatal(err)
		}
		sql, args := w.page(q)
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
		found := false
		for _, index := range strings.Split(test.index, "|") {
			found = found || strings.Contains(plan, index)
		}
		if !found || strings.Contains(plan, "Seq Scan on fhir_resource") {
			t.Errorf("%s does without %s:\n%s", test.name, test.index, plan)
		}
	}
}
