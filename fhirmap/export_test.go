package fhirmap

// What the tests from outside look at of the inside.
var (
	Decimals   = decimals
	PathOfLink = linkPath
	NodesOn    = nodesOn
	Number     = number
	Plain      = plain
	Proven     = proven
	Said       = said
)

// HeightModel is the beginning of a model with what an Observation has to have, to
// which tests add methods.
const HeightModel = `grammar: FHIRConnect/v1.0.0
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
`
