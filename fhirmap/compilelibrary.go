package fhirmap

import (
	"slices"
	"sort"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// view is a set of models with the extensions that apply to them: the whole
// library, or what a context file lists.
type view struct {
	lib        *Library
	only       map[string]bool // nil: every model
	extensions map[string][]*fhirconnect.File
	merged     map[*fhirconnect.File][]*fhirconnect.Method
}

func (v *view) model(name string) *fhirconnect.File {
	if v.only != nil && !v.only[name] {
		return nil
	}
	return v.lib.models[name]
}

func (v *view) methods(f *fhirconnect.File) []*fhirconnect.Method {
	if m, ok := v.merged[f]; ok {
		return m
	}
	return f.Methods
}

// Compile links and compiles files that were read. The library holds what
// could be compiled; it must not be used when there are problems.
func Compile(files []*fhirconnect.File) (*Library, fhirconnect.Problems) {
	lib := &Library{
		files: files, models: map[string]*fhirconnect.File{}, extensions: map[string]*fhirconnect.File{},
		starts: map[string][]*plan{}, templates: map[string]map[string][]*plan{},
		profiles: map[*plan][]string{}, ambiguous: map[string]bool{}, conceptMaps: map[string]*conceptmap.Map{},
	}
	c := &compiler{lib: lib, plans: map[planKey]*plan{}}
	lib.register(c)
	c.view = &view{lib: lib}
	var names []string
	for name := range lib.models {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		f := lib.models[name]
		typ, class := c.roots(f)
		if typ == nil || class == nil {
			continue
		}
		p := c.model(f, &ftype{typ: r4.TypeRef{Type: typ}}, class)
		if typ.Kind == r4.Resource && standsAlone(class) && !(class.IsA(classParty) && typ.Name == "Patient") { // a Patient is an EHR
			lib.starts[f.Archetype.Value] = append(lib.starts[f.Archetype.Value], p)
			lib.claim(p, "")
			c.safety(p)
		}
	}
	for _, f := range lib.contexts {
		c.context(f)
	}
	c.unused(names)
	return lib, c.problems
}

// unused compiles the extensions that no context lists, each alone with its model,
// for what is wrong with them: nothing runs them. The names are those of all models.
func (c *compiler) unused(names []string) {
	listed := map[string]bool{}
	for _, f := range c.lib.contexts {
		if f.Context == nil {
			continue
		}
		for _, e := range f.Context.Extensions {
			listed[e.Value] = true
		}
	}
	for _, ext := range c.lib.files {
		model := c.lib.models[ext.Extends.Value]
		if ext.Kind != fhirconnect.ExtensionFile || listed[ext.Name.Value] || model == nil {
			continue
		}
		v := &view{lib: c.lib, merged: map[*fhirconnect.File][]*fhirconnect.Method{model: c.extend(model.Methods, ext)}}
		sub := &compiler{lib: c.lib, view: v, plans: map[planKey]*plan{}}
		compile := func(f *fhirconnect.File) bool {
			typ, class := sub.roots(f)
			if typ == nil || class == nil {
				return false
			}
			sub.model(f, &ftype{typ: r4.TypeRef{Type: typ}}, class)
			return true
		}
		if !compile(model) { // it is compiled where another model slots it
			for _, name := range names {
				compile(c.lib.models[name])
			}
		}
		for _, p := range sub.problems {
			if !slices.Contains(c.problems, p) {
				c.problems = append(c.problems, p)
			}
		}
	}
}

// standsAlone reports whether models of a class run by themselves, rather than
// only when another model calls them.
func standsAlone(class *rm.Class) bool {
	return class.IsA(rm.ClassEntry) || class == rm.ClassComposition || class.Name == "EHR_STATUS" || class.IsA(classParty)
}

// register files by name.
func (lib *Library) register(c *compiler) {
	for _, f := range lib.files {
		name := f.Name.Value
		if name == "" {
			continue
		}
		into := lib.models
		switch f.Kind {
		case fhirconnect.ConceptMapFile:
			if lib.conceptMaps[name] != nil {
				c.fail(f.Name.Position, fhirconnect.CodeDuplicate, "another ConceptMap has the url %q", name)
			}
			lib.conceptMaps[name] = f.ConceptMap
			continue
		case fhirconnect.ExtensionFile:
			into = lib.extensions
		case fhirconnect.ContextFile:
			lib.contexts = append(lib.contexts, f)
			for _, other := range lib.contexts[:len(lib.contexts)-1] {
				if other.Name.Value == name {
					c.fail(f.Name.Position, fhirconnect.CodeDuplicate, "the context name %q is also that of %s", name, other.Path)
				}
			}
			continue
		}
		if other := into[name]; other != nil {
			c.fail(f.Name.Position, fhirconnect.CodeDuplicate, "the %s name %q is also that of %s", f.Kind, name, other.Path)
			lib.ambiguous[name] = lib.ambiguous[name] || f.Kind == fhirconnect.ExtensionFile
			continue
		}
		into[name] = f
	}
	for _, f := range lib.files {
		if f.Kind == fhirconnect.ExtensionFile && f.Extends.Value != "" && lib.models[f.Extends.Value] == nil {
			c.fail(f.Extends.Position, fhirconnect.CodeDangling, "no model is named %q", f.Extends.Value)
		}
	}
}

// roots gives the FHIR type and the RM class that a model maps.
func (c *compiler) roots(f *fhirconnect.File) (*r4.Type, *rm.Class) {
	var typ *r4.Type
	if url := f.StructureDefinition.Value; url != "" {
		if typ = r4.Lookup(r4.ProfileType(url)); typ == nil {
			c.fail(f.StructureDefinition.Position, fhirconnect.CodeFHIRPath, "%q is neither an R4 type nor a profile known here", url)
		}
	}
	if f.Archetype.Value == "" {
		return typ, nil
	}
	class := archetypeClass(f.Archetype.Value)
	if class == nil {
		c.fail(f.Archetype.Position, fhirconnect.CodeOpenEHRPath, "%q is not an archetype id of an RM class", f.Archetype.Value)
	}
	if typ != nil && (typ.Name == "BackboneElement" || typ.Name == "Element") {
		return nil, class // compiled for the element that it is slotted into
	}
	return typ, class
}

// claim notes the profiles of a plan's resources: that of the model and, from a
// context, its own.
func (lib *Library) claim(p *plan, contextProfile string) {
	var list []string
	own := p.file.StructureDefinition.Value
	if r4.Lookup(strings.TrimPrefix(own, "http://hl7.org/fhir/StructureDefinition/")) == nil {
		list = append(append(list, r4.ProfileParents(own)...), own)
	}
	if contextProfile != "" && !slices.Contains(list, contextProfile) &&
		r4.Lookup(strings.TrimPrefix(contextProfile, "http://hl7.org/fhir/StructureDefinition/")) == nil {
		list = append(list, contextProfile)
	}
	lib.profiles[p] = list
}

// context compiles what a context file lists into plans for its template.
func (c *compiler) context(f *fhirconnect.File) {
	rule := f.Context
	if rule == nil || rule.Start.Value == "" {
		return
	}
	v := &view{lib: c.lib, only: map[string]bool{}, extensions: map[string][]*fhirconnect.File{}, merged: map[*fhirconnect.File][]*fhirconnect.Method{}}
	for _, a := range rule.Archetypes {
		if c.lib.models[a.Value] == nil {
			c.fail(a.Position, fhirconnect.CodeDangling, "no model is named %q", a.Value)
		}
		v.only[a.Value] = true
	}
	for _, e := range rule.Extensions {
		ext := c.lib.extensions[e.Value]
		if c.lib.ambiguous[e.Value] {
			c.fail(e.Position, fhirconnect.CodeDangling, "several extensions are named %q", e.Value)
			continue
		}
		if ext == nil {
			c.fail(e.Position, fhirconnect.CodeDangling, "no extension is named %q", e.Value)
			continue
		}
		v.extensions[ext.Extends.Value] = append(v.extensions[ext.Extends.Value], ext)
	}
	for name, list := range v.extensions {
		model := c.lib.models[name]
		if model == nil {
			continue
		}
		methods := model.Methods
		for _, ext := range list {
			methods = c.extend(methods, ext)
		}
		v.merged[model] = methods
	}
	start := c.lib.models[rule.Start.Value]
	if start == nil || !v.only[rule.Start.Value] {
		c.fail(rule.Start.Position, fhirconnect.CodeDangling, "start names no model that the context lists: %q", rule.Start.Value)
		return
	}
	sub := &compiler{lib: c.lib, view: v, plans: map[planKey]*plan{}}
	typ, class := sub.roots(start)
	if typ != nil && class != nil {
		p := sub.model(start, &ftype{typ: r4.TypeRef{Type: typ}}, class)
		if typ.Kind != r4.Resource {
			c.fail(rule.Start.Position, fhirconnect.CodeType, "start must map to a resource, not to %s", typ.Name)
		}
		sub.safety(p)
		c.lib.claim(p, rule.ProfileURL)
		id := rule.TemplateID.Value
		if c.lib.templates[id] == nil {
			c.lib.templates[id] = map[string][]*plan{}
		}
		c.lib.templates[id][start.Archetype.Value] = append(c.lib.templates[id][start.Archetype.Value], p)
	}
	for _, p := range sub.problems {
		if !slices.Contains(c.problems, p) {
			c.problems = append(c.problems, p)
		}
	}
}

// extend applies an extension file to the methods of its model (FHIR Connect,
// extension methods).
func (c *compiler) extend(methods []*fhirconnect.Method, ext *fhirconnect.File) []*fhirconnect.Method {
	out := slices.Clone(methods)
	for _, m := range ext.Methods {
		switch m.Change {
		case "add":
			out = append(out, m)
		case "overwrite":
			i := slices.IndexFunc(out, func(o *fhirconnect.Method) bool { return o.Name == m.Name })
			if i < 0 {
				c.fail(m.Position, fhirconnect.CodeDangling, "overwrite: %s has no method %q", ext.Extends.Value, m.Name)
				continue
			}
			out[i] = m
		case "append":
			var ok bool
			if out, ok = appendTo(out, strings.Split(m.AppendTo.Value, "."), m.Children); !ok {
				c.fail(m.AppendTo.Position, fhirconnect.CodeDangling, "append: %s has no method %q", ext.Extends.Value, m.AppendTo.Value)
			}
		}
	}
	return out
}

// appendTo adds children to the method at a dotted path of names.
func appendTo(methods []*fhirconnect.Method, names []string, children []*fhirconnect.Method) ([]*fhirconnect.Method, bool) {
	i := slices.IndexFunc(methods, func(m *fhirconnect.Method) bool { return m.Name == names[0] })
	if i < 0 {
		return methods, false
	}
	copied := *methods[i]
	if len(names) == 1 {
		copied.Children = append(slices.Clone(copied.Children), children...)
	} else {
		list, ok := appendTo(copied.Children, names[1:], children)
		if !ok {
			return methods, false
		}
		copied.Children = list
	}
	out := slices.Clone(methods)
	out[i] = &copied
	return out, true
}
