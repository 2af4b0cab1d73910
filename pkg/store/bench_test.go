package store_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/pgembed"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// durable is a store on a cluster with all the settings of a real one.
func durable(b *testing.B) *store.Store {
	b.Helper()
	cluster, err := pgembed.Start(b.Context(), pgembed.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := cluster.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := cluster.EnsureDatabase(b.Context(), "cairn"); err != nil {
		b.Fatal(err)
	}
	url := cluster.ConnString("cairn")
	if err := migrations.Up(b.Context(), url); err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(b.Context(), store.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return s
}

// sample is compositions of 18 KB on average, as a service would commit them.
func sample(b *testing.B) []ehr.NewVersion {
	b.Helper()
	g := synth.New(1, synth.WithMeanSize(18_000))
	var out []ehr.NewVersion
	size := 0
	for number := 0; len(out) < 200; number++ {
		p := g.Patient(number)
		for k := range p.Compositions() {
			id, root := p.Tree(k)
			if id != synth.VitalSigns {
				continue
			}
			raw := rm.AppendJSON(nil, root)
			size += len(raw)
			out = append(out, ehr.NewVersion{
				Kind: ehr.KindComposition, LifecycleState: 532, ChangeType: 249,
				Raw: raw, Category: 433, Archetypes: []ehr.ArchetypeRoot{
					{ArchetypeID: "openEHR-EHR-COMPOSITION.encounter.v1", RMType: "COMPOSITION"},
					{ArchetypeID: "openEHR-EHR-OBSERVATION.blood_pressure.v2", RMType: "OBSERVATION"},
				},
			})
		}
	}
	b.Logf("%d compositions of %d bytes on average", len(out), size/len(out))
	return out
}

// resources is a projection as the shipped mappings make it of such a
// composition: 12 resources of 1 KB with 15 search values each.
func resources(serial int64) ehr.Projected {
	const loinc, ucum = "http://loinc.org", "http://unitsofmeasure.org"
	patient := "Patient/" + strconv.FormatInt(serial%100, 10)
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(serial) * time.Hour)
	var p ehr.Projected
	for i := range 12 {
		code := strconv.Itoa(8300 + i)
		p.Resources = append(p.Resources, ehr.Resource{
			Type: "Observation", ID: uuid.NewString(), Mapping: "m", MappingVersion: "1",
			Profiles: []string{"http://hl7.org/fhir/StructureDefinition/bp"},
			JSON: []byte(`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"` + code +
				`"}]},"subject":{"reference":"` + patient + `"},"note":[{"text":"` + strings.Repeat("some words ", 70) + `"}]}`),
			Search: []ehr.SearchValue{
				{Param: "category", System: "http://terminology.hl7.org/CodeSystem/observation-category", Code: "vital-signs"},
				{Param: "code", System: loinc, Code: code},
				{Param: "combo-code", System: loinc, Code: code},
				{Param: "combo-code", System: loinc, Code: "8480-6"},
				{Param: "combo-code", System: loinc, Code: "8462-4"},
				{Param: "component-code", System: loinc, Code: "8480-6"},
				{Param: "component-code", System: loinc, Code: "8462-4"},
				{Param: "combo-value-quantity", Number: "121", System: ucum, Code: "mm[Hg]"},
				{Param: "combo-value-quantity", Number: "82", System: ucum, Code: "mm[Hg]"},
				{Param: "component-value-quantity", Number: "121", System: ucum, Code: "mm[Hg]"},
				{Param: "component-value-quantity", Number: "82", System: ucum, Code: "mm[Hg]"},
				{Param: "date", Low: day, High: day.Add(time.Second)},
				{Param: "patient", Code: patient},
				{Param: "status", System: "http://hl7.org/fhir/observation-status", Code: "final"},
				{Param: "subject", Code: patient},
			},
		})
	}
	return p
}

func benchEHRs(b *testing.B, s *store.Store, n int) []uuid.UUID {
	b.Helper()
	ids := make([]uuid.UUID, n)
	for i := range ids {
		status := ehr.VersionUID{Object: uuid.New(), System: "bench", Trunk: 1}
		access := ehr.VersionUID{Object: uuid.New(), System: "bench", Trunk: 1}
		ids[i] = uuid.New()
		if _, err := s.Commit(b.Context(), ehr.Contribution{
			EHRID: ids[i], ID: uuid.New(), SystemID: "bench", ChangeType: 249,
			Committer: []byte(`{}`), Actor: "b", NewEHR: &ehr.NewEHR{StatusObject: status.Object, AccessObject: access.Object},
			Versions: []ehr.NewVersion{
				{UID: status, Kind: ehr.KindEHRStatus, LifecycleState: 532, ChangeType: 249, Raw: []byte(`{}`), Status: &ehr.StatusFields{IsModifiable: true, IsQueryable: true}},
				{UID: access, Kind: ehr.KindEHRAccess, LifecycleState: 532, ChangeType: 249, Raw: []byte(`{}`)},
			},
		}); err != nil {
			b.Fatal(err)
		}
	}
	return ids
}

func benchCommit(ctx context.Context, s *store.Store, ehrID uuid.UUID, v ehr.NewVersion) (ehr.VersionUID, error) {
	v.UID = ehr.VersionUID{Object: uuid.Must(uuid.NewV7()), System: "bench", Trunk: 1}
	_, err := s.Commit(ctx, ehr.Contribution{
		EHRID: ehrID, ID: uuid.Must(uuid.NewV7()), SystemID: "bench", ChangeType: 249,
		Committer: []byte(`{"_type":"PARTY_IDENTIFIED","name":"Dr Bench"}`), Actor: "b", Versions: []ehr.NewVersion{v},
	})
	return v.UID, err
}

// parallel runs do b.N times on n goroutines and reports the rate.
func parallel(b *testing.B, n int, do func(i int64) error) {
	b.Helper()
	b.ReportAllocs()
	var next atomic.Int64
	done := make(chan error, n)
	b.ResetTimer()
	for range n {
		go func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(b.N) {
					done <- nil
					return
				}
				if err := do(i); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range n {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkCommit commits compositions durably, with and without a projection.
func BenchmarkCommit(b *testing.B) {
	s := durable(b)
	versions, ids := sample(b), benchEHRs(b, s, 100)
	for _, projected := range []bool{false, true} {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("projected=%v/clients=%d", projected, clients), func(b *testing.B) {
				ctx := b.Context()
				parallel(b, clients, func(i int64) error {
					v := versions[i%int64(len(versions))]
					if projected {
						v.Projected = resources(i)
					}
					_, err := benchCommit(ctx, s, ids[i%int64(len(ids))], v)
					return err
				})
			})
		}
	}
}

// BenchmarkVersion reads the latest version of compositions.
func BenchmarkVersion(b *testing.B) {
	s := durable(b)
	versions, ids := sample(b), benchEHRs(b, s, 20)
	uids := make([]ehr.VersionUID, 2000)
	for i := range uids {
		var err error
		if uids[i], err = benchCommit(b.Context(), s, ids[i%len(ids)], versions[i%len(versions)]); err != nil {
			b.Fatal(err)
		}
	}
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			ctx := b.Context()
			parallel(b, clients, func(i int64) error {
				n := int(i) % len(uids)
				_, err := s.Version(ctx, ids[n%len(ids)], ehr.KindComposition, ehr.VersionSelector{Object: uids[n].Object})
				return err
			})
		})
	}
}
