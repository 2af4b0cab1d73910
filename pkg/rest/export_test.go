package rest

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/pkg/rest/operation"
)

// OperationList gives the route table to the tests, as "METHOD path id", and
// whether each operation is offered.
func OperationList() (list []string, offeredToo map[string]bool) {
	offeredToo = map[string]bool{}
	for _, op := range operation.Specified {
		s := op.Method + " " + op.Path + " " + op.ID
		list = append(list, s)
		_, offeredToo[s] = offered[op.Key()]
	}
	return list, offeredToo
}

// ExtensionList is the operations of Cairn's own, as OperationList has them.
func ExtensionList() (list []string) {
	for _, op := range operation.Own {
		list = append(list, op.Method+" "+op.Path+" "+op.ID)
	}
	return list
}

// Walk calls f for each method and path that the router leads to an operation
// that is offered.
func Walk(f func(method, path string)) error {
	a := &api{}
	mux, resources := a.router()
	return chi.Walk(mux, func(_, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		for method := range resources[path] {
			if _, ok := offered[method+" "+path]; ok {
				f(method, path)
			}
		}
		return nil
	})
}
