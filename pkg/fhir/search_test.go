package fhir

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	m := project(t)
	h := handler(t, m)
	const p = "patient=" + testEHR
	tests := []struct {
		name, query string
		want        int
	}{
		{"all of a patient", p, 9},
		{"by reference", "subject=Patient/" + testEHR, 9},
		{"by reference with a type", "subject:Patient=" + testEHR, 9},
		{"by URL", "subject=http://example.com/fhir/r4/Patient/" + testEHR, 9},
		{"of another patient", "patient=11111111-1111-4111-8111-111111111111", 0},
		{"of two patients at once", p + "&patient=11111111-1111-4111-8111-111111111111", 0},
		{"of either of two patients", p + ",11111111-1111-4111-8111-111111111111", 9},
		{"of another kind of subject", "subject=Group/1", 0},
		{"by code", p + "&code=http://loinc.org|85354-9", 2},
		{"by code alone", p + "&code=85354-9", 2},
		{"by system alone", p + "&code=http://loinc.org|", 9},
		{"by a code without system", p + "&code=|85354-9", 0},
		{"by two codes", p + "&code=85354-9,8310-5", 6},
		{"by both codes", p + "&code=85354-9&code=8310-5", 0},
		{"by component code", p + "&combo-code=8480-6", 2},
		{"by category", p + "&category=vital-signs", 9},
		{"by status", p + "&status=final", 9},
		{"by status with system", p + "&status=http://hl7.org/fhir/observation-status|final", 9},
		{"by day", p + "&date=2024-03-05", 8},
		{"by month", p + "&date=2024-03", 9},
		{"from a time", p + "&date=ge2024-03-05T10:16:00Z&code=29463-7", 2},
		{"from a minute", p + "&date=ge2024-03-05T10:16Z&code=29463-7", 2},
		{"between", p + "&date=ge2024-03-05T10:15:00Z&date=lt2024-03-05T10:17:00Z&code=29463-7", 2},
		{"after", p + "&date=gt2024-03-05T10:17:00Z&code=29463-7", 0},
		{"a plus sign that was not encoded", p + "&date=2024-03-05T11:17:00+01:00&code=29463-7", 1},
		{"by value", p + "&value-quantity=70", 1},
		{"by value with unit", p + "&value-quantity=gt3.4|http://unitsofmeasure.org|kg", 2},
		{"by value in another unit", p + "&value-quantity=gt3.4||stones", 1},
		{"by update", p + "&_lastUpdated=gt2024-03-05T11:00:00Z", 7},
		{"by update as it is written", p + "&_lastUpdated=2024-03-05T10:30:00.123456Z", 2},
		{"after the last update", p + "&_lastUpdated=gt2024-03-05T10:30:00.123456Z", 7},
		{"by ids", "_id=a,b", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := ask(t, h, "GET", "http://example.com/fhir/r4/Observation?"+tt.query)
			if r.StatusCode != 200 {
				t.Fatalf("%d %s", r.StatusCode, r.raw)
			}
			if got := len(r.ids()); got != tt.want {
				t.Errorf("%d matches, want %d", got, tt.want)
			}
			form := ask(t, h, "POST", "http://example.com/fhir/r4/Observation/_search#"+tt.query, "Content-Type", "application/x-www-form-urlencoded")
			if form.raw != r.raw {
				t.Errorf("POST differs: %s", form.raw)
			}
			self := ask(t, h, "GET", r.link("self"))
			if self.raw != r.raw {
				t.Errorf("the self link gives another page: %s", r.link("self"))
			}
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	id := "abc"
	tests := []struct {
		query  string
		status int
		issue  string
	}{
		{"unknown=1", 400, "not-supported"},
		{"code:exact=x", 400, "not-supported"},
		{"code:text=%20", 400, "invalid"},
		{"date:text=x", 400, "not-supported"},
		{"value-string:text=x", 400, "not-supported"},
		{"value-string:not=x", 400, "not-supported"},
		{"code:of-type=a|b|c", 400, "not-supported"},
		{"identifier:of-type=a|b", 400, "invalid"},
		{"identifier:of-type=|b|c", 400, "invalid"},
		{"identifier:of-type=a|b|", 400, "invalid"},
		{"identifier:identifier=a", 400, "not-supported"},
		{"performer:identifier=|", 400, "invalid"},
		{"performer:not=Practitioner/1", 400, "not-supported"},
		{"patient:identifier=a", 400, "invalid"},
		{"subject:identifier=a", 400, "invalid"},
		{"value-quantity:above=1", 400, "not-supported"},
		{"code:in=http://example.org/vs/none", 400, "not-found"},
		{"code:not-in=http://example.org/vs/none", 400, "not-found"},
		{"code:in=", 400, "invalid"},
		{"code:in=http://example.org/vs/animals,http://example.org/vs/none", 400, "not-found"},
		{"code:below=http://example.org/none|x", 400, "not-found"},
		{"code:below=http://example.org/animals|unicorn", 400, "not-found"},
		{"code:below=cat", 400, "invalid"},
		{"code:below=http://example.org/animals|", 400, "invalid"},
		{"code:below=http://example.org/parts|paw", 400, "not-supported"},
		{"code:above=http://example.org/parts|paw", 400, "not-supported"},
		{"date:in=http://example.org/vs/animals", 400, "not-supported"},
		{"_id:not=x", 400, "not-supported"},
		{"_lastUpdated:missing=true", 400, "not-supported"},
		{"_profile:not=http://x", 400, "not-supported"},
		{"code-value-quantity=a", 400, "invalid"},
		{"code-value-quantity=a$", 400, "invalid"},
		{"code-value-quantity=a$b", 400, "invalid"},
		{"code-value-quantity=a$1$2", 400, "invalid"},
		{"code-value-quantity=|$1", 400, "invalid"},
		{"code-value-quantity:missing=true", 400, "not-supported"},
		{"code-value-date=a$never", 400, "invalid"},
		{"_sort=code-value-quantity", 400, "not-supported"},
		{"code:contains=x", 400, "not-supported"},
		{"code:missing=maybe", 400, "invalid"},
		{"patient.organization=x|1", 400, "not-supported"},
		{"performer.name=x", 400, "not-supported"},
		{"patient:Group.name=x", 400, "not-supported"},
		{"_has:Observation:patient:code=x", 400, "not-supported"},
		{"_has:Provenance:target:agent=x", 400, "not-supported"},
		{"_sort=subject", 400, "not-supported"},
		{"_sort=nothing", 400, "not-supported"},
		{"_sort=date&_sort=code", 400, "invalid"},
		{"_sort=" + strings.Repeat("date,", 9) + "date", 400, "invalid"},
		{"_include=Observation", 400, "invalid"},
		{"_include=Observation:code", 400, "not-supported"},
		{"_include=Basic:subject", 400, "not-supported"},
		{"_include:all=Observation:subject", 400, "not-supported"},
		{"_revinclude=Observation:*", 400, "invalid"},
		{"_summary=some", 400, "invalid"},
		{"_elements=nothing", 400, "invalid"},
		{"code=", 400, "invalid"},
		{"code=|", 400, "invalid"},
		{"code=a|b|c", 400, "invalid"},
		{"date=yesterday", 400, "invalid"},
		{"date=xx2020", 400, "invalid"},
		{"date=2020-02-30", 400, "invalid"},
		{"_lastUpdated=2020,2021", 400, "invalid"},
		{"value-quantity=much", 400, "invalid"},
		{"value-quantity=1|kg", 400, "invalid"},
		{"_count=-1", 400, "invalid"},
		{"_count=x", 400, "invalid"},
		{"_cursor=abc", 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{&id}}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{&id}, Snapshot: "\x01"}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Snapshot: "now"}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{nil}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_cursor=" + Cursor{Keys: []*string{&id, &id}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_sort=date&_cursor=" + Cursor{Keys: []*string{&id, &id}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_sort=value-quantity&_cursor=" + Cursor{Keys: []*string{&id, &id}, Snapshot: "now"}.String(), 400, "invalid"},
		{"_total=some", 400, "invalid"},
		{"patient=a%20b", 400, "invalid"},
		{"subject=http://elsewhere.org/Patient/1", 400, "invalid"},
		{"subject=Blood/1", 400, "invalid"},
		{"subject:Patient=Group/1", 400, "invalid"},
		{"performer=1", 400, "invalid"},
		{"code=%zz", 400, "invalid"},
		{"code=%00", 400, "invalid"},
		{"c%01de=a", 400, "invalid"},
		{"code=%ff", 400, "invalid"},
		{strings.Repeat("code=a&", 65), 413, "too-long"},
		{"code=" + strings.Repeat("a,", 200), 400, "invalid"},
		{"code=" + strings.Repeat("a", 66_000), 413, "too-long"},
	}
	for _, tt := range tests {
		r := ask(t, h, "GET", "/fhir/r4/Observation?"+tt.query)
		if r.StatusCode != tt.status || r.body.Get("issue").Items[0].Str("code") != tt.issue {
			t.Errorf("%.60s: %d %s", tt.query, r.StatusCode, r.raw)
		}
	}
	if r := ask(t, h, "POST", "/fhir/r4/Observation/_search#{}", "Content-Type", "application/json"); r.StatusCode != 415 {
		t.Errorf("a JSON body: %d", r.StatusCode)
	}
}

func TestLenientSearchSaysWhatItIgnored(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	r := ask(t, h, "GET", "/fhir/r4/Observation?patient="+testEHR+"&foo=1&bar:exact=x", "Prefer", "handling=lenient")
	if r.StatusCode != 200 || len(r.ids()) != 9 || strings.Contains(r.link("self"), "foo") {
		t.Errorf("%d %s", r.StatusCode, r.raw)
	}
	if n := strings.Count(r.raw, "was ignored"); n != 2 {
		t.Errorf("%d parameters reported", n)
	}
	for _, modified := range []string{"code:exact=x", "code:surely=x", "performer:not=x", "_id:not=x", "code:in=http://example.org/vs/none"} {
		if r := ask(t, h, "GET", "/fhir/r4/Observation?"+modified, "Prefer", "handling=lenient"); r.StatusCode != 400 {
			t.Errorf("the modifier of %s changes what is found, and was ignored: %d", modified, r.StatusCode)
		}
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?date=never", "Prefer", "handling=lenient"); r.StatusCode != 400 {
		t.Errorf("a wrong value is wrong under lenient handling too: %d", r.StatusCode)
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?", "Prefer", "handling=loose"); r.StatusCode != 400 {
		t.Errorf("%d", r.StatusCode)
	}
}

func TestPagesTogetherAreTheWhole(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	whole := ask(t, h, "GET", "/fhir/r4/Observation?patient="+testEHR)
	if whole.link("next") != "" || whole.body.Str("total") != "9" {
		t.Errorf("one page: %s", whole.raw)
	}
	var got []string
	next := "http://example.com/fhir/r4/Observation?patient=" + testEHR + "&_count=4"
	for pages := 0; next != ""; pages++ {
		if pages > 5 {
			t.Fatal("the links go in circles")
		}
		r := ask(t, h, "GET", next)
		got = append(got, r.ids()...)
		if r.body.Str("total") != "9" {
			t.Errorf("total %s", r.body.Str("total"))
		}
		next = r.link("next")
	}
	if !slices.Equal(got, whole.ids()) {
		t.Errorf("pages give %v", got)
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?_count=2"); r.body.Get("total") != nil {
		t.Error("a population search counts unasked")
	}
	if r := ask(t, h, "GET", "/fhir/r4/Observation?_count=2&_total=accurate"); r.body.Str("total") != "9" {
		t.Error("a population search does not count when asked")
	}
	u, err := url.Parse(ask(t, h, "GET", "/fhir/r4/Observation?_count=100000").link("self"))
	if err != nil || u.Query().Get("_count") != strconv.Itoa(MaxCount) {
		t.Errorf("self link %v %v", u, err)
	}
}

func TestSearchTellsGaps(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	r := ask(t, h, "GET", "/fhir/r4/AllergyIntolerance?patient="+testEHR)
	if len(r.ids()) != 1 || !strings.Contains(r.raw, "716186003") {
		t.Errorf("no explicit 'no known allergy': %s", r.raw)
	}
	if !strings.Contains(r.raw, "EVALUATION.absence.v2") || !strings.Contains(r.raw, "exclusion_specific") {
		t.Errorf("gaps are not told: %s", r.raw)
	}
	cond := ask(t, h, "GET", "/fhir/r4/Condition?patient="+testEHR+"&verification-status=refuted")
	if len(cond.ids()) != 1 || !strings.Contains(cond.raw, "could not be shown as Condition safely") {
		t.Errorf("refused conditions are not told: %s", cond.raw)
	}
}

// TestEntriesHaveIdentities: the rules of a Bundle want a fullUrl in every entry
// of a searchset, those that tell something about the search among them.
func TestEntriesHaveIdentities(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	outcomes := map[string]int{}
	for range 2 {
		seen := map[string]bool{}
		for _, e := range ask(t, h, "GET", "/fhir/r4/AllergyIntolerance?patient="+testEHR).body.List("entry") {
			at := e.Str("fullUrl")
			if at == "" || seen[at] {
				t.Errorf("the fullUrl %q stands at %s", at, e.Append(nil))
			}
			seen[at] = true
			if e.Get("resource").Str("resourceType") == "OperationOutcome" {
				outcomes[at]++
			}
		}
	}
	if len(outcomes) != 1 {
		t.Errorf("the same outcome has the identities %v", outcomes)
	}
}

func TestExclusionsAreTold(t *testing.T) {
	t.Parallel()
	m := project(t)
	h := handler(t, m)
	sections := func(h http.Handler) map[string]*r4.Node {
		out := map[string]*r4.Node{}
		doc := ask(t, h, "GET", "/fhir/r4/Patient/"+testEHR+"/$summary").body
		for _, sec := range doc.List("entry")[0].Get("resource").List("section") {
			out[sec.Get("code").List("coding")[0].Str("code")] = sec
		}
		return out
	}
	tests := []struct {
		typ, code, section, text string
		entries                  int
		disputed                 bool
	}{
		{"AllergyIntolerance", "no-known-allergies", "48765-2", "No known allergies", 1, false},
		{"MedicationStatement", "no-known-medications", "10160-0", "No medication", 1, false},
		{"Procedure", "no-known-procedures", "47519-4", "No known operations", 1, false},
		{"Condition", "no-known-problems", "11450-4", "No known problems", 6, true},
	}
	found := sections(h)
	for _, tt := range tests {
		r := ask(t, h, "GET", "/fhir/r4/"+tt.typ+"?patient="+testEHR)
		if strings.Count(r.raw, `"`+tt.code+`"`) != 1 {
			t.Errorf("%s: no %s: %s", tt.typ, tt.code, r.raw)
		}
		if got := strings.Contains(r.raw, "has to be clarified"); got != tt.disputed || got != strings.Contains(r.raw, `"code":"conflict"`) {
			t.Errorf("%s: disputed %v, want %v: %s", tt.typ, got, tt.disputed, r.raw)
		}
		sec := found[tt.section]
		if sec == nil {
			t.Errorf("no section %s", tt.section)
			continue
		}
		div := sec.Str("text", "div")
		if len(sec.List("entry")) != tt.entries || sec.Get("emptyReason") != nil || !strings.Contains(div, tt.text) {
			t.Errorf("section %s: %d entries, %s", tt.section, len(sec.List("entry")), div)
		}
		if got := strings.Contains(div, "has to be clarified"); got != tt.disputed {
			t.Errorf("section %s: disputed %v, want %v", tt.section, got, tt.disputed)
		}
	}
	if div := found["48767-8"].Str("text", "div"); !strings.Contains(div, "EVALUATION.absence.v2") {
		t.Errorf("the absence of information is not told: %s", div)
	}

	m.records = slices.DeleteFunc(m.records, func(r Record) bool { return strings.HasPrefix(r.Mapping, "EVALUATION.exclusion_global") })
	for _, code := range []string{"48765-2", "10160-0"} {
		sec := sections(h)[code]
		if len(sec.List("entry")) != 0 || !strings.Contains(string(sec.Get("emptyReason").Append(nil)), `"unavailable"`) {
			t.Errorf("silence became %s", sec.Append(nil))
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("patient=a&code=x|y&date=ge2020")
	f.Add("value-quantity=5.4|a|b&_count=3")
	f.Add(`code=a\,b,c\|d`)
	f.Add(`component-code-value-quantity=a|b\$c$ge5||mm[Hg],d$1&identifier:of-type=a|b|c`)
	f.Add("code:in=http://example.org/vs/animals&category:not-in=http://example.org/animals&code:below=http://example.org/animals|mammal")
	f.Add("performer:identifier=urn:a|1&code:text=x&value-string:exact=Y&value-string:contains=z&method:missing=true")
	m := project(f)
	h := handler(f, m)
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/fhir/r4/Observation", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Errorf("%q: %s", query, w.Body)
		}
		if problems := r4.Validate(w.Body.Bytes()); len(problems) > 0 {
			t.Errorf("%q: %v", query, problems)
		}
	})
}
