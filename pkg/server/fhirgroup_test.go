package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// A group is kept as it was sent, and exported by its list.
func TestGroupIsExported(t *testing.T) {
	s := runningWith(t, testOptions(t), 3, 3)
	base := s.Origin() + "/fhir/r4/"
	var patients []string
	_, _, data := send(t, http.MethodGet, base+"Patient", "")
	var set struct {
		Entry []struct{ Resource struct{ ID string } }
	}
	if err := json.Unmarshal(data, &set); err != nil || len(set.Entry) != 3 {
		t.Fatal(err, len(set.Entry))
	}
	for _, e := range set.Entry {
		patients = append(patients, e.Resource.ID)
	}
	body := func(extra string, members ...string) string {
		out := `{"resourceType":"Group","type":"person","actual":true,"identifier":[{"system":"urn:trials","value":"A-1"}],"name":"Trial A"` + extra
		for i, m := range members {
			out += map[bool]string{true: `,"member":[`, false: `,`}[i == 0] + `{"entity":{"reference":"` + m + `"}}`
		}
		if len(members) > 0 {
			out += `]`
		}
		return out + `}`
	}
	const media = "application/fhir+json"
	status, header, data := send(t, http.MethodPost, base+"Group", body("", "Patient/"+patients[0], base+"Patient/"+patients[1], "Patient/"+patients[0]), "Content-Type", media)
	location := header.Get("Location")
	if status != http.StatusCreated || !strings.HasPrefix(location, base+"Group/") || header.Get("ETag") != `W/"1"` {
		t.Fatalf("%d %v %s", status, header, data)
	}
	valid := func(data []byte) *r4.Node {
		t.Helper()
		n, err := r4.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r4.ValidateNode(n) {
			if !p.Warning {
				t.Errorf("%s", p)
			}
		}
		return n
	}
	status, _, data = send(t, http.MethodGet, location, "")
	if n := valid(data); status != http.StatusOK || len(n.List("member")) != 2 || n.Get("quantity").Text != "2" || n.Str("name") != "Trial A" {
		t.Errorf("%d %s", status, data)
	}
	for query, want := range map[string]int{
		"": 1, "?identifier=A-1": 1, "?identifier=urn:trials|A-1": 1, "?identifier=|A-1": 0, "?identifier=urn:trials|": 1, "?identifier=x,A-1": 1,
		"?member=Patient/" + patients[0]: 1, "?member=" + patients[2]: 0, "?_id=x": 0, "?_id=" + location[len(base)+len("Group/"):]: 1,
	} {
		status, _, data := send(t, http.MethodGet, base+"Group"+query, "")
		n := valid(data)
		if status != http.StatusOK || len(n.List("entry")) != want || strings.Contains(string(data), `"member"`) {
			t.Errorf("Group%s: %d %s", query, status, data)
		}
	}
	if status, _, data := send(t, http.MethodPost, base+"Group/_search", "_count=1&identifier=A-1", "Content-Type", "application/x-www-form-urlencoded"); status != http.StatusOK || len(valid(data).List("entry")) != 1 {
		t.Errorf("%d %s", status, data)
	}
	about := func(names []string) (ids []string) {
		for _, n := range names {
			if id, ok := strings.CutPrefix(n, "Patient/"); ok {
				id, _, _ = strings.Cut(id, "/")
				ids = append(ids, id)
			}
		}
		return ids
	}
	path := strings.TrimPrefix(location, base)
	m, names := exported(t, s, path+"/$export", "")
	if got, want := about(names), slices.Sorted(slices.Values(patients[:2])); !slices.Equal(got, want) || len(names) < 10 {
		t.Errorf("exported are %v of %d, want %v", got, len(names), want)
	}
	if m.Request != base+path+"/$export" {
		t.Errorf("the request is %s", m.Request)
	}
	one := `{"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"Patient"},{"name":"patient","valueReference":{"reference":"Patient/` + patients[1] + `"}}]}`
	if _, names := exported(t, s, path+"/$export", one); !slices.Equal(about(names), patients[1:2]) || len(names) != 1 {
		t.Errorf("exported are %v", names)
	}

	// Groups come page by page, each once.
	if status, _, data := send(t, http.MethodPost, base+"Group", body(""), "Content-Type", media); status != http.StatusCreated {
		t.Fatalf("%d %s", status, data)
	}
	seen := map[string]int{}
	for next := base + "Group?_count=1"; next != ""; {
		_, _, data := send(t, http.MethodGet, next, "")
		n := valid(data)
		next = ""
		for _, l := range n.List("link") {
			if l.Str("relation") == "next" {
				next = l.Str("url")
			}
		}
		if len(n.List("entry")) != 1 || n.Get("total").Text != "2" {
			t.Fatalf("%s", data)
		}
		seen[n.List("entry")[0].Str("fullUrl")]++
	}
	if len(seen) != 2 || seen[location] != 1 {
		t.Errorf("%v", seen)
	}
	status, header, data = send(t, http.MethodPut, location, body("", "Patient/"+patients[2]), "Content-Type", media, "If-Match", `W/"1"`)
	if status != http.StatusOK || header.Get("ETag") != `W/"2"` {
		t.Errorf("%d %v %s", status, header, data)
	}
	for _, tt := range []struct {
		name, method, url, body string
		header                  []string
		status                  int
	}{
		{"a version that was replaced", http.MethodPut, location, body(""), []string{"If-Match", `W/"1"`}, 412},
		{"no such patient", http.MethodPost, base + "Group", body("", "Patient/00000000-0000-4000-8000-000000000000"), nil, 422},
		{"another server", http.MethodPost, base + "Group", body("", "http://elsewhere.org/Patient/"+patients[0]), nil, 422},
		{"not a patient", http.MethodPost, base + "Group", body("", "Group/"+patients[0]), nil, 422},
		{"what is not kept", http.MethodPost, base + "Group", body(`,"characteristic":[{"code":{"text":"x"},"valueBoolean":true,"exclude":false}]`), nil, 422},
		{"a modifier", http.MethodPost, base + "Group", body(`,"modifierExtension":[{"url":"urn:x","valueBoolean":true}]`), nil, 422},
		{"an inactive member", http.MethodPost, base + "Group", strings.Replace(body("", "Patient/"+patients[0]), `"}}`, `"},"inactive":true}`, 1), nil, 422},
		{"animals", http.MethodPost, base + "Group", strings.Replace(body(""), "person", "animal", 1), nil, 422},
		{"not actual", http.MethodPost, base + "Group", strings.Replace(body(""), "true", "false", 1), nil, 422},
		{"not R4", http.MethodPost, base + "Group", body(`,"active":"yes"`), nil, 422},
		{"another resource", http.MethodPost, base + "Group", `{"resourceType":"Patient"}`, nil, 400},
		{"an unknown parameter", http.MethodGet, base + "Group?colour=red", "", nil, 400},
		{"a modifier of a parameter", http.MethodGet, base + "Group?identifier:of-type=a|b|c", "", nil, 400},
		{"no such group", http.MethodGet, base + "Group/00000000-0000-4000-8000-000000000000", "", nil, 404},
		{"its export", http.MethodGet, base + "Group/00000000-0000-4000-8000-000000000000/$export", "", []string{"Prefer", "respond-async"}, 404},
		{"synchronously", http.MethodGet, location + "/$export", "", nil, 400},
		{"a patient who is no member", http.MethodPost, location + "/$export", one, []string{"Prefer", "respond-async"}, 400},
		{"its history", http.MethodGet, location + "/_history", "", nil, 404},
	} {
		if status, _, data := send(t, tt.method, tt.url, tt.body, append(tt.header, "Content-Type", media)...); status != tt.status {
			t.Errorf("%s: %d %s", tt.name, status, data)
		} else {
			valid(data)
		}
	}
	if status, _, data := send(t, http.MethodDelete, location, ""); status != http.StatusNoContent {
		t.Errorf("%d %s", status, data)
	}
	if status, _, data := send(t, http.MethodGet, location, ""); status != http.StatusNotFound {
		t.Errorf("%d %s", status, data)
	}
}
