package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

// The three forms of a code that clients use, and the mixture of the published
// example.
func codedText(code string) string {
	return `{"_type":"DV_CODED_TEXT","value":"?","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"openehr"},"code_string":"` + code + `"}}`
}

func terminologyCode(code string) string {
	return `{"terminology_id":"openehr","code_string":"` + code + `"}`
}

func mixedCode(code string) string {
	return `{"value":"?","defining_code":{"terminology_id":"openehr","code_string":"` + code + `"}}`
}

// change is one version of a contribution's body.
func change(code, lifecycle, preceding string, data []byte, more ...string) string {
	b := `{"commit_audit":{"change_type":` + code + `,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Set"}},"lifecycle_state":` + lifecycle
	if preceding != "" {
		b += `,"preceding_version_uid":{"value":"` + preceding + `"}`
	}
	if data != nil {
		b += `,"data":` + string(data)
	}
	return b + strings.Join(more, "") + "}"
}

func set(code string, changes ...string) []byte {
	return []byte(`{"audit":{"change_type":` + terminologyCode(code) + `,"description":{"_type":"DV_TEXT","value":"the set"},` +
		`"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Set"}},"versions":[` + strings.Join(changes, ",") + `]}`)
}

func folder(name string, more ...string) []byte {
	return []byte(`{"_type":"FOLDER","name":{"value":"` + name + `"},"archetype_node_id":"openEHR-EHR-FOLDER.generic.v1"` + strings.Join(more, "") + "}")
}

// versionsOf reads a contribution and gives the uids of its versions by class.
func (a *api) versionsOf(ehrID, uid string) map[string][]string {
	a.t.Helper()
	n := a.do("GET", "/ehr/"+ehrID+"/contribution/"+uid, nil).status(http.StatusOK).has("ETag", `W/"`+uid+`"`).tree("CONTRIBUTION")
	out := map[string][]string{}
	for _, ref := range n.List("versions") {
		class := ref.String("type")
		out[class] = append(out[class], ref.String("id", "value"))
		slices.Sort(out[class])
	}
	return out
}

// counts are the rows of the record's tables.
func (a *api) counts() (contributions, versions int) {
	a.t.Helper()
	if err := a.db.Pool().QueryRow(a.t.Context(), `select (select count(*) from contribution), (select count(*) from version)`).Scan(&contributions, &versions); err != nil {
		a.t.Fatal(err)
	}
	return contributions, versions
}

func TestContributionOfEverything(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/contribution"
	keep, change1, gone := a.create(id, composition(t)), a.create(id, composition(t)), a.create(id, composition(t))
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)

	body := set("251",
		change(codedText("249"), terminologyCode("532"), "", composition(t, "70.50", "80.00"), `,"signature":"-----BEGIN PGP SIGNATURE-----"`),
		change(mixedCode("250"), codedText("553"), change1, composition(t, "70.50", "81.00")),
		change(terminologyCode("523"), codedText("523"), gone, nil),
		change(codedText("251"), codedText("532"), status.tag(), []byte(strings.Replace(string(status.body), `"is_queryable":true`, `"is_queryable":false`, 1))),
		change(codedText("249"), codedText("532"), "", folder("root")))
	res := a.do("POST", path, body, "Prefer: return=representation").status(http.StatusCreated)
	uid := res.tag()
	res.has("Location", origin+base+path+"/"+uid)
	n := res.tree("CONTRIBUTION")
	if diff := cmp.Diff([]string{uid, "modification", "the set", "Dr Set", systemID},
		paths(n, "uid/value", "audit/change_type/value", "audit/description/value", "audit/committer/name", "audit/system_id")); diff != "" {
		t.Error(diff)
	}
	again := a.do("GET", path+"/"+uid, nil).status(http.StatusOK)
	if string(again.body) != string(res.body) {
		t.Errorf("committed as\n%s\nread as\n%s", res.body, again.body)
	}
	a.do("GET", path+"/"+uid, nil, "If-None-Match: "+res.header.Get("ETag")).status(http.StatusNotModified)

	got := a.versionsOf(id, uid)
	if len(got["COMPOSITION"]) != 3 || len(got["EHR_STATUS"]) != 1 || len(got["FOLDER"]) != 1 {
		t.Fatalf("%v", got)
	}
	versions := "/ehr/" + id + "/versioned_composition/"
	signed := 0
	for _, v := range got["COMPOSITION"] {
		n := a.do("GET", versions+object(v)+"/version/"+v, nil).status(http.StatusOK).tree("ORIGINAL_VERSION")
		if got := n.String("contribution", "id", "value"); got != uid {
			t.Errorf("%s names contribution %s", v, got)
		}
		want := []string{"creation", "complete", "", "Dr Set"}
		switch object(v) {
		case object(change1):
			want = []string{"amendment", "incomplete", change1, "Dr Set"}
		case object(gone):
			want = []string{"deleted", "deleted", gone, "Dr Set"}
		default:
			signed++
			if n.String("signature") != "-----BEGIN PGP SIGNATURE-----" {
				t.Errorf("signature %q", n.String("signature"))
			}
		}
		if diff := cmp.Diff(want, paths(n, "commit_audit/change_type/value", "lifecycle_state/value", "preceding_version_uid/value", "commit_audit/committer/name")); diff != "" {
			t.Errorf("%s: %s", v, diff)
		}
	}
	if signed != 1 {
		t.Errorf("%d signed versions", signed)
	}
	a.do("GET", "/ehr/"+id+"/composition/"+object(gone), nil).status(http.StatusNoContent)
	a.do("GET", "/ehr/"+id+"/composition/"+object(keep), nil).status(http.StatusOK).has("ETag", `W/"`+keep+`"`)
	var st struct {
		IsQueryable bool `json:"is_queryable"`
	}
	if a.do("GET", "/ehr/"+id+"/ehr_status", nil).json(&st); st.IsQueryable {
		t.Error("the EHR_STATUS has not changed")
	}
}

func TestContributionIsAtomic(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/contribution"
	v1 := a.create(id, composition(t))
	v2 := a.do("PUT", "/ehr/"+id+"/composition/"+object(v1), composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	dead := a.create(id, composition(t))
	a.do("DELETE", "/ehr/"+id+"/composition/"+dead, nil).status(http.StatusNoContent)
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	contributions, versions := a.counts()

	good := change(codedText("249"), codedText("532"), "", composition(t))
	creation, modification, complete := codedText("249"), codedText("251"), codedText("532")
	elsewhere := uuid.NewString() + "::" + systemID + "::1"
	for name, test := range map[string]struct {
		bad  string
		code int
		says string
	}{
		"invalid content":            {change(creation, complete, "", composition(t, `"units": "kg"`, `"units": 7`)), 400, "versions[1]"},
		"unknown template":           {change(creation, complete, "", composition(t, templateID, "nothing")), 400, "template"},
		"modification without past":  {change(modification, complete, "", composition(t)), 400, "change type"},
		"creation with a past":       {change(creation, complete, v2, composition(t)), 400, "change type"},
		"deletion without past":      {change(codedText("523"), codedText("523"), "", nil), 400, "preceding_version_uid"},
		"attestation":                {change(codedText("666"), complete, v2, composition(t)), 400, "needs attestations"},
		"unknown change type":        {change(codedText("999"), complete, v2, composition(t)), 400, "change type"},
		"unknown lifecycle state":    {change(creation, codedText("999"), "", composition(t)), 400, "lifecycle"},
		"stale":                      {change(modification, complete, v1, composition(t)), 409, "latest"},
		"deleted":                    {change(modification, complete, nextOf(dead), composition(t)), 409, "deleted"},
		"never existed":              {change(modification, complete, elsewhere, composition(t)), 404, "no such"},
		"deletion of nothing":        {change(codedText("523"), codedText("523"), elsewhere, nil), 404, "no such"},
		"another object in the data": {change(modification, complete, v2, composition(t, `"language":`, `"uid":{"_type":"HIER_OBJECT_ID","value":"`+uuid.NewString()+`"},"language":`)), 400, "uid"},
		"second EHR_STATUS":          {change(creation, complete, "", status.body), 409, "EHR_STATUS"},
		"deletion of EHR_STATUS":     {change(codedText("523"), codedText("523"), status.tag(), nil), 400, "EHR_STATUS"},
		"no content":                 {change(creation, complete, "", nil), 400, "versions[1].data"},
		"another class":              {change(creation, complete, "", []byte(`{"_type":"CLUSTER","name":{"value":"n"},"archetype_node_id":"at1","items":[]}`)), 400, "versions[1]"},
		"other committer":            {strings.Replace(good, "Dr Set", "Dr Else", 1), 400, "committer"},
		"other system":               {strings.Replace(good, `"commit_audit":{`, `"commit_audit":{"system_id":"elsewhere",`, 1), 400, "system_id"},
		"no such branch":             {change(modification, complete, v2+".1.1", composition(t)), 409, "latest"},
		"imported without its parts": {`{"_type":"IMPORTED_VERSION","item":{}}`, 400, "/versions[1]/item/uid"},
		"imported without item":      {`{"_type":"IMPORTED_VERSION"}`, 400, "item is missing"},
		"item of an original":        {`{"item":{}}`, 400, "item"},
		"merged with nothing":        {change(modification, complete, v2, composition(t), `,"other_input_version_uids":[{"value":"x"}]`), 400, "other_input_version_uids"},
		"merged with the preceding":  {change(modification, complete, v2, composition(t), `,"other_input_version_uids":[{"value":"`+v2+`"}]`), 400, "preceding"},
		"attested without reason":    {change(creation, complete, "", composition(t), `,"attestations":[{"is_pending":false}]`), 400, "versions[1].attestations[0].reason"},
		"attested by nobody":         {change(creation, complete, "", composition(t), `,"attestations":[{"_type":"AUDIT_DETAILS"}]`), 400, "is not an ATTESTATION"},
		"unknown member":             {change(creation, complete, "", composition(t), `,"secret":1`), 400, "/versions/1/secret"},
		"other terminology":          {strings.Replace(good, `"value":"openehr"`, `"value":"local"`, 1), 400, "openehr"},
		"uid of another system":      {change(creation, complete, "", composition(t), `,"uid":{"value":"`+uuid.NewString()+`::elsewhere::1"}`), 400, "another system"},
		"uid out of order":           {change(creation, complete, "", composition(t), `,"uid":{"value":"`+uuid.NewString()+"::"+systemID+`::2"}`), 400, "uid"},
		"uid in use":                 {change(creation, complete, "", composition(t), `,"uid":{"value":"`+v1+`"}`), 409, "exists"},
		"twice the same object":      {change(modification, complete, v2, composition(t)) + "," + change(modification, complete, v2, composition(t)), 400, "a version only once"},
	} {
		f := a.do("POST", path, set("253", good, test.bad)).status(test.code).fault()
		if !strings.Contains(f.Message, test.says) && !strings.Contains(fmt.Sprint(f.ValidationErrors), test.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for _, bad := range []string{
		`{}`, `[]`, `{"versions":[],"audit":{}}`, `x`, `{"versions":[` + good + `],"audit":{"committer":{"name":"x"}}}`,
		`{"_type":"COMPOSITION","versions":[` + good + `]}`, `{"uid":{"value":"x"},"versions":[` + good + `]}`,
		`{"versions":[` + good + `],"audit":{"change_type":` + codedText("666") + `}}`,
		`{"versions":[` + good + `],"audit":{"change_type":5}}`,
		`{"versions":[` + good + `],"audit":{"system_id":"elsewhere"}}`,
	} {
		a.do("POST", path, []byte(bad)).status(http.StatusBadRequest).fault()
	}
	a.do("POST", path, nil).status(http.StatusBadRequest).fault()
	a.do("POST", path, set("249", good), "Content-Type: text/plain").status(http.StatusUnsupportedMediaType)
	a.do("POST", path, set("249", good), "openehr-item-tag: key=\"k\"").status(http.StatusNotImplemented)
	a.do("POST", "/ehr/"+uuid.NewString()+"/contribution", set("249", good)).status(http.StatusNotFound).fault()
	if c, v := a.counts(); c != contributions || v != versions {
		t.Errorf("a refused contribution left %d contributions and %d versions", c-contributions, v-versions)
	}
	// The stale one names the latest version.
	a.do("POST", path, set("251", change(modification, complete, v1, composition(t)))).status(http.StatusConflict).has("ETag", `W/"`+v2+`"`)
}

// nextOf is the version uid after one.
func nextOf(uid string) string { return uid[:len(uid)-1] + string(uid[len(uid)-1]+1) }

func TestContributionIdentifiersAndDefaults(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/contribution"

	// The client's own identifiers are kept, and taken only once.
	uid, vuid := uuid.NewString(), uuid.NewString()+"::"+systemID+"::1"
	body := func(uid, vuid string) []byte {
		return []byte(`{"_type":"CONTRIBUTION","uid":{"_type":"HIER_OBJECT_ID","value":"` + uid + `"},"versions":[{"_type":"ORIGINAL_VERSION",` +
			`"uid":{"_type":"OBJECT_VERSION_ID","value":"` + vuid + `"},"contribution":null,"commit_audit":{"_type":"AUDIT_DETAILS","system_id":"` + systemID +
			`","time_committed":{"value":"2001-01-01T00:00:00Z"},"description":"why this one"},"data":` + string(composition(t)) + `}],"audit":{}}`)
	}
	a.do("POST", path, body(uid, vuid), "Prefer: return=identifier",
		`openehr-audit-details: committer.name="Dr Header",description.value="from the header"`,
		`openehr-version: lifecycle_state.code_string="553"`).status(http.StatusCreated).has("ETag", `W/"`+uid+`"`)
	a.do("POST", path, body(uid, uuid.NewString()+"::"+systemID+"::1")).status(http.StatusConflict).fault()
	a.do("POST", path, body(uuid.NewString(), vuid)).status(http.StatusConflict).fault()

	n := a.do("GET", path+"/"+strings.ToUpper(uid), nil).status(http.StatusOK).tree("CONTRIBUTION")
	if diff := cmp.Diff([]string{"modification", "Dr Header", "from the header"}, paths(n, "audit/change_type/value", "audit/committer/name", "audit/description/value")); diff != "" {
		t.Error(diff)
	}
	n = a.do("GET", "/ehr/"+id+"/versioned_composition/"+object(vuid)+"/version/"+vuid, nil).status(http.StatusOK).tree("ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{"creation", "Dr Header", "why this one", "incomplete"},
		paths(n, "commit_audit/change_type/value", "commit_audit/committer/name", "commit_audit/description/value", "lifecycle_state/value")); diff != "" {
		t.Error(diff)
	}
	if at := n.String("commit_audit", "time_committed", "value"); strings.HasPrefix(at, "2001") {
		t.Errorf("time_committed %s is the client's", at)
	}

	// Without any audit the actor commits, and the set's change type is that of its versions.
	plain := `{"versions":[{"data":` + string(composition(t)) + `}]}`
	res := a.do("POST", path, []byte(plain), "Prefer: return=representation").status(http.StatusCreated)
	if diff := cmp.Diff([]string{"Dr Actor", ""}, paths(res.tree("CONTRIBUTION"), "audit/committer/name", "audit/description/value")); diff != "" {
		t.Error(diff)
	}

	// A direct write is a contribution that can be read.
	v := a.create(id, composition(t))
	meta := a.versions(id, v)[0]
	if got := a.versionsOf(id, meta.ContributionID.String()); len(got) != 1 || got["COMPOSITION"][0] != v {
		t.Errorf("%v", got)
	}
	for _, missing := range []string{uuid.NewString(), "x", v} {
		a.do("GET", path+"/"+missing, nil).status(http.StatusNotFound).fault()
	}
	a.do("GET", "/ehr/"+a.newEHR()+"/contribution/"+uid, nil).status(http.StatusNotFound).fault()
	a.do("GET", "/ehr/"+uuid.NewString()+"/contribution/"+uid, nil).status(http.StatusNotFound).fault()
	xml := a.do("GET", path+"/"+uid, nil, "Accept: application/xml").status(http.StatusOK).xmlTree("CONTRIBUTION")
	if diff := cmp.Diff([]string{uid, "Dr Header"}, paths(xml, "uid/value", "audit/committer/name")); diff != "" {
		t.Error(diff)
	}
	a.do("GET", path+"/"+uid, nil, "Accept: text/html").status(http.StatusNotAcceptable)
	a.do("POST", path, []byte("<contribution/>"), "Content-Type: application/xml").status(http.StatusBadRequest)
}

func TestContributionNamesThePlacesOfWarnings(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	// An EHR_STATUS that names a template which is not stored is kept, with a warning.
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	body := strings.Replace(string(status.body), `"rm_version"`, `"template_id":{"_type":"TEMPLATE_ID","value":"unknown"},"rm_version"`, 1)
	if body == string(status.body) {
		t.Fatal("no rm_version")
	}
	res := a.do("POST", "/ehr/"+id+"/contribution", set("251", change(codedText("251"), codedText("532"), status.tag(), []byte(body)))).status(http.StatusCreated)
	if w := res.header.Get("Cairn-Warning"); !strings.Contains(w, `path="/versions[0]/data/archetype_details/template_id"`) {
		t.Errorf("warning %q", w)
	}
}

func FuzzContribution(f *testing.F) {
	h := handler(f, func(c *rest.Config) { c.Records, c.Queries = broken{}, &queries{} })
	id := uuid.NewString()
	f.Add([]byte(`{"versions":[{"data":{},"commit_audit":{"change_type":` + codedText("249") + `}}],"audit":{"committer":{"_type":"PARTY_SELF"}}}`))
	f.Add([]byte(`{"uid":"x","audit":{"description":{"value":1}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", base+"/ehr/"+id+"/contribution", bytes.NewReader(body)))
		if w.Code >= 500 && w.Code != http.StatusNotImplemented || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// TestContributionIsJSON: data that is no JSON makes the body none, also where
// the data of a version is not looked at, and whatever else is wrong.
func TestContributionIsJSON(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	uid := uuid.NewString() + "::cairn.test::1"
	for _, data := range []string{`{"_type":"COMPOSITION",}`, `{"a":1,"a":2}`, `{"a":[}]}`, "\"\xff\""} {
		for _, body := range [][]byte{
			set("249", change(codedText("249"), codedText("532"), "", []byte(data))),
			set("249", change(codedText("9"), codedText("532"), "", []byte(data))),
			set("523", change(codedText("523"), codedText("523"), uid, []byte(data))),
			set("666", change(codedText("666"), codedText("532"), uid, []byte(data))),
		} {
			r := a.do("POST", "/ehr/"+id+"/contribution", body).status(http.StatusBadRequest)
			if !strings.Contains(string(r.body), "the body is not a contribution") {
				t.Errorf("%s: %s", data, r.body)
			}
		}
	}
}
