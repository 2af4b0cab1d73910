package fhirstore

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// where is the conditions of a search as SQL with parameters. Nothing that a
// client sent is ever part of the text.
type where struct {
	from  string
	kind  string // the number of a row's kind
	terms []string
	args  []any
}

// arg adds a parameter and gives its place.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) add(terms ...string) { w.terms = append(w.terms, terms...) }

// page is the statement for one page and one record more.
func (w *where) page(q fhir.Query) (string, []any) {
	p := where{from: w.from, terms: w.terms, args: w.args[:len(w.args):len(w.args)]}
	if q.After != "" {
		p.terms = append(p.terms[:len(p.terms):len(p.terms)], `r.resource_id > `+p.arg(q.After))
	}
	return `select ` + recordColumns + "\n\tfrom (select r.*" + p.from + strings.Join(p.terms, "\n\tand ") +
		"\n\torder by r.resource_id limit " + p.arg(q.Count+1) + `) r` + recordJoins + `
	order by r.resource_id`, p.args
}

// count is the statement for the number of matches.
func (w *where) count() (string, []any) {
	return `select count(*)` + w.from + strings.Join(w.terms, "\n\tand "), w.args
}

func conditions(op string, q fhir.Query, patients []uuid.UUID) (*where, error) {
	w := &where{from: "\n\tfrom fhir_resource r\n\twhere "}
	switch {
	case patients == nil:
		w.from = "\n\tfrom fhir_resource r join ehr e on e.ehr_no = r.ehr_no\n\twhere "
		w.kind = `r.kind_no`
		w.add(`e.is_queryable`)
	case len(patients) == 1:
		w.add(`r.ehr_no = (select ehr_no from ehr where ehr_id = ` + w.arg(patients[0]) + `)`)
	default:
		w.add(`r.ehr_no = any(array(select ehr_no from ehr where ehr_id = any(` + w.arg(patients) + `)))`)
	}
	if patients != nil {
		w.kind = `(r.kind_no + 0)` // not by its index: the record's own resources are fewer
	}
	w.add(`r.superseded is null`, `r.byte_len is not null`, `r.resource_type = `+w.arg(q.Type))
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
		if f.Kind == fhir.Token && store.InKind(f.Param) {
			term, err := w.kinds(op, q.Type, f.Param, f.Values)
			if err != nil {
				return nil, err
			}
			w.add(term)
			continue
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
// The tables are described in migrations/0001_init.up.sql.
func (w *where) value(op, typ string, f fhir.Filter, v fhir.Value) (string, error) {
	switch f.Kind {
	case fhir.Token:
		return w.row(op, f.Param, v)
	case fhir.Reference, fhir.URI:
		v = fhir.Value{Code: v.Code}
		term, err := w.row(op, f.Param, v)
		id, ok := strings.CutPrefix(v.Code, "Patient/")
		subject, bad := uuid.Parse(id)
		if err != nil || !ok || bad != nil || subject.String() != id {
			return term, err
		}
		// The subject of the record, whose resources say no more than that.
		self, err := w.kinds(op, typ, f.Param, []fhir.Value{{Code: store.SelfReference}})
		return `(` + term + ` or (r.ehr_no = (select ehr_no from ehr where ehr_id = ` + w.arg(subject) + `) and ` + self + `))`, err
	case fhir.String:
		return w.ranges(f.Param, `x->>'t' ^@ `+w.arg(v.Text)), nil
	case fhir.Date:
		term, err := w.date(op, v, micros, `coalesce((x->>'l')::bigint, `+micros.low+`)`, `coalesce((x->>'h')::bigint, `+micros.high+`)`)
		return w.ranges(f.Param, `(x ?| '{l,h}') and (`+term+`)`), err
	case fhir.Quantity:
		term, err := w.quantity(op, v)
		if err != nil {
			return "", err
		}
		places := []string{w.ranges(f.Param, term)}
		for _, param := range r4.Union(f.Param) {
			places = append(places, w.ranges(param, term))
		}
		return `(` + strings.Join(places, ` or `) + `)`, nil
	}
	return "", errs.New(errs.Unsupported, op, "search parameters of type "+string(f.Kind)+" are not supported")
}

// token is a value as the columns tokens and search have it.
type token struct {
	System string `json:"s,omitempty"`
	Code   string `json:"c,omitempty"`
}

// kinds is a resource of a kind that has one of the tokens.
func (w *where) kinds(op, typ, param string, values []fhir.Value) (string, error) {
	var alternatives []string
	for _, v := range values {
		t, err := w.token(op, param, v)
		if err != nil {
			return "", err
		}
		for _, p := range append([]string{param}, r4.Union(param)...) {
			alternatives = append(alternatives, `(k.tokens @> `+w.document(map[string][]token{p: {t}})+w.bare(`k.tokens`, p, v)+`)`)
		}
	}
	return w.kind + ` = any(array(select k.kind_no from fhir_kind k
		where k.resource_type = ` + w.arg(typ) + ` and (` + strings.Join(alternatives, " or ") + `)))`, nil
}

func (w *where) token(op, param string, v fhir.Value) (token, error) {
	if v.Code == "" && v.System == "" {
		return token{}, errs.New(errs.Invalid, op, "the parameter "+param+" has an empty value")
	}
	return token{System: v.System, Code: v.Code}, nil
}

// document adds a parameter with a JSON document.
func (w *where) document(v any) string {
	doc, err := json.Marshal(v)
	if err != nil {
		panic("fhirstore: " + err.Error()) // texts can always be marshalled
	}
	return w.arg(string(doc)) + `::jsonb`
}

// row is a resource that has the token itself.
func (w *where) row(op, param string, v fhir.Value) (string, error) {
	t, err := w.token(op, param, v)
	if err != nil {
		return "", err
	}
	var has string
	if param == "identifier" { // as its index has it
		has = `r.search ? 'identifier' and r.search->'identifier'`
	} else {
		has = `r.search->` + w.arg(param)
	}
	return `(` + has + ` @> ` + w.document([]token{t}) + w.bare(`r.search`, param, v) + `)`, nil
}

// bare asks for a token without a system, where that is asked for.
func (w *where) bare(column, param string, v fhir.Value) string {
	if !v.HasSystem || v.System != "" {
		return ""
	}
	return ` and exists (select from jsonb_array_elements(` + column + `->` + w.arg(param) + `) x
		where x->>'c' = ` + w.arg(v.Code) + ` and not x ? 's')`
}

// ranges is a resource one of whose values x of a parameter meets a condition.
func (w *where) ranges(param, condition string) string {
	return `exists (select from jsonb_array_elements(r.search->` + w.arg(param) + `) x
		where ` + condition + `)`
}

// scale is how instants are written: as SQL values that are open at their ends.
type scale struct {
	cast, low, high string
	of              func(time.Time) any
}

var (
	timestamps = scale{`timestamptz`, `'-infinity'`, `'infinity'`, func(t time.Time) any { return t }}
	micros     = scale{
		`bigint`, strconv.FormatInt(math.MinInt64+1, 10), strconv.FormatInt(math.MaxInt64, 10),
		func(t time.Time) any { return t.UnixMicro() },
	}
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
