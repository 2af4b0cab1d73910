package storetest

import (
	"sync"
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

// testEraseParty: a party that is erased is gone with all its versions, while
// others change it; other parties and objects of EHRs with its id are not.
func testEraseParty(t *testing.T, s ehr.Store) {
	who := ehr.Actor{ID: "eraser"}
	newParty := func(object uuid.UUID, version int) ehr.NewVersion {
		v := composition(object, version, document(version))
		v.Kind = ehr.KindPerson
		return v
	}
	v, other := newParty(uuid.New(), 1), newParty(uuid.New(), 1)
	in := contribution(ehr.Demographics, v)
	in.Tags = []ehr.TagUpdate{{Target: ehr.TagTarget{Kind: v.Kind, Object: v.UID.Object}, Tags: []ehr.ItemTag{{Key: "k"}}}}
	mustCommit(t, s, in)
	mustCommit(t, s, contribution(ehr.Demographics, other))
	id := mustEHR(t, s)
	same := composition(uuid.New(), 1, document(1))
	mustCommit(t, s, contribution(id, same))

	wantKind(t, s.EraseParty(t.Context(), who, uuid.New(), nil), errs.NotFound)
	wantKind(t, s.EraseParty(t.Context(), who, same.UID.Object, nil), errs.NotFound)
	wantKind(t, s.EraseComposition(t.Context(), who, ehr.Demographics, v.UID.Object), errs.NotFound)

	// Someone updates it all the while.
	var group sync.WaitGroup
	started, stop := make(chan struct{}), make(chan struct{})
	group.Go(func() {
		begin := sync.OnceFunc(func() { close(started) })
		defer begin()
		for n := 2; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			next := newParty(v.UID.Object, n)
			next.Preceding = ehr.VersionUID{Object: v.UID.Object, System: v.UID.System, Trunk: n - 1}
			if _, err := s.Commit(t.Context(), contribution(ehr.Demographics, next)); err != nil {
				if !errs.Is(err, errs.NotFound) {
					t.Error(err)
				}
				return
			}
			begin()
		}
	})
	<-started
	if err := s.EraseParty(t.Context(), who, v.UID.Object, nil); err != nil {
		t.Fatal(err)
	}
	close(stop)
	group.Wait()
	wantKind(t, s.EraseParty(t.Context(), who, v.UID.Object, nil), errs.NotFound)
	_, err := s.Version(t.Context(), ehr.Demographics, v.Kind, ehr.VersionSelector{Object: v.UID.Object})
	wantKind(t, err, errs.NotFound)
	_, err = s.Contribution(t.Context(), ehr.Demographics, in.ID)
	wantKind(t, err, errs.NotFound)
	if tags, err := s.Tags(t.Context(), ehr.Demographics, ehr.TagTarget{Kind: v.Kind, Object: v.UID.Object}); err == nil && len(tags) != 0 {
		t.Errorf("%v", tags)
	}
	for _, kept := range []struct {
		ehr uuid.UUID
		ehr.NewVersion
	}{{ehr.Demographics, other}, {id, same}} {
		if _, err := s.Version(t.Context(), kept.ehr, kept.Kind, ehr.VersionSelector{Object: kept.UID.Object}); err != nil {
			t.Error(err)
		}
	}
}
