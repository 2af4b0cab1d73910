package fhirconnect

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

func (p *parser) methods(n *yaml.Node, extension bool) []*Method {
	var out []*Method
	seen := map[string]bool{}
	for _, c := range p.list(n, "mappings") {
		m := p.method(c, extension)
		if m == nil {
			continue
		}
		if seen[m.Name] && !extension {
			p.at(c, CodeDuplicate, "two mapping methods on one level are named %q", m.Name)
		}
		seen[m.Name] = true
		out = append(out, m)
	}
	return out
}

// unsupportedMethods are keys of a method that this engine does not have.
var unsupportedMethods = []string{"type"}

// staticTypes are the types of FHIR Connect before 1.0, which are deprecated: types
// are derived, and a static one can only agree with them.
var staticTypes = []string{"QUANTITY", "DATETIME", "CODEABLECONCEPT", "CODING", "STRING", "DOSAGE", "ID", "IDENTIFIER", "PROPORTION"}

func (p *parser) method(n *yaml.Node, extension bool) *Method {
	known := []string{"name", "with", "openehrCondition", "fhirCondition", "unidirectional", "manual", "slotArchetype", "reference", "followedBy", "participationsFunction", "conceptmap", "mappingCode", "link"}
	if extension {
		known = append(known, "extension", "appendTo")
	}
	o, ok := p.object(n, "a mapping method", known, unsupportedMethods)
	if !ok {
		return nil
	}
	unsupported := false
	p.need(o, "a mapping method", "name")
	for _, key := range unsupportedMethods {
		if k := o.keys[key]; k != nil && o.values[key] == nil {
			unsupported = true
		}
	}
	m := &Method{Unsupported: unsupported, Position: p.pos(n), Name: p.text(o, "name").Value, Slot: p.text(o, "slotArchetype"), ConceptMap: p.text(o, "conceptmap"), Code: p.text(o, "mappingCode")}
	if v := o.values["with"]; v != nil {
		p.with(m, v)
	}
	m.Conditions = p.conditions(o.values["openehrCondition"], "openehrCondition")
	m.ReverseConditions = p.conditions(o.values["fhirCondition"], "fhirCondition")
	switch d := p.text(o, "unidirectional"); d.Value {
	case "":
	case "openehr->fhir":
		m.Direction = ToFHIR
	case "fhir->openehr":
		m.Direction = ToOpenEHR
	default:
		p.at(o.values["unidirectional"], CodeStructure, "unidirectional must be %q or %q", "openehr->fhir", "fhir->openehr")
	}
	for _, c := range p.list(o.values["manual"], "manual") {
		if man := p.manual(c); man != nil {
			m.Manual = append(m.Manual, man)
		}
	}
	if v := o.values["followedBy"]; v != nil {
		if fb, ok := p.object(v, "followedBy", []string{"mappings"}, nil); ok {
			p.need(fb, "followedBy", "mappings")
			if c := fb.values["mappings"]; c != nil {
				m.Children = p.methods(c, false)
			}
		}
	}
	if v := o.values["reference"]; v != nil {
		if r, ok := p.object(v, "reference", []string{"resourceType", "mappings"}, nil); ok {
			p.need(r, "reference", "resourceType", "mappings")
			m.Reference = &Reference{Position: p.pos(o.keys["reference"]), ResourceType: p.text(r, "resourceType")}
			if c := r.values["mappings"]; c != nil {
				m.Reference.Methods = p.methods(c, false)
			}
		}
		if m.Slot.Value != "" || len(m.Manual) > 0 {
			p.at(o.keys["reference"], CodeStructure, "reference excludes slotArchetype and manual")
		}
	}
	if v := o.values["link"]; v != nil {
		p.link(m, o, v)
	}
	if f := p.text(o, "participationsFunction"); f.Value != "" {
		p.participation(m, f)
	}
	if m.Code.Value != "" && (m.FHIR.Value == "" || m.OpenEHR.Value == "" || m.Iterate || m.Slot.Value != "" || m.Reference != nil ||
		len(m.Manual)+len(m.Children) > 0 || m.ConceptMap.Value != "") {
		p.at(o.keys["mappingCode"], CodeStructure, "mappingCode needs both paths, and excludes NONE, slotArchetype, reference, manual, conceptmap, participationsFunction and followedBy")
	}
	if extension {
		p.change(m, o)
	}
	if o.keys["with"] == nil && m.Change != "append" {
		p.at(n, CodeStructure, "the mapping method %q needs %q", m.Name, "with")
	}
	if m.Slot.Value != "" && len(m.Manual) > 0 {
		p.at(o.keys["manual"], CodeStructure, "slotArchetype and manual exclude each other")
	}
	return m
}

// link is the key link: meaning and type are those of the LINKs meant.
func (p *parser) link(m *Method, o object, n *yaml.Node) {
	l, ok := p.object(n, "link", []string{"meaning", "type"}, nil)
	if !ok {
		return
	}
	p.need(l, "link", "meaning", "type")
	m.Link = &Link{Position: p.pos(o.keys["link"]), Meaning: p.text(l, "meaning"), Type: p.text(l, "type")}
	if m.FHIR.Value == "" || m.OpenEHR.Value == "" || m.Iterate || m.Slot.Value != "" || m.Reference != nil || m.Code.Value != "" ||
		m.ConceptMap.Value != "" || o.keys["participationsFunction"] != nil || len(m.Manual) > 0 {
		p.at(o.keys["link"], CodeStructure, "link needs both paths, and excludes NONE, slotArchetype, reference, manual, conceptmap, mappingCode and participationsFunction")
	}
}

// participation is the key participationsFunction: of the participations at the
// openEHR path those with the function are meant, and of each the performer.
func (p *parser) participation(m *Method, function Text) {
	if m.OpenEHR.Value == "" || m.FHIR.Value == "" || m.Iterate || m.Slot.Value != "" || m.Reference != nil || len(m.Manual) > 0 {
		p.problems = append(p.problems, Problem{
			function.Position, CodeStructure,
			"participationsFunction needs both paths, and excludes NONE, slotArchetype, reference and manual",
		})
		return
	}
	at := func(value string) Text { return Text{function.Position, value} }
	m.Conditions = append(m.Conditions, &Condition{
		Position: function.Position, Root: m.OpenEHR, Attributes: []Text{at("function/value")}, Operator: OneOf, Criteria: []Text{function},
	})
	m.Iterate, m.Function = true, function.Value
	m.Children = append([]*Method{{
		Position: m.Position, Name: m.Name + " performer", FHIR: at("$fhirRoot"), OpenEHR: at("performer"), Direction: m.Direction,
	}}, m.Children...)
}

func (p *parser) change(m *Method, o object) {
	change := p.text(o, "extension")
	m.Change, m.AppendTo = change.Value, p.text(o, "appendTo")
	switch m.Change {
	case "add", "overwrite":
		if m.AppendTo.Value != "" {
			p.at(o.keys["appendTo"], CodeStructure, "appendTo goes with extension append")
		}
	case "append":
		if m.AppendTo.Value == "" {
			p.at(o.node, CodeStructure, "extension append needs %q", "appendTo")
		}
		if len(m.Children) == 0 {
			p.at(o.node, CodeStructure, "extension append needs %q with the methods to append", "followedBy")
		}
	case "":
		p.at(o.node, CodeStructure, "a method of an extension file needs %q: add, append or overwrite", "extension")
	default:
		p.at(o.values["extension"], CodeStructure, "extension must be add, append or overwrite")
	}
}

func (p *parser) with(m *Method, n *yaml.Node) {
	o, ok := p.object(n, "with", []string{"fhir", "openehr", "type"}, []string{"value"})
	if !ok {
		return
	}
	m.FHIR, m.OpenEHR = p.text(o, "fhir"), p.text(o, "openehr")
	if o.keys["fhir"] == nil && o.keys["openehr"] == nil {
		p.at(n, CodeStructure, "with needs %q or %q", "fhir", "openehr")
	}
	switch t := p.text(o, "type"); {
	case t.Value == "":
	case t.Value == "NONE":
		m.Iterate = true
	case t.Value == "DOSAGE":
		p.at(o.values["type"], CodeUnsupported, "not supported: type DOSAGE; FHIR Connect 1 does not say what it converts")
	case slices.Contains(staticTypes, t.Value):
		m.Static = t
	default:
		p.at(o.values["type"], CodeStructure, "type must be NONE")
	}
}

func (p *parser) manual(n *yaml.Node) *Manual {
	o, ok := p.object(n, "manual", []string{"name", "fhir", "openehr", "openehrCondition", "fhirCondition"}, nil)
	if !ok {
		return nil
	}
	p.need(o, "manual", "name")
	m := &Manual{Position: p.pos(n), Name: p.text(o, "name").Value, HasFHIR: o.keys["fhir"] != nil}
	m.FHIR = p.assignments(o.values["fhir"], "fhir")
	m.OpenEHR = p.assignments(o.values["openehr"], "openehr")
	m.Conditions = p.conditions(o.values["openehrCondition"], "openehrCondition")
	m.ReverseConditions = p.conditions(o.values["fhirCondition"], "fhirCondition")
	if o.keys["fhir"] == nil && o.keys["openehr"] == nil {
		p.at(n, CodeStructure, "manual needs %q or %q", "fhir", "openehr")
	}
	return m
}

func (p *parser) assignments(n *yaml.Node, what string) []Assignment {
	var out []Assignment
	for _, c := range p.list(n, what) {
		o, ok := p.object(c, "an assignment", []string{"path", "value"}, nil)
		if !ok {
			continue
		}
		p.need(o, "an assignment", "path", "value")
		out = append(out, Assignment{p.text(o, "path"), p.text(o, "value")})
	}
	return out
}

// conditions reads one condition or a list of them.
func (p *parser) conditions(n *yaml.Node, what string) []*Condition {
	if n == nil {
		return nil
	}
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	var out []*Condition
	for _, c := range list {
		if cond := p.condition(c, what); cond != nil {
			out = append(out, cond)
		}
	}
	return out
}

func (p *parser) condition(n *yaml.Node, what string) *Condition {
	o, ok := p.object(n, what, []string{"targetRoot", "targetAttribute", "targetAttributes", "operator", "criteria", "criterias"}, []string{"identifying"})
	if !ok {
		return nil
	}
	p.need(o, what, "targetRoot", "operator")
	c := &Condition{Position: p.pos(n), Root: p.text(o, "targetRoot"), Operator: Operator(p.text(o, "operator").Value)}
	if a := p.text(o, "targetAttribute"); a.Value != "" {
		c.Attributes = append(c.Attributes, a)
	}
	if v := o.values["targetAttributes"]; v != nil {
		if len(c.Attributes) > 0 {
			p.at(o.keys["targetAttributes"], CodeStructure, "targetAttribute and targetAttributes exclude each other")
		}
		c.Attributes = p.texts(v, "targetAttributes", false)
	}
	c.Criteria = p.texts(o.values["criteria"], "criteria", true)
	criteria := o.keys["criteria"]
	if v := o.values["criterias"]; v != nil { // the published schema's name for the list form
		if criteria != nil {
			p.at(v, CodeStructure, "criteria and criterias exclude each other")
		}
		criteria, c.Criteria = o.keys["criterias"], p.texts(v, "criterias", false)
	}
	for _, crit := range c.Criteria {
		if strings.HasPrefix(crit.Value, "[") && strings.HasSuffix(crit.Value, "]") {
			p.problems = append(p.problems, Problem{crit.Position, CodeStructure, "criteria in brackets are text, not a list; write a YAML list"})
		}
	}
	switch c.Operator {
	case OneOf, NotOf, IsType:
		if criteria == nil {
			p.at(n, CodeStructure, "the operator %q needs %q", c.Operator, "criteria")
		}
	case Empty, NotEmpty:
		if k := criteria; k != nil {
			p.at(k, CodeStructure, "the operator %q takes no criteria", c.Operator)
		}
	case "":
		return nil
	default:
		p.at(o.values["operator"], CodeStructure, "operator must be one of, not of, empty, not empty or type, not %q", c.Operator)
	}
	return c
}
