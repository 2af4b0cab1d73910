package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// at is the uid of a version of the object: at(o, SystemID, 2, 1, 1) is 2.1.1.
func at(object uuid.UUID, system string, tree ...int) ehr.VersionUID {
	uid := ehr.VersionUID{Object: object, System: system, Trunk: tree[0]}
	if len(tree) == 3 {
		uid.Branch, uid.BranchVersion = tree[1], tree[2]
	}
	return uid
}

// follow is a version of the uid after another.
func follow(uid, preceding ehr.VersionUID, raw string) ehr.NewVersion {
	v := version(uid, ehr.KindComposition, ehr.LifecycleComplete, raw)
	v.Preceding = preceding
	if raw != "" {
		v.ChangeType = ehr.ChangeModification
	}
	return v
}

// imported is an IMPORTED_VERSION.
func imported(uid, preceding ehr.VersionUID, raw string) ehr.NewVersion {
	v := version(uid, ehr.KindComposition, ehr.LifecycleComplete, raw)
	v.Preceding = preceding
	v.Item = []byte(`{"_type":"ORIGINAL_VERSION","uid":{"value":"` + uid.String() + `"},"signature":"theirs"}`)
	return v
}

func readUID(t testing.TB, s ehr.Store, id uuid.UUID, uid ehr.VersionUID) (ehr.VersionRecord, error) {
	t.Helper()
	sel := ehr.VersionSelector{Object: uid.Object, Trunk: uid.Trunk}
	if uid.IsBranch() {
		sel = ehr.VersionSelector{Object: uid.Object, Branch: uid}
	}
	return s.Version(t.Context(), id, ehr.KindComposition, sel)
}

// wantTrunk checks which version of an object is the latest of the trunk, now
// and at the time.
func wantTrunk(t testing.TB, s ehr.Store, id uuid.UUID, uid ehr.VersionUID, when time.Time) {
	t.Helper()
	for _, sel := range []ehr.VersionSelector{{Object: uid.Object}, {Object: uid.Object, At: when}} {
		rec, err := s.Version(t.Context(), id, ehr.KindComposition, sel)
		if err != nil || rec.UID != uid || !rec.Meta.TimeSuperseded.IsZero() {
			t.Errorf("%+v gives %v superseded %v, %v; want %v", sel, rec.UID, rec.Meta.TimeSuperseded, err, uid)
		}
	}
}

func testBranches(t *testing.T, s ehr.Store) {
	id, o := mustEHR(t, s), uuid.New()
	mustCommit(t, s, contribution(id, composition(o, 1, document(1))))
	mustCommit(t, s, contribution(id, composition(o, 2, document(2))))
	one, two := at(o, SystemID, 1), at(o, SystemID, 2)
	commit := func(v ehr.NewVersion) error {
		_, err := s.Commit(t.Context(), contribution(id, v))
		return err
	}

	// Branches begin in turn, wherever on the trunk, and the trunk does not move.
	mustCommit(t, s, contribution(id, follow(at(o, SystemID, 1, 1, 1), one, document(111))))
	mustCommit(t, s, contribution(id, follow(at(o, "SUITE.example", 1, 1, 2), at(o, SystemID, 1, 1, 1), document(112))))
	mustCommit(t, s, contribution(id, follow(at(o, SystemID, 1, 2, 1), one, document(121))))
	when := mustCommit(t, s, contribution(id, follow(at(o, SystemID, 2, 1, 1), two, document(211))))
	mustCommit(t, s, contribution(id, follow(at(o, SystemID, 2, 2, 1), at(o, SystemID, 2, 1, 1), document(221))))
	wantTrunk(t, s, id, two, when)
	for uid, want := range map[ehr.VersionUID]int{at(o, SystemID, 1, 1, 1): 111, at(o, SystemID, 1, 1, 2): 112, at(o, SystemID, 2, 1, 1): 211} {
		rec, err := readUID(t, s, id, uid)
		if err != nil || !rec.UID.Equal(uid) || string(rec.Raw) != document(want) {
			t.Errorf("%v reads %v %s, %v", uid, rec.UID, rec.Raw, err)
		}
	}
	for _, uid := range []ehr.VersionUID{at(o, SystemID, 1, 1, 3), at(o, SystemID, 3, 1, 1), at(o, "elsewhere", 1, 1, 1)} {
		_, err := readUID(t, s, id, uid)
		wantKind(t, err, errs.NotFound)
	}

	// A branch is locked as the trunk is.
	err := commit(follow(at(o, SystemID, 1, 1, 2), at(o, SystemID, 1, 1, 1), document(0)))
	wantLatest(t, err, errs.Precondition, at(o, "suite.example", 1, 1, 2))
	err = commit(follow(at(o, SystemID, 1, 1, 1), one, document(0)))
	wantLatest(t, err, errs.Precondition, at(o, "suite.example", 1, 1, 2))
	err = commit(follow(at(o, SystemID, 1, 1, 4), at(o, SystemID, 1, 1, 3), document(0)))
	wantLatest(t, err, errs.Precondition, two)
	err = commit(follow(at(o, SystemID, 3, 1, 1), at(o, SystemID, 3), document(0)))
	wantLatest(t, err, errs.Precondition, two)
	wantKind(t, commit(follow(at(o, SystemID, 1, 4, 1), one, document(0))), errs.Unprocessable)
	wantKind(t, commit(follow(at(uuid.New(), SystemID, 1, 1, 1), one, document(0))), errs.NotFound)

	// Its lifecycle and its class are its own trunk's.
	gone := at(o, SystemID, 1, 2, 2)
	if err := commit(follow(gone, at(o, SystemID, 1, 2, 1), "")); err != nil {
		t.Fatal(err)
	}
	wantLatest(t, commit(follow(at(o, SystemID, 1, 2, 3), gone, document(0))), errs.Conflict, gone)
	v := follow(at(o, SystemID, 1, 1, 3), at(o, SystemID, 1, 1, 2), document(0))
	v.LifecycleState = ehr.LifecycleAbandoned
	wantKind(t, commit(v), errs.Unprocessable)
	v = follow(at(o, SystemID, 1, 1, 3), at(o, SystemID, 1, 1, 2), document(0))
	v.Category = 431
	wantKind(t, commit(v), errs.Unprocessable)

	// The trunk goes on and may have taken in a branch.
	merged := composition(o, 3, document(3))
	merged.OtherInputs = []string{at(o, SystemID, 1, 1, 2).String(), uuid.NewString() + "::elsewhere::7"}
	when = mustCommit(t, s, contribution(id, merged))
	wantTrunk(t, s, id, at(o, SystemID, 3), when)
	meta, err := s.VersionDetails(t.Context(), id, ehr.KindComposition, at(o, SystemID, 3))
	if err != nil || !cmp.Equal(meta.OtherInputs, merged.OtherInputs) || meta.Preceding != two {
		t.Errorf("%+v, %v", meta, err)
	}
	if got, want := tree(t, s, id, o), "1 2<1 1.1.1<1 1.1.2<1.1.1 1.2.1<1 2.1.1<2 2.2.1<2.1.1 1.2.2<1.2.1 3<2"; got != want {
		t.Errorf("versions\n%s, want\n%s", got, want)
	}

	// A status has no branches.
	c := newEHR(open)
	mustCommit(t, s, c)
	st := c.Versions[0].UID
	b := version(at(st.Object, SystemID, 1, 1, 1), ehr.KindEHRStatus, ehr.LifecycleComplete, `{"_type":"EHR_STATUS"}`)
	b.Preceding, b.Status = st, &ehr.StatusFields{}
	_, err = s.Commit(t.Context(), contribution(c.EHRID, b))
	wantKind(t, err, errs.Unprocessable)
}

// tree lists an object's versions, each with the one it follows.
func tree(t testing.TB, s ehr.Store, id, object uuid.UUID) string {
	t.Helper()
	list, err := s.Versions(t.Context(), id, ehr.KindComposition, object)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range list {
		name := func(uid ehr.VersionUID) string {
			if strings.EqualFold(uid.System, SystemID) {
				return uid.Tree().String()
			}
			return uid.System + ":" + uid.Tree().String()
		}
		s := name(m.UID)
		if !m.Preceding.IsZero() {
			s += "<" + name(m.Preceding)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func testImports(t *testing.T, s ehr.Store) {
	const they = "they.example"
	id, o := mustEHR(t, s), uuid.New()
	commit := func(v ehr.NewVersion) error {
		_, err := s.Commit(t.Context(), contribution(id, v))
		return err
	}
	// The third version is the first that comes.
	when := mustCommit(t, s, contribution(id, imported(at(o, they, 3), at(o, they, 2), document(3))))
	wantTrunk(t, s, id, at(o, they, 3), when)
	// One that came before it changes nothing about what is current.
	when = mustCommit(t, s, contribution(id, imported(at(o, they, 1), ehr.VersionUID{}, document(1))))
	wantTrunk(t, s, id, at(o, they, 3), when)
	rec, err := readUID(t, s, id, at(o, they, 1))
	if err != nil || string(rec.Raw) != document(1) || !rec.Meta.TimeSuperseded.Equal(rec.Meta.Audit.TimeCommitted) {
		t.Errorf("%+v, %v", rec, err)
	}
	// A branch comes after what it grew from.
	wantKind(t, commit(imported(at(o, they, 3, 1, 2), at(o, they, 3, 1, 1), document(312))), errs.Unprocessable)
	wantKind(t, commit(imported(at(o, they, 2, 1, 1), at(o, they, 2), document(211))), errs.Unprocessable)
	mustCommit(t, s, contribution(id, imported(at(o, they, 3, 1, 1), at(o, they, 3), document(311))))
	when = mustCommit(t, s, contribution(id, imported(at(o, they, 3, 1, 2), at(o, they, 3, 1, 1), document(312))))
	wantTrunk(t, s, id, at(o, they, 3), when)
	// The same version of another system is another version.
	mustCommit(t, s, contribution(id, imported(at(o, "third.example", 3, 1, 1), at(o, they, 3), document(0))))
	// What is here is not imported again.
	for _, uid := range []ehr.VersionUID{at(o, they, 3), at(o, "THEY.example", 1), at(o, they, 3, 1, 2)} {
		wantKind(t, commit(imported(uid, ehr.VersionUID{}, document(0))), errs.Conflict)
	}
	wantKind(t, commit(imported(at(o, "fork.example", 3), ehr.VersionUID{}, document(0))), errs.Conflict)
	wantKind(t, commit(imported(at(o, they, 4), at(o, "fork.example", 3), document(0))), errs.Conflict)

	// Local branches: numbers go on after those of others.
	wantKind(t, commit(follow(at(o, SystemID, 3, 1, 1), at(o, they, 3), document(0))), errs.Unprocessable)
	mustCommit(t, s, contribution(id, follow(at(o, SystemID, 3, 2, 1), at(o, they, 3, 1, 2), document(321))))
	// Local versions of the trunk: the object is at home here now.
	when = mustCommit(t, s, contribution(id, follow(at(o, SystemID, 4), at(o, they, 3), document(4))))
	wantTrunk(t, s, id, at(o, SystemID, 4), when)
	wantKind(t, commit(imported(at(o, they, 4), at(o, they, 3), document(0))), errs.Conflict)
	wantKind(t, commit(imported(at(o, they, 5), at(o, they, 4), document(0))), errs.Conflict)
	when = mustCommit(t, s, contribution(id, imported(at(o, they, 2), at(o, they, 1), document(2))))
	wantTrunk(t, s, id, at(o, SystemID, 4), when)

	want := "they.example:3<they.example:2 they.example:1 they.example:3.1.1<they.example:3 they.example:3.1.2<they.example:3.1.1 " +
		"third.example:3.1.1<they.example:3 3.2.1<they.example:3.1.2 4<they.example:3 they.example:2<they.example:1"
	if got := tree(t, s, id, o); got != want {
		t.Errorf("versions\n%s, want\n%s", got, want)
	}
	meta, err := s.VersionDetails(t.Context(), id, ehr.KindComposition, at(o, they, 3, 1, 2))
	if err != nil || !strings.Contains(string(meta.Item), `"signature":"theirs"`) || meta.Audit.SystemID != SystemID {
		t.Errorf("%+v, %v", meta, err)
	}
	if meta, err = s.VersionDetails(t.Context(), id, ehr.KindComposition, at(o, SystemID, 4)); err != nil || meta.Item != nil {
		t.Errorf("%+v, %v", meta, err)
	}
	_, err = s.VersionDetails(t.Context(), id, ehr.KindComposition, at(o, SystemID, 3))
	wantKind(t, err, errs.NotFound)

	// A deletion is final for imports too; an object keeps its class; an id that
	// is taken by an import is taken for a client's choice.
	mustCommit(t, s, contribution(id, follow(at(o, SystemID, 5), at(o, SystemID, 4), "")))
	wantKind(t, commit(imported(at(o, they, 7), at(o, they, 6), document(0))), errs.Conflict)
	f := folder(o, 9, "a")
	f.Item = []byte(`{}`)
	wantKind(t, commit(f), errs.Conflict)
	late := uuid.New()
	mustCommit(t, s, contribution(id, imported(at(late, they, 3), at(late, they, 2), document(3))))
	v := composition(late, 1, document(1))
	v.ChosenObject = true
	wantKind(t, commit(v), errs.Conflict)
	// Only imports may be of other systems.
	wantKind(t, commit(follow(at(late, they, 4), at(late, they, 3), document(4))), errs.Invalid)
}

func testAttestations(t *testing.T, s ehr.Store) {
	id, o := mustEHR(t, s), uuid.New()
	attest := func(reason string, on ehr.VersionUID) ehr.NewAttestation {
		return ehr.NewAttestation{
			Version: on, ChangeType: ehr.ChangeAttestation, Committer: []byte(`{"_type":"PARTY_SELF"}`),
			More: []byte(`{"_type":"ATTESTATION","reason":{"value":"` + reason + `"},"is_pending":false}`),
		}
	}
	later := func(list ...ehr.NewAttestation) (ehr.Contribution, time.Time, error) {
		c := contribution(id, composition(o, 1, ""))
		c.Versions, c.Attestations = nil, list
		when, err := s.Commit(t.Context(), c)
		return c, when, err
	}
	v := composition(o, 1, document(1))
	v.AuditAttestation = []byte(`{"_type":"ATTESTATION","is_pending":true}`)
	v.Attestations = []ehr.NewAttestation{attest("a", ehr.VersionUID{}), attest("b", ehr.VersionUID{})}
	first := mustCommit(t, s, contribution(id, v))
	mustCommit(t, s, contribution(id, composition(o, 2, document(2)), follow(at(o, SystemID, 1, 1, 1), v.UID, document(111))))

	c, when, err := later(attest("c", v.UID), attest("d", at(o, SystemID, 1, 1, 1)), attest("e", v.UID))
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[ehr.VersionUID]string{
		v.UID: "a b c e", at(o, SystemID, 2): "", at(o, SystemID, 1, 1, 1): "d",
	} {
		meta, err := s.VersionDetails(t.Context(), id, ehr.KindComposition, uid)
		if err != nil {
			t.Fatal(err)
		}
		if got := reasons(t, meta.Attestations); got != want {
			t.Errorf("attestations of %v: %q, want %q", uid, got, want)
		}
		if uid == v.UID {
			if len(meta.Audit.Attestation) == 0 || !meta.Attestations[1].TimeCommitted.Equal(first) || !meta.Attestations[2].TimeCommitted.Equal(when) {
				t.Errorf("%+v", meta)
			}
		}
	}
	got, err := s.Contribution(t.Context(), id, c.ID)
	if err != nil || fmt.Sprint(got.Versions) != fmt.Sprint([]ehr.ContributionVersion{{UID: v.UID, Kind: ehr.KindComposition}, {UID: at(o, SystemID, 1, 1, 1), Kind: ehr.KindComposition}}) {
		t.Errorf("%+v, %v", got, err)
	}

	// All or nothing, and only of original versions that exist.
	_, _, err = later(attest("x", v.UID), attest("x", at(o, SystemID, 9)))
	wantKind(t, err, errs.NotFound)
	_, _, err = later(attest("x", at(o, "elsewhere", 1)))
	wantKind(t, err, errs.NotFound)
	theirs := at(uuid.New(), "they.example", 1)
	mustCommit(t, s, contribution(id, imported(theirs, ehr.VersionUID{}, document(1))))
	_, _, err = later(attest("x", theirs))
	wantKind(t, err, errs.Unprocessable)
	meta, err := s.VersionDetails(t.Context(), id, ehr.KindComposition, v.UID)
	if err != nil || reasons(t, meta.Attestations) != "a b c e" {
		t.Errorf("%+v, %v", meta, err)
	}
	// An EHR that is not modifiable is not attested either.
	closed := newEHR(open)
	mustCommit(t, s, closed)
	id, o = closed.EHRID, uuid.New()
	mustCommit(t, s, contribution(id, composition(o, 1, document(1))))
	mustCommit(t, s, contribution(id, status(closed.Versions[0].UID, 2, ehr.StatusFields{})))
	_, _, err = later(attest("x", at(o, SystemID, 1)))
	wantKind(t, err, errs.Conflict)
	// Its EHR_STATUS is.
	if _, _, err = later(attest("x", at(closed.Versions[0].UID.Object, SystemID, 1))); err != nil {
		t.Error(err)
	}
}

func reasons(t testing.TB, list []ehr.Audit) string {
	t.Helper()
	var out []string
	for _, a := range list {
		var more struct{ Reason struct{ Value string } }
		if err := json.Unmarshal(a.Attestation, &more); err != nil || a.ChangeType != ehr.ChangeAttestation || a.SystemID != SystemID || len(a.Committer) == 0 {
			t.Fatalf("%+v, %v", a, err)
		}
		out = append(out, more.Reason.Value)
	}
	return strings.Join(out, " ")
}

// testTreeWriters: of concurrent writers of one place in the tree one wins,
// whether they write, branch or import, and the trunk has one latest version.
func testTreeWriters(t *testing.T, s ehr.Store) {
	const they, rounds = "they.example", 15
	id, o := mustEHR(t, s), uuid.New()
	mustCommit(t, s, contribution(id, imported(at(o, they, 1), ehr.VersionUID{}, document(1))))
	last := at(o, they, 1)
	for round := range rounds {
		places := map[string][]ehr.NewVersion{}
		add := func(place string, v ehr.NewVersion) { places[place] = append(places[place], v) }
		for range 3 {
			add("trunk", follow(last.Next(SystemID), last, document(round)))
			add("trunk", imported(last.Next(they), last, document(round)))
			add("branch", follow(at(o, SystemID, last.Trunk, 1, 1), last, document(round)))
			add("their branch", imported(at(o, they, last.Trunk, 7, 1), last, document(round)))
		}
		var mu sync.Mutex
		won := map[string][]ehr.VersionUID{}
		var wg sync.WaitGroup
		start := make(chan struct{})
		for place, list := range places {
			for _, v := range list {
				wg.Go(func() {
					<-start
					_, err := s.Commit(t.Context(), contribution(id, v))
					switch {
					case err == nil:
						mu.Lock()
						won[place] = append(won[place], v.UID)
						mu.Unlock()
					// A branch of theirs takes the numbers before it as well.
					case !errs.Is(err, errs.Precondition) && !errs.Is(err, errs.Conflict) && !(place == "branch" && errs.Is(err, errs.Unprocessable)):
						t.Errorf("%s: %v", place, err)
					}
				})
			}
		}
		close(start)
		wg.Wait()
		if len(won["trunk"]) != 1 || len(won["branch"]) > 1 || len(won["their branch"]) != 1 {
			t.Fatalf("round %d: %v", round, won)
		}
		last = won["trunk"][0]
		list, err := s.Versions(t.Context(), id, ehr.KindComposition, o)
		if err != nil {
			t.Fatal(err)
		}
		var current []ehr.VersionUID
		for _, m := range list {
			if m.TimeSuperseded.IsZero() {
				current = append(current, m.UID)
			}
		}
		if len(current) != 1 || current[0] != last {
			t.Fatalf("round %d: current are %v, want %v", round, current, last)
		}
	}
}
