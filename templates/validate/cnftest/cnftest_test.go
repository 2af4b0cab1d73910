package cnftest

import (
	"fmt"
	"testing"
)

// TestDecisionTables runs every row and compares the answer with the
// schedule's, or with the one that was judged right.
func TestDecisionTables(t *testing.T) {
	t.Parallel()
	tables, reasons, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	rows := 0
	for i := range tables {
		table := &tables[i]
		t.Run(table.ID, func(t *testing.T) {
			for _, row := range table.Rows {
				rows++
				place := fmt.Sprintf("%s.tsv:%d: %s | %s", table.File, row.Line, row.Value, row.Constraint)
				r, err := table.Run(row)
				switch {
				case err != nil:
					t.Errorf("%s: %v", place, err)
				case row.Reason != "":
					used[row.Reason] = true
					if reasons[row.Reason].Text == "" {
						t.Errorf("%s: there is no reason %q", place, row.Reason)
					}
					if r.Agrees(row) {
						t.Errorf("%s: Cairn agrees now: %s", place, r.Answer())
					} else if reasons[row.Reason].Kind == "more" && r.Verdict != row.Expected {
						t.Errorf("%s: the reason %q is for rows with the same verdict", place, row.Reason)
					} else if r.Answer() != row.Answer {
						t.Errorf("%s: got %s, want %s", place, r.Answer(), row.Answer)
					}
				case !r.Agrees(row):
					t.Errorf("%s: got %s, want %s; not reported: %v, not expected: %v", place, r.Answer(), row.Expected, r.Unmet, r.Other)
				}
			}
		})
	}
	if rows != 1375 {
		t.Errorf("%d rows, not the 1375 of the schedule", rows)
	}
	for key := range reasons {
		if !used[key] {
			t.Errorf("the reason %q explains nothing", key)
		}
	}
}
