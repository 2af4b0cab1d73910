package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

const asText = "Content-Type: text/plain"

// stored reads stored queries as "name version text" lines.
func (r *result) stored() []string {
	r.t.Helper()
	var list []map[string]string
	r.json(&list)
	out := []string{}
	for _, q := range list {
		if len(q) != 5 || q["type"] != "AQL" || q["saved"] == "" {
			r.t.Errorf("%v", q)
		}
		out = append(out, q["name"]+" "+q["version"]+" "+q["q"])
	}
	return out
}

func TestStoredQueryVersions(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	put := func(path string, n int, want string) {
		t.Helper()
		res := a.do("PUT", "/definition/query/"+path, fmt.Appendf(nil, "SELECT %d FROM EHR e", n), asText).status(http.StatusOK).empty()
		name, _, _ := strings.Cut(path, "/")
		res.has("Location", origin+base+"/definition/query/"+name+"/"+want).has("ETag", `W/"`+name+"/"+want+`"`)
	}
	put("org.a::q", 1, "1.0.0")
	put("org.a::q", 1, "1.0.0") // the same text is the same version
	put("org.a::q", 2, "1.0.1")
	put("org.a::q/1.9.0", 3, "1.9.0")
	put("org.a::q/1.10", 4, "1.10.0")
	put("org.a::q/2.0.0-rc.1", 5, "2.0.0-rc.1")
	put("org.a::q2/1", 6, "1.0.0")
	put("plain", 7, "1.0.0")
	put("only/3.0.0-alpha", 8, "3.0.0-alpha")

	for path, want := range map[string]int{
		"org.a::q/1": 4, "org.a::q/1.0": 2, "org.a::q/1.0.0": 1, "org.a::q/1.9": 3, "org.a::q/1.10.0": 4,
		"org.a::q/2": 5, "org.a::q/2.0.0-rc.1": 5, "org.a%3A%3Aq2/1": 6, "plain/1": 7, "only/3": 8,
	} {
		var q map[string]string
		res := a.do("GET", "/definition/query/"+path, nil).status(http.StatusOK)
		if res.json(&q); q["q"] != fmt.Sprintf("SELECT %d FROM EHR e", want) {
			t.Errorf("%s: %v, want %d", path, q, want)
		}
		a.do("GET", "/definition/query/"+path, nil, "If-None-Match: "+res.header.Get("ETag")).status(http.StatusNotModified)
	}
	for _, missing := range []string{"org.a::q/3", "org.a::q/1.1", "org.a::q/1.0.7", "org.a::q/x", "org.a::q/2.0.0", "org.a/1", "aql/1", "org.a::nothing/1", "a%20b/1"} {
		a.do("GET", "/definition/query/"+missing, nil).status(http.StatusNotFound).fault()
	}
	// After a pre-release comes its release.
	put("org.a::q", 9, "2.0.0")

	for pattern, want := range map[string][]string{
		"org.a::q": {
			"org.a::q 1.0.0 SELECT 1 FROM EHR e", "org.a::q 1.0.1 SELECT 2 FROM EHR e", "org.a::q 1.9.0 SELECT 3 FROM EHR e",
			"org.a::q 1.10.0 SELECT 4 FROM EHR e", "org.a::q 2.0.0-rc.1 SELECT 5 FROM EHR e", "org.a::q 2.0.0 SELECT 9 FROM EHR e",
		},
		"pl":      {"plain 1.0.0 SELECT 7 FROM EHR e"},
		"x%25":    {},
		"org.a::": nil,
	} {
		got := a.do("GET", "/definition/query/"+pattern, nil).status(http.StatusOK).stored()
		if want == nil && len(got) != 7 {
			t.Errorf("%s: %v", pattern, got)
		} else if diff := cmp.Diff(want, got); want != nil && diff != "" {
			t.Errorf("%s: %s", pattern, diff)
		}
	}
}

func TestStoredQueryIsRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	text := []byte("SELECT 1 FROM EHR e")
	for _, path := range []string{"aql", "AQL", "a%20b", "a::b::c", "::a", "a::", "a:b", "q/x", "q/1.2.3.4", "q/01.0.0", "q/1.0.0+build", "q/-1", strings.Repeat("a", 300), "q?query_type=SQL"} {
		a.do("PUT", "/definition/query/"+path, text, asText).status(http.StatusBadRequest).fault()
	}
	for _, bad := range []string{"", "  \n", "SELECT \xff", "SELECT \x00"} {
		a.do("PUT", "/definition/query/q", []byte(bad), asText).status(http.StatusBadRequest).fault()
	}
	f := a.do("PUT", "/definition/query/q", []byte("SELCT 1"), asText).status(http.StatusBadRequest).fault()
	if len(f.Problems) != 1 || f.ValidationErrors[0] != "line 1, column 1: expected SELECT" {
		t.Errorf("%+v", f)
	}
	a.do("PUT", "/definition/query/q", append(text, make([]byte, 300<<10)...), asText).status(http.StatusRequestEntityTooLarge)
	a.do("PUT", "/definition/query/q", text, "Content-Type: application/json").status(http.StatusUnsupportedMediaType)
	a.do("PUT", "/definition/query/q", text, asText, "Accept: text/html").status(http.StatusNotAcceptable)
	if got := a.do("GET", "/definition/query/q", nil).status(http.StatusOK).stored(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	var rep map[string]string
	a.do("PUT", "/definition/query/q?query_type=aql", text, asText, "Prefer: return=representation").status(http.StatusOK).
		has("Preference-Applied", "return=representation").json(&rep)
	if rep["q"] != string(text) || rep["version"] != "1.0.0" {
		t.Errorf("%v", rep)
	}
	var id map[string]string
	if a.do("PUT", "/definition/query/q", text, asText, "Prefer: return=identifier").status(http.StatusOK).json(&id); id["uid"] != "q/1.0.0" {
		t.Errorf("%v", id)
	}
}

func TestStoredQueryVersionsOfManyWriters(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var group sync.WaitGroup
	for n := range 6 {
		group.Go(func() {
			a.do("PUT", "/definition/query/q", fmt.Appendf(nil, "SELECT %d FROM EHR e", n), asText).status(http.StatusOK)
		})
	}
	group.Wait()
	if got := a.do("GET", "/definition/query/q", nil).stored(); len(got) != 6 || !strings.HasPrefix(got[5], "q 1.0.5 ") {
		t.Errorf("%v", got)
	}
}

func TestRunStoredQuery(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.queries.head = rest.ResultHead{Columns: []rest.Column{{Name: "#0"}}}
	a.queries.rows = [][][]byte{{[]byte("1")}}
	a.do("PUT", "/definition/query/org.a::q/1.0.0", []byte("SELECT 1 FROM EHR e"), asText).status(http.StatusOK)
	a.do("PUT", "/definition/query/org.a::q/1.2.0", []byte("SELECT 2 FROM EHR e"), asText).status(http.StatusOK)
	ehrID := uuid.New()
	params := map[string]any{"systolic": json.Number("140"), "q": "x", "ehr_id": ehrID.String()}

	for _, test := range []struct {
		method, path, body string
		text               string
	}{
		{"GET", "/query/org.a::q?offset=2&fetch=3&systolic=140&q=x&ehr_id=" + ehrID.String(), "", "SELECT 2 FROM EHR e"},
		{"GET", "/query/org.a::q/1.0.0?offset=2&fetch=3&query_parameters=systolic%3D140&q=x&ehr_id=" + ehrID.String(), "", "SELECT 1 FROM EHR e"},
		{"POST", "/query/org.a::q", `{"offset":2,"fetch":3,"ehr_id":"` + ehrID.String() + `","query_parameters":{"systolic":140,"q":"x"}}`, "SELECT 2 FROM EHR e"},
		{"POST", "/query/org.a::q/1", `{"offset":2,"fetch":3,"ehr_id":"` + ehrID.String() + `","query_parameters":{"$systolic":140,"q":"x"}}`, "SELECT 2 FROM EHR e"},
	} {
		var body []byte
		if test.body != "" {
			body = []byte(test.body)
		}
		res := a.do(test.method, test.path, body).status(http.StatusOK)
		got := a.queries.got
		if got.Text != test.text || got.Offset != 2 || got.Fetch != 3 || got.EHRID != ehrID {
			t.Errorf("%s: %+v", test.path, got)
		}
		if diff := cmp.Diff(params, got.Parameters); diff != "" {
			t.Errorf("%s: %s", test.path, diff)
		}
		var set struct {
			Name, Q string
			Meta    struct {
				Href string `json:"_href"`
			}
			Rows [][]int
		}
		res.json(&set)
		if set.Name != "org.a::q" || set.Q != test.text || len(set.Rows) != 1 {
			t.Errorf("%s: %s", test.path, res.body)
		}
		if test.method == "GET" && !strings.HasPrefix(set.Meta.Href, origin+base+"/query/org.a::q/1.") {
			t.Errorf("href %s", set.Meta.Href)
		}
	}
	a.do("POST", "/query/org.a::q", nil).status(http.StatusOK)
	a.do("GET", "/query/org.a::q", nil, "openehr-ehr-id: "+ehrID.String()).status(http.StatusOK)
	if a.queries.got.EHRID != ehrID {
		t.Errorf("%+v", a.queries.got)
	}

	for _, path := range []string{"/query/nothing", "/query/org.a::q/2", "/query/org.a::q/x", "/query/org.a::"} {
		a.do("GET", path, nil).status(http.StatusNotFound).fault()
		a.do("POST", path, nil).status(http.StatusNotFound).fault()
	}
	for _, bad := range []string{"?fetch=0", "?offset=x", "?ehr_id=x", "?p=1&query_parameters=p%3D2"} {
		a.do("GET", "/query/org.a::q"+bad, nil).status(http.StatusBadRequest).fault()
	}
	for _, bad := range []string{`{"q":"SELECT 1"}`, `{"secret":1}`, `[]`, `{"fetch":0}`} {
		a.do("POST", "/query/org.a::q", []byte(bad)).status(http.StatusBadRequest).fault()
	}
}
