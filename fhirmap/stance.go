package fhirmap

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Stance says what the code of a resource does. Of some types a code can deny
// what the type is for: an AllergyIntolerance can say that no allergy is known.
// In openEHR a denial is another entry, so that the way back has to be told.
type Stance uint8

// The stances. Nothing is composed of a resource of a type that can deny while its
// stance is Undecided.
const (
	Undecided Stance = iota
	// Names: the code names something.
	Names
	// Denies: the code says that there is nothing of the kind.
	Denies
)

// String is the name of a stance in test cases and on the command line.
func (s Stance) String() string { return [...]string{"undecided", "names", "denies"}[s] }

// ParseStance is the inverse of Stance.String; "" is Undecided.
func ParseStance(text string) (Stance, error) {
	for _, s := range [...]Stance{Undecided, Names, Denies} {
		if text == s.String() || text == "" {
			return s, nil
		}
	}
	return Undecided, errs.New(errs.Invalid, "fhirmap.ParseStance", "a stance is names or denies")
}

// exclusionArchetypes state that something is not the case.
const exclusionArchetypes = "openEHR-EHR-EVALUATION.exclusion_"

// CanDeny reports whether resources of a type are also made of exclusions, so that
// their code may deny what it names.
func (lib *Library) CanDeny(typ string) bool {
	for archetype, plans := range lib.starts {
		if strings.HasPrefix(archetype, exclusionArchetypes) && slices.ContainsFunc(plans, func(p *plan) bool { return p.target.Name == typ }) {
			return true
		}
	}
	return false
}

// denying are the codes with which mappings of exclusions deny in resources of a type.
func (lib *Library) denying(typ string) map[string]bool {
	out := map[string]bool{}
	for archetype, plans := range lib.starts {
		for _, p := range plans {
			if !strings.HasPrefix(archetype, exclusionArchetypes) || p.target.Name != typ {
				continue
			}
			for _, s := range p.methods {
				for _, m := range s.manual {
					for i := range m.assign {
						steps := m.assign[i].path.steps
						if n := len(steps); n > 2 && steps[n-2].name == "coding" && steps[n-1].name == "code" && (steps[0].name == "code" || steps[0].name == "medication") {
							out[m.assign[i].value.Text] = true
						}
					}
				}
			}
		}
	}
	return out
}

// misnamed refuses a resource that is said to name something and has a code with
// which mappings deny: whoever decided was wrong.
func (lib *Library) misnamed(n *r4.Node, s Stance) error {
	if s != Names {
		return nil
	}
	typ := n.Str("resourceType")
	denying := lib.denying(typ)
	for _, element := range [...]string{"code", "medicationCodeableConcept"} {
		for _, c := range n.Get(element).List("coding") {
			if denying[c.Str("code")] {
				return unprocessable("fhirmap.Compose", "the resource is said to name something",
					[]Difference{{typ + "." + element, "the code denies, and cannot stand in an entry that names something"}})
			}
		}
	}
	return nil
}

// suits reports whether an entry of an archetype says what a resource of a stance
// says.
func (s Stance) suits(archetype string) bool {
	return s == Undecided || (s == Denies) == strings.HasPrefix(archetype, exclusionArchetypes)
}

// undecided refuses a resource of which it is not known whether it denies.
func (lib *Library) undecided(typ string, s Stance) error {
	if s != Undecided || !lib.CanDeny(typ) {
		return nil
	}
	return errs.New(errs.Unsupported, "fhirmap.Compose", "there is no way back for this "+typ+
		": its code can deny what it names, a denial is another entry in openEHR, and which it is has not been decided")
}
