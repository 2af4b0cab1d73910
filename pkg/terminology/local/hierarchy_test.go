package local_test

import (
	"slices"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

func TestHierarchy(t *testing.T) {
	t.Parallel()
	list, err := local.Parse([]byte(`{"resourceType":"Bundle","type":"collection","entry":[
		{"resource":{"resourceType":"CodeSystem","url":"urn:k","status":"active","content":"complete","concept":[
			{"code":"a","concept":[{"code":"b","concept":[{"code":"d","property":[{"code":"parent","valueCode":"c"}]}]},{"code":"c"}]},
			{"code":"x","property":[{"code":"parent","valueCode":"y"}]},{"code":"y","property":[{"code":"parent","valueCode":"x"}]}]}},
		{"resource":{"resourceType":"CodeSystem","url":"urn:part","status":"active","content":"fragment","concept":[{"code":"a"}]}},
		{"resource":{"resourceType":"CodeSystem","url":"urn:parts","status":"active","content":"complete","hierarchyMeaning":"part-of","concept":[{"code":"a"}]}}]}`), local.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := local.Build(list)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string][2]string{
		"a": {"a b c d", "a"}, "b": {"b d", "a b"}, "c": {"c d", "a c"}, "d": {"d", "a b c d"},
		"x": {"x y", "x y"}, // a circle ends
	} {
		for i, walk := range []func(terminology.Code) ([]terminology.Code, error){
			func(c terminology.Code) ([]terminology.Code, error) { return set.Below(t.Context(), c) },
			func(c terminology.Code) ([]terminology.Code, error) { return set.Above(t.Context(), c) },
		} {
			codes, err := walk(terminology.Code{System: "urn:k", Code: code})
			if err != nil {
				t.Fatal(code, err)
			}
			slices.SortFunc(codes, func(a, b terminology.Code) int { return slices.Compare([]byte(a.Code), []byte(b.Code)) })
			got := ""
			for _, c := range codes {
				if got != "" {
					got += " "
				}
				got += c.Code
			}
			if got != want[i] {
				t.Errorf("%s: %q, want %q", code, got, want[i])
			}
		}
	}
	for _, tt := range []struct {
		system, code string
		kind         errs.Kind
	}{{"urn:none", "a", errs.NotFound}, {"urn:k", "z", errs.NotFound}, {"urn:part", "a", errs.NotFound}, {"urn:parts", "a", errs.Unsupported}} {
		if _, err := set.Below(t.Context(), terminology.Code{System: tt.system, Code: tt.code}); !errs.Is(err, tt.kind) {
			t.Errorf("below %s %s: %v", tt.system, tt.code, err)
		}
		if _, err := set.Above(t.Context(), terminology.Code{System: tt.system, Code: tt.code}); !errs.Is(err, tt.kind) {
			t.Errorf("above %s %s: %v", tt.system, tt.code, err)
		}
	}
	// The openEHR terminology is flat.
	at := func(code string) terminology.Code {
		return terminology.Code{System: terminology.System, Code: code}
	}
	if out, err := set.Subsumes(t.Context(), at("433"), at("431")); err != nil || out != terminology.NotSubsumed {
		t.Error(out, err)
	}
	if out, err := set.Subsumes(t.Context(), at("433"), at("433")); err != nil || out != terminology.Equivalent {
		t.Error(out, err)
	}
	if _, err := set.Subsumes(t.Context(), at("433"), at("none")); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
}
