package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// noRecords stands for use cases that a test does not reach.
type noRecords struct{ rest.Records }

// bare is an API without a record behind it.
func bare(t testing.TB, change ...func(*rest.Config)) *api {
	a := &api{t: t, queries: &queries{}}
	a.handler = handler(t, append([]func(*rest.Config){func(c *rest.Config) {
		c.Records = noRecords{}
		c.Queries = a.queries
	}}, change...)...)
	return a
}

func TestNewWantsItsParts(t *testing.T) {
	t.Parallel()
	auth := func(*http.Request) (ehr.Actor, error) { return ehr.Actor{}, nil }
	for name, cfg := range map[string]rest.Config{
		"records":       {Queries: &queries{}, Authenticate: auth},
		"queries":       {Records: noRecords{}, Authenticate: auth},
		"authenticator": {Records: noRecords{}, Queries: &queries{}},
		"base path":     {Records: noRecords{}, Queries: &queries{}, Authenticate: auth, BasePath: "/{x}"},
	} {
		if _, err := rest.New(cfg); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryOperationIsOffered: the router and the manifest have each operation
// of the specification.
func TestEveryOperationIsOffered(t *testing.T) {
	t.Parallel()
	a := bare(t, func(c *rest.Config) { c.EraseEHRs, c.EraseAllEHRs = true, true })
	var manifest rest.Manifest
	a.do("OPTIONS", "/", nil).status(http.StatusOK).json(&manifest)
	list, offered := rest.OperationList()
	for _, op := range list {
		id := strings.Split(op, " ")[2]
		if !offered[op] || !slices.Contains(manifest.Operations, id) {
			t.Errorf("%s: offered %v, in the manifest %v", op, offered[op], slices.Contains(manifest.Operations, id))
		}
	}
	if len(list) != 97 {
		t.Errorf("%d operations", len(list))
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	a := bare(t)
	var m rest.Manifest
	// It needs no authentication, and the base path may end in a slash or not.
	a.do("OPTIONS", "/", nil, "Authorization: none").status(http.StatusOK).has("Allow", "OPTIONS").json(&m)
	a.do("OPTIONS", "", nil).status(http.StatusOK).json(&m)
	if m.Solution != "Cairn" || m.SolutionVersion != "test" || m.SpecVersion != "1.1.0" || m.ConformanceProfile != "NONE" {
		t.Errorf("%+v", m)
	}
	if diff := cmp.Diff([]string{"/ehr", "/definition", "/query", "/demographic"}, m.Endpoints); diff != "" {
		t.Error(diff)
	}
	a.do("GET", "/", nil).status(http.StatusMethodNotAllowed).has("Allow", "OPTIONS")
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	a := bare(t)
	for _, path := range []string{"/nothing", "/ehr/a/b/c", "/definition", "/ehr/", "/definition/template/adl1.4/a/b/c"} {
		a.do("GET", path, nil).status(http.StatusNotFound).fault()
	}
	a.do("PATCH", "/ehr/x/composition", nil).status(http.StatusMethodNotAllowed).has("Allow", "OPTIONS, POST").fault()
	a.do("DELETE", "/ehr/x", nil).status(http.StatusMethodNotAllowed).has("Allow", "GET, HEAD, OPTIONS, PUT").fault()
	a.do("GET", "/ehr/x/composition", nil).status(http.StatusMethodNotAllowed)
	a.do("HEAD", "/ehr/x/composition", nil).status(http.StatusMethodNotAllowed).empty()
	a.do("OPTIONS", "/ehr/x", nil).status(http.StatusNoContent).has("Allow", "GET, HEAD, OPTIONS, PUT").empty()
	a.do("FROBNICATE", "/ehr/x", nil).status(http.StatusNotImplemented).fault()

	for path, want := range map[string]int{"/elsewhere": http.StatusNotFound, base + "x/ehr": http.StatusNotFound, base + "/query/aql?q=x": http.StatusOK} {
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	a := bare(t)
	for _, path := range []string{"/ehr/x", "/query/aql?q=x", "/definition/query/x"} {
		res := a.do("GET", path, nil, "Authorization: none").status(http.StatusUnauthorized)
		res.fault()
		if res.header.Get("WWW-Authenticate") == "" {
			t.Error("401 without WWW-Authenticate")
		}
	}
	a.do("GET", "/query/aql?q=x", nil).status(http.StatusOK)
	if a.queries.who.ID != "u1" {
		t.Errorf("the actor was %+v", a.queries.who)
	}
}

// broken are use cases that go wrong.
type broken struct {
	rest.Records
	err error
}

func (b broken) EHR(context.Context, ehr.Actor, uuid.UUID) (ehr.EHR, error) {
	if b.err == nil {
		panic("patient 4711 in table ehr")
	}
	return ehr.EHR{}, b.err
}

func (b broken) CommitContribution(context.Context, ehr.Actor, ehr.CommitContribution) (ehr.ContributionRecord, []rm.Problem, error) {
	return ehr.ContributionRecord{}, nil, errs.New(errs.NotFound, "x", "m")
}

func (b broken) CreateComposition(context.Context, ehr.Actor, ehr.CreateComposition) (ehr.Committed, error) {
	return ehr.Committed{}, b.err
}

func TestServerFaultsTellNothing(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"panic":        nil,
		"foreign":      errors.New("secret dsn"),
		"internal":     errs.Wrap(errs.Internal, "store.EHR", "secret detail", errors.New("secret sql")),
		"wrapped deep": errs.Wrap(errs.Internal, "a", "", errs.Wrap(errs.Internal, "b", "", errors.New("secret"))),
	} {
		var log bytes.Buffer
		a := bare(t, func(c *rest.Config) {
			c.Records = broken{err: err}
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
			c.RequestID = func(*http.Request) string { return "request-7" }
		})
		res := a.do("GET", "/ehr/"+uuid.NewString(), nil).status(http.StatusInternalServerError).has("X-Request-Id", "request-7")
		f := res.fault()
		if f.RequestID != "request-7" || f.Code != "internal" || f.Message != "internal error" || strings.Contains(string(res.body), "secret") || strings.Contains(string(res.body), "4711") {
			t.Errorf("%s: %s", name, res.body)
		}
		if !strings.Contains(log.String(), "request_id=request-7") {
			t.Errorf("%s: not logged: %s", name, &log)
		}
	}
}

func TestKindsBecomeStatusCodes(t *testing.T) {
	t.Parallel()
	want := map[errs.Kind]int{
		errs.Invalid: 400, errs.Unprocessable: 422, errs.NotFound: 404, errs.Gone: 410, errs.Conflict: 409, errs.Precondition: 412,
		errs.NotAcceptable: 406, errs.UnsupportedMedia: 415, errs.TooLarge: 413, errs.Unauthenticated: 401, errs.Forbidden: 403,
		errs.Unsupported: 501, errs.MethodNotAllowed: 405, errs.Timeout: 408, errs.Unavailable: 503, errs.Internal: 500,
	}
	for kind, code := range want {
		h := handler(t, func(c *rest.Config) {
			c.Records, c.Queries = broken{err: errs.New(kind, "x", "m")}, &queries{}
		})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", base+"/ehr/"+uuid.NewString(), nil))
		if w.Code != code {
			t.Errorf("%v: %d, want %d", kind, w.Code, code)
		}
	}
}

func TestErrorBodyShowsProblems(t *testing.T) {
	t.Parallel()
	p := rm.Problem{
		Code: "c_quantity.list", Path: "/content[0]/value", AQLPath: "/content[at0001]/value", TemplatePath: "/t",
		Constraint: "C_DV_QUANTITY.list", Expected: "kg", Actual: "<m>", Message: "wrong unit",
	}
	a := bare(t, func(c *rest.Config) {
		c.Records = broken{err: &errs.Error{Kind: errs.Unprocessable, Code: "validation", Msg: "the content is not valid", Detail: []rm.Problem{p}}}
	})
	res := a.do("POST", "/ehr/"+uuid.NewString()+"/composition", []byte("{}"))
	var got map[string]any
	res.json(&got)
	delete(got, "request_id")
	want := map[string]any{
		"message": "the content is not valid", "code": "validation",
		"validationErrors": []any{"/content[0]/value: wrong unit"},
		"errors": []any{map[string]any{"_type": "DV_CODED_TEXT", "value": "wrong unit", "defining_code": map[string]any{
			"_type": "CODE_PHRASE", "terminology_id": map[string]any{"_type": "TERMINOLOGY_ID", "value": "local"}, "code_string": "c_quantity.list",
		}}},
		"problems": []any{map[string]any{
			"code": "c_quantity.list", "severity": "error", "rm_path": "/content[0]/value", "aql_path": "/content[at0001]/value",
			"template_path": "/t", "constraint": "C_DV_QUANTITY.list", "expected": "kg", "actual": "<m>", "message": "wrong unit",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	many := make([]rm.Problem, 700)
	a = bare(t, func(c *rest.Config) {
		c.Records = broken{err: &errs.Error{Kind: errs.Unprocessable, Detail: many}}
	})
	if f := a.do("POST", "/ehr/"+uuid.NewString()+"/composition", []byte("{}")).fault(); len(f.Problems) != 500 || f.ProblemsOmitted != 200 {
		t.Errorf("%d problems shown, %d omitted", len(f.Problems), f.ProblemsOmitted)
	}
}

func TestNegotiationOfOperations(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	uid := a.create(id, composition(t), "Content-Type: application/json; charset=UTF-8")
	for _, path := range []string{"/definition/template/adl1.4", "/query/aql?q=x"} {
		a.do("GET", path, nil, "Accept: application/xml").status(http.StatusNotAcceptable).fault()
		a.do("GET", path, nil, "Accept: application/xml, application/json;q=0.1").status(http.StatusOK)
	}
	for _, path := range []string{"/ehr/" + id, "/ehr/" + id + "/ehr_status", "/ehr/" + id + "/composition/" + uid} {
		a.do("GET", path, nil, "Accept: text/html").status(http.StatusNotAcceptable).fault()
		a.do("GET", path, nil, "Accept: text/html, application/xml;q=0.2, application/json;q=0.1").status(http.StatusOK).has("Content-Type", "application/xml")
		a.do("GET", path, nil, "Accept: application/*").status(http.StatusOK).has("Content-Type", "application/json")
	}
	tpl := "/definition/template/adl1.4/" + escape(templateID)
	a.do("GET", tpl, nil, "Accept: application/openehr.wt.flat+json").status(http.StatusNotAcceptable).fault()
	for _, media := range []string{"text/plain", "application/openehr.wt+json", "application/json; charset=latin1"} {
		a.do("POST", "/ehr/"+id+"/composition", composition(t), "Content-Type: "+media).status(http.StatusUnsupportedMediaType).fault()
		a.do("POST", "/ehr", composition(t), "Content-Type: "+media).status(http.StatusUnsupportedMediaType).fault()
	}
	a.do("POST", "/definition/template/adl1.4", template(t, "x"), "Content-Type: application/json").status(http.StatusUnsupportedMediaType).fault()
	a.do("POST", "/query/aql", []byte("SELECT"), "Content-Type: text/plain").status(http.StatusUnsupportedMediaType).fault()
}

func TestEHR(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	res := a.do("POST", "/ehr", nil, "Prefer: return=representation").status(http.StatusCreated)
	var got map[string]any
	res.json(&got)
	id := res.tag()
	text := func(path ...string) string {
		var v any = got
		for _, p := range path {
			v = v.(map[string]any)[p]
		}
		s, _ := v.(string)
		return s
	}
	status := text("ehr_status", "id", "value")
	if text("ehr_id", "value") != id || text("system_id", "value") != systemID || text("ehr_status", "type") != "EHR_STATUS" ||
		text("ehr_status", "id", "_type") != "OBJECT_VERSION_ID" || text("ehr_access", "type") != "EHR_ACCESS" || text("ehr_status", "namespace") != "local" {
		t.Errorf("%s", res.body)
	}
	if at, err := time.Parse(time.RFC3339, text("time_created", "value")); err != nil || time.Since(at) > time.Hour {
		t.Errorf("time_created %q", text("time_created", "value"))
	}
	again := a.do("GET", "/ehr/"+id, nil).status(http.StatusOK)
	if again.tag() != id || !bytes.Equal(again.body, res.body) {
		t.Errorf("%s\n%s", again.body, res.body)
	}
	// Its tag is not that of a representation: 304 would hide a new EHR_STATUS.
	a.do("GET", "/ehr/"+id, nil, `If-None-Match: W/"`+id+`"`).status(http.StatusOK)
	a.do("HEAD", "/ehr/"+id, nil).status(http.StatusOK).empty()
	a.do("GET", "/ehr/"+id+"/ehr_status/"+status, nil).status(http.StatusOK)

	chosen := uuid.NewString()
	a.do("PUT", "/ehr/"+chosen, nil).status(http.StatusCreated).has("Location", origin+base+"/ehr/"+chosen)
	a.do("PUT", "/ehr/"+chosen, nil).status(http.StatusConflict).fault()
	a.do("PUT", "/ehr/not-a-uuid", nil).status(http.StatusBadRequest).fault()
	a.do("GET", "/ehr/not-a-uuid", nil).status(http.StatusNotFound).fault()
	a.do("GET", "/ehr/"+uuid.NewString(), nil).status(http.StatusNotFound).fault()
}

func TestEHRBySubject(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	status := func(subject string) []byte {
		return []byte(`{"_type":"EHR_STATUS","archetype_node_id":"openEHR-EHR-EHR_STATUS.generic.v1","name":{"value":"EHR Status"},` +
			`"archetype_details":{"archetype_id":{"value":"openEHR-EHR-EHR_STATUS.generic.v1"},"rm_version":"1.1.0"},` +
			`"subject":{"external_ref":{"id":{"_type":"GENERIC_ID","value":"` + subject + `","scheme":"id"},"namespace":"hospital/one+x","type":"PERSON"}},` +
			`"is_queryable":true,"is_modifiable":true}`)
	}
	id := a.do("POST", "/ehr", status("p/1 + ü")).status(http.StatusCreated).tag()
	query := url.Values{"subject_id": {"p/1 + ü"}, "subject_namespace": {"hospital/one+x"}}
	if got := a.do("GET", "/ehr?"+query.Encode(), nil).status(http.StatusOK).tag(); got != id {
		t.Errorf("found %s, want %s", got, id)
	}
	a.do("POST", "/ehr", status("p/1 + ü")).status(http.StatusConflict).fault()
	query.Set("subject_namespace", "elsewhere")
	a.do("GET", "/ehr?"+query.Encode(), nil).status(http.StatusNotFound).fault()
	a.do("GET", "/ehr?subject_id=x", nil).status(http.StatusBadRequest).fault()
	a.do("GET", "/ehr", nil).status(http.StatusBadRequest).fault()
	a.do("POST", "/ehr", []byte(`{"_type":"COMPOSITION"}`)).status(http.StatusBadRequest).fault()
	a.do("POST", "/ehr", []byte(`{`)).status(http.StatusBadRequest).fault()
}

func TestEHRStatus(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/ehr_status"
	v1 := a.do("GET", path, nil).status(http.StatusOK)
	var uid struct{ UID string }
	changed := strings.Replace(string(v1.body), `"is_queryable":true`, `"is_queryable":false`, 1)
	v2 := a.do("PUT", path, []byte(changed), `If-Match: "`+v1.tag()+`"`, "Prefer: return=identifier").status(http.StatusOK)
	v2.json(&uid)
	if uid.UID != v2.tag() || object(v2.tag()) != object(v1.tag()) || !strings.HasSuffix(v2.tag(), "::2") {
		t.Errorf("%s after %s", v2.tag(), v1.tag())
	}
	if got := a.do("GET", path, nil).status(http.StatusOK); got.tag() != v2.tag() || !strings.Contains(string(got.body), `"is_queryable":false`) {
		t.Errorf("%s", got.body)
	}
	if got := a.do("GET", path+"/"+v1.tag(), nil).status(http.StatusOK); !bytes.Equal(got.body, v1.body) {
		t.Errorf("%s", got.body)
	}
	a.do("GET", path+"/"+strings.ReplaceAll(v1.tag(), ":", "%3A"), nil).status(http.StatusOK)
	a.do("GET", path+"/"+object(v1.tag()), nil).status(http.StatusNotFound).fault()
	a.do("GET", path+"/"+object(v1.tag())+"::"+systemID+"::3", nil).status(http.StatusNotFound)
	a.do("PUT", path, nil, `If-Match: "`+v2.tag()+`"`).status(http.StatusBadRequest).fault()
	a.do("PUT", path, []byte(`{"_type":"EHR_STATUS"}`), `If-Match: "`+v2.tag()+`"`).status(http.StatusBadRequest).fault()
	a.do("PUT", "/ehr/"+uuid.NewString()+"/ehr_status", v1.body, `If-Match: "`+v2.tag()+`"`).status(http.StatusNotFound).fault()
}

func TestConditionalGet(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/" + object(v1)
	for _, tag := range []string{`W/"` + v1 + `"`, `"` + v1 + `"`, `"x", W/"` + v1 + `"`, "*"} {
		a.do("GET", path, nil, "If-None-Match: "+tag).status(http.StatusNotModified).empty().has("ETag", `W/"`+v1+`"`)
	}
	full := a.do("GET", path, nil, `If-None-Match: W/"other"`).status(http.StatusOK)
	a.do("GET", path, nil, "If-Modified-Since: "+full.header.Get("Last-Modified")).status(http.StatusNotModified)
	a.do("HEAD", path, nil).status(http.StatusOK).empty().has("ETag", `W/"`+v1+`"`)
	if got := a.do("HEAD", path, nil); got.header.Get("Content-Length") != full.header.Get("Content-Length") || got.header.Get("Content-Length") == "" {
		t.Errorf("HEAD has Content-Length %q, GET %q", got.header.Get("Content-Length"), full.header.Get("Content-Length"))
	}
	v2 := a.do("PUT", path, composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	for _, since := range []string{path, "/ehr/" + id + "/versioned_composition/" + object(v1) + "/version", "/ehr/" + id + "/versioned_composition/" + object(v1) + "/revision_history"} {
		now := a.do("GET", since, nil).header.Get("Last-Modified")
		if got := a.do("GET", since, nil, "If-Modified-Since: "+now).status(http.StatusOK).tag(); got != v2 {
			t.Errorf("%s: version %s, want %s, as what the client has may be from earlier in that second", since, got, v2)
		}
	}
	if got := a.do("GET", path, nil, `If-None-Match: W/"`+v1+`"`).status(http.StatusOK).tag(); got != v2 {
		t.Errorf("got %s", got)
	}
	// A deletion is told even to a client that has it.
	v3 := a.do("DELETE", "/ehr/"+id+"/composition/"+v2, nil).status(http.StatusNoContent).tag()
	a.do("GET", path, nil, `If-None-Match: W/"`+v3+`"`).status(http.StatusNoContent)
}

func TestEncodedPathParameters(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	for _, uid := range []string{v1, strings.ReplaceAll(v1, ":", "%3A"), strings.ReplaceAll(v1, ":", "%3a"), strings.ReplaceAll(v1, "-", "%2D")} {
		if got := a.do("GET", "/ehr/"+id+"/composition/"+uid, nil).status(http.StatusOK).tag(); got != v1 {
			t.Errorf("%s gives %s", uid, got)
		}
	}
	a.do("DELETE", "/ehr/"+id+"/composition/"+strings.ReplaceAll(v1, ":", "%3A"), nil).status(http.StatusNoContent)

	for _, path := range []string{escape(templateID), "Cairn%20test%2Ffinding%20100%25", "%43airn%20test%2ffinding%20100%25"} {
		a.do("GET", "/definition/template/adl1.4/"+path, nil).status(http.StatusOK)
	}
	a.do("GET", "/definition/template/adl1.4/Cairn%20test%252Ffinding%20100%2525", nil).status(http.StatusNotFound)
	a.do("GET", "/definition/template/adl1.4/Cairn%20test%2Ffinding%20100%25/example", nil).status(http.StatusOK)
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const id = `Über "test"/v 1`
	opt := template(t, strings.ReplaceAll(id, `"`, "&quot;"))
	res := a.do("POST", "/definition/template/adl1.4", opt, "Content-Type: application/xml; charset=utf-8", "Prefer: return=representation").status(http.StatusCreated)
	res.has("Location", origin+base+"/definition/template/adl1.4/"+escape(id)).has("Content-Type", "application/xml")
	if !bytes.Equal(res.body, opt) {
		t.Error("the representation is not what was uploaded")
	}
	got := a.do("GET", strings.TrimPrefix(res.header.Get("Location"), origin+base), nil, "Accept: application/xml").status(http.StatusOK).has("Content-Type", "application/xml")
	if !bytes.Equal(got.body, opt) || got.tag() != res.tag() {
		t.Error("the template is not what was uploaded")
	}
	a.do("POST", "/definition/template/adl1.4", opt, "Content-Type: text/xml").status(http.StatusConflict).fault()

	var uid struct{ UID string }
	a.do("POST", "/definition/template/adl1.4", template(t, "another"), "Content-Type: application/xml", "Prefer: return=identifier").status(http.StatusCreated).json(&uid)
	if uid.UID != "another" {
		t.Errorf("identifier %q", uid.UID)
	}
	var list []map[string]string
	a.do("GET", "/definition/template/adl1.4", nil).status(http.StatusOK).json(&list)
	var ids []string
	for _, item := range list {
		ids = append(ids, item["template_id"])
		if _, err := time.Parse(time.RFC3339, item["created_timestamp"]); err != nil || item["concept"] != "Finding" || item["archetype_id"] != "openEHR-EHR-COMPOSITION.cairn_note.v1" || len(item) != 4 {
			t.Errorf("%v", item)
		}
	}
	slices.Sort(ids)
	if diff := cmp.Diff([]string{templateID, "another", id}, ids); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "<template", "<x/>", strings.Replace(string(template(t, "bad")), "DV_QUANTITY</rm_type_name>", "DV_NONSENSE</rm_type_name>", 1)} {
		a.do("POST", "/definition/template/adl1.4", []byte(bad), "Content-Type: application/xml").status(http.StatusBadRequest).fault()
	}
	a.do("GET", "/definition/template/adl1.4/unknown", nil).status(http.StatusNotFound).fault()
}

func TestCompositionIsRefusedWithProblems(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/composition"
	f := a.do("POST", path, composition(t, templateID, "unknown")).status(http.StatusUnprocessableEntity).fault()
	if len(f.Problems) == 0 || len(f.ValidationErrors) == 0 {
		t.Errorf("unknown template without problems: %+v", f)
	}
	f = a.do("POST", path, composition(t, `"magnitude": 70.50`, `"magnitude": "much"`)).status(http.StatusBadRequest).fault()
	if len(f.ValidationErrors) == 0 || !strings.Contains(f.ValidationErrors[0], "/content[0]/data/items[0]/value/magnitude") {
		t.Errorf("%+v", f)
	}
	a.do("POST", path, nil).status(http.StatusBadRequest).fault()
	a.do("POST", path, []byte("not json")).status(http.StatusBadRequest).fault()
	a.do("POST", "/ehr/"+uuid.NewString()+"/composition", composition(t)).status(http.StatusNotFound).fault()
	a.do("POST", path, composition(t), "openehr-template-id: another").status(http.StatusBadRequest).fault()
	a.do("POST", path, composition(t), "openEHR-TEMPLATE_ID: "+templateID).status(http.StatusCreated)
}

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.MaxBody = 64 << 10 })
	id := a.newEHR()
	path := "/ehr/" + id + "/composition"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(composition(t))
	_ = z.Close()
	uid := a.create(id, zipped.Bytes(), "Content-Encoding: gzip")
	if !bytes.Contains(a.do("GET", path+"/"+uid, nil).body, []byte("70.50")) {
		t.Error("the decompressed composition is not what was sent")
	}
	a.do("POST", path, composition(t), "Content-Encoding: gzip").status(http.StatusBadRequest).fault()
	a.do("POST", path, composition(t), "Content-Encoding: br").status(http.StatusUnsupportedMediaType).fault()
	a.do("POST", path, append(composition(t), bytes.Repeat([]byte(" "), 64<<10)...)).status(http.StatusRequestEntityTooLarge).fault()
}

func TestWarningsOfACommit(t *testing.T) {
	t.Parallel()
	a := bare(t, func(c *rest.Config) { c.Records = warner{} })
	res := a.do("POST", "/ehr/"+uuid.NewString()+"/composition", []byte("{}")).status(http.StatusCreated).has("Cairn-Warnings", "25")
	list := res.header.Values("Cairn-Warning")
	if len(list) != 20 || list[0] != `odd_code; path="/content[0]"; message="sm\u00f8rg\u00e5s \"x\"\n"` {
		t.Errorf("%d: %q", len(list), list)
	}
}

// warner commits everything with warnings.
type warner struct{ rest.Records }

func (warner) CreateComposition(context.Context, ehr.Actor, ehr.CreateComposition) (ehr.Committed, error) {
	list := make([]rm.Problem, 25)
	for i := range list {
		list[i] = rm.Problem{Code: "odd code", Path: "/content[0]", Message: "smørgås \"x\"\n", Severity: rm.Warning}
	}
	return ehr.Committed{VersionRecord: ehr.VersionRecord{UID: ehr.VersionUID{Object: uuid.New(), System: systemID, Trunk: 1}}, Warnings: list}, nil
}

func TestLocationWithoutAnOrigin(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.Origin = "" })
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, httptest.NewRequest("POST", "http://127.0.0.1:8080"+base+"/ehr", nil))
	if got := w.Header().Get("Location"); !strings.HasPrefix(got, "http://127.0.0.1:8080"+base+"/ehr/") {
		t.Errorf("Location %q", got)
	}
}

func TestOtherBasePath(t *testing.T) {
	t.Parallel()
	h := handler(t, func(c *rest.Config) {
		c.Records, c.Queries, c.BasePath = noRecords{}, &queries{}, "rest/openehr/v1/"
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("OPTIONS", "/rest/openehr/v1", nil))
	var m rest.Manifest
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestConcurrentUpdatesHaveOneWinner updates one composition from several
// clients that all know its latest version.
func TestConcurrentUpdatesHaveOneWinner(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	uid := a.create(id, composition(t))
	const writers = 8
	for range 3 {
		codes := make(chan int, writers)
		for range writers {
			go func() {
				r := httptest.NewRequest("PUT", base+"/ehr/"+id+"/composition/"+object(uid), bytes.NewReader(composition(t)))
				r.Header.Set("If-Match", `"`+uid+`"`)
				w := httptest.NewRecorder()
				a.handler.ServeHTTP(w, r)
				codes <- w.Code
			}()
		}
		count := map[int]int{}
		for range writers {
			count[<-codes]++
		}
		if count[http.StatusNoContent] != 1 || count[http.StatusPreconditionFailed] != writers-1 {
			t.Fatalf("%v", count)
		}
		tag := a.do("GET", "/ehr/"+id+"/composition/"+object(uid), nil).tag()
		if tag == uid {
			t.Fatal("the winner's version is not the latest")
		}
		uid = tag
	}
}

// TestInsideAnotherRouter mounts the API as a server does.
func TestInsideAnotherRouter(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var pattern string
	outer := chi.NewRouter()
	outer.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			pattern = chi.RouteContext(r.Context()).RoutePattern()
		})
	})
	outer.Mount(base, a.handler)
	a.handler = outer
	a.do("GET", "/definition/template/adl1.4/"+escape(templateID), nil).status(http.StatusOK)
	if want := base + "/definition/template/adl1.4/{template_id}"; pattern != want {
		t.Errorf("pattern %q, want %q", pattern, want)
	}
	a.do("OPTIONS", "", nil).status(http.StatusOK)
	a.do("OPTIONS", "/", nil).status(http.StatusOK)
	a.do("GET", "/nothing", nil).status(http.StatusNotFound)
	a.do("POST", "/ehr", nil).status(http.StatusCreated)
}
