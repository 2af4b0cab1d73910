package ehr

import "context"

// Actor is who asks: the authenticated principal, for whom and why. Every use
// case receives one and puts it before the decision point; it is recorded with
// each contribution.
type Actor struct {
	// ID is the principal's stable identifier at its issuer; never empty.
	ID string
	// Name is a name to show; it becomes the committer's when the client
	// names none.
	Name string
	// OnBehalfOf is the person a system acts for, if it says so.
	OnBehalfOf string
	// Purpose of use, as the client declared it.
	Purpose string
}

// Action is what an actor wants to do.
type Action string

// The actions a decision point is asked about.
const (
	ActionRead   Action = "read"
	ActionCreate Action = "create"
	ActionUpdate Action = "update"
	ActionDelete Action = "delete"
	ActionQuery  Action = "query"
	ActionDefine Action = "define" // templates and stored queries
	ActionErase  Action = "erase"  // physical deletion
)

// Target is what the action is about. EHRID is "" for a population query, a
// definition, or something in the demographic repository.
type Target struct {
	EHRID string
	// Class is the RM class or FHIR resource type concerned.
	Class string
	// TemplateID of the composition, when it is known before reading.
	TemplateID string
}

// DecisionPoint allows or refuses an action. All doors (openEHR REST, AQL,
// FHIR) ask the same one.
type DecisionPoint interface {
	// Decide returns nil to allow; an errs.Error of kind Forbidden to refuse.
	// Any other error refuses as well: a decision that cannot be made is a no.
	Decide(ctx context.Context, who Actor, what Action, on Target) error
}

// AllowAll is the decision point of a server without a policy.
type AllowAll struct{}

// Decide allows everything.
func (AllowAll) Decide(context.Context, Actor, Action, Target) error { return nil }
