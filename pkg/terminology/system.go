package terminology

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Systems that have rules of their own.
const (
	SNOMED = "http://snomed.info/sct"
	LOINC  = "http://loinc.org"
	UCUM   = "http://unitsofmeasure.org"
	// System is the URI of the openEHR terminology as a code system.
	System = "http://openehr.org/terminology/openehr"
)

// systems relates the terminology ids of openEHR data, in lower case and
// without blanks, hyphens, underscores and dots, to URIs of code systems (HL7
// terminology, "Using codes in resources").
var systems = map[string]string{
	"snomedct": SNOMED, "snomed": SNOMED, "sct": SNOMED, "sctid": SNOMED, "snomedclinicalterms": SNOMED, "snomedinfo": SNOMED,
	"loinc": LOINC, "lnc": LOINC, "lnc205": LOINC,
	"ucum": UCUM, "openehr": System,
	"icd10": "http://hl7.org/fhir/sid/icd-10", "icd10who": "http://hl7.org/fhir/sid/icd-10",
	"icd10cm": "http://hl7.org/fhir/sid/icd-10-cm", "icd10pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
	"icd10gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "ops": "http://fhir.de/CodeSystem/bfarm/ops",
	"icd9": "http://hl7.org/fhir/sid/icd-9-cm", "icd9cm": "http://hl7.org/fhir/sid/icd-9-cm",
	"icd11": "http://id.who.int/icd/release/11/mms", "icd11mms": "http://id.who.int/icd/release/11/mms",
	"icdo3": "http://terminology.hl7.org/CodeSystem/icd-o-3", "icf": "http://hl7.org/fhir/sid/icf",
	"icpc2": "http://hl7.org/fhir/sid/icpc-2", "atc": "http://www.whocc.no/atc",
	"rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm", "cvx": "http://hl7.org/fhir/sid/cvx",
	"ndc": "http://hl7.org/fhir/sid/ndc", "cpt": "http://www.ama-assn.org/go/cpt", "dmd": "https://dmd.nhs.uk",
	"orpha": "http://www.orpha.net", "orphanet": "http://www.orpha.net", "hpo": "http://human-phenotype-ontology.org",
	"iso6391": "urn:ietf:bcp:47", "iso31661": "urn:iso:std:iso:3166",
	"ianamediatypes": "urn:ietf:bcp:13", "ianacharactersets": "http://www.iana.org/assignments/character-sets",
}

// SystemURI is the URI of the code system that a terminology id of openEHR data
// names, as http://snomed.info/sct for SNOMED-CT; a version in parentheses does
// not count, and a URI names itself. It is "" for an id without a known URI.
func SystemURI(id string) string {
	id, _ = rm.SplitTerminologyID(id)
	if isURI(id) {
		return id
	}
	return systems[simple(id)]
}

// SystemIDs are the terminology ids, in lower case and without blanks,
// hyphens, underscores and dots, that name the code system of a URI.
func SystemIDs(uri string) []string {
	var ids []string
	for id, u := range systems {
		if u == uri {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

var simplifier = strings.NewReplacer(" ", "", "-", "", "_", "", ".", "")

func simple(id string) string { return simplifier.Replace(strings.ToLower(id)) }

// isURI reports whether a text has a URI scheme.
func isURI(s string) bool {
	i := strings.IndexByte(s, ':')
	if i < 2 {
		return false
	}
	for k := 0; k < i; k++ {
		c := s[k] | 0x20
		if (c < 'a' || c > 'z') && (k == 0 || !(s[k] >= '0' && s[k] <= '9' || s[k] == '+' || s[k] == '-' || s[k] == '.')) {
			return false
		}
	}
	return true
}
