package server

import "testing"

func TestSpare(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 800, 1 << 20: 800, 64 << 20: 800, 128 << 20: 400, 512 << 20: 100, 1 << 40: 100} {
		if got := spare(live); got != want {
			t.Errorf("live heap of %d bytes: %d %%, want %d", live, got, want)
		}
	}
}
