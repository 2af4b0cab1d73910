package server

import (
	"slices"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// Every complete composition, whatever its template, is a DocumentReference and
// a Composition, and a document with all that was made of it.
func TestDocuments(t *testing.T) {
	t.Parallel()
	s := running(t, 14, 2)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	patient := p.all("Patient?_count=1", "match")[0].Str("id")
	list := p.all("DocumentReference?patient="+patient+"&_count=3", "match")
	if len(list) < 4 {
		t.Fatalf("%d documents", len(list))
	}
	of := map[string]string{} // by the version they were made from
	for _, n := range p.all("Patient/"+patient+"/$everything", "match") {
		of[n.Str("resourceType")+"/"+n.Str("id")] = n.Str("meta", "source")
	}
	shown := map[string]bool{}
	for _, d := range list {
		id := d.Str("id")
		for _, typ := range []string{"DocumentReference", "Composition"} {
			n := p.get(typ + "/" + id)
			for _, problem := range r4.ValidateNode(n) {
				t.Errorf("%s/%s: %s", typ, id, problem)
			}
			if n.Str("subject", "reference") != "Patient/"+patient || n.Str("meta", "source") != d.Str("meta", "source") {
				t.Errorf("%s", n.Append(nil))
			}
		}
		if d.Str("masterIdentifier", "value") != d.Str("meta", "source") {
			t.Errorf("%s", d.Append(nil))
		}
		url := d.List("content")[0].Str("attachment", "url")
		bundle := p.get(url)
		if bundle.Str("type") != "document" {
			t.Fatalf("%s: %s", url, bundle.Append(nil))
		}
		for _, problem := range r4.ValidateNode(bundle) {
			t.Errorf("%s: %s", url, problem)
		}
		entries := bundle.List("entry")
		if entries[0].Get("resource").Str("resourceType") != "Composition" || entries[1].Get("resource").Str("id") != patient {
			t.Errorf("%s begins with something else", url)
		}
		inside := map[string]bool{}
		for _, e := range entries {
			n := e.Get("resource")
			name := n.Str("resourceType") + "/" + n.Str("id")
			inside[name], shown[name] = true, true
			if of[name] != "" && n.Str("resourceType") != "Patient" && of[name] != d.Str("meta", "source") {
				t.Errorf("%s holds %s of %s", url, name, of[name])
			}
		}
		sections := entries[0].Get("resource").List("section")
		if len(sections) == 0 {
			t.Errorf("%s has no sections", url)
		}
		for _, section := range sections {
			for _, ref := range section.List("entry") {
				if !inside[ref.Str("reference")] {
					t.Errorf("%s refers to %s and does not hold it", url, ref.Str("reference"))
				}
			}
		}
	}
	for name := range of {
		if !shown[name] {
			t.Errorf("no document holds %s", name)
		}
	}
	if got := names(p.all("DocumentReference?patient="+patient+"&_sort=-date&_count=2", "match")); len(got) != len(list) {
		t.Errorf("sorted: %d of %d", len(got), len(list))
	}
	at := func(n *r4.Node) time.Time {
		v, err := time.Parse(time.RFC3339, n.Str("date"))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	byDate := p.all("Composition?patient="+patient+"&_sort=date&_count=2", "match")
	if !slices.IsSortedFunc(byDate, func(a, b *r4.Node) int { return at(a).Compare(at(b)) }) || len(byDate) != len(list) {
		t.Errorf("by date: %v", names(byDate))
	}
	d := list[0]
	coding := d.Get("type").List("coding")[0]
	search := func(path string, want bool) {
		t.Helper()
		got := names(p.all(path, "match"))
		if slices.Contains(got, d.Str("resourceType")+"/"+d.Str("id")) != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	of1 := "DocumentReference?patient=" + patient
	search(of1+"&type="+coding.Str("system")+"|at0000", true)
	search(of1+"&type:not="+coding.Str("system")+"|at0000", false)
	search(of1+"&type=http://loinc.org|0-0", false)
	search(of1+"&category=433,431,451", true)
	search(of1+"&category=http://loinc.org|433", false)
	search(of1+"&status=current", true)
	search(of1+"&status=superseded", false)
	search(of1+"&identifier="+d.Str("masterIdentifier", "value"), true)
	search(of1+"&identifier="+d.List("identifier")[0].Str("value"), true)
	search(of1+"&identifier=urn:uuid:"+patient, false)
	search(of1+"&date=gt2000", true)
	search(of1+"&date=lt2000", false)
	search("DocumentReference?_id="+d.Str("id"), true)
	search("DocumentReference?_id=x", false)
	search("Composition?patient="+patient+"&status=amended", false)
	for path, want := range map[string]int{
		"DocumentReference/x": 404, "Composition/0-0": 404, "DocumentReference/" + d.Str("id") + "/_history/9": 404,
		"Composition/_history": 501, "DocumentReference?identifier=x": 400, of1 + "&_sort=status": 400, of1 + "&encounter=x": 400,
		"Composition/x/$document": 404, "Composition/" + d.Str("id") + "/$document?persist=true": 501,
		"Composition/" + d.Str("id") + "/$document?graph=x": 400, "Patient/" + patient + "/$document": 501,
	} {
		if status, n := p.do("GET", path, "", ""); status != want {
			t.Errorf("%s: %d %s", path, status, n.Append(nil))
		}
	}
	if h := p.get("Composition/" + d.Str("id") + "/_history"); len(h.List("entry")) != 1 {
		t.Errorf("history: %s", h.Append(nil))
	}
}
