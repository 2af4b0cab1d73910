package fhirmap_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// heightWith is a library of one model: what an Observation has to have, and methods.
func heightWith(t *testing.T, methods string) *fhirmap.Library {
	t.Helper()
	lib, err := fhirmap.Load(fstest.MapFS{"m.yml": {Data: []byte(fhirmap.HeightModel + methods)}})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

const (
	takenBy = `  - name: taken by
    with: {fhir: "$resource.performer.ofType(Organization)", openehr: "$archetype/provider"}
`
	// specimen refers to the Specimen of a LINK, and without one to a Specimen of
	// its own.
	specimen = `  - name: specimen
    with: {fhir: "$resource.specimen.ofType(Specimen)", openehr: "$reference"}
    reference:
      resourceType: Specimen
      mappings:
        - name: note
          with: {fhir: "$fhirRoot.note.text", openehr: "$archetype/data[at0001]/events/data[at0003]/items[at0018]"}
        - name: whose
          with: {fhir: "$fhirRoot.subject", openehr: "$archetype/subject"}
        - name: taken elsewhere
          with: {fhir: "$fhirRoot", openehr: "$archetype/links"}
          link: {meaning: "derived from", type: "derivedFrom"}
`
)

// TestReferenceOfType fills a Reference by the type of what it leads to with
// nobody who is not known to be of it.
func TestReferenceOfType(t *testing.T) {
	t.Parallel()
	lib := heightWith(t, takenBy)
	party := func(class string) *rm.Node {
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Ward 7"), rm.Child("external_ref", rm.Object("PARTY_REF",
			rm.Child("id", rm.ID("HIER_OBJECT_ID", "6c1f5ac4-4f0a-4a6e-9d9b-0b7b8d1b6c11")), rm.Str("namespace", "local"), rm.Str("type", class))))
	}
	for _, tt := range []struct {
		name     string
		provider *rm.Node
		shown    string
		want     string
	}{
		{"an organisation", party("ORGANISATION"), "Organization", `"performer":[{"reference":"Organization/6c1f5ac4`},
		{"a person", party("PERSON"), "Practitioner", ""},
		{"somebody", rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Ward 7")), "", ""},
		{"the patient", rm.Object("PARTY_SELF"), "", ""},
	} {
		in := caseInput(t, "testdata/cases/height")
		in.Resolve = func(*rm.Node) string { return tt.shown }
		in.Root = in.Root.With("content", in.Root.List("content")[0].With("provider", tt.provider))
		res, err := lib.Project(in)
		if err != nil || len(res.Resources) != 1 {
			t.Fatal(tt.name, err, res.Losses)
		}
		got := string(res.Resources[0].JSON)
		if has := strings.Contains(got, `"performer"`); has != (tt.want != "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		told := false
		for _, l := range res.Losses {
			told = told || l.Code == "reference" || l.Code == "subject-not-patient"
		}
		if told != (tt.want == "") {
			t.Errorf("%s: losses %+v", tt.name, res.Losses)
		}
	}

	compose := func(performer string, party fhirmap.Party) (string, error) {
		in := composeInput(vitalSigns(t), `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/`+testEHR+`"},`+
			`"effectiveDateTime":"2024-03-05T10:15:30Z","valueQuantity":{"value":170,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"},"performer":[`+performer+`]}`)
		in.Parties = map[string]fhirmap.Party{party.Type + "/" + party.ID: party}
		c, err := heightWith(t, takenBy+`  - name: height
    with: {fhir: "$resource.value", openehr: "$archetype/data[at0001]/events[at0002]/data[at0003]/items[at0004]"}
  - name: when
    with: {fhir: "$resource.effective", openehr: "$archetype/data[at0001]/events[at0002]/time"}
`).Compose(in)
		if err != nil {
			return "", err
		}
		return c.Root.List("content")[0].String("provider", "external_ref", "type"), nil
	}
	const id = "6c1f5ac4-4f0a-4a6e-9d9b-0b7b8d1b6c11"
	if got, err := compose(`{"reference":"Organization/`+id+`"}`, fhirmap.Party{Class: "ORGANISATION", Type: "Organization", ID: id}); err != nil || got != "ORGANISATION" {
		t.Errorf("back: %s %v", got, err)
	}
	for _, performer := range []string{`{"reference":"Practitioner/` + id + `"}`, `{"display":"Ward 7"}`, `{"type":"Organization","display":"Ward 7"}`, `{"reference":"Organization/` + id + `","type":"Practitioner"}`} {
		got, err := compose(performer, fhirmap.Party{Class: "PERSON", Type: "Practitioner", ID: id})
		if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), "Observation.performer") {
			t.Errorf("%s: got %s %v", performer, got, err)
		}
	}
}

// TestReferenceOfTypeFaults names what is wrong with a type that a Reference cannot
// lead to, or that names no place.
func TestReferenceOfTypeFaults(t *testing.T) {
	t.Parallel()
	method := func(fhir, openehr string) string {
		return fmt.Sprintf("  - name: a\n    with: {fhir: %q, openehr: %q}\n", fhir, openehr)
	}
	for _, tt := range []struct{ name, methods, want string }{
		{"a type that is not referred to", method("$resource.specimen.ofType(Organization)", "$archetype/provider"), "Observation.specimen cannot refer to Organization but to Specimen"},
		{"where there is no reference", method("$resource.note.ofType(Organization)", "$archetype/provider"), "Observation.note is not Organization but Annotation"},
		{"what is in the other resource", method("$resource.performer.ofType(Organization).name", "$archetype/provider/name"), "its elements are reached by the key reference"},
		{"another type than is made", strings.Replace(method("$resource.performer.ofType(Organization)", "$reference"), "with:", "reference: {resourceType: Practitioner, mappings: []}\n    with:", 1), "cannot refer to Practitioner"},
		{"a condition", method("$resource.performer", "$archetype/provider") + "    fhirCondition: {targetRoot: \"$resource.performer.ofType(Organization)\", operator: not empty}\n", "not supported: ofType(Organization) of a Reference in a condition"},
		{"a constant", "  - name: a\n    with: {fhir: $resource}\n    manual: [{name: x, fhir: [{path: \"performer.ofType(Organization)\", value: y}]}]\n", "not supported: ofType(Organization) of a Reference in a condition"},
		{
			"more beside a link to a whole", strings.TrimSuffix(specimen, "\n") + "\n          followedBy: {mappings: [{name: x, with: {fhir: \"$resource.issued\"}}]}\n",
			"not supported: followedBy beside link at the resource of a reference",
		},
		{"a static type that is another", strings.Replace(method("$resource.note.text", "$archetype/provider/name"), `name"}`, `name", type: QUANTITY}`, 1), "Annotation.text is not QUANTITY"},
		{"a static type of several", strings.Replace(method("$resource.value", "$archetype/provider/name"), `name"}`, `name", type: QUANTITY}`, 1), "takes several types that QUANTITY stands for"},
		{"a static type without a meaning", strings.Replace(method("$resource.note.text", "$archetype/provider/name"), `name"}`, `name", type: DOSAGE}`, 1), "not supported: type DOSAGE"},
	} {
		_, err := fhirmap.Load(fstest.MapFS{"m.yml": {Data: []byte(fhirmap.HeightModel + tt.methods)}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// TestLinkInReference refers to the resource of another composition where there is a
// LINK to it, and makes one where there is none.
func TestLinkInReference(t *testing.T) {
	t.Parallel()
	lib := heightWith(t, specimen)
	if got := lib.JoinElements("Observation"); len(got) != 1 || got[0] != "Observation.specimen" {
		t.Errorf("elements %v", got)
	}
	project := func(found fhirmap.LinkTarget, links ...*rm.Node) (refs string, made int, codes string) {
		in := caseInput(t, "testdata/cases/height")
		in.Link = func(string) fhirmap.LinkTarget { return found }
		in.Root = in.Root.With("content", in.Root.List("content")[0].With("links", links...))
		res, err := lib.Project(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Resources {
			if r.Type == "Specimen" {
				made++
				continue
			}
			n, err := r4.Parse(r.JSON)
			if err != nil {
				t.Fatal(err)
			}
			refs = n.Str("specimen", "reference")
		}
		for _, l := range res.Losses {
			if strings.HasPrefix(l.Code, "link") {
				codes += l.Code
			}
		}
		return refs, made, codes
	}
	other := fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{{Type: "Specimen", Reference: "Specimen/a"}}}
	if refs, made, codes := project(other, link("derivedFrom", linkURI)); refs != "Specimen/a" || made != 0 || codes != "" {
		t.Errorf("linked: %s %d %s", refs, made, codes)
	}
	for name, links := range map[string][]*rm.Node{"no link": nil, "another link": {link("follow-up", linkURI)}} {
		if refs, made, codes := project(other, links...); !strings.HasPrefix(refs, "Specimen/") || refs == "Specimen/a" || made != 1 || codes != "" {
			t.Errorf("%s: %s %d %s", name, refs, made, codes)
		}
	}
	if refs, made, codes := project(fhirmap.LinkTarget{Reason: fhirmap.LinkMissing}, link("derivedFrom", linkURI)); made != 1 || refs == "" || codes != "link-target" {
		t.Errorf("a link to nothing: %s %d %s", refs, made, codes)
	}
	if refs, made, codes := project(other, link("derivedFrom", linkURI), link("derivedFrom", linkURI)); refs != "Specimen/a" || made != 0 || codes != "link-ambiguous" {
		t.Errorf("two links: %s %d %s", refs, made, codes)
	}

	in := composeInput(vitalSigns(t), `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/`+testEHR+`"},`+
		`"effectiveDateTime":"2024-03-05T10:15:30Z","valueQuantity":{"value":170,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"},"specimen":{"reference":"urn:uuid:1"}}`)
	back := heightWith(t, specimen+`  - name: height
    with: {fhir: "$resource.value", openehr: "$archetype/data[at0001]/events[at0002]/data[at0003]/items[at0004]"}
  - name: when
    with: {fhir: "$resource.effective", openehr: "$archetype/data[at0001]/events[at0002]/time"}
`)
	if _, err := back.Compose(in); !errs.Is(err, errs.Unprocessable) {
		t.Errorf("what is not known: %v", err)
	}
	in.Joins = map[string]fhirmap.Join{"urn:uuid:1": {Type: "Specimen", Target: linkURI}}
	c, err := back.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	if links := c.Root.List("content")[0].List("links"); len(links) != 1 || links[0].String("target", "value") != linkURI {
		t.Errorf("back: %s", rm.AppendJSON(nil, c.Root))
	}
	in.Joins = map[string]fhirmap.Join{"urn:uuid:1": {Type: "Device", Target: linkURI}}
	if _, err := back.Compose(in); !errs.Is(err, errs.Unprocessable) {
		t.Errorf("a link to another type: %v", err)
	}
}

// TestBesideLink says more of a reference that a LINK has become, and nothing where
// it has become none.
func TestBesideLink(t *testing.T) {
	t.Parallel()
	lib := heightWith(t, `  - name: derived
    with: {fhir: "$resource.derivedFrom", openehr: "$archetype/links"}
    link: {meaning: "derived from", type: "derivedFrom"}
    followedBy:
      mappings:
        - name: how
          with: {fhir: display, openehr: "meaning/value"}
`)
	for reference, want := range map[string]string{
		"Observation/a": `"derivedFrom":[{"reference":"Observation/a","display":"derived from"}]`,
		"":              "",
	} {
		in := caseInput(t, "testdata/cases/height")
		found := fhirmap.LinkTarget{Reason: fhirmap.LinkMissing}
		if reference != "" {
			found = fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{{Type: "Observation", Reference: reference}}}
		}
		in.Link = func(string) fhirmap.LinkTarget { return found }
		in.Root = in.Root.With("content", in.Root.List("content")[0].With("links", link("derivedFrom", linkURI)))
		res, err := lib.Project(in)
		if err != nil || len(res.Resources) != 1 {
			t.Fatal(err, res.Losses)
		}
		got := string(res.Resources[0].JSON)
		if strings.Contains(got, "derivedFrom") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestStaticTypes takes the types of FHIR Connect before 1.0 where they are the
// derived ones.
func TestStaticTypes(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string]string{"CODEABLECONCEPT": `"valueCodeableConcept":{"text":`, "STRING": `"valueString":"`} {
		lib := heightWith(t, `  - name: a
    with: {fhir: "$resource.value", openehr: "$archetype/data[at0001]/events/data[at0003]/items[at0004]/name", type: `+typ+"}\n")
		res, err := lib.Project(caseInput(t, "testdata/cases/height"))
		if err != nil || len(res.Resources) != 1 || !strings.Contains(string(res.Resources[0].JSON), want) {
			t.Errorf("%s: %v %+v", typ, err, res)
		}
	}
}
