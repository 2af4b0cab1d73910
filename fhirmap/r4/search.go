package r4

import (
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
			Union: Union(r[0]),
			Name:  r[0], Kind: SearchKind(r[1]),
			Definition: "http://hl7.org/fhir/SearchParameter/" + r[2],
			paths:      strings.Fields(r[3]),
		})
	}
	return list
}

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
	for _, f := range v.Fields { // HumanName, Address: any of the parts
		for _, part := range v.List(f.Name) {
			if part.Kind == String && f.Name != "use" && f.Name != "id" {
				if sv.Text = FoldString(part.Text); sv.Text != "" {
					dst = append(dst, sv)
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
