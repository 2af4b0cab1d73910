package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// projectEvery is how often a server looks for versions to project that another
// one has committed.
const projectEvery = time.Second

// projector projects stored versions in the background.
type projector struct {
	store       *store.Store
	projections []ehr.Projection
	queueOnly   bool
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
	for {
		err := p.store.Reproject(ctx, store.ReprojectOptions{
			Projections: p.projections, QueueOnly: p.queueOnly, Rest: 1,
			Failed: func(uid string, err error) {
				p.log.Error("a stored version could not be projected", "version_uid", uid, "error", err)
			},
		})
		if err != nil && ctx.Err() == nil && !errs.Is(err, errs.Conflict) {
			p.log.Error("the projection of stored versions was interrupted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// end waits until the work has stopped.
func (p *projector) end() {
	p.cancel()
	<-p.done
}
