package fhirmap

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// Resources of one rule differ in few texts: their ids, times, numbers and
// names. A pattern is what has been found out of one of them and holds for all
// that have the rest in common, so that they need not be checked as a whole:
// that it is valid R4, which profiles it meets, and its search values.
//
// A pattern is learned from a resource that has been checked, when what it would
// hold is seen for the second time. It has no free text of a record in it.
type pattern struct {
	mould    *r4.Mould // nil: nothing holds for other resources
	profiles []string
	losses   []Loss // of profiles that are not met
}

// patterns are those of one rule, by what their resources have in common.
type patterns struct {
	mu   sync.RWMutex
	all  map[string]*pattern
	seen []uint64 // hashes of what has been seen, at the place that each gives
}

// Limits on what is kept of resources: their number for all rules of a library
// and the bytes of each.
const (
	maxPatterns    = 1 << 13
	maxPatternSize = 1 << 14
	patternsSeen   = 1 << 8
)

var patternSeed = maphash.MakeSeed()

// find is the pattern of a key; nil if there is none, in which case seen tells
// that nothing can be learned.
func (p *patterns) find(key []byte) (found *pattern, seen bool) {
	p.mu.RLock()
	found, seen = p.all[string(key)]
	p.mu.RUnlock()
	if seen && found.mould == nil {
		return nil, true
	}
	return found, seen
}

// worth reports whether a pattern should be learned: its key has been seen, and
// there is room.
func (p *patterns) worth(key []byte, kept *atomic.Int64) bool {
	if len(key) > maxPatternSize {
		return false
	}
	h := maphash.Bytes(patternSeed, key)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen = make([]uint64, patternsSeen)
	}
	if at := &p.seen[h%patternsSeen]; *at != h {
		*at = h
		return false
	}
	if kept.Load() >= maxPatterns { // those that come now are wanted more
		kept.Add(-int64(len(p.all)))
		clear(p.all)
	}
	return kept.Load() < maxPatterns
}

func (p *patterns) learn(key []byte, found *pattern, kept *atomic.Int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]*pattern{}
	}
	if p.all[string(key)] == nil {
		kept.Add(1)
	}
	p.all[string(key)] = found
}
