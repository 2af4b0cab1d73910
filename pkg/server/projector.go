package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// projectEvery is how often a server looks for versions to project that another
// one has committed.
const projectEvery = time.Second

// later reads when the compositions of each template are projected.
func later(o Options) (func(templateID string) bool, error) {
	const op = "server.Options"
	queue := map[string]bool{}
	for template, mode := range o.FHIRProjectionOf {
		if mode != "commit" && mode != "queue" {
			return nil, errs.New(errs.Invalid, op, "--fhir-projection-of "+template+"="+mode+": a template is projected by commit or queue")
		}
		queue[template] = mode == "queue"
	}
	all := o.FHIRProjection == "queue"
	return func(template string) bool {
		if own, ok := queue[template]; ok {
			return own
		}
		return all
	}, nil
}

// projectionMetrics are read from the database when they are asked for: the
// queue is that of all servers.
type projectionMetrics struct {
	store                *store.Store
	queued, lag, pending *prometheus.Desc
}

func newProjectionMetrics(s *store.Store) *projectionMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("cairn_fhir_projection_"+name, help, nil, nil)
	}
	return &projectionMetrics{
		store:   s,
		queued:  desc("queue", "Objects that wait for their latest version to be projected to FHIR."),
		lag:     desc("lag_seconds", "How long the commit has waited that waits longest to be projected to FHIR; 0 if none does."),
		pending: desc("pending", "1 while stored versions are to be projected by other mappings than they were, else 0."),
	}
}

// Describe implements prometheus.Collector.
func (m *projectionMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.queued
	ch <- m.lag
	ch <- m.pending
}

// Collect implements prometheus.Collector.
func (m *projectionMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	st, err := m.store.ProjectionState(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(m.lag, err)
		return
	}
	pending := 0.
	if st.Pending {
		pending = 1
	}
	ch <- prometheus.MustNewConstMetric(m.queued, prometheus.GaugeValue, float64(st.Queued))
	ch <- prometheus.MustNewConstMetric(m.lag, prometheus.GaugeValue, st.Lag.Seconds())
	ch <- prometheus.MustNewConstMetric(m.pending, prometheus.GaugeValue, pending)
}

// newWaited is the time from a commit to the resources of what it left to the
// queue.
func newWaited() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "cairn_fhir_projection_wait_seconds",
		Help:    "Time from a commit to the FHIR resources of what it left to the queue.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600},
	})
}

// projector projects stored versions in the background.
type projector struct {
	store       *store.Store
	projections []ehr.Projection
	queueOnly   bool
	waited      prometheus.Histogram
	log         *slog.Logger
	cancel      context.CancelFunc
	done        chan struct{}
}

// begin puts the rules of this program in force and starts the work.
func (p *projector) begin(ctx context.Context) error {
	rules := ehr.Rules(p.projections)
	if err := p.store.UseRules(ctx, rules, false); err != nil {
		return err
	}
	st, err := p.store.ProjectionState(ctx)
	if err != nil {
		return err
	}
	switch {
	case st.Pending && p.queueOnly:
		p.log.Warn("stored versions have been projected by other mappings: run cairn fhirmap reproject", "rules", rules)
	case st.Pending:
		p.log.Info("stored versions are projected by the mappings of this program", "rules", rules)
	}
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.done = make(chan struct{})
	go p.run(ctx)
	return nil
}

func (p *projector) run(ctx context.Context) {
	defer close(p.done)
	tick := time.NewTicker(projectEvery)
	defer tick.Stop()
	for failing := false; ; {
		err := p.store.Reproject(ctx, store.ReprojectOptions{
			Projections: p.projections, QueueOnly: p.queueOnly, Rest: 1,
			Waited: func(d time.Duration) { p.waited.Observe(d.Seconds()) },
			Failed: func(uid string, err error) {
				p.log.Error("a stored version could not be projected", "version_uid", uid, "error", err)
			},
		})
		interrupted := err != nil && ctx.Err() == nil && !errs.Is(err, errs.Conflict)
		if interrupted && !failing { // once, not each second until the database is back
			p.log.Error("the projection of stored versions was interrupted", "error", err)
		}
		failing = interrupted
		select {
		case <-ctx.Done():
			return
		case <-p.store.Queued():
		case <-tick.C:
		}
	}
}

// end waits until the work has stopped.
func (p *projector) end() {
	p.cancel()
	<-p.done
}
