package sqlgen

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/plan"
)

// env says where a relative path begins. Without an item, paths are those of
// the clauses, or of the predicate of a source that has columns of its own.
type env struct{ item string }

// column is the value of a path that columns of the database hold.
type column struct {
	text  func() string
	epoch func() string   // seconds; nil but for date-times
	uid   *analyze.Source // whose version uid it is
}

// column tells whether a path is held by columns; nil when it leads into JSON.
func (g *gen) column(p *analyze.Path) *column {
	s := p.Source
	if s == nil || p.Pred != nil {
		return nil
	}
	names := make([]string, len(p.Steps))
	for i, st := range p.Steps {
		if st.Pred != nil {
			return nil
		}
		names[i] = st.Attribute
	}
	path := strings.Join(names, "/")
	switch s.Kind {
	case analyze.SourceEHR:
		ehr := func(name, format string) func() string {
			return func() string { return fmt.Sprintf(format, g.ehr.column("e."+name)) }
		}
		switch path {
		case "ehr_id/value":
			return &column{text: ehr("ehr_id", "%s::text")}
		case "system_id/value":
			return &column{text: ehr("system_id", "%s")}
		case "time_created/value":
			return &column{text: ehr("time_created", "aql_timestamp(%s)"), epoch: ehr("time_created", "extract(epoch from %s)")}
		case "ehr_status/subject/external_ref/id/value":
			return &column{text: ehr("subject_id", "%s")}
		case "ehr_status/subject/external_ref/namespace":
			return &column{text: ehr("subject_namespace", "%s")}
		}
	case analyze.SourceRoot, analyze.SourceVersion:
		switch {
		case path == "uid/value":
			return &column{text: func() string { return "(" + g.bound[s].uid() + ")" }, uid: s}
		case path == "commit_audit/time_committed/value" && s.Kind == analyze.SourceVersion:
			committed := func() string { return g.bound[s].committed() }
			return &column{
				text:  func() string { return "aql_timestamp(" + committed() + ")" },
				epoch: func() string { return "extract(epoch from " + committed() + ")" },
			}
		}
	}
	return nil
}

// rows is a value that may have to be searched for: the JSON paths to go
// through, and the expression of what they find.
type rows struct {
	from
	value string
}

// locate finds the value of a path, leaving out the last step if it compares
// by its owner.
func (g *gen) locate(p *analyze.Path, e env, owner bool) rows {
	var base string
	steps := p.Steps
	var pred analyze.Cond
	if ref, ok := g.plan.Refs[p]; ok {
		steps, pred = ref.Tail, ref.Pred
		if ref.Expand != nil {
			base = g.expands[ref.Expand]
		} else {
			base, steps = g.base(ref.Source, steps)
		}
	} else if p.Source != nil {
		base, steps = g.base(p.Source, steps)
		pred = p.Pred
	} else {
		base = e.item
	}
	if owner {
		steps = steps[:len(steps)-1]
	}
	return g.follow(base, pred, steps)
}

// follow goes along steps: by operators where they lead to one value at most
// and have no predicates, else by a JSON path, which is broken where a
// predicate cannot be part of it.
func (g *gen) follow(base string, pred analyze.Cond, steps []*analyze.Step) rows {
	r := rows{value: base}
	many := false
	path := "lax $"
	used := false
	flush := func(rest analyze.Cond) {
		x := g.name("x")
		r.cross(lateral(g.pathQuery(r.value, path), x))
		r.value, path, used = x+".j", "lax $", false
		if rest != nil {
			r.and(g.cond(rest, env{item: r.value}))
		}
	}
	if pred != nil {
		used = true
		if plan.InPath(pred, false) {
			path += " ? (" + g.pathCond(pred) + ")"
		} else {
			flush(pred)
		}
	}
	for _, s := range steps {
		many = many || s.Container
		inPath := s.Pred == nil || plan.InPath(s.Pred, false)
		path += g.pathSteps([]*analyze.Step{s}, true)
		used = true
		if !inPath {
			flush(s.Pred)
		}
	}
	switch {
	case !used:
	case !many && len(r.joins) == 0 && pred == nil && bare(steps):
		for _, s := range steps {
			r.value += " -> " + quoted(s.Attribute)
		}
		r.value = "(" + r.value + ")"
	case !many && len(r.joins) == 0:
		r.value = "jsonb_path_query_first(" + g.pathArgs(base, path) + ")"
	default:
		flush(nil)
	}
	return r
}

func bare(steps []*analyze.Step) bool {
	for _, s := range steps {
		if s.Pred != nil {
			return false
		}
	}
	return true
}

// json is the value of a path as JSON. It is called for paths that have one
// value in a row.
func (g *gen) json(p *analyze.Path, e env) string {
	if c := g.column(p); c != nil {
		return "to_jsonb(" + c.text() + ")"
	}
	return g.locate(p, e, false).value
}

// operand is the value of a path in the form that a mode compares.
func (g *gen) operand(p *analyze.Path, mode analyze.Mode, e env) rows {
	if c := g.column(p); c != nil {
		switch mode {
		case analyze.ModeText:
			return rows{value: c.text()}
		case analyze.ModeDateTime:
			if c.epoch != nil {
				return rows{value: c.epoch()}
			}
		case analyze.ModeDynamic:
			if c.epoch != nil {
				return rows{value: "jsonb_build_object('_type', '" + dateTimeClass + "', 'value', " + c.text() + ")"}
			}
			return rows{value: "to_jsonb(" + c.text() + ")"}
		}
	}
	var r rows
	switch mode {
	case analyze.ModeNumber:
		r = g.locate(p, e, false)
		r.value = "aql_num(" + r.value + ")"
	case analyze.ModeText:
		r = g.locate(p, e, false)
		r.value = "aql_text(" + r.value + ")"
	case analyze.ModeBoolean:
		r = g.locate(p, e, false)
		r.value = "aql_bool(" + r.value + ")"
	case analyze.ModeDateTime, analyze.ModeTime, analyze.ModeDuration:
		r = g.locate(p, e, p.ByOwner)
		r.value = temporalFunction[mode] + "(" + r.value + " ->> 'value')"
	default:
		r = g.locate(p, e, p.ByOwner)
		if p.ByOwner {
			r.value = "aql_value(" + r.value + ")"
		}
	}
	return r
}

var temporalFunction = map[analyze.Mode]string{
	analyze.ModeDateTime: "aql_datetime", analyze.ModeTime: "aql_time", analyze.ModeDuration: "aql_duration",
}

var modeForms = map[analyze.Mode]form{
	analyze.ModeDynamic: formJSON, analyze.ModeNumber: formNumber, analyze.ModeText: formText, analyze.ModeBoolean: formBool,
	analyze.ModeDateTime: formDateTime, analyze.ModeTime: formTime, analyze.ModeDuration: formDuration,
}

// constant binds a literal or parameter in the form that a mode compares.
func (g *gen) constant(e analyze.Expr, mode analyze.Mode) string {
	ph := g.bind(scalar{e, modeForms[mode]})
	switch mode {
	case analyze.ModeNumber:
		return ph + "::numeric"
	case analyze.ModeText:
		return ph + "::text"
	case analyze.ModeBoolean:
		return ph + "::boolean"
	case analyze.ModeDynamic:
		return ph + "::jsonb"
	}
	return "(select " + temporalFunction[mode] + "(" + ph + "::text))"
}

// cond writes a condition. One on values that had to be searched for holds if
// it holds for any of them.
func (g *gen) cond(c analyze.Cond, e env) string {
	switch c := c.(type) {
	case *analyze.And:
		return g.conds(c.Operands, e, " and ")
	case *analyze.Or:
		return g.conds(c.Operands, e, " or ")
	case *analyze.Not:
		return "not " + g.cond(c.Operand, e)
	case *analyze.Exists:
		return g.exists(c.Path, e)
	case *analyze.Compare:
		return g.compare(c, e)
	case *analyze.Like:
		r := g.likeOperand(c.Path, e)
		return r.test(r.value + " like " + g.bind(scalar{c.Pattern, formPattern}) + "::text escape '\\'")
	case *analyze.In:
		return g.in(c, e)
	}
	panic(fmt.Sprintf("sqlgen: unknown condition %T", c))
}

func (g *gen) conds(list []analyze.Cond, e env, sep string) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = g.cond(c, e)
	}
	return "(" + strings.Join(parts, sep) + ")"
}

// test wraps a condition in the search for its operands.
func (r *rows) test(cond string) string {
	if len(r.joins) == 0 {
		return "(" + cond + ")"
	}
	sub := from{joins: r.joins, where: append(r.where[:len(r.where):len(r.where)], cond)}
	return "exists (select" + strings.ReplaceAll(sub.text(""), "\n", " ") + ")"
}

func (g *gen) exists(p *analyze.Path, e env) string {
	if c := g.column(p); c != nil {
		return "(" + c.text() + " is not null)"
	}
	if isRoot(p) {
		return "(" + g.bound[p.Source].uid() + " is not null)"
	}
	r := g.locate(p, e, false)
	return r.test(r.value + " is not null")
}

func (g *gen) compare(c *analyze.Compare, e env) string {
	left := c.Left.(*analyze.Path)
	if c.Mode == analyze.ModeNull {
		if c.Op == ast.EQ {
			return "(not " + g.exists(left, e) + ")"
		}
		return g.exists(left, e)
	}
	op := opSQL[c.Op]
	if right, ok := c.Right.(*analyze.Path); ok {
		l, r := g.operand(left, c.Mode, e), g.operand(right, c.Mode, e)
		both := rows{}
		both.add(&l.from)
		both.add(&r.from)
		if c.Mode == analyze.ModeDynamic {
			return both.test("aql_compare(" + l.value + ", " + r.value + ") " + op + " 0")
		}
		return both.test(l.value + collated(c.Mode, c.Op) + " " + op + " " + r.value)
	}
	if left.IsEHRID() && (c.Op == ast.EQ || c.Op == ast.NE) {
		ph := g.bind(scalar{c.Right, formUUID}) + "::uuid"
		if c.Op == ast.NE {
			return "(" + g.ehr.column("e.ehr_id") + " <> " + ph + ")"
		}
		return "(" + g.ehr.column("e.ehr_id") + " = " + ph + ")"
	}
	if col := g.column(left); col != nil && col.uid != nil && c.Op == ast.EQ {
		if b := g.bound[col.uid]; b.object != nil {
			// The object id is redundant, and has an index.
			return "(" + b.object() + " = " + g.bind(scalar{c.Right, formObject}) + "::uuid and " +
				b.uid() + " = " + g.constant(c.Right, analyze.ModeText) + ")"
		}
	}
	r := g.operand(left, c.Mode, e)
	if c.Mode == analyze.ModeDynamic {
		return r.test("aql_compare(" + r.value + ", " + g.constant(c.Right, c.Mode) + ") " + op + " 0")
	}
	return r.test(r.value + collated(c.Mode, c.Op) + " " + op + " " + g.constant(c.Right, c.Mode))
}

var opSQL = [...]string{ast.EQ: "=", ast.NE: "<>", ast.LT: "<", ast.LE: "<=", ast.GT: ">", ast.GE: ">="}

// collated orders text by its code points, whatever the database's locale.
func collated(m analyze.Mode, op ast.Op) string {
	if m == analyze.ModeText && op != ast.EQ && op != ast.NE {
		return ` collate "C"`
	}
	return ""
}

// likeOperand is the text of a value.
func (g *gen) likeOperand(p *analyze.Path, e env) rows {
	if p.ByOwner || p.Kinds == analyze.KindText {
		return g.operand(p, analyze.ModeText, e)
	}
	r := g.locate(p, e, false)
	r.value = "aql_string(" + r.value + ")"
	return r
}

func (g *gen) in(c *analyze.In, e env) string {
	if c.Path.IsEHRID() {
		return "(" + g.ehr.column("e.ehr_id") + " = any(" + g.bind(list{c.Items, formUUID}) + "::text[]::uuid[]))"
	}
	r := g.operand(c.Path, c.Mode, e)
	ph := g.bind(list{c.Items, modeForms[c.Mode]})
	switch c.Mode {
	case analyze.ModeNumber:
		return r.test(r.value + " = any(" + ph + "::text[]::numeric[])")
	case analyze.ModeText:
		return r.test(r.value + " = any(" + ph + "::text[])")
	case analyze.ModeBoolean:
		return r.test(r.value + " = any(" + ph + "::boolean[])")
	case analyze.ModeDynamic:
		return r.test("(select bool_or(aql_compare(" + r.value + ", i) = 0) from jsonb_array_elements(" + ph + "::jsonb) as i)")
	}
	return r.test(r.value + " = any(array(select " + temporalFunction[c.Mode] + "(i) from unnest(" + ph + "::text[]) as i))")
}

// pathSteps writes steps as a JSON path. Predicates that cannot be part of one
// are left out when lenient, for the caller to apply to the last step.
func (g *gen) pathSteps(steps []*analyze.Step, lenient bool) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("." + s.Attribute)
		if s.Container {
			b.WriteString("[*]")
		}
		if s.Pred != nil && (!lenient || plan.InPath(s.Pred, false)) {
			b.WriteString(" ? (" + g.pathCond(s.Pred) + ")")
		}
	}
	return b.String()
}

// pathCond writes a predicate as the filter of a JSON path.
func (g *gen) pathCond(c analyze.Cond) string {
	many := func(list []analyze.Cond, sep string) string {
		parts := make([]string, len(list))
		for i, o := range list {
			parts[i] = "(" + g.pathCond(o) + ")"
		}
		return strings.Join(parts, sep)
	}
	switch c := c.(type) {
	case *analyze.And:
		return many(c.Operands, " && ")
	case *analyze.Or:
		return many(c.Operands, " || ")
	case *analyze.Compare:
		left := "@" + g.pathSteps(c.Left.(*analyze.Path).Steps, false)
		if right, ok := c.Right.(*analyze.Path); ok {
			return left + " " + opPath[c.Op] + " @" + g.pathSteps(right.Steps, false)
		}
		return left + " " + opPath[c.Op] + " " + g.variable(c.Right, modeForms[c.Mode])
	}
	panic(fmt.Sprintf("sqlgen: %T in a JSON path", c))
}

var opPath = [...]string{ast.EQ: "==", ast.NE: "!=", ast.LT: "<", ast.LE: "<=", ast.GT: ">", ast.GE: ">="}
