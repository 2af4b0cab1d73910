package fhirstore_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	one, two, hidden, outside := newRecord(t, s, true), newRecord(t, s, true), newRecord(t, s, false), newRecord(t, s, true)
	for id, rec := range map[string]*record{"one": one, "two": two, "hidden": hidden, "outside": outside} {
		rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation(id)}})
	}
	ids := func(records ...*record) (out []string) {
		for _, r := range records {
			out = append(out, r.ehrID.String())
		}
		return out
	}
	sorted := func(records ...*record) []string { return slices.Sorted(slices.Values(ids(records...))) }
	g := fhir.PatientGroup{ID: uuid.New(), Content: []byte(`{"resourceType": "Group", "type": "person", "actual": true}`), Members: ids(one, two, hidden)}
	if err := reader.NewGroup(t.Context(), who, &g); err != nil {
		t.Fatal(err)
	}
	got, err := reader.Group(t.Context(), who, g.ID)
	if err != nil || got.Version != 1 || got.Count != 3 || !got.LastUpdated.Equal(g.LastUpdated) {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(sorted(one, two, hidden), got.Members); diff != "" {
		t.Error(diff)
	}
	// Nobody else sees, changes or deletes it.
	other := ehr.Actor{ID: "other"}
	if _, err := reader.Group(t.Context(), other, g.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("another actor reads it: %v", err)
	}
	if err := reader.DropGroup(t.Context(), other, g.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("another actor deletes it: %v", err)
	}
	stolen := g
	if err := reader.ReplaceGroup(t.Context(), other, &stolen); !errs.Is(err, errs.Precondition) {
		t.Errorf("another actor changes it: %v", err)
	}
	if list, err := reader.Groups(t.Context(), other, ""); err != nil || len(list) != 0 {
		t.Errorf("another actor lists %v, %v", list, err)
	}
	for member, want := range map[string]int{"": 1, one.ehrID.String(): 1, outside.ehrID.String(): 0, "nobody": 0} {
		if list, err := reader.Groups(t.Context(), who, member); err != nil || len(list) != want || want > 0 && list[0].Count != 3 {
			t.Errorf("with the member %q: %v, %v", member, list, err)
		}
	}
	// Members that do not exist, the store of parties and those that may not be
	// queried are refused alike, and nothing is kept.
	for name, bad := range map[string]fhir.PatientGroup{
		"unknown": {Members: append(ids(one), uuid.NewString())},
		"parties": {Members: []string{ehr.Demographics.String()}},
	} {
		bad.ID, bad.Content = uuid.New(), g.Content
		if err := reader.NewGroup(t.Context(), who, &bad); !errs.Is(err, errs.Unprocessable) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := reader.Group(t.Context(), who, bad.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s was kept: %v", name, err)
		}
	}
	denied := fhirstore.New(s, denying{two.ehrID.String()})
	refused := fhir.PatientGroup{ID: uuid.New(), Content: g.Content, Members: ids(one, two)}
	if err := denied.NewGroup(t.Context(), who, &refused); !errs.Is(err, errs.Unprocessable) {
		t.Errorf("a member that may not be queried: %v", err)
	}

	// An export has those that are queryable, and is refused if one may not be.
	export := func() (found []string) {
		t.Helper()
		g, err := reader.Group(t.Context(), who, g.ID)
		if err != nil {
			t.Fatal(err)
		}
		x := fhir.Export{Types: []string{}, Patients: append([]string{}, g.Members...), Queryable: true}
		if err := reader.NewExport(t.Context(), who, &x); err != nil {
			t.Fatal(err)
		}
		if err := reader.CountExport(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		if x, err = reader.Export(t.Context(), who, x.ID); err != nil || !x.Queryable {
			t.Fatal(x, err)
		}
		if _, err := denied.Export(t.Context(), who, x.ID); slices.Contains(x.Patients, two.ehrID.String()) && !errs.Is(err, errs.Forbidden) {
			t.Errorf("an export with a patient that may not be queried: %v", err)
		}
		for _, f := range x.Files {
			if err := reader.ExportFile(t.Context(), who, x, f, func(rec fhir.Record) error {
				found = append(found, rec.ID)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(found)
		return found
	}
	if diff := cmp.Diff([]string{"one", "two"}, export()); diff != "" {
		t.Error(diff)
	}

	// The next version, of the one that was read.
	next := fhir.PatientGroup{ID: g.ID, Version: 1, Content: []byte(`{"resourceType": "Group", "type": "person", "actual": true, "name": "n"}`), Members: ids(two, outside)}
	if err := reader.ReplaceGroup(t.Context(), who, &next); err != nil || next.Version != 2 || !next.LastUpdated.After(g.LastUpdated) {
		t.Fatalf("%+v, %v", next, err)
	}
	late := fhir.PatientGroup{ID: g.ID, Version: 1, Content: g.Content}
	if err := reader.ReplaceGroup(t.Context(), who, &late); !errs.Is(err, errs.Precondition) {
		t.Errorf("a version that was replaced: %v", err)
	}
	if diff := cmp.Diff([]string{"outside", "two"}, export()); diff != "" {
		t.Error(diff)
	}

	// A physical deletion takes a patient out.
	if err := s.EraseEHRs(t.Context(), who, []uuid.UUID{two.ehrID}); err != nil {
		t.Fatal(err)
	}
	if got, err = reader.Group(t.Context(), who, g.ID); err != nil || got.Count != 1 || !slices.Equal(got.Members, ids(outside)) {
		t.Errorf("after a physical deletion: %+v, %v", got, err)
	}
	if err := s.EraseAllEHRs(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if found := export(); len(found) != 0 {
		t.Errorf("a group without members exports %v", found)
	}
	if err := reader.DropGroup(t.Context(), who, g.ID); err != nil {
		t.Fatal(err)
	}
	if err := reader.DropGroup(t.Context(), who, g.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}
