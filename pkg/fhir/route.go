package fhir

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// MediaType is the media type of every body (FHIR R4 http §3.1.0.1.10).
const MediaType = "application/fhir+json"

// call is one request on its way through the API.
type call struct {
	*http.Request
	who    ehr.Actor
	pretty bool
}

// answer is the ResponseWriter of the API: it knows whether the answer has
// begun, and drops the body of an answer to HEAD.
type answer struct {
	http.ResponseWriter
	head    bool
	started bool
}

// WriteHeader begins the answer.
func (w *answer) WriteHeader(status int) {
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *answer) Write(b []byte) (int, error) {
	w.started = true
	if w.head {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *answer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type operation func(w http.ResponseWriter, c *call) error

func (a *api) routes() http.Handler {
	r := chi.NewRouter()
	r.Route(a.BasePath, func(r chi.Router) {
		both := func(path string, op operation, open bool) {
			h := a.handle(op, open)
			r.Get(path, h)
			r.Head(path, h)
		}
		both("/metadata", a.metadata, true)
		both("/{type}", a.searchGet, false)
		both("/{type}/{id}", a.read, false)
		r.Post("/{type}/_search", a.handle(a.searchPost, false))
		both("/{type}/{id}/_history/{version}", a.vread, false)
		both("/{type}/{id}/_history", a.history, false)
		both("/{type}/_history", a.history, false)
		both("/_history", a.history, false)
		for _, path := range []string{"/{type}/{id}/${operation}", "/{type}/${operation}", "/${operation}"} {
			h := a.handle(a.dispatch, false)
			both(path, a.dispatch, false)
			r.Post(path, h)
		}
	})
	r.NotFound(a.handle(a.handleMissing, true))
	r.MethodNotAllowed(a.handle(func(http.ResponseWriter, *call) error {
		return errs.New(errs.MethodNotAllowed, "fhir", "this API is read-only: it offers read, search and metadata")
	}, true))
	return r
}

func (a *api) handleMissing(http.ResponseWriter, *call) error {
	return errs.New(errs.NotFound, "fhir", "there is nothing at this address")
}

// handle wraps an operation: faults, identity, content negotiation. An open
// operation answers without authentication.
func (a *api) handle(op operation, open bool) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		w := &answer{ResponseWriter: rw, head: r.Method == http.MethodHead}
		c := &call{Request: r}
		defer a.recover(w, c)
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		err := a.negotiate(c)
		if err == nil && !open {
			c.who, err = a.Authenticate(r)
			if err != nil && errs.Is(err, errs.Unauthenticated) {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
		}
		if err == nil {
			err = op(w, c)
		}
		if err != nil {
			a.fault(w, c, err)
		}
	}
}

// recover turns a panic into a 500 that says nothing. An answer that has begun
// is cut off, so that the client cannot take a part for the whole.
func (a *api) recover(w *answer, c *call) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && err == http.ErrAbortHandler {
		panic(v)
	}
	a.Log.ErrorContext(c.Context(), "panic in the FHIR API", "panic", fmt.Sprint(v), "stack", string(debug.Stack()), "request_id", a.requestID(c))
	if w.started {
		panic(http.ErrAbortHandler)
	}
	a.fault(w, c, errs.New(errs.Internal, "fhir", ""))
}

func (a *api) requestID(c *call) string {
	if a.RequestID == nil {
		return ""
	}
	return a.RequestID(c.Request)
}

// base is the external URL of the API.
func (a *api) base(r *http.Request) string {
	if a.Origin != "" {
		return a.Origin + a.BasePath
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + a.BasePath
}

// negotiate finds out whether the client takes JSON. _format wins over Accept
// (FHIR R4 http §3.1.0.1.11).
func (a *api) negotiate(c *call) error {
	q := c.URL.Query()
	switch q.Get("_pretty") {
	case "", "false":
	case "true":
		c.pretty = true
	default:
		return errs.New(errs.Invalid, "fhir.negotiate", "_pretty is true or false")
	}
	refused := errs.New(errs.NotAcceptable, "fhir.negotiate", "only JSON is offered: "+MediaType)
	if f, ok := q["_format"]; ok {
		if len(f) != 1 || !acceptsJSON(strings.ReplaceAll(f[0], " ", "+")) {
			return refused
		}
		return nil
	}
	accept := strings.Join(c.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return nil
	}
	for _, part := range strings.Split(accept, ",") {
		if acceptsJSON(part) {
			return nil
		}
	}
	return refused
}

// acceptsJSON reports whether one media range, or a value of _format, takes
// FHIR R4 in JSON.
func acceptsJSON(part string) bool {
	fields := strings.Split(part, ";")
	switch strings.ToLower(strings.TrimSpace(fields[0])) {
	case "*/*", "application/*", "application/json", MediaType, "text/json", "json":
	default:
		return false
	}
	for _, p := range fields[1:] {
		name, value, _ := strings.Cut(p, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "q":
			if strings.Trim(strings.TrimSpace(value), "0.") == "" {
				return false
			}
		case "fhirversion":
			if v := strings.TrimSpace(value); v != "4.0" && v != "4.0.1" {
				return false
			}
		}
	}
	return true
}

// write sends a body of JSON.
func (a *api) write(w http.ResponseWriter, c *call, status int, body []byte) error {
	if c.pretty {
		indented, err := indent(body)
		if err != nil {
			return err
		}
		body = indented
	}
	w.Header().Set("Content-Type", MediaType+"; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil && c.Context().Err() == nil {
		a.Log.Debug("an answer could not be sent", "error", err, "request_id", a.requestID(c))
	}
	return nil
}

func indent(body []byte) ([]byte, error) {
	var buf strings.Builder
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(json.RawMessage(body)); err != nil {
		return nil, errs.Wrap(errs.Internal, "fhir.indent", "", err)
	}
	return []byte(buf.String()), nil
}
