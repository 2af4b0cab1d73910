package templates

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Template is a compiled operational template. It is immutable and may be used
// from any number of goroutines; slices and maps in it must not be changed.
type Template struct {
	// ID is the template id, UID the optional identifier of this revision.
	ID, UID string
	Concept string
	// Language is the code of the language that terms and names are in.
	Language string
	// Root is the constraint on the whole instance; an archetype root.
	Root        *Object
	Description Description
	// Annotations, Defaults and View say nothing about validity.
	Annotations []Annotation
	Defaults    []Default
	View        []ViewItem
	// Notes are the irregularities that were tolerated.
	Notes []Note

	raw     []byte
	objects int
}

// Raw is the document the template was compiled from, byte for byte.
func (t *Template) Raw() []byte { return t.raw }

// Objects is the number of object constraints in the tree.
func (t *Template) Objects() int { return t.objects }

// Description is what the template says about its authorship and use.
type Description struct {
	LifecycleState string
	// OriginalAuthor and OtherDetails are in document order.
	OriginalAuthor, OtherDetails []KeyValue
	// Details has one entry for each language.
	Details []DescriptionDetail
}

// DescriptionDetail is the description in one language.
type DescriptionDetail struct {
	Language, Purpose, Use, Misuse, Copyright string
	Keywords                                  []string
}

// KeyValue is one entry of a string dictionary.
type KeyValue struct{ Key, Value string }

// Annotation is a set of remarks on the node at a path.
type Annotation struct {
	Path  string
	Items []KeyValue
}

// Default is a default value that the template proposes for an attribute of
// the node at a path.
type Default struct {
	Path, Attribute string
	Value           *rm.Node
}

// ViewItem is a hint to user interfaces on the node at a path.
type ViewItem struct {
	Path, ID, Value string
}

// Note is an irregularity of the document that was tolerated.
type Note struct {
	Line    int
	Message string
}

// Kind says which constraint class of the archetype object model an Object is.
type Kind uint8

// The kinds of objects.
const (
	ComplexObject Kind = iota // C_COMPLEX_OBJECT
	ArchetypeRoot             // C_ARCHETYPE_ROOT: the object where an archetype was filled in
	Slot                      // ARCHETYPE_SLOT: open for archetypes
	Leaf                      // C_PRIMITIVE_OBJECT or a C_DOMAIN_TYPE; has a Constraint
	ConstraintRef             // CONSTRAINT_REF: a value set named by an ac-code
	InternalRef               // ARCHETYPE_INTERNAL_REF: the constraint of another node
)

var kindNames = [...]string{"object", "root", "slot", "leaf", "constraint-ref", "internal-ref"}

// String is a short name of the kind.
func (k Kind) String() string { return kindNames[k] }

// Object constrains one RM object, or one primitive value.
type Object struct {
	Kind Kind
	// Class is the RM class constrained; instances may be of any descendant.
	Class *rm.Class
	// Param is the type parameter, as DV_QUANTITY of DV_INTERVAL<DV_QUANTITY>;
	// nil if there is none.
	Param *rm.Class
	// TypeName is the type as the document spells it.
	TypeName string
	// NodeID is the at-code. It is empty for classes without one and where the
	// document has none; at an archetype root it is the at-code of the root in
	// its own archetype, which data never carries.
	NodeID string
	// ArchetypeID is the archetype filled in here; only at an archetype root.
	ArchetypeID string
	// TemplateID names the template that was embedded at an archetype root.
	TemplateID string
	// Names are the values that the constraint on the name attribute allows;
	// nil when any name is allowed. NameCodes are the codes allowed when the
	// name is coded.
	Names, NameCodes []string
	// Occurrences bounds the number of instances among the siblings.
	Occurrences Interval
	Attributes  []*Attribute
	// Constraint is the constraint on the value of a leaf; nil allows any.
	Constraint Constraint
	// Slot has the assertions of a slot; nil for other kinds.
	Slot *SlotRule
	// Reference is the ac-code or term query of a ConstraintRef, or the target
	// path of an InternalRef.
	Reference string
	// Target is the object an InternalRef stands for; nil for other kinds.
	Target *Object
	// Terms is the vocabulary of the archetype that the object belongs to.
	Terms *Terms
	// Parent is the attribute that holds the object; nil at the root.
	Parent *Attribute
	// Line of the document where the object begins.
	Line int
}

// Attribute constrains one attribute of an RM object.
type Attribute struct {
	Name string
	// Def is the attribute in the RM; nil for a function of the RM that
	// templates constrain as if it were one, such as DV_PROPORTION.is_integral.
	Def       *rm.Attribute
	Owner     *Object
	Existence Interval
	// Cardinality bounds a container as a whole; nil for a single-valued
	// attribute and where the template says nothing.
	Cardinality *Cardinality
	// Children are alternatives of a single-valued attribute, or the kinds of
	// members of a container.
	Children []*Object

	byKey map[string][]*Object
	slots []*Object
	// anyID are children of LOCATABLE type that the document gives no node id.
	anyID []*Object
}

// Container reports whether the RM attribute holds a list.
func (a *Attribute) Container() bool { return a.Def != nil && a.Def.Container }

// Matching lists the children that an instance with this archetype_node_id can
// be bound to by identity: those with that node id, or, at archetype roots,
// that archetype id. Slots are not among them.
func (a *Attribute) Matching(nodeID string) []*Object { return a.byKey[nodeID] }

// Slots lists the children that are open slots.
func (a *Attribute) Slots() []*Object { return a.slots }

// Unidentified lists the children that constrain a LOCATABLE without saying
// which node id it has.
func (a *Attribute) Unidentified() []*Object { return a.anyID }

// Cardinality bounds the number of members of a container.
type Cardinality struct {
	Interval        Interval
	Ordered, Unique bool
}

// Interval is a range of counts, both ends included.
type Interval struct {
	Lower, Upper int
	// Unbounded means that there is no upper end.
	Unbounded bool
}

// Has reports whether n lies in the interval.
func (i Interval) Has(n int) bool { return n >= i.Lower && (i.Unbounded || n <= i.Upper) }

// String writes the interval as 0..1 or 1..*.
func (i Interval) String() string {
	if i.Unbounded {
		return strconv.Itoa(i.Lower) + "..*"
	}
	return strconv.Itoa(i.Lower) + ".." + strconv.Itoa(i.Upper)
}

// Attribute finds the constraint on an attribute by name; nil if there is none.
func (o *Object) Attribute(name string) *Attribute {
	for _, a := range o.Attributes {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// Key is the archetype_node_id of instances: the archetype id at an archetype
// root, otherwise the at-code; "" if any is allowed.
func (o *Object) Key() string {
	if o.Kind == ArchetypeRoot {
		return o.ArchetypeID
	}
	return o.NodeID
}

// HasName reports whether the constraint on the name allows the value; true
// when there is no such constraint.
func (o *Object) HasName(name string) bool {
	if o.Names == nil {
		return true
	}
	for _, n := range o.Names {
		if n == name {
			return true
		}
	}
	return false
}

// Path is the path of the object in the template, with node ids, and with the
// name where the template fixes one.
func (o *Object) Path() string {
	if o.Parent == nil {
		return "/"
	}
	var b strings.Builder
	o.writePath(&b)
	return b.String()
}

func (o *Object) writePath(b *strings.Builder) {
	if o.Parent == nil {
		return
	}
	o.Parent.Owner.writePath(b)
	b.WriteByte('/')
	b.WriteString(o.Parent.Name)
	key := o.Key()
	if key == "" {
		return
	}
	b.WriteByte('[')
	b.WriteString(key)
	if len(o.Names) == 1 {
		b.WriteString(" and name/value='")
		b.WriteString(strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(o.Names[0]))
		b.WriteByte('\'')
	}
	b.WriteByte(']')
}

// Path is the path of the attribute in the template.
func (a *Attribute) Path() string {
	p := a.Owner.Path()
	if p == "/" {
		return "/" + a.Name
	}
	return p + "/" + a.Name
}

// Term is the definition of a code in one language.
type Term struct {
	Text, Description string
	// Other are further entries, such as comment, in document order.
	Other []KeyValue
}

// Terms is the vocabulary of one archetype root.
type Terms struct {
	ArchetypeID string
	// Default is the language that unqualified lookups use.
	Default    string
	byLanguage map[string]map[string]*Term
	// Bindings to external terminologies, by code.
	Bindings map[string][]Code
	// ConstraintBindings are the queries or value sets bound to ac-codes.
	ConstraintBindings map[string][]string
}

// Code is a code of a terminology.
type Code struct{ Terminology, Code string }

// Term finds the definition of an at-code or ac-code. An empty or unknown
// language means the template's; nil if the code is not defined.
func (t *Terms) Term(code, lang string) *Term {
	if t == nil {
		return nil
	}
	if m := t.byLanguage[lang]; m != nil && m[code] != nil {
		return m[code]
	}
	return t.byLanguage[t.Default][code]
}

// Text is the text of a code; "" if it is not defined.
func (t *Terms) Text(code, lang string) string {
	if term := t.Term(code, lang); term != nil {
		return term.Text
	}
	return ""
}

// In is the text of a code in exactly that language; "" if there is none.
func (t *Terms) In(code, lang string) string {
	if t != nil && t.byLanguage[lang] != nil && t.byLanguage[lang][code] != nil {
		return t.byLanguage[lang][code].Text
	}
	return ""
}

// Exact is the definition of a code in exactly that language; nil if there is
// none.
func (t *Terms) Exact(code, lang string) *Term {
	if t == nil {
		return nil
	}
	return t.byLanguage[lang][code]
}

// Languages lists the languages with definitions, the default one first and
// the others sorted.
func (t *Terms) Languages() []string {
	var others []string
	for l := range t.byLanguage {
		if l != t.Default {
			others = append(others, l)
		}
	}
	slices.Sort(others)
	return append([]string{t.Default}, others...)
}

// Codes lists the codes defined in a language, sorted.
func (t *Terms) Codes(lang string) []string {
	codes := make([]string, 0, len(t.byLanguage[lang]))
	for c := range t.byLanguage[lang] {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	return codes
}
