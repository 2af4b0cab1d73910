package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/httpapi"
)

// call is one request on its way through the API.
type call struct {
	*http.Request
	who    ehr.Actor
	pretty bool
	xml    bool // the answer is to be XML
}

// answer is the ResponseWriter of the API.
type answer = httpapi.Writer

type operation func(w http.ResponseWriter, c *call) error

func (a *api) routes() chi.Router {
	r := chi.NewRouter()
	r.Route(a.BasePath, func(r chi.Router) {
		both := func(path string, op operation, open bool) {
			h := a.handle(op, open)
			r.Get(path, h)
			r.Head(path, h)
		}
		both("/metadata", a.metadata, true)
		both("/{type}", a.searchGet, false)
		r.Post("/{type}", a.handle(a.create, false))
		both("/{type}/{id}", a.read, false)
		r.Post("/{type}/_search", a.handle(a.searchPost, false))
		r.Post("/", a.handle(a.batch, false))
		both("/{type}/{id}/_history/{version}", a.vread, false)
		both("/{type}/{id}/_history", a.history, false)
		both("/{type}/_history", a.history, false)
		both("/_history", a.history, false)
		either := func(path string, op operation) {
			both(path, op, false)
			r.Post(path, a.handle(op, false))
		}
		a.subscriptionRoutes(r, both, either)
		either("/Patient/{id}/$everything", a.everything)
		either("/Patient/{id}/$summary", a.patientSummary)
		either("/Patient/$summary", a.patientSummary)
		either("/Observation/$lastn", a.lastN)
		either("/Composition/{id}/$document", a.documentBundle)
		either("/Composition/$document", a.documentBundle)
		r.Post("/{type}/$validate", a.handle(a.validate, false))
		r.Post("/{type}/{id}/$validate", a.handle(a.validate, false))
		r.Post("/$validate", a.handle(a.validate, false))
		a.terminologyRoutes(either)
		a.definitionRoutes(r, both, either)
		a.groupRoutes(r, both)
		for _, path := range []string{"/$export", "/Patient/$export"} {
			r.Get(path, a.handle(a.export, false))
			r.Post(path, a.handle(a.export, false))
		}
		both("/$export-status/{export}", a.exportStatus, false)
		r.Delete("/$export-status/{export}", a.handle(a.dropExport, false))
		both("/$export-file/{export}/{file}", a.exportFile, false)
		for _, path := range []string{"/{type}/{id}/${operation}", "/{type}/${operation}", "/${operation}"} {
			either(path, a.unsupported)
		}
	})
	r.NotFound(a.handle(a.handleMissing, true))
	r.MethodNotAllowed(a.handle(a.methodMissing, true))
	return r
}

// unsupported answers for the operations that are not there.
func (a *api) unsupported(_ http.ResponseWriter, c *call) error {
	if chi.URLParam(c.Request, "type") != "" {
		if _, err := a.resourceType(c); err != nil {
			return err
		}
	}
	name := chi.URLParam(c.Request, "operation")
	return errs.New(errs.Unsupported, "fhir.operation", "the operation "+strconv.Quote("$"+name)+" is not supported here")
}

func (a *api) handleMissing(http.ResponseWriter, *call) error {
	return errs.New(errs.NotFound, "fhir", "there is nothing at this address")
}

// handle wraps an operation: faults, identity, content negotiation. An open
// operation answers without authentication.
func (a *api) handle(op operation, open bool) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		w := httpapi.NewWriter(rw, r)
		c := &call{Request: r}
		defer w.Recover(func(thrown, stack string) {
			a.Log.ErrorContext(c.Context(), "panic in the FHIR API", "panic", thrown, "stack", stack, "request_id", a.requestID(c))
		}, func() { a.fault(w, c, errs.New(errs.Internal, "fhir", "")) })
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		var err error
		if a.Guard != nil {
			err = a.Guard(r)
		}
		if err == nil {
			err = wholePath(r)
		}
		if err == nil {
			err = wholeQuery(r)
		}
		if err == nil {
			err = a.negotiate(c)
		}
		if err == nil && !open {
			c.who, err = a.Authenticate(r)
			if err != nil && errs.Is(err, errs.Unauthenticated) {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
		}
		if err == nil {
			err = plainBody(r)
		}
		if err == nil {
			err = op(w, c)
		}
		if err != nil {
			a.fault(w, c, err)
		}
	}
}

// wholePath refuses an address with an empty part where a type or an id stands.
// A client that has lost the id would be answered of all patients instead of one.
func wholePath(r *http.Request) error {
	at := chi.RouteContext(r.Context())
	for i, name := range at.URLParams.Keys {
		if name != "*" && at.URLParams.Values[i] == "" {
			return errs.New(errs.NotFound, "fhir.wholePath", "the "+name+" in the address is empty")
		}
	}
	return nil
}

// wholeQuery refuses a query string of which a part cannot be read: a search
// without it would find more than what was asked for.
func wholeQuery(r *http.Request) error {
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return errs.Wrap(errs.Invalid, "fhir.wholeQuery", "the query string of the URL is malformed", err)
	}
	return nil
}

// plainBody refuses a body that is compressed, which nothing here reads.
func plainBody(r *http.Request) error {
	for _, line := range r.Header.Values("Content-Encoding") {
		for enc := range strings.SplitSeq(line, ",") {
			if enc = strings.TrimSpace(enc); enc != "" && !strings.EqualFold(enc, "identity") {
				return errs.New(errs.UnsupportedMedia, "fhir.plainBody", "a body with the Content-Encoding "+strconv.Quote(enc)+" is not read here; send it as it is")
			}
		}
	}
	return nil
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

// negotiate finds out which form the client takes: JSON unless it prefers XML.
// _format wins over Accept (FHIR R4 http §3.1.0.1.11).
func (a *api) negotiate(c *call) error {
	q := c.URL.Query()
	switch q.Get("_pretty") {
	case "", "false":
	case "true":
		c.pretty = true
	default:
		return errs.New(errs.Invalid, "fhir.negotiate", "_pretty is true or false")
	}
	refused := errs.New(errs.NotAcceptable, "fhir.negotiate", "only JSON and XML are offered: "+r4.MediaTypeJSON+", "+r4.MediaTypeXML)
	if f, ok := q["_format"]; ok {
		if len(f) != 1 {
			return refused
		}
		form, weight := mediaForm(strings.ReplaceAll(f[0], " ", "+"))
		if weight == 0 {
			return refused
		}
		c.xml = form == xmlForm
		return nil
	}
	accept := strings.Join(c.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return nil
	}
	best := 0.0
	// A file of an export is in one form, which its clients ask for by name.
	file := strings.HasPrefix(c.URL.Path, a.BasePath+"/$export-file/")
	for _, part := range strings.Split(accept, ",") {
		if name, _, _ := strings.Cut(part, ";"); file && isNDJSON(strings.TrimSpace(name)) {
			return nil
		}
		if form, weight := mediaForm(part); weight > best {
			best, c.xml = weight, form == xmlForm
		}
	}
	if best == 0 {
		return refused
	}
	return nil
}

// form is a serialisation of resources.
type form int

const (
	jsonForm form = iota
	xmlForm
)

// mediaForm is the form that one media range, or a value of _format, takes and
// its weight; 0 for a media range that takes neither.
func mediaForm(part string) (f form, weight float64) {
	fields := strings.Split(part, ";")
	switch strings.ToLower(strings.TrimSpace(fields[0])) {
	case "*/*", "application/*", "application/json", r4.MediaTypeJSON, "text/json", "json":
	case "application/xml", r4.MediaTypeXML, "text/xml", "xml":
		f = xmlForm
	default:
		return 0, 0
	}
	weight = 1
	for _, p := range fields[1:] {
		name, value, _ := strings.Cut(p, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "q":
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || q < 0 || q > 1 {
				return 0, 0
			}
			weight = q
		case "fhirversion":
			if value != "4.0" && value != "4.0.1" {
				return 0, 0
			}
		}
	}
	return f, weight
}

// resourceBody reads a resource from a request in either form.
func resourceBody(c *call, op string, limit int) (*r4.Node, error) {
	n, _, err := resourceText(c, op, limit)
	return n, err
}

// sent is a resource as it was sent.
type sent struct {
	text []byte
	form form
}

// resourceText reads a resource from a request in either form, and keeps the text.
func resourceText(c *call, op string, limit int) (*r4.Node, sent, error) {
	var out sent
	media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	f, weight := mediaForm(media)
	if err != nil || weight == 0 || strings.Contains(media, "*") {
		return nil, out, errs.New(errs.UnsupportedMedia, op, "a resource is sent as "+r4.MediaTypeJSON+" or "+r4.MediaTypeXML)
	}
	body, err := io.ReadAll(io.LimitReader(c.Body, int64(limit)+1))
	if err != nil {
		return nil, out, errs.Wrap(errs.Invalid, op, "the body could not be read", err)
	}
	if len(body) > limit {
		return nil, out, errs.New(errs.TooLarge, op, fmt.Sprintf("the body is longer than %d bytes", limit))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, out, errs.New(errs.Invalid, op, "the body is empty: a resource is expected")
	}
	parse := r4.Parse
	if f == xmlForm {
		parse = r4.ParseXML
	}
	n, err := parse(body)
	if err != nil {
		return nil, out, errs.New(errs.Invalid, op, "the body is not a FHIR resource: "+err.Error())
	}
	if n.Kind != r4.Object {
		return nil, out, errs.New(errs.Invalid, op, "the body is not a FHIR resource: not an object")
	}
	return n, sent{body, f}, nil
}

// write sends a body of JSON in the form that the client takes.
func (a *api) write(w http.ResponseWriter, c *call, status int, body []byte) error {
	media := r4.MediaTypeJSON
	switch {
	case c.xml:
		n, err := r4.Parse(body)
		if err != nil {
			return errs.Wrap(errs.Internal, "fhir.write", "", err)
		}
		if body, err = r4.AppendXML(nil, n); err != nil {
			return errs.Wrap(errs.Internal, "fhir.write", "", err)
		}
		media = r4.MediaTypeXML
	case c.pretty:
		indented, err := indent(body)
		if err != nil {
			return err
		}
		body = indented
	}
	w.Header().Add("Vary", "Accept")
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	// Without it what is longer than a buffer goes out in chunks.
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
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
