package fhirmap_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

const linkURI = "ehr:/" + casetest.EHR + "/compositions/6c1f5ac4-4f0a-4a6e-9d9b-0b7b8d1b6c11/content[openEHR-EHR-OBSERVATION.pulse.v2]"

// link is a LINK as the vital signs mappings mean it, or of another type.
func link(typ, target string) *rm.Node {
	return rm.Object("LINK", rm.Child("meaning", rm.Text("derived from")), rm.Child("type", rm.Text(typ)),
		rm.Child("target", rm.Object("DV_EHR_URI", rm.Str("value", target))))
}

// linkedPulse is the input of a test case whose pulse has LINKs.
func linkedPulse(t *testing.T, links ...*rm.Node) fhirmap.Input {
	t.Helper()
	in := caseInput(t, "testdata/cases/pulse_below_limit_and_not_detected")
	content := slices.Clone(in.Root.List("content"))
	content[0] = content[0].With("links", links...)
	in.Root = in.Root.With("content", content...)
	return in
}

// TestLinks lets LINKs become references only where there is exactly one resource
// to refer to.
func TestLinks(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	observation := fhirmap.LinkedResource{Type: "Observation", Reference: "Observation/a"}
	tests := []struct {
		name  string
		links []*rm.Node
		found fhirmap.LinkTarget
		// want are the references of the first resource, and after a bar the codes of
		// the losses about them.
		want string
	}{
		{"one resource", []*rm.Node{link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{observation}}, "Observation/a|"},
		{"two links", []*rm.Node{link("derivedFrom", linkURI), link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{observation}}, "Observation/a Observation/a|"},
		{"one of a type that fits", []*rm.Node{link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{{Type: "Condition", Reference: "Condition/b"}, observation}}, "Observation/a|"},
		{"another type of link", []*rm.Node{link("follow-up", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{observation}}, "|"},
		{"no type that fits", []*rm.Node{link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{{Type: "Condition", Reference: "Condition/b"}}}, "|link-not-shown"},
		{"several that fit", []*rm.Node{link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{observation, {Type: "Observation", Reference: "Observation/c"}}}, "|link-ambiguous"},
		{"nothing there", []*rm.Node{link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Reason: fhirmap.LinkMissing}, "|link-target"},
		{"resources in spite of a reason", []*rm.Node{link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{observation}, Reason: fhirmap.LinkWaiting}, "|link-waiting"},
		{"another version", []*rm.Node{link("derivedFrom", linkURI)}, fhirmap.LinkTarget{Resources: []fhirmap.LinkedResource{observation}, Reason: fhirmap.LinkVersion}, "Observation/a|link-version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := linkedPulse(t, tt.links...)
			in.Link = func(target string) fhirmap.LinkTarget {
				if target != linkURI {
					t.Errorf("asked for %s", target)
				}
				return tt.found
			}
			if got := references(t, lib, in); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if got, want := references(t, lib, linkedPulse(t, link("derivedFrom", linkURI))), "|link-unknown"; got != want {
		t.Errorf("without knowledge: got %s, want %s", got, want)
	}
}

// references are those of derivedFrom in the first resource, and the codes of
// losses about LINKs at it.
func references(t *testing.T, lib *fhirmap.Library, in fhirmap.Input) string {
	t.Helper()
	res, err := lib.Project(in)
	if err != nil || len(res.Resources) == 0 {
		t.Fatal(err, res.Losses)
	}
	n, err := r4.Parse(res.Resources[0].JSON)
	if err != nil {
		t.Fatal(err)
	}
	var got, codes []string
	for _, r := range n.List("derivedFrom") {
		got = append(got, r.Str("reference"))
	}
	for _, l := range res.Losses {
		if strings.HasPrefix(l.Code, "link") && !slices.Contains(codes, l.Code) {
			codes = append(codes, l.Code)
		}
	}
	return strings.Join(got, " ") + "|" + strings.Join(codes, " ")
}

// TestShownAt finds the resources made of a node of a composition.
func TestShownAt(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	in := caseInput(t, "testdata/cases/blood_pressure")
	all, err := lib.Project(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all.Resources {
		path := fhirmap.PathOfLink(in.Root, r.Path)
		got, err := lib.ShownAt(in, path)
		if err != nil {
			t.Fatal(err)
		}
		if path == "" || !slices.Contains(got.Resources, fhirmap.LinkedResource{Type: r.Type, Reference: r.Type + "/" + r.ID}) {
			t.Errorf("%s: at %q is %v", r.Path, path, got)
		}
	}
	whole, err := lib.ShownAt(in, "")
	if err != nil || len(whole.Resources) != len(all.Resources) {
		t.Errorf("whole: %v %v", whole, err)
	}
	for path, want := range map[string]fhirmap.LinkReason{
		"/content[openEHR-EHR-OBSERVATION.pulse.v2]": fhirmap.LinkPath, "/content[": fhirmap.LinkPath, "/context": fhirmap.LinkNotShown, "/content/data/events/data/items": fhirmap.LinkPath,
	} {
		got, err := lib.ShownAt(in, path)
		if err != nil || got.Reason != want || len(got.Resources) > 0 {
			t.Errorf("%s: %v %v, want %s", path, got, err, want)
		}
	}
}

// TestLinkPath names nodes by their ids, as far as these tell them apart.
func TestLinkPath(t *testing.T) {
	t.Parallel()
	at := func(id string, more ...rm.Field) *rm.Node {
		return rm.Object("CLUSTER", append([]rm.Field{rm.Str("archetype_node_id", id)}, more...)...)
	}
	root := at("root", rm.Child("items", at("at1"), at("at2", rm.Child("items", at("at3"), at("at3"))), at("at4", rm.Child("items", at("at5")))))
	got := map[string]string{}
	for _, path := range []string{"/", "/items[0]", "/items[1]/items[1]", "/items[2]/items[0]", "/items[7]", "/items[x]", "/nothing"} {
		got[path] = fhirmap.PathOfLink(root, path)
	}
	want := map[string]string{
		"/": "", "/items[0]": "/items[at1]", "/items[1]/items[1]": "/items[at2]", "/items[2]/items[0]": "/items[at4]/items[at5]",
		"/items[7]": "", "/items[x]": "", "/nothing": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestComposeJoins makes LINKs of references to resources of other compositions,
// and refuses what would not come back.
func TestComposeJoins(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	in := func(more string, joins map[string]fhirmap.Join) fhirmap.ComposeInput {
		in := composeInput(vitalSigns(t), weightHead+weightTime+weightValue+more+"}")
		in.Joins = joins
		return in
	}
	const one = `,"derivedFrom":[{"reference":"urn:uuid:1"}]`
	first := fhirmap.Join{Type: "Observation", Target: linkURI}
	c, err := lib.Compose(in(one, map[string]fhirmap.Join{"urn:uuid:1": first}))
	if err != nil {
		t.Fatal(err)
	}
	links := c.Root.List("content")[0].List("links")
	if len(links) != 1 || links[0].String("target", "value") != linkURI || links[0].String("meaning", "value") != "derived from" || links[0].String("type", "value") != "derivedFrom" {
		t.Errorf("got %s", rm.AppendJSON(nil, c.Root))
	}
	if want := "/content[openEHR-EHR-OBSERVATION.body_weight.v2]/data[at0002]/events[at0003]"; c.Place != (fhirmap.Place{Path: want, Certain: true}) {
		t.Errorf("the resource is made of %v, not %s", c.Place, want)
	}
	c, err = lib.Compose(in(`,"derivedFrom":[{"reference":"urn:uuid:2"},{"reference":"urn:uuid:1"}]`, map[string]fhirmap.Join{"urn:uuid:1": first, "urn:uuid:2": {Type: "Observation", Target: "ehr:/x"}}))
	if err != nil {
		t.Fatal(err)
	}
	if links := c.Root.List("content")[0].List("links"); len(links) != 2 || links[0].String("target", "value") != "ehr:/x" {
		t.Errorf("two: got %s", rm.AppendJSON(nil, c.Root))
	}
	for _, tt := range []struct {
		name, more string
		joins      map[string]fhirmap.Join
		kind       errs.Kind
		want       string
	}{
		{"what is not known", one, nil, errs.Unprocessable, "Observation.derivedFrom: the element would be lost"},
		{"a type that does not fit", one, map[string]fhirmap.Join{"urn:uuid:1": {Type: "Condition", Target: linkURI}}, errs.Unprocessable, "Observation.derivedFrom: the element would be lost"},
		{"an element without a link", `,"basedOn":[{"reference":"urn:uuid:1"}]`, map[string]fhirmap.Join{"urn:uuid:1": first}, errs.Unprocessable, "Observation.basedOn: the element would be lost"},
		{"words about it", `,"derivedFrom":[{"reference":"urn:uuid:1","display":"x"}]`, map[string]fhirmap.Join{"urn:uuid:1": first}, errs.Unprocessable, "Observation.derivedFrom[0].display: the element would be lost"},
		{"two names of one target", one, map[string]fhirmap.Join{"urn:uuid:1": first, "urn:uuid:2": first}, errs.Invalid, "would become the same LINK"},
	} {
		if _, err := lib.Compose(in(tt.more, tt.joins)); !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// TestComposeProblemJoins takes a problem to the stay at which it was recorded and to
// what speaks for it, there and back.
func TestComposeProblemJoins(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	tmpl := libraryTemplate(t, "Problem list")
	stay := fhirmap.Join{Type: "Encounter", Target: strings.Replace(linkURI, "OBSERVATION.pulse.v2", "ADMIN_ENTRY.episode_institution.v0", 1)}
	seen := fhirmap.Join{Type: "Observation", Target: linkURI}
	for _, tt := range []struct {
		name, more string
		encounter  fhirmap.Join
		want       string
	}{
		{"both", `"encounter":{"reference":"urn:uuid:1"},"evidence":[{"detail":[{"reference":"urn:uuid:2"}]}]`, stay, ""},
		{"an encounter that is none", `"encounter":{"reference":"urn:uuid:1"}`, fhirmap.Join{Type: "Observation", Target: stay.Target}, "Condition.encounter"},
		{"evidence with a code", `"evidence":[{"code":[{"text":"Thirst"}],"detail":[{"reference":"urn:uuid:2"}]}]`, stay, "Condition.evidence"},
		{"two details of one evidence", `"evidence":[{"detail":[{"reference":"urn:uuid:2"},{"reference":"urn:uuid:1"}]}]`, stay, "Condition.evidence"},
	} {
		in := composeInput(tmpl, `{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},`+
			`"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},`+
			`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}]}],`+
			`"code":{"text":"Type 2 diabetes"},"subject":{"reference":"Patient/`+testEHR+`"},"recordedDate":"2024-03-05T12:00:00Z","recorder":{"display":"A. Author"},`+tt.more+`}`)
		in.Stance, in.Joins = fhirmap.Names, map[string]fhirmap.Join{"urn:uuid:1": tt.encounter, "urn:uuid:2": seen}
		c, err := lib.Compose(in)
		if tt.want != "" {
			if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, l := range c.Root.List("content")[0].List("links") {
			got = append(got, l.String("meaning", "value")+", "+l.String("type", "value")+": "+l.String("target", "value"))
		}
		want := []string{"recorded during, encounter: " + stay.Target, "supported by, evidence: " + seen.Target}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestJoinElements lists where references become LINKs.
func TestJoinElements(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, typ := range []string{"Observation", "Goal", "Condition", "DiagnosticReport", "Patient"} {
		got[typ] = lib.JoinElements(typ)
	}
	want := map[string][]string{"Observation": {"Observation.derivedFrom", "Observation.hasMember"}, "Goal": {"Goal.addresses"}, "Condition": {"Condition.encounter", "Condition.evidence.detail"}, "DiagnosticReport": nil, "Patient": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzLinkPath names the node of any path: what it names is on the way there.
func FuzzLinkPath(f *testing.F) {
	f.Add("/content[0]/data/events[0]")
	f.Add("/content[99]")
	f.Add("content[")
	data, err := os.ReadFile("testdata/cases/blood_pressure/in.json")
	if err != nil {
		f.Fatal(err)
	}
	in, err := casetest.NewInput(data)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		named := fhirmap.PathOfLink(in.Root, path)
		if named == "" {
			return
		}
		p, err := rm.ParsePath(named)
		if err != nil {
			t.Fatalf("%q: %v", named, err)
		}
		if found := p.Resolve(in.Root); len(found) != 1 || !slices.Contains(fhirmap.NodesOn(in.Root, path), found[0]) {
			t.Errorf("%q: %q leads to %d nodes", path, named, len(found))
		}
	})
}
