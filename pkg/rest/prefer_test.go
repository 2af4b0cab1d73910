package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestTrap06PreferOfEveryWrite: every write that takes Prefer answers it alike,
// also if it is there more than once (RFC 7240 §2: the first counts), says what
// is not known (it counts as absent, and what comes after it does not count
// either), or is the default.
func TestTrap06PreferOfEveryWrite(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	status := a.do("GET", "/ehr/"+id+"/ehr_status", nil)
	latest := map[string]string{
		"ehr_status": status.tag(), "composition": a.create(id, composition(t)), "person": a.newParty("PERSON", party("PERSON", "Jo")),
		"directory": a.do("POST", "/ehr/"+id+"/directory", folder("root")).status(http.StatusCreated).tag(),
	}
	update := func(name, path string, body []byte) func(lines ...string) *result {
		return func(lines ...string) *result {
			res := a.do("PUT", path, body, append(lines, `If-Match: "`+latest[name]+`"`)...)
			latest[name] = res.tag()
			return res
		}
	}
	post := func(path string, body func() []byte, more ...string) func(lines ...string) *result {
		return func(lines ...string) *result { return a.do("POST", path, body(), append(lines, more...)...) }
	}
	tags := func(lines ...string) *result {
		return a.do("PUT", "/ehr/"+id+"/composition/"+object(latest["composition"])+"/tags", []byte(`[{"key":"k"}]`), lines...)
	}
	writes := map[string]struct {
		created bool
		do      func(lines ...string) *result
	}{
		"POST ehr": {true, post("/ehr", func() []byte { return nil })},
		"PUT ehr": {true, func(lines ...string) *result {
			return a.do("PUT", "/ehr/"+uuid.NewString(), nil, lines...)
		}},
		"PUT ehr_status":   {false, update("ehr_status", "/ehr/"+id+"/ehr_status", status.body)},
		"POST composition": {true, post("/ehr/"+id+"/composition", func() []byte { return composition(t) })},
		"PUT composition":  {false, update("composition", "/ehr/"+id+"/composition/"+object(latest["composition"]), composition(t))},
		"POST directory": {true, func(lines ...string) *result {
			return a.do("POST", "/ehr/"+a.newEHR()+"/directory", folder("root"), lines...)
		}},
		"PUT directory": {false, update("directory", "/ehr/"+id+"/directory", folder("root"))},
		"POST contribution": {true, post("/ehr/"+id+"/contribution", func() []byte {
			return set("249", change(codedText("249"), codedText("532"), "", composition(t)))
		})},
		"POST person": {true, post("/demographic/person", func() []byte { return party("PERSON", "Jo") })},
		"PUT person":  {false, update("person", "/demographic/person/"+object(latest["person"]), party("PERSON", "Jo"))},
		"POST party contribution": {true, post("/demographic/contribution", func() []byte {
			return set("249", change(codedText("249"), codedText("532"), "", party("PERSON", "Jo")))
		})},
		"POST template": {true, post("/definition/template/adl1.4", func() []byte { return template(t, uuid.NewString()) }, "Content-Type: application/xml", "Accept: application/xml, application/json")},
		"PUT tags":      {false, tags},
	}
	const minimal, identifier, representation = "minimal", "identifier", "representation"
	for _, test := range []struct {
		lines []string
		want  string
		said  bool // whether the answer confirms it
	}{
		{nil, minimal, false},
		{[]string{"return=minimal"}, minimal, true},
		{[]string{"return=identifier"}, identifier, true},
		{[]string{"return=representation"}, representation, true},
		{[]string{"return=minimal, return=representation"}, minimal, true},
		{[]string{"return=representation, return=minimal"}, representation, true},
		{[]string{"return=identifier", "return=representation"}, identifier, true},
		{[]string{"return=representation", "return=identifier"}, representation, true},
		{[]string{"respond-async, wait=5", `Return="Representation"; x=y`}, representation, true},
		{[]string{"return=everything"}, minimal, false},
		{[]string{"return=everything, return=representation"}, minimal, false},
		{[]string{"return"}, minimal, false},
		{[]string{"minimal"}, minimal, false},
		{[]string{"handling=strict"}, minimal, false},
		{[]string{""}, minimal, false},
	} {
		var lines []string
		for _, l := range test.lines {
			lines = append(lines, "Prefer: "+l)
		}
		for name, w := range writes {
			res := w.do(lines...)
			code := http.StatusOK
			if w.created {
				code = http.StatusCreated
			} else if test.want == minimal {
				code = http.StatusNoContent
			}
			if res.code != code {
				t.Errorf("%s with %q: %d, want %d: %s", name, test.lines, res.code, code, res.body)
				continue
			}
			confirmed := ""
			if test.said {
				confirmed = "return=" + test.want
			}
			if got := res.header.Get("Preference-Applied"); got != confirmed {
				t.Errorf("%s with %q applied %q", name, test.lines, got)
			}
			var kind string
			switch body := string(res.body); {
			case body == "":
				kind = minimal
			case strings.HasPrefix(body, `{"uid":"`) && strings.Count(body, ":{") == 0:
				kind = identifier
			default:
				kind = representation
			}
			if name == "PUT tags" && test.want == identifier {
				kind = identifier // tags have none: the list is what identifies them
			}
			if kind != test.want {
				t.Errorf("%s with %q sends %s: %s", name, test.lines, kind, res.body)
			}
		}
	}
	// A deletion has nothing to return, and says so by not confirming.
	a.do("DELETE", "/ehr/"+id+"/composition/"+latest["composition"], nil, "Prefer: return=representation").
		status(http.StatusNoContent).empty().has("Preference-Applied", "")
	a.do("DELETE", "/ehr/"+id+"/directory", nil, "Prefer: return=identifier", `If-Match: "`+latest["directory"]+`"`).
		status(http.StatusNoContent).empty().has("Preference-Applied", "")
}
