package fhirmap

import (
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Input is one openEHR object to be projected, with the facts about its
// version that lie outside the object itself. Nothing in it is changed.
type Input struct {
	// Root is the COMPOSITION, the EHR_STATUS or the party (PERSON,
	// ORGANISATION, ROLE …) of the version.
	Root *rm.Node
	// EHRID identifies the record. It is also the id of the Patient resource
	// that every other resource of the record refers to. Parties are in none.
	EHRID string
	// Person is the PERSON that the subject of an EHR_STATUS refers to, and
	// Roles are the ROLEs that a PERSON performs, if they are registered here.
	Person *rm.Node
	Roles  []*rm.Node
	// Resolve gives the type of the resource that a PARTY_REF leads to, whose id
	// is that of the party; "" if there is none. It is asked for references by
	// the id of a party alone; nil knows of no parties.
	Resolve func(ref *rm.Node) string
	// Link finds what the target of a LINK, an ehr: URI, is shown as. nil knows of
	// no other objects.
	Link func(target string) LinkTarget
	// Subject gives EHR_STATUS.subject (a PARTY_SELF); nil if it is not known. It is
	// asked only if a mapping wants it.
	Subject func() *rm.Node
	// ObjectID is the uid of the VERSIONED_OBJECT: it stays the same over all
	// versions, so that ids derived from it do too.
	ObjectID string
	// VersionUID is the full OBJECT_VERSION_ID of the version projected.
	VersionUID string
	// SystemID is the creating system; it takes part in ids.
	SystemID string
	// Lifecycle is the code of the version's lifecycle_state in the openehr
	// terminology. Only complete versions (532) are projected: drafts and
	// abandoned or inactive ones are not for partners.
	Lifecycle string
	// Committed is the commit time from the version's audit; the zero time
	// when it is not known yet, in which case no mapping can read it.
	Committed time.Time
	// Workflow is the ACTIONs of the record that refer to an INSTRUCTION of the
	// object, or are of the same workflow as one, in any order.
	Workflow []WorkflowAction
	// Related are the other compositions with ACTIONs of the workflows of the
	// object's, in the order in which they were stored; Crowded tells that there
	// are too many to give them.
	Related []Related
	Crowded bool
	// Labels gives the security labels of what is made of a template, as a text;
	// nil if all have the same. What has different ones is not made one resource.
	Labels func(template string) string
	// Apart says that labels depend on more than the template: what is made of
	// compositions of two objects is taken for labelled differently.
	Apart bool
}

// Result is everything one projection produced.
type Result struct {
	Resources []Resource
	// Losses is what did not arrive in FHIR: entries without a mapping,
	// resources refused and details dropped. It never holds patient data.
	Losses []Loss
	// Types are the resource types that the mappings of the object's entries
	// can produce, whether or not this version did; sorted.
	Types []string
}

// Resource is one FHIR R4 resource made from one version.
type Resource struct {
	Type string // resource type, such as Observation
	ID   string // FHIR id, stable over versions of the source
	// JSON is the resource without meta.versionId and meta.lastUpdated, which
	// only the store knows. resourceType, id and meta lead.
	JSON []byte
	// Profiles are the canonical URLs in meta.profile.
	Profiles []string
	// Search are the values of the resource's search parameters; without a Mould.
	Search []SearchValue
	// Mould, if there is one, is shared by resources of one mapping, with the
	// same profiles, that differ in their free texts only, which Own has. Values has
	// the search values that follow.
	Mould *r4.Mould
	Own   []r4.Own
	// Mapping and MappingVersion name the model mapping that made it.
	Mapping, MappingVersion string
	// Path is the RM path, with indexes, of the entry or event it was made
	// from; "/" for the whole object.
	Path string
}

// Values are the values of the resource's search parameters.
func (r *Resource) Values() []SearchValue {
	if r.Mould == nil {
		return r.Search
	}
	return r.Mould.Values(r.Own)
}

// LossKind says how much was lost.
type LossKind string

// The kinds of loss.
const (
	// LossUnmapped is an entry whose archetype no mapping covers: nothing of
	// it appears in FHIR.
	LossUnmapped LossKind = "unmapped"
	// LossRefused is a resource that was not produced because a rule could
	// not be decided, a mandatory element had no source or the outcome was
	// not valid R4.
	LossRefused LossKind = "refused"
	// LossDropped is a value that was present and has no place in a resource
	// that was otherwise produced.
	LossDropped LossKind = "dropped"
	// LossReduced is a value that arrived with less than the source holds,
	// such as a date without its time of day.
	LossReduced LossKind = "reduced"
	// LossAbsence is a statement that information is absent, as
	// EVALUATION.absence makes it: an empty search result must not be read as
	// "none known".
	LossAbsence LossKind = "absence"
)

// Loss is one thing that did not reach FHIR in full.
type Loss struct {
	Kind LossKind `json:"kind"`
	// Code names the rule, as "no-mapping", "condition-undecidable",
	// "missing-mandatory", "time-without-offset".
	Code string `json:"code"`
	// Type is the resource type concerned; "" when no mapping names one.
	Type string `json:"type,omitempty"`
	// Archetype is the archetype of the entry concerned.
	Archetype string `json:"archetype,omitempty"`
	// Mapping is the metadata name of the mapping file.
	Mapping string `json:"mapping,omitempty"`
	// Path is the RM path of the source, with indexes.
	Path string `json:"path,omitempty"`
	// Target is the FHIR path concerned.
	Target string `json:"target,omitempty"`
	// Message explains the loss without any value from the record.
	Message string `json:"message,omitempty"`
}

// SearchValue is one value of one search parameter of a resource.
type SearchValue = r4.SearchValue
