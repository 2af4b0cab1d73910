package r4

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTableIsAsGenerated(t *testing.T) {
	t.Parallel()
	head, want := 0, ""
	for _, line := range strings.SplitAfter(tableText, "\n") {
		if !strings.HasPrefix(line, "#") {
			break
		}
		head += len(line)
		if sum, ok := strings.CutPrefix(line, "#body "); ok {
			want = strings.TrimSpace(sum)
		}
	}
	sum := sha256.Sum256([]byte(tableText[head:]))
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the table was changed by hand: hash %s, header says %s", got, want)
	}
}

func TestTableHoldsPublishedFacts(t *testing.T) {
	t.Parallel()
	obs := Lookup("Observation")
	m, ok := obs.Member("valueQuantity")
	if !ok || m.Type.Type.Name != "Quantity" || !m.Element.Choice {
		t.Errorf("Observation.valueQuantity = %+v, %v", m, ok)
	}
	if e := obs.Element("status"); e == nil || e.Min != 1 || !e.Modifier || !e.Binding.Has("final") || e.Binding.Has("done") {
		t.Errorf("Observation.status = %+v", e)
	}
	comp, ok := obs.Member("component")
	if !ok || comp.Type.Type.Name != "Observation.component" || !comp.Element.List() {
		t.Fatalf("Observation.component = %+v, %v", comp, ok)
	}
	rr, ok := comp.Type.Type.Member("referenceRange")
	if !ok || rr.Type.Type != Lookup("Observation.referenceRange") {
		t.Errorf("component.referenceRange has type %v", rr.Type.Type)
	}
	if low, ok := rr.Type.Type.Member("low"); !ok || low.Type.Type.Name != "SimpleQuantity" || !low.Type.Type.IsA("Quantity") {
		t.Errorf("referenceRange.low = %+v", low)
	}
	if id, ok := obs.Member("id"); !ok || id.Type.Type.Name != "id" {
		t.Errorf("Observation.id = %+v", id)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	const obs = `"resourceType":"Observation","status":"final","code":{"text":"x"}`
	const allergy = `"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}`
	const active = `"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}`
	const condition = `"resourceType":"Condition","subject":{"reference":"Patient/1"}`
	const condActive = `"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}`
	const condWrong = `"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]}`
	tests := []struct{ name, in, want string }{
		{"a minimal observation", `{` + obs + `}`, ""},
		{"not JSON", `{`, "json@"},
		{"a duplicate property", `{"resourceType":"Patient","id":"a","id":"b"}`, "json@"},
		{"not a resource type", `{"resourceType":"Blood"}`, "type@"},
		{"a mandatory element is absent", `{"resourceType":"Observation","code":{"text":"x"}}`, "cardinality@Observation"},
		{"a code outside its required value set", `{"resourceType":"Observation","status":"fine","code":{"text":"x"}}`, "binding@Observation.status"},
		{"an unknown element", `{` + obs + `,"valueX":1}`, "unknown-element@Observation"},
		{"two types of one choice", `{` + obs + `,"valueString":"a","valueInteger":1}`, "choice@Observation"},
		{"a choice type with its extensions", `{` + obs + `,"valueString":"a","_valueString":{"id":"x"}}`, "ele-1@Observation._valueString"},
		{"a time without seconds", `{` + obs + `,"effectiveDateTime":"2020-01-01T10:00Z"}`, "value@Observation.effectiveDateTime"},
		{"a time without offset", `{` + obs + `,"effectiveDateTime":"2020-01-01T10:00:00"}`, "value@Observation.effectiveDateTime"},
		{"a day that does not exist", `{` + obs + `,"effectiveDateTime":"2021-02-29"}`, "value@Observation.effectiveDateTime"},
		{"a number as a string", `{` + obs + `,"valueQuantity":{"value":"5"}}`, "type@Observation.valueQuantity.value"},
		{"a repeating element that is no array", `{` + obs + `,"category":{"text":"x"}}`, "cardinality@Observation.category"},
		{"an array for a single element", `{"resourceType":"Observation","status":"final","code":[{"text":"x"}]}`, "cardinality@Observation.code"},
		{"an empty array", `{` + obs + `,"category":[]}`, "ele-1@Observation.category"},
		{"an empty object", `{` + obs + `,"method":{}}`, "ele-1@Observation.method"},
		{"null", `{` + obs + `,"method":null}`, "type@Observation.method"},
		{"a reference to a wrong type", `{` + obs + `,"subject":{"reference":"Encounter/1"}}`, "reference@Observation.subject"},
		{"a reference to a right type", `{` + obs + `,"subject":{"reference":"Patient/1"}}`, ""},
		{"an absolute reference", `{` + obs + `,"subject":{"reference":"http://x/fhir/Patient/1/_history/2"}}`, ""},
		{"obs-6", `{` + obs + `,"valueString":"a","dataAbsentReason":{"text":"x"}}`, "obs-6@Observation"},
		{"obs-7", `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"s","code":"c"}]},"valueString":"a","component":[{"code":{"coding":[{"system":"s","code":"c"}]},"valueString":"b"}]}`, "obs-7@Observation"},
		{"obs-3", `{` + obs + `,"referenceRange":[{"appliesTo":[{"text":"x"}]}]}`, "obs-3@Observation.referenceRange[0]"},
		{"qty-3", `{` + obs + `,"valueQuantity":{"value":1,"code":"kg"}}`, "qty-3@Observation.valueQuantity"},
		{"sqty-1", `{` + obs + `,"referenceRange":[{"low":{"value":1,"comparator":"<"}}]}`, "sqty-1@Observation.referenceRange[0].low"},
		{"rng-2", `{` + obs + `,"valueRange":{"low":{"value":10},"high":{"value":9.5}}}`, "rng-2@Observation.valueRange"},
		{"rat-1", `{` + obs + `,"valueRatio":{"numerator":{"value":10}}}`, "rat-1@Observation.valueRatio"},
		{"per-1", `{` + obs + `,"effectivePeriod":{"start":"2020-02-01","end":"2020-01-01"}}`, "per-1@Observation.effectivePeriod"},
		{"a period that may begin before its end", `{` + obs + `,"effectivePeriod":{"start":"2020","end":"2020-07-21T19:38:00Z"}}`, ""},
		{"per-1 between years", `{` + obs + `,"effectivePeriod":{"start":"2021","end":"2020-07-21T19:38:00Z"}}`, "per-1@Observation.effectivePeriod"},
		{"a period within one day", `{` + obs + `,"effectivePeriod":{"start":"2020-02-01T10:00:00Z","end":"2020-02-01"}}`, ""},
		{"ait-1", `{` + allergy + `}`, "ait-1@AllergyIntolerance"},
		{"an active allergy", `{` + allergy + `,` + active + `}`, ""},
		{"ait-2", `{` + allergy + `,` + active + `,"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"entered-in-error"}]}}`, "ait-2@AllergyIntolerance"},
		{"a required binding on a concept", `{` + allergy + `,"clinicalStatus":{"coding":[{"system":"other","code":"active"}]}}`, "binding@AllergyIntolerance.clinicalStatus"},
		{"a required binding met by text only", `{` + allergy + `,"clinicalStatus":{"text":"active"}}`, "binding@AllergyIntolerance.clinicalStatus"},
		{"a reaction without manifestation", `{` + allergy + `,` + active + `,"reaction":[{"description":"x"}]}`, "cardinality@AllergyIntolerance.reaction[0]"},
		{"con-4", `{` + condition + `,` + condActive + `,"abatementDateTime":"2020"}`, "con-4@Condition"},
		{"con-5", `{` + condition + `,` + condActive + `,` + condWrong + `}`, "con-5@Condition"},
		{"con-3 is a warning", `{` + condition + `,"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}]}]}`, "con-3@Condition"},
		{"ext-1", `{` + obs + `,"extension":[{"url":"http://x"}]}`, "ext-1@Observation.extension[0]"},
		{"a primitive that has only an extension", `{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://x","valueCode":"unknown"}]}}`, ""},
		{"null beside an extension in a list", `{"resourceType":"Patient","name":[{"given":[null,"A"],"_given":[{"extension":[{"url":"http://x","valueCode":"masked"}]},null]}]}`, ""},
		{"null beside nothing in a list", `{"resourceType":"Patient","name":[{"given":[null,"A"]}]}`, "ele-1@Patient.name[0].given[0]"},
		{"dom-3", `{` + obs + `,"contained":[{"resourceType":"Patient","id":"p"}]}`, "dom-3@Observation"},
		{"ref-1", `{` + obs + `,"subject":{"reference":"#p"}}`, "ref-1@Observation"},
		{"a contained resource that is used", `{` + obs + `,"contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}`, ""},
		{"an illegal id", `{"resourceType":"Patient","id":"a b"}`, "value@Patient.id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range Validate([]byte(tt.in)) {
				got = append(got, p.Code+"@"+p.Path)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}

func TestPrimitivesAgreeWithPublishedPatterns(t *testing.T) {
	t.Parallel()
	samples := []string{
		"", "0", "1", "-1", "-0", "01", "1.0", "1.", ".5", "1e3", "1E-3", "1e", "true", "false", "True",
		"2020", "0000", "0001", "2020-13", "2020-12", "2020-12-31", "2020-12-32", "2020-1-1", "2020-12-31T10", "2020-12-31T10:00Z",
		"2020-12-31T10:00:00", "2020-12-31T10:00:00Z", "2020-12-31T10:00:00.5+01:00", "2020-12-31T24:00:00Z", "2020-12-31T10:00:60Z",
		"2020-12-31T10:00:00+14:00", "2020-12-31T10:00:00+14:30", "2020-12-31T10:00:00.Z", "10:00:00", "10:00", "10:00:00.123", "25:00:00",
		"a", "a b", "a  b", " a", "a\tb", "abc-1.2", "urn:oid:1.2.3", "urn:oid:3.2", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
		"urn:uuid:C757873d-ec9a-4326-a141-556f43239520", "http://x.y/z", "AAAA", "AAA", "AA==", "\n", "é", strings.Repeat("a", 65),
	}
	for _, typ := range []string{"boolean", "integer", "unsignedInt", "positiveInt", "decimal", "date", "dateTime", "instant", "time", "code", "id", "oid", "uuid"} {
		re := regexp.MustCompile("^(" + Lookup(typ).Pattern + ")$")
		for _, s := range samples {
			want := re.MatchString(s)
			if got := validPrimitive(typ, s); got != want {
				t.Errorf("%s %q: got %v, pattern says %v", typ, s, got, want)
			}
		}
	}
}

func TestDateRange(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	tests := []struct{ in, low, high string }{
		{"2020", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"},
		{"2020-02", "2020-02-01T00:00:00Z", "2020-03-01T00:00:00Z"},
		{"2020-12-31", "2020-12-31T00:00:00Z", "2021-01-01T00:00:00Z"},
		{"2020-01-01T01:30:00+02:00", "2019-12-31T23:30:00Z", "2019-12-31T23:30:01Z"},
		{"2020-01-01T01:30:00.25Z", "2020-01-01T01:30:00.25Z", "2020-01-01T01:30:00.26Z"},
	}
	for _, tt := range tests {
		low, high, ok := DateRange(tt.in)
		if !ok || !low.Equal(at(tt.low)) || !high.Equal(at(tt.high)) {
			t.Errorf("%s: %v %v %v", tt.in, low, high, ok)
		}
	}
	if _, _, ok := DateRange("10:00"); ok {
		t.Error("a time is not a date")
	}
}

func TestSearchValues(t *testing.T) {
	t.Parallel()
	n, err := Parse([]byte(`{"resourceType":"Observation","status":"final",
		"category":[{"coding":[{"system":"c","code":"vital-signs"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"8310-5"},{"code":"t"}],"text":"Temp"},
		"subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-05-01",
		"valueQuantity":{"value":37.50,"unit":"°C","system":"http://unitsofmeasure.org","code":"Cel"},
		"component":[{"code":{"text":"x"},"valueQuantity":{"value":5,"comparator":"<","unit":"u"}},
			{"code":{"coding":[{"system":"s","code":"y","display":"Y"}],"text":"y"},"valueCodeableConcept":{"coding":[{"code":"z"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []SearchValue{
		{Param: "status", Kind: SearchToken, System: "http://hl7.org/fhir/observation-status", Code: "final"},
		{Param: "category", Kind: SearchToken, System: "c", Code: "vital-signs"},
		{Param: "code", Kind: SearchToken, System: "http://loinc.org", Code: "8310-5"},
		{Param: "code", Kind: SearchToken, Code: "t"},
		{Param: "code:text", Kind: SearchString, Text: "temp", Coded: true},
		{Param: "patient", Kind: SearchReference, Code: "Patient/p"},
		{Param: "subject", Kind: SearchReference, Code: "Patient/p"},
		{Param: "date", Kind: SearchDate, Low: time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC), High: time.Date(2020, 5, 2, 0, 0, 0, 0, time.UTC)},
		{Param: "value-quantity:unit", Kind: SearchToken, Code: "Cel"},
		{Param: "value-quantity", Kind: SearchQuantity, Number: "37.50", System: "http://unitsofmeasure.org", Code: "Cel"},
		{Param: "value-quantity", Kind: SearchQuantity, Number: "37.50", Code: "°C"},
		{Param: "component-code", Kind: SearchToken, Group: 1},
		{Param: "component-code:text", Kind: SearchString, Text: "x", Group: 1},
		{Param: "component-code", Kind: SearchToken, System: "s", Code: "y", Group: 2},
		{Param: "component-code:text", Kind: SearchString, Text: "y", Coded: true, Group: 2},
		{Param: "component-value-quantity", Kind: SearchQuantity, Group: 1},
		{Param: "component-value-concept", Kind: SearchToken, Code: "z", Group: 2},
	}
	if diff := cmp.Diff(want, SearchValues(n)); diff != "" {
		t.Error(diff)
	}
}

// TestSearchValuesOfIdentifiers has what the modifiers of identifiers, references
// and strings look at.
func TestSearchValuesOfIdentifiers(t *testing.T) {
	t.Parallel()
	n, err := Parse([]byte(`{"resourceType":"Encounter","status":"finished","class":{"system":"v3","code":"IMP","display":"Inpatient"},
		"identifier":[{"type":{"coding":[{"system":"v2","code":"VN"}],"text":"Visit  Number"},"system":"urn:v","value":"7"},{"system":"urn:v"}],
		"participant":[{"individual":{"identifier":{"system":"urn:s","value":"A1"},"display":"A"}},{"individual":{"reference":"Practitioner/p"}},
			{"individual":{"display":"B"}}],
		"length":{"value":2,"unit":"days","system":"http://unitsofmeasure.org","code":"d"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []SearchValue{
		{Param: "status", Kind: SearchToken, System: "http://hl7.org/fhir/encounter-status", Code: "finished"},
		{Param: "class:text", Kind: SearchString, Text: "inpatient", Coded: true},
		{Param: "class", Kind: SearchToken, System: "v3", Code: "IMP"},
		{Param: "identifier:of-type", Kind: SearchToken, System: "v2", Code: OfTypeCode("VN", "7")},
		{Param: "identifier:text", Kind: SearchString, Text: "visit number"},
		{Param: "identifier", Kind: SearchToken, System: "urn:v", Code: "7"},
		{Param: "identifier", Kind: SearchToken},
		{Param: "participant:identifier", Kind: SearchToken, System: "urn:s", Code: "A1"},
		{Param: "participant", Kind: SearchReference, Code: "Practitioner/p"},
		{Param: "participant", Kind: SearchReference},
		{Param: "practitioner", Kind: SearchReference, Code: "Practitioner/p"},
		{Param: "length:unit", Kind: SearchToken, Code: "d"},
		{Param: "length", Kind: SearchQuantity, Number: "2", System: "http://unitsofmeasure.org", Code: "d"},
		{Param: "length", Kind: SearchQuantity, Number: "2", Code: "days"},
	}
	if diff := cmp.Diff(want, SearchValues(n)); diff != "" {
		t.Error(diff)
	}
	n, err = Parse([]byte(`{"resourceType":"Patient","name":[{"use":"official","family":"Müller","given":["EVA","ada"]}],"deceasedBoolean":false,
		"telecom":[{"system":"email","value":"a@b"},{"system":"phone","value":"1"}],"address":[{"use":"home","type":"both","city":"Köln"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want = []SearchValue{
		{Param: "name", Kind: SearchString, Text: "muller", Exact: "Müller"},
		{Param: "name", Kind: SearchString, Text: "eva", Exact: "EVA"},
		{Param: "name", Kind: SearchString, Text: "ada"},
		{Param: "family", Kind: SearchString, Text: "muller", Exact: "Müller"},
		{Param: "given", Kind: SearchString, Text: "eva", Exact: "EVA"},
		{Param: "given", Kind: SearchString, Text: "ada"},
		{Param: "telecom", Kind: SearchToken, Code: "a@b"},
		{Param: "telecom", Kind: SearchToken, Code: "1"},
		{Param: "email", Kind: SearchToken, Code: "a@b"},
		{Param: "phone", Kind: SearchToken, Code: "1"},
		{Param: "address", Kind: SearchString, Text: "koln", Exact: "Köln"},
		{Param: "address-city", Kind: SearchString, Text: "koln", Exact: "Köln"},
		{Param: "address-use", Kind: SearchToken, System: "http://hl7.org/fhir/address-use", Code: "home"},
		{Param: "deceased", Kind: SearchToken, Code: "false"},
	}
	byParam := func(a, b SearchValue) int { return strings.Compare(a.Param, b.Param) }
	got := SearchValues(n)
	slices.SortStableFunc(got, byParam)
	slices.SortStableFunc(want, byParam)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSearchTableNamesElements(t *testing.T) {
	t.Parallel()
	for typ := range searchTable {
		for _, p := range SearchParams(typ) {
			if p.Kind == SearchComposite {
				for _, pair := range p.Pairs {
					for _, name := range []string{pair.First, pair.Second} {
						if !slices.ContainsFunc(SearchParams(typ), func(q SearchParam) bool { return q.Name == name }) {
							t.Errorf("%s?%s: no parameter %s", typ, p.Name, name)
						}
					}
				}
				continue
			}
			for _, path := range p.paths {
				cur := Lookup(typ)
				path, _, _ = strings.Cut(path, "[")
				for _, name := range strings.Split(path, ".") {
					m, ok := cur.Member(name)
					if !ok {
						t.Fatalf("%s?%s: no element %s in %s", typ, p.Name, name, cur.Name)
					}
					cur = m.Type.Type
				}
			}
		}
	}
}

func TestUnsupportedParamsAreNotSupported(t *testing.T) {
	t.Parallel()
	for typ, list := range unsupported {
		for _, u := range list {
			if u.Reason == "" || slices.ContainsFunc(SearchParams(typ), func(p SearchParam) bool { return p.Name == u.Name }) {
				t.Errorf("%s?%s", typ, u.Name)
			}
		}
	}
}

func TestFoldString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{" Müller  ÉVA ": "muller eva", "abc": "abc", "": ""} {
		if got := FoldString(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// FuzzFoldString compares the way of ASCII with that of all texts.
func FuzzFoldString(f *testing.F) {
	for _, s := range []string{"", " ", "a", "A b", "a  b", "a\tb ", " a", "ab C", "a b  c", "x\v\fY", "Müller", "\x00A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := FoldString(s), foldAny(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	})
}

func TestNodeKeepsNumbersAndOrder(t *testing.T) {
	t.Parallel()
	const in = `{"resourceType":"Observation","a":[5.0,1e3,-0.10,true,null,"é\u0001"],"b":{}}`
	n, err := Parse([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(n.Append(nil)); got != in {
		t.Errorf("got %s", got)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","name":[{"given":[null]}]}`))
	f.Add([]byte(`{"resourceType":"Observation","component":[{"code":1}],"contained":[{"resourceType":"Patient"}]}`))
	f.Add([]byte(`{"resourceType":"Bundle","type":"searchset","entry":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data)
		if err != nil {
			return
		}
		before := len(ValidateNode(n))
		again, err := Parse(n.Append(nil))
		if err != nil {
			t.Fatalf("written form does not parse: %v", err)
		}
		if after := len(ValidateNode(again)); after != before {
			t.Errorf("%d problems before, %d after writing", before, after)
		}
		SearchValues(n)
	})
}

func BenchmarkValidateNode(b *testing.B) {
	n, err := Parse([]byte(`{"resourceType":"Observation","id":"a","status":"final",
		"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}],"text":"Blood pressure"},
		"subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-05-01T10:00:00+02:00",
		"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
		{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if p := ValidateNode(n); len(p) > 0 {
			b.Fatal(p)
		}
	}
}

// A union's published paths are those of its parts.
func TestUnions(t *testing.T) {
	t.Parallel()
	found := 0
	for typ := range searchTable {
		paths := map[string][]string{}
		for _, p := range SearchParams(typ) {
			paths[p.Name] = p.paths
		}
		for _, p := range SearchParams(typ) {
			if len(p.Union) == 0 {
				continue
			}
			found++
			var parts []string
			for _, name := range p.Union {
				parts = append(parts, paths[name]...)
			}
			if diff := cmp.Diff(p.paths, parts); diff != "" {
				t.Errorf("%s %s: %s", typ, p.Name, diff)
			}
		}
	}
	if found == 0 {
		t.Error("no type has one")
	}
}

// TestMustSupport keeps facts of the published profiles (R4, 4.0.1).
func TestMustSupport(t *testing.T) {
	t.Parallel()
	for profile, want := range map[string]struct {
		n  int
		is string
	}{
		"vitalsigns": {14, "Observation.category.coding.code"}, "bodyweight": {18, "Observation.value.unit"},
		"bp": {18, "Observation.component.value.code"}, "vitalspanel": {15, "Observation.hasMember"},
	} {
		list := MustSupport(profileBase + profile)
		if len(list) != want.n || !slices.Contains(list, want.is) {
			t.Errorf("%s: %v", profile, list)
		}
		for _, path := range list {
			at := Lookup("Observation")
			for _, name := range strings.Split(path, ".")[1:] {
				if at == nil || at.Element(name) == nil {
					t.Errorf("%s: there is no %s", profile, path)
					break
				}
				e := at.Element(name)
				if at = e.Types[0].Type; e.Choice {
					at = Lookup("Quantity")
				}
			}
		}
	}
	if list := MustSupport(profileBase + "Observation"); list != nil {
		t.Errorf("the resource type itself: %v", list)
	}
}

// TestCheckProfileOfComponents has components of an otherwise sound vital sign, and
// whether its profiles, which bind their values to units (R4, vitalsigns), are met.
func TestCheckProfileOfComponents(t *testing.T) {
	t.Parallel()
	const ucum = `"system":"http://unitsofmeasure.org"`
	for component, problem := range map[string]string{
		`"valueQuantity":{"value":93.3,"unit":"mm[Hg]",` + ucum + `,"code":"mm[Hg]"}`:                                "",
		`"valueQuantity":{"value":30,"unit":"deg",` + ucum + `,"code":"deg"}`:                                        "no unit",
		`"valueQuantity":{"value":80,"unit":"mm[Hg]"}`:                                                               "no unit",
		`"valueQuantity":{"value":80,"unit":"cm","system":"http://example.org","code":"cm"}`:                         "no unit",
		`"valueCodeableConcept":{"text":"Sitting"}`:                                                                  "no quantity",
		`"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"33586001"}],"text":"Sitting"}`: "no quantity",
		`"valueString":"Came by bicycle"`:                                                                            "no quantity",
		`"valueInteger":14`:                                                                                          "", // has no code, so that the binding is not about it
		`"dataAbsentReason":{"text":"unknown"}`:                                                                      "",
	} {
		n, err := Parse([]byte(`{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],` +
			`"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2024-03-05",` +
			`"valueQuantity":{"value":72,"unit":"/min",` + ucum + `,"code":"/min"},"component":[{"code":{"text":"x"},` + component + `}]}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{VitalSigns, profileBase + "heartrate"} {
			problems := CheckProfile(url, n)
			if problem == "" && len(problems) > 0 || problem != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, problem)) {
				t.Errorf("%s of %s: %v, want %q", component, url, problems, problem)
			}
		}
	}
}
