// Package exec runs compiled queries on PostgreSQL: each in one read-only transaction
// and one round trip, within limits of time, rows and bytes, and streams their rows. It
// knows nothing of AQL; that a statement is out of date it tells ([ErrStale]).
package exec

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// DB is the part of a pgx pool or connection that queries need.
type DB interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Query is a statement to run.
type Query struct {
	SQL  string // its columns are text, or bytes that Expand expands
	Args []any
	// Objects tells which columns may hold objects, to be put into canonical
	// form.
	Objects []bool
	// Expand gives the canonical JSON of a stored object.
	Expand func(stored, buf []byte) ([]byte, error)
	// Generic plans the statement once for all arguments. Right when the
	// arguments do not sway the plan, as in one EHR, where planning would cost
	// more than executing.
	Generic bool
	// Ordered joins in the order of the text, where that is known to be right and
	// the planner could only guess.
	Ordered bool
	// Timeout is the time limit; 0 for none.
	Timeout time.Duration
	// MaxRows and MaxBytes bound the result; 0 for no bound.
	MaxRows, MaxBytes int64
}

// ErrStale is that a statement was compiled from a state of the node index that
// is not the present one. It gives no rows.
var ErrStale = errors.New("exec: the node index has changed")

// staleCode is the SQLSTATE by which the function node_stale says so.
const staleCode = "ZQ001"

// settings make the transaction read-only and keep the planner from what hurts
// queries over JSON: compiling expressions, whose cost is overestimated by
// orders of magnitude, and caching by whole documents as keys.
const settings = `select set_config('transaction_read_only', 'on', true), set_config('jit', 'off', true),
 set_config('enable_memoize', 'off', true), set_config('statement_timeout', $1, true), set_config('plan_cache_mode', $2, true), case when $3::boolean then set_config('join_collapse_limit', '1', true) end`

// grace is how long after the database's own time limit the client gives up.
const grace = 2 * time.Second

// Run executes a query in one read-only transaction and one round trip, and
// gives each row to the function: a JSON value per column, nil for null, valid
// until the function returns. An error of the function ends the run.
//
// Errors are errs.Error or those of the function: Timeout, TooLarge when the
// result exceeds a limit, Unavailable when the database does not answer, and
// the context's own error when the caller gave up.
func Run(ctx context.Context, db DB, q Query, row func(cells [][]byte) error) error {
	const op = "exec.Run"
	limited := ctx
	if q.Timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, q.Timeout+grace)
		defer cancel()
	}
	batch := &pgx.Batch{}
	planning := "auto"
	if q.Generic {
		planning = "force_generic_plan"
	}
	batch.Queue(settings, strconv.FormatInt(q.Timeout.Milliseconds(), 10), planning, q.Ordered)
	batch.Queue(q.SQL, q.Args...)
	results := db.SendBatch(limited, batch)
	err := stream(results, q, row)
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	var own *sinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own.err
	case errs.As(err) != nil:
		return err
	}
	return failure(ctx, op, q.Timeout, err)
}

// sinkError marks an error of the row function.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return e.err.Error() }

func stream(results pgx.BatchResults, q Query, row func([][]byte) error) error {
	if _, err := results.Exec(); err != nil {
		return err
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	var count, size int64
	var c canonical
	var cells [][]byte
	fields := rows.FieldDescriptions()
	expanded := make([][]byte, len(fields))
	for rows.Next() {
		if count++; q.MaxRows > 0 && count > q.MaxRows {
			return errs.New(errs.TooLarge, "exec.Run", fmt.Sprintf("the result has more than %d rows; narrow the query or use LIMIT or fetch", q.MaxRows))
		}
		cells = append(cells[:0], rows.RawValues()...)
		for i, v := range cells {
			if fields[i].DataTypeOID == pgtype.ByteaOID && v != nil {
				if fields[i].Format != pgx.BinaryFormatCode || q.Expand == nil {
					return errs.New(errs.Internal, "exec.Run", "a stored object is not given as bytes")
				}
				if expanded[i], err = q.Expand(v, expanded[i][:0]); err != nil {
					return errs.Wrap(errs.Internal, "exec.Run", "a stored object cannot be read", err)
				}
				cells[i] = expanded[i]
			} else if i < len(q.Objects) && q.Objects[i] && len(v) > 0 && v[0] == '{' {
				cells[i] = c.object(v)
			}
			size += int64(len(cells[i]))
		}
		if q.MaxBytes > 0 && size > q.MaxBytes {
			return errs.New(errs.TooLarge, "exec.Run", fmt.Sprintf("the result has more than %d bytes; narrow the query or use LIMIT or fetch", q.MaxBytes))
		}
		if err := row(cells); err != nil {
			return &sinkError{err}
		}
		c.reset()
	}
	return rows.Err()
}

// failure classifies an error of the database.
func failure(ctx context.Context, op string, limit time.Duration, err error) error {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "57014", errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return errs.Wrap(errs.Timeout, op, fmt.Sprintf("the query took longer than the limit of %s", limit), err)
	case errors.As(err, &pg) && pg.Code == staleCode:
		return ErrStale
	case errors.As(err, &pg):
		return errs.Wrap(errs.Internal, op, "the query could not be executed", errs.Redact(err))
	}
	return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
}
