package fhirmap

import (
	"slices"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// WorkflowAction is what an ACTION of the record, in whichever composition, says
// about how far an order has come (RM ehr, INSTRUCTION_DETAILS and ISM_TRANSITION).
type WorkflowAction struct {
	// Lifecycle is the code of the lifecycle_state of the ACTION's version.
	Lifecycle string `json:"lifecycle,omitempty"`
	// Archetype is the ACTION's, State the openEHR code of its current state and
	// Step the code of its careflow step; "" for none.
	Archetype string `json:"archetype"`
	State     string `json:"state"`
	Step      string `json:"step,omitempty"`
	// Time is ACTION.time as it is written.
	Time string `json:"time"`
	// Object is the versioned object that instruction_details.instruction_id
	// names, Version its whole id and Path its path; Activity is activity_id. All
	// are "" for an ACTION that says only of which workflow it is.
	Object   string `json:"object,omitempty"`
	Version  string `json:"version,omitempty"`
	Path     string `json:"path,omitempty"`
	Activity string `json:"activity,omitempty"`
	// Workflow is the workflow_id, as rm.RefKey has it.
	Workflow string `json:"workflow,omitempty"`
}

// The reasons why the state of a workflow is not known although there are
// ACTIONs of it.
const (
	workflowReference     = "workflow-reference"
	workflowIncomplete    = "workflow-incomplete"
	workflowState         = "workflow-state"
	workflowTime          = "workflow-time"
	workflowContradiction = "workflow-contradiction"
)

var workflowReasons = map[string]string{
	workflowReference:     "an ACTION refers to the order or to its composition, but not to exactly one activity of it",
	workflowIncomplete:    "an ACTION of the order is in a version that is not complete",
	workflowState:         "an ACTION of the order is in no instruction state of openEHR",
	workflowTime:          "which ACTION of the order is the latest is not certain",
	workflowContradiction: "an ACTION of the order goes on from a state that is final",
}

// instructionStates are the codes of the openEHR terminology's group
// "instruction states" with their names.
var instructionStates = map[string]string{
	"524": "initial", "526": "planned", "527": "postponed", "528": "cancelled", "529": "scheduled",
	"245": "active", "530": "suspended", "531": "aborted", "532": "completed", "533": "expired",
}

// final tells the states that no other follows; after expired one of these may.
func final(state string) bool { return state == "528" || state == "531" || state == "532" }

// workflow is the ACTION that says how far the activity in hand has come, as far
// as mappings may read it; nil if there is none, or if it is not certain, which is
// noted once for each resource.
func (x *run) workflow() *ref {
	x.log.Spoil()
	if x.flowKnown {
		return x.flow
	}
	x.flowKnown = true
	if len(x.in.Workflow) == 0 {
		return nil
	}
	mine, reason := x.actions()
	if reason == "" && len(mine) > 0 {
		var at *WorkflowAction
		if at, reason = latest(mine); reason == "" {
			x.flow = x.ref(x.log.Node(at.node()), x.origin, workflowStep, 0)
			return x.flow
		}
	}
	if reason != "" {
		x.lose(LossReduced, reason, x.origin, "", workflowReasons[reason])
	}
	return nil
}

// workflowStep is how losses tell the ACTION from what the origin itself has.
var workflowStep = &rm.Attribute{Name: "$workflow"}

// node is the ACTION that mappings see.
func (a *WorkflowAction) node() *rm.Node {
	transition := []rm.Field{rm.Child("current_state", rm.CodedText(instructionStates[a.State], "openehr", a.State))}
	if a.Step != "" {
		transition = append(transition, rm.Child("careflow_step", rm.CodedText(a.Step, "local", a.Step)))
	}
	fields := []rm.Field{rm.Child("ism_transition", rm.Object("ISM_TRANSITION", transition...))}
	if a.Archetype != "" {
		fields = append(fields, rm.Str("archetype_node_id", a.Archetype))
	}
	return rm.Object("ACTION", fields...)
}

// workflowAttributes are what node gives.
var workflowAttributes = []string{"ism_transition", "archetype_node_id"}

// actions are those of the activity in hand, or of the whole INSTRUCTION if its
// model does not split it. What refers to the composition and cannot be followed
// may be about any order in it, and so is about all.
func (x *run) actions() (mine []*WorkflowAction, reason string) {
	key := rm.RefKey(x.archetype.node.Unwatched().Get("workflow_id"))
	for i := range x.in.Workflow {
		a := &x.in.Workflow[i]
		if !strings.EqualFold(a.Object, x.in.ObjectID) {
			// One of the same workflow that refers to no order: of which of those in
			// the workflow it is, nobody has said.
			if a.Object == "" && key != "" && a.Workflow == key {
				return nil, workflowReference
			}
			continue
		}
		switch about, certain := x.about(a); {
		case !certain:
			return nil, workflowReference
		case about:
			mine = append(mine, a)
		}
	}
	return mine, ""
}

// about reports whether an ACTION that refers to the composition is of the
// activity in hand.
func (x *run) about(a *WorkflowAction) (about, certain bool) {
	path, err := rm.ParsePath(a.Path)
	if err != nil {
		return false, false
	}
	activity, err := rm.ParsePath(a.Activity)
	if err != nil {
		return false, false
	}
	// A position is one in the version that was referred to.
	if strings.Contains(a.Version, "::") && !strings.EqualFold(a.Version, x.in.VersionUID) &&
		(slices.ContainsFunc(path.Steps, indexed) || slices.ContainsFunc(activity.Steps, indexed)) {
		return false, false
	}
	found := path.Resolve(x.in.Root)
	if len(found) == 0 || slices.ContainsFunc(found, func(n *rm.Node) bool { return n.Class.Name != "INSTRUCTION" }) {
		return false, false
	}
	here := x.archetype.node.Unwatched()
	if !slices.Contains(found, here) {
		return false, true
	}
	if len(found) > 1 {
		return false, false
	}
	activities := activity.Resolve(here)
	if len(activities) == 0 || slices.ContainsFunc(activities, func(n *rm.Node) bool { return n.Class.Name != "ACTIVITY" }) {
		return false, false
	}
	if x.origin == nil || x.origin.node.Unwatched() == here {
		return true, true
	}
	if !slices.Contains(activities, x.origin.node.Unwatched()) {
		return false, true
	}
	return true, len(activities) == 1
}

func indexed(s rm.Step) bool { return s.HasIndex }

// moment is when an ACTION was: between two instants, which are those of UTC if
// there is no offset.
type moment struct {
	from, to time.Time
	local    bool
}

// bound is the latest beginning of moments, of those with an offset and of those
// without one; zero if there is none.
type bound struct{ exact, local time.Time }

func (b *bound) add(m moment) {
	at := &b.exact
	if m.local {
		at = &b.local
	}
	if m.from.After(*at) {
		*at = m.from
	}
}

// Local times run from 14 hours before to 12 hours after those of UTC.
const (
	earliestZone = 14 * time.Hour
	latestZone   = 12 * time.Hour
)

// after reports whether one of the moments is certainly later than another.
func (b *bound) after(m moment) bool {
	if m.local {
		return b.local.After(m.to) || b.exact.After(m.to.Add(latestZone))
	}
	return b.exact.After(m.to) || !b.local.IsZero() && b.local.Add(-earliestZone).After(m.to)
}

// latest is the ACTION that was last. Several that may have been must agree in
// their state, and have no step if they differ in that.
func latest(list []*WorkflowAction) (*WorkflowAction, string) {
	times := make([]moment, len(list))
	var all bound
	byState := map[string]*bound{}
	for i, a := range list {
		if a.Lifecycle != lifecycleComplete {
			return nil, workflowIncomplete
		}
		if instructionStates[a.State] == "" {
			return nil, workflowState
		}
		t, err := rm.ParseDateTime(a.Time)
		if err != nil {
			return nil, workflowTime
		}
		times[i] = moment{t.Earliest(), t.Latest(), !t.HasOffset}
		all.add(times[i])
		if byState[a.State] == nil {
			byState[a.State] = &bound{}
		}
		byState[a.State].add(times[i])
	}
	var last *WorkflowAction
	for i, a := range list {
		if all.after(times[i]) {
			if !final(a.State) && a.State != "533" {
				continue
			}
			for state, b := range byState {
				if state != a.State && b.after(times[i]) && (final(a.State) || !final(state)) {
					return nil, workflowContradiction
				}
			}
			continue
		}
		switch {
		case last == nil:
			last = a
		case last.State != a.State:
			return nil, workflowTime
		case last.Step != a.Step || last.Archetype != a.Archetype:
			last = &WorkflowAction{State: a.State}
		}
	}
	return last, ""
}
