package keptstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Fill is how the rows of an incremental query are made.
type Fill struct {
	// Fingerprint is that of the rules, SQL the statement: its columns are
	// ehr_no and cells. Bind gives its arguments for some EHRs; it may use other
	// connections.
	Fingerprint string
	SQL         string
	Bind        func(ctx context.Context, ehrs []int64) ([]any, error)
	// EHRs is the most EHRs of one transaction, Timeout its time limit.
	EHRs    int
	Timeout time.Duration
}

// errGone is that an entry was dropped or filled by other rules meanwhile.
var errGone = errors.New("keptstore: the entry has changed")

// Reset forgets the rows of an incremental entry and marks all EHRs, so that
// they are made anew by the rules of the fingerprint. Rows of another program's
// rules are not mixed with them.
func (s *Store) Reset(ctx context.Context, number int32, fingerprint string) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockEntries); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `update aql_materialised set fingerprint = $2, complete = false, refreshed_at = null
			where query_no = $1 and fingerprint is distinct from $2`, number, fingerprint)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		for _, sql := range []string{
			`delete from aql_kept where query_no = $1`, `delete from aql_change where query_no = $1`,
			`insert into aql_change (query_no, ehr_no) select $1, ehr_no from ehr`,
		} {
			if _, err := tx.Exec(ctx, sql, number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return failure("keptstore.Reset", err)
	}
	return nil
}

// Renew makes the rows of some marked EHRs anew and tells whether marks that it
// has seen are left.
func (s *Store) Renew(ctx context.Context, number int32, f Fill) (more bool, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockEntries); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `select set_config('jit', 'off', true), set_config('enable_memoize', 'off', true),
				set_config('join_collapse_limit', '1', true), set_config('statement_timeout', $1, true)`,
			fmt.Sprint(f.Timeout.Milliseconds())); err != nil {
			return err
		}
		// The snapshot is that of the statement before: taken with the lock held.
		var ok bool
		if err := tx.QueryRow(ctx, `select exists (select from aql_materialised where query_no = $1 and fingerprint = $2 and every_s is null)`, number, f.Fingerprint).Scan(&ok); err != nil {
			return err
		}
		if !ok {
			return errGone
		}
		var ehrs []int64
		if err := tx.QueryRow(ctx, `select coalesce(array_agg(x.ehr_no), '{}') from (select distinct ehr_no from aql_change where query_no = $1 limit $2) x`, number, f.EHRs).Scan(&ehrs); err != nil {
			return err
		}
		if more = len(ehrs) == f.EHRs; len(ehrs) > 0 {
			// What is looked up for the arguments must not be older than the snapshot.
			args, err := f.Bind(ctx, ehrs)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `delete from aql_kept where query_no = $1 and ehr_no = any($2)`, number, ehrs); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, fmt.Sprintf("insert into aql_kept (query_no, ehr_no, cells) select %d, f.ehr_no, f.cells from (%s) as f", number, f.SQL), args...); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `delete from aql_change where query_no = $1 and ehr_no = any($2)`, number, ehrs); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `update aql_materialised set complete = complete or $2, refreshed_at = case when $2 then now() else refreshed_at end, problem = null where query_no = $1`, number, !more)
		return err
	})
	return more, done("keptstore.Renew", err)
}

// done leaves out what the next attempt sets right.
func done(op string, err error) error {
	var pg *pgconn.PgError
	if err == nil || errors.Is(err, errGone) || errors.As(err, &pg) && pg.Code == "40001" {
		return nil
	}
	return failure(op, err)
}

// resultBatch is the number of rows of a result that are written at once.
const resultBatch = 1000

// Replace makes the whole result of a scheduled entry anew. The function runs the
// query on another connection and gives each row, whose cells are JSON texts, nil
// for null.
func (s *Store) Replace(ctx context.Context, number int32, fingerprint string, run func(ctx context.Context, row func(cells []*string) error) error) error {
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockEntries); err != nil {
			return err
		}
		// The snapshot of this transaction, whose marks are taken away, is older
		// than that of the query.
		var ok bool
		if err := tx.QueryRow(ctx, `select exists (select from aql_materialised where query_no = $1 and every_s is not null)`, number).Scan(&ok); err != nil {
			return err
		}
		if !ok {
			return errGone
		}
		if _, err := tx.Exec(ctx, `delete from aql_result where query_no = $1`, number); err != nil {
			return err
		}
		batch, n := &pgx.Batch{}, int64(0)
		flush := func() error {
			err := tx.SendBatch(ctx, batch).Close()
			batch = &pgx.Batch{}
			return err
		}
		err := run(ctx, func(cells []*string) error {
			n++
			batch.Queue(`insert into aql_result (query_no, n, cells) values ($1, $2, $3)`, number, n, cells)
			if batch.Len() < resultBatch {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from aql_change where query_no = $1`, number); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update aql_materialised set fingerprint = $2, complete = true, refreshed_at = now(), problem = null where query_no = $1`, number, fingerprint)
		return err
	})
	return done("keptstore.Replace", err)
}
