package fhir

import (
	"slices"
	"testing"
)

// TestSummaryOfOneOfTwo refuses to choose between patients with the same identifier.
func TestSummaryOfOneOfTwo(t *testing.T) {
	t.Parallel()
	m := project(t)
	i := slices.IndexFunc(m.records, func(r Record) bool { return r.Type == "Patient" })
	query := ""
	for _, v := range m.search[m.records[i].ID] {
		if v.Param == "identifier" && v.System != "" {
			query = "/fhir/r4/Patient/$summary?identifier=" + v.System + "|" + v.Code
		}
	}
	if r := ask(t, handler(t, m), "GET", query); query == "" || r.StatusCode != 200 {
		t.Fatalf("%q of one: %d %.300s", query, r.StatusCode, r.raw)
	}
	twin := m.records[i]
	twin.ID = "00000000-0000-4000-8000-00000000000f"
	m.records, m.search[twin.ID] = append(m.records, twin), m.search[m.records[i].ID]
	if r := ask(t, handler(t, m), "GET", query); r.StatusCode != 412 || r.body.Get("issue").Items[0].Str("code") != "multiple-matches" {
		t.Errorf("of two: %d %.300s", r.StatusCode, r.raw)
	}
}
