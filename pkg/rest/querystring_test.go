package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

// TestMalformedQueryStrings: no operation goes on as if what it cannot read in
// the query string were not there, or were there once.
func TestMalformedQueryStrings(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs, c.EraseAllEHRs = true, true })
	id := a.newEHR()
	list, _ := rest.OperationList()
	for _, op := range append(list, rest.ExtensionList()...) {
		part := strings.Split(op, " ")
		path := strings.NewReplacer("{ehr_id}", id, "{", "", "}", "").Replace(part[1])
		for _, q := range []string{"%zz", "a=%f", "a=1;b=2"} {
			if f := a.do(part[0], path+"?"+q, nil).status(http.StatusBadRequest).fault(); !strings.Contains(f.Message, "query string") {
				t.Errorf("%s?%s: %+v", op, q, f)
			}
		}
	}
	for _, q := range []string{
		"/ehr?subject_id=a&subject_id=b&subject_namespace=n", "/ehr?subject_id=a&subject_namespace=n&subject_namespace=m",
		"/ehr/" + id + "/directory?path=a&path=b", "/ehr/" + id + "/tags?tag_key=a&tag_key=b", "/definition/template/adl1.4/x?revision=1&revision=2",
	} {
		if f := a.do("GET", q, nil).status(http.StatusBadRequest).fault(); !strings.Contains(f.Message, "only once") {
			t.Errorf("%s: %+v", q, f)
		}
	}
	a.do("GET", "/ehr/"+id, nil).status(http.StatusOK)
}
