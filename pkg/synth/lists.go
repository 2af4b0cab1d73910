package synth

import (
	"fmt"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// problem is one problem of a patient.
type problem struct {
	diagnosis
	free     string // set for a problem in words
	onset    time.Time
	resolved time.Time // zero if it goes on
	severity int       // 0 unknown, 1 mild … 3 severe
}

func chooseProblems(r *random, p *Patient, age int) []problem {
	n := 0
	switch {
	case age >= 65:
		n = r.between(1, 7)
	case age >= 35:
		n = r.between(0, 4)
	default:
		n = r.between(0, 2)
	}
	var out []problem
	taken := map[string]bool{}
	for range n {
		if r.chance(12) && age >= 18 {
			text := pick(r, freeTextProblems)
			if !taken[text] {
				taken[text] = true
				out = append(out, problem{free: text, onset: onset(r, p, 18)})
			}
			continue
		}
		d := pick(r, diagnoses)
		if d.minAge > age || taken[d.snomed] || d.snomed == "254837009" && p.Sex == Male {
			continue
		}
		taken[d.snomed] = true
		x := problem{diagnosis: d, onset: onset(r, p, d.minAge), severity: r.between(0, 3)}
		if !d.chronic && r.chance(75) {
			x.resolved = x.onset.AddDate(0, 0, r.between(5, 120))
			if x.resolved.After(today) {
				x.resolved = time.Time{}
			}
		}
		out = append(out, x)
	}
	return out
}

func onset(r *random, p *Patient, minAge int) time.Time {
	first := p.birth.AddDate(minAge, 0, 0)
	days := int(today.Sub(first) / (24 * time.Hour))
	if days < 60 {
		return first
	}
	return first.AddDate(0, 0, r.below(days-30))
}

// exclusion states that nothing of a kind is known.
func exclusion(code, name, statement string) *rm.Node {
	return entry("EVALUATION", "openEHR-EHR-EVALUATION.exclusion_global.v1", "Exclusion - global",
		rm.Child("data", tree("at0001", "Tree", rm.Object("ELEMENT",
			rm.Str("archetype_node_id", "at0002"),
			rm.Child("name", local(code, name)),
			rm.Child("value", rm.Text(statement))))))
}

// absence states that nobody knows.
func (c *composer) absence(statement, reason string) *rm.Node {
	return entry("EVALUATION", "openEHR-EHR-EVALUATION.absence.v2", "Absence of information",
		rm.Child("data", tree("at0001", "Tree",
			element("at0002", "Absence statement", rm.Text(statement)),
			element("at0005", "Reason for absence", rm.Text(reason)))),
		rm.Child("protocol", tree("at0003", "Tree", element("at0004", "Last updated", dateTime(c.at)))))
}

func (c *composer) problemList() *rm.Node {
	var content []*rm.Node
	for _, x := range c.p.problems {
		content = append(content, c.problem(x))
	}
	if len(content) == 0 {
		if c.r.chance(70) {
			content = append(content, exclusion("at0003", "Global exclusion of problems/diagnoses", "No known problems or diagnoses"))
		} else {
			content = append(content, c.absence("No information about problems", "Records of earlier care have not arrived"))
		}
	}
	return c.composition("openEHR-EHR-COMPOSITION.problem_list.v2", "Problem list", ProblemList, 0, content)
}

var severities = []concept{{}, {"at0047", "", "Mild"}, {"at0048", "", "Moderate"}, {"at0049", "", "Severe"}}

func (c *composer) problem(x problem) *rm.Node {
	r := c.r
	var severity, recognised, resolved, comment, certainty, course *rm.Node
	name := rm.Text(x.free)
	if x.free == "" {
		name = c.diagnosisName(x)
		certainty = element("at0073", "Diagnostic certainty", local("at0076", "Confirmed"))
		if r.chance(12) {
			certainty = element("at0073", "Diagnostic certainty", local("at0074", "Suspected"))
		}
		if at := x.onset.AddDate(0, 0, r.between(0, 90)); at.Before(today) {
			recognised = element("at0003", "Date/time clinically recognised", partialDate(at.Format(time.DateOnly)))
		}
		if r.chance(25) {
			course = element("at0072", "Course description", rm.Text("Stable under treatment, reviewed at the last visit."))
		}
	}
	if x.severity > 0 {
		s := severities[x.severity]
		severity = element("at0005", "Severity", local(s.snomed, s.text))
	}
	// Onset is known to the day, the month or the year.
	format := pick(r, []string{time.DateOnly, "2006-01", "2006", time.DateOnly})
	status := []*rm.Node{element("at0003", "Active/Inactive?", local("at0026", "Active"))}
	if !x.resolved.IsZero() {
		resolved = element("at0030", "Date/time of resolution", partialDate(x.resolved.Format(time.DateOnly)))
		status = []*rm.Node{
			element("at0003", "Active/Inactive?", local("at0027", "Inactive")),
			element("at0083", "Resolution phase", local("at0084", "Resolved")),
		}
	}
	if x.chronic {
		status = append(status, element("at0077", "Course label", local("at0079", "Chronic")))
	}
	if r.chance(10) {
		comment = element("at0069", "Comment", rm.Text("Reported by the patient; no documents seen."))
	}
	data := tree("at0001", "Structure",
		element("at0002", "Problem/Diagnosis name", name),
		element("at0077", "Date/time of onset", partialDate(x.onset.Format(format))),
		recognised, severity, course, resolved,
		root("CLUSTER", "openEHR-EHR-CLUSTER.problem_qualifier.v2", "Problem/Diagnosis qualifier", "", rm.Child("items", status...)),
		certainty, comment)
	return entry("EVALUATION", "openEHR-EHR-EVALUATION.problem_diagnosis.v1", "Problem/Diagnosis",
		rm.Child("data", data),
		rm.Child("protocol", tree("at0032", "Tree", element("at0070", "Last updated", dateTime(c.at)))))
}

// diagnosisName codes a diagnosis: in SNOMED CT, often with the ICD-10 code as
// a mapping, or in ICD-10 alone.
func (c *composer) diagnosisName(x problem) *rm.Node {
	switch n := c.r.below(100); {
	case n < 15:
		return rm.CodedText(x.text, "ICD-10", x.icd)
	case n < 60:
		return rm.Object("DV_CODED_TEXT", rm.Str("value", x.text),
			rm.Child("defining_code", rm.Code("SNOMED-CT", x.snomed)),
			rm.Child("mappings", rm.Object("TERM_MAPPING", rm.Str("match", "?"), rm.Child("target", rm.Code("ICD-10", x.icd)))))
	}
	return snomed(x.concept)
}

func (c *composer) adverseReactionList() *rm.Node {
	var content []*rm.Node
	switch c.p.reaction {
	case noneKnown:
		content = append(content, exclusion("at0007", "Global exclusion of adverse reactions", "No known adverse reactions"))
	case nobodyAsked:
		content = append(content, c.absence("No information about adverse reactions", "Patient could not be asked"))
	default:
		n := c.r.between(1, 3)
		taken := map[string]bool{}
		for range n {
			s := pick(c.r, substances)
			if taken[s.snomed] {
				continue
			}
			taken[s.snomed] = true
			content = append(content, c.reaction(s, snomed(s.concept)))
		}
		if c.r.chance(15) {
			content = append(content, c.reaction(substance{category: otherKind}, rm.Text(pick(c.r, freeTextSubstances))))
		}
		if c.r.chance(12) && !taken["764146007"] && !taken["372687004"] {
			content = append(content, c.notAllergic())
		}
	}
	return c.composition("openEHR-EHR-COMPOSITION.adverse_reaction_list.v1", "Adverse reaction list", AdverseReactionList, 0, content)
}

// notAllergic states that one substance does not cause a reaction.
func (c *composer) notAllergic() *rm.Node {
	return entry("EVALUATION", "openEHR-EHR-EVALUATION.exclusion_specific.v1", "Exclusion - specific",
		rm.Child("data", tree("at0001", "Tree",
			element("at0002", "Exclusion statement", rm.Text("Tolerated without reaction")),
			rm.Object("ELEMENT",
				rm.Str("archetype_node_id", "at0003"),
				rm.Child("name", local("at0008", "Adverse reaction substance")),
				rm.Child("value", snomed(substances[0].concept))))))
}

var (
	categories = map[string]string{food: "Food", medication: "Medication", otherKind: "Other"}
	mechanisms = []concept{{"at0059", "", "Immune mediated"}, {"at0060", "", "Non-immune mediated"}, {"at0126", "", "Indeterminate"}}
	events     = []concept{{"at0011", "", "Mild"}, {"at0012", "", "Moderate"}, {"at0013", "", "Severe"}}
)

func (c *composer) reaction(s substance, name *rm.Node) *rm.Node {
	r := c.r
	severity := r.below(3)
	criticality := local("at0102", "Low")
	switch {
	case severity == 2:
		criticality = local("at0103", "High")
	case r.chance(10):
		criticality = local("at0124", "Indeterminate")
	}
	status := local("at0131", "Active")
	if r.chance(8) {
		status = local("at0132", "Inactive")
	}
	verification := local("at0065", "Confirmed")
	switch n := r.below(100); {
	case n < 45:
		verification = local("at0064", "Unconfirmed")
	case n < 50:
		verification = local("at0066", "Refuted")
	}
	mechanism := pick(r, mechanisms)
	last := onset(r, c.p, 0)
	items := []*rm.Node{
		element("at0002", "Substance", name),
		element("at0130", "Active/inactive status", status),
		element("at0063", "Verification status", verification),
		element("at0101", "Criticality", criticality),
		element("at0120", "Category", local(s.category, categories[s.category])),
		element("at0117", "Onset of last reaction", partialDate(last.Format(pick(r, []string{time.DateOnly, "2006-01", "2006"})))),
		element("at0058", "Reaction mechanism", local(mechanism.snomed, mechanism.text)),
		c.reactionEvent(severity, last),
	}
	if r.chance(15) {
		items = append(items, element("at0006", "Comment", rm.Text("As told by a relative.")))
	}
	return entry("EVALUATION", "openEHR-EHR-EVALUATION.adverse_reaction_risk.v2", "Adverse reaction risk",
		rm.Child("data", tree("at0001", "Tree", items...)),
		rm.Child("protocol", tree("at0042", "Tree", element("at0062", "Last updated", dateTime(c.at)))))
}

func (c *composer) reactionEvent(severity int, at time.Time) *rm.Node {
	r := c.r
	// The table is sorted by gravity; take a window of it.
	first := severity * 3
	seen := []*rm.Node{element("at0006", "Manifestation", snomed(manifestations[first+r.below(2)]))}
	if r.chance(35) {
		seen = append(seen, element("at0006", "Manifestation", snomed(manifestations[first+2+r.below(2)])))
	}
	items := append(seen,
		element("at0008", "Onset of reaction", partialDate(at.Format(time.DateOnly))),
		element("at0010", "Severity of reaction", local(events[severity].snomed, events[severity].text)))
	if r.chance(40) {
		items = append(items, element("at0009", "Duration of reaction", duration(time.Duration(r.between(1, 72))*time.Hour)))
	}
	if r.chance(20) {
		items = append(items, element("at0007", "Reaction description", rm.Text(fmt.Sprintf("Began about %d minutes after exposure.", r.between(5, 90)))))
	}
	return root("CLUSTER", "openEHR-EHR-CLUSTER.adverse_reaction_event.v1", "Adverse reaction event", "", rm.Child("items", items...))
}
