package fhirmap

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Limits on a mapping file.
const (
	maxFileBytes = 1 << 20
	maxDepth     = 100
)

// ParseFile reads one mapping file strictly: a key that FHIR Connect does not
// define, or that this engine does not support, is a problem. All problems of
// the file are returned; the file is nil when its kind cannot be told.
func ParseFile(path string, data []byte) (*File, Problems) {
	p := &parser{path: path}
	if len(data) > maxFileBytes {
		p.at(nil, CodeYAML, "larger than %d bytes", maxFileBytes)
		return nil, p.problems
	}
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			p.at(nil, CodeYAML, "the file is empty or wholly commented out")
		} else {
			p.at(nil, CodeYAML, "not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		}
		return nil, p.problems
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		p.at(&more, CodeYAML, "a mapping file holds one YAML document")
		return nil, p.problems
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		p.at(&doc, CodeYAML, "the file holds no document")
		return nil, p.problems
	}
	if !p.plain(doc.Content[0], 0) {
		return nil, p.problems
	}
	f := p.file(doc.Content[0])
	if f != nil {
		f.sum = sha256.Sum256(data)
	}
	return f, p.problems
}

type parser struct {
	path     string
	problems Problems
}

func (p *parser) pos(n *yaml.Node) Position {
	if n == nil || n.Line == 0 {
		return Position{p.path, 1, 1}
	}
	return Position{p.path, n.Line, n.Column}
}

func (p *parser) at(n *yaml.Node, code, format string, args ...any) {
	p.problems = append(p.problems, Problem{p.pos(n), code, fmt.Sprintf(format, args...)})
}

func (p *parser) unsupported(key *yaml.Node) {
	p.problems = append(p.problems, Problem{p.pos(key), CodeUnsupported, "not supported: " + key.Value})
}

// plain refuses aliases, anchors and deep nesting, which a mapping never needs.
func (p *parser) plain(n *yaml.Node, depth int) bool {
	if depth > maxDepth {
		p.at(n, CodeYAML, "nested deeper than %d", maxDepth)
		return false
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		p.at(n, CodeYAML, "anchors and aliases are not allowed")
		return false
	}
	for _, c := range n.Content {
		if !p.plain(c, depth+1) {
			return false
		}
	}
	return true
}

// object is a YAML mapping whose keys have been checked.
type object struct {
	node   *yaml.Node
	keys   map[string]*yaml.Node
	values map[string]*yaml.Node
}

// hints are spellings met in practice and what the language calls them.
var hints = map[string]string{
	"openEHR": "openehr", "mapping": "mappings", "openEHRCondition": "openehrCondition",
	"undirectional": "unidirectional", "slotArchetypes": "slotArchetype", "openehrConfig": "openEhrConfig",
	"openEHRConfig": "openEhrConfig", "followedby": "followedBy",
}

// object checks that n is a mapping with known keys. Keys in unsupported are
// FHIR Connect but not of this engine.
func (p *parser) object(n *yaml.Node, what string, known, unsupported []string) (object, bool) {
	o := object{node: n, keys: map[string]*yaml.Node{}, values: map[string]*yaml.Node{}}
	if n.Kind != yaml.MappingNode {
		p.at(n, CodeStructure, "%s must be a mapping of keys", what)
		return o, false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			p.at(k, CodeStructure, "a key of %s must be a word", what)
			continue
		}
		if _, dup := o.keys[k.Value]; dup {
			p.at(k, CodeStructure, "%s has the key %q twice", what, k.Value)
			continue
		}
		switch {
		case slices.Contains(known, k.Value):
			if v.Kind == yaml.ScalarNode && v.Tag == "!!null" {
				p.at(k, CodeStructure, "%q of %s has no value", k.Value, what)
				continue
			}
			o.keys[k.Value], o.values[k.Value] = k, v
		case slices.Contains(unsupported, k.Value):
			o.keys[k.Value] = k
			p.unsupported(k)
		default:
			hint := ""
			if h := hints[k.Value]; h != "" {
				hint = fmt.Sprintf("; did you mean %q?", h)
			}
			p.at(k, CodeStructure, "%s has no key %q%s", what, k.Value, hint)
		}
	}
	return o, true
}

func (p *parser) text(o object, key string) Text {
	n := o.values[key]
	if n == nil {
		return Text{}
	}
	if n.Kind != yaml.ScalarNode {
		p.at(n, CodeStructure, "%q must be a string", key)
		return Text{}
	}
	if strings.TrimSpace(n.Value) == "" {
		p.at(n, CodeStructure, "%q is empty", key)
		return Text{}
	}
	return Text{p.pos(n), n.Value}
}

func (p *parser) need(o object, what string, keys ...string) {
	for _, k := range keys {
		if o.keys[k] == nil {
			p.at(o.node, CodeStructure, "%s needs %q", what, k)
		}
	}
}

func (p *parser) list(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		p.at(n, CodeStructure, "%s must be a list", what)
		return nil
	}
	return n.Content
}

// texts is a list of strings; a single string counts as a list of one when one
// is allowed.
func (p *parser) texts(n *yaml.Node, what string, single bool) []Text {
	if n == nil {
		return nil
	}
	if single && n.Kind == yaml.ScalarNode {
		return []Text{{p.pos(n), n.Value}}
	}
	var out []Text
	for _, c := range p.list(n, what) {
		if c.Kind != yaml.ScalarNode || c.Value == "" {
			p.at(c, CodeStructure, "%s must be strings", what)
			continue
		}
		out = append(out, Text{p.pos(c), c.Value})
	}
	return out
}

var grammarPattern = regexp.MustCompile(`^FHIRConnect/v([0-9]+)\.[0-9]+\.[0-9]+$`)

func (p *parser) file(n *yaml.Node) *File {
	o, ok := p.object(n, "a mapping file",
		[]string{"grammar", "type", "metadata", "spec", "preprocessor", "mappings", "context"}, nil)
	if !ok {
		return nil
	}
	p.need(o, "a mapping file", "grammar", "type", "metadata", "spec")
	f := &File{Path: p.path}
	grammar := p.text(o, "grammar")
	f.Grammar = grammar.Value
	if m := grammarPattern.FindStringSubmatch(f.Grammar); m == nil && f.Grammar != "" {
		p.at(o.values["grammar"], CodeStructure, "grammar must be FHIRConnect/vN.N.N")
	} else if m != nil && m[1] != "1" {
		p.at(o.values["grammar"], CodeUnsupported, "not supported: grammar %s; this engine reads FHIR Connect 1", f.Grammar)
	}
	f.Kind = FileKind(p.text(o, "type").Value)
	switch f.Kind {
	case ModelFile, ExtensionFile, ContextFile:
	case "":
		return nil
	default:
		p.at(o.values["type"], CodeStructure, "type must be model, extension or context")
		return nil
	}
	if v := o.values["metadata"]; v != nil {
		if m, ok := p.object(v, "metadata", []string{"name", "version"}, nil); ok {
			p.need(m, "metadata", "name", "version")
			f.Name, f.Version = p.text(m, "name"), p.text(m, "version").Value
		}
	}
	if v := o.values["spec"]; v != nil {
		p.spec(f, v)
	}
	if f.Kind == ContextFile {
		for _, key := range []string{"mappings", "preprocessor"} {
			if k := o.keys[key]; k != nil {
				p.at(k, CodeStructure, "a context file has no %q", key)
			}
		}
		p.need(o, "a context file", "context")
		if v := o.values["context"]; v != nil {
			f.Context = p.context(v)
		}
		return f
	}
	if k := o.keys["context"]; k != nil {
		p.at(k, CodeStructure, "only a context file has %q", "context")
	}
	if v := o.values["preprocessor"]; v != nil {
		if f.Kind == ExtensionFile {
			p.at(o.keys["preprocessor"], CodeUnsupported, "not supported: preprocessor in an extension")
		} else {
			p.preprocessor(f, v)
		}
	}
	p.need(o, "a file of type "+string(f.Kind), "mappings")
	if v := o.values["mappings"]; v != nil {
		f.Methods = p.methods(v, f.Kind == ExtensionFile)
	}
	return f
}

func (p *parser) spec(f *File, n *yaml.Node) {
	known := []string{"system", "version"}
	switch f.Kind {
	case ModelFile:
		known = append(known, "openEhrConfig", "fhirConfig")
	case ExtensionFile:
		known = append(known, "extends")
	}
	o, ok := p.object(n, "spec", known, []string{"conceptmap"})
	if !ok {
		return
	}
	p.need(o, "spec", known...)
	if s := p.text(o, "system"); s.Value != "" && s.Value != "FHIR" {
		p.at(o.values["system"], CodeStructure, "spec.system must be FHIR")
	}
	if s := p.text(o, "version"); s.Value != "" && s.Value != "R4" {
		p.at(o.values["version"], CodeUnsupported, "not supported: FHIR version %s", s.Value)
	}
	f.Extends = p.text(o, "extends")
	if v := o.values["openEhrConfig"]; v != nil {
		if c, ok := p.object(v, "openEhrConfig", []string{"archetype", "revision"}, nil); ok {
			p.need(c, "openEhrConfig", "archetype")
			f.Archetype, f.Revision = p.text(c, "archetype"), p.text(c, "revision").Value
		}
	}
	if v := o.values["fhirConfig"]; v != nil {
		if c, ok := p.object(v, "fhirConfig", []string{"structureDefinition"}, nil); ok {
			p.need(c, "fhirConfig", "structureDefinition")
			f.StructureDefinition = p.text(c, "structureDefinition")
		}
	}
}

func (p *parser) context(n *yaml.Node) *ContextRule {
	o, ok := p.object(n, "context", []string{"profile", "template", "archetypes", "extensions", "start"}, nil)
	if !ok {
		return nil
	}
	p.need(o, "context", "profile", "template", "archetypes", "start")
	c := &ContextRule{Start: p.text(o, "start")}
	if v := o.values["profile"]; v != nil {
		if q, ok := p.object(v, "profile", []string{"url", "version"}, nil); ok {
			p.need(q, "profile", "url")
			c.ProfileURL, c.ProfileVersion = p.text(q, "url").Value, p.text(q, "version").Value
		}
	}
	if v := o.values["template"]; v != nil {
		if q, ok := p.object(v, "template", []string{"id", "sem_ver"}, nil); ok {
			p.need(q, "template", "id")
			c.TemplateID, c.TemplateVersion = p.text(q, "id"), p.text(q, "sem_ver").Value
		}
	}
	c.Archetypes = p.texts(o.values["archetypes"], "archetypes", false)
	c.Extensions = p.texts(o.values["extensions"], "extensions", false)
	return c
}

func (p *parser) preprocessor(f *File, n *yaml.Node) {
	o, ok := p.object(n, "preprocessor", []string{"fhirCondition", "openehrCondition", "hierarchy"}, nil)
	if !ok {
		return
	}
	one := func(key string) *Condition {
		list := p.conditions(o.values[key], key)
		if len(list) > 1 {
			p.at(o.keys[key], CodeStructure, "the preprocessor has at most one %s", key)
		}
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	f.Condition, f.ReverseCondition = one("openehrCondition"), one("fhirCondition")
	if v := o.values["hierarchy"]; v != nil {
		f.Hierarchy = p.hierarchy(v)
	}
}

func (p *parser) hierarchy(n *yaml.Node) *Hierarchy {
	o, ok := p.object(n, "hierarchy", []string{"with", "split"}, nil)
	if !ok {
		return nil
	}
	p.need(o, "hierarchy", "with", "split")
	h := &Hierarchy{Position: p.pos(n)}
	if v := o.values["with"]; v != nil {
		if w, ok := p.object(v, "hierarchy.with", []string{"fhir", "openehr"}, nil); ok {
			p.need(w, "hierarchy.with", "fhir", "openehr")
			h.FHIR, h.OpenEHR = p.text(w, "fhir"), p.text(w, "openehr")
		}
	}
	if v := o.values["split"]; v != nil {
		if s, ok := p.object(v, "hierarchy.split", []string{"fhir"}, []string{"openehr"}); ok && s.values["fhir"] != nil {
			if c, ok := p.object(s.values["fhir"], "split.fhir", []string{"create"}, []string{"path", "unique"}); ok {
				p.need(c, "split.fhir", "create")
				h.Create = p.text(c, "create")
				if h.Create.Value != "" && h.Create.Value != "resource" {
					p.at(c.values["create"], CodeUnsupported, "not supported: split.fhir.create %q; only \"resource\" is", h.Create.Value)
				}
			}
		}
	}
	return h
}

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
var unsupportedMethods = []string{"conceptmap", "mappingCode", "link", "type"}

// staticTypes are the deprecated types of FHIR Connect before 1.0.
var staticTypes = []string{"QUANTITY", "DATETIME", "CODEABLECONCEPT", "CODING", "STRING", "DOSAGE", "ID", "IDENTIFIER", "PROPORTION"}

func (p *parser) method(n *yaml.Node, extension bool) *Method {
	known := []string{"name", "with", "openehrCondition", "fhirCondition", "unidirectional", "manual", "slotArchetype", "reference", "followedBy", "participationsFunction"}
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
	m := &Method{unsupported: unsupported, Position: p.pos(n), Name: p.text(o, "name").Value, Slot: p.text(o, "slotArchetype")}
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
	if f := p.text(o, "participationsFunction"); f.Value != "" {
		p.participation(m, f)
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
	m.Iterate = true
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
	case slices.Contains(staticTypes, t.Value):
		p.at(o.values["type"], CodeUnsupported, "not supported: type %s; FHIR Connect 1 derives types and keeps only NONE", t.Value)
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
