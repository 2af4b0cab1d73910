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
		{"SELECT " + strings.Repeat("(", 70) + "1" + strings.Repeat(")", 70) + " FROM EHR e", 400, "limit of 64"},
		{"SELECT 1 FROM EHR e CONTAINS (COMPOSITION" + strings.Repeat(" AND COMPOSITION", 70) + ")", 400, "limit of 64"},
		{"SELECT e/ehr_id" + strings.Repeat(", e/ehr_id", 600) + " FROM EHR e", 400, "limit of 500"},
		{"SELECT 1 FROM EHR e -- " + strings.Repeat("x", 70_000), 414, "max-query"},
	} {
		status, body, err := ask(t.Context(), s, c.q)
		if err != nil || status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%.300s: %d %.300s, %v; want %d and %s", c.q, status, body, err, c.status, c.want)
		}
	}
}

// TestQuerySizeAndCostOverHTTP: the limits of bytes and of estimated cost.
func TestQuerySizeAndCostOverHTTP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(*Options)
		q    string
		want string
	}{
		"bytes": {func(o *Options) { o.QueryMaxBytes = 1000 }, "SELECT c FROM EHR e CONTAINS COMPOSITION c", "more than 1000 bytes"},
		"cost":  {func(o *Options) { o.QueryMaxCost = 5 }, "SELECT a FROM EHR e CONTAINS ELEMENT a", "over the limit of 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions(t)
			c.set(&o)
			s := runningWith(t, o, 1, 1)
			if status, body, err := ask(t.Context(), s, c.q); err != nil || status != http.StatusRequestEntityTooLarge || !strings.Contains(body, c.want) {
				t.Errorf("%s: %d %.300s, %v; want %s", c.q, status, body, err, c.want)
			}
			if status, body, err := ask(t.Context(), s, "SELECT 1 FROM EHR e LIMIT 1"); err != nil || status != http.StatusOK {
				t.Errorf("a small query: %d %.300s, %v", status, body, err)
			}
		})
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
