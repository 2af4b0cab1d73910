package fhirmap

import (
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestInverses gives FHIR values to each inverse of a conversion; "" is a refusal.
func TestInverses(t *testing.T) {
	t.Parallel()
	const ucum = `"system":"http://unitsofmeasure.org"`
	for _, c := range []struct{ class, fhir, want string }{
		{"DV_DURATION", `{"value":3,"unit":"mo",` + ucum + `,"code":"mo"}`, `{"_type":"DV_DURATION","value":"P3M"}`},
		{"DV_DURATION", `{"value":-90,"unit":"min",` + ucum + `,"code":"min"}`, `{"_type":"DV_DURATION","value":"-PT90M"}`},
		{"DV_DURATION", `{"value":1.5,"comparator":"<","unit":"s",` + ucum + `,"code":"s"}`, `{"_type":"DV_DURATION","magnitude_status":"<","value":"PT1.5S"}`},
		{"DV_DURATION", `{"value":2,"unit":"kg",` + ucum + `,"code":"kg"}`, ""},
		{"DV_DURATION", `{"value":2,"unit":"d"}`, ""},
		{"DV_PROPORTION", `{"value":97.0,"unit":"%",` + ucum + `,"code":"%"}`, `{"_type":"DV_PROPORTION","numerator":97.0,"denominator":100,"type":2}`},
		{"DV_PROPORTION", `{"value":0.5,"unit":"1",` + ucum + `,"code":"1"}`, `{"_type":"DV_PROPORTION","numerator":0.5,"denominator":1,"type":1}`},
		{"DV_PROPORTION", `{"numerator":{"value":1},"denominator":{"value":128}}`, `{"_type":"DV_PROPORTION","numerator":1,"denominator":128,"type":0}`},
		{"DV_PROPORTION", `{"numerator":{"value":1}}`, ""},
		{"DV_INTERVAL", `{"low":{"value":1,"unit":"kg",` + ucum + `,"code":"kg"},"high":{"value":2,"unit":"kg",` + ucum + `,"code":"kg"}}`, `{"_type":"DV_INTERVAL","lower":{"_type":"DV_QUANTITY","magnitude":1,"units":"kg"},"upper":{"_type":"DV_QUANTITY","magnitude":2,"units":"kg"},"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":true}`},
		{"DV_INTERVAL", `{"value":5,"comparator":">","unit":"kg",` + ucum + `,"code":"kg"}`, `{"_type":"DV_INTERVAL","lower":{"_type":"DV_QUANTITY","magnitude":5,"units":"kg"},"lower_unbounded":false,"upper_unbounded":true,"lower_included":false,"upper_included":false}`},
		{"DV_INTERVAL", `{"start":"2024-01-01","end":"2024-02"}`, `{"_type":"DV_INTERVAL","lower":{"_type":"DV_DATE_TIME","value":"2024-01-01"},"upper":{"_type":"DV_DATE_TIME","value":"2024-02"},"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":true}`},
		{"DV_INTERVAL", `{}`, ""},
		{"DV_TIME", `"10:15:00"`, `{"_type":"DV_TIME","value":"10:15:00"}`},
		{"DV_TIME", `"soon"`, ""},
		{"DV_ORDINAL", `{"coding":[{"extension":[{"url":"` + ordinalURL + `","valueDecimal":2}],"system":"urn:s","code":"b"}],"text":"Much"}`, `{"_type":"DV_ORDINAL","symbol":{"_type":"DV_CODED_TEXT","value":"Much","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"urn:s"},"code_string":"b"}},"value":2}`},
		{"DV_ORDINAL", `{"coding":[{"extension":[{"url":"` + ordinalURL + `","valueDecimal":2.5}],"system":"urn:s","code":"b"}],"text":"Much"}`, ""},
		{"DV_ORDINAL", `{"coding":[{"system":"urn:s","code":"b"}],"text":"Much"}`, ""},
		{"DV_IDENTIFIER", `{"type":{"text":"T"},"system":"urn:s","value":"7","assigner":{"display":"A"}}`, `{"_type":"DV_IDENTIFIER","issuer":"urn:s","assigner":"A","id":"7","type":"T"}`},
		{"DV_IDENTIFIER", `{"system":"urn:s"}`, ""},
		{"DV_MULTIMEDIA", `{"contentType":"image/png","url":"http://x/y.png","size":12,"title":"Scan"}`, `{"_type":"DV_MULTIMEDIA","alternate_text":"Scan","uri":{"_type":"DV_URI","value":"http://x/y.png"},"media_type":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"IANA_media-types"},"code_string":"image/png"},"size":12}`},
		{"DV_MULTIMEDIA", `{"url":"http://x/y.png"}`, ""},
		{"CODE_PHRASE", `{"system":"` + OpenEHRSystem + `","code":"433"}`, `{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"openehr"},"code_string":"433"}`},
		{"CODE_PHRASE", `{"code":"433"}`, ""},
		{"DV_URI", `"http://x"`, `{"_type":"DV_URI","value":"http://x"}`},
		{"DV_URI", `"ehr:/x"`, ""},
		{"DV_EHR_URI", `"ehr:/x"`, `{"_type":"DV_EHR_URI","value":"ehr:/x"}`},
		{"DV_QUANTITY", `5`, `{"_type":"DV_QUANTITY","magnitude":5,"units":"1"}`},
		{"DV_CODED_TEXT", `{"coding":[{"system":"urn:s","code":"b","display":"Bee"}]}`, `{"_type":"DV_CODED_TEXT","value":"Bee","defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"urn:s"},"code_string":"b","preferred_term":"Bee"}}`},
		{"DV_CODED_TEXT", `{"coding":[{"system":"urn:s","code":"b"}]}`, ""},
	} {
		n, err := r4.Parse([]byte(`{"x":` + c.fhir + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if v := (&backward{}).value(c.class, &part{}, n.Get("x")); v != nil {
			got = string(rm.AppendJSON(nil, v))
		}
		if got != c.want {
			t.Errorf("%s of %s:\ngot  %s\nwant %s", c.class, c.fhir, got, c.want)
		}
	}
}

// TestWidthOf is about the time between two moments.
func TestWidthOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ start, end, want string }{
		{"2024-02-28", "2024-03-01", "P2D"},
		{"2024-03-05T10:00:00Z", "2024-03-05T10:00:00.25Z", "PT0.25S"},
		{"2024-03-05T10:00:00+01:00", "2024-03-06T10:00:00+01:00", "P1D"},
		{"2024-03-05", "2024-03-05T10:00:00Z", ""},
		{"2024-03-05T10:00:00Z", "2024-03-04T10:00:00Z", ""},
		{"2024-03", "2024-04", ""},
	} {
		if got := widthOf(c.start, c.end); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.start, c.end, got, c.want)
		}
	}
}
