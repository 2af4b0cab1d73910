package virtual_test

import (
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// What is made is valid R4 and says where it comes from; what is stored and cannot be
// read is an error and no resource.
func TestMadeResources(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 3, 4, 5, 6, 7000, time.UTC)
	const patient, version = "7d44b88c-4199-4bad-97dc-d78268e01398", "8849182c-82ad-4088-a07f-48ead4180515::cairn.local::2"
	party := []byte(`{"_type":"PARTY_IDENTIFIED","name":"Dr. Gray"}`)
	access := virtual.Access{
		Type: "110110", Interaction: "update", Action: "U", Recorded: at, Actor: "app", Purpose: "care",
		Committer: party, System: "cairn.local", Patient: patient, Class: "COMPOSITION", Object: version,
	}
	read := virtual.Access{Type: "rest", Interaction: "read", Action: "R", Recorded: at, Patient: patient, Class: "COMPOSITION", Object: version, Status: 200, Door: "openehr"}
	origin := virtual.Origin{
		VersionUID: version, ChangeType: 251, Committed: at, Recorded: at, System: "cairn.local", Committer: party,
		Targets: []string{"Observation/a/_history/2"},
	}
	for typ, all := range map[string][]func(id string) ([]byte, error){
		virtual.AuditEvent: {access.JSON, read.JSON}, virtual.Provenance: {origin.JSON},
	} {
		for _, json := range all {
			text, err := json("x")
			if err != nil {
				t.Fatalf("%s: %v", typ, err)
			}
			n, err := r4.Parse(text)
			if err != nil || n.Str("resourceType") != typ || n.Str("id") != "x" {
				t.Fatalf("%s: %v %s", typ, err, text)
			}
			for _, p := range r4.ValidateNode(n) {
				if !p.Warning {
					t.Errorf("%s: %s: %s", typ, p.Path, p.Message)
				}
			}
			if !virtual.Is(typ) || virtual.WholeComposition(typ) {
				t.Errorf("%s is not counted among what is made", typ)
			}
		}
	}
	access.Committer, origin.Committer = []byte(`{`), []byte(`{`)
	if _, err := access.JSON("x"); err == nil {
		t.Error("an AuditEvent of a committer that cannot be read")
	}
	if _, err := origin.JSON("x"); err == nil {
		t.Error("a Provenance of a committer that cannot be read")
	}
	if _, err := (virtual.Document{EHRID: patient, Content: []byte(`[]`)}).JSON(virtual.Composition, "x"); err == nil {
		t.Error("a Composition of content that is none")
	}
}
