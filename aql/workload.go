package aql

import (
	"context"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/aql/ast"
)

// ShapeRuns is how queries of one shape ran.
type ShapeRuns struct {
	// Text is the shape; see [Query.Shape].
	Text string
	// Runs is their number, Rows that of the rows of all of them.
	Runs, Rows int64
	// Total is the time of all runs, Max that of the slowest, from the request
	// to the last row.
	Total, Max  time.Duration
	First, Last time.Time
}

// Workload samples the shapes of the population queries that are run. Those of
// one EHR are left out: they are quick whatever is indexed.
//
// A run costs its request the time to put it into a queue; where the queue is
// full it is left out.
type Workload struct {
	queue chan run
	save  func(ctx context.Context, list []ShapeRuns) error
	every time.Duration
}

type run struct {
	query *Query
	rows  int64
	took  time.Duration
	at    time.Time
}

// Bounds of what is kept in memory.
const (
	workloadQueue  = 1024
	workloadShapes = 500
	workloadText   = 20_000 // bytes of a shape; longer ones are left out
)

// NewWorkload makes a sample that is given to a function from time to time, which
// adds it to what was given before.
func NewWorkload(every time.Duration, save func(ctx context.Context, list []ShapeRuns) error) *Workload {
	return &Workload{queue: make(chan run, workloadQueue), save: save, every: every}
}

// ran takes a run into the sample.
func (w *Workload) ran(q *Query, rows int64, took time.Duration, at time.Time) {
	select {
	case w.queue <- run{q, rows, took, at}:
	default:
	}
}

// Collect works on what was run until the context ends, and gives the rest then.
// The function is told of an error of saving, upon which the same is tried again
// with the next.
func (w *Workload) Collect(ctx context.Context, report func(error)) {
	shapes := map[string]*ShapeRuns{}
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	flush := func(ctx context.Context) {
		if len(shapes) == 0 {
			return
		}
		list := make([]ShapeRuns, 0, len(shapes))
		for _, s := range shapes {
			list = append(list, *s)
		}
		if err := w.save(ctx, list); err != nil {
			report(err)
			return
		}
		clear(shapes)
	}
	add := func(r run) {
		text := r.query.shape()
		s := shapes[text]
		switch {
		case s != nil:
		case text == "" || len(text) > workloadText || len(shapes) >= workloadShapes:
			return
		default:
			s = &ShapeRuns{Text: text, First: r.at}
			shapes[text] = s
		}
		s.Runs++
		s.Rows += r.rows
		s.Total += r.took
		s.Max = max(s.Max, r.took)
		s.Last = r.at
	}
	for {
		select {
		case r := <-w.queue:
			add(r)
		case <-tick.C:
			flush(ctx)
		case <-ctx.Done():
			for {
				select {
				case r := <-w.queue:
					add(r)
					continue
				default:
				}
				break
			}
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			flush(last)
			return
		}
	}
}

// lastFlush bounds the time of the last saving.
const lastFlush = 5 * time.Second

// isTerminologyCall reports whether a call is one of TERMINOLOGY.
func isTerminologyCall(c *ast.Call) bool { return strings.EqualFold(c.Function, "TERMINOLOGY") }
