package archetypes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Problem is one thing wrong with an archetype that parsed.
type Problem struct {
	// Code is the validity rule: those of ADL 1.4, and those of AOM 2 for
	// rules that the text of ADL 1.4 has without a code.
	Code string
	// Warning problems do not make the archetype unusable.
	Warning bool
	Pos     Pos    // zero if the place is not known
	Path    string // in the definition; "" outside of it
	Message string
}

// The validity rules that Validate checks.
const (
	CodeID              = "VARID"  // the id is not an archetype id, or not a specialisation's
	CodeConcept         = "VARCN"  // the concept has no term
	CodeRootType        = "VARDT"  // the definition's class is not that of the id
	CodeOntology        = "VARON"  // a language has no terms
	CodeTerm            = "VATDF"  // a code used has no term
	CodeConstraintTerm  = "VACDF"  // an ac-code used has no definition
	CodeSlotID          = "VDFAI"  // a slot's rule cannot match an archetype of the slot's class
	CodePath            = "VDFPT"  // a path leads nowhere
	CodeCardinality     = "VCOC"   // occurrences of the members cannot satisfy the cardinality
	CodeRefType         = "VUNT"   // use_node names a class its target is not of
	CodeClass           = "VCORM"  // the RM has no such class
	CodeConformance     = "VCORMT" // the class cannot stand in the attribute
	CodeAttribute       = "VCARM"  // the class has no such attribute
	CodeMultiplicity    = "VCAM"   // cardinality of an attribute that is no container, or several occurrences in one
	CodeSibling         = "VACSI"  // two members of a container have the same node id
	CodeAssumed         = "VOBAV"  // the assumed value is not among the permitted ones
	CodeTranslation     = "VOTM"   // a term has no translation
	CodeSpecialisation  = "VASID"  // a specialised archetype's id does not extend its parent's
	maxArchetypeProblem = 1000
)

// Validate checks an archetype against the validity rules of ADL 1.4 and the
// reference model. At most 1000 problems are listed.
//
// VCOC is read so that published archetypes can be valid: the occurrences of
// the members and the cardinality must have a number of members in common.
func Validate(a *Archetype) []Problem {
	v := &validator{a: a, languages: map[string]bool{}, reported: map[string]bool{}}
	v.identification()
	v.object(a.Definition, nil, "")
	v.ontology()
	return v.problems
}

type validator struct {
	a         *Archetype
	problems  []Problem
	languages map[string]bool
	reported  map[string]bool // codes without a term that have been reported
}

func (v *validator) report(code string, pos Pos, path, format string, args ...any) {
	if len(v.problems) < maxArchetypeProblem {
		v.problems = append(v.problems, Problem{Code: code, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

func (v *validator) warn(code string, pos Pos, path, format string, args ...any) {
	n := len(v.problems)
	v.report(code, pos, path, format, args...)
	if len(v.problems) > n {
		v.problems[n].Warning = true
	}
}

func (v *validator) identification() {
	a := v.a
	id, err := ParseID(a.ID)
	if err != nil {
		v.report(CodeID, Pos{}, "", "%v", err)
		return
	}
	if a.Parent != "" {
		parent, err := ParseID(a.Parent)
		switch {
		case err != nil:
			v.report(CodeID, Pos{}, "", "%v", err)
		case parent.Class != id.Class:
			v.report(CodeSpecialisation, Pos{}, "", "class %s of the archetype is not the class %s of its parent", id.Class, parent.Class)
		case strings.Contains(id.Concept, "-") && !strings.HasPrefix(id.Concept, parent.Concept+"-"):
			v.report(CodeSpecialisation, Pos{}, "", "concept %s does not extend that of the parent, %s", id.Concept, parent.Concept)
		}
	}
	if got, _, _ := strings.Cut(a.Definition.RMType, "<"); got != id.Class {
		v.report(CodeRootType, a.Definition.Pos, "/", "definition is of class %s, the id of class %s", got, id.Class)
	}
	if a.Definition.NodeID != a.Concept && a.Definition.NodeID != "" {
		v.report(CodeConcept, a.Definition.Pos, "/", "definition's node id %s is not the concept %s", a.Definition.NodeID, a.Concept)
	}
	if _, ok := a.Ontology.Term(a.OriginalLanguage.Code, a.Concept); !ok {
		v.report(CodeConcept, Pos{}, "", "concept %s has no term in the original language %q", a.Concept, a.OriginalLanguage.Code)
	}
}

func lookupClass(name string) *rm.Class {
	base, _, _ := strings.Cut(name, "<")
	return rm.Lookup(base)
}

// object checks one object and what is below it; holder is the attribute it
// stands in, nil for the root.
func (v *validator) object(o *Object, holder *rm.Attribute, path string) {
	where := path
	if where == "" {
		where = "/"
	}
	if o.NodeID != "" {
		v.term(o.NodeID, o.Pos, where)
	}
	switch {
	case o.ConstraintRef != "":
		if _, ok := v.a.Ontology.Constraint(v.a.OriginalLanguage.Code, o.ConstraintRef); !ok {
			v.report(CodeConstraintTerm, o.Pos, where, "constraint %s has no definition", o.ConstraintRef)
		}
		return
	case o.Codes != nil:
		v.codes(o, where)
		return
	case o.Primitive != nil:
		v.primitive(o, where)
		return
	}
	class := lookupClass(o.RMType)
	if class == nil {
		v.report(CodeClass, o.Pos, where, "the reference model has no class %s", o.RMType)
		return
	}
	if holder != nil && holder.Type != nil && !conforms(class, holder) {
		v.report(CodeConformance, o.Pos, where, "%s cannot stand in %s, which takes %s", o.RMType, holder.Name, holder.Type)
	}
	switch {
	case o.Slot != nil:
		v.slot(o, class, where)
	case o.Ref != "":
		v.reference(o, class, where)
	case o.Ordinal != nil:
		for _, item := range o.Ordinal.List {
			if item.Symbol.Terminology == "local" {
				v.term(item.Symbol.Code, o.Pos, where)
			}
		}
	case o.Quantity != nil:
		v.quantity(o, where)
	}
	for _, a := range o.Attributes {
		v.attribute(a, class, path+"/"+a.Name)
	}
}

func conforms(class *rm.Class, holder *rm.Attribute) bool {
	// Open type parameters, such as the limits of an interval, take anything.
	return class.IsA(holder.Type) || holder.Type.Name == "Any" || holder.Type.Name == "Ordered" || holder.Type.IsA(class)
}

// functions are RM functions that archetypes constrain like attributes.
var functions = map[string]string{"is_integral": "DV_PROPORTION", "offset": "EVENT"}

func (v *validator) attribute(a *Attribute, class *rm.Class, path string) {
	def := class.Attribute(a.Name)
	if def == nil && functions[a.Name] != class.Name {
		v.report(CodeAttribute, a.Pos, path, "class %s has no attribute %s", class.Name, a.Name)
		return
	}
	container := def != nil && def.Container
	if a.Cardinality != nil && !container {
		v.report(CodeMultiplicity, a.Pos, path, "cardinality is constrained, but %s.%s is not a container", class.Name, a.Name)
	}
	ids := map[string]bool{}
	low, high := 0, 0
	for _, o := range a.Children {
		step := path
		if o.NodeID != "" {
			step += "[" + o.NodeID + "]"
			if container && ids[o.NodeID] {
				v.report(CodeSibling, o.Pos, step, "node id %s is used twice in %s", o.NodeID, a.Name)
			}
			ids[o.NodeID] = true
		}
		occurrences := Multiplicity{1, 1}
		if o.Occurrences != nil {
			occurrences = *o.Occurrences
		}
		if !container && occurrences.Upper != 1 && occurrences.Upper != 0 {
			v.report(CodeMultiplicity, o.Pos, step, "occurrences %s, but %s.%s is not a container", occurrences, class.Name, a.Name)
		}
		low += occurrences.Lower
		if occurrences.Upper == Unbounded || high == Unbounded {
			high = Unbounded
		} else {
			high += occurrences.Upper
		}
		v.object(o, def, step)
	}
	if c := a.Cardinality; c != nil && len(a.Children) > 0 {
		if c.Interval.Upper != Unbounded && low > c.Interval.Upper || high != Unbounded && high < c.Interval.Lower {
			v.report(CodeCardinality, a.Pos, path, "members occur %s times, outside of the cardinality %s", Multiplicity{low, high}, c.Interval)
		}
	}
}

// term reports a code without a term in the original language, once.
func (v *validator) term(code string, pos Pos, path string) {
	if v.reported[code] {
		return
	}
	if _, ok := v.a.Ontology.Term(v.a.OriginalLanguage.Code, code); !ok {
		v.reported[code] = true
		v.report(CodeTerm, pos, path, "code %s has no term in the original language %q", code, v.a.OriginalLanguage.Code)
	}
}

func (v *validator) codes(o *Object, path string) {
	c := o.Codes
	if c.Terminology == "local" {
		for _, code := range c.Codes {
			v.term(code, o.Pos, path)
		}
	}
	if c.Assumed != "" && len(c.Codes) > 0 && !slices.Contains(c.Codes, c.Assumed) {
		v.report(CodeAssumed, o.Pos, path, "assumed code %s is not among the permitted codes", c.Assumed)
	}
}

func (v *validator) primitive(o *Object, path string) {
	p := o.Primitive
	if p.Assumed != nil && len(p.Values) > 0 && !p.Open && !slices.Contains(p.Values, *p.Assumed) {
		v.report(CodeAssumed, o.Pos, path, "assumed value %q is not among the permitted values", *p.Assumed)
	}
}

func (v *validator) quantity(o *Object, path string) {
	a := o.Quantity.Assumed
	if a == nil || len(o.Quantity.List) == 0 {
		return
	}
	if !slices.ContainsFunc(o.Quantity.List, func(i QuantityItem) bool { return i.Units == a.Units }) {
		v.report(CodeAssumed, o.Pos, path, "assumed unit %q is not among the permitted units", a.Units)
	}
}

var slotClass = regexp.MustCompile(`^\^?\(*openEHR-[A-Za-z_]+-([A-Z_]+)(?:\\\.|\.|\[)`)

func (v *validator) slot(o *Object, class *rm.Class, path string) {
	for _, a := range slices.Concat(o.Slot.Includes, o.Slot.Excludes) {
		pattern, ok := a.ArchetypeIDPattern()
		if !ok {
			continue
		}
		if _, err := regexp.Compile(pattern); err != nil {
			v.report(CodeSlotID, a.Pos, path, "pattern /%s/ is not a regular expression: %v", pattern, err)
			continue
		}
		for _, alternative := range strings.Split(pattern, "|") {
			m := slotClass.FindStringSubmatch(alternative)
			if m == nil {
				continue // .* or an expression that is not about one archetype
			}
			if c := rm.Lookup(m[1]); c == nil || !c.IsA(class) && !class.IsA(c) {
				v.report(CodeSlotID, a.Pos, path, "archetypes of class %s cannot fill a slot of %s", m[1], class.Name)
			}
		}
	}
}

func (v *validator) reference(o *Object, class *rm.Class, path string) {
	target, err := Resolve(v.a.Definition, o.Ref)
	if err != nil {
		v.report(CodePath, o.Pos, path, "use_node %s: %v", o.Ref, err)
		return
	}
	if t := lookupClass(target.RMType); t != nil && !t.IsA(class) {
		v.report(CodeRefType, o.Pos, path, "use_node is of class %s, its target of %s", o.RMType, target.RMType)
	}
}

func (v *validator) ontology() {
	o := &v.a.Ontology
	for _, set := range o.TermDefinitions {
		v.languages[set.Language] = true
	}
	original := v.a.OriginalLanguage.Code
	if !v.languages[original] {
		v.report(CodeOntology, Pos{}, "", "the original language %q has no terms", original)
		return
	}
	for _, t := range v.a.Translations {
		if !v.languages[t.Language.Code] {
			v.report(CodeOntology, Pos{}, "", "the translation into %q has no terms", t.Language.Code)
		}
	}
	var codes []string
	for _, set := range o.TermDefinitions {
		if set.Language == original {
			for _, t := range set.Terms {
				codes = append(codes, t.Code)
			}
		}
	}
	for _, set := range o.TermDefinitions {
		if set.Language == original {
			continue
		}
		have := map[string]bool{}
		for _, t := range set.Terms {
			have[t.Code] = true
		}
		for _, code := range codes {
			if !have[code] {
				v.warn(CodeTranslation, Pos{}, "", "code %s has no term in %q", code, set.Language)
			}
		}
	}
}
