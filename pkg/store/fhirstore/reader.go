// Package fhirstore reads the FHIR resources that commits have projected, and keeps what
// clients of the FHIR API make: exports, groups and subscriptions. It implements
// fhir.Reader, Exporter, Grouper and Subscriber on the tables that package store writes,
// and asks the decision point before it shows anything.
//
// A search becomes one statement: values.go and conditions.go write its conditions,
// units.go and meta.go those on quantities and on meta, order.go its order, and
// snapshot.go sees to it that all pages are of one state. Resources of package virtual
// have a search each, in made.go and the files of their types. match.go compares what
// commits have written into the outbox with the subscriptions; seal.go encrypts their
// headers.
package fhirstore

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/gather"
)

// Reader reads projected resources. It is safe for concurrent use.
type Reader struct {
	store    *store.Store
	decision ehr.DecisionPoint
	labels   fhir.Labels
	keys     *Keys

	resources *gather.Group[resourceKey, found]
	versions  *gather.Group[versionOf, found]
}

var _ fhir.Reader = (*Reader)(nil)

// New makes a Reader on a store, which remains the caller's.
func New(s *store.Store, decision ehr.DecisionPoint) *Reader {
	r := &Reader{store: s, decision: decision}
	r.gathering()
	return r
}

// Label has the reader give labels to what it reads. It is called before the
// reader is used.
func (r *Reader) Label(l fhir.Labels) { r.labels = l }

// recordColumns and recordJoins are those of a record made from a row r of
// fhir_resource. Kinds and templates come as their numbers: what these stand for
// is at hand, and a join costs a small read more than finding its row.
const (
	recordWidth   = 14
	recordColumns = `
	r.resource_type, r.resource_id, r.ver, r.revision, r.last_updated, v.object_id, v.creating_system, v.template_no,
	r.kind_no, r.vo_no, r.byte_from, r.byte_len, c.raw, r.ehr_no`
	recordJoins = `
	join version v on v.ehr_no = r.ehr_no and v.vo_no = r.vo_no and v.ver = r.ver` + contentJoin
	contentJoin = `
	left join fhir_content c on c.ehr_no = r.ehr_no and c.vo_no = r.vo_no and c.ver = r.ver and c.revision = r.revision and r.byte_len is not null`
)

// waitingSQL is since when something of the record e waits to be projected. The sum
// keeps the queue from being read in the order of its times for the least of one EHR.
const waitingSQL = `(select min(q.since + interval '0') from fhir_queue q where q.ehr_no = e.ehr_no), `

// repositorySQL stands for the table of EHRs in statements about parties, which
// are in none.
const repositorySQL = `(select 0::bigint as ehr_no, '00000000-0000-0000-0000-000000000000'::uuid as ehr_id, true as is_queryable)`

// about makes a statement that joins the EHR of a resource one about resources of
// a type.
func about(typ, sql string) string {
	if fhir.OfParty(typ) {
		return strings.Replace(sql, `join ehr e on`, `join `+repositorySQL+` e on`, 1)
	}
	return sql
}

// on is what the decision point is asked about: a resource of a record, or a
// party.
func on(owner uuid.UUID, typ string) ehr.Target {
	if owner == ehr.Demographics {
		return ehr.Target{Class: typ}
	}
	return ehr.Target{EHRID: owner.String(), Class: typ}
}

// scanner reads records: rows by record, and once these are closed what kinds and
// templates say by complete. Of the rows of one version the first has its facts
// and its content, which the others share.
type scanner struct {
	store  *store.Store
	labels fhir.Labels

	sources map[versionKey]source
	arena   *[]byte  // of the contents
	made    []origin // of the records, in their order
	row
	into []any
}

// row is the columns of recordColumns.
type row struct {
	typ, id      string
	ver          int32
	revision     int16
	updated      time.Time
	object       pgtype.UUID
	system       pgtype.Text
	template     pgtype.Int4
	key          versionKey
	kind         int32
	from, length pgtype.Int4
	raw          pgtype.DriverBytes // valid until the next row
}

// columns are where recordColumns are scanned to.
func (r *row) columns() []any {
	return []any{&r.typ, &r.id, &r.ver, &r.revision, &r.updated, &r.object, &r.system, &r.template, &r.kind, &r.key.voNo, &r.from, &r.length, &r.raw, &r.key.ehrNo}
}

// origin is what a record was made by and from.
type origin struct {
	kind, template int32
	of             versionKey
}

// versionKey is one projection of a version within the system.
type versionKey struct {
	ehrNo, voNo int64
	id          fhir.VersionID
}

// source is what the resources of one version have in common.
type source struct {
	uid      string
	template int32
	content  []byte // nil: not read
}

// arenas are room for contents. What is needed of them is copied out.
var arenas = sync.Pool{New: func() any { return new([]byte) }}

const (
	// usualContent is room for most contents, in bytes.
	usualContent = 16 << 10
	// usualPage is room for the records of most pages.
	usualPage = 64
	// maxArena bounds the room for contents that is kept for the next.
	maxArena = 4 << 20
)

// record scans the next row, of recordColumns after those of before.
func (s *scanner) record(row pgx.Row, rec *fhir.Record, before ...any) error {
	s.into = append(append(s.into[:0], before...), s.columns()...)
	if err := row.Scan(s.into...); err != nil {
		return err
	}
	return s.make(rec)
}

// make makes the record of the row.
func (s *scanner) make(rec *fhir.Record) error {
	const op = "fhirstore.record"
	rec.Type, rec.ID, rec.Owner = s.typ, s.id, s.key.ehrNo
	rec.Version = fhir.VersionID{Trunk: int(s.ver), Revision: int(s.revision)}
	rec.LastUpdated = s.updated.UTC()
	s.key.id = rec.Version
	from, err := s.source()
	if err != nil {
		return err
	}
	rec.Source = from.uid
	s.made = append(s.made, origin{s.kind, from.template, s.key})
	if !s.length.Valid {
		return nil
	}
	low, high := int(s.from.Int32), int(s.from.Int32)+int(s.length.Int32)
	if low < 0 || low > high || high > len(from.content) {
		return errs.New(errs.Internal, op, "a resource is not where its version has it")
	}
	rec.JSON = bytes.Clone(from.content[low:high])
	return nil
}

// source is that of the row: what an earlier row brought, and what this one does.
func (s *scanner) source() (source, error) {
	from, ok := s.sources[s.key]
	if ok && (from.content != nil || !s.length.Valid) {
		return from, nil
	}
	if !s.object.Valid {
		return from, errs.New(errs.Internal, "fhirstore.source", "a resource comes without its version")
	}
	from.uid = ehr.VersionUID{Object: s.object.Bytes, System: s.system.String, Trunk: int(s.ver)}.String()
	from.template = s.template.Int32
	if s.length.Valid {
		if s.arena == nil {
			s.arena = arenas.Get().(*[]byte)
		}
		at := len(*s.arena)
		all, err := s.store.AppendContent(slices.Grow(*s.arena, usualContent), s.raw)
		if err != nil {
			return from, err
		}
		*s.arena = all
		from.content = all[at:len(all):len(all)]
	}
	if s.sources == nil {
		s.sources = map[versionKey]source{}
	}
	s.sources[s.key] = from
	return from, nil
}

// forget gives the room for contents back. Rows that follow bring their own.
func (s *scanner) forget() {
	clear(s.sources)
	if s.arena == nil {
		return
	}
	if *s.arena = (*s.arena)[:0]; cap(*s.arena) <= maxArena {
		arenas.Put(s.arena)
	}
	s.arena = nil
}

// tidy forgets if there is much, where every row brings its content.
func (s *scanner) tidy() {
	if s.arena != nil && len(*s.arena) > maxArena/2 {
		s.forget()
	}
}

// complete adds what kinds and templates say to the records that were scanned:
// all of them, in their order. No connection that a commit may wait for is held
// meanwhile, since one may be needed.
func (s *scanner) complete(ctx context.Context, list ...*fhir.Record) error {
	kinds := make([]int32, 0, len(s.made))
	for _, o := range s.made {
		kinds = append(kinds, o.kind)
	}
	facts, err := s.store.Kinds(ctx, kinds)
	if err != nil {
		return err
	}
	var more [][]fhir.Label // by what the versions say and are tagged with
	if s.labels.ByContent() {
		versions := make([]versionKey, len(s.made))
		for i, o := range s.made {
			versions[i] = o.of
		}
		if more, err = moreLabels(ctx, s.store, s.labels, versions); err != nil {
			return err
		}
	}
	for i, rec := range list {
		template, err := s.store.TemplateID(ctx, s.made[i].template)
		if err != nil {
			return err
		}
		rec.Security, rec.Template = s.labels.Of(template), template
		if more != nil {
			rec.Security = s.labels.With(template, more[i])
		}
		rec.Mapping, rec.MappingVersion = facts[i].Mapping, facts[i].MappingVersion
		if rec.JSON != nil {
			rec.Profiles = facts[i].Profiles
		}
	}
	s.made = s.made[:0]
	return nil
}

// completeAll is complete for the records of a list.
func (s *scanner) completeAll(ctx context.Context, list []fhir.Record) error {
	all := make([]*fhir.Record, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return s.complete(ctx, all...)
}

// Resource reads the current version of a resource. See fhir.Reader. Which
// record it belongs to, and so whether the actor may see it, is known only
// once it is found: an actor who may not sees NotFound.
func (r *Reader) Resource(ctx context.Context, who ehr.Actor, typ, id string) (fhir.Record, error) {
	if typ == virtual.AuditEvent {
		return r.access(ctx, who, id)
	}
	if typ == virtual.Provenance {
		return r.provenance(ctx, who, id)
	}
	if virtual.WholeComposition(typ) {
		return r.document(ctx, who, typ, id, fhir.VersionID{})
	}
	got, err := r.resources.Get(ctx, resourceKey{typ, id})
	return r.resource(ctx, "fhirstore.Resource", who, typ, got, err)
}

// decide asks the decision point. Whatever it answers but nil refuses.
func (r *Reader) decide(ctx context.Context, who ehr.Actor, what ehr.Action, on ehr.Target) error {
	err := r.decision.Decide(ctx, who, what, on)
	if err == nil || errs.Is(err, errs.Forbidden) {
		return err
	}
	return errs.Wrap(errs.Forbidden, "fhirstore.decide", "access could not be decided", err)
}

// Search finds current resources of one type, on later pages those of the snapshot
// of the first. See fhir.Reader. Without patients it is a population query, which
// leaves out EHRs that are not queryable (EHR_STATUS.is_queryable).
func (r *Reader) Search(ctx context.Context, who ehr.Actor, q fhir.Query) (fhir.Page, error) {
	const op = "fhirstore.Search"
	if q.Count < 1 {
		return fhir.Page{}, errs.New(errs.Invalid, op, "the page size must be at least 1")
	}
	if q.Type == virtual.AuditEvent {
		return r.accessed(ctx, who, q)
	}
	if q.Type == virtual.Provenance {
		return r.provenances(ctx, who, q)
	}
	if virtual.WholeComposition(q.Type) {
		return r.documents(ctx, who, q)
	}
	patients, err := r.authorise(ctx, who, q)
	if err != nil {
		return fhir.Page{}, err
	}
	page := fhir.Page{Records: make([]fhir.Record, 0, min(q.Count+1, usualPage)), Total: -1}
	if fhir.OfParty(q.Type) && patients != nil {
		return fhir.Page{}, errs.New(errs.Unsupported, op, q.Type+" is of no patient's record")
	}
	if err := inAllUnits(ctx, r.store.Pool(), &q); err != nil {
		return fhir.Page{}, fail(op, err)
	}
	where, at, err := conditions(op, q, patients)
	if err != nil {
		return fhir.Page{}, err
	}

	// One snapshot for the page, the count and the gaps; one round trip.
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read read only")
	// The plans do not depend on the values: planning takes longer than a page.
	batch.Queue("set local plan_cache_mode = force_generic_plan")
	// Of patients who are few the matches are counted with the first page: they are
	// looked at once.
	counted := q.Total && patients != nil && at == nil
	sql, args, err := where.page(q, counted)
	if err != nil {
		return fhir.Page{}, err
	}
	var next []*string
	scan := scanner{store: r.store, labels: r.labels}
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		defer scan.forget()
		total := int64(-1)
		before := make([]any, len(rows.FieldDescriptions())-recordWidth)
		cursor := make([]*string, len(before))
		for i := range before {
			before[i] = &cursor[i]
		}
		if counted {
			before, cursor, total = append(before[:len(before)-1], &total), cursor[:len(cursor)-1], 0
		}
		for rows.Next() {
			var rec fhir.Record
			if err := scan.record(rows, &rec, before...); err != nil {
				return err
			}
			page.Records = append(page.Records, rec)
			if len(page.Records) == q.Count {
				next = slices.Clone(cursor)
			}
		}
		page.Total = int(total)
		return rows.Err()
	})
	if q.Total && !counted {
		sql, args := where.count()
		batch.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&page.Total) })
	}
	if len(patients) > 0 {
		batch.Queue(gapsSQL, patients, q.Type).Query(func(rows pgx.Rows) (err error) {
			page.Gaps, err = pgx.CollectRows(rows, pgx.RowToStructByPos[fhir.Gap])
			return err
		})
	}
	lag, lagArgs := lagOf(patients)
	batch.Queue(lag, lagArgs...).QueryRow(func(row pgx.Row) error { return scanLag(row, &page.Lag) })
	var now snapshot
	batch.Queue(snapshotSQL).QueryRow(now.scan)
	batch.Queue("commit")
	if err := r.store.QueryPool().SendBatch(ctx, batch).Close(); err != nil {
		return fhir.Page{}, store.Failure(op, err)
	}
	if at == nil {
		at = &now
	} else if err := at.check(op, &now); err != nil {
		return fhir.Page{}, err
	}
	if err := scan.completeAll(ctx, page.Records); err != nil {
		return fhir.Page{}, err
	}
	if cutPage(&page, q.Count); page.More {
		page.Next = fhir.Cursor{Keys: next, Snapshot: at.String()}
	}
	if len(patients) == 0 {
		shown(ctx, page.Records)
	}
	for _, p := range q.Patients {
		if p != fhir.Nobody && uuid.Validate(p) != nil {
			page.Lag.Absent++ // no patient has such an id
		}
	}
	return page, nil
}

// shown tells the record of accesses whose data a page shows, where it was not
// asked for them by name.
func shown(ctx context.Context, list []fhir.Record) {
	tell := ehr.Shown(ctx)
	if tell == nil {
		return
	}
	for i := range list {
		if list[i].Owner > 0 {
			tell(list[i].Owner)
		}
	}
}

// authorise asks for every patient named, or for the population.
func (r *Reader) authorise(ctx context.Context, who ehr.Actor, q fhir.Query) ([]uuid.UUID, error) {
	if len(q.Patients) == 0 {
		for _, class := range q.Classes() {
			if err := r.decide(ctx, who, ehr.ActionQuery, ehr.Target{Class: class}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	// Never nil: patients that cannot exist must not become the population.
	patients := []uuid.UUID{}
	for _, p := range q.Patients {
		if err := r.decide(ctx, who, ehr.ActionQuery, ehr.Target{EHRID: p, Class: q.Type}); err != nil {
			return nil, err
		}
		if id, err := uuid.Parse(p); err == nil && id.String() == p {
			patients = append(patients, id)
		}
	}
	return patients, nil
}

// gapsSQL groups the losses of current versions that could hide a match.
const gapsSQL = `
	select template_id, code, archetype, message, count(*)
	from (select coalesce(t.template_id, '') as template_id,
	             case when l->>'kind' in ('unmapped', 'absence') then l->>'kind' else l->>'code' end as code,
	             coalesce(l->>'archetype', '') as archetype, coalesce(l->>'message', '') as message
	      from ehr e
	      join fhir_loss f on f.ehr_no = e.ehr_no
	      join version v on v.ehr_no = f.ehr_no and v.vo_no = f.vo_no and v.ver = f.ver and v.time_superseded is null
	      left join template t on t.template_no = f.template_no
	      cross join lateral jsonb_array_elements(f.losses) l
	      where e.ehr_id = any($1)
	        and (l->>'kind' in ('unmapped', 'absence') or l->>'kind' = 'refused' and ($2 = '' or l->>'type' = $2))) g
	group by template_id, code, archetype, message
	order by template_id, code, archetype, message`

// lagSQL and patientLagSQL tell since when something waits to be projected,
// whether there may be resources that were made by earlier rules, and how many of
// the patients are not here.
const (
	lagSQL        = `select (select min(since) from fhir_queue), exists (select from fhir_state where after_ehr is not null), 0`
	patientLagSQL = `
	select (select min(q.since) from fhir_queue q where q.ehr_no = any(array(select ehr_no from ehr where ehr_id = any($1)))),
		exists (select from fhir_state s join ehr e on e.ehr_no >= s.after_ehr where e.ehr_id = any($1)),
		(select count(distinct p)::integer from unnest($1::uuid[]) p where not exists (select from ehr e where e.ehr_id = p))`
)

// lagOf is the query for the lag of patients, or without any of all.
func lagOf(patients []uuid.UUID) (sql string, args []any) {
	if len(patients) > 0 {
		return patientLagSQL, []any{patients}
	}
	return lagSQL, nil
}

func scanLag(row pgx.Row, lag *fhir.Lag) error {
	var since *time.Time
	err := row.Scan(&since, &lag.Outdated, &lag.Absent)
	if since != nil {
		lag.Waiting, lag.Since = true, since.UTC()
	}
	return err
}
