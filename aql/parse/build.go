package parse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/parse/gen"
)

// builder makes the tree of a query that ANTLR has accepted.
type builder struct {
	src        *source
	problems   []ast.Problem
	extensions []ast.Extension
}

func (b *builder) extension(pos ast.Pos, name, text string) {
	b.extensions = append(b.extensions, ast.Extension{Pos: pos, Name: name, Text: text})
}

func (b *builder) fail(pos ast.Pos, code, format string, args ...any) {
	b.problems = append(b.problems, ast.Problem{Pos: pos, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (b *builder) query(c gen.IQueryContext) *ast.Query {
	sel := c.Select_()
	q := &ast.Query{Pos: b.src.rule(c), Distinct: sel.DISTINCT() != nil}
	if t := sel.Top(); t != nil {
		q.Top = &ast.Top{
			Pos: b.src.rule(t), Count: b.count(t.INTEGER(), 1, "TOP"),
			Backward: t.BACKWARD() != nil, Explicit: t.BACKWARD() != nil || t.FORWARD() != nil,
		}
	}
	for _, col := range sel.AllColumn() {
		n := &ast.Column{Pos: b.src.rule(col), Value: b.operand(col.Operand())}
		if col.Name() != nil {
			n.Alias = b.name(col.Name())
		}
		q.Columns = append(q.Columns, n)
	}
	q.From = b.containment(c.From().Containment())
	if w := c.Where(); w != nil {
		q.Where = b.condition(w.Condition())
	}
	if g := c.GroupBy(); g != nil {
		b.extension(b.src.rule(g), "group_by", "GROUP BY")
		for _, o := range g.AllOperand() {
			q.GroupBy = append(q.GroupBy, b.operand(o))
		}
	}
	if h := c.Having(); h != nil {
		b.extension(b.src.rule(h), "group_by", "HAVING")
		q.Having = b.condition(h.Condition())
	}
	if o := c.OrderBy(); o != nil {
		for _, item := range o.AllOrderItem() {
			q.OrderBy = append(q.OrderBy, &ast.OrderItem{
				Pos: b.src.rule(item), Value: b.operand(item.Operand()),
				Desc: item.DESC() != nil || item.DESCENDING() != nil,
			})
		}
	}
	if l := c.Limit(); l != nil {
		q.Limit = &ast.Limit{Pos: b.src.rule(l), Count: b.count(l.INTEGER(0), 1, "LIMIT")}
		if l.OFFSET() != nil {
			q.Limit.Offset = b.count(l.INTEGER(1), 0, "OFFSET")
		}
		if q.Top != nil {
			b.fail(q.Limit.Pos, "syntax.top_limit", "TOP and LIMIT cannot be used together")
		}
	}
	slices.SortStableFunc(b.extensions, func(x, y ast.Extension) int { return x.Offset - y.Offset })
	q.Extensions = b.extensions
	return q
}

// count reads the number of TOP, LIMIT and OFFSET.
func (b *builder) count(t antlr.TerminalNode, least int64, clause string) int64 {
	pos := b.src.token(t.GetSymbol())
	n, err := strconv.ParseInt(t.GetText(), 10, 64)
	switch {
	case err != nil:
		b.fail(pos, "syntax.number", "%s takes a number of at most %d", clause, int64(1<<63-1))
	case n < least:
		b.fail(pos, "syntax.number", "%s takes a number of at least %d", clause, least)
	}
	return n
}

// name reads a variable or alias.
func (b *builder) name(c gen.INameContext) string {
	text := c.GetText()
	if strings.Contains(text, ".") {
		b.fail(b.src.rule(c), "syntax.name", "%s is not a name: a name has letters, digits and underscores only", text)
	}
	return text
}

// Containment.

func (b *builder) containment(c gen.IContainmentContext) ast.Containment {
	var list []ast.Containment
	for _, and := range c.AllConjunction() {
		list = append(list, b.conjunction(and))
	}
	if len(list) == 1 {
		return list[0]
	}
	return &ast.AnyOf{Pos: b.src.rule(c), Operands: list}
}

func (b *builder) conjunction(c gen.IConjunctionContext) ast.Containment {
	var list []ast.Containment
	for _, unit := range c.AllContained() {
		list = append(list, b.contained(unit))
	}
	if len(list) == 1 {
		return list[0]
	}
	return &ast.AllOf{Pos: b.src.rule(c), Operands: list}
}

func (b *builder) contained(c gen.IContainedContext) ast.Containment {
	if c.Source() == nil {
		return b.containment(c.Containment())
	}
	n := b.source(c.Source())
	if c.Containment() != nil {
		n.Contains = b.containment(c.Containment())
		n.Negated = c.NOT() != nil
	}
	return n
}

func (b *builder) source(c gen.ISourceContext) *ast.Source {
	n := &ast.Source{Pos: b.src.rule(c)}
	var name gen.INameContext
	switch c := c.(type) {
	case *gen.VersionSourceContext:
		n.Version, name = true, c.Name()
		if p := c.VersionPredicate(); p != nil {
			switch {
			case p.LATEST_VERSION() != nil:
				n.Scope = ast.LatestVersion
			case p.ALL_VERSIONS() != nil:
				n.Scope = ast.AllVersions
			default:
				n.Scope, n.Predicate = ast.SelectedVersions, b.criteria(p.Criteria())
			}
		}
	case *gen.ClassSourceContext:
		n.Class, name = c.ClassName().GetText(), c.Name()
		n.Predicate = b.predicate(c.Predicate())
	}
	if name != nil {
		n.Name, n.NamePos = b.name(name), b.src.rule(name)
	}
	return n
}

// Conditions.

func (b *builder) condition(c gen.IConditionContext) ast.Condition {
	var list []ast.Condition
	for _, and := range c.AllConditionAnd() {
		list = append(list, b.conditionAnd(and))
	}
	if len(list) == 1 {
		return list[0]
	}
	return &ast.Or{Pos: b.src.rule(c), Operands: list}
}

func (b *builder) conditionAnd(c gen.IConditionAndContext) ast.Condition {
	var list []ast.Condition
	for _, not := range c.AllConditionNot() {
		list = append(list, b.conditionNot(not))
	}
	if len(list) == 1 {
		return list[0]
	}
	return &ast.And{Pos: b.src.rule(c), Operands: list}
}

func (b *builder) conditionNot(c gen.IConditionNotContext) ast.Condition {
	pos := b.src.rule(c)
	switch c := c.(type) {
	case *gen.NegationContext:
		return &ast.Not{Pos: pos, Operand: b.conditionNot(c.ConditionNot())}
	case *gen.GroupContext:
		return b.condition(c.Condition())
	case *gen.ExistenceContext:
		return &ast.Exists{Pos: pos, Path: b.path(c.Path())}
	case *gen.TestingContext:
		return b.tested(pos, c)
	}
	panic(fmt.Sprintf("parse: unknown condition %T", c))
}

// tested reads a value with its test; a function needs none.
func (b *builder) tested(pos ast.Pos, c *gen.TestingContext) ast.Condition {
	left := b.operand(c.Operand())
	switch t := c.Test().(type) {
	case nil:
		if call, ok := left.(*ast.Call); ok {
			return &ast.Assert{Pos: pos, Call: call}
		}
		b.fail(pos, "syntax", "%s is no condition, expected a comparison operator, LIKE or MATCHES after it", left)
		return &ast.Exists{Pos: pos, Path: &ast.Path{Pos: pos}}
	case *gen.ComparisonContext:
		return &ast.Compare{Pos: pos, Op: b.op(t.Comparator()), Left: left, Right: b.operand(t.Operand())}
	case *gen.LikenessContext:
		return &ast.Like{Pos: pos, Left: left, Pattern: b.operand(t.Operand())}
	case *gen.MembershipContext:
		return b.membership(pos, left, t)
	default:
		panic(fmt.Sprintf("parse: unknown test %T", t))
	}
}

func (b *builder) membership(pos ast.Pos, left ast.Operand, c *gen.MembershipContext) ast.Condition {
	n := &ast.Matches{Pos: pos, Left: left}
	set := c.MatchSet()
	switch {
	case set.REGEX() != nil:
		n.Members = []ast.Operand{b.regex(set.REGEX())}
	case set.Function() != nil:
		n.Members = []ast.Operand{b.call(set.Function())}
	case set.PARAMETER() != nil:
		n.Members = []ast.Operand{b.param(set.PARAMETER())}
	default:
		n.Braces = true
		for _, m := range set.AllMember() {
			switch {
			case m.URI() != nil:
				n.Members = append(n.Members, &ast.URI{Pos: b.src.rule(m), Text: m.GetText()})
			case m.Operand() != nil:
				n.Members = append(n.Members, b.operand(m.Operand()))
			default:
				n.Members = append(n.Members, b.interval(m.Interval()))
			}
		}
	}
	return n
}

// interval reads an interval as ADL writes it.
func (b *builder) interval(c gen.IIntervalContext) *ast.Interval {
	n := &ast.Interval{Pos: b.src.rule(c), Low: b.operand(c.Operand(0)), HighOp: ast.LE}
	b.extension(n.Pos, "interval", "an interval in MATCHES")
	var bar bool // the second bound has been reached
	for _, child := range c.GetChildren() {
		switch child := child.(type) {
		case gen.IComparatorContext:
			op := b.op(child)
			if bar {
				n.HighOp = op
			} else {
				n.Op = op
			}
		case antlr.TerminalNode:
			bar = bar || child.GetSymbol().GetTokenType() == gen.AqlParserDOTDOT
		}
	}
	if c.DOTDOT() == nil {
		return n
	}
	n.High = b.operand(c.Operand(1))
	if n.Op == ast.EQ {
		n.Op = ast.GE
	}
	if n.Op != ast.GE && n.Op != ast.GT || n.HighOp != ast.LE && n.HighOp != ast.LT {
		b.fail(n.Pos, "syntax.interval", "the lower bound of an interval takes > or >=, the upper one < or <=")
	}
	return n
}

var ops = map[int]ast.Op{
	gen.AqlParserEQ: ast.EQ, gen.AqlParserNE: ast.NE, gen.AqlParserOTHER: ast.NE, gen.AqlParserLT: ast.LT,
	gen.AqlParserLE: ast.LE, gen.AqlParserGT: ast.GT, gen.AqlParserGE: ast.GE,
}

func (b *builder) op(c gen.IComparatorContext) ast.Op {
	if c.OTHER() != nil {
		b.extension(b.src.rule(c), "not_equal", "<> for !=")
	}
	return ops[c.GetStart().GetTokenType()]
}

// Predicates.

func (b *builder) predicate(c gen.IPredicateContext) ast.Condition {
	if c == nil {
		return nil
	}
	return b.criteria(c.Criteria())
}

func (b *builder) criteria(c gen.ICriteriaContext) ast.Condition {
	var list []ast.Condition
	for _, and := range c.AllCriteriaAnd() {
		var conj []ast.Condition
		for _, unit := range and.AllCriterion() {
			conj = append(conj, b.criterion(unit))
		}
		if len(conj) == 1 {
			list = append(list, conj[0])
		} else {
			list = append(list, &ast.And{Pos: b.src.rule(and), Operands: conj})
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return &ast.Or{Pos: b.src.rule(c), Operands: list}
}

func (b *builder) criterion(c gen.ICriterionContext) ast.Condition {
	pos := b.src.rule(c)
	switch c := c.(type) {
	case *gen.CriterionGroupContext:
		return b.criteria(c.Criteria())
	case *gen.CriterionNodeContext:
		n := &ast.NodeTest{Pos: pos, ID: b.nodeID(c.NodeId())}
		if c.NodeName() != nil {
			n.Name = b.nodeName(c.NodeName())
		}
		return n
	case *gen.CriterionCompareContext:
		return &ast.Compare{Pos: pos, Op: b.op(c.Comparator()), Left: b.relative(c.Steps()), Right: b.value(c.Value())}
	case *gen.CriterionMatchesContext:
		n := &ast.Matches{Pos: pos, Left: b.relative(c.Steps())}
		if c.REGEX() != nil {
			n.Members = []ast.Operand{b.regex(c.REGEX())}
			return n
		}
		n.Braces = true
		for _, v := range c.AllValue() {
			n.Members = append(n.Members, b.value(v))
		}
		return n
	}
	panic(fmt.Sprintf("parse: unknown criterion %T", c))
}

func (b *builder) nodeID(c gen.INodeIdContext) ast.Operand {
	if c.PARAMETER() != nil {
		return b.param(c.PARAMETER())
	}
	return &ast.Code{Pos: b.src.rule(c), Text: c.GetText()}
}

func (b *builder) nodeName(c gen.INodeNameContext) ast.Operand {
	switch {
	case c.STRING() != nil:
		return b.str(c.STRING())
	case c.PARAMETER() != nil:
		return b.param(c.PARAMETER())
	case c.NODE_CODE() != nil:
		return &ast.Code{Pos: b.src.rule(c), Text: c.GetText()}
	}
	n := &ast.Term{Pos: b.src.rule(c)}
	terminology, code, _ := strings.Cut(c.GetText(), "::")
	n.Terminology = terminology
	if n.Code, n.Rubric, n.HasRubric = strings.Cut(code, "|"); n.HasRubric {
		n.Rubric = strings.TrimSuffix(n.Rubric, "|")
	}
	return n
}

func (b *builder) value(c gen.IValueContext) ast.Operand {
	switch {
	case c.Literal() != nil:
		return b.literal(c.Literal())
	case c.PARAMETER() != nil:
		return b.param(c.PARAMETER())
	case c.Steps() != nil:
		return b.relative(c.Steps())
	}
	return &ast.Code{Pos: b.src.rule(c), Text: c.GetText()}
}

// Values.

func (b *builder) operand(c gen.IOperandContext) ast.Operand {
	pos := b.src.rule(c)
	binary := func(left, right gen.IOperandContext, op string) ast.Operand {
		b.extension(pos, "arithmetic", "arithmetic")
		return &ast.Binary{Pos: pos, Op: op, Left: b.operand(left), Right: b.operand(right)}
	}
	switch c := c.(type) {
	case *gen.PathOperandContext:
		return b.path(c.Path())
	case *gen.FunctionOperandContext:
		return b.call(c.Function())
	case *gen.LiteralOperandContext:
		return b.literal(c.Literal())
	case *gen.ParameterOperandContext:
		return b.param(c.PARAMETER())
	case *gen.GroupOperandContext:
		return b.operand(c.Operand())
	case *gen.NegativeOperandContext:
		b.extension(pos, "arithmetic", "arithmetic")
		return &ast.Negative{Pos: pos, Operand: b.operand(c.Operand())}
	case *gen.ProductOperandContext:
		if c.STAR() != nil {
			return binary(c.Operand(0), c.Operand(1), "*")
		}
		return binary(c.Operand(0), c.Operand(1), "%")
	case *gen.QuotientOperandContext:
		b.extension(pos, "arithmetic", "arithmetic")
		return &ast.Binary{Pos: pos, Op: "/", Left: b.operand(c.Operand()), Right: b.divisor(c.Divisor())}
	case *gen.SumOperandContext:
		if c.PLUS() != nil {
			return binary(c.Operand(0), c.Operand(1), "+")
		}
		return binary(c.Operand(0), c.Operand(1), "-")
	}
	panic(fmt.Sprintf("parse: unknown operand %T", c))
}

func (b *builder) divisor(c gen.IDivisorContext) ast.Operand {
	switch {
	case c.Literal() != nil:
		return b.literal(c.Literal())
	case c.PARAMETER() != nil:
		return b.param(c.PARAMETER())
	}
	return b.operand(c.Operand())
}

func (b *builder) call(c gen.IFunctionContext) *ast.Call {
	n := &ast.Call{Pos: b.src.rule(c), Function: c.FunctionName().GetText()}
	args := c.Arguments()
	if args == nil {
		return n
	}
	n.Star = args.STAR() != nil
	n.Distinct = args.DISTINCT() != nil
	for _, a := range args.AllOperand() {
		n.Args = append(n.Args, b.operand(a))
	}
	return n
}

func (b *builder) path(c gen.IPathContext) *ast.Path {
	n := &ast.Path{Pos: b.src.rule(c), Name: b.name(c.Name()), Predicate: b.predicate(c.Predicate())}
	if c.Steps() != nil {
		n.Steps = b.steps(c.Steps())
	}
	return n
}

func (b *builder) relative(c gen.IStepsContext) *ast.Path {
	return &ast.Path{Pos: b.src.rule(c), Steps: b.steps(c)}
}

func (b *builder) steps(c gen.IStepsContext) []*ast.Step {
	var list []*ast.Step
	for _, s := range c.AllStep() {
		list = append(list, &ast.Step{Pos: b.src.rule(s), Attribute: s.Attribute().GetText(), Predicate: b.predicate(s.Predicate())})
	}
	return list
}

func (b *builder) param(t antlr.TerminalNode) *ast.Param {
	return &ast.Param{Pos: b.src.token(t.GetSymbol()), Name: t.GetText()[1:]}
}

func (b *builder) regex(t antlr.TerminalNode) *ast.Regex {
	text := strings.TrimSpace(strings.Trim(t.GetText(), "{}"))
	return &ast.Regex{Pos: b.src.token(t.GetSymbol()), Text: text[1 : len(text)-1]}
}

func (b *builder) literal(c gen.ILiteralContext) ast.Operand {
	pos := b.src.rule(c)
	switch {
	case c.STRING() != nil:
		return b.str(c.STRING())
	case c.INTEGER() != nil, c.REAL() != nil:
		return &ast.Number{Pos: pos, Text: c.GetText(), Real: c.REAL() != nil}
	case c.NULL() != nil:
		return &ast.Null{Pos: pos}
	}
	return &ast.Boolean{Pos: pos, Value: c.TRUE() != nil}
}
