package nodeindex

import (
	"encoding/json"
	"slices"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// PlaceRow is a stored Place.
type PlaceRow struct {
	ID int32
	// Archetype that the place is in, and the steps from its root, each an
	// attribute and a node id; none for the root itself.
	Archetype string
	Steps     []string
	Class     string
	Name      string
	Part      int16
}

// PathRow is a stored Path. Slot is the steps from the parent frame.
type PathRow struct {
	ID, Parent, Place int32
	Slot              []string
	// Always are the slots of frames inside, as [SlotKey] writes them, of which
	// every frame of the path that was ever stored has at least one.
	Always []string
}

// SlotKey is a slot as one text.
func SlotKey(slot []string) string {
	b, err := json.Marshal(slot)
	if err != nil {
		panic(err) // strings always have a form
	}
	return string(b)
}

// ValueRow is a stored Value; of class ELEMENT it stands for elements
// themselves, whose usual name it has. Column is [Valued] then if every such
// element that was ever stored has a value of which a row tells.
type ValueRow struct {
	ID, Place int32
	Steps     []string
	Class     string
	Usual     string
	Column    string
	Multiple  bool
}

// Valued stands for the column of elements of which rows tell that they are
// there, by a value of theirs.
const Valued = "v"

// Place is where frames stand inside an archetype.
type Place struct {
	ID        int32
	Archetype string
	Steps     []string
	Class     *rm.Class
	// Name is what frames here are usually called.
	Name string
	// Part is the partition of the index that has the archetype's frames; 0 is
	// shared by all that have none of their own.
	Part int16
	// Spot is the frame itself.
	Spot *Spot
	// Elements are the elements inside frames here, frames of their own aside.
	Elements []ElementSpot
}

// ElementSpot is where an ELEMENT of a node id stands inside a frame.
type ElementSpot struct {
	NodeID string
	Spot   *Spot
}

// Root reports whether frames here are roots of the archetype.
func (p *Place) Root() bool { return len(p.Steps) == 0 }

// NodeID is the archetype_node_id of the frames.
func (p *Place) NodeID() string {
	if p.Root() {
		return p.Archetype
	}
	return p.Steps[len(p.Steps)-1]
}

// Path is the place of a frame with those of all frames around it.
type Path struct {
	ID     int32
	Parent *Path // nil: a composition
	Place  *Place
	// In is the spot of the parent frame that the frame stands at, by Attribute.
	In        *Spot
	Attribute string

	children map[childKey]*Path
	ordered  []*Path
	always   []slot
}

// slot is where a frame stands in the one around it. Frames of several classes
// may stand there.
type slot struct {
	in            *Spot
	attr, id, key string
}

// maxAlways bounds the slots that are watched for each path.
const maxAlways = 64

// Always reports whether every frame of the path has at least one frame where
// one of the children stands.
func (p *Path) Always(children []*Path) bool {
	return slices.ContainsFunc(p.always, func(s slot) bool {
		return slices.ContainsFunc(children, func(c *Path) bool {
			return c.Parent == p && c.In == s.in && c.Attribute == s.attr && c.Place.NodeID() == s.id
		})
	})
}

// Children are the frames directly inside, in the order of their numbers.
func (p *Path) Children() []*Path { return p.ordered }

type childKey struct {
	in       *Spot
	attr, id string
	class    *rm.Class
}

// Spot is an object inside a frame, or the frame itself.
type Spot struct {
	// Element is set for the spot of an ELEMENT.
	Element *Value

	children map[edge]*Spot
	values   map[*rm.Class]*Value
}

type edge struct{ attr, id string }

// Child is the spot that an attribute leads to, of the node id, which is "" for
// what has none; nil if nothing was ever there.
func (s *Spot) Child(attr, id string) *Spot {
	if s == nil {
		return nil
	}
	return s.children[edge{attr, id}]
}

// Children are the spots that an attribute leads to, whatever the node id.
func (s *Spot) Children(attr string) []*Spot {
	var out []*Spot
	if s != nil {
		for e, c := range s.children {
			if e.attr == attr {
				out = append(out, c)
			}
		}
	}
	return out
}

// Values are the data values ever seen at a spot, by number.
func (s *Spot) Values() []*Value {
	if s == nil {
		return nil
	}
	out := make([]*Value, 0, len(s.values))
	for _, v := range s.values {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b *Value) int { return int(a.ID - b.ID) })
	return out
}

func (s *Spot) follow(steps []string) *Spot {
	for i := 0; i+1 < len(steps); i += 2 {
		e := edge{steps[i], steps[i+1]}
		c := s.children[e]
		if c == nil {
			c = &Spot{}
			if s.children == nil {
				s.children = map[edge]*Spot{}
			}
			s.children[e] = c
		}
		s = c
	}
	return s
}

// Value is where data values of a class, or elements, stand inside frames.
type Value struct {
	ID    int32
	Class *rm.Class
	// Usual is the unit, terminology or name that is not repeated in rows.
	Usual string
	// Column is the column of the first attribute; "" for none.
	Column string
	// Valued tells of an element that a row which has one has a value of it, so
	// that the row tells whether it is there.
	Valued bool
	// Multiple tells of an element that it occurred more than once among its
	// siblings. Rows do not have the values of such elements, whose classes the
	// registry knows nevertheless.
	Multiple bool
}

// Registry is a summary of the structures of all compositions stored. It is
// not changed after it was made; a nil registry is one of nothing.
type Registry struct {
	Generation int64
	roots      map[childKey]*Path
	ordered    []*Path
	paths      []*Path
	places     map[int32]*Place
}

// NewRegistry makes a registry of the stored rows, parents before children.
func NewRegistry(generation int64, t Tables) *Registry {
	places, paths, values := t.Places, t.Paths, t.Values
	r := &Registry{Generation: generation, roots: map[childKey]*Path{}, places: map[int32]*Place{}}
	for i := range places {
		p := &places[i]
		r.places[p.ID] = &Place{
			ID: p.ID, Archetype: p.Archetype, Steps: p.Steps, Class: rm.Lookup(p.Class), Name: p.Name, Part: p.Part, Spot: &Spot{},
		}
	}
	byID := map[int32]*Path{}
	for i := range paths {
		row := &paths[i]
		p := &Path{ID: row.ID, Place: r.places[row.Place], Parent: byID[row.Parent]}
		key := childKey{id: p.Place.NodeID(), class: p.Place.Class}
		if p.Parent == nil {
			r.roots[key] = p
			r.ordered = append(r.ordered, p)
		} else {
			last := len(row.Slot) - 2
			p.In, p.Attribute = p.Parent.Place.Spot.follow(row.Slot[:last]), row.Slot[last]
			key.in, key.attr = p.In, p.Attribute
			if p.Parent.children == nil {
				p.Parent.children = map[childKey]*Path{}
			}
			p.Parent.children[key] = p
			p.Parent.ordered = append(p.Parent.ordered, p)
		}
		for _, key := range row.Always {
			var steps []string
			if json.Unmarshal([]byte(key), &steps) != nil || len(steps) < 2 {
				continue // nothing is lost: the slot is not watched
			}
			last := len(steps) - 2
			p.always = append(p.always, slot{p.Place.Spot.follow(steps[:last]), steps[last], steps[last+1], key})
		}
		byID[p.ID] = p
		r.paths = append(r.paths, p)
	}
	for i := range values {
		row := &values[i]
		s := r.places[row.Place].Spot.follow(row.Steps)
		v := &Value{ID: row.ID, Class: rm.Lookup(row.Class), Usual: row.Usual, Column: row.Column, Multiple: row.Multiple}
		if v.Class == rm.ClassElement {
			v.Column, v.Valued = "", row.Column == Valued
			s.Element = v
			place := r.places[row.Place]
			place.Elements = append(place.Elements, ElementSpot{row.Steps[len(row.Steps)-1], s})
			continue
		}
		if s.values == nil {
			s.values = map[*rm.Class]*Value{}
		}
		s.values[v.Class] = v
	}
	return r
}

// Roots are the paths of compositions.
func (r *Registry) Roots() []*Path {
	if r == nil {
		return nil
	}
	return r.ordered
}

// Paths are all paths, parents before children.
func (r *Registry) Paths() []*Path {
	if r == nil {
		return nil
	}
	return r.paths
}

// Place finds a place by its number.
func (r *Registry) Place(id int32) *Place { return r.places[id] }
