package fhir

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/catalogue"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// Limits on a bundle of requests: its length in bytes, their number, and the
// length of the answer.
const (
	maxBatch        = 1 << 20
	maxBatchEntries = 200
	maxBatchAnswer  = 64 << 20
)

// batch answers a bundle of requests (FHIR R4 http §3.1.0.11). In a batch each is
// answered as it would be alone. In a transaction all succeed or none: of reads
// there is nothing to undo, so the first failure is the answer; one that creates
// has a function of its own.
func (a *api) batch(w http.ResponseWriter, c *call) error {
	const op = "fhir.batch"
	n, as, err := resourceText(c, op, maxBatch)
	if err != nil {
		return err
	}
	kind := n.Str("type")
	if n.Str("resourceType") != "Bundle" || kind != "batch" && kind != "transaction" {
		return errs.New(errs.Invalid, op, "the body is not a Bundle of type batch or transaction")
	}
	entries := n.List("entry")
	if len(entries) > maxBatchEntries {
		return errs.New(errs.TooLarge, op, fmt.Sprintf("a bundle has at most %d requests", maxBatchEntries))
	}
	if err := unkept(c.Header); err != nil {
		return err
	}
	if kind == "transaction" && a.Intake != nil && slices.ContainsFunc(entries, creates) {
		return a.transaction(w, c, entries, as)
	}
	if c.Header.Get(catalogue.KeyHeader) != "" {
		return errs.New(errs.Invalid, op, "an "+catalogue.KeyHeader+" is for one create or a transaction of creates; in a batch use ifNoneExist")
	}
	// What is wrong with the bundle is said before anything in it is carried out.
	for i, e := range entries {
		if e.Get("request") == nil {
			return errs.New(errs.Invalid, op, fmt.Sprintf("Bundle.entry[%d] has no request", i))
		}
	}
	dst := []byte(`{"resourceType":"Bundle","type":"` + kind + `-response"`)
	for i, e := range entries {
		status, header, body, err := a.part(c, e.Get("request"), e.Get("resource"))
		if err != nil {
			return err
		}
		if len(dst)+len(body) > maxBatchAnswer {
			tooLong := issue{severity: "error", code: "too-long", text: fmt.Sprintf("the answer would be longer than %d bytes; send fewer requests", maxBatchAnswer)}
			status, header, body = http.StatusRequestEntityTooLarge, http.Header{}, outcome(tooLong).Append(nil)
		}
		if kind == "transaction" && status >= 400 {
			return &refusal{
				errs.New(errs.Unprocessable, op, ""),
				[]issue{{severity: "error", code: "processing", expression: fmt.Sprintf("Bundle.entry[%d]", i), text: fmt.Sprintf("the request failed with status %d, and with it the transaction", status)}},
			}
		}
		if i == 0 {
			dst = append(dst, `,"entry":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		outcomeOf := ""
		if len(body) > 0 {
			if status >= 400 {
				outcomeOf = `,"outcome":` + string(body)
			} else {
				dst = append(append(dst, `"resource":`...), body...)
				dst = append(dst, ',')
			}
		}
		dst = append(append(dst, `"response":{"status":"`...), strconv.Itoa(status)...)
		dst = append(dst, '"')
		if at := header.Get("Location"); at != "" {
			dst = appendString(append(dst, `,"location":`...), at)
		}
		if tag := header.Get("ETag"); tag != "" {
			dst = appendString(append(dst, `,"etag":`...), tag)
		}
		if at, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
			dst = appendString(append(dst, `,"lastModified":`...), virtual.Instant(at))
		}
		if _, text, late := strings.Cut(header.Get("Warning"), ` "`); late && outcomeOf == "" {
			outcomeOf = `,"outcome":` + string(outcome(issue{severity: "warning", code: "incomplete", text: strings.TrimSuffix(text, `"`)}).Append(nil))
		}
		dst = append(append(dst, outcomeOf...), "}}"...)
	}
	if len(entries) > 0 {
		dst = append(dst, ']')
	}
	return a.write(w, c, http.StatusOK, append(dst, '}'))
}

// part answers one request of a bundle.
func (a *api) part(c *call, request, resource *r4.Node) (status int, header http.Header, body []byte, err error) {
	method := request.Str("method")
	create := method == http.MethodPost && a.Intake != nil
	if method != http.MethodGet && method != http.MethodHead && !create {
		answer := outcome(issue{severity: "error", code: "not-supported", text: "in a bundle, " + strconv.Quote(method) + " is not offered here"})
		return http.StatusMethodNotAllowed, http.Header{}, answer.Append(nil), nil
	}
	wrong := func(text string) (int, http.Header, []byte, error) {
		return http.StatusBadRequest, http.Header{}, outcome(issue{severity: "error", code: "invalid", text: text}).Append(nil), nil
	}
	target := strings.TrimPrefix(request.Str("url"), a.base(c.Request)+"/")
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() || u.Host != "" || !plainText(target) {
		return wrong(strconv.Quote(request.Str("url")) + " is not an address below the base")
	}
	u.Path, u.RawPath = strings.TrimPrefix(u.Path, "/"), strings.TrimPrefix(u.RawPath, "/")
	if create && !a.types[u.Path] {
		answer := outcome(issue{severity: "error", code: "not-supported", text: "in a bundle, POST only creates: its url is the type of a resource"})
		return http.StatusMethodNotAllowed, http.Header{}, answer.Append(nil), nil
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil { // without the part that cannot be read it would find too much
		return wrong("the query string of the URL is malformed")
	}
	query.Del("_format")
	query.Del("_pretty")
	u.RawQuery = query.Encode()
	// The router keeps its place in the context; this request starts afresh.
	ctx := context.WithValue(c.Context(), chi.RouteCtxKey, (*chi.Context)(nil))
	var text io.Reader
	if create && resource != nil {
		text = bytes.NewReader(resource.Append(nil))
	}
	r, err := http.NewRequestWithContext(ctx, method, a.BasePath+"/"+u.String(), text)
	if err != nil {
		return 0, nil, nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Host, r.TLS, r.RemoteAddr = c.Host, c.TLS, c.RemoteAddr
	r.Header = c.Header.Clone()
	for _, name := range []string{"Content-Type", "Content-Length", "If-None-Match", "If-Modified-Since", "If-None-Exist", "Prefer", catalogue.KeyHeader} {
		r.Header.Del(name)
	}
	if create {
		r.Header.Set("Content-Type", r4.MediaTypeJSON)
		if form := returnForm(c.Header); form != "representation" {
			r.Header.Set("Prefer", "return="+form)
		}
		if ignore, err := lenient(c.Request); err == nil && ignore {
			r.Header.Add("Prefer", "handling=lenient")
		}
	}
	r.Header.Set("Accept", r4.MediaTypeJSON)
	for element, name := range map[string]string{"ifNoneMatch": "If-None-Match", "ifModifiedSince": "If-Modified-Since", "ifNoneExist": "If-None-Exist"} {
		if v := request.Str(element); v != "" {
			r.Header.Set(name, v)
		}
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	a.mux.ServeHTTP(rec, r)
	return rec.status, rec.header, rec.body.Bytes(), nil
}

// recorder keeps the answer to one request of a bundle.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
