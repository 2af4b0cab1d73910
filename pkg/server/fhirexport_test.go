package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// manifest is that of a bulk export.
type manifest struct {
	TransactionTime, Request string
	Output, Deleted, Error   []struct {
		Type, URL string
		Count     int
	}
}

// exported runs an export and gives its manifest and the names of what its
// files hold.
func exported(t *testing.T, s *Server, path, body string) (manifest, []string) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	status, header, data := send(t, method, s.Origin()+"/fhir/r4/"+path, body, "Prefer", "respond-async", "Content-Type", "application/fhir+json")
	at := header.Get("Content-Location")
	if status != http.StatusAccepted || at == "" {
		t.Fatalf("%s: %d %s", path, status, data)
	}
	var m manifest
	for range 200 {
		status, _, data := send(t, http.MethodGet, at, "")
		if status == http.StatusOK {
			if err := json.Unmarshal(data, &m); err != nil {
				t.Fatal(err)
			}
			return m, files(t, m)
		}
		if status != http.StatusAccepted {
			t.Fatalf("status of the export: %d %s", status, data)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the export is never complete")
	return m, nil
}

// files reads all files of an export.
func files(t *testing.T, m manifest) []string {
	t.Helper()
	var out []string
	for _, f := range m.Output {
		status, header, data := send(t, http.MethodGet, f.URL, "", "Accept", "application/fhir+ndjson")
		if status != http.StatusOK || header.Get("Content-Type") != "application/fhir+ndjson" {
			t.Fatalf("%s: %d %.300s", f.URL, status, data)
		}
		n := 0
		for line := range bytes.Lines(data) {
			n++
			res, err := r4.Parse(line)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range r4.ValidateNode(res) {
				if !p.Warning {
					t.Errorf("%s: %s", f.URL, p)
				}
			}
			if res.Str("resourceType") != f.Type {
				t.Errorf("a %s in %s", res.Str("resourceType"), f.URL)
			}
			out = append(out, f.Type+"/"+res.Str("id")+"/"+res.Str("meta", "versionId"))
		}
		if n != f.Count {
			t.Errorf("%s: %d resources, announced %d", f.URL, n, f.Count)
		}
	}
	slices.Sort(out)
	return out
}

func send(t testing.TB, method, url, body string, header ...string) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, data
}

// An export holds what searches find, and goes on holding it when the record
// changes.
func TestBulkExport(t *testing.T) {
	t.Parallel()
	s := running(t, 13, 3)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	var want []string
	var patients []string
	capability := p.get("metadata")
	for _, r := range capability.List("rest")[0].List("resource") {
		switch r.Str("type") {
		case "CodeSystem", "ConceptMap", "ValueSet", "Group":
			continue // operations alone, and lists of this actor
		case "AuditEvent", "Provenance", "DocumentReference", "Composition":
			continue // made when they are asked for, and not exported
		}
		for _, n := range p.all(r.Str("type")+"?_count=200", "match") {
			want = append(want, n.Str("resourceType")+"/"+n.Str("id")+"/"+n.Str("meta", "versionId"))
			if n.Str("resourceType") == "Patient" {
				patients = append(patients, n.Str("id"))
			}
		}
	}
	slices.Sort(want)
	before, got := exported(t, s, "$export", "")
	if !slices.Equal(got, want) {
		t.Errorf("the export has %d resources, searches find %d", len(got), len(want))
	}
	if _, got := exported(t, s, "Patient/$export?_type=Condition,Patient", ""); !slices.Equal(got, slices.DeleteFunc(slices.Clone(want), func(n string) bool {
		return !strings.HasPrefix(n, "Condition/") && !strings.HasPrefix(n, "Patient/")
	})) {
		t.Errorf("of two types: %d", len(got))
	}
	one := `{"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Patient/` + patients[0] + `"}},{"name":"_type","valueString":"Patient"}]}`
	if _, got := exported(t, s, "Patient/$export", one); len(got) != 1 || !strings.HasPrefix(got[0], "Patient/"+patients[0]) {
		t.Errorf("of one patient: %v", got)
	}

	// The first patient's EHR_STATUS changes: a new version of the Patient.
	status, header, data := send(t, http.MethodGet, s.Origin()+"/openehr/v1/ehr/"+patients[0]+"/ehr_status", "")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, data)
	}
	if status, _, data := send(t, http.MethodPut, s.Origin()+"/openehr/v1/ehr/"+patients[0]+"/ehr_status", string(data),
		"If-Match", header.Get("ETag"), "Content-Type", "application/json"); status >= 300 {
		t.Fatalf("%d %s", status, data)
	}
	if again := files(t, before); !slices.Equal(again, want) {
		t.Error("the files of an export change with the record")
	}
	since := "$export?_since=" + url.QueryEscape(before.TransactionTime)
	after, changed := exported(t, s, since, "")
	if len(changed) != 1 || !strings.HasPrefix(changed[0], "Patient/"+patients[0]) || strings.HasSuffix(changed[0], "/1") || len(after.Deleted) > 0 {
		t.Errorf("since the export: %v, deleted %v", changed, after.Deleted)
	}

	for _, tt := range []struct {
		method, path, body string
		prefer             string
		status             int
	}{
		{"GET", "$export", "", "", 400},
		{"GET", "$export?_type=Basic", "", "respond-async", 400},
		{"GET", "$export?_since=2024", "", "respond-async", 400},
		{"GET", "$export?_outputFormat=csv", "", "respond-async", 400},
		{"GET", "$export?colour=red", "", "respond-async", 400},
		{"POST", "$export", `{"resourceType":"Patient"}`, "respond-async", 400},
		{"POST", "$export", `{"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Group/1"}}]}`, "respond-async", 400},
		{"GET", "$export-status/00000000-0000-4000-8000-000000000000", "", "", 404},
		{"GET", "$export-status/x", "", "", 404},
		{"GET", strings.TrimPrefix(before.Output[0].URL, s.Origin()+"/fhir/r4/") + "x", "", "", 404},
	} {
		status, _, data := send(t, tt.method, s.Origin()+"/fhir/r4/"+tt.path, tt.body, "Prefer", tt.prefer, "Content-Type", "application/fhir+json")
		if status != tt.status {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, status, data)
		}
	}
	at := before.Output[0].URL[:strings.LastIndex(before.Output[0].URL, "/")]
	statusURL := strings.Replace(at, "$export-file", "$export-status", 1)
	if status, _, _ := send(t, http.MethodDelete, statusURL, ""); status != http.StatusAccepted {
		t.Errorf("dropped: %d", status)
	}
	for _, path := range []string{statusURL, before.Output[0].URL} {
		if status, _, _ := send(t, http.MethodGet, path, ""); status != http.StatusNotFound {
			t.Errorf("%s after it was dropped: %d", path, status)
		}
	}
}
