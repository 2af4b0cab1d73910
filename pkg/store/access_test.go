package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// The record of accesses is kept by months, which are made when they are needed
// and deleted when they are over and old enough.
func TestAccessMonths(t *testing.T) {
	t.Parallel()
	s := open(t)
	at := func(month time.Month, day int) time.Time {
		return time.Date(2025, month, day, 23, 30, 0, 1000, time.UTC)
	}
	list := []ehr.Access{
		{At: at(1, 31), Door: "fhir", Interaction: "read", Action: "R", Subject: "Patient", Object: "Patient/x", EHR: uuid.New(), Actor: ehr.Actor{ID: "a", Purpose: "TREAT"}, Status: 200, RequestID: "r"},
		{At: at(2, 1), Interaction: "lost", Action: "E", Lost: 3},
		{At: at(4, 30), Door: "openehr", Interaction: "operation", Action: "E", Subject: "AQL", EHRNo: 1 << 40, Actor: ehr.Actor{ID: "b"}, Status: 403},
	}
	for range 2 {
		if err := s.SaveAccesses(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (months []string) {
		t.Helper()
		rows, err := s.Pool().Query(t.Context(), `select tableoid::regclass::text || ' ' || count(*) || ' ' || count(ehr_id) || ' ' || sum(lost) from access group by tableoid order by 1`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			months = append(months, line)
		}
		return months
	}
	all := []string{"access_2025_01 2 2 0", "access_2025_02 2 0 6", "access_2025_04 2 0 0"}
	if diff := cmp.Diff(all, left()); diff != "" {
		t.Error(diff)
	}
	for _, step := range []struct {
		before time.Time
		n      int
	}{{at(1, 31), 0}, {time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), 2}, {at(4, 30), 0}} {
		if n, err := s.DropAccesses(t.Context(), step.before); err != nil || n != step.n {
			t.Errorf("before %v: %d, %v", step.before, n, err)
		}
	}
	if diff := cmp.Diff(all[2:], left()); diff != "" {
		t.Error(diff)
	}
	// A month that was dropped comes back with the next entry of it.
	if err := s.SaveAccesses(t.Context(), list[:1]); err != nil {
		t.Fatal(err)
	}
	if got := left(); len(got) != 2 {
		t.Errorf("%v", got)
	}
}
