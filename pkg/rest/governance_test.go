package rest_test

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// governed is an API that stores compatible templates as new revisions, and may
// delete them.
func governed(t *testing.T) *api {
	t.Helper()
	a := newAPI(t)
	records, err := ehr.New(ehr.Config{Store: a.db, Decision: ehr.AllowAll{}, SystemID: systemID, TemplateUpdates: ehr.CompatibleUpdates})
	if err != nil {
		t.Fatal(err)
	}
	a.handler = handler(t, func(c *rest.Config) { c.Records, c.Queries, c.EraseAllEHRs = records, a.queries, true })
	return a
}

const (
	uploads  = "/definition/template/adl1.4"
	optMedia = "Content-Type: application/xml"
)

// TestTemplateRefused: the default is that of ITS-REST; the answer says what the
// template would change.
func TestTemplateRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	opt := a.do("GET", uploads+"/"+escape(templateID), nil, "Accept: application/xml").status(http.StatusOK).body
	f := a.do("POST", uploads, opt, optMedia).status(http.StatusConflict).fault()
	if f.Code != ehr.CodeTemplateExists || len(f.Problems) != 0 || !strings.Contains(f.Message, "the same") {
		t.Errorf("%+v", f)
	}
	narrowed := strings.ReplaceAll(string(opt), "<units>kg</units>", "<units>g</units>")
	f = a.do("POST", uploads, []byte(narrowed), optMedia).status(http.StatusConflict).fault()
	if f.Code != ehr.CodeTemplateExists || len(f.Problems) == 0 || len(f.ValidationErrors) == 0 {
		t.Fatalf("%+v", f)
	}
	change, _ := f.Problems[0].(map[string]any)
	if change["kind"] != "units" || change["breaking"] != true || change["template_path"] == "" || change["old"] == change["new"] || change["reason"] == "" {
		t.Errorf("%+v", change)
	}
}

func TestTemplateRevisions(t *testing.T) {
	t.Parallel()
	a := governed(t)
	path := uploads + "/" + escape(templateID)
	first := a.do("GET", path, nil, "Accept: application/xml").status(http.StatusOK)
	opt := string(first.body)
	collection := "/ehr/" + a.newEHR() + "/composition"
	named := "openehr-template-id: " + templateID
	old := a.do("POST", collection, []byte(simple), "Content-Type: "+flatMedia, named).status(http.StatusCreated)

	a.do("POST", uploads, []byte(opt), optMedia).status(http.StatusOK).has("ETag", first.header.Get("ETag"))
	var uid map[string]string
	a.do("POST", uploads, []byte(opt), optMedia, "Prefer: return=identifier", "Accept: application/json").status(http.StatusOK).json(&uid)
	if uid["uid"] != templateID {
		t.Errorf("%v", uid)
	}

	// Another wording changes the ids of the simplified formats: each composition
	// is read by those that it was written with.
	reworded := strings.ReplaceAll(opt, ">Mass<", ">Weight<")
	res := a.do("POST", uploads, []byte(reworded), optMedia).status(http.StatusCreated)
	if tag := res.header.Get("ETag"); tag == first.header.Get("ETag") {
		t.Errorf("two revisions have the tag %s", tag)
	}
	weight := strings.ReplaceAll(simple, "/mass|", "/weight|")
	a.do("POST", collection, []byte(simple), "Content-Type: "+flatMedia, named).status(http.StatusBadRequest)
	young := a.do("POST", collection, []byte(weight), "Content-Type: "+flatMedia, named).status(http.StatusCreated)
	for key, uid := range map[string]string{"note/finding/mass|unit": old.tag(), "note/finding/weight|unit": young.tag()} {
		if body := a.do("GET", collection+"/"+uid, nil, "Accept: "+flatMedia).status(http.StatusOK).body; !strings.Contains(string(body), `"`+key+`":"kg"`) {
			t.Errorf("no %s in %s", key, body)
		}
	}

	for query, want := range map[string]string{"": reworded, "?revision=2": reworded, "?revision=1": opt} {
		if got := a.do("GET", path+query, nil, "Accept: application/xml").status(http.StatusOK).body; string(got) != want {
			t.Errorf("%q is another revision", query)
		}
		web := string(a.do("GET", path+query, nil, "Accept: application/openehr.wt+json").status(http.StatusOK).body)
		if strings.Contains(web, `"weight"`) != (want == reworded) {
			t.Errorf("the web template of %q is that of another revision", query)
		}
		example := string(a.do("GET", path+"/example"+query, nil).status(http.StatusOK).body)
		if strings.Contains(example, `"Weight"`) != (want == reworded) {
			t.Errorf("the example of %q is that of another revision", query)
		}
	}
	a.do("GET", path+"?revision=3", nil).status(http.StatusNotFound).fault()
	for _, bad := range []string{"?revision=0", "?revision=x", "?revision=1&revision=2", "?revision="} {
		a.do("GET", path+bad, nil).status(http.StatusBadRequest).fault()
		a.do("GET", path+"/example"+bad, nil).status(http.StatusBadRequest).fault()
	}
	var list []struct {
		TemplateID string `json:"template_id"`
		Revision   int
		Versions   int
	}
	a.do("GET", path+"/revision", nil).status(http.StatusOK).json(&list)
	if len(list) != 2 || list[0].Revision != 1 || list[0].Versions != 1 || list[1].Revision != 2 || list[1].Versions != 1 || list[0].TemplateID != templateID {
		t.Errorf("%+v", list)
	}
	a.do("GET", uploads+"/unknown/revision", nil).status(http.StatusNotFound).fault()
	var all []any
	a.do("GET", uploads, nil).status(http.StatusOK).json(&all)
	if len(all) != 1 {
		t.Errorf("a list of %d templates", len(all))
	}

	f := a.do("POST", uploads, []byte(strings.ReplaceAll(reworded, "<units>kg</units>", "<units>g</units>")), optMedia).status(http.StatusConflict).fault()
	if f.Code != ehr.CodeTemplateBreaking || len(f.Problems) == 0 {
		t.Errorf("%+v", f)
	}
	f = a.do("DELETE", "/admin/template/"+escape(templateID), nil).status(http.StatusConflict).fault()
	if f.Code != ehr.CodeTemplateInUse || !strings.Contains(f.Message, "2 versions") {
		t.Errorf("%+v", f)
	}
}

const adl2 = `operational_template (adl_version=2.0.6; rm_release=1.1.0; uid=3c0d)
	openEHR-EHR-COMPOSITION.t_visit.v1.2.0
specialize
	openEHR-EHR-COMPOSITION.encounter.v1.0.0
language
	original_language = <[ISO_639-1::en]>
description
	lifecycle_state = <"published">
definition
	COMPOSITION[id1.1]
terminology
	term_definitions = <["en"] = <["id1.1"] = <text = <"Visit"> description = <"A visit.">>>>
`

func TestADL2(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const path, id = "/definition/template/adl2", "openEHR-EHR-COMPOSITION.t_visit.v1.2.0"
	asText := "Content-Type: text/plain; charset=utf-8"
	res := a.do("POST", path, []byte(adl2), asText, "Prefer: return=representation").status(http.StatusCreated)
	res.has("Location", origin+base+path+"/"+id).has("Content-Type", "text/plain").has("ETag", `W/"3c0d"`)
	if string(res.body) != adl2 {
		t.Errorf("the representation is %q", res.body)
	}
	f := a.do("POST", path, []byte(adl2), asText).status(http.StatusConflict).fault()
	if !strings.Contains(f.Message, "exists already") {
		t.Errorf("%+v", f)
	}
	later := strings.Replace(adl2, "v1.2.0", "v1.3.0", 1)
	a.do("POST", path+"?version=1.2.0", []byte(later), asText).status(http.StatusBadRequest).fault()
	var meta map[string]string
	a.do("POST", path+"?version=1.3.0", []byte(later), asText, "Prefer: return=representation", "Accept: application/json").status(http.StatusCreated).json(&meta)
	delete(meta, "created_timestamp")
	if diff := cmp.Diff(map[string]string{
		"template_id": "openEHR-EHR-COMPOSITION.t_visit.v1.3.0", "concept": "Visit", "archetype_id": "openEHR-EHR-COMPOSITION.encounter.v1.0.0",
		"version": "1.3.0", "language": "en", "lifecycle_state": "published", "uid": "3c0d",
	}, meta); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "archetype nonsense", strings.Replace(adl2, "operational_template", "template", 1)} {
		a.do("POST", path, []byte(bad), asText).status(http.StatusBadRequest).fault()
	}
	a.do("POST", path, []byte(adl2), "Content-Type: application/xml").status(http.StatusUnsupportedMediaType).fault()

	for query, want := range map[string]string{
		"/" + id: adl2, "/openEHR-EHR-COMPOSITION.t_visit.v1": later, "/openEHR-EHR-COMPOSITION.t_visit": later,
		"/openEHR-EHR-COMPOSITION.t_visit/1.2.0": adl2, "/openEHR-EHR-COMPOSITION.t_visit.v1/1.3": later,
	} {
		got := a.do("GET", path+query, nil).status(http.StatusOK).has("Content-Type", "text/plain")
		if string(got.body) != want {
			t.Errorf("%s: %s", query, got.body)
		}
	}
	a.do("GET", path+"/"+id, nil, "Accept: application/json").status(http.StatusOK).json(&meta)
	if meta["version"] != "1.2.0" {
		t.Errorf("%v", meta)
	}
	a.do("GET", path+"/"+id, nil, "Accept: application/xml").status(http.StatusNotAcceptable).fault()
	a.do("GET", path+"/unknown", nil).status(http.StatusNotFound).fault()
	a.do("GET", path+"/openEHR-EHR-COMPOSITION.t_visit/9", nil).status(http.StatusNotFound).fault()
	a.do("GET", path+"/openEHR-EHR-COMPOSITION.t_visit/new", nil).status(http.StatusBadRequest).fault()
	var list []map[string]string
	a.do("GET", path, nil).status(http.StatusOK).json(&list)
	if len(list) != 2 || list[0]["template_id"] != id {
		t.Errorf("%v", list)
	}

	// Content that names it is refused with the reason, in every format.
	collection := "/ehr/" + a.newEHR() + "/composition"
	f = a.do("POST", collection, composition(t, templateID, id)).status(http.StatusUnprocessableEntity).fault()
	if len(f.Problems) == 0 || f.Problems[0].(map[string]any)["code"] != ehr.ProblemTemplateADL2 {
		t.Errorf("%+v", f)
	}
	f = a.do("POST", collection, []byte(simple), "Content-Type: "+flatMedia, "openehr-template-id: "+id).status(http.StatusUnprocessableEntity).fault()
	if f.Code != ehr.ProblemTemplateADL2 || !strings.Contains(f.Message, "ADL 2 only") {
		t.Errorf("%+v", f)
	}
}

// TestADL2Example asks for examples of an ADL 2 template in either format and
// with an id that is cut short.
func TestADL2Example(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const path, asText = "/definition/template/adl2", "Content-Type: text/plain"
	text, err := os.ReadFile("../../templates/oet/testdata/visit.adls")
	if err != nil {
		t.Fatal(err)
	}
	a.do("POST", path, text, asText).status(http.StatusCreated)
	example := path + "/" + escape("org.example::openEHR-EHR-COMPOSITION.t_ward_visit.v1") + "/example"
	sizes := map[string]int{}
	for _, level := range []string{"required", "medium", "complete"} {
		asJSON := a.do("GET", example+"?detail_level="+level, nil).status(http.StatusOK).has("Content-Type", "application/json").has("Vary", "Accept")
		root := a.do("GET", example+"?detail_level="+level, nil, "Accept: application/xml").status(http.StatusOK).xml("COMPOSITION")
		if got := rm.AppendJSON(nil, root); !bytes.Equal(got, asJSON.body) {
			t.Errorf("%s: JSON %s, XML %s", level, asJSON.body, got)
		}
		if got := root.String("archetype_details", "template_id", "value"); got != "org.example::openEHR-EHR-COMPOSITION.t_ward_visit.v1.2.0" {
			t.Errorf("an example of %q", got)
		}
		if root.Attr("uid") != nil {
			t.Error("an example of what is sent has a uid")
		}
		sizes[level] = len(asJSON.body)
	}
	if sizes["required"] >= sizes["medium"] {
		t.Errorf("sizes of the levels: %v", sizes)
	}
	uid := a.do("GET", example+"?type=output", nil, "Accept: application/xml").status(http.StatusOK).xml("COMPOSITION").String("uid", "value")
	if !strings.HasSuffix(uid, "::"+systemID+"::1") {
		t.Errorf("uid %q", uid)
	}
	a.do("GET", example+"?detail_level=most", nil).status(http.StatusBadRequest).fault()
	a.do("GET", example, nil, "Accept: "+flatMedia).status(http.StatusNotAcceptable).fault()
	a.do("GET", example, nil, "Authorization: none").status(http.StatusUnauthorized).fault()
	a.do("GET", path+"/openEHR-EHR-COMPOSITION.unknown/example", nil).status(http.StatusNotFound).fault()

	source := strings.NewReplacer("v1.2.0", "v2.0.0", "category matches", "before[id3] category matches").Replace(string(text))
	a.do("POST", path, []byte(source), asText).status(http.StatusCreated)
	f := a.do("GET", path+"/"+escape("org.example::openEHR-EHR-COMPOSITION.t_ward_visit.v2")+"/example", nil).status(http.StatusNotImplemented).fault()
	if !strings.Contains(f.Message, "line 30") {
		t.Errorf("%q does not say where", f.Message)
	}
}
