package contribution

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var cutBodies = []struct {
	body string
	cut  bool
}{
	{`{"versions":[{"data":{"a":"}\\\"]"}}, {"data" : null ,"_type":"ORIGINAL_VERSION"},{"item":{"data":1}}],"audit":{}}`, true},
	{` { "audit" : {"description":{"data":{}}}, "versions" : [ { "commit_audit" : {} , "data" : [1, 2.5e3, "x", true] } ] } `, true},
	{`{"versions":[{"data":{"a":1,"a":2}}]}`, true},
	{`{"versions":[{"data":{"a":[}]}]}`, true},
	{`{"versions":[{"data":tru}]}`, true},
	{`{"versions":[{"data":{"a":1,"a":2},"commit_audit":{"change_type":{"code_string":"523"}}}]}`, false},
	{`{"versions":[{"data":{"a" 1},"commit_audit":{"change_type":{"code_string":"666"}}}]}`, false},
	{`{"versions":[{"data":{},"data":{}}]}`, false},
	{`{"versions":[{"data":{}}],"versions":[]}`, false},
	{`{"versions":[{"d\u0061ta":{}},{"data":{}}]}`, false},
	{`{"versions":[{"data":{}}]} {}`, false},
	{`{"versions":[{"data":{},}]}`, false},
	{`{"versions":[{"data":1 2}]}`, false},
	{`{"versions":[{"data":}]}`, false},
	{`{"versions":[{"data":"\"}]}`, false},
	{`{"versions":[{"data":` + "\x01" + `}]}`, false},
	{`{"versions":[{"data":{"a":` + "\x00", false},
	{`{"versions":[1]}`, false},
	{`{"versions":{}}`, false},
	{`{}`, false},
	{``, false},
}

// checkCut compares a contribution whose data was cut out with the same read as
// a whole.
func checkCut(t *testing.T, raw []byte) (cut bool) {
	t.Helper()
	before := bytes.Clone(raw)
	got, cut, err := readCut(raw)
	if !bytes.Equal(before, raw) {
		t.Fatal("the body was changed")
	}
	var want changeSet
	wantErr := decode(raw, &want)
	if !cut {
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("error %v, of the whole %v", err, wantErr)
		}
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if wantErr == nil {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		return true
	}
	for _, v := range got.Versions {
		if len(v.Data) > 0 && !v.Data.IsValid() {
			return true
		}
	}
	t.Fatalf("the body is wrong, and none of its data: %v", wantErr)
	return false
}

func TestDataCutOut(t *testing.T) {
	t.Parallel()
	for _, tc := range cutBodies {
		if cut := checkCut(t, []byte(tc.body)); cut != tc.cut {
			t.Errorf("%s: cut %v", tc.body, cut)
		}
	}
}

func FuzzDataCutOut(f *testing.F) {
	for _, tc := range cutBodies {
		f.Add([]byte(tc.body))
	}
	f.Add([]byte(`{"versions":[` + strings.Repeat(`{"data":{"a":[[]]}},`, 5) + `{"data":7}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) { checkCut(t, raw) })
}
