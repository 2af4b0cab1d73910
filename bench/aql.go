package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/nodestore"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

// aqlConfig is what the comparison of AQL with relational tables is run with.
type aqlConfig struct {
	binary, dir, out string
	compositions     int
	rounds           int
	seed             uint64
	quick            bool
}

// aqlRun loads generated records, derives hand-made relational tables with
// tuned indexes from the same documents, and measures the same questions in
// AQL over HTTP and in SQL over those tables. A run that was interrupted goes
// on with the data that is there if it is given the same work directory.
type aqlRun struct {
	aqlConfig
	server *server
	db     *pgxpool.Pool
	engine *aql.Engine // without HTTP
	ehrs   []string
	rows   []aqlResult
	// compiled and cached are the medians over the questions of what the program
	// does with a query before the database, in microseconds: a new one, and one
	// that is cached.
	compiled, cached float64
}

// aqlResult is the median of one question in milliseconds.
type aqlResult struct {
	Name       string  `json:"name"`
	Strategy   string  `json:"strategy"`
	Plain      float64 `json:"aql_ms"`
	Advised    float64 `json:"aql_with_advised_indexes_ms,omitempty"`
	Relational float64 `json:"relational_ms,omitempty"`
	// Direct and DirectAdvised are without HTTP: the engine on a connection of
	// its own, as the relational statements are measured.
	Direct        float64 `json:"aql_without_http_ms"`
	DirectAdvised float64 `json:"aql_without_http_with_advised_indexes_ms,omitempty"`
	// Materialised is over HTTP with what is kept up to date, Changed with one EHR
	// in a hundred changed since.
	Materialised float64 `json:"aql_materialised_ms,omitempty"`
	Changed      float64 `json:"aql_materialised_changed_ms,omitempty"`
}

func runAQL(ctx context.Context, c aqlConfig) (err error) {
	if c.quick {
		c.compositions, c.rounds = min(c.compositions, 1000), min(c.rounds, 3)
	}
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "cairn-bench-aql"); err != nil {
			return err
		}
		defer os.RemoveAll(c.dir)
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(c.dir, 0o755); err != nil { // the cluster's user must reach it
		return err
	}
	r := &aqlRun{aqlConfig: c}
	if r.server, err = start(ctx, c.binary, filepath.Join(c.dir, "data"), filepath.Join(c.dir, "server.log")); err != nil {
		return err
	}
	defer func() {
		if stopErr := r.server.stop(); err == nil {
			err = stopErr
		}
	}()
	cfg, err := pgxpool.ParseConfig(r.server.database)
	if err != nil {
		return err
	}
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	if r.db, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return err
	}
	defer r.db.Close()
	if r.engine, err = aql.NewEngine(r.db, recordCatalog{r.db, nodestore.New(r.db)}, aql.Options{}); err != nil {
		return err
	}
	for _, phase := range []func(context.Context) error{r.templates, r.load, r.relational, r.compile, r.plain, r.advised, r.materialised} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return r.report(ctx)
}

func (r *aqlRun) templates(ctx context.Context) error {
	files, err := fs.Glob(library.Files, "*.opt")
	if err != nil {
		return err
	}
	for _, f := range files {
		opt, err := fs.ReadFile(library.Files, f)
		if err != nil {
			return err
		}
		if _, _, err = r.server.call(ctx, "POST", openehr+"/definition/template/adl1.4", opt,
			map[string]string{"Content-Type": "application/xml"}, http.StatusCreated, http.StatusConflict); err != nil {
			return err
		}
	}
	return nil
}

// perContribution is the compositions committed at once.
const perContribution = 20

// load commits whole records until there are enough compositions. A record
// whose EHR holds a composition was loaded by an earlier run.
func (r *aqlRun) load(ctx context.Context) error {
	g := synth.New(r.seed)
	began, total := time.Now(), 0
	type record struct{ number, size int }
	var records []record
	for i := 0; total < r.compositions; i++ {
		p := g.Patient(i)
		r.ehrs = append(r.ehrs, p.EHRID)
		n := p.Compositions() + p.Documents()
		records = append(records, record{i, n})
		total += n
	}
	var next, done atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= len(records) || failed != nil {
					return
				}
				if err := r.loadRecord(ctx, g.Patient(records[k].number)); err != nil {
					once.Do(func() { failed = err })
					return
				}
				if n := done.Add(int64(records[k].size)); n/5000 != (n-int64(records[k].size))/5000 {
					fmt.Printf("%d of %d compositions, %.0f s\n", n, total, time.Since(began).Seconds())
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Printf("%d compositions in %d EHRs, %.0f s\n", total, len(records), time.Since(began).Seconds())
	_, err := r.db.Exec(ctx, "vacuum analyze")
	return err
}

func (r *aqlRun) loadRecord(ctx context.Context, p *synth.Patient) error {
	if _, _, err := r.server.call(ctx, "PUT", openehr+"/ehr/"+p.EHRID, p.EHRStatus(), nil, http.StatusCreated, http.StatusConflict); err != nil {
		return err
	}
	var bodies [][]byte
	for k := range p.Compositions() {
		_, b := p.Composition(k)
		bodies = append(bodies, b)
	}
	for k := range p.Documents() {
		_, b := p.Document(k)
		bodies = append(bodies, b)
	}
	var have int
	if err := r.db.QueryRow(ctx, `select count(*) from version v join ehr e using (ehr_no) where e.ehr_id = $1 and v.kind = 1`, p.EHRID).Scan(&have); err != nil {
		return err
	}
	const audit = `{"change_type":{"value":"creation","defining_code":{"terminology_id":{"value":"openehr"},"code_string":"249"}},"committer":{"_type":"PARTY_IDENTIFIED","name":"bench"}}`
	for i := have; i < len(bodies); i += perContribution { // contributions are all or nothing
		var b bytes.Buffer
		b.WriteString(`{"audit":` + audit + `,"versions":[`)
		for k, body := range bodies[i:min(i+perContribution, len(bodies))] {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`{"commit_audit":` + audit + `,"lifecycle_state":{"value":"complete","defining_code":{"terminology_id":{"value":"openehr"},"code_string":"532"}},"data":`)
			b.Write(body)
			b.WriteByte('}')
		}
		b.WriteString("]}")
		if _, _, err := r.server.call(ctx, "POST", openehr+"/ehr/"+p.EHRID+"/contribution", b.Bytes(), nil, http.StatusCreated); err != nil {
			return err
		}
	}
	return nil
}

func (r *aqlRun) relational(ctx context.Context) error {
	began := time.Now()
	if _, err := r.db.Exec(ctx, relationalSQL); err != nil {
		return err
	}
	if _, err := r.db.Exec(ctx, "vacuum analyze relational.composition, relational.bp, relational.pulse, relational.lab"); err != nil {
		return err
	}
	fmt.Printf("relational tables made in %.0f s\n", time.Since(began).Seconds())
	return nil
}

// recordCatalog is the catalog of the engine that is measured without HTTP.
type recordCatalog struct {
	db    *pgxpool.Pool
	nodes *nodestore.Index
}

func (c recordCatalog) Concept(ctx context.Context, archetypeID string) (id int32, ok bool, err error) {
	err = c.db.QueryRow(ctx, "select concept_id from concept where archetype_id = $1", archetypeID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return id, err == nil, err
}

func (c recordCatalog) NodeIndex() *nodestore.Index { return c.nodes }

// noConcepts is a catalog in which every archetype has the number 1.
type noConcepts struct{}

func (noConcepts) Concept(context.Context, string) (int32, bool, error) { return 1, true, nil }

// compile measures parsing, analysis, planning, the writing of the statement and
// the binding of parameters, each question by itself and again from the cache.
func (r *aqlRun) compile(ctx context.Context) error {
	engine, err := aql.NewEngine(nil, noConcepts{}, aql.Options{})
	if err != nil {
		return err
	}
	req := aql.Request{Params: map[string]any{"ehr": "00000000-0000-4000-8000-000000000000"}}
	each := func(query func(text string) (*aql.Query, error)) (float64, error) {
		var medians []float64
		for _, q := range questions {
			const repeated = 20
			m, err := median(20, func(int) error {
				for range repeated {
					c, err := query(q.aql)
					if err != nil {
						return err
					}
					if _, _, err := c.SQL(ctx, req, noConcepts{}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return 0, err
			}
			medians = append(medians, m*1000/repeated)
		}
		slices.Sort(medians)
		return medians[len(medians)/2], nil
	}
	if r.compiled, err = each(func(text string) (*aql.Query, error) { return aql.Compile(text, aql.Limits{}) }); err != nil {
		return err
	}
	if r.cached, err = each(engine.Compile); err != nil {
		return err
	}
	fmt.Printf("parse, analyse, plan and bind: new %.0f µs, cached %.1f µs\n", r.compiled, r.cached)
	return nil
}

// median runs a step some times and gives the median in milliseconds.
func median(rounds int, step func(n int) error) (float64, error) {
	took := make([]float64, 0, rounds)
	for n := range rounds + 1 {
		began := time.Now()
		if err := step(n); err != nil {
			return 0, err
		}
		if n > 0 { // the first fills caches
			took = append(took, ms(time.Since(began)))
		}
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

func (r *aqlRun) times(q question) int {
	switch {
	case q.slow:
		return 1
	case q.one:
		return r.rounds * 20
	}
	return r.rounds
}

func (r *aqlRun) ask(ctx context.Context, q question, n int, explain bool) ([]byte, error) {
	params := map[string]any{}
	if q.one {
		params["ehr"] = r.ehrs[n*7919%len(r.ehrs)]
	}
	body, err := json.Marshal(map[string]any{"q": q.aql, "query_parameters": params, "explain": explain})
	if err != nil {
		return nil, err
	}
	_, data, err := r.server.call(ctx, "POST", openehr+"/query/aql", body, nil, http.StatusOK)
	return data, err
}

func (r *aqlRun) aqlMedian(ctx context.Context, q question) (float64, error) {
	return median(r.times(q), func(n int) error {
		_, err := r.ask(ctx, q, n, false)
		return err
	})
}

// discard takes a result and keeps nothing.
type discard struct{}

func (discard) Begin([]aql.Column) error { return nil }
func (discard) Row([][]byte) error       { return nil }

// directMedian is aqlMedian without HTTP.
func (r *aqlRun) directMedian(ctx context.Context, q question) (float64, error) {
	return median(r.times(q), func(n int) error {
		req := aql.Request{Params: map[string]any{"ehr": r.ehrs[n*7919%len(r.ehrs)]}}
		return r.engine.Run(ctx, q.aql, req, discard{})
	})
}

func (r *aqlRun) plain(ctx context.Context) error {
	// An earlier run with this directory may have left indexes behind.
	rows, err := r.db.Query(ctx, `select relname::text from pg_class where relname ~ '^node_\d+(_[nkd]\d)+$' and relkind = 'i'`)
	if err != nil {
		return err
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := r.db.Exec(ctx, "drop index "+name); err != nil {
			return err
		}
	}
	for _, q := range questions {
		res := aqlResult{Name: q.name}
		var explained struct {
			Strategy string `json:"strategy"`
		}
		data, err := r.ask(ctx, q, 0, true)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &explained); err != nil {
			return err
		}
		res.Strategy = explained.Strategy
		if res.Plain, err = r.aqlMedian(ctx, q); err != nil {
			return err
		}
		if res.Direct, err = r.directMedian(ctx, q); err != nil {
			return err
		}
		if q.sql != "" {
			if res.Relational, err = median(r.times(q), func(n int) error {
				var args []any
				if q.one {
					args = append(args, r.ehrs[n*7919%len(r.ehrs)])
				}
				rows, err := r.db.Query(ctx, q.sql, args...)
				if err != nil {
					return err
				}
				for rows.Next() { // read as a client does
				}
				return rows.Err()
			}); err != nil {
				return err
			}
		}
		fmt.Printf("%-42s %-10s %10.2f ms   without HTTP %8.2f ms   relational %8.2f ms\n", q.name, res.Strategy, res.Plain, res.Direct, res.Relational)
		r.rows = append(r.rows, res)
	}
	return nil
}

// advised creates the indexes that cairn index advise proposes for the
// questions, and asks them again.
func (r *aqlRun) advised(ctx context.Context) error {
	var files []string
	for i, q := range questions {
		f := filepath.Join(r.dir, fmt.Sprintf("q%d.aql", i))
		if err := os.WriteFile(f, []byte(q.aql), 0o644); err != nil {
			return err
		}
		files = append(files, f)
	}
	advice, err := r.cairn(ctx, append([]string{"index", "advise"}, files...)...)
	if err != nil {
		return err
	}
	for line := range strings.Lines(advice) {
		if args := strings.Fields(line); len(args) == 5 && args[0] == "cairn" {
			out, err := r.cairn(ctx, args[1:]...)
			if err != nil {
				return err
			}
			fmt.Print(out)
		}
	}
	for i, q := range questions {
		if q.slow || q.one {
			continue
		}
		if r.rows[i].Advised, err = r.aqlMedian(ctx, q); err != nil {
			return err
		}
		if r.rows[i].DirectAdvised, err = r.directMedian(ctx, q); err != nil {
			return err
		}
		fmt.Printf("%-42s %-10s %10.2f ms   without HTTP %8.2f ms   relational %8.2f ms   with advised indexes\n",
			q.name, r.rows[i].Strategy, r.rows[i].Advised, r.rows[i].DirectAdvised, r.rows[i].Relational)
	}
	return nil
}

// cairn runs a command on the database.
func (r *aqlRun) cairn(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, r.binary, append(args, "--database-url", r.server.database)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("cairn %s: %w", strings.Join(args, " "), err)
	}
	return string(out), err
}

// materialised keeps the results of the questions about the population, and asks
// them again, also after commits.
func (r *aqlRun) materialised(ctx context.Context) error {
	const version = "1.0.0"
	for i, q := range questions {
		if q.slow || q.one {
			continue
		}
		name := fmt.Sprintf("bench::q%d", i)
		if _, _, err := r.server.call(ctx, "PUT", openehr+"/definition/query/"+name+"/"+version, []byte(q.aql),
			map[string]string{"Content-Type": "text/plain"}, http.StatusOK, http.StatusConflict); err != nil {
			return err
		}
		began := time.Now()
		if _, err := r.cairn(ctx, "query", "materialise", name, version); err != nil {
			return err
		}
		made := time.Since(began)
		if _, err := r.db.Exec(ctx, "vacuum (analyze) aql_kept"); err != nil {
			return err
		}
		// The server looks for what is declared once a second.
		for strategy := ""; strategy != "materialised"; time.Sleep(200 * time.Millisecond) {
			data, err := r.ask(ctx, q, 0, true)
			if err != nil {
				return err
			}
			var explained struct {
				Strategy string `json:"strategy"`
			}
			if err := json.Unmarshal(data, &explained); err != nil {
				return err
			}
			if strategy = explained.Strategy; time.Since(began) > made+time.Minute {
				return fmt.Errorf("%s is not answered from what is kept of it, but by strategy %s", q.name, strategy)
			}
		}
		var err error
		if r.rows[i].Materialised, err = r.aqlMedian(ctx, q); err != nil {
			return err
		}
		if r.rows[i].Changed, err = median(r.times(q), func(n int) error {
			// As commits leave them behind. The server takes them away within a
			// second or so.
			if _, err := r.db.Exec(ctx, `insert into aql_change select m.query_no, e.ehr_no from aql_materialised m, ehr e
				where m.name = $1 and e.ehr_no % 100 = 0`, name); err != nil {
				return err
			}
			_, err := r.ask(ctx, q, n, false)
			return err
		}); err != nil {
			return err
		}
		fmt.Printf("%-42s %-10s %10.2f ms   %10.2f ms with changed EHRs, made in %s\n", q.name, "kept", r.rows[i].Materialised, r.rows[i].Changed, made.Round(time.Millisecond))
		if _, err := r.cairn(ctx, "query", "unmaterialise", name, version); err != nil {
			return err
		}
	}
	return nil
}

// report writes what was found beside the general report.
func (r *aqlRun) report(ctx context.Context) error {
	var versions, nodeBytes, documentBytes int64
	if err := r.db.QueryRow(ctx, `select (select count(*) from version where kind = 1),
		(select sum(pg_total_relation_size(relid)) from pg_partition_tree('node') where isleaf), pg_total_relation_size('document')`).Scan(&versions, &nodeBytes, &documentBytes); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# AQL beside relational tables\n\nWritten by `go run ./bench -aql` on %s: %d compositions in %d EHRs, seed %d, medians of %d rounds.\n",
		time.Now().UTC().Format(time.DateOnly), versions, len(r.ehrs), r.seed, r.rounds)
	fmt.Fprintf(&b, "AQL is measured over HTTP and without it, SQL on the relational tables as AQL without HTTP, on a connection of its own. ")
	fmt.Fprintf(&b, "Ratios are those without HTTP. Client, server and Postgres share the machine.\n")
	fmt.Fprintf(&b, "Before the database a query takes %.0f µs when it is new (parsing, analysis, planning, binding), %.1f µs when it is cached: medians over the questions.\n", r.compiled, r.cached)
	fmt.Fprintf(&b, "The node index takes %d bytes a composition (advised indexes included), documents %d.\n\n", nodeBytes/max(versions, 1), documentBytes/max(versions, 1))
	b.WriteString("| question | strategy | over HTTP ms | AQL ms | ratio | with advised indexes: over HTTP ms | AQL ms | ratio | materialised: over HTTP ms | after commits into 1 % of the EHRs ms | relational ms |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	ratio := func(a, b float64) string {
		if a == 0 || b == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f", a/b)
	}
	value := func(v float64) string {
		if v == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f", v)
	}
	for _, x := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", x.Name, x.Strategy, value(x.Plain), value(x.Direct), ratio(x.Direct, x.Relational),
			value(x.Advised), value(x.DirectAdvised), ratio(x.DirectAdvised, x.Relational), value(x.Materialised), value(x.Changed), value(x.Relational))
	}
	fmt.Print(b.String())
	if r.out == "" || r.quick {
		return nil
	}
	data, err := json.MarshalIndent(map[string]any{"compositions": versions, "machine": machine(), "questions": r.rows, "compile_us": r.compiled, "compile_cached_us": r.cached}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.out, "aql.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "aql.md"), []byte(b.String()), 0o644)
}
