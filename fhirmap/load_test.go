package fhirmap_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

func TestShippedMappingsCompile(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lib.Types(), " "); got != "AllergyIntolerance CarePlan ClinicalImpression Condition Consent DiagnosticReport Encounter Goal Immunization MedicationRequest MedicationStatement Observation Organization Patient Practitioner PractitionerRole Procedure Specimen" {
		t.Errorf("types: %s", got)
	}
	if got := lib.Profiles("Observation"); len(got) != 8 {
		t.Errorf("profiles: %v", got)
	}
}

// model is a small valid model file; the tests change one thing in it.
const model = `grammar: FHIRConnect/v1.0.0
type: model
metadata:
  name: OBSERVATION.body_weight.v2
  version: 1.0.0
spec:
  system: FHIR
  version: R4
  openEhrConfig:
    archetype: openEHR-EHR-OBSERVATION.body_weight.v2
    revision: 2.1.12
  fhirConfig:
    structureDefinition: http://hl7.org/fhir/StructureDefinition/Observation
mappings:
  - name: "weight"
    with:
      fhir: "$resource.value"
      openehr: "$archetype/data[at0002]/events[at0003]/data[at0001]/items[at0004]"
`

const method = `  - name: "weight"
    with:
      fhir: "$resource.value"
      openehr: "$archetype/data[at0002]/events[at0003]/data[at0001]/items[at0004]"
`

func load(files map[string]string) error {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	_, err := fhirmap.Load(fsys)
	return err
}

func TestLoadReportsDefectsWithTheirPlace(t *testing.T) {
	t.Parallel()
	if err := load(map[string]string{"m.yml": model}); err != nil {
		t.Fatalf("the model itself: %v", err)
	}
	more := func(s string) string { return model + s }
	with := func(fhir, openehr string) string {
		return strings.Replace(model, method, "  - name: \"x\"\n    with:\n      fhir: \""+fhir+"\"\n      openehr: \""+openehr+"\"\n", 1)
	}
	const weight = "$archetype/data[at0002]/events[at0003]/data[at0001]/items[at0004]"
	tests := []struct{ name, file, want string }{
		{"not YAML", "a: [", "m.yml:1:1: not valid YAML"},
		{"empty", "# nothing\n", "m.yml:1:1: the file is empty or wholly commented out"},
		{"two documents", model + "---\n" + model, "a mapping file holds one YAML document"},
		{"an alias", "a: &x 1\nb: *x\n", "anchors and aliases are not allowed"},
		{"an unknown key", more("extra: 1\n"), `m.yml:19:1: a mapping file has no key "extra"`},
		{"a key with a hint", strings.Replace(model, "mappings:", "mapping:", 1), `did you mean "mappings"?`},
		{"a key twice", strings.Replace(model, "type: model\n", "type: model\ntype: model\n", 1), `has the key "type" twice`},
		{"no grammar", strings.Replace(model, "grammar: FHIRConnect/v1.0.0\n", "", 1), `needs "grammar"`},
		{"another grammar", strings.Replace(model, "v1.0.0", "v0.9.0", 1), "m.yml:1:10: not supported: grammar FHIRConnect/v0.9.0"},
		{"another FHIR version", strings.Replace(model, "version: R4", "version: R5", 1), "not supported: FHIR version R5"},
		{"a kind of file that is none", strings.Replace(model, "type: model", "type: modell", 1), "type must be model, extension or context"},
		{"no name", strings.Replace(model, "  name: OBSERVATION.body_weight.v2\n", "", 1), `metadata needs "name"`},
		{"an unknown archetype class", strings.Replace(model, "archetype: openEHR-EHR-OBSERVATION", "archetype: openEHR-EHR-OBSERVTION", 1), "is not an archetype id of an RM class"},
		{"an unknown structure", strings.Replace(model, "StructureDefinition/Observation", "StructureDefinition/Observaton", 1), "is neither an R4 type nor a profile known here"},
		{"a workflow of what has none", with("$resource.status", "$workflow/ism_transition"), `only an INSTRUCTION has a workflow`},
		{"what is not known of a workflow", strings.NewReplacer("OBSERVATION", "INSTRUCTION", "structureDefinition: http://hl7.org/fhir/StructureDefinition/Observation", "structureDefinition: http://hl7.org/fhir/StructureDefinition/MedicationRequest").Replace(with("$resource.note", "$workflow/description")), `$workflow has ism_transition and archetype_node_id only`},
		{"a link without a type", more("    link:\n      meaning: a\n"), `m.yml:20:7: link needs "type"`},
		{"a link with an unknown key", more("    link: {meaning: a, type: b, target: c}\n"), `m.yml:19:33: link has no key "target"`},
		{"a link that is no object", more("    link: a\n"), `m.yml:19:11: link must be`},
		{"a link from what is none", more("    link: {meaning: a, type: b}\n"), "with link, the openEHR path ends at the links of an object, not at"},
		{"a link to no reference", with("$resource.note", "$archetype/links") + "    link: {meaning: a, type: b}\n", "m.yml:17:13: with link, the FHIR path ends at a Reference, not at Observation.note"},
		{"a link to a resource", with("$resource", "$archetype/links") + "    link: {meaning: a, type: b}\n", "not supported: link at a Observation as a whole"},
		{"a link with constants", with("$resource.basedOn", "$archetype/links") + "    link: {meaning: a, type: b}\n    manual: [{name: x, fhir: [{path: display, value: x}]}]\n", "link needs both paths, and excludes"},
		{"a reference without methods", more("    reference:\n      resourceType: Specimen\n"), `m.yml:20:7: reference needs "mappings"`},
		{"a reference to no resource", more("    reference:\n      resourceType: Sample\n      mappings: []\n"), `m.yml:20:21: "Sample" is not a resource type`},
		{"a reference to another type", strings.Replace(with("$resource.specimen", "$reference"), "with:", "reference: {resourceType: Device, mappings: []}\n    with:", 1), "Observation.specimen cannot refer to Device"},
		{"a reference where none can stand", strings.Replace(with("$resource.note", "$reference"), "with:", "reference: {resourceType: Device, mappings: []}\n    with:", 1), "Observation.note cannot refer to Device"},
		{"two references of one name", strings.Replace(model, method, `
  - name: a
    with: {fhir: "$resource.specimen", openehr: "$reference"}
    reference: {resourceType: Specimen, mappings: []}
  - name: b
    with: {fhir: "$resource"}
    followedBy:
      mappings:
        - name: a
          with: {fhir: "device", openehr: "$reference"}
          reference: {resourceType: Device, mappings: []}
`, 1), `another method with reference is named "a"`},
		{"mappingCode", more("    mappingCode: x\n"), `m.yml:19:18: there is no function "x"; there are dosageDurationToAdministrationDuration, dosageFrequencyRangeToTimingRepeat, dosageFrequencyToTimingRepeat, dosageIntervalToTimingRepeat, elementToNamedText, ratio_to_dv_quantity`},
		{"a function of another engine", more("    mappingCode: timingToDaily_NonDaily\n"), "m.yml:19:18: not supported: mappingCode timingToDaily_NonDaily: nothing says how a Timing is divided"},
		{"a function that goes one way", with("$resource.note.text", "$archetype/data[at0002]/events[at0003]/data[at0001]/items[at0004]") + "    mappingCode: elementToNamedText\n", `elementToNamedText goes one way: it needs unidirectional "openehr->fhir"`},
		{"a function that makes something else", with("$resource.issued", "$archetype/data[at0002]/events[at0003]/data[at0001]/items[at0004]") + "    mappingCode: ratio_to_dv_quantity\n", "ratio_to_dv_quantity makes a Ratio, not"},
		{"a function of a list of methods", more("    mappingCode: ratio_to_dv_quantity\n    followedBy:\n      mappings: [{name: x, with: {fhir: code}}]\n"), "mappingCode needs both paths, and excludes"},
		{"conceptmap", more("    conceptmap: x\n"), `m.yml:19:17: no ConceptMap has the url "x"`},
		{"participationsFunction", more("    participationsFunction: x\n"), `m.yml:19:29: openEHR path "function/value": CLUSTER|ELEMENT has no attribute "function"`},
		{"a conceptmap in the header", strings.Replace(model, "  openEhrConfig:", "  conceptmap: x\n  openEhrConfig:", 1), `m.yml:9:15: no ConceptMap has the url "x"`},
		{"a static type", more("      type: CODING\n"), "m.yml:19:13: Observation.value[x] is not CODING"},
		{"an unknown type", more("      type: NOTHING\n"), "type must be NONE"},
		{"a wrong direction", more("    unidirectional: openEHR->fhir\n"), `m.yml:19:21: unidirectional must be "openehr->fhir" or "fhir->openehr"`},
		{"a wrong operator", more("    openehrCondition:\n      targetRoot: \"$archetype\"\n      operator: \"not in\"\n"), `operator must be one of`},
		{"criteria missing", more("    openehrCondition:\n      targetRoot: \"$archetype/name/value\"\n      operator: \"one of\"\n"), `needs "criteria"`},
		{"criteria too many", more("    openehrCondition:\n      targetRoot: \"$archetype\"\n      operator: \"empty\"\n      criteria: x\n"), `takes no criteria`},
		{"criteria in brackets", more("    openehrCondition:\n      targetRoot: \"$archetype/name/value\"\n      operator: \"one of\"\n      criteria: \"[x]\"\n"), "write a YAML list"},
		{"a condition on an object", more("    openehrCondition:\n      targetRoot: \"$archetype/name\"\n      operator: \"one of\"\n      criteria: x\n"), "is not a single value; name its attribute"},
		{"an unknown class in a condition", more("    openehrCondition:\n      targetRoot: \"$archetype\"\n      operator: \"type\"\n      criteria: Quantity\n"), `"Quantity" is not a class of the Reference Model`},
		{"an unknown FHIR element", with("$resource.valeu", weight), `FHIR path "$resource.valeu": Observation has no element "valeu"`},
		{"a choice written as in JSON", with("$resource.valueQuantity", weight), "write value.ofType(Quantity)"},
		{"a Java class", with("$resource.effective.ofType(DateTimeType)", "$archetype/data[at0002]/events[at0003]/time"), "FHIR calls the type dateTime"},
		{"a type the element does not take", with("$resource.value.ofType(Money)", weight), "Observation.value[x] is not Money but"},
		{"below an undecided choice", with("$resource.value.unit", weight), "takes several types; name one with ofType()"},
		{"as()", with("$resource.value.as(Quantity)", weight), "not supported: as()"},
		{"a function", with("$resource.code.coding.first()", weight), "not supported: function first()"},
		{"an index on one element", with("$resource.code[0].text", weight), "does not repeat and takes no index"},
		{"the id", with("$resource.id", weight), "is set by the server"},
		{"a syntax slip", with("$resource.gender?", weight), `unexpected "?"`},
		{"an openEHR variable on the FHIR side", with("$archetype.value", weight), "is not a variable of the FHIR side"},
		{"above the resource", with("^.value", weight), "^ goes above the resource"},
		{"an unknown openEHR attribute", with("$resource.value", "$archetype/dat[at0002]"), `OBSERVATION has no attribute "dat"`},
		{"an attribute further down", with("$resource.value", "$archetype/data[at0002]/event[at0003]"), `HISTORY has no attribute "event"`},
		{"a slash forgotten", with("$resource.value", "$archetype/data[at0002]events[at0003]"), "expected / and an attribute"},
		{"a misspelt variable", with("$resource.value", "$openEHRRoot/data"), "did you mean $openehrRoot?"},
		{"a FHIR variable on the openEHR side", with("$resource.value", "$resource/data"), "is not a variable of the openEHR side"},
		{"an open predicate", with("$resource.value", "$archetype/data[at0002"), "is not closed"},
		{"a predicate beyond the subset", with("$resource.value", "$archetype/data[at0002]/events[time/value>'2020']"), "not supported: predicate"},
		{"an archetype that does not fit", with("$resource.value", "$archetype/data[openEHR-EHR-CLUSTER.device.v1]"), "cannot stand at"},
		{"two types that do not convert", with("$resource.value.ofType(boolean)", "$archetype/data[at0002]/events[at0003]/time"), "DV_DATE_TIME cannot become Observation.value[x]"},
		{"a cluster into a concept", with("$resource.code", "$archetype/data[at0002]/events[at0003]/data"), "cannot become Observation.code"},
		{"a slot to nothing", more("    slotArchetype: CLUSTER.nothing.v1\n"), `m.yml:19:20: no model is named "CLUSTER.nothing.v1"`},
		{"a code outside the value set", strings.Replace(model, method, "  - name: x\n    with:\n      fhir: \"$resource\"\n    manual:\n      - name: y\n        fhir:\n          - path: status\n            value: finished\n", 1), `m.yml:22:20: "finished" is not a code of the value set observation-status`},
		{"a constant for an object", strings.Replace(model, method, "  - name: x\n    with:\n      fhir: \"$resource\"\n    manual:\n      - name: y\n        fhir:\n          - path: code\n            value: weight\n", 1), "assign to its elements"},
		{"a manual without a side", strings.Replace(model, method, "  - name: x\n    with:\n      fhir: \"$resource\"\n    manual:\n      - name: y\n", 1), `manual needs "fhir" or "openehr"`},
		{"two methods of one name", more(method), `two mapping methods on one level are named "weight"`},
		{"a split by value", strings.Replace(model, "mappings:", "preprocessor:\n  hierarchy:\n    with:\n      fhir: \"$resource\"\n      openehr: \"$archetype/data[at0002]/events[at0003]\"\n    split:\n      fhir:\n        create: resource\n        unique: [\"tome\"]\nmappings:", 1), `EVENT has no attribute "tome"`},
		{"a hierarchy with the wrong key", strings.Replace(model, "mappings:", "preprocessor:\n  hierarchy:\n    with:\n      fhir: \"$resource\"\n      openEHR: \"$archetype/data\"\n    split:\n      fhir:\n        create: resource\nmappings:", 1), `did you mean "openehr"?`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := load(map[string]string{"m.yml": tt.file})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			var problems fhirconnect.Problems
			if !errors.As(err, &problems) || problems[0].File != "m.yml" || problems[0].Line < 1 || problems[0].Column < 1 {
				t.Errorf("no place: %+v", problems)
			}
		})
	}
}

func TestLoadLinksFiles(t *testing.T) {
	t.Parallel()
	context := func(extra string) string {
		return "grammar: FHIRConnect/v1.0.0\ntype: context\nmetadata: {name: c, version: 1.0.0}\nspec: {system: FHIR, version: R4}\n" +
			"context:\n  profile: {url: http://example.org/p}\n  template: {id: T}\n  archetypes: [OBSERVATION.body_weight.v2]\n" + extra + "  start: OBSERVATION.body_weight.v2\n"
	}
	extension := func(body string) string {
		return "grammar: FHIRConnect/v1.0.0\ntype: extension\nmetadata: {name: e, version: 1.0.0}\n" +
			"spec: {system: FHIR, version: R4, extends: OBSERVATION.body_weight.v2}\nmappings:\n" + body
	}
	const note = `with: {fhir: "$resource.note.text", openehr: "$archetype/data[at0002]/events[at0003]/data[at0001]/items[at0024]"}`
	tests := []struct {
		name  string
		files map[string]string
		want  string // "" for no error
	}{
		{"a context", map[string]string{"c.yml": context("")}, ""},
		{"a context with an extension", map[string]string{"c.yml": context("  extensions: [e]\n"), "e.yml": extension("  - name: n\n    extension: add\n    " + note + "\n")}, ""},
		{"an extension that overwrites", map[string]string{"c.yml": context("  extensions: [e]\n"), "e.yml": extension("  - name: weight\n    extension: overwrite\n    " + note + "\n")}, ""},
		{"an extension that overwrites nothing", map[string]string{"c.yml": context("  extensions: [e]\n"), "e.yml": extension("  - name: wait\n    extension: overwrite\n    " + note + "\n")}, `e.yml:6:5: overwrite: OBSERVATION.body_weight.v2 has no method "wait"`},
		{"an extension that appends", map[string]string{"c.yml": context("  extensions: [e]\n"), "e.yml": extension("  - name: n\n    extension: append\n    appendTo: weight\n    followedBy:\n      mappings:\n        - name: n\n          " + note + "\n")}, ""},
		{"an extension that appends to nothing", map[string]string{"c.yml": context("  extensions: [e]\n"), "e.yml": extension("  - name: n\n    extension: append\n    appendTo: weight.child\n    followedBy:\n      mappings:\n        - name: n\n          " + note + "\n")}, `append: OBSERVATION.body_weight.v2 has no method "weight.child"`},
		{"an extension method without a way", map[string]string{"e.yml": extension("  - name: n\n    " + note + "\n")}, `a method of an extension file needs "extension"`},
		{"an extension that no context lists", map[string]string{"e.yml": extension("  - name: n\n    extension: add\n    " + note + "\n")}, ""},
		{"a wrong path in one", map[string]string{"e.yml": extension("  - name: n\n    extension: add\n    " + strings.Replace(note, "note.text", "nota", 1) + "\n")}, `e.yml:8:18: FHIR path "$resource.nota": Observation has no element "nota"`},
		{"a wrong method in one beside another", map[string]string{"c.yml": context(""), "e.yml": extension("  - name: wait\n    extension: overwrite\n    " + note + "\n")}, `e.yml:6:5: overwrite: OBSERVATION.body_weight.v2 has no method "wait"`},
		{"an extension of nothing", map[string]string{"e.yml": strings.Replace(extension("  - name: n\n    extension: add\n    "+note+"\n"), "body_weight", "body_wait", 1)}, `no model is named "OBSERVATION.body_wait.v2"`},
		{"a context of a missing extension", map[string]string{"c.yml": context("  extensions: [e]\n")}, `c.yml:9:16: no extension is named "e"`},
		{"a context of a missing model", map[string]string{"c.yml": strings.Replace(context(""), "archetypes: [", "archetypes: [CLUSTER.x.v1, ", 1)}, `no model is named "CLUSTER.x.v1"`},
		{"a context that starts elsewhere", map[string]string{"c.yml": strings.Replace(context(""), "start: OBS", "start: OBBS", 1)}, "start names no model that the context lists"},
		{"two models of one name", map[string]string{"n.yml": model}, `n.yml:4:9: the model name "OBSERVATION.body_weight.v2" is also that of m.yml`},
		{
			"a mapping that drops a refutation",
			map[string]string{"a.yml": "grammar: FHIRConnect/v1.0.0\ntype: model\nmetadata: {name: a, version: 1.0.0}\nspec:\n  system: FHIR\n  version: R4\n  openEhrConfig: {archetype: openEHR-EHR-EVALUATION.adverse_reaction_risk.v2, revision: 2.0.2}\n  fhirConfig: {structureDefinition: http://hl7.org/fhir/StructureDefinition/AllergyIntolerance}\nmappings:\n  - name: code\n    with: {fhir: \"$resource.code\", openehr: \"$archetype/data[at0001]/items[at0002]\"}\n"},
			"a.yml:7:30: no method carries at0063 to AllergyIntolerance.verificationStatus",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"m.yml": model}
			for k, v := range tt.files {
				files[k] = v
			}
			err := load(files)
			if tt.want == "" && err != nil {
				t.Errorf("got %v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestShippedNodesExist checks every node code of the shipped mappings against
// the published archetypes.
func TestShippedNodesExist(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testshared.Dir(t), "corpus", "archetypes")
	codes := regexp.MustCompile(`at\d{4}(\.\d+)*`)
	archetype := regexp.MustCompile(`openEHR-EHR-[A-Z_]+\.[a-z_]+\.v\d+`)
	files, problems := fhirconnect.ReadFiles(fhirmap.Mappings())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	checked := 0
	for _, f := range files {
		read := func(id string) string {
			adl, err := os.ReadFile(filepath.Join(dir, id+".adl"))
			if err != nil {
				return ""
			}
			return string(adl)
		}
		own := read(f.Archetype.Value)
		if own == "" {
			continue
		}
		if f.Kind == fhirconnect.ModelFile && !strings.Contains(own, f.Revision) {
			t.Errorf("%s: the archetype at hand is not revision %s", f.Path, f.Revision)
		}
		check := func(where fhirconnect.Position, text string) {
			adl := own
			for _, part := range strings.Split(text, "/") {
				if id := archetype.FindString(part); id != "" {
					adl = read(id)
				}
				for _, code := range codes.FindAllString(part, -1) {
					checked++
					if adl != "" && !strings.Contains(adl, "["+code+"]") && !strings.Contains(adl, "\""+code+"\"") {
						t.Errorf("%s: %s is not in the archetype", where, code)
					}
				}
			}
		}
		var walk func([]*fhirconnect.Method)
		walk = func(list []*fhirconnect.Method) {
			for _, m := range list {
				check(m.OpenEHR.Position, strings.Replace(m.OpenEHR.Value, "$workflow", medicationV1, 1))
				for _, man := range m.Manual {
					for _, c := range man.Conditions {
						for _, crit := range c.Criteria {
							if codes.MatchString(crit.Value) {
								of := m.OpenEHR.Value
								if strings.HasPrefix(of, "$workflow") { // steps are those of the ACTION
									of = medicationV1
								}
								check(crit.Position, of+"/"+crit.Value)
							}
						}
					}
				}
				walk(m.Children)
			}
		}
		walk(f.Methods)
	}
	if checked < 200 {
		t.Errorf("only %d codes were checked", checked)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(model))
	for _, name := range []string{"observation/blood_pressure.v2.yml", "evaluation/problem_diagnosis.v1.yml", "cluster/adverse_reaction_event.v1.yml"} {
		data, err := os.ReadFile("mappings/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(strings.Replace(model, method, "  - name: x\n    with: {fhir: \"$resource.basedOn\", openehr: \"$archetype/links\"}\n    link: {meaning: a, type: b}\n", 1)))
	f.Add([]byte("grammar: FHIRConnect/v1.0.0\ntype: context\ncontext: {profile: {url: x}, template: {id: T}, archetypes: [a], start: a}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := fhirconnect.ParseFile("f.yml", data)
		for _, p := range problems {
			if p.Line < 1 || p.Message == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		if file == nil {
			if len(problems) == 0 {
				t.Error("neither a file nor a problem")
			}
			return
		}
		lib, more := fhirmap.Compile([]*fhirconnect.File{file})
		if len(problems)+len(more) == 0 {
			if lib == nil {
				t.Error("no library")
			}
		}
	})
}
