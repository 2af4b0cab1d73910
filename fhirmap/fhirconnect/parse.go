package fhirconnect

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
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
	if strings.HasSuffix(path, conceptmap.Suffix) {
		return parseConceptMap(path, data)
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
		f.Sum = sha256.Sum256(data)
	}
	return f, p.problems
}

// parseConceptMap reads a file with a ConceptMap.
func parseConceptMap(path string, data []byte) (*File, Problems) {
	pos := Position{path, 1, 1}
	m, faults := conceptmap.Parse(data)
	var problems Problems
	for _, err := range faults {
		code := CodeStructure
		switch {
		case errors.Is(err, conceptmap.ErrSyntax):
			code = CodeYAML
		case errors.Is(err, conceptmap.ErrUnsupported):
			code = CodeUnsupported
		}
		problems = append(problems, Problem{pos, code, err.Error()})
	}
	if m == nil {
		return nil, problems
	}
	return &File{Path: path, Kind: ConceptMapFile, Name: Text{pos, m.URL}, Version: m.Version, ConceptMap: m, Sum: sha256.Sum256(data)}, problems
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

// reasons say why this engine does not have a key.
var reasons = map[string]string{
	"path":        "the path of hierarchy.with says what is split",
	"identifying": "it is in the published schema, and nothing says what it means",
	"value":       "it is in the published schema, and nothing says what it means; constants stand in manual",
	"type":        "it is not in FHIR Connect 1.0",
}

func (p *parser) unsupported(key *yaml.Node) {
	text := "not supported: " + key.Value
	if why := reasons[key.Value]; why != "" {
		text += ": " + why
	}
	p.problems = append(p.problems, Problem{p.pos(key), CodeUnsupported, text})
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
	must := known
	if f.Kind != ContextFile {
		known = append(slices.Clone(known), "conceptmap")
	}
	o, ok := p.object(n, "spec", known, nil)
	if !ok {
		return
	}
	p.need(o, "spec", must...)
	f.ConceptMapURL = p.text(o, "conceptmap")
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
		s, ok := p.object(v, "hierarchy.split", []string{"fhir", "openehr"}, nil)
		if ok && s.values["openehr"] != nil {
			if c, ok := p.object(s.values["openehr"], "split.openehr", []string{"create", "path", "unique"}, nil); ok {
				p.need(c, "split.openehr", "create", "path")
				h.Back = &SplitBack{Position: p.pos(s.keys["openehr"]), Create: p.text(c, "create"), Path: p.text(c, "path"), Unique: p.texts(c.values["unique"], "unique", true)}
				if h.Back.Create.Value != "" && h.Back.Create.Value != "event" {
					p.at(c.values["create"], CodeUnsupported, "not supported: split.openehr.create %q; FHIR Connect has only \"event\"", h.Back.Create.Value)
				}
			}
		}
		if ok && s.values["fhir"] != nil {
			if c, ok := p.object(s.values["fhir"], "split.fhir", []string{"create", "unique"}, []string{"path"}); ok {
				p.need(c, "split.fhir", "create")
				h.Unique = p.texts(c.values["unique"], "unique", true)
				h.Create = p.text(c, "create")
				if h.Create.Value != "" && h.Create.Value != "resource" {
					p.at(c.values["create"], CodeUnsupported, "not supported: split.fhir.create %q; only \"resource\" is", h.Create.Value)
				}
			}
		}
	}
	return h
}
