package rest_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

// TestNeverSeenHasTests: the tests that neverSeen names exist.
func TestNeverSeenHasTests(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("never_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range neverSeen {
		if !strings.Contains(string(source), "func "+n.test+"(t *testing.T)") {
			t.Errorf("there is no %s", n.test)
		}
	}
}

// TestCreatingAPartyIsNeverNotFound creates parties with everything that can
// name something, each naming what does not exist.
func TestCreatingAPartyIsNeverNotFound(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	missing := uuid.NewString()
	for class, path := range partyPaths {
		body := party(class, "Jo")
		if class == "ROLE" {
			body = party(class, "Jo", performer("PERSON", missing))
		}
		a.do("POST", path, body).status(http.StatusCreated)
		a.do("POST", path, body, "openehr-template-id: nothing").status(http.StatusUnprocessableEntity).fault()
		a.do("POST", path, body, `openehr-version: preceding_version_uid="`+missing+`::x::1"`).status(http.StatusBadRequest).fault()
		a.do("POST", path, body, `openehr-audit-details: committer.name="Jo",committer.external_ref.id="`+missing+`",committer.external_ref.namespace="local",committer.external_ref.type="PERSON"`).
			status(http.StatusCreated)
	}
}

// TestAnyTextMayBeATemplateID reads ADL 2 templates by ids that are none.
func TestAnyTextMayBeATemplateID(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, id := range []string{
		"x", "%20", "%00", "%FF", "a%2Fb", "..%2F..", "openEHR-EHR-COMPOSITION.x.v1.0.0.0", "openEHR-EHR-COMPOSITION", "::", "%F0%9F%98%80",
		strings.Repeat("x", 3000),
	} {
		a.do("GET", "/definition/template/adl2/"+id, nil).status(http.StatusNotFound).fault()
	}
}

// TestPhysicalDeletionIsSynchronous asks for an asynchronous deletion: what is
// answered has happened.
func TestPhysicalDeletionIsSynchronous(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs, c.EraseAllEHRs = true, true })
	one, two := a.newEHR(), a.newEHR()
	a.do("DELETE", "/admin/ehr/"+one, nil, "Prefer: respond-async").status(http.StatusNoContent).has("Preference-Applied", "")
	a.do("GET", "/ehr/"+one, nil).status(http.StatusNotFound)
	a.do("DELETE", "/admin/ehr/all?ehr_id="+two, nil, "Prefer: respond-async, wait=0").status(http.StatusNoContent).has("Preference-Applied", "")
	a.do("GET", "/ehr/"+two, nil).status(http.StatusNotFound)
}
