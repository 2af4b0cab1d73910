package templates

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ReadOPT reads an operational template in the OPT 1.4 XML form and compiles
// it. The data is kept by the template and must not be changed afterwards.
//
// A document that cannot be used gives an *errs.Error of kind Invalid (TooLarge
// for one above the size limit) whose Detail is the list of all []rm.Problem
// found, each with the line in its message and the path of XML elements. What
// real templates get wrong without harm is tolerated and noted, see
// Template.Notes.
func ReadOPT(data []byte, lim Limits) (*Template, error) {
	const op = "templates.ReadOPT"
	lim = lim.withDefaults()
	if len(data) > lim.Bytes {
		return nil, errs.New(errs.TooLarge, op, "template is larger than "+strconv.Itoa(lim.Bytes)+" bytes")
	}
	r := &reader{cursor: newCursor(data, lim)}
	raw, err := r.document()
	if err == nil || errors.Is(err, errStop) {
		if problems := r.problems.Problems(); len(problems) > 0 {
			return nil, invalid(op, problems)
		}
	}
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "template cannot be read", err)
	}
	t, problems := compile(raw, lim)
	if len(problems) > 0 {
		return nil, invalid(op, problems)
	}
	t.Notes = append(r.notes, t.Notes...)
	t.raw = data
	return t, nil
}

// ReadOPTFrom is ReadOPT on a stream.
func ReadOPTFrom(src io.Reader, lim Limits) (*Template, error) {
	lim = lim.withDefaults()
	data, err := io.ReadAll(io.LimitReader(src, int64(lim.Bytes)+1))
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, "templates.ReadOPT", "template cannot be read", err)
	}
	return ReadOPT(data, lim)
}

func invalid(op string, problems []rm.Problem) error {
	msg := "template is not a valid OPT 1.4: " + problems[0].Message
	if n := len(problems); n > 1 {
		msg += " (and " + strconv.Itoa(n-1) + " more)"
	}
	return &errs.Error{Op: op, Kind: errs.Invalid, Code: problems[0].Code, Msg: msg, Detail: problems}
}

// rawTemplate, rawObject and rawAttribute are the document as read, before
// anything is known of the RM.
type rawTemplate struct {
	Template
	definition *rawObject
	ontologies []rawOntology
}

type rawObject struct {
	line                   int
	xmlType                string
	typeName, nodeID       string
	occurrences            *Interval
	archetypeID, template  string
	attributes             []*rawAttribute
	terms                  map[string]*Term
	bindings               map[string][]Code
	includes, excludes     []*Assertion
	reference, targetPath  string
	item                   Constraint
	hasItem, hasCodes      bool
	list                   []rawListItem
	property               Code
	terminology            string
	codes                  []string
	referenceSet           string
	assumed                *rm.Node
	states                 []string
	hasProperty, hasStates bool
}

type rawAttribute struct {
	line        int
	xmlType     string
	name        string
	existence   *Interval
	cardinality *Cardinality
	children    []*rawObject
}

// rawListItem is a member of the list of a C_DV_QUANTITY, C_DV_ORDINAL or
// C_DV_SCALE.
type rawListItem struct {
	line      int
	units     string
	magnitude *Bounds[float64]
	precision *Bounds[int64]
	value     string
	symbol    Code
	text      string
}

type rawOntology struct {
	archetypeID string
	terms       map[string]map[string]*Term
	bindings    map[string][]Code
	constraints map[string][]string
}

type reader struct {
	*cursor
	objects int
}

func (r *reader) document() (*rawTemplate, error) {
	root, err := r.root()
	if err != nil {
		return nil, err
	}
	if root.name != "template" {
		r.problem(CodeElement, root.line, "the document element is %s, not template", root.name)
		return nil, errStop
	}
	t := &rawTemplate{}
	var seen map[string]bool
	err = r.children(func(e *element) (err error) {
		switch e.name {
		case "component_ontologies", "annotations":
		default:
			r.once(&seen, e)
		}
		switch e.name {
		case "language":
			var code Code
			code, err = r.codePhrase()
			t.Language = code.Code
		case "description":
			err = r.description(&t.Description)
		case "uid":
			t.UID, err = r.nested()
		case "template_id":
			t.ID, err = r.nested()
		case "concept":
			t.Concept, err = r.value()
		case "definition":
			if e.typ == "" {
				e.typ = "C_ARCHETYPE_ROOT"
			}
			t.definition, err = r.object(e)
		case "ontology", "component_ontologies":
			var o rawOntology
			o, err = r.ontology(e)
			t.ontologies = append(t.ontologies, o)
		case "annotations":
			var items []KeyValue
			items, err = r.dictionary("items")
			t.Annotations = append(t.Annotations, Annotation{e.attribute("path"), items})
		case "constraints":
			err = r.defaults(&t.Template)
		case "view":
			err = r.view(&t.Template)
		case "is_controlled", "revision_history", "adl_version", "rm_release", "is_generated", "build_uid", "translations":
			// No meaning for validation; kept in the raw document.
		default:
			r.unknown(e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.open = append(r.open[:0], "template")
	for _, m := range []struct{ name, value string }{
		{"language", t.Language}, {"template_id", t.ID}, {"concept", t.Concept},
	} {
		if m.value == "" {
			r.problem(CodeMissing, root.line, "element %s is missing or empty", m.name)
		}
	}
	if t.definition == nil {
		r.problem(CodeMissing, root.line, "element definition is missing")
	}
	return t, r.end()
}

// codePhrase reads terminology_id/value and code_string.
func (r *reader) codePhrase() (Code, error) {
	var c Code
	err := r.children(func(e *element) (err error) {
		switch e.name {
		case "terminology_id":
			c.Terminology, err = r.nested()
		case "code_string":
			c.Code, err = r.value()
		case "preferred_term":
		default:
			r.unknown(e)
		}
		return err
	})
	return c, err
}

// dictionary reads the entries <name id="key">value</name> of the open element.
func (r *reader) dictionary(name string) ([]KeyValue, error) {
	var items []KeyValue
	err := r.children(func(e *element) error {
		if e.name != name {
			r.unknown(e)
			return nil
		}
		v, err := r.value()
		items = append(items, KeyValue{r.intern([]byte(e.attribute("id"))), v})
		return err
	})
	return items, err
}

func (r *reader) description(d *Description) error {
	return r.mixed(func(e *element) (err error) {
		switch e.name {
		case "lifecycle_state":
			d.LifecycleState, err = r.value()
		case "original_author":
			var v string
			v, err = r.value()
			d.OriginalAuthor = append(d.OriginalAuthor, KeyValue{e.attribute("id"), v})
		case "other_details":
			var v string
			v, err = r.value()
			d.OtherDetails = append(d.OtherDetails, KeyValue{e.attribute("id"), v})
		case "details":
			var detail DescriptionDetail
			detail, err = r.descriptionDetail()
			d.Details = append(d.Details, detail)
		}
		return err
	}, func([]byte) {})
}

func (r *reader) descriptionDetail() (DescriptionDetail, error) {
	var d DescriptionDetail
	err := r.mixed(func(e *element) (err error) {
		switch e.name {
		case "language":
			var c Code
			c, err = r.codePhrase()
			d.Language = c.Code
		case "purpose":
			d.Purpose, err = r.value()
		case "use":
			d.Use, err = r.value()
		case "misuse":
			d.Misuse, err = r.value()
		case "copyright":
			d.Copyright, err = r.value()
		case "keywords":
			var k string
			k, err = r.value()
			d.Keywords = append(d.Keywords, k)
		}
		return err
	}, func([]byte) {})
	return d, err
}

// defaults reads a T_CONSTRAINT: default values by path.
func (r *reader) defaults(t *Template) error {
	return r.children(func(e *element) error {
		if e.name != "attributes" {
			r.unknown(e)
			return nil
		}
		var d Default
		var values []*rm.Node
		err := r.children(func(e *element) (err error) {
			switch e.name {
			case "rm_attribute_name":
				d.Attribute, err = r.value()
			case "differential_path":
				d.Path, err = r.value()
			case "children":
				err = r.children(func(e *element) error {
					if e.name != "default_value" {
						return nil
					}
					v, err := r.instance(e, nil)
					if v != nil {
						values = append(values, v)
					}
					return err
				})
			case "existence", "cardinality", "match_negated":
			default:
				r.unknown(e)
			}
			return err
		})
		for _, v := range values {
			d.Value = v
			t.Defaults = append(t.Defaults, d)
		}
		return err
	})
}

// view reads a T_VIEW: hints for user interfaces by path.
func (r *reader) view(t *Template) error {
	return r.children(func(e *element) error {
		if e.name != "constraints" {
			r.unknown(e)
			return nil
		}
		path := e.attribute("path")
		return r.children(func(e *element) error {
			if e.name != "items" {
				r.unknown(e)
				return nil
			}
			v, err := r.nested()
			t.View = append(t.View, ViewItem{path, e.attribute("id"), v})
			return err
		})
	})
}

// ontology reads the terms of one archetype in several languages.
func (r *reader) ontology(e *element) (rawOntology, error) {
	o := rawOntology{
		archetypeID: e.attribute("archetype_id"), terms: map[string]map[string]*Term{},
		bindings: map[string][]Code{}, constraints: map[string][]string{},
	}
	err := r.children(func(e *element) error {
		switch e.name {
		case "term_definitions", "constraint_definitions":
			lang := e.attribute("language")
			terms := o.terms[lang]
			if terms == nil {
				terms = map[string]*Term{}
				o.terms[lang] = terms
			}
			return r.children(func(e *element) error {
				if e.name != "items" {
					r.unknown(e)
					return nil
				}
				return r.term(e, terms)
			})
		case "term_bindings":
			return r.bindings(o.bindings)
		case "constraint_bindings":
			return r.children(func(e *element) error {
				if e.name != "items" {
					r.unknown(e)
					return nil
				}
				uri, err := r.nested()
				code := e.attribute("code")
				o.constraints[code] = append(o.constraints[code], uri)
				return err
			})
		}
		r.unknown(e)
		return nil
	})
	return o, err
}

// term reads an ARCHETYPE_TERM, whose code is an XML attribute of the element.
func (r *reader) term(e *element, into map[string]*Term) error {
	items, err := r.dictionary("items")
	if err != nil {
		return err
	}
	t := &Term{}
	for _, i := range items {
		switch i.Key {
		case "text":
			t.Text = i.Value
		case "description":
			t.Description = i.Value
		default:
			t.Other = append(t.Other, i)
		}
	}
	into[r.intern([]byte(e.attribute("code")))] = t
	return nil
}

// bindings reads a TermBindingSet.
func (r *reader) bindings(into map[string][]Code) error {
	return r.children(func(e *element) error {
		if e.name != "items" {
			r.unknown(e)
			return nil
		}
		code := e.attribute("code")
		return r.children(func(e *element) error {
			if e.name != "value" {
				r.unknown(e)
				return nil
			}
			c, err := r.codePhrase()
			into[code] = append(into[code], c)
			return err
		})
	})
}

// instance reads an RM value, as default_value and assumed_value hold. The
// class is that of the xsi:type, else the one given; a value of no known class
// is skipped with a note.
func (r *reader) instance(e *element, class *rm.Class) (*rm.Node, error) {
	if e.typ != "" {
		class = rm.Lookup(e.typ)
	}
	if class == nil {
		r.note(e.line, "value of unknown type %s", e.typ)
		return nil, r.skip()
	}
	n := &rm.Node{Class: class}
	if class.Primitive != rm.NotPrimitive {
		var err error
		n.Text, err = r.value()
		return n, err
	}
	items := map[*rm.Attribute][]*rm.Node{}
	err := r.mixed(func(e *element) error {
		def := class.Attribute(e.name)
		if def == nil {
			r.note(e.line, "%s has no attribute %s", class.Name, e.name)
			return nil
		}
		v, err := r.instance(e, def.Type)
		if v != nil {
			items[def] = append(items[def], v)
		}
		return err
	}, func(b []byte) {
		if len(bytes.TrimSpace(b)) > 0 {
			r.note(r.line(), "text inside a %s", class.Name)
		}
	})
	for _, def := range class.Attributes() {
		if v := items[def]; v != nil {
			n.Attrs = append(n.Attrs, rm.Attr{Def: def, Items: v})
		}
	}
	return n, err
}
