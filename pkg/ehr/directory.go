package ehr

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// WriteDirectory asks for a new version of an EHR's directory, a tree of FOLDERs
// (RM ehr, EHR.directory).
type WriteDirectory struct {
	EHRID uuid.UUID
	// Preceding is the version that the change is based on, which must be the
	// latest; it is not used on creation.
	Preceding VersionUID
	// Content is a FOLDER; a deletion has none.
	Content Content
	Audit   AuditInput
	Tags    TagInput
}

// CreateDirectory commits version 1 of the directory; Conflict if the EHR has
// one.
func (s *Service) CreateDirectory(ctx context.Context, who Actor, in WriteDirectory) (Committed, error) {
	in.Preceding = VersionUID{}
	return s.commitDirectory(ctx, "ehr.CreateDirectory", creating, ActionCreate, who, in)
}

// UpdateDirectory commits the next version of the directory; Precondition with
// the latest version if another one is named, Conflict if the directory is
// deleted.
func (s *Service) UpdateDirectory(ctx context.Context, who Actor, in WriteDirectory) (Committed, error) {
	return s.commitDirectory(ctx, "ehr.UpdateDirectory", updating, ActionUpdate, who, in)
}

// DeleteDirectory commits the logical deletion of the directory; Precondition
// with the latest version if another one is named, Invalid if it is deleted.
func (s *Service) DeleteDirectory(ctx context.Context, who Actor, in WriteDirectory) (Committed, error) {
	done, err := s.commitDirectory(ctx, "ehr.DeleteDirectory", deleting, ActionDelete, who, in)
	if e := errs.As(err); e != nil && e.Code == CodeDeleted && e.Kind == errs.Conflict {
		e := *e
		e.Kind, e.Msg = errs.Invalid, "the directory is deleted already"
		return Committed{}, &e
	}
	return done, err
}

func (s *Service) commitDirectory(ctx context.Context, op string, what operation, action Action, who Actor, in WriteDirectory) (Committed, error) {
	if err := s.decide(ctx, who, action, Target{EHRID: in.EHRID.String(), Class: "FOLDER"}); err != nil {
		return Committed{}, err
	}
	audit, err := s.audit(what, who, in.Audit)
	if err != nil {
		return Committed{}, err
	}
	var root *rm.Node
	var warnings []rm.Problem
	if what != deleting {
		var more []rm.Problem
		if root, warnings, err = s.decode(op, in.Content, rm.ClassFolder, audit.lifecycle); err != nil {
			return Committed{}, err
		}
		if _, more, err = s.validate(ctx, op, root, "", audit.lifecycle); err != nil {
			return Committed{}, err
		}
		warnings = append(warnings, more...)
	}
	uid := VersionUID{Object: s.cfg.NewID(), System: s.cfg.SystemID, Trunk: 1}
	if what != creating {
		// A version of a directory that was deleted before is stale, not absent.
		latest, err := s.cfg.Store.Version(ctx, in.EHRID, KindFolder, VersionSelector{})
		if err != nil {
			return Committed{}, err
		}
		if !in.Preceding.Equal(latest.UID) {
			return Committed{}, notLatest(op, latest.UID)
		}
		uid.Object, uid.Trunk = latest.UID.Object, latest.UID.Trunk+1
	}
	if what == updating {
		if err := belongsTo(op, root, uid.Object); err != nil {
			return Committed{}, err
		}
	}
	c := s.contribution(in.EHRID, who, audit)
	c.Versions = []NewVersion{s.version(uid, in.Preceding, KindFolder, audit, root)}
	if err := c.tagged(in.Tags, s.cfg.Limits.Tags); err != nil {
		return Committed{}, err
	}
	subject, err := s.context(ctx, in.EHRID)
	if err != nil {
		return Committed{}, err
	}
	at, err := s.commitContent(ctx, &c, subject)
	if err != nil {
		return Committed{}, err
	}
	return committed(&c, at, warnings), nil
}

// Directory reads the directory: the latest version, or the one extant at a
// time that is not zero. A deleted one is a record marked Deleted.
func (s *Service) Directory(ctx context.Context, who Actor, ehrID uuid.UUID, at time.Time) (VersionRecord, error) {
	return s.read(ctx, who, ehrID, KindFolder, VersionSelector{At: at})
}

// DirectoryVersion reads one version of the directory.
func (s *Service) DirectoryVersion(ctx context.Context, who Actor, ehrID uuid.UUID, uid VersionUID) (VersionRecord, error) {
	return s.readVersion(ctx, who, ehrID, KindFolder, uid)
}
