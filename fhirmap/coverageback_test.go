package fhirmap_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/coverage"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
)

// TestCoverageBack compares what the coverage of the way back promises with what
// the way back does: of examples that it takes no element is told as refused, and
// for one that is told as refused the resource is.
func TestCoverageBack(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, tmpl := range shippedTemplates(t) {
		if tmpl.Root.Class != rm.ClassComposition {
			continue
		}
		root, err := example.Instance(tmpl, example.Options{Detail: example.Complete, Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		res, err := lib.Project(fhirmap.Input{Root: root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Resources {
			in := composeInput(tmpl, string(oneNote(t, r.JSON)))
			in.Linked = linkedTo(t, in.Resource, res.Resources)
			if _, err := lib.Compose(in); err != nil {
				continue
			}
			back := backOf(t, lib, tmpl, r.Mapping)
			told[r.Mapping] = back.Proven
			n, err := r4.Parse(in.Resource)
			if err != nil {
				t.Fatal(err)
			}
			elements := elementsOf(n)
			for _, e := range back.Refused {
				if slices.Contains(elements, e) {
					t.Errorf("%s: %s is told as refused, and was taken", r.Mapping, e)
				}
			}
		}
	}
	if len(told) < 5 || slices.ContainsFunc(fhirmap.Proven, func(name string) bool { p, there := told[name]; return there && !p }) {
		t.Errorf("looked at %v", told)
	}
	back := backOf(t, lib, vitalSigns(t), "OBSERVATION.body_weight.v2")
	for e, more := range map[string]string{
		"Observation.basedOn": `"basedOn":[{"display":"x"}]`, "Observation.method": `"method":{"text":"x"}`, "Observation.device": `"device":{"display":"x"}`,
		"Observation.encounter": `"encounter":{"display":"x"}`, "Observation.referenceRange.text": `"referenceRange":[{"text":"x"}]`,
	} {
		_, err := lib.Compose(composeInput(vitalSigns(t), weightHead+weightTime+weightValue+","+more+"}"))
		if !slices.Contains(back.Refused, e) || err == nil {
			t.Errorf("%s: told %v, and the resource gives %v", e, back.Refused, err)
		}
	}
	for list, want := range map[*[]string][]string{
		&back.Kept: {"Observation.value", "Observation.derivedFrom", "Observation.performer"}, &back.Fixed: {"Observation.status", "Observation.category"},
	} {
		for _, e := range want {
			if !slices.Contains(*list, e) {
				t.Errorf("%s is not in %v", e, *list)
			}
		}
	}
}

func backOf(t *testing.T, lib *fhirmap.Library, tmpl *templates.Template, mapping string) *coverage.Back {
	t.Helper()
	for _, e := range coverage.Of(lib, tmpl).Entries {
		for _, m := range e.Mappings {
			if m.Name == mapping {
				return m.Back
			}
		}
	}
	t.Fatalf("no %s", mapping)
	return nil
}

// elementsOf are the paths of the elements of a resource and of groups in it,
// without the types of choices.
func elementsOf(n *r4.Node) []string {
	var out []string
	var visit func(n *r4.Node, path string)
	visit = func(n *r4.Node, path string) {
		for _, f := range n.Fields {
			name := f.Name
			for _, choice := range []string{"value", "effective", "onset", "occurrence"} {
				if strings.HasPrefix(name, choice) {
					name = choice
				}
			}
			out = append(out, path+"."+name)
			visit(f.Value, path+"."+name)
		}
		for _, item := range n.Items {
			visit(item, path)
		}
	}
	visit(n, n.Str("resourceType"))
	return out
}
