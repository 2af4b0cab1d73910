package store

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

func TestSearchDocuments(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	search, ranges := searchDocuments(&ehr.Resource{Type: "Observation", Search: []ehr.SearchValue{
		{Param: "code", System: "http://loinc.org", Code: "1"},
		{Param: "date", Low: at, High: at.Add(time.Second)},
		{Param: "code", Code: `"x"`},
		{Param: "date", Low: at},
		{Param: "value-quantity", Number: "1.50", System: "u", Code: "mm"},
		{Param: "name", String: "a\\b"},
		{Param: "empty"},
	}})
	want := `{"Observation":{"code":[{"s":"http://loinc.org","c":"1"},{"c":"\"x\""}]}}`
	if search == nil || *search != want {
		t.Errorf("search %v, want %s", search, want)
	}
	want = `{"date":[{"l":1704067200000000,"h":1704067201000000},{"l":1704067200000000}],"value-quantity":[{"n":1.50,"s":"u","c":"mm"}],"name":[{"t":"a\\b"}]}`
	if ranges == nil || *ranges != want {
		t.Errorf("ranges %v, want %s", *ranges, want)
	}
	if search, ranges = searchDocuments(&ehr.Resource{Type: "Patient"}); search != nil || ranges != nil {
		t.Errorf("without values: %v %v", search, ranges)
	}
}

// Whatever the values are, both documents are JSON and hold each of them once.
func TestSearchDocumentsHoldEveryValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := ehr.Resource{Type: rapid.String().Draw(t, "type")}
		want := map[string]int{}
		for range rapid.IntRange(1, 12).Draw(t, "values") {
			v := ehr.SearchValue{Param: rapid.SampledFrom([]string{"a", "b", "c", `"`}).Draw(t, "param"),
				System: rapid.String().Draw(t, "system"), Code: rapid.StringN(1, 5, -1).Draw(t, "code")}
			switch rapid.IntRange(0, 3).Draw(t, "sort") {
			case 0:
				v.Number = "1"
			case 1:
				v.String = rapid.StringN(1, 5, -1).Draw(t, "text")
			case 2:
				v.High = time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "time"), 0)
			}
			want[v.Param]++
			r.Search = append(r.Search, v)
		}
		search, ranges := searchDocuments(&r)
		got := map[string]int{}
		count := func(params map[string][]map[string]any) {
			for p, values := range params {
				got[p] += len(values)
			}
		}
		if search != nil {
			var byType map[string]map[string][]map[string]any
			if err := json.Unmarshal([]byte(*search), &byType); err != nil {
				t.Fatalf("%s: %v", *search, err)
			}
			count(byType[r.Type])
		}
		if ranges != nil {
			var params map[string][]map[string]any
			if err := json.Unmarshal([]byte(*ranges), &params); err != nil {
				t.Fatalf("%s: %v", *ranges, err)
			}
			count(params)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
