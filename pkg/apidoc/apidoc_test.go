package apidoc

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func sample() *Document {
	return &Document{
		Title: "T", Version: "1", Description: "One.\n\nTwo.", Groups: []Group{{Tag: "a", Title: "A", Description: "of a"}, {Tag: "b", Title: "B"}, {Tag: "empty"}},
		Headers: map[string]string{"ETag": "tag"}, Schemas: []Schema{{Name: "S", JSON: `{"type":"object"}`}},
		Operations: []Operation{
			{
				Tag: "a", ID: "get", Method: "GET", Path: "/a/{id}", Summary: "Get <a>", Params: []Param{{Name: "id", In: "path", Description: "d"}, {Name: "Accept", In: "header"}, {Name: "x", In: "query", Repeats: true, Type: "integer", Enum: []string{"1"}}},
				Responses: []Response{{Status: 404, Description: "no"}, {Status: 200, Description: "ok", Headers: []string{"ETag"}, Body: &Body{Media: []string{"application/json", "text/plain", "application/x+json"}, Schema: "S"}}},
			},
			{Tag: "b", ID: "get", Method: "POST", Path: "/b", Anonymous: true, Body: &Body{Required: true, Media: []string{"application/json"}, Schema: "S", Description: "what"}, Responses: []Response{{Status: 201, Description: "made"}}},
		},
	}
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	b, err := sample().OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Tags  []struct{ Name string }
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Parameters  []map[string]any
			Security    *[]map[string]any
			RequestBody *struct{ Required bool }
			Responses   map[string]struct {
				Content map[string]struct{ Schema map[string]any }
				Headers map[string]any
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	get, post := doc.Paths["/a/{id}"]["get"], doc.Paths["/b"]["post"]
	if get.OperationID != "a_get" || post.OperationID != "b_get" {
		t.Errorf("operationIds %q and %q", get.OperationID, post.OperationID)
	}
	if len(get.Parameters) != 2 || get.Parameters[0]["required"] != true || get.Parameters[1]["schema"].(map[string]any)["type"] != "array" {
		t.Errorf("parameters %v", get.Parameters)
	}
	if c := get.Responses["200"].Content; c["application/json"].Schema["$ref"] != "#/components/schemas/S" || c["text/plain"].Schema["type"] != "string" || c["application/x+json"].Schema["type"] != "object" {
		t.Errorf("content %v", c)
	}
	if get.Security != nil || post.Security == nil || post.RequestBody == nil || !post.RequestBody.Required || len(doc.Tags) != 2 {
		t.Errorf("%s", b)
	}
	broken := sample()
	broken.Schemas[0].JSON = "{"
	if _, err := broken.OpenAPI(); err == nil {
		t.Error("a schema that is not JSON passes")
	}
}

func TestPageAndMarkdown(t *testing.T) {
	t.Parallel()
	d := sample()
	if unknown := d.WithExamples(map[string]Example{"a/get": {Command: "curl <x>", Output: "out"}, "c/d": {}}); !slices.Equal(unknown, []string{"c/d"}) {
		t.Errorf("unknown %v", unknown)
	}
	b, err := d.Page("/docs", "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{"Get &lt;a&gt;", `href="/docs/style.css"`, "curl &lt;x&gt;", `id="op-a_get"`, "<p>Two.</p>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	text := string(d.Markdown("a"))
	if !strings.Contains(text, "curl <x>") || strings.Index(text, "| 200") > strings.Index(text, "| 404") {
		t.Error(text)
	}
	if d.Markdown("empty") != nil || len(Style()) == 0 || len(Script()) == 0 {
		t.Error("assets or an empty group")
	}
	if got := (&Document{Operations: []Operation{{Tag: "x"}}}).Undescribed(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("undescribed %v", got)
	}
}
