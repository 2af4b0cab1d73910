// Package changecontrol makes the objects of change control that no client commits
// but the server itself keeps the parts of: audits, VERSIONs, their containers and
// histories, CONTRIBUTIONs (RM common, change_control and generic). All are canonical
// JSON that decodes as the RM class of its name.
package changecontrol

import (
	"strconv"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// LocalRef is an OBJECT_REF to something in this system.
func LocalRef(idClass, id, class string) *rm.Node {
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

// stored decodes an object that the store keeps as JSON, if there is one, so that it
// is written in the order of its class.
func stored(class string, json []byte) (*rm.Node, error) {
	if json == nil {
		return nil, nil
	}
	return rm.DecodeStored(json, rm.Lookup(class))
}

// AuditDetails is AUDIT_DETAILS, or ATTESTATION if that is what was committed.
func AuditDetails(a ehr.Audit) (*rm.Node, error) {
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
	more, err := rm.DecodeStored(a.Attestation, rm.Lookup("ATTESTATION"))
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

// Version is an ORIGINAL_VERSION or, of one that another system created, the
// IMPORTED_VERSION that holds it. The record needs its details.
func Version(rec ehr.VersionRecord) (class string, json []byte, err error) {
	audit, err := AuditDetails(rec.Meta.Audit)
	if err != nil {
		return "", nil, err
	}
	contribution := LocalRef("HIER_OBJECT_ID", rec.Meta.ContributionID.String(), "CONTRIBUTION")
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
		if attestations[i], err = AuditDetails(a); err != nil {
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

// Changed is when a version got its latest attestation, or else was committed.
func Changed(m ehr.VersionMeta) time.Time {
	at := m.Audit.TimeCommitted
	for _, a := range m.Attestations {
		if a.TimeCommitted.After(at) {
			at = a.TimeCommitted
		}
	}
	return at
}

// VersionedObject is the container of an object's versions, of the class.
func VersionedObject(class string, owner *rm.Node, versions []ehr.VersionMeta) []byte {
	return rm.AppendJSON(nil, rm.Object(class,
		rm.Child("uid", rm.ID("HIER_OBJECT_ID", versions[0].UID.Object.String())),
		rm.Child("owner_id", owner),
		rm.Child("time_created", rm.DateTime(versions[0].Audit.TimeCommitted))))
}

// RevisionHistory is the REVISION_HISTORY of an object, the version committed
// first first; the audit of each is followed by its attestations.
func RevisionHistory(versions []ehr.VersionMeta) ([]byte, error) {
	items := make([]*rm.Node, len(versions))
	for i, v := range versions {
		audits := make([]*rm.Node, 0, 1+len(v.Attestations))
		for _, a := range append([]ehr.Audit{v.Audit}, v.Attestations...) {
			audit, err := AuditDetails(a)
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

// Contribution is a CONTRIBUTION, its versions by reference.
func Contribution(c ehr.ContributionRecord) ([]byte, error) {
	audit, err := AuditDetails(c.Audit)
	if err != nil {
		return nil, err
	}
	refs := make([]*rm.Node, len(c.Versions))
	for i, v := range c.Versions {
		refs[i] = LocalRef("OBJECT_VERSION_ID", v.UID.String(), v.Kind.String())
	}
	return rm.AppendJSON(nil, rm.Object("CONTRIBUTION",
		rm.Child("uid", rm.ID("HIER_OBJECT_ID", c.ID.String())),
		rm.Child("versions", refs...),
		rm.Child("audit", audit))), nil
}
