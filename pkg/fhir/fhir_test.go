package fhir

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
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
