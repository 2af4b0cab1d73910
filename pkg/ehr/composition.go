package ehr

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// CreateComposition validates and commits version 1 of a COMPOSITION. Whatever
// uid the content carries is replaced by the server's.
func (s *Service) CreateComposition(ctx context.Context, who Actor, in CreateComposition) (Committed, error) {
	const op = "ehr.CreateComposition"
	uid := VersionUID{Object: s.cfg.NewID(), System: s.cfg.SystemID, Trunk: 1}
	return s.commitObject(ctx, op, creating, who, in.EHRID, uid, VersionUID{}, writing{KindComposition, in.Content, in.TemplateID, in.Audit, in.Tags})
}

// UpdateComposition validates and commits the next version of a COMPOSITION.
// A uid in the content must name the same versioned object. Conflict if the
// latest version is a deletion, which is final.
func (s *Service) UpdateComposition(ctx context.Context, who Actor, in UpdateComposition) (Committed, error) {
	const op = "ehr.UpdateComposition"
	uid := in.Preceding.Next(s.cfg.SystemID)
	uid.Object = in.Object
	return s.commitObject(ctx, op, updating, who, in.EHRID, uid, in.Preceding, writing{KindComposition, in.Content, in.TemplateID, in.Audit, in.Tags})
}

// writing is what a client says about a COMPOSITION or a party to be committed.
type writing struct {
	kind       Kind
	content    Content
	templateID string
	audit      AuditInput
	tags       TagInput
}

// commitObject validates and commits one version of a COMPOSITION or party.
func (s *Service) commitObject(ctx context.Context, op string, what operation, who Actor, ehrID uuid.UUID,
	uid, preceding VersionUID, in writing,
) (Committed, error) {
	action := ActionCreate
	if what == updating {
		action = ActionUpdate
	}
	audit, err := s.audit(what, who, in.audit)
	if err != nil {
		return Committed{}, err
	}
	// Reading the request tells nothing about the record, and the decision may
	// depend on the template it names.
	root, warnings, err := s.decode(op, in.content, rm.Lookup(in.kind.String()), audit.lifecycle)
	if err != nil {
		return Committed{}, err
	}
	named := root.String("archetype_details", "template_id", "value")
	if in.templateID != "" && named != "" && in.templateID != named {
		return Committed{}, errs.New(errs.Invalid, op, "the content names another template than the request")
	}
	if in.templateID == "" {
		in.templateID = named
	}
	on := target(ehrID, in.kind.String())
	on.TemplateID = in.templateID
	if err := s.decide(ctx, who, action, on); err != nil {
		return Committed{}, err
	}
	if what == updating {
		if preceding.Object != uid.Object {
			return Committed{}, s.wrongPreceding(ctx, op, ehrID, in.kind, uid.Object)
		}
		if err := s.goesOn(op, preceding); err != nil {
			return Committed{}, err
		}
		if err := belongsTo(op, root, uid.Object); err != nil {
			return Committed{}, err
		}
	}
	subject, err := s.context(ctx, ehrID)
	if err != nil {
		return Committed{}, err
	}
	template, more, err := s.validate(ctx, op, root, in.templateID, audit.lifecycle)
	if err != nil {
		return Committed{}, err
	}
	warnings = append(warnings, more...)

	c := s.contribution(ehrID, who, audit)
	c.Versions = []NewVersion{s.content(uid, preceding, in.kind, audit, root, template)}
	if in.kind.IsParty() {
		found, err := s.checkReferences(ctx, c.Versions)
		if err == nil {
			err = refuse(errs.Unprocessable, op, "the content is not valid", found[0])
		}
		if err != nil {
			return Committed{}, err
		}
		warnings = append(warnings, found[0]...)
	}
	var dangling [][]rm.Problem
	if !in.kind.IsParty() {
		if dangling, err = s.checkLinks(ctx, ehrID, c.Versions); err != nil {
			return Committed{}, err
		}
	}
	for _, list := range dangling {
		if err := refuse(errs.Unprocessable, op, "the content is not valid", list); err != nil {
			return Committed{}, err
		}
		warnings = append(warnings, list...)
	}
	if err := c.tagged(in.tags, s.cfg.Limits.Tags); err != nil {
		return Committed{}, err
	}
	at, err := s.commitContent(ctx, &c, subject)
	if err != nil {
		return Committed{}, err
	}
	return committed(&c, at, warnings), nil
}

// categoryPersistent is the code of COMPOSITION.category for content that stands
// for a state of the subject, such as a problem list.
const categoryPersistent = 431

// content makes a version of a tree with what its kind has of its own.
func (s *Service) content(uid, preceding VersionUID, kind Kind, audit commitAudit, root *rm.Node, template TemplateInfo) NewVersion {
	if kind.IsParty() && preceding.IsZero() {
		root = ownReferences(root, uid.Object)
	}
	v := s.version(uid, preceding, kind, audit, root)
	if kind == KindComposition || kind.IsParty() {
		v.Template = template
	}
	if kind == KindComposition {
		v.Category, v.StartTime = category(root), startTime(root)
		v.OnlyPersistent = s.cfg.OnePersistent && preceding.IsZero() && v.Category == categoryPersistent
	}
	return v
}

// wrongPreceding answers a request whose preceding version belongs to another
// object: that of the latest version, if there is one.
func (s *Service) wrongPreceding(ctx context.Context, op string, ehrID uuid.UUID, kind Kind, object uuid.UUID) error {
	latest, err := s.cfg.Store.Version(ctx, ehrID, kind, VersionSelector{Object: object})
	if err != nil {
		return err
	}
	return notLatest(op, latest.UID)
}

// goesOn refuses to follow a branch version of another system: the new version
// would have to begin a branch, whose number only a contribution can name.
func (s *Service) goesOn(op string, preceding VersionUID) error {
	if preceding.IsBranch() && !strings.EqualFold(preceding.System, s.cfg.SystemID) {
		return errs.New(errs.Invalid, op, "the version named is on a branch of another system: commit a contribution whose version has a uid that begins a branch of this one")
	}
	return nil
}

// DeleteComposition commits a logical deletion. Conflict with the latest
// VersionUID if another version is named, Invalid if it is deleted already.
func (s *Service) DeleteComposition(ctx context.Context, who Actor, in DeleteComposition) (Committed, error) {
	return s.deleteObject(ctx, who, in.EHRID, KindComposition, in.Version, in.Audit)
}

// deleteObject commits the logical deletion of a COMPOSITION or party.
func (s *Service) deleteObject(ctx context.Context, who Actor, ehrID uuid.UUID, kind Kind, version VersionUID, in AuditInput) (Committed, error) {
	if err := s.decide(ctx, who, ActionDelete, target(ehrID, kind.String())); err != nil {
		return Committed{}, err
	}
	audit, err := s.audit(deleting, who, in)
	if err != nil {
		return Committed{}, err
	}
	subject, err := s.context(ctx, ehrID)
	if err != nil {
		return Committed{}, err
	}
	if err := s.goesOn("ehr.deleteObject", version); err != nil {
		return Committed{}, err
	}
	c := s.contribution(ehrID, who, audit)
	c.Versions = []NewVersion{s.version(version.Next(s.cfg.SystemID), version, kind, audit, nil)}
	at, err := s.commitContent(ctx, &c, subject)
	if e := errs.As(err); e != nil {
		switch {
		case e.Code == CodeDeleted:
			e := *e
			e.Kind, e.Msg = errs.Invalid, "the "+kind.String()+" is deleted already"
			return Committed{}, &e
		case e.Kind == errs.Precondition:
			e := *e
			e.Kind = errs.Conflict
			return Committed{}, &e
		}
	}
	if err != nil {
		return Committed{}, err
	}
	return committed(&c, at, nil), nil
}

// Composition reads a COMPOSITION: the latest version, or the one extant at a
// time that is not zero. A deleted one is a record marked Deleted, not an error.
func (s *Service) Composition(ctx context.Context, who Actor, ehrID, object uuid.UUID, at time.Time) (VersionRecord, error) {
	return s.read(ctx, who, ehrID, KindComposition, VersionSelector{Object: object, At: at})
}

// CompositionVersion reads one version of a COMPOSITION.
func (s *Service) CompositionVersion(ctx context.Context, who Actor, ehrID uuid.UUID, uid VersionUID) (VersionRecord, error) {
	return s.readVersion(ctx, who, ehrID, KindComposition, uid)
}

// context is what a commit into an EHR must know of its EHR_STATUS beforehand.
// It may be out of date: the store refuses the commit then.
func (s *Service) context(ctx context.Context, ehrID uuid.UUID) (ehrContext, error) {
	if len(s.cfg.Projections) == 0 || ehrID == Demographics {
		return ehrContext{}, nil // nobody asks
	}
	if c, ok := s.contexts.GetIfPresent(ehrID); ok {
		return c, nil
	}
	e, err := s.cfg.Store.EHR(ctx, ehrID)
	if err != nil {
		return ehrContext{}, err
	}
	c := ehrContext{subject: e.Subject, status: e.StatusUID}
	s.contexts.Set(ehrID, c)
	return c, nil
}

type ehrContext struct {
	subject Subject
	status  VersionUID
}

// commitContent projects and commits, again if the EHR_STATUS that the
// projections were computed from is not the latest any more.
func (s *Service) commitContent(ctx context.Context, c *Contribution, known ehrContext) (time.Time, error) {
	for attempt := 0; ; attempt++ {
		c.StatusObject, c.StatusTrunk = known.status.Object, known.status.Trunk
		if err := s.project(ctx, c, known.subject); err != nil {
			return time.Time{}, err
		}
		at, err := s.cfg.Store.Commit(ctx, *c)
		if !errors.Is(err, ErrStaleContext) || attempt == 4 {
			return at, err
		}
		s.contexts.Invalidate(c.EHRID)
		if known, err = s.context(ctx, c.EHRID); err != nil {
			return time.Time{}, err
		}
	}
}
