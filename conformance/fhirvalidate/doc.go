// Package fhirvalidate checks what Cairn gives out as FHIR with a validator
// that shares nothing with Cairn: the R4 protocol buffers of google/fhir, which
// were generated from the published definitions. It is a module of its own so
// that the product does not depend on them.
package fhirvalidate
