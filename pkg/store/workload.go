package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/aql"
)

// maxShapes bounds the shapes of queries that are kept; those that were not run
// for the longest time go.
const maxShapes = 1000

// SaveShapes adds what ran to what is known of the workload.
func (s *Store) SaveShapes(ctx context.Context, list []aql.ShapeRuns) error {
	const op = "store.SaveShapes"
	err := pgx.BeginFunc(ctx, s.main, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		// Two servers that save the same shapes go one after the other.
		b.Queue(`lock table aql_shape in share row exclusive mode`)
		for _, x := range list {
			digest := sha256.Sum256([]byte(x.Text))
			b.Queue(`
				insert into aql_shape as have (digest, text, runs, row_count, total_ms, max_ms, first_run, last_run)
				values ($1, $2, $3, $4, $5, $6, $7, $8)
				on conflict (digest) do update set runs = have.runs + excluded.runs, row_count = have.row_count + excluded.row_count,
					total_ms = have.total_ms + excluded.total_ms, max_ms = greatest(have.max_ms, excluded.max_ms),
					last_run = greatest(have.last_run, excluded.last_run)`,
				digest[:], x.Text, x.Runs, x.Rows, milliseconds(x.Total), milliseconds(x.Max), x.First, x.Last)
		}
		b.Queue(`delete from aql_shape where digest in (select digest from aql_shape order by last_run desc, digest offset $1)`, maxShapes)
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return failure(op, err)
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Shape is a shape of queries with a short name and how they ran.
type Shape struct {
	Name string
	aql.ShapeRuns
}

// Shapes are those of the queries that were run, with the longest time in all
// first.
func (s *Store) Shapes(ctx context.Context) ([]Shape, error) {
	const op = "store.Shapes"
	rows, err := s.main.Query(ctx, `select digest, text, runs, row_count, total_ms, max_ms, first_run, last_run from aql_shape order by total_ms desc, digest`)
	if err != nil {
		return nil, failure(op, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (x Shape, err error) {
		var digest []byte
		var total, longest float64
		err = row.Scan(&digest, &x.Text, &x.Runs, &x.Rows, &total, &longest, &x.First, &x.Last)
		x.Total, x.Max = time.Duration(total*float64(time.Millisecond)), time.Duration(longest*float64(time.Millisecond))
		x.First, x.Last = x.First.UTC(), x.Last.UTC()
		x.Name = "shape-" + hex.EncodeToString(digest[:min(4, len(digest))])
		return x, err
	})
	if err != nil {
		return nil, failure(op, err)
	}
	return list, nil
}

// ForgetShapes forgets what is known of the workload.
func (s *Store) ForgetShapes(ctx context.Context) error {
	if _, err := s.main.Exec(ctx, `delete from aql_shape`); err != nil {
		return failure("store.ForgetShapes", err)
	}
	return nil
}

// RowsPerValue is about how many rows of a partition of the node index have the
// same value in a column; 0 if the database has no statistics of it.
func (s *Store) RowsPerValue(ctx context.Context, part int16, column string) (int64, error) {
	var rows int64
	err := s.main.QueryRow(ctx, `
		select coalesce((select case when p.n_distinct > 0 then c.reltuples * (1 - p.null_frac) / p.n_distinct
				when p.n_distinct < 0 then greatest(1, (1 - p.null_frac) / -p.n_distinct) end
			from pg_stats p join pg_class c on c.relname = p.tablename and c.relnamespace = current_schema()::regnamespace
			where p.schemaname = current_schema() and p.tablename = $1 and p.attname = $2 and c.reltuples > 0), 0)::bigint`,
		fmt.Sprintf("node_%d", part), column).Scan(&rows)
	if err != nil {
		return 0, failure("store.RowsPerValue", err)
	}
	return rows, nil
}
