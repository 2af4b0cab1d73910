package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestRepeatedHeaders: where two lines of a header, or its old name beside the
// new one, name different things, neither is taken.
func TestRepeatedHeaders(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id, other := a.newEHR(), uuid.NewString()
	const q = "/query/aql?q=SELECT+1+FROM+EHR+e"
	for _, lines := range [][]string{
		{"openehr-ehr-id: " + id, "openehr-ehr-id: " + other},
		{"openehr-ehr-id: " + id, "openEHR_EHR_id: " + other},
		{"openehr-ehr-id:", "openehr-ehr-id: " + id, "openEHR-EHR-id: " + other},
	} {
		a.do("GET", q, nil, lines...).status(http.StatusBadRequest).fault()
		a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1 FROM EHR e"}`), lines...).status(http.StatusBadRequest).fault()
	}
	a.do("GET", q, nil, "openehr-ehr-id: "+id, "openEHR-EHR-id: "+id).status(http.StatusOK)
	if got := a.queries.got.EHRID.String(); got != id {
		t.Errorf("the context is %s", got)
	}

	path := "/ehr/" + id + "/composition"
	a.do("POST", path, composition(t), "openehr-template-id: "+templateID, "openEHR-TEMPLATE_ID: "+templateID).status(http.StatusCreated)
	uid := a.create(id, composition(t))
	flat := a.do("GET", path+"/"+uid, nil, "Accept: application/openehr.wt.flat+json").status(http.StatusOK).body
	for _, lines := range [][]string{
		{"openehr-template-id: " + templateID, "openehr-template-id: other"},
		{"openehr-template-id: other", "openEHR-TEMPLATE_ID: " + templateID},
	} {
		a.do("POST", path, composition(t), lines...).status(http.StatusBadRequest).fault()
		a.do("POST", path, flat, append(lines, "Content-Type: application/openehr.wt.flat+json")...).status(http.StatusBadRequest).fault()
	}
	const isFlat = "Content-Type: application/openehr.wt.flat+json"
	a.do("POST", path+"?templateId="+escape(templateID), flat, isFlat, "openehr-template-id: "+templateID).status(http.StatusCreated)
	a.do("POST", path+"?templateId=other", flat, isFlat, "openehr-template-id: "+templateID).status(http.StatusBadRequest).fault()
	a.do("POST", path+"?templateId=other&templateId="+escape(templateID), flat, isFlat).status(http.StatusBadRequest).fault()
}

// TestTemplateIDsOutsideOfASCII: a header may be UTF-8 or, as older clients write
// it, Latin-1.
func TestTemplateIDsOutsideOfASCII(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const name = "Stationärer Befund é"
	a.do("POST", "/definition/template/adl1.4", template(t, name), "Content-Type: application/xml").status(http.StatusCreated)
	id := a.newEHR()
	uid := a.create(id, composition(t, templateID, name))
	flat := a.do("GET", "/ehr/"+id+"/composition/"+uid, nil, "Accept: application/openehr.wt.flat+json").status(http.StatusOK).body
	for _, header := range []string{name, strings.NewReplacer("ä", "\xe4", "é", "\xe9").Replace(name)} {
		a.do("POST", "/ehr/"+id+"/composition", flat, "Content-Type: application/openehr.wt.flat+json", "openehr-template-id: "+header).status(http.StatusCreated)
	}
}

// TestTemplateAsJSON: what ITS-REST lets clients accept is what they get, which
// in JSON is the web template.
func TestTemplateAsJSON(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	path := "/definition/template/adl1.4/" + escape(templateID)
	web := a.do("GET", path, nil, "Accept: application/openehr.wt+json").status(http.StatusOK).has("Content-Type", "application/openehr.wt+json")
	plain := a.do("GET", path, nil, "Accept: application/json").status(http.StatusOK).has("Content-Type", "application/json")
	if string(web.body) != string(plain.body) || !strings.HasPrefix(string(web.body), `{"templateId":`) {
		t.Errorf("%s", plain.body)
	}
	for _, accept := range []string{"*/*", "application/*", "application/json;q=0.5, application/xml"} {
		a.do("GET", path, nil, "Accept: "+accept).status(http.StatusOK).has("Content-Type", "application/xml")
	}
	for _, media := range []string{"application/xml", "application/openehr.wt+json", "application/json"} {
		res := a.do("POST", "/definition/template/adl1.4", template(t, media), "Content-Type: application/xml", "Prefer: return=representation", "Accept: "+media).
			status(http.StatusCreated).has("Content-Type", media)
		if again := a.do("GET", "/definition/template/adl1.4/"+escape(media), nil, "Accept: "+media).status(http.StatusOK); string(again.body) != string(res.body) {
			t.Errorf("%s: stored as\n%s\nread as\n%s", media, res.body, again.body)
		}
	}
}
