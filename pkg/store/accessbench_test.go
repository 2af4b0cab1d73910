package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// BenchmarkSaveAccesses writes entries of the record of accesses as they are
// written under load. One operation is one entry.
func BenchmarkSaveAccesses(b *testing.B) {
	s := open(b)
	const group = 500
	list := make([]ehr.Access, group)
	for i := range list {
		list[i] = ehr.Access{
			At: time.Now(), Door: "fhir", Interaction: "read", Action: "R", Subject: "Observation", Object: fmt.Sprintf("Observation/%032d", i),
			EHR: uuid.New(), Actor: ehr.Actor{ID: "local"}, Status: 200, RequestID: uuid.NewString(),
		}
	}
	b.ReportAllocs()
	for n := 0; n < b.N; n += group {
		if err := s.SaveAccesses(b.Context(), list[:min(group, b.N-n)]); err != nil {
			b.Fatal(err)
		}
	}
}
