package ehr

import (
	"context"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// Codes of problems that the use cases report themselves.
const (
	// ProblemTemplateMissing: a COMPOSITION names no template.
	ProblemTemplateMissing = "template.missing"
	// ProblemTemplateUnknown: the template named is not stored.
	ProblemTemplateUnknown = "template.unknown"
	// ProblemTemplateADL2: the template named is stored as ADL 2 only, which is
	// not compiled.
	ProblemTemplateADL2 = "template.adl2"
)

// CodeTerminology is the code of a refusal because a terminology server does
// not answer, where the policy of the terminology demands that it does.
const CodeTerminology = "terminology_unavailable"

// Terminology decides memberships in value sets for one object at a time.
type Terminology interface {
	// Decide answers all questions, in their order. Nothing but an answer of
	// the status Unavailable or Refused keeps what is committed from being
	// stored, besides NotMember.
	Decide(ctx context.Context, questions []terminology.Question) []terminology.Answer
}

// adl2Only says why content cannot be validated against a template.
func adl2Only(id string) string {
	return "the template " + id + " is stored as ADL 2 only, which content cannot be validated against; store it as an operational template of ADL 1.4 too"
}

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
			adl2, err := s.onlyADL2(ctx, templateID)
			if err != nil {
				return TemplateInfo{}, nil, err
			}
			if adl2 {
				p.Code = ProblemTemplateADL2
				p.Message = adl2Only(templateID)
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
	opt := validate.Options{Incomplete: relaxed(lifecycle), Policy: s.cfg.Policy, Archetypes: s.cfg.Archetypes}
	down := false
	if s.cfg.Terminology != nil {
		opt.Decide = func(questions []terminology.Question) []terminology.Answer {
			answers := s.cfg.Terminology.Decide(ctx, questions)
			for i := range answers {
				down = down || answers[i].Status == terminology.Unavailable
			}
			return answers
		}
	}
	problems = append(problems, validate.All(tree, root, opt)...)
	if down && onlyUndecided(problems) {
		// Nothing is known to be wrong: the same content may pass later.
		e := errs.New(errs.Unavailable, op, "the terminology server does not answer, and the content must not be stored unchecked")
		e.Code, e.Detail = CodeTerminology, problems
		return TemplateInfo{}, nil, e
	}
	if err := refuse(errs.Unprocessable, op, "the content is not valid", problems); err != nil {
		return TemplateInfo{}, nil, err
	}
	if template == nil {
		return TemplateInfo{}, problems, nil
	}
	return template.TemplateInfo, problems, nil
}

// onlyUndecided reports whether the errors among the problems are all codes of
// which nobody could tell.
func onlyUndecided(problems []rm.Problem) bool {
	for i := range problems {
		if problems[i].Severity == rm.Error && problems[i].Code != validate.CodeUndecided {
			return false
		}
	}
	return rm.HasErrors(problems)
}
