package simplified_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/simplified"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// vitals is a template of the library.
func vitals(t testing.TB) subject {
	t.Helper()
	data, err := fs.ReadFile(library.Files, "Cairn - Vital signs.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return subject{tpl, webtemplate.Build(tpl)}
}

const header = `"ctx/language":"en","ctx/territory":"GB","ctx/composer_name":"Dr Example","ctx/time":"2026-03-01T10:00:00Z"`

// flat reads a FLAT document with the usual context; root/ stands for the root
// id of the template.
func flat(t testing.TB, s subject, members string) (*rm.Node, []rm.Problem) {
	t.Helper()
	doc := "{" + header
	if members != "" {
		doc += "," + strings.ReplaceAll(members, "root/", s.wt.Tree.ID+"/")
	}
	return simplified.Decode([]byte(doc+"}"), simplified.Flat, s.wt, s.tpl, simplified.Options{})
}

func must(t testing.TB, s subject, members string) *rm.Node {
	t.Helper()
	n, problems := flat(t, s, members)
	if n == nil || rm.HasErrors(problems) {
		t.Fatalf("%s: %+v", members, problems)
	}
	return n
}

// find is the value of the first ELEMENT with a node id.
func find(n *rm.Node, id string) *rm.Node {
	if n.Class == rm.ClassElement && n.NodeID() == id {
		return n
	}
	for _, a := range n.Attrs {
		for _, m := range a.Items {
			if m.Class.Primitive == rm.NotPrimitive {
				if found := find(m, id); found != nil {
					return found
				}
			}
		}
	}
	return nil
}

const systolic = `root/blood_pressure:0/any_event:0/systolic|magnitude":120`

// TestContext is about what ctx fills in.
func TestContext(t *testing.T) {
	t.Parallel()
	s := vitals(t)
	n := must(t, s, `"ctx/setting":"home","ctx/end_time":"2026-03-01T11:00:00Z","ctx/location":"here","ctx/id_namespace":"NS","ctx/id_scheme":"SC",
		"ctx/composer_id":"7","ctx/health_care_facility|name":"Ward","ctx/health_care_facility|id":"9","ctx/participation_name":"A","ctx/participation_function":"f",
		"ctx/participation_name:1":"B","ctx/participation_function:1":"g","ctx/participation_mode:1":"face-to-face communication",
		"ctx/participation_identifiers:1":"i::a::1::t;i::a::2::t","ctx/link:0|meaning":"m","ctx/link:0|type":"t","ctx/link:0|target":"ehr://a",
		"`+systolic)
	for path, want := range map[string]string{
		"language code_string": "en", "territory code_string": "GB", "category defining_code code_string": "433",
		"composer name": "Dr Example", "composer external_ref id value": "7", "composer external_ref id scheme": "SC", "composer external_ref namespace": "NS",
		"context start_time value": "2026-03-01T10:00:00Z", "context end_time value": "2026-03-01T11:00:00Z", "context location": "here",
		"context setting defining_code code_string": "225", "context health_care_facility name": "Ward", "links target value": "ehr://a",
		"content language code_string": "en", "content encoding code_string": "UTF-8", "content other_participations performer name": "A",
		"content data origin value": "2026-03-01T10:00:00Z", "content data events time value": "2026-03-01T10:00:00Z",
		"archetype_details template_id value": "Cairn - Vital signs.v1", "archetype_details rm_version": "1.1.0",
	} {
		if got := n.String(strings.Fields(path)...); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	second := n.Get("content").List("other_participations")[1]
	if len(second.Get("performer").List("identifiers")) != 2 || second.String("mode", "defining_code", "code_string") != "216" {
		t.Errorf("%s", rm.AppendJSON(nil, second))
	}
	if self := must(t, s, `"ctx/composer_self":true,"`+systolic); self.Get("composer").Class.Name != "PARTY_SELF" {
		t.Error("composer_self")
	}
	roundTrip(t, "context", s, n)
}

// TestValues reads the forms that a value may have.
func TestValues(t *testing.T) {
	t.Parallel()
	s := vitals(t)
	place := func(id string) string { return `"root/blood_pressure:0/any_event:0/` + id }
	tests := []struct{ name, members, node, json string }{
		{"unit of the template", place(`systolic|magnitude":120.5`), "at0004", `{"_type":"DV_QUANTITY","magnitude":120.5,"units":"mm[Hg]"}`},
		{"bare magnitude", place(`systolic":120`), "at0004", `{"_type":"DV_QUANTITY","magnitude":120,"units":"mm[Hg]"}`},
		{"number as text", place(`systolic|magnitude":"120.0"`), "at0004", `{"_type":"DV_QUANTITY","magnitude":120.0,"units":"mm[Hg]"}`},
		{
			"suffixes of both dialects", place(`systolic|magnitude":1,`) + place(`systolic|unit":"mm[Hg]",`) + place(`systolic|precision":0,`) +
				place(`systolic|unit_system":"u",`) + place(`systolic|units_display_name":"d"`), "at0004",
			`{"_type":"DV_QUANTITY","magnitude":1,"precision":0,"units":"mm[Hg]","units_system":"u","units_display_name":"d"}`,
		},
		{
			"normal range", place(`systolic|magnitude":1,`) + place(`systolic/_normal_range/upper|magnitude":2,`) + place(`systolic/_normal_range/upper|unit":"x"`), "at0004",
			`{"_type":"DV_QUANTITY","normal_range":{"_type":"DV_INTERVAL","upper":{"_type":"DV_QUANTITY","magnitude":2,"units":"x"},"lower_unbounded":true,"upper_unbounded":false,"lower_included":false,"upper_included":true},"magnitude":1,"units":"mm[Hg]"}`,
		},
		{"raw text", place(`systolic|raw":"{\"_type\":\"DV_QUANTITY\",\"magnitude\":3,\"units\":\"mm[Hg]\"}"`), "at0004", `{"_type":"DV_QUANTITY","magnitude":3,"units":"mm[Hg]"}`},
		{"raw object", place(`systolic|raw":{"_type":"DV_QUANTITY","magnitude":3,"units":"mm[Hg]"}`), "at0004", `{"_type":"DV_QUANTITY","magnitude":3,"units":"mm[Hg]"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := must(t, s, tt.members)
			if got := string(rm.AppendJSON(nil, find(n, tt.node).Get("value"))); got != tt.json {
				t.Errorf("got %s, want %s", got, tt.json)
			}
			roundTrip(t, tt.name, s, n)
		})
	}
}

// TestRefused is about documents that are refused, with the key.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := vitals(t)
	tests := []struct{ members, code, text string }{
		{`"root/blood_pressure/no_such":1`, simplified.CodeUnknown, "no_such"},
		{`"root/blood_pressure:0/any_event:0/systolic|colour":"red","` + systolic, simplified.CodeUnknown, "systolic|colour"},
		{`"root/blood_presure/any_event/systolic|magnitude":1`, simplified.CodeUnknown, "did you mean "},
		{`"root/blood_pressure:0/any_event:0/systolic|magnitud":1`, simplified.CodeUnknown, "systolic|magnitude?"},
		{`"ctx/weather":"fine","` + systolic, simplified.CodeUnknown, "ctx/weather"},
		{`"root/blood_pressure/any_event/systolic|magnitude":130,"` + systolic, simplified.CodeValue, "is given twice"},
		{`"` + strings.Replace(systolic, "120", `{"a":1}`, 1), simplified.CodeSyntax, "object or array"},
		{`"root/blood_pressure:x/any_event":1`, simplified.CodeSyntax, "index"},
		{`"root/blood_pressure:99999/any_event":1`, simplified.CodeSyntax, "index"},
		{`"root//any_event":1`, simplified.CodeSyntax, "no id"},
		{`"other/x":1`, simplified.CodeValue, "root of the template"},
		{`"root/blood_pressure/any_event/systolic|raw":"1,\"a\":2"`, simplified.CodeValue, "raw"},
		{`"ctx/setting":"the moon","` + systolic, simplified.CodeValue, "setting"},
		{`"` + strings.Replace(systolic, "120", `"much"`, 1), rm.CodeValueKind, "number"},
		{`"` + systolic + `,"` + systolic, simplified.CodeSyntax, "duplicate"},
	}
	for _, tt := range tests {
		_, problems := flat(t, s, tt.members)
		if len(problems) == 0 || problems[0].Code != tt.code || !strings.Contains(problems[0].Message, tt.text) {
			t.Errorf("%s: got %+v", tt.members, problems)
		}
	}
	for _, doc := range []string{``, `[]`, `{`, `{}x`, `{"a":}`, `nil`} {
		n, problems := simplified.Decode([]byte(doc), simplified.Structured, s.wt, s.tpl, simplified.Options{})
		if n != nil || len(problems) != 1 || !rm.HasErrors(problems) {
			t.Errorf("%q: %+v", doc, problems)
		}
	}
	long := `{"a":` + strings.Repeat(`{"a":`, 400) + `1` + strings.Repeat(`}`, 401)
	if n, problems := simplified.Decode([]byte(long), simplified.Structured, s.wt, s.tpl, simplified.Options{}); n != nil || len(problems) != 1 {
		t.Errorf("%+v", problems)
	}
	if n, problems := simplified.Decode([]byte(long), simplified.Flat, s.wt, s.tpl, simplified.Options{Limits: rm.Limits{Bytes: 10}}); n != nil || problems[0].Code != rm.CodeLimitBytes {
		t.Errorf("%+v", problems)
	}
}

// TestStructuredForms reads the forms that STRUCTURED may have.
func TestStructuredForms(t *testing.T) {
	t.Parallel()
	s := vitals(t)
	want := must(t, s, `"`+systolic)
	ctx := `"ctx":{"language":"en","territory":["GB"],"composer_name":"Dr Example","time":"2026-03-01T10:00:00Z"}`
	for _, body := range []string{
		`{"blood_pressure":[{"any_event":[{"systolic":[{"|magnitude":120}]}]}]}`,
		`{"blood_pressure":{"any_event":{"systolic":{"":120}}}}`,
		`{"blood_pressure:0":[{"any_event:0":[{"systolic|magnitude":[120]}]}]}`,
	} {
		doc := "{" + ctx + `,"` + s.wt.Tree.ID + `":` + body + "}"
		n, problems := simplified.Decode([]byte(doc), simplified.Structured, s.wt, s.tpl, simplified.Options{})
		if n == nil || rm.HasErrors(problems) {
			t.Errorf("%s: %+v", doc, problems)
		} else if got := rm.AppendJSON(nil, n); string(got) != string(rm.AppendJSON(nil, want)) {
			t.Errorf("%s: got %s", doc, got)
		}
	}
}

// TestNow is the time of a document without one.
func TestNow(t *testing.T) {
	t.Parallel()
	s := vitals(t)
	doc := `{"ctx/language":"en","ctx/territory":"GB","ctx/composer_self":true,"` + strings.ReplaceAll(systolic, "root/", s.wt.Tree.ID+"/") + "}"
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	n, problems := simplified.Decode([]byte(doc), simplified.Flat, s.wt, s.tpl, simplified.Options{Now: now})
	if n == nil || n.String("context", "start_time", "value") != "2026-03-01T10:00:00.000Z" {
		t.Errorf("%+v", problems)
	}
	if _, problems := simplified.Decode([]byte(doc), simplified.Flat, s.wt, s.tpl, simplified.Options{}); !rm.HasErrors(problems) {
		t.Error("no time and nothing said")
	}
}

// TestObjectsAsRaw leaves nothing out that has no place in the web template: the
// smallest object with it is written as |raw, at most the whole composition.
func TestObjectsAsRaw(t *testing.T) {
	t.Parallel()
	s := vitals(t)
	n := must(t, s, `"`+systolic)
	extra := rm.Object("ELEMENT", rm.Child("name", rm.Text("secret")), rm.Str("archetype_node_id", "at9999"), rm.Child("value", rm.Text("secret")))
	obs := n.Get("content")
	event := obs.Get("data", "events")
	data := event.Get("data")
	data = data.With("items", append(append([]*rm.Node(nil), data.List("items")...), extra)...)
	obs = obs.With("data", obs.Get("data").With("events", event.With("data", data)))
	for name, c := range map[string]struct {
		n    *rm.Node
		want string
	}{
		"an element": {n.With("content", obs), `"` + s.wt.Tree.ID + `/blood_pressure:0/any_event:0|raw":{"_type":"POINT_EVENT"`},
		"no context": {n.With("context"), `{"` + s.wt.Tree.ID + `|raw":{"_type":"COMPOSITION"`},
	} {
		for _, f := range []simplified.Format{simplified.Flat, simplified.Structured} {
			out, err := simplified.Encode(c.n, f, s.wt, s.tpl)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if f == simplified.Flat && !strings.Contains(string(out), c.want) {
				t.Errorf("%s: %s", name, out)
			}
			again, problems := simplified.Decode(out, f, s.wt, s.tpl, simplified.Options{})
			if rm.HasErrors(problems) {
				t.Fatalf("%s: %v", name, problems)
			}
			if diff := firstDifference(unordered(c.n), unordered(again)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	if _, err := simplified.Encode(rm.Object("FOLDER"), simplified.Flat, s.wt, s.tpl); err == nil || !strings.Contains(err.Error(), "cannot be expressed") {
		t.Errorf("a FOLDER: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	s := vitals(f)
	root := s.wt.Tree.ID
	f.Add([]byte("{"+header+`,"`+strings.ReplaceAll(systolic, "root/", root+"/")+"}"), false)
	f.Add([]byte(`{"ctx":{"language":"en"},"`+root+`":{"blood_pressure":[{"any_event":[{"systolic":[{"|magnitude":1,"|unit":"x"}],"_link":[{"|type":"a"}]}]}]}}`), true)
	f.Add([]byte(`{"`+root+`/blood_pressure:2/any_event/systolic/_null_flavour|code":"253","`+root+`/_feeder_audit/originating_system_audit|system_id":"s"}`), false)
	f.Add([]byte(`{"`+root+`/composer|_type":"PARTY_RELATED","`+root+`/composer/relationship|code":"1","`+root+`/context/_participation:1|identifiers_id:0":"a"}`), false)
	f.Fuzz(func(t *testing.T, data []byte, structured bool) {
		format := simplified.Flat
		if structured {
			format = simplified.Structured
		}
		n, problems := simplified.Decode(data, format, s.wt, s.tpl, simplified.Options{Limits: rm.Limits{Bytes: 1 << 14}})
		if n == nil {
			if !rm.HasErrors(problems) {
				t.Fatal("neither a tree nor an error")
			}
			return
		}
		if rm.HasErrors(problems) {
			return
		}
		out, err := simplified.Encode(n, format, s.wt, s.tpl)
		if err != nil {
			return // refused, not left out
		}
		if _, problems := simplified.Decode(out, format, s.wt, s.tpl, simplified.Options{Incomplete: true}); rm.HasErrors(problems) {
			t.Fatalf("%v\n%s", problems, out)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	s := vitals(b)
	data, err := simplified.Encode(must(b, s, `"`+systolic), simplified.Flat, s.wt, s.tpl)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		simplified.Decode(data, simplified.Flat, s.wt, s.tpl, simplified.Options{})
	}
}

func BenchmarkEncode(b *testing.B) {
	s := vitals(b)
	n := must(b, s, `"`+systolic)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := simplified.Encode(n, simplified.Flat, s.wt, s.tpl); err != nil {
			b.Fatal(err)
		}
	}
}
