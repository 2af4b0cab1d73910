package aql_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// models is a guide to two archetypes.
type models map[string][]string

func (m models) NodePaths(context.Context) (map[string][]string, error) { return m, nil }

var twoModels = models{
	"openEHR-EHR-OBSERVATION.blood_pressure.v2": {
		"data[at0001]", "data[at0001]/events[at0006]", "data[at0001]/events[at0006]/data[at0003]",
		"data[at0001]/events[at0006]/data[at0003]/items[at0004]", "data[at0001]/events[at0006]/data[at0003]/items[at0005]",
		"protocol[at0011]/items[at0013]",
	},
	"openEHR-EHR-COMPOSITION.encounter.v1": {"context/other_context[at0001]"},
}

func TestErrorsSuggestPathsOfTheArchetype(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 0, aql.Options{})
	engine, err := aql.NewEngine(target.Pool(), target, aql.Options{Guide: twoModels})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"SELECT o/data[at0001]/events[at0006]/item[at0004]/value FROM OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]":                                 "data[at0001]/events[at0006]",
		"SELECT c/content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006]/data[at0003]/itens[at0005]/value/magnitude FROM COMPOSITION c": "data[at0001]/events[at0006]/data[at0003]/items[at0005]",
		"SELECT o/protocol[at0011]/itms[at0013]/value FROM OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]":                                            "protocol[at0011]/items[at0013]",
	} {
		err := engine.Run(t.Context(), text, aql.Request{}, &collect{})
		e := errs.As(err)
		if e == nil || e.Code != "path.unknown" {
			t.Fatalf("%s: %v", text, err)
		}
		p := e.Detail.([]aql.Problem)[0]
		if !slices.Contains(p.Suggestions, want) || !strings.Contains(e.Msg, want) || p.Snippet == "" {
			t.Errorf("%s:\n%s\n%v", text, e.Msg, p.Suggestions)
		}
	}
	// Nothing is known of this archetype, and this problem is about no path.
	for _, text := range []string{"SELECT o/dta FROM OBSERVATION o[openEHR-EHR-OBSERVATION.other.v1]", "SELECT o/dta FROM OBSERVATION o", "SELECT x FROM OBSERVATION o"} {
		err := engine.Run(t.Context(), text, aql.Request{}, &collect{})
		if p := errs.As(err).Detail.([]aql.Problem)[0]; len(p.Suggestions) != 0 {
			t.Errorf("%s: %v", text, p.Suggestions)
		}
	}
}

func TestExplainWarnsOfWhatNoTemplateHas(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 1, aql.Options{})
	engine, err := aql.NewEngine(target.Pool(), target, aql.Options{Guide: twoModels})
	if err != nil {
		t.Fatal(err)
	}
	x, err := engine.Explain(t.Context(), `SELECT o/data[at0001]/events[at0006]/data[at0003]/items[at0044]/value/magnitude, o/data[at0001]/origin
FROM COMPOSITION c[openEHR-EHR-COMPOSITION.encouter.v1] CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]`, aql.Request{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Warnings) != 2 {
		t.Fatalf("warnings %+v", x.Warnings)
	}
	for _, w := range x.Warnings {
		switch w.Code {
		case "archetype.unknown":
			if w.Line != 2 || w.Suggestions[0] != "openEHR-EHR-COMPOSITION.encounter.v1" {
				t.Errorf("%+v", w)
			}
		case "path.unknown":
			if w.Line != 1 || !strings.HasSuffix(w.Suggestions[0], "items[at0004]") {
				t.Errorf("%+v", w)
			}
		}
	}
	var b strings.Builder
	if err := x.WriteText(&b); err != nil || !strings.Contains(b.String(), "like it: openEHR-EHR-COMPOSITION.encounter.v1") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
