// Package r4 knows FHIR R4 (4.0.1): the types with their elements,
// cardinalities, required codes and reference targets as a table, the JSON form
// of resources as a tree that keeps numbers as written, and a validator over
// both. It knows nothing of openEHR.
//
// The table r4.tsv holds facts of the published structure definitions and is
// written by the program in gen; its first lines name the source and the hash
// of the content.
package r4
