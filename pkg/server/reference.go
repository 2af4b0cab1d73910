package server

import (
	_ "embed"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/pkg/apidoc"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/catalogue"
	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/rest/operation"
	"github.com/cairn-ehr/cairn/pkg/telemetry"
)

// Where the documentation of the APIs is.
const (
	openAPIPath   = "/openapi.json"
	referencePath = "/docs"
)

// examplesText holds the commands of the documentation, recorded what they
// printed; the test that runs them writes the latter.
var (
	//go:embed reference/examples.txt
	examplesText string
	//go:embed reference/recorded.json
	recorded []byte
)

// exampleOrigin is where the commands expect the server.
const exampleOrigin = "http://127.0.0.1:8080"

// script is a part of the examples: the commands for one operation.
type script struct{ key, text, commands string }

// scripts splits examples.txt: a line "## group/id" begins an operation's part,
// lines that begin with "> " in it are its text. What comes before the first is
// the setup.
func scripts() (setup string, parts []script) {
	head, rest, _ := strings.Cut(examplesText, "\n## ")
	for part := range strings.SplitSeq(rest, "\n## ") {
		key, body, _ := strings.Cut(part, "\n")
		s := script{key: key}
		for line := range strings.Lines(body) {
			if text, ok := strings.CutPrefix(line, "> "); ok {
				s.text += text
			} else {
				s.commands += line
			}
		}
		s.text, s.commands = strings.TrimSpace(s.text), strings.TrimSpace(s.commands)
		parts = append(parts, s)
	}
	return strings.TrimSpace(head), parts
}

// shownOrigin is the origin in the commands of the reference page.
func (s *Server) shownOrigin() string {
	if s.options.BaseURL != "" {
		return strings.TrimRight(s.options.BaseURL, "/")
	}
	if host, _, err := net.SplitHostPort(s.listener.Addr().String()); err != nil || net.ParseIP(host).IsUnspecified() {
		return exampleOrigin
	}
	return s.Origin()
}

// document describes everything that the server answers, with commands for the
// origin.
func (s *Server) document(origin string) (*apidoc.Document, error) {
	const op = "server.document"
	d := &apidoc.Document{
		Title: "Cairn API", Version: Version(), Server: s.options.BaseURL,
		Description: "An openEHR clinical data repository: openEHR inside, FHIR outside. The openEHR API follows ITS-REST " + rest.SpecVersion +
			" and also takes what clients of 1.0.3 send. HEAD is answered wherever GET is, OPTIONS on every path.\n\n" +
			"Errors are JSON with a message, a stable code and, where content was refused, every problem with its place. " +
			"A request body may be compressed (Content-Encoding gzip, deflate or zstd), but for FHIR.",
		Groups:  append(append([]apidoc.Group{}, operation.Groups...), catalogue.Group, apidoc.Group{Tag: "server", Title: "Server", Description: "Health, metrics and this documentation."}),
		Schemas: append(operation.Schemas(), catalogue.Schemas()...), Headers: operation.ResponseHeaders,
	}
	d.Operations = append(d.Operations, rest.Operations(s.options.OpenEHRBase)...)
	d.Operations = append(d.Operations, catalogue.Operations(s.options.FHIRBase)...)
	d.Operations = append(d.Operations, s.ownOperations()...)

	local := strings.NewReplacer(exampleOrigin, origin, "/openehr/v1", s.options.OpenEHRBase, "/fhir/r4", s.options.FHIRBase)
	outputs := map[string]string{}
	if err := json.Unmarshal(recorded, &outputs); err != nil {
		return nil, errs.Wrap(errs.Internal, op, "the recorded answers are not JSON", err)
	}
	setup, parts := scripts()
	d.Setup = local.Replace(setup)
	examples := map[string]apidoc.Example{}
	for _, p := range parts {
		examples[p.key] = apidoc.Example{Text: p.text, Command: local.Replace(p.commands), Output: outputs[p.key]}
	}
	if !s.options.Status {
		delete(examples, "server/status")
	}
	if unknown := d.WithExamples(examples); len(unknown) > 0 {
		return nil, errs.New(errs.Internal, op, "examples of operations that do not exist: "+strings.Join(unknown, ", "))
	}
	return d, nil
}

// ownOperations are those of the server itself.
func (s *Server) ownOperations() []apidoc.Operation {
	get := func(id, path, summary, media string, faults ...int) apidoc.Operation {
		o := apidoc.Operation{
			Tag: "server", ID: id, Method: http.MethodGet, Path: path, Summary: summary, Anonymous: true,
			Responses: []apidoc.Response{{Status: http.StatusOK, Description: "The answer.", Body: &apidoc.Body{Media: []string{media}}}},
		}
		for _, code := range faults {
			o.Responses = append(o.Responses, apidoc.Response{
				Status: code, Description: http.StatusText(code) + ".", Body: &apidoc.Body{Media: []string{media}},
			})
		}
		return o
	}
	const json = "application/json"
	var own []apidoc.Operation
	if s.options.Status {
		own = append(own, get("status", statusPath, "The versions of everything", json, http.StatusServiceUnavailable))
	}
	return append(own,
		get("index", "/", "Where things are", json),
		get("health_live", telemetry.LivePath, "Does the process answer?", json),
		get("health_ready", telemetry.ReadyPath, "Does the database answer, and is the server not shutting down?", json, http.StatusServiceUnavailable),
		get("metrics", telemetry.MetricsPath, "Metrics for Prometheus", "text/plain"),
		get("openapi", openAPIPath, "This description as OpenAPI 3.0", json),
		get("reference", referencePath, "This description as a page", "text/html"),
	)
}

// reference routes the documentation, which is made once.
func (s *Server) reference(r chi.Router) error {
	d, err := s.document(s.shownOrigin())
	if err != nil {
		return err
	}
	openAPI, err := d.OpenAPI()
	if err != nil {
		return err
	}
	page, err := d.Page(referencePath, openAPIPath)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path, media string
		body        []byte
	}{
		{openAPIPath, "application/json", openAPI},
		{referencePath, "text/html; charset=utf-8", page},
		{referencePath + "/style.css", "text/css; charset=utf-8", apidoc.Style()},
		{referencePath + "/page.js", "text/javascript; charset=utf-8", apidoc.Script()},
	} {
		serve := func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", f.media)
			h.Set("Content-Length", strconv.Itoa(len(f.body)))
			h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Cache-Control", "no-cache")
			_, _ = w.Write(f.body) // the client may be gone
		}
		r.Get(f.path, serve)
		r.Head(f.path, serve)
	}
	return nil
}
