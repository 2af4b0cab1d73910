// Package fhirconnect reads mapping files, written in FHIR Connect 1.0: models,
// extensions and contexts in YAML, and the ConceptMaps beside them.
//
// A file is read strictly and keeps the place of everything in it: a key that FHIR
// Connect does not define, or that Cairn's engine does not have, is a Problem with
// file, line and column. What the paths, the types and the names of other files in it
// mean is not looked at here; that is for the compiler of package fhirmap, which
// reports what is wrong there as a Problem, too.
package fhirconnect
