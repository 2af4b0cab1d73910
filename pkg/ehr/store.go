package ehr

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Codes of errors that say more than their kind.
const (
	// CodeNotLatest: the preceding version named is not the latest.
	CodeNotLatest = "not_latest_version"
	// CodeDeleted: the latest version is a logical deletion.
	CodeDeleted = "deleted"
	// CodeNotModifiable: EHR_STATUS.is_modifiable is false.
	CodeNotModifiable = "ehr_not_modifiable"
	// CodeTemplateRevision: another revision of the template is the latest.
	CodeTemplateRevision = "template_revision"
	// CodeTemplateExists, CodeTemplateBreaking and CodeTemplateInUse: why a
	// template was not replaced or deleted.
	CodeTemplateExists   = "template_exists"
	CodeTemplateBreaking = "template_breaking"
	CodeTemplateInUse    = "template_in_use"
)

// ErrStaleContext is what a store answers to a commit whose
// Contribution.StatusTrunk is not the EHR_STATUS version it finds.
var ErrStaleContext = errs.New(errs.Unavailable, "ehr", "the EHR_STATUS has changed meanwhile")

// Store keeps the record. Implementations guarantee that a commit is atomic
// and durable when it returns, and that a version is visible together with
// everything derived from it or not at all. Missing things are errs.NotFound.
// In the place of an EHR's id, Demographics means the demographic repository,
// which holds the kinds of party and nothing else, as EHRs hold none of them.
type Store interface {
	// Commit stores one contribution and gives its time. It may have several
	// versions of an object that follow each other, each of which is later than
	// the one before; the time is that of the last. They are refused as
	// errs.Invalid if they do not. It fails with errs.Precondition if a
	// version's preceding version is not the latest of its trunk or branch
	// (Detail: the latest VersionUID), errs.Conflict if an id or subject is taken
	// or the EHR is not modifiable, ErrStaleContext if the EHR_STATUS is not the
	// expected one.
	Commit(ctx context.Context, c Contribution) (time.Time, error)

	// Once runs do, unless a request with the key has been answered before, and
	// keeps its answer in the transaction of what it writes with its context.
	// Requests with the same key wait for each other. ErrOnceDiffers if the
	// digests differ.
	Once(ctx context.Context, k OnceKey, do func(context.Context) ([]byte, error)) (answer []byte, repeated bool, err error)

	EHR(ctx context.Context, id uuid.UUID) (EHR, error)
	EHRBySubject(ctx context.Context, id, namespace string) (EHR, error)

	// Version reads the selected version of a versioned object of the kind.
	Version(ctx context.Context, ehrID uuid.UUID, kind Kind, sel VersionSelector) (VersionRecord, error)
	// VersionDetails reads what the version's envelope has beyond Version.
	VersionDetails(ctx context.Context, ehrID uuid.UUID, kind Kind, uid VersionUID) (VersionMeta, error)
	// Versions lists the versions of a versioned object with their details, the
	// one committed first first, branches and imports among them.
	Versions(ctx context.Context, ehrID uuid.UUID, kind Kind, object uuid.UUID) ([]VersionMeta, error)

	// Contribution reads a contribution; its versions are ordered by object id.
	Contribution(ctx context.Context, ehrID, id uuid.UUID) (ContributionRecord, error)

	// Parties finds out what the versioned objects of the demographic repository
	// are; those that do not exist are left out.
	Parties(ctx context.Context, objects []uuid.UUID) (map[uuid.UUID]PartyState, error)

	// Person reads the latest version of a PERSON for projections: its content, nil
	// if it is deleted or not complete, and its number. 0 if there is none.
	Person(ctx context.Context, object uuid.UUID) (root *rm.Node, trunk int, err error)
	// PartyResource finds the type of the FHIR resource that a party is shown as;
	// "" if it is not.
	PartyResource(ctx context.Context, object uuid.UUID) (string, error)

	// LinkTarget reads the latest version of a COMPOSITION for the projection of what
	// refers to it.
	LinkTarget(ctx context.Context, ehrID, object uuid.UUID) (LinkTarget, error)

	// Tags lists the tags of a target by key and path, EHRTags those in an EHR by
	// object, version, key and path.
	Tags(ctx context.Context, ehrID uuid.UUID, on TagTarget) ([]ItemTag, error)
	EHRTags(ctx context.Context, ehrID uuid.UUID, f TagFilter) ([]TaggedItem, error)
	// PutTags replaces the tags of a target, DeleteTags removes those with the
	// key; errs.NotFound if there is none.
	PutTags(ctx context.Context, ehrID uuid.UUID, on TagTarget, tags []ItemTag, actor string) error
	DeleteTags(ctx context.Context, ehrID uuid.UUID, on TagTarget, key string) error

	// EraseEHRs deletes EHRs physically, all or none, and leaves a tombstone of
	// each; EraseAllEHRs deletes every EHR. The ids are sorted and distinct.
	EraseEHRs(ctx context.Context, who Actor, ids []uuid.UUID) error
	EraseAllEHRs(ctx context.Context, who Actor) error
	// EraseComposition deletes a composition with all its versions physically,
	// EraseParty a party, EraseTemplate a template (errs.Conflict if content uses it), EraseQuery one
	// version of a stored query. What was derived from a party is derived anew.
	EraseComposition(ctx context.Context, who Actor, ehrID, object uuid.UUID) error
	EraseParty(ctx context.Context, who Actor, object uuid.UUID, projections []Projection) error
	EraseTemplate(ctx context.Context, who Actor, id string) error
	EraseQuery(ctx context.Context, who Actor, name, version string) error

	// InsertTemplate stores a revision of a template, after the one that is the
	// latest, 0 if there is none; errs.Conflict with CodeTemplateRevision if
	// another is.
	InsertTemplate(ctx context.Context, t Template, after int, actor string) (TemplateInfo, error)
	// Templates lists the latest revisions by template id, TemplateRevisions
	// those of a template with their use, oldest first.
	Templates(ctx context.Context) ([]TemplateInfo, error)
	TemplateRevisions(ctx context.Context, id string) ([]TemplateUse, error)
	// Template reads a revision of a template, TemplateInfo what describes it;
	// 0 is the latest.
	Template(ctx context.Context, id string, revision int) (Template, error)
	TemplateInfo(ctx context.Context, id string, revision int) (TemplateInfo, error)
	// TemplateInUse reports whether a version refers to any revision of a
	// template.
	TemplateInUse(ctx context.Context, id string) (bool, error)

	// InsertADL2 stores an ADL 2 template; errs.Conflict if its id is taken.
	InsertADL2(ctx context.Context, t ADL2Template, actor string) (ADL2Info, error)
	// ADL2Templates lists them by id, those of the name if one is given; ADL2
	// reads one.
	ADL2Templates(ctx context.Context, name string) ([]ADL2Info, error)
	ADL2(ctx context.Context, id string) (ADL2Template, error)

	// InsertQuery stores a query; errs.Conflict if its version exists.
	InsertQuery(ctx context.Context, q StoredQuery, actor string) (StoredQuery, error)
	// Queries reads all versions of the query of the name, QueriesByPrefix all
	// queries whose name begins with the prefix; in no order, and none is no error.
	Queries(ctx context.Context, name string) ([]StoredQuery, error)
	QueriesByPrefix(ctx context.Context, prefix string) ([]StoredQuery, error)
}

// VersionSelector says which version of a versioned object is meant.
type VersionSelector struct {
	// Object is the versioned object; the zero UUID means the only one of its
	// kind in the EHR (EHR_STATUS, EHR_ACCESS), or for a FOLDER the directory:
	// the tree that is not deleted, else the one deleted last.
	Object uuid.UUID
	// Trunk is a trunk version number; 0 means the latest of the trunk, or that
	// At decides.
	Trunk int
	// Branch selects a branch version instead, and Trunk counts for nothing.
	Branch VersionUID
	// At selects the version extant at that time; zero means no such limit.
	At time.Time
}

// Contribution is what a store commits at once.
type Contribution struct {
	EHRID    uuid.UUID
	ID       uuid.UUID
	SystemID string
	// AtOnce leaves no projection to the queue.
	AtOnce bool
	// Rules identify the projections that derived Projected of the versions (see
	// Rules); "" for none.
	Rules string
	// Projections and Subject are what they are and whom they are told of, for
	// versions that are OfWorkflow or parties and for those of before that depend on
	// them. Parties are what references to parties lead to,
	// Links what LINKs do.
	// Later reports whether what is made of a template is left to the queue; nil
	// leaves nothing.
	Projections []Projection
	Subject     Subject
	Later       func(templateID string) bool
	Parties     *PartyResources
	Links       *LinkTargets
	// NewEHR is set if the contribution creates the EHR.
	NewEHR *NewEHR
	// Person, if not zero, is the party that the subject of the EHR_STATUS refers
	// to, and PersonTrunk the version that it was projected with, 0 for none.
	// ErrStaleContext if another is the latest.
	Person      uuid.UUID
	PersonTrunk int
	// StatusObject and StatusTrunk are the EHR_STATUS, and its trunk version, that
	// the projections were computed from; zero asks for no check.
	StatusObject uuid.UUID
	StatusTrunk  int
	// ChangeType of the contribution's audit; Committer and Description as JSON.
	// The committer is also that of every version's audit.
	ChangeType  int
	Committer   []byte
	Description []byte
	// Actor is the principal that committed, for whom and why.
	Actor, OnBehalfOf, Purpose string
	Versions                   []NewVersion
	// Attestations of versions that were committed before.
	Attestations []NewAttestation
	// Tags are set in the same transaction, after the versions.
	Tags []TagUpdate
}

// TagUpdate replaces the tags of a target.
type TagUpdate struct {
	Target TagTarget
	Tags   []ItemTag
}

// NewEHR creates an EHR in a contribution.
type NewEHR struct {
	StatusObject, AccessObject uuid.UUID
}

// StatusFields are what the EHR's row repeats from its EHR_STATUS.
type StatusFields struct {
	IsQueryable, IsModifiable bool
	Subject                   Subject
}

// NewVersion is one version of a contribution.
type NewVersion struct {
	// UID of the version. On the trunk, version 1 creates the versioned object
	// and n replaces Preceding, which is n-1. The first version of a branch has
	// the number of an unused one.
	UID, Preceding VersionUID
	// ChosenObject is set if the object id of a first version is a client's choice.
	ChosenObject bool
	// OnlyPersistent refuses the version if another COMPOSITION of the template is
	// there that is persistent and not deleted.
	OnlyPersistent bool
	// OtherInputs are other_input_version_uids.
	OtherInputs []string
	// AuditAttestation is what the version's audit has as an ATTESTATION; nil if
	// it is a plain AUDIT_DETAILS.
	AuditAttestation []byte
	// Attestations that the version is committed with.
	Attestations []NewAttestation
	// Item makes the version an IMPORTED_VERSION: the ORIGINAL_VERSION without
	// its data, canonical JSON. UID and Preceding are the item's, and UID need not
	// follow what is stored.
	Item           []byte
	Kind           Kind
	LifecycleState int
	ChangeType     int
	// Description of the version's own audit, a DV_TEXT as JSON; nil for none.
	Description []byte
	Signature   string
	// Raw is the canonical JSON and Root the tree it was written from; both nil
	// for a logical deletion.
	Raw  []byte
	Root *rm.Node
	// Template is zero for content without one.
	Template TemplateInfo
	// Archetypes are the distinct archetype roots with their RM classes, the
	// object's own first.
	Archetypes []ArchetypeRoot
	// Category is the code of COMPOSITION.category; 0 for other kinds.
	Category int
	// StartTime is EVENT_CONTEXT.start_time as an instant; zero if absent.
	StartTime time.Time
	// Status is set for an EHR_STATUS.
	Status *StatusFields
	// Workflow is what a COMPOSITION says about workflows, Orders whether it has
	// INSTRUCTIONs.
	Workflow []WorkflowEntry
	Orders   bool
	// Projected are the derived records, which the store makes of versions with
	// orders that are OfWorkflow; Queued leaves them to be derived after
	// the commit. Until then those of the version before are current.
	Projected Projected
	Queued    bool
}

// NewAttestation is an ATTESTATION to be added to a version.
type NewAttestation struct {
	// Version is the one attested; zero if the attestation belongs to a new one.
	Version VersionUID
	// ChangeType of the audit; Committer, Description (nil for none) and More,
	// what an ATTESTATION has beyond AUDIT_DETAILS, as JSON.
	ChangeType                   int
	Committer, Description, More []byte
}

// ArchetypeRoot is an archetype used in content.
type ArchetypeRoot struct {
	ArchetypeID, RMType string
}
