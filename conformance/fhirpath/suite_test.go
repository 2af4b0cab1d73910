package fhirpath

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/fhirpath"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

var update = flag.Bool("update", false, "write the list of expected failures")

type suite struct {
	Groups []struct {
		Name  string `xml:"name,attr"`
		Tests []test `xml:"test"`
	} `xml:"group"`
}

type test struct {
	Name       string `xml:"name,attr"`
	Input      string `xml:"inputfile,attr"`
	Mode       string `xml:"mode,attr"`
	Predicate  string `xml:"predicate,attr"`
	Ordered    string `xml:"checkOrderedFunctions,attr"`
	Expression struct {
		Text    string `xml:",chardata"`
		Invalid string `xml:"invalid,attr"`
	} `xml:"expression"`
	Outputs []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"output"`
}

// verdict is "" if the test passes, or what is wrong.
func (tt *test) verdict(inputs map[string]*r4.Node) string {
	input := inputs[tt.Input]
	if input == nil && tt.Input != "" {
		return "no input " + tt.Input
	}
	if input == nil {
		input = inputs["patient-example.xml"]
	}
	got, err := func() ([]fhirpath.Value, error) {
		e, err := fhirpath.Parse(tt.Expression.Text)
		if err != nil {
			return nil, err
		}
		if tt.Ordered == "true" {
			if err := e.Unordered(); err != nil {
				return nil, err
			}
		}
		return e.Evaluate(input, "", fhirpath.Options{})
	}()
	var known *fhirpath.Error
	switch {
	case err != nil && !errors.As(err, &known):
		return "an error of another kind: " + err.Error()
	case err != nil && tt.Expression.Invalid != "":
		return ""
	case err != nil:
		return err.Error()
	case tt.Expression.Invalid != "":
		return fmt.Sprintf("no error, but %v", texts(got))
	}
	if tt.Predicate == "true" && len(got) > 0 && got[0].Kind() != fhirpath.Boolean {
		e, err := fhirpath.Parse("true")
		if err != nil {
			return err.Error()
		}
		if got, err = e.Evaluate(input, "", fhirpath.Options{}); err != nil {
			return err.Error()
		}
	}
	var want []string
	for _, o := range tt.Outputs {
		text := o.Text
		if slices.Contains([]string{"date", "dateTime", "time", ""}, o.Type) {
			text = strings.TrimPrefix(strings.TrimPrefix(text, "@"), "T")
		}
		want = append(want, text)
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%v instead of %v", texts(got), want)
	}
	for i, v := range got {
		text := strings.TrimPrefix(v.String(), "T")
		if text != want[i] && !sameNumber(text, want[i]) {
			return fmt.Sprintf("%v instead of %v", texts(got), want)
		}
		if kind := tt.Outputs[i].Type; kind != "" && !strings.EqualFold(kind, strings.TrimPrefix(strings.TrimPrefix(v.Type(), "System."), "FHIR.")) {
			return fmt.Sprintf("a %s instead of a %s", v.Type(), kind)
		}
	}
	return ""
}

func sameNumber(a, b string) bool {
	e, err := fhirpath.Parse(a + " = " + b)
	if err != nil {
		return false
	}
	out, err := e.Evaluate(&r4.Node{Kind: r4.Object}, "", fhirpath.Options{})
	if err != nil || len(out) != 1 || out[0].Kind() != fhirpath.Boolean {
		return false
	}
	same, _ := out[0].Bool()
	return same
}

func texts(list []fhirpath.Value) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, v.Type()+" "+v.String())
	}
	return out
}

// TestPublishedSuite runs the published tests of FHIRPath for R4. Those that do
// not pass are listed with what happens in testdata/failures.txt.
func TestPublishedSuite(t *testing.T) {
	t.Parallel()
	files := published(t)
	var all suite
	if err := xml.Unmarshal(files["tests-fhir-r4.xml"], &all); err != nil {
		t.Fatal(err)
	}
	inputs := map[string]*r4.Node{}
	for name, data := range files {
		var n *r4.Node
		var err error
		switch path.Ext(name) {
		case ".json":
			n, err = r4.Parse(data)
		case ".xml":
			n, err = r4.ParseXML(data)
		}
		if n != nil && err == nil {
			inputs[name] = n
		}
	}
	// Two of the examples have their content in the JSON form alone.
	for _, name := range []string{"questionnaire-example", "valueset-example-expansion"} {
		inputs[name+".xml"] = inputs[name+".json"]
	}
	var failures strings.Builder
	passed, count := 0, 0
	for _, g := range all.Groups {
		for _, tt := range g.Tests {
			count++
			if v := tt.verdict(inputs); v == "" {
				passed++
			} else {
				fmt.Fprintf(&failures, "%s %s: %s: %s\n", g.Name, tt.Name, strings.Join(strings.Fields(tt.Expression.Text), " "), strings.Join(strings.Fields(v), " "))
			}
		}
	}
	t.Logf("%d of %d published tests pass", passed, count)
	got := fmt.Sprintf("%d of %d published tests pass; the others:\n\n%s", passed, count, failures.String())
	const golden = "testdata/failures.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not as in %s (-update writes it):\n%s", golden, got)
	}
}

// archived are the files of the suite and its examples in the package.
func archived(data []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		dir, name := path.Split(f.Name)
		if dir != suiteDir && dir != suiteDir+"examples/" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil {
			return nil, err
		}
		out[name] = b.Bytes()
	}
	return out, nil
}
