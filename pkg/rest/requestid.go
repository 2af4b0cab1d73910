package rest

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/httpapi"
)

// answer is the ResponseWriter of the API.
type answer = httpapi.Writer

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
