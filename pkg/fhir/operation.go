package fhir

import (
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// everythingCount is the page of $everything for who does not ask for another,
// maxEverything the largest.
const (
	everythingCount = 2000
	maxEverything   = 5000
)

// maxLatest is the most resources per code that $lastn gives, maxLatestPage the
// most in all.
const (
	maxLatest     = 100
	maxLatestPage = 5000
)

// input is the parameters of an operation: those of the address and, with POST,
// those of a form or of a Parameters resource with values of primitive type.
func (a *api) input(c *call) ([]pair, error) {
	return a.inputs(c, func(string, *r4.Node) bool { return false })
}

// inputs is input, where values of other types are given to a function that says
// whether it knows what to do with them.
func (a *api) inputs(c *call, other func(name string, value *r4.Node) bool) ([]pair, error) {
	const op = "fhir.operation"
	if len(c.URL.RawQuery) > a.MaxQuery {
		return nil, errs.New(errs.TooLarge, op, "the address is too long")
	}
	params, err := parsePairs(c.URL.RawQuery)
	if err != nil || c.Method != http.MethodPost {
		return params, err
	}
	media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err == nil && media == "application/x-www-form-urlencoded" {
		body, err := io.ReadAll(io.LimitReader(c.Body, int64(a.MaxQuery)+1))
		if err != nil {
			return nil, errs.Wrap(errs.Invalid, op, "the body could not be read", err)
		}
		if len(body) > a.MaxQuery {
			return nil, errs.New(errs.TooLarge, op, fmt.Sprintf("the parameters are longer than %d bytes", a.MaxQuery))
		}
		more, err := parsePairs(string(body))
		return append(params, more...), err
	}
	if c.ContentLength == 0 {
		return params, nil
	}
	n, err := resourceBody(c, op, a.MaxQuery)
	if err != nil {
		return nil, err
	}
	if n.Str("resourceType") != "Parameters" {
		return nil, errs.New(errs.Invalid, op, "the body is not a Parameters resource")
	}
	for _, p := range n.List("parameter") {
		value, taken := "", false
		for _, f := range p.Fields {
			switch {
			case !strings.HasPrefix(f.Name, "value"):
			case f.Value.Kind != r4.Object && f.Value.Kind != r4.Array:
				value = f.Value.Text
			case f.Value.Kind == r4.Object:
				taken = other(p.Str("name"), f.Value)
			}
		}
		if taken {
			continue
		}
		if value == "" || !plainText(value) || !plainText(p.Str("name")) {
			return nil, badParam(p.Str("name"), "must have a value of a primitive type")
		}
		params = append(params, pair{p.Str("name"), value})
	}
	return params, nil
}

// everything answers Patient/[id]/$everything (FHIR R4 Patient §8.1.15.1): the
// patient and all that refers to it, dated within start and end or not at all.
func (a *api) everything(w http.ResponseWriter, c *call) error {
	id := chi.URLParam(c.Request, "id")
	params, err := a.input(c)
	if err != nil {
		return err
	}
	patient, err := a.patient(c, id)
	if err != nil {
		return err
	}
	req := &request{path: "Patient/" + id + "/$everything"}
	q := &req.query
	q.Patients, q.Count, q.Total = []string{id}, everythingCount, true
	types := map[string]bool{}
	var period [2]time.Time
	for _, p := range params {
		switch p.name {
		case "_format", "_pretty":
			continue
		case "_count":
			n, err := positive(p)
			if err != nil {
				return err
			}
			q.Count = min(n, maxEverything)
			req.count = strconv.Itoa(q.Count)
			continue
		case "_cursor":
			req.cursor = p.value
			continue
		case "start", "end":
			low, high, ok := dateRange(p.value)
			if !ok {
				return badParam(p.name, "is not a date")
			}
			if p.name == "start" {
				period[0] = low
			} else {
				period[1] = high
			}
		case "_since":
			low, _, ok := dateRange(p.value)
			if !ok || !strings.Contains(p.value, "T") {
				return badParam(p.name, "is not an instant of the form YYYY-MM-DDThh:mm:ss+zz:zz")
			}
			q.LastUpdated = append(q.LastUpdated, Value{Prefix: GreaterOrEqual, Low: low, High: low.Add(time.Microsecond)})
		case "_type":
			for _, t := range strings.Split(p.value, ",") {
				if !slices.Contains(a.Coverage.Types(), t) {
					return badParam(p.name, "no mapping produces the resource type "+strconv.Quote(t))
				}
				types[t] = true
			}
		case "_elements", "_summary":
			if err := req.subset.param("", p); err != nil {
				return err
			}
		default:
			return unsupportedParam(p.name)
		}
		req.used = append(req.used, p)
	}
	if !period[0].IsZero() || !period[1].IsZero() {
		if !period[1].IsZero() && !period[0].Before(period[1]) {
			return badParam("end", "lies before start")
		}
		q.During = period[:]
	}
	for _, t := range a.Coverage.Types() {
		if t != "Patient" && !OfParty(t) && (len(types) == 0 || types[t]) {
			q.Types = append(q.Types, t)
		}
	}
	if req.cursor != "" {
		if q.After, err = parseCursor(*q, req.cursor); err != nil {
			return err
		}
	}
	page := Page{Total: 0}
	if len(q.Types) > 0 {
		if page, err = a.Reader.Search(c.Context(), c.who, *q); err != nil {
			return err
		}
	}
	if len(types) == 0 || types["Patient"] {
		page.Total++
		if req.cursor == "" {
			page.Records = append([]Record{patient}, page.Records...)
		}
	}
	parties, withheld, err := a.parties(c, page.Records, types)
	if err != nil {
		return err
	}
	for _, typ := range withheld {
		req.notes = append(req.notes, issue{severity: "warning", code: "suppressed", text: "who is asking may not query " + typ + ": none is included"})
	}
	late(w, page.Lag.Since)
	body, err := a.bundle(c, req, page, parties)
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}

// patient is the Patient with an id.
func (a *api) patient(c *call, id string) (Record, error) {
	if !r4.ValidPrimitive("id", id) {
		return Record{}, errs.New(errs.NotFound, "fhir.read", "there is no such Patient")
	}
	return a.Reader.Resource(c.Context(), c.who, "Patient", id)
}

// lastN answers Observation/$lastn (FHIR R4 Observation §10.1.20.1): of each
// code the newest observations, one unless max says otherwise, and all that were at
// the same time as the last of these.
func (a *api) lastN(w http.ResponseWriter, c *call) error {
	params, err := a.input(c)
	if err != nil {
		return err
	}
	most := 1
	filters := params[:0:0]
	for _, p := range params {
		switch p.name {
		case "max":
			if most, err = strconv.Atoi(p.value); err != nil || most < 1 || most > maxLatest {
				return badParam(p.name, fmt.Sprintf("is a whole number from 1 to %d", maxLatest))
			}
			continue
		case "_count", "_cursor", "_sort":
			return unsupportedParam(p.name)
		}
		filters = append(filters, p)
	}
	req, err := a.understand(c, "Observation", filters)
	if err != nil {
		return err
	}
	if len(req.query.Patients) == 0 {
		return badParam("patient", "is required: the operation is about one or more patients")
	}
	req.path = "Observation/$lastn"
	req.used = append(req.used, pair{"max", strconv.Itoa(most)})
	req.query.Latest, req.query.Count = most, maxLatestPage
	req.query.Sort = []Sort{{Param: "code", Kind: Token}, {Param: "date", Kind: Date, Desc: true}}
	page, err := a.Reader.Search(c.Context(), c.who, req.query)
	if err != nil {
		return err
	}
	if page.More {
		return errs.New(errs.TooLarge, "fhir.lastn", fmt.Sprintf("more than %d observations match; narrow the search", maxLatestPage))
	}
	others, err := a.included(c, req, page.Records)
	if err != nil {
		return err
	}
	late(w, page.Lag.Since)
	body, err := a.bundle(c, req, page, others)
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}

// maxResource is the longest resource that $validate takes.
const maxResource = 1 << 20

// validate answers $validate (FHIR R4 Resource §2.39.1.1): it tells in what a
// resource departs from the R4 definitions. Profiles are not looked at, so that one
// that is named is an error, as is a mode that is of an interaction that is not there.
// At the address of a resource it is about one with that id, which need not be stored.
func (a *api) validate(w http.ResponseWriter, c *call) error {
	const op = "fhir.validate"
	typ := chi.URLParam(c.Request, "type")
	if typ != "" {
		if t := r4.Lookup(typ); t == nil || t.Kind != r4.Resource {
			return errs.New(errs.NotFound, op, "there is no such resource type")
		}
	}
	n, as, err := resourceText(c, op, maxResource)
	if e := errs.As(err); e != nil && errs.Is(err, errs.Invalid) {
		return a.write(w, c, http.StatusOK, outcome(issue{severity: "error", code: "structure", text: e.Msg}).Append(nil))
	}
	if err != nil {
		return err
	}
	var issues []issue
	mode, profile := c.URL.Query().Get("mode"), c.URL.Query().Get("profile")
	if n.Str("resourceType") == "Parameters" {
		for _, p := range n.List("parameter") {
			switch p.Str("name") {
			case "resource":
				if n = p.Get("resource"); n != nil {
					as = sent{text: n.Append(nil)}
				}
			case "mode":
				mode = p.Str("valueCode")
			case "profile":
				profile = cmp.Or(p.Str("valueUri"), p.Str("valueCanonical"))
			default:
				issues = append(issues, issue{severity: "warning", code: "not-supported", text: "the parameter " + strconv.Quote(p.Str("name")) + " was ignored"})
			}
		}
		if n == nil || n.Kind != r4.Object || n.Str("resourceType") == "Parameters" {
			return errs.New(errs.Invalid, op, "the Parameters hold no resource")
		}
	}
	if mode != "" && mode != "create" {
		issues = append(issues, issue{severity: "error", code: "not-supported", text: "$validate with the mode " + strconv.Quote(mode) + " is not supported: resources are created, not updated or deleted, and profiles are not checked"})
	}
	if profile != "" {
		issues = append(issues, issue{severity: "error", code: "not-supported", text: "profiles are not checked here: whether the resource conforms to the one that is named is not known"})
	}
	if got := n.Str("resourceType"); typ != "" && got != typ {
		issues = append(issues, issue{severity: "error", code: "invalid", text: "the resource is not a " + typ, expression: typ})
	}
	if id := chi.URLParam(c.Request, "id"); id != "" {
		if mode == "create" {
			issues = append(issues, issue{severity: "error", code: "invalid", text: "what has an id already is not created: ask " + typ + "/$validate"})
		}
		if got := n.Str("id"); got != id {
			issues = append(issues, issue{severity: "error", code: "invalid", text: "the id of the resource is not that of the address", expression: typ + ".id"})
		}
	}
	for _, p := range r4.ValidateNode(n) {
		i := issue{severity: "error", code: "invalid", text: p.Message, expression: p.Path}
		if p.Warning {
			i.severity = "warning"
		}
		issues = append(issues, i)
	}
	if mode == "create" && a.Intake != nil && !slices.ContainsFunc(issues, func(i issue) bool { return i.severity == "error" }) {
		verdict, err := a.wouldCreate(c, n, as)
		if err != nil {
			return err
		}
		issues = append(issues, verdict...)
	}
	if len(issues) == 0 {
		issues = append(issues, issue{severity: "information", code: "informational", text: "the resource conforms to FHIR R4; profiles were not checked"})
	}
	return a.write(w, c, http.StatusOK, outcome(issues...).Append(nil))
}
