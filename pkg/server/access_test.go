package server

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// recording is a server that keeps a record of accesses, of two principals.
func recording(t *testing.T) (*Server, Options) {
	t.Helper()
	o := testOptions(t)
	o.AccessLog = "required"
	o.Token = []string{"ward:0123456789abcdef", "auditor:fedcba9876543210"}
	return runningWith(t, o, 31, 1), o
}

// as makes a request as the owner of a token; "" is nobody.
func as(t *testing.T, s *Server, token, method, path, body string) int {
	t.Helper()
	status, _ := asked(t, s, token, method, path, body)
	return status
}

func asked(t *testing.T, s *Server, token, method, path, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.Origin()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "/fhir") && method == "POST" && strings.HasSuffix(path, "_search") {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	return resp.StatusCode, data
}

// accessLines is what stands in the record of accesses, oldest first, as one line each.
func accessLines(t *testing.T, s *Server, since time.Time, where string) (lines []string) {
	t.Helper()
	// An access is noted after its answer, and before the next request on the connection.
	if status, _ := asked(t, s, "", "GET", "/health/live", ""); status != http.StatusOK {
		t.Fatal(status)
	}
	if err := s.accesses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := s.store.Pool().Query(t.Context(), `select concat_ws(' ', door, interaction, action, subject, coalesce(actor, ''), status, coalesce(ehr_id::text, '-'), object)
		from access where at >= $1 `+where+` order by access_no`, since)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// Every way to read is recorded with who, whose and how it ended, and nothing of
// what was asked or found.
func TestAccessesAreRecorded(t *testing.T) {
	t.Parallel()
	const ward = "0123456789abcdef"
	s, _ := recording(t)
	id, bodies := admit(t, s, 31, 1)
	version := commit(t, s, id, bodies[0])
	e := id.String()
	unknown := uuid.NewString()
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               []string // with %s for the EHR
	}{
		{"GET", "/openehr/v1/ehr/" + e, "", 200, []string{"openehr read R EHR ward 200 %s"}},
		{"GET", "/openehr/v1/ehr/" + e + "/composition/" + version.String(), "", 200, []string{"openehr vread R COMPOSITION ward 200 %s " + version.String()}},
		{"GET", "/openehr/v1/ehr/" + e + "/versioned_composition/" + version.Object.String() + "/revision_history", "", 200, []string{"openehr history-instance R COMPOSITION ward 200 %s"}},
		{"GET", "/openehr/v1/ehr/" + unknown, "", 404, []string{"openehr read R EHR ward 404 " + unknown}},
		{"POST", "/openehr/v1/query/aql", `{"q":"select c/uid/value from EHR e contains COMPOSITION c where c/name/value = 'Secret'","ehr_id":"` + e + `"}`, 200, []string{"openehr operation E AQL ward 200 %s"}},
		{"POST", "/openehr/v1/query/aql", `{"q":"select count(e/ehr_id/value) from EHR e"}`, 200, []string{"openehr operation E AQL ward 200 -"}},
		{"GET", "/openehr/v1/definition/template/adl1.4", "", 200, nil},
		{"GET", "/fhir/r4/metadata", "", 200, nil},
		{"GET", "/fhir/r4/Patient/" + e, "", 200, []string{"fhir read R Patient ward 200 %s Patient/" + e}},
		{"GET", "/fhir/r4/Patient/" + e + "/_history", "", 200, []string{"fhir history-instance R Patient ward 200 %s Patient/" + e}},
		{"GET", "/fhir/r4/Patient/" + e + "/$everything", "", 200, []string{"fhir operation E $everything ward 200 %s"}},
		{"GET", "/fhir/r4/Observation?patient=" + e + "&code=secret", "", 200, []string{"fhir search-type E Observation ward 200 %s"}},
		{"POST", "/fhir/r4/Observation/_search", "patient=" + e, 200, []string{"fhir search-type E Observation ward 200 %s"}},
		{"GET", "/fhir/r4/Observation/jane-doe", "", 404, []string{"fhir read R ward 404 -"}},
		{"GET", "/fhir/r4/Observation?value-quantity=gt120", "", 200, nil}, // below
		{"POST", "/openehr/v1/ehr/" + e + "/composition", "{", 400, nil},
	} {
		since := time.Now()
		if got := as(t, s, ward, tt.method, tt.path, tt.body); got != tt.status {
			t.Fatalf("%s %s: %d", tt.method, tt.path, got)
		}
		if strings.Contains(tt.path, "gt120") {
			continue
		}
		var want []string
		for _, w := range tt.want {
			want = append(want, strings.ReplaceAll(w, "%s", e))
		}
		if got := accessLines(t, s, since, ""); !slices.Equal(trimmed(got), trimmed(want)) {
			t.Errorf("%s %s:\n%q\nis not\n%q", tt.method, tt.path, got, want)
		}
	}

	// A search of the population is recorded for each patient that it has shown.
	since := time.Now()
	if got := as(t, s, ward, "GET", "/fhir/r4/Patient?_count=1", ""); got != 200 {
		t.Fatal(got)
	}
	one := accessLines(t, s, since, "")
	since = time.Now()
	if got := as(t, s, ward, "GET", "/fhir/r4/Patient", ""); got != 200 {
		t.Fatal(got)
	}
	all := accessLines(t, s, since, "")
	if len(one) != 1 || len(all) != 2 || !slices.Contains(all, "fhir search-type E Patient ward 200 "+e) {
		t.Errorf("searches of the population: %q, %q", one, all)
	}

	// Who is not known is recorded by the path's kind alone, and not for long one by one.
	since = time.Now()
	for range 60 {
		if got := as(t, s, "wrong-wrong-wrong-wrong", "GET", "/fhir/r4/Patient/"+e, ""); got != 401 {
			t.Fatal(got)
		}
	}
	refused := accessLines(t, s, since, "and lost = 0")
	if len(refused) < 50 || trimmed(refused)[0] != "fhir read R 401 -" {
		t.Errorf("refusals: %q", refused)
	}
	var sum int
	if err := s.store.Pool().QueryRow(t.Context(), `select sum(greatest(lost, 1)) from access where at >= $1`, since).Scan(&sum); err != nil || sum != 60 {
		t.Errorf("%d refusals are told, %v", sum, err)
	}
}

// trimmed evens out the spaces of empty columns.
func trimmed(list []string) (out []string) {
	for _, s := range list {
		out = append(out, strings.Join(strings.Fields(s), " "))
	}
	return out
}

// Accesses are AuditEvents, found like those of changes, and stay when the record
// is deleted physically.
func TestAccessesAreAuditEvents(t *testing.T) {
	t.Parallel()
	const ward, auditor = "0123456789abcdef", "fedcba9876543210"
	s, _ := recording(t)
	id, bodies := admit(t, s, 31, 1)
	commit(t, s, id, bodies[0])
	e := id.String()
	for _, path := range []string{"/fhir/r4/Patient/" + e, "/fhir/r4/Observation?patient=" + e, "/openehr/v1/ehr/" + e, "/fhir/r4/Patient/" + e + "/$nothing"} {
		as(t, s, ward, "GET", path, "")
	}
	if err := s.accesses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	search := func(query string) []*r4.Node {
		t.Helper()
		status, data := asked(t, s, auditor, "GET", "/fhir/r4/AuditEvent?_count=200&"+query, "")
		n, err := r4.Parse(data)
		if err != nil || status != 200 {
			t.Fatalf("%s: %d %v %s", query, status, err, data)
		}
		var list []*r4.Node
		for _, x := range n.List("entry") {
			if r := x.Get("resource"); r.Str("resourceType") == "AuditEvent" {
				list = append(list, r)
			}
		}
		return list
	}
	for query, want := range map[string]int{
		"type=rest":          3,
		"type=rest&action=R": 2,
		"type=rest&action=E": 1,
		"subtype=read":       2,
		"subtype=http://hl7.org/fhir/restful-interaction|search-type": 1,
		"subtype=http://example.org|read":                             0,
		"type=110110&subtype=read":                                    0,
		"type=rest&entity-name=pat":                                   1,
		"entity-name=composition":                                     1,
		"type=rest&altid=ward":                                        3,
		"type=rest&altid=nobody":                                      0,
		"type=rest&outcome=0":                                         3,
		"outcome=8":                                                   0,
		"type=rest&date=lt2001":                                       0,
		"type=rest&entity=Patient/" + e:                               3,
	} {
		got := search("patient=" + e + "&" + query)
		got = slices.DeleteFunc(got, func(n *r4.Node) bool {
			return n.List("agent")[0].Str("altId") == "auditor" // the searches of this test
		})
		if len(got) != want {
			t.Errorf("%s: %d instead of %d", query, len(got), want)
		}
	}

	// They are valid, and read as they are found.
	list := search("patient=" + e + "&type=rest&altid=ward")
	for _, n := range list {
		if problems := r4.ValidateNode(n); len(problems) > 0 {
			t.Errorf("%s: %v", n.Append(nil), problems)
		}
		status, data := asked(t, s, auditor, "GET", "/fhir/r4/AuditEvent/"+n.Str("id"), "")
		if read, err := r4.Parse(data); err != nil || status != 200 || string(read.Append(nil)) != string(n.Append(nil)) {
			t.Errorf("read %s: %d %s\nfound %s", n.Str("id"), status, data, n.Append(nil))
		}
	}
	for _, bad := range []string{"access-1-1", "access-9-x", "access-1"} {
		if status := as(t, s, auditor, "GET", "/fhir/r4/AuditEvent/"+bad, ""); status != 404 {
			t.Errorf("%s: %d", bad, status)
		}
	}
	// Without a patient there are those too that were about nobody.
	if got := search("type=rest&altid=ward&outcome=8"); len(got) != 1 || got[0].Str("outcomeDesc") != "HTTP 501" {
		t.Errorf("the operation that is not there: %v", got)
	}

	if err := s.store.EraseEHRs(t.Context(), ehr.Actor{ID: "registrar"}, []uuid.UUID{id}); err != nil {
		t.Fatal(err)
	}
	if got := search("patient=" + e + "&type=rest&altid=ward"); len(got) != len(list) {
		t.Errorf("after the physical deletion there are %d of %d", len(got), len(list))
	}
}
