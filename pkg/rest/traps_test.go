package rest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
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

	status := "/ehr/" + id + "/ehr_status?version_at_time="
	a.do("GET", status+"2000-01-01T00:00:00Z", nil).status(http.StatusNotFound)
	a.do("GET", status+at(first), nil).status(http.StatusOK)
	a.do("GET", status+"soon", nil).status(http.StatusBadRequest)
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

func TestTrap09TimeCommittedIsTheServers(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	before := time.Now().Add(-time.Minute)
	id := a.newEHR()
	v1 := a.create(id, composition(t), `openehr-audit-details: time_committed.value="1999-01-01T00:00:00Z"`)
	if got := a.versions(id, v1)[0].Audit.TimeCommitted; got.Before(before) || got.After(time.Now().Add(time.Minute)) {
		t.Errorf("committed at %v", got)
	}
	res := a.do("GET", "/ehr/"+id+"/composition/"+v1, nil).status(http.StatusOK)
	if m, err := http.ParseTime(res.header.Get("Last-Modified")); err != nil || m.Before(before) {
		t.Errorf("Last-Modified %q", res.header.Get("Last-Modified"))
	}
	a.do("POST", "/ehr/"+id+"/composition", composition(t), `openehr-audit-details: system_id="elsewhere"`).status(http.StatusBadRequest).fault()
}

func TestTrap10EveryWriteIsAContribution(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	path := "/ehr/" + id + "/composition/"
	v2 := a.do("PUT", path+object(v1), composition(t), `If-Match: "`+v1+`"`).status(http.StatusNoContent).tag()
	a.do("DELETE", path+v2, nil).status(http.StatusNoContent)
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	a.do("PUT", "/ehr/"+id+"/ehr_status", status.body, `If-Match: "`+status.tag()+`"`).status(http.StatusNoContent)

	const versionsWithout = `select count(*) from version v where not exists (
		select from contribution c where c.ehr_no = v.ehr_no and c.contribution_id = v.contribution_id
		and c.time_committed = v.time_committed and c.committer = v.committer and c.system_id = v.audit_system_id)`
	var contributions, versions, orphans int
	row := a.db.Pool().QueryRow(t.Context(), `select (select count(*) from contribution), (select count(*) from version), (`+versionsWithout+`)`)
	if err := row.Scan(&contributions, &versions, &orphans); err != nil {
		t.Fatal(err)
	}
	// EHR (EHR_STATUS and EHR_ACCESS in one), create, update, delete, EHR_STATUS.
	if contributions != 5 || versions != 6 || orphans != 0 {
		t.Errorf("%d contributions, %d versions, %d versions without their contribution's audit", contributions, versions, orphans)
	}
}

func TestTrap11LogicalDeletionIsAVersion(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	a.do("DELETE", "/ehr/"+id+"/composition/"+v1, nil, `openehr-audit-details: description.value="wrong patient"`).status(http.StatusNoContent)
	list := a.versions(id, v1)
	if len(list) != 2 || list[1].LifecycleState != ehr.LifecycleDeleted || list[1].Audit.ChangeType != ehr.ChangeDeleted ||
		!strings.Contains(string(list[1].Audit.Description), "wrong patient") {
		t.Errorf("%+v", list)
	}
}

func TestTrap12NotModifiableBlocksContentsOnly(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	frozen := strings.Replace(string(status.body), `"is_modifiable":true`, `"is_modifiable":false`, 1)
	next := a.do("PUT", "/ehr/"+id+"/ehr_status", []byte(frozen), `If-Match: "`+status.tag()+`"`).status(http.StatusNoContent).tag()

	path := "/ehr/" + id + "/composition"
	a.do("POST", path, composition(t)).status(http.StatusConflict).fault()
	a.do("PUT", path+"/"+object(v1), composition(t), `If-Match: "`+v1+`"`).status(http.StatusConflict).fault()
	a.do("DELETE", path+"/"+v1, nil).status(http.StatusConflict).fault()
	a.do("GET", path+"/"+v1, nil).status(http.StatusOK)

	a.do("PUT", "/ehr/"+id+"/ehr_status", status.body, `If-Match: "`+next+`"`).status(http.StatusNoContent)
	a.create(id, composition(t))
}

func TestTrap13NotQueryableDoesNotHideFromReads(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	hidden := strings.Replace(string(status.body), `"is_queryable":true`, `"is_queryable":false`, 1)
	a.do("PUT", "/ehr/"+id+"/ehr_status", []byte(hidden), `If-Match: "`+status.tag()+`"`).status(http.StatusNoContent)
	a.do("GET", "/ehr/"+id, nil).status(http.StatusOK)
	a.do("GET", "/ehr/"+id+"/composition/"+v1, nil).status(http.StatusOK)
	// A query that names the EHR reaches the engine with its context.
	a.do("GET", "/query/aql?q="+url.QueryEscape("SELECT c FROM EHR e CONTAINS COMPOSITION c")+"&ehr_id="+id, nil).status(http.StatusOK)
	if got := a.queries.got.EHRID.String(); got != id {
		t.Errorf("the engine was given the context %s", got)
	}
}

func TestTrap14IncompleteRelaxesLowerBounds(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	partial := composition(t, `"composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr Composer"},`, "")
	path := "/ehr/" + id + "/composition"
	if res := a.do("POST", path, partial); res.code != http.StatusBadRequest && res.code != http.StatusUnprocessableEntity {
		t.Fatalf("complete without a composer: %d %s", res.code, res.body)
	}
	a.do("POST", path, partial, `openehr-version: lifecycle_state.code_string="553"`).status(http.StatusCreated)
	// Everything else is still checked.
	strange := composition(t, `"composer"`, `"composers"`)
	if res := a.do("POST", path, strange, `openehr-version: lifecycle_state.code_string="553"`); res.code != http.StatusBadRequest && res.code != http.StatusUnprocessableEntity {
		t.Fatalf("incomplete with an unknown attribute: %d", res.code)
	}
}

func TestTrap15LifecycleTransitionIsAVersion(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t), `openehr-version: lifecycle_state.code_string="553"`)
	same := a.do("GET", "/ehr/"+id+"/composition/"+v1, nil).body
	v2 := a.do("PUT", "/ehr/"+id+"/composition/"+object(v1), same, `If-Match: "`+v1+`"`, `openehr-version: lifecycle_state.code_string="532"`).status(http.StatusNoContent).tag()
	list := a.versions(id, v1)
	if v2 == v1 || len(list) != 2 || list[0].LifecycleState != ehr.LifecycleIncomplete || list[1].LifecycleState != ehr.LifecycleComplete {
		t.Errorf("%+v", list)
	}
}

func TestTrap16TerminologyCodesAreScopedByGroup(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	path := "/ehr/" + a.newEHR() + "/composition"
	for _, line := range []string{
		`openehr-audit-details: change_type.code_string="532"`,   // a lifecycle state
		`openehr-version: lifecycle_state.code_string="249"`,     // a change type
		`openehr-version: lifecycle_state.code_string="433"`,     // a category
		`openehr-version: lifecycle_state.code_string="523"`,     // deleted, but this is no deletion
		`openehr-audit-details: change_type.code_string="523"`,   // the same
		`openehr-audit-details: change_type.code_string="99999"`, // none
	} {
		a.do("POST", path, composition(t), line).status(http.StatusBadRequest).fault()
	}
}

func TestTrap17SecondPersistentComposition(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	const persistent = "Cairn test persistent"
	opt := strings.Replace(string(template(t, persistent)), "<code_list>433</code_list>", "<code_list>431</code_list>", 1)
	a.do("POST", "/definition/template/adl1.4", []byte(opt), "Content-Type: application/xml").status(http.StatusCreated)
	body := composition(t, templateID, persistent, `"value": "event"`, `"value": "persistent"`, `"code_string": "433"`, `"code_string": "431"`)
	a.create(id, body)
	a.create(id, body)

	// Refused if the deployment says so; other templates and categories never.
	strict := a.beside(func(c *ehr.Config) { c.OnePersistent = true })
	id = strict.newEHR()
	path := "/ehr/" + id + "/composition"
	first := strict.create(id, body)
	f := strict.do("POST", path, body).status(http.StatusConflict).fault()
	if !strings.Contains(f.Message, "persistent") {
		t.Errorf("%+v", f)
	}
	strict.create(id, composition(t))
	strict.create(id, composition(t))
	strict.create(strict.newEHR(), body)
	second := strict.do("PUT", path+"/"+object(first), body, `If-Match: "`+first+`"`).status(http.StatusNoContent).tag()
	another := change(codedText("249"), codedText("532"), "", body)
	strict.do("DELETE", path+"/"+second, nil).status(http.StatusNoContent)
	strict.commits(id, "249", another, another).status(http.StatusConflict).fault()
	strict.commits(id, "249", another).status(http.StatusCreated)
	// Whichever revision of the template it was committed with.
	revised := a.beside(func(c *ehr.Config) { c.OnePersistent, c.TemplateUpdates = true, ehr.CompatibleUpdates })
	revised.do("POST", "/definition/template/adl1.4", []byte(strings.Replace(opt, ">Mass<", ">Weight<", 1)), "Content-Type: application/xml").status(http.StatusCreated)
	revised.do("POST", path, body).status(http.StatusConflict).fault()
	// Of many at once one wins.
	id = strict.newEHR()
	var wg sync.WaitGroup
	var created atomic.Int32
	for range 8 {
		wg.Go(func() {
			if strict.do("POST", "/ehr/"+id+"/composition", body).code == http.StatusCreated {
				created.Add(1)
			}
		})
	}
	wg.Wait()
	if n := created.Load(); n != 1 {
		t.Errorf("%d were created", n)
	}
}

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
	a.do("PUT", upper+strings.ToUpper(object(v1)), composition(t), `If-Match: "`+strings.ToUpper(v1)+`"`).status(http.StatusNoContent)
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
	var one map[string]string
	if a.do("GET", path+"/1", nil).status(http.StatusOK).json(&one); one["version"] != "1.1.0" {
		t.Errorf("%v", one)
	}
	a.do("PUT", "/definition/query/Aql", text, "Content-Type: text/plain").status(http.StatusBadRequest).fault()
	a.do("DELETE", path+"/1.0.0", nil).status(http.StatusMethodNotAllowed).fault()
}
