package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Parties are queried by their class, by an abstract one, by what is in them
// and in their versions; they are in no EHR.
func TestPartiesInAQL(t *testing.T) {
	t.Parallel()
	s := running(t, 15, 1)
	base := s.Origin() + "/openehr/v1/"
	party := func(class, name string) string {
		return `{"_type":"` + class + `","name":{"_type":"DV_TEXT","value":"` + name + `"},"archetype_node_id":"openEHR-DEMOGRAPHIC-` + class + `.test.v1",
			"archetype_details":{"archetype_id":{"value":"openEHR-DEMOGRAPHIC-` + class + `.test.v1"},"rm_version":"1.1.0"},
			"identities":[{"_type":"PARTY_IDENTITY","name":{"_type":"DV_TEXT","value":"legal identity"},"archetype_node_id":"at0001",
			"details":{"_type":"ITEM_TREE","name":{"_type":"DV_TEXT","value":"tree"},"archetype_node_id":"at0002","items":[
			{"_type":"ELEMENT","name":{"_type":"DV_TEXT","value":"name"},"archetype_node_id":"at0003","value":{"_type":"DV_TEXT","value":"` + name + `"}}]}}]}`
	}
	for _, p := range [][2]string{{"PERSON", "Ann"}, {"PERSON", "Bea"}, {"ORGANISATION", "Clinic"}} {
		status, _, data := send(t, http.MethodPost, base+"demographic/"+strings.ToLower(p[0]), party(p[0], p[1]), "Content-Type", "application/json")
		if status != http.StatusCreated {
			t.Fatalf("%d %s", status, data)
		}
	}
	for q, want := range map[string]string{
		"SELECT p/name/value AS n FROM PERSON p ORDER BY n":                                                                        `[["Ann"],["Bea"]]`,
		"SELECT p/name/value AS n FROM PERSON p[openEHR-DEMOGRAPHIC-PERSON.test.v1] ORDER BY n DESC":                               `[["Bea"],["Ann"]]`,
		"SELECT p/name/value AS n FROM PERSON p[openEHR-DEMOGRAPHIC-PERSON.other.v1]":                                              `[]`,
		"SELECT p/name/value AS n FROM ACTOR p ORDER BY n":                                                                         `[["Ann"],["Bea"],["Clinic"]]`,
		"SELECT p/name/value AS n FROM PARTY p CONTAINS PARTY_IDENTITY i CONTAINS ELEMENT e[at0003] WHERE e/value/value LIKE 'C*'": `[["Clinic"]]`,
		"SELECT p/identities[at0001]/details/items[at0003]/value/value AS n FROM ORGANISATION p":                                   `[["Clinic"]]`,
		"SELECT p/name/value AS n, v/lifecycle_state/value FROM VERSION v CONTAINS PERSON p WHERE p/name/value = 'Ann'":            `[["Ann","complete"]]`,
		"SELECT COUNT(*) AS n FROM EHR e CONTAINS COMPOSITION c WHERE c/name/value = 'Ann'":                                        `[[0]]`,
	} {
		body, err := json.Marshal(map[string]string{"q": q})
		if err != nil {
			t.Fatal(err)
		}
		var out struct{ Rows json.RawMessage }
		status, _, data := send(t, http.MethodPost, base+"query/aql", string(body), "Content-Type", "application/json")
		if status != http.StatusOK || json.Unmarshal(data, &out) != nil || string(out.Rows) != want {
			t.Errorf("%s: %d %s, want %s", q, status, data, want)
		}
	}
	for q, want := range map[string]int{
		"SELECT p FROM EHR e CONTAINS PERSON p":         http.StatusBadRequest,
		"SELECT p FROM PERSON p CONTAINS COMPOSITION c": http.StatusBadRequest,
		"SELECT p FROM COMPOSITION c CONTAINS PERSON p": http.StatusBadRequest,
	} {
		body, err := json.Marshal(map[string]string{"q": q})
		if err != nil {
			t.Fatal(err)
		}
		if status, _, data := send(t, http.MethodPost, base+"query/aql", string(body), "Content-Type", "application/json"); status != want {
			t.Errorf("%s: %d %s", q, status, data)
		}
	}
	ehr := rows(t, s, "SELECT e/ehr_id/value FROM EHR e", "")[0][0].(string)
	body := `{"q":"SELECT p/name/value FROM PERSON p","ehr_id":"` + ehr + `"}`
	if status, _, data := send(t, http.MethodPost, base+"query/aql", body, "Content-Type", "application/json"); status != http.StatusBadRequest {
		t.Errorf("in one EHR: %d %s", status, data)
	}
}
