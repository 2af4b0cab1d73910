package validate

import "github.com/cairn-ehr/cairn/pkg/rm"

// Terminology checks the coded attributes of an instance against the openEHR
// terminology, and nothing else.
func Terminology(root *rm.Node, opt Options) []rm.Problem {
	v := newValidator(nil, opt)
	v.terminology(root)
	return v.finish()
}
