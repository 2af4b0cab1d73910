package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// RequestIDHeader carries a request's id in both directions.
const RequestIDHeader = "X-Request-ID"

// maxRequestID bounds an id taken over from the client, in bytes.
const maxRequestID = 64

type requestIDContext struct{}

// RequestID is the id of the request that ctx belongs to; empty outside one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDContext{}).(string)
	return id
}

// WithRequestIDs gives each request an id: the one in its X-Request-ID header if
// that is up to 64 letters, digits, dots, hyphens or underscores, otherwise one
// from newID. The answer's header repeats it.
func WithRequestIDs(newID func() string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get(RequestIDHeader)
			if !isPlainID(id) {
				id = newID()
			}
			w.Header().Set(RequestIDHeader, id)
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDContext{}, id)))
		})
	}
}

func isPlainID(id string) bool {
	return id != "" && len(id) <= maxRequestID && strings.IndexFunc(id, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_')
	}) < 0
}

// outcome is what can be told of a request that was served.
type outcome struct {
	method, route   string
	status, written int
	took            time.Duration
}

// observed serves a request and reports its outcome, after a panic too.
func observed(next http.Handler, w http.ResponseWriter, r *http.Request, now func() time.Time, report func(outcome)) {
	// The routers below fill in the pattern here, whether they are mounted on
	// one that is above this handler or not.
	route := chi.RouteContext(r.Context())
	if route == nil {
		route = chi.NewRouteContext()
		r = r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, route))
	}
	ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
	begun := now()
	returned := false
	defer func() {
		o := outcome{method: knownMethod(r.Method), route: route.RoutePattern(), status: ww.Status(), written: ww.BytesWritten(), took: now().Sub(begun)}
		if o.route == "" {
			o.route = "unmatched"
		}
		switch {
		case !returned:
			o.status = http.StatusInternalServerError
		case o.status == 0:
			o.status = http.StatusOK
		}
		report(o)
	}()
	next.ServeHTTP(ww, r)
	returned = true
}

// knownMethod keeps what clients make up out of metric labels.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "OTHER"
}

// AccessLog writes one record per request when it is done: method, route
// pattern, status, duration and bytes of the answer's body. Server faults are
// errors, but not 501, which tells that something is not supported; health
// checks and scrapes are debug records, all else information.
func AccessLog(log *slog.Logger, now func() time.Time) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			observed(next, w, r, now, func(o outcome) {
				level := slog.LevelInfo
				switch {
				case o.status >= 500 && o.status != http.StatusNotImplemented && o.route != ReadyPath:
					level = slog.LevelError
				case o.route == MetricsPath || strings.HasPrefix(o.route, healthPrefix):
					level = slog.LevelDebug
				}
				log.LogAttrs(r.Context(), level, "request",
					slog.String("method", o.method),
					slog.String("route", o.route),
					slog.Int("status", o.status),
					slog.Float64("duration_ms", float64(o.took.Microseconds())/1000),
					slog.Int("bytes", o.written))
			})
		})
	}
}
