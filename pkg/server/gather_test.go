package server

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
)

// newSurgeon commits steps of procedures.
func newSurgeon(t testing.TB, o Options) *prescriber {
	t.Helper()
	p := newPrescriber(t, o)
	data, err := os.ReadFile("../../templates/library/Cairn - Procedure report.v1.opt")
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
	for _, entry := range root.List("content") {
		if entry.ArchetypeID() == "openEHR-EHR-ACTION.procedure.v1" {
			p.action = root.With("content", entry)
		}
	}
	return p
}

// step is a composition with an ACTION of a workflow; "" for none.
func (p *prescriber) step(workflow, at, state, name string) string {
	element := rm.Object("ELEMENT", rm.Str("archetype_node_id", "at0002"), rm.Child("name", rm.Text("Procedure name")), rm.Child("value", rm.Text(name)))
	entry := p.action.List("content")[0]
	entry = entry.With("time", rm.Object("DV_DATE_TIME", rm.Str("value", at))).
		With("ism_transition", rm.Object("ISM_TRANSITION", rm.Child("current_state", rm.CodedText(states[state], "openehr", state)))).
		With("description", entry.Get("description").With("items", element))
	if workflow != "" {
		entry = entry.With("workflow_id", rm.Object("OBJECT_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", workflow)), rm.Str("namespace", "engine"), rm.Str("type", "WORKFLOW")))
	}
	return string(rm.AppendJSON(nil, p.action.With("content", entry)))
}

func (p *prescriber) procedures() []*r4.Node {
	p.t.Helper()
	return p.all("Procedure?patient="+p.ehr, "match")
}

// operated compares the only procedure.
func (p *prescriber) operated(what, status, version, performed string) *r4.Node {
	p.t.Helper()
	list := p.procedures()
	if len(list) != 1 {
		p.t.Fatalf("%s: %d procedures", what, len(list))
	}
	n := list[0]
	when := n.Str("performedDateTime")
	if period := n.Get("performedPeriod"); period != nil {
		when = period.Str("start") + "/" + period.Str("end")
	}
	if s, v := n.Str("status"), n.Str("meta", "versionId"); s != status || v != version && version != "" || when != performed {
		p.t.Errorf("%s: %s in version %s, %s; want %s in %s, %s", what, s, v, when, status, version, performed)
	}
	if found := p.all("Procedure?patient="+p.ehr+"&status="+status, "match"); len(found) != 1 {
		p.t.Errorf("%s: a search for %s finds %d", what, status, len(found))
	}
	return n
}

func (p *prescriber) gone(what, id string) {
	p.t.Helper()
	if code, _, _ := send(p.t, "GET", p.base+"Procedure/"+id, ""); code != http.StatusGone {
		p.t.Errorf("%s: %d", what, code)
	}
}

// march is a time on a day.
func march(day int) string { return fmt.Sprintf("2026-03-%02dT10:00:00Z", day) }

// There is one Procedure of a workflow, in which is what all its ACTIONs say, from
// the same moment on, whatever becomes of them.
func TestProcedureOfAWorkflow(t *testing.T) {
	t.Parallel()
	p := newSurgeon(t, testOptions(t))
	flow := uuid.NewString()
	step := func(day int, state string) string { return p.step(flow, march(day), state, "Appendectomy") }

	scheduled := p.commit(step(1, "529"), "")
	id := p.operated("scheduled", "preparation", "1", "").Str("id")
	done := p.commit(step(3, "532"), "")
	if p.operated("done", "completed", "1.1", march(3)).Str("id") != id {
		t.Error("another id")
	}
	begun := p.commit(step(2, "245"), "")
	first := p.operated("begun, which came late", "completed", "1.2", march(2)+"/"+march(3))
	p.commit(step(1, "526"), "")
	if again := p.operated("one more that says nothing new", "completed", "1.2", march(2)+"/"+march(3)); again.Str("meta", "lastUpdated") != first.Str("meta", "lastUpdated") {
		t.Error("nothing has changed, and it is shown as new")
	}
	done = p.commit(step(3, "531"), done)
	p.operated("corrected to an abortion", "stopped", "1.3", march(2)+"/"+march(3))
	late := p.commit(step(4, "532"), "")
	p.operated("completed after it was aborted", "unknown", "1.4", "")
	p.remove(late)
	p.operated("that taken back", "stopped", "1.5", march(2)+"/"+march(3))

	// The history, each version, and where they are from.
	for version, status := range map[string]string{"1": "preparation", "1.1": "completed", "1.2": "completed", "1.3": "stopped", "1.4": "unknown", "1.5": "stopped"} {
		if n := p.get("Procedure/" + id + "/_history/" + version); n.Str("status") != status || !strings.HasSuffix(n.Str("meta", "source"), scheduled) {
			t.Errorf("version %s: %s", version, n.Append(nil))
		}
	}
	if n := len(p.all("Procedure/"+id+"/_history", "")); n != 6 {
		t.Errorf("%d versions in the history", n)
	}
	if n := len(p.all("Provenance?target=Procedure/"+id, "match")); n != 6 {
		t.Errorf("%d Provenances", n)
	}

	// The other doors show each step.
	var seen []string
	for _, row := range rows(t, p.s, `SELECT a/ism_transition/current_state/defining_code/code_string, a/time/value FROM EHR e CONTAINS COMPOSITION c CONTAINS ACTION a
		WHERE e/ehr_id/value = $ehr ORDER BY a/time/value`, p.ehr) {
		seen = append(seen, row[0].(string))
	}
	if len(seen) != 4 || seen[3] != "531" {
		t.Errorf("AQL finds the states %v", seen)
	}
	if raw := string(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+p.ehr+"/composition/"+done, nil)); !strings.Contains(raw, `"code_string":"531"`) {
		t.Error("the composition does not say so")
	}

	// A new version of the composition that it is made of, also one that is not
	// complete, and one of a workflow of its own.
	scheduled = p.commit(step(2, "529"), scheduled)
	p.operated("scheduled again", "stopped", "2", march(2)+"/"+march(3))
	draft := p.commit(step(5, "532"), "", "openehr-version", `lifecycle_state.code_string="553"`)
	p.operated("a draft", "unknown", "2.1", "")
	p.remove(draft)
	p.operated("the draft removed", "stopped", "2.2", march(2)+"/"+march(3))
	scheduled = p.commit(p.step(uuid.NewString(), march(2), "529", "Appendectomy"), scheduled)
	list := p.procedures()
	if len(list) != 2 {
		t.Fatalf("%d procedures of two workflows", len(list))
	}
	for _, n := range list {
		own := n.Str("id") == id
		if want := map[bool]string{true: "preparation", false: "stopped"}[own]; n.Str("status") != want || own && n.Str("meta", "versionId") != "3" {
			t.Errorf("%s", n.Append(nil))
		}
	}
	scheduled = p.commit(step(2, "529"), scheduled)
	p.operated("of the same workflow again", "stopped", "4", march(2)+"/"+march(3))

	// Without the composition that it was made of it is made of another.
	p.remove(scheduled)
	p.gone("its composition is deleted", id)
	other := p.operated("made of the next", "stopped", "", march(2)+"/"+march(3)).Str("id")
	if other == id {
		t.Error("the same id")
	}
	object, _, _ := strings.Cut(done, "::")
	if err := p.s.Service.EraseComposition(t.Context(), sandboxActor, uuid.MustParse(p.ehr), uuid.MustParse(object)); err != nil {
		t.Fatal(err)
	}
	p.idle()
	if code, _, _ := send(t, "GET", p.base+"Procedure/"+other, ""); code != http.StatusNotFound {
		t.Errorf("of what is deleted physically: %d", code)
	}
	p.operated("made of the last but one", "in-progress", "", march(2))
	p.remove(begun)
	p.operated("planned only", "preparation", "", "")
}

// Where it is not certain that ACTIONs are of one procedure, none says that it was
// carried out while another may say that it was not.
func TestProceduresThatStayApart(t *testing.T) {
	t.Parallel()
	p := newSurgeon(t, testOptions(t))
	flow := uuid.NewString()
	p.commit(p.step(flow, march(1), "532", "Appendectomy"), "")
	other := p.commit(p.step(flow, march(2), "531", "Cholecystectomy"), "")
	if list := p.procedures(); len(list) != 2 {
		t.Fatalf("%d procedures with different names", len(list))
	}
	other = p.commit(p.step(flow, march(2), "531", "Appendectomy"), other)
	p.operated("corrected to the same", "unknown", "", "")
	p.commit(p.step("", march(2), "531", "Appendectomy"), other)
	if list := p.procedures(); len(list) != 2 {
		t.Fatalf("%d procedures without a workflow", len(list))
	}
}

// In one contribution, and in several versions of one object within it, all are
// seen together.
func TestProcedureInOneContribution(t *testing.T) {
	t.Parallel()
	p := newSurgeon(t, testOptions(t))
	flow := uuid.NewString()
	change := func(object uuid.UUID, trunk, day int, state string) ehr.Change {
		c := ehr.Change{
			UID:     ehr.VersionUID{Object: object, System: "cairn.test", Trunk: trunk},
			Content: ehr.Content{JSON: []byte(p.step(flow, march(day), state, "Appendectomy"))},
		}
		if trunk > 1 {
			c.Preceding = c.UID
			c.Preceding.Trunk--
		}
		return c
	}
	commit := func(list ...ehr.Change) {
		t.Helper()
		if _, _, err := p.s.Service.CommitContribution(t.Context(), sandboxActor, ehr.CommitContribution{EHRID: uuid.MustParse(p.ehr), Changes: list}); err != nil {
			t.Fatal(err)
		}
	}
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) // as they are numbered
	a, b, c := ids[0], ids[1], ids[2]
	commit(change(a, 1, 1, "529"), change(b, 1, 2, "245"))
	id := p.operated("both at once", "in-progress", "1", march(2)).Str("id")
	commit(change(c, 1, 3, "245"), change(b, 2, 2, "530"), change(c, 2, 3, "532"))
	p.operated("several versions", "completed", "1.1", march(3))
	removal := func(object uuid.UUID, trunk int) ehr.Change {
		return ehr.Change{Preceding: ehr.VersionUID{Object: object, System: "cairn.test", Trunk: trunk}, Audit: ehr.AuditInput{ChangeType: 523}}
	}
	commit(removal(a, 1), change(b, 3, 2, "245"))
	p.gone("its composition is deleted", id)
	p.operated("made of the next, which has changed too", "completed", "", march(2)+"/"+march(3))
}

// Whoever commits beside whom: the Procedure is that of all that is there, and the
// same as if everything were projected anew.
func TestProcedureBesideManySteps(t *testing.T) {
	t.Parallel()
	p := newSurgeon(t, testOptions(t))
	flow := uuid.NewString()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for k := range 5 {
				uid := p.commit(p.step(flow, march(1+k), "245", "Appendectomy"), "")
				switch (k + w) % 3 {
				case 0:
					p.remove(uid)
				case 1:
					p.commit(p.step(flow, march(6+k), "530", "Appendectomy"), uid)
				}
			}
		})
	}
	wg.Go(func() { p.commit(p.step(flow, march(28), "532", "Appendectomy"), "") })
	wg.Wait()
	p.idle()
	if list := p.procedures(); len(list) != 1 || list[0].Str("status") != "completed" {
		t.Errorf("%d procedures, the first %s", len(list), list[0].Append(nil))
	}
	want := projected(t, p.s)
	shipped, err := loadMappings(p.s.log, Projecting{})
	if err != nil {
		t.Fatal(err)
	}
	project(t, p.s, apart{earlier{shipped}}) // as it was before there was one for each workflow
	if list := p.procedures(); len(list) < 2 {
		t.Errorf("%d procedures of before", len(list))
	}
	project(t, p.s, shipped)
	p.idle()
	if diff := cmp.Diff(want, projected(t, p.s)); diff != "" {
		t.Error(diff)
	}
	if _, err := p.s.store.Pool().Exec(t.Context(), `delete from workflow_entry`); err != nil {
		t.Fatal(err)
	}
	project(t, p.s, earlier{shipped})
	project(t, p.s, shipped)
	p.idle()
	if diff := cmp.Diff(want, projected(t, p.s)); diff != "" {
		t.Errorf("what was kept is read anew: %s", diff)
	}
}

// apart gathers nothing.
type apart struct{ p ehr.Projection }

func (a apart) Name() string                                 { return a.p.Name() }
func (a apart) Version() string                              { return a.p.Version() }
func (a apart) Project(in ehr.ProjectionInput) ehr.Projected { return a.p.Project(in) }

// What waits in the queue is heard when its turn comes.
func TestProcedureByQueue(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRProjection = "queue"
	p := newSurgeon(t, o)
	flow := uuid.NewString()
	p.commit(p.step(flow, march(1), "529", "Appendectomy"), "")
	p.idle()
	p.operated("scheduled", "preparation", "1", "")
	p.s.projects.end()
	done := p.commit(p.step(flow, march(2), "532", "Appendectomy"), "")
	p.operated("what waits", "preparation", "1", "")
	if p.lags("Procedure?patient="+p.ehr) == nil {
		t.Error("nobody is told that it waits")
	}
	if err := p.s.projects.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.idle()
	p.operated("what has waited", "completed", "1.1", march(2))
	p.remove(done)
	p.idle()
	p.operated("taken back", "preparation", "1.2", "")
}

// A workflow of more compositions than are read is told to be of an unknown state,
// and as soon as there are fewer it is one again.
func TestProcedureOfTooManySteps(t *testing.T) {
	t.Parallel()
	p := newSurgeon(t, testOptions(t))
	flow := uuid.NewString()
	changes := make([]ehr.Change, 51)
	for i := range changes {
		changes[i].Content = ehr.Content{JSON: []byte(p.step(flow, march(1), "245", "Haemodialysis"))}
	}
	if _, _, err := p.s.Service.CommitContribution(t.Context(), sandboxActor, ehr.CommitContribution{EHRID: uuid.MustParse(p.ehr), Changes: changes}); err != nil {
		t.Fatal(err)
	}
	p.operated("as many as are read", "in-progress", "1", march(1))
	last := p.commit(p.step(flow, march(2), "532", "Haemodialysis"), "")
	list := p.procedures()
	for _, n := range list {
		if n.Str("status") != "unknown" {
			t.Fatalf("%s", n.Append(nil))
		}
	}
	if len(list) != 52 {
		t.Errorf("%d procedures of one too many", len(list))
	}
	p.remove(last)
	p.operated("as many as before", "in-progress", "1.2", march(1))
}

// What has labels of its own by template is made by other rules, which whoever
// projects again has to know.
func TestProceduresUnderLabels(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRSecurityOf = map[string]string{"Cairn - Discharge summary.v1": "R"}
	p := newSurgeon(t, o)
	flow := uuid.NewString()
	p.commit(p.step(flow, march(1), "532", "Appendectomy"), "")
	p.operated("completed", "completed", "1", march(1))

	// The same ACTION in a discharge summary.
	data, err := os.ReadFile("../../templates/library/Cairn - Discharge summary.v1.opt")
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
	aborted, problems := rm.DecodeJSON([]byte(p.step(flow, march(2), "531", "Appendectomy")), rm.ClassComposition, rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatal(problems)
	}
	content, found := slices.Clone(root.List("content")), false
	for i, section := range content {
		if section.Class.Name != "SECTION" {
			continue
		}
		if list := section.List("items"); len(list) > 0 && list[0].ArchetypeID() == "openEHR-EHR-ACTION.procedure.v1" {
			content[i], found = section.With("items", aborted.List("content")[0]), true
		}
	}
	if !found {
		t.Fatal("a discharge summary has no procedure")
	}
	uid := p.commit(string(rm.AppendJSON(nil, root.With("content", content...))), "")
	states := map[string]string{}
	for _, n := range p.procedures() {
		label := ""
		if list := n.Get("meta").List("security"); len(list) > 0 {
			label = list[0].Str("code")
		}
		states[label] = n.Str("status")
	}
	if diff := cmp.Diff(map[string]string{"": "unknown", "R": "unknown"}, states); diff != "" {
		t.Error(diff)
	}

	m := Maintainer{p.s.store}
	none := func(ProjectionState) {}
	if err := m.Reproject(t.Context(), false, Projecting{}, none, nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("projected again without the labels: %v", err)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		err := m.Reproject(t.Context(), true, o.Projecting, none, func(uid string, err error) { t.Error(uid, err) })
		if err == nil {
			break
		}
		if !errs.Is(err, errs.Conflict) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if list := p.procedures(); len(list) != 2 || list[0].Str("meta", "versionId") == "" {
		t.Errorf("%d procedures", len(list))
	}
	p.remove(uid)
	p.operated("the summary removed", "completed", "", march(1))
}
