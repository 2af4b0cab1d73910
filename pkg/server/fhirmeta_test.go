package server

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// tagOf is the template that a resource is tagged with.
func tagOf(n *r4.Node) string {
	for _, c := range n.Get("meta").List("tag") {
		if c.Str("system") == "http://openehr.org/templates" {
			return c.Str("code")
		}
	}
	return ""
}

// Resources of every type are found by what stands in their meta: the version that
// they were made of, its template, profiles and labels. With a modifier that has no
// meaning there nothing is answered.
func TestMetaParameters(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRSecurity = []string{"N"}
	o.FHIRSecurityOf = map[string]string{"Cairn - Vital signs.v1": "R"}
	s := runningWith(t, o, 43, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	box, err := s.LoadSandbox(t.Context(), 43, 1)
	if err != nil {
		t.Fatal(err)
	}
	of := "&_count=500&patient=" + box.Example.EHRID
	for _, typ := range []string{"Observation", "Composition", "DocumentReference", "Provenance"} {
		all := p.all(typ+"?_count=500&patient="+box.Example.EHRID, "match")
		if len(all) == 0 {
			t.Fatalf("there is no %s", typ)
		}
		bySource, byTag, byProfile := map[string][]string{}, map[string][]string{}, map[string][]string{}
		for _, n := range all {
			id := n.Str("id")
			bySource[n.Str("meta", "source")] = append(bySource[n.Str("meta", "source")], id)
			byTag[tagOf(n)] = append(byTag[tagOf(n)], id)
			for _, profile := range n.Get("meta").List("profile") {
				byProfile[profile.Text] = append(byProfile[profile.Text], id)
			}
		}
		found := func(query string) []string {
			var ids []string
			for _, n := range p.all(typ+"?"+query+of, "match") {
				ids = append(ids, n.Str("id"))
			}
			slices.Sort(ids)
			return ids
		}
		check := func(query string, want []string) {
			t.Helper()
			slices.Sort(want)
			if got := found(query); !slices.Equal(got, want) {
				t.Errorf("%s?%s: %v, not %v", typ, query, got, want)
			}
		}
		for source, ids := range bySource {
			check("_source="+url.QueryEscape(source), ids)
		}
		if typ != "Provenance" && byTag[""] != nil { // EHR_STATUS and parties have no template
			t.Errorf("%s without a template: %v", typ, byTag[""])
		}
		check("_tag:missing=true", byTag[""])
		for tag, ids := range byTag {
			if tag == "" {
				continue
			}
			check("_tag="+url.QueryEscape("http://openehr.org/templates|"+tag), ids)
			check("_tag="+url.QueryEscape(tag)+",none", ids)
			if got := found("_tag:not=" + url.QueryEscape(tag)); len(got)+len(ids) != len(all) {
				t.Errorf("%s: %d with and %d without %s, of %d", typ, len(ids), len(got), tag, len(all))
			}
		}
		for profile, ids := range byProfile {
			check("_profile="+url.QueryEscape(profile), ids)
			check("_profile:above="+url.QueryEscape(profile+"/more"), ids)
			if below := found("_profile:below=" + url.QueryEscape(profile[:strings.LastIndexByte(profile, '/')])); len(below) < len(ids) {
				t.Errorf("%s below %s: %v", typ, profile, below)
			}
		}
		if with, without := found("_profile:missing=false"), found("_profile:missing=true"); len(with)+len(without) != len(all) || (len(with) > 0) != (len(byProfile) > 0) {
			t.Errorf("%s: %d with and %d without a profile, of %d", typ, len(with), len(without), len(all))
		}
		if with, without := found("_security=R"), found("_security:not=R"); len(with)+len(without) != len(all) {
			t.Errorf("%s: %d and %d of %d", typ, len(with), len(without), len(all))
		}
		for query, want := range map[string]int{
			"_source:missing=true": 0, "_source:missing=false": len(all), "_source=ehr:x,urn:uuid:1": 0, "_security:missing=true": 0,
			"_security:missing=false": len(all), "_tag=http://example.org/%7C": 0, "_profile=http://nobody.example.org": 0,
		} {
			if got := found(query); len(got) != want {
				t.Errorf("%s?%s: %d, not %d", typ, query, len(got), want)
			}
		}
	}
	// An access was made of nothing.
	if n := len(p.all("AuditEvent?_source:missing=true&_tag:missing=true"+of, "match")); n == 0 {
		t.Error("no AuditEvent is without a source")
	}
	if n := len(p.all("AuditEvent?_source:missing=false"+of, "match")); n > 0 {
		t.Errorf("%d AuditEvents have a source", n)
	}
	for _, query := range []string{
		"_profile:not=x", "_profile:exact=x", "_source:not=x", "_source:below=ehr:x", "_tag:text=x", "_security:in=x", "_id:not=x", "_lastUpdated:missing=true",
	} {
		name, _, _ := strings.Cut(query, "=")
		status, n := p.do("GET", "Observation?"+query+of, "", "")
		if issues := n.List("issue"); status != 400 || len(issues) != 1 || issues[0].List("expression")[0].Text != "http."+name {
			t.Errorf("%s: %d %s", query, status, n.Append(nil))
		}
	}
	for _, query := range []string{"_source:missing=x", "_tag=%7C", "_tag=", "_profile="} {
		if status, n := p.do("GET", "Observation?"+query+of, "", ""); status != 400 {
			t.Errorf("%s: %d %s", query, status, n.Append(nil))
		}
	}
}
