package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/store"
)

func TestMain(m *testing.M) { pgtest.Main(answered{m}) }

const (
	systemID = "test.cairn"
	// templateID has what a URL must encode: a space, a slash and a percent sign.
	templateID = "Cairn test/finding 100%"
	origin     = "https://cdr.example.org"
	base       = "/openehr/v1"
)

// api is a client of an API over a database of its own.
type api struct {
	t       testing.TB
	handler http.Handler
	db      *store.Store
	queries *queries
	// documents are what was answered in XML.
	documents *documents
	// beyond is set where a test sends what the RM has and the schemas of the
	// OpenAPI documents do not.
	beyond bool
}

// newAPI makes an API with the template of the tests stored, as change would
// have it.
func newAPI(t testing.TB, change ...func(*rest.Config)) *api {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: pgtest.URL(t), Conns: 4, QueryConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	records, err := ehr.New(ehr.Config{Store: db, Decision: ehr.AllowAll{}, SystemID: systemID})
	if err != nil {
		t.Fatal(err)
	}
	a := &api{t: t, db: db, queries: &queries{}, documents: &documents{}}
	t.Cleanup(func() {
		if a.documents != nil {
			a.documents.check(t)
		}
	})
	a.handler = handler(t, append([]func(*rest.Config){func(c *rest.Config) {
		c.Records = records
		c.Queries = a.queries
	}}, change...)...)
	a.do("POST", "/definition/template/adl1.4", template(t, templateID), "Content-Type: application/xml").status(http.StatusCreated)
	return a
}

// beside is another instance on the same database.
func (a *api) beside(change func(*ehr.Config)) *api {
	a.t.Helper()
	cfg := ehr.Config{Store: a.db, Decision: ehr.AllowAll{}, SystemID: systemID}
	change(&cfg)
	records, err := ehr.New(cfg)
	if err != nil {
		a.t.Fatal(err)
	}
	b := *a
	b.handler = handler(a.t, func(c *rest.Config) { c.Records, c.Queries = records, a.queries })
	return &b
}

func handler(t testing.TB, change ...func(*rest.Config)) http.Handler {
	t.Helper()
	cfg := rest.Config{
		Authenticate: func(r *http.Request) (ehr.Actor, error) {
			if r.Header.Get("Authorization") == "none" {
				return ehr.Actor{}, errs.New(errs.Unauthenticated, "test", "who are you")
			}
			return ehr.Actor{ID: "u1", Name: "Dr Actor"}, nil
		},
		Origin: origin, SystemID: systemID, Solution: "Cairn", Version: "test", Vendor: "Cairn",
		Zone: time.UTC,
	}
	for _, f := range change {
		f(&cfg)
	}
	h, err := rest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func file(t testing.TB, name string, replace ...string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer(replace...).Replace(string(b)))
}

func template(t testing.TB, id string) []byte {
	return file(t, "finding.opt", "TEMPLATE-ID", id, "TEMPLATE-UID", uuid.NewString())
}

// composition is a COMPOSITION on the template, with replacements in its text.
func composition(t testing.TB, replace ...string) []byte {
	return []byte(strings.NewReplacer(replace...).Replace(string(file(t, "finding.json", "TEMPLATE-ID", templateID))))
}

// result is an answer.
type result struct {
	t      testing.TB
	code   int
	header http.Header
	body   []byte
}

// do sends a request with a path below the base path and headers as lines, and
// checks the answer against the OpenAPI documents.
func (a *api) do(method, path string, body []byte, lines ...string) *result {
	a.t.Helper()
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req := httptest.NewRequest(method, origin+base+path, r)
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		req.Header.Add(name, strings.TrimSpace(value))
	}
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, req)
	res := &result{a.t, w.Code, w.Header(), w.Body.Bytes()}
	checkContract(a.t, method, req.URL, res)
	a.checkCanonical(method+" "+path, req.Header, res)
	if !a.beyond {
		checkBodies(a.t, method, req.URL, body, req.Header, res)
	}
	return res
}

// status checks the status code and gives the result back.
func (r *result) status(want int) *result {
	r.t.Helper()
	if r.code != want {
		r.t.Fatalf("got status %d, want %d: %s", r.code, want, r.body)
	}
	return r
}

// has checks a header; "" wants it absent.
func (r *result) has(name, want string) *result {
	r.t.Helper()
	if got := r.header.Get(name); got != want {
		r.t.Errorf("header %s: got %q, want %q", name, got, want)
	}
	return r
}

// tag is the version uid of the ETag.
func (r *result) tag() string {
	r.t.Helper()
	tag := r.header.Get("ETag")
	if !strings.HasPrefix(tag, `W/"`) || !strings.HasSuffix(tag, `"`) {
		r.t.Fatalf("ETag %q is not weak", tag)
	}
	return tag[3 : len(tag)-1]
}

// empty checks that there is no body.
func (r *result) empty() *result {
	r.t.Helper()
	if len(r.body) > 0 {
		r.t.Errorf("unexpected body %s", r.body)
	}
	return r
}

// json decodes the body.
func (r *result) json(into any) {
	r.t.Helper()
	if got := r.header.Get("Content-Type"); got != "application/json" {
		r.t.Errorf("Content-Type %q", got)
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		r.t.Fatalf("%v: %s", err, r.body)
	}
}

// fault checks that the body is an error body and gives it.
func (r *result) fault() rest.Fault {
	r.t.Helper()
	var members map[string]json.RawMessage
	r.json(&members)
	for _, name := range []string{"message", "code", "errors", "validationErrors", "request_id"} {
		if members[name] == nil || string(members[name]) == "null" {
			r.t.Errorf("error body without %s: %s", name, r.body)
		}
	}
	var f rest.Fault
	r.json(&f)
	return f
}

// newEHR creates an EHR and gives its id.
func (a *api) newEHR() string {
	a.t.Helper()
	return a.do("POST", "/ehr", nil).status(http.StatusCreated).tag()
}

// object is the object id of a version uid.
func object(uid string) string {
	id, _, _ := strings.Cut(uid, "::")
	return id
}

// queries is a QueryRunner that records what it is asked and answers with what
// a test puts into it: the engine has tests of its own.
type queries struct {
	mu   sync.Mutex
	got  rest.QueryRequest
	who  ehr.Actor
	head rest.ResultHead
	rows [][][]byte
	err  error // after the rows
	// repeat multiplies the rows.
	repeat int
	// sent counts the rows that the sink took.
	sent int
}

func (q *queries) RunQuery(_ context.Context, who ehr.Actor, in rest.QueryRequest, sink rest.ResultSink) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.got, q.who, q.sent = in, who, 0
	if q.err != nil && len(q.rows) == 0 {
		return q.err
	}
	if err := sink.Begin(q.head); err != nil {
		return err
	}
	for range max(q.repeat, 1) {
		for _, row := range q.rows {
			if err := sink.Row(row); err != nil {
				return err
			}
			q.sent++
		}
	}
	return q.err
}

// CheckQuery knows only what every query begins with.
func (q *queries) CheckQuery(text string) error {
	if !strings.HasPrefix(text, "SELECT ") {
		return &errs.Error{
			Op: "test", Kind: errs.Invalid, Msg: "the query is not valid",
			Detail: []rest.QueryProblem{{Code: "syntax", Message: "expected SELECT", Line: 1, Column: 1}},
		}
	}
	return nil
}

// escape is one path segment.
func escape(s string) string { return url.PathEscape(s) }
