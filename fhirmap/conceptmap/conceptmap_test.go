package conceptmap

import (
	"errors"
	"strings"
	"testing"
)

const (
	record = "http://example.org/record"
	snomed = "http://snomed.info/sct"
)

// mapOf is a ConceptMap with elements written as "code equivalence target".
func mapOf(elements ...string) []byte {
	var list []string
	for _, e := range elements {
		w := strings.Fields(e)
		list = append(list, `{"code":"`+w[0]+`","target":[{"code":"`+w[2]+`","display":"the `+w[2]+`","equivalence":"`+w[1]+`"}]}`)
	}
	return []byte(`{"resourceType":"ConceptMap","url":"http://example.org/m","version":"3","group":[{"source":"` + record +
		`","target":"` + snomed + `","element":[` + strings.Join(list, ",") + `]}]}`)
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	m, faults := Parse(mapOf("a equal 1", "b equivalent 2", "c wider 3", "d equal 4", "d equal 5", "e equal 6", "f equal 6"))
	if len(faults) > 0 || m.URL != "http://example.org/m" || m.Version != "3" {
		t.Fatal(m, faults)
	}
	for _, tt := range []struct{ code, to, why, back string }{
		{"a", "1", "", "a"},
		{"b", "2", "", "b"},
		{"c", "", "only a translation that is wider", ""},
		{"d", "", "several translations", ""},
		{"e", "6", "", ""}, // 6 is also what f becomes
		{"x", "", "no translation of the code", ""},
	} {
		to, why, known, ok := m.Translate(Concept{record, tt.code})
		if ok != (tt.to != "") || to.Code != tt.to || !strings.Contains(why, tt.why) || known != (tt.code != "x") {
			t.Errorf("%s becomes %v, %q, known %t", tt.code, to, why, known)
		}
		if !ok {
			continue
		}
		if got := m.Display(to); got != "the "+tt.to {
			t.Errorf("%s is called %q", tt.to, got)
		}
		for _, system := range []string{snomed, ""} {
			if from, ok := m.Restore(Concept{system, tt.to}); ok != (tt.back != "") || ok && from != (Concept{record, tt.back}) {
				t.Errorf("%q|%s comes from %v, %t; want %q", system, tt.to, from, ok, tt.back)
			}
		}
	}
	if got := len(m.Targets()); got != 6 {
		t.Errorf("%d targets", got)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		data string
		kind error
		want string
	}{
		"not JSON":         {"{", ErrSyntax, "not a FHIR resource: "},
		"another resource": {`{"resourceType":"Patient"}`, nil, "a file called *.conceptmap.json holds a ConceptMap"},
		"a default": {
			`{"resourceType":"ConceptMap","url":"http://a","group":[{"source":"http://a","target":"http://b","unmapped":{"mode":"provided"}}]}`,
			ErrUnsupported, "not supported: unmapped in group 0",
		},
		"systems that are no URIs": {`{"resourceType":"ConceptMap","url":"http://a","group":[{"source":"LOINC","target":"http://b"}]}`, nil, "needs a source and a target"},
	} {
		_, faults := Parse([]byte(tt.data))
		if len(faults) == 0 || !strings.Contains(faults[0].Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, faults, tt.want)
			continue
		}
		for _, kind := range []error{ErrSyntax, ErrUnsupported} {
			if got := errors.Is(faults[0], kind); got != (kind == tt.kind) {
				t.Errorf("%s: %v is %v: %t", name, faults[0], kind, got)
			}
		}
	}
}

// FuzzParse checks that what is translated to only one code comes back.
func FuzzParse(f *testing.F) {
	f.Add(mapOf("a equal 1", "b equivalent 2"))
	f.Add(mapOf("a equal 1", "a equal 2", "b equal 1"))
	f.Add(mapOf("a wider 1"))
	f.Add([]byte(`{"resourceType":"ConceptMap","group":[{"source":"a:b","target":"c:d","element":[{"code":"x","target":[{}]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, faults := Parse(data)
		if m == nil {
			if len(faults) == 0 {
				t.Error("neither a map nor a fault")
			}
			return
		}
		for from, to := range m.ahead {
			if back, ok := m.Restore(to); ok && back != from {
				t.Errorf("%v becomes %v, which comes from %v", from, to, back)
			}
			if _, _, known, ok := m.Translate(from); !known || !ok {
				t.Errorf("%v is not translated", from)
			}
		}
	})
}
