//go:build unix

package pgembed

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrInUse is returned, wrapped, when another process runs the cluster.
var ErrInUse = errors.New("the directory is in use by another process")

// dirLock reserves a directory until it is closed or the process ends in whatever
// way.
type dirLock struct{ file *os.File }

// Close gives the directory free. It unlocks first: a child process that is being
// started at this moment has a copy of the descriptor until it executes its
// program, and closing alone would leave the lock with that.
func (l dirLock) Close() error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

func lockDir(dir string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock (is the directory another user's?): %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("locking %s: %w", dir, err)
		}
		holder, readErr := io.ReadAll(io.LimitReader(f, 32))
		if readErr != nil || len(holder) == 0 {
			holder = []byte("unknown")
		}
		return nil, fmt.Errorf("%s: %w (process %s)", dir, ErrInUse, strings.TrimSpace(string(holder)))
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("writing the lock of %s: %w", dir, err), f.Close())
	}
	return dirLock{f}, nil
}

// guardScript waits for a line (the cluster was stopped) or the end of its
// input (its starter died: stop the server and remove what it left).
const guardScript = `
if read -r _; then exit 0; fi
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
	kill -QUIT "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.1; done
	kill -KILL "$pid" 2>/dev/null
fi
if [ -f "$1/socket" ]; then rm -rf "$(cat "$1/socket")"; fi
rm -rf "$1"
`

// guard is a shell that outlives this process to clean up after it.
type guard struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func startGuard(dir string) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, "sh", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the guard of a throw-away cluster: %w", err)
	}
	return &guard{cmd: cmd, stdin: in}, nil
}

// Close dismisses the guard.
func (g *guard) Close() error {
	_, err := io.WriteString(g.stdin, "stopped\n")
	return errors.Join(err, g.stdin.Close(), g.cmd.Wait())
}
