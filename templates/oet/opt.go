package oet

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
)

// optWriter writes OPT 1.4 XML in the order of the schema.
type optWriter struct {
	c        *compiler
	b        strings.Builder
	depth    int
	path     []string
	ontology map[string]map[string]bool // codes used, by archetype id
	byID     map[string]*archetypes.Archetype
	order    []string

	annotations []Annotation
	views       []string
	defaults    []defaultValue
	err         error
}

type defaultValue struct {
	path       string
	node, root *node
	text       string
}

func (c *compiler) write(root *node) ([]byte, error) {
	w := &optWriter{c: c, ontology: map[string]map[string]bool{}, byID: map[string]*archetypes.Archetype{}}
	w.b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	w.open("template", "xmlns", "http://schemas.openehr.org/v1", "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance",
		"xmlns:xsd", "http://www.w3.org/2001/XMLSchema")
	w.codePhrase("language", "ISO_639-1", c.opt.Language)
	w.description(&c.src.Description)
	if c.src.ID != "" {
		w.id("uid", c.src.ID)
	}
	w.id("template_id", c.src.Name)
	w.text("concept", c.src.Name)
	w.object("definition", root, root)
	w.ontologies(root)
	for _, a := range append(slices.Clone(c.src.Annotations), w.annotations...) {
		w.open("annotations", "path", a.Path)
		for _, kv := range a.Items {
			w.text("items", kv.Value, "id", kv.Key)
		}
		w.close("annotations")
	}
	w.constraints()
	if len(w.views) > 0 {
		w.open("view")
		for _, path := range w.views {
			w.open("constraints", "path", path)
			w.open("items", "id", "hide_on_form")
			w.text("value", "true", "xsi:type", "xsd:string")
			w.close("items")
			w.close("constraints")
		}
		w.close("view")
	}
	w.close("template")
	if w.err != nil {
		return nil, w.err
	}
	return []byte(w.b.String()), nil
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")

func (w *optWriter) start(name string, attrs []string) {
	for range w.depth {
		w.b.WriteString("  ")
	}
	w.b.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.b.WriteString(" " + attrs[i] + `="` + escaper.Replace(attrs[i+1]) + `"`)
	}
}

func (w *optWriter) open(name string, attrs ...string) {
	w.start(name, attrs)
	w.b.WriteString(">\n")
	w.depth++
}

func (w *optWriter) close(name string) {
	w.depth--
	for range w.depth {
		w.b.WriteString("  ")
	}
	w.b.WriteString("</" + name + ">\n")
}

func (w *optWriter) text(name, value string, attrs ...string) {
	w.start(name, attrs)
	if value == "" {
		w.b.WriteString("/>\n")
		return
	}
	w.b.WriteString(">" + escaper.Replace(value) + "</" + name + ">\n")
}

func (w *optWriter) id(name, value string) {
	w.open(name)
	w.text("value", value)
	w.close(name)
}

func (w *optWriter) codePhrase(name, terminology, code string) {
	w.open(name)
	w.id("terminology_id", terminology)
	w.text("code_string", code)
	w.close(name)
}

func (w *optWriter) description(d *Description) {
	w.open("description")
	if len(d.OriginalAuthor) == 0 {
		w.text("original_author", "Not Specified", "id", "name")
	}
	for _, kv := range d.OriginalAuthor {
		w.text("original_author", kv.Value, "id", kv.Key)
	}
	for _, s := range d.OtherContributors {
		w.text("other_contributors", s)
	}
	state := d.LifecycleState
	if state == "" {
		state = "unmanaged"
	}
	w.text("lifecycle_state", state)
	for _, kv := range d.OtherDetails {
		w.text("other_details", kv.Value, "id", kv.Key)
	}
	w.open("details")
	w.codePhrase("language", "ISO_639-1", w.c.opt.Language)
	w.text("purpose", d.Purpose)
	for _, s := range d.Keywords {
		w.text("keywords", s)
	}
	for _, kv := range []archetypes.KeyValue{{Key: "use", Value: d.Use}, {Key: "misuse", Value: d.Misuse}, {Key: "copyright", Value: d.Copyright}} {
		if kv.Value != "" {
			w.text(kv.Key, kv.Value)
		}
	}
	for _, kv := range d.ItemsDetails {
		w.text("other_details", kv.Value, "id", kv.Key)
	}
	w.close("details")
	w.close("description")
}

func boolText(b bool) string { return strconv.FormatBool(b) }

func (w *optWriter) multiplicity(name string, m archetypes.Multiplicity) {
	iv := archetypes.Interval{Lower: strconv.Itoa(m.Lower), LowerIncluded: true}
	if m.Upper == archetypes.Unbounded {
		iv.UpperUnbounded = true
	} else {
		iv.Upper, iv.UpperIncluded = strconv.Itoa(m.Upper), true
	}
	w.interval(name, &iv)
}

func (w *optWriter) interval(name string, iv *archetypes.Interval) {
	w.open(name)
	w.text("lower_included", boolText(iv.LowerIncluded))
	w.text("upper_included", boolText(iv.UpperIncluded))
	w.text("lower_unbounded", boolText(iv.LowerUnbounded))
	w.text("upper_unbounded", boolText(iv.UpperUnbounded))
	if !iv.LowerUnbounded {
		w.text("lower", iv.Lower)
	}
	if !iv.UpperUnbounded {
		w.text("upper", iv.Upper)
	}
	w.close(name)
}

// kind is the class of the object constraint in the OPT schema.
func (n *node) kind() string {
	switch l := n.leaf; {
	case n.root != nil:
		return "C_ARCHETYPE_ROOT"
	case l == nil:
		return "C_COMPLEX_OBJECT"
	case l.Slot != nil:
		return "ARCHETYPE_SLOT"
	case l.ConstraintRef != "":
		return "CONSTRAINT_REF"
	case l.Primitive != nil:
		return "C_PRIMITIVE_OBJECT"
	case l.Codes != nil && n.valueSet != "":
		return "C_CODE_REFERENCE"
	case l.Codes != nil:
		return "C_CODE_PHRASE"
	case l.Quantity != nil:
		return "C_DV_QUANTITY"
	}
	return "C_DV_ORDINAL"
}

func (w *optWriter) use(root *node, code string) {
	if code == "" {
		return
	}
	id := root.root.ID
	if w.ontology[id] == nil {
		w.ontology[id] = map[string]bool{}
		w.byID[id] = root.root
		w.order = append(w.order, id)
	}
	w.ontology[id][code] = true
}

// object writes one object constraint; root is the archetype root whose terms
// its codes belong to.
func (w *optWriter) object(element string, n, root *node) {
	if n.root != nil {
		root = n
	}
	if element == "definition" {
		w.open(element)
	} else {
		w.open(element, "xsi:type", n.kind())
	}
	w.text("rm_type_name", n.class)
	w.multiplicity("occurrences", n.occurrences)
	switch {
	case n.root != nil:
		w.text("node_id", n.root.Concept)
		w.use(n, n.root.Concept)
	default:
		w.text("node_id", n.id)
		w.use(root, n.id)
	}
	w.remarks(n, root)
	if n.leaf != nil {
		w.leaf(n, root)
	}
	for _, a := range n.attrs {
		w.attribute(a, n, root)
	}
	if n.root != nil {
		w.id("archetype_id", n.root.ID)
		if n.templateID != "" {
			w.id("template_id", n.templateID)
		}
		w.terms(n)
	}
	w.close(element)
}

// remarks keeps annotations, hidden nodes and default values with their path.
func (w *optWriter) remarks(n, root *node) {
	path := strings.Join(w.path, "/")
	if root != nil && len(w.path) == 0 {
		path = "[" + root.root.ID + "]"
	}
	if text := w.c.notes[n]; text != "" {
		w.annotations = append(w.annotations, Annotation{Path: path, Items: []archetypes.KeyValue{{Key: "default", Value: text}}})
	}
	if w.c.hidden[n] {
		w.views = append(w.views, path)
	}
	if text := w.c.defaults[n]; text != "" {
		w.defaults = append(w.defaults, defaultValue{path, n, root, text})
	}
}

func (w *optWriter) attribute(a *attr, n, root *node) {
	if len(w.path) == 0 {
		w.path = append(w.path, "["+root.root.ID+"]")
		defer func() { w.path = w.path[:0] }()
	}
	kind := "C_SINGLE_ATTRIBUTE"
	if a.cardinality != nil {
		kind = "C_MULTIPLE_ATTRIBUTE"
	}
	w.open("attributes", "xsi:type", kind)
	w.text("rm_attribute_name", a.name)
	w.multiplicity("existence", a.existence)
	for _, child := range a.children {
		step := a.name
		id := child.id
		if child.root != nil {
			id = child.root.ID
		}
		switch {
		case id != "" && child.name != "":
			step += "[" + id + ",'" + child.name + "']"
		case id != "":
			step += "[" + id + "]"
		}
		w.path = append(w.path, step)
		w.object("children", child, root)
		w.path = w.path[:len(w.path)-1]
	}
	if c := a.cardinality; c != nil {
		w.open("cardinality")
		w.text("is_ordered", boolText(!c.Unordered))
		w.text("is_unique", boolText(c.Unique))
		w.multiplicity("interval", c.Interval)
		w.close("cardinality")
	}
	w.close("attributes")
}

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

// terms writes the definitions of the codes used below an archetype root, in
// the template's language.
func (w *optWriter) terms(root *node) {
	used := map[string]bool{root.root.Concept: true}
	collect(root, used)
	for _, code := range sorted(used) {
		if t, ok := w.term(root.root, code); ok {
			w.open("term_definitions", "code", code)
			w.items(t)
			w.close("term_definitions")
		} else if isLocal(code) && w.err == nil {
			w.err = &Error{Msg: fmt.Sprintf("archetype %s has no term for code %s", root.root.ID, code)}
		}
	}
	for _, set := range root.root.Ontology.TermBindings {
		var items []archetypes.Binding
		for _, b := range set.Items {
			if used[b.Code] && strings.HasPrefix(b.Target, "[") && strings.Contains(b.Target, "::") {
				items = append(items, b)
			}
		}
		if len(items) == 0 {
			continue
		}
		w.open("term_bindings", "terminology", set.Terminology)
		for _, b := range items {
			terminology, code, _ := strings.Cut(strings.Trim(b.Target, "[]"), "::")
			w.open("items", "code", b.Code)
			w.codePhrase("value", terminology, code)
			w.close("items")
		}
		w.close("term_bindings")
	}
}

func isLocal(code string) bool { return strings.HasPrefix(code, "at") }

func (w *optWriter) term(a *archetypes.Archetype, code string) (archetypes.Term, bool) {
	for _, lang := range []string{w.c.opt.Language, a.OriginalLanguage.Code} {
		if t, ok := a.Ontology.Term(lang, code); ok {
			return t, true
		}
		if t, ok := a.Ontology.Constraint(lang, code); ok {
			return t, true
		}
	}
	return archetypes.Term{}, false
}

func (w *optWriter) items(t archetypes.Term) {
	for _, kv := range t.Items {
		w.text("items", kv.Value, "id", kv.Key)
	}
}

// collect gathers the local codes below a node up to the next archetype roots.
func collect(n *node, used map[string]bool) {
	if n.id != "" {
		used[n.id] = true
	}
	if l := n.leaf; l != nil {
		if l.Codes != nil && l.Codes.Terminology == "local" {
			for _, code := range l.Codes.Codes {
				used[code] = true
			}
		}
		if l.Ordinal != nil {
			for _, item := range l.Ordinal.List {
				if item.Symbol.Terminology == "local" {
					used[item.Symbol.Code] = true
				}
			}
		}
		if l.ConstraintRef != "" {
			used[l.ConstraintRef] = true
		}
	}
	for _, a := range n.attrs {
		for _, child := range a.children {
			if child.root == nil {
				collect(child, used)
			}
		}
	}
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	sort.Strings(out)
	return out
}

// ontologies writes the terms in the other languages, once per archetype: in
// ontology for the root's, in component_ontologies for the others.
func (w *optWriter) ontologies(root *node) {
	for _, id := range w.order {
		a := w.byID[id]
		element := "component_ontologies"
		if id == root.root.ID {
			element = "ontology"
		}
		w.open(element, "archetype_id", id)
		codes := sorted(w.ontology[id])
		for _, set := range a.Ontology.TermDefinitions {
			w.open("term_definitions", "language", set.Language)
			for _, code := range codes {
				if t, ok := a.Ontology.Term(set.Language, code); ok {
					w.open("items", "code", code)
					w.items(t)
					w.close("items")
				}
			}
			w.close("term_definitions")
		}
		w.constraintTerms(a, codes)
		w.close(element)
	}
}

func (w *optWriter) constraintTerms(a *archetypes.Archetype, codes []string) {
	for _, set := range a.Ontology.ConstraintDefinitions {
		if !slices.ContainsFunc(codes, func(code string) bool { _, ok := a.Ontology.Constraint(set.Language, code); return ok }) {
			continue
		}
		w.open("constraint_definitions", "language", set.Language)
		for _, code := range codes {
			if t, ok := a.Ontology.Constraint(set.Language, code); ok {
				w.open("items", "code", code)
				w.items(t)
				w.close("items")
			}
		}
		w.close("constraint_definitions")
	}
	for _, set := range a.Ontology.ConstraintBindings {
		var items []archetypes.Binding
		for _, b := range set.Items {
			if slices.Contains(codes, b.Code) {
				items = append(items, b)
			}
		}
		if len(items) == 0 {
			continue
		}
		w.open("constraint_bindings", "terminology", set.Terminology)
		for _, b := range items {
			w.open("items", "code", b.Code)
			w.text("value", b.Target)
			w.close("items")
		}
		w.close("constraint_bindings")
	}
}

// constraints writes the default values.
func (w *optWriter) constraints() {
	if len(w.defaults) == 0 {
		return
	}
	w.open("constraints")
	for _, d := range w.defaults {
		value := d.node.attr("value")
		if d.node.class != "ELEMENT" || value == nil || len(value.children) == 0 {
			w.err = &Error{Path: d.path, Msg: "a default value needs an ELEMENT with a constrained value"}
			return
		}
		n := value.children[0]
		w.open("attributes")
		w.text("rm_attribute_name", "value")
		w.open("children")
		w.text("rm_type_name", n.class)
		w.multiplicity("occurrences", once)
		w.text("node_id", "")
		w.open("default_value", "xsi:type", n.class)
		switch n.class {
		case "DV_TEXT", "DV_BOOLEAN", "DV_DATE", "DV_DATE_TIME", "DV_TIME", "DV_DURATION", "DV_URI":
			w.text("value", d.text)
		case "DV_COUNT":
			w.text("magnitude", d.text)
		case "DV_CODED_TEXT":
			terminology, code, ok := strings.Cut(d.text, "::")
			if !ok {
				terminology, code = "local", d.text
			}
			text := code
			if terminology == "local" {
				text = w.c.termText(d.root.root, code)
			}
			w.text("value", text)
			w.codePhrase("defining_code", terminology, code)
		default:
			w.err = &Error{Path: d.path, Msg: fmt.Sprintf("a default value of type %s is not supported", n.class)}
			return
		}
		w.close("default_value")
		w.close("children")
		w.text("differential_path", d.path)
		w.close("attributes")
	}
	w.close("constraints")
}
