package fhirstore_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// TestQuantitiesAreFoundWhateverTheirSize compares searches of the population by
// value, for which the index has the hundredths of a number, with a calculation.
func TestQuantitiesAreFoundWhateverTheirSize(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader, rec := fhirstore.New(s, ehr.AllowAll{}), newRecord(t, s, true)
	numbers := []string{
		"-1e12", "-21474836.49", "-21474836.48", "-21474836.47", "-5", "-0.005", "-0.0001", "0", "0.0001", "0.004", "0.005", "0.01",
		"4.99", "4.999", "5", "5.001", "5.009", "5.01", "120", "21474836.46", "21474836.47", "21474836.48", "3e7", "1e40",
	}
	var resources []ehr.Resource
	values := map[string][]float64{} // by id
	add := func(id string, top string, components ...string) {
		fields := ""
		if top != "" {
			fields = `,"valueQuantity":{"value":` + top + `,"code":"u"}`
			values[id] = append(values[id], parse(t, top))
		}
		for i, c := range components {
			fields += map[bool]string{true: `,"component":[`, false: `,`}[i == 0] + `{"code":{"coding":[{"code":"k"}]},"valueQuantity":{"value":` + c + `,"unit":"U","code":"u"}}`
			values[id] = append(values[id], parse(t, c))
		}
		if len(components) > 0 {
			fields += `]`
		}
		resources = append(resources, indexed(t, id, `{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"k"}]}`+fields+`}`))
	}
	for i, n := range numbers {
		add(fmt.Sprintf("t%02d", i), n)
		add(fmt.Sprintf("u%02d", i), "", n, numbers[(i*7)%len(numbers)])
		add(fmt.Sprintf("v%02d", i), n, numbers[(i*5)%len(numbers)])
	}
	add("w", "", "1", "2", "3", "4", "5", "6", "7", "8", "9") // more than the index looks at
	add("x", "")
	rec.put(uuid.New(), &ehr.Projected{Resources: resources})
	var other int
	if err := s.Pool().QueryRow(t.Context(), `select count(*) from fhir_resource where rank is distinct from fhir_number(search)`).Scan(&other); err != nil || other > 0 {
		t.Errorf("%d resources have another rank than their search values, %v", other, err)
	}
	for _, n := range numbers {
		v := parse(t, n)
		low, high := v-0.0005, v+0.0005
		for prefix, meets := range map[fhir.Prefix]func(x float64) bool{
			fhir.Greater: func(x float64) bool { return x > v }, fhir.GreaterOrEqual: func(x float64) bool { return x >= v },
			fhir.Less: func(x float64) bool { return x < v }, fhir.LessOrEqual: func(x float64) bool { return x <= v },
			fhir.Equal: func(x float64) bool { return x >= low && x < high }, fhir.NotEqual: func(x float64) bool { return x < low || x >= high },
		} {
			value := fhir.Value{Prefix: prefix, Number: n, NumberLow: strconv.FormatFloat(low, 'f', -1, 64), NumberHigh: strconv.FormatFloat(high, 'f', -1, 64)}
			for param, from := range map[string]func(id string, list []float64) []float64{
				"value-quantity": func(id string, list []float64) []float64 {
					if id[0] == 't' || id[0] == 'v' {
						return list[:1]
					}
					return nil
				},
				"component-value-quantity": func(id string, list []float64) []float64 {
					switch id[0] {
					case 't':
						return nil
					case 'v':
						return list[1:]
					}
					return list
				},
				"combo-value-quantity": func(_ string, list []float64) []float64 { return list },
			} {
				var want []string
				for id, list := range values {
					if slices.ContainsFunc(from(id, list), meets) {
						want = append(want, id)
					}
				}
				slices.Sort(want)
				page, err := reader.Search(t.Context(), who, fhir.Query{
					Type: "Observation", Count: 200,
					Filters: []fhir.Filter{{Param: param, Kind: fhir.Quantity, Values: []fhir.Value{value}}},
				})
				if err != nil {
					t.Fatal(param, prefix, n, err)
				}
				var got []string
				for _, r := range page.Records {
					got = append(got, r.ID)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s=%s%s: %s, want %s", param, prefix, n, strings.Join(got, " "), strings.Join(want, " "))
				}
			}
		}
	}
}

func parse(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
