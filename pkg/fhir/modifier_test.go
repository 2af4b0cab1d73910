package fhir

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// animals is a small terminology.
func animals(t testing.TB) terminology.Service {
	t.Helper()
	list, err := local.Parse([]byte(`{"resourceType":"Bundle","type":"collection","entry":[
		{"resource":{"resourceType":"CodeSystem","url":"http://example.org/animals","version":"2","name":"Animals","status":"active","content":"complete",
			"concept":[{"code":"mammal","display":"Mammal","definition":"Has milk","concept":[{"code":"cat","display":"Cat","designation":[{"language":"nl","value":"Kat"}]},{"code":"dog","display":"Dog"}]},
				{"code":"bird","display":"Bird"}]}},
		{"resource":{"resourceType":"CodeSystem","url":"http://example.org/parts","name":"Parts","status":"active","content":"complete","hierarchyMeaning":"part-of",
			"concept":[{"code":"paw","display":"Paw"}]}},
		{"resource":{"resourceType":"ValueSet","url":"http://example.org/vs/animals","status":"active",
			"compose":{"include":[{"system":"http://example.org/animals","filter":[{"property":"concept","op":"descendent-of","value":"mammal"}]},
				{"system":"http://snomed.info/sct","concept":[{"code":"388445009","display":"Horse"}]}]}}},
		{"resource":{"resourceType":"ConceptMap","url":"http://example.org/cm/animals","status":"active","sourceUri":"http://example.org/vs/animals","targetUri":"http://example.org/vs/sounds",
			"group":[{"source":"http://example.org/animals","target":"http://example.org/sounds",
				"element":[{"code":"cat","target":[{"code":"miaow","display":"Miaow","equivalence":"equivalent"}]},
					{"code":"dog","target":[{"code":"noise","equivalence":"wider"},{"code":"growl","equivalence":"narrower"}]},{"code":"bird","target":[{"equivalence":"unmatched"}]}]}]}}]}`), local.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := local.Build(list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// queries keeps the last query that it is asked for a page.
type queries struct {
	*memory
	last Query
}

func (q *queries) Search(_ context.Context, _ ehr.Actor, last Query) (Page, error) {
	if last.Count > 1 { // not whether anything is there
		q.last = last
	}
	return Page{Records: []Record{}, Total: -1}, nil
}

// TestModifiersReachTheReader has what becomes of parameters that are taken.
func TestModifiersReachTheReader(t *testing.T) {
	t.Parallel()
	m := &queries{memory: project(t)}
	h := handlerOf(t, m)
	cat, dog := Member{"http://example.org/animals", "cat"}, Member{"http://example.org/animals", "dog"}
	mammal := Member{"http://example.org/animals", "mammal"}
	for _, tt := range []struct {
		query string
		want  Filter
	}{
		{"code:not=a|b", Filter{Param: "code", Kind: Token, Modifier: Not, Values: []Value{{HasSystem: true, System: "a", Code: "b"}}}},
		{"code:text=Blöod%20%20Pressure", Filter{Param: "code", Kind: Token, Modifier: Text, Values: []Value{{Text: "blood pressure"}}}},
		{`code:text=a\,b`, Filter{Param: "code", Kind: Token, Modifier: Text, Values: []Value{{Text: "a,b"}}}},
		{"value-string:exact=%C3%84rger", Filter{Param: "value-string", Kind: String, Modifier: Exact, Values: []Value{{Text: "Ärger"}}}},
		{"value-string:contains=%C3%84r", Filter{Param: "value-string", Kind: String, Modifier: Contains, Values: []Value{{Text: "ar"}}}},
		{`identifier:of-type=a|b|c\|d`, Filter{Param: "identifier", Kind: Token, Modifier: OfType, Values: []Value{{HasSystem: true, System: "a", Code: r4.OfTypeCode("b", "c|d"), Text: "c|d"}}}},
		{"performer:identifier=urn:a|1", Filter{Param: "performer", Kind: Reference, Modifier: ByIdentifier, Values: []Value{{HasSystem: true, System: "urn:a", Code: "1"}}}},
		{"performer:missing=false", Filter{Param: "performer", Kind: Reference, Modifier: Missing, Negate: true}},
		{"performer:Practitioner=1", Filter{Param: "performer", Kind: Reference, Values: []Value{{Code: "Practitioner/1"}}}},
		{"code:in=http://example.org/vs/animals", Filter{Param: "code", Kind: Token, Modifier: In, Members: []Member{cat, dog, {"http://snomed.info/sct", "388445009"}}}},
		{"code:not-in=http://example.org/vs/animals", Filter{Param: "code", Kind: Token, Modifier: In, Negate: true, Members: []Member{cat, dog, {"http://snomed.info/sct", "388445009"}}}},
		{"code:in=http://example.org/animals|2", Filter{Param: "code", Kind: Token, Modifier: In, Members: []Member{mammal, cat, dog, {"http://example.org/animals", "bird"}}}},
		{"code:below=http://example.org/animals|mammal", Filter{Param: "code", Kind: Token, Modifier: In, Members: []Member{mammal, cat, dog}}},
		{"code:above=http://example.org/animals|cat", Filter{Param: "code", Kind: Token, Modifier: In, Members: []Member{cat, mammal}}},
		{`component-code-value-quantity=http://loinc.org|8480-6$gt1\$0||u`, Filter{}},
		{"component-code-value-quantity=http://loinc.org|8480-6$ge5.0||u", Filter{
			Param: "component-code-value-quantity", Kind: Composite,
			Pairs: []Pair{{"component-code", "component-value-quantity", Token, Quantity, true}},
			Values: []Value{{Parts: []Value{
				{HasSystem: true, System: "http://loinc.org", Code: "8480-6"},
				{Prefix: GreaterOrEqual, Number: "5.0", NumberLow: "4.95", NumberHigh: "5.05", Code: "u"},
			}}},
		}},
		{`combo-code-value-concept=a\$b$c|`, Filter{
			Param: "combo-code-value-concept", Kind: Composite,
			Pairs:  []Pair{{"code", "value-concept", Token, Token, false}, {"component-code", "component-value-concept", Token, Token, true}},
			Values: []Value{{Parts: []Value{{Code: "a$b"}, {HasSystem: true, System: "c"}}}},
		}},
	} {
		m.last = Query{}
		r := ask(t, h, "GET", "/fhir/r4/Observation?"+tt.query)
		if tt.want.Param == "" {
			if r.StatusCode != 400 {
				t.Errorf("%s: %d", tt.query, r.StatusCode)
			}
			continue
		}
		if r.StatusCode != 200 || len(m.last.Filters) != 1 {
			t.Errorf("%s: %d %.300s", tt.query, r.StatusCode, r.raw)
			continue
		}
		if diff := cmp.Diff(tt.want, m.last.Filters[0]); diff != "" {
			t.Errorf("%s: %s", tt.query, diff)
		}
	}
	// Chains and _has take modifiers too.
	for query, of := range map[string]func() []Filter{
		"Observation?patient.identifier:of-type=a|b|c":                           func() []Filter { return m.last.OfPatient },
		"Observation?subject:Patient.name:exact=A":                               func() []Filter { return m.last.OfPatient },
		"Patient?_has:Observation:patient:code:in=http://example.org/vs/animals": func() []Filter { return m.last.Has[0].Filters },
		"Patient?_has:Observation:subject:combo-code-value-quantity=a$1":         func() []Filter { return m.last.Has[0].Filters },
	} {
		if r := ask(t, h, "GET", "/fhir/r4/"+query); r.StatusCode != 200 || len(of()) != 1 {
			t.Errorf("%s: %d %.300s", query, r.StatusCode, r.raw)
		}
	}
	// Resources that are made when they are asked for have no index.
	for _, query := range []string{"AuditEvent?action:missing=true", "Provenance?target:identifier=a", "Composition?type:in=http://example.org/animals", "DocumentReference?identifier:of-type=a|b|c"} {
		if r := ask(t, h, "GET", "/fhir/r4/"+query); r.StatusCode != 400 || r.body.Get("issue").Items[0].Str("code") != "not-supported" {
			t.Errorf("%s: %d %.300s", query, r.StatusCode, r.raw)
		}
	}
}
