package ehr

import (
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ProjectionInput is a version about to be committed, as projections see it.
type ProjectionInput struct {
	EHRID    string
	SystemID string
	// Subject of the EHR (EHR_STATUS.subject.external_ref), "" if anonymous.
	SubjectID, SubjectNamespace, SubjectType string
	// Kind of the versioned object.
	Kind Kind
	// ObjectID and VersionUID of the version; Trunk is its version number.
	ObjectID   string
	VersionUID string
	Trunk      int
	TemplateID string
	// LifecycleState is the openEHR code (532 complete, 553 incomplete …).
	LifecycleState int
	// Root is the content; nil for a logical delete.
	Root *rm.Node
	// Workflow is what ACTIONs of the record say about the orders of the content.
	Workflow []WorkflowAction
	// Related are the other compositions that say something about the workflows of
	// which the content has ACTIONs with one of the archetypes that a Gatherer names,
	// in the order in which they were stored; Crowded tells that there are too many.
	Related []Related
	Crowded bool
	// Person is the PERSON that the subject of an EHR_STATUS refers to, nil if
	// there is none (PersonOf). Roles are the ROLEs that a PERSON performs.
	Person *rm.Node
	Roles  []*rm.Node
	// Resource gives the type of the resource that a party is shown as, "" if it is
	// not; the id of the resource is that of the party. nil knows of none.
	Resource func(party uuid.UUID) string
	// Linked finds the COMPOSITIONs of the EHR that LINKs lead to. nil knows of none.
	Linked func(object uuid.UUID) LinkTarget
}

// LinkTarget is the latest version of a COMPOSITION that something refers to.
type LinkTarget struct {
	// UID is zero and Root nil if there is none or it is deleted.
	UID  VersionUID
	Root *rm.Node
	// SystemID is that of the version's audit; LifecycleState as in ProjectionInput.
	SystemID       string
	LifecycleState int
	// Waiting is set if it is to be projected after its commit and was not yet.
	Waiting bool
}

// Related is the latest version of another composition.
type Related struct {
	Root                 *rm.Node
	ObjectID, VersionUID string
	LifecycleState       int
	// Earlier tells that the object was stored before the one projected.
	Earlier bool
}

// Gatherer is a Projection that derives one record from all ACTIONs of a workflow.
type Gatherer interface {
	// Gathered are the archetypes of these ACTIONs.
	Gathered() []string
}

// Gathered are the archetypes that projections gather.
func Gathered(projections []Projection) (list []string) {
	for _, p := range projections {
		if g, ok := p.(Gatherer); ok {
			list = append(list, g.Gathered()...)
		}
	}
	return list
}

// Projected is what a projection derived from one version.
type Projected struct {
	Resources []Resource
	Losses    []Loss
	// Types are the FHIR resource types that the mappings of the template can
	// produce at all, whether or not this version did.
	Types []string
}

// Resource is one FHIR resource derived from a version. JSON holds it without
// `meta`, which is added on reading from the other fields.
type Resource struct {
	Type, ID string
	JSON     []byte
	Profiles []string
	// Mapping names the mapping file and its version.
	Mapping, MappingVersion string
	// Search are the values of search parameters; without a Mould.
	Search []SearchValue
	// Mould may be set by a projection that makes many resources of one mapping
	// and version, with the same profiles, that differ in few texts only. It says
	// so of the resource, and that its JSON is well-formed: what follows for a
	// store from the first of them it need not find out for the others. Whoever
	// changes the resource sets it to nil. Own are the texts that the resource has by
	// itself, Values the search values that follow from both.
	Mould *r4.Mould
	Own   []r4.Own
}

// Values are the values of the resource's search parameters.
func (r *Resource) Values() []SearchValue {
	if r.Mould == nil {
		return r.Search
	}
	return r.Mould.Values(r.Own)
}

// SearchValue is one value a FHIR search parameter can match. One that has only
// Param and Kind says that there is a value, and nothing more of it. A Kind of
// "" leaves it to the fields that are set, where a code without a system is a
// reference if it contains a slash.
type SearchValue = r4.SearchValue

// Loss is something of a version that no resource carries, or not in full. It
// holds nothing of the record's content.
type Loss struct {
	// Kind says how much was lost: "unmapped" an entry without a mapping,
	// "refused" a resource that could not be made safely, "dropped" and
	// "reduced" details, "absence" a statement that information is absent.
	Kind string `json:"kind"`
	// Code is a stable reason, such as "no-mapping" or "missing-mandatory".
	Code string `json:"code"`
	// Type is the resource type concerned, "" if none is known; Archetype the
	// archetype of the entry concerned.
	Type      string `json:"type,omitempty"`
	Archetype string `json:"archetype,omitempty"`
	// Mapping is the mapping that met the loss, Path the RM path of what was
	// lost and Target its place in the resource.
	Mapping string `json:"mapping,omitempty"`
	Path    string `json:"path,omitempty"`
	Target  string `json:"target,omitempty"`
	Message string `json:"message,omitempty"`
}

// Projection derives records from a version. It is called before the
// transaction that stores them with the version, must depend on nothing but
// its input, and never fails: what it cannot carry over it reports as a Loss.
type Projection interface {
	// Name and Version identify the rules; both are stored with the records.
	Name() string
	Version() string
	Project(in ProjectionInput) Projected
}

// Derive lets every projection derive its records from a version.
func Derive(projections []Projection, in ProjectionInput) Projected {
	if len(projections) == 1 {
		return projections[0].Project(in)
	}
	var all Projected
	for _, p := range projections {
		out := p.Project(in)
		all.Resources = append(all.Resources, out.Resources...)
		all.Losses = append(all.Losses, out.Losses...)
		all.Types = append(all.Types, out.Types...)
	}
	return all
}

// Rules identify projections: versions from which the same ones derived their
// records need not be projected again. "" stands for none.
func Rules(projections []Projection) string {
	names := make([]string, len(projections))
	for i, p := range projections {
		names[i] = p.Name() + "/" + p.Version()
	}
	return strings.Join(names, " ")
}
