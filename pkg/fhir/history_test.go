package fhir

import (
	"slices"
	"strings"
	"testing"
)

// The pages of a history are together the whole, newest first, and tell what
// was done to each resource.
func TestHistory(t *testing.T) {
	t.Parallel()
	m := project(t)
	h := handler(t, m)
	for _, start := range []string{"/fhir/r4/_history", "/fhir/r4/Observation/_history?_count=2", "/fhir/r4/_history?_count=3&_since=2024-03-05T00:00:00Z"} {
		var seen, times []string
		methods := map[string]int{}
		for next := start; next != ""; {
			r := ask(t, h, "GET", next)
			if r.StatusCode != 200 || r.body.Str("type") != "history" {
				t.Fatalf("%s: %d %s", next, r.StatusCode, r.raw)
			}
			next = ""
			for _, l := range r.body.List("link") {
				if l.Str("relation") == "next" {
					next = strings.TrimPrefix(l.Str("url"), "http://example.com")
				}
			}
			for _, e := range r.body.List("entry") {
				seen = append(seen, e.Str("fullUrl")+" "+e.Str("response", "etag"))
				times = append(times, e.Str("response", "lastModified"))
				method := e.Str("request", "method")
				methods[method]++
				if has := e.Get("resource") != nil; has == (method == "DELETE") {
					t.Errorf("%s: a resource: %v", method, has)
				}
			}
		}
		if !slices.IsSortedFunc(times, func(a, b string) int { return -strings.Compare(a, b) }) {
			t.Errorf("%s: not the newest first: %v", start, times)
		}
		slices.Sort(seen)
		if n := len(slices.Compact(slices.Clone(seen))); n != len(seen) || n < 4 {
			t.Errorf("%s: %d versions, %d distinct", start, len(seen), n)
		}
		if start == "/fhir/r4/_history" && (methods["POST"] != len(m.records) || methods["PUT"] != len(m.records) || methods["DELETE"] != 1) {
			t.Errorf("methods %v of %d resources", methods, len(m.records))
		}
		if strings.Contains(start, "_since") && methods["POST"] > 0 {
			t.Errorf("since the second commit: %v", methods)
		}
	}
}
