package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store/termstore"
	"github.com/cairn-ehr/cairn/pkg/terminology/fhirts/fhirtstest"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/opttest"

	"github.com/cairn-ehr/cairn/templates"
)

func resources(t *testing.T, texts ...string) []*local.Resource {
	t.Helper()
	var list []*local.Resource
	for _, text := range texts {
		r, err := local.ParseCSV([]byte(text), local.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r...)
	}
	return list
}

// post sends a composition and gives the status and body.
func post(t *testing.T, s *Server, ehrID string, body []byte) (int, string) {
	t.Helper()
	resp, err := http.Post(s.Origin()+"/openehr/v1/ehr/"+ehrID+"/composition", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(out) + fmt.Sprint(resp.Header["Warning"])
}

// External value sets are checked on the way in, by what is loaded and by a
// terminology server, and are there for AQL.
func TestExternalTerminologies(t *testing.T) {
	t.Parallel()
	remote, err := local.Build(resources(t, "#valueset,urn:remote,1,Remote\nsystem,code,display\nhttp://snomed.info/sct,1,One\n"))
	if err != nil {
		t.Fatal(err)
	}
	ts := fhirtstest.New(remote)
	defer ts.Close()
	ts.Token = "secret"
	o := testOptions(t)
	o.Terminology = TerminologyOptions{
		URL: ts.URL, Token: "secret", Policy: []string{"SNOMED-CT=strict"}, Poll: 10 * time.Millisecond,
		Budget: 5 * time.Second, Timeout: 5 * time.Second, Failures: 1000, NegativeTTL: time.Nanosecond, TTL: time.Nanosecond,
	}
	s := runningWith(t, o, 3, 1)
	who := ehr.Actor{ID: "test"}
	reference := func(node, uri string) opttest.Obj {
		return opttest.Element(node, "0..1", opttest.Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []opttest.Attr{
			{Name: "defining_code", Existence: "1..1", Children: []opttest.Obj{
				{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: "<referenceSetUri>" + uri + "</referenceSetUri>"},
			}},
		}})
	}
	opt := opttest.Evaluation("External", reference("at0002", "urn:loaded"), reference("at0003", "//fhir.hl7.org/ValueSet/$expand?url=urn:remote"))
	if _, err := s.Service.PutTemplate(t.Context(), who, opt); err != nil {
		t.Fatal(err)
	}
	e, err := s.Service.CreateEHR(t.Context(), who, ehr.CreateEHR{})
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := example.Instance(tpl, example.Options{Detail: example.Complete})
	if err != nil {
		t.Fatal(err)
	}
	text := string(rm.AppendJSON(nil, root))
	commit := func(first, second string) (int, string) {
		t.Helper()
		body := coding(t, text, first, second)
		return post(t, s, e.ID.String(), body)
	}
	expect := func(what string, status int, contains, first, second string) {
		t.Helper()
		got, body := commit(first, second)
		if got != status || !strings.Contains(body, contains) {
			t.Errorf("%s: %d %.600s; want %d with %q", what, got, body, status, contains)
		}
	}
	expect("a value set that nobody has", 422, "tpl.code.undecided", "5", "1")
	loaded, err := termstore.New(s.store.Pool(), termstore.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.Load(t.Context(), resources(t, "#valueset,urn:loaded,1,Loaded\nsystem,code,display\nhttp://snomed.info/sct,5,Five\n")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if status, _ := commit("5", "1"); status == http.StatusCreated {
			break
		} else if time.Now().After(end) {
			t.Fatal("the server does not notice what is loaded")
		}
	}
	expect("a code outside the loaded value set", 422, "tpl.code.value_set", "6", "1")
	expect("a code outside the server's value set", 422, "tpl.code.value_set", "5", "2")
	ts.Misbehave(fhirtstest.Status500)
	expect("a server that is down", 503, "terminology", "5", "1")
	expect("a server that is down, and another error", 422, "tpl.code.value_set", "6", "1")

	// The loaded value set serves queries too.
	var result struct{ Rows [][]any }
	answer := fetch(t, s, "POST", "/openehr/v1/query/aql", map[string]any{
		"q": `select c/uid/value from EHR e contains COMPOSITION c contains EVALUATION o
			where o/data/items[at0002]/value/defining_code/code_string matches TERMINOLOGY('expand', 'hl7.org/fhir/4.0', 'urn:loaded')`,
	})
	if err := json.Unmarshal(answer, &result); err != nil || len(result.Rows) != 1 {
		t.Errorf("%d rows, %v: %.300s", len(result.Rows), err, answer)
	}
	metrics := string(fetch(t, s, "GET", "/metrics", nil))
	for _, want := range []string{
		`cairn_terminology_answers_total{by="local",status="member"}`, `cairn_terminology_answers_total{by="server",status="not_member"}`,
		`cairn_terminology_answers_total{by="nobody",status="unavailable"} `, `cairn_terminology_cache_total{result="miss"}`,
		`cairn_terminology_request_duration_seconds_count{operation="validate-code",outcome="failed"}`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no metric %s", want)
		}
	}
}

// coding sets the codes of the two elements of the template.
func coding(t *testing.T, text, first, second string) []byte {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	set := 0
	var walk func(any)
	walk = func(x any) {
		switch x := x.(type) {
		case []any:
			for _, m := range x {
				walk(m)
			}
		case map[string]any:
			code := map[any]string{"at0002": first, "at0003": second}[x["archetype_node_id"]]
			if value, ok := x["value"].(map[string]any); ok && code != "" {
				value["defining_code"] = map[string]any{
					"_type": "CODE_PHRASE", "terminology_id": map[string]any{"_type": "TERMINOLOGY_ID", "value": "SNOMED-CT"}, "code_string": code,
				}
				set++
			}
			for _, m := range x {
				walk(m)
			}
		}
	}
	walk(doc)
	if set != 2 {
		t.Fatalf("%d codes set in %s", set, text)
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
