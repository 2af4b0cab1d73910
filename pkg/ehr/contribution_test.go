package ehr_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// subjects is a projection that makes nothing and remembers whom it was told
// the versions are about.
type subjects struct{ of *[]string }

func (subjects) Name() string    { return "subjects" }
func (subjects) Version() string { return "1" }

func (p subjects) Project(in ehr.ProjectionInput) ehr.Projected {
	if in.Kind == ehr.KindComposition {
		*p.of = append(*p.of, in.SubjectID)
	}
	return ehr.Projected{}
}

func creation(t testing.TB) ehr.Change {
	return ehr.Change{Content: ehr.Content{Root: vitals(t)}}
}

func TestContributionAsksForEveryChange(t *testing.T) {
	t.Parallel()
	policy := &decisions{}
	s, st := ready(t, func(c *ehr.Config) { c.Decision = policy })
	e := mustEHR(t, s)
	v := mustCreate(t, s, e.ID)
	update := ehr.Change{Preceding: v.UID, Content: ehr.Content{Root: vitals(t)}}
	remove := ehr.Change{Preceding: v.UID, Audit: ehr.AuditInput{ChangeType: ehr.ChangeDeleted}}
	count := func() (n int) {
		t.Helper()
		if err := st.Pool().QueryRow(t.Context(), `select count(*) from version`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	// What is refused is the last of the set: nothing of it is committed.
	for action, change := range map[ehr.Action]ehr.Change{ehr.ActionUpdate: update, ehr.ActionDelete: remove} {
		policy.refuse = action
		_, _, err := s.CommitContribution(t.Context(), who, ehr.CommitContribution{EHRID: e.ID, Changes: []ehr.Change{creation(t), change}})
		wantKind(t, err, errs.Forbidden)
	}
	policy.refuse = ehr.ActionRead
	_, err := s.Contribution(t.Context(), who, e.ID, v.Meta.ContributionID)
	wantKind(t, err, errs.Forbidden)
	policy.refuse = ehr.ActionErase
	wantKind(t, s.EraseEHRs(t.Context(), who, e.ID), errs.Forbidden)
	wantKind(t, s.EraseAllEHRs(t.Context(), who), errs.Forbidden)
	if n := count(); n != before {
		t.Errorf("%d versions of refused sets", n-before)
	}

	policy.refuse, policy.asked = "", nil
	if _, _, err := s.CommitContribution(t.Context(), who, ehr.CommitContribution{EHRID: e.ID, Changes: []ehr.Change{creation(t), update}}); err != nil {
		t.Fatal(err)
	}
	for _, target := range policy.asked {
		if target.EHRID != e.ID.String() || target.Class != "COMPOSITION" || target.TemplateID == "" {
			t.Errorf("%+v", target)
		}
	}
	if len(policy.asked) != 2 {
		t.Errorf("asked %d times", len(policy.asked))
	}
}

func TestContributionProjectsForItsOwnSubject(t *testing.T) {
	t.Parallel()
	var seen []string
	s, _ := ready(t, func(c *ehr.Config) { c.Projections = []ehr.Projection{subjects{&seen}} })
	e, err := s.CreateEHR(t.Context(), who, ehr.CreateEHR{Status: ehr.Content{Root: status("old")}})
	if err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, e.ID)
	moved := ehr.Change{Preceding: e.StatusUID, Content: ehr.Content{Root: status("new")}}
	if _, _, err := s.CommitContribution(t.Context(), who, ehr.CommitContribution{EHRID: e.ID, Changes: []ehr.Change{creation(t), moved}}); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, e.ID)
	if got := strings.Join(seen, " "); got != "old new new" {
		t.Errorf("projected for %s", got)
	}
	// An erased EHR's subject is not remembered for one with the same id.
	if err := s.EraseEHRs(t.Context(), who, e.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateEHR(t.Context(), who, ehr.CreateEHR{ID: e.ID, Status: ehr.Content{Root: status("next")}}); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, e.ID)
	if last := seen[len(seen)-1]; last != "next" {
		t.Errorf("projected for %s", last)
	}
}

func TestContributionLimits(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, nil)
	e := mustEHR(t, s)
	in := ehr.CommitContribution{EHRID: e.ID}
	_, _, err := s.CommitContribution(t.Context(), who, in)
	wantKind(t, err, errs.Invalid)
	in.Changes = make([]ehr.Change, 1001)
	_, _, err = s.CommitContribution(t.Context(), who, in)
	wantKind(t, err, errs.TooLarge)
	wantKind(t, s.EraseEHRs(t.Context(), who), errs.Invalid)
	wantKind(t, s.EraseEHRs(t.Context(), who, make([]uuid.UUID, 1001)...), errs.TooLarge)
	in.Changes = []ehr.Change{creation(t)}
	in.Audit.Committer = rm.Text("nobody")
	_, _, err = s.CommitContribution(t.Context(), who, in)
	wantKind(t, err, errs.Invalid)
	in.Audit = ehr.AuditInput{DescriptionText: rm.ID("HIER_OBJECT_ID", "x")}
	_, _, err = s.CommitContribution(t.Context(), who, in)
	wantKind(t, err, errs.Invalid)
}
