package fhirpath

import (
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// Options are what an evaluation can ask of its surroundings.
type Options struct {
	// Resource is %resource and the place where contained resources are looked
	// for; nil is the resource that is evaluated.
	Resource *r4.Node
	// Root is %rootResource, the resource that contains Resource; nil is the same.
	Root *r4.Node
	// Resolve finds what a reference names, beyond resources contained in Root;
	// nil finds nothing.
	Resolve func(reference string) *r4.Node
	// Variables are values of %name.
	Variables map[string][]Value
	// Now is the time that now() gives; zero is that of the call.
	Now time.Time
	// MaxItems bounds the members of all collections made; 0 is a million.
	MaxItems int
}

// Evaluate evaluates the expression on an element of the given type, such as
// Patient or Observation.component; "" where the element says itself, being a
// resource. The error is an *Error.
func (e *Expr) Evaluate(n *r4.Node, typ string, o Options) ([]Value, error) {
	v := Value{element: true, node: n, typ: r4.Lookup(typ)}
	if typ == "" {
		v.typ = r4.Lookup(n.Str("resourceType"))
	}
	return e.EvaluateValue(v, o)
}

// EvaluateValue evaluates the expression on a value, such as one that Walk
// visits.
func (e *Expr) EvaluateValue(v Value, o Options) ([]Value, error) {
	if o.Resource == nil {
		o.Resource = v.node
	}
	if o.Root == nil {
		o.Root = o.Resource
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.MaxItems == 0 {
		o.MaxItems = 1e6
	}
	run := &run{Options: o, budget: o.MaxItems}
	input := one(v)
	return run.eval(scope{this: input, root: true}, input, e.root)
}

type run struct {
	Options
	budget int
}

// scope is what the variables $this, $index and $total are.
type scope struct {
	this  []Value
	index int
	total []Value
	root  bool // the input is that of the whole expression
}

func (r *run) spend(pos, n int) error {
	if r.budget -= n; r.budget < 0 {
		return errorf(pos, "more than %d values are made", r.MaxItems)
	}
	return nil
}

func (r *run) eval(s scope, in []Value, e *expr) ([]Value, error) {
	out, err := r.evalOne(s, in, e)
	if err == nil {
		err = r.spend(e.pos, 1+len(out))
	}
	return out, err
}

func (r *run) evalOne(s scope, in []Value, e *expr) ([]Value, error) {
	switch e.op {
	case opLiteral:
		return one(e.value), nil
	case opEmpty:
		return nil, nil
	case opThis:
		return s.this, nil
	case opIndexVar:
		return one(integer(s.index)), nil
	case opTotal:
		return s.total, nil
	case opVariable:
		return r.variable(e)
	case opName:
		return r.name(s, in, e)
	case opCall:
		return r.call(s, in, e)
	case opDot:
		left, err := r.eval(s, in, e.args[0])
		if err != nil {
			return nil, err
		}
		inner := s
		inner.root = false
		return r.eval(inner, left, e.args[1])
	case opIndex:
		left, err := r.eval(s, in, e.args[0])
		if err != nil {
			return nil, err
		}
		i, ok, err := r.integerArg(s, in, e.args[1])
		if err != nil || !ok || i < 0 || i >= len(left) {
			return nil, err
		}
		return left[i : i+1], nil
	case opUnary:
		return r.unary(s, in, e)
	case opIs, opAs:
		left, err := r.eval(s, in, e.args[0])
		if err != nil {
			return nil, err
		}
		return r.typed(left, e, e.op == opIs)
	}
	return r.binary(s, in, e)
}

func (r *run) variable(e *expr) ([]Value, error) {
	if v, ok := r.Variables[e.name]; ok {
		return v, nil
	}
	resource := func(n *r4.Node) []Value {
		return one(Value{element: true, node: n, typ: r4.Lookup(n.Str("resourceType"))})
	}
	switch e.name {
	case "resource", "context":
		return resource(r.Resource), nil
	case "rootResource":
		return resource(r.Root), nil
	case "sct":
		return strOf("http://snomed.info/sct"), nil
	case "loinc":
		return strOf("http://loinc.org"), nil
	case "ucum":
		return strOf(ucumSystem), nil
	}
	if set, ok := strings.CutPrefix(e.name, "vs-"); ok {
		return strOf("http://hl7.org/fhir/ValueSet/" + set), nil
	}
	if ext, ok := strings.CutPrefix(e.name, "ext-"); ok {
		return strOf("http://hl7.org/fhir/StructureDefinition/" + ext), nil
	}
	return nil, errorf(e.pos, "the variable %%%s is not known", e.name)
}

// name is the members of that name of all elements of the input, or the input
// itself where a path begins with the name of its type.
func (r *run) name(s scope, in []Value, e *expr) ([]Value, error) {
	if t := r4.Lookup(e.name); t != nil && e.name[0] >= 'A' && e.name[0] <= 'Z' && len(in) > 0 && in[0].typ.IsA(e.name) {
		return in, nil
	}
	var out []Value
	known := true
	for i := range in {
		list, ok := member(in[i], e.name)
		out = append(out, list...)
		known = known && !ok
	}
	if known && len(in) > 0 && e.plain {
		return nil, errorf(e.pos, "%s has no element %s", strings.TrimPrefix(in[0].Type(), "FHIR."), e.name)
	}
	return out, nil
}

func (r *run) unary(s scope, in []Value, e *expr) ([]Value, error) {
	v, err := r.eval(s, in, e.args[0])
	if err != nil || len(v) == 0 {
		return nil, err
	}
	x, err := single(e, v)
	if err != nil {
		return nil, err
	}
	if x.num == nil {
		return nil, errorf(e.pos, "%s of a %s", e.name, x.Type())
	}
	if e.name == "-" {
		var d apd.Decimal
		d.Neg(x.num)
		x.num = &d
	}
	x.element, x.node, x.more, x.typ = false, nil, nil, nil
	return one(x), nil
}

// single is the only member of a collection.
func single(e *expr, list []Value) (Value, error) {
	if len(list) != 1 {
		return Value{}, errorf(e.pos, "%d values where one is expected", len(list))
	}
	return list[0], nil
}

// condition is a collection as a truth value: known is false for none. One value
// that is no Boolean is true.
func condition(e *expr, list []Value) (value, known bool, err error) {
	switch {
	case len(list) == 0:
		return false, false, nil
	case len(list) > 1:
		return false, false, errorf(e.pos, "%d values where a truth value is expected", len(list))
	case list[0].kind == Boolean:
		return list[0].truth, true, nil
	}
	return true, true, nil
}

func (r *run) binary(s scope, in []Value, e *expr) ([]Value, error) {
	left, err := r.eval(s, in, e.args[0])
	if err != nil {
		return nil, err
	}
	switch e.name {
	case "and", "or", "xor", "implies":
		return r.logic(s, in, e, left)
	}
	right, err := r.eval(s, in, e.args[1])
	if err != nil {
		return nil, err
	}
	switch e.name {
	case "=", "!=":
		same, known := sameLists(left, right)
		if !known {
			return nil, nil
		}
		return truth(same == (e.name == "=")), nil
	case "~", "!~":
		return truth(equivalentLists(left, right) == (e.name == "~")), nil
	case "|":
		return distinct(slices.Concat(left, right)), nil
	case "in", "contains":
		item, list := left, right
		if e.name == "contains" {
			item, list = right, left
		}
		if len(item) == 0 {
			return nil, nil
		}
		v, err := single(e, item)
		if err != nil {
			return nil, err
		}
		return truth(has(list, v)), nil
	case "&":
		a, err := stringOrEmpty(e, left)
		if err != nil {
			return nil, err
		}
		b, err := stringOrEmpty(e, right)
		if err != nil {
			return nil, err
		}
		return strOf(a + b), nil
	}
	if len(left) == 0 || len(right) == 0 {
		return nil, nil
	}
	a, err := single(e, left)
	if err != nil {
		return nil, err
	}
	b, err := single(e, right)
	if err != nil {
		return nil, err
	}
	switch e.name {
	case "<", ">", "<=", ">=":
		cmp, known, comparable := order(a, b)
		if !comparable {
			return nil, errorf(e.pos, "%s and %s cannot be compared", a.Type(), b.Type())
		}
		if !known {
			return nil, nil
		}
		return truth(cmp < 0 && e.name[0] == '<' || cmp > 0 && e.name[0] == '>' || cmp == 0 && len(e.name) == 2), nil
	}
	return calculate(e, a, b)
}

func stringOrEmpty(e *expr, list []Value) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	v, err := single(e, list)
	if err == nil && v.kind == Complex {
		err = errorf(e.pos, "a %s is no string", v.Type())
	}
	return v.String(), err
}

// logic evaluates the right side only where the left does not decide, as guards
// in constraints rely on.
func (r *run) logic(s scope, in []Value, e *expr, left []Value) ([]Value, error) {
	a, knowsA, err := condition(e, left)
	if err != nil {
		return nil, err
	}
	if knowsA {
		switch {
		case e.name == "and" && !a:
			return truth(false), nil
		case e.name == "or" && a, e.name == "implies" && !a:
			return truth(true), nil
		}
	}
	right, err := r.eval(s, in, e.args[1])
	if err != nil {
		return nil, err
	}
	b, knowsB, err := condition(e, right)
	if err != nil {
		return nil, err
	}
	switch {
	case e.name == "and" && knowsB && !b:
		return truth(false), nil
	case e.name == "or" && knowsB && b, e.name == "implies" && knowsB && b:
		return truth(true), nil
	case !knowsA || !knowsB:
		return nil, nil
	case e.name == "xor":
		return truth(a != b), nil
	}
	return truth(e.name == "and" || e.name == "implies" && b), nil
}

func sameLists(a, b []Value) (same, known bool) {
	if len(a) == 0 || len(b) == 0 {
		return false, false
	}
	if len(a) != len(b) {
		return false, true
	}
	all := true
	for i := range a {
		same, known := equal(a[i], b[i])
		if known && !same {
			return false, true
		}
		all = all && known
	}
	return all, all
}

func equivalentLists(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	rest := slices.Clone(b)
	for _, v := range a {
		i := slices.IndexFunc(rest, func(w Value) bool { return equivalent(v, w) })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

func has(list []Value, v Value) bool {
	return slices.ContainsFunc(list, func(w Value) bool {
		same, known := equal(v, w)
		return same && known
	})
}

// distinct is the list without what equals a member before it.
func distinct(list []Value) []Value {
	var out []Value
	for _, v := range list {
		if !has(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// typed is `is` (test) or `as` on one value.
func (r *run) typed(list []Value, e *expr, test bool) ([]Value, error) {
	is, err := typeTest(e)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	v, err := single(e, list)
	if err != nil {
		return nil, err
	}
	switch {
	case test:
		return truth(is(v, true)), nil
	case is(v, false):
		return list, nil
	}
	return nil, nil
}

// typeTest reports whether a value is of the type that the expression names;
// with subtypes only for is.
func typeTest(e *expr) (func(v Value, sub bool) bool, error) {
	t := e.typ
	system := slices.Index(kindNames[1:], t.name) + 1
	fhir := r4.Lookup(t.name)
	switch {
	case t.namespace == "System":
		if system == 0 && fhir == nil {
			return nil, errorf(e.pos, "the type System.%s is not known", t.name)
		}
		return func(v Value, _ bool) bool { return system > 0 && !v.element && int(v.kind) == system }, nil
	case t.namespace != "" && t.namespace != "FHIR":
		return nil, errorf(e.pos, "the namespace %s is not known", t.namespace)
	case fhir == nil && (system == 0 || t.namespace == "FHIR"):
		return nil, errorf(e.pos, "the type %s is not known", t.name)
	}
	return func(v Value, sub bool) bool {
		if !v.element {
			return t.namespace == "" && system > 0 && int(v.kind) == system
		}
		if v.typ == nil || fhir == nil {
			return false
		}
		if sub || fhir.Kind != r4.Primitive {
			return v.typ.IsA(fhir.Name)
		}
		return v.typ == fhir
	}, nil
}

// Holds reports whether a constraint is met: its expression is true, or says
// nothing.
func (e *Expr) Holds(v Value, o Options) (bool, error) {
	list, err := e.EvaluateValue(v, o)
	if err != nil {
		return false, err
	}
	value, known, err := condition(e.root, list)
	return value || !known, err
}
