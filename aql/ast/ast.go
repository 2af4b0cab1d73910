// Package ast is the syntax tree of an AQL query. A tree is built once by
// package parse and never changed afterwards, so it may be shared freely.
// Every node knows where it stands in the text, and prints as AQL that parses
// to an equal tree.
package ast

// Pos is a place in the text of a query: the node reaches from byte Offset up
// to, not including, byte End. Line and Column are those of its first
// character and count from 1; columns count characters.
type Pos struct {
	Offset, End  int
	Line, Column int
}

// At is the position itself; embedding Pos makes a type a Node.
func (p Pos) At() Pos { return p }

// Node is any part of a query.
type Node interface {
	At() Pos
	String() string
}

// Query is a whole query.
type Query struct {
	Pos
	Distinct bool
	Top      *Top // nil without TOP; never together with Limit
	Columns  []*Column
	From     Containment
	Where    Condition // nil without WHERE
	GroupBy  []Operand
	Having   Condition // nil without HAVING
	OrderBy  []*OrderItem
	Limit    *Limit // nil without LIMIT
	// Extensions are the uses of syntax that AQL 1.1 does not have, in the
	// order of the text.
	Extensions []Extension
}

// Extension is a use of syntax beyond AQL 1.1.
type Extension struct {
	Pos
	// Name is the stable name of the extension, such as "group_by".
	Name string
	// Text says in words what it is.
	Text string
}

// Top is the deprecated TOP modifier of SELECT.
type Top struct {
	Pos
	Count    int64
	Backward bool // the last rows rather than the first
	// Explicit tells that a direction was written.
	Explicit bool
}

// Column is one column of SELECT.
type Column struct {
	Pos
	Value Operand
	Alias string // "" without AS
}

// OrderItem is one sorting expression.
type OrderItem struct {
	Pos
	Value Operand
	Desc  bool
}

// Limit is LIMIT with its OFFSET, 0 when none is given.
type Limit struct {
	Pos
	Count, Offset int64
}

// Containment is the FROM clause or a part of it: *Source, *AllOf or *AnyOf.
type Containment interface {
	Node
	containment()
}

// Source is a class expression, with what it contains or must not contain.
type Source struct {
	Pos
	// Version tells that the expression is VERSION rather than a class.
	Version bool
	Scope   VersionScope
	Class   string // as written; "" for VERSION
	Name    string // the variable as written; "" without one
	// NamePos is the place of the variable.
	NamePos   Pos
	Predicate Condition   // nil without
	Contains  Containment // nil without
	// Negated makes it NOT CONTAINS.
	Negated bool
}

// VersionScope says which versions a VERSION expression ranges over.
type VersionScope uint8

// The version scopes.
const (
	DefaultVersions VersionScope = iota // none written: the latest
	LatestVersion
	AllVersions
	SelectedVersions // those that the predicate selects
)

// AllOf is containments joined by AND.
type AllOf struct {
	Pos
	Operands []Containment
}

// AnyOf is containments joined by OR.
type AnyOf struct {
	Pos
	Operands []Containment
}

func (*Source) containment() {}
func (*AllOf) containment()  {}
func (*AnyOf) containment()  {}

// Condition is a Boolean expression of WHERE or of a predicate: *And, *Or,
// *Not, *Exists, *Compare, *Like, *Matches, *Assert, or in predicates *NodeTest.
type Condition interface {
	Node
	condition()
}

// And is a conjunction of two or more conditions.
type And struct {
	Pos
	Operands []Condition
}

// Or is a disjunction of two or more conditions.
type Or struct {
	Pos
	Operands []Condition
}

// Not is a negation.
type Not struct {
	Pos
	Operand Condition
}

// Exists tests whether a path leads to anything.
type Exists struct {
	Pos
	Path *Path
}

// Compare is a comparison. In a predicate the left side is a relative path.
type Compare struct {
	Pos
	Op          Op
	Left, Right Operand
}

// Like is a comparison with a pattern of * and ?.
type Like struct {
	Pos
	Left, Pattern Operand
}

// Matches is membership in a list, a value set or a regular expression. The
// members are any values, *URI, *Interval or one *Regex.
type Matches struct {
	Pos
	Left    Operand
	Members []Operand
	// Braces tells that the members are written as a list.
	Braces bool
}

// Assert is a function called as a condition.
type Assert struct {
	Pos
	Call *Call
}

// NodeTest is the short form of a predicate: an archetype id or node code and,
// optionally, the name as text (*String, *Param) or as code (*Code, *Term).
type NodeTest struct {
	Pos
	ID   Operand // *Code or *Param
	Name Operand // nil without
}

func (*And) condition()      {}
func (*Or) condition()       {}
func (*Not) condition()      {}
func (*Exists) condition()   {}
func (*Compare) condition()  {}
func (*Like) condition()     {}
func (*Matches) condition()  {}
func (*Assert) condition()   {}
func (*NodeTest) condition() {}

// Op is a comparison operator.
type Op uint8

// The comparison operators.
const (
	EQ Op = iota
	NE
	LT
	LE
	GT
	GE
)

var opText = [...]string{"=", "!=", "<", "<=", ">", ">="}

// String is the operator as AQL writes it.
func (o Op) String() string { return opText[o] }

// Mirror is the operator with its sides exchanged: a op b is b Mirror(op) a.
func (o Op) Mirror() Op { return [...]Op{EQ, NE, GT, GE, LT, LE}[o] }

// Operand is a value: *Path, *Call, *Binary, *Negative, *String, *Number,
// *Boolean, *Null, *Param, and in their places *Code, *Term, *URI, *Interval,
// *Regex.
type Operand interface {
	Node
	operand()
}

// Path is an identified path, or in a predicate a path relative to the node
// that the predicate is about.
type Path struct {
	Pos
	Name      string    // the variable as written; "" when relative
	Predicate Condition // on the variable; nil without
	Steps     []*Step   // empty for a bare variable
}

// Step is one attribute of a path.
type Step struct {
	Pos
	Attribute string
	Predicate Condition // nil without
}

// Call is a function call.
type Call struct {
	Pos
	Function string // as written
	Star     bool   // COUNT(*)
	Distinct bool   // COUNT(DISTINCT x)
	Args     []Operand
}

// Binary is arithmetic with two operands.
type Binary struct {
	Pos
	Op          string // + - * / %
	Left, Right Operand
}

// Negative is the negative of a value.
type Negative struct {
	Pos
	Operand Operand
}

// Interval is an interval as a member of a MATCHES list: |low..high| or
// |op value|.
type Interval struct {
	Pos
	// Op compares with Low, or with the only value. It is GE or GT before a
	// High, EQ for a single value without an operator.
	Op  Op
	Low Operand
	// HighOp is LE or LT; High is nil for a single value.
	HighOp Op
	High   Operand
}

// String is a string literal.
type String struct {
	Pos
	// Pattern is the text with escapes resolved but for \*, \? and \\, which
	// LIKE still tells from the bare characters.
	Pattern string
}

// Number is a numeric literal in its lexical form, sign included.
type Number struct {
	Pos
	Text string
	Real bool // written with a fraction or exponent
}

// Boolean is true or false.
type Boolean struct {
	Pos
	Value bool
}

// Null is the literal NULL.
type Null struct{ Pos }

// Param is a parameter; the name has no $.
type Param struct {
	Pos
	Name string
}

// Code is an unquoted archetype id or node code.
type Code struct {
	Pos
	Text string
}

// Term is a coded term of a name predicate, terminology::code|rubric|.
type Term struct {
	Pos
	Terminology, Code, Rubric string
	// HasRubric tells || from no rubric.
	HasRubric bool
}

// URI is a bare URI between braces.
type URI struct {
	Pos
	Text string
}

// Regex is a regular expression between slashes, as written.
type Regex struct {
	Pos
	Text string
}

func (*Path) operand()     {}
func (*Call) operand()     {}
func (*Binary) operand()   {}
func (*Negative) operand() {}
func (*Interval) operand() {}
func (*String) operand()   {}
func (*Number) operand()   {}
func (*Boolean) operand()  {}
func (*Null) operand()     {}
func (*Param) operand()    {}
func (*Code) operand()     {}
func (*Term) operand()     {}
func (*URI) operand()      {}
func (*Regex) operand()    {}
