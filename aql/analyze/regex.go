package analyze

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// maxRegex bounds a regular expression, in bytes.
const maxRegex = 1000

// foreign are the constructs that Go's syntax knows and PostgreSQL's does not.
var foreign = regexp.MustCompile(`\\[pPQECzG]|\\x\{|\(\?[^:]|\[\[:\^`)

// badRegex says what is wrong with a regular expression, of which those
// constructs are accepted that have the same meaning in the usual dialects;
// "" when nothing is.
func badRegex(pattern string) string {
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		var e *syntax.Error
		if errors.As(err, &e) {
			return e.Code.String() + ": " + e.Expr
		}
		return err.Error()
	}
	if f := foreign.FindString(pattern); f != "" {
		return f + " is not one of the constructs that are supported"
	}
	return ""
}
