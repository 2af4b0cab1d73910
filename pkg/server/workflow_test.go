package server

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
)

// prescriber commits orders and ACTIONs about them over the openEHR API, and
// looks at what partners see.
type prescriber struct {
	*partner
	ehr            string
	order, action  *rm.Node // compositions with one entry each
	medicationPath string
}

// newPrescriber has an EHR of a server that has no sandbox.
func newPrescriber(t testing.TB, o Options) *prescriber {
	t.Helper()
	s := runningWith(t, o, 5, 0)
	if err := s.LoadTemplates(t.Context()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../../templates/library/Cairn - Medication orders.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := example.Instance(tmpl, example.Options{Detail: example.Medium, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	p := &prescriber{partner: &partner{t, s, s.Origin() + "/fhir/r4/"}, medicationPath: "/content[openEHR-EHR-INSTRUCTION.medication_order.v3]"}
	for _, entry := range root.List("content") {
		switch entry.ArchetypeID() {
		case "openEHR-EHR-INSTRUCTION.medication_order.v3":
			p.order = root.With("content", entry)
		case "openEHR-EHR-ACTION.medication.v1":
			p.action = root.With("content", entry)
		}
	}
	p.ehr = p.newEHR()
	return p
}

func (p *prescriber) newEHR() string {
	p.t.Helper()
	id := uuid.NewString()
	if code, _, body := send(p.t, "PUT", p.s.Origin()+"/openehr/v1/ehr/"+id, ""); code >= 300 {
		p.t.Fatalf("%d %s", code, body)
	}
	return id
}

var states = map[string]string{"526": "planned", "527": "postponed", "528": "cancelled", "529": "scheduled", "245": "active", "530": "suspended", "531": "aborted", "532": "completed", "533": "expired"}

// said is a composition with an ACTION about an order.
func (p *prescriber) said(order, at, state string) string {
	object, _, _ := strings.Cut(order, "::")
	details := rm.Object("INSTRUCTION_DETAILS",
		rm.Child("instruction_id", rm.Object("LOCATABLE_REF",
			rm.Child("id", rm.ID("HIER_OBJECT_ID", object)), rm.Str("namespace", "local"), rm.Str("type", "INSTRUCTION"), rm.Str("path", p.medicationPath))),
		rm.Str("activity_id", "activities[at0001]"))
	entry := p.action.List("content")[0].
		With("time", rm.Object("DV_DATE_TIME", rm.Str("value", at))).
		With("ism_transition", rm.Object("ISM_TRANSITION", rm.Child("current_state", rm.CodedText(states[state], "openehr", state)))).
		With("instruction_details", details)
	return string(rm.AppendJSON(nil, p.action.With("content", entry)))
}

// commit creates a composition, or a version after one, and gives its uid.
func (p *prescriber) commit(body, after string, header ...string) string {
	p.t.Helper()
	method, path := "POST", p.s.Origin()+"/openehr/v1/ehr/"+p.ehr+"/composition"
	header = append(header, "Content-Type", "application/json")
	if after != "" {
		object, _, _ := strings.Cut(after, "::")
		method, path, header = "PUT", path+"/"+object, append(header, "If-Match", `"`+after+`"`)
	}
	code, answered, answer := send(p.t, method, path, body, header...)
	if code >= 300 {
		p.t.Fatalf("%d %s", code, answer)
	}
	return strings.Trim(strings.TrimPrefix(answered.Get("ETag"), "W/"), `"`)
}

func (p *prescriber) remove(uid string) {
	p.t.Helper()
	if code, _, answer := send(p.t, "DELETE", p.s.Origin()+"/openehr/v1/ehr/"+p.ehr+"/composition/"+uid, ""); code >= 300 {
		p.t.Fatalf("%d %s", code, answer)
	}
}

func (p *prescriber) orders() []*r4.Node {
	p.t.Helper()
	return p.all("MedicationRequest?patient="+p.ehr, "match")
}

// is compares the status and version of the only order.
func (p *prescriber) is(what, status, version string) *r4.Node {
	p.t.Helper()
	list := p.orders()
	if len(list) != 1 {
		p.t.Fatalf("%s: %d orders", what, len(list))
	}
	if s, v := list[0].Str("status"), list[0].Str("meta", "versionId"); s != status || v != version && version != "" {
		p.t.Errorf("%s: %s in version %s, want %s in %s", what, s, v, status, version)
	}
	if found := p.all("MedicationRequest?patient="+p.ehr+"&status="+status, "match"); len(found) != 1 {
		p.t.Errorf("%s: a search for %s finds %d", what, status, len(found))
	}
	return list[0]
}

// idle waits until nothing waits to be projected.
func (p *prescriber) idle() {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		st, err := p.s.store.ProjectionState(p.t.Context())
		if err != nil || time.Now().After(deadline) {
			p.t.Fatalf("%+v, %v", st, err)
		}
		if st.Queued == 0 && !st.Pending {
			return
		}
	}
}

// The status of an order is that of what is committed about it, from the same
// moment on, whatever becomes of that.
func TestOrderFollowsItsActions(t *testing.T) {
	t.Parallel()
	p := newPrescriber(t, testOptions(t))
	order := p.commit(string(rm.AppendJSON(nil, p.order)), "")
	p.is("an order alone", "unknown", "1")
	p.commit(p.said(uuid.NewString(), "2026-03-01T09:00:00Z", "245"), "")
	p.is("an action of another order", "unknown", "1")

	begun := p.commit(p.said(order, "2026-03-01T10:00:00Z", "245"), "")
	p.is("begun", "active", "1.1")
	paused := p.commit(p.said(order, "2026-03-03T10:00:00Z", "530"), "")
	first := p.is("paused", "on-hold", "1.2")
	p.commit(p.said(order, "2026-03-02T10:00:00Z", "245"), "")
	if again := p.is("an earlier action that came late", "on-hold", "1.2"); again.Str("meta", "lastUpdated") != first.Str("meta", "lastUpdated") {
		t.Error("nothing has changed, and it is shown as new")
	}
	stopped := p.commit(p.said(order, "2026-03-03T10:00:00Z", "531"), paused)
	p.is("corrected to a stop", "stopped", "1.3")

	// The other doors.
	var last string
	for _, row := range rows(t, p.s, `SELECT a/ism_transition/current_state/defining_code/code_string, a/time/value FROM EHR e CONTAINS COMPOSITION c CONTAINS ACTION a
		WHERE e/ehr_id/value = $ehr AND a/instruction_details/instruction_id/id/value = '`+strings.Split(order, "::")[0]+`' ORDER BY a/time/value DESC`, p.ehr) {
		last = row[0].(string)
		break
	}
	if last != "531" {
		t.Errorf("AQL finds the state %q last", last)
	}
	if raw := string(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+p.ehr+"/composition/"+stopped, nil)); !strings.Contains(raw, `"code_string":"531"`) {
		t.Error("the composition does not say so")
	}

	p.remove(stopped)
	p.is("the stop taken back", "active", "1.4")
	id := "MedicationRequest/" + first.Str("id")
	for version, status := range map[string]string{"1": "unknown", "1.1": "active", "1.2": "on-hold", "1.3": "stopped", "1.4": "active"} {
		if n := p.get(id + "/_history/" + version); n.Str("status") != status {
			t.Errorf("version %s is %s", version, n.Str("status"))
		}
	}
	if n := len(p.all(id+"/_history", "")); n != 5 {
		t.Errorf("%d versions in the history", n)
	}

	// A new version of the order knows what became of it.
	order = p.commit(string(rm.AppendJSON(nil, p.order.With("content", p.order.List("content")[0].With("narrative", rm.Text("Changed"))))), order)
	p.is("a new version of the order", "active", "2")
	draft := p.commit(p.said(order, "2026-03-05T10:00:00Z", "531"), "", "openehr-version", `lifecycle_state.code_string="553"`)
	p.is("a stop that is a draft", "unknown", "2.1")
	p.commit(p.said(order, "2026-03-05T10:00:00Z", "530"), draft, "openehr-version", `lifecycle_state.code_string="532"`)
	p.is("the draft completed", "on-hold", "2.2")

	// Of what is deleted physically nothing stays.
	object, _, _ := strings.Cut(draft, "::")
	if err := p.s.Service.EraseComposition(t.Context(), sandboxActor, uuid.MustParse(p.ehr), uuid.MustParse(object)); err != nil {
		t.Fatal(err)
	}
	p.idle()
	p.is("the pause erased", "active", "2.3")
	if found := keptOf(t, p.s); strings.Contains(found, object) {
		t.Errorf("kept of what is erased: %s", found)
	}

	p.remove(order)
	if code, _, _ := send(t, "GET", p.base+id, ""); code != http.StatusGone {
		t.Errorf("the order is deleted: %d", code)
	}
	p.remove(begun)
	if code, _, _ := send(t, "GET", p.base+id, ""); code != http.StatusGone || len(p.orders()) != 0 {
		t.Errorf("an action brought it back: %d", code)
	}
}

// keptOf is all that is kept of workflows.
func keptOf(t *testing.T, s *Server) string {
	t.Helper()
	var text string
	if err := s.store.Pool().QueryRow(t.Context(), `
		select coalesce(string_agg(concat_ws(' ', ehr_no, vo_no, object_id, entry_no, target, workflow, action), E'\n' order by ehr_no, vo_no, entry_no), '')
		from workflow_entry`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// In one contribution an order and what is said about it are seen together.
func TestOrderAndActionInOneContribution(t *testing.T) {
	t.Parallel()
	p := newPrescriber(t, testOptions(t))
	order := uuid.NewString() + "::cairn.test::1"
	body := fmt.Sprintf(`{"_type":"CONTRIBUTION","audit":{"change_type":{"_type":"DV_CODED_TEXT","value":"creation","defining_code":{"terminology_id":{"value":"openehr"},"code_string":"249"}},
		"committer":{"_type":"PARTY_IDENTIFIED","name":"x"}},"versions":[%s,%s]}`,
		versionOf(p.said(order, "2026-03-01T10:00:00Z", "245"), ""), versionOf(string(rm.AppendJSON(nil, p.order)), order))
	code, _, answer := send(t, "POST", p.s.Origin()+"/openehr/v1/ehr/"+p.ehr+"/contribution", body, "Content-Type", "application/json")
	if code != http.StatusCreated {
		t.Fatalf("%d %s", code, answer)
	}
	p.is("both at once", "active", "1")
}

func versionOf(data, uid string) string {
	if uid != "" {
		uid = `"uid":{"_type":"OBJECT_VERSION_ID","value":"` + uid + `"},`
	}
	return `{"_type":"ORIGINAL_VERSION",` + uid + `"commit_audit":{"change_type":{"_type":"DV_CODED_TEXT","value":"creation","defining_code":{"terminology_id":{"value":"openehr"},"code_string":"249"}},
		"committer":{"_type":"PARTY_IDENTIFIED","name":"x"}},"lifecycle_state":{"_type":"DV_CODED_TEXT","value":"complete","defining_code":{"terminology_id":{"value":"openehr"},"code_string":"532"}},"data":` + data + `}`
}

// An ACTION that is committed before its order, whose id the client chose, is
// heard when the order comes.
func TestActionBeforeItsOrder(t *testing.T) {
	t.Parallel()
	p := newPrescriber(t, testOptions(t))
	order := uuid.NewString() + "::cairn.test::1"
	p.commit(p.said(order, "2026-03-01T10:00:00Z", "532"), "")
	body := fmt.Sprintf(`{"_type":"CONTRIBUTION","audit":{"change_type":{"_type":"DV_CODED_TEXT","value":"creation","defining_code":{"terminology_id":{"value":"openehr"},"code_string":"249"}},
		"committer":{"_type":"PARTY_IDENTIFIED","name":"x"}},"versions":[%s]}`, versionOf(string(rm.AppendJSON(nil, p.order)), order))
	code, _, answer := send(t, "POST", p.s.Origin()+"/openehr/v1/ehr/"+p.ehr+"/contribution", body, "Content-Type", "application/json")
	if code != http.StatusCreated {
		t.Fatalf("%d %s", code, answer)
	}
	p.is("the order after its action", "completed", "1")
}

// Whoever commits beside whom: the status is that of all that is there, and the
// same as if everything were projected anew.
func TestOrderBesideManyActions(t *testing.T) {
	t.Parallel()
	p := newPrescriber(t, testOptions(t))
	order := p.commit(string(rm.AppendJSON(nil, p.order)), "")
	latest := order
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for k := range 6 {
				// The last of all is the one of day 28, which stays.
				uid := p.commit(p.said(order, fmt.Sprintf("2026-03-%02dT10:00:0%dZ", 1+k, w), "245"), "")
				switch k % 3 {
				case 0:
					p.remove(uid)
				case 1:
					p.commit(p.said(order, fmt.Sprintf("2026-03-%02dT11:00:0%dZ", 1+k, w), "530"), uid)
				}
			}
		})
	}
	wg.Go(func() {
		for n := range 5 {
			latest = p.commit(string(rm.AppendJSON(nil, p.order.With("content", p.order.List("content")[0].With("narrative", rm.Text(fmt.Sprint("Change ", n)))))), latest)
		}
	})
	wg.Go(func() { p.commit(p.said(order, "2026-03-28T10:00:00Z", "532"), "") })
	wg.Wait()
	p.idle()
	p.is("after all", "completed", "")
	want, kept := projected(t, p.s), keptOf(t, p.s)

	// As if nothing had been kept, by other rules and back.
	if _, err := p.s.store.Pool().Exec(t.Context(), `delete from workflow_entry`); err != nil {
		t.Fatal(err)
	}
	shipped, err := loadMappings(p.s.log, Projecting{})
	if err != nil {
		t.Fatal(err)
	}
	project(t, p.s, earlier{shipped})
	project(t, p.s, shipped)
	p.idle()
	if diff := cmp.Diff(kept, keptOf(t, p.s)); diff != "" {
		t.Errorf("what is kept: %s", diff)
	}
	if diff := cmp.Diff(want, projected(t, p.s)); diff != "" {
		t.Error(diff)
	}
}

// What waits in the queue is heard when its turn comes, and what does not wait
// hears at once what is said by what does.
func TestOrderByQueue(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRProjection = "queue"
	p := newPrescriber(t, o)
	order := p.commit(string(rm.AppendJSON(nil, p.order)), "")
	p.idle()
	p.is("projected", "unknown", "1")
	begun := p.commit(p.said(order, "2026-03-01T10:00:00Z", "245"), "")
	p.idle()
	p.is("begun", "active", "1.1")

	// Nobody works for a while: an order and what stops it wait together.
	p.s.projects.end()
	p.commit(p.said(order, "2026-03-02T10:00:00Z", "531"), "")
	p.is("a stop that waits", "active", "1.1")
	if p.lags("MedicationRequest?patient="+p.ehr) == nil {
		t.Error("nobody is told that the stop waits")
	}
	p.remove(begun)
	second := *p
	second.ehr = p.newEHR()
	another := second.commit(string(rm.AppendJSON(nil, p.order)), "")
	second.commit(second.said(another, "2026-03-01T10:00:00Z", "531"), "")
	if err := p.s.projects.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.idle()
	p.is("a stop that waited", "stopped", "1.2")
	second.is("an order that waited with its stop", "stopped", "1")
}

// What is stored already is kept by the migration as a commit keeps it.
func TestWorkflowsOfBefore(t *testing.T) {
	t.Parallel()
	p := newPrescriber(t, testOptions(t))
	order := p.commit(string(rm.AppendJSON(nil, p.order)), "")
	p.commit(p.said(order, "2026-03-01T10:00:00Z", "245"), "")
	p.remove(p.commit(p.said(order, "2026-03-02T10:00:00Z", "531"), ""))
	p.commit(p.said(order, "2026-03-03T10:00:00Z", "530"), "", "openehr-version", `lifecycle_state.code_string="553"`)
	flow := rm.Object("OBJECT_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", uuid.NewString())), rm.Str("namespace", "engine"), rm.Str("type", "WORKFLOW"))
	for _, root := range []*rm.Node{p.order, p.action} {
		both := append([]*rm.Node{}, root.List("content")[0].With("workflow_id", flow))
		p.commit(string(rm.AppendJSON(nil, root.With("content", both...))), "")
	}
	want := keptOf(t, p.s)
	if n := strings.Count(want, "\n"); n != 3 {
		t.Fatalf("kept: %s", want)
	}
	text, err := os.ReadFile("../../migrations/0037_workflow.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	insert := regexp.MustCompile(`(?s)insert into workflow_entry.*`).FindString(string(text))
	if _, err := p.s.store.Pool().Exec(t.Context(), `delete from workflow_entry`); err != nil {
		t.Fatal(err)
	}
	if _, err := p.s.store.Pool().Exec(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, keptOf(t, p.s)); diff != "" {
		t.Error(diff)
	}
}

// A request that is carried out once changes the order once, in its transaction.
func TestOrderAndRequestsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	p := newPrescriber(t, testOptions(t))
	order := p.commit(string(rm.AppendJSON(nil, p.order)), "")
	key := []string{"Idempotency-Key", uuid.NewString()}
	first := p.commit(p.said(order, "2026-03-01T10:00:00Z", "245"), "", key...)
	again := p.commit(p.said(order, "2026-03-01T10:00:00Z", "245"), "", key...)
	if first != again {
		t.Errorf("%s and then %s", first, again)
	}
	p.is("said twice", "active", "1.1")
	// What replaces it is of no workflow, which is found out within the transaction.
	plain := p.action.With("content", p.action.List("content")[0].With("instruction_details"))
	body := strings.NewReplacer(`"uid":{"_type":"OBJECT_VERSION_ID","value":"`, `"preceding_version_uid":{"_type":"OBJECT_VERSION_ID","value":"`, `"249"`, `"251"`, "creation", "modification").
		Replace(versionOf("%", first))
	body = `{"_type":"CONTRIBUTION","audit":{"change_type":{"_type":"DV_CODED_TEXT","value":"modification","defining_code":{"terminology_id":{"value":"openehr"},"code_string":"251"}},
		"committer":{"_type":"PARTY_IDENTIFIED","name":"x"}},"versions":[` + strings.Replace(body, "%", string(rm.AppendJSON(nil, plain)), 1) + `]}`
	key[1] = uuid.NewString()
	for range 2 {
		code, _, answer := send(t, "POST", p.s.Origin()+"/openehr/v1/ehr/"+p.ehr+"/contribution", body, append(key, "Content-Type", "application/json")...)
		if code != http.StatusCreated {
			t.Fatalf("%d %s", code, answer)
		}
	}
	p.is("taken back", "unknown", "1.2")
	if kept := keptOf(t, p.s); kept != "" {
		t.Errorf("kept: %s", kept)
	}
}

// Whoever has subscribed is told of an order when an ACTION changes it.
func TestSubscribersHearOfActions(t *testing.T) {
	t.Parallel()
	p := newPrescriber(t, testOptions(t))
	order := p.commit(string(rm.AppendJSON(nil, p.order)), "")
	status, sub := p.do("POST", "Subscription", "application/fhir+json", `{"resourceType":"Subscription","status":"requested","reason":"x",
		"criteria":"https://github.com/cairn-ehr/cairn/SubscriptionTopic/MedicationRequest",
		"_criteria":{"extension":[{"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria","valueString":"MedicationRequest?patient=`+p.ehr+`&status=stopped"}]},
		"channel":{"type":"websocket","payload":"application/fhir+json","_payload":{"extension":[{"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content","valueCode":"id-only"}]}}}`)
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, sub.Append(nil))
	}
	p.commit(p.said(order, "2026-03-01T10:00:00Z", "245"), "")
	p.commit(p.said(order, "2026-03-02T10:00:00Z", "531"), "")
	id := p.is("stopped", "stopped", "1.2").Str("id")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		text := string(p.get("Subscription/" + sub.Str("id") + "/$events?eventsSinceNumber=1").Append(nil))
		if strings.Contains(text, "MedicationRequest/"+id) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody was told: %s", text)
		}
	}
}
