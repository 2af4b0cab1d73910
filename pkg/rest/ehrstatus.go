package rest

import (
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// found is a version that a request reads of what an EHR has only one of.
type found struct {
	ehr.VersionRecord
	owner uuid.UUID
	media string // that the client takes
}

// single reads an object that an EHR has only one of: the version that the path
// names, or the one extant at version_at_time.
func (a *api) single(r *request, kind ehr.Kind) (f found, err error) {
	if f.media, err = mediatype.Negotiate(r.Header, mediatype.Canonical...); err != nil {
		return f, err
	}
	if f.owner, err = r.ehrID(); err != nil {
		return f, err
	}
	if s := r.param("version_uid"); s != "" {
		uid, err := ehr.ParseVersionUID(s)
		if err != nil {
			return f, noSuchVersion(err)
		}
		f.VersionRecord, err = a.objectVersion(r, f.owner, kind, uid)
		return f, err
	}
	at, err := a.versionAtTime(r)
	if err != nil {
		return f, err
	}
	f.VersionRecord, err = a.object(r, f.owner, kind, uuid.UUID{}, at)
	return f, err
}

// ehrStatus serves GET /ehr/{ehr_id}/ehr_status[?version_at_time=…] and
// GET /ehr/{ehr_id}/ehr_status/{version_uid}.
func (a *api) ehrStatus(w *answer, r *request) error {
	f, err := a.single(r, ehr.KindEHRStatus)
	if err != nil {
		return err
	}
	return a.sendVersion(w, r, f.VersionRecord, f.media, below(f.owner, "ehr_status", f.UID.String())...)
}

// updateEHRStatus serves PUT /ehr/{ehr_id}/ehr_status.
func (a *api) updateEHRStatus(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	c, err := a.commit(r, rm.ClassEHRStatus)
	if err != nil {
		return err
	}
	preceding, err := header.IfMatch(r.Header)
	if err != nil {
		return err
	}
	if preceding.IsZero() {
		latest, err := a.Records.EHRStatus(r.Context(), r.who, id, noTime)
		if err != nil {
			return err
		}
		return staleMatch(latest.UID)
	}
	done, err := a.Records.UpdateEHRStatus(r.Context(), r.who, ehr.UpdateEHRStatus{
		EHRID: id, Preceding: preceding, Status: c.content, Audit: c.audit, Tags: c.tags,
	})
	if err != nil {
		a.pointToLatest(w, r, err, id, "ehr_status")
		return plainInvalid(err)
	}
	return a.sendWritten(w, c.prefer, a.outcome(r, c, done, false, "ehr", id.String(), "ehr_status", done.UID.String()))
}

// staleMatch is the refusal of an If-Match that names no version.
func staleMatch(latest ehr.VersionUID) error {
	return &errs.Error{
		Op: "rest.ifMatch", Kind: errs.Precondition, Detail: latest,
		Msg: "If-Match does not name the latest version",
	}
}

// noSuchVersion makes an identifier that cannot exist one that does not: a
// read of it finds nothing, whatever is wrong with its form.
func noSuchVersion(err error) error {
	e := errs.As(err)
	return errs.Wrap(errs.NotFound, "rest.versionUID", "there is no such version: "+e.Msg, err)
}

// pointToLatest adds the Location of the latest version, which release 1.0.3
// puts on 409 and 412, to a refusal that knows it.
func (a *api) pointToLatest(w *answer, r *request, err error, owner uuid.UUID, resource string) {
	if e := errs.As(err); a.Compat103 && e != nil {
		if latest, ok := e.Detail.(ehr.VersionUID); ok {
			w.Header().Set("Location", a.location(r, below(owner, resource, latest.String())...))
		}
	}
}
