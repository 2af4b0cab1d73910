package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/server"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

type terminologyCmd struct {
	Load   terminologyLoadCmd   `cmd:"" help:"Load value sets, code systems and concept maps: FHIR R4 JSON (also Bundles) or CSV. A running server notices."`
	List   terminologyListCmd   `cmd:"" help:"List what is loaded."`
	Remove terminologyRemoveCmd `cmd:"" help:"Remove what was loaded."`
}

type terminologyLoadCmd struct {
	server.Database `embed:""`
	Files           []string `arg:"" name:"file" help:"Files: .json (FHIR R4) or .csv; - is the standard input."`
}

// Run reads all files and loads nothing unless all of them are in order.
func (c *terminologyLoadCmd) Run(ctx context.Context, out io.Writer) error {
	var list []*local.Resource
	for _, name := range c.Files {
		more, err := readTerminology(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, more...)
	}
	return c.Terminologies(ctx, func(ctx context.Context, loaded *server.Terminologies) error {
		if err := loaded.Load(ctx, list); err != nil {
			return err
		}
		for _, r := range list {
			if _, err := fmt.Fprintf(out, "loaded %s %s %s (%d concepts)\n", r.Kind, r.URL, r.Version, r.Concepts); err != nil {
				return err
			}
		}
		return nil
	})
}

func readTerminology(name string) ([]*local.Resource, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(os.Stdin)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	start := strings.TrimSpace(string(bytes.TrimPrefix(data[:min(len(data), 64)], []byte("\ufeff"))))
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case ext == ".csv" || strings.HasPrefix(start, "#"):
		return local.ParseCSV(data, local.Limits{})
	case ext == ".xml" || strings.HasPrefix(start, "<"):
		return nil, errs.New(errs.Unsupported, "cairn.terminology", "FHIR resources are read as JSON, not as XML")
	}
	return local.Parse(data, local.Limits{})
}

type terminologyListCmd struct {
	server.Database `embed:""`
}

func (c *terminologyListCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Terminologies(ctx, func(ctx context.Context, loaded *server.Terminologies) error {
		list, err := loaded.List(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "KIND\tURL\tVERSION\tNAME\tCONCEPTS\tBYTES\tLOADED")
		for _, e := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", e.Kind, e.URL, e.Version, e.Name, e.Concepts, e.Bytes, e.Loaded.Format("2006-01-02T15:04:05Z"))
		}
		return w.Flush()
	})
}

type terminologyRemoveCmd struct {
	server.Database `embed:""`
	URL             string  `arg:"" help:"Canonical URL of the resource."`
	Version         *string `help:"Remove only this version; otherwise all."`
}

func (c *terminologyRemoveCmd) Run(ctx context.Context, out io.Writer) error {
	return c.Terminologies(ctx, func(ctx context.Context, loaded *server.Terminologies) error {
		n, err := loaded.Remove(ctx, c.URL, c.Version)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "removed %d\n", n)
		return err
	})
}
