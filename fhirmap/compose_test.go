package fhirmap_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
)

const absentSystem = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

func vitalSigns(t testing.TB) *templates.Template {
	t.Helper()
	data, err := os.ReadFile("../templates/library/Cairn - Vital signs.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

func composeInput(tmpl *templates.Template, resource string) fhirmap.ComposeInput {
	return fhirmap.ComposeInput{
		Resource: []byte(resource), Template: tmpl, EHRID: testEHR, Language: "en", Territory: "DE",
		Composer: rm.Object("PARTY_IDENTIFIED", rm.Str("name", "A. Author")),
		Feeder:   rm.Object("FEEDER_AUDIT", rm.Child("originating_system_audit", rm.Object("FEEDER_AUDIT_DETAILS", rm.Str("system_id", "urn:partner")))),
	}
}

// TestComposeProjected takes back every resource that the shipped mappings make
// of examples of the shipped templates. What comes back makes the same
// composition again; the mappings that never do are those listed.
func TestComposeProjected(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	back := map[string]int{}
	for _, source := range projectable(t) {
		tmpl := source.template
		res, err := lib.Project(fhirmap.Input{Root: source.root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Resources {
			in := composeInput(tmpl, string(r.JSON))
			in.Linked = linkedTo(t, r.JSON, res.Resources)
			if in.Stance = fhirmap.Names; strings.HasPrefix(r.Mapping, "EVALUATION.exclusion") {
				in.Stance = fhirmap.Denies
			}
			c, err := lib.Compose(in)
			if err != nil {
				in.Resource = oneNote(t, r.JSON)
				for url, n := range in.Linked {
					if n, err = r4.Parse(oneNote(t, n.Append(nil))); err != nil {
						t.Fatal(err)
					}
					in.Linked[url] = n
				}
				c, err = lib.Compose(in)
			}
			switch errs.KindOf(err) {
			case errs.Unprocessable, errs.Unsupported:
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", r.Mapping, err)
			}
			if c.Mapping != r.Mapping {
				t.Errorf("%s was taken back by %s", r.Mapping, c.Mapping)
			}
			back[r.Mapping]++
			again, err := lib.Project(fhirmap.Input{Root: c.Root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
			if err != nil || len(again.Resources) != c.Resources {
				t.Fatal(r.Mapping, err, len(again.Resources))
			}
			in.Resource = again.Resources[c.Index].JSON
			in.Linked = linkedTo(t, in.Resource, again.Resources)
			twice, err := lib.Compose(in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(rm.AppendJSON(nil, c.Root)), string(rm.AppendJSON(nil, twice.Root))); diff != "" {
				t.Errorf("%s: %s", r.Mapping, diff)
			}
		}
	}
	var names []string
	for name := range back {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff(fhirmap.Proven, names); diff != "" {
		t.Errorf("of the mappings that are proven (-), these come back (+):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"AllergyIntolerance", "Condition", "Consent", "DiagnosticReport", "Encounter", "Goal", "Immunization", "MedicationRequest", "MedicationStatement", "Observation", "Procedure",
	}, lib.Creatable()); diff != "" {
		t.Errorf("types that can be created:\n%s", diff)
	}
}

// source is a composition with its template.
type source struct {
	template *templates.Template
	root     *rm.Node
}

// projectable are examples of the shipped templates, and the compositions of the
// test cases.
func projectable(t *testing.T) []source {
	t.Helper()
	var out []source
	byID := map[string]*templates.Template{}
	for _, tmpl := range shippedTemplates(t) {
		byID[tmpl.ID] = tmpl
		if tmpl.Root.Class != rm.ClassComposition {
			continue
		}
		for _, d := range []example.Detail{example.Required, example.Medium, example.Complete} {
			root, err := example.Instance(tmpl, example.Options{Detail: d, Language: "en"})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, source{tmpl, root})
		}
	}
	files, err := filepath.Glob("testdata/cases/*/in.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, problems := rm.DecodeJSON(data, nil, rm.JSONOptions{})
		if rm.HasErrors(problems) {
			t.Fatal(file, problems)
		}
		if tmpl := byID[root.String("archetype_details", "template_id", "value")]; tmpl != nil && root.Class == rm.ClassComposition {
			out = append(out, source{tmpl, root})
		}
	}
	return out
}

// linkedTo are those of some resources that one refers to.
func linkedTo(t *testing.T, resource []byte, all []fhirmap.Resource) map[string]*r4.Node {
	t.Helper()
	out := map[string]*r4.Node{}
	for _, r := range all {
		if url := r.Type + "/" + r.ID; strings.Contains(string(resource), `"`+url+`"`) {
			n, err := r4.Parse(r.JSON)
			if err != nil {
				t.Fatal(err)
			}
			out[url] = n
		}
	}
	return out
}

// oneNote is a resource with the last of its notes, reasons and identifiers: where
// descriptions and comments are all shown as notes, one that comes is a comment.
func oneNote(t *testing.T, resource []byte) []byte {
	t.Helper()
	n, err := r4.Parse(resource)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"note", "identifier", "reasonCode"} {
		if list := n.Get(name); list != nil {
			list.Items = list.Items[len(list.Items)-1:]
		}
	}
	return n.Append(nil)
}

const (
	weightHead = `{"resourceType":"Observation","status":"final",` +
		`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],` +
		`"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Body weight"},` +
		`"subject":{"reference":"Patient/` + casetest.EHR + `"}`
	weightTime = `,"effectiveDateTime":"2024-03-05T10:15:30.50-03:30"`
	// mean ends a resource whose value is the mean of an interval.
	mean = `,"component":[{"code":{"text":"Math function"},"valueCodeableConcept":{"coding":[{"system":"` + fhirmap.OpenEHRSystem + `","code":"146"}],"text":"mean"}}]}`

	weightValue = `,"valueQuantity":{"value":72.50,"comparator":"<","unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}`
)

// TestComposeValues looks at the values themselves, and at what is refused.
func TestComposeValues(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	tmpl := vitalSigns(t)
	const element = "/data/events/data/items[at0004]"
	tests := []struct {
		name, resource string
		// path from the entry and what stands there, or the beginning of the error.
		path, want string
	}{
		{"digits", weightHead + weightTime + weightValue + "}", element + "/value/magnitude", "72.50"},
		{"comparator", weightHead + weightTime + weightValue + "}", element + "/value/magnitude_status", "<"},
		{"offset and fraction", weightHead + weightTime + weightValue + "}", "/data/events/time/value", "2024-03-05T10:15:30.50-03:30"},
		{"origin", weightHead + weightTime + weightValue + "}", "/data/origin/value", "2024-03-05T10:15:30.50-03:30"},
		{"partial time", weightHead + `,"effectiveDateTime":"2024-03"` + weightValue + "}", "/data/events/time/value", "2024-03"},
		{"name", strings.Replace(weightHead, "Body weight", "Weight at home", 1) + weightTime + weightValue + "}", "/name/value", "Weight at home"},
		{"subject", weightHead + weightTime + weightValue + "}", "/subject", ""},
		{"performer", weightHead + weightTime + `,"performer":[{"display":"Nurse N."}]` + weightValue + "}", "/provider/name", "Nurse N."},
		{"comment", weightHead + weightTime + weightValue + `,"note":[{"text":"In the morning"}]}`, "/data/events/data/items[at0024]/value/value", "In the morning"},
		{
			"masked", weightHead + weightTime + `,"dataAbsentReason":{"coding":[{"system":"` + absentSystem + `","code":"masked"}]}}`,
			element + "/null_flavour/defining_code/code_string", "272",
		},
		{
			"no information", weightHead + weightTime + `,"dataAbsentReason":{"coding":[{"system":"` + absentSystem + `","code":"unknown"}],"text":"no information"}}`,
			element + "/null_flavour/defining_code/code_string", "271",
		},
		{"identifier", weightHead + weightTime + weightValue + `,"identifier":[{"system":"urn:x","value":"7"}]}`, "/data/events/feeder_audit/originating_system_item_ids/id", "7"},
		{"issued", weightHead + weightTime + weightValue + `,"issued":"2024-03-05T11:00:00Z"}`, "/data/events/feeder_audit/originating_system_audit/time/value", "2024-03-05T11:00:00Z"},
		{"interpretation", weightHead + weightTime + weightValue + `,"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"LL"}]}]}`, element + "/value/normal_status/code_string", "LL"},
		{"lower bound of a range", weightHead + weightTime + weightValue + `,"referenceRange":[{"low":{"value":50.0,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}]}`, element + "/value/normal_range/lower/magnitude", "50.0"},
		{"range without upper bound", weightHead + weightTime + weightValue + `,"referenceRange":[{"low":{"value":50.0,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}]}`, element + "/value/normal_range/upper_unbounded", "true"},
		{"name of a code", strings.Replace(weightHead, `"29463-7"`, `"29463-7","display":"Body Weight"`, 1) + weightTime + weightValue + "}", "/name/value", "Body weight"},
		{"type of the patient", strings.Replace(weightHead, `"subject":{`, `"subject":{"type":"Patient",`, 1) + weightTime + weightValue + "}", "/subject", ""},
		{"concept without text", strings.Replace(weightHead, `,"text":"Body weight"`, "", 1) + weightTime + weightValue + "}", "/name/value", "Body weight"},
		{"quantity without unit", weightHead + weightTime + strings.Replace(weightValue, `"unit":"kg",`, "", 1) + "}", element + "/value/units", "kg"},
		{"words for a category", strings.Replace(weightHead, `"code":"vital-signs"}]`, `"code":"vital-signs"}],"text":"Vital signs"`, 1) + weightTime + weightValue + "}", "/name/value", "Body weight"},
		{"a unit in other words", weightHead + weightTime + strings.Replace(weightValue, `"unit":"kg"`, `"unit":"kilograms"`, 1) + "}", element + "/value/units_display_name", "kilograms"},
		{"a unit whose words are one of another kind", weightHead + weightTime + strings.Replace(weightValue, `"unit":"kg"`, `"unit":"C"`, 1) + "}", element + "/value/units", "kg"},
		{"mean of an interval", weightHead + `,"effectivePeriod":{"start":"2024-03-05T10:00:00.25+01:00","end":"2024-03-06T09:30:00.25+01:00"}` + weightValue + mean, "/data/events/width/value", "PT84600S"},
		{"maximum of days", weightHead + `,"effectivePeriod":{"start":"2024-02-28","end":"2024-03-05"}` + weightValue + strings.Replace(mean, "146", "144", 1), "/data/events/width/value", "P6D"},

		{"a unit that contradicts its code", weightHead + weightTime + strings.Replace(weightValue, `"unit":"kg"`, `"unit":"g"`, 1) + "}", "", "Observation.valueQuantity.unit: the unit for people is another amount"},
		{"a unit of a range that contradicts its code", weightHead + weightTime + weightValue + `,"referenceRange":[{"low":{"value":50,"unit":"[lb_av]","system":"http://unitsofmeasure.org","code":"kg"}}]}`, "", "Observation.referenceRange[0].low.unit: the unit for people is another amount"},
		{"other words for a category", strings.Replace(weightHead, `"code":"vital-signs"}]`, `"code":"vital-signs"}],"text":"Not vital"`, 1) + weightTime + weightValue + "}", "", "category[0].text: the element would be lost"},
		{"a unit without code", weightHead + weightTime + `,"valueQuantity":{"value":72.5,"unit":"kg"}}`, "", "Observation.valueQuantity: nothing certain"},
		{"period whose offsets differ", weightHead + `,"effectivePeriod":{"start":"2024-03-05T10:00:00Z","end":"2024-03-06T10:00:00+01:00"}` + weightValue + mean, "", "effectivePeriod.start: the value would change"},
		{"period without a function", weightHead + `,"effectivePeriod":{"start":"2024-03-05T10:00:00Z","end":"2024-03-06T10:00:00Z"}` + weightValue + "}", "", "math_function"},
		{"open period", weightHead + `,"effectivePeriod":{"start":"2024-03-05T10:00:00Z"}` + weightValue + mean, "", "not valid"},
		{"use of an identifier", weightHead + weightTime + weightValue + `,"identifier":[{"use":"old","value":"7"}]}`, "", "identifier[0].use: the element would be lost"},
		{"identifier without value", weightHead + weightTime + weightValue + `,"identifier":[{"system":"urn:x"}]}`, "", "identifier: the element would be lost"},
		{"interpretation that is not known", weightHead + weightTime + weightValue + `,"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"A"}]}]}`, "", "interpretation: the element would be lost"},
		{"range for a group", weightHead + weightTime + weightValue + `,"referenceRange":[{"low":{"value":50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},"text":"adults"}]}`, "", "referenceRange[0].text: the element would be lost"},
		{"two ranges", weightHead + weightTime + weightValue + `,"referenceRange":[{"low":{"value":50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}},{"high":{"value":90,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}]}`, "", "referenceRange"},
		{"another name of a code", strings.Replace(weightHead, `"29463-7"`, `"29463-7","display":"Body height"`, 1) + weightTime + weightValue + "}", "", "code.coding[0].display: the element would be lost"},
		{"name of the patient", strings.Replace(weightHead, `"subject":{`, `"subject":{"display":"Jane Doe",`, 1) + weightTime + weightValue + "}", "", "subject.display: the element would be lost"},
		{"another identification of the patient", strings.Replace(weightHead, `"subject":{`, `"subject":{"identifier":{"value":"9"},`, 1) + weightTime + weightValue + "}", "", "subject.identifier: the element would be lost"},
		{"performer of this server", weightHead + weightTime + weightValue + `,"performer":[{"reference":"Practitioner/1"}]}`, "", "performer: the element would be lost"},
		{"status of another kind", strings.Replace(weightHead, "final", "amended", 1) + weightTime + weightValue + "}", "", "Observation.status: the value would change"},
		{"entered in error", strings.Replace(weightHead, "final", "entered-in-error", 1) + weightTime + weightValue + "}", "", "Observation.status: a resource that is entered-in-error"},
		{"another patient", strings.Replace(weightHead, "Patient/", "Patient/x", 1) + weightTime + weightValue + "}", "", "subject is mandatory"},
		{"modifier extension", weightHead + weightTime + weightValue + `,"modifierExtension":[{"url":"http://x","valueBoolean":true}]}`, "", "Observation.modifierExtension: it can alter the meaning"},
		{"deep modifier extension", weightHead + weightTime + weightValue + `,"component":[{"modifierExtension":[{"url":"http://x","valueBoolean":true}],"code":{"text":"x"}}]}`, "", "Observation.component[0].modifierExtension"},
		{"contained", weightHead + weightTime + weightValue + `,"contained":[]}`, "", "Observation.contained"},
		{"extension", weightHead + weightTime + weightValue + `,"extension":[{"url":"http://x","valueBoolean":true}]}`, "", "Observation.extension: the element would be lost"},
		{"unmapped element", weightHead + weightTime + weightValue + `,"method":{"text":"scales"}}`, "", "Observation.method: the element would be lost"},
		{"unknown component", weightHead + weightTime + weightValue + `,"component":[{"code":{"text":"Mood"},"valueString":"good"}]}`, "", "Observation.component: the element would be lost"},
		{"value of another type", weightHead + weightTime + `,"valueString":"about 70"}`, "", "not valid"},
		{"unit the template does not allow", weightHead + weightTime + strings.ReplaceAll(weightValue, `"kg"`, `"mm[Hg]"`) + "}", "", "not valid"},
		{"no time", weightHead + weightValue + "}", "", "not valid"},
		{"period", weightHead + `,"effectivePeriod":{"start":"2024-03-05","end":"2024-03-06"}` + weightValue + "}", "", "not valid"},
		{"no code", strings.Replace(weightHead, "29463-7", "1-8", 1) + weightTime + weightValue + "}", "", "several entries of the template|would"},
		{"unknown element", weightHead + weightTime + weightValue + `,"colour":"red"}`, "", "colour"},
		{"another type", `{"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/` + casetest.EHR + `"}}`, "", "no mapping of the template makes Goal"},
		{"a type that can deny", `{"resourceType":"Procedure","status":"completed","subject":{"reference":"Patient/` + casetest.EHR + `"}}`, "", "no way back for this Procedure"},
		{"a medication that can deny", `{"resourceType":"MedicationStatement","status":"unknown","medicationCodeableConcept":{"text":"none"},"subject":{"reference":"Patient/` + casetest.EHR + `"}}`, "", "no way back for this MedicationStatement"},
		{"no resource", `[]`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := lib.Compose(composeInput(tmpl, tt.resource))
			if tt.path == "" {
				if err == nil {
					t.Fatalf("accepted: %s", rm.AppendJSON(nil, c.Root))
				}
				for _, want := range strings.Split(tt.want, "|") {
					if strings.Contains(err.Error(), want) {
						return
					}
				}
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if err != nil {
				t.Fatal(err)
			}
			path, err := rm.ParsePath("/content" + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			nodes := path.Resolve(c.Root)
			if len(nodes) != 1 || nodes[0].Text != tt.want {
				t.Errorf("got %d nodes of %s in %s", len(nodes), tt.path, rm.AppendJSON(nil, c.Root))
			}
		})
	}
}

// TestBackCases runs every directory of testdata/back: a resource in, the
// composition or the refusal out. The expected files were checked by hand.
func TestBackCases(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob("testdata/back/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no cases", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			in, path, err := casetest.ReadBack(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				t.Fatal(err)
			}
			if in.Template, err = templates.ReadOPT(data, templates.Limits{}); err != nil {
				t.Fatal(err)
			}
			got, err := casetest.BackOutcome(lib.Compose(in))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(dir, casetest.OutcomeFile), got)
		})
	}
}

// TestComposeProperty takes random amounts and times there and back.
func TestComposeProperty(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	tmpl := vitalSigns(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		value := fmt.Sprintf("%d.%0*d", rnd.IntN(200)+1, rnd.IntN(4)+1, rnd.IntN(10))
		comparator := []string{"", `"comparator":"<",`, `"comparator":">=",`}[rnd.IntN(3)]
		moment := []string{"2024", "2023-11", "2024-02-29", "2024-02-29T23:59:59Z", "1999-12-31T00:00:00.001+05:45"}[rnd.IntN(5)]
		resource := weightHead + `,"effectiveDateTime":"` + moment + `","valueQuantity":{"value":` + value + `,` + comparator +
			`"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}`
		c, err := lib.Compose(composeInput(tmpl, resource))
		if err != nil {
			t.Fatalf("%s: %v", resource, err)
		}
		res, err := lib.Project(fhirmap.Input{Root: c.Root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
		if err != nil || len(res.Resources) != 1 {
			t.Fatal(err)
		}
		got := strings.Replace(string(res.Resources[0].JSON), `"id":"`+res.Resources[0].ID+`",`, "", 1)
		if got != resource {
			t.Errorf("got  %s\nwant %s", got, resource)
		}
	}
}

// FuzzCompose gives the way back anything: it never fails of itself.
func FuzzCompose(f *testing.F) {
	f.Add(weightHead + weightTime + weightValue + "}")
	f.Add(`{"resourceType":"Observation"}`)
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		f.Fatal(err)
	}
	tmpl := vitalSigns(f)
	f.Fuzz(func(t *testing.T, resource string) {
		if _, err := lib.Compose(composeInput(tmpl, resource)); errs.Is(err, errs.Internal) {
			t.Fatal(err)
		}
	})
}

// TestComposeOrder takes what is told apart by codes in any order, and nothing that
// is changed with it.
func TestComposeOrder(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	tmpl := vitalSigns(t)
	head := strings.Replace(weightHead, `"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Body weight"`, "CODE", 1) + weightTime
	amount := func(value, unit string) string {
		return `"valueQuantity":{"value":` + value + `,"unit":"` + unit + `","system":"http://unitsofmeasure.org","code":"` + unit + `"}`
	}
	loinc := func(code string) string { return `{"system":"http://loinc.org","code":"` + code + `"}` }
	part := func(code, value string) string {
		return `{"code":{"coding":[` + loinc(code) + `]},` + amount(value, "mm[Hg]") + `}`
	}
	for _, c := range []struct{ code, rest, refused string }{
		{loinc("59408-5") + "," + loinc("2708-6"), amount("97", "%"), ""},
		{loinc("2708-6") + "," + loinc("59408-5"), amount("97", "%"), ""},
		{loinc("2708-6") + "," + loinc("2708-6"), amount("97", "%"), "code"},
		{loinc("85354-9"), `"component":[` + part("8462-4", "80") + "," + part("8480-6", "120") + `]`, ""},
		{loinc("85354-9"), `"component":[` + part("8480-6", "120") + "," + part("8462-4", "80") + `]`, ""},
		{loinc("85354-9"), `"component":[` + part("8462-4", "80") + "," + part("8462-4", "120") + `]`, "2 occurrences"},
	} {
		resource := strings.Replace(head, "CODE", `"coding":[`+c.code+`]`, 1) + "," + c.rest + "}"
		got, err := lib.Compose(composeInput(tmpl, resource))
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", resource, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: %v", resource, err)
		case err == nil && strings.Contains(resource, "8480-6"):
			path, err := rm.ParsePath("/content/data/events/data/items[at0004]/value/magnitude")
			if err != nil {
				t.Fatal(err)
			}
			if n := path.Resolve(got.Root); len(n) != 1 || n[0].Text != "120" {
				t.Errorf("the systolic pressure is %v", n)
			}
		}
	}
}

// TestComposeDescriptive is about what a client can allow to leave out, and what
// it cannot.
func TestComposeDescriptive(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	tmpl := vitalSigns(t)
	plain := weightHead + weightTime + weightValue + "}"
	for _, c := range []struct {
		from, to, omitted, refused string
	}{
		{`"subject":{`, `"subject":{"display":"Jane Doe",`, "Observation.subject.display", ""},
		{`"29463-7"`, `"29463-7","display":"Gewicht"`, "Observation.code.coding[0].display", ""},
		{`"subject":{`, `"subject":{"identifier":{"value":"9"},`, "", "subject.identifier"},
		{`"29463-7"`, `"29463-7","userSelected":true`, "", "code.coding[0].userSelected"},
		{`"status"`, `"language":"de","status"`, "", "language"},
	} {
		in := composeInput(tmpl, strings.Replace(plain, c.from, c.to, 1))
		if _, err := lib.Compose(in); errs.KindOf(err) != errs.Unprocessable {
			t.Errorf("%s: without leave: %v", c.to, err)
		}
		in.Descriptive = true
		got, err := lib.Compose(in)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", c.to, err)
		case c.refused == "":
			if len(got.Omitted) != 1 || got.Omitted[0].Path != c.omitted {
				t.Errorf("%s: left out %v", c.to, got.Omitted)
			}
		case err == nil || !strings.Contains(err.Error(), c.refused):
			t.Errorf("%s: %v", c.to, err)
		}
	}
}
