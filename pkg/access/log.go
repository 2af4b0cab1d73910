// Package access keeps the record of accesses: who has read, searched or queried
// what, and who was refused. What it knows it learns in three places: the
// authenticator says who it is, the decision point whose record it is about, and
// the answer how it ended. Every door passes through them, so that no operation
// has to take care of it.
//
// Entries are written to the store in groups, shortly after the answers. They
// hold ids and codes; never a value of the record, a parameter of a search or the
// text of a query.
package access

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Config is what a Log needs.
type Config struct {
	// Save stores entries, all or none.
	Save func(context.Context, []ehr.Access) error
	// Required refuses requests while their accesses could not be recorded. Else
	// those are counted, and a note tells how many are missing.
	Required bool
	// OpenEHR and FHIR are the paths of the two APIs.
	OpenEHR, FHIR string
	// RequestID gives the id of a request; nil for none.
	RequestID func(context.Context) string
	Now       func() time.Time
	Log       *slog.Logger
	// Every is the longest that an entry waits to be written; 0 is half a second.
	Every time.Duration
	// Queue is the most entries that wait; 0 is 50,000.
	Queue int
	// Grace is how long writing may fail before requests are refused, if they
	// are; 0 is 10 s.
	Grace time.Duration
}

const (
	// maxGroup is the most entries that are written at once.
	maxGroup = 2000
	// maxAnonymous is the most refusals of callers without a name that are
	// recorded each by itself until the next time of writing: they cost nothing
	// to make, and must neither fill the record nor the queue.
	maxAnonymous = 50
	// lastWrite bounds the writing at the end.
	lastWrite = 5 * time.Second
)

// Log collects the accesses of a server. It is safe for concurrent use.
type Log struct {
	Config

	flushing sync.Mutex // whoever writes; what is written must not be taken again

	mu        sync.Mutex
	waiting   []ehr.Access
	anonymous int   // of waiting
	unnamed   int64 // refusals beyond maxAnonymous
	lost      int64 // since the last note
	stats     Stats
	failing   time.Time // since when; zero while writing succeeds

	full chan struct{} // a group is complete
}

// Stats are counts since the start, and how many entries wait.
type Stats struct{ Written, Lost, Unnamed, Waiting int64 }

// New makes a Log; Run writes what it collects.
func New(c Config) *Log {
	if c.Every == 0 {
		c.Every = time.Second / 2
	}
	if c.Queue == 0 {
		c.Queue = 50_000
	}
	if c.Grace == 0 {
		c.Grace = 10 * time.Second
	}
	return &Log{Config: c, full: make(chan struct{}, 1)}
}

// Stats are those of now.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Waiting = int64(len(l.waiting))
	return s
}

// ready refuses what could not be recorded.
func (l *Log) ready() error {
	if !l.Required {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= l.Queue || !l.failing.IsZero() && l.Now().Sub(l.failing) > l.Grace {
		return errs.New(errs.Unavailable, "access.Log", "accesses cannot be recorded at the moment, and none is allowed without")
	}
	return nil
}

// add puts entries into the queue.
func (l *Log) add(list ...ehr.Access) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range list {
		switch a := &list[i]; {
		case a.Actor.ID == "" && l.anonymous >= maxAnonymous:
			l.unnamed++
			l.stats.Unnamed++
		case len(l.waiting) >= l.Queue && !(l.Required && a.Actor.ID != ""):
			// A request that was let in before the queue was full is recorded
			// all the same where that is demanded.
			l.lost++
			l.stats.Lost++
		default:
			if a.Actor.ID == "" {
				l.anonymous++
			}
			l.waiting = append(l.waiting, *a)
		}
	}
	if len(l.waiting) >= maxGroup {
		select {
		case l.full <- struct{}{}:
		default:
		}
	}
}

// take is the next group, with notes on what is missing.
func (l *Log) take() []ehr.Access {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.waiting), maxGroup)
	group := make([]ehr.Access, n, n+2)
	copy(group, l.waiting)
	note := ehr.Access{At: l.Now(), Interaction: "lost", Action: "E"}
	if l.unnamed > 0 {
		note.Lost, note.Status = l.unnamed, 401
		group = append(group, note)
	}
	if l.lost > 0 {
		note.Lost, note.Status = l.lost, 0
		group = append(group, note)
	}
	return group
}

// saved drops a group that take has given.
func (l *Log) saved(group []ehr.Access) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range group {
		switch {
		case a.Lost == 0:
			n++
			if a.Actor.ID == "" {
				l.anonymous--
			}
		case a.Status == 401:
			l.unnamed -= a.Lost
		default:
			l.lost -= a.Lost
		}
	}
	l.waiting = append(l.waiting[:0], l.waiting[n:]...)
	l.stats.Written += int64(n)
	l.failing = time.Time{}
}

// Flush writes all that waits.
func (l *Log) Flush(ctx context.Context) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	for {
		group := l.take()
		if len(group) == 0 {
			return nil
		}
		if err := l.Save(ctx, group); err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.failing.IsZero() { // once, not each time until the database is back
				l.failing = l.Now()
				l.Log.Error("accesses could not be recorded; they wait", "error", err, "waiting", len(l.waiting))
			}
			return err
		}
		l.saved(group)
	}
}

// Run writes entries until the context ends, and then what is left.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(l.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			if err := l.Flush(last); err != nil {
				l.Log.Error("accesses were not recorded at the end", "lost", l.Stats().Waiting, "error", err)
			}
			return
		case <-l.full:
		case <-tick.C:
		}
		// Flush has told of an error; the entries wait for the next turn.
		if err := l.Flush(ctx); err != nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
}
