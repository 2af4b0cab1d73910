// Package migrations holds the database schema as numbered SQL files, and in
// the folder functions what changes too often for those, and applies them. Every process that shares a database may apply them at its
// start: an advisory lock lets one do so while the others wait.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/golang-migrate/migrate/v4"
	pgxmigrate "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

//go:embed *.sql functions/*.sql
var files embed.FS

// Digest identifies the set of migrations: it changes with any of their bytes.
func Digest() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error { // sorted by name
		if err != nil || e.IsDir() {
			return err
		}
		b, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(b), b)
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// lockTimeout bounds how long a process waits for another that migrates.
const lockTimeout = time.Minute

// Up applies all migrations that the database lacks, then the functions that
// have changed. The url is a PostgreSQL connection URI or keyword string.
func Up(ctx context.Context, url string) error { return up(ctx, "migrations.Up", files, url) }

func up(ctx context.Context, op string, files fs.FS, url string) error {
	return with(ctx, op, files, url, func(m *migrate.Migrate, db *sql.DB) error {
		if err := m.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
			return explain(op, files, m, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := applyFunctions(ctx, db, files); err != nil {
			return functionsError(op, err)
		}
		return nil
	})
}

// Down reverts the number of migrations given, the latest first; 0 or less
// reverts all of them. Reverting the first one deletes the record. The
// functions of the folder go first: the schema that remains has none of them
// until a program of that version applies its own.
func Down(ctx context.Context, url string, steps int) error {
	const op = "migrations.Down"
	return with(ctx, op, files, url, func(m *migrate.Migrate, db *sql.DB) error {
		err := removeFunctions(ctx, db)
		if err != nil {
			return functionsError(op, err)
		}
		if steps <= 0 {
			err = m.Down()
		} else {
			err = m.Steps(-steps)
		}
		if err != nil && !errors.Is(err, migrate.ErrNoChange) {
			return explain(op, files, m, err)
		}
		return nil
	})
}

// Version is the number of the latest migration applied, 0 if there is none.
// Dirty means that another tool left it half done; Cairn itself never does.
func Version(ctx context.Context, url string) (version uint, dirty bool, err error) {
	const op = "migrations.Version"
	err = with(ctx, op, files, url, func(m *migrate.Migrate, _ *sql.DB) error {
		var err error
		version, dirty, err = m.Version()
		if err != nil && !errors.Is(err, migrate.ErrNilVersion) {
			return explain(op, files, m, err)
		}
		return nil
	})
	return version, dirty, err
}

func latestOf(files fs.FS) (uint, error) {
	source, err := iofs.New(files, ".")
	if err != nil {
		return 0, err
	}
	defer source.Close()
	latest, err := source.First()
	for err == nil {
		var next uint
		if next, err = source.Next(latest); err == nil {
			latest = next
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	return latest, nil
}

func with(ctx context.Context, op string, files fs.FS, url string, do func(*migrate.Migrate, *sql.DB) error) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return errs.Wrap(errs.Invalid, op, "the database url is not valid", err)
	}
	// For the advisory lock as for the tables that a migration changes.
	config.RuntimeParams["lock_timeout"] = strconv.FormatInt(lockTimeout.Milliseconds(), 10)
	db := stdlib.OpenDB(*config)
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
	}
	target, err := pgxmigrate.WithInstance(db, &pgxmigrate.Config{})
	if err != nil {
		return errs.Wrap(errs.Unavailable, op, "the migration table cannot be used", err)
	}
	defer target.Close()
	source, err := iofs.New(files, ".")
	if err != nil {
		return errs.Wrap(errs.Internal, op, "the embedded migrations cannot be read", err)
	}
	defer source.Close()
	m, err := migrate.NewWithInstance("embed", source, "pgx5", &atomic{Driver: target})
	if err != nil {
		return errs.Wrap(errs.Internal, op, "the migrations cannot be prepared", err)
	}
	m.LockTimeout = lockTimeout
	// A migration is never torn: cancelling stops before the next one.
	stop := context.AfterFunc(ctx, func() { m.GracefulStop <- true })
	defer stop()
	if err := do(m, db); err != nil {
		return err
	}
	return ctx.Err()
}

// explain says what stands behind an error of the library.
func explain(op string, files fs.FS, m *migrate.Migrate, err error) error {
	if errors.As(err, new(migrate.ErrDirty)) {
		return errs.Wrap(errs.Conflict, op, "the database schema is marked as half migrated, which Cairn itself never leaves: "+
			"compare the schema with the version in table schema_migrations and correct that row", err)
	}
	if short := (migrate.ErrShortLimit{}); errors.As(err, &short) {
		return errs.Wrap(errs.Invalid, op, fmt.Sprintf("there are %d migrations fewer to revert than asked for", short.Short), err)
	}
	latest, latestErr := latestOf(files)
	if version, _, versionErr := m.Version(); versionErr == nil && latestErr == nil && version > latest {
		return errs.Wrap(errs.Conflict, op, fmt.Sprintf("the database schema is at version %d, this program knows versions up to %d: "+
			"run a newer program", version, latest), err)
	}
	return errs.Wrap(errs.Internal, op, "the database schema could not be migrated", err)
}
