package fhirmap

import (
	"sync"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// slab gives out zero values that live until its next reset.
type slab[T any] struct {
	chunks [][]T
	n      int
}

const slabChunk = 256

func (s *slab[T]) next() *T {
	if s.n == len(s.chunks)*slabChunk {
		s.chunks = append(s.chunks, make([]T, slabChunk))
	}
	v := &s.chunks[s.n/slabChunk][s.n%slabChunk]
	s.n++
	return v
}

// reset takes back everything, and forgets what it pointed to.
func (s *slab[T]) reset() {
	for i, c := range s.chunks {
		if s.n <= i*slabChunk {
			break
		}
		clear(c)
	}
	s.n = 0
}

// workspace is the memory that projections use and leave for the next one.
// Nothing in a Result may point into it.
type workspace struct {
	refs    slab[ref]
	cursors slab[cursor] // of the resource in hand
	nodes   r4.Arena     // of the resource in hand
	found   []*ref       // stack of the results of lookups in use
	met     []*cursor    // where the assignments of the manual entry in hand meet
	used    map[*rm.Node]bool
	text    []byte
	search  []r4.SearchValue
}

// maxFound is the size up to which a stack of lookups is kept for the next
// projection.
const maxFound = 1 << 12

var workspaces = sync.Pool{New: func() any { return newWorkspace() }}

func newWorkspace() *workspace { return &workspace{used: map[*rm.Node]bool{}} }

func (w *workspace) release() {
	w.refs.reset()
	w.cursors.reset()
	w.nodes.Reset()
	clear(w.used)
	clear(w.found[:cap(w.found)])
	clear(w.met[:cap(w.met)])
	clear(w.search[:cap(w.search)])
	if len(w.refs.chunks) <= maxFound/slabChunk && cap(w.found) <= maxFound {
		workspaces.Put(w)
	}
}

func (x *run) ref(n *rm.Node, parent *ref, attr *rm.Attribute, index int) *ref {
	r := x.refs.next()
	r.node, r.parent, r.attr, r.index = n, parent, attr, index
	return r
}

func (x *run) cursor(up *cursor, step *fstep) *cursor {
	c := x.cursors.next()
	c.run, c.up, c.step = x, up, step
	return c
}
