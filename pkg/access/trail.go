package access

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/cairn-ehr/cairn/pkg/auth"
	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// trail is what is known of one request.
type trail struct {
	mu    sync.Mutex // the parts of a batch may go side by side
	who   ehr.Actor
	asked []decision
	index map[decision]bool // of asked, once there are many
	shown []int64
	known map[int64]bool
}

// decision is what the decision point was asked and whether it refused.
type decision struct {
	ehrID, class string
	what         ehr.Action
	refused      bool
}

type trailKey struct{}

func trailOf(ctx context.Context) *trail {
	t, _ := ctx.Value(trailKey{}).(*trail)
	return t
}

// fewDecisions is up to where a list is searched faster than a map.
const fewDecisions = 16

func (t *trail) decided(d decision) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.index != nil && t.index[d] || t.index == nil && slices.Contains(t.asked, d) {
		return
	}
	t.asked = append(t.asked, d)
	if t.index == nil && len(t.asked) > fewDecisions {
		t.index = map[decision]bool{}
		for _, d := range t.asked {
			t.index[d] = true
		}
	}
	if t.index != nil {
		t.index[d] = true
	}
}

func (t *trail) saw(ehrNo int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[int64]bool{}
	}
	if !t.known[ehrNo] {
		t.known[ehrNo] = true
		t.shown = append(t.shown, ehrNo)
	}
}

// Decision is a decision point that tells the trail of the request what it was
// asked, and answers what next does.
func (l *Log) Decision(next ehr.DecisionPoint) ehr.DecisionPoint { return witness{next} }

type witness struct{ next ehr.DecisionPoint }

// Decide implements ehr.DecisionPoint.
func (w witness) Decide(ctx context.Context, who ehr.Actor, what ehr.Action, on ehr.Target) error {
	err := w.next.Decide(ctx, who, what, on)
	if t := trailOf(ctx); t != nil {
		t.decided(decision{on.EHRID, on.Class, what, err != nil})
	}
	return err
}

// Authenticator establishes who asks by next, and refuses everyone where accesses
// have to be recorded and cannot be.
func (l *Log) Authenticator(next auth.Authenticator) auth.Authenticator {
	return func(r *http.Request) (ehr.Actor, error) {
		if err := l.ready(); err != nil {
			return ehr.Actor{}, err
		}
		who, err := next(r)
		if t := trailOf(r.Context()); t != nil && err == nil {
			t.mu.Lock()
			t.who = who
			t.mu.Unlock()
		}
		return who, err
	}
}
