package rm

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Severity of a problem: an error refuses the commit, a warning is returned
// beside the success.
type Severity uint8

// The severities.
const (
	Error Severity = iota
	Warning
)

// Problem is one thing wrong with an instance. Decoding, class invariants,
// terminology and template validation all report problems of this shape, and
// report all of them rather than the first.
type Problem struct {
	// Code is the stable name of the rule, listed in docs/conformance.
	Code     string
	Severity Severity
	// Path is the RM path in the data with zero-based indexes, as
	// /content[0]/data/events[1]/time. "/" is the root.
	Path string
	// AQLPath is the same place with node-id and name predicates; "" when the
	// instance was too broken to know.
	AQLPath string
	// TemplatePath is the place in the template; "" outside the template layer.
	TemplatePath string
	// Constraint names what was violated, as "C_DV_QUANTITY.list".
	Constraint       string
	Expected, Actual string
	Message          string
}

// HasErrors reports whether any of the problems is an error rather than a
// warning.
func HasErrors(problems []Problem) bool {
	for i := range problems {
		if problems[i].Severity == Error {
			return true
		}
	}
	return false
}

// FaultKind is the kind of the error that refuses content for problems found in
// reading it: errs.TooLarge if one of them is a limit, else errs.Invalid.
func FaultKind(problems []Problem) errs.Kind {
	for i := range problems {
		if strings.HasPrefix(problems[i].Code, "limit.") {
			return errs.TooLarge
		}
	}
	return errs.Invalid
}
