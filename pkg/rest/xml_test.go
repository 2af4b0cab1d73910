package rest_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// asXML is the XML of an object given as canonical JSON.
func asXML(t testing.TB, json []byte, class string) []byte {
	t.Helper()
	n, problems := rm.DecodeJSON(json, rm.Lookup(class), rm.JSONOptions{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	data, err := rm.AppendXML(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// xml decodes an XML body.
func (r *result) xml(class string) *rm.Node {
	r.t.Helper()
	r.has("Content-Type", "application/xml")
	n, problems := rm.DecodeXML(r.body, rm.Lookup(class), rm.XMLOptions{})
	if len(problems) > 0 {
		r.t.Fatalf("%v: %s", problems, r.body)
	}
	return n
}

// TestCompositionInXML commits in one format and reads in the other: the
// canonical JSON is the same whichever came in.
func TestCompositionInXML(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	collection := "/ehr/" + id + "/composition"
	source := composition(t)

	res := a.do("POST", collection, asXML(t, source, "COMPOSITION"), "Content-Type: text/xml; charset=utf-8", "Accept: application/xml",
		"Prefer: return=representation").status(http.StatusCreated).has("Preference-Applied", "return=representation")
	if got := res.xml("COMPOSITION").String("uid", "value"); got != res.tag() {
		t.Errorf("uid %q, tag %q", got, res.tag())
	}
	path := collection + "/" + res.tag()
	asJSON := a.do("GET", path, nil).status(http.StatusOK).has("Vary", "Accept")
	want, _ := rm.DecodeJSON(source, rm.ClassComposition, rm.JSONOptions{})
	got, _ := rm.DecodeJSON(asJSON.body, rm.ClassComposition, rm.JSONOptions{})
	if w, g := rm.AppendJSON(nil, want), rm.AppendJSON(nil, got.With("uid")); !bytes.Equal(w, g) {
		t.Errorf("committed %s, read %s", w, g)
	}
	again := a.do("GET", path, nil, "Accept: application/xml").status(http.StatusOK).has("ETag", res.header.Get("ETag")).has("Vary", "Accept")
	if !bytes.Equal(again.body, res.body) {
		t.Errorf("got %s, want %s", again.body, res.body)
	}
	if n := again.xml("COMPOSITION"); !bytes.Equal(rm.AppendJSON(nil, n), asJSON.body) {
		t.Errorf("XML %s, JSON %s", again.body, asJSON.body)
	}
	if !bytes.Contains(again.body, []byte("<magnitude>70.50</magnitude>")) {
		t.Errorf("the number is not as committed: %s", again.body)
	}
	head := a.do("HEAD", path, nil, "Accept: application/xml").status(http.StatusOK).has("Content-Type", "application/xml").empty()
	head.has("Content-Length", again.header.Get("Content-Length"))
	a.do("GET", path, nil, "Accept: application/xml", "If-None-Match: "+res.header.Get("ETag")).status(http.StatusNotModified).empty()

	updated := bytes.Replace(again.body, []byte("70.50"), []byte("71.5"), 1)
	res = a.do("PUT", collection+"/"+object(res.tag()), updated, "Content-Type: application/xml", `If-Match: "`+res.tag()+`"`,
		"Accept: application/json", "Prefer: return=representation").status(http.StatusOK)
	if !bytes.Contains(res.body, []byte(`"magnitude":71.5`)) {
		t.Errorf("updated %s", res.body)
	}
}

// TestXMLRefused is about bodies that are refused, with the place and the code.
func TestXMLRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	collection := "/ehr/" + a.newEHR() + "/composition"
	good := string(asXML(t, composition(t), "COMPOSITION"))
	tests := []struct {
		name, from, to, code, path string
		status                     int
	}{
		{"not well-formed", "</composition>", "", "xml.syntax", "/", http.StatusBadRequest},
		{"a number that is none", "70.50", "much", "rm.value.kind", "/content[0]/data/items[0]/value/magnitude", http.StatusBadRequest},
		{"a class that is none", `xsi:type="DV_QUANTITY"`, `xsi:type="DV_QUANTUM"`, "rm.type.unknown", "/content[0]/data/items[0]/value", http.StatusBadRequest},
		{"an element that is unknown", "<magnitude>", "<x/><magnitude>", "rm.attribute.unknown", "/content[0]/data/items[0]/value/x", http.StatusBadRequest},
		{"another unit than the template's", "<units>kg</units>", "<units>m</units>", "", "", http.StatusUnprocessableEntity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(good, tt.from) {
				t.Fatal("nothing to replace")
			}
			f := a.do("POST", collection, []byte(strings.ReplaceAll(good, tt.from, tt.to)), "Content-Type: application/xml").status(tt.status).fault()
			if len(f.Problems) == 0 {
				t.Fatalf("no problems: %+v", f)
			}
			p, _ := f.Problems[0].(map[string]any)
			if tt.code != "" && (p["code"] != tt.code || p["rm_path"] != tt.path) {
				t.Errorf("%+v", p)
			}
		})
	}
	deep := strings.Repeat("<folders>", 400) + strings.Repeat("</folders>", 400)
	a.do("POST", collection, []byte(deep), "Content-Type: application/xml").status(http.StatusRequestEntityTooLarge).fault()
	a.do("POST", collection, []byte(" "), "Content-Type: application/xml").status(http.StatusBadRequest).fault()
	// Incomplete content may lack what is mandatory, in XML as in JSON.
	lacking := strings.ReplaceAll(good, "<composer xsi:type=\"PARTY_IDENTIFIED\"><name>Dr Composer</name></composer>", "")
	a.do("POST", collection, []byte(lacking), "Content-Type: application/xml").status(http.StatusBadRequest).fault()
	a.do("POST", collection, []byte(lacking), "Content-Type: application/xml",
		`openehr-version: lifecycle_state.code_string="553"`).status(http.StatusCreated)
}

// TestTextThatXMLCannotExpress commits a control character, which JSON has and
// XML has not.
func TestTextThatXMLCannotExpress(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	collection := "/ehr/" + a.newEHR() + "/composition"
	body := composition(t, "Dr Composer", `Dr\u0001Composer`)
	res := a.do("POST", collection, body, "Accept: application/xml", "Prefer: return=representation").
		status(http.StatusCreated).has("Preference-Applied", "return=minimal").empty()
	f := a.do("GET", collection+"/"+res.tag(), nil, "Accept: application/xml").status(http.StatusNotAcceptable).fault()
	if !strings.Contains(f.Message, "/composer/name: ") || strings.Contains(f.Message, "Dr") {
		t.Errorf("message %q", f.Message)
	}
	a.do("GET", collection+"/"+res.tag(), nil).status(http.StatusOK)
}

func TestEHRInXML(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	status := `<o:ehr_status xmlns:o="http://schemas.openehr.org/v2" archetype_node_id="openEHR-EHR-EHR_STATUS.generic.v1">
		<o:name><o:value>Status</o:value></o:name>
		<o:archetype_details><o:archetype_id><o:value>openEHR-EHR-EHR_STATUS.generic.v1</o:value></o:archetype_id><o:rm_version>1.1.0</o:rm_version></o:archetype_details>
		<o:subject/><o:is_queryable>1</o:is_queryable><o:is_modifiable>true</o:is_modifiable></o:ehr_status>`
	res := a.do("POST", "/ehr", []byte(status), "Content-Type: application/xml", "Accept: application/xml", "Prefer: return=representation").status(http.StatusCreated)
	id := res.tag()
	if got := res.xml("EHR").String("ehr_id", "value"); got != id {
		t.Errorf("ehr_id %q, tag %q", got, id)
	}
	if got := a.do("GET", "/ehr/"+id, nil, "Accept: application/xml").status(http.StatusOK); !bytes.Equal(got.body, res.body) {
		t.Errorf("got %s, want %s", got.body, res.body)
	}
	path := "/ehr/" + id + "/ehr_status"
	read := a.do("GET", path, nil, "Accept: application/xml").status(http.StatusOK)
	n := read.xml("EHR_STATUS")
	if n.String("name", "value") != "Status" || n.String("is_queryable") != "true" {
		t.Errorf("%s", read.body)
	}
	changed := bytes.Replace(read.body, []byte("<is_modifiable>true"), []byte("<is_modifiable>false"), 1)
	res = a.do("PUT", path, changed, "Content-Type: application/xml", "If-Match: "+read.header.Get("ETag"), "Accept: application/xml",
		"Prefer: return=representation").status(http.StatusOK)
	if res.xml("EHR_STATUS").String("is_modifiable") != "false" {
		t.Errorf("%s", res.body)
	}
	a.do("GET", path+"/"+res.tag(), nil, "Accept: application/xml").status(http.StatusOK).xml("EHR_STATUS")
	a.do("POST", "/ehr", []byte("<ehr_status/>"), "Content-Type: application/xml").status(http.StatusBadRequest).fault()
	a.do("POST", "/ehr", asXML(t, composition(t), "COMPOSITION"), "Content-Type: application/xml").status(http.StatusBadRequest).fault()
}
