package rm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func TestParsePath(t *testing.T) {
	t.Parallel()
	one := func(s rm.Step) []rm.Step { return []rm.Step{s} }
	for _, tc := range []struct {
		in, out string // out "" when the same as in
		want    []rm.Step
	}{
		{"/", "", nil},
		{"", "/", nil},
		{"/data", "", one(rm.Step{Attribute: "data"})},
		{"data", "/data", one(rm.Step{Attribute: "data"})},
		{"/items[at0001]", "", one(rm.Step{Attribute: "items", NodeID: "at0001"})},
		{"/items[at0001.0.2]", "", one(rm.Step{Attribute: "items", NodeID: "at0001.0.2"})},
		{"/content[openEHR-EHR-OBSERVATION.a-b.v1]", "", one(rm.Step{Attribute: "content", NodeID: "openEHR-EHR-OBSERVATION.a-b.v1"})},
		{"/items[at0001, 'x y']", "/items[at0001 and name/value='x y']", one(rm.Step{Attribute: "items", NodeID: "at0001", Name: "x y", HasName: true})},
		{`/items[at0001,"it's"]`, `/items[at0001 and name/value='it\'s']`, one(rm.Step{Attribute: "items", NodeID: "at0001", Name: "it's", HasName: true})},
		{"/items[ at0001  AND name/value = 'x' ]", "/items[at0001 and name/value='x']", one(rm.Step{Attribute: "items", NodeID: "at0001", Name: "x", HasName: true})},
		{"/items[name/value='x' and at0001]", "/items[at0001 and name/value='x']", one(rm.Step{Attribute: "items", NodeID: "at0001", Name: "x", HasName: true})},
		{"/items[@archetype_node_id='at0001' and name/value='x']", "/items[at0001 and name/value='x']", one(rm.Step{Attribute: "items", NodeID: "at0001", Name: "x", HasName: true})},
		{`/items[name/value='a\\b]\'/c']`, "", one(rm.Step{Attribute: "items", Name: `a\b]'/c`, HasName: true})},
		{"/items[name/value='']", "", one(rm.Step{Attribute: "items", HasName: true})},
		{"/events[12]/time/value", "", []rm.Step{{Attribute: "events", Index: 12, HasIndex: true}, {Attribute: "time"}, {Attribute: "value"}}},
	} {
		got, err := rm.ParsePath(tc.in)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(tc.want, got.Steps); diff != "" {
			t.Errorf("%s: %s", tc.in, diff)
		}
		out := tc.out
		if out == "" {
			out = tc.in
		}
		if got.String() != out {
			t.Errorf("%s is rendered %s", tc.in, got)
		}
	}
	for _, in := range []string{
		"//data", "/data/", "/data//items", "/items[", "/items[]", "/items[at0001", "/items[at0001]x", "/items[at0001,]", "/items[at0001,x]",
		"/items['x']", "/items[at0001 and]", "/items[at0001 or at0002]", "/items[at0001 at0002]", "/items[at0001 and at0002]", "/items[name/value='x]", `/items[name/value='\q']`,
		`/items[name/value='x\`, "/items[name/value>'x']", "/items[time/value='x']", "/items[0 and at0001]", "/items[at0001 and 0]", "/items[at0001, 'x', 'y']",
		"/items[99999999999]", "/1items", "/it-ems", " /items", "/items[name/value='x' and name/value='y']", "/items[archetype_node_id='a b']",
		"/" + strings.Repeat("a/", 300) + "a", strings.Repeat("a", 9000),
	} {
		if got, err := rm.ParsePath(in); err == nil {
			t.Errorf("%q is taken as %+v", in, got)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	root := mustDecode(t, sampleComposition(2), "COMPOSITION")
	for path, want := range map[string]string{
		"/": "1 COMPOSITION",
		"/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]":                     "2 OBSERVATION",
		"/content[openehr-ehr-observation.BLOOD_pressure.v2]":                     "2 OBSERVATION",
		"/content[openEHR-EHR-OBSERVATION.blood_pressure.v2, 'Blood pressure 1']": "1 OBSERVATION",
		"/content[name/value='Blood pressure 1']":                                 "1 OBSERVATION",
		"/content[name/value='blood pressure 1']":                                 "0",
		"/content[1]":                     "1 OBSERVATION",
		"/content[2]":                     "0",
		"/content/data/events/data/items": "8 ELEMENT",
		"/content[0]/data/events[0]/data/items/value":             "4 DV_QUANTITY",
		"/content/data/events/data/items[at0004]/value/magnitude": "2 Real",
		"/composer/name":       "1 String",
		"/composer[0]/name":    "1 String",
		"/composer/name/value": "0",
		"/nothing":             "0",
	} {
		p, err := rm.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		nodes := p.Resolve(root)
		got := "0"
		if len(nodes) > 0 {
			got = string(rune('0'+len(nodes))) + " " + nodes[0].Class.Name
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := (rm.Path{}).Resolve(nil); got != nil {
		t.Errorf("a path into nothing: %v", got)
	}
}

// TestWalkPathsResolve renders the paths of every node and follows them back.
func TestWalkPathsResolve(t *testing.T) {
	t.Parallel()
	root := mustDecode(t, sampleComposition(2), "COMPOSITION")
	var w rm.Walk
	w.Start(root, "")
	count := 0
	var visit func(n *rm.Node)
	visit = func(n *rm.Node) {
		count++
		for i, text := range []string{w.Path(), w.AQLPath()} {
			p, err := rm.ParsePath(text)
			if err != nil {
				t.Fatal(err)
			}
			nodes := p.Resolve(root)
			found := len(nodes) > 0 && (nodes[0] == n || i == 1)
			for _, m := range nodes {
				found = found && m.Class == n.Class
			}
			if !found || i == 0 && len(nodes) != 1 {
				t.Fatalf("%s leads to %d nodes", text, len(nodes))
			}
		}
		if w.Node() != n {
			t.Fatal("the walk has lost its node")
		}
		for _, a := range n.Attrs {
			for i, item := range a.Items {
				w.Enter(a.Def, i, item)
				if w.Ancestor(1) != n || w.Attribute() != a.Def {
					t.Fatal("the walk has lost its parent")
				}
				visit(item)
				w.Leave()
			}
		}
	}
	visit(root)
	if count < 100 || w.Depth() != 0 || w.Path() != "/" || w.Attribute() != nil || w.Ancestor(1) != nil {
		t.Errorf("after %d nodes the walk stands at %s", count, w.Path())
	}
}

func TestPathRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var p rm.Path
		for range rapid.IntRange(0, 5).Draw(r, "steps") {
			s := rm.Step{Attribute: rapid.StringMatching(`[a-z_][a-z0-9_]{0,10}`).Draw(r, "attribute")}
			if rapid.Bool().Draw(r, "index") {
				s.Index, s.HasIndex = rapid.IntRange(0, 1<<20).Draw(r, "position"), true
			} else {
				s.NodeID = rapid.StringMatching(`(at[0-9]{4}(\.[0-9]){0,2})?`).Draw(r, "id")
				if s.HasName = rapid.Bool().Draw(r, "named"); s.HasName {
					s.Name = rapid.String().Draw(r, "name")
				}
			}
			p.Steps = append(p.Steps, s)
		}
		back, err := rm.ParsePath(p.String())
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(p, back); diff != "" {
			r.Fatal(diff)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	f.Add(`/content[openEHR-EHR-OBSERVATION.pulse.v2 and name/value='it\'s']/data[at0002]/events[0]`)
	f.Add(`a[at0001,"x"]`)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := rm.ParsePath(s)
		if err != nil {
			return
		}
		back, err := rm.ParsePath(p.String())
		if err != nil {
			t.Fatalf("%q was rendered %q: %v", s, p, err)
		}
		if back.String() != p.String() {
			t.Fatalf("%q was rendered %q and then %q", s, p, back)
		}
	})
}
