package terminology

import (
	"time"

	"github.com/google/uuid"
)

// Definition is a code system, value set or concept map that is at hand, as far as
// it can be shown.
type Definition struct {
	// Kind is CodeSystem, ValueSet or ConceptMap.
	Kind         string
	URL, Version string
	Name, Title  string
	Status       string
	// Content is that of a code system (FHIR R4, codesystem-content-mode), as
	// it is shown.
	Content string
	// Identifiers have a System and a Code.
	Identifiers []Code
	// Systems are the code systems that a value set includes codes of by its
	// compose, Sources and Targets those between which a concept map translates.
	Systems, Sources, Targets []string
	// Concepts is the number of codes or mappings, shown or not.
	Concepts int
	// JSON is the FHIR R4 resource as it came, which need not be valid in all. It
	// must not be changed.
	JSON []byte
	// Partial is true if the lists of codes or mappings were too long to be shown.
	Partial bool
	// Revision grows with each replacement by another definition; 0 is the first.
	Revision int64
	// Loaded is when it was loaded; zero for what comes with the program.
	Loaded time.Time
	// Has reports whether a code system has a code; nil for the other kinds.
	Has func(code string) bool
}

// ID is the same for the same kind, url and version, in every server.
func (d *Definition) ID() uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(d.Kind+" "+d.URL+"|"+d.Version))
}

// Catalogue lists the definitions that are at hand of a kind, in no order. The
// slice is shared and must not be changed.
type Catalogue interface {
	Definitions(kind string) []*Definition
}
