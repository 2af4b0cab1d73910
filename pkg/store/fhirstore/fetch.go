package fhirstore

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// resourceKey names a resource, and versionOf a version of one.
type (
	resourceKey struct{ typ, id string }
	versionOf   struct {
		resourceKey
		version fhir.VersionID
	}
)

// found is what a read has found, if anything: a row with the EHR it is of, and
// since when something of that waits to be projected.
type found struct {
	ok    bool
	owner uuid.UUID
	since *time.Time
	row
}

// keyed begins a statement about the resources of several keys, whose rows say by
// number of which. ehr_no 0 is the repository of parties, which is no EHR: whether a
// type is of parties or of EHRs is known, and a resource of the other is none.
// The sum is that of waitingSQL.
func keyed(arrays, columns, more string) string {
	return `select k.n, coalesce(e.ehr_id, '00000000-0000-0000-0000-000000000000'), (select min(q.since + interval '0') from fhir_queue q where q.ehr_no = r.ehr_no), ` + recordColumns + `
	from unnest($1::boolean[], $2::text[], $3::text[], $4::uuid[]` + arrays + `) with ordinality as k(party, typ, id, object` + columns + `, n)` + more + `
	left join ehr e on e.ehr_no = r.ehr_no` + recordJoins + `
	where (r.ehr_no = 0) = k.party and (e.ehr_no is null) = k.party`
}

// leadsTo are the numbers of the EHRs in which resources with an id may be, a
// statement: those with a version of the object that the id says, or the EHR that it
// is the id of; and those that ids lead to which say nothing (store.astray).
func leadsTo(id, object string) string {
	return `select v.ehr_no from version v where v.object_id = ` + object + `
		union all select i.ehr_no from ehr i where i.ehr_id = ` + object + `
		union all select i.ehr_no from fhir_id i where i.resource_id = ` + id
}

// place is the object that an id says, as an argument of leadsTo.
func place(id string) *uuid.UUID {
	if object, ok := fhirmap.ObjectOf(id); ok {
		return &object
	}
	return nil
}

var resourcesSQL = keyed("", "", `
	join fhir_resource r on r.ehr_no = any(array(`+leadsTo(`k.id`, `k.object`)+`))
		and r.resource_id = k.id and r.resource_type = k.typ and r.superseded is null`)

// A resource has always one current row, be it a deletion.
var versionsSQL = keyed(", $5::integer[], $6::smallint[]", ", ver, revision", `
	join fhir_resource r on r.ehr_no = any(array(`+leadsTo(`k.id`, `k.object`)+`))
		and r.resource_id = k.id and r.resource_type = k.typ and r.ver = k.ver and r.revision = k.revision`)

// For one key alone there are statements that take less.
var (
	resourceSQL = `select e.ehr_id, ` + waitingSQL + recordColumns + `
	from fhir_resource r join ehr e on e.ehr_no = r.ehr_no` + recordJoins + `
	where r.ehr_no = any(array(` + leadsTo(`$2`, `$3`) + `)) and r.resource_id = $2 and r.resource_type = $1 and r.superseded is null`
	versionSQL = `select e.ehr_id, ` + waitingSQL + recordColumns + `
	from fhir_resource r join ehr e on e.ehr_no = r.ehr_no` + recordJoins + `
	where r.ehr_no = any(array(` + leadsTo(`$2`, `$3`) + `)) and r.resource_id = $2 and r.resource_type = $1 and r.ver = $4 and r.revision = $5`
)

// gathering has reads of single resources fetched together where many come at once.
func (r *Reader) gathering() {
	r.resources = store.Gathered(r.store, func(ctx context.Context, db *pgxpool.Pool, keys []resourceKey) ([]found, error) {
		if len(keys) == 1 {
			return fetchOne(ctx, db, about(keys[0].typ, resourceSQL), keys[0].typ, keys[0].id, place(keys[0].id))
		}
		return fetch(ctx, db, resourcesSQL, keyArgs(keys, func(k resourceKey) resourceKey { return k })...)
	})
	r.versions = store.Gathered(r.store, func(ctx context.Context, db *pgxpool.Pool, keys []versionOf) ([]found, error) {
		if len(keys) == 1 {
			k := keys[0]
			return fetchOne(ctx, db, about(k.typ, versionSQL), k.typ, k.id, place(k.id), int32(k.version.Trunk), int16(k.version.Revision))
		}
		vers, revisions := make([]int32, len(keys)), make([]int16, len(keys))
		for i, k := range keys {
			vers[i], revisions[i] = int32(k.version.Trunk), int16(k.version.Revision)
		}
		args := keyArgs(keys, func(k versionOf) resourceKey { return k.resourceKey })
		return fetch(ctx, db, versionsSQL, append(args, vers, revisions)...)
	})
}

// keyArgs are the first arguments of keyed.
func keyArgs[K any](keys []K, of func(K) resourceKey) []any {
	parties, types, ids, objects := make([]bool, len(keys)), make([]string, len(keys)), make([]string, len(keys)), make([]*uuid.UUID, len(keys))
	for i := range keys {
		k := of(keys[i])
		parties[i], types[i], ids[i], objects[i] = fhir.OfParty(k.typ), k.typ, k.id, place(k.id)
	}
	return []any{parties, types, ids, objects}
}

// fetch gives the rows of a keyed statement by the numbers of the keys.
func fetch(ctx context.Context, db *pgxpool.Pool, sql string, args ...any) ([]found, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]found, len(args[0].([]bool)))
	var n int64
	var next found
	into := append([]any{&n, &next.owner, &next.since}, next.columns()...)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		next.raw, next.ok = bytes.Clone(next.raw), true
		out[n-1] = next
	}
	return out, rows.Err()
}

// fetchOne gives the row of a statement about one resource.
func fetchOne(ctx context.Context, db *pgxpool.Pool, sql string, args ...any) ([]found, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]found, 1)
	if rows.Next() {
		if err := rows.Scan(append([]any{&out[0].owner, &out[0].since}, out[0].columns()...)...); err != nil {
			return nil, err
		}
		out[0].raw, out[0].ok = bytes.Clone(out[0].raw), true
	}
	rows.Close()
	return out, rows.Err()
}
