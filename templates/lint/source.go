package lint

import (
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/oet"
)

// Source lints a template source as a file: what the source says without
// effect, then the template that it compiles to. Lines are those of the source;
// findings on the compiled template have none.
func Source(data []byte, compile oet.Options, opt Options) []Finding {
	src, err := oet.Read(data)
	if err != nil {
		return faults(err)
	}
	s := &sourceLinter{}
	if _, err := uuid.Parse(src.ID); err != nil {
		s.add(CodeSourceID, "/", 0, "the id is not a UUID")
	}
	s.item(src.Definition)
	opt14, err := oet.Compile(src, compile)
	if err != nil {
		return append(s.out, faults(err)...)
	}
	t, err := templates.ReadOPT(opt14, templates.Limits{})
	if err != nil {
		return append(s.out, unreadable(err)...)
	}
	for _, f := range Template(t, opt) {
		f.Line = 0
		s.out = append(s.out, f)
	}
	return s.out
}

// faults are the errors of the compiler, each by itself.
func faults(err error) []Finding {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []Finding
		for _, e := range joined.Unwrap() {
			out = append(out, faults(e)...)
		}
		return out
	}
	f := Finding{Code: CodeSource, Severity: Error, Path: "/", Message: err.Error()}
	if e := (*oet.Error)(nil); errors.As(err, &e) {
		f.Line, f.Message = e.Line, e.Msg
		if e.Path != "" {
			f.Path = e.Path
		}
	}
	return []Finding{f}
}

type sourceLinter struct{ linter }

// item looks at the rules of one archetype, whose paths are within it.
func (s *sourceLinter) item(it *oet.Item) {
	if it == nil {
		return
	}
	seen := map[string]int{}
	var excluded []string
	for _, r := range it.Rules {
		if r.Max != nil && *r.Max == 0 && !r.Clone {
			excluded = append(excluded, r.Path)
		}
	}
	below := func(path string) string {
		for _, e := range excluded {
			if strings.HasPrefix(path, e+"/") {
				return e
			}
		}
		return ""
	}
	for _, r := range it.Rules {
		if e := below(r.Path); e != "" {
			s.add(CodeRuleExcluded, r.Path, r.Line, "the rule has no effect, because another excludes %s", e)
		}
		if line, twice := seen[r.Path]; twice && !r.Clone {
			s.add(CodeRuleTwice, r.Path, r.Line, "the rule in line %d addresses the same node", line)
		}
		if !r.Clone {
			seen[r.Path] = r.Line
		}
		if *r == (oet.Rule{Path: r.Path, Line: r.Line}) {
			s.add(CodeRuleEmpty, r.Path, r.Line, "the rule narrows nothing")
		}
	}
	for _, child := range it.Items {
		e := below(child.Path)
		for _, path := range excluded {
			if path == child.Path {
				e = path
			}
		}
		if e != "" {
			s.add(CodeRuleExcluded, child.Path, child.Line, "archetype %s has no effect, because a rule excludes %s", child.ArchetypeID, e)
		}
		s.item(child)
	}
}
