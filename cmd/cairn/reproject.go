package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cairn-ehr/cairn/pkg/server"
)

type reprojectCmd struct {
	server.Database `embed:""`
	// As the server has them.
	server.Projecting `embed:""`

	Again    bool `help:"Project everything, even if the mappings are those in force."`
	Progress bool `help:"Print how far it is every two seconds."`
	Status   bool `help:"Only print the state."`
}

func (c *reprojectCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		if c.Status {
			st, err := m.ProjectionState(ctx)
			if err == nil {
				printProjectionState(out, st)
			}
			return err
		}
		var told time.Time
		return m.Reproject(ctx, c.Again, c.Projecting, func(st server.ProjectionState) {
			if !st.Pending || c.Progress && time.Since(told) > 2*time.Second {
				told = time.Now()
				printProjectionState(out, st)
			}
		}, func(uid string, err error) { fmt.Fprintf(out, "%s could not be projected: %v\n", uid, err) })
	})
}

func printProjectionState(out io.Writer, st server.ProjectionState) {
	what := "projected by the mappings in force"
	if st.Pending {
		what = "being projected by the mappings in force"
	}
	fmt.Fprintf(out, "stored versions %s: %d of %d, %d changed, %d failed, %d in the queue\n", what, st.Done, st.Total, st.Changed, st.Failed, st.Queued)
}
