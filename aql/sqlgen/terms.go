package sqlgen

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// Terms answers what a query asks of terminology services. Errors are errs.Error.
type Terms interface {
	// Codes lists the codes that an operation gives.
	Codes(ctx context.Context, t *analyze.Terminology, service, params string) ([]terminology.Code, error)
	// Answer is the value of an operation as a JSON string or Boolean; nil for
	// none.
	Answer(ctx context.Context, t *analyze.Terminology, service, params string) (any, error)
}

// Answers are what services said of each of the parameters that the data gave.
type Answers map[*analyze.Terminology]map[string]any

// answer is the value of a terminology operation: text or boolean.
func (g *gen) answer(t *analyze.Terminology, e env) string {
	kind := "text"
	if analyze.KindsOf(t) == analyze.KindBoolean {
		kind = "boolean"
	}
	if Foldable(t) {
		return g.bind(verdict{t}) + "::" + kind
	}
	answers := g.bind(field{"answers to " + analyze.ExprText(t), func(v Values) any {
		b, err := json.Marshal(v.Answers[t])
		if err != nil { // strings and Booleans always marshal
			panic(err)
		}
		return string(b)
	}})
	return "(" + answers + "::jsonb ->> (" + g.text(t.Params, e) + "))::" + kind
}

// Foldable reports whether the parameters of an operation are known without
// the database.
func Foldable(t *analyze.Terminology) bool { return foldable(t.Params) }

func foldable(e analyze.Expr) bool {
	if c, ok := e.(*analyze.Call); ok {
		if c.Function != "CONCAT" && c.Function != "CONCAT_WS" {
			return false
		}
		for _, a := range c.Args {
			if !foldable(a) {
				return false
			}
		}
		return true
	}
	return given(e)
}

// fold is the text of an expression that is known without the database.
func fold(e analyze.Expr, v Values) (string, error) {
	c, ok := e.(*analyze.Call)
	if !ok {
		val, name, _, err := resolve(e, v)
		if err != nil {
			return "", err
		}
		if b, ok := val.(bool); ok {
			return fmt.Sprint(b), nil
		}
		text, err := formText.convert(name, val)
		if err != nil {
			return "", err
		}
		return text.(string), nil
	}
	parts := make([]string, len(c.Args))
	for i, a := range c.Args {
		var err error
		if parts[i], err = fold(a, v); err != nil {
			return "", err
		}
	}
	if c.Function == "CONCAT_WS" {
		return strings.Join(parts[1:], parts[0]), nil
	}
	return strings.Join(parts, ""), nil
}

// ask folds the arguments of an operation.
func ask(t *analyze.Terminology, v Values) (service, params string, err error) {
	if service, err = fold(t.Service, v); err == nil {
		params, err = fold(t.Params, v)
	}
	return service, params, err
}

// Service is the kind of service that an operation names. Errors are *ParamError.
func Service(t *analyze.Terminology, v Values) (string, error) { return fold(t.Service, v) }

// verdict binds the value of an operation.
type verdict struct{ t *analyze.Terminology }

func (a verdict) text() string { return analyze.ExprText(a.t) }

func (a verdict) bind(ctx context.Context, v Values, _ Concepts) (any, error) {
	service, params, err := ask(a.t, v)
	if err != nil {
		return nil, err
	}
	return v.Terms.Answer(ctx, a.t, service, params)
}

// codes lists what an operation in a list stands for.
func codes(ctx context.Context, t *analyze.Terminology, v Values) ([]terminology.Code, error) {
	service, params, err := ask(t, v)
	if err != nil {
		return nil, err
	}
	return v.Terms.Codes(ctx, t, service, params)
}

// systems binds the URI of each terminology id that may stand for the system
// of a code in the list.
type systems struct{ items []analyze.Expr }

func (a systems) text() string { return "code systems of " + list{items: a.items}.text() }

func (a systems) bind(ctx context.Context, v Values, _ Concepts) (any, error) {
	ids := map[string]string{}
	for _, e := range a.items {
		t, ok := e.(*analyze.Terminology)
		if !ok {
			continue
		}
		found, err := codes(ctx, t, v)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if uri := terminology.SystemURI(c.System); uri != "" && ids[uri] == "" {
				ids[uri] = uri
				for _, id := range terminology.SystemIDs(uri) {
					ids[id] = uri
				}
			}
		}
	}
	b, err := json.Marshal(ids)
	return string(b), err
}

// systemOf is the system of a code as it compares: its URI, if one is known.
func systemOf(c terminology.Code) string {
	if uri := terminology.SystemURI(c.System); uri != "" {
		return uri
	}
	return c.System
}
