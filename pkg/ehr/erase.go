package ehr

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// maxErased bounds the EHRs that one request may name.
const maxErased = 1000

// EraseEHRs deletes EHRs physically, with all versions and everything derived
// from them; what remains is a tombstone of each. All of them or none:
// NotFound if one does not exist.
func (s *Service) EraseEHRs(ctx context.Context, who Actor, ids ...uuid.UUID) error {
	const op = "ehr.EraseEHRs"
	switch {
	case len(ids) == 0:
		return errs.New(errs.Invalid, op, "no EHR is named")
	case len(ids) > maxErased:
		return errs.New(errs.TooLarge, op, "too many EHRs in one request")
	}
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	for _, id := range ids {
		if err := s.decide(ctx, who, ActionErase, Target{EHRID: id.String(), Class: "EHR"}); err != nil {
			return err
		}
	}
	err := s.cfg.Store.EraseEHRs(ctx, who, ids)
	for _, id := range ids {
		s.contexts.Invalidate(id)
	}
	return err
}

// EraseAllEHRs deletes every EHR physically.
func (s *Service) EraseAllEHRs(ctx context.Context, who Actor) error {
	if err := s.decide(ctx, who, ActionErase, Target{Class: "EHR"}); err != nil {
		return err
	}
	err := s.cfg.Store.EraseAllEHRs(ctx, who)
	s.contexts.InvalidateAll()
	return err
}

// EraseComposition deletes a composition with all its versions and everything
// derived from them physically; what remains is a note that it was.
func (s *Service) EraseComposition(ctx context.Context, who Actor, ehrID, object uuid.UUID) error {
	if err := s.decide(ctx, who, ActionErase, Target{EHRID: ehrID.String(), Class: "COMPOSITION"}); err != nil {
		return err
	}
	return s.cfg.Store.EraseComposition(ctx, who, ehrID, object)
}

// EraseParty deletes a party with all its versions physically; what remains is a
// note that it was. References to it stay as they are and lead nowhere.
func (s *Service) EraseParty(ctx context.Context, who Actor, object uuid.UUID) error {
	if err := s.decide(ctx, who, ActionErase, target(Demographics, "PARTY")); err != nil {
		return err
	}
	return s.cfg.Store.EraseParty(ctx, who, object, s.cfg.Projections)
}

// EraseTemplate deletes a template with all its revisions physically; Conflict,
// with their number in the message, if versions refer to it. Other servers on
// the same database may know it for a while, but cannot commit anything on it.
func (s *Service) EraseTemplate(ctx context.Context, who Actor, id string) error {
	if err := s.decide(ctx, who, ActionErase, Target{Class: "TEMPLATE", TemplateID: id}); err != nil {
		return err
	}
	err := s.cfg.Store.EraseTemplate(ctx, who, id)
	s.latest.Invalidate(id)
	return err
}

// EraseQuery deletes one version of a stored query physically. The version is
// complete.
func (s *Service) EraseQuery(ctx context.Context, who Actor, name, version string) error {
	const op = "ehr.EraseQuery"
	if err := s.decide(ctx, who, ActionErase, Target{Class: "QUERY"}); err != nil {
		return err
	}
	if !validQueryName(name) || completeVersion(version) != version {
		return errs.New(errs.NotFound, op, "no such version of a stored query; the version must be complete")
	}
	return s.cfg.Store.EraseQuery(ctx, who, name, version)
}
