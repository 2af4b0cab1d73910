package templates

import (
	"math"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// object reads a C_OBJECT of any kind.
func (r *reader) object(start *element) (*rawObject, error) {
	if r.objects++; r.objects > r.lim.Objects {
		r.problem(CodeLimit, start.line, "more than %d object constraints", r.lim.Objects)
		return nil, errStop
	}
	o := &rawObject{line: start.line, xmlType: start.typ}
	var seen map[string]bool
	err := r.children(func(e *element) (err error) {
		switch e.name {
		case "attributes", "term_definitions", "term_bindings", "includes", "excludes", "list", "code_list":
		default:
			r.once(&seen, e)
		}
		switch e.name {
		case "rm_type_name":
			o.typeName, err = r.value()
		case "occurrences":
			o.occurrences, err = r.interval()
		case "node_id":
			o.nodeID, err = r.value()
		case "attributes":
			var a *rawAttribute
			a, err = r.attribute(e)
			o.attributes = append(o.attributes, a)
		case "archetype_id":
			o.archetypeID, err = r.nested()
		case "template_id":
			o.template, err = r.nested()
		case "term_definitions":
			if o.terms == nil {
				o.terms = map[string]*Term{}
			}
			err = r.term(e, o.terms)
		case "term_bindings":
			if o.bindings == nil {
				o.bindings = map[string][]Code{}
			}
			err = r.bindings(o.bindings)
		case "includes":
			err = r.assertion(&o.includes)
		case "excludes":
			err = r.assertion(&o.excludes)
		case "reference":
			o.reference, err = r.value()
		case "target_path":
			o.targetPath, err = r.value()
		case "item":
			o.item, err = r.primitive(e)
			o.hasItem = true
		case "list":
			var i rawListItem
			i, err = r.listItem(e)
			o.list = append(o.list, i)
		case "property":
			o.property, err = r.codePhrase()
			o.hasProperty = true
		case "terminology_id":
			o.terminology, err = r.nested()
			o.hasCodes = true
		case "code_list":
			var code string
			code, err = r.value()
			o.codes = append(o.codes, code)
			o.hasCodes = true
		case "referenceSetUri":
			o.referenceSet, err = r.value()
			o.hasCodes = true
		case "assumed_value":
			o.assumed, err = r.instance(e, domainClass(o.xmlType, o.typeName))
		case "value":
			o.states, err = r.stateMachine()
			o.hasStates = true
		case "any_allowed", "is_deprecated", "default_value", "alias", "is_frozen":
			// Other releases of the AOM; nothing that validation needs.
		default:
			r.unknown(e)
		}
		return err
	})
	return o, err
}

// domainClass is the class of the assumed value of a domain type constraint.
func domainClass(xmlType, typeName string) *rm.Class {
	if c := rm.Lookup(typeName); c != nil {
		return c
	}
	if xmlType == "C_CODE_PHRASE" || xmlType == "C_CODE_REFERENCE" {
		return rm.ClassCodePhrase
	}
	return rm.Lookup(strings.TrimPrefix(xmlType, "C_"))
}

func (r *reader) attribute(start *element) (*rawAttribute, error) {
	a := &rawAttribute{line: start.line, xmlType: start.typ}
	var seen map[string]bool
	err := r.children(func(e *element) (err error) {
		if e.name != "children" {
			r.once(&seen, e)
		}
		switch e.name {
		case "rm_attribute_name":
			a.name, err = r.value()
		case "existence":
			a.existence, err = r.interval()
		case "cardinality":
			a.cardinality, err = r.cardinality()
		case "children":
			var o *rawObject
			o, err = r.object(e)
			a.children = append(a.children, o)
		case "match_negated", "differential_path", "is_multiple":
		default:
			r.unknown(e)
		}
		return err
	})
	return a, err
}

func (r *reader) cardinality() (*Cardinality, error) {
	c := &Cardinality{Interval: Interval{Unbounded: true}}
	err := r.children(func(e *element) (err error) {
		switch e.name {
		case "is_ordered":
			c.Ordered, err = r.boolean()
		case "is_unique":
			c.Unique, err = r.boolean()
		case "interval":
			var i *Interval
			i, err = r.interval()
			c.Interval = *i
		default:
			r.unknown(e)
		}
		return err
	})
	return c, err
}

// rawBounds are the parts of an interval as text.
type rawBounds struct {
	lower, upper                   string
	lowerUnbounded, upperUnbounded bool
	lowerIncluded, upperIncluded   bool
}

// bounds reads an interval of any type. Absent inclusion flags mean included,
// an absent limit means unbounded.
func (r *reader) bounds() (rawBounds, error) {
	b := rawBounds{lowerIncluded: true, upperIncluded: true}
	var seen map[string]bool
	err := r.children(func(e *element) (err error) {
		r.once(&seen, e)
		switch e.name {
		case "lower":
			b.lower, err = r.value()
		case "upper":
			b.upper, err = r.value()
		case "lower_unbounded":
			b.lowerUnbounded, err = r.boolean()
		case "upper_unbounded":
			b.upperUnbounded, err = r.boolean()
		case "lower_included":
			b.lowerIncluded, err = r.boolean()
		case "upper_included":
			b.upperIncluded, err = r.boolean()
		default:
			r.unknown(e)
		}
		return err
	})
	b.lowerUnbounded = b.lowerUnbounded || b.lower == ""
	b.upperUnbounded = b.upperUnbounded || b.upper == ""
	return b, err
}

// interval reads an interval of counts.
func (r *reader) interval() (*Interval, error) {
	line := r.line()
	b, err := r.bounds()
	i := &Interval{Unbounded: b.upperUnbounded}
	if err != nil {
		return i, err
	}
	count := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > math.MaxInt32 {
			r.problem(CodeValue, line, "%.40q is not a count", s)
		}
		return n
	}
	if !b.lowerUnbounded {
		if i.Lower = count(b.lower); !b.lowerIncluded {
			i.Lower++
		}
	}
	if !i.Unbounded {
		if i.Upper = count(b.upper); !b.upperIncluded {
			i.Upper--
		}
		if i.Upper < i.Lower {
			r.problem(CodeInterval, line, "lower limit %d is above upper limit %d", i.Lower, i.Upper)
		}
	}
	return i, nil
}

func convert[T any](r *reader, line int, b rawBounds, what string, parse func(string) (T, error), compare func(T, T) int) *Bounds[T] {
	out := &Bounds[T]{
		LowerUnbounded: b.lowerUnbounded, UpperUnbounded: b.upperUnbounded,
		LowerIncluded: b.lowerIncluded, UpperIncluded: b.upperIncluded,
	}
	one := func(s string, into *T) {
		v, err := parse(s)
		if err != nil {
			r.problem(CodeValue, line, "%.40q is not %s", s, what)
		}
		*into = v
	}
	if !b.lowerUnbounded {
		one(b.lower, &out.Lower)
	}
	if !b.upperUnbounded {
		one(b.upper, &out.Upper)
	}
	if !b.lowerUnbounded && !b.upperUnbounded && compare(out.Lower, out.Upper) > 0 {
		r.problem(CodeInterval, line, "lower limit %.40s is above upper limit %.40s", b.lower, b.upper)
	}
	return out
}

// listItem reads a member of list, whichever domain type it belongs to.
func (r *reader) listItem(start *element) (rawListItem, error) {
	i := rawListItem{line: start.line}
	err := r.mixed(func(e *element) (err error) {
		switch e.name {
		case "units":
			i.units, err = r.value()
		case "magnitude":
			i.magnitude, err = r.realBounds(e)
		case "precision":
			i.precision, err = r.integerBounds(e)
		case "value":
			i.value, err = r.value()
		case "symbol":
			err = r.children(func(e *element) (err error) {
				switch e.name {
				case "value":
					i.text, err = r.value()
				case "defining_code":
					i.symbol, err = r.codePhrase()
				}
				return err
			})
		case "normal_range", "other_reference_ranges", "normal_status":
			// Attributes of DV_ORDINAL that are no constraint.
		default:
			r.unknown(e)
		}
		return err
	}, func([]byte) {})
	return i, err
}

// stateMachine reads the names of the states of a STATE_MACHINE.
func (r *reader) stateMachine() ([]string, error) {
	var names []string
	err := r.children(func(e *element) error {
		if e.name != "states" {
			r.unknown(e)
			return nil
		}
		return r.children(func(e *element) error {
			if e.name != "name" {
				return nil
			}
			name, err := r.value()
			names = append(names, name)
			return err
		})
	})
	return names, err
}

// assertion reads an ASSERTION: the expression tree, or the text when there is
// no tree.
func (r *reader) assertion(into *[]*Assertion) error {
	line := r.line()
	a := &Assertion{}
	err := r.children(func(e *element) (err error) {
		switch e.name {
		case "string_expression":
			a.Text, err = r.value()
		case "expression":
			a.expr, err = r.expression(e)
		case "tag", "variables":
		default:
			r.unknown(e)
		}
		return err
	})
	if err != nil {
		return err
	}
	if a.expr == nil {
		a.expr = parseStringExpression(a.Text)
	}
	if a.Text == "" {
		a.Text = a.expr.String()
	}
	if !a.expr.decidable() {
		r.note(line, "slot assertion %q cannot be decided from an archetype id", a.Text)
	}
	*into = append(*into, a)
	return nil
}

// expression reads an EXPR_ITEM.
func (r *reader) expression(start *element) (*expression, error) {
	x := &expression{}
	err := r.children(func(e *element) (err error) {
		switch e.name {
		case "operator":
			x.op, err = r.value()
		case "left_operand", "operand":
			x.left, err = r.expression(e)
		case "right_operand":
			x.right, err = r.expression(e)
		case "item":
			err = r.expressionItem(x, e)
		case "type", "reference_type", "precedence_overridden":
		default:
			r.unknown(e)
		}
		return err
	})
	return x, err
}

// expressionItem reads the item of an EXPR_LEAF: a C_STRING, or text that names
// an attribute on the left of an operator and is a value on its right.
func (r *reader) expressionItem(x *expression, start *element) error {
	var list []string
	var pattern string
	text := ""
	err := r.mixed(func(e *element) (err error) {
		switch e.name {
		case "pattern":
			pattern, err = r.value()
		case "list":
			var v string
			v, err = r.value()
			list = append(list, v)
		}
		return err
	}, func(b []byte) { text += strings.TrimSpace(string(b)) })
	switch {
	case pattern != "":
		x.op, x.patterns = opPattern, []*Pattern{newPattern(pattern)}
	case list != nil:
		x.op, x.values = opValues, list
	default:
		x.op, x.values = opAttribute, []string{text}
	}
	return err
}
