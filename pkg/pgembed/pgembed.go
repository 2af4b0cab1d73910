//go:build unix

// Package pgembed runs a private PostgreSQL server from binaries that are
// already on the machine: one cluster, in one directory, reachable only over a
// unix socket in a directory that only its owner may enter.
//
// # Crash safety
//
// Nothing here relies on a clean exit. A directory is used by one process at a
// time (flock, which the kernel drops with the process). initdb works in a side
// directory that is renamed when it is complete. When the process that started
// the server was killed, its postmaster keeps running; the next [Start] on the
// directory finds it, stops it (fast shutdown, then harder) and starts a new
// one, so that settings, supervision and session state are always those of the
// living process. When the postmaster itself is killed, the supervisor restarts
// it as soon as its last backend has let go of the shared memory.
//
// # Root
//
// PostgreSQL refuses to run as root. Started by root, this package runs initdb
// and postgres as the owner of the existing cluster or, for a new one, as
// [Options.User], "postgres" or "nobody", whichever exists first. Parents of the
// directory may stay closed to that user on Linux: the children get an open handle
// of it and address it as /proc/self/fd/3.
package pgembed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Superuser is the database role that owns everything in the cluster.
const Superuser = "cairn"

// Options say where and how a cluster runs. Only Dir is required.
type Options struct {
	// Dir holds the cluster: data/ (PGDATA), postgres.log, and small files for
	// lock and socket. It is made if missing.
	Dir string
	// BinDir is a folder with postgres and initdb. When empty, [Find] looks for
	// one.
	BinDir string
	// User is the account for the server's processes when the caller is root
	// and the cluster is new. When empty, "postgres" or "nobody" is used.
	User string
	// Throwaway trades all durability for speed (fsync off) and removes Dir when
	// the cluster stops or this process ends in whatever way. For tests.
	Throwaway bool
	// Settings are server settings that replace the package's own defaults.
	Settings map[string]string
	// Logger receives what happens to the server; nil discards it. The server's
	// own log is in Dir.
	Logger *slog.Logger
	// StartTimeout limits the wait until the server accepts connections, crash
	// recovery included; 5 minutes when zero.
	StartTimeout time.Duration
}

// Cluster is a running server. Its methods may be called concurrently.
type Cluster struct {
	opts    Options
	log     *slog.Logger
	bin     Binaries
	acct    account
	dir     string // resolved Dir
	data    string // Dir/data
	socket  string // directory of the socket, as clients see it
	marker  string // cluster_name: identifies the postmaster in the process list
	lock    io.Closer
	guard   io.Closer
	tmpSock bool

	stopping chan struct{}
	stopOnce sync.Once
	stopErr  error
	done     chan struct{}

	mu   sync.Mutex
	proc *process
	err  error
}

// Start runs the cluster in opts.Dir, initialising it when it is new, and
// returns when it accepts connections. The cluster outlives ctx, which only
// limits the start.
func Start(ctx context.Context, opts Options) (_ *Cluster, err error) {
	if opts.Dir == "" {
		return nil, errors.New("pgembed: no directory given")
	}
	if opts.StartTimeout <= 0 {
		opts.StartTimeout = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, opts.StartTimeout)
	defer cancel()

	c := &Cluster{opts: opts, log: opts.Logger, stopping: make(chan struct{}), done: make(chan struct{})}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	begun := time.Now()
	if err := c.take(); err != nil {
		return nil, fmt.Errorf("pgembed: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.release())
		}
	}()
	if err := c.prepare(ctx); err != nil {
		return nil, fmt.Errorf("pgembed: %w", err)
	}
	p, err := c.launch(ctx)
	if err != nil {
		return nil, fmt.Errorf("pgembed: %w", err)
	}
	c.proc = p
	c.log.Info("postgres started", "version", c.bin.Version, "dir", c.dir, "pid", p.pid(), "took", time.Since(begun).Round(time.Millisecond))
	go c.supervise(p)
	return c, nil
}

// take makes the directory and reserves it for this process.
func (c *Cluster) take() error {
	abs, err := filepath.Abs(c.opts.Dir)
	if err != nil {
		return err
	}
	// 0711: the server's account may pass through to data/, which is 0700.
	if err := os.MkdirAll(abs, 0o711); err != nil {
		return fmt.Errorf("making the cluster's directory: %w", err)
	}
	if c.dir, err = filepath.EvalSymlinks(abs); err != nil {
		return err
	}
	c.data = filepath.Join(c.dir, "data")
	c.marker = markerOf(c.dir)
	if c.opts.Throwaway {
		// What is thrown away must have been made here.
		if found, err := os.ReadDir(c.dir); err != nil || len(found) > 0 {
			return errors.Join(fmt.Errorf("a throw-away cluster needs an empty directory, %s is not", c.dir), err)
		}
	}
	if c.lock, err = lockDir(c.dir); err != nil {
		return err
	}
	if c.opts.Throwaway {
		if c.guard, err = startGuard(c.dir); err != nil {
			return errors.Join(err, c.lock.Close())
		}
	}
	return nil
}

// prepare does everything up to the launch of the server: account, binaries,
// initdb and settings.
func (c *Cluster) prepare(ctx context.Context) error {
	have, err := dataVersion(c.data)
	if err != nil {
		return err
	}
	if c.opts.BinDir != "" {
		c.bin, err = inspect(ctx, c.opts.BinDir)
	} else {
		c.bin, err = machine().find(ctx, have)
	}
	if err != nil {
		return err
	}
	if have != 0 && c.bin.Major() != have {
		return fmt.Errorf("the cluster in %s was made by PostgreSQL %d, the binaries in %s are %s: install PostgreSQL %d or dump and restore the data",
			c.dir, have, c.bin.Dir, c.bin.Version, have)
	}
	if c.acct, err = accountFor(c.data, c.opts.User); err != nil {
		return err
	}
	if err := c.checkAccess(ctx); err != nil {
		return err
	}
	if have == 0 {
		if err := c.initialise(ctx); err != nil {
			return err
		}
	}
	if c.socket, c.tmpSock, err = socketDir(c.dir, c.data, c.acct); err != nil {
		return err
	}
	note := filepath.Join(c.dir, socketNote)
	if c.tmpSock { // told to the guard, and to whoever looks for it
		err = os.WriteFile(note, []byte(c.socket), 0o600)
	} else if err = os.Remove(note); errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("noting where the socket is: %w", err)
	}
	if err := c.writeSettings(); err != nil {
		return err
	}
	return rotateLog(c.logPath())
}

func (c *Cluster) logPath() string { return filepath.Join(c.dir, "postgres.log") }

// ConnString is the connection URL of a database of the cluster, as the
// superuser over the unix socket.
func (c *Cluster) ConnString(database string) string { return connString(c.socket, database) }

// EnsureDatabase creates the database unless it exists.
func (c *Cluster) EnsureDatabase(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, c.ConnString("postgres"))
	if err != nil {
		return fmt.Errorf("pgembed: connecting: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", database).Scan(&exists); err != nil {
		return fmt.Errorf("pgembed: looking for database %q: %w", database, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "create database "+pgx.Identifier{database}.Sanitize()); err != nil {
		return fmt.Errorf("pgembed: creating database %q: %w", database, err)
	}
	return nil
}

// PID is the postmaster's process id; it changes when the supervisor restarts
// the server.
func (c *Cluster) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.proc.pid()
}

// Version is the server's version, such as "15.18".
func (c *Cluster) Version() string { return c.bin.Version }

// Dir is the cluster's directory, with symbolic links resolved.
func (c *Cluster) Dir() string { return c.dir }

// Done is closed when the server is down for good: after [Cluster.Stop], or
// when the supervisor gave up restarting it; Err tells which.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err is nil while the server runs or was stopped on purpose, otherwise the
// reason why it could not be kept running.
func (c *Cluster) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Stop ends the server with a fast shutdown (open transactions are rolled back,
// a checkpoint is written) and waits for its exit. When ctx ends first the
// server is shut down without checkpoint, which costs recovery at the next
// start but loses nothing. Later calls return the result of the first.
func (c *Cluster) Stop(ctx context.Context) error {
	c.stopOnce.Do(func() {
		c.mu.Lock()
		close(c.stopping)
		p := c.proc
		c.mu.Unlock()
		c.stopErr = p.stop(ctx)
		<-c.done
		c.log.Info("postgres stopped", "dir", c.dir)
		c.stopErr = errors.Join(c.stopErr, c.release())
	})
	return c.stopErr
}

// release gives back what prepare took.
func (c *Cluster) release() error {
	var errs []error
	if c.tmpSock {
		errs = append(errs, os.RemoveAll(c.socket))
	}
	if c.opts.Throwaway {
		errs = append(errs, os.RemoveAll(c.dir))
	}
	if c.guard != nil {
		errs = append(errs, c.guard.Close())
	}
	if err := c.lock.Close(); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("pgembed: cleaning up %s: %w", c.dir, err)
	}
	return nil
}

// The supervisor's patience: this many failed attempts in a row, each after a
// longer pause, then it gives up. A server that ran for steadyAfter counts as
// recovered.
const (
	maxRestarts = 6
	steadyAfter = time.Minute
)

// supervise restarts the server when it exits unasked.
func (c *Cluster) supervise(p *process) {
	defer close(c.done)
	failures := 0
	for {
		began := time.Now()
		<-p.exited
		select {
		case <-c.stopping:
			return
		default:
		}
		c.log.Error("postgres exited unexpectedly, restarting", "dir", c.dir, "state", p.state())
		if time.Since(began) > steadyAfter {
			failures = 0
		}
		next, err := c.relaunch(&failures)
		if err != nil {
			c.log.Error("postgres cannot be restarted", "dir", c.dir, "error", err)
			c.mu.Lock()
			c.err = fmt.Errorf("pgembed: %w", err)
			c.mu.Unlock()
			return
		}
		if next == nil {
			return
		}
		p = next
	}
}

// relaunch starts the server again, with pauses between attempts. It returns
// nil, nil when the cluster is being stopped meanwhile.
func (c *Cluster) relaunch(failures *int) (*process, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.StartTimeout)
	defer cancel()
	go func() {
		select {
		case <-c.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		*failures++
		p, err := c.launch(ctx)
		if err == nil {
			c.mu.Lock()
			c.proc = p
			c.mu.Unlock()
			select {
			case <-c.stopping: // Stop saw the previous process only.
				return nil, p.stop(context.Background())
			default:
			}
			c.log.Info("postgres restarted", "dir", c.dir, "pid", p.pid())
			return p, nil
		}
		select {
		case <-c.stopping:
			return nil, nil
		default:
		}
		if *failures >= maxRestarts {
			return nil, fmt.Errorf("gave up after %d attempts: %w", *failures, err)
		}
		c.log.Warn("postgres restart attempt failed", "dir", c.dir, "attempt", *failures, "error", err)
		select {
		case <-c.stopping:
			return nil, nil
		case <-time.After(100 * time.Millisecond << *failures):
		}
	}
}

// dataVersion is the major version of the cluster in data, 0 when there is
// none.
func dataVersion(data string) (int, error) {
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Lstat(data); err == nil {
			return 0, fmt.Errorf("%s exists but holds no cluster (no PG_VERSION): move it away or choose another directory", data)
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the cluster's version (is it another user's?): %w", err)
	}
	var major int
	if _, err := fmt.Sscanf(strings.TrimSpace(string(b)), "%d", &major); err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION is damaged: %q", data, b)
	}
	return major, nil
}
