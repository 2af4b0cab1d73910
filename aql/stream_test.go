package aql_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/aql"
)

// heapSink counts rows and looks at the heap while they pass.
type heapSink struct {
	rows int
	peak uint64
}

func (*heapSink) Begin([]aql.Column) error { return nil }

func (s *heapSink) Row([][]byte) error {
	if s.rows++; s.rows%100_000 == 0 {
		s.peak = max(s.peak, heap())
	}
	return nil
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// streamBound is how much the heap may grow while a result of any size passes.
const streamBound = 8 << 20

// A result of a million rows takes no more memory than the bound.
func TestResultsAreStreamed(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows")
	}
	target, _ := newTarget(t, 32, aql.Options{MaxRows: 2_000_000, Timeout: 5 * time.Minute})
	const text = "SELECT a/name/value, b/name FROM EHR e CONTAINS (COMPOSITION a AND COMPOSITION b AND COMPOSITION c AND COMPOSITION d)"
	before := heap()
	var sink heapSink
	if err := target.Engine().Run(t.Context(), text, aql.Request{}, &sink); err != nil {
		t.Fatal(err)
	}
	if want := 32 * 32 * 32 * 32; sink.rows != want {
		t.Errorf("%d rows, want %d", sink.rows, want)
	}
	grown := int64(sink.peak) - int64(before)
	t.Logf("%d rows; the heap grew by %d KiB", sink.rows, grown>>10)
	if grown > streamBound {
		t.Errorf("the heap grew by %d bytes, more than %d", grown, streamBound)
	}
}
