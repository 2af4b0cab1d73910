package fhirconnect

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const weight = `grammar: FHIRConnect/v1.0.0
type: model
metadata:
  name: OBSERVATION.body_weight.v2
  version: 1.0.0
spec:
  system: FHIR
  version: R4
  openEhrConfig: {archetype: openEHR-EHR-OBSERVATION.body_weight.v2, revision: 2.1.12}
  fhirConfig: {structureDefinition: http://hl7.org/fhir/StructureDefinition/Observation}
mappings:
  - name: weight
    with: {fhir: $resource.value, openehr: "$archetype/data[at0002]/events[at0003]/data[at0001]/items[at0004]"}
    unidirectional: openehr->fhir
`

// A tree is read in the order of its paths; other files are no matter, and a file
// that cannot be read does not hide the defects of the rest.
func TestReadFiles(t *testing.T) {
	t.Parallel()
	files, problems := ReadFiles(fstest.MapFS{
		"a/weight.yml":         {Data: []byte(weight)},
		"b/empty.yaml":         {Data: nil},
		"c/codes.json":         {Data: []byte("{")},
		"d/x.conceptmap.json":  {Data: []byte(`{"resourceType":"ConceptMap"}`)},
		"e/misspelt.yml":       {Data: []byte(strings.Replace(weight, "unidirectional", "undirectional", 1))},
		"f/README.md":          {Data: []byte("# Read me")},
		"g/anchor.yml":         {Data: []byte("type: &a model\n")},
		"h/not/a/mapping.yaml": {Data: []byte("type: letter\n")},
	})
	var got []string
	for _, f := range files {
		got = append(got, fmt.Sprintf("%s %s %s", f.Path, f.Kind, f.Name.Value))
	}
	want := []string{"a/weight.yml model OBSERVATION.body_weight.v2", "d/x.conceptmap.json conceptmap ", "e/misspelt.yml model OBSERVATION.body_weight.v2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	got = nil
	for _, p := range problems {
		got = append(got, p.Code+" "+p.Error())
	}
	want = []string{
		"yaml b/empty.yaml:1:1: the file is empty or wholly commented out",
		"structure d/x.conceptmap.json:1:1: a ConceptMap needs a url, by which mappings refer to it",
		`structure e/misspelt.yml:14:5: a mapping method has no key "undirectional"; did you mean "unidirectional"?`,
		"yaml g/anchor.yml:1:7: anchors and aliases are not allowed",
		`structure h/not/a/mapping.yaml:1:1: a mapping file needs "grammar"`,
	}
	if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Everything in a file has its place, and the sum is that of the bytes.
func TestParseFileKeepsPlaces(t *testing.T) {
	t.Parallel()
	f, problems := ParseFile("m.yml", []byte(weight))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m := f.Methods[0]
	for what, got := range map[string]Position{"m.yml:4:9": f.Name.Position, "m.yml:12:5": m.Position, "m.yml:13:18": m.FHIR.Position} {
		if got.String() != what {
			t.Errorf("%s, want %s", got, what)
		}
	}
	if m.Direction != ToFHIR || m.Iterate || m.FHIR.Value != "$resource.value" {
		t.Errorf("the method: %+v", m)
	}
	other, _ := ParseFile("m.yml", []byte(weight+"\n"))
	if other.Sum == f.Sum {
		t.Error("files that differ have the same sum")
	}
}

// FuzzParseFile checks that a file is nil only with a problem, and that no place is
// outside the file.
func FuzzParseFile(f *testing.F) {
	f.Add("m.yml", []byte(weight))
	f.Add("m.yml", []byte(strings.ReplaceAll(weight, "model", "extension")))
	f.Add("m.conceptmap.json", []byte(`{"resourceType":"ConceptMap","url":"http://example.org/m"}`))
	f.Add("m.yml", []byte("type: context\ncontext: {profile: {url: http://example.org/p}, template: {id: x}, archetypes: [a], start: a}\n"))
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		file, problems := ParseFile(path, data)
		if file == nil && len(problems) == 0 {
			t.Error("neither a file nor a problem")
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for _, p := range problems {
			if p.File != path || p.Line < 1 || p.Column < 1 || p.Line > lines || p.Message == "" || p.Code == "" {
				t.Errorf("the problem %+v in %d lines", p, lines)
			}
		}
	})
}
