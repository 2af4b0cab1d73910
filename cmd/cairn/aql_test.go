package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestAQLCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a database")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	succeed(t, "migrate", "up", "--data-dir", dir)
	query := write(t, t.TempDir(), "q.aql", "SELECT COUNT(*) AS n, $x AS x FROM EHR e WHERE e/ehr_id/value != $id")
	if got := succeed(t, "aql", "run", "--data-dir", dir, "--header", "-p", "x=5", "-p", "$id=me", "@"+query); got != "[\"n\",\"x\"]\n[0, 5]\n" {
		t.Errorf("rows %q", got)
	}
	if got := succeed(t, "aql", "explain", "--data-dir", dir, "-p", "x=5", "-p", "id=me", "@"+query); !strings.Contains(got, "strategy\n  document") || !strings.Contains(got, "steps\n") {
		t.Errorf("explanation\n%s", got)
	}
	var x struct {
		SQL   string
		Steps []struct {
			Actual *float64 `json:"actual_rows"`
		}
	}
	out := succeed(t, "aql", "explain", "--data-dir", dir, "--json", "--analyze", "--as-of", "2024-05-01T12:00:00Z", "SELECT e FROM EHR e")
	if err := json.Unmarshal([]byte(out), &x); err != nil || len(x.Steps) == 0 || x.Steps[0].Actual == nil || !strings.Contains(x.SQL, "time_created <=") {
		t.Errorf("%v\n%s", err, out)
	}
	failing(t, "SELECT c FORM EHR e\n         ^^^^", "aql", "run", "--data-dir", dir, "SELECT c FORM EHR e")
	failing(t, "parameter $id: no value is given", "aql", "run", "--data-dir", dir, "@"+query)
	failing(t, "--ehr must be a UUID", "aql", "run", "--data-dir", dir, "--ehr", "me", "SELECT e FROM EHR e")
}
