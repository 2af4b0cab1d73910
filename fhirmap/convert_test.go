package fhirmap

import (
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/ucum"
)

const someEHR = "2b6f0e4e-8a3d-4a5e-9a66-3f1f2f1c8e01"

// element is the place of a value in Observation or Condition, by JSON
// property when only one type is meant.
func allowed(t *testing.T, typ, name string) []r4.TypeRef {
	t.Helper()
	owner := r4.Lookup(typ)
	if m, ok := owner.Member(name); ok && m.Element.Choice {
		return []r4.TypeRef{m.Type}
	}
	e := owner.Element(name)
	if e == nil {
		t.Fatalf("%s.%s", typ, name)
	}
	return e.Types
}

// TestDataTypes converts single values: canonical JSON of the RM value, the
// target, and what comes out. After a bar stand the losses noted on the way;
// after an exclamation mark the reason why there is no outcome.
func TestDataTypes(t *testing.T) {
	t.Parallel()
	const (
		interval  = `{"_type":"DV_INTERVAL","lower":%,"upper":%,"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":true}`
		valueCode = `"terminology_id":{"_type":"TERMINOLOGY_ID","value":"SNOMED-CT"},"code_string":"1"`
	)
	tests := []struct{ name, value, target, want string }{
		{
			"a quantity", `{"_type":"DV_QUANTITY","magnitude":5.00,"units":"mg"}`, "Observation.value",
			`{"value":5.00,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}`,
		},
		{
			"a quantity with a shown unit", `{"_type":"DV_QUANTITY","magnitude":5,"units":"Cel","units_display_name":"°C"}`, "Observation.value",
			`{"value":5,"unit":"°C","system":"http://unitsofmeasure.org","code":"Cel"}`,
		},
		{
			"a quantity in another system", `{"_type":"DV_QUANTITY","magnitude":5,"units":"258684004","units_system":"http://snomed.info/sct","units_display_name":"mg"}`, "Observation.value",
			`{"value":5,"unit":"mg","system":"http://snomed.info/sct","code":"258684004"}`,
		},
		{
			"a quantity with a local unit", `{"_type":"DV_QUANTITY","magnitude":5,"units":"puffs"}`, "Observation.value",
			`{"value":5,"unit":"puffs"} | unit-not-ucum`,
		},
		{
			"at least", `{"_type":"DV_QUANTITY","magnitude":5,"units":"1","magnitude_status":">="}`, "Observation.valueQuantity",
			`{"value":5,"comparator":">=","unit":"1","system":"http://unitsofmeasure.org","code":"1"}`,
		},
		{"about, where text is allowed", `{"_type":"DV_QUANTITY","magnitude":5.0,"units":"mg","magnitude_status":"~"}`, "Observation.value", `"~5.0 mg" | comparator`},
		{"about, where it is not", `{"_type":"DV_QUANTITY","magnitude":5,"units":"mg","magnitude_status":"~"}`, "Observation.valueQuantity", `! comparator`},
		{"below, where there is no comparator", `{"_type":"DV_QUANTITY","magnitude":5,"units":"mg","magnitude_status":"<"}`, "Observation.referenceRange.low", `! comparator`},
		{
			"a quantity as an age", `{"_type":"DV_QUANTITY","magnitude":5,"units":"a"}`, "Condition.onset",
			`{"value":5,"unit":"a","system":"http://unitsofmeasure.org","code":"a"}`,
		},
		{"a count", `{"_type":"DV_COUNT","magnitude":12}`, "Observation.valueInteger", `12`},
		{"a count as a quantity", `{"_type":"DV_COUNT","magnitude":12}`, "Observation.valueQuantity", `{"value":12,"unit":"1","system":"http://unitsofmeasure.org","code":"1"}`},
		{"a count below a limit as an integer", `{"_type":"DV_COUNT","magnitude":12,"magnitude_status":"<"}`, "Observation.valueInteger", `! comparator`},
		{"a count beyond 32 bits", `{"_type":"DV_COUNT","magnitude":3000000000}`, "Observation.valueInteger", `! value`},
		{
			"a percentage", `{"_type":"DV_PROPORTION","numerator":97.0,"denominator":100,"type":2}`, "Observation.value",
			`{"value":97.0,"unit":"%","system":"http://unitsofmeasure.org","code":"%"}`,
		},
		{"a fraction", `{"_type":"DV_PROPORTION","numerator":1,"denominator":3,"type":3}`, "Observation.valueRatio", `{"numerator":{"value":1},"denominator":{"value":3}}`},
		{"a fraction as a quantity", `{"_type":"DV_PROPORTION","numerator":1,"denominator":3,"type":3}`, "Observation.valueQuantity", `! proportion`},
		{"a ratio below a limit", `{"_type":"DV_PROPORTION","numerator":1,"denominator":80,"type":0,"magnitude_status":"<"}`, "Observation.valueRatio", `! comparator`},
		{
			"an ordinal", `{"_type":"DV_ORDINAL","value":3,"symbol":{"_type":"DV_CODED_TEXT","value":"Severe","defining_code":{"_type":"CODE_PHRASE",` + valueCode + `}}}`, "Observation.value",
			`{"coding":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":3}],"system":"http://snomed.info/sct","code":"1"}],"text":"Severe"}`,
		},
		{
			"a coded text", `{"_type":"DV_CODED_TEXT","value":"Fever","defining_code":{"_type":"CODE_PHRASE",` + valueCode + `,"preferred_term":"Fever (finding)"}}`, "Observation.code",
			`{"coding":[{"system":"http://snomed.info/sct","code":"1","display":"Fever (finding)"}],"text":"Fever"}`,
		},
		{"a coded text as a string", `{"_type":"DV_CODED_TEXT","value":"Fever","defining_code":{"_type":"CODE_PHRASE",` + valueCode + `}}`, "Observation.valueString", `"Fever"`},
		{
			"a code of a versioned terminology", `{"_type":"DV_CODED_TEXT","value":"x","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"LOINC(2.65)"},"code_string":"8310-5"}}`, "Observation.code",
			`{"coding":[{"system":"http://loinc.org","version":"2.65","code":"8310-5"}],"text":"x"}`,
		},
		{
			"a code of a terminology by URI", `{"_type":"DV_CODED_TEXT","value":"x","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"http://fhir.de/CodeSystem/bfarm/icd-10-gm"},"code_string":"A17.0"}}`, "Observation.code",
			`{"coding":[{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","code":"A17.0"}],"text":"x"}`,
		},
		{
			"a code with a dagger", `{"_type":"DV_CODED_TEXT","value":"x","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"http://fhir.de/CodeSystem/bfarm/icd-10-gm"},"code_string":"A17.0†"}}`, "Observation.code",
			`{"coding":[{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","code":"A17.0†"}],"text":"x"}`,
		},
		{
			"a code with an asterisk", `{"_type":"DV_CODED_TEXT","value":"x","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"http://fhir.de/CodeSystem/bfarm/icd-10-gm"},"code_string":"G01*"}}`, "Observation.code",
			`{"coding":[{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","code":"G01*"}],"text":"x"}`,
		},
		{
			"a code with an exclamation mark", `{"_type":"DV_CODED_TEXT","value":"x","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"http://fhir.de/CodeSystem/bfarm/icd-10-gm"},"code_string":"B95.6!"}}`, "Observation.code",
			`{"coding":[{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","code":"B95.6!"}],"text":"x"}`,
		},
		{
			"a code of a house terminology", `{"_type":"DV_CODED_TEXT","value":"x","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"house"},"code_string":"1"}}`, "Observation.code",
			`{"text":"x"} | terminology`,
		},
		{"a plain text", `{"_type":"DV_TEXT","value":"tired"}`, "Observation.value", `"tired"`},
		{"a plain text as a concept", `{"_type":"DV_TEXT","value":"tired"}`, "Observation.code", `{"text":"tired"}`},
		{
			"a plain text with an equal code", `{"_type":"DV_TEXT","value":"tired","mappings":[{"_type":"TERM_MAPPING","match":"=","target":{"_type":"CODE_PHRASE",` + valueCode + `}}]}`, "Observation.value",
			`{"coding":[{"system":"http://snomed.info/sct","code":"1"}],"text":"tired"}`,
		},
		{
			"a plain text with a broader code", `{"_type":"DV_TEXT","value":"tired","mappings":[{"_type":"TERM_MAPPING","match":">","target":{"_type":"CODE_PHRASE",` + valueCode + `}}]}`, "Observation.code",
			`{"text":"tired"} | term-mapping`,
		},
		{"a boolean", `{"_type":"DV_BOOLEAN","value":false}`, "Observation.value", `false`},
		{"a date and time", `{"_type":"DV_DATE_TIME","value":"2020-01-02T03:04:05,123+01:00"}`, "Observation.effective", `"2020-01-02T03:04:05.123+01:00"`},
		{"a date and time in basic form", `{"_type":"DV_DATE_TIME","value":"20200102T030405Z"}`, "Observation.effective", `"2020-01-02T03:04:05Z"`},
		{"a time without offset", `{"_type":"DV_DATE_TIME","value":"2020-01-02T03:04:05"}`, "Observation.effective", `"2020-01-02" | time-without-offset`},
		{"a time to the minute", `{"_type":"DV_DATE_TIME","value":"2020-01-02T03:04Z"}`, "Observation.effective", `"2020-01-02T03:04:00Z" | time-to-minute`},
		{"a time to the hour", `{"_type":"DV_DATE_TIME","value":"2020-01-02T03Z"}`, "Observation.effective", `"2020-01-02" | time-to-hour`},
		{"a partial date", `{"_type":"DV_DATE_TIME","value":"2020-01"}`, "Observation.effective", `"2020-01"`},
		{"a partial date as an instant", `{"_type":"DV_DATE_TIME","value":"2020-01"}`, "Observation.issued", `! precision`},
		{"a date", `{"_type":"DV_DATE","value":"20200102"}`, "Condition.recordedDate", `"2020-01-02"`},
		{"about a date", `{"_type":"DV_DATE","value":"2020","magnitude_status":"~"}`, "Condition.recordedDate", `! comparator`},
		{"about a date where text is allowed", `{"_type":"DV_DATE","value":"2020","magnitude_status":"~"}`, "Condition.onset", `"~2020" | comparator`},
		{"a time of day", `{"_type":"DV_TIME","value":"10:15"}`, "Observation.valueTime", `"10:15:00" | time-to-minute`},
		{"a time of day with offset", `{"_type":"DV_TIME","value":"10:15:00Z"}`, "Observation.valueTime", `! offset`},
		{"a duration in years and months", `{"_type":"DV_DURATION","value":"P1Y6M"}`, "Condition.onsetAge", `{"value":18,"unit":"mo","system":"http://unitsofmeasure.org","code":"mo"}`},
		{"a duration in weeks and days", `{"_type":"DV_DURATION","value":"P2W3D"}`, "Observation.valueQuantity", `{"value":17,"unit":"d","system":"http://unitsofmeasure.org","code":"d"}`},
		{"a duration with a fraction", `{"_type":"DV_DURATION","value":"PT1M0.5S"}`, "Observation.valueQuantity", `{"value":60.5,"unit":"s","system":"http://unitsofmeasure.org","code":"s"}`},
		{"a duration of mixed units", `{"_type":"DV_DURATION","value":"P1M2D"}`, "Observation.valueQuantity", `! duration`},
		{"a duration of mixed units where text is allowed", `{"_type":"DV_DURATION","value":"P1M2D"}`, "Observation.value", `"P1M2D" | duration`},
		{"no duration", `{"_type":"DV_DURATION","value":"PT0S"}`, "Observation.valueQuantity", `{"value":0,"unit":"s","system":"http://unitsofmeasure.org","code":"s"}`},
		{
			"a range", strings.ReplaceAll(interval, "%", `{"_type":"DV_QUANTITY","magnitude":5.0,"units":"mg"}`), "Observation.value",
			`{"low":{"value":5.0,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"},"high":{"value":5.0,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}`,
		},
		{
			"a range without its upper bound", strings.Replace(strings.ReplaceAll(strings.Replace(interval, `"upper":%,`, ``, 1), "%", `{"_type":"DV_QUANTITY","magnitude":5,"units":"mg"}`), `"lower_included":true`, `"lower_included":false`, 1), "Observation.value",
			`{"value":5,"comparator":">","unit":"mg","system":"http://unitsofmeasure.org","code":"mg"} | interval`,
		},
		{
			"a range without its upper bound, included", strings.Replace(strings.Replace(interval, `"upper":%,`, ``, 1), "%", `{"_type":"DV_COUNT","magnitude":5}`, 1), "Observation.valueQuantity",
			`{"value":5,"comparator":">=","unit":"1","system":"http://unitsofmeasure.org","code":"1"}`,
		},
		{
			"a range with an excluded bound", strings.Replace(strings.ReplaceAll(interval, "%", `{"_type":"DV_QUANTITY","magnitude":5,"units":"mg"}`), `"upper_included":true`, `"upper_included":false`, 1), "Observation.value",
			`">=5 mg <5 mg" | interval`,
		},
		{"a period", strings.ReplaceAll(interval, "%", `{"_type":"DV_DATE","value":"2020-01"}`), "Observation.value", `{"start":"2020-01","end":"2020-01"} | type`},
		{
			"an identifier", `{"_type":"DV_IDENTIFIER","id":"4711","issuer":"http://example.org/id","assigner":"Town","type":"MRN"}`, "Observation.identifier",
			`{"type":{"text":"MRN"},"system":"http://example.org/id","value":"4711","assigner":{"display":"Town"}}`,
		},
		{"an identifier of a named issuer", `{"_type":"DV_IDENTIFIER","id":"4711","issuer":"Town"}`, "Observation.identifier", `{"value":"4711","assigner":{"display":"Town"}}`},
		{"the subject", `{"_type":"PARTY_SELF"}`, "Observation.subject", `{"reference":"Patient/` + someEHR + `"}`},
		{"someone else as the subject", `{"_type":"PARTY_IDENTIFIED","name":"Somebody"}`, "Observation.subject", `! subject-not-patient`},
		{"a relative as the informant", `{"_type":"PARTY_RELATED","name":"Ann","relationship":{"_type":"DV_CODED_TEXT","value":"mother","defining_code":{"_type":"CODE_PHRASE",` + valueCode + `}}}`, "Condition.asserter", `{"type":"RelatedPerson","display":"Ann"}`},
		{"a party without anything", `{"_type":"PARTY_IDENTIFIED"}`, "Condition.asserter", `! value`},
		{"a URI", `{"_type":"DV_URI","value":"http://example.org"}`, "Observation.implicitRules", `"http://example.org"`},
		{
			"an attachment", `{"_type":"DV_MULTIMEDIA","media_type":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"IANA_media-types"},"code_string":"image/png"},"size":4,"data":"AAAA","alternate_text":"a dot"}`, "Patient.photo",
			`{"contentType":"image/png","data":"AAAA","size":4,"title":"a dot"}`,
		},
		{"a compressed attachment", `{"_type":"DV_MULTIMEDIA","media_type":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"IANA_media-types"},"code_string":"text/plain"},"size":4,"data":"AAAA","compression_algorithm":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"openehr_compression_algorithms"},"code_string":"deflate"}}`, "Patient.photo", `! compression`},
		{"a boolean where text is wanted", `{"_type":"DV_BOOLEAN","value":true}`, "Observation.code", `! type`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, problems := rm.DecodeJSON([]byte(tt.value), rm.Lookup("Any"), rm.JSONOptions{})
			if n == nil {
				t.Fatal(problems)
			}
			i := strings.LastIndexByte(tt.target, '.')
			x := &run{workspace: newWorkspace(), in: Input{EHRID: someEHR}}
			v := converter{run: x, at: &ref{node: x.log.Node(n)}, target: tt.target}
			val, typ, reason := v.convert(x.log.Node(n), allowed(t, tt.target[:i], tt.target[i+1:]))
			got := ""
			if reason != "" {
				got = "! " + reason
			} else {
				got = string(val.Append(nil))
				if typ == nil {
					t.Error("a value without a type")
				}
			}
			if reason == "" && len(x.pending) > 0 {
				codes := make([]string, len(x.pending))
				for i, l := range x.pending {
					codes[i] = l.Code
				}
				got += " | " + strings.Join(codes, " ")
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What is shown as UCUM is a legal FHIR code.
func FuzzUnitIsCode(f *testing.F) {
	f.Add("mL/min/{1.73_m2}")
	f.Add("10*9/L")
	f.Add("((((m")
	f.Fuzz(func(t *testing.T, s string) {
		if ucum.Valid(s) && !r4.ValidPrimitive("code", s) {
			t.Errorf("%q is UCUM and not a legal code", s)
		}
	})
}
