// Command cairn is the whole of Cairn in one binary: the server, its
// migrations, the sandbox and the tools around models and queries.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/cairn-ehr/cairn/pkg/server"
)

type cli struct {
	Serve       serveCmd       `cmd:"" help:"Serve the openEHR and FHIR APIs."`
	Dev         devCmd         `cmd:"" help:"Serve with the shipped templates and a synthetic sandbox, for trying things out."`
	Migrate     migrateCmd     `cmd:"" help:"Bring a database's schema up or down, or print its version."`
	Synth       synthCmd       `cmd:"" help:"Write synthetic patients and compositions as JSON lines."`
	Template    templateCmd    `cmd:"" help:"Build, exemplify and check templates."`
	Terminology terminologyCmd `cmd:"" help:"Load, list and remove value sets, code systems and concept maps."`
	AQL         aqlCmd         `cmd:"" name:"aql" help:"Run and explain AQL queries."`
	Query       queryCmd       `cmd:"" help:"Keep the results of stored queries."`
	FHIRMap     fhirmapCmd     `cmd:"" name:"fhirmap" help:"Check, run and test FHIR mappings."`
	Reindex     reindexCmd     `cmd:"" help:"Rebuild the node index while the database is in use."`
	Index       indexCmd       `cmd:"" help:"Propose, create, drop and list indexes for queries."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c, append(options(ctx, os.Stdout), kong.UsageOnError())...)
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "cairn:", err)
		os.Exit(exitCode(err))
	}
}

// options are how the command line is read, and what commands are given.
func options(ctx context.Context, out io.Writer) []kong.Option {
	return []kong.Option{
		kong.Name("cairn"),
		kong.Description("An openEHR clinical data repository: openEHR inside, FHIR outside."),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
	}
}

type serveCmd struct {
	server.Options `embed:""`
}

func (c *serveCmd) Run(ctx context.Context) error { return server.Run(ctx, c.Options) }

type versionCmd struct{}

func (versionCmd) Run() error {
	_, err := fmt.Println(server.Version())
	return err
}
