package server

import (
	"context"
	"time"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/keptstore"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// MaterialisedQuery is a stored query whose result is kept.
type MaterialisedQuery = keptstore.Entry

// Materialise declares the result of a stored query as to be kept: incrementally,
// or with a time between refreshes as a whole. It is made at once. Errors are
// errs.Error: NotFound if there is no such version of a query, Unsupported if its
// result cannot be kept so, Conflict if it is already.
func (m Maintainer) Materialise(ctx context.Context, name, version string, every time.Duration) error {
	const op = "server.Materialise"
	if every != 0 && every < time.Second {
		return errs.New(errs.Invalid, op, "the time between refreshes must be a second at least")
	}
	list, err := m.store.Queries(ctx, name)
	if err != nil {
		return err
	}
	engine, err := aql.NewEngine(m.store.QueryPool(), m.store, aql.Options{Timeout: materialiseTimeout})
	if err != nil {
		return err
	}
	for _, q := range list {
		if q.Version != version {
			continue
		}
		if err := engine.Materialisable(q.Text, every > 0); err != nil {
			return withPositions(err)
		}
		if err := m.store.Kept().Declare(ctx, MaterialisedQuery{Name: name, Version: version, Text: q.Text, Every: every}, "cairn query"); err != nil {
			return err
		}
		return engine.RefreshMaterialised(ctx)
	}
	return errs.New(errs.NotFound, op, "there is no such version of a stored query")
}

// materialiseTimeout bounds one statement of a command that makes rows.
const materialiseTimeout = 10 * time.Minute

// Unmaterialise keeps the result of a query no more; errs.NotFound if it was not
// kept.
func (m Maintainer) Unmaterialise(ctx context.Context, name, version string) error {
	return m.store.Kept().Drop(ctx, name, version)
}

// Materialised lists the queries whose results are kept.
func (m Maintainer) Materialised(ctx context.Context) ([]MaterialisedQuery, error) {
	list, _, err := m.store.Kept().Entries(ctx)
	return list, err
}

// materialiseEvery is how often the rows of changed EHRs are made anew. Reads are
// exact without, and cheaper with it.
const materialiseEvery = time.Second

// keepMaterialised brings kept results up to date until the context ends.
func (s *Server) keepMaterialised(ctx context.Context, engine *aql.Engine) {
	tick := time.NewTicker(materialiseEvery)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := engine.RefreshMaterialised(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			s.log.Warn("materialised queries are not refreshed", "error", err)
		}
		failing = err != nil
	}
}
