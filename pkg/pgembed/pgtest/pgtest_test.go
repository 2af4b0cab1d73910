//go:build unix

package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDatabasesAreMigratedAndSeparate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a, b := pgtest.Database(t), pgtest.Database(t)
	var tables int
	if err := a.QueryRow(ctx, "select count(*) from pg_tables where schemaname = 'public'").Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables < 2 {
		t.Errorf("the database has %d tables, want Cairn's schema", tables)
	}
	if _, err := a.Exec(ctx, "create table only_in_a (x int)"); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := b.QueryRow(ctx, "select to_regclass('only_in_a') is not null").Scan(&there); err != nil {
		t.Fatal(err)
	}
	if there {
		t.Error("a table made in one database is seen in another")
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("uses a database and leaves a connection open", func(t *testing.T) {
		url = pgtest.URL(t)
		if _, err := pgx.Connect(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	})
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		conn.Close(t.Context())
		t.Errorf("the database %s outlived its test", conn.Config().Database)
	}
}

func TestEmptyURLHasNoSchema(t *testing.T) {
	t.Parallel()
	version, dirty, err := migrations.Version(t.Context(), pgtest.EmptyURL(t))
	if version != 0 || dirty || err != nil {
		t.Errorf("version %d, dirty %t, error %v; want an unmigrated database", version, dirty, err)
	}
}

func BenchmarkDatabase(b *testing.B) {
	for b.Loop() {
		pgtest.URL(b)
	}
}
