package rest_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// contract is what the published OpenAPI documents say of one operation: its
// id, and the headers that each declared status has.
type contract struct {
	method, path, id string
	headers          map[string][]string
}

// generalStatus are the codes that ITS-REST's overview declares for all
// operations, and those of HTTP itself that a server may send to any request.
var generalStatus = []int{
	http.StatusNotModified, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
	http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusInternalServerError, http.StatusNotImplemented, http.StatusServiceUnavailable,
}

// undeclared are answers that no document declares and Cairn gives all the
// same; docs/conformance/rest.md says why.
var undeclared = map[string][]int{
	"ehr_status_update":  {http.StatusConflict},
	"composition_create": {http.StatusConflict},
	"composition_update": {http.StatusConflict},
	"directory_create":   {http.StatusConflict},
	"directory_update":   {http.StatusConflict},
	"directory_delete":   {http.StatusConflict},

	"directory_get_by_version_id": {http.StatusNoContent}, // of a deletion, as of a composition's

	"definition_template_adl1.4_upload": {http.StatusOK}, // the same template again, or an update

	"agent_update":        {http.StatusConflict},
	"group_update":        {http.StatusConflict},
	"organisation_update": {http.StatusConflict},
	"person_update":       {http.StatusConflict},
	"role_update":         {http.StatusConflict},
}

var (
	contractsOnce sync.Once
	contracts     []contract
)

// loadContracts reads the OpenAPI documents; none if they are not at hand.
func loadContracts(t testing.TB, dir string) []contract {
	t.Helper()
	contractsOnce.Do(func() {
		for _, group := range []string{"system", "ehr", "definition", "query", "demographic", "admin"} {
			b, err := os.ReadFile(filepath.Join(dir, "specs", "its-rest", "oas", group+"-validation.openapi.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			var doc struct {
				Paths      map[string]map[string]yaml.Node
				Components struct {
					Responses map[string]response
				}
			}
			if err := yaml.Unmarshal(b, &doc); err != nil {
				t.Fatal(err)
			}
			for path, methods := range doc.Paths {
				path, _, _ = strings.Cut(path, "{?") // an RFC 6570 query template is no path
				for method, node := range methods {
					method = strings.ToUpper(method)
					if !slices.Contains([]string{"GET", "PUT", "POST", "DELETE", "OPTIONS"}, method) {
						continue
					}
					var op struct {
						OperationID string `yaml:"operationId"`
						Responses   map[string]response
					}
					if err := node.Decode(&op); err != nil {
						t.Fatal(err)
					}
					c := contract{method: method, path: path, id: strings.TrimSuffix(op.OperationID, ".yaml"), headers: map[string][]string{}}
					for code, r := range op.Responses {
						if r.Ref != "" {
							r = doc.Components.Responses[r.Ref[strings.LastIndexByte(r.Ref, '/')+1:]]
						}
						c.headers[code] = []string{}
						for name := range r.Headers {
							c.headers[code] = append(c.headers[code], name)
						}
					}
					contracts = append(contracts, c)
				}
			}
		}
	})
	return contracts
}

type response struct {
	Ref     string `yaml:"$ref"`
	Headers map[string]any
}

// find is the contract of a request.
func find(list []contract, method string, path string) *contract {
	segments := strings.Split(path, "/")
	var best *contract
	for i, c := range list {
		want := strings.Split(c.path, "/")
		if c.method != method || len(want) != len(segments) {
			continue
		}
		match := true
		for j := range want {
			match = match && (want[j] == segments[j] || strings.HasPrefix(want[j], "{") && segments[j] != "")
		}
		if match && (best == nil || !strings.Contains(c.path, "{")) {
			best = &list[i]
		}
	}
	return best
}

// sharedDir is the folder with the specifications, "" if there is none.
func sharedDir() string {
	dir := os.Getenv("CAIRN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "specs", "its-rest")); err != nil {
		return ""
	}
	return dir
}

// contractOf is the contract of a request, nil if there is none, and its path
// below the base path.
func contractOf(t testing.TB, method string, u *url.URL) (string, string, *contract) {
	t.Helper()
	path := strings.TrimPrefix(u.EscapedPath(), base)
	if path == "" {
		path = "/"
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return method, path, find(loadContracts(t, sharedDir()), method, path)
}

// checkContract checks that the answer's status is declared for its operation
// and that it has the headers declared for it. Without the documents it checks
// nothing.
func checkContract(t testing.TB, method string, u *url.URL, res *result) {
	t.Helper()
	recordAnswer(method, u, res.code)
	if sharedDir() == "" {
		return
	}
	method, path, c := contractOf(t, method, u)
	if c == nil {
		var own []contract
		for _, op := range rest.ExtensionList() {
			part := strings.Fields(op)
			own = append(own, contract{method: part[0], path: part[1], id: part[2]})
		}
		if find(own, method, path) != nil {
			return
		}
		if !slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNoContent, http.StatusNotImplemented}, res.code) {
			t.Errorf("%s %s is no operation of ITS-REST but was answered with %d", method, path, res.code)
		}
		return
	}
	headers, ok := c.headers[strconv.Itoa(res.code)]
	if !ok {
		if !slices.Contains(generalStatus, res.code) && !slices.Contains(undeclared[c.id], res.code) {
			t.Errorf("%s answered with %d, which it does not declare", c.id, res.code)
		}
		return
	}
	for _, name := range headers {
		switch {
		case name == "Location" && res.code != http.StatusCreated:
			continue // deprecated outside of 201
		case strings.HasSuffix(name, "item-tag"):
			continue // there if the target has tags
		case name == "Content-Type" && len(res.body) == 0:
			continue
		case name == "ETag" && res.code == http.StatusConflict && !strings.Contains(string(res.body), `"code":"`+ehr.CodeNotLatest+`"`):
			continue // a conflict of another sort than a stale version
		}
		if res.header.Get(name) == "" {
			t.Errorf("%s answered with %d without the header %s", c.id, res.code, name)
		}
	}
}

// TestOperationsAreThoseOfTheSpecification compares the route table with the
// OpenAPI documents, both ways.
func TestOperationsAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, c := range loadContracts(t, testshared.Dir(t)) {
		want[c.method+" "+c.path+" "+c.id] = true
	}
	if len(want) != 97 {
		t.Fatalf("the documents have %d operations", len(want))
	}
	list, _ := rest.OperationList()
	for _, op := range list {
		if !want[op] {
			t.Errorf("%s is not in the documents", op)
		}
		delete(want, op)
	}
	for op := range want {
		t.Errorf("%s is not routed", op)
	}
}
