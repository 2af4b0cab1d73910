package server

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// TestConceptMapsOfMappings reads the concept maps that the shipped mappings
// translate by, and asks them, both ways.
func TestConceptMapsOfMappings(t *testing.T) {
	t.Parallel()
	s := runningWith(t, testOptions(t), 46, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	shipped := lib.ConceptMaps()
	if list := p.all("ConceptMap", "match"); len(list) != len(shipped) || len(list) == 0 {
		t.Fatalf("%d of %d", len(list), len(shipped))
	}
	for _, m := range shipped {
		at := "ConceptMap?url=" + url.QueryEscape(m.URL)
		found := p.all(at, "match")
		if len(found) != 1 {
			t.Fatalf("%s: %d", m.URL, len(found))
		}
		read := p.send("GET", "ConceptMap/"+found[0].Str("id"), "")
		if read.status != 200 || string(read.body.Append(nil)) != string(found[0].Append(nil)) {
			t.Errorf("read %s", read)
		}
		if same := p.send("GET", "ConceptMap/"+found[0].Str("id"), "", "If-None-Match", read.header.Get("ETag")); same.status != 304 {
			t.Errorf("again: %s", same)
		}
		for _, g := range read.body.List("group") {
			for _, e := range g.List("element") {
				for _, target := range e.List("target") {
					ahead := "ConceptMap/$translate?url=" + url.QueryEscape(m.URL) + "&system=" + url.QueryEscape(g.Str("source")) + "&code=" + e.Str("code")
					back := "ConceptMap/$translate?reverse=true&url=" + url.QueryEscape(m.URL) + "&system=" + url.QueryEscape(g.Str("target")) + "&code=" + target.Str("code")
					if r := p.send("GET", ahead, ""); !strings.Contains(r.String(), `"code":"`+target.Str("code")+`"`) {
						t.Errorf("%s: %s", ahead, r)
					}
					if r := p.send("GET", back, ""); !strings.Contains(r.String(), `"code":"`+e.Str("code")+`"`) {
						t.Errorf("%s: %s", back, r)
					}
				}
			}
		}
	}
	for path, want := range map[string]int{
		"ConceptMap?url=http://example.org/none": 200, "ConceptMap?name=x": 200, "ConceptMap?colour=x": 400, "ConceptMap?_count=0": 400,
		"ConceptMap/none": 404, "ConceptMap/00000000-0000-4000-8000-000000000001": 404,
		"ConceptMap/$translate?url=http://example.org/none&system=x&code=y": 404,
	} {
		if r := p.send("GET", path, ""); r.status != want || want == 200 && len(r.body.List("entry")) > 0 {
			t.Errorf("%s: %s", path, r)
		}
	}
	var declared *r4.Node
	for _, n := range p.get("metadata").List("rest")[0].List("resource") {
		if n.Str("type") == "ConceptMap" {
			declared = n
		}
	}
	if text := string(declared.Append(nil)); !strings.Contains(text, `"code":"search-type"`) || !strings.Contains(text, "ConceptMap-translate") {
		t.Errorf("declared as %s", text)
	}
}
