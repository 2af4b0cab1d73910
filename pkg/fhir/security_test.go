package fhir

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	label := func(s string) Label {
		t.Helper()
		l, err := ParseLabel(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	n, r, v, test, psy := label("N"), label("R"), label("V"), label("HTEST"), label("http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY")
	for _, bad := range []string{"", "X", "htest", "|N", "x|N", "http://x|", "http://x|a  b", "a b:|c"} {
		if l, err := ParseLabel(bad); err == nil {
			t.Errorf("%q is %v", bad, l)
		}
	}
	l := Labels{All: []Label{n, test}, Templates: map[string][]Label{"psychiatry": {r, psy}, "trial": {test}}}
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	if err := (Labels{All: []Label{n, r}}).Check(); err == nil {
		t.Error("two codes for how confidential it is")
	}
	for template, want := range map[string][]Label{"": {n, test}, "other": {n, test}, "psychiatry": {test, r, psy}, "trial": {n, test}} {
		if diff := cmp.Diff(want, l.Of(template)); diff != "" {
			t.Errorf("%s: %s", template, diff)
		}
	}
	for _, tt := range []struct {
		value Value
		want  OfTemplates
	}{
		{Value{Code: "N"}, OfTemplates{IDs: []string{"psychiatry"}, Not: true}},
		{Value{Code: "R"}, OfTemplates{IDs: []string{"psychiatry"}}},
		{Value{Code: "HTEST"}, OfTemplates{IDs: []string{}, Not: true}},
		{Value{Code: "V"}, OfTemplates{IDs: []string{}}},
		{Value{HasSystem: true, System: confidentialitySystem}, OfTemplates{IDs: []string{}, Not: true}},
		{Value{HasSystem: true, System: "http://x", Code: "N"}, OfTemplates{IDs: []string{}}},
		{Value{HasSystem: true, System: psy.System, Code: "PSY"}, OfTemplates{IDs: []string{"psychiatry"}}},
	} {
		if diff := cmp.Diff(tt.want, l.having([]Value{tt.value})); diff != "" {
			t.Errorf("%v: %s", tt.value, diff)
		}
	}
	got := highest([]Record{{Security: []Label{n, test}}, {}}, []Record{{Security: []Label{v, psy}}, {Security: []Label{r}}})
	if diff := cmp.Diff([]Label{v, test, psy}, got); diff != "" {
		t.Error(diff)
	}
}
