package ehr

import (
	"slices"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// operation is what a use case does to a versioned object.
type operation uint8

const (
	creating operation = iota
	updating
	deleting
	importing // of what another system created; the lifecycle is the item's
)

// The change types and lifecycle states that fit an operation, the default
// first (RM common, change_control). Attestation makes no version and so is none
// of them.
var (
	changeTypes = [...][]int{
		creating: {ChangeCreation, ChangeSynthesis, ChangeUnknown, ChangeFormatConversion},
		updating: {ChangeModification, ChangeAmendment, ChangeSynthesis, ChangeUnknown, ChangeRestoration, ChangeFormatConversion},
		deleting: {ChangeDeleted},
		importing: {
			ChangeCreation, ChangeModification, ChangeAmendment, ChangeSynthesis, ChangeUnknown,
			ChangeRestoration, ChangeFormatConversion, ChangeDeleted,
		},
	}
	lifecycleStates = [...][]int{
		creating:  {LifecycleComplete, LifecycleIncomplete},
		updating:  {LifecycleComplete, LifecycleIncomplete, LifecycleInactive, LifecycleAbandoned},
		deleting:  {LifecycleDeleted},
		importing: {LifecycleComplete, LifecycleIncomplete, LifecycleInactive, LifecycleAbandoned, LifecycleDeleted},
	}
)

// commitAudit is an AuditInput with every default filled in.
type commitAudit struct {
	changeType, lifecycle  int
	committer, description []byte
}

// audit completes what the client said with what the server knows.
func (s *Service) audit(op operation, who Actor, in AuditInput) (commitAudit, error) {
	const name = "ehr.audit"
	a := commitAudit{changeType: in.ChangeType, lifecycle: in.LifecycleState}
	if a.changeType == 0 {
		a.changeType = changeTypes[op][0]
	}
	if !slices.Contains(changeTypes[op], a.changeType) {
		return a, errs.New(errs.Invalid, name, "the change type does not fit the operation")
	}
	if a.lifecycle == 0 {
		a.lifecycle = lifecycleStates[op][0]
	}
	if !slices.Contains(lifecycleStates[op], a.lifecycle) {
		return a, errs.New(errs.Invalid, name, "the lifecycle state does not fit the operation")
	}

	var err error
	a.committer, a.description, err = s.party(who, in)
	return a, err
}

// party is who commits, and why, as JSON.
func (s *Service) party(who Actor, in AuditInput) (by, description []byte, err error) {
	const op = "ehr.audit"
	if who.ID == "" {
		return nil, nil, errs.New(errs.Internal, op, "a commit needs an actor with an id")
	}
	committer := in.Committer
	switch {
	case committer == nil:
		name := who.Name
		if name == "" {
			name = who.ID
		}
		committer = rm.Object("PARTY_IDENTIFIED", rm.Str("name", name))
	case !committer.Is("PARTY_PROXY"):
		return nil, nil, errs.New(errs.Invalid, op, "the committer must be a PARTY_PROXY")
	default:
		if err := refuse(errs.Invalid, op, "the committer is not valid", rm.CheckInvariants(committer, rm.CheckOptions{})); err != nil {
			return nil, nil, err
		}
	}
	by = rm.AppendJSON(nil, committer)
	switch {
	case in.DescriptionText != nil:
		if !in.DescriptionText.Is("DV_TEXT") {
			return nil, nil, errs.New(errs.Invalid, op, "the description must be a DV_TEXT")
		}
		if err := refuse(errs.Invalid, op, "the description is not valid", rm.CheckInvariants(in.DescriptionText, rm.CheckOptions{})); err != nil {
			return nil, nil, err
		}
		description = rm.AppendJSON(nil, in.DescriptionText)
	case in.Description != "":
		description = rm.AppendJSON(nil, rm.Text(in.Description))
	}
	return by, description, nil
}
