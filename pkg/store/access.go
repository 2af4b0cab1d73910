package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// accessPart is the name of a partition of the record of accesses, which is that
// of a month.
const accessPart = "access_2006_01"

// accessColumns are those of an entry, in the order in which accessRows gives them.
var accessColumns = []string{
	"at", "door", "interaction", "action", "subject", "object", "ehr_id", "actor", "on_behalf_of", "purpose", "status", "request_id", "lost",
}

// accessRows gives entries to COPY, which takes half the time of an INSERT of as
// many.
type accessRows struct {
	list []ehr.Access
	ids  map[int64]uuid.UUID // of EHRs by number
	next int
	row  []any
}

// Next implements pgx.CopyFromSource.
func (r *accessRows) Next() bool {
	r.next++
	return r.next <= len(r.list)
}

// Values implements pgx.CopyFromSource.
func (r *accessRows) Values() ([]any, error) {
	a := &r.list[r.next-1]
	id := a.EHR
	if id == uuid.Nil && a.EHRNo != 0 {
		id = r.ids[a.EHRNo]
	}
	r.row = append(r.row[:0], a.At, a.Door, a.Interaction, a.Action, a.Subject, filled(a.Object), pgtype.UUID{Bytes: id, Valid: id != uuid.Nil},
		a.Actor.ID, filled(a.Actor.OnBehalfOf), filled(a.Actor.Purpose), int32(a.Status), filled(a.RequestID), a.Lost)
	return r.row, nil
}

// Err implements pgx.CopyFromSource.
func (r *accessRows) Err() error { return nil }

// filled is a text of which there is none if it is empty.
func filled(s string) pgtype.Text { return pgtype.Text{String: s, Valid: s != ""} }

// SaveAccesses writes entries of the record of accesses, all or none.
func (s *Store) SaveAccesses(ctx context.Context, list []ehr.Access) error {
	const op = "store.SaveAccesses"
	months := map[time.Time]bool{}
	var numbers []int64
	for i := range list {
		at := list[i].At.UTC()
		months[time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)] = true
		if list[i].EHR == uuid.Nil && list[i].EHRNo != 0 {
			numbers = append(numbers, list[i].EHRNo)
		}
	}
	for month := range months {
		if err := s.accessPart(ctx, month); err != nil {
			return failure(op, err)
		}
	}
	rows := accessRows{list: list}
	if len(numbers) > 0 {
		// One that was deleted physically meanwhile has no id any more.
		var err error
		if rows.ids, err = s.ehrIDs(ctx, numbers); err != nil {
			return failure(op, err)
		}
	}
	if _, err := s.main.CopyFrom(ctx, pgx.Identifier{"access"}, accessColumns, &rows); err != nil {
		s.accessParts.Clear() // one may have been dropped
		return failure(op, err)
	}
	return nil
}

// ehrIDs are the ids of EHRs by their numbers.
func (s *Store) ehrIDs(ctx context.Context, numbers []int64) (map[int64]uuid.UUID, error) {
	rows, err := s.main.Query(ctx, `select ehr_no, ehr_id from ehr where ehr_no = any($1)`, numbers)
	if err != nil {
		return nil, err
	}
	ids := map[int64]uuid.UUID{}
	var no int64
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&no, &id}, func() error {
		ids[no] = id
		return nil
	})
	return ids, err
}

// accessPart makes the partition of a month, given by its beginning, if it is not
// there.
func (s *Store) accessPart(ctx context.Context, first time.Time) error {
	name := first.Format(accessPart)
	if _, ok := s.accessParts.Load(name); ok {
		return nil
	}
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
