//go:build unix

package pgembed

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one run of the postmaster.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed after Wait returned
	err    error         // of Wait; read after exited
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// state says how the process ended; to be called after exited.
func (p *process) state() string { return p.cmd.ProcessState.String() }

// How long each step of a shutdown may take before a harder one.
const (
	fastStop      = 60 * time.Second
	immediateStop = 10 * time.Second
)

// stop ends the postmaster: fast shutdown, after ctx or fastStop an immediate
// one, at last SIGKILL.
func (p *process) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fastStop)
	defer cancel()
	gone := func(d <-chan struct{}) bool {
		select {
		case <-p.exited:
			return true
		case <-d:
			return false
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if gone(ctx.Done()) {
		return nil
	}
	cause := ctx.Err()
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		t, cancel := context.WithTimeout(context.Background(), immediateStop)
		ok := gone(t.Done())
		cancel()
		if ok {
			return fmt.Errorf("pgembed: the server did not shut down in time and was ended with %v; the next start runs crash recovery: %w", sig, cause)
		}
	}
	return fmt.Errorf("pgembed: the server (pid %d) does not end", p.pid())
}

// launch clears away what an earlier postmaster left, starts a new one and waits
// until it accepts connections. While backends of a killed predecessor still
// hold the shared memory it tries again.
func (c *Cluster) launch(ctx context.Context) (*process, error) {
	for {
		if err := c.stopOrphan(ctx); err != nil {
			return nil, err
		}
		p, err := c.spawn(ctx)
		if err == nil {
			return p, nil
		}
		var early *earlyExit
		if !errors.As(err, &early) || !strings.Contains(early.log, "is still in use") {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// earlyExit tells that the postmaster ended before it was ready.
type earlyExit struct {
	state string
	log   string
}

func (e *earlyExit) Error() string {
	return fmt.Sprintf("the server ended while starting (%s); its log says: %s", e.state, e.log)
}

func (c *Cluster) spawn(ctx context.Context) (*process, error) {
	logFile, err := os.OpenFile(c.logPath(), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	start, err := logFile.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	// Background: the server's life is not the start's.
	cmd, release, err := c.acct.command(context.Background(), c.data, c.bin.postgres(), func(dir string) []string {
		socket := c.socket
		if socket == c.data {
			socket = dir
		}
		return []string{
			"-D", dir, "-p", "5432",
			"-c", "cluster_name=" + c.marker,
			"-c", "listen_addresses=",
			"-c", "unix_socket_directories=" + quoteDir(socket),
			"-c", "unix_socket_permissions=0700",
			"-c", "logging_collector=off", "-c", "log_destination=stderr",
		}
	})
	if err != nil {
		return nil, err
	}
	defer release()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.bin.postgres(), err)
	}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		pf, err := readPidFile(c.data)
		if err == nil && pf.pid == p.pid() && pf.ready {
			return p, nil
		}
		select {
		case <-p.exited:
			return nil, &earlyExit{state: p.state(), log: logTail(logFile, start)}
		case <-ctx.Done():
			stopErr := p.stop(context.Background())
			return nil, errors.Join(fmt.Errorf("the server was not ready in time; its log says: %s", logTail(logFile, start)), ctx.Err(), stopErr)
		case <-tick.C:
		}
	}
}

// quoteDir writes one entry of unix_socket_directories, a comma separated list.
func quoteDir(dir string) string {
	return `"` + strings.ReplaceAll(dir, `"`, `""`) + `"`
}

// logTail is the end of what was written to the log since start.
func logTail(f *os.File, start int64) string {
	const most = 4 << 10
	if end, err := f.Seek(0, io.SeekEnd); err == nil && end-start > most {
		start = end - most
	}
	b, err := io.ReadAll(io.NewSectionReader(f, start, most))
	if err != nil {
		return "(unreadable: " + err.Error() + ")"
	}
	return strings.TrimSpace(string(b))
}

const maxLog = 16 << 20

// rotateLog keeps the log of the previous runs to about twice maxLog.
func rotateLog(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() < maxLog {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Rename(path, path+".1")
}

// pidFile is what a postmaster tells in postmaster.pid.
type pidFile struct {
	pid   int
	ready bool
}

func readPidFile(data string) (pidFile, error) {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return pidFile{}, err
	}
	var pf pidFile
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		switch n {
		case 1:
			if pf.pid, err = strconv.Atoi(text); err != nil {
				return pidFile{}, fmt.Errorf("postmaster.pid begins with %q, not a process id", text)
			}
		case 8:
			pf.ready = text == "ready"
		}
	}
	if pf.pid <= 1 {
		return pidFile{}, fmt.Errorf("postmaster.pid names no process (%d)", pf.pid)
	}
	return pf, lines.Err()
}

// markerOf is the cluster_name of the cluster in dir. It is on the postmaster's
// command line, where a later process recognises it.
func markerOf(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "cairn-" + hex.EncodeToString(sum[:8])
}

// stopOrphan deals with what postmaster.pid names: nothing, a dead process, an
// unrelated one that got the same id, the postmaster that a killed process of
// ours left behind (stopped here), or one that somebody else runs on the same
// directory (an error).
func (c *Cluster) stopOrphan(ctx context.Context) error {
	pf, err := readPidFile(c.data)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		// Postgres itself refuses such a file; it is left by a full disk.
		c.log.Warn("removing a damaged postmaster.pid", "dir", c.dir, "error", err)
		return c.removePidFiles()
	}
	args, err := commandLine(ctx, pf.pid)
	if err != nil {
		return fmt.Errorf("finding out what process %d is, which postmaster.pid names: %w", pf.pid, err)
	}
	switch {
	case len(args) == 0:
		// Dead: postgres removes the file, unless the process is still in the
		// process table because nobody asked for its exit status. Backends that
		// still run are found by the shared memory they hold.
		if syscall.Kill(pf.pid, 0) == nil {
			return c.removePidFiles()
		}
		return nil
	case c.isOurs(args):
		c.log.Warn("stopping the postgres that a killed process left running", "dir", c.dir, "pid", pf.pid)
		return c.stopForeign(ctx, pf.pid)
	case runsOn(args, c.data, pf.pid):
		return fmt.Errorf("the cluster in %s is being run by another program (postgres, process %d): stop that first", c.dir, pf.pid)
	}
	// The id was given to another process. Postgres would refuse to start if
	// that is one of the same user.
	c.log.Warn("removing a stale postmaster.pid", "dir", c.dir, "pid", pf.pid)
	return c.removePidFiles()
}

// removePidFiles removes the files with the postmaster's id. The lock on Dir is
// held, so that none of ours can be starting.
func (c *Cluster) removePidFiles() error {
	for _, path := range []string{filepath.Join(c.socket, socketFile+".lock"), filepath.Join(c.data, "postmaster.pid")} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing a stale file: %w", err)
		}
	}
	return nil
}

func (c *Cluster) isOurs(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, "cluster_name="+c.marker) })
}

// runsOn reports whether a command line is that of a postmaster of the data
// directory.
func runsOn(args []string, data string, pid int) bool {
	name := filepath.Base(args[0])
	if name != "postgres" && name != "postmaster" {
		return false
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil {
		return cwd == data
	}
	return slices.ContainsFunc(args, func(a string) bool { return strings.TrimPrefix(a, "-D") == data })
}

// commandLine is the command line of a process; empty when it is dead. Where
// the system tells it only as one line it is split at blanks.
func commandLine(ctx context.Context, pid int) ([]string, error) {
	if _, err := os.Stat("/proc/self/cmdline"); err == nil {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) || err == nil && len(b) == 0 {
			return nil, nil // an exited process that nobody reaped has an empty one
		}
		return strings.Split(strings.TrimRight(string(b), "\x00"), "\x00"), err
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		return nil, nil
	}
	return strings.Fields(string(out)), err
}

// stopForeign stops a postmaster that is not our child.
func (c *Cluster) stopForeign(ctx context.Context, pid int) error {
	running := func() (bool, error) {
		args, err := commandLine(ctx, pid)
		return err == nil && len(args) > 0 && c.isOurs(args), err
	}
	steps := []struct {
		sig   syscall.Signal
		limit time.Duration
	}{{syscall.SIGINT, fastStop}, {syscall.SIGQUIT, immediateStop}, {syscall.SIGKILL, immediateStop}}
	for _, step := range steps {
		if err := syscall.Kill(pid, step.sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stopping the postgres that was left running (process %d): %w", pid, err)
		}
		for deadline := time.Now().Add(step.limit); time.Now().Before(deadline); {
			alive, err := running()
			if err != nil {
				return err
			}
			if !alive {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("waiting for the postgres that was left running (process %d) to stop: %w", pid, ctx.Err())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return fmt.Errorf("the postgres that was left running (process %d) does not end", pid)
}
