// Package errs is the one error type that crosses Cairn's layers: what was
// being done, what kind of failure it is, and a message that is safe to show
// to a client. The cause, which may name tables, files or addresses, stays
// inside Err and reaches only the log.
package errs

import (
	"errors"
	"strings"
)

// Kind classifies a failure by what the caller can do about it. Transport
// layers map a Kind to a status code in one place; nothing else may.
type Kind uint8

// The kinds, each with the HTTP status that both APIs answer for it.
const (
	Internal         Kind = iota // a fault of the server: 500
	Invalid                      // malformed input: 400
	Unprocessable                // well-formed but violates the model, template or terminology: 422
	NotFound                     // never existed, or not visible to the caller: 404
	Gone                         // existed and was logically deleted: 410 (FHIR), 204 (openEHR GET)
	Conflict                     // clashes with what exists: 409
	Precondition                 // the version named is not the latest: 412
	NotAcceptable                // no representation the client accepts: 406
	UnsupportedMedia             // body media type not understood: 415
	TooLarge                     // exceeds a configured limit: 413
	Unauthenticated              // no or wrong credentials: 401
	Forbidden                    // the decision point said no: 403
	Unsupported                  // a feature of the standard that Cairn does not have: 501
	MethodNotAllowed             // known resource, method not offered: 405
	Timeout                      // a time limit was reached: 408
	Unavailable                  // a dependency is down or saturated: 503
	URITooLong                   // the URL exceeds a configured limit: 414
	HeadersTooLarge              // the headers exceed a configured limit: 431
)

var kindNames = [...]string{
	"internal", "invalid", "unprocessable", "not_found", "gone", "conflict",
	"precondition_failed", "not_acceptable", "unsupported_media_type",
	"too_large", "unauthenticated", "forbidden", "unsupported",
	"method_not_allowed", "timeout", "unavailable", "uri_too_long", "headers_too_large",
}

// String is the stable machine-readable name of the kind, used as the `code`
// of error bodies and as a metric label.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "internal"
}

// Error is a failure with its kind. Msg is shown to clients and must hold
// neither internals nor patient data; Err is the cause for the log.
type Error struct {
	Op   string // the operation that failed, "store.Commit"
	Kind Kind
	Code string // optional stable code more specific than the kind
	Msg  string
	Err  error
	// Detail is structured information for the client, such as the list of
	// validation problems or the latest version uid. Transports know the
	// types they can render.
	Detail any
}

// Error is the text for logs: operation, message and cause.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(": ")
	}
	if e.Msg != "" {
		b.WriteString(e.Msg)
	} else {
		b.WriteString(e.Kind.String())
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// New is an error without a cause.
func New(kind Kind, op, msg string) *Error { return &Error{Op: op, Kind: kind, Msg: msg} }

// Wrap is an error with a cause that stays out of the client's sight.
func Wrap(kind Kind, op, msg string, err error) *Error {
	return &Error{Op: op, Kind: kind, Msg: msg, Err: err}
}

// As finds the outermost Error in a chain; nil when there is none.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf is the kind of err; Internal for an error of another type.
func KindOf(err error) Kind {
	if e := As(err); e != nil {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
