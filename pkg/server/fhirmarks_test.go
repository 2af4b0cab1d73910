package server

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// TestMarksOnCodes writes codes with the marks that make other codes of them, in the
// systems that have such marks: each is stored, found and read as it was sent, and
// never taken for one with another mark.
func TestMarksOnCodes(t *testing.T) {
	t.Parallel()
	systems := []string{"http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-nl"}
	p, ids := writing(t, 65, 1, func(o *Options) { o.FHIRWriteTrust = systems })
	codes := []string{"A17.0†", "A17.0+", "A17.0", "G01*", "G01", "U80.0!", "A17.0 †"}
	for _, system := range systems {
		for _, code := range codes {
			body := `{"resourceType":"Condition",` + conditionStatus + `"code":{"coding":[{"system":"` + system + `","code":"` + code + `"}],"text":"Meningitis"},` +
				`"subject":{"reference":"Patient/` + ids[0] + `"},"onsetDateTime":"2015-04",` + recorder + `}`
			r := p.send("POST", "Condition", body)
			if r.status != 201 {
				t.Errorf("%s|%s: %s", system, code, r)
				continue
			}
			if got := r.body.Get("code").List("coding")[0].Str("code"); got != code {
				t.Errorf("%s|%s is read as %s", system, code, got)
			}
			uid := strings.TrimPrefix(r.body.Str("meta", "source"), "ehr:")
			root := string(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+ids[0]+"/composition/"+uid, nil))
			text, err := json.Marshal(code)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(root, `"code_string":`+string(text)) {
				t.Errorf("%s|%s is stored as %s", system, code, root)
			}
		}
	}
	for _, system := range systems {
		for _, code := range codes {
			if got := p.all("Condition?patient="+ids[0]+"&code="+url.QueryEscape(system+"|"+code), "match"); len(got) != 1 {
				t.Errorf("%s|%s finds %d", system, code, len(got))
			}
		}
	}
}
