package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// objectTables are all tables with rows of one versioned object by its number,
// in the order of ehrTables.
var objectTables = []string{"version", "attestation", "fhir_queue", "fhir_loss", "fhir_resource", "fhir_id", "fhir_outbox", "fhir_event", "fhir_content", "node", "document", "workflow_entry"}

// recordErased leaves a trace of a deletion.
func recordErased(ctx context.Context, tx pgx.Tx, op string, who ehr.Actor, kind string, ehrID *uuid.UUID, id string, versions int64) error {
	_, err := tx.Exec(ctx, `
		insert into erased (kind, ehr_id, id, versions, time_deleted, actor, on_behalf_of, purpose)
		values ($1, $2, $3, $4, date_trunc('milliseconds', clock_timestamp()), $5, $6, $7)`,
		kind, ehrID, id, versions, who.ID, optional(who.OnBehalfOf), optional(who.Purpose))
	if err != nil {
		return failure(op, err)
	}
	return nil
}

// EraseComposition deletes a versioned composition physically. See ehr.Store.
func (s *Store) EraseComposition(ctx context.Context, who ehr.Actor, ehrID, object uuid.UUID) error {
	return s.eraseObject(ctx, "store.EraseComposition", "no such composition", who, ehrID, object, nil, ehr.KindComposition)
}

// EraseParty deletes a versioned party physically. See ehr.Store.
func (s *Store) EraseParty(ctx context.Context, who ehr.Actor, object uuid.UUID, projections []ehr.Projection) error {
	return s.eraseObject(ctx, "store.EraseParty", "no such party", who, ehr.Demographics, object, projections,
		ehr.KindAgent, ehr.KindGroup, ehr.KindOrganisation, ehr.KindPerson, ehr.KindRole)
}

var erasedSQL = scope(`
	select v.ehr_no, v.vo_no, v.kind, count(*), array_agg(v.contribution_id) || array(
		select a.contribution_id from attestation a where a.ehr_no = v.ehr_no and a.vo_no = v.vo_no)
	from ehr e join version v on v.ehr_no = e.ehr_no
	where e.ehr_id = $1 and v.object_id = $2 and v.kind = any($3)
	group by v.ehr_no, v.vo_no, v.kind`)

// eraseObject deletes an object of one of the kinds with all its versions.
func (s *Store) eraseObject(ctx context.Context, op, missing string, who ehr.Actor, ehrID, object uuid.UUID, projections []ehr.Projection, kinds ...ehr.Kind) error {
	codes := make([]int16, len(kinds))
	for i, k := range kinds {
		codes[i] = int16(k)
	}
	waiting := false
	err := s.transaction(ctx, op, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockKept); err != nil {
			return failure(op, err)
		}
		x := depending{store: s, tx: tx}
		if ehrID == ehr.Demographics {
			if err := x.erasing(ctx, object); err != nil {
				return failure(op, err)
			}
			if err := lockParty(ctx, tx, object); err != nil {
				return failure(op, err)
			}
		} else if err := lockWorkflows(ctx, tx, ehrID); err != nil {
			return failure(op, err)
		} else if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(uuid_hash_extended($1, 1))`, ehrID); err != nil {
			// Commits into the EHR share this lock, as in EraseEHRs.
			return failure(op, err)
		}
		var ehrNo, voNo, versions int64
		var kind int16
		var contributions []uuid.UUID
		err := tx.QueryRow(ctx, erasedSQL.of(ehrID), ehrID, object, codes).Scan(&ehrNo, &voNo, &kind, &versions, &contributions)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.NotFound, op, missing)
		}
		if err != nil {
			return failure(op, err)
		}
		if err := recordErased(ctx, tx, op, who, ehr.Kind(kind).String(), owner(ehrID), object.String(), versions); err != nil {
			return err
		}
		ehrs := []int64{} // parties are in none
		if ehrID != ehr.Demographics {
			ehrs = append(ehrs, ehrNo)
		}
		if err := eraseKept(ctx, tx, op, ehrs); err != nil {
			return err
		}
		if len(ehrs) > 0 {
			if waiting, err = eraseWorkflow(ctx, tx, ehrID, ehrNo, voNo, object); err != nil {
				return failure(op, err)
			}
			linked, err := unlink(ctx, tx, ehrNo, voNo, object)
			if err != nil {
				return failure(op, err)
			}
			waiting = waiting || linked
		}
		for _, table := range objectTables {
			if _, err := tx.Exec(ctx, `delete from `+table+` where ehr_no = $1 and vo_no = $2`, ehrNo, voNo); err != nil {
				return failure(op, err)
			}
		}
		for _, del := range []struct {
			sql  string
			args []any
		}{
			{`delete from item_tag where ehr_no = $1 and object_id = $2`, []any{ehrNo, object}},
			{`delete from idempotent_answer where ehr_id = $1`, []any{ehrID}},
			// A contribution without versions says nothing that is not in the
			// record of the deletion.
			{`delete from contribution c where ehr_no = $1 and contribution_id = any($2)
				and not exists (select from version v where v.ehr_no = c.ehr_no and v.contribution_id = c.contribution_id)
				and not exists (select from attestation a where a.ehr_no = c.ehr_no and a.contribution_id = c.contribution_id)`, []any{ehrNo, contributions}},
		} {
			if _, err := tx.Exec(ctx, del.sql, del.args...); err != nil {
				return failure(op, err)
			}
		}
		if ehrID != ehr.Demographics || len(projections) == 0 {
			return nil
		}
		if err := x.erased(ctx, projections); err != nil {
			return err
		}
		waiting, err = unrefer(ctx, tx, object)
		return err
	})
	if err == nil && waiting {
		s.wake()
	}
	return err
}

// unlink has what is made of compositions of the EHR that name an object, as LINKs to
// it do, projected again after it: a reference to what was made of it would lead
// nowhere. All latest compositions of the EHR are looked through, since no index knows
// what they name, and objects are deleted rarely.
func unlink(ctx context.Context, tx pgx.Tx, ehrNo, voNo int64, object uuid.UUID) (waiting bool, err error) {
	done, err := tx.Exec(ctx, `
		insert into fhir_queue (ehr_no, vo_no, since, retry)
		select v.ehr_no, v.vo_no, now(), now()
		from version v
		join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver
		where v.ehr_no = $1 and v.vo_no <> $2 and v.kind = 1 and v.time_superseded is null and v.tree is null
			and exists (select from fhir_resource r where r.ehr_no = v.ehr_no and r.vo_no = v.vo_no and r.superseded is null and r.byte_len is not null)
			and strpos(lower(d.content::text), $3::uuid::text) > 0
		on conflict (ehr_no, vo_no) do update set retry = excluded.retry, attempts = 0`, ehrNo, voNo, object)
	if err != nil {
		return false, err
	}
	return done.RowsAffected() > 0, nil
}

// lockParty keeps commits of a party away: those that lock the object, and those
// that lock its latest version and may have made another one while this waited.
func lockParty(ctx context.Context, tx pgx.Tx, object uuid.UUID) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(uuid_hash_extended($1, 2))`, object); err != nil {
		return err
	}
	for before := int64(-1); ; {
		var locked int64
		if err := tx.QueryRow(ctx, `
			select count(*) from (select from version where ehr_no = 0 and object_id = $1 for update) v`, object).Scan(&locked); err != nil {
			return err
		}
		if locked == before {
			return nil
		}
		before = locked
	}
}

// EraseTemplate deletes a template that no version uses. See ehr.Store.
func (s *Store) EraseTemplate(ctx context.Context, who ehr.Actor, id string) error {
	const op = "store.EraseTemplate"
	return s.transaction(ctx, op, func(tx pgx.Tx) error {
		if err := lockTemplate(ctx, tx, id); err != nil {
			return failure(op, err)
		}
		// Waits for running commits. One that comes later finds the template
		// gone when it has written its versions, and fails.
		if _, err := tx.Exec(ctx, `lock table version in share row exclusive mode`); err != nil {
			return failure(op, err)
		}
		var revisions, versions int64
		err := tx.QueryRow(ctx, `
			select count(distinct t.template_no), count(v.template_no)
			from template t left join version v on v.template_no = t.template_no where t.template_id = $1`, id).Scan(&revisions, &versions)
		switch {
		case err != nil:
			return failure(op, err)
		case revisions == 0:
			return noTemplate(op)
		case versions > 0:
			return &errs.Error{Op: op, Kind: errs.Conflict, Code: ehr.CodeTemplateInUse, Msg: fmt.Sprintf("the template is used by %d versions and stays", versions)}
		}
		if _, err := tx.Exec(ctx, `delete from template where template_id = $1`, id); err != nil {
			return failure(op, err)
		}
		return recordErased(ctx, tx, op, who, "TEMPLATE", nil, id, revisions)
	})
}

// EraseQuery deletes one version of a stored query. See ehr.Store.
func (s *Store) EraseQuery(ctx context.Context, who ehr.Actor, name, version string) error {
	const op = "store.EraseQuery"
	return s.transaction(ctx, op, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockKept); err != nil {
			return failure(op, err)
		}
		done, err := tx.Exec(ctx, `delete from stored_query where name = $1 and version = $2`, name, version)
		if err != nil {
			return failure(op, err)
		}
		if done.RowsAffected() == 0 {
			return errs.New(errs.NotFound, op, "no such version of a stored query")
		}
		// What is kept of its result goes with it.
		if _, err := tx.Exec(ctx, `select drop_materialised($1, $2)`, name, version); err != nil {
			return failure(op, err)
		}
		return recordErased(ctx, tx, op, who, "QUERY", nil, name+"/"+version, 1)
	})
}
