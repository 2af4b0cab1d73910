package oet

import (
	"slices"
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
