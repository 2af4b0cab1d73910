package local_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

const (
	animals = "https://example.org/cs/animals"
	vs      = "https://example.org/vs/"
)

func load(t testing.TB, texts ...string) *local.Set {
	t.Helper()
	var list []*local.Resource
	for _, text := range texts {
		parse := local.Parse
		if strings.HasPrefix(text, "#") {
			parse = local.ParseCSV
		}
		r, err := parse([]byte(text), local.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r...)
	}
	set, err := local.Build(list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func zoo(t testing.TB) *local.Set {
	t.Helper()
	text, err := os.ReadFile("testdata/animals.json")
	if err != nil {
		t.Fatal(err)
	}
	return load(t, string(text))
}

func TestValidateCode(t *testing.T) {
	t.Parallel()
	set := zoo(t)
	for _, tt := range []struct{ reference, system, code, want string }{
		{vs + "mammals", animals, "DOG", "yes Dog"},
		{vs + "mammals", animals, "dog", "yes Dog"}, // the system is not case sensitive
		{vs + "mammals", "Animals", "BAT", "yes Bat"},
		{vs + "mammals", animals, "M", "no"}, // version 1.10 is the newest
		{vs + "mammals|1.0", animals, "M", "yes Mammal"},
		{vs + "mammals|2", animals, "M", "not_found"},
		{"ValueSet/$expand?url=" + vs + "mammals&valueSetVersion=1.0", animals, "M", "yes Mammal"},
		{vs + "mammals", animals, "P", "no"},
		{vs + "mammals", "http://loinc.org", "DOG", "no"},
		{vs + "pets", animals, "DOG", "yes Good dog"},
		{vs + "pets", animals, "DODO", "no"}, // inactive
		{vs + "pets", "SNOMED-CT", "448169003", "yes Domestic cat"},
		{vs + "pets", "SNOMED-CT(2026)", "448169003", "yes Domestic cat"},
		{vs + "pets", animals, "BAT", "yes Bat"}, // in both imported sets
		{vs + "pets", animals, "M", "no"},        // excluded
		{vs + "two-legged", animals, "BAT", "yes Bat"},
		{vs + "two-legged", animals, "DOG", "no"},
		{vs + "elsewhere", animals, "P", "yes Plant"},
		{vs + "elsewhere", animals, "A", "no"},
		{vs + "elsewhere", "LOINC", "1963-8", "not_found"},
		{vs + "elsewhere", "https://example.org/cs/part", "x", "yes "},
		{vs + "elsewhere", "https://example.org/cs/part", "z", "not_found"}, // a fragment
		{vs + "none", animals, "P", "not_found"},
		{"terminology:SNOMED-CT?subset=laterality", "SNOMED-CT", "7771000", "yes Left"},
		{"terminology:SNOMED-CT?subset=laterality", "SNOMED-CT", "182353008", "no"}, // abstract
		{animals, animals, "P", "yes Plant"},
		{"terminology:Animals", "Animals", "Q", "no"},
		{"terminology:SNOMED-CT", "SNOMED-CT", "1", "not_found"},
		{"http://snomed.info/sct?fhir_vs=isa/1", "SNOMED-CT", "1", "not_found"},
		{"terminology://openehr.org/setting", "openehr", "225", "yes home"},
		{"terminology://openehr.org/setting", "openehr", "532", "no"},
		{"terminology://openehr.org/setting", "local", "225", "no"},
		{"terminology:openehr", "openehr", "532", "yes complete"},
		{"terminology://openehr.org/countries", "ISO_3166-1", "DE", "yes "},
		{"terminology://openehr.org/languages", "ISO_639-1", "de-AT", "yes "},
		{"", animals, "P", "invalid"},
	} {
		r, err := set.ValidateCode(context.Background(), tt.reference, terminology.Code{System: tt.system, Code: tt.code})
		got := "no"
		switch {
		case err != nil:
			got = errs.KindOf(err).String()
		case r.Valid:
			got = "yes " + r.Display
		}
		if got != tt.want {
			t.Errorf("%s in %s: %s (%v), want %s", tt.code, tt.reference, got, err, tt.want)
		}
	}
}

func codes(list []terminology.Code) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Code)
	}
	return strings.Join(out, " ")
}

func TestExpand(t *testing.T) {
	t.Parallel()
	set := zoo(t)
	for reference, want := range map[string]string{
		vs + "mammals":     "DOG BAT",
		vs + "mammals|1.0": "M DOG BAT",
		vs + "pets":        "DOG 448169003 BAT",
		vs + "flyers":      "BAT F DODO",
		"ValueSet/$expand?url=" + vs + "flyers&filter=do": "DODO",
		animals: "A M DOG BAT F DODO P",
		"terminology://Animals/hierarchy?rootConceptId=F": "BAT F DODO",
		"terminology://openehr.org/attestation_reason":    "240 648",
		"terminology://openehr.org/normal_statuses":       "HHH HH H N L LL LLL",
	} {
		got, err := set.Expand(context.Background(), reference)
		if err != nil || codes(got) != want {
			t.Errorf("%s: %s %v, want %s", reference, codes(got), err, want)
		}
	}
	for _, reference := range []string{vs + "elsewhere", vs + "none", "terminology://Plants/hierarchy?rootConceptId=F"} {
		if _, err := set.Expand(context.Background(), reference); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v, want not found", reference, err)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	set := zoo(t)
	got, err := set.Lookup(context.Background(), terminology.Code{System: animals, Code: "BAT"})
	want := terminology.Concept{
		Code: terminology.Code{System: animals, Version: "1.2", Code: "BAT", Display: "Bat"}, SystemName: "Animals",
		Properties: []terminology.Property{{Name: "legs", Value: "2"}, {Name: "parent", Value: "M"}, {Name: "parent", Value: "F"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	got, err = set.Lookup(context.Background(), terminology.Code{System: "openehr", Code: "532"})
	if err != nil || got.Display == "" || len(got.Properties) < 2 {
		t.Errorf("openehr::532: %+v %v, want it in two groups", got, err)
	}
	for _, c := range []terminology.Code{{System: animals, Code: "Q"}, {System: "LOINC", Code: "1"}, {System: "openehr", Code: "1"}} {
		if _, err := set.Lookup(context.Background(), c); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v, want not found", c, err)
		}
	}
}

func TestSubsumes(t *testing.T) {
	t.Parallel()
	set := zoo(t)
	at := func(code string) terminology.Code { return terminology.Code{System: animals, Code: code} }
	for _, tt := range []struct {
		a, b string
		want terminology.Outcome
	}{
		{"A", "BAT", terminology.Subsumes},
		{"BAT", "F", terminology.SubsumedBy},
		{"BAT", "bat", terminology.Equivalent},
		{"DOG", "F", terminology.NotSubsumed},
	} {
		got, err := set.Subsumes(context.Background(), at(tt.a), at(tt.b))
		if err != nil || got != tt.want {
			t.Errorf("%s and %s: %s %v, want %s", tt.a, tt.b, got, err, tt.want)
		}
	}
	part := func(code string) terminology.Code {
		return terminology.Code{System: "https://example.org/cs/part", Code: code}
	}
	for _, tt := range []struct {
		a, b terminology.Code
		kind errs.Kind
	}{
		{at("DOG"), at("Q"), errs.NotFound},
		{at("Q"), at("DOG"), errs.NotFound},
		{at("DOG"), part("x"), errs.Invalid},
		{part("x"), part("y"), errs.Unsupported},
		{terminology.Code{System: "LOINC", Code: "a"}, terminology.Code{System: "LOINC", Code: "b"}, errs.NotFound},
	} {
		if _, err := set.Subsumes(context.Background(), tt.a, tt.b); !errs.Is(err, tt.kind) {
			t.Errorf("%s and %s: %v, want %s", tt.a, tt.b, err, tt.kind)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	set := zoo(t)
	const cm = "https://example.org/cm/animals"
	for _, tt := range []struct{ reference, code, want string }{
		{cm, "DOG", "448771007"},
		{cm, "BAT", ""},        // unmatched is not unmapped
		{cm, "P", "387961004"}, // fixed
		{"source=" + vs + "pets&target=" + vs + "sct-pets&code=DOG", "DOG", "448771007"},
	} {
		got, err := set.Translate(context.Background(), tt.reference, terminology.Code{System: "Animals", Code: tt.code})
		if err != nil || codes(got) != tt.want {
			t.Errorf("%s: %s %v, want %s", tt.code, codes(got), err, tt.want)
		}
	}
	if _, err := set.Translate(context.Background(), cm+"x", terminology.Code{System: animals, Code: "DOG"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v, want not found", err)
	}
}

// TestOrigins asks which codes are translated to a code.
func TestOrigins(t *testing.T) {
	t.Parallel()
	list, err := local.Parse([]byte(`{"resourceType":"ConceptMap","url":"urn:m","status":"active","group":[
		{"source":"urn:a","target":"urn:b","element":[
			{"code":"2","display":"Two","target":[{"code":"x","equivalence":"wider"},{"code":"y","equivalence":"equal"}]},
			{"code":"1","target":[{"code":"x","equivalence":"subsumes"}]},{"code":"3","target":[{"equivalence":"unmatched"}]}],
		 "unmapped":{"mode":"fixed","code":"z"}},
		{"source":"urn:c","target":"urn:b","element":[{"code":"x","target":[{"code":"q","equivalence":"inexact"}]}],"unmapped":{"mode":"provided"}}]}`), local.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := local.Build(list)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		"x": "urn:a|1 specializes; urn:a|2 narrower", // the second group maps x to something else
		"y": "urn:a|2 equal; urn:c|y equal",
		"z": "urn:c|z equal",
		"q": "urn:c|x inexact; urn:c|q equal",
		"":  "",
	} {
		got, err := set.Origins(t.Context(), "urn:m", terminology.Code{System: "urn:b", Code: code})
		var out []string
		for _, o := range got {
			out = append(out, o.System+"|"+o.Code.Code+" "+o.Equivalence)
		}
		if err != nil || strings.Join(out, "; ") != want {
			t.Errorf("%q: %s %v, want %s", code, strings.Join(out, "; "), err, want)
		}
	}
	if _, err := set.Origins(t.Context(), "urn:none", terminology.Code{System: "urn:b", Code: "x"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v, want not found", err)
	}
}

func TestImplicitSNOMED(t *testing.T) {
	t.Parallel()
	set := load(t, "#codesystem,http://snomed.info/sct,2026,SNOMED\ncode,display,parent\n1,Root,\n2,Finding,1\n3,Asthma,2\n4,Body,1\n5,Both,3 4\n")
	for reference, want := range map[string]string{
		"http://snomed.info/sct?fhir_vs":                              "1 2 3 4 5",
		"http://snomed.info/sct?fhir_vs=isa/2":                        "2 3 5",
		"terminology://snomed-ct/hierarchy?rootConceptId=2":           "2 3 5",
		"http://snomed.info/sct?fhir_vs=ecl/< 2 |Finding OR thing|":   "3 5",
		"http://snomed.info/sct?fhir_vs=ecl/<<4 OR 3":                 "3 4 5",
		"http://snomed.info/sct?fhir_vs=ecl/*":                        "1 2 3 4 5",
		"ValueSet/$expand?url=http://snomed.info/sct?fhir_vs=ecl/<<3": "3 5",
	} {
		got, err := set.Expand(context.Background(), reference)
		if err != nil || codes(got) != want {
			t.Errorf("%s: %s %v, want %s", reference, codes(got), err, want)
		}
	}
	for _, reference := range []string{"http://snomed.info/sct?fhir_vs=refset/9", "http://snomed.info/sct?fhir_vs=ecl/<2:3=4"} {
		if _, err := set.Expand(context.Background(), reference); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v, want not found", reference, err)
		}
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	set := load(t,
		"#valueset,https://example.org/vs/severity,1.0,Severity\ncode,system,display\n255604002,http://snomed.info/sct,\"Mild, a bit\"\n24484000,http://snomed.info/sct,Severe\n",
		"#conceptmap,https://example.org/cm/sev,,\nsource,source_code,target,target_code,equivalence\nhttp://snomed.info/sct,255604002,urn:x,mild,\nhttp://snomed.info/sct,24484000,urn:x,bad,narrower\n")
	r, err := set.ValidateCode(context.Background(), "https://example.org/vs/severity|1.0", terminology.Code{System: "SNOMED-CT", Code: "255604002"})
	if err != nil || !r.Valid || r.Display != "Mild, a bit" {
		t.Errorf("%+v %v", r, err)
	}
	for code, want := range map[string]string{"255604002": "mild", "24484000": ""} {
		got, err := set.Translate(context.Background(), "https://example.org/cm/sev", terminology.Code{System: "SNOMED-CT", Code: code})
		if err != nil || codes(got) != want {
			t.Errorf("%s: %s %v", code, codes(got), err)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	cs := func(rest string) string {
		return `{"resourceType":"CodeSystem","url":"urn:c","content":"complete",` + rest + `}`
	}
	set := func(compose string) string {
		return `{"resourceType":"ValueSet","url":"urn:v","compose":` + compose + `}`
	}
	for text, kind := range map[string]errs.Kind{
		``:                              errs.Invalid,
		`[1]`:                           errs.Invalid,
		`{"resourceType":"Patient"}`:    errs.Unsupported,
		`{"resourceType":"Bundle"}`:     errs.Invalid,
		`{"resourceType":"CodeSystem"}`: errs.Invalid,
		`{"resourceType":"ValueSet","url":"a|b"}`:                                        errs.Invalid,
		`{"resourceType":"CodeSystem","url":"urn:c","content":"not-present"}`:            errs.Unsupported,
		`{"resourceType":"CodeSystem","url":"urn:c","content":"supplement"}`:             errs.Unsupported,
		cs(`"concept":[{"code":"a"},{"code":"a"}]`):                                      errs.Invalid,
		cs(`"concept":[{"display":"a"}]`):                                                errs.Invalid,
		cs(`"concept":[{"code":"a"},{"code":"b"},{"code":"c"},{"code":"d"}]`):            errs.TooLarge,
		cs(`"concept":[{"code":"a","concept":[{"code":"b","concept":[{"code":"c"}]}]}]`): errs.TooLarge,
		`{"resourceType":"ValueSet","url":"urn:v"}`:                                      errs.Invalid,
		set(`{"include":[]}`):                           errs.Invalid,
		set(`{"include":[{"concept":[{"code":"a"}]}]}`): errs.Invalid,
		set(`{"include":[{"system":"s","filter":[{"property":"concept","op":"child-of","value":"x"}]}]}`):                                                            errs.Unsupported,
		set(`{"include":[{"system":"s","filter":[{"property":"concept","op":"is-a"}]}]}`):                                                                            errs.Invalid,
		set(`{"include":[{"system":"s","filter":[{"property":"x","op":"is-a","value":"a"}]}]}`):                                                                      errs.Unsupported,
		`{"resourceType":"ValueSet","url":"urn:v","expansion":{"total":5,"contains":[{"system":"s","code":"c"}]}}`:                                                   errs.Invalid,
		`{"resourceType":"ConceptMap","url":"urn:m"}`:                                                                                                                errs.Invalid,
		`{"resourceType":"ConceptMap","url":"urn:m","group":[{"source":"a","target":"b","element":[{"code":"c","target":[{"code":"d","equivalence":"similar"}]}]}]}`: errs.Invalid,
		"#valueset,urn:v\ncode\na":              errs.Invalid,
		"#valueset,urn:v\nsystem,code\n,a":      errs.Invalid,
		"#valueset,urn:v\nsystem,code,x\n":      errs.Invalid,
		"#valueset,urn:v\nsystem,code,code\n":   errs.Invalid,
		"#valueset,urn:v\nsystem,code\na,b,c,d": errs.Invalid,
		"#valueset,urn:v\nsystem,code\n\"a":     errs.Invalid,
		"#codesystem,urn:v\ncode\n":             errs.Internal, // none: an empty system is in order
		"#codesystem":                           errs.Invalid,
		"#codesystem,urn:c\ncode\na\nb\nc\nd\n": errs.TooLarge,
		"#unknown,urn:c\ncode\na":               errs.Invalid,
	} {
		parse := local.Parse
		if strings.HasPrefix(text, "#") {
			parse = local.ParseCSV
		}
		_, err := parse([]byte(text), local.Limits{Concepts: 3, Depth: 2})
		if kind == errs.Internal {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if !errs.Is(err, kind) {
			t.Errorf("%q: %v, want %s", text, err, kind)
		}
	}
	cyclic := func(url, imports string) string {
		return `{"resourceType":"ValueSet","url":"` + url + `","compose":{"include":[{"valueSet":["` + imports + `"]}]}}`
	}
	var list []*local.Resource
	for _, text := range []string{cyclic("urn:a", "ValueSet?url=urn:b"), cyclic("urn:b", "urn:a")} {
		r, err := local.Parse([]byte(text), local.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r...)
	}
	if _, err := local.Build(list); !errs.Is(err, errs.Invalid) {
		t.Errorf("value sets that import each other: %v", err)
	}
	if _, err := local.Build(append(list[:1:1], list[0])); !errs.Is(err, errs.Invalid) {
		t.Errorf("a value set twice: %v", err)
	}
}

func TestHierarchyWithACycleEnds(t *testing.T) {
	t.Parallel()
	set := load(t, "#codesystem,urn:c,1\ncode,parent\na,b\nb,a\nc,\n")
	got, err := set.Subsumes(context.Background(), terminology.Code{System: "urn:c", Code: "a"}, terminology.Code{System: "urn:c", Code: "c"})
	if err != nil || got != terminology.NotSubsumed {
		t.Errorf("%s %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/animals.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"resourceType":"ValueSet","url":"urn:a","compose":{"include":[{"valueSet":["urn:a"]}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := local.Parse([]byte(text), local.Limits{})
		if err != nil {
			return
		}
		set, err := local.Build(list)
		if err != nil {
			return
		}
		for _, r := range list {
			if r.Kind == local.ValueSet {
				_, _ = set.Expand(context.Background(), r.URL) // must end
			}
		}
	})
}

func FuzzParseCSV(f *testing.F) {
	f.Add("#codesystem,urn:c,1\ncode,parent\na,b\nb,a\n")
	f.Add("#valueset,urn:c,1\nsystem,code\n\"a\",b\n")
	f.Add("#conceptmap,urn:c,1\nsource,source_code,target,target_code\na,b,c,d\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := local.ParseCSV([]byte(text), local.Limits{})
		if err != nil {
			return
		}
		if _, err := local.Parse(list[0].JSON, local.Limits{}); err != nil {
			t.Errorf("the JSON of %q is not read: %v", text, err)
		}
	})
}
