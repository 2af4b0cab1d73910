package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-ehr/cairn/templates/lint"
	"github.com/cairn-ehr/cairn/templates/oet"
)

// models says where archetypes and embedded sources come from; commands that
// compile sources have it.
type models struct {
	Archetypes []string `short:"a" sep:"none" placeholder:"DIR" help:"Take archetypes (.adl, in any folder below) from DIR before those that Cairn ships; an earlier DIR before a later one."`
	Embed      []string `short:"e" sep:"none" placeholder:"DIR" help:"Sources that other sources embed by name, beside those being compiled."`
	Language   string   `short:"l" help:"Code of the templates' language; otherwise the original language of the root archetype."`
}

type templateLintCmd struct {
	Files []string `arg:"" name:"file" help:"Operational templates (.opt, .xml) and template sources (.oet)."`
	models
	Translations  []string `placeholder:"CODE" help:"Languages that every term must have a text in, beside those of its archetype."`
	Terminologies []string `name:"terminology" sep:"none" placeholder:"NAME" help:"A terminology that is known beside the usual ones; may repeat."`
	FailOn        string   `default:"error" enum:"error,warning,remark,never" help:"Exit with 1 if there is a finding this severe: error, warning, remark or never."`
	Remarks       bool     `help:"Show remarks too."`
	Format        string   `default:"text" enum:"text,json" help:"text, one finding a line, or json."`
}

// fileFinding is a finding with its file.
type fileFinding struct {
	File string `json:"file"`
	lint.Finding
}

// Run prints all findings and fails if one is severe enough.
func (c *templateLintCmd) Run(out io.Writer) error {
	compile, err := c.models.options(c.Files)
	if err != nil {
		return err
	}
	findings := []fileFinding{}
	bad := 0
	for _, path := range c.Files {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		opt := lint.Options{Languages: c.Translations, Terminologies: c.Terminologies}
		var list []lint.Finding
		if filepath.Ext(path) == ".oet" {
			list = lint.Source(text, compile, opt)
		} else {
			list = lint.OPT(text, opt)
		}
		for _, f := range list {
			if f.Severity > lint.Remark || c.Remarks || c.FailOn == "remark" {
				findings = append(findings, fileFinding{path, f})
			}
		}
		if worst, some := lint.Worst(list); some && c.fails(worst) {
			bad++
		}
	}
	if c.Format == "json" {
		err = printJSON(out, map[string]any{"findings": findings})
	} else {
		for _, f := range findings {
			place := f.File
			if f.Line > 0 {
				place = fmt.Sprintf("%s:%d", place, f.Line)
			}
			if _, err = fmt.Fprintln(out, oneLine.Replace(fmt.Sprintf("%s: %s %s %s: %s", place, f.Severity, f.Code, f.Path, f.Message))); err != nil {
				break
			}
		}
	}
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d of %d not clean", bad, len(c.Files))
	}
	return err
}

func (c *templateLintCmd) fails(worst lint.Severity) bool {
	switch c.FailOn {
	case "error":
		return worst >= lint.Error
	case "warning":
		return worst >= lint.Warning
	}
	return c.FailOn == "remark"
}

// printJSON writes a value indented, without escapes for HTML.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// options are those to compile the sources among the files with. A source that
// cannot be read is left to whoever compiles it.
func (m models) options(files []string) (oet.Options, error) {
	repository, err := readRepositories(m.Archetypes)
	if err != nil {
		return oet.Options{}, err
	}
	var sources []*oet.Source
	for _, path := range files {
		if filepath.Ext(path) != ".oet" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return oet.Options{}, err
		}
		if src, err := oet.Read(text); err == nil {
			sources = append(sources, src)
		}
	}
	embedded, err := embeddable(m.Embed, sources)
	if err != nil {
		return oet.Options{}, err
	}
	return oet.Options{Archetypes: repository, Templates: embedded, Language: strings.TrimSpace(m.Language)}, nil
}
