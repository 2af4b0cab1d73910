package fhir

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/pkg/fhir/catalogue"
)

// TestEveryRouteIsDocumented walks the router: what it leads to is documented,
// or refused as unsupported; and what is documented is routed.
func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, op := range catalogue.Operations("/base") {
		documented[op.Method+" "+op.Path] = true
		for _, r := range op.Responses {
			if r.Description == "" {
				t.Errorf("%s: the status %d has no description", op.ID, r.Status)
			}
		}
	}
	a := &api{Config: Config{BasePath: "/base", Authenticate: nil}}
	routed := map[string]bool{}
	err := chi.Walk(a.routes().(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routed[method+" "+path] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for op := range documented {
		if !routed[op] {
			t.Errorf("%s is documented and not routed", op)
		}
	}
	for op := range routed {
		if method, path := op[:3], op[4:]; method == "HEA" || documented[op] || path == "" {
			continue
		}
		if !refused[op] {
			t.Errorf("%s is routed, and neither documented nor listed here as refused", op)
		}
	}
}

// refused are the routes that only say that a part of FHIR is not supported.
var refused = map[string]bool{
	"GET /base/{type}/{id}/${operation}": true, "POST /base/{type}/{id}/${operation}": true,
	"GET /base/{type}/${operation}": true, "POST /base/{type}/${operation}": true,
	"GET /base/${operation}": true, "POST /base/${operation}": true,
	"GET /base/CodeSystem/${operation}": true, "POST /base/CodeSystem/${operation}": true,
	"GET /base/CodeSystem/{id}/${operation}": true, "POST /base/CodeSystem/{id}/${operation}": true,
	"GET /base/ValueSet/${operation}": true, "POST /base/ValueSet/${operation}": true,
	"GET /base/ValueSet/{id}/${operation}": true, "POST /base/ValueSet/{id}/${operation}": true,
	"GET /base/ConceptMap/${operation}": true, "POST /base/ConceptMap/${operation}": true,
	"GET /base/ConceptMap/{id}/${operation}": true, "POST /base/ConceptMap/{id}/${operation}": true,
	"GET /base/CodeSystem/{id}/$lookup": true, "POST /base/CodeSystem/{id}/$lookup": true,
}
