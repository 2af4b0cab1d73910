package validate

import (
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// All checks a decoded instance in every layer: the invariants of the reference
// model, the openEHR terminology, and the template unless it is nil. The
// problems of each layer are in document order.
func All(tpl *templates.Template, root *rm.Node, opt Options) []rm.Problem {
	problems := rm.CheckInvariants(root, rm.CheckOptions{
		MaxProblems: opt.MaxProblems, Incomplete: opt.Incomplete, PathPrefix: opt.PathPrefix,
	})
	v := newValidator(tpl, opt)
	v.terminology(root)
	if tpl != nil {
		v.template(root)
	}
	return append(problems, v.finish()...)
}
