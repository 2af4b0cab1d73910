package ehr

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/diff"
)

// compiledTemplate is a revision of a stored template ready for use.
type compiledTemplate struct {
	TemplateInfo
	tree *templates.Template
}

// latestFor is how long the latest revision of a template is taken for the
// latest before the store is asked again: another server may have stored one.
const latestFor = 5 * time.Second

// TemplateUpdates is what becomes of the upload of a template whose id is taken.
type TemplateUpdates uint8

// The policies.
const (
	// RefuseUpdates refuses every such upload, as ITS-REST has it.
	RefuseUpdates TemplateUpdates = iota
	// CompatibleUpdates stores it as a new revision if everything that conforms
	// to the latest one conforms to it, or if nothing has been committed with
	// the template. The same template again changes nothing.
	CompatibleUpdates
	// AnyUpdates stores every other content as a new revision.
	AnyUpdates
)

// ParseTemplateUpdates reads refuse, compatible or any.
func ParseTemplateUpdates(s string) (TemplateUpdates, error) {
	switch s {
	case "", "refuse":
		return RefuseUpdates, nil
	case "compatible":
		return CompatibleUpdates, nil
	case "any":
		return AnyUpdates, nil
	}
	return 0, errs.New(errs.Invalid, "ehr.ParseTemplateUpdates", "template updates are refuse, compatible or any")
}

// StoredTemplate is the outcome of an upload.
type StoredTemplate struct {
	TemplateInfo
	// Unchanged tells that the latest revision said the same already, and stays.
	Unchanged bool
	// Changes are those from the revision before.
	Changes []diff.Change
}

// TemplateConflict is the Detail of the error that refuses an upload: what the
// template would change.
type TemplateConflict struct{ Changes []diff.Change }

// TemplateUse is a revision with the number of versions that refer to it.
type TemplateUse struct {
	TemplateInfo
	Versions int64
}

// uploads bounds how often an upload that others have overtaken begins again.
const uploads = 5

// PutTemplate compiles an operational template (OPT 1.4 XML) and stores it as
// the first revision of its id, or as the next if the policy allows. Invalid if
// it does not compile, Conflict with a TemplateConflict if it is refused.
//
// Revisions follow each other one by one: of two uploads at a time one is
// stored, and the other is judged against it.
func (s *Service) PutTemplate(ctx context.Context, who Actor, opt []byte) (StoredTemplate, error) {
	const op = "ehr.PutTemplate"
	if err := s.decide(ctx, who, ActionDefine, Target{Class: "TEMPLATE"}); err != nil {
		return StoredTemplate{}, err
	}
	opt = bytes.Clone(opt) // the compiled template keeps it
	tree, err := templates.ReadOPT(opt, templates.Limits{Bytes: s.cfg.Limits.TemplateBytes})
	if err != nil {
		return StoredTemplate{}, err
	}
	if !tree.Root.Class.IsA(rm.ClassLocatable) {
		return StoredTemplate{}, errs.New(errs.Invalid, op, "the template's root is not a LOCATABLE")
	}
	for attempt := 1; ; attempt++ {
		out, err := s.putTemplate(ctx, who, opt, tree)
		if e := errs.As(err); e == nil || e.Code != CodeTemplateRevision || attempt == uploads {
			return out, err
		}
	}
}

func (s *Service) putTemplate(ctx context.Context, who Actor, opt []byte, tree *templates.Template) (StoredTemplate, error) {
	var out StoredTemplate
	after := 0
	stored, err := s.cfg.Store.Template(ctx, tree.ID, 0)
	switch {
	case err == nil:
		after = stored.Revision
		if out, err = s.replaceTemplate(ctx, stored, opt, tree); err != nil || out.Unchanged {
			return out, err
		}
	case !errs.Is(err, errs.NotFound):
		return StoredTemplate{}, err
	}
	info, err := s.cfg.Store.InsertTemplate(ctx, Template{TemplateInfo: TemplateInfo{
		TemplateID: tree.ID, Concept: tree.Concept, ArchetypeID: tree.Root.ArchetypeID,
		Language: tree.Language, UID: tree.UID,
	}, OPT: opt}, after, who.ID)
	if err != nil {
		return StoredTemplate{}, err
	}
	// The numbers of revisions are never used again, also not those of a
	// transaction that is rolled back; which one is the latest is for the store
	// to say.
	s.compiled.Set(info.No, &compiledTemplate{info, tree})
	s.latest.Invalidate(info.TemplateID)
	out.TemplateInfo = info
	return out, nil
}

// replaceTemplate decides whether a template may follow the one that is stored.
func (s *Service) replaceTemplate(ctx context.Context, stored Template, opt []byte, tree *templates.Template) (StoredTemplate, error) {
	const op = "ehr.PutTemplate"
	before, err := s.compileStored(stored)
	if err != nil {
		return StoredTemplate{}, err
	}
	changes := diff.Compare(before.tree, tree, diff.Options{})
	same := len(changes) == 0 || bytes.Equal(stored.OPT, opt)
	refuse := func(code, msg string) (StoredTemplate, error) {
		return StoredTemplate{}, &errs.Error{Op: op, Kind: errs.Conflict, Code: code, Msg: msg, Detail: TemplateConflict{changes}}
	}
	breaking := 0
	for _, c := range changes {
		if c.Breaking {
			breaking++
		}
	}
	switch {
	case s.cfg.TemplateUpdates == RefuseUpdates && same:
		return refuse(CodeTemplateExists, "a template with this id exists already; it is the same")
	case s.cfg.TemplateUpdates == RefuseUpdates:
		return refuse(CodeTemplateExists, fmt.Sprintf("a template with this id exists already, and this server takes no updates; it has %d changes, of which %d break stored data", len(changes), breaking))
	case same:
		return StoredTemplate{TemplateInfo: stored.TemplateInfo, Unchanged: true}, nil
	case breaking == 0 || s.cfg.TemplateUpdates == AnyUpdates:
		return StoredTemplate{Changes: changes}, nil
	}
	used, err := s.cfg.Store.TemplateInUse(ctx, stored.TemplateID)
	if err != nil {
		return StoredTemplate{}, err
	}
	if used {
		return refuse(CodeTemplateBreaking, fmt.Sprintf("%d of %d changes break data that are stored with the template", breaking, len(changes)))
	}
	return StoredTemplate{Changes: changes}, nil
}

// Templates lists the latest revisions of the stored templates by id.
func (s *Service) Templates(ctx context.Context, who Actor) ([]TemplateInfo, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE"}); err != nil {
		return nil, err
	}
	return s.cfg.Store.Templates(ctx)
}

// TemplateRevisions lists the revisions of a template, oldest first, with how
// many versions refer to each.
func (s *Service) TemplateRevisions(ctx context.Context, who Actor, id string) ([]TemplateUse, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE", TemplateID: id}); err != nil {
		return nil, err
	}
	return s.cfg.Store.TemplateRevisions(ctx, id)
}

// Template reads a revision of a stored template with its OPT as uploaded; 0 is
// the latest.
func (s *Service) Template(ctx context.Context, who Actor, id string, revision int) (Template, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE", TemplateID: id}); err != nil {
		return Template{}, err
	}
	return s.cfg.Store.Template(ctx, id, revision)
}

// CompiledTemplate gives the constraint tree of a revision of a stored
// template; 0 is the latest.
func (s *Service) CompiledTemplate(ctx context.Context, who Actor, id string, revision int) (*templates.Template, error) {
	if err := s.decide(ctx, who, ActionRead, Target{Class: "TEMPLATE", TemplateID: id}); err != nil {
		return nil, err
	}
	t, err := s.template(ctx, id)
	if revision != 0 && (err == nil && t.Revision != revision || errs.Is(err, errs.NotFound)) {
		t, err = s.revision(ctx, id, revision)
	}
	switch {
	case errs.Is(err, errs.NotFound):
		if adl2, err := s.onlyADL2(ctx, id); err != nil {
			return nil, err
		} else if adl2 {
			return nil, &errs.Error{Op: "ehr.CompiledTemplate", Kind: errs.NotFound, Code: ProblemTemplateADL2, Msg: adl2Only(id), Err: err}
		}
		return nil, err
	case err != nil:
		return nil, err
	}
	return t.tree, nil
}

// template finds the latest revision of a template compiled, from the store if
// it is not at hand.
func (s *Service) template(ctx context.Context, id string) (*compiledTemplate, error) {
	if t, ok := s.latest.GetIfPresent(id); ok {
		return t, nil
	}
	t, err := s.revision(ctx, id, 0)
	if err == nil {
		s.latest.Set(id, t)
	}
	return t, err
}

// revision finds a revision of a template compiled; 0 is the latest.
func (s *Service) revision(ctx context.Context, id string, revision int) (*compiledTemplate, error) {
	// One question for all who wait; none of them can cancel it for the others.
	v, err, _ := s.compile.Do(fmt.Sprintf("%s\x00%d", id, revision), func() (any, error) {
		ctx := context.WithoutCancel(ctx)
		info, err := s.cfg.Store.TemplateInfo(ctx, id, revision)
		if err != nil {
			return nil, err
		}
		if t, ok := s.compiled.GetIfPresent(info.No); ok {
			return t, nil
		}
		stored, err := s.cfg.Store.Template(ctx, id, info.Revision)
		if err != nil {
			return nil, err
		}
		return s.compileStored(stored)
	})
	if err != nil {
		return nil, err
	}
	return v.(*compiledTemplate), nil
}

func (s *Service) compileStored(stored Template) (*compiledTemplate, error) {
	if t, ok := s.compiled.GetIfPresent(stored.No); ok {
		return t, nil
	}
	// It was within the limit when it came in, which may have been lowered since.
	tree, err := templates.ReadOPT(stored.OPT, templates.Limits{Bytes: len(stored.OPT)})
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "ehr.template", "a stored template cannot be used any more", err)
	}
	t := &compiledTemplate{stored.TemplateInfo, tree}
	s.compiled.Set(stored.No, t)
	return t, nil
}

// TemplateTrees gives the constraint trees of the stored templates, of so many
// at most and in all revisions, for what the system itself needs of them;
// nobody's data are read.
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
		for revision := t.Revision - 1; revision > 0; revision-- { // data of earlier ones may be stored
			earlier, err := s.revision(ctx, info.TemplateID, revision)
			if err != nil {
				return nil, err
			}
			trees = append(trees, earlier.tree)
		}
	}
	return trees, nil
}
