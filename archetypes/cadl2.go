package archetypes

import "strings"

// Operational is an ADL 2 operational template with its definition (AM 2, OPT2
// chapter 3): one flat tree with every archetype in its place.
type Operational struct {
	ADL2
	// Definition is the constraint tree. Its objects are of the forms that
	// AOM 2 shares with AOM 1.4, with ArchetypeID, Term and Tuples besides.
	Definition *Object
	// Root has the terms of the template's own root, Components those of the
	// archetypes in it by their ids as the definition gives them.
	Root       *Terminology
	Components map[string]*Terminology
}

// Terminology is the terminology section of an ADL 2 archetype.
type Terminology struct {
	TermDefinitions []TermSet
	// Bindings are by terminology, then code; targets are URIs or codes.
	Bindings []BindingSet
	// ValueSets has the member codes of each ac-code.
	ValueSets map[string][]string
}

// Bound is the target that a code is bound to in a terminology, whose name is
// compared without regard to case; "" if there is none.
func (t *Terminology) Bound(terminology, code string) string {
	for _, set := range t.Bindings {
		if !strings.EqualFold(set.Terminology, terminology) {
			continue
		}
		for _, b := range set.Items {
			if b.Code == code {
				return b.Target
			}
		}
	}
	return ""
}

// TermConstraint is an ADL 2 constraint on a terminology code.
type TermConstraint struct {
	// Code is an at-code or an ac-code, or with Terminology a code of that.
	Code, Terminology string
	// Binding is the terminology whose binding of the code is to be used, of
	// [ac1@snomed_ct]; "" if none.
	Binding string
	// Strength is required, preferred, extensible or example.
	Strength string
	Assumed  string
}

// Tuple constrains several attributes of an object together, in ADL 2.
type Tuple struct {
	Names []string
	// Rows have one leaf for each name.
	Rows [][]*Object
	Pos  Pos
}

// ParseOPT2 reads an ADL 2 operational template whole but for its rules, which
// are passed over. What only source templates have, such as references that
// flattening resolves, is an error that names it. The error, if any, is a
// *SyntaxError.
func ParseOPT2(text string) (*Operational, error) {
	return parse(text, "text", (*parser).operational)
}

func (p *parser) operational() *Operational {
	o := &Operational{Components: map[string]*Terminology{}}
	p.adl2Head(&o.ADL2)
	p.skip()
	start := p.at
	o.Definition = p.object2()
	if o.Class = o.Definition.RMType; !strings.EqualFold(o.Class, o.ID.Class) {
		p.failAt(start, "the definition is of %s, but the id of %s", o.Class, o.ID.Class)
	}
	o.RootCode = o.Definition.NodeID
	if p.acceptWord("rules") {
		p.passTo("terminology", "ontology")
	}
	if !p.acceptWord("terminology", "ontology") {
		p.fail("expected the terminology section, found %s", p.found())
	}
	v := p.attributes()
	o.Root = terminology2(&v)
	o.Concept = concept(&v, &o.ADL2)
	if p.acceptWord("annotations") {
		p.attributes()
	}
	if p.acceptWord("component_terminologies") {
		var all Value
		if p.peek() == '[' {
			all = p.keyed()
		} else {
			v := p.attributes()
			if f := v.Field("component_terminologies"); f != nil {
				all = *f
			} else {
				all = v
			}
		}
		for i := range all.Fields {
			o.Components[all.Fields[i].Key] = terminology2(&all.Fields[i].Value)
		}
	}
	if p.acceptWord("annotations") {
		p.attributes()
	}
	if p.peek() != 0 {
		p.fail("expected the end of the text, found %s", p.found())
	}
	return o
}

// terminology2 reads a terminology section. Each language, terminology and code
// of it is an attribute with a key.
func terminology2(v *Value) *Terminology {
	t := &Terminology{ValueSets: map[string][]string{}}
	for _, lang := range fields(v.Field("term_definitions")) {
		set := TermSet{Language: lang.Key}
		for _, code := range lang.Value.Fields {
			term := Term{Code: code.Key}
			for _, item := range code.Value.Fields {
				term.Items = append(term.Items, KeyValue{item.Key, item.Value.Text})
			}
			set.Terms = append(set.Terms, term)
		}
		t.TermDefinitions = append(t.TermDefinitions, set)
	}
	for _, name := range fields(v.Field("term_bindings")) {
		set := BindingSet{Terminology: name.Key}
		for _, b := range name.Value.Fields {
			set.Items = append(set.Items, Binding{b.Key, b.Value.Text})
		}
		t.Bindings = append(t.Bindings, set)
	}
	for _, set := range fields(v.Field("value_sets")) {
		t.ValueSets[set.Key] = set.Value.Strings("members")
	}
	return t
}

func fields(v *Value) []Field {
	if v == nil {
		return nil
	}
	return v.Fields
}

// object2 reads one object constraint of ADL 2.
func (p *parser) object2() *Object {
	p.enter()
	defer p.leave()
	p.skip()
	o := &Object{Pos: p.pos(p.at)}
	switch {
	case p.acceptWord("allow_archetype"):
		p.slot2(o)
		return o
	case p.acceptWord("use_node"):
		p.fail("use_node is not allowed here: an operational template has the structure itself in its place")
	case p.acceptWord("group"):
		p.fail("groups of objects are not supported")
	case p.acceptWord("before", "after"):
		p.fail("the order of siblings is not stated in an operational template")
	}
	external := p.acceptWord("use_archetype")
	o.RMType = p.typeName()
	p.nodeID2(o)
	if external && o.ArchetypeID == "" {
		p.fail("use_archetype needs the id of an archetype, as in [id2, openEHR-EHR-CLUSTER.device.v1.0.0]")
	}
	o.Occurrences = p.occurrences()
	if !p.matches() {
		return o // permits anything of the type
	}
	p.expect("{")
	if p.accept("*") {
		p.expect("}")
		return o
	}
	for p.peek() != '}' {
		p.member2(o)
	}
	if len(o.Attributes)+len(o.Tuples) == 0 {
		p.fail("%s has an empty constraint: write {*} to permit anything", o.RMType)
	}
	p.expect("}")
	return o
}

// nodeID2 reads [id5], [at0005] or [id5, archetype id].
func (p *parser) nodeID2(o *Object) {
	if p.peek() != '[' {
		return
	}
	offset := p.at
	id, archetype, root := strings.Cut(p.bracketed(), ",")
	id = strings.TrimSpace(id)
	if !isLocalCode(id, "id") && !isAtCode(id) {
		p.failAt(offset, "expected a node id such as [id5], found [%s]", id)
	}
	o.NodeID = id
	if !root {
		return
	}
	o.ArchetypeID = strings.TrimSpace(archetype)
	parsed, err := ParseADL2ID(o.ArchetypeID)
	switch {
	case err != nil:
		p.failAt(offset, "%v", err)
	case !parsed.Full():
		p.failAt(offset, "the id %s needs a version of three numbers", o.ArchetypeID)
	case !strings.EqualFold(parsed.Class, o.RMType):
		p.failAt(offset, "archetype %s is not one of a %s", o.ArchetypeID, o.RMType)
	}
}

func (p *parser) slot2(o *Object) {
	o.RMType = p.typeName()
	p.nodeID2(o)
	o.Occurrences = p.occurrences()
	o.Slot = &Slot{}
	if p.acceptWord("closed") {
		o.Occurrences = &Multiplicity{}
		return
	}
	p.slotRules(o)
}

// member2 reads one attribute constraint or tuple of ADL 2.
func (p *parser) member2(o *Object) {
	switch p.peek() {
	case '[':
		o.Tuples = append(o.Tuples, p.tuple())
		return
	case '/':
		p.fail("a path in the place of an attribute is not allowed here: an operational template is flat")
	case '_':
		p.fail("default values are not supported")
	}
	p.enter()
	defer p.leave()
	a := p.attributeHead()
	if o.Attribute(a.Name) != nil {
		p.fail("attribute %s is constrained twice in %s[%s]", a.Name, o.RMType, o.NodeID)
	}
	o.Attributes = append(o.Attributes, a)
	if !p.matches() {
		if a.Existence == nil && a.Cardinality == nil {
			p.fail("expected \"matches\", found %s", p.found())
		}
		return
	}
	p.expect("{")
	if p.accept("*") {
		p.expect("}")
		return
	}
	a.Children = p.values2(a.Name)
	p.expect("}")
}

// tuple reads [units, magnitude] matches {[{…}, {…}], …}.
func (p *parser) tuple() *Tuple {
	p.skip()
	offset := p.at
	t := &Tuple{Pos: p.pos(offset)}
	for _, name := range strings.Split(p.bracketed(), ",") {
		if name = strings.TrimSpace(name); name == "" {
			p.failAt(offset, "a tuple has attributes such as [units, magnitude]")
		}
		t.Names = append(t.Names, name)
	}
	p.expectMatches()
	p.expect("{")
	for {
		p.expect("[")
		var row []*Object
		for i := range t.Names {
			if i > 0 {
				p.expect(",")
			}
			p.expect("{")
			leaf := p.values2(t.Names[i])
			if len(leaf) != 1 || leaf[0].Primitive == nil && leaf[0].Term == nil {
				p.fail("a member of a tuple is a constraint on a primitive value")
			}
			row = append(row, leaf[0])
			p.expect("}")
		}
		p.expect("]")
		t.Rows = append(t.Rows, row)
		if !p.accept(",") {
			break
		}
	}
	p.expect("}")
	return t
}

// strengths are the words before a constraint on a code; required is the rule.
var strengths = []string{"required", "preferred", "extensible", "example"}

// values2 reads what stands between the braces of an attribute in ADL 2.
func (p *parser) values2(attr string) []*Object {
	p.skip()
	at := p.pos(p.at)
	strength := "required"
	if w := strings.ToLower(p.peekWord()); w != "" {
		for _, s := range strengths {
			if w == s {
				p.acceptWord(w)
				strength = s
			}
		}
	}
	switch c := p.peek(); {
	case c == '[':
		return []*Object{{RMType: "CODE_PHRASE", Term: p.term2(strength), Pos: at}}
	case c == '"' || c == '/' || c == '^' || c == '|' || c == '-' || c == '+' || isDigit(c) || p.primitiveWordAhead():
		prim := p.primitive()
		if p.peek() == ',' {
			p.fail("a list with intervals in it is not supported")
		}
		return []*Object{{RMType: prim.Kind.String(), Primitive: prim, Pos: at}}
	case isLetter(c):
		var out []*Object
		for isLetter(p.peek()) {
			out = append(out, p.object2())
		}
		return out
	}
	p.fail("expected a constraint on %s, found %s", attr, p.found())
	return nil
}

// term2 reads [at5], [ac1; at7], [ac1@snomed_ct] or [openehr::433|event|].
func (p *parser) term2(strength string) *TermConstraint {
	offset := p.at
	inside := strings.TrimSpace(p.bracketedLines())
	t := &TermConstraint{Strength: strength}
	inside, t.Assumed, _ = strings.Cut(inside, ";")
	if t.Assumed != "" && !isAtCode(t.Assumed) {
		p.failAt(offset, "expected a code such as at7 after \";\", found %q", t.Assumed)
	}
	if terminology, code, ok := strings.Cut(inside, "::"); ok {
		code, _, _ = strings.Cut(code, "|")
		t.Terminology, t.Code = terminology, code
		if terminology == "" || code == "" || strings.Contains(code, ",") {
			p.failAt(offset, "expected one code such as [openehr::433], found [%s]", inside)
		}
		return t
	}
	var bound bool
	if t.Code, t.Binding, bound = strings.Cut(inside, "@"); bound && t.Binding == "" {
		p.failAt(offset, "expected the name of a terminology after \"@\"")
	}
	if !isAtCode(t.Code) && !isAcCode(t.Code) {
		p.failAt(offset, "expected a code such as [at5] or [ac1], found [%s]", inside)
	}
	return t
}
