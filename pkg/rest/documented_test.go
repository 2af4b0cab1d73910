package rest_test

import (
	"testing"

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
}
