package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// revisions are the versions of an object with the times of their audits.
func (a *api) revisions(ehrID, object string) (uids, times []string) {
	a.t.Helper()
	n := a.do("GET", "/ehr/"+ehrID+"/versioned_composition/"+object+"/revision_history", nil).status(http.StatusOK).tree("REVISION_HISTORY")
	for _, item := range n.List("items") {
		uids = append(uids, item.String("version_id", "value"))
		times = append(times, item.List("audits")[0].String("time_committed", "value"))
	}
	return uids, times
}

func TestContributionOfAHistory(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/composition/"
	v1 := a.create(id, composition(t))
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	queryable := func(v string) []byte {
		return []byte(strings.Replace(string(status.body), `"is_queryable":true`, `"is_queryable":`+v, 1))
	}
	creation, modification, deletion, complete := codedText("249"), codedText("251"), codedText("523"), codedText("532")
	o, dir := uuid.NewString()+"::"+systemID+"::", uuid.NewString()+"::"+systemID+"::"
	last := composition(t, "70.50", "82.00")
	body := set("251",
		change(creation, complete, "", composition(t), `,"uid":{"value":"`+o+`1"}`),
		change(modification, complete, v1, composition(t, "70.50", "81.00")),
		change(modification, complete, o+"1", composition(t, "70.50", "71.00")),
		change(modification, complete, status.tag(), queryable("false")),
		change(creation, complete, "", folder("one"), `,"uid":{"value":"`+dir+`1"}`),
		change(deletion, deletion, o+"2", nil),
		change(modification, complete, tree(v1, "2"), composition(t), `,"uid":{"value":"`+tree(v1, "2.1.1")+`"}`),
		change(modification, complete, tree(v1, "2"), last),
		change(modification, complete, nextOf(status.tag()), queryable("true")),
		change(modification, complete, dir+"1", folder("two")),
		strings.Replace(attesting(tree(v1, "3"), attestation("ATTESTATION", "right", false)), "{", `{"data":`+string(last)+",", 1))
	key := "Idempotency-Key: " + uuid.NewString()
	res := a.do("POST", "/ehr/"+id+"/contribution", body, key).status(http.StatusCreated)
	contributions, versions := a.counts()
	if again := a.do("POST", "/ehr/"+id+"/contribution", body, key).status(http.StatusCreated).tag(); again != res.tag() {
		t.Errorf("repeated as %s", again)
	}
	if c, v := a.counts(); c != contributions || v != versions {
		t.Error("the repetition committed something")
	}
	want := []string{o + "1", o + "2", o + "3", tree(v1, "2"), tree(v1, "2.1.1"), tree(v1, "3")}
	slices.Sort(want)
	if diff := cmp.Diff(map[string][]string{
		"COMPOSITION": want, "FOLDER": {dir + "1", dir + "2"},
		"EHR_STATUS": {nextOf(status.tag()), nextOf(nextOf(status.tag()))},
	}, a.versionsOf(id, res.tag())); diff != "" {
		t.Error(diff)
	}

	// Each version is there, with what it followed and at its own time.
	for object, want := range map[string][]string{
		object(o): {o + "1", o + "2", o + "3"}, object(v1): {v1, tree(v1, "2"), tree(v1, "2.1.1"), tree(v1, "3")},
	} {
		uids, times := a.revisions(id, object)
		if diff := cmp.Diff(want, uids); diff != "" {
			t.Error(diff)
		}
		if sorted := slices.Sorted(slices.Values(times)); !slices.Equal(sorted, times) || len(slices.Compact(sorted)) != len(times) {
			t.Errorf("committed at %v", times)
		}
	}
	n := a.version(id, tree(v1, "3"), "ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{tree(v1, "2"), res.tag()}, paths(n, "preceding_version_uid/value", "contribution/id/value")); diff != "" {
		t.Error(diff)
	}
	if list := n.List("attestations"); len(list) != 1 || list[0].String("committer", "name") != "Dr Attest" {
		t.Errorf("attestations %v", list)
	}
	whole := a.do("GET", "/ehr/"+id+"/contribution/"+res.tag(), nil).status(http.StatusOK).tree("CONTRIBUTION")
	if got, want := whole.String("audit", "time_committed", "value"), n.String("commit_audit", "time_committed", "value"); got < want {
		t.Errorf("the contribution was committed at %s, one of its versions at %s", got, want)
	}
	a.do("GET", path+object(o), nil).status(http.StatusNoContent)
	if got := string(a.do("GET", path+o+"2", nil).status(http.StatusOK).body); !strings.Contains(got, "71.00") {
		t.Errorf("the second version is %s", got)
	}
	a.do("GET", path+object(v1), nil).status(http.StatusOK).has("ETag", `W/"`+tree(v1, "3")+`"`)
	if got := a.do("GET", "/ehr/"+id+"/directory", nil).status(http.StatusOK).tree("FOLDER").String("name", "value"); got != "two" {
		t.Errorf("directory %s", got)
	}

	// The history of an object of another system, deletion and all.
	m := uuid.NewString() + "::elsewhere::"
	a.commits(id, "249", importing(original(m+"1", "", "532", composition(t))), importing(original(m+"2", m+"1", "532", composition(t))),
		importing(original(m+"2.1.1", m+"2", "532", composition(t))), importing(original(m+"3", m+"2", "523", nil))).status(http.StatusCreated)
	uids, _ := a.revisions(id, object(m))
	if diff := cmp.Diff([]string{m + "1", m + "2", m + "2.1.1", m + "3"}, uids); diff != "" {
		t.Error(diff)
	}
	a.do("GET", path+object(m), nil).status(http.StatusNoContent)
}

func TestContributionOfAHistoryThatIsNone(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	contributions, versions := a.counts()
	modification, deletion, complete := codedText("251"), codedText("523"), codedText("532")
	modified := func(preceding string, more ...string) string {
		return change(modification, complete, preceding, composition(t), more...)
	}
	v2, v3, m := tree(v1, "2"), tree(v1, "3"), uuid.NewString()+"::elsewhere::"
	for name, test := range map[string]struct {
		changes []string
		code    int
		says    string
	}{
		"the second first":     {[]string{modified(v2), modified(v1)}, 400, "versions[1]: the version must stand before"},
		"a gap":                {[]string{modified(v1), modified(v3)}, 400, "must follow each other"},
		"after its deletion":   {[]string{change(deletion, deletion, v1, nil), modified(v2)}, 400, "must follow each other"},
		"twice":                {[]string{modified(v1), change(deletion, deletion, v1, nil)}, 400, "versions[1]: a contribution may have a version only once"},
		"twice by its uid":     {[]string{modified(v1, `,"uid":{"value":"`+v2+`"}`), modified(v1)}, 400, "only once"},
		"another class":        {[]string{modified(v1), change(modification, complete, v2, folder("x"))}, 404, "no such"},
		"a forked EHR_STATUS":  {[]string{change(modification, complete, status.tag(), status.body), change(modification, complete, nextOf(nextOf(status.tag())), status.body)}, 400, "must follow each other"},
		"a deleted EHR_STATUS": {[]string{change(modification, complete, status.tag(), status.body), change(deletion, deletion, nextOf(status.tag()), nil)}, 400, "cannot be deleted"},
		"attested unmade":      {[]string{modified(v1), attesting(v3, attestation("ATTESTATION", "x", false))}, 404, "no such version"},
		"attested otherwise": {[]string{modified(v1), strings.Replace(attesting(v2, attestation("ATTESTATION", "x", false)), "{",
			`{"data":`+string(composition(t, "70.50", "99.00"))+",", 1)}, 400, "the data differs"},
		"an import attested": {[]string{importing(original(m+"1", "", "532", composition(t))), attesting(m+"1", attestation("ATTESTATION", "x", false))}, 400, "IMPORTED_VERSION"},
		"imported twice":     {[]string{importing(original(m+"1", "", "532", composition(t))), importing(original(m+"1", "", "532", composition(t)))}, 400, "only once"},
		"a deletion first":   {[]string{importing(original(m+"2", m+"1", "523", nil)), importing(original(m+"1", "", "532", composition(t)))}, 404, "no such"},
	} {
		res := a.commits(id, "251", test.changes...).status(test.code)
		if f := res.fault(); !strings.Contains(f.Message, test.says) {
			t.Errorf("%s: %+v", name, f)
		}
		if tag := res.header.Get("ETag"); tag != "" {
			t.Errorf("%s: names the version %s, which is not there", name, tag)
		}
	}
	// What is the latest without the contribution is named.
	a.commits(id, "251", modified(v2), modified(v3)).status(http.StatusConflict).has("ETag", `W/"`+v1+`"`)
	if c, v := a.counts(); c != contributions || v != versions {
		t.Errorf("a refused contribution left %d contributions and %d versions", c-contributions, v-versions)
	}
}
