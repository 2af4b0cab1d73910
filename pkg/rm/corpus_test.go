package rm_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// noInclusion is why files without the inclusion flags of intervals are taken:
// the XML Schema leaves them optional, the class tables and JSON Schema do not.
const noInclusion = "inclusion flags absent: optional in the XML Schema, mandatory elsewhere; a warning"

// judged says, for each corpus file with problems, why the verdict is right.
var judged = map[string]string{
	"all_types_no_multimedia.json":                  noInclusion,
	"all_types_systematic_tests.json":               noInclusion,
	"datetime_tests.json":                           noInclusion,
	"all_types_systematic_tests_feeder_audit.json":  noInclusion + "; feeder_system_audit stands on ENTRY instead of inside FEEDER_AUDIT",
	"composition_with_dvinterval_composite.json":    "a fragment without the mandatory attributes, content an object",
	"full_composition.json":                         "a dump of another system's storage format, not canonical JSON",
	"invalid.json":                                  "made to be invalid: misspelt types, no composer",
	"rawdb_composition.json":                        "a dump of another system's storage format",
	"rawdb_composition_history.json":                "a dump of another system's storage format",
	"rawdb_composition_observation_event.json":      "a dump of another system's storage format",
	"rawdb_composition_observation_event_item.json": "a dump of another system's storage format",
	"rawdb_returning_array.json":                    "a list of instances, not an instance",
	"folder_with_items.json":                        "ids of a class that does not exist; LOCATABLEs without name and archetype_node_id",
	"folder_without_duplicates.json":                "a name gives its text in the attribute name instead of value",
	"simple_empty_folder.json":                      "no archetype_node_id; path is a function, not an attribute",
}

// judgedInvariants says the same of files that break invariants with more than
// a warning.
var judgedInvariants = map[string]string{
	"all_types_no_multimedia.json":                 "a DV_URI without a scheme, which the conformance schedule rejects",
	"all_types_systematic_tests.json":              "a DV_URI without a scheme; an ELEMENT with neither value nor null flavour",
	"all_types_systematic_tests_feeder_audit.json": "a DV_URI without a scheme; an ELEMENT with neither value nor null flavour",
	"composition_with_dvinterval_composite.json":   "a COMPOSITION without archetype_details",
	"datetime_tests.json":                          "an interval whose lower limit, at +07:00, is later than its upper, at +08:00",
	"gecco_personendaten.json":                     "an interval with limits that are said to be unbounded",
	"informe_amb_1_arquetip_OBS.json":              "an OBSERVATION with the archetype id of a COMPOSITION",
	"invalid.json":                                 "made to be invalid: no archetype_details, an empty uid",
	"minimal_action2_1.json":                       "an ACTION with the archetype id of a COMPOSITION; a fraction of precision 1",
	"simple_composition_dvinterval.json":           "a PARTY_REF to a FHIR resource type; an interval without the limit it has",
	"folder_with_items.json":                       "OBJECT_VERSION_IDs that are plain UUIDs",
}

// corpusFolders says as what the corpus files of a folder are read.
var corpusFolders = []struct{ glob, declared string }{
	{"corpus/compositions/json/*.json", "LOCATABLE"},
	{"corpus/ehr/canonical_json/*.json", "EHR_STATUS"},
	{"corpus/folder/canonical_json/*.json", "FOLDER"},
}

// TestCorpusJSON decodes every canonical instance of the corpus. The golden
// file lists the problems of those that have any, each with the reason why that
// is right by the specification.
func TestCorpusJSON(t *testing.T) {
	t.Parallel()
	dir := testshared.Dir(t)
	var out, broken strings.Builder
	for _, folder := range corpusFolders {
		files, err := filepath.Glob(filepath.Join(dir, folder.glob))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			root, problems := rm.DecodeJSON(data, rm.Lookup(folder.declared), rm.JSONOptions{})
			if len(problems) > 0 {
				name := filepath.Base(file)
				if judged[name] == "" {
					t.Errorf("%s has problems nobody has judged", name)
				}
				fmt.Fprintf(&out, "%s (%s)\n", name, judged[name])
				for _, p := range problems {
					fmt.Fprintf(&out, "  %s %s %s\n", severityNames[p.Severity], p.Code, p.Path)
				}
			}
			if root == nil {
				continue
			}
			if found := rm.CheckInvariants(root, rm.CheckOptions{}); len(found) > 0 {
				name := filepath.Base(file)
				reason := judgedInvariants[name]
				if reason == "" && !rm.HasErrors(found) {
					reason = "warnings only"
				}
				if reason == "" {
					t.Errorf("%s breaks invariants and nobody has judged it", name)
				}
				fmt.Fprintf(&broken, "%s (%s)\n", name, reason)
				for _, p := range found {
					fmt.Fprintf(&broken, "  %s %s %s\n", severityNames[p.Severity], p.Code, p.Path)
				}
			}
			encoded := rm.AppendJSON(nil, root)
			again, more := rm.DecodeJSON(encoded, root.Class, rm.JSONOptions{Incomplete: true})
			if len(more) > 0 {
				t.Errorf("%s: canonical form does not decode: %v", file, more)
				continue
			}
			if diff := diffNodes(root, again); diff != "" {
				t.Errorf("%s: differs after encoding and decoding: %s", file, diff)
			}
		}
	}
	golden := filepath.Join("testdata", "corpus_decode.golden")
	compareGolden(t, golden, out.String())
	compareGolden(t, filepath.Join("testdata", "corpus_invariants.golden"), broken.String())
}

// compareGolden compares with a golden file, or rewrites it.
func compareGolden(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

var severityNames = map[rm.Severity]string{rm.Error: "error", rm.Warning: "warning"}

// diffNodes says where two trees first differ, "" if nowhere.
func diffNodes(a, b *rm.Node) string {
	switch {
	case a == nil || b == nil:
		if a != b {
			return "one is nil"
		}
		return ""
	case a.Class != b.Class:
		return fmt.Sprintf("class %v, %v", a.Class, b.Class)
	case a.Text != b.Text:
		return fmt.Sprintf("%v text %q, %q", a.Class, a.Text, b.Text)
	case len(a.Attrs) != len(b.Attrs):
		return fmt.Sprintf("%v has %d attributes, %d", a.Class, len(a.Attrs), len(b.Attrs))
	}
	for i := range a.Attrs {
		x, y := a.Attrs[i], b.Attrs[i]
		if x.Def != y.Def || len(x.Items) != len(y.Items) {
			return fmt.Sprintf("%v.%s[%d], %s[%d]", a.Class, x.Def.Name, len(x.Items), y.Def.Name, len(y.Items))
		}
		for k := range x.Items {
			if diff := diffNodes(x.Items[k], y.Items[k]); diff != "" {
				return fmt.Sprintf("/%s[%d]%s", x.Def.Name, k, diff)
			}
		}
	}
	return ""
}
