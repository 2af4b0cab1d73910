package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/store/termstore"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// TestLoadedDefinitions reads and finds code systems, value sets and concept maps that
// are loaded while the server runs, replaced, and removed.
func TestLoadedDefinitions(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Terminology.Poll = 5 * time.Millisecond
	s := runningWith(t, o, 61, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	loaded, err := termstore.New(s.store.Pool(), termstore.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	load := func(texts ...string) {
		t.Helper()
		var list []*local.Resource
		for _, text := range texts {
			more, err := local.Parse([]byte(text), local.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, more...)
		}
		if err := loaded.Load(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	// one waits for the only match of a search.
	one := func(query string, until func(reply) bool) reply {
		t.Helper()
		var r reply
		for range 400 {
			if r = p.send("GET", query, ""); r.status == 200 && len(r.body.List("entry")) == 1 {
				n := r.body.List("entry")[0].Get("resource")
				if r = p.send("GET", n.Str("resourceType")+"/"+n.Str("id"), ""); r.status == 200 && until(r) {
					return r
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%s: %s", query, r)
		return r
	}
	any := func(reply) bool { return true }
	var long, list strings.Builder
	for i := range local.MaxShownConcepts + 1 {
		fmt.Fprintf(&long, `{"code":"c%d","display":"Concept %d"},`, i, i)
		fmt.Fprintf(&list, `{"code":"c%d","target":[{"code":"d","equivalence":"wider"}]},`, i)
	}
	concepts := strings.TrimSuffix(long.String(), ",")
	system := func(url, version, rest string) string {
		return `{"resourceType":"CodeSystem","id":"own","meta":{"versionId":"77"},"url":"` + url + `","version":"` + version + `","identifier":[{"system":"urn:ids","value":"` + url + `"}],"name":"Wards",` +
			`"title":"Wards of the house","status":"draft",` + rest + `}`
	}
	load(
		system("urn:wards", "1", `"content":"fragment","concept":[{"code":"ICU","display":"Intensive care"}]`),
		system("urn:long", "1", `"content":"complete","publisher":"The house","concept":[`+concepts+`]`),
		system("urn:part", "1", `"content":"fragment","count":350000,"concept":[`+concepts+`]`),
		system("urn:odd", "1", `"content":"complete","colour":"red","concept":[{"code":"x","shade":1}]`),
		system("urn:shape", "1", `"content":"complete","publisher":{"name":"x"},"concept":[{"code":"x"}]`),
		`{"resourceType":"ValueSet","url":"urn:long-set","status":"active","compose":{"include":[{"system":"urn:long","concept":[`+concepts+`]}]}}`,
		`{"resourceType":"ConceptMap","url":"urn:long-map","status":"active","identifier":{"system":"urn:ids","value":"m"},"group":[{"source":"urn:long","target":"urn:wards","element":[`+strings.TrimSuffix(list.String(), ",")+`]}]}`,
	)
	ward := one("CodeSystem?url=urn:wards", any)
	if text := ward.body.Append(nil); !strings.Contains(string(text), `"content":"fragment"`) || !strings.Contains(string(text), `"code":"ICU"`) || ward.body.Str("id") == "own" || ward.body.Str("meta", "versionId") == "77" {
		t.Errorf("%s", ward)
	}
	for _, query := range []string{
		"CodeSystem?identifier=urn:ids|urn:wards", "CodeSystem?name=ward&identifier=urn:wards", "CodeSystem?title:contains=house&url=urn:wards", "CodeSystem?code=ICU&status=draft", "CodeSystem?code=ICU&url=urn:wards",
	} {
		if got := one(query, any); got.body.Str("id") != ward.body.Str("id") {
			t.Errorf("%s: %s", query, got)
		}
	}
	// What is long is shown without its lists, and says so.
	outline := one("CodeSystem?url=urn:long", any)
	if n := outline.body; n.Str("content") != "not-present" || n.Str("count") != fmt.Sprint(local.MaxShownConcepts+1) || n.Get("concept") != nil || n.Str("publisher") != "The house" ||
		!strings.Contains(outline.String(), "SUBSETTED") {
		t.Errorf("%.2000s", outline)
	}
	if n := one("CodeSystem?url=urn:part&content-mode=not-present", any).body; n.Str("count") != "350000" || n.Get("concept") != nil {
		t.Errorf("%.2000s", n.Append(nil))
	}
	if n := one("ValueSet?url=urn:long-set&reference=urn:long", any).body; n.Get("compose") != nil || n.Get("meta").List("tag")[0].Str("code") != "SUBSETTED" {
		t.Errorf("%.2000s", n.Append(nil))
	} else if r := p.send("GET", "ValueSet/"+n.Str("id")+"/$expand?count=2", ""); r.status != 200 || r.body.Get("expansion").Str("total") != fmt.Sprint(local.MaxShownConcepts+1) {
		t.Errorf("%.500s", r)
	}
	if n := one("ConceptMap?identifier=urn:ids|m", any).body; n.Get("group") != nil {
		t.Errorf("%.2000s", n.Append(nil))
	} else if r := p.send("GET", "ConceptMap/"+n.Str("id")+"/$translate?system=urn:long&code=c7", ""); !strings.Contains(r.String(), `"wider"`) {
		t.Errorf("%.500s", r)
	}
	// What R4 does not have is left out, and what has another shape has no XML.
	odd := one("CodeSystem?url=urn:odd", any)
	if text := odd.String(); strings.Contains(text, "red") || !strings.Contains(text, "SUBSETTED") || !strings.Contains(text, `"code":"x"`) {
		t.Errorf("%s", odd)
	}
	if r := p.send("GET", "CodeSystem/"+odd.body.Str("id")+"?_format=xml", ""); r.status != 200 {
		t.Errorf("%s", r)
	}
	if r := p.send("GET", "CodeSystem?url=urn:shape&_format=xml", ""); r.status != 406 {
		t.Errorf("%s", r)
	}
	if r := p.send("GET", "CodeSystem?_format=xml&url=urn:long,urn:wards", ""); r.status != 200 {
		t.Errorf("%.500s", r)
	}
	// A replacement is another version of the same resource.
	load(system("urn:wards", "1", `"content":"complete","concept":[{"code":"NICU"}]`))
	next := one("CodeSystem?url=urn:wards", func(r reply) bool { return strings.Contains(r.String(), "NICU") })
	if next.body.Str("id") != ward.body.Str("id") || next.header.Get("ETag") == ward.header.Get("ETag") {
		t.Errorf("%s\n%s", ward, next)
	}
	if r := p.send("GET", "CodeSystem/"+ward.body.Str("id"), "", "If-None-Match", ward.header.Get("ETag")); r.status != 200 {
		t.Errorf("the former version is taken for the one that is there: %s", r)
	}
	// Another version of the code system is another resource, and each is asked alone.
	load(system("urn:wards", "2", `"content":"complete","concept":[{"code":"WARD"}]`), `{"resourceType":"ValueSet","url":"urn:set","status":"active","compose":{"include":[{"system":"urn:wards"}]}}`)
	two := one("CodeSystem?url=urn:wards&version=2", any)
	for id, code := range map[string]string{two.body.Str("id"): "WARD", next.body.Str("id"): "NICU"} {
		for _, asked := range []string{"WARD", "NICU"} {
			r := p.send("GET", "CodeSystem/"+id+"/$validate-code?code="+asked, "")
			if want := fmt.Sprintf(`"valueBoolean":%t`, asked == code); !strings.Contains(r.String(), want) {
				t.Errorf("%s of the one with %s: %s", asked, code, r)
			}
		}
	}
	set := one("ValueSet?url=urn:set", any)
	load(`{"resourceType":"ValueSet","url":"urn:set","version":"3","status":"active","compose":{"include":[{"system":"urn:wards","concept":[{"code":"WARD"}]}]}}`)
	one("ValueSet?url=urn:set&version=3", any)
	if r := p.send("GET", "ValueSet/"+set.body.Str("id")+"/$expand", ""); r.status != 409 {
		t.Errorf("the one without a version: %s", r)
	}
	if _, err := loaded.Remove(t.Context(), "urn:wards", nil); err != nil {
		t.Fatal(err)
	}
	for n := 0; p.send("GET", "CodeSystem/"+ward.body.Str("id"), "").status != 404; n++ {
		if n == 400 {
			t.Fatal("it is there after it was removed")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
