package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/jsonplace"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
)

// Limits of a query request.
const (
	maxQueryText       = 256 << 10
	maxQueryParameters = 1000
	maxParameterValues = 10000
)

// QueryRunner executes AQL.
type QueryRunner interface {
	// RunQuery compiles and executes a query for the actor and gives the result
	// to the sink: Begin once, then Row for each row in order. An error of the
	// sink ends the execution and is returned as it is.
	//
	// Errors are errs.Error: Invalid for a query or parameter that is wrong and
	// Unsupported for a feature that the engine does not have, both with
	// Detail []QueryProblem where there are positions; Timeout when the time
	// limit of queries was reached; NotFound for a single-EHR query on an EHR
	// that does not exist.
	RunQuery(ctx context.Context, who ehr.Actor, q QueryRequest, sink ResultSink) error

	// CheckQuery tells whether a query can be stored: it compiles, whatever its
	// parameters may be. Errors are Invalid and Unsupported as above.
	CheckQuery(text string) error
}

// QueryExplainer is a QueryRunner that can say how it executes a query.
type QueryExplainer interface {
	// ExplainQuery gives a JSON object that says how the query is executed;
	// with analyze it is executed and the object has actual rows and times.
	// Errors are those of RunQuery.
	ExplainQuery(ctx context.Context, who ehr.Actor, q QueryRequest, analyze bool) ([]byte, error)
}

// QueryRequest is a query as a client asks for it.
type QueryRequest struct {
	// Text is the AQL.
	Text string
	// EHRID is the single-EHR context; the zero UUID is a population query.
	EHRID uuid.UUID
	// AsOf is the instant as of which the record is queried; the zero time is
	// now.
	AsOf time.Time
	// Offset is the number of rows passed over; Fetch the most rows wanted, 0
	// if the client did not say.
	Offset, Fetch int
	// Parameters by name, without $. Values are string, json.Number (lexical
	// form kept), bool, or []any of these.
	Parameters map[string]any
}

// ResultSink receives a result set.
type ResultSink interface {
	Begin(ResultHead) error
	// Row takes one cell per column, each a JSON value; nil is null. The cells
	// are not kept after the call.
	Row(cells [][]byte) error
}

// ResultHead is what is known of a result set before its rows.
type ResultHead struct {
	Columns []Column
	// ExecutedAQL is the query with its parameters replaced; "" omits it.
	ExecutedAQL string
	// Materialised is set for a result that was kept.
	Materialised *Materialised
}

// Materialised says how fresh a result is that was kept.
type Materialised struct {
	// Mode is incremental, for a result that is that of the record at the time of
	// the request, or scheduled, for one as of RefreshedAt.
	Mode string `json:"mode"`
	// RefreshedAt is when what is kept was brought up to the record.
	RefreshedAt string `json:"refreshed_at"`
	// Pending is about how many commits came since; an incremental result has
	// them nevertheless.
	Pending *int64 `json:"pending,omitempty"`
}

// Column is a column of a result set. Path has no variable; it is "" for a
// column that is no path.
type Column struct {
	Name string `json:"name"`
	Path string `json:"path,omitempty"`
}

// QueryProblem is one thing wrong with a query, and where. Line and Column are
// one-based; 0 if the place is not known.
type QueryProblem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	// Excerpt shows the line with a caret under the place.
	Excerpt string `json:"excerpt,omitempty"`
	// Suggestions are what may have been meant, the likeliest first.
	Suggestions []string `json:"suggestions,omitempty"`
}

// String is the problem as one line of text.
func (p QueryProblem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
}

// queryInput is what a client says of a query to be executed.
type queryInput struct {
	QueryRequest
	// context is the value of ehr_id.
	context string
	// explain asks how the query is executed rather than for its result, and
	// analyze to execute it nevertheless.
	explain, analyze bool
	// stored is the query executed, nil for one that the client has sent.
	stored *ehr.StoredQuery
}

// adhocQuery serves GET /query/aql.
func (a *api) adhocQuery(w *answer, r *request) error {
	in, err := urlQuery(r, false)
	if err != nil {
		return err
	}
	return a.runQuery(w, r, in)
}

// urlQuery reads what the URL says of a query. With a stored one, q is a
// parameter like any other.
func urlQuery(r *request, stored bool) (queryInput, error) {
	const op = "urlQuery"
	q := queryInput{QueryRequest: QueryRequest{Parameters: map[string]any{}}}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, errs.Wrap(errs.Invalid, "rest."+op, "the query string of the URL is malformed", err)
	}
	for name, list := range values {
		switch {
		case name == "ehr_id" || name == "offset" || name == "fetch" || name == "version_at_time" || name == "q" && !stored:
			if len(list) > 1 {
				return q, invalid(op, name+" may be given only once")
			}
		case name == "query_parameters":
			for _, s := range list {
				if err := q.spreadParameters(s); err != nil {
					return q, err
				}
			}
		default:
			if err := q.addText(name, list...); err != nil {
				return q, err
			}
		}
	}
	if !stored {
		q.Text = values.Get("q")
	}
	q.context = values.Get("ehr_id")
	if q.Offset, err = wholeNumber("offset", values.Get("offset"), 0); err != nil {
		return q, err
	}
	q.Fetch, err = wholeNumber("fetch", values.Get("fetch"), 1)
	return q, err
}

// wholeNumber reads a paging parameter of a URL; 0 if absent.
func wholeNumber(name, s string, least int) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < int64(least) {
		return 0, invalid("query", name+" must be a whole number of at least "+strconv.Itoa(least))
	}
	return int(n), nil
}

// addText adds a parameter given as URL text. A JSON number or true and false
// are that; anything else is a string, and so is whatever stands in quotes.
func (q *QueryRequest) addText(name string, list ...string) error {
	typed := make([]any, len(list))
	for i, s := range list {
		switch {
		case s == "true" || s == "false":
			typed[i] = s == "true"
		case isNumber(s):
			typed[i] = json.Number(s)
		case len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0]:
			typed[i] = s[1 : len(s)-1]
		default:
			typed[i] = s
		}
	}
	if len(typed) == 1 {
		return q.add(name, typed[0])
	}
	return q.add(name, typed)
}

func isNumber(s string) bool {
	v := jsontext.Value(s)
	return v.IsValid() && v.Kind() == '0' && strings.TrimSpace(s) == s
}

// spreadParameters reads one value of the URL parameter query_parameters: a
// JSON object, or name=value.
func (q *QueryRequest) spreadParameters(s string) error {
	if strings.HasPrefix(strings.TrimSpace(s), "{") {
		var object map[string]jsontext.Value
		if err := jsonv2.Unmarshal([]byte(s), &object); err != nil {
			return errs.Wrap(errs.Invalid, "rest.query", "query_parameters is not a JSON object", err)
		}
		return q.addJSON(object)
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return invalid("query", "query_parameters must be a JSON object or name=value")
	}
	return q.addText(name, value)
}

// addJSON adds parameters given in JSON.
func (q *QueryRequest) addJSON(object map[string]jsontext.Value) error {
	for name, value := range object {
		var v any
		var err error
		if value.Kind() == '[' {
			var items []jsontext.Value
			if err = jsonv2.Unmarshal(value, &items); err == nil {
				list := make([]any, len(items))
				for i := 0; i < len(items) && err == nil; i++ {
					list[i], err = scalar(items[i])
				}
				v = list
			}
		} else {
			v, err = scalar(value)
		}
		if err != nil {
			return errs.Wrap(errs.Invalid, "rest.query", "the query parameter "+strconv.Quote(name)+" must be a string, a number, a boolean, or a list of these", err)
		}
		if err := q.add(name, v); err != nil {
			return err
		}
	}
	return nil
}

// scalar is a JSON string, number or boolean.
func scalar(v jsontext.Value) (any, error) {
	switch v.Kind() {
	case '"':
		var s string
		err := jsonv2.Unmarshal(v, &s)
		return s, err
	case '0':
		return json.Number(strings.TrimSpace(string(v))), nil
	case 't', 'f':
		return v.Kind() == 't', nil
	}
	return nil, errors.New("not a scalar")
}

// add adds a parameter under its name, from which a leading $ is taken off.
func (q *QueryRequest) add(name string, value any) error {
	name = strings.TrimPrefix(name, "$")
	if name == "" {
		return invalid("query", "a query parameter has no name")
	}
	if _, twice := q.Parameters[name]; twice {
		return invalid("query", "the query parameter "+strconv.Quote(name)+" is given twice")
	}
	if list, ok := value.([]any); ok && len(list) > maxParameterValues {
		return invalid("query", "the query parameter "+strconv.Quote(name)+" has more than "+strconv.Itoa(maxParameterValues)+" values")
	}
	q.Parameters[name] = value
	if len(q.Parameters) > maxQueryParameters {
		return invalid("query", "there are more than "+strconv.Itoa(maxQueryParameters)+" query parameters")
	}
	return nil
}

// queryBody is the body of a query's execution by POST. ehr_id is not in the schema, but
// clients send it.
type queryBody struct {
	Q          *string                   `json:"q"`
	EHRID      string                    `json:"ehr_id"`
	AsOf       string                    `json:"version_at_time"` // an extension
	Explain    jsontext.Value            `json:"explain"`         // an extension
	Offset     *int32                    `json:"offset"`
	Fetch      *int32                    `json:"fetch"`
	Parameters map[string]jsontext.Value `json:"query_parameters"`
}

// adhocQueryBody serves POST /query/aql.
func (a *api) adhocQueryBody(w *answer, r *request) error {
	in, err := a.bodyQuery(r, false)
	if err != nil {
		return err
	}
	return a.runQuery(w, r, in)
}

// bodyQuery reads what the body says of a query. That of a stored one has no q
// and may be missing.
func (a *api) bodyQuery(r *request, stored bool) (queryInput, error) {
	const op = "bodyQuery"
	values := r.URL.Query()
	q := queryInput{QueryRequest: QueryRequest{Parameters: map[string]any{}}, context: values.Get("ehr_id")}
	delete(values, "ehr_id")
	delete(values, "version_at_time") // which every query takes from the URL
	if len(values) > 0 {              // it would be lost: a fetch, or a parameter that narrows the result
		return q, invalid(op, "of a POST the URL has only ehr_id and version_at_time; "+slices.Sorted(maps.Keys(values))[0]+" belongs in the body")
	}
	if _, err := mediatype.OfBody(r.Header, mediatype.JSON); err != nil {
		return q, err
	}
	raw, err := a.body(r)
	if err != nil {
		return q, err
	}
	if stored && len(raw) == 0 {
		return q, nil
	}
	var body queryBody
	if err := jsonv2.Unmarshal(raw, &body, jsonv2.RejectUnknownMembers(true)); err != nil {
		return q, errs.Wrap(errs.Invalid, "rest."+op, "the body must be a JSON object with q and, optionally, offset, fetch, query_parameters, ehr_id, version_at_time and explain"+jsonplace.Of(err), err)
	}
	if body.Q != nil {
		if stored {
			return q, invalid(op, "a stored query has its q already")
		}
		q.Text = *body.Q
	}
	if body.Offset != nil {
		if q.Offset = int(*body.Offset); q.Offset < 0 {
			return q, invalid(op, "offset must be a whole number of at least 0")
		}
	}
	if body.Fetch != nil {
		if q.Fetch = int(*body.Fetch); q.Fetch < 1 {
			return q, invalid(op, "fetch must be a whole number of at least 1")
		}
	}
	if err := q.addJSON(body.Parameters); err != nil {
		return q, err
	}
	if body.AsOf != "" {
		if q.AsOf, err = parseInstant(body.AsOf, a.Zone); err != nil {
			return q, err
		}
	}
	switch string(body.Explain) {
	case "", "null", "false":
	case "true":
		q.explain = true
	case `"analyze"`:
		q.explain, q.analyze = true, true
	default:
		return q, invalid(op, "explain must be true, false or \"analyze\"")
	}
	if body.EHRID != "" {
		if q.context != "" && !strings.EqualFold(q.context, body.EHRID) {
			return q, invalid(op, "the URL and the body name different EHRs in ehr_id")
		}
		q.context = body.EHRID
	}
	return q, nil
}

// explainQuery answers with how a query is executed.
func (a *api) explainQuery(w *answer, r *request, q queryInput) error {
	explainer, ok := a.Queries.(QueryExplainer)
	if !ok {
		return errs.New(errs.Unsupported, "rest.explainQuery", "this server does not explain queries")
	}
	body, err := explainer.ExplainQuery(r.Context(), r.who, q.QueryRequest, q.analyze)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", strconv.Quote(uuid.NewString()))
	return send(w, http.StatusOK, mediatype.JSON, body)
}

// runQuery executes a query in the EHR context that the parameter and the
// header openehr-ehr-id name, as of version_at_time, and streams its result.
// Both are also the values of parameters of their names, $ehr_id and
// $version_at_time, that the client does not give otherwise.
func (a *api) runQuery(w *answer, r *request, q queryInput) error {
	const op = "runQuery"
	context := q.context
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	if strings.TrimSpace(q.Text) == "" {
		return invalid(op, "the query q is missing")
	}
	if len(q.Text) > maxQueryText {
		return errs.New(errs.TooLarge, "rest."+op, "the query is longer than "+strconv.Itoa(maxQueryText)+" bytes")
	}
	if header, err := header.Lookup(r.Header, "openehr-ehr-id"); err != nil {
		return err
	} else if header != "" {
		if context != "" && !strings.EqualFold(context, header) {
			return invalid(op, "ehr_id and the header openehr-ehr-id name different EHRs")
		}
		context = header
	}
	if context != "" {
		id, ok := parseUUID(context)
		if !ok {
			return invalid(op, "ehr_id must be a UUID")
		}
		q.EHRID = id
		if _, given := q.Parameters["ehr_id"]; !given {
			q.Parameters["ehr_id"] = id.String()
		}
	}
	if at, err := a.versionAtTime(r); err != nil {
		return err
	} else if !at.IsZero() {
		if !q.AsOf.IsZero() && !q.AsOf.Equal(at) {
			return invalid(op, "the URL and the body name different times in version_at_time")
		}
		q.AsOf = at
	}
	if !q.AsOf.IsZero() {
		if _, given := q.Parameters["version_at_time"]; !given {
			q.Parameters["version_at_time"] = dateTime(q.AsOf)
		}
	}
	if q.explain {
		return a.explainQuery(w, r, q)
	}
	out := &resultWriter{w: w, q: q.Text, id: uuid.NewString(), meta: resultMeta{
		Type: "RESULTSET", SchemaVersion: SpecVersion, Created: dateTime(a.Now()), Generator: a.Solution + " " + a.Version,
	}}
	segments := []string{"query", "aql"}
	if q.stored != nil {
		out.name = q.stored.Name
		segments = []string{"query", q.stored.Name, q.stored.Version}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		out.meta.Href = a.location(r, segments...)
		if r.URL.RawQuery != "" {
			out.meta.Href += "?" + r.URL.RawQuery
		}
	}
	err := a.Queries.RunQuery(r.Context(), r.who, q.QueryRequest, out)
	if errors.Is(err, errHeadOnly) {
		err = nil
	}
	if err != nil {
		return err
	}
	return out.end()
}
