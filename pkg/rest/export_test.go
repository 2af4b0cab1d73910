package rest

import (
	"net/http"

	"github.com/cairn-ehr/cairn/pkg/ehr"
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

// TagHeader reads an item tag header line and writes it again; false if it is
// refused.
func TagHeader(line string) (tags []ehr.ItemTag, again string, ok bool) {
	tags, err := parseTags(http.Header{http.CanonicalHeaderKey(objectTagHeader): {line}}, objectTagHeader)
	return tags, formatTags(tags), err == nil
}
