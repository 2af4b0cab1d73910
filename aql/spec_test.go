package aql_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

var specBlock = regexp.MustCompile(`(?ms)^-{4,8}\n(SELECT\b.*?)\n-{4,8}$`)

// specQueries are the example queries of the AQL specification and of its
// examples document, by file and number.
func specQueries(t *testing.T) map[string]string {
	dir := filepath.Join(testshared.Dir(t), "specs/aql")
	out := map[string]string{}
	for _, file := range []string{
		"spec/master03-syntax.adoc", "spec/master02-overview.adoc", "spec/master06-writing_AQL.adoc",
		"examples/master03-syntax-function.adoc", "examples/master03-syntax-operator.adoc", "examples/master04-single_subject.adoc",
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range specBlock.FindAllStringSubmatch(string(text), -1) {
			out[fmt.Sprintf("%s %d", filepath.Base(file), i+1)] = m[1]
		}
	}
	return out
}

// specContent is a small record that the examples find something in: lenient
// canonical JSON.
var specContent = []string{
	`{"_type": "COMPOSITION", "name": {"value": "Encounter"}, "archetype_node_id": "openEHR-EHR-COMPOSITION.encounter.v1",
	  "composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr A"}, "context": {"start_time": {"value": "2019-05-01T10:00:00Z"}},
	  "content": [{"_type": "OBSERVATION", "name": {"value": "BP"}, "archetype_node_id": "openEHR-EHR-OBSERVATION.blood_pressure.v1",
	    "data": {"name": {"value": "H"}, "archetype_node_id": "at0001", "events": [
	      {"_type": "POINT_EVENT", "name": {"value": "E"}, "archetype_node_id": "at0006", "data": {"_type": "ITEM_TREE", "name": {"value": "T"}, "archetype_node_id": "at0003", "items": [
	        {"_type": "ELEMENT", "name": {"value": "S"}, "archetype_node_id": "at0004", "value": {"_type": "DV_QUANTITY", "magnitude": 165, "units": "mm[Hg]"}},
	        {"_type": "ELEMENT", "name": {"value": "D"}, "archetype_node_id": "at0005", "value": {"_type": "DV_QUANTITY", "magnitude": 80, "units": "mm[Hg]"}}]}},
	      {"_type": "POINT_EVENT", "name": {"value": "E"}, "archetype_node_id": "at0006", "data": {"_type": "ITEM_TREE", "name": {"value": "T"}, "archetype_node_id": "at0003", "items": [
	        {"_type": "ELEMENT", "name": {"value": "S"}, "archetype_node_id": "at0004", "value": {"_type": "DV_QUANTITY", "magnitude": 121, "units": "mm[Hg]"}},
	        {"_type": "ELEMENT", "name": {"value": "D"}, "archetype_node_id": "at0005", "value": {"_type": "DV_QUANTITY", "magnitude": 70, "units": "mm[Hg]"}}]}}]}}]}`,
	`{"_type": "COMPOSITION", "name": {"value": "Admission"}, "archetype_node_id": "openEHR-EHR-COMPOSITION.administrative_encounter.v1",
	  "composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr A"}, "context": {"start_time": {"value": "2019-03-02T08:00:00Z"}},
	  "content": [{"_type": "ADMIN_ENTRY", "name": {"value": "A"}, "archetype_node_id": "openEHR-EHR-ADMIN_ENTRY.admission.v1"}]}`,
	`{"_type": "COMPOSITION", "name": {"value": "Discharge"}, "archetype_node_id": "openEHR-EHR-COMPOSITION.administrative_encounter.v1",
	  "composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr B"}, "context": {"start_time": {"value": "2019-12-02T08:00:00Z"}},
	  "content": [{"_type": "ADMIN_ENTRY", "name": {"value": "A"}, "archetype_node_id": "openEHR-EHR-ADMIN_ENTRY.discharge.v1"}]}`,
	`{"_type": "COMPOSITION", "name": {"value": "Current Problems"}, "archetype_node_id": "openEHR-EHR-COMPOSITION.problem_list.v1",
	  "composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr A"},
	  "content": [{"_type": "EVALUATION", "name": {"value": "P"}, "archetype_node_id": "openEHR-EHR-EVALUATION.problem-diagnosis.v1",
	    "data": {"_type": "ITEM_TREE", "name": {"value": "T"}, "archetype_node_id": "at0001", "items": [
	      {"_type": "ELEMENT", "name": {"value": "D"}, "archetype_node_id": "at0002.1", "value": {"_type": "DV_CODED_TEXT", "value": "Asthma", "defining_code": {"terminology_id": {"value": "SNOMED-CT"}, "code_string": "195967001"}}},
	      {"_type": "ELEMENT", "name": {"value": "D"}, "archetype_node_id": "at0002", "value": {"_type": "DV_CODED_TEXT", "value": "Rash", "defining_code": {"terminology_id": {"value": "SNOMED-CT"}, "code_string": "271807003"}}}]}}]}`,
	`{"_type": "COMPOSITION", "name": {"value": "Laboratory"}, "archetype_node_id": "openEHR-EHR-COMPOSITION.report.v1",
	  "composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr B"},
	  "content": [{"_type": "OBSERVATION", "name": {"value": "L"}, "archetype_node_id": "openEHR-EHR-OBSERVATION.laboratory_test_result.v1",
	    "data": {"name": {"value": "H"}, "archetype_node_id": "at0001", "events": [{"_type": "POINT_EVENT", "name": {"value": "E"}, "archetype_node_id": "at0002",
	      "data": {"_type": "ITEM_TREE", "name": {"value": "T"}, "archetype_node_id": "at0003", "items": [
	        {"_type": "CLUSTER", "name": {"value": "A"}, "archetype_node_id": "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1", "items": [
	          {"_type": "ELEMENT", "name": {"value": "N"}, "archetype_node_id": "at0001", "value": {"_type": "DV_CODED_TEXT", "value": "Glucose", "defining_code": {"terminology_id": {"value": "LOINC"}, "code_string": "14743-9"}}},
	          {"_type": "ELEMENT", "name": {"value": "R"}, "archetype_node_id": "at0024", "value": {"_type": "DV_QUANTITY", "magnitude": 11.5, "units": "mmol/L"}}]},
	        {"_type": "CLUSTER", "name": {"value": "A"}, "archetype_node_id": "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1", "items": [
	          {"_type": "ELEMENT", "name": {"value": "N"}, "archetype_node_id": "at0001", "value": {"_type": "DV_CODED_TEXT", "value": "Fasting glucose", "defining_code": {"terminology_id": {"value": "LOINC"}, "code_string": "2345-7"}}},
	          {"_type": "ELEMENT", "name": {"value": "R"}, "archetype_node_id": "at0024", "value": {"_type": "DV_QUANTITY", "magnitude": 5.5, "units": "mmol/L"}}]}]}}]}}]}`,
	`{"_type": "COMPOSITION", "name": {"value": "Referral"}, "archetype_node_id": "openEHR-EHR-COMPOSITION.referral.v1",
	  "archetype_details": {"archetype_id": {"value": "openEHR-EHR-COMPOSITION.referral.v1"}, "template_id": {"value": "t1"}, "rm_version": "1.1.0"},
	  "composer": {"_type": "PARTY_IDENTIFIED", "name": "Dr A"},
	  "content": [{"_type": "OBSERVATION", "name": {"value": "P"}, "archetype_node_id": "openEHR-EHR-OBSERVATION.pulse_oximetry.v1",
	    "data": {"name": {"value": "H"}, "archetype_node_id": "at0001", "events": [{"_type": "POINT_EVENT", "name": {"value": "E"}, "archetype_node_id": "at0002",
	      "data": {"_type": "ITEM_TREE", "name": {"value": "T"}, "archetype_node_id": "at0003", "items": [
	        {"_type": "ELEMENT", "name": {"value": "S"}, "archetype_node_id": "at0006", "value": {"_type": "DV_PROPORTION", "numerator": 95, "denominator": 100, "type": 2}}]}}]}}]}`,
}

const (
	specGlucose = `{"_type":"DV_CODED_TEXT","value":"Glucose","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"LOINC"},"code_string":"14743-9"}}`
	specFasting = `{"_type":"DV_CODED_TEXT","value":"Fasting glucose","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"LOINC"},"code_string":"2345-7"}}`
	specStart   = `{"_type":"DV_DATE_TIME","value":"2019-05-01T10:00:00Z"}`
	specList    = `"Admission"|{"_type":"DV_DATE_TIME","value":"2019-03-02T08:00:00Z"}|"Dr A" "Current Problems"|null|"Dr A" "Discharge"|{"_type":"DV_DATE_TIME","value":"2019-12-02T08:00:00Z"}|"Dr B" ` +
		`"Encounter"|` + specStart + `|"Dr A" "Laboratory"|null|"Dr B" "Referral"|null|"Dr A"`
)

// specRows are the rows of the examples, worked out by hand from the record
// above; EHR stands for the id of the EHR, COUNT n for so many rows.
var specRows = map[string]string{
	"master03-syntax.adoc 1":  "165|80",
	"master03-syntax.adoc 2":  "165|80",
	"master03-syntax.adoc 3":  "121 165",
	"master03-syntax.adoc 4":  `EHR|{"_type":"DV_DATE_TIME","value":"2019-03-02T08:00:00Z"}`,
	"master03-syntax.adoc 5":  "", // no microbiology
	"master03-syntax.adoc 6":  `"p1"|{"_type":"DV_CODED_TEXT","value":"Asthma","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"SNOMED-CT"},"code_string":"195967001"}}`,
	"master03-syntax.adoc 7":  `null|{"_type":"DV_CODED_TEXT","value":"Rash","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"SNOMED-CT"},"code_string":"271807003"}}`,
	"master03-syntax.adoc 8":  "EHR",
	"master03-syntax.adoc 9":  "EHR",
	"master03-syntax.adoc 10": "EHR", // the discharge
	"master03-syntax.adoc 11": "EHR",
	"master03-syntax.adoc 12": "165|121|143.0000000000000000",
	"master03-syntax.adoc 13": "EHR",
	"master03-syntax.adoc 14": specList,
	"master03-syntax.adoc 15": "COUNT 6",
	"master03-syntax.adoc 16": `true|"alert"|1`,
	"master03-syntax.adoc 17": `"Admission"|"Dr A" "Current Problems"|"Dr A" "Discharge"|"Dr B" "Encounter"|"Dr A" "Laboratory"|"Dr B" "Referral"|"Dr A"`,
	"master03-syntax.adoc 18": specList,
	"master03-syntax.adoc 19": "", // the second page

	"master03-syntax-function.adoc 1": `1|{"_type":"DV_DATE_TIME","value":"2019-03-02T08:00:00Z"}`,
	"master03-syntax-function.adoc 2": "2",
	"master03-syntax-function.adoc 3": "165|121|143.0000000000000000",
	"master03-syntax-operator.adoc 2": `"p1"|` + specGlucose + "|" + specGlucose,
	"master03-syntax-operator.adoc 4": "EHR|" + specFasting + "|" + specFasting,
	"master03-syntax-operator.adoc 6": `EHR|{"_type":"DV_PROPORTION","numerator":95,"denominator":100,"type":2}`,
	"master04-single_subject.adoc 1":  "165|80|" + specStart,
	"master06-writing_AQL.adoc 1":     "165|80",
	"master06-writing_AQL.adoc 2":     "165|80|" + specStart,
	"master06-writing_AQL.adoc 3":     "165|80|" + specStart,
}

// specRefused are the blocks that are no AQL by the grammar of the same
// specification: ADL between braces, a FROM left out, a query inside another,
// and an overview with placeholders.
var specRefused = []string{
	"master02-overview.adoc 1", "master03-syntax-operator.adoc 1", "master03-syntax-operator.adoc 3", "master03-syntax-operator.adoc 5",
	"master03-syntax-operator.adoc 7", "master03-syntax-operator.adoc 8", "master03-syntax-operator.adoc 9",
}

// TestExamplesOfTheSpecification runs the example queries of the AQL documents.
func TestExamplesOfTheSpecification(t *testing.T) {
	t.Parallel()
	queries := specQueries(t)
	target := newEmpty(t, aql.Options{})
	id := uuid.New()
	status := rm.Object("EHR_STATUS", rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("subject", rm.Object("PARTY_SELF", rm.Child("external_ref", rm.Object("PARTY_REF", rm.Str("namespace", "hospital"), rm.Str("type", "PERSON"),
			rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", "p1"), rm.Str("scheme", "x"))))))),
		rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
	if err := target.CreateEHR(t.Context(), aqltest.EHR{ID: id, Status: status, Created: refCreated}); err != nil {
		t.Fatal(err)
	}
	for i, text := range specContent {
		n, problems := rm.DecodeJSON([]byte(text), rm.ClassComposition, rm.JSONOptions{Incomplete: true})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if err := target.Commit(t.Context(), aqltest.Version{EHR: id, Object: uuid.New(), Number: 1, Content: n, Committed: refCreated.AddDate(0, 0, i)}); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := aql.NewEngine(target.Pool(), target, aql.Options{Terminology: specTerms{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) != len(specRows)+len(specRefused) {
		t.Errorf("%d examples, rows are known of %d and %d are refused", len(queries), len(specRows), len(specRefused))
	}
	for name, text := range queries {
		text = strings.ReplaceAll(text, "'1234'", "$ehrUid")
		var got collect
		err := engine.Run(t.Context(), text, aql.Request{Params: map[string]any{"ehrUid": id.String(), "templateId": "t1"}}, &got)
		if slices.Contains(specRefused, name) {
			if e := errs.As(err); e == nil || e.Kind != errs.Invalid || e.Code != "syntax" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		slices.Sort(got.rows)
		rows := strings.ReplaceAll(strings.Join(got.rows, " "), `"`+id.String()+`"`, "EHR")
		want := specRows[name]
		if count, ok := strings.CutPrefix(want, "COUNT "); ok {
			rows, want = fmt.Sprint(len(got.rows)), count
		}
		if rows != want {
			t.Errorf("%s\n%s\n got %s\nwant %s", name, text, rows, want)
		}
	}
}

// specTerms expands the value sets that the examples name.
type specTerms struct{ aql.Terminology }

func (specTerms) Expand(_ context.Context, valueSet string) ([]terminology.Code, error) {
	ref, err := terminology.ParseReference(valueSet)
	if err != nil {
		return nil, err
	}
	switch ref.URL {
	case "http://snomed.info/sct?fhir_vs=isa/50043002":
		return []terminology.Code{{System: terminology.SNOMED, Code: "195967001"}}, nil
	case "http://snomed.info/sct?fhir_vs=isa/50697003":
		return []terminology.Code{{System: terminology.SNOMED, Code: "271807003"}}, nil
	}
	return nil, errs.New(errs.NotFound, "specTerms", "no such value set")
}
