//go:build unix

package pgembed

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// socketNote is the file in Dir that tells where the socket is when it is not in
// the data directory.
const socketNote = "socket"

// Running is a cluster that some process runs, as seen by another one, which may
// look at it and connect to it but neither starts nor stops it.
type Running struct {
	PID    int // of the postmaster
	socket string
}

// ErrNotRunning is returned, wrapped, when no server accepts connections.
var ErrNotRunning = errors.New("no server is running")

// Look finds the server that runs on a cluster's directory.
func Look(dir string) (Running, error) {
	data := filepath.Join(dir, "data")
	pf, err := readPidFile(data)
	if errors.Is(err, os.ErrNotExist) || err == nil && !pf.ready {
		return Running{}, fmt.Errorf("pgembed: %s: %w", dir, ErrNotRunning)
	}
	if err != nil {
		return Running{}, fmt.Errorf("pgembed: %s: %w", dir, err)
	}
	r := Running{PID: pf.pid}
	note, err := os.ReadFile(filepath.Join(dir, socketNote))
	switch {
	case err == nil:
		r.socket = string(note)
	case errors.Is(err, os.ErrNotExist):
		r.socket, err = filepath.Abs(data)
	}
	if err != nil {
		return Running{}, fmt.Errorf("pgembed: %s: %w", dir, err)
	}
	return r, nil
}

// ConnString is the connection URL of a database of the cluster, as the
// superuser over the unix socket.
func (r Running) ConnString(database string) string { return connString(r.socket, database) }

func connString(socket, database string) string {
	// In connection URLs a plus sign stands for itself, not for a blank.
	host := strings.ReplaceAll(url.QueryEscape(socket), "+", "%20")
	u := url.URL{Scheme: "postgres", User: url.User(Superuser), Path: "/" + database, RawQuery: "host=" + host + "&sslmode=disable"}
	return u.String()
}
