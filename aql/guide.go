package aql

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Guide knows the models that are stored, for suggestions to authors of
// queries.
type Guide interface {
	// NodePaths gives the paths of the nodes of each archetype in the stored
	// templates, relative to the root of the archetype: attributes with node
	// codes, or with the ids of archetypes that fill a slot. Errors are
	// errs.Error.
	NodePaths(ctx context.Context) (map[string][]string, error)
}

// suggestions is how many are given.
const suggestions = 3

// CompileFor is [Engine.Compile] with suggestions from the stored models in the
// error. Without a guide it is the same.
func (e *Engine) CompileFor(ctx context.Context, text string) (*Query, error) {
	q, err := e.Compile(text)
	if err == nil || e.opt.Guide == nil {
		return q, err
	}
	failed := errs.As(err)
	if failed == nil {
		return nil, err
	}
	list, ok := failed.Detail.([]Problem)
	if !ok || !slices.ContainsFunc(list, func(p Problem) bool { return p.Path != "" }) {
		return nil, err
	}
	known, guideErr := e.opt.Guide.NodePaths(ctx)
	if guideErr != nil {
		return nil, guideErr
	}
	list = slices.Clone(list)
	for i, p := range list {
		if p.Path != "" {
			list[i].Suggestions = nearestPaths(p.Path, known[p.Archetype])
		}
	}
	out := *failed
	out.Detail = list
	if s := list[0].Suggestions; len(s) > 0 {
		out.Msg += "; paths of " + list[0].Archetype + " that are like it: " + strings.Join(s, ", ")
	}
	return nil, &out
}

// nearestPaths gives the known paths that differ least from one. A path that
// goes on into a data value is compared by the node that it leads through.
func nearestPaths(path string, known []string) []string {
	type candidate struct {
		path string
		far  int
	}
	var list []candidate
	for _, k := range known {
		far := analyze.Distance(path, k)
		for p, cut := path, 1; strings.Contains(p, "/"); cut++ {
			p = p[:strings.LastIndexByte(p, '/')]
			far = min(far, analyze.Distance(p, k)+3*cut)
		}
		list = append(list, candidate{k, far})
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(a.far-b.far, strings.Compare(a.path, b.path)) })
	var out []string
	for i := 0; i < len(list) && i < suggestions; i++ {
		out = append(out, list[i].path)
	}
	return out
}

// warnings says what of a query no stored model has. Such a query is right, and
// gives nothing for as long as nothing like it is stored.
func (q *Query) warnings(ctx context.Context, guide Guide) ([]Problem, error) {
	if guide == nil {
		return nil, nil
	}
	known, err := guide.NodePaths(ctx)
	if err != nil {
		return nil, err
	}
	var out []Problem
	warn := func(pos ast.Pos, code string, near []string, format string, args ...any) {
		p := Problem{Pos: pos, Code: code, Message: fmt.Sprintf(format, args...), Suggestions: near}
		if !slices.ContainsFunc(out, func(o Problem) bool { return o.Code == code && o.Message == p.Message }) {
			out = append(out, p.MarkIn(q.Text))
		}
	}
	archetypes := make([]string, 0, len(known))
	for id := range known {
		archetypes = append(archetypes, id)
	}
	for _, s := range q.plan.Query.Sources {
		id := archetypeOf(s)
		if id == "" {
			continue
		}
		if _, ok := known[id]; !ok {
			warn(s.AST.Pos, "archetype.unknown", nearestPaths(id, archetypes), "no stored template has the archetype %s", id)
		}
	}
	q.plan.Query.Exprs(func(e analyze.Expr) {
		p, ok := e.(*analyze.Path)
		if !ok || p.Source == nil {
			return
		}
		id, path := analyze.NodePath(archetypeOf(p.Source), p.AST.Steps)
		paths := known[id]
		if path == "" || paths == nil || slices.Contains(paths, path) {
			return
		}
		warn(p.AST.Pos, "path.unknown", nearestPaths(path, paths), "no stored template has a node %s in %s", path, id)
	})
	return out, nil
}

func archetypeOf(s *analyze.Source) string {
	if lit, ok := s.Archetype.(*analyze.Literal); ok {
		if id, ok := lit.Value.(string); ok {
			return id
		}
	}
	return ""
}
