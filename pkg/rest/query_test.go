package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

// row makes a row of JSON cells; "" is nil.
func row(cells ...string) [][]byte {
	out := make([][]byte, len(cells))
	for i, c := range cells {
		if c != "" {
			out[i] = []byte(c)
		}
	}
	return out
}

func TestResultSet(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.queries.head = rest.ResultHead{
		Columns:     []rest.Column{{Name: "#0", Path: "/uid/value"}, {Name: "mass", Path: "/value/magnitude"}, {Name: "n"}},
		ExecutedAQL: "SELECT …",
	}
	a.queries.rows = [][][]byte{row(`"a::b::1"`, "70.50", ""), row(`"c::d::1"`, "null", `{"_type":"DV_TEXT","value":"<x>"}`)}
	const q = `SELECT c/uid/value, v/magnitude AS mass, COUNT(*) FROM EHR e WHERE x > 'ü' AND y < 3`
	res := a.do("GET", "/query/aql?q="+url.QueryEscape(q), nil).status(http.StatusOK)
	var got struct {
		Meta    map[string]string
		Q, Name string
		Columns []rest.Column
		Rows    []json.RawMessage
	}
	res.json(&got)
	if got.Q != q || got.Name != "" {
		t.Errorf("q %q, name %q", got.Q, got.Name)
	}
	if diff := cmp.Diff(a.queries.head.Columns, got.Columns); diff != "" {
		t.Error(diff)
	}
	rows := []string{string(got.Rows[0]), string(got.Rows[1])}
	if diff := cmp.Diff([]string{`["a::b::1",70.50,null]`, `["c::d::1",null,{"_type":"DV_TEXT","value":"<x>"}]`}, rows); diff != "" {
		t.Error(diff)
	}
	m := got.Meta
	if m["_type"] != "RESULTSET" || m["_schema_version"] != "1.1.0" || m["_generator"] != "Cairn test" || m["_executed_aql"] != "SELECT …" ||
		!strings.HasPrefix(m["_href"], origin+base+"/query/aql?q=SELECT") || m["_created"] == "" {
		t.Errorf("%v", m)
	}
	if other := a.do("GET", "/query/aql?q=x", nil).tag(); other == res.tag() || uuid.Validate(other) != nil {
		t.Errorf("result-set ids %s and %s", other, res.tag())
	}
	body, err := json.Marshal(map[string]string{"q": q})
	if err != nil {
		t.Fatal(err)
	}
	post := a.do("POST", "/query/aql", body).status(http.StatusOK)
	got.Meta = nil
	post.json(&got)
	if _, has := got.Meta["_href"]; has || got.Q != q {
		t.Errorf("POST: %v, q %s", got.Meta, got.Q)
	}
	a.do("HEAD", "/query/aql?q=x", nil).status(http.StatusOK).empty().has("Content-Type", "application/json")
	if a.queries.sent != 0 {
		t.Errorf("HEAD fetched %d rows", a.queries.sent)
	}
	a.queries.rows, a.queries.head = nil, rest.ResultHead{}
	if got := a.do("GET", "/query/aql?q=x", nil).status(http.StatusOK); !strings.HasSuffix(string(got.body), `"columns":[],"rows":[]}`) {
		t.Errorf("empty result: %s", got.body)
	}
}

func TestQueryParameters(t *testing.T) {
	t.Parallel()
	a := bare(t)
	const ehrID = "7d44b88c-4199-4bad-97dc-d78268e01398"
	tests := []struct {
		name, url, body string
		lines           []string
		want            map[string]any
		ehr             string
	}{
		{
			name: "direct", url: "&temperature_from=36&unit=Cel&ok=true&uid=a::b::1&phone=%2B44",
			want: map[string]any{"temperature_from": json.Number("36"), "unit": "Cel", "ok": true, "uid": "a::b::1", "phone": "+44"},
		},
		{name: "number keeps its form", url: "&x=36.50&y=1e3&z=-2&w=007&v=", want: map[string]any{
			"x": json.Number("36.50"), "y": json.Number("1e3"), "z": json.Number("-2"), "w": "007", "v": "",
		}},
		{name: "quotes make a string", url: "&x='36'&y=%22true%22&z='", want: map[string]any{"x": "36", "y": "true", "z": "'"}},
		{name: "repeated is a list", url: "&x=a&x=2", want: map[string]any{"x": []any{"a", json.Number("2")}}},
		{name: "dollar sign", url: "&%24x=1", want: map[string]any{"x": json.Number("1")}},
		{
			name: "query_parameters as JSON", url: "&query_parameters=" + url.QueryEscape(`{"x":36.5,"y":["a",1],"$z":false}`),
			want: map[string]any{"x": json.Number("36.5"), "y": []any{"a", json.Number("1")}, "z": false},
		},
		{name: "query_parameters as pairs", url: "&query_parameters=x%3D1&query_parameters=y%3Db%3Dc", want: map[string]any{"x": json.Number("1"), "y": "b=c"}},
		{name: "EHR by parameter", url: "&ehr_id=" + ehrID, want: map[string]any{"ehr_id": ehrID}, ehr: ehrID},
		{name: "EHR by header", lines: []string{"openehr-ehr-id: " + ehrID}, want: map[string]any{"ehr_id": ehrID}, ehr: ehrID},
		{name: "EHR by header of 1.0.3", lines: []string{"openEHR-EHR-id: " + ehrID}, want: map[string]any{"ehr_id": ehrID}, ehr: ehrID},
		{name: "EHR by both", url: "&ehr_id=" + ehrID, lines: []string{"openehr-ehr-id: " + strings.ToUpper(ehrID)}, want: map[string]any{"ehr_id": ehrID}, ehr: ehrID},
		{
			name: "body", body: `,"offset":2,"fetch":3,"query_parameters":{"x":1.50,"y":["a",true],"ehr_id":"other"}`,
			want: map[string]any{"x": json.Number("1.50"), "y": []any{"a", true}, "ehr_id": "other"},
		},
		{name: "body with context", body: `,"ehr_id":"` + ehrID + `"`, want: map[string]any{"ehr_id": ehrID}, ehr: ehrID},
		{name: "body with nulls", body: `,"offset":null,"fetch":null,"query_parameters":null`, want: map[string]any{}},
	}
	for _, tt := range tests {
		if tt.body != "" {
			a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1"`+tt.body+`}`), tt.lines...).status(http.StatusOK)
		} else {
			a.do("GET", "/query/aql?q=SELECT+1"+tt.url, nil, tt.lines...).status(http.StatusOK)
		}
		got := a.queries.got
		if diff := cmp.Diff(tt.want, got.Parameters); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if got.Text != "SELECT 1" || got.EHRID != uuid.MustParse(or(tt.ehr, uuid.Nil.String())) {
			t.Errorf("%s: text %q, context %v", tt.name, got.Text, got.EHRID)
		}
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestQueryRequestsRefused(t *testing.T) {
	t.Parallel()
	a := bare(t)
	const ehrID = "7d44b88c-4199-4bad-97dc-d78268e01398"
	for _, u := range []string{
		"", "?q=", "?q=%20", "?q=a&q=b", "?q=x&ehr_id=y", "?q=x&query_parameters=y", "?q=x&query_parameters={", "?q=x&%zz=1",
		"?q=x&a=1&%24a=2", "?q=x&=1", "?q=x&query_parameters=" + url.QueryEscape(`{"a":null}`), "?q=x&query_parameters=" + url.QueryEscape(`{"a":{"b":1}}`),
	} {
		a.do("GET", "/query/aql"+u, nil).status(http.StatusBadRequest).fault()
	}
	a.do("GET", "/query/aql?q=x&ehr_id="+ehrID, nil, "openehr-ehr-id: "+uuid.NewString()).status(http.StatusBadRequest).fault()
	for _, body := range []string{
		"", "[]", `{`, `{}`, `{"q":1}`, `{"q":"x","query-parameters":{}}`, `{"q":"x","q":"y"}`, `{"q":"x"} {}`,
		`{"q":"x","query_parameters":[1]}`, `{"q":"x","query_parameters":{"a":[[1]]}}`, `{"q":"x","query_parameters":{"a":{}}}`,
	} {
		a.do("POST", "/query/aql", []byte(body)).status(http.StatusBadRequest).fault()
	}
	for _, u := range []string{"?fetch=2", "?offset=1", "?q=x", "?systolic=140", "?query_parameters=a%3D1"} {
		a.do("POST", "/query/aql"+u, []byte(`{"q":"x"}`)).status(http.StatusBadRequest).fault()
	}
	a.do("POST", "/query/aql?ehr_id="+ehrID, []byte(`{"q":"x"}`)).status(http.StatusOK)
	f := a.do("POST", "/query/aql", []byte(`{"q":"x","fetch":"secret"}`)).fault()
	if !strings.Contains(f.Message, "/fetch") || strings.Contains(f.Message, "secret") {
		t.Errorf("message %q", f.Message)
	}
	a.do("POST", "/query/aql", []byte(`{"q":"`+strings.Repeat("x", 300<<10)+`"}`)).status(http.StatusRequestEntityTooLarge).fault()
}

func TestQueryFailures(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.queries.err = &errs.Error{
		Kind: errs.Invalid, Code: "aql_syntax", Msg: "the query is not valid AQL",
		Detail: []rest.QueryProblem{{Code: "syntax", Message: "unexpected FORM", Line: 2, Column: 7}},
	}
	f := a.do("GET", "/query/aql?q=x", nil).status(http.StatusBadRequest).fault()
	if f.Code != "aql_syntax" || len(f.ValidationErrors) != 1 || f.ValidationErrors[0] != "line 2, column 7: unexpected FORM" || len(f.Problems) != 1 {
		t.Errorf("%+v", f)
	}
	for err, want := range map[error]int{
		errs.New(errs.Timeout, "aql", "too slow"):                          http.StatusRequestTimeout,
		errs.New(errs.NotFound, "ehr", "no such EHR"):                      http.StatusNotFound,
		errs.New(errs.Unsupported, "aql", "TERMINOLOGY is not available"):  http.StatusNotImplemented,
		context.DeadlineExceeded:                                           http.StatusRequestTimeout,
		errs.Wrap(errs.Internal, "aql", "secret", context.Canceled):        http.StatusRequestTimeout,
		errs.Wrap(errs.Internal, "aql", "secret", errors.New("sql error")): http.StatusInternalServerError,
	} {
		a.queries.err = err
		a.do("GET", "/query/aql?q=x", nil).status(want).fault()
	}

	// A failure after some rows, while nothing is sent yet, is an error answer;
	// after that the answer is cut off, and never looks complete.
	a.queries.err = errs.New(errs.Timeout, "aql", "too slow")
	a.queries.head.Columns = []rest.Column{{Name: "#0"}}
	a.queries.rows = [][][]byte{row(`"` + strings.Repeat("x", 1000) + `"`)}
	a.queries.repeat = 10
	a.do("GET", "/query/aql?q=x", nil).status(http.StatusRequestTimeout).fault()

	a.queries.repeat = 1000
	server := httptest.NewServer(a.handler)
	defer server.Close()
	res, err := server.Client().Get(server.URL + base + "/query/aql?q=x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("a result that was cut off ended as if it were whole")
	}
	a.queries.err = nil
	res, err = server.Client().Get(server.URL + base + "/query/aql?q=x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var whole struct{ Rows [][]string }
	if err := json.NewDecoder(res.Body).Decode(&whole); err != nil || len(whole.Rows) != 1000 {
		t.Errorf("%d rows, %v", len(whole.Rows), err)
	}
}

func FuzzQueryBody(f *testing.F) {
	f.Add([]byte(`{"q":"SELECT 1","offset":1,"fetch":2,"query_parameters":{"a":[1,"b",true]}}`))
	f.Add([]byte(`{"q":"x","query_parameters":{"$a":null}}`))
	h := handler(f, func(c *rest.Config) { c.Records, c.Queries = noRecords{}, &queries{} })
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", base+"/query/aql", strings.NewReader(string(body)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) || w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}
