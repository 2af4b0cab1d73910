package fhirpath

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// function is what is called with the input and the arguments, which it
// evaluates as it needs them.
type function struct {
	least, most int
	call        func(r *run, s scope, in []Value, e *expr) ([]Value, error)
}

var functions map[string]function

func init() { // a function evaluates arguments, which call functions
	functions = map[string]function{
		"empty":    {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return truth(len(in) == 0), nil }},
		"exists":   {0, 1, exists},
		"all":      {1, 1, all},
		"allTrue":  {0, 0, quantified(true, true)},
		"anyTrue":  {0, 0, quantified(false, true)},
		"allFalse": {0, 0, quantified(true, false)},
		"anyFalse": {0, 0, quantified(false, false)},
		"not":      {0, 0, not},
		"count":    {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return one(integer(len(in))), nil }},
		"distinct": {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return distinct(in), nil }},
		"isDistinct": {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) {
			return truth(len(distinct(in)) == len(in)), nil
		}},
		"subsetOf":   {1, 1, withList(func(in, list []Value) []Value { return truth(contained(in, list)) })},
		"supersetOf": {1, 1, withList(func(in, list []Value) []Value { return truth(contained(list, in)) })},
		"union":      {1, 1, withList(func(in, list []Value) []Value { return distinct(slices.Concat(in, list)) })},
		"combine":    {1, 1, withList(func(in, list []Value) []Value { return slices.Concat(in, list) })},
		"intersect":  {1, 1, withList(func(in, list []Value) []Value { return distinct(kept(in, func(v Value) bool { return has(list, v) })) })},
		"exclude":    {1, 1, withList(func(in, list []Value) []Value { return kept(in, func(v Value) bool { return !has(list, v) }) })},

		"where":     {1, 1, where},
		"select":    {1, 1, selection},
		"repeat":    {1, 1, repeat},
		"aggregate": {1, 2, aggregate},
		"iif":       {2, 3, iif},
		"sort":      {0, 16, sorted},
		"trace":     {1, 2, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return in, nil }},

		"is": {}, "as": {}, "ofType": {},
		"type": {0, 0, typeInfo},

		"single": {0, 0, func(_ *run, _ scope, in []Value, e *expr) ([]Value, error) {
			if len(in) > 1 {
				return nil, errorf(e.pos, "%d values where one is expected", len(in))
			}
			return in, nil
		}},
		"first": {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return in[:min(1, len(in))], nil }},
		"last":  {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return in[max(0, len(in)-1):], nil }},
		"tail":  {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return in[min(1, len(in)):], nil }},
		"skip":  {1, 1, withInteger(func(in []Value, n int) []Value { return in[min(max(n, 0), len(in)):] })},
		"take":  {1, 1, withInteger(func(in []Value, n int) []Value { return in[:min(max(n, 0), len(in))] })},

		"children": {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) { return below(in), nil }},
		"descendants": {0, 0, func(r *run, _ scope, in []Value, e *expr) ([]Value, error) {
			var out []Value
			for level := below(in); len(level) > 0; level = below(level) {
				if err := r.spend(e.pos, len(level)); err != nil {
					return nil, err
				}
				out = append(out, level...)
			}
			return out, nil
		}},

		"now":       {0, 0, func(r *run, _ scope, _ []Value, _ *expr) ([]Value, error) { return one(r.moment(DateTime)), nil }},
		"today":     {0, 0, func(r *run, _ scope, _ []Value, _ *expr) ([]Value, error) { return one(r.moment(Date)), nil }},
		"timeOfDay": {0, 0, func(r *run, _ scope, _ []Value, _ *expr) ([]Value, error) { return one(r.moment(Time)), nil }},

		"extension": {1, 1, extension},
		"hasValue": {0, 0, func(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) {
			return truth(len(in) == 1 && in[0].kind != Complex), nil
		}},
		"getValue":   {0, 0, valueOf},
		"resolve":    {0, 0, resolve},
		"htmlChecks": {0, 0, htmlChecks},
		"conformsTo": {1, 1, conformsTo},
	}
	addStrings()
	addNumbers()
	addConversions()
	addBoundaries()
}

func (r *run) call(s scope, in []Value, e *expr) ([]Value, error) {
	switch e.name {
	case "is", "as":
		return r.typed(in, e, e.name == "is")
	case "ofType":
		is, err := typeTest(e)
		if err != nil {
			return nil, err
		}
		return kept(in, func(v Value) bool { return is(v, false) }), nil
	}
	return functions[e.name].call(r, s, in, e)
}

// each evaluates an argument with a member of the input as $this.
func (r *run) each(s scope, v Value, i int, arg *expr) ([]Value, error) {
	inner := scope{this: one(v), index: i, total: s.total}
	return r.eval(inner, inner.this, arg)
}

// arg evaluates an argument that is not about the members of the input: its
// names are members of $this.
func (r *run) arg(s scope, arg *expr) ([]Value, error) { return r.eval(s, s.this, arg) }

func (r *run) integerArg(s scope, _ []Value, arg *expr) (n int, ok bool, err error) {
	list, err := r.arg(s, arg)
	if err != nil || len(list) == 0 {
		return 0, false, err
	}
	v, err := single(arg, list)
	if err != nil {
		return 0, false, err
	}
	if v.kind != Integer {
		return 0, false, errorf(arg.pos, "an Integer expected, not a %s", v.Type())
	}
	i, err := v.num.Int64()
	if err != nil {
		return 0, false, errorf(arg.pos, "out of range")
	}
	return int(i), true, nil
}

func (r *run) stringArg(s scope, arg *expr) (text string, ok bool, err error) {
	list, err := r.arg(s, arg)
	if err != nil || len(list) == 0 {
		return "", false, err
	}
	v, err := single(arg, list)
	if err == nil && v.kind != String {
		err = errorf(arg.pos, "a String expected, not a %s", v.Type())
	}
	return v.text, err == nil, err
}

func kept(list []Value, keep func(Value) bool) []Value {
	var out []Value
	for _, v := range list {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}

func contained(part, whole []Value) bool {
	for _, v := range part {
		if !has(whole, v) {
			return false
		}
	}
	return true
}

func below(list []Value) []Value {
	var out []Value
	for _, v := range list {
		out = append(out, children(v)...)
	}
	return out
}

func withList(f func(in, list []Value) []Value) func(*run, scope, []Value, *expr) ([]Value, error) {
	return func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		list, err := r.arg(s, e.args[0])
		if err != nil {
			return nil, err
		}
		if err := r.spend(e.pos, len(in)*len(list)/16); err != nil { // each is compared with each
			return nil, err
		}
		return f(in, list), nil
	}
}

func withInteger(f func(in []Value, n int) []Value) func(*run, scope, []Value, *expr) ([]Value, error) {
	return func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		n, ok, err := r.integerArg(s, in, e.args[0])
		if err != nil || !ok {
			return nil, err
		}
		return f(in, n), nil
	}
}

func exists(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	if len(e.args) == 1 {
		var err error
		if in, err = where(r, s, in, e); err != nil {
			return nil, err
		}
	}
	return truth(len(in) > 0), nil
}

// criterion is an argument as a condition on a member of the input, which no
// value does not meet.
func (r *run) criterion(s scope, v Value, i int, arg *expr) (bool, error) {
	list, err := r.each(s, v, i, arg)
	if err != nil {
		return false, err
	}
	met, _, err := condition(arg, list)
	return met, err
}

func all(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	for i, v := range in {
		if met, err := r.criterion(s, v, i, e.args[0]); err != nil || !met {
			return truth(false), err
		}
	}
	return truth(true), nil
}

func where(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	var out []Value
	for i, v := range in {
		met, err := r.criterion(s, v, i, e.args[0])
		if err != nil {
			return nil, err
		}
		if met {
			out = append(out, v)
		}
	}
	return out, nil
}

// quantified is allTrue and its like: of all members or of any, being the value.
func quantified(every, value bool) func(*run, scope, []Value, *expr) ([]Value, error) {
	return func(_ *run, _ scope, in []Value, e *expr) ([]Value, error) {
		for _, v := range in {
			if v.kind != Boolean {
				return nil, errorf(e.pos, "%s() of a %s", e.name, v.Type())
			}
			if (v.truth == value) != every {
				return truth(!every), nil
			}
		}
		return truth(every), nil
	}
}

func not(_ *run, _ scope, in []Value, e *expr) ([]Value, error) {
	value, known, err := condition(e, in)
	if err != nil || !known {
		return nil, err
	}
	return truth(!value), nil
}

func selection(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	var out []Value
	for i, v := range in {
		list, err := r.each(s, v, i, e.args[0])
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

func repeat(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	var out []Value
	for level := in; len(level) > 0; {
		list, err := selection(r, s, level, e)
		if err != nil {
			return nil, err
		}
		level = nil
		for _, v := range list {
			// Elements are told apart by where they are, other values by what they are.
			if !slices.ContainsFunc(out, func(w Value) bool {
				if v.node != nil && v.kind == Complex {
					return v.node == w.node
				}
				same, known := equal(v, w)
				return same && known
			}) {
				out, level = append(out, v), append(level, v)
			}
		}
		if err := r.spend(e.pos, len(list)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func aggregate(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	var total []Value
	if len(e.args) == 2 {
		var err error
		if total, err = r.arg(s, e.args[1]); err != nil {
			return nil, err
		}
	}
	for i, v := range in {
		var err error
		if total, err = r.each(scope{total: total}, v, i, e.args[0]); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func iif(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	if len(in) > 1 {
		return nil, errorf(e.pos, "iif() on %d values", len(in))
	}
	if len(in) == 1 && !s.root {
		s = scope{this: in, index: s.index, total: s.total}
	}
	list, err := r.eval(s, s.this, e.args[0])
	if err != nil {
		return nil, err
	}
	if len(list) > 1 || len(list) == 1 && list[0].kind != Boolean {
		return nil, errorf(e.args[0].pos, "the condition of iif() is no truth value")
	}
	if len(list) == 1 && list[0].truth {
		return r.eval(s, s.this, e.args[1])
	}
	if len(e.args) == 3 {
		return r.eval(s, s.this, e.args[2])
	}
	return nil, nil
}

// sorted orders by the value itself or by keys; one after a minus is descending.
func sorted(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	args := e.args
	if len(args) == 0 {
		args = []*expr{{op: opThis, pos: e.pos}}
	}
	keys := make([][][]Value, len(in))
	for i, v := range in {
		for _, a := range args {
			if a.op == opUnary && a.name == "-" {
				a = a.args[0]
			}
			k, err := r.each(s, v, i, a)
			if err != nil {
				return nil, err
			}
			if len(k) > 1 {
				return nil, errorf(a.pos, "%d values to sort by", len(k))
			}
			keys[i] = append(keys[i], k)
		}
	}
	at := make([]int, len(in))
	for i := range at {
		at[i] = i
	}
	var failed error
	slices.SortStableFunc(at, func(i, j int) int {
		for k, a := range args {
			x, y := keys[i][k], keys[j][k]
			if cmp := len(x) - len(y); cmp != 0 {
				return cmp // no value comes first, whatever the direction
			}
			cmp := 0
			if len(x) == 1 {
				var comparable bool
				if cmp, _, comparable = order(x[0], y[0]); !comparable {
					failed = errorf(a.pos, "%s and %s cannot be compared", x[0].Type(), y[0].Type())
				}
			}
			if a.op == opUnary && a.name == "-" {
				cmp = -cmp
			}
			if cmp != 0 {
				return cmp
			}
		}
		return 0
	})
	if failed != nil {
		return nil, failed
	}
	out := make([]Value, len(in))
	for i, k := range at {
		out[i] = in[k]
	}
	return out, nil
}

func typeInfo(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) {
	var out []Value
	for _, v := range in {
		namespace, name, _ := strings.Cut(v.Type(), ".")
		out = append(out, Value{kind: TypeInfo, unit: namespace, text: name})
	}
	return out, nil
}

func (r *run) moment(kind Kind) Value {
	m := moment{at: r.Now, precision: toSecond, fraction: 3}
	switch kind {
	case Date:
		m.precision, m.fraction = toDay, 0
	case DateTime:
		m.zone = true
	}
	return Value{kind: kind, when: m}
}

func extension(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	url, ok, err := r.stringArg(s, e.args[0])
	if err != nil || !ok {
		return nil, err
	}
	var out []Value
	for _, v := range in {
		list, _ := member(v, "extension")
		for _, x := range list {
			if x.node.Str("url") == url {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// valueOf is the System value of a primitive element.
func valueOf(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) {
	if len(in) != 1 || in[0].kind == Complex {
		return nil, nil
	}
	v := in[0]
	v.element, v.node, v.more, v.typ = false, nil, nil, nil
	return one(v), nil
}

// resolve finds what references name: contained resources, and what the
// surroundings know. A reference into the unknown gives nothing.
func resolve(r *run, _ scope, in []Value, _ *expr) ([]Value, error) {
	var out []Value
	for _, v := range in {
		reference := v.text
		if v.kind == Complex {
			reference = v.node.Str("reference")
		}
		var found *r4.Node
		if id, ok := strings.CutPrefix(reference, "#"); ok {
			for _, c := range r.Root.List("contained") {
				if c.Str("id") == id {
					found = c
				}
			}
			if id == "" {
				found = r.Root
			}
		} else if r.Resolve != nil && reference != "" {
			found = r.Resolve(reference)
		}
		if found != nil {
			out = append(out, Value{element: true, node: found, typ: r4.Lookup(found.Str("resourceType"))})
		}
	}
	return out, nil
}

// conformsTo knows the definitions of resources and types themselves: their
// constraints are not checked.
func conformsTo(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	url, ok, err := r.stringArg(s, e.args[0])
	if err != nil || !ok || len(in) == 0 {
		return nil, err
	}
	name, ok := strings.CutPrefix(url, "http://hl7.org/fhir/StructureDefinition/")
	if !ok || r4.Lookup(name) == nil {
		return nil, errorf(e.pos, "the definition %s is not known", url)
	}
	v, err := single(e, in)
	if err != nil {
		return nil, err
	}
	return truth(v.typ.IsA(name)), nil
}
