package rest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"
)

func TestWebTemplate(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	path := "/definition/template/adl1.4/" + escape(templateID)
	first := a.do("GET", path, nil, "Accept: application/openehr.wt+json").status(http.StatusOK).
		has("Content-Type", "application/openehr.wt+json").has("Vary", "Accept")
	var wt struct {
		TemplateID, Version, DefaultLanguage string
		Tree                                 struct {
			ID, RMType string
			Children   []struct{ ID string }
		}
	}
	if err := json.Unmarshal(first.body, &wt); err != nil {
		t.Fatal(err)
	}
	if wt.TemplateID != templateID || wt.Version != "2.3" || wt.Tree.RMType != "COMPOSITION" || len(wt.Tree.Children) < 4 {
		t.Errorf("%s", first.body)
	}
	again := a.do("GET", path, nil, "Accept: application/openehr.wt+json;q=0.9, application/xml;q=0.1").status(http.StatusOK)
	if string(again.body) != string(first.body) {
		t.Errorf("got %s, then %s", first.body, again.body)
	}
	a.do("GET", path, nil, "Accept: application/*").status(http.StatusOK).has("Content-Type", "application/xml")
	a.do("GET", "/definition/template/adl1.4/"+uuid.NewString(), nil, "Accept: application/openehr.wt+json").status(http.StatusNotFound).fault()
	a.do("GET", path, nil, "Accept: application/openehr.wt+json", "Authorization: none").status(http.StatusUnauthorized)
}
