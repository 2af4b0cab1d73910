package server

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestRouteLabels wants the routes of both APIs in the metrics with their base
// path once, and with the names of parameters in place of identifiers.
func TestRouteLabels(t *testing.T) {
	t.Parallel()
	const id = "984328a6-b93e-4091-9109-2f72f4b56055"
	for _, base := range []Base{{"/openehr/v1", "/fhir/r4"}, {"/a/rest/openehr/v1", "/fhir"}} {
		o := testOptions(t)
		o.OpenEHRBase, o.FHIRBase = base.OpenEHR, base.FHIR
		s := runningWith(t, o, 1, 1)
		for _, path := range []string{
			base.FHIR, base.FHIR + "/metadata", base.FHIR + "/Patient/" + id, base.FHIR + "/Observation?patient=" + id,
			base.FHIR + "/a/b/c/d/" + id, base.OpenEHR + "/ehr/" + id, base.OpenEHR + "/ehr/" + id + "/ehr_status",
			base.OpenEHR + "/nowhere/" + id, "/nowhere/" + id,
		} {
			resp, err := http.Get(s.Origin() + path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		found := map[string]bool{}
		for _, m := range regexp.MustCompile(`route="([^"]*)"`).FindAllStringSubmatch(string(fetch(t, s, "GET", "/metrics", nil)), -1) {
			found[m[1]] = true
		}
		for _, want := range []string{
			base.FHIR + "/metadata", base.FHIR + "/{type}/{id}", base.FHIR + "/{type}",
			base.OpenEHR + "/ehr/{ehr_id}", base.OpenEHR + "/ehr/{ehr_id}/ehr_status",
		} {
			if !found[want] {
				t.Errorf("no route %s among %v", want, found)
			}
		}
		for route := range found {
			if strings.Contains(route, id) || strings.Count(route, base.FHIR) > 1 || strings.Count(route, base.OpenEHR) > 1 {
				t.Errorf("the label %s", route)
			}
		}
		t.Log(found)
	}
}
