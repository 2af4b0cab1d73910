package compare

import "strings"

// designations are what the code systems call the codes that the shipped
// mappings write. A resource that carries one of these beside its code says
// nothing else than one without. Of LOINC it is the
// long common name.
var designations = map[string]map[string]string{
	"http://loinc.org": {
		"11329-0": "History general Narrative - Reported",
		"11331-6": "History of Alcohol use",
		"11778-8": "Delivery date Estimated",
		"29463-7": "Body weight",
		"59408-5": "Oxygen saturation in Arterial blood by Pulse oximetry",
		"2708-6":  "Oxygen saturation in Arterial blood",
		"72166-2": "Tobacco smoking status",
		"82810-3": "Pregnancy status",
		"8302-2":  "Body height",
		"8310-5":  "Body temperature",
		"8462-4":  "Diastolic blood pressure",
		"8478-0":  "Mean blood pressure",
		"8480-6":  "Systolic blood pressure",
		"85354-9": "Blood pressure panel with all children optional",
		"8867-4":  "Heart rate",
		"9279-1":  "Respiratory rate",
	},
	"http://snomed.info/sct": {"716186003": "No known allergy", "160245001": "No current problems or disability"},
	"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips": {
		"no-known-allergies": "No known allergies", "no-known-problems": "No known problems",
		"no-known-medications": "No known medications", "no-known-procedures": "No known procedures",
	},
	"http://terminology.hl7.org/CodeSystem/observation-category": {
		"vital-signs": "Vital Signs", "laboratory": "Laboratory", "social-history": "Social History",
	},
	"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": {
		"HH": "Critical high", "H": "High", "N": "Normal", "L": "Low", "LL": "Critical low",
	},
	"http://terminology.hl7.org/CodeSystem/data-absent-reason":              {"unknown": "Unknown", "masked": "Masked", "not-applicable": "Not Applicable"},
	"http://terminology.hl7.org/CodeSystem/consentscope":                    {"adr": "Advanced Care Directive"},
	"http://terminology.hl7.org/CodeSystem/consentcategorycodes":            {"acd": "Advance Directive"},
	"http://terminology.hl7.org/CodeSystem/v2-0074":                         {"LAB": "Laboratory"},
	"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical":     {"active": "Active", "inactive": "Inactive"},
	"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification": {"unconfirmed": "Unconfirmed", "confirmed": "Confirmed"},
	"http://terminology.hl7.org/CodeSystem/condition-clinical": {
		"active": "Active", "inactive": "Inactive", "recurrence": "Recurrence", "resolved": "Resolved", "relapse": "Relapse", "remission": "Remission",
	},
	"http://terminology.hl7.org/CodeSystem/condition-ver-status": {
		"confirmed": "Confirmed", "provisional": "Provisional", "unconfirmed": "Unconfirmed",
	},
	"http://terminology.hl7.org/CodeSystem/condition-category": {"problem-list-item": "Problem List Item"},
	"http://terminology.hl7.org/CodeSystem/goal-achievement": {
		"achieved": "Achieved", "not-achieved": "Not Achieved", "in-progress": "In Progress", "improving": "Improving", "worsening": "Worsening",
		"no-change": "No Change", "sustaining": "Sustaining", "no-progress": "No Progress", "not-attainable": "Not Attainable",
	},
	"http://terminology.hl7.org/CodeSystem/v3-ActCode":             {"IMP": "inpatient encounter"},
	"http://terminology.hl7.org/CodeSystem/location-physical-type": {"wa": "Ward", "ro": "Room", "bd": "Bed"},
}

// designates reports whether a display is what the code system calls the code.
// Upper and lower case do not make a difference, nor does the tag of a situation in
// SNOMED CT.
func designates(system, code, display string) bool {
	return display != "" && strings.EqualFold(designations[system][code], strings.TrimSuffix(display, " (situation)"))
}
