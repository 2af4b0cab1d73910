//go:build unix

package pgembed

import "testing"

// BenchmarkStartStop starts and stops a cluster that exists.
func BenchmarkStartStop(b *testing.B) {
	dir := b.TempDir()
	run := func() {
		c, err := Start(b.Context(), Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	run() // initdb
	for b.Loop() {
		run()
	}
}
