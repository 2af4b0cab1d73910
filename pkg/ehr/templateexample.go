package ehr

import (
	"context"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/example"
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
}

// TemplateExample makes an example instance of a stored template; the same
// request always gives the same instance. NotFound if there is no such
// template, Unsupported if one of its constraints cannot be exemplified.
func (s *Service) TemplateExample(ctx context.Context, who Actor, in TemplateExample) (*rm.Node, error) {
	const op = "ehr.TemplateExample"
	tpl, err := s.CompiledTemplate(ctx, who, in.TemplateID, in.Revision)
	if err != nil {
		return nil, err
	}
	root, err := example.Instance(tpl, example.Options{Detail: in.Detail})
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
