package server

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

var update = flag.Bool("update", false, "rewrite generated documents")

// TestReferenceExamples runs every command of the documentation as a reader
// would paste it, and wants of each the status that its operation declares for
// success. With -update it writes what they printed, and docs/api.
func TestReferenceExamples(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	o := testOptions(t)
	o.AdminDelete, o.Status = "all", true
	o.FHIRWrite, o.FHIRWriteTerritory = true, "DE"
	s := runningWith(t, o, 1, 1)
	d, err := s.document(exampleOrigin)
	if err != nil {
		t.Fatal(err)
	}
	setup, parts := scripts()
	var script strings.Builder
	script.WriteString("{\n" + setup + "\n} >/dev/null\n")
	for _, p := range parts {
		fmt.Fprintf(&script, "printf '\\n=== %%s\\n' %s\n%s\n", p.key, p.commands)
	}
	local := strings.NewReplacer(exampleOrigin, s.Origin())
	cmd := exec.Command("bash", "-o", "pipefail", "-c", local.Replace(script.String()))
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed := map[string]string{}
	for part := range strings.SplitSeq(string(out), "\n=== ") {
		key, text, _ := strings.Cut(part, "\n")
		printed[key] = strings.TrimSpace(strings.ReplaceAll(text, "\r", ""))
	}
	statusLine := regexp.MustCompile(`(?m)^HTTP/1\.1 (\d{3})`)
	for i := range d.Operations {
		op := &d.Operations[i]
		if op.Example == nil {
			t.Errorf("%s has no example: write one into reference/examples.txt", op.Key())
			continue
		}
		text := printed[op.Key()]
		statuses := statusLine.FindAllStringSubmatch(text, -1)
		if text == "" || strings.Contains(op.Example.Command, "curl -si") && len(statuses) == 0 {
			t.Errorf("the example of %s prints %q", op.Key(), text)
		}
		for _, m := range statuses {
			declared := false
			for _, r := range op.Responses {
				declared = declared || r.Status < 300 && strconv.Itoa(r.Status) == m[1]
			}
			if !declared {
				t.Errorf("the example of %s is answered with %s, which is no success that it declares:\n%s\n%s", op.Key(), m[1], op.Example.Command, text)
			}
		}
	}
	if *update && !t.Failed() {
		record(t, s, printed)
	}
}

// record writes reference/recorded.json and docs/api. What differs from run to
// run is made alike, so that a change shows what changed.
func record(t *testing.T, s *Server, printed map[string]string) {
	t.Helper()
	outputs := map[string]string{}
	_, parts := scripts()
	stable := stabilizer(s.Origin())
	for _, p := range parts {
		outputs[p.key] = stable(printed[p.key])
	}
	b, err := json.MarshalIndent(outputs, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("reference", "recorded.json"), append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	recorded = b
	d, err := s.document(exampleOrigin)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "docs", "api")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var index strings.Builder
	index.WriteString("# API reference\n\nA running server shows the same at `/docs` and as OpenAPI 3.0 at `/openapi.json`. These pages are written, and every command\nin them run, by `go test ./pkg/server -run TestReferenceExamples -update`.\n\n")
	for _, g := range d.Groups {
		if len(d.Markdown(g.Tag)) == 0 {
			continue // nothing of it is offered
		}
		fmt.Fprintf(&index, "- [%s](%s.md): %s\n", g.Title, g.Tag, g.Description)
		if err := os.WriteFile(filepath.Join(dir, g.Tag+".md"), d.Markdown(g.Tag), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	index.WriteString("\n## Before the examples\n\nThe commands are for a shell with `curl`, against a sandbox, and use what these leave behind:\n\n```text\nmake run ARGS=\"--admin-delete all --status --fhir-write --fhir-write-territory DE\"\n```\n\n```sh\n" + d.Setup + "\n```\n")
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte(index.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// recordedBytes is how much of an answer the documentation shows.
const recordedBytes = 2500

// stabilizer replaces what no two runs have in common: identifiers, times, the
// port, random names. The same identifier stays the same within
// an answer.
func stabilizer(origin string) func(string) string {
	ids := map[string]string{}
	uuid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	stamp := regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)
	date := regexp.MustCompile(`(?m)^(Date|X-Request-Id): .*\n?`)
	modified := regexp.MustCompile(`(Last-Modified|Expires): .* GMT`)
	cursor := regexp.MustCompile(`_cursor=\d{16}`)
	random := regexp.MustCompile(`Example( |%20)\d+|count_\d+`)
	token := regexp.MustCompile(`"valueString":"[A-Za-z0-9_-]{43}"`)
	version := regexp.MustCompile(`0\.1\.0-[0-9a-z.]+`)
	return func(s string) string {
		clear(ids) // so that an example more changes nothing in the others
		s = strings.ReplaceAll(s, origin, exampleOrigin)
		s = strings.ReplaceAll(s, strings.TrimPrefix(origin, "http:"), strings.TrimPrefix(exampleOrigin, "http:"))
		s = date.ReplaceAllString(s, "")
		s = modified.ReplaceAllString(s, "$1: Thu, 01 Jan 2026 12:00:00 GMT")
		s = cursor.ReplaceAllString(s, "_cursor=1767268800000000")
		s = token.ReplaceAllString(s, `"valueString":"…"`)
		s = stamp.ReplaceAllString(s, "2026-01-01T12:00:00.000Z")
		s = version.ReplaceAllString(s, "0.1.0")
		s = random.ReplaceAllStringFunc(s, func(m string) string { return strings.TrimRight(m, "0123456789") + "1" })
		s = uuid.ReplaceAllStringFunc(s, func(m string) string {
			if ids[m] == "" {
				ids[m] = fmt.Sprintf("%08x-0000-4000-8000-%012x", len(ids)+1, len(ids)+1)
			}
			return ids[m]
		})
		if len(s) > recordedBytes {
			s = strings.ToValidUTF8(s[:recordedBytes], "") + "\n… and so on"
		}
		return s
	}
}

// TestDocumentationMatchesRoutes compares the OpenAPI document that the server
// sends with its routes: everything routed outside of the two APIs is in it
// (the APIs have tests of their own), and everything in it answers.
func TestDocumentationMatchesRoutes(t *testing.T) {
	t.Parallel()
	s := running(t, 1, 1)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Responses   map[string]any
		}
	}
	if err := json.Unmarshal(fetch(t, s, "GET", openAPIPath, nil), &doc); err != nil {
		t.Fatal(err)
	}
	assets := map[string]bool{referencePath + "/style.css": true, referencePath + "/page.js": true}
	err := chi.Walk(s.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method == http.MethodHead || under(s.options.OpenEHRBase, route) || under(s.options.FHIRBase, route) || assets[route] {
			return nil
		}
		if _, ok := doc.Paths[route][strings.ToLower(method)]; !ok {
			t.Errorf("%s %s is routed but not documented", method, route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s: operationId %q is empty or given twice", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
			url := s.Origin() + regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, "x")
			req, err := http.NewRequest(strings.ToUpper(method), url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			if op.Responses[strconv.Itoa(resp.StatusCode)] == nil {
				t.Errorf("%s %s answered with %d, which it does not document: %.200s", method, path, resp.StatusCode, body)
			}
			if strings.Contains(string(body), "no resource at this path") || strings.Contains(string(body), "nothing at this") {
				t.Errorf("%s %s is documented but not routed", method, path)
			}
		}
	}
	if len(ids) < 60 || doc.OpenAPI != "3.0.3" {
		t.Errorf("%d operations in OpenAPI %q", len(ids), doc.OpenAPI)
	}
}

// TestReferencePage looks for what a reader without JavaScript needs.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	s := running(t, 1, 1)
	page := string(fetch(t, s, "GET", referencePath, nil))
	d, err := s.document(exampleOrigin)
	if err != nil {
		t.Fatal(err)
	}
	if list := d.Undescribed(); len(list) > 0 {
		t.Errorf("groups without a description: %v", list)
	}
	for i := range d.Operations {
		if !strings.Contains(page, `<code>`+d.Operations[i].Path+`</code>`) {
			t.Errorf("the page lacks %s", d.Operations[i].Path)
		}
		if d.Operations[i].Summary == "" {
			t.Errorf("%s has no summary", d.Operations[i].Key())
		}
	}
	for _, want := range []string{`<html lang="en">`, `<main id="main">`, `class="skip"`, "<h1>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "https://cdn") || strings.Contains(page, "ZgotmplZ") {
		t.Error("the page takes something from elsewhere, or a value that it may not have")
	}
}
