package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

var (
	tagTargetSQL = scope(`
		select e.ehr_no, v.ver
		from ehr e join version v on v.ehr_no = e.ehr_no and v.object_id = $2 and v.kind = $3
			and case when $5::integer[] is not null then v.tree = $5
			         when $4 > 0 then v.ver = $4
			         else v.ver = (select min(f.ver) from version f where f.ehr_no = e.ehr_no and f.object_id = $2 and f.ver > 0) end
			and ($6 = '' or lower(v.creating_system) = lower($6))
		where e.ehr_id = $1 `)

	ownedTagsSQL  = scope(listTags + `order by t.object_id, t.ver, t.key, t.target_path`)
	objectTagsSQL = scope(listTags + `and t.object_id = $5 order by t.object_id, t.ver, t.key, t.target_path`)
)

const listTags = `
		select t.kind, t.object_id, coalesce(v.creating_system, ''), t.ver, v.tree, t.key, coalesce(t.value, ''), t.target_path
		from ehr e
		join item_tag t on t.ehr_no = e.ehr_no
		left join version v on v.ehr_no = t.ehr_no and v.object_id = t.object_id and v.ver = t.ver
		where e.ehr_id = $1 and ($2 = '' or t.key = $2) and ($3 = '' or t.value = $3) and ($4 = '' or t.target_path = $4) `

// target finds a target's EHR and the number that its tags are kept under: the
// key of a version's row, or 0 for the object. The row, of an object that of its
// first version, is locked if the tags are going to change, so that of two
// writers one comes after the other.
func (s *Store) target(ctx context.Context, op string, db querier, ehrID uuid.UUID, on ehr.TagTarget, lock string) (ehrNo int64, ver int32, err error) {
	err = db.QueryRow(ctx, tagTargetSQL.of(ehrID)+lock, ehrID, on.Object, int16(on.Kind), int32(on.Version.Trunk),
		treeOf(on.Version), on.Version.System).Scan(&ehrNo, &ver)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, s.missing(ctx, op, ehrID, "target of tags")
	}
	if err != nil {
		return 0, 0, failure(op, err)
	}
	if on.Version.IsZero() {
		ver = 0
	}
	return ehrNo, ver, nil
}

const ofTarget = ` ehr_no = $1 and object_id = $2 and ver = $3`

// Tags lists the tags of a target. See ehr.Store.
func (s *Store) Tags(ctx context.Context, ehrID uuid.UUID, on ehr.TagTarget) ([]ehr.ItemTag, error) {
	const op = "store.Tags"
	no, ver, err := s.target(ctx, op, s.conn(ctx), ehrID, on, "")
	if err != nil {
		return nil, err
	}
	rows, err := s.conn(ctx).Query(ctx, `select key, coalesce(value, ''), target_path from item_tag where`+ofTarget+
		` order by key, target_path`, no, on.Object, ver)
	if err != nil {
		return nil, failure(op, err)
	}
	tags, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t ehr.ItemTag, err error) {
		err = row.Scan(&t.Key, &t.Value, &t.TargetPath)
		return t, err
	})
	if err != nil {
		return nil, failure(op, err)
	}
	return tags, nil
}

// EHRTags lists the tags in an EHR. See ehr.Store.
func (s *Store) EHRTags(ctx context.Context, ehrID uuid.UUID, f ehr.TagFilter) ([]ehr.TaggedItem, error) {
	const op = "store.EHRTags"
	sql, args := ownedTagsSQL.of(ehrID), []any{ehrID, f.Key, f.Value, f.TargetPath}
	one := f.Object != uuid.UUID{}
	if one {
		sql, args = objectTagsSQL.of(ehrID), append(args, f.Object)
	}
	rows, err := s.conn(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, failure(op, err)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (i ehr.TaggedItem, err error) {
		var uid ehr.VersionUID
		var tree []int32
		err = row.Scan(&i.Target.Kind, &uid.Object, &uid.System, &uid.Trunk, &tree, &i.Tag.Key, &i.Tag.Value, &i.Tag.TargetPath)
		onBranch(&uid, tree)
		i.Target.Object = uid.Object
		if uid.Trunk > 0 {
			i.Target.Version = uid
		}
		return i, err
	})
	if err != nil {
		return nil, failure(op, err)
	}
	if len(items) == 0 && !one && ehrID != ehr.Demographics {
		if _, err := s.EHR(ctx, ehrID); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// PutTags replaces the tags of a target. See ehr.Store.
func (s *Store) PutTags(ctx context.Context, ehrID uuid.UUID, on ehr.TagTarget, tags []ehr.ItemTag, actor string) error {
	return s.transaction(ctx, "store.PutTags", func(tx pgx.Tx) error {
		return s.putTags(ctx, tx, ehrID, ehr.TagUpdate{Target: on, Tags: tags}, actor)
	})
}

// transaction runs f in one; errors of f are returned as they are.
func (s *Store) transaction(ctx context.Context, op string, f func(pgx.Tx) error) error {
	var inner error
	err := pgx.BeginFunc(ctx, s.conn(ctx), func(tx pgx.Tx) error {
		inner = f(tx)
		return inner
	})
	if inner != nil || err == nil {
		return inner
	}
	return failure(op, err)
}

func (s *Store) putTags(ctx context.Context, tx pgx.Tx, ehrID uuid.UUID, u ehr.TagUpdate, actor string) error {
	const op = "store.PutTags"
	no, ver, err := s.target(ctx, op, tx, ehrID, u.Target, "for no key update of v")
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from item_tag where`+ofTarget, no, u.Target.Object, ver); err != nil {
		return failure(op, err)
	}
	var keys, paths []string
	var values []*string
	for _, t := range u.Tags {
		keys, paths, values = append(keys, t.Key), append(paths, t.TargetPath), append(values, optional(t.Value))
	}
	if _, err := tx.Exec(ctx, `
		insert into item_tag (ehr_no, object_id, ver, kind, actor, key, target_path, value)
		select $1, $2, $3, $4, $5, n.key, n.target_path, n.value
		from unnest($6::text[], $7::text[], $8::text[]) as n(key, target_path, value)`,
		no, u.Target.Object, ver, int16(u.Target.Kind), actor, keys, paths, values); err != nil {
		return failure(op, err)
	}
	return nil
}

// DeleteTags removes tags by their key. See ehr.Store.
func (s *Store) DeleteTags(ctx context.Context, ehrID uuid.UUID, on ehr.TagTarget, key string) error {
	const op = "store.DeleteTags"
	return s.transaction(ctx, op, func(tx pgx.Tx) error {
		no, ver, err := s.target(ctx, op, tx, ehrID, on, "for no key update of v")
		if err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `delete from item_tag where`+ofTarget+` and key = $4`, no, on.Object, ver, key)
		if err != nil {
			return failure(op, err)
		}
		if done.RowsAffected() == 0 {
			return errs.New(errs.NotFound, op, "the target has no tag with this key")
		}
		return nil
	})
}
