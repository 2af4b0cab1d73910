package server

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// boundWeights binds each of two templates to a profile of its own.
func boundWeights(names ...string) map[string]string {
	out := map[string]string{}
	for i, name := range names {
		out[fmt.Sprintf("weight%d.yml", i)] = fmt.Sprintf(`grammar: FHIRConnect/v1.0.0
type: context
metadata: {name: example.weight%d, version: 1.0.0}
spec: {system: FHIR, version: R4}
context:
  profile: {url: http://example.org/fhir/StructureDefinition/weight%d}
  template: {id: "%s"}
  archetypes: [OBSERVATION.body_weight.v2]
  start: OBSERVATION.body_weight.v2
`, i, i, name)
	}
	return out
}

// TestFHIRWriteLinkedByProfile lets the profile of an entry that is linked to choose
// the template of its composition, as link in FHIR Connect asks for: the context
// that claims the profile is the one that is used, and no other.
func TestFHIRWriteLinkedByProfile(t *testing.T) {
	t.Parallel()
	const other = "Cairn - Vital signs at home.v1"
	p, ids := writing(t, 47, 1, func(o *Options) { o.FHIRMappings = []string{mappingFolder(t, boundWeights(vitalSigns, other))} })
	opt, err := os.ReadFile("../../templates/library/" + vitalSigns + ".opt")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(opt), vitalSigns, other)
	if r := p.send("POST", strings.TrimSuffix(p.base, "fhir/r4/")+"openehr/v1/definition/template/adl1.4", changed, "Content-Type", "application/xml"); r.status != 201 {
		t.Fatal(r)
	}
	id := ids[0]
	claiming := func(k int) string {
		return fmt.Sprintf(`,"meta":{"profile":["http://example.org/fhir/StructureDefinition/weight%d"]}`, k)
	}
	const first, second = "urn:uuid:00000000-0000-4000-8000-000000000001", "urn:uuid:00000000-0000-4000-8000-000000000002"
	send := func(linked string) reply {
		entry := func(url, resource string) string {
			return `{"fullUrl":"` + url + `","resource":` + resource + `,"request":{"method":"POST","url":"Observation"}}`
		}
		return p.send("POST", "", bundleOf("transaction", entry(first, weight(id, "61", tagged, derivedFrom(second))), entry(second, linked)))
	}
	before := p.count(id)
	for k, template := range []string{vitalSigns, other} {
		r := send(weight(id, "62", claiming(k)))
		if r.status != 200 || statuses(r.body) != "201 201" {
			t.Fatalf("%s: %s", template, r)
		}
		linked := r.body.List("entry")[1].Get("resource")
		compositionOf(t, p, id, linked, template)
		root := compositionOf(t, p, id, r.body.List("entry")[0].Get("resource"), vitalSigns)
		object, _, _ := strings.Cut(strings.TrimPrefix(linked.Str("meta", "source"), "ehr:"), "::")
		if links := linkTargets(root); len(links) != 1 || !strings.HasPrefix(links[0], "ehr:/"+id+"/compositions/"+object+"/") {
			t.Errorf("%s: links to %v", template, links)
		}
		if got := linked.Get("meta").List("profile"); len(got) == 0 || !strings.HasSuffix(got[len(got)-1].Text, fmt.Sprintf("/weight%d", k)) {
			t.Errorf("%s: claims %v", template, got)
		}
	}
	if p.count(id) != before+4 {
		t.Errorf("%d compositions, not 4 more", p.count(id)-before)
	}
	before = p.count(id)
	for name, linked := range map[string]string{
		"no context claims it":      weight(id, "62", claiming(2)),
		"two contexts could":        weight(id, "62"),
		"both profiles":             weight(id, "62", `,"meta":{"profile":["http://example.org/fhir/StructureDefinition/weight0","http://example.org/fhir/StructureDefinition/weight1"]}`),
		"another than is asked for": weight(id, "62", strings.Replace(claiming(1), `"profile"`, `"tag":[{"system":"http://openehr.org/templates","code":"`+vitalSigns+`"}],"profile"`, 1)),
	} {
		r := send(linked)
		if r.status != 422 || !slices.ContainsFunc(r.body.List("issue"), func(n *r4.Node) bool { return strings.Contains(string(n.Append(nil)), "Bundle.entry[1]") }) {
			t.Errorf("%s: %s", name, r)
		}
	}
	if p.count(id) != before {
		t.Error("what was refused has left something")
	}
}
