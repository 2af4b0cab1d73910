package ehr_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// What is kept of the entries of a composition, and that nothing is kept of those
// that are of no workflow.
func TestWorkflow(t *testing.T) {
	t.Parallel()
	object := uuid.New()
	action := func(id, terminology, path string) *rm.Node {
		fields := []rm.Field{
			rm.Child("time", rm.Object("DV_DATE_TIME", rm.Str("value", "2026-03-01T10:00:00Z"))),
			rm.Child("ism_transition", rm.Object("ISM_TRANSITION", rm.Child("current_state", rm.CodedText("x", terminology, "245")))),
		}
		if id != "" {
			fields = append(fields, rm.Child("instruction_details", rm.Object("INSTRUCTION_DETAILS",
				rm.Child("instruction_id", rm.Object("LOCATABLE_REF", rm.Child("id", rm.ID("OBJECT_VERSION_ID", id)), rm.Str("namespace", "local"), rm.Str("type", "INSTRUCTION"), rm.Str("path", path))),
				rm.Str("activity_id", "activities[at0001]"))))
		}
		return rm.Object("ACTION", fields...)
	}
	flow := rm.Object("OBJECT_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", "w")), rm.Str("namespace", "engine"), rm.Str("type", "WORKFLOW"))
	content := []*rm.Node{
		action("", "openehr", ""), // of no workflow
		action("not-a-uuid::cairn.test::1", "openehr", "/"),
		rm.Object("SECTION", rm.Child("items", action(object.String()+"::cairn.test::2", "openehr", "/content[0]"))),
		action(object.String(), "local", strings.Repeat("/items", 1000)),
		action("", "openehr", "").With("workflow_id", flow),
		rm.Object("INSTRUCTION"),
		rm.Object("INSTRUCTION").With("workflow_id", flow),
	}
	list, orders := ehr.Workflow(rm.Object("COMPOSITION", rm.Child("content", content...)), 532)
	if len(list) != 4 || !orders {
		t.Fatalf("%d entries, orders: %t", len(list), orders)
	}
	first := ehr.WorkflowAction{
		State: "245", Time: "2026-03-01T10:00:00Z", Instruction: object.String() + "::cairn.test::2",
		InstructionPath: "/content[0]", Activity: "activities[at0001]", Lifecycle: 532,
	}
	if list[0].Target != object || list[0].Workflow != "" || *list[0].Action != first {
		t.Errorf("%+v, %+v", list[0], *list[0].Action)
	}
	if a := list[1].Action; a.State != "" || a.InstructionPath != "?" || list[1].Target != object {
		t.Errorf("a state of another terminology and a path without end: %+v", a)
	}
	if list[2].Target != uuid.Nil || list[2].Workflow == "" || list[2].Action.Workflow != list[2].Workflow {
		t.Errorf("%+v", list[2])
	}
	if list[3].Action != nil || list[3].Workflow != list[2].Workflow {
		t.Errorf("%+v", list[3])
	}
	if _, orders := ehr.Workflow(rm.Object("COMPOSITION", rm.Child("content", content[:5]...)), 532); orders {
		t.Error("orders without an INSTRUCTION")
	}
}
