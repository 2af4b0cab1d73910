package aql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/parse"
	"github.com/cairn-ehr/cairn/aql/plan"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Catalog is what the compiler asks of a store.
type Catalog interface {
	// Concept is the number of an archetype by its id as written in the data;
	// ok is false if no archetype root with that id was ever stored. Errors are
	// errs.Error.
	Concept(ctx context.Context, archetypeID string) (id int32, ok bool, err error)
}

// Problem is one thing wrong with a query.
type Problem = ast.Problem

// Limits bound the queries that are compiled. Zero fields take the defaults of
// packages parse and analyze.
type Limits struct {
	Parse   parse.Limits
	Analyze analyze.Limits
}

// Query is a compiled query. It is safe for concurrent use.
type Query struct {
	// Text is what was compiled.
	Text    string
	columns []Column
	objects []bool // the columns that may hold objects
	plan    *plan.Plan

	statements [4]func() *sqlgen.Statement // by variant
	indexed    [2]atomic.Pointer[indexed]  // population, scoped
	probes     []probe
	kept       atomic.Pointer[kept]
	shape      func() string // Shape, made once
}

// probe finds what a terminology operation must be asked, where the data say.
type probe struct {
	of         *analyze.Terminology
	statements [4]func() *sqlgen.Statement
}

// variant numbers the statements of a query.
func variant(scoped, asOf bool) int {
	n := 0
	if scoped {
		n = 1
	}
	if asOf {
		n += 2
	}
	return n
}

// generate gives the statements of a plan, each made when it is first needed.
func generate(p *plan.Plan, of *analyze.Terminology) (out [4]func() *sqlgen.Statement) {
	for _, scoped := range []bool{false, true} {
		for _, asOf := range []bool{false, true} {
			opt := sqlgen.Options{Scoped: scoped, AsOf: asOf, Probe: of}
			out[variant(scoped, asOf)] = sync.OnceValue(func() *sqlgen.Statement { return sqlgen.Generate(p, opt) })
		}
	}
	return out
}

// Column is a column of a result set as ITS-REST describes it.
type Column struct {
	// Name is the alias, or #n with the zero-based position.
	Name string
	// Path is the path without its variable, beginning with a slash; "" for a
	// column that is no path.
	Path string
}

// Compile parses, analyses and plans a query. The error of a query that is
// wrong is an errs.Error of kind Invalid with Detail []Problem.
func Compile(text string, limits Limits) (*Query, error) {
	tree, problems := parse.Query(text, limits.Parse)
	if problems != nil {
		return nil, problemsError(problems)
	}
	aq, problems := analyze.Analyze(tree, text, limits.Analyze)
	if problems != nil {
		return nil, problemsError(problems)
	}
	q := &Query{Text: text, plan: plan.Make(aq)}
	for _, c := range aq.Columns {
		q.columns = append(q.columns, Column{Name: c.Name, Path: c.Path})
		q.objects = append(q.objects, holdsObjects(c.Expr))
	}
	q.statements, q.shape = generate(q.plan, nil), sync.OnceValue(q.Shape)
	aq.Exprs(func(e analyze.Expr) {
		if t, ok := e.(*analyze.Terminology); ok && !sqlgen.Foldable(t) {
			q.probes = append(q.probes, probe{t, generate(q.plan, t)})
		}
	})
	return q, nil
}

// holdsObjects tells whether a value may be an object of the Reference Model.
func holdsObjects(e analyze.Expr) bool {
	switch e := e.(type) {
	case *analyze.Path:
		return slices.ContainsFunc(e.Types, func(c *rm.Class) bool { return c.Primitive == rm.NotPrimitive })
	case *analyze.Aggregate:
		return (e.Function == "MIN" || e.Function == "MAX") && holdsObjects(e.Arg())
	case *analyze.Call:
		return analyze.ModeOf(e) == analyze.ModeDynamic
	}
	return false
}

func problemsError(list []Problem) error {
	e := errs.New(errs.Invalid, "aql.Compile", "")
	e.Code, e.Detail = list[0].Code, list
	e.Msg = "AQL: " + list[0].Error()
	if more := len(list) - 1; more > 0 {
		e.Msg += fmt.Sprintf(" (and %d more)", more)
	}
	return e
}

// Columns are the columns of the result. The slice must not be changed.
func (q *Query) Columns() []Column { return q.columns }

// Params are the names of the parameters, without $, in the order of the text.
// The slice must not be changed.
func (q *Query) Params() []string { return q.plan.Query.Params }

// NamesEHR reports whether the query restricts itself to EHRs whose ids it
// gives, so that it is no population query.
func (q *Query) NamesEHR() bool { return q.plan.Query.NamesEHR }

// Request is what a run of a query depends on besides its text.
type Request struct {
	// EHR is the single-EHR context; the zero UUID is none.
	EHR uuid.UUID
	// AsOf is the instant as of which the record is queried; the zero time is
	// now.
	AsOf time.Time
	// Now is what CURRENT_DATE_TIME() and the like give, in the time zone that
	// they show; the zero time takes the engine's clock.
	Now time.Time
	// Params are the values of the parameters by name, without $: string,
	// json.Number, bool, or in MATCHES lists []any of these.
	Params map[string]any
	// Offset is the number of rows passed over, Fetch the most rows wanted;
	// Fetch 0 or less is all.
	Offset, Fetch int64
	// Strategy restricts how the request is answered.
	Strategy Strategy
}

// variant tells which of the statements a request needs.
func (r Request) variant() int { return variant(r.scoped(), !r.AsOf.IsZero()) }

// scoped tells that the request is about one EHR.
func (r Request) scoped() bool { return r.EHR != uuid.Nil }

// statement gives the SQL for a request.
func (q *Query) statement(r Request) *sqlgen.Statement { return q.statements[r.variant()]() }

// SQL is the statement of a request with the arguments to run it with. Errors
// are errs.Error: Invalid for a parameter that is missing or of a wrong type,
// those of the catalog, and Unsupported for a query that asks a terminology
// service, which only an [Engine] does.
func (q *Query) SQL(ctx context.Context, r Request, catalog Catalog) (sql string, args []any, err error) {
	values, err := q.values(r)
	if err != nil {
		return "", nil, err
	}
	values.Terms = newTerms(nil)
	return bind(ctx, q.statement(r), values, catalog)
}

// values are what all statements of a request are run with, but for the
// answers of terminology services.
func (q *Query) values(r Request) (sqlgen.Values, error) {
	limit, offset, err := q.page(r)
	if q.plan.Query.Demographic && r.scoped() {
		err = &errs.Error{Op: "aql.SQL", Kind: errs.Invalid, Code: "parties", Msg: "AQL: a query of parties is not of one EHR"}
	}
	if r.Now.IsZero() {
		r.Now = time.Now()
	}
	return sqlgen.Values{Params: r.Params, EHR: r.EHR, Limit: limit, Offset: offset, Now: r.Now, AsOf: r.AsOf}, err
}

func bind(ctx context.Context, s *sqlgen.Statement, values sqlgen.Values, catalog Catalog) (string, []any, error) {
	args, err := s.Bind(ctx, values, catalog)
	var wrong *sqlgen.ParamError
	if errors.As(err, &wrong) {
		return "", nil, &errs.Error{Op: "aql.SQL", Kind: errs.Invalid, Code: "parameter", Msg: "AQL: " + wrong.Error()}
	}
	return s.SQL, args, err
}

func pagingError(msg string) error {
	return &errs.Error{Op: "aql.SQL", Kind: errs.Invalid, Code: "paging", Msg: msg}
}

// page intersects the paging of the query with that of the request; the limit
// is negative when there is none.
func (q *Query) page(r Request) (limit, offset int64, err error) {
	limit, offset = q.plan.Query.Limit, q.plan.Query.Offset
	if limit == 0 {
		limit = -1
	}
	if r.Offset < 0 {
		return 0, 0, pagingError("offset must not be negative")
	}
	if (r.Offset > 0 || r.Fetch > 0) && q.plan.Query.Top {
		return 0, 0, pagingError("fetch and offset cannot be combined with TOP")
	}
	offset = min(offset+r.Offset, 1<<62)
	if limit > 0 {
		limit = max(0, limit-r.Offset)
	}
	if r.Fetch > 0 && (limit < 0 || r.Fetch < limit) {
		limit = r.Fetch
	}
	return limit, offset, nil
}

// Explain describes how a request is answered from the documents: the query as
// understood, the plan, the SQL, and what is bound to it. Values of parameters
// are not shown.
func (q *Query) Explain(r Request) string {
	s := q.statement(r)
	return "AQL\n" + q.plan.Query.AST.String() + "\n\nplan\n" + q.plan.String() + "\nSQL (document strategy)\n" + s.SQL +
		"\n\nbound\n" + strings.Join(s.Describe(), "\n") + "\n"
}
