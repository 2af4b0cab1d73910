package fhirstore

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/jackc/pgx/v5/pgtype"
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
		term, err := w.date(op, v, `r.last_updated`, `r.last_updated + interval '1 microsecond'`)
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
			term, err := w.value(op, f, v)
			if err != nil {
				return nil, err
			}
			alternatives[i] = term
		}
		w.add(`exists (select from fhir_index x
		where x.ehr_no = r.ehr_no and x.resource_type = r.resource_type and x.resource_id = r.resource_id
		  and x.param = ` + w.arg(f.Param) + ` and (` + strings.Join(alternatives, " or ") + `))`)
	}
	return w, nil
}

// value is the condition that one alternative of a filter puts on a row of the
// index.
func (w *where) value(op string, f fhir.Filter, v fhir.Value) (string, error) {
	switch f.Kind {
	case fhir.Token:
		terms := w.system(v)
		if v.Code != "" {
			terms = append(terms, `x.code = `+w.arg(v.Code))
		}
		if len(terms) == 0 {
			return "", errs.New(errs.Invalid, op, "the parameter "+f.Param+" has an empty value")
		}
		return all(terms), nil
	case fhir.Reference, fhir.URI:
		return `x.code = ` + w.arg(v.Code), nil
	case fhir.String:
		return `x.str ^@ ` + w.arg(v.Text), nil
	case fhir.Date:
		return w.date(op, v, `coalesce(x.low, '-infinity')`, `coalesce(x.high, 'infinity')`)
	case fhir.Quantity:
		return w.quantity(op, v)
	}
	return "", errs.New(errs.Unsupported, op, "search parameters of type "+string(f.Kind)+" are not supported")
}

// system is the condition on the system, if there is one.
func (w *where) system(v fhir.Value) []string {
	switch {
	case !v.HasSystem:
		return nil
	case v.System == "":
		return []string{`x.system is null`}
	}
	return []string{`x.system = ` + w.arg(v.System)}
}

// date compares the range [low, high) of a row, two SQL expressions, with that
// of the value.
func (w *where) date(op string, v fhir.Value, low, high string) (string, error) {
	from := func() string { return w.arg(bound(v.Low, pgtype.NegativeInfinity)) + `::timestamptz` }
	to := func() string { return w.arg(bound(v.High, pgtype.Infinity)) + `::timestamptz` }
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
	terms := w.system(v)
	if v.Code != "" {
		terms = append(terms, `x.code = `+w.arg(v.Code))
	}
	number := func(s string) string { return w.arg(s) + `::text::numeric` }
	within := func() string {
		return `(x.num >= ` + number(v.NumberLow) + ` and x.num < ` + number(v.NumberHigh) + `)`
	}
	switch v.Prefix {
	case fhir.Equal, "":
		terms = append(terms, within())
	case fhir.NotEqual:
		terms = append(terms, `not `+within())
	case fhir.Greater, fhir.StartsAfter:
		terms = append(terms, `x.num > `+number(v.Number))
	case fhir.GreaterOrEqual:
		terms = append(terms, `x.num >= `+number(v.Number))
	case fhir.Less, fhir.EndsBefore:
		terms = append(terms, `x.num < `+number(v.Number))
	case fhir.LessOrEqual:
		terms = append(terms, `x.num <= `+number(v.Number))
	default:
		return "", errs.New(errs.Unsupported, op, "the prefix "+string(v.Prefix)+" is not supported for quantities")
	}
	return all(terms), nil
}

func all(terms []string) string { return `(` + strings.Join(terms, ` and `) + `)` }

// bound is a time, or the infinity that the zero time stands for.
func bound(t time.Time, unbounded pgtype.InfinityModifier) pgtype.Timestamptz {
	if t.IsZero() {
		return pgtype.Timestamptz{InfinityModifier: unbounded, Valid: true}
	}
	return pgtype.Timestamptz{Time: t, Valid: true}
}
