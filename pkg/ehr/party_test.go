package ehr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// party is a party of a class, with further attributes.
func party(class string, more ...rm.Field) *rm.Node {
	node := func(class, id string, fields ...rm.Field) *rm.Node {
		return rm.Object(class, append([]rm.Field{rm.Child("name", rm.Text(class)), rm.Str("archetype_node_id", id)}, fields...)...)
	}
	archetype := "openEHR-DEMOGRAPHIC-" + class + ".test.v1"
	details := node("ITEM_TREE", "at0002", rm.Child("items", node("ELEMENT", "at0003", rm.Child("value", rm.Text("x")))))
	return node(class, archetype, append(more,
		rm.Child("archetype_details", rm.Object("ARCHETYPED", rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", archetype)), rm.Str("rm_version", "1.1.0"))),
		rm.Child("identities", node("PARTY_IDENTITY", "at0001", rm.Child("details", details))))...)
}

func partyRef(class string, id uuid.UUID) *rm.Node {
	return rm.Object("PARTY_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", id.String())), rm.Str("namespace", "demographic"), rm.Str("type", class))
}

// derived counts the versions that a projection is told of.
type derived struct{ n *int }

func (derived) Name() string    { return "derived" }
func (derived) Version() string { return "1" }

func (p derived) Project(ehr.ProjectionInput) ehr.Projected {
	*p.n++
	return ehr.Projected{}
}

// TestPartiesAskTheDecisionPoint: every use case of parties asks, about no EHR,
// and what is refused leaves nothing. Nothing is derived from parties.
func TestPartiesAskTheDecisionPoint(t *testing.T) {
	t.Parallel()
	policy, told := &decisions{}, 0
	s, st := ready(t, func(c *ehr.Config) {
		c.Decision = policy
		c.Projections = []ehr.Projection{derived{&told}}
	})
	ctx := t.Context()
	in := ehr.WriteParty{Kind: ehr.KindPerson, Content: ehr.Content{Root: party("PERSON")}}
	made, err := s.CreateParty(ctx, who, in)
	if err != nil {
		t.Fatal(err)
	}
	change := in
	change.Object, change.Preceding = made.UID.Object, made.UID
	on := ehr.TagTarget{Kind: ehr.KindPerson, Object: made.UID.Object}
	uses := map[ehr.Action][]func() error{
		ehr.ActionCreate: {
			func() error { _, err := s.CreateParty(ctx, who, in); return err },
			func() error {
				_, _, err := s.CommitContribution(ctx, who, ehr.CommitContribution{Changes: []ehr.Change{{Content: in.Content}}})
				return err
			},
		},
		ehr.ActionUpdate: {
			func() error { _, err := s.UpdateParty(ctx, who, change); return err },
			func() error { return s.PutTags(ctx, who, ehr.Demographics, on, nil) },
			func() error {
				_, _, err := s.CommitContribution(ctx, who, ehr.CommitContribution{Changes: []ehr.Change{{Content: in.Content, Preceding: made.UID}}})
				return err
			},
		},
		ehr.ActionDelete: {
			func() error { _, err := s.DeleteParty(ctx, who, change); return err },
			func() error { return s.DeleteTags(ctx, who, ehr.Demographics, on, "k") },
			func() error {
				_, _, err := s.CommitContribution(ctx, who, ehr.CommitContribution{Changes: []ehr.Change{{Preceding: made.UID, Audit: ehr.AuditInput{ChangeType: ehr.ChangeDeleted}}}})
				return err
			},
		},
		ehr.ActionRead: {
			func() error { _, err := s.Party(ctx, who, in.Kind, made.UID.Object, time.Time{}); return err },
			func() error { _, err := s.PartyVersion(ctx, who, in.Kind, made.UID); return err },
			func() error { _, err := s.PartyKind(ctx, who, made.UID.Object); return err },
			func() error { _, err := s.Versions(ctx, who, ehr.Demographics, in.Kind, made.UID.Object); return err },
			func() error { _, err := s.Tags(ctx, who, ehr.Demographics, on); return err },
			func() error { _, err := s.EHRTags(ctx, who, ehr.Demographics, ehr.TagFilter{}); return err },
			func() error {
				_, err := s.Contribution(ctx, who, ehr.Demographics, made.Meta.ContributionID)
				return err
			},
		},
	}
	var before, after int
	count := func(n *int) {
		t.Helper()
		if err := st.Pool().QueryRow(ctx, `select count(*) from version`).Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	count(&before)
	for action, list := range uses {
		policy.refuse = action
		for i, use := range list {
			policy.asked = nil
			if err := use(); !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s %d: %v", action, i, err)
			}
			for _, on := range policy.asked {
				if on.EHRID != "" || on.Class == "" {
					t.Errorf("%s %d: asked about %+v", action, i, on)
				}
			}
		}
	}
	if count(&after); after != before {
		t.Errorf("%d versions were committed in spite of it", after-before)
	}
	if told != 0 {
		t.Errorf("a projection was told of %d parties", told)
	}
	policy.refuse = ""
	for _, use := range uses[ehr.ActionRead] {
		if err := use(); err != nil {
			t.Error(err)
		}
	}
}

func TestKindsOfParty(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, func(*ehr.Config) {})
	ctx := t.Context()
	for _, kind := range []ehr.Kind{0, ehr.KindComposition, ehr.KindEHRStatus, ehr.KindFolder, ehr.KindEHRAccess, 10} {
		in := ehr.WriteParty{Kind: kind, Content: ehr.Content{Root: party("PERSON")}}
		_, err := s.CreateParty(ctx, who, in)
		wantKind(t, err, errs.Invalid)
		_, err = s.UpdateParty(ctx, who, in)
		wantKind(t, err, errs.Invalid)
		_, err = s.DeleteParty(ctx, who, in)
		wantKind(t, err, errs.Invalid)
		_, err = s.Party(ctx, who, kind, uuid.New(), time.Time{})
		wantKind(t, err, errs.Invalid)
		_, err = s.PartyVersion(ctx, who, kind, ehr.VersionUID{Object: uuid.New(), System: "s", Trunk: 1})
		wantKind(t, err, errs.Invalid)
	}
	_, err := s.Party(ctx, who, ehr.KindPerson, uuid.Nil, time.Time{})
	wantKind(t, err, errs.NotFound)
	_, err = s.PartyKind(ctx, who, uuid.New())
	wantKind(t, err, errs.NotFound)
	_, err = s.CreateParty(ctx, who, ehr.WriteParty{Kind: ehr.KindRole, Content: ehr.Content{Root: party("PERSON")}})
	wantKind(t, err, errs.Invalid)
	// A person with its uid and a new one are not mixed up.
	id := uuid.New()
	self := rm.Object("PARTY_RELATIONSHIP", rm.Child("name", rm.Text("r")), rm.Str("archetype_node_id", "at0004"),
		rm.Child("source", partyRef("PERSON", id)), rm.Child("target", partyRef("PERSON", id)))
	root := party("PERSON", rm.Child("uid", rm.ID("HIER_OBJECT_ID", id.String())), rm.Child("relationships", self))
	done, err := s.CreateParty(ctx, who, ehr.WriteParty{Kind: ehr.KindPerson, Content: ehr.Content{Root: root}})
	if err != nil || len(done.Warnings) > 0 {
		t.Fatalf("%v, %v", done.Warnings, err)
	}
	rec, err := s.Party(ctx, who, ehr.KindPerson, done.UID.Object, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	n, _ := rm.DecodeJSON(rec.Raw, rm.Lookup("PERSON"), rm.JSONOptions{})
	rel := n.List("relationships")[0]
	want := done.UID.Object.String()
	if diff := cmp.Diff([]string{want, want}, []string{rel.String("source", "id", "value"), rel.String("target", "id", "value")}); diff != "" {
		t.Error(diff)
	}
	if root.List("relationships")[0].String("source", "id", "value") != id.String() {
		t.Error("the caller's tree was changed")
	}
}

// A party is what the last of its versions in a contribution makes of it, for
// those that refer to it and for its deletion.
func TestHistoryOfAParty(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, func(*ehr.Config) {})
	first := func() ehr.VersionUID { return ehr.VersionUID{Object: uuid.New(), System: systemID, Trunk: 1} }
	kept, gone, role := first(), first(), first()
	creation := func(uid ehr.VersionUID, root *rm.Node) ehr.Change {
		return ehr.Change{UID: uid, Content: ehr.Content{Root: root}}
	}
	played := func(by ehr.VersionUID) *rm.Node {
		return party("ROLE", rm.Child("performer", partyRef("PERSON", by.Object)))
	}
	changes := []ehr.Change{
		creation(kept, party("PERSON")), creation(gone, party("PERSON")),
		creation(role, played(kept)),
		{Preceding: role, Content: ehr.Content{Root: played(gone)}},
		{Preceding: kept, Content: ehr.Content{Root: party("PERSON")}},
		{Preceding: gone, Audit: ehr.AuditInput{ChangeType: ehr.ChangeDeleted}},
	}
	done, warnings, err := s.CommitContribution(t.Context(), who, ehr.CommitContribution{EHRID: ehr.Demographics, Changes: changes})
	if err != nil || len(done.Versions) != len(changes) {
		t.Fatalf("%+v, %v", done, err)
	}
	if len(warnings) != 1 || warnings[0].Code != ehr.ProblemReferenceDeleted || !strings.HasPrefix(warnings[0].Path, "/versions[3]/") {
		t.Errorf("%+v", warnings)
	}
	for uid, deleted := range map[ehr.VersionUID]bool{kept: false, gone: true} {
		rec, err := s.Party(t.Context(), who, ehr.KindPerson, uid.Object, time.Time{})
		if err != nil || rec.UID.Trunk != 2 || rec.Deleted != deleted {
			t.Errorf("%+v, %v", rec, err)
		}
	}
}
