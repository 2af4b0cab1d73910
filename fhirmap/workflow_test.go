package fhirmap_test

import (
	"os"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// orders is the composition of a test case with more of its order: the same one
// again under other names, and further activities.
func orders(t *testing.T, names, activities []string) *rm.Node {
	t.Helper()
	in, err := casetest.Read(os.DirFS("testdata/cases/medication_orders"))
	if err != nil {
		t.Fatal(err)
	}
	order := in.Root.List("content")[0]
	var acts []*rm.Node
	for _, a := range activities {
		acts = append(acts, order.List("activities")[0].With("name", rm.Text(a)))
	}
	var all []*rm.Node
	for _, n := range names {
		all = append(all, order.With("name", rm.Text(n)).With("activities", acts...))
	}
	return in.Root.With("content", all...)
}

const (
	orderPath    = "/content[openEHR-EHR-INSTRUCTION.medication_order.v3]"
	medicationV1 = "openEHR-EHR-ACTION.medication.v1"
)

// stepOf is an ACTION that refers to the only order of a composition.
func stepOf(time, state string) fhirmap.WorkflowAction {
	return fhirmap.WorkflowAction{
		Lifecycle: lifecycleComplete, Archetype: medicationV1, State: state, Time: time,
		Object: casetest.Object, Path: orderPath, Activity: "activities[at0001]",
	}
}

func with(a fhirmap.WorkflowAction, change func(*fhirmap.WorkflowAction)) fhirmap.WorkflowAction {
	change(&a)
	return a
}

// statuses projects and gives the status of each MedicationRequest and the codes
// of the losses that are of workflows.
func statuses(t *testing.T, root *rm.Node, list []fhirmap.WorkflowAction) (status, losses string) {
	t.Helper()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	res, err := lib.Project(fhirmap.Input{
		Root: root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, VersionUID: casetest.Object + "::" + casetest.System + "::2",
		Lifecycle: lifecycleComplete, Workflow: list,
	})
	if err != nil {
		t.Fatal(err)
	}
	var s, l []string
	for _, r := range res.Resources {
		n, err := r4.Parse(r.JSON)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, n.Str("status"))
	}
	for _, loss := range res.Losses {
		if strings.HasPrefix(loss.Code, "workflow-") || loss.Code == "declared" && strings.Contains(loss.Message, "that planned") || strings.Contains(loss.Message, "that expired") {
			l = append(l, loss.Code)
		}
	}
	return strings.Join(s, " "), strings.Join(l, " ")
}

func TestOrderStatus(t *testing.T) {
	t.Parallel()
	one := func(t *testing.T) *rm.Node { return orders(t, []string{"Order"}, []string{"Order"}) }
	const day1, day2, day3 = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"
	tests := []struct {
		name         string
		list         []fhirmap.WorkflowAction
		status, loss string
	}{
		{"nothing is known", nil, "unknown", ""},
		{"initial", []fhirmap.WorkflowAction{stepOf(day1, "524")}, "draft", ""},
		{"planned, which may be before or after authorisation", []fhirmap.WorkflowAction{stepOf(day1, "526")}, "unknown", "declared"},
		{"recommended", []fhirmap.WorkflowAction{with(stepOf(day1, "526"), func(a *fhirmap.WorkflowAction) { a.Step = "at0109" })}, "draft", ""},
		{"awaiting authorisation", []fhirmap.WorkflowAction{with(stepOf(day1, "526"), func(a *fhirmap.WorkflowAction) { a.Step = "at0145" })}, "draft", ""},
		{"the code of a step of another archetype", []fhirmap.WorkflowAction{with(stepOf(day1, "526"), func(a *fhirmap.WorkflowAction) {
			a.Step, a.Archetype = "at0145", "openEHR-EHR-ACTION.medication_supply.v0"
		})}, "unknown", ""},
		{"postponed", []fhirmap.WorkflowAction{stepOf(day1, "527")}, "on-hold", ""},
		{"cancelled", []fhirmap.WorkflowAction{stepOf(day1, "528")}, "cancelled", ""},
		{"scheduled", []fhirmap.WorkflowAction{stepOf(day1, "529")}, "active", ""},
		{"active", []fhirmap.WorkflowAction{stepOf(day1, "245")}, "active", ""},
		{"suspended", []fhirmap.WorkflowAction{stepOf(day1, "530")}, "on-hold", ""},
		{"aborted", []fhirmap.WorkflowAction{stepOf(day1, "531")}, "stopped", ""},
		{"completed", []fhirmap.WorkflowAction{stepOf(day1, "532")}, "completed", ""},
		{"expired", []fhirmap.WorkflowAction{stepOf(day1, "533")}, "unknown", "declared"},
		{"no state of openEHR", []fhirmap.WorkflowAction{stepOf(day1, "")}, "unknown", "workflow-state"},

		{"the latest, in whichever order they are given", []fhirmap.WorkflowAction{stepOf(day3, "531"), stepOf(day1, "245"), stepOf(day2, "530")}, "stopped", ""},
		{"resumed", []fhirmap.WorkflowAction{stepOf(day1, "245"), stepOf(day2, "530"), stepOf(day3, "245")}, "active", ""},
		{"at one time and alike", []fhirmap.WorkflowAction{stepOf(day1, "245"), with(stepOf(day1, "245"), func(a *fhirmap.WorkflowAction) { a.Step = "at0003" })}, "active", ""},
		{"at one time and planned in two ways", []fhirmap.WorkflowAction{
			with(stepOf(day1, "526"), func(a *fhirmap.WorkflowAction) { a.Step = "at0109" }), with(stepOf(day1, "526"), func(a *fhirmap.WorkflowAction) { a.Step = "at0145" }),
		}, "unknown", "declared"},
		{"at one time and different", []fhirmap.WorkflowAction{stepOf(day1, "245"), stepOf(day1, "531")}, "unknown", "workflow-time"},
		{"a day that holds the other", []fhirmap.WorkflowAction{stepOf("2026-03-01", "245"), stepOf("2026-03-01T10:00:00Z", "531")}, "unknown", "workflow-time"},
		{"a day after it", []fhirmap.WorkflowAction{stepOf("2026-03-01T10:00:00Z", "245"), stepOf("2026-03-02", "531")}, "unknown", "workflow-time"},
		{"two days after it", []fhirmap.WorkflowAction{stepOf("2026-03-01T10:00:00Z", "245"), stepOf("2026-03-03", "531")}, "stopped", ""},
		{"a time without an offset within half a day", []fhirmap.WorkflowAction{stepOf("2026-03-01T10:00:00Z", "245"), stepOf("2026-03-01T20:00:00", "531")}, "unknown", "workflow-time"},
		{"a time without an offset, later anywhere", []fhirmap.WorkflowAction{stepOf("2026-03-01T10:00:00Z", "245"), stepOf("2026-03-02T00:00:01", "531")}, "stopped", ""},
		{"a time without an offset, earlier anywhere", []fhirmap.WorkflowAction{stepOf("2026-03-01T22:00:01Z", "531"), stepOf("2026-03-01T10:00:00", "245")}, "stopped", ""},
		{"two times without an offset", []fhirmap.WorkflowAction{stepOf("2026-03-01T10:00:00", "245"), stepOf("2026-03-01T10:00:01", "531")}, "stopped", ""},
		{"offsets", []fhirmap.WorkflowAction{stepOf("2026-03-01T10:00:00+02:00", "245"), stepOf("2026-03-01T09:00:00Z", "531")}, "stopped", ""},
		{"no time", []fhirmap.WorkflowAction{stepOf("", "245")}, "unknown", "workflow-time"},

		{"after its end", []fhirmap.WorkflowAction{stepOf(day1, "531"), stepOf(day2, "245")}, "unknown", "workflow-contradiction"},
		{"two ends", []fhirmap.WorkflowAction{stepOf(day1, "531"), stepOf(day2, "532")}, "unknown", "workflow-contradiction"},
		{"an end told twice", []fhirmap.WorkflowAction{stepOf(day1, "531"), stepOf(day2, "531")}, "stopped", ""},
		{"active between two ends", []fhirmap.WorkflowAction{stepOf(day1, "531"), stepOf(day2, "245"), stepOf(day3, "531")}, "unknown", "workflow-contradiction"},
		{"completed after it had expired", []fhirmap.WorkflowAction{stepOf(day1, "533"), stepOf(day2, "532")}, "completed", ""},
		{"active after it had expired", []fhirmap.WorkflowAction{stepOf(day1, "533"), stepOf(day2, "245")}, "unknown", "workflow-contradiction"},

		{"a draft, even of long ago", []fhirmap.WorkflowAction{with(stepOf(day1, "245"), func(a *fhirmap.WorkflowAction) { a.Lifecycle = "553" }), stepOf(day2, "531")}, "unknown", "workflow-incomplete"},
		{"of another composition", []fhirmap.WorkflowAction{stepOf(day1, "245"), with(stepOf(day2, "531"), func(a *fhirmap.WorkflowAction) { a.Object = testEHR })}, "active", ""},
		{"a path that leads nowhere", []fhirmap.WorkflowAction{stepOf(day1, "245"), with(stepOf(day2, "531"), func(a *fhirmap.WorkflowAction) { a.Path = "/content[openEHR-EHR-INSTRUCTION.gone.v1]" })}, "unknown", "workflow-reference"},
		{"a path that is none", []fhirmap.WorkflowAction{with(stepOf(day2, "245"), func(a *fhirmap.WorkflowAction) { a.Path = "/content[" })}, "unknown", "workflow-reference"},
		{"a path to something else", []fhirmap.WorkflowAction{with(stepOf(day2, "245"), func(a *fhirmap.WorkflowAction) { a.Path = orderPath + "/activities[at0001]" })}, "unknown", "workflow-reference"},
		{"an activity that is not there", []fhirmap.WorkflowAction{with(stepOf(day2, "245"), func(a *fhirmap.WorkflowAction) { a.Activity = "activities[at0099]" })}, "unknown", "workflow-reference"},
		{"the path with names", []fhirmap.WorkflowAction{with(stepOf(day2, "245"), func(a *fhirmap.WorkflowAction) {
			a.Path, a.Activity = orderPath[:len(orderPath)-1]+" and name/value='Order']", "/activities[at0001, 'Order']"
		})}, "active", ""},
		{"a position in this version", []fhirmap.WorkflowAction{with(stepOf(day2, "245"), func(a *fhirmap.WorkflowAction) {
			a.Path, a.Version = "/content[0]", casetest.Object+"::"+casetest.System+"::2"
		})}, "active", ""},
		{"a position in another version", []fhirmap.WorkflowAction{with(stepOf(day2, "245"), func(a *fhirmap.WorkflowAction) {
			a.Path, a.Version = "/content[0]", casetest.Object+"::"+casetest.System+"::1"
		})}, "unknown", "workflow-reference"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, loss := statuses(t, one(t), tt.list)
			if status != tt.status || loss != tt.loss && tt.loss != "" || tt.loss == "" && strings.HasPrefix(loss, "workflow") {
				t.Errorf("%q and the losses %q, want %q and %q", status, loss, tt.status, tt.loss)
			}
		})
	}
}

// Which of several orders and activities an ACTION is of must be certain.
func TestOrderOfAnAction(t *testing.T) {
	t.Parallel()
	const at = "2026-03-01T10:00:00Z"
	named := func(order, activity string) fhirmap.WorkflowAction {
		return with(stepOf(at, "245"), func(a *fhirmap.WorkflowAction) {
			if order != "" {
				a.Path = orderPath[:len(orderPath)-1] + " and name/value='" + order + "']"
			}
			if activity != "" {
				a.Activity = "activities[at0001 and name/value='" + activity + "']"
			}
		})
	}
	tests := []struct {
		name               string
		orders, activities []string
		action             fhirmap.WorkflowAction
		status             string
	}{
		{"one of two orders", []string{"A", "B"}, []string{"x"}, named("B", ""), "unknown active"},
		{"either of two orders", []string{"A", "B"}, []string{"x"}, named("", ""), "unknown unknown"},
		{"orders of one name", []string{"A", "A"}, []string{"x"}, named("A", ""), "unknown unknown"},
		{"one of two activities", []string{"A"}, []string{"x", "y"}, named("A", "x"), "active unknown"},
		{"either of two activities", []string{"A"}, []string{"x", "y"}, named("A", ""), "unknown unknown"},
		{"a lost reference is about all orders", []string{"A", "B"}, []string{"x"}, named("C", ""), "unknown unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := statuses(t, orders(t, tt.orders, tt.activities), []fhirmap.WorkflowAction{tt.action}); got != tt.status {
				t.Errorf("%q, want %q", got, tt.status)
			}
		})
	}
}

// An ACTION of the order's workflow that refers to no order may be of this one.
func TestOrderInAWorkflow(t *testing.T) {
	t.Parallel()
	root := orders(t, []string{"A"}, []string{"x"})
	flow := rm.Object("OBJECT_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", "w1")), rm.Str("namespace", "engine"), rm.Str("type", "WORKFLOW"))
	order := root.List("content")[0].With("workflow_id", flow)
	root = root.With("content", order)
	key := rm.RefKey(order.Get("workflow_id"))
	if key == "" {
		t.Fatal("the order has no workflow")
	}
	begun := stepOf("2026-03-01T10:00:00Z", "245")
	other := fhirmap.WorkflowAction{Lifecycle: lifecycleComplete, State: "531", Time: "2026-03-02T10:00:00Z", Workflow: key}
	if status, loss := statuses(t, root, []fhirmap.WorkflowAction{begun, other}); status != "unknown" || loss != "workflow-reference" {
		t.Errorf("%q, %q", status, loss)
	}
	other.Object = testEHR // it is of another order in the same workflow
	if status, loss := statuses(t, root, []fhirmap.WorkflowAction{begun, other}); status != "active" || loss != "" {
		t.Errorf("%q, %q", status, loss)
	}
}
