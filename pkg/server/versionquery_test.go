package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVersionsInAQL commits versions with all that a VERSION can have, and wants
// of AQL, for each of its attributes and as a whole, what reading it gives.
func TestVersionsInAQL(t *testing.T) {
	t.Parallel()
	s := running(t, 21, 1)
	base := s.Origin() + "/openehr/v1/"
	id := rows(t, s, "SELECT e/ehr_id/value FROM EHR e", "")[0][0].(string)
	change := func(versions string) {
		t.Helper()
		status, _, data := send(t, http.MethodPost, base+"ehr/"+id+"/contribution", `{"versions":[`+versions+`],"audit":{"description":"a test"}}`, "Content-Type", "application/json")
		if status != http.StatusCreated {
			t.Fatalf("%d %s", status, data)
		}
	}
	_, _, content := send(t, http.MethodGet, base+"definition/template/adl1.4/Cairn%20-%20Vital%20signs.v1/example", "")
	const object = "5b6dd4c1-6c4a-4a7e-9d5b-0d5f6f3b7a01"
	uid := func(version string) string { return object + "::cairn.test::" + version }
	const attestation = `{"_type":"ATTESTATION","reason":{"value":"signed"},"is_pending":false,"proof":"cHJvb2Y=","committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Sign"}}`
	change(`{"uid":{"value":"` + uid("1") + `"},"signature":"first","attestations":[` + attestation + `],"data":` + string(content) + `}`)
	change(`{"preceding_version_uid":{"value":"` + uid("1") + `"},"lifecycle_state":{"code_string":"553","terminology_id":"openehr"},
		"other_input_version_uids":[{"value":"` + strings.Replace(uid("7"), "cairn.test", "elsewhere", 1) + `"}],"data":` + string(content) + `}`)
	change(`{"preceding_version_uid":{"value":"` + uid("2") + `"},"commit_audit":{"change_type":{"code_string":"666","terminology_id":"openehr"}},"attestations":[` + attestation + `]}`)
	change(`{"uid":{"value":"` + uid("1.1.1") + `"},"preceding_version_uid":{"value":"` + uid("1") + `"},"data":` + string(content) + `}`)
	change(`{"preceding_version_uid":{"value":"` + uid("2") + `"},"commit_audit":{"change_type":{"code_string":"523","terminology_id":"openehr"},"description":"wrong patient"}}`)

	seen := map[string]bool{}
	for _, version := range []string{"1", "2", "1.1.1", "3"} {
		status, _, data := send(t, http.MethodGet, base+"ehr/"+id+"/versioned_composition/"+object+"/version/"+uid(version), "")
		var want map[string]any
		if status != http.StatusOK || json.Unmarshal(data, &want) != nil {
			t.Fatalf("%s: %d %s", version, status, data)
		}
		from := " FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] WHERE v/uid/value = '" + uid(version) + "'"
		whole := rows(t, s, "SELECT v"+from, id)
		if len(whole) != 1 {
			t.Fatalf("%s: %d rows", version, len(whole))
		}
		if diff := cmp.Diff(want, whole[0][0]); diff != "" {
			t.Errorf("%s (-read +queried):\n%s", version, diff)
		}
		for _, name := range []string{
			"uid", "preceding_version_uid", "other_input_version_uids", "contribution", "commit_audit", "attestations", "lifecycle_state", "signature", "data",
		} {
			seen[name] = seen[name] || want[name] != nil
			expected := want[name]
			if list, ok := expected.([]any); ok && len(list) == 1 {
				expected = list[0] // as any path to one member
			}
			if diff := cmp.Diff(expected, rows(t, s, "SELECT v/"+name+from, id)[0][0]); diff != "" {
				t.Errorf("%s of %s (-read +queried):\n%s", name, version, diff)
			}
		}
	}
	if len(seen) != 9 || len(seen) != count(seen) {
		t.Errorf("not every attribute was there: %v", seen)
	}
	// Parts of them select and are selected by.
	for q, want := range map[string]any{
		"SELECT v/attestations/proof FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] WHERE v/attestations/committer/name = 'Dr Sign' AND v/lifecycle_state/defining_code/code_string = '553'": "cHJvb2Y=",
		"SELECT v/commit_audit/description/value FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] WHERE v/commit_audit/change_type/defining_code/code_string = '523'":                          "wrong patient",
		"SELECT v/uid/value FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] WHERE v/other_input_version_uids/value LIKE '*::elsewhere::7'":                                                    uid("2"),
		"SELECT v/uid/value FROM EHR e CONTAINS VERSION v[ALL_VERSIONS] WHERE v/signature = 'first'":                                                                                      uid("1"),
	} {
		if got := rows(t, s, q, id); len(got) != 1 || got[0][0] != want {
			t.Errorf("%s: %v, want %v", q, got, want)
		}
	}
}

func count(seen map[string]bool) (n int) {
	for _, yes := range seen {
		if yes {
			n++
		}
	}
	return n
}
