package stance

import (
	"context"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// loaded is a code system with a few concepts of the shape of SNOMED CT.
func loaded(t testing.TB) terminology.Service {
	t.Helper()
	list, err := local.Parse([]byte(`{"resourceType":"CodeSystem","url":"http://snomed.info/sct","status":"active","content":"fragment","hierarchyMeaning":"is-a","concept":[
	 {"code":"64572001","display":"Disease","concept":[{"code":"900000011","display":"Gout","designation":[{"value":"Podagra"}]}]},
	 {"code":"404684003","display":"Clinical finding","concept":[{"code":"900000012","display":"Cough"}]},
	 {"code":"105590001","display":"Substance","concept":[{"code":"900000013","display":"Nickel"}]},
	 {"code":"71388002","display":"Procedure","concept":[{"code":"900000015","display":"Suture"}]},
	 {"code":"243796009","display":"Situation with explicit context","concept":[{"code":"900000014","display":"No gout"}]}]}`), local.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := local.Build(list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const (
	sct = `"system":"http://snomed.info/sct","code":`
	ips = `"system":"` + AbsentUnknown + `","code":`
	icd = `"system":"http://hl7.org/fhir/sid/icd-10","code":`
)

// TestFindingsHaveSources reads the table of codes that name something: each has a
// source, which the head of the table describes, and names it.
func TestFindingsHaveSources(t *testing.T) {
	t.Parallel()
	rows, head := 0, ""
	for line := range strings.Lines(findingTable) {
		if strings.HasPrefix(line, "#") {
			head += line
			continue
		}
		rows++
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if source := row[len(row)-1]; !strings.Contains(head, "\n# "+source+" ") {
			t.Errorf("%s: what the source %q is is not said", row[2], source)
		}
		for typ := range strings.SplitSeq(row[0], ",") {
			if !Concerns(typ) || len(findings[typ][row[1]+"|"+row[2]]) == 0 {
				t.Errorf("%s has no name as %s", row[2], typ)
			}
		}
		if Denies(row[1], row[2]) {
			t.Errorf("%s names and denies", row[2])
		}
	}
	if rows < 40 {
		t.Errorf("only %d rows", rows)
	}
}

// TestDecide is the table of what names, what denies and what is refused. want is
// the stance or a part of the reason, at the element.
func TestDecide(t *testing.T) {
	t.Parallel()
	terms := loaded(t)
	trust := func(list ...string) (out []Trust) {
		for _, text := range list {
			one, err := ParseTrust(text)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, one)
		}
		return out
	}
	plain, known := &Decider{}, &Decider{Terminology: terms}
	for _, c := range []struct {
		name         string
		by           *Decider
		typ, concept string
		at, want     string
	}{
		{"a denial of IPS", plain, "AllergyIntolerance", `{"coding":[{` + ips + `"no-known-allergies","display":"No known allergies"}]}`, "", "denies"},
		{"a denial of SNOMED CT", plain, "AllergyIntolerance", `{"coding":[{` + sct + `"716186003","display":"No known allergy (situation)"}],"text":"no known  allergies"}`, "", "denies"},
		{"both denials", plain, "Condition", `{"coding":[{` + ips + `"no-known-problems"},{` + sct + `"160245001"}]}`, "", "denies"},
		{"a denial beats trust", &Decider{Trusted: trust("http://snomed.info/sct")}, "AllergyIntolerance", `{"coding":[{` + sct + `"716186003"}]}`, "", "denies"},
		{"a denial of medication", plain, "MedicationStatement", `{"coding":[{` + ips + `"no-known-medications"}]}`, "", "denies"},
		{"a denial called penicillin", plain, "AllergyIntolerance", `{"coding":[{` + ips + `"no-known-allergies"}],"text":"Penicillin"}`, ".text", "not a name of the code"},
		{"a denial of a part", plain, "AllergyIntolerance", `{"coding":[{` + sct + `"409137002"}]}`, ".coding[0]", "denies, and not exactly"},
		{"a denial of a part by IPS", plain, "AllergyIntolerance", `{"coding":[{` + ips + `"no-known-food-allergies"}]}`, ".coding[0]", "denies, and not exactly"},
		{"a denial of another kind", plain, "Condition", `{"coding":[{` + ips + `"no-known-allergies"}]}`, ".coding[0]", "denies, and not exactly"},
		{"a denial of another kind by SNOMED CT, trusted", &Decider{Trusted: trust("http://snomed.info/sct")}, "Condition", `{"coding":[{` + sct + `"716186003"}]}`, ".coding[0]", "denies, and not exactly"},
		{"no information", plain, "AllergyIntolerance", `{"coding":[{` + ips + `"no-allergy-info"}]}`, ".coding[0]", "nothing is known"},
		{"a null flavour, trusted", &Decider{Trusted: trust("http://terminology.hl7.org/CodeSystem/v3-NullFlavor")}, "Condition", `{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-NullFlavor","code":"NASK"}]}`, ".coding[0]", "nothing is known"},
		{"a denial and a finding", plain, "AllergyIntolerance", `{"coding":[{` + ips + `"no-known-allergies"},{` + sct + `"91936005"}]}`, "", "one coding names"},
		{"words", plain, "AllergyIntolerance", `{"text":"NKDA"}`, "", "no code"},
		{"words that name", known, "Condition", `{"text":"Gout"}`, "", "no code"},
		{"nothing", plain, "Condition", ``, "", "no code"},
		{"masked", plain, "Condition", `{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}`, "", "no code"},
		{"no system", plain, "Condition", `{"coding":[{"code":"44054006"}]}`, ".coding[0]", "needs a system"},
		{"no code", plain, "Condition", `{"coding":[{"display":"Gout"}],"text":"Gout"}`, ".coding[0]", "needs a system"},
		{"a listed finding", plain, "Condition", `{"coding":[{` + sct + `"44054006","display":"Diabetes mellitus type 2 (disorder)"}],"text":"Type 2 diabetes"}`, "", "names"},
		{"a listed finding of another type", plain, "Procedure", `{"coding":[{` + sct + `"44054006"}]}`, ".coding[0]", "no terminology is loaded"},
		{"a listed finding with other words", plain, "Condition", `{"coding":[{` + sct + `"44054006"}],"text":"no diabetes"}`, ".text", "not a name of the code"},
		{"a listed finding with another display", plain, "Condition", `{"coding":[{` + sct + `"44054006","display":"Asthma"}]}`, ".coding[0].display", "not a name of the code"},
		{"a code without terminology", plain, "Condition", `{"coding":[{` + sct + `"900000011"}]}`, ".coding[0]", "no terminology is loaded"},
		{"a disease", known, "Condition", `{"coding":[{` + sct + `"900000011","display":"Gout"}],"text":"podagra"}`, "", "names"},
		{"a disease with words of its own", known, "Condition", `{"coding":[{` + sct + `"900000011"}],"text":"Gout of the toe"}`, ".text", "not a name of the code"},
		{"a finding", known, "Condition", `{"coding":[{` + sct + `"900000012"}]}`, ".coding[0]", "not below 64572001"},
		{"a finding of a trusted branch", &Decider{Terminology: terms, Trusted: trust("http://snomed.info/sct|<<404684003")}, "Condition", `{"coding":[{` + sct + `"900000012"}],"text":"Cough at night"}`, "", "names"},
		{"a trusted branch without terminology", &Decider{Trusted: trust("http://snomed.info/sct|<<404684003")}, "Condition", `{"coding":[{` + sct + `"900000012"}]}`, ".coding[0]", "no terminology is loaded"},
		{"a situation", known, "Condition", `{"coding":[{` + sct + `"900000014"}]}`, ".coding[0]", "situation with explicit context"},
		{"a situation, trusted with its system", &Decider{Terminology: terms, Trusted: trust("http://snomed.info/sct")}, "Condition", `{"coding":[{` + sct + `"900000014"}]}`, ".coding[0]", "situation with explicit context"},
		{"a disease as an allergy", known, "AllergyIntolerance", `{"coding":[{` + sct + `"900000011"}]}`, ".coding[0]", "not below 105590001"},
		{"a substance", known, "AllergyIntolerance", `{"coding":[{` + sct + `"900000013"}]}`, "", "names"},
		{"a procedure", known, "Procedure", `{"coding":[{` + sct + `"900000015"}]}`, "", "names"},
		{"a code that the terminology does not have", known, "Condition", `{"coding":[{` + sct + `"900000099"}]}`, ".coding[0]", "does not know the code"},
		{"an expression", &Decider{Terminology: terms, Trusted: trust("http://snomed.info/sct")}, "Condition", `{"coding":[{` + sct + `"64572001:408729009=410516002"}]}`, ".coding[0]", "an expression"},
		{"another spelling of the system", &Decider{Trusted: trust("urn:oid:2.16.840.1.113883.6.96")}, "AllergyIntolerance", `{"coding":[{"system":"urn:oid:2.16.840.1.113883.6.96","code":"716186003"}]}`, ".coding[0].system", "is known as http://snomed.info/sct"},
		{"a chapter of a classification", known, "Condition", `{"coding":[{` + icd + `"E11"}]}`, ".coding[0]", "whether codes of this system"},
		{"a chapter that is trusted", &Decider{Trusted: trust("http://hl7.org/fhir/sid/icd-10|E*")}, "Condition", `{"coding":[{` + icd + `"E11","display":"Diabetes mellitus Typ 2"}],"text":"Diabetes"}`, "", "names"},
		{"beyond the chapter", &Decider{Trusted: trust("http://hl7.org/fhir/sid/icd-10|E*")}, "Condition", `{"coding":[{` + icd + `"Z03"}]}`, ".coding[0]", "whether codes of this system"},
		{"trusted, but the words deny", &Decider{Trusted: trust("http://hl7.org/fhir/sid/icd-10|E11")}, "Condition", `{"coding":[{` + icd + `"E11"}],"text":"kein Diabetes"}`, ".text", "not so"},
		{"trusted, words of another script", &Decider{Trusted: trust("http://hl7.org/fhir/sid/icd-10|E11")}, "Condition", `{"coding":[{` + icd + `"E11"}],"text":"糖尿病なし"}`, ".text", "not so"},
		{"one coding of two is not known", plain, "Condition", `{"coding":[{` + sct + `"44054006"},{` + icd + `"E11"}]}`, ".coding[1]", "whether codes of this system"},
		{"no vaccine given", &Decider{Trusted: trust("http://hl7.org/fhir/sid/cvx")}, "Immunization", `{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"998"}]}`, ".coding[0]", "denies, and not exactly"},
		{"no known immunisations", plain, "Immunization", `{"coding":[{` + ips + `"no-known-immunizations"}]}`, ".coding[0]", "denies, and not exactly"},
		{"no known medication ordered", plain, "MedicationRequest", `{"coding":[{` + ips + `"no-known-medications"}]}`, ".coding[0]", "denies, and not exactly"},
		{"no drug therapy ordered", plain, "MedicationRequest", `{"coding":[{` + sct + `"182849000"}]}`, ".coding[0]", "denies, and not exactly"},
		{"a medication ordered", plain, "MedicationRequest", `{"coding":[{` + sct + `"372567009"}],"text":"Metformin"}`, "", "names"},
		{"a medication ordered in words", plain, "MedicationRequest", `{"text":"Metformin"}`, "", "no code"},
		{"a vaccine", &Decider{Trusted: trust("http://hl7.org/fhir/sid/cvx")}, "Immunization", `{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"140","display":"Influenza, seasonal"}]}`, "", "names"},
		{"the terminology is down", &Decider{Terminology: silent{}}, "Condition", `{"coding":[{` + sct + `"900000011"}]}`, "", "unavailable"},
	} {
		element := kinds[c.typ].element
		body := `{"resourceType":"` + c.typ + `"`
		if c.concept != "" {
			body += `,"` + element + `":` + c.concept
		}
		n, err := r4.Parse([]byte(body + "}"))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		v, err := c.by.Decide(t.Context(), n)
		switch {
		case err != nil && c.want == "unavailable" && errs.Is(err, errs.Unavailable):
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want == fhirmap.Names.String() || c.want == fhirmap.Denies.String():
			if v.Stance.String() != c.want || len(v.Doubts) > 0 {
				t.Errorf("%s: %v %v", c.name, v.Stance, v.Doubts)
			}
		case v.Stance != fhirmap.Undecided || len(v.Doubts) != 1 || v.Doubts[0].Path != c.typ+"."+element+c.at || !strings.Contains(v.Doubts[0].Text, c.want):
			t.Errorf("%s: %v %v", c.name, v.Stance, v.Doubts)
		}
	}
}

// silent is a terminology that does not answer.
type silent struct{ terminology.Service }

func (silent) Lookup(context.Context, terminology.Code) (terminology.Concept, error) {
	return terminology.Concept{}, errs.New(errs.Unavailable, "test", "down")
}

func (silent) Subsumes(context.Context, terminology.Code, terminology.Code) (terminology.Outcome, error) {
	return 0, errs.New(errs.Unavailable, "test", "down")
}

// TestWords gives a code without words a name.
func TestWords(t *testing.T) {
	t.Parallel()
	for concept, want := range map[string]string{
		`{"coding":[{` + sct + `"44054006"}]}`:                                    "Type 2 diabetes mellitus",
		`{"coding":[{` + sct + `"44054006","display":"Type 2 diabetes"}]}`:        "",
		`{"coding":[{` + ips + `"no-known-problems"}]}`:                           "No known problems",
		`{"coding":[{` + ips + `"no-known-problems"}],"text":"No known problem"}`: "",
	} {
		n, err := r4.Parse([]byte(`{"resourceType":"Condition","code":` + concept + `}`))
		if err != nil {
			t.Fatal(err)
		}
		v, err := new(Decider).Decide(t.Context(), n)
		if err != nil || v.Words != want || v.Element != "code" {
			t.Errorf("%s: %q %v %v", concept, v.Words, v.Doubts, err)
		}
	}
}

// TestFindings checks that no code of the table denies by another table.
func TestFindings(t *testing.T) {
	t.Parallel()
	for typ, codes := range findings {
		if !Concerns(typ) {
			t.Errorf("%s is not concerned", typ)
		}
		for code, names := range codes {
			system, id, _ := strings.Cut(code, "|")
			if Denies(system, id) || canonical(system) != system || !conceptID(id) || !verhoeff(id) {
				t.Errorf("%s is no concept that names something", code)
			}
			for _, name := range names {
				if strings.TrimSpace(name) != name || name == "" {
					t.Errorf("%s: a name is %q", code, name)
				}
			}
		}
	}
	for _, code := range partial {
		if !verhoeff(code) {
			t.Errorf("%s is no concept", code)
		}
	}
}

// verhoeff checks the last digit of an identifier of SNOMED CT.
func verhoeff(id string) bool {
	mul := func(a, b int) int { // in the dihedral group of order 10
		switch {
		case a < 5 && b < 5:
			return (a + b) % 5
		case a < 5:
			return (a+b-5)%5 + 5
		case b < 5:
			return (a-5-b+5)%5 + 5
		}
		return (a - b + 5) % 5
	}
	step := [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	sum := 0
	for i := range id {
		d := int(id[len(id)-1-i] - '0')
		for range i % 8 {
			d = step[d]
		}
		sum = mul(sum, d)
	}
	return sum == 0
}

// TestMayDeny looks at words beside a code that is trusted.
func TestMayDeny(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]bool{
		"Diabetes mellitus Typ 2": false, "Influenza, seasonal (2024)": false, "Épilepsie": false, "Nonne": false,
		"NKDA": true, "no asthma": true, "Asthma: none": true, "?": true, "-": true, "ab": true, "keine": true, "sin alergias": true,
		"ｎｏ asthma": true, "n\u200bo asthma": true, "na\u0303o tem asma": true, "nо asthma": true, // fullwidth, hidden, decomposed, Cyrillic о
		"なし": true, "нет": true, "Asthma\u202e": true,
	} {
		if mayDeny(words) != want {
			t.Errorf("%q: %v", words, !want)
		}
	}
}

func TestParseTrust(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "icd-10", "http://x|", "http://x|*", "http://x|<<", "http://x|a b", "http://x|<<a*"} {
		if _, err := ParseTrust(text); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzDecide gives anything: there is a stance, or a reason why there is none.
func FuzzDecide(f *testing.F) {
	f.Add(`{"resourceType":"Condition","code":{"coding":[{` + sct + `"44054006"}],"text":"x"}}`)
	f.Add(`{"resourceType":"AllergyIntolerance","code":{"coding":[{` + ips + `"no-known-allergies"},{}]}}`)
	d := &Decider{Terminology: loaded(f)}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := r4.Parse([]byte(text))
		if err != nil || n.Kind != r4.Object || !Concerns(n.Str("resourceType")) {
			return
		}
		v, err := d.Decide(t.Context(), n)
		if err != nil || (v.Stance == fhirmap.Undecided) != (len(v.Doubts) > 0) {
			t.Errorf("%v %v %v", v.Stance, v.Doubts, err)
		}
	})
}
