package oet

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// CompileADL2 makes the OPT 1.4 form of an ADL 2 operational template: the node
// ids, terms and constraints stay what they are, value sets become lists of
// codes, codes that are bound to the openEHR terminology become its codes, and
// tuples become the constraints on quantities, ordinals and scales. The template
// id, and the archetype id of each root, have their full version and no
// namespace.
//
// What OPT 1.4 cannot say is an error: tuples of other classes and several
// intervals of one value. Two things are not carried over: rules, and the
// strength of a constraint on a code, which becomes required. So the result
// serves to make an instance rather than to judge one.
func CompileADL2(t *archetypes.Operational) ([]byte, error) {
	c := &compiler{
		src: &Source{ID: t.UID, Name: t.ID.String()},
		opt: Options{Language: t.OriginalLanguage.Code},
	}
	if d := t.Description; d != nil {
		c.src.Description = Description{OriginalAuthor: d.OriginalAuthor, LifecycleState: d.LifecycleState}
		for _, detail := range d.Details {
			if detail.Language.Code == c.opt.Language {
				c.src.Description.Purpose = detail.Purpose
			}
		}
	}
	x := &adl2Expander{t: t, roots: map[string]*adl2Root{}}
	id := t.ID
	id.Name = strings.TrimPrefix(id.Name, id.Namespace+"::")
	top := x.newRoot(id.String(), t.Definition.NodeID, t.Root)
	root, err := x.object(t.Definition, top)
	if err != nil {
		return nil, err
	}
	root.root, root.occurrences = top.archetype, once
	c.prune(root, "")
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return c.write(root)
}

// adl2Expander turns the definition of an ADL 2 operational template into nodes.
type adl2Expander struct {
	t     *archetypes.Operational
	roots map[string]*adl2Root
	count int
}

// adl2Root is an archetype in the template with its terminology.
type adl2Root struct {
	archetype *archetypes.Archetype
	terms     *archetypes.Terminology
}

func (x *adl2Expander) newRoot(id, concept string, terms *archetypes.Terminology) *adl2Root {
	return &adl2Root{terms: terms, archetype: &archetypes.Archetype{
		ID: id, Concept: concept, OriginalLanguage: x.t.OriginalLanguage,
		Ontology: archetypes.Ontology{TermDefinitions: slices.Clone(terms.TermDefinitions)},
	}}
}

// rootConcept is the form of the code of an archetype's own root: specialised
// once for each ".1".
var rootConcept = regexp.MustCompile(`^(id1|at0000)(\.1)*$`)

// component is the root of an archetype in the template.
func (x *adl2Expander) component(o *archetypes.Object) (*adl2Root, error) {
	if r := x.roots[o.ArchetypeID]; r != nil {
		return r, nil
	}
	id := o.ArchetypeID
	if _, bare, ok := strings.Cut(id, "::"); ok {
		id = bare
	}
	terms := x.t.Components[o.ArchetypeID]
	if terms == nil {
		terms = x.t.Components[id]
	}
	if terms == nil {
		return nil, adl2Error(o, "component_terminologies lacks %s", o.ArchetypeID)
	}
	concept := o.NodeID
	for _, set := range terms.TermDefinitions {
		longest := ""
		for _, term := range set.Terms {
			if rootConcept.MatchString(term.Code) && len(term.Code) > len(longest) {
				longest = term.Code
			}
		}
		if longest != "" {
			concept = longest
			break
		}
	}
	r := x.newRoot(id, concept, terms)
	x.roots[o.ArchetypeID] = r
	return r, nil
}

func adl2Error(o *archetypes.Object, format string, args ...any) error {
	return &Error{Line: o.Pos.Line, Msg: fmt.Sprintf(format, args...)}
}

// object resolves one object constraint and everything below it, whose codes
// belong to the root.
func (x *adl2Expander) object(o *archetypes.Object, root *adl2Root) (*node, error) {
	if x.count++; x.count > maxNodes {
		return nil, adl2Error(o, "the template has more than %d nodes", maxNodes)
	}
	n := &node{class: o.RMType, id: o.NodeID, occurrences: once}
	if o.Occurrences != nil {
		n.occurrences = *o.Occurrences
	}
	class := baseClass(o.RMType)
	switch {
	case o.Primitive != nil || o.Slot != nil:
		n.leaf = o
		return n, nil
	case o.Term != nil:
		return n, x.term(n, o, root)
	case class == nil:
		return nil, adl2Error(o, "the reference model has no class %s", o.RMType)
	}
	if o.ArchetypeID != "" && o != x.t.Definition {
		var err error
		if root, err = x.component(o); err != nil {
			return nil, err
		}
		n.root = root.archetype
	}
	if !class.IsA(rm.ClassLocatable) || n.root != nil {
		n.id = "" // the code at a root is that of the slot, or of nothing
	} else {
		x.named(root.archetype, n.id, class)
	}
	switch {
	case class.Name == "DV_QUANTITY" && len(o.Attributes)+len(o.Tuples) > 0:
		return n, x.quantity(n, o, root)
	case len(o.Tuples) > 0:
		return n, x.ordinal(n, o, class)
	}
	for _, a := range o.Attributes {
		b, err := x.attribute(a, o, class, root)
		if err != nil {
			return nil, err
		}
		n.attrs = append(n.attrs, b)
	}
	return n, nil
}

// named gives a node the name of its class where ADL 2 asks for no term: below
// attributes of one value.
func (x *adl2Expander) named(a *archetypes.Archetype, code string, class *rm.Class) {
	language := x.t.OriginalLanguage.Code
	if _, ok := a.Ontology.Term(language, code); ok || code == "" {
		return
	}
	term := archetypes.Term{Code: code, Items: []archetypes.KeyValue{{Key: "text", Value: class.Name}, {Key: "description", Value: class.Name}}}
	sets := a.Ontology.TermDefinitions
	for i := range sets {
		if sets[i].Language == language {
			sets[i].Terms = append(slices.Clip(sets[i].Terms), term)
			return
		}
	}
	a.Ontology.TermDefinitions = append(sets, archetypes.TermSet{Language: language, Terms: []archetypes.Term{term}})
}

func (x *adl2Expander) attribute(a *archetypes.Attribute, o *archetypes.Object, class *rm.Class, root *adl2Root) (*attr, error) {
	b, err := newAttr(class, a.Name)
	if err != nil {
		return nil, &Error{Line: a.Pos.Line, Msg: err.Error()}
	}
	if a.Existence != nil {
		b.existence = *a.Existence
	}
	if a.Cardinality != nil {
		if b.cardinality == nil {
			return nil, &Error{Line: a.Pos.Line, Msg: fmt.Sprintf("cardinality of %s.%s, which is not a container", o.RMType, a.Name)}
		}
		card := *a.Cardinality
		b.cardinality = &card
	}
	if b.existence.Upper == 0 {
		return b, nil // what is below a forbidden attribute says nothing
	}
	for _, child := range a.Children {
		n, err := x.object(child, root)
		if err != nil {
			return nil, err
		}
		if child.Occurrences == nil { // AOM 2, effective_occurrences
			n.occurrences = archetypes.Multiplicity{Lower: 0, Upper: 1}
			switch {
			case b.cardinality != nil:
				n.occurrences.Upper = b.cardinality.Interval.Upper
			case len(a.Children) == 1:
				n.occurrences.Lower = b.existence.Lower
			}
		}
		if p := child.Primitive; p != nil && p.Kind == archetypes.IntegerKind {
			if def := class.Attribute(a.Name); def != nil && (def.Type.Name == "Double" || def.Type.Name == "Real") {
				real, leaf := *p, *child
				real.Kind = archetypes.RealKind
				leaf.Primitive, leaf.RMType = &real, archetypes.RealKind.String()
				n.leaf, n.class = &leaf, leaf.RMType
			}
		}
		b.children = append(b.children, n)
	}
	return b, nil
}

// term makes the constraint on a code: the codes of the value set, or the value
// set of another terminology.
func (x *adl2Expander) term(n *node, o *archetypes.Object, root *adl2Root) error {
	t := o.Term
	leaf := &archetypes.Object{RMType: o.RMType, Pos: o.Pos}
	n.leaf = leaf
	if t.Terminology != "" {
		leaf.Codes = &archetypes.CodeConstraint{Terminology: t.Terminology, Codes: []string{t.Code}}
		return nil
	}
	codes := []string{t.Code}
	if strings.HasPrefix(t.Code, "ac") {
		codes = root.terms.ValueSets[t.Code]
		if t.Binding != "" || len(codes) == 0 {
			return x.external(n, o, root)
		}
	}
	terminology := t.Binding
	if terminology == "" && !slices.ContainsFunc(codes, func(code string) bool { return root.terms.Bound("openehr", code) == "" }) {
		terminology = "openehr"
	}
	leaf.Codes = &archetypes.CodeConstraint{Terminology: "local"}
	if terminology != "" {
		leaf.Codes.Terminology = terminology
	}
	for _, code := range codes {
		if terminology != "" {
			target := root.terms.Bound(terminology, code)
			if code = boundCode(target); code == "" {
				return adl2Error(o, "%s has no code of %s bound to it", t.Code, terminology)
			}
		} else if _, ok := root.archetype.Ontology.Term(x.t.OriginalLanguage.Code, code); !ok {
			return adl2Error(o, "the terminology of %s has no term for %s", root.archetype.ID, code)
		}
		leaf.Codes.Codes = append(leaf.Codes.Codes, code)
	}
	return nil
}

// external makes the constraint of an ac-code without members: the value set
// that it is bound to.
func (x *adl2Expander) external(n *node, o *archetypes.Object, root *adl2Root) error {
	for _, set := range root.terms.Bindings {
		if o.Term.Binding != "" && !strings.EqualFold(set.Terminology, o.Term.Binding) {
			continue
		}
		for _, b := range set.Items {
			if b.Code == o.Term.Code {
				n.leaf.Codes = &archetypes.CodeConstraint{Terminology: set.Terminology}
				n.valueSet = strings.Trim(b.Target, "[]")
				return nil
			}
		}
	}
	if o.Term.Binding != "" {
		return adl2Error(o, "%s has no binding to %s", o.Term.Code, o.Term.Binding)
	}
	n.leaf.ConstraintRef = o.Term.Code
	x.named(root.archetype, o.Term.Code, rm.ClassCodePhrase)
	return nil
}

// boundCode is the code in the target of a binding, a URI such as
// http://openehr.org/id/433 or [openehr::433]; "" if there is none.
func boundCode(target string) string {
	target = strings.Trim(target, "[]")
	if _, code, ok := strings.Cut(target, "::"); ok {
		return code
	}
	return target[strings.LastIndexAny(target, "/#=")+1:]
}

// quantity makes the constraint on a DV_QUANTITY from its tuple of units,
// magnitude and precision, or from those attributes.
func (x *adl2Expander) quantity(n *node, o *archetypes.Object, root *adl2Root) error {
	q := &archetypes.QuantityConstraint{}
	plain := map[string]*archetypes.Object{}
	for _, a := range o.Attributes {
		switch a.Name {
		case "property", "units", "magnitude", "precision":
		default:
			return adl2Error(o, "a constraint on %s of a DV_QUANTITY is not supported", a.Name)
		}
		if len(a.Children) == 0 {
			continue
		}
		if len(a.Children) > 1 {
			return adl2Error(o, "alternatives of %s of a DV_QUANTITY are not supported", a.Name)
		}
		plain[a.Name] = a.Children[0]
	}
	if p := plain["property"]; p != nil && p.Term != nil {
		var property node
		if err := x.term(&property, p, root); err != nil {
			return err
		}
		if codes := property.leaf.Codes; codes != nil && len(codes.Codes) == 1 {
			q.Property = &archetypes.Code{Terminology: codes.Terminology, Code: codes.Codes[0]}
		}
	}
	rows := []map[string]*archetypes.Object{plain}
	if len(o.Tuples) > 1 {
		return adl2Error(o, "more than one tuple in a DV_QUANTITY is not supported")
	}
	for _, t := range o.Tuples {
		rows = nil
		for _, row := range t.Rows {
			r := map[string]*archetypes.Object{"units": plain["units"], "magnitude": plain["magnitude"], "precision": plain["precision"]}
			for i, name := range t.Names {
				if _, ok := r[name]; !ok {
					return adl2Error(o, "a tuple with %s of a DV_QUANTITY is not supported", name)
				}
				r[name] = row[i]
			}
			rows = append(rows, r)
		}
	}
	for _, r := range rows {
		magnitude, err := quantityInterval(r["magnitude"])
		if err != nil {
			return err
		}
		precision, err := quantityInterval(r["precision"])
		if err != nil {
			return err
		}
		units := r["units"]
		switch {
		case units == nil && magnitude == nil && precision == nil:
		case units == nil || units.Primitive == nil || len(units.Primitive.Values) == 0:
			return adl2Error(o, "a magnitude or precision without units is not supported")
		default:
			for _, unit := range units.Primitive.Values {
				q.List = append(q.List, archetypes.QuantityItem{Units: unit, Magnitude: magnitude, Precision: precision})
			}
		}
	}
	n.leaf = &archetypes.Object{RMType: o.RMType, Quantity: q, Pos: o.Pos}
	return nil
}

// quantityInterval is the range of a magnitude or precision; nil if any.
func quantityInterval(o *archetypes.Object) (*archetypes.Interval, error) {
	switch {
	case o == nil:
		return nil, nil
	case o.Primitive == nil || o.Primitive.Kind != archetypes.IntegerKind && o.Primitive.Kind != archetypes.RealKind:
		return nil, adl2Error(o, "expected numbers")
	case o.Primitive.Range != nil:
		return o.Primitive.Range, nil
	case len(o.Primitive.Values) != 1:
		return nil, adl2Error(o, "a list of several numbers is not supported in a DV_QUANTITY")
	}
	v := o.Primitive.Values[0]
	return &archetypes.Interval{Lower: v, Upper: v, LowerIncluded: true, UpperIncluded: true}, nil
}

// ordinal makes the constraint on a DV_ORDINAL or DV_SCALE from its tuple of
// value and symbol.
func (x *adl2Expander) ordinal(n *node, o *archetypes.Object, class *rm.Class) error {
	t := o.Tuples[0]
	value, symbol := slices.Index(t.Names, "value"), slices.Index(t.Names, "symbol")
	if class.Name != "DV_ORDINAL" && class.Name != "DV_SCALE" || len(o.Tuples) > 1 || len(o.Attributes) > 0 || len(t.Names) != 2 || value < 0 || symbol < 0 {
		return adl2Error(o, "a tuple of %s in a %s is not supported", strings.Join(t.Names, ", "), class.Name)
	}
	list := &archetypes.OrdinalConstraint{}
	for _, row := range t.Rows {
		v, s := row[value].Primitive, row[symbol].Term
		if v == nil || len(v.Values) != 1 || s == nil || strings.HasPrefix(s.Code, "ac") || s.Binding != "" {
			return adl2Error(row[0], "a row of a %s has one value and the code of one symbol", class.Name)
		}
		code := archetypes.Code{Terminology: "local", Code: s.Code}
		if s.Terminology != "" {
			code.Terminology = s.Terminology
		}
		list.List = append(list.List, archetypes.OrdinalItem{Value: v.Values[0], Symbol: code})
	}
	n.leaf = &archetypes.Object{RMType: o.RMType, Ordinal: list, Pos: o.Pos}
	return nil
}
