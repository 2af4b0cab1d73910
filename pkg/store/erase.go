package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// ehrTables are all tables with rows of one EHR. The versions are the first:
// whoever writes what is derived from one has it locked, so that nothing of it
// comes after the deletion of the rest. The table ehr is the last.
var ehrTables = []string{"version", "item_tag", "attestation", "fhir_queue", "fhir_loss", "fhir_resource", "fhir_id", "fhir_outbox", "fhir_event", "fhir_content", "node", "document", "workflow_entry", "fhir_group_member", "aql_kept", "aql_change", "contribution", "ehr"}

const tombstoneSQL = `
	insert into ehr_tombstone (ehr_id, system_id, time_created, time_deleted, versions, actor, on_behalf_of, purpose)
	select e.ehr_id, e.system_id, e.time_created, date_trunc('milliseconds', clock_timestamp()),
	       (select count(*) from version v where v.ehr_no = e.ehr_no), $1, $2, $3
	from ehr e `

// lockKept is the first statement of a physical deletion: nobody makes rows of
// materialised queries from what is being deleted.
const lockKept = `lock table aql_materialised in row exclusive mode`

// eraseKept takes away what materialised queries keep of EHRs; of all with nil.
func eraseKept(ctx context.Context, tx pgx.Tx, op string, numbers []int64) error {
	if _, err := tx.Exec(ctx, `select erase_kept($1)`, numbers); err != nil {
		return failure(op, err)
	}
	return nil
}

// EraseEHRs deletes EHRs physically. See ehr.Store.
func (s *Store) EraseEHRs(ctx context.Context, who ehr.Actor, ids []uuid.UUID) error {
	const op = "store.EraseEHRs"
	return s.transaction(ctx, op, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockKept); err != nil {
			return failure(op, err)
		}
		// The lock that commits into the EHR share: one that waits for it finds
		// no EHR. In the order of ids, so that two of these cannot wait for each
		// other in a circle.
		for _, id := range ids {
			if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(uuid_hash_extended($1, 1))`, id); err != nil {
				return failure(op, err)
			}
		}
		done, err := tx.Exec(ctx, tombstoneSQL+`where e.ehr_id = any($4)`, who.ID, optional(who.OnBehalfOf), optional(who.Purpose), ids)
		if err != nil {
			return failure(op, err)
		}
		if int(done.RowsAffected()) != len(ids) {
			return errs.New(errs.NotFound, op, "no such EHR")
		}
		var numbers []int64
		if err := tx.QueryRow(ctx, `select array_agg(ehr_no) from ehr where ehr_id = any($1)`, ids).Scan(&numbers); err != nil {
			return failure(op, err)
		}
		if err := eraseKept(ctx, tx, op, numbers); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from idempotent_answer where ehr_id = any($1)`, ids); err != nil {
			return failure(op, err)
		}
		for _, table := range ehrTables {
			if _, err := tx.Exec(ctx, `delete from `+table+` where ehr_no = any($1)`, numbers); err != nil {
				return failure(op, err)
			}
		}
		return nil
	})
}

// EraseAllEHRs deletes every EHR physically, and no party. See ehr.Store.
func (s *Store) EraseAllEHRs(ctx context.Context, who ehr.Actor) error {
	const op = "store.EraseAllEHRs"
	return s.transaction(ctx, op, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockKept); err != nil {
			return failure(op, err)
		}
		// Commits have read the table ehr and wait for it from here on.
		if _, err := tx.Exec(ctx, `lock table ehr in access exclusive mode`); err != nil {
			return failure(op, err)
		}
		if _, err := tx.Exec(ctx, tombstoneSQL, who.ID, optional(who.OnBehalfOf), optional(who.Purpose)); err != nil {
			return failure(op, err)
		}
		if err := eraseKept(ctx, tx, op, nil); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from idempotent_answer where ehr_id <> $1`, ehr.Demographics); err != nil {
			return failure(op, err)
		}
		for _, table := range ehrTables {
			if _, err := tx.Exec(ctx, `delete from `+table+` where ehr_no <> 0`); err != nil {
				return failure(op, err)
			}
		}
		return nil
	})
}
