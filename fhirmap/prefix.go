package fhirmap

// prefix is the beginning of a path from $archetype. The paths of a plan share
// theirs: most lead through the same lists to different members, so that what a
// beginning leads to is looked up once for a resource, not once for each path.
type prefix struct {
	up  *prefix // nil: the archetype
	seg []oseg  // one
	no  int     // among those of the plan
}

// reached is what a prefix led to: a part of the workspace's kept nodes. It
// holds for one round.
type reached struct {
	round     uint64
	from, to  int
	undecided bool
}

// link finds the beginnings that the paths of a plan share. The last step of a
// path is left to the lookup.
func (p *plan) link() {
	known := map[*prefix][]*prefix{}
	n := 0
	path := func(o *opath) {
		if o.base != fromArchetype || o.up > 0 || len(o.segs) < 2 {
			return
		}
		var at *prefix
		for i := range len(o.segs) - 1 {
			var next *prefix
			for _, k := range known[at] {
				if k.seg[0] == o.segs[i] {
					next = k
				}
			}
			if next == nil {
				next = &prefix{up: at, seg: o.segs[i : i+1], no: n}
				known[at] = append(known[at], next)
				n++
			}
			at = next
		}
		o.prefix = at
	}
	p.eachPath(path, func(*plan) {})
	p.prefixes = n
}

// eachPath visits the paths of a plan and of what its methods lead to in the same
// archetype, and the plans of its slots.
func (p *plan) eachPath(path func(*opath), slot func(*plan)) {
	conditions := func(list []*condition) {
		for _, k := range list {
			path(&k.root)
		}
	}
	var steps func(list []*step)
	steps = func(list []*step) {
		for _, s := range list {
			path(&s.src)
			conditions(s.gates)
			conditions(s.filters)
			for _, m := range s.manual {
				conditions(m.gates)
			}
			if s.slot != nil {
				slot(s.slot)
			}
			if s.refer != nil {
				steps(s.refer.joins)
				steps(s.refer.methods)
			}
			steps(s.children)
		}
	}
	if p.gate != nil {
		path(&p.gate.root)
	}
	steps(p.methods)
}

// begin makes what was reached from the archetype before not count: another
// archetype or other members of its lists are in hand. It gives the round that
// was, with which whoever began goes back to it.
func (x *run) begin(p *plan) (outer uint64) {
	outer = x.round
	x.rounds++
	x.round = x.rounds
	if n := p.prefixes - len(x.reached); n > 0 {
		x.reached = append(x.reached, make([]reached, n)...)
	}
	return outer
}

// reach follows a prefix from the archetype in hand.
func (x *run) reach(p *prefix) (nodes []*ref, undecided bool) {
	if r := &x.reached[p.no]; r.round == x.round {
		return x.kept[r.from:r.to], r.undecided
	}
	mark := len(x.found)
	if p.up == nil {
		undecided = x.find(x.archetype, p.seg)
	} else {
		var above []*ref
		above, undecided = x.reach(p.up)
		for _, at := range above {
			undecided = x.find(at, p.seg) || undecided
		}
	}
	from := len(x.kept)
	x.kept = append(x.kept, x.found[mark:]...)
	x.found = x.found[:mark]
	x.reached[p.no] = reached{x.round, from, len(x.kept), undecided}
	return x.kept[from:], undecided
}
