package terminology

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

func TestParseReference(t *testing.T) {
	t.Parallel()
	const sctISA = "http://snomed.info/sct?fhir_vs=isa/50697003"
	for _, tt := range []struct {
		text string
		want Reference
	}{
		{"http://hl7.org/fhir/ValueSet/observation-status|4.0.1", Reference{URL: "http://hl7.org/fhir/ValueSet/observation-status", Version: "4.0.1"}},
		{sctISA, Reference{URL: sctISA}},
		{"http://snomed.info/sct?fhir_vs=ecl/<< 404684003 |Clinical finding|", Reference{URL: "http://snomed.info/sct?fhir_vs=ecl/<< 404684003 |Clinical finding|"}},
		{"http://snomed.info/sct?fhir_vs", Reference{System: SNOMED}},
		{"http://snomed.info/sct", Reference{System: SNOMED}},
		{"http://snomed.info/sct/32506021000036107/version/20200331", Reference{System: SNOMED, Version: "http://snomed.info/sct/32506021000036107/version/20200331"}},
		{"http://snomed.info/sct/32506021000036107/version/20200331?fhir_vs=refset/1200161000168100", Reference{URL: "http://snomed.info/sct/32506021000036107/version/20200331?fhir_vs=refset/1200161000168100"}},
		{"http://loinc.org", Reference{System: LOINC}},
		{"http://loinc.org/vs", Reference{System: LOINC}},
		{"terminology:SNOMED-CT", Reference{System: SNOMED}},
		{"terminology%3ASNOMED-CT", Reference{System: SNOMED}},
		{"terminology:https://example.org/cs", Reference{System: "https://example.org/cs"}},
		{"terminology:http://snomed.info/sct?fhir_vs=isa/1", Reference{URL: "http://snomed.info/sct?fhir_vs=isa/1"}},
		{"terminology:RU3", Reference{System: "RU3"}},
		{"terminology://snomed.info", Reference{System: SNOMED}},
		{"terminology:SNOMED-CT?subset=problems&language=en-GB", Reference{URL: "terminology:SNOMED-CT?subset=problems&language=en-GB"}},
		{"terminology://snomed-ct/hierarchy?rootConceptId=50043002", Reference{URL: "http://snomed.info/sct?fhir_vs=isa/50043002"}},
		{"terminology://LOINC/hierarchy?rootConceptId=LP1", Reference{URL: "terminology://LOINC/hierarchy?rootConceptId=LP1"}},
		{"//fhir.hl7.org/ValueSet/$expand?url=" + sctISA, Reference{Operation: "expand", URL: sctISA, Params: map[string]string{"url": sctISA}}},
		{"terminology://fhir.hl7.org/ValueSet/$expand?url=http%3A%2F%2Fsnomed.info%2Fsct%3Ffhir_vs%3Disa%2F50697003", Reference{Operation: "expand", URL: sctISA, Params: map[string]string{"url": sctISA}}},
		{"terminology://fhir.hl7.org/ValueSet?url=http://x.org/vs|2", Reference{URL: "http://x.org/vs", Version: "2", Params: map[string]string{"url": "http://x.org/vs|2"}}},
		{"ValueSet/$expand?url=http://x.org/vs?a=1&b=2&filter=ast", Reference{Operation: "expand", URL: "http://x.org/vs?a=1&b=2", Params: map[string]string{"url": "http://x.org/vs?a=1&b=2", "filter": "ast"}}},
		{"https://tx.example.org/r4/ValueSet/$expand?url=http://x.org/vs", Reference{Operation: "expand", URL: "http://x.org/vs", Params: map[string]string{"url": "http://x.org/vs"}}},
		{"url=" + sctISA, Reference{URL: sctISA, Params: map[string]string{"url": sctISA}}},
		{"system=http://loinc.org&code=1963-8", Reference{Params: map[string]string{"system": "http://loinc.org", "code": "1963-8"}}},
		{"terminology://openehr.org/setting", Reference{Group: "setting"}},
		{"terminology://openehr.org/group?group=event math function", Reference{Group: "event_math_function"}},
		{"terminology:openehr?subset=null_flavours", Reference{Group: "null_flavours"}},
		{"terminology:openehr", Reference{System: System}},
		{"https://specifications.openehr.org/fhir/valueset-media_types", Reference{Group: "media_types"}},
		{"ABSENT_TERMINOLOGY", Reference{URL: "ABSENT_TERMINOLOGY"}},
	} {
		got, err := ParseReference(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		tt.want.Text = tt.text
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
	for text, kind := range map[string]errs.Kind{
		"": errs.Invalid, "  ": errs.Invalid, "a\nb": errs.Invalid,
		"//fhir.hl7.org/ValueSet/$expand?filter=x": errs.Invalid,
		"ValueSet/$expand?url=a&url=b":             errs.Invalid,
		"ValueSet/$expand?url=%zz":                 errs.Invalid,
		"ValueSet/$expand?nothing":                 errs.Invalid,
		"terminology://openehr.org/no_such_group":  errs.NotFound,
		"terminology:":                             errs.Invalid,
	} {
		if _, err := ParseReference(text); !errs.Is(err, kind) {
			t.Errorf("%q: %v, want %s", text, err, kind)
		}
	}
}

func TestSystemURI(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"SNOMED-CT": SNOMED, "SNOMED Clinical Terms": SNOMED, "snomed_ct(3.1)": SNOMED, "LNC205": LOINC,
		"http://snomed.info/sct": SNOMED, "urn:oid:1.2.3": "urn:oid:1.2.3", "openehr": System,
		"ICD-10": "http://hl7.org/fhir/sid/icd-10", "local": "", "at1": "", "": "",
	} {
		if got := SystemURI(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"terminology://snomed-ct/hierarchy?rootConceptId=50043002", "//fhir.hl7.org/ValueSet/$expand?url=a?b=c&d", "terminology%3a", "url=%41|2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseReference(s)
		if err == nil && ref.URL == "" && ref.System == "" && ref.Group == "" && len(ref.Params) == 0 {
			t.Errorf("%q names nothing", s)
		}
	})
}
