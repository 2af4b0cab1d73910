package lint

import (
	"cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// instance makes the least example of the template and checks it: what the
// other rules do not see as a contradiction shows here.
func (l *linter) instance() {
	if l.impossible {
		return // said already
	}
	tree, err := example.Instance(l.t, example.Options{Detail: example.Required})
	if err != nil {
		l.add(CodeInstance, "/", 0, "no example can be made: %v", err)
		return
	}
	n, problems := rm.DecodeJSON(rm.AppendJSON(nil, tree), l.t.Root.Class, rm.JSONOptions{})
	if n != nil {
		problems = append(problems, validate.All(l.t, n, validate.Options{})...)
	}
	for _, p := range problems {
		if p.Severity == rm.Error {
			l.add(CodeInstance, cmp.Or(p.TemplatePath, "/"), 0, "the least example is not valid: %s %s: %s", p.Code, p.Path, p.Message)
			return
		}
	}
}
