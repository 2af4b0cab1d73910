package r4

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// SearchKind is the type of a FHIR search parameter.
type SearchKind string

// The search parameter types that resources are indexed by.
const (
	SearchToken     SearchKind = "token"
	SearchDate      SearchKind = "date"
	SearchReference SearchKind = "reference"
	SearchString    SearchKind = "string"
	SearchQuantity  SearchKind = "quantity"
	SearchURI       SearchKind = "uri"
)

// SearchParam is a search parameter of a resource type.
type SearchParam struct {
	Name string
	Kind SearchKind
	// Definition is the canonical URL of the published parameter.
	Definition string
	// Targets are the types that a reference may point to.
	Targets []string
	// Union names the parameters whose values together are those of this one.
	Union []string

	paths []string // JSON property paths
}

// SearchValue is one value of one search parameter of one resource: a row of
// the search index. Which fields are set follows from Kind.
//
//	token      System (may be ""), Code
//	date       Low, High
//	reference  Code as Type/id
//	string     Text, folded by FoldString
//	quantity   Number, System, Code (the unit code, or the unit as written)
//	uri        Code
type SearchValue struct {
	Param  string
	Kind   SearchKind
	System string
	Code   string
	Text   string
	// Low and High bound a date with its precision, in UTC: Low is included,
	// High is not. The zero Low is unbounded below, the zero High above.
	Low, High time.Time
	// Number is the decimal text of a quantity.
	Number string
}

// searchTable lists the published parameters by type: name, kind, canonical id
// and the properties indexed.
var searchTable = map[string][][4]string{
	"Patient": {
		{"identifier", "token", "Patient-identifier", "identifier"},
		{"active", "token", "Patient-active", "active"},
		{"name", "string", "Patient-name", "name"},
		{"family", "string", "individual-family", "name.family"},
		{"given", "string", "individual-given", "name.given"},
		{"gender", "token", "individual-gender", "gender"},
		{"birthdate", "date", "individual-birthdate", "birthDate"},
		{"death-date", "date", "Patient-death-date", "deceasedDateTime"},
		{"telecom", "token", "individual-telecom", "telecom"},
		{"address", "string", "individual-address", "address"},
		{"address-city", "string", "individual-address-city", "address.city"},
		{"address-country", "string", "individual-address-country", "address.country"},
		{"address-postalcode", "string", "individual-address-postalcode", "address.postalCode"},
		{"address-state", "string", "individual-address-state", "address.state"},
		{"address-use", "token", "individual-address-use", "address.use"},
		{"language", "token", "Patient-language", "communication.language"},
	},
	"Practitioner": {
		{"identifier", "token", "Practitioner-identifier", "identifier"},
		{"active", "token", "Practitioner-active", "active"},
		{"name", "string", "Practitioner-name", "name"},
		{"family", "string", "individual-family", "name.family"},
		{"given", "string", "individual-given", "name.given"},
		{"gender", "token", "individual-gender", "gender"},
		{"telecom", "token", "individual-telecom", "telecom"},
		{"address", "string", "individual-address", "address"},
		{"address-city", "string", "individual-address-city", "address.city"},
		{"address-country", "string", "individual-address-country", "address.country"},
		{"address-postalcode", "string", "individual-address-postalcode", "address.postalCode"},
		{"address-state", "string", "individual-address-state", "address.state"},
		{"address-use", "token", "individual-address-use", "address.use"},
	},
	"PractitionerRole": {
		{"identifier", "token", "PractitionerRole-identifier", "identifier"},
		{"active", "token", "PractitionerRole-active", "active"},
		{"date", "date", "PractitionerRole-date", "period"},
		{"organization", "reference", "PractitionerRole-organization", "organization"},
		{"practitioner", "reference", "PractitionerRole-practitioner", "practitioner"},
		{"role", "token", "PractitionerRole-role", "code"},
		{"specialty", "token", "PractitionerRole-specialty", "specialty"},
		{"telecom", "token", "individual-telecom", "telecom"},
	},
	"Organization": {
		{"identifier", "token", "Organization-identifier", "identifier"},
		{"active", "token", "Organization-active", "active"},
		{"name", "string", "Organization-name", "name alias"},
		{"address", "string", "Organization-address", "address"},
		{"address-city", "string", "Organization-address-city", "address.city"},
		{"address-country", "string", "Organization-address-country", "address.country"},
		{"address-postalcode", "string", "Organization-address-postalcode", "address.postalCode"},
		{"address-state", "string", "Organization-address-state", "address.state"},
		{"address-use", "token", "Organization-address-use", "address.use"},
		{"type", "token", "Organization-type", "type"},
	},
	"Observation": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "Observation-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "Observation-status", "status"},
		{"category", "token", "Observation-category", "category"},
		{"code", "token", "clinical-code", "code"},
		{"combo-code", "token", "Observation-combo-code", "code component.code"},
		{"component-code", "token", "Observation-component-code", "component.code"},
		{"date", "date", "clinical-date", "effectiveDateTime effectivePeriod effectiveInstant"},
		{"value-quantity", "quantity", "Observation-value-quantity", "valueQuantity"},
		{"component-value-quantity", "quantity", "Observation-component-value-quantity", "component.valueQuantity"},
		{"combo-value-quantity", "quantity", "Observation-combo-value-quantity", "valueQuantity component.valueQuantity"},
		{"value-concept", "token", "Observation-value-concept", "valueCodeableConcept"},
		{"component-value-concept", "token", "Observation-component-value-concept", "component.valueCodeableConcept"},
		{"data-absent-reason", "token", "Observation-data-absent-reason", "dataAbsentReason"},
		{"component-data-absent-reason", "token", "Observation-component-data-absent-reason", "component.dataAbsentReason"},
		{"method", "token", "Observation-method", "method"},
		{"performer", "reference", "Observation-performer", "performer"},
		{"specimen", "reference", "Observation-specimen", "specimen"},
	},
	"Condition": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "Condition-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"code", "token", "clinical-code", "code"},
		{"category", "token", "Condition-category", "category"},
		{"clinical-status", "token", "Condition-clinical-status", "clinicalStatus"},
		{"verification-status", "token", "Condition-verification-status", "verificationStatus"},
		{"severity", "token", "Condition-severity", "severity"},
		{"body-site", "token", "Condition-body-site", "bodySite"},
		{"onset-date", "date", "Condition-onset-date", "onsetDateTime onsetPeriod"},
		{"abatement-date", "date", "Condition-abatement-date", "abatementDateTime abatementPeriod"},
		{"recorded-date", "date", "Condition-recorded-date", "recordedDate"},
		{"asserter", "reference", "Condition-asserter", "asserter"},
	},
	"AllergyIntolerance": {
		{"patient", "reference", "clinical-patient", "patient"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"code", "token", "clinical-code", "code reaction.substance"},
		{"clinical-status", "token", "AllergyIntolerance-clinical-status", "clinicalStatus"},
		{"verification-status", "token", "AllergyIntolerance-verification-status", "verificationStatus"},
		{"category", "token", "AllergyIntolerance-category", "category"},
		{"criticality", "token", "AllergyIntolerance-criticality", "criticality"},
		{"type", "token", "clinical-type", "type"},
		{"date", "date", "clinical-date", "recordedDate"},
		{"last-date", "date", "AllergyIntolerance-last-date", "lastOccurrence"},
		{"onset", "date", "AllergyIntolerance-onset", "reaction.onset"},
		{"manifestation", "token", "AllergyIntolerance-manifestation", "reaction.manifestation"},
		{"severity", "token", "AllergyIntolerance-severity", "reaction.severity"},
		{"route", "token", "AllergyIntolerance-route", "reaction.exposureRoute"},
		{"asserter", "reference", "AllergyIntolerance-asserter", "asserter"},
		{"recorder", "reference", "AllergyIntolerance-recorder", "recorder"},
	},
	"DiagnosticReport": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "DiagnosticReport-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "DiagnosticReport-status", "status"},
		{"category", "token", "DiagnosticReport-category", "category"},
		{"code", "token", "clinical-code", "code"},
		{"date", "date", "clinical-date", "effectiveDateTime effectivePeriod"},
		{"issued", "date", "DiagnosticReport-issued", "issued"},
		{"result", "reference", "DiagnosticReport-result", "result"},
		{"specimen", "reference", "DiagnosticReport-specimen", "specimen"},
		{"conclusion", "token", "DiagnosticReport-conclusion", "conclusionCode"},
		{"performer", "reference", "DiagnosticReport-performer", "performer"},
	},
	"Specimen": {
		{"patient", "reference", "Specimen-patient", "subject"},
		{"subject", "reference", "Specimen-subject", "subject"},
		{"identifier", "token", "Specimen-identifier", "identifier"},
		{"accession", "token", "Specimen-accession", "accessionIdentifier"},
		{"type", "token", "Specimen-type", "type"},
		{"bodysite", "token", "Specimen-bodysite", "collection.bodySite"},
		{"collected", "date", "Specimen-collected", "collection.collectedDateTime collection.collectedPeriod"},
	},
	"MedicationStatement": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "MedicationStatement-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "medications-status", "status"},
		{"category", "token", "MedicationStatement-category", "category"},
		{"code", "token", "clinical-code", "medicationCodeableConcept"},
		{"effective", "date", "MedicationStatement-effective", "effectiveDateTime effectivePeriod"},
		{"source", "reference", "MedicationStatement-source", "informationSource"},
	},
	"MedicationRequest": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "MedicationRequest-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "medications-status", "status"},
		{"intent", "token", "MedicationRequest-intent", "intent"},
		{"category", "token", "MedicationRequest-category", "category"},
		{"priority", "token", "MedicationRequest-priority", "priority"},
		{"code", "token", "clinical-code", "medicationCodeableConcept"},
		{"authoredon", "date", "MedicationRequest-authoredon", "authoredOn"},
		{"requester", "reference", "MedicationRequest-requester", "requester"},
	},
	"Immunization": {
		{"patient", "reference", "clinical-patient", "patient"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "Immunization-status", "status"},
		{"status-reason", "token", "Immunization-status-reason", "statusReason"},
		{"vaccine-code", "token", "Immunization-vaccine-code", "vaccineCode"},
		{"date", "date", "clinical-date", "occurrenceDateTime"},
		{"lot-number", "string", "Immunization-lot-number", "lotNumber"},
		{"reason-code", "token", "Immunization-reason-code", "reasonCode"},
		{"target-disease", "token", "Immunization-target-disease", "protocolApplied.targetDisease"},
	},
	"Procedure": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "Procedure-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "Procedure-status", "status"},
		{"category", "token", "Procedure-category", "category"},
		{"code", "token", "clinical-code", "code"},
		{"date", "date", "clinical-date", "performedDateTime performedPeriod"},
		{"reason-code", "token", "Procedure-reason-code", "reasonCode"},
		{"performer", "reference", "Procedure-performer", "performer.actor"},
	},
	"Encounter": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "Encounter-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "Encounter-status", "status"},
		{"class", "token", "Encounter-class", "class"},
		{"type", "token", "clinical-type", "type"},
		{"date", "date", "clinical-date", "period"},
		{"reason-code", "token", "Encounter-reason-code", "reasonCode"},
		{"diagnosis", "reference", "Encounter-diagnosis", "diagnosis.condition"},
	},
	"Goal": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "Goal-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"lifecycle-status", "token", "Goal-lifecycle-status", "lifecycleStatus"},
		{"achievement-status", "token", "Goal-achievement-status", "achievementStatus"},
		{"category", "token", "Goal-category", "category"},
		{"start-date", "date", "Goal-start-date", "startDate"},
		{"target-date", "date", "Goal-target-date", "target.dueDate"},
	},
	"CarePlan": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "CarePlan-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "CarePlan-status", "status"},
		{"intent", "token", "CarePlan-intent", "intent"},
		{"category", "token", "CarePlan-category", "category"},
		{"date", "date", "clinical-date", "period"},
		{"goal", "reference", "CarePlan-goal", "goal"},
		{"condition", "reference", "CarePlan-condition", "addresses"},
	},
	"ClinicalImpression": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "ClinicalImpression-subject", "subject"},
		{"identifier", "token", "ClinicalImpression-identifier", "identifier"},
		{"status", "token", "ClinicalImpression-status", "status"},
		{"date", "date", "clinical-date", "date"},
		{"assessor", "reference", "ClinicalImpression-assessor", "assessor"},
	},
	"Consent": {
		{"patient", "reference", "clinical-patient", "patient"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "Consent-status", "status"},
		{"scope", "token", "Consent-scope", "scope"},
		{"category", "token", "Consent-category", "category"},
		{"date", "date", "clinical-date", "dateTime"},
		{"period", "date", "Consent-period", "provision.period"},
	},
	"AuditEvent": {
		{"patient", "reference", "AuditEvent-patient", "agent.who entity.what"},
		{"entity", "reference", "AuditEvent-entity", "entity.what"},
		{"date", "date", "AuditEvent-date", "recorded"},
		{"action", "token", "AuditEvent-action", "action"},
		{"altid", "token", "AuditEvent-altid", "agent.altId"},
		{"agent-name", "string", "AuditEvent-agent-name", "agent.name"},
	},
	"Provenance": {
		{"patient", "reference", "Provenance-patient", "target"},
		{"target", "reference", "Provenance-target", "target"},
		{"recorded", "date", "Provenance-recorded", "recorded"},
	},
	"DocumentReference": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "DocumentReference-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "masterIdentifier identifier"},
		{"status", "token", "DocumentReference-status", "status"},
		{"type", "token", "clinical-type", "type"},
		{"category", "token", "DocumentReference-category", "category"},
		{"date", "date", "DocumentReference-date", "date"},
	},
	"Composition": {
		{"patient", "reference", "clinical-patient", "subject"},
		{"subject", "reference", "Composition-subject", "subject"},
		{"identifier", "token", "clinical-identifier", "identifier"},
		{"status", "token", "Composition-status", "status"},
		{"type", "token", "clinical-type", "type"},
		{"category", "token", "Composition-category", "category"},
		{"date", "date", "clinical-date", "date"},
	},
}

// SearchParams lists the search parameters that resources of a type are
// indexed by; nil for a type without any.
func SearchParams(typ string) []SearchParam { return searchParams()[typ] }

var searchParams = sync.OnceValue(func() map[string][]SearchParam {
	out := make(map[string][]SearchParam, len(searchTable))
	for typ, rows := range searchTable {
		list := make([]SearchParam, 0, len(rows))
		for _, r := range rows {
			p := SearchParam{
				Union: Union(r[0]),
				Name:  r[0], Kind: SearchKind(r[1]),
				Definition: "http://hl7.org/fhir/SearchParameter/" + r[2],
				paths:      strings.Fields(r[3]),
			}
			for _, x := range indexings()[typ] {
				if p.Kind != SearchReference || x.param != p.Name {
					continue
				}
				for _, path := range x.paths {
					p.Targets = append(p.Targets, path[len(path)-1].Type.Targets...)
				}
			}
			slices.Sort(p.Targets)
			p.Targets = slices.Compact(p.Targets)
			list = append(list, p)
		}
		out[typ] = list
	}
	return out
})

// Union names the parameters whose values together are those of the parameter;
// nil for a parameter with values of its own.
func Union(param string) []string { return unions[param] }

var unions = map[string][]string{
	"combo-code":           {"code", "component-code"},
	"combo-value-quantity": {"value-quantity", "component-value-quantity"},
}

// indexing is a search parameter with its paths resolved, for one type.
type indexing struct {
	param string
	kind  SearchKind
	paths [][]*Member
}

var indexings = sync.OnceValue(func() map[string][]indexing {
	out := make(map[string][]indexing, len(searchTable))
	for typ, rows := range searchTable {
		for _, r := range rows {
			if Union(r[0]) != nil {
				continue
			}
			x := indexing{param: r[0], kind: SearchKind(r[1])}
			for _, path := range strings.Fields(r[3]) {
				var members []*Member
				t := Lookup(typ)
				for _, name := range strings.Split(path, ".") {
					m := t.members[name]
					if m == nil {
						panic("fhirmap/r4: " + typ + "." + path + " is not an element") // the table is part of the program
					}
					members, t = append(members, m), m.Type.Type
				}
				x.paths = append(x.paths, members)
			}
			out[typ] = append(out[typ], x)
		}
	}
	return out
})

// SearchValues extracts the values of all search parameters of a resource.
//
// A quantity with a comparator has no single value and is not indexed by its
// number: a search on it cannot find "below 5".
//
// The values of a parameter that SearchParam.Union declares to be those of
// others are left out.
func SearchValues(n *Node) []SearchValue { return AppendSearchValues(nil, n) }

// AppendSearchValues appends what SearchValues extracts.
func AppendSearchValues(dst []SearchValue, n *Node) []SearchValue {
	table := indexings()[n.Str("resourceType")]
	for i := range table {
		for _, path := range table[i].paths {
			dst = table[i].extract(dst, n, path)
		}
	}
	return dst
}

func (x *indexing) extract(dst []SearchValue, n *Node, path []*Member) []SearchValue {
	v := n.Get(path[0].Property)
	if v == nil {
		return dst
	}
	if v.Kind != Array {
		return x.value(dst, v, path)
	}
	for _, item := range v.Items {
		dst = x.value(dst, item, path)
	}
	return dst
}

func (x *indexing) value(dst []SearchValue, v *Node, path []*Member) []SearchValue {
	if len(path) > 1 {
		return x.extract(dst, v, path[1:])
	}
	sv := SearchValue{Param: x.param, Kind: x.kind}
	m := path[0]
	switch x.kind {
	case SearchToken:
		return indexToken(dst, sv, m, v)
	case SearchDate:
		if m.Type.Type.Name == "Period" {
			if low, _, ok := DateRange(v.Str("start")); ok {
				sv.Low = low
			}
			if _, high, ok := DateRange(v.Str("end")); ok {
				sv.High = high
			}
			if !sv.Low.IsZero() || !sv.High.IsZero() {
				dst = append(dst, sv)
			}
		} else if low, high, ok := DateRange(v.Text); ok {
			sv.Low, sv.High = low, high
			dst = append(dst, sv)
		}
	case SearchReference:
		if sv.Code = v.Str("reference"); sv.Code != "" {
			dst = append(dst, sv)
		}
	case SearchString:
		return indexString(dst, sv, m, v)
	case SearchQuantity:
		if sv.Number = v.Str("value"); sv.Number == "" || v.Get("comparator") != nil {
			return dst
		}
		sv.System, sv.Code = v.Str("system"), v.Str("code")
		dst = append(dst, sv)
		if unit := v.Str("unit"); unit != "" && unit != sv.Code {
			sv.System, sv.Code = "", unit
			dst = append(dst, sv)
		}
	case SearchURI:
		if sv.Code = v.Text; sv.Code != "" {
			dst = append(dst, sv)
		}
	}
	return dst
}

func indexToken(dst []SearchValue, sv SearchValue, m *Member, v *Node) []SearchValue {
	switch m.Type.Type.Name {
	case "CodeableConcept":
		codings := v.Get("coding")
		if codings == nil {
			return dst
		}
		for _, c := range codings.Items {
			if sv.System, sv.Code = c.Str("system"), c.Str("code"); sv.Code != "" {
				dst = append(dst, sv)
			}
		}
		return dst
	case "Coding":
		sv.System, sv.Code = v.Str("system"), v.Str("code")
	case "Identifier":
		sv.System, sv.Code = v.Str("system"), v.Str("value")
	case "ContactPoint":
		sv.Code = v.Str("value")
	case "code":
		sv.Code = v.Text
		if set := m.Element.Binding; set != nil {
			for system, codes := range set.Systems {
				if codes[sv.Code] {
					sv.System = system
				}
			}
		}
	default:
		sv.Code = v.Text
	}
	if sv.Code == "" {
		return dst
	}
	return append(dst, sv)
}

func indexString(dst []SearchValue, sv SearchValue, m *Member, v *Node) []SearchValue {
	if m.Type.Type.Kind == Primitive {
		if sv.Text = FoldString(v.Text); sv.Text != "" {
			dst = append(dst, sv)
		}
		return dst
	}
	add := func(text string) {
		if sv.Text = FoldString(text); sv.Text != "" {
			dst = append(dst, sv)
		}
	}
	for _, f := range v.Fields { // HumanName, Address: any of the parts
		for _, part := range v.List(f.Name) {
			switch {
			case part.Kind == String && f.Name != "use" && f.Name != "id" && f.Name != "type":
				add(part.Text)
			case f.Name == "_line": // the parts of a line
				for _, ext := range part.List("extension") {
					add(ext.Str("valueString"))
				}
			}
		}
	}
	return dst
}

// FoldString is the form in which string parameters are compared: without
// case, combining marks or surrounding and repeated white space (R4 search
// §3.1.1.4.8).
func FoldString(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < 0x80
	}
	if ascii {
		return s
	}
	folded, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		return s
	}
	return folded
}
