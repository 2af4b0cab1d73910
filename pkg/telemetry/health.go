package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// Where the server tells about its health.
const (
	healthPrefix = "/health/"
	LivePath     = healthPrefix + "live"
	ReadyPath    = healthPrefix + "ready"
)

// Live answers that the process serves requests, which is all it checks: a
// process is not to be restarted because its database is away.
func Live() http.Handler {
	return healthHandler(func(context.Context) health { return health{Status: up} })
}

// A Check finds out whether something the server needs is there.
type Check struct {
	Name string                      // such as "database"; shown to everyone
	Run  func(context.Context) error // the error is logged, not shown
}

// Readiness tells whether the server should be sent requests: all checks pass
// and it is not about to stop.
type Readiness struct {
	log      *slog.Logger
	timeout  time.Duration
	checks   []Check
	running  singleflight.Group
	draining atomic.Bool
}

// NewReadiness runs the checks, which have different names, concurrently at each
// request, each for as long as timeout.
func NewReadiness(log *slog.Logger, timeout time.Duration, checks ...Check) *Readiness {
	return &Readiness{log: log, timeout: timeout, checks: checks}
}

// Drain makes the server not ready from now on, so that a load balancer looks
// elsewhere before it stops.
func (r *Readiness) Drain() { r.draining.Store(true) }

// Handler answers 200 when ready and 503 when not, with the state of each check.
func (r *Readiness) Handler() http.Handler { return healthHandler(r.health) }

const (
	up       = "up"
	down     = "down"
	draining = "draining"
)

type health struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

func (r *Readiness) health(ctx context.Context) health {
	results := make([]error, len(r.checks))
	var wg sync.WaitGroup
	for i, c := range r.checks {
		wg.Go(func() { results[i] = r.run(ctx, c) })
	}
	wg.Wait()
	h := health{Status: up, Checks: make(map[string]string, len(r.checks))}
	for i, c := range r.checks {
		h.Checks[c.Name] = up
		if err := results[i]; err != nil {
			h.Status, h.Checks[c.Name] = down, down
			r.log.WarnContext(ctx, "not ready", "check", c.Name, "error", err)
		}
	}
	if r.draining.Load() {
		h.Status = draining
	}
	return h
}

// run waits for a check, but no longer than the timeout. Probes that come while
// it runs share it, so that one that hangs, deaf to its context, does not gather
// more of its kind.
func (r *Readiness) run(ctx context.Context, c Check) error {
	result := r.running.DoChan(c.Name, func() (_ any, err error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the check panicked: %v", p)
			}
		}()
		return nil, c.Run(ctx)
	})
	wait, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	select {
	case res := <-result:
		return res.Err
	case <-wait.Done():
		return wait.Err()
	}
}

func healthHandler(state func(context.Context) health) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h := state(r.Context())
		body, err := json.Marshal(h)
		if err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if h.Status != up {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Write(append(body, '\n'))
	})
}
