package aql

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/exec"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Explanation says how a request is answered.
type Explanation struct {
	// Query is the query as it was understood, in one line.
	Query string `json:"query"`
	// Variables are the class expressions of FROM, Columns those of SELECT.
	Variables []ExplainedVariable `json:"variables"`
	Columns   []ExplainedColumn   `json:"columns"`
	Params    []string            `json:"parameters,omitempty"`
	// Population tells that the query ranges over all EHRs that are queryable.
	Population bool `json:"population"`
	// Strategy is how the plan is carried out, and Reason why that way.
	Strategy string `json:"strategy"`
	Reason   string `json:"reason"`
	// Features are what the plan needs of a strategy.
	Features []string `json:"features,omitempty"`
	// Plan is the logical plan, a line for each part.
	Plan []string `json:"plan"`
	// SQL is the statement, and Bound says what each of its placeholders stands
	// for. Values of parameters are not shown.
	SQL   string   `json:"sql"`
	Bound []string `json:"bound"`
	// Warnings say what of the query no stored template has.
	Warnings []ExplainedWarning `json:"warnings,omitempty"`
	// Indexes are those that the database uses.
	Indexes []string `json:"indexes,omitempty"`
	// Cost is the database's estimate, in its own units.
	Cost float64 `json:"cost"`
	// Steps are those of the database's plan, outermost first.
	Steps []ExplainedStep `json:"steps"`
	// Milliseconds is the time that the statement took; 0 unless it was run.
	Milliseconds float64 `json:"milliseconds,omitempty"`
}

// ExplainedVariable is a class expression.
type ExplainedVariable struct {
	Name  string   `json:"name,omitempty"`
	Class string   `json:"class"`
	Types []string `json:"types,omitempty"`
}

// ExplainedWarning is something that gives nothing, and what may be meant.
type ExplainedWarning struct {
	Code        string   `json:"code"`
	Message     string   `json:"message"`
	Line        int      `json:"line"`
	Column      int      `json:"column"`
	Suggestions []string `json:"suggestions,omitempty"`
}

// ExplainedColumn is a column with what its values may be.
type ExplainedColumn struct {
	Name  string   `json:"name"`
	Path  string   `json:"path,omitempty"`
	Types []string `json:"types,omitempty"`
	// Compares is how its values compare and sort.
	Compares string `json:"compares"`
}

// ExplainedStep is a step of the database's plan. Actual figures are nil unless
// the statement was run; they are totals over all repetitions.
type ExplainedStep struct {
	Depth        int      `json:"depth"`
	Step         string   `json:"step"`
	Relation     string   `json:"relation,omitempty"`
	Index        string   `json:"index,omitempty"`
	Estimated    float64  `json:"estimated_rows"`
	Actual       *float64 `json:"actual_rows,omitempty"`
	Repetitions  *float64 `json:"repetitions,omitempty"`
	Milliseconds *float64 `json:"milliseconds,omitempty"`
}

// Explain says how a request is answered; with analyze the statement is run,
// within the engine's limits, and its steps have actual rows and times. Errors
// are those of [Engine.Run].
func (e *Engine) Explain(ctx context.Context, text string, r Request, analyze bool) (*Explanation, error) {
	q, err := e.CompileFor(ctx, text)
	if err != nil {
		return nil, err
	}
	warnings, err := q.warnings(ctx, e.opt.Guide)
	if err != nil {
		return nil, err
	}
	var out *Explanation
	var plan *databasePlan
	err = e.retried(ctx, r, func(r Request) error {
		stmt, how, err := e.prepare(ctx, q, r)
		if err != nil {
			return err
		}
		out = q.describe(r, how)
		plan, err = e.databasePlan(ctx, stmt, analyze)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		out.Warnings = append(out.Warnings, ExplainedWarning{Code: w.Code, Message: w.Message, Line: w.Line, Column: w.Column, Suggestions: w.Suggestions})
	}
	out.Cost, out.Milliseconds = plan.Plan.Cost, plan.Time
	plan.Plan.walk(0, func(depth int, n *planNode) {
		s := ExplainedStep{Depth: depth, Step: n.Type, Relation: n.Relation, Index: n.Index, Estimated: n.Rows}
		if n.Function != "" {
			s.Relation = n.Function
		}
		if analyze && n.Loops != nil {
			rows, ms := *n.ActualRows**n.Loops, *n.ActualTime**n.Loops
			s.Actual, s.Repetitions, s.Milliseconds = &rows, n.Loops, &ms
		}
		out.Steps = append(out.Steps, s)
		if n.Index != "" && !slices.Contains(out.Indexes, n.Index) {
			out.Indexes = append(out.Indexes, n.Index)
		}
	})
	slices.Sort(out.Indexes)
	return out, nil
}

// describe is what is known of a request without the database.
func (q *Query) describe(r Request, how choice) *Explanation {
	s, aq := how.statement, q.plan.Query
	out := &Explanation{
		Query: aq.AST.String(), Params: aq.Params, Population: !r.scoped() && !aq.NamesEHR,
		Strategy: how.strategy, Reason: how.reason,
		Features: q.plan.Features(), Plan: strings.Split(strings.TrimRight(q.plan.String(), "\n"), "\n"),
		SQL: s.SQL, Bound: s.Describe(), Steps: []ExplainedStep{},
	}
	for _, src := range aq.Sources {
		if src.AST != nil {
			v := ExplainedVariable{Name: src.Name, Class: src.AST.Class, Types: typeNames(src.Types)}
			if src.AST.Version {
				v.Class = "VERSION"
			}
			out.Variables = append(out.Variables, v)
		}
	}
	for _, c := range aq.Columns {
		col := ExplainedColumn{Name: c.Name, Path: c.Path, Compares: analyze.ModeOf(c.Expr).String()}
		if p, ok := c.Expr.(*analyze.Path); ok {
			col.Types = typeNames(p.Types)
		}
		out.Columns = append(out.Columns, col)
	}
	return out
}

func typeNames(types analyze.Types) []string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name
	}
	return names
}

// planNode is a node of PostgreSQL's plan.
type planNode struct {
	Type       string      `json:"Node Type"`
	Relation   string      `json:"Relation Name"`
	Function   string      `json:"Function Name"`
	Index      string      `json:"Index Name"`
	Cost       float64     `json:"Total Cost"`
	Rows       float64     `json:"Plan Rows"`
	ActualRows *float64    `json:"Actual Rows"`
	ActualTime *float64    `json:"Actual Total Time"`
	Loops      *float64    `json:"Actual Loops"`
	Plans      []*planNode `json:"Plans"`
}

func (n *planNode) walk(depth int, visit func(depth int, n *planNode)) {
	visit(depth, n)
	for _, c := range n.Plans {
		c.walk(depth+1, visit)
	}
}

// databasePlan is what PostgreSQL says of a statement.
type databasePlan struct {
	Plan planNode `json:"Plan"`
	Time float64  `json:"Execution Time"`
}

func (e *Engine) databasePlan(ctx context.Context, q exec.Query, analyze bool) (*databasePlan, error) {
	const op = "aql.Explain"
	options := "format json"
	if analyze {
		options += ", analyze"
	}
	q.SQL, q.Objects, q.MaxRows, q.MaxBytes = "explain ("+options+") "+q.SQL, nil, 0, 0
	var plans []databasePlan
	err := exec.Run(ctx, e.db, q, func(cells [][]byte) error {
		if err := json.Unmarshal(cells[0], &plans); err != nil {
			return errs.Wrap(errs.Internal, op, "the plan of the database cannot be read", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(plans) != 1 {
		return nil, errs.New(errs.Internal, op, fmt.Sprintf("the database gave %d plans", len(plans)))
	}
	return &plans[0], nil
}

// WriteText prints the explanation for people.
func (x *Explanation) WriteText(w io.Writer) error {
	var b strings.Builder
	section := func(title string, lines ...string) {
		fmt.Fprintf(&b, "%s\n  %s\n\n", title, strings.Join(lines, "\n  "))
	}
	section("query", x.Query)
	var lines []string
	for _, v := range x.Variables {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%-4s %s", v.Name, shortList(v.Types))))
	}
	if len(lines) > 0 {
		section("variables", lines...)
	}
	lines = nil
	for _, c := range x.Columns {
		line := fmt.Sprintf("%-12s compares by %s", c.Name, c.Compares)
		if len(c.Types) > 0 {
			line += ": " + shortList(c.Types)
		}
		lines = append(lines, line)
	}
	section("columns", lines...)
	section("plan", x.Plan...)
	lines = nil
	for _, w := range x.Warnings {
		lines = append(lines, fmt.Sprintf("line %d, column %d: %s", w.Line, w.Column, w.Message))
		if len(w.Suggestions) > 0 {
			lines = append(lines, "  like it: "+strings.Join(w.Suggestions, ", "))
		}
	}
	if len(lines) > 0 {
		section("warnings", lines...)
	}
	section("strategy", x.Strategy+": "+x.Reason)
	section("SQL", strings.Split(x.SQL, "\n")...)
	if len(x.Bound) > 0 {
		section("bound", x.Bound...)
	}
	if len(x.Indexes) > 0 {
		section("indexes", x.Indexes...)
	}
	lines = []string{fmt.Sprintf("%-60s %12s %12s %10s", "", "estimated", "actual", "ms")}
	for _, s := range x.Steps {
		name := strings.Repeat("  ", s.Depth) + s.Step
		for _, part := range []string{s.Relation, s.Index} {
			if part != "" {
				name += " " + part
			}
		}
		actual, ms := "", ""
		if s.Actual != nil {
			actual, ms = fmt.Sprintf("%.0f", *s.Actual), fmt.Sprintf("%.3f", *s.Milliseconds)
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%-60s %12.0f %12s %10s", name, s.Estimated, actual, ms), " "))
	}
	section("steps", lines...)
	_, err := io.WriteString(w, b.String())
	return err
}

// shortList joins names as far as they are few.
func shortList(names []string) string {
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}
