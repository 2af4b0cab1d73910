package templates

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// functions are computed properties of the RM that templates constrain like
// attributes, with the class of their value.
var functions = map[string]*rm.Class{
	"DV_PROPORTION.is_integral": rm.ClassBoolean,
	"EVENT.offset":              rm.ClassDVDuration,
	"PARTY.type":                rm.ClassDVText,
	"PARTY_IDENTITY.purpose":    rm.ClassDVText,
	"CONTACT.purpose":           rm.ClassDVText,
	"ADDRESS.type":              rm.ClassDVText,
	"DV_QUANTITY.property":      rm.ClassCodePhrase,
}

// respelled are attribute names that templates get wrong.
var respelled = map[string]string{"null_flavor": "null_flavour"}

var pathable = rm.Lookup("PATHABLE")

// archetypeID is the form RM publisher-package-CLASS.concept.version; the
// concept may hold non-ASCII letters in the wild.
var archetypeID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*-[A-Za-z][A-Za-z0-9_]*-([A-Za-z][A-Za-z0-9_]*)\.[^\s.\[\]/']+\.v[0-9][A-Za-z0-9.-]*$`)

// compiler turns the raw tree into the compiled one, top down.
type compiler struct {
	t        *Template
	problems rm.Collector
	path     []string
	// ontologies by archetype id.
	ontologies map[string][]rawOntology
	refs       []*Object
}

func compile(raw *rawTemplate, lim Limits) (*Template, []rm.Problem) {
	t := raw.Template
	c := &compiler{t: &t, ontologies: map[string][]rawOntology{}}
	c.problems.Max = lim.Problems
	for _, o := range raw.ontologies {
		id := o.archetypeID
		if id == "" {
			id = raw.definition.archetypeID
		}
		c.ontologies[id] = append(c.ontologies[id], o)
	}
	t.Root = c.object(raw.definition, nil, nil)
	if t.Root != nil {
		switch {
		case t.Root.Kind != ArchetypeRoot:
			c.problem(CodeType, raw.definition.line, "the definition is a %s, not a C_ARCHETYPE_ROOT", raw.definition.xmlType)
		case !t.Root.Class.IsA(rm.ClassLocatable):
			c.problem(CodeConformance, raw.definition.line, "the definition constrains %s, which is not LOCATABLE", t.Root.Class)
		}
		for _, o := range c.refs {
			c.resolve(o)
		}
	}
	return &t, c.problems.Problems()
}

func (c *compiler) problem(code string, line int, format string, args ...any) {
	c.problems.Add(rm.Problem{
		Code: code, Path: "/template/definition" + strings.Join(c.path, ""),
		Message: "line " + strconv.Itoa(line) + ": " + fmt.Sprintf(format, args...),
	})
}

func (c *compiler) note(line int, format string, args ...any) {
	c.t.Notes = append(c.t.Notes, Note{line, fmt.Sprintf(format, args...)})
}

// object compiles a C_OBJECT under an attribute; nil after a problem that
// leaves nothing to compile.
func (c *compiler) object(raw *rawObject, parent *Attribute, terms *Terms) *Object {
	c.t.objects++
	o := &Object{
		TypeName: raw.typeName, Parent: parent, Terms: terms, Line: raw.line, Kind: kindOf(raw),
		TemplateID: raw.template, Reference: raw.reference,
	}
	c.class(o, raw)
	if o.Class == nil {
		return nil
	}
	c.occurrences(o, raw)
	locatable := o.Class.IsA(rm.ClassLocatable)
	o.NodeID = raw.nodeID
	if !locatable && o.NodeID != "" {
		// Tools mark the transitions of an ACTION with their careflow steps.
		if o.Class.Name != "ISM_TRANSITION" {
			c.note(raw.line, "node id %s on a %s, which has none", o.NodeID, o.Class)
		}
		o.NodeID = ""
	}
	if o.Kind == ArchetypeRoot {
		c.archetypeRoot(o, raw)
	} else if raw.archetypeID != "" {
		c.note(raw.line, "archetype id on a %s", o.Kind)
	}
	if o.Kind == Slot {
		o.Slot = &SlotRule{Includes: raw.includes, Excludes: raw.excludes}
	}
	if o.Kind == InternalRef {
		o.Reference = raw.targetPath
		c.refs = append(c.refs, o)
	}
	o.Constraint = c.constraint(o, raw)
	seen := map[string]bool{}
	for _, ra := range raw.attributes {
		if a := c.attribute(ra, o); a != nil {
			if seen[a.Name] {
				c.problem(CodeDuplicate, ra.line, "attribute %s is constrained twice", a.Name)
				continue
			}
			seen[a.Name] = true
			o.Attributes = append(o.Attributes, a)
		}
	}
	c.names(o)
	return o
}

func kindOf(raw *rawObject) Kind {
	switch raw.xmlType {
	case "C_COMPLEX_OBJECT", "T_COMPLEX_OBJECT":
		return ComplexObject
	case "C_ARCHETYPE_ROOT":
		return ArchetypeRoot
	case "ARCHETYPE_SLOT":
		return Slot
	case "CONSTRAINT_REF":
		return ConstraintRef
	case "ARCHETYPE_INTERNAL_REF":
		return InternalRef
	case "":
		switch {
		case raw.archetypeID != "":
			return ArchetypeRoot
		case raw.includes != nil || raw.excludes != nil:
			return Slot
		case raw.hasItem || raw.list != nil || raw.hasCodes || raw.hasProperty || raw.hasStates:
			return Leaf
		case raw.targetPath != "":
			return InternalRef
		case raw.reference != "":
			return ConstraintRef
		}
		return ComplexObject
	}
	return Leaf
}

// class finds the RM class of an object and checks that it may stand where it
// does.
func (c *compiler) class(o *Object, raw *rawObject) {
	var declared *rm.Class
	var where string
	if a := o.Parent; a != nil {
		where = a.Owner.Class.Name + "." + a.Name
		if a.Def != nil {
			declared = a.Def.Type
		} else {
			declared = functions[functionKey(a.Owner.Class, a.Name)]
		}
	}
	name := strings.TrimSpace(raw.typeName)
	if name == "" {
		c.problem(CodeMissing, raw.line, "element rm_type_name is missing or empty")
		return
	}
	if raw.hasItem || raw.xmlType == "C_PRIMITIVE_OBJECT" {
		// The names of primitives are those of the AOM (STRING, DATE_TIME)
		// or of the RM, in any case; the RM attribute says what they are.
		if declared == nil || declared.Primitive == rm.NotPrimitive {
			c.problem(CodeConformance, raw.line, "primitive constraint %s on %s, whose type is %v", name, where, declared)
			return
		}
		if !primitiveFits(raw.item, declared) {
			c.problem(CodeConformance, raw.line, "constraint of %s on %s, whose type is %s", name, where, declared)
			return
		}
		o.Class = declared
		return
	}
	switch name {
	case "C_TERMINOLOGY_CODE", "TERMINOLOGY_CODE", "CODE_STRING":
		name = "CODE_PHRASE"
	}
	class := rm.Lookup(name)
	if class == nil {
		c.problem(CodeType, raw.line, "the reference model has no type %.60s", name)
		return
	}
	if i := strings.IndexByte(name, '<'); i > 0 {
		param := strings.TrimSuffix(name[i+1:], ">")
		if o.Param = rm.Lookup(strings.TrimSpace(param)); o.Param == nil {
			c.problem(CodeType, raw.line, "the reference model has no type %.60s", param)
			return
		}
	}
	if declared != nil && !class.IsA(declared) && !declared.IsA(class) {
		c.problem(CodeConformance, raw.line, "type %s does not conform to %s, whose type is %s", class, where, declared)
		return
	}
	o.Class = class
}

func primitiveFits(item Constraint, declared *rm.Class) bool {
	switch item.(type) {
	case *CInteger:
		return declared.Primitive == rm.IntegerPrimitive || declared.Primitive == rm.RealPrimitive
	case *CReal:
		return declared.Primitive == rm.RealPrimitive
	case *CBoolean:
		return declared.Primitive == rm.BooleanPrimitive
	case *CString, *CTemporal, *CDuration:
		return declared.Primitive == rm.StringPrimitive
	}
	return true
}

func (c *compiler) occurrences(o *Object, raw *rawObject) {
	switch {
	case raw.occurrences != nil:
		o.Occurrences = *raw.occurrences
	case o.Parent != nil && o.Parent.Container():
		o.Occurrences = Interval{Unbounded: true}
	default:
		o.Occurrences = Interval{Lower: 1, Upper: 1}
	}
}

// archetypeRoot checks the archetype id and opens the scope of its terms.
func (c *compiler) archetypeRoot(o *Object, raw *rawObject) {
	o.ArchetypeID = raw.archetypeID
	if o.ArchetypeID == "" {
		c.problem(CodeMissing, raw.line, "an archetype root without archetype_id")
		return
	}
	m := archetypeID.FindStringSubmatch(o.ArchetypeID)
	switch {
	case m == nil:
		c.problem(CodeValue, raw.line, "%.80q is not an archetype id", o.ArchetypeID)
	case m[1] != o.Class.Name:
		c.problem(CodeConformance, raw.line, "archetype %s fills a %s", o.ArchetypeID, o.Class)
	}
	terms := &Terms{
		ArchetypeID: o.ArchetypeID, Default: c.t.Language,
		byLanguage: map[string]map[string]*Term{c.t.Language: raw.terms},
		Bindings:   raw.bindings, ConstraintBindings: map[string][]string{},
	}
	if raw.terms == nil {
		terms.byLanguage[c.t.Language] = map[string]*Term{}
	}
	for _, ont := range c.ontologies[o.ArchetypeID] {
		for lang, defs := range ont.terms {
			if terms.byLanguage[lang] == nil {
				terms.byLanguage[lang] = map[string]*Term{}
			}
			for code, term := range defs {
				if terms.byLanguage[lang][code] == nil {
					terms.byLanguage[lang][code] = term
				}
			}
		}
		for code, uris := range ont.constraints {
			terms.ConstraintBindings[code] = append(terms.ConstraintBindings[code], uris...)
		}
		if terms.Bindings == nil && len(ont.bindings) > 0 {
			terms.Bindings = ont.bindings
		}
	}
	o.Terms = terms
}

func functionKey(class *rm.Class, name string) string {
	for key := range functions {
		owner, attr, _ := strings.Cut(key, ".")
		if attr == name && class.IsA(rm.Lookup(owner)) {
			return key
		}
	}
	return ""
}

func (c *compiler) attribute(raw *rawAttribute, owner *Object) *Attribute {
	a := &Attribute{Name: raw.name, Owner: owner, byKey: map[string][]*Object{}}
	c.path = append(c.path, "/"+raw.name)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	if raw.name == "" {
		c.problem(CodeMissing, raw.line, "element rm_attribute_name is missing or empty")
		return nil
	}
	if right := respelled[a.Name]; right != "" && owner.Class.Attribute(a.Name) == nil {
		c.note(raw.line, "attribute %s read as %s", a.Name, right)
		a.Name = right
	}
	a.Def = owner.attributeDef(a.Name)
	if a.Def == nil && a.Name == "name" && owner.Class.IsA(pathable) {
		c.note(raw.line, "constraint on the name of a %s, which has none", owner.Class)
		return nil
	}
	if a.Def == nil && functionKey(owner.Class, a.Name) == "" {
		c.problem(CodeConformance, raw.line, "%s has no attribute %s", owner.Class, a.Name)
		return nil
	}
	switch {
	case raw.existence != nil:
		a.Existence = *raw.existence
		if a.Existence.Unbounded || a.Existence.Upper > 1 {
			c.note(raw.line, "existence %s of %s", a.Existence, a.Name)
			a.Existence.Upper, a.Existence.Unbounded = 1, false
			a.Existence.Lower = min(a.Existence.Lower, 1)
		}
	case a.Def != nil && a.Def.Mandatory:
		a.Existence = Interval{Lower: 1, Upper: 1}
	default:
		a.Existence = Interval{Upper: 1}
	}
	if a.Container() {
		a.Cardinality = raw.cardinality
		if raw.cardinality == nil && raw.xmlType == "C_SINGLE_ATTRIBUTE" {
			c.note(raw.line, "container %s.%s given as single-valued", owner.Class, a.Name)
		}
	} else if raw.cardinality != nil {
		c.note(raw.line, "cardinality on %s.%s, which is single-valued", owner.Class, a.Name)
	}
	for i, rc := range raw.children {
		c.path = append(c.path, "["+strconv.Itoa(i)+"]")
		child := c.object(rc, a, owner.Terms)
		c.path = c.path[:len(c.path)-1]
		if child == nil {
			continue
		}
		a.Children = append(a.Children, child)
		a.index(child)
	}
	if a.Cardinality != nil && !a.Cardinality.Interval.Unbounded {
		least := 0
		for _, child := range a.Children {
			least += child.Occurrences.Lower
		}
		if least > a.Cardinality.Interval.Upper {
			c.note(raw.line, "no instance can satisfy %s.%s: at least %d members within cardinality %s",
				owner.Class, a.Name, least, a.Cardinality.Interval)
		}
	}
	return a
}

// attributeDef finds an attribute in the class of the object, or, when the
// class is abstract, in one of its descendants.
func (o *Object) attributeDef(name string) *rm.Attribute {
	if def := o.Class.Attribute(name); def != nil {
		return def
	}
	if o.Class.Abstract {
		for _, d := range o.Class.Concrete() {
			if def := d.Attribute(name); def != nil {
				return def
			}
		}
	}
	return nil
}

func (a *Attribute) index(child *Object) {
	switch key := child.Key(); {
	case child.Kind == InternalRef && child.Target == nil:
		// Indexed when the reference is resolved.
	case child.Kind == Slot:
		a.slots = append(a.slots, child)
	case key != "":
		a.byKey[key] = append(a.byKey[key], child)
	case child.Class.IsA(rm.ClassLocatable):
		a.anyID = append(a.anyID, child)
	}
}

// constraint is the leaf constraint of a domain type or primitive.
func (c *compiler) constraint(o *Object, raw *rawObject) Constraint {
	if o.Kind != Leaf {
		return nil
	}
	if raw.hasItem {
		return raw.item
	}
	switch raw.xmlType {
	case "C_PRIMITIVE_OBJECT":
		return nil
	case "C_CODE_PHRASE", "C_CODE_REFERENCE":
		return c.codePhrase(o, raw)
	case "C_DV_QUANTITY":
		return c.quantity(raw)
	case "C_DV_ORDINAL", "C_DV_SCALE":
		return c.ordinal(raw)
	case "C_DV_STATE":
		return &CState{States: raw.states}
	case "":
		switch {
		case o.Class.IsA(rm.ClassCodePhrase):
			return c.codePhrase(o, raw)
		case o.Class.IsA(rm.ClassDVQuantity):
			return c.quantity(raw)
		case raw.list != nil:
			return c.ordinal(raw)
		case raw.hasStates:
			return &CState{States: raw.states}
		}
	}
	c.problem(CodeType, raw.line, "constraint of unknown type %.60s", raw.xmlType)
	return nil
}

func (c *compiler) codePhrase(o *Object, raw *rawObject) Constraint {
	cc := &CCodePhrase{
		Terminology: TerminologyName(raw.terminology), Codes: raw.codes, ReferenceSet: raw.referenceSet,
		Reference: raw.xmlType == "C_CODE_REFERENCE" || raw.referenceSet != "", Assumed: raw.assumed,
	}
	if len(cc.Codes) > 0 {
		cc.index = make(map[string]bool, len(cc.Codes))
		for _, code := range cc.Codes {
			cc.index[code] = true
			if cc.Terminology == "local" && o.Terms.Term(code, "") == nil && strings.HasPrefix(code, "at") {
				c.note(raw.line, "code %s has no term definition", code)
			}
		}
	}
	return cc
}

// TerminologyName strips the version in parentheses from a terminology id.
func TerminologyName(id string) string {
	if i := strings.IndexByte(id, '('); i > 0 && strings.HasSuffix(id, ")") {
		return id[:i]
	}
	return id
}

func (c *compiler) quantity(raw *rawObject) Constraint {
	q := &CQuantity{Property: raw.property, Assumed: raw.assumed}
	for _, i := range raw.list {
		q.List = append(q.List, QuantityItem{Units: i.units, Magnitude: i.magnitude, Precision: i.precision})
	}
	return q
}

func (c *compiler) ordinal(raw *rawObject) Constraint {
	list := &COrdinal{Assumed: raw.assumed}
	for _, i := range raw.list {
		v, err := parseReal(i.value)
		if err != nil {
			c.problem(CodeValue, i.line, "%.40q is not the value of an ordinal or scale", i.value)
			continue
		}
		i.symbol.Terminology = TerminologyName(i.symbol.Terminology)
		list.List = append(list.List, OrdinalItem{Value: v, Symbol: i.symbol, Text: i.text})
	}
	return list
}

// names finds what the constraint on the name attribute of a LOCATABLE allows.
func (c *compiler) names(o *Object) {
	attr := o.Attribute("name")
	if attr == nil || !o.Class.IsA(rm.ClassLocatable) {
		return
	}
	var names, codes []string
	for _, child := range attr.Children {
		if value := child.Attribute("value"); value != nil {
			for _, leaf := range value.Children {
				s, ok := leaf.Constraint.(*CString)
				if !ok || s.ListOpen || len(s.List) == 0 {
					return
				}
				names = append(names, s.List...)
			}
			continue
		}
		code := child.Attribute("defining_code")
		if code == nil {
			return
		}
		for _, leaf := range code.Children {
			cp, ok := leaf.Constraint.(*CCodePhrase)
			if !ok || len(cp.Codes) == 0 {
				return
			}
			codes = append(codes, cp.Codes...)
			for _, id := range cp.Codes {
				if text := o.Terms.Text(id, ""); text != "" {
					names = append(names, text)
				}
			}
		}
	}
	o.Names, o.NameCodes = names, codes
}

// resolve finds the object an internal reference names by its path within the
// enclosing archetype root.
func (c *compiler) resolve(o *Object) {
	root := o
	for root.Kind != ArchetypeRoot && root.Parent != nil {
		root = root.Parent.Owner
	}
	at := root
	for _, step := range strings.Split(strings.Trim(o.Reference, "/"), "/") {
		name, predicate, _ := strings.Cut(step, "[")
		predicate = strings.TrimSuffix(predicate, "]")
		var next *Object
		if a := at.Attribute(name); a != nil {
			for _, child := range a.Children {
				if predicate == "" || child.NodeID == predicate || child.ArchetypeID == predicate {
					next = child
					break
				}
			}
		}
		if next == nil {
			c.problem(CodeValue, o.Line, "internal reference to %.120s, which does not exist in %s", o.Reference, root.ArchetypeID)
			return
		}
		at = next
	}
	for p := o; p != nil; {
		if p == at {
			c.problem(CodeValue, o.Line, "internal reference to %.120s contains itself", o.Reference)
			return
		}
		if p.Parent == nil {
			break
		}
		p = p.Parent.Owner
	}
	o.Target = at
	if o.NodeID == "" && at.NodeID != "" {
		o.NodeID = at.NodeID
	}
	o.Parent.index(o)
}
