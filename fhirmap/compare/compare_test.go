package compare_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap/compare"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	const loinc = `"system":"http://loinc.org","code":"8867-4"`
	for name, test := range map[string]struct {
		came, made    string
		descriptive   bool
		lost, omitted []string
	}{
		"the same": {came: `"status":"final"`, made: `"status":"final"`},
		"what the server assigns does not count": {
			came: `"id":"a","meta":{"versionId":"1"},"text":{"status":"generated"}`, made: `"id":"b"`,
		},
		"another value":  {came: `"status":"final"`, made: `"status":"amended"`, lost: []string{"Observation.status"}},
		"lost":           {came: `"issued":"2024-01-01T00:00:00Z"`, made: `"status":"final"`, lost: []string{"Observation.issued", "Observation.status"}},
		"an item is new": {came: `"note":[{"text":"a"}]`, made: `"note":[{"text":"a"},{"text":"b"}]`, lost: []string{"Observation.note[1]"}},
		"the name of the code system repeats the code": {
			came: `"code":{"coding":[{` + loinc + `,"display":"heart RATE"}]}`, made: `"code":{"coding":[{` + loinc + `}]}`,
			omitted: []string{"Observation.code.coding[0].display"},
		},
		"another name says more": {
			came: `"code":{"coding":[{` + loinc + `,"display":"pulse"}]}`, made: `"code":{"coding":[{` + loinc + `}]}`,
			lost: []string{"Observation.code.coding[0].display"},
		},
		"another name is descriptive": {
			came: `"code":{"coding":[{` + loinc + `,"display":"pulse"}]}`, made: `"code":{"coding":[{` + loinc + `}]}`,
			descriptive: true, omitted: []string{"Observation.code.coding[0].display"},
		},
		"the order of codings says nothing": {
			came: `"code":{"coding":[{` + loinc + `},{"system":"urn:x","code":"a"}]}`, made: `"code":{"coding":[{"system":"urn:x","code":"a"},{` + loinc + `}]}`,
		},
		"words for a concept that is coded follow": {
			came: `"code":{"coding":[{` + loinc + `}]}`, made: `"code":{"coding":[{` + loinc + `}],"text":"Pulse"}`,
		},
		"who sent it is told of the composition": {
			came: `"status":"final"`, made: `"status":"final","performer":[{"display":"x"}]`, omitted: []string{"Observation.performer"},
		},
	} {
		came, err := r4.Parse([]byte(`{"resourceType":"Observation",` + test.came + `}`))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := compare.Comparison{Descriptive: test.descriptive, Around: map[string]bool{"performer": true}}
		made := []compare.Made{{Type: "Observation", ID: "1", JSON: []byte(`{"resourceType":"Observation",` + test.made + `}`)}}
		if _, err := c.All(came, made, 0); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff([][]string{test.lost, test.omitted}, [][]string{paths(c.Lost), paths(c.Omitted)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A reference to a resource that came with it leads to what has become of that one,
// and to no other.
func TestLinked(t *testing.T) {
	t.Parallel()
	parse := func(s string) *r4.Node {
		n, err := r4.Parse([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	came := parse(`{"resourceType":"Observation","specimen":{"reference":"urn:uuid:1"}}`)
	linked := map[string]*r4.Node{"urn:uuid:1": parse(`{"resourceType":"Specimen","status":"available"}`)}
	main := compare.Made{Type: "Observation", ID: "o", JSON: []byte(`{"resourceType":"Observation","specimen":{"reference":"Specimen/s"}}`)}
	for status, lost := range map[string][]string{"available": nil, "unavailable": {"Observation.specimen.resolve().status"}} {
		c := compare.Comparison{Linked: linked}
		links, err := c.All(came, []compare.Made{main, {Type: "Specimen", ID: "s", JSON: []byte(`{"resourceType":"Specimen","status":"` + status + `"}`)}}, 0)
		if err != nil || links["urn:uuid:1"] != 1 {
			t.Errorf("%s: %v %v", status, links, err)
		}
		if diff := cmp.Diff(lost, paths(c.Lost)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", status, diff)
		}
	}
	c := compare.Comparison{Linked: linked}
	if _, err := c.All(came, []compare.Made{main}, 0); err != nil || len(c.Lost) != 1 {
		t.Errorf("a linked resource that does not come back: %v %v", c.Lost, err)
	}
}

func paths(list []compare.Difference) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.Path)
	}
	return out
}
