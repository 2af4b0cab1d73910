//go:build unix

package pgembed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// account is who the server's processes run as.
type account struct {
	uid, gid int
	switched bool // differs from the caller, which is root
	byHandle bool // parents of the cluster are closed to it: pass it an open handle
}

// accountFor chooses the account: the caller unless that is root, otherwise
// the owner of an existing cluster, otherwise name, "postgres" or "nobody".
func accountFor(data, name string) (account, error) {
	uid := os.Geteuid()
	info, err := os.Stat(data)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return account{}, err
	}
	if err == nil {
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return account{}, fmt.Errorf("no ownership information for %s", data)
		}
		switch owner := int(st.Uid); {
		case uid != 0 && owner != uid:
			return account{}, fmt.Errorf("the cluster in %s belongs to user id %d, not to the current user (%d)", data, owner, uid)
		case uid == 0 && owner == 0:
			return account{}, fmt.Errorf("the cluster in %s belongs to root, as whom PostgreSQL does not run: chown -R it to an unprivileged user", data)
		case uid == 0:
			return account{uid: owner, gid: int(st.Gid), switched: true}, nil
		}
	}
	if uid != 0 {
		return account{uid: uid, gid: os.Getegid()}, nil
	}
	names := []string{"postgres", "nobody"}
	if name != "" {
		names = []string{name}
	}
	for _, n := range names {
		u, err := user.Lookup(n)
		if err != nil {
			continue
		}
		id, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return account{}, fmt.Errorf("account %q: %w", n, err)
		}
		if id == 0 {
			return account{}, fmt.Errorf("account %q is root, as whom PostgreSQL does not run", n)
		}
		return account{uid: id, gid: gid, switched: true}, nil
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is no account to run it as (looked for %s)", strings.Join(names, ", "))
}

// give makes the account the owner of a file that root created.
func (a account) give(path string) error {
	if !a.switched {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// command is a child process of the account that runs in dir and sees it as
// the returned path. release must be called after the process was started.
func (a account) command(ctx context.Context, dir, exe string, args func(dir string) []string) (cmd *exec.Cmd, release func(), err error) {
	release = func() {}
	seen, cwd := dir, dir
	var handles []*os.File
	if a.byHandle {
		// The directory is opened by root; the child, already the other
		// account, enters it through the descriptor, past its parents, and
		// hands it down to its own children as descriptor 3.
		f, err := os.Open(dir)
		if err != nil {
			return nil, nil, err
		}
		release = func() { f.Close() }
		handles = []*os.File{f}
		seen, cwd = "/proc/self/fd/3", fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	}
	cmd = exec.CommandContext(ctx, exe, args(seen)...)
	cmd.Dir = cwd
	cmd.Env = childEnv()
	cmd.ExtraFiles = handles
	// A session of its own: a ctrl-C at the terminal is for the caller, who
	// then stops the server in its own time.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return cmd, release, nil
}

// childEnv is the environment of the server's processes: none of the caller's
// PG… variables, and messages in English, which the log is searched for.
func childEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// checkAccess makes sure that the account can run the binaries and work in the
// directory, and finds out whether it can reach it by its path.
func (c *Cluster) checkAccess(ctx context.Context) error {
	if !c.acct.switched {
		return nil
	}
	run := func(a account, dir string) error {
		cmd, release, err := a.command(ctx, dir, c.bin.postgres(), func(string) []string { return []string{"--version"} })
		if err != nil {
			return err
		}
		defer release()
		return cmd.Run()
	}
	if err := run(c.acct, "/"); err != nil {
		return fmt.Errorf("user id %d, as whom PostgreSQL is to run because the current user is root, cannot run %s: %w", c.acct.uid, c.bin.postgres(), err)
	}
	probe, err := os.MkdirTemp(c.dir, "probe-")
	if err != nil {
		return err
	}
	defer os.Remove(probe)
	if err := c.acct.give(probe); err != nil {
		return err
	}
	pathErr := run(c.acct, probe)
	if pathErr == nil {
		return nil
	}
	c.acct.byHandle = true
	if runtime.GOOS == "linux" && run(c.acct, probe) == nil {
		return nil
	}
	return fmt.Errorf("user id %d, as whom PostgreSQL is to run because the current user is root, cannot enter %s: give it execute permission on that directory and all its parents, or choose another directory: %w",
		c.acct.uid, c.dir, pathErr)
}

// maxSocketPath is the longest path of a unix socket that all platforms accept
// (macOS 103 bytes, Linux 107).
const maxSocketPath = 103

const socketFile = ".s.PGSQL.5432"

// socketDir chooses the directory of the socket: the data directory, which only
// its owner can enter, or a short directory for temporary files when the path
// of the socket would be too long.
func socketDir(dir, data string, a account) (socket string, temporary bool, err error) {
	if len(data)+1+len(socketFile) <= maxSocketPath {
		return data, false, nil
	}
	sum := sha256.Sum256([]byte(dir))
	name := fmt.Sprintf("cairn-%d-%s", a.uid, hex.EncodeToString(sum[:6]))
	bases := []string{os.TempDir(), "/tmp"}
	if a.switched { // root's own directory for temporary files may be closed to others
		bases = bases[1:]
	}
	var tried []error
	for _, base := range bases {
		path := filepath.Join(base, name)
		if len(path)+1+len(socketFile) > maxSocketPath {
			tried = append(tried, fmt.Errorf("%s is too long", base))
			continue
		}
		if err := ownDir(path, a); err != nil {
			tried = append(tried, err)
			continue
		}
		return path, true, nil
	}
	return "", false, fmt.Errorf("the path of the socket in %s exceeds %d bytes and no short directory can be used for it: %w", data, maxSocketPath, errors.Join(tried...))
}

// ownDir makes path a directory that only the account can enter. One that
// exists is used only if it is exactly that: in a shared place such as /tmp
// another user could otherwise lay a socket of theirs there.
func ownDir(path string, a account) error {
	err := os.Mkdir(path, 0o700)
	if err == nil {
		return a.give(path)
	}
	if !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != a.uid || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s exists and is not a directory of mode 0700 owned by user id %d", path, a.uid)
	}
	return nil
}
