package fhirmap

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ref is a node of the source with the way that led to it.
type ref struct {
	node   *rm.Node
	parent *ref
	attr   *rm.Attribute
	index  int
}

// path is the RM path with zero-based indexes.
func (r *ref) path() string {
	if r == nil || r.parent == nil {
		return "/"
	}
	var b []byte
	return string(r.appendPath(b))
}

func (r *ref) appendPath(b []byte) []byte {
	if r.parent == nil {
		return b
	}
	b = append(append(r.parent.appendPath(b), '/'), r.attr.Name...)
	if r.attr.Container {
		b = append(strconv.AppendInt(append(b, '['), int64(r.index), 10), ']')
	}
	return b
}

// identity is what a resource made from the node is recognised by over
// versions: the uid nearest above it, or its place in terms of node ids, names
// and the index among siblings that agree in both.
func (r *ref) identity() string {
	var parts []string
	for n := r; n != nil && n.parent != nil; n = n.parent {
		if uid := n.node.String("uid", "value"); uid != "" {
			parts = append(parts, "uid:"+uid)
			break
		}
		part := n.attr.Name
		if n.attr.Container {
			id, name := n.node.NodeID(), n.node.NameValue()
			twin := 0
			for i, s := range n.parent.node.List(n.attr.Name) {
				if i >= n.index {
					break
				}
				if s.NodeID() == id && s.NameValue() == name {
					twin++
				}
			}
			part += "[" + id + "," + strconv.Quote(name) + "," + strconv.Itoa(twin) + "]"
		}
		parts = append(parts, part)
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	return b.String()
}

// archetype is the id of the archetype root that governs the node.
func (r *ref) archetype() string {
	for n := r; n != nil; n = n.parent {
		if id := n.node.ArchetypeID(); id != "" {
			return id
		}
	}
	return ""
}

// matches reports whether a member meets a step's predicates.
func (g *oseg) matches(n *rm.Node) bool {
	if g.nodeID != "" && n.NodeID() != g.nodeID {
		return false
	}
	return g.name == "" || n.NameValue() == g.name
}

// absent reports whether the node is an ELEMENT that gives a null flavour
// instead of a value. A value beside a null flavour, which the Reference Model
// forbids, does not count: it may be what was to be masked.
func absent(n *rm.Node) bool {
	return n.Class == rm.ClassElement && (n.Attr("value") == nil || n.Attr("null_flavour") != nil)
}

// restriction hides all members but one of a list: the other events of a
// history while one of them is made into a resource.
type restriction struct {
	owner *rm.Node
	attr  string
	index int
}

// lookup is the result of following a path.
type lookup struct {
	nodes []*ref
	// undecided is set when an ELEMENT on the way has no value, or a value of
	// a class without the attribute asked for, so that nobody can say what is
	// there.
	undecided bool
}

// find follows a path from a node.
func (x *run) find(at *ref, segs []oseg) lookup {
	if len(segs) == 0 {
		return lookup{nodes: []*ref{at}}
	}
	var out lookup
	x.walk(at, segs, &out)
	return out
}

func (x *run) walk(at *ref, segs []oseg, out *lookup) {
	seg := &segs[0]
	if seg.attr == "value" && absent(at.node) {
		out.undecided = true
		return
	}
	a := at.node.Attr(seg.attr)
	if a == nil {
		switch {
		case at.node.Class.IsA(rm.ClassDataValue) && at.node.Class.Attribute(seg.attr) == nil:
			out.undecided = true
		}
		return
	}
	hide := x.only != nil && x.only.owner == at.node && x.only.attr == seg.attr
	for i, n := range a.Items {
		if (hide && i != x.only.index) || !seg.matches(n) {
			continue
		}
		next := &ref{node: n, parent: at, attr: a.Def, index: i}
		if len(segs) == 1 {
			out.nodes = append(out.nodes, next)
		} else {
			x.walk(next, segs[1:], out)
		}
	}
}

// start is the node at which a path begins.
func (x *run) start(p *opath, parent *ref) *ref {
	at := parent
	switch p.base {
	case fromArchetype:
		at = x.archetype
	case fromComposition:
		at = x.root
	case fromVersion:
		at = x.version
	}
	for range p.up {
		if at != nil {
			at = at.parent
		}
	}
	return at
}

func (x *run) eval(p *opath, parent *ref) lookup {
	at := x.start(p, parent)
	if at == nil {
		return lookup{}
	}
	return x.find(at, p.segs)
}

// truth is the outcome of a condition.
type truth uint8

const (
	no truth = iota
	yes
	undecided
)

// holds evaluates a condition at a node; for a filter, relative to the
// occurrence. It fails closed: what cannot be known is undecided.
func (x *run) holds(k *condition, at *ref) truth {
	roots := x.eval(&k.root, at)
	if len(k.attrs) == 0 {
		return k.test(roots)
	}
	// A condition over several attributes: one of asks for any of them, the
	// other operators for all.
	result := yes
	if k.op == OneOf || k.op == IsType {
		result = no
	}
	for i := range k.attrs {
		all := lookup{undecided: roots.undecided}
		for _, r := range roots.nodes {
			part := x.find(r, k.attrs[i].segs)
			all.nodes = append(all.nodes, part.nodes...)
			all.undecided = all.undecided || part.undecided
		}
		one := k.test(all)
		switch {
		case one == undecided && result != yes && (k.op == OneOf || k.op == IsType):
			result = undecided
		case one == undecided && result != no && k.op != OneOf && k.op != IsType:
			result = undecided
		case one == yes && (k.op == OneOf || k.op == IsType):
			result = yes
		case one == no && k.op != OneOf && k.op != IsType:
			result = no
		}
	}
	return result
}

func (k *condition) test(l lookup) truth {
	hit := false
	for _, r := range l.nodes {
		n := r.node
		switch k.op {
		case OneOf, NotOf:
			if n.Class.Primitive == rm.NotPrimitive {
				l.undecided = true
				continue
			}
			hit = hit || k.criteria[n.Text]
		case IsType:
			if n.Class == rm.ClassElement {
				v := n.Get("value")
				if absent(n) {
					l.undecided = true
					continue
				}
				hit = hit || k.names(v.Class) || k.criteria["ELEMENT"]
				continue
			}
			hit = hit || k.names(n.Class)
		case Empty, NotEmpty:
			hit = true
		}
	}
	switch {
	case k.op == NotOf || k.op == Empty:
		if hit {
			return no
		}
		if l.undecided {
			return undecided
		}
		return yes
	case hit:
		return yes
	case l.undecided:
		return undecided
	default:
		return no
	}
}

// names reports whether the criteria name the class, or an abstract ancestor of
// it: DV_TEXT does not include DV_CODED_TEXT, DATA_VALUE does.
func (k *condition) names(c *rm.Class) bool {
	for name := range k.criteria {
		if cl := rm.Lookup(name); cl != nil && (c == cl || (cl.Abstract && c.IsA(cl))) {
			return true
		}
	}
	return false
}
