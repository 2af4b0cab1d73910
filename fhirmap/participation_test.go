package fhirmap_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestParticipationsFunction takes the performers of the participations with a
// function, and of no others.
func TestParticipationsFunction(t *testing.T) {
	t.Parallel()
	const head = fhirmap.HeightModel + `  - name: measured
    with: {fhir: "$resource.performer", openehr: "$archetype/`
	lib, err := fhirmap.Load(fstest.MapFS{"m.yml": {Data: []byte(head + "other_participations\"}\n    participationsFunction: measurer\n")}})
	if err != nil {
		t.Fatal(err)
	}
	in := caseInput(t, "testdata/cases/height")
	entry := in.Root.List("content")[0]
	var list []*rm.Node
	for _, p := range [][2]string{{"measurer", "Nurse N."}, {"witness", "Mr. W."}, {"measurer", "Dr. M."}} {
		list = append(list, rm.Object("PARTICIPATION", rm.Child("function", rm.Text(p[0])),
			rm.Child("performer", rm.Object("PARTY_IDENTIFIED", rm.Str("name", p[1])))))
	}
	in.Root = in.Root.With("content", entry.With("other_participations", list...))
	res, err := lib.Project(in)
	if err != nil || len(res.Resources) != 1 {
		t.Fatal(err, res.Losses)
	}
	n, err := r4.Parse(res.Resources[0].JSON)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(n.Get("performer").Append(nil)), `[{"display":"Nurse N."},{"display":"Dr. M."}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, tt := range []struct{ with, want string }{
		{`subject"}`, `openEHR path "function/value"`},
		{`other_participations", type: NONE}`, "participationsFunction needs both paths"},
	} {
		_, err := fhirmap.Load(fstest.MapFS{"m.yml": {Data: []byte(head + tt.with + "\n    participationsFunction: measurer\n")}})
		if err == nil || !strings.Contains(err.Error(), "m.yml:21:29: "+tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

// TestComposeParticipations takes several performers: the first has provided the
// entry, the others take part in it.
func TestComposeParticipations(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	for performers, want := range map[string]string{
		`[{"display":"Nurse N."}]`:                                           "",
		`[{"display":"Nurse N."},{"display":"Dr. M."}]`:                      "performer: Dr. M.",
		`[{"display":"Nurse N."},{"display":"Dr. M."},{"display":"Ms. O."}]`: "performer: Dr. M.; performer: Ms. O.",
	} {
		c, err := lib.Compose(composeInput(vitalSigns(t), weightHead+weightTime+weightValue+`,"performer":`+performers+"}"))
		if err != nil {
			t.Fatalf("%s: %v", performers, err)
		}
		entry := c.Root.List("content")[0]
		var got []string
		for _, p := range entry.List("other_participations") {
			got = append(got, p.String("function", "value")+": "+p.String("performer", "name"))
		}
		if entry.String("provider", "name") != "Nurse N." || strings.Join(got, "; ") != want {
			t.Errorf("%s: got %s", performers, rm.AppendJSON(nil, entry))
		}
	}
}
