// Package ehr is the use cases of the record: what an actor can do with EHRs,
// EHR_STATUS, COMPOSITIONs and templates, whichever door the request came
// through. It owns the rules of change control (RM common, change_control) and
// the order in which a commit is decided, decoded, validated, projected and
// stored, and it says what it needs of a store; it knows neither HTTP nor SQL.
//
// Every use case receives the actor and asks the decision point before it
// touches the record. Every write is one contribution, atomic over its
// versions and over everything derived from them.
//
// Failures are errs.Error. Kinds that callers act on:
//
//	Invalid        the input is not canonical JSON, not an RM instance, or an
//	               identifier is malformed; Detail is []rm.Problem if there
//	               are positions to report
//	Unprocessable  the content violates the RM, terminology or template, or
//	               the template is unknown; Detail is []rm.Problem
//	NotFound       no such EHR, object, version or template
//	Conflict       the identifier or subject is taken, the EHR is not
//	               modifiable, or the version to delete is not the latest
//	               (Detail is then the latest VersionUID)
//	Precondition   the preceding version named is not the latest; Detail is
//	               the latest VersionUID
//	TooLarge       the body exceeds Limits
package ehr
