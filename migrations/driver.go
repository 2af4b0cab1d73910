package migrations

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/golang-migrate/migrate/v4/database"
	"github.com/jackc/pgx/v5/pgconn"
)

// atomic makes a migration and its version number one transaction. The library
// writes the number, marked dirty, before the migration and clears the mark
// after it; a process killed in between would leave a mark that somebody has to
// judge. Here the number is written by the last statement of the migration's own
// transaction, so a database is always at exactly one version.
//
// PostgreSQL runs the statements of one message as one transaction. A migration
// therefore holds no BEGIN or COMMIT, and nothing that refuses a transaction,
// such as CREATE INDEX CONCURRENTLY.
type atomic struct {
	database.Driver
	version int  // of the migration being run
	written bool // by its transaction
}

// SetVersion notes the version of the migration about to run (dirty) and, after
// one that had no statements, writes it.
func (a *atomic) SetVersion(version int, dirty bool) error {
	if dirty {
		a.version, a.written = version, false
		return nil
	}
	if a.written && a.version == version {
		return nil
	}
	return a.Driver.SetVersion(version, false)
}

// Run executes a migration together with the change of version.
func (a *atomic) Run(migration io.Reader) error {
	stamp := "\n;\ntruncate schema_migrations;\n"
	if a.version != database.NilVersion {
		stamp += "insert into schema_migrations (version, dirty) values (" + strconv.Itoa(a.version) + ", false);\n"
	}
	err := a.Driver.Run(io.MultiReader(migration, strings.NewReader(stamp)))
	if err != nil {
		return brief(a.version, err)
	}
	a.written = true
	return nil
}

// brief is the library's error without the text of the whole migration.
func brief(version int, err error) error {
	var of database.Error
	if !errors.As(err, &of) {
		return err
	}
	where := fmt.Sprintf("migrating to version %d", max(version, 0))
	var pg *pgconn.PgError
	if errors.As(of.OrigErr, &pg) && of.Line > 0 {
		where += fmt.Sprintf(", line %d", of.Line)
	}
	return fmt.Errorf("%s: %w", where, of.OrigErr)
}
