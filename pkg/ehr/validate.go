package ehr

import (
	"context"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// Codes of problems that the use cases report themselves.
const (
	// ProblemTemplateMissing: a COMPOSITION names no template.
	ProblemTemplateMissing = "template.missing"
	// ProblemTemplateUnknown: the template named is not stored.
	ProblemTemplateUnknown = "template.unknown"
)

// validate checks a tree against the RM, the terminology and its template; the
// problems that are left are warnings. A COMPOSITION must have a template; a party
// that names one needs it to be stored; another object is checked against the
// one that it names if it is stored.
func (s *Service) validate(ctx context.Context, op string, root *rm.Node, templateID string, lifecycle int) (TemplateInfo, []rm.Problem, error) {
	const path = "/archetype_details/template_id"
	required := root.Class.IsA(rm.ClassComposition)
	if templateID == "" && !required {
		templateID = root.String("archetype_details", "template_id", "value")
	}
	var problems []rm.Problem
	var template *compiledTemplate
	switch {
	case templateID != "":
		var err error
		template, err = s.template(ctx, templateID)
		switch {
		case errs.Is(err, errs.NotFound):
			p := rm.Problem{
				Code: ProblemTemplateUnknown, Path: path, AQLPath: path, Actual: templateID,
				Message: "the template " + templateID + " is not stored",
			}
			if !required && !root.Class.IsA(classParty) {
				p.Severity = rm.Warning
			}
			problems = append(problems, p)
		case err != nil:
			return TemplateInfo{}, nil, err
		}
	case required:
		problems = append(problems, rm.Problem{
			Code: ProblemTemplateMissing, Path: path, AQLPath: path,
			Message: "a composition must name its template",
		})
	}
	var tree *templates.Template
	if template != nil {
		tree = template.tree
	}
	problems = append(problems, validate.All(tree, root, validate.Options{Incomplete: relaxed(lifecycle), Policy: s.cfg.Policy})...)
	if err := refuse(errs.Unprocessable, op, "the content is not valid", problems); err != nil {
		return TemplateInfo{}, nil, err
	}
	if template == nil {
		return TemplateInfo{}, problems, nil
	}
	return template.TemplateInfo, problems, nil
}
