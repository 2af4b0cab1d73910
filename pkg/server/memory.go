package server

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// spareHeap is how much garbage may gather between two collections, in bytes.
	spareHeap = 512 << 20
	// What spareHeap comes to is kept between these, in percent of the live heap.
	leastSpare, mostSpare = 100, 800
	// gcPace is how often the live heap is looked at. In between a request that
	// needs much can at most gather what the share for a small heap allows.
	gcPace = time.Second / 4
)

// relaxGC lets the heap grow further between collections while the server starts,
// until paceGC looks after it, unless the operator has chosen: what is loaded then
// (templates, mappings, tables) stays, so that marking it as often as the default
// does costs more than the memory is worth.
func relaxGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
}

// spare is the value of GOGC for a live heap in bytes.
func spare(live uint64) int {
	if live == 0 {
		return mostSpare
	}
	return int(min(max(spareHeap*100/live, leastSpare), mostSpare))
}

// paceGC keeps the share of garbage in proportion to the live heap: large
// while that is small, which is most of the time, and small where it is large.
// docs/adr/0023 has what it saves.
func paceGC(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := 0
	tick := time.NewTicker(gcPace)
	defer tick.Stop()
	for {
		metrics.Read(sample)
		if p := spare(sample[0].Value.Uint64()) / 50 * 50; p != set {
			debug.SetGCPercent(p)
			set = p
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
