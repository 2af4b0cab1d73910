package gather

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// source is a Fetch that takes a second, and what it was asked for.
type source struct {
	mu    sync.Mutex
	asked [][]int
}

func (s *source) fetch(ctx context.Context, keys []int) ([]string, error) {
	s.mu.Lock()
	s.asked = append(s.asked, slices.Clone(keys))
	s.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Second):
	}
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = fmt.Sprint(k)
	}
	return out, nil
}

// ask asks for keys one after the other, and does not wait for their answers.
func ask(t *testing.T, g *Group[int, string], each *sync.WaitGroup, keys ...int) {
	for _, k := range keys {
		each.Go(func() {
			if v, err := g.Get(t.Context(), k); err != nil || v != fmt.Sprint(k) {
				t.Errorf("%d: %q, %v", k, v, err)
			}
		})
		synctest.Wait()
	}
}

// busy reports whether anything is under way or waits.
func (g *Group[K, V]) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running != 0 || len(g.waiting) != 0
}

// idle fails a test if anything does.
func idle(t *testing.T, g *Group[int, string]) {
	t.Helper()
	synctest.Wait()
	if g.busy() {
		t.Errorf("%d are under way, %d wait", g.running, len(g.waiting))
	}
}

func upTo(n int) (keys []int) {
	for k := range n {
		keys = append(keys, k)
	}
	return keys
}

func TestGathers(t *testing.T) {
	t.Parallel()
	all := upTo(100)
	for _, tt := range []struct {
		name   string
		window time.Duration
		free   int
		want   [][]int
		took   time.Duration
	}{
		{"each by itself without a window", 0, 0, [][]int{{0}, {1}, {2}, {3}, {4}}, time.Second},
		{"behind one", time.Minute, 0, [][]int{{0}, {1, 2, 3, 4}}, 2 * time.Second},
		{"behind two", time.Minute, 2, [][]int{{0}, {1}, {2, 3, 4}}, 2 * time.Second},
		{"no longer than the window", time.Second / 10, 0, [][]int{{0}, {1, 2, 3, 4}}, 11 * time.Second / 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var s source
				g := Group[int, string]{Fetch: s.fetch, Window: tt.window, Free: tt.free}
				start := time.Now()
				var each sync.WaitGroup
				ask(t, &g, &each, all[:5]...)
				each.Wait()
				if took := time.Since(start); fmt.Sprint(s.asked) != fmt.Sprint(tt.want) || took != tt.took {
					t.Errorf("%v in %v, want %v in %v", s.asked, took, tt.want, tt.took)
				}
				idle(t, &g)
				// It is as before: nobody waits.
				ask(t, &g, &each, 7)
				each.Wait()
				if last := s.asked[len(s.asked)-1]; !slices.Equal(last, []int{7}) || time.Since(start) != tt.took+time.Second {
					t.Errorf("then %v at %v", last, time.Since(start))
				}
			})
		})
	}
	t.Run("no more than fit", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var s source
			g := Group[int, string]{Fetch: s.fetch, Window: time.Minute}
			start := time.Now()
			var each sync.WaitGroup
			ask(t, &g, &each, all...)
			each.Wait()
			var sizes []int
			for _, keys := range s.asked {
				sizes = append(sizes, len(keys))
			}
			slices.Sort(sizes)
			if want := []int{1, 3, maxKeys, maxKeys, maxKeys}; !slices.Equal(sizes, want) || time.Since(start) != 2*time.Second {
				t.Errorf("%v in %v, want %v in 2 s", sizes, time.Since(start), want)
			}
		})
	})
}

// Who gives up takes nothing from the others; when all have, the fetch is given up.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	cause := errors.New("gone")
	synctest.Test(t, func(t *testing.T) {
		var s source
		g := Group[int, string]{Fetch: s.fetch, Window: time.Minute}
		var each sync.WaitGroup
		ask(t, &g, &each, 0)
		giveUp := func(k int, after time.Duration) {
			each.Go(func() {
				ctx, cancel := context.WithTimeoutCause(t.Context(), after, cause)
				defer cancel()
				start := time.Now()
				if v, err := g.Get(ctx, k); err != ctx.Err() || v != "" || time.Since(start) != after {
					t.Errorf("%d: %q, %v after %v", k, v, err, time.Since(start))
				}
			})
			synctest.Wait()
		}
		giveUp(1, time.Second/2)   // while it waits, as the first
		giveUp(2, 3*time.Second/2) // while it is fetched
		ask(t, &g, &each, 3)
		each.Wait()
		if want := "[[0] [2 3]]"; fmt.Sprint(s.asked) != want {
			t.Errorf("%v, want %s", s.asked, want)
		}

		start := time.Now()
		var ended []time.Duration
		g.Fetch = func(ctx context.Context, keys []int) ([]string, error) {
			v, err := s.fetch(ctx, keys)
			ended = append(ended, time.Since(start))
			return v, err
		}
		ask(t, &g, &each, 4)
		giveUp(5, 5*time.Second/4)
		giveUp(6, 3*time.Second/2)
		each.Wait()
		idle(t, &g)
		if want := []time.Duration{time.Second, 3 * time.Second / 2}; !slices.Equal(ended, want) {
			t.Errorf("the fetch for one and that for nobody ended after %v", ended)
		}
		idle(t, &g)
	})
}

// What goes wrong with one key is its own.
func TestFailure(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	for name, fail := range map[string]func(ctx context.Context, keys []int) ([]string, error){
		"an error": func(context.Context, []int) ([]string, error) { return nil, bad },
		"a panic":  func(context.Context, []int) ([]string, error) { panic(bad) },
		"a value too few": func(_ context.Context, keys []int) ([]string, error) {
			return make([]string, len(keys)-1), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var s source
				g := Group[int, string]{Window: time.Minute, Fetch: func(ctx context.Context, keys []int) ([]string, error) {
					if slices.Contains(keys, 2) {
						time.Sleep(time.Second)
						return fail(ctx, keys)
					}
					return s.fetch(ctx, keys)
				}}
				var each sync.WaitGroup
				ask(t, &g, &each, 0, 1)
				each.Go(func() {
					defer func() {
						if p := recover(); p != nil && p != any(bad) || (p != nil) != (name == "a panic") {
							t.Errorf("panic: %v", p)
						}
					}()
					v, err := g.Get(t.Context(), 2)
					if v != "" || err == nil {
						t.Errorf("%q without an error", v)
					}
					if name == "an error" && err != bad {
						t.Error(err)
					}
				})
				synctest.Wait()
				ask(t, &g, &each, 3)
				each.Wait()
				idle(t, &g)
				ask(t, &g, &each, 4)
				each.Wait()
			})
		})
	}
}

// A value is never of before it was asked for, whoever fetches it and whoever gives
// up meanwhile.
func TestNeverStale(t *testing.T) {
	t.Parallel()
	const keys = 5
	var now [keys]atomic.Int64
	var fetches, asked atomic.Int64
	g := Group[int, int64]{Window: time.Millisecond, Free: 2, Fetch: func(ctx context.Context, list []int) ([]int64, error) {
		fetches.Add(1)
		out := make([]int64, len(list))
		for i, k := range list {
			out[i] = now[k].Load()
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
		if rand.IntN(10) == 0 {
			return nil, errors.New("now and then")
		}
		return out, ctx.Err()
	}}
	var each sync.WaitGroup
	for range 16 {
		each.Go(func() {
			for range 300 {
				k := rand.IntN(keys)
				ctx, cancel := context.WithCancel(t.Context())
				if rand.IntN(4) == 0 {
					time.AfterFunc(time.Duration(rand.IntN(400))*time.Microsecond, cancel)
				}
				before := now[k].Add(1)
				asked.Add(1)
				if v, err := g.Get(ctx, k); err == nil && v < before {
					t.Errorf("%d: %d, which was %d before it was asked for", k, v, before)
				}
				cancel()
			}
		})
	}
	each.Wait()
	if fetches.Load() >= asked.Load() {
		t.Errorf("%d fetches for %d keys", fetches.Load(), asked.Load())
	}
	for g.busy() { // with the end of what nobody waits for
		time.Sleep(time.Millisecond)
	}
}
