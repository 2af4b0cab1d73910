// Package fhirts asks a FHIR R4 terminology server: $validate-code, $expand,
// $lookup, $subsumes and $translate.
//
//	question ─► cache ─► one flight per question ─► batch ─► breaker ─► server
//
// The questions of one composition travel as one batch, or as single calls to
// a server that takes no batches. Answers are cached, negative ones for a
// shorter time; failures are not. After several failures in a row the server
// is left alone for a while, then probed by one request. Nothing here logs a
// code or a value set.
package fhirts
