package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// ownMappings is an operator's folder: a context that extends a mapping of
// Cairn's for one template.
var ownMappings = map[string]string{
	"vital.yml": `grammar: FHIRConnect/v1.0.0
type: context
metadata: {name: example.vital_signs, version: 1.0.0}
spec: {system: FHIR, version: R4}
context:
  profile: {url: http://example.org/fhir/StructureDefinition/our-height}
  template: {id: "Cairn - Vital signs.v1"}
  archetypes: [OBSERVATION.height.v2]
  extensions: [example.height]
  start: OBSERVATION.height.v2
`,
	"deeper/height.yaml": `grammar: FHIRConnect/v1.0.0
type: extension
metadata: {name: example.height, version: 1.0.0}
spec: {system: FHIR, version: R4, extends: OBSERVATION.height.v2}
mappings:
  - name: device
    extension: add
    with: {fhir: "$resource.device.display", openehr: "$archetype/subject"}
    manual:
      - name: stadiometer
        fhir: [{path: "$resource.device.display", value: "our stadiometer"}]
`,
	"notes.txt": "no mapping file",
}

func mappingFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A server runs the operator's own mapping files, beside those that are shipped or
// instead of them.
func TestOwnMappings(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRMappings = []string{mappingFolder(t, ownMappings)}
	s := runningWith(t, o, 43, 3)
	box, err := s.LoadSandbox(t.Context(), 43, 3)
	if err != nil {
		t.Fatal(err)
	}
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	of := "&_count=200&patient=" + box.Example.EHRID
	heights := p.all("Observation?code=http://loinc.org|8302-2"+of, "match")
	if len(heights) == 0 {
		t.Fatal("the sandbox has no height")
	}
	for _, n := range heights {
		if got := n.Str("device", "display"); got != "our stadiometer" {
			t.Errorf("the device is %q", got)
		}
	}
	if len(p.all("Condition?_count=200", "match")) == 0 {
		t.Error("nothing is made by the shipped mappings any more")
	}
	if len(p.all("Observation?_profile=http://example.org/fhir/StructureDefinition/our-height"+of, "match")) == 0 {
		t.Error("no resource has the profile")
	}
}

func TestOwnMappingsRefused(t *testing.T) {
	t.Parallel()
	wrong := mappingFolder(t, map[string]string{"vital.yml": ownMappings["vital.yml"], "wrong.yml": strings.Replace(ownMappings["deeper/height.yaml"], "$resource.device.display\", open", "$resource.devise\", open", 1)})
	for name, tt := range map[string]struct {
		o    Projecting
		want string
	}{
		"none":              {Projecting{FHIRMappingsOnly: true}, "--fhir-mappings-only needs --fhir-mappings"},
		"no such folder":    {Projecting{FHIRMappings: []string{filepath.Join(t.TempDir(), "x")}}, "no such file"},
		"an empty folder":   {Projecting{FHIRMappings: []string{t.TempDir()}}, "no mapping file"},
		"a wrong path":      {Projecting{FHIRMappings: []string{wrong}}, "wrong.yml:8:"},
		"what is not there": {Projecting{FHIRMappings: []string{mappingFolder(t, ownMappings)}, FHIRMappingsOnly: true}, "OBSERVATION.height.v2"},
	} {
		_, err := tt.o.library()
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
