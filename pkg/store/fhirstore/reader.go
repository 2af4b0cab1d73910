// Package fhirstore reads the FHIR resources that commits have projected. It
// implements fhir.Reader on the tables that package store writes.
package fhirstore

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// Reader reads projected resources. It is safe for concurrent use.
type Reader struct {
	store    *store.Store
	decision ehr.DecisionPoint
}

var _ fhir.Reader = (*Reader)(nil)

// New makes a Reader on a store, which remains the caller's.
func New(s *store.Store, decision ehr.DecisionPoint) *Reader {
	return &Reader{store: s, decision: decision}
}

const recordColumns = `
	r.resource_type, r.resource_id, r.version_id, r.last_updated, r.source,
	r.profiles, r.mapping, r.mapping_version, r.content`

const resourceSQL = `select e.ehr_id, ` + recordColumns + `
	from fhir_resource r join ehr e on e.ehr_no = r.ehr_no
	where r.resource_id = $2 and r.resource_type = $1 and r.superseded is null`

// Resource reads the current version of a resource. See fhir.Reader. Which
// record it belongs to, and so whether the actor may see it, is known only
// once it is found: an actor who may not sees NotFound.
func (r *Reader) Resource(ctx context.Context, who ehr.Actor, typ, id string) (fhir.Record, error) {
	const op = "fhirstore.Resource"
	missing := errs.New(errs.NotFound, op, "no such resource")
	var owner uuid.UUID
	var rec fhir.Record
	err := r.store.Pool().QueryRow(ctx, resourceSQL, typ, id).Scan(append([]any{&owner}, targets(&rec)...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return fhir.Record{}, missing
	}
	if err != nil {
		return fhir.Record{}, store.Failure(op, err)
	}
	if err := r.decide(ctx, who, ehr.ActionRead, ehr.Target{EHRID: owner.String(), Class: typ}); err != nil {
		missing.Err = err
		return fhir.Record{}, missing
	}
	rec.LastUpdated = rec.LastUpdated.UTC()
	if rec.JSON == nil {
		return rec, errs.New(errs.Gone, op, "the resource was deleted")
	}
	return rec, nil
}

func targets(r *fhir.Record) []any {
	return []any{&r.Type, &r.ID, &r.Version, &r.LastUpdated, &r.Source,
		&r.Profiles, &r.Mapping, &r.MappingVersion, &r.JSON}
}

// decide asks the decision point. Whatever it answers but nil refuses.
func (r *Reader) decide(ctx context.Context, who ehr.Actor, what ehr.Action, on ehr.Target) error {
	err := r.decision.Decide(ctx, who, what, on)
	if err == nil || errs.Is(err, errs.Forbidden) {
		return err
	}
	return errs.Wrap(errs.Forbidden, "fhirstore.decide", "access could not be decided", err)
}

// Search finds current resources of one type. See fhir.Reader. Without
// patients it is a population query, which leaves out EHRs that are not
// queryable (EHR_STATUS.is_queryable).
func (r *Reader) Search(ctx context.Context, who ehr.Actor, q fhir.Query) (fhir.Page, error) {
	const op = "fhirstore.Search"
	if q.Count < 1 {
		return fhir.Page{}, errs.New(errs.Invalid, op, "the page size must be at least 1")
	}
	patients, err := r.authorise(ctx, who, q)
	if err != nil {
		return fhir.Page{}, err
	}
	page := fhir.Page{Records: []fhir.Record{}, Total: -1}
	where, err := conditions(op, q, patients)
	if err != nil {
		return fhir.Page{}, err
	}

	// One snapshot for the page, the count and the gaps; one round trip.
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read read only")
	sql, args := where.page(q)
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var rec fhir.Record
			if err := rows.Scan(targets(&rec)...); err != nil {
				return err
			}
			rec.LastUpdated = rec.LastUpdated.UTC()
			page.Records = append(page.Records, rec)
		}
		return rows.Err()
	})
	if q.Total {
		sql, args := where.count()
		batch.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&page.Total) })
	}
	if len(patients) > 0 {
		batch.Queue(gapsSQL, patients, q.Type).Query(func(rows pgx.Rows) (err error) {
			page.Gaps, err = pgx.CollectRows(rows, pgx.RowToStructByPos[fhir.Gap])
			return err
		})
	}
	batch.Queue("commit")
	if err := r.store.QueryPool().SendBatch(ctx, batch).Close(); err != nil {
		return fhir.Page{}, store.Failure(op, err)
	}
	if len(page.Records) > q.Count {
		page.Records, page.More = page.Records[:q.Count], true
	}
	return page, nil
}

// authorise asks for every patient named, or for the population.
func (r *Reader) authorise(ctx context.Context, who ehr.Actor, q fhir.Query) ([]uuid.UUID, error) {
	if len(q.Patients) == 0 {
		return nil, r.decide(ctx, who, ehr.ActionQuery, ehr.Target{Class: q.Type})
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
	        and (l->>'kind' in ('unmapped', 'absence') or l->>'kind' = 'refused' and l->>'type' = $2)) g
	group by template_id, code, archetype, message
	order by template_id, code, archetype, message`
