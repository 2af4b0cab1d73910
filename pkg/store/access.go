package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// accessPart is the name of a partition of the record of accesses, which is that
// of a month.
const accessPart = "access_2006_01"

// saveAccessSQL finds the ids of EHRs of which the number is known. One that was
// deleted physically meanwhile has none any more.
const saveAccessSQL = `
	insert into access (at, door, interaction, action, subject, object, ehr_id, actor, on_behalf_of, purpose, status, request_id, lost)
	select u.at, u.door, u.interaction, u.action, u.subject, nullif(u.object, ''), coalesce(u.ehr_id, e.ehr_id), u.actor,
		nullif(u.behalf, ''), nullif(u.purpose, ''), u.status, nullif(u.request, ''), u.lost
	from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::bigint[],
			$9::text[], $10::text[], $11::text[], $12::integer[], $13::text[], $14::bigint[]) with ordinality
		as u(at, door, interaction, action, subject, object, ehr_id, ehr_no, actor, behalf, purpose, status, request, lost, n)
	left join ehr e on e.ehr_no = u.ehr_no
	order by n`

// SaveAccesses writes entries of the record of accesses, all or none.
func (s *Store) SaveAccesses(ctx context.Context, list []ehr.Access) error {
	const op = "store.SaveAccesses"
	n := len(list)
	at := make([]time.Time, n)
	door, interaction, action, subject, object := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	id, number := make([]*uuid.UUID, n), make([]*int64, n)
	actor, behalf, purpose := make([]string, n), make([]string, n), make([]string, n)
	status, request, lost := make([]int32, n), make([]string, n), make([]int64, n)
	months := map[string]time.Time{}
	for i := range list {
		a := &list[i]
		at[i] = a.At
		door[i], interaction[i], action[i], subject[i], object[i] = a.Door, a.Interaction, a.Action, a.Subject, a.Object
		if a.EHR != uuid.Nil {
			id[i] = &a.EHR
		}
		if a.EHRNo != 0 {
			number[i] = &a.EHRNo
		}
		actor[i], behalf[i], purpose[i] = a.Actor.ID, a.Actor.OnBehalfOf, a.Actor.Purpose
		status[i], request[i], lost[i] = int32(a.Status), a.RequestID, a.Lost
		months[a.At.UTC().Format(accessPart)] = a.At.UTC()
	}
	for name, at := range months {
		if err := s.accessPart(ctx, name, at); err != nil {
			return failure(op, err)
		}
	}
	if _, err := s.main.Exec(ctx, saveAccessSQL, at, door, interaction, action, subject, object, id, number, actor, behalf, purpose, status, request, lost); err != nil {
		s.accessParts.Clear() // one may have been dropped
		return failure(op, err)
	}
	return nil
}

// accessPart makes the partition of a month, if it is not there.
func (s *Store) accessPart(ctx context.Context, name string, at time.Time) error {
	if _, ok := s.accessParts.Load(name); ok {
		return nil
	}
	first := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	err := pgx.BeginFunc(ctx, s.main, func(tx pgx.Tx) error {
		// Two servers that begin a month at once go one after the other.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock('access'::regclass::oid::bigint)`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(`create table if not exists %s partition of access for values from ('%s') to ('%s')`,
			name, first.Format(time.RFC3339), first.AddDate(0, 1, 0).Format(time.RFC3339)))
		return err
	})
	if err == nil {
		s.accessParts.Store(name, true)
	}
	return err
}

// DropAccesses deletes the months of the record of accesses that ended before a
// time, and gives how many there were.
func (s *Store) DropAccesses(ctx context.Context, before time.Time) (int, error) {
	const op = "store.DropAccesses"
	rows, err := s.main.Query(ctx, `select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'access'::regclass order by 1`)
	if err != nil {
		return 0, failure(op, err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, failure(op, err)
	}
	dropped := 0
	for _, name := range names {
		month, err := time.Parse(accessPart, name)
		if err != nil || !strings.HasPrefix(name, "access_") || month.AddDate(0, 1, 0).After(before) {
			continue
		}
		err = pgx.BeginFunc(ctx, s.main, func(tx pgx.Tx) error {
			// A long search must not make all others wait behind this.
			if _, err := tx.Exec(ctx, `set local lock_timeout = '5s'`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `drop table if exists `+pgx.Identifier{name}.Sanitize())
			return err
		})
		if err != nil {
			return dropped, failure(op, err)
		}
		s.accessParts.Delete(name)
		dropped++
	}
	return dropped, nil
}
