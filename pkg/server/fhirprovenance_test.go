package server

import (
	"slices"
	"strings"
	"testing"
)

// Every resource has a Provenance that names its version of the composition,
// who committed it and the resource's own version.
func TestProvenance(t *testing.T) {
	t.Parallel()
	s := running(t, 14, 2)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	patient := p.all("Patient?_count=1", "match")[0].Str("id")
	list := p.all("Provenance?patient="+patient+"&_count=3", "match")
	targets := map[string]string{}
	for _, n := range list {
		for _, target := range n.List("target") {
			if other := targets[target.Str("reference")]; other != "" {
				t.Errorf("%s has two: %s and %s", target.Str("reference"), other, n.Str("id"))
			}
			targets[target.Str("reference")] = n.Str("id")
		}
		roles := map[string]bool{}
		for _, a := range n.List("agent") {
			roles[a.Get("type").List("coding")[0].Str("code")] = true
		}
		source := n.List("entity")[0].Str("what", "identifier", "value")
		if !roles["assembler"] || source != n.Str("meta", "source") || !strings.HasPrefix(source, "ehr:") {
			t.Errorf("%s", n.Append(nil))
		}
	}
	everything := p.all("Patient/"+patient+"/$everything", "match")
	for _, n := range everything {
		reference := n.Str("resourceType") + "/" + n.Str("id") + "/_history/" + n.Str("meta", "versionId")
		id := targets[reference]
		if id == "" {
			t.Errorf("%s has no Provenance", reference)
			continue
		}
		if n.Str("resourceType") == "Condition" {
			read := p.get("Provenance/" + id)
			if read.Str("meta", "source") != n.Str("meta", "source") || read.Str("recorded") != n.Str("meta", "lastUpdated") {
				t.Errorf("of %s: %s", reference, read.Append(nil))
			}
			found := names(p.all("Provenance?target=Condition/"+n.Str("id"), "match"))
			if !slices.Equal(found, []string{"Provenance/" + id}) {
				t.Errorf("by target: %v", found)
			}
		}
	}
	shown := map[string]bool{} // orders have versions before the current one
	for target := range targets {
		resource, _, _ := strings.Cut(target, "/_history/")
		shown[resource] = true
	}
	if len(shown) != len(everything) {
		t.Errorf("%d targets of %d resources", len(shown), len(everything))
	}
	with := p.all("Condition?patient="+patient+"&_revinclude=Provenance:target", "include")
	if len(with) == 0 || with[0].Str("resourceType") != "Provenance" {
		t.Errorf("included: %v", names(with))
	}
	if none := p.all("Provenance?patient="+patient+"&recorded=lt2000-01-01", "match"); len(none) > 0 {
		t.Errorf("before there was a server: %v", names(none))
	}
	if again := p.all("Provenance?_id="+list[0].Str("id")+",x,1-2", "match"); len(again) != 1 {
		t.Errorf("by id: %v", names(again))
	}
	for path, want := range map[string]int{
		"Provenance/x": 404, "Provenance/0-0-0": 404, "Provenance/" + list[0].Str("id") + "/_history/2": 404,
		"Provenance/_history": 501, "Provenance?location=x": 400, "Provenance?agent=Practitioner/x": 400, "Provenance?patient=" + patient + "&_sort=target": 400,
	} {
		if status, n := p.do("GET", path, "", ""); status != want {
			t.Errorf("%s: %d %s", path, status, n.Append(nil))
		}
	}
	if h := p.get("Provenance/" + list[0].Str("id") + "/_history"); len(h.List("entry")) != 1 {
		t.Errorf("history: %s", h.Append(nil))
	}
}
