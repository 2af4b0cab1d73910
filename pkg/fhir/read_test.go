package fhir

import (
	"testing"
	"time"
)

// The two ways of writing a resource agree: with members in the order that
// projections write and in any other.
func TestAppendResource(t *testing.T) {
	t.Parallel()
	rec := Record{
		Type: "Observation", ID: "a", Version: VersionID{Trunk: 2}, LastUpdated: time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC),
		Source: "8849182c-82ad-4088-a07f-48ead4180515::s::2", Profiles: []string{"http://p"},
	}
	const want = `{"resourceType":"Observation","id":"a","meta":{"versionId":"2","lastUpdated":"2024-01-02T03:04:05.000006Z",` +
		`"source":"ehr:8849182c-82ad-4088-a07f-48ead4180515::s::2","profile":["http://p"]},` +
		`"status":"final","_status":{"id":"x"},"code":{"text":"c"},"valueString":"\"}"}`
	for name, json := range map[string]string{
		"in order":         `{"resourceType":"Observation","id":"a","status":"final","_status":{"id":"x"},"code":{"text":"c"},"valueString":"\"}"}`,
		"another order":    `{"valueString":"\"}","id":"a","code":{"text":"c"},"_status":{"id":"x"},"status":"final","resourceType":"Observation"}`,
		"spaced":           `{"resourceType": "Observation", "id": "a", "status": "final", "_status": {"id":"x"}, "code": {"text":"c"}, "valueString": "\"}"}`,
		"meta of its own":  `{"resourceType":"Observation","id":"a","meta":{"versionId":"9"},"status":"final","_status":{"id":"x"},"code":{"text":"c"},"valueString":"\"}"}`,
		"meta at the end":  `{"resourceType":"Observation","id":"a","status":"final","_status":{"id":"x"},"code":{"text":"c"},"valueString":"\"}","meta":{}}`,
		"the id of a part": `{"resourceType":"Observation","status":"final","_status":{"id":"x"},"code":{"text":"c"},"valueString":"\"}","id":"a"}`,
	} {
		rec.JSON = []byte(json)
		got, err := appendResource(nil, rec)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, want)
		}
	}
	for _, json := range []string{``, `[]`, `{"resourceType":"Observation"`, `{"a"}`} {
		rec.JSON = []byte(json)
		if got, err := appendResource(nil, rec); err == nil {
			t.Errorf("%s: %s", json, got)
		}
	}
}
