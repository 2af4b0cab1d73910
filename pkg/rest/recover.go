package rest

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

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

type requestIDKey struct{}

// requestID is the id of the request that ctx belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// identify gives the request the id that error bodies and the log carry.
func (a *api) identify(w *answer, r *http.Request) *http.Request {
	id := ""
	if a.RequestID != nil {
		id = a.RequestID(r)
	}
	if id == "" {
		id = uuid.NewString()
	}
	if w.Header().Get("X-Request-Id") == "" {
		w.Header().Set("X-Request-Id", id)
	}
	return r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
}

// recover turns a panic into a 500 that says nothing but the request id. An
// answer that has begun is cut off, so that the client cannot take a part for
// the whole.
func (a *api) recover(w *answer, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself is what net/http looks for
		panic(v)
	}
	a.Log.ErrorContext(r.Context(), "panic", "request_id", requestID(r.Context()),
		"method", r.Method, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	if w.started {
		panic(http.ErrAbortHandler)
	}
	a.fail(w, r, errs.New(errs.Internal, "rest", "internal error"))
}
