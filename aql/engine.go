package aql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cairn-ehr/cairn/aql/exec"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Options configure an engine. Zero fields take their defaults.
type Options struct {
	Limits Limits
	// CacheSize is the number of compiled queries kept, default 1000.
	CacheSize int
	// Timeout is the time limit of one query, default 30 s.
	Timeout time.Duration
	// MaxRows and MaxBytes bound the result of one query, by default 100,000
	// rows and 256 MiB of JSON.
	MaxRows, MaxBytes int64
	// MaxCost bounds what the database estimates a query to cost, in its own
	// units; 0, the default, is no bound. Checking it costs a round trip.
	MaxCost float64
	// Terminology answers what queries ask of terminology services; nil refuses
	// queries that do.
	Terminology Terminology
	// Workload takes a sample of the queries that are run; nil for none.
	Workload *Workload
	// Guide gives suggestions; nil for none.
	Guide Guide
	// Now is the clock, by default time.Now in UTC.
	Now func() time.Time
}

// Engine compiles and runs queries on one database. It is safe for concurrent
// use.
type Engine struct {
	db      exec.DB
	catalog Catalog
	opt     Options
	cache   *otter.Cache[string, *Query]
	// refreshAfter is, by the number of a materialised query whose result could
	// not be made, when to try again.
	refreshAfter sync.Map
}

// NewEngine makes an engine. The database is best a pool of its own, so that
// queries cannot starve commits.
func NewEngine(db exec.DB, catalog Catalog, opt Options) (*Engine, error) {
	if opt.CacheSize <= 0 {
		opt.CacheSize = 1000
	}
	if opt.Timeout <= 0 {
		opt.Timeout = 30 * time.Second
	}
	if opt.MaxRows <= 0 {
		opt.MaxRows = 100_000
	}
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = 256 << 20
	}
	if opt.Now == nil {
		opt.Now = func() time.Time { return time.Now().UTC() }
	}
	cache, err := otter.New(&otter.Options[string, *Query]{MaximumSize: opt.CacheSize})
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "aql.NewEngine", "the cache of compiled queries cannot be made", err)
	}
	return &Engine{db: db, catalog: catalog, opt: opt, cache: cache}, nil
}

// Compile is the package's Compile with the engine's limits and cache.
func (e *Engine) Compile(text string) (*Query, error) {
	if q, ok := e.cache.GetIfPresent(text); ok {
		return q, nil
	}
	q, err := Compile(text, e.opt.Limits)
	if err != nil {
		return nil, err
	}
	e.cache.Set(text, q)
	return q, nil
}

// Sink receives a result: Begin once, then Row for each row in order. Begin is
// not called before the first row is there, so that most errors come before
// it. An error that the sink gives ends the run and is returned as it is.
type Sink interface {
	Begin(columns []Column) error
	// Row takes one cell per column, each a JSON value; nil is null. The cells
	// are valid until the call returns.
	Row(cells [][]byte) error
}

// Run answers a request. Errors are errs.Error: those of [Compile] and
// [Query.SQL]; Timeout when the time limit was reached; TooLarge when the
// result exceeds a limit, after as many rows as the limit allows; Unavailable
// when the database does not answer; and those of the sink.
func (e *Engine) Run(ctx context.Context, text string, r Request, sink Sink) error {
	q, err := e.CompileFor(ctx, text)
	if err != nil {
		return err
	}
	return e.RunQuery(ctx, q, r, sink)
}

// RunQuery is [Engine.Run] for a query that is compiled already.
func (e *Engine) RunQuery(ctx context.Context, q *Query, r Request, sink Sink) error {
	if w := e.opt.Workload; w != nil && !r.scoped() && !q.NamesEHR() && r.Strategy == Automatic {
		began := time.Now()
		rows := int64(0)
		err := e.run(ctx, q, r, sink, &rows)
		if err == nil || errs.Is(err, errs.Timeout) {
			w.ran(q, rows, time.Since(began), e.opt.Now())
		}
		return err
	}
	return e.run(ctx, q, r, sink, new(int64))
}

// run counts the rows that it gives.
func (e *Engine) run(ctx context.Context, q *Query, r Request, sink Sink, rows *int64) error {
	if r.Fetch <= 0 || r.Fetch > e.opt.MaxRows+1 {
		// One more than allowed tells a full result from one that is too large.
		if !q.plan.Query.Top {
			r.Fetch = e.opt.MaxRows + 1
		}
	}
	begun := false
	var fresh *Freshness
	tell := func() {
		if s, ok := sink.(FreshnessSink); ok && fresh != nil {
			s.Materialised(*fresh)
		}
	}
	err := e.retried(ctx, r, func(r Request) error {
		stmt, how, err := e.prepare(ctx, q, r)
		if err != nil {
			return err
		}
		if e.opt.MaxCost > 0 {
			plan, err := e.databasePlan(ctx, stmt, false)
			if err != nil {
				return err
			}
			if plan.Plan.Cost > e.opt.MaxCost {
				return errs.New(errs.TooLarge, "aql.Run", fmt.Sprintf(
					"the query's estimated cost of %.0f is over the limit of %.0f; name an EHR or an archetype, or narrow the query otherwise", plan.Plan.Cost, e.opt.MaxCost))
			}
		}
		fresh = how.fresh
		return exec.Run(ctx, e.db, stmt, func(cells [][]byte) error {
			if !begun {
				begun = true
				tell()
				if err := sink.Begin(q.columns); err != nil {
					return err
				}
			}
			*rows++
			return sink.Row(cells)
		})
	})
	if err == nil && !begun {
		tell()
		return sink.Begin(q.columns)
	}
	return err
}

// staleAttempts is how often a query is compiled anew because the node index
// has changed meanwhile, before it is answered from the documents.
const staleAttempts = 3

// retried runs a statement again if it turns out to have been compiled from a
// state of the node index that has passed.
func (e *Engine) retried(ctx context.Context, r Request, run func(r Request) error) error {
	for attempt := 0; ; attempt++ {
		err := run(r)
		if !errors.Is(err, exec.ErrStale) {
			return err
		}
		if attempt == staleAttempts {
			r.Strategy = Documents
		} else if err := e.refreshStale(ctx); err != nil {
			return err
		}
	}
}

// prepare makes the statement of a request, which asks the terminology services
// that the query names.
func (e *Engine) prepare(ctx context.Context, q *Query, r Request) (exec.Query, choice, error) {
	if r.Now.IsZero() {
		r.Now = e.opt.Now()
	}
	values, err := q.values(r)
	if err != nil {
		return exec.Query{}, choice{}, err
	}
	c, err := e.choose(ctx, q, r)
	if err != nil {
		return exec.Query{}, choice{}, err
	}
	if c.fresh == nil { // else there is nothing left to ask
		if values.Answers, values.Terms, err = e.ask(ctx, q, r, values); err != nil {
			return exec.Query{}, choice{}, err
		}
	}
	sql, args, err := bind(ctx, c.statement, values, e.catalog)
	return exec.Query{
		SQL: sql, Args: args, Objects: q.objects, Expand: compact.Expand, Generic: r.scoped() || q.NamesEHR() || c.fresh != nil, Ordered: c.fresh != nil,
		Timeout: e.opt.Timeout, MaxRows: e.opt.MaxRows, MaxBytes: e.opt.MaxBytes,
	}, c, err
}

// maxQuestions bounds the questions to terminology services that the data of
// one run may raise.
const maxQuestions = 1000

// ask finds out from the data what terminology services are to be asked, and
// asks them.
func (e *Engine) ask(ctx context.Context, q *Query, r Request, values sqlgen.Values) (sqlgen.Answers, *terms, error) {
	services := newTerms(e.opt.Terminology)
	if len(q.probes) == 0 {
		return nil, services, nil
	}
	answers := sqlgen.Answers{}
	values.Terms, values.Limit, values.Offset = services, maxQuestions+1, 0
	for _, p := range q.probes {
		name, err := sqlgen.Service(p.of, values)
		if err != nil {
			return nil, nil, err
		}
		if err := services.check(p.of, name); err != nil {
			return nil, nil, err
		}
		sql, args, err := bind(ctx, p.statements[r.variant()](), values, e.catalog)
		if err != nil {
			return nil, nil, err
		}
		var questions []string
		err = exec.Run(ctx, e.db, exec.Query{SQL: sql, Args: args, Timeout: e.opt.Timeout}, func(cells [][]byte) error {
			if cells[0] == nil {
				return nil
			}
			var text string
			if err := json.Unmarshal(cells[0], &text); err != nil {
				return errs.Wrap(errs.Internal, "aql.Run", "the parameters of TERMINOLOGY cannot be read", err)
			}
			questions = append(questions, text)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		if len(questions) > maxQuestions {
			return nil, nil, termsError(errs.TooLarge, p.of, "the data raise more than %d different questions to the terminology service", maxQuestions)
		}
		answers[p.of] = map[string]any{}
		for _, params := range questions {
			a, err := services.Answer(ctx, p.of, name, params)
			if err != nil {
				return nil, nil, err
			}
			if a != nil {
				answers[p.of][params] = a
			}
		}
	}
	return answers, services, nil
}
