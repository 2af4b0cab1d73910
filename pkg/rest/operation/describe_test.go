package operation

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/apidoc"
)

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	for _, op := range All() {
		if d, ok := describe(op); !ok || d.summary == "" || len(d.success) == 0 {
			t.Errorf("%s has no description: write one in describe.go", op.Key())
		}
	}
}

// TestDescriptionsAreWhole looks for what the tables of texts lack.
func TestDescriptionsAreWhole(t *testing.T) {
	t.Parallel()
	schemas := map[string]bool{}
	for _, s := range Schemas() {
		if schemas[s.Name] = json.Valid([]byte(s.JSON)); !schemas[s.Name] {
			t.Errorf("the schema %s is not JSON", s.Name)
		}
	}
	braces := regexp.MustCompile(`\{([a-z_]+)\}`)
	for _, o := range All() {
		op := o.Document("/base", false)
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
		if !slices.ContainsFunc(Groups, func(g apidoc.Group) bool { return g.Tag == op.Tag }) {
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
				if ResponseHeaders[h] == "" {
					t.Errorf("%s: the header %s has no description", op.Key(), h)
				}
			}
		}
	}
}
