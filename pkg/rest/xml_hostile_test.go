package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestHostileXML sends bodies that are made to do harm, or are merely wrong, to
// every kind of resource: each is refused with the line or the path.
func TestHostileXML(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil).status(http.StatusOK)
	resources := []struct {
		class, method, path string
		json                []byte
		lines               []string
	}{
		{"COMPOSITION", "POST", "/ehr/" + id + "/composition", composition(t), nil},
		{"EHR_STATUS", "PUT", "/ehr/" + id + "/ehr_status", status.body, []string{"If-Match: " + status.header.Get("ETag")}},
		{"EHR_STATUS", "POST", "/ehr", status.body, nil},
		{"FOLDER", "POST", "/ehr/" + id + "/directory", folder("root", `,"items":[]`), nil},
		{"PERSON", "POST", "/demographic/person", anyParty("PERSON", "X"), nil},
		{"ROLE", "POST", "/demographic/role", anyParty("ROLE", "X"), nil},
	}
	laughs := `<!DOCTYPE lolz [<!ENTITY lol "lol">`
	for i := range 9 {
		before := "lol"
		if i > 0 {
			before = fmt.Sprintf("lol%d", i)
		}
		laughs += fmt.Sprintf(`<!ENTITY lol%d "%s">`, i+1, strings.Repeat("&"+before+";", 10))
	}
	var many strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&many, ` a%d="x"`, i)
	}
	// replace cuts what stands before the root and changes it.
	tests := []struct {
		name   string
		change func(s string) string
		says   []string // of which one stands in the message or a problem
		status int
	}{
		{"billion laughs", prolog(laughs + "]>"), []string{"document type", "line 2"}, 400},
		{"external entity", prolog(`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`), []string{"line 2"}, 400},
		{"external document type", prolog(`<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">`), []string{"line 2"}, 400},
		{"undefined entity", first("<value>", "<value>&lol;"), []string{"line 2"}, 400},
		{"character that is none", first("<value>", "<value>&#0;"), []string{"line 2"}, 400},
		{"control character", first("<value>", "<value>\x01"), []string{"line 2"}, 400},
		{"not UTF-8", first("<value>", "<value>\xff\xfe"), []string{"line 2"}, 400},
		{"another encoding", first(`encoding="UTF-8"`, `encoding="UTF-16"`), []string{"UTF-16"}, 400},
		{"another version", first(`version="1.0"`, `version="2.0"`), []string{"version"}, 400},
		{"torn", func(s string) string { return s[:len(s)*2/3] }, []string{"line 2"}, 400},
		{"crossed", first("<name>", "<name><b>"), []string{"line 2"}, 400},
		{"two roots", func(s string) string { return s + "<x/>" }, []string{"second element", "line 3"}, 400},
		{"text after the root", func(s string) string { return s + "x" }, []string{"line 3"}, 400},
		{"mixed content", first("<name>", "<name>stray"), []string{"line 2"}, 400},
		{"mixed content behind", first("</name>", "stray</name>"), []string{"line 2"}, 400},
		{"namespace of the root", first(`xmlns="http://schemas.openehr.org/v1"`, `xmlns="http://www.w3.org/1999/xhtml"`), []string{"http://www.w3.org/1999/xhtml", "line 2"}, 400},
		{"namespace of the root alone", func(s string) string {
			open := strings.Index(s, "\n<") + 2
			end := open + strings.Index(s[open:], " ")
			tag := s[open:end]
			s = strings.Replace(s, "<"+tag+` xmlns="http://schemas.openehr.org/v1"`, `<f:`+tag+` xmlns:f="urn:foreign"`, 1)
			return strings.Replace(s, "</"+tag+">", "</f:"+tag+">", 1)
		}, []string{"urn:foreign"}, 400},
		{"namespace of an element", first("<name>", `<name xmlns="urn:foreign">`), []string{"/{urn:foreign}name"}, 400},
		{"namespace that is not declared", first("<name>", "<o:name>"), []string{"line 2"}, 400},
		{"xsi that is not declared", func(s string) string {
			return strings.Replace(s, ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`, "", 1)
		}, []string{"{xsi}type"}, 400},
		{"class that is none", root(`xsi:type="BANANA"`), []string{"/: xsi:type names no class"}, 400},
		{"class of another kind", root(`xsi:type="DV_TEXT"`), []string{"DV_TEXT"}, 400},
		{"class that is abstract", root(`xsi:type="LOCATABLE"`), []string{"LOCATABLE"}, 400},
		{"class that is primitive", root(`xsi:type="String"`), []string{"/: xsi:type names no class"}, 400},
		{"class with brackets", root(`xsi:type="DV_INTERVAL&lt;DV_INTERVAL&lt;DV_COUNT>>"`), []string{"DV_INTERVAL"}, 400},
		{"class twice", root(`xsi:type="DV_TEXT" xsi:type="$CLASS"`), []string{"twice", "line 2"}, 400},
		{"class of a member", first("<name>", `<name xsi:type="CLUSTER">`), []string{"/name: CLUSTER"}, 400},
		{"huge class", root(`xsi:type="` + strings.Repeat("A", 100_000) + `"`), []string{"/: xsi:type names no class"}, 400},
		{"attribute twice", first(" archetype_node_id=", ` archetype_node_id="x" archetype_node_id=`), []string{"line 2"}, 400},
		{"attribute and element", first("<name>", "<archetype_node_id>x</archetype_node_id><name>"), []string{"archetype_node_id"}, 400},
		{"many attributes", first("<name>", "<name"+many.String()+">"), []string{"no attribute"}, 400},
		{"attribute of a value", first("<value>", `<value x="1">`), []string{"/name/value/x"}, 400},
		{"unknown element", first("<name>", "<secret/><name>"), []string{"/secret"}, 400},
		{"script", first("<name>", "<script>alert(1)</script><name>"), []string{"/script"}, 400},
		{"processing inclusion", first("<name>", `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/><name>`), []string{"XInclude"}, 400},
		{"single value twice", first("<name>", "<name><value>x</value></name><name>"), []string{"line 2"}, 400},
		{"an object for a text", first("<value>", "<value><x/>"), []string{"/name/value"}, 400},
		{"deep", first("<name>", strings.Repeat("<name>", 100_000)), []string{"nest deeper"}, 413},
		{"wide", first("<name>", strings.Repeat("<links/>", 200_000)+"<name>"), []string{"more than"}, 413},
		{"nil of the root", root(`xsi:type="$CLASS" xsi:nil="true"`), []string{""}, 400},
		{"JSON", func(string) string { return `{"_type":"COMPOSITION"}` }, []string{"line 1"}, 400},
		{"form", func(string) string { return "a=b&c=d" }, []string{"line 1"}, 400},
		{"only a declaration", func(string) string { return `<?xml version="1.0"?>` }, []string{"no element"}, 400},
		{"only a comment", func(string) string { return `<!-- x -->` }, []string{"no element"}, 400},
	}
	for _, r := range resources {
		good := string(asXML(t, r.json, r.class))
		for _, tt := range tests {
			body := strings.ReplaceAll(tt.change(good), "$CLASS", r.class)
			if body == good {
				t.Fatalf("%s: nothing is changed", tt.name)
			}
			res := a.do(r.method, r.path, []byte(body), append([]string{"Content-Type: application/xml"}, r.lines...)...)
			if res.code != tt.status && !(tt.status == 400 && res.code == 422) {
				t.Errorf("%s %s, %s: %d %.300s", r.method, r.path, tt.name, res.code, res.body)
				continue
			}
			f := res.fault()
			told := f.Message + fmt.Sprint(f.ValidationErrors)
			found := false
			for _, s := range tt.says {
				found = found || strings.Contains(told, s)
			}
			if !found || len(told) > 20_000 {
				t.Errorf("%s %s, %s: %.500s", r.method, r.path, tt.name, told)
			}
		}
	}
}

// prolog puts something before the root.
func prolog(s string) func(string) string { return first("?>\n", "?>\n"+s) }

// first replaces the first occurrence.
func first(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

// root replaces the class of the root.
func root(to string) func(string) string {
	return func(s string) string {
		from := strings.Index(s, ` xsi:type="`) + 1
		end := from + strings.Index(s[from:], `" `) + 1
		if close := from + strings.Index(s[from:], `>`); close < end {
			end = close
		}
		return s[:from] + to + s[end:]
	}
}
