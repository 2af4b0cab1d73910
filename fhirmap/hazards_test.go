package fhirmap_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// hazards are the ways in which a projection can mislead, what is done about
// each, the tests that hold it (file and function, from this folder), and what
// they leave open.
var hazards = []struct {
	hazard, rule string
	tests        []string
	open         string
}{
	{"negation and silence", "a denial is a resource of its own, an absence is told, silence is never none", []string{"case_test.go TestCases", "../pkg/fhir/search_test.go TestExclusionsAreTold", "../pkg/fhir/search_test.go TestSearchTellsGaps", "../pkg/fhir/stance/stance_test.go TestDecide", "../pkg/server/fhirwritestance_test.go TestFHIRWriteStancesRefused"}, "pages are compared one by one; exclusion_specific is told as unmapped"},
	{"refuted findings", "the verification status goes with them, or they are refused", []string{"case_test.go TestCases", "../pkg/fhir/search_test.go TestSearchTellsGaps"}, ""},
	{"certainty", "one code table per archetype; no fallback to confirmed", []string{"case_test.go TestCases", "language_test.go TestLanguage"}, ""},
	{"null flavours", "a fixed table; masked gives nothing away", []string{"case_test.go TestCases", "language_test.go TestLanguage"}, ""},
	{"comparators", "kept, or the quantity is refused", []string{"convert_test.go TestDataTypes", "case_test.go TestCases"}, ""},
	{"precision and decimals", "digits stay as written", []string{"convert_test.go TestDataTypes", "r4/r4_test.go TestNodeKeepsNumbersAndOrder", "../pkg/server/leaves_test.go TestEveryLeafAtThreeDoors"}, ""},
	{"units", "a UCUM code only for a UCUM unit; a unit that contradicts its code is not written", []string{"convert_test.go TestDataTypes", "case_test.go TestCases", "compose_test.go TestComposeValues"}, ""},
	{"units and times of searches", "a search in another unit finds the same amount; the newest are all that may be the newest", []string{"../pkg/server/fhirsearch_test.go TestFHIRUnits", "../pkg/server/fhirsearch_test.go TestFHIRTimes"}, "no conversion between mass and amount of substance"},
	{"proportions", "a percentage as %, others as Ratio", []string{"convert_test.go TestDataTypes"}, ""},
	{"intervals", "bounds keep whether they are included; an interval event becomes a Period", []string{"convert_test.go TestDataTypes", "case_test.go TestCases"}, ""},
	{"partial dates and zones", "cut, never padded or shifted", []string{"convert_test.go TestDataTypes", "case_test.go TestCases"}, ""},
	{"timing and dosage", "words before structure, nothing summed; of what comes no dose without its unit, and none beside words", []string{"case_test.go TestCases", "compose_test.go TestBackCases", "order_test.go TestComposeOrders", "function_test.go TestScheduleHasOneInverse", "../pkg/server/fhirwritestance_test.go TestFHIRWriteStancesRefused"}, ""},
	{"status from silence", "unknown, or the resource is refused; a status that comes is stored, or refused", []string{"case_test.go TestCases", "order_test.go TestComposeOrderWithoutAction", "../pkg/server/fhirwriteorder_test.go TestFHIRWriteOrderStatus", "order_test.go TestComposeStatements", "goal_test.go TestGoalStatus", "stay_test.go TestComposeStays", "language_test.go TestLanguage", "careflow_test.go TestCareflow"}, ""},
	{"versions and deletion", "the latest complete version; what vanished is gone", []string{"../pkg/store/fhirstore/reader_test.go TestResourceLifecycle", "../pkg/fhir/history_test.go TestHistory", "case_test.go TestCases", "../pkg/server/traps_test.go TestTrap20BranchesAreNotCurrent"}, ""},
	{"ids", "made of what stays the same between versions", []string{"language_test.go TestIdentity"}, "no aliases when a mapping is renamed"},
	{"codes of two systems taken for one", "a ConceptMap translates what is equal or equivalent, one to one; else the value is refused", []string{"conceptmap_test.go TestConceptMap", "conceptmap_test.go TestConceptMapDefects"}, ""},
	{"a status that is out of date", "the status of an order, and the one Procedure of a workflow, are made again with each commit that says something about them; unknown where that is not certain", []string{"workflow_test.go TestOrderStatus", "workflow_test.go TestOrderOfAnAction", "workflow_test.go TestOrderInAWorkflow", "../pkg/server/workflow_test.go TestOrderFollowsItsActions", "../pkg/server/workflow_test.go TestOrderBesideManyActions", "../pkg/server/workflow_test.go TestOrderByQueue", "gather_test.go TestGathered", "../pkg/server/gather_test.go TestProcedureOfAWorkflow", "../pkg/server/gather_test.go TestProcedureBesideManySteps"}, "ACTIONs of a workflow with different names are Procedures of their own; each Immunization is of one ACTION"},
	{"documents read alone", "`$document` holds the Patient and all that was made of its version, or is refused", []string{"../pkg/server/fhirdocument_test.go TestDocuments", "../pkg/store/fhirstore/document_test.go TestDocumentMade", "../pkg/store/fhirstore/document_test.go TestDocumentLifecycle"}, ""},
	{"terminology", "archetype codes have a system per archetype; only equal mappings are codings", []string{"convert_test.go TestDataTypes"}, ""},
	{"language and text", "the text is the value as written", []string{"convert_test.go TestDataTypes"}, ""},
	{"reference ranges and state", "carried as elements or components", []string{"case_test.go TestCases", "coverage_test.go TestCoverageAgreesWithProjection"}, ""},
	{"faults of mappings", "found when loaded; conditions fail closed; what is lost is recorded", []string{"load_test.go TestLoadReportsDefectsWithTheirPlace", "load_test.go TestShippedNodesExist", "language_test.go TestLanguage", "fault_test.go TestFaultOfTheEngineIsAnError"}, ""},
	{"gaps of searches", "every searchset of a patient names what it cannot show, and a patient who is not here", []string{"../pkg/server/fhirsearch_test.go TestFHIRPatientsWhoAreNotHere", "../pkg/fhir/search_test.go TestSearchTellsGaps", "../pkg/store/fhirstore/reader_test.go TestSearchGaps"}, ""},
	{"privacy", "masked stays masked; access is decided before anything is read", []string{"case_test.go TestCases", "../pkg/store/fhirstore/reader_test.go TestDecisionPoint", "../pkg/store/fhirstore/reader_test.go TestSearchPagesAndScope"}, "security labels are configured, and keep nothing from anyone"},
	{"writing back", "only what comes back exactly; never by the server", []string{"compose_test.go TestComposeProjected", "compose_test.go TestComposeValues", "compose_test.go TestBackCases", "compose_test.go TestComposeProperty", "compose_test.go TestComposeDescriptive", "roundtrip_test.go TestComposeRoundTrip", "../pkg/server/fhirwritebundle_test.go TestFHIRWriteReport"}, ""},
	{"references to another", "to what is known to be of the type that is meant, by one LINK to one resource, or none", []string{"link_test.go TestLinks", "referred_test.go TestReferenceOfType", "referred_test.go TestLinkInReference", "../pkg/server/fhirwriteprofile_test.go TestFHIRWriteLinkedByProfile"}, ""},
	{"marks on codes", "a code keeps its dagger, asterisk or exclamation mark", []string{"convert_test.go TestDataTypes", "../pkg/server/fhirmarks_test.go TestMarksOnCodes"}, "three code systems on the way back"},
}

// hazardTable writes the hazards, and fails if a test that it names is not there.
func hazardTable(t *testing.T, b *strings.Builder) {
	t.Helper()
	b.WriteString("\n## Hazards, and the tests that hold them\n\nThe cases of TestCases are the folders of `fhirmap/testdata/cases`.\n\n| Hazard | What is done | Tests | Left open |\n| --- | --- | --- | --- |\n")
	for _, h := range hazards {
		var names []string
		for _, test := range h.tests {
			file, name, _ := strings.Cut(test, " ")
			src, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(src), "\nfunc "+name+"(t *testing.T)") {
				t.Errorf("%s: no test %s: %v", h.hazard, test, err)
			}
			pkg := "fhirmap"
			if i := strings.LastIndexByte(file, '/'); i >= 0 {
				pkg = strings.TrimPrefix("fhirmap/"+file[:i], "fhirmap/../")
			}
			names = append(names, pkg+" "+name)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", h.hazard, h.rule, strings.Join(names, ", "), h.open)
	}
}
