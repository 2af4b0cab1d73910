package local

import (
	"bytes"
	"slices"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// What is longer is shown without its lists of codes or mappings, which would stay
// in memory as text.
const (
	MaxShownConcepts = 1000
	MaxShownBytes    = 1 << 20
)

var _ terminology.Catalogue = (*Set)(nil)

// Definitions implements terminology.Catalogue: what was loaded, and of the openEHR
// terminology its code system, with the value sets of its groups and code sets.
func (s *Set) Definitions(kind string) []*terminology.Definition {
	own := ofOpenEHR()[Kind(kind)]
	return slices.Concat(own, s.shown[Kind(kind)])
}

// definition is what is shown of a resource.
func (r *Resource) definition() (*terminology.Definition, error) {
	d := &terminology.Definition{
		Kind: string(r.Kind), URL: r.URL, Version: r.Version, Name: r.Name, Title: r.Title, Concepts: r.Concepts,
		JSON: r.JSON, Revision: r.Revision, Loaded: r.Loaded,
	}
	var h header
	switch r.Kind {
	case CodeSystem:
		h, d.Content = r.system.header, r.system.Content
	case ValueSet:
		h = r.set.header
		if c := r.set.Compose; c != nil {
			for i := range c.Include {
				d.Systems = addNew(d.Systems, c.Include[i].System)
			}
		}
	case ConceptMap:
		h = r.mapped.header
		for _, g := range r.mapped.Group {
			d.Sources, d.Targets = addNew(d.Sources, g.Source), addNew(d.Targets, g.Target)
		}
	}
	d.Status, d.Identifiers = h.Status, identifiers(h.Identifier)
	if r.Concepts <= MaxShownConcepts && len(r.JSON) <= MaxShownBytes {
		return d, nil
	}
	var err error
	if d.JSON, err = r.outline(); err != nil {
		return nil, err
	}
	d.Partial = true
	if r.Kind == CodeSystem {
		d.Content = "not-present"
	}
	return d, nil
}

func addNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// identifiers reads Identifier elements: one, or a list. What is neither has none.
func identifiers(v jsontext.Value) (out []terminology.Code) {
	type identifier struct {
		System string `json:"system"`
		Value  string `json:"value"`
	}
	var list []identifier
	switch v.Kind() {
	case '[':
		if json.Unmarshal(v, &list) != nil {
			return nil
		}
	case '{':
		list = make([]identifier, 1)
		if json.Unmarshal(v, &list[0]) != nil {
			return nil
		}
	}
	for _, i := range list {
		if i.System != "" || i.Value != "" {
			out = append(out, terminology.Code{System: i.System, Code: i.Value})
		}
	}
	return out
}

// outlined are the elements that are not shown of what is too long: the lists, and
// what may be as long.
var outlined = map[Kind][]string{
	CodeSystem: {"concept", "content", "count", "text", "contained"},
	ValueSet:   {"compose", "expansion", "text", "contained"},
	ConceptMap: {"group", "text", "contained"},
}

// outline is the resource without its lists. A code system says that they are not
// there and, if the resource says it or lists all, how many concepts it has.
func (r *Resource) outline() ([]byte, error) {
	const op = "local.outline"
	dec := jsontext.NewDecoder(bytes.NewReader(r.JSON))
	if _, err := dec.ReadToken(); err != nil {
		return nil, errs.Wrap(errs.Internal, op, "", err)
	}
	out := []byte{'{'}
	member := func(name string, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = strconv.AppendQuote(out, name)
		out = append(append(out, ':'), value...)
	}
	count := ""
	if r.Kind == CodeSystem && r.system.Content == "complete" {
		count = strconv.Itoa(r.Concepts)
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "", err)
		}
		text := name.String()
		value, err := dec.ReadValue()
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "", err)
		}
		if text == "count" && value.Kind() == '0' {
			count = string(value)
		}
		if !slices.Contains(outlined[r.Kind], text) && isElement(text) && len(value) <= MaxShownBytes {
			member(text, value)
		}
	}
	if r.Kind == CodeSystem {
		member("content", []byte(`"not-present"`))
		if count != "" {
			member("count", []byte(count))
		}
	}
	return append(out, '}'), nil
}

// isElement reports whether a name can be that of a FHIR element.
func isElement(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return name != ""
}

// ofOpenEHR are the definitions of the openEHR terminology.
var ofOpenEHR = sync.OnceValue(func() map[Kind][]*terminology.Definition {
	out := map[Kind][]*terminology.Definition{}
	for _, doc := range append(openEHRValueSets(), openEHRSystem()) {
		text, err := json.Marshal(doc)
		if err != nil {
			panic("local: " + err.Error()) // plain structures can always be marshalled
		}
		list, err := Parse(text, Limits{})
		if err != nil {
			panic("local: " + err.Error())
		}
		d, err := list[0].definition()
		if err != nil {
			panic("local: " + err.Error())
		}
		if list[0].Kind == CodeSystem {
			d.Has = func(code string) bool { _, ok := terminology.OpenEHR.AnyRubric(code); return ok }
		}
		out[list[0].Kind] = append(out[list[0].Kind], d)
	}
	return out
})

// openEHRSystem is the openEHR terminology as a CodeSystem: its vocabulary groups. A
// code that several groups have is one concept, whose display is that of the first.
func openEHRSystem() map[string]any {
	var concepts []any
	seen := map[string]bool{}
	for _, g := range terminology.OpenEHR.Groups() {
		for _, code := range g.Codes() {
			c, err := lookupOpenEHR(terminology.Code{Code: code})
			if err != nil || seen[code] {
				continue
			}
			seen[code] = true
			doc := map[string]any{"code": code, "display": c.Display}
			var properties, designations []any
			for _, p := range c.Properties {
				properties = append(properties, map[string]any{"code": p.Name, "valueCode": p.Value})
			}
			told := map[string]bool{"en " + c.Display: true}
			for _, d := range c.Designations {
				if !told[d.Language+" "+d.Value] {
					told[d.Language+" "+d.Value] = true
					designations = append(designations, map[string]any{"language": d.Language, "value": d.Value})
				}
			}
			doc["property"] = properties
			if designations != nil {
				doc["designation"] = designations
			}
			concepts = append(concepts, doc)
		}
	}
	return map[string]any{
		"resourceType": "CodeSystem", "url": terminology.System, "version": terminology.Version, "name": "openEHR", "title": "openEHR terminology",
		"status": "active", "caseSensitive": true, "content": "complete", "count": len(concepts), "concept": concepts,
		"description": "The vocabulary groups of the openEHR terminology. A code is unique within a group: one that several groups have is one concept here, with the terms of all.",
		"property":    []any{map[string]any{"code": "group", "description": "A vocabulary group that has the code.", "type": "code"}},
	}
}

// openEHRValueSets are the groups, and the code sets whose codes are of a system with
// a URI. Their URLs are those that $expand takes.
func openEHRValueSets() (out []map[string]any) {
	add := func(name, text string) {
		ref := terminology.Reference{Group: name}
		var concepts []any
		system, version := "", ""
		for _, c := range expandOpenEHR(ref) {
			doc := map[string]any{"code": c.Code}
			optional(doc, "display", c.Display)
			concepts = append(concepts, doc)
			system, version = c.System, c.Version
		}
		if terminology.SystemURI(system) == "" || len(concepts) == 0 {
			return
		}
		include := map[string]any{"system": system, "concept": concepts}
		optional(include, "version", version)
		out = append(out, map[string]any{
			"resourceType": "ValueSet", "url": groupURL + name, "version": terminology.Version, "name": "openehr_" + name, "status": "active",
			"description": text, "compose": map[string]any{"include": []any{include}},
		})
	}
	for _, g := range terminology.OpenEHR.Groups() {
		add(g.Name, "A vocabulary group of the openEHR terminology.")
	}
	for _, s := range terminology.OpenEHR.CodeSets() {
		text := "A code set of the openEHR terminology."
		if s.Name == "languages" {
			text += " A language that is listed, with a country of the code set countries after a hyphen, is a member too."
		}
		add(s.Name, text)
	}
	return out
}

const groupURL = "https://specifications.openehr.org/fhir/valueset-"
