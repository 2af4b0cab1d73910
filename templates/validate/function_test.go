package validate

import (
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

// Functions of the RM that templates constrain are computed.
func TestFunctions(t *testing.T) {
	t.Parallel()
	offset := func(interval string) obj {
		return obj{RM: "DV_DURATION", Occ: "1..1", Attrs: []attr{{Name: "value", Existence: "1..1", Children: []obj{opttest.Range("DURATION", interval)}}}}
	}
	events := func(offsets ...obj) *obj {
		o := opttest.Root("OBSERVATION", "openEHR-EHR-OBSERVATION.test.v1", attr{Name: "data", Existence: "1..1", Children: []obj{
			{RM: "HISTORY", ID: "at0001", Occ: "1..1", Attrs: []attr{{Name: "events", Existence: "1..1", Cardinality: "1..*", Children: []obj{
				{RM: "POINT_EVENT", ID: "at0002", Occ: "0..*", Attrs: []attr{{Name: "offset", Existence: "1..1", Children: offsets}}},
			}}}},
		}})
		return &o
	}
	at := func(origin, time string) *rm.Node {
		return locatable("OBSERVATION", "openEHR-EHR-OBSERVATION.test.v1", "Test",
			rm.Child("data", locatable("HISTORY", "at0001", "History", rm.Child("origin", value("DV_DATE_TIME", origin)),
				rm.Child("events", locatable("POINT_EVENT", "at0002", "Event", rm.Child("time", value("DV_DATE_TIME", time)))))))
	}
	const early = "tpl.duration.range /data/events[0]/time"
	for _, tt := range []struct {
		name         string
		root         *obj
		origin, time string
		want         []string
	}{
		{"within", events(offset("PT0S..PT10M")), "2024-01-01T10:00:00Z", "2024-01-01T11:10:00+01:00", nil},
		{"late", events(offset("PT0S..PT10M")), "2024-01-01T10:00:00Z", "2024-01-01T10:10:01Z", []string{early}},
		{"before the origin", events(offset("PT0S..PT10M")), "2024-01-01T10:00:00Z", "2024-01-01T09:59:59Z", []string{early}},
		{"an alternative", events(offset("PT0S..PT1M"), offset("PT5M..PT5M")), "2024-01-01T10:00:00Z", "2024-01-01T10:05:00Z", nil},
		{"years", events(offset("PT0S..P1D")), "1950-01-01T10:00:00Z", "2024-01-01T10:05:00Z", []string{early}},
		{"partial", events(offset("PT0S..PT1M")), "2024-01-01", "2024-01-01T10:05:00", nil},
		{"one time zone", events(offset("PT0S..PT1M")), "2024-01-01T10:00:00", "2024-01-01T12:05:00Z", nil},
	} {
		tpl := compile(t, opttest.Template("Function", *tt.root))
		expect(t, tt.name, Template(tpl, at(tt.origin, tt.time), Options{}), tt.want...)
	}

	person := compile(t, opttest.Template("Function", opttest.Root("PERSON", "openEHR-DEMOGRAPHIC-PERSON.test.v1",
		attr{Name: "type", Existence: "1..1", Children: []obj{opttest.Value("DV_TEXT", opttest.Strings("Patient"))}})))
	for name, want := range map[string][]string{"Patient": nil, "Nurse": {"tpl.string.list /name/value"}} {
		expect(t, name, Template(person, locatable("PERSON", "openEHR-DEMOGRAPHIC-PERSON.test.v1", name), Options{}), want...)
	}

	property := compile(t, opttest.Evaluation("Leaf", opttest.Element("at0002", "0..1", obj{RM: "DV_QUANTITY", Occ: "1..1", Attrs: []attr{
		{Name: "property", Existence: "1..1", Children: []obj{opttest.Codes("openehr", "124", "122")}},
	}})))
	for units, want := range map[string][]string{"kg": nil, "cm": nil, "mL": {"tpl.quantity.property items[0]/value/units"}} {
		expect(t, units, Template(property, composition(element("at0002", "Item", quantity(1, units))), Options{}), want...)
	}
}
