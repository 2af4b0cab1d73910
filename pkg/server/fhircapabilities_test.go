package server

import (
	"net/http"
	"slices"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// TestFHIRCapabilitiesAreKept asks the server, with its database, for what its
// CapabilityStatement declares of each type: interactions, parameters with a value
// of their kind, and inclusions.
func TestFHIRCapabilitiesAreKept(t *testing.T) {
	t.Parallel()
	s := running(t, 1, 5)
	p := &partner{t, s, s.Origin() + "/fhir/r4"}
	patient := p.get("/Patient?_count=1").List("entry")[0].Str("resource", "id")
	values := map[string]string{
		"token": "x", "date": "2020", "string": "x", "uri": "http://example.org", "quantity": "1", "number": "1", "reference": "Patient/x",
	}
	asked := 0
	status := func(path string) (int, *r4.Node) {
		asked++
		return p.do(http.MethodGet, path, "", "")
	}
	for _, res := range p.get("/metadata").List("rest")[0].List("resource") {
		typ := res.Str("type")
		var offered []string
		for _, i := range res.List("interaction") {
			offered = append(offered, i.Str("code"))
		}
		if !slices.Contains(offered, "read") || typ == "Group" || typ == "Subscription" {
			continue
		}
		got, n := status("/" + typ + "/_history?_count=1")
		if declared := slices.Contains(offered, "history-type"); declared != (got == http.StatusOK) {
			t.Errorf("history of %s: declared %v, answered %d %s", typ, declared, got, n.Append(nil))
		}
		of := "" // some of what refers to a match is found only with a patient
		if typ == "Patient" {
			of = "&_id=" + patient
		}
		for _, param := range res.List("searchParam") {
			if param.Str("name") == "patient" {
				of = "&patient=" + patient
			}
			value, ok := values[param.Str("type")]
			if !ok {
				continue // a composite has values of two kinds
			}
			query := "/" + typ + "?_count=1&" + param.Str("name") + "=" + value
			if param.Str("documentation") == "Only with a patient." {
				query += "&patient=" + patient
			}
			if got, n := status(query); got != http.StatusOK {
				t.Errorf("%s: declared, answered %d %s", query, got, n.Append(nil))
			}
		}
		for element, param := range map[string]string{"searchInclude": "_include", "searchRevInclude": "_revinclude"} {
			for _, link := range res.List(element) {
				query := "/" + typ + "?_count=1" + of + "&" + param + "=" + link.Text
				if got, n := status(query); got != http.StatusOK {
					t.Errorf("%s: declared, answered %d %s", query, got, n.Append(nil))
				}
			}
		}
	}
	if asked < 500 {
		t.Errorf("%d requests only", asked)
	}
}
