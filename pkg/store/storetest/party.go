package storetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

var parties = []ehr.Kind{ehr.KindAgent, ehr.KindGroup, ehr.KindOrganisation, ehr.KindPerson, ehr.KindRole}

func party(kind ehr.Kind, object uuid.UUID, trunk int) ehr.NewVersion {
	return version(ehr.VersionUID{Object: object, System: SystemID, Trunk: trunk}, kind, ehr.LifecycleComplete, `{"_type":"`+kind.String()+`"}`)
}

// testParties: the demographic repository has contributions, versions and tags
// of parties, none of which can be found in or through an EHR, and nothing else.
func testParties(t *testing.T, s ehr.Store) {
	id := mustEHR(t, s)
	const in = "00000000-0000-0000-0000-000000000000"
	if ehr.Demographics.String() != in {
		t.Fatalf("the demographic repository is %v", ehr.Demographics)
	}
	var versions []ehr.NewVersion
	var objects []uuid.UUID
	for _, kind := range parties {
		v := party(kind, uuid.New(), 1)
		v.Archetypes = []ehr.ArchetypeRoot{{ArchetypeID: "openEHR-DEMOGRAPHIC-" + kind.String() + ".test.v1", RMType: kind.String()}}
		versions, objects = append(versions, v), append(objects, v.UID.Object)
	}
	c := contribution(ehr.Demographics, versions...)
	for _, v := range versions {
		c.Tags = append(c.Tags, ehr.TagUpdate{Target: ehr.TagTarget{Kind: v.Kind, Object: v.UID.Object}, Tags: []ehr.ItemTag{{Key: "k", Value: c.ID.String()}}})
	}
	at := mustCommit(t, s, c)

	for i, v := range versions {
		rec, err := s.Version(t.Context(), ehr.Demographics, v.Kind, ehr.VersionSelector{Object: v.UID.Object})
		if err != nil || string(rec.Raw) != string(v.Raw) || rec.UID != v.UID || !rec.Tagged || !rec.Meta.Audit.TimeCommitted.Equal(at) {
			t.Errorf("%v: %+v, %v", v.Kind, rec, err)
		}
		list, err := s.Versions(t.Context(), ehr.Demographics, v.Kind, v.UID.Object)
		if err != nil || len(list) != 1 || list[0].Kind != v.Kind {
			t.Errorf("%v: %+v, %v", v.Kind, list, err)
		}
		// Neither under another kind nor in an EHR.
		for _, sel := range []ehr.VersionSelector{{Object: v.UID.Object}, {Object: v.UID.Object, Trunk: 1}, {Object: v.UID.Object, At: at}} {
			wantKind(t, read(t, s, ehr.Demographics, parties[(i+1)%len(parties)], sel), errs.NotFound)
			wantKind(t, read(t, s, id, v.Kind, sel), errs.NotFound)
		}
		_, err = s.Versions(t.Context(), id, v.Kind, v.UID.Object)
		wantKind(t, err, errs.NotFound)
		on := ehr.TagTarget{Kind: v.Kind, Object: v.UID.Object}
		_, err = s.Tags(t.Context(), id, on)
		wantKind(t, err, errs.NotFound)
		if tags, err := s.Tags(t.Context(), ehr.Demographics, on); err != nil || len(tags) != 1 {
			t.Errorf("%v, %v", tags, err)
		}
	}
	got, err := s.Contribution(t.Context(), ehr.Demographics, c.ID)
	if err != nil || len(got.Versions) != len(versions) {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = s.Contribution(t.Context(), id, c.ID)
	wantKind(t, err, errs.NotFound)
	_, err = s.Contribution(t.Context(), ehr.Demographics, uuid.New())
	wantKind(t, err, errs.NotFound)
	items, err := s.EHRTags(t.Context(), ehr.Demographics, ehr.TagFilter{Value: c.ID.String()})
	if err != nil || len(items) != len(versions) {
		t.Errorf("%v, %v", items, err)
	}
	if items, err := s.EHRTags(t.Context(), ehr.Demographics, ehr.TagFilter{Key: "no such"}); err != nil || len(items) != 0 {
		t.Errorf("%v, %v", items, err)
	}
	_, err = s.EHR(t.Context(), ehr.Demographics)
	wantKind(t, err, errs.NotFound)
	_, err = s.Version(t.Context(), ehr.Demographics, ehr.KindEHRStatus, ehr.VersionSelector{})
	wantKind(t, err, errs.NotFound)

	// An archetype is revised in the life of a party.
	person := party(ehr.KindPerson, objects[slices.Index(parties, ehr.KindPerson)], 2)
	person.Archetypes = []ehr.ArchetypeRoot{{ArchetypeID: "openEHR-DEMOGRAPHIC-PERSON.test.v2", RMType: "PERSON"}}
	mustCommit(t, s, contribution(ehr.Demographics, person))
	_, err = s.Commit(t.Context(), contribution(ehr.Demographics, person))
	wantLatest(t, err, errs.Precondition, person.UID)
	gone := version(ehr.VersionUID{Object: objects[0], System: SystemID, Trunk: 2}, parties[0], 0, "")
	mustCommit(t, s, contribution(ehr.Demographics, gone))

	states, err := s.Parties(t.Context(), append(objects, uuid.New()))
	want := map[uuid.UUID]ehr.PartyState{}
	for i, kind := range parties {
		want[objects[i]] = ehr.PartyState{Kind: kind, Deleted: i == 0}
	}
	if diff := cmp.Diff(want, states); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}

	// Parties belong here and nowhere else, and nothing else belongs here.
	for _, c := range []ehr.Contribution{
		contribution(id, party(ehr.KindPerson, uuid.New(), 1)),
		contribution(ehr.Demographics, composition(uuid.New(), 1, document(1))),
		contribution(ehr.Demographics, party(ehr.KindRole, uuid.New(), 1), folder(uuid.New(), 1, "a")),
	} {
		_, err := s.Commit(t.Context(), c)
		wantKind(t, err, errs.Invalid)
	}
	c = newEHR(open)
	c.EHRID = ehr.Demographics
	_, err = s.Commit(t.Context(), c)
	wantKind(t, err, errs.Invalid)
	// An object id is taken in the repository, whatever the kind.
	_, err = s.Commit(t.Context(), contribution(ehr.Demographics, party(ehr.KindAgent, person.UID.Object, 1)))
	wantKind(t, err, errs.Conflict)
	wantKind(t, s.EraseEHRs(t.Context(), ehr.Actor{ID: "u"}, []uuid.UUID{ehr.Demographics}), errs.NotFound)
}
