package webtemplate

import (
	"strings"
	"testing"
)

func TestIdentifier(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Blood pressure": "blood_pressure", "Körpergewicht": "körpergewicht", "*Any event(en)": "any_event_en",
		"Date of onset / first contact?": "date_of_onset_first_contact", "24 hour average": "a24_hour_average",
		"Labortest-Bezeichnung": "labortest-bezeichnung", "v1.0": "v1.0", "": "id", "???": "id", "__a__b__": "a_b",
	} {
		if got := identifier(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistinguish(t *testing.T) {
	t.Parallel()
	nodes := []*Node{{ID: "a"}, {ID: "a"}, {ID: "a2"}, {ID: "a"}}
	distinguish(nodes)
	var got []string
	for _, n := range nodes {
		got = append(got, n.ID)
	}
	if s := strings.Join(got, " "); s != "a a2 a22 a3" {
		t.Errorf("got %s", s)
	}
}

func FuzzIdentifier(f *testing.F) {
	f.Add("24 Stunden: Ö/x|y")
	f.Fuzz(func(t *testing.T, name string) {
		id := identifier(name)
		if id == "" || strings.ContainsAny(id, "/|: ") || strings.Contains(id, "__") {
			t.Errorf("%q gives %q", name, id)
		}
		if again := identifier(id); again != id {
			t.Errorf("%q gives %q, that %q", name, id, again)
		}
	})
}
