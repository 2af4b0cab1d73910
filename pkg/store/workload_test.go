package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/aql"
)

// TestShapesAddUp: what two servers save is added, the slowest run kept, and the
// number of shapes bounded.
func TestShapesAddUp(t *testing.T) {
	t.Parallel()
	s := open(t)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	a := aql.ShapeRuns{Text: "A", Runs: 2, Rows: 10, Total: 30 * time.Millisecond, Max: 20 * time.Millisecond, First: at, Last: at.Add(time.Minute)}
	b := aql.ShapeRuns{Text: "A", Runs: 1, Rows: 5, Total: 25 * time.Millisecond, Max: 25 * time.Millisecond, First: at.Add(time.Hour), Last: at.Add(time.Hour)}
	other := aql.ShapeRuns{Text: "B", Runs: 1, Total: time.Second, Max: time.Second, First: at, Last: at.Add(2 * time.Hour)}
	for _, list := range [][]aql.ShapeRuns{{a, other}, {b}} {
		if err := s.SaveShapes(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Shapes(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	sum := aql.ShapeRuns{Text: "A", Runs: 3, Rows: 15, Total: 55 * time.Millisecond, Max: 25 * time.Millisecond, First: at, Last: at.Add(time.Hour)}
	if diff := cmp.Diff([]aql.ShapeRuns{other, sum}, []aql.ShapeRuns{got[0].ShapeRuns, got[1].ShapeRuns}); diff != "" {
		t.Error(diff)
	}
	var many []aql.ShapeRuns
	for i := range 1005 {
		many = append(many, aql.ShapeRuns{Text: fmt.Sprint(i), Runs: 1, First: at, Last: at.Add(time.Duration(i+200) * time.Minute)})
	}
	if err := s.SaveShapes(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Shapes(t.Context()); err != nil || len(got) != 1000 {
		t.Errorf("%d shapes, %v", len(got), err)
	}
	for _, x := range got {
		if x.Text == "A" {
			t.Error("the shape that was not run for the longest time is kept")
		}
	}
	if err := s.ForgetShapes(t.Context()); err != nil {
		t.Error(err)
	}
	if got, err = s.Shapes(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%d shapes are left, %v", len(got), err)
	}
}
