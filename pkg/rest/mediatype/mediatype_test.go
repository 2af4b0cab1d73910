package mediatype

import (
	"net/http"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

func TestNegotiate(t *testing.T) {
	t.Parallel()
	const flat = "application/openehr.wt.flat+json"
	json, both := []string{JSON}, []string{JSON, XML}
	tests := []struct {
		accept []string
		offers []string
		want   string // "" is not acceptable
	}{
		{nil, both, JSON},
		{[]string{""}, both, JSON},
		{[]string{" , ,"}, both, JSON},
		{[]string{"*/*"}, []string{XML, JSON}, XML},
		{[]string{"*"}, both, JSON},
		{[]string{"application/json"}, json, JSON},
		{[]string{"APPLICATION/JSON;q=0.5"}, json, JSON},
		{[]string{"application/*"}, []string{XML}, XML},
		{[]string{"text/*"}, both, ""},
		{[]string{"text/xml"}, both, XML},
		{[]string{"application/xml"}, json, ""},
		{[]string{flat}, json, ""},
		{[]string{"text/html, application/xhtml+xml, */*;q=0.8"}, json, JSON},
		// Weights.
		{[]string{"application/json;q=0.5, application/xml"}, both, XML},
		{[]string{"application/json; q=0.500 , application/xml;q=0.499"}, both, JSON},
		{[]string{"application/xml;q=0.2", "application/json;q=0.1"}, both, XML},
		{[]string{"application/json;q=0.001"}, json, JSON},
		{[]string{"application/json;q=0"}, both, ""},
		{[]string{"*/*;q=0"}, both, ""},
		{[]string{"application/json;q=0, */*"}, json, ""},
		{[]string{"application/json;q=0, */*"}, both, XML},
		{[]string{"*/*;q=0, application/xml"}, both, XML},
		{[]string{"application/*;q=0, application/xml;q=0.1"}, both, XML},
		{[]string{"application/json;q=0.1, application/*;q=0.9"}, both, XML},
		{[]string{"application/json;q=0, application/json"}, both, JSON},
		// Parameters. All that is sent is UTF-8.
		{[]string{"application/json; charset=utf-8"}, json, JSON},
		{[]string{`application/json;charset="UTF-8";q=0.3`}, json, JSON},
		{[]string{"application/json;charset=iso-8859-1"}, json, ""},
		{[]string{"application/json;charset=iso-8859-1, application/xml"}, both, XML},
		{[]string{"application/json;charset=iso-8859-1, */*;q=0.1"}, json, JSON},
		{[]string{`application/json; profile="a;b, c/d"; version=1`}, json, JSON},
		{[]string{"application/json;q=1;charset=iso-8859-1"}, json, JSON}, // an extension of Accept
		{[]string{"application/json;"}, json, JSON},
		// What is malformed accepts nothing, and takes nothing from the rest.
		{[]string{"application/json;q=nonsense"}, json, ""},
		{[]string{"application/json;q=nonsense, */*"}, both, JSON},
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
		{[]string{"application/json, \"unterminated, application/xml"}, both, JSON},
		{[]string{"garbage", "application/xml"}, both, XML},
	}
	for _, tt := range tests {
		got, err := Negotiate(http.Header{"Accept": tt.accept}, tt.offers...)
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
		if _, err := OfBody(h, JSON); (err == nil) != tt.ok || err != nil && !errs.Is(err, errs.UnsupportedMedia) {
			t.Errorf("%q: %v", tt.value, err)
		}
	}
	if m, err := OfBody(http.Header{"Content-Type": {"text/xml"}}, XML); err != nil || m != XML {
		t.Errorf("text/xml: %q, %v", m, err)
	}
}

func FuzzNegotiate(f *testing.F) {
	f.Add(`application/json;q=0.5, */*`)
	f.Add(`application/json; profile="a;b, c/d"; version=1, text/xml`)
	f.Add(`"a\", b", W/"c"`)
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := Negotiate(http.Header{"Accept": {s}}, JSON, XML); (m == "") != (err != nil) {
			t.Fatal(m, err)
		}
	})
}
