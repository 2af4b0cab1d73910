package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// The change control objects that the server makes itself (RM common,
// change_control and generic). All are canonical JSON that decodes as the RM
// class of its name.

// localRef is an OBJECT_REF to something in this system.
func localRef(idClass, id, class string) *rm.Node {
	return rm.Object("OBJECT_REF", rm.Child("id", rm.ID(idClass, id)), rm.Str("namespace", "local"), rm.Str("type", class))
}

// openEHRCode is a code of the openEHR terminology with its English rubric.
func openEHRCode(group string, code int) *rm.Node {
	text := strconv.Itoa(code)
	rubric, ok := terminology.OpenEHR.Rubric(group, text, "en")
	if !ok {
		rubric = text
	}
	return rm.CodedText(rubric, terminology.ID, text)
}

// stored decodes an object that the store keeps as JSON, so that it is written
// in the order of its class.
func stored(class string, json []byte) (*rm.Node, error) {
	if json == nil {
		return nil, nil
	}
	n, problems := rm.DecodeJSON(json, rm.Lookup(class), rm.JSONOptions{})
	if n == nil || rm.HasErrors(problems) {
		return nil, errs.New(errs.Internal, "rest.stored", "a stored "+class+" cannot be read")
	}
	return n, nil
}

// auditDetails is AUDIT_DETAILS, or ATTESTATION if that is what was committed.
func auditDetails(a ehr.Audit) (*rm.Node, error) {
	committer, err := stored("PARTY_PROXY", a.Committer)
	if err != nil {
		return nil, err
	}
	description, err := stored("DV_TEXT", a.Description)
	if err != nil {
		return nil, err
	}
	fields := []rm.Field{
		rm.Str("system_id", a.SystemID),
		rm.Child("time_committed", rm.DateTime(a.TimeCommitted)),
		rm.Child("change_type", openEHRCode("audit_change_type", a.ChangeType)),
		rm.Child("description", description),
		rm.Child("committer", committer),
	}
	if a.Attestation == nil {
		return rm.Object("AUDIT_DETAILS", fields...), nil
	}
	more, err := reread(rm.Lookup("ATTESTATION"), a.Attestation)
	if err != nil {
		return nil, err
	}
	return rm.Object("ATTESTATION", append(fields,
		rm.Child("attested_view", more.Get("attested_view")),
		rm.Str("proof", more.String("proof")),
		rm.Child("items", more.List("items")...),
		rm.Child("reason", more.Get("reason")),
		rm.Bool("is_pending", more.String("is_pending") == "true"))...), nil
}

// version is an ORIGINAL_VERSION or, of one that another system created, the
// IMPORTED_VERSION that holds it. The record needs its details.
func version(rec ehr.VersionRecord) (class string, json []byte, err error) {
	audit, err := auditDetails(rec.Meta.Audit)
	if err != nil {
		return "", nil, err
	}
	contribution := localRef("HIER_OBJECT_ID", rec.Meta.ContributionID.String(), "CONTRIBUTION")
	if rec.Meta.Item != nil {
		item, err := rec.ImportedItem()
		if err != nil {
			return "", nil, err
		}
		return "IMPORTED_VERSION", rm.AppendJSON(make([]byte, 0, len(rec.Raw)+4096), rm.Object("IMPORTED_VERSION",
			rm.Child("contribution", contribution),
			rm.Str("signature", rec.Meta.Signature),
			rm.Child("commit_audit", audit),
			rm.Child("item", item))), nil
	}
	var preceding *rm.Node
	if p := rec.Meta.Preceding; !p.IsZero() {
		preceding = rm.ID("OBJECT_VERSION_ID", p.String())
	}
	inputs := make([]*rm.Node, len(rec.Meta.OtherInputs))
	for i, uid := range rec.Meta.OtherInputs {
		inputs[i] = rm.ID("OBJECT_VERSION_ID", uid)
	}
	attestations := make([]*rm.Node, len(rec.Meta.Attestations))
	for i, a := range rec.Meta.Attestations {
		if attestations[i], err = auditDetails(a); err != nil {
			return "", nil, err
		}
	}
	b := rm.AppendJSON(make([]byte, 0, len(rec.Raw)+2048), rm.Object("ORIGINAL_VERSION",
		rm.Child("contribution", contribution),
		rm.Str("signature", rec.Meta.Signature),
		rm.Child("commit_audit", audit),
		rm.Child("uid", rm.ID("OBJECT_VERSION_ID", rec.UID.String())),
		rm.Child("preceding_version_uid", preceding),
		rm.Child("other_input_version_uids", inputs...),
		rm.Child("attestations", attestations...),
		rm.Child("lifecycle_state", openEHRCode("version_lifecycle_state", rec.Meta.LifecycleState))))
	if rec.Raw == nil {
		return "ORIGINAL_VERSION", b, nil
	}
	// The data, the last attribute, is spliced in as stored.
	b = append(b[:len(b)-1], `,"data":`...)
	return "ORIGINAL_VERSION", append(append(b, rec.Raw...), '}'), nil
}

// changed is when a version got its latest attestation, or else was committed.
func changed(m ehr.VersionMeta) time.Time {
	at := m.Audit.TimeCommitted
	for _, a := range m.Attestations {
		if a.TimeCommitted.After(at) {
			at = a.TimeCommitted
		}
	}
	return at
}

// versionedObject is the container of an object's versions, of the class.
func versionedObject(class string, owner *rm.Node, versions []ehr.VersionMeta) []byte {
	return rm.AppendJSON(nil, rm.Object(class,
		rm.Child("uid", rm.ID("HIER_OBJECT_ID", versions[0].UID.Object.String())),
		rm.Child("owner_id", owner),
		rm.Child("time_created", rm.DateTime(versions[0].Audit.TimeCommitted))))
}

// revisionHistory is the REVISION_HISTORY of an object, the version committed
// first first; the audit of each is followed by its attestations.
func revisionHistory(versions []ehr.VersionMeta) ([]byte, error) {
	items := make([]*rm.Node, len(versions))
	for i, v := range versions {
		audits := make([]*rm.Node, 0, 1+len(v.Attestations))
		for _, a := range append([]ehr.Audit{v.Audit}, v.Attestations...) {
			audit, err := auditDetails(a)
			if err != nil {
				return nil, err
			}
			audits = append(audits, audit)
		}
		items[i] = rm.Object("REVISION_HISTORY_ITEM",
			rm.Child("version_id", rm.ID("OBJECT_VERSION_ID", v.UID.String())),
			rm.Child("audits", audits...))
	}
	return rm.AppendJSON(nil, rm.Object("REVISION_HISTORY", rm.Child("items", items...))), nil
}

// ownerRef is the owner of everything in an EHR, or in the demographic
// repository: the EHR, or this system.
func (a *api) ownerRef(owner uuid.UUID) *rm.Node {
	ref := a.ownerObject(owner)
	return localRef(ref.ID.Type, ref.ID.Value, ref.RMType)
}

// systemUUID is the system id as the UUID that the OpenAPI documents demand of
// every HIER_OBJECT_ID: itself if it is one, or else one that follows from it
// (version 5 in the name space of DNS).
func systemUUID(system string) string {
	id, ok := parseUUID(system)
	if !ok {
		id = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(strings.ToLower(system)))
	}
	return id.String()
}

// ownerObject is ownerRef as ITEM_TAG has it.
func (a *api) ownerObject(owner uuid.UUID) objectRef {
	id, class := owner.String(), "EHR"
	if owner == ehr.Demographics {
		id, class = systemUUID(a.SystemID), "SYSTEM"
	}
	return objectRef{"OBJECT_REF", idValue{"HIER_OBJECT_ID", id}, "local", class}
}

// sendObject sends an RM object of the class that is read as a whole: 304 if
// the client has it. The media type is what negotiate has given; alone is that of
// notModified.
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
