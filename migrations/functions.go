package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// functionsDir holds the functions that change often. Each of its files is
// applied again when its bytes differ from those applied last, after all
// numbered migrations: whatever functions it creates are dropped first, in all
// their overloads, so that a changed signature leaves nothing behind.
//
// A function that an index, a trigger, a view or a generated column uses cannot
// be dropped and belongs in a numbered migration, as do tables and types. One
// that calls another of this folder does so in a body that is a string, which
// is resolved when it runs.
const functionsDir = "functions"

// functionsTable records what is applied. Like that of the library it is made
// by this package and not by a migration.
const functionsTable = `
	create table if not exists schema_functions (
		file      text primary key,
		digest    text not null,      -- SHA-256 of the file
		functions text[] not null,    -- the names of those it creates
		applied   timestamptz not null default now()
	)`

// functionsLock is the key of the advisory lock that one process holds while it
// compares and applies.
const functionsLock = 0x636169726e66756e

var createsFunction = regexp.MustCompile(`(?im)^[ \t]*create[ \t]+(?:or[ \t]+replace[ \t]+)?(?:function|procedure)[ \t]+([a-z_][a-z0-9_]*)`)

// functionFile is one file of the folder.
type functionFile struct {
	name, digest, sql string
	functions         []string
}

// functionFiles reads the folder, sorted by name. There may be none.
func functionFiles(files fs.FS) ([]functionFile, error) {
	names, err := fs.Glob(files, functionsDir+"/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	owner := map[string]string{}
	var out []functionFile
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(b)
		f := functionFile{name: path.Base(name), digest: hex.EncodeToString(digest[:]), sql: string(b)}
		for _, m := range createsFunction.FindAllStringSubmatch(f.sql, -1) {
			fn := strings.ToLower(m[1])
			if other, ok := owner[fn]; ok && other != f.name {
				return nil, fmt.Errorf("function %s is in %s and in %s", fn, other, f.name)
			}
			owner[fn] = f.name
			f.functions = append(f.functions, fn)
		}
		if len(f.functions) == 0 {
			return nil, fmt.Errorf("%s creates no function", f.name)
		}
		slices.Sort(f.functions)
		f.functions = slices.Compact(f.functions)
		out = append(out, f)
	}
	return out, nil
}

// applyFunctions brings the functions of the database to those of the files, in
// one transaction. It does nothing to a database at another version than the
// files': a newer program's functions are not for an older one to replace.
func applyFunctions(ctx context.Context, db *sql.DB, files fs.FS) error {
	want, err := functionFiles(files)
	if err != nil {
		return err
	}
	latest, err := latestOf(files)
	if err != nil {
		return err
	}
	return inTransaction(ctx, db, func(tx pgx.Tx) error {
		var version int64
		if err := tx.QueryRow(ctx, `select coalesce(max(version), 0) from schema_migrations`).Scan(&version); err != nil {
			return err
		}
		if version != int64(latest) {
			return nil
		}
		applied, err := appliedFunctions(ctx, tx)
		if err != nil {
			return err
		}
		var stale []functionFile
		var drop []string
		for _, f := range want {
			old, ok := applied[f.name]
			delete(applied, f.name)
			if ok && old.digest == f.digest {
				continue
			}
			stale, drop = append(stale, f), append(append(drop, f.functions...), old.functions...)
		}
		for name, f := range applied { // files that are no more
			drop = append(drop, f.functions...)
			if _, err := tx.Exec(ctx, `delete from schema_functions where file = $1`, name); err != nil {
				return err
			}
		}
		// Before any is created, because one may have moved between files.
		if err := dropFunctions(ctx, tx, drop); err != nil {
			return err
		}
		for _, f := range stale {
			if _, err := tx.Exec(ctx, f.sql); err != nil {
				return fmt.Errorf("applying functions of %s%s: %w", f.name, lineOf(f.sql, err), err)
			}
			if _, err := tx.Exec(ctx, `
				insert into schema_functions (file, digest, functions) values ($1, $2, $3)
				on conflict (file) do update set digest = excluded.digest, functions = excluded.functions, applied = now()`,
				f.name, f.digest, f.functions); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeFunctions drops what applyFunctions made, and its record.
func removeFunctions(ctx context.Context, db *sql.DB) error {
	return inTransaction(ctx, db, func(tx pgx.Tx) error {
		applied, err := appliedFunctions(ctx, tx)
		if err != nil {
			return err
		}
		var drop []string
		for _, f := range applied {
			drop = append(drop, f.functions...)
		}
		if err := dropFunctions(ctx, tx, drop); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `drop table schema_functions`)
		return err
	})
}

func appliedFunctions(ctx context.Context, tx pgx.Tx) (map[string]functionFile, error) {
	if _, err := tx.Exec(ctx, functionsTable); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `select file, digest, functions from schema_functions`)
	if err != nil {
		return nil, err
	}
	out := map[string]functionFile{}
	var f functionFile
	_, err = pgx.ForEachRow(rows, []any{&f.name, &f.digest, &f.functions}, func() error {
		out[f.name] = f
		f.functions = nil
		return nil
	})
	return out, err
}

// dropFunctions drops all overloads of the functions named that are in the
// current schema, in one statement: they may need each other.
func dropFunctions(ctx context.Context, tx pgx.Tx, names []string) error {
	var drop string
	if err := tx.QueryRow(ctx, `
		select coalesce('drop routine ' || string_agg(oid::regprocedure::text, ', ' order by oid), '')
		from pg_proc where pronamespace = current_schema()::regnamespace and proname = any($1)`, names).Scan(&drop); err != nil {
		return err
	}
	if drop == "" {
		return nil
	}
	_, err := tx.Exec(ctx, drop)
	return err
}

// inTransaction runs do alone among all processes that share the database.
func inTransaction(ctx context.Context, db *sql.DB, do func(pgx.Tx) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		return pgx.BeginFunc(ctx, driver.(*stdlib.Conn).Conn(), func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(functionsLock)); err != nil {
				return err
			}
			return do(tx)
		})
	})
}

// lineOf says in which line of a file PostgreSQL found an error, if it told.
func lineOf(text string, err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Position <= 0 {
		return ""
	}
	runes := []rune(text)
	return fmt.Sprintf(", line %d", 1+strings.Count(string(runes[:min(int(pg.Position)-1, len(runes))]), "\n"))
}

// functionsError is what stands behind an error of this file.
func functionsError(op string, err error) error {
	return errs.Wrap(errs.Internal, op, "the functions of the database schema could not be applied", err)
}
