package rest

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// objects is a kind of versioned object that clients create, read, update and
// delete by its uid: COMPOSITIONs of an EHR, and the parties of the demographic
// repository.
type objects struct {
	kind ehr.Kind
	// path is the segment below the EHR or /demographic.
	path string
}

var (
	compositions  = objects{ehr.KindComposition, "composition"}
	agents        = objects{ehr.KindAgent, "agent"}
	groups        = objects{ehr.KindGroup, "group"}
	organisations = objects{ehr.KindOrganisation, "organisation"}
	persons       = objects{ehr.KindPerson, "person"}
	roles         = objects{ehr.KindRole, "role"}
)

// ownerOf is the EHR that the path names, or the demographic repository, as the
// kind has it.
func (r *request) ownerOf(kind ehr.Kind) (uuid.UUID, error) {
	if kind.IsParty() {
		return ehr.Demographics, nil
	}
	return r.ehrID()
}

// below are the segments of a path in an EHR or in the demographic repository.
func below(owner uuid.UUID, segments ...string) []string {
	if owner == ehr.Demographics {
		return append([]string{"demographic"}, segments...)
	}
	return append([]string{"ehr", owner.String()}, segments...)
}

// create serves POST /ehr/{ehr_id}/composition and POST /demographic/….
func (o objects) create(a *api, w *answer, r *request) error {
	owner, err := r.ownerOf(o.kind)
	if err != nil {
		return err
	}
	c, err := a.commit(r, rm.Lookup(o.kind.String()))
	if err != nil {
		return err
	}
	var done ehr.Committed
	if o.kind.IsParty() {
		done, err = a.Records.CreateParty(r.Context(), r.who, ehr.WriteParty{
			Kind: o.kind, Content: c.content, TemplateID: c.templateID, Audit: c.audit, Tags: c.tags,
		})
	} else {
		done, err = a.Records.CreateComposition(r.Context(), r.who, ehr.CreateComposition{
			EHRID: owner, Content: c.content, TemplateID: c.templateID, Audit: c.audit, Tags: c.tags,
		})
	}
	if err != nil {
		return err
	}
	return a.sendWritten(w, c.prefer, a.outcome(r, c, done, true, below(owner, o.path, done.UID.String())...))
}

// read serves GET …/{uid_based_id}, where version_at_time has a meaning for the
// object id only.
func (o objects) read(a *api, w *answer, r *request) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Content...)
	if err != nil {
		return err
	}
	owner, err := r.ownerOf(o.kind)
	if err != nil {
		return err
	}
	var rec ehr.VersionRecord
	if s := r.param("uid_based_id"); strings.Contains(s, "::") {
		uid, err := ehr.ParseVersionUID(s)
		if err != nil {
			return noSuchVersion(err)
		}
		if rec, err = a.objectVersion(r, owner, o.kind, uid); err != nil {
			return err
		}
	} else {
		object, ok := parseUUID(s)
		if !ok {
			return errs.New(errs.NotFound, "rest.objects", "there is no "+o.kind.String()+" with this uid, which is neither a UUID nor a version_uid")
		}
		at, err := a.versionAtTime(r)
		if err != nil {
			return err
		}
		if rec, err = a.object(r, owner, o.kind, object, at); err != nil {
			return err
		}
	}
	return a.sendVersion(w, r, rec, media, below(owner, o.path, rec.UID.String())...)
}

// object reads the version of an object extant at a time, zero for the latest. What
// an EHR has only one of needs no object.
func (a *api) object(r *request, owner uuid.UUID, kind ehr.Kind, object uuid.UUID, at time.Time) (ehr.VersionRecord, error) {
	switch {
	case kind == ehr.KindEHRStatus:
		return a.Records.EHRStatus(r.Context(), r.who, owner, at)
	case kind == ehr.KindFolder:
		return a.Records.Directory(r.Context(), r.who, owner, at)
	case kind.IsParty():
		return a.Records.Party(r.Context(), r.who, kind, object, at)
	}
	return a.Records.Composition(r.Context(), r.who, owner, object, at)
}

// objectVersion reads one version of an object.
func (a *api) objectVersion(r *request, owner uuid.UUID, kind ehr.Kind, uid ehr.VersionUID) (ehr.VersionRecord, error) {
	switch {
	case kind == ehr.KindEHRStatus:
		return a.Records.EHRStatusVersion(r.Context(), r.who, owner, uid)
	case kind == ehr.KindFolder:
		return a.Records.DirectoryVersion(r.Context(), r.who, owner, uid)
	case kind.IsParty():
		return a.Records.PartyVersion(r.Context(), r.who, kind, uid)
	}
	return a.Records.CompositionVersion(r.Context(), r.who, owner, uid)
}

// update serves PUT …/{uid_based_id}.
func (o objects) update(a *api, w *answer, r *request) error {
	owner, err := r.ownerOf(o.kind)
	if err != nil {
		return err
	}
	object, ok := parseUUID(r.param("uid_based_id"))
	if !ok {
		return invalid("objects", "the path of an update takes the versioned_object_uid, a UUID; the version_uid goes into If-Match")
	}
	c, err := a.commit(r, rm.Lookup(o.kind.String()))
	if err != nil {
		return err
	}
	preceding, err := header.IfMatch(r.Header)
	if err != nil {
		return err
	}
	if preceding.IsZero() || preceding.Object != object {
		return o.stale(a, w, r, owner, object)
	}
	var done ehr.Committed
	if o.kind.IsParty() {
		done, err = a.Records.UpdateParty(r.Context(), r.who, ehr.WriteParty{
			Kind: o.kind, Object: object, Preceding: preceding, Content: c.content, TemplateID: c.templateID, Audit: c.audit, Tags: c.tags,
		})
	} else {
		done, err = a.Records.UpdateComposition(r.Context(), r.who, ehr.UpdateComposition{
			EHRID: owner, Object: object, Preceding: preceding, Content: c.content, TemplateID: c.templateID, Audit: c.audit, Tags: c.tags,
		})
	}
	if err != nil {
		a.pointToLatest(w, r, err, owner, o.path)
		return err
	}
	return a.sendWritten(w, c.prefer, a.outcome(r, c, done, false, below(owner, o.path, done.UID.String())...))
}

// stale refuses an If-Match that names no version of the object.
func (o objects) stale(a *api, w *answer, r *request, owner, object uuid.UUID) error {
	latest, err := a.object(r, owner, o.kind, object, noTime)
	if err != nil {
		return err
	}
	err = staleMatch(latest.UID)
	a.pointToLatest(w, r, err, owner, o.path)
	return err
}

// remove serves DELETE …/{uid_based_id}: the logical deletion of the version in
// the path, which must be the latest.
func (o objects) remove(a *api, w *answer, r *request) error {
	owner, err := r.ownerOf(o.kind)
	if err != nil {
		return err
	}
	uid, err := ehr.ParseVersionUID(r.param("uid_based_id"))
	if err != nil {
		return err
	}
	if err := header.RefuseTags(r.Header); err != nil {
		return err
	}
	audit, err := header.Audit(r.Header, a.SystemID)
	if err != nil {
		return err
	}
	var done ehr.Committed
	if o.kind.IsParty() {
		done, err = a.Records.DeleteParty(r.Context(), r.who, ehr.WriteParty{Kind: o.kind, Preceding: uid, Audit: audit})
	} else {
		done, err = a.Records.DeleteComposition(r.Context(), r.who, ehr.DeleteComposition{EHRID: owner, Version: uid, Audit: audit})
	}
	if err != nil {
		a.pointToLatest(w, r, err, owner, o.path)
		return err
	}
	header.SetEntity(w.Header(), done.UID.String(), done.Meta.Audit.TimeCommitted)
	if a.Compat103 {
		w.Header().Set("Location", a.location(r, below(owner, o.path, done.UID.String())...))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
