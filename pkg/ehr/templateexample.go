package ehr

import (
	"context"
	"errors"

	"github.com/google/uuid"

	adl "github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/oet"
)

// exampleObjects is the name space of the object ids in examples, so that they
// follow from the template id and are no object's of a record.
var exampleObjects = uuid.MustParse("6f0f4c57-5a0e-5c1b-9d0c-2f6f1f6f4c11")

// TemplateExample asks for an example of a stored template.
type TemplateExample struct {
	TemplateID string
	// Revision of the template; 0 is the latest.
	Revision int
	Detail   example.Detail
	// Stored gives the example as it would be read from this server, with the
	// uid of a first version, rather than as a client would commit it.
	Stored bool
	// Simplified gives an example whose every object the simplified formats have a
	// key for, as far as the template allows.
	Simplified bool
}

// TemplateExample makes an example instance of a stored template; the same
// request always gives the same instance. NotFound if there is no such
// template, Unsupported if one of its constraints cannot be exemplified.
func (s *Service) TemplateExample(ctx context.Context, who Actor, in TemplateExample) (*rm.Node, error) {
	tpl, err := s.CompiledTemplate(ctx, who, in.TemplateID, in.Revision)
	if err != nil {
		return nil, err
	}
	return s.exampleOf("ehr.TemplateExample", tpl, in)
}

// ADL2Example makes an example instance of a stored ADL 2 template, whose id may
// be cut short as for ADL2Template; in.Revision has no meaning. NotFound if there
// is no such template, Unsupported if something in it is not understood or cannot
// be exemplified.
func (s *Service) ADL2Example(ctx context.Context, who Actor, in TemplateExample) (*rm.Node, error) {
	const op = "ehr.ADL2Example"
	t, err := s.ADL2Template(ctx, who, in.TemplateID, "")
	if err != nil {
		return nil, err
	}
	tpl, err := compileADL2(t.ADL, s.cfg.Limits.TemplateBytes)
	if err != nil {
		return nil, errs.Wrap(errs.Unsupported, op, "no example can be made of the template: "+err.Error(), err)
	}
	in.TemplateID = t.TemplateID
	return s.exampleOf(op, tpl, in)
}

// compileADL2 compiles the text of an ADL 2 template for an example of it.
func compileADL2(text []byte, limit int) (*templates.Template, error) {
	parsed, err := adl.ParseOPT2(string(text))
	if err != nil {
		return nil, err
	}
	opt, err := oet.CompileADL2(parsed)
	if err != nil {
		return nil, err
	}
	// The XML of a template is longer than its ADL.
	tpl, err := templates.ReadOPT(opt, templates.Limits{Bytes: 16 * limit})
	if e := errs.As(err); e != nil {
		return nil, errors.New(e.Msg)
	}
	return tpl, err
}

func (s *Service) exampleOf(op string, tpl *templates.Template, in TemplateExample) (*rm.Node, error) {
	root, err := example.Instance(tpl, example.Options{Detail: in.Detail, Filled: in.Simplified})
	if err != nil {
		return nil, errs.Wrap(errs.Unsupported, op, "no example can be made of the template: "+err.Error(), err)
	}
	if !in.Stored {
		return root, nil
	}
	if _, versioned := kinds[root.Class.Name]; versioned {
		uid := VersionUID{Object: uuid.NewSHA1(exampleObjects, []byte(in.TemplateID)), System: s.cfg.SystemID, Trunk: 1}
		if root.Class.IsA(classParty) {
			root = ownReferences(root, uid.Object)
		}
		root = root.With("uid", rm.ID("OBJECT_VERSION_ID", uid.String()))
	}
	return root, nil
}
