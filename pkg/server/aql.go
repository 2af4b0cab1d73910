package server

import (
	"context"
	"errors"
	"time"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// What commands that run queries need of the engine.
type (
	// QueryEngine runs queries; see aql.Engine.
	QueryEngine = aql.Engine
	// QueryRequest is what a run depends on besides the text.
	QueryRequest = aql.Request
	// QueryColumn is a column of a result.
	QueryColumn = aql.Column
)

// QueryOptions say on which database queries are run, and with which limits.
type QueryOptions struct {
	Database     `embed:""`
	QueryTimeout time.Duration `default:"5m" env:"CAIRN_QUERY_TIMEOUT" help:"Time limit of one AQL query."`
	QueryMaxRows int           `default:"1000000" env:"CAIRN_QUERY_MAX_ROWS" help:"Most rows one AQL query may return."`
}

// With runs a function with an engine on the database, which must be migrated.
// No decision point is asked: whoever may open the database may read it.
func (o QueryOptions) With(ctx context.Context, f func(context.Context, *QueryEngine) error) error {
	return o.Database.With(ctx, func(ctx context.Context, m Migrator) error {
		st, err := store.Open(ctx, store.Config{URL: m.url, Conns: 1, QueryConns: 1})
		if err != nil {
			return err
		}
		defer st.Close()
		engine, err := aql.NewEngine(st.QueryPool(), st, aql.Options{Timeout: o.QueryTimeout, MaxRows: int64(o.QueryMaxRows)})
		if err != nil {
			return err
		}
		return f(ctx, engine)
	})
}

// QueryProblems are the problems of a query that an error is about; nil if it
// is about none.
func QueryProblems(err error) []aql.Problem {
	var e *errs.Error
	if !errors.As(err, &e) {
		return nil
	}
	list, _ := e.Detail.([]aql.Problem)
	return list
}
