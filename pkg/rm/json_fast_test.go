package rm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var fastDocuments = []struct {
	doc  string
	fast bool
}{
	{`{"_type":"DV_TEXT","value":"a"}`, true},
	{" { \"value\" :\t\"a \\\" \\\\ \\n\" ,\r\n\"mappings\" : [ ] } ", true},
	{`{"_type":"DV_QUANTITY","magnitude":-0.5E+10,"units":"m","precision":0,"normal_status":null}`, true},
	{`{"_type":"ELEMENT","name":{"value":"ü – 漢字, longer than eight bytes"},"archetype_node_id":"at1","value":{"_type":"DV_BOOLEAN","value":true}}`, true},
	{`{"_type":"DV_TEXT","value":"a","value":"b"}`, true},
	{`{"_type":"DV_TEXT","value":null,"value":"b"}`, true},
	{`{"_type":"DV_TEXT","_type":"DV_TEXT","value":"b"}`, true},
	{`{"_type":"DV_TEXT","value":"b","unknown":{"a":1,"a":1}}`, true},
	{`{"_type":"DV_TEXT","value":"b","mappings":{"a":1,"a":1}}`, true},
	{`[true,false,null,0,1.5e-7,"",[],{}]`, true},
	{`"a"`, true},
	{`{"value":"\u00e9"}`, false},
	{`{"v\u0061lue":"a"}`, false},
	{"{\"value\":\"\xff\"}", false},
	{"{\"value\":\"\xed\xa0\x80\"}", false},
	{"{\"value\":\"a\x01b\"}", false},
	{"{\"value\":\"1234567\x1f\"}", false},
	{`{"value":"a\x"}`, false},
	{`{"value":"a\`, false},
	{`{"value":"a`, false},
	{`{"value":"a"}}`, false},
	{`{"value":"a"} 1`, false},
	{`{"value":"a",}`, false},
	{`{"value":"a" "b"}`, false},
	{`{"value"}`, false},
	{`{"value":}`, false},
	{`{value:1}`, false},
	{`[1,]`, false},
	{`[1}`, false},
	{`{]`, false},
	{`[01]`, false},
	{`[1.]`, false},
	{`[.5]`, false},
	{`[-]`, false},
	{`[1e]`, false},
	{`[+1]`, false},
	{`[tru]`, false},
	{`[nul`, false},
	{`[truex]`, false},
	{``, false},
	{` `, false},
	{`{`, false},
	{`[[[[[[[[[[[[]]]]]]]]]]]]`, false}, // of the depth
	{`[` + strings.Repeat("0,", 40) + `0]`, false},
	{`"` + strings.Repeat("x", 300) + `"`, false},
	{`{"a":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],"b":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],"c":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}`, false},
	{"\ufeff{}", false},
	{`{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}`, true},
	{`{"a":1,"b":{"c":2,"d":3,"c":4}}`, true},
}

// fastLimits are small enough to be met.
var fastLimits = Limits{Bytes: 1 << 20, Depth: 10, Nodes: 50, Items: 30, StringBytes: 200, Problems: 20}

// checkFast compares what the fast scanner makes of a document with what the
// other one does, and the trees that come of them. It reports whether the fast
// one did not give up.
func checkFast(t *testing.T, data []byte) bool {
	t.Helper()
	if got, want := ValidJSON(data), jsontext.Value(data).IsValid(); got != want {
		t.Fatalf("%q: valid %v instead of %v", data, got, want)
	}
	all := cmp.AllowUnexported(rawValue{}, scanner{})
	but := cmpopts.IgnoreFields(scanner{}, "dec", "buf", "stack")
	quick, slow := scanners.Get().(*scanner), scanners.Get().(*scanner)
	fast := quick.fast(data, fastLimits)
	problem := slow.scan(data, fastLimits)
	if fast && problem == nil {
		if diff := cmp.Diff(slow, quick, all, but); diff != "" {
			t.Fatalf("%q: %s", data, diff)
		}
	}
	if fast && problem != nil && problem.Code != CodeJSONDuplicate {
		t.Fatalf("%q: not seen: %v", data, problem)
	}
	opt := JSONOptions{Limits: fastLimits}
	root, problems := DecodeJSON(data, ClassAny, opt)
	if problem != nil {
		if root != nil || len(problems) != 1 || problems[0].Code != problem.Code || problems[0].Message != problem.Message {
			t.Fatalf("%q: %v instead of %v", data, problems, problem)
		}
		return fast
	}
	want := slow.decode(data, ClassAny, opt, fastLimits)
	if diff := cmp.Diff(want.problems.Problems(), problems); diff != "" {
		t.Fatalf("%q: %s", data, diff)
	}
	if (root == nil) != (want.root == nil) || root != nil && string(AppendJSON(nil, root)) != string(AppendJSON(nil, want.root)) {
		t.Fatalf("%q: another tree", data)
	}
	return fast
}

func TestFastScanner(t *testing.T) {
	t.Parallel()
	for _, tc := range fastDocuments {
		if fast := checkFast(t, []byte(tc.doc)); fast != tc.fast {
			t.Errorf("%q: fast %v", tc.doc, fast)
		}
	}
}

// TestValidJSON: objects with many members are looked at by jsontext.
func TestValidJSON(t *testing.T) {
	t.Parallel()
	many := func(last string) string {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, `"a%d":%d,`, i, i)
		}
		return "{" + b.String() + last + "}"
	}
	for doc, want := range map[string]bool{
		many(`"a40":0`): true, many(`"a39":0`): false, `{"a\u0062":1,"ab":2}`: false, "1 ": true, "": false, "[1 2]": false,
	} {
		if got := ValidJSON([]byte(doc)); got != want {
			t.Errorf("%s: %v", doc, got)
		}
	}
}

// TestDuplicateNames: a name may stand in an object once, whether its class
// knows the name or not, and whatever else is wrong.
func TestDuplicateNames(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{"_type":"DV_TEXT","value":"a","value":"a"}`,
		`{"_type":"DV_TEXT","value":"a","value":null}`,
		`{"_type":"DV_TEXT","_type":"DV_TEXT","value":"a"}`,
		`{"value":"a","x":1,"x":2}`,
		`{"value":"a","x":{"y":1,"y":2}}`,
		`{"value":{"y":1,"y":2}}`,
		`{"value":"a","mappings":[null,{"y":1,"y":2}]}`,
		`{"value":"a","v\u0061lue":"a"}`,
	} {
		_, problems := DecodeJSON([]byte(doc), Lookup("DV_TEXT"), JSONOptions{})
		if len(problems) != 1 || problems[0].Code != CodeJSONDuplicate {
			t.Errorf("%s: %v", doc, problems)
		}
	}
}

func FuzzFastScanner(f *testing.F) {
	for _, tc := range fastDocuments {
		f.Add([]byte(tc.doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkFast(t, data) })
}
