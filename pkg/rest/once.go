package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/httpapi"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
)

// DefaultIdempotencyLifetime is how long answers are kept for repetitions when
// Config sets no time.
const DefaultIdempotencyLifetime = 24 * time.Hour

// keptAnswer is an answer as it is stored.
type keptAnswer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body,omitempty"`
}

// once carries an operation out once for its Idempotency-Key. The answer is
// held back until it is stored together with what the operation wrote.
func (a *api) once(w *answer, r *request, key string, serve func(*api, *answer, *request) error) error {
	body, err := a.body(r)
	if err != nil {
		return err
	}
	inner := r.Clone(r.Context())
	inner.Header.Del("Content-Encoding")
	inner.ContentLength = int64(len(body))
	k := ehr.OnceKey{
		Principal: r.who.ID, Method: r.Method, Path: r.URL.RequestURI(), Key: key,
		Digest: requestDigest(r.Header, body), Lifetime: a.IdempotencyLifetime,
	}
	stored, repeated, err := a.Records.Once(r.Context(), k, func(ctx context.Context) ([]byte, error) {
		// What a refused attempt has set must not show in the next one.
		rec := &recorder{header: http.Header{}}
		attempt := inner.WithContext(ctx)
		attempt.Body = io.NopCloser(bytes.NewReader(body))
		err := serve(a, httpapi.NewWriter(rec, attempt), &request{Request: attempt, who: r.who})
		if err != nil {
			// Headers of a refusal, such as Location in compatibility mode.
			for name, values := range rec.header {
				w.Header()[name] = values
			}
			return nil, err
		}
		return json.Marshal(keptAnswer{rec.status, rec.header, rec.body.Bytes()})
	})
	if err != nil {
		return err
	}
	var out keptAnswer
	if err := json.Unmarshal(stored, &out); err != nil {
		return errs.Wrap(errs.Internal, "rest.once", "a stored answer cannot be read", err)
	}
	h := w.Header()
	for name, values := range out.Header {
		h[name] = values
	}
	if repeated {
		h.Set(header.IdempotencyReplayed, "true")
	}
	w.WriteHeader(out.Status)
	_, _ = w.Write(out.Body) // the client is gone if this fails
	return nil
}

// requestDigest is that of everything in a request that decides what it does:
// the body, its media type, the headers of openEHR and the form of the answer.
func requestDigest(h http.Header, body []byte) [32]byte {
	d := sha256.New()
	var names []string
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "openehr-") || slices.Contains([]string{"content-type", "accept", "prefer"}, lower) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			d.Write([]byte(name + ": " + v + "\n"))
		}
	}
	d.Write([]byte("\n"))
	d.Write(body)
	return [32]byte(d.Sum(nil))
}

// recorder holds an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the header being built.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader takes the status; the first counts.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write takes a part of the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
