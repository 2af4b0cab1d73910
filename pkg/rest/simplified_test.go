package rest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

const (
	flatMedia       = "application/openehr.wt.flat+json"
	structuredMedia = "application/openehr.wt.structured+json"
)

// simple is a FLAT composition on the template of the tests.
const simple = `{"ctx/language":"en","ctx/territory":"GB","ctx/composer_name":"Dr Composer","ctx/time":"2026-03-01T10:15:00Z",
	"note/finding:0/mass|magnitude":70.50,"note/finding:0/mass|unit":"kg"}`

// TestCompositionThroughEveryFormat commits a composition in each format and
// reads it in all: the canonical JSON stays the same but for the uid.
func TestCompositionThroughEveryFormat(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	collection := "/ehr/" + a.newEHR() + "/composition"
	named := "openehr-template-id: " + templateID
	first := a.do("POST", collection, []byte(simple), "Content-Type: "+flatMedia, named).status(http.StatusCreated)
	canonical := func(uid string) string {
		body := a.do("GET", collection+"/"+uid, nil).status(http.StatusOK).body
		n, problems := rm.DecodeJSON(body, rm.ClassComposition, rm.JSONOptions{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return string(rm.AppendJSON(nil, n.With("uid")))
	}
	want := canonical(first.tag())
	for _, part := range []string{`"magnitude":70.50`, `"value":"2026-03-01T10:15:00Z"`, `"Dr Composer"`, `"openEHR-EHR-EVALUATION.cairn_finding.v1"`} {
		if !strings.Contains(want, part) {
			t.Errorf("no %s in %s", part, want)
		}
	}
	for _, media := range []string{"application/json", "application/xml", flatMedia, structuredMedia} {
		read := a.do("GET", collection+"/"+first.tag(), nil, "Accept: "+media).status(http.StatusOK).has("Content-Type", media).has("Vary", "Accept")
		written := a.do("POST", collection, read.body, "Content-Type: "+media, named, "Prefer: return=representation", "Accept: "+media).
			status(http.StatusCreated).has("Content-Type", media)
		if got := canonical(written.tag()); got != want {
			t.Errorf("%s: got %s, want %s", media, got, want)
		}
		if !bytes.Contains(written.body, []byte(written.tag())) {
			t.Errorf("%s: the representation lacks its uid: %s", media, written.body)
		}
	}
	path := collection + "/" + object(first.tag())
	changed := strings.Replace(simple, "70.50", "71", 1)
	res := a.do("PUT", path, []byte(changed), "Content-Type: "+flatMedia, named, `If-Match: "`+first.tag()+`"`,
		"Prefer: return=representation", "Accept: "+flatMedia).status(http.StatusOK)
	var members map[string]any
	if err := json.Unmarshal(res.body, &members); err != nil || members["note/finding/mass|magnitude"] != 71.0 {
		t.Errorf("%v: %s", err, res.body)
	}
}

func TestSimplifiedMediaTypes(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	collection := "/ehr/" + a.newEHR() + "/composition"
	named := "openEHR-TEMPLATE_ID: " + templateID
	res := a.do("POST", collection, []byte(simple), "Content-Type: application/openehr.wt.flat.schema+json", named).status(http.StatusCreated)
	a.do("POST", collection+"?templateId="+escape(templateID), []byte(simple), "Content-Type: "+flatMedia).status(http.StatusCreated)
	structured := a.do("GET", collection+"/"+res.tag(), nil, "Accept: application/openehr.wt.structured.schema+json").
		status(http.StatusOK).has("Content-Type", structuredMedia)
	a.do("POST", collection, structured.body, "Content-Type: application/openehr.wt.flat.structured+json", named).status(http.StatusCreated)
	a.do("GET", collection+"/"+res.tag(), nil, "Accept: application/openehr.wt+json").status(http.StatusNotAcceptable).fault()
}

func TestSimplifiedRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	collection := "/ehr/" + id + "/composition"
	named := "openehr-template-id: " + templateID
	post := func(body string, lines ...string) *result {
		return a.do("POST", collection, []byte(body), append([]string{"Content-Type: " + flatMedia}, lines...)...)
	}
	if f := post(simple).status(http.StatusBadRequest).fault(); !strings.Contains(f.Message, "openehr-template-id") {
		t.Errorf("message %q", f.Message)
	}
	post(simple, "openehr-template-id: another").status(http.StatusUnprocessableEntity).fault()
	post("{", named).status(http.StatusBadRequest).fault()
	f := post(strings.Replace(simple, "mass|unit", "mess|unit", 1), named).status(http.StatusBadRequest).fault()
	if len(f.Problems) != 1 || !strings.Contains(f.ValidationErrors[0], "note/finding/mess") {
		t.Errorf("%+v", f)
	}
	post(strings.Replace(simple, `"kg"`, `"m"`, 1), named).status(http.StatusUnprocessableEntity).fault()
	a.do("PUT", "/ehr/"+id+"/ehr_status", []byte("{}"), "Content-Type: "+flatMedia, named, `If-Match: "x"`).status(http.StatusUnsupportedMediaType).fault()

	// What has no place in a web template is sent as it is, and comes back.
	odd := composition(t, `"name": {"_type": "DV_TEXT", "value": "Tree"},`, `"name": {"_type": "DV_TEXT", "value": "Tree"}, "uid": {"_type": "HIER_OBJECT_ID", "value": "8a7f1a32-4a5a-4b8f-9d42-36d6c39f2c11"},`)
	res := a.do("POST", collection, odd, "Prefer: return=representation", "Accept: "+flatMedia).status(http.StatusCreated).has("Preference-Applied", "return=representation")
	const uid = "8a7f1a32-4a5a-4b8f-9d42-36d6c39f2c11"
	for _, media := range []string{flatMedia, structuredMedia} {
		got := a.do("GET", collection+"/"+res.tag(), nil, "Accept: "+media).status(http.StatusOK)
		if !strings.Contains(string(got.body), uid) {
			t.Errorf("%s: %s", media, got.body)
		}
		again := a.do("POST", collection, got.body, "Content-Type: "+media, named, "Prefer: return=representation").status(http.StatusCreated)
		if !strings.Contains(string(again.body), uid) {
			t.Errorf("%s: %s", media, again.body)
		}
	}
}
