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

// keyed makes a statement about the resources of several keys, whose rows say by
// number of which. ehr_no 0 is the repository of parties, which is no EHR: whether a
// type is of parties or of EHRs is known, and a resource of the other is none.
// The sum is that of waitingSQL.
func keyed(arrays, columns, joins string) string {
	return `select k.n, coalesce(e.ehr_id, '00000000-0000-0000-0000-000000000000'), (select min(q.since + interval '0') from fhir_queue q where q.ehr_no = r.ehr_no), ` + recordColumns + `
	from unnest($1::boolean[], $2::text[], $3::text[], $4::text[]` + arrays + `) with ordinality as k(party, typ, id, object` + columns + `, n)` + joins + `
	left join ehr e on e.ehr_no = r.ehr_no
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

// latestOf is the latest version of an object, of one that several EHRs have in one of
// them, and resourceOf what was made of a version.
func latestOf(object string) string {
	return `(select v.* from version v where v.object_id = ` + object + ` order by v.ehr_no desc, v.ver desc limit 1) v`
}

// The sum keeps it from being looked for among all resources of the version.
const resourceOf = `
	join fhir_resource r on r.ehr_no = v.ehr_no and r.vo_no + 0 = v.vo_no and r.ver = v.ver and `

// Statements about current resources and about versions. Nearly all are made of the
// latest version of the object that their id says, or of that with their number: these
// are looked for there, several or one alone, which takes less. The others, as those
// that are deleted, are looked for wherever they may be. A resource has always one
// current row, be it a deletion.
var (
	resourcesSQL = keyed("", "", `
	cross join lateral `+latestOf(`k.object::uuid`)+resourceOf+`r.resource_type = k.typ and r.resource_id = k.id and r.superseded is null`+contentJoin)
	versionsSQL = keyed(", $5::integer[], $6::smallint[]", ", ver, revision", `
	join version v on v.object_id = k.object::uuid and v.ver = k.ver`+resourceOf+`r.resource_type = k.typ and r.resource_id = k.id and r.revision = k.revision`+contentJoin)

	resourceSQL = `select e.ehr_id, ` + waitingSQL + recordColumns + `
	from ` + latestOf(`$3`) + resourceOf + `r.resource_type = $1 and r.resource_id = $2 and r.superseded is null
	join ehr e on e.ehr_no = v.ehr_no` + contentJoin
	versionSQL = `select e.ehr_id, ` + waitingSQL + recordColumns + `
	from version v` + resourceOf + `r.resource_type = $1 and r.resource_id = $2 and r.revision = $5
	join ehr e on e.ehr_no = v.ehr_no` + contentJoin + `
	where v.object_id = $3 and v.ver = $4`
	patientSQL = `select e.ehr_id, ` + waitingSQL + recordColumns + `
	from ehr e join fhir_resource r on r.ehr_no = e.ehr_no` + recordJoins + `
	where e.ehr_id = $3 and r.resource_type = $1 and r.resource_id = $2 and r.superseded is null`

	anyResourcesSQL = keyed("", "", `
	join fhir_resource r on r.ehr_no = any(array(`+leadsTo(`k.id`, `nullif(k.object, '')::uuid`)+`))
		and r.resource_id = k.id and r.resource_type = k.typ and r.superseded is null`+recordJoins)
	anyVersionsSQL = keyed(", $5::integer[], $6::smallint[]", ", ver, revision", `
	join fhir_resource r on r.ehr_no = any(array(`+leadsTo(`k.id`, `nullif(k.object, '')::uuid`)+`))
		and r.resource_id = k.id and r.resource_type = k.typ and r.ver = k.ver and r.revision = k.revision`+recordJoins)
)

// gathering has reads of single resources fetched together where many come at once.
func (r *Reader) gathering() {
	r.resources = store.Gathered(r.store, func(ctx context.Context, db *pgxpool.Pool, keys []resourceKey) ([]found, error) {
		return seek(keys, func(k resourceKey) resourceKey { return k }, func(keys []sought[resourceKey], likely bool) ([]found, error) {
			k := keys[0]
			switch {
			case len(keys) == 1 && k.typ == "Patient":
				return fetchOne(ctx, db, patientSQL, k.typ, k.id, k.object)
			case !likely:
				return fetch(ctx, db, anyResourcesSQL, keyArgs(keys)...)
			case len(keys) > 1:
				return fetch(ctx, db, resourcesSQL, keyArgs(keys)...)
			}
			return fetchOne(ctx, db, about(k.typ, resourceSQL), k.typ, k.id, k.object)
		})
	})
	r.versions = store.Gathered(r.store, func(ctx context.Context, db *pgxpool.Pool, keys []versionOf) ([]found, error) {
		return seek(keys, func(k versionOf) resourceKey { return k.resourceKey }, func(keys []sought[versionOf], likely bool) ([]found, error) {
			if k := keys[0]; likely && len(keys) == 1 {
				return fetchOne(ctx, db, about(k.typ, versionSQL), k.typ, k.id, k.object, int32(k.key.version.Trunk), int16(k.key.version.Revision))
			}
			vers, revisions := make([]int32, len(keys)), make([]int16, len(keys))
			for i := range keys {
				vers[i], revisions[i] = int32(keys[i].key.version.Trunk), int16(keys[i].key.version.Revision)
			}
			sql := versionsSQL
			if !likely {
				sql = anyVersionsSQL
			}
			return fetch(ctx, db, sql, append(keyArgs(keys), vers, revisions)...)
		})
	})
}

// sought is a key with the uid that its id says, if any, and whether that is the uid of
// an object.
type sought[K any] struct {
	key K
	resourceKey
	object uuid.UUID
	says   bool
	likely bool
}

// seek fetches what keys name: first where it is likely, then the rest of it where
// else it may be.
func seek[K any](keys []K, of func(K) resourceKey, fetch func(keys []sought[K], likely bool) ([]found, error)) ([]found, error) {
	list := make([]sought[K], len(keys))
	likely := list[:0:0]
	for i, k := range keys {
		s := &list[i]
		s.key, s.resourceKey = k, of(k)
		s.object, s.says = fhirmap.ObjectOf(s.id)
		if s.likely = s.says && s.typ != "Patient"; s.likely {
			likely = append(likely, *s)
		}
	}
	out := make([]found, len(keys))
	if len(likely) > 0 {
		rows, err := fetch(likely, true)
		if err != nil {
			return nil, err
		}
		next := 0
		for i := range list {
			if list[i].likely {
				out[i] = rows[next]
				next++
			}
		}
	}
	var rest []sought[K]
	for i := range list {
		if !out[i].ok {
			rest = append(rest, list[i])
		}
	}
	if len(rest) == 0 {
		return out, nil
	}
	rows, err := fetch(rest, false)
	if err != nil {
		return nil, err
	}
	next := 0
	for i := range list {
		if !out[i].ok {
			out[i] = rows[next]
			next++
		}
	}
	return out, nil
}

// keyArgs are the first arguments of keyed.
func keyArgs[K any](keys []sought[K]) []any {
	parties, types, ids, objects := make([]bool, len(keys)), make([]string, len(keys)), make([]string, len(keys)), make([]string, len(keys))
	for i := range keys {
		k := &keys[i]
		parties[i], types[i], ids[i] = fhir.OfParty(k.typ), k.typ, k.id
		if k.says {
			objects[i] = k.object.String()
		}
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
