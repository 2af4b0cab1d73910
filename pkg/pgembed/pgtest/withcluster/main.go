//go:build unix

// Command withcluster runs a command with a throw-away PostgreSQL server, whose
// URL it passes in CAIRN_TEST_DATABASE_URL, and exits with the command's code:
//
//	go run ./pkg/pgembed/pgtest/withcluster go test ./...
//
// When the variable is set already, the command is run with that server.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withcluster COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withcluster:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(command []string) (code int, err error) {
	ctx := context.Background()
	// The command gets a terminal's ctrl-C as well; this process stays to
	// report its end and to stop the server.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)

	if os.Getenv(pgtest.EnvURL) == "" {
		cluster, startErr := pgtest.Throwaway(ctx)
		if startErr != nil {
			return 1, startErr
		}
		defer func() { err = errors.Join(err, cluster.Stop(ctx)) }()
		if err := os.Setenv(pgtest.EnvURL, cluster.ConnString("postgres")); err != nil {
			return 1, err
		}
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 127, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if sig == syscall.SIGTERM { // not sent to the whole group
				if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
					return 1, err
				}
			}
		case err := <-ended:
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				if code := exit.ExitCode(); code > 0 {
					return code, nil
				}
				return 1, err // ended by a signal
			}
			return 0, err
		}
	}
}
