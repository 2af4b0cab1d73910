package rest

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func TestPrefer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lines []string
		want  preference
	}{
		{nil, preference{}},
		{[]string{"Prefer: return=minimal"}, preference{returns: returnMinimal, asked: true}},
		{[]string{"Prefer: return=representation"}, preference{returns: returnRepresentation, asked: true}},
		{[]string{"Prefer: return=identifier"}, preference{returns: returnIdentifier, asked: true}},
		{[]string{`Prefer: RETURN="Representation"`}, preference{returns: returnRepresentation, asked: true}},
		{[]string{"Prefer: return=representation, resolve_refs"}, preference{returns: returnRepresentation, asked: true}},
		{[]string{"Prefer: respond-async, wait=10", "Prefer: return=identifier; x=y"}, preference{returns: returnIdentifier, asked: true}},
		{[]string{"Prefer: return=minimal, return=representation"}, preference{returns: returnMinimal, asked: true}},
		{[]string{"Prefer: return=identifier", "Prefer: return=representation"}, preference{returns: returnIdentifier, asked: true}},
		{[]string{"Prefer: resolve_refs", "Prefer: return=representation, return=minimal"}, preference{returns: returnRepresentation, asked: true}},
		{[]string{"Prefer: return=everything"}, preference{}},
		{[]string{"Prefer: return=everything, return=representation"}, preference{}},
		{[]string{"Prefer: return=everything", "Prefer: return=representation"}, preference{}},
		{[]string{"Prefer: return"}, preference{}},
		{[]string{"Prefer: return="}, preference{}},
		{[]string{"Prefer: minimal"}, preference{}},
		{[]string{"Prefer: =minimal, , return = minimal ;a"}, preference{returns: returnMinimal, asked: true}},
		{[]string{"Prefer: handling=strict, returns=representation"}, preference{}},
		{[]string{`Prefer: x="return=representation, y"`}, preference{}},
	}
	for _, tt := range tests {
		if got := parsePrefer(headers(tt.lines...), returnMinimal); got != tt.want {
			t.Errorf("%q: got %+v, want %+v", tt.lines, got, tt.want)
		}
	}
	if got := parsePrefer(http.Header{}, returnIdentifier); got != (preference{returns: returnIdentifier, asked: false}) {
		t.Errorf("configured default: got %+v", got)
	}
}

func TestNegotiate(t *testing.T) {
	t.Parallel()
	const flat = "application/openehr.wt.flat+json"
	json, both := []string{mediaJSON}, []string{mediaJSON, mediaXML}
	tests := []struct {
		accept []string
		offers []string
		want   string // "" is not acceptable
	}{
		{nil, both, mediaJSON},
		{[]string{""}, both, mediaJSON},
		{[]string{" , ,"}, both, mediaJSON},
		{[]string{"*/*"}, []string{mediaXML, mediaJSON}, mediaXML},
		{[]string{"*"}, both, mediaJSON},
		{[]string{"application/json"}, json, mediaJSON},
		{[]string{"APPLICATION/JSON;q=0.5"}, json, mediaJSON},
		{[]string{"application/*"}, []string{mediaXML}, mediaXML},
		{[]string{"text/*"}, both, ""},
		{[]string{"text/xml"}, both, mediaXML},
		{[]string{"application/xml"}, json, ""},
		{[]string{flat}, json, ""},
		{[]string{"text/html, application/xhtml+xml, */*;q=0.8"}, json, mediaJSON},
		// Weights.
		{[]string{"application/json;q=0.5, application/xml"}, both, mediaXML},
		{[]string{"application/json; q=0.500 , application/xml;q=0.499"}, both, mediaJSON},
		{[]string{"application/xml;q=0.2", "application/json;q=0.1"}, both, mediaXML},
		{[]string{"application/json;q=0.001"}, json, mediaJSON},
		{[]string{"application/json;q=0"}, both, ""},
		{[]string{"*/*;q=0"}, both, ""},
		{[]string{"application/json;q=0, */*"}, json, ""},
		{[]string{"application/json;q=0, */*"}, both, mediaXML},
		{[]string{"*/*;q=0, application/xml"}, both, mediaXML},
		{[]string{"application/*;q=0, application/xml;q=0.1"}, both, mediaXML},
		{[]string{"application/json;q=0.1, application/*;q=0.9"}, both, mediaXML},
		{[]string{"application/json;q=0, application/json"}, both, mediaJSON},
		// Parameters. All that is sent is UTF-8.
		{[]string{"application/json; charset=utf-8"}, json, mediaJSON},
		{[]string{`application/json;charset="UTF-8";q=0.3`}, json, mediaJSON},
		{[]string{"application/json;charset=iso-8859-1"}, json, ""},
		{[]string{"application/json;charset=iso-8859-1, application/xml"}, both, mediaXML},
		{[]string{"application/json;charset=iso-8859-1, */*;q=0.1"}, json, mediaJSON},
		{[]string{`application/json; profile="a;b, c/d"; version=1`}, json, mediaJSON},
		{[]string{"application/json;q=1;charset=iso-8859-1"}, json, mediaJSON}, // an extension of Accept
		{[]string{"application/json;"}, json, mediaJSON},
		// What is malformed accepts nothing, and takes nothing from the rest.
		{[]string{"application/json;q=nonsense"}, json, ""},
		{[]string{"application/json;q=nonsense, */*"}, both, mediaJSON},
		{[]string{"application/json;q=-1"}, json, ""},
		{[]string{"application/json;q=1.5"}, json, ""},
		{[]string{"application/json;q="}, json, ""},
		{[]string{"application/json;q=NaN"}, json, ""},
		{[]string{";q=1"}, json, ""},
		{[]string{"json"}, json, ""},
		{[]string{"/"}, json, ""},
		{[]string{"application/"}, json, ""},
		{[]string{"*/json"}, json, ""},
		{[]string{"application/json/xml"}, json, ""},
		{[]string{"application/json xml"}, json, ""},
		{[]string{"application/json;charset"}, json, ""},
		{[]string{"\"application/json\""}, json, ""},
		{[]string{"application/json, \"unterminated, application/xml"}, both, mediaJSON},
		{[]string{"garbage", "application/xml"}, both, mediaXML},
	}
	for _, tt := range tests {
		got, err := negotiate(http.Header{"Accept": tt.accept}, tt.offers...)
		if got != tt.want || (tt.want == "") != errs.Is(err, errs.NotAcceptable) {
			t.Errorf("%q of %v: got %q, %v; want %q", tt.accept, tt.offers, got, err, tt.want)
		}
	}
}

func TestBodyMedia(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string
		ok    bool
	}{
		{"", true},
		{"application/json", true},
		{"application/json;charset=utf-8", true},
		{`Application/JSON; charset="UTF-8"`, true},
		{"application/json; charset=iso-8859-1", false},
		{"application/xml", false},
		{"application/openehr.wt.flat+json", false},
		{"text/plain", false},
		{"application/json; charset", false},
	}
	for _, tt := range tests {
		h := http.Header{}
		if tt.value != "" {
			h.Set("Content-Type", tt.value)
		}
		if _, err := bodyMedia(h, mediaJSON); (err == nil) != tt.ok || err != nil && !errs.Is(err, errs.UnsupportedMedia) {
			t.Errorf("%q: %v", tt.value, err)
		}
	}
	if m, err := bodyMedia(headers("Content-Type: text/xml"), mediaXML); err != nil || m != mediaXML {
		t.Errorf("text/xml: %q, %v", m, err)
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	const uid = "8849182c-82ad-4088-a07f-48ead4180515::sys.example.com::2"
	want, err := ehr.ParseVersionUID(uid)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{`"` + uid + `"`, `W/"` + uid + `"`, `w/"` + uid + `"`, uid, ` "` + uid + `" `} {
		if got, err := ifMatch(headers("If-Match: " + value)); err != nil || got != want {
			t.Errorf("%s: got %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"", "*", `"a", "b"`} {
		if _, err := ifMatch(headers("If-Match: " + value)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: got %v, want invalid", value, err)
		}
	}
	if _, err := ifMatch(http.Header{}); !errs.Is(err, errs.Invalid) {
		t.Errorf("missing: got %v, want invalid", err)
	}
	for _, value := range []string{`"abc"`, `"8849182c-82ad-4088-a07f-48ead4180515"`, `""`} {
		if got, err := ifMatch(headers("If-Match: " + value)); err != nil || !got.IsZero() {
			t.Errorf("%s: got %v, %v; want a tag that matches nothing", value, got, err)
		}
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 600e6, time.UTC)
	tests := []struct {
		line string
		want bool
	}{
		{"X: y", false},
		{`If-None-Match: W/"a::b::1"`, true},
		{`If-None-Match: "a::b::1"`, true},
		{`If-None-Match: a::b::1`, true},
		{`If-None-Match: "z", W/"a::b::1"`, true},
		{`If-None-Match: *`, true},
		{`If-None-Match: W/"a::b::2"`, false},
		{"If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT", true},
		{"If-Modified-Since: Fri, 02 Jan 2026 03:04:04 GMT", false},
		{"If-Modified-Since: yesterday", false},
	}
	for _, tt := range tests {
		if got := notModified(headers(tt.line), "a::b::1", at, true); got != tt.want {
			t.Errorf("%s: got %v", tt.line, got)
		}
	}
	both := headers(`If-None-Match: W/"other"`, "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT")
	if notModified(both, "a::b::1", at, true) {
		t.Error("If-Modified-Since must not count beside If-None-Match")
	}
	if notModified(headers("If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT"), "a::b::2", at, false) {
		t.Error("the second of the last change may be that of the change before it")
	}
	if !notModified(headers("If-Modified-Since: Fri, 02 Jan 2026 03:04:06 GMT"), "a::b::2", at, false) {
		t.Error("nothing has changed since the second after the last change")
	}
}

func TestWeakTag(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"8849182c::sys::1": `W/"8849182c::sys::1"`,
		`vital "signs" é`:  `W/"vital%20%22signs%22%20%C3%A9"`,
		"100%":             `W/"100%25"`,
	} {
		if got := weakTag(id); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

func TestParseInstant(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*3600)
	utc := func(h, m, s, ns int) time.Time { return time.Date(2015, 1, 20, h, m, s, ns, time.UTC) }
	good := map[string]time.Time{
		"2015-01-20T19:30:22.765+01:00": utc(18, 30, 22, 765e6),
		"2015-01-20T19:30:22.765 01:00": utc(18, 30, 22, 765e6), // a plus sign that decoding lost
		"2015-01-20T19:30:22Z":          utc(19, 30, 22, 0),
		"2015-01-20T19:30:22,5Z":        utc(19, 30, 22, 500e6),
		"2015-01-20T19:30Z":             utc(19, 30, 0, 0),
		"2015-01-20T19:30:22-03":        utc(22, 30, 22, 0),
		"2015-01-20T19:30:22 05:30":     utc(14, 0, 22, 0),
		"2015-01-20T19:30:22":           utc(17, 30, 22, 0), // local
	}
	for s, want := range good {
		if got, err := parseInstant(s, zone); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "now", "2015", "2015-01-20", "20150120T193022Z", "2015-01-20 19:30:22", "2015-13-20T19:30:22Z",
		"2015-02-30T19:30:22Z", "2015-01-20T24:00:00Z", "2015-01-20T19:60:00Z", "2015-01-20T19:30:22z",
		"2015-01-20T19:30:22+99:00", "2015-01-20T19:30:22.Z", "2015-01-20T19:30:22+01:00x",
	} {
		if got, err := parseInstant(s, zone); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: got %v, %v; want invalid", s, got, err)
		}
	}
}

func FuzzParseInstant(f *testing.F) {
	f.Add("2015-01-20T19:30:22.765+01:00")
	f.Add("2015-01-20T19:30:22 01:00")
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseInstant(s, time.UTC)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		again, err := parseInstant(at.Format(time.RFC3339Nano), time.UTC)
		if err != nil && at.Year() > 0 && at.Year() < 10000 || err == nil && !again.Equal(at) {
			t.Fatalf("%q: %v, then %v, %v", s, at, again, err)
		}
	})
}

func FuzzListHeaders(f *testing.F) {
	f.Add(`return=representation, resolve_refs`)
	f.Add(`application/json;q=0.5, */*`)
	f.Add(`"a\", b", W/"c"`)
	f.Fuzz(func(t *testing.T, s string) {
		h := http.Header{"Prefer": {s}, "Accept": {s}, "If-Match": {s}, "If-None-Match": {s}}
		parsePrefer(h, returnMinimal)
		if m, err := negotiate(h, mediaJSON, mediaXML); (m == "") != (err != nil) {
			t.Fatal(m, err)
		}
		_, _ = ifMatch(h)
		notModified(h, "x", time.Time{}, false)
	})
}
