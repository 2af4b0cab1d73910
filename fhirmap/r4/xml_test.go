package r4_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// roundTrip writes a resource as XML and reads it back.
func roundTrip(t testing.TB, n *r4.Node) *r4.Node {
	t.Helper()
	doc, err := r4.AppendXML(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	back, err := r4.ParseXML(doc)
	if err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return back
}

func TestXML(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ json, xml string }{
		{
			`{"resourceType":"Patient","id":"a","active":true,"multipleBirthInteger":2}`,
			`<Patient xmlns="http://hl7.org/fhir"><id value="a"/><active value="true"/><multipleBirthInteger value="2"/></Patient>`,
		},
		{
			`{"resourceType":"Observation","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; <b>b</b></div>"},"status":"final","code":{"id":"x","text":"<&\">"},"valueQuantity":{"value":1.50}}`,
			`<Observation xmlns="http://hl7.org/fhir"><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">a &amp; <b>b</b></div></text><status value="final"/><code id="x"><text value="&lt;&amp;&#34;&gt;"/></code><valueQuantity><value value="1.50"/></valueQuantity></Observation>`,
		},
		{ // properties of primitives, pairwise
			`{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"id":"g","extension":[{"url":"http://u","valueString":"x"}]},null]}],"_birthDate":{"extension":[{"url":"http://u","valueCode":"unknown"}]}}`,
			`<Patient xmlns="http://hl7.org/fhir"><name><given value="A"/><given id="g"><extension url="http://u"><valueString value="x"/></extension></given><given value="C"/></name><birthDate><extension url="http://u"><valueCode value="unknown"/></extension></birthDate></Patient>`,
		},
		{
			`{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}]}}]}`,
			`<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/><total value="1"/><entry><resource><Patient><contained><Organization><id value="o"/></Organization></contained></Patient></resource></entry></Bundle>`,
		},
	} {
		n, err := r4.Parse([]byte(tt.json))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r4.AppendXML(nil, n)
		if want := `<?xml version="1.0" encoding="UTF-8"?>` + tt.xml; err != nil || string(got) != want {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
		if back := string(roundTrip(t, n).Append(nil)); back != tt.json {
			t.Errorf("read back:\n got %s\nwant %s", back, tt.json)
		}
	}
	for name, json := range map[string]string{
		"no type":            `{"id":"a"}`,
		"not a resource":     `{"resourceType":"HumanName"}`,
		"unknown property":   `{"resourceType":"Patient","colour":"red"}`,
		"object for a code":  `{"resourceType":"Patient","gender":{}}`,
		"text for an object": `{"resourceType":"Patient","name":["x"]}`,
		"not XHTML":          `{"resourceType":"Patient","text":{"status":"generated","div":"<div><p></div>"}}`,
	} {
		n, err := r4.Parse([]byte(json))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r4.AppendXML(nil, n); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
	const ns = ` xmlns="http://hl7.org/fhir"`
	for name, doc := range map[string]string{
		"nothing":             ``,
		"another namespace":   `<Patient/>`,
		"not a resource":      `<HumanName` + ns + `/>`,
		"doctype":             `<!DOCTYPE x [<!ENTITY a "b">]><Patient` + ns + `/>`,
		"unknown element":     `<Patient` + ns + `><colour value="red"/></Patient>`,
		"unknown attribute":   `<Patient` + ns + ` a="b"/>`,
		"repeated":            `<Patient` + ns + `><gender value="male"/><gender value="male"/></Patient>`,
		"text":                `<Patient` + ns + `>x</Patient>`,
		"no value":            `<Patient` + ns + `><gender/></Patient>`,
		"not a boolean":       `<Patient` + ns + `><active value="yes"/></Patient>`,
		"two resources":       `<Patient` + ns + `/><Patient` + ns + `/>`,
		"cut off":             `<Patient` + ns + `><name>`,
		"empty contained":     `<Patient` + ns + `><contained/></Patient>`,
		"two in contained":    `<Patient` + ns + `><contained><Basic/><Basic/></contained></Patient>`,
		"div of no namespace": `<Patient` + ns + `><text><div>x</div></text></Patient>`,
	} {
		if n, err := r4.ParseXML([]byte(doc)); err == nil {
			t.Errorf("%s: %s", name, n.Append(nil))
		}
	}
}

// What mappings produce goes through XML unchanged.
func TestXMLOfProjections(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/cases/*/resources.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			n, err := r4.Parse(line)
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if n.Str("resourceType") == "" {
				continue // which mapping made the next one
			}
			count++
			if got, want := string(roundTrip(t, n).Append(nil)), string(n.Append(nil)); got != want {
				t.Errorf("%s:\n got %s\nwant %s", f, got, want)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d resources found", count)
	}
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte(`<Patient xmlns="http://hl7.org/fhir"><name><given value="A"/><given id="g"/></name></Patient>`))
	f.Add([]byte(`<Observation xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml">x</div></text><valueQuantity><value value="1.0"/></valueQuantity></Observation>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := r4.ParseXML(data)
		if err != nil {
			return
		}
		doc, err := r4.AppendXML(nil, n)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := r4.ParseXML(doc)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v in %s", err, doc)
		}
		if again, err := r4.AppendXML(nil, back); err != nil || !bytes.Equal(again, doc) {
			t.Errorf("another resource: %s, was %s", again, doc)
		}
	})
}
