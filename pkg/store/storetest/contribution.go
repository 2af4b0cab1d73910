package storetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// testContribution: a contribution reads back with its audit and its versions.
func testContribution(t *testing.T, s ehr.Store) {
	id := mustEHR(t, s)
	c := contribution(id, composition(uuid.New(), 1, document(1)), composition(uuid.New(), 1, document(2)), folder(uuid.New(), 1, "a"))
	c.ChangeType, c.Description = ehr.ChangeSynthesis, []byte(`{"_type":"DV_TEXT","value":"why"}`)
	at := mustCommit(t, s, c)
	got, err := s.Contribution(t.Context(), id, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Audit.Committer) == 0 || len(got.Audit.Description) == 0 {
		t.Errorf("no committer or description: %+v", got.Audit)
	}
	got.Audit.Committer, got.Audit.Description = nil, nil
	want := ehr.ContributionRecord{ID: c.ID, Audit: ehr.Audit{SystemID: SystemID, TimeCommitted: at, ChangeType: ehr.ChangeSynthesis}}
	for _, v := range c.Versions {
		want.Versions = append(want.Versions, ehr.ContributionVersion{UID: v.UID, Kind: v.Kind})
	}
	slices.SortFunc(want.Versions, func(a, b ehr.ContributionVersion) int {
		return slices.Compare(a.UID.Object[:], b.UID.Object[:])
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// Its id is taken, and it is in its own EHR only.
	again := contribution(id, composition(uuid.New(), 1, document(1)))
	again.ID = c.ID
	_, err = s.Commit(t.Context(), again)
	wantKind(t, err, errs.Conflict)
	for _, at := range [][2]uuid.UUID{{id, uuid.New()}, {mustEHR(t, s), c.ID}, {uuid.New(), c.ID}} {
		_, err = s.Contribution(t.Context(), at[0], at[1])
		wantKind(t, err, errs.NotFound)
	}
}

// folder is a directory; "" is its deletion.
func folder(object uuid.UUID, trunk int, name string) ehr.NewVersion {
	raw := ""
	if name != "" {
		raw = `{"_type":"FOLDER","name":{"_type":"DV_TEXT","value":"` + name + `"}}`
	}
	return version(ehr.VersionUID{Object: object, System: SystemID, Trunk: trunk}, ehr.KindFolder, ehr.LifecycleComplete, raw)
}
