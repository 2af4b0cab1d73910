//go:build unix

// Package pgtest gives tests databases of a real PostgreSQL server: each call
// of [URL] or [Database] makes a database of its own, cloned from one that was
// migrated once, and drops it after the test.
//
// The server is the one that CAIRN_TEST_DATABASE_URL names (`make test` starts
// one for all packages). Without that variable the first test that asks for a
// database starts a throw-away server for its package; [Main] stops it, and if
// the test binary dies instead, the cluster's guard does.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/pgembed"
)

// EnvURL names the environment variable with the connection URL of a database
// on the server to use. Its role must be allowed to create databases.
const EnvURL = "CAIRN_TEST_DATABASE_URL"

// startTimeout limits starting the server, and each making of a database.
const startTimeout = 2 * time.Minute

// Main runs a package's tests and stops the server that they started. To be
// called as the only statement of TestMain; it exits the process.
func Main(m interface{ Run() int }) {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		if code == 0 {
			code = 1
		}
	}
	os.Exit(code)
}

// Database is a pool of connections to a fresh, migrated database. Pool and
// database go away with the test.
func Database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, URL(t))
}

// URL is the connection URL of a fresh, migrated database, which is dropped,
// whoever is still connected, when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	return create(t, true)
}

// EmptyURL is like [URL] for a database without Cairn's schema.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return create(t, false)
}

func open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func create(t testing.TB, migrated bool) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	s, err := theServer()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	template := "template0"
	if migrated {
		if template, err = s.template(); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	name := fmt.Sprintf("cairn_test_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), s.serial.Add(1))
	if err := s.exec(ctx, "create database "+name+" template "+template); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		if err := s.exec(ctx, "drop database "+name+" with (force)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return s.urlOf(name)
}

// server is the PostgreSQL server of this test binary.
type server struct {
	admin    *url.URL
	cluster  *pgembed.Cluster // nil when it is somebody else's
	template func() (string, error)
	serial   atomic.Int64
}

// theServer is shared by all tests of the binary: starting one takes longer
// than most tests.
var (
	theServer = sync.OnceValues(startServer)
	started   atomic.Pointer[server]
)

func startServer() (*server, error) {
	s := &server{}
	s.template = sync.OnceValues(s.makeTemplate)
	raw := os.Getenv(EnvURL)
	if raw == "" {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		var err error
		if s.cluster, err = Throwaway(ctx); err != nil {
			return nil, err
		}
		raw = s.cluster.ConnString("postgres")
	}
	var err error
	if s.admin, err = url.Parse(raw); err == nil && s.admin.Scheme != "postgres" && s.admin.Scheme != "postgresql" {
		err = errors.New("not a postgres:// URL")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvURL, err)
	}
	started.Store(s)
	return s, nil
}

func stop() error {
	s := started.Load()
	if s == nil || s.cluster == nil {
		return nil
	}
	return s.cluster.Stop(context.Background())
}

// Throwaway starts a cluster in a new temporary directory, which goes away with
// the cluster or with this process. For programs that run tests; tests call
// [URL] or [Database].
func Throwaway(ctx context.Context) (*pgembed.Cluster, error) {
	dir, err := os.MkdirTemp("", "cairn-pg-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, err
	}
	c, err := pgembed.Start(ctx, pgembed.Options{Dir: dir, Throwaway: true})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

func (s *server) urlOf(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

func (s *server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// makeTemplate finds or makes the migrated database that others are cloned
// from. Test binaries of several packages may do so at the same time on one
// server; the advisory lock lets one of them work. A template that was not
// completed has another name and is made again.
func (s *server) makeTemplate() (_ string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	digest, err := migrations.Digest()
	if err != nil {
		return "", err
	}
	name := "cairn_template_" + digest[:16]
	draft := name + "_draft"
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtext('cairn pgtest template'))"); err != nil {
		return "", err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&exists); err != nil || exists {
		return name, err
	}
	for _, sql := range []string{"drop database if exists " + draft + " with (force)", "create database " + draft + " template template0"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", fmt.Errorf("%s: %w", sql, err)
		}
	}
	if err := migrations.Up(ctx, s.urlOf(draft)); err != nil {
		return "", fmt.Errorf("migrating the template database: %w", err)
	}
	if _, err := conn.Exec(ctx, "alter database "+draft+" rename to "+name); err != nil {
		return "", err
	}
	return name, nil
}
