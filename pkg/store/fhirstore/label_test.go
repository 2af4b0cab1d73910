package fhirstore_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

func codes(list []fhir.Label) string {
	var out []string
	for _, l := range list {
		out = append(out, l.Code)
	}
	return strings.Join(out, " ")
}

// A code labels what says it where the path leads, in the terminology with or without
// a version, and what cannot be told there.
func TestLabelsByCode(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec := newRecord(t, s, true)
	element := func(value string) string {
		return `{"_type":"COMPOSITION","name":{"value":"c"},"content":[{"_type":"EVALUATION","archetype_node_id":"openEHR-EHR-EVALUATION.problem_diagnosis.v1","name":{"value":"Problem"},
			"data":{"_type":"ITEM_TREE","archetype_node_id":"at0001","items":[{"_type":"ELEMENT","archetype_node_id":"at0009","name":{"value":"o"},"value":{"value":"free"}},` + value + `]}}]}`
	}
	named := func(value string) string {
		return element(`{"_type":"ELEMENT","archetype_node_id":"at0002","name":{"_type":"DV_CODED_TEXT","value":"n","defining_code":{"terminology_id":{"value":"local"},"code_string":"at5"}}` + value + `}`)
	}
	code := func(terminology, code string) string {
		return `{"terminology_id":{"value":"` + terminology + `"},"code_string":"` + code + `"}`
	}
	contents := map[string]string{
		"the code":           named(`,"value":{"value":"x","defining_code":` + code("SNOMED-CT", "1") + `}`),
		"with a version":     named(`,"value":{"value":"x","defining_code":` + code("SNOMED-CT(2024)", "1") + `}`),
		"another":            named(`,"value":{"value":"x","defining_code":` + code("SNOMED-CT", "11") + `}`),
		"another system":     named(`,"value":{"value":"x","defining_code":` + code("SNOMED-CTX", "1") + `}`),
		"mapped":             named(`,"value":{"value":"x","mappings":[{"target":` + code("SNOMED-CT", "1") + `}],"defining_code":` + code("ICD10", "A") + `}`),
		"in words":           named(`,"value":{"value":"x"}`),
		"not known":          named(`,"null_flavour":{"value":"masked","defining_code":` + code("openehr", "272") + `}`),
		"elsewhere":          element(`{"_type":"ELEMENT","archetype_node_id":"at0003","name":{"value":"n"},"value":{"value":"x","defining_code":` + code("SNOMED-CT", "1") + `}}`),
		"nothing":            `{"_type":"COMPOSITION"}`,
		"quotes in the code": named(`,"value":{"value":"x","defining_code":` + code("SNOMED-CT", `\" || true`) + `}`),
	}
	objects := map[string]uuid.UUID{}
	for name, content := range contents {
		objects[name] = uuid.New()
		v := rec.next(objects[name], &ehr.Projected{Resources: []ehr.Resource{observation(objects[name].String())}})
		v.Raw = []byte(content)
		rec.commit(ehr.Contribution{Versions: []ehr.NewVersion{v}})
	}
	const at = "@/content[openEHR-EHR-EVALUATION.problem_diagnosis.v1]/data[at0001]/items[at0002]"
	for rule, want := range map[string]string{
		"R=SNOMED-CT|1":                 "the code, with a version, mapped, elsewhere",
		"R=SNOMED-CT|1" + at:            "the code, with a version, mapped, in words, not known",
		"R=SNOMED-CT|1" + at + "/value": "the code, with a version, mapped, in words",
		"R=SNOMED-CT|1@/content/data/items[at0002 and name/value='n']":                                                          "the code, with a version, mapped, in words, not known",
		"R=SNOMED-CT|1@/content[openEHR-EHR-EVALUATION.problem_diagnosis.v1 and name/value='Other']/data[at0001]/items[at0002]": "",
		`R=SNOMED-CT|" || true`: "quotes in the code",
		"R=local|at5":           "the code, with a version, another, another system, mapped, in words, not known, quotes in the code",
	} {
		c, err := fhir.ParseCodeLabel(rule)
		if err != nil {
			t.Fatal(err)
		}
		labels := fhir.Labels{All: []fhir.Label{{System: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", Code: "N"}}, Codes: []fhir.CodeLabel{c}}
		reader := fhirstore.New(s, ehr.AllowAll{})
		reader.Label(labels)
		for name, object := range objects {
			expected := "N"
			if strings.Contains(", "+want+",", ", "+name+",") {
				expected = "R"
			}
			got, err := reader.Resource(t.Context(), who, "Observation", object.String())
			if err != nil || codes(got.Security) != expected {
				t.Errorf("%s: %s is labelled %q, not %q, %v", rule, name, codes(got.Security), expected, err)
			}
		}
		for label, restricted := range map[string]bool{"R": true, "N": false} {
			for _, not := range []bool{false, true} {
				page, err := reader.Search(t.Context(), who, fhir.Query{
					Type: "Observation", Count: 100,
					Labelled: []fhir.Labelled{{Labels: &labels, Values: []fhir.Value{{Code: label}}, Not: not}},
				})
				if err != nil {
					t.Fatal(err)
				}
				count := 0
				if want != "" {
					count = len(strings.Split(want, ", "))
				}
				if restricted == not {
					count = len(contents) - count
				}
				if len(page.Records) != count {
					t.Errorf("%s: %d found by %s (not: %t), not %d", rule, len(page.Records), label, not, count)
				}
			}
		}
	}
	for _, bad := range []string{"", "R", "R=", "R=1", "R=a|", "R=|1", "Q=a|1", "R=a|1@/", "R=a|1@/content[0]", "R=a|1@/content[", "R=a|1@//x"} {
		if c, err := fhir.ParseCodeLabel(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %+v, %v", bad, c, err)
		}
	}
}

// A tag labels all versions of what it is about, and all that is made of them. A value
// that is no label is the strictest, and the label that is higher holds.
func TestLabelsByTag(t *testing.T) {
	t.Parallel()
	s := open(t)
	rec, other := newRecord(t, s, true), newRecord(t, s, true)
	const confidential = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	labels := fhir.Labels{All: []fhir.Label{{System: confidential, Code: "N"}, {System: "http://x.example", Code: "A"}}, Tags: []string{"privacy", "more"}}
	reader := fhirstore.New(s, ehr.AllowAll{})
	reader.Label(labels)
	object := uuid.New()
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a")}})
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a")}})
	other.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("b")}})
	tag := func(ver int, key, path string, value any) {
		t.Helper()
		if _, err := s.Pool().Exec(t.Context(), `insert into item_tag (ehr_no, object_id, ver, kind, key, target_path, value, actor)
			select ehr_no, $2, $3, 1, $4, $5, $6, 'u' from ehr where ehr_id = $1`, rec.ehrID, object, ver, key, path, value); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want string) {
		t.Helper()
		for _, version := range []int{1, 2} {
			got, err := reader.ResourceVersion(t.Context(), who, "Observation", "a", fhir.VersionID{Trunk: version})
			if err != nil || codes(got.Security) != want {
				t.Errorf("version %d is labelled %q, not %q, %v", version, codes(got.Security), want, err)
			}
		}
		if got, err := reader.Resource(t.Context(), who, "Observation", "b"); err != nil || codes(got.Security) != "N A" {
			t.Errorf("of somebody else: %q, %v", codes(got.Security), err)
		}
		for _, typ := range []string{virtual.Composition, virtual.DocumentReference, virtual.Provenance, "Observation"} {
			page, err := reader.Search(t.Context(), who, fhir.Query{Type: typ, Patients: []string{rec.ehrID.String()}, Count: 10})
			if err != nil || len(page.Records) == 0 {
				t.Fatal(page, err)
			}
			for _, r := range page.Records {
				if codes(r.Security) != want {
					t.Errorf("%s is labelled %q, not %q", typ, codes(r.Security), want)
				}
			}
			for _, l := range labels.With("", page.Records[0].Security) {
				found, err := reader.Search(t.Context(), who, fhir.Query{
					Type: typ, Patients: []string{rec.ehrID.String()}, Count: 10,
					Labelled: []fhir.Labelled{{Labels: &labels, Values: []fhir.Value{{System: l.System, HasSystem: true, Code: l.Code}}}},
				})
				if err != nil || len(found.Records) != len(page.Records) {
					t.Errorf("%s: %d of %d are found by %v, %v", typ, len(found.Records), len(page.Records), l, err)
				}
			}
		}
	}
	check("N A")
	tag(0, "another", "", "V")
	check("N A")
	tag(1, "privacy", "", "L")
	check("N A")
	tag(1, "more", "/content[0]", "http://x.example|B")
	check("N A B")
	tag(0, "more", "", "R")
	check("R A B")
	tag(2, "privacy", "", nil)
	check("V A B")
	if _, err := s.Pool().Exec(t.Context(), `update item_tag set value = 'secret' where value is null`); err != nil {
		t.Fatal(err)
	}
	check("V A B")
	if _, err := s.Pool().Exec(t.Context(), `delete from item_tag where ver = 2 or value = 'R'`); err != nil {
		t.Fatal(err)
	}
	check("N A B")
	for value, want := range map[string]string{"HTEST": "N A HTEST B", confidential + "|R": "R A B", confidential + "|X": "V A B", "x|y": "V A B", "http://y |z": "V A B"} {
		if _, err := s.Pool().Exec(t.Context(), `update item_tag set value = $1 where key = 'privacy'`, value); err != nil {
			t.Fatal(err)
		}
		got, err := reader.Resource(t.Context(), who, "Observation", "a")
		if err != nil || len(strings.Fields(codes(got.Security))) != len(strings.Fields(want)) || codes(got.Security)[:1] != want[:1] {
			t.Errorf("%q: labelled %q, not %q, %v", value, codes(got.Security), want, err)
		}
	}
}
