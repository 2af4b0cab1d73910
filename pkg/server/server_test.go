package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

func TestPathsOutsideTheAPIs(t *testing.T) {
	t.Parallel()
	s := running(t, 3, 1)
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/", 200, `"openehr":"/openehr/v1"`},
		{"GET", "/nowhere", 404, `"code":"not_found"`},
		{"POST", "/", 405, `"code":"method_not_allowed"`},
		{"BREW", "/openehr/v1/ehr", 501, `"code":"unsupported"`},
		{"BREW", "/fhir/r4/Patient", 405, `"OperationOutcome"`},
		{"GET", "/openehr/v1/nowhere", 404, `"errors"`},
		{"GET", "/fhir/r4/Nowhere", 404, `"OperationOutcome"`},
		{"GET", "/health/live", 200, `"up"`},
		{"GET", "/health/ready", 200, `"database"`},
		{"GET", "/metrics", 200, "cairn_http_request"},
	} {
		req, err := http.NewRequest(c.method, s.Origin()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != c.status || !strings.Contains(string(body), c.want) {
			t.Errorf("%s %s: %s %.200s; want %d with %s", c.method, c.path, resp.Status, body, c.status, c.want)
		}
		if ct := resp.Header.Get("Content-Type"); strings.Contains(ct, "json") && !json.Valid(body) {
			t.Errorf("%s %s: not JSON: %.200s", c.method, c.path, body)
		}
	}
}

func TestOnlyLoopbackWithoutTokens(t *testing.T) {
	t.Parallel()
	for listen, ok := range map[string]bool{
		"127.0.0.1:0": true, "localhost:0": true, "[::1]:0": true,
		"0.0.0.0:0": false, ":0": false, "192.168.1.5:80": false,
	} {
		_, open, err := Options{Listen: listen}.authenticator()
		if ok != (err == nil && open) {
			t.Errorf("%s without tokens: open %v, %v", listen, open, err)
		}
		_, open, err = Options{Listen: listen, Token: []string{"ward:0123456789abcdef"}}.authenticator()
		if err != nil || open {
			t.Errorf("%s with a token: open %v, %v", listen, open, err)
		}
	}
	if _, _, err := (Options{Listen: "127.0.0.1:0", Token: []string{"ward:short"}}).authenticator(); !errs.Is(err, errs.Invalid) {
		t.Errorf("a short token: %v", err)
	}
}

func TestTokensGuardBothAPIs(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Token = []string{"ward:0123456789abcdef"}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for _, path := range []string{"/openehr/v1/definition/template/adl1.4", "/fhir/r4/Patient?_id=x"} {
		for token, want := range map[string]int{"": 401, "Bearer wrong-wrong-wrong": 401, "Bearer 0123456789abcdef": 200} {
			req, err := http.NewRequest("GET", s.Origin()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				req.Header.Set("Authorization", token)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s with %q: %s, want %d", path, token, resp.Status, want)
			}
			if want == 401 && resp.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: 401 without WWW-Authenticate", path)
			}
		}
	}
}

// TestCompatibilityDoors opens the doors that are closed by default: other base
// paths, Location as release 1.0.3 has it, return=identifier, and the status.
func TestCompatibilityDoors(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.OpenEHRBase, o.FHIRBase, o.Compat103, o.PreferIdentifier, o.Status = "/ehrbase/rest/openehr/v1/", "fhir", true, true, true
	opened := runningWith(t, o, 1, 1)
	closed := running(t, 1, 1)
	const ehr = "/ehr/984328a6-b93e-4091-9109-2f72f4b56055"
	for _, c := range []struct {
		s                *Server
		method, path     string
		status           int
		location, within string
	}{
		{opened, "GET", "/ehrbase/rest/openehr/v1" + ehr, 200, opened.Origin() + "/ehrbase/rest/openehr/v1" + ehr, `"EHR"`},
		{opened, "POST", "/ehrbase/rest/openehr/v1/ehr", 201, "*", `{"uid":`},
		{opened, "GET", "/fhir/metadata", 200, "", "CapabilityStatement"},
		{opened, "GET", "/openehr/v1" + ehr, 404, "", "not_found"},
		{opened, "GET", "/status", 200, "", `"schema_version":`},
		{closed, "GET", "/openehr/v1" + ehr, 200, "", `"EHR"`},
		{closed, "POST", "/openehr/v1/ehr", 201, "*", ""},
		{closed, "GET", "/status", 404, "", "not_found"},
	} {
		req, err := http.NewRequest(c.method, c.s.Origin()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		location := resp.Header.Get("Location")
		if resp.StatusCode != c.status || location != c.location && (c.location != "*" || location == "") || !strings.Contains(string(body), c.within) {
			t.Errorf("%s %s: %s, Location %q, %.200s", c.method, c.path, resp.Status, location, body)
		}
	}
}
