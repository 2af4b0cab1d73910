//go:build unix

package pgembed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// envVictim makes the test binary a process that runs a cluster until it is
// killed: "DIR" or "throwaway:DIR".
const envVictim = "CAIRN_PGEMBED_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envVictim); dir != "" {
		dir, throwaway := strings.CutPrefix(dir, "throwaway:")
		c, err := Start(context.Background(), Options{Dir: dir, Throwaway: throwaway})
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(c.PID())
		select {}
	}
	os.Exit(m.Run())
}

// victim starts a process that runs the cluster in dir, and returns it with the
// postmaster's id.
func victim(t *testing.T, dir string) (*os.Process, int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envVictim+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the process that was to run a cluster says %q", line)
	}
	return cmd.Process, pid
}

// tempDir is a new directory with a short path, closed to everyone but the
// test's user.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pge")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func start(t *testing.T, opts Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func connect(t *testing.T, c *Cluster) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.ConnString("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func query[T any](t *testing.T, c *Cluster, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := connect(t, c).QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func exe(t *testing.T, c *Cluster, sql string) {
	t.Helper()
	if _, err := connect(t, c).Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not have %q", err, part)
		}
	}
}

// kill ends a process as the kernel does when memory is short.
func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func isDead(pid int) func() bool {
	return func() bool {
		args, err := commandLine(context.Background(), pid)
		return err == nil && len(args) == 0
	}
}

func TestANewClusterIsDurableCheckedAndPrivate(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: filepath.Join(tempDir(t), "made", "on demand"), Settings: map[string]string{"work_mem": "17MB"}})
	for setting, want := range map[string]string{
		"data_checksums": "on", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
		"listen_addresses": "", "server_encoding": "UTF8", "work_mem": "17MB", "TimeZone": "UTC",
		"log_min_error_statement": "panic", "jit": "off",
	} {
		if got := query[string](t, c, "select current_setting($1)", setting); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	info, err := os.Stat(c.socket)
	if err != nil {
		t.Fatal(err)
	}
	if perm := info.Mode().Perm(); perm != 0o700 {
		t.Errorf("the socket's directory has mode %o, want 700", perm)
	}
	if !strings.HasPrefix(c.Version(), strconv.Itoa(c.bin.Major())) || c.bin.Major() < MinMajor {
		t.Errorf("version %q, major %d", c.Version(), c.bin.Major())
	}
}

func TestStringsAreOrderedByCodePoint(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: tempDir(t)})
	got := query[[]string](t, c, "select array_agg(s order by s) from unnest($1::text[]) s", []string{"é", "a", "Z", "\U0001F642", "\uFFFD", "z", "_"})
	if diff := cmp.Diff([]string{"Z", "_", "a", "z", "é", "\uFFFD", "\U0001F642"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if got := query[string](t, c, "select upper('é')"); got != "É" {
		t.Errorf("upper('é') = %q: letters beyond ASCII are not known", got)
	}
}

func TestDataOutlivesStopAndStart(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	c := start(t, Options{Dir: dir})
	if err := c.EnsureDatabase(t.Context(), `a "b"`); err != nil {
		t.Fatal(err)
	}
	if err := c.EnsureDatabase(t.Context(), `a "b"`); err != nil {
		t.Errorf("a second time: %v", err)
	}
	exe(t, c, "create table kept as select 7 as x")
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("a second time: %v", err)
	}
	select {
	case <-c.Done():
	default:
		t.Error("Done is open after Stop")
	}
	if err := c.Err(); err != nil {
		t.Errorf("Err after Stop: %v", err)
	}
	c = start(t, Options{Dir: dir})
	if got := query[int](t, c, "select x from kept"); got != 7 {
		t.Errorf("x = %d, want 7", got)
	}
	if !query[bool](t, c, "select exists (select from pg_database where datname = 'a \"b\"')") {
		t.Error("the database is gone")
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	c := start(t, Options{Dir: dir})
	_, err := Start(t.Context(), Options{Dir: dir})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("error %v, want ErrInUse", err)
	}
	wantError(t, err, dir, strconv.Itoa(os.Getpid()))
	if got := query[int](t, c, "select 1"); got != 1 {
		t.Error("the first is disturbed")
	}
}

func TestThrowawayClusterVanishesWithItsProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "c")
	parent, postmaster := victim(t, "throwaway:"+dir)
	kill(t, parent.Pid)
	eventually(t, "the server to end", isDead(postmaster))
	eventually(t, "the directory to be removed", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	})
}

func TestThrowawayClusterRemovesItsDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "c")
	c := start(t, Options{Dir: dir, Throwaway: true})
	if got := query[string](t, c, "show fsync"); got != "off" {
		t.Errorf("fsync %s in a throw-away cluster", got)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
}

func TestThrowawayClusterSparesWhatItFinds(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	file := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(file, []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir, Throwaway: true})
	wantError(t, err, "empty directory", dir)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestLongPathsAndHowTheirSocketIsGuarded(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("long", 30))
	c := start(t, Options{Dir: dir})
	if query[int](t, c, "select 1") != 1 {
		t.Error("no server")
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(c.socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's directory %s is left: %v", c.socket, err)
	}
	// Another user may make a directory of that name first.
	for what, lay := range map[string]func() error{
		"a directory open to others": func() error { return errors.Join(os.Mkdir(c.socket, 0o700), os.Chmod(c.socket, 0o777)) },
		"a link":                     func() error { return os.Symlink("/tmp", c.socket) },
	} {
		if err := lay(); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Options{Dir: dir})
		os.Remove(c.socket)
		if err == nil {
			t.Errorf("%s was used for the socket", what)
			continue
		}
		wantError(t, err, c.socket, "mode 0700")
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"short path": tempDir(t), "long path": filepath.Join(tempDir(t), strings.Repeat("long", 30))} {
		if _, err := Look(dir); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: before the start: %v", name, err)
		}
		c := start(t, Options{Dir: dir})
		r, err := Look(dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r.PID != c.PID() || r.ConnString("x") != c.ConnString("x") {
			t.Errorf("%s: %d %s, want %d %s", name, r.PID, r.ConnString("x"), c.PID(), c.ConnString("x"))
		}
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := Look(dir); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: after the stop: %v", name, err)
		}
	}
}

func TestRootMayKeepTheParentsClosed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root has to run postgres as somebody else")
	}
	for name, mode := range map[string]os.FileMode{"open": 0o755, "closed": 0o700} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := tempDir(t)
			if err := os.Chmod(parent, mode); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(parent, "c")
			c := start(t, Options{Dir: dir})
			if c.acct.uid == 0 || c.acct.byHandle != (mode == 0o700) {
				t.Errorf("account %+v", c.acct)
			}
			exe(t, c, "create table kept as select 1 as x")
			before := c.PID()
			kill(t, before)
			eventually(t, "another postmaster", func() bool { return c.PID() != before })
			if query[int](t, c, "select x from kept") != 1 {
				t.Error("a committed row is gone")
			}
			info, err := os.Stat(parent)
			if err != nil || info.Mode().Perm() != mode {
				t.Errorf("the parent's mode is now %v (%v)", info.Mode(), err)
			}
		})
	}
}

func TestWhatStartRefuses(t *testing.T) {
	t.Parallel()
	bin, err := Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	foreign := func(t *testing.T, version string) string {
		dir := tempDir(t)
		data := filepath.Join(dir, "data")
		if err := os.Mkdir(data, 0o700); err != nil {
			t.Fatal(err)
		}
		if version != "" {
			if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(version), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	tests := []struct {
		name string
		opts Options
		want []string
	}{
		{"no directory", Options{}, []string{"no directory"}},
		{"cluster of another version", Options{Dir: foreign(t, "12\n"), BinDir: bin.Dir}, []string{"PostgreSQL 12", bin.Version}},
		{"cluster of a version that is not installed", Options{Dir: foreign(t, "99\n")}, []string{"PostgreSQL 99"}},
		{"damaged version file", Options{Dir: foreign(t, "what?")}, []string{"damaged", "what?"}},
		{"data folder without cluster", Options{Dir: foreign(t, "")}, []string{"holds no cluster"}},
		{"no binaries in the folder", Options{Dir: tempDir(t), BinDir: "/nowhere"}, []string{"/nowhere"}},
		{"a setting the server does not know", Options{Dir: tempDir(t), Settings: map[string]string{"nonsense": "1"}}, []string{"nonsense"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Start(t.Context(), tt.opts)
			if err == nil {
				c.Stop(context.Background())
			}
			wantError(t, err, tt.want...)
		})
	}
}

func TestUnknownAccount(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("the account matters to root only")
	}
	_, err := Start(t.Context(), Options{Dir: tempDir(t), User: "no-such-user"})
	wantError(t, err, "no-such-user")
	_, err = Start(t.Context(), Options{Dir: tempDir(t), User: "root"})
	wantError(t, err, "does not run")
}

func TestRotateLog(t *testing.T) {
	t.Parallel()
	log := filepath.Join(tempDir(t), "postgres.log")
	for _, step := range []struct {
		size int64
		want []string
	}{{-1, nil}, {10, []string{"postgres.log"}}, {maxLog, []string{"postgres.log.1"}}} {
		if step.size >= 0 {
			if err := errors.Join(os.WriteFile(log, nil, 0o600), os.Truncate(log, step.size)); err != nil {
				t.Fatal(err)
			}
		}
		if err := rotateLog(log); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(log + "*")
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			found[i] = filepath.Base(found[i])
		}
		if !slices.Equal(found, step.want) {
			t.Errorf("after %d bytes: %v, want %v", step.size, found, step.want)
		}
	}
}

func FuzzReadPidFile(f *testing.F) {
	f.Add("123\n/data\n1\n5432\n/data\n\n 1 2\nready   \n")
	f.Add("-5")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		pf, err := readPidFile(dir)
		if err == nil && pf.ready && pf.pid <= 1 {
			t.Errorf("ready with process id %d", pf.pid)
		}
	})
}
