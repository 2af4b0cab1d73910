package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

var (
	contributionSQL = scope(`
	select c.system_id, c.time_committed, c.change_type, c.committer, c.description
	from ehr e join contribution c on c.ehr_no = e.ehr_no and c.contribution_id = $2
	where e.ehr_id = $1`)

	contributionVersionsSQL = scope(`
	select v.object_id, v.creating_system, v.ver, v.tree, v.kind
	from ehr e
	cross join lateral (
		select ehr_no, vo_no, ver from version where ehr_no = e.ehr_no and contribution_id = $2
		union
		select ehr_no, vo_no, ver from attestation where ehr_no = e.ehr_no and contribution_id = $2
	) c
	join version v on v.ehr_no = c.ehr_no and v.vo_no = c.vo_no and v.ver = c.ver
	where e.ehr_id = $1
	order by v.object_id, v.tree nulls first, v.ver`)
)

// Contribution reads a contribution. See ehr.Store.
func (s *Store) Contribution(ctx context.Context, ehrID, id uuid.UUID) (ehr.ContributionRecord, error) {
	const op = "store.Contribution"
	c := ehr.ContributionRecord{ID: id}
	err := s.conn(ctx).QueryRow(ctx, contributionSQL.of(ehrID), ehrID, id).Scan(&c.Audit.SystemID, &c.Audit.TimeCommitted,
		&c.Audit.ChangeType, &c.Audit.Committer, &c.Audit.Description)
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.ContributionRecord{}, s.missing(ctx, op, ehrID, "contribution")
	}
	if err != nil {
		return ehr.ContributionRecord{}, failure(op, err)
	}
	c.Audit.TimeCommitted = c.Audit.TimeCommitted.UTC()
	// What was committed does not change, so a second statement sees the same.
	rows, err := s.conn(ctx).Query(ctx, contributionVersionsSQL.of(ehrID), ehrID, id)
	if err != nil {
		return ehr.ContributionRecord{}, failure(op, err)
	}
	c.Versions, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (v ehr.ContributionVersion, err error) {
		var tree []int32
		err = row.Scan(&v.UID.Object, &v.UID.System, &v.UID.Trunk, &tree, &v.Kind)
		onBranch(&v.UID, tree)
		return v, err
	})
	if err != nil {
		return ehr.ContributionRecord{}, failure(op, err)
	}
	return c, nil
}
