package fhirmap

import (
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
)

// statusNode is a place of an archetype that can reverse what the entry says,
// with the FHIR element that must carry it. A mapping of the archetype that
// leaves it out would show a refuted finding as a finding.
type statusNode struct {
	archetype string // without version
	resource  string
	node      string // at-code or archetype id in the path
	element   string
	meaning   string
}

var statusNodes = []statusNode{
	{"openEHR-EHR-EVALUATION.adverse_reaction_risk", "AllergyIntolerance", "at0063", "verificationStatus", "refuted"},
	{"openEHR-EHR-EVALUATION.problem_diagnosis", "Condition", "openEHR-EHR-CLUSTER.problem_qualifier.", "verificationStatus", "refuted"},
}

// safety refuses a plan that drops a node which can negate the entry.
func (c *compiler) safety(p *plan) {
	for _, n := range statusNodes {
		if p.target.Name != n.resource || !strings.HasPrefix(p.file.Archetype.Value, n.archetype+".") {
			continue
		}
		if !carries(p.methods, n, false, map[*plan]bool{}) {
			c.fail(p.file.Archetype.Position, fhirconnect.CodeSafety,
				"no method carries %s to %s.%s, so that a %s entry would look like a finding", n.node, n.resource, n.element, n.meaning)
		}
	}
}

// carries looks for a method whose source passes the node and whose target, or
// that of a method below it, is the element.
func carries(steps []*step, n statusNode, inside bool, seen map[*plan]bool) bool {
	for _, s := range steps {
		passed := inside
		for _, seg := range s.src.segs {
			passed = passed || strings.HasPrefix(seg.nodeID, n.node)
		}
		if passed && writes(s, n.element) {
			return true
		}
		if carries(s.children, n, passed, seen) {
			return true
		}
		if s.slot != nil && !seen[s.slot] {
			seen[s.slot] = true
			if carries(s.slot.methods, n, passed, seen) {
				return true
			}
		}
	}
	return false
}

func writes(s *step, element string) bool {
	first := func(p *fpath) bool { return len(p.steps) > 0 && p.steps[0].name == element }
	if first(&s.dst) {
		return s.transfer || len(s.manual) > 0 || len(s.children) > 0
	}
	for _, m := range s.manual {
		for i := range m.assign {
			if first(&m.assign[i].path) {
				return true
			}
		}
	}
	return false
}
