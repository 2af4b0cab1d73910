package fhirstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// rules is a projection of compositions that is given by hand.
type rules struct {
	version string
	make    func() ehr.Projected
}

func (r rules) Name() string    { return "test" }
func (r rules) Version() string { return r.version }
func (r rules) Project(in ehr.ProjectionInput) ehr.Projected {
	if in.Kind != ehr.KindComposition || in.Root == nil {
		return ehr.Projected{}
	}
	return r.make()
}

func TestReprojectGivesVersions(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader, object := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{}), uuid.New()
	changed := observation("b")
	changed.JSON = []byte(`{"resourceType":"Observation","id":"b","status":"final"}`)
	_, at := rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b"), observation("c")}})
	p := []ehr.Projection{rules{"2", func() ehr.Projected {
		return ehr.Projected{Resources: []ehr.Resource{observation("a"), changed, observation("d")}}
	}}}
	if err := s.UseRules(t.Context(), ehr.Rules(p), false); err != nil {
		t.Fatal(err)
	}
	if st, err := s.ProjectionState(t.Context()); err != nil || !st.Pending {
		t.Fatalf("%+v, %v", st, err)
	}
	for range 2 { // the second time nothing is to do
		if err := s.Reproject(t.Context(), store.ReprojectOptions{Projections: p, Failed: func(uid string, err error) { t.Error(uid, err) }}); err != nil {
			t.Fatal(err, errors.Unwrap(err))
		}
		if err := s.UseRules(t.Context(), ehr.Rules(p), true); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]fhir.VersionID{"a": {Trunk: 1}, "b": {Trunk: 1, Revision: 1}, "c": {Trunk: 1, Revision: 1}, "d": {Trunk: 1, Revision: 1}} {
		got, err := reader.Resource(t.Context(), who, "Observation", id)
		if got.Version != want || errs.Is(err, errs.Gone) != (id == "c") || got.LastUpdated.After(at) != (id != "a") {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	// What names the resources has another version with them, and no more the one before.
	q := fhir.Query{Type: virtual.Composition, Patients: []string{rec.ehrID.String()}, Count: 2}
	page, err := reader.Search(t.Context(), who, q)
	if err != nil || len(page.Records) != 1 || page.Records[0].Version != (fhir.VersionID{Trunk: 1, Revision: 1}) || !page.Lag.Outdated {
		t.Fatalf("%+v, %v", page, err)
	}
	whole := page.Records[0]
	made, err := reader.Made(t.Context(), who, whole)
	if err != nil || len(made) != 3 {
		t.Errorf("made: %+v, %v", made, err)
	}
	for id, there := range map[string]bool{"a": true, "b": true, "c": false, "d": true} {
		if strings.Contains(string(whole.JSON), `"Observation/`+id+`"`) != there {
			t.Errorf("%s: %v in %s", id, !there, whole.JSON)
		}
	}
	for _, r := range made {
		if r.ID == "b" && string(r.JSON) != string(changed.JSON) {
			t.Errorf("%s", r.JSON)
		}
	}
	if _, err := reader.ResourceVersion(t.Context(), who, whole.Type, whole.ID, fhir.VersionID{Trunk: 1}); !errs.Is(err, errs.NotFound) {
		t.Errorf("the composition as it was: %v", err)
	}
	if _, err := reader.ResourceVersion(t.Context(), who, whole.Type, whole.ID, whole.Version); err != nil {
		t.Error(err)
	}
	if old, err := reader.ResourceVersion(t.Context(), who, "Observation", "b", fhir.VersionID{Trunk: 1}); err != nil || string(old.JSON) != string(observation("b").JSON) {
		t.Errorf("%+v, %v", old, err)
	}
}

// fails is a projection that cannot cope with some objects.
type fails struct {
	byContent
	bad func(in ehr.ProjectionInput) bool
}

func (f fails) Project(in ehr.ProjectionInput) ehr.Projected {
	if f.bad(in) {
		panic("cannot cope")
	}
	return f.byContent.Project(in)
}

// A version that cannot be projected keeps nothing else from it, is told, and is
// tried again.
func TestReprojectGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	rec, list := newRecord(t, open(t), true), objects(9)
	other := newRecord(t, rec.s, true)
	reader := fhirstore.New(rec.s, ehr.AllowAll{})
	rec.use(byContent{version: 1})
	rec.fill(list, byContent{version: 1})
	rec.use(byContent{version: 2})
	sick := true
	p := fails{byContent{version: 2}, func(in ehr.ProjectionInput) bool { return sick && in.ObjectID == list[4].String() }}
	var told []string
	opt := store.ReprojectOptions{Batch: 4, Projections: []ehr.Projection{p}, Failed: func(uid string, err error) {
		if !errs.Is(err, errs.Internal) || strings.Contains(fmt.Sprint(err, errors.Unwrap(err)), "cannot cope") {
			t.Error(err, errors.Unwrap(err))
		}
		told = append(told, uid)
	}}
	if err := rec.s.Reproject(t.Context(), opt); err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	versions, _ := history(4)
	if want := []string{fmt.Sprintf("%s::%s::%d", list[4], system, versions)}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	st, err := rec.s.ProjectionState(t.Context())
	if err != nil || st.Pending || st.Failed != 1 || st.Queued != 1 || st.Since.IsZero() || st.Lag <= 0 {
		t.Errorf("%+v, %v", st, err)
	}
	page, err := reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Patients: []string{rec.ehrID.String()}, Count: 1})
	if err != nil || !page.Lag.Waiting || !page.Lag.Since.Equal(st.Since) || page.Lag.Outdated {
		t.Errorf("lag of the patient: %+v, %v", page.Lag, err)
	}
	page, err = reader.Search(t.Context(), who, fhir.Query{Type: "Observation", Patients: []string{other.ehrID.String()}, Count: 1})
	if err != nil || page.Lag.Waiting {
		t.Errorf("lag of another patient: %+v, %v", page.Lag, err)
	}

	// Not before its time, and then for good.
	sick = false
	if err := rec.s.Reproject(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	if st, err = rec.s.ProjectionState(t.Context()); err != nil || st.Queued == 0 {
		t.Errorf("tried too early: %+v, %v", st, err)
	}
	if _, err := rec.s.Pool().Exec(t.Context(), `update fhir_queue set retry = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	if err := rec.s.Reproject(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	if st, err = rec.s.ProjectionState(t.Context()); err != nil || st.Queued != 0 || len(told) != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	fresh := newRecord(t, open(t), true)
	fresh.fill(list, byContent{version: 2})
	if diff := cmp.Diff(current(t, fresh.s), current(t, rec.s)); diff != "" {
		t.Error(diff)
	}
	sound(t, rec.s)
}

// A database in which nothing was stored when the rules changed has commits
// under way that were still made by the ones before.
func TestRulesOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i, c := range []struct {
		rules   string
		pending bool
	}{{"a", false}, {"a", false}, {"b", true}} {
		if err := s.UseRules(t.Context(), c.rules, false); err != nil {
			t.Fatal(err)
		}
		if st, err := s.ProjectionState(t.Context()); err != nil || st.Pending != c.pending || st.Rules != c.rules {
			t.Errorf("%d: %+v, %v", i, st, err)
		}
	}
}

// ofSubject is a projection that names the subject.
type ofSubject struct{ rules }

func (ofSubject) Project(in ehr.ProjectionInput) ehr.Projected {
	if in.Kind != ehr.KindComposition {
		return ehr.Projected{}
	}
	r := observation("s")
	r.JSON = []byte(`{"resourceType":"Observation","id":"s","subject":"` + in.SubjectNamespace + "|" + in.SubjectID + `"}`)
	return ehr.Projected{Resources: []ehr.Resource{r}}
}

// What is projected again is of the subject that the EHR has now, not of the one
// it had at the commit.
func TestReprojectUsesTheCurrentSubject(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, p := newRecord(t, s, true), ofSubject{rules{version: "1"}}
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("s")}})
	if _, err := s.Pool().Exec(t.Context(), `update ehr set subject_type = 'PERSON', subject_id = '7', subject_namespace = 'n' where ehr_id = $1`, rec.ehrID); err != nil {
		t.Fatal(err)
	}
	if err := s.UseRules(t.Context(), ehr.Rules([]ehr.Projection{p}), false); err != nil {
		t.Fatal(err)
	}
	if err := s.Reproject(t.Context(), store.ReprojectOptions{Projections: []ehr.Projection{p}}); err != nil {
		t.Fatal(err)
	}
	got, err := fhirstore.New(s, ehr.AllowAll{}).Resource(t.Context(), who, "Observation", "s")
	if err != nil || !strings.Contains(string(got.JSON), "n|7") {
		t.Errorf("%s, %v", got.JSON, err)
	}
}
