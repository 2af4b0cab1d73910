package server

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

// queries runs AQL for the openEHR API.
type queries struct {
	engine   *aql.Engine
	service  *ehr.Service
	decision ehr.DecisionPoint
}

func (s *Server) queryRunner(decision ehr.DecisionPoint) (*queries, error) {
	if s.options.QueryWorkload {
		s.workload = aql.NewWorkload(workloadEvery, s.store.SaveShapes)
	}
	engine, err := aql.NewEngine(s.store.QueryPool(), s.store, aql.Options{
		Workload: s.workload,
		Timeout:  s.options.QueryTimeout, MaxRows: int64(s.options.QueryMaxRows), MaxBytes: s.options.QueryMaxBytes, Terminology: s.terms, Guide: guide{s.Service},
		MaxCost: s.options.QueryMaxCost, Limits: aql.Limits{Analyze: analyze.Limits{Strict: s.options.QueryStrict}},
	})
	if err != nil {
		return nil, err
	}
	return &queries{engine: engine, service: s.Service, decision: decision}, nil
}

// workloadEvery is how often the shapes of queries are saved.
const workloadEvery = time.Minute

// allowed decides about a query, finds out whether it is right, and whether the
// EHR exists that it is about. A query that is wrong is told so before the EHR
// is looked for.
func (q *queries) allowed(ctx context.Context, who ehr.Actor, req rest.QueryRequest) (*aql.Query, aql.Request, error) {
	r := aql.Request{EHR: req.EHRID, AsOf: req.AsOf, Params: req.Parameters, Offset: int64(req.Offset), Fetch: int64(req.Fetch)}
	target := ehr.Target{Class: "EHR"}
	if req.EHRID != uuid.Nil {
		target.EHRID = req.EHRID.String()
	}
	if err := q.decision.Decide(ctx, who, ehr.ActionQuery, target); err != nil {
		return nil, r, err
	}
	compiled, err := q.engine.CompileFor(ctx, req.Text)
	if err != nil {
		return nil, r, withPositions(err)
	}
	if req.EHRID != uuid.Nil {
		if _, err := q.service.EHR(ctx, who, req.EHRID); err != nil {
			return nil, r, err
		}
	}
	return compiled, r, nil
}

// RunQuery implements rest.QueryRunner.
func (q *queries) RunQuery(ctx context.Context, who ehr.Actor, req rest.QueryRequest, sink rest.ResultSink) error {
	compiled, r, err := q.allowed(ctx, who, req)
	if err != nil {
		return err
	}
	return withPositions(q.engine.RunQuery(ctx, compiled, r, &resultSink{ResultSink: sink}))
}

// ExplainQuery implements rest.QueryExplainer.
func (q *queries) ExplainQuery(ctx context.Context, who ehr.Actor, req rest.QueryRequest, analyze bool) ([]byte, error) {
	_, r, err := q.allowed(ctx, who, req)
	if err != nil {
		return nil, err
	}
	explained, err := q.engine.Explain(ctx, req.Text, r, analyze)
	if err != nil {
		return nil, withPositions(err)
	}
	return json.Marshal(explained)
}

// CheckQuery implements rest.QueryRunner.
func (q *queries) CheckQuery(text string) error {
	_, err := q.engine.Compile(text)
	return withPositions(err)
}

// resultSink gives the engine's rows to the API.
type resultSink struct {
	rest.ResultSink
	kept *rest.Materialised
}

// Materialised implements aql.FreshnessSink.
func (s *resultSink) Materialised(f aql.Freshness) {
	s.kept = &rest.Materialised{Mode: "incremental", RefreshedAt: f.Refreshed.Format("2006-01-02T15:04:05.000Z"), Pending: &f.Pending}
	if f.Scheduled {
		s.kept.Mode, s.kept.Pending = "scheduled", nil
	}
}

func (s *resultSink) Begin(columns []aql.Column) error {
	head := rest.ResultHead{Columns: make([]rest.Column, len(columns)), Materialised: s.kept}
	for i, c := range columns {
		head.Columns[i] = rest.Column(c)
	}
	return s.ResultSink.Begin(head)
}

// withPositions turns the engine's problems into those of the API.
func withPositions(err error) error {
	var e *errs.Error
	if !errors.As(err, &e) {
		return err
	}
	list, ok := e.Detail.([]aql.Problem)
	if !ok {
		return err
	}
	problems := make([]rest.QueryProblem, len(list))
	for i, p := range list {
		problems[i] = rest.QueryProblem{Code: p.Code, Message: p.Message, Line: p.Pos.Line, Column: p.Pos.Column, Excerpt: p.Snippet, Suggestions: p.Suggestions}
	}
	out := *e
	out.Detail = problems
	return &out
}
