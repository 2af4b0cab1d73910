package analyze

import (
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// roots maps the classes whose instances are the content of versioned objects.
var roots = map[string]Root{
	"COMPOSITION": RootComposition, "EHR_STATUS": RootEHRStatus, "FOLDER": RootFolder, "EHR_ACCESS": RootEHRAccess,
	"AGENT": RootAgent, "GROUP": RootGroup, "ORGANISATION": RootOrganisation, "PERSON": RootPerson, "ROLE": RootRole,
}

// The roots of an EHR and of the demographic repository.
var (
	rootOrder  = []Root{RootComposition, RootEHRStatus, RootFolder, RootEHRAccess}
	partyOrder = []Root{RootAgent, RootGroup, RootOrganisation, RootPerson, RootRole}
)

var rootNames = map[Root]string{
	RootComposition: "COMPOSITION", RootEHRStatus: "EHR_STATUS", RootFolder: "FOLDER", RootEHRAccess: "EHR_ACCESS",
	RootAgent: "AGENT", RootGroup: "GROUP", RootOrganisation: "ORGANISATION", RootPerson: "PERSON", RootRole: "ROLE",
}

// String is the class.
func (r Root) String() string { return rootNames[r] }

// Class is the class.
func (r Root) Class() *rm.Class { return rm.Lookup(rootNames[r]) }

// place is what surrounds a class expression.
type place struct {
	outer  *Source // nil at the top
	holder *Source // the versioned object outside of a VERSION
	hidden bool
	scope  ast.VersionScope
}

// from resolves the FROM clause. An EHR is supplied where the query has none,
// and stands for the demographic repository where the query is of parties.
func (a *analyzer) from(c ast.Containment) {
	if _, single := c.(*ast.Source); !single && (hasEHR(c) || mixed(c)) {
		a.q.From = a.ehrs(c)
		return
	}
	if s, ok := c.(*ast.Source); ok && !s.Version && strings.EqualFold(s.Class, "EHR") {
		a.q.EHR = a.source(s, place{})
		if a.q.EHR != nil {
			a.q.From = a.q.EHR.Contains
		}
		return
	}
	a.q.EHR = a.supplied(c)
	a.q.From = a.q.EHR.Contains
}

// hasEHR reports whether one of the expressions that FROM combines is an EHR.
func hasEHR(c ast.Containment) bool {
	if s, ok := c.(*ast.Source); ok {
		return !s.Version && strings.EqualFold(s.Class, "EHR")
	}
	return slices.ContainsFunc(operands(c), hasEHR)
}

// mixed reports whether FROM combines parties with what is in an EHR.
func mixed(c ast.Containment) bool {
	return ofParties(c) && slices.ContainsFunc(operands(c), func(o ast.Containment) bool { return mixed(o) || !ofParties(o) })
}

// operands are the expressions that one combines; none of a class expression.
func operands(c ast.Containment) []ast.Containment {
	switch c := c.(type) {
	case *ast.AllOf:
		return c.Operands
	case *ast.AnyOf:
		return c.Operands
	}
	return nil
}

// combined combines expressions in the way of another.
func combined(like ast.Containment, ops []ast.Containment) ast.Containment {
	if len(ops) == 1 {
		return ops[0]
	}
	if _, any := like.(*ast.AnyOf); any {
		return &ast.AnyOf{Operands: ops}
	}
	return &ast.AllOf{Operands: ops}
}

// ehrs resolves a FROM clause that combines EHRs. The operands that are none
// are together in one of their own, and parties in the demographic repository.
func (a *analyzer) ehrs(c ast.Containment) Containment {
	if s, ok := c.(*ast.Source); ok && hasEHR(c) {
		a.parties = false
		if s := a.source(s, place{}); s != nil {
			return s
		}
		return nil
	}
	if !hasEHR(c) && !mixed(c) {
		return a.supplied(c)
	}
	var out []Containment
	var content, parties []ast.Containment
	for _, o := range operands(c) {
		switch {
		case hasEHR(o) || mixed(o):
			if n := a.ehrs(o); n != nil {
				out = append(out, n)
			}
		case ofParties(o):
			parties = append(parties, o)
		default:
			content = append(content, o)
		}
	}
	for _, list := range [][]ast.Containment{content, parties} {
		if len(list) > 0 {
			out = append(out, a.supplied(combined(c, list)))
		}
	}
	if _, any := c.(*ast.AnyOf); any {
		return &AnyOf{Operands: out}
	}
	return &AllOf{Operands: out}
}

// supplied is an EHR for what the query says to be in none, or the demographic
// repository.
func (a *analyzer) supplied(c ast.Containment) *Source {
	a.parties = ofParties(c)
	a.q.Demographic = a.q.Demographic || a.parties
	s := &Source{Index: len(a.q.Sources), Kind: SourceEHR, Types: typesOf(rm.Lookup("EHR")), Demographic: a.parties}
	a.q.Sources = append(a.q.Sources, s)
	s.Contains = a.containment(c, place{outer: s})
	return s
}

// ofParties reports whether what is outermost in FROM is a class of which
// objects are found in the demographic repository only, or a VERSION of one.
// If there are several, one that is found nowhere else decides.
func ofParties(c ast.Containment) bool {
	s, ok := c.(*ast.Source)
	if !ok {
		return slices.ContainsFunc(operands(c), ofParties)
	}
	if s.Version && s.Contains != nil {
		return ofParties(s.Contains)
	}
	class := classByName()[strings.ToUpper(s.Class)]
	return class != nil && (class.Name == "VERSIONED_PARTY" || contentOf(class, partyOrder) && !contentOf(class, rootOrder))
}

// contentOf reports whether objects of a class are the content of versioned
// objects of one of the kinds, or inside of it.
func contentOf(class *rm.Class, order []Root) bool {
	types := typesOf(class)
	return slices.ContainsFunc(order, func(r Root) bool {
		root := Types{r.Class()}
		return len(types.Common(root)) > 0 || len(types.Inside(root)) > 0
	})
}

func (a *analyzer) containment(c ast.Containment, at place) Containment {
	list := func(ops []ast.Containment) []Containment {
		var out []Containment
		for _, o := range ops {
			if n := a.containment(o, at); n != nil {
				out = append(out, n)
			}
		}
		return out
	}
	switch c := c.(type) {
	case *ast.AllOf:
		return &AllOf{Operands: list(c.Operands)}
	case *ast.AnyOf:
		return &AnyOf{Operands: list(c.Operands)}
	}
	if s := a.source(c.(*ast.Source), at); s != nil {
		return s
	}
	return nil
}

// source resolves one class expression; nil after a problem.
func (a *analyzer) source(n *ast.Source, at place) *Source {
	if len(a.q.Sources) >= a.limits.Sources {
		a.fail(n.Pos, "limit.sources", "the query has more class expressions than the limit of %d", a.limits.Sources)
		return nil
	}
	s := &Source{Index: len(a.q.Sources), Name: n.Name, AST: n, Negated: n.Negated, Hidden: at.hidden, Scope: at.scope}
	a.q.Sources = append(a.q.Sources, s)
	if n.Name != "" {
		key := strings.ToLower(n.Name)
		if first := a.names[key]; first != nil {
			a.fail(n.NamePos, "name.duplicate", "the variable %s is already used on line %d; names do not distinguish case", n.Name, first.AST.NamePos.Line)
		} else {
			a.names[key] = s
		}
	}
	ok := a.sourceClass(s, at)
	if n.Predicate != nil && ok {
		a.sourcePredicate(s)
	}
	if n.Contains != nil {
		inner := place{outer: s, hidden: at.hidden || n.Negated, scope: at.scope}
		if s.Kind == SourceVersion {
			inner.scope = s.Scope
			if at.outer != nil && at.outer.Kind == SourceVersioned {
				inner.holder = at.outer
			}
		}
		if !ok {
			inner.outer = nil
		}
		s.Contains = a.containment(n.Contains, inner)
	}
	if !ok {
		return nil
	}
	return s
}

// sourceClass finds the kind and types of a class expression and checks that
// it can occur where it stands. Without an outer source, which a problem has
// removed, only the class itself is checked.
func (a *analyzer) sourceClass(s *Source, at place) bool {
	n := s.AST
	if n.Version {
		s.Kind, s.Scope, s.Types = SourceVersion, n.Scope, typesOf(rm.ClassOriginalVersion)
		if at.outer != nil && at.outer.Kind != SourceEHR && at.outer.Kind != SourceVersioned && !isFolder(at.outer) {
			a.fail(n.Pos, "containment.impossible", "a VERSION is not contained in %s", a.describe(at.outer))
			return false
		}
		return true
	}
	class := classByName()[strings.ToUpper(n.Class)]
	if class == nil || class.Primitive != rm.NotPrimitive {
		names := slices.Sorted(maps.Keys(classByName()))
		if class != nil {
			a.fail(n.Pos, "class.primitive", "%s is a primitive type; class expressions are of objects", class.Name)
			return false
		}
		a.fail(n.Pos, "class.unknown", "the Reference Model has no class %s%s", n.Class, didYouMean(n.Class, names))
		return false
	}
	s.Types = typesOf(class)
	if class.Name == "EHR" {
		s.Kind = SourceEHR
		if at.outer != nil {
			a.fail(n.Pos, "containment.impossible",
				"an EHR is never inside %s; CONTAINS takes the whole expression to its right, use parentheses to end it", a.describe(at.outer))
			return false
		}
		return true
	}
	if len(s.Types) == 0 {
		a.fail(n.Pos, "class.abstract", "%s is abstract, and the Reference Model has no class of objects that inherits from it", class.Name)
		return false
	}
	if at.outer == nil {
		return true
	}
	switch at.outer.Kind {
	case SourceEHR, SourceVersion, SourceVersioned:
		if class.IsA(rm.Lookup("VERSIONED_OBJECT")) {
			return a.versionedSource(s, class, at)
		}
		return a.topSource(s, class, at)
	case SourceInside, SourceRoot:
		if inner := s.Types.Inside(at.outer.Types); len(inner) > 0 {
			s.Kind, s.Types = SourceInside, inner
			return true
		}
		if isFolder(at.outer) {
			return a.topSource(s, class, at)
		}
		a.fail(n.Pos, "containment.impossible",
			"%s is never inside %s; CONTAINS takes the whole expression to its right, use parentheses to end it", class.Name, a.describe(at.outer))
	}
	return false
}

// isFolder reports whether a source is a FOLDER, which contains what its items
// refer to.
func isFolder(s *Source) bool {
	return s.Kind == SourceInside && len(s.Types) == 1 && s.Types[0] == RootFolder.Class()
}

// topSource places a class expression directly under EHR, VERSION, a versioned
// object or, by the references of its items, FOLDER.
func (a *analyzer) topSource(s *Source, class *rm.Class, at place) bool {
	var allowed []Root
	switch {
	case at.outer.Kind == SourceVersioned:
		allowed = at.outer.Roots
	case at.holder != nil:
		allowed = at.holder.Roots
	}
	order := rootOrder
	if a.parties {
		order = partyOrder
	}
	permitted := func(r Root) bool {
		return slices.Contains(order, r) && (allowed == nil || slices.Contains(allowed, r))
	}
	// A VERSION that contains one class expression is a version of it.
	plain := at.outer.Kind != SourceVersion || !at.outer.Negated && at.outer.AST.Contains == ast.Containment(s.AST)
	if r, ok := roots[class.Name]; ok && r != RootFolder && permitted(r) && plain {
		s.Kind, s.Roots = SourceRoot, []Root{r}
		return true
	}
	s.Kind = SourceInside
	var kept Types
	for _, r := range order {
		if !permitted(r) || isFolder(at.outer) && r == RootFolder {
			continue
		}
		rootTypes := Types{r.Class()}
		// Under EHR the content of a versioned object is itself contained.
		found := s.Types.Common(rootTypes).union(s.Types.Inside(rootTypes))
		if len(found) > 0 {
			s.Roots = append(s.Roots, r)
			kept = kept.union(found)
		}
	}
	if len(kept) == 0 && allowed != nil {
		a.fail(s.AST.Pos, "containment.impossible", "%s is never inside %s", class.Name, a.describe(at.outer))
		return false
	}
	if len(kept) == 0 {
		a.fail(s.AST.Pos, "containment.impossible", "%s is never inside %s%s", class.Name, a.content(), elsewhere(class))
		return false
	}
	s.Types = kept
	return true
}

// versionedRoots are the classes of versioned objects with what they hold.
var versionedRoots = map[string]Root{
	"VERSIONED_COMPOSITION": RootComposition, "VERSIONED_EHR_STATUS": RootEHRStatus,
	"VERSIONED_FOLDER": RootFolder, "VERSIONED_EHR_ACCESS": RootEHRAccess,
}

// versioned are the kinds of versioned object that a class stands for.
func (a *analyzer) versioned(class *rm.Class) []Root {
	if a.parties {
		if rm.Lookup("VERSIONED_PARTY").IsA(class) {
			return partyOrder
		}
		return nil
	}
	var out []Root
	for _, c := range typesOf(class) {
		if r, ok := versionedRoots[c.Name]; ok {
			out = append(out, r)
		}
	}
	return out
}

// versionedSource places a versioned object.
func (a *analyzer) versionedSource(s *Source, class *rm.Class, at place) bool {
	if at.outer.Kind != SourceEHR {
		a.fail(s.AST.Pos, "containment.impossible", "%s is not contained in %s", class.Name, a.describe(at.outer))
		return false
	}
	s.Kind, s.Roots = SourceVersioned, a.versioned(class)
	if len(s.Roots) == 0 {
		a.fail(s.AST.Pos, "containment.impossible", "%s is never inside %s%s", class.Name, a.content(), elsewhere(class))
		return false
	}
	return true
}

// content names what FROM is about.
func (a *analyzer) content() string {
	if a.parties {
		return "the content of a party"
	}
	return "the versioned content of an EHR"
}

// elsewhere tells where objects of a class are found.
func elsewhere(class *rm.Class) string {
	switch class.Name {
	case "ORIGINAL_VERSION", "IMPORTED_VERSION":
		return "; versions are written VERSION"
	case "AUDIT_DETAILS", "ATTESTATION":
		return "; they are reached by the paths commit_audit and attestations of VERSION"
	case "CONTRIBUTION":
		return "; it is reached by the path contribution of VERSION"
	case "ITEM_TAG":
		return "; tags are reached by the path tags of EHR"
	}
	if contentOf(class, partyOrder) {
		return "; it is in the demographic repository, which FROM names by leaving EHR out"
	}
	return ""
}

func (a *analyzer) describe(s *Source) string {
	if s.AST == nil {
		return "an EHR"
	}
	if s.AST.Version {
		return "a VERSION"
	}
	return s.AST.Class
}

// sourcePredicate resolves the predicate of a class expression.
func (a *analyzer) sourcePredicate(s *Source) {
	before := len(a.problems)
	s.Pred = a.condition(s.AST.Predicate, &scope{source: s, types: s.Types})
	if len(a.problems) > before || s.Kind == SourceEHR || s.Kind == SourceVersion || s.Kind == SourceVersioned {
		return
	}
	narrowed := a.narrow(s.Types, s.AST.Predicate, s.AST.Class)
	if narrowed != nil {
		s.Types = narrowed
	}
	s.NodeID = demanded(s.Pred)
	if lit, ok := s.NodeID.(*Literal); !ok || IsArchetypeID(lit.Value.(string)) {
		s.Archetype = s.NodeID
	}
}

// demanded is the archetype_node_id that a predicate demands of an object
// outright, a string or a parameter; nil when it demands none.
func demanded(c Cond) Expr {
	switch c := c.(type) {
	case *And:
		for _, o := range c.Operands {
			if e := demanded(o); e != nil {
				return e
			}
		}
	case *Compare:
		p, ok := c.Left.(*Path)
		if !ok || c.Op != ast.EQ || len(p.Steps) != 1 || p.Steps[0].Attribute != "archetype_node_id" {
			return nil
		}
		switch r := c.Right.(type) {
		case *Param:
			return r
		case *Literal:
			if _, ok := r.Value.(string); ok {
				return r
			}
		}
	}
	return nil
}

// IsArchetypeID reports whether a text has the form of an archetype id.
func IsArchetypeID(text string) bool { return archetypeClass(text) != "" }

// archetypeClass is the RM class that an archetype id is about; "" when the
// text is no archetype id.
func archetypeClass(id string) string {
	if i := strings.Index(id, "::"); i >= 0 {
		id = id[i+2:]
	}
	qualified, _, ok := strings.Cut(id, ".")
	parts := strings.Split(qualified, "-")
	if !ok || len(parts) != 3 {
		return ""
	}
	return parts[2]
}
