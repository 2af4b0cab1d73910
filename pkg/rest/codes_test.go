package rest_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
)

// seen are the statuses that the tests of this package were answered with, by
// operation.
var seen = struct {
	sync.Mutex
	codes map[string]map[int]bool
}{codes: map[string]map[int]bool{}}

// routed are the operations of the specification and Cairn's own.
var routed = sync.OnceValue(func() []contract {
	var out []contract
	list, _ := rest.OperationList()
	for _, op := range append(list, rest.ExtensionList()...) {
		part := strings.Fields(op)
		out = append(out, contract{method: part[0], path: part[1], id: part[2]})
	}
	return out
})

func recordAnswer(method string, u *url.URL, code int) {
	path := strings.TrimPrefix(u.EscapedPath(), base)
	if path == "" {
		path = "/"
	}
	c := find(routed(), method, path)
	if c == nil {
		return
	}
	key := c.method + " " + c.path
	seen.Lock()
	defer seen.Unlock()
	if seen.codes[key] == nil {
		seen.codes[key] = map[int]bool{}
	}
	seen.codes[key][code] = true
}

// answered runs the tests, and when all have run compares the statuses that
// they have seen with the table in the documentation.
type answered struct{ m *testing.M }

const codesFile = "../../docs/conformance/rest-codes.md"

// Run is that of testing.M.
func (a answered) Run() int {
	code := a.m.Run()
	whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && flag.Lookup("test.list").Value.String() == ""
	if code != 0 || !whole || testing.Short() || sharedDir() == "" {
		return code
	}
	if err := compareCodes(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// declared are the operations of the documents by method and path.
func declared() map[string]contract {
	byKey := map[string]contract{}
	for _, c := range loadContracts(tbNone{}, sharedDir()) {
		byKey[c.method+" "+c.path] = c
	}
	return byKey
}

// compareDeclared fails if a declared status was not seen that is none of those
// that cannot come about, or one of those was seen.
func compareDeclared() error {
	for key, c := range declared() {
		for n := range c.headers {
			status, err := strconv.Atoi(n)
			if err != nil {
				continue
			}
			never := slices.ContainsFunc(neverSeen, func(x never) bool { return x.status == status && x.operation.MatchString(key) })
			if never == seen.codes[key][status] {
				return fmt.Errorf("%s with %d, which is declared: seen %v, known as one that cannot come about %v", key, status, seen.codes[key][status], never)
			}
		}
	}
	return nil
}

// compareCodes writes the table, or fails if it claims what was not seen.
func compareCodes() error {
	if *update {
		return os.WriteFile(codesFile, []byte(codesTable()), 0o644)
	}
	if err := compareDeclared(); err != nil {
		return err
	}
	b, err := os.ReadFile(codesFile)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		cell := strings.Split(line, "|")
		if len(cell) < 6 || !strings.Contains(cell[2], "`") {
			continue
		}
		key := strings.Trim(cell[2], " `")
		for _, s := range strings.Fields(cell[3]) {
			if n, err := strconv.Atoi(s); err == nil && !seen.codes[key][n] {
				return fmt.Errorf("%s says that %s is tested with %d, but it is not; run go test ./pkg/rest -update", filepath.Base(codesFile), key, n)
			}
		}
	}
	return nil
}

func codesTable() string {
	var b strings.Builder
	b.WriteString(`# openEHR REST API: operations and statuses

Every status that the tests of the API have really seen, operation by operation, and those that the published OpenAPI
documents declare and no test has seen. Written by ` + "`go test ./pkg/rest -update`" + `; a run of all tests fails if a status in the
column "tested" is not seen any more. Each answer of each test is compared with the documents: a status that is not
declared fails the test, unless [rest.md](rest.md) says why Cairn gives it.

| Operation | | Tested | Declared, not tested |
|---|---|---|---|
`)
	byKey := declared()
	tested, open := 0, 0
	for _, c := range routed() {
		key := c.method + " " + c.path
		var codes, missing []string
		for n := range seen.codes[key] {
			codes = append(codes, strconv.Itoa(n))
		}
		for n := range byKey[key].headers {
			if i, _ := strconv.Atoi(n); !seen.codes[key][i] {
				missing = append(missing, n)
			}
		}
		slices.Sort(codes)
		slices.Sort(missing)
		tested, open = tested+len(codes), open+len(missing)
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", c.id, key, strings.Join(codes, " "), strings.Join(missing, " "))
	}
	fmt.Fprintf(&b, "\n%d statuses are tested; %d that are declared are not. Those cannot come about, for which there is a test each:\n\n", tested, open)
	for _, n := range neverSeen {
		fmt.Fprintf(&b, "- %d of %s: %s (`%s`).\n", n.status, n.what, n.why, n.test)
	}
	return b.String()
}

type never struct {
	status          int
	operation       *regexp.Regexp
	what, why, test string
}

// neverSeen are the statuses that the documents declare and that cannot come
// about, with the test that shows it.
var neverSeen = []never{
	{404, regexp.MustCompile(`^POST /demographic/(agent|group|organisation|person|role)$`), "the creation of a party", "it names nothing that would have to exist; an unknown template is 422", "TestCreatingAPartyIsNeverNotFound"},
	{202, regexp.MustCompile(`^DELETE /admin/ehr/(\{ehr_id\}|all)$`), "physical deletion", "it is synchronous, whatever is preferred", "TestPhysicalDeletionIsSynchronous"},
}

// tbNone stands for a test where there is none any more: a failure ends the
// process.
type tbNone struct{ testing.TB }

func (tbNone) Helper()           {}
func (tbNone) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// TestGeneralFaults asks of every operation what it cannot do: without
// credentials, for a format that it does not write, with one that it does not
// read.
func TestGeneralFaults(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.EraseEHRs, c.EraseAllEHRs = true, true })
	id := a.newEHR()
	v := a.create(id, composition(t))
	a.do("PUT", "/definition/query/x::y/1.0.0", []byte("SELECT 1"), "Content-Type: text/plain").status(http.StatusOK)
	values := strings.NewReplacer("{ehr_id}", id, "{versioned_object_uid}", object(v), "{contribution_uid}", uuid.NewString(),
		"{template_id}", escape(templateID), "{qualified_query_name}", "x::y", "{version}", "1.0.0", "{key}", "k")
	for _, op := range rest.Operations("") {
		path := op.Path
		if path == "" {
			path = "/"
		}
		uid := object(v)
		if op.Method == "DELETE" && !strings.HasSuffix(path, "/{key}") {
			uid = v
		}
		path = values.Replace(strings.NewReplacer("{uid_based_id}", uid, "{version_uid}", v).Replace(path))
		var writes, general bool
		for _, r := range op.Responses {
			writes = writes || r.Status == http.StatusNotAcceptable
			general = general || r.Status == http.StatusUnauthorized
		}
		var body []byte
		if op.Body != nil {
			body = []byte("{}")
		}
		if general {
			a.do(op.Method, path, body, "Authorization: none").status(http.StatusUnauthorized).fault()
		}
		match := `If-Match: "` + v + `"`
		if writes {
			query := path
			if op.Method == http.MethodGet { // the URL of a POST has no such parameters
				query += "?q=x&subject_id=x&subject_namespace=y"
			}
			for _, accept := range []string{"image/png", "*/*;q=0", "application/*;q=0, text/plain;q=0", "garbage", ";q=1", "*/*;q=2", "*/*;charset=iso-8859-1"} {
				res := a.do(op.Method, query, body, "Accept: "+accept, "Prefer: return=representation", match)
				if res.code != http.StatusNotAcceptable {
					t.Errorf("%s: %d to a client that accepts %s: %s", op.Key(), res.code, accept, res.body)
				}
			}
			for _, accept := range []string{"", ",", "*/*;q=0.001", "*", "garbage, */*"} {
				if res := a.do(op.Method, query, body, "Accept: "+accept, "Prefer: return=representation", match); res.code == http.StatusNotAcceptable {
					t.Errorf("%s: %d to a client that accepts %q: %s", op.Key(), res.code, accept, res.body)
				}
			}
		}
		if op.Body != nil {
			res := a.do(op.Method, path, body, "Content-Type: image/png", match)
			if res.code != http.StatusUnsupportedMediaType {
				t.Errorf("%s: %d to a picture: %s", op.Key(), res.code, res.body)
			}
		}
	}
}
