package fhirmap_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// A function fills an element of a resource, and in an object only what is its.
func TestFunctionInAModel(t *testing.T) {
	t.Parallel()
	in, err := casetest.Read(os.DirFS("testdata/cases/medication_orders_structured"))
	if err != nil {
		t.Fatal(err)
	}
	const file = `grammar: FHIRConnect/v1.0.0
type: model
metadata: {name: INSTRUCTION.medication_order.v3, version: 1.0.0}
spec:
  system: FHIR
  version: R4
  openEhrConfig: {archetype: openEHR-EHR-INSTRUCTION.medication_order.v3, revision: 3.2.1}
  fhirConfig: {structureDefinition: "http://hl7.org/fhir/StructureDefinition/MedicationRequest"}
mappings:
  - name: subject
    with: {fhir: "$resource.subject", openehr: "$archetype/subject"}
  - name: constants
    with: {fhir: "$resource"}
    manual:
      - name: constants
        fhir: [{path: status, value: unknown}, {path: intent, value: order}, {path: "dosageInstruction.timing.repeat.frequency", value: "2"}]
  - name: medication
    with: {fhir: "$resource.medication.ofType(CodeableConcept)", openehr: "$archetype/activities/description[at0002]/items[at0070]"}
  - name: rate
    with: {fhir: "$resource.dosageInstruction[0].doseAndRate.rate.ofType(Ratio)", openehr: "$archetype/activities/description[at0002]/items[at0001]"}
    mappingCode: ratio_to_dv_quantity
  - name: duration
    with: {fhir: "$resource.dosageInstruction[0].timing.repeat", openehr: "$archetype/activities/description[at0002]/items[at0003]"}
    mappingCode: dosageDurationToAdministrationDuration
`
	lib, err := fhirmap.Load(fstest.MapFS{"m.yml": &fstest.MapFile{Data: []byte(file)}})
	if err != nil {
		t.Fatal(err)
	}
	order := in.Root.List("content")[0]
	activity := order.List("activities")[0]
	element := func(id string, value *rm.Node) *rm.Node {
		return rm.Object("ELEMENT", rm.Child("name", rm.Text("x")), rm.Str("archetype_node_id", id), rm.Child("value", value))
	}
	tree := activity.Get("description")
	items := append([]*rm.Node{}, tree.List("items")...)
	items = append(items,
		element("at0001", rm.Object("DV_QUANTITY", rm.Child("magnitude", fhirmap.Number("magnitude", "DV_QUANTITY", "50")), rm.Str("units", "mL/h"))),
		element("at0003", rm.Object("DV_DURATION", rm.Str("value", "PT30M"))))
	in.Root = in.Root.With("content", order.With("activities", activity.With("description", tree.With("items", items...))))
	out, err := lib.Project(in)
	if err != nil || len(out.Resources) != 1 {
		t.Fatalf("%v, %+v", err, out.Losses)
	}
	got := string(out.Resources[0].JSON)
	for _, want := range []string{`"rateRatio":{"numerator":{"value":50,`, `"repeat":{"duration":30,"durationUnit":"min","frequency":2}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}
