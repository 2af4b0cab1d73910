package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/store/wire"
)

// What an order is projected to depends on ACTIONs of other compositions. So
// whoever changes what is said about the workflows of an EHR, or stores what
// depends on it, is alone with them (lockWorkflows), and what depends on it is
// made anew in the same transaction. All that is kept is in workflow_entry.

// workflowLock is taken before all other locks of the EHR. Almost no commit does.
const workflowLock = `select pg_advisory_xact_lock(uuid_hash_extended($1, 3))`

func lockWorkflows(ctx context.Context, tx pgx.Tx, ehrID uuid.UUID) error {
	_, err := tx.Exec(ctx, workflowLock, ehrID)
	return err
}

// workflowCommitSQL is commitSQL that tells more.
var workflowCommitSQL = strings.Replace(commitSQL, "select c.committed from", "select c.committed, c.ehr_no, c.vo, c.current from", 1)

// ofWorkflow reports whether a contribution is stored with the workflows of its
// EHR locked.
func ofWorkflow(c *ehr.Contribution) bool {
	return c.EHRID != ehr.Demographics && slices.ContainsFunc(c.Versions, func(v ehr.NewVersion) bool { return v.OfWorkflow() })
}

// replacesWorkflow reports whether a commit was refused because what it replaces
// is of a workflow.
func replacesWorkflow(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "ZW001"
}

// commitWithWorkflow is commit for a contribution that is of workflows. Its
// transaction has a connection of the pool of those that are open while other
// statements are sent.
func (s *Store) commitWithWorkflow(ctx context.Context, c *ehr.Contribution) (t time.Time, err error) {
	const op = "store.Commit"
	var begin conn = s.onces
	if o := onceOf(ctx); o != nil {
		o.owner, begin = &c.EHRID, o.tx
	}
	var inner error
	waiting := false
	err = pgx.BeginFunc(ctx, begin, func(tx pgx.Tx) error {
		t, waiting, inner = s.commitWorkflow(ctx, tx, c)
		return inner
	})
	if inner != nil {
		return t, inner
	}
	if err != nil {
		return t, failure(op, err)
	}
	if waiting {
		s.wake()
	}
	return t.UTC(), nil
}

func (s *Store) commitWorkflow(ctx context.Context, tx pgx.Tx, c *ehr.Contribution) (t time.Time, waiting bool, err error) {
	const op = "store.Commit"
	if c.Person != uuid.Nil {
		if err := sharePerson(ctx, tx, c.Person, c.PersonTrunk); err != nil {
			return t, false, err
		}
	}
	if err := lockWorkflows(ctx, tx, c.EHRID); err != nil {
		return t, false, failure(op, err)
	}
	list := waves(*c)
	var owner int64
	var depends, own []int64
	touched, err := touchedMarks(ctx, tx, c)
	if err != nil {
		return t, false, failure(op, err)
	}
	for i := range list {
		w := &list[i]
		w.workflow = true
		if err := s.projectOrders(ctx, tx, &w.Contribution); err != nil {
			return t, false, err
		}
		args, err := s.commitArgs(ctx, w)
		if err != nil {
			return t, false, err
		}
		var ehrs, objects []int64
		var current []bool
		if err := tx.QueryRow(ctx, workflowCommitSQL, wire.Resolve(args, s.keptForm)...).Scan(&t, &ehrs, &objects, &current); err != nil {
			return t, false, outOfOrder(failure(op, err), list[:i])
		}
		if len(objects) == 0 {
			continue
		}
		owner = ehrs[0]
		k := newKeeping(owner)
		for j := range w.Versions {
			if v := &w.Versions[j]; current[j] && v.Kind == ehr.KindComposition {
				if err := k.add(objects[j], v.UID.Object, v.Workflow); err != nil {
					return t, false, err
				}
				own = append(own, objects[j])
			}
		}
		more, err := k.keep(ctx, tx)
		if err != nil {
			return t, false, failure(op, err)
		}
		depends = append(depends, more...)
	}
	for _, u := range c.Tags {
		if err := s.putTags(ctx, tx, c.EHRID, u, c.Actor); err != nil {
			return t, false, err
		}
	}
	if len(list) > 1 {
		copyProjected(c, list)
	}
	if slices.ContainsFunc(c.Versions, func(v ehr.NewVersion) bool { return v.Item != nil }) {
		depends = append(depends, own...) // what was imported may not be the latest
	}
	if !touched.none() {
		more, err := neighbours(ctx, tx, owner, &touched, ehr.Gathered(c.Projections), nil)
		if err != nil {
			return t, false, failure(op, err)
		}
		for _, n := range more {
			// What is of this contribution was projected with all of it, unless it
			// was stored before another part.
			if len(list) > 1 || !slices.Contains(own, n.vo) {
				depends = append(depends, n.vo)
			}
		}
	}
	slices.Sort(depends)
	waiting, err = s.remake(ctx, tx, c, owner, slices.Compact(depends), t)
	return t, waiting, err
}

// copyProjected lets a contribution have what its waves were projected to.
func copyProjected(c *ehr.Contribution, list []wave) {
	for i := range list {
		for _, v := range list[i].Versions {
			for j := range c.Versions {
				if c.Versions[j].UID.Equal(v.UID) {
					c.Versions[j].Projected = v.Projected
				}
			}
		}
	}
}

// touchedMarks are those of what a contribution says of workflows, and of what
// the versions said that it replaces, if that makes a difference to others.
func touchedMarks(ctx context.Context, tx pgx.Tx, c *ehr.Contribution) (m marks, err error) {
	archetypes := ehr.Gathered(c.Projections)
	if len(archetypes) == 0 {
		return m, nil
	}
	var before []uuid.UUID
	for i := range c.Versions {
		v := &c.Versions[i]
		if v.Kind == ehr.KindComposition && (v.UID.Trunk > 1 || v.Item != nil) {
			before = append(before, v.UID.Object)
		}
	}
	if len(before) > 0 {
		if m, err = said(ctx, tx, c.EHRID, before); err != nil {
			return m, err
		}
	}
	for i := range c.Versions {
		here := marksOf(c.Versions[i].Workflow, archetypes)
		m.all(&here)
	}
	return m, nil
}

// projectOrders projects those versions of a contribution that have orders, with
// what is stored about these and what the contribution says itself, and those with
// ACTIONs that are gathered.
func (s *Store) projectOrders(ctx context.Context, tx pgx.Tx, c *ehr.Contribution) error {
	const op = "store.Commit"
	var targets, objects []uuid.UUID
	workflows := []string{}
	var said []ehr.WorkflowAction
	for i := range c.Versions {
		v := &c.Versions[i]
		if v.UID.IsBranch() {
			continue
		}
		objects = append(objects, v.UID.Object)
		if v.Orders && !v.Queued {
			targets = append(targets, v.UID.Object)
		}
		for _, e := range v.Workflow {
			if e.Action != nil {
				said = append(said, *e.Action)
			} else {
				workflows = append(workflows, e.Workflow)
			}
		}
	}
	around, err := s.surroundings(ctx, tx, c)
	if err != nil {
		return failure(op, err)
	}
	if len(targets)+len(around) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `
		select w.action from ehr e join workflow_entry w on w.ehr_no = e.ehr_no
		where e.ehr_id = $1 and w.action is not null and w.object_id <> all($4) and (w.target = any($2) or w.workflow = any($3))
		order by w.vo_no, w.entry_no`, c.EHRID, targets, workflows, objects)
	if err != nil {
		return failure(op, err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[ehr.WorkflowAction])
	if err != nil {
		return failure(op, err)
	}
	stored = append(stored, said...)
	for i := range c.Versions {
		near, related := around[i]
		if v := &c.Versions[i]; (v.Orders || related) && !v.Queued && !v.UID.IsBranch() {
			in := c.Input(v)
			if v.Orders {
				in.Workflow = stored
			}
			in.Related, in.Crowded = near.related, near.crowded
			v.Projected = ehr.Derive(c.Projections, in)
		}
	}
	if err := c.Links.Err(); err != nil {
		return err
	}
	return c.Parties.Err()
}

// keeping is the arguments of keep_workflow.
type keeping struct {
	ehrNo     int64
	objectNos []int64
	objects   []uuid.UUID
	i         []int32
	target    []*uuid.UUID
	workflow  []*string
	action    []*string
}

func newKeeping(ehrNo int64) *keeping {
	// Empty, not nil: nil would be passed as null.
	return &keeping{
		ehrNo: ehrNo, objectNos: []int64{}, objects: []uuid.UUID{},
		i: []int32{}, target: []*uuid.UUID{}, workflow: []*string{}, action: []*string{},
	}
}

func (k *keeping) add(no int64, object uuid.UUID, list []ehr.WorkflowEntry) error {
	k.objectNos, k.objects = append(k.objectNos, no), append(k.objects, object)
	for _, e := range list {
		var action *string
		if e.Action != nil {
			b, err := json.Marshal(e.Action)
			if err != nil {
				return errs.Wrap(errs.Internal, "store.Commit", "", err)
			}
			action = jsonText(b)
		}
		k.i = append(k.i, int32(len(k.objects)))
		k.target, k.workflow, k.action = append(k.target, known(e.Target)), append(k.workflow, optional(e.Workflow)), append(k.action, action)
	}
	return nil
}

// keep stores what compositions say and gives the objects that depend on it.
func (k *keeping) keep(ctx context.Context, tx pgx.Tx) ([]int64, error) {
	if len(k.objects) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `select keep_workflow($1, $2, $3, $4, $5, $6, $7)`,
		k.ehrNo, k.objectNos, k.objects, k.i, k.target, k.workflow, k.action)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// remake projects the latest versions of objects anew, because what they depend
// on has changed. What is projected later anyway, or cannot be now, is left to
// the queue, and then it reports that something waits there.
func (s *Store) remake(ctx context.Context, tx pgx.Tx, c *ehr.Contribution, owner int64, objects []int64, at time.Time) (waiting bool, err error) {
	const op = "store.Commit"
	if len(objects) == 0 {
		return false, nil
	}
	var rules string
	if err := tx.QueryRow(ctx, `select coalesce(rules, '') from fhir_state`).Scan(&rules); err != nil {
		return false, failure(op, err)
	}
	if rules == "" {
		return false, nil // nothing is projected
	}
	left := objects
	if rules == c.Rules {
		if left, err = s.remakeNow(ctx, tx, c, owner, objects); err != nil {
			return false, err
		}
	}
	if len(left) == 0 {
		return false, nil
	}
	if err := enqueue(ctx, tx, owner, left, &at); err != nil {
		return false, failure(op, err)
	}
	return true, nil
}

// enqueue puts objects into the queue; nil is as of now. Those in it keep their
// place.
func enqueue(ctx context.Context, tx pgx.Tx, owner int64, objects []int64, since *time.Time) error {
	_, err := tx.Exec(ctx, `
		insert into fhir_queue (ehr_no, vo_no, since, retry)
		select $1, n, coalesce($3, clock_timestamp()), coalesce($3, clock_timestamp()) from unnest($2::bigint[]) n
		on conflict (ehr_no, vo_no) do nothing`, owner, objects, since)
	return err
}

// remakeNow does what need not wait and gives the rest. It is undone by itself,
// and not with the commit, if it is refused.
func (s *Store) remakeNow(ctx context.Context, tx pgx.Tx, c *ehr.Contribution, owner int64, objects []int64) (left []int64, err error) {
	const op = "store.Commit"
	inner, err := tx.Begin(ctx)
	if err != nil {
		return nil, failure(op, err)
	}
	p := &projector{Store: s, db: inner, rules: c.Rules, opt: ReprojectOptions{
		Projections: c.Projections, Failed: func(string, error) {},
	}}
	list, err := p.read(ctx, inner, ` where v.kind = 1 and v.time_superseded is null and v.ver > 0 and v.ehr_no = $1 and v.vo_no = any($2)`, owner, objects)
	if err != nil {
		return nil, failure(op, err)
	}
	var now []source
	for i := range list {
		if list[i].since != nil || c.Later != nil && c.Later(list[i].in.TemplateID) {
			left = append(left, list[i].vo)
		} else {
			now = append(now, list[i])
		}
	}
	d, _, err := p.compare(ctx, now) // those that fail are in the queue
	var done []int32
	if err == nil && d.touched {
		done, err = p.write(ctx, d, false)
	}
	switch {
	case err == nil:
	case refused(err) || errs.Is(err, errs.Conflict): // other rules, since a moment ago
		if err := inner.Rollback(ctx); err != nil {
			return nil, failure(op, err)
		}
		return objects, nil
	default:
		return nil, err
	}
	for i, at := range d.index {
		if d.touched && !slices.Contains(done, int32(i+1)) {
			left = append(left, now[at].vo)
		}
	}
	if err := inner.Commit(ctx); err != nil {
		return nil, failure(op, err)
	}
	return left, nil
}

// wake tells whoever projects that something waits.
func (s *Store) wake() {
	select {
	case s.queued <- struct{}{}:
	default: // somebody has yet to look
	}
}

// workflows reads what is said about the orders of versions, and what they
// themselves have said about workflows.
func (p *projector) workflows(ctx context.Context, q conn, list []source) error {
	ehrs, vos, objects := make([]int64, len(list)), make([]int64, len(list)), make([]string, len(list))
	for i := range list {
		list[i].in.Workflow, list[i].said = nil, nil
		ehrs[i], vos[i], objects[i] = list[i].ehr, list[i].vo, list[i].in.ObjectID
	}
	rows, err := q.Query(ctx, `select i, action from workflow_of($1, $2, $3)`, ehrs, vos, objects)
	if err != nil {
		return err
	}
	var i int64
	var action ehr.WorkflowAction
	if _, err := pgx.ForEachRow(rows, []any{&i, &action}, func() error {
		list[i-1].in.Workflow = append(list[i-1].in.Workflow, action)
		action = ehr.WorkflowAction{}
		return nil
	}); err != nil {
		return err
	}
	rows, err = q.Query(ctx, `
		select u.i, w.target, w.workflow, w.action
		from unnest($1::bigint[], $2::bigint[]) with ordinality as u(ehr_no, vo_no, i)
		join workflow_entry w on w.ehr_no = u.ehr_no and w.vo_no = u.vo_no
		order by u.i, w.entry_no`, ehrs, vos)
	if err != nil {
		return err
	}
	var target *uuid.UUID
	var key *string
	var said *ehr.WorkflowAction
	_, err = pgx.ForEachRow(rows, []any{&i, &target, &key, &said}, func() error {
		e := ehr.WorkflowEntry{Action: said}
		if target != nil {
			e.Target = *target
		}
		if key != nil {
			e.Workflow = *key
		}
		list[i-1].said = append(list[i-1].said, e)
		target, key, said = nil, nil, nil
		return nil
	})
	return err
}

// sameEntries compares what a version says with what is kept of it.
func sameEntries(a, b []ehr.WorkflowEntry) bool {
	return slices.EqualFunc(a, b, func(a, b ehr.WorkflowEntry) bool {
		if a.Action != nil && b.Action != nil && *a.Action != *b.Action {
			return false
		}
		return a.Target == b.Target && a.Workflow == b.Workflow && (a.Action == nil) == (b.Action == nil)
	})
}

// writeWorkflow is write for versions with orders or of workflows: what they were
// made from must still be what is said, and what depends on what they say is to
// be made anew.
func (p *projector) writeWorkflow(ctx context.Context, list []source, d *differences, wait bool) (done []int32, err error) {
	const op = "store.Reproject"
	tx, err := p.db.Begin(ctx)
	if err != nil {
		return nil, failure(op, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // without effect after a commit
	var flows []source
	for _, at := range d.index {
		if list[at].flow() {
			flows = append(flows, list[at])
		}
	}
	slices.SortFunc(flows, func(a, b source) int { return cmp.Or(cmp.Compare(a.ehr, b.ehr), cmp.Compare(a.vo, b.vo)) })
	for i := range flows {
		if i > 0 && flows[i].ehr == flows[i-1].ehr {
			continue
		}
		id, err := uuid.Parse(flows[i].in.EHRID)
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "", err)
		}
		if err := lockWorkflows(ctx, tx, id); err != nil {
			return nil, failure(op, err)
		}
	}
	fresh := slices.Clone(flows)
	if err := p.workflows(ctx, tx, fresh); err != nil {
		return nil, failure(op, err)
	}
	if err := p.gather(ctx, tx, fresh); err != nil {
		return nil, failure(op, err)
	}
	for i := range fresh {
		if !slices.Equal(fresh[i].in.Workflow, flows[i].in.Workflow) || !sameEntries(fresh[i].said, flows[i].said) || !sameRelated(&fresh[i], &flows[i]) {
			return nil, nil // none is done
		}
	}
	outer := p.db
	p.db = tx
	done, err = p.write(ctx, d, wait)
	p.db = outer
	if err != nil {
		return nil, err
	}
	for i, at := range d.index {
		src := &list[at]
		if !slices.Contains(done, int32(i+1)) {
			continue
		}
		// Whoever committed what waited here may not have known what depends on it.
		if src.since != nil && d.changed[i] && len(src.related) > 0 {
			others := make([]int64, len(src.related))
			for k := range src.related {
				others[k] = src.related[k].vo
			}
			if err := enqueue(ctx, tx, src.ehr, others, nil); err != nil {
				return nil, failure(op, err)
			}
		}
		if sameEntries(src.said, src.says) {
			continue
		}
		object, err := uuid.Parse(src.in.ObjectID)
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "", err)
		}
		k := newKeeping(src.ehr)
		if err := k.add(src.vo, object, src.says); err != nil {
			return nil, err
		}
		m := marksOf(append(slices.Clone(src.said), src.says...), ehr.Gathered(p.opt.Projections))
		depends, err := k.keep(ctx, tx)
		if err == nil && !m.none() {
			var more []neighbour
			more, err = neighbours(ctx, tx, src.ehr, &m, ehr.Gathered(p.opt.Projections), nil)
			depends = append(depends, objectsOf(more)...)
			slices.Sort(depends)
			depends = slices.Compact(depends)
		}
		if err == nil {
			err = enqueue(ctx, tx, src.ehr, depends, nil)
		}
		if err != nil {
			return nil, failure(op, err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, failure(op, err)
	}
	return done, nil
}

// flow reports whether what is made of the version depends on workflows, or it
// says something about one.
func (s *source) flow() bool { return s.orders || len(s.said)+len(s.says) > 0 }

// eraseWorkflow removes what an object says about workflows; what depends on it
// is queued. It reports whether that is so.
func eraseWorkflow(ctx context.Context, tx pgx.Tx, ehrID uuid.UUID, ehrNo, no int64, object uuid.UUID) (bool, error) {
	m, err := said(ctx, tx, ehrID, []uuid.UUID{object})
	if err != nil {
		return false, err
	}
	k := newKeeping(ehrNo)
	if err := k.add(no, object, nil); err != nil {
		return false, err
	}
	depends, err := k.keep(ctx, tx)
	if err != nil {
		return false, err
	}
	if !m.none() {
		more, err := neighbours(ctx, tx, ehrNo, &m, nil, []uuid.UUID{object})
		if err != nil {
			return false, err
		}
		depends = append(depends, objectsOf(more)...)
		slices.Sort(depends)
		depends = slices.Compact(depends)
	}
	if len(depends) == 0 {
		return false, nil
	}
	return true, enqueue(ctx, tx, ehrNo, depends, nil)
}
