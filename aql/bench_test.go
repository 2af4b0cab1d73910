package aql_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/aqltest/pgtarget"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// benchSize is the number of compositions; a tenth of that of EHRs.
const benchSize = 4000

// benchTarget fills a database with blood pressure and laboratory compositions
// in equal parts, copies that differ in time and magnitude.
func benchTarget(b testing.TB, pool *pgxpool.Pool) (*pgtarget.Target, uuid.UUID) {
	target, err := pgtarget.New(pool, aql.Options{Timeout: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	id := uuid.New()
	status := rm.Object("EHR_STATUS", rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
	if err := target.CreateEHR(b.Context(), aqltest.EHR{ID: id, Status: status, Created: time.Now()}); err != nil {
		b.Fatal(err)
	}
	for i, file := range []string{"bp.json", "lab.json"} {
		data, err := os.ReadFile("aqltest/testdata/compositions/" + file)
		if err != nil {
			b.Fatal(err)
		}
		n, problems := rm.DecodeJSON(data, nil, rm.JSONOptions{Incomplete: true})
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		// Grow it to about the size of a real composition, 18 KB.
		entries := n.List("content")
		for len(rm.AppendJSON(nil, n)) < 18000 {
			filler := rm.Object("EVALUATION", rm.Child("name", rm.Text("Filler")), rm.Str("archetype_node_id", "openEHR-EHR-EVALUATION.filler.v1"),
				rm.Child("data", rm.Object("ITEM_TREE", rm.Child("name", rm.Text("Tree")), rm.Str("archetype_node_id", "at0001"),
					rm.Child("items", elements(12)...))))
			entries = append(entries, filler)
			n = n.With("content", entries...)
		}
		n = n.With("uid", rm.ID("OBJECT_VERSION_ID", "x"))
		if err := target.Commit(b.Context(), aqltest.Version{EHR: id, Object: uuid.New(), Number: 1, Content: n, Committed: time.Now().Add(time.Duration(i) * time.Second)}); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := pool.Exec(b.Context(), `
		insert into ehr (ehr_id, system_id, time_created, is_queryable, is_modifiable, status_object, status_system, status_ver, access_object)
		select gen_random_uuid(), 'x', now(), true, true, gen_random_uuid(), 'x', 1, gen_random_uuid() from generate_series(2, $1::int / 10)`, benchSize); err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), `
		with c as (
			select v.*, d.content, g, 1 + (g % ($1::int / 10)) as to_ehr, 1000 + g * 2 + v.vo_no as to_vo
			from version v join document d using (ehr_no, vo_no, ver), generate_series(1, $1::int / 2 - 1) g where v.kind = 1
		), vs as (
			insert into version (ehr_no, vo_no, ver, kind, object_id, creating_system, contribution_id, root_concept, lifecycle_state, change_type,
				audit_system_id, committer, time_committed, concepts)
			select to_ehr, to_vo, 1, 1, gen_random_uuid(), creating_system, contribution_id, root_concept, lifecycle_state, change_type,
				audit_system_id, committer, time_committed, concepts from c
		)
		insert into document (ehr_no, vo_no, ver, content, raw)
		select to_ehr, to_vo, 1, jsonb_set(jsonb_set(content, '{content,0,data,events,0,data,items,0,value,magnitude}', to_jsonb(90 + g % 100), false),
			'{context,start_time,value}', to_jsonb(to_char(timestamp '2020-01-01' + make_interval(hours => g), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))), ''
		from c`, benchSize); err != nil {
		b.Fatal(err)
	}
	// The copies are not in the node index.
	if _, err := pool.Exec(b.Context(), "update node_state set complete = false, generation = generation + 1"); err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), "vacuum analyze"); err != nil {
		b.Fatal(err)
	}
	return target, id
}

func elements(n int) []*rm.Node {
	var out []*rm.Node
	for range n {
		out = append(out, rm.Object("ELEMENT", rm.Child("name", rm.Text("Some element")), rm.Str("archetype_node_id", "at0099"),
			rm.Child("value", rm.CodedText("Some coded text", "SNOMED-CT", "123456789"))))
	}
	return out
}

const (
	bp       = "CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1] CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2] "
	systolic = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
)

var benchQueries = []struct{ name, text string }{
	{"one_ehr_latest_10", "SELECT c/context/start_time/value, " + systolic + " FROM EHR e[ehr_id/value=$ehr] " + bp + "ORDER BY c/context/start_time/value DESC LIMIT 10"},
	{"one_ehr_objects", "SELECT c FROM EHR e[ehr_id/value=$ehr] CONTAINS COMPOSITION c"},
	{"population_count_where", "SELECT COUNT(*) FROM EHR e " + bp + "WHERE " + systolic + " > 160"},
	{"population_count_compositions", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1]"},
	{"population_not_contains", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c NOT CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]"},
	{"population_coded_value", "SELECT e/ehr_id/value, k/items[at0001]/value/magnitude FROM EHR e CONTAINS COMPOSITION c CONTAINS CLUSTER k[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1] WHERE k/items[at0024]/value/defining_code/code_string = '718-7'"},
	{"population_elements", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS ELEMENT x WHERE x/value/magnitude > 160"},
}

// BenchmarkDocumentPlan measures statements on 4,000 compositions of 18 KB.
func BenchmarkDocumentPlan(b *testing.B) {
	target, id := benchTarget(b, pgtest.Database(b))
	for _, q := range benchQueries {
		b.Run(q.name, func(b *testing.B) {
			req := aql.Request{Params: map[string]any{"ehr": id.String(), "n": json.Number("160")}}
			for b.Loop() {
				var got collect
				if err := target.Engine().Run(b.Context(), q.text, req, &got); err != nil {
					b.Fatal(err)
				}
				if len(got.rows) == 0 || strings.HasPrefix(got.rows[0], "0") {
					b.Fatalf("rows %v", got.rows)
				}
			}
		})
	}
}
