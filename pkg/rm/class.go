package rm

// Class is one class of the openEHR Reference Model 1.1.0 or of the BASE types
// it uses. The table of classes is built once at start and never changes, so
// classes are compared by pointer.
type Class struct {
	// Name is the specification's spelling without type parameters, such as
	// DV_QUANTITY or DV_INTERVAL.
	Name string
	// Abstract classes never occur as the _type of an instance.
	Abstract bool
	// Primitive is the lexical family of a class whose instances are JSON
	// scalars (String, Integer, Real …); NotPrimitive for every other class.
	Primitive Primitive

	number    int
	parents   []*Class
	ancestors classSet     // transitive, includes the class itself
	concrete  []*Class     // concrete descendants, includes the class itself if concrete
	attrs     []*Attribute // own and inherited, in RM order
	byName    map[string]*Attribute
	generic   bool   // has a type parameter
	jsonHead  string // {"_type":"NAME"

	invariants     []*invariant // own and inherited
	alwaysRoot     bool         // instances are always archetype roots
	archetypedRoot bool         // instances begin content that has to be archetyped
}

// find gives the position of an attribute in attrs, -1 if there is none. It
// looks at and after the position start first: instances tend to list
// attributes in RM order.
func (c *Class) find(name string, start int) int {
	for i := start; i < len(c.attrs); i++ {
		if c.attrs[i].Name == name {
			return i
		}
	}
	for i := 0; i < start; i++ {
		if c.attrs[i].Name == name {
			return i
		}
	}
	return -1
}

// Primitive is the lexical family of a primitive class.
type Primitive uint8

// The lexical families.
const (
	NotPrimitive     Primitive = iota
	StringPrimitive            // String, Character and base64 octets
	IntegerPrimitive           // Integer, Integer64, and the integer enumerations
	RealPrimitive              // Real, Double
	BooleanPrimitive
)

// Attribute is one attribute of a class as the RM declares it.
type Attribute struct {
	Name string
	// Owner is the class that declares the attribute.
	Owner *Class
	// Type is the declared type of the value, or of each member of a container.
	Type *Class
	// Param is the type parameter of a generic Type, as DV_DATE in
	// DV_INTERVAL<DV_DATE>; nil when Type is not generic or the parameter is open.
	Param *Class
	// Mandatory attributes have existence 1..1.
	Mandatory bool
	// Container is true for List, Set and Array valued attributes.
	Container bool
	// MinItems is the least number of members a present container may have.
	MinItems int

	number int
	open   bool // the type is the owner's type parameter, Type its bound
	passes bool // the type's parameter is the owner's type parameter
	lax    bool // absence of the mandatory attribute is only a warning

	jsonName string // ,"name":
}

// Number tells the classes of the table apart, from 0 on without gaps. It holds
// for this process only.
func (c *Class) Number() int { return c.number }

// Number tells the attributes of a class apart, from 0 on over all classes. It
// holds for this process only.
func (a *Attribute) Number() int { return a.number }

// IsA reports whether c is other or one of its descendants.
func (c *Class) IsA(other *Class) bool {
	return c == other || other != nil && c.ancestors.has(other.number)
}

// classSet is a set of numbers of classes.
type classSet [maxClasses / 64]uint64

// maxClasses bounds the table.
const maxClasses = 192

func (s *classSet) has(number int) bool { return s[number>>6]>>(number&63)&1 != 0 }

func (s *classSet) add(number int) { s[number>>6] |= 1 << (number & 63) }

// Attribute finds an own or inherited attribute by name; nil if there is none.
func (c *Class) Attribute(name string) *Attribute { return c.byName[name] }

// Attributes are all own and inherited attributes in RM order. The slice is
// shared and must not be changed.
func (c *Class) Attributes() []*Attribute { return c.attrs }

// Concrete lists the concrete classes that conform to c, c itself included.
// The slice is shared and must not be changed.
func (c *Class) Concrete() []*Class { return c.concrete }

// String is the class name.
func (c *Class) String() string { return c.Name }
