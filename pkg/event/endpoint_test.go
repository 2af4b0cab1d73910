package event

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	e, err := ParseEndpoints([]string{"https://partner.example.org/notify", "http://10.0.0.1:8080", "https://whole.example.org/"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"https://partner.example.org/notify":             true,
		"https://partner.example.org/notify/ward?key=a":  true,
		"https://PARTNER.example.org:443/notify/":        true,
		"http://10.0.0.1:8080/anything":                  true,
		"http://10.0.0.1:8080":                           true,
		"https://whole.example.org":                      true,
		"https://whole.example.org/a/b":                  true,
		"http://partner.example.org/notify":              false,
		"https://partner.example.org:8443/notify":        false,
		"https://partner.example.org/notifyx":            false,
		"https://partner.example.org/":                   false,
		"https://partner.example.org/notify/../x":        false,
		"https://partner.example.org/notify/%2e%2e/x":    false,
		"https://partner.example.org/notify%2f..%2fx":    false,
		"https://partner.example.org/notify//x":          false,
		"https://partner.example.org@evil.org/notify":    false,
		"https://evil.org/https://partner.example.org/n": false,
		"https://partner.example.org.evil.org/notify":    false,
		"https://partner.example.org/notify#x":           false,
		"//partner.example.org/notify":                   false,
		"":                                               false,
	} {
		if err := e.Allow(text); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "partner.example.org", "ftp://x", "https://", "https://a/?b", "https://u@a/", "https://a/../b"} {
		if _, err := ParseEndpoints([]string{text}); err == nil {
			t.Errorf("%q can be allowed", text)
		}
	}
}

// FuzzAllow: what is allowed leads to a host that the list names, over its
// scheme, and below its path as a server resolves it.
func FuzzAllow(f *testing.F) {
	for _, s := range []string{"https://a.example/n", "https://a.example/n/x", "https://a.example:443/n/..", "https://a.example\\@b/n", "https://a.example/n/%2e%2e", "HTTPS://a.example/n?x#y"} {
		f.Add(s)
	}
	e, err := ParseEndpoints([]string{"https://a.example/n"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if e.Allow(text) != nil {
			return
		}
		req, err := http.NewRequest(http.MethodPost, text, nil)
		if err != nil {
			t.Skip()
		}
		base := &url.URL{Scheme: "https", Host: "a.example", Path: "/"}
		to := base.ResolveReference(req.URL)
		if to.Scheme != "https" || !strings.EqualFold(req.URL.Hostname(), "a.example") || to.Port() != "" && to.Port() != "443" || to.Path != "/n" && !strings.HasPrefix(to.Path, "/n/") {
			t.Errorf("%q leads to %s", text, to)
		}
	})
}

// Redirects are not followed, also to what is allowed.
func TestNoRedirects(t *testing.T) {
	t.Parallel()
	followed := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/other" {
			followed = true
			return
		}
		http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	resp, err := Endpoints(nil).client().Post(s.URL, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if followed || resp.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("followed %t, %s", followed, resp.Status)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	d := &deliverer{service: &Service{Config: Config{Backoff: time.Second, LongestBackoff: 10 * time.Second}}}
	for attempt, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 1000: 10 * time.Second} {
		if got := d.backoff(attempt); got < want || got > want+want/10 {
			t.Errorf("after attempt %d: %s, want %s", attempt, got, want)
		}
	}
}
