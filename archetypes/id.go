package archetypes

import (
	"fmt"
	"regexp"
)

// ID is an archetype id taken apart: originator-model-CLASS.concept.version.
type ID struct {
	Originator string // "openEHR"
	Model      string // "EHR", "DEMOGRAPHIC"
	Class      string // "OBSERVATION"
	// Concept is the concept with the concepts of specialisations after
	// hyphens, "problem-diagnosis".
	Concept string
	Version string // "v1", "v1.2.0", "v0-alpha"
}

var idShape = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_]*)-([A-Za-z][A-Za-z0-9_]*)-([A-Z][A-Z0-9_]*)\.([A-Za-z][A-Za-z0-9_-]*)\.(v[0-9]+[A-Za-z0-9_.-]*)$`)

// ParseID takes an archetype id apart or says why it is none.
func ParseID(s string) (ID, error) {
	m := idShape.FindStringSubmatch(s)
	if m == nil {
		return ID{}, fmt.Errorf("%q is not an archetype id such as openEHR-EHR-OBSERVATION.pulse.v2", s)
	}
	return ID{m[1], m[2], m[3], m[4], m[5]}, nil
}

// String is the id as it is written.
func (id ID) String() string {
	return id.Originator + "-" + id.Model + "-" + id.Class + "." + id.Concept + "." + id.Version
}
