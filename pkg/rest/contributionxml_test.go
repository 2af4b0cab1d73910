package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

var xmlRoot = regexp.MustCompile(`(?s)^(?:<\?xml.*?\?>\s*)?<(\w+)([^>]*)>(.*)</\w+>\s*$`)

// element is the XML of an object under another name, without the namespaces
// that its root declares: they are those of the document that it goes into.
func element(t testing.TB, name, class, json string) string {
	t.Helper()
	m := xmlRoot.FindStringSubmatch(string(asXML(t, []byte(json), class)))
	if m == nil {
		t.Fatal("no root")
	}
	attrs := regexp.MustCompile(`\s+xmlns(:\w+)?="[^"]*"`).ReplaceAllString(m[2], "")
	return "<" + name + attrs + ">" + m[3] + "</" + name + ">"
}

func contributionXML(members ...string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<contribution xmlns="http://schemas.openehr.org/v1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + "\n" +
		strings.Join(members, "\n") + "\n</contribution>")
}

func TestContributionInXML(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/contribution"
	v1 := a.create(id, composition(t))
	audit := element(t, "audit", "AUDIT_DETAILS", `{"_type":"AUDIT_DETAILS","system_id":"`+systemID+`","time_committed":{"value":"2001-01-01T00:00:00Z"},"change_type":`+
		codedText("251")+`,"description":{"_type":"DV_TEXT","value":"in XML"},"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr XML"}}`)
	ours := func(uid, preceding string) string {
		s := strings.ReplaceAll(original(uid, preceding, "532", composition(t, "70.50", "74.00")), `"system_id":"elsewhere"`, `"system_id":"`+systemID+`"`)
		return strings.ReplaceAll(s, "Dr Else", "Dr XML")
	}
	imported := uuid.NewString() + "::elsewhere::1"
	fresh := uuid.NewString()
	next := strings.Replace(ours(tree(v1, "2"), v1), `"change_type":`+codedText("249"), `"change_type":`+codedText("251"), 1)
	res := a.do("POST", path, contributionXML(
		"<uid><value>"+fresh+"</value></uid>",
		element(t, "versions", "ORIGINAL_VERSION", next),
		"<!-- between -->",
		element(t, "versions", "IMPORTED_VERSION", `{"_type":"IMPORTED_VERSION","contribution":{"_type":"OBJECT_REF","id":{"_type":"HIER_OBJECT_ID","value":"`+fresh+
			`"},"namespace":"local","type":"CONTRIBUTION"},"commit_audit":{"_type":"AUDIT_DETAILS","system_id":"`+systemID+`","time_committed":{"value":"2001-01-01T00:00:00Z"},"change_type":`+
			codedText("249")+`,"committer":{"_type":"PARTY_IDENTIFIED","name":"Dr XML"}},"item":`+original(imported, "", "532", composition(t))+`}`),
		audit), "Content-Type: application/xml", "Accept: application/xml", "Prefer: return=representation").status(http.StatusCreated)
	n := res.xmlTree("CONTRIBUTION")
	if diff := cmp.Diff([]string{fresh, "in XML", "Dr XML"}, paths(n, "uid/value", "audit/description/value", "audit/committer/name")); diff != "" {
		t.Error(diff)
	}
	if len(n.List("versions")) != 2 {
		t.Errorf("%d versions", len(n.List("versions")))
	}
	n = a.version(id, tree(v1, "2"), "ORIGINAL_VERSION")
	if diff := cmp.Diff([]string{v1, "their signature", "modification"}, paths(n, "preceding_version_uid/value", "signature", "commit_audit/change_type/value")); diff != "" {
		t.Error(diff)
	}
	if got := a.version(id, imported, "IMPORTED_VERSION").String("item", "commit_audit", "committer", "name"); got != "Dr Else" {
		t.Errorf("committer of the item: %s", got)
	}

	for name, test := range map[string]struct {
		body []byte
		says string
	}{
		"not XML":         {[]byte(`{"versions":[]}`), "contribution"},
		"other root":      {[]byte(`<composition/>`), "root element"},
		"torn":            {[]byte(`<contribution><versions>`), "contribution"},
		"unknown element": {contributionXML("<secret/>"), `secret`},
		"text":            {contributionXML("stray"), "text"},
		"document type":   {[]byte(`<!DOCTYPE x [<!ENTITY y "z">]><contribution/>`), "document type"},
		"two audits":      {contributionXML(audit, audit), "twice"},
		"bad version":     {contributionXML(`<versions><nonsense/></versions>`), "/versions[0]"},
		"bad class":       {contributionXML(`<versions xsi:type="COMPOSITION"/>`), "versions[0]._type must be"},
		"no data":         {contributionXML(`<versions><lifecycle_state><value>complete</value><defining_code><terminology_id><value>openehr</value></terminology_id><code_string>532</code_string></defining_code></lifecycle_state></versions>`), "versions[0].data is missing"},
	} {
		f := a.do("POST", path, test.body, "Content-Type: application/xml").status(http.StatusBadRequest).fault()
		if !strings.Contains(f.Message, test.says) && !strings.Contains(fmt.Sprint(f.ValidationErrors), test.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestContributionOfUpdateClasses commits what the API calls UPDATE_VERSION,
// UPDATE_AUDIT and UPDATE_ATTESTATION in XML, in the forms of either namespace,
// and reads it back.
func TestContributionOfUpdateClasses(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/contribution"
	v1 := a.create(id, composition(t))
	data := func(json []byte, class string) string { return element(t, "data", class, string(json)) }
	code := func(name, code string) string {
		return "<" + name + "><terminology_id>openehr</terminology_id><code_string>" + code + "</code_string></" + name + ">"
	}
	// As the published example has it, neither DV_CODED_TEXT nor TERMINOLOGY_CODE.
	mixed := func(name, code string) string {
		return "<" + name + "><value>?</value><defining_code><terminology_id>openehr</terminology_id><code_string>" + code + "</code_string></defining_code></" + name + ">"
	}
	committer := element(t, "committer", "PARTY_IDENTIFIED", `{"_type":"PARTY_IDENTIFIED","name":"Dr Update"}`)
	attestation := `<attestations xsi:type="UPDATE_ATTESTATION">` + code("change_type", "666") + committer +
		`<reason>witnessed</reason><is_pending>false</is_pending><proof>-----BEGIN &amp; PGP
 </proof></attestations>`
	changed := strings.Replace(string(composition(t, "70.50", "71.00")), `"Dr Composer"`, `"Dr \"X\" <y> ☃"`, 1)
	for _, namespace := range []string{rm.NamespaceV1, rm.NamespaceV2, ""} {
		t.Run("namespace "+namespace, func(t *testing.T) {
			root := `<contribution xmlns="` + namespace + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:o="` + rm.NamespaceV1 + `" xsi:type="o:UPDATE_CONTRIBUTION">`
			body := root + `
<versions xsi:type="o:UPDATE_VERSION">` + code("lifecycle_state", "532") + attestation + `<signature> their signature
</signature>` + data(composition(t), "COMPOSITION") + `<commit_audit xsi:type="o:UPDATE_AUDIT">` + mixed("change_type", "249") + committer + `</commit_audit></versions>
<audit xsi:type="UPDATE_AUDIT">` + code("change_type", "251") + `<description>as they say</description>` + committer + `</audit>
<versions>` + mixed("lifecycle_state", "553") + `<preceding_version_uid>` + v1 + `</preceding_version_uid>` + data([]byte(changed), "COMPOSITION") +
				`<commit_audit>` + element(t, "change_type", "DV_CODED_TEXT", codedText("251")) + committer + `</commit_audit></versions>
<versions>` + code("lifecycle_state", "532") + data(folder("root"), "FOLDER") + `<commit_audit>` + code("change_type", "249") + committer + `</commit_audit></versions>
</contribution>`
			if namespace != rm.NamespaceV1 { // one directory at a time, one change of the version
				from := strings.Index(body, "<versions>")
				body = body[:from] + "</contribution>"
			}
			res := a.do("POST", path, []byte(body), "Content-Type: application/xml", "Accept: application/xml", "Prefer: return=representation").status(http.StatusCreated)
			n := res.xmlTree("CONTRIBUTION")
			if diff := cmp.Diff([]string{"as they say", "Dr Update"}, paths(n, "audit/description/value", "audit/committer/name")); diff != "" {
				t.Error(diff)
			}
			for _, ref := range n.List("versions") {
				uid := ref.String("id", "value")
				if ref.String("type") == "FOLDER" {
					got := a.do("GET", "/ehr/"+id+"/directory/"+uid, nil, "Accept: application/xml").status(http.StatusOK).xmlTree("FOLDER")
					if got.String("name", "value") != "root" {
						t.Errorf("directory %v", got)
					}
					continue
				}
				got := a.do("GET", "/ehr/"+id+"/versioned_composition/"+object(uid)+"/version/"+uid, nil, "Accept: application/xml").status(http.StatusOK).xmlTree("ORIGINAL_VERSION")
				want := []string{"complete", " their signature\n", "witnessed", "false", "-----BEGIN & PGP\n ", "creation", "Dr Composer", ""}
				if object(uid) == object(v1) {
					want = []string{"incomplete", "", "", "", "", "modification", `Dr "X" <y> ☃`, v1}
				}
				if diff := cmp.Diff(want, paths(got, "lifecycle_state/value", "signature", "attestations/reason/value", "attestations/is_pending", "attestations/proof",
					"commit_audit/change_type/value", "data/composer/name", "preceding_version_uid/value")); diff != "" {
					t.Errorf("%s: %s", uid, diff)
				}
			}
		})
	}
	// The names are those of JSON as well.
	a.do("POST", path, []byte(strings.Replace(string(set("249", change(terminologyCode("249"), terminologyCode("532"), "", composition(t), `,"_type":"UPDATE_VERSION"`))),
		`{"audit":{`, `{"_type":"UPDATE_CONTRIBUTION","audit":{"_type":"UPDATE_AUDIT",`, 1))).status(http.StatusCreated)

	version := func(parts ...string) []byte {
		return contributionXML("<versions>" + strings.Join(parts, "\n") + "</versions>")
	}
	good := []string{code("lifecycle_state", "532"), "<commit_audit>" + code("change_type", "249") + committer + "</commit_audit>"}
	for name, test := range map[string]struct {
		body []byte
		says string
	}{
		"unknown code":            {version(code("lifecycle_state", "532x")), "versions[0].lifecycle_state.code_string"},
		"two codes":               {version("<lifecycle_state><terminology_id>openehr</terminology_id><code_string>1</code_string><code_string>2</code_string></lifecycle_state>"), "versions[0].lifecycle_state: one code_string is expected (line 3)"},
		"more in a code":          {version("", "<lifecycle_state><terminology_id>openehr</terminology_id><code_string>532</code_string><x/></lifecycle_state>"), `versions[0].lifecycle_state: the element "x" is not known (line 4)`},
		"other terminology":       {version(strings.Replace(code("lifecycle_state", "532"), "openehr", "local", 1)), "openehr terminology"},
		"no code":                 {version("<lifecycle_state/>"), "versions[0].lifecycle_state.code_string must be"},
		"no Boolean":              {version("<attestations>\n<is_pending>maybe</is_pending></attestations>"), "versions[0].attestations[0].is_pending: true or false is expected (line 4)"},
		"elements in a signature": {version("<signature><x/></signature>"), "versions[0].signature: a plain value is expected"},
		"text in a version":       {version("hello"), "versions[0]: text stands"},
		"text in an audit":        {contributionXML("<audit>hello</audit>"), "audit: text stands"},
		"foreign element":         {contributionXML(`<f:versions xmlns:f="http://example.org"/>`), "{http://example.org}versions"},
		"foreign root":            {[]byte(`<contribution xmlns="http://example.org"/>`), "root element"},
		"wrong root class":        {[]byte(`<contribution xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="COMPOSITION"/>`), "root element"},
		"attribute of the root":   {[]byte(`<contribution uid="x"/>`), `attribute "uid"`},
		"attribute of a version":  {contributionXML(`<versions archetype_node_id="x"/>`), `versions[0]: the attribute "archetype_node_id"`},
		"two roots":               {[]byte(`<contribution/><contribution/>`), "one contribution"},
		"a reference":             {contributionXML(`<versions><id><value>x</value></id></versions>`), `versions[0]: the element "id"`},
		"class twice":             {contributionXML(`<audit xsi:type="UPDATE_AUDIT" xsi:type="UPDATE_AUDIT"/>`), "audit: xsi:type is given twice"},
		"wrong audit class":       {contributionXML(`<audit xsi:type="UPDATE_VERSION"/>`), "audit._type must be"},
		"wrong data":              {version(append(good, `<data xsi:type="DV_TEXT"><value>x</value></data>`)...), "versions[0].data is not a valid LOCATABLE (line 5)"},
		"data without a class":    {version(append(good, `<data><name><value>x</value></name></data>`)...), "versions[0].data is not a valid LOCATABLE (line 5)"},
		"data that is torn":       {version(append(good, `<data><name></data>`)...), "line 5"},
		"an entity":               {version(append(good, `<signature>&lol;</signature>`)...), "line 5"},
		"nothing":                 {[]byte("<!-- nothing -->"), "no element"},
	} {
		f := a.do("POST", path, test.body, "Content-Type: application/xml").status(http.StatusBadRequest).fault()
		if !strings.Contains(f.Message, test.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	deep := contributionXML("<versions><data>" + strings.Repeat("<folders>", 300) + strings.Repeat("</folders>", 300) + "</data></versions>")
	a.do("POST", path, deep, "Content-Type: application/xml").status(http.StatusRequestEntityTooLarge).fault()
}

func FuzzContributionXML(f *testing.F) {
	h := handler(f, func(c *rest.Config) { c.Records, c.Queries = broken{}, &queries{} })
	id := uuid.NewString()
	f.Add([]byte(`<contribution xmlns="http://schemas.openehr.org/v1" xmlns:x="y"><versions x:type="ORIGINAL_VERSION"><data/></versions><audit/></contribution>`))
	f.Add(contributionXML("<uid><value>x</value></uid>", "<versions/>"))
	f.Add(contributionXML(`<uid>x</uid><versions xsi:type="UPDATE_VERSION"><lifecycle_state><terminology_id>openehr</terminology_id><code_string>532</code_string></lifecycle_state></versions>`,
		`<audit xsi:type="UPDATE_AUDIT"><description>x</description></audit>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", base+"/ehr/"+id+"/contribution", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/xml")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestReferencesResolved(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	path := "/ehr/" + id + "/contribution"
	const prefer = "Prefer: return=representation, resolve_refs"
	v1 := a.create(id, composition(t))
	gone := a.create(id, composition(t))
	item := func(class, uid string) string {
		return `{"_type":"OBJECT_REF","id":{"_type":"` + class + `","value":"` + uid + `"},"namespace":"local","type":"COMPOSITION"}`
	}
	lost := item("HIER_OBJECT_ID", uuid.NewString())
	dir := folder("root", `,"items":[`+item("HIER_OBJECT_ID", object(v1))+`,`+lost+`,`+strings.Replace(item("HIER_OBJECT_ID", object(v1)), `"local"`, `"other"`, 1)+`]`,
		`,"folders":[{"_type":"FOLDER","name":{"value":"sub"},"archetype_node_id":"openEHR-EHR-FOLDER.generic.v1","items":[`+item("OBJECT_VERSION_ID", v1)+`,`+item("HIER_OBJECT_ID", object(gone))+`]}]`)
	res := a.do("POST", path, set("251",
		change(codedText("523"), codedText("523"), gone, nil),
		change(codedText("249"), codedText("532"), "", dir)), prefer).status(http.StatusCreated).has("Preference-Applied", "return=representation, resolve_refs")
	type versioned struct {
		Type string `json:"_type"`
		UID  struct{ Value string }
		Data *struct {
			Type string `json:"_type"`
		}
	}
	var set struct {
		UID      struct{ Value string }
		Versions []versioned
		Audit    struct{ Committer struct{ Name string } }
	}
	res.json(&set)
	classes := map[string]string{}
	for _, v := range set.Versions {
		classes[v.Type+" "+v.UID.Value[len(v.UID.Value)-1:]] = ""
		if v.Data != nil {
			classes[v.Type+" "+v.UID.Value[len(v.UID.Value)-1:]] = v.Data.Type
		}
	}
	if diff := cmp.Diff(map[string]string{"ORIGINAL_VERSION 1": "FOLDER", "ORIGINAL_VERSION 2": ""}, classes); diff != "" || set.Audit.Committer.Name != "Dr Set" {
		t.Error(diff, string(res.body))
	}
	again := a.do("GET", path+"/"+res.tag(), nil, "Prefer: resolve_refs", "If-None-Match: "+res.header.Get("ETag")).status(http.StatusOK).has("Preference-Applied", "resolve_refs")
	if string(again.body) != string(res.body) {
		t.Errorf("%s", again.body)
	}
	// XML has no place for it.
	a.do("GET", path+"/"+res.tag(), nil, "Prefer: resolve_refs", "Accept: application/xml").status(http.StatusOK).has("Preference-Applied", "").xmlTree("CONTRIBUTION")

	type entry struct {
		Type string `json:"_type"`
		UID  struct{ Value string }
	}
	var root struct {
		Type    string `json:"_type"`
		Items   []entry
		Folders []struct{ Items []entry }
	}
	plain := a.do("GET", "/ehr/"+id+"/directory", nil).status(http.StatusOK)
	plain.tree("FOLDER")
	a.do("GET", "/ehr/"+id+"/directory", nil, "Prefer: resolve_refs", "If-None-Match: "+plain.header.Get("ETag")).status(http.StatusOK).json(&root)
	var got []string
	for _, e := range append(root.Items, root.Folders[0].Items...) {
		got = append(got, e.Type+" "+e.UID.Value)
	}
	if diff := cmp.Diff([]string{"COMPOSITION " + v1, "OBJECT_REF ", "OBJECT_REF ", "COMPOSITION " + v1, "OBJECT_REF "}, got); diff != "" || root.Type != "FOLDER" {
		t.Error(diff)
	}
	// A write of the directory may be answered so, too.
	body := strings.Replace(string(plain.body), "root", "root 2", 1)
	res = a.do("PUT", "/ehr/"+id+"/directory", []byte(body), `If-Match: "`+plain.tag()+`"`, prefer).status(http.StatusOK).has("Preference-Applied", "return=representation, resolve_refs")
	res.json(&root)
	if root.Items[0].Type != "COMPOSITION" {
		t.Errorf("%s", res.body)
	}
	n, problems := rm.DecodeJSON(a.do("GET", "/ehr/"+id+"/directory", nil).body, rm.ClassFolder, rm.JSONOptions{})
	if n == nil || rm.HasErrors(problems) || len(n.List("items")) != 3 {
		t.Errorf("what is stored are references: %v", problems)
	}
}
