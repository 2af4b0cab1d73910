package fhir

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// bundle writes a page, and what it includes, as a searchset. Links carry what was understood and
// nothing else; the next page is found by the last record and the snapshot that the
// first was of, so that no state is kept and every resource appears exactly once.
func (a *api) bundle(c *call, req *request, page Page, others []Record) ([]byte, error) {
	base := a.base(c.Request)
	room := 4096
	for _, list := range [][]Record{page.Records, others} {
		for i := range list {
			room += len(list[i].JSON) + metaRoom + len(base)
		}
	}
	dst := make([]byte, 0, room)
	dst = append(dst, `{"resourceType":"Bundle","type":"searchset"`...)
	dst = appendBundleMeta(dst, page.Records, others)
	if page.Total >= 0 {
		dst = append(dst, `,"total":`...)
		dst = strconv.AppendInt(dst, int64(page.Total), 10)
	}
	dst = append(dst, `,"link":[{"relation":"self","url":`...)
	dst = appendString(dst, req.link(base, req.cursor))
	dst = append(dst, '}')
	if page.More && len(page.Records) > 0 {
		dst = append(dst, `,{"relation":"next","url":`...)
		dst = appendString(dst, req.link(base, page.Next.String()))
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	notes := append(append(req.notes, lagIssues(page.Lag)...), gapIssues(req.query.Type, page.Gaps)...)
	disputes, err := disputeIssues(page.Records, others)
	if err != nil {
		return nil, err
	}
	notes = append(notes, disputes...)
	entries := 0
	entry := func() {
		if entries++; entries == 1 {
			dst = append(dst, `,"entry":[`...)
			return
		}
		dst = append(dst, ',')
	}
	for i, list := range [][]Record{page.Records, others} {
		for _, rec := range list {
			entry()
			dst = append(dst, `{"fullUrl":`...)
			dst = appendString(dst, base+"/"+rec.Type+"/"+rec.ID)
			dst = append(dst, `,"resource":`...)
			at := len(dst)
			var err error
			if dst, err = appendResource(dst, rec); err != nil {
				return nil, err
			}
			if !req.subset.whole() {
				part, err := req.subset.cut(dst[at:])
				if err != nil {
					return nil, err
				}
				dst = append(dst[:at], part...)
			}
			dst = append(dst, `,"search":{"mode":"`+[...]string{"match", "include"}[i]+`"}}`...)
		}
	}
	if len(notes) > 0 {
		entry()
		// Every entry of a searchset has an identity; the same outcome has the same.
		body := outcome(notes...).Append(nil)
		dst = append(dst, `{"fullUrl":"urn:uuid:`+uuid.NewSHA1(uuid.NameSpaceURL, body).String()+`","resource":`...)
		dst = append(dst, body...)
		dst = append(dst, `,"search":{"mode":"outcome"}}`...)
	}
	if entries > 0 {
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

// link is the URL of a page.
func (r *request) link(base, after string) string {
	var b strings.Builder
	b.WriteString(base + "/" + r.path)
	sep := byte('?')
	add := func(name, value string) {
		b.WriteByte(sep)
		sep = '&'
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value))
	}
	for _, p := range r.used {
		add(p.name, p.value)
	}
	if r.count != "" {
		add("_count", r.count)
	}
	if after != "" {
		add("_cursor", after)
	}
	return b.String()
}

// lagIssues says what the result does not show yet.
func lagIssues(lag Lag) (out []issue) {
	if lag.Waiting {
		out = append(out, issue{severity: "warning", code: "incomplete", text: lag.String() +
			": resources can be missing, or those of an earlier version of the record"})
	}
	if lag.Absent > 0 {
		out = append(out, issue{severity: "warning", code: "not-found", text: fmt.Sprintf("of the patients that the search names %d are not known here: that nothing is found says nothing about them", lag.Absent)})
	}
	if lag.Outdated {
		out = append(out, issue{severity: "information", code: "incomplete", text: "the mappings have changed, and resources made by the earlier ones are still among those searched"})
	}
	return out
}

// gapIssues says what the record holds and the result cannot show, so that
// nobody takes an empty list for "none".
func gapIssues(typ string, gaps []Gap) []issue {
	if typ == "" {
		typ = "a resource"
	}
	var out []issue
	for _, g := range gaps {
		i := issue{severity: "warning"}
		where := ""
		if g.TemplateID != "" {
			where = " (template " + g.TemplateID + ")"
		}
		what := g.Archetype
		if what == "" {
			what = "content"
		}
		switch g.Code {
		case "unmapped":
			i.code = "not-supported"
			i.text = fmt.Sprintf("the record holds %d %s that this search cannot show as %s: %s%s", g.Count, what, typ, g.Message, where)
		case "absence":
			i.code = "informational"
			i.text = fmt.Sprintf("%s: %s%s", what, g.Message, where)
		default:
			i.code = "processing"
			i.text = fmt.Sprintf("%d %s could not be shown as %s safely: %s (%s)%s", g.Count, what, typ, g.Message, g.Code, where)
		}
		out = append(out, i)
	}
	return out
}
