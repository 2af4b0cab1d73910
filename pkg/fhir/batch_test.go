package fhir

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

func post(t *testing.T, m *memory, body string, header ...string) reply {
	t.Helper()
	if len(header) == 0 {
		header = []string{"Content-Type", r4.MediaTypeJSON}
	}
	return do(t, handler(t, m), httptest.NewRequest("POST", "/fhir/r4", strings.NewReader(body)), header)
}

func bundleOf(kind string, requests ...string) string {
	var entries []string
	for _, r := range requests {
		method, url, _ := strings.Cut(r, " ")
		entries = append(entries, `{"request":{"method":"`+method+`","url":"`+url+`"}}`)
	}
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

// A batch answers each request as it would be answered alone.
func TestBatch(t *testing.T) {
	t.Parallel()
	m := project(t)
	id := m.records[0].Type + "/" + m.records[0].ID
	requests := []string{
		"GET " + id, "GET http://example.com/fhir/r4/" + id, "GET " + id + "?_format=xml", "GET Observation?patient=" + testEHR + "&_count=2",
		"GET metadata", "GET Observation/none", "GET Observation/old", "DELETE " + id, "POST Observation", "GET Observation?colour=red",
		"GET https://example.org/Patient/1", "GET //example.org/Patient/1", "GET Observation?patient=" + testEHR + "&code=%zz", "HEAD " + id,
	}
	want := []int{200, 200, 200, 200, 200, 404, 410, 405, 405, 400, 400, 400, 400, 200}
	r := post(t, m, bundleOf("batch", requests...))
	if r.StatusCode != 200 || r.body.Str("type") != "batch-response" || len(r.body.List("entry")) != len(requests) {
		t.Fatalf("%d %s", r.StatusCode, r.raw)
	}
	for i, e := range r.body.List("entry") {
		if got := e.Str("response", "status"); got != strconv.Itoa(want[i]) {
			t.Errorf("%s: %s, want %d", requests[i], got, want[i])
		}
		if has := e.Get("response", "outcome") != nil; has != (want[i] >= 400) {
			t.Errorf("%s: an outcome: %v", requests[i], has)
		}
		if has := e.Get("resource") != nil; has != (want[i] < 400 && i != len(requests)-1) {
			t.Errorf("%s: a resource: %v", requests[i], has)
		}
	}
	alone := ask(t, handler(t, m), "GET", "http://example.com/fhir/r4/"+id)
	for i := range 3 {
		e := r.body.List("entry")[i]
		if got := string(e.Get("resource").Append(nil)); got != alone.raw || e.Str("response", "etag") != alone.Header.Get("ETag") {
			t.Errorf("in a batch: %s\nalone: %s", got, alone.raw)
		}
	}
	conditional := `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"` + id + `","ifNoneMatch":"W/\"3\""}}]}`
	if r := post(t, m, conditional); r.body.List("entry")[0].Str("response", "status") != "304" {
		t.Errorf("conditional: %s", r.raw)
	}
	n, err := r4.Parse([]byte(bundleOf("batch", requests[0])))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := r4.AppendXML(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	if r := post(t, m, string(doc), "Content-Type", r4.MediaTypeXML, "Accept", r4.MediaTypeXML); r.body.List("entry")[0].Get("resource").Str("id") != m.records[0].ID {
		t.Errorf("in XML: %s", r.raw)
	}
}

func TestBatchRefuses(t *testing.T) {
	t.Parallel()
	m := project(t)
	id := m.records[0].Type + "/" + m.records[0].ID
	if r := post(t, m, bundleOf("transaction", "GET "+id, "GET "+id)); r.StatusCode != 200 || r.body.Str("type") != "transaction-response" {
		t.Errorf("a transaction: %d %s", r.StatusCode, r.raw)
	}
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"a transaction that fails": {bundleOf("transaction", "GET "+id, "GET Observation/none"), 422},
		"not a bundle":             {`{"resourceType":"Patient"}`, 400},
		"another kind of bundle":   {bundleOf("collection"), 400},
		"no JSON":                  {`{`, 400},
		"not an object":            {`[]`, 400},
		"no request":               {`{"resourceType":"Bundle","type":"batch","entry":[{}]}`, 400},
		"another server":           {bundleOf("transaction", "GET https://example.org/Patient/1"), 422},
		"too many requests":        {bundleOf("batch", strings.Split(strings.Repeat("GET metadata,", 201), ",")...), 413},
		"too long":                 {`{"a":"` + strings.Repeat("x", maxBatch) + `"}`, 413},
	} {
		if r := post(t, m, tt.body); r.StatusCode != tt.status {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.raw)
		}
	}
	if r := post(t, m, "{}", "Content-Type", "text/plain"); r.StatusCode != 415 {
		t.Errorf("text: %d", r.StatusCode)
	}
	if r := ask(t, handler(t, m), "GET", "/fhir/r4"); r.StatusCode != 404 || !strings.Contains(string(r.raw), "/fhir/r4/metadata") {
		t.Errorf("GET of the base: %d", r.StatusCode)
	}
	// A bundle within a bundle is a POST, and so refused: batches do not nest.
	r := post(t, m, bundleOf("batch", "POST "))
	if r.StatusCode != 200 || r.body.List("entry")[0].Str("response", "status") != "405" {
		t.Errorf("nested: %s", r.raw)
	}
}
