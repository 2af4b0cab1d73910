package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/pgembed"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

// reprojecting is cairn fhirmap reproject on the database of a folder.
func reprojecting(t *testing.T, dir string, args ...string) (*exec.Cmd, *output) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd, out := exec.Command(path, append([]string{"fhirmap", "reproject", "--data-dir", dir}, args...)...), &output{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

func reprojected(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd, out := reprojecting(t, dir, args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out.String()
}

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// What is stored is projected again by the command while the server runs. The
// command is killed in the middle, and a server that starts goes on from there.
func TestReprojectCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := startProcess(t, "dev", "--quiet", "--patients", "16", "--reproject", "manual", "--data-dir", dir)
	running := must(pgembed.Look(dir))(t)
	conn := must(pgx.Connect(t.Context(), running.ConnString("cairn")))(t)
	defer conn.Close(t.Context())
	var objects int
	const all = `from version where kind in (1, 2, 7, 8, 9) and time_superseded is null`
	if err := conn.QueryRow(t.Context(), `select count(*) `+all).Scan(&objects); err != nil || objects < 210 {
		t.Fatalf("%d objects are too few: %v", objects, err)
	}
	done := fmt.Sprintf("projected by the mappings in force: %d of %[1]d, 0 changed, 0 failed, 0 in the queue\n", objects)
	if got := reprojected(t, dir, "--status"); !strings.Contains(got, "projected by the mappings in force: 0 of 0") {
		t.Errorf("at first: %s", got)
	}
	if got := reprojected(t, dir); !strings.Contains(got, "projected by the mappings in force: 0 of 0") {
		t.Errorf("with nothing to do: %s", got)
	}
	if got := reprojected(t, dir, "--again", "--progress"); !strings.HasSuffix(got, done) || !strings.Contains(got, "being projected by the mappings in force: 100 of") {
		t.Errorf("again: %s, want %s", got, done)
	}

	// Some of the second batch have other search values than the mappings make, and
	// somebody keeps them from being written for long.
	const lacking = `from fhir_resource where search = '{}' and superseded is null`
	if tag, err := conn.Exec(t.Context(), `update fhir_resource set search = '{}' where superseded is null and (ehr_no, vo_no) in (
		select ehr_no, vo_no from (select *, row_number() over (order by ehr_no, vo_no) as n `+all+`) x where n between 110 and 190)`); err != nil || tag.RowsAffected() < 10 {
		t.Fatal(tag, err)
	}
	tx := must(conn.Begin(t.Context()))(t)
	if _, err := tx.Exec(t.Context(), `lock table fhir_resource in share mode`); err != nil {
		t.Fatal(err)
	}
	cmd, out := reprojecting(t, dir, "--again", "--progress")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the command waits", func() bool {
		var waits int
		if err := tx.QueryRow(t.Context(), `select count(*) from pg_locks where not granted`).Scan(&waits); err != nil {
			t.Fatal(err)
		}
		return waits > 0
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := reprojected(t, dir, "--status"); !strings.Contains(got, fmt.Sprintf("being projected by the mappings in force: 100 of %d", objects)) {
		t.Errorf("after the kill: %s\n%s", got, out)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.stop(t)

	p = startProcess(t, "serve", "--status", "--data-dir", dir)
	var status struct {
		Projection struct {
			Pending              bool
			Done, Total, Changed int
			Lag                  float64 `json:"lag_seconds"`
		} `json:"fhir_projection"`
	}
	eventually(t, "the server goes on", func() bool {
		_, data := p.must(t, http.StatusOK, "GET", "/status", "", nil)
		if err := json.Unmarshal(data, &status); err != nil {
			t.Fatal(err)
		}
		return !status.Projection.Pending
	})
	if st := status.Projection; st.Done != objects || st.Total != objects || st.Changed != 0 || st.Lag != 0 {
		t.Errorf("%+v", st)
	}
	conn = must(pgx.Connect(t.Context(), must(pgembed.Look(dir))(t).ConnString("cairn")))(t)
	defer conn.Close(t.Context())
	var left int
	if err := conn.QueryRow(t.Context(), `select count(*) `+lacking).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d resources lack search values: %v", left, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.stop(t)
	checkWhole(t, dir)
}

// A server that leaves its projections to the queue is killed while eight writers
// commit. After a restart what was acknowledged becomes visible.
func TestKillWithQueue(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	start := func() *process {
		return startProcess(t, "serve", "--data-dir", dir, "--log-level", "warn", "--status", "--fhir-projection", "queue")
	}
	p := start()
	for _, f := range must(fs.Glob(library.Files, "*.opt"))(t) {
		p.must(t, http.StatusCreated, "POST", "/openehr/v1/definition/template/adl1.4", "application/xml",
			must(fs.ReadFile(library.Files, f))(t))
	}
	acks := writeUntilKilled(t, p, dir, false)
	if len(acks) < 20 {
		t.Fatalf("only %d commits were acknowledged before the kill:\n%s", len(acks), p.log)
	}
	p = start()
	eventually(t, "nothing waits", func() bool {
		_, data := p.must(t, http.StatusOK, "GET", "/status", "", nil)
		return strings.Contains(string(data), `"queued":0`)
	})
	made := map[string]map[string]int{}
	for _, a := range acks {
		if made[a.ehrID] == nil {
			made[a.ehrID] = sources(t, p, a.ehrID)
		}
		if a.template == synth.VitalSigns && made[a.ehrID][a.uid] == 0 {
			t.Errorf("version %s has no FHIR resource", a.uid)
		}
	}
	p.stop(t)
	checkWhole(t, dir)
}
