package apidoc

import (
	"bytes"
	"embed"
	"html/template"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

//go:embed page.html style.css page.js
var assets embed.FS

var page = template.Must(template.ParseFS(assets, "page.html"))

// Style and Script are the assets style.css and page.js of the page.
func Style() []byte { return asset("style.css") }

// Script is the page's JavaScript, which it can be read without.
func Script() []byte { return asset("page.js") }

func asset(name string) []byte {
	b, err := assets.ReadFile(name)
	if err != nil {
		panic(err) // embedded
	}
	return b
}

// Page writes the reference as one HTML page. Its style.css and page.js are
// looked for below the path assets, the OpenAPI document at openapi.
func (d *Document) Page(assets, openapi string) ([]byte, error) {
	type operation struct {
		*Operation
		Anchor, Short string
		Responses     []Response
	}
	type group struct {
		Tag, Title, Text string
		Operations       []operation
	}
	view := struct {
		Title, Version, Setup, Assets, OpenAPI string
		Description                            []string
		Groups                                 []group
	}{
		Title: d.Title, Version: d.Version, Setup: d.Setup, Assets: assets, OpenAPI: openapi,
		Description: strings.Split(d.Description, "\n\n"),
	}
	ids := d.uniqueIDs()
	for _, g := range d.inGroups() {
		out := group{Tag: g.Tag, Title: g.Title, Text: g.Description}
		for _, o := range g.Operations {
			out.Operations = append(out.Operations, operation{
				Operation: o, Anchor: "op-" + ids[o], Short: o.Summary, Responses: o.sortedResponses(),
			})
		}
		view.Groups = append(view.Groups, out)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, view); err != nil {
		return nil, errs.Wrap(errs.Internal, "apidoc.Page", "", err)
	}
	return b.Bytes(), nil
}

// Markdown writes the operations of one group.
func (d *Document) Markdown(tag string) []byte {
	var b bytes.Buffer
	for _, g := range d.inGroups() {
		if g.Tag != tag {
			continue
		}
		b.WriteString("# " + g.Title + "\n\n" + g.Description + "\n")
		for _, o := range g.Operations {
			markdown(&b, o)
		}
	}
	return b.Bytes()
}

func markdown(b *bytes.Buffer, o *Operation) {
	b.WriteString("\n## " + o.Summary + "\n\n`" + o.Method + " " + o.Path + "` (" + o.ID + ")\n")
	if o.Description != "" {
		b.WriteString("\n" + o.Description + "\n")
	}
	if len(o.Params) > 0 {
		b.WriteString("\n| | in | |\n|---|---|---|\n")
		for _, p := range o.Params {
			name := "`" + p.Name + "`"
			if p.Required {
				name += " (required)"
			}
			b.WriteString("| " + name + " | " + p.In + " | " + p.Description + " |\n")
		}
	}
	if o.Body != nil {
		b.WriteString("\nBody: `" + strings.Join(o.Body.Media, "`, `") + "`. " + o.Body.Description + "\n")
	}
	b.WriteString("\n| status | | headers |\n|---|---|---|\n")
	for _, r := range o.sortedResponses() {
		b.WriteString("| " + strconv.Itoa(r.Status) + " | " + r.Description + " | " + strings.Join(r.Headers, ", ") + " |\n")
	}
	if e := o.Example; e != nil {
		if e.Text != "" {
			b.WriteString("\n" + e.Text + "\n")
		}
		b.WriteString("\n```sh\n" + strings.TrimRight(e.Command, "\n") + "\n```\n")
		if e.Output != "" {
			b.WriteString("\n```text\n" + strings.TrimRight(e.Output, "\n") + "\n```\n")
		}
	}
}
