package simplified_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// specificationRow is a row of the tables of the specification's RM mapping: a
// key of a class.
type specificationRow struct{ class, key string }

// specificationRows reads the tables of the RM mapping.
func specificationRows(t *testing.T) []specificationRow {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testshared.Dir(t), "specs/its-rest/docs/simplified_formats/master05-rm_mapping.adoc"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []specificationRow
	var cells []string
	class, inside := "", false
	const columns = 5
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, " \r\n")
		if name, ok := strings.CutPrefix(line, "== "); ok {
			class = strings.TrimSpace(name)
		}
		switch {
		case strings.HasPrefix(line, "|==="):
			if inside && len(cells) > 0 && cells[0] == "Flat Path" {
				for i := columns; i+columns <= len(cells); i += columns {
					key := strings.ReplaceAll(strings.Trim(cells[i], "`"), `\|`, "|")
					// Two rows have a slip of the pen.
					key = strings.Replace(key, `\meaning`, "/meaning", 1)
					if key == "accuracy_is_percent" {
						key = "|" + key
					}
					rows = append(rows, specificationRow{class, key})
				}
			}
			inside, cells = !inside, nil
		case inside && strings.HasPrefix(line, "|"):
			cells = append(cells, strings.TrimSpace(line[1:]))
		}
	}
	return rows
}

// rowPlaces is where in the cases the keys of a class stand: the base of the case,
// "" for any, and a pattern of what stands before the key.
var rowPlaces = map[string]struct{ base, before string }{
	"COMPOSITION": {"", "^root"}, "OBSERVATION": {"observation", "^@"}, "ACTION": {"action", "^@"},
	"INSTRUCTION": {"instruction", "^@"}, "EVALUATION": {"evaluation", "^@"}, "ADMIN_ENTRY": {"admin_entry", "^@"},
	"CLUSTER": {"cluster", "^@"}, "ELEMENT": {"quantity", "^@"}, "LINK": {"", `/_link:\d+`}, "FEEDER_AUDIT": {"", "/_feeder_audit"},
	"FEEDER_AUDIT_DETAILS": {"", "/_feeder_audit/(originating|feeder)_system_audit"}, "ACTIVITY": {"", "/current_activity"},
	"ISM_TRANSITION": {"", "/ism_transition"}, "INSTRUCTION_DETAILS": {"", "/_instruction_details"},
	"EVENT_CONTEXT":  {"", "/context/_health_care_facility"}, // the table is that of a party
	"OBJECT_REF":     {"", "/_(guideline_id|work_flow_id)"},
	"INTERVAL_EVENT": {"observation", `/any_event(:\d+)?`}, "POINT_EVENT": {"observation", `/any_event(:\d+)?`},
	"PARTY_SELF": {"", "/subject"}, "PARTY_IDENTIFIED": {"", "/(composer|_provider|_health_care_facility)"}, "PARTY_RELATED": {"", "/subject"},
	"CODE_PHRASE": {"", "/(_language|_encoding|_charset|target)"}, "TERM_MAPPING": {"", `/_mapping:\d+`},
	"REFERENCE_RANGE": {"", `/_other_reference_ranges:\d+`},
	"DV_TEXT":         {"text", "^@"}, "DV_CODED_TEXT": {"coded_text", "^@"}, "DV_ORDINAL": {"ordinal", "^@"}, "DV_BOOLEAN": {"boolean", "^@"},
	"DV_URI": {"uri", "^@"}, "DV_EHR_URI": {"ehr_uri", "^@"}, "DV_IDENTIFIER": {"identifier", "^@"}, "DV_QUANTITY": {"quantity", "^@"},
	"DV_PROPORTION": {"proportion", "^@"}, "DV_COUNT": {"count", "^@"}, "DV_DATE": {"date", "^@"}, "DV_DATE_TIME": {"date_time", "^@"},
	"DV_TIME": {"time", "^@"}, "DV_DURATION": {"duration", "^@"}, "DV_PARSABLE": {"parsable", "^@"}, "DV_MULTIMEDIA": {"multimedia", "^@"},
	"DV_INTERVAL": {"interval", "^@"},
}

// TestEveryRowOfTheSpecification: each key that the tables of the specification
// have is in a case of TestItems.
func TestEveryRowOfTheSpecification(t *testing.T) {
	t.Parallel()
	rows := specificationRows(t)
	if len(rows) < 180 {
		t.Fatalf("only %d rows", len(rows))
	}
	data, err := os.ReadFile("testdata/items.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Cases []itemCase `json:"cases"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		place, ok := rowPlaces[row.class]
		if !ok {
			t.Errorf("the cases have no place for %s", row.class)
			continue
		}
		tail := `(:\d+)?($|[/|])`
		if row.key == "" {
			tail = "$"
		}
		pattern := regexp.MustCompile(place.before + regexp.QuoteMeta(strings.TrimSuffix(row.key, ":i")) + tail)
		if !tried(doc.Cases, place.base, pattern) {
			t.Errorf("no case has %s %s", row.class, row.key)
		}
	}
}

// tried reports whether a case on a base has a key. A key that is refused counts
// if the case says why.
func tried(cases []itemCase, base string, key *regexp.Regexp) bool {
	for _, c := range cases {
		if base != "" && c.Base != base || c.Refused != "" && c.Note == "" {
			continue
		}
		for k := range c.Flat {
			if key.MatchString(k) {
				return true
			}
		}
	}
	return false
}
