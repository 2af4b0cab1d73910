// Package analyze resolves the names of a parsed query, types every path
// against the Reference Model, and refuses what the engine cannot answer, each
// refusal with its place and the name of the feature.
package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
)

// Limits bound what the analyser accepts. A zero field takes its default.
type Limits struct {
	Paths    int // paths in all clauses, default 500
	Sources  int // class expressions, default 64
	Members  int // items of a MATCHES list, default 10000
	Problems int // problems listed, default 20
	// Strict refuses what goes beyond AQL 1.1.
	Strict bool
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{{&l.Paths, 500}, {&l.Sources, 64}, {&l.Members, 10000}, {&l.Problems, 20}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return l
}

// Analyze makes a query of a syntax tree; text is what the tree was parsed
// from. The query is nil if and only if there are problems, which are in the
// order of the text as far as they are independent of each other.
func Analyze(tree *ast.Query, text string, limits Limits) (*Query, []ast.Problem) {
	a := &analyzer{q: &Query{AST: tree, Distinct: tree.Distinct}, limits: limits.withDefaults(), names: map[string]*Source{}}
	a.from(tree.From)
	if len(a.problems) == 0 {
		a.selection(tree.Columns)
		if tree.Where != nil {
			a.q.Where = a.condition(tree.Where, nil)
		}
		a.groups(tree)
		a.order(tree.OrderBy)
		a.paging(tree)
		for _, e := range tree.Extensions {
			a.extension(e.Pos, e.Name, e.Text)
		}
	}
	if len(a.problems) > 0 {
		for i := range a.problems {
			a.problems[i] = a.problems[i].MarkIn(text)
		}
		slices.SortStableFunc(a.problems, func(x, y ast.Problem) int { return x.Offset - y.Offset })
		return nil, a.problems
	}
	a.q.NamesEHR = true
	for _, s := range a.q.Sources {
		if s.Kind == SourceEHR {
			s.Named = s.namedBy(s.Pred) || s.namedBy(a.q.Where)
			a.q.NamesEHR = a.q.NamesEHR && s.Named
		}
	}
	return a.q, nil
}

type analyzer struct {
	q        *Query
	limits   Limits
	names    map[string]*Source // variables in lower case
	paths    int
	depth    int // of arithmetic
	problems []ast.Problem
	// parties tells that the demographic repository is what FROM is about.
	parties bool
	// aggregating tells that aggregates may stand here, and aliases that a bare
	// name may be a column's.
	aggregating, aliases bool
}

func (a *analyzer) fail(pos ast.Pos, code, format string, args ...any) {
	if len(a.problems) < a.limits.Problems {
		a.problems = append(a.problems, ast.Problem{Pos: pos, Code: code, Message: fmt.Sprintf(format, args...)})
	}
}

// extension refuses what goes beyond AQL 1.1 if that is wanted.
func (a *analyzer) extension(pos ast.Pos, name, text string) {
	if a.limits.Strict {
		a.fail(pos, "extension."+name, "%s is an extension of AQL 1.1, which this server is configured to refuse", text)
	}
}

func (a *analyzer) param(p *ast.Param) *Param {
	if !slices.Contains(a.q.Params, p.Name) {
		a.q.Params = append(a.q.Params, p.Name)
	}
	return &Param{Name: p.Name}
}

func (a *analyzer) paging(tree *ast.Query) {
	if tree.Limit != nil {
		a.q.Limit, a.q.Offset = tree.Limit.Count, tree.Limit.Offset
	}
	if tree.Top != nil {
		a.q.Limit, a.q.Top, a.q.Backward = tree.Top.Count, true, tree.Top.Backward
		if tree.Top.Backward && len(tree.OrderBy) == 0 {
			a.fail(tree.Top.Pos, "top.order", "TOP BACKWARD needs an ORDER BY: without one there is no last row")
		}
	}
}

// namedBy reports whether a condition can hold only if the query gives the id of
// the EHR.
func (s *Source) namedBy(c Cond) bool {
	switch c := c.(type) {
	case *And:
		return slices.ContainsFunc(c.Operands, s.namedBy)
	case *Or:
		return !slices.ContainsFunc(c.Operands, func(o Cond) bool { return !s.namedBy(o) })
	case *Compare:
		l, lp := c.Left.(*Path)
		r, rp := c.Right.(*Path)
		return c.Op == ast.EQ && lp != rp && (lp && l.IsEHRID() && l.Source == s && Constant(c.Right) || rp && r.IsEHRID() && r.Source == s && Constant(c.Left))
	case *In:
		return c.Path != nil && c.Path.IsEHRID() && c.Path.Source == s
	}
	return false
}

// IsEHRID reports whether the path is that of EHR.ehr_id, with or without its
// value attribute.
func (p *Path) IsEHRID() bool {
	if p.Source == nil || p.Source.Kind != SourceEHR || len(p.Steps) == 0 || p.Steps[0].Attribute != "ehr_id" {
		return false
	}
	return len(p.Steps) == 1 || len(p.Steps) == 2 && p.Steps[1].Attribute == "value"
}

// nearest is the candidate that differs least from a name; "" when none is
// like it.
func nearest(name string, candidates []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// Distance is the number of characters to insert, delete, replace or exchange
// with their neighbour that makes one text the other.
func Distance(a, b string) int { return distance(a, b) }

// distance is the number of characters to insert, delete, replace or exchange
// with their neighbour.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}

func didYouMean(name string, candidates []string) string {
	if n := nearest(name, candidates); n != "" {
		return ", did you mean " + n + "?"
	}
	return ""
}
