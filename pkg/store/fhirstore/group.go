package fhirstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
)

var _ fhir.Grouper = (*Reader)(nil)

func noGroup(op string) error { return errs.New(errs.NotFound, op, "there is no such Group") }

// NewGroup stores a group. See fhir.Grouper.
func (r *Reader) NewGroup(ctx context.Context, who ehr.Actor, g *fhir.PatientGroup) error {
	const op = "fhirstore.NewGroup"
	if err := r.mayGroup(ctx, who, g); err != nil {
		return err
	}
	return fail(op, pgx.BeginFunc(ctx, r.store.Pool(), func(tx pgx.Tx) error {
		// Groups of one actor are made one after the other, so that they are counted.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1, hashtext($2))`, int32(groupSpace), who.ID); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `insert into fhir_group (group_id, actor, content) select $1, $2, $3
			where (select count(*) from fhir_group where actor = $2) < $4
			returning version, last_updated`, g.ID, who.ID, string(g.Content), fhir.MaxGroups).Scan(&g.Version, &g.LastUpdated)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.Conflict, op, fmt.Sprintf("there are %d groups already: delete some", fhir.MaxGroups))
		}
		if err != nil {
			return err
		}
		return members(ctx, tx, op, g)
	}))
}

// groupSpace is the space of advisory locks of the owners of groups.
const groupSpace = 0x66686772

// mayGroup asks for each member. One that the actor may not query is refused like
// one that does not exist.
func (r *Reader) mayGroup(ctx context.Context, who ehr.Actor, g *fhir.PatientGroup) error {
	for i, p := range g.Members {
		if err := r.decide(ctx, who, ehr.ActionQuery, ehr.Target{EHRID: p, Class: "Patient"}); err != nil {
			return notMember(i)
		}
	}
	return nil
}

func notMember(i int) error {
	return errs.New(errs.Unprocessable, "fhirstore.Group", fmt.Sprintf("the member %d is no patient that you may query", i+1))
}

// members stores the members of a group that has none.
func members(ctx context.Context, tx pgx.Tx, op string, g *fhir.PatientGroup) error {
	ids := make([]uuid.UUID, len(g.Members))
	for i, m := range g.Members {
		var err error
		if ids[i], err = uuid.Parse(m); err != nil {
			return notMember(i)
		}
	}
	// The locks keep a physical deletion away until this is done.
	rows, err := tx.Query(ctx, `
		with e as (select ehr_no, ehr_id from ehr where ehr_id = any($2) and ehr_no > 0 for key share),
			m as (insert into fhir_group_member (group_id, ehr_no) select $1, ehr_no from e)
		select ehr_id from e`, g.ID, ids)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	known := make(map[uuid.UUID]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	for i, id := range ids {
		if !known[id] {
			return notMember(i)
		}
	}
	g.Count = len(found)
	return nil
}

// Group reads a group. See fhir.Grouper.
func (r *Reader) Group(ctx context.Context, who ehr.Actor, id uuid.UUID) (fhir.PatientGroup, error) {
	const op = "fhirstore.Group"
	g := fhir.PatientGroup{ID: id}
	var ids []uuid.UUID
	err := r.store.Pool().QueryRow(ctx, `select g.version, g.last_updated, g.content, array(
			select e.ehr_id from fhir_group_member m join ehr e on e.ehr_no = m.ehr_no where m.group_id = g.group_id order by e.ehr_id)
		from fhir_group g where g.group_id = $1 and g.actor = $2`, id, who.ID).Scan(&g.Version, &g.LastUpdated, &g.Content, &ids)
	if errors.Is(err, pgx.ErrNoRows) {
		return g, noGroup(op)
	}
	if err != nil {
		return g, fail(op, err)
	}
	for _, id := range ids {
		g.Members = append(g.Members, id.String())
	}
	g.Count = len(ids)
	return g, nil
}

// Groups lists groups. See fhir.Grouper.
func (r *Reader) Groups(ctx context.Context, who ehr.Actor, member string) ([]fhir.PatientGroup, error) {
	const op = "fhirstore.Groups"
	sql, args := `select g.group_id, g.version, g.last_updated, g.content, (select count(*) from fhir_group_member m where m.group_id = g.group_id)
		from fhir_group g where g.actor = $1`, []any{who.ID}
	if member != "" {
		id, err := uuid.Parse(member)
		if err != nil {
			return nil, nil // no patient has such an id
		}
		sql += ` and exists (select from fhir_group_member m join ehr e on e.ehr_no = m.ehr_no where m.group_id = g.group_id and e.ehr_id = $2)`
		args = append(args, id)
	}
	rows, err := r.store.Pool().Query(ctx, sql+` order by g.group_id`, args...)
	if err != nil {
		return nil, fail(op, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g fhir.PatientGroup, err error) {
		return g, row.Scan(&g.ID, &g.Version, &g.LastUpdated, &g.Content, &g.Count)
	})
	return list, fail(op, err)
}

// ReplaceGroup stores the next version of a group. See fhir.Grouper.
func (r *Reader) ReplaceGroup(ctx context.Context, who ehr.Actor, g *fhir.PatientGroup) error {
	const op = "fhirstore.ReplaceGroup"
	if err := r.mayGroup(ctx, who, g); err != nil {
		return err
	}
	return fail(op, pgx.BeginFunc(ctx, r.store.Pool(), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `update fhir_group set version = version + 1, content = $4,
				last_updated = greatest(date_trunc('milliseconds', clock_timestamp()), last_updated + interval '1 millisecond')
			where group_id = $1 and actor = $2 and version = $3
			returning version, last_updated`, g.ID, who.ID, g.Version, string(g.Content)).Scan(&g.Version, &g.LastUpdated)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.Precondition, op, "the group has changed or was deleted in the meantime")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from fhir_group_member where group_id = $1`, g.ID); err != nil {
			return err
		}
		return members(ctx, tx, op, g)
	}))
}

// DropGroup deletes a group. See fhir.Grouper.
func (r *Reader) DropGroup(ctx context.Context, who ehr.Actor, id uuid.UUID) error {
	const op = "fhirstore.DropGroup"
	tag, err := r.store.Pool().Exec(ctx, `delete from fhir_group where group_id = $1 and actor = $2`, id, who.ID)
	if err == nil && tag.RowsAffected() == 0 {
		return noGroup(op)
	}
	return fail(op, err)
}
