package archetypes

import (
	"strings"
)

// Assertion is one invariant, or one rule of a slot.
type Assertion struct {
	Tag  string // "" if none
	Expr Expr
	Pos  Pos
}

// Expr is a node of an assertion's expression: *Unary, *Binary, *PathExpr,
// *Constant or *Constraint.
type Expr interface{ expr() }

// Unary is an operator with one operand: not, exists, -, and for_all, whose
// operand is a Binary with operator "in" or "∈".
type Unary struct {
	Op      string
	Operand Expr
	Parens  bool
}

// Binary is an operator with two operands.
type Binary struct {
	Op          string // "matches", "and", "=", "+" …
	Left, Right Expr
	Parens      bool
}

// PathExpr is a reference to a value: "archetype_id/value", "/data[at0001]",
// "$variable".
type PathExpr struct{ Path string }

// Constant is a literal; Text as written, strings without quotes.
type Constant struct {
	Kind PrimitiveKind
	Text string
}

// Constraint is the right operand of "matches": a constraint in braces.
type Constraint struct {
	Primitive *Primitive
	Codes     *CodeConstraint
	Objects   []*Object
	Any       bool
}

func (*Unary) expr()      {}
func (*Binary) expr()     {}
func (*PathExpr) expr()   {}
func (*Constant) expr()   {}
func (*Constraint) expr() {}

// ArchetypeIDPattern is the regular expression that the assertion demands of
// an archetype id; false if the assertion says something else. Such
// assertions have the form archetype_id/value matches {/…/}.
func (a Assertion) ArchetypeIDPattern() (string, bool) {
	b, ok := a.Expr.(*Binary)
	if !ok || b.Op != "matches" {
		return "", false
	}
	path, ok := b.Left.(*PathExpr)
	if !ok || strings.TrimPrefix(path.Path, "/") != "archetype_id/value" {
		return "", false
	}
	c, ok := b.Right.(*Constraint)
	if !ok || c.Primitive == nil || c.Primitive.Kind != StringKind || c.Primitive.Pattern == "" {
		return "", false
	}
	return c.Primitive.Pattern, true
}

// assertions reads assertions up to the closing brace or one of the words.
func (p *parser) assertions(stop ...string) []Assertion {
	var out []Assertion
	for {
		if c := p.peek(); c == '}' || c == 0 {
			break
		}
		w := p.peekWord()
		stopped := false
		for _, s := range stop {
			stopped = stopped || strings.EqualFold(w, s)
		}
		if stopped {
			break
		}
		out = append(out, p.assertion())
		p.accept(";")
	}
	if len(out) == 0 {
		p.fail("expected an assertion, found %s", p.found())
	}
	return out
}

func (p *parser) assertion() Assertion {
	p.skip()
	a := Assertion{Pos: p.pos(p.at)}
	// tag: expression
	start := p.at
	if w := p.peekWord(); w != "" {
		p.at += len(w)
		if p.peek() == ':' && !strings.HasPrefix(p.src[p.at:], "::") {
			p.at++
			a.Tag = w
		} else {
			p.at = start
		}
	}
	a.Expr = p.expression(0)
	return a
}

// binaryOps lists the operators by rising precedence.
var binaryOps = [][]string{
	{"implies"},
	{"or", "xor"},
	{"and"},
	{"matches", "is_in", "∈", "!=", "<>", "<=", ">=", "=", "<", ">", "≠", "≤", "≥"},
	{"+", "-"},
	{"*", "/"},
	{"^"},
}

var canonicalOp = map[string]string{"is_in": "matches", "∈": "matches", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}

func (p *parser) expression(level int) Expr {
	p.enter()
	defer p.leave()
	if level == len(binaryOps) {
		return p.unary()
	}
	left := p.expression(level + 1)
	for {
		op := p.operator(binaryOps[level])
		if op == "" {
			return left
		}
		var right Expr
		if op == "matches" {
			right = p.constraintBlock()
		} else {
			right = p.expression(level + 1)
		}
		left = &Binary{Op: op, Left: left, Right: right}
	}
}

func (p *parser) operator(ops []string) string {
	w := strings.ToLower(p.peekWord())
	for _, op := range ops {
		if isLetter(op[0]) {
			if w == op {
				p.at += len(w)
			} else {
				continue
			}
		} else if !p.accept(op) {
			continue
		}
		if c, ok := canonicalOp[op]; ok {
			return c
		}
		return op
	}
	return ""
}

func (p *parser) unary() Expr {
	p.enter()
	defer p.leave()
	switch c := p.peek(); {
	case c == '(':
		p.at++
		e := p.expression(0)
		p.expect(")")
		switch e := e.(type) {
		case *Binary:
			e.Parens = true
		case *Unary:
			e.Parens = true
		}
		return e
	case p.acceptWord("not") || p.accept("~") || p.accept("∼"):
		return &Unary{Op: "not", Operand: p.expression(3)}
	case p.acceptWord("exists"):
		return &Unary{Op: "exists", Operand: &PathExpr{Path: p.path()}}
	case p.acceptWord("for_all"):
		v := &PathExpr{Path: p.path()}
		p.acceptWord("in")
		set := &PathExpr{Path: p.path()}
		p.accept("|")
		body := p.expression(0)
		return &Unary{Op: "for_all", Operand: &Binary{Op: "in", Left: &Binary{Op: "in", Left: v, Right: set}, Right: body}}
	case c == '"':
		return &Constant{Kind: StringKind, Text: p.quoted()}
	case isDigit(c):
		offset := p.at
		text := p.boundText()
		kind, ok := valueKind(text)
		if !ok {
			p.failAt(offset, "%q is not a number, date or time", text)
		}
		return &Constant{Kind: kind, Text: text}
	case c == '-' && p.at+1 < len(p.src) && isDigit(p.src[p.at+1]):
		text, real := p.number()
		kind := IntegerKind
		if real {
			kind = RealKind
		}
		return &Constant{Kind: kind, Text: text}
	case c == '-':
		p.at++
		return &Unary{Op: "-", Operand: p.unary()}
	}
	switch w := p.peekWord(); strings.ToLower(w) {
	case "true", "false":
		p.at += len(w)
		return &Constant{Kind: BooleanKind, Text: strings.ToLower(w)}
	default:
		if w != "" && durationValue.MatchString(w) && len(w) > 1 {
			p.at += len(w)
			return &Constant{Kind: DurationKind, Text: w}
		}
	}
	return &PathExpr{Path: p.path()}
}

// constraintBlock reads the constraint in braces after "matches".
func (p *parser) constraintBlock() Expr {
	p.expect("{")
	c := &Constraint{}
	if p.accept("*") {
		c.Any = true
		p.expect("}")
		return c
	}
	objects := p.values("the value")
	switch {
	case len(objects) == 1 && objects[0].Primitive != nil:
		c.Primitive = objects[0].Primitive
	case len(objects) == 1 && objects[0].Codes != nil:
		c.Codes = objects[0].Codes
	default:
		c.Objects = objects
	}
	p.expect("}")
	return c
}

// path reads an archetype path or variable: /data[at0001]/items, $x, a/b.
func (p *parser) path() string {
	p.skip()
	start := p.at
	i := p.at
	if i < len(p.src) && p.src[i] == '$' {
		i++
	}
	for i < len(p.src) {
		c := p.src[i]
		if isWordByte(c) || c == '/' || c == '.' && i+1 < len(p.src) && isWordByte(p.src[i+1]) {
			i++
			continue
		}
		if c == '[' {
			end := strings.IndexAny(p.src[i:], "]\n")
			if end < 0 || p.src[i+end] != ']' {
				p.failAt(i, "\"[\" without its \"]\" in a path")
			}
			i += end + 1
			continue
		}
		break
	}
	if i == start {
		p.fail("expected a path, found %s", p.found())
	}
	p.at = i
	return p.src[start:i]
}

// String is the assertion in ADL's notation.
func (a Assertion) String() string {
	if a.Tag != "" {
		return a.Tag + ": " + exprText(a.Expr)
	}
	return exprText(a.Expr)
}

func exprText(e Expr) string {
	switch e := e.(type) {
	case *PathExpr:
		return e.Path
	case *Constant:
		if e.Kind == StringKind {
			return quote(e.Text)
		}
		return e.Text
	case *Constraint:
		return "{" + constraintText(e) + "}"
	case *Unary:
		s := e.Op + " " + exprText(e.Operand)
		switch {
		case e.Op == "-":
			s = "-" + exprText(e.Operand)
		case e.Op == "for_all":
			b := e.Operand.(*Binary)
			s = "for_all " + exprText(b.Left) + " | " + exprText(b.Right)
		}
		if e.Parens {
			s = "(" + s + ")"
		}
		return s
	case *Binary:
		s := exprText(e.Left) + " " + e.Op + " " + exprText(e.Right)
		if e.Parens {
			s = "(" + s + ")"
		}
		return s
	}
	return ""
}

func constraintText(c *Constraint) string {
	switch {
	case c.Any:
		return "*"
	case c.Primitive != nil:
		return c.Primitive.String()
	case c.Codes != nil:
		w := &printer{a: &Archetype{}}
		w.codes(c.Codes)
		return strings.TrimSpace(w.b.String())
	}
	w := &printer{a: &Archetype{}}
	for _, o := range c.Objects {
		w.object(o)
	}
	return strings.TrimSpace(w.b.String())
}
