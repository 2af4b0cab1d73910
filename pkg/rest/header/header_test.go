package header

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
		want  Preference
	}{
		{nil, Preference{}},
		{[]string{"Prefer: return=minimal"}, Preference{Returns: Minimal, Asked: true}},
		{[]string{"Prefer: return=representation"}, Preference{Returns: Representation, Asked: true}},
		{[]string{"Prefer: return=identifier"}, Preference{Returns: Identifier, Asked: true}},
		{[]string{`Prefer: RETURN="Representation"`}, Preference{Returns: Representation, Asked: true}},
		{[]string{"Prefer: return=representation, resolve_refs"}, Preference{Returns: Representation, Asked: true}},
		{[]string{"Prefer: respond-async, wait=10", "Prefer: return=identifier; x=y"}, Preference{Returns: Identifier, Asked: true}},
		{[]string{"Prefer: return=minimal, return=representation"}, Preference{Returns: Minimal, Asked: true}},
		{[]string{"Prefer: return=identifier", "Prefer: return=representation"}, Preference{Returns: Identifier, Asked: true}},
		{[]string{"Prefer: resolve_refs", "Prefer: return=representation, return=minimal"}, Preference{Returns: Representation, Asked: true}},
		{[]string{"Prefer: return=everything"}, Preference{}},
		{[]string{"Prefer: return=everything, return=representation"}, Preference{}},
		{[]string{"Prefer: return=everything", "Prefer: return=representation"}, Preference{}},
		{[]string{"Prefer: return"}, Preference{}},
		{[]string{"Prefer: return="}, Preference{}},
		{[]string{"Prefer: minimal"}, Preference{}},
		{[]string{"Prefer: =minimal, , return = minimal ;a"}, Preference{Returns: Minimal, Asked: true}},
		{[]string{"Prefer: handling=strict, returns=representation"}, Preference{}},
		{[]string{`Prefer: x="return=representation, y"`}, Preference{}},
	}
	for _, tt := range tests {
		if got := Prefer(headers(tt.lines...), Minimal); got != tt.want {
			t.Errorf("%q: got %+v, want %+v", tt.lines, got, tt.want)
		}
	}
	if got := Prefer(http.Header{}, Identifier); got != (Preference{Returns: Identifier, Asked: false}) {
		t.Errorf("configured default: got %+v", got)
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
		if got, err := IfMatch(headers("If-Match: " + value)); err != nil || got != want {
			t.Errorf("%s: got %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"", "*", `"a", "b"`} {
		if _, err := IfMatch(headers("If-Match: " + value)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: got %v, want invalid", value, err)
		}
	}
	if _, err := IfMatch(http.Header{}); !errs.Is(err, errs.Invalid) {
		t.Errorf("missing: got %v, want invalid", err)
	}
	for _, value := range []string{`"abc"`, `"8849182c-82ad-4088-a07f-48ead4180515"`, `""`} {
		if got, err := IfMatch(headers("If-Match: " + value)); err != nil || !got.IsZero() {
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
		if got := NotModified(headers(tt.line), "a::b::1", at, true); got != tt.want {
			t.Errorf("%s: got %v", tt.line, got)
		}
	}
	both := headers(`If-None-Match: W/"other"`, "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT")
	if NotModified(both, "a::b::1", at, true) {
		t.Error("If-Modified-Since must not count beside If-None-Match")
	}
	if NotModified(headers("If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT"), "a::b::2", at, false) {
		t.Error("the second of the last change may be that of the change before it")
	}
	if !NotModified(headers("If-Modified-Since: Fri, 02 Jan 2026 03:04:06 GMT"), "a::b::2", at, false) {
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
		if got := WeakTag(id); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

func FuzzListHeaders(f *testing.F) {
	f.Add(`return=representation, resolve_refs`)
	f.Add(`"a\", b", W/"c"`)
	f.Fuzz(func(t *testing.T, s string) {
		h := http.Header{"Prefer": {s}, "If-Match": {s}, "If-None-Match": {s}}
		Prefer(h, Minimal)
		_, _ = IfMatch(h)
		NotModified(h, "x", time.Time{}, false)
	})
}
