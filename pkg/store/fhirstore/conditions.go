package fhirstore

import (
	"math"
	"slices"
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
	from string
	r    string // the alias of the row of fhir_resource
	kind string // the number of a row's kind
	// indexed says that the row has the columns of indexes beside its search values.
	indexed bool
	at      string // the parameter with the snapshot that a state is of; "" for the present
	terms   []string
	args    *[]any
}

// arg adds a parameter and gives its place.
func (w *where) arg(v any) string {
	*w.args = append(*w.args, v)
	return "$" + strconv.Itoa(len(*w.args))
}

func (w *where) add(terms ...string) { w.terms = append(w.terms, terms...) }

// ofRecord are the columns of fhir_resource that a record is made from.
const ofRecord = `resource_type, resource_id, ver, revision, last_updated, kind_no, vo_no, byte_from, byte_len, ehr_no`

// page is the statement for one page and one record more. Its first columns are
// the keys by which the records are sorted, as text, and if they are to be
// counted the number of all matches.
func (w *where) page(q fhir.Query, counted bool) (string, []any, error) {
	args := slices.Clone(*w.args)
	p := where{from: w.from, r: w.r, kind: w.kind, indexed: w.indexed, at: w.at, terms: slices.Clone(w.terms), args: &args}
	keys, err := p.keys(q)
	if err != nil {
		return "", nil, err
	}
	p.after(keys, q.After.Keys)
	var order, outerOrder, columns, outer strings.Builder
	for i, k := range keys {
		name := "s" + strconv.Itoa(i)
		columns.WriteString(`, ` + k.sql + ` as ` + name)
		outer.WriteString(`r.` + name + `::text, `)
		if i > 0 {
			order.WriteString(", ")
			outerOrder.WriteString(", ")
		}
		order.WriteString(name + k.direction())
		outerOrder.WriteString(`r.` + name + k.direction())
	}
	if counted {
		columns.WriteString(`, count(*) over () as matches`)
		outer.WriteString(`r.matches, `)
	}
	limit := "\n\torder by " + order.String() + " limit " + p.arg(q.Count+1)
	var found []string
	for _, state := range p.states() {
		found = append(found, `select `+p.r+"."+strings.ReplaceAll(ofRecord, ", ", ", "+p.r+".")+columns.String()+p.match(state)+limit)
	}
	rows := found[0]
	if len(found) > 1 {
		rows = `(` + strings.Join(found, ")\n\tunion all (") + `)` + limit
	}
	// Resources of one version are many on a page: it is looked up for the first.
	sql := `select ` + outer.String() + recordColumns + `
	from (select p.*, case row_number() over (partition by p.ehr_no, p.vo_no, p.ver, p.revision order by ` + order.String() + `) when 1 then p.ehr_no end as first_of
	from (` + rows + `) p) r
	left join version v on v.ehr_no = r.first_of and v.vo_no = r.vo_no and v.ver = r.ver
	left join fhir_content c on c.ehr_no = r.first_of and c.vo_no = r.vo_no and c.ver = r.ver and c.revision = r.revision
	order by ` + outerOrder.String()
	return sql, args, nil
}

// count is the statement for the number of matches.
func (w *where) count() (string, []any) {
	var counts []string
	for _, state := range w.states() {
		counts = append(counts, `(select count(*)`+w.match(state)+`)`)
	}
	return `select ` + strings.Join(counts, ` + `), *w.args
}

// match are the rows of a state that meet the conditions.
func (w *where) match(state string) string {
	return w.from + strings.Join(append([]string{state}, w.terms...), "\n\tand ")
}

// conditions are those of a search: of current resources, or on a later page of those
// of its snapshot, which it gives.
func conditions(op string, q fhir.Query, patients []uuid.UUID) (*where, *snapshot, error) {
	w := records(patients)
	w.from = about(q.Type, w.from)
	at, err := w.asOf(op, q.After)
	if err != nil {
		return nil, nil, err
	}
	w.exist(q.Type)
	if q.Latest > 0 {
		return w, at, w.latest(op, q)
	}
	return w, at, w.narrow(op, q)
}

// records begins a search of the rows of patients, or without any of all who
// are queryable.
func records(patients []uuid.UUID) *where {
	w := &where{from: "\n\tfrom fhir_resource r\n\twhere ", r: "r", indexed: true, args: new([]any)}
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
	return w
}

// narrow adds the conditions of a query beyond its patients and its type.
func (w *where) narrow(op string, q fhir.Query) error {
	if q.Type == "" && len(q.Types) > 0 {
		w.add(`r.resource_type = any(` + w.arg(q.Types) + `)`)
	}
	if len(q.IDs) > 0 {
		w.add(w.known(w.r, q.IDs...))
	}
	for _, v := range q.LastUpdated {
		term, err := w.date(op, v, timestamps, `r.last_updated`, `r.last_updated + interval '1 microsecond'`)
		if err != nil {
			return err
		}
		w.add(term)
	}
	for _, t := range q.Templates {
		w.template(t)
	}
	for _, l := range q.Labelled {
		w.labelled(l)
	}
	for _, f := range q.Meta {
		w.meta(f)
	}
	if len(q.During) == 2 {
		w.during(q)
	}
	if err := w.filters(op, q.Type, q.Filters); err != nil {
		return err
	}
	if len(q.OfPatient) > 0 {
		if err := w.related(op, "Patient", q.OfPatient, ` = any(array(`, `))`); err != nil {
			return err
		}
	}
	for _, h := range q.Has {
		if err := w.related(op, h.Type, h.Filters, ` in (`, `)`); err != nil {
			return err
		}
	}
	return nil
}

// known is a row r of fhir_resource with one of the ids.
func (w *where) known(r string, ids ...string) string {
	objects := make([]*uuid.UUID, len(ids))
	for i, id := range ids {
		objects[i] = place(id)
	}
	list := w.arg(ids)
	return `(` + r + `.ehr_no = any(array(` + leadsTo(`any(`+list+`)`, `any(`+w.arg(objects)+`::uuid[])`) + `)) and ` + r + `.resource_id = any(` + list + `))`
}

// exist narrows to resources that are not deleted, of a type if one is given.
func (w *where) exist(typ string) {
	w.add(w.r + `.byte_len is not null`)
	if typ != "" {
		w.add(w.r + `.resource_type = ` + w.arg(typ))
	}
}

// latest narrows to the newest of the matches with the same codes: to those that
// fewer than the limit of others certainly came after. So all that were at the same
// time are there, and one whose date is known in part hides nothing that may be
// later, nor is hidden by what may be earlier.
func (w *where) latest(op string, q fhir.Query) error {
	limit := q.Latest
	if w.at != "" {
		return errs.New(errs.Invalid, op, "a search of the newest has one page")
	}
	q.Latest = 0
	all := &where{from: w.from, r: w.r, kind: w.kind, indexed: w.indexed, terms: slices.Clone(w.terms), args: w.args}
	if err := all.narrow(op, q); err != nil {
		return err
	}
	end, err := all.keys(fhir.Query{Type: q.Type, Sort: []fhir.Sort{{Param: "date", Kind: fhir.Date, Desc: true}}})
	if err != nil {
		return err
	}
	begin, err := all.keys(fhir.Query{Type: q.Type, Sort: []fhir.Sort{{Param: "date", Kind: fhir.Date}}})
	if err != nil {
		return err
	}
	w.add(`(r.ehr_no, r.resource_id) in (select ehr_no, resource_id from (
		select ehr_no, resource_id, ends, nth_value(begins, ` + w.arg(limit) + `::integer) over (partition by ehr_no, codes
			order by begins desc nulls last rows between unbounded preceding and unbounded following) as after
		from (select r.ehr_no, r.resource_id, (select k.tokens->'code' from fhir_kind k where k.kind_no = r.kind_no) as codes,
			` + begin[0].sql + ` as begins, ` + end[0].sql + ` as ends` + all.match(all.states()[0]) + `) dated) newest
		where after is null or ends > after)`)
	return nil
}

// related narrows to records that hold a resource of the type that meets the
// filters.
func (w *where) related(op, typ string, filters []fhir.Filter, open, end string) error {
	p := &where{from: `from fhir_resource p where `, r: "p", kind: `p.kind_no`, indexed: true, at: w.at, args: w.args}
	p.exist(typ)
	if err := p.filters(op, typ, filters); err != nil {
		return err
	}
	var records []string
	for _, state := range p.states() {
		records = append(records, `select p.ehr_no `+p.match(state))
	}
	w.add(w.r + `.ehr_no` + open + strings.Join(records, ` union all `) + end)
	return nil
}

// during narrows to resources one of whose dates touches a period, and to those
// that have none.
func (w *where) during(q fhir.Query) {
	low, high := micros.low, micros.high
	if !q.During[0].IsZero() {
		low = w.arg(q.During[0].UnixMicro()) + `::bigint`
	}
	if !q.During[1].IsZero() {
		high = w.arg(q.During[1].UnixMicro()) + `::bigint`
	}
	dates := `from jsonb_each(coalesce(` + w.r + `.search, '{}')) p cross join lateral jsonb_array_elements(p.value) x where x ?| '{l,h}'`
	w.add(`(not exists (select ` + dates + `) or exists (select ` + dates + `
		and coalesce((x->>'l')::bigint, ` + micros.low + `) < ` + high + ` and coalesce((x->>'h')::bigint, ` + micros.high + `) > ` + low + `))`)
}

// filters adds the conditions of parameters on a resource type.
func (w *where) filters(op, typ string, filters []fhir.Filter) error {
	for _, f := range filters {
		term, err := w.filter(op, typ, f)
		if err != nil {
			return err
		}
		w.add(term)
	}
	return nil
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
	case fhir.Approximately:
		return `(` + low + ` < ` + to() + ` and ` + high + ` > ` + from() + `)`, nil
	}
	return "", errs.New(errs.Unsupported, op, "the prefix "+string(v.Prefix)+" is not supported for dates")
}

func all(terms []string) string { return `(` + strings.Join(terms, ` and `) + `)` }
