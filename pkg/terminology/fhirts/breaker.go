package fhirts

import (
	"sync"
	"time"
)

// State is that of a circuit breaker.
type State uint8

// The states of a breaker.
const (
	Closed   State = iota // requests pass
	HalfOpen              // one probe passes
	Open                  // nothing passes until the cool-down is over
)

// String is the name of the state.
func (s State) String() string { return [...]string{"closed", "half-open", "open"}[s] }

// breaker keeps requests from a server that fails.
type breaker struct {
	failures int           // in a row, that open it
	cooldown time.Duration // before a probe
	now      func() time.Time
	changed  func(State)

	mu     sync.Mutex
	state  State
	row    int
	opened time.Time
}

// allow reports whether a request may go out. The caller reports its outcome to
// done, or gives it back to abandon.
func (b *breaker) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.state {
	case Closed:
		return true
	case HalfOpen:
		return false // the probe is under way
	}
	if b.now().Sub(b.opened) < b.cooldown {
		return false
	}
	b.set(HalfOpen)
	return true
}

// done takes the outcome of a request.
func (b *breaker) done(ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case ok:
		b.row = 0
		if b.state == HalfOpen {
			b.set(Closed)
		}
	case b.state == HalfOpen:
		b.open()
	case b.state == Closed:
		if b.row++; b.row >= b.failures {
			b.open()
		}
	}
}

// abandon takes back a request whose outcome says nothing of the server,
// because its caller went away.
func (b *breaker) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == HalfOpen {
		// The next request is the probe.
		b.set(Open)
	}
}

func (b *breaker) open() {
	b.row, b.opened = 0, b.now()
	b.set(Open)
}

func (b *breaker) set(s State) {
	b.state = s
	b.changed(s)
}

func (b *breaker) current() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}
