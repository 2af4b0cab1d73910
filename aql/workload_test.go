package aql_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/google/uuid"
)

func shapeOf(t testing.TB, text string) string {
	t.Helper()
	q, err := aql.Compile(text, aql.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return q.Shape()
}

func TestShape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{
			"SELECT c/name/value AS n, 'x' FROM EHR e[ehr_id/value = '7d44b88c-4199-4bad-97dc-d78268e01398'] CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1, 'Visit of Ann'] -- Ann\n" +
				"WHERE c/name/value = 'Ann' AND c/context/start_time/value > '2024-05-01T10:00:00Z' AND c/name/value LIKE 'A*' LIMIT 30 OFFSET 60",
			"SELECT c/name/value AS n, $text1 FROM EHR e[ehr_id/value=$text2] CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1, $text3] " +
				"WHERE c/name/value = $text4 AND c/context/start_time/value > $date_time1 AND c/name/value LIKE $text5 LIMIT 100",
		},
		{
			"SELECT COUNT(*) FROM COMPOSITION c CONTAINS ELEMENT x[archetype_node_id = 'openEHR-EHR-ELEMENT.e.v1' and name/value = 'Ann'] " +
				"WHERE x/value/magnitude > -5.5 AND x/name/value MATCHES {'a', 'b', 'c'} AND x/value/magnitude matches {|1..2|, 5} AND c/name/value matches {/Ann.*/} AND x/value/value = $text1",
			"SELECT COUNT(*) FROM COMPOSITION c CONTAINS ELEMENT x[archetype_node_id='openEHR-EHR-ELEMENT.e.v1' AND name/value=$text2] " +
				"WHERE x/value/magnitude > $number1 AND x/name/value MATCHES {$text3} AND x/value/magnitude MATCHES {$interval1} AND c/name/value LIKE $pattern1 AND x/value/value = $text1",
		},
	} {
		// The exact spacing is that of the tree's own print.
		want := strings.ToLower(strings.Join(strings.Fields(c.want), ""))
		if got := shapeOf(t, c.text); strings.ToLower(strings.Join(strings.Fields(got), "")) != want {
			t.Errorf("shape\n%s\nwant\n%s", got, c.want)
		}
	}
}

// TestShapesHaveNoValues: nothing that stands for a value in a query is in its
// shape, wherever it stands, and other values make no other shape.
func TestShapesHaveNoValues(t *testing.T) {
	t.Parallel()
	text := func(s, n, digits string) string {
		return strings.NewReplacer("at"+digits, "at0001", ".v"+digits, ".v1", "LENGTH("+literal(s), "LENGTH(c/name/value").Replace(
			fmt.Sprintf(everywhere, literal(s), n, "concept", digits, digits[:3]))
	}
	// Regular expressions are left to TestShape: this one is of a path in WHERE.
	a, b := shapeOf(t, text("Zebra Ann", "4711.25", "9876")), shapeOf(t, text("Other Bob", "1234.75", "5432"))
	if a == "" {
		t.Fatal("the query has no shape")
	}
	for _, secret := range []string{"Zebra", "Ann", "4711", "9876"} {
		if strings.Contains(a, secret) {
			t.Errorf("%s is in the shape\n%s", secret, a)
		}
	}
	if !strings.Contains(a, "LIMIT 10000") || strings.Contains(a, "OFFSET") {
		t.Errorf("paging in\n%s", a)
	}
	if a != b {
		t.Errorf("other values, another shape:\n%s\n%s", a, b)
	}
	shaped := 0
	g := &generator{Rand: rand.New(rand.NewPCG(7, 7))}
	for range 300 {
		q, err := aql.Compile(g.query(), aql.Limits{})
		if err != nil {
			continue
		}
		s := q.Shape()
		if s == "" {
			continue
		}
		shaped++
		if strings.Contains(strings.ReplaceAll(s, "'openEHR-", ""), "'") {
			t.Errorf("a text is left in\n%s\n%s", q.Text, s)
		}
		if again := shapeOf(t, s); again == "" {
			t.Errorf("the shape has no shape: %s", s)
		}
	}
	if shaped < 100 {
		t.Errorf("only %d queries have a shape", shaped)
	}
}

func TestWorkload(t *testing.T) {
	t.Parallel()
	var saved []aql.ShapeRuns
	fail := true
	var w *aql.Workload
	target, ehr := newTarget(t, 3, aql.Options{})
	saves, reported := make(chan int, 10), 0
	w = aql.NewWorkload(50*time.Millisecond, func(_ context.Context, list []aql.ShapeRuns) error {
		if fail {
			fail = false
			return errors.New("no database")
		}
		saved = append(saved, list...)
		saves <- len(list)
		return nil
	})
	engine, err := aql.NewEngine(target.Pool(), target, aql.Options{Workload: w})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Collect(ctx, func(error) { reported++ })
	}()
	run := func(text string, id uuid.UUID) {
		t.Helper()
		if err := engine.Run(t.Context(), text, aql.Request{EHR: id}, &collect{}); err != nil {
			t.Fatal(err)
		}
	}
	run("SELECT c/name/value FROM COMPOSITION c WHERE c/name/value = 'C001'", uuid.Nil)
	run("SELECT c/name/value FROM COMPOSITION c WHERE c/name/value = 'C002'", uuid.Nil)
	run("SELECT c/name/value FROM COMPOSITION c", ehr) // of one EHR
	<-saves
	run("SELECT c/name/value FROM COMPOSITION c", uuid.Nil)
	stop()
	<-ended
	if reported != 1 {
		t.Errorf("%d errors were reported", reported)
	}
	rows, runs := int64(0), int64(0)
	for _, s := range saved {
		rows, runs = rows+s.Rows, runs+s.Runs
		if strings.Contains(s.Text, "C00") || s.Total <= 0 || s.Max > s.Total || s.Last.Before(s.First) {
			t.Errorf("%+v", s)
		}
	}
	if runs != 3 || rows != 5 {
		t.Errorf("%d runs with %d rows, want 3 with 5", runs, rows)
	}
}
