package store

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

// TestHotStatementsUseTheirIndexes explains the prepared form of the
// statements that every request runs, on a database large enough for the
// planner to care.
func TestHotStatementsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	conn, err := pgtest.Database(t).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`insert into ehr (ehr_id, system_id, time_created, is_queryable, is_modifiable, subject_id, subject_namespace,
			status_object, status_system, status_ver, access_object)
		select gen_random_uuid(), 's', now(), true, true, 'p' || i, 'ns', gen_random_uuid(), 's', 1, gen_random_uuid()
		from generate_series(1, 1000) i`)
	exec(`insert into version (ehr_no, vo_no, ver, kind, object_id, creating_system, contribution_id, lifecycle_state, change_type,
			audit_system_id, committer, time_committed, time_superseded)
		select e.ehr_no, e.ehr_no * 100 + o, v, 1, ('00000000-0000-0000-0000-' || lpad((e.ehr_no * 100 + o)::text, 12, '0'))::uuid, 's', gen_random_uuid(), 532, 249,
			's', '{}', now() + v * interval '1 s', case v when 2 then null else now() end
		from ehr e, generate_series(1, 20) o, generate_series(1, 2) v`)
	exec(`insert into document select ehr_no, vo_no, ver, '{}', '' from version`)
	exec(`insert into fhir_resource (ehr_no, resource_type, resource_id, ver, vo_no, kind_no, last_updated, byte_from, byte_len)
		select ehr_no, 'Observation', vo_no::text, 1, vo_no, 1, now(), 0, 1 from version where ver = 1`)
	exec(`analyze ehr, version, document, fhir_resource`)
	exec(`set plan_cache_mode = force_generic_plan`)

	for _, test := range []struct {
		name, sql, args string
		indexes         []string
	}{
		{"EHR by id", ehrSQL, `('00000000-0000-0000-0000-000000000000')`, []string{"ehr_ehr_id_key"}},
		{"EHR by subject", ehrBySubjectSQL, `('p1', 'ns')`, []string{"ehr_subject"}},
		{"latest version", versionLatestSQL.ehr, `(gen_random_uuid(), 1, gen_random_uuid())`, []string{"ehr_ehr_id_key", "version_object", "document_pkey"}},
		{"version at a time", versionAtSQL.ehr, `(gen_random_uuid(), 1, gen_random_uuid(), now())`, []string{"ehr_ehr_id_key", "version_object", "document_pkey"}},
		{"version by number", versionTrunkSQL.ehr, `(gen_random_uuid(), 1, gen_random_uuid(), 1)`, []string{"ehr_ehr_id_key", "version_object", "document_pkey"}},
		{"latest party", versionLatestSQL.demographics, `('00000000-0000-0000-0000-000000000000', 8, gen_random_uuid())`, []string{"version_object", "document_pkey"}},
		{"latest EHR_STATUS", singleLatestSQL, `(gen_random_uuid(), 2)`, []string{"ehr_ehr_id_key", "version_object", "document_pkey"}},
		{
			"version to replace", `select * from version where ehr_no = $1 and object_id = $2 and ver = $3 - 1 for no key update`,
			`(1, gen_random_uuid(), 2)`,
			[]string{"version_object"},
		},
		{
			"resources to supersede", `select * from fhir_resource where ehr_no = $1 and vo_no = $2 and superseded is null`,
			`(1, 101)`,
			[]string{"fhir_resource_source"},
		},
	} {
		exec(`prepare hot as ` + test.sql)
		rows, err := conn.Query(t.Context(), `explain (costs off) execute hot `+test.args)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		exec(`deallocate hot`)
		plan := strings.Join(lines, "\n")
		if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") {
			t.Errorf("%s scans or sorts:\n%s", test.name, plan)
		}
		for _, index := range test.indexes {
			if !strings.Contains(plan, index) {
				t.Errorf("%s does without %s:\n%s", test.name, index, plan)
			}
		}
	}
}
