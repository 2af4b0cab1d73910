// Package gather fetches what several callers ask for at the same time together.
//
// While no fetch is under way a key is fetched at once and by itself. What is asked
// for meanwhile waits for that fetch to end, at most for a window, and is fetched
// together. So nothing waits where there is little to do, and the more there is, the
// fewer fetches there are for it.
package gather

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// maxKeys bounds the keys of one fetch.
	maxKeys = 32
	// fetchTimeout bounds a fetch for several, which ends with no request, since it
	// is not that of one.
	fetchTimeout = time.Minute
)

// Group gathers what is asked for. It is safe for concurrent use.
//
// Every caller has what it would have by itself: its key is part of a fetch that
// begins after it has asked; if a fetch of several fails, each is fetched by itself,
// with its own context and its own error; and who gives up takes nothing from the
// others.
type Group[K, V any] struct {
	// Fetch gives the values of keys, in their order. What is not there is a value,
	// too: an error is one of the fetch.
	Fetch func(context.Context, []K) ([]V, error)
	// Window is the longest that a key waits for fetches under way. 0 fetches each
	// by itself.
	Window time.Duration
	// Free is how many keys are under way before one waits; less than 1 is 1.
	Free int

	mu      sync.Mutex
	running int // keys
	waiting []*call[K, V]
	overdue *time.Timer // for what waits; stopped or of the past if nothing does
}

// call is a key that waits to be fetched.
type call[K, V any] struct {
	key  K
	with *batch[K, V] // nil until its fetch begins
	done chan struct{}

	// Set when done is closed.
	value V
	ok    bool // else the caller fetches it by itself
}

// batch is what is fetched together. Its context is of no caller, and ends when no
// caller wants it any more.
type batch[K, V any] struct {
	list   []*call[K, V]
	wanted int // of list
	ctx    context.Context
	cancel context.CancelFunc
}

// Get gives the value of a key.
func (g *Group[K, V]) Get(ctx context.Context, key K) (V, error) {
	if g.Window <= 0 {
		return g.alone(ctx, key)
	}
	g.mu.Lock()
	if len(g.waiting) == 0 && g.running < max(g.Free, 1) {
		g.running++
		g.mu.Unlock()
		defer g.ended()
		return g.alone(ctx, key)
	}
	mine := &call[K, V]{key: key, done: make(chan struct{})}
	g.waiting = append(g.waiting, mine)
	switch len(g.waiting) {
	case 1:
		g.wait()
	case maxKeys:
		go g.run(g.take())
	}
	g.mu.Unlock()
	select {
	case <-mine.done:
		if mine.ok {
			return mine.value, nil
		}
		return g.alone(ctx, key)
	case <-ctx.Done():
		g.leave(mine)
		var none V
		return none, ctx.Err()
	}
}

// leave forgets a call that its caller has given up.
func (g *Group[K, V]) leave(c *call[K, V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.with == nil {
		i := slices.Index(g.waiting, c)
		g.waiting = slices.Delete(g.waiting, i, i+1)
		return
	}
	if c.with.wanted--; c.with.wanted == 0 {
		c.with.cancel()
	}
}

// alone fetches a key by itself.
func (g *Group[K, V]) alone(ctx context.Context, key K) (V, error) {
	values, err := g.fetch(ctx, []K{key})
	if err != nil {
		var none V
		return none, err
	}
	return values[0], nil
}

func (g *Group[K, V]) fetch(ctx context.Context, keys []K) ([]V, error) {
	values, err := g.Fetch(ctx, keys)
	if err == nil && len(values) != len(keys) {
		return nil, fmt.Errorf("%d keys have %d values", len(keys), len(values))
	}
	return values, err
}

// wait has what waits fetched after the window, beside what is under way.
func (g *Group[K, V]) wait() {
	if g.overdue != nil {
		g.overdue.Reset(g.Window)
		return
	}
	g.overdue = time.AfterFunc(g.Window, func() {
		g.mu.Lock()
		if len(g.waiting) == 0 {
			g.mu.Unlock()
			return
		}
		b := g.take()
		g.mu.Unlock()
		g.run(b)
	})
}

// take is what waits. It counts as under way from now on.
func (g *Group[K, V]) take() *batch[K, V] {
	g.overdue.Stop()
	b := &batch[K, V]{list: g.waiting, wanted: len(g.waiting)}
	b.ctx, b.cancel = context.WithTimeout(context.Background(), fetchTimeout)
	for _, c := range b.list {
		c.with = b
	}
	g.waiting = nil
	g.running += len(b.list)
	return b
}

// ended begins with what has come to wait while a fetch was under way.
func (g *Group[K, V]) ended() {
	if b := g.next(1); b != nil {
		go g.run(b)
	}
}

// next is what to go on with after a fetch of some keys; nil if nothing waits, or
// is to wait for others that are under way.
func (g *Group[K, V]) next(fetched int) *batch[K, V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running -= fetched; g.running >= max(g.Free, 1) || len(g.waiting) == 0 {
		return nil
	}
	return g.take()
}

// run fetches a batch and whatever has come to wait meanwhile.
func (g *Group[K, V]) run(b *batch[K, V]) {
	for b != nil {
		values, err := g.together(b)
		for i, c := range b.list {
			if err == nil {
				c.value, c.ok = values[i], true
			}
			close(c.done)
		}
		b = g.next(len(b.list))
	}
}

// together fetches a batch. What panics is an error here: whose key it is shows when
// each caller fetches its own.
func (g *Group[K, V]) together(b *batch[K, V]) (values []V, err error) {
	defer b.cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a fetch of %d keys: %v", len(b.list), p)
		}
	}()
	keys := make([]K, len(b.list))
	for i, c := range b.list {
		keys[i] = c.key
	}
	return g.fetch(b.ctx, keys)
}
