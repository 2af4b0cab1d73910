package fhirmap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestFunctions goes there and back: after an exclamation mark stands the reason
// why there is no outcome, after a bar what comes back if it is not the same.
func TestFunctions(t *testing.T) {
	t.Parallel()
	const system = `"system":"http://unitsofmeasure.org"`
	tests := []struct{ name, function, value, want string }{
		{
			"a rate", "ratio_to_dv_quantity", `{"_type":"DV_QUANTITY","magnitude":50.0,"units":"mL/h"}`,
			`{"numerator":{"value":50.0,"unit":"mL",` + system + `,"code":"mL"},"denominator":{"value":1,"unit":"h",` + system + `,"code":"h"}}`,
		},
		{
			"a rate for a weight", "ratio_to_dv_quantity", `{"_type":"DV_QUANTITY","magnitude":0.1,"magnitude_status":"<","units":"ug/kg/min"}`,
			`{"numerator":{"value":0.1,"comparator":"<","unit":"ug/kg",` + system + `,"code":"ug/kg"},"denominator":{"value":1,"unit":"min",` + system + `,"code":"min"}}`,
		},
		{"an amount", "ratio_to_dv_quantity", `{"_type":"DV_QUANTITY","magnitude":50,"units":"mL"}`, `! unit`},
		{"one per something", "ratio_to_dv_quantity", `{"_type":"DV_QUANTITY","magnitude":50,"units":"/h"}`, `! unit`},
		{"per h and then times m2", "ratio_to_dv_quantity", `{"_type":"DV_QUANTITY","magnitude":50,"units":"mL/h.m2"}`, `! unit`},
		{"a unit that is none", "ratio_to_dv_quantity", `{"_type":"DV_QUANTITY","magnitude":50,"units":"puffs/h"}`, `! unit`},
		{"about", "ratio_to_dv_quantity", `{"_type":"DV_QUANTITY","magnitude":50,"magnitude_status":"~","units":"mL/h"}`, `! comparator`},
		{"a count", "ratio_to_dv_quantity", `{"_type":"DV_COUNT","magnitude":50}`, `! type`},
		{"half an hour", "dosageDurationToAdministrationDuration", `{"_type":"DV_DURATION","value":"PT30M"}`, `{"duration":30,"durationUnit":"min"}`},
		{
			"an hour and a half", "dosageDurationToAdministrationDuration", `{"_type":"DV_DURATION","value":"PT1H30M"}`,
			`{"duration":90,"durationUnit":"min"} | {"_type":"DV_DURATION","value":"PT90M"}`,
		},
		{"a month and a day", "dosageDurationToAdministrationDuration", `{"_type":"DV_DURATION","value":"P1M1D"}`, `! duration`},
		{"less than nothing", "dosageDurationToAdministrationDuration", `{"_type":"DV_DURATION","value":"-PT5M"}`, `! duration`},
		{"twice a day", "dosageFrequencyToTimingRepeat", `{"_type":"DV_QUANTITY","magnitude":2,"units":"1/d","precision":0}`, `{"frequency":2,"period":1,"periodUnit":"d"}`},
		{
			"four times an hour", "dosageFrequencyToTimingRepeat", `{"_type":"DV_QUANTITY","magnitude":4.0,"units":"1/h"}`,
			`{"frequency":4,"period":1,"periodUnit":"h"} | {"_type":"DV_QUANTITY","magnitude":4,"units":"1/h","precision":0}`,
		},
		{"one and a half times", "dosageFrequencyToTimingRepeat", `{"_type":"DV_QUANTITY","magnitude":1.5,"units":"1/d"}`, `! precision`},
		{"never", "dosageFrequencyToTimingRepeat", `{"_type":"DV_QUANTITY","magnitude":0,"units":"1/d"}`, `! precision`},
		{"times a week", "dosageFrequencyToTimingRepeat", `{"_type":"DV_QUANTITY","magnitude":1,"units":"1/wk"}`, `! unit`},
		{"times of another system of units", "dosageFrequencyToTimingRepeat", `{"_type":"DV_QUANTITY","magnitude":1,"units":"1/d","units_system":"urn:x"}`, `! unit`},
		{"at most three times", "dosageFrequencyToTimingRepeat", `{"_type":"DV_QUANTITY","magnitude":3,"magnitude_status":"<=","units":"1/d"}`, `! comparator`},
		{
			"once or twice a day", "dosageFrequencyRangeToTimingRepeat",
			`{"_type":"DV_INTERVAL","lower":{"_type":"DV_QUANTITY","magnitude":1,"precision":0,"units":"1/d"},"upper":{"_type":"DV_QUANTITY","magnitude":2,"precision":0,"units":"1/d"},"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":true}`,
			`{"frequency":1,"frequencyMax":2,"period":1,"periodUnit":"d"}`,
		},
		{
			"up to twice", "dosageFrequencyRangeToTimingRepeat",
			`{"_type":"DV_INTERVAL","upper":{"_type":"DV_QUANTITY","magnitude":2,"units":"1/d"},"lower_unbounded":true,"upper_unbounded":false,"lower_included":false,"upper_included":true}`, `! interval`,
		},
		{
			"less than twice", "dosageFrequencyRangeToTimingRepeat",
			`{"_type":"DV_INTERVAL","lower":{"_type":"DV_QUANTITY","magnitude":1,"units":"1/d"},"upper":{"_type":"DV_QUANTITY","magnitude":2,"units":"1/d"},"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":false}`, `! interval`,
		},
		{
			"once a day to once an hour", "dosageFrequencyRangeToTimingRepeat",
			`{"_type":"DV_INTERVAL","lower":{"_type":"DV_QUANTITY","magnitude":1,"units":"1/d"},"upper":{"_type":"DV_QUANTITY","magnitude":1,"units":"1/h"},"lower_unbounded":false,"upper_unbounded":false,"lower_included":true,"upper_included":true}`, `! unit`,
		},
		{"every eight hours", "dosageIntervalToTimingRepeat", `{"_type":"DV_DURATION","value":"PT8H"}`, `{"frequency":1,"period":8,"periodUnit":"h"}`},
		{"every half hour", "dosageIntervalToTimingRepeat", `{"_type":"DV_DURATION","value":"PT30M"}`, `{"frequency":1,"period":30,"periodUnit":"min"}`},
		{"all the time", "dosageIntervalToTimingRepeat", `{"_type":"DV_DURATION","value":"PT0S"}`, `! duration`},
		{"every month and a day", "dosageIntervalToTimingRepeat", `{"_type":"DV_DURATION","value":"P1M1D"}`, `! duration`},
		{"at least every hour", "dosageIntervalToTimingRepeat", `{"_type":"DV_DURATION","magnitude_status":"<=","value":"PT2H"}`, `! comparator`},
		{"at least", "dosageDurationToAdministrationDuration", `{"_type":"DV_DURATION","magnitude_status":">=","value":"PT5M"}`, `! comparator`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			head, _, _ := strings.Cut(strings.TrimPrefix(tt.value, `{"_type":"`), `"`)
			n, problems := rm.DecodeJSON([]byte(tt.value), rm.Lookup(head), rm.JSONOptions{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			f := functions[tt.function]
			x := &run{workspace: newWorkspace()}
			source := x.log.Node(n)
			v := converter{run: x, at: &ref{node: source}}
			if n.Class.Name != f.source {
				if got := "! " + f.run(&v, source, nil, nil); got != tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
				return
			}
			out, why := f.to(&v, source)
			if why != "" {
				if got := "! " + why; got != tt.want || v.message == "" {
					t.Errorf("%s, want %s", got, tt.want)
				}
				return
			}
			want, back, found := strings.Cut(tt.want, " | ")
			if !found {
				back = tt.value
			}
			if got := string(out.Append(nil)); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
			if made := f.back(out); made == nil {
				t.Error("there is no way back")
			} else if got := string(rm.AppendJSON(nil, made)); !sameQuantity(got, back) {
				t.Errorf("back: %s\nwant %s", got, back)
			}
		})
	}
	for _, lossy := range []string{
		`{"numerator":{"value":50,"unit":"mL",` + system + `,"code":"mL"},"denominator":{"value":2,"unit":"h",` + system + `,"code":"h"}}`,
		`{"numerator":{"value":50,"unit":"millilitres",` + system + `,"code":"mL"},"denominator":{"value":1,"unit":"h",` + system + `,"code":"h"}}`,
		`{"numerator":{"value":50},"denominator":{"value":1}}`,
		`{"numerator":{"value":50,"unit":"mL",` + system + `,"code":"mL"}}`,
	} {
		n, err := r4.Parse([]byte(lossy))
		if err != nil {
			t.Fatal(err)
		}
		if made := rateOf(n); made != nil {
			t.Errorf("%s comes back as %s", lossy, rm.AppendJSON(nil, made))
		}
	}
}

// TestNamedText has the text of an ELEMENT, or after an exclamation mark the reason
// why there is none; after a bar stands the loss.
func TestNamedText(t *testing.T) {
	t.Parallel()
	const code = `"defining_code":{"_type":"CODE_PHRASE","terminology_id":{"_type":"TERMINOLOGY_ID","value":"%s"},"code_string":"%s"}`
	flavour := func(text, number string) string {
		return `"null_flavour":{"_type":"DV_CODED_TEXT","value":"` + text + `",` + fmt.Sprintf(code, "openehr", number) + `}`
	}
	tests := []struct{ name, rest, want string }{
		{"text", `"value":{"_type":"DV_TEXT","value":"Coffee"}`, "Cuff: Coffee"},
		{"code", `"value":{"_type":"DV_CODED_TEXT","value":"Adult",` + fmt.Sprintf(code, "local", "at0017") + `}`, "Cuff: Adult"},
		{"code of a terminology", `"value":{"_type":"DV_CODED_TEXT","value":"Adult",` + fmt.Sprintf(code, "SNOMED-CT", "720737000") + `}`, "Cuff: Adult | code-as-text"},
		{"quantity", `"value":{"_type":"DV_QUANTITY","magnitude":30.5,"magnitude_status":"<","units":"deg"}`, "Cuff: <30.5 deg"},
		{"markup", `"value":{"_type":"DV_TEXT","value":"a \"b\" <c>\nd"}`, "Cuff: a \"b\" <c>\nd"},
		{"unknown", flavour("unknown", "253"), "Cuff: unknown"},
		{"reason", flavour("no information", "271") + `,"null_reason":{"_type":"DV_TEXT","value":"label torn"}`, "Cuff: no information (label torn)"},
		{"masked", flavour("masked", "272") + `,"null_reason":{"_type":"DV_TEXT","value":"a secret"}`, "Cuff: masked"},
		{"value beside a null flavour", `"value":{"_type":"DV_TEXT","value":"Adult"},` + flavour("masked", "272"), "Cuff: masked"},
		{"nothing", `"null_reason":{"_type":"DV_TEXT","value":"label torn"}`, "! null-flavour"},
		{"no text form", `"value":{"_type":"DV_MULTIMEDIA","size":1}`, "! type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, problems := rm.DecodeJSON([]byte(`{"_type":"ELEMENT","name":{"_type":"DV_TEXT","value":"Cuff"},"archetype_node_id":"at0013",`+tt.rest+`}`), rm.ClassElement, rm.JSONOptions{})
			if n == nil {
				t.Fatal(problems)
			}
			x := &run{workspace: newWorkspace()}
			source := x.log.Node(n)
			out, why := functions["elementToNamedText"].to(&converter{run: x, at: &ref{node: source}}, source)
			got := "! " + why
			if why == "" {
				got = out.Text
			}
			for _, l := range x.pending {
				got += " | " + l.Code
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestScheduleHasOneInverse gives each schedule to all functions that could take
// it: at most one does, and none guesses.
func TestScheduleHasOneInverse(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		`{"frequency":1,"period":1,"periodUnit":"d"}`:                          "dosageFrequencyToTimingRepeat",
		`{"frequency":1,"period":1,"periodUnit":"h"}`:                          "dosageFrequencyToTimingRepeat",
		`{"frequency":3,"period":1,"periodUnit":"d","timeOfDay":["08:00:00"]}`: "dosageFrequencyToTimingRepeat",
		`{"frequency":1,"frequencyMax":3,"period":1,"periodUnit":"d"}`:         "dosageFrequencyRangeToTimingRepeat",
		`{"frequency":1,"period":8,"periodUnit":"h"}`:                          "dosageIntervalToTimingRepeat",
		`{"frequency":1,"period":1,"periodUnit":"wk"}`:                         "dosageIntervalToTimingRepeat",
		`{"frequency":2,"period":8,"periodUnit":"h"}`:                          "",
		`{"frequency":1,"frequencyMax":2,"period":8,"periodUnit":"h"}`:         "",
		`{"frequency":1,"period":8,"periodMax":12,"periodUnit":"h"}`:           "",
		`{"frequency":1,"period":1,"periodMax":2,"periodUnit":"d"}`:            "",
		`{"period":8,"periodUnit":"h"}`:                                        "",
		`{"frequency":2}`:                                                      "",
		`{"period":1,"periodUnit":"d"}`:                                        "",
		`{"frequency":1,"period":8}`:                                           "",
	} {
		n, err := r4.Parse([]byte(schedule))
		if err != nil {
			t.Fatal(err)
		}
		var takers []string
		for name, f := range functions {
			if f.target == "Timing.repeat" && f.back(n) != nil {
				takers = append(takers, name)
			}
		}
		if got := strings.Join(takers, " "); got != want {
			t.Errorf("%s is taken by %q, want %q", schedule, got, want)
		}
	}
}

// sameQuantity compares without regard to the order of attributes.
func sameQuantity(a, b string) bool {
	n, err := r4.Parse([]byte(a))
	m, err2 := r4.Parse([]byte(b))
	if err != nil || err2 != nil || len(n.Fields) != len(m.Fields) {
		return false
	}
	for _, f := range n.Fields {
		if o := m.Get(f.Name); o == nil || o.Text != f.Value.Text || f.Value.Kind == r4.Object && !sameQuantity(string(f.Value.Append(nil)), string(o.Append(nil))) {
			return false
		}
	}
	return true
}
