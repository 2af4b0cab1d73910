package rest

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
)

// storedQueryBody is a StoredQuery of ITS-REST.
type storedQueryBody struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Version string `json:"version"`
	Saved   string `json:"saved"`
	Q       string `json:"q"`
}

func storedQueryOf(q ehr.StoredQuery) storedQueryBody {
	return storedQueryBody{Name: q.Name, Type: "AQL", Version: q.Version, Saved: dateTime(q.Saved), Q: q.Text}
}

// storeQuery serves PUT /definition/query/{qualified_query_name} with and
// without a version. The answer names the version in Location, as otherwise
// only the server would know it.
func (a *api) storeQuery(w *answer, r *request) error {
	const op = "storeQuery"
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	if _, err := mediatype.OfBody(r.Header, mediatype.Text); err != nil {
		return err
	}
	if language := r.URL.Query().Get("query_type"); language != "" && !strings.EqualFold(language, "AQL") {
		return invalid(op, "query_type must be AQL")
	}
	raw, err := a.body(r)
	if err != nil {
		return err
	}
	text := string(raw)
	switch {
	case strings.TrimSpace(text) == "":
		return invalid(op, "the request has no query in its body")
	case len(text) > maxQueryText:
		return errs.New(errs.TooLarge, "rest."+op, "the query is longer than "+strconv.Itoa(maxQueryText)+" bytes")
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return invalid(op, "the query must be UTF-8 text")
	}
	if err := a.Queries.CheckQuery(text); err != nil {
		return err
	}
	q, err := a.Records.PutQuery(r.Context(), r.who, r.param("qualified_query_name"), r.param("version"), text)
	if err != nil {
		return err
	}
	h := w.Header()
	header.SetEntity(h, queryTag(q), q.Saved)
	h.Set("Location", a.location(r, "definition", "query", q.Name, q.Version))
	p := header.Prefer(r.Header, header.Minimal)
	if p.Asked {
		h.Set("Preference-Applied", "return="+p.Returns.String())
	}
	switch p.Returns {
	case header.Representation:
		return send(w, http.StatusOK, mediatype.JSON, marshal(storedQueryOf(q)))
	case header.Identifier:
		return send(w, http.StatusOK, mediatype.JSON, marshal(identifier{queryTag(q)}))
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// queryTag identifies one version of a query.
func queryTag(q ehr.StoredQuery) string { return q.Name + "/" + q.Version }

// listQueries serves GET /definition/query/{qualified_query_name}.
func (a *api) listQueries(w *answer, r *request) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	queries, err := a.Records.Queries(r.Context(), r.who, r.param("qualified_query_name"))
	if err != nil {
		return err
	}
	list := make([]storedQueryBody, len(queries))
	for i, q := range queries {
		list[i] = storedQueryOf(q)
	}
	return send(w, http.StatusOK, mediatype.JSON, marshal(list))
}

// storedQuery serves GET /definition/query/{qualified_query_name}/{version}.
func (a *api) storedQuery(w *answer, r *request) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	q, err := a.Records.Query(r.Context(), r.who, r.param("qualified_query_name"), r.param("version"))
	if err != nil {
		return err
	}
	header.SetEntity(w.Header(), queryTag(q), q.Saved)
	if header.NotModified(r.Header, queryTag(q), noTime, true) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return send(w, http.StatusOK, mediatype.JSON, marshal(storedQueryOf(q)))
}

// runStoredQuery serves GET and POST of /query/{qualified_query_name} with and
// without a version.
func (a *api) runStoredQuery(w *answer, r *request) error {
	var in queryInput
	var err error
	if r.Method == http.MethodPost {
		in, err = a.bodyQuery(r, true)
	} else {
		in, err = urlQuery(r, true)
	}
	if err != nil {
		return err
	}
	q, err := a.Records.Query(r.Context(), r.who, r.param("qualified_query_name"), r.param("version"))
	if err != nil {
		return err
	}
	in.stored, in.Text = &q, q.Text
	return a.runQuery(w, r, in)
}
