package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/diff"
	"github.com/cairn-ehr/cairn/templates/oet"
)

// exitError is an error with an exit code of its own; quiet if it says nothing.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

type templateDiffCmd struct {
	Old string `arg:"" help:"Operational template (.opt) or source (.oet) of before."`
	New string `arg:"" help:"Operational template (.opt) or source (.oet) of after."`
	models
	IgnoreID bool   `help:"Take another template id for no change."`
	Format   string `default:"text" enum:"text,json" help:"text, one change a line, or json."`
}

// Run prints the changes. It fails with code 1 if one is breaking, with 2 if
// the templates cannot be compared.
func (c *templateDiffCmd) Run(out io.Writer) error {
	before, after, err := c.templates()
	if err != nil {
		return &exitError{2, err}
	}
	changes := diff.Compare(before, after, diff.Options{IgnoreID: c.IgnoreID})
	breaking := 0
	for _, ch := range changes {
		if ch.Breaking {
			breaking++
		}
	}
	if c.Format == "json" {
		if changes == nil {
			changes = []diff.Change{}
		}
		err = printJSON(out, map[string]any{"breaking": breaking > 0, "changes": changes})
	} else {
		for _, ch := range changes {
			if _, err = fmt.Fprintln(out, oneLine.Replace(ch.String())); err != nil {
				break
			}
		}
	}
	if err != nil {
		return &exitError{2, err}
	}
	if breaking > 0 {
		return &exitError{1, fmt.Errorf("%d of %d changes break stored data", breaking, len(changes))}
	}
	return nil
}

func (c *templateDiffCmd) templates() (before, after *templates.Template, err error) {
	options, err := c.models.options([]string{c.Old, c.New})
	if err != nil {
		return nil, nil, err
	}
	if before, err = readOrCompile(c.Old, options); err != nil {
		return nil, nil, err
	}
	after, err = readOrCompile(c.New, options)
	return before, after, err
}

// readOrCompile reads an OPT or compiles a source.
func readOrCompile(path string, options oet.Options) (*templates.Template, error) {
	if filepath.Ext(path) != ".oet" {
		return readTemplate(path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	src, err := oet.Read(text)
	if err != nil {
		return nil, inFile(path, err)
	}
	opt, err := oet.Compile(src, options)
	if err != nil {
		return nil, inFile(path, err)
	}
	t, err := templates.ReadOPTFrom(bytes.NewReader(opt), templates.Limits{})
	if err != nil {
		return nil, inFile(path, err)
	}
	return t, nil
}

// exitCode is that of an error at the end of the program.
func exitCode(err error) int {
	if e := (*exitError)(nil); errors.As(err, &e) {
		return e.code
	}
	return 1
}
