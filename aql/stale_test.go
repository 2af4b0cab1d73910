package aql_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/aqltest/pgtarget"
	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// processes are two programs on one database, with an EHR.
func processes(t *testing.T) (here, there *pgtarget.Target, ehr uuid.UUID) {
	t.Helper()
	pool := pgtest.Database(t)
	here, err := pgtarget.New(pool, aql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if there, err = pgtarget.New(pool, aql.Options{}); err != nil {
		t.Fatal(err)
	}
	ehr = uuid.New()
	status := rm.Object("EHR_STATUS", rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
	if err := there.CreateEHR(t.Context(), aqltest.EHR{ID: ehr, Status: status, Created: refCreated}); err != nil {
		t.Fatal(err)
	}
	return here, there, ehr
}

// TestStructuresOfAnotherProcess: a process whose registry is behind finds what
// another one has stored in structures that it does not know.
func TestStructuresOfAnotherProcess(t *testing.T) {
	t.Parallel()
	here, there, ehr := processes(t)
	const text = "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS CLUSTER k[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1]"
	count := func() (string, string) {
		t.Helper()
		var got collect
		if err := here.Engine().Run(t.Context(), text, aql.Request{}, &got); err != nil {
			t.Fatal(err)
		}
		x, err := here.Engine().Explain(t.Context(), text, aql.Request{}, false)
		if err != nil {
			t.Fatal(err)
		}
		return got.rows[0], x.Strategy
	}
	if n, how := count(); n != "0" || how != "node index" {
		t.Fatalf("%s rows by %s", n, how)
	}
	data, err := os.ReadFile("aqltest/testdata/compositions/lab.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := there.Commit(t.Context(), aqltest.Version{EHR: ehr, Object: uuid.New(), Number: 1, Content: decodeComposition(t, data), Committed: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if n, how := count(); n != "2" || how != "node index" {
		t.Errorf("%s rows by %s after another process has stored two", n, how)
	}
	// An index that has gaps is not used, whatever this process believes.
	if _, err := here.Pool().Exec(t.Context(), "delete from node; update node_state set complete = false"); err != nil {
		t.Fatal(err)
	}
	if n, how := count(); n != "2" || how != "document" {
		t.Errorf("%s rows by %s from an index that is not complete", n, how)
	}
}

// TestWhatWasAlwaysThere: a statement that relies on every observation having
// had an event, and every element a value, is given up when another process
// stores one without.
func TestWhatWasAlwaysThere(t *testing.T) {
	t.Parallel()
	here, there, ehr := processes(t)
	const event = `, "events": [{"_type": "POINT_EVENT", "name": {"value": "E"}, "archetype_node_id": "at0006", "data": {"_type": "ITEM_TREE", "name": {"value": "T"},
		"archetype_node_id": "at0003", "items": [{"_type": "ELEMENT", "name": {"value": "S"}, "archetype_node_id": "at0004"%s}]}}]`
	const value = `, "value": {"_type": "DV_QUANTITY", "magnitude": 120, "units": "mm[Hg]"}`
	commit := func(events string) {
		t.Helper()
		n := decodeComposition(t, []byte(`{"_type": "COMPOSITION", "name": {"value": "C"}, "archetype_node_id": "openEHR-EHR-COMPOSITION.encounter.v1", "content": [
			{"_type": "OBSERVATION", "name": {"value": "O"}, "archetype_node_id": "openEHR-EHR-OBSERVATION.blood_pressure.v2",
			"data": {"name": {"value": "H"}, "archetype_node_id": "at0001"`+events+`}}]}`))
		if err := there.Commit(t.Context(), aqltest.Version{EHR: ehr, Object: uuid.New(), Number: 1, Content: n, Committed: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	const from = " FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]"
	average := "SELECT COUNT(*), AVG(o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude)" + from
	elements := "SELECT COUNT(*)" + from + " CONTAINS ELEMENT x[at0004]"
	without := "SELECT COUNT(*)" + from + " NOT CONTAINS ELEMENT x[at0004]"
	check := func(text, rows, strategy string, outer bool) {
		t.Helper()
		for _, r := range []aql.Request{{}, {Strategy: aql.Documents}} {
			var got collect
			if err := here.Engine().Run(t.Context(), text, r, &got); err != nil {
				t.Fatal(err)
			}
			if len(got.rows) != 1 || got.rows[0] != rows {
				t.Errorf("%s\nrows %v, want %s", text, got.rows, rows)
			}
		}
		x, err := here.Engine().Explain(t.Context(), text, aql.Request{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if x.Strategy != strategy || strings.Contains(x.SQL, "left join node") != outer {
			t.Errorf("%s\nby %s, %s\n%s", text, x.Strategy, x.Reason, x.SQL)
		}
	}
	commit(fmt.Sprintf(event, value))
	check(average, "1|120.0000000000000000", "node index", false)
	check(elements, "1", "node index", false)
	check(without, "0", "node index", false)
	commit("")
	check(average, "2|120.0000000000000000", "node index", true)
	check(elements, "1", "node index", false)
	check(without, "1", "node index", false)
	commit(fmt.Sprintf(event, ""))
	check(elements, "2", "document", false)
	check(without, "1", "document", false)
	check(average, "3|120.0000000000000000", "node index", true)
}

// TestInstantIsTheSQLFunction compares the two functions that read dates.
func TestInstantIsTheSQLFunction(t *testing.T) {
	t.Parallel()
	pool := pgtest.Database(t)
	r := rand.New(rand.NewPCG(7, 7))
	texts := []string{
		"", "2019", "2019-05", "201905", "20190503", "2019-05-03", "2019-02-31", "20190503T101112", "2019-05-03T10", "2019-05-03T10:11", "2019-05-03T10:11:12,5Z",
		"1969-12-31T23:59:59.25", "1969-12-31T23:59:59.000", "0001-01-01T00:00:00.5+14:00", "2019-05-03t10:11:12z", "2019-05-03 10:11:12", "2019-05-03T10:11:12+0530", "2019-05-03T10:11:12+05",
		"2019-05-03T10:11:12.", "2019-05-03T10:11:12.5.5", "2019-05-03T10:11:12-", "2019-99-99T99:99:99-99:99", "x", "2019-05-03T10:11:12.123456789012345678901234567890Z",
	}
	for range 3000 {
		b := []byte(fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", r.IntN(3000), r.IntN(14), r.IntN(33), r.IntN(26), r.IntN(62), r.IntN(62)))
		if r.IntN(2) == 0 {
			b = fmt.Appendf(b, ".%0*d", 1+r.IntN(6), r.IntN(10))
		}
		b = append(b, []string{"", "Z", "+01:00", "-11:30", "+0100"}[r.IntN(5)]...)
		if r.IntN(3) == 0 {
			b = b[:r.IntN(len(b)+1)]
		}
		if r.IntN(4) == 0 && len(b) > 0 {
			b[r.IntN(len(b))] = "0123456789TZ:-+., "[r.IntN(18)]
		}
		texts = append(texts, string(b))
	}
	rows, err := pool.Query(t.Context(), "select t, coalesce(trim_scale(aql_datetime(t))::text, '') from unnest($1::text[]) as t", texts)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	read := 0
	for rows.Next() {
		var text, want string
		if err := rows.Scan(&text, &want); err != nil {
			t.Fatal(err)
		}
		got := nodeindex.Instant(text)
		if strings.Contains(got, ".") {
			got = strings.TrimRight(strings.TrimRight(got, "0"), ".")
		}
		if got != want {
			t.Errorf("%q is %q in Go, %q in SQL", text, got, want)
		}
		if want != "" {
			read++
		}
	}
	if err := rows.Err(); err != nil || read < 1000 {
		t.Errorf("%d read, %v", read, err)
	}
}
