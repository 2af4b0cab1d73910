// Package pgtarget is an aqltest.Target that writes the tables of a migrated
// database itself, so that AQL is tested without the use cases and the store.
package pgtarget

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/keptstore"
	"github.com/cairn-ehr/cairn/aql/nodestore"
	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Target runs on one database.
type Target struct {
	pool   *pgxpool.Pool
	engine *aql.Engine
	nodes  *nodestore.Index
	kept   *keptstore.Store
}

// New makes a target of a migrated database without EHRs.
func New(pool *pgxpool.Pool, opt aql.Options) (*Target, error) {
	t := &Target{pool: pool, nodes: nodestore.New(pool), kept: keptstore.New(pool)}
	var err error
	t.engine, err = aql.NewEngine(pool, t, opt)
	return t, err
}

// Pool is the pool of connections to the database.
func (t *Target) Pool() *pgxpool.Pool { return t.pool }

// Engine is the engine on the database.
func (t *Target) Engine() *aql.Engine { return t.engine }

// Concept implements aql.Catalog without a cache.
func (t *Target) Concept(ctx context.Context, archetypeID string) (id int32, ok bool, err error) {
	err = t.pool.QueryRow(ctx, "select concept_id from concept where archetype_id = $1", archetypeID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return id, err == nil, err
}

// NodeIndex implements aql.IndexedCatalog.
func (t *Target) NodeIndex() *nodestore.Index { return t.nodes }

// Kept implements aql.KeptCatalog.
func (t *Target) Kept() *keptstore.Store { return t.kept }

// Query implements aqltest.Target.
func (t *Target) Query(ctx context.Context, text string, r aql.Request, sink aql.Sink) error {
	return t.engine.Run(ctx, text, r, sink)
}

// CreateEHR implements aqltest.Target.
func (t *Target) CreateEHR(ctx context.Context, e aqltest.EHR) error {
	status := uuid.New()
	if object, _, ok := strings.Cut(e.Status.String("uid", "value"), "::"); ok {
		var err error
		if status, err = uuid.Parse(object); err != nil {
			return err
		}
	}
	optional := func(path ...string) any {
		if s := e.Status.String(path...); s != "" {
			return s
		}
		return nil
	}
	if _, err := t.pool.Exec(ctx, `
		insert into ehr (ehr_id, system_id, time_created, is_queryable, is_modifiable, subject_id, subject_namespace,
			status_object, status_system, status_ver, access_object)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $2, 1, $9)`,
		e.ID, aqltest.System, e.Created, e.Status.String("is_queryable") == "true", e.Status.String("is_modifiable") == "true",
		optional("subject", "external_ref", "id", "value"), optional("subject", "external_ref", "namespace"), status, uuid.NewSHA1(e.ID, []byte("access"))); err != nil {
		return err
	}
	return t.Commit(ctx, aqltest.Version{EHR: e.ID, Object: status, Number: 1, Content: e.Status, Committed: e.Created})
}

// Commit implements aqltest.Target.
func (t *Target) Commit(ctx context.Context, v aqltest.Version) error {
	var contents []nodestore.Version
	if v.Content != nil && v.Content.Class == rm.ClassComposition {
		contents = append(contents, nodestore.Version{Position: 1, Root: v.Content})
	}
	nodes, err := t.nodes.Arguments(ctx, contents)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, t.pool, func(tx pgx.Tx) error {
		var ehrNo, voNo int64
		if v.EHR != uuid.Nil {
			if err := tx.QueryRow(ctx, "select ehr_no from ehr where ehr_id = $1", v.EHR).Scan(&ehrNo); err != nil {
				return err
			}
		}
		lifecycle, change, kind := 532, 249, 1
		var root, concepts any = nil, []int32{}
		switch {
		case v.Content == nil:
			lifecycle, change = 523, 523
		case v.Incomplete:
			lifecycle = 553
		}
		if v.Number > 1 {
			if v.Content != nil {
				change = 251
			}
			if err := tx.QueryRow(ctx, "update version set time_superseded = $3 where ehr_no = $1 and object_id = $2 and time_superseded is null returning vo_no, kind",
				ehrNo, v.Object, v.Committed).Scan(&voNo, &kind); err != nil {
				return err
			}
		} else if err := tx.QueryRow(ctx, "select nextval('vo_no_seq')").Scan(&voNo); err != nil {
			return err
		}
		if v.Content != nil {
			kind = map[string]int{
				"COMPOSITION": 1, "EHR_STATUS": 2, "FOLDER": 3, "AGENT": 5, "GROUP": 6, "ORGANISATION": 7, "PERSON": 8, "ROLE": 9,
			}[v.Content.Class.Name]
			ids, err := conceptIDs(ctx, tx, v.Content)
			if err != nil {
				return err
			}
			if len(ids) > 0 {
				root = ids[0]
			}
			slices.Sort(ids)
			concepts = append([]int32{}, slices.Compact(ids)...)
		}
		contribution := uuid.NewSHA1(v.Object, []byte{byte(v.Number)})
		committer := rm.AppendJSON(nil, rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Dr Test")))
		if _, err := tx.Exec(ctx, `insert into contribution (ehr_no, contribution_id, system_id, time_committed, change_type, committer, actor)
			values ($1, $2, $3, $4, $5, $6, 'test')`, ehrNo, contribution, aqltest.System, v.Committed, change, string(committer)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into version (ehr_no, vo_no, ver, kind, object_id, creating_system, contribution_id, root_concept,
				lifecycle_state, change_type, audit_system_id, committer, time_committed, concepts)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $6, $11, $12, $13)`,
			ehrNo, voNo, v.Number, kind, v.Object, aqltest.System, contribution, root, lifecycle, change, string(committer), v.Committed, concepts); err != nil {
			return err
		}
		args := append([]any{[]int64{ehrNo}, []int64{voNo}, []bool{true}, v.Number > 1}, nodes...)
		if _, err := tx.Exec(ctx, "select index_versions($1, $2, $3, $4, "+nodestore.Placeholders(5)+")", args...); err != nil {
			return err
		}
		if v.Content == nil {
			return nil
		}
		content := rm.AppendJSON(nil, v.Content)
		_, err := tx.Exec(ctx, "insert into document (ehr_no, vo_no, ver, content, raw) values ($1, $2, $3, $4, $5)",
			ehrNo, voNo, v.Number, string(content), compact.Canonical.Make(content))
		return err
	})
}

// Tag implements aqltest.Target.
func (t *Target) Tag(ctx context.Context, tag aqltest.Tag) error {
	_, err := t.pool.Exec(ctx, `insert into item_tag (ehr_no, object_id, ver, kind, key, target_path, value, saved, actor)
		select v.ehr_no, v.object_id, $3, v.kind, $4, $5, nullif($6, ''), $7, 'test'
		from version v join ehr e using (ehr_no) where e.ehr_id = $1 and v.object_id = $2 and v.ver = greatest($3, 1)`,
		tag.EHR, tag.Object, tag.Version, tag.Key, tag.Path, tag.Value, tag.Saved)
	return err
}

// conceptIDs gives the numbers of the archetype roots in document order.
func conceptIDs(ctx context.Context, tx pgx.Tx, n *rm.Node) ([]int32, error) {
	var ids []int32
	if id := n.NodeID(); aqltest.IsArchetypeID(id) {
		var c int32
		if err := tx.QueryRow(ctx, `insert into concept (archetype_id, rm_type) values ($1, $2)
			on conflict (archetype_id) do update set rm_type = excluded.rm_type returning concept_id`, id, n.Class.Name).Scan(&c); err != nil {
			return nil, err
		}
		ids = append(ids, c)
	}
	for _, a := range n.Attrs {
		for _, m := range a.Items {
			below, err := conceptIDs(ctx, tx, m)
			if err != nil {
				return nil, err
			}
			ids = append(ids, below...)
		}
	}
	return ids, nil
}
