package aql_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

func TestExplainAsksTheDatabase(t *testing.T) {
	t.Parallel()
	target, id := newTarget(t, 20, aql.Options{})
	text := "SELECT c/name/value AS n, x/value FROM EHR e[ehr_id/value = $ehr] CONTAINS COMPOSITION c CONTAINS ELEMENT x WHERE x/value/magnitude >= 10"
	r := aql.Request{Params: map[string]any{"ehr": id.String()}}
	for _, analyze := range []bool{false, true} {
		x, err := target.Engine().Explain(t.Context(), text, r, analyze)
		if err != nil {
			t.Fatal(err)
		}
		if x.Population || x.Strategy != "document" || len(x.Plan) == 0 || x.Cost <= 0 || len(x.Steps) < 3 {
			t.Errorf("explanation %+v", x)
		}
		if !slices.ContainsFunc(x.Indexes, func(i string) bool { return strings.HasPrefix(i, "ehr_") }) {
			t.Errorf("indexes %v", x.Indexes)
		}
		if got := x.Columns[0]; got.Name != "n" || got.Path != "/name/value" || got.Compares != "text" || !slices.Equal(got.Types, []string{"String"}) {
			t.Errorf("column %+v", got)
		}
		if got := x.Variables; len(got) != 3 || got[1].Class != "COMPOSITION" || !slices.Equal(got[2].Types, []string{"ELEMENT"}) {
			t.Errorf("variables %+v", got)
		}
		top := x.Steps[0]
		if analyze && (top.Actual == nil || *top.Actual != 10 || x.Milliseconds <= 0) || !analyze && (top.Actual != nil || x.Milliseconds != 0) {
			t.Errorf("analyze %v: top step %+v, %f ms", analyze, top, x.Milliseconds)
		}
		if strings.Contains(x.SQL+strings.Join(x.Bound, ""), id.String()) {
			t.Error("the value of a parameter is shown")
		}
		var b bytes.Buffer
		if err := x.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"query\n", "variables\n", "columns\n", "plan\n", "SQL\n", "bound\n", "indexes\n", "steps\n"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q in\n%s", want, b.String())
			}
		}
	}
}

func TestRunRefusesWhatCostsTooMuch(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 3, aql.Options{})
	const dear = "SELECT a FROM EHR e CONTAINS COMPOSITION a AND COMPOSITION b CONTAINS ELEMENT x"
	const cheap = "SELECT e/ehr_id/value FROM EHR e[ehr_id/value = 'x']"
	cost := func(text string) float64 {
		x, err := target.Engine().Explain(t.Context(), text, aql.Request{}, false)
		if err != nil {
			t.Fatal(err)
		}
		return x.Cost
	}
	low, high := cost(cheap), cost(dear)
	if low >= high {
		t.Fatalf("costs %f and %f", low, high)
	}
	engine, err := aql.NewEngine(target.Pool(), target, aql.Options{MaxCost: (low + high) / 2})
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Run(t.Context(), dear, aql.Request{}, &collect{})
	if !errs.Is(err, errs.TooLarge) || !strings.Contains(err.Error(), "over the limit of") {
		t.Errorf("error %v", err)
	}
	if err := engine.Run(t.Context(), cheap, aql.Request{}, &collect{}); err != nil {
		t.Errorf("a cheap query: %v", err)
	}
}

func TestTerminologyIsRefusedWithoutAService(t *testing.T) {
	t.Parallel()
	target, _ := newTarget(t, 1, aql.Options{})
	for _, text := range []string{
		"SELECT c FROM COMPOSITION c WHERE c/name/value matches TERMINOLOGY('expand', 'hl7.org/fhir/4.0', 'x')",
		"SELECT TERMINOLOGY('lookup', 'hl7.org/fhir/4.0', CONCAT('system=x&code=', c/name/value)) FROM COMPOSITION c",
	} {
		err := target.Engine().Run(t.Context(), text, aql.Request{}, &collect{})
		if !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "no terminology service is configured") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
