package server

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
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

// TestExportParts exports parts of resources, and those that queries find.
func TestExportParts(t *testing.T) {
	t.Parallel()
	s := running(t, 17, 3)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	id := p.all("Patient", "match")[0].Str("id")
	names := func(queries ...string) []string {
		seen := map[string]bool{}
		for _, q := range queries {
			for _, n := range p.all(q+"&_count=200", "match") {
				seen[n.Str("resourceType")+"/"+n.Str("id")+"/"+n.Str("meta", "versionId")] = true
			}
		}
		return slices.Sorted(maps.Keys(seen))
	}
	const pressure, rate = "code=http://loinc.org|85354-9", "code=http://loinc.org|8867-4"
	observed := names("Observation?"+pressure, "Observation?"+rate)
	if len(observed) == 0 || len(observed) == len(names("Observation?")) {
		t.Fatalf("%d observations", len(observed))
	}
	filter := func(queries ...string) string { return url.QueryEscape(strings.Join(queries, ",")) }
	post := func(patient bool, params ...string) string {
		var list []string
		if patient {
			list = append(list, `{"name":"patient","valueReference":{"reference":"Patient/`+id+`"}}`)
		}
		for i := 0; i+1 < len(params); i += 2 {
			list = append(list, `{"name":"`+params[i]+`","valueString":"`+params[i+1]+`"}`)
		}
		return `{"resourceType":"Parameters","parameter":[` + strings.Join(list, ",") + `]}`
	}
	of := func(patient string, queries ...string) []string {
		for i := range queries {
			queries[i] += "&patient=" + patient
		}
		return names(queries...)
	}
	for _, tt := range []struct {
		path, body string
		want       []string
	}{
		{"$export?_type=Observation&_typeFilter=" + filter("Observation?"+pressure, "Observation?"+rate), "", observed},
		{"$export?_type=Observation&_typeFilter=" + filter("Observation?"+pressure) + "&_typeFilter=" + filter("Observation?"+rate), "", observed},
		{"$export?_type=Observation&_typeFilter=" + filter("Observation?"+pressure+",http://loinc.org|8867-4"), "", observed},
		{"$export?_type=Observation,Condition&_typeFilter=" + filter("Observation?"+pressure), "", slices.Sorted(slices.Values(slices.Concat(names("Observation?"+pressure), names("Condition?"))))},
		{"Patient/$export?_type=Observation&_typeFilter=" + filter("Observation?"+pressure+"&date=lt1900"), "", []string{}},
		{"$export?_type=Observation&_typeFilter=" + filter("Observation?value-quantity=gt0&code:not=http://loinc.org|8867-4"), "", names("Observation?value-quantity=gt0&code:not=http://loinc.org|8867-4")},
		{"$export?_type=Observation&_typeFilter=" + filter("Observation?component-value-quantity=gt100|http://unitsofmeasure.org|mm[Hg]&date=gt1900"), "", names("Observation?component-value-quantity=gt100|http://unitsofmeasure.org|mm[Hg]&date=gt1900")},
		{"$export?_type=Patient&_typeFilter=" + filter("Patient?_id="+id), "", names("Patient?_id=" + id)},
		{"Patient/$export", post(true, "_type", "Observation", "_typeFilter", "Observation?"+pressure), of(id, "Observation?"+pressure)},
		{"$export", post(false, "_type", "Observation", "_typeFilter", "Observation?"+pressure, "_typeFilter", "Observation?"+rate, "_elements", "code"), observed},
	} {
		listed, got := exported(t, s, tt.path, tt.body)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s %s: %d resources, want %d", tt.path, tt.body, len(got), len(tt.want))
		}
		if again := files(t, listed); !slices.Equal(again, got) {
			t.Errorf("%s: its files change", tt.path)
		}
		if tt.body != "" && (strings.Contains(listed.Request, "#") || strings.Contains(listed.Request, "typeFilter")) {
			t.Errorf("the manifest gives the request as %s", listed.Request)
		}
	}
	// Only a part of each resource, with what is mandatory.
	parts, _ := exported(t, s, "$export?_type=Observation,Patient,Condition&_elements="+url.QueryEscape("Patient.identifier,Observation.value,subject"), "")
	for _, f := range parts.Output {
		status, _, data := send(t, http.MethodGet, f.URL, "")
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, data)
		}
		for line := range strings.Lines(string(data)) {
			n, err := r4.Parse([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			for name, there := range map[string]bool{
				"identifier": f.Type == "Patient" && n.Get("identifier") != nil, "status": f.Type == "Observation", "name": false, "effectiveDateTime": false, "text": false,
				"subject": f.Type != "Patient", "clinicalStatus": n.Get("clinicalStatus") != nil, "gender": false,
			} {
				if (n.Get(name) != nil) != there {
					t.Fatalf("%s: %s", name, line)
				}
			}
			if !strings.Contains(line, "SUBSETTED") {
				t.Fatalf("not marked: %s", line)
			}
		}
	}
	for _, query := range []string{
		"_elements=colour", "_elements=", "_elements=Patient.colour", "_elements=Basic.code", "_type=Patient&_elements=Observation.code", "_elements=a%00",
		"_typeFilter=Observation", "_typeFilter=Observation?", "_typeFilter=?code=x", "_typeFilter=Basic%3Fcode=x", "_typeFilter=Observation%3Fcolour=red",
		"_type=Patient&_typeFilter=Observation%3Fcode=x", "_typeFilter=Observation%3Fpatient=" + id, "_typeFilter=Observation%3Fpatient.name=x", "_typeFilter=Observation%3Fdate=apXXX",
		"_typeFilter=Observation%3Fdate=ap2024", "_typeFilter=Observation%3F_lastUpdated=ap2024", "_typeFilter=Observation%3Fcode:in=x", "_typeFilter=Observation%3Fcode:below=http://loinc.org|x",
		"_typeFilter=Observation%3F_sort=date", "_typeFilter=Observation%3F_include=Observation:subject", "_typeFilter=Patient%3F_has:Observation:patient:code=x", "_typeFilter=Observation%3F_count=2",
		"_typeFilter=Observation%3F_security=R", "_typeFilter=Observation%3Fcode=%2500", "_typeFilter=AuditEvent%3Faction=C",
		"includeAssociatedData=LatestProvenanceResources", "organizeOutputBy=Patient",
	} {
		status, _, data := send(t, http.MethodGet, s.Origin()+"/fhir/r4/$export?"+query, "", "Prefer", "respond-async")
		if status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, status, data)
		}
	}
	nobody := `{"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Patient/00000000-0000-4000-8000-000000000001"}}]}`
	for _, body := range []string{nobody, strings.Replace(nobody, "00000000-0000-4000-8000-000000000001", "nobody", 1)} {
		if status, _, data := send(t, http.MethodPost, s.Origin()+"/fhir/r4/Patient/$export", body, "Prefer", "respond-async", "Content-Type", "application/fhir+json"); status != http.StatusBadRequest {
			t.Errorf("a patient who is not here: %d %s", status, data)
		}
	}
}
