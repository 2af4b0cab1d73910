package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestTrap18CompositionUIDIsTheVersionUID(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	withUID := func(uid string) []byte {
		return composition(t, `"name": {"_type": "DV_TEXT", "value": "Note"},`, `"name": {"_type": "DV_TEXT", "value": "Note"}, "uid": `+uid+`,`)
	}
	for _, body := range [][]byte{
		composition(t),
		withUID(`{"_type": "HIER_OBJECT_ID", "value": "` + uuid.NewString() + `"}`),
		withUID(`{"_type": "OBJECT_VERSION_ID", "value": "` + uuid.NewString() + `::elsewhere::7"}`),
	} {
		uid := a.create(id, body)
		var got struct {
			UID struct {
				Type  string `json:"_type"`
				Value string
			}
		}
		a.do("GET", "/ehr/"+id+"/composition/"+uid, nil).status(http.StatusOK).json(&got)
		if got.UID.Type != "OBJECT_VERSION_ID" || got.UID.Value != uid || !strings.HasSuffix(uid, "::"+systemID+"::1") {
			t.Errorf("uid %+v of version %s", got.UID, uid)
		}
		// Every version has its own, in whatever it is read as.
		next := a.do("PUT", "/ehr/"+id+"/composition/"+object(uid), composition(t), `If-Match: "`+uid+`"`, "Prefer: return=representation", "Accept: application/xml").status(http.StatusOK)
		if got := next.xmlTree("COMPOSITION").String("uid", "value"); got != next.tag() || next.tag() != nextOf(uid) {
			t.Errorf("uid %s of version %s", got, next.tag())
		}
		for _, v := range []string{uid, next.tag()} {
			if got := a.version(id, v, "ORIGINAL_VERSION").String("data", "uid", "value"); got != v {
				t.Errorf("uid %s in version %s", got, v)
			}
			if body := a.do("GET", "/ehr/"+id+"/composition/"+v, nil, "Accept: application/openehr.wt.flat+json").status(http.StatusOK).body; !strings.Contains(string(body), `"`+v+`"`) {
				t.Errorf("FLAT of %s without it: %s", v, body)
			}
		}
	}
}

func TestTrap19IdentifiersIgnoreCase(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	upper := "/ehr/" + strings.ToUpper(id) + "/composition/"
	for _, path := range []string{upper + strings.ToUpper(object(v1)), upper + strings.ToUpper(v1)} {
		if got := a.do("GET", path, nil).status(http.StatusOK).tag(); got != v1 {
			t.Errorf("%s gives %s, want %s", path, got, v1)
		}
	}
	v2 := a.do("PUT", upper+strings.ToUpper(object(v1)), composition(t), `If-Match: "`+strings.ToUpper(v1)+`"`).status(http.StatusNoContent).tag()
	if v2 != nextOf(v1) {
		t.Errorf("version %s follows %s", v2, v1) // the case is kept
	}
	a.do("GET", upper+strings.ToUpper(v2), nil, `If-None-Match: "`+strings.ToUpper(v2)+`"`).status(http.StatusNotModified)
	a.do("PUT", upper+strings.ToUpper(v2)+"/tags", []byte(`[{"key":"k"}]`)).status(http.StatusNoContent)
	a.do("GET", "/ehr/"+id+"/composition/"+v2, nil).status(http.StatusOK).has("openehr-version-item-tag", `key="k"`)
	a.do("DELETE", upper+strings.ToUpper(v2), nil).status(http.StatusNoContent)
}

func TestTrap20BranchesAndForeignSystemsAreNotTheTrunk(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/"
	for _, uid := range []string{v1 + ".1.1", object(v1) + "::elsewhere::1", v1 + "0", object(v1) + "::::1", v1 + "::1"} {
		a.do("GET", path+uid, nil).status(http.StatusNotFound).fault()
	}
	a.do("PUT", path+object(v1), composition(t), `If-Match: "`+v1+`.1.1"`).status(http.StatusPreconditionFailed).has("ETag", `W/"`+v1+`"`).fault()
	a.do("DELETE", path+v1+".1.1", nil).status(http.StatusConflict).has("ETag", `W/"`+v1+`"`).fault()
	a.do("DELETE", path+object(v1)+"::elsewhere::1", nil).status(http.StatusConflict)

	// A branch that does exist is read by its uid and is never the latest.
	a.commits(id, "251", change(codedText("251"), codedText("532"), v1, composition(t, "70.50", "71.00"), `,"uid":{"value":"`+tree(v1, "1.1.1")+`"}`)).status(http.StatusCreated)
	a.do("GET", path+tree(v1, "1.1.1"), nil).status(http.StatusOK)
	for _, latest := range []string{path + object(v1), path + object(v1) + "?version_at_time=2999-01-01T00:00:00Z", "/ehr/" + id + "/versioned_composition/" + object(v1) + "/version"} {
		if got := a.do("GET", latest, nil).status(http.StatusOK).tag(); got != v1 {
			t.Errorf("%s is %s", latest, got)
		}
	}
	// An import is there from its local commit, whatever its own audit says, and has no uid beside its item's.
	o := uuid.NewString()
	theirs := o + "::elsewhere::1"
	before := time.Now().Add(-time.Second)
	a.commits(id, "249", importing(original(theirs, "", "532", composition(t)))).status(http.StatusCreated)
	for _, when := range []string{"2001-02-03T04:05:06Z", "2002-01-01T00:00:00Z", at(before)} { // the first is that of its audit
		a.do("GET", path+o+"?version_at_time="+when, nil).status(http.StatusNotFound).fault()
	}
	n := a.version(id, theirs, "IMPORTED_VERSION")
	if diff := cmp.Diff([]string{"", theirs, "2001-02-03T04:05:06Z"}, paths(n, "uid/value", "item/uid/value", "item/commit_audit/time_committed/value")); diff != "" {
		t.Error(diff)
	}
}

func TestTrap26PagingIsCheckedAndPassedOn(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	q := "/query/aql?q=SELECT+1+FROM+EHR+e"
	a.do("GET", q+"&offset=20&fetch=10", nil).status(http.StatusOK)
	if got := a.queries.got; got.Offset != 20 || got.Fetch != 10 {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"&fetch=0", "&fetch=-1", "&fetch=ten", "&offset=-1", "&offset=1.5", "&fetch=1&fetch=2", "&fetch=99999999999"} {
		a.do("GET", q+bad, nil).status(http.StatusBadRequest).fault()
	}
	// A context that is not one EHR's is none: a population query has none, by either way.
	id := a.newEHR()
	for _, ctx := range []struct{ path, header, want string }{
		{q, "X: y", uuid.Nil.String()},
		{q + "&ehr_id=" + id, "X: y", id},
		{q, "openehr-ehr-id: " + id, id},
		{q, "openEHR-EHR-id: " + id, id},
		{q + "&ehr_id=" + id, "openehr-ehr-id: " + id, id},
	} {
		a.do("GET", ctx.path, nil, ctx.header).status(http.StatusOK)
		if got := a.queries.got.EHRID.String(); got != ctx.want {
			t.Errorf("%+v: the context is %s", ctx, got)
		}
	}
	a.do("GET", q+"&ehr_id="+id, nil, "openehr-ehr-id: "+uuid.NewString()).status(http.StatusBadRequest).fault()
	for _, bad := range []string{`"fetch":0`, `"offset":-1`, `"fetch":"10"`, `"fetch":1.5`} {
		a.do("POST", "/query/aql", []byte(`{"q":"SELECT 1 FROM EHR e",`+bad+`}`)).status(http.StatusBadRequest).fault()
	}
}

func TestTrap27DatesKeepTheirForm(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	for _, form := range []string{"2026-03-01T10:15:00,250+01:00", "2026-03-01T10:15", "20260301T101500Z", "2026-03-01T10:15:00.000000-05:00"} {
		uid := a.create(id, composition(t, "2026-03-01T10:15:00,250+01:00", form))
		var got struct {
			Context struct {
				Start struct{ Value string } `json:"start_time"`
			}
		}
		a.do("GET", "/ehr/"+id+"/composition/"+uid, nil).status(http.StatusOK).json(&got)
		if got.Context.Start.Value != form {
			t.Errorf("%s came back as %s", form, got.Context.Start.Value)
		}
	}
}

func TestTrap29CanonicalJSONTolerance(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	// _type is left out where the static type says it all.
	body := composition(t, `{"_type": "DV_TEXT", `, `{`, `{"_type": "CODE_PHRASE", `, `{`, `{"_type": "TERMINOLOGY_ID", `, `{`, `"_type": "EVENT_CONTEXT",`, "", `"_type": "COMPOSITION",`, "")
	uid := a.create(id, body)
	got := a.do("GET", "/ehr/"+id+"/composition/"+uid, nil).status(http.StatusOK).body
	if !strings.Contains(string(got), "70.50") {
		t.Errorf("the number lost its lexical form: %s", got)
	}
	if !strings.HasPrefix(string(got), `{"_type":"COMPOSITION"`) {
		t.Errorf("_type is not first: %.60s", got)
	}
	// It is needed where the type is abstract.
	untyped := composition(t, `"_type": "PARTY_IDENTIFIED", `, "")
	a.do("POST", "/ehr/"+id+"/composition", untyped).status(http.StatusBadRequest).fault()

	// null and empty lists are nothing, and are not sent; a DV_CODED_TEXT may stand
	// for a DV_TEXT; an integer of 64 bits stays one.
	const big = "9007199254740993" // not a float64
	body = composition(t, `"name": {"_type": "DV_TEXT", "value": "Finding"},`,
		`"name": `+strings.Replace(codedText("225"), "?", "home", 1)+`, "links": [], "uid": null, "other_participations": null,`+
			`"feeder_audit": {"_type": "FEEDER_AUDIT", "originating_system_audit": {"_type": "FEEDER_AUDIT_DETAILS", "system_id": "x"MORE}},`)
	uid = a.create(id, []byte(strings.Replace(string(body), "MORE", `, "other_details": {"_type": "ITEM_TREE", "name": {"value": "t"}, "archetype_node_id": "at1", "items": `+
		`[{"_type": "ELEMENT", "name": {"value": "n"}, "archetype_node_id": "at2", "value": {"_type": "DV_COUNT", "magnitude": `+big+`}}]}`, 1)))
	got = a.do("GET", "/ehr/"+id+"/composition/"+uid, nil).status(http.StatusOK).body
	if s := string(got); strings.Contains(s, "null") || strings.Contains(s, "[]") || !strings.Contains(s, big) || !strings.Contains(s, `"name":{"_type":"DV_CODED_TEXT"`) {
		t.Errorf("%s", got)
	}
	// XML is read in either namespace, and written in that of v1.
	uid = a.create(id, []byte(strings.Replace(string(body), "MORE", "", 1)))
	xml := string(a.do("GET", "/ehr/"+id+"/composition/"+uid, nil, "Accept: application/xml").status(http.StatusOK).body)
	const v1 = "http://schemas.openehr.org/v1"
	for _, namespace := range []string{v1, "http://schemas.openehr.org/v2"} {
		uid := a.create(id, []byte(strings.ReplaceAll(xml, v1, namespace)), "Content-Type: application/xml")
		if again := string(a.do("GET", "/ehr/"+id+"/composition/"+uid, nil, "Accept: application/xml").status(http.StatusOK).body); !strings.Contains(again, `"`+v1+`"`) || !strings.Contains(again, "70.50") {
			t.Errorf("%s", again)
		}
	}
	a.do("POST", "/ehr/"+id+"/composition", []byte(strings.ReplaceAll(xml, v1, "http://schemas.openehr.org/v3")), "Content-Type: application/xml").status(http.StatusBadRequest).fault()
}

func TestTrap30StoredQueriesAreNotCRUDShaped(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	path := "/definition/query/org.example::q"
	text := []byte("SELECT 1 FROM EHR e")
	a.do("PUT", path+"/1.0.0", text, "Content-Type: text/plain").status(http.StatusOK).has("Location", origin+base+path+"/1.0.0")
	// A version is immutable, even if the text is the same.
	a.do("PUT", path+"/1.0.0", text, "Content-Type: text/plain").status(http.StatusConflict).fault()
	a.do("PUT", path+"/1.1.0", text, "Content-Type: text/plain").status(http.StatusOK)
	var list []map[string]string
	a.do("GET", "/definition/query/org", nil).status(http.StatusOK).json(&list)
	if len(list) != 2 {
		t.Errorf("%v", list)
	}
	if a.do("GET", "/definition/query/org.example::q", nil).status(http.StatusOK).json(&list); len(list) != 2 {
		t.Errorf("%v", list)
	}
	if a.do("GET", "/definition/query/nobody", nil).status(http.StatusOK).json(&list); len(list) != 0 {
		t.Errorf("%v", list)
	}
	// The highest is that of the numbers, not of the texts.
	a.do("PUT", path+"/1.0.10", text, "Content-Type: text/plain").status(http.StatusOK)
	a.do("PUT", path+"/1.0.9", text, "Content-Type: text/plain").status(http.StatusOK)
	for partial, want := range map[string]string{"1.0": "1.0.10", "1": "1.1.0", "1.0.9": "1.0.9"} {
		var one map[string]string
		if a.do("GET", path+"/"+partial, nil).status(http.StatusOK).json(&one); one["version"] != want {
			t.Errorf("%s is %v", partial, one)
		}
	}
	a.do("GET", path+"/2", nil).status(http.StatusNotFound).fault()
	var one map[string]string
	if a.do("GET", path+"/1", nil).status(http.StatusOK).json(&one); one["version"] != "1.1.0" {
		t.Errorf("%v", one)
	}
	a.do("PUT", "/definition/query/Aql", text, "Content-Type: text/plain").status(http.StatusBadRequest).fault()
	a.do("DELETE", path+"/1.0.0", nil).status(http.StatusMethodNotAllowed).fault()
}
