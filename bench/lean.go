package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// leanClient asks over one connection and does no more than it must, as clients
// that are written for measuring do: net/http takes a third of the processor time
// that the server and PostgreSQL take for a small answer, of the same cores.
type leanClient struct {
	conn    net.Conn
	in      *bufio.Reader
	host    string
	request []byte
}

// leanTimeout bounds one request.
const leanTimeout = time.Minute

// maxClients is the most clients of one workload.
const maxClients = 64

// get makes a request as the client of a number, which asks for one thing at a
// time; any status but 200 is an error.
func (s *server) get(client int, path, accept string) error {
	for again := false; ; again = true {
		c := s.lean[client]
		if c == nil {
			var err error
			if c, err = dialLean(s.origin); err != nil {
				return err
			}
			s.lean[client] = c
		}
		err := c.get(path, accept)
		if err == nil {
			return nil
		}
		c.close()
		s.lean[client] = nil
		// The server closes connections that were not used for long.
		if again || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			return err
		}
	}
}

func dialLean(origin string) (*leanClient, error) {
	host := strings.TrimPrefix(origin, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &leanClient{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), host: host}, nil
}

func (c *leanClient) close() { c.conn.Close() }

// get reads an answer to its end; any status but 200 is an error.
func (c *leanClient) get(path, accept string) error {
	b := append(c.request[:0], "GET "...)
	b = append(append(b, path...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, c.host...), "\r\n"...)
	if accept != "" {
		b = append(append(append(b, "Accept: "...), accept...), "\r\n"...)
	}
	c.request = append(b, "\r\n"...)
	if err := c.conn.SetDeadline(time.Now().Add(leanTimeout)); err != nil {
		return err
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("GET %s: %s", path, bytes.TrimSpace(line))
	}
	length, chunked := -1, false
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) { // as Go's server writes them
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case "Transfer-Encoding":
			chunked = true
		}
	}
	switch {
	case chunked:
		return c.chunks()
	case length < 0:
		return fmt.Errorf("GET %s: an answer without its length", path)
	}
	_, err = c.in.Discard(length)
	return err
}

func (c *leanClient) chunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := c.in.Discard(int(n)); err != nil {
			return err
		}
		end := make([]byte, 2)
		if _, err := io.ReadFull(c.in, end); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}
