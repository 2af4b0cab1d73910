package fhir

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// project fills a reader from the cases of package fhirmap.
func project(t testing.TB) *memory {
	t.Helper()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{search: map[string][]r4.SearchValue{}, gone: map[string]Record{}}
	for i, name := range []string{"blood_pressure", "temperature_times", "body_weight_units_and_precision", "problem_list", "exclusions_and_absence", "ehr_status_with_system"} {
		data, err := os.ReadFile(filepath.Join("../../fhirmap/testdata/cases", name, "in.json"))
		if err != nil {
			t.Fatal(err)
		}
		class := "COMPOSITION"
		if strings.HasPrefix(name, "ehr_status") {
			class = "EHR_STATUS"
		}
		root, problems := rm.DecodeJSON(data, rm.Lookup(class), rm.JSONOptions{})
		if rm.HasErrors(problems) {
			t.Fatal(problems)
		}
		object := "00000000-0000-4000-8000-00000000000" + strconv.Itoa(i)
		res, err := lib.Project(fhirmap.Input{Root: root, EHRID: testEHR, ObjectID: object, SystemID: "test", Lifecycle: "532"})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Resources {
			m.records = append(m.records, Record{
				Type: r.Type, ID: r.ID, Version: VersionID{Trunk: 3}, LastUpdated: commit.Add(time.Duration(i) * time.Hour),
				Source: object + "::test::3", Profiles: r.Profiles, JSON: r.JSON, Mapping: r.Mapping,
			})
			m.search[r.ID] = r.Values()
		}
		for _, l := range res.Losses {
			if l.Kind == fhirmap.LossUnmapped || l.Kind == fhirmap.LossAbsence {
				m.gaps = append(m.gaps, Gap{TemplateID: "t", Code: string(l.Kind), Archetype: l.Archetype, Message: l.Message, Count: 1})
			} else if l.Kind == fhirmap.LossRefused && l.Type == "Condition" {
				m.gaps = append(m.gaps, Gap{TemplateID: "t", Code: l.Code, Archetype: l.Archetype, Message: l.Message, Count: 1})
			}
		}
	}
	slices.SortFunc(m.records, func(a, b Record) int { return cmp.Compare(a.ID, b.ID) })
	for _, r := range m.records {
		r.Version, r.LastUpdated, r.First = VersionID{Trunk: 1}, r.LastUpdated.AddDate(0, 0, -1), true
		m.past = append(m.past, r)
	}
	m.gone["Observation/old"] = Record{Type: "Observation", ID: "old", Version: VersionID{Trunk: 2}, LastUpdated: commit}
	return m
}

func handler(t testing.TB, m *memory) http.Handler {
	t.Helper()
	return handlerOf(t, m)
}

func handlerOf(t testing.TB, m Reader) http.Handler {
	t.Helper()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{
		Reader: m, Coverage: lib, Terminology: animals(t), Version: "0.1", Now: func() time.Time { return commit },
		Authenticate: func(r *http.Request) (ehr.Actor, error) {
			switch r.Header.Get("Authorization") {
			case "none":
				return ehr.Actor{}, errs.New(errs.Unauthenticated, "test", "no token")
			default:
				return ehr.Actor{ID: "tester"}, nil
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type reply struct {
	*http.Response
	body *r4.Node
	raw  string
}

// ask sends a request and checks that any body is valid R4.
func ask(t testing.TB, h http.Handler, method, target string, header ...string) reply {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		target, form, _ := strings.Cut(target, "#")
		return do(t, h, httptest.NewRequest(method, target, strings.NewReader(form)), header)
	}
	return do(t, h, httptest.NewRequest(method, target, body), header)
}

func do(t testing.TB, h http.Handler, r *http.Request, header []string) reply {
	t.Helper()
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := reply{Response: w.Result(), raw: w.Body.String()}
	if out.raw != "" {
		parse := r4.Parse
		switch ct := w.Header().Get("Content-Type"); ct {
		case "application/fhir+json; charset=utf-8":
		case "application/fhir+xml; charset=utf-8":
			parse = r4.ParseXML
		default:
			t.Errorf("%s %s: Content-Type %q", r.Method, r.URL, ct)
		}
		n, err := parse([]byte(out.raw))
		if err != nil {
			t.Fatalf("%s %s: %v in %s", r.Method, r.URL, err, out.raw)
		}
		for _, p := range r4.ValidateNode(n) {
			if !p.Warning {
				t.Errorf("%s %s: %s", r.Method, r.URL, p)
			}
		}
		out.body = n
	}
	return out
}

func (r reply) ids() []string {
	var out []string
	for _, e := range r.body.List("entry") {
		if e.Str("search", "mode") == "match" {
			out = append(out, e.Str("resource", "id"))
		}
	}
	return out
}

func (r reply) link(rel string) string {
	for _, l := range r.body.List("link") {
		if l.Str("relation") == rel {
			return l.Str("url")
		}
	}
	return ""
}

func TestRead(t *testing.T) {
	t.Parallel()
	m := project(t)
	h := handler(t, m)
	rec := m.records[slices.IndexFunc(m.records, func(r Record) bool { return strings.Contains(string(r.JSON), `"value":120.0`) })]
	at := "/fhir/r4/Observation/" + rec.ID

	r := ask(t, h, "GET", at)
	if r.StatusCode != 200 || r.Header.Get("ETag") != `W/"3"` || r.Header.Get("Last-Modified") != "Tue, 05 Mar 2024 10:30:00 GMT" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	if got := r.body.Str("meta", "versionId") + " " + r.body.Str("meta", "lastUpdated"); got != "3 2024-03-05T10:30:00.123456Z" {
		t.Errorf("meta: %s", got)
	}
	if !strings.HasPrefix(r.raw, `{"resourceType":"Observation","id":"`+rec.ID+`","meta":{`) {
		t.Errorf("order: %.120s", r.raw)
	}
	if !strings.Contains(r.raw, `"value":120.0`) {
		t.Error("the number lost its digits")
	}
	if m.asked[0].ID != "tester" {
		t.Errorf("asked as %+v", m.asked)
	}
	tests := []struct {
		name, method, target string
		header               []string
		status               int
		issue                string
	}{
		{"the version at hand", "GET", at, []string{"If-None-Match", `W/"3"`}, 304, ""},
		{"one of several versions", "GET", at, []string{"If-None-Match", `W/"2", W/"3"`}, 304, ""},
		{"another version", "GET", at, []string{"If-None-Match", `W/"2"`}, 200, ""},
		{"not modified since", "GET", at, []string{"If-Modified-Since", "Tue, 05 Mar 2024 10:30:01 GMT"}, 304, ""},
		{"perhaps modified in the same second", "GET", at, []string{"If-Modified-Since", "Tue, 05 Mar 2024 10:30:00 GMT"}, 200, ""},
		{"modified since", "GET", at, []string{"If-Modified-Since", "Tue, 05 Mar 2024 10:29:59 GMT"}, 200, ""},
		{"HEAD", "HEAD", at, nil, 200, ""},
		{"a deleted resource", "GET", "/fhir/r4/Observation/old", nil, 410, "deleted"},
		{"an unknown id", "GET", "/fhir/r4/Observation/new", nil, 404, "not-found"},
		{"an illegal id", "GET", "/fhir/r4/Observation/a_b", nil, 404, "not-found"},
		{"another type's id", "GET", "/fhir/r4/Condition/" + rec.ID, nil, 404, "not-found"},
		{"a type without mapping", "GET", "/fhir/r4/Procedure/1", nil, 404, "not-found"},
		{"not a type", "GET", "/fhir/r4/Blood/1", nil, 404, "not-found"},
		{"no such place", "GET", "/fhir/r4/Observation/1/2/3", nil, 404, "not-found"},
		{"outside the base", "GET", "/other", nil, 404, "not-found"},
		{"writing", "PUT", at, nil, 405, "not-supported"},
		{"creating", "POST", "/fhir/r4/Observation", nil, 405, "not-supported"},
		{"a version", "GET", at + "/_history/1", nil, 200, ""},
		{"the latest version", "GET", at + "/_history/3", nil, 200, ""},
		{"no such version", "GET", at + "/_history/2", nil, 404, "not-found"},
		{"a version that is no number", "GET", at + "/_history/x", nil, 404, "not-found"},
		{"a version with a leading zero", "GET", at + "/_history/03", nil, 404, "not-found"},
		{"a version too large", "GET", at + "/_history/99999999999", nil, 404, "not-found"},
		{"the version that is a deletion", "GET", "/fhir/r4/Observation/old/_history/2", nil, 410, "deleted"},
		{"history of nothing", "GET", "/fhir/r4/Observation/none/_history", nil, 404, "not-found"},
		{"history with a filter", "GET", at + "/_history?code=1", nil, 400, "not-supported"},
		{"history since a day", "GET", at + "/_history?_since=2024-01-01", nil, 400, "invalid"},
		{"history with another's cursor", "GET", at + "/_history?_cursor=abc", nil, 400, "invalid"},
		{"history of an unknown type", "GET", "/fhir/r4/Basic/_history", nil, 404, "not-found"},
		{"an unknown operation", "GET", "/fhir/r4/Patient/x/$match", nil, 501, "not-supported"},
		{"an operation of another type", "GET", "/fhir/r4/Observation/x/$everything", nil, 501, "not-supported"},
		{"everything of nobody", "GET", "/fhir/r4/Patient/x/$everything", nil, 404, "not-found"},
		{"a summary of nobody", "POST", "/fhir/r4/Patient/x/$summary", nil, 404, "not-found"},
		{"lastn of the population", "GET", "/fhir/r4/Observation/$lastn", nil, 400, "invalid"},
		{"lastn of none", "GET", "/fhir/r4/Observation/$lastn?patient=x&max=0", nil, 400, "invalid"},
		{"lastn in pages", "GET", "/fhir/r4/Observation/$lastn?patient=x&_count=3", nil, 400, "not-supported"},
		{"XML by Accept", "GET", at, []string{"Accept", "application/fhir+xml"}, 200, ""},
		{"XML by _format", "GET", at + "?_format=xml", nil, 200, ""},
		{"XML preferred", "GET", at, []string{"Accept", "application/fhir+json;q=0.5, application/fhir+xml"}, 200, ""},
		{"a fault in XML", "GET", at + "0?_format=xml", nil, 404, "not-found"},
		{"an unknown format", "GET", at + "?_format=ttl", nil, 406, "not-supported"},
		{"_format wins over Accept", "GET", at + "?_format=json", []string{"Accept", "text/html"}, 200, ""},
		{"a browser", "GET", at, []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}, 200, ""},
		{"JSON refused by quality", "GET", at, []string{"Accept", "application/json;q=0, text/html"}, 406, "not-supported"},
		{"FHIR R5", "GET", at, []string{"Accept", "application/fhir+json; fhirVersion=5.0"}, 406, "not-supported"},
		{"FHIR R4", "GET", at, []string{"Accept", "application/fhir+json; fhirVersion=4.0"}, 200, ""},
		{"an encoded _format", "GET", at + "?_format=application/fhir+json", nil, 200, ""},
		{"an unknown parameter", "GET", at + "?_sort=date", nil, 400, "not-supported"},
		{"a part", "GET", at + "?_elements=code", nil, 200, ""},
		{"a part of a version", "GET", at + "/_history/3?_summary=text", nil, 200, ""},
		{"the number of one", "GET", at + "?_summary=count", nil, 400, "invalid"},
		{"a part that is none", "GET", at + "?_elements=colour", nil, 400, "invalid"},
		{"no token", "GET", at, []string{"Authorization", "none"}, 401, "login"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := ask(t, h, tt.method, tt.target, tt.header...)
			if r.StatusCode != tt.status {
				t.Errorf("status %d, want %d: %s", r.StatusCode, tt.status, r.raw)
			}
			if tt.issue != "" && r.body.Get("issue").Items[0].Str("code") != tt.issue {
				t.Errorf("issue: %s", r.raw)
			}
			if (tt.status == 304 || tt.method == "HEAD") && r.raw != "" {
				t.Error("a body where none belongs")
			}
			if tt.status == 410 && r.Header.Get("ETag") != `W/"2"` {
				t.Errorf("ETag %q", r.Header.Get("ETag"))
			}
		})
	}
}

func TestServerFaultsStayInside(t *testing.T) {
	t.Parallel()
	m := project(t)
	m.fail = errs.Wrap(errs.Internal, "store", "table fhir_resource is broken", io.ErrUnexpectedEOF)
	r := ask(t, handler(t, m), "GET", "/fhir/r4/Observation/x")
	if r.StatusCode != 500 || strings.Contains(r.raw, "fhir_resource") {
		t.Errorf("%d %s", r.StatusCode, r.raw)
	}
	m.fail = errs.New(errs.Forbidden, "policy", "not allowed")
	if r := ask(t, handler(t, m), "GET", "/fhir/r4/Observation?patient="+testEHR); r.StatusCode != 403 {
		t.Errorf("%d", r.StatusCode)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	m := project(t)
	h := handler(t, m)
	const p = "patient=" + testEHR
	tests := []struct {
		name, query string
		want        int
	}{
		{"all of a patient", p, 9},
		{"by reference", "subject=Patient/" + testEHR, 9},
		{"by reference with a type", "subject:Patient=" + testEHR, 9},
		{"by URL", "subject=http://example.com/fhir/r4/Patient/" + testEHR, 9},
		{"of another patient", "patient=11111111-1111-4111-8111-111111111111", 0},
		{"of two patients at once", p + "&patient=11111111-1111-4111-8111-111111111111", 0},
		{"of either of two patients", p + ",11111111-1111-4111-8111-111111111111", 9},
		{"of another kind of subject", "subject=Group/1", 0},
		{"by code", p + "&code=http://loinc.org|85354-9", 2},
		{"by code alone", p + "&code=85354-9", 2},
		{"by system alone", p + "&code=http://loinc.org|", 9},
		{"by a code without system", p + "&code=|85354-9", 0},
		{"by two codes", p + "&code=85354-9,8310-5", 6},
		{"by both codes", p + "&code=85354-9&code=8310-5", 0},
		{"by component code", p + "&combo-code=8480-6", 2},
		{"by category", p + "&category=vital-signs", 9},
		{"by status", p + "&status=final", 9},
		{"by status with system", p + "&status=http://hl7.org/fhir/observation-status|final", 9},
		{"by day", p + "&date=2024-03-05", 8},
		{"by month", p + "&date=2024-03", 9},
		{"from a time", p + "&date=ge2024-03-05T10:16:00Z&code=29463-7", 2},
		{"from a minute", p + "&date=ge2024-03-05T10:16Z&code=29463-7", 2},
		{"between", p + "&date=ge2024-03-05T10:15:00Z&date=lt2024-03-05T10:17:00Z&code=29463-7", 2},
		{"after", p + "&date=gt2024-03-05T10:17:00Z&code=29463-7", 0},
		{"a plus sign that was not encoded", p + "&date=2024-03-05T11:17:00+01:00&code=29463-7", 1},
		{"by value", p + "&value-quantity=70", 1},
		{"by value with unit", p + "&value-quantity=gt3.4|http://unitsofmeasure.org|kg", 2},
		{"by value in another unit", p + "&value-quantity=gt3.4||stones", 1},
		{"by update", p + "&_lastUpdated=gt2024-03-05T11:00:00Z", 7},
		{"by update as it is written", p + "&_lastUpdated=2024-03-05T10:30:00.123456Z", 2},
		{"after the last update", p + "&_lastUpdated=gt2024-03-05T10:30:00.123456Z", 7},
		{"by ids", "_id=a,b", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := ask(t, h, "GET", "http://example.com/fhir/r4/Observation?"+tt.query)
			if r.StatusCode != 200 {
				t.Fatalf("%d %s", r.StatusCode, r.raw)
			}
			if got := len(r.ids()); got != tt.want {
				t.Errorf("%d matches, want %d", got, tt.want)
			}
			form := ask(t, h, "POST", "http://example.com/fhir/r4/Observation/_search#"+tt.query, "Content-Type", "application/x-www-form-urlencoded")
			if form.raw != r.raw {
				t.Errorf("POST differs: %s", form.raw)
			}
			self := ask(t, h, "GET", r.link("self"))
			if self.raw != r.raw {
				t.Errorf("the self link gives another page: %s", r.link("self"))
			}
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	id := "abc"
	tests := []struct {
		query  string
		status int
		issue  string
	}{
		{"unknown=1", 400, "not-supported"},
		{"code:exact=x", 400, "not-supported"},
		{"code:text=%20", 400, "invalid"},
		{"date:text=x", 400, "not-supported"},
		{"value-string:text=x", 400, "not-supported"},
		{"value-string:not=x", 400, "not-supported"},
		{"code:of-type=a|b|c", 400, "not-supported"},
		{"identifier:of-type=a|b", 400, "invalid"},
		{"identifier:of-type=|b|c", 400, "invalid"},
		{"identifier:of-type=a|b|", 400, "invalid"},
		{"identifier:identifier=a", 400, "not-supported"},
		{"performer:identifier=|", 400, "invalid"},
		{"performer:not=Practitioner/1", 400, "not-supported"},
		{"patient:identifier=a", 400, "invalid"},
		{"subject:identifier=a", 400, "invalid"},
		{"value-quantity:above=1", 400, "not-supported"},
		{"code:in=http://example.org/vs/none", 400, "not-found"},
		{"code:not-in=http://example.org/vs/none", 400, "not-found"},
		{"code:in=", 400, "invalid"},
		{"code:in=http://example.org/vs/animals,http://example.org/vs/none", 400, "not-found"},
		{"code:below=http://example.org/none|x", 400, "not-found"},
		{"code:below=http://example.org/animals|unicorn", 400, "not-found"},
		{"code:below=cat", 400, "invalid"},
		{"code:below=http://example.org/animals|", 400, "invalid"},
		{"code:below=http://example.org/parts|paw", 400, "not-supported"},
		{"code:above=http://example.org/parts|paw", 400, "not-supported"},
		{"date:in=http://example.org/vs/animals", 400, "not-supported"},
		{"_id:not=x", 400, "not-supported"},
		{"_lastUpdated:missing=true", 400, "not-supported"},
		{"_profile:not=http://x", 400, "not-supported"},
		{"code-value-quantity=a", 400, "invalid"},
		{"code-value-quantity=a$", 400, "invalid"},
		{"code-value-quantity=a$b", 400, "invalid"},
		{"code-value-quantity=a$1$2", 400, "invalid"},
		{"code-value-quantity=|$1", 400, "invalid"},
		{"code-value-quantity:missing=true", 400, "not-supported"},
		{"code-value-date=a$never", 400, "invalid"},
		{"_sort=code-value-quantity", 400, "not-supported"},
		{"code:contains=x", 400, "not-supported"},
		{"code:missing=maybe", 400, "invalid"},
		{"patient.organization=x|1", 400, "not-supported"},
		{"performer.name=x", 400, "not-supported"},
		{"patient:Group.name=x", 400, "not-supported"},
		{"_has:Observation:patient:code=x", 400, "not-supported"},
		{"_has:Provenance:target:agent=x", 400, "not-supported"},
		{"_sort=subject", 400, "not-supported"},
		{"_sort=nothing", 400, "not-supported"},
		{"_sort=date&_sort=code", 400, "invalid"},
		{"_sort=" + strings.Repeat("date,", 9) + "date", 400, "invalid"},
		{"_include=Observation", 400, "invalid"},
		{"_include=Observation:code", 400, "not-supported"},
		{"_include=Basic:subject", 400, "not-supported"},
		{"_include:all=Observation:subject", 400, "not-supported"},
		{"_revinclude=Observation:*", 400, "invalid"},
		{"_summary=some", 400, "invalid"},
		{"_elements=nothing", 400, "invalid"},
		{"code=", 400, "invalid"},
		{"code=|", 400, "invalid"},
		{"code=a|b|c", 400, "invalid"},
		{"date=yesterday", 400, "invalid"},
		{"date=xx2020", 400, "invalid"},
		{"date=2020-02-30", 400, "invalid"},
		{"_lastUpdated=2020,2021", 400, "invalid"},
		{"value-quantity=much", 400, "invalid"},
		{"value-quantity=1|kg", 400, "invalid"},
		{"_count=-1", 400, "invalid"},
		{"_count=x", 400, "invalid"},
		{"_cursor=abc", 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{&id}}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{&id}, Snapshot: "\x01"}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Snapshot: "now"}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{nil}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{&id, &id}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_sort=date&_cursor=" + Cursor{Keys: []*string{&id, &id}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_sort=value-quantity&_cursor=" + Cursor{Keys: []*string{&id, &id}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_total=some", 400, "invalid"},
		{"patient=a%20b", 400, "invalid"},
		{"subject=http://elsewhere.org/Patient/1", 400, "invalid"},
		{"subject=Blood/1", 400, "invalid"},
		{"subject:Patient=Group/1", 400, "invalid"},
		{"performer=1", 400, "invalid"},
		{"code=%zz", 400, "invalid"},
		{"code=%00", 400, "invalid"},
		{"c%01de=a", 400, "invalid"},
		{"code=%ff", 400, "invalid"},
		{strings.Repeat("code=a&", 65), 413, "too-long"},
		{"code=" + strings.Repeat("a,", 200), 400, "invalid"},
		{"code=" + strings.Repeat("a", 66_000), 413, "too-long"},
	}
	for _, tt := range tests {
		r := ask(t, h, "GET", "/fhir/r4/Observation?"+tt.query)
		if r.StatusCode != tt.status || r.body.Get("issue").Items[0].Str("code") != tt.issue {
			t.Errorf("%.60s: %d %s", tt.query, r.StatusCode, r.raw)
		}
	}
	if r := ask(t, h, "POST", "/fhir/r4/Observation/_search#{}", "Content-Type", "application/json"); r.StatusCode != 415 {
		t.Errorf("a JSON body: %d", r.StatusCode)
	}
}

func TestLenientSearchSaysWhatItIgnored(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	r := ask(t, h, "GET", "/fhir/r4/Observation?patient="+testEHR+"&foo=1&bar:exact=x", "Prefer", "handling=lenient")
	if r.StatusCode != 200 || len(r.ids()) != 9 || strings.Contains(r.link("self"), "foo") {
		t.Errorf("%d %s", r.StatusCode, r.raw)
	}
	if n := strings.Count(r.raw, "was ignored"); n != 2 {
		t.Errorf("%d parameters reported", n)
	}
	for _, modified := range []string{"code:exact=x", "code:surely=x", "performer:not=x", "_id:not=x", "code:in=http://example.org/vs/none"} {
		if r := ask(t, h, "GET", "/fhir/r4/Observation?"+modified, "Prefer", "handling=lenient"); r.StatusCode != 400 {
			t.Errorf("the modifier of %s changes what is found, and was ignored: %d", modified, r.StatusCode)
		}
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?date=never", "Prefer", "handling=lenient"); r.StatusCode != 400 {
		t.Errorf("a wrong value is wrong under lenient handling too: %d", r.StatusCode)
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?", "Prefer", "handling=loose"); r.StatusCode != 400 {
		t.Errorf("%d", r.StatusCode)
	}
}

func TestPagesTogetherAreTheWhole(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	whole := ask(t, h, "GET", "/fhir/r4/Observation?patient="+testEHR)
	if whole.link("next") != "" || whole.body.Str("total") != "9" {
		t.Errorf("one page: %s", whole.raw)
	}
	var got []string
	next := "http://example.com/fhir/r4/Observation?patient=" + testEHR + "&_count=4"
	for pages := 0; next != ""; pages++ {
		if pages > 5 {
			t.Fatal("the links go in circles")
		}
		r := ask(t, h, "GET", next)
		got = append(got, r.ids()...)
		if r.body.Str("total") != "9" {
			t.Errorf("total %s", r.body.Str("total"))
		}
		next = r.link("next")
	}
	if !slices.Equal(got, whole.ids()) {
		t.Errorf("pages give %v", got)
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?_count=2"); r.body.Get("total") != nil {
		t.Error("a population search counts unasked")
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?_count=2&_total=accurate"); r.body.Str("total") != "9" {
		t.Error("a population search does not count when asked")
	}
	u, err := url.Parse(ask(t, h, "GET", "/fhir/r4/Observation?_count=100000").link("self"))
	if err != nil || u.Query().Get("_count") != strconv.Itoa(MaxCount) {
		t.Errorf("self link %v %v", u, err)
	}
}

func TestSearchTellsGaps(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	r := ask(t, h, "GET", "/fhir/r4/AllergyIntolerance?patient="+testEHR)
	if len(r.ids()) != 1 || !strings.Contains(r.raw, "716186003") {
		t.Errorf("no explicit 'no known allergy': %s", r.raw)
	}
	if !strings.Contains(r.raw, "EVALUATION.absence.v2") || !strings.Contains(r.raw, "exclusion_specific") {
		t.Errorf("gaps are not told: %s", r.raw)
	}
	cond := ask(t, h, "GET", "/fhir/r4/Condition?patient="+testEHR+"&verification-status=refuted")
	if len(cond.ids()) != 1 || !strings.Contains(cond.raw, "could not be shown as Condition safely") {
		t.Errorf("refused conditions are not told: %s", cond.raw)
	}
}

// TestExclusionsAreTold has a patient of whom it is stated that there is no
// medication, no procedure, no allergy and no problem, beside a list of problems.
// TestEmptyIDs: a client that has lost the id of a patient is not answered of
// all patients.
func TestEmptyIDs(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	if r := ask(t, h, "GET", "/fhir/r4/Patient/_history"); r.StatusCode != http.StatusOK {
		t.Fatalf("the history of a type: %d", r.StatusCode)
	}
	for _, path := range []string{
		"Patient//_history", "/_history", "Patient//_history/1", "Patient//$everything", "Patient//$summary",
		"Group//$export", "Patient/", "Subscription//$status", "Composition//$document", "Patient//",
	} {
		r := ask(t, h, "GET", "/fhir/r4/"+path, "Prefer", "respond-async")
		if r.StatusCode != http.StatusNotFound || r.body.Str("resourceType") != "OperationOutcome" {
			t.Errorf("GET %s: %d %s", path, r.StatusCode, r.raw)
		}
	}
	if r := ask(t, h, "POST", "/fhir/r4//$validate"); r.StatusCode != http.StatusNotFound {
		t.Errorf("$validate of no type: %d %s", r.StatusCode, r.raw)
	}
}

// TestEntriesHaveIdentities: the rules of a Bundle want a fullUrl in every entry
// of a searchset, those that tell something about the search among them.
func TestEntriesHaveIdentities(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	outcomes := map[string]int{}
	for range 2 {
		seen := map[string]bool{}
		for _, e := range ask(t, h, "GET", "/fhir/r4/AllergyIntolerance?patient="+testEHR).body.List("entry") {
			at := e.Str("fullUrl")
			if at == "" || seen[at] {
				t.Errorf("the fullUrl %q stands at %s", at, e.Append(nil))
			}
			seen[at] = true
			if e.Get("resource").Str("resourceType") == "OperationOutcome" {
				outcomes[at]++
			}
		}
	}
	if len(outcomes) != 1 {
		t.Errorf("the same outcome has the identities %v", outcomes)
	}
}

func TestExclusionsAreTold(t *testing.T) {
	t.Parallel()
	m := project(t)
	h := handler(t, m)
	sections := func(h http.Handler) map[string]*r4.Node {
		out := map[string]*r4.Node{}
		doc := ask(t, h, "GET", "/fhir/r4/Patient/"+testEHR+"/$summary").body
		for _, sec := range doc.List("entry")[0].Get("resource").List("section") {
			out[sec.Get("code").List("coding")[0].Str("code")] = sec
		}
		return out
	}
	tests := []struct {
		typ, code, section, text string
		entries                  int
		disputed                 bool
	}{
		{"AllergyIntolerance", "no-known-allergies", "48765-2", "No known allergies", 1, false},
		{"MedicationStatement", "no-known-medications", "10160-0", "No medication", 1, false},
		{"Procedure", "no-known-procedures", "47519-4", "No known operations", 1, false},
		{"Condition", "no-known-problems", "11450-4", "No known problems", 6, true},
	}
	found := sections(h)
	for _, tt := range tests {
		r := ask(t, h, "GET", "/fhir/r4/"+tt.typ+"?patient="+testEHR)
		if strings.Count(r.raw, `"`+tt.code+`"`) != 1 {
			t.Errorf("%s: no %s: %s", tt.typ, tt.code, r.raw)
		}
		if got := strings.Contains(r.raw, "has to be clarified"); got != tt.disputed || got != strings.Contains(r.raw, `"code":"conflict"`) {
			t.Errorf("%s: disputed %v, want %v: %s", tt.typ, got, tt.disputed, r.raw)
		}
		sec := found[tt.section]
		if sec == nil {
			t.Errorf("no section %s", tt.section)
			continue
		}
		div := sec.Str("text", "div")
		if len(sec.List("entry")) != tt.entries || sec.Get("emptyReason") != nil || !strings.Contains(div, tt.text) {
			t.Errorf("section %s: %d entries, %s", tt.section, len(sec.List("entry")), div)
		}
		if got := strings.Contains(div, "has to be clarified"); got != tt.disputed {
			t.Errorf("section %s: disputed %v, want %v", tt.section, got, tt.disputed)
		}
	}
	if div := found["48767-8"].Str("text", "div"); !strings.Contains(div, "EVALUATION.absence.v2") {
		t.Errorf("the absence of information is not told: %s", div)
	}

	m.records = slices.DeleteFunc(m.records, func(r Record) bool { return strings.HasPrefix(r.Mapping, "EVALUATION.exclusion_global") })
	for _, code := range []string{"48765-2", "10160-0"} {
		sec := sections(h)[code]
		if len(sec.List("entry")) != 0 || !strings.Contains(string(sec.Get("emptyReason").Append(nil)), `"unavailable"`) {
			t.Errorf("silence became %s", sec.Append(nil))
		}
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	r := ask(t, h, "GET", "/fhir/r4/metadata", "Authorization", "none")
	if r.StatusCode != 200 {
		t.Fatal(r.raw)
	}
	var cs struct {
		Rest []struct {
			Resource []struct {
				Type             string
				SupportedProfile []string
				SearchParam      []struct{ Name, Type string }
			}
		}
	}
	if err := json.Unmarshal([]byte(r.raw), &cs); err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, res := range cs.Rest[0].Resource {
		types = append(types, res.Type)
		for _, p := range res.SearchParam {
			value := "2020"
			if strings.Contains(p.Name, "quantity") {
				value = "5"
			}
			switch p.Type {
			case "reference":
				if def, _ := lookupParam(res.Type, p.Name); len(def.Targets) != 1 && !aboutPatient(res.Type, p.Name) {
					value = "Practitioner/1"
				}
			case "composite":
				value = "http://loinc.org|1$" + value
			}
			query := p.Name + "=" + value
			if WithinPatient(res.Type, p.Name) {
				query += "&patient=" + testEHR
			}
			if got := ask(t, h, "GET", "/fhir/r4/"+res.Type+"?"+query); got.StatusCode != 200 {
				t.Errorf("%s?%s is declared and answers %d %s", res.Type, p.Name, got.StatusCode, got.raw)
			}
		}
	}
	if want := strings.Fields("AllergyIntolerance AuditEvent CarePlan ClinicalImpression CodeSystem Composition ConceptMap Condition Consent DiagnosticReport DocumentReference Encounter Goal Immunization MedicationRequest MedicationStatement Observation Organization Patient Practitioner PractitionerRole Procedure Provenance Specimen ValueSet"); !slices.Equal(slices.Sorted(slices.Values(types)), want) {
		t.Errorf("types %v", types)
	}
	if !strings.Contains(r.raw, "StructureDefinition/bp") {
		t.Error("profiles are missing")
	}
}

func TestPretty(t *testing.T) {
	t.Parallel()
	m := project(t)
	r := ask(t, handler(t, m), "GET", "/fhir/r4/Patient/"+testEHR+"?_pretty=true")
	if !strings.Contains(r.raw, "\n  \"id\"") {
		t.Errorf("%s", r.raw)
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("patient=a&code=x|y&date=ge2020")
	f.Add("value-quantity=5.4|a|b&_count=3")
	f.Add(`code=a\,b,c\|d`)
	f.Add(`component-code-value-quantity=a|b\$c$ge5||mm[Hg],d$1&identifier:of-type=a|b|c`)
	f.Add("code:in=http://example.org/vs/animals&category:not-in=http://example.org/animals&code:below=http://example.org/animals|mammal")
	f.Add("performer:identifier=urn:a|1&code:text=x&value-string:exact=Y&value-string:contains=z&method:missing=true")
	m := project(f)
	h := handler(f, m)
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/fhir/r4/Observation", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Errorf("%q: %s", query, w.Body)
		}
		if problems := r4.Validate(w.Body.Bytes()); len(problems) > 0 {
			t.Errorf("%q: %v", query, problems)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	m := project(b)
	rec := m.records[slices.IndexFunc(m.records, func(r Record) bool { return strings.Contains(string(r.JSON), `"value":120.0`) })]
	b.ReportAllocs()
	b.SetBytes(int64(len(rec.JSON)))
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = appendResource(buf[:0], rec); err != nil {
			b.Fatal(err)
		}
	}
}

// An address tells which methods it has, to who asks and to who uses another.
func TestOptions(t *testing.T) {
	t.Parallel()
	m := &memory{}
	h := handler(t, m)
	for path, want := range map[string]string{
		"":                          "OPTIONS, POST",
		"/metadata":                 "GET, HEAD, OPTIONS",
		"/Observation":              "GET, HEAD, OPTIONS",
		"/Observation/1":            "GET, HEAD, OPTIONS",
		"/Observation/_search":      "GET, HEAD, OPTIONS, POST",
		"/Subscription":             "GET, HEAD, OPTIONS, POST",
		"/Subscription/x":           "DELETE, GET, HEAD, OPTIONS, PUT",
		"/Patient/x/$everything":    "GET, HEAD, OPTIONS, POST",
		"/Observation/1/_history/1": "GET, HEAD, OPTIONS",
		"/ConceptMap":               "GET, HEAD, OPTIONS",
	} {
		r := ask(t, h, "OPTIONS", "/fhir/r4"+path)
		if r.StatusCode != 204 || r.Header.Get("Allow") != want || len(r.raw) > 0 {
			t.Errorf("OPTIONS %s: %d %q %s", path, r.StatusCode, r.Header.Get("Allow"), r.raw)
		}
		if r := ask(t, h, "PATCH", "/fhir/r4"+path); r.StatusCode != 405 || r.Header.Get("Allow") != want {
			t.Errorf("PATCH %s: %d %q", path, r.StatusCode, r.Header.Get("Allow"))
		}
	}
	for path, status := range map[string]int{"/fhir/r4/Blood": 404, "/fhir/r4/Blood/1": 404, "/fhir/r4/a/b/c/d": 404, "/other": 404} {
		if r := ask(t, h, "OPTIONS", path); r.StatusCode != status || r.body.Str("resourceType") != "OperationOutcome" {
			t.Errorf("OPTIONS %s: %d %s", path, r.StatusCode, r.raw)
		}
	}
	if r := ask(t, h, "GET", "/fhir/r4?_type=Patient"); r.StatusCode != 501 {
		t.Errorf("a search of all types: %d %s", r.StatusCode, r.raw)
	}
}
