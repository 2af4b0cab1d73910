package fhirmap

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
)

// A recipe is how the resource of a plan is written for all sources of a shape, so
// that the methods need not be run: they have been run for one of these while
// everything that they looked at was noted. They looked at nothing but what is in
// the key of the shape, and at free texts through forms; where these are answered
// alike the methods do the same again.
type recipe struct {
	asked    []reading.Question
	resolved []reading.Resolution
	// uses are the places of the nodes that are carried.
	uses   []int
	losses []recipeLoss
	// pattern is nil if the conditions of the model exclude the source.
	pattern *pattern
	// fixed is the JSON without the free texts, which stand in the gaps.
	fixed []byte
	gaps  []gap
}

// gap is the place of a free text.
type gap struct {
	at   int   // in the fixed JSON
	from int32 // number of the answer, or fromSubject, fromID; 0: the text follows from the key
	text string
	free r4.Free
}

// recipeLoss is a Loss whose path goes on from that of the origin, of the entry, or of
// the composition.
type recipeLoss struct {
	Loss
	of pathBase
}

type pathBase uint8

const (
	ofRoot pathBase = iota
	ofEntry
	ofOrigin
)

// Texts that are not of the source are from here.
const (
	fromSubject int32 = -1
	fromID      int32 = -2
)

// shaped is what the shape in hand begins with.
type shaped struct {
	entry   *ref
	without reading.Part
	above   bool
	mark    reading.Mark
}

// Limits on the recipes of one shape, and on how often one is tried to be learned.
const (
	maxVariants = 4
	maxTries    = 8
)

// outline finds the shape of what a resource is made of. It reports false if the
// shape does not say that.
func (x *run) outline(origin *ref) bool {
	e, p := x.archetype, x.plan
	var without reading.Part
	switch {
	case x.doubted || e == x.root || p.target.Name == "Patient":
		return false
	case x.only != nil:
		if len(x.only.indexes) != 1 {
			return false
		}
		without = reading.Part{Of: x.only.owner.Unwatched(), Attr: x.only.attr}
	case origin != e:
		return false
	}
	begun := shaped{entry: e, without: without, above: p.readsAbove(), mark: x.shaped.mark}
	if begun != x.shaped {
		x.shape.Reset(reading.Mark{})
		if begun.above {
			x.shape.Add(x.in.Root, reading.Part{Of: x.in.Root, Attr: "content"})
		}
		x.shape.Add(e.node.Unwatched(), without)
		begun.mark = x.shape.Mark()
		x.shaped = begun
	}
	x.shape.Reset(x.shaped.mark)
	if x.only != nil {
		x.shape.Add(origin.node.Unwatched(), reading.Part{})
	}
	return len(x.shape.Key) <= maxPatternSize
}

// readsAbove reports whether methods of the plan read the composition.
func (p *plan) readsAbove() bool {
	p.aboveOnce.Do(func() {
		seen := map[*plan]bool{}
		var visit func(q *plan)
		visit = func(q *plan) {
			if !seen[q] {
				seen[q] = true
				q.eachPath(func(o *opath) { p.above = p.above || o.base == fromComposition }, visit)
			}
		}
		visit(p)
	})
	return p.above
}

// record begins to note what the methods look at.
func (x *run) record() {
	x.uses = x.uses[:0]
	x.knowVersion()
	version := x.version.node.Unwatched()
	x.log.Start(&x.shape)
	x.log.Allow(version, "lifecycle_state") // complete, or nothing is projected
	x.log.Allow(self, "")
}

// recorded ends that, and begins a recipe; nil if the methods looked at what they
// might find to be other for sources of the shape.
func (x *run) recorded(origin *ref, fill func(Loss) Loss) *recipe {
	r := &recipe{}
	for _, k := range x.uses {
		if place := x.log.Place(k); place >= 0 && !slices.Contains(r.uses, place) {
			r.uses = append(r.uses, place)
		}
	}
	r.asked, r.resolved = x.log.Stop()
	if x.log.Spoilt() {
		return nil
	}
	entry := string(x.archetype.appendPath(nil))
	below := string(origin.appendPath(nil))
	for _, l := range x.pending {
		l = fill(l)
		of := ofRoot
		if rest, ok := pathBelow(l.Path, below); ok {
			of, l.Path = ofOrigin, rest
		} else if rest, ok := pathBelow(l.Path, entry); ok {
			of, l.Path = ofEntry, rest
		}
		r.losses = append(r.losses, recipeLoss{l, of})
	}
	return r
}

func pathBelow(path, above string) (string, bool) {
	rest, ok := strings.CutPrefix(path, above)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// writes completes a recipe by the resource that was made. It reports false if
// other resources by it need not be alike.
func (r *recipe) writes(known *pattern, json []byte, holes []r4.Hole, root *r4.Node) bool {
	if r == nil || known == nil || known.mould == nil {
		return false
	}
	r.pattern = known
	at := 0
	for i := range holes {
		h := &holes[i]
		r.fixed = append(r.fixed, json[at:h.From]...)
		at = h.To
		g := gap{at: len(r.fixed), from: h.Node.From, free: h.Node.Free}
		if g.from == 0 {
			g.text = strings.Clone(h.Node.Text)
		}
		r.gaps = append(r.gaps, g)
	}
	r.fixed = append(r.fixed, json[at:]...)
	return came(root) == len(r.gaps)-countFixed(r.gaps)
}

func countFixed(gaps []gap) (n int) {
	for i := range gaps {
		if gaps[i].from == 0 {
			n++
		}
	}
	return n
}

// came counts the texts of a tree that may be others for other sources.
func came(n *r4.Node) (count int) {
	if n.From != 0 {
		count++
	}
	for i := range n.Fields {
		count += came(n.Fields[i].Value)
	}
	for _, item := range n.Items {
		count += came(item)
	}
	return count
}

// cook makes the resource of a recipe. It reports false, and has done nothing, if
// the recipe is not for the source.
func (x *run) cook(r *recipe, origin *ref, archetype string) bool {
	var ok bool
	if x.answers, ok = x.shape.Answer(x.answers[:0], r.asked); !ok || !x.shape.Resolve(r.resolved, x.in.Resolve) {
		return false
	}
	p := x.plan
	id, path := "", ""
	var own []r4.Own
	size := len(r.fixed)
	if r.pattern != nil {
		id = x.resourceID(p.target, p.file.Name.Value, origin)
		own = x.paper.own.room(len(r.gaps))
		for i := range r.gaps {
			g := &r.gaps[i]
			text := g.text
			switch {
			case g.from == fromSubject:
				text = x.subjectText()
			case g.from == fromID:
				text = id
			case g.from > 0:
				text = x.answers[g.from-1]
			}
			o, ok := r.pattern.mould.Own(i, text, &x.times)
			if !ok {
				return false
			}
			own = append(own, o)
			size += len(text) + len(`""`)
		}
		path = origin.path()
	}
	for _, place := range r.uses {
		x.used[x.shape.At(place)] = true
	}
	for i := range r.losses {
		l := r.losses[i].Loss
		switch r.losses[i].of {
		case ofOrigin:
			l.Path = string(append(origin.appendPath(nil), l.Path...))
		case ofEntry:
			l.Path = string(append(x.archetype.appendPath(nil), l.Path...))
		}
		x.out.Losses = append(x.out.Losses, l)
	}
	if r.pattern == nil {
		return true
	}
	for _, l := range r.pattern.losses {
		l.Type, l.Archetype, l.Mapping = p.target.Name, archetype, p.file.Name.Value
		if l.Path == "" {
			l.Path = path
		}
		x.out.Losses = append(x.out.Losses, l)
	}
	text, at := x.paper.text.room(size), 0
	for i := range r.gaps {
		text = append(text, r.fixed[at:r.gaps[i].at]...)
		at = r.gaps[i].at
		text = r4.AppendOwn(text, r.gaps[i].free, own[i].Text)
	}
	text = append(text, r.fixed[at:]...)
	x.out.Resources = append(x.out.Resources, Resource{
		Type: p.target.Name, ID: id, JSON: x.paper.text.keep(text), Profiles: r.pattern.profiles, Mould: r.pattern.mould, Own: x.paper.own.keep(own),
		Mapping: p.file.Name.Value, MappingVersion: p.file.Version, Path: path,
	})
	return true
}

// recipes are those of one plan, by the key of their shape.
type recipes struct {
	mu   sync.RWMutex
	all  map[string]*known
	seen []uint64 // hashes of what has been seen, at the place that each gives
}

// known is what is known of a shape: what has been learned, in how many attempts.
type known struct {
	list  []*recipe
	tries int
}

func (s *recipes) find(key []byte) (list []*recipe, tries int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if k := s.all[string(key)]; k != nil {
		return k.list, k.tries
	}
	return nil, 0
}

// worth reports whether a recipe should be learned: what has no recipe has been seen
// before, there is room, and it was not in vain before.
func (s *recipes) worth(key []byte, tries, variants int, kept *atomic.Int64) bool {
	if tries > 0 {
		return tries < maxTries && variants < maxVariants
	}
	h := maphash.Bytes(patternSeed, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = make([]uint64, patternsSeen)
	}
	if at := &s.seen[h%patternsSeen]; *at != h {
		*at = h
		return false
	}
	if kept.Load() >= maxPatterns {
		kept.Add(-int64(len(s.all)))
		clear(s.all)
	}
	return kept.Load() < maxPatterns
}

// learn keeps a recipe; nil is an attempt in vain.
func (s *recipes) learn(key []byte, r *recipe, kept *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*known{}
	}
	k := s.all[string(key)]
	if k == nil {
		k = &known{}
		s.all[string(key)] = k
		kept.Add(1)
	}
	k.tries++
	if r != nil && len(k.list) < maxVariants {
		k.list = append(slices.Clip(k.list), r) // others read the old list
	}
}
