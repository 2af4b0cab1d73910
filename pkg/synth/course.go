package synth

import (
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// step is one of the steps that an order or a procedure has taken.
type step struct {
	at            time.Time
	state, rubric string // of the instruction state machine
	code, name    string // careflow step of the archetype
	reason        string // why it was stopped or put off
}

// until leaves out what has not happened yet.
func until(steps []step) []step {
	for i, s := range steps {
		if s.at.After(today) {
			return steps[:i]
		}
	}
	return steps
}

// prescription is what became of the order for a problem. Of some nothing is
// recorded: they were dispensed somewhere else, or never.
func (p *Patient) prescription(problem int, ordered time.Time) []step {
	r := newRandom(p.g.seed, forCourse, uint64(p.Number), uint64(problem))
	later := func(days int, hour time.Duration) time.Time {
		return ordered.AddDate(0, 0, days).Truncate(24 * time.Hour).Add(hour * time.Hour).In(zone)
	}
	fate := r.below(100)
	if fate < 18 {
		return nil
	}
	steps := []step{
		{at: ordered.Add(time.Minute), state: "245", rubric: "active", code: "at0002", name: "Prescription issued"},
		{at: ordered.Add(2 * time.Hour), state: "245", rubric: "active", code: "at0003", name: "Prescription dispensed"},
	}
	switch x := p.problems[problem]; {
	case !x.resolved.IsZero():
		steps = append(steps, step{at: later(7, 9), state: "532", rubric: "completed", code: "at0007", name: "Medication course completed"})
	case fate < 55:
	case fate < 69:
		steps = append(steps, step{at: later(r.between(3, 60), 10), state: "530", rubric: "suspended", code: "at0009", name: "Administrations suspended", reason: "To be operated on"})
	case fate < 83:
		steps = append(steps, step{at: later(r.between(10, 90), 11), state: "531", rubric: "aborted", code: "at0015", name: "Medication course stopped", reason: "Wish of the patient"})
	default:
		steps = append(steps, step{at: later(100, 12), state: "532", rubric: "completed", code: "at0152", name: "Prescription fulfilled"})
	}
	return until(steps)
}

// stopped reports whether the treatment of a problem was stopped before a time.
func (p *Patient) stopped(problem int, at time.Time) bool {
	for _, d := range p.plan() {
		if d.template != MedicationOrders || d.problem != problem {
			continue
		}
		for _, s := range d.steps {
			if s.state == "531" && s.at.Before(at) {
				return true
			}
		}
	}
	return false
}

// surgery is the course of the procedure for a problem. Of some only the
// procedure itself is recorded, and that it was of a workflow is not.
func (p *Patient) surgery(problem int, at time.Time) (steps []step, workflow string) {
	r := newRandom(p.g.seed, forCourse, uint64(p.Number), uint64(problem), 1)
	performed := step{at: at, state: "245", rubric: "active", code: "at0047", name: "Procedure performed"}
	fate := r.below(100)
	if fate < 25 {
		return until([]step{performed}), ""
	}
	steps = []step{
		{at: at.Add(-20 * time.Hour), state: "529", rubric: "scheduled", code: "at0036", name: "Procedure scheduled"},
		{at: at, state: "245", rubric: "active", code: "at0068", name: "Procedure commenced"},
	}
	switch {
	case fate < 80:
		steps = append(steps, step{at: at.Add(50 * time.Minute), state: "532", rubric: "completed", code: "at0043", name: "Procedure completed"})
	case fate < 90:
		steps = append(steps, step{at: at.Add(15 * time.Minute), state: "531", rubric: "aborted", code: "at0041", name: "Procedure aborted", reason: "Unstable under anaesthesia"})
	default:
		steps = append(steps[:1], step{at: at.Add(-time.Hour), state: "528", rubric: "cancelled", code: "at0039", name: "Procedure cancelled", reason: "Wish of the patient"})
	}
	return until(steps), r.uuid()
}

// orderPath is where an order stands in its composition.
const orderPath = "/content[openEHR-EHR-INSTRUCTION.medication_order.v3]"

// ordered refers to the order in a composition.
func ordered(object string) *rm.Node {
	return rm.Object("INSTRUCTION_DETAILS",
		rm.Child("instruction_id", rm.Object("LOCATABLE_REF",
			rm.Child("id", rm.ID("HIER_OBJECT_ID", object)),
			rm.Str("namespace", "local"), rm.Str("type", "INSTRUCTION"), rm.Str("path", orderPath))),
		rm.Str("activity_id", "activities[at0001]"))
}

// workflowRef names a workflow of a system elsewhere.
func workflowRef(id string) *rm.Node {
	return rm.Object("OBJECT_REF",
		rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", id), rm.Str("scheme", "uuid"))),
		rm.Str("namespace", SubjectNamespace), rm.Str("type", "WORKFLOW"))
}

// given is a step that an order has taken.
func (c *composer) given(d document, s step) *rm.Node {
	x := c.p.problems[d.problem]
	_, name := c.p.treatment(x)
	reason := element("at0021", "Reason", snomed(x.concept))
	if s.reason != "" {
		reason = element("at0021", "Reason", rm.Text(s.reason))
	}
	return action("openEHR-EHR-ACTION.medication.v1", "Medication management", s,
		tree("at0017", "Tree", element("at0020", "Medication item", rm.Text(name)), reason)).
		With("instruction_details", ordered(d.order))
}

// operated is a step of the procedure for a problem.
func (c *composer) operated(d document, s step) *rm.Node {
	x := c.p.problems[d.problem]
	o := operations[x.snomed]
	var outcome, reason *rm.Node
	if s.code == "at0047" || s.code == "at0043" {
		outcome = element("at0048", "Outcome", rm.Text(o.outcome))
	}
	if s.reason != "" {
		reason = element("at0014", "Reason", rm.Text(s.reason))
	}
	n := action("openEHR-EHR-ACTION.procedure.v1", "Procedure", s,
		tree("at0001", "Tree",
			element("at0002", "Procedure name", rm.Text(o.name)),
			element("at0070", "Indication", snomed(x.concept)),
			element("at0063", "Body site", rm.Text(o.site)),
			reason, outcome))
	if d.workflow != "" {
		n = n.With("workflow_id", workflowRef(d.workflow))
	}
	return n
}

// action is a step of an action's pathway.
func action(archetype, name string, s step, description *rm.Node) *rm.Node {
	return entry("ACTION", archetype, name,
		rm.Child("time", dateTime(s.at)),
		rm.Child("ism_transition", rm.Object("ISM_TRANSITION",
			rm.Child("current_state", rm.CodedText(s.rubric, "openehr", s.state)),
			rm.Child("careflow_step", local(s.code, s.name)))),
		rm.Child("description", description))
}
