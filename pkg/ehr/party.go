package ehr

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Demographics stands for the demographic repository where the id of an EHR is
// expected: what it owns is in no EHR. No EHR has the zero UUID.
var Demographics uuid.UUID

// classParty is the class of all that the demographic repository holds.
var classParty = rm.Lookup("PARTY")

// WriteParty asks for a new version of a party.
type WriteParty struct {
	// Kind of the party, which never changes.
	Kind Kind
	// Object is the versioned object, not used on creation. Preceding, the
	// version that the change is based on, must be its latest.
	Object    uuid.UUID
	Preceding VersionUID
	Content   Content
	// TemplateID names the template when the format cannot; if the content
	// names one too, they must agree.
	TemplateID string
	Audit      AuditInput
	Tags       TagInput
}

// PartyState is what the latest version of a party says of it.
type PartyState struct {
	Kind    Kind
	Deleted bool
}

// notParty refuses a kind that is not one of party.
func notParty(op string, kind Kind) error {
	if kind.IsParty() {
		return nil
	}
	return errs.New(errs.Invalid, op, kind.String()+" is not a class of party")
}

// CreateParty validates and commits version 1 of a party. Whatever uid the
// content carries is replaced by the server's, and so is that uid at the ends
// of its relationships.
func (s *Service) CreateParty(ctx context.Context, who Actor, in WriteParty) (Committed, error) {
	const op = "ehr.CreateParty"
	if err := notParty(op, in.Kind); err != nil {
		return Committed{}, err
	}
	uid := VersionUID{Object: s.cfg.NewID(), System: s.cfg.SystemID, Trunk: 1}
	return s.commitObject(ctx, op, creating, who, Demographics, uid, VersionUID{}, in.writing())
}

// UpdateParty validates and commits the next version of a party. A uid in the
// content must name the same versioned object. Conflict if the latest version
// is a deletion, which is final.
func (s *Service) UpdateParty(ctx context.Context, who Actor, in WriteParty) (Committed, error) {
	const op = "ehr.UpdateParty"
	if err := notParty(op, in.Kind); err != nil {
		return Committed{}, err
	}
	uid := in.Preceding.Next(s.cfg.SystemID)
	uid.Object = in.Object
	return s.commitObject(ctx, op, updating, who, Demographics, uid, in.Preceding, in.writing())
}

func (in WriteParty) writing() writing {
	return writing{in.Kind, in.Content, in.TemplateID, in.Audit, in.Tags}
}

// DeleteParty commits a logical deletion of the preceding version. Conflict
// with the latest VersionUID if another version is named, Invalid if the party
// is deleted already. References to it stay as they are.
func (s *Service) DeleteParty(ctx context.Context, who Actor, in WriteParty) (Committed, error) {
	if err := notParty("ehr.DeleteParty", in.Kind); err != nil {
		return Committed{}, err
	}
	return s.deleteObject(ctx, who, Demographics, in.Kind, in.Preceding, in.Audit)
}

// Party reads a party: the latest version, or the one extant at a time that is
// not zero. A deleted one is a record marked Deleted, not an error.
func (s *Service) Party(ctx context.Context, who Actor, kind Kind, object uuid.UUID, at time.Time) (VersionRecord, error) {
	const op = "ehr.Party"
	if err := notParty(op, kind); err != nil {
		return VersionRecord{}, err
	}
	if object == uuid.Nil {
		return VersionRecord{}, errs.New(errs.NotFound, op, "no such version in the demographic repository")
	}
	return s.read(ctx, who, Demographics, kind, VersionSelector{Object: object, At: at})
}

// PartyVersion reads one version of a party.
func (s *Service) PartyVersion(ctx context.Context, who Actor, kind Kind, uid VersionUID) (VersionRecord, error) {
	if err := notParty("ehr.PartyVersion", kind); err != nil {
		return VersionRecord{}, err
	}
	return s.readVersion(ctx, who, Demographics, kind, uid)
}

// PartyKind finds out of which kind a party is.
func (s *Service) PartyKind(ctx context.Context, who Actor, object uuid.UUID) (Kind, error) {
	if err := s.decide(ctx, who, ActionRead, target(Demographics, "PARTY")); err != nil {
		return 0, err
	}
	return s.partyKind(ctx, object)
}

func (s *Service) partyKind(ctx context.Context, object uuid.UUID) (Kind, error) {
	found, err := s.cfg.Store.Parties(ctx, []uuid.UUID{object})
	if err != nil {
		return 0, err
	}
	state, ok := found[object]
	if !ok {
		return 0, errs.New(errs.NotFound, "ehr.PartyKind", "no such party in the demographic repository")
	}
	return state.Kind, nil
}

// Codes of problems with what a party refers to.
const (
	// ProblemRelationshipSource: the source of a relationship is not the party
	// that has it (RM demographic, PARTY.Relationships_validity).
	ProblemRelationshipSource = "party.relationship_source"
	// ProblemReferenceType: the reference names, or leads to, a party of a class
	// that cannot stand there.
	ProblemReferenceType = "party.reference_type"
	// ProblemReferenceVersion: the reference names a version, not the party.
	ProblemReferenceVersion = "party.reference_version"
	// ProblemReferenceUnknown: there is no such party in this repository.
	ProblemReferenceUnknown = "party.reference_unknown"
	// ProblemReferenceDeleted: the party referred to is deleted.
	ProblemReferenceDeleted = "party.reference_deleted"
)

// partyReference is a PARTY_REF in a party.
type partyReference struct {
	rule *referenceRule
	// ref is where the walk stands.
	ref, within *rm.Node
	index       int
}

// referenceRule says which parties an attribute may refer to.
type referenceRule struct {
	// member is the attribute of a party's part that has the reference; "" if
	// the party's own attribute has it.
	attribute, member string
	// fits reports whether a party of the kind can stand there, and types lists
	// the values of PARTY_REF.type.
	fits  func(Kind) bool
	types []string
	text  string
}

var (
	anyParty = []string{"PARTY", "ANY"}

	// referenceRules follow RM demographic: a relationship leads from the party
	// to any other, an actor plays roles, and a role is played by an actor.
	referenceRules = []referenceRule{
		{
			attribute: "relationships", member: "target", text: "a party",
			fits:  func(Kind) bool { return true },
			types: append([]string{"PERSON", "ORGANISATION", "GROUP", "AGENT", "ROLE", "ACTOR"}, anyParty...),
		},
		{
			attribute: "performer", text: "an actor",
			fits:  func(k Kind) bool { return k != KindRole },
			types: append([]string{"PERSON", "ORGANISATION", "GROUP", "AGENT", "ACTOR"}, anyParty...),
		},
		{
			attribute: "roles", text: "a role",
			fits:  func(k Kind) bool { return k == KindRole },
			types: append([]string{"ROLE"}, anyParty...),
		},
	}
)

// references lists the references of a party that rules speak of.
func references(root *rm.Node) []partyReference {
	var out []partyReference
	for i := range referenceRules {
		rule := &referenceRules[i]
		if root.Class.Attribute(rule.attribute) == nil {
			continue
		}
		for k, item := range root.List(rule.attribute) {
			ref := partyReference{rule: rule, ref: item, index: k}
			if rule.member != "" {
				ref.within, ref.ref = item, item.Get(rule.member)
			}
			if ref.ref != nil {
				out = append(out, ref)
			}
		}
	}
	return out
}

// problem is one at the reference's identifier in the party.
func (r partyReference) problem(root *rm.Node, attribute, code, message string) rm.Problem {
	var w rm.Walk
	w.Start(root, "")
	at := r.ref
	if r.within != nil {
		w.Enter(root.Attr(r.rule.attribute).Def, r.index, r.within)
		w.Enter(r.within.Attr(r.rule.member).Def, 0, r.ref)
	} else {
		w.Enter(root.Attr(r.rule.attribute).Def, r.index, r.ref)
	}
	if a := at.Attr(attribute); a != nil {
		w.Enter(a.Def, 0, a.Items[0])
	}
	return w.Problem(code, message)
}

// isLocal reports whether a reference is into this repository, by its namespace.
// Others name repositories elsewhere, of which nothing is known here.
func (s *Service) isLocal(ref *rm.Node) bool {
	return isDemographic(ref.String("namespace"), s.cfg.SystemID)
}

// isDemographic reports whether a namespace is that of the demographic repository
// of a system.
func isDemographic(namespace, systemID string) bool {
	return strings.EqualFold(namespace, "local") || strings.EqualFold(namespace, "demographic") || strings.EqualFold(namespace, systemID)
}

// PartyOf is the party that a PARTY_REF names in the demographic repository of a
// system: by the id of the versioned object, as it is written there, and nothing
// else. False for any other reference.
func PartyOf(ref *rm.Node, systemID string) (uuid.UUID, bool) {
	return PartyID(ref.String("namespace"), ref.String("id", "value"), systemID)
}

// PersonOf is the PERSON that the subject of an EHR refers to, in the same way.
func PersonOf(subject Subject, systemID string) (uuid.UUID, bool) {
	if subject.Type != "PERSON" {
		return uuid.Nil, false
	}
	return PartyID(subject.Namespace, subject.ID, systemID)
}

// PartyID is PartyOf for the namespace and the id of a PARTY_REF.
func PartyID(namespace, text, systemID string) (uuid.UUID, bool) {
	if len(text) != 36 || !isDemographic(namespace, systemID) {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil && id != uuid.Nil && id.String() == text
}

// Shown reports whether parties of the kind become FHIR resources.
func (k Kind) Shown() bool {
	return k == KindOrganisation || k == KindPerson || k == KindRole
}

// objectOf is the object id of a UID_BASED_ID; "" for another identifier.
func objectOf(id *rm.Node) string {
	if id == nil || !id.Is("UID_BASED_ID") {
		return ""
	}
	object, _, _ := strings.Cut(id.String("value"), "::")
	return object
}

// ownReferences makes a new party's references to itself, by the uid that its
// content came with, references by the uid that it gets.
func ownReferences(root *rm.Node, object uuid.UUID) *rm.Node {
	was, list := objectOf(root.Get("uid")), root.List("relationships")
	if was == "" || len(list) == 0 {
		return root
	}
	out := make([]*rm.Node, len(list))
	for i, r := range list {
		for _, end := range []string{"source", "target"} {
			ref := r.Get(end)
			if ref != nil && strings.EqualFold(objectOf(ref.Get("id")), was) {
				r = r.With(end, ref.With("id", rm.ID("HIER_OBJECT_ID", object.String())))
			}
		}
		out[i] = r
	}
	return root.With("relationships", out...)
}

// checkReferences checks what the parties of a contribution refer to, against
// each other and the repository. It gives the problems of each version, for the
// caller to refuse.
//
// That a party exists is not demanded, because parties are loaded in any order
// and may be deleted while others refer to them: it is warned of. What is known
// to be wrong is an error.
func (s *Service) checkReferences(ctx context.Context, versions []NewVersion) ([][]rm.Problem, error) {
	refs := make([][]partyReference, len(versions))
	known := map[uuid.UUID]PartyState{}
	var ids []uuid.UUID
	for object, v := range lastVersions(versions) {
		known[object] = PartyState{v.Kind, v.Root == nil}
	}
	for i := range versions {
		if versions[i].Root == nil {
			continue
		}
		refs[i] = references(versions[i].Root)
		for _, r := range refs[i] {
			id, err := uuid.Parse(objectOf(r.ref.Get("id")))
			if _, ok := known[id]; err == nil && !ok && s.isLocal(r.ref) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) > 0 {
		found, err := s.cfg.Store.Parties(ctx, ids)
		if err != nil {
			return nil, err
		}
		for id, state := range found {
			known[id] = state
		}
	}
	out := make([][]rm.Problem, len(versions))
	for i := range versions {
		v := &versions[i]
		if v.Root == nil {
			continue
		}
		out[i] = wrongSources(v.Root, v.UID.Object)
		for _, r := range refs[i] {
			out[i] = append(out[i], s.checkReference(v.Root, r, known)...)
		}
	}
	return out, nil
}

// wrongSources are the relationships of a party whose source is another one.
func wrongSources(root *rm.Node, self uuid.UUID) []rm.Problem {
	var out []rm.Problem
	for i, rel := range root.List("relationships") {
		source := rel.Get("source")
		if source == nil || strings.EqualFold(objectOf(source.Get("id")), self.String()) {
			continue // what is mandatory has been checked before
		}
		r := partyReference{rule: &referenceRule{attribute: "relationships", member: "source"}, ref: source, within: rel, index: i}
		p := r.problem(root, "id", ProblemRelationshipSource, "the source of a relationship must be the party that has it")
		p.Constraint, p.Expected, p.Actual = "PARTY.relationships_validity", self.String(), source.String("id", "value")
		out = append(out, p)
	}
	return out
}

func (s *Service) checkReference(root *rm.Node, r partyReference, known map[uuid.UUID]PartyState) []rm.Problem {
	var out []rm.Problem
	says := r.ref.String("type")
	typed := false
	for _, t := range r.rule.types {
		typed = typed || t == says
	}
	if !typed {
		p := r.problem(root, "type", ProblemReferenceType, "the reference must be one to "+r.rule.text)
		p.Expected, p.Actual = strings.Join(r.rule.types, ", "), says
		return append(out, p)
	}
	if !s.isLocal(r.ref) {
		return nil
	}
	warn := func(code, message string) {
		p := r.problem(root, "id", code, message)
		p.Severity = rm.Warning
		out = append(out, p)
	}
	if id := r.ref.Get("id"); id != nil && id.Is("OBJECT_VERSION_ID") {
		warn(ProblemReferenceVersion, "a reference to a party names the versioned object, not one of its versions")
	}
	id, err := uuid.Parse(objectOf(r.ref.Get("id")))
	state, ok := known[id]
	switch {
	case err != nil || !ok:
		warn(ProblemReferenceUnknown, "there is no such party in this repository")
	case !r.rule.fits(state.Kind):
		p := r.problem(root, "id", ProblemReferenceType, "the party referred to is not "+r.rule.text)
		p.Expected, p.Actual = r.rule.text, state.Kind.String()
		out = append(out, p)
	case !isOfType(state.Kind, says):
		p := r.problem(root, "type", ProblemReferenceType, "the party referred to is of another class")
		p.Expected, p.Actual = state.Kind.String(), says
		out = append(out, p)
	case state.Deleted:
		warn(ProblemReferenceDeleted, "the party referred to is deleted")
	}
	return out
}

// isOfType reports whether PARTY_REF.type can say so of a party of the kind.
func isOfType(kind Kind, says string) bool {
	return says == kind.String() || says == "PARTY" || says == "ANY" || says == "ACTOR" && kind != KindRole
}
