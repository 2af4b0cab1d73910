package sqlgen

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
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
	value *Value          // of an Access, instead of all else
}

// column tells whether a path is held by columns; nil when it leads into JSON.
func (g *gen) column(p *analyze.Path) *column {
	if g.opt.Access != nil {
		if v, ok := g.opt.Access.Values[p]; ok {
			return &column{value: &v}
		}
	}
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
			return func() string { return fmt.Sprintf(format, g.bound[s].table(name)) }
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
			base, steps = g.base(ref.Source, pred, steps)
		}
	} else if p.Source != nil {
		pred = p.Pred
		base, steps = g.base(p.Source, pred, steps)
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

// pathJSON is the value of a path as JSON. It is called for paths that have
// one value in a row.
func (g *gen) pathJSON(p *analyze.Path, e env) string {
	if c := g.column(p); c != nil {
		if c.value != nil {
			return c.value.JSON()
		}
		return "to_jsonb(" + c.text() + ")"
	}
	if whole := g.whole(p); whole != "" {
		return whole
	}
	return g.locate(p, e, false).value
}

// json is the value of an expression as JSON.
func (g *gen) json(e analyze.Expr, at env) string {
	if key, ok := g.groupKey(e); ok {
		return key
	}
	switch e := e.(type) {
	case *analyze.Path:
		return g.pathJSON(e, at)
	case *analyze.Aggregate:
		return g.aggregate(e)
	case *analyze.Call:
		return g.callJSON(e, at)
	case *analyze.Terminology:
		return "to_jsonb(" + g.answer(e, at) + ")"
	case *analyze.Literal:
		if e.Value == nil {
			return "null::jsonb"
		}
	}
	return g.bind(scalar{e, formJSON}) + "::jsonb"
}

// operand is the value of an expression in the form that a mode compares.
func (g *gen) operand(e analyze.Expr, mode analyze.Mode, at env) rows {
	if key, ok := g.groupKey(e); ok {
		return rows{value: fromJSON(key, mode)}
	}
	switch e := e.(type) {
	case *analyze.Path:
		return g.pathOperand(e, mode, at)
	case *analyze.Aggregate:
		return rows{value: fromJSON(g.aggregate(e), mode)}
	case *analyze.Call:
		return rows{value: g.callOperand(e, mode, at)}
	case *analyze.Terminology:
		value := g.answer(e, at)
		if mode == analyze.ModeDynamic {
			value = "to_jsonb(" + value + ")"
		}
		return rows{value: value}
	}
	return rows{value: g.constant(e, mode)}
}

// fromJSON takes a value out of JSON in the form that a mode compares.
func fromJSON(value string, mode analyze.Mode) string {
	switch mode {
	case analyze.ModeNumber:
		return "aql_num(" + value + ")"
	case analyze.ModeText:
		return "aql_text(" + value + ")"
	case analyze.ModeBoolean:
		return "aql_bool(" + value + ")"
	case analyze.ModeDateTime, analyze.ModeTime, analyze.ModeDuration:
		return temporalFunction[mode] + "(aql_string(" + value + "))"
	}
	return value
}

// pathOperand is the value of a path in the form that a mode compares.
func (g *gen) pathOperand(p *analyze.Path, mode analyze.Mode, e env) rows {
	if c := g.column(p); c != nil {
		if c.value != nil {
			return rows{value: c.value.Operand(mode)}
		}
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
		if f := temporalFunction[mode]; f != "" {
			return rows{value: f + "(" + c.text() + ")"}
		}
		if g.opt.Access != nil {
			return rows{value: fromJSON("to_jsonb("+c.text()+")", mode)}
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
		if p.ByOwner {
			r.value = temporalFunction[mode] + "(" + r.value + " ->> 'value')"
		} else { // a text, read as the temporal value that it is compared with
			r.value = fromJSON(r.value, mode)
		}
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
