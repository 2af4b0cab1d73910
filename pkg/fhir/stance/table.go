package stance

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// AbsentUnknown is the code system of IPS 1 for what is absent or not known.
const AbsentUnknown = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"

// kind is what a resource type tells of.
type kind struct {
	// element has the concept.
	element string
	// denials are the codes, by system, that say that there is nothing of the
	// kind, each with words for it. They mean the same (ConceptMap
	// absence-to-snomed-uv-ips of IPS 1.1; 160245001 is also in the value set
	// condition-code of FHIR R4 by that name).
	denials map[string]map[string][]string
	// roots are the concepts of SNOMED CT all below which name something. Those of
	// AllergyIntolerance and Procedure are in the value sets of IPS 2.0.0.
	roots []string
}

var kinds = map[string]kind{
	"AllergyIntolerance": {"code", map[string]map[string][]string{
		AbsentUnknown:      {"no-known-allergies": {"No known allergies", "No known allergy", "No Known Allergies (NKA)"}},
		terminology.SNOMED: {"716186003": {"No known allergy", "No known allergies"}},
	}, []string{"105590001", "373873005", "420134006"}}, // substance, product, propensity to adverse reactions
	"Condition": {"code", map[string]map[string][]string{
		AbsentUnknown:      {"no-known-problems": {"No known problems", "No known problem"}},
		terminology.SNOMED: {"160245001": {"No current problems or disability", "No known problems"}},
	}, []string{"64572001"}}, // disease; below clinical finding stands also that nothing was found
	"MedicationStatement": {"medicationCodeableConcept", map[string]map[string][]string{
		AbsentUnknown: {"no-known-medications": {"No known medications", "No known medication"}},
	}, []string{"373873005", "105590001"}},
	// No entry of openEHR that Cairn maps says that nothing was ordered.
	"MedicationRequest": {"medicationCodeableConcept", nil, []string{"373873005", "105590001"}},
	"Procedure": {"code", map[string]map[string][]string{
		AbsentUnknown: {"no-known-procedures": {"No known procedures", "No known procedure"}},
	}, []string{"71388002"}},
	// No entry of openEHR that Cairn maps denies immunisations.
	"Immunization": {"vaccineCode", nil, []string{"373873005", "105590001"}},
}

// situation is the concept of SNOMED CT above all that say how something stands:
// absent, not done, in the family, planned.
const situation = "243796009"

// partial are concepts of SNOMED CT that deny a part of a kind, or another one
// than that of the type which would be written. Of IPS 1.1 (ConceptMap
// absence-to-snomed-uv-ips) are the first three and those from 787483001 to
// 787480003; the others are refused as they were known to whoever wrote this: a code
// too many in this list costs a refusal, no more.
var partial = []string{
	"409137002", // drug allergy
	"428607008", // environmental allergy
	"429625007", // food allergy
	"428197003", // insect allergy
	"716220001", // animal allergy
	"787483001", // devices
	"787482006", // immunisations
	"787481004", // medication
	"787480003", // procedures
	"160244002", // an inactive concept of no known allergies
	"281900007", // no abnormality
	"182849000", // no drug therapy prescribed
	"416128008", // no past history of procedure
}

// nothing are code systems whose codes say why there is no code.
var nothing = []string{
	"http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
	"http://terminology.hl7.org/CodeSystem/data-absent-reason",
}

// products are code systems that name substances and products alone, but for the
// codes that are listed. Their codes still have to be known by name.
var products = map[string][]string{
	"http://www.whocc.no/atc":     nil,
	"http://hl7.org/fhir/sid/cvx": {"998", "999", "99"},
	"http://fdasis.nlm.nih.gov":   nil,
	"http://hl7.org/fhir/sid/ndc": nil,
}

// Denies reports whether a code says that there is nothing of the kind that a
// resource type tells of.
func Denies(system, code string) bool {
	for _, k := range kinds {
		if k.denials[system][code] != nil {
			return true
		}
	}
	return false
}

// Denials are the codes of which Denies is true, sorted.
func Denials() []string {
	var out []string
	for _, k := range kinds {
		for _, codes := range k.denials {
			for code := range codes {
				out = append(out, code)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

//go:embed findings.tsv
var findingTable string

// findings are the names of codes that are known to name something, by resource
// type, system and code.
var findings = mustRead(findingTable)

// sources are where the meaning of the codes in the table was looked up; the head
// of the table says what each is.
var sources = []string{"gecco", "ips", "r4", "edition", "hl7", "w3c", "lists"}

func mustRead(table string) map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != 5 || !slices.Contains(sources, row[4]) {
			panic(fmt.Sprintf("findings.tsv: %q", line))
		}
		for typ := range strings.SplitSeq(row[0], ",") {
			if out[typ] == nil {
				out[typ] = map[string][]string{}
			}
			out[typ][row[1]+"|"+row[2]] = strings.Split(row[3], "|")
		}
	}
	return out
}
