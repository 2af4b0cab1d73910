package analyze

import (
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// condition resolves a condition of WHERE, or of a predicate when at is set.
// After a problem the result is not used.
func (a *analyzer) condition(c ast.Condition, at *scope) Cond {
	switch c := c.(type) {
	case *ast.And:
		return &And{Operands: a.conditions(c.Operands, at)}
	case *ast.Or:
		return &Or{Operands: a.conditions(c.Operands, at)}
	case *ast.Not:
		return &Not{Operand: a.condition(c.Operand, at)}
	case *ast.Exists:
		p := a.path(c.Path, at)
		a.notTheEHR(p, c.Pos)
		return &Exists{Path: p}
	case *ast.Compare:
		return a.compare(c, at)
	case *ast.Like:
		return a.like(c, at)
	case *ast.Matches:
		return a.matches(c, at)
	case *ast.NodeTest:
		return a.nodeTest(c, at)
	case *ast.Assert:
		a.call(c.Call)
		return nil
	}
	panic("analyze: unknown condition")
}

// notTheEHR refuses a test for the existence of the EHR itself.
func (a *analyzer) notTheEHR(p *Path, pos ast.Pos) {
	if p != nil && p.Source != nil && len(p.Steps) == 0 && p.Source.Kind == SourceEHR {
		a.fail(pos, "exists.ehr", "an EHR always exists; test one of its paths")
	}
}

func (a *analyzer) conditions(list []ast.Condition, at *scope) []Cond {
	out := make([]Cond, len(list))
	for i, c := range list {
		out[i] = a.condition(c, at)
	}
	return out
}

// operand resolves a value; nil after a problem.
func (a *analyzer) operand(n ast.Operand, at *scope) Expr {
	switch n := n.(type) {
	case *ast.Path:
		if p := a.path(n, at); p != nil {
			return p
		}
		return nil
	case *ast.Param:
		return a.param(n)
	case *ast.Call:
		a.call(n)
		return nil
	}
	return literal(n)
}

func literal(n ast.Operand) Expr {
	switch n := n.(type) {
	case *ast.String:
		return &Literal{Value: n.Value(), Pattern: n.Pattern}
	case *ast.Number:
		return &Literal{Value: NewNumber(n.Text)}
	case *ast.Boolean:
		return &Literal{Value: n.Value}
	case *ast.Code:
		return &Literal{Value: n.Text, Pattern: n.Text}
	case *ast.Null:
		return &Literal{}
	}
	panic("analyze: unknown literal")
}

var (
	aggregates = map[string]bool{"COUNT": true, "MIN": true, "MAX": true, "SUM": true, "AVG": true}
	functions  = []string{
		"COUNT", "MIN", "MAX", "SUM", "AVG", "LENGTH", "CONTAINS", "POSITION", "SUBSTRING", "CONCAT",
		"CONCAT_WS", "ABS", "MOD", "CEIL", "FLOOR", "ROUND", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_DATE_TIME", "NOW",
		"CURRENT_TIMEZONE", "TERMINOLOGY",
	}
)

// call refuses a function outside the places where aggregates may stand.
func (a *analyzer) call(n *ast.Call) {
	name := strings.ToUpper(n.Function)
	if aggregates[name] {
		a.fail(n.Pos, "function.aggregate", "the aggregate function %s stands only in SELECT, as a column of its own", name)
		return
	}
	for _, f := range functions {
		if f == name {
			a.unsupported(n.Pos, "function."+strings.ToLower(name), "the function %s", name)
			return
		}
	}
	a.fail(n.Pos, "function.unknown", "there is no function %s%s", n.Function, didYouMean(name, functions))
}

func (a *analyzer) compare(c *ast.Compare, at *scope) Cond {
	left, right := a.operand(c.Left, at), a.operand(c.Right, at)
	if left == nil || right == nil {
		return nil
	}
	op := c.Op
	if _, isPath := left.(*Path); !isPath {
		if _, isPath := right.(*Path); !isPath {
			a.unsupported(c.Pos, "constant_comparison", "a comparison without a path")
			return nil
		}
		left, right, op = right, left, op.Mirror()
	}
	n := &Compare{Op: op, Left: left, Right: right}
	lp := left.(*Path)
	switch r := right.(type) {
	case *Path:
		if !a.comparable(lp, c.Op, c.Left.At()) || !a.comparable(r, c.Op, c.Right.At()) {
			return nil
		}
		if lp.Kinds == r.Kinds {
			n.Mode = modeOf(lp.Kinds)
		}
	case *Param:
		if !a.comparable(lp, op, lp.AST.Pos) {
			return nil
		}
		n.Mode = modeOf(lp.Kinds)
	case *Literal:
		if r.Value == nil {
			if op != ast.EQ && op != ast.NE {
				a.fail(c.Pos, "compare.null", "NULL has no order: only = and != compare with it")
			}
			a.notTheEHR(lp, c.Pos)
			n.Mode = ModeNull
			return n
		}
		if !a.comparable(lp, op, lp.AST.Pos) {
			return nil
		}
		n.Mode = a.literalMode(lp, r, c.Pos)
	}
	return n
}

// comparable reports whether the values of a path compare at all.
func (a *analyzer) comparable(p *Path, op ast.Op, pos ast.Pos) bool {
	if p.Kinds&^KindOther == 0 {
		a.fail(pos, "compare.type", "%s cannot be compared: %s has no order or text of its own, go on to one of its attributes", p.AST, p.Types)
		return false
	}
	if p.Kinds == KindCode && op != ast.EQ && op != ast.NE {
		a.fail(pos, "compare.type", "%s is a CODE_PHRASE, which has no order; use code_string", p.AST)
		return false
	}
	return true
}

// literalMode decides how a path compares with a constant, and refuses a
// constant that none of the path's values can compare with.
func (a *analyzer) literalMode(p *Path, lit *Literal, pos ast.Pos) Mode {
	var fits Kinds
	var mode Mode
	switch v := lit.Value.(type) {
	case string:
		dt, ti, du := TemporalText(v)
		fits, mode = KindText|KindTextObject|KindCode, ModeText
		if dt {
			fits |= KindDateTime
		}
		if ti {
			fits |= KindTime
		}
		if du {
			fits |= KindDuration
		}
		if p.Kinds&fits == 0 && p.Kinds&kindsTemporal != 0 {
			a.fail(pos, "compare.temporal", "%q is not an ISO 8601 %s", v, temporalName(p.Kinds))
			return ModeDynamic
		}
	case Number:
		fits, mode = KindNumber|KindAmount, ModeNumber
	case bool:
		fits, mode = KindBoolean|KindBoolObject, ModeBoolean
	}
	if p.Kinds&fits == 0 {
		a.fail(pos, "compare.type", "%s (%s) does not compare with a %s", p.AST, p.Types, literalName(lit.Value))
		return ModeDynamic
	}
	if m := modeOf(p.Kinds); m != ModeDynamic {
		return m
	}
	// Primitive values of several types compare as those that the constant
	// fits; objects, and strings that may be dates, by their data.
	byData := fits & (KindTextObject | KindCode | KindAmount | KindBoolObject)
	if mode == ModeText {
		byData |= kindsTemporal
	}
	if p.Kinds&byData == 0 {
		return mode
	}
	return ModeDynamic
}

func literalName(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case Number:
		return "number"
	}
	return "Boolean"
}

func temporalName(k Kinds) string {
	switch {
	case k&KindDateTime != 0:
		return "date or date-time"
	case k&KindTime != 0:
		return "time"
	}
	return "duration"
}

func (a *analyzer) like(c *ast.Like, at *scope) Cond {
	left := a.operand(c.Left, at)
	pattern := a.operand(c.Pattern, at)
	if left == nil || pattern == nil {
		return nil
	}
	p, ok := left.(*Path)
	if !ok {
		a.unsupported(c.Left.At(), "constant_comparison", "LIKE on anything but a path")
		return nil
	}
	if p.Kinds&(KindText|KindTextObject|kindsTemporal) == 0 {
		a.fail(c.Pos, "like.type", "%s (%s) is no text", p.AST, p.Types)
	}
	switch v := pattern.(type) {
	case *Literal:
		if _, ok := v.Value.(string); !ok {
			a.fail(c.Pattern.At(), "like.pattern", "the pattern of LIKE is a string")
		}
	case *Path:
		a.unsupported(c.Pattern.At(), "like_path", "a path as the pattern of LIKE")
	}
	return &Like{Path: p, Pattern: pattern}
}

func (a *analyzer) matches(c *ast.Matches, at *scope) Cond {
	if len(c.Members) > a.limits.Members {
		a.fail(c.Pos, "limit.members", "the list has %d items, the limit is %d", len(c.Members), a.limits.Members)
		return nil
	}
	left := a.operand(c.Left, at)
	p, ok := left.(*Path)
	if left != nil && !ok {
		a.unsupported(c.Left.At(), "constant_comparison", "MATCHES on anything but a path")
	}
	n := &In{Path: p}
	for _, m := range c.Members {
		switch m := m.(type) {
		case *ast.URI:
			a.unsupported(m.Pos, "matches_uri", "a URI as value set of MATCHES")
		case *ast.Regex:
			a.unsupported(m.Pos, "matches_regex", "regular expressions")
		case *ast.Call:
			a.call(m)
		case *ast.Null:
			a.fail(m.Pos, "matches.null", "NULL matches nothing; use NOT EXISTS")
		case *ast.Param:
			n.Items = append(n.Items, a.param(m))
		case *ast.Path:
			a.unsupported(m.Pos, "matches_path", "a path in the list of MATCHES")
		default:
			n.Items = append(n.Items, literal(m))
		}
	}
	if p == nil || !a.comparable(p, ast.EQ, c.Left.At()) {
		return n
	}
	n.Mode = modeOf(p.Kinds)
	for i, item := range n.Items {
		lit, ok := item.(*Literal)
		if !ok {
			continue
		}
		m := a.literalMode(p, lit, c.Members[i].At())
		if i == 0 && len(n.Items) == 1 {
			n.Mode = m
		} else if m != n.Mode {
			n.Mode = ModeDynamic
		}
	}
	return n
}

// nodeTest writes the short form of a predicate in full.
func (a *analyzer) nodeTest(c *ast.NodeTest, at *scope) Cond {
	if len(at.types.only(rm.ClassLocatable)) == 0 {
		a.fail(c.Pos, "predicate.type", "%s has no archetype_node_id, so that a node predicate cannot hold", at.types)
		return nil
	}
	equal := func(value Expr, attributes ...string) Cond {
		p := &Path{AST: &ast.Path{Pos: c.Pos}, Types: at.types.only(rm.ClassLocatable)}
		if at.source != nil && at.source.Kind != SourceInside {
			p.Source = at.source
		}
		for _, name := range attributes {
			to, _ := p.Types.Follow(name)
			if name == "name" && attributes[1] == "defining_code" {
				to = to.only(rm.ClassDVCodedText)
			}
			p.Steps = append(p.Steps, &Step{Attribute: name, Key: name, Types: to})
			p.AST.Steps = append(p.AST.Steps, &ast.Step{Pos: c.Pos, Attribute: name})
			p.Types = to
		}
		p.Kinds = KindText
		return &Compare{Op: ast.EQ, Left: p, Right: value, Mode: ModeText}
	}
	text := func(s string) Expr { return &Literal{Value: s, Pattern: s} }

	out := &And{}
	switch id := c.ID.(type) {
	case *ast.Param:
		out.Operands = append(out.Operands, equal(a.param(id), "archetype_node_id"))
	case *ast.Code:
		out.Operands = append(out.Operands, equal(text(id.Text), "archetype_node_id"))
	}
	switch name := c.Name.(type) {
	case *ast.String:
		out.Operands = append(out.Operands, equal(text(name.Value()), "name", "value"))
	case *ast.Param:
		out.Operands = append(out.Operands, equal(a.param(name), "name", "value"))
	case *ast.Code:
		out.Operands = append(out.Operands,
			equal(text(name.Text), "name", "defining_code", "code_string"),
			equal(text("local"), "name", "defining_code", "terminology_id", "value"))
	case *ast.Term:
		out.Operands = append(out.Operands,
			equal(text(name.Code), "name", "defining_code", "code_string"),
			equal(text(name.Terminology), "name", "defining_code", "terminology_id", "value"))
	}
	if len(out.Operands) == 1 {
		return out.Operands[0]
	}
	return out
}
