package fhirmap_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// TestLanguage runs fragments of mappings over the blood pressure case. A
// fragment is the list of methods after the ones that make an Observation valid;
// want is the JSON of the element named, and the losses' codes after a bar.
func TestLanguage(t *testing.T) {
	t.Parallel()
	const (
		data     = "$archetype/data[at0001]/events/data[at0003]"
		protocol = "$archetype/protocol[at0011]"
		yamlHead = `grammar: FHIRConnect/v1.0.0
type: model
metadata: {name: OBSERVATION.blood_pressure.v2, version: 1.0.0}
spec:
  system: FHIR
  version: R4
  openEhrConfig: {archetype: openEHR-EHR-OBSERVATION.blood_pressure.v2, revision: 2.0.16}
  fhirConfig: {structureDefinition: http://hl7.org/fhir/StructureDefinition/Observation}
`
		must = `mappings:
  - name: must
    with: {fhir: "$resource"}
    manual:
      - name: must
        fhir:
          - {path: status, value: final}
          - {path: code.text, value: x}
  - name: subject
    with: {fhir: "$resource.subject", openehr: "$archetype/subject"}
`
		split = `preprocessor:
  hierarchy:
    with: {fhir: "$resource", openehr: "$archetype/data[at0001]/events"}
    split: {fhir: {create: resource}}
`
	)
	tests := []struct{ name, methods, element, want string }{
		{
			"a path through a list appends", `
  - name: a
    with: {fhir: "$resource.note.text", openehr: "` + data + `/items[at0033]"}
  - name: b
    with: {fhir: "$resource.note.text", openehr: "` + data + `/items[at1059]"}`,
			"note", `[{"text":"After five minutes of rest"},{"text":"Normotensive"}]`,
		},
		{
			"the later method wins on a single element", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
  - name: b
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at1059]"}`,
			"bodySite", `{"text":"Normotensive"}`,
		},
		{
			"the last occurrence wins on a single element, and it is told", `
  - name: a
    with: {fhir: "$resource.method.text", openehr: "` + data + `/items/name/value"}`,
			"method", `{"text":"Comment"} | overwritten overwritten overwritten overwritten`,
		},
		{
			"children fill one member for each occurrence", `
  - name: a
    with: {fhir: "$resource.component", openehr: "` + data + `/items[at0004]", type: NONE}
    followedBy:
      mappings:
        - name: name
          with: {fhir: "code.text", openehr: "name/value"}
        - name: value
          with: {fhir: "$fhirRoot.value", openehr: "$openehrRoot/value"}`,
			"component", `[{"code":{"text":"Systolic"},"valueQuantity":{"value":120.0,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]`,
		},
		{
			"a member without content is not made", `
  - name: a
    with: {fhir: "$resource.component", openehr: "` + data + `/items[at0004]", type: NONE}
    followedBy:
      mappings:
        - name: none
          with: {fhir: "code", openehr: "null_flavour"}`,
			"component", ``,
		},
		{
			"constants of one entry meet in one element", `
  - name: a
    with: {fhir: "$resource.category"}
    manual:
      - name: x
        fhir:
          - {path: "coding.system", value: "http://a"}
          - {path: "coding.code", value: b}
          - {path: "text", value: c}
      - name: y
        fhir:
          - {path: "coding.code", value: d}`,
			"category", `[{"coding":[{"system":"http://a","code":"b"},{"code":"d"}],"text":"c"}]`,
		},
		{
			"an index names a member", `
  - name: a
    with: {fhir: "$resource"}
    manual:
      - name: x
        fhir: [{path: "category[0].text", value: a}]
      - name: y
        fhir: [{path: "category[0].text", value: b}]`,
			"category", `[{"text":"b"}]`,
		},
		{
			"where() finds a member or makes it", `
  - name: a
    with: {fhir: "$resource"}
    manual:
      - name: x
        fhir: [{path: "identifier.where(system='http://a' and type.text='t').value", value: "1"}]
      - name: y
        fhir: [{path: "identifier.where(system='http://a').use", value: usual}]
      - name: z
        fhir: [{path: "identifier.where(system='http://b').value", value: "2"}]`,
			"identifier", `[{"use":"usual","type":{"text":"t"},"system":"http://a","value":"1"},{"system":"http://b","value":"2"}]`,
		},
		{
			"an extension on an element", `
  - name: a
    with: {fhir: "$resource.extension('http://x').value.ofType(string)", openehr: "` + data + `/items[at0033]"}`,
			"extension", `[{"url":"http://x","valueString":"After five minutes of rest"}]`,
		},
		{
			"an extension on a primitive", `
  - name: a
    with: {fhir: "$resource"}
    manual:
      - name: x
        fhir: [{path: "effective.ofType(dateTime).extension('http://x').value.ofType(code)", value: unknown}]`,
			"_effectiveDateTime", `{"extension":[{"url":"http://x","valueCode":"unknown"}]}`,
		},
		{
			"steps to the parents", `
  - name: a
    with: {fhir: "$resource.component", openehr: "` + data + `/items[at0004]", type: NONE}
    followedBy:
      mappings:
        - name: code
          with: {fhir: "code", openehr: "name"}
          followedBy:
            mappings:
              - name: up
                with: {fhir: "^.value", openehr: "../../items[at0033]"}`,
			"component", `[{"code":{"text":"Systolic"},"valueString":"After five minutes of rest"}]`,
		},
		{"a method of the other direction does not run", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
    unidirectional: "fhir->openehr"`, "bodySite", ``},
		{
			"a gate that holds", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
    openehrCondition: {targetRoot: "` + protocol + `/items[at0014]", targetAttribute: "value/defining_code/code_string", operator: "one of", criteria: [at0025, at0026]}`,
			"bodySite", `{"text":"After five minutes of rest"}`,
		},
		{"a gate that does not hold", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
    openehrCondition: {targetRoot: "` + protocol + `/items[at0014]", targetAttribute: "value/defining_code/code_string", operator: "not of", criteria: at0026}`, "bodySite", ``},
		{"two gates", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
    openehrCondition:
      - {targetRoot: "` + protocol + `/items[at0014]", operator: "not empty"}
      - {targetRoot: "` + protocol + `/items[at9999]", operator: "not empty"}`, "bodySite", ``},
		{
			"several attributes, any of them", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
    openehrCondition: {targetRoot: "` + protocol + `", targetAttributes: ["items[at9999]/name/value", "items[at0014]/name/value"], operator: "one of", criteria: "Location of measurement"}`,
			"bodySite", `{"text":"After five minutes of rest"}`,
		},
		{"several attributes, all of them", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
    openehrCondition: {targetRoot: "` + protocol + `", targetAttributes: ["items[at9999]", "items[at0014]"], operator: "empty"}`, "bodySite", ``},
		{
			"a filter on the occurrences", `
  - name: a
    with: {fhir: "$resource.note.text", openehr: "` + data + `/items"}
    openehrCondition: {targetRoot: "` + data + `/items", operator: "type", criteria: DV_TEXT}`,
			"note", `[{"text":"Normotensive"},{"text":"After five minutes of rest"}]`,
		},
		{
			"an abstract class includes its descendants", `
  - name: a
    with: {fhir: "$resource.component.code.text", openehr: "` + data + `/items/name/value"}
    openehrCondition: {targetRoot: "` + data + `/items[at0004]", operator: "type", criteria: DV_ORDERED}`,
			"component", `[{"code":{"text":"Systolic"}},{"code":{"text":"Diastolic"}},{"code":{"text":"Mean arterial pressure"}},{"code":{"text":"Clinical interpretation"}},{"code":{"text":"Comment"}}]`,
		},
		{
			"a condition on free text cannot be decided; the detail is left out", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033]"}
    openehrCondition: {targetRoot: "` + data + `/items[at0033]", targetAttribute: "value/defining_code/code_string", operator: "not of", criteria: at0001}`,
			"bodySite", ` | condition-undecidable`,
		},
		{"a value without a rule is left out", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + protocol + `/items[at0014]"}
    manual:
      - name: x
        openehrCondition: {targetRoot: "$openehrRoot", targetAttribute: "value/defining_code/code_string", operator: "one of", criteria: at0025}
        fhir: [{path: text, value: x}]`, "bodySite", ` | value-unmapped`},
		{"a value declared to have no place", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + protocol + `/items[at0014]"}
    manual:
      - name: x
        openehrCondition: {targetRoot: "$openehrRoot", targetAttribute: "value/defining_code/code_string", operator: "one of", criteria: at0026}
        fhir: []`, "bodySite", ` | declared`},
		{"a status without a rule refuses the resource", `
  - name: a
    with: {fhir: "$resource", openehr: "` + protocol + `/items[at0014]"}
    manual:
      - name: x
        openehrCondition: {targetRoot: "$openehrRoot", targetAttribute: "value/defining_code/code_string", operator: "one of", criteria: at0025}
        fhir: [{path: status, value: amended}]`, "", `refused | value-unmapped`},
		{"a status whose condition cannot be decided refuses the resource", `
  - name: a
    with: {fhir: "$resource"}
    openehrCondition: {targetRoot: "` + data + `/items[at0033]", targetAttribute: "value/defining_code/code_string", operator: "one of", criteria: at0001}
    manual:
      - name: x
        fhir: [{path: status, value: amended}]`, "", `refused | condition-undecidable`},
		{"a predicate on the name", `
  - name: a
    with: {fhir: "$resource.bodySite", openehr: "` + data + `/items[at0033 and name/value='Comment']"}
  - name: b
    with: {fhir: "$resource.method", openehr: "` + data + `/items[at0033, 'Remark']"}`, "bodySite", `{"text":"After five minutes of rest"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := yamlHead + split + must + strings.TrimPrefix(tt.methods, "\n") + "\n"
			lib, err := fhirmap.Load(fstest.MapFS{"m.yml": {Data: []byte(file)}})
			if err != nil {
				t.Fatal(err)
			}
			in := caseInput(t, "testdata/cases/blood_pressure")
			res, err := lib.Project(in)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			first := "/content[0]/items[0]/data/events[0]"
			for _, r := range res.Resources {
				if r.Path != first {
					continue
				}
				n, err := r4.Parse(r.JSON)
				if err != nil {
					t.Fatal(err)
				}
				if v := n.Get(tt.element); v != nil {
					got = string(v.Append(nil))
				}
			}
			var codes []string
			for _, l := range res.Losses {
				if l.Code != "not-mapped" && l.Code != "value-part-not-mapped" && !strings.Contains(l.Path, "events[1]") {
					if l.Kind == fhirmap.LossRefused {
						got = "refused"
					}
					codes = append(codes, l.Code)
				}
			}
			if len(codes) > 0 {
				// Both events see the protocol; one of them is enough here.
				if strings.Contains(tt.want, " | ") && strings.Count(tt.want, " ") == 2 || got == "refused" {
					codes = codes[:1]
				}
				got += " | " + strings.Join(codes, " ")
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, tt.want, res.Losses)
			}
		})
	}
}

// TestContextBindsATemplate shows that a context file replaces the default
// choice of models for its template, applies its extension and claims its
// profile.
func TestContextBindsATemplate(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	files, problems := fhirconnect.ReadFiles(fhirmap.Mappings())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Path, "evaluation/problem") || strings.HasPrefix(f.Path, "cluster/anatomical") {
			data, err := fs.ReadFile(fhirmap.Mappings(), f.Path)
			if err != nil {
				t.Fatal(err)
			}
			fsys[f.Path] = &fstest.MapFile{Data: data}
		}
	}
	fsys["c.yml"] = &fstest.MapFile{Data: []byte(`grammar: FHIRConnect/v1.0.0
type: context
metadata: {name: c, version: 1.0.0}
spec: {system: FHIR, version: R4}
context:
  profile: {url: http://example.org/condition}
  template: {id: cairn_test}
  archetypes: [EVALUATION.problem_diagnosis.v1, CLUSTER.anatomical_location.v1]
  extensions: [e]
  start: EVALUATION.problem_diagnosis.v1
`)}
	fsys["e.yml"] = &fstest.MapFile{Data: []byte(`grammar: FHIRConnect/v1.0.0
type: extension
metadata: {name: e, version: 1.0.0}
spec: {system: FHIR, version: R4, extends: EVALUATION.problem_diagnosis.v1}
mappings:
  - name: cause
    extension: add
    with: {fhir: "$resource.note.text", openehr: "$archetype/data[at0001]/items[at0078]"}
  - name: comment
    extension: overwrite
    with: {fhir: "$resource.evidence.code.text", openehr: "$archetype/data[at0001]/items[at0069]"}
`)}
	lib, err := fhirmap.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	res, err := lib.Project(caseInput(t, "testdata/cases/problem_list"))
	if err != nil {
		t.Fatal(err)
	}
	first := res.Resources[0]
	if fmt.Sprint(first.Profiles) != "[http://example.org/condition]" {
		t.Errorf("profiles %v", first.Profiles)
	}
	for _, want := range []string{`"note":[{"text":"Diagnosed in primary care"},{"text":"Obesity"}]`, `"evidence":[{"code":[{"text":"On metformin"}]}]`} {
		if !strings.Contains(string(first.JSON), want) {
			t.Errorf("no %s in %s", want, first.JSON)
		}
	}
	other, err := lib.Project(caseInput(t, "testdata/cases/allergies"))
	if err != nil || len(other.Resources) != 0 || other.Losses[0].Code != "no-mapping" {
		t.Errorf("an archetype outside the context: %v %+v", err, other)
	}
}

// TestIdentity shows what keeps and what changes the id of a resource.
func TestIdentity(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	id := func(change func(*fhirmap.Input)) string {
		in := caseInput(t, "testdata/cases/height")
		change(&in)
		res, err := lib.Project(in)
		if err != nil || len(res.Resources) != 1 {
			t.Fatal(err, res)
		}
		return res.Resources[0].ID
	}
	base := id(func(*fhirmap.Input) {})
	if !r4.ValidPrimitive("id", base) {
		t.Errorf("%q is not a FHIR id", base)
	}
	if got := id(func(in *fhirmap.Input) { in.VersionUID = casetest.Object + "::test.cairn::2" }); got != base {
		t.Error("a new version changes the id")
	}
	if got := id(func(in *fhirmap.Input) { in.Root = in.Root.With("name") }); got != base {
		t.Error("another name of the composition changes the id")
	}
	if got := id(func(in *fhirmap.Input) { in.ObjectID = testEHR }); got == base {
		t.Error("another composition keeps the id")
	}
	if got := id(func(in *fhirmap.Input) { in.SystemID = "other" }); got == base {
		t.Error("another system keeps the id")
	}
}
