package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// testDirectory: an EHR has one directory at a time, and the zero object finds
// the one extant at a time.
func testDirectory(t *testing.T, s ehr.Store) {
	id := mustEHR(t, s)
	_, err := s.Version(t.Context(), id, ehr.KindFolder, ehr.VersionSelector{})
	wantKind(t, err, errs.NotFound)

	first, second := uuid.New(), uuid.New()
	commits := []ehr.NewVersion{folder(first, 1, "a"), folder(first, 2, "b"), folder(first, 3, ""), folder(second, 1, "c")}
	times := make([]time.Time, len(commits))
	for i, v := range commits {
		if v.UID.Trunk > 1 {
			_, err := s.Commit(t.Context(), contribution(id, folder(uuid.New(), 1, "x")))
			wantKind(t, err, errs.Conflict)
		}
		times[i] = mustCommit(t, s, contribution(id, v))
		time.Sleep(2 * time.Millisecond) // a new object's time does not follow another's
	}
	for i, v := range commits {
		rec, err := s.Version(t.Context(), id, ehr.KindFolder, ehr.VersionSelector{At: times[i]})
		if err != nil || rec.UID != v.UID || rec.Deleted != (v.Raw == nil) || string(rec.Raw) != string(v.Raw) {
			t.Errorf("at %v: %+v, %v, want %v", times[i], rec.UID, err, v.UID)
		}
		rec, err = s.Version(t.Context(), id, ehr.KindFolder, ehr.VersionSelector{Object: v.UID.Object, Trunk: v.UID.Trunk})
		if err != nil || rec.UID != v.UID {
			t.Errorf("%v: %v, %v", v.UID, rec.UID, err)
		}
	}
	rec, err := s.Version(t.Context(), id, ehr.KindFolder, ehr.VersionSelector{})
	if err != nil || rec.UID.Object != second {
		t.Errorf("latest %v, %v", rec.UID, err)
	}
	_, err = s.Version(t.Context(), id, ehr.KindFolder, ehr.VersionSelector{At: times[0].Add(-time.Millisecond)})
	wantKind(t, err, errs.NotFound)
	e, err := s.EHR(t.Context(), id)
	if err != nil || e.Directory != second {
		t.Errorf("the EHR's directory is %v, %v", e.Directory, err)
	}
	mustCommit(t, s, contribution(id, folder(second, 2, "")))
	if e, err = s.EHR(t.Context(), id); err != nil || e.Directory != uuid.Nil {
		t.Errorf("the EHR's directory is %v, %v", e.Directory, err)
	}
}
