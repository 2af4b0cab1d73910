package ehr

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// decode gives the tree of a content, of the class or a descendant.
func (s *Service) decode(op string, c Content, class *rm.Class, lifecycle int) (*rm.Node, []rm.Problem, error) {
	if c.JSON == nil {
		if c.Root == nil {
			return nil, nil, errs.New(errs.Invalid, op, "the content is missing")
		}
		if !c.Root.Class.IsA(class) {
			return nil, nil, errs.New(errs.Invalid, op, "the content is not of class "+class.Name)
		}
		return c.Root, nil, nil
	}
	root, problems := rm.DecodeJSON(c.JSON, class, rm.JSONOptions{
		Limits:     rm.Limits{Bytes: s.cfg.Limits.ContentBytes},
		Incomplete: relaxed(lifecycle),
	})
	kind := errs.Invalid
	for _, p := range problems {
		if strings.HasPrefix(p.Code, "limit.") {
			kind = errs.TooLarge
		}
	}
	if err := refuse(kind, op, "the content is not a valid "+class.Name, problems); err != nil {
		return nil, nil, err
	}
	if root == nil {
		return nil, nil, errs.New(errs.Internal, op, "the content was neither understood nor refused")
	}
	return root, problems, nil
}

// relaxed reports whether content in the lifecycle state may lack what is
// mandatory: what is incomplete, or was when it was abandoned.
func relaxed(lifecycle int) bool {
	return lifecycle == LifecycleIncomplete || lifecycle == LifecycleAbandoned
}

// refuse is an error of the kind if any of the problems is more than a
// warning; all of them are its Detail.
func refuse(kind errs.Kind, op, msg string, problems []rm.Problem) error {
	for i := range problems {
		if problems[i].Severity == rm.Error {
			e := errs.New(kind, op, msg)
			e.Code = "validation"
			e.Detail = problems
			return e
		}
	}
	return nil
}

// belongsTo checks that the uid in the content, a HIER_OBJECT_ID or the
// OBJECT_VERSION_ID of any version, names the versioned object.
func belongsTo(op string, root *rm.Node, object uuid.UUID) error {
	value := root.String("uid", "value")
	if value == "" {
		return nil
	}
	id, _, _ := strings.Cut(value, "::")
	if !strings.EqualFold(id, object.String()) {
		return errs.New(errs.Invalid, op, "the uid in the content names another object than the request")
	}
	return nil
}

// withUID is a copy of the root with the version's uid; the rest is shared.
func withUID(root *rm.Node, uid VersionUID) *rm.Node {
	value := object("OBJECT_VERSION_ID", text("value", uid.String()))
	out := &rm.Node{Class: root.Class, Attrs: make([]rm.Attr, 0, len(root.Attrs)+1)}
	present := root.Attrs
	for _, def := range root.Class.Attributes() {
		set := def.Name == "uid"
		if set {
			out.Attrs = append(out.Attrs, rm.Attr{Def: def, Items: []*rm.Node{value}})
		}
		for i := range root.Attrs {
			if root.Attrs[i].Def.Name == def.Name && !set {
				out.Attrs = append(out.Attrs, present[i])
			}
		}
	}
	return out
}

// archetypes lists the distinct archetype roots of a tree, its own first.
func archetypes(root *rm.Node) []ArchetypeRoot {
	var out []ArchetypeRoot
	var visit func(n *rm.Node)
	visit = func(n *rm.Node) {
		for i := range n.Attrs {
			a := &n.Attrs[i]
			if a.Def.Name == "archetype_details" {
				out = addRoot(out, n)
			}
			if a.Def.Type.Primitive != rm.NotPrimitive || a.Def.Type.IsA(rm.ClassDataValue) {
				continue
			}
			for _, m := range a.Items {
				visit(m)
			}
		}
	}
	visit(root)
	return out
}

func addRoot(out []ArchetypeRoot, n *rm.Node) []ArchetypeRoot {
	id := n.ArchetypeID()
	if id == "" {
		return out
	}
	for _, r := range out {
		if r.ArchetypeID == id {
			return out
		}
	}
	return append(out, ArchetypeRoot{ArchetypeID: id, RMType: n.Class.Name})
}

// category is the code of COMPOSITION.category; 0 if there is none.
func category(root *rm.Node) int {
	n, err := strconv.Atoi(root.String("category", "defining_code", "code_string"))
	if err != nil || n < 0 || n > 32767 {
		return 0
	}
	return n
}

// statusFields are what the EHR repeats from its EHR_STATUS.
func statusFields(root *rm.Node) *StatusFields {
	f := &StatusFields{
		IsQueryable:  root.String("is_queryable") == "true",
		IsModifiable: root.String("is_modifiable") == "true",
	}
	if ref := root.Get("subject", "external_ref"); ref != nil {
		f.Subject = Subject{
			ID:        ref.String("id", "value"),
			Namespace: ref.String("namespace"),
			Type:      ref.String("type"),
		}
	}
	return f
}

const rmVersion = "1.1.0"

// newStatus is the EHR_STATUS of an EHR that is created without one.
func newStatus() *rm.Node {
	const archetype = "openEHR-EHR-EHR_STATUS.generic.v1"
	return object("EHR_STATUS",
		attribute{"name", object("DV_TEXT", text("value", "EHR Status"))},
		text("archetype_node_id", archetype),
		attribute{"archetype_details", archetyped(archetype)},
		attribute{"subject", object("PARTY_SELF")},
		boolean("is_queryable", true),
		boolean("is_modifiable", true),
	)
}

// newAccess is the EHR_ACCESS of a new EHR. It has no settings: access is
// decided by the decision point.
func newAccess() *rm.Node {
	const archetype = "openEHR-EHR-EHR_ACCESS.generic.v1"
	return object("EHR_ACCESS",
		attribute{"name", object("DV_TEXT", text("value", "EHR Access"))},
		text("archetype_node_id", archetype),
		attribute{"archetype_details", archetyped(archetype)},
	)
}

func archetyped(archetype string) *rm.Node {
	return object("ARCHETYPED",
		attribute{"archetype_id", object("ARCHETYPE_ID", text("value", archetype))},
		text("rm_version", rmVersion),
	)
}
