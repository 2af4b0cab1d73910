package rest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

// The tests of this file are behaviours that implementations of the API easily
// get wrong. Their numbers are those of the list in docs/conformance/rest.md,
// which also says which of them concern other packages.

// create commits a composition and gives its version uid.
func (a *api) create(ehrID string, body []byte, lines ...string) string {
	a.t.Helper()
	return a.do("POST", "/ehr/"+ehrID+"/composition", body, lines...).status(http.StatusCreated).tag()
}

// versions reads the versions of a composition from the store.
func (a *api) versions(ehrID, uid string) []ehr.VersionMeta {
	a.t.Helper()
	list, err := a.db.Versions(a.t.Context(), uuid.MustParse(ehrID), ehr.KindComposition, uuid.MustParse(object(uid)))
	if err != nil {
		a.t.Fatal(err)
	}
	return list
}

func TestTrap01IfMatchComparison(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	uid := a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/" + object(uid)
	for i, form := range []string{`W/"%"`, `"%"`, `%`} {
		next := a.do("PUT", path, composition(t), "If-Match: "+strings.ReplaceAll(form, "%", uid)).status(http.StatusNoContent).tag()
		if want := object(uid) + "::" + systemID + "::" + string(rune('2'+i)); next != want {
			t.Fatalf("%s: got version %s, want %s", form, next, want)
		}
		uid = next
	}
}

func TestTrap02MissingAndStaleIfMatch(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/" + object(v1)
	a.do("PUT", path, composition(t)).status(http.StatusBadRequest).fault()
	v2 := a.do("PUT", path, composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	for _, stale := range []string{v1, "nonsense", uuid.NewString() + "::" + systemID + "::2", object(v1) + "::elsewhere::2", object(v1) + "::" + systemID + "::9"} {
		res := a.do("PUT", path, composition(t), `If-Match: "`+stale+`"`).status(http.StatusPreconditionFailed)
		res.fault()
		if res.tag() != v2 {
			t.Errorf("If-Match %s: ETag names %s, want %s", stale, res.tag(), v2)
		}
	}
	if res := a.do("DELETE", "/ehr/"+id+"/composition/"+v1, nil).status(http.StatusConflict); res.tag() != v2 {
		t.Errorf("stale delete: ETag names %s, want %s", res.tag(), v2)
	}

	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil).status(http.StatusOK)
	path = "/ehr/" + id + "/ehr_status"
	a.do("PUT", path, status.body).status(http.StatusBadRequest).fault()
	for _, stale := range []string{"nonsense", v2} {
		if res := a.do("PUT", path, status.body, `If-Match: "`+stale+`"`).status(http.StatusPreconditionFailed); res.tag() != status.tag() {
			t.Errorf("If-Match %s: ETag names %s, want %s", stale, res.tag(), status.tag())
		}
	}

	path = "/ehr/" + id + "/directory"
	dir := a.do("POST", path, folder("root")).status(http.StatusCreated).tag()
	person := a.newParty("PERSON", party("PERSON", "Jo"))
	for _, w := range []struct {
		method, path, latest string
		body                 []byte
	}{
		{"PUT", path, dir, folder("root")},
		{"DELETE", path, dir, nil},
		{"PUT", "/demographic/person/" + object(person), person, party("PERSON", "Joe")},
	} {
		a.do(w.method, w.path, w.body).status(http.StatusBadRequest).fault()
		for _, stale := range []string{"nonsense", v2, nextOf(w.latest)} {
			if res := a.do(w.method, w.path, w.body, `If-Match: "`+stale+`"`).status(http.StatusPreconditionFailed); res.tag() != w.latest {
				t.Errorf("%s %s, If-Match %s: ETag names %s, want %s", w.method, w.path, stale, res.tag(), w.latest)
			}
		}
	}
}

func TestTrap03WhichIdentifierGoesInThePath(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	collection := "/ehr/" + id + "/composition/"
	a.do("PUT", collection+v1, composition(t), `If-Match: "`+v1+`"`).status(http.StatusBadRequest).fault()
	a.do("DELETE", collection+object(v1), nil).status(http.StatusBadRequest).fault()
	a.do("GET", collection+v1, nil).status(http.StatusOK)
	stored := a.do("GET", collection+object(v1), nil).status(http.StatusOK)

	// The body may carry the object id, or the full uid of the preceding version.
	v2 := a.do("PUT", collection+object(v1), stored.body, `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	withUID := func(uid string) []byte {
		return composition(t, `"name": {"_type": "DV_TEXT", "value": "Note"},`,
			`"name": {"_type": "DV_TEXT", "value": "Note"}, "uid": {"_type": "HIER_OBJECT_ID", "value": "`+uid+`"},`)
	}
	v3 := a.do("PUT", collection+object(v1), withUID(object(v1)), `If-Match: "`+v2+`"`).status(http.StatusNoContent).tag()
	a.do("PUT", collection+object(v1), withUID(uuid.NewString()), `If-Match: "`+v3+`"`).status(http.StatusBadRequest).fault()
}

func TestTrap04DeletedIsNotNeverExisted(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	before := a.versions(id, v1)[0].Audit.TimeCommitted
	collection := "/ehr/" + id + "/composition/"
	v2 := a.do("DELETE", collection+v1, nil).status(http.StatusNoContent).empty().tag()
	if want := object(v1) + "::" + systemID + "::2"; v2 != want {
		t.Errorf("the deletion is version %s, want %s", v2, want)
	}
	a.do("GET", collection+object(v1), nil).status(http.StatusNoContent).empty()
	a.do("GET", collection+v2, nil).status(http.StatusNoContent).empty()
	a.do("GET", collection+object(v1)+"?version_at_time="+at(time.Now()), nil).status(http.StatusNoContent)
	a.do("GET", collection+v1, nil).status(http.StatusOK)
	a.do("GET", collection+object(v1)+"?version_at_time="+at(before), nil).status(http.StatusOK)
	a.do("DELETE", collection+v2, nil).status(http.StatusBadRequest).fault()
	a.do("DELETE", collection+v1, nil).status(http.StatusBadRequest).fault()
	a.do("PUT", collection+object(v1), composition(t), `If-Match: "`+v2+`"`).status(http.StatusConflict).fault()

	never := uuid.NewString()
	a.do("GET", collection+never, nil).status(http.StatusNotFound).fault()
	a.do("GET", collection+never+"::"+systemID+"::1", nil).status(http.StatusNotFound).fault()
	a.do("GET", collection+object(v1)+"::"+systemID+"::3", nil).status(http.StatusNotFound).fault()
	a.do("DELETE", collection+never+"::"+systemID+"::1", nil).status(http.StatusNotFound).fault()
	a.do("GET", collection+"not-a-uid", nil).status(http.StatusNotFound).fault()
	a.do("GET", "/ehr/"+never+"/composition/"+object(v1), nil).status(http.StatusNotFound).fault()
	a.do("GET", "/ehr/not-a-uuid/composition/"+object(v1), nil).status(http.StatusNotFound).fault()

	// The directory and parties are no different.
	dir := "/ehr/" + id + "/directory"
	a.do("GET", dir, nil).status(http.StatusNotFound).fault()
	created := time.Now()
	d1 := a.do("POST", dir, folder("root")).status(http.StatusCreated).tag()
	time.Sleep(2 * time.Millisecond)
	there := time.Now()
	time.Sleep(2 * time.Millisecond) // times of commit are whole milliseconds
	d2 := a.do("DELETE", dir, nil, `If-Match: "`+d1+`"`).status(http.StatusNoContent).tag()
	a.do("GET", dir, nil).status(http.StatusNoContent).empty()
	a.do("GET", dir+"?version_at_time="+at(time.Now().Add(time.Second)), nil).status(http.StatusNoContent).empty()
	a.do("GET", dir+"?version_at_time="+at(there), nil).status(http.StatusOK)
	a.do("GET", dir+"?version_at_time="+at(created.Add(-time.Second)), nil).status(http.StatusNotFound).fault()
	a.do("DELETE", dir, nil, `If-Match: "`+d2+`"`).status(http.StatusBadRequest).fault()
	person := a.newParty("PERSON", party("PERSON", "Jo"))
	p2 := a.do("DELETE", "/demographic/person/"+person, nil).status(http.StatusNoContent).tag()
	a.do("GET", "/demographic/person/"+object(person), nil).status(http.StatusNoContent).empty()
	a.do("DELETE", "/demographic/person/"+p2, nil).status(http.StatusBadRequest).fault()
	a.do("GET", "/demographic/person/"+never, nil).status(http.StatusNotFound).fault()
}

// at is a query parameter value as a careless client writes it: the plus sign
// of the offset is not encoded.
func at(t time.Time) string {
	return t.In(time.FixedZone("", 2*3600)).Format("2006-01-02T15:04:05.999999999-07:00")
}

func TestTrap05VersionAtTime(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/" + object(v1)
	v2 := a.do("PUT", path, composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	history := a.versions(id, v1)
	first, second := history[0].Audit.TimeCommitted, history[1].Audit.TimeCommitted

	get := func(at string) *result { return a.do("GET", path+"?version_at_time="+at, nil) }
	get(at(first.Add(-time.Microsecond))).status(http.StatusNotFound)
	if got := get(at(first)).status(http.StatusOK).tag(); got != v1 {
		t.Errorf("at the instant of version 1: %s", got)
	}
	if got := get(at(second.Add(-time.Microsecond))).status(http.StatusOK).tag(); got != v1 {
		t.Errorf("just before version 2: %s", got)
	}
	if got := get(at(second)).status(http.StatusOK).tag(); got != v2 {
		t.Errorf("at the instant of version 2: %s", got)
	}
	if got := get(url.QueryEscape(at(second))).status(http.StatusOK).tag(); got != v2 {
		t.Errorf("with an encoded plus sign: %s", got)
	}
	if got := get("2999-01-01T00:00:00Z").status(http.StatusOK).tag(); got != v2 {
		t.Errorf("in the future: %s", got)
	}
	if got := get(second.UTC().Add(time.Minute).Format("2006-01-02T15:04")).status(http.StatusOK).tag(); got != v2 {
		t.Errorf("local time without seconds: %s", got)
	}
	for _, bad := range []string{"", "yesterday", "2026-01-01", "20260101T000000Z", "2026-01-01T24:00:00Z"} {
		get(bad).status(http.StatusBadRequest).fault()
	}
	// It has no meaning beside a version uid.
	if got := a.do("GET", "/ehr/"+id+"/composition/"+v2+"?version_at_time="+at(first), nil).status(http.StatusOK).tag(); got != v2 {
		t.Errorf("version uid with a time: %s", got)
	}

	// Whatever has versions is read so: each form of each kind of object.
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	s1 := status.tag()
	s2 := a.do("PUT", "/ehr/"+id+"/ehr_status", status.body, `If-Match: "`+s1+`"`).status(http.StatusNoContent).tag()
	d1 := a.do("POST", "/ehr/"+id+"/directory", folder("one")).status(http.StatusCreated).tag()
	d2 := a.do("PUT", "/ehr/"+id+"/directory", folder("two"), `If-Match: "`+d1+`"`).status(http.StatusNoContent).tag()
	p1 := a.newParty("PERSON", party("PERSON", "Jo"))
	p2 := a.do("PUT", "/demographic/person/"+object(p1), party("PERSON", "Joe"), `If-Match: "`+p1+`"`).status(http.StatusNoContent).tag()
	for path, uids := range map[string][2]string{
		"/ehr/" + id + "/ehr_status":                                       {s1, s2},
		"/ehr/" + id + "/versioned_ehr_status/version":                     {s1, s2},
		"/ehr/" + id + "/versioned_composition/" + object(v1) + "/version": {v1, v2},
		"/ehr/" + id + "/directory":                                        {d1, d2},
		"/demographic/person/" + object(p1):                                {p1, p2},
		"/demographic/versioned_party/" + object(p1) + "/version":          {p1, p2},
	} {
		var second time.Time
		if err := a.db.Pool().QueryRow(t.Context(), `select time_committed from version where object_id = $1 and ver = 2`, object(uids[0])).Scan(&second); err != nil {
			t.Fatal(err)
		}
		a.do("GET", path+"?version_at_time=2000-01-01T00:00:00Z", nil).status(http.StatusNotFound).fault()
		a.do("GET", path+"?version_at_time=soon", nil).status(http.StatusBadRequest).fault()
		for when, want := range map[time.Time]string{second.Add(-time.Microsecond): uids[0], second: uids[1]} {
			if got := a.do("GET", path+"?version_at_time="+at(when), nil).status(http.StatusOK).tag(); got != want {
				t.Errorf("%s at %v: %s, want %s", path, when, got, want)
			}
		}
	}
}

func TestTrap06PreferOutcomes(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	collection := "/ehr/" + id + "/composition"

	a.do("POST", collection, composition(t)).status(http.StatusCreated).empty().has("Preference-Applied", "")
	a.do("POST", collection, composition(t), "Prefer: return=minimal").status(http.StatusCreated).empty().has("Preference-Applied", "return=minimal")

	var uid struct{ UID string }
	res := a.do("POST", collection, composition(t), "Prefer: return=identifier").status(http.StatusCreated).has("Preference-Applied", "return=identifier")
	res.json(&uid)
	if uid.UID != res.tag() {
		t.Errorf("identifier %q, ETag %q", uid.UID, res.tag())
	}
	if want := `{"uid":"` + uid.UID + `"}`; string(res.body) != want {
		t.Errorf("body %s, want only %s", res.body, want)
	}

	res = a.do("POST", collection, composition(t), "Prefer: return=representation").status(http.StatusCreated).has("Preference-Applied", "return=representation")
	v1 := res.tag()
	if got := a.do("GET", collection+"/"+v1, nil); string(got.body) != string(res.body) {
		t.Errorf("the representation differs from what is read:\n%s\n%s", res.body, got.body)
	}

	path := collection + "/" + object(v1)
	v2 := a.do("PUT", path, composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).empty().tag()
	res = a.do("PUT", path, composition(t), `If-Match: "`+v2+`"`, "Prefer: return=identifier").status(http.StatusOK)
	res.json(&uid)
	v3 := res.tag()
	if uid.UID != v3 {
		t.Errorf("identifier %q, ETag %q", uid.UID, v3)
	}
	res = a.do("PUT", path, composition(t), `If-Match: "`+v3+`"`, "Prefer: return=representation, resolve_refs").status(http.StatusOK)
	if !strings.Contains(string(res.body), res.tag()) {
		t.Errorf("representation without its uid: %s", res.body)
	}
	// What the client would not accept must not be committed.
	a.do("PUT", path, composition(t), `If-Match: "`+res.tag()+`"`, "Prefer: return=representation", "Accept: text/html").status(http.StatusNotAcceptable)
	a.do("PUT", path, composition(t), `If-Match: "`+res.tag()+`"`, "Accept: text/html").status(http.StatusNoContent)

	b := newAPI(t, func(c *rest.Config) { c.PreferIdentifier = true })
	b.do("POST", "/ehr", nil).status(http.StatusCreated).has("Preference-Applied", "").json(&uid)
}

func TestTrap07LocationOnlyOnCreation(t *testing.T) {
	t.Parallel()
	for _, compat := range []bool{false, true} {
		a := newAPI(t, func(c *rest.Config) { c.Compat103 = compat })
		created := a.do("POST", "/ehr", nil).status(http.StatusCreated)
		id := created.tag()
		created.has("Location", origin+base+"/ehr/"+id)
		v1 := a.do("POST", "/ehr/"+id+"/composition", composition(t)).status(http.StatusCreated)
		v1.has("Location", origin+base+"/ehr/"+id+"/composition/"+v1.tag())
		path := "/ehr/" + id + "/composition/"

		only103 := func(res *result, location string) *result {
			t.Helper()
			if !compat {
				location = ""
			}
			return res.has("Location", location)
		}
		here := func(uid string) string { return origin + base + path + uid }
		only103(a.do("GET", path+v1.tag(), nil).status(http.StatusOK), here(v1.tag()))
		v2 := a.do("PUT", path+object(v1.tag()), composition(t), `If-Match: "`+v1.tag()+`"`).status(http.StatusNoContent)
		only103(v2, here(v2.tag()))
		only103(a.do("PUT", path+object(v1.tag()), composition(t), `If-Match: "`+v1.tag()+`"`).status(http.StatusPreconditionFailed), here(v2.tag()))
		only103(a.do("DELETE", path+v1.tag(), nil).status(http.StatusConflict), here(v2.tag()))
		v3 := a.do("DELETE", path+v2.tag(), nil).status(http.StatusNoContent)
		only103(v3, here(v3.tag()))
		only103(a.do("GET", "/ehr/"+id, nil).status(http.StatusOK), origin+base+"/ehr/"+id)
		status := a.do("GET", "/ehr/"+id+"/ehr_status", nil).status(http.StatusOK)
		only103(status, origin+base+"/ehr/"+id+"/ehr_status/"+status.tag())
		for _, prefer := range []string{"minimal", "identifier", "representation"} {
			status = a.do("PUT", "/ehr/"+id+"/ehr_status", status.body, `If-Match: "`+status.tag()+`"`, "Prefer: return="+prefer)
			only103(status, origin+base+"/ehr/"+id+"/ehr_status/"+status.tag())
			status = a.do("GET", "/ehr/"+id+"/ehr_status", nil).status(http.StatusOK)
		}
	}
}

func TestTrap08CommitHeadersOfBothGenerations(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t),
		`openEHR-VERSION.lifecycle_state: code_string="553"`,
		`openEHR-AUDIT_DETAILS.description: value="first draft"`,
		`openEHR-AUDIT_DETAILS.committer: name="Jane Roe", external_ref.id="4711", external_ref.namespace="hr", external_ref.type="PERSON"`)
	a.do("PUT", "/ehr/"+id+"/composition/"+object(v1), composition(t), `If-Match: "`+v1+`"`,
		`openehr-version: lifecycle_state.code_string="532"`,
		`openehr-audit-details: change_type.code_string="250"`,
		`openehr-audit-details: description.value="reviewed",committer.name="John Doe"`).status(http.StatusNoContent)
	a.do("PUT", "/ehr/"+id+"/composition/"+object(v1), composition(t), `If-Match: "`+object(v1)+"::"+systemID+`::2"`).status(http.StatusNoContent)

	type party struct {
		Type string `json:"_type"`
		Name string
		Ref  *struct {
			Namespace, Type string
			ID              struct{ Value string }
		} `json:"external_ref"`
	}
	list := a.versions(id, v1)
	check := func(i, change, lifecycle int, description, committer string) party {
		t.Helper()
		m := list[i]
		if m.Audit.ChangeType != change || m.LifecycleState != lifecycle {
			t.Errorf("version %d: change type %d, lifecycle %d; want %d, %d", i+1, m.Audit.ChangeType, m.LifecycleState, change, lifecycle)
		}
		var d struct{ Value string }
		if m.Audit.Description != nil {
			if err := json.Unmarshal(m.Audit.Description, &d); err != nil {
				t.Fatal(err)
			}
		}
		var p party
		if err := json.Unmarshal(m.Audit.Committer, &p); err != nil {
			t.Fatal(err)
		}
		if d.Value != description || p.Name != committer || p.Type != "PARTY_IDENTIFIED" {
			t.Errorf("version %d: description %q, committer %+v", i+1, d.Value, p)
		}
		return p
	}
	p := check(0, ehr.ChangeCreation, ehr.LifecycleIncomplete, "first draft", "Jane Roe")
	if p.Ref == nil || p.Ref.ID.Value != "4711" || p.Ref.Namespace != "hr" || p.Ref.Type != "PERSON" {
		t.Errorf("committer %+v", p.Ref)
	}
	check(1, ehr.ChangeAmendment, ehr.LifecycleComplete, "reviewed", "John Doe")
	check(2, ehr.ChangeModification, ehr.LifecycleComplete, "", "Dr Actor") // the server's defaults

	a.do("POST", "/ehr/"+id+"/composition", composition(t), `openehr-audit-details: change_type.code_string="251"`).status(http.StatusBadRequest).fault()
	a.do("POST", "/ehr/"+id+"/composition", composition(t), `openehr-audit-details: reviewer="x"`).status(http.StatusBadRequest).fault()
}
