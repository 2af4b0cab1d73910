package rm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// sampleComposition is the compact canonical JSON of a made-up composition with
// so many observations of about 2.5 kB each.
func sampleComposition(observations int) []byte {
	var b strings.Builder
	b.WriteString(`{"_type":"COMPOSITION",` + named("Vital signs", "openEHR-EHR-COMPOSITION.encounter.v1") +
		`,"uid":{"_type":"OBJECT_VERSION_ID","value":"3f8f0a4e-6f0c-4a8e-9d5a-1c4f3e8d7b21::cairn.example::1"}` +
		archetyped("openEHR-EHR-COMPOSITION.encounter.v1", "Vital signs.v1") +
		`,"language":` + code("ISO_639-1", "en") + `,"territory":` + code("ISO_3166-1", "GB") +
		`,"category":` + coded("event", "openehr", "433") +
		`,"context":{"_type":"EVENT_CONTEXT","start_time":` + dateTime("2024-05-01T10:20:30Z") +
		`,"setting":` + coded("other care", "openehr", "238") +
		`,"health_care_facility":{"_type":"PARTY_IDENTIFIED","name":"Ward 7"}}` +
		`,"composer":{"_type":"PARTY_IDENTIFIED","name":"Dr Example"},"content":[`)
	for i := range observations {
		if i > 0 {
			b.WriteByte(',')
		}
		id := "openEHR-EHR-OBSERVATION.blood_pressure.v2"
		b.WriteString(`{"_type":"OBSERVATION",` + named(fmt.Sprintf("Blood pressure %d", i), id) + archetyped(id, "") +
			`,"language":` + code("ISO_639-1", "en") + `,"encoding":` + code("IANA_character-sets", "UTF-8") +
			`,"subject":{"_type":"PARTY_SELF"}` +
			`,"data":{"_type":"HISTORY",` + named("History", "at0001") + `,"origin":` + dateTime("2024-05-01T10:20:30Z") +
			`,"events":[{"_type":"POINT_EVENT",` + named("Any event", "at0006") + `,"time":` + dateTime("2024-05-01T10:20:30Z") +
			`,"data":{"_type":"ITEM_TREE",` + named("Blood pressure", "at0003") + `,"items":[` +
			element("Systolic", "at0004", quantity("120.0", "mm[Hg]")) + `,` +
			element("Diastolic", "at0005", quantity("80.5", "mm[Hg]")) + `,` +
			element("Comment", "at0033", `{"_type":"DV_TEXT","value":"taken while \"resting\", Größe geprüft"}`) + `,` +
			element("Cuff size", "at0013", coded("Adult", "local", "at0015")) +
			`]},"state":{"_type":"ITEM_TREE",` + named("state", "at0007") + `,"items":[` +
			element("Position", "at0008", coded("Sitting", "local", "at1001")) + `,` +
			element("Tilt", "at1005", quantity("0", "deg")) +
			`]}}]},"protocol":{"_type":"ITEM_TREE",` + named("Tree", "at0011") + `,"items":[` +
			element("Method", "at1035", coded("Auscultation", "local", "at1036")) + `]}}`)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func named(name, id string) string {
	return fmt.Sprintf(`"name":{"_type":"DV_TEXT","value":%q},"archetype_node_id":%q`, name, id)
}

func archetyped(id, template string) string {
	if template != "" {
		template = fmt.Sprintf(`,"template_id":{"_type":"TEMPLATE_ID","value":%q}`, template)
	}
	return fmt.Sprintf(`,"archetype_details":{"_type":"ARCHETYPED","archetype_id":{"_type":"ARCHETYPE_ID","value":%q}%s,"rm_version":"1.1.0"}`, id, template)
}

func code(terminology, code string) string {
	return fmt.Sprintf(`{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":%q},"code_string":%q}`, terminology, code)
}

func coded(text, terminology, c string) string {
	return fmt.Sprintf(`{"_type":"DV_CODED_TEXT","value":%q,"defining_code":%s}`, text, code(terminology, c))
}

func dateTime(v string) string { return fmt.Sprintf(`{"_type":"DV_DATE_TIME","value":%q}`, v) }

func quantity(magnitude, units string) string {
	return fmt.Sprintf(`{"_type":"DV_QUANTITY","magnitude":%s,"units":%q}`, magnitude, units)
}

func element(name, id, value string) string {
	return `{"_type":"ELEMENT",` + named(name, id) + `,"value":` + value + `}`
}

// mustDecode decodes what the test knows to be right.
func mustDecode(t testing.TB, data []byte, class string) *rm.Node {
	t.Helper()
	n, problems := rm.DecodeJSON(data, rm.Lookup(class), rm.JSONOptions{})
	if len(problems) > 0 {
		t.Fatalf("%s: %+v", class, problems)
	}
	return n
}

func BenchmarkDecodeJSON(b *testing.B) {
	data := sampleComposition(6)
	mustDecode(b, data, "COMPOSITION")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if n, _ := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{}); n == nil {
			b.Fatal("no tree")
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	data := sampleComposition(6)
	n := mustDecode(b, data, "COMPOSITION")
	buf := make([]byte, 0, 2*len(data))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		buf = rm.AppendJSON(buf[:0], n)
	}
}
