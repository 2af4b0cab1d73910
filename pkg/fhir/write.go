package fhir

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/catalogue"
	"github.com/cairn-ehr/cairn/pkg/fhir/intake"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// maxIssues bounds the reasons that one refusal lists.
const maxIssues = 100

// methodMissing answers for methods that an address does not have, with the
// reason. OPTIONS, which no address has, tells those that it has.
func (a *api) methodMissing(w http.ResponseWriter, c *call) error {
	rest := strings.Trim(strings.TrimPrefix(c.URL.Path, a.BasePath), "/")
	if rest == "" && (c.Method == http.MethodGet || c.Method == http.MethodHead) {
		if c.URL.RawQuery != "" {
			return errs.New(errs.Unsupported, "fhir", "a search of all types is not offered: a search names one, as "+a.BasePath+"/Observation")
		}
		return errs.New(errs.NotFound, "fhir", "there is nothing to read at the base of the API, to which bundles are sent: what it offers is told at "+a.BasePath+"/metadata")
	}
	allow, err := a.allowed(c, rest)
	if err != nil {
		return err
	}
	w.Header().Set("Allow", allow)
	switch {
	case c.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case a.Intake == nil:
		return errs.New(errs.MethodNotAllowed, "fhir", "this API is read-only here: it offers read, vread, history, search, operations and bundles of these")
	}
	return errs.New(errs.MethodNotAllowed, "fhir", "resources are read and created (POST to their type), not updated, patched or deleted: "+
		"what a composition says is corrected by a new version of it over the openEHR API")
}

// allowed is the methods of an address; NotFound for one of a type that is not here.
func (a *api) allowed(c *call, rest string) (string, error) {
	if rest == "" { // which the router has for all
		return http.MethodOptions + ", " + http.MethodPost, nil
	}
	methods := []string{http.MethodOptions}
	unknown := ""
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut} {
		match := chi.NewRouteContext()
		if !a.mux.Match(match, method, cmp.Or(c.URL.RawPath, c.URL.Path)) {
			continue
		}
		switch typ := match.URLParam("type"); {
		case typ != "" && !a.types[typ]:
			unknown = typ
		case method == http.MethodPost && typ != "" && typ == rest && a.Intake == nil: // nothing is created
		default:
			methods = append(methods, method)
		}
	}
	if len(methods) == 1 && unknown != "" {
		return "", a.noType(unknown)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", "), nil
}

// create stores a resource as a composition (FHIR R4 http §3.1.0.8).
func (a *api) create(w http.ResponseWriter, c *call) error {
	const op = "fhir.create"
	if typ := chi.URLParam(c.Request, "type"); typ == codeSystemType || typ == valueSetType || typ == conceptMapType {
		return errs.New(errs.MethodNotAllowed, op, "a "+typ+" is not created here: the operator loads those that are needed (cairn terminology load)")
	}
	typ, err := a.resourceType(c)
	if err != nil {
		return err
	}
	if a.Intake == nil {
		return errs.New(errs.MethodNotAllowed, op, "this API is read-only here: creating resources is switched off")
	}
	if err := plainRead(c); err != nil {
		return err
	}
	if err := unkept(c.Header); err != nil {
		return err
	}
	n, as, err := resourceText(c, op, maxResource)
	if err != nil {
		return err
	}
	if got := n.Str("resourceType"); got != typ {
		return errs.New(errs.Invalid, op, "the resource is not a "+typ+", as the address says")
	}
	return a.once(w, c, as.text, func(ctx context.Context) (*kept, error) {
		in, err := a.resource(c, n, as)
		if err != nil {
			return nil, err
		}
		return a.store(ctx, c, typ, in)
	})
}

// unkept refuses headers whose content would be lost.
func unkept(h http.Header) error {
	if h.Get("X-Provenance") == "" {
		return nil
	}
	text := "X-Provenance is not kept: where a resource comes from is told by meta.source and the feeder audit"
	return &refusal{errs.New(errs.Unprocessable, "fhir.create", text), []issue{{severity: "error", code: "not-supported", text: text, expression: "http.X-Provenance"}}}
}

// resource is what the intake gets to know of a resource that was sent. With
// Prefer: handling=lenient the client does without what only describes.
func (a *api) resource(c *call, n *r4.Node, as sent) (intake.Resource, error) {
	descriptive, err := lenient(c.Request)
	if err != nil {
		return intake.Resource{}, err
	}
	in := intake.Resource{Node: n, Original: string(as.text), Format: r4.MediaTypeJSON, Template: c.Header.Get(intake.TemplateHeader), Descriptive: descriptive}
	switch {
	case !utf8.Valid(as.text): // XML in another encoding
		in.Original = string(n.Append(nil))
	case as.form == xmlForm:
		in.Format = r4.MediaTypeXML
	}
	a.localReferences(c, n)
	return in, nil
}

// localReferences shortens references to whom a resource is about that begin
// with the base of this server: it means the same.
func (a *api) localReferences(c *call, n *r4.Node) {
	for _, name := range [...]string{"subject", "patient"} {
		if ref := n.Get(name).Get("reference"); ref != nil {
			ref.Text = strings.TrimPrefix(ref.Text, a.base(c.Request)+"/")
		}
	}
}

// store creates a resource unless there is one already that the client means.
func (a *api) store(ctx context.Context, c *call, typ string, in intake.Resource) (*kept, error) {
	if err := a.resolve(ctx, c, typ, in.Node, nil, &in); err != nil {
		return nil, err
	}
	if lines := c.Header.Values("If-None-Exist"); len(lines) > 0 {
		if len(lines) > 1 {
			return nil, errs.New(errs.Invalid, "fhir.create", "If-None-Exist may be given only once")
		}
		rec, found, err := a.existing(ctx, c, typ, lines[0], in.Node)
		if err != nil {
			return nil, err
		}
		if found {
			return a.answerWritten(c, http.StatusOK, rec, nil, nil)
		}
	}
	p, err := a.Intake.Prepare(ctx, c.who, in)
	if err != nil {
		return nil, reasons(err, typ, typ)
	}
	made, err := a.Intake.Commit(ctx, c.who, []intake.Prepared{p})
	if err != nil {
		return nil, reasons(err, typ, typ)
	}
	return a.answerWritten(c, http.StatusCreated, a.recordOf(c, made[0]), made[0].Warnings, made[0].Omitted)
}

// existing searches for the resource that a conditional create means. More than
// one is errs.Precondition (FHIR R4 http §3.1.0.8.1).
func (a *api) existing(ctx context.Context, c *call, typ, search string, n *r4.Node) (Record, bool, error) {
	const op = "fhir.conditionalCreate"
	params, err := parsePairs(strings.TrimPrefix(search, "?"))
	if err != nil {
		return Record{}, false, err
	}
	if len(params) == 0 {
		return Record{}, false, errs.New(errs.Invalid, op, "If-None-Exist holds no search parameter")
	}
	for _, p := range params {
		name, _, _ := strings.Cut(p.name, ":")
		if slices.Contains([]string{"_count", "_cursor", "_total", "_sort", "_include", "_revinclude", "_summary", "_elements", "_format", "_pretty"}, name) {
			return Record{}, false, badParam(p.name, "has no meaning in If-None-Exist")
		}
	}
	// Whatever the client prefers, a condition that is ignored is none.
	strict := &call{Request: c.Clone(ctx), who: c.who}
	strict.Header.Del("Prefer")
	req, err := a.understand(strict, typ, params)
	if err != nil {
		return Record{}, false, err
	}
	req.query.Count = 2
	page, err := a.Reader.Search(ctx, c.who, req.query)
	if err != nil {
		return Record{}, false, err
	}
	found, lag := page.Records, page.Lag
	id, _ := strings.CutPrefix(n.Get(subjectOf(typ)).Str("reference"), "Patient/")
	if _, err := uuid.Parse(id); err == nil && len(found) < 2 && len(req.query.Patients) == 0 {
		// A search of the population leaves out records that are not queryable,
		// and that of this patient may be one.
		req.query.Patients = []string{id}
		if page, err = a.Reader.Search(ctx, c.who, req.query); err != nil && !errs.Is(err, errs.NotFound) {
			return Record{}, false, err
		}
		for _, r := range page.Records {
			if !slices.ContainsFunc(found, func(f Record) bool { return f.Type == r.Type && f.ID == r.ID }) {
				found = append(found, r)
			}
		}
	}
	switch len(found) {
	case 0:
		if lag.Waiting {
			// What is not shown yet may match.
			return Record{}, false, errs.New(errs.Unavailable, op, "nothing matches If-None-Exist yet, but "+lag.String())
		}
		return Record{}, false, nil
	case 1:
		return found[0], true, nil
	}
	text := "several resources match If-None-Exist"
	return Record{}, false, &refusal{errs.New(errs.Precondition, op, text), []issue{{severity: "error", code: "multiple-matches", text: text, expression: "http.If-None-Exist"}}}
}

// subjectOf is the element of a type that says whom a resource is about.
func subjectOf(typ string) string {
	if t := r4.Lookup(typ); t != nil && t.Element("subject") != nil {
		return "subject"
	}
	return "patient"
}

// recordOf is a resource that was created as a reader would find it.
func (a *api) recordOf(c *call, made intake.Created) Record {
	rec := Record{
		Type: made.Type, ID: made.ID, Version: VersionID{Trunk: made.Version.Trunk}, LastUpdated: made.Time, Source: made.Version.String(),
		Profiles: made.Profiles, Mapping: made.Mapping, MappingVersion: made.MappingVersion, First: true, JSON: made.JSON,
		Security: a.Labels.Of(made.Template), Template: made.Template,
	}
	if a.Labels.ByContent() {
		if read, err := a.Reader.ResourceVersion(c.Context(), c.who, rec.Type, rec.ID, rec.Version); err == nil {
			rec.Security = read.Security
		} else {
			rec.Security = a.Labels.With(made.Template, []Label{Strictest})
			level := slog.LevelError
			if errs.Is(err, errs.Forbidden) || errs.Is(err, errs.NotFound) || errs.Is(err, errs.Unavailable) {
				level = slog.LevelInfo // stored, but not to be read by who sent it, or not made yet
			}
			a.Log.Log(c.Context(), level, "the labels of a resource that was created could not be read; it is answered with the strictest",
				"type", rec.Type, "error", err, "request_id", a.requestID(c))
		}
	}
	return rec
}

// reasons gives the reasons of the intake to the client, with paths below a place
// instead of below the type.
func reasons(err error, typ, place string) error {
	var r *intake.Refused
	if !errors.As(err, &r) {
		return err
	}
	out := &refusal{cause: errs.As(err)}
	for k, i := range r.Issues {
		if k == maxIssues {
			out.issues = append(out.issues, issue{severity: "error", code: "incomplete", text: fmt.Sprintf("%d further reasons are left out", len(r.Issues)-k)})
			break
		}
		path := i.Path
		if rest, ok := strings.CutPrefix(path, typ); ok {
			path = place + rest
		}
		out.issues = append(out.issues, issue{severity: "error", code: i.Code, text: i.Text, expression: path})
	}
	return out
}

// returnForm is what a client wants back from a create (FHIR R4 http §3.1.0.1.13).
func returnForm(h http.Header) string {
	for _, v := range strings.FieldsFunc(strings.Join(h.Values("Prefer"), ","), func(c rune) bool { return c == ',' || c == ';' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(v), "=")
		if strings.EqualFold(strings.TrimSpace(name), "return") {
			switch value = strings.Trim(strings.TrimSpace(value), `"`); {
			case strings.EqualFold(value, "minimal"):
				return "minimal"
			case strings.EqualFold(value, "OperationOutcome"):
				return "OperationOutcome"
			}
			break
		}
	}
	return "representation"
}

// kept is an answer that can be stored for a request that is sent again.
type kept struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body,omitempty"`
}

// answerWritten is the answer about a resource that was created, or was there
// already.
func (a *api) answerWritten(c *call, status int, rec Record, warnings []rm.Problem, omitted []intake.Issue) (*kept, error) {
	out := &kept{Status: status, Header: http.Header{}}
	out.Header.Set("Location", a.versionURL(c, rec))
	out.Header.Set("ETag", etag(rec))
	out.Header.Set("Last-Modified", rec.LastUpdated.UTC().Format(http.TimeFormat))
	var err error
	switch returnForm(c.Header) {
	case "representation":
		out.Body, err = appendResource(nil, rec)
	case "OperationOutcome":
		out.Body = writtenOutcome(status, warnings, omitted).Append(nil)
	}
	return out, err
}

func (a *api) versionURL(c *call, rec Record) string {
	return a.base(c.Request) + "/" + rec.Type + "/" + rec.ID + "/_history/" + rec.Version.String()
}

// writtenOutcome tells what became of a create, and what of the resource is not
// shown any more.
func writtenOutcome(status int, warnings []rm.Problem, omitted []intake.Issue) *r4.Node {
	text := "the resource was created"
	if status == http.StatusOK {
		text = "a resource that matches is there already: nothing was created"
	}
	issues := []issue{{severity: "information", code: "informational", text: text}}
	for k, w := range warnings {
		if k == maxIssues {
			break
		}
		issues = append(issues, issue{severity: "warning", code: "processing", text: w.Path + ": " + w.Message})
	}
	return outcome(append(issues, leftOut(omitted)...)...)
}

// leftOut are elements that were left out, as issues.
func leftOut(omitted []intake.Issue) []issue {
	var out []issue
	for k, o := range omitted {
		if k == maxIssues {
			break
		}
		out = append(out, issue{severity: "information", code: o.Code, text: o.Text, expression: o.Path})
	}
	return out
}

// maxKey is the greatest length of a key in bytes.
const maxKey = 255

// once sends the answer to a request that creates, and if the client gives it a
// key carries it out once only.
func (a *api) once(w http.ResponseWriter, c *call, body []byte, do func(context.Context) (*kept, error)) error {
	const op = "fhir.once"
	lines := c.Header.Values(catalogue.KeyHeader)
	if len(lines) == 0 {
		out, err := do(c.Context())
		if err != nil {
			return err
		}
		return a.sendKept(w, c, out)
	}
	key := strings.TrimSpace(lines[0])
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if len(lines) > 1 || key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return errs.New(errs.Invalid, op, fmt.Sprintf("an %s is given once and has 1 to %d printable ASCII characters", catalogue.KeyHeader, maxKey))
	}
	digest := sha256.New()
	for _, name := range []string{"Content-Type", "Accept", "Prefer", "If-None-Exist", intake.TemplateHeader} {
		fmt.Fprintf(digest, "%s: %q\n", name, c.Header.Values(name))
	}
	digest.Write(body)
	k := ehr.OnceKey{
		Principal: c.who.ID, Method: c.Method, Path: c.URL.RequestURI(), Key: key,
		Digest: [32]byte(digest.Sum(nil)), Lifetime: a.IdempotencyLifetime,
	}
	stored, repeated, err := a.Intake.Once(c.Context(), k, func(ctx context.Context) ([]byte, error) {
		out, err := do(ctx)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	})
	if err != nil {
		return err
	}
	var out kept
	if err := json.Unmarshal(stored, &out); err != nil {
		return errs.Wrap(errs.Internal, op, "a stored answer cannot be read", err)
	}
	if repeated {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	return a.sendKept(w, c, &out)
}

func (a *api) sendKept(w http.ResponseWriter, c *call, k *kept) error {
	h := w.Header()
	for name, values := range k.Header {
		h[name] = values
	}
	if len(k.Body) == 0 {
		h.Set("Content-Length", "0")
		w.WriteHeader(k.Status)
		return nil
	}
	return a.write(w, c, k.Status, k.Body)
}

// wouldCreate tells what a create of the resource would be answered, as issues of
// $validate; none if it would be created.
func (a *api) wouldCreate(c *call, n *r4.Node, as sent) ([]issue, error) {
	typ := n.Str("resourceType")
	in, err := a.resource(c, n, as)
	if err != nil {
		return nil, err
	}
	if err := a.resolve(c.Context(), c, typ, n, nil, &in); err != nil {
		if r, ok := err.(*refusal); ok {
			return r.issues, nil
		}
		return nil, err
	}
	p, err := a.Intake.Prepare(c.Context(), c.who, in)
	var warnings []rm.Problem
	if err == nil {
		warnings, err = a.Intake.Check(c.Context(), c.who, []intake.Prepared{p})
	}
	var out []issue
	var r *refusal
	e := errs.As(err)
	switch {
	case err == nil:
		out = append(out, issue{severity: "information", code: "informational", text: "the resource would be created by the mapping " + p.Mapping + " with the template " + p.Template})
	case errors.As(reasons(err, typ, typ), &r):
		return r.issues, nil
	case e != nil && e.Kind == errs.Conflict:
		return []issue{{severity: "error", code: "conflict", text: cmp.Or(e.Msg, "the resource clashes with what is there")}}, nil
	default:
		return nil, err
	}
	for _, w := range warnings {
		out = append(out, issue{severity: "warning", code: "processing", text: w.Path + ": " + w.Message})
	}
	return append(out, leftOut(p.Omitted)...), nil
}
