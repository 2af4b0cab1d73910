// Package rest serves the openEHR REST API (ITS-REST 1.1.0-development, with
// the forms of 1.0.3 that clients still send) over the use cases of package
// ehr.
//
// A request passes these stages, each in a file of its own:
//
//	route.go          path and method → one of the 97 operations or of Cairn's own
//	                  (operation.go); 404, 405 with Allow
//	recover.go        request id, panics, the log line of a server fault
//	body.go           body limits, gzip with an expansion guard
//	media.go          Accept and Content-Type
//	instant.go        version_at_time
//	once.go           Idempotency-Key
//	written.go        the answer to a write, as Prefer wants it
//	fault.go          errs.Kind → status and error body, in one place
//
// and then the handler of its resource: manifest.go, ehr.go, ehrstatus.go, object.go
// (COMPOSITIONs and parties), directory.go, contribution.go, tag.go, template.go,
// adl2.go, query.go, storedquery.go, admin.go. The syntax of the headers is that of
// package header. Choices where the specification is
// silent or contradicts itself are listed in docs/conformance/rest.md.
package rest
