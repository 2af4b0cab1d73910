package rest_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

// chosen makes a change choose the uid of its version.
func chosen(id string) string {
	return `,"uid":{"_type":"OBJECT_VERSION_ID","value":"` + id + "::" + systemID + `::1"}`
}

// TestContributionOfParties commits parties that refer to each other, changes
// and deletes some of them, all or none.
func TestContributionOfParties(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const path = "/demographic/contribution"
	person, role, group := uuid.NewString(), uuid.NewString(), uuid.NewString()
	created, complete := codedText("249"), codedText("532")
	res := a.do("POST", path, set("249",
		change(created, complete, "", party("PERSON", "Jo", relationship(person, "GROUP", group), `,"roles":[`+partyRef("ROLE", role)+`]`), chosen(person), `,"signature":"-----BEGIN PGP SIGNATURE-----"`),
		change(created, complete, "", party("ROLE", "Nurse", performer("PERSON", person)), chosen(role)),
		change(created, codedText("553"), "", party("GROUP", "Team"), chosen(group)),
		change(created, complete, "", party("AGENT", "Monitor")),
		change(created, complete, "", party("ORGANISATION", "Hospital"))), "Prefer: return=representation").
		status(http.StatusCreated).has("Cairn-Warnings", "")
	uid := res.tag()
	res.has("Location", origin+base+path+"/"+uid)
	n := res.tree("CONTRIBUTION")
	var classes []string
	var agent string
	for _, ref := range n.List("versions") {
		classes = append(classes, ref.String("type"))
		if ref.String("type") == "AGENT" {
			agent = ref.String("id", "value")
		}
	}
	slices.Sort(classes)
	if diff := cmp.Diff([]string{"AGENT", "GROUP", "ORGANISATION", "PERSON", "ROLE"}, classes); diff != "" {
		t.Error(diff)
	}
	again := a.do("GET", path+"/"+uid, nil).status(http.StatusOK).has("ETag", `W/"`+uid+`"`)
	if string(again.body) != string(res.body) {
		t.Errorf("committed as\n%s\nread as\n%s", res.body, again.body)
	}
	a.do("GET", path+"/"+uid, nil, "If-None-Match: "+res.header.Get("ETag")).status(http.StatusNotModified)
	a.do("HEAD", path+"/"+uid, nil).status(http.StatusOK).empty()
	a.do("GET", path+"/"+uid, nil, "Accept: application/xml").status(http.StatusOK).xmlTree("CONTRIBUTION")
	version := a.do("GET", "/demographic/versioned_party/"+person+"/version", nil).status(http.StatusOK).tree("ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{uid, "-----BEGIN PGP SIGNATURE-----", "Dr Set"}, paths(version, "contribution/id/value", "signature", "commit_audit/committer/name")); diff != "" {
		t.Error(diff)
	}

	// Changes, a deletion and a creation at once; the deletion makes a reference
	// one to a deleted party.
	v1 := func(id string) string { return id + "::" + systemID + "::1" }
	res = a.do("POST", path, set("251",
		change(codedText("250"), complete, v1(person), party("PERSON", "Jo D", relationship(person, "GROUP", group))),
		change(codedText("523"), codedText("523"), v1(group), nil),
		change(created, complete, "", party("ROLE", "Doctor", performer("PERSON", person)))),
		"Prefer: return=identifier").status(http.StatusCreated).has("Cairn-Warnings", "1")
	if w := res.header.Get("Cairn-Warning"); !strings.Contains(w, "party.reference_deleted") || !strings.Contains(w, "/versions[0]/data/relationships[0]/target/id") {
		t.Errorf("%q", w)
	}
	a.do("GET", "/demographic/group/"+group, nil).status(http.StatusNoContent)
	a.do("GET", "/demographic/group/"+v1(group), nil).status(http.StatusOK)
	a.do("GET", "/demographic/person/"+person, nil).status(http.StatusOK).has("ETag", `W/"`+person+"::"+systemID+`::2"`)

	// What is wrong with one refuses all.
	contributions, versions := a.counts()
	fine := change(created, complete, "", party("PERSON", "Mo"))
	for name, test := range map[string]struct {
		change string
		code   int
		where  string
	}{
		"not the latest":          {change(codedText("251"), complete, v1(person), party("PERSON", "Late")), 409, ""},
		"of another class":        {change(codedText("251"), complete, person+"::"+systemID+"::2", party("AGENT", "Late")), 404, ""},
		"deleted":                 {change(codedText("251"), complete, group+"::"+systemID+"::2", party("GROUP", "Late")), 409, ""},
		"unknown":                 {change(codedText("251"), complete, v1(uuid.NewString()), party("GROUP", "Late")), 404, ""},
		"unknown deletion":        {change(codedText("523"), codedText("523"), v1(uuid.NewString()), nil), 404, ""},
		"taken":                   {change(created, complete, "", party("PERSON", "Jo"), chosen(person)), 409, ""},
		"modification of nothing": {change(codedText("251"), complete, "", party("PERSON", "Jo")), 400, ""},
		"no identities":           {change(created, complete, "", []byte(`{`+locatable("PERSON", "openEHR-DEMOGRAPHIC-PERSON.x.v1", "P")+`}`)), 400, "/versions[1]/data/identities"},
		"no party":                {change(created, complete, "", composition(t)), 400, ""},
		"wrong source":            {change(created, complete, "", party("PERSON", "Jo", relationship(person, "PERSON", person))), 400, "/versions[1]/data/relationships[0]/source/id"},
		"wrong performer":         {change(created, complete, "", party("ROLE", "r", performer("PERSON", object(agent)))), 400, "/versions[1]/data/performer/type"},
		"wrong sibling":           {change(created, complete, "", party("ROLE", "r", performer("PERSON", role)), chosen(uuid.NewString())), 400, "/versions[1]/data/performer/id"},
	} {
		res := a.do("POST", path, set("251", fine, test.change))
		if res.code != test.code {
			t.Errorf("%s: status %d, want %d: %s", name, res.code, test.code, res.body)
			continue
		}
		if f := res.fault(); !strings.Contains(strings.Join(f.ValidationErrors, "\n"), test.where) {
			t.Errorf("%s: %q", name, f.ValidationErrors)
		}
	}
	a.do("POST", path, []byte(`{"uid":{"value":"`+uid+`"},`+string(set("249", fine))[1:])).status(http.StatusConflict).fault()
	a.do("POST", path, []byte("<contribution/>"), "Content-Type: application/xml").status(http.StatusBadRequest).fault()
	a.do("POST", path, set("249", fine), `openehr-item-tag: key="k"`).status(http.StatusNotImplemented).fault()
	if c, v := a.counts(); c != contributions || v != versions {
		t.Errorf("%d contributions and %d versions of what was refused", c-contributions, v-versions)
	}
}

// TestTagsOfParties: tags of every class of party, and all of the repository.
func TestTagsOfParties(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var all []string
	for class, collection := range partyPaths {
		v1 := a.newParty(class, anyParty(class, "First"), `openehr-item-tag: key="o",value="`+class+`"`, `openehr-version-item-tag: key="v"`)
		ofObject, ofVersion := collection+"/"+object(v1)+"/tags", collection+"/"+v1+"/tags"
		a.do("GET", collection+"/"+v1, nil).status(http.StatusOK).has("openehr-item-tag", `key="o",value="`+class+`"`).has("openehr-version-item-tag", `key="v"`)
		if diff := cmp.Diff([]string{class + " " + object(v1) + " o=" + class}, a.do("GET", ofObject, nil).status(http.StatusOK).systemTags()); diff != "" {
			t.Error(diff)
		}
		got := a.do("PUT", ofVersion, []byte(`[{"key":"w","target_path":"/details"},{"key":"w"}]`), "Prefer: return=representation").status(http.StatusOK).systemTags()
		if diff := cmp.Diff([]string{class + " " + v1 + " w=", class + " " + v1 + " w= /details"}, got); diff != "" {
			t.Error(diff)
		}
		all = append(append(all, got...), class+" "+object(v1)+" o="+class)
		a.do("PUT", collection+"/"+object(v1), anyParty(class, "Second"), `If-Match: "`+v1+`"`, `openehr-version-item-tag: key="n"`).status(http.StatusNoContent)
		v2 := a.do("GET", collection+"/"+object(v1), nil).status(http.StatusOK).has("openehr-version-item-tag", `key="n"`).tag()
		a.do("DELETE", collection+"/"+v2+"/tags/n", nil).status(http.StatusNoContent)
		a.do("DELETE", collection+"/"+v2+"/tags/n", nil).status(http.StatusNotFound).fault()
		a.do("PUT", ofVersion, []byte(`[{"key":""}]`)).status(http.StatusBadRequest).fault()
		unknown := collection + "/" + uuid.NewString() + "/tags"
		a.do("GET", unknown, nil).status(http.StatusNotFound).fault()
		a.do("PUT", unknown, []byte(`[]`)).status(http.StatusNotFound).fault()
		a.do("DELETE", unknown+"/x", nil).status(http.StatusNotFound).fault()
		a.do("POST", collection, anyParty(class, "No"), `openehr-item-tag: key=""`).status(http.StatusBadRequest).fault()
	}
	got := a.do("GET", "/demographic/tags", nil).status(http.StatusOK).systemTags()
	slices.Sort(got)
	slices.Sort(all)
	if diff := cmp.Diff(all, got); diff != "" {
		t.Error(diff)
	}
	for query, want := range map[string]int{"?tag_key=w": 10, "?tag_key=w&tag_target_path=%2Fdetails": 5, "?tag_value=ROLE": 1, "?tag_key=none": 0} {
		if got := a.do("GET", "/demographic/tags"+query, nil).status(http.StatusOK).systemTags(); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	a.do("GET", "/demographic/tags?tag_key=a&tag_key=b", nil).status(http.StatusBadRequest).fault()
	a.do("GET", "/demographic/tags", nil, "Accept: application/xml").status(http.StatusNotAcceptable)
}

// TestPartiesIn103 has the Location headers of release 1.0.3.
func TestPartiesIn103(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.Compat103 = true })
	const collection = "/demographic/person"
	v1 := a.newParty("PERSON", party("PERSON", "Jo"))
	at := origin + base + collection + "/"
	a.do("GET", collection+"/"+object(v1), nil).status(http.StatusOK).has("Location", at+v1)
	v2 := a.do("PUT", collection+"/"+object(v1), party("PERSON", "Jo"), `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	a.do("PUT", collection+"/"+object(v1), party("PERSON", "Jo"), `If-Match: "`+v1+`"`).status(http.StatusPreconditionFailed).has("Location", at+v2)
	a.do("DELETE", collection+"/"+v1, nil).status(http.StatusConflict).has("Location", at+v2)
	a.do("GET", "/demographic/versioned_party/"+object(v1)+"/version", nil).status(http.StatusOK).
		has("Location", origin+base+"/demographic/versioned_party/"+object(v1)+"/version/"+v2)
	a.do("DELETE", collection+"/"+v2, nil).status(http.StatusNoContent).has("Location", at+object(v1)+"::"+systemID+"::3")
}

// TestIncompleteParty: what is mandatory may be missing from an incomplete party.
func TestIncompleteParty(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.beyond = true
	body := []byte(`{` + locatable("ROLE", "openEHR-DEMOGRAPHIC-ROLE.x.v1", "R") + `}`)
	a.do("POST", "/demographic/role", body).status(http.StatusBadRequest).fault()
	v1 := a.do("POST", "/demographic/role", body, `openehr-version: lifecycle_state.code_string="553"`).status(http.StatusCreated).tag()
	a.do("GET", "/demographic/role/"+v1, nil).status(http.StatusOK)
	a.do("GET", "/demographic/role/"+v1, nil, "Accept: application/xml").status(http.StatusOK)
	a.do("PUT", "/demographic/role/"+object(v1), body, `If-Match: "`+v1+`"`).status(http.StatusBadRequest)
}

// TestVersionTreeOfAParty imports a person from another system, changes it here,
// attests it and follows both: parties have all that versions can be.
func TestVersionTreeOfAParty(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const path = "/demographic/contribution"
	id, group := uuid.NewString(), uuid.NewString()
	foreign := id + "::elsewhere.example::1"
	item := `{"_type":"ORIGINAL_VERSION","uid":{"_type":"OBJECT_VERSION_ID","value":"` + foreign + `"},
		"contribution":{"_type":"OBJECT_REF","id":{"_type":"HIER_OBJECT_ID","value":"` + uuid.NewString() + `"},"namespace":"elsewhere","type":"CONTRIBUTION"},
		"commit_audit":{"_type":"AUDIT_DETAILS","system_id":"elsewhere.example","time_committed":{"_type":"DV_DATE_TIME","value":"2020-01-01T00:00:00Z"},
			"change_type":` + codedText("249") + `,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Else"}},
		"lifecycle_state":` + codedText("532") + `,"data":` + string(party("PERSON", "Jo", relationship(id, "GROUP", group))) + `}`
	res := a.do("POST", path, set("249", `{"_type":"IMPORTED_VERSION","item":`+item+`}`)).status(http.StatusCreated).has("Cairn-Warnings", "1")
	if w := res.header.Get("Cairn-Warning"); !strings.Contains(w, "party.reference_unknown") || !strings.Contains(w, "/versions[0]/item/data/relationships[0]/target/id") {
		t.Errorf("%q", w)
	}
	a.do("GET", "/demographic/person/"+id, nil).status(http.StatusOK).has("ETag", `W/"`+foreign+`"`)
	container := "/demographic/versioned_party/" + id
	if n := a.do("GET", container+"/version/"+foreign, nil).status(http.StatusOK).tree("IMPORTED_VERSION"); n.String("item", "commit_audit", "committer", "name") != "Dr Else" {
		t.Error(n)
	}
	v2 := a.do("PUT", "/demographic/person/"+id, party("PERSON", "Jo D"), `If-Match: "`+foreign+`"`).status(http.StatusNoContent).tag()
	if v2 != id+"::"+systemID+"::2" {
		t.Error(v2)
	}
	// A relationship of an imported party is its own as well.
	wrong := strings.ReplaceAll(strings.Replace(item, `"source":`+partyRef("PERSON", id), `"source":`+partyRef("PERSON", group), 1), foreign, uuid.NewString()+"::elsewhere.example::1")
	f := a.do("POST", path, set("249", `{"_type":"IMPORTED_VERSION","item":`+wrong+`}`)).status(http.StatusBadRequest).fault()
	if !strings.Contains(strings.Join(f.ValidationErrors, "\n"), "/versions[0]/item/data/relationships[0]/source/id") {
		t.Errorf("%q", f.ValidationErrors)
	}

	branch := id + "::" + systemID + "::1.1.1"
	a.do("POST", path, set("251", change(codedText("251"), codedText("532"), foreign, party("PERSON", "Jo on a branch"),
		`,"uid":{"_type":"OBJECT_VERSION_ID","value":"`+branch+`"}`))).status(http.StatusCreated)
	if body := string(a.do("GET", "/demographic/person/"+branch, nil).status(http.StatusOK).body); !strings.Contains(body, "Jo on a branch") {
		t.Error(body)
	}
	a.do("GET", "/demographic/person/"+id, nil).status(http.StatusOK).has("ETag", `W/"`+v2+`"`)

	a.do("POST", path, set("666", `{"uid":{"value":"`+v2+`"},"commit_audit":{"_type":"ATTESTATION","change_type":`+codedText("666")+
		`,"reason":{"_type":"DV_TEXT","value":"checked against the register"},"is_pending":false,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Set"}}}`)).status(http.StatusCreated)
	if n := a.do("GET", container+"/version/"+v2, nil).status(http.StatusOK).tree("ORIGINAL_VERSION"); len(n.List("attestations")) != 1 {
		t.Errorf("%d attestations", len(n.List("attestations")))
	}
	history := a.do("GET", container+"/revision_history", nil).status(http.StatusOK).tree("REVISION_HISTORY")
	if n := len(history.List("items")); n != 3 {
		t.Errorf("%d revisions", n)
	}
}

// TestPartyIsWrittenOnce: of concurrent writers one wins, and a repeated request
// is not carried out again.
func TestPartyIsWrittenOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	v1 := a.newParty("PERSON", party("PERSON", "Jo"))
	const writers = 6
	codes := make(chan int, writers)
	for range writers {
		go func() {
			r := httptest.NewRequest("PUT", base+"/demographic/person/"+object(v1), bytes.NewReader(party("PERSON", "Jo D")))
			r.Header.Set("If-Match", `"`+v1+`"`)
			w := httptest.NewRecorder()
			a.handler.ServeHTTP(w, r)
			codes <- w.Code
		}()
	}
	count := map[int]int{}
	for range writers {
		count[<-codes]++
	}
	if count[http.StatusNoContent] != 1 || count[http.StatusPreconditionFailed] != writers-1 {
		t.Errorf("%v", count)
	}

	before, _ := a.counts()
	for _, p := range []struct {
		path string
		body []byte
	}{{"/demographic/person", party("PERSON", "Mo")}, {"/demographic/contribution", set("249", change(codedText("249"), codedText("532"), "", party("PERSON", "Mo")))}} {
		first := a.do("POST", p.path, p.body, "Idempotency-Key: k").status(http.StatusCreated).tag()
		again := a.do("POST", p.path, p.body, "Idempotency-Key: k").status(http.StatusCreated).has("Idempotency-Replayed", "true").tag()
		if first != again {
			t.Errorf("%s: %s and %s", p.path, first, again)
		}
	}
	if after, _ := a.counts(); after != before+2 {
		t.Errorf("%d contributions", after-before)
	}
}
