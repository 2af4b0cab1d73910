// Package httpapi is what the HTTP APIs have in common, whatever they serve: where
// they live, how they answer, and what becomes of a handler that panics.
package httpapi

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// Writer is the ResponseWriter of an API: it knows whether the answer has begun,
// and drops the body of an answer to HEAD.
type Writer struct {
	http.ResponseWriter
	head    bool
	started bool
}

// NewWriter is the Writer of the answer to a request.
func NewWriter(w http.ResponseWriter, r *http.Request) *Writer {
	return &Writer{ResponseWriter: w, head: r.Method == http.MethodHead}
}

// Head reports whether the answer is one to HEAD, whose body nobody gets.
func (w *Writer) Head() bool { return w.head }

// Started reports whether the answer has begun, so that no error can become one.
func (w *Writer) Started() bool { return w.started }

// WriteHeader begins the answer.
func (w *Writer) WriteHeader(status int) {
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *Writer) Write(b []byte) (int, error) {
	w.started = true
	if w.head {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Recover is deferred where a request is served. Of a panic it tells log what was
// thrown and where, and makes fail answer. An answer that has begun is cut off, so
// that the client cannot take a part for the whole; http.ErrAbortHandler goes on.
func (w *Writer) Recover(log func(thrown, stack string), fail func()) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // the sentinel itself is what net/http looks for
		panic(v)
	}
	log(fmt.Sprint(v), string(debug.Stack()))
	if w.started {
		panic(http.ErrAbortHandler)
	}
	fail()
}
