package fhirstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// The resources of a version are anywhere on a page, which has the version and
// its content once: whatever the order, each resource is its own.
func TestPageOfSharedVersions(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, reader := newRecord(t, s, true), fhirstore.New(s, ehr.AllowAll{})
	sources := map[string]string{} // by id
	for v := range 4 {
		var list []ehr.Resource
		for i := range 5 {
			list = append(list, observation(fmt.Sprintf("o%d%d", i, v), ehr.SearchValue{Param: "value-quantity", Kind: "quantity", Number: fmt.Sprint((i*7 + v*3) % 11)}))
		}
		uid, _ := rec.put(uuid.New(), &ehr.Projected{Resources: list})
		for _, r := range list {
			sources[r.ID] = uid.String()
		}
	}
	value := func(desc bool) []fhir.Sort {
		return []fhir.Sort{{Param: "value-quantity", Kind: fhir.Quantity, Desc: desc}}
	}
	for name, sort := range map[string][]fhir.Sort{"by id": nil, "by value": value(false), "by value, down": value(true)} {
		for _, count := range []int{3, 20} {
			q := fhir.Query{Type: "Observation", Patients: []string{rec.ehrID.String()}, Count: count, Total: true, Sort: sort}
			seen := map[string]bool{}
			for {
				page, err := reader.Search(t.Context(), who, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Records {
					seen[r.ID] = true
					if r.Source != sources[r.ID] || string(r.JSON) != string(observation(r.ID).JSON) || strings.Join(r.Profiles, " ") != strings.Join(observation("").Profiles, " ") {
						t.Errorf("%s, %d: %s is %s of %s, want of %s", name, count, r.ID, r.JSON, r.Source, sources[r.ID])
					}
				}
				if page.Total != len(sources) {
					t.Errorf("%s, %d: total %d", name, count, page.Total)
				}
				if !page.More {
					break
				}
				q.After = page.Next
			}
			if len(seen) != len(sources) {
				t.Errorf("%s, %d: %d of %d are found", name, count, len(seen), len(sources))
			}
		}
	}
}

// filled is a reader of one patient with 20 versions of 10 Observations each.
func filled(b *testing.B) (*fhirstore.Reader, uuid.UUID) {
	s := open(b)
	rec := newRecord(b, s, true)
	text := strings.Repeat(`{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"},`, 10)
	for v := range 20 {
		var list []ehr.Resource
		for i := range 10 {
			r := observation(fmt.Sprintf("%d-%d", v, i))
			r.JSON = []byte(`{"resourceType":"Observation","id":"` + r.ID + `","code":{"coding":[` + text + `{"code":"` + r.ID + `"}]}}`)
			list = append(list, r)
		}
		rec.put(uuid.New(), &ehr.Projected{Resources: list})
	}
	return fhirstore.New(s, ehr.AllowAll{}), rec.ehrID
}

func BenchmarkResource(b *testing.B) {
	reader, _ := filled(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reader.Resource(b.Context(), who, "Observation", "7-3"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearchPage(b *testing.B) {
	reader, patient := filled(b)
	q := fhir.Query{Type: "Observation", Patients: []string{patient.String()}, Count: 50, Total: true}
	b.ReportAllocs()
	for b.Loop() {
		page, err := reader.Search(b.Context(), who, q)
		if err != nil || len(page.Records) != 50 || page.Total != 200 {
			b.Fatal(len(page.Records), page.Total, err)
		}
	}
}
