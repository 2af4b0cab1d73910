package fhirmap

import (
	"slices"
	"strconv"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ref is a node of the source with the way that led to it.
type ref struct {
	node   reading.Node
	parent *ref
	attr   *rm.Attribute
	index  int
}

// path is the RM path with zero-based indexes.
func (r *ref) path() string {
	if r == nil || r.parent == nil {
		return "/"
	}
	var b [128]byte
	return string(r.appendPath(b[:0]))
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

// appendIdentity appends what a resource made from the node is recognised by over
// versions: the uid nearest above it, or its place in terms of node ids, names
// and the index among siblings that agree in both.
func (r *ref) appendIdentity(b []byte) []byte {
	if r == nil || r.parent == nil {
		return b
	}
	node := r.node.Unwatched()
	if uid := node.String("uid", "value"); uid != "" {
		return append(append(b, "/uid:"...), uid...)
	}
	return r.appendPlace(r.parent.appendIdentity(b), node)
}

// identity is appendIdentity from the beginning. What is above the node is often that
// of the last one.
func (x *run) identity(r *ref) []byte {
	if r == nil || r.parent == nil {
		return nil
	}
	node := r.node.Unwatched()
	if uid := node.String("uid", "value"); uid != "" {
		x.place = append(append(x.place[:0], "/uid:"...), uid...)
		x.above = nil
		return x.place
	}
	if x.above != r.parent {
		x.place = r.parent.appendIdentity(x.place[:0])
		x.above, x.aboveLen = r.parent, len(x.place)
	}
	x.place = r.appendPlace(x.place[:x.aboveLen], node)
	return x.place
}

// appendPlace appends the place of the node in its parent.
func (r *ref) appendPlace(b []byte, node *rm.Node) []byte {
	b = append(append(b, '/'), r.attr.Name...)
	if !r.attr.Container {
		return b
	}
	id, name := node.NodeID(), node.NameValue()
	twin := 0
	for _, s := range r.parent.node.Unwatched().List(r.attr.Name)[:r.index] {
		if s.NodeID() == id && s.NameValue() == name {
			twin++
		}
	}
	b = append(append(append(b, '['), id...), ',')
	b = append(appendGoQuoted(b, name), ',')
	return append(strconv.AppendInt(b, int64(twin), 10), ']')
}

// appendGoQuoted is strconv.AppendQuote.
func appendGoQuoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
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
func (g *oseg) matches(n reading.Node) bool {
	if g.nodeID != "" && n.NodeID() != g.nodeID {
		return false
	}
	return g.name == "" || n.NameValue() == g.name
}

// absent reports whether the node is an ELEMENT that gives a null flavour
// instead of a value. A value beside a null flavour, which the Reference Model
// forbids, does not count: it may be what was to be masked.
func absent(n reading.Node) bool {
	return n.Class() == rm.ClassElement && (!n.Has("value") || n.Has("null_flavour"))
}

// restriction hides all members of a list but some: the other events of a
// history while these are made into a resource.
type restriction struct {
	owner   reading.Node
	attr    string
	indexes []int
}

// lookup is the result of following a path.
//
// The nodes are on a stack, from which eval's caller takes them when it is done
// with them (drop), the last ones found first.
type lookup struct {
	nodes []*ref
	mark  int
	// undecided is set when an ELEMENT on the way has no value, or a value of
	// a class without the attribute asked for, so that nobody can say what is
	// there.
	undecided bool
}

// find follows a path from a node and pushes what it leads to. It reports
// whether anything is undecided.
func (x *run) find(at *ref, segs []oseg) (undecided bool) {
	if len(segs) == 0 {
		x.found = append(x.found, at)
		return false
	}
	seg := &segs[0]
	if seg.attr == "value" && absent(at.node) {
		return true
	}
	hide := x.only != nil && x.only.owner.Same(at.node) && x.only.attr == seg.attr
	a, ok := at.node.Attr(seg.attr, hide)
	if !ok {
		class := at.node.Class()
		return class.IsA(rm.ClassDataValue) && class.Attribute(seg.attr) == nil
	}
	for i := range a.Len() {
		if hide && !slices.Contains(x.only.indexes, i) {
			continue
		}
		n := a.At(i)
		if !seg.matches(n) {
			continue
		}
		undecided = x.find(x.ref(n, at, a.Def(), i), segs[1:]) || undecided
	}
	return undecided
}

// results takes what has been pushed since a mark.
func (x *run) results(mark int, undecided bool) lookup {
	return lookup{nodes: x.found[mark:len(x.found):len(x.found)], mark: mark, undecided: undecided}
}

// drop gives up what a lookup found.
func (x *run) drop(l *lookup) { x.found = x.found[:l.mark] }

// start is the node at which a path begins.
func (x *run) start(p *opath, parent *ref) *ref {
	at := parent
	switch p.base {
	case fromArchetype:
		at = x.archetype
	case fromComposition:
		at = x.root
	case fromVersion:
		x.knowVersion()
		at = x.version
	case fromSelf:
		at = x.ref(x.log.Node(self), nil, nil, 0)
	case fromWorkflow:
		at = x.workflow()
	case fromPerson:
		x.log.Spoil()
		if at = nil; x.in.Person != nil {
			at = x.ref(x.log.Node(x.in.Person), nil, nil, 0)
		}
	}
	for range p.up {
		if at != nil {
			at = at.parent
		}
	}
	return at
}

func (x *run) knowVersion() {
	if x.version == nil {
		x.version = x.ref(x.log.Node(versionNode(x.in)), nil, nil, 0)
	}
}

// self is the subject of the record.
var self = rm.Object("PARTY_SELF")

func (x *run) eval(p *opath, parent *ref) lookup {
	mark := len(x.found)
	if p.base == fromRoles {
		undecided := false
		x.log.Spoil()
		for i, n := range x.in.Roles {
			undecided = x.find(x.ref(x.log.Node(n), nil, nil, i), p.segs) || undecided
		}
		return x.results(mark, undecided)
	}
	if p.prefix != nil {
		above, undecided := x.reach(p.prefix)
		last := p.segs[len(p.segs)-1:]
		for _, at := range above {
			undecided = x.find(at, last) || undecided
		}
		return x.results(mark, undecided)
	}
	at := x.start(p, parent)
	if at == nil {
		return lookup{mark: mark}
	}
	return x.results(mark, x.find(at, p.segs))
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
	result := x.judge(k, &roots)
	x.drop(&roots)
	return result
}

func (x *run) judge(k *condition, roots *lookup) truth {
	if len(k.attrs) == 0 {
		return k.test(roots)
	}
	// A condition over several attributes: one of asks for any of them, the
	// other operators for all.
	result := yes
	if k.op == fhirconnect.OneOf || k.op == fhirconnect.IsType {
		result = no
	}
	for i := range k.attrs {
		mark, open := len(x.found), roots.undecided
		for _, r := range roots.nodes {
			open = x.find(r, k.attrs[i].segs) || open
		}
		all := x.results(mark, open)
		one := k.test(&all)
		x.drop(&all)
		switch {
		case one == undecided && result != yes && (k.op == fhirconnect.OneOf || k.op == fhirconnect.IsType):
			result = undecided
		case one == undecided && result != no && k.op != fhirconnect.OneOf && k.op != fhirconnect.IsType:
			result = undecided
		case one == yes && (k.op == fhirconnect.OneOf || k.op == fhirconnect.IsType):
			result = yes
		case one == no && k.op != fhirconnect.OneOf && k.op != fhirconnect.IsType:
			result = no
		}
	}
	return result
}

func (k *condition) test(l *lookup) truth {
	hit, open := false, l.undecided
	for _, r := range l.nodes {
		n := r.node
		switch k.op {
		case fhirconnect.OneOf, fhirconnect.NotOf:
			if n.Class().Primitive == rm.NotPrimitive {
				open = true
				continue
			}
			hit = hit || k.criteria[n.Text()]
		case fhirconnect.IsType:
			if n.Class() == rm.ClassElement {
				v := n.Get("value")
				if absent(n) {
					open = true
					continue
				}
				hit = hit || k.names(v.Class()) || k.criteria["ELEMENT"]
				continue
			}
			hit = hit || k.names(n.Class())
		case fhirconnect.Empty, fhirconnect.NotEmpty:
			hit = true
		}
	}
	switch {
	case k.op == fhirconnect.NotOf || k.op == fhirconnect.Empty:
		if hit {
			return no
		}
		if open {
			return undecided
		}
		return yes
	case hit:
		return yes
	case open:
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
