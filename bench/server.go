package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/cairn-ehr/cairn/pkg/pgembed"
)

// server is a cairn process under test, on its own embedded cluster.
type server struct {
	cmd      *exec.Cmd
	dataDir  string
	log      *os.File
	origin   string // http://127.0.0.1:port
	startup  time.Duration
	procs    *processes
	client   *http.Client
	lean     [maxClients]*leanClient // by the numbers of clients
	database string                  // connection string of the record
}

// start runs the binary on the data directory, with further flags of serve, and
// waits until it is ready.
func start(ctx context.Context, binary, dataDir, logPath string, args ...string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	listen := "127.0.0.1:" + strconv.Itoa(port)
	cmd := exec.Command(binary, append([]string{"serve", "--listen", listen, "--data-dir", dataDir, "--log-level", "warn"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{
		cmd: cmd, dataDir: dataDir, log: log, origin: "http://" + listen,
		client: &http.Client{
			Timeout: 60 * time.Second,
			Transport: &http.Transport{
				MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64, DisableCompression: true,
			},
		},
	}
	for {
		resp, err := s.client.Get(s.origin + "/health/ready")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(began) > time.Minute || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("the server was not ready within a minute; see %s", logPath), s.stop())
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.startup = time.Since(began)
	cluster, err := pgembed.Look(dataDir)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.procs = &processes{server: cmd.Process.Pid, postmaster: cluster.PID}
	s.database = cluster.ConnString("cairn")
	return s, nil
}

func (s *server) stop() error {
	defer s.log.Close()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Success() {
		return fmt.Errorf("the server ended with %v", exit)
	}
	return err
}

// call makes one request and reads the whole answer; any status but those
// wanted is an error that shows the beginning of the body.
func (s *server) call(ctx context.Context, method, path string, body []byte, header map[string]string, want ...int) (http.Header, []byte, error) {
	var rd io.Reader
	if body != nil {
		rd = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.origin+path, rd)
	if err != nil {
		return nil, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range want {
		if resp.StatusCode == w {
			return resp.Header, data, nil
		}
	}
	return nil, nil, fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, data)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
