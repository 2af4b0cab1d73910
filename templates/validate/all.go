package validate

import (
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// All checks a decoded instance in every layer: the openEHR terminology, and
// the template unless it is nil. The problems of each layer are in document
// order.
func All(tpl *templates.Template, root *rm.Node, opt Options) []rm.Problem {
	v := newValidator(tpl, opt)
	v.terminology(root)
	if tpl != nil {
		v.root(root)
	}
	return v.finish()
}
