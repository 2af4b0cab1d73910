package migrations_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// objects are the names of everything that migrations made in the database.
func objects(t *testing.T, url string) []string {
	t.Helper()
	rows, err := connect(t, url).Query(t.Context(), `
		select kind || ' ' || name from (
			select 'relation' as kind, relname::text as name, relnamespace as ns from pg_class
			union all select 'function', proname || '(' || pg_get_function_identity_arguments(oid) || ')', pronamespace from pg_proc
			union all select 'type', typname, typnamespace from pg_type where typtype in ('e', 'd', 'r')
		) o where ns = 'public'::regnamespace and name not like 'schema\_%' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func wantVersion(t *testing.T, url string, want uint) {
	t.Helper()
	got, dirty, err := migrations.Version(t.Context(), url)
	if got != want || dirty || err != nil {
		t.Errorf("version %d, dirty %t, error %v; want version %d", got, dirty, err, want)
	}
}

func TestUpAndDownMeetInTheMiddle(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.EmptyURL(t)
	latest, err := migrations.Latest()
	if err != nil || latest == 0 {
		t.Fatalf("latest version %d, %v", latest, err)
	}
	wantVersion(t, url, 0)
	if err := migrations.Up(ctx, url); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, url, latest)
	whole := objects(t, url)
	if err := migrations.Up(ctx, url); err != nil {
		t.Errorf("when nothing is to do: %v", err)
	}
	numbers, err := migrations.Numbers()
	if err != nil {
		t.Fatal(err)
	}
	for i := len(numbers) - 1; i >= 0; i-- { // each reverts what it did, and no more
		if err := migrations.Down(ctx, url, 1); err != nil {
			t.Fatalf("down from %d: %v", numbers[i], err)
		}
		var before uint
		if i > 0 {
			before = numbers[i-1]
		}
		wantVersion(t, url, before)
	}
	if left := objects(t, url); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := migrations.Up(ctx, url); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, objects(t, url)); diff != "" {
		t.Errorf("a second time it is another schema (-first +second):\n%s", diff)
	}
	if err := migrations.Down(ctx, url, 0); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, url, 0)
}

func TestDownFurtherThanThereIs(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	err := migrations.Down(t.Context(), url, 1000)
	if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "fewer to revert") {
		t.Errorf("error %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := migrations.Up(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	latest, err := migrations.Latest()
	if err != nil {
		t.Fatal(err)
	}
	wantVersion(t, url, latest)
}

func file(sql string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(sql)} }

func TestAFailingMigrationLeavesTheVersionBefore(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.EmptyURL(t)
	files := fstest.MapFS{
		"0001_a.up.sql": file("create table a (x int)"),
		"0002_b.up.sql": file("create table b (x int);\n\ninsert into b values ('patient data');\n"),
	}
	err := migrations.UpFrom(ctx, files, url)
	if err == nil || !strings.Contains(err.Error(), "migrating to version 2, line 3") {
		t.Errorf("error %v, want it to name version and line", err)
	}
	if e := errs.As(err); e == nil || strings.Contains(e.Msg, "patient data") {
		t.Errorf("the message for clients: %v", e)
	}
	wantVersion(t, url, 1)
	if diff := cmp.Diff([]string{"relation a"}, objects(t, url)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	files["0002_b.up.sql"] = file("create table b (x int) -- corrected")
	if err := migrations.UpFrom(ctx, files, url); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, url, 2)
}

func TestAMigrationCutOffLeavesTheVersionBefore(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.EmptyURL(t)
	files := fstest.MapFS{"0001_slow.up.sql": file("create table slow (x int); select pg_sleep(100)")}
	ended := make(chan error, 1)
	go func() { ended <- migrations.UpFrom(ctx, files, url) }()
	conn := connect(t, url)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var killed int
		err := conn.QueryRow(ctx, `select count(pg_terminate_backend(pid)) from pg_stat_activity
			where datname = current_database() and wait_event = 'PgSleep'`).Scan(&killed)
		if err != nil {
			t.Fatal(err)
		}
		if killed > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the migration did not get under way")
		}
	}
	if err := <-ended; err == nil {
		t.Error("no error from a migration whose connection was cut")
	}
	wantVersion(t, url, 0)
	files["0001_slow.up.sql"] = file("create table slow (x int)")
	if err := migrations.UpFrom(ctx, files, url); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, url, 1)
}

func TestStatesThatNeedAPerson(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, want string }{
		{"half migrated by another tool", "update schema_migrations set dirty = true", "half migrated"},
		{"migrated by a newer program", "update schema_migrations set version = 9999", "version 9999"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			if _, err := connect(t, url).Exec(t.Context(), tt.sql); err != nil {
				t.Fatal(err)
			}
			err := migrations.Up(t.Context(), url)
			if !errs.Is(err, errs.Conflict) || !strings.Contains(errs.As(err).Msg, tt.want) {
				t.Errorf("error %v, want a conflict that says %q", err, tt.want)
			}
		})
	}
}

func TestNoDatabase(t *testing.T) {
	t.Parallel()
	if err := migrations.Up(t.Context(), "postgres://%zz"); !errs.Is(err, errs.Invalid) {
		t.Errorf("malformed url: %v", err)
	}
	if err := migrations.Up(t.Context(), "postgres://x@/x?host=/nowhere"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("no server: %v", err)
	}
}
