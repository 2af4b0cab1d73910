package fhirstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store"
)

var _ fhir.Exporter = (*Reader)(nil)

// exportPart is how many records go into one file of an export. Files of one
// export can be fetched side by side.
const exportPart = 2000

// exportLock is the space of advisory locks of exports that are being counted.
const exportLock = 0x66786370

// fail is store.Failure for what may be no failure, or one of this package.
func fail(op string, err error) error {
	if err == nil || errs.As(err) != nil {
		return err
	}
	return store.Failure(op, err)
}

// NewExport registers an export. See fhir.Exporter.
func (r *Reader) NewExport(ctx context.Context, who ehr.Actor, x *fhir.Export) error {
	const op = "fhirstore.NewExport"
	if err := r.mayExport(ctx, who, *x); err != nil {
		return err
	}
	x.ID = uuid.New()
	var since *time.Time
	if !x.Since.IsZero() {
		since = &x.Since
	}
	var patients []uuid.UUID // nil: all
	if x.Patients != nil {
		patients = []uuid.UUID{}
		for _, p := range x.Patients {
			if id, err := uuid.Parse(p); err == nil {
				patients = append(patients, id)
			}
		}
	}
	pool := r.store.Pool()
	if patients != nil && !x.Queryable { // whom the client names, and not a group
		unknown := len(x.Patients) - len(patients)
		if err := pool.QueryRow(ctx, `select $2 + count(*) from unnest($1::uuid[]) p where not exists (select from ehr e where e.ehr_id = p)`, patients, unknown).Scan(&unknown); err != nil {
			return fail(op, err)
		}
		if unknown > 0 {
			return errs.New(errs.Invalid, op, fmt.Sprintf("of the patients that are named %d are not known here", unknown))
		}
	}
	if _, err := pool.Exec(ctx, `delete from fhir_export where expires < now()`); err != nil {
		return fail(op, err)
	}
	var lag fhir.Lag
	if err := scanLag(pool.QueryRow(ctx, lagSQL), &lag); err != nil {
		return fail(op, err)
	}
	x.Waiting = lag.Since
	// A commit that is under way has taken its time before this one and may be
	// seen only after it: the snapshot is as of the oldest that still runs. So it
	// is of before the oldest commit that waits to be projected, except for what
	// could not be.
	return fail(op, pool.QueryRow(ctx, `
		insert into fhir_export (export_id, actor, request, snapshot, types, since, patients, queryable, expires)
		select $1, $2, $3, least(date_trunc('milliseconds', clock_timestamp()),
				(select min(xact_start) from pg_stat_activity where datname = current_database() and backend_type = 'client backend'),
				(select min(since) from fhir_queue where attempts = 0)) - interval '1 millisecond',
			$4, $5, $6, $7, now() + interval '24 hours'
		returning snapshot, expires`, x.ID, who.ID, x.Request, x.Types, since, patients, x.Queryable).Scan(&x.Snapshot, &x.Expires))
}

// mayExport asks for each patient named, or for the population of each type.
func (r *Reader) mayExport(ctx context.Context, who ehr.Actor, x fhir.Export) error {
	types := x.Types
	if len(types) == 0 {
		types = []string{""}
	}
	for _, t := range types {
		if x.Patients == nil {
			if err := r.decide(ctx, who, ehr.ActionQuery, ehr.Target{Class: t}); err != nil {
				return err
			}
		}
		for _, p := range x.Patients {
			if err := r.decide(ctx, who, ehr.ActionQuery, ehr.Target{EHRID: p, Class: t}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Export finds an export. See fhir.Exporter.
func (r *Reader) Export(ctx context.Context, who ehr.Actor, id uuid.UUID) (fhir.Export, error) {
	const op = "fhirstore.Export"
	x := fhir.Export{ID: id}
	var since *time.Time
	var patients []uuid.UUID
	var files []byte
	err := r.store.Pool().QueryRow(ctx, `select request, snapshot, types, since, patients, queryable, expires, files
		from fhir_export where export_id = $1 and actor = $2 and expires >= now()`, id, who.ID).
		Scan(&x.Request, &x.Snapshot, &x.Types, &since, &patients, &x.Queryable, &x.Expires, &files)
	if errors.Is(err, pgx.ErrNoRows) {
		return x, errs.New(errs.NotFound, op, "there is no such export")
	}
	if err != nil {
		return x, fail(op, err)
	}
	if since != nil {
		x.Since = *since
	}
	if patients != nil {
		x.Patients = []string{}
		for _, p := range patients {
			x.Patients = append(x.Patients, p.String())
		}
	}
	if files != nil {
		if err := json.Unmarshal(files, &x.Files); err != nil {
			return x, errs.Wrap(errs.Internal, op, "", err)
		}
	}
	return x, r.mayExport(ctx, who, x)
}

// exported are the rows r of an export x, as they were at the snapshot. With
// since, deletions are among them.
const exported = `
	from fhir_export x
	join fhir_resource r on r.last_updated <= x.snapshot and (r.superseded is null or r.superseded > x.snapshot)
		and (x.since is null or r.last_updated > x.since)
		and (r.byte_len is not null or x.since is not null)
		and (x.types = '{}' or r.resource_type = any(x.types))
	left join ehr e on e.ehr_no = r.ehr_no
	where case when x.patients is null then r.ehr_no = 0 or e.is_queryable
			else e.ehr_id = any(x.patients) and (e.is_queryable or not x.queryable) end and x.export_id = $1`

// only narrows exported to the queries of an export on types. A deletion says no
// more of a resource than its id, and is always told.
func (r *Reader) only(ctx context.Context, op string, x fhir.Export, args *[]any) (string, error) {
	ofType := map[string][]string{}
	for _, q := range x.Only {
		if err := inAllUnits(ctx, r.store.Pool(), &q); err != nil {
			return "", fail(op, err)
		}
		w := &where{r: "r", kind: "r.kind_no", args: args}
		if err := w.narrow(op, q); err != nil {
			return "", err
		}
		ofType[q.Type] = append(ofType[q.Type], all(w.terms))
	}
	w := &where{args: args}
	for _, typ := range slices.Sorted(maps.Keys(ofType)) {
		w.add(`(r.resource_type <> ` + w.arg(typ) + ` or r.byte_len is null or ` + strings.Join(ofType[typ], ` or `) + `)`)
	}
	return strings.Join(append([]string{""}, w.terms...), "\n\tand "), nil
}

// CountExport counts the files of an export. See fhir.Exporter.
func (r *Reader) CountExport(ctx context.Context, x fhir.Export) error {
	const op = "fhirstore.CountExport"
	id := x.ID
	args := []any{id, int64(exportPart)}
	only, err := r.only(ctx, op, x, &args)
	if err != nil {
		return err
	}
	return fail(op, pgx.BeginFunc(ctx, r.store.QueryPool(), func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1, hashtext($2::text))`, exportLock, id.String()).Scan(&free); err != nil {
			return err
		}
		if !free {
			return errs.New(errs.Conflict, op, "the export is being counted")
		}
		// The pool's limit is meant for searches that somebody waits for.
		if _, err := tx.Exec(ctx, `set local statement_timeout = 0`); err != nil {
			return err
		}
		var files []byte
		if err := tx.QueryRow(ctx, `select coalesce(jsonb_agg(f order by f->>'type', (f->>'part')::bigint), '[]') from (
				select jsonb_build_object('type', r.resource_type, 'part', r.ehr_no / $2, 'deleted', r.byte_len is null, 'count', count(*)) as f`+
			exported+only+`
				group by r.resource_type, r.ehr_no / $2, r.byte_len is null) c
			having exists (select from fhir_export where export_id = $1 and files is null)`, args...).Scan(&files); err != nil {
			if errors.Is(err, pgx.ErrNoRows) {
				return nil // done, or dropped
			}
			return err
		}
		_, err := tx.Exec(ctx, `update fhir_export set files = $2 where export_id = $1 and files is null`, id, files)
		return err
	}))
}

// DropExport forgets an export. See fhir.Exporter.
func (r *Reader) DropExport(ctx context.Context, who ehr.Actor, id uuid.UUID) error {
	const op = "fhirstore.DropExport"
	tag, err := r.store.Pool().Exec(ctx, `delete from fhir_export where export_id = $1 and actor = $2`, id, who.ID)
	if err != nil {
		return fail(op, err)
	}
	if tag.RowsAffected() == 0 {
		return errs.New(errs.NotFound, op, "there is no such export")
	}
	return nil
}

// ExportFile reads a file of an export. See fhir.Exporter.
func (r *Reader) ExportFile(ctx context.Context, who ehr.Actor, x fhir.Export, f fhir.ExportFile, yield func(fhir.Record) error) error {
	const op = "fhirstore.ExportFile"
	if err := r.mayExport(ctx, who, x); err != nil {
		return err
	}
	args := []any{x.ID, f.Type, f.Deleted, f.Part * exportPart, int64(exportPart)}
	only, err := r.only(ctx, op, x, &args)
	if err != nil {
		return err
	}
	return pgx.BeginTxFunc(ctx, r.store.QueryPool(), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// The client's pace decides how long this takes.
		if _, err := tx.Exec(ctx, `set local statement_timeout = 0`); err != nil {
			return fail(op, err)
		}
		rows, err := tx.Query(ctx, `select `+recordColumns+` from (select r.*`+exported+`
				and r.resource_type = $2 and (r.byte_len is null) = $3 and r.ehr_no >= $4::bigint and r.ehr_no < $4::bigint + $5`+only+`) r`+recordJoins+`
			order by r.ehr_no, r.vo_no, r.ver, r.revision, r.resource_id`, args...)
		if err != nil {
			return fail(op, err)
		}
		defer rows.Close()
		scan := scanner{store: r.store, labels: r.labels}
		defer scan.forget()
		for rows.Next() {
			var rec fhir.Record
			scan.tidy()
			if err := scan.record(rows, &rec); err != nil {
				return fail(op, err)
			}
			if err := scan.complete(ctx, &rec); err != nil {
				return fail(op, err)
			}
			if err := yield(rec); err != nil {
				return err
			}
		}
		return fail(op, rows.Err())
	})
}
