package store

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// scoped is a statement on what an EHR owns, whose id is $1, and the same on
// what the demographic repository owns.
type scoped struct{ ehr, demographics string }

// scope makes a statement that uses nothing of the table ehr but, as e, its
// columns ehr_no and ehr_id. The repository has no row there: a constant takes
// its place.
func scope(sql string) scoped {
	const table, constant = "from ehr e", "from (select 0::bigint as ehr_no, $1::uuid as ehr_id) e"
	if strings.Count(sql, table) != 1 {
		panic("store: a scoped statement must read from the EHR once")
	}
	return scoped{sql, strings.Replace(sql, table, constant, 1)}
}

func (s scoped) of(ehrID uuid.UUID) string {
	if ehrID == ehr.Demographics {
		return s.demographics
	}
	return s.ehr
}

// owner is the EHR of a commit; nil is the demographic repository.
func owner(ehrID uuid.UUID) *uuid.UUID {
	if ehrID == ehr.Demographics {
		return nil
	}
	return &ehrID
}

// samePartition refuses parties in an EHR, and anything else in the
// demographic repository.
func samePartition(c ehr.Contribution) error {
	const op = "store.Commit"
	if c.EHRID == ehr.Demographics && c.NewEHR != nil {
		return errs.New(errs.Invalid, op, "no EHR can have this id")
	}
	for i := range c.Versions {
		if kind := c.Versions[i].Kind; kind.IsParty() != (c.EHRID == ehr.Demographics) {
			return errs.New(errs.Invalid, op, kind.String()+" does not belong into this repository")
		}
	}
	return nil
}

// Parties finds out what parties are. See ehr.Store.
func (s *Store) Parties(ctx context.Context, objects []uuid.UUID) (map[uuid.UUID]ehr.PartyState, error) {
	const op = "store.Parties"
	rows, err := s.conn(ctx).Query(ctx, `
		select object_id, kind, lifecycle_state = 523
		from version
		where ehr_no = 0 and object_id = any($1) and time_superseded is null`, objects)
	if err != nil {
		return nil, failure(op, err)
	}
	out := make(map[uuid.UUID]ehr.PartyState, len(objects))
	var id uuid.UUID
	var p ehr.PartyState
	if _, err := pgx.ForEachRow(rows, []any{&id, &p.Kind, &p.Deleted}, func() error {
		out[id] = p
		return nil
	}); err != nil {
		return nil, failure(op, err)
	}
	return out, nil
}
