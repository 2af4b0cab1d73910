package server

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// partner is a client of the FHIR API that checks all it receives against R4.
type partner struct {
	t    testing.TB
	s    *Server
	base string
}

func (p *partner) do(method, path, media, body string) (int, *r4.Node) {
	p.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.base + path
	}
	req, err := http.NewRequest(method, path, bytes.NewReader([]byte(body)))
	if err != nil {
		p.t.Fatal(err)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	n, err := r4.Parse(data)
	if err != nil {
		p.t.Fatalf("%s %s: %v: %.300s", method, path, err, data)
	}
	for _, problem := range r4.ValidateNode(n) {
		if !problem.Warning {
			p.t.Errorf("%s %s: %s", method, path, problem)
		}
	}
	return resp.StatusCode, n
}

func (p *partner) get(path string) *r4.Node {
	p.t.Helper()
	status, n := p.do("GET", path, "", "")
	if status != http.StatusOK {
		p.t.Fatalf("GET %s: %d %s", path, status, n.Append(nil))
	}
	return n
}

// all turns the pages of a search and gives its entries with a mode.
func (p *partner) all(path, mode string) []*r4.Node {
	p.t.Helper()
	var out []*r4.Node
	for n := 0; path != ""; n++ {
		if n > 200 {
			p.t.Fatal("the pages do not end")
		}
		bundle := p.get(path)
		path = ""
		for _, l := range bundle.List("link") {
			if l.Str("relation") == "next" {
				path = l.Str("url")
			}
		}
		for _, e := range bundle.List("entry") {
			if e.Str("search", "mode") == mode {
				out = append(out, e.Get("resource"))
			}
		}
	}
	return out
}

func names(list []*r4.Node) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.Str("resourceType")+"/"+n.Str("id"))
	}
	return out
}

// What a partner can ask of a sandbox, each answer compared with what follows
// from a plain search.
func TestFHIRInteractions(t *testing.T) {
	t.Parallel()
	s := running(t, 11, 4)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	patients := p.all("Patient?_count=3", "match")
	if len(patients) != 4 {
		t.Fatalf("%d patients", len(patients))
	}
	id := patients[0].Str("id")
	everything := p.all("Patient/"+id+"/$everything", "match")
	if len(everything) < 20 || everything[0].Str("id") != id {
		t.Fatalf("everything: %d resources, first %s", len(everything), names(everything[:1]))
	}
	paged := p.all("Patient/"+id+"/$everything?_count=7", "match")
	if !slices.Equal(names(everything), names(paged)) {
		t.Error("everything differs in pages")
	}
	var searched []string
	types := map[string]int{}
	for _, n := range everything {
		types[n.Str("resourceType")]++
	}
	for typ := range types {
		query := typ + "?patient=" + id
		if typ == "Patient" {
			query = "Patient?_id=" + id
		}
		searched = append(searched, names(p.all(query, "match"))...)
	}
	slices.Sort(searched)
	sorted := names(everything)
	slices.Sort(sorted)
	if !slices.Equal(sorted, searched) {
		t.Errorf("everything gives %d resources, searches %d", len(sorted), len(searched))
	}
	if typed := p.all("Patient/"+id+"/$everything?_type=Condition,Patient", "match"); len(typed) != types["Condition"]+1 {
		t.Errorf("everything of two types: %d", len(typed))
	}
	if none := p.all("Patient/"+id+"/$everything?_type=Observation&start=1900-01-01&end=1900-12-31", "match"); len(none) != 0 {
		t.Errorf("of 1900: %d", len(none))
	}

	// Order, newest first.
	last := ""
	for _, o := range p.all("Observation?patient="+id+"&_sort=-date&_count=5", "match") {
		at := o.Str("effectiveDateTime")
		if at == "" {
			at = o.Str("effectivePeriod", "end")
		}
		if last != "" && at[:10] > last[:10] {
			t.Errorf("%s comes after %s", at, last)
		}
		last = at
	}

	// The newest of each code, compared with all.
	all := p.all("Observation?patient="+id, "match")
	newest := map[string]string{}
	for _, o := range all {
		code := string(o.Get("code").Get("coding").Append(nil))
		newest[code] = max(newest[code], o.Str("effectiveDateTime"))
	}
	lastn := p.all("Observation/$lastn?patient="+id, "match")
	if len(lastn) != len(newest) {
		t.Errorf("lastn gives %d of %d codes", len(lastn), len(newest))
	}
	for _, o := range lastn {
		if want := newest[string(o.Get("code").Get("coding").Append(nil))]; o.Str("effectiveDateTime") != want {
			t.Errorf("lastn gives one of %s, there is one of %s", o.Str("effectiveDateTime"), want)
		}
	}

	// The patient of a search, by chain and inclusion.
	identifier := patients[0].List("identifier")[0]
	token := url.QueryEscape(identifier.Str("system") + "|" + identifier.Str("value"))
	chained := p.all("Observation?patient.identifier="+token, "match")
	if !slices.Equal(names(chained), names(all)) {
		t.Errorf("by the patient's identifier: %d of %d", len(chained), len(all))
	}
	// Conditions on the patient that nobody meets are told, by whichever door.
	told := func(query, text string) {
		t.Helper()
		list := p.get(query).List("entry")
		if got := string(r4.NewObject(r4.Field{Name: "entry", Value: &r4.Node{Kind: r4.Array, Items: list}}).Append(nil)); strings.Contains(got, "says nothing about anybody") != (text == "nobody") || strings.Contains(got, "as _has asks") != (text == "nothing") {
			t.Errorf("%s: %.600s", query, got)
		}
	}
	for _, nobody := range []string{"patient.identifier=urn:nobody|1", "patient.name=nobodyatall", "subject:Patient.birthdate=1799", "patient.identifier=" + token + "&patient.birthdate=1799", "patient=" + id + "&patient.identifier=urn:nobody|1"} {
		for _, typ := range []string{"Observation", "Condition", "Composition", "Encounter"} {
			told(typ+"?"+nobody, "nobody")
			told(typ+"?_summary=count&"+nobody, "nobody")
		}
	}
	told("Provenance?patient.identifier=urn:nobody|1", "nobody")
	told("DocumentReference?patient.identifier=urn:nobody|1", "nobody")
	told("Observation?patient.identifier="+token+"&code=urn:none|x", "")
	told("Observation?patient.identifier="+token, "")
	told("Observation?patient="+id+"&code=urn:none|x", "")
	told("Patient?_has:Observation:patient:code=urn:none|x", "nothing")
	told("Patient?identifier=urn:nobody|1", "")

	with := p.all("Observation?patient="+id+"&_include=Observation:subject&_count=500", "include")
	if len(with) != 1 || with[0].Str("id") != id {
		t.Errorf("included: %v", names(with))
	}
	reverse := p.all("Patient?_id="+id+"&_revinclude=Condition:patient", "include")
	if len(reverse) != types["Condition"] {
		t.Errorf("%d conditions included, want %d", len(reverse), types["Condition"])
	}
	for code := range newest {
		coding, err := r4.Parse([]byte(`{"coding":` + code + `}`))
		if err != nil {
			t.Fatal(err)
		}
		c := coding.List("coding")[0]
		has := names(p.all("Patient?_has:Observation:patient:code="+url.QueryEscape(c.Str("system")+"|"+c.Str("code")), "match"))
		if !slices.Contains(has, "Patient/"+id) {
			t.Errorf("the patient is not among those with %s: %v", code, has)
		}
		break
	}

	// Parts of resources are marked as such.
	for query, gone := range map[string]string{"_summary=data": "text", "_elements=code": "effectiveDateTime", "_summary=text": "effectiveDateTime"} {
		for _, o := range p.all("Observation?patient="+id+"&_count=3&"+query, "match") {
			if o.Get(gone) != nil || o.Get("status") == nil || !slices.ContainsFunc(o.Get("meta").List("tag"), func(n *r4.Node) bool { return n.Str("code") == "SUBSETTED" }) {
				t.Errorf("%s: %s", query, o.Append(nil))
			}
		}
	}
	for query, gone := range map[string]string{"_summary=data": "text", "_elements=code": "effectiveDateTime"} {
		for _, path := range []string{"Observation/" + all[0].Str("id"), "Observation/" + all[0].Str("id") + "/_history/" + all[0].Str("meta", "versionId")} {
			o := p.get(path + "?" + query)
			if o.Get(gone) != nil || o.Get("status") == nil || o.Get("code") == nil || !slices.ContainsFunc(o.Get("meta").List("tag"), func(n *r4.Node) bool { return n.Str("code") == "SUBSETTED" }) {
				t.Errorf("%s?%s: %s", path, query, o.Append(nil))
			}
		}
	}
	for _, query := range []string{"_summary=count", "_count=0"} {
		if n := p.get("Observation?patient=" + id + "&" + query); n.Get("entry") != nil && n.List("entry")[0].Str("search", "mode") == "match" {
			t.Errorf("%s: %s", query, n.Append(nil))
		}
	}
	status, outcome := p.do("POST", "Observation/$validate", "application/fhir+json", `{"resourceType":"Observation","status":"finished","code":{}}`)
	if status != 200 || outcome.List("issue")[0].Str("severity") != "error" {
		t.Errorf("validate: %d %s", status, outcome.Append(nil))
	}
	status, outcome = p.do("POST", "$validate", "application/fhir+json", string(all[0].Append(nil)))
	if status != 200 || outcome.List("issue")[0].Str("severity") != "information" {
		t.Errorf("validate what the server gave: %d %s", status, outcome.Append(nil))
	}
	form := "start=1900-01-01"
	if status, n := p.do("POST", "Patient/"+id+"/$everything", "application/x-www-form-urlencoded", form); status != 200 || n.Str("total") == "0" {
		t.Errorf("everything by a form: %d", status)
	}
	params := `{"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"Patient"}]}`
	if status, n := p.do("POST", "Patient/"+id+"/$everything", "application/fhir+json", params); status != 200 || len(n.List("entry")) > 2 {
		t.Errorf("everything by Parameters: %d %d", status, len(n.List("entry")))
	}
}

// The summary of each patient is a document whose sections refer to its
// entries, with the mandatory sections whatever the record holds.
func TestPatientSummary(t *testing.T) {
	t.Parallel()
	s := running(t, 12, 3)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	for _, patient := range p.all("Patient", "match") {
		doc := p.get("Patient/" + patient.Str("id") + "/$summary")
		entries := map[string]bool{}
		for _, e := range doc.List("entry") {
			entries[e.Str("fullUrl")] = true
		}
		composition := doc.List("entry")[0].Get("resource")
		found := map[string]int{}
		for _, sec := range composition.List("section") {
			code := sec.Get("code").List("coding")[0].Str("code")
			found[code] = len(sec.List("entry"))
			if found[code] == 0 && code != "48767-8" && sec.Get("emptyReason") == nil {
				t.Errorf("the section %s is empty without a reason", code)
			}
			for _, ref := range sec.List("entry") {
				if !entries[ref.Str("reference")] {
					t.Errorf("the section %s refers to %s, which is not in the bundle", code, ref.Str("reference"))
				}
			}
		}
		for _, code := range []string{"11450-4", "48765-2", "10160-0"} {
			if _, ok := found[code]; !ok {
				t.Errorf("no section %s", code)
			}
		}
		if found["8716-3"] == 0 || !entries[composition.Str("subject", "reference")] {
			t.Errorf("sections %v", found)
		}
	}
}

// TestOperationsOnTypes asks for a summary by an identifier of the patient, and for a
// document by the id of its composition.
func TestOperationsOnTypes(t *testing.T) {
	t.Parallel()
	s := running(t, 71, 2)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	patients := p.all("Patient", "match")
	identifier := patients[0].List("identifier")[0]
	token := identifier.Str("system") + "|" + identifier.Str("value")
	subject := func(r reply) string {
		if r.status != 200 || r.body.Str("type") != "document" {
			return r.String()
		}
		for _, e := range r.body.List("entry") {
			if n := e.Get("resource"); n.Str("resourceType") == "Patient" {
				return n.Str("id")
			}
		}
		return "none"
	}
	form := func(path string, body url.Values) reply {
		return p.send("POST", path, body.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	at := "Patient/$summary"
	for what, r := range map[string]reply{
		"GET": p.send("GET", at+"?identifier="+url.QueryEscape(token), ""), "form": form(at, url.Values{"identifier": {token}}),
		"Identifier": p.send("POST", at, `{"resourceType":"Parameters","parameter":[{"name":"identifier","valueIdentifier":{"system":"`+identifier.Str("system")+`","value":"`+identifier.Str("value")+`"}}]}`),
		"string":     p.send("POST", at, `{"resourceType":"Parameters","parameter":[{"name":"identifier","valueString":"`+token+`"}]}`),
	} {
		if got := subject(r); got != patients[0].Str("id") {
			t.Errorf("by %s: %.500s", what, got)
		}
	}
	for query, want := range map[string]int{
		"": 400, "?identifier=": 400, "?identifier=" + identifier.Str("value"): 400, "?identifier=urn:x|": 400, "?identifier=|": 400, "?identifier=a|b|c": 400, "?identifier=a|b,c|d": 400,
		"?identifier=a|b&identifier=a|b": 400, "?identifier=urn:nobody|1": 404, "?identifier=|nobody": 404, "?identifier=a|%00": 400, "?colour=red": 400, "?identifier=a|b&profile=x": 400,
		"?identifier=" + url.QueryEscape(strings.ToUpper(identifier.Str("system"))+"|x\\"): 404,
	} {
		if r := p.send("GET", at+query, ""); r.status != want {
			t.Errorf("%s: %s", query, r)
		}
	}
	if r := p.send("GET", "Patient/"+patients[0].Str("id")+"/$summary?identifier="+url.QueryEscape(token), ""); r.status != 400 {
		t.Errorf("both: %s", r)
	}
	if r := p.send("POST", at, `{"resourceType":"Parameters","parameter":[{"name":"identifier","valueIdentifier":{"value":{}}}]}`); r.status != 400 {
		t.Errorf("an identifier without a value: %s", r)
	}
	// Another record with the same identifier: neither is chosen.
	twin := `{"_type":"EHR_STATUS","archetype_node_id":"openEHR-EHR-EHR_STATUS.generic.v1","name":{"_type":"DV_TEXT","value":"EHR status"},"is_queryable":true,"is_modifiable":true,` +
		`"subject":{"_type":"PARTY_SELF","external_ref":{"_type":"PARTY_REF","namespace":"other","type":"PERSON","id":{"_type":"GENERIC_ID","value":"42","scheme":"urn:numbers"}}}}`
	for range 2 {
		if status, _, body := send(t, "POST", s.Origin()+"/openehr/v1/ehr", twin, "Content-Type", "application/json"); status >= 300 && status != 409 {
			t.Fatalf("%d %s", status, body)
		}
	}
	twins := p.all("Patient?identifier=42", "match")
	for _, n := range twins {
		i := n.List("identifier")[0]
		r := p.send("GET", at+"?identifier="+url.QueryEscape(i.Str("system")+"|"+i.Str("value")), "")
		if want := map[int]int{1: 200, 2: 412}[len(twins)]; r.status != want {
			t.Errorf("%d have it: %s", len(twins), r)
		}
	}
	if len(twins) == 0 {
		t.Error("nobody has the identifier")
	}
	composition := p.all("Composition?patient="+patients[1].Str("id")+"&_count=1", "match")[0].Str("id")
	at = "Composition/$document"
	for what, r := range map[string]reply{
		"id": p.send("GET", at+"?id="+composition, ""), "reference": p.send("GET", at+"?id=Composition/"+composition, ""),
		"address": p.send("GET", at+"?persist=false&id="+url.QueryEscape(p.base+"Composition/"+composition), ""), "form": form(at, url.Values{"id": {composition}}),
	} {
		if got := subject(r); got != patients[1].Str("id") {
			t.Errorf("by %s: %.500s", what, got)
		}
	}
	for query, want := range map[string]int{
		"": 400, "?id=": 400, "?id=none": 404, "?id=Patient/" + patients[0].Str("id"): 400, "?id=http://elsewhere/Composition/1": 400, "?id=a&id=b": 400, "?id=%00": 400,
		"?id=" + composition + "&persist=true": 501, "?id=Composition/": 400, "?colour=red": 400, "?id=Composition/a/b": 400,
	} {
		if r := p.send("GET", at+query, ""); r.status != want {
			t.Errorf("%s: %s", query, r)
		}
	}
	if r := p.send("GET", "Composition/"+composition+"/$document?id="+composition, ""); r.status != 400 {
		t.Errorf("both: %s", r)
	}
}
