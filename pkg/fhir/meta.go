package fhir

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/fhir/intake"
)

// meta adds a condition on an element of meta: its security labels, tags, source
// or profiles.
func (a *api) meta(q *Query, name string, modifier Modifier, p pair) error {
	token := name == "_security" || name == "_tag"
	f := Filter{Param: name, Kind: URI, Modifier: modifier}
	switch {
	case modifier == Missing:
		if p.value != "true" && p.value != "false" {
			return badParam(p.name, "is true or false")
		}
		f.Negate = p.value == "false"
	case modifier == "", token && modifier == Not, name == "_profile" && (modifier == Above || modifier == Below):
		err := a.values(&f, p, func(s string) (Value, error) {
			switch {
			case token:
				return tokenValue(pair{p.name, s})
			case modifier != "":
				s = strings.TrimRight(s, "/")
			}
			return Value{Code: unescape(s)}, nil
		})
		if err != nil {
			return err
		}
	default:
		return unsupportedModifier(p.name, string(modifier))
	}
	if !token {
		q.Meta = append(q.Meta, f)
		return nil
	}
	var t OfTemplates
	if name == "_security" && a.Labels.ByContent() {
		c := Labelled{Labels: &a.Labels, Values: f.Values, Not: modifier == Not || modifier == Missing && !f.Negate}
		if modifier == Missing {
			c.Values = []Value{{}}
		}
		q.Labelled = append(q.Labelled, c)
		return nil
	}
	switch {
	case name == "_security" && modifier == Missing:
		t = a.Labels.having([]Value{{}})
	case name == "_security":
		t = a.Labels.having(f.Values)
	case modifier == Missing:
		t.Any = true
	default:
		t = tagged(f.Values)
	}
	if modifier == Not || modifier == Missing && !f.Negate {
		t.Not = !t.Not
	}
	q.Templates = append(q.Templates, t)
	return nil
}

// tagged is which resources have a tag that one of the values names: the only one
// that a resource can have is the template of its source.
func tagged(values []Value) OfTemplates {
	t := OfTemplates{IDs: []string{}}
	for _, v := range values {
		switch {
		case v.HasSystem && v.System != intake.TemplateSystem:
		case v.Code == "":
			t.Any = true
		case taggable(v.Code):
			t.IDs = append(t.IDs, v.Code)
		}
	}
	slices.Sort(t.IDs)
	return t
}

// taggable reports whether the id of a template can be a code. Ids with spaces at
// their ends, or several in a row, cannot.
func taggable(id string) bool { return id != "" && r4.ValidPrimitive("code", id) }
