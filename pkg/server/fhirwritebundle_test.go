package server

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// entry is one request of a bundle that creates an Observation.
func entry(resource string, more ...string) string {
	return `{"fullUrl":"urn:uuid:` + uuidLike() + `","resource":` + resource + `,"request":{"method":"POST","url":"Observation"` + strings.Join(more, "") + `}}`
}

func uuidLike() string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", rand.Uint32(), rand.Uint64()&0xffffffffffff)
}

func bundleOf(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

func statuses(n *r4.Node) string {
	var out []string
	for _, e := range n.List("entry") {
		out = append(out, e.Str("response", "status"))
	}
	return strings.Join(out, " ")
}

// TestFHIRWriteTransaction creates all resources of a bundle in one contribution,
// or none.
func TestFHIRWriteTransaction(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 12, 2)
	id, other := ids[0], ids[1]
	identifier := p.get("Patient/" + id).List("identifier")[0]
	conditional := strings.Replace(weight(id, "62", tagged), "Patient/"+id, "Patient?identifier="+identifier.Str("system")+"|"+identifier.Str("value"), 1)
	before, beside := p.count(id), p.count(other)
	absolute := strings.Replace(weight(id, "63", tagged), "Patient/", p.base+"Patient/", 1)
	good := bundleOf("transaction", entry(weight(id, "61", tagged)), entry(conditional), entry(absolute))
	r := p.send("POST", "", good, "Idempotency-Key", "t1")
	if r.status != 200 || statuses(r.body) != "201 201 201" {
		t.Fatal(r)
	}
	var contributions []string
	for i, e := range r.body.List("entry") {
		read := p.send("GET", e.Str("response", "location"), "")
		if read.status != 200 || string(read.body.Append(nil)) != string(e.Get("resource").Append(nil)) {
			t.Errorf("%d: answered %s\nread %s", i, e.Append(nil), read)
		}
		if got := e.Get("resource").Str("subject", "reference"); got != "Patient/"+id {
			t.Errorf("%d: about %s", i, got)
		}
		uid := strings.TrimPrefix(read.body.Str("meta", "source"), "ehr:")
		found := rows(t, p.s, "SELECT v/contribution/id/value FROM EHR e CONTAINS VERSION v CONTAINS COMPOSITION c WHERE e/ehr_id/value = $ehr AND c/uid/value = '"+uid+"'", id)
		if len(found) != 1 {
			t.Fatalf("%d: %v", i, found)
		}
		contributions = append(contributions, fmt.Sprint(found[0][0]))
	}
	if len(slices.Compact(contributions)) != 1 {
		t.Errorf("several contributions: %v", contributions)
	}
	if again := p.send("POST", "", good, "Idempotency-Key", "t1"); again.String() != r.String() || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("again: %s", again)
	}
	search := `,"ifNoneExist":"patient=` + id + `&code=29463-7&value-quantity=61"`
	if r := p.send("POST", "", bundleOf("transaction", entry(weight(id, "61", tagged), search), entry(weight(id, "71", tagged))), "Prefer", "return=minimal"); r.status != 200 || statuses(r.body) != "200 201" || strings.Contains(r.String(), `"resource"`) {
		t.Errorf("conditional: %s", r)
	}
	if n := p.count(id) - before; n != 4 {
		t.Errorf("%d compositions", n)
	}
	before = p.count(id)
	bad := weight(id, "72", tagged, `,"method":{"text":"scales"}`)
	for _, c := range []struct {
		name   string
		body   string
		status int
		at     string
		text   string
	}{
		{"one of them cannot be kept", bundleOf("transaction", entry(weight(id, "72", tagged)), entry(bad)), 422, "Bundle.entry[1].resource.method", "would be lost"},
		{"two patients", bundleOf("transaction", entry(weight(id, "72", tagged)), entry(weight(other, "72", tagged))), 422, "Bundle.entry[1]", "of one patient only"},
		{"beside a read", bundleOf("transaction", entry(weight(id, "72", tagged)), `{"request":{"method":"GET","url":"Patient/`+id+`"}}`), 422, "Bundle.entry[1]", "either reads or creates"},
		{"beside a delete", bundleOf("transaction", entry(weight(id, "72", tagged)), `{"request":{"method":"DELETE","url":"Patient/`+id+`"}}`), 422, "Bundle.entry[1]", "either reads or creates"},
		{"a patient in it", bundleOf("transaction", `{"resource":{"resourceType":"Patient","gender":"male"},"request":{"method":"POST","url":"Patient"}}`), 422, "Bundle.entry[0].resource", "an EHR"},
		{"a patient that is in it", bundleOf("transaction", entry(strings.Replace(weight(id, "72", tagged), "Patient/"+id, "urn:uuid:00000000-0000-4000-8000-000000000001", 1))), 422, "Bundle.entry[0].resource.subject.reference", "a Patient of this server"},
		{"an address that is none", bundleOf("transaction", `{"resource":`+weight(id, "72", tagged)+`,"request":{"method":"POST","url":"Observation/_search"}}`), 422, "Bundle.entry[0].request.url", "the type of a resource"},
		{"another type", bundleOf("transaction", `{"resource":`+weight(id, "72", tagged)+`,"request":{"method":"POST","url":"Consent"}}`), 400, "Bundle.entry[0]", "no resource of the type"},
		{"no resource", bundleOf("transaction", `{"request":{"method":"POST","url":"Consent"}}`), 400, "Bundle.entry[0]", "no resource of the type"},
		{"the same condition twice", bundleOf("transaction", entry(weight(id, "72", tagged), `,"ifNoneExist":"code=none"`), entry(weight(id, "72", tagged), `,"ifNoneExist":"code=none"`)), 400, "Bundle.entry[1]", "depend on the order"},
		{"no such patient", bundleOf("transaction", entry(strings.Replace(weight(id, "72", tagged), "Patient/"+id, "Patient?identifier=nobody", 1))), 412, "Bundle.entry[0].resource.subject.reference", "no patient matches"},
		{"several patients", bundleOf("transaction", entry(strings.Replace(weight(id, "72", tagged), "Patient/"+id, "Patient?_lastUpdated=gt2000-01-01", 1))), 412, "Bundle.entry[0].resource.subject.reference", "several patients match"},
		{"an unknown patient", bundleOf("transaction", entry(weight("00000000-0000-4000-8000-000000000001", "72", tagged))), 422, "Bundle.entry[0].resource.subject", "no such Patient"},
	} {
		r := p.send("POST", "", c.body)
		found := false
		for _, i := range r.body.List("issue") {
			at := i.List("expression")
			found = found || len(at) == 1 && at[0].Text == c.at && strings.Contains(i.Str("details", "text"), c.text)
		}
		if r.status != c.status || !found {
			t.Errorf("%s: %s", c.name, r)
		}
	}
	if p.count(id) != before || p.count(other) != beside {
		t.Error("a transaction that was refused has left something")
	}
	// A batch does each alone.
	r = p.send("POST", "", bundleOf("batch", entry(weight(id, "72", tagged)), entry(bad), `{"request":{"method":"GET","url":"Patient/`+id+`"}}`,
		entry(weight(id, "61", tagged), search), entry(weight(other, "72", tagged)), `{"request":{"method":"PUT","url":"Observation/x"}}`, `{"request":{"method":"POST","url":"Observation"}}`,
		`{"resource":`+weight(id, "72", tagged)+`,"request":{"method":"POST","url":"Observation/_search"}}`))
	if r.status != 200 || statuses(r.body) != "201 422 200 200 201 405 400 405" {
		t.Errorf("batch: %s in %s", statuses(r.body), r)
	}
	if location := r.body.List("entry")[0].Str("response", "location"); p.send("GET", location, "").status != 200 {
		t.Errorf("batch: nothing at %s", location)
	}
	if p.count(id) != before+1 || p.count(other) != beside+1 {
		t.Error("a batch has not made two")
	}
	if r := p.send("POST", "", bundleOf("batch", entry(weight(id, "72", tagged))), "Idempotency-Key", "b"); r.status != 400 {
		t.Errorf("a batch with a key: %s", r)
	}
}

// TestFHIRWriteThreeDoors writes random measurements as FHIR and reads each by
// openEHR REST, by AQL and as FHIR: the same digits at the same time.
func TestFHIRWriteThreeDoors(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 13, 1, func(o *Options) { o.FHIRWriteTemplate = []string{vitalSigns, "Not stored"} })
	id := ids[0]
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	quantity := func(low, high int, unit string) string {
		digits := rnd.IntN(3)
		value := strconv.Itoa(low + rnd.IntN(high-low))
		if digits > 0 {
			value += fmt.Sprintf(".%0*d", digits, rnd.IntN(10))
		}
		return `{"value":` + value + `,"unit":"` + unit + `","system":"http://unitsofmeasure.org","code":"` + unit + `"}`
	}
	value := func(q string) string {
		n, err := r4.Parse([]byte(q))
		if err != nil {
			t.Fatal(err)
		}
		return n.Str("value")
	}
	for i := range 40 {
		offset := []string{"Z", "+01:00", "-03:30", "+05:45"}[rnd.IntN(4)]
		when := time.Date(1990+rnd.IntN(35), time.Month(1+rnd.IntN(12)), 1+rnd.IntN(28), rnd.IntN(24), rnd.IntN(60), rnd.IntN(60), 0, time.UTC).Format("2006-01-02T15:04:05") + offset
		m := measured[rnd.IntN(4)]
		head := `{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],`
		tail := `"subject":{"reference":"Patient/` + id + `"},"effectiveDateTime":"` + when + `"`
		var body, want string
		switch m.loinc {
		case "85354-9":
			systolic, diastolic := quantity(90, 200, "mm[Hg]"), quantity(40, 90, "mm[Hg]")
			if want = value(systolic); m.name == "diastolic" {
				want = value(diastolic)
			}
			body = head + `"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}],"text":"Blood pressure"},` + tail +
				`,"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}],"text":"Systolic"},"valueQuantity":` + systolic +
				`},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}],"text":"Diastolic"},"valueQuantity":` + diastolic + `}]}`
		case "8310-5":
			q := quantity(33, 42, "Cel")
			want = value(q)
			body = head + `"code":{"coding":[{"system":"http://loinc.org","code":"8310-5"}],"text":"Body temperature"},` + tail + `,"valueQuantity":` + q + `}`
		default:
			q := quantity(2, 200, "kg")
			want = value(q)
			body = head + `"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Body weight"},` + tail + `,"valueQuantity":` + q + `}`
		}
		r := p.send("POST", "Observation", body)
		if r.status != 201 {
			t.Fatalf("%d: %s\n%s", i, body, r)
		}
		if diff := cmp.Diff(body, string(bare(t, r.body, id).Append(nil))); diff != "" {
			t.Errorf("%d: sent (-) and answered (+):\n%s", i, diff)
		}
		root := compositionOf(t, p, id, r.body, vitalSigns)
		line := reading(when, want)
		if got := byREST(t, []*rm.Node{root}, m.archetype, m.events, m.element, m.attribute); !slices.Equal(got, []string{line}) {
			t.Errorf("%d: openEHR REST has %v, sent was %s", i, got, line)
		}
		uid := strings.TrimPrefix(r.body.Str("meta", "source"), "ehr:")
		found := rows(t, p.s, fmt.Sprintf(`SELECT o/%[2]s/time/value, o/%[2]s/%[3]s/value/%[4]s FROM EHR e CONTAINS COMPOSITION c
			CONTAINS OBSERVATION o[%[1]s] WHERE e/ehr_id/value = $ehr AND c/uid/value = '%[5]s'`, m.archetype, m.events, m.element, m.attribute, uid), id)
		if len(found) != 1 || found[0][1] == nil || reading(found[0][0].(string), found[0][1].(json.Number).String()) != line {
			t.Errorf("%d: AQL has %v, sent was %s", i, found, line)
		}
		if got := byFHIR(t, p.s, id, m.loinc, m.component); !slices.Contains(got, line) {
			t.Errorf("%d: FHIR has %v, sent was %s", i, got, line)
		}
	}
}

// TestFHIRWriteReport stores a laboratory report with its results as one
// composition, from a transaction whose entries refer to each other.
func TestFHIRWriteReport(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 14, 2)
	id := ids[0]
	part := func(typ, url, resource string, more ...string) string {
		return `{"fullUrl":"urn:uuid:` + url + `","resource":` + resource + `,"request":{"method":"POST","url":"` + typ + `"` + strings.Join(more, "") + `}}`
	}
	const r1, r2, sp, rep = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003", "00000000-0000-4000-8000-000000000004"
	const head = `"status":"final","effectiveDateTime":"2024-03-05T08:00:00Z","performer":[{"display":"Clinical chemistry"}]`
	subject := func(patient string) string { return `,"subject":{"reference":"Patient/` + patient + `"}` }
	result := func(patient, name, value string) string {
		return `{"resourceType":"Observation",` + head + subject(patient) + `,"identifier":[{"system":"urn:lab","value":"` + name + `"}],` +
			`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"text":"` + name + `"},` +
			`"valueQuantity":{"value":` + value + `,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}`
	}
	report := func(patient, refers string) string {
		return `{"resourceType":"DiagnosticReport",` + head + subject(patient) + `,"meta":{"tag":[{"system":"http://openehr.org/templates","code":"Cairn - Laboratory report.v1"}]},` +
			`"identifier":[{"system":"urn:lab","value":"R"}],` +
			`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"LAB"}]}],"code":{"text":"Electrolytes"}` + refers + `}`
	}
	specimen := `{"resourceType":"Specimen"` + subject(id) + `,"type":{"text":"Blood"},"accessionIdentifier":{"value":"S-1"}}`
	refers := `,"result":[{"reference":"urn:uuid:` + r1 + `"},{"reference":"urn:uuid:` + r2 + `"}],"specimen":[{"reference":"urn:uuid:` + sp + `"}]`
	before := p.count(id)
	r := p.send("POST", "", bundleOf("transaction",
		part("Observation", r1, result(id, "Sodium", "141.0")), part("DiagnosticReport", rep, report(id, refers)),
		part("Specimen", sp, specimen), part("Observation", r2, result(id, "Potassium", "4.10"))))
	if r.status != 200 || statuses(r.body) != "201 201 201 201" {
		t.Fatal(r)
	}
	if n := p.count(id); n != before+1 {
		t.Errorf("%d compositions were made", n-before)
	}
	entries := r.body.List("entry")
	for i, want := range []string{"141.0", "", "", "4.10"} {
		read := p.send("GET", entries[i].Str("response", "location"), "")
		if read.status != 200 || string(read.body.Append(nil)) != string(entries[i].Get("resource").Append(nil)) {
			t.Errorf("%d: %s", i, read)
		}
		if got := read.body.Str("valueQuantity", "value"); got != want {
			t.Errorf("%d: the value is %s", i, got)
		}
	}
	got := entries[1].Get("resource")
	var refs []string
	for _, name := range []string{"result", "specimen"} {
		for _, ref := range got.List(name) {
			refs = append(refs, ref.Str("reference"))
		}
	}
	id0 := func(i int) string {
		n := entries[i].Get("resource")
		return n.Str("resourceType") + "/" + n.Str("id")
	}
	if diff := cmp.Diff([]string{id0(0), id0(3), id0(2)}, refs); diff != "" {
		t.Errorf("the report refers to (-want +got):\n%s", diff)
	}
	if found := p.all("Observation?patient="+id+"&identifier=urn:lab|Sodium", "match"); len(found) != 1 || found[0].Str("id") != entries[0].Get("resource").Str("id") {
		t.Errorf("found %v", found)
	}
	uid := strings.TrimPrefix(got.Str("meta", "source"), "ehr:")
	root, problems := rm.DecodeJSON(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+id+"/composition/"+uid, nil), rm.Lookup("COMPOSITION"), rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatal(problems)
	}
	if kept := root.String("feeder_audit", "original_content", "value"); !strings.Contains(kept, `"4.10"`) && !strings.Contains(kept, `4.10`) || !strings.Contains(kept, "S-1") {
		t.Errorf("kept: %s", kept)
	}
	count := p.count(id)
	for _, c := range []struct{ name, want, body string }{
		{"a condition on a part", "no condition of its own", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`)), part("Observation", r1, result(id, "Sodium", "1"), `,"ifNoneExist":"identifier=x"`))},
		{"a condition on the whole", "has no condition", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`), `,"ifNoneExist":"identifier=x"`), part("Observation", r1, result(id, "Sodium", "1")))},
		{"a part of two", "both refer to", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`)), part("DiagnosticReport", r2, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`)), part("Observation", r1, result(id, "Sodium", "1")))},
		{"of another patient", "about another patient", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`)), part("Observation", r1, result(ids[1], "Sodium", "1")))},
		{"a part that is lost", "1 resources instead of 2", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"imagingStudy":[{"reference":"urn:uuid:`+r1+`"}]`)), part("Observation", r1, result(id, "Sodium", "1")))},
		{"a result of another status", "resolve()", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`)), part("Observation", r1, strings.Replace(result(id, "Sodium", "1"), "08:00", "09:00", 1)))},
		{"what is not there", "the element would be lost", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`)))},
		{"the same twice", "", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"},{"reference":"urn:uuid:`+r1+`"}]`)), part("Observation", r1, result(id, "Sodium", "1")))},
		{"refuted", "entered-in-error", bundleOf("transaction", part("DiagnosticReport", rep, report(id, `,"result":[{"reference":"urn:uuid:`+r1+`"}]`)), part("Observation", r1, strings.Replace(result(id, "Sodium", "1"), "final", "entered-in-error", 1)))},
	} {
		if r := p.send("POST", "", c.body); r.status != 422 || !strings.Contains(r.String(), c.want) {
			t.Errorf("%s: %s", c.name, r)
		}
	}
	if n := p.count(id); n != count {
		t.Errorf("what was refused has left %d compositions", n-count)
	}
}
