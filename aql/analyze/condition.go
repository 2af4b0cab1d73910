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
		return &Exists{Path: a.path(c.Path, at)}
	case *ast.Compare:
		return a.compare(c, at)
	case *ast.Like:
		return a.like(c, at)
	case *ast.Matches:
		return a.matches(c, at)
	case *ast.NodeTest:
		return a.nodeTest(c, at)
	case *ast.Assert:
		return a.holds(c, at)
	}
	panic("analyze: unknown condition")
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
		if e, ok := a.alias(n); ok && a.aliases && at == nil {
			return e
		}
		if p := a.path(n, at); p != nil {
			return p
		}
		return nil
	case *ast.Param:
		return a.param(n)
	case *ast.Call:
		return a.call(n, at)
	case *ast.Binary:
		return a.arithmetic(n, n.Op, n.Left, n.Right, at)
	case *ast.Negative:
		return a.arithmetic(n, "-", &ast.Number{Pos: n.Pos, Text: "0"}, n.Operand, at)
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

// holds resolves a function that stands as a condition.
func (a *analyzer) holds(c *ast.Assert, at *scope) Cond {
	e := a.call(c.Call, at)
	if e == nil {
		return nil
	}
	if KindsOf(e) != KindBoolean {
		a.fail(c.Pos, "compare.missing", "%s is no condition: it gives a %s; compare it with something", c.Call, KindsOf(e))
		return nil
	}
	return &Holds{Expr: e}
}

// given reports whether an expression is a literal or parameter.
func given(e Expr) bool {
	switch e.(type) {
	case *Literal, *Param:
		return true
	}
	return false
}

func (a *analyzer) compare(c *ast.Compare, at *scope) Cond {
	if at != nil && at.source != nil && at.source.Kind == SourceVersion {
		if n, ok := a.atTime(c, at); ok {
			return n
		}
	}
	left, right := a.operand(c.Left, at), a.operand(c.Right, at)
	if left == nil || right == nil {
		return nil
	}
	op, leftAST, rightAST := c.Op, c.Left, c.Right
	if given(left) && !given(right) || isNull(left) {
		left, right, op, leftAST, rightAST = right, left, op.Mirror(), rightAST, leftAST
	}
	n := &Compare{Op: op, Left: left, Right: right}
	if isNull(right) {
		if op != ast.EQ && op != ast.NE {
			a.fail(c.Pos, "compare.null", "NULL has no order: only = and != compare with it")
		}
		if given(left) {
			a.fail(c.Pos, "compare.null", "%s is not NULL, whatever the data", leftAST)
		}
		n.Mode = ModeNull
		return n
	}
	if given(left) {
		return n // two constants
	}
	if !a.comparable(left, op, leftAST) {
		return nil
	}
	switch r := right.(type) {
	case *Param:
		n.Mode = ModeOf(left)
	case *Literal:
		n.Mode = a.literalMode(left, leftAST, r, c.Pos)
	default:
		if !a.comparable(right, op, rightAST) {
			return nil
		}
		n.Mode = pairMode(KindsOf(left), KindsOf(right))
	}
	return n
}

// atTime resolves the pseudo-attribute version_at_time in the predicate of a
// VERSION; ok is false if the comparison is about something else.
func (a *analyzer) atTime(c *ast.Compare, at *scope) (Cond, bool) {
	p, ok := c.Left.(*ast.Path)
	if !ok || len(p.Steps) != 1 || p.Steps[0].Attribute != "version_at_time" || p.Steps[0].Predicate != nil {
		return nil, false
	}
	a.extension(p.Pos, "version_at_time", "version_at_time as an attribute of VERSION")
	n := &AtTime{Source: at.source, Instant: a.operand(c.Right, at)}
	if c.Op != ast.EQ {
		a.fail(c.Pos, "version_at_time.operator", "version_at_time takes only the operator =")
	}
	switch v := n.Instant.(type) {
	case *Literal:
		s, ok := v.Value.(string)
		if dt, _, _ := TemporalText(s); !ok || !dt {
			a.fail(c.Right.At(), "compare.temporal", "%s is not an ISO 8601 date or date-time", c.Right)
		}
	case *Param:
	default:
		a.fail(c.Right.At(), "version_at_time.value", "version_at_time takes a date-time or a parameter")
	}
	return n, true
}

// pairMode is how values of the kinds compare with each other.
func pairMode(left, right Kinds) Mode {
	switch {
	case left == right, right == KindText && left&kindsTemporal != 0 && modeOf(left) != ModeDynamic:
		return modeOf(left)
	case left == KindText && right&kindsTemporal != 0:
		return modeOf(right)
	}
	return ModeDynamic
}

// comparable reports whether the values of an expression compare at all.
func (a *analyzer) comparable(e Expr, op ast.Op, n ast.Operand) bool {
	k := KindsOf(e)
	if k&^KindOther == 0 {
		a.fail(n.At(), "compare.type", "%s cannot be compared: %s has no order or text of its own, go on to one of its attributes", n, a.typeText(e))
		return false
	}
	if k == KindCode && op != ast.EQ && op != ast.NE {
		a.fail(n.At(), "compare.type", "%s is a CODE_PHRASE, which has no order; use code_string", n)
		return false
	}
	return true
}

// literalMode decides how a value compares with a constant, and refuses a
// constant that none of the values can compare with.
func (a *analyzer) literalMode(e Expr, n ast.Operand, lit *Literal, pos ast.Pos) Mode {
	var fits Kinds
	var mode Mode
	kinds := KindsOf(e)
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
		if kinds&fits == 0 && kinds&kindsTemporal != 0 {
			a.fail(pos, "compare.temporal", "%q is not an ISO 8601 %s", v, temporalName(kinds))
			return ModeDynamic
		}
	case Number:
		fits, mode = KindNumber|KindAmount, ModeNumber
	case bool:
		fits, mode = KindBoolean|KindBoolObject, ModeBoolean
	}
	if kinds&fits == 0 {
		a.fail(pos, "compare.type", "%s (%s) does not compare with a %s", n, a.typeText(e), literalName(lit.Value))
		return ModeDynamic
	}
	if m := modeOf(kinds); m != ModeDynamic {
		return m
	}
	// Primitive values of several types compare as those that the constant
	// fits; objects, and strings that may be dates, by their data. A value that
	// is calculated has its type only in the data.
	byData := fits & (KindTextObject | KindCode | KindAmount | KindBoolObject)
	if mode == ModeText {
		byData |= kindsTemporal
	}
	if _, ok := e.(*Path); ok && kinds&byData == 0 {
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
	if k := KindsOf(left); k != 0 && k&(KindText|KindTextObject|kindsTemporal) == 0 || isNull(left) {
		a.fail(c.Pos, "like.type", "%s (%s) is no text", c.Left, a.typeText(left))
	}
	if k := KindsOf(pattern); k != 0 && k&(KindText|KindTextObject) == 0 || isNull(pattern) {
		a.fail(c.Pattern.At(), "like.pattern", "the pattern of LIKE is a string; %s is %s", c.Pattern, a.typeText(pattern))
	}
	n := &Like{Pattern: pattern}
	n.Path, n.Left = pathOrOther(left)
	return n
}

// pathOrOther parts a path from other expressions.
func pathOrOther(e Expr) (*Path, Expr) {
	if p, ok := e.(*Path); ok {
		return p, nil
	}
	return nil, e
}

func (a *analyzer) matches(c *ast.Matches, at *scope) Cond {
	if len(c.Members) > a.limits.Members {
		a.fail(c.Pos, "limit.members", "the list has %d items, the limit is %d", len(c.Members), a.limits.Members)
		return nil
	}
	left := a.operand(c.Left, at)
	if left == nil {
		return nil
	}
	if r, ok := c.Members[0].(*ast.Regex); ok {
		return a.regex(c, left, r)
	}
	n := &In{}
	n.Path, n.Left = pathOrOther(left)
	if !given(left) && !a.comparable(left, ast.EQ, c.Left) {
		return n
	}
	n.Mode = ModeOf(left)
	var modes []Mode
	var others []Cond
	for _, m := range c.Members {
		switch m := m.(type) {
		case *ast.Null:
			a.fail(m.Pos, "matches.null", "NULL matches nothing; use NOT EXISTS")
			continue
		case *ast.URI:
			n.Items = append(n.Items, a.uri(m))
			if _, ok := n.Items[len(n.Items)-1].(*Terminology); ok {
				a.codes(left, c.Left, m.Pos)
			}
			continue
		case *ast.Interval:
			others = append(others, a.interval(c, m, at))
			continue
		}
		item := a.operand(m, at)
		switch e := item.(type) {
		case nil:
		case *Literal:
			n.Items = append(n.Items, e)
			if !given(left) {
				modes = append(modes, a.literalMode(left, c.Left, e, m.At()))
			}
		case *Param:
			n.Items = append(n.Items, e)
		case *Terminology:
			if KindsOf(e) == KindBoolean {
				a.fail(m.At(), "terminology.boolean", "%s gives true or false and no codes; compare it with true", m)
			} else if !Constant(e) {
				others = append(others, &Compare{Op: ast.EQ, Left: left, Right: e, Mode: pairMode(KindsOf(left), KindText)})
			} else {
				a.codes(left, c.Left, m.At())
				n.Items = append(n.Items, e)
			}
		default:
			if a.comparable(e, ast.EQ, m) {
				others = append(others, &Compare{Op: ast.EQ, Left: left, Right: e, Mode: pairMode(KindsOf(left), KindsOf(e))})
			}
		}
	}
	for _, m := range modes {
		if len(n.Items) == 1 {
			n.Mode = m
		} else if m != n.Mode {
			n.Mode = ModeDynamic
		}
	}
	if len(others) == 0 {
		return n
	}
	if len(n.Items) > 0 {
		others = append([]Cond{n}, others...)
	}
	if len(others) == 1 {
		return others[0]
	}
	return &Or{Operands: others}
}

// interval writes an interval as comparisons.
func (a *analyzer) interval(c *ast.Matches, m *ast.Interval, at *scope) Cond {
	low := a.compare(&ast.Compare{Pos: m.Pos, Op: m.Op, Left: c.Left, Right: m.Low}, at)
	if m.High == nil {
		return low
	}
	return &And{Operands: []Cond{low, a.compare(&ast.Compare{Pos: m.Pos, Op: m.HighOp, Left: c.Left, Right: m.High}, at)}}
}

// codes refuses the codes of a terminology for values that are none.
func (a *analyzer) codes(left Expr, n ast.Operand, pos ast.Pos) {
	if k := KindsOf(left); k != 0 && k != KindText && k != KindCode {
		a.fail(pos, "terminology.operand", "%s (%s) is not compared with codes; use its defining_code or defining_code/code_string", n, a.typeText(left))
	}
}

// uri resolves a URI: one with the scheme ehr stands for itself, any other for
// the codes of a value set.
func (a *analyzer) uri(n *ast.URI) Expr {
	value := &Literal{Value: n.Text, Pattern: n.Text}
	if strings.HasPrefix(strings.ToLower(n.Text), "ehr:") {
		return value
	}
	return &Terminology{Operation: OperationURI, Service: &Literal{Value: ""}, Params: value, AST: n}
}

// regex resolves a match with a regular expression.
func (a *analyzer) regex(c *ast.Matches, left Expr, r *ast.Regex) Cond {
	if k := KindsOf(left); k != 0 && k&(KindText|KindTextObject|kindsTemporal) == 0 || isNull(left) {
		a.fail(c.Pos, "matches.type", "%s (%s) is no text", c.Left, a.typeText(left))
	}
	pattern := strings.ReplaceAll(r.Text, `\/`, `/`)
	if len(pattern) > maxRegex {
		a.fail(r.Pos, "limit.regex", "the regular expression has %d bytes, the limit is %d", len(pattern), maxRegex)
		return nil
	}
	if why := badRegex(pattern); why != "" {
		a.fail(r.Pos, "matches.regex", "the regular expression is not understood: %s", why)
		return nil
	}
	return &Regex{Left: left, Pattern: pattern}
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
