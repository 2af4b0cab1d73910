package fhirconnect

import (
	"crypto/sha256"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
)

// FileKind is the type of a mapping file.
type FileKind string

// The kinds of file (FHIR Connect, types of mapping files).
const (
	ModelFile     FileKind = "model"
	ExtensionFile FileKind = "extension"
	ContextFile   FileKind = "context"
	// ConceptMapFile is a FHIR ConceptMap that mappings refer to.
	ConceptMapFile FileKind = "conceptmap"
)

// Text is a string of a mapping file with its place. The zero Text is absent.
type Text struct {
	Position
	Value string
}

// File is one mapping file as written.
type File struct {
	Path    string
	Kind    FileKind
	Grammar string
	// Name is metadata.name, by which files refer to each other.
	Name    Text
	Version string
	// Archetype, Revision and StructureDefinition head a model.
	Archetype           Text
	Revision            string
	StructureDefinition Text
	// Extends names the model that an extension changes.
	Extends Text
	// Condition and ReverseCondition are the preprocessor's openehrCondition
	// and fhirCondition.
	Condition, ReverseCondition *Condition
	Hierarchy                   *Hierarchy
	Methods                     []*Method
	Context                     *ContextRule
	// ConceptMapURL is spec.conceptmap: the ConceptMap for every code of the file.
	ConceptMapURL Text
	// ConceptMap is the content of a ConceptMapFile.
	ConceptMap *conceptmap.Map

	// Sum is the SHA-256 of the file's bytes.
	Sum [sha256.Size]byte
}

// ContextRule is the body of a context file.
type ContextRule struct {
	ProfileURL, ProfileVersion string
	TemplateID                 Text
	TemplateVersion            string
	Archetypes, Extensions     []Text
	Start                      Text
}

// Hierarchy is preprocessor.hierarchy with split.fhir.create "resource": one
// resource for each occurrence of the openEHR path.
type Hierarchy struct {
	Position
	FHIR, OpenEHR Text
	// Create is split.fhir.create.
	Create Text
	// Unique are the paths of split.fhir.unique: occurrences that agree in what
	// is there make one resource.
	Unique []Text
	// Back is split.openehr, which only the way back would need.
	Back *SplitBack
}

// SplitBack is split.openehr of a hierarchy: which EVENTs the way back opens.
type SplitBack struct {
	Position
	Create, Path Text
	Unique       []Text
}

// Direction restricts a method to one way.
type Direction uint8

// The directions; the zero value is both.
const (
	BothWays Direction = iota
	ToFHIR
	ToOpenEHR
)

// Method is one mapping method.
type Method struct {
	Position
	Name          string
	FHIR, OpenEHR Text // with.fhir, with.openehr
	// Iterate is with.type NONE: nothing is transferred.
	Iterate bool
	// Static is with.type as it was before 1.0: what the FHIR path leads to.
	Static    Text
	Direction Direction
	// Conditions are the openehrConditions, all of which must hold;
	// ReverseConditions the fhirConditions of the other way.
	Conditions, ReverseConditions []*Condition
	Manual                        []*Manual
	Slot                          Text
	// ConceptMap is the url of the ConceptMap that translates the code.
	ConceptMap Text
	// Code is mappingCode, the function that converts the value.
	Code Text
	// Function is participationsFunction: of which participations the performers are.
	Function string
	// Reference makes another resource, to which the place refers.
	Reference *Reference
	// Link refers to what the target of a LINK is shown as.
	Link     *Link
	Children []*Method
	// Change and AppendTo belong to extension files.
	Change   string
	AppendTo Text

	// Unsupported marks a method whose problem is a key this engine lacks, so
	// that its paths need not make sense without it.
	Unsupported bool
}

// Reference is the key reference of a method: the resource to make and the
// methods that fill it.
type Reference struct {
	Position
	ResourceType Text
	Methods      []*Method
}

// Link is the key link of a method: the LINKs of the openEHR side with these
// texts stand for references to what their targets become.
type Link struct {
	Position
	Meaning, Type Text
}

// Manual is one named group of constant assignments.
type Manual struct {
	Position
	Name                          string
	FHIR, OpenEHR                 []Assignment
	HasFHIR                       bool
	Conditions, ReverseConditions []*Condition
}

// Assignment puts a constant at a path.
type Assignment struct {
	Path, Value Text
}

// Operator of a condition.
type Operator string

// The operators (FHIR Connect, conditions).
const (
	OneOf    Operator = "one of"
	NotOf    Operator = "not of"
	Empty    Operator = "empty"
	NotEmpty Operator = "not empty"
	IsType   Operator = "type"
)

// Condition is one openehrCondition or fhirCondition.
type Condition struct {
	Position
	Root       Text
	Attributes []Text
	Operator   Operator
	Criteria   []Text
}
