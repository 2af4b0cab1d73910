package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// endless is a query of more combinations than any server can count.
func endless() string {
	var b strings.Builder
	b.WriteString("SELECT COUNT(*) FROM EHR e CONTAINS ELEMENT a")
	for _, v := range "bcdfghijk" {
		b.WriteString(" AND ELEMENT " + string(v))
	}
	return b.String()
}

// ask runs a query over HTTP.
func ask(ctx context.Context, s *Server, q string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Origin()+"/openehr/v1/query/aql?q="+url.QueryEscape(q), nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// queriesRunning waits until as many queries run in the database.
func queriesRunning(t *testing.T, s *Server, want int) {
	t.Helper()
	n := -1
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		err := s.store.Pool().QueryRow(t.Context(), `select count(*) from pg_stat_activity
			where datname = current_database() and application_name = 'cairn query' and state = 'active'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n == want {
			return
		}
	}
	t.Fatalf("%d queries run, want %d", n, want)
}

// TestQueryLimitsOverHTTP: each limit of a query is answered with its status and
// named.
func TestQueryLimitsOverHTTP(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.QueryTimeout, o.QueryMaxRows = 200*time.Millisecond, 3
	s := runningWith(t, o, 1, 1)
	for _, c := range []struct {
		q      string
		status int
		want   string
	}{
		{endless(), 408, "longer than the limit of 200ms"},
		{"SELECT a FROM EHR e CONTAINS ELEMENT a", 413, "more than 3 rows"},
		{"SELECT COUNT(*) FROM EHR e", 200, `"rows":[[1]]`},
	} {
		status, body, err := ask(t.Context(), s, c.q)
		if err != nil || status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %.300s, %v; want %d and %s", c.q, status, body, err, c.status, c.want)
		}
	}
}

// TestQueriesDoNotStarveTheRecord: with all connections of queries busy, records
// are still written and read, and a client that goes away takes its query along.
func TestQueriesDoNotStarveTheRecord(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.QueryPoolSize, o.QueryTimeout = 1, 5*time.Minute
	s := runningWith(t, o, 1, 1)
	ctx, gone := context.WithCancel(t.Context())
	done := make(chan error, 2)
	for range cap(done) { // one runs, one waits for its connection
		go func() {
			_, _, err := ask(ctx, s, endless())
			done <- err
		}()
	}
	queriesRunning(t, s, 1)
	resp, err := http.Post(s.Origin()+"/openehr/v1/ehr", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("an EHR beside queries: %s", resp.Status)
	}
	fetch(t, s, http.MethodGet, strings.TrimPrefix(resp.Header.Get("Location"), s.Origin()), nil)
	gone()
	for range cap(done) {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the query ended with %v", err)
		}
	}
	queriesRunning(t, s, 0)
	if status, body, err := ask(t.Context(), s, "SELECT COUNT(*) FROM EHR e"); err != nil || status != 200 {
		t.Errorf("a query after them: %d %.300s, %v", status, body, err)
	}
}
