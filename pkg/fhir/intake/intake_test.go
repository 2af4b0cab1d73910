package intake

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// shelf is Records that hold templates and take nothing.
type shelf map[string]*templates.Template

func (s shelf) Templates(context.Context, ehr.Actor) ([]ehr.TemplateInfo, error) {
	var out []ehr.TemplateInfo
	for id := range s {
		out = append(out, ehr.TemplateInfo{TemplateID: id})
	}
	return out, nil
}

func (s shelf) CompiledTemplate(_ context.Context, _ ehr.Actor, id string, _ int) (*templates.Template, error) {
	if t := s[id]; t != nil {
		return t, nil
	}
	return nil, errs.New(errs.NotFound, "test", "no such template")
}

func (shelf) Composition(context.Context, ehr.Actor, uuid.UUID, uuid.UUID, time.Time) (ehr.VersionRecord, error) {
	return ehr.VersionRecord{}, errs.New(errs.NotFound, "shelf", "empty")
}

func (shelf) CommitContribution(context.Context, ehr.Actor, ehr.CommitContribution) (ehr.ContributionRecord, []rm.Problem, error) {
	return ehr.ContributionRecord{}, nil, errs.New(errs.Forbidden, "test", "nothing is committed here")
}

func (shelf) Once(context.Context, ehr.OnceKey, func(context.Context) ([]byte, error)) ([]byte, bool, error) {
	return nil, false, errs.New(errs.Forbidden, "test", "nothing is committed here")
}

func prepare(t testing.TB) *Intake {
	t.Helper()
	data, err := os.ReadFile("../../../templates/library/Cairn - Vital signs.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	i, err := New(Config{
		Records: shelf{tmpl.ID: tmpl}, Mappings: lib, SystemID: "test.cairn", Territory: "NL",
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

const pulse = `{"resourceType":"Observation","id":"p","meta":{"source":"urn:x","versionId":"2"},"status":"final",` +
	`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],` +
	`"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Body weight"},"subject":{"reference":"Patient/2b6f0e4e-8a3d-4a5e-9a66-3f1f2f1c8e01"},` +
	`"effectiveDateTime":"2024-03-05T10:15:30Z","performer":[{"identifier":{"system":"urn:staff","value":"7"}}],` +
	`"valueQuantity":{"value":72.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}`

// TestComposer is about who answers for a composition.
func TestComposer(t *testing.T) {
	t.Parallel()
	who := ehr.Actor{ID: "gateway", Name: "The gateway"}
	for _, c := range []struct{ performer, want string }{
		{`[{"display":"Nurse N."}]`, `{"_type":"PARTY_IDENTIFIED","name":"Nurse N."}`},
		{`[{"identifier":{"system":"urn:staff","value":"7"}}]`, `{"_type":"PARTY_IDENTIFIED","identifiers":[{"_type":"DV_IDENTIFIER","issuer":"urn:staff","id":"7"}]}`},
		{`[{"display":"A"},{"display":"B"}]`, `{"_type":"PARTY_IDENTIFIED","name":"The gateway"}`},
		{`[{"reference":"Practitioner/1","display":"A"}]`, `{"_type":"PARTY_IDENTIFIED","name":"The gateway"}`},
		{`[{"reference":"Practitioner/2","display":"A"}]`, `{"_type":"PARTY_IDENTIFIED","external_ref":{"_type":"PARTY_REF","namespace":"local","type":"PERSON","id":{"_type":"HIER_OBJECT_ID","value":"2"}},"name":"A"}`},
		{`[{}]`, `{"_type":"PARTY_IDENTIFIED","name":"The gateway"}`},
		{`[]`, `{"_type":"PARTY_IDENTIFIED","name":"The gateway"}`},
	} {
		n, err := r4.Parse([]byte(`{"resourceType":"Observation","performer":` + c.performer + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(rm.AppendJSON(nil, composer(who, n, map[string]fhirmap.Party{"Practitioner/2": {Class: "PERSON", Type: "Practitioner", ID: "2"}}))); got != c.want {
			t.Errorf("%s: %s", c.performer, got)
		}
	}
}

// TestNew refuses what an Intake cannot work with.
func TestNew(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{{}, {Records: shelf{}, Mappings: lib}, {Records: shelf{}, Mappings: lib, Territory: "NL"}, {Records: shelf{}, Mappings: lib, SystemID: "x", Territory: "nl"}, {Records: shelf{}, Mappings: lib, SystemID: "x", Territory: "NLD"}} {
		if _, err := New(c); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", c.Territory, err)
		}
	}
}

// FuzzPrepare gives anything: it is refused with reasons, or becomes a composition
// that keeps what was sent.
func FuzzPrepare(f *testing.F) {
	f.Add(pulse)
	f.Add(`{"resourceType":"Observation","meta":{"tag":[{"system":"http://openehr.org/templates","code":"x"}],"security":[]},"subject":{"reference":"Patient/x"}}`)
	f.Add(`{"resourceType":"Consent","patient":{},"text":{"status":"additional"},"performer":[{"identifier":{}}]}`)
	f.Add(`{"resourceType":"Patient"}`)
	i := prepare(f)
	who := ehr.Actor{ID: "tester"}
	if n, err := r4.Parse([]byte(pulse)); err != nil {
		f.Fatal(err)
	} else if p, err := i.Prepare(context.Background(), who, Resource{Node: n, Original: pulse, Format: "application/fhir+json"}); err != nil || p.Mapping != "OBSERVATION.body_weight.v2" {
		f.Fatal(p.Mapping, err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := r4.Parse([]byte(text))
		if err != nil || n.Kind != r4.Object {
			return
		}
		p, err := i.Prepare(t.Context(), who, Resource{Node: n, Original: text, Format: "application/fhir+json"})
		var r *Refused
		switch {
		case err == nil && p.Root.String("feeder_audit", "original_content", "value") != text:
			t.Error("what was sent is not kept")
		case err == nil:
		case !errors.As(err, &r):
			t.Errorf("%v", err)
		case len(r.Issues) == 0 || r.Issues[0].Text == "" || r.Issues[0].Code == "":
			t.Error("a refusal without a reason")
		}
	})
}

// BenchmarkPrepare is what finding the composition costs, with one candidate: the
// way back, validation, projection and comparison.
func BenchmarkPrepare(b *testing.B) {
	i := prepare(b)
	n, err := r4.Parse([]byte(pulse))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := i.Prepare(b.Context(), ehr.Actor{ID: "tester"}, Resource{Node: n, Original: pulse, Format: "application/fhir+json"}); err != nil {
			b.Fatal(err)
		}
	}
}
