package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ProjectionState tells by which rules the FHIR resources were made.
type ProjectionState struct {
	// Rules are those in force (see ehr.Rules); "" if no program has said.
	Rules string
	// Pending tells that stored versions have not all been projected by them.
	Pending bool
	// Done and Total count versioned objects, of the projection of stored versions
	// that was begun last; Total is an estimate. Changed had resources that came
	// out differently, Failed could not be read and wait in the queue.
	Done, Total, Changed, Failed int64
	Started, Ended               time.Time
	// Queued counts objects that wait for their latest version to be projected,
	// Since is the commit that waits longest, and zero if none does, Lag how long it
	// has.
	Queued int64
	Since  time.Time
	Lag    time.Duration
}

// ProjectionState reads the state of the projection.
func (s *Store) ProjectionState(ctx context.Context) (ProjectionState, error) {
	var st ProjectionState
	var started, ended, since *time.Time
	var now time.Time // by the clock that since is by
	err := s.main.QueryRow(ctx, `
		select coalesce(rules, ''), after_ehr is not null, done, total, changed, failed, started, ended, q.n, q.since, clock_timestamp()
		from fhir_state, (select count(*) as n, min(since) as since from fhir_queue) q`).
		Scan(&st.Rules, &st.Pending, &st.Done, &st.Total, &st.Changed, &st.Failed, &started, &ended, &st.Queued, &since, &now)
	if err != nil {
		return st, failure("store.ProjectionState", err)
	}
	for _, t := range []struct{ from, to *time.Time }{{started, &st.Started}, {ended, &st.Ended}, {since, &st.Since}} {
		if t.from != nil {
			*t.to = t.from.UTC()
		}
	}
	if since != nil {
		st.Lag = max(0, now.Sub(*since))
	}
	return st, nil
}

// UseRules puts rules in force, of which commits are told by Contribution.Rules.
// If they are others than before, all that is stored is to be projected again by
// Reproject; with again in any case.
func (s *Store) UseRules(ctx context.Context, rules string, again bool) error {
	// Without rules before there is nothing that a commit under way could be
	// making by them.
	_, err := s.main.Exec(ctx, `
		update fhir_state set rules = $1,
			after_ehr = case when todo then 0 end, after_vo = case when todo then 0 end,
			done = 0, total = 0, changed = 0, failed = 0, started = null, ended = null
		from (select exists (select from fhir_state where rules is not null) or exists (select from version where kind in (1, 2, 7, 8, 9)) as todo) v
		where rules is distinct from $1 or $2 and after_ehr is null`, rules, again)
	if err != nil {
		return failure("store.UseRules", err)
	}
	return nil
}

// ReprojectOptions say how to project stored versions.
type ReprojectOptions struct {
	// Projections are those whose rules are in force.
	Projections []ehr.Projection
	// QueueOnly leaves alone what is not in the queue.
	QueueOnly bool
	// Batch is the objects of one transaction, by default 100. It bounds how long
	// a commit that replaces one of them may have to wait.
	Batch int
	// Patience is how long to wait for another that is at work, as a server is for
	// a moment each time it looks into the queue.
	Patience time.Duration
	// Rest is how long to rest after a batch, as a multiple of its time.
	Rest float64
	// Progress is told the state after each batch of stored versions and at the
	// end.
	Progress func(ProjectionState)
	// Waited is told how long ago the commit was of what has left the queue.
	Waited func(time.Duration)
	// Failed is told of a version that could not be projected, by its uid.
	Failed func(uid string, err error)
}

// projectLock is the key of the advisory lock that whoever projects holds.
const projectLock = 0x70726f6a666872

// Reproject projects the latest versions of the objects in the queue, and then
// those of all objects if the rules have changed: while the store is in use, and
// from where an earlier run was interrupted. A resource that comes out as it was
// keeps its version. What is said of the subject is that of the EHR as it is now.
// errs.Conflict if it is under way elsewhere, or other rules are in force.
func (s *Store) Reproject(ctx context.Context, opt ReprojectOptions) error {
	const op = "store.Reproject"
	if opt.Batch <= 0 {
		opt.Batch = 100
	}
	if opt.Progress == nil {
		opt.Progress = func(ProjectionState) {}
	}
	if opt.Waited == nil {
		opt.Waited = func(time.Duration) {}
	}
	if opt.Failed == nil {
		opt.Failed = func(string, error) {}
	}
	conn, err := s.main.Acquire(ctx)
	if err != nil {
		return failure(op, err)
	}
	defer conn.Release()
	for until := time.Now().Add(opt.Patience); ; {
		var locked bool
		if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, projectLock).Scan(&locked); err != nil {
			return failure(op, err)
		}
		if locked {
			break
		}
		if !time.Now().Before(until) {
			return errs.New(errs.Conflict, op, "stored versions are being projected already")
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return failure(op, ctx.Err())
		}
	}
	defer func() {
		// A session that may still hold the lock is not used again.
		if _, err := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, projectLock); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	p := &projector{Store: s, conn: conn, db: conn, opt: opt, rules: ehr.Rules(opt.Projections)}
	var force bool
	if err := conn.QueryRow(ctx, `select coalesce(rules = $1, false) from fhir_state`, p.rules).Scan(&force); err != nil {
		return failure(op, err)
	}
	if !force {
		return otherRules(op)
	}
	if err := p.queue(ctx); err != nil || opt.QueueOnly {
		return err
	}
	return p.all(ctx)
}

func otherRules(op string) error {
	return errs.New(errs.Conflict, op, "other mappings are in force: a program with others was started since")
}

// projector is one run of Reproject.
type projector struct {
	*Store
	conn  *pgxpool.Conn
	db    conn   // what is written to: conn, or a transaction
	tx    pgx.Tx // that transaction; nil for conn
	opt   ReprojectOptions
	rules string
	// decoded are documents that several versions are projected beside, by the uid.
	decoded map[string]*rm.Node
}

// queue projects what is in the queue and due: all of an EHR together, so that
// it is never seen in another order than that of its commits.
func (p *projector) queue(ctx context.Context) error {
	for {
		list, err := p.versions(ctx, `
			where v.kind in (1, 2, 7, 8, 9) and v.time_superseded is null and v.ver > 0 and (v.ehr_no, v.vo_no) in (
				select w.ehr_no, w.vo_no from fhir_queue w where w.retry <= clock_timestamp() and w.ehr_no in (
					select f.ehr_no from fhir_queue f where f.retry <= clock_timestamp() order by f.queue_no limit $1)
				order by w.queue_no limit 10 * $1)
			order by q.queue_no`, p.opt.Batch)
		if err != nil || len(list) == 0 {
			return err
		}
		if _, _, err := p.project(ctx, list, true); err != nil {
			return err
		}
		if err := p.rest(ctx, 0); err != nil {
			return err
		}
	}
}

// all projects all latest versions, if that is to be done.
func (p *projector) all(ctx context.Context) error {
	const op = "store.Reproject"
	var pending bool
	var next string // transaction id: commits that saw the rules before have lower ones
	err := p.conn.QueryRow(ctx, `select after_ehr is not null, pg_snapshot_xmax(pg_current_snapshot())::text from fhir_state`).Scan(&pending, &next)
	if err != nil {
		return failure(op, err)
	}
	// Those are to be over, so that none is missed.
	for pending {
		var over bool
		if err := p.conn.QueryRow(ctx, `select pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8`, next).Scan(&over); err != nil {
			return failure(op, err)
		}
		if over {
			break
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	if pending {
		var ehrNo, voNo int64
		// Begins a run, or goes on with one.
		err := p.conn.QueryRow(ctx, `
			update fhir_state set started = coalesce(started, now()), total = (
				select count(*) from version where kind in (1, 2, 7, 8, 9) and time_superseded is null and lifecycle_state <> 523)
			where rules = $1 and after_ehr is not null returning after_ehr, after_vo`, p.rules).Scan(&ehrNo, &voNo)
		if err == pgx.ErrNoRows {
			return otherRules(op)
		}
		if err != nil {
			return failure(op, err)
		}
		if err := p.from(ctx, ehrNo, voNo); err != nil {
			return err
		}
	}
	st, err := p.ProjectionState(ctx)
	if err == nil {
		p.opt.Progress(st)
	}
	return err
}

// from projects the objects after one.
func (p *projector) from(ctx context.Context, ehrNo, voNo int64) error {
	const op = "store.Reproject"
	for {
		began := time.Now()
		list, err := p.versions(ctx, `
			where v.kind in (1, 2, 7, 8, 9) and v.time_superseded is null and v.lifecycle_state <> 523
			  and v.ehr_no >= $1 and (v.ehr_no, v.vo_no) > ($1, $2)
			order by v.ehr_no, v.vo_no limit $3`, ehrNo, voNo, p.opt.Batch)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := p.conn.Exec(ctx, `update fhir_state set after_ehr = null, after_vo = null, ended = now() where rules = $1`, p.rules)
			if err != nil {
				return failure(op, err)
			}
			return nil
		}
		changed, failed, err := p.project(ctx, list, false)
		if err != nil {
			return err
		}
		last := list[len(list)-1]
		ehrNo, voNo = last.ehr, last.vo
		tag, err := p.conn.Exec(ctx, `
			update fhir_state set after_ehr = $2, after_vo = $3, done = done + $4, changed = changed + $5, failed = failed + $6
			where rules = $1 and after_ehr is not null`, p.rules, ehrNo, voNo, len(list), changed, failed)
		if err != nil {
			return failure(op, err)
		}
		if tag.RowsAffected() == 0 {
			return otherRules(op)
		}
		st, err := p.ProjectionState(ctx)
		if err != nil {
			return err
		}
		p.opt.Progress(st)
		if err := p.rest(ctx, time.Since(began)); err != nil {
			return err
		}
		// New commits do not wait for the end.
		if err := p.queue(ctx); err != nil {
			return err
		}
	}
}

// rest gives way to others, and ends when the caller does not want to go on.
func (p *projector) rest(ctx context.Context, took time.Duration) error {
	return pause(ctx, time.Duration(float64(took)*p.opt.Rest))
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
