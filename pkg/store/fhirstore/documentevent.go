package fhirstore

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
)

// unpublishDocuments has commits tell of no versions any more where nobody listens.
func unpublishDocuments(ctx context.Context, tx pgx.Tx) error {
	published, err := publishing(ctx, tx, documentTrigger)
	if err != nil || !published {
		return err
	}
	var listening bool
	if err := tx.QueryRow(ctx, `select exists (select from fhir_subscription where `+live+` and content->>'Type' = $1)`, fhir.DocumentReference).Scan(&listening); err != nil || listening {
		return err
	}
	_, err = tx.Exec(ctx, `
		set local lock_timeout = '100ms';
		drop trigger fhir_publish_document on version;
		delete from fhir_outbox where resource_type = 'DocumentReference'`)
	return err
}

// matchDocuments is matchOne for documents. A new version of a composition is an
// event if it is complete and meets the filters, or if the one that it replaces was
// and did.
func (r *Reader) matchDocuments(ctx context.Context, tx pgx.Tx, s *fhir.Subscription, seqs []int64) (int64, error) {
	const op = "fhirstore.matchDocuments"
	q, err := s.Query()
	if err != nil {
		return 0, misunderstood(ctx, tx, s)
	}
	w := &where{r: "v", args: new([]any), from: `
		from fhir_outbox c
		join version v on v.ehr_no = c.ehr_no and v.vo_no = c.vo_no and (v.time_committed = c.last_updated or v.time_superseded = c.last_updated)
		join ehr e on e.ehr_no = v.ehr_no
		where `}
	w.add(`c.seq = any(`+w.arg(seqs)+`)`, `c.resource_type = `+w.arg(s.Type), composition, complete)
	w.subscribed(q)
	// What only documents know is no matter here: there are few.
	if err := w.documents(op, q, true); err != nil {
		return 0, err
	}
	number := w.arg(s.Number)
	tag, err := tx.Exec(ctx, `
		with hit as (select distinct c.seq`+w.from+strings.Join(w.terms, "\n\tand ")+`)
		insert into fhir_event (subscription_no, event_no, ehr_no, vo_no, last_updated, resource_type, resource_id)
		select s.subscription_no, s.events + row_number() over (order by o.seq), o.ehr_no, o.vo_no, o.last_updated, o.resource_type, o.resource_id
		from fhir_outbox o
		join hit using (seq)
		join fhir_subscription s on s.subscription_no = `+number+` and not pg_visible_in_snapshot(o.xid, s.since)`, *w.args...)
	if err != nil || tag.RowsAffected() == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, `update fhir_subscription set events = events + $2 where subscription_no = $1`, s.Number, tag.RowsAffected())
	return tag.RowsAffected(), err
}

// documentEvents is SubscriptionEvents for documents: each is told of as it was after
// the version that made the event.
func (r *Reader) documentEvents(ctx context.Context, s fhir.Subscription, after int64, limit int, whole bool) ([]fhir.Event, error) {
	const op = "fhirstore.SubscriptionEvents"
	rows, err := r.store.Pool().Query(ctx, `
		select x.event_no, x.last_updated, e.ehr_id, x.ehr_no, x.vo_no, v.ver
		from fhir_event x
		join ehr e on e.ehr_no = x.ehr_no
		join version v on v.ehr_no = x.ehr_no and v.vo_no = x.vo_no and v.time_committed = x.last_updated and v.tree is null
		where x.subscription_no = $1 and x.event_no > $2
		order by x.event_no limit $3`, s.Number, after, limit)
	if err != nil {
		return nil, fail(op, err)
	}
	var out []fhir.Event
	var owners []uuid.UUID
	var keys [3][]int64 // EHR, object and version of each
	var e fhir.Event
	var owner uuid.UUID
	var key [3]int64
	if _, err := pgx.ForEachRow(rows, []any{&e.Number, &e.Happened, &owner, &key[0], &key[1], &key[2]}, func() error {
		e.Happened = e.Happened.UTC()
		out, owners = append(out, e), append(owners, owner)
		for i := range key {
			keys[i] = append(keys[i], key[i])
		}
		return nil
	}); err != nil {
		return nil, fail(op, err)
	}
	type version struct {
		id    string
		trunk int
	}
	records := map[version]fhir.Record{}
	found, err := r.store.Pool().Query(ctx, `with p as (select * from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as p(ehr_no, vo_no, ver))`+documentSQL(s.Type), keys[0], keys[1], keys[2])
	if err != nil {
		return nil, fail(op, err)
	}
	defer found.Close()
	for found.Next() {
		rec, _, _, err := r.scanDocument(found, s.Type)
		if err != nil {
			return nil, fail(op, err)
		}
		records[version{rec.ID, rec.Version.Trunk}] = rec
	}
	if err := found.Err(); err != nil {
		return nil, fail(op, err)
	}
	decided := map[uuid.UUID]bool{}
	for i := range out {
		refused, ok := decided[owners[i]]
		if !ok {
			refused = r.decide(ctx, s.Owner, ehr.ActionRead, ehr.Target{EHRID: owners[i].String(), Class: s.Type}) != nil
			decided[owners[i]] = refused
		}
		rec, ok := records[version{documentID{keys[0][i], keys[1][i]}.String(), int(keys[2][i])}]
		switch {
		case refused || !ok: // deleted physically in between
			out[i].Withheld = true
			continue
		case rec.JSON == nil:
			out[i].Deleted = true
		case !whole:
			rec.JSON = nil
		}
		out[i].Record = rec
	}
	return out, nil
}
