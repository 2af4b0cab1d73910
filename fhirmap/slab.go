package fhirmap

import (
	"sync"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// slab gives out values that live until it takes them back. Whoever gets one
// sets all of it: it may have been used before.
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

// forget takes back everything, and lets go of what it pointed to.
func (s *slab[T]) forget() {
	for i := 0; i < s.n; i += slabChunk {
		clear(s.chunks[i/slabChunk][:min(slabChunk, s.n-i)])
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
	kept    []*ref       // what prefixes led to, of the entry in hand
	reached []reached    // by the number of the prefix
	round   uint64       // in which what was reached counts
	rounds  uint64       // given so far
	met     []*cursor    // where the assignments of the manual entry in hand meet
	used    map[reading.Key]bool
	log     reading.Log
	shape   reading.Shape // of the resource in hand
	answers []string      // to what its recipe asks
	times   r4.Times      // that have been read
	text    []byte
	key     []byte // of the pattern of the resource in hand
	holes   []r4.Hole
	place   []byte // of the node that identifies a resource
	search  []r4.SearchValue
	own     []r4.Own // free texts of the resource in hand
	usual   usual
}

// maxFound is the size up to which a stack of lookups is kept for the next
// projection.
const maxFound = 1 << 12

var workspaces = sync.Pool{New: func() any { return newWorkspace() }}

func newWorkspace() *workspace { return &workspace{used: map[reading.Key]bool{}} }

func (x *workspace) release() {
	x.refs.forget()
	x.cursors.n = 0 // they point to plans and into this workspace only
	x.nodes.Reset()
	clear(x.used)
	clear(x.found[:cap(x.found)])
	clear(x.kept[:cap(x.kept)])
	x.kept = x.kept[:0]
	clear(x.met[:cap(x.met)])
	clear(x.search[:cap(x.search)])
	clear(x.answers[:cap(x.answers)])
	clear(x.own[:cap(x.own)])
	x.times = r4.Times{}
	clear(x.holes[:cap(x.holes)])
	x.shape.Forget()
	x.log.Stop()
	if len(x.refs.chunks) <= maxFound/slabChunk && cap(x.found) <= maxFound && cap(x.kept) <= maxFound {
		workspaces.Put(x)
	}
}

func (x *workspace) ref(n reading.Node, parent *ref, attr *rm.Attribute, index int) *ref {
	r := x.refs.next()
	r.node, r.parent, r.attr, r.index = n, parent, attr, index
	return r
}

func (x *workspace) cursor(up *cursor, step *fstep) *cursor {
	c := x.cursors.next()
	c.mem, c.up, c.step, c.node, c.typ = x, up, step, nil, nil
	return c
}

// self refers to the subject of the record.
func (x *run) self() *r4.Node {
	n := x.nodes.FreeString(r4.FreeReference, x.subjectText())
	n.From = fromSubject
	return n
}

func (x *run) subjectText() string {
	if x.subject == "" {
		x.subject = "Patient/" + x.in.EHRID
	}
	return x.subject
}
