package rest_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/library"
)

// TestTemplateExample commits every example as it comes, in either format.
func TestTemplateExample(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	const templateID = "Cairn - Vital signs.v1"
	opt, err := library.Files.ReadFile(templateID + ".opt")
	if err != nil {
		t.Fatal(err)
	}
	a.do("POST", "/definition/template/adl1.4", opt, "Content-Type: application/xml").status(http.StatusCreated)
	path := "/definition/template/adl1.4/" + escape(templateID) + "/example"
	plain := a.do("GET", path, nil).status(http.StatusOK).has("Content-Type", "application/json").has("Vary", "Accept").has("ETag", "")
	sizes := map[string]int{}
	for _, level := range []string{"required", "medium", "complete"} {
		asJSON := a.do("GET", path+"?type=input&detail_level="+level, nil, "Accept: application/json").status(http.StatusOK)
		asXML := a.do("GET", path+"?detail_level="+level, nil, "Accept: application/xml").status(http.StatusOK)
		root := asXML.xml("COMPOSITION")
		if got := rm.AppendJSON(nil, root); !bytes.Equal(got, asJSON.body) {
			t.Errorf("%s: JSON %s, XML %s", level, asJSON.body, got)
		}
		if got := root.String("archetype_details", "template_id", "value"); got != templateID {
			t.Errorf("%s: an example of %q", level, got)
		}
		if root.Attr("uid") != nil {
			t.Errorf("%s: an example to be committed has a uid", level)
		}
		a.do("POST", "/ehr/"+id+"/composition", asJSON.body).status(http.StatusCreated)
		a.do("POST", "/ehr/"+id+"/composition", asXML.body, "Content-Type: application/xml").status(http.StatusCreated)
		for _, media := range []string{flatMedia, structuredMedia} {
			simple := a.do("GET", path+"?detail_level="+level, nil, "Accept: "+media).status(http.StatusOK).has("Content-Type", media)
			if bytes.Contains(simple.body, []byte("|raw")) {
				t.Errorf("%s: an example of %s does not show how it is written: %s", level, media, simple.body)
			}
			a.do("POST", "/ehr/"+id+"/composition", simple.body, "Content-Type: "+media, "openehr-template-id: "+templateID).status(http.StatusCreated)
		}
		sizes[level] = len(asJSON.body)
		if level == "required" && !bytes.Equal(plain.body, asJSON.body) {
			t.Errorf("the default is not required: %s", plain.body)
		}
	}
	if sizes["required"] >= sizes["medium"] || sizes["medium"] >= sizes["complete"] {
		t.Errorf("sizes of the levels: %v", sizes)
	}
}

// TestTemplateExampleOutput compares an example with what is read after it has
// been committed.
func TestTemplateExampleOutput(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	path := "/definition/template/adl1.4/" + escape(templateID) + "/example?detail_level=medium"
	out := a.do("GET", path+"&type=output", nil).status(http.StatusOK)
	again := a.do("GET", path+"&type=output", nil, "Accept: application/xml").status(http.StatusOK).xml("COMPOSITION")
	if got := rm.AppendJSON(nil, again); !bytes.Equal(got, out.body) {
		t.Errorf("got %s, then %s", out.body, got)
	}
	uid := again.String("uid", "value")
	if !strings.HasSuffix(uid, "::"+systemID+"::1") {
		t.Errorf("uid %q", uid)
	}
	in := a.do("GET", path, nil).status(http.StatusOK)
	stored := a.do("POST", "/ehr/"+a.newEHR()+"/composition", in.body, "Prefer: return=representation").status(http.StatusCreated)
	if want := strings.Replace(string(stored.body), stored.tag(), uid, 1); string(out.body) != want {
		t.Errorf("the example is %s, read would be %s", out.body, want)
	}
}

func TestTemplateExampleFaults(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	path := "/definition/template/adl1.4/" + escape(templateID) + "/example"
	for _, query := range []string{"type=both", "detail_level=most", "type=input&type=output", "detail_level=medium&detail_level=medium"} {
		f := a.do("GET", path+"?"+query, nil).status(http.StatusBadRequest).fault()
		if name, _, _ := strings.Cut(query, "="); !strings.Contains(f.Message, name) {
			t.Errorf("%s: %q does not say what is wrong", query, f.Message)
		}
	}
	a.do("GET", "/definition/template/adl1.4/unknown/example", nil).status(http.StatusNotFound).fault()
	a.do("GET", path, nil, "Accept: application/openehr.wt+json").status(http.StatusNotAcceptable).fault()
	a.do("GET", path, nil, "Authorization: none").status(http.StatusUnauthorized).fault()
}

// TestTemplateExampleImpossible asks for an example of a template that has a
// mandatory member where none may be.
func TestTemplateExampleImpossible(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const one = "<upper_included>false</upper_included><lower_unbounded>false</lower_unbounded><upper_unbounded>true</upper_unbounded><lower>1</lower>"
	const none = "<upper_included>true</upper_included><lower_unbounded>false</lower_unbounded><upper_unbounded>false</upper_unbounded><lower>0</lower><upper>0</upper>"
	opt := string(template(t, "impossible"))
	changed := strings.ReplaceAll(opt, "<cardinality><is_ordered>false</is_ordered><is_unique>false</is_unique><interval><lower_included>true</lower_included>"+one,
		"<cardinality><is_ordered>false</is_ordered><is_unique>false</is_unique><interval><lower_included>true</lower_included>"+none)
	if changed == opt {
		t.Fatal("the template was not changed")
	}
	a.do("POST", "/definition/template/adl1.4", []byte(changed), "Content-Type: application/xml").status(http.StatusCreated)
	f := a.do("GET", "/definition/template/adl1.4/impossible/example", nil).status(http.StatusNotImplemented).fault()
	if !strings.Contains(f.Message, "no example can be made of the template: /content") {
		t.Errorf("%q does not say where", f.Message)
	}
}
