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

func TestSecurityOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Projecting{
		{FHIRSecurity: []string{"secret"}}, {FHIRSecurity: []string{"N", "R"}}, {FHIRSecurityOf: map[string]string{"a": "N,,"}}, {FHIRSecurityOf: map[string]string{"a": "N,V"}},
	} {
		if l, err := o.labels(); err == nil {
			t.Errorf("%v", l)
		}
	}
}
