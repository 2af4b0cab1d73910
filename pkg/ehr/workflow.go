package ehr

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// WorkflowEntry is what an entry of a composition says about a workflow: an
// ACTION how far it has come, an INSTRUCTION only that it is of one. It is kept of
// the latest version of each composition, so that whatever an order is projected
// to can tell what became of it, in whichever composition that stands.
type WorkflowEntry struct {
	// Target is the versioned object that an ACTION's instruction_details names;
	// the zero UUID for none.
	Target uuid.UUID
	// Workflow is the entry's workflow_id (rm.RefKey); "" for none.
	Workflow string
	// Action is nil for an INSTRUCTION.
	Action *WorkflowAction
}

// WorkflowAction is what projections are told of an ACTION. It is stored as JSON.
type WorkflowAction struct {
	// Archetype is the ACTION's id.
	Archetype string `json:"archetype,omitempty"`
	// State is the code of current_state if that is one of openEHR, Step the code
	// of careflow_step; "" for none. Time is as it is written.
	State string `json:"state,omitempty"`
	Step  string `json:"step,omitempty"`
	Time  string `json:"time,omitempty"`
	// Instruction is the id of instruction_details.instruction_id as it is written,
	// InstructionPath its path, Activity the activity_id; "" for none.
	Instruction     string `json:"instruction,omitempty"`
	InstructionPath string `json:"instruction_path,omitempty"`
	Activity        string `json:"activity,omitempty"`
	// Lifecycle is the lifecycle state of the version, Workflow that of the entry.
	Lifecycle int    `json:"lifecycle"`
	Workflow  string `json:"workflow,omitempty"`
}

// maxWorkflowText bounds what is kept of one attribute of an ACTION. What is
// longer, as no reference is, is kept as one that leads nowhere.
const maxWorkflowText = 2000

// Workflow lists the entries of a composition that are of a workflow, in its
// order: ACTIONs that refer to an INSTRUCTION or have a workflow_id, and
// INSTRUCTIONs that have one. It also tells whether there are INSTRUCTIONs at all,
// about which ACTIONs of other compositions may say something.
func Workflow(root *rm.Node, lifecycle int) (list []WorkflowEntry, orders bool) {
	var visit func(n *rm.Node)
	visit = func(n *rm.Node) {
		for _, name := range [...]string{"content", "items"} {
			for _, m := range n.List(name) {
				switch {
				case m.Class.Name == "INSTRUCTION":
					orders = true
					if key := rm.RefKey(m.Get("workflow_id")); key != "" {
						list = append(list, WorkflowEntry{Workflow: key})
					}
				case m.Class.Name == "ACTION":
					if e, ok := actionEntry(m, lifecycle); ok {
						list = append(list, e)
					}
				case !m.Class.IsA(rm.ClassEntry):
					visit(m)
				}
			}
		}
	}
	visit(root)
	return list, orders
}

// actionEntry is what an ACTION says; false if that is of no workflow.
func actionEntry(n *rm.Node, lifecycle int) (WorkflowEntry, bool) {
	ref := n.Get("instruction_details").Get("instruction_id")
	e := WorkflowEntry{Workflow: rm.RefKey(n.Get("workflow_id"))}
	id := ref.String("id", "value")
	object, _, _ := strings.Cut(id, "::")
	if len(object) == len(uuid.Nil.String()) {
		if parsed, err := uuid.Parse(object); err == nil {
			e.Target = parsed
		}
	}
	if e.Target == uuid.Nil && e.Workflow == "" {
		return e, false
	}
	a := &WorkflowAction{
		Archetype:       bounded(n.ArchetypeID()),
		Step:            bounded(n.String("ism_transition", "careflow_step", "defining_code", "code_string")),
		Time:            bounded(n.String("time", "value")),
		Instruction:     bounded(id),
		InstructionPath: bounded(ref.String("path")),
		Activity:        bounded(n.String("instruction_details", "activity_id")),
		Lifecycle:       lifecycle,
		Workflow:        e.Workflow,
	}
	state := n.Get("ism_transition").Get("current_state").Get("defining_code")
	if state.String("terminology_id", "value") == "openehr" {
		a.State = bounded(state.String("code_string"))
	}
	e.Action = a
	return e, true
}

func bounded(s string) string {
	if len(s) > maxWorkflowText {
		return "?"
	}
	return s
}

// mayHaveWorkflow reports whether content with the archetype roots can have
// ACTIONs or INSTRUCTIONs.
func mayHaveWorkflow(roots []ArchetypeRoot) bool {
	for i := range roots {
		if t := roots[i].RMType; t == "ACTION" || t == "INSTRUCTION" {
			return true
		}
	}
	return false
}

// OfWorkflow reports whether the version must be stored by one who knows the
// workflows of its EHR: it says something about one, or has orders about which
// something may have been said before. Nobody can refer to an order before it is
// stored if the server makes its id.
func (v *NewVersion) OfWorkflow() bool {
	return !v.UID.IsBranch() && (len(v.Workflow) > 0 || v.Orders && (v.UID.Trunk > 1 || v.ChosenObject || v.Item != nil))
}

// gathered reports whether the version has an ACTION with one of the archetypes
// that is of a workflow.
func (v *NewVersion) gathered(archetypes []string) bool {
	return slices.ContainsFunc(v.Workflow, func(e WorkflowEntry) bool {
		return e.Action != nil && slices.Contains(archetypes, e.Action.Archetype)
	})
}

// Input is the version of a contribution as projections see it.
func (c *Contribution) Input(v *NewVersion) ProjectionInput {
	in := ProjectionInput{
		EHRID: c.EHRID.String(), SystemID: c.SystemID,
		SubjectID: c.Subject.ID, SubjectNamespace: c.Subject.Namespace, SubjectType: c.Subject.Type,
		Kind: v.Kind, ObjectID: v.UID.Object.String(), VersionUID: v.UID.String(), Trunk: v.UID.Trunk,
		TemplateID: v.Template.TemplateID, LifecycleState: v.LifecycleState, Root: v.Root,
	}
	if c.Parties != nil {
		in.Resource = c.Parties.Find
	}
	if c.Links != nil {
		in.Linked = c.Links.Find
	}
	return in
}
