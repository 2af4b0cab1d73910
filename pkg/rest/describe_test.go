package rest_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/apidoc"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

// TestEveryRouteIsDocumented walks the router and compares it with the
// documentation, both ways.
func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, op := range rest.Operations("") {
		path := op.Path
		if path == "" {
			path = "/"
		}
		documented[op.Method+" "+path] = true
	}
	routed := map[string]bool{}
	if err := rest.Walk(func(method, path string) { routed[method+" "+path] = true }); err != nil {
		t.Fatal(err)
	}
	for op := range routed {
		if !documented[op] {
			t.Errorf("%s is routed and not documented", op)
		}
	}
	for op := range documented {
		if !routed[op] {
			t.Errorf("%s is documented and not routed", op)
		}
	}
	if len(routed) < 50 {
		t.Errorf("only %d operations are routed", len(routed))
	}
	for op, ok := range rest.Described() {
		if !ok {
			t.Errorf("%s has no description: write one in describe.go", op)
		}
	}
}

// TestDescriptionsAreWhole looks for what the tables of texts lack.
func TestDescriptionsAreWhole(t *testing.T) {
	t.Parallel()
	schemas := map[string]bool{}
	for _, s := range rest.Schemas() {
		if schemas[s.Name] = json.Valid([]byte(s.JSON)); !schemas[s.Name] {
			t.Errorf("the schema %s is not JSON", s.Name)
		}
	}
	braces := regexp.MustCompile(`\{([a-z_]+)\}`)
	for _, op := range rest.Operations("/base") {
		for _, p := range op.Params {
			if p.Description == "" {
				t.Errorf("%s: the parameter %s has no description", op.Key(), p.Name)
			}
		}
		for _, m := range braces.FindAllStringSubmatch(op.Path, -1) {
			if !slices.ContainsFunc(op.Params, func(p apidoc.Param) bool { return p.In == "path" && p.Name == m[1] }) {
				t.Errorf("%s: the path parameter %s is not described", op.Key(), m[1])
			}
		}
		if op.Body != nil && op.Body.Description == "" {
			t.Errorf("%s: the body has no description", op.Key())
		}
		if op.Body != nil && slices.Contains(op.Body.Media, "application/json") && !schemas[op.Body.Schema] {
			t.Errorf("%s: there is no schema %q", op.Key(), op.Body.Schema)
		}
		if !slices.ContainsFunc(rest.Groups, func(g apidoc.Group) bool { return g.Tag == op.Tag }) {
			t.Errorf("%s: the group has no description", op.Key())
		}
		for _, r := range op.Responses {
			if r.Description == "" {
				t.Errorf("%s: the status %d has no description", op.Key(), r.Status)
			}
			if r.Body != nil && strings.Contains(strings.Join(r.Body.Media, " "), "application/json") && !schemas[r.Body.Schema] {
				t.Errorf("%s: %d: there is no schema %q", op.Key(), r.Status, r.Body.Schema)
			}
			for _, h := range r.Headers {
				if rest.ResponseHeaders[h] == "" {
					t.Errorf("%s: the header %s has no description", op.Key(), h)
				}
			}
		}
	}
}
