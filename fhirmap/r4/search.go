package r4

import (
	"strings"
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
		{"language", "token", "Patient-language", "communication.language"},
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
}

// SearchParams lists the search parameters that resources of a type are
// indexed by; nil for a type without any.
func SearchParams(typ string) []SearchParam {
	rows := searchTable[typ]
	list := make([]SearchParam, 0, len(rows))
	for _, r := range rows {
		list = append(list, SearchParam{
			Name: r[0], Kind: SearchKind(r[1]),
			Definition: "http://hl7.org/fhir/SearchParameter/" + r[2],
			paths:      strings.Fields(r[3]),
		})
	}
	return list
}

// SearchValues extracts the values of all search parameters of a resource.
//
// A quantity with a comparator has no single value and is not indexed by its
// number: a search on it cannot find "below 5".
func SearchValues(n *Node) []SearchValue {
	typ := n.Str("resourceType")
	t := Lookup(typ)
	if t == nil {
		return nil
	}
	var out []SearchValue
	for _, r := range searchTable[typ] {
		for rest := r[3]; rest != ""; {
			var path string
			path, rest, _ = strings.Cut(rest, " ")
			extract(&out, r[0], SearchKind(r[1]), t, n, path)
		}
	}
	return out
}

func extract(out *[]SearchValue, param string, kind SearchKind, t *Type, n *Node, path string) {
	name, rest, more := strings.Cut(path, ".")
	m, ok := t.Member(name)
	if !ok {
		return
	}
	for _, v := range n.List(name) {
		if more {
			extract(out, param, kind, m.Type.Type, v, rest)
		} else {
			indexValue(out, SearchValue{Param: param, Kind: kind}, m, v)
		}
	}
}

func indexValue(out *[]SearchValue, sv SearchValue, m Member, v *Node) {
	add := func(s SearchValue) { *out = append(*out, s) }
	switch sv.Kind {
	case SearchToken:
		indexToken(sv, m, v, add)
	case SearchDate:
		if m.Type.Type.Name == "Period" {
			if low, _, ok := DateRange(v.Str("start")); ok {
				sv.Low = low
			}
			if _, high, ok := DateRange(v.Str("end")); ok {
				sv.High = high
			}
			if !sv.Low.IsZero() || !sv.High.IsZero() {
				add(sv)
			}
		} else if low, high, ok := DateRange(v.Text); ok {
			sv.Low, sv.High = low, high
			add(sv)
		}
	case SearchReference:
		if sv.Code = v.Str("reference"); sv.Code != "" {
			add(sv)
		}
	case SearchString:
		indexString(sv, m, v, add)
	case SearchQuantity:
		if sv.Number = v.Str("value"); sv.Number == "" || v.Get("comparator") != nil {
			return
		}
		sv.System, sv.Code = v.Str("system"), v.Str("code")
		add(sv)
		if unit := v.Str("unit"); unit != "" && unit != sv.Code {
			sv.System, sv.Code = "", unit
			add(sv)
		}
	case SearchURI:
		if sv.Code = v.Text; sv.Code != "" {
			add(sv)
		}
	}
}

func indexToken(sv SearchValue, m Member, v *Node, add func(SearchValue)) {
	switch m.Type.Type.Name {
	case "CodeableConcept":
		for _, c := range v.List("coding") {
			if sv.System, sv.Code = c.Str("system"), c.Str("code"); sv.Code != "" {
				add(sv)
			}
		}
	case "Coding":
		if sv.System, sv.Code = v.Str("system"), v.Str("code"); sv.Code != "" {
			add(sv)
		}
	case "Identifier":
		if sv.System, sv.Code = v.Str("system"), v.Str("value"); sv.Code != "" {
			add(sv)
		}
	case "ContactPoint":
		if sv.Code = v.Str("value"); sv.Code != "" {
			add(sv)
		}
	case "code":
		sv.Code = v.Text
		if set := m.Element.Binding; set != nil {
			for system, codes := range set.Systems {
				if codes[sv.Code] {
					sv.System = system
				}
			}
		}
		add(sv)
	default:
		if sv.Code = v.Text; sv.Code != "" {
			add(sv)
		}
	}
}

func indexString(sv SearchValue, m Member, v *Node, add func(SearchValue)) {
	if m.Type.Type.Kind == Primitive {
		if sv.Text = FoldString(v.Text); sv.Text != "" {
			add(sv)
		}
		return
	}
	for _, f := range v.Fields { // HumanName, Address: any of the parts
		for _, part := range v.List(f.Name) {
			if part.Kind == String && f.Name != "use" && f.Name != "id" {
				if sv.Text = FoldString(part.Text); sv.Text != "" {
					add(sv)
				}
			}
		}
	}
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
