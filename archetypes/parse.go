package archetypes

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Parse reads one ADL 1.4 archetype. A byte order mark and Windows line ends
// are accepted. The error, if any, is a *SyntaxError.
func Parse(text string) (*Archetype, error) {
	return parse(text, "archetype", (*parser).archetype)
}

// parse runs a parser over a text, whose kind is named in errors.
func parse[T any](text, kind string, read func(*parser) T) (out T, err error) {
	if len(text) > MaxSize {
		return out, &SyntaxError{Pos: Pos{1, 1}, Msg: fmt.Sprintf("%s of %d bytes exceeds the limit of %d", kind, len(text), MaxSize)}
	}
	if !utf8.ValidString(text) {
		return out, &SyntaxError{Pos: Pos{1, 1}, Msg: kind + " is not valid UTF-8"}
	}
	p := newParser(strings.TrimPrefix(text, "\ufeff"))
	defer func() {
		if r := recover(); r != nil {
			se, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			var none T
			out, err = none, se
		}
	}()
	return read(p), nil
}

func (p *parser) archetype() *Archetype {
	a := &Archetype{}
	p.header(a)
	if p.acceptWord("specialise", "specialize") {
		a.Parent = p.archetypeID()
	}
	if !p.acceptWord("concept") {
		p.fail("expected the concept section, found %s", p.found())
	}
	offset := p.at
	if a.Concept = p.bracketed(); !isAtCode(a.Concept) {
		p.failAt(offset, "expected the concept's code such as [at0000], found [%s]", a.Concept)
	}
	if p.acceptWord("language") {
		p.language(a, p.attributes())
	}
	if p.acceptWord("description") {
		a.Description = description(p.attributes())
	}
	if !p.acceptWord("definition") {
		p.fail("expected the definition section, found %s", p.found())
	}
	a.Definition = p.object()
	if a.Definition.Slot != nil || a.Definition.Ref != "" {
		failPos(a.Definition.Pos, "definition must begin with an object of a class")
	}
	if p.acceptWord("invariant", "rules") {
		a.Invariants = p.assertions("ontology", "terminology")
	}
	if !p.acceptWord("ontology", "terminology") {
		p.fail("expected the ontology section, found %s", p.found())
	}
	o := p.attributes()
	a.Ontology = p.ontology(&o)
	if a.OriginalLanguage.Code == "" && a.Ontology.PrimaryLanguage != "" {
		a.OriginalLanguage = Code{Terminology: "ISO_639-1", Code: a.Ontology.PrimaryLanguage}
	}
	for {
		switch {
		case p.acceptWord("annotations") && a.Annotations == nil:
			v := p.attributes()
			a.Annotations = &v
		case p.acceptWord("revision_history") && a.RevisionHistory == nil:
			v := p.revisionHistory()
			a.RevisionHistory = &v
		default:
			if p.peek() != 0 {
				p.fail("expected the end of the archetype, found %s", p.found())
			}
			return a
		}
	}
}

func (p *parser) revisionHistory() Value {
	p.accept("=")
	if p.peek() == '<' {
		return p.block()
	}
	return p.attributes()
}

func (p *parser) header(a *Archetype) {
	if !p.acceptWord("archetype") {
		if p.acceptWord("template", "template_overlay", "operational_template") {
			p.fail("an ADL 2 template: only ADL 1.4 archetypes are supported")
		}
		p.fail("expected \"archetype\", found %s", p.found())
	}
	if p.accept("(") {
		for !p.accept(")") {
			offset := p.at
			name := strings.ToLower(p.word("a header field"))
			value := ""
			if p.accept("=") {
				p.skip()
				end := strings.IndexAny(p.src[p.at:], ";)\n")
				if end < 0 || p.src[p.at+end] == '\n' {
					p.fail("expected \";\" or \")\" after the value of %s", name)
				}
				value = strings.Trim(strings.TrimSpace(p.src[p.at:p.at+end]), `"`)
				p.at += end
			}
			switch name {
			case "adl_version":
				a.ADLVersion = value
				if value != "" && !strings.HasPrefix(value, "1.") {
					p.failAt(offset, "ADL version %s: only ADL 1.4 is supported", value)
				}
			case "uid":
				a.UID = value
			case "controlled":
				a.Controlled = true
			}
			p.accept(";")
		}
	}
	a.ID = p.archetypeID()
}

func (p *parser) archetypeID() string {
	p.skip()
	start := p.at
	for p.at < len(p.src) {
		c := p.src[p.at]
		if !isWordByte(c) && c != '-' && c != '.' {
			break
		}
		p.at++
	}
	id := p.src[start:p.at]
	if _, err := ParseID(id); err != nil {
		p.failAt(start, "%v", err)
	}
	return id
}

func (p *parser) language(a *Archetype, v Value) {
	if f := v.Field("original_language"); f != nil {
		if f.Kind != CodeValue || f.Code.Code == "" {
			failPos(f.Pos, "original_language must be a code such as [ISO_639-1::en]")
		}
		a.OriginalLanguage = f.Code
	} else {
		p.fail("language section has no original_language")
	}
	if t := v.Field("translations"); t != nil {
		for i := range t.Fields {
			m := &t.Fields[i].Value
			tr := Translation{
				Language:      Code{Terminology: "ISO_639-1", Code: t.Fields[i].Key},
				Author:        m.Dict("author"),
				Accreditation: m.Str("accreditation"),
				OtherDetails:  m.Dict("other_details"),
			}
			tr.Language = languageOf(m, tr.Language)
			a.Translations = append(a.Translations, tr)
		}
	}
}

// languageOf is the language attribute of a translation, which must say the
// same as its key; keyed if there is none.
func languageOf(v *Value, keyed Code) Code {
	l := v.Field("language")
	if l == nil || l.Kind != CodeValue || l.Code.Code == "" {
		return keyed
	}
	if l.Code.Code != keyed.Code {
		failPos(l.Pos, fmt.Sprintf("language %s under the key %q", l.Code, keyed.Code))
	}
	return l.Code
}

func description(v Value) *Description {
	d := &Description{
		OriginalAuthor:     v.Dict("original_author"),
		OtherContributors:  v.Strings("other_contributors"),
		LifecycleState:     v.Str("lifecycle_state"),
		ResourcePackageURI: v.Str("resource_package_uri"),
		OtherDetails:       v.Dict("other_details"),
	}
	details := v.Field("details")
	if details == nil {
		return d
	}
	for i := range details.Fields {
		m := &details.Fields[i].Value
		item := DescriptionDetail{
			Language:            Code{Terminology: "ISO_639-1", Code: details.Fields[i].Key},
			Purpose:             m.Str("purpose"),
			Keywords:            m.Strings("keywords"),
			Use:                 m.Str("use"),
			Misuse:              m.Str("misuse"),
			Copyright:           m.Str("copyright"),
			OriginalResourceURI: m.Dict("original_resource_uri"),
			OtherDetails:        m.Dict("other_details"),
		}
		item.Language = languageOf(m, item.Language)
		d.Details = append(d.Details, item)
	}
	return d
}

func (p *parser) ontology(v *Value) Ontology {
	return Ontology{
		PrimaryLanguage:         v.Str("primary_language"),
		LanguagesAvailable:      v.Strings("languages_available"),
		TerminologiesAvailable:  v.Strings("terminologies_available"),
		SpecialisationDepthText: v.Str("specialisation_depth"),
		TermDefinitions:         termSets(v.Field("term_definitions")),
		ConstraintDefinitions:   termSets(v.Field("constraint_definitions")),
		TermBindings:            bindingSets(v.Field("term_bindings")),
		ConstraintBindings:      bindingSets(v.Field("constraint_bindings")),
	}
}

// members is the "items" of a dADL block, or the block itself where a tool
// left that level out.
func members(v *Value) []Field {
	if items := v.Field("items"); items != nil && v.Kind == ObjectValue {
		return items.Fields
	}
	return v.Fields
}

func termSets(v *Value) []TermSet {
	if v == nil {
		return nil
	}
	var out []TermSet
	for i := range v.Fields {
		set := TermSet{Language: v.Fields[i].Key}
		for _, f := range members(&v.Fields[i].Value) {
			t := Term{Code: f.Key}
			for _, kv := range f.Value.Fields {
				t.Items = append(t.Items, KeyValue{kv.Key, kv.Value.Text})
			}
			set.Terms = append(set.Terms, t)
		}
		out = append(out, set)
	}
	return out
}

func bindingSets(v *Value) []BindingSet {
	if v == nil {
		return nil
	}
	var out []BindingSet
	for i := range v.Fields {
		set := BindingSet{Terminology: v.Fields[i].Key}
		for _, f := range members(&v.Fields[i].Value) {
			b := Binding{Code: f.Key, Target: f.Value.Text}
			if f.Value.Kind == CodeValue {
				b.Target = "[" + f.Value.Text + "]"
			}
			set.Items = append(set.Items, b)
		}
		out = append(out, set)
	}
	return out
}
