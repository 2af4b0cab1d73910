package rm_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	const quantityHead = `{"_type":"DV_QUANTITY","units":"mm",`
	for _, tc := range []struct {
		name, declared, json string
		want                 string // code and path of each problem, blank-separated
	}{
		{"declared concrete", "DV_TEXT", `{"value":"x"}`, ""},
		{"subtype of declared", "DV_TEXT", coded("x", "local", "at1"), ""},
		{"type last", "DV_TEXT", `{"value":"x","_type":"DV_TEXT"}`, ""},
		{"null is absent", "DV_TEXT", `{"value":"x","hyperlink":null}`, ""},
		{"null mandatory", "DV_TEXT", `{"value":null}`, "rm.attribute.missing /value"},
		{"empty optional list", "DV_TEXT", `{"value":"x","mappings":[]}`, ""},
		{"empty mandatory list", "DV_PARAGRAPH", `{"items":[]}`, "rm.container.empty /items"},
		{"absent mandatory list", "DV_PARAGRAPH", `{}`, "rm.attribute.missing /items"},
		{"null member", "DV_PARAGRAPH", `{"items":[{"value":"x"},null]}`, "rm.value.null /items[1]"},
		{"object for list", "DV_PARAGRAPH", `{"items":{"value":"x"}}`, "rm.value.kind /items"},
		{"list for object", "DV_STATE", `{"is_terminal":true,"value":[]}`, "rm.value.kind /value"},
		{"list in list", "DV_PARAGRAPH", `{"items":[[],[[]],{"value":"x"}]}`, "rm.value.kind /items[0] rm.value.kind /items[1]"},
		{"unknown type", "DATA_VALUE", `{"_type":"DV_TEXTS","value":"x"}`, "rm.type.unknown /"},
		{"primitive type", "Any", `{"_type":"String"}`, "rm.type.unknown /"},
		{"type not a string", "DATA_VALUE", `{"_type":1}`, "rm.type.unknown /"},
		{"abstract type", "DATA_VALUE", `{"_type":"DV_ORDERED"}`, "rm.type.abstract /"},
		{"no type for abstract", "DATA_VALUE", `{"value":"x"}`, "rm.type.missing /"},
		{"mismatch", "DV_CODED_TEXT", `{"_type":"DV_TEXT","value":"x"}`, "rm.type.mismatch /"},
		{"unknown attributes", "DV_TEXT", `{"value":"x","Value":"y","@class":"z"}`, "rm.attribute.unknown /Value rm.attribute.unknown /@class"},
		{"string for number", "DATA_VALUE", quantityHead + `"magnitude":"1"}`, "rm.value.kind /magnitude"},
		{"number for string", "DV_TEXT", `{"value":1}`, "rm.value.kind /value"},
		{"string for boolean", "DV_BOOLEAN", `{"value":"true"}`, "rm.value.kind /value"},
		{"object for string", "DV_TEXT", `{"value":{"value":"x"}}`, "rm.value.kind /value"},
		{"integer for real", "DATA_VALUE", quantityHead + `"magnitude":5}`, ""},
		{"exponent", "DATA_VALUE", quantityHead + `"magnitude":-1.5E-3}`, ""},
		{"too large", "DATA_VALUE", quantityHead + `"magnitude":1e400}`, "rm.value.range /magnitude"},
		{"too small", "DATA_VALUE", quantityHead + `"magnitude":1e-400}`, "rm.value.range /magnitude"},
		{"zero with exponent", "DATA_VALUE", quantityHead + `"magnitude":0e-400}`, ""},
		{"integral count", "DV_COUNT", `{"magnitude":2.0}`, ""},
		{"integral with exponent", "DV_COUNT", `{"magnitude":1.2e1}`, ""},
		{"fractional count", "DV_COUNT", `{"magnitude":2.5}`, "rm.value.kind /magnitude"},
		{"greatest integer", "DV_COUNT", `{"magnitude":9223372036854775807}`, ""},
		{"integer overflow", "DV_COUNT", `{"magnitude":9223372036854775808}`, "rm.value.range /magnitude"},
		{"NUL", "DV_TEXT", `{"value":"a\u0000b"}`, "rm.value.character /value"},
		{
			"interval parameter", "CONTACT", `{` + named("c", "at1") + `,"addresses":[{` + named("a", "at2") + `,"details":{"_type":"ITEM_TREE",` + named("t", "at3") + `}}],
			"time_validity":{"lower":{"_type":"DV_DATE_TIME","value":"2020-01-01T00:00:00"},"lower_included":true,"upper_included":false,"lower_unbounded":false,"upper_unbounded":true}}`,
			"rm.type.mismatch /time_validity/lower",
		},
		{"parameter in _type", "DATA_VALUE", `{"_type":"DV_INTERVAL<DV_COUNT>","lower":{"_type":"DV_COUNT","magnitude":1},"lower_included":true,"upper_included":false,"lower_unbounded":false,"upper_unbounded":true}`, ""},
		{"parameter makes concrete", "DATA_VALUE", `{"_type":"DV_INTERVAL<DV_COUNT>","lower":{"magnitude":1},"lower_included":true,"upper_included":false,"lower_unbounded":false,"upper_unbounded":true}`, ""},
		{"parameter violated", "DATA_VALUE", `{"_type":"DV_INTERVAL<DV_COUNT>","lower":` + quantity("1", "m") + `,"lower_included":true,"upper_included":false,"lower_unbounded":false,"upper_unbounded":true}`, "rm.type.mismatch /lower"},
		{"parameter not declared", "DV_QUANTITY", `{"units":"m","magnitude":1,"normal_range":{"_type":"DV_INTERVAL<DV_COUNT>","lower_included":true,"upper_included":false,"lower_unbounded":true,"upper_unbounded":true}}`, "rm.type.mismatch /normal_range"},
		{"parameter passed on", "DV_QUANTITY", `{"units":"m","magnitude":1,"other_reference_ranges":[{"meaning":{"value":"m"},"range":{"lower":{"_type":"DV_COUNT","magnitude":1},"lower_included":true,"upper_included":false,"lower_unbounded":false,"upper_unbounded":true}}]}`, "rm.type.mismatch /other_reference_ranges[0]/range/lower"},
		{"parameter on a plain class", "DATA_VALUE", `{"_type":"DV_TEXT<DV_COUNT>","value":"x"}`, "rm.type.unknown /"},
		{"unknown parameter", "DATA_VALUE", `{"_type":"DV_INTERVAL<FOO>"}`, "rm.type.unknown /"},
		{"interval flags", "DATA_VALUE", `{"_type":"DV_INTERVAL"}`, "rm.attribute.missing /lower_unbounded rm.attribute.missing /upper_unbounded rm.attribute.missing /lower_included rm.attribute.missing /upper_included"},
		{"escaped names", "DV_TEXT", `{"\u0076alue":"x","_t\u0079pe":"DV_TEXT"}`, ""},

		{"empty", "DV_TEXT", ``, "json.syntax /"},
		{"cut", "DV_TEXT", `{"value":"x`, "json.syntax /value"},
		{"trailing", "DV_TEXT", `{"value":"x"}{}`, "json.syntax /"},
		{"trailing scalar", "DV_TEXT", `{"value":"x"} 1`, "json.syntax /"},
		{"trailing comma", "DV_TEXT", `{"value":"x",}`, "json.syntax /"},
		{"duplicate", "DV_STATE", `{"value":{"value":"x","value":"x"}}`, "json.duplicate /value/value"},
		{"duplicate escaped", "DV_TEXT", `{"value":"x","\u0076alue":"x"}`, "json.duplicate /value"},
		{"invalid UTF-8", "DV_TEXT", "{\"value\":\"\xff\"}", "json.syntax /value"},
		{"lone surrogate", "DV_TEXT", `{"value":"\ud800"}`, "json.syntax /value"},
		{"scalar root", "DV_TEXT", `1`, "rm.value.kind /"},
		{"null root", "DV_TEXT", `null`, "rm.value.kind /"},
		{"array root", "DV_TEXT", `[]`, "rm.value.kind /"},
	} {
		_, problems := rm.DecodeJSON([]byte(tc.json), rm.Lookup(tc.declared), rm.JSONOptions{})
		var got []string
		for _, p := range problems {
			got = append(got, p.Code, p.Path)
			if p.Message == "" {
				t.Errorf("%s: problem without a message: %+v", tc.name, p)
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %v, want %s", tc.name, problems, tc.want)
		}
	}
}

func TestDecodeAllProblemsWithPaths(t *testing.T) {
	t.Parallel()
	data := string(sampleComposition(2))
	data = strings.Replace(data, `"120.0"`, `""`, 1)
	data = strings.Replace(data, `"magnitude":120.0`, `"magnitude":"120"`, 1)
	data = strings.Replace(data, `"composer":{`, `"composers":{`, 1)
	last := strings.LastIndex(data, `"_type":"POINT_EVENT"`)
	data = data[:last] + strings.Replace(data[last:], `"time":`, `"times":`, 1)
	_, problems := rm.DecodeJSON([]byte(data), rm.ClassComposition, rm.JSONOptions{})
	var got []string
	for _, p := range problems {
		got = append(got, p.Code+" "+p.Path+" "+p.AQLPath)
	}
	want := []string{
		"rm.attribute.unknown /composers ",
		"rm.attribute.missing /composer /composer",
		"rm.value.kind /content[0]/data/events[0]/data/items[0]/value/magnitude " +
			"/content[openEHR-EHR-OBSERVATION.blood_pressure.v2 and name/value='Blood pressure 0']/data[at0001]/events[at0006 and name/value='Any event']/data[at0003]/items[at0004 and name/value='Systolic']/value/magnitude",
		"rm.attribute.unknown /content[1]/data/events[0]/times ",
		"rm.attribute.missing /content[1]/data/events[0]/time " +
			"/content[openEHR-EHR-OBSERVATION.blood_pressure.v2 and name/value='Blood pressure 1']/data[at0001]/events[at0006 and name/value='Any event']/time",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDecodeIncomplete(t *testing.T) {
	t.Parallel()
	version := func(state string) string {
		return `{"_type":"ORIGINAL_VERSION","contribution":{"namespace":"local","type":"CONTRIBUTION","id":{"_type":"HIER_OBJECT_ID","value":"a"}},
		"commit_audit":{"system_id":"s","time_committed":{"value":"2020-01-01T00:00:00Z"},"change_type":` + coded("creation", "openehr", "249") + `,"committer":{"_type":"PARTY_SELF"}},
		"uid":{"value":"a::b::1"},"lifecycle_state":` + coded("x", "openehr", state) + `,
		"data":{"_type":"COMPOSITION",` + named("n", "openEHR-EHR-COMPOSITION.a.v1") + `,"content":[{"_type":"SECTION","items":[]}]}}`
	}
	if _, problems := rm.DecodeJSON([]byte(version("553")), rm.ClassOriginalVersion, rm.JSONOptions{}); len(problems) != 0 {
		t.Errorf("incomplete version: %v", problems)
	}
	if _, problems := rm.DecodeJSON([]byte(version("532")), rm.ClassOriginalVersion, rm.JSONOptions{}); len(problems) != 6 {
		t.Errorf("complete version: want 6 missing attributes, got %v", problems)
	}
	_, problems := rm.DecodeJSON([]byte(`{"_type":"DV_COUNT","magnitude":"x"}`), rm.ClassDataValue, rm.JSONOptions{Incomplete: true})
	if len(problems) != 1 || problems[0].Code != rm.CodeValueKind {
		t.Errorf("incomplete data may not be wrong: %v", problems)
	}
}

func TestDecodeLimits(t *testing.T) {
	t.Parallel()
	paragraph := `{"items":[` + strings.Repeat(`{"value":"abcdefghij"},`, 9) + `{"value":"abcdefghij"}]}`
	for _, tc := range []struct {
		lim  rm.Limits
		want string
	}{
		{rm.Limits{}, ""},
		{rm.Limits{Bytes: 100}, "limit.bytes /"},
		{rm.Limits{Depth: 2}, "limit.depth /items[0]"},
		{rm.Limits{Depth: 3}, ""},
		{rm.Limits{Nodes: 5}, "limit.nodes /items[2]"},
		{rm.Limits{Nodes: 21}, ""},
		{rm.Limits{StringBytes: 11}, "limit.string /items[0]/value"},
		{rm.Limits{StringBytes: 12}, ""},
	} {
		n, problems := rm.DecodeJSON([]byte(paragraph), rm.Lookup("DV_PARAGRAPH"), rm.JSONOptions{Limits: tc.lim})
		got := ""
		if len(problems) > 0 {
			got = problems[0].Code + " " + problems[0].Path
		}
		if got != tc.want || (n == nil) != (tc.want != "") {
			t.Errorf("%+v: got %q and tree %v, want %q", tc.lim, got, n != nil, tc.want)
		}
	}

	many := `{"items":[` + strings.Repeat(`1,`, 19) + `1]}`
	_, problems := rm.DecodeJSON([]byte(many), rm.Lookup("DV_PARAGRAPH"), rm.JSONOptions{Limits: rm.Limits{Problems: 5}})
	if len(problems) != 6 || problems[5].Code != rm.CodeMoreProblems || !strings.HasPrefix(problems[5].Message, "15 more") {
		t.Errorf("cut list: %v", problems)
	}
}

func TestDecodePathPrefix(t *testing.T) {
	t.Parallel()
	opt := rm.JSONOptions{PathPrefix: "/versions[2]/data"}
	for _, tc := range []struct{ json, want string }{
		{`{}`, "/versions[2]/data/value"},
		{`[`, "/versions[2]/data"},
		{`[]`, "/versions[2]/data"},
	} {
		_, problems := rm.DecodeJSON([]byte(tc.json), rm.ClassDVText, opt)
		if len(problems) != 1 || problems[0].Path != tc.want {
			t.Errorf("%s: %v, want path %s", tc.json, problems, tc.want)
		}
	}
}

func TestSyntaxErrorPosition(t *testing.T) {
	t.Parallel()
	_, problems := rm.DecodeJSON([]byte("{\n  \"value\": nul\n}"), rm.ClassDVText, rm.JSONOptions{})
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "line 2 column") {
		t.Errorf("%v", problems)
	}
}

func TestEncodeCanonical(t *testing.T) {
	t.Parallel()
	in := `{ "magnitude": 5.0, "units":"mm\u005bHg]", "_type":"DV_QUANTITY", "precision": 1.0,
		"normal_range": {"lower":{"units":"mm[Hg]","magnitude":-1E+2}, "upper_unbounded":true,"lower_unbounded":false,"upper_included":false,"lower_included":true} }`
	want := `{"_type":"DV_QUANTITY","normal_range":{"_type":"DV_INTERVAL","lower":{"_type":"DV_QUANTITY","magnitude":-1E+2,"units":"mm[Hg]"},` +
		`"lower_unbounded":false,"upper_unbounded":true,"lower_included":true,"upper_included":false},"magnitude":5.0,"precision":1.0,"units":"mm[Hg]"}`
	n, problems := rm.DecodeJSON([]byte(in), rm.ClassDataValue, rm.JSONOptions{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := string(rm.AppendJSON(nil, n)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	data := sampleComposition(3)
	if got := rm.AppendJSON(nil, mustDecode(t, data, "COMPOSITION")); len(got) != len(data) {
		t.Errorf("the sample changes length: %d, was %d", len(got), len(data))
	}
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add(sampleComposition(1))
	f.Add([]byte(`{"_type":"DV_INTERVAL<DV_COUNT>","lower":{"magnitude":2.0}}`))
	f.Add([]byte(`{"_type":"DV_PARAGRAPH","items":[[],null,{"value":"\ud83d\ude00\"\\"}]}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, problems := rm.DecodeJSON(data, rm.ClassAny, rm.JSONOptions{Incomplete: true})
		if n == nil {
			if len(problems) == 0 {
				t.Fatal("neither a tree nor a problem")
			}
			return
		}
		encoded := rm.AppendJSON(nil, n)
		again, more := rm.DecodeJSON(encoded, n.Class, rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Bytes: 1 << 29, Depth: 1000}})
		if len(more) > 0 {
			t.Fatalf("canonical form has problems: %v\n%s", more, encoded)
		}
		if diff := diffNodes(n, again); diff != "" {
			t.Fatalf("round trip: %s", diff)
		}
		if twice := rm.AppendJSON(nil, again); !bytes.Equal(encoded, twice) {
			t.Fatalf("canonical form is not stable:\n%s\n%s", encoded, twice)
		}
	})
}

func ExampleDecodeJSON() {
	data := []byte(`{"_type":"ELEMENT","archetype_node_id":"at0004","name":{"value":"Systolic"},"value":{"_type":"DV_QUANTITY","magnitude":"120"}}`)
	_, problems := rm.DecodeJSON(data, rm.Lookup("ITEM"), rm.JSONOptions{})
	for _, p := range problems {
		fmt.Println(p.Code, p.Path, p.Message)
	}
	// Output:
	// rm.value.kind /value/magnitude expected number
	// rm.attribute.missing /value/units DV_QUANTITY.units is mandatory
}

// TestItemsLimit counts the members of one array, not those of all.
func TestItemsLimit(t *testing.T) {
	t.Parallel()
	link := `{"_type":"LINK","meaning":{"value":"m"},"type":{"value":"t"},"target":{"value":"ehr://x"}}`
	doc := func(n int) []byte {
		return []byte(`{"_type":"FOLDER","archetype_node_id":"at0001","name":{"value":"f"},"links":[` + strings.TrimSuffix(strings.Repeat(link+",", n), ",") + `]}`)
	}
	for n, limited := range map[int]bool{3: false, 4: true} {
		_, problems := rm.DecodeJSON(doc(n), nil, rm.JSONOptions{Limits: rm.Limits{Items: 3}})
		if got := len(problems) > 0 && problems[0].Code == rm.CodeLimitItems; got != limited {
			t.Errorf("%d members: %v", n, problems)
		}
	}
}
