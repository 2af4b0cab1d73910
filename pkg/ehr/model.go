package ehr

import (
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// EHR is the root object of one subject's record. ID, SystemID and TimeCreated
// never change; the rest follows the latest EHR_STATUS.
type EHR struct {
	ID          uuid.UUID
	SystemID    string
	TimeCreated time.Time
	// StatusUID is the latest version of EHR_STATUS; its Object is the
	// versioned object's id. AccessUID is the same for EHR_ACCESS.
	StatusUID, AccessUID VersionUID
	// Directory is the VERSIONED_FOLDER; zero if there is none, or it is deleted.
	Directory uuid.UUID
	// IsQueryable and IsModifiable are the EHR_STATUS's.
	IsQueryable, IsModifiable bool
	// Subject is EHR_STATUS.subject.external_ref; zero for an anonymous EHR.
	Subject Subject
}

// Subject identifies whom an EHR is about, outside the record.
type Subject struct {
	// ID is external_ref.id.value, Namespace external_ref.namespace, Type
	// external_ref.type such as PERSON.
	ID, Namespace, Type string
}

// IsZero reports an anonymous subject.
func (s Subject) IsZero() bool { return s.ID == "" }

// AuditInput is what a client says about a commit; whatever it leaves empty is
// filled in by the server. Time and system are always the server's.
type AuditInput struct {
	// ChangeType is a code of the audit_change_type group (249 creation, 250
	// amendment, 251 modification …); 0 takes the one that the operation implies.
	// One that contradicts the operation is Invalid.
	ChangeType int
	// Description is AUDIT_DETAILS.description/value; "" for none.
	// DescriptionText, if set, is the whole DV_TEXT in its place.
	Description     string
	DescriptionText *rm.Node
	// Committer is a PARTY_PROXY; nil names the actor.
	Committer *rm.Node
	// LifecycleState is a code of the version_lifecycle_state group; 0 is 532
	// complete. A delete is always 523.
	LifecycleState int
	// Attestation makes the audit an ATTESTATION: the content is signed when it is
	// committed, or marked as waiting for a signature. Only changes of a
	// contribution can have one.
	Attestation *AttestationInput
}

// AttestationInput is what an ATTESTATION has beyond its audit (RM common,
// generic: ATTESTATION).
type AttestationInput struct {
	// AttestedView is a DV_MULTIMEDIA, Items are DV_EHR_URIs and Reason is a
	// DV_TEXT; Reason is mandatory.
	AttestedView *rm.Node
	Items        []*rm.Node
	Reason       *rm.Node
	// Proof is kept verbatim.
	Proof     string
	IsPending bool
}

// Audit is AUDIT_DETAILS of a version as stored.
type Audit struct {
	SystemID      string
	TimeCommitted time.Time
	ChangeType    int
	// Committer is a PARTY_PROXY and Description a DV_TEXT (nil if absent), as
	// JSON whose attribute order means nothing.
	Committer, Description []byte
	// Attestation is set if the audit is an ATTESTATION: its further attributes,
	// an object as JSON.
	Attestation []byte
}

// VersionMeta is what an ORIGINAL_VERSION says about its data.
type VersionMeta struct {
	UID            VersionUID
	Kind           Kind
	ContributionID uuid.UUID
	LifecycleState int
	Audit          Audit
	// TemplateID of a COMPOSITION; "" for other kinds and for a deletion.
	TemplateID string
	// TemplateRevision is the revision of the template that the content was
	// validated against; 0 if there is no template.
	TemplateRevision int
	// Signature is VERSION.signature verbatim; "" if absent.
	Signature string
	// TimeSuperseded is when the next version of the trunk was committed; zero for
	// the latest. A version that never was the latest of the trunk (a branch
	// version, or an older one that was imported) has its own commit time.
	TimeSuperseded time.Time

	// What follows is filled in by Versions and VersionDetails only.

	// Preceding is ORIGINAL_VERSION.preceding_version_uid; zero for a first version.
	Preceding VersionUID
	// OtherInputs are other_input_version_uids: what a merged version was made
	// from beside the preceding one.
	OtherInputs []string
	// Attestations in the order they were made.
	Attestations []Audit
	// Item is set for an IMPORTED_VERSION: the ORIGINAL_VERSION as it came,
	// canonical JSON without its data.
	Item []byte
}

// VersionRecord is one committed version with its content.
type VersionRecord struct {
	UID  VersionUID
	Meta VersionMeta
	// Raw is the canonical JSON of the content exactly as the server returns
	// it, uid included; nil if Deleted. It must not be changed.
	Raw []byte
	// Deleted marks a logical deletion: the version has no data.
	Deleted bool
	// Tagged is set if the versioned object or any of its versions has tags.
	Tagged bool
}

// Committed is the outcome of a write.
type Committed struct {
	VersionRecord
	// Warnings are validation findings that do not refuse the commit.
	Warnings []rm.Problem
}

// Content is an RM object to be committed: either canonical JSON, or a tree
// that another codec has decoded already. JSON wins if both are set.
type Content struct {
	JSON []byte
	Root *rm.Node
}

// TemplateInfo describes a revision of a stored operational template.
type TemplateInfo struct {
	TemplateID string
	// Concept is the template's name, ArchetypeID that of its root, Language
	// the original language code, UID the template's uid ("" if it has none).
	Concept, ArchetypeID, Language, UID string
	Created                             time.Time
	// Revision counts the contents that were stored under the id, from 1.
	Revision int

	// No is the store's number of the revision.
	No int32
}

// Template is a stored template with the file as it was uploaded.
type Template struct {
	TemplateInfo
	OPT []byte
}

// CreateEHR asks for a new EHR.
type CreateEHR struct {
	// ID is the client's choice of ehr_id; the zero UUID lets the server choose.
	ID uuid.UUID
	// Status is the EHR_STATUS; zero gives the default: queryable, modifiable,
	// anonymous subject.
	Status Content
	Audit  AuditInput
}

// UpdateEHRStatus asks for a new version of the EHR_STATUS.
type UpdateEHRStatus struct {
	EHRID uuid.UUID
	// Preceding is the version the change is based on; it must be the latest.
	Preceding VersionUID
	Status    Content
	Audit     AuditInput
	Tags      TagInput
}

// CreateComposition asks for a new COMPOSITION.
type CreateComposition struct {
	EHRID   uuid.UUID
	Content Content
	// TemplateID names the template when the format cannot; if the content
	// names one too, they must agree.
	TemplateID string
	Audit      AuditInput
	Tags       TagInput
}

// UpdateComposition asks for the next version of a COMPOSITION.
type UpdateComposition struct {
	EHRID uuid.UUID
	// Object is the versioned object; Preceding, the version the change is
	// based on, must be its latest.
	Object     uuid.UUID
	Preceding  VersionUID
	Content    Content
	TemplateID string
	Audit      AuditInput
	Tags       TagInput
}

// DeleteComposition asks for the logical deletion of a COMPOSITION.
type DeleteComposition struct {
	EHRID uuid.UUID
	// Version must be the latest version.
	Version VersionUID
	Audit   AuditInput
}
