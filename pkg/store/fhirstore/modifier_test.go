package fhirstore_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

const (
	loincSystem = "http://loinc.org"
	ucumSystem  = "http://unitsofmeasure.org"
	sctSystem   = "http://snomed.info/sct"
)

// indexed makes a resource of JSON with the values that a projection takes.
func indexed(t *testing.T, id, json string) ehr.Resource {
	t.Helper()
	n, err := r4.Parse([]byte(json))
	if err != nil {
		t.Fatal(id, err)
	}
	return ehr.Resource{
		Type: n.Str("resourceType"), ID: id, JSON: []byte(json), Profiles: []string{}, Mapping: "m", MappingVersion: "1", Search: r4.SearchValues(n),
	}
}

// pressure is a blood pressure whose components have codes and values.
func pressure(code string, systolic, diastolic string) string {
	component := func(code, value string) string {
		if value == "" {
			return `{"code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]},"dataAbsentReason":{"text":"refused"}}`
		}
		return `{"code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]},"valueQuantity":{"value":` + value +
			`,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}`
	}
	return `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}],"text":"Blood  Pressure"},
		"component":[` + component("8480-6", systolic) + `,` + component("8462-4", diastolic) + `]}`
}

func TestModifiersAndComposites(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader, rec := fhirstore.New(s, ehr.AllowAll{}), newRecord(t, s, true)
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{
		indexed(t, "a", pressure("85354-9", "150", "80")),
		indexed(t, "b", pressure("85354-9", "80", "150")),
		indexed(t, "c", pressure("85354-9", "", "95")),
		indexed(t, "d", `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic"}]},
			"valueQuantity":{"value":145,"system":"http://unitsofmeasure.org","code":"mm[Hg]"},
			"performer":[{"identifier":{"system":"urn:staff","value":"A1"}}]}`),
		indexed(t, "e", `{"resourceType":"Observation","status":"final","code":{"text":"Bloody nose"},"valueString":"Ärger",
			"performer":[{"reference":"Practitioner/p"}],"derivedFrom":[{"display":"said so"}]}`),
		indexed(t, "f", `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"365980008"}],"text":"Tobacco use"},
			"identifier":[{"type":{"coding":[{"system":"urn:types","code":"FILL"}],"text":"Filler  Number"},"system":"urn:lab","value":"77"}],
			"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"266919005"}],"text":"Never Smoked"},
			"component":[{"code":{"coding":[{"system":"x","code":"1"}]},"valueCodeableConcept":{"coding":[{"system":"x","code":"yes"}]}},
				{"code":{"coding":[{"system":"x","code":"2"}]},"valueCodeableConcept":{"coding":[{"system":"x","code":"no"}]}}]}`),
		indexed(t, "g", `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
			"valueQuantity":{"value":5,"comparator":"<","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
			"identifier":[{"type":{"coding":[{"system":"urn:types","code":"PLAC"}]},"system":"urn:lab","value":"77"}]}`),
	}})
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{
		indexed(t, "h", `{"resourceType":"CarePlan","status":"active","intent":"plan","instantiatesUri":["http://acme.org/fhir/Plan/1","urn:x"]}`),
		indexed(t, "i", `{"resourceType":"CarePlan","status":"active","intent":"plan","instantiatesUri":["http://acme.org/fhirb"]}`),
		indexed(t, "p", `{"resourceType":"Patient","id":"p","name":[{"family":"Müller","given":["Eva"]}],"deceasedDateTime":"2020"}`),
	}})
	code := func(system, code string) fhir.Value { return fhir.Value{HasSystem: true, System: system, Code: code} }
	above := func(n string) fhir.Value {
		return fhir.Value{Prefix: fhir.Greater, Number: n, HasSystem: true, System: ucumSystem, Code: "mm[Hg]"}
	}
	text := func(s string) []fhir.Value { return []fhir.Value{{Text: s}} }
	parts := func(v ...fhir.Value) []fhir.Value { return []fhir.Value{{Parts: v}} }
	pairs := func(typ, param string) (list []fhir.Pair) {
		kinds := map[string]fhir.Kind{}
		for _, p := range r4.SearchParams(typ) {
			kinds[p.Name] = fhir.Kind(p.Kind)
		}
		for _, p := range r4.SearchParams(typ) {
			if p.Name != param {
				continue
			}
			for _, pair := range p.Pairs {
				list = append(list, fhir.Pair{First: pair.First, Second: pair.Second, FirstKind: kinds[pair.First], SecondKind: kinds[pair.Second], Grouped: pair.Grouped})
			}
		}
		return list
	}
	composite := func(param string, v ...fhir.Value) fhir.Filter {
		return fhir.Filter{Param: param, Kind: fhir.Composite, Values: parts(v...), Pairs: pairs("Observation", param)}
	}
	for _, test := range []struct {
		name   string
		typ    string
		filter fhir.Filter
		want   string
	}{
		{"the value of another component does not count", "Observation", composite("component-code-value-quantity", code(loincSystem, "8480-6"), above("140")), "a"},
		{"and so the other way round", "Observation", composite("component-code-value-quantity", code(loincSystem, "8462-4"), above("140")), "b"},
		{"any code in a component", "Observation", composite("component-code-value-quantity", code(loincSystem, ""), above("140")), "ab"},
		{"a code without a system", "Observation", composite("component-code-value-quantity", code("", "8480-6"), above("1")), ""},
		{"another unit", "Observation", composite("component-code-value-quantity", code(loincSystem, "8480-6"), fhir.Value{Prefix: fhir.Greater, Number: "1", Code: "kPa"}), ""},
		{"the unit as written", "Observation", composite("component-code-value-quantity", code(loincSystem, "8480-6"), fhir.Value{Prefix: fhir.Greater, Number: "100", Code: "mmHg"}), "a"},
		{"at the top", "Observation", composite("code-value-quantity", code(loincSystem, "8480-6"), above("140")), "d"},
		{"a limit has no value", "Observation", composite("code-value-quantity", code(loincSystem, "8480-6"), above("0")), "d"},
		{"at the top or in a component", "Observation", composite("combo-code-value-quantity", code(loincSystem, "8480-6"), above("140")), "ad"},
		{"the code of the whole is not that of a component", "Observation", composite("combo-code-value-quantity", code(loincSystem, "85354-9"), above("1")), ""},
		{"concepts at the top", "Observation", composite("code-value-concept", code(sctSystem, "365980008"), code(sctSystem, "266919005")), "f"},
		{"concepts in a component", "Observation", composite("component-code-value-concept", code("x", "1"), code("x", "yes")), "f"},
		{"concepts of two components", "Observation", composite("component-code-value-concept", code("x", "1"), code("x", "no")), ""},
		{"concepts anywhere", "Observation", composite("combo-code-value-concept", code("x", "2"), code("x", "no")), "f"},
		{"a code and a string", "Observation", composite("code-value-string", code(sctSystem, "365980008"), fhir.Value{Text: "never"}), "f"},

		{"the text of a concept begins so", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.Text, Values: text("blood")}, "abce"},
		{"a display", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.Text, Values: text("syst")}, "d"},
		{"of several", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.Text, Values: append(text("bloody"), text("tobacco use")...)}, "ef"},
		{"not from the middle", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.Text, Values: text("pressure")}, ""},
		{"a pattern is a text", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.Text, Values: text("%")}, ""},
		{"of a union", "Observation", fhir.Filter{Param: "combo-code", Kind: fhir.Token, Modifier: fhir.Text, Values: text("syst")}, "d"},
		{"of the type of an identifier", "Observation", fhir.Filter{Param: "identifier", Kind: fhir.Token, Modifier: fhir.Text, Values: text("filler number")}, "f"},

		{"an identifier of a type", "Observation", fhir.Filter{
			Param: "identifier", Kind: fhir.Token, Modifier: fhir.OfType,
			Values: []fhir.Value{{HasSystem: true, System: "urn:types", Code: r4.OfTypeCode("FILL", "77"), Text: "77"}},
		}, "f"},
		{"of another type", "Observation", fhir.Filter{
			Param: "identifier", Kind: fhir.Token, Modifier: fhir.OfType,
			Values: []fhir.Value{{HasSystem: true, System: "urn:types", Code: r4.OfTypeCode("FILL", "78"), Text: "78"}},
		}, ""},
		{"who is known by an identifier", "Observation", fhir.Filter{Param: "performer", Kind: fhir.Reference, Modifier: fhir.ByIdentifier, Values: []fhir.Value{code("urn:staff", "A1")}}, "d"},
		{"of any system", "Observation", fhir.Filter{Param: "performer", Kind: fhir.Reference, Modifier: fhir.ByIdentifier, Values: []fhir.Value{{Code: "A1"}}}, "d"},
		{"of no system", "Observation", fhir.Filter{Param: "performer", Kind: fhir.Reference, Modifier: fhir.ByIdentifier, Values: []fhir.Value{code("", "A1")}}, ""},
		{"an identifier is no reference", "Observation", fhir.Filter{Param: "performer", Kind: fhir.Reference, Values: []fhir.Value{{Code: "A1"}}}, ""},

		{"members", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.In, Members: []fhir.Member{{System: loincSystem, Code: "8480-6"}, {System: "y", Code: "365980008"}}}, "dg"},
		{"members of a union", "Observation", fhir.Filter{Param: "combo-code", Kind: fhir.Token, Modifier: fhir.In, Members: []fhir.Member{{System: loincSystem, Code: "8480-6"}}}, "abcdg"},
		{"no members", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.In}, ""},
		{"not members, or without a code", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.In, Negate: true, Members: []fhir.Member{{System: loincSystem, Code: "8480-6"}}}, "abcef"},
		{"members among identifiers", "Observation", fhir.Filter{Param: "identifier", Kind: fhir.Token, Modifier: fhir.In, Members: []fhir.Member{{System: "urn:lab", Code: "77"}}}, "fg"},

		{"a value that is only text is not missing", "Observation", fhir.Filter{Param: "code", Kind: fhir.Token, Modifier: fhir.Missing}, ""},
		{"nor one that is a limit", "Observation", fhir.Filter{Param: "value-quantity", Kind: fhir.Quantity, Modifier: fhir.Missing}, "abcef"},
		{"nor a reference by identifier", "Observation", fhir.Filter{Param: "performer", Kind: fhir.Reference, Modifier: fhir.Missing, Negate: true}, "de"},
		{"nor one in words", "Observation", fhir.Filter{Param: "derived-from", Kind: fhir.Reference, Modifier: fhir.Missing, Negate: true}, "e"},
		{"nor the text of a concept as a string", "Observation", fhir.Filter{Param: "value-string", Kind: fhir.String, Modifier: fhir.Missing, Negate: true}, "ef"},
		{"nor in a component", "Observation", fhir.Filter{Param: "combo-data-absent-reason", Kind: fhir.Token, Modifier: fhir.Missing, Negate: true}, "c"},

		{"a string", "Observation", fhir.Filter{Param: "value-string", Kind: fhir.String, Values: text("arg")}, "e"},
		{"the text of a concept as a string", "Observation", fhir.Filter{Param: "value-string", Kind: fhir.String, Modifier: fhir.Contains, Values: text("smo")}, "f"},
		{"exactly", "Observation", fhir.Filter{Param: "value-string", Kind: fhir.String, Modifier: fhir.Exact, Values: text("Ärger")}, "e"},
		{"exactly, the text of a concept", "Observation", fhir.Filter{Param: "value-string", Kind: fhir.String, Modifier: fhir.Exact, Values: text("Never Smoked")}, "f"},
		{"not exactly", "Observation", fhir.Filter{Param: "value-string", Kind: fhir.String, Modifier: fhir.Exact, Values: text("arger")}, ""},
		{"a name exactly", "Patient", fhir.Filter{Param: "family", Kind: fhir.String, Modifier: fhir.Exact, Values: text("Müller")}, "p"},
		{"a name not exactly", "Patient", fhir.Filter{Param: "family", Kind: fhir.String, Modifier: fhir.Exact, Values: text("Mülle")}, ""},
		{"deceased", "Patient", fhir.Filter{Param: "deceased", Kind: fhir.Token, Values: []fhir.Value{{Code: "true"}}}, "p"},

		{"a URI", "CarePlan", fhir.Filter{Param: "instantiates-uri", Kind: fhir.URI, Values: []fhir.Value{{Code: "urn:x"}}}, "h"},
		{"below a URI", "CarePlan", fhir.Filter{Param: "instantiates-uri", Kind: fhir.URI, Modifier: fhir.Below, Values: []fhir.Value{{Code: "http://acme.org/fhir"}}}, "h"},
		{"below itself", "CarePlan", fhir.Filter{Param: "instantiates-uri", Kind: fhir.URI, Modifier: fhir.Below, Values: []fhir.Value{{Code: "http://acme.org/fhirb"}}}, "i"},
		{"above a URI", "CarePlan", fhir.Filter{Param: "instantiates-uri", Kind: fhir.URI, Modifier: fhir.Above, Values: []fhir.Value{{Code: "http://acme.org/fhirb/1"}}}, "i"},
		{"not above it", "CarePlan", fhir.Filter{Param: "instantiates-uri", Kind: fhir.URI, Modifier: fhir.Above, Values: []fhir.Value{{Code: "http://acme.org"}}}, ""},
	} {
		for _, patients := range [][]string{nil, {rec.ehrID.String()}} {
			page, err := reader.Search(t.Context(), who, fhir.Query{Type: test.typ, Count: 20, Total: true, Patients: patients, Filters: []fhir.Filter{test.filter}})
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			if got := ids(page); got != test.want || page.Total != len(test.want) {
				t.Errorf("%s: %q of %d, want %q", test.name, got, page.Total, test.want)
			}
		}
	}
	// What the store cannot pair is refused, not guessed.
	_, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Count: 1, Filters: []fhir.Filter{{
		Param: "x", Kind: fhir.Composite, Values: parts(code("a", "b"), fhir.Value{Text: "c"}),
		Pairs: []fhir.Pair{{First: "component-code", Second: "y", FirstKind: fhir.Token, SecondKind: fhir.String, Grouped: true}},
	}}})
	if !errs.Is(err, errs.Unsupported) {
		t.Errorf("a composite of strings in components: %v", err)
	}
}
