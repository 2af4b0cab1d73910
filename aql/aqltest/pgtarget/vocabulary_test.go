package pgtarget_test

import (
	"context"
	"slices"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// vocabulary is a terminology service of a few codes.
type vocabulary struct{}

const (
	snomed = "http://snomed.info/sct"
	lungs  = snomed + "?fhir_vs=isa/50043002"
)

var (
	asthma   = terminology.Code{System: snomed, Code: "195967001", Display: "Asthma"}
	disorder = terminology.Code{System: snomed, Code: "50043002", Display: "Disorder of respiratory system"}
	sets     = map[string][]terminology.Code{
		lungs: {disorder, asthma},
		"http://example.org/ValueSet/other-system": {{System: "http://example.org/codes", Code: "195967001"}},
		"http://example.org/ValueSet/empty":        {},
	}
)

func (vocabulary) Expand(_ context.Context, valueSet string) ([]terminology.Code, error) {
	ref, err := terminology.ParseReference(valueSet)
	if err != nil {
		return nil, err
	}
	codes, ok := sets[ref.URL]
	if !ok {
		return nil, errs.New(errs.NotFound, "vocabulary.Expand", "there is no value set "+ref.URL)
	}
	return codes, nil
}

func (v vocabulary) ValidateCode(ctx context.Context, valueSet string, code terminology.Code) (terminology.Result, error) {
	codes, err := v.Expand(ctx, valueSet)
	return terminology.Result{Valid: slices.ContainsFunc(codes, func(c terminology.Code) bool {
		return c.System == code.System && c.Code == code.Code
	})}, err
}

func (vocabulary) Lookup(_ context.Context, code terminology.Code) (terminology.Concept, error) {
	for _, c := range sets[lungs] {
		if c.System == code.System && c.Code == code.Code {
			return terminology.Concept{Code: c}, nil
		}
	}
	return terminology.Concept{}, errs.New(errs.NotFound, "vocabulary.Lookup", "there is no such code")
}

func (vocabulary) Subsumes(_ context.Context, a, b terminology.Code) (terminology.Outcome, error) {
	switch {
	case a.Code == b.Code:
		return terminology.Equivalent, nil
	case a.Code == disorder.Code && b.Code == asthma.Code:
		return terminology.Subsumes, nil
	case a.Code == asthma.Code && b.Code == disorder.Code:
		return terminology.SubsumedBy, nil
	}
	return terminology.NotSubsumed, nil
}

func (vocabulary) Translate(_ context.Context, conceptMap string, code terminology.Code) ([]terminology.Code, error) {
	switch {
	case conceptMap != "http://example.org/map":
		return nil, errs.New(errs.NotFound, "vocabulary.Translate", "there is no concept map "+conceptMap)
	case code.Code == "J45":
		return []terminology.Code{asthma}, nil
	case code.Code == asthma.Code:
		return []terminology.Code{{System: "http://example.org/asthma", Code: "J45"}}, nil
	}
	return nil, nil
}
