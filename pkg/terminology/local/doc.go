// Package local answers questions on value sets, code systems and concept maps
// from resources that were loaded, without a terminology server.
//
//	FHIR JSON ─Parse──┐
//	                  ├─► Resource ─Build─► Set: Expand, ValidateCode, Lookup,
//	CSV ────ParseCSV──┘                          Subsumes, Translate
//
// A Set is immutable. It also has the groups and code sets of the openEHR
// terminology. A value set that includes codes of a system that is not loaded,
// by a filter or as a whole, cannot be decided here: such questions are
// answered with NotFound, so that a server may be asked.
package local
