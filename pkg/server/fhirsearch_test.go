package server

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// weighed posts weights of a patient, each at its time, and gives their names by the
// ids of the resources.
func weighed(t *testing.T, p *partner, patient string, at map[string]string) map[string]string {
	t.Helper()
	names := map[string]string{}
	for name, when := range at {
		value, _, _ := strings.Cut(name, " ")
		body := strings.Replace(weight(patient, value), "2024-03-05T10:15:30.50-03:30", when, 1)
		r := p.send("POST", "Observation", body, "openehr-template-id", vitalSigns)
		if r.status != 201 {
			t.Fatalf("%s: %s", name, r)
		}
		names[r.body.Str("id")] = name
	}
	return names
}

// found are the names of what a search finds, in order of the names.
func (p *partner) found(query string, of map[string]string) []string {
	p.t.Helper()
	out := []string{}
	for _, n := range p.all(query, "match") {
		out = append(out, of[n.Str("id")])
	}
	slices.Sort(out)
	return out
}

// TestFHIRTimes searches by dates that are known in part, at the ends of periods and
// in other zones, and asks for the newest of them.
func TestFHIRTimes(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 61, 2)
	empty := p.send("POST", strings.TrimSuffix(p.base, "fhir/r4/")+"openehr/v1/ehr", "")
	if empty.status != 201 {
		t.Fatal(empty)
	}
	location := empty.header.Get("Location")
	id := location[strings.LastIndexByte(location, '/')+1:]
	names := weighed(t, p, id, map[string]string{
		"60 old":   "2023-12-31T23:59:59.999Z",
		"61 first": "2024-01-01T00:00:00Z",
		"62 march": "2024-03",
		"63 noon":  "2024-03-10T10:15:00+01:00",
		"64 night": "2024-03-10T23:30:00-05:00", // the 11th in UTC
		"65 day":   "2024-05-06",
	})
	for query, want := range map[string]string{
		"2024":                      "61 first,62 march,63 noon,64 night,65 day",
		"ne2024":                    "60 old",
		"gt2024":                    "",
		"lt2024":                    "60 old",
		"eb2024":                    "60 old",
		"2024-03":                   "62 march,63 noon,64 night",
		"ne2024-03":                 "60 old,61 first,65 day",
		"sa2024-03":                 "65 day",
		"eb2024-03":                 "60 old,61 first",
		"gt2024-03-10":              "62 march,64 night,65 day", // a part of March is later
		"lt2024-03-10":              "60 old,61 first,62 march",
		"2024-03-10":                "63 noon",
		"2024-03-11":                "64 night",
		"2024-03-11T04:30:00Z":      "64 night",
		"2024-03-10T09:15Z":         "63 noon",
		"2024-03-10T10:15:00+01:00": "63 noon",
		"ge2024-03-11T04:30:00Z":    "62 march,64 night,65 day",
		"2023-12-31T23:59:59Z":      "60 old",
		"2023,2024-05":              "60 old,65 day",
	} {
		if got := strings.Join(p.found("Observation?patient="+id+"&date="+url.QueryEscape(query), names), ","); got != want {
			t.Errorf("date=%s: %s, want %s", query, got, want)
		}
	}
	for _, query := range []string{"xx2024", "2024-02-30", "2024-13", "24", "2024-03-10T25:00", "", "2024-03-10T10"} {
		if r := p.send("GET", "Observation?patient="+id+"&date="+query, ""); r.status != 400 {
			t.Errorf("date=%s: %s", query, r)
		}
	}
	if r := p.send("GET", "Patient/"+id+"/$everything?start=2024-02&end=2024-01", ""); r.status != 400 {
		t.Errorf("a period that ends before it starts: %s", r)
	}

	// What may be the newest is there, at most as many as certainly came after being left out.
	newest := func(want ...string) {
		t.Helper()
		if got := p.found("Observation/$lastn?patient="+id, names); !slices.Equal(got, want) {
			t.Errorf("the newest: %v, want %v", got, want)
		}
	}
	newest("65 day")
	add := func(name, when string) {
		t.Helper()
		for k, v := range weighed(t, p, id, map[string]string{name: when}) {
			names[k] = v
		}
	}
	add("66 morning", "2024-05-06T08:00:00Z")
	newest("65 day", "66 morning")
	add("67 at once", "2024-05-06T08:00:00.000Z")
	newest("65 day", "66 morning", "67 at once")
	add("68 year", "2024")
	newest("65 day", "66 morning", "67 at once", "68 year")
	add("69 later", "2025-01-01T00:00:00Z")
	newest("69 later")
	if got, want := p.found("Observation/$lastn?max=2&patient="+id+","+ids[0]+"&code=29463-7", names), "69 later"; !slices.Contains(got, want) || !slices.Contains(got, "68 year") {
		t.Errorf("two of two patients: %v", got)
	}
}

// TestValidateSaysWhatItDoesNotCheck names profiles and modes that are not looked
// at, which is an error and never "valid".
func TestValidateSaysWhatItDoesNotCheck(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 62, 1)
	body := weight(ids[0], "70")
	wrapped := func(more string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + body + `}` + more + `]}`
	}
	for _, c := range []struct{ path, body, want string }{
		{"Observation/$validate", body, "information"},
		{"Observation/$validate?mode=create", body, "information"},
		{"Observation/$validate?mode=update", body, "error"},
		{"Observation/o1/$validate", strings.Replace(body, `"resourceType":"Observation"`, `"resourceType":"Observation","id":"o1"`, 1), "information"},
		{"Observation/o2/$validate", strings.Replace(body, `"resourceType":"Observation"`, `"resourceType":"Observation","id":"o1"`, 1), "error"},
		{"Observation/o1/$validate", body, "error"},
		{"Observation/o1/$validate?mode=create", strings.Replace(body, `"resourceType":"Observation"`, `"resourceType":"Observation","id":"o1"`, 1), "error"},
		{"Observation/$validate?mode=delete", body, "error"},
		{"Observation/$validate?mode=surely", body, "error"},
		{"Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/bodyweight", body, "error"},
		{"Observation/$validate", wrapped(""), "information"},
		{"Observation/$validate", wrapped(`,{"name":"mode","valueCode":"update"}`), "error"},
		{"$validate", wrapped(`,{"name":"profile","valueUri":"http://hl7.org/fhir/StructureDefinition/bodyweight"}`), "error"},
	} {
		r := p.send("POST", c.path, c.body, "openehr-template-id", vitalSigns)
		if r.status != 200 || r.body.List("issue")[0].Str("severity") != c.want {
			t.Errorf("%s %.200s: %s, want %s", c.path, c.body, r, c.want)
		}
	}
}

// TestFHIRUnits searches by quantities in another unit than the one they were
// recorded in.
func TestFHIRUnits(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 63, 1)
	id := ids[0]
	names := map[string]string{}
	const kg = `"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"`
	for name, unit := range map[string]string{"70.5 kg": kg, "70500 g": strings.ReplaceAll(kg, "kg", "g"), "70600 g": strings.ReplaceAll(kg, "kg", "g")} {
		value, _, _ := strings.Cut(name, " ")
		r := p.send("POST", "Observation", strings.Replace(weight(id, value), kg, unit, 1), "openehr-template-id", vitalSigns)
		if r.status != 201 {
			t.Fatalf("%s: %s", name, r)
		}
		names[r.body.Str("id")] = name
	}
	const both = "70.5 kg,70500 g"
	for query, want := range map[string]string{
		"value-quantity=70.5":                                           "70.5 kg",
		"value-quantity=70.5||kg":                                       both,
		"value-quantity=70.50|http://unitsofmeasure.org|kg":             both,
		"value-quantity=70500|http://unitsofmeasure.org|g":              both,
		"value-quantity=70501|http://unitsofmeasure.org|g":              "",
		"value-quantity=155.4||[lb_av]":                                 both,
		"value-quantity=gt155.5||[lb_av]":                               "70600 g",
		"value-quantity=gt70.55||kg":                                    "70600 g",
		"value-quantity=le70500||g":                                     both,
		"value-quantity=ge70.5||kg&value-quantity=lt70600||g":           both,
		"value-quantity=70.5||kg,70600||g":                              "70.5 kg,70500 g,70600 g",
		"value-quantity=70.5|urn:others|kg":                             "",
		"value-quantity=gt0||m":                                         "",
		"combo-value-quantity=70.5||kg":                                 both,
		"code-value-quantity=http://loinc.org|29463-7$gt70.55||kg":      "70600 g",
		"combo-code-value-quantity=29463-7$70500||g":                    both,
		"code-value-quantity=8302-2$gt70.55||kg":                        "",
		"value-quantity=ne70.5||kg&value-quantity=gt70||kg":             "70600 g",
		"value-quantity=gt70.4||kg&identifier:missing=true&_sort=-date": "70.5 kg,70500 g,70600 g",
	} {
		if got := strings.Join(p.found("Observation?patient="+id+"&code=29463-7&_lastUpdated=ge2000&date=2024-03-05&"+strings.NewReplacer("|", "%7C", "[", "%5B", "]", "%5D", "$", "%24").Replace(query), names), ","); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := p.all("Patient?_id="+id+"&_has:Observation:patient:value-quantity=70.6%7C%7Ckg", "match"); len(got) != 1 {
		t.Errorf("by _has: %d patients", len(got))
	}
}

// TestFHIRPatientsWhoAreNotHere searches records that do not exist, of which an
// empty result must not be taken for "nothing known".
func TestFHIRPatientsWhoAreNotHere(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 64, 2)
	const nobody = "00000000-0000-4000-8000-000000000001"
	for query, want := range map[string]int{
		"AllergyIntolerance?patient=" + ids[0]:                                   0,
		"AllergyIntolerance?patient=" + nobody:                                   1,
		"AllergyIntolerance?patient=Patient/misspelt":                            1,
		"AllergyIntolerance?patient=misspelt," + nobody + "," + ids[0]:           2,
		"AllergyIntolerance?_summary=count&patient=" + nobody:                    1,
		"AllergyIntolerance?patient=" + ids[0] + "&patient=" + ids[1]:            0, // contradicts itself
		"Observation/$lastn?patient=" + nobody:                                   1,
		"DocumentReference?patient=" + nobody:                                    1,
		"Provenance?patient=" + nobody:                                           1,
		"AllergyIntolerance?_count=1":                                            0,
		"AllergyIntolerance?subject=" + nobody + "&_count=1":                     -1, // not a parameter
		"Condition?subject=Patient/" + nobody + "&_revinclude=Provenance:target": 1,
	} {
		r := p.send("GET", query, "")
		if want < 0 {
			if r.status != 400 {
				t.Errorf("%s: %s", query, r)
			}
			continue
		}
		text := fmt.Sprintf("the search names %d are not known here", want)
		if r.status != 200 || strings.Contains(r.String(), "not known here") != (want > 0) || want > 0 && !strings.Contains(r.String(), text) {
			t.Errorf("%s: %s, want %d", query, r, want)
		}
	}
}
