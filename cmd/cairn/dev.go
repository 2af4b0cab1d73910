package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/template"

	_ "embed"

	"github.com/cairn-ehr/cairn/pkg/server"
)

type devCmd struct {
	server.Options `embed:""`
	Seed           uint64 `default:"1" help:"Seed of the synthetic patients."`
	Patients       int    `default:"60" help:"How many synthetic patients."`
	Quiet          bool   `help:"Print no tour."`
}

//go:embed tour.txt
var tourText string

var tour = template.Must(template.New("tour").Parse(tourText))

// Run starts a server on the sandbox, prints what to try, and serves.
func (c *devCmd) Run(ctx context.Context) error {
	if c.LogFormat == "json" && os.Getenv("CAIRN_LOG_FORMAT") == "" {
		c.LogFormat = "text"
	}
	if c.LogLevel == "info" && os.Getenv("CAIRN_LOG_LEVEL") == "" {
		c.LogLevel = "warn"
	}
	if len(c.FHIRSecurity)+len(c.FHIRSecurityOf) == 0 {
		c.FHIRSecurity = []string{"HTEST"} // so that nobody takes the synthetic patients for others
	}
	s, err := server.Start(ctx, c.Options)
	if err != nil {
		return err
	}
	box, err := s.LoadSandbox(ctx, c.Seed, c.Patients)
	if err != nil {
		return errors.Join(fmt.Errorf("loading the sandbox: %w; if %s holds the sandbox of another version of Cairn, name another --data-dir or remove it", err, c.DataDir), s.Close())
	}
	if !c.Quiet {
		if err := tour.Execute(os.Stdout, map[string]any{
			"Box": box, "OpenEHR": s.Origin() + s.Base().OpenEHR, "FHIR": s.Origin() + s.Base().FHIR, "Origin": s.Origin(),
		}); err != nil {
			return err
		}
	}
	return s.Serve(ctx)
}
