package rest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"gopkg.in/yaml.v3"

	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// bodySchemas are the schemas of the bodies that an OpenAPI document declares.
type bodySchemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	document map[string]any
	compiled map[string]*jsonschema.Schema
}

var (
	demographicBodies = sync.OnceValues(func() (*bodySchemas, error) { return readSchemas("demographic", true) })
	// Tests commit dates that are ISO 8601 and not RFC 3339, and the document
	// wants a UUID of a system id.
	ehrBodies = sync.OnceValues(func() (*bodySchemas, error) { return readSchemas("ehr", false) })
)

func readSchemas(group string, formats bool) (*bodySchemas, error) {
	b, err := os.ReadFile(filepath.Join(sharedDir(), "specs", "its-rest", "oas", group+"-validation.openapi.yaml"))
	if err != nil {
		return nil, err
	}
	s := &bodySchemas{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	s.compiler.Draft = jsonschema.Draft2020
	if err := yaml.Unmarshal(b, &s.document); err != nil {
		return nil, err
	}
	correct(s.document, formats)
	// They demand data of deletions, which have none, and of imported versions,
	// whose data is in the item.
	if components, ok := s.document["components"].(map[string]any); ok {
		for name, schema := range components["schemas"].(map[string]any) {
			if object := schema.(map[string]any); strings.Contains(name, "VersionOf") && object["required"] != nil {
				object["required"] = slices.DeleteFunc(object["required"].([]any), func(v any) bool { return v == "data" })
			}
		}
	}
	text, err := json.Marshal(s.document)
	if err != nil {
		return nil, err
	}
	return s, s.compiler.AddResource("openapi.json", bytes.NewReader(text))
}

// correct lets every object have a _type, which the documents forbid in some
// classes, such as ARCHETYPED, although it may stand in each (ITS-REST overview,
// Resources); and lets several alternatives of a union match, as an identifier
// does that of an EHR. Formats are dropped unless they are wanted.
func correct(v any, formats bool) {
	switch v := v.(type) {
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] == false && properties["_type"] == nil {
			properties["_type"] = map[string]any{"type": "string"}
		}
		if union, ok := v["oneOf"]; ok {
			v["anyOf"] = union
			delete(v, "oneOf")
		}
		if _, ok := v["format"].(string); ok && !formats {
			delete(v, "format")
		}
		for _, member := range v {
			correct(member, formats)
		}
	case []any:
		for _, member := range v {
			correct(member, formats)
		}
	}
}

// at compiles the schema at a JSON pointer; nil if there is none.
func (s *bodySchemas) at(t testing.TB, segments ...string) *jsonschema.Schema {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	// References of the document's own are followed; those of schemas are left
	// to the compiler.
	var here any = s.document
	var key string
	for len(segments) > 0 {
		object, _ := here.(map[string]any)
		if ref, ok := object["$ref"].(string); ok {
			segments = append(strings.Split(strings.TrimPrefix(ref, "#/"), "/"), segments...)
			here, key = s.document, ""
			continue
		}
		name := segments[0]
		if here = object[name]; here == nil {
			return nil
		}
		key += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		segments = segments[1:]
	}
	if s.compiled[key] == nil {
		schema, err := s.compiler.Compile("openapi.json#" + key)
		if err != nil {
			t.Fatal(err)
		}
		s.compiled[key] = schema
	}
	return s.compiled[key]
}

// checkBodies checks the JSON body of an answer of the EHR or demographic API
// against the schema that its OpenAPI document declares, and of the latter that
// of a request that was taken as well.
func checkBodies(t testing.TB, method string, u *url.URL, request []byte, header http.Header, res *result) {
	t.Helper()
	if sharedDir() == "" {
		return
	}
	_, _, c := contractOf(t, method, u)
	if c == nil || strings.Contains(header.Get("Prefer"), "resolve_refs") { // what is resolved is not in the schemas
		return
	}
	read, requests := demographicBodies, true
	switch {
	case strings.HasPrefix(c.path, "/ehr"):
		read, requests = ehrBodies, false
	case !strings.HasPrefix(c.path, "/demographic/"):
		return
	}
	schemas, err := read()
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, body []byte, segments ...string) {
		t.Helper()
		schema := schemas.at(t, append([]string{"paths", c.path, strings.ToLower(c.method)}, segments...)...)
		if schema == nil || len(body) == 0 {
			return
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: the body of the %s does not meet its schema: %#v\n%s", c.id, what, err, body)
		}
	}
	// Of a contribution the API takes more than its document says.
	if requests && c.id != "contribution_create" && header.Get("Content-Type") == "application/json" && slices.Contains([]int{http.StatusOK, http.StatusCreated, http.StatusNoContent}, res.code) {
		check("request", request, "requestBody", "content", "application/json", "schema")
	}
	if res.header.Get("Content-Type") == "application/json" {
		check("answer", res.body, "responses", strconv.Itoa(res.code), "content", "application/json", "schema")
	}
}

// TestBodySchemasCheckSomething: the schemas refuse what is wrong.
func TestBodySchemasCheckSomething(t *testing.T) {
	t.Parallel()
	testshared.Dir(t)
	schemas, err := demographicBodies()
	if err != nil {
		t.Fatal(err)
	}
	schema := schemas.at(t, "paths", "/demographic/person", "post", "responses", "201", "content", "application/json", "schema")
	if schema == nil {
		t.Fatal("no schema")
	}
	for body, valid := range map[string]bool{
		string(party("PERSON", "Jo")): true,
		`{"uid":17}`:                  false,
		`{"uid":"8849182c-82ad-4088-a07f-48ead4180515::openEHRSys.example.com::1"}`:               true,
		`{` + locatable("PERSON", "openEHR-DEMOGRAPHIC-PERSON.x.v1", "P") + `}`:                   false,
		strings.Replace(string(party("PERSON", "Jo")), `"identities":[`, `"identities":["x",`, 1): false,
		strings.Replace(string(party("PERSON", "Jo")), `"PERSON"`, `"ORGANISATION"`, 1):           false,
	} {
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != valid {
			t.Errorf("%s: %v", body, err)
		}
	}
}
