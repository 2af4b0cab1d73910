package rest_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

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

	// Nor does a contribution's body set it; its versions have its time, system and committer.
	const claim = `"time_committed":{"_type":"DV_DATE_TIME","value":"1999-01-01T00:00:00Z"},`
	body := strings.ReplaceAll(string(set("249", change(codedText("249"), codedText("532"), "", composition(t)), change(codedText("249"), codedText("532"), "", folder("root")))),
		`"change_type":`, claim+`"change_type":`)
	uid := a.do("POST", "/ehr/"+id+"/contribution", []byte(body)).status(http.StatusCreated).tag()
	attributes := []string{"time_committed/value", "system_id", "committer/name"}
	want := paths(a.do("GET", "/ehr/"+id+"/contribution/"+uid, nil).status(http.StatusOK).tree("CONTRIBUTION").Get("audit"), attributes...)
	if when, err := time.Parse(time.RFC3339Nano, want[0]); err != nil || when.Before(before) || want[1] != systemID || want[2] != "Dr Set" {
		t.Errorf("the contribution's audit is %v", want)
	}
	committed := a.versionsOf(id, uid)["COMPOSITION"][0]
	if diff := cmp.Diff(want, paths(a.version(id, committed, "ORIGINAL_VERSION").Get("commit_audit"), attributes...)); diff != "" {
		t.Error(diff)
	}
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
	// As a client sees it, made by DELETE or by a contribution without data.
	other := a.create(id, composition(t))
	a.commits(id, "523", change(codedText("523"), codedText("523"), other, nil)).status(http.StatusCreated)
	for _, uid := range []string{v1, other} {
		n := a.version(id, nextOf(uid), "ORIGINAL_VERSION")
		if n.Get("data") != nil {
			t.Errorf("the deletion has data: %s", rm.AppendJSON(nil, n))
		}
		if diff := cmp.Diff([]string{"523", "523", uid}, paths(n, "lifecycle_state/defining_code/code_string", "commit_audit/change_type/defining_code/code_string", "preceding_version_uid/value")); diff != "" {
			t.Error(diff)
		}
		a.do("GET", "/ehr/"+id+"/versioned_composition/"+object(uid)+"/version/"+nextOf(uid), nil, "Accept: application/xml").status(http.StatusOK)
	}
}

func TestTrap12NotModifiableBlocksContentsOnly(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	v1 := a.create(id, composition(t))
	d1 := a.do("POST", "/ehr/"+id+"/directory", folder("root")).status(http.StatusCreated).tag()
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	frozen := strings.Replace(string(status.body), `"is_modifiable":true`, `"is_modifiable":false`, 1)
	next := a.do("PUT", "/ehr/"+id+"/ehr_status", []byte(frozen), `If-Match: "`+status.tag()+`"`).status(http.StatusNoContent).tag()

	path := "/ehr/" + id + "/composition"
	a.do("POST", path, composition(t)).status(http.StatusConflict).fault()
	a.do("PUT", path+"/"+object(v1), composition(t), `If-Match: "`+v1+`"`).status(http.StatusConflict).fault()
	a.do("DELETE", path+"/"+v1, nil).status(http.StatusConflict).fault()
	a.do("GET", path+"/"+v1, nil).status(http.StatusOK)
	dir := "/ehr/" + id + "/directory"
	a.do("POST", dir, folder("other")).status(http.StatusConflict).fault()
	a.do("PUT", dir, folder("other"), `If-Match: "`+d1+`"`).status(http.StatusConflict).fault()
	a.do("DELETE", dir, nil, `If-Match: "`+d1+`"`).status(http.StatusConflict).fault()
	a.do("GET", dir, nil).status(http.StatusOK).has("ETag", `W/"`+d1+`"`)
	for _, c := range []string{
		change(codedText("249"), codedText("532"), "", composition(t)), change(codedText("523"), codedText("523"), v1, nil),
		change(codedText("251"), codedText("532"), d1, folder("other")), attesting(v1, attestation("ATTESTATION", "x", false)),
	} {
		a.commits(id, map[bool]string{true: "666", false: "251"}[strings.Contains(c, "ATTESTATION")], c).status(http.StatusConflict).fault()
	}

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
	// So are those of the template: a container that must have a member.
	empty := composition(t)
	from, to := bytes.Index(empty, []byte(`"content": [`)), bytes.LastIndexByte(empty, ']')
	empty = slices.Concat(empty[:from], []byte(`"content": [`), empty[to:])
	without := composition(t, `"archetype_node_id": "at0001",`, `"archetype_node_id": "at0001" }}], "_x": [{"data": {`)
	without = append(without[:bytes.Index(without, []byte(`, "_x"`))], '}')
	for name, body := range map[string][]byte{"no entry": empty, "no element": without} {
		a.do("POST", path, body).status(http.StatusUnprocessableEntity).fault()
		if res := a.do("POST", path, body, `openehr-version: lifecycle_state.code_string="553"`); res.code != http.StatusCreated {
			t.Errorf("%s: %d %s", name, res.code, res.body)
		}
	}
	// Everything else is still checked.
	for name, body := range map[string][]byte{
		"an unknown attribute": composition(t, `"composer"`, `"composers"`),
		"another unit":         composition(t, `"kg"`, `"m"`),
		"another node":         composition(t, `"at0002"`, `"at0099"`),
		"another class":        composition(t, `{"_type": "DV_QUANTITY", "magnitude": 70.50, "units": "kg"}`, `{"_type": "DV_COUNT", "magnitude": 7}`),
		"a date that is none":  composition(t, "2026-03-01T10:15:00,250+01:00", "2026-02-30T10:15:00"),
	} {
		if res := a.do("POST", path, body, `openehr-version: lifecycle_state.code_string="553"`); res.code != http.StatusBadRequest && res.code != http.StatusUnprocessableEntity {
			t.Errorf("incomplete with %s: %d", name, res.code)
		}
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
	// An attestation is no version but needs a contribution, and stays with its version.
	contributions, versions := a.counts()
	a.commits(id, "666", attesting(v2, attestation("ATTESTATION", "signed", false))).status(http.StatusCreated)
	if c, v := a.counts(); c != contributions+1 || v != versions {
		t.Errorf("an attestation made %d contributions and %d versions", c-contributions, v-versions)
	}
	v3 := a.do("PUT", "/ehr/"+id+"/composition/"+object(v1), same, `If-Match: "`+v2+`"`).status(http.StatusNoContent).tag()
	for uid, want := range map[string]int{v1: 0, v2: 1, v3: 0} {
		if got := len(a.version(id, uid, "ORIGINAL_VERSION").List("attestations")); got != want {
			t.Errorf("%s has %d attestations, want %d", uid, got, want)
		}
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
	// Nor does content take a code of another group: 249 is a change type, 433 a category.
	a.do("POST", path, composition(t, `"code_string": "433"`, `"code_string": "249"`)).status(http.StatusUnprocessableEntity).fault()
	a.do("POST", path, composition(t, `"code_string": "225"`, `"code_string": "433"`)).status(http.StatusUnprocessableEntity).fault()
	null := func(code string) []byte {
		return composition(t, `"value": {"_type": "DV_QUANTITY", "magnitude": 70.50, "units": "kg"}`, `"null_flavour": `+strings.Replace(codedText(code), "?", "unknown", 1))
	}
	// 253 is unknown as a change type and as a null flavour; 532 is a lifecycle state only.
	a.do("POST", path, null("253"), `openehr-audit-details: change_type.code_string="249"`).status(http.StatusCreated)
	a.do("POST", path, null("532")).status(http.StatusUnprocessableEntity).fault()
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
