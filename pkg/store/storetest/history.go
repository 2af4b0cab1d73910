package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// testHistory: the versions of an object in one contribution are versions like
// any other, each later than the one it follows.
func testHistory(t *testing.T, s ehr.Store) {
	const they = "they.example"
	id := mustEHR(t, s)
	o, old, theirs := uuid.New(), uuid.New(), uuid.New()
	mustCommit(t, s, contribution(id, composition(old, 1, document(1))))

	made, imports := composition(o, 2, document(2)), []ehr.NewVersion{
		imported(at(theirs, they, 1), ehr.VersionUID{}, document(31)),
		imported(at(theirs, they, 2), at(theirs, they, 1), document(32)),
		imported(at(theirs, they, 2, 1, 1), at(theirs, they, 2), document(33)),
		imported(at(theirs, they, 2, 1, 2), at(theirs, they, 2, 1, 1), document(34)),
		imported(at(theirs, they, 3), at(theirs, they, 2), document(35)),
	}
	attestation := ehr.NewAttestation{
		ChangeType: ehr.ChangeAttestation, Committer: []byte(`{"_type":"PARTY_IDENTIFIED","name":"n"}`), More: []byte(`{"is_pending":false}`),
	}
	made.Attestations = []ehr.NewAttestation{attestation}
	// In no order.
	c := contribution(id, composition(o, 3, ""), made, composition(old, 2, document(12)), composition(o, 1, document(1)),
		follow(at(old, SystemID, 2, 1, 1), at(old, SystemID, 2), document(13)), composition(old, 3, document(14)))
	c.Versions = append(c.Versions, imports...)
	for _, uid := range []ehr.VersionUID{at(old, SystemID, 1), at(old, SystemID, 3)} {
		a := attestation
		a.Version = uid
		c.Attestations = append(c.Attestations, a)
	}
	c.Tags = []ehr.TagUpdate{{Target: ehr.TagTarget{Kind: ehr.KindComposition, Object: old}, Tags: []ehr.ItemTag{{Key: "k"}}}}
	when := mustCommit(t, s, c)

	for object, want := range map[uuid.UUID]string{
		o: "1 2<1 3<2", old: "1 2<1 2.1.1<2 3<2",
		theirs: "they.example:1 they.example:2<they.example:1 they.example:2.1.1<they.example:2" +
			" they.example:2.1.2<they.example:2.1.1 they.example:3<they.example:2",
	} {
		if got := tree(t, s, id, object); got != want {
			t.Errorf("versions\n%s, want\n%s", got, want)
		}
		list, err := s.Versions(t.Context(), id, ehr.KindComposition, object)
		if err != nil {
			t.Fatal(err)
		}
		var before time.Time
		for _, v := range list {
			if !v.Audit.TimeCommitted.After(before) {
				t.Errorf("%v was committed at %v, not after %v", v.UID, v.Audit.TimeCommitted, before)
			}
			before = v.Audit.TimeCommitted
			if v.UID != at(old, SystemID, 1) && v.ContributionID != c.ID {
				t.Errorf("%v is of contribution %v", v.UID, v.ContributionID)
			}
			if v.UID.IsBranch() {
				continue
			}
			rec, err := s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: object, At: before})
			if err != nil || rec.UID != v.UID {
				t.Errorf("at the time of %v there was %v, %v", v.UID, rec.UID, err)
			}
		}
	}
	for _, uid := range []ehr.VersionUID{at(o, SystemID, 2), at(old, SystemID, 1), at(old, SystemID, 3)} {
		meta, err := s.VersionDetails(t.Context(), id, ehr.KindComposition, uid)
		if err != nil || len(meta.Attestations) != 1 {
			t.Errorf("%v: %+v, %v", uid, meta, err)
		}
	}
	rec, err := s.Contribution(t.Context(), id, c.ID)
	if err != nil || len(rec.Versions) != len(c.Versions)+1 || !rec.Audit.TimeCommitted.Equal(when) {
		t.Errorf("%+v, %v", rec, err)
	}
	last, err := readUID(t, s, id, at(theirs, they, 3))
	if err != nil || !last.Meta.Audit.TimeCommitted.Equal(when) {
		t.Errorf("the last version was committed at %v, the contribution at %v; %v", last.Meta.Audit.TimeCommitted, when, err)
	}
	tags, err := s.Tags(t.Context(), id, c.Tags[0].Target)
	if err != nil || len(tags) != 1 {
		t.Errorf("%+v, %v", tags, err)
	}

	// A request that is carried out once, and its repetition.
	key := ehr.OnceKey{Principal: "suite", Method: "POST", Path: "/", Key: uuid.NewString(), Digest: [32]byte{1}, Lifetime: time.Hour}
	n := uuid.New()
	for i := range 2 {
		_, repeated, err := s.Once(t.Context(), key, func(ctx context.Context) ([]byte, error) {
			_, err := s.Commit(ctx, contribution(id, composition(n, 1, document(1)), composition(n, 2, document(2))))
			return []byte("done"), err
		})
		if err != nil || repeated != (i == 1) {
			t.Fatal(repeated, err)
		}
	}
	if got := tree(t, s, id, n); got != "1 2<1" {
		t.Errorf("versions %s", got)
	}
}

// testHistoryOrder: what does not follow is refused with all the rest, and
// without the name of a version that is not there.
func testHistoryOrder(t *testing.T, s ehr.Store) {
	id, o := mustEHR(t, s), uuid.New()
	mustCommit(t, s, contribution(id, composition(o, 1, document(1))))
	n := uuid.New()
	for name, versions := range map[string][]ehr.NewVersion{
		"a gap":              {composition(o, 2, document(2)), composition(o, 4, document(4))},
		"the same twice":     {composition(o, 2, document(2)), composition(o, 2, document(2))},
		"after a deletion":   {composition(o, 2, ""), composition(o, 3, document(3))},
		"a branch's gap":     {composition(o, 2, document(2)), follow(at(o, SystemID, 2, 1, 1), at(o, SystemID, 2), document(3)), follow(at(o, SystemID, 2, 1, 3), at(o, SystemID, 2, 1, 2), document(4))},
		"a gap of a new one": {composition(n, 1, document(1)), composition(n, 3, document(3))},
	} {
		_, err := s.Commit(t.Context(), contribution(id, append(versions, composition(uuid.New(), 1, document(0)))...))
		if !errs.Is(err, errs.Invalid) || errs.As(err).Detail != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What was there before is named.
	_, err := s.Commit(t.Context(), contribution(id, composition(o, 4, document(4)), composition(o, 5, document(5))))
	wantLatest(t, err, errs.Precondition, at(o, SystemID, 1))
	if got := tree(t, s, id, o); got != "1" {
		t.Errorf("versions %s", got)
	}
	_, err = readUID(t, s, id, at(n, SystemID, 1))
	wantKind(t, err, errs.NotFound)

	// Of writers of overlapping histories one wins.
	const writers = 6
	errors := make(chan error, writers)
	for i := range writers {
		c := contribution(id, composition(o, 2, document(2)), composition(o, 3, document(3)))
		if i%2 == 0 {
			c = contribution(id, composition(o, 2, document(2)), follow(at(o, SystemID, 2, 1, 1), at(o, SystemID, 2), document(3)))
		}
		go func() {
			_, err := s.Commit(t.Context(), c)
			errors <- err
		}()
	}
	won := 0
	for range writers {
		if err := <-errors; err == nil {
			won++
		} else {
			wantKind(t, err, errs.Precondition)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won", won)
	}
}

// testHistoryStatus: content is committed under the EHR_STATUS before the
// contribution, whatever its own are, and the EHR has the last of them.
func testHistoryStatus(t *testing.T, s ehr.Store) {
	c := newEHR(open)
	mustCommit(t, s, c)
	closed := ehr.StatusFields{IsQueryable: true}
	st, o := c.Versions[0].UID, uuid.New()
	next := st
	next.Trunk++
	mustCommit(t, s, contribution(c.EHRID, status(st, 2, closed), composition(o, 1, document(1)), composition(o, 2, document(2)), status(next, 3, closed)))
	e, err := s.EHR(t.Context(), c.EHRID)
	if err != nil || e.StatusUID.Trunk != 3 || e.IsModifiable {
		t.Errorf("%+v, %v", e, err)
	}
	if got := tree(t, s, c.EHRID, o); got != "1 2<1" {
		t.Errorf("versions %s", got)
	}
	third := next
	third.Trunk++
	_, err = s.Commit(t.Context(), contribution(c.EHRID, status(third, 4, open), composition(o, 3, document(3)), composition(o, 4, document(4))))
	wantKind(t, err, errs.Conflict)
}
