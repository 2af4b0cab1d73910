package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/oet"
	"github.com/cairn-ehr/cairn/templates/validate"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

type templateCmd struct {
	Build       templateBuildCmd       `cmd:"" help:"Compile template sources (.oet) and archetypes into operational templates (.opt)."`
	Lint        templateLintCmd        `cmd:"" help:"Find what is wrong or doubtful with templates and sources. One finding a line; the exit code is 1 if there are errors."`
	Diff        templateDiffCmd        `cmd:"" help:"Compare two templates: each change with whether stored data survive it. The exit code is 0 if all do, 1 if not, 2 for an error."`
	Example     templateExampleCmd     `cmd:"" help:"Print an example of a template."`
	Check       templateCheckCmd       `cmd:"" help:"Validate compositions against a template, without a server. One problem a line; the exit code is 1 if there are errors."`
	Webtemplate templateWebtemplateCmd `cmd:"" help:"Print a template's web template (2.3)."`
}

type templateBuildCmd struct {
	Sources []string `arg:"" name:"source" help:"Template sources (.oet)."`
	models
	Out string `short:"o" placeholder:"DIR" help:"Where to write; otherwise beside each source."`
}

// Run compiles all sources and writes nothing unless all of them compile.
func (c *templateBuildCmd) Run(out io.Writer) error {
	repository, err := readRepositories(c.Archetypes)
	if err != nil {
		return err
	}
	sources, err := readSources(c.Sources)
	if err != nil {
		return err
	}
	embedded, err := embeddable(c.Embed, sources)
	if err != nil {
		return err
	}
	type file struct {
		path string
		opt  []byte
	}
	var built []file
	var faults []error
	from := map[string]string{}
	for i, src := range sources {
		path := strings.TrimSuffix(c.Sources[i], filepath.Ext(c.Sources[i])) + ".opt"
		if c.Out != "" {
			path = filepath.Join(c.Out, filepath.Base(path))
		}
		if other, ok := from[path]; ok {
			return fmt.Errorf("%s and %s would both be written to %s", other, c.Sources[i], path)
		}
		from[path] = c.Sources[i]
		opt, err := oet.Compile(src, oet.Options{Archetypes: repository, Templates: embedded, Language: c.Language})
		if err == nil {
			_, err = templates.ReadOPT(opt, templates.Limits{})
		}
		if err != nil {
			faults = append(faults, inFile(c.Sources[i], err))
			continue
		}
		built = append(built, file{path, opt})
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	for _, f := range built {
		if err := os.WriteFile(f.path, f.opt, 0o644); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, f.path); err != nil {
			return err
		}
	}
	return nil
}

// repositories look for an archetype one after the other.
type repositories []*archetypes.Repository

func (r repositories) Archetype(id string) *archetypes.Archetype {
	for _, one := range r {
		if a := one.Archetype(id); a != nil {
			return a
		}
	}
	return nil
}

// readRepositories reads the folders, with the shipped archetypes at the end.
func readRepositories(dirs []string) (repositories, error) {
	var all repositories
	for _, dir := range dirs {
		r, err := archetypes.ReadRepository(os.DirFS(dir))
		if err != nil {
			return nil, inFile(dir, err)
		}
		all = append(all, r)
	}
	shipped, err := archetypes.Library()
	if err != nil {
		return nil, err
	}
	return append(all, shipped), nil
}

// embeddable finds sources by name: among those being compiled, then in the
// folders given.
func embeddable(dirs []string, sources []*oet.Source) (func(string) (*oet.Source, error), error) {
	byName := map[string]*oet.Source{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		var paths []string
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".oet" {
				paths = append(paths, filepath.Join(dir, e.Name()))
			}
		}
		list, err := readSources(paths)
		if err != nil {
			return nil, err
		}
		for i, src := range list {
			if byName[src.Name] != nil {
				return nil, fmt.Errorf("%s: there is another template named %q to embed", paths[i], src.Name)
			}
			byName[src.Name] = src
		}
	}
	for _, src := range sources {
		byName[src.Name] = src
	}
	return func(name string) (*oet.Source, error) {
		if src := byName[name]; src != nil {
			return src, nil
		}
		return nil, errors.New("it is neither among the sources nor in a folder given with --embed")
	}, nil
}

func readSources(paths []string) ([]*oet.Source, error) {
	var list []*oet.Source
	var faults []error
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		src, err := oet.Read(text)
		if err != nil {
			faults = append(faults, inFile(path, err))
			continue
		}
		list = append(list, src)
	}
	return list, errors.Join(faults...)
}

// inFile is an error, or each of those joined in it, with the file.
func inFile(path string, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, e := range joined.Unwrap() {
			list = append(list, inFile(path, e))
		}
		return errors.Join(list...)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// readTemplate reads an OPT. Each thing wrong with it is a line of the error.
func readTemplate(path string) (*templates.Template, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, err := templates.ReadOPT(text, templates.Limits{})
	if err == nil {
		return t, nil
	}
	e := errs.As(err)
	if e == nil {
		return nil, inFile(path, err)
	}
	problems, _ := e.Detail.([]rm.Problem)
	if len(problems) == 0 {
		return nil, inFile(path, err)
	}
	var list []error
	for _, p := range problems {
		list = append(list, errors.New(problemLine(path, p)))
	}
	return nil, errors.Join(list...)
}

type templateExampleCmd struct {
	Template  string `arg:"" help:"Operational template (.opt)."`
	Detail    string `default:"required" enum:"required,medium,complete" help:"What the template demands, what it suggests, or everything: required, medium or complete."`
	Format    string `default:"json" enum:"json,xml" help:"Canonical json or xml."`
	Language  string `help:"Code of the language; otherwise the template's."`
	Territory string `help:"Code of the country; otherwise DE."`
}

func (c *templateExampleCmd) Run(out io.Writer) error {
	t, err := readTemplate(c.Template)
	if err != nil {
		return err
	}
	detail, ok := example.ParseDetail(c.Detail)
	if !ok {
		return errs.New(errs.Invalid, "template example", "detail must be required, medium or complete")
	}
	root, err := example.Instance(t, example.Options{Detail: detail, Language: c.Language, Territory: c.Territory})
	if err != nil {
		return inFile(c.Template, err)
	}
	if c.Format == "xml" {
		text, err := rm.AppendXML(nil, root)
		if err != nil {
			return inFile(c.Template, err)
		}
		_, err = out.Write(append(text, '\n'))
		return err
	}
	return writeIndented(out, rm.AppendJSON(nil, root))
}

func writeIndented(out io.Writer, text []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(out)
	return err
}

type templateCheckCmd struct {
	Template     string   `arg:"" help:"Operational template (.opt)."`
	Compositions []string `arg:"" name:"composition" help:"Compositions, or other objects of the template's class, in canonical JSON or XML; - for standard input."`
	Incomplete   bool     `help:"Let mandatory things be absent, as the lifecycle state incomplete does."`
}

// Run prints what is wrong and fails if any of it is an error.
func (c *templateCheckCmd) Run(out io.Writer) error {
	t, err := readTemplate(c.Template)
	if err != nil {
		return err
	}
	bad := 0
	for _, path := range c.Compositions {
		text, err := readFile(path)
		if err != nil {
			return err
		}
		problems := check(t, text, c.Incomplete)
		for _, p := range problems {
			if _, err := fmt.Fprintln(out, problemLine(path, p)); err != nil {
				return err
			}
		}
		if rm.HasErrors(problems) {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d not valid", bad, len(c.Compositions))
	}
	return nil
}

// check lists all that is wrong with an instance, as the server would at a
// commit.
func check(t *templates.Template, text []byte, incomplete bool) []rm.Problem {
	var root *rm.Node
	var problems []rm.Problem
	if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n"), []byte("<")) {
		root, problems = rm.DecodeXML(text, t.Root.Class, rm.XMLOptions{Incomplete: incomplete})
	} else {
		root, problems = rm.DecodeJSON(text, t.Root.Class, rm.JSONOptions{Incomplete: incomplete})
	}
	if root == nil {
		return problems
	}
	return append(problems, rm.Independent(problems, validate.All(t, root, validate.Options{Incomplete: incomplete}))...)
}

// readFile reads a file, or standard input if its name is -.
func readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, rm.DefaultBytes+1))
	}
	return os.ReadFile(path)
}

// oneLine keeps a problem on its line.
var oneLine = strings.NewReplacer("\n", `\n`, "\r", `\r`)

// problemLine is a problem as "file: severity code path: message".
func problemLine(file string, p rm.Problem) string {
	severity := "error"
	if p.Severity == rm.Warning {
		severity = "warning"
	}
	line := fmt.Sprintf("%s: %s %s %s: %s", file, severity, p.Code, cmp.Or(p.Path, "/"), p.Message)
	if !strings.Contains(line, p.Expected) {
		line += "; expected " + p.Expected
	}
	if !strings.Contains(line, p.Actual) {
		line += "; found " + p.Actual
	}
	return oneLine.Replace(line)
}

type templateWebtemplateCmd struct {
	Template string `arg:"" help:"Operational template (.opt)."`
}

func (c *templateWebtemplateCmd) Run(out io.Writer) error {
	t, err := readTemplate(c.Template)
	if err != nil {
		return err
	}
	return writeIndented(out, webtemplate.Build(t).JSON())
}
