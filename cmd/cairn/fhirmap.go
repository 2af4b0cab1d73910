package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/coverage"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

type fhirmapCmd struct {
	Lint     fhirmapLintCmd     `cmd:"" help:"Check mapping files. One problem a line; the exit code is 1 if there are any."`
	Compile  fhirmapCompileCmd  `cmd:"" help:"Print the compiled plans: steps, types, conditions and targets as they will run."`
	Run      fhirmapRunCmd      `cmd:"" help:"Print the FHIR resources that mappings make of a composition, one a line."`
	Test     fhirmapTestCmd     `cmd:"" help:"Compare what mappings make of test cases with what is expected."`
	Coverage fhirmapCoverageCmd `cmd:"" help:"List what no mapping reaches: the leaves of templates, and mandatory and must-support elements of resources."`

	Reproject reprojectCmd `cmd:"" help:"Make the FHIR resources of stored versions by the mappings of this program, while the database is in use."`
}

// mappings says which mapping files a command works with.
type mappings struct {
	Mappings []string `short:"m" sep:"none" placeholder:"PATH" help:"A mapping file, or a folder with mapping files in any folder below; may repeat. Otherwise those that Cairn ships."`
	Shipped  bool     `help:"Add the mappings that Cairn ships to those given."`
}

// library compiles the mappings; if anything is wrong the error is a
// fhirmap.Problems.
func (m mappings) library() (*fhirmap.Library, error) {
	if len(m.Mappings) == 0 {
		return fhirmap.LoadShipped()
	}
	lib, problems, err := fhirmap.CompilePaths(m.Mappings, m.Shipped)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return lib, nil
}

type fhirmapLintCmd struct {
	Paths   []string `arg:"" name:"path" help:"Mapping files, and folders with mapping files in any folder below."`
	Shipped bool     `help:"Let the files refer to the mappings that Cairn ships."`
	Format  string   `default:"text" enum:"text,json" help:"text, one problem a line, or json."`
}

// Run prints all problems and fails if there are any.
func (c *fhirmapLintCmd) Run(out io.Writer) error {
	_, problems, err := fhirmap.CompilePaths(c.Paths, c.Shipped)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		type entry struct {
			File    string `json:"file"`
			Line    int    `json:"line"`
			Column  int    `json:"column"`
			Code    string `json:"code"`
			Message string `json:"message"`
		}
		list := make([]entry, 0, len(problems))
		for _, p := range problems {
			list = append(list, entry{p.File, p.Line, p.Column, p.Code, p.Message})
		}
		err = printJSON(out, map[string]any{"problems": list})
	} else {
		for _, p := range problems {
			if _, err = fmt.Fprintln(out, oneLine.Replace(fmt.Sprintf("%s: %s: %s", p.Position, p.Code, p.Message))); err != nil {
				break
			}
		}
	}
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("%d problems in the mapping files", len(problems))
	}
	return err
}

type fhirmapCompileCmd struct{ mappings }

// Run prints the plans of all models.
func (c *fhirmapCompileCmd) Run(out io.Writer) error {
	lib, err := c.library()
	if err != nil {
		return err
	}
	return lib.Print(out)
}

type fhirmapRunCmd struct {
	Composition string `arg:"" help:"COMPOSITION or EHR_STATUS in canonical JSON, with --reverse a FHIR resource in JSON; - for standard input."`
	mappings
	Reverse   bool              `help:"The way back: print the composition, of the template given, that a FHIR resource becomes; refused if anything of the resource would be lost."`
	Composer  string            `placeholder:"NAME" default:"cairn fhirmap run" help:"With --reverse, who composes, unless the resource says so."`
	Language  string            `placeholder:"CODE" help:"With --reverse, the language (ISO 639-1) of the composition; otherwise that of the template."`
	Territory string            `placeholder:"CODE" default:"DE" help:"With --reverse, the territory (ISO 3166-1) of the composition."`
	Stance    string            `placeholder:"STANCE" help:"With --reverse, whether the code of a resource that can deny what it is for names something (names) or denies it (denies)."`
	Time      string            `placeholder:"TIME" help:"With --reverse, the start of the context (RFC 3339), unless the resource says so; otherwise now."`
	EHR       string            `name:"ehr" placeholder:"UUID" help:"Id of the EHR, which is that of the Patient."`
	Object    string            `placeholder:"UUID" help:"Id of the versioned object, from which the ids of resources follow."`
	System    string            `placeholder:"ID" help:"Id of the creating system, from which the ids of resources follow."`
	Template  string            `short:"t" placeholder:"FILE" help:"Check the composition against this operational template (.opt) first."`
	Link      map[string]string `placeholder:"URI=TYPE/ID" help:"What the target of a LINK, an ehr: URI, is shown as in FHIR; with --reverse, the URI that a reference becomes. May repeat. Otherwise nothing is known of other compositions."`
	Losses    string            `placeholder:"FILE" help:"Where to write what did not arrive, as JSON; otherwise to standard error, one a line."`
}

// Run projects one object.
func (c *fhirmapRunCmd) Run(out io.Writer) error {
	lib, err := c.library()
	if err != nil {
		return err
	}
	text, err := readFile(c.Composition)
	if err != nil {
		return err
	}
	if c.Reverse {
		return c.reverse(out, lib, text)
	}
	if c.Template != "" {
		t, err := readTemplate(c.Template)
		if err != nil {
			return err
		}
		if problems := check(t, text, false); rm.HasErrors(problems) {
			return problemList(c.Composition, problems)
		}
	}
	in, err := casetest.NewInput(text)
	if err != nil {
		return inputError(c.Composition, err)
	}
	for _, o := range []struct {
		value string
		to    *string
	}{{c.EHR, &in.EHRID}, {c.Object, &in.ObjectID}, {c.System, &in.SystemID}} {
		if o.value != "" {
			*o.to = o.value
		}
	}
	in.VersionUID = in.ObjectID + "::" + in.SystemID + "::1"
	if c.Link != nil {
		in.Link = c.target
	}
	res, err := lib.Project(in)
	if err != nil {
		return inputError(c.Composition, err)
	}
	for _, r := range res.Resources {
		if _, err := fmt.Fprintf(out, "%s\n", r.JSON); err != nil {
			return err
		}
	}
	if c.Losses == "" {
		e := json.NewEncoder(os.Stderr)
		e.SetEscapeHTML(false)
		for _, l := range res.Losses {
			if err := e.Encode(l); err != nil {
				return err
			}
		}
		return nil
	}
	var b bytes.Buffer
	if err := printJSON(&b, append([]fhirmap.Loss{}, res.Losses...)); err != nil {
		return err
	}
	return os.WriteFile(c.Losses, b.Bytes(), 0o600) // names what a record holds
}

// target is what the target of a LINK is said to be shown as.
func (c *fhirmapRunCmd) target(uri string) fhirmap.LinkTarget {
	reference, there := c.Link[uri]
	if !there {
		return fhirmap.LinkTarget{Reason: fhirmap.LinkMissing}
	}
	typ, _, _ := strings.Cut(reference, "/")
	return fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{{Type: typ, Reference: reference}}}
}

// reverse prints the composition that a resource becomes.
func (c *fhirmapRunCmd) reverse(out io.Writer, lib *fhirmap.Library, text []byte) error {
	if c.Template == "" {
		return errors.New("--reverse needs the template (-t) that the composition follows")
	}
	t, err := readTemplate(c.Template)
	if err != nil {
		return err
	}
	in := fhirmap.ComposeInput{
		Resource: text, Template: t, EHRID: casetest.EHR, Language: c.Language, Territory: c.Territory,
		Composer: rm.Object("PARTY_IDENTIFIED", rm.Str("name", c.Composer)), Time: time.Now(),
	}
	if in.Stance, err = fhirmap.ParseStance(c.Stance); err != nil {
		return fmt.Errorf("--stance: %w", err)
	}
	if c.EHR != "" {
		in.EHRID = c.EHR
	}
	if c.Time != "" {
		if in.Time, err = time.Parse(time.RFC3339, c.Time); err != nil {
			return fmt.Errorf("--time: %w", err)
		}
	}
	in.Joins = map[string]fhirmap.Join{}
	for uri, reference := range c.Link {
		typ, _, _ := strings.Cut(reference, "/")
		in.Joins[reference] = fhirmap.Join{Type: typ, Target: uri}
	}
	composed, err := lib.Compose(in)
	if err != nil {
		if e := errs.As(err); e != nil {
			if list, ok := e.Detail.([]fhirmap.Difference); ok {
				lines := make([]string, 0, len(list))
				for _, d := range list {
					lines = append(lines, c.Composition+": "+d.Path+": "+d.Message)
				}
				return errors.New(strings.Join(lines, "\n"))
			}
		}
		return inputError(c.Composition, err)
	}
	_, err = fmt.Fprintf(out, "%s\n", rm.AppendJSON(nil, composed.Root))
	return err
}

// inputError tells everything that is wrong with an object.
func inputError(path string, err error) error {
	if e := (*errs.Error)(nil); errors.As(err, &e) {
		if problems, ok := e.Detail.([]rm.Problem); ok {
			return problemList(path, problems)
		}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// problemList is an error of one line for each problem.
func problemList(path string, problems []rm.Problem) error {
	lines := make([]string, 0, len(problems))
	for _, p := range problems {
		lines = append(lines, problemLine(path, p))
	}
	return errors.New(strings.Join(lines, "\n"))
}

type fhirmapTestCmd struct {
	Cases []string `arg:"" help:"Folders of test cases, each a folder with in.json, resources.ndjson and losses.json, or for the way back with resource.json, back.json and outcome.json; or such a folder."`
	mappings
	Update bool `help:"Write what the mappings make instead of comparing. Check it by hand."`
}

// Run projects the input of each case and compares the files byte for byte.
func (c *fhirmapTestCmd) Run(out io.Writer) error {
	lib, err := c.library()
	if err != nil {
		return err
	}
	var dirs []string
	for _, path := range c.Cases {
		found := len(dirs)
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (d.Name() == casetest.InFile || d.Name() == casetest.ResourceFile) {
				dirs = append(dirs, filepath.Dir(name))
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(dirs) == found {
			return fmt.Errorf("no test case in %s: no folder holds %s or %s", path, casetest.InFile, casetest.ResourceFile)
		}
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs) // a case may hold both ways
	failed := 0
	for _, dir := range dirs {
		differences, err := c.one(lib, dir)
		if err != nil {
			return err
		}
		state := "ok"
		if len(differences) > 0 {
			failed++
			state = "FAILED"
		}
		if _, err := fmt.Fprintln(out, state, dir); err != nil {
			return err
		}
		for _, d := range differences {
			if _, err := fmt.Fprintln(out, "    "+oneLine.Replace(d)); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d test cases failed", failed, len(dirs))
	}
	return nil
}

// one runs a case, in each of the ways that it has files for, and gives the
// differences to what is expected.
func (c *fhirmapTestCmd) one(lib *fhirmap.Library, dir string) ([]string, error) {
	var differences []string
	for _, way := range []struct {
		input string
		run   func(*fhirmap.Library, string) ([]string, error)
	}{{casetest.InFile, c.forward}, {casetest.ResourceFile, c.back}} {
		if _, err := os.Stat(filepath.Join(dir, way.input)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		more, err := way.run(lib, dir)
		if err != nil {
			return nil, err
		}
		differences = append(differences, more...)
	}
	return differences, nil
}

// back runs a case of the way back.
func (c *fhirmapTestCmd) back(lib *fhirmap.Library, dir string) ([]string, error) {
	in, path, err := casetest.ReadBack(os.DirFS(dir))
	if err != nil {
		return nil, inputError(dir, err)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if in.Template, err = readTemplate(path); err != nil {
		return nil, err
	}
	got, err := casetest.BackOutcome(lib.Compose(in))
	if err != nil {
		return nil, inputError(dir, err)
	}
	return c.compare(dir, casetest.OutcomeFile, got)
}

// forward projects the input of a case.
func (c *fhirmapTestCmd) forward(lib *fhirmap.Library, dir string) ([]string, error) {
	in, err := casetest.Read(os.DirFS(dir))
	if err != nil {
		return nil, inputError(dir, err)
	}
	res, err := lib.Project(in)
	if err != nil {
		return nil, inputError(dir, err)
	}
	resources, losses, err := casetest.Outcome(&res)
	if err != nil {
		return nil, err
	}
	var differences []string
	for _, f := range []struct {
		name string
		got  []byte
	}{{casetest.ResourcesFile, resources}, {casetest.LossesFile, losses}} {
		more, err := c.compare(dir, f.name, f.got)
		if err != nil {
			return nil, err
		}
		differences = append(differences, more...)
	}
	return differences, nil
}

// compare gives the differences to an expected file, or writes it.
func (c *fhirmapTestCmd) compare(dir, name string, got []byte) ([]string, error) {
	path := filepath.Join(dir, name)
	if c.Update {
		return nil, os.WriteFile(path, got, 0o644)
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{name + " does not exist; --update writes it"}, nil
	}
	if err != nil || bytes.Equal(want, got) {
		return nil, err
	}
	return lineDifference(name, string(want), string(got)), nil
}

// lineDifference lists the lines that only one of two texts has.
func lineDifference(name, want, got string) (out []string) {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i, line := range a {
		if !slices.Contains(b, line) {
			out = append(out, fmt.Sprintf("%s:%d: - %s", name, i+1, line))
		}
	}
	for i, line := range b {
		if !slices.Contains(a, line) {
			out = append(out, fmt.Sprintf("%s:%d: + %s", name, i+1, line))
		}
	}
	if len(out) == 0 {
		out = append(out, name+": the lines have another order or number")
	}
	return out
}

type fhirmapCoverageCmd struct {
	Templates []string `arg:"" name:"template" help:"Operational templates (.opt)."`
	mappings
	Reverse bool   `help:"The way back: what of the resources is kept in compositions, and what they are refused for."`
	Format  string `default:"text" enum:"text,json" help:"text, one finding a line, or json."`
}

// Run prints the coverage of each template.
func (c *fhirmapCoverageCmd) Run(out io.Writer) error {
	lib, err := c.library()
	if err != nil {
		return err
	}
	list := make([]*coverage.Template, 0, len(c.Templates))
	for _, path := range c.Templates {
		var t *templates.Template
		if t, err = readTemplate(path); err != nil {
			return err
		}
		list = append(list, coverage.Of(lib, t))
	}
	if c.Format == "json" {
		return printJSON(out, map[string]any{"templates": list})
	}
	for _, cov := range list {
		text := cov.String()
		if c.Reverse {
			text = cov.BackString()
		}
		if _, err := io.WriteString(out, text); err != nil {
			return err
		}
	}
	return nil
}
