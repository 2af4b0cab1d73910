package rest

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// idValue is an object identifier with its class.
type idValue struct {
	Type  string `json:"_type"`
	Value string `json:"value"`
}

// objectRef is an OBJECT_REF.
type objectRef struct {
	Type      string  `json:"_type"`
	ID        idValue `json:"id"`
	Namespace string  `json:"namespace"`
	RMType    string  `json:"type"`
}

// ehrObject is the EHR class (RM ehr §EHR) as ITS-REST shows it: EHR_STATUS and
// EHR_ACCESS by reference to their latest version.
type ehrObject struct {
	Type        string     `json:"_type"`
	SystemID    idValue    `json:"system_id"`
	EHRID       idValue    `json:"ehr_id"`
	EHRStatus   objectRef  `json:"ehr_status"`
	EHRAccess   objectRef  `json:"ehr_access"`
	Directory   *objectRef `json:"directory,omitempty"`
	TimeCreated idValue    `json:"time_created"`
}

func ehrJSON(e ehr.EHR) []byte {
	ref := func(uid ehr.VersionUID, class string) objectRef {
		return objectRef{"OBJECT_REF", idValue{"OBJECT_VERSION_ID", uid.String()}, "local", class}
	}
	var directory *objectRef
	if e.Directory != (uuid.UUID{}) {
		directory = &objectRef{"OBJECT_REF", idValue{"HIER_OBJECT_ID", e.Directory.String()}, "local", "VERSIONED_FOLDER"}
	}
	return marshal(ehrObject{
		Type:        "EHR",
		SystemID:    idValue{"HIER_OBJECT_ID", e.SystemID},
		EHRID:       idValue{"HIER_OBJECT_ID", e.ID.String()},
		EHRStatus:   ref(e.StatusUID, "EHR_STATUS"),
		EHRAccess:   ref(e.AccessUID, "EHR_ACCESS"),
		Directory:   directory,
		TimeCreated: idValue{"DV_DATE_TIME", dateTime(e.TimeCreated)},
	})
}

// dateTime is the extended ISO 8601 form of a time of the server's.
func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// parseUUID reads the hyphenated form of a UUID, in either case.
func parseUUID(s string) (uuid.UUID, bool) {
	id, err := uuid.Parse(s)
	return id, err == nil && len(s) == 36
}

// ehrID is the path parameter of that name. EHRs of Cairn have UUIDs, so that
// any other value names none, and neither does the zero UUID.
func (r *request) ehrID() (uuid.UUID, error) {
	id, ok := parseUUID(r.param("ehr_id"))
	if !ok {
		return id, errs.New(errs.NotFound, "rest.ehrID", "there is no EHR with this ehr_id, which is not a UUID")
	}
	if id == ehr.Demographics {
		return id, errs.New(errs.NotFound, "rest.ehrID", "there is no EHR with this ehr_id")
	}
	return id, nil
}

// createEHR serves POST /ehr.
func (a *api) createEHR(w *answer, r *request) error {
	return a.putEHR(w, r, uuid.UUID{})
}

// createEHRWithID serves PUT /ehr/{ehr_id}.
func (a *api) createEHRWithID(w *answer, r *request) error {
	id, ok := parseUUID(r.param("ehr_id"))
	if !ok || id == (uuid.UUID{}) {
		return invalid("createEHRWithID", "ehr_id must be a UUID")
	}
	return a.putEHR(w, r, id)
}

func (a *api) putEHR(w *answer, r *request, id uuid.UUID) error {
	prefer, err := a.prefer(r, mediatype.Canonical...)
	if err != nil {
		return err
	}
	if err := header.RefuseTags(r.Header); err != nil {
		return err
	}
	in := ehr.CreateEHR{ID: id}
	if in.Audit, err = header.Audit(r.Header, a.SystemID); err != nil {
		return err
	}
	body, err := a.body(r)
	if err != nil {
		return err
	}
	var warnings []rm.Problem
	if len(body) > 0 {
		media, err := mediatype.OfBody(r.Header, mediatype.Canonical...)
		if err != nil {
			return err
		}
		if in.Status, warnings, err = a.content(media, body, rm.ClassEHRStatus, in.Audit.LifecycleState); err != nil {
			return err
		}
	}
	e, err := a.Records.CreateEHR(r.Context(), r.who, in)
	if err != nil {
		return plainInvalid(err)
	}
	out := written{
		created: true, tag: e.ID.String(), modified: e.TimeCreated,
		location: a.location(r, "ehr", e.ID.String()), media: prefer.Media, warnings: warnings,
	}
	if prefer.Returns == header.Representation {
		if out.body, err = represent(prefer.Media, rm.Lookup("EHR"), ehrJSON(e)); err != nil {
			return err
		}
	}
	return a.sendWritten(w, prefer, out)
}

// ehrBySubject serves GET /ehr?subject_id=…&subject_namespace=….
func (a *api) ehrBySubject(w *answer, r *request) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Canonical...)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	id, namespace := q.Get("subject_id"), q.Get("subject_namespace")
	if id == "" || namespace == "" {
		return invalid("ehrBySubject", "the query parameters subject_id and subject_namespace are required")
	}
	e, err := a.Records.EHRBySubject(r.Context(), r.who, id, namespace)
	if err != nil {
		return err
	}
	return a.sendEHR(w, r, media, e)
}

// ehrByID serves GET /ehr/{ehr_id}.
func (a *api) ehrByID(w *answer, r *request) error {
	media, err := mediatype.Negotiate(r.Header, mediatype.Canonical...)
	if err != nil {
		return err
	}
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	e, err := a.Records.EHR(r.Context(), r.who, id)
	if err != nil {
		return err
	}
	return a.sendEHR(w, r, media, e)
}

// sendEHR sends an EHR whole even to a conditional request: its tag is the
// ehr_id, which stays the same when the EHR_STATUS it refers to changes.
func (a *api) sendEHR(w *answer, r *request, media string, e ehr.EHR) error {
	body, err := represent(media, rm.Lookup("EHR"), ehrJSON(e))
	if err != nil {
		return err
	}
	header.SetEntity(w.Header(), e.ID.String(), time.Time{})
	if a.Compat103 {
		w.Header().Set("Location", a.location(r, "ehr", e.ID.String()))
	}
	w.Header().Add("Vary", "Accept")
	return send(w, http.StatusOK, media, body)
}
