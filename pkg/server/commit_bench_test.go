package server

import (
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// testOptions is a server on a fresh database and a free port.
func testOptions(t testing.TB) Options {
	return Options{
		Listen: "127.0.0.1:0", DatabaseURL: pgtest.URL(t), SystemID: "cairn.test",
		OpenEHRBase: "/openehr/v1", FHIRBase: "/fhir/r4", MaxBody: 16 << 20,
		LogLevel: "warn", LogFormat: "text",
	}
}

// BenchmarkCommit is a validated, projected commit of a composition of 18 KB
// through the use case, without HTTP, to a database without fsync.
//
// The second form has no projection, and so shows what FHIR costs.
func BenchmarkCommit(b *testing.B) {
	b.Run("projected", func(b *testing.B) { benchmarkCommit(b, true) })
	b.Run("bare", func(b *testing.B) { benchmarkCommit(b, false) })
}

func benchmarkCommit(b *testing.B, projected bool) {
	s, err := Start(b.Context(), testOptions(b))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if !projected {
		if s.Service, err = ehr.New(ehr.Config{Store: s.store, Decision: ehr.AllowAll{}, SystemID: "cairn.test"}); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.LoadTemplates(b.Context()); err != nil {
		b.Fatal(err)
	}
	p := synth.New(1, synth.WithMeanSize(18_000)).Patient(0)
	id := uuid.MustParse(p.EHRID)
	if _, err := s.Service.CreateEHR(b.Context(), sandboxActor, ehr.CreateEHR{ID: id, Status: ehr.Content{JSON: p.EHRStatus()}}); err != nil {
		b.Fatal(err)
	}
	bodies := make([][]byte, 50)
	for k := range bodies {
		_, bodies[k] = p.Composition(k + 2)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := s.Service.CreateComposition(b.Context(), sandboxActor, ehr.CreateComposition{
			EHRID: id, Content: ehr.Content{JSON: bodies[n%len(bodies)]},
		}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
