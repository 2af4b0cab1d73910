package archetypes

import (
	"sort"
	"strconv"
)

// Archetype is one ADL 1.4 archetype.
type Archetype struct {
	ADLVersion string // adl_version of the header; "" if not stated
	UID        string // uid of the header; "" if not stated
	Controlled bool   // the header carries the "controlled" flag
	ID         string // the archetype id, "openEHR-EHR-OBSERVATION.pulse.v2"
	Parent     string // the id of the archetype it specialises; "" if none
	// Concept is the at-code of the concept section, usually at0000.
	Concept          string
	OriginalLanguage Code
	Translations     []Translation
	Description      *Description // nil if the section is absent
	Definition       *Object
	Invariants       []Assertion
	Ontology         Ontology
	// RevisionHistory and Annotations are kept as read.
	RevisionHistory *Value
	Annotations     *Value
}

// KeyValue is one entry of a dictionary whose order is kept.
type KeyValue struct{ Key, Value string }

// Code is a term of a terminology.
type Code struct {
	Terminology string // "openehr", "local", "SNOMED-CT"
	Version     string // "" if not stated
	Code        string
}

// TerminologyID is the terminology with its version in parentheses, if any.
func (c Code) TerminologyID() string {
	if c.Version == "" {
		return c.Terminology
	}
	return c.Terminology + "(" + c.Version + ")"
}

// String is the code in ADL's notation with its brackets.
func (c Code) String() string { return "[" + c.TerminologyID() + "::" + c.Code + "]" }

// Translation is who translated an archetype into a language.
type Translation struct {
	Language      Code
	Author        []KeyValue
	Accreditation string
	OtherDetails  []KeyValue
}

// Description is the authorship and intent of an archetype.
type Description struct {
	OriginalAuthor     []KeyValue
	OtherContributors  []string
	LifecycleState     string
	ResourcePackageURI string
	OtherDetails       []KeyValue
	Details            []DescriptionDetail
}

// DescriptionDetail is the description in one language.
type DescriptionDetail struct {
	Language            Code
	Purpose             string
	Keywords            []string
	Use                 string
	Misuse              string
	Copyright           string
	OriginalResourceURI []KeyValue
	OtherDetails        []KeyValue
}

// Ontology is the terms of an archetype and their bindings.
type Ontology struct {
	// PrimaryLanguage and LanguagesAvailable occur in old archetypes only.
	PrimaryLanguage         string
	LanguagesAvailable      []string
	TerminologiesAvailable  []string
	TermDefinitions         []TermSet
	ConstraintDefinitions   []TermSet
	TermBindings            []BindingSet
	ConstraintBindings      []BindingSet
	SpecialisationDepthText string // specialisation_depth of old archetypes; "" if absent
}

// TermSet is the definitions of all codes in one language.
type TermSet struct {
	Language string
	Terms    []Term
}

// Term is the definition of one code: text, description, comment and others.
type Term struct {
	Code  string
	Items []KeyValue
}

// Item is the value of a key; "" if absent.
func (t Term) Item(key string) string {
	for _, kv := range t.Items {
		if kv.Key == key {
			return kv.Value
		}
	}
	return ""
}

// BindingSet is the bindings to one terminology.
type BindingSet struct {
	Terminology string
	Items       []Binding
}

// Binding ties a local code, or a path, to a term or a value set.
type Binding struct {
	Code   string // at-code, ac-code or path
	Target string // "[SNOMED-CT::364090009]", or a URI
}

// Term finds the definition of a code in a language; false if there is none.
func (o *Ontology) Term(language, code string) (Term, bool) {
	return lookup(o.TermDefinitions, language, code)
}

// Constraint finds the definition of an ac-code in a language.
func (o *Ontology) Constraint(language, code string) (Term, bool) {
	return lookup(o.ConstraintDefinitions, language, code)
}

func lookup(sets []TermSet, language, code string) (Term, bool) {
	for _, s := range sets {
		if s.Language != language {
			continue
		}
		for _, t := range s.Terms {
			if t.Code == code {
				return t, true
			}
		}
	}
	return Term{}, false
}

// Unbounded is the upper limit of a multiplicity without one.
const Unbounded = -1

// Multiplicity is an interval of counts: existence, occurrences, cardinality.
type Multiplicity struct{ Lower, Upper int }

// String is the interval in ADL's notation, "0..*".
func (m Multiplicity) String() string {
	if m.Upper == Unbounded {
		return strconv.Itoa(m.Lower) + "..*"
	}
	return strconv.Itoa(m.Lower) + ".." + strconv.Itoa(m.Upper)
}

// Contains reports whether every count that other admits is admitted by m.
func (m Multiplicity) Contains(other Multiplicity) bool {
	if other.Lower < m.Lower {
		return false
	}
	return m.Upper == Unbounded || other.Upper != Unbounded && other.Upper <= m.Upper
}

// Cardinality is the constraint on the membership of a container.
type Cardinality struct {
	Interval Multiplicity
	// Unordered is true for sets and bags; ADL's default is ordered.
	Unordered bool
	// OrderStated tells that "ordered" or "unordered" was written.
	OrderStated bool
	Unique      bool
	// NonUnique tells that "non-unique" was written.
	NonUnique bool
}

// Attribute is the constraint on one attribute of an object.
type Attribute struct {
	Name        string
	Existence   *Multiplicity // nil if not stated
	Cardinality *Cardinality  // nil if not stated
	// Children are the permitted values: alternatives of a single-valued
	// attribute, members of a container. None means any value.
	Children []*Object
	Pos      Pos
}

// Object is the constraint on one object. At most one of Slot, Ref,
// ConstraintRef, Primitive, Codes, Quantity, Ordinal and Domain is set; an
// object with none of them and no attributes permits any value of its type.
type Object struct {
	RMType      string        // "ELEMENT", "DV_INTERVAL<DV_QUANTITY>", "STRING" for primitives
	NodeID      string        // at-code; "" if none
	Occurrences *Multiplicity // nil if not stated
	Attributes  []*Attribute

	Slot          *Slot
	Ref           string // target path of use_node
	ConstraintRef string // ac-code
	Primitive     *Primitive
	Codes         *CodeConstraint
	Quantity      *QuantityConstraint
	Ordinal       *OrdinalConstraint
	Domain        *Value // another domain type, as written

	// ArchetypeID is the archetype whose root this is, Term the constraint on a
	// code, and Tuples are constraints on several attributes together. Only
	// operational templates of ADL 2 have them.
	ArchetypeID string
	Term        *TermConstraint
	Tuples      []*Tuple

	Pos Pos
}

// Attribute finds a constrained attribute by name; nil if there is none.
func (o *Object) Attribute(name string) *Attribute {
	for _, a := range o.Attributes {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// Clone is a deep copy of the constraint tree.
func (o *Object) Clone() *Object {
	if o == nil {
		return nil
	}
	c := *o
	if o.Occurrences != nil {
		m := *o.Occurrences
		c.Occurrences = &m
	}
	c.Attributes = make([]*Attribute, len(o.Attributes))
	for i, a := range o.Attributes {
		c.Attributes[i] = a.Clone()
	}
	if len(c.Attributes) == 0 {
		c.Attributes = nil
	}
	// Leaf constraints are never changed in place, so they are shared.
	return &c
}

// Clone is a deep copy of the constraint tree below the attribute.
func (a *Attribute) Clone() *Attribute {
	c := *a
	if a.Existence != nil {
		m := *a.Existence
		c.Existence = &m
	}
	if a.Cardinality != nil {
		m := *a.Cardinality
		c.Cardinality = &m
	}
	c.Children = make([]*Object, len(a.Children))
	for i, o := range a.Children {
		c.Children[i] = o.Clone()
	}
	if len(c.Children) == 0 {
		c.Children = nil
	}
	return &c
}

// Slot is which archetypes may stand in a place.
type Slot struct {
	Includes, Excludes []Assertion
}

// Interval is an interval of ordered values, which are kept as written.
type Interval struct {
	Lower, Upper                   string // "" when unbounded
	LowerIncluded, UpperIncluded   bool
	LowerUnbounded, UpperUnbounded bool
}

// PrimitiveKind is the type of a primitive constraint.
type PrimitiveKind uint8

// The kinds of primitive constraints.
const (
	StringKind PrimitiveKind = iota
	BooleanKind
	IntegerKind
	RealKind
	DateKind
	TimeKind
	DateTimeKind
	DurationKind
)

var primitiveNames = [...]string{"STRING", "BOOLEAN", "INTEGER", "REAL", "DATE", "TIME", "DATE_TIME", "DURATION"}

// String is the name of the type as AOM 1.4 writes it, "DATE_TIME".
func (k PrimitiveKind) String() string { return primitiveNames[k] }

// Primitive is the constraint on a primitive value.
type Primitive struct {
	Kind PrimitiveKind
	// Pattern is the regular expression of a string, or the pattern of a
	// date, time, date/time or duration, without delimiters.
	Pattern string
	// Values are the permitted values as written (strings without quotes);
	// true and false for booleans.
	Values []string
	// Open is true when other strings than Values are permitted too.
	Open bool
	// Range is the permitted interval; nil if there is none.
	Range *Interval
	// Assumed is the value to assume when none is given; nil if there is none.
	Assumed *string
}

// CodeConstraint is the permitted codes of a CODE_PHRASE.
type CodeConstraint struct {
	Terminology string // with version in parentheses, if any
	Codes       []string
	Assumed     string // "" if there is none
	// AssumedTerminology is set only when it differs from Terminology.
	AssumedTerminology string
}

// QuantityConstraint is the permitted units of a DV_QUANTITY.
type QuantityConstraint struct {
	Property *Code // nil if not stated
	List     []QuantityItem
	Assumed  *AssumedQuantity
}

// QuantityItem is one permitted unit with its limits.
type QuantityItem struct {
	Units                string
	Magnitude, Precision *Interval // nil if not limited
}

// AssumedQuantity is the quantity to assume when none is given.
type AssumedQuantity struct{ Magnitude, Units, Precision string }

// OrdinalConstraint is the permitted pairs of value and symbol.
type OrdinalConstraint struct {
	List    []OrdinalItem
	Assumed string // the assumed value; "" if there is none
}

// OrdinalItem is one permitted value with its symbol.
type OrdinalItem struct {
	Value  string
	Symbol Code
}

// Pos is a place in the source text; both count from 1, Column in bytes. The
// zero Pos is an unknown place.
type Pos struct{ Line, Column int }

// String is the interval in ADL's notation with its bars.
func (iv *Interval) String() string {
	switch {
	case iv.LowerUnbounded && iv.UpperUnbounded:
		return "|*..*|"
	case iv.LowerUnbounded && iv.UpperIncluded:
		return "|<=" + iv.Upper + "|"
	case iv.LowerUnbounded:
		return "|<" + iv.Upper + "|"
	case iv.UpperUnbounded && iv.LowerIncluded:
		return "|>=" + iv.Lower + "|"
	case iv.UpperUnbounded:
		return "|>" + iv.Lower + "|"
	case iv.Lower == iv.Upper && iv.LowerIncluded && iv.UpperIncluded:
		return "|" + iv.Lower + "|"
	}
	s := "|"
	if !iv.LowerIncluded {
		s += ">"
	}
	s += iv.Lower + ".."
	if !iv.UpperIncluded {
		s += "<"
	}
	return s + iv.Upper + "|"
}

// String is the cardinality in ADL's notation without its braces.
func (c *Cardinality) String() string {
	s := c.Interval.String()
	switch {
	case c.Unordered:
		s += "; unordered"
	case c.OrderStated:
		s += "; ordered"
	}
	if c.Unique {
		s += "; unique"
	}
	if c.NonUnique {
		s += "; non-unique"
	}
	return s
}

// Languages is the original language and those of the translations, the
// original first and the others in alphabetical order.
func (a *Archetype) Languages() []string {
	out := []string{a.OriginalLanguage.Code}
	for _, t := range a.Translations {
		if t.Language.Code != out[0] {
			out = append(out, t.Language.Code)
		}
	}
	sort.Strings(out[1:])
	return out
}
