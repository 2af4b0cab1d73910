package pgembed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestKilledPostmasterIsRestarted(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: tempDir(t)})
	exe(t, c, "create table kept as select 1 as x")
	before := c.PID()
	busy := connect(t, c)
	go busy.Exec(context.Background(), "select pg_sleep(2)") // holds the shared memory for a while
	kill(t, before)
	eventually(t, "another postmaster", func() bool { return c.PID() != before })
	if got := query[int](t, c, "select x from kept"); got != 1 {
		t.Error("a committed row is gone")
	}
}

func TestSupervisorGivesUpAndTells(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: tempDir(t)})
	conf := filepath.Join(c.data, "postgresql.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, append(text, "\nno_such_setting = 1\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	kill(t, c.PID())
	select {
	case <-c.Done():
	case <-time.After(time.Minute):
		t.Fatal("still not given up after a minute")
	}
	wantError(t, c.Err(), "gave up", "no_such_setting")
}

func TestOrphanOfAKilledProcessIsReplaced(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	parent, orphan := victim(t, dir)
	_, err := Start(t.Context(), Options{Dir: dir})
	wantError(t, err, "in use", strconv.Itoa(parent.Pid))

	kill(t, parent.Pid)
	parent.Wait()
	if isDead(orphan)() {
		t.Fatal("the postmaster did not outlive its parent, so this tests nothing")
	}
	c := start(t, Options{Dir: dir})
	if !isDead(orphan)() {
		t.Error("the orphan still runs")
	}
	if c.PID() == orphan || query[int](t, c, "select 1") != 1 {
		t.Error("no server of its own")
	}
}

func TestKillOfProcessAndPostmasterLosesNoCommit(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := start(t, Options{Dir: dir})
	exe(t, first, "create table kept (n int primary key)")
	url := first.ConnString("postgres")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	parent, postmaster := victim(t, dir)
	acked := make(chan int, 1)
	go func() { // writes until the connection breaks
		n := 0
		defer func() { acked <- n }()
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		for {
			if _, err := conn.Exec(context.Background(), "insert into kept values ($1)", n+1); err != nil {
				return
			}
			n++
		}
	}()
	time.Sleep(300 * time.Millisecond)
	kill(t, parent.Pid)
	kill(t, postmaster)
	parent.Wait()
	n := <-acked
	if n == 0 {
		t.Fatal("nothing was written before the kill")
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); err != nil {
		t.Fatalf("no stale postmaster.pid, so this tests nothing: %v", err)
	}
	c := start(t, Options{Dir: dir})
	got := query[int](t, c, "select count(*) from kept")
	if got < n || got > n+1 {
		t.Errorf("%d rows after recovery, %d commits were acknowledged", got, n)
	}
}

func TestStalePidOfAnotherProcess(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: tempDir(t)})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Of the same user, or postgres would see by itself that it is not the one.
	sleep, release, err := c.acct.command(t.Context(), "/", "/bin/sleep", func(string) []string { return []string{"100"} })
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sleep.Process.Kill()
		sleep.Wait()
	})
	pidfile := filepath.Join(c.data, "postmaster.pid")
	for name, text := range map[string]string{
		"id given to another process": fmt.Sprintf("%d\n%s\n1\n5432\n%s\n\n  5432001         0\nready   \n", sleep.Process.Pid, c.data, c.socket),
		"damaged by a full disk":      "",
	} {
		if err := errors.Join(os.WriteFile(pidfile, []byte(text), 0o600), c.acct.give(pidfile)); err != nil {
			t.Fatal(err)
		}
		again, err := Start(t.Context(), Options{Dir: c.Dir()})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := again.Stop(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if isDead(sleep.Process.Pid)() {
		t.Error("the other process was ended")
	}
}

func TestServerRunByAnotherProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: tempDir(t)})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd, release, err := c.acct.command(context.Background(), c.data, c.bin.postgres(), func(dir string) []string {
		return []string{"-D", dir, "-k", dir, "-c", "listen_addresses="}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	release()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT)
		cmd.Wait()
	})
	eventually(t, "the other server to be ready", func() bool {
		pf, err := readPidFile(c.data)
		return err == nil && pf.ready
	})
	_, err = Start(t.Context(), Options{Dir: c.Dir()})
	wantError(t, err, "run by another program", strconv.Itoa(cmd.Process.Pid))
	if isDead(cmd.Process.Pid)() {
		t.Error("the other server was ended")
	}
}

func TestInterruptedInitialisationIsRepeated(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "init-123", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, Options{Dir: dir})
	left, err := filepath.Glob(filepath.Join(dir, "init-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if query[int](t, c, "select 1") != 1 {
		t.Error("no server")
	}
}

func TestStopWithoutPatienceStillStops(t *testing.T) {
	t.Parallel()
	c, err := Start(t.Context(), Options{Dir: tempDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(c.PID(), syscall.SIGSTOP); err != nil { // so that it cannot be quick
		t.Fatal(err)
	}
	pid := c.PID()
	go func() {
		time.Sleep(200 * time.Millisecond)
		syscall.Kill(pid, syscall.SIGCONT)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = c.Stop(ctx)
	wantError(t, err, "did not shut down in time")
	if !errors.Is(err, context.DeadlineExceeded) || !isDead(pid)() {
		t.Errorf("error %v, dead %t", err, isDead(pid)())
	}
	start(t, Options{Dir: c.Dir()})
}
