package ehr

import (
	"context"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// CreateEHR creates an EHR with its EHR_STATUS and EHR_ACCESS in one
// contribution (RM ehr, EHR Creation). Conflict if the id or the subject is taken.
func (s *Service) CreateEHR(ctx context.Context, who Actor, in CreateEHR) (EHR, error) {
	const op = "ehr.CreateEHR"
	id := in.ID
	if id == uuid.Nil {
		id = s.cfg.NewEHRID()
	}
	if err := s.decide(ctx, who, ActionCreate, Target{EHRID: id.String(), Class: "EHR"}); err != nil {
		return EHR{}, err
	}
	audit, err := s.audit(creating, who, in.Audit)
	if err != nil {
		return EHR{}, err
	}
	root := newStatus()
	if in.Status.JSON != nil || in.Status.Root != nil {
		if root, _, err = s.decode(op, in.Status, rm.ClassEHRStatus, audit.lifecycle); err != nil {
			return EHR{}, err
		}
		if _, _, err = s.validate(ctx, op, root, "", audit.lifecycle); err != nil {
			return EHR{}, err
		}
	}

	status := VersionUID{Object: s.cfg.NewID(), System: s.cfg.SystemID, Trunk: 1}
	access := VersionUID{Object: s.cfg.NewID(), System: s.cfg.SystemID, Trunk: 1}
	fields := statusFields(root)
	c := s.contribution(id, who, audit)
	c.NewEHR = &NewEHR{StatusObject: status.Object, AccessObject: access.Object}
	c.Versions = []NewVersion{
		s.version(status, VersionUID{}, KindEHRStatus, audit, root),
		s.version(access, VersionUID{}, KindEHRAccess, audit, newAccess()),
	}
	// Only the EHR_STATUS can be incomplete.
	c.Versions[1].LifecycleState = LifecycleComplete
	c.Versions[0].Status = fields
	at, err := s.commitStatus(ctx, &c, fields.Subject)
	if err != nil {
		return EHR{}, err
	}
	return EHR{
		ID: id, SystemID: s.cfg.SystemID, TimeCreated: at,
		StatusUID: status, AccessUID: access,
		IsQueryable: fields.IsQueryable, IsModifiable: fields.IsModifiable, Subject: fields.Subject,
	}, nil
}

// EHR finds an EHR by its id.
func (s *Service) EHR(ctx context.Context, who Actor, id uuid.UUID) (EHR, error) {
	if err := s.decide(ctx, who, ActionRead, Target{EHRID: id.String(), Class: "EHR"}); err != nil {
		return EHR{}, err
	}
	return s.cfg.Store.EHR(ctx, id)
}

// EHRBySubject finds an EHR by the external reference of its subject. The
// decision point is asked before the search, and about the EHR when it is
// known: an actor who may not read it learns nothing of it.
func (s *Service) EHRBySubject(ctx context.Context, who Actor, id, namespace string) (EHR, error) {
	const op = "ehr.EHRBySubject"
	if id == "" {
		return EHR{}, errs.New(errs.Invalid, op, "the subject id is missing")
	}
	if err := s.decide(ctx, who, ActionRead, Target{Class: "EHR"}); err != nil {
		return EHR{}, err
	}
	e, err := s.cfg.Store.EHRBySubject(ctx, id, namespace)
	if err != nil {
		return EHR{}, err
	}
	if err := s.decide(ctx, who, ActionRead, Target{EHRID: e.ID.String(), Class: "EHR"}); err != nil {
		return EHR{}, err
	}
	return e, nil
}
