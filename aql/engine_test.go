package aql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/aqltest/pgtarget"
	"github.com/cairn-ehr/cairn/aql/exec"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// collect keeps the rows of a result as text.
type collect struct {
	columns []aql.Column
	rows    []string
	fail    error // given by Row
}

func (c *collect) Begin(columns []aql.Column) error { c.columns = columns; return nil }

func (c *collect) Row(cells [][]byte) error {
	var parts []string
	for _, cell := range cells {
		if cell == nil {
			cell = []byte("null")
		}
		parts = append(parts, string(cell))
	}
	c.rows = append(c.rows, strings.Join(parts, "|"))
	return c.fail
}

func newEmpty(t testing.TB, opt aql.Options) *pgtarget.Target {
	t.Helper()
	target, err := pgtarget.New(pgtest.Database(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// newTarget is a database with one EHR that holds n small compositions.
func newTarget(t testing.TB, n int, opt aql.Options) (*pgtarget.Target, uuid.UUID) {
	t.Helper()
	target := newEmpty(t, opt)
	id := uuid.New()
	status := rm.Object("EHR_STATUS", rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
	if err := target.CreateEHR(t.Context(), aqltest.EHR{ID: id, Status: status, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		element := rm.Object("ELEMENT", rm.Child("name", rm.Text("Count")), rm.Str("archetype_node_id", "at0002"),
			rm.Child("value", rm.Object("DV_COUNT", rm.Int("magnitude", int64(i)))))
		tree := rm.Object("ITEM_TREE", rm.Child("name", rm.Text("Tree")), rm.Str("archetype_node_id", "at0001"), rm.Child("items", element))
		entry := rm.Object("EVALUATION", rm.Child("name", rm.Text("Entry")), rm.Str("archetype_node_id", "openEHR-EHR-EVALUATION.count.v1"), rm.Child("data", tree))
		c := rm.Object("COMPOSITION", rm.Child("name", rm.Text(fmt.Sprintf("C%03d", i))),
			rm.Str("archetype_node_id", "openEHR-EHR-COMPOSITION.report.v1"), rm.Child("content", entry))
		if err := target.Commit(t.Context(), aqltest.Version{EHR: id, Object: uuid.New(), Number: 1, Content: c, Committed: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	return target, id
}

func TestRunReportsTheLimitsOfAResult(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 10, aql.Options{MaxRows: 5})
	engine := target.Engine()
	var got collect
	err := engine.Run(t.Context(), "SELECT c/name/value FROM COMPOSITION c", aql.Request{}, &got)
	if !errs.Is(err, errs.TooLarge) || !strings.Contains(err.Error(), "more than 5 rows") || len(got.rows) != 5 {
		t.Errorf("%d rows, error %v", len(got.rows), err)
	}
	for _, q := range []string{"SELECT c FROM COMPOSITION c LIMIT 5", "SELECT TOP 5 c FROM COMPOSITION c"} {
		got = collect{}
		if err := engine.Run(t.Context(), q, aql.Request{}, &got); err != nil || len(got.rows) != 5 {
			t.Errorf("%s: %d rows, error %v", q, len(got.rows), err)
		}
	}
	got = collect{}
	if err := engine.Run(t.Context(), "SELECT TOP 6 c FROM COMPOSITION c", aql.Request{}, &got); !errs.Is(err, errs.TooLarge) {
		t.Errorf("TOP 6: %v", err)
	}

	target, _ = newTarget(t, 3, aql.Options{MaxBytes: 300})
	err = target.Engine().Run(t.Context(), "SELECT c FROM COMPOSITION c", aql.Request{}, &collect{})
	if !errs.Is(err, errs.TooLarge) || !strings.Contains(err.Error(), "more than 300 bytes") {
		t.Errorf("bytes: %v", err)
	}
}

func TestRunStopsAtTheTimeLimit(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 25, aql.Options{Timeout: 50 * time.Millisecond})
	// 25 to the sixth combinations.
	q := "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION a AND COMPOSITION b AND COMPOSITION c AND COMPOSITION d AND COMPOSITION f AND COMPOSITION g"
	err := target.Engine().Run(t.Context(), q, aql.Request{}, &collect{})
	if !errs.Is(err, errs.Timeout) || !strings.Contains(err.Error(), "longer than the limit of 50ms") {
		t.Errorf("error %v", err)
	}
	if err := target.Engine().Run(t.Context(), "SELECT COUNT(*) FROM EHR e", aql.Request{}, &collect{}); err != nil {
		t.Errorf("after a timeout: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 25, aql.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	q := "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION a AND COMPOSITION b AND COMPOSITION c AND COMPOSITION d AND COMPOSITION f AND COMPOSITION g"
	if err := target.Engine().Run(ctx, q, aql.Request{}, &collect{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestRunGivesTheErrorOfTheSink(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 5, aql.Options{})
	stop := errors.New("stop")
	got := collect{fail: stop}
	err := target.Engine().Run(t.Context(), "SELECT c FROM COMPOSITION c", aql.Request{}, &got)
	if err != stop || len(got.rows) != 1 {
		t.Errorf("%d rows, error %v", len(got.rows), err)
	}
}

func TestRunCannotWrite(t *testing.T) {
	t.Parallel()
	pool := pgtest.Database(t)
	err := exec.Run(t.Context(), pool, exec.Query{SQL: "insert into concept (archetype_id, rm_type) values ('a', 'b') returning 'x'"},
		func([][]byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "read-only transaction") {
		t.Errorf("error %v", err)
	}
	if errs.As(err).Msg != "the query could not be executed" {
		t.Errorf("message %q", errs.As(err).Msg)
	}
	// The connection is as it was.
	if _, err := pool.Exec(t.Context(), "insert into concept (archetype_id, rm_type) values ('a', 'b')"); err != nil {
		t.Error(err)
	}
}

func TestRunInTheContextOfAnEHR(t *testing.T) {
	t.Parallel()
	target, id := newTarget(t, 3, aql.Options{})
	for ehr, want := range map[uuid.UUID]string{id: "3", uuid.New(): "0"} {
		var got collect
		if err := target.Engine().Run(t.Context(), "SELECT COUNT(*) FROM COMPOSITION c", aql.Request{EHR: ehr}, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.rows) != 1 || got.rows[0] != want {
			t.Errorf("%v, want %s", got.rows, want)
		}
	}
}

// An archetype that is stored after a query was compiled is found.
func TestCompiledQueriesSeeNewArchetypes(t *testing.T) {
	t.Parallel()
	target, id := newTarget(t, 0, aql.Options{})
	q := "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.new.v1]"
	var got collect
	if err := target.Engine().Run(t.Context(), q, aql.Request{}, &got); err != nil {
		t.Fatal(err)
	}
	c := rm.Object("COMPOSITION", rm.Child("name", rm.Text("New")), rm.Str("archetype_node_id", "openEHR-EHR-COMPOSITION.new.v1"))
	if err := target.Commit(t.Context(), aqltest.Version{EHR: id, Object: uuid.New(), Number: 1, Content: c, Committed: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := target.Engine().Run(t.Context(), q, aql.Request{}, &got); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got.rows, " ") != "0 1" {
		t.Errorf("%v", got.rows)
	}
}

func TestErrorsCarryTheirProblems(t *testing.T) {
	t.Parallel()
	_, err := aql.Compile("SELECT d/name FROM COMPOSITION c ORDER BY c/nam", aql.Limits{})
	e := errs.As(err)
	if e == nil || e.Kind != errs.Invalid || e.Code != "name.unknown" {
		t.Fatalf("error %v", err)
	}
	if want := "AQL: line 1, column 8: FROM defines no variable d, did you mean c? (and 1 more)"; e.Msg != want {
		t.Errorf("message %q\nwant %q", e.Msg, want)
	}
	problems := e.Detail.([]aql.Problem)
	if len(problems) != 2 || problems[1].Snippet != "SELECT d/name FROM COMPOSITION c ORDER BY c/nam\n                                            ^^^" {
		t.Errorf("problems %+v", problems)
	}
}

func TestColumnsAndParameters(t *testing.T) {
	t.Parallel()
	_, err := aql.Compile("SELECT c/name/value AS n, c[name/value=$b]/uid/value, COUNT(*) FROM COMPOSITION c WHERE c/name/value = $a", aql.Limits{})
	if err == nil {
		t.Fatal("a path beside an aggregate was accepted")
	}
	q, err := aql.Compile("SELECT c/name/value AS n, c[name/value=$b]/uid/value, 1 FROM COMPOSITION c WHERE c/name/value = $a AND c/name/value != $b", aql.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(q.Columns()); got != "[{n /name/value} {#1 [name/value = $b]/uid/value} {#2 }]" {
		t.Errorf("columns %s", got)
	}
	if got := fmt.Sprint(q.Params()); got != "[b a]" {
		t.Errorf("parameters %s", got)
	}
}

const benchQuery = `SELECT e/ehr_id/value, c/context/start_time/value AS t,
  o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude AS sys,
  o/data[at0001]/events[at0006]/data[at0003]/items[at0005]/value/magnitude AS dia
FROM EHR e CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1]
  CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]
WHERE o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude >= $sys
ORDER BY c/context/start_time/value DESC LIMIT 10`

// known is a catalog in which every archetype has the number 1.
type known struct{}

func (known) Concept(context.Context, string) (int32, bool, error) { return 1, true, nil }

func BenchmarkCompileAndBind(b *testing.B) {
	r := aql.Request{Params: map[string]any{"sys": json.Number("140")}}
	for b.Loop() {
		q, err := aql.Compile(benchQuery, aql.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := q.SQL(b.Context(), r, known{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCachedAndBind(b *testing.B) {
	engine, err := aql.NewEngine(nil, known{}, aql.Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := aql.Request{Params: map[string]any{"sys": json.Number("140")}}
	for b.Loop() {
		q, err := engine.Compile(benchQuery)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := q.SQL(b.Context(), r, known{}); err != nil {
			b.Fatal(err)
		}
	}
}
