package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// commitConfig is what a comparison of commits is run with.
type commitConfig struct {
	config
	variants []string
	clients  []int
	// sets is the number of compositions in a contribution: each round commits as
	// many compositions in contributions as by themselves. 0: no contributions.
	sets int
	// reads is how many compositions and Observations each round reads beside.
	reads int
	// projection compares the server with one that does not project.
	projection bool
}

// variant is one way to run a server. All variants of a run commit the same
// compositions, in alternating rounds, so that what else the machine does
// meets all of them.
type variant struct {
	Name     string            `json:"name"`
	Binary   string            `json:"-"`
	Args     []string          `json:"args,omitempty"`
	Settings map[string]string `json:"settings,omitempty"` // of Postgres

	Runs []Run `json:"runs"`
	// Sets are runs of contributions, whose figures are for each composition.
	Sets []Run `json:"contributions,omitempty"`
	// Reads are those of compositions, FHIRReads those of Observations.
	Reads     []Run `json:"reads,omitempty"`
	FHIRReads []Run `json:"fhir_reads,omitempty"`
	// Per composition.
	WAL        float64              `json:"wal_bytes"`
	PageImages float64              `json:"page_image_bytes"`
	Tables     map[string]tableCost `json:"tables"`

	w  *workloads
	db *pgxpool.Pool
	// observations are the ids of those that are read.
	observations []string
}

// tableCost is what one composition takes in a table, or in one of its indexes.
type tableCost struct {
	Disk    float64 `json:"disk_bytes"`
	WAL     float64 `json:"wal_bytes"`
	Records float64 `json:"wal_records"`
}

// openVariants opens each of the variants that texts describe, the program itself
// without any. With an error it gives those that are to be stopped.
func openVariants(texts []string, binary string, open func(v *variant, i int) error) (list []*variant, err error) {
	if len(texts) == 0 {
		texts = []string{"cairn"}
	}
	for i, text := range texts {
		v, err := parseVariant(text, binary)
		if err != nil {
			return list, err
		}
		list = append(list, v)
		if err := open(v, i); err != nil {
			return list, err
		}
	}
	return list, nil
}

// parseVariant reads name;key=value;... where a key is cairn (the binary), args
// (flags of serve) or a setting of Postgres.
func parseVariant(text, binary string) (*variant, error) {
	parts := strings.Split(text, ";")
	v := &variant{Name: parts[0], Binary: binary, Settings: map[string]string{}}
	for _, p := range parts[1:] {
		key, value, ok := strings.Cut(p, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("variant %q: %q is not key=value", text, p)
		case key == "cairn":
			v.Binary = value
		case key == "args":
			v.Args = strings.Fields(value)
		default:
			v.Settings[key] = value
		}
	}
	return v, nil
}

func runCommit(ctx context.Context, c commitConfig) (err error) {
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "cairn-bench-commit"); err != nil {
			return err
		}
		defer os.RemoveAll(c.dir)
		if err := os.Chmod(c.dir, 0o755); err != nil { // the cluster's user must reach it
			return err
		}
	}
	if c.projection {
		if len(c.variants) > 0 {
			return errors.New("-projection makes the variants itself")
		}
		with, without, err := buildPair(ctx, c.dir)
		if err != nil {
			return err
		}
		c.variants = []string{"projection;cairn=" + with, "without projection;cairn=" + without}
	}
	var list []*variant
	defer func() {
		for _, v := range list {
			err = errors.Join(err, v.stop())
		}
	}()
	if list, err = openVariants(c.variants, c.binary, func(v *variant, i int) error { return v.start(ctx, c.config, i) }); err != nil {
		return err
	}

	share := c.compositions / (c.rounds * len(c.clients))
	if c.sets > 0 {
		share = share / 2 / c.sets * c.sets
	}
	at := 0
	for range c.rounds {
		for _, clients := range c.clients {
			for _, v := range list {
				run := once(ctx, v.w.server.procs, v.Name, clients, share, at, v.commit)
				fmt.Println(run)
				if run.Errors > 0 {
					return fmt.Errorf("%s: %d requests failed, the first with: %s", run.Name, run.Errors, run.FirstError)
				}
				v.Runs = append(v.Runs, run)
			}
			at += share
			if c.sets == 0 {
				continue
			}
			for _, v := range list {
				bodies := v.w.sets(at, share, c.sets)
				run := once(ctx, v.w.server.procs, v.Name+", contributions", clients, len(bodies), 0, func(ctx context.Context, _, n int) error {
					return v.w.contribution(ctx, n, bodies[n])
				})
				fmt.Println(run)
				if run.Errors > 0 {
					return fmt.Errorf("%s: %d requests failed, the first with: %s", run.Name, run.Errors, run.FirstError)
				}
				v.Sets = append(v.Sets, run.times(c.sets))
			}
			at += share
		}
	}
	for _, v := range list {
		if err := v.measure(ctx, at); err != nil {
			return err
		}
	}
	if c.reads > 0 {
		if err := compareReads(ctx, c, list); err != nil {
			return err
		}
	}
	for _, v := range list {
		fmt.Print(v.page(c.clients))
	}
	if c.projection {
		fmt.Print(projectionShare(list[0], list[1], c.clients))
	}
	if c.out == "" {
		return nil
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.out, "commit.json"), append(data, '\n'), 0o644)
}

func (v *variant) start(ctx context.Context, c config, i int) error {
	dir := filepath.Join(c.dir, fmt.Sprint(i))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	s, err := start(ctx, v.Binary, filepath.Join(dir, "data"), filepath.Join(dir, "server.log"), v.Args...)
	if err != nil {
		return err
	}
	v.w = &workloads{config: c, server: s, report: &report{}}
	if v.db, err = v.w.database(ctx); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(v.Settings)) {
		if _, err := v.db.Exec(ctx, "alter system set "+pgx.Identifier{name}.Sanitize()+" = '"+strings.ReplaceAll(v.Settings[name], "'", "''")+"'"); err != nil {
			return err
		}
	}
	if _, err := v.db.Exec(ctx, "select pg_reload_conf()"); err != nil {
		return err
	}
	if err := v.w.prepare(ctx); err != nil {
		return err
	}
	// What comes with the first documents (dictionaries, plans, files of tables)
	// is no cost of a commit: one composition of each kind for one patient more.
	for n := range min(len(v.w.bodies), 3*v.w.patients) {
		if n%v.w.patients == 0 {
			if err := v.commit(ctx, 0, n); err != nil {
				return err
			}
		}
	}
	if _, err := v.db.Exec(ctx, "create extension if not exists pg_walinspect"); err != nil {
		return err
	}
	if _, err := v.db.Exec(ctx, "checkpoint"); err != nil {
		return err
	}
	_, err = v.db.Exec(ctx, `create table bench_before as
		select pg_current_wal_lsn() as lsn, oid::bigint as oid, pg_relation_size(oid) as bytes from pg_class
		where relkind in ('r', 'i', 't') and relnamespace in (current_schema()::regnamespace, 'pg_toast'::regnamespace)`)
	return err
}

func (v *variant) commit(ctx context.Context, _, n int) error { return v.w.commit(ctx, n) }

// measure reads what n compositions wrote, table by table and index by index.
// A TOAST table counts as its table, partitions of the node index as one.
func (v *variant) measure(ctx context.Context, n int) error {
	rows, err := v.db.Query(ctx, `
		with wal as materialized (
			select record_length - fpi_length as bytes, fpi_length, resource_manager || ' ' || record_type as what,
			       substring(block_ref from 'rel [0-9]+/[0-9]+/([0-9]+)')::oid as node
			from pg_get_wal_records_info((select max(lsn) from bench_before), pg_current_wal_flush_lsn())
		), named as (
			select c.oid, c.relfilenode as node, regexp_replace(coalesce(owner.relname || ' (toast)', c.relname), '^node_[0-9]+', 'node') as name
			from pg_class c
			left join pg_class owner on c.relkind = 't' and owner.reltoastrelid = c.oid
			where c.relkind in ('r', 'i', 't', 'S') and c.relname !~ 'bench_'
			and c.relnamespace in (current_schema()::regnamespace, 'pg_toast'::regnamespace)
		), disk as (
			select name, sum(pg_relation_size(oid) - coalesce(b.bytes, 0)) as bytes from named left join bench_before b using (oid) group by 1
		), written as (
			select coalesce(name, what) as name, sum(wal.bytes) as bytes, sum(fpi_length) as images, count(*) as records
			from wal left join named using (node) group by 1
		)
		select coalesce(d.name, w.name), coalesce(d.bytes, 0)::float8, coalesce(w.bytes, 0)::float8, coalesce(w.images, 0)::float8, coalesce(w.records, 0)::float8
		from disk d full join written w using (name)`)
	if err != nil {
		return err
	}
	v.Tables = map[string]tableCost{}
	var name string
	var disk, wal, images, records float64
	_, err = pgx.ForEachRow(rows, []any{&name, &disk, &wal, &images, &records}, func() error {
		v.WAL += wal / float64(n)
		v.PageImages += images / float64(n)
		if disk+wal > 0 {
			v.Tables[name] = tableCost{disk / float64(n), wal / float64(n), records / float64(n)}
		}
		return nil
	})
	return err
}

func (v *variant) page(clients []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s: WAL %.0f bytes a composition, and %.0f of page images\n", v.Name, v.WAL, v.PageImages)
	names := slices.SortedFunc(maps.Keys(v.Tables), func(a, c string) int {
		x, y := v.Tables[a], v.Tables[c]
		return int(y.Disk + y.WAL - x.Disk - x.WAL)
	})
	var disk float64
	for _, name := range names {
		t := v.Tables[name]
		disk += t.Disk
		if t.Disk+t.WAL >= 8 {
			fmt.Fprintf(&b, "  %-34s disk %7.0f  WAL %7.0f in %5.1f records\n", name, t.Disk, t.WAL, t.Records)
		}
	}
	fmt.Fprintf(&b, "  %-34s disk %7.0f  WAL %7.0f\n", "all", disk, v.WAL)
	for _, n := range clients {
		one, sets := total(v.Runs, n), total(v.Sets, n)
		if one.Count == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %2d clients: %v\n", n, one)
		for _, r := range []struct {
			what string
			runs []Run
		}{{"GET composition", v.Reads}, {"FHIR read", v.FHIRReads}} {
			if t := total(r.runs, n); t.Count > 0 {
				fmt.Fprintf(&b, "  %s: %v; p50 %.2f ms, p99 %.2f ms\n", r.what, t, t.p50, t.p99)
			}
		}
		if sets.Count > 0 {
			fmt.Fprintf(&b, "  in contributions: %v\n", sets)
			fmt.Fprintf(&b, "  contributions against single commits: medians %.2f, all rounds %.2f\n", sets.median/one.median, sets.rate/one.rate)
		}
	}
	return b.String()
}

// compareReads reads what all variants have committed, in alternating rounds.
func compareReads(ctx context.Context, c commitConfig, list []*variant) error {
	ids := make([][]string, len(list))
	for i, v := range list {
		var err error
		if ids[i], err = v.w.observations(ctx); err != nil {
			return err
		}
		if err := v.w.analyze(ctx); err != nil {
			return err
		}
	}
	for range c.rounds {
		for _, clients := range c.clients {
			for i, v := range list {
				run := once(ctx, v.w.server.procs, v.Name+", GET composition", clients, c.reads, 0, func(_ context.Context, client, n int) error {
					return v.w.get(client, n, "application/json")
				})
				fhir := once(ctx, v.w.server.procs, v.Name+", FHIR read", clients, c.reads, 0, func(_ context.Context, client, n int) error {
					return v.w.observation(client, ids[i][n*7919%len(ids[i])])
				})
				fmt.Println(run)
				fmt.Println(fhir)
				if run.Errors+fhir.Errors > 0 {
					return fmt.Errorf("%s: %d reads failed, the first with: %s", v.Name, run.Errors+fhir.Errors, run.FirstError+fhir.FirstError)
				}
				v.Reads, v.FHIRReads = append(v.Reads, run), append(v.FHIRReads, fhir)
			}
		}
	}
	return nil
}

// totals are the runs with one number of clients taken together.
type totals struct {
	Count                          int
	median, rate, server, postgres float64
	p50, p99                       float64 // medians of the rounds
}

func total(runs []Run, clients int) totals {
	var t totals
	var rates, p50, p99 []float64
	var seconds float64
	for _, r := range runs {
		if r.Clients == clients {
			p50, p99 = append(p50, r.P50), append(p99, r.P99)
			t.Count += r.Count
			seconds += r.Seconds
			t.server += r.ServerCPU * float64(r.Count)
			t.postgres += r.PostgresCPU * float64(r.Count)
			rates = append(rates, r.PerSec)
		}
	}
	if t.Count == 0 {
		return t
	}
	slices.Sort(rates)
	slices.Sort(p50)
	slices.Sort(p99)
	t.p50, t.p99 = p50[len(p50)/2], p99[len(p99)/2]
	n := float64(t.Count)
	t.median, t.rate, t.server, t.postgres = rates[len(rates)/2], n/seconds, t.server/n, t.postgres/n
	return t
}

func (t totals) String() string {
	return fmt.Sprintf("median %6.0f/s, all rounds %6.0f/s; CPU server %5.0f us, Postgres %5.0f us", t.median, t.rate, t.server, t.postgres)
}

// stop ends the server, if it was started.
func (v *variant) stop() error {
	if v.db != nil {
		v.db.Close()
	}
	if v.w == nil || v.w.server == nil {
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- v.w.server.stop() }()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		return fmt.Errorf("variant %s: the server did not end within a minute", v.Name)
	}
}
