// Package termstore keeps loaded value sets, code systems and concept maps in
// PostgreSQL, and gives servers what is loaded as it changes.
package termstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/klauspost/compress/zstd"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// DB is a connection or a pool of connections.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Limits bound all that is loaded together, because servers hold it in memory.
// Zero takes the default.
type Limits struct {
	Resources int // default 10,000
	Concepts  int // codes and mappings, default 2,000,000
}

// Store is the loaded resources of a database. It is safe for concurrent use if
// the DB is.
type Store struct {
	db     DB
	limits Limits
	enc    *zstd.Encoder
	dec    *zstd.Decoder
}

// New makes a Store on a migrated database.
func New(db DB, limits Limits) (*Store, error) {
	if limits.Resources <= 0 {
		limits.Resources = 10_000
	}
	if limits.Concepts <= 0 {
		limits.Concepts = 2_000_000
	}
	s := &Store{db: db, limits: limits}
	var err error
	if s.enc, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err == nil {
		s.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	}
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "termstore.New", "", err)
	}
	return s, nil
}

// Entry describes a loaded resource.
type Entry struct {
	Kind               local.Kind
	URL, Version, Name string
	Concepts           int
	Bytes              int64
	Loaded             time.Time
}

// Load stores resources, all or none. One of the same kind, url and version is
// replaced. Refused, with kind Invalid or TooLarge, is what does not fit with
// what is loaded already.
func (s *Store) Load(ctx context.Context, list []*local.Resource) error {
	const op = "termstore.Load"
	return s.change(ctx, op, func(tx pgx.Tx) error {
		for _, r := range list {
			_, err := tx.Exec(ctx, `
				insert into terminology_resource (kind, url, version, name, concepts, bytes, content, revision)
				values ($1, $2, $3, $4, $5, $6, $7, (select revision + 1 from terminology_revision))
				on conflict (kind, url, version) do update set
					name = excluded.name, concepts = excluded.concepts, bytes = excluded.bytes,
					content = excluded.content, loaded = excluded.loaded, revision = excluded.revision`,
				string(r.Kind), r.URL, r.Version, r.Name, r.Concepts, len(r.JSON), s.enc.EncodeAll(r.JSON, nil))
			if err != nil {
				return failure(op, err)
			}
		}
		var resources, concepts int
		if err := tx.QueryRow(ctx, `select count(*), coalesce(sum(concepts), 0) from terminology_resource`).Scan(&resources, &concepts); err != nil {
			return failure(op, err)
		}
		if resources > s.limits.Resources || concepts > s.limits.Concepts {
			return errs.New(errs.TooLarge, op, fmt.Sprintf(
				"with this, %d resources with %d concepts would be loaded; the limits are %d and %d", resources, concepts, s.limits.Resources, s.limits.Concepts))
		}
		_, err := s.read(ctx, op, tx)
		return err
	})
}

// Remove deletes the resources of a url, of one version or, if it is nil, of
// all, and gives their number; NotFound if there are none.
func (s *Store) Remove(ctx context.Context, url string, version *string) (int, error) {
	const op = "termstore.Remove"
	n := 0
	err := s.change(ctx, op, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from terminology_resource where url = $1 and ($2::text is null or version = $2)`, url, version)
		if err != nil {
			return failure(op, err)
		}
		if n = int(tag.RowsAffected()); n == 0 {
			return errs.New(errs.NotFound, op, "no such resource is loaded: "+url)
		}
		return nil
	})
	return n, err
}

// change runs a change that no other one interferes with.
func (s *Store) change(ctx context.Context, op string, do func(pgx.Tx) error) error {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return failure(op, err)
	}
	defer tx.Rollback(ctx) //nolint:errcheck // after Commit it does nothing
	if _, err := tx.Exec(ctx, `select revision from terminology_revision for update`); err != nil {
		return failure(op, err)
	}
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return failure(op, err)
	}
	return nil
}

// List describes what is loaded, by kind, url and version.
func (s *Store) List(ctx context.Context) (list []Entry, err error) {
	const op = "termstore.List"
	err = s.snapshot(ctx, op, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select kind, url, version, name, concepts, bytes, loaded from terminology_resource order by kind, url, version`)
		if err != nil {
			return failure(op, err)
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Entry, err error) {
			err = row.Scan(&e.Kind, &e.URL, &e.Version, &e.Name, &e.Concepts, &e.Bytes, &e.Loaded)
			e.Loaded = e.Loaded.UTC()
			return e, err
		})
		return failure(op, err)
	})
	return list, err
}

// Revision is a number that grows with each change.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	var n int64
	err := s.db.QueryRow(ctx, `select revision from terminology_revision`).Scan(&n)
	return n, failure("termstore.Revision", err)
}

// Read gives what is loaded, with its revision.
func (s *Store) Read(ctx context.Context) (set *local.Set, revision int64, err error) {
	const op = "termstore.Read"
	err = s.snapshot(ctx, op, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select revision from terminology_revision`).Scan(&revision); err != nil {
			return failure(op, err)
		}
		set, err = s.read(ctx, op, tx)
		return err
	})
	return set, revision, err
}

// snapshot runs statements that see one state of the database.
func (s *Store) snapshot(ctx context.Context, op string, do func(pgx.Tx) error) error {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return failure(op, err)
	}
	defer tx.Rollback(ctx) //nolint:errcheck // nothing was changed
	if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
		return failure(op, err)
	}
	return do(tx)
}

func (s *Store) read(ctx context.Context, op string, tx pgx.Tx) (*local.Set, error) {
	rows, err := tx.Query(ctx, `select content, revision, loaded from terminology_resource order by kind, url, version`)
	if err != nil {
		return nil, failure(op, err)
	}
	var list []*local.Resource
	var content []byte
	var revision int64
	var loaded time.Time
	_, err = pgx.ForEachRow(rows, []any{&content, &revision, &loaded}, func() error {
		data, err := s.dec.DecodeAll(content, nil)
		if err != nil {
			return errs.Wrap(errs.Internal, op, "", err)
		}
		r, err := local.Parse(data, local.Limits{Bytes: 1 << 30, Concepts: s.limits.Concepts})
		for _, one := range r {
			one.Revision, one.Loaded = revision, loaded.UTC()
		}
		list = append(list, r...)
		return err
	})
	if err != nil {
		return nil, failure(op, err)
	}
	return local.Build(list)
}

// failure explains an error of the database; others pass, nil included.
func failure(op string, err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errs.As(err) != nil:
		return err
	case errors.As(err, &pg) && pg.Code == "42P01": // undefined_table
		return errs.Wrap(errs.Unavailable, op, "the database's schema is not up to date: run cairn migrate up", err)
	}
	return store.Failure(op, err)
}
