package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// InsertQuery stores a query. See ehr.Store.
func (s *Store) InsertQuery(ctx context.Context, q ehr.StoredQuery, actor string) (ehr.StoredQuery, error) {
	err := s.conn(ctx).QueryRow(ctx, `insert into stored_query (name, version, text, actor) values ($1, $2, $3, $4) returning saved`,
		q.Name, q.Version, q.Text, actor).Scan(&q.Saved)
	if err != nil {
		return ehr.StoredQuery{}, failure("store.InsertQuery", err)
	}
	q.Saved = q.Saved.UTC()
	return q, nil
}

// Queries reads the versions of a query. See ehr.Store.
func (s *Store) Queries(ctx context.Context, name string) ([]ehr.StoredQuery, error) {
	return s.queries(ctx, `name = $1`, name)
}

// QueriesByPrefix reads the queries whose name begins with the prefix. See
// ehr.Store.
func (s *Store) QueriesByPrefix(ctx context.Context, prefix string) ([]ehr.StoredQuery, error) {
	return s.queries(ctx, `starts_with(name, $1)`, prefix)
}

func (s *Store) queries(ctx context.Context, where, arg string) ([]ehr.StoredQuery, error) {
	const op = "store.queries"
	rows, err := s.conn(ctx).Query(ctx, `select name, version, text, saved from stored_query where `+where, arg)
	if err != nil {
		return nil, failure(op, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (q ehr.StoredQuery, err error) {
		err = row.Scan(&q.Name, &q.Version, &q.Text, &q.Saved)
		q.Saved = q.Saved.UTC()
		return q, err
	})
	if err != nil {
		return nil, failure(op, err)
	}
	return list, nil
}
