package ehr

import (
	"bytes"
	"context"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// compiledTemplate is a stored template ready for use.
type compiledTemplate struct {
	TemplateInfo
	tree *templates.Template
}

// PutTemplate compiles and stores an operational template (OPT 1.4 XML).
// Invalid if it does not compile, Conflict if its id is taken.
func (s *Service) PutTemplate(ctx context.Context, who Actor, opt []byte) (TemplateInfo, error) {
	const op = "ehr.PutTemplate"
	if err := s.decide(ctx, who, ActionDefine, Target{Class: "TEMPLATE"}); err != nil {
		return TemplateInfo{}, err
	}
	opt = bytes.Clone(opt) // the compiled template keeps it
	tree, err := templates.ReadOPT(opt, s.templateLimits())
	if err != nil {
		return TemplateInfo{}, err
	}
	if !tree.Root.Class.IsA(rm.ClassLocatable) {
		return TemplateInfo{}, errs.New(errs.Invalid, op, "the template's root is not a LOCATABLE")
	}
	info, err := s.cfg.Store.InsertTemplate(ctx, Template{TemplateInfo: TemplateInfo{
		TemplateID: tree.ID, Concept: tree.Concept, ArchetypeID: tree.Root.ArchetypeID,
		Language: tree.Language, UID: tree.UID,
	}, OPT: opt})
	if err != nil {
		return TemplateInfo{}, err
	}
	whenKept(ctx, func() { s.compiled.Set(info.TemplateID, &compiledTemplate{info, tree}) })
	return info, nil
}

// Templates lists the stored templates by id.
func (s *Service) Templates(ctx context.Context, who Actor) ([]TemplateInfo, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE"}); err != nil {
		return nil, err
	}
	return s.cfg.Store.Templates(ctx)
}

// Template reads a stored template with its OPT as uploaded.
func (s *Service) Template(ctx context.Context, who Actor, id string) (Template, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE", TemplateID: id}); err != nil {
		return Template{}, err
	}
	return s.cfg.Store.Template(ctx, id)
}

// CompiledTemplate gives the constraint tree of a stored template.
func (s *Service) CompiledTemplate(ctx context.Context, who Actor, id string) (*templates.Template, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE", TemplateID: id}); err != nil {
		return nil, err
	}
	t, err := s.template(ctx, id)
	if err != nil {
		return nil, err
	}
	return t.tree, nil
}

// template finds a compiled template, from the store if it is not at hand.
// Templates do not change once they are stored.
func (s *Service) template(ctx context.Context, id string) (*compiledTemplate, error) {
	if t, ok := s.compiled.GetIfPresent(id); ok {
		return t, nil
	}
	// One compilation for all who wait; none of them can cancel it for the
	// others.
	v, err, _ := s.compile.Do(id, func() (any, error) {
		stored, err := s.cfg.Store.Template(context.WithoutCancel(ctx), id)
		if err != nil {
			return nil, err
		}
		tree, err := templates.ReadOPT(stored.OPT, s.templateLimits())
		if err != nil {
			return nil, errs.Wrap(errs.Internal, "ehr.template", "a stored template cannot be used any more", err)
		}
		t := &compiledTemplate{stored.TemplateInfo, tree}
		s.compiled.Set(id, t)
		return t, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*compiledTemplate), nil
}

func (s *Service) templateLimits() templates.Limits {
	return templates.Limits{Bytes: s.cfg.Limits.TemplateBytes}
}

// TemplateTrees gives the constraint trees of the stored templates, of so many
// at most, for what the system itself needs of them; nobody's data are read.
func (s *Service) TemplateTrees(ctx context.Context, most int) ([]*templates.Template, error) {
	list, err := s.cfg.Store.Templates(ctx)
	if err != nil {
		return nil, err
	}
	trees := make([]*templates.Template, 0, len(list))
	for _, info := range list[:min(most, len(list))] {
		t, err := s.template(ctx, info.TemplateID)
		if err != nil {
			return nil, err
		}
		trees = append(trees, t.tree)
	}
	return trees, nil
}
