package fhirstore

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/fhir"
)

// changedProvenances are the Provenances that come with the rows of the outbox whose
// numbers are in $1: one with each projection of an object.
const changedProvenances = `
		select o.seq, o.xid, o.ehr_no, o.vo_no, o.last_updated, null::timestamptz as happened, r.ver, r.revision
		from fhir_outbox o
		cross join lateral (
			select r.ver, r.revision from fhir_resource r
			where r.ehr_no = o.ehr_no and r.resource_type = o.types[1] and r.resource_id = o.ids[1] and r.last_updated = o.last_updated
			order by r.ver desc, r.revision desc limit 1) r
		where o.seq = any($1) and o.types is not null`

// matchProvenances is matchOne for Provenances. They have one version each, so that
// there is an event when one comes to be, and no other.
func (r *Reader) matchProvenances(ctx context.Context, tx pgx.Tx, s *fhir.Subscription, seqs []int64) (int64, error) {
	q, err := s.Query()
	if err != nil {
		return 0, misunderstood(ctx, tx, s)
	}
	w := &where{r: "r", kind: `r.kind_no`, args: &[]any{seqs}, from: `
		from changed c
		join fhir_resource r on r.ehr_no = c.ehr_no and r.vo_no = c.vo_no and r.ver = c.ver and r.revision = c.revision
		join (select ehr_no, ehr_id, is_queryable from ehr union all ` + repositorySQL + `) e on e.ehr_no = r.ehr_no
		where `}
	w.subscribed(q)
	if err := w.origins("fhirstore.matchProvenances", q, true); err != nil {
		return 0, err
	}
	return w.happen(ctx, tx, s, changedProvenances, `o.ehr_no || '-' || o.vo_no || '-' || o.ver || coalesce('.' || nullif(o.revision, 0), '')`)
}

// provenanceEvents is SubscriptionEvents for Provenances.
func (r *Reader) provenanceEvents(ctx context.Context, s fhir.Subscription, after int64, limit int, whole bool) ([]fhir.Event, error) {
	const op = "fhirstore.SubscriptionEvents"
	rows, err := r.store.Pool().Query(ctx, `
		select event_no, last_updated, resource_id from fhir_event
		where subscription_no = $1 and event_no > $2
		order by event_no limit $3`, s.Number, after, limit)
	if err != nil {
		return nil, fail(op, err)
	}
	var out []fhir.Event
	var ids []string
	var keys [4][]int64 // EHR, object, version and revision of each
	var e fhir.Event
	var id string
	if _, err := pgx.ForEachRow(rows, []any{&e.Number, &e.Happened, &id}, func() error {
		e.Happened = e.Happened.UTC()
		out, ids = append(out, e), append(ids, id)
		key, _ := parseVersionID(id)
		for i, part := range []int64{key.ehrNo, key.voNo, int64(key.id.Trunk), int64(key.id.Revision)} {
			keys[i] = append(keys[i], part)
		}
		return nil
	}); err != nil {
		return nil, fail(op, err)
	}
	type origin struct {
		rec   fhir.Record
		owner uuid.UUID
	}
	records := map[string]origin{}
	found, err := r.store.Pool().Query(ctx, `with p as (
			select distinct r.ehr_no, r.vo_no, r.ver, r.revision
			from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::smallint[]) as u(ehr_no, vo_no, ver, revision)
			join fhir_resource r using (ehr_no, vo_no, ver, revision))`+originSQL+originKey, keys[0], keys[1], keys[2], keys[3])
	if err != nil {
		return nil, fail(op, err)
	}
	defer found.Close()
	for found.Next() {
		rec, owner, err := r.scanOrigin(found)
		if err != nil {
			return nil, fail(op, err)
		}
		records[rec.ID] = origin{rec, owner}
	}
	if err := found.Err(); err != nil {
		return nil, fail(op, err)
	}
	for id, found := range records {
		if err := r.label(ctx, &found.rec); err != nil {
			return nil, fail(op, err)
		}
		records[id] = found
	}
	owners := make([]uuid.UUID, len(out))
	for i, id := range ids {
		owners[i] = records[id].owner
	}
	r.tell(ctx, s, whole, out, owners, func(i int) (fhir.Record, bool) {
		found, ok := records[ids[i]]
		return found.rec, ok
	})
	return out, nil
}
