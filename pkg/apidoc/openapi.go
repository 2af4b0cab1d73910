package apidoc

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// object is a JSON object.
type object = map[string]any

// OpenAPI writes the document in OpenAPI 3.0.3; errs.Internal if a schema is
// not JSON.
func (d *Document) OpenAPI() ([]byte, error) {
	ids := d.uniqueIDs()
	paths := map[string]object{}
	for i := range d.Operations {
		o := &d.Operations[i]
		if paths[o.Path] == nil {
			paths[o.Path] = object{}
		}
		paths[o.Path][strings.ToLower(o.Method)] = d.operation(o, ids[o])
	}
	schemas := object{}
	for _, s := range d.Schemas {
		if !json.Valid([]byte(s.JSON)) {
			return nil, errs.New(errs.Internal, "apidoc.OpenAPI", "the schema "+s.Name+" is not JSON")
		}
		schemas[s.Name] = json.RawMessage(s.JSON)
	}
	headers := object{}
	for name, text := range d.Headers {
		headers[name] = object{"description": text, "schema": object{"type": "string"}}
	}
	tags := []object{}
	for _, g := range d.inGroups() {
		tags = append(tags, object{"name": g.Tag, "description": g.Description})
	}
	server := d.Server
	if server == "" {
		server = "/"
	}
	doc := object{
		"openapi": "3.0.3",
		"info":    object{"title": d.Title, "version": d.Version, "description": d.Description, "license": object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}},
		"servers": []object{{"url": server}},
		"tags":    tags,
		"paths":   paths,
		"components": object{
			"schemas": schemas, "headers": headers,
			"securitySchemes": object{"bearer": object{"type": "http", "scheme": "bearer"}},
		},
		"security": []object{{"bearer": []string{}}},
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(doc); err != nil {
		return nil, errs.Wrap(errs.Internal, "apidoc.OpenAPI", "", err)
	}
	return b.Bytes(), nil
}

func (d *Document) operation(o *Operation, id string) object {
	responses := object{}
	for _, r := range o.sortedResponses() {
		out := object{"description": r.Description}
		if len(r.Headers) > 0 {
			headers := object{}
			for _, name := range r.Headers {
				headers[name] = object{"$ref": "#/components/headers/" + name}
			}
			out["headers"] = headers
		}
		if r.Body != nil {
			out["content"] = content(r.Body)
		}
		responses[strconv.Itoa(r.Status)] = out
	}
	out := object{
		"operationId": id, "tags": []string{o.Tag}, "summary": o.Summary, "responses": responses,
	}
	if o.Description != "" {
		out["description"] = o.Description
	}
	if o.Anonymous {
		out["security"] = []object{{}}
	}
	var params []object
	for _, p := range o.Params {
		if p.In == "header" && (p.Name == "Accept" || p.Name == "Content-Type" || p.Name == "Authorization") {
			continue // OpenAPI has other places for these
		}
		params = append(params, parameter(p))
	}
	if params != nil {
		out["parameters"] = params
	}
	if o.Body != nil {
		body := object{"required": o.Body.Required, "content": content(o.Body)}
		if o.Body.Description != "" {
			body["description"] = o.Body.Description
		}
		out["requestBody"] = body
	}
	return out
}

func parameter(p Param) object {
	schema := object{"type": "string"}
	if p.Type != "" {
		schema["type"] = p.Type
	}
	if p.Format != "" {
		schema["format"] = p.Format
	}
	if len(p.Enum) > 0 {
		schema["enum"] = p.Enum
	}
	if p.Repeats {
		schema = object{"type": "array", "items": schema}
	}
	out := object{"name": p.Name, "in": p.In, "description": p.Description, "schema": schema}
	if p.Required || p.In == "path" {
		out["required"] = true
	}
	if p.Example != "" {
		out["example"] = p.Example
	}
	return out
}

// content are the media types of a body: those of JSON with the schema, the
// others as text.
func content(b *Body) object {
	out := object{}
	for _, m := range b.Media {
		switch {
		case b.Schema != "" && (m == "application/json" || m == "application/fhir+json"):
			out[m] = object{"schema": object{"$ref": "#/components/schemas/" + b.Schema}}
		case jsonMedia(m):
			out[m] = object{"schema": object{"type": "object"}}
		default:
			out[m] = object{"schema": object{"type": "string"}}
		}
	}
	return out
}
