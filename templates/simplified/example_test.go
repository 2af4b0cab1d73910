package simplified_test

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/simplified"
)

// TestFilledExamplesShowTheFormats writes the examples that a client of the
// simplified formats asks for: they have the ids of the web template, not |raw.
func TestFilledExamplesShowTheFormats(t *testing.T) {
	t.Parallel()
	rawKey := regexp.MustCompile(`"([^"]*)\|raw"`)
	var raw []string
	subjects := librarySubjects(t)
	for _, id := range slices.Sorted(maps.Keys(subjects)) {
		s := subjects[id]
		for _, detail := range []example.Detail{example.Required, example.Medium, example.Complete} {
			n, err := example.Instance(s.tpl, example.Options{Detail: detail, Filled: true})
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			data, err := simplified.Encode(n, simplified.Flat, s.wt, s.tpl)
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			if bytes.Count(data, []byte(`":`)) < 2 {
				t.Errorf("%s: %s", id, data)
			}
			for _, m := range rawKey.FindAllSubmatch(data, -1) {
				raw = append(raw, string(m[1]))
			}
		}
	}
	want := []string{
		"transfer_of_care_summary", // what is required has empty sections, which have no key
		"health_summary",
		"person/relationships:0", // to another party of the example
		"person/relationships:0",
	}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Error(diff)
	}
}
