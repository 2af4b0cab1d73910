package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/telemetry"
)

// clock advances by 1.5 ms with each look at it.
func clock() func() time.Time {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return func() time.Time {
		at = at.Add(1500 * time.Microsecond)
		return at
	}
}

func serve(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader("body"))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// api is a router with the kinds of route that the server has.
func api(log *slog.Logger) http.Handler {
	r := chi.NewRouter()
	r.Route("/openehr/v1", func(r chi.Router) {
		r.Get("/ehr/{ehr_id}", func(w http.ResponseWriter, r *http.Request) {
			log.InfoContext(r.Context(), "inside")
			io.WriteString(w, "hello")
		})
		r.Post("/ehr", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusCreated) })
		r.Get("/nothing", func(http.ResponseWriter, *http.Request) {})
		r.Get("/unsupported", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotImplemented) })
		r.Get("/fault", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("a bug") })
	})
	r.Get(telemetry.ReadyPath, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	return r
}

func lines(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for dec := json.NewDecoder(log); dec.More(); {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		delete(line, "time")
		all = append(all, line)
	}
	return all
}

func newLogger(t *testing.T, level string) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	var buf bytes.Buffer
	log, err := telemetry.NewLogger(&buf, "json", level)
	if err != nil {
		t.Fatal(err)
	}
	return log, &buf
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	line := func(level, method, route string, status, bytes int) map[string]any {
		return map[string]any{
			"level": level, "msg": "request", "method": method, "route": route, "status": float64(status),
			"bytes": float64(bytes), "duration_ms": 1.5, "request_id": "id-1",
		}
	}
	tests := []struct {
		method, target string
		want           map[string]any
	}{
		{"POST", "/openehr/v1/ehr", line("INFO", "POST", "/openehr/v1/ehr", 201, 0)},
		{"GET", "/openehr/v1/nothing", line("INFO", "GET", "/openehr/v1/nothing", 200, 0)},
		{"GET", "/openehr/v1/unsupported", line("INFO", "GET", "/openehr/v1/unsupported", 501, 0)},
		{"GET", "/openehr/v1/fault", line("ERROR", "GET", "/openehr/v1/fault", 502, 0)},
		{"GET", "/openehr/v1/panic", line("ERROR", "GET", "/openehr/v1/panic", 500, 0)},
		{"GET", "/smith/john", line("INFO", "GET", "unmatched", 404, 19)},
		{"GET", telemetry.ReadyPath, line("DEBUG", "GET", telemetry.ReadyPath, 503, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.target, func(t *testing.T) {
			t.Parallel()
			log, buf := newLogger(t, "debug")
			h := telemetry.WithRequestIDs(func() string { return "id-1" })(telemetry.AccessLog(log, clock())(api(log)))
			func() {
				defer func() { recover() }()
				serve(h, tt.method, tt.target)
			}()
			if diff := cmp.Diff([]map[string]any{tt.want}, lines(t, buf)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAccessLogTellsNothingOfPatients(t *testing.T) {
	t.Parallel()
	log, buf := newLogger(t, "debug")
	h := telemetry.WithRequestIDs(func() string { return "id-1" })(telemetry.AccessLog(log, clock())(api(log)))
	serve(h, "GET", "/openehr/v1/ehr/4711-secret?subject_id=secret", "Authorization", "Bearer secret")
	serve(h, "SECRET", "/secret", "X-Request-ID", "secret\nline")
	text := buf.String()
	if strings.Contains(strings.ToLower(text), "secret") {
		t.Errorf("the log quotes the request:\n%s", text)
	}
	got := lines(t, buf)
	if len(got) != 3 || got[0]["msg"] != "inside" || got[0]["request_id"] != "id-1" || got[1]["route"] != "/openehr/v1/ehr/{ehr_id}" || got[2]["method"] != "OTHER" {
		t.Errorf("log: %v", got)
	}
}

func TestAccessLogInsideARouterKnowsTheRoute(t *testing.T) {
	t.Parallel()
	log, buf := newLogger(t, "info")
	outer := chi.NewRouter()
	outer.Use(telemetry.AccessLog(log, clock()))
	outer.Mount("/", api(slog.New(slog.DiscardHandler)))
	serve(outer, "GET", "/openehr/v1/ehr/1")
	if got := lines(t, buf); len(got) != 1 || got[0]["route"] != "/openehr/v1/ehr/{ehr_id}" {
		t.Errorf("log: %v", got)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 65)
	for _, tt := range []struct{ given, want string }{
		{"", "new"},
		{"abc.DEF-1_2", "abc.DEF-1_2"},
		{long[:64], long[:64]},
		{long, "new"},
		{"has blank", "new"},
		{"é", "new"},
		{`"},{"`, "new"},
	} {
		var seen string
		h := telemetry.WithRequestIDs(func() string { return "new" })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			seen = telemetry.RequestID(r.Context())
		}))
		w := serve(h, "GET", "/", telemetry.RequestIDHeader, tt.given)
		if got := w.Header().Get(telemetry.RequestIDHeader); got != tt.want || seen != tt.want {
			t.Errorf("%q: header %q, context %q, want %q", tt.given, got, seen, tt.want)
		}
	}
	if id := telemetry.RequestID(context.Background()); id != "" {
		t.Errorf("outside a request: %q", id)
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	log, buf := newLogger(t, "warn")
	h := telemetry.WithRequestIDs(func() string { return "id-1" })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.InfoContext(r.Context(), "too low")
		log.With("a", 1).WarnContext(r.Context(), "with attributes")
		log.WarnContext(r.Context(), "with its own", "request_id", "mine")
	}))
	serve(h, "GET", "/")
	log.Warn("outside")
	want := []map[string]any{
		{"level": "WARN", "msg": "with attributes", "a": 1.0, "request_id": "id-1"},
		{"level": "WARN", "msg": "with its own", "request_id": "mine"},
		{"level": "WARN", "msg": "outside"},
	}
	if strings.Count(buf.String(), `"request_id"`) != 2 {
		t.Errorf("a line has two ids:\n%s", buf)
	}
	if diff := cmp.Diff(want, lines(t, buf)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var text bytes.Buffer
	plain, err := telemetry.NewLogger(&text, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	plain.Info("hello")
	if !strings.Contains(text.String(), "level=INFO msg=hello") {
		t.Errorf("text: %q", text.String())
	}
	for _, bad := range [][2]string{{"xml", "info"}, {"json", "loud"}} {
		if _, err := telemetry.NewLogger(io.Discard, bad[0], bad[1]); !errs.Is(err, errs.Invalid) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	var during string
	r := chi.NewRouter()
	r.Use(m.Middleware(clock()))
	r.Mount("/", api(slog.New(slog.DiscardHandler)))
	scrape := m.Handler(slog.New(slog.DiscardHandler))
	r.Get("/during", func(http.ResponseWriter, *http.Request) { during = serve(scrape, "GET", "/metrics").Body.String() })
	for _, target := range []string{"/openehr/v1/ehr/1", "/openehr/v1/ehr/2", "/nowhere/1", "/during", "/openehr/v1/panic"} {
		func() {
			defer func() { recover() }()
			serve(r, "GET", target)
		}()
	}
	serve(r, "PROPFIND", "/openehr/v1/ehr")
	text := serve(scrape, "GET", "/metrics").Body.String()
	for _, want := range []string{
		`cairn_http_requests_total{method="GET",route="/openehr/v1/ehr/{ehr_id}",status="200"} 2`,
		`cairn_http_requests_total{method="GET",route="/openehr/v1/panic",status="500"} 1`,
		`cairn_http_requests_total{method="OTHER",`,
		`cairn_http_request_duration_seconds_bucket{method="GET",route="/openehr/v1/ehr/{ehr_id}",le="0.001"} 0`,
		`cairn_http_request_duration_seconds_bucket{method="GET",route="/openehr/v1/ehr/{ehr_id}",le="0.0025"} 2`,
		`cairn_http_requests_in_flight 0`,
		`cairn_build_info{go="go`, `version="1.2.3"} 1`,
		"go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if !strings.Contains(during, "cairn_http_requests_in_flight 1") {
		t.Error("a request being served is not in flight")
	}
	for _, id := range []string{"/nowhere/1", "ehr/1"} {
		if strings.Contains(text, id) {
			t.Errorf("a path is a label: %s", id)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestMiddlewareKeepsStreaming(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("")
	h := telemetry.AccessLog(slog.New(slog.DiscardHandler), time.Now)(m.Middleware(time.Now)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
	})))
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	res, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "first" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	fine := telemetry.Check{Name: "mappings", Run: func(context.Context) error { return nil }}
	tests := []struct {
		name   string
		check  telemetry.Check
		status int
		body   string
		logged string
	}{
		{
			"all is well",
			telemetry.Check{Name: "database", Run: func(context.Context) error { return nil }},
			200,
			`{"status":"up","checks":{"database":"up","mappings":"up"}}`, "",
		},
		{
			"one is down",
			telemetry.Check{Name: "database", Run: func(context.Context) error { return errors.New("no route to 10.1.2.3") }},
			503,
			`{"status":"down","checks":{"database":"down","mappings":"up"}}`, "10.1.2.3",
		},
		{
			"one takes too long",
			telemetry.Check{Name: "database", Run: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			503,
			`{"status":"down","checks":{"database":"down","mappings":"up"}}`, "deadline exceeded",
		},
		{
			"one is deaf to the time limit",
			telemetry.Check{Name: "database", Run: func(context.Context) error { select {} }},
			503,
			`{"status":"down","checks":{"database":"down","mappings":"up"}}`, "deadline exceeded",
		},
		{
			"one panics",
			telemetry.Check{Name: "database", Run: func(context.Context) error { panic("a bug") }},
			503,
			`{"status":"down","checks":{"database":"down","mappings":"up"}}`, "a bug",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log, buf := newLogger(t, "info")
			ready := telemetry.NewReadiness(log, 50*time.Millisecond, tt.check, fine)
			w := serve(ready.Handler(), "GET", telemetry.ReadyPath)
			if got := strings.TrimSpace(w.Body.String()); w.Code != tt.status || got != tt.body {
				t.Errorf("%d %s, want %d %s", w.Code, got, tt.status, tt.body)
			}
			if !strings.Contains(buf.String(), tt.logged) || tt.logged == "" && buf.Len() > 0 {
				t.Errorf("log %q, want %q", buf.String(), tt.logged)
			}
			ready.Drain()
			if w := serve(ready.Handler(), "HEAD", telemetry.ReadyPath); w.Code != 503 || !strings.Contains(w.Body.String(), "draining") {
				t.Errorf("while draining: %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestProbesShareACheck(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	runs, most, now := 0, 0, 0
	release := make(chan struct{})
	check := telemetry.Check{Name: "slow", Run: func(context.Context) error {
		mu.Lock()
		runs++
		now++
		most = max(most, now)
		mu.Unlock()
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		return nil
	}}
	ready := telemetry.NewReadiness(slog.New(slog.DiscardHandler), time.Minute, check)
	var wg sync.WaitGroup
	codes := make([]int, 5)
	for i := range codes {
		wg.Go(func() { codes[i] = serve(ready.Handler(), "GET", "/").Code })
	}
	time.Sleep(20 * time.Millisecond)
	close(release)
	wg.Wait()
	if most != 1 || runs < 1 {
		t.Errorf("%d checks ran at once", most)
	}
	if fmt.Sprint(codes) != "[200 200 200 200 200]" {
		t.Errorf("codes %v", codes)
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	w := serve(telemetry.Live(), "GET", telemetry.LivePath)
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"status":"up"}` || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := serve(telemetry.Live(), "POST", telemetry.LivePath); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}
