package fhirstore

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
)

// where is the conditions of a search as SQL with parameters. Nothing that a
// client sent is ever part of the text.
type where struct {
	terms []string
	args  []any
}

// arg adds a parameter and gives its place.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) add(terms ...string) { w.terms = append(w.terms, terms...) }

const from = `
	from fhir_resource r join ehr e on e.ehr_no = r.ehr_no
	where `

// page is the statement for one page and one record more.
func (w *where) page(q fhir.Query) (string, []any) {
	p := where{terms: w.terms, args: w.args[:len(w.args):len(w.args)]}
	if q.After != "" {
		p.terms = append(p.terms[:len(p.terms):len(p.terms)], `r.resource_id > `+p.arg(q.After))
	}
	return `select ` + recordColumns + from + strings.Join(p.terms, "\n\tand ") +
		"\n\torder by r.resource_id limit " + p.arg(q.Count+1), p.args
}

// count is the statement for the number of matches.
func (w *where) count() (string, []any) {
	return `select count(*)` + from + strings.Join(w.terms, "\n\tand "), w.args
}

func conditions(op string, q fhir.Query, patients []uuid.UUID) (*where, error) {
	w := &where{}
	w.add(`r.superseded is null`, `r.content is not null`, `r.resource_type = `+w.arg(q.Type))
	switch {
	case patients == nil:
		w.add(`e.is_queryable`)
	default:
		w.add(`e.ehr_id = any(` + w.arg(patients) + `)`)
	}
	if len(q.IDs) > 0 {
		w.add(`r.resource_id = any(` + w.arg(q.IDs) + `)`)
	}
	for _, v := range q.LastUpdated {
		term, err := w.date(op, v, timestamps, `r.last_updated`, `r.last_updated + interval '1 microsecond'`)
		if err != nil {
			return nil, err
		}
		w.add(term)
	}
	for _, f := range q.Filters {
		if len(f.Values) == 0 {
			return nil, errs.New(errs.Invalid, op, "the parameter "+f.Param+" has no value")
		}
		alternatives := make([]string, len(f.Values))
		for i, v := range f.Values {
			term, err := w.value(op, q.Type, f, v)
			if err != nil {
				return nil, err
			}
			alternatives[i] = term
		}
		w.add(`(` + strings.Join(alternatives, " or ") + `)`)
	}
	return w, nil
}

// value is the condition that one alternative of a filter puts on a resource.
// The columns search and ranges are described in migrations/0001_init.up.sql.
func (w *where) value(op, typ string, f fhir.Filter, v fhir.Value) (string, error) {
	switch f.Kind {
	case fhir.Token:
		if v.Code == "" && v.System == "" {
			return "", errs.New(errs.Invalid, op, "the parameter "+f.Param+" has an empty value")
		}
		term, err := w.has(typ, f.Param, token{System: v.System, Code: v.Code})
		if err == nil && v.HasSystem && v.System == "" {
			// The index finds the code; that the system is absent is left.
			term = all([]string{term, `exists (select from jsonb_array_elements(r.search->` + w.arg(typ) + `->` + w.arg(f.Param) + `) x
			where x->>'c' = ` + w.arg(v.Code) + ` and not x ? 's')`})
		}
		return term, err
	case fhir.Reference, fhir.URI:
		return w.has(typ, f.Param, token{Code: v.Code})
	case fhir.String:
		return w.ranges(f.Param, `x->>'t' ^@ `+w.arg(v.Text)), nil
	case fhir.Date:
		term, err := w.date(op, v, micros, `coalesce((x->>'l')::bigint, `+micros.low+`)`, `coalesce((x->>'h')::bigint, `+micros.high+`)`)
		return w.ranges(f.Param, `(x ?| '{l,h}') and (`+term+`)`), err
	case fhir.Quantity:
		term, err := w.quantity(op, v)
		return w.ranges(f.Param, term), err
	}
	return "", errs.New(errs.Unsupported, op, "search parameters of type "+string(f.Kind)+" are not supported")
}

// token is a value of the column search.
type token struct {
	System string `json:"s,omitempty"`
	Code   string `json:"c,omitempty"`
}

// has is a resource that has the token, by the index.
func (w *where) has(typ, param string, t token) (string, error) {
	doc, err := json.Marshal(map[string]map[string][]token{typ: {param: {t}}})
	if err != nil {
		return "", errs.Wrap(errs.Internal, "fhirstore.Search", "", err)
	}
	return `r.search @> ` + w.arg(string(doc)) + `::jsonb`, nil
}

// ranges is a resource one of whose values x of a parameter meets a condition.
func (w *where) ranges(param, condition string) string {
	return `exists (select from jsonb_array_elements(r.ranges->` + w.arg(param) + `) x
		where ` + condition + `)`
}

// scale is how instants are written: as SQL values that are open at their ends.
type scale struct {
	cast, low, high string
	of              func(time.Time) any
}

var (
	timestamps = scale{`timestamptz`, `'-infinity'`, `'infinity'`, func(t time.Time) any { return t }}
	micros     = scale{`bigint`, strconv.FormatInt(math.MinInt64+1, 10), strconv.FormatInt(math.MaxInt64, 10),
		func(t time.Time) any { return t.UnixMicro() }}
)

// date compares the range [low, high) of a value, two SQL expressions, with
// that of the condition.
func (w *where) date(op string, v fhir.Value, s scale, low, high string) (string, error) {
	bound := func(t time.Time, open string) string {
		if t.IsZero() {
			return open + `::` + s.cast
		}
		return w.arg(s.of(t)) + `::` + s.cast
	}
	from := func() string { return bound(v.Low, s.low) }
	to := func() string { return bound(v.High, s.high) }
	within := func() string { return `(` + from() + ` <= ` + low + ` and ` + high + ` <= ` + to() + `)` }
	switch v.Prefix {
	case fhir.Equal, "":
		return within(), nil
	case fhir.NotEqual:
		return `not ` + within(), nil
	case fhir.Greater:
		return high + ` > ` + to(), nil
	case fhir.GreaterOrEqual:
		return `(` + high + ` > ` + to() + ` or ` + within() + `)`, nil
	case fhir.Less:
		return low + ` < ` + from(), nil
	case fhir.LessOrEqual:
		return `(` + low + ` < ` + from() + ` or ` + within() + `)`, nil
	case fhir.StartsAfter:
		return low + ` >= ` + to(), nil
	case fhir.EndsBefore:
		return high + ` <= ` + from(), nil
	}
	return "", errs.New(errs.Unsupported, op, "the prefix "+string(v.Prefix)+" is not supported for dates")
}

func (w *where) quantity(op string, v fhir.Value) (string, error) {
	var terms []string
	switch {
	case v.HasSystem && v.System == "":
		terms = append(terms, `not x ? 's'`)
	case v.HasSystem:
		terms = append(terms, `x->>'s' = `+w.arg(v.System))
	}
	if v.Code != "" {
		terms = append(terms, `x->>'c' = `+w.arg(v.Code))
	}
	const num = `(x->>'n')::numeric`
	number := func(s string) string { return w.arg(s) + `::text::numeric` }
	within := func() string {
		return `(` + num + ` >= ` + number(v.NumberLow) + ` and ` + num + ` < ` + number(v.NumberHigh) + `)`
	}
	switch v.Prefix {
	case fhir.Equal, "":
		terms = append(terms, within())
	case fhir.NotEqual:
		terms = append(terms, `not `+within())
	case fhir.Greater, fhir.StartsAfter:
		terms = append(terms, num+` > `+number(v.Number))
	case fhir.GreaterOrEqual:
		terms = append(terms, num+` >= `+number(v.Number))
	case fhir.Less, fhir.EndsBefore:
		terms = append(terms, num+` < `+number(v.Number))
	case fhir.LessOrEqual:
		terms = append(terms, num+` <= `+number(v.Number))
	default:
		return "", errs.New(errs.Unsupported, op, "the prefix "+string(v.Prefix)+" is not supported for quantities")
	}
	return all(terms), nil
}

func all(terms []string) string { return `(` + strings.Join(terms, ` and `) + `)` }
