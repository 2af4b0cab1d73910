package ehr

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// EHRStatus reads the EHR_STATUS: the latest version, or the one extant at a time
// that is not zero. NotFound before the EHR's creation.
func (s *Service) EHRStatus(ctx context.Context, who Actor, ehrID uuid.UUID, at time.Time) (VersionRecord, error) {
	return s.read(ctx, who, ehrID, KindEHRStatus, VersionSelector{At: at})
}

// EHRStatusVersion reads one version of the EHR_STATUS.
func (s *Service) EHRStatusVersion(ctx context.Context, who Actor, ehrID uuid.UUID, uid VersionUID) (VersionRecord, error) {
	return s.readVersion(ctx, who, ehrID, KindEHRStatus, uid)
}

// UpdateEHRStatus commits a new version of the EHR_STATUS, also if the EHR is
// not modifiable.
func (s *Service) UpdateEHRStatus(ctx context.Context, who Actor, in UpdateEHRStatus) (Committed, error) {
	const op = "ehr.UpdateEHRStatus"
	if err := s.decide(ctx, who, ActionUpdate, Target{EHRID: in.EHRID.String(), Class: "EHR_STATUS"}); err != nil {
		return Committed{}, err
	}
	audit, err := s.audit(updating, who, in.Audit)
	if err != nil {
		return Committed{}, err
	}
	root, warnings, err := s.decode(op, in.Status, rm.ClassEHRStatus, audit.lifecycle)
	if err != nil {
		return Committed{}, err
	}
	e, err := s.cfg.Store.EHR(ctx, in.EHRID)
	if err != nil {
		return Committed{}, err
	}
	if !in.Preceding.Equal(e.StatusUID) {
		return Committed{}, notLatest(op, e.StatusUID)
	}
	if err := belongsTo(op, root, e.StatusUID.Object); err != nil {
		return Committed{}, err
	}
	_, more, err := s.validate(ctx, op, root, "", audit.lifecycle)
	if err != nil {
		return Committed{}, err
	}

	next := VersionUID{Object: e.StatusUID.Object, System: s.cfg.SystemID, Trunk: e.StatusUID.Trunk + 1}
	c := s.contribution(in.EHRID, who, audit)
	c.Versions = []NewVersion{s.version(next, e.StatusUID, KindEHRStatus, audit, root)}
	c.Versions[0].Status = statusFields(root)
	if err := c.tagged(in.Tags, s.cfg.Limits.Tags); err != nil {
		return Committed{}, err
	}
	at, err := s.commitStatus(ctx, &c, c.Versions[0].Status.Subject)
	s.contexts.Invalidate(in.EHRID)
	if err != nil {
		return Committed{}, err
	}
	return committed(&c, at, append(warnings, more...)), nil
}

// notLatest says that a version named is not the latest, and which is.
func notLatest(op string, latest VersionUID) error {
	e := errs.New(errs.Precondition, op, "the version named is not the latest")
	e.Code = CodeNotLatest
	e.Detail = latest
	return e
}
