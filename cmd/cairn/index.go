package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/server"
)

type indexCmd struct {
	Advise indexAdviseCmd `cmd:"" help:"Propose indexes for the stored queries, and for queries in files."`
	Create indexCreateCmd `cmd:"" help:"Create an index on columns of the node index, while the database is in use."`
	Drop   indexDropCmd   `cmd:"" help:"Drop an index that was created so."`
	List   indexListCmd   `cmd:"" help:"List the indexes that were created so."`
}

type indexAdviseCmd struct {
	server.Database `embed:""`
	Queries         []string `arg:"" optional:"" type:"existingfile" help:"Files with one AQL query each."`
}

func (c *indexAdviseCmd) Run(ctx context.Context, out io.Writer) error {
	more := map[string]string{}
	for _, f := range c.Queries {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		more[f] = string(text)
	}
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		list, none, err := m.Advise(ctx, more)
		if err != nil {
			return err
		}
		for _, a := range list {
			command := "exists already"
			if !a.Exists {
				command = fmt.Sprintf("cairn index create %s %s", a.Archetype, strings.Join(a.Columns, ","))
			}
			fmt.Fprintf(out, "%s\n  for %s\n  of  %s\n", command, strings.Join(a.Paths, ", "), strings.Join(a.Queries, ", "))
			if a.Runs > 0 {
				fmt.Fprintf(out, "  which ran %d times for %s in all\n", a.Runs, a.Time.Round(100*time.Microsecond))
			}
			fmt.Fprintf(out, "  now each run reads %d rows (%s)", a.Rows, size(a.Bytes))
			if a.RowsPerValue > 0 {
				fmt.Fprintf(out, ", of which about %d have the same value", a.RowsPerValue)
			}
			fmt.Fprintf(out, "; the index takes about %s, and each row written later an entry in it\n", size(a.IndexBytes))
		}
		for _, n := range none {
			fmt.Fprintf(out, "no index for %s: %s\n", n.Query, n.Reason)
		}
		return nil
	})
}

func size(bytes int64) string {
	if bytes < 10<<20 {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}

type indexCreateCmd struct {
	server.Database `embed:""`
	Archetype       string `arg:"" help:"Archetype id, as cairn index advise gives it."`
	Columns         string `arg:"" help:"Columns of the node index, likewise, with commas between: n1 to n3, k1, k2 or d1."`
}

func (c *indexCreateCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		x, err := m.CreateIndex(ctx, c.Archetype, strings.Split(c.Columns, ","))
		if err == nil {
			printIndex(out, x)
		}
		return err
	})
}

type indexDropCmd struct {
	server.Database `embed:""`
	Name            string `arg:"" help:"Name, as cairn index list gives it."`
}

func (c *indexDropCmd) Run(ctx context.Context) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error { return m.DropIndex(ctx, c.Name) })
}

type indexListCmd struct {
	server.Database `embed:""`
}

func (c *indexListCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Maintain(ctx, func(ctx context.Context, m server.Maintainer) error {
		list, err := m.Indexes(ctx)
		for _, x := range list {
			printIndex(out, x)
		}
		return err
	})
}

func printIndex(out io.Writer, x server.SlotIndex) {
	state := ""
	if !x.Valid {
		state = ", not valid: its creation was interrupted; create it again"
	}
	fmt.Fprintf(out, "%s  %s of %s, %s%s\n", x.Name, strings.Join(x.Columns, ","), strings.Join(x.Archetypes, ", "), size(x.Bytes), state)
}
