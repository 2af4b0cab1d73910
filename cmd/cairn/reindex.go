package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cairn-ehr/cairn/pkg/server"
)

type reindexCmd struct {
	server.Database `embed:""`
	Again           bool `help:"Rebuild an index that is complete, too."`
	Status          bool `help:"Only print the state of the index."`
}

func (c *reindexCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		if c.Status {
			st, err := m.IndexState(ctx)
			if err == nil {
				printIndexState(out, st)
			}
			return err
		}
		var told time.Time
		return m.Reindex(ctx, c.Again, func(st server.IndexState) {
			if st.Complete || time.Since(told) > 2*time.Second {
				told = time.Now()
				printIndexState(out, st)
			}
		})
	})
}

func printIndexState(out io.Writer, st server.IndexState) {
	switch {
	case st.Complete:
		fmt.Fprintf(out, "the node index is complete: %d compositions\n", st.Total)
	case st.Rebuilding:
		fmt.Fprintf(out, "rebuilding the node index: %d of %d compositions\n", st.Done, st.Total)
	default:
		fmt.Fprintf(out, "the node index is not complete: %d compositions; queries are answered from the documents until cairn reindex has run\n", st.Total)
	}
}
