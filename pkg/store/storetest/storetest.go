// Package storetest is the conformance suite of ehr.Store: what every
// implementation must do, whatever it is built on.
package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// SystemID is the system that the suite's versions are created by.
const SystemID = "suite.example"

// Run runs the suite. The store may hold other EHRs.
func Run(t *testing.T, s ehr.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, ehr.Store)
	}{
		{"an EHR reads back as it was created", testEHR},
		{"ids and subjects of EHRs are unique", testUniqueness},
		{"a composition lives through its versions", testLifecycle},
		{"versions are found by time", testAtTime},
		{"what does not exist is not found", testMissing},
		{"a version must follow the latest", testPreceding},
		{"a deletion is final", testDeletionIsFinal},
		{"lifecycle, archetype and category restrict the next version", testSequels},
		{"one of eight concurrent writers wins each round", testWriters},
		{"a contribution is atomic", testAtomic},
		{"an unmodifiable EHR refuses content only", testNotModifiable},
		{"no content is committed under a status that forbids it", testModifiableRace},
		{"a commit computed from an old status is stale", testStale},
		{"a contribution reads back", testContribution},
		{"a contribution may hold a whole history", testHistory},
		{"the versions of an object in a contribution follow each other", testHistoryOrder},
		{"statuses and content of one contribution", testHistoryStatus},
		{"branches leave the trunk alone", testBranches},
		{"versions of other systems are imported", testImports},
		{"attestations are added to versions", testAttestations},
		{"one of many writers of a place in the tree wins", testTreeWriters},
		{"an EHR has one directory at a time", testDirectory},
		{"templates have revisions", testTemplates},
		{"of two uploads at a time one is stored", testTemplateRace},
		{"a template in use stays", testDeleteTemplate},
		{"ADL 2 templates are stored once per version", testADL2},
		{"an erased EHR is gone", testErase},
		{"an erased party is gone", testEraseParty},
		{"tags are replaced as a whole", testTags},
		{"queries are stored once per version", testQueries},
		{"the store behaves like its model", testModel},
		{"the directory behaves like its model", testDirectoryModel},
		{"parties are in no EHR, and nothing else is with them", testParties},
		{"parties behave like their model", testPartyModel},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, s)
		})
	}
}

// newEHR is a contribution that creates an EHR.
func newEHR(fields ehr.StatusFields) ehr.Contribution {
	status := ehr.VersionUID{Object: uuid.New(), System: SystemID, Trunk: 1}
	access := ehr.VersionUID{Object: uuid.New(), System: SystemID, Trunk: 1}
	c := contribution(uuid.New(),
		version(status, ehr.KindEHRStatus, ehr.LifecycleComplete, `{"_type":"EHR_STATUS","n":1}`),
		version(access, ehr.KindEHRAccess, ehr.LifecycleComplete, `{"_type":"EHR_ACCESS"}`))
	c.NewEHR = &ehr.NewEHR{StatusObject: status.Object, AccessObject: access.Object}
	c.Versions[0].Status = &fields
	return c
}

var open = ehr.StatusFields{IsQueryable: true, IsModifiable: true}

func contribution(ehrID uuid.UUID, versions ...ehr.NewVersion) ehr.Contribution {
	return ehr.Contribution{
		EHRID: ehrID, ID: uuid.New(), SystemID: SystemID, ChangeType: versions[0].ChangeType,
		Committer: []byte(`{"_type":"PARTY_IDENTIFIED","name":"n"}`), Actor: "suite", Versions: versions,
	}
}

// version is a new version; "" is a deletion.
func version(uid ehr.VersionUID, kind ehr.Kind, lifecycle int, raw string) ehr.NewVersion {
	v := ehr.NewVersion{UID: uid, Kind: kind, LifecycleState: lifecycle, ChangeType: ehr.ChangeCreation}
	if uid.Trunk > 1 {
		v.ChangeType = ehr.ChangeModification
		v.Preceding = uid
		v.Preceding.Trunk--
	}
	if raw == "" {
		v.LifecycleState, v.ChangeType = ehr.LifecycleDeleted, ehr.ChangeDeleted
	} else {
		v.Raw = []byte(raw)
		if kind == ehr.KindComposition {
			v.Archetypes = []ehr.ArchetypeRoot{{ArchetypeID: "openEHR-EHR-COMPOSITION.encounter.v1", RMType: "COMPOSITION"}}
			v.Category = 433
		}
	}
	return v
}

func composition(object uuid.UUID, trunk int, raw string) ehr.NewVersion {
	return version(ehr.VersionUID{Object: object, System: SystemID, Trunk: trunk}, ehr.KindComposition, ehr.LifecycleComplete, raw)
}

func document(n int) string {
	return fmt.Sprintf(`{"_type":"COMPOSITION","n":%d,"magnitude":%d.500}`, n, n)
}

func mustCommit(t testing.TB, s ehr.Store, c ehr.Contribution) time.Time {
	t.Helper()
	at, err := s.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func mustEHR(t testing.TB, s ehr.Store) uuid.UUID {
	t.Helper()
	c := newEHR(open)
	mustCommit(t, s, c)
	return c.EHRID
}

func wantKind(t testing.TB, err error, kind errs.Kind) {
	t.Helper()
	if !errs.Is(err, kind) {
		t.Fatalf("error %v, want one of kind %v", err, kind)
	}
}

// wantLatest checks that an error names the latest version.
func wantLatest(t testing.TB, err error, kind errs.Kind, latest ehr.VersionUID) {
	t.Helper()
	wantKind(t, err, kind)
	if got, ok := errs.As(err).Detail.(ehr.VersionUID); !ok || got != latest {
		t.Fatalf("error names version %v, want %v", errs.As(err).Detail, latest)
	}
}

func testEHR(t *testing.T, s ehr.Store) {
	subject := ehr.Subject{ID: uuid.NewString(), Namespace: "patients", Type: "PERSON"}
	c := newEHR(ehr.StatusFields{IsQueryable: false, IsModifiable: true, Subject: subject})
	before := time.Now().Add(-time.Minute)
	at := mustCommit(t, s, c)
	if at.Before(before) || at.After(time.Now().Add(time.Minute)) {
		t.Errorf("committed at %v", at)
	}
	want := ehr.EHR{
		ID: c.EHRID, SystemID: SystemID, TimeCreated: at, IsModifiable: true, Subject: subject,
		StatusUID: c.Versions[0].UID, AccessUID: c.Versions[1].UID,
	}
	for name, find := range map[string]func() (ehr.EHR, error){
		"by id":      func() (ehr.EHR, error) { return s.EHR(t.Context(), c.EHRID) },
		"by subject": func() (ehr.EHR, error) { return s.EHRBySubject(t.Context(), subject.ID, subject.Namespace) },
	} {
		got, err := find()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for i, kind := range []ehr.Kind{ehr.KindEHRStatus, ehr.KindEHRAccess} {
		rec, err := s.Version(t.Context(), c.EHRID, kind, ehr.VersionSelector{})
		if err != nil {
			t.Fatal(err)
		}
		if string(rec.Raw) != string(c.Versions[i].Raw) || rec.UID != c.Versions[i].UID ||
			rec.Meta.ContributionID != c.ID || !rec.Meta.Audit.TimeCommitted.Equal(at) {
			t.Errorf("%v: %+v", kind, rec)
		}
	}

	// The row follows the next EHR_STATUS.
	status := version(ehr.VersionUID{Object: want.StatusUID.Object, System: SystemID, Trunk: 2},
		ehr.KindEHRStatus, ehr.LifecycleComplete, `{"_type":"EHR_STATUS","n":2}`)
	status.Status = &ehr.StatusFields{IsQueryable: true, IsModifiable: false}
	mustCommit(t, s, contribution(c.EHRID, status))
	want.StatusUID.Trunk, want.IsQueryable, want.IsModifiable, want.Subject = 2, true, false, ehr.Subject{}
	got, err := s.EHR(t.Context(), c.EHRID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = s.EHRBySubject(t.Context(), subject.ID, subject.Namespace)
	wantKind(t, err, errs.NotFound)
}

func testUniqueness(t *testing.T, s ehr.Store) {
	subject := ehr.Subject{ID: uuid.NewString(), Type: "PERSON"}
	first := newEHR(ehr.StatusFields{Subject: subject})
	mustCommit(t, s, first)

	again := newEHR(open)
	again.EHRID = first.EHRID
	_, err := s.Commit(t.Context(), again)
	wantKind(t, err, errs.Conflict)

	twin := newEHR(ehr.StatusFields{Subject: subject})
	_, err = s.Commit(t.Context(), twin)
	wantKind(t, err, errs.Conflict)
	_, err = s.EHR(t.Context(), twin.EHRID)
	wantKind(t, err, errs.NotFound)

	// The same id in another namespace is another subject.
	elsewhere := newEHR(ehr.StatusFields{Subject: ehr.Subject{ID: subject.ID, Namespace: "elsewhere"}})
	mustCommit(t, s, elsewhere)

	id := mustEHR(t, s)
	c := composition(uuid.New(), 1, document(1))
	mustCommit(t, s, contribution(id, c))
	_, err = s.Commit(t.Context(), contribution(id, c))
	wantKind(t, err, errs.Conflict)
}

func testLifecycle(t *testing.T, s ehr.Store) {
	id, object := mustEHR(t, s), uuid.New()
	template, err := s.InsertTemplate(t.Context(), ehr.Template{
		TemplateInfo: ehr.TemplateInfo{TemplateID: uuid.NewString(), Concept: "c", ArchetypeID: "a", Language: "en"}, OPT: []byte("<x/>"),
	}, 0, "someone")
	if err != nil {
		t.Fatal(err)
	}
	var want []ehr.VersionMeta
	var at time.Time
	for trunk, raw := range []string{document(1), document(2), document(3), ""} {
		v := composition(object, trunk+1, raw)
		if raw != "" {
			v.Template, v.Signature = template, "signed"
		}
		c := contribution(id, v)
		c.Description = []byte(`{"_type":"DV_TEXT","value":"the set"}`)
		c.Versions[0].Description = []byte(`{"_type":"DV_TEXT","value":"why"}`)
		now := mustCommit(t, s, c)
		if !now.After(at) {
			t.Errorf("version %d committed at %v, not after %v", trunk+1, now, at)
		}
		if !now.Equal(now.Truncate(time.Millisecond)) {
			t.Errorf("committed at %v, which no door shows in full", now)
		}
		at = now
		if n := len(want); n > 0 {
			want[n-1].TimeSuperseded = at
		}
		m := ehr.VersionMeta{
			UID: v.UID, Kind: v.Kind, ContributionID: c.ID, LifecycleState: v.LifecycleState,
			TemplateID: v.Template.TemplateID, TemplateRevision: v.Template.Revision, Signature: v.Signature,
			Audit: ehr.Audit{SystemID: SystemID, TimeCommitted: at, ChangeType: v.ChangeType},
		}
		want = append(want, m)

		rec, err := s.Version(t.Context(), id, v.Kind, ehr.VersionSelector{Object: object})
		if err != nil {
			t.Fatal(err)
		}
		if rec.UID != v.UID || string(rec.Raw) != raw || rec.Deleted != (raw == "") {
			t.Errorf("version %d reads %+v", trunk+1, rec)
		}
	}
	got, err := s.Versions(t.Context(), id, ehr.KindComposition, object)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if len(got[i].Audit.Committer) == 0 || !strings.Contains(string(got[i].Audit.Description), "why") {
			t.Errorf("version %d is without committer or has the description %s", i+1, got[i].Audit.Description)
		}
		got[i].Audit.Committer, got[i].Audit.Description = nil, nil
		if i > 0 {
			want[i].Preceding = want[i-1].UID
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Old versions stay what they were.
	for i, m := range want[:3] {
		rec, err := s.Version(t.Context(), id, m.Kind, ehr.VersionSelector{Object: object, Trunk: i + 1})
		if err != nil || string(rec.Raw) != document(i+1) {
			t.Errorf("version %d reads %q, %v", i+1, rec.Raw, err)
		}
	}
}

func testAtTime(t *testing.T, s ehr.Store) {
	id, object := mustEHR(t, s), uuid.New()
	times := []time.Time{
		mustCommit(t, s, contribution(id, composition(object, 1, document(1)))),
		mustCommit(t, s, contribution(id, composition(object, 2, document(2)))),
		mustCommit(t, s, contribution(id, composition(object, 3, ""))),
	}
	for _, test := range []struct {
		at   time.Time
		want int // 0: not found
	}{
		{times[0].Add(-time.Microsecond), 0},
		{times[0], 1},
		{times[1].Add(-time.Microsecond), 1},
		{times[1], 2},
		{times[2].Add(-time.Microsecond), 2},
		{times[2], 3},
		{times[2].Add(time.Hour), 3},
		{times[1].In(time.FixedZone("", 7200)), 2},
	} {
		rec, err := s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: object, At: test.at})
		if test.want == 0 {
			wantKind(t, err, errs.NotFound)
			continue
		}
		if err != nil || rec.UID.Trunk != test.want || rec.Deleted != (test.want == 3) {
			t.Errorf("at %v: %+v, %v, want version %d", test.at, rec, err, test.want)
		}
	}
}

func testMissing(t *testing.T, s ehr.Store) {
	ctx := t.Context()
	id, object := mustEHR(t, s), uuid.New()
	mustCommit(t, s, contribution(id, composition(object, 1, document(1))))
	other := mustEHR(t, s)
	for name, f := range map[string]func() error{
		"EHR":     func() error { _, err := s.EHR(ctx, uuid.New()); return err },
		"subject": func() error { _, err := s.EHRBySubject(ctx, uuid.NewString(), ""); return err },
		"version 2": func() error {
			return read(t, s, id, ehr.KindComposition, ehr.VersionSelector{Object: object, Trunk: 2})
		},
		"object":        func() error { return read(t, s, id, ehr.KindComposition, ehr.VersionSelector{Object: uuid.New()}) },
		"in other EHR":  func() error { return read(t, s, other, ehr.KindComposition, ehr.VersionSelector{Object: object}) },
		"in no EHR":     func() error { return read(t, s, uuid.New(), ehr.KindComposition, ehr.VersionSelector{Object: object}) },
		"of other kind": func() error { return read(t, s, id, ehr.KindEHRStatus, ehr.VersionSelector{Object: object}) },
		"versions":      func() error { _, err := s.Versions(ctx, id, ehr.KindComposition, uuid.New()); return err },
		"commit, no EHR": func() error {
			_, err := s.Commit(ctx, contribution(uuid.New(), composition(uuid.New(), 1, document(1))))
			return err
		},
		"update of none": func() error {
			_, err := s.Commit(ctx, contribution(id, composition(uuid.New(), 2, document(1))))
			return err
		},
		"update in other EHR": func() error {
			_, err := s.Commit(ctx, contribution(other, composition(object, 2, document(1))))
			return err
		},
		"template": func() error { _, err := s.Template(ctx, uuid.NewString(), 0); return err },
	} {
		if err := f(); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func read(t testing.TB, s ehr.Store, id uuid.UUID, kind ehr.Kind, sel ehr.VersionSelector) error {
	_, err := s.Version(t.Context(), id, kind, sel)
	return err
}

func testPreceding(t *testing.T, s ehr.Store) {
	id, object := mustEHR(t, s), uuid.New()
	mustCommit(t, s, contribution(id, composition(object, 1, document(1))))
	v2 := composition(object, 2, document(2))
	mustCommit(t, s, contribution(id, v2))

	for name, change := range map[string]func(*ehr.NewVersion){
		"an older one":         func(v *ehr.NewVersion) { v.UID.Trunk, v.Preceding.Trunk = 2, 1 },
		"one to come":          func(v *ehr.NewVersion) { v.UID.Trunk, v.Preceding.Trunk = 9, 8 },
		"one of other systems": func(v *ehr.NewVersion) { v.Preceding.System = "other.example" },
	} {
		v := composition(object, 3, document(3))
		change(&v)
		_, err := s.Commit(t.Context(), contribution(id, v))
		if !errs.Is(err, errs.Precondition) || errs.As(err).Detail != v2.UID || errs.As(err).Code != ehr.CodeNotLatest {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Systems compare without regard to case.
	v := composition(object, 3, document(3))
	v.Preceding.System = "SUITE.example"
	mustCommit(t, s, contribution(id, v))
}

func testDeletionIsFinal(t *testing.T, s ehr.Store) {
	id, object := mustEHR(t, s), uuid.New()
	mustCommit(t, s, contribution(id, composition(object, 1, document(1))))
	gone := composition(object, 2, "")
	mustCommit(t, s, contribution(id, gone))

	_, err := s.Commit(t.Context(), contribution(id, composition(object, 2, "")))
	wantLatest(t, err, errs.Precondition, gone.UID)
	if errs.As(err).Code != ehr.CodeDeleted {
		t.Errorf("code %q", errs.As(err).Code)
	}
	for _, raw := range []string{"", document(3)} {
		_, err = s.Commit(t.Context(), contribution(id, composition(object, 3, raw)))
		wantLatest(t, err, errs.Conflict, gone.UID)
		if errs.As(err).Code != ehr.CodeDeleted {
			t.Errorf("code %q", errs.As(err).Code)
		}
	}
}

func testSequels(t *testing.T, s ehr.Store) {
	id := mustEHR(t, s)
	state := func(trunk, lifecycle int, object uuid.UUID) ehr.NewVersion {
		return version(ehr.VersionUID{Object: object, System: SystemID, Trunk: trunk}, ehr.KindComposition, lifecycle, document(trunk))
	}
	const complete, incomplete, inactive, abandoned = ehr.LifecycleComplete, ehr.LifecycleIncomplete, ehr.LifecycleInactive, ehr.LifecycleAbandoned
	for _, test := range []struct {
		states  []int
		refused bool // the last of them
	}{
		{states: []int{incomplete, incomplete, complete, complete, inactive, complete}},
		{states: []int{incomplete, abandoned, abandoned, incomplete, complete, inactive, incomplete}},
		{states: []int{complete, abandoned}, refused: true},
		{states: []int{complete, inactive, abandoned}, refused: true},
		{states: []int{incomplete, abandoned, complete}, refused: true},
		{states: []int{incomplete, abandoned, inactive}, refused: true},
	} {
		object := uuid.New()
		for i, lifecycle := range test.states {
			_, err := s.Commit(t.Context(), contribution(id, state(i+1, lifecycle, object)))
			if test.refused && i == len(test.states)-1 {
				wantKind(t, err, errs.Unprocessable)
			} else if err != nil {
				t.Errorf("%v, version %d: %v", test.states, i+1, err)
			}
		}
	}

	// Every transition: docs/conformance/rest.md has the same table.
	lawful := map[int][]int{
		complete:   {complete, incomplete, inactive, ehr.LifecycleDeleted},
		incomplete: {complete, incomplete, inactive, abandoned, ehr.LifecycleDeleted},
		inactive:   {complete, incomplete, inactive, ehr.LifecycleDeleted},
		abandoned:  {incomplete, abandoned, ehr.LifecycleDeleted},
	}
	for from, to := range lawful {
		for _, next := range []int{complete, incomplete, inactive, abandoned, ehr.LifecycleDeleted} {
			object := uuid.New()
			mustCommit(t, s, contribution(id, state(1, from, object)))
			v := state(2, next, object)
			if next == ehr.LifecycleDeleted {
				v = composition(object, 2, "")
			}
			_, err := s.Commit(t.Context(), contribution(id, v))
			if slices.Contains(to, next) {
				if err != nil {
					t.Errorf("%d to %d: %v", from, next, err)
				}
			} else {
				wantKind(t, err, errs.Unprocessable)
			}
		}
	}

	object := uuid.New()
	mustCommit(t, s, contribution(id, composition(object, 1, document(1))))
	v := composition(object, 2, document(2))
	v.Archetypes = []ehr.ArchetypeRoot{{ArchetypeID: "openEHR-EHR-COMPOSITION.report.v1", RMType: "COMPOSITION"}}
	_, err := s.Commit(t.Context(), contribution(id, v))
	wantKind(t, err, errs.Unprocessable)
	v = composition(object, 2, document(2))
	v.Category = 431
	_, err = s.Commit(t.Context(), contribution(id, v))
	wantKind(t, err, errs.Unprocessable)
	v.Category = 451
	mustCommit(t, s, contribution(id, v))
}
