// Package keptstore keeps the results of materialised queries in PostgreSQL
// (migrations/0029_materialised.up.sql).
//
// Of an incremental query the rows of each EHR are kept. A commit marks its EHR
// in its own transaction, and whoever reads takes the rows of EHRs without a
// mark from here and finds the others anew, in one statement: what it gives is
// always what the record holds. Renewing the rows of marked EHRs only makes
// reading cheaper, and happens in transactions with one snapshot, which take
// away exactly the marks that they have seen.
//
// Of a scheduled query the whole result is kept as of a time. It is not used any
// more as soon as the record has lost something that may be in it.
package keptstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Entry is a stored query whose result is kept.
type Entry struct {
	// Number is never that of another entry, also after this one is dropped.
	Number        int32
	Name, Version string
	Text          string
	// Every is the time between refreshes of a scheduled query; 0 for an
	// incremental one.
	Every time.Duration
	// Fingerprint is that of the rules the rows were made by; "" before there
	// are any.
	Fingerprint string
	// Complete tells that the rows of all EHRs have been made once.
	Complete bool
	// Refreshed is the time until which all commits are in the rows; zero for
	// none.
	Refreshed time.Time
	// Problem is why the last refresh did not succeed.
	Problem string
	// Pending is the number of marks: commits into EHRs whose rows have not been
	// renewed since. Of a scheduled query any makes the result unusable.
	Pending int64
}

// Scheduled reports whether the whole result is kept.
func (e *Entry) Scheduled() bool { return e.Every > 0 }

// Store is the kept results with a cache of what there is. It is safe for
// concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	now     func() time.Time
	loading sync.Mutex
	state   atomic.Pointer[state]
}

type state struct {
	entries []Entry
	byText  map[string]*Entry
	// rules is the digest of the functions that the statements call.
	rules string
	read  time.Time
}

// New makes a store on a migrated database.
func New(pool *pgxpool.Pool) *Store { return &Store{pool: pool, now: time.Now} }

// recheck is how long what was last read is taken for what there is. Statements
// prove what they rely on themselves.
const recheck = time.Second

// Find gives the entry with the text of a query, nil if there is none, and the
// digest of the functions that statements call, as they were last read.
func (s *Store) Find(ctx context.Context, text string) (*Entry, string, error) {
	st := s.state.Load()
	if st == nil || s.now().Sub(st.read) >= recheck {
		var err error
		if st, err = s.load(ctx); err != nil {
			return nil, "", err
		}
	}
	return st.byText[text], st.rules, nil
}

// Entries are all entries by name and version, and the digest as in Find, read
// anew.
func (s *Store) Entries(ctx context.Context) ([]Entry, string, error) {
	st, err := s.load(ctx)
	if err != nil {
		return nil, "", err
	}
	return st.entries, st.rules, nil
}

// Refresh reads anew what there is.
func (s *Store) Refresh(ctx context.Context) error {
	_, err := s.load(ctx)
	return err
}

func (s *Store) load(ctx context.Context) (*state, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	st := &state{read: s.now(), byText: map[string]*Entry{}}
	if err := s.pool.QueryRow(ctx, `select coalesce(string_agg(digest, ' ' order by file), '') from schema_functions where file = 'aql.sql'`).Scan(&st.rules); err != nil {
		return nil, failure("keptstore.load", err)
	}
	rows, err := s.pool.Query(ctx, `
		select query_no, name, version, text, coalesce(every_s, 0), coalesce(fingerprint, ''), complete, refreshed_at, coalesce(problem, ''),
			(select count(*) from aql_change c where c.query_no = m.query_no)
		from aql_materialised m order by name, version`)
	if err != nil {
		return nil, failure("keptstore.load", err)
	}
	var e Entry
	var every int64
	var refreshed *time.Time
	_, err = pgx.ForEachRow(rows, []any{&e.Number, &e.Name, &e.Version, &e.Text, &every, &e.Fingerprint, &e.Complete, &refreshed, &e.Problem, &e.Pending}, func() error {
		e.Every, e.Refreshed = time.Duration(every)*time.Second, time.Time{}
		if refreshed != nil {
			e.Refreshed = refreshed.UTC()
		}
		st.entries = append(st.entries, e)
		return nil
	})
	if err != nil {
		return nil, failure("keptstore.load", err)
	}
	for i := range st.entries {
		e := &st.entries[i]
		// Of the same text declared twice the incremental one is exact.
		if have := st.byText[e.Text]; have == nil || have.Scheduled() {
			st.byText[e.Text] = e
		}
	}
	s.state.Store(st)
	return st, nil
}

// lockEntries is the lock under which rows are made and entries are declared.
// Physical deletion takes a weaker one that waits for it. It is the first
// statement of a transaction, so that what that sees is not older than the lock.
const lockEntries = `lock table aql_materialised in share row exclusive mode`

// lockTimeout bounds the wait of a declaration for running commits, behind which
// others wait.
const lockTimeout = `set local lock_timeout = '5s'`

// Declare adds an entry. Errors are errs.Error: Conflict if the query is
// declared already, Unavailable if running commits do not end.
func (s *Store) Declare(ctx context.Context, e Entry, actor string) error {
	const op = "keptstore.Declare"
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := locked(ctx, tx); err != nil {
			return err
		}
		var every *int64
		if e.Scheduled() {
			n := int64(e.Every / time.Second)
			every = &n
		}
		// Every running commit ends, and each later one sees the entry and the
		// trigger.
		if _, err := tx.Exec(ctx, `lock table contribution in share row exclusive mode`); err != nil {
			return err
		}
		if !e.Scheduled() {
			if _, err := tx.Exec(ctx, `alter table contribution enable trigger aql_mark`); err != nil {
				return err
			}
		}
		done, err := tx.Exec(ctx, `insert into aql_materialised (name, version, text, every_s, actor) values ($1, $2, $3, $4, $5) on conflict do nothing`,
			e.Name, e.Version, e.Text, every, actor)
		if err == nil && done.RowsAffected() == 0 {
			return errs.New(errs.Conflict, op, "the query is materialised already")
		}
		return err
	})
	if err != nil {
		return failure(op, err)
	}
	return s.Refresh(ctx)
}

// Drop takes an entry and what is kept of it away; errs.NotFound if there is
// none.
func (s *Store) Drop(ctx context.Context, name, version string) error {
	const op = "keptstore.Drop"
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := locked(ctx, tx); err != nil {
			return err
		}
		var found, left bool
		if err := tx.QueryRow(ctx, `select drop_materialised($1, $2)`, name, version).Scan(&found); err != nil {
			return err
		}
		if !found {
			return errs.New(errs.NotFound, op, "the query is not materialised")
		}
		if err := tx.QueryRow(ctx, `select exists (select from aql_materialised where every_s is null)`).Scan(&left); err != nil || left {
			return err
		}
		_, err := tx.Exec(ctx, `alter table contribution disable trigger aql_mark`)
		return err
	})
	if err != nil {
		return failure(op, err)
	}
	return s.Refresh(ctx)
}

func locked(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, lockTimeout); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, lockEntries)
	return err
}

// SetProblem remembers why a refresh did not succeed; "" that it did.
func (s *Store) SetProblem(ctx context.Context, number int32, problem string) error {
	_, err := s.pool.Exec(ctx, `update aql_materialised set problem = nullif($2, '') where query_no = $1 and problem is distinct from nullif($2, '')`, number, problem)
	if err != nil {
		return failure("keptstore.SetProblem", err)
	}
	return nil
}

func failure(op string, err error) error {
	if errs.As(err) != nil {
		return err
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "55P03":
		return errs.Wrap(errs.Unavailable, op, "transactions that are running did not end in time; try again", errs.Redact(err))
	case errors.As(err, &pg):
		return errs.Wrap(errs.Internal, op, "the kept results cannot be used", errs.Redact(err))
	}
	return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
}

// Guard is the call by which a statement proves that it may rely on the rows of
// an entry made by the rules of a fingerprint, which is hexadecimal digits.
func (e *Entry) Guard(fingerprint string) string {
	refreshed := "null"
	if e.Scheduled() {
		refreshed = "'" + e.Refreshed.UTC().Format("2006-01-02 15:04:05.000000+00") + "'"
	}
	return fmt.Sprintf("kept_guard(%d, '%s', %s)", e.Number, fingerprint, refreshed)
}
