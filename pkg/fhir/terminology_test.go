package fhir

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// flat writes a Parameters resource as name=value, parts in brackets.
func flat(list []*r4.Node) string {
	var out []string
	for _, p := range list {
		value := ""
		for _, f := range p.Fields {
			switch {
			case f.Name == "part":
				value = "[" + flat(f.Value.Items) + "]"
			case f.Value.Kind == r4.Object:
				value = f.Value.Str("system") + "|" + f.Value.Str("code")
			case f.Name != "name":
				value = f.Value.Text
			}
		}
		out = append(out, p.Str("name")+"="+value)
	}
	return strings.Join(out, " ")
}

func TestTerminologyOperations(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	const system = "http://example.org/animals"
	for _, tt := range []struct{ query, body, want string }{
		{"CodeSystem/$lookup?system=" + system + "&code=cat", "", "name=Animals version=2 display=Cat designation=[language=nl value=Kat] property=[code=parent value=mammal]"},
		{"CodeSystem/$lookup?system=" + system + "&code=mammal", "", "name=Animals version=2 display=Mammal property=[code=definition value=Has milk]"},
		{"CodeSystem/$lookup", `{"name":"coding","valueCoding":{"system":"` + system + `","version":"2","code":"dog"}}`, "name=Animals version=2 display=Dog property=[code=parent value=mammal]"},
		{"CodeSystem/$subsumes?system=" + system + "&codeA=mammal&codeB=cat", "", "outcome=subsumes"},
		{"CodeSystem/$subsumes", `{"name":"codingA","valueCoding":{"system":"` + system + `","code":"cat"}},{"name":"codingB","valueCoding":{"system":"` + system + `","code":"mammal"}}`, "outcome=subsumed-by"},
		{"CodeSystem/$validate-code?url=" + system + "&code=cat", "", "result=true display=Cat"},
		{"CodeSystem/$validate-code?url=" + system + "&code=cat&display=kat", "", "result=true display=Cat"},
		{"CodeSystem/$validate-code?url=" + system + "&code=cat&display=Dog", "", "result=false message=the display is not a term of the code display=Cat"},
		{"CodeSystem/$validate-code?url=" + system + "&code=unicorn", "", "result=false message=the value set does not have the code"},
		{"CodeSystem/$validate-code", `{"name":"url","valueUri":"` + system + `"},{"name":"code","valueCode":"dog"}`, "result=true display=Dog"},
		{"ValueSet/$validate-code?url=http://example.org/vs/animals&system=" + system + "&code=cat", "", "result=true display=Cat"},
		{"ValueSet/$validate-code?url=http://example.org/vs/animals&system=" + system + "&code=bird", "", "result=false message=the value set does not have the code"},
		{"ValueSet/$validate-code?url=http://example.org/vs/animals&system=http://snomed.info/sct&code=388445009&display=Horse", "", "result=true display=Horse"},
		{"ValueSet/$validate-code", `{"name":"url","valueUri":"http://example.org/vs/animals"},{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"` + system + `","code":"bird"},{"system":"` + system + `","code":"dog"}]}}`, "result=true display=Dog"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&system=" + system + "&code=cat", "", "result=true match=[equivalence=equivalent concept=http://example.org/sounds|miaow source=http://example.org/cm/animals]"},
		{"ConceptMap/$translate?source=http://example.org/vs/animals&target=http://example.org/vs/sounds&system=" + system + "&code=cat", "", "result=true match=[equivalence=equivalent concept=http://example.org/sounds|miaow]"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&system=" + system + "&code=dog", "", "result=true match=[equivalence=wider concept=http://example.org/sounds|noise source=http://example.org/cm/animals] " +
			"match=[equivalence=narrower concept=http://example.org/sounds|growl source=http://example.org/cm/animals]"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&reverse=true&system=http://example.org/sounds&code=noise", "", "result=true match=[equivalence=narrower concept=http://example.org/animals|dog source=http://example.org/cm/animals]"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&reverse=true&system=http://example.org/sounds&code=hum", "", "result=false message=the concept map says nothing of the code"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&reverse=true&system=" + system + "&code=dog", "", "result=false message=the concept map says nothing of the code"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&system=" + system + "&code=bird", "", "result=false match=[equivalence=unmatched source=http://example.org/cm/animals]"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&system=" + system + "&code=mammal", "", "result=false message=the concept map says nothing of the code"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&targetsystem=urn:x&system=" + system + "&code=cat", "", "result=false message=the concept map says nothing of the code"},
		{"ConceptMap/$translate", `{"name":"url","valueUri":"http://example.org/cm/animals"},{"name":"coding","valueCoding":{"system":"` + system + `","code":"cat"}}`, "result=true match=[equivalence=equivalent concept=http://example.org/sounds|miaow source=http://example.org/cm/animals]"},
	} {
		r := operate(t, h, tt.query, tt.body)
		if got := flat(r.body.List("parameter")); r.StatusCode != 200 || got != tt.want {
			t.Errorf("%s %s: %d %s, want %s\n%s", tt.query, tt.body, r.StatusCode, got, tt.want, r.raw)
		}
	}
	for _, tt := range []struct {
		query, body string
		status      int
		issue       string
	}{
		{"CodeSystem/$lookup?system=" + system + "&code=unicorn", "", 404, "not-found"},
		{"CodeSystem/$lookup?system=http://example.org/none&code=x", "", 404, "not-found"},
		{"CodeSystem/$lookup?code=cat", "", 400, "invalid"},
		{"CodeSystem/$lookup?system=" + system, "", 400, "invalid"},
		{"CodeSystem/$lookup?system=" + system + "&code=cat&code=dog", "", 400, "invalid"},
		{"CodeSystem/$lookup?system=" + system + "&code=cat&colour=red", "", 400, "not-supported"},
		{"CodeSystem/$lookup?system=" + system + "&code=cat", `{"name":"coding","valueCoding":{"system":"` + system + `","code":"dog"}}`, 400, "invalid"},
		{"CodeSystem/$lookup", `{"name":"coding","valueQuantity":{"value":1}}`, 400, "invalid"},
		{"CodeSystem/$subsumes?system=" + system + "&codeA=cat", "", 400, "invalid"},
		{"CodeSystem/$subsumes?system=http://example.org/parts&codeA=paw&codeB=claw", "", 404, "not-found"},
		{"CodeSystem/$validate-code?url=http://example.org/none&code=x", "", 404, "not-found"},
		{"CodeSystem/$validate-code?code=x", "", 400, "invalid"},
		{"CodeSystem/$validate-code", `{"name":"url","valueUri":"` + system + `"},{"name":"coding","valueCoding":{"system":"urn:x","code":"cat"}}`, 400, "invalid"},
		{"ValueSet/$validate-code?url=http://example.org/vs/animals&code=cat", "", 400, "invalid"},
		{"ValueSet/$validate-code?url=http://example.org/vs/none&system=x&code=cat", "", 404, "not-found"},
		{"ValueSet/$expand", "", 400, "invalid"},
		{"ValueSet/$expand?url=http://example.org/vs/none", "", 404, "not-found"},
		{"ValueSet/$expand?url=http://example.org/vs/animals&count=x", "", 400, "invalid"},
		{"ValueSet/$expand?url=http://example.org/vs/animals&context=x", "", 400, "not-supported"},
		{"ConceptMap/$translate?url=http://example.org/cm/none&system=x&code=y", "", 404, "not-found"},
		{"ConceptMap/$translate?system=x&code=y", "", 400, "invalid"},
		{"ConceptMap/$translate?url=http://example.org/cm/animals&reverse=yes&system=x&code=y", "", 400, "invalid"},
		{"ConceptMap/$translate?url=http://example.org/cm/none&reverse=true&system=x&code=y", "", 404, "not-found"},
		{"ConceptMap/$closure?name=x", "", 501, "not-supported"},
	} {
		r := operate(t, h, tt.query, tt.body)
		if r.StatusCode != tt.status || r.body.Get("issue").Items[0].Str("code") != tt.issue {
			t.Errorf("%s %s: %d %s", tt.query, tt.body, r.StatusCode, r.raw)
		}
	}
}

// operate asks an operation by GET or, with parameters in a body, by POST.
func operate(t *testing.T, h http.Handler, query, body string) reply {
	t.Helper()
	if body == "" {
		return ask(t, h, "GET", "/fhir/r4/"+query)
	}
	r := httptest.NewRequest("POST", "/fhir/r4/"+query, strings.NewReader(`{"resourceType":"Parameters","parameter":[`+body+`]}`))
	return do(t, h, r, []string{"Content-Type", r4.MediaTypeJSON})
}

func TestExpansions(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	for query, want := range map[string]string{
		"":                  "3 cat dog 388445009",
		"&filter=C":         "1 cat",
		"&filter=O":         "2 dog 388445009",
		"&count=1":          "3 cat",
		"&offset=1&count=1": "3 dog",
		"&offset=9":         "3",
		"&count=0":          "3",
		"&filter=none":      "0",
	} {
		r := ask(t, h, "GET", "/fhir/r4/ValueSet/$expand?url=http://example.org/vs/animals"+query)
		var set struct {
			URL, Status string
			Expansion   struct {
				Total    json.Number
				Contains []struct{ System, Code, Display string }
			}
		}
		if err := json.Unmarshal([]byte(r.raw), &set); err != nil || r.StatusCode != 200 || set.URL != "http://example.org/vs/animals" {
			t.Errorf("%s: %d %v %s", query, r.StatusCode, err, r.raw)
		}
		got := []string{set.Expansion.Total.String()}
		for _, c := range set.Expansion.Contains {
			got = append(got, c.Code)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

func FuzzTerminologyOperation(f *testing.F) {
	f.Add("CodeSystem/$lookup", "system=http://example.org/animals&code=cat", `{"name":"coding","valueCoding":{"system":"s","code":"c"}}`)
	f.Add("ValueSet/$expand", "url=http://example.org/vs/animals&count=1&offset=2", "")
	f.Add("ConceptMap/$translate", "source=a&target=b|c?d", `{"name":"codeableConcept","valueCodeableConcept":{"coding":[{}]}}`)
	f.Add("ValueSet/$validate-code", "url=http://snomed.info/sct?fhir_vs=isa/1", `{"name":"code","valueCode":"x"}`)
	h := handler(f, project(f))
	f.Fuzz(func(t *testing.T, path, query, body string) {
		method := "GET"
		if body != "" {
			method, body = "POST", `{"resourceType":"Parameters","parameter":[`+body+`]}`
		}
		r := httptest.NewRequest(method, "/fhir/r4/CodeSystem/$lookup", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery = "/fhir/r4/"+path, query
		r.Header.Set("Content-Type", r4.MediaTypeJSON)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Errorf("%s?%s %s: %s", path, query, body, w.Body)
		}
	})
}

// TestDefinitions reads and finds what the terminology has, and asks it by the
// addresses found.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	at := func(query string) string {
		t.Helper()
		r := ask(t, h, "GET", "/fhir/r4/"+query)
		list := r.body.List("entry")
		if r.StatusCode != 200 || len(list) != 1 {
			t.Fatalf("%s: %d %s", query, r.StatusCode, r.raw)
		}
		n := list[0].Get("resource")
		typ, id := n.Str("resourceType"), n.Str("id")
		read := ask(t, h, "GET", "/fhir/r4/"+typ+"/"+id)
		if read.StatusCode != 200 || string(read.body.Append(nil)) != string(n.Append(nil)) {
			t.Errorf("%s reads as %s", query, read.raw)
		}
		if again := ask(t, h, "GET", "/fhir/r4/"+typ+"/"+id, "If-None-Match", read.Header.Get("ETag")); again.StatusCode != 304 {
			t.Errorf("%s again: %d", query, again.StatusCode)
		}
		if as := ask(t, h, "GET", "/fhir/r4/"+typ+"/"+id+"?_format=xml"); as.StatusCode != 200 {
			t.Errorf("%s as XML: %d %s", query, as.StatusCode, as.raw)
		}
		return typ + "/" + id
	}
	const url = "http://example.org/"
	system, set, cm := at("CodeSystem?url="+url+"animals"), at("ValueSet?url="+url+"vs/animals"), at("ConceptMap?url="+url+"cm/animals")
	for query, want := range map[string]string{
		"CodeSystem?code=cat": system, "CodeSystem?code=" + url + "animals|cat": system, "CodeSystem?name=anim": system, "CodeSystem?name:exact=Animals": system,
		"CodeSystem?name:contains=NIMA": system, "CodeSystem?version=2": system, "CodeSystem?version=2&status=active": system, "CodeSystem?_id=" + strings.TrimPrefix(system, "CodeSystem/"): system,
		"CodeSystem?status=http://hl7.org/fhir/publication-status|active&name=Animals": system, "CodeSystem?content-mode=complete&system=" + url + "animals": system,
		"ValueSet?reference=" + url + "animals": set, "ValueSet?reference=" + url + "animals&url=" + url + "vs/none," + url + "vs/animals": set,
		"ConceptMap?source-system=" + url + "animals": cm, "ConceptMap?target-system=" + url + "sounds&status=active": cm,
	} {
		if got := at(query); got != want {
			t.Errorf("%s is %s, want %s", query, got, want)
		}
	}
	for _, query := range []string{
		"CodeSystem?code=unicorn", "CodeSystem?code=http://other|cat", "CodeSystem?name:exact=animals", "CodeSystem?version=x|2", "CodeSystem?status=draft", "CodeSystem?identifier=x",
		"CodeSystem?title=Animals", "CodeSystem?url=" + url + "anim", "CodeSystem?_id=none", "ValueSet?reference=" + url, "ConceptMap?source-system=" + url + "sounds", "CodeSystem?content-mode=fragment",
	} {
		if r := ask(t, h, "GET", "/fhir/r4/"+query); r.StatusCode != 200 || len(r.body.List("entry")) != 0 || r.body.Str("total") != "0" {
			t.Errorf("%s: %s", query, r.raw)
		}
	}
	for query, want := range map[string]string{
		system + "/$validate-code?code=cat":                        "result=true display=Cat",
		system + "/$subsumes?codeA=mammal&codeB=cat":               "outcome=subsumes",
		set + "/$validate-code?system=" + url + "animals&code=cat": "result=true display=Cat",
		cm + "/$translate?system=" + url + "animals&code=cat":      "result=true match=[equivalence=equivalent concept=http://example.org/sounds|miaow source=http://example.org/cm/animals]",
	} {
		if r := operate(t, h, query, ""); r.StatusCode != 200 || flat(r.body.List("parameter")) != want {
			t.Errorf("%s: %d %s", query, r.StatusCode, r.raw)
		}
	}
	if r := operate(t, h, set+"/$expand", ""); r.StatusCode != 200 || len(r.body.Get("expansion").List("contains")) != 3 {
		t.Errorf("expand: %s", r.raw)
	}
	if r := operate(t, h, set+"/$validate-code", `{"name":"coding","valueCoding":{"system":"`+url+`animals","code":"bird"}}`); flat(r.body.List("parameter")) != "result=false message=the value set does not have the code" {
		t.Errorf("validate-code: %s", r.raw)
	}
	const none = "00000000-0000-4000-8000-000000000001"
	for _, tt := range []struct {
		query  string
		status int
		issue  string
	}{
		{"CodeSystem/none", 404, "not-found"},
		{"CodeSystem/" + none, 404, "not-found"},
		{"ValueSet/" + strings.TrimPrefix(system, "CodeSystem/"), 404, "not-found"},
		{system + "?colour=red", 400, "not-supported"},
		{system + "?_summary=count", 400, "invalid"},
		{system + "?_elements=colour", 400, "invalid"},
		{"CodeSystem?colour=red", 400, "not-supported"},
		{"CodeSystem?code:in=x", 400, "not-supported"},
		{"CodeSystem?url:below=x", 400, "not-supported"},
		{"CodeSystem?name=", 400, "invalid"},
		{"CodeSystem?name=%20", 400, "invalid"},
		{"CodeSystem?code=a|b|c", 400, "invalid"},
		{"CodeSystem?_cursor=x", 400, "invalid"},
		{"CodeSystem?_count=x", 400, "invalid"},
		{"CodeSystem?reference=x", 400, "not-supported"},
		{"CodeSystem?patient=x", 400, "not-supported"},
		{"CodeSystem?name=%00", 400, "invalid"},
		{"ValueSet/" + none + "/$expand", 404, "not-found"},
		{"ValueSet/x/$expand", 404, "not-found"},
		{set + "/$expand?url=x", 400, "invalid"},
		{set + "/$expand?valueSetVersion=1", 400, "invalid"},
		{system + "/$lookup?code=cat", 501, "not-supported"},
		{system + "/$validate-code?url=x&code=cat", 400, "invalid"},
		{system + "/$subsumes?system=x&codeA=cat&codeB=cat", 400, "invalid"},
		{system + "/$nonsense", 501, "not-supported"},
		{"CodeSystem/$nonsense", 501, "not-supported"},
		{cm + "/$translate?url=x&system=x&code=y", 400, "invalid"},
		{system + "/_history", 404, "not-found"},
		{system + "/_history/1", 404, "not-found"},
	} {
		r := ask(t, h, "GET", "/fhir/r4/"+tt.query)
		if r.StatusCode != tt.status || r.body.Get("issue").Items[0].Str("code") != tt.issue {
			t.Errorf("%s: %d %s", tt.query, r.StatusCode, r.raw)
		}
	}
	if r := operate(t, h, "CodeSystem", `{"name":"x","valueString":"y"}`); r.StatusCode != 405 {
		t.Errorf("creating answers %d %s", r.StatusCode, r.raw)
	}
	if r := ask(t, h, "GET", "/fhir/r4/CodeSystem?colour=red&name=Animals", "Prefer", "handling=lenient"); r.StatusCode != 200 || len(r.body.List("entry")) != 2 || r.body.Str("total") != "1" {
		t.Errorf("leniently: %d %s", r.StatusCode, r.raw)
	}
	if r := ask(t, h, "GET", "/fhir/r4/CodeSystem?_summary=count"); len(r.body.List("entry")) != 0 || r.body.Str("total") != "3" {
		t.Errorf("counted: %s", r.raw)
	}
	// All pages together have each once.
	seen := map[string]bool{}
	for next := "/fhir/r4/ValueSet?_count=3"; next != ""; {
		r := ask(t, h, "GET", next)
		for _, e := range r.body.List("entry") {
			if seen[e.Str("fullUrl")] {
				t.Errorf("twice: %s", e.Str("fullUrl"))
			}
			seen[e.Str("fullUrl")] = true
		}
		next = ""
		for _, l := range r.body.List("link") {
			if l.Str("relation") == "next" {
				_, next, _ = strings.Cut(l.Str("url"), "://")
				next = next[strings.Index(next, "/"):]
			}
		}
	}
	if total := len((&local.Set{}).Definitions("ValueSet")) + 1; len(seen) != total {
		t.Errorf("%d value sets on pages, want %d", len(seen), total)
	}
}

// TestDefinitionsAreR4 checks the definitions of the openEHR terminology against the
// R4 definitions, and what is asked of them by their own addresses.
func TestDefinitionsAreR4(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	set := &local.Set{}
	for _, typ := range []string{"CodeSystem", "ValueSet"} {
		if len(set.Definitions(typ)) == 0 {
			t.Errorf("no %s", typ)
		}
		for _, d := range set.Definitions(typ) {
			for _, p := range r4.Validate(d.JSON) {
				t.Errorf("%s: %s: %s", d.URL, p.Path, p.Message)
			}
			if typ != "ValueSet" {
				continue
			}
			n, err := r4.Parse(d.JSON)
			if err != nil {
				t.Fatal(err)
			}
			r := ask(t, h, "GET", "/fhir/r4/ValueSet/"+d.ID().String()+"/$expand")
			listed := n.Get("compose").List("include")[0].List("concept")
			if r.StatusCode != 200 || len(r.body.Get("expansion").List("contains")) != len(listed) {
				t.Errorf("%s lists %d codes: %d %.300s", d.URL, len(listed), r.StatusCode, r.raw)
			}
		}
	}
}
