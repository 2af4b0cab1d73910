package rm

import (
	"slices"
	"testing"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, want string }{
		{"DV_QUANTITY", "DV_QUANTITY"},
		{"DV_INTERVAL<DV_QUANTITY>", "DV_INTERVAL"},
		{"HISTORY<ITEM_STRUCTURE>", "HISTORY"},
		{"dv_quantity", ""},
		{"DV_INTERVAL<", ""},
		{"<DV_TEXT>", ""},
		{"", ""},
	} {
		got := ""
		if c := Lookup(tc.name); c != nil {
			got = c.Name
		}
		if got != tc.want {
			t.Errorf("Lookup(%q) = %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestAttributeOrderAndRedefinition(t *testing.T) {
	t.Parallel()
	var names []string
	q := Lookup("DV_QUANTITY")
	for _, a := range q.Attributes() {
		names = append(names, a.Name)
	}
	want := []string{
		"normal_status", "normal_range", "other_reference_ranges", "magnitude_status",
		"accuracy", "accuracy_is_percent", "magnitude", "precision", "units", "units_system", "units_display_name",
	}
	if !slices.Equal(names, want) {
		t.Errorf("DV_QUANTITY attributes %v, want %v", names, want)
	}
	if nr := q.Attribute("normal_range"); nr.Owner != q || nr.Param != q {
		t.Errorf("DV_QUANTITY.normal_range declared by %v with parameter %v", nr.Owner, nr.Param)
	}
	if acc := Lookup("DV_DATE").Attribute("accuracy"); acc.Type.Name != "DV_DURATION" {
		t.Errorf("DV_DATE.accuracy is %v", acc.Type)
	}
	if acc := Lookup("DV_DURATION").Attribute("accuracy"); acc.Type != ClassReal {
		t.Errorf("DV_DURATION.accuracy is %v", acc.Type)
	}
}

func TestParseClassesErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Any abstract\nA < B",
		"Any abstract\nA : x B",
		"Any abstract\nA : x",
		"Any abstract\nA\nA",
		"Any abstract\nA primitive colour",
		"Any abstract\nA < B\nB < A",
		"Any abstract\nA : x Any<B>",
	} {
		if _, _, err := parseClasses(text); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}
