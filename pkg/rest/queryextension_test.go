package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

// ExplainQuery makes the test's runner a rest.QueryExplainer.
func (q *queries) ExplainQuery(_ context.Context, who ehr.Actor, in rest.QueryRequest, analyze bool) ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.got, q.who = in, who
	if q.err != nil {
		return nil, q.err
	}
	if analyze {
		return []byte(`{"plan":"analyzed"}`), nil
	}
	return []byte(`{"plan":"explained"}`), nil
}

func TestQueriesAreExplained(t *testing.T) {
	t.Parallel()
	a := bare(t)
	for body, want := range map[string]string{
		`{"q":"SELECT 1","explain":true}`:                                             `{"plan":"explained"}`,
		`{"q":"SELECT 1","explain":"analyze","fetch":3,"query_parameters":{"x":"y"}}`: `{"plan":"analyzed"}`,
	} {
		res := a.do("POST", "/query/aql", []byte(body)).status(http.StatusOK)
		if got := string(res.body); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
	a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1","explain":false}`)).status(http.StatusOK)
	if f := a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1","explain":"maybe"}`)).status(http.StatusBadRequest).fault(); !strings.Contains(f.Message, "explain must be true") {
		t.Errorf("message %q", f.Message)
	}
	a.queries.err = errs.New(errs.Timeout, "test", "too long")
	a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1","explain":"analyze"}`)).status(http.StatusRequestTimeout).fault()
}

func TestQueriesAsOfATime(t *testing.T) {
	t.Parallel()
	a := bare(t)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	check := func(name string) {
		t.Helper()
		if got := a.queries.got; !got.AsOf.Equal(at) || got.Parameters["version_at_time"] != "2024-05-01T12:00:00.000Z" {
			t.Errorf("%s: as of %v, parameters %v", name, got.AsOf, got.Parameters)
		}
	}
	a.do("GET", "/query/aql?q=SELECT+1&version_at_time=2024-05-01T14:00:00%2B02:00", nil).status(http.StatusOK)
	check("URL")
	a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1","version_at_time":"2024-05-01T12:00:00Z"}`)).status(http.StatusOK)
	check("body")
	a.do("POST", "/query/aql?version_at_time=2024-05-01T12:00:00Z", []byte(`{"q":"SELECT 1","version_at_time":"2024-05-01T12:00:00Z"}`)).status(http.StatusOK)
	check("both")
	a.do("POST", "/query/aql?version_at_time=2024-05-02T12:00:00Z", []byte(`{"q":"SELECT 1","version_at_time":"2024-05-01T12:00:00Z"}`)).status(http.StatusBadRequest).fault()
	a.do("GET", "/query/aql?q=SELECT+1&version_at_time=yesterday", nil).status(http.StatusBadRequest).fault()
	a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1","version_at_time":"2024"}`)).status(http.StatusBadRequest).fault()
}
