package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A step is one request of a workload. Client numbers run from 0; n counts the
// steps of all clients together, so that a workload can walk a data set
// without two clients meeting on one item.
type step func(ctx context.Context, client, n int) error

// Run is the outcome of one bounded closed-loop run.
type Run struct {
	Name    string  `json:"name"`
	Clients int     `json:"clients"`
	Count   int     `json:"count"`
	Errors  int     `json:"errors"`
	Seconds float64 `json:"seconds"`
	PerSec  float64 `json:"per_second"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	// ServerCPU and PostgresCPU are microseconds of processor time per request.
	ServerCPU   float64 `json:"server_cpu_us"`
	PostgresCPU float64 `json:"postgres_cpu_us"`
	FirstError  string  `json:"first_error,omitempty"`
}

// drive runs a workload in rounds and keeps the round with the median rate, so
// that one disturbed round of a shared machine does not become the figure.
func drive(ctx context.Context, p *processes, name string, clients, perRound, rounds int, do step) Run {
	runs := make([]Run, 0, rounds)
	base := 0
	for range rounds {
		runs = append(runs, once(ctx, p, name, clients, perRound, base, do))
		base += perRound
	}
	slices.SortFunc(runs, func(a, b Run) int {
		switch {
		case a.PerSec < b.PerSec:
			return -1
		case a.PerSec > b.PerSec:
			return 1
		}
		return 0
	})
	return runs[len(runs)/2]
}

func once(ctx context.Context, p *processes, name string, clients, count, base int, do step) Run {
	var (
		next   atomic.Int64
		failed atomic.Int64
		first  atomic.Pointer[string]
		wg     sync.WaitGroup
	)
	lat := make([][]time.Duration, clients)
	before := p.sample()
	start := time.Now()
	for c := range clients {
		wg.Go(func() {
			mine := make([]time.Duration, 0, count/clients+1)
			for {
				n := int(next.Add(1)) - 1
				if n >= count || ctx.Err() != nil {
					break
				}
				t := time.Now()
				if err := do(ctx, c, base+n); err != nil {
					failed.Add(1)
					msg := err.Error()
					first.CompareAndSwap(nil, &msg)
					continue
				}
				mine = append(mine, time.Since(t))
			}
			lat[c] = mine
		})
	}
	wg.Wait()
	took := time.Since(start)
	after := p.sample()

	all := slices.Concat(lat...)
	slices.Sort(all)
	r := Run{Name: name, Clients: clients, Count: len(all), Errors: int(failed.Load()), Seconds: took.Seconds()}
	if m := first.Load(); m != nil {
		r.FirstError = *m
	}
	if len(all) > 0 {
		n := float64(len(all))
		r.PerSec = n / took.Seconds()
		r.P50 = ms(all[len(all)/2])
		r.P99 = ms(all[min(len(all)-1, len(all)*99/100)])
		r.ServerCPU = (after.server - before.server) / n
		r.PostgresCPU = (after.postgres - before.postgres) / n
	}
	return r
}

// times is the run with figures for each of the n items of a request.
func (r Run) times(n int) Run {
	r.Count *= n
	r.PerSec *= float64(n)
	r.ServerCPU /= float64(n)
	r.PostgresCPU /= float64(n)
	return r
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// String is the run as one line of the console.
func (r Run) String() string {
	s := fmt.Sprintf("%-28s %2d clients %9.0f/s  p50 %7.2f ms  p99 %7.2f ms  cpu server %6.0f us  postgres %6.0f us",
		r.Name, r.Clients, r.PerSec, r.P50, r.P99, r.ServerCPU, r.PostgresCPU)
	if r.Errors > 0 {
		s += fmt.Sprintf("  %d ERRORS, first: %s", r.Errors, r.FirstError)
	}
	return s
}
