// Package fhir serves the FHIR R4 RESTful API over resources that were
// projected from the openEHR record: read, search and capabilities. It turns
// requests into a Query for its Reader and records into resources with their
// meta element; it never maps anything itself at request time.
package fhir
