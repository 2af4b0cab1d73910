package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

// running is a server that answers, with a sandbox.
func running(t *testing.T, seed uint64, patients int) *Server {
	t.Helper()
	return runningWith(t, testOptions(t), seed, patients)
}

// runningWith is the same with options.
func runningWith(t testing.TB, o Options, seed uint64, patients int) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadSandbox(t.Context(), seed, patients); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func fetch(t testing.TB, s *Server, method, path string, body any) []byte {
	t.Helper()
	var rd io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		rd = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, s.Origin()+path, rd)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %.500s", method, path, resp.Status, data)
	}
	return data
}

func rows(t testing.TB, s *Server, q, ehr string) [][]any {
	t.Helper()
	var out struct{ Rows [][]any }
	dec := json.NewDecoder(bytes.NewReader(fetch(t, s, "POST", "/openehr/v1/query/aql",
		map[string]any{"q": q, "query_parameters": map[string]string{"ehr": ehr}})))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Rows
}

// A reading is one measured value as a door shows it: when, and the lexical
// form of the number.
func reading(when, value string) string {
	at, err := time.Parse(time.RFC3339, when)
	if err != nil {
		return "bad time " + when
	}
	return at.UTC().Format(time.RFC3339Nano) + " " + value
}

// measured says where one vital sign is in each model.
var measured = []struct{ name, archetype, events, element, attribute, loinc, component string }{
	{"systolic", "openEHR-EHR-OBSERVATION.blood_pressure.v2", "data[at0001]/events", "data[at0003]/items[at0004]", "magnitude", "85354-9", "8480-6"},
	{"diastolic", "openEHR-EHR-OBSERVATION.blood_pressure.v2", "data[at0001]/events", "data[at0003]/items[at0005]", "magnitude", "85354-9", "8462-4"},
	{"temperature", "openEHR-EHR-OBSERVATION.body_temperature.v2", "data[at0002]/events", "data[at0001]/items[at0004]", "magnitude", "8310-5", ""},
	{"weight", "openEHR-EHR-OBSERVATION.body_weight.v2", "data[at0002]/events", "data[at0001]/items[at0004]", "magnitude", "29463-7", ""},
	{"oxygen saturation", "openEHR-EHR-OBSERVATION.pulse_oximetry.v1", "data[at0001]/events", "data[at0003]/items[at0006]", "numerator", "59408-5", ""},
}

// TestThreeDoorsAgree reads the same measurements by openEHR REST, by AQL and
// as FHIR, for synthetic patients of a fresh seed, and wants the same values
// with the same text at the same instants.
func TestThreeDoorsAgree(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := running(t, seed, 4)
	found := 0
	for i := range 4 {
		ehr := synth.New(seed).Patient(i).EHRID
		var compositions []*rm.Node
		for _, r := range rows(t, s, "SELECT c/uid/value FROM EHR e CONTAINS COMPOSITION c WHERE e/ehr_id/value = $ehr", ehr) {
			data := fetch(t, s, "GET", "/openehr/v1/ehr/"+ehr+"/composition/"+url.PathEscape(r[0].(string)), nil)
			n, problems := rm.DecodeJSON(data, rm.Lookup("COMPOSITION"), rm.JSONOptions{})
			if rm.HasErrors(problems) {
				t.Fatalf("a composition comes back with %v", problems)
			}
			compositions = append(compositions, n)
		}
		for _, m := range measured {
			rest := byREST(t, compositions, m.archetype, m.events, m.element, m.attribute)
			aql := byAQL(t, s, ehr, m.archetype, m.events, m.element, m.attribute)
			if diff := cmp.Diff(rest, aql); diff != "" {
				t.Errorf("%s of patient %d: openEHR REST (-) and AQL (+) differ:\n%s", m.name, i, diff)
			}
			fhir := byFHIR(t, s, ehr, m.loinc, m.component)
			if diff := cmp.Diff(rest, fhir); diff != "" {
				t.Errorf("%s of patient %d: openEHR REST (-) and FHIR (+) differ:\n%s", m.name, i, diff)
			}
			found += len(rest)
		}
	}
	if found == 0 {
		t.Error("there was nothing to compare")
	}
}

func byREST(t *testing.T, compositions []*rm.Node, archetype, events, element, attribute string) []string {
	t.Helper()
	path := func(s string) rm.Path {
		p, err := rm.ParsePath(s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	out := []string{}
	for _, c := range compositions {
		for _, o := range c.List("content") {
			if o.ArchetypeID() != archetype {
				continue
			}
			for _, ev := range path(events).Resolve(o) {
				for _, el := range path(element).Resolve(ev) {
					// A value with a comparator is no number in FHIR's sense of
					// the plain value, but both doors show the same number.
					if v := el.String("value", attribute); v != "" {
						out = append(out, reading(ev.String("time", "value"), v))
					}
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func byAQL(t *testing.T, s *Server, ehr, archetype, events, element, attribute string) []string {
	t.Helper()
	q := fmt.Sprintf(`SELECT o/%[2]s/time/value, o/%[2]s/%[3]s/value/%[4]s FROM EHR e CONTAINS COMPOSITION c
		CONTAINS OBSERVATION o[%[1]s] WHERE e/ehr_id/value = $ehr`, archetype, events, element, attribute)
	out := []string{}
	for _, r := range rows(t, s, q, ehr) {
		if r[1] != nil {
			out = append(out, reading(r[0].(string), r[1].(json.Number).String()))
		}
	}
	slices.Sort(out)
	return out
}

func byFHIR(t *testing.T, s *Server, ehr, loinc, component string) []string {
	t.Helper()
	type quantity struct{ Value json.Number }
	type concept struct {
		Coding []struct{ System, Code string }
	}
	has := func(c concept, code string) bool {
		for _, k := range c.Coding {
			if k.System == "http://loinc.org" && k.Code == code {
				return true
			}
		}
		return false
	}
	out := []string{}
	path := "/fhir/r4/Observation?_count=20&patient=" + ehr + "&code=" + url.QueryEscape("http://loinc.org|"+loinc)
	for path != "" {
		var bundle struct {
			Link  []struct{ Relation, URL string }
			Entry []struct {
				Resource struct {
					ResourceType      string
					EffectiveDateTime string
					EffectivePeriod   struct{ End string }
					ValueQuantity     quantity
					Component         []struct {
						Code          concept
						ValueQuantity quantity
					}
				}
			}
		}
		if err := json.Unmarshal(fetch(t, s, "GET", path, nil), &bundle); err != nil {
			t.Fatal(err)
		}
		for _, e := range bundle.Entry {
			r := e.Resource
			if r.ResourceType != "Observation" {
				continue
			}
			when, value := r.EffectiveDateTime, r.ValueQuantity.Value
			if when == "" {
				when = r.EffectivePeriod.End // EVENT.time of an INTERVAL_EVENT is its end
			}
			for _, c := range r.Component {
				if component != "" && has(c.Code, component) {
					value = c.ValueQuantity.Value
				}
			}
			if value != "" {
				out = append(out, reading(when, value.String()))
			}
		}
		path = ""
		for _, l := range bundle.Link {
			if l.Relation == "next" {
				u, err := url.Parse(l.URL)
				if err != nil {
					t.Fatal(err)
				}
				path = u.RequestURI()
			}
		}
	}
	slices.Sort(out)
	return out
}
