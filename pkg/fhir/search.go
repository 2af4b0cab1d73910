package fhir

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// searchGet answers GET [type]?…
func (a *api) searchGet(w http.ResponseWriter, c *call) error {
	typ, err := a.resourceType(c)
	if err != nil {
		return err
	}
	if len(c.URL.RawQuery) > a.MaxQuery {
		return errs.New(errs.TooLarge, "fhir.search", fmt.Sprintf("the search is longer than %d bytes; shorten it", a.MaxQuery))
	}
	params, err := parsePairs(c.URL.RawQuery)
	if err != nil {
		return err
	}
	return a.search(w, c, typ, params)
}

// searchPost answers POST [type]/_search with a form; parameters may also stand
// in the URL (FHIR R4 http §3.1.0.9).
func (a *api) searchPost(w http.ResponseWriter, c *call) error {
	typ, err := a.resourceType(c)
	if err != nil {
		return err
	}
	media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return errs.New(errs.UnsupportedMedia, "fhir.search", "a search by POST sends application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(io.LimitReader(c.Body, int64(a.MaxQuery)+1))
	if err != nil {
		return errs.Wrap(errs.Invalid, "fhir.search", "the body could not be read", err)
	}
	if len(body)+len(c.URL.RawQuery) > a.MaxQuery {
		return errs.New(errs.TooLarge, "fhir.search", fmt.Sprintf("the search is longer than %d bytes", a.MaxQuery))
	}
	params, err := parsePairs(c.URL.RawQuery)
	if err != nil {
		return err
	}
	more, err := parsePairs(string(body))
	if err != nil {
		return err
	}
	return a.search(w, c, typ, append(params, more...))
}

// pair is one parameter as written; order matters for links.
type pair struct{ name, value string }

func parsePairs(raw string) ([]pair, error) {
	var out []pair
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, errs.New(errs.Invalid, "fhir.search", "the search is not URL-encoded")
		}
		if !plainText(n) || !plainText(value) {
			return nil, errs.New(errs.Invalid, "fhir.search", "the search holds control characters or is not UTF-8")
		}
		out = append(out, pair{n, value})
		if len(out) > maxParams {
			return nil, errs.New(errs.TooLarge, "fhir.search", fmt.Sprintf("a search has at most %d parameters", maxParams))
		}
	}
	return out, nil
}

// plainText reports whether a string can stand in JSON and in the database.
func plainText(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

func unsupportedParam(name string) error {
	text := "the parameter " + strconv.Quote(name) + " is not supported"
	return &refusal{
		cause:  errs.New(errs.Invalid, "fhir.search", text),
		issues: []issue{{severity: "error", code: "not-supported", text: text, expression: "http." + name}},
	}
}

// unsupportedModifier refuses a modifier, which is never ignored: it would
// change what the parameter means (FHIR R4 search §3.1.1.5).
func unsupportedModifier(name, modifier string) error {
	text := "the modifier " + strconv.Quote(modifier) + " is not supported in " + strconv.Quote(name)
	return &refusal{
		cause:  errs.New(errs.Invalid, "fhir.search", text),
		issues: []issue{{severity: "error", code: "not-supported", text: text, expression: "http." + name, firm: true}},
	}
}

func badParam(name, text string) error {
	return &refusal{
		cause:  errs.New(errs.Invalid, "fhir.search", name+": "+text),
		issues: []issue{{severity: "error", code: "invalid", text: name + ": " + text, expression: "http." + name}},
	}
}

// lenient reports whether the client asked to have unknown parameters ignored.
// Otherwise they are errors: a filter that is silently dropped shows too much
// (FHIR R4 search §3.1.1.4.6, Prefer: handling).
func lenient(r *http.Request) (bool, error) {
	for _, v := range strings.Split(strings.Join(r.Header.Values("Prefer"), ","), ",") {
		for _, p := range strings.Split(v, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			if !strings.EqualFold(strings.TrimSpace(name), "handling") {
				continue
			}
			switch strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`)) {
			case "lenient":
				return true, nil
			case "strict":
				return false, nil
			default:
				return false, errs.New(errs.Invalid, "fhir.search", "Prefer: handling is strict or lenient")
			}
		}
	}
	return false, nil
}

func (a *api) search(w http.ResponseWriter, c *call, typ string, params []pair) error {
	req, err := a.understand(c, typ, params)
	if err != nil {
		return err
	}
	page := Page{Total: -1}
	if req.subset.count {
		req.query.Total, req.query.Count = true, 1
	}
	if page, err = a.Reader.Search(c.Context(), c.who, req.query); err != nil {
		return err
	}
	var others []Record
	late(w, page.Lag.Since)
	if len(page.Records) == 0 && req.cursor == "" {
		if err := a.unmet(c, req); err != nil {
			return err
		}
	}
	if req.subset.count {
		page.Records, page.More = nil, false
	} else if others, err = a.included(c, req, page.Records); err != nil {
		return err
	}
	body, err := a.bundle(c, req, page, others)
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}

// unmet notes why a search that found nothing cannot have: no patient meets its
// conditions on the patient, or no record holds what _has asks for. An empty answer
// would be taken for nothing in the record of somebody.
func (a *api) unmet(c *call, req *request) error {
	none := func(q Query) (bool, error) {
		q.Count = 1
		page, err := a.Reader.Search(c.Context(), c.who, q)
		return len(page.Records) == 0, err
	}
	if len(req.query.OfPatient) > 0 {
		nobody, err := none(Query{Type: "Patient", Patients: req.query.Patients, Filters: req.query.OfPatient})
		if err != nil {
			return err
		}
		if nobody {
			req.notes = append(req.notes, issue{
				severity: "warning", code: "not-found", expression: "http.patient",
				text: "no patient who can be searched here meets the conditions that the search has on the patient: that nothing is found says nothing about anybody",
			})
		}
	}
	for _, h := range req.query.Has {
		nothing, err := none(Query{Type: h.Type, Patients: req.query.Patients, Filters: h.Filters})
		if err != nil {
			return err
		}
		if nothing {
			req.notes = append(req.notes, issue{
				severity: "information", code: "not-found", expression: "http._has",
				text: "no record that can be searched here holds a resource of the type " + h.Type + " as _has asks for it",
			})
		}
	}
	return nil
}

// alternatives splits a value at commas that are not escaped.
func alternatives(p pair) ([]string, error) {
	list := splitEscaped(p.value, ',')
	if len(list) > maxAlternatives {
		return nil, badParam(p.name, fmt.Sprintf("has more than %d alternatives", maxAlternatives))
	}
	for _, s := range list {
		if s == "" {
			return nil, badParam(p.name, "has an empty value")
		}
	}
	return list, nil
}

// splitEscaped splits at a byte that no backslash precedes, and keeps the
// escapes.
func splitEscaped(s string, sep byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// unescape removes the backslashes of \, \| \$ and \\ (R4 search §3.1.1.5.1).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Nobody is an id that no resource has, so that nothing matches.
const Nobody = "."

// intersect narrows a list that was given before; nil is everything.
func intersect(old, more []string) []string {
	if old == nil {
		return more
	}
	out := []string{Nobody}
	for _, s := range more {
		if slices.Contains(old, s) {
			out = append(out, s)
		}
	}
	return out
}

// reference handles reference parameters. Those that name the patient select
// the record; others go to the index.
func (a *api) reference(c *call, req *request, def r4.SearchParam, p pair, modifier string) error {
	values, err := alternatives(p)
	if err != nil {
		return err
	}
	if modifier != "" {
		if t := r4.Lookup(modifier); t == nil || t.Kind != r4.Resource {
			return unsupportedModifier(p.name, modifier)
		}
	}
	ofPatient := def.Name == "patient" || def.Name == "subject"
	var patients []string
	f := Filter{Param: def.Name, Kind: Reference}
	for _, s := range values {
		s, version := unescape(s), ""
		if def.Name == "target" && req.query.Type == virtual.Provenance { // which may be a version
			var found bool
			if s, version, found = strings.Cut(s, "/_history/"); found {
				if _, ok := ParseVersionID(version); !ok {
					return badParam(p.name, "names a version that no resource can have")
				}
				version = "/_history/" + version
			}
		}
		typ, id, err := a.target(c, pair{p.name, s}, modifier)
		if err != nil {
			return err
		}
		switch {
		case typ != "":
		case ofPatient:
			typ = "Patient"
		case len(def.Targets) == 1:
			typ = def.Targets[0]
		default:
			return badParam(p.name, "must name the type of the target, as Type/id")
		}
		if ofPatient && typ == "Patient" {
			patients = append(patients, strings.ToLower(id))
			continue
		}
		f.Values = append(f.Values, Value{Code: typ + "/" + id + version})
	}
	switch {
	case len(patients) > 0 && len(f.Values) > 0:
		return badParam(p.name, "mixes patients with other subjects; ask for them separately")
	case len(patients) > 0:
		req.query.Patients = intersect(req.query.Patients, patients)
	default:
		req.query.Filters = append(req.query.Filters, f)
	}
	return nil
}

// target reads id, Type/id or a URL on this server.
func (a *api) target(c *call, p pair, modifier string) (typ, id string, err error) {
	s := p.value
	if rest, ok := strings.CutPrefix(s, a.base(c.Request)+"/"); ok {
		s = rest
	} else if strings.Contains(s, "://") {
		return "", "", badParam(p.name, "refers to another server")
	}
	typ, id, found := strings.Cut(s, "/")
	if !found {
		typ, id = modifier, s
	}
	if modifier != "" && typ != modifier {
		return "", "", badParam(p.name, "names another type than its modifier")
	}
	if found {
		if t := r4.Lookup(typ); t == nil || t.Kind != r4.Resource {
			return "", "", badParam(p.name, "does not name a resource type")
		}
	}
	if !r4.ValidPrimitive("id", id) {
		return "", "", badParam(p.name, "is not an id or a reference of the form Type/id")
	}
	return typ, id, nil
}
