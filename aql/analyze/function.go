package analyze

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
)

// Kinds of arguments.
const (
	kindsText   = KindText | KindTextObject | KindCode | kindsTemporal | KindNumber | KindBoolean
	kindsNumber = KindNumber | KindAmount
)

// function is the signature of a function of one row.
type function struct {
	args   []Kinds // of each argument; the last repeats up to most
	least  int
	most   int
	result Kinds
}

const manyArguments = 100

var rowFunctions = map[string]function{
	"LENGTH":            {[]Kinds{kindsText}, 1, 1, KindNumber},
	"CONTAINS":          {[]Kinds{kindsText}, 2, 2, KindBoolean},
	"POSITION":          {[]Kinds{kindsText}, 2, 2, KindNumber},
	"SUBSTRING":         {[]Kinds{kindsText, kindsNumber}, 2, 3, KindText},
	"CONCAT":            {[]Kinds{kindsText}, 1, manyArguments, KindText},
	"CONCAT_WS":         {[]Kinds{kindsText}, 2, manyArguments, KindText},
	"ABS":               {[]Kinds{kindsNumber}, 1, 1, KindNumber},
	"MOD":               {[]Kinds{kindsNumber}, 2, 2, KindNumber},
	"CEIL":              {[]Kinds{kindsNumber}, 1, 1, KindNumber},
	"FLOOR":             {[]Kinds{kindsNumber}, 1, 1, KindNumber},
	"ROUND":             {[]Kinds{kindsNumber}, 1, 2, KindNumber},
	"CURRENT_DATE":      {nil, 0, 0, KindDateTime},
	"CURRENT_TIME":      {nil, 0, 0, KindTime},
	"CURRENT_DATE_TIME": {nil, 0, 0, KindDateTime},
	"NOW":               {nil, 0, 0, KindDateTime},
	"CURRENT_TIMEZONE":  {nil, 0, 0, KindText},
}

var (
	aggregates = map[string]bool{"COUNT": true, "MIN": true, "MAX": true, "SUM": true, "AVG": true}
	functions  = []string{
		"COUNT", "MIN", "MAX", "SUM", "AVG", "LENGTH", "CONTAINS", "POSITION", "SUBSTRING", "CONCAT",
		"CONCAT_WS", "ABS", "MOD", "CEIL", "FLOOR", "ROUND", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_DATE_TIME", "NOW",
		"CURRENT_TIMEZONE", "TERMINOLOGY",
	}
)

// call resolves a function call; nil after a problem.
func (a *analyzer) call(n *ast.Call, at *scope) Expr {
	name := strings.ToUpper(n.Function)
	if aggregates[name] {
		if !a.aggregating {
			a.fail(n.Pos, "function.aggregate", "the aggregate function %s stands only in SELECT, HAVING and ORDER BY, and not inside another one", name)
			return nil
		}
		if g := a.aggregate(n); g != nil {
			return g
		}
		return nil
	}
	if name == "TERMINOLOGY" {
		return a.terminology(n, at)
	}
	f, ok := rowFunctions[name]
	if !ok {
		a.fail(n.Pos, "function.unknown", "there is no function %s%s", n.Function, didYouMean(name, functions))
		return nil
	}
	if n.Star || n.Distinct {
		a.fail(n.Pos, "function.arguments", "* and DISTINCT stand only in aggregate functions")
		return nil
	}
	if len(n.Args) < f.least || len(n.Args) > f.most {
		a.fail(n.Pos, "function.arguments", "%s takes %s, not %d", name, countText(f.least, f.most), len(n.Args))
		return nil
	}
	c := &Call{Function: name, Result: f.result, AST: n}
	for i, arg := range n.Args {
		e := a.operand(arg, at)
		if e == nil {
			continue
		}
		want := f.args[min(i, len(f.args)-1)]
		if k := KindsOf(e); k != 0 && k&want == 0 || isNull(e) {
			kind := "text"
			if want == kindsNumber {
				kind = "a number"
			}
			a.fail(arg.At(), "function.type", "%s takes %s here; %s is %s", name, kind, arg, a.typeText(e))
		}
		c.Args = append(c.Args, e)
	}
	if len(c.Args) < len(n.Args) {
		return nil
	}
	return c
}

func countText(least, most int) string {
	plural := func(n int) string {
		switch n {
		case 0:
			return "no arguments"
		case 1:
			return "one argument"
		case 2:
			return "two arguments"
		}
		return "three arguments"
	}
	switch {
	case least == most:
		return plural(least)
	case most == manyArguments:
		return plural(least) + " or more"
	}
	return plural(least)[:3] + " or " + plural(most)
}

func isNull(e Expr) bool {
	l, ok := e.(*Literal)
	return ok && l.Value == nil
}

// typeText says what an expression is, for messages.
func (a *analyzer) typeText(e Expr) string {
	switch e := e.(type) {
	case *Path:
		return e.Types.String()
	case *Literal:
		if e.Value == nil {
			return "NULL"
		}
	}
	return KindsOf(e).String()
}

// maxDepth bounds the nesting of arithmetic, which needs no brackets.
const maxDepth = 100

// arithmetic resolves an operation; nil after a problem.
func (a *analyzer) arithmetic(n ast.Operand, op string, left, right ast.Operand, at *scope) Expr {
	if a.depth++; a.depth > maxDepth {
		if a.depth == maxDepth+1 {
			a.fail(n.At(), "limit.nesting", "arithmetic is nested deeper than the limit of %d", maxDepth)
		}
		return nil
	}
	defer func() { a.depth-- }()
	l := a.operand(left, at)
	r := a.operand(right, at)
	if l == nil || r == nil {
		return nil
	}
	c := &Call{Function: op, Args: []Expr{l, r}, AST: n}
	lk, rk := a.addend(l), a.addend(r)
	if lk == 0 && rk == 0 {
		lk = KindNumber // two parameters
	}
	switch op {
	case "+", "-":
		c.Result = sum(op, lk, rk)
	default:
		c.Result = product(op, lk, rk)
	}
	if c.Result == 0 || isNull(l) || isNull(r) {
		a.fail(n.At(), "arithmetic.type", "%s (%s) %s %s (%s) has no value", left, a.typeText(l), op, right, a.typeText(r))
		return nil
	}
	return c
}

// addend is what an expression can be in arithmetic: a number, or a date,
// time or duration; 0 for a parameter. A string literal is what it can be read
// as.
func (a *analyzer) addend(e Expr) Kinds {
	switch e := e.(type) {
	case *Param:
		return 0
	case *Literal:
		if s, ok := e.Value.(string); ok {
			dt, ti, du := TemporalText(s)
			switch {
			case du:
				return KindDuration
			case dt:
				return KindDateTime
			case ti:
				return KindTime
			}
		}
	}
	k := KindsOf(e) & (kindsNumber | kindsTemporal)
	if k&kindsNumber != 0 {
		k = k&^KindAmount | KindNumber
	}
	if k == 0 {
		return KindOther
	}
	return k
}

var singles = []Kinds{KindNumber, KindDateTime, KindTime, KindDuration}

// sum is the kinds that + or - of the kinds can give; 0 when it has no value.
// What a parameter is follows from the other side: a duration beside dates and
// times.
func sum(op string, left, right Kinds) Kinds {
	if left == 0 {
		left = counterpart(right)
	}
	if right == 0 {
		right = counterpart(left)
	}
	var out Kinds
	for _, l := range singles {
		for _, r := range singles {
			if left&l == 0 || right&r == 0 {
				continue
			}
			switch {
			case l == r && l == KindNumber, l == r && l == KindDuration:
				out |= l
			case l == r && op == "-":
				out |= KindDuration
			case l == KindDateTime && r == KindDuration, l == KindDuration && r == KindDateTime && op == "+":
				out |= KindDateTime
			}
		}
	}
	return out
}

func counterpart(k Kinds) Kinds {
	if k&KindNumber != 0 {
		return KindNumber
	}
	return KindDuration
}

// product is the kinds of a product, quotient or remainder.
func product(op string, left, right Kinds) Kinds {
	number := func(k Kinds) bool { return k == 0 || k&KindNumber != 0 }
	switch {
	case left == KindDuration && number(right) && op != "%", op == "*" && number(left) && right == KindDuration:
		return KindDuration
	case left == KindDuration && right == KindDuration && op == "/":
		return KindNumber
	case number(left) && number(right):
		return KindNumber
	}
	return 0
}

// terminology resolves a call of the TERMINOLOGY function; nil after a problem.
func (a *analyzer) terminology(n *ast.Call, at *scope) Expr {
	if len(n.Args) != 3 || n.Star || n.Distinct {
		a.fail(n.Pos, "function.arguments", "TERMINOLOGY takes an operation, the kind of service, and the parameters of the operation")
		return nil
	}
	op, ok := n.Args[0].(*ast.String)
	if !ok {
		a.fail(n.Args[0].At(), "terminology.operation", "the operation of TERMINOLOGY is a string literal")
		return nil
	}
	t := &Terminology{Operation: strings.ToLower(op.Value()), AST: n}
	if alias, ok := operationAliases[t.Operation]; ok {
		t.Operation = alias
	}
	if !slices.Contains(operations, t.Operation) {
		a.fail(op.Pos, "terminology.operation", "there is no operation %q of TERMINOLOGY%s; there are %s", op.Value(),
			didYouMean(t.Operation, operations), strings.Join(operations, ", "))
		return nil
	}
	service, params := a.operand(n.Args[1], at), a.operand(n.Args[2], at)
	if service == nil || params == nil {
		return nil
	}
	for i, e := range []Expr{service, params} {
		if k := KindsOf(e); k != 0 && k&kindsText == 0 || isNull(e) {
			a.fail(n.Args[i+1].At(), "function.type", "TERMINOLOGY takes text here; %s is %s", n.Args[i+1], a.typeText(e))
			return nil
		}
	}
	if !Constant(service) {
		a.fail(n.Args[1].At(), "terminology.service", "the kind of service must not depend on the data")
		return nil
	}
	t.Service, t.Params = service, params
	if !Constant(params) && t.Operation == OperationExpand {
		a.fail(n.Args[2].At(), "terminology.data", "the value set to expand must not depend on the data")
		return nil
	}
	return t
}

var (
	operations       = []string{OperationExpand, OperationValidate, OperationLookup, OperationMap, OperationSubsumes}
	operationAliases = map[string]string{"validate-code": OperationValidate, "translate": OperationMap}
)
