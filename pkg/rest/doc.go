// Package rest serves the openEHR REST API (ITS-REST 1.1.0-development, with
// the forms of 1.0.3 that clients still send) over the use cases of package
// ehr.
//
// A request passes these stages, each in a file of its own:
//
//	route.go          path and method → one of the operations (package operation)
//	                  and what serves it (offered.go); 404, 405 with Allow
//	requestid.go      the id of the request, which error bodies and the log carry
//	body.go           body limits, gzip with an expansion guard
//	instant.go        version_at_time
//	once.go           Idempotency-Key
//	written.go        the answer to a write, as Prefer wants it
//	fault.go          errs.Kind → status and error body, in one place
//
// and then the handler of its resource: manifest.go, ehr.go, ehrstatus.go, object.go
// (COMPOSITIONs and parties), versioned.go, directory.go, contribution.go, tag.go,
// template.go, adl2.go, query.go, storedquery.go, admin.go. What needs no use case is
// apart: package header has the syntax of the headers, mediatype chooses by Accept
// and Content-Type, contribution reads what is committed together, changecontrol
// writes versions and their histories, and operation lists and describes what there
// is. Choices where the specification is silent or contradicts itself are listed in
// docs/conformance/rest.md.
package rest
