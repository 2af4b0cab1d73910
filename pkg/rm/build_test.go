package rm_test

import (
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

func TestObject(t *testing.T) {
	t.Parallel()
	built := rm.Object("AUDIT_DETAILS",
		rm.Child("committer", rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Dr Example"))),
		rm.Str("system_id", "cairn.example"),
		rm.Child("change_type", rm.CodedText("creation", "openehr", "249")),
		rm.Child("time_committed", rm.DateTime(time.Date(2024, 5, 1, 12, 0, 0, 5e6, time.FixedZone("", 7200)))),
		rm.Child("description", nil),
	)
	want := `{"_type":"AUDIT_DETAILS","system_id":"cairn.example","time_committed":{"_type":"DV_DATE_TIME","value":"2024-05-01T10:00:00.005Z"},` +
		`"change_type":` + coded("creation", "openehr", "249") + `,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr Example"}}`
	data := rm.AppendJSON(nil, built)
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
	if diff := diffNodes(mustDecode(t, data, "AUDIT_DETAILS"), built); diff != "" {
		t.Errorf("built and decoded trees differ: %s", diff)
	}
	q := rm.Object("DV_QUANTITY", rm.Str("units", "m"), rm.Int("precision", 1), rm.Real("magnitude", 0.1), rm.Bool("accuracy_is_percent", false))
	if got := string(rm.AppendJSON(nil, q)); got != `{"_type":"DV_QUANTITY","accuracy_is_percent":false,"magnitude":0.1,"precision":1,"units":"m"}` {
		t.Error(got)
	}
}

func TestObjectPanics(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){
		"unknown class":     func() { rm.Object("DV_TEXTS") },
		"abstract class":    func() { rm.Object("LOCATABLE") },
		"unknown attribute": func() { rm.Object("DV_TEXT", rm.Str("values", "x")) },
		"wrong class":       func() { rm.Object("DV_TEXT", rm.Child("language", rm.Text("x"))) },
		"wrong primitive":   func() { rm.Object("DV_TEXT", rm.Int("value", 1)) },
		"two values": func() {
			rm.Object("DV_STATE", rm.Child("value", rm.CodedText("a", "b", "c"), rm.CodedText("a", "b", "c")))
		},
		"given twice":    func() { rm.Object("DV_TEXT", rm.Str("value", "x"), rm.Str("value", "y")) },
		"remove unknown": func() { rm.Text("x").With("values") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	data := sampleComposition(1)
	n := mustDecode(t, data, "COMPOSITION")
	before := string(rm.AppendJSON(nil, n))
	m := n.With("uid", rm.ID("OBJECT_VERSION_ID", "a::b::2"))
	if got := m.String("uid", "value"); got != "a::b::2" {
		t.Errorf("uid is %q", got)
	}
	if string(rm.AppendJSON(nil, n)) != before {
		t.Error("the original has changed")
	}
	removed := m.With("uid")
	if removed.Attr("uid") != nil {
		t.Error("uid is not removed")
	}
	if diff := diffNodes(removed.With("uid", n.Get("uid")), n); diff != "" {
		t.Errorf("putting back the attribute: %s", diff)
	}
}
