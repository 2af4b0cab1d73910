package fhirmap

import (
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// paper is memory for what a result keeps, given out in parts.
type paper struct {
	text sheet[byte]
	own  sheet[r4.Own]
}

// sheet is memory of one type. What it is found to need tells the next how much
// to begin with.
type sheet[T any] struct {
	list  []T
	used  int
	least int // elements to begin with
}

// room is for so many elements, to be appended and then kept, or not.
func (s *sheet[T]) room(n int) []T {
	if cap(s.list)-len(s.list) < n {
		s.list = make([]T, 0, max(n, s.least, min(2*cap(s.list), maxSheet)))
	}
	return s.list[len(s.list):]
}

// keep is what has been appended to the room that was given last.
func (s *sheet[T]) keep(list []T) []T {
	s.used += len(list)
	if n := len(s.list) + len(list); n <= cap(s.list) && cap(list) == cap(s.list)-len(s.list) {
		s.list = s.list[:n]
	}
	return slices.Clip(list)
}

// copied is a copy of elements.
func (s *sheet[T]) copied(list []T) []T { return s.keep(append(s.room(len(list)), list...)) }

// maxSheet bounds the elements that are made room for before they are asked for.
const maxSheet = 1 << 14

// usual is how much a result had, in the last projections.
type usual struct{ text, own, resources int }

// supply makes room for a result like the last ones.
func (x *run) supply() {
	x.paper.text.least, x.paper.own.least = x.usual.text, x.usual.own
	if n := x.usual.resources; n > 0 {
		x.out.Resources = make([]Resource, 0, n)
	}
}

// supplied notes how much the result had.
func (x *run) supplied() {
	x.usual.text = typical(x.usual.text, x.paper.text.used)
	x.usual.own = typical(x.usual.own, x.paper.own.used)
	x.usual.resources = typical(x.usual.resources, len(x.out.Resources))
	if len(x.out.Resources) == 0 {
		x.out.Resources = nil
	}
}

// typical follows the larger ones of a row of sizes.
func typical(before, now int) int { return min(max(now, before-before/8-1, 0), maxSheet) }
