package fhirstore

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// publishDocuments has commits tell of the versions that documents are made of, and
// the queue of Compositions that are complete with what is made of them.
func publishDocuments(ctx context.Context, tx pgx.Tx, typ string) error {
	published, err := publishing(ctx, tx, documentTrigger)
	if err == nil && !published {
		_, err = tx.Exec(ctx, `
			set local lock_timeout = '10s';
			create trigger fhir_publish_document after insert on version
				referencing new table as new_rows for each statement execute function fhir_publish_document()`)
	}
	if err != nil || typ != virtual.Composition {
		return err
	}
	if published, err = publishing(ctx, tx, waitedTrigger); err == nil && !published {
		_, err = tx.Exec(ctx, `
			set local lock_timeout = '10s';
			create trigger fhir_publish_waited after delete on fhir_queue
				referencing old table as old_rows for each statement execute function fhir_publish_waited()`)
	}
	return err
}

// unpublishDocuments has commits tell of no versions any more where nobody listens.
func unpublishDocuments(ctx context.Context, tx pgx.Tx) error {
	for _, of := range []struct {
		trigger [2]string
		types   []string
		row     string
	}{
		{waitedTrigger, []string{virtual.Composition}, virtual.Composition},
		{documentTrigger, []string{virtual.Composition, virtual.DocumentReference}, virtual.DocumentReference},
	} {
		published, err := publishing(ctx, tx, of.trigger)
		if err != nil {
			return err
		}
		if !published {
			continue
		}
		var listening bool
		if err := tx.QueryRow(ctx, `select exists (select from fhir_subscription where `+live+` and content->>'Type' = any($1))`, of.types).Scan(&listening); err != nil {
			return err
		}
		if listening {
			continue
		}
		if _, err := tx.Exec(ctx, `set local lock_timeout = '100ms'; drop trigger `+of.trigger[1]+` on `+of.trigger[0]); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from fhir_outbox where resource_type = $1`, of.row); err != nil {
			return err
		}
	}
	return nil
}

// changedDocuments are the changes, of the rows of the outbox with the numbers in
// $1, of documents: by the commit time of their version, and if they happened later
// when.
const changedDocuments = `
		select o.seq, o.xid, o.ehr_no, o.vo_no, o.last_updated, null::timestamptz as happened
		from fhir_outbox o
		where o.seq = any($1) and o.resource_type = 'DocumentReference'`

// changedCompositions are those of Compositions, which name what was made of their
// version. So they change too when other resources are made of it, and one that waits
// to be projected is told of when that is done; what one transaction does is one change.
const changedCompositions = `
		select distinct on (x.xid, x.ehr_no, x.vo_no, x.last_updated) x.*
		from (` + changedDocuments + `
				and not exists (select from fhir_queue q where q.ehr_no = o.ehr_no and q.vo_no = o.vo_no)
				and not exists (select from fhir_outbox l where l.seq > o.seq and l.resource_type = 'Composition' and l.ehr_no = o.ehr_no and l.vo_no = o.vo_no)
			union all
			select o.seq, o.xid, o.ehr_no, o.vo_no, o.last_updated, null
			from fhir_outbox o
			where o.seq = any($1) and o.resource_type = 'Composition'
			union all
			select o.seq, o.xid, o.ehr_no, o.vo_no, v.time_committed, o.last_updated
			from fhir_outbox o
			cross join lateral (
				select r.ver from fhir_resource r
				where r.ehr_no = o.ehr_no and r.resource_type = o.types[1] and r.resource_id = o.ids[1] and r.last_updated = o.last_updated
				order by r.ver desc, r.revision desc limit 1) r
			join version v on v.ehr_no = o.ehr_no and v.vo_no = o.vo_no and v.ver = r.ver and o.last_updated > v.time_committed and ` + composition + `
			where o.seq = any($1) and o.types is not null) x
		order by x.xid, x.ehr_no, x.vo_no, x.last_updated, x.happened nulls first, x.seq`

// matchDocuments is matchOne for documents. A new version of a composition is an
// event if it is complete and meets the filters, or if the one that it replaces was
// and did.
func (r *Reader) matchDocuments(ctx context.Context, tx pgx.Tx, s *fhir.Subscription, seqs []int64) (int64, error) {
	const op = "fhirstore.matchDocuments"
	q, err := s.Query()
	if err != nil {
		return 0, misunderstood(ctx, tx, s)
	}
	changed := changedDocuments
	if s.Type == virtual.Composition {
		changed = changedCompositions
	}
	w := &where{r: "v", args: &[]any{seqs}, from: `
		from changed c
		join version v on v.ehr_no = c.ehr_no and v.vo_no = c.vo_no and (v.time_committed = c.last_updated or v.time_superseded = c.last_updated and c.happened is null)
		join ehr e on e.ehr_no = v.ehr_no
		where `}
	w.add(composition, complete)
	w.subscribed(q)
	// What only documents know is no matter here: there are few.
	if err := w.documents(op, q, true); err != nil {
		return 0, err
	}
	return w.happen(ctx, tx, s, changed, `o.ehr_no || '-' || o.vo_no`)
}

// happen adds the events of a subscription: those of the changes, the rows c, that
// the conditions hold of. The SQL of the changes has the numbers of rows of the
// outbox as $1; id is that of a resource.
func (w *where) happen(ctx context.Context, tx pgx.Tx, s *fhir.Subscription, changed, id string) (int64, error) {
	number, typ := w.arg(s.Number), w.arg(s.Type)
	tag, err := tx.Exec(ctx, `
		with changed as materialized (`+changed+`),
			hit as (select distinct c.seq`+w.from+strings.Join(w.terms, "\n\tand ")+`)
		insert into fhir_event (subscription_no, event_no, ehr_no, vo_no, last_updated, happened, resource_type, resource_id)
		select s.subscription_no, s.events + row_number() over (order by o.seq), o.ehr_no, o.vo_no, o.last_updated, o.happened, `+typ+`, `+id+`
		from changed o
		join hit using (seq)
		join fhir_subscription s on s.subscription_no = `+number+` and not pg_visible_in_snapshot(o.xid, s.since)`, *w.args...)
	if err != nil || tag.RowsAffected() == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, `update fhir_subscription set events = events + $2 where subscription_no = $1`, s.Number, tag.RowsAffected())
	return tag.RowsAffected(), err
}

// tell completes events with their records: those of what is deleted physically, and
// of owners whom the subscription's may not see any more, are withheld.
func (r *Reader) tell(ctx context.Context, s fhir.Subscription, whole bool, out []fhir.Event, owners []uuid.UUID, record func(int) (fhir.Record, bool)) {
	decided := map[uuid.UUID]bool{}
	for i := range out {
		refused, ok := decided[owners[i]]
		if !ok {
			refused = r.decide(ctx, s.Owner, ehr.ActionRead, on(owners[i], s.Type)) != nil
			decided[owners[i]] = refused
		}
		rec, ok := record(i)
		switch {
		case refused || !ok:
			out[i].Withheld = true
			continue
		case rec.JSON == nil:
			out[i].Deleted = true
		case !whole:
			rec.JSON = nil
		}
		out[i].Record = rec
	}
}

// documentEvents is SubscriptionEvents for documents: each is told of as it was after
// the version that made the event.
func (r *Reader) documentEvents(ctx context.Context, s fhir.Subscription, after int64, limit int, whole bool) ([]fhir.Event, error) {
	const op = "fhirstore.SubscriptionEvents"
	rows, err := r.store.Pool().Query(ctx, `
		select x.event_no, coalesce(x.happened, x.last_updated), x.happened is not null, e.ehr_id, x.ehr_no, x.vo_no, v.ver
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
	var again []bool    // the version had been told of before
	var keys [3][]int64 // EHR, object and version of each
	var e fhir.Event
	var owner uuid.UUID
	var key [3]int64
	var later bool
	if _, err := pgx.ForEachRow(rows, []any{&e.Number, &e.Happened, &later, &owner, &key[0], &key[1], &key[2]}, func() error {
		e.Happened = e.Happened.UTC()
		out, owners, again = append(out, e), append(owners, owner), append(again, later)
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
	var list []fhir.Record
	found, err := r.store.Pool().Query(ctx, `with p as (select distinct * from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as p(ehr_no, vo_no, ver))`+present.documentSQL(s.Type), keys[0], keys[1], keys[2])
	if err != nil {
		return nil, fail(op, err)
	}
	defer found.Close()
	for found.Next() {
		rec, _, _, err := r.scanDocument(found, s.Type)
		if err != nil {
			return nil, fail(op, err)
		}
		list = append(list, rec)
	}
	if err := found.Err(); err != nil {
		return nil, fail(op, err)
	}
	if err := r.labelAll(ctx, list); err != nil {
		return nil, fail(op, err)
	}
	records := map[version]fhir.Record{}
	for _, rec := range list {
		records[version{rec.ID, rec.Version.Trunk}] = rec
	}
	r.tell(ctx, s, whole, out, owners, func(i int) (fhir.Record, bool) {
		rec, ok := records[version{documentID{keys[0][i], keys[1][i]}.String(), int(keys[2][i])}]
		rec.First = rec.First && !again[i]
		return rec, ok
	})
	return out, nil
}
