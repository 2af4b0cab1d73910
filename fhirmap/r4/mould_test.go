package r4

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// mouldCases are valid resources with what of them may be free.
var mouldCases = []struct {
	name, json string
	none       bool // no mould
}{
	{"observation", `{"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"system":"s","code":"c"}],"text":"t"},` +
		`"subject":{"reference":"Patient/p","display":"n"},"effectiveDateTime":"2020-01-02T03:04:05Z","valueQuantity":{"value":1.50,"unit":"mm","system":"http://unitsofmeasure.org","code":"mm"},` +
		`"component":[{"code":{"text":"x"},"valueQuantity":{"value":-3,"unit":"millimetre","system":"http://unitsofmeasure.org","code":"mm"}},{"code":{"text":"y"},"valueString":"z"}]}`, false},
	{"telecom", `{"resourceType":"Patient","id":"a","telecom":[{"system":"phone","value":"1"}],"name":[{"family":"B","given":["C","D"]}]}`, false},
	{"identifier", `{"resourceType":"Procedure","id":"a","status":"completed","subject":{"reference":"Patient/p"},"identifier":[{"system":"urn:x","value":"7"}],"performedDateTime":"2020-01-02T03:04:05.5+01:00"}`, false},
	{"only a date", `{"resourceType":"Procedure","id":"a","status":"completed","subject":{"reference":"Patient/p"},"performedDateTime":"2020-01-02"}`, true},
	{"a period", `{"resourceType":"Procedure","id":"a","status":"completed","subject":{"reference":"Patient/p"},"performedPeriod":{"start":"2020-01-02T03:04:05Z","end":"2020-01-02T03:04:06Z"}}`, true},
	{"a range", `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"t"},"valueRange":{"low":{"value":1},"high":{"value":2}}}`, true},
	{"an age", `{"resourceType":"Condition","id":"a","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"subject":{"reference":"Patient/p"},` +
		`"onsetAge":{"value":2,"unit":"a","system":"http://unitsofmeasure.org","code":"a"}}`, true},
	{"contained", `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"t"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]}`, true},
}

// free marks the texts that may be free, by their JSON and the property.
func free(n *Node, property string) {
	switch {
	case n.Kind == Number:
		n.Free = FreeNumber
	case n.Kind == String && property == "reference":
		n.Free = FreeReference
	case n.Kind == String && property == "id":
		n.Free = FreeID
	case n.Kind == String && strings.HasPrefix(n.Text, "2020-"):
		n.Free = FreeTime
	case n.Kind == String && strings.Contains(" text display family given value valueString ", " "+property+" "):
		n.Free = FreeString
	}
	for i := range n.Fields {
		free(n.Fields[i].Value, n.Fields[i].Name)
	}
	for _, item := range n.Items {
		free(item, property)
	}
}

// Resources with the key of a mould are valid if Fill takes them, and have the
// values that it gives.
func TestMould(t *testing.T) {
	t.Parallel()
	for _, tt := range mouldCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root, err := Parse([]byte(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			if problems := ValidateNode(root); len(problems) > 0 {
				t.Fatal(problems)
			}
			free(root, "")
			json, holes := root.AppendHoles(nil, nil)
			if string(json) != string(root.Append(nil)) {
				t.Fatalf("%s is not %s", json, root.Append(nil))
			}
			key := AppendKey(nil, json, holes)
			m := NewMould(root, holes)
			if (m == nil) != tt.none {
				t.Fatalf("mould %v", m)
			}
			if m == nil {
				return
			}
			var times Times
			rapid.Check(t, func(t *rapid.T) {
				for i := range holes {
					n := holes[i].Node
					n.Text = map[Free]*rapid.Generator[string]{
						FreeNumber:    rapid.OneOf(rapid.StringMatching(`-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?(e[+-]?[0-9])?`), rapid.StringN(0, 3, 3)),
						FreeTime:      rapid.OneOf(rapid.StringMatching(`[12][0-9]{3}-[01][0-9]-[0-3][0-9]T[012][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,4})?(Z|[+-][01][0-9]:[0-5][0-9])`), rapid.StringN(18, 24, 24)),
						FreeReference: rapid.OneOf(rapid.StringMatching(`(Patient|Group)/[A-Za-z0-9.-]{1,66}`), rapid.StringN(0, 9, 9)),
						FreeID:        rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9.-]{1,66}`), rapid.StringN(0, 4, 4)),
						FreeString:    rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{" ", "\u0301", "a\x00", "\xff"})),
					}[n.Free].Draw(t, "text")
				}
				json, again := root.AppendHoles(nil, nil)
				if got := AppendKey(nil, json, again); string(got) != string(key) {
					t.Fatalf("the key is %q instead of %q", got, key)
				}
				own, ok := m.Fill(nil, again, &times)
				problems := ValidateNode(root)
				if !ok {
					return
				}
				if len(problems) > 0 {
					t.Fatalf("%s is not valid: %v", json, problems)
				}
				if diff := cmp.Diff(SearchValues(root), m.Values(own)); diff != "" {
					t.Fatalf("%s: %s", json, diff)
				}
			})
		})
	}
}

// A text is in the key unless it is free.
func TestKeyHoldsFixedTexts(t *testing.T) {
	t.Parallel()
	root, err := Parse([]byte(mouldCases[0].json))
	if err != nil {
		t.Fatal(err)
	}
	key := func() string {
		json, holes := root.AppendHoles(nil, nil)
		return string(AppendKey(nil, json, holes))
	}
	if key() != mouldCases[0].json {
		t.Errorf("without free texts the key is %s", key())
	}
	free(root, "")
	before := key()
	root.Get("code", "coding", "code").Text = "d"
	if key() == before {
		t.Error("another code has the same key")
	}
}
