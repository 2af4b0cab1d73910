package fhirstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

var _ fhir.Subscriber = (*Reader)(nil)

// maxSubscriptions is how many one owner may have.
const maxSubscriptions = 100

// bindingLife is how long a token for a websocket can be used.
const bindingLife = 5 * time.Minute

// The keys of advisory locks: of whoever changes whether changes are published,
// and of whoever compares what has changed with the subscriptions.
const (
	publishLock = 0x636169726e707562
	matchLock   = 0x636169726e6d6174
)

const subscriptionColumns = `subscription_no, id, version, last_updated, who, status, coalesce(error, ''), content, headers, ends, events, delivered, sent`

func (r *Reader) scanSubscription(row pgx.Row) (s fhir.Subscription, err error) {
	var who, content []byte
	var ends, sent *time.Time
	if err = row.Scan(&s.Number, &s.ID, &s.Version, &s.LastUpdated, &who, &s.Status, &s.Error, &content, &s.Headers, &ends, &s.Events, &s.Delivered, &sent); err != nil {
		return s, err
	}
	s.LastUpdated = s.LastUpdated.UTC()
	if ends != nil {
		s.Ends = ends.UTC()
	}
	if sent != nil {
		s.Sent = sent.UTC()
	}
	if err = json.Unmarshal(who, &s.Owner); err == nil {
		err = json.Unmarshal(content, &s.Terms)
	}
	if err != nil {
		err = errs.Wrap(errs.Internal, "fhirstore.scanSubscription", "", err)
	}
	s.Headers, s.Current, s.Sealed = r.keys.open(s.ID, s.Headers)
	return s, err
}

// maySubscribe asks for the search that the subscription amounts to.
func (r *Reader) maySubscribe(ctx context.Context, s *fhir.Subscription) error {
	q, err := s.Query()
	if err != nil {
		return err
	}
	_, err = r.authorise(ctx, s.Owner, q)
	return err
}

// live are the states in which events are kept for a subscription.
const live = `status in ('requested', 'active', 'error')`

// publish has commits write what they change into the outbox from now on. The
// triggers wait for the commits under way, and those that follow for them.
func publish(ctx context.Context, tx pgx.Tx, typ string) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(publishLock)); err != nil {
		return err
	}
	if virtual.WholeComposition(typ) {
		if err := publishDocuments(ctx, tx, typ); err != nil {
			return err
		}
	}
	if published, err := publishing(ctx, tx, resourceTrigger); err != nil || published {
		return err
	}
	_, err := tx.Exec(ctx, `
		set local lock_timeout = '10s';
		create trigger fhir_retire after update on fhir_resource
			referencing old table as old_rows new table as new_rows for each statement execute function fhir_retire();
		create trigger fhir_publish after insert on fhir_resource
			referencing new table as new_rows for each statement execute function fhir_publish()`)
	return err
}

// The triggers by which commits write the outbox, with their tables.
var (
	resourceTrigger = [2]string{"fhir_resource", "fhir_publish"}
	documentTrigger = [2]string{"version", "fhir_publish_document"}
	waitedTrigger   = [2]string{"fhir_queue", "fhir_publish_waited"}
)

func publishing(ctx context.Context, tx pgx.Tx, trigger [2]string) (yes bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select from pg_trigger where tgrelid = $1::text::regclass and tgname = $2)`, trigger[0], trigger[1]).Scan(&yes)
	return yes, err
}

func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// NewSubscription stores a subscription. See fhir.Subscriber.
func (r *Reader) NewSubscription(ctx context.Context, s *fhir.Subscription) error {
	const op = "fhirstore.NewSubscription"
	return r.keepSubscription(ctx, op, s, func(tx pgx.Tx, row subscriptionRow) error {
		var have int
		if err := tx.QueryRow(ctx, `select count(*) from fhir_subscription where actor = $1`, s.Owner.ID).Scan(&have); err != nil {
			return err
		}
		if have >= maxSubscriptions {
			return errs.New(errs.Conflict, op, fmt.Sprintf("there are %d subscriptions of this owner already: delete one", have))
		}
		s.Version = 1
		return tx.QueryRow(ctx, `
			insert into fhir_subscription (id, actor, who, status, channel, content, headers, ends, heartbeat, since)
			values ($1, $2, $3, $4, $5, $6, coalesce($7, '{}'::text[]), $8, nullif($9, 0), pg_current_snapshot())
			returning subscription_no, last_updated`,
			s.ID, s.Owner.ID, row.who, opening(s), s.Channel, row.content, row.headers, nullTime(s.Ends), s.Heartbeat).Scan(&s.Number, &s.LastUpdated)
	})
}

// subscriptionRow is what the columns of a subscription hold in another form.
type subscriptionRow struct {
	who, content []byte
	headers      []string // sealed
}

// keepSubscription writes a subscription that its owner may have, and has commits
// publish what it waits for.
func (r *Reader) keepSubscription(ctx context.Context, op string, s *fhir.Subscription, write func(pgx.Tx, subscriptionRow) error) error {
	if err := r.maySubscribe(ctx, s); err != nil {
		return err
	}
	var row subscriptionRow
	var err error
	if row.who, row.content, err = marshalled(s); err != nil {
		return err
	}
	if row.headers, err = r.keys.seal(s.ID, s.Headers); err != nil {
		return err
	}
	return fail(op, pgx.BeginFunc(ctx, r.store.Pool(), func(tx pgx.Tx) error {
		if err := publish(ctx, tx, s.Type); err != nil {
			return err
		}
		return write(tx, row)
	}))
}

// opening is the state in which a subscription begins: nobody has to be asked
// whether a websocket that a client is going to open is there.
func opening(s *fhir.Subscription) string {
	if s.Status == fhir.StatusRequested && s.Channel == fhir.ChannelSocket {
		s.Status = fhir.StatusActive
	}
	return s.Status
}

func marshalled(s *fhir.Subscription) (who, content []byte, err error) {
	if who, err = json.Marshal(s.Owner); err == nil {
		content, err = json.Marshal(s.Terms)
	}
	if err != nil {
		err = errs.Wrap(errs.Internal, "fhirstore.marshalled", "", err)
	}
	return who, content, err
}

func noSubscription(op string) error {
	return errs.New(errs.NotFound, op, "there is no such Subscription")
}

// Subscription reads one. See fhir.Subscriber.
func (r *Reader) Subscription(ctx context.Context, who ehr.Actor, id uuid.UUID) (fhir.Subscription, error) {
	const op = "fhirstore.Subscription"
	s, err := r.scanSubscription(r.store.Pool().QueryRow(ctx, `select `+subscriptionColumns+` from fhir_subscription where id = $1 and actor = $2`, id, who.ID))
	if errors.Is(err, pgx.ErrNoRows) {
		return s, noSubscription(op)
	}
	return s, fail(op, err)
}

// Subscriptions reads all of an owner. See fhir.Subscriber.
func (r *Reader) Subscriptions(ctx context.Context, who ehr.Actor) ([]fhir.Subscription, error) {
	return r.subscriptions(ctx, r.store.Pool(), `actor = $1 order by id`, who.ID)
}

// querier is a pool or a transaction.
type querier interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}

func (r *Reader) subscriptions(ctx context.Context, q querier, where string, args ...any) ([]fhir.Subscription, error) {
	const op = "fhirstore.subscriptions"
	rows, err := q.Query(ctx, `select `+subscriptionColumns+` from fhir_subscription where `+where, args...)
	if err != nil {
		return nil, fail(op, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (fhir.Subscription, error) { return r.scanSubscription(row) })
	return list, fail(op, err)
}

// ReplaceSubscription stores new terms. See fhir.Subscriber. One that was off
// begins with what is committed from now on; the numbers of events go on.
func (r *Reader) ReplaceSubscription(ctx context.Context, s *fhir.Subscription) error {
	const op = "fhirstore.ReplaceSubscription"
	return r.keepSubscription(ctx, op, s, func(tx pgx.Tx, row subscriptionRow) error {
		err := tx.QueryRow(ctx, `
			update fhir_subscription set version = version + 1, last_updated = greatest(date_trunc('milliseconds', clock_timestamp()), last_updated + interval '1 millisecond'),
				who = $4, status = $5, error = null, failed = null, content = $6, headers = coalesce($7, '{}'::text[]), ends = $8, heartbeat = nullif($9, 0),
				since = case status when 'off' then pg_current_snapshot() else since end,
				delivered = case status when 'off' then events else delivered end
			where id = $1 and actor = $2 and version = $3
			returning version, last_updated, events, delivered`,
			s.ID, s.Owner.ID, s.Version, row.who, opening(s), row.content, row.headers, nullTime(s.Ends), s.Heartbeat).Scan(&s.Version, &s.LastUpdated, &s.Events, &s.Delivered)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.Precondition, op, "the subscription has changed since it was read")
		}
		return err
	})
}

// DropSubscription deletes one. See fhir.Subscriber.
func (r *Reader) DropSubscription(ctx context.Context, who ehr.Actor, id uuid.UUID) error {
	const op = "fhirstore.DropSubscription"
	tag, err := r.store.Pool().Exec(ctx, `delete from fhir_subscription where id = $1 and actor = $2`, id, who.ID)
	if err == nil && tag.RowsAffected() == 0 {
		return noSubscription(op)
	}
	return fail(op, err)
}

// SubscriptionEvents reads events. See fhir.Subscriber. The decision point is
// asked for each of the records anew.
func (r *Reader) SubscriptionEvents(ctx context.Context, s fhir.Subscription, after int64, limit int, whole bool) ([]fhir.Event, error) {
	const op = "fhirstore.SubscriptionEvents"
	if virtual.WholeComposition(s.Type) {
		return r.documentEvents(ctx, s, after, limit, whole)
	}
	if s.Type == virtual.Provenance {
		return r.provenanceEvents(ctx, s, after, limit, whole)
	}
	rows, err := r.store.Pool().Query(ctx, about(s.Type, `select r.event_no, r.happened, r.ehr_id, r.first, `+recordColumns+`
		from (select f.*, x.event_no, x.last_updated as happened, e.ehr_id,
				not exists (select from fhir_resource p where p.ehr_no = x.ehr_no and p.resource_type = x.resource_type and p.resource_id = x.resource_id and p.last_updated < x.last_updated) as first
			from fhir_event x
			join ehr e on e.ehr_no = x.ehr_no
			join fhir_resource f on f.ehr_no = x.ehr_no and f.resource_type = x.resource_type and f.resource_id = x.resource_id and f.last_updated = x.last_updated
			where x.subscription_no = $1 and x.event_no > $2
			order by x.event_no limit $3) r`+recordJoins+`
		order by r.event_no`), s.Number, after, limit)
	if err != nil {
		return nil, fail(op, err)
	}
	defer rows.Close()
	var out []fhir.Event
	var owners []uuid.UUID
	scan := scanner{store: r.store, labels: r.labels}
	defer scan.forget()
	for rows.Next() {
		var e fhir.Event
		var owner uuid.UUID
		var first bool
		if err := scan.record(rows, &e.Record, &e.Number, &e.Happened, &owner, &first); err != nil {
			return nil, fail(op, err)
		}
		e.Happened, e.Deleted, e.Record.First = e.Happened.UTC(), e.Record.JSON == nil, first
		out, owners = append(out, e), append(owners, owner)
	}
	if err := rows.Err(); err != nil {
		return nil, fail(op, err)
	}
	records := make([]*fhir.Record, len(out))
	for i := range out {
		records[i] = &out[i].Record
	}
	if err := scan.complete(ctx, records...); err != nil {
		return nil, fail(op, err)
	}
	for i := range out {
		if !whole {
			out[i].Record.JSON = nil
		}
	}
	decided := map[[16]byte]bool{}
	for i := range out {
		refused, ok := decided[owners[i]]
		if !ok {
			refused = r.decide(ctx, s.Owner, ehr.ActionRead, on(owners[i], s.Type)) != nil
			decided[owners[i]] = refused
		}
		if refused {
			out[i].Withheld, out[i].Record = true, fhir.Record{}
		}
	}
	return out, nil
}

// NewBinding makes a token. See fhir.Subscriber. Only its digest is stored.
func (r *Reader) NewBinding(ctx context.Context, list []fhir.Subscription) (string, time.Time, error) {
	const op = "fhirstore.NewBinding"
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	digest := sha256.Sum256([]byte(token))
	var numbers []int32
	for _, s := range list {
		numbers = append(numbers, s.Number)
	}
	expires := time.Now().Add(bindingLife).UTC().Truncate(time.Millisecond)
	_, err := r.store.Pool().Exec(ctx, `insert into fhir_binding (digest, subscriptions, expires) values ($1, $2, $3)`, digest[:], numbers, expires)
	return token, expires, fail(op, err)
}

// Binding uses a token up: the subscriptions that a websocket with it is for, of
// those that exist and are not off. NotFound if there is none, or the token was
// used or is too old.
func (r *Reader) Binding(ctx context.Context, token string) ([]fhir.Subscription, error) {
	const op = "fhirstore.Binding"
	digest := sha256.Sum256([]byte(token))
	var numbers []int32
	err := r.store.Pool().QueryRow(ctx, `delete from fhir_binding where digest = $1 and expires > now() returning subscriptions`, digest[:]).Scan(&numbers)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.New(errs.NotFound, op, "there is no such token")
	}
	if err != nil {
		return nil, fail(op, err)
	}
	list, err := r.subscriptions(ctx, r.store.Pool(), `channel = 'websocket' and status <> 'off' and subscription_no = any($1) order by subscription_no`, numbers)
	if err == nil && len(list) == 0 {
		err = errs.New(errs.NotFound, op, "there is no such token")
	}
	return list, err
}
