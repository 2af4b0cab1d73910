package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/cairn-ehr/cairn/pkg/testshared"
)

// rmSchema is the published JSON Schema of RM 1.1.0.
type rmSchema struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	classes  map[string]any
	compiled map[string]*jsonschema.Schema
}

var canonicalSchema = sync.OnceValues(func() (*rmSchema, error) {
	text, err := os.ReadFile(filepath.Join(sharedDir(), "specs", "json-schema", "openehr_rm_1.1.0_all.json"))
	if err != nil {
		return nil, err
	}
	var document struct{ Definitions map[string]any }
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	s := &rmSchema{compiler: jsonschema.NewCompiler(), classes: document.Definitions, compiled: map[string]*jsonschema.Schema{}}
	return s, s.compiler.AddResource("rm.json", bytes.NewReader(text))
})

// class is the schema of a class, nil if there is none.
func (s *rmSchema) class(name string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.classes[name] == nil {
		return nil, nil
	}
	if s.compiled[name] == nil {
		c, err := s.compiler.Compile("rm.json#/definitions/" + name)
		if err != nil {
			return nil, err
		}
		s.compiled[name] = c
	}
	return s.compiled[name], nil
}

// beyondRMSchema is where Cairn's JSON is not what the schema says, as class,
// place and finding; docs/conformance/rest.md says why.
var beyondRMSchema = map[string]bool{
	"EHR  missing properties: 'contributions'": true,
	// An example of what a client sends has no uid, which is the server's to give.
	"AGENT  missing properties: 'uid'":        true,
	"GROUP  missing properties: 'uid'":        true,
	"ORGANISATION  missing properties: 'uid'": true,
	"PERSON  missing properties: 'uid'":       true,
	"ROLE  missing properties: 'uid'":         true,
	// Content that is incomplete (553) may lack what is mandatory.
	"ROLE  missing properties: 'identities', 'performer'": true,
}

// canonicalFindings is what the JSON Schema has against an object of the
// reference model; nothing if the body is not one.
func canonicalFindings(body []byte) ([]string, error) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, err
	}
	object, _ := v.(map[string]any)
	class, _ := object["_type"].(string)
	if class == "" {
		return nil, nil
	}
	schemas, err := canonicalSchema()
	if err != nil {
		return nil, err
	}
	schema, err := schemas.class(class)
	if schema == nil && strings.HasPrefix(class, "VERSIONED_") {
		// The schema has the parent class only.
		object["_type"] = "VERSIONED_OBJECT"
		schema, err = schemas.class("VERSIONED_OBJECT")
	}
	if err != nil {
		return nil, err
	}
	if schema == nil {
		return []string{class + ": the schema has no such class"}, nil
	}
	if err = schema.Validate(v); err == nil {
		return nil, nil
	}
	e, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return nil, err
	}
	var list []string
	for _, f := range e.BasicOutput().Errors {
		if f.Error != "" && !strings.HasPrefix(f.Error, "doesn't validate with") {
			list = append(list, fmt.Sprintf("%s %s %s", class, f.InstanceLocation, f.Error))
		}
	}
	return list, nil
}

// checkCanonical checks that an object of the reference model in an answer is
// what the published schema of its class says: in JSON at once, in XML when the
// test has ended.
func (a *api) checkCanonical(what string, request http.Header, res *result) {
	a.t.Helper()
	if sharedDir() == "" || len(res.body) == 0 || strings.Contains(request.Get("Prefer"), "resolve_refs") {
		return
	}
	switch res.header.Get("Content-Type") {
	case "application/json":
		list, err := canonicalFindings(res.body)
		if err != nil {
			a.t.Errorf("%s: %v", what, err)
		}
		for _, f := range list {
			if !beyondRMSchema[f] {
				a.t.Errorf("%s: %s", what, f)
			}
		}
	case "application/xml":
		a.documents.add(what, res.body)
	}
}

// documents are the XML answers of one test.
type documents struct {
	mu   sync.Mutex
	list map[string]string // body to request
}

func (d *documents) add(what string, body []byte) {
	if d == nil { // the test is beyond the schema
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.list == nil {
		d.list = map[string]string{}
	}
	d.list[string(body)] = what
}

// TestCanonicalSchemasCheckSomething: the schemas refuse what is wrong.
func TestCanonicalSchemasCheckSomething(t *testing.T) {
	t.Parallel()
	testshared.Dir(t)
	for body, valid := range map[string]bool{
		`{"_type":"DV_TEXT","value":"x"}`:                        true,
		`{"_type":"DV_TEXT"}`:                                    false,
		`{"_type":"DV_TEXT","value":"x","more":1}`:               false,
		`{"_type":"VERSIONED_COMPOSITION","uid":{"value":"x"}}`:  false,
		`{"_type":"COMPOSITION","name":{"value":"x"}}`:           false,
		`{"_type":"NO_CLASS","name":{"value":"x"}}`:              false,
		`{"message":"no object of the reference model","x":"y"}`: true,
	} {
		list, err := canonicalFindings([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if (len(list) == 0) != valid {
			t.Errorf("%s: %v", body, list)
		}
	}
}
