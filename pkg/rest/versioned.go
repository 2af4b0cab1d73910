package rest

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/changecontrol"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// versioned is a kind of versioned object whose container and versions have
// resources of their own.
type versioned struct {
	// class is that of the container, path the segment below the EHR or
	// /demographic.
	class, path string
	// kind is 0 if the container may be of any kind of party.
	kind ehr.Kind
	// single is set if an EHR has only one of the kind and the URL does not
	// name it.
	single bool
}

var (
	versionedEHRStatus   = versioned{class: "VERSIONED_EHR_STATUS", path: "versioned_ehr_status", kind: ehr.KindEHRStatus, single: true}
	versionedComposition = versioned{class: "VERSIONED_COMPOSITION", path: "versioned_composition", kind: ehr.KindComposition}
	versionedParty       = versioned{class: "VERSIONED_PARTY", path: "versioned_party"}
)

// versionedPlace is the versioned object that a URL names.
type versionedPlace struct {
	media  string
	owner  uuid.UUID
	kind   ehr.Kind
	object uuid.UUID // zero for the only one
}

// target finds the object that the URL names.
func (v versioned) target(a *api, r *request) (c versionedPlace, err error) {
	if c.media, err = mediatype.Negotiate(r.Header, mediatype.Canonical...); err != nil {
		return c, err
	}
	if c.kind = v.kind; v.kind != 0 {
		if c.owner, err = r.ehrID(); err != nil || v.single {
			return c, err
		}
	}
	var ok bool
	if c.object, ok = parseUUID(r.param("versioned_object_uid")); !ok {
		return c, errs.New(errs.NotFound, "rest.versioned", "there is no "+v.class+" with this versioned_object_uid, which is not a UUID")
	}
	if v.kind == 0 {
		c.kind, err = a.Records.PartyKind(r.Context(), r.who, c.object)
	}
	return c, err
}

// container serves GET …/versioned_….
func (v versioned) container(a *api, w *answer, r *request) error {
	c, err := v.target(a, r)
	if err != nil {
		return err
	}
	list, err := a.Records.Versions(r.Context(), r.who, c.owner, c.kind, c.object)
	if err != nil {
		return err
	}
	return a.sendObject(w, r, c.media, v.class, list[0].UID.Object.String(), list[0].Audit.TimeCommitted, true,
		changecontrol.VersionedObject(v.class, a.ownerRef(c.owner), list))
}

// revisions serves GET …/revision_history. It is as recent as the version or
// attestation committed last, and has the tag of that version.
func (v versioned) revisions(a *api, w *answer, r *request) error {
	c, err := v.target(a, r)
	if err != nil {
		return err
	}
	list, err := a.Records.Versions(r.Context(), r.who, c.owner, c.kind, c.object)
	if err != nil {
		return err
	}
	body, err := changecontrol.RevisionHistory(list)
	if err != nil {
		return err
	}
	latest, at := list[len(list)-1], time.Time{}
	attested := false
	for _, m := range list {
		if c := changecontrol.Changed(m); c.After(at) {
			at = c
		}
		attested = attested || len(m.Attestations) > 0
	}
	if attested {
		forgetTag(r)
	}
	return a.sendObject(w, r, c.media, "REVISION_HISTORY", latest.UID.String(), at, len(list) == 1 && !attested, body)
}

// versionAt serves GET …/version[?version_at_time=…].
func (v versioned) versionAt(a *api, w *answer, r *request) error {
	c, err := v.target(a, r)
	if err != nil {
		return err
	}
	at, err := a.versionAtTime(r)
	if err != nil {
		return err
	}
	rec, err := a.object(r, c.owner, c.kind, c.object, at)
	if err != nil {
		return err
	}
	return v.send(a, w, r, c, rec)
}

// version serves GET …/version/{version_uid}.
func (v versioned) version(a *api, w *answer, r *request) error {
	c, err := v.target(a, r)
	if err != nil {
		return err
	}
	uid, err := ehr.ParseVersionUID(r.param("version_uid"))
	if err != nil {
		return noSuchVersion(err)
	}
	if !v.single && uid.Object != c.object {
		return errs.New(errs.NotFound, "rest.versioned", "the version_uid is not one of this "+v.class)
	}
	rec, err := a.objectVersion(r, c.owner, c.kind, uid)
	if err != nil {
		return err
	}
	return v.send(a, w, r, c, rec)
}

// send sends an ORIGINAL_VERSION or IMPORTED_VERSION. That of a deletion has no
// data, but it is there and not absent: it says who deleted the object, when and
// why.
func (v versioned) send(a *api, w *answer, r *request, c versionedPlace, rec ehr.VersionRecord) error {
	rec, err := a.Records.VersionDetails(r.Context(), r.who, c.owner, rec)
	if err != nil {
		return err
	}
	class, body, err := changecontrol.Version(rec)
	if err != nil {
		return err
	}
	if a.Compat103 {
		segments := below(c.owner, v.path)
		if !v.single {
			segments = append(segments, rec.UID.Object.String())
		}
		w.Header().Set("Location", a.location(r, append(segments, "version", rec.UID.String())...))
	}
	if len(rec.Meta.Attestations) > 0 {
		forgetTag(r)
	}
	return a.sendObject(w, r, c.media, class, rec.UID.String(), changecontrol.Changed(rec.Meta), rec.UID.IsFirst() && len(rec.Meta.Attestations) == 0, body)
}

// forgetTag makes If-None-Match count for nothing: attestations are added to a
// version without a new uid, so its tag does not tell whether the client has them.
func forgetTag(r *request) { r.Header.Del("If-None-Match") }

// sendObject sends an RM object of the class that is read as a whole: 304 if
// the client has it. The media type is the one negotiated; alone is that of
// header.NotModified.
func (a *api) sendObject(w *answer, r *request, media, class, tag string, modified time.Time, alone bool, json []byte) error {
	w.Header().Add("Vary", "Accept")
	header.SetEntity(w.Header(), tag, modified)
	if header.NotModified(r.Header, tag, modified, alone) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := represent(media, rm.Lookup(class), json)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, media, body)
}
