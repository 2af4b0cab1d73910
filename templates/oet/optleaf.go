package oet

import (
	"fmt"
	"slices"

	"github.com/cairn-ehr/cairn/archetypes"
)

func (w *optWriter) leaf(n, root *node) {
	switch l := n.leaf; {
	case l.Slot != nil:
		for _, a := range l.Slot.Includes {
			w.assertion("includes", a)
		}
		for _, a := range l.Slot.Excludes {
			w.assertion("excludes", a)
		}
	case l.ConstraintRef != "":
		w.text("reference", l.ConstraintRef)
		w.use(root, l.ConstraintRef)
	case l.Primitive != nil:
		w.primitive("item", l.Primitive)
	case l.Codes != nil:
		if l.Codes.Assumed != "" {
			t := l.Codes.AssumedTerminology
			if t == "" {
				t = l.Codes.Terminology
			}
			w.codePhrase("assumed_value", t, l.Codes.Assumed)
		}
		w.id("terminology_id", l.Codes.Terminology)
		for _, code := range l.Codes.Codes {
			w.text("code_list", code)
			if l.Codes.Terminology == "local" {
				w.use(root, code)
			}
		}
		if n.valueSet != "" {
			w.text("referenceSetUri", n.valueSet)
		}
	case l.Quantity != nil:
		w.quantity(l.Quantity)
	case l.Ordinal != nil:
		w.ordinal(l.Ordinal, root)
	}
}

func (w *optWriter) quantity(q *archetypes.QuantityConstraint) {
	if a := q.Assumed; a != nil {
		w.open("assumed_value")
		w.text("magnitude", a.Magnitude)
		w.text("units", a.Units)
		if a.Precision != "" {
			w.text("precision", a.Precision)
		}
		w.close("assumed_value")
	}
	if q.Property != nil {
		w.codePhrase("property", q.Property.TerminologyID(), q.Property.Code)
	}
	for _, item := range q.List {
		w.open("list")
		if item.Magnitude != nil {
			w.interval("magnitude", item.Magnitude)
		}
		if item.Precision != nil {
			w.interval("precision", item.Precision)
		}
		w.text("units", item.Units)
		w.close("list")
	}
}

func (w *optWriter) ordinal(o *archetypes.OrdinalConstraint, root *node) {
	write := func(name string, item archetypes.OrdinalItem) {
		w.open(name)
		w.text("value", item.Value)
		w.open("symbol")
		w.text("value", w.c.termText(root.root, item.Symbol.Code))
		w.codePhrase("defining_code", item.Symbol.TerminologyID(), item.Symbol.Code)
		w.close("symbol")
		w.close(name)
		if item.Symbol.Terminology == "local" {
			w.use(root, item.Symbol.Code)
		}
	}
	for _, item := range o.List {
		if o.Assumed != "" && item.Value == o.Assumed {
			write("assumed_value", item)
		}
	}
	for _, item := range o.List {
		write("list", item)
	}
}

var primitiveTypes = [...]string{"C_STRING", "C_BOOLEAN", "C_INTEGER", "C_REAL", "C_DATE", "C_TIME", "C_DATE_TIME", "C_DURATION"}

func (w *optWriter) primitive(element string, p *archetypes.Primitive) {
	w.open(element, "xsi:type", primitiveTypes[p.Kind])
	if p.Kind == archetypes.BooleanKind {
		w.text("true_valid", boolText(slices.Contains(p.Values, "true")))
		w.text("false_valid", boolText(slices.Contains(p.Values, "false")))
	} else {
		if p.Pattern != "" {
			w.text("pattern", p.Pattern)
		}
		switch p.Kind {
		case archetypes.StringKind, archetypes.IntegerKind, archetypes.RealKind:
			for _, v := range p.Values {
				w.text("list", v)
			}
		default:
			// The schema has no lists of dates or durations: one value is a
			// range of one, more cannot be said.
			if len(p.Values) == 1 && p.Range == nil {
				w.interval("range", &archetypes.Interval{Lower: p.Values[0], Upper: p.Values[0], LowerIncluded: true, UpperIncluded: true})
			} else if len(p.Values) > 1 && w.err == nil {
				w.err = &Error{Msg: fmt.Sprintf("a list of %s values cannot be expressed in an operational template", p.Kind)}
			}
		}
		if p.Kind == archetypes.StringKind && p.Open {
			w.text("list_open", "true")
		}
		if p.Range != nil {
			w.interval("range", p.Range)
		}
	}
	if p.Assumed != nil {
		w.text("assumed_value", *p.Assumed)
	}
	w.close(element)
}

// operators are the codes of the schema's OPERATOR_KIND.
var operators = map[string]string{
	"=": "2001", "!=": "2002", "<=": "2003", "<": "2004", ">=": "2005", ">": "2006", "matches": "2007",
	"not": "2010", "and": "2011", "or": "2012", "xor": "2013", "implies": "2014", "exists": "2016",
	"+": "2020", "-": "2021", "*": "2022", "/": "2023", "^": "2024",
}

func (w *optWriter) assertion(name string, a archetypes.Assertion) {
	w.open(name)
	if a.Tag != "" {
		w.text("tag", a.Tag)
	}
	w.text("string_expression", a.String())
	w.expression("expression", a.Expr)
	w.close(name)
}

func (w *optWriter) expression(name string, e archetypes.Expr) {
	switch e := e.(type) {
	case *archetypes.Binary:
		if op := operators[e.Op]; op != "" {
			w.open(name, "xsi:type", "EXPR_BINARY_OPERATOR")
			w.text("type", "Boolean")
			w.text("operator", op)
			w.text("precedence_overridden", boolText(e.Parens))
			w.expression("left_operand", e.Left)
			w.expression("right_operand", e.Right)
			w.close(name)
			return
		}
	case *archetypes.Unary:
		if op := operators[e.Op]; op != "" {
			w.open(name, "xsi:type", "EXPR_UNARY_OPERATOR")
			w.text("type", "Boolean")
			w.text("operator", op)
			w.text("precedence_overridden", boolText(e.Parens))
			w.expression("operand", e.Operand)
			w.close(name)
			return
		}
	case *archetypes.PathExpr:
		w.open(name, "xsi:type", "EXPR_LEAF")
		w.text("type", "String")
		w.text("item", e.Path, "xsi:type", "xsd:string")
		w.text("reference_type", "attribute")
		w.close(name)
		return
	case *archetypes.Constant:
		w.open(name, "xsi:type", "EXPR_LEAF")
		w.text("type", e.Kind.String())
		w.text("item", e.Text, "xsi:type", "xsd:string")
		w.text("reference_type", "constant")
		w.close(name)
		return
	case *archetypes.Constraint:
		if e.Primitive != nil {
			w.open(name, "xsi:type", "EXPR_LEAF")
			w.text("type", primitiveTypes[e.Primitive.Kind])
			w.primitive("item", e.Primitive)
			w.text("reference_type", "constraint")
			w.close(name)
			return
		}
	}
	if w.err == nil {
		w.err = &Error{Msg: fmt.Sprintf("slot rule with %T cannot be expressed in an operational template", e)}
	}
}
