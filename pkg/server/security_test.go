package server

import (
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// codesOf are the security labels of a resource, joined.
func codesOf(n *r4.Node) string {
	var out []string
	if meta := n.Get("meta"); meta != nil {
		for _, c := range meta.List("security") {
			out = append(out, c.Str("code"))
		}
	}
	return strings.Join(out, " ")
}

// What is configured stands in meta.security at every door of the FHIR API, the
// highest on bundles, and is found by _security.
func TestSecurityLabels(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRSecurity = []string{"N", "HTEST"}
	o.FHIRSecurityOf = map[string]string{"Cairn - Vital signs.v1": "R,http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY"}
	s := runningWith(t, o, 41, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	box, err := s.LoadSandbox(t.Context(), 41, 1)
	if err != nil {
		t.Fatal(err)
	}
	e := box.Example.EHRID
	const plain, high = "N HTEST", "HTEST R PSY"
	count := map[string]int{}
	check := func(n *r4.Node) {
		t.Helper()
		if got := codesOf(n); got != plain && got != high {
			t.Errorf("%s/%s has the labels %q", n.Str("resourceType"), n.Str("id"), got)
		}
		count[codesOf(n)]++
		if problems := r4.ValidateNode(n); len(problems) > 0 {
			t.Errorf("%s: %v", n.Str("id"), problems)
		}
	}
	for _, path := range []string{
		"Patient?_id=" + e, "Observation?_count=500&patient=" + e, "Observation?_count=50", "Condition?patient=" + e, "Composition?patient=" + e,
		"DocumentReference?patient=" + e, "Provenance?patient=" + e, "AuditEvent?patient=" + e, "Patient/" + e + "/$everything?_count=500",
		"_history?_count=400", "Observation/_history?_count=50", "Patient/" + e + "/_history",
	} {
		clear(count)
		bundle := p.get(path)
		for _, x := range bundle.List("entry") {
			if n := x.Get("resource"); n != nil && n.Str("resourceType") != "OperationOutcome" {
				check(n)
			}
		}
		want := plain
		if count[high] > 0 {
			if want = "R HTEST PSY"; count[plain] == 0 {
				want = high
			}
		}
		if count[plain]+count[high] == 0 {
			t.Errorf("%s shows nothing", path)
		}
		if got := codesOf(bundle); len(strings.Fields(got)) != len(strings.Fields(want)) || strings.Contains(got, "R") != strings.Contains(want, "R") {
			t.Errorf("%s: the bundle has %q, not %q", path, got, want)
		}
	}
	labelled := p.all("Observation?_security=R&_count=500&patient="+e, "match")
	rest := p.all("Observation?_security=N&_count=500&patient="+e, "match")
	all := p.all("Observation?_count=500&patient="+e, "match")
	if len(labelled) == 0 || len(rest) == 0 || len(labelled)+len(rest) != len(all) {
		t.Errorf("%d restricted and %d normal of %d", len(labelled), len(rest), len(all))
	}
	for _, n := range labelled {
		if codesOf(n) != high {
			t.Errorf("%s is found by R", codesOf(n))
		}
		one := p.get("Observation/" + n.Str("id"))
		version := p.get("Observation/" + n.Str("id") + "/_history/" + one.Get("meta").Str("versionId"))
		if codesOf(one) != high || codesOf(version) != high {
			t.Errorf("read: %q, %q", codesOf(one), codesOf(version))
		}
	}
	for query, want := range map[string]bool{
		"Composition?_security=R&patient=" + e: true, "Composition?_security=V&patient=" + e: false, "Provenance?_security=R&patient=" + e: true,
		"AuditEvent?_security=R&patient=" + e: false, "AuditEvent?_security=HTEST&patient=" + e: true,
		"Observation?_security=http://terminology.hl7.org/CodeSystem/v3-ActReason|HTEST&patient=" + e: true, "Observation?_security=U&patient=" + e: false,
		"Observation?_security=U,R&patient=" + e: true, "Patient?_security=R": false, "Patient?_security=N": true,
	} {
		if got := p.all(query, "match"); (len(got) > 0) != want {
			t.Errorf("%s: %d", query, len(got))
		}
	}
	summary := p.get("Patient/" + e + "/$summary")
	if got := codesOf(summary); !strings.Contains(got, "R") || strings.Contains(got, "N ") {
		t.Errorf("the summary has %q", got)
	}
	for _, n := range p.all("Composition?_security=R&_count=1&patient="+e, "match")[:1] {
		document := p.get("Composition/" + n.Str("id") + "/$document")
		if got := codesOf(document); !strings.Contains(got, "R") {
			t.Errorf("the document has %q", got)
		}
		for _, x := range document.List("entry") {
			check(x.Get("resource"))
		}
	}
}

// What a composition says and is tagged with labels all that is made of it, at every
// door; a tag at once, in earlier versions and without a new one.
func TestSecurityByContent(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRSecurity = []string{"N", "HTEST"}
	o.FHIRSecurityTag = []string{"privacy"}
	o.FHIRSecurityCode = []string{"R=LOINC|8867-4", "http://labels.example|PRESSURE=openehr|433@/category", "http://labels.example|NONE=openehr|433@/context/setting"}
	s := runningWith(t, o, 41, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	box, err := s.LoadSandbox(t.Context(), 41, 1)
	if err != nil {
		t.Fatal(err)
	}
	e := box.Example.EHRID
	var tagged *r4.Node
	for _, n := range p.all("Observation?category=vital-signs&patient="+e, "match") {
		if strings.Contains(codesOf(n), "PRESSURE") && !strings.Contains(codesOf(n), "NONE") {
			tagged = n
		}
	}
	if tagged == nil {
		t.Fatal("no vital signs are labelled by the category of their composition")
	}
	before := codesOf(tagged)
	id, source := "Observation/"+tagged.Str("id"), strings.TrimPrefix(tagged.Str("meta", "source"), "ehr:")
	version := tagged.Str("meta", "versionId")
	read := func() (int, *r4.Node) {
		t.Helper()
		code, _, body := send(t, "GET", p.base+id, "", "If-None-Match", `W/"`+version+`"`)
		n, err := r4.Parse(body)
		if err != nil {
			t.Fatalf("%d %s %v", code, body, err)
		}
		return code, n
	}
	object, _, _ := strings.Cut(source, "::")
	tag := func(value string) {
		t.Helper()
		if code, _, body := send(t, "PUT", s.Origin()+"/openehr/v1/ehr/"+e+"/composition/"+object+"/tags", `[{"key":"privacy","value":"`+value+`"}]`, "Content-Type", "application/json"); code >= 300 {
			t.Fatalf("%d %s", code, body)
		}
	}
	tag("V")
	// A client that has it labelled otherwise is not told that it has not changed.
	code, n := read()
	if code != 200 || !strings.Contains(codesOf(n), "V") || n.Str("meta", "versionId") != version {
		t.Errorf("%d, labelled %q, version %q", code, codesOf(n), n.Str("meta", "versionId"))
	}
	high := codesOf(n)
	var composition string
	for _, path := range []string{
		"Observation?_count=500&patient=" + e, "Observation?_count=500", "Composition?_count=200&patient=" + e, "DocumentReference?_count=200&patient=" + e, "Provenance?_count=500&patient=" + e,
		"Patient/" + e + "/$everything?_count=500", id + "/_history", "Observation/_history?_count=500", "Observation?_security=V&patient=" + e, "Provenance?_security=V", "DocumentReference?_security=V&patient=" + e,
	} {
		found := 0
		bundle := p.get(path)
		for _, x := range bundle.List("entry") {
			n := x.Get("resource")
			if n == nil || n.Str("resourceType") == "OperationOutcome" {
				continue
			}
			of := n.Str("meta", "source") == "ehr:"+source
			if labels := codesOf(n); of != strings.Contains(labels, "V") || of && labels != high {
				t.Errorf("%s: %s/%s is labelled %q", path, n.Str("resourceType"), n.Str("id"), labels)
			}
			if of {
				found++
				if n.Str("resourceType") == "Composition" {
					composition = "Composition/" + n.Str("id")
				}
			}
		}
		if found == 0 || !strings.Contains(codesOf(bundle), "V") {
			t.Errorf("%s: %d labelled, the bundle %q", path, found, codesOf(bundle))
		}
	}
	for _, path := range []string{id + "/_history/" + version, composition, composition + "/$document"} {
		if got := codesOf(p.get(path)); !strings.Contains(got, "V") {
			t.Errorf("%s is labelled %q", path, got)
		}
	}
	for _, query := range []string{"Observation?_security=N&_id=" + tagged.Str("id"), "Observation?_security:not=V&_id=" + tagged.Str("id"), "Observation?_security:missing=true&patient=" + e, "Patient?_security=V"} {
		if got := p.all(query, "match"); len(got) > 0 {
			t.Errorf("%s finds %d", query, len(got))
		}
	}
	m, _ := exported(t, s, "$export?_type=Observation", "")
	var lines []string
	for _, f := range m.Output {
		_, _, data := send(t, "GET", f.URL, "")
		lines = append(lines, strings.Split(strings.TrimSpace(string(data)), "\n")...)
	}
	labelled := 0
	for _, line := range lines {
		n, err := r4.Parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if of := n.Str("meta", "source") == "ehr:"+source; of != strings.Contains(codesOf(n), "V") {
			t.Errorf("%s is exported with %q", n.Str("id"), codesOf(n))
		} else if of {
			labelled++
		}
	}
	if labelled == 0 {
		t.Error("none is exported with the label")
	}
	tag("whatever")
	if _, n := read(); codesOf(n) != high {
		t.Errorf("a value that is no label: %q", codesOf(n))
	}
	tag("L")
	if _, n := read(); codesOf(n) != before {
		t.Errorf("a label that is lower: %q, not %q", codesOf(n), before)
	}
}

// What is created is answered with the labels that a read gives it.
func TestSecurityOfWhatIsCreated(t *testing.T) {
	t.Parallel()
	p, patients := writing(t, 41, 1, func(o *Options) {
		o.FHIRSecurity = []string{"N"}
		o.FHIRSecurityCode = []string{"R=openehr|433@/category"}
	})
	got := p.send("POST", "Observation", weight(patients[0], "70", tagged), "Prefer", "return=representation")
	if got.status != 201 || codesOf(got.body) != "R" || codesOf(p.get("Observation/"+got.body.Str("id"))) != "R" {
		t.Errorf("%v", got)
	}
}

func TestSecurityOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Projecting{
		{FHIRSecurity: []string{"secret"}},
		{FHIRSecurity: []string{"N", "R"}},
		{FHIRSecurityOf: map[string]string{"a": "N,,"}},
		{FHIRSecurityOf: map[string]string{"a": "N,V"}},
		{FHIRSecurityTag: []string{""}},
		{FHIRSecurityCode: []string{"R"}},
	} {
		if l, err := o.labels(); err == nil {
			t.Errorf("%v", l)
		}
	}
}
