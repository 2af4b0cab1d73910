package fhirmap_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

func libraryTemplate(t *testing.T, name string) *templates.Template {
	t.Helper()
	data, err := os.ReadFile("../templates/library/Cairn - " + name + ".v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// shown is what a composition that was made of a resource is shown as.
func shown(t *testing.T, lib *fhirmap.Library, c fhirmap.Composed) string {
	t.Helper()
	res, err := lib.Project(fhirmap.Input{
		Root: c.Root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete, Workflow: fhirmap.Said(c.Root),
	})
	if err != nil || len(res.Resources) != 1 {
		t.Fatal(err, res.Losses)
	}
	return strings.Replace(string(res.Resources[0].JSON), `"id":"`+res.Resources[0].ID+`",`, "", 1)
}

// TestComposeGoals takes random goals there and back: each status, progress, targets
// and dates as they came.
func TestComposeGoals(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	tmpl := libraryTemplate(t, "Goals")
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	amount := func() string {
		return fmt.Sprintf(`{"value":%d.%d0,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}`, 1+rnd.IntN(90), rnd.IntN(10))
	}
	const achievement = `"achievementStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/goal-achievement","code":"%s"}]},`
	for range 200 {
		status := pick("proposed", "planned", "accepted", "active", "on-hold", "completed", "cancelled", "rejected")
		target := `{` + pick(`"measure":{"text":"Weight"},`, `"measure":{"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Weight"},`) +
			pick(`"detailQuantity":`+amount(), `"detailString":"as before"`, `"detailRange":{"low":{"value":1.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},"high":`+strings.Replace(amount(), `"value":`, `"value":1`, 1)+`}`) +
			pick("", `,"dueDate":"2024-12-24"`, `,"dueDate":"2025-01"`) + `}`
		resource := `{"resourceType":"Goal",` + pick("", `"identifier":[{"value":"g-1"}],`) + `"lifecycleStatus":"` + status + `",` +
			pick("", fmt.Sprintf(achievement, "achieved"), fmt.Sprintf(achievement, "not-achieved"), fmt.Sprintf(achievement, "improving"), fmt.Sprintf(achievement, "sustaining"), fmt.Sprintf(achievement, "not-attainable"), `"achievementStatus":{"text":"Partially achieved"},`, `"achievementStatus":{"text":"so so"},`) +
			`"description":{` + pick("", `"coding":[{"system":"http://snomed.info/sct","code":"289169006"}],`) + `"text":"Lose weight"},"subject":{"reference":"Patient/` + testEHR + `"}` +
			pick("", `,"startDate":"2024-03-05"`, `,"startDate":"2024"`) + pick("", `,"target":[`+target+`]`, `,"target":[{"dueDate":"2024-09-01"},`+target+`]`) +
			pick("", `,"statusDate":"2024-04-01"`, `,"statusDate":"2024-04"`) + pick("", `,"statusReason":"moved house"`) +
			pick("", `,"expressedBy":{"reference":"Patient/`+testEHR+`"}`, `,"expressedBy":{"display":"Dr. A."}`) + pick("", `,"note":[{"text":"By bicycle"}]`) + `}`
		in := composeInput(tmpl, resource)
		in.Time = time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
		c, err := lib.Compose(in)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, resource, err)
		}
		if diff := cmp.Diff(resource, shown(t, lib, c)); diff != "" {
			t.Fatalf("seed %d: sent (-) and shown (+):\n%s", seed, diff)
		}
	}
	for name, c := range map[string][2]string{
		"entered in error":       {`"lifecycleStatus":"entered-in-error"`, "lifecycleStatus"},
		"a start in words":       {`"lifecycleStatus":"active","startCodeableConcept":{"text":"admission"}`, "Goal.startCodeableConcept"},
		"a category":             {`"lifecycleStatus":"active","category":[{"text":"dietary"}]`, "Goal.category"},
		"a priority":             {`"lifecycleStatus":"active","priority":{"text":"high"}`, "Goal.priority"},
		"a problem in words":     {`"lifecycleStatus":"active","addresses":[{"display":"Obesity"}]`, "Goal.addresses"},
		"a code for the outcome": {`"lifecycleStatus":"completed","outcomeCode":[{"text":"lost 3 kg"}]`, "Goal.outcomeCode"},
		"a target above a bound": {`"lifecycleStatus":"active","target":[{"detailQuantity":{"value":5,"comparator":"<","unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}},{"detailRange":{"low":{"value":5}}}]`, "Goal.target"},
		"a count":                {`"lifecycleStatus":"active","target":[{"measure":{"text":"Cigarettes"},"detailInteger":12}]`, "Goal.target[0].detailInteger"},
		"two notes":              {`"lifecycleStatus":"active","note":[{"text":"a"},{"text":"b"}]`, "has 2 occurrences"},
	} {
		in := composeInput(tmpl, `{"resourceType":"Goal",`+c[0]+`,"description":{"text":"x"},"subject":{"reference":"Patient/`+testEHR+`"}}`)
		in.Time = time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
		if _, err := lib.Compose(in); !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGoalStatus shows the status that is stated, and never the end of a goal as the
// date of another status.
func TestGoalStatus(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	in := composeInput(libraryTemplate(t, "Goals"), `{"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/`+testEHR+`"}}`)
	in.Time = time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
	c, err := lib.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	element := func(id string, value *rm.Node) *rm.Node {
		return rm.Object("ELEMENT", rm.Child("name", rm.Text("x")), rm.Str("archetype_node_id", id), rm.Child("value", value))
	}
	end := element("at0004", rm.Object("DV_DATE", rm.Str("value", "2024-02-01")))
	achieved := element("at0013", rm.CodedText("Achieved", "local", "at0015"))
	for _, tt := range []struct {
		name   string
		items  []*rm.Node
		status bool // whether it is stated
		want   string
		lost   bool
	}{
		{"stated", nil, true, `"lifecycleStatus":"active","description"`, false},
		{"stated, with an end", []*rm.Node{end}, true, `"lifecycleStatus":"active","description"`, true},
		{"stated, with an outcome", []*rm.Node{achieved}, true, `"lifecycleStatus":"active","achievementStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/goal-achievement","code":"achieved"}]}`, false},
		{"not stated", nil, false, `"_lifecycleStatus":{"extension"`, false},
		{"not stated, with an end", []*rm.Node{end}, false, `"lifecycleStatus":"completed","description"`, false},
	} {
		entry := c.Root.List("content")[0]
		data := entry.Get("data")
		entry = entry.With("data", data.With("items", append(slices.Clone(data.List("items")), tt.items...)...))
		if !tt.status {
			entry = entry.With("protocol")
		}
		res, err := lib.Project(fhirmap.Input{Root: c.Root.With("content", entry), EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
		if err != nil || len(res.Resources) != 1 {
			t.Fatal(tt.name, err, res.Losses)
		}
		got := string(res.Resources[0].JSON)
		if !strings.Contains(got, tt.want) || strings.Contains(got, `"statusDate"`) != (len(tt.items) > 0 && !tt.status) {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		lost := slices.ContainsFunc(res.Losses, func(l fhirmap.Loss) bool { return l.Code == "not-mapped" })
		if lost != tt.lost {
			t.Errorf("%s: losses %+v", tt.name, res.Losses)
		}
	}
}
