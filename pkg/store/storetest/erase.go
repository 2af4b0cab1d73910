package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// testErase: an EHR that is erased is gone with everything in it, and others
// are not.
func testErase(t *testing.T, s ehr.Store) {
	subject := ehr.Subject{ID: uuid.NewString(), Namespace: "n"}
	c := newEHR(ehr.StatusFields{IsQueryable: true, IsModifiable: true, Subject: subject})
	mustCommit(t, s, c)
	v := composition(uuid.New(), 1, document(1))
	in := contribution(c.EHRID, v)
	on := ehr.TagTarget{Kind: v.Kind, Object: v.UID.Object}
	in.Tags = []ehr.TagUpdate{{Target: on, Tags: []ehr.ItemTag{{Key: "k"}}}}
	mustCommit(t, s, in)
	other := mustEHR(t, s)
	who := ehr.Actor{ID: "eraser"}

	// All or none.
	wantKind(t, s.EraseEHRs(t.Context(), who, []uuid.UUID{c.EHRID, uuid.New()}), errs.NotFound)
	if _, err := s.EHR(t.Context(), c.EHRID); err != nil {
		t.Fatal(err)
	}
	if err := s.EraseEHRs(t.Context(), who, []uuid.UUID{c.EHRID}); err != nil {
		t.Fatal(err)
	}
	_, err := s.EHR(t.Context(), c.EHRID)
	wantKind(t, err, errs.NotFound)
	_, err = s.EHRBySubject(t.Context(), subject.ID, subject.Namespace)
	wantKind(t, err, errs.NotFound)
	_, err = s.Version(t.Context(), c.EHRID, v.Kind, ehr.VersionSelector{Object: v.UID.Object})
	wantKind(t, err, errs.NotFound)
	_, err = s.Contribution(t.Context(), c.EHRID, in.ID)
	wantKind(t, err, errs.NotFound)
	_, err = s.Commit(t.Context(), contribution(c.EHRID, composition(uuid.New(), 1, document(1))))
	wantKind(t, err, errs.NotFound)
	wantKind(t, s.EraseEHRs(t.Context(), who, []uuid.UUID{c.EHRID}), errs.NotFound)
	if _, err := s.EHR(t.Context(), other); err != nil {
		t.Error(err)
	}

	// The id and the subject are free again, and nothing of the old EHR is in the new.
	mustCommit(t, s, c)
	_, err = s.Version(t.Context(), c.EHRID, v.Kind, ehr.VersionSelector{Object: v.UID.Object})
	wantKind(t, err, errs.NotFound)
	if tags, err := s.EHRTags(t.Context(), c.EHRID, ehr.TagFilter{}); err != nil || len(tags) != 0 {
		t.Errorf("%v, %v", tags, err)
	}
}
