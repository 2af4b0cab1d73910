package fhirpath_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/fhirpath"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

const observation = `{"resourceType":"Observation","id":"o","contained":[{"resourceType":"Patient","id":"p","gender":"other"}],
	"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
	"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"},{"code":"b"}],"text":"Systolic"},
	"subject":{"reference":"#p"},"performer":[{"reference":"Practitioner/1"},{"display":"x"}],
	"effectiveDateTime":"2020-02","issued":"2020-02-03T10:00:00.250+01:00",
	"valueQuantity":{"value":120.50,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
	"note":[{"text":"a","_text":{"extension":[{"url":"http://x","valueCode":"c"}]}}],
	"component":[{"code":{"text":"one"},"valueInteger":1},{"code":{"text":"two"},"valueString":"s"},
		{"code":{"text":"three"},"_valueString":{"extension":[{"url":"http://y","valueBoolean":true}]}}]}`

func parsed(t testing.TB) *r4.Node {
	t.Helper()
	n, err := r4.Parse([]byte(observation))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Each line of testdata/expressions.txt is an expression, =>, and the values
// with their types or the error.
func TestExpressions(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/expressions.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := parsed(t)
	now := time.Date(2024, 5, 6, 7, 8, 9, 250e6, time.UTC)
	for line := range strings.Lines(string(data)) {
		text, want, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if !ok {
			text, ok = strings.CutSuffix(text, " =>")
			if !ok {
				continue
			}
		}
		if got := result(n, text, fhirpath.Options{Now: now, Resolve: func(reference string) *r4.Node {
			if reference != "Practitioner/1" {
				return nil
			}
			return r4.NewObject(r4.Field{Name: "resourceType", Value: r4.NewString("Practitioner")})
		}}); got != want {
			t.Errorf("%s\n is %s\nwant %s", text, got, want)
		}
	}
}

func result(n *r4.Node, text string, o fhirpath.Options) string {
	e, err := fhirpath.Parse(text)
	if err != nil {
		return "error " + err.Error()
	}
	list, err := e.Evaluate(n, "", o)
	if err != nil {
		return "error " + err.Error()
	}
	var out []string
	for _, v := range list {
		out = append(out, strings.TrimSpace(v.Type()+" "+v.String()))
	}
	return strings.Join(out, ", ")
}

func TestWalk(t *testing.T) {
	t.Parallel()
	var paths []string
	fhirpath.Walk(parsed(t), func(path string, v fhirpath.Value, resource *r4.Node) {
		if v.Kind() == fhirpath.Complex {
			paths = append(paths, path+" "+v.Type()+" in "+resource.Str("resourceType"))
		}
	})
	got := strings.Join(paths, "\n")
	for _, want := range []string{
		"Observation FHIR.Observation in Observation", "DomainResource.contained FHIR.Patient in Patient", "Observation.value[x] FHIR.Quantity in Observation",
		"Observation.component FHIR.Observation.component in Observation", "Observation.component.value[x] FHIR.string in Observation",
		"Element.extension FHIR.Extension in Observation",
	} {
		if !strings.Contains("\n"+got+"\n", "\n"+want+"\n") && !strings.Contains(got, strings.Replace(want, "DomainResource", "Observation", 1)) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

// What an expression makes is bounded, however often it multiplies.
func TestBudget(t *testing.T) {
	t.Parallel()
	text := "(1|2|3|4|5|6|7|8|9|10)" + strings.Repeat(".select($this.combine(1|2|3|4|5|6|7|8|9|10))", 8)
	e, err := fhirpath.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var refused *fhirpath.Error
	if _, err := e.Evaluate(parsed(t), "", fhirpath.Options{MaxItems: 10000}); !errors.As(err, &refused) || !strings.Contains(refused.Msg, "more than 10000") {
		t.Errorf("%v", err)
	}
	if _, err := fhirpath.Parse(strings.Repeat("(", 1000)); !errors.As(err, &refused) {
		t.Errorf("nesting: %v", err)
	}
}

func FuzzEvaluate(f *testing.F) {
	data, err := os.ReadFile("testdata/expressions.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		text, _, _ := strings.Cut(strings.TrimSpace(line), " =>")
		f.Add(text)
	}
	n := parsed(f)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := fhirpath.Parse(text)
		if err == nil {
			_, err = e.Evaluate(n, "", fhirpath.Options{MaxItems: 20000})
		}
		var known *fhirpath.Error
		if err != nil && (!errors.As(err, &known) || known.Pos < 0 || known.Pos > len(text)) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func BenchmarkHolds(b *testing.B) {
	n := parsed(b)
	e, err := fhirpath.Parse("contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := e.Evaluate(n, "", fhirpath.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Members are not to be taken by their place where there is no order.
func TestUnordered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"children().skip(1)":                           "at byte 10: children() has no order to take members by",
		"status.exists() and descendants()[0].empty()": "at byte 33: descendants() has no order to take members by",
		"children().where($this is code).first()":      "",
		"code.coding.first()":                          "",
		"children().count()":                           "",
	} {
		e, err := fhirpath.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := e.Unordered(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s is %q, not %q", text, got, want)
		}
	}
}
