package termstore

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// Watcher has what is loaded at the moment, and follows changes. It is safe for
// concurrent use.
type Watcher struct {
	store    *Store
	log      *slog.Logger
	set      atomic.Pointer[local.Set]
	revision int64
}

// Watch reads what is loaded. Run keeps up with it.
func Watch(ctx context.Context, s *Store, log *slog.Logger) (*Watcher, error) {
	w := &Watcher{store: s, log: log}
	set, revision, err := s.Read(ctx)
	if err != nil {
		return nil, err
	}
	w.set.Store(set)
	w.revision = revision
	return w, nil
}

// Set is what is loaded now.
func (w *Watcher) Set() *local.Set { return w.set.Load() }

// Run looks for changes at an interval until the context ends. What cannot be
// read leaves the former state in force and is logged.
func (w *Watcher) Run(ctx context.Context, interval time.Duration) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := w.refresh(ctx); err != nil && ctx.Err() == nil {
				w.log.Error("the loaded terminologies cannot be read; the former ones stay in force", "error", err)
			}
		}
	}
}

func (w *Watcher) refresh(ctx context.Context) error {
	revision, err := w.store.Revision(ctx)
	if err != nil || revision == w.revision {
		return err
	}
	set, revision, err := w.store.Read(ctx)
	if err != nil {
		return err
	}
	w.set.Store(set)
	w.revision = revision
	w.log.Info("the loaded terminologies have changed", "revision", revision, "concepts", set.Concepts())
	return nil
}
