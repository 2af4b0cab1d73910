package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

func TestTerminologyCommands(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	csv := write("severity.csv", "#valueset,https://example.org/vs/severity,1.0,Severity\nsystem,code,display\nhttp://snomed.info/sct,255604002,Mild\nhttp://snomed.info/sct,24484000,Severe\n")
	fhir := write("colours.json", `{"resourceType":"CodeSystem","url":"https://example.org/cs/colours","version":"2","name":"Colours","status":"active","content":"complete","concept":[{"code":"red"}]}`)
	broken := write("broken.json", `{"resourceType":"ValueSet","url":"urn:x"}`)
	xml := write("set.xml", `<ValueSet xmlns="http://hl7.org/fhir"/>`)

	failing(t, "neither compose nor expansion", "terminology", "load", "--database-url", url, csv, broken)
	failing(t, "not as XML", "terminology", "load", "--database-url", url, xml)
	failing(t, "no such file", "terminology", "load", "--database-url", url, filepath.Join(dir, "none.json"))
	if out := succeed(t, "terminology", "list", "--database-url", url); strings.Count(out, "\n") != 1 {
		t.Errorf("something was loaded:\n%s", out)
	}
	out := succeed(t, "terminology", "load", "--database-url", url, csv, fhir)
	if !strings.Contains(out, "loaded ValueSet https://example.org/vs/severity 1.0 (2 concepts)") {
		t.Errorf("load:\n%s", out)
	}
	out = succeed(t, "terminology", "list", "--database-url", url)
	for _, want := range []string{"KIND", "CodeSystem", "https://example.org/cs/colours", "Colours", "severity  1.0"} {
		if !strings.Contains(out, want) {
			t.Errorf("list lacks %q:\n%s", want, out)
		}
	}
	failing(t, "no such resource", "terminology", "remove", "--database-url", url, "https://example.org/cs/colours", "--version", "1")
	if out := succeed(t, "terminology", "remove", "--database-url", url, "https://example.org/cs/colours", "--version", "2"); out != "removed 1\n" {
		t.Errorf("remove: %s", out)
	}
}
