// Package fhirpath checks the evaluation of FHIRPath with the tests that are
// published for R4, and what Cairn gives out as FHIR with the constraints of the
// published definitions.
package fhirpath
