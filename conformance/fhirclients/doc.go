// Package fhirclients holds the FHIR API against a program that others wrote:
// the client library fhirclient walks it as a partner would.
//
// The packages come from npm in the versions of package-lock.json and are kept in the user's cache directory; once there, the
// tests need no network. They are skipped where node or npm is missing, or
// where nothing is kept and the registry cannot be reached;
// CAIRN_FHIRCLIENTS=required makes that a failure.
package fhirclients
