package fhirstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// matchRows is about how many rows of the outbox, each of several resources, are
// compared at once: those of whole transactions.
const matchRows = 500

// Wake has the notifications of subscriptions delivered, by their numbers, once
// the transaction commits.
type Wake func(ctx context.Context, tx pgx.Tx, numbers []int32) error

// Match compares what commits have changed with the live subscriptions and
// numbers their events. It takes the oldest changes first, of transactions older
// than all that are under way: so the events of one patient are numbered in the
// order of commits wherever one has seen the other. It gives the number of
// changes that it has dealt with; 0 if there are none, or if another process is
// at it.
func (r *Reader) Match(ctx context.Context, wake Wake) (int, error) {
	const op = "fhirstore.Match"
	done := 0
	err := pgx.BeginFunc(ctx, r.store.Pool(), func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, int64(matchLock)).Scan(&free); err != nil || !free {
			return err
		}
		// A physical deletion of everything locks this table first, too.
		if _, err := tx.Exec(ctx, `lock table ehr in access share mode`); err != nil {
			return err
		}
		// Locked, so that a physical deletion comes before this or waits and finds
		// the events.
		rows, err := tx.Query(ctx, `
			select seq from fhir_outbox
			where xid in (select c.xid from (select xid from fhir_outbox where xid < pg_snapshot_xmin(pg_current_snapshot()) order by seq limit $1) c)
			order by seq for update`, matchRows)
		if err != nil {
			return err
		}
		seqs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(seqs) == 0 {
			return err
		}
		list, err := r.subscriptions(ctx, tx, live+` order by subscription_no for no key update`)
		if err != nil {
			return err
		}
		var woken []int32
		for i := range list {
			n, err := r.matchOne(ctx, tx, &list[i], seqs)
			if err != nil {
				return err
			}
			if n > 0 && list[i].Channel == fhir.ChannelHook && list[i].Status != fhir.StatusError {
				woken = append(woken, list[i].Number)
			}
		}
		if _, err := tx.Exec(ctx, `delete from fhir_outbox where seq = any($1)`, seqs); err != nil {
			return err
		}
		done = len(seqs)
		if len(woken) == 0 {
			return nil
		}
		return wake(ctx, tx, woken)
	})
	return done, fail(op, err)
}

// matchOne adds the events of one subscription. A change is one if the resource
// meets the filters, or did so until then.
func (r *Reader) matchOne(ctx context.Context, tx pgx.Tx, s *fhir.Subscription, seqs []int64) (int64, error) {
	if virtual.WholeComposition(s.Type) {
		return r.matchDocuments(ctx, tx, s, seqs)
	}
	if s.Type == virtual.Provenance {
		return r.matchProvenances(ctx, tx, s, seqs)
	}
	const op = "fhirstore.matchOne"
	q, err := s.Query()
	if err != nil {
		return 0, misunderstood(ctx, tx, s)
	}
	w := &where{from: about(s.Type, "\n\tfrom changed r join ehr e on e.ehr_no = r.ehr_no\n\twhere "), r: "r", kind: "r.kind_no", args: new([]any)}
	columns := `seq, place, xid, prior, present, ehr_no, vo_no, kind_no, last_updated, resource_type, resource_id`
	if len(q.Filters) > 0 {
		columns += `, search` // read only if it is asked for
	}
	changed := `select ` + columns + ` from fhir_change where seq = any(` + w.arg(seqs) + `) and resource_type = ` + w.arg(s.Type)
	w.add(`r.present`)
	w.subscribed(q)
	q.Patients = nil
	if err := inAllUnits(ctx, tx, &q); err != nil {
		return 0, err
	}
	if err := w.narrow(op, q); err != nil {
		return 0, err
	}
	number := w.arg(s.Number)
	tag, err := tx.Exec(ctx, `
		with changed as materialized (`+changed+`),
			hit as (select distinct r.ehr_no, r.resource_type, r.resource_id, r.last_updated`+w.from+strings.Join(w.terms, "\n\tand ")+`)
		insert into fhir_event (subscription_no, event_no, ehr_no, vo_no, last_updated, resource_type, resource_id)
		select s.subscription_no, s.events + row_number() over (order by o.seq, o.place), o.ehr_no, o.vo_no, o.last_updated, o.resource_type, o.resource_id
		from changed o
		join hit using (ehr_no, resource_type, resource_id, last_updated)
		join fhir_subscription s on s.subscription_no = `+number+` and not pg_visible_in_snapshot(o.xid, s.since)
		where not o.prior`, *w.args...)
	if err != nil || tag.RowsAffected() == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, `update fhir_subscription set events = events + $2 where subscription_no = $1`, s.Number, tag.RowsAffected())
	return tag.RowsAffected(), err
}

// misunderstood ends a subscription whose filter this version of the server does not
// understand, as an update may have changed what it does.
func misunderstood(ctx context.Context, tx pgx.Tx, s *fhir.Subscription) error {
	_, err := tx.Exec(ctx, `update fhir_subscription set status = 'error', error = 'the filter is not understood by this version of the server', failed = now() where subscription_no = $1`, s.Number)
	return err
}

// subscribed narrows to the records e of the patients that a subscription names, or
// without any to those that a search without a patient is of.
func (w *where) subscribed(q fhir.Query) {
	if q.Patients == nil {
		w.add(`e.is_queryable`)
		return
	}
	ids := []uuid.UUID{}
	for _, p := range q.Patients {
		if id, err := uuid.Parse(p); err == nil {
			ids = append(ids, id)
		}
	}
	w.add(`e.ehr_id = any(` + w.arg(ids) + `::uuid[])`)
}

// Listening reports whether there is a subscription whose events are kept, or
// what is left of one.
func (r *Reader) Listening(ctx context.Context) (yes bool, err error) {
	err = r.store.Pool().QueryRow(ctx, `select exists (select from fhir_subscription where `+live+`) or exists (select from fhir_outbox)`).Scan(&yes)
	return yes, fail("fhirstore.Listening", err)
}

// Due are the numbers of the rest-hook subscriptions that have something to be
// sent: a handshake, events or a heartbeat.
func (r *Reader) Due(ctx context.Context) ([]int32, error) {
	const op = "fhirstore.Due"
	rows, err := r.store.Pool().Query(ctx, `select subscription_no from fhir_subscription
		where channel = 'rest-hook' and (status = 'requested'
			or status = 'active' and (events > delivered or sent + make_interval(secs => heartbeat) <= now()))`)
	if err != nil {
		return nil, fail(op, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	return list, fail(op, err)
}

// Numbered reads a subscription by its number; NotFound if it was deleted.
func (r *Reader) Numbered(ctx context.Context, number int32) (fhir.Subscription, error) {
	const op = "fhirstore.Numbered"
	list, err := r.subscriptions(ctx, r.store.Pool(), `subscription_no = $1`, number)
	if err == nil && len(list) == 0 {
		err = noSubscription(op)
	}
	if err != nil {
		return fhir.Subscription{}, err
	}
	return list[0], nil
}

// Delivered notes that a notification was delivered, with events up to a number.
// One that was requested is active from now on.
func (r *Reader) Delivered(ctx context.Context, s *fhir.Subscription, upTo int64) error {
	_, err := r.store.Pool().Exec(ctx, `update fhir_subscription
		set delivered = least(greatest(delivered, $2), events), sent = now(), error = null, failed = null, status = case status when 'requested' then 'active' else status end
		where subscription_no = $1 and version = $3 and status in ('requested', 'active')`, s.Number, upTo, s.Version)
	return fail("fhirstore.Delivered", err)
}

// Failed notes why a notification could not be delivered; with final the
// subscription is in error from now on. The reason holds nothing of the record.
func (r *Reader) Failed(ctx context.Context, s *fhir.Subscription, reason string, final bool) error {
	_, err := r.store.Pool().Exec(ctx, `update fhir_subscription
		set error = $2, status = case when $3 then 'error' else status end, failed = case when $3 then now() else failed end
		where subscription_no = $1 and version = $4 and status in ('requested', 'active')`, s.Number, reason, final, s.Version)
	return fail("fhirstore.Failed", err)
}

// Pending locks a subscription in a transaction and reports whether events wait
// for delivery: none can be added until it ends.
func Pending(ctx context.Context, tx pgx.Tx, number int32) (yes bool, err error) {
	err = tx.QueryRow(ctx, `select status in ('requested', 'active') and (events > delivered or status = 'requested')
		from fhir_subscription where subscription_no = $1 for no key update`, number).Scan(&yes)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return yes, fail("fhirstore.Pending", err)
}

// Tidy turns off subscriptions that have ended, and those in error for longer
// than the retention, deletes events older than that, delivered or not, and has
// commits write no outbox any more if nobody listens.
func (r *Reader) Tidy(ctx context.Context, retention time.Duration) error {
	const op = "fhirstore.Tidy"
	seconds := retention.Seconds()
	batch := &pgx.Batch{}
	batch.Queue(`update fhir_subscription set status = 'off', version = version + 1, last_updated = greatest(date_trunc('milliseconds', clock_timestamp()), last_updated),
			error = case when ends <= now() then error else 'it was in error too long, and events that were not delivered are lost; the last reason: ' || coalesce(error, '') end
		where status <> 'off' and (ends <= now() or failed < now() - make_interval(secs => $1))`, seconds)
	batch.Queue(`delete from fhir_event where created < now() - make_interval(secs => $1)`, seconds)
	batch.Queue(`delete from fhir_binding where expires < now()`)
	if err := r.store.Pool().SendBatch(ctx, batch).Close(); err != nil {
		return fail(op, err)
	}
	err := pgx.BeginFunc(ctx, r.store.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(publishLock)); err != nil {
			return err
		}
		if err := unpublishDocuments(ctx, tx); err != nil {
			return err
		}
		published, err := publishing(ctx, tx, resourceTrigger)
		if err != nil || !published {
			return err
		}
		var listening bool
		if err := tx.QueryRow(ctx, `select exists (select from fhir_subscription where `+live+`)`).Scan(&listening); err != nil || listening {
			return err
		}
		// Dropped rather than disabled: the rows for a disabled trigger are still
		// collected. Whoever reads the table for long is not to hold up the others
		// behind this.
		_, err = tx.Exec(ctx, `
			set local lock_timeout = '100ms';
			drop trigger fhir_publish on fhir_resource;
			drop trigger fhir_retire on fhir_resource;
			delete from fhir_outbox`)
		return err
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "55P03" { // lock_not_available: another time
		return nil
	}
	return fail(op, err)
}

// Restored puts right what a restored copy of the database holds of the numbers
// of transactions of another server: if they are ahead of this one's, what is in
// the outbox and what follows is compared with all subscriptions; and what there is
// of resources is of all snapshots of searches. To be called before commits are.
func (r *Reader) Restored(ctx context.Context) error {
	batch := &pgx.Batch{}
	batch.Queue(`update fhir_subscription set since = '1:1:' where pg_snapshot_xmax(since) > pg_snapshot_xmax(pg_current_snapshot())`)
	batch.Queue(`update fhir_outbox set xid = '3' where xid >= pg_snapshot_xmax(pg_current_snapshot())`)
	batch.Queue(`update fhir_origin o set system = c.system_identifier,
			until = greatest(clock_timestamp(), (select max(last_updated) from fhir_resource where last_updated > clock_timestamp()))
		from pg_control_system() c where o.system is distinct from c.system_identifier`)
	return fail("fhirstore.Restored", r.store.Pool().SendBatch(ctx, batch).Close())
}

// Unsendable puts all rest-hook subscriptions in error, for a server that sends
// nothing to endpoints.
func (r *Reader) Unsendable(ctx context.Context, reason string) error {
	_, err := r.store.Pool().Exec(ctx, `update fhir_subscription set status = 'error', error = $1, failed = now()
		where channel = 'rest-hook' and status in ('requested', 'active')`, reason)
	return fail("fhirstore.Unsendable", err)
}

// SubscriptionLock holds the delivery of one subscription to one place: it is
// taken on a connection and lost with it. It reports whether it was free.
func SubscriptionLock(ctx context.Context, conn *pgx.Conn, number int32) (free bool, err error) {
	err = conn.QueryRow(ctx, `select pg_try_advisory_lock($1, $2)`, int32(subscriptionSpace), number).Scan(&free)
	return free, fail("fhirstore.SubscriptionLock", err)
}

// SubscriptionFree is an SQL condition that nobody delivers the subscription of a
// number; while it is evaluated, nobody can begin to.
func SubscriptionFree(number string) string {
	return fmt.Sprintf("pg_try_advisory_xact_lock(%d, %s)", int32(subscriptionSpace), number)
}

// SubscriptionUnlock gives it back.
func SubscriptionUnlock(ctx context.Context, conn *pgx.Conn, number int32) error {
	_, err := conn.Exec(ctx, `select pg_advisory_unlock($1, $2)`, int32(subscriptionSpace), number)
	return fail("fhirstore.SubscriptionUnlock", err)
}

// subscriptionSpace is the space of advisory locks of deliveries.
const subscriptionSpace = 0x66737562
