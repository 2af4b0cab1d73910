// Package apidoc describes HTTP operations and writes the description as an
// OpenAPI 3.0 document, as a reference page in HTML and as Markdown. The APIs
// give their operations, the server adds its own and serves the result, so that
// what is documented is what is routed.
package apidoc

import (
	"cmp"
	"slices"
	"strings"
)

// Operation is one method on one path.
type Operation struct {
	// Tag is the group that the operation is shown under, such as ehr.
	Tag string
	// ID is the operationId; the same id may be given in two groups.
	ID string
	// Method is in capitals; Path has its parameters in braces and begins at the
	// origin.
	Method, Path string
	// Summary is a phrase, Description whole sentences; the latter may be empty.
	Summary, Description string
	Params               []Param
	// Body is the request's, nil if the operation takes none.
	Body      *Body
	Responses []Response
	// Anonymous operations need no authentication.
	Anonymous bool
	// Example is nil if there is none.
	Example *Example
}

// Key names an operation uniquely: group and id.
func (o *Operation) Key() string { return o.Tag + "/" + o.ID }

// Param is a parameter in the path, the query or a header.
type Param struct {
	Name string
	// In is path, query or header.
	In          string
	Description string
	Required    bool
	// Repeats is whether a query parameter may be given several times.
	Repeats bool
	// Type is the JSON type; "" is string. Format is that of OpenAPI.
	Type, Format string
	// Enum lists the values if there are only these.
	Enum    []string
	Example string
}

// Body is what a request carries or an answer gives.
type Body struct {
	Required    bool
	Description string
	// Media are the media types, the default first.
	Media []string
	// Schema names a schema of the document, for the media types of JSON.
	Schema string
}

// Response is one status that an operation answers.
type Response struct {
	Status      int
	Description string
	// Headers name those that the answer has beside Content-Type.
	Headers []string
	// Body is nil for an answer without one.
	Body *Body
}

// Example is a command for a shell and what it printed.
type Example struct {
	// Text says what to look at; may be empty.
	Text    string
	Command string
	Output  string
}

// Schema is a named schema of the document, as JSON.
type Schema struct {
	Name string
	JSON string
}

// Group is a tag with its description.
type Group struct{ Tag, Title, Description string }

// Document is all that is described.
type Document struct {
	Title, Version, Description string
	// Server is the origin that paths are relative to; "" is the page's own.
	Server  string
	Groups  []Group
	Schemas []Schema
	// Headers describe the response headers by name.
	Headers    map[string]string
	Operations []Operation
	// Setup is the commands that the examples begin with.
	Setup string
}

// inGroups gives the groups that have operations with these, in their order.
func (d *Document) inGroups() []groupOperations {
	out := make([]groupOperations, 0, len(d.Groups))
	for _, g := range d.Groups {
		o := groupOperations{Group: g}
		for i := range d.Operations {
			if d.Operations[i].Tag == g.Tag {
				o.Operations = append(o.Operations, &d.Operations[i])
			}
		}
		if len(o.Operations) > 0 {
			out = append(out, o)
		}
	}
	return out
}

type groupOperations struct {
	Group
	Operations []*Operation
}

// Undescribed lists the groups of operations that the document has no Group for.
func (d *Document) Undescribed() []string {
	var out []string
	for i := range d.Operations {
		tag := d.Operations[i].Tag
		if !slices.ContainsFunc(d.Groups, func(g Group) bool { return g.Tag == tag }) && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}

// uniqueIDs gives each operation an operationId of its own: its id, with the
// group before it where two groups have the same.
func (d *Document) uniqueIDs() map[*Operation]string {
	count := map[string]int{}
	for i := range d.Operations {
		count[d.Operations[i].ID]++
	}
	ids := make(map[*Operation]string, len(d.Operations))
	for i := range d.Operations {
		o := &d.Operations[i]
		ids[o] = o.ID
		if count[o.ID] > 1 {
			ids[o] = o.Tag + "_" + o.ID
		}
	}
	return ids
}

// WithExamples gives operations their examples by key and lists the keys that
// fit none.
func (d *Document) WithExamples(examples map[string]Example) (unknown []string) {
	used := map[string]bool{}
	for i := range d.Operations {
		o := &d.Operations[i]
		if e, ok := examples[o.Key()]; ok {
			o.Example = &e
			used[o.Key()] = true
		}
	}
	for k := range examples {
		if !used[k] {
			unknown = append(unknown, k)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// jsonMedia reports whether a media type is one of JSON.
func jsonMedia(m string) bool {
	return m == "application/json" || strings.HasSuffix(m, "+json")
}

// sortedResponses are an operation's by status.
func (o *Operation) sortedResponses() []Response {
	list := slices.Clone(o.Responses)
	slices.SortStableFunc(list, func(a, b Response) int { return cmp.Compare(a.Status, b.Status) })
	return list
}
