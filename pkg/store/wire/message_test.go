package wire

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Statements of all sizes, of several connections at once, arrive as they were, whether
// others have failed before or not.
func TestMemoryOfMessages(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	digest := Statement{Name: "digest", SQL: `select case when $2 then md5($1 || (1 / (length($1) * 0))::text) else md5($1) end`}
	var group errgroup.Group
	for worker := range 4 {
		group.Go(func() error {
			for n := range 40 {
				text := strings.Repeat(fmt.Sprintf("%d/%d ", worker, n), 1+n*n*7%4000)
				fails := n%5 == worker
				conn, err := pool.Acquire(t.Context())
				if err != nil {
					return err
				}
				var got string
				err = digest.QueryRow(t.Context(), conn.Conn(), false, []any{text, fails}, &got)
				conn.Release()
				if want := fmt.Sprintf("%x", md5.Sum([]byte(text))); (err != nil) != fails || err == nil && got != want {
					return fmt.Errorf("%d bytes: %s %w, want %s", len(text), got, err, want)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// Memory that a connection still has is not lent again.
func TestBack(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	front := conn.Conn().PgConn().Frontend()
	if lend(front, [][]byte{make([]byte, frame)}) != nil {
		t.Error("memory was lent for a small message")
	}
	argument := make([]byte, 10*least)
	m := lend(front, [][]byte{argument})
	if m == nil || cap(m.buf) < len(argument) {
		t.Fatal("no memory was lent for a large message")
	}
	if m.back(front); !m.held {
		t.Error("memory in which a message is made was taken back")
	}
	length, err := conn.Conn().Prepare(t.Context(), "length", `select length($1::bytea)`)
	if err != nil {
		t.Fatal(err)
	}
	m = lend(front, [][]byte{argument})
	result := conn.Conn().PgConn().ExecStatement(t.Context(), length, [][]byte{argument}, []int16{1}, []int16{0}).Read()
	if result.Err != nil || string(result.Rows[0][0]) != "40960" {
		t.Fatalf("%v %s", result.Err, result.Rows)
	}
	if m.back(front); m.held {
		t.Error("the connection keeps the memory of a message that it has sent")
	}
}
