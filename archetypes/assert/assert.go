// Package assert evaluates the invariants of archetypes on instances.
//
// An invariant is an expression of ADL 1.4's assertion language: comparison,
// arithmetic, boolean operators, implies, exists, for_all and matches over
// constants and paths. Paths begin at the node of the archetype. A path that
// leads to nothing has no value, and what is said of it is neither true nor
// false, so that an invariant speaks only of what is there; exists asks. Where
// a path leads to several values, what is said of them must hold for each.
package assert

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Truth is what an expression says of an instance.
type Truth uint8

// The truths.
const (
	Unknown Truth = iota // it speaks of what is not there
	True
	False
)

// maxSteps bounds the work of one evaluation; for_all can multiply it.
const maxSteps = 100_000

// Eval evaluates an expression at the node of its archetype. The error is of
// kind Unsupported for what cannot be evaluated, such as a function that is no
// attribute, and of kind TooLarge for more work than is allowed.
func Eval(e archetypes.Expr, root *rm.Node) (Truth, error) {
	v := &evaluation{root: root}
	return v.truth(e)
}

type evaluation struct {
	root  *rm.Node
	steps int
	vars  map[string]*rm.Node
}

// value is an operand: nil, float64, string, bool, or a *rm.Node that is no
// primitive.
type value any

func unsupported(format string, args ...any) error {
	return errs.New(errs.Unsupported, "assert.Eval", fmt.Sprintf(format, args...))
}

func of(b bool) Truth {
	if b {
		return True
	}
	return False
}

func not(t Truth) Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

// step counts the work.
func (v *evaluation) step() error {
	if v.steps++; v.steps > maxSteps {
		return errs.New(errs.TooLarge, "assert.Eval", "the invariant takes too many steps on this instance")
	}
	return nil
}

func (v *evaluation) truth(e archetypes.Expr) (Truth, error) {
	if err := v.step(); err != nil {
		return Unknown, err
	}
	switch e := e.(type) {
	case *archetypes.Unary:
		return v.unary(e)
	case *archetypes.Binary:
		return v.binary(e)
	}
	values, err := v.values(e)
	if err != nil {
		return Unknown, err
	}
	out := Unknown
	for _, x := range values {
		b, ok := x.(bool)
		if !ok {
			return Unknown, unsupported("something that is not a boolean stands for one")
		}
		if !b {
			return False, nil
		}
		out = True
	}
	return out, nil
}

func (v *evaluation) unary(e *archetypes.Unary) (Truth, error) {
	switch e.Op {
	case "not":
		t, err := v.truth(e.Operand)
		return not(t), err
	case "exists":
		nodes, err := v.nodes(e.Operand)
		return of(len(nodes) > 0), err
	case "for_all":
		return v.forAll(e)
	}
	return Unknown, unsupported("the operator %s does not give a boolean", e.Op)
}

func (v *evaluation) forAll(e *archetypes.Unary) (Truth, error) {
	outer, ok := e.Operand.(*archetypes.Binary)
	if !ok {
		return Unknown, unsupported("for_all without its set")
	}
	in, ok := outer.Left.(*archetypes.Binary)
	if !ok {
		return Unknown, unsupported("for_all without its set")
	}
	variable, ok := in.Left.(*archetypes.PathExpr)
	if !ok {
		return Unknown, unsupported("for_all without its variable")
	}
	nodes, err := v.nodes(in.Right)
	if err != nil {
		return Unknown, err
	}
	name := strings.TrimPrefix(variable.Path, "$")
	if v.vars == nil {
		v.vars = map[string]*rm.Node{}
	}
	former, shadowed := v.vars[name]
	defer func() {
		delete(v.vars, name)
		if shadowed {
			v.vars[name] = former
		}
	}()
	out := True
	for _, n := range nodes {
		v.vars[name] = n
		t, err := v.truth(outer.Right)
		if err != nil || t == False {
			return t, err
		}
		if t == Unknown {
			out = Unknown
		}
	}
	return out, nil
}

func (v *evaluation) binary(e *archetypes.Binary) (Truth, error) {
	switch e.Op {
	case "and", "or", "xor", "implies":
		a, err := v.truth(e.Left)
		if err != nil {
			return Unknown, err
		}
		b, err := v.truth(e.Right)
		if err != nil {
			return Unknown, err
		}
		return combine(e.Op, a, b), nil
	case "=", "!=", "<", "<=", ">", ">=":
		return v.compare(e)
	case "matches":
		return v.matches(e)
	}
	return Unknown, unsupported("the operator %s does not give a boolean", e.Op)
}

// combine is the three-valued logic of Kleene.
func combine(op string, a, b Truth) Truth {
	switch op {
	case "implies":
		return combine("or", not(a), b)
	case "or":
		return not(combine("and", not(a), not(b)))
	case "and":
		switch {
		case a == False || b == False:
			return False
		case a == True && b == True:
			return True
		}
		return Unknown
	}
	if a == Unknown || b == Unknown {
		return Unknown
	}
	return of(a != b) // xor
}

func (v *evaluation) compare(e *archetypes.Binary) (Truth, error) {
	left, err := v.values(e.Left)
	if err != nil {
		return Unknown, err
	}
	right, err := v.values(e.Right)
	if err != nil {
		return Unknown, err
	}
	out := Unknown
	for _, a := range left {
		for _, b := range right {
			if err := v.step(); err != nil {
				return Unknown, err
			}
			t, err := relate(e.Op, a, b)
			if err != nil || t == False {
				return t, err
			}
			if t == True {
				out = True
			}
		}
	}
	return out, nil
}

// relate compares two values.
func relate(op string, a, b value) (Truth, error) {
	order, known, err := order(a, b)
	if err != nil || !known {
		return Unknown, err
	}
	switch op {
	case "=":
		return of(order == 0), nil
	case "!=":
		return of(order != 0), nil
	}
	if _, ok := a.(bool); ok {
		return Unknown, unsupported("booleans have no order")
	}
	switch op {
	case "<":
		return of(order < 0), nil
	case "<=":
		return of(order <= 0), nil
	case ">":
		return of(order > 0), nil
	}
	return of(order >= 0), nil
}

func order(a, b value) (order int, known bool, err error) {
	switch x := a.(type) {
	case float64:
		if y, ok := b.(float64); ok {
			switch {
			case x < y:
				return -1, true, nil
			case x > y:
				return 1, true, nil
			}
			return 0, x == y, nil
		}
	case bool:
		if y, ok := b.(bool); ok {
			if x == y {
				return 0, true, nil
			}
			return 1, true, nil
		}
	case string:
		if y, ok := b.(string); ok {
			order, known := texts(x, y)
			return order, known, nil
		}
	case *rm.Node:
		if y, ok := b.(*rm.Node); ok {
			order, known := rm.Compare(x, y)
			return order, known, nil
		}
	}
	return 0, false, unsupported("values of different types are compared")
}

// texts compares two texts: as dates and times or durations, if both are such,
// else by their characters.
func texts(a, b string) (order int, known bool) {
	for _, parse := range []func(string) (rm.Temporal, error){rm.ParseDateTime, rm.ParseTime} {
		x, errX := parse(a)
		y, errY := parse(b)
		if errX == nil && errY == nil && a != "" {
			return x.Compare(y)
		}
	}
	x, errX := rm.ParseDuration(a)
	y, errY := rm.ParseDuration(b)
	if errX == nil && errY == nil {
		return x.Compare(y), true
	}
	return strings.Compare(a, b), true
}

// values gives what an operand stands for.
func (v *evaluation) values(e archetypes.Expr) ([]value, error) {
	if err := v.step(); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *archetypes.Constant:
		x, err := constant(e)
		return []value{x}, err
	case *archetypes.PathExpr:
		nodes, err := v.nodes(e)
		if err != nil {
			return nil, err
		}
		out := make([]value, len(nodes))
		for i, n := range nodes {
			out[i] = content(n)
		}
		return out, nil
	case *archetypes.Unary:
		if e.Op != "-" {
			break
		}
		list, err := v.values(e.Operand)
		if err != nil {
			return nil, err
		}
		return arithmetic("-", []value{0.0}, list)
	case *archetypes.Binary:
		switch e.Op {
		case "+", "-", "*", "/", "^":
			left, err := v.values(e.Left)
			if err != nil {
				return nil, err
			}
			right, err := v.values(e.Right)
			if err != nil {
				return nil, err
			}
			if len(left) > 1 && len(right) > 1 {
				return nil, unsupported("arithmetic over several values on both sides")
			}
			return arithmetic(e.Op, left, right)
		}
	}
	t, err := v.truth(e)
	if err != nil || t == Unknown {
		return nil, err
	}
	return []value{t == True}, nil
}

func arithmetic(op string, left, right []value) ([]value, error) {
	var out []value
	for _, a := range left {
		for _, b := range right {
			x, okX := a.(float64)
			y, okY := b.(float64)
			if !okX || !okY {
				return nil, unsupported("arithmetic on something that is not a number")
			}
			switch op {
			case "+":
				x += y
			case "-":
				x -= y
			case "*":
				x *= y
			case "/":
				x /= y
			case "^":
				x = math.Pow(x, y)
			}
			if !math.IsNaN(x) && !math.IsInf(x, 0) { // else it has no value
				out = append(out, x)
			}
		}
	}
	return out, nil
}

func constant(c *archetypes.Constant) (value, error) {
	switch c.Kind {
	case archetypes.BooleanKind:
		return c.Text == "true", nil
	case archetypes.IntegerKind, archetypes.RealKind:
		f, err := strconv.ParseFloat(c.Text, 64)
		if err != nil {
			return nil, unsupported("the number %s is not understood", c.Text)
		}
		return f, nil
	}
	return c.Text, nil
}

// content is what a node stands for.
func content(n *rm.Node) value {
	switch n.Class.Primitive {
	case rm.NotPrimitive:
		return n
	case rm.BooleanPrimitive:
		if b, ok := n.Bool(); ok {
			return b
		}
	case rm.IntegerPrimitive, rm.RealPrimitive:
		if f, ok := n.Float(); ok {
			return f
		}
	}
	return n.Text
}

// attributes are the names of all attributes of the RM.
var attributes = func() map[string]bool {
	out := map[string]bool{}
	for _, c := range rm.Classes() {
		for _, a := range c.Attributes() {
			out[a.Name] = true
		}
	}
	return out
}()

// nodes resolves a path.
func (v *evaluation) nodes(e archetypes.Expr) ([]*rm.Node, error) {
	p, ok := e.(*archetypes.PathExpr)
	if !ok {
		return nil, unsupported("a path is expected")
	}
	text, from := p.Path, v.root
	if rest, ok := strings.CutPrefix(text, "$"); ok {
		name, below, _ := strings.Cut(rest, "/")
		node, bound := v.vars[name]
		if !bound {
			return nil, unsupported("the variable %s has no value", name)
		}
		if below == "" {
			return []*rm.Node{node}, nil
		}
		from, text = node, below
	}
	if text == "/" {
		return []*rm.Node{from}, nil
	}
	path, err := rm.ParsePath("/" + strings.TrimPrefix(text, "/"))
	if err != nil {
		return nil, unsupported("the path %s is not understood", p.Path)
	}
	for i := range path.Steps {
		if name := path.Steps[i].Attribute; !attributes[name] {
			return nil, unsupported("%s in the path %s is not an attribute", name, p.Path)
		}
	}
	nodes := path.Resolve(from)
	v.steps += len(nodes)
	return nodes, nil
}

func (v *evaluation) matches(e *archetypes.Binary) (Truth, error) {
	c, ok := e.Right.(*archetypes.Constraint)
	if !ok {
		return Unknown, unsupported("matches without a constraint")
	}
	values, err := v.values(e.Left)
	if err != nil || c.Any {
		return of(err == nil && len(values) > 0), err
	}
	out := Unknown
	for _, x := range values {
		var in bool
		switch {
		case c.Primitive != nil:
			in, err = fits(c.Primitive, x)
		case c.Codes != nil:
			in, err = coded(c.Codes, x)
		default:
			err = unsupported("matches with a constraint on objects")
		}
		if err != nil || !in {
			return False, err
		}
		out = True
	}
	return out, nil
}

// fits reports whether a value satisfies a primitive constraint.
func fits(p *archetypes.Primitive, x value) (bool, error) {
	if p.Pattern != "" {
		text, ok := x.(string)
		if !ok || p.Kind != archetypes.StringKind {
			return false, unsupported("matches with a pattern of %s", p.Kind)
		}
		re, err := regexp.Compile("^(?:" + p.Pattern + ")$")
		if err != nil {
			return false, unsupported("the regular expression cannot be evaluated")
		}
		return re.MatchString(text), nil
	}
	for _, text := range p.Values {
		y, err := constant(&archetypes.Constant{Kind: p.Kind, Text: text})
		if err != nil {
			return false, err
		}
		if t, err := relate("=", x, y); err != nil || t == True {
			return t == True, err
		}
	}
	if p.Range == nil {
		return p.Open || len(p.Values) == 0, nil
	}
	for _, end := range []struct {
		unbounded, included bool
		text, op            string
	}{
		{p.Range.LowerUnbounded, p.Range.LowerIncluded, p.Range.Lower, ">"},
		{p.Range.UpperUnbounded, p.Range.UpperIncluded, p.Range.Upper, "<"},
	} {
		if end.unbounded {
			continue
		}
		limit, err := constant(&archetypes.Constant{Kind: p.Kind, Text: end.text})
		if err != nil {
			return false, err
		}
		op := end.op
		if end.included {
			op += "="
		}
		if t, err := relate(op, x, limit); err != nil || t == False {
			return false, err
		}
	}
	return true, nil
}

// coded reports whether a CODE_PHRASE, or a code alone, is one of the codes.
func coded(c *archetypes.CodeConstraint, x value) (bool, error) {
	terminology, _ := rm.SplitTerminologyID(c.Terminology)
	var code string
	switch x := x.(type) {
	case string:
		code = x
	case *rm.Node:
		phrase := x
		if x.Class.IsA(rm.ClassDVCodedText) {
			phrase = x.Get("defining_code")
		}
		if phrase == nil || !phrase.Class.IsA(rm.ClassCodePhrase) {
			return false, unsupported("matches with codes on %s", x.Class.Name)
		}
		name, _ := rm.SplitTerminologyID(phrase.String("terminology_id", "value"))
		if name != terminology {
			return false, nil
		}
		code = phrase.String("code_string")
	default:
		return false, unsupported("matches with codes on a number")
	}
	if len(c.Codes) == 0 {
		return true, nil
	}
	for _, k := range c.Codes {
		if k == code {
			return true, nil
		}
	}
	return false, nil
}
