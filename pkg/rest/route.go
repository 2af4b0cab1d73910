package rest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/httpapi"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/operation"
)

// handler serves one operation. An error becomes the answer, so that nothing
// may have been written before it is returned.
type handler struct {
	serve func(*api, *answer, *request) error
	// anonymous operations need no actor.
	anonymous bool
	// keyed operations take an Idempotency-Key.
	keyed bool
	// single are the query parameters that may be given once.
	single []string
}

// checkQuery refuses a query string of which a part cannot be read, which would
// otherwise be as if it were not there: a deletion of what is named would be one
// of everything. And so for a parameter that is given twice.
func (h handler) checkQuery(r *http.Request) error {
	const op = "rest.checkQuery"
	if r.URL.RawQuery == "" {
		return nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return errs.Wrap(errs.Invalid, op, "the query string of the URL is malformed", err)
	}
	for _, name := range h.single {
		if len(q[name]) > 1 {
			return errs.New(errs.Invalid, op, name+" may be given only once")
		}
	}
	return nil
}

// request is an HTTP request with what the stages before a handler found out.
type request struct {
	*http.Request
	who ehr.Actor
}

// param is a path parameter, decoded.
func (r *request) param(name string) string {
	raw := chi.URLParam(r.Request, name)
	s, err := url.PathUnescape(raw)
	if err != nil { // routePath has escaped it, so it decodes
		return raw
	}
	return s
}

// router leads each path to its operations.
func (a *api) router() (*chi.Mux, map[string]resource) {
	resources := map[string]resource{}
	for _, op := range operation.All() {
		if resources[op.Path] == nil {
			resources[op.Path] = resource{}
		}
		h := offered[op.Key()] // a test wants all there
		h.keyed, h.single = op.Keyed(), op.Single()
		resources[op.Path][op.Method] = h
	}
	mux := chi.NewMux()
	for path, res := range resources {
		allow := res.allow()
		mux.Handle(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.dispatch(w.(*answer), r, res, allow)
		}))
	}
	return mux, resources
}

// routes is the handler of the API.
func (a *api) routes() http.Handler {
	mux, _ := a.router()
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		a.fail(w.(*answer), r, errs.New(errs.NotFound, "rest.route", "there is no resource at this path of the openEHR REST API"))
	})
	mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		a.fail(w.(*answer), r, errs.New(errs.Unsupported, "rest.route", "the method is not one that this server implements"))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := httpapi.NewWriter(w, r)
		r = a.identify(out, r)
		defer out.Recover(func(thrown, stack string) {
			a.Log.ErrorContext(r.Context(), "panic", "request_id", requestID(r.Context()),
				"method", r.Method, "panic", thrown, "stack", stack)
		}, func() { a.fail(out, r, errs.New(errs.Internal, "rest", "internal error")) })
		if a.Guard != nil {
			if err := a.Guard(r); err != nil {
				a.fail(out, r, err)
				return
			}
		}
		path, ok := a.routePath(r.URL)
		if !ok {
			a.fail(out, r, errs.New(errs.NotFound, "rest.route", "the openEHR REST API is at "+a.BasePath))
			return
		}
		route := chi.NewRouteContext()
		route.RoutePath = path
		if outer := chi.RouteContext(r.Context()); outer != nil {
			// A router around this one labels its metrics with the whole pattern.
			defer func() { outer.RoutePatterns = append(outer.RoutePatterns, route.RoutePatterns...) }()
		}
		mux.ServeHTTP(out, r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, route)))
	})
}

// routePath is the path below the base path with each segment in one canonical
// percent-encoding. Routing on it keeps an encoded slash inside its segment,
// lets param decode always and only once, and makes %3A the same as a colon.
func (a *api) routePath(u *url.URL) (string, bool) {
	path := u.EscapedPath()
	rest, ok := strings.CutPrefix(path, a.BasePath)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	if rest == "" {
		return "/", true
	}
	if !strings.Contains(rest, "%") {
		return rest, true
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return "", false
		}
		segments[i] = url.PathEscape(plain)
	}
	return strings.Join(segments, "/"), true
}

// resource is the operations on one path by method.
type resource map[string]handler

// allow is the value of the Allow header: HEAD wherever there is GET, and
// OPTIONS everywhere.
func (res resource) allow() string {
	methods := []string{http.MethodOptions}
	for m := range res {
		if m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		methods = append(methods, m)
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

func (a *api) dispatch(w *answer, r *http.Request, res resource, allow string) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h, ok := res[method]
	if !ok {
		w.Header().Set("Allow", allow)
		if method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		a.fail(w, r, errs.New(errs.MethodNotAllowed, "rest.route", "this resource allows only "+allow))
		return
	}
	if method == http.MethodOptions {
		w.Header().Set("Allow", allow)
	}
	req := &request{Request: r}
	if !h.anonymous {
		who, err := a.Authenticate(r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		req.who = who
	}
	if err := h.checkQuery(r); err != nil {
		a.fail(w, r, err)
		return
	}
	if err := a.serve(w, req, h); err != nil {
		a.fail(w, r, err)
	}
}

// serve carries an operation out, once if the client has given it a key.
func (a *api) serve(w *answer, r *request, h handler) error {
	if !h.keyed {
		return h.serve(a, w, r)
	}
	key, err := header.OnceKey(r.Header)
	if err != nil {
		return err
	}
	if key == "" {
		return h.serve(a, w, r)
	}
	return a.once(w, r, key, h.serve)
}

// location is the absolute URL of a resource below the base path, given as
// decoded path segments.
func (a *api) location(r *request, segments ...string) string {
	var b strings.Builder
	if a.Origin != "" {
		b.WriteString(a.Origin)
	} else {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		b.WriteString(scheme)
		b.WriteString(r.Host)
	}
	b.WriteString(a.BasePath)
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}
