package fhirstore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// A document goes the way of its composition: versions, those that are not
// complete, deletion.
func TestDocumentLifecycle(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader, object := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{}), uuid.New()
	content := func(name string) []byte {
		return []byte(`{"_type":"COMPOSITION","name":{"_type":"DV_TEXT","value":"` + name + `"},"composer":{"_type":"PARTY_SELF"}}`)
	}
	put := func(name string, lifecycle int) {
		t.Helper()
		v := rec.next(object, &ehr.Projected{})
		v.Raw, v.LifecycleState = content(name), lifecycle
		v.Archetypes = []ehr.ArchetypeRoot{{ArchetypeID: "openEHR-EHR-COMPOSITION.problem_list.v2", RMType: "COMPOSITION"}}
		rec.commit(ehr.Contribution{Versions: []ehr.NewVersion{v}})
		rec.ver[object] = v.UID.Trunk
	}
	ofPatient := fhir.Query{Type: virtual.DocumentReference, Patients: []string{rec.ehrID.String()}, Count: 10, Total: true}
	search := func(q fhir.Query, matches, gaps int) []fhir.Record {
		t.Helper()
		p, err := reader.Search(t.Context(), who, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Records) != matches || p.Total != matches || len(p.Gaps) != gaps {
			t.Errorf("%d matches, total %d, %v; want %d and %d gaps", len(p.Records), p.Total, p.Gaps, matches, gaps)
		}
		return p.Records
	}

	put("draft", 553)
	search(ofPatient, 0, 1)
	put("first", 532)
	found := search(ofPatient, 1, 0)
	if t.Failed() {
		t.FailNow()
	}
	id := found[0].ID
	if _, err := reader.ResourceVersion(t.Context(), who, virtual.Composition, id, fhir.VersionID{Trunk: 1}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a draft: %v", err)
	}
	put("second", 532)
	put("draft of the third", 553)
	search(ofPatient, 0, 1)
	got, err := reader.Resource(t.Context(), who, virtual.Composition, id)
	if !errs.Is(err, errs.Gone) || got.Version.Trunk != 4 || got.JSON != nil {
		t.Errorf("while it is revised: %+v %v", got, err)
	}
	put("third", 532)
	for version, want := range map[int]string{2: `"status":"final"`, 3: `"status":"amended"`, 5: `"title":"third"`} {
		got, err := reader.ResourceVersion(t.Context(), who, virtual.Composition, id, fhir.VersionID{Trunk: version})
		if err != nil || !strings.Contains(string(got.JSON), want) || got.Version != (fhir.VersionID{Trunk: version}) {
			t.Errorf("version %d: %s %v", version, got.JSON, err)
		}
	}
	byType := ofPatient
	byType.Filters = []fhir.Filter{{Param: "type", Kind: fhir.Token, Values: []fhir.Value{{Code: "11450-4"}}}}
	search(byType, 1, 0)
	byType.Filters[0].Values[0].Code = "10160-0"
	search(byType, 0, 0)
	rec.put(object, nil)
	search(ofPatient, 0, 0)
	if _, err := reader.Resource(t.Context(), who, virtual.DocumentReference, id); !errs.Is(err, errs.Gone) {
		t.Errorf("deleted: %v", err)
	}
	want := []string{"6 delete", "5 update", "4 delete", "3 update", "2 create"}
	for i := range want {
		want[i] = "Composition/" + id + "/" + want[i]
	}
	for _, count := range []int{1, 2, 10} {
		if got := walk(t, reader, fhir.HistoryQuery{Type: virtual.Composition, ID: id, Count: count}); !slices.Equal(got, want) {
			t.Errorf("history by %d: %v", count, got)
		}
	}

	// Who may not see it does not learn that it is there.
	strict := fhirstore.New(s, nobody{})
	if _, err := strict.ResourceVersion(t.Context(), who, virtual.Composition, id, fhir.VersionID{Trunk: 3}); !errs.Is(err, errs.NotFound) {
		t.Errorf("without permission: %v", err)
	}
	if _, err := strict.Search(t.Context(), who, ofPatient); !errs.Is(err, errs.Forbidden) {
		t.Errorf("search without permission: %v", err)
	}
}

// The resources of a document are those of the version it shows, and are
// forbidden together.
func TestDocumentMade(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader, object := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{}), uuid.New()
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b")}})
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("b"), observation("c")}})
	q := fhir.Query{Type: virtual.DocumentReference, Patients: []string{rec.ehrID.String()}, Count: 1}
	p, err := reader.Search(t.Context(), who, q)
	if err != nil || len(p.Records) != 1 {
		t.Fatal(p, err)
	}
	old := p.Records[0]
	old.Version = fhir.VersionID{Trunk: 1}
	for want, document := range map[string]fhir.Record{"[a b]": old, "[b c]": p.Records[0]} {
		list, err := reader.Made(t.Context(), who, document)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		if got := "[" + strings.Join(ids, " ") + "]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if _, err := fhirstore.New(s, nobody{}).Made(t.Context(), who, old); !errs.Is(err, errs.Forbidden) {
		t.Errorf("without permission: %v", err)
	}
}
