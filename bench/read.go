package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// readConfig is what a comparison of reads is run with.
type readConfig struct {
	config
	variants []string
	clients  []int
	// only names the workloads, of readWork, that are measured; none are all.
	only []string
	// library uses Go's HTTP client in place of the lean one.
	library bool
}

// readWork is one workload of a comparison of reads.
type readWork struct {
	name     string
	perRound int
	path     func(v *variant, n int) (path, accept string)
}

// readWorks are the workloads, by the names that -only knows.
func readWorks() []readWork {
	patient := func(v *variant, n int) string { return v.w.ehrs[n%len(v.w.ehrs)] }
	return []readWork{
		{"live", 6000, func(*variant, int) (string, string) { return "/health/live", "" }},
		{"read", 6000, func(v *variant, n int) (string, string) {
			return fhirR4 + "/Observation/" + v.observations[n*7919%len(v.observations)], ""
		}},
		{"composition", 6000, func(v *variant, n int) (string, string) {
			return v.w.compositionPath(n), "application/json"
		}},
		{"search", 900, func(v *variant, n int) (string, string) {
			return fhirR4 + "/Observation?_count=50&code=http://loinc.org%7C85354-9&patient=" + patient(v, n), ""
		}},
		{"all", 900, func(v *variant, n int) (string, string) {
			return fhirR4 + "/Observation?_count=50&patient=" + patient(v, n), ""
		}},
		{"everything", 240, func(v *variant, n int) (string, string) {
			return fhirR4 + "/Patient/" + patient(v, n) + "/$everything?_count=500", ""
		}},
		{"summary", 240, func(v *variant, n int) (string, string) {
			return fhirR4 + "/Patient/" + patient(v, n) + "/$summary", ""
		}},
	}
}

// runRead compares reads of servers that hold the same compositions, in
// alternating rounds, so that what else the machine does meets all of them. A
// work directory that holds the clusters of an earlier run is read as it is.
func runRead(ctx context.Context, c readConfig) (err error) {
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "cairn-bench-read"); err != nil {
			return err
		}
		defer os.RemoveAll(c.dir)
		if err := os.Chmod(c.dir, 0o755); err != nil { // the cluster's user must reach it
			return err
		}
	}
	works, err := c.works()
	if err != nil {
		return err
	}
	var list []*variant
	defer func() {
		for _, v := range list {
			err = errors.Join(err, v.stop())
		}
	}()
	if list, err = openVariants(c.variants, c.binary, func(v *variant, i int) error { return v.open(ctx, c.config, i) }); err != nil {
		return err
	}
	for _, work := range works {
		runs := make([][]Run, len(list))
		for round := range c.rounds {
			for _, clients := range c.clients {
				for i, v := range list {
					run, err := v.read(ctx, c, work, clients, round)
					if err != nil {
						return err
					}
					runs[i] = append(runs[i], run)
				}
			}
		}
		for _, clients := range c.clients {
			for i, v := range list {
				t := total(runs[i], clients)
				fmt.Printf("%-12s %2d clients  %-10s %v; p50 %.2f ms, p99 %.2f ms\n", work.name, clients, v.Name, t, t.p50, t.p99)
			}
		}
	}
	return nil
}

func (c readConfig) works() ([]readWork, error) {
	all := readWorks()
	if len(c.only) == 0 {
		return all, nil
	}
	var list []readWork
	for _, name := range c.only {
		found := false
		for _, w := range all {
			if w.name == name {
				list, found = append(list, w), true
			}
		}
		if !found {
			return nil, fmt.Errorf("-only: there is no workload %q", name)
		}
	}
	return list, nil
}

// read is one round of one workload.
func (v *variant) read(ctx context.Context, c readConfig, work readWork, clients, round int) (Run, error) {
	do := func(_ context.Context, client, n int) error {
		path, accept := work.path(v, n)
		return v.w.server.get(client, path, accept)
	}
	if c.library {
		do = func(ctx context.Context, _, n int) error {
			path, accept := work.path(v, n)
			header := map[string]string{}
			if accept != "" {
				header["Accept"] = accept
			}
			_, _, err := v.w.server.call(ctx, "GET", path, nil, header, http.StatusOK)
			return err
		}
	}
	run := once(ctx, v.w.server.procs, work.name+", "+v.Name, clients, work.perRound, round*work.perRound, do)
	if run.Errors > 0 {
		return run, fmt.Errorf("%s: %d reads failed, the first with: %s", run.Name, run.Errors, run.FirstError)
	}
	return run, nil
}

// open starts the server of a variant and has it hold the compositions.
func (v *variant) open(ctx context.Context, c config, i int) error {
	dir := filepath.Join(c.dir, fmt.Sprint(i))
	_, err := os.Stat(dir)
	filled := err == nil
	if !filled {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	s, err := start(ctx, v.Binary, filepath.Join(dir, "data"), filepath.Join(dir, "server.log"), v.Args...)
	if err != nil {
		return err
	}
	v.w = &workloads{config: c, server: s, report: &report{}}
	if v.db, err = v.w.database(ctx); err != nil {
		return err
	}
	for name, value := range v.Settings {
		if _, err := v.db.Exec(ctx, "alter system set "+pgx.Identifier{name}.Sanitize()+" = '"+strings.ReplaceAll(value, "'", "''")+"'"); err != nil {
			return err
		}
	}
	if _, err := v.db.Exec(ctx, "select pg_reload_conf()"); err != nil {
		return err
	}
	if !filled {
		if err := v.w.prepare(ctx); err != nil {
			return err
		}
		run := once(ctx, s.procs, "commit", 8, len(v.w.bodies), 0, v.commit)
		if run.Errors > 0 {
			return fmt.Errorf("%d commits failed, the first with: %s", run.Errors, run.FirstError)
		}
	}
	if err := v.w.analyze(ctx); err != nil {
		return err
	}
	return v.find(ctx)
}

// find reads what the server holds, in an order that is the same in all.
func (v *variant) find(ctx context.Context) error {
	v.w.ehrs, v.w.committed, v.observations = nil, nil, nil
	rows, err := v.db.Query(ctx, `select ehr_id::text from ehr order by 1`)
	if err != nil {
		return err
	}
	if v.w.ehrs, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return err
	}
	if rows, err = v.db.Query(ctx, `select e.ehr_id::text, v.object_id || '::' || v.creating_system || '::' || v.ver
		from version v join ehr e on e.ehr_no = v.ehr_no where v.kind = 1 order by 1, v.vo_no`); err != nil {
		return err
	}
	for rows.Next() {
		var c version
		if err := rows.Scan(&c.ehr, &c.uid); err != nil {
			return err
		}
		v.w.committed = append(v.w.committed, c)
	}
	if rows.Err() != nil {
		return rows.Err()
	}
	if v.observations, err = v.w.observations(ctx); err != nil {
		return err
	}
	if len(v.w.committed) == 0 {
		return errors.New("there is no composition to read")
	}
	return nil
}
