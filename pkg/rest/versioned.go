package rest

import (
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// versioned is a kind of versioned object whose container and versions have
// resources of their own.
type versioned struct {
	kind ehr.Kind
	// class is that of the container, path the segment below the EHR.
	class, path string
	// single is set if an EHR has only one of the kind and the URL does not
	// name it.
	single bool
}

var (
	versionedEHRStatus   = versioned{ehr.KindEHRStatus, "VERSIONED_EHR_STATUS", "versioned_ehr_status", true}
	versionedComposition = versioned{ehr.KindComposition, "VERSIONED_COMPOSITION", "versioned_composition", false}
)

// target finds the EHR and the object that the URL names; the zero UUID for
// the only one.
func (v versioned) target(r *request) (media string, ehrID, object uuid.UUID, err error) {
	if media, err = negotiate(r.Header, canonical...); err != nil {
		return
	}
	if ehrID, err = r.ehrID(); err != nil || v.single {
		return
	}
	object, ok := parseUUID(r.param("versioned_object_uid"))
	if !ok {
		err = errs.New(errs.NotFound, "rest.versioned", "there is no "+v.class+" with this versioned_object_uid, which is not a UUID")
	}
	return
}

// container serves GET /ehr/{ehr_id}/versioned_….
func (v versioned) container(a *api, w *answer, r *request) error {
	media, id, object, err := v.target(r)
	if err != nil {
		return err
	}
	list, err := a.Records.Versions(r.Context(), r.who, id, v.kind, object)
	if err != nil {
		return err
	}
	return a.sendObject(w, r, media, v.class, list[0].UID.Object.String(), list[0].Audit.TimeCommitted,
		versionedObject(v.class, ehrRef(id), list))
}

// revisions serves GET …/revision_history. It is as recent as the latest
// version and has its tag.
func (v versioned) revisions(a *api, w *answer, r *request) error {
	media, id, object, err := v.target(r)
	if err != nil {
		return err
	}
	list, err := a.Records.Versions(r.Context(), r.who, id, v.kind, object)
	if err != nil {
		return err
	}
	body, err := revisionHistory(list)
	if err != nil {
		return err
	}
	latest := list[len(list)-1]
	return a.sendObject(w, r, media, "REVISION_HISTORY", latest.UID.String(), latest.Audit.TimeCommitted, body)
}

// versionAt serves GET …/version[?version_at_time=…].
func (v versioned) versionAt(a *api, w *answer, r *request) error {
	media, id, object, err := v.target(r)
	if err != nil {
		return err
	}
	at, err := a.versionAtTime(r)
	if err != nil {
		return err
	}
	rec, err := v.read(a, r, id, object, at)
	if err != nil {
		return err
	}
	return v.send(a, w, r, id, rec, media)
}

// read reads the version of an object extant at a time, zero for the latest.
func (v versioned) read(a *api, r *request, id, object uuid.UUID, at time.Time) (ehr.VersionRecord, error) {
	if v.kind == ehr.KindEHRStatus {
		return a.Records.EHRStatus(r.Context(), r.who, id, at)
	}
	return a.Records.Composition(r.Context(), r.who, id, object, at)
}

// version serves GET …/version/{version_uid}.
func (v versioned) version(a *api, w *answer, r *request) error {
	media, id, object, err := v.target(r)
	if err != nil {
		return err
	}
	uid, err := ehr.ParseVersionUID(r.param("version_uid"))
	if err != nil {
		return noSuchVersion(err)
	}
	if !v.single && uid.Object != object {
		return errs.New(errs.NotFound, "rest.versioned", "the version_uid is not one of this "+v.class)
	}
	read := a.Records.CompositionVersion
	if v.kind == ehr.KindEHRStatus {
		read = a.Records.EHRStatusVersion
	}
	rec, err := read(r.Context(), r.who, id, uid)
	if err != nil {
		return err
	}
	return v.send(a, w, r, id, rec, media)
}

// send sends an ORIGINAL_VERSION. That of a deletion has no data, but it is
// there and not absent: it says who deleted the object, when and why.
func (v versioned) send(a *api, w *answer, r *request, id uuid.UUID, rec ehr.VersionRecord, media string) error {
	body, err := originalVersion(rec)
	if err != nil {
		return err
	}
	if a.Compat103 {
		segments := []string{"ehr", id.String(), v.path}
		if !v.single {
			segments = append(segments, rec.UID.Object.String())
		}
		w.Header().Set("Location", a.location(r, append(segments, "version", rec.UID.String())...))
	}
	return a.sendObject(w, r, media, "ORIGINAL_VERSION", rec.UID.String(), rec.Meta.Audit.TimeCommitted, body)
}
