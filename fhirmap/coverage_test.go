package fhirmap_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/coverage"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/templates"
)

// TestCoverageAgreesWithProjection compares what coverage says of a template
// with what projecting documents of it does: an ELEMENT that no method carried
// must be one that coverage lists. What a condition leaves out is not in the
// cases' losses under that code.
func TestCoverageAgreesWithProjection(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]*templates.Template{}
	for _, tmpl := range shippedTemplates(t) {
		byID[tmpl.ID] = tmpl
	}
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil {
		t.Fatal(err)
	}
	index := regexp.MustCompile(`\[[^\]]*\]`)
	compared, lost := 0, 0
	for _, dir := range dirs {
		in := caseInput(t, dir)
		tmpl := byID[in.Root.String("archetype_details", "template_id", "value")]
		if tmpl == nil {
			continue
		}
		res, err := lib.Project(in)
		if err != nil {
			t.Fatal(err)
		}
		compared++
		var unmapped []string
		for _, e := range coverage.Of(lib, tmpl).Entries {
			for _, p := range e.Unmapped {
				unmapped = append(unmapped, e.Archetype+index.ReplaceAllString(p, ""))
			}
		}
		for _, l := range res.Losses {
			if l.Code != "not-mapped" {
				continue
			}
			lost++
			path := index.ReplaceAllString(l.Path, "")
			rel := l.Archetype + strings.TrimPrefix(path, "/content")
			if !slices.Contains(unmapped, rel) {
				t.Errorf("%s: %s of %s was not carried, and coverage does not say so", dir, l.Path, l.Archetype)
			}
		}
	}
	if compared < 5 || lost == 0 {
		t.Errorf("%d cases of shipped templates with %d losses", compared, lost)
	}
}

func TestCoverageFollowsMappings(t *testing.T) {
	t.Parallel()
	var vital *templates.Template
	for _, tmpl := range shippedTemplates(t) {
		if tmpl.ID == "Cairn - Vital signs.v1" {
			vital = tmpl
		}
	}
	const mapping = `grammar: FHIRConnect/v1.0.0
type: model
metadata:
  name: pulse
  version: 1.0.0
spec:
  system: FHIR
  version: R4
  openEhrConfig:
    archetype: openEHR-EHR-OBSERVATION.pulse.v2
    revision: 2.0.11
  fhirConfig:
    structureDefinition: http://hl7.org/fhir/StructureDefinition/heartrate
mappings:
`
	shipped, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	of := func(lib *fhirmap.Library) coverage.Entry {
		for _, e := range coverage.Of(lib, vital).Entries {
			if e.Archetype == "openEHR-EHR-OBSERVATION.pulse.v2" {
				return e
			}
		}
		t.Fatal("no pulse")
		return coverage.Entry{}
	}
	before := of(shipped)
	if len(before.Mappings) != 1 || before.Mapped != before.Leaves || len(before.Unmapped) > 0 {
		t.Errorf("shipped: %+v", before)
	}
	lib, err := fhirmap.Load(fstest.MapFS{"pulse.yml": {Data: []byte(mapping + `  - name: value
    with:
      fhir: $resource.value
      openehr: $archetype/data[at0002]/events/data[at0001]/items[at0004]
  - name: name only
    with:
      fhir: $resource.code.text
      openehr: $archetype/data[at0002]/events/data[at0001]/items[at0005]/name/value
`)}})
	if err != nil {
		t.Fatal(err)
	}
	after := of(lib)
	if after.Mapped != 2 || // in a point and in an interval event
		slices.ContainsFunc(after.Unmapped, func(p string) bool { return strings.HasSuffix(p, "items[at0004]") }) ||
		!slices.ContainsFunc(after.Unmapped, func(p string) bool { return strings.HasSuffix(p, "items[at0005]") }) {
		t.Errorf("one value and the name of another: %+v", after)
	}
	m := after.Mappings[0]
	if diff := cmp.Diff([]string{"Observation.status"}, m.Mandatory); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(m.MustSupport, "Observation.effective") || slices.Contains(m.MustSupport, "Observation.value") || slices.Contains(m.MustSupport, "Observation.dataAbsentReason") {
		t.Errorf("must support: %v", m.MustSupport)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	load := func(files map[string]string) [32]byte {
		fsys := fstest.MapFS{}
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		parsed, problems := fhirconnect.ReadFiles(fsys)
		lib, more := fhirmap.Compile(parsed)
		if len(problems)+len(more) > 0 {
			t.Fatal(problems, more)
		}
		return lib.Digest()
	}
	const a = "grammar: FHIRConnect/v1.0.0\ntype: model\nmetadata: {name: a, version: 1.0.0}\nspec: {system: FHIR, version: R4, openEhrConfig: {archetype: openEHR-EHR-OBSERVATION.pulse.v2, revision: 2.0.11}, fhirConfig: {structureDefinition: http://hl7.org/fhir/StructureDefinition/Observation}}\nmappings: [{name: value, with: {fhir: $resource.value, openehr: \"$archetype/data[at0002]/events/data[at0001]/items[at0004]\"}}]\n"
	base := load(map[string]string{"a.yml": a})
	if load(map[string]string{"other/name.yaml": a}) != base {
		t.Error("the place of a file counts")
	}
	if load(map[string]string{"a.yml": a + "# a comment\n"}) == base {
		t.Error("the content of a file does not count")
	}
	if load(map[string]string{}) == base {
		t.Error("the set of files does not count")
	}
}
