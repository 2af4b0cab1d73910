package aql

import (
	"context"
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// Terminology is what queries ask of terminology services. A
// terminology.Service is one.
type Terminology interface {
	// Expand lists the codes of a value set, which may be given in any form
	// that terminology.ParseReference reads.
	Expand(ctx context.Context, valueSet string) ([]terminology.Code, error)
	// ValidateCode asks whether a value set has the code.
	ValidateCode(ctx context.Context, valueSet string, code terminology.Code) (terminology.Result, error)
	// Lookup asks what is known of a code; an error of kind NotFound if the
	// system lacks it.
	Lookup(ctx context.Context, code terminology.Code) (terminology.Concept, error)
	// Subsumes asks how two codes of one system relate.
	Subsumes(ctx context.Context, a, b terminology.Code) (terminology.Outcome, error)
	// Translate lists the codes that a concept map gives for a code.
	Translate(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Code, error)
}

// maxCodes bounds what one operation may give: an expansion is bound to the
// statement as a whole.
const maxCodes = 50_000

// terms asks the services for one run of a query. Each question is asked once.
type terms struct {
	service Terminology
	codes   map[question][]terminology.Code
	answers map[question]any
}

type question struct{ operation, params string }

func newTerms(service Terminology) *terms {
	return &terms{service: service, codes: map[question][]terminology.Code{}, answers: map[question]any{}}
}

func termsError(kind errs.Kind, t *analyze.Terminology, format string, args ...any) *errs.Error {
	pos := t.AST.At()
	e := errs.New(kind, "aql.Terminology", fmt.Sprintf("AQL: line %d, column %d: ", pos.Line, pos.Column)+fmt.Sprintf(format, args...))
	e.Code = "terminology"
	return e
}

// check refuses what cannot be asked.
func (s *terms) check(t *analyze.Terminology, service string) error {
	if s.service == nil {
		return termsError(errs.Unsupported, t, "no terminology service is configured, which %s needs", t.AST)
	}
	// The kind of service says in which form the parameters are. FHIR's is the
	// one that terminology services share; a URI has it without saying so.
	name := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(service, "//"), "http://"))
	if t.Operation != analyze.OperationURI && !strings.HasPrefix(name, "hl7.org/fhir") && !strings.HasPrefix(name, "fhir.hl7.org") &&
		!strings.HasPrefix(name, "terminology.hl7.org") {
		return termsError(errs.Unsupported, t, "the kind of terminology service %q is not supported; use hl7.org/fhir/4.0", service)
	}
	return nil
}

// parameters reads the parameters of an operation.
func parameters(t *analyze.Terminology, params string) (terminology.Reference, error) {
	ref, err := terminology.ParseReference(params)
	if err != nil {
		return ref, termsError(errs.Invalid, t, "the parameters of TERMINOLOGY are not understood: %s", message(err))
	}
	return ref, nil
}

func message(err error) string {
	if e := errs.As(err); e != nil {
		return e.Msg
	}
	return err.Error()
}

// failed gives the error of a service its place in the query.
func failed(t *analyze.Terminology, err error) error {
	if e := errs.As(err); e != nil {
		kind := e.Kind
		if kind == errs.NotFound { // of what the query names, not the query
			kind = errs.Invalid
		}
		out := termsError(kind, t, "%s", e.Msg)
		out.Err = err
		return out
	}
	return err
}

// Codes implements sqlgen.Terms.
func (s *terms) Codes(ctx context.Context, t *analyze.Terminology, service, params string) ([]terminology.Code, error) {
	if err := s.check(t, service); err != nil {
		return nil, err
	}
	q := question{t.Operation, params}
	if codes, ok := s.codes[q]; ok {
		return codes, nil
	}
	codes, err := s.ask(ctx, t, params)
	if err != nil {
		return nil, err
	}
	if len(codes) > maxCodes {
		return nil, termsError(errs.TooLarge, t, "the value set has more than %d codes", maxCodes)
	}
	s.codes[q] = codes
	return codes, nil
}

func (s *terms) ask(ctx context.Context, t *analyze.Terminology, params string) ([]terminology.Code, error) {
	var codes []terminology.Code
	var err error
	switch t.Operation {
	case analyze.OperationExpand, analyze.OperationURI:
		codes, err = s.service.Expand(ctx, params)
	default:
		ref, problem := parameters(t, params)
		if problem != nil {
			return nil, problem
		}
		code, problem := s.code(t, ref, "code")
		if problem != nil {
			return nil, problem
		}
		if t.Operation == analyze.OperationMap {
			codes, err = s.service.Translate(ctx, conceptMap(ref, params), code)
			break
		}
		var c terminology.Concept
		c, err = s.service.Lookup(ctx, code)
		codes = []terminology.Code{c.Code}
		if errs.Is(err, errs.NotFound) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, failed(t, err)
	}
	return codes, nil
}

// conceptMap is the map to translate with: the one that is named, or the
// parameters that say from where to where.
func conceptMap(ref terminology.Reference, params string) string {
	if ref.URL != "" {
		return ref.URL
	}
	return params
}

// code is a code among the parameters.
func (s *terms) code(t *analyze.Terminology, ref terminology.Reference, name string) (terminology.Code, error) {
	c := terminology.Code{System: ref.Params["system"], Version: ref.Params["version"], Code: ref.Params[name], Display: ref.Params["display"]}
	if c.System == "" {
		c.System = ref.System
	}
	if c.Code == "" {
		return c, termsError(errs.Invalid, t, "the parameters of %s lack %s", t.Operation, name)
	}
	return c, nil
}

// Answer implements sqlgen.Terms.
func (s *terms) Answer(ctx context.Context, t *analyze.Terminology, service, params string) (any, error) {
	if err := s.check(t, service); err != nil {
		return nil, err
	}
	q := question{t.Operation, params}
	if a, ok := s.answers[q]; ok {
		return a, nil
	}
	a, err := s.answer(ctx, t, params)
	if err != nil {
		return nil, err
	}
	s.answers[q] = a
	return a, nil
}

func (s *terms) answer(ctx context.Context, t *analyze.Terminology, params string) (any, error) {
	ref, err := parameters(t, params)
	if err != nil {
		return nil, err
	}
	switch t.Operation {
	case analyze.OperationValidate:
		code, err := s.code(t, ref, "code")
		if err != nil {
			return nil, err
		}
		if ref.URL == "" && ref.Group == "" && code.System == "" {
			return nil, termsError(errs.Invalid, t, "the parameters of validate name neither a value set nor a code system")
		}
		r, err := s.service.ValidateCode(ctx, valueSet(ref, code), code)
		if err != nil {
			return nil, failed(t, err)
		}
		return r.Valid, nil
	case analyze.OperationSubsumes:
		a, err := s.code(t, ref, "codeA")
		if err != nil {
			return nil, err
		}
		b, err := s.code(t, ref, "codeB")
		if err != nil {
			return nil, err
		}
		o, err := s.service.Subsumes(ctx, a, b)
		if err != nil {
			return nil, failed(t, err)
		}
		return o == terminology.Subsumes || o == terminology.Equivalent, nil
	case analyze.OperationLookup:
		code, err := s.code(t, ref, "code")
		if err != nil {
			return nil, err
		}
		c, err := s.service.Lookup(ctx, code)
		if errs.Is(err, errs.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, failed(t, err)
		}
		return c.Display, nil
	}
	codes, err := s.ask(ctx, t, params)
	if err != nil || len(codes) == 0 {
		return nil, err
	}
	return codes[0].Code, nil
}

// valueSet names the value set among the parameters; without one it is all
// codes of the system.
func valueSet(ref terminology.Reference, code terminology.Code) string {
	switch {
	case ref.URL != "" && ref.Version != "":
		return ref.URL + "|" + ref.Version
	case ref.URL != "":
		return ref.URL
	case ref.Group != "":
		return "terminology://openehr.org/" + ref.Group
	}
	return code.System
}
