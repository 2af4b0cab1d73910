package fhirmap

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestParticipationsFunction takes the performers of the participations with a
// function, and of no others.
func TestParticipationsFunction(t *testing.T) {
	t.Parallel()
	const head = `grammar: FHIRConnect/v1.0.0
type: model
metadata: {name: OBSERVATION.height.v2, version: 1.0.0}
spec:
  system: FHIR
  version: R4
  openEhrConfig: {archetype: openEHR-EHR-OBSERVATION.height.v2}
  fhirConfig: {structureDefinition: http://hl7.org/fhir/StructureDefinition/Observation}
mappings:
  - name: must
    with: {fhir: "$resource"}
    manual:
      - name: must
        fhir:
          - {path: status, value: final}
          - {path: code.text, value: x}
  - name: subject
    with: {fhir: "$resource.subject", openehr: "$archetype/subject"}
  - name: measured
    with: {fhir: "$resource.performer", openehr: "$archetype/`
	lib, err := Load(fstest.MapFS{"m.yml": {Data: []byte(head + "other_participations\"}\n    participationsFunction: measurer\n")}})
	if err != nil {
		t.Fatal(err)
	}
	in := caseInput(t, "testdata/cases/height")
	entry := in.Root.List("content")[0]
	var list []*rm.Node
	for _, p := range [][2]string{{"measurer", "Nurse N."}, {"witness", "Mr. W."}, {"measurer", "Dr. M."}} {
		list = append(list, rm.Object("PARTICIPATION", rm.Child("function", rm.Text(p[0])),
			rm.Child("performer", rm.Object("PARTY_IDENTIFIED", rm.Str("name", p[1])))))
	}
	in.Root = in.Root.With("content", entry.With("other_participations", list...))
	res, err := lib.Project(in)
	if err != nil || len(res.Resources) != 1 {
		t.Fatal(err, res.Losses)
	}
	n, err := r4.Parse(res.Resources[0].JSON)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(n.Get("performer").Append(nil)), `[{"display":"Nurse N."},{"display":"Dr. M."}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, tt := range []struct{ with, want string }{
		{`subject"}`, `openEHR path "function/value"`},
		{`other_participations", type: NONE}`, "participationsFunction needs both paths"},
	} {
		_, err := Load(fstest.MapFS{"m.yml": {Data: []byte(head + tt.with + "\n    participationsFunction: measurer\n")}})
		if err == nil || !strings.Contains(err.Error(), "m.yml:21:29: "+tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
