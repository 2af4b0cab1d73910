package coverage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The text says what is missing, and of the way back only what there is.
func TestText(t *testing.T) {
	t.Parallel()
	cov := Template{TemplateID: "A note.v1", Context: []string{"/composer"}}
	cov.add(Entry{
		Path: "/content[a]", Leaves: 3, Mapped: 1, Declared: 1, Percent: percent(1, 3), Unmapped: []string{"/items[b]"},
		Mappings: []Mapping{
			{
				Name: "a", Type: "Observation", Percent: 33.3, Mandatory: []string{"Observation.status"}, MustSupport: []string{"Observation.value"},
				Back: &Back{Kept: []string{"Observation.value", "Observation.note"}, Refused: []string{"Observation.device"}},
			},
			{Name: "b", Type: "Organization", Back: nil},
		},
	})
	cov.add(Entry{Path: "/content[c]", Absence: true, Percent: percent(0, 0)})
	cov.add(Entry{Path: "/content[d]", Leaves: 1999, Mapped: 1998, Percent: percent(1998, 1999)})
	cov.Percent = percent(cov.Mapped, cov.Leaves)
	want := `A note.v1: 99.8 % (1999 of 2002 leaves mapped, 1 declared losses)
  /content[a]: 33.3 % (1 of 3)
    a to Observation: 33.3 %
      not filled: Observation.status (mandatory)
      not filled: Observation.value (must support)
    b to Organization: 0.0 %
    not mapped: /items[b]
  /content[c]: 100.0 % (0 of 0)
    states an absence and becomes no resource
  /content[d]: 99.9 % (1998 of 1999)
    no mapping
  not mapped: /composer
`
	if diff := cmp.Diff(want, cov.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = `A note.v1
  /content[a]
    a from Observation (not proven to come back)
      keeps: Observation.value, Observation.note
      refused: Observation.device
  /content[c]
  /content[d]
`
	if diff := cmp.Diff(want, cov.BackString()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
