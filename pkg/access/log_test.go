package access

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// sink is where entries go, and the clock.
type sink struct {
	list []ehr.Access
	err  error
	now  time.Time
}

func (s *sink) save(_ context.Context, list []ehr.Access) error {
	if s.err == nil {
		s.list = append(s.list, list...)
	}
	return s.err
}

func logTo(s *sink, required bool, queue int) *Log {
	s.now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return New(Config{
		Save: s.save, Required: required, OpenEHR: "/openehr/v1", FHIR: "/fhir/r4", Queue: queue,
		Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

func named1(n int) (list []ehr.Access) {
	for range n {
		list = append(list, ehr.Access{Actor: ehr.Actor{ID: "a"}, Status: 200})
	}
	return list
}

// What does not find a place is counted, and a note tells of it once.
func TestLost(t *testing.T) {
	t.Parallel()
	s := &sink{err: errors.New("down")}
	l := logTo(s, false, 5)
	l.add(named1(8)...)
	if err := l.Flush(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if got := l.Stats(); got != (Stats{Lost: 3, Waiting: 5}) {
		t.Errorf("%+v", got)
	}
	s.err = nil
	for range 2 {
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.list) != 6 || s.list[5].Lost != 3 || s.list[5].Interaction != "lost" {
		t.Errorf("%+v", s.list)
	}
	if got := l.Stats(); got != (Stats{Written: 5, Lost: 3}) {
		t.Errorf("%+v", got)
	}
	l.add(named1(3 * maxGroup / 2)...)
	if got := l.Stats(); got.Waiting != 5 {
		t.Errorf("%+v", got)
	}
}

// Callers without a name cannot fill the queue.
func TestUnnamed(t *testing.T) {
	t.Parallel()
	s := &sink{}
	l := logTo(s, true, 1000)
	for range 500 {
		l.add(ehr.Access{Status: 401})
	}
	l.add(named1(2)...)
	if got := l.Stats(); got.Waiting != maxAnonymous+2 || got.Unnamed != 500-maxAnonymous {
		t.Errorf("%+v", got)
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if note := s.list[len(s.list)-1]; note.Lost != 500-maxAnonymous || note.Status != 401 {
		t.Errorf("%+v", note)
	}
	l.add(ehr.Access{Status: 401})
	if got := l.Stats(); got.Waiting != 1 {
		t.Errorf("%+v", got)
	}
}

// Where accesses have to be recorded, requests are refused while they cannot be,
// and those that were let in are kept beyond the queue.
func TestRequired(t *testing.T) {
	t.Parallel()
	s := &sink{err: errors.New("down")}
	l := logTo(s, true, 3)
	who := l.Authenticator(func(*http.Request) (ehr.Actor, error) { return ehr.Actor{ID: "a"}, nil })
	try := func() error {
		_, err := who(httptest.NewRequest("GET", "/fhir/r4/Patient", nil))
		return err
	}
	if err := try(); err != nil {
		t.Fatal(err)
	}
	l.add(named1(4)...)
	if err := try(); !errs.Is(err, errs.Unavailable) {
		t.Errorf("full: %v", err)
	}
	s.err = nil
	if err := l.Flush(t.Context()); err != nil || len(s.list) != 4 {
		t.Fatal(err, s.list)
	}
	if err := try(); err != nil {
		t.Error(err)
	}
	s.err = errors.New("down")
	l.add(named1(1)...)
	if err := l.Flush(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if err := try(); err != nil {
		t.Errorf("at once: %v", err)
	}
	s.now = s.now.Add(time.Minute)
	if err := try(); !errs.Is(err, errs.Unavailable) {
		t.Errorf("after a minute: %v", err)
	}
}

// A request leaves its trace if its handler panics, too, and what it was refused
// is told beside what it was not.
func TestTrail(t *testing.T) {
	t.Parallel()
	const a, b = "7d44b88c-4199-4bad-97dc-d78268e01398", "8d44b88c-4199-4bad-97dc-d78268e01398"
	s := &sink{}
	l := logTo(s, false, 1000)
	point := l.Decision(deny(b))
	who := l.Authenticator(func(*http.Request) (ehr.Actor, error) { return ehr.Actor{ID: "ward"}, nil })
	h := l.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := who(r)
		if err != nil {
			t.Error(err)
		}
		for range 40 {
			for _, id := range []string{a, b} {
				err = point.Decide(r.Context(), actor, ehr.ActionQuery, ehr.Target{EHRID: id, Class: "Observation"})
			}
			err = errors.Join(err, point.Decide(r.Context(), actor, ehr.ActionRead, ehr.Target{Class: "Observation"}))
		}
		ehr.Shown(r.Context())(7)
		ehr.Shown(r.Context())(7)
		panic(http.ErrAbortHandler)
	}))
	func() {
		defer func() { _ = recover() }() // as net/http does
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/fhir/r4", nil))
	}()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.list) != 3 {
		t.Fatalf("%+v", s.list)
	}
	for i, want := range []struct {
		id     string
		no     int64
		status int
	}{{a, 0, 500}, {b, 0, 403}, {"00000000-0000-0000-0000-000000000000", 7, 500}} {
		if got := s.list[i]; got.EHR.String() != want.id || got.EHRNo != want.no || got.Status != want.status || got.Interaction != "batch" {
			t.Errorf("%+v", got)
		}
	}
	s.list = nil
	h = l.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, _ := who(r)
		_ = point.Decide(r.Context(), actor, ehr.ActionCreate, ehr.Target{EHRID: b, Class: "COMPOSITION"})
		_ = point.Decide(r.Context(), actor, ehr.ActionCreate, ehr.Target{EHRID: a, Class: "COMPOSITION"})
		w.WriteHeader(http.StatusForbidden)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/openehr/v1/ehr/"+b+"/composition", nil))
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.list) != 1 || s.list[0].Action != "C" || s.list[0].Interaction != "create" || s.list[0].EHR.String() != b {
		t.Errorf("%+v", s.list)
	}
}

type deny string

func (d deny) Decide(_ context.Context, _ ehr.Actor, _ ehr.Action, on ehr.Target) error {
	if on.EHRID == string(d) {
		return errs.New(errs.Forbidden, "test", "no")
	}
	return nil
}

func TestInteractions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		door, method, path, code string
		reading                  bool
	}{
		{"fhir", "GET", "Patient", "search-type", true},
		{"fhir", "HEAD", "Patient/1", "read", true},
		{"fhir", "GET", "Patient/1/_history", "history-instance", true},
		{"fhir", "GET", "Patient/1/_history/2", "vread", true},
		{"fhir", "GET", "Patient/_history", "history-type", true},
		{"fhir", "GET", "_history", "history-system", true},
		{"fhir", "POST", "Patient/_search", "search-type", true},
		{"fhir", "POST", "", "batch", true},
		{"fhir", "POST", "Patient/1/$everything", "operation", true},
		{"fhir", "GET", "$export-file/1/2", "operation", true},
		{"fhir", "POST", "Observation", "create", false},
		{"fhir", "DELETE", "$export-status/1", "delete", false},
		{"openehr", "GET", "ehr", "search-type", true},
		{"openehr", "GET", "ehr/1", "read", true},
		{"openehr", "GET", "ehr/1/composition/u::s::1", "vread", true},
		{"openehr", "GET", "ehr/1/versioned_composition/u/revision_history", "history-instance", true},
		{"openehr", "POST", "query/aql", "operation", true},
		{"openehr", "GET", "query/org.example::vitals", "operation", true},
		{"openehr", "PUT", "ehr/1/composition/u", "update", false},
		{"openehr", "POST", "ehr/1/composition", "create", false},
		{"openehr", "OPTIONS", "ehr/1", "capabilities", false},
	} {
		code, reading := interactionOf(tt.door, tt.method, tt.path)
		if code != tt.code || reading != tt.reading {
			t.Errorf("%s %s: %s %t", tt.method, tt.path, code, reading)
		}
	}
}

func BenchmarkMiddleware(b *testing.B) {
	s := &sink{}
	l := logTo(s, false, 1000)
	l.Config.Save = func(context.Context, []ehr.Access) error { return nil }
	point := l.Decision(ehr.AllowAll{})
	who := l.Authenticator(func(*http.Request) (ehr.Actor, error) { return ehr.Actor{ID: "ward"}, nil })
	h := l.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, _ := who(r)
		_ = point.Decide(r.Context(), actor, ehr.ActionRead, ehr.Target{EHRID: "7d44b88c-4199-4bad-97dc-d78268e01398", Class: "Observation"})
	}))
	r := httptest.NewRequest("GET", "/fhir/r4/Observation/x", nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.ServeHTTP(w, r)
		if i%500 == 0 {
			if err := l.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}
