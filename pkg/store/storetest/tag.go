package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// testTags: a target's tags are replaced as a whole, with a commit or alone.
func testTags(t *testing.T, s ehr.Store) {
	id := mustEHR(t, s)
	v := composition(uuid.New(), 1, document(1))
	onObject := ehr.TagTarget{Kind: ehr.KindComposition, Object: v.UID.Object}
	onVersion := onObject
	onVersion.Version = v.UID
	c := contribution(id, v)
	a, b := ehr.ItemTag{Key: "a", Value: "1"}, ehr.ItemTag{Key: "a", TargetPath: "/x"}
	c.Tags = []ehr.TagUpdate{{Target: onObject, Tags: []ehr.ItemTag{b, a}}, {Target: onVersion, Tags: []ehr.ItemTag{{Key: "v"}}}}
	mustCommit(t, s, c)

	want := func(on ehr.TagTarget, want ...ehr.ItemTag) {
		t.Helper()
		got, err := s.Tags(t.Context(), id, on)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || len(want) > 0 && !cmp.Equal(want, got) {
			t.Errorf("tags %v, want %v", got, want)
		}
	}
	want(onObject, a, b)
	want(onVersion, ehr.ItemTag{Key: "v"})
	rec, err := s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: v.UID.Object})
	if err != nil || !rec.Tagged {
		t.Errorf("tagged %v, %v", rec.Tagged, err)
	}
	items, err := s.EHRTags(t.Context(), id, ehr.TagFilter{})
	if diff := cmp.Diff([]ehr.TaggedItem{{Target: onObject, Tag: a}, {Target: onObject, Tag: b}, {Target: onVersion, Tag: ehr.ItemTag{Key: "v"}}}, items); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}

	// A commit that fails sets nothing.
	stale := contribution(id, composition(v.UID.Object, 3, document(3)))
	stale.Tags = []ehr.TagUpdate{{Target: onObject}}
	_, err = s.Commit(t.Context(), stale)
	wantKind(t, err, errs.Precondition)
	none := contribution(id, composition(uuid.New(), 1, document(3)))
	none.Tags = []ehr.TagUpdate{{Target: ehr.TagTarget{Kind: ehr.KindComposition, Object: uuid.New()}}}
	_, err = s.Commit(t.Context(), none)
	wantKind(t, err, errs.NotFound)
	_, err = s.Version(t.Context(), id, ehr.KindComposition, ehr.VersionSelector{Object: none.Versions[0].UID.Object})
	wantKind(t, err, errs.NotFound)
	want(onObject, a, b)

	// Of concurrent writers one list remains, not a mixture.
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			list := []ehr.ItemTag{{Key: fmt.Sprint("k", n)}, {Key: "n", Value: fmt.Sprint("k", n)}}
			if err := s.PutTags(t.Context(), id, onObject, list, "u"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, err := s.Tags(t.Context(), id, onObject); err != nil || len(got) != 2 || got[0].Key != got[1].Value {
		t.Errorf("%v, %v", got, err)
	}

	if err := s.DeleteTags(t.Context(), id, onVersion, "v"); err != nil {
		t.Error(err)
	}
	want(onVersion)
	wantKind(t, s.DeleteTags(t.Context(), id, onVersion, "v"), errs.NotFound)
	foreign := onVersion
	foreign.Version.System = "elsewhere"
	status := onObject
	status.Kind = ehr.KindEHRStatus
	for _, on := range []ehr.TagTarget{foreign, status, {Kind: ehr.KindComposition, Object: uuid.New()}} {
		_, err := s.Tags(t.Context(), id, on)
		wantKind(t, err, errs.NotFound)
		wantKind(t, s.PutTags(t.Context(), id, on, nil, "u"), errs.NotFound)
		wantKind(t, s.DeleteTags(t.Context(), id, on, "n"), errs.NotFound)
	}
	_, err = s.EHRTags(t.Context(), uuid.New(), ehr.TagFilter{})
	wantKind(t, err, errs.NotFound)
}
