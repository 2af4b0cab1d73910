package nodegen

import (
	"slices"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/aql/plan"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// position is where the steps of a path have led.
type position struct {
	frame *frame
	// spots inside the frame, by the place of the frame. A nil map is the frame
	// itself.
	spots map[*nodeindex.Place][]*nodeindex.Spot
	types analyze.Types
	// names that elements on the way must have.
	names []elementName
}

type elementName struct {
	elements []*nodeindex.Value
	name     analyze.Expr
}

// paths finds the values of all paths.
func (m *maker) paths() {
	rejecting := map[*plan.Expand]bool{}
	for _, c := range conjuncts(m.plan.Query.Where) {
		for _, p := range demanding(c) {
			for e := m.plan.Refs[p].Expand; e != nil; e = e.Base {
				rejecting[e] = true
			}
		}
	}
	for _, e := range m.plan.Expands {
		if e.Pred != nil {
			refuse("a predicate on a variable in a path")
		}
		var at *position
		if e.Base != nil {
			at = m.expands[e.Base]
		} else {
			at = m.source(e.Source)
		}
		for _, s := range e.Steps {
			at = m.step(at, s, rejecting[e])
		}
		m.expands[e] = at
	}
	counted, identity := countOnly(m.plan.Query)
	for p, ref := range m.plan.Refs {
		m.path(p, ref, counted[p], identity[p])
	}
}

// source is the position of a source.
func (m *maker) source(s *analyze.Source) *position {
	f := m.vars[s]
	if f == nil || s.Kind != analyze.SourceRoot && s.Kind != analyze.SourceInside {
		refuse("paths of the EHR that no column has")
	}
	return &position{frame: f, types: s.Types}
}

// path finds the value of one path.
func (m *maker) path(p *analyze.Path, ref plan.Ref, counted, identity bool) {
	s := p.Source
	if s == nil {
		refuse("a path without a variable")
	}
	switch {
	case s.Kind == analyze.SourceEHR:
		if !sqlgen.Stored(p) {
			refuse("paths of the EHR that no column has")
		}
		m.ehr = true
		return
	case s.Kind == analyze.SourceVersion || sqlgen.Stored(p):
		if !sqlgen.Stored(p) {
			refuse("paths of VERSION that no column has")
		}
		m.needVersion(s)
		return
	case ref.Pred != nil:
		refuse("a predicate on a variable in a path")
	case len(p.Steps) == 0:
		m.object(p, counted, identity)
		return
	}
	at := m.expands[ref.Expand]
	if ref.Expand == nil {
		at = m.source(s)
	}
	if at.frame.elements != nil {
		m.elementPath(p, at.frame, ref.Tail)
		return
	}
	for i, st := range ref.Tail {
		rest := ref.Tail[i:]
		if at.spots == nil && len(rest) == 2 && rest[0].Attribute == "name" && rest[1].Attribute == "value" && rest[0].Pred == nil && rest[1].Pred == nil {
			m.frameName(p, at)
			return
		}
		if st.Container {
			refuse("EXISTS through a container")
		}
		if values, ok := follows(at.types, st.Attribute); ok && values {
			m.value(p, at, rest)
			return
		}
		at = m.step(at, st, false)
	}
	refuse("the whole object at %s", analyze.ExprText(p))
}

func (m *maker) needVersion(s *analyze.Source) {
	f := m.vars[s]
	f.used, f.version = true, true
	if !slices.Contains(m.versionOf, s) {
		m.versionOf = append(m.versionOf, s)
	}
}

// object is a variable itself as a value.
func (m *maker) object(p *analyze.Path, counted, identity bool) {
	f := m.vars[p.Source]
	switch {
	case f == nil:
		refuse("the whole object %s", analyze.ExprText(p))
	case identity && p.Source.Kind == analyze.SourceRoot:
		m.values[p] = sqlgen.Value{JSON: func() string { return "jsonb_build_array(" + f.alias + ".ehr_no, " + f.alias + ".vo_no)" }}
	case counted:
		m.values[p] = sqlgen.Value{JSON: func() string { return "to_jsonb(" + f.alias + ".num)" }}
	case p.Source.Kind == analyze.SourceRoot:
		f.whole = true
		m.documents[p] = "d.raw"
		m.values[p] = sqlgen.Value{JSON: func() string { return "d.content" }}
	default:
		refuse("the whole object %s", analyze.ExprText(p))
	}
	f.used = true
}

// follows reports whether the index knows what an attribute of the classes
// leads to.
func follows(types analyze.Types, attribute string) (values, ok bool) {
	found := false
	for _, c := range types {
		a := c.Attribute(attribute)
		if a == nil {
			continue
		}
		v, known := nodeindex.Follows(a)
		if !known || found && v != values {
			return false, false
		}
		found, values = true, v
	}
	return values, found
}

// step goes along one attribute that leads to objects. A frame that is met is
// joined; inner tells that rows without it are not wanted.
func (m *maker) step(at *position, s *analyze.Step, inner bool) *position {
	values, ok := follows(at.types, s.Attribute)
	if !ok || values || at.frame.elements != nil {
		refuse("%s is not in the index", s.Attribute)
	}
	id, names := match(s.Pred)
	next := &position{frame: at.frame, spots: map[*nodeindex.Place][]*nodeindex.Spot{}, types: s.Types, names: at.names}
	var frames []*nodeindex.Path
	met := 0
	for _, path := range at.frame.paths {
		place := path.Place
		spots := []*nodeindex.Spot{place.Spot}
		if at.spots != nil {
			spots = at.spots[place]
		}
		for _, child := range path.Children() {
			if child.Attribute == s.Attribute && (id == "" || child.Place.NodeID() == id) && slices.Contains(spots, child.In) {
				frames = append(frames, child)
			}
		}
		if _, done := next.spots[place]; done {
			continue
		}
		next.spots[place] = nil
		for _, spot := range spots {
			if id != "" {
				if c := spot.Child(s.Attribute, id); c != nil {
					next.spots[place] = append(next.spots[place], c)
				}
			} else {
				next.spots[place] = append(next.spots[place], spot.Children(s.Attribute)...)
			}
		}
		met += len(next.spots[place])
	}
	switch {
	case len(frames) > 0 && met > 0:
		refuse("%s leads to frames and to other objects", s.Key)
	case len(frames) > 0:
		f := m.frame()
		f.paths, f.outer, f.direct, f.names = frames, at.frame, true, names
		f.optional = !inner && (at.frame.optional || len(names) > 0 || slices.ContainsFunc(at.frame.paths, func(p *nodeindex.Path) bool { return !p.Always(frames) }))
		if len(at.names) > 0 {
			refuse("frames inside a named element")
		}
		m.frames = append(m.frames, f)
		at.frame.inside = append(at.frame.inside, f)
		return &position{frame: f, types: s.Types}
	}
	if len(names) > 0 {
		var elements []*nodeindex.Value
		for _, list := range next.spots {
			for _, spot := range list {
				if spot.Element == nil {
					refuse("the name of what is at %s", s.Key)
				}
				elements = append(elements, spot.Element)
			}
		}
		next.names = slices.Clone(at.names)
		for _, n := range names {
			next.names = append(next.names, elementName{elements, n})
		}
	}
	for _, list := range next.spots {
		if s.Container && len(list) > 1 {
			refuse("%s leads to elements of several kinds", s.Key)
		}
		for _, spot := range list {
			if s.Container && (spot.Element == nil || spot.Element.Multiple) {
				refuse("%s leads to several elements", s.Key)
			}
		}
	}
	return next
}

// conjuncts splits a condition at its outermost AND.
func conjuncts(c analyze.Cond) []analyze.Cond {
	switch c := c.(type) {
	case nil:
		return nil
	case *analyze.And:
		var out []analyze.Cond
		for _, o := range c.Operands {
			out = append(out, conjuncts(o)...)
		}
		return out
	}
	return []analyze.Cond{c}
}

// demanding is the paths that must find something for a condition to hold.
func demanding(c analyze.Cond) []*analyze.Path {
	var out []*analyze.Path
	add := func(e analyze.Expr) {
		if p, ok := e.(*analyze.Path); ok && p != nil {
			out = append(out, p)
		}
	}
	switch c := c.(type) {
	case *analyze.Compare:
		if c.Mode != analyze.ModeNull {
			add(c.Left)
			add(c.Right)
		}
	case *analyze.Like:
		add(c.Value())
	case *analyze.In:
		add(c.Value())
	case *analyze.Regex:
		add(c.Left)
	case *analyze.Exists:
		add(c.Path)
	}
	return out
}

// countOnly is the paths that only a COUNT of rows looks at, and those of which
// only the identity matters: that COUNT or EXISTS look at.
func countOnly(q *analyze.Query) (counted, identity map[*analyze.Path]bool) {
	counted, identity = map[*analyze.Path]bool{}, map[*analyze.Path]bool{}
	look := func(e analyze.Expr) {
		if a, ok := e.(*analyze.Aggregate); ok && a.Function == "COUNT" && a.Path != nil {
			counted[a.Path], identity[a.Path] = !a.Distinct, true
		}
	}
	q.Exprs(look)
	for _, c := range []analyze.Cond{q.Where, q.Having} {
		analyze.Paths(c, func(p *analyze.Path, exists bool) {
			if exists {
				counted[p], identity[p] = true, true
			}
		})
	}
	return counted, identity
}

// has reports whether a class has an attribute path.
func has(c *rm.Class, path []string) bool {
	for _, name := range path {
		a := c.Attribute(name)
		if a == nil {
			return false
		}
		c = a.Type
	}
	return true
}
