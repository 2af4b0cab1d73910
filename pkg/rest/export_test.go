package rest

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// OperationList gives the route table to the tests, as "METHOD path id", and
// whether each operation is offered.
func OperationList() (list []string, offeredToo map[string]bool) {
	offeredToo = map[string]bool{}
	for _, op := range operations {
		s := op.method + " " + op.path + " " + op.id
		list = append(list, s)
		_, offeredToo[s] = offered[op.method+" "+op.path]
	}
	return list, offeredToo
}

// ExtensionList is the operations of Cairn's own, as OperationList has them.
func ExtensionList() (list []string) {
	for _, op := range extensions {
		list = append(list, op.method+" "+op.path+" "+op.id)
	}
	return list
}

// Described reports for each operation, offered or not, whether the
// documentation has a description of it.
func Described() map[string]bool {
	out := map[string]bool{}
	for _, op := range everyOperation() {
		d, ok := describe(op)
		out[op.method+" "+op.path] = ok && d.summary != "" && len(d.success) > 0
	}
	return out
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
