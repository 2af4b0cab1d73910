package auth_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/auth"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

func TestOpenAnswersLoopbackHostsOnly(t *testing.T) {
	t.Parallel()
	for host, ok := range map[string]bool{
		"localhost:8080": true, "LocalHost": true, "127.0.0.1:1": true, "127.9.9.9": true,
		"[::1]:8080": true, "[::ffff:127.0.0.1]:80": true,
		"evil.example:8080": false, "10.0.0.1": false, "localhost.evil.example": false, "": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		actor, err := auth.Open()(r)
		if ok && (err != nil || actor.ID == "") {
			t.Errorf("host %q: refused: %v", host, err)
		}
		if !ok && !errs.Is(err, errs.Forbidden) {
			t.Errorf("host %q: got %v, want a refusal", host, err)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte("# ward systems\n\nicu: 0123456789abcdef\nlab:fedcba9876543210\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := auth.ReadTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	if tokens.Len() != 2 {
		t.Fatalf("got %d tokens, want 2", tokens.Len())
	}
	for header, want := range map[string]string{
		"Bearer 0123456789abcdef": "icu", "bearer fedcba9876543210": "lab",
		"": "", "Bearer ": "", "Bearer 0123456789abcdeX": "", "Basic 0123456789abcdef": "",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", header)
		actor, err := tokens.Authenticate(r)
		if want == "" {
			if !errs.Is(err, errs.Unauthenticated) {
				t.Errorf("%q: got %v, want unauthenticated", header, err)
			}
			continue
		}
		if err != nil || actor.ID != want {
			t.Errorf("%q: got %q, %v; want %q", header, actor.ID, err, want)
		}
	}
}

func TestParseTokensRefusesBadEntries(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"no-colon", ":0123456789abcdef", "short:1234"} {
		if _, err := auth.ParseTokens([]string{bad}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: got %v, want invalid", bad, err)
		}
	}
}
