package oet

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
)

// Limits of a source.
const (
	maxSize  = 16 << 20
	maxDepth = 100
)

// Error is what is wrong with a source, and where.
type Error struct {
	Line int    // line in the source; 0 if unknown
	Path string // archetype path concerned; "" if none
	Msg  string
}

// Error is the message with its place.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	return b.String() + e.Msg
}

// Source is a template source as read.
type Source struct {
	ID          string // the uid of the template
	Name        string // becomes the template id
	Description Description
	Annotations []Annotation
	Definition  *Item
}

// Description is the authorship and intent of a template.
type Description struct {
	OriginalAuthor             []archetypes.KeyValue
	OtherContributors          []string
	LifecycleState             string
	Purpose, Use, Misuse       string
	Copyright                  string
	Keywords                   []string
	OtherDetails, ItemsDetails []archetypes.KeyValue
}

// Annotation is notes on one node.
type Annotation struct {
	Path  string
	Items []archetypes.KeyValue
}

// Item is an archetype put into a place.
type Item struct {
	Class       string // RM class, from xsi:type
	ArchetypeID string
	TemplateID  string // template to embed; "" if none
	Path        string // place within the enclosing archetype
	Name        string // "" to keep the archetype's name
	Min, Max    *int
	Hide        bool
	Annotation  string
	NameRule    *Constraint
	Rules       []*Rule
	Items       []*Item
	Line        int
}

// Rule narrows the node at a path.
type Rule struct {
	Path       string
	Name       string
	Default    string
	Annotation string
	Min, Max   *int
	Clone      bool
	Hide       bool
	Value      *Constraint
	NameRule   *Constraint
	NullRule   *Constraint
	Event      *EventConstraint
	Line       int
}

// EventConstraint narrows an EVENT to a point or an interval.
type EventConstraint struct {
	Type         string // "point in time", "interval"; "" if not narrowed
	Width        string // duration; "" if not given
	Aggregations []string
}

// Constraint narrows a value. Kind is the class in the OET schema; the fields
// that the kind does not have are empty.
type Constraint struct {
	Kind               string // textConstraint, quantityConstraint …
	ValueType          string
	Included, Excluded []string
	LimitToList        bool
	Query              *Query
	Units              []UnitConstraint
	Types              []string
	Nested             []*Constraint
	Pattern            string
	Range              *archetypes.Interval
	Line               int
}

// Query is the value set of an external terminology.
type Query struct{ Terminology, Language, Name string }

// UnitConstraint narrows magnitude and precision of one unit.
type UnitConstraint struct {
	Units     string
	Magnitude *archetypes.Interval
	Precision string
}

// element is one XML element.
type element struct {
	name     string
	kind     string // local name of xsi:type
	attrs    map[string]string
	children []*element
	text     string
	line     int
}

// Read reads a template source.
func Read(data []byte) (*Source, error) {
	if len(data) > maxSize {
		return nil, &Error{Msg: fmt.Sprintf("source of %d bytes exceeds the limit of %d", len(data), maxSize)}
	}
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	s := r.source(root)
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func parseXML(data []byte) (*element, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := xml.NewDecoder(bytes.NewReader(data))
	var stack []*element
	var root *element
	for {
		token, err := d.Token()
		line, _ := d.InputPos()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &Error{Line: line, Msg: "not well-formed XML: " + err.Error()}
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{name: t.Name.Local, attrs: map[string]string{}, line: line}
			for _, a := range t.Attr {
				switch {
				case a.Name.Space == "xmlns" || a.Name.Local == "xmlns":
				case a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance" && a.Name.Local == "type":
					e.kind = a.Value[strings.IndexByte(a.Value, ':')+1:]
				case a.Name.Space != "":
				default:
					e.attrs[a.Name.Local] = a.Value
				}
			}
			if len(stack) >= maxDepth {
				return nil, &Error{Line: line, Msg: fmt.Sprintf("nested more than %d levels deep", maxDepth)}
			}
			if len(stack) > 0 {
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, e)
			} else if root == nil {
				root = e
			}
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		}
	}
	if root == nil {
		return nil, &Error{Line: 1, Msg: "empty document"}
	}
	return root, nil
}

// reader collects the first error, so that the reading code stays linear.
type reader struct{ err error }

func (r *reader) fail(e *element, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Line: e.line, Msg: fmt.Sprintf(format, args...)}
	}
}

// attributes checks that an element has no other attributes.
func (r *reader) attributes(e *element, known ...string) {
	for name := range e.attrs {
		if !slices.Contains(known, name) {
			r.fail(e, "attribute %s of element %s is not supported", name, e.name)
		}
	}
}

func (r *reader) unknown(parent, e *element) {
	r.fail(e, "element %s in %s is not supported", e.name, parent.name)
}

func (r *reader) integer(e *element, name string) *int {
	v, ok := e.attrs[name]
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil {
		r.fail(e, "%s=%q of element %s is not an integer", name, v, e.name)
		return nil
	}
	if n < 0 && name == "max" {
		n = archetypes.Unbounded
	}
	return &n
}

func (r *reader) boolean(e *element, name string, absent bool) bool {
	switch strings.TrimSpace(e.attrs[name]) {
	case "":
		return absent
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	r.fail(e, "%s=%q of element %s is not a boolean", name, e.attrs[name], e.name)
	return absent
}

func (e *element) trimmed() string { return strings.TrimSpace(e.text) }

func (r *reader) source(e *element) *Source {
	if e.name != "template" {
		r.fail(e, "root element is %s, expected template", e.name)
		return nil
	}
	s := &Source{}
	for _, c := range e.children {
		switch c.name {
		case "id":
			s.ID = c.trimmed()
		case "name":
			s.Name = c.trimmed()
		case "description":
			r.description(c, &s.Description)
		case "annotations":
			a := Annotation{Path: c.attrs["path"]}
			for _, items := range c.children {
				a.Items = append(a.Items, r.dictionary(items)...)
			}
			s.Annotations = append(s.Annotations, a)
		case "definition":
			if s.Definition != nil {
				r.fail(c, "element definition occurs twice")
			}
			s.Definition = r.item(c)
		case "integrity_checks":
			// Digests of the archetypes the source was made with: they say
			// which revision the author saw, not what the template means.
		default:
			r.unknown(e, c)
		}
	}
	switch {
	case s.Name == "":
		r.fail(e, "template has no name")
	case s.Definition == nil:
		r.fail(e, "template has no definition")
	}
	return s
}

func (r *reader) dictionary(e *element) []archetypes.KeyValue {
	var out []archetypes.KeyValue
	for _, item := range e.children {
		if item.name != "item" {
			r.unknown(e, item)
			continue
		}
		var kv archetypes.KeyValue
		for _, c := range item.children {
			switch c.name {
			case "key":
				kv.Key = c.trimmed()
			case "value":
				kv.Value = c.trimmed()
			default:
				r.unknown(item, c)
			}
		}
		out = append(out, kv)
	}
	return out
}

func (r *reader) list(e *element) []string {
	var out []string
	for _, c := range e.children {
		if c.name != "item" {
			r.unknown(e, c)
			continue
		}
		out = append(out, c.trimmed())
	}
	return out
}

func (r *reader) description(e *element, d *Description) {
	for _, c := range e.children {
		switch c.name {
		case "original_author":
			d.OriginalAuthor = r.dictionary(c)
		case "other_contributors":
			d.OtherContributors = r.list(c)
		case "lifecycle_state":
			d.LifecycleState = c.trimmed()
		case "other_details":
			d.OtherDetails = r.dictionary(c)
		case "resource_package_uri":
		case "details":
			for _, f := range c.children {
				switch f.name {
				case "purpose":
					d.Purpose = f.trimmed()
				case "use":
					d.Use = f.trimmed()
				case "misuse":
					d.Misuse = f.trimmed()
				case "copyright":
					d.Copyright = f.trimmed()
				case "keywords":
					d.Keywords = r.list(f)
				case "original_resource_uri":
				case "other_details":
					d.ItemsDetails = r.dictionary(f)
				default:
					r.unknown(c, f)
				}
			}
		default:
			r.unknown(e, c)
		}
	}
}

func (r *reader) item(e *element) *Item {
	r.attributes(e, "archetype_id", "from_template", "template_id", "concept_name", "max", "min", "path", "name", "hide_on_form", "annotation")
	it := &Item{
		Class:       e.kind,
		ArchetypeID: e.attrs["archetype_id"],
		TemplateID:  e.attrs["template_id"],
		Path:        e.attrs["path"],
		Name:        e.attrs["name"],
		Min:         r.integer(e, "min"),
		Max:         r.integer(e, "max"),
		Hide:        r.boolean(e, "hide_on_form", false),
		Annotation:  e.attrs["annotation"],
		Line:        e.line,
	}
	if it.ArchetypeID == "" {
		r.fail(e, "element %s has no archetype_id", e.name)
	}
	for _, c := range e.children {
		switch c.name {
		case "Content", "Item", "Items", "description", "activityDescription", "OtherContext":
			it.Items = append(it.Items, r.item(c))
		case "Context":
			r.context(c, it)
		case "Rule":
			it.Rules = append(it.Rules, r.rule(c))
		case "nameConstraint":
			it.NameRule = r.constraint(c, "textConstraint")
		default:
			r.unknown(e, c)
		}
	}
	return it
}

func (r *reader) context(e *element, it *Item) {
	r.attributes(e, "annotation")
	for _, c := range e.children {
		switch c.name {
		case "Items", "OtherContext":
			it.Items = append(it.Items, r.item(c))
		case "Rule":
			it.Rules = append(it.Rules, r.rule(c))
		case "hide_on_form":
		default:
			r.unknown(e, c)
		}
	}
}

func (r *reader) rule(e *element) *Rule {
	r.attributes(e, "path", "max", "min", "exclusive", "default", "hide_on_form", "clone", "name", "annotation")
	rule := &Rule{
		Path:       e.attrs["path"],
		Name:       e.attrs["name"],
		Default:    e.attrs["default"],
		Annotation: e.attrs["annotation"],
		Min:        r.integer(e, "min"),
		Max:        r.integer(e, "max"),
		Clone:      r.boolean(e, "clone", false),
		Hide:       r.boolean(e, "hide_on_form", false),
		Line:       e.line,
	}
	if rule.Path == "" {
		r.fail(e, "Rule has no path")
	}
	for _, c := range e.children {
		switch c.name {
		case "constraint":
			rule.Value = r.constraint(c, c.kind)
		case "nameConstraint":
			rule.NameRule = r.constraint(c, "textConstraint")
		case "nullFlavourConstraint", "nullFlavorConstraint":
			rule.NullRule = r.constraint(c, "textConstraint")
		case "eventConstraint":
			rule.Event = r.event(c)
		default:
			r.unknown(e, c)
		}
	}
	return rule
}

func (r *reader) event(e *element) *EventConstraint {
	ev := &EventConstraint{}
	for _, c := range e.children {
		switch c.name {
		case "allowedType":
			ev.Type = c.trimmed()
		case "widthOrOffset":
			ev.Width = c.trimmed()
		case "includedAggregations":
			ev.Aggregations = append(ev.Aggregations, c.trimmed())
		default:
			r.unknown(e, c)
		}
	}
	return ev
}

// constraintKinds are the kinds of value constraints with the elements they have.
var constraintKinds = map[string][]string{
	"textConstraint":     {"termQueryId", "includedValues", "excludedValues"},
	"ordinalConstraint":  {"includedValues", "excludedValues"},
	"parsableConstraint": {"includedValues", "excludedValues"},
	"multipleConstraint": {"includedTypes", "valueTypeConstraints"},
	"dateConstraint":     {"maxDateTime", "minDateTime"},
	"quantityConstraint": {"includedUnits", "excludedUnits", "unitMagnitude"},
	"durationConstraint": {"pattern", "maxMagnitude", "minMagnitude", "includesMaximum", "includesMinimum"},
	"countConstraint":    {"maxMagnitude", "minMagnitude", "includesMaximum", "includesMinimum"},
}

func (r *reader) constraint(e *element, kind string) *Constraint {
	known, ok := constraintKinds[kind]
	if !ok {
		r.fail(e, "constraint of type %q is not supported", kind)
		return nil
	}
	r.attributes(e, "limitToList", "allowTerminologyLookUp", "valueType")
	c := &Constraint{
		Kind: kind, ValueType: e.attrs["valueType"], Line: e.line,
		LimitToList: r.boolean(e, "limitToList", kind == "textConstraint"),
	}
	values := map[string]string{}
	for _, f := range e.children {
		if !slices.Contains(known, f.name) {
			r.unknown(e, f)
			continue
		}
		switch f.name {
		case "includedValues", "includedUnits":
			c.Included = append(c.Included, f.trimmed())
		case "excludedValues", "excludedUnits":
			c.Excluded = append(c.Excluded, f.trimmed())
		case "includedTypes":
			c.Types = append(c.Types, f.trimmed())
		case "valueTypeConstraints":
			c.Nested = append(c.Nested, r.constraint(f, f.kind))
		case "termQueryId":
			r.attributes(f, "terminologyID", "terminologyLang", "queryName")
			c.Query = &Query{f.attrs["terminologyID"], f.attrs["terminologyLang"], f.attrs["queryName"]}
		case "unitMagnitude":
			c.Units = append(c.Units, r.unit(f))
		default:
			values[f.name] = f.trimmed()
		}
	}
	c.Pattern = values["pattern"]
	low, high := values["minMagnitude"], values["maxMagnitude"]
	if kind == "dateConstraint" {
		low, high = values["minDateTime"], values["maxDateTime"]
		values["includesMinimum"], values["includesMaximum"] = "true", "true"
	}
	c.Range = limits(low, high, values["includesMinimum"], values["includesMaximum"])
	return c
}

func limits(low, high, includesLow, includesHigh string) *archetypes.Interval {
	if low == "" && high == "" {
		return nil
	}
	return &archetypes.Interval{
		Lower: low, LowerUnbounded: low == "", LowerIncluded: low != "" && includesLow == "true",
		Upper: high, UpperUnbounded: high == "", UpperIncluded: high != "" && includesHigh == "true",
	}
}

func (r *reader) unit(e *element) UnitConstraint {
	values := map[string]string{}
	for _, f := range e.children {
		switch f.name {
		case "unit", "maxMagnitude", "minMagnitude", "precision", "includesMaximum", "includesMinimum":
			values[f.name] = f.trimmed()
		default:
			r.unknown(e, f)
		}
	}
	return UnitConstraint{
		Units:     values["unit"],
		Magnitude: limits(values["minMagnitude"], values["maxMagnitude"], values["includesMinimum"], values["includesMaximum"]),
		Precision: values["precision"],
	}
}
