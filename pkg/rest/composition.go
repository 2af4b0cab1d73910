package rest

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// createComposition serves POST /ehr/{ehr_id}/composition.
func (a *api) createComposition(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	c, err := a.commit(r, rm.ClassComposition)
	if err != nil {
		return err
	}
	done, err := a.Records.CreateComposition(r.Context(), r.who, ehr.CreateComposition{
		EHRID: id, Content: c.content, TemplateID: c.templateID, Audit: c.audit, Tags: c.tags,
	})
	if err != nil {
		return err
	}
	return a.sendWritten(w, c.prefer, a.outcome(r, c, done, true, "ehr", id.String(), "composition", done.UID.String()))
}

// composition serves GET /ehr/{ehr_id}/composition/{uid_based_id}, where
// version_at_time has a meaning for the object id only.
func (a *api) composition(w *answer, r *request) error {
	media, err := negotiate(r.Header, compositionMedia...)
	if err != nil {
		return err
	}
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	var rec ehr.VersionRecord
	if s := r.param("uid_based_id"); strings.Contains(s, "::") {
		uid, err := ehr.ParseVersionUID(s)
		if err != nil {
			return noSuchVersion(err)
		}
		if rec, err = a.Records.CompositionVersion(r.Context(), r.who, id, uid); err != nil {
			return err
		}
	} else {
		object, ok := parseUUID(s)
		if !ok {
			return errs.New(errs.NotFound, "rest.composition", "there is no COMPOSITION with this uid, which is neither a UUID nor a version_uid")
		}
		at, err := a.versionAtTime(r)
		if err != nil {
			return err
		}
		if rec, err = a.Records.Composition(r.Context(), r.who, id, object, at); err != nil {
			return err
		}
	}
	return a.sendVersion(w, r, rec, media, "ehr", id.String(), "composition", rec.UID.String())
}

// updateComposition serves PUT /ehr/{ehr_id}/composition/{uid_based_id}.
func (a *api) updateComposition(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	object, ok := parseUUID(r.param("uid_based_id"))
	if !ok {
		return invalid("updateComposition", "the path of an update takes the versioned_object_uid, a UUID; the version_uid goes into If-Match")
	}
	c, err := a.commit(r, rm.ClassComposition)
	if err != nil {
		return err
	}
	preceding, err := ifMatch(r.Header)
	if err != nil {
		return err
	}
	if preceding.IsZero() || preceding.Object != object {
		return a.staleComposition(w, r, id, object)
	}
	done, err := a.Records.UpdateComposition(r.Context(), r.who, ehr.UpdateComposition{
		EHRID: id, Object: object, Preceding: preceding, Content: c.content, TemplateID: c.templateID, Audit: c.audit, Tags: c.tags,
	})
	if err != nil {
		a.pointToLatest(w, r, err, id, "composition")
		return err
	}
	return a.sendWritten(w, c.prefer, a.outcome(r, c, done, false, "ehr", id.String(), "composition", done.UID.String()))
}

// staleComposition refuses an If-Match that names no version of the object.
func (a *api) staleComposition(w *answer, r *request, id, object uuid.UUID) error {
	latest, err := a.Records.Composition(r.Context(), r.who, id, object, noTime)
	if err != nil {
		return err
	}
	err = staleMatch(latest.UID)
	a.pointToLatest(w, r, err, id, "composition")
	return err
}

// deleteComposition serves DELETE /ehr/{ehr_id}/composition/{uid_based_id}: the
// logical deletion of the version in the path, which must be the latest.
func (a *api) deleteComposition(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	uid, err := ehr.ParseVersionUID(r.param("uid_based_id"))
	if err != nil {
		return err
	}
	audit, err := a.audit(r)
	if err != nil {
		return err
	}
	done, err := a.Records.DeleteComposition(r.Context(), r.who, ehr.DeleteComposition{EHRID: id, Version: uid, Audit: audit})
	if err != nil {
		a.pointToLatest(w, r, err, id, "composition")
		return err
	}
	entityHeaders(w.Header(), done.UID.String(), done.Meta.Audit.TimeCommitted)
	if a.Compat103 {
		w.Header().Set("Location", a.location(r, "ehr", id.String(), "composition", done.UID.String()))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
