package oet

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
)

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
