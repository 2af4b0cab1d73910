package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cairn-ehr/cairn/pkg/server"
)

type queryCmd struct {
	Materialise   queryMaterialiseCmd   `cmd:"" help:"Keep the result of a stored query, so that reading it is cheap."`
	Unmaterialise queryUnmaterialiseCmd `cmd:"" help:"Keep the result of a stored query no more."`
	Materialised  queryMaterialisedCmd  `cmd:"" help:"List the stored queries whose results are kept."`
	Shapes        queryShapesCmd        `cmd:"" help:"List the shapes of the population queries that were run, with the longest time in all first."`
}

type queryShapesCmd struct {
	server.Database `embed:""`
	Forget          bool `help:"Forget them instead."`
}

func (c *queryShapesCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		if c.Forget {
			return m.ForgetShapes(ctx)
		}
		list, err := m.Shapes(ctx)
		for _, s := range list {
			fmt.Fprintf(out, "%s  %d runs, %d rows, %s in all, at most %s, last %s\n  %s\n", s.Name, s.Runs, s.Rows,
				s.Total.Round(100*time.Microsecond), s.Max.Round(100*time.Microsecond), s.Last.Format(time.RFC3339), s.Text)
		}
		return err
	})
}

// storedQuery names a stored query.
type storedQuery struct {
	server.Database `embed:""`
	Name            string `arg:"" help:"Name of the stored query, with its namespace."`
	Version         string `arg:"" help:"Version, complete, such as 1.0.0."`
}

type queryMaterialiseCmd struct {
	storedQuery `embed:""`
	Every       time.Duration `help:"Make the whole result anew in this time, such as 15m, and answer with the last one. Without, the result is always that of the record."`
}

func (c *queryMaterialiseCmd) Run(ctx context.Context) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		return m.Materialise(ctx, c.Name, c.Version, c.Every)
	})
}

type queryUnmaterialiseCmd struct {
	storedQuery `embed:""`
}

func (c *queryUnmaterialiseCmd) Run(ctx context.Context) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error { return m.Unmaterialise(ctx, c.Name, c.Version) })
}

type queryMaterialisedCmd struct {
	server.Database `embed:""`
}

func (c *queryMaterialisedCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		list, err := m.Materialised(ctx)
		for _, q := range list {
			how, state := "incremental", "being made"
			if q.Scheduled() {
				how = "every " + q.Every.String()
			}
			if q.Complete {
				state = "refreshed " + q.Refreshed.Format(time.RFC3339)
			}
			if q.Pending > 0 {
				state += fmt.Sprintf(", %d changes since", q.Pending)
			}
			if q.Problem != "" {
				state += "; " + q.Problem
			}
			fmt.Fprintf(out, "%s %s  %s, %s\n", q.Name, q.Version, how, state)
		}
		return err
	})
}
