package rest_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// TestDeclaredStatuses asks for statuses that the documents declare and that no
// behaviour of its own brings about.
func TestDeclaredStatuses(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v := a.create(id, composition(t))
	match := `If-Match: "` + v + `"`

	a.do("GET", "/ehr/"+id+"/versioned_ehr_status/version?version_at_time=yesterday", nil).status(http.StatusBadRequest).fault()
	other := uuid.NewString()
	a.do("PUT", "/ehr/"+id+"/composition/"+other, composition(t), `If-Match: "`+other+"::"+systemID+`::1"`).status(http.StatusNotFound).fault()
	a.do("PUT", "/ehr/"+id+"/composition/"+object(v), composition(t, `"kg"`, `"m"`), match).status(http.StatusUnprocessableEntity).fault()

	status := "/ehr/" + id + "/ehr_status/" + a.do("GET", "/ehr/"+id+"/ehr_status", nil).status(http.StatusOK).tag() + "/tags"
	a.do("PUT", status, []byte(`[{"key":"a"},{"key":"b"}]`), "Prefer: return=representation").status(http.StatusOK)
	a.do("PUT", status, []byte(`[{"key":""}]`)).status(http.StatusBadRequest).fault()
	a.do("DELETE", status+"/a", nil).status(http.StatusNoContent)
	var tags []struct{ Key string }
	if a.do("GET", status, nil).status(http.StatusOK).json(&tags); len(tags) != 1 || tags[0].Key != "b" {
		t.Errorf("tags %+v", tags)
	}

	a.do("PUT", "/definition/query/x::y/1.0.0", []byte("SELECT 1"), "Content-Type: text/plain").status(http.StatusOK)
	for _, path := range []string{"/query/x::y", "/query/x::y/1.0.0"} {
		a.do("GET", path+"?fetch=-1", nil).status(http.StatusBadRequest).fault()
		a.do("POST", path, []byte("[]")).status(http.StatusBadRequest).fault()
	}
	a.queries.err = errs.New(errs.Timeout, "test", "too slow")
	for _, path := range []string{"/query/x::y", "/query/x::y/1.0.0"} {
		a.do("GET", path, nil).status(http.StatusRequestTimeout).fault()
		a.do("POST", path, []byte("{}")).status(http.StatusRequestTimeout).fault()
	}
}

// TestDeclaredStatusesOfParties does the same for every class of party.
func TestDeclaredStatusesOfParties(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	person := object(a.newParty("PERSON", party("PERSON", "Jo")))
	for class, path := range partyPaths {
		body := party(class, "Jo")
		if class == "ROLE" {
			body = party(class, "Jo", performer("PERSON", person))
		}
		uid := a.newParty(class, body)
		a.do("PUT", path+"/"+object(uid)+"/tags", []byte(`[{"key":"a"}]`)).status(http.StatusNoContent).empty()
		const unknown = "openehr-template-id: there is no such template"
		a.do("POST", path, body, unknown).status(http.StatusUnprocessableEntity).fault()
		a.do("PUT", path+"/"+object(uid), body, unknown, `If-Match: "`+uid+`"`).status(http.StatusUnprocessableEntity).fault()
	}
}
