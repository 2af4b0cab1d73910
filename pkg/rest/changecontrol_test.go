package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// attestation is an UPDATE_ATTESTATION, or as the class says.
func attestation(class, reason string, pending bool, more ...string) string {
	return `{"_type":"` + class + `","reason":{"_type":"DV_TEXT","value":"` + reason + `"},"is_pending":` + fmt.Sprint(pending) +
		`,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Attest"}` + strings.Join(more, "") + "}"
}

// attesting is a change of type 666 of a version.
func attesting(uid string, list ...string) string {
	return `{"preceding_version_uid":{"value":"` + uid + `"},"commit_audit":{"change_type":` + terminologyCode("666") + `},` +
		`"attestations":[` + strings.Join(list, ",") + `]}`
}

// version reads a version as VERSIONED_COMPOSITION has it.
func (a *api) version(ehrID, uid, class string) *rm.Node {
	a.t.Helper()
	return a.do("GET", "/ehr/"+ehrID+"/versioned_composition/"+object(uid)+"/version/"+uid, nil).status(http.StatusOK).
		has("ETag", `W/"`+uid+`"`).tree(class)
}

func (a *api) commits(ehrID string, code string, changes ...string) *result {
	a.t.Helper()
	return a.do("POST", "/ehr/"+ehrID+"/contribution", set(code, changes...))
}

func tree(uid, suffix string) string { return object(uid) + "::" + systemID + "::" + suffix }

func TestBranchesOverHTTP(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/"
	branch := tree(v1, "1.1.1")
	begin := func(uid, value string) string {
		return change(codedText("251"), codedText("532"), v1, composition(t, "70.50", value), `,"uid":{"value":"`+uid+`"}`)
	}
	a.commits(id, "251", begin(branch, "71.00")).status(http.StatusCreated)
	// The branch is read by its uid; what is current stays.
	if body := a.do("GET", path+branch, nil).status(http.StatusOK).has("ETag", `W/"`+branch+`"`).body; !strings.Contains(string(body), "71.00") {
		t.Errorf("%s", body)
	}
	a.do("GET", path+object(v1), nil).status(http.StatusOK).has("ETag", `W/"`+v1+`"`)
	// It is updated under the same lock as the trunk, and deleted.
	next := a.do("PUT", path+object(v1), composition(t, "70.50", "72.00"), `If-Match: "`+branch+`"`).status(http.StatusNoContent).
		has("ETag", `W/"`+tree(v1, "1.1.2")+`"`).tag()
	a.do("PUT", path+object(v1), composition(t), `If-Match: "`+branch+`"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+next+`"`).fault()
	a.commits(id, "251", change(codedText("251"), codedText("532"), branch, composition(t))).status(http.StatusConflict).fault()
	a.commits(id, "251", begin(branch, "1.00")).status(http.StatusConflict).fault()
	a.commits(id, "251", begin(tree(v1, "1.3.1"), "1.00")).status(http.StatusBadRequest).fault()
	a.commits(id, "251", begin(tree(v1, "2.1.1"), "1.00")).status(http.StatusBadRequest).fault()
	last := a.do("DELETE", path+next, nil).status(http.StatusNoContent).tag()
	a.do("GET", path+last, nil).status(http.StatusNoContent)
	a.do("DELETE", path+last, nil).status(http.StatusBadRequest).fault()

	// The trunk takes the branch in.
	a.commits(id, "251", change(codedText("251"), codedText("532"), v1, composition(t, "70.50", "72.00"),
		`,"other_input_version_uids":[{"_type":"OBJECT_VERSION_ID","value":"`+next+`"}]`)).status(http.StatusCreated)
	v2 := tree(v1, "2")
	n := a.version(id, v2, "ORIGINAL_VERSION")
	if inputs := n.List("other_input_version_uids"); len(inputs) != 1 || inputs[0].String("value") != next {
		t.Errorf("other inputs %v", inputs)
	}
	n = a.version(id, next, "ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{next, branch, "modification"}, paths(n, "uid/value", "preceding_version_uid/value", "commit_audit/change_type/value")); diff != "" {
		t.Error(diff)
	}
	history := a.do("GET", "/ehr/"+id+"/versioned_composition/"+object(v1)+"/revision_history", nil).status(http.StatusOK).tree("REVISION_HISTORY")
	var got []string
	for _, item := range history.List("items") {
		got = append(got, item.String("version_id", "value"))
	}
	if diff := cmp.Diff([]string{v1, branch, next, last, v2}, got); diff != "" {
		t.Error(diff)
	}
	a.do("GET", path+object(v1), nil).status(http.StatusOK).has("ETag", `W/"`+v2+`"`)
	// Versions of a branch have tags of their own.
	a.do("PUT", path+next+"/tags", []byte(`[{"key":"side"}]`)).status(http.StatusNoContent)
	if body := a.do("GET", path+v1+"/tags", nil).status(http.StatusOK).body; strings.Contains(string(body), "side") {
		t.Errorf("the tags of the trunk: %s", body)
	}
	if body := a.do("GET", "/ehr/"+id+"/tags", nil).status(http.StatusOK).body; !strings.Contains(string(body), next) {
		t.Errorf("the tags of the EHR: %s", body)
	}
}

// original is an ORIGINAL_VERSION of another system.
func original(uid, preceding, lifecycle string, data []byte, more ...string) string {
	b := `{"_type":"ORIGINAL_VERSION","contribution":{"_type":"OBJECT_REF","id":{"_type":"HIER_OBJECT_ID","value":"` + uuid.NewString() +
		`"},"namespace":"elsewhere","type":"CONTRIBUTION"},"signature":"their signature","commit_audit":{"_type":"AUDIT_DETAILS","system_id":"elsewhere",` +
		`"time_committed":{"_type":"DV_DATE_TIME","value":"2001-02-03T04:05:06Z"},"change_type":` + codedText("249") +
		`,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Else"}},"uid":{"_type":"OBJECT_VERSION_ID","value":"` + uid + `"},`
	if preceding != "" {
		b += `"preceding_version_uid":{"_type":"OBJECT_VERSION_ID","value":"` + preceding + `"},`
	}
	b += strings.Join(more, "") + `"lifecycle_state":` + codedText(lifecycle)
	if data != nil {
		b += `,"data":` + string(data)
	}
	return b + "}"
}

func importing(item string) string {
	return `{"_type":"IMPORTED_VERSION","signature":"our signature","commit_audit":{"change_type":` + codedText("249") + `},"item":` + item + `}`
}

func TestImportedVersions(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id, o := a.newEHR(), uuid.NewString()
	path := "/ehr/" + id + "/composition/"
	theirs := func(suffix string) string { return o + "::elsewhere::" + suffix }
	withUID := composition(t, `"name": {"_type": "DV_TEXT", "value": "Note"},`, `"name": {"_type": "DV_TEXT", "value": "Note"}, "uid": {"_type": "HIER_OBJECT_ID", "value": "`+o+`"},`)
	item := original(theirs("3"), theirs("2"), "532", withUID,
		`"other_input_version_uids":[{"_type":"OBJECT_VERSION_ID","value":"x.y::z::1"}],"attestations":[{"_type":"ATTESTATION","system_id":"elsewhere","time_committed":{"_type":"DV_DATE_TIME","value":"2001-02-03T04:05:07Z"},"change_type":`+codedText("666")+
			`,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Third"},"proof":"their proof","reason":{"_type":"DV_TEXT","value":"signed"},"is_pending":false}],`)
	res := a.commits(id, "249", importing(item)).status(http.StatusCreated)
	if got := a.versionsOf(id, res.tag()); len(got["COMPOSITION"]) != 1 || got["COMPOSITION"][0] != theirs("3") {
		t.Errorf("%v", got)
	}

	n := a.version(id, theirs("3"), "IMPORTED_VERSION")
	if diff := cmp.Diff([]string{"our signature", systemID, "Dr Set", "creation", res.tag()},
		paths(n, "signature", "commit_audit/system_id", "commit_audit/committer/name", "commit_audit/change_type/value", "contribution/id/value")); diff != "" {
		t.Error(diff)
	}
	if at := n.String("commit_audit", "time_committed", "value"); strings.HasPrefix(at, "2001") {
		t.Errorf("imported at %s", at)
	}
	// The item is what came, to the last attribute.
	want, problems := rm.DecodeJSON([]byte(item), rm.ClassOriginalVersion, rm.JSONOptions{})
	if want == nil || rm.HasErrors(problems) {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(string(rm.AppendJSON(nil, want)), string(rm.AppendJSON(nil, n.Get("item")))); diff != "" {
		t.Errorf("the item has changed: %s", diff)
	}
	a.do("GET", "/ehr/"+id+"/versioned_composition/"+o+"/version", nil, "Accept: application/xml").status(http.StatusOK).xmlTree("IMPORTED_VERSION")
	// As a composition it has the uid of its version.
	if got := a.do("GET", path+o, nil).status(http.StatusOK).has("ETag", `W/"`+theirs("3")+`"`).tree("COMPOSITION").String("uid", "value"); got != theirs("3") {
		t.Errorf("uid %s", got)
	}

	// An older version is history; a later one is current; a deletion deletes.
	a.commits(id, "249", importing(original(theirs("1"), "", "532", composition(t)))).status(http.StatusCreated)
	a.do("GET", path+o, nil).status(http.StatusOK).has("ETag", `W/"`+theirs("3")+`"`)
	a.commits(id, "249", importing(original(theirs("3.1.1"), theirs("3"), "553", composition(t, `"composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr Composer"},`, "")))).status(http.StatusCreated)
	a.commits(id, "249", importing(original(theirs("5"), theirs("4"), "523", nil))).status(http.StatusCreated)
	a.do("GET", path+o, nil).status(http.StatusNoContent).has("ETag", `W/"`+theirs("5")+`"`)
	if got := a.version(id, theirs("5"), "IMPORTED_VERSION").String("item", "lifecycle_state", "value"); got != "?" {
		t.Errorf("the rubric of the item's lifecycle_state is %q, not as it came", got)
	}

	// A local version after an import: the container has moved here.
	m := uuid.NewString()
	moved := m + "::elsewhere::1"
	a.commits(id, "249", importing(original(moved, "", "532", composition(t)))).status(http.StatusCreated)
	here := a.do("PUT", path+m, composition(t, "70.50", "73.00"), `If-Match: "`+moved+`"`).status(http.StatusNoContent).tag()
	if here != m+"::"+systemID+"::2" {
		t.Errorf("version %s", here)
	}
	if got := a.version(id, here, "ORIGINAL_VERSION").String("preceding_version_uid", "value"); got != moved {
		t.Errorf("preceding version %s, want %s", got, moved)
	}

	for name, test := range map[string]struct {
		body string
		code int
		says string
	}{
		"again":                {importing(original(theirs("3"), theirs("2"), "532", composition(t))), 409, "exists already"},
		"beside a local one":   {importing(original(m+"::elsewhere::2", moved, "532", composition(t))), 409, "created by another system"},
		"after the deletion":   {importing(original(theirs("6"), theirs("5"), "532", composition(t))), 409, "deleted"},
		"branch out of order":  {importing(original(theirs("3.1.3"), theirs("3.1.2"), "532", composition(t))), 400, "before the one it follows"},
		"without contribution": {importing(strings.Replace(original(theirs("9"), theirs("8"), "532", composition(t)), `"contribution"`, `"x"`, 1)), 400, "/item/contribution"},
		"not valid":            {importing(original(uuid.NewString()+"::elsewhere::1", "", "532", composition(t, `"composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr Composer"},`, ""))), 400, "/item/data"},
		"unknown template":     {importing(original(uuid.NewString()+"::elsewhere::1", "", "532", composition(t, templateID, "never seen"))), 400, "never seen"},
		"first with preceding": {importing(original(uuid.NewString()+"::elsewhere::1", theirs("3"), "532", composition(t))), 400, "preceding"},
		"other object's":       {importing(original(uuid.NewString()+"::elsewhere::2", theirs("3"), "532", composition(t))), 400, "another object"},
		"deletion with data":   {importing(original(uuid.NewString()+"::elsewhere::1", "", "523", composition(t))), 400, "deletion"},
		"deletion of nothing":  {importing(original(uuid.NewString()+"::elsewhere::2", "", "523", nil)), 400, "preceding"},
		"EHR_STATUS":           {importing(original(uuid.NewString()+"::elsewhere::1", "", "532", a.do("GET", "/ehr/"+id+"/ehr_status", nil).body)), 400, "EHR has its own"},
		"data beside the item": {strings.Replace(importing(original(theirs("9"), theirs("8"), "532", nil)), `"item"`, `"data":{},"item"`, 1), 400, "those of its item"},
		"attested":             {attesting(theirs("3"), attestation("ATTESTATION", "x", false)), 400, "IMPORTED_VERSION"},
		"not as an import":     {change(codedText("251"), codedText("532"), theirs("3"), composition(t), `,"uid":{"value":"`+theirs("4")+`"}`), 400, "IMPORTED_VERSION"},
		"on a foreign branch":  {change(codedText("251"), codedText("532"), theirs("3.1.1"), composition(t)), 400, "branch of another system"},
	} {
		f := a.commits(id, "253", test.body).status(test.code).fault()
		if !strings.Contains(f.Message, test.says) && !strings.Contains(fmt.Sprint(f.ValidationErrors), test.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAttestations(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	// Committed as waiting for a signature, and with one attestation.
	body := set("249", `{"lifecycle_state":`+codedText("532")+`,"data":`+string(composition(t))+
		`,"attestations":[`+attestation("UPDATE_ATTESTATION", "witnessed", false, `,"proof":"`+"-----BEGIN PGP\\n"+`"`)+`]`+
		`,"commit_audit":{"_type":"UPDATE_ATTESTATION","change_type":`+codedText("249")+`,"reason":{"value":"to be signed"},"is_pending":true}}`)
	first := a.do("POST", "/ehr/"+id+"/contribution", body).status(http.StatusCreated).tag()
	v1 := a.versionsOf(id, first)["COMPOSITION"][0]
	n := a.version(id, v1, "ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{"creation", "to be signed", "true", "Dr Set"},
		paths(n.Get("commit_audit"), "change_type/value", "reason/value", "is_pending", "committer/name")); diff != "" || !n.Get("commit_audit").Is("ATTESTATION") {
		t.Error(diff)
	}

	// Signed later, all of it and a part of it.
	container := "/ehr/" + id + "/versioned_composition/" + object(v1)
	etag := a.do("GET", container+"/version/"+v1, nil).header.Get("ETag")
	view := `,"attested_view":{"_type":"DV_MULTIMEDIA","media_type":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"IANA_media-types"},"code_string":"image/png"},"size":3,"data":"QUJD"}`
	items := `,"items":[{"_type":"DV_EHR_URI","value":"ehr:/content[0]"}]`
	res := a.commits(id, "666", attesting(v1,
		attestation("ATTESTATION", "signed", false, view, `,"proof":"p q\u00e9"`),
		attestation("ATTESTATION", "a part", false, items, `,"description":{"value":"why"}`))).status(http.StatusCreated)
	a.do("GET", "/ehr/"+id+"/contribution/"+res.tag(), nil).status(http.StatusOK)
	if got := a.versionsOf(id, res.tag()); len(got["COMPOSITION"]) != 1 || got["COMPOSITION"][0] != v1 {
		t.Errorf("%v", got)
	}
	changed := a.do("GET", container+"/version/"+v1, nil, "If-None-Match: "+etag).status(http.StatusOK)
	n = changed.tree("ORIGINAL_VERSION")
	var got [][]string
	for _, at := range n.List("attestations") {
		got = append(got, append(paths(at, "reason/value", "change_type/value", "committer/name", "system_id", "proof", "description/value", "is_pending", "attested_view/data"),
			fmt.Sprint(len(at.List("items")))))
	}
	want := [][]string{
		{"witnessed", "attestation", "Dr Attest", systemID, "-----BEGIN PGP\n", "", "false", "", "0"},
		{"signed", "attestation", "Dr Attest", systemID, "p qé", "", "false", "QUJD", "0"},
		{"a part", "attestation", "Dr Attest", systemID, "", "why", "false", "", "1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	x := a.do("GET", container+"/version/"+v1, nil, "Accept: application/xml").status(http.StatusOK).xmlTree("ORIGINAL_VERSION")
	if len(x.List("attestations")) != 3 {
		t.Error("attestations are missing in XML")
	}

	// They do not carry over to the next version; the history has them all.
	v2 := a.do("PUT", "/ehr/"+id+"/composition/"+object(v1), composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	if list := a.version(id, v2, "ORIGINAL_VERSION").List("attestations"); len(list) != 0 {
		t.Errorf("attestations of %s: %v", v2, list)
	}
	history := a.do("GET", container+"/revision_history", nil).status(http.StatusOK).tree("REVISION_HISTORY").List("items")
	if len(history) != 2 || len(history[0].List("audits")) != 4 || len(history[1].List("audits")) != 1 {
		t.Errorf("%s", rm.AppendJSON(nil, history[0]))
	}
	// The data may be sent along, but not be other data; by uid works too.
	same := string(a.do("GET", "/ehr/"+id+"/composition/"+v1, nil).body)
	audit := `"commit_audit":` + attestation("ATTESTATION", "again", false, `,"change_type":`+codedText("666"))
	a.commits(id, "666", `{"uid":{"value":"`+v1+`"},"data":`+same+`,`+audit+`}`).status(http.StatusCreated)
	a.commits(id, "666", `{"uid":{"value":"`+v1+`"},"data":`+string(composition(t, "70.50", "99.00"))+`,`+audit+`}`).status(http.StatusBadRequest).fault()

	contributions, versions := a.counts()
	for name, test := range map[string]struct {
		set, body string
		code      int
		says      string
	}{
		"of nothing":         {"666", attesting(uuid.NewString()+"::"+systemID+"::1", attestation("ATTESTATION", "x", false)), 404, "no such"},
		"of a later version": {"666", attesting(tree(v1, "7"), attestation("ATTESTATION", "x", false)), 404, "no such version"},
		"of no version":      {"666", `{"commit_audit":` + attestation("ATTESTATION", "x", false, `,"change_type":`+codedText("666")) + `}`, 400, "uid of the version"},
		"none":               {"666", attesting(v1), 400, "needs attestations"},
		"without is_pending": {"666", attesting(v1, `{"_type":"ATTESTATION","reason":{"value":"x"}}`), 400, "attestations[0].is_pending"},
		"deleted":            {"666", attesting(v1, attestation("ATTESTATION", "x", false, `,"change_type":`+codedText("523"))), 400, "666"},
		"reason":             {"666", attesting(v1, `{"_type":"ATTESTATION","reason":`+codedText("532")+`,"is_pending":true}`), 400, "reason"},
		"set of others":      {"666", change(codedText("249"), codedText("532"), "", composition(t)), 400, "666"},
		"two uids":           {"666", strings.Replace(attesting(v1, attestation("ATTESTATION", "x", false)), "{", `{"uid":{"value":"`+v2+`"},`, 1), 400, "differ"},
		"signature":          {"666", strings.Replace(attesting(v1, attestation("ATTESTATION", "x", false)), "{", `{"signature":"s",`, 1), 400, "signature"},
	} {
		f := a.commits(id, test.set, test.body).status(test.code).fault()
		if !strings.Contains(f.Message, test.says) && !strings.Contains(fmt.Sprint(f.ValidationErrors), test.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if c, v := a.counts(); c != contributions || v != versions {
		t.Error("a refused attestation has left something")
	}
}
