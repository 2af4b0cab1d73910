package analyze

import (
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
)

// Query is a query whose names are resolved and whose paths are typed. It is
// not changed after it was made.
type Query struct {
	AST *ast.Query
	// EHR is the class expression of EHR; one without a variable is supplied
	// where the query has none, since everything is in some EHR. It is nil where
	// FROM combines several EHRs.
	EHR *Source
	// From is what the EHR contains; nil for FROM EHR alone. Where FROM combines
	// several EHRs it is their combination, with sources of kind EHR.
	From Containment
	// Sources are all class expressions in the order of the text, EHR included.
	Sources []*Source
	Columns []Column
	// Aggregated tells that there are aggregates or groups, so that there is one
	// row for each group, or one row without GROUP BY.
	Aggregated bool
	// GroupBy are the values that the rows of a group have in common, which are
	// no aggregates; Having is what must hold of a group, nil without.
	GroupBy  []Expr
	Having   Cond
	Distinct bool
	Where    Cond // nil without
	OrderBy  []Order
	// Limit is the most rows, from LIMIT or TOP; 0 for all.
	Limit, Offset int64
	// Backward takes the last rows of the order rather than the first.
	Backward bool
	// Top tells that the limit is a TOP.
	Top bool
	// NamesEHR tells that the query itself restricts ehr_id to given values, of
	// each EHR, so that it is no population query.
	NamesEHR bool
	// Demographic tells that the query is of parties, which are in no EHR, or if
	// FROM combines several EHRs that the demographic repository is one of them.
	Demographic bool
	// Params are the parameters in the order of the text, each once.
	Params []string
}

// Source is a class expression.
type Source struct {
	Index int    // in Query.Sources
	Name  string // the variable, "" without
	AST   *ast.Source
	// Kind tells how instances are found.
	Kind SourceKind
	// Scope is the versions of a versioned object to look at.
	Scope ast.VersionScope
	Types Types
	// NodeID is the archetype_node_id that the predicate demands: an archetype
	// id, a node code, or a parameter with one of them; nil when it demands
	// none. It is part of Pred as well.
	NodeID Expr
	// Archetype is NodeID unless that is known to be a node code.
	Archetype Expr
	Pred      Cond // nil without
	// Contains is what an instance must, or if Negated must not, contain.
	Contains Containment
	Negated  bool
	// Hidden sources are inside NOT CONTAINS and cannot be referred to.
	Hidden bool
	// Roots are the kinds of versioned object that may hold instances of a
	// SourceInside directly under EHR, VERSION, a versioned object or, of what
	// its items refer to, FOLDER; nil deeper down. Of a SourceVersioned they are
	// the kinds that it stands for.
	Roots []Root
	// Named tells of an EHR that the query restricts it to ids that it gives.
	Named bool
	// Demographic tells of a SourceEHR that it stands for the demographic
	// repository.
	Demographic bool
}

// SourceKind tells how the instances of a class expression are found.
type SourceKind uint8

// The kinds of source.
const (
	SourceEHR       SourceKind = iota
	SourceVersion              // a VERSION of a versioned object
	SourceRoot                 // the content of a versioned object: COMPOSITION, EHR_STATUS, EHR_ACCESS
	SourceInside               // an object at any depth inside another
	SourceVersioned            // a versioned object as the container of its versions
)

// Class is the name of the class as the Reference Model writes it; for a
// versioned object, the most general class of those that it stands for.
func (s *Source) Class() string { return s.Types[0].Name }

// Root is the class of a versioned object's content.
type Root uint8

// The roots, with the numbers of ehr.Kind.
const (
	RootComposition Root = 1
	RootEHRStatus   Root = 2
	RootFolder      Root = 3
	RootEHRAccess   Root = 4
	// Those of the demographic repository.
	RootAgent        Root = 5
	RootGroup        Root = 6
	RootOrganisation Root = 7
	RootPerson       Root = 8
	RootRole         Root = 9
)

// Containment is *Source, *AllOf or *AnyOf.
type Containment interface{ containment() }

// AllOf is containments that must all hold.
type AllOf struct{ Operands []Containment }

// AnyOf is containments of which at least one must hold.
type AnyOf struct{ Operands []Containment }

func (*Source) containment() {}
func (*AllOf) containment()  {}
func (*AnyOf) containment()  {}

// Column is one column of the result.
type Column struct {
	// Name is the alias, or #n with the zero-based position.
	Name string
	// Path is the path without its variable; "" for other values.
	Path string
	Expr Expr
}

// Order is a sorting expression. Exactly one of Path, Expr and Column is used.
type Order struct {
	Path   *Path
	Expr   Expr // a *Call, *Terminology or *Aggregate; nil when Path is set
	Column int  // of a column that is constant; -1 when Path or Expr is set
	Desc   bool
}

// Value is what the rows are sorted by; nil for a constant.
func (o Order) Value() Expr {
	if o.Path != nil {
		return o.Path
	}
	return o.Expr
}

// Expr is a value: *Path, *Literal, *Param, *Call, *Terminology or *Aggregate.
type Expr interface{ expr() }

// Path is a resolved path.
type Path struct {
	AST *ast.Path
	// Source is where the path begins; nil in a predicate, where it begins at
	// the object that the predicate is about.
	Source *Source
	Pred   Cond // on the variable
	Steps  []*Step
	// Types are those of the value.
	Types Types
	// Kinds say how the value compares.
	Kinds Kinds
	// ByOwner tells that the value compares by the rules of the object that it
	// is the value attribute of, such as a DV_DATE_TIME, so that the last step
	// is left out in comparisons.
	ByOwner bool
}

// Step is one attribute of a path.
type Step struct {
	Attribute string
	Container bool
	Pred      Cond   // nil without
	Key       string // equal for steps that lead to the same objects
	Types     Types
}

// Literal is a constant.
type Literal struct {
	Value any // string, Number, bool, or nil for NULL
	// Pattern is the text of a string with \*, \? and \\ kept, for LIKE.
	Pattern string
}

// Number is a numeric literal in its lexical form, as JSON allows it.
type Number string

// NewNumber makes a number of a text that AQL takes for one, which may have
// leading zeros.
func NewNumber(text string) Number {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	for len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		text = text[1:]
	}
	return Number(sign + text)
}

// Param is a parameter, to be given when the query is run.
type Param struct{ Name string }

// Aggregate is an aggregate function over the rows.
type Aggregate struct {
	Function string // COUNT, MIN, MAX, SUM, AVG
	Path     *Path  // nil when Expr is set, and for COUNT(*)
	Expr     Expr   // the argument if it is no path
	Distinct bool
	AST      *ast.Call
}

// Arg is the argument; nil for COUNT(*).
func (a *Aggregate) Arg() Expr {
	if a.Path != nil {
		return a.Path
	}
	return a.Expr
}

// Call is a function of one row, or arithmetic.
type Call struct {
	// Function is the name in capitals, or one of + - * / %.
	Function string
	Args     []Expr
	// Result is the kinds of the value: one kind, or for + and - on values whose
	// types only the data know several.
	Result Kinds
	AST    ast.Operand
}

// Terminology is what a terminology service says. It is asked before the
// statement is run.
type Terminology struct {
	// Operation is one of the Operation constants.
	Operation string
	// Service names the kind of service and Params are the parameters of the
	// operation. Params of a value set given as a URI are the URI.
	Service, Params Expr
	AST             ast.Operand
}

// The operations of a terminology service.
const (
	OperationExpand   = "expand"
	OperationValidate = "validate"
	OperationLookup   = "lookup"
	OperationMap      = "map"
	OperationSubsumes = "subsumes"
	// OperationURI expands the value set that a URI between braces names.
	OperationURI = "uri"
)

func (*Path) expr()        {}
func (*Literal) expr()     {}
func (*Param) expr()       {}
func (*Call) expr()        {}
func (*Terminology) expr() {}
func (*Aggregate) expr()   {}

// Cond is a condition: *And, *Or, *Not, *Exists, *Compare, *Like, *In, *Regex,
// *Holds or *AtTime.
type Cond interface{ cond() }

// And holds when all operands hold.
type And struct{ Operands []Cond }

// Or holds when an operand holds.
type Or struct{ Operands []Cond }

// Not holds when its operand does not; unknown stays unknown.
type Not struct{ Operand Cond }

// Exists holds when the path leads to something.
type Exists struct{ Path *Path }

// Compare compares two values. When Right is
// the literal NULL the operator is EQ or NE and tests for absence.
type Compare struct {
	Op          ast.Op
	Left, Right Expr
	Mode        Mode
}

// Like compares text with a pattern.
type Like struct {
	Path    *Path // nil when Left is set
	Left    Expr  // a value that is no path
	Pattern Expr
}

// Value is what is compared.
func (l *Like) Value() Expr {
	if l.Path != nil {
		return l.Path
	}
	return l.Left
}

// In holds when the value equals one of the items, *Literal, *Param or
// *Terminology.
type In struct {
	Path  *Path // nil when Left is set
	Left  Expr  // a value that is no path
	Items []Expr
	Mode  Mode
}

// Value is what is compared.
func (i *In) Value() Expr {
	if i.Path != nil {
		return i.Path
	}
	return i.Left
}

// Regex holds when a regular expression matches the whole of a text.
type Regex struct {
	Left    Expr
	Pattern string
}

// AtTime holds, in the predicate of a VERSION, for the version that was the
// latest at an instant.
type AtTime struct {
	Source  *Source
	Instant Expr // *Literal or *Param
}

// Holds holds when a Boolean value is true.
type Holds struct{ Expr Expr }

func (*And) cond()     {}
func (*Or) cond()      {}
func (*Not) cond()     {}
func (*Exists) cond()  {}
func (*Compare) cond() {}
func (*Like) cond()    {}
func (*In) cond()      {}
func (*Regex) cond()   {}
func (*Holds) cond()   {}
func (*AtTime) cond()  {}
