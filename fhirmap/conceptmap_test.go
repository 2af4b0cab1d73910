package fhirmap_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/example"
)

const (
	pulseSystem = "http://openehr.org/archetypes/openEHR-EHR-OBSERVATION.pulse.v2"
	pulseModel  = `grammar: FHIRConnect/v1.0.0
type: model
metadata: {name: OBSERVATION.pulse.v2, version: 1.0.0}
spec:
  system: FHIR
  version: R4
HEADER  openEhrConfig: {archetype: openEHR-EHR-OBSERVATION.pulse.v2}
  fhirConfig: {structureDefinition: http://hl7.org/fhir/StructureDefinition/Observation}
preprocessor:
  hierarchy:
    with: {fhir: "$resource", openehr: "$archetype/data[at0002]/events"}
    split: {fhir: {create: resourceSPLIT}BACK}
mappings:
  - name: subject
    with: {fhir: "$resource.subject", openehr: "$archetype/subject"}
  - name: must
    with: {fhir: "$resource"}
    manual:
      - name: must
        fhir:
          - {path: status, value: final}
          - {path: code.text, value: x}
  - name: time
    with: {fhir: "$resource.effective", openehr: "$archetype/data[at0002]/events"}
  - name: regularity
    with: {fhir: "$resource.TARGET", openehr: "$archetype/data[at0002]/events/data[at0001]/items[at0005]"}
METHOD`
)

func pulseMapping(header, split, back, target, method string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(strings.NewReplacer("HEADER", header, "SPLIT", split, "BACK", back, "TARGET", target, "METHOD", method).Replace(pulseModel))}
}

// mapOf is a ConceptMap with one group from the codes of the archetype to
// SNOMED CT, of elements such as "at0006 equal 1".
func mapOf(elements ...string) *fstest.MapFile {
	var list []string
	for _, e := range elements {
		f := strings.Fields(e)
		list = append(list, fmt.Sprintf(`{"code":%q,"target":[{"code":%q,"equivalence":%q}]}`, f[0], f[2], f[1]))
	}
	return &fstest.MapFile{Data: []byte(`{"resourceType":"ConceptMap","url":"http://example.org/m","status":"active","group":[{"source":"` + pulseSystem +
		`","target":"http://snomed.info/sct","element":[` + strings.Join(list, ",") + `]}]}`)}
}

// pulses is a composition with one pulse of several events, each of which has
// the regularity of a code, or none for "", in that order.
func pulses(t *testing.T, codes ...string) *rm.Node {
	t.Helper()
	root, err := example.Instance(vitalSigns(t), example.Options{Detail: example.Complete, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range root.List("content") {
		if entry.ArchetypeID() != "openEHR-EHR-OBSERVATION.pulse.v2" {
			continue
		}
		data := entry.Get("data")
		var events []*rm.Node
		for i, code := range codes {
			event := data.List("events")[0]
			var items []*rm.Node
			for _, item := range event.Get("data").List("items") {
				if item.NodeID() != "at0005" {
					continue
				}
				switch code {
				case "":
					item = item.With("value").With("null_flavour", rm.CodedText("unknown", "openehr", "253"))
				case "text":
					item = item.With("value", rm.Text("quite regular"))
				default:
					item = item.With("value", rm.CodedText("As "+code, "local", code))
				}
				items = append(items, item)
			}
			events = append(events, event.With("time", rm.Object("DV_DATE_TIME", rm.Str("value", fmt.Sprintf("2026-01-01T10:0%d:00Z", i)))).
				With("state").With("data", event.Get("data").With("items", items...)))
		}
		return root.With("content", entry.With("protocol").With("data", data.With("events", events...)))
	}
	t.Fatal("no pulse")
	return nil
}

// TestConceptMap translates by a ConceptMap, strictly for one method and where
// the map speaks of a code for a whole file, and back again.
func TestConceptMap(t *testing.T) {
	t.Parallel()
	const method, header = "    conceptmap: http://example.org/m\n", "  conceptmap: http://example.org/m\n"
	exact := mapOf("at0006 equal 271636001", "at1028 equivalent 361137007")
	for _, tt := range []struct {
		name, header, method, target string
		file                         *fstest.MapFile
		code                         string
		want                         string // the element, and the code of a loss
		back                         bool
	}{
		{"equal", "", method, "value.ofType(CodeableConcept)", exact, "at0006", `{"coding":[{"system":"http://snomed.info/sct","code":"271636001"}],"text":"As at0006"}`, true},
		{"equivalent", "", method, "value", exact, "at1028", `{"coding":[{"system":"http://snomed.info/sct","code":"361137007"}],"text":"As at1028"}`, true},
		{"no translation", "", method, "value", mapOf("at0006 equal 1"), "at1028", " value-unmapped", false},
		{"only a wider one", "", method, "value", mapOf("at0006 wider 1"), "at0006", " value-unmapped", false},
		{"two of them", "", method, "value", mapOf("at0006 equal 1", "at0006 equal 2"), "at0006", " value-unmapped", false},
		{"free text", "", method, "value", exact, "text", " value-unmapped", false},
		{"a null flavour", "", method, "value", exact, "", "", false},
		{"of the whole file", header, "", "value", exact, "at0006", `{"coding":[{"system":"http://snomed.info/sct","code":"271636001"}],"text":"As at0006"}`, true},
		{"of the whole file, which does not speak of it", header, "", "value", mapOf("at0006 equal 1"), "at1028", `{"coding":[{"system":"` + pulseSystem + `","code":"at1028"}],"text":"As at1028"}`, true},
		{"of the whole file, which has only a wider one", header, "", "value", mapOf("at1028 wider 1"), "at1028", " value-unmapped", false},
		{"two codes for one, which has no way back", "", method, "value", mapOf("at0006 equal 1", "at1028 equal 1"), "at0006", `{"coding":[{"system":"http://snomed.info/sct","code":"1"}],"text":"As at0006"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lib, err := fhirmap.Load(fstest.MapFS{"m.yml": pulseMapping(tt.header, "", "", tt.target, tt.method), "x.conceptmap.json": tt.file})
			if err != nil {
				t.Fatal(err)
			}
			res, err := lib.Project(fhirmap.Input{Root: pulses(t, tt.code), EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
			if err != nil || len(res.Resources) != 1 {
				t.Fatal(err, res.Losses)
			}
			n, err := r4.Parse(res.Resources[0].JSON)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if v := n.Get("valueCodeableConcept"); v != nil {
				got = string(v.Append(nil))
			}
			for _, l := range res.Losses {
				if l.Code != "not-mapped" {
					got += " " + l.Code
				}
			}
			if got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if tt.code == "" {
				return
			}
			_, err = lib.Compose(composeInput(vitalSigns(t), string(res.Resources[0].JSON)))
			if tt.back && err != nil || !tt.back && strings.HasPrefix(tt.want, "{") && errs.KindOf(err) != errs.Unprocessable {
				t.Errorf("back: %v", err)
			}
		})
	}
}

// A ConceptMap that says more than is understood, or less than is needed, is
// refused, and so is a method that has nothing to translate.
func TestConceptMapDefects(t *testing.T) {
	t.Parallel()
	method := "    conceptmap: http://example.org/m\n"
	ok := pulseMapping("", "", "", "value", method)
	raw := func(group string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`{"resourceType":"ConceptMap","url":"http://example.org/m","group":[` + group + `]}`)}
	}
	for name, tt := range map[string]struct {
		model, file *fstest.MapFile
		want        string
	}{
		"not JSON":         {ok, &fstest.MapFile{Data: []byte("{")}, "x.conceptmap.json:1:1: not a FHIR resource"},
		"another resource": {ok, &fstest.MapFile{Data: []byte(`{"resourceType":"Patient"}`)}, "holds a ConceptMap"},
		"without a url":    {ok, &fstest.MapFile{Data: []byte(`{"resourceType":"ConceptMap"}`)}, "needs a url"},
		"without systems":  {ok, raw(`{"element":[]}`), "needs a source and a target"},
		"empty":            {ok, raw(`{"source":"http://a","target":"http://b"}`), "translates nothing"},
		"a default": {
			ok, raw(`{"source":"http://a","target":"http://b","element":[{"code":"x","target":[{"code":"y","equivalence":"equal"}]}],"unmapped":{"mode":"fixed","code":"z"}}`),
			"not supported: unmapped in group 0",
		},
		"a dependency": {
			ok, raw(`{"source":"http://a","target":"http://b","element":[{"code":"x","target":[{"code":"y","equivalence":"equal","dependsOn":[{}]}]}]}`),
			"not supported: dependsOn",
		},
		"an equivalence of R5": {ok, raw(`{"source":"http://a","target":"http://b","element":[{"code":"x","target":[{"code":"y","equivalence":"broader"}]}]}`), "FHIR R4 does not have"},
		"of no code":           {ok, raw(`{"source":"http://a","target":"http://b","element":[{"code":"x","target":[{"equivalence":"equal"}]}]}`), "to no code"},
		"a dangling url":       {pulseMapping("", "", "", "value", "    conceptmap: http://example.org/n\n"), mapOf("at0006 equal 1"), `m.yml:27:17: no ConceptMap has the url "http://example.org/n"`},
		"not a code":           {pulseMapping("", "", "", "value.ofType(string)", method), mapOf("at0006 equal 1"), "conceptmap needs a method that carries a code"},
		"out of the value set": {pulseMapping("", "", "", "status", method), mapOf("at0006 equal 1"), `translates to "1", which is not a code of the value set`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fhirmap.Load(fstest.MapFS{"m.yml": tt.model, "x.conceptmap.json": tt.file})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestSplitUnique joins the events that agree in a value. Those without one
// stand alone.
func TestSplitUnique(t *testing.T) {
	t.Parallel()
	const method = "  - name: every\n    unidirectional: \"openehr->fhir\"\n    with: {fhir: \"$resource.note.text\", openehr: \"$archetype/data[at0002]/events/time/value\"}\n"
	by := func(path string) string { return `, unique: ["` + path + `"]` }
	for _, tt := range []struct {
		name, split string
		codes       []string
		want        string
	}{
		{"each its own", "", []string{"at0006", "at0006"}, "0|1"},
		{"by value", by("data[at0001]/items[at0005]"), []string{"at0006", "at1028", "at0006"}, "02|1"},
		{"none agrees with nothing", by("data[at0001]/items[at0005]"), []string{"", "at0006", "", "at0006"}, "0|13|2"},
		{"by a part of the value", by("data[at0001]/items[at0005]/value/defining_code/code_string"), []string{"at0006", "at0006"}, "01"},
		{"by what is not there", by("data[at0001]/items[at1055]"), []string{"at0006", "at0006"}, "0|1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lib, err := fhirmap.Load(fstest.MapFS{"m.yml": pulseMapping("", tt.split, "", "interpretation", method)})
			if err != nil {
				t.Fatal(err)
			}
			res, err := lib.Project(fhirmap.Input{Root: pulses(t, tt.codes...), EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range res.Resources {
				n, err := r4.Parse(r.JSON)
				if err != nil {
					t.Fatal(err)
				}
				events := ""
				for _, note := range n.List("note") {
					events += note.Str("text")[15:16]
				}
				got = append(got, events)
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got %v, want %s; %v", got, tt.want, res.Losses)
			}
			if tt.split == "" {
				return
			}
			if tt.codes[0] == "" {
				return // a reason why an interpretation is absent does not go back
			}
			// Going back it is one event, so that what was joined does not come back.
			c, err := lib.Compose(composeInput(vitalSigns(t), string(res.Resources[0].JSON)))
			joined := len(got[0]) > 1
			if joined != (errs.KindOf(err) == errs.Unprocessable) || !joined && err != nil {
				t.Errorf("back: %v", err)
			}
			if !joined && c.Root.Get("content", "data", "events", "time") == nil {
				t.Errorf("back: %s", rm.AppendJSON(nil, c.Root))
			}
		})
	}
}

// A model with split.openehr opens its EVENT there, and refuses a resource that
// speaks of several; what is wrong with the key is told when the file is loaded.
func TestSplitBack(t *testing.T) {
	t.Parallel()
	load := func(back string) (*fhirmap.Library, error) {
		return fhirmap.Load(fstest.MapFS{"m.yml": pulseMapping("", "", `, openehr: {create: `+back+`}`, "interpretation", "")})
	}
	lib, err := load(`event, path: "$archetype/data[at0002]/events[at0003]", unique: [interpretation]`)
	if err != nil {
		t.Fatal(err)
	}
	res, err := lib.Project(fhirmap.Input{Root: pulses(t, "at0006"), EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
	if err != nil || len(res.Resources) != 1 {
		t.Fatal(err, res.Losses)
	}
	c, err := lib.Compose(composeInput(vitalSigns(t), string(res.Resources[0].JSON)))
	if err != nil {
		t.Fatal(err)
	}
	if events := c.Root.Get("content", "data").List("events"); len(events) != 1 || events[0].NodeID() != "at0003" {
		t.Errorf("%s", rm.AppendJSON(nil, c.Root))
	}
	two := strings.Replace(string(res.Resources[0].JSON), `"interpretation":[`, `"interpretation":[{"text":"other"},`, 1)
	if _, err := lib.Compose(composeInput(vitalSigns(t), two)); errs.KindOf(err) != errs.Unprocessable || !strings.Contains(err.Error(), "would open several EVENTs: Observation.interpretation") {
		t.Errorf("two: %v", err)
	}
	for back, want := range map[string]string{
		`entry, path: "$archetype/data[at0002]/events"`: `m.yml:12:57: not supported: split.openehr.create "entry"`,
		`event, path: "$archetype/data[at0002]/event"`:  `HISTORY has no attribute "event"`,
		`event, path: "$composition/content"`:           "must begin with $archetype",
		`event`:                                         `split.openehr needs "path"`,
	} {
		if _, err := load(back); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v\nwant %s", back, err, want)
		}
	}
}

// TestComposeContext goes back by the mappings that a context file binds to the
// template, with its extensions, and by no others.
func TestComposeContext(t *testing.T) {
	t.Parallel()
	context := `grammar: FHIRConnect/v1.0.0
type: context
metadata: {name: c, version: 1.0.0}
spec: {system: FHIR, version: R4}
context:
  profile: {url: http://example.org/pulse}
  template: {id: ` + vitalSigns(t).ID + `}
  archetypes: [OBSERVATION.pulse.v2]
  extensions: [e]
  start: OBSERVATION.pulse.v2
`
	extension := `grammar: FHIRConnect/v1.0.0
type: extension
metadata: {name: e, version: 1.0.0}
spec: {system: FHIR, version: R4, extends: OBSERVATION.pulse.v2}
mappings:
  - name: regularity
    extension: overwrite
    with: {fhir: "$resource.interpretation", openehr: "$archetype/data[at0002]/events/data[at0001]/items[at0005]"}
`
	height := `grammar: FHIRConnect/v1.0.0
type: model
metadata: {name: OBSERVATION.height.v2, version: 1.0.0}
spec:
  system: FHIR
  version: R4
  openEhrConfig: {archetype: openEHR-EHR-OBSERVATION.height.v2}
  fhirConfig: {structureDefinition: http://hl7.org/fhir/StructureDefinition/DiagnosticReport}
mappings:
  - name: must
    with: {fhir: "$resource"}
    manual: [{name: must, fhir: [{path: status, value: final}, {path: code.text, value: height}]}]
  - name: subject
    with: {fhir: "$resource.subject", openehr: "$archetype/subject"}
`
	lib, err := fhirmap.Load(fstest.MapFS{
		"m.yml": pulseMapping("", "", "", "value", ""), "c.yml": {Data: []byte(context)}, "e.yml": {Data: []byte(extension)}, "h.yml": {Data: []byte(height)},
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := lib.Project(fhirmap.Input{Root: pulses(t, "at0006"), EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
	if err != nil || len(res.Resources) != 1 || !strings.Contains(string(res.Resources[0].JSON), `"interpretation"`) {
		t.Fatal(err, res)
	}
	c, err := lib.Compose(composeInput(vitalSigns(t), string(res.Resources[0].JSON)))
	if err != nil {
		t.Fatal(err)
	}
	if code := c.Root.List("content")[0].Get("data", "events", "data", "items", "value").String("defining_code", "code_string"); code != "at0006" {
		t.Errorf("%q: %s", code, rm.AppendJSON(nil, c.Root))
	}
	other := `{"resourceType":"DiagnosticReport","status":"final","code":{"text":"height"},"subject":{"reference":"Patient/` + testEHR + `"}}`
	if _, err := lib.Compose(composeInput(vitalSigns(t), other)); errs.KindOf(err) != errs.Unsupported || !strings.Contains(err.Error(), "no mapping of the template makes") {
		t.Errorf("by a mapping that is not bound: %v", err)
	}
}
