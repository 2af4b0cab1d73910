package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/httpapi"
)

func TestBasePath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"": "/api/v1", "/a": "/a", "a/b/": "/a/b", "//a//": "/a"} {
		if got, err := httpapi.BasePath(path, "/api/v1"); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", path, got, err, want)
		}
	}
	for _, path := range []string{"/", "//", "/a b", "/{id}", "/a*", "/a?b", "/a#b", "/%41"} {
		if got, err := httpapi.BasePath(path, "/api/v1"); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %q, %v; want it refused", path, got, err)
		}
	}
}

func TestWriterDropsTheBodyOfHead(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{http.MethodGet: "body", http.MethodHead: ""} {
		rec := httptest.NewRecorder()
		w := httpapi.NewWriter(rec, httptest.NewRequest(method, "/", nil))
		if w.Started() {
			t.Errorf("%s: begun before anything is written", method)
		}
		if n, err := w.Write([]byte("body")); n != 4 || err != nil {
			t.Errorf("%s: %d, %v", method, n, err)
		}
		if rec.Body.String() != want || !w.Started() || w.Head() != (method == http.MethodHead) {
			t.Errorf("%s: body %q, started %v, head %v", method, rec.Body, w.Started(), w.Head())
		}
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	serve := func(thrown any, begin bool) (again any, logged string, status int) {
		rec := httptest.NewRecorder()
		w := httpapi.NewWriter(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		defer func() { again, status = recover(), rec.Code }()
		defer w.Recover(func(thrown, stack string) {
			logged = thrown
			if !strings.Contains(stack, "TestRecover") {
				t.Errorf("the stack does not tell where: %s", stack)
			}
		}, func() { w.WriteHeader(http.StatusInternalServerError) })
		if begin {
			w.WriteHeader(http.StatusAccepted)
		}
		if thrown != nil {
			panic(thrown)
		}
		return nil, "", 0
	}
	tests := []struct {
		name   string
		thrown any
		begin  bool
		again  any
		logged string
		status int
	}{
		{name: "no panic", status: http.StatusOK},
		{name: "before the answer", thrown: "oops", logged: "oops", status: http.StatusInternalServerError},
		{name: "in the answer", thrown: "oops", begin: true, again: http.ErrAbortHandler, logged: "oops", status: http.StatusAccepted},
		{name: "meant for the server", thrown: http.ErrAbortHandler, again: http.ErrAbortHandler, status: http.StatusOK},
	}
	for _, tt := range tests {
		again, logged, status := serve(tt.thrown, tt.begin)
		if again != tt.again || logged != tt.logged || status != tt.status {
			t.Errorf("%s: thrown again %v, logged %q, status %d", tt.name, again, logged, status)
		}
	}
}
