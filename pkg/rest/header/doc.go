// Package header reads and writes the headers of the openEHR REST API: those of
// HTTP that decide about a version (ETag, If-Match, If-None-Match,
// If-Modified-Since, Prefer, Idempotency-Key) and openEHR's own (openehr-version,
// openehr-audit-details, openehr-item-tag and the names that release 1.0.3 gave
// them), in the syntax of RFC 9110 §5.6 and of ITS-REST. It knows no operation: what
// a value means for one is said there.
package header
