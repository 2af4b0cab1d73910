package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/aql/nodestore"
	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// IndexState is the state of the node index.
type IndexState struct {
	// Complete tells that all latest versions of compositions are covered by the
	// rules of this program, so that queries may use the index.
	Complete bool
	// Rebuilding tells that a rebuilding was begun and has not ended.
	Rebuilding bool
	// Done and Total count compositions, of the rebuilding that was begun last.
	// Total is an estimate.
	Done, Total int64
	Started     time.Time
	Ended       time.Time
}

const indexStateSQL = `
	select complete and rules = $1, rebuilding is not null, done,
		(select count(*) from version where kind = 1 and time_superseded is null and lifecycle_state <> 523),
		coalesce(started, 'epoch'), coalesce(ended, 'epoch')
	from node_state`

// IndexState reads the state of the node index.
func (s *Store) IndexState(ctx context.Context) (IndexState, error) {
	var st IndexState
	err := s.main.QueryRow(ctx, indexStateSQL, nodeindex.Rules).Scan(&st.Complete, &st.Rebuilding, &st.Done, &st.Total, &st.Started, &st.Ended)
	if err != nil {
		return st, failure("store.IndexState", err)
	}
	return st, nil
}

// reindexLock is the key of the advisory lock that whoever rebuilds holds.
const reindexLock = 0x637265696478

// ReindexOptions say how to rebuild.
type ReindexOptions struct {
	// Again rebuilds an index that is complete, too.
	Again bool
	// Batch is the compositions of one transaction, by default 100. It bounds how
	// long a commit that replaces one of them may have to wait.
	Batch int
	// Progress is told the state after each batch and at the end.
	Progress func(IndexState)
}

// Reindex rebuilds the node index while the store is in use, and goes on where
// an earlier rebuilding was interrupted. Commits write their own rows meanwhile;
// queries are answered from the documents until it is done. errs.Conflict if it
// is under way elsewhere.
func (s *Store) Reindex(ctx context.Context, opt ReindexOptions) error {
	const op = "store.Reindex"
	if opt.Batch <= 0 {
		opt.Batch = 100
	}
	progress := opt.Progress
	if progress == nil {
		progress = func(IndexState) {}
	}
	conn, err := s.main.Acquire(ctx)
	if err != nil {
		return failure(op, err)
	}
	defer conn.Release()
	var locked bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, reindexLock).Scan(&locked); err != nil {
		return failure(op, err)
	}
	if !locked {
		return errs.New(errs.Conflict, op, "the node index is being rebuilt already")
	}
	// The session has settings of its own and is not used again; if it is lost,
	// so is the lock.
	defer func() {
		ctx := context.WithoutCancel(ctx)
		_, _ = conn.Exec(ctx, `select pg_advisory_unlock($1)`, reindexLock)
		_ = conn.Conn().Close(ctx)
	}()
	st, err := s.IndexState(ctx)
	if err != nil {
		return err
	}
	if st.Complete && !opt.Again {
		progress(st)
		return nil
	}
	// What is rebuilt follows from the documents and can be rebuilt again.
	if _, err := conn.Exec(ctx, `set synchronous_commit = off`); err != nil {
		return failure(op, err)
	}
	var after [2]int64
	if err := conn.QueryRow(ctx, `
		update node_state set complete = false,
			after_ehr = case when rebuilding = $1 and not $2 then after_ehr else 0 end,
			after_vo = case when rebuilding = $1 and not $2 then after_vo else 0 end,
			done = case when rebuilding = $1 and not $2 then done else 0 end,
			started = case when rebuilding = $1 and not $2 then started else now() end,
			rebuilding = $1, ended = null
		returning after_ehr, after_vo`, nodeindex.Rules, opt.Again && !st.Rebuilding).Scan(&after[0], &after[1]); err != nil {
		return failure(op, err)
	}
	if _, err := s.nodes.Refresh(ctx); err != nil {
		return err
	}
	if st, err = s.IndexState(ctx); err != nil {
		return err
	}
	for {
		batch, err := s.latest(ctx, conn, after, opt.Batch)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		last := batch[len(batch)-1]
		after = [2]int64{last.ehr, last.vo}
		missed, err := s.reindex(ctx, conn, batch, false)
		if err != nil {
			return err
		}
		// What a commit had locked is done one by one before the cursor passes it.
		for _, v := range missed {
			if _, err := s.reindex(ctx, conn, []stored{v}, true); err != nil {
				return err
			}
		}
		st.Done += int64(len(batch))
		if _, err := conn.Exec(ctx, `update node_state set after_ehr = $1, after_vo = $2, done = $3`, after[0], after[1], st.Done); err != nil {
			return failure(op, err)
		}
		progress(st)
	}
	if _, err := conn.Exec(ctx, `set synchronous_commit = on`); err != nil {
		return failure(op, err)
	}
	if _, err := conn.Exec(ctx, `
		update node_state set complete = true, rules = $1, generation = generation + 1, rebuilding = null, ended = now()`, nodeindex.Rules); err != nil {
		return failure(op, err)
	}
	// Plans of a table that was filled since it was last analysed are poor.
	if _, err := conn.Exec(ctx, `analyze node`); err != nil {
		return failure(op, err)
	}
	if _, err := s.nodes.Refresh(ctx); err != nil {
		return err
	}
	if st, err = s.IndexState(ctx); err != nil {
		return err
	}
	progress(st)
	return nil
}

// stored is the latest version of a composition.
type stored struct {
	ehr, vo int64
	ver     int32
	raw     []byte
}

func (s *Store) latest(ctx context.Context, conn *pgxpool.Conn, after [2]int64, limit int) ([]stored, error) {
	rows, err := conn.Query(ctx, `
		select v.ehr_no, v.vo_no, v.ver, d.raw
		from version v join document d using (ehr_no, vo_no, ver)
		where v.kind = 1 and v.time_superseded is null and v.lifecycle_state <> 523
		  and v.ehr_no >= $1 and (v.ehr_no, v.vo_no) > ($1, $2)
		order by v.ehr_no, v.vo_no limit $3`, after[0], after[1], limit)
	if err != nil {
		return nil, failure("store.Reindex", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v stored, err error) {
		err = row.Scan(&v.ehr, &v.vo, &v.ver, &v.raw)
		return v, err
	})
	if err != nil {
		return nil, failure("store.Reindex", err)
	}
	return list, nil
}

var reindexSQL = "select reindex_versions($1, $2, $3, $4, " + nodestore.Placeholders(5) + ")"

// reindex writes the rows of versions and gives those that are left to do.
func (s *Store) reindex(ctx context.Context, conn *pgxpool.Conn, batch []stored, wait bool) ([]stored, error) {
	const op = "store.Reindex"
	ehrs, vos, vers := make([]int64, len(batch)), make([]int64, len(batch)), make([]int32, len(batch))
	contents := make([]nodestore.Version, len(batch))
	for i := range batch {
		b := &batch[i]
		ehrs[i], vos[i], vers[i] = b.ehr, b.vo, b.ver
		raw, err := compact.Expand(b.raw, nil)
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "a stored document cannot be read", err)
		}
		root, problems := rm.DecodeJSON(raw, rm.ClassComposition, rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Bytes: len(raw) + 1}})
		if root == nil || slices.ContainsFunc(problems, func(p rm.Problem) bool { return p.Severity == rm.Error }) {
			e := errs.New(errs.Internal, op, "a stored composition cannot be read")
			e.Detail = problems
			return nil, e
		}
		contents[i] = nodestore.Version{Position: int32(i + 1), Root: root}
	}
	arrays, err := s.nodes.Arguments(ctx, contents)
	if err != nil {
		return nil, err
	}
	if arrays == nil {
		return nil, errs.New(errs.TooLarge, op, "the stored compositions have more structures than the registry of the node index takes")
	}
	var done []int32
	if err := conn.QueryRow(ctx, reindexSQL, append([]any{ehrs, vos, vers, wait}, arrays...)...).Scan(&done); err != nil {
		return nil, failure(op, err)
	}
	var left []stored
	for i := range batch {
		if !wait && !slices.Contains(done, int32(i+1)) {
			left = append(left, batch[i])
		}
	}
	return left, nil
}
