package fhirpath

import (
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

type op uint8

const (
	opLiteral  op = iota // value
	opEmpty              // {}
	opName               // a member of the input
	opCall               // a function on the input
	opDot                // args[1] on what args[0] gives
	opIndex              // args[0][args[1]]
	opUnary              // name is + or -
	opBinary             // name is the operator
	opIs                 // args[0] is name
	opAs                 // args[0] as name
	opVariable           // %name
	opThis
	opIndexVar
	opTotal
)

type expr struct {
	op    op
	name  string
	value Value
	args  []*expr
	pos   int
	// typ is the type specifier of is and as, also as functions.
	typ typeName
	// plain is set where only names of members lead to a member.
	plain bool
}

type typeName struct{ namespace, name string }

// Expr is a parsed expression. It is safe for concurrent use.
type Expr struct {
	root *expr
	text string
}

func (e *Expr) String() string { return e.text }

// Parse reads an expression; the error is an *Error.
func Parse(text string) (*Expr, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	e, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, errorf(t.pos, "unexpected %q", t.text)
	}
	return &Expr{root: e, text: text}, nil
}

type parser struct {
	tokens []token
	at     int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

func (p *parser) symbol(s string) bool {
	if t := p.peek(); t.kind == tokSymbol && t.text == s {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(s string) error {
	if !p.symbol(s) {
		return errorf(p.peek().pos, "%q expected", s)
	}
	return nil
}

// binding is how strongly an operator binds; 0 is none. The order is that of the
// grammar in appendix G of the specification.
func binding(t token) int {
	if t.kind == tokName {
		switch t.text {
		case "implies":
			return 1
		case "or", "xor":
			return 2
		case "and":
			return 3
		case "in", "contains":
			return 4
		case "is", "as":
			return 8
		case "div", "mod":
			return 10
		}
	}
	if t.kind == tokSymbol {
		switch t.text {
		case "=", "~", "!=", "!~":
			return 5
		case "<", ">", "<=", ">=":
			return 6
		case "|":
			return 7
		case "+", "-", "&":
			return 9
		case "*", "/":
			return 10
		}
	}
	return 0
}

const unaryBinding = 11

func (p *parser) expression(least int) (*expr, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errorf(p.peek().pos, "nested deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		t := p.peek()
		b := binding(t)
		if b == 0 || b <= least {
			return left, nil
		}
		p.next()
		if b == 8 {
			e := &expr{op: opIs, args: []*expr{left}, pos: t.pos}
			if t.text == "as" {
				e.op = opAs
			}
			if e.typ, err = p.typeSpecifier(); err != nil {
				return nil, err
			}
			left = e
			continue
		}
		right, err := p.expression(b)
		if err != nil {
			return nil, err
		}
		left = &expr{op: opBinary, name: t.text, args: []*expr{left, right}, pos: t.pos}
	}
}

func (p *parser) typeSpecifier() (typeName, error) {
	var parts []string
	for {
		t := p.next()
		if t.kind != tokName && t.kind != tokQuoted {
			return typeName{}, errorf(t.pos, "the name of a type expected")
		}
		if parts = append(parts, t.text); !p.symbol(".") {
			break
		}
	}
	switch len(parts) {
	case 1:
		return typeName{"", parts[0]}, nil
	case 2:
		return typeName{parts[0], parts[1]}, nil
	}
	return typeName{}, errorf(p.peek().pos, "%s is not the name of a type", strings.Join(parts, "."))
}

// operand reads a term with its sign and what follows it.
func (p *parser) operand() (*expr, error) {
	if t := p.peek(); t.kind == tokSymbol && (t.text == "-" || t.text == "+") {
		p.next()
		e, err := p.expression(unaryBinding - 1)
		if err != nil {
			return nil, err
		}
		return &expr{op: opUnary, name: t.text, args: []*expr{e}, pos: t.pos}, nil
	}
	e, err := p.term()
	if err != nil {
		return nil, err
	}
	for {
		pos := p.peek().pos
		switch {
		case p.symbol("."):
			t := p.next()
			if t.kind == tokDollar {
				return nil, errorf(t.pos, "the name of an element or function expected")
			}
			right, err := p.invocation(t)
			if err != nil {
				return nil, err
			}
			right.plain = right.op == opName && path(e)
			if t := castTo(e); t != nil && right.op == opName && !t.IsA(right.name) {
				if _, known := member(Value{element: true, typ: t}, right.name); !known {
					return nil, errorf(right.pos, "%s has no element %s", t.Name, right.name)
				}
			}
			e = &expr{op: opDot, args: []*expr{e, right}, pos: pos}
		case p.symbol("["):
			i, err := p.expression(0)
			if err != nil {
				return nil, err
			}
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			e = &expr{op: opIndex, args: []*expr{e, i}, pos: pos}
		default:
			return e, nil
		}
	}
}

// castTo is the type that all values of the expression have, whatever it is
// evaluated on: that of `as` and ofType(). It is nil if there is none, or if the
// type is abstract, so that its values can have more elements.
func castTo(e *expr) *r4.Type {
	if e.op != opAs && (e.op != opCall || e.name != "as" && e.name != "ofType") {
		if e.op == opDot {
			return castTo(e.args[1])
		}
		return nil
	}
	switch e.typ.name {
	case "Resource", "DomainResource", "Element", "BackboneElement":
		return nil
	}
	if e.typ.namespace == "System" {
		return nil
	}
	return r4.Lookup(e.typ.name)
}

// Unordered reports where the expression takes members by their place from what
// children() or descendants() gives, which has no order that can be relied on.
// It is nil if it does so nowhere; else the error is an *Error.
func (e *Expr) Unordered() error { return unordered(e.root) }

func unordered(e *expr) error {
	var taken *expr // what members are taken of by their place
	switch {
	case e.op == opIndex:
		taken = e.args[0]
	case e.op == opDot && e.args[1].op == opCall:
		switch e.args[1].name {
		case "first", "last", "tail", "skip", "take":
			taken = e.args[0]
		}
	}
	if taken != nil && taken.op == opDot {
		taken = taken.args[1]
	}
	if taken != nil && taken.op == opCall && (taken.name == "children" || taken.name == "descendants") {
		return errorf(e.pos, "%s() has no order to take members by", taken.name)
	}
	for _, a := range e.args {
		if err := unordered(a); err != nil {
			return err
		}
	}
	return nil
}

// path reports whether only names and indexes lead to what the expression gives.
func path(e *expr) bool {
	switch e.op {
	case opName:
		return true
	case opDot:
		return path(e.args[0]) && path(e.args[1])
	case opIndex:
		return path(e.args[0])
	}
	return false
}

func (p *parser) term() (*expr, error) {
	t := p.next()
	switch t.kind {
	case tokString:
		return &expr{op: opLiteral, value: Value{kind: String, text: t.text}, pos: t.pos}, nil
	case tokNumber:
		return p.number(t)
	case tokTime:
		v, ok := parseTimeLiteral(t.text)
		if !ok {
			return nil, errorf(t.pos, "@%s is not a date or time", t.text)
		}
		return &expr{op: opLiteral, value: v, pos: t.pos}, nil
	case tokDollar:
		switch t.text {
		case "this":
			return &expr{op: opThis, pos: t.pos}, nil
		case "index":
			return &expr{op: opIndexVar, pos: t.pos}, nil
		case "total":
			return &expr{op: opTotal, pos: t.pos}, nil
		}
		return nil, errorf(t.pos, "$%s is not known", t.text)
	case tokName:
		if t.text == "true" || t.text == "false" {
			return &expr{op: opLiteral, value: boolean(t.text == "true"), pos: t.pos}, nil
		}
		e, err := p.invocation(t)
		if err == nil {
			e.plain = e.op == opName
		}
		return e, err
	case tokQuoted:
		return p.invocation(t)
	case tokSymbol:
		switch t.text {
		case "(":
			e, err := p.expression(0)
			if err != nil {
				return nil, err
			}
			return e, p.expect(")")
		case "{":
			return &expr{op: opEmpty, pos: t.pos}, p.expect("}")
		case "%":
			name := p.next()
			if name.kind != tokName && name.kind != tokQuoted && name.kind != tokString {
				return nil, errorf(name.pos, "the name of a variable expected")
			}
			// Names such as %vs-name may be written without quotes.
			text := name.text
			for name.kind == tokName && p.peek().kind == tokSymbol && p.peek().text == "-" && (text == "vs" || text == "ext") {
				p.next()
				text += "-" + p.next().text
			}
			return &expr{op: opVariable, name: text, pos: t.pos}, nil
		}
	}
	if t.kind == tokEnd {
		return nil, errorf(t.pos, "an expression expected")
	}
	return nil, errorf(t.pos, "unexpected %q", t.text)
}

// number reads a number, with a unit a quantity.
func (p *parser) number(t token) (*expr, error) {
	d, ok := parseDecimal(t.text)
	if !ok {
		return nil, errorf(t.pos, "%s is not a number", t.text)
	}
	v := Value{kind: Integer, num: d}
	if strings.Contains(t.text, ".") {
		v.kind = Decimal
	} else if !inRange(d) {
		return nil, errorf(t.pos, "%s is not an integer of 32 bits", t.text)
	}
	switch u := p.peek(); {
	case u.kind == tokString:
		p.next()
		v.kind, v.unit = Quantity, u.text
	case u.kind == tokName && calendarUnits[u.text] != "":
		p.next()
		v.kind, v.unit, v.calendar = Quantity, calendarUnits[u.text], true
	}
	return &expr{op: opLiteral, value: v, pos: t.pos}, nil
}

func (p *parser) invocation(t token) (*expr, error) {
	if t.kind != tokName && t.kind != tokQuoted {
		return nil, errorf(t.pos, "the name of an element or function expected")
	}
	if !p.symbol("(") {
		return &expr{op: opName, name: t.text, pos: t.pos}, nil
	}
	e := &expr{op: opCall, name: t.text, pos: t.pos}
	switch t.text {
	case "is", "as", "ofType":
		var err error
		if e.typ, err = p.typeSpecifier(); err != nil {
			return nil, err
		}
		return e, p.expect(")")
	}
	f, ok := functions[t.text]
	if !ok {
		return nil, errorf(t.pos, "the function %s() is not supported", t.text)
	}
	if !p.symbol(")") {
		for {
			a, err := p.expression(0)
			if err != nil {
				return nil, err
			}
			if e.args = append(e.args, a); !p.symbol(",") {
				break
			}
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
	}
	if len(e.args) < f.least || len(e.args) > f.most {
		return nil, errorf(t.pos, "%s() does not take %d arguments", t.text, len(e.args))
	}
	return e, nil
}
