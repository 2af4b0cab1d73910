package ehr

import (
	"strconv"
	"strings"
	"time"

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
		Limits:     rm.Limits{Bytes: s.cfg.Limits.ContentBytes, Depth: s.cfg.Limits.Depth, Items: s.cfg.Limits.Items},
		Incomplete: relaxed(lifecycle),
	})
	if err := refuse(rm.FaultKind(problems), op, "the content is not a valid "+class.Name, problems); err != nil {
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

// startTime is EVENT_CONTEXT.start_time as an instant, the first one that a
// partial value can mean; zero if there is none.
func startTime(root *rm.Node) time.Time {
	t, err := rm.ParseDateTime(root.String("context", "start_time", "value"))
	if err != nil {
		return time.Time{}
	}
	return t.Earliest()
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

// rmVersion is the release that the server's own objects follow.
const rmVersion = "1.1.0"

// newStatus is the EHR_STATUS of an EHR that is created without one.
func newStatus() *rm.Node {
	return rm.Object("EHR_STATUS", append(root("EHR Status", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("subject", rm.Object("PARTY_SELF")),
		rm.Bool("is_queryable", true),
		rm.Bool("is_modifiable", true),
	)...)
}

// newAccess is the EHR_ACCESS of a new EHR. It has no settings: access is
// decided by the decision point.
func newAccess() *rm.Node {
	return rm.Object("EHR_ACCESS", root("EHR Access", "openEHR-EHR-EHR_ACCESS.generic.v1")...)
}

// root is what every archetype root has.
func root(name, archetype string) []rm.Field {
	return []rm.Field{
		rm.Child("name", rm.Text(name)),
		rm.Str("archetype_node_id", archetype),
		rm.Child("archetype_details", rm.Object("ARCHETYPED",
			rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", archetype)),
			rm.Str("rm_version", rmVersion))),
	}
}
