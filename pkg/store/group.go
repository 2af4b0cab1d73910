package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/aql/nodestore"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/store/wire"
)

// maxGroup bounds the contributions of one call, and groupTimeout the time that
// one of several may take: it ends with no request, since it is not that of one.
const (
	maxGroup     = 16
	groupTimeout = time.Minute
)

// group collects contributions of several clients for one call of
// commit_contribution. While none is under way a contribution goes at once and
// by itself. What comes meanwhile waits for the call to end, at most for the
// window, and goes together. So nothing waits where there is little to do, and
// the more there is, the larger the groups become.
//
// Each client has its answer when the transaction is durable. If it fails for
// one of them it is undone for all, and each is carried out by itself.
type group struct {
	window time.Duration

	mu      sync.Mutex
	running int
	waiting []*grouped
}

// grouped is a contribution that waits to be stored.
type grouped struct {
	ctx      context.Context // of its request, for a call of its own
	ehr      uuid.UUID
	versions int32
	args     []any
	done     chan struct{}

	// Set when done is closed.
	committed time.Time
	err       error
}

// groupable reports whether a contribution can share a call with others: first
// versions of compositions for an EHR that exists.
func groupable(c *ehr.Contribution, args []any) bool {
	if c.NewEHR != nil || c.EHRID == ehr.Demographics || args[argMore].(*string) != nil {
		return false
	}
	for i := range c.Versions {
		if v := &c.Versions[i]; v.Kind != ehr.KindComposition || v.UID.Trunk != 1 {
			return false
		}
	}
	return true
}

// commitInGroup is Commit for a contribution that is groupable.
func (s *Store) commitInGroup(ctx context.Context, c *ehr.Contribution, args []any) (time.Time, error) {
	g := &s.group
	mine := &grouped{ctx: ctx, ehr: c.EHRID, versions: int32(len(c.Versions)), args: args, done: make(chan struct{})}
	g.mu.Lock()
	if g.running == 0 {
		g.running++
		g.mu.Unlock()
		defer s.groupEnded()
		mine.finish(s.storeAll(ctx, []*grouped{mine}))
		return mine.committed, mine.err
	}
	g.waiting = append(g.waiting, mine)
	switch len(g.waiting) {
	case 1:
		s.wait(mine)
	case maxGroup:
		go s.storeGroup(g.take())
	}
	g.mu.Unlock()
	select {
	case <-mine.done:
		return mine.committed, mine.err
	case <-ctx.Done():
	}
	// A contribution that still waits is taken back. Of one that is under way with
	// others its caller learns only that it was cancelled, like one whose
	// connection breaks.
	g.mu.Lock()
	if i := slices.Index(g.waiting, mine); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		if i == 0 && len(g.waiting) > 0 {
			s.wait(g.waiting[0])
		}
	}
	g.mu.Unlock()
	return time.Time{}, failure("store.Commit", ctx.Err())
}

// wait stores what waits beside the groups under way, if after the window the
// contribution is still the first that waits.
func (s *Store) wait(first *grouped) {
	g := &s.group
	time.AfterFunc(g.window, func() {
		g.mu.Lock()
		if len(g.waiting) == 0 || g.waiting[0] != first {
			g.mu.Unlock()
			return
		}
		list := g.take()
		g.mu.Unlock()
		s.storeGroup(list)
	})
}

// take is the contributions that wait. They count as under way from now on.
func (g *group) take() []*grouped {
	list := g.waiting
	g.waiting = nil
	g.running++
	return list
}

// groupEnded begins with what has come to wait while the last group was under
// way.
func (s *Store) groupEnded() {
	g := &s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 && len(g.waiting) > 0 {
		go s.storeGroup(g.take())
	}
}

func (s *Store) storeGroup(list []*grouped) {
	defer s.groupEnded()
	if len(list) > 1 && sameRules(list) {
		// All calls lock EHRs in this order, so that no two wait for each other.
		slices.SortStableFunc(list, func(a, b *grouped) int { return bytes.Compare(a.ehr[:], b.ehr[:]) })
		ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
		committed, err := s.storeAll(ctx, list)
		cancel()
		if !undone(err) {
			for _, c := range list {
				c.finish(committed, err)
			}
			return
		}
	}
	var each sync.WaitGroup
	for _, c := range list {
		each.Go(func() {
			c.finish(s.storeAll(c.ctx, []*grouped{c}))
		})
	}
	each.Wait()
}

// sameRules reports whether the resources of all were made by the same rules, for
// which a call has one argument. Those of one program always were.
func sameRules(list []*grouped) bool {
	rules := func(c *grouped) string {
		if p := c.args[argRules].(*string); p != nil {
			return *p
		}
		return ""
	}
	for _, c := range list {
		if rules(c) != rules(list[0]) {
			return false
		}
	}
	return true
}

func (c *grouped) finish(committed time.Time, err error) {
	if err != nil {
		err = failure("store.Commit", err)
	}
	c.committed, c.err = committed, err
	close(c.done)
}

// undone reports whether the transaction has certainly been undone, and for a
// reason that may be one contribution's alone. After a broken connection it may
// have been carried out.
func undone(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR"
}

func (s *Store) storeAll(ctx context.Context, list []*grouped) (committed time.Time, err error) {
	args := list[0].args
	if len(list) > 1 {
		args = joined(list)
	}
	return s.commitCall(ctx, args)
}

// joined is the arguments for all contributions: the arrays one after the other,
// in which positions of contributions, versions and resources go on counting.
func joined(list []*grouped) []any {
	out := slices.Clone(list[0].args[:commitArgs+1])
	nodes := make([][]any, len(list))
	before, resourcesBefore := make([]int32, len(list)), make([]int32, len(list))
	var versions, resources int32
	for i, c := range list {
		nodes[i], before[i], resourcesBefore[i] = c.args[commitArgs+1:], versions, resources
		versions += c.versions
		resources += int32(len(c.args[argResource].([]int32)))
	}
	for k := range commitArgs {
		if k >= argSystem && k < argContribution || k == argMore || k == argRules || k == argKept {
			continue // the same for all, or none
		}
		parts := make([]any, len(list))
		for i, c := range list {
			parts[i] = c.args[k]
			switch k {
			case argContribution:
				parts[i] = shifted(c.args[k].([]int32), int32(i))
			case argResource, argContent, argLoss, argQueued:
				parts[i] = shifted(c.args[k].([]int32), before[i])
			case argAstray:
				parts[i] = shifted(c.args[k].([]int32), resourcesBefore[i])
			}
		}
		out[k] = joinedArray(parts)
	}
	return append(out, nodestore.Join(nodes, before)...)
}

func shifted(positions []int32, by int32) []int32 {
	out := make([]int32, len(positions))
	for i, p := range positions {
		out[i] = p + by
	}
	return out
}

func joinedArray(parts []any) any {
	switch parts[0].(type) {
	case []int16:
		return concat[int16](parts)
	case []*int16:
		return concat[*int16](parts)
	case []int32:
		return concat[int32](parts)
	case []*int32:
		return concat[*int32](parts)
	case []string:
		return concat[string](parts)
	case []*string:
		return concat[*string](parts)
	case [][]byte:
		return concat[[]byte](parts)
	case wire.JSONTexts:
		var list wire.JSONTexts
		for _, p := range parts {
			list = append(list, p.(wire.JSONTexts)...)
		}
		return list
	case []*bool:
		return concat[*bool](parts)
	case []*time.Time:
		return concat[*time.Time](parts)
	case []uuid.UUID:
		return concat[uuid.UUID](parts)
	case []*uuid.UUID:
		return concat[*uuid.UUID](parts)
	case []pgtype.UUID:
		return concat[pgtype.UUID](parts)
	}
	panic(fmt.Sprintf("an argument of commit_contribution is a %T", parts[0]))
}

func concat[T any](parts []any) []T {
	var n int
	for _, p := range parts {
		n += len(p.([]T))
	}
	out := make([]T, 0, n)
	for _, p := range parts {
		out = append(out, p.([]T)...)
	}
	return out
}
