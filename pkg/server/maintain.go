package server

import (
	"context"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// IndexState is the state of the node index.
type IndexState = store.IndexState

// Maintainer works on the indexes of one database.
type Maintainer struct{ store *store.Store }

// Maintain runs a command on the database, whose schema is brought up first.
func (d Database) Maintain(ctx context.Context, do func(context.Context, Maintainer) error) error {
	return d.With(ctx, func(ctx context.Context, m Migrator) error {
		if err := migrations.Up(ctx, m.url); err != nil {
			return err
		}
		s, err := store.Open(ctx, store.Config{URL: m.url, Conns: 4, QueryConns: 2})
		if err != nil {
			return err
		}
		defer s.Close()
		return do(ctx, Maintainer{s})
	})
}

// IndexState reads the state of the node index.
func (m Maintainer) IndexState(ctx context.Context) (IndexState, error) {
	return m.store.IndexState(ctx)
}

// Reindex rebuilds the node index; see store.Store.Reindex.
func (m Maintainer) Reindex(ctx context.Context, again bool, progress func(IndexState)) error {
	return m.store.Reindex(ctx, store.ReindexOptions{Again: again, Progress: progress})
}
