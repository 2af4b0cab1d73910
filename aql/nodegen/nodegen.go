// Package nodegen finds out whether a plan can be answered from the node index
// and how: which frames a row consists of, and where in them the values of its
// paths are. It gives a sqlgen.Access, from which package sqlgen writes the
// statement, so that conditions, aggregates, order and paging are the same as
// of the document strategy, which defines the result.
//
// What contains what is decided as far as possible in the registry: a path of
// the registry names all frames around a frame. A class expression whose object
// is not looked at itself, and of which each object inside it has exactly one,
// needs no row of its own.
//
// Whatever is not certain is refused with a reason, and the query is answered
// from the documents.
package nodegen

import (
	"fmt"
	"slices"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/aql/plan"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Options are what the statement is to be like.
type Options struct {
	// Scoped restricts it to the EHR of the request.
	Scoped bool
}

// Result is how the node index answers a plan.
type Result struct {
	Access *sqlgen.Access
	// Uses are the indexes that would serve it.
	Uses []Use
}

// Make finds how the index answers a plan; reason says why it cannot.
func Make(p *plan.Plan, reg *nodeindex.Registry, opt Options) (result *Result, reason string) {
	m := &maker{plan: p, reg: reg, opt: opt, vars: map[*analyze.Source]*frame{}, values: map[*analyze.Path]sqlgen.Value{}, columns: map[*analyze.Path]column{}, documents: map[*analyze.Path]string{}, expands: map[*plan.Expand]*position{}}
	defer func() {
		if r := recover(); r != nil {
			no, ok := r.(refusal)
			if !ok {
				panic(r)
			}
			result, reason = nil, string(no)
		}
	}()
	m.from()
	m.demand()
	m.paths()
	m.drop()
	return &Result{Access: m.access(), Uses: m.uses()}, ""
}

// refusal is the reason why a plan cannot be answered. It is thrown as a panic
// inside the package.
type refusal string

func refuse(format string, args ...any) { panic(refusal(fmt.Sprintf(format, args...))) }

// frame is one row of the index in each row of the result.
type frame struct {
	alias string
	// paths are the registry's paths of the frames, sorted; none: there is no
	// such frame.
	paths []*nodeindex.Path
	// outer is the frame around it; nil for that of the content as a whole. For
	// direct frames it is the parent, otherwise any frame around.
	outer  *frame
	direct bool
	// optional frames give a row also where there is none.
	optional bool
	names    []analyze.Expr // that the frame must have
	local    bool
	inside   []*frame // containment and expansions, of the same row
	without  []*frame // must not be there
	used     bool     // a value of the frame itself is asked for
	dropped  bool
	whole    bool // the document is asked for
	version  bool // the row of table version is asked for
	group    *group
	elements *elements
}

type maker struct {
	plan    *plan.Plan
	reg     *nodeindex.Registry
	opt     Options
	count   int
	root    *frame
	frames  []*frame // in the order of joining, the root first
	vars    map[*analyze.Source]*frame
	values  map[*analyze.Path]sqlgen.Value
	expands map[*plan.Expand]*position
	ehr     bool
	// columns are those that paths are in.
	columns map[*analyze.Path]column
	// documents are the columns with the bytes of whole objects.
	documents map[*analyze.Path]string
	negated   int // depth of NOT CONTAINS
	either    []*either
	// elements are the class expressions ELEMENT, those of NOT CONTAINS included.
	elements []*frame
	// versionOf are the sources whose version is asked for.
	versionOf []*analyze.Source
	writer    *sqlgen.Writer
}

func (m *maker) frame() *frame {
	m.count++
	return &frame{alias: fmt.Sprintf("f%d", m.count)}
}

// from finds the frames that the FROM clause demands.
func (m *maker) from() {
	o, ok := m.plan.From.(*plan.Object)
	switch {
	case m.plan.Query.EHR == nil:
		refuse("FROM combines several EHRs")
	case m.plan.From == nil:
		refuse("the query asks for nothing inside the EHR")
	case !ok:
		refuse("FROM combines several versioned objects")
	case o.Scope != ast.DefaultVersions && o.Scope != ast.LatestVersion:
		refuse("only the latest versions are indexed")
	case o.Of != nil || o.Folder != nil:
		refuse("versions of versioned objects")
	case o.Version != nil && o.Version.Pred != nil:
		refuse("a predicate on VERSION")
	case len(o.Roots) != 1 || o.Roots[0] != analyze.RootComposition:
		refuse("only compositions are indexed")
	}
	m.root = m.frame()
	m.root.paths = m.reg.Roots()
	m.frames = []*frame{m.root}
	if o.Source != nil {
		id, names := match(o.Source.Pred)
		m.root.names = names
		m.root.paths = filter(m.root.paths, func(p *nodeindex.Path) bool {
			return o.Source.Types.Has(p.Place.Class) && (id == "" || p.Place.NodeID() == id)
		})
		m.vars[o.Source] = m.root
	}
	if o.Version != nil {
		m.vars[o.Version] = m.root
	}
	m.root.inside = append(m.root.inside, m.contained(o.Child, m.root)...)
}

// contained finds the frames of a part of FROM inside a frame. Those in the
// result are of the same row; what must not be there is noted in the frame.
func (m *maker) contained(n plan.Node, outer *frame) []*frame {
	switch n := n.(type) {
	case nil:
		return nil
	case *plan.All:
		var out []*frame
		for _, c := range n.Nodes {
			out = append(out, m.contained(c, outer)...)
		}
		return out
	case *plan.Not:
		if any, ok := n.Node.(*plan.Any); ok { // none of them may be there
			for _, side := range any.Nodes {
				m.contained(&plan.Not{Node: side}, outer)
			}
			return nil
		}
		// Frames of what must not be there are joined in a place of their own.
		kept := m.frames
		m.frames, m.negated = nil, m.negated+1
		none := m.contained(n.Node, outer)
		m.frames, m.negated = kept, m.negated-1
		if len(none) != 1 {
			refuse("NOT CONTAINS of several things together")
		}
		outer.without = append(outer.without, none[0])
		return nil
	case *plan.Descend:
		return []*frame{m.descend(n, outer)}
	case *plan.Any:
		return m.anyOf(n, outer)
	}
	refuse("%T in FROM", n)
	return nil
}

// group is the frames of one side of an OR, which are there together or not at
// all.
type group struct {
	frames []*frame
}

// either is the sides of an OR, at least one of which must be there.
type either struct{ sides []*group }

// anyOf finds the frames of the sides of an OR.
func (m *maker) anyOf(n *plan.Any, outer *frame) []*frame {
	if m.negated > 0 {
		refuse("OR in NOT CONTAINS")
	}
	var out []*frame
	e := &either{}
	for _, side := range n.Nodes {
		kept, without := m.frames, len(outer.without)
		m.frames = nil
		found := m.contained(side, outer)
		s := &group{frames: m.frames}
		m.frames = kept
		if len(outer.without) > without || len(found) == 0 {
			refuse("NOT CONTAINS as a side of OR")
		}
		for _, f := range s.frames {
			if len(f.without) > 0 || f.group != nil {
				refuse("a side of OR that is not plain")
			}
			f.group, f.optional = s, true
		}
		m.frames = append(m.frames, s.frames...)
		e.sides = append(e.sides, s)
		out = append(out, found...)
	}
	m.either = append(m.either, e)
	return out
}

func (m *maker) descend(n *plan.Descend, outer *frame) *frame {
	s := n.Source
	id, names := match(s.Pred)
	if !nodeindex.IsRoot(id) {
		if len(s.Types) == 1 && s.Types[0] == rm.ClassElement {
			return m.elementsOf(n, outer, id, names)
		}
		for _, c := range s.Types {
			if !nodeindex.IsFrame(c) {
				refuse("%s has no rows of its own", c.Name)
			}
		}
	}
	f := m.frame()
	f.outer, f.names, f.local = outer, names, n.Local
	self := n.Outer == nil && (n.Search == nil || n.Search.Self)
	if n.Local {
		if arch, _ := match(n.Outer.Pred); !nodeindex.IsRoot(arch) {
			refuse("a node code inside a node code")
		}
	}
	f.paths = filter(m.reg.Paths(), func(p *nodeindex.Path) bool {
		if !s.Types.Has(p.Place.Class) || id != "" && p.Place.NodeID() != id {
			return false
		}
		if n.Local {
			return local(p, outer.paths)
		}
		return self && slices.Contains(outer.paths, p) || above(p, outer.paths) > 0
	})
	if self && slices.ContainsFunc(f.paths, func(p *nodeindex.Path) bool { return p.Parent == nil }) {
		refuse("the composition itself may be what is searched inside it")
	}
	m.frames = append(m.frames, f)
	m.vars[s] = f
	f.inside = m.contained(n.Child, f)
	return f
}

// local reports whether a frame belongs to the archetype of one of the outer
// frames.
func local(p *nodeindex.Path, outer []*nodeindex.Path) bool {
	root := p.Parent
	for root != nil && !root.Place.Root() {
		root = root.Parent
	}
	if root == nil || !slices.Contains(outer, root) {
		return false
	}
	if above(root, outer) > 0 {
		refuse("the archetype %s is nested in itself", root.Place.Archetype)
	}
	return true
}

// above counts the frames around a frame that are among the outer.
func above(p *nodeindex.Path, outer []*nodeindex.Path) int {
	n := 0
	for a := p.Parent; a != nil; a = a.Parent {
		if slices.Contains(outer, a) {
			n++
		}
	}
	return n
}

func filter(list []*nodeindex.Path, keep func(*nodeindex.Path) bool) []*nodeindex.Path {
	var out []*nodeindex.Path
	for _, p := range list {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}

// match takes a predicate apart that demands a node id, names, or both.
func match(c analyze.Cond) (id string, names []analyze.Expr) {
	switch c := c.(type) {
	case nil:
		return "", nil
	case *analyze.And:
		for _, o := range c.Operands {
			i, n := match(o)
			if i != "" && id != "" && i != id {
				refuse("two node ids in one predicate")
			}
			if i != "" {
				id = i
			}
			names = append(names, n...)
		}
		return id, names
	case *analyze.Compare:
		p, ok := c.Left.(*analyze.Path)
		if !ok || c.Op != ast.EQ || c.Mode != analyze.ModeText || p.Pred != nil {
			break
		}
		lit, isLiteral := c.Right.(*analyze.Literal)
		_, isParam := c.Right.(*analyze.Param)
		switch {
		case len(p.Steps) == 1 && p.Steps[0].Attribute == "archetype_node_id" && isLiteral:
			if s, ok := lit.Value.(string); ok && s != "" {
				return s, nil
			}
		case len(p.Steps) == 2 && p.Steps[0].Attribute == "name" && p.Steps[1].Attribute == "value" &&
			p.Steps[0].Pred == nil && p.Steps[1].Pred == nil && (isLiteral || isParam):
			return "", []analyze.Expr{c.Right}
		}
	}
	refuse("the predicate %s", analyze.Text(c))
	return "", nil
}

// drop leaves out frames that need no row: nothing of them is asked for, and
// each of the only frame inside has exactly one of them around it.
func (m *maker) drop() {
	for _, f := range m.frames {
		if f == m.root && m.dropRoot() {
			continue
		}
		if f.used || f.whole || f.version || len(f.names) > 0 || len(f.without) > 0 || len(f.inside) != 1 || f.optional {
			continue
		}
		in := f.inside[0]
		if in.optional || in.dropped {
			continue
		}
		if !slices.ContainsFunc(in.paths, func(p *nodeindex.Path) bool { return !m.one(p, in, f) }) {
			f.dropped = true
			if f.outer == nil {
				in.outer = nil
			} else {
				in.outer, in.direct = f.outer, false
				f.outer.inside[slices.Index(f.outer.inside, f)] = in
			}
		}
	}
}

// dropRoot leaves out the frame of the composition, if nothing of it is asked
// for: what is inside is all in one composition, which each has.
func (m *maker) dropRoot() bool {
	f := m.root
	if f.used || f.whole || f.version || len(f.names) > 0 || len(f.without) > 0 || len(f.inside) < 2 {
		return false
	}
	if slices.ContainsFunc(f.inside, func(in *frame) bool {
		return in.optional || slices.ContainsFunc(in.paths, func(p *nodeindex.Path) bool { return !m.one(p, in, f) })
	}) {
		return false
	}
	f.dropped = true
	for _, in := range f.inside {
		in.outer, in.direct = nil, false // the path says that it is directly inside
	}
	return true
}

// one reports whether every frame of the path has exactly one frame f around
// it, and that has as many of its own outer frame as the frame itself.
func (m *maker) one(p *nodeindex.Path, in, f *frame) bool {
	var found *nodeindex.Path
	innermost, around := p.Parent, above
	if in.elements != nil {
		innermost, around = p, aboveElement
	}
	if in.direct {
		found = p.Parent
	} else {
		for a := innermost; a != nil; a = a.Parent {
			if slices.Contains(f.paths, a) {
				if found != nil {
					return false
				}
				found = a
			}
		}
	}
	if found == nil {
		return false
	}
	return f.outer == nil || !f.direct && around(p, f.outer.paths) == above(found, f.outer.paths)
}
