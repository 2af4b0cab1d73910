package store

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// What some ACTIONs are projected to is one record for all of a workflow, in
// whichever compositions these are (ehr.Gatherer). So a composition with such an
// ACTION is projected with all others that share, through whichever ACTIONs, a
// composition that they name or a workflow_id, and is made anew when one of those
// changes. Which of them the record is made of is for the projection.

// maxRelated is how many compositions may be related to one.
const maxRelated = 50

// marks are what relates ACTIONs to each other.
type marks struct {
	targets   []uuid.UUID
	workflows []string
}

func (m *marks) add(target uuid.UUID, workflow string) {
	if target != uuid.Nil && !slices.Contains(m.targets, target) {
		m.targets = append(m.targets, target)
	}
	if workflow != "" && !slices.Contains(m.workflows, workflow) {
		m.workflows = append(m.workflows, workflow)
	}
}

func (m *marks) all(o *marks) {
	for _, t := range o.targets {
		m.add(t, "")
	}
	for _, w := range o.workflows {
		m.add(uuid.Nil, w)
	}
}

func (m *marks) none() bool { return len(m.targets)+len(m.workflows) == 0 }

func (m *marks) meet(o *marks) bool {
	return slices.ContainsFunc(m.targets, func(t uuid.UUID) bool { return slices.Contains(o.targets, t) }) ||
		slices.ContainsFunc(m.workflows, func(w string) bool { return slices.Contains(o.workflows, w) })
}

// marksOf are those of the entries with one of the archetypes.
func marksOf(list []ehr.WorkflowEntry, archetypes []string) (m marks) {
	for _, e := range list {
		if e.Action != nil && slices.Contains(archetypes, e.Action.Archetype) {
			m.add(e.Target, e.Workflow)
		}
	}
	return m
}

// neighbour is a stored composition that is related to others.
type neighbour struct {
	vo     int64
	object uuid.UUID
	marks  marks
}

// neighbours finds what is related to marks, in the order of the numbers of the
// objects, without objects given. nil archetypes are those of all ACTIONs.
func neighbours(ctx context.Context, tx pgx.Tx, ehrNo int64, m *marks, archetypes []string, without []uuid.UUID) ([]neighbour, error) {
	rows, err := tx.Query(ctx, `
		with recursive m(target, workflow) as (
			select t, null::text from unnest($2::uuid[]) t
			union
			select null, f from unnest($3::text[]) f
			union
			select k.target, k.workflow from m
			join workflow_entry w on w.ehr_no = $1 and (w.target = m.target or w.workflow = m.workflow) and w.action is not null
				and ($4::text[] is null or w.action->>'archetype' = any($4)) and w.object_id <> all($5)
			join workflow_entry o on o.ehr_no = $1 and o.vo_no = w.vo_no and o.action is not null and ($4 is null or o.action->>'archetype' = any($4))
			cross join lateral (values (o.target, null), (null, o.workflow)) as k(target, workflow)
			where k.target is not null or k.workflow is not null
		)
		select w.vo_no, w.object_id, w.target, w.workflow from workflow_entry w
		where w.ehr_no = $1 and w.action is not null and ($4 is null or w.action->>'archetype' = any($4)) and w.object_id <> all($5)
			and (w.target = any(array(select target from m where target is not null))
				or w.workflow = any(array(select workflow from m where workflow is not null)))
		order by w.vo_no, w.entry_no`, ehrNo, nonNil(m.targets), nonNil(m.workflows), archetypes, nonNil(without))
	if err != nil {
		return nil, err
	}
	var out []neighbour
	var n neighbour
	var target *uuid.UUID
	var workflow *string
	_, err = pgx.ForEachRow(rows, []any{&n.vo, &n.object, &target, &workflow}, func() error {
		if len(out) == 0 || out[len(out)-1].vo != n.vo {
			out = append(out, neighbour{vo: n.vo, object: n.object})
		}
		last := &out[len(out)-1]
		if target != nil {
			last.marks.add(*target, "")
		}
		if workflow != nil {
			last.marks.add(uuid.Nil, *workflow)
		}
		target, workflow = nil, nil
		return nil
	})
	return out, err
}

// nonNil is a list that is not passed as null.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// relatedVersion is the latest version of a composition that is related to one that is projected.
type relatedVersion struct {
	vo        int64
	uid       string
	object    string
	lifecycle int
	raw       []byte
}

// relatedVersions reads the latest versions of objects.
func relatedVersions(ctx context.Context, tx pgx.Tx, ehrNo int64, objects []int64) ([]relatedVersion, error) {
	rows, err := tx.Query(ctx, `
		select v.vo_no, v.object_id, v.creating_system, v.ver, v.lifecycle_state, d.raw
		from version v join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver
		where v.ehr_no = $1 and v.vo_no = any($2) and v.time_superseded is null and v.ver > 0 order by v.vo_no`, ehrNo, objects)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r relatedVersion, err error) {
		var uid ehr.VersionUID
		err = row.Scan(&r.vo, &uid.Object, &uid.System, &uid.Trunk, &r.lifecycle, &r.raw)
		r.uid, r.object = uid.String(), uid.Object.String()
		return r, err
	})
}

// gather finds what is related to stored versions.
func (p *projector) gather(ctx context.Context, tx pgx.Tx, list []source) error {
	archetypes := ehr.Gathered(p.opt.Projections)
	for i := range list {
		s := &list[i]
		s.related, s.in.Crowded = nil, false
		m := marksOf(s.said, archetypes)
		if m.none() {
			continue
		}
		own, err := uuid.Parse(s.in.ObjectID)
		if err != nil {
			return err
		}
		found, err := neighbours(ctx, tx, s.ehr, &m, archetypes, []uuid.UUID{own})
		if err != nil {
			return err
		}
		if s.in.Crowded = len(found) > maxRelated; s.in.Crowded || len(found) == 0 {
			continue
		}
		if s.related, err = relatedVersions(ctx, tx, s.ehr, objectsOf(found)); err != nil {
			return err
		}
	}
	return nil
}

// relatedDocument reads a document once for all that are projected with it, as
// the compositions of one workflow are.
func (p *projector) relatedDocument(r *relatedVersion) (*rm.Node, error) {
	if root := p.decoded[r.uid]; root != nil {
		return root, nil
	}
	root, err := p.document(r.raw, ehr.KindComposition)
	if err != nil {
		return nil, err
	}
	if p.decoded == nil || len(p.decoded) >= 2*maxRelated {
		p.decoded = map[string]*rm.Node{}
	}
	p.decoded[r.uid] = root
	return root, nil
}

func objectsOf(list []neighbour) []int64 {
	out := make([]int64, len(list))
	for i := range list {
		out[i] = list[i].vo
	}
	return out
}

// sameRelated reports whether the same is related to a version as before.
func sameRelated(a, b *source) bool {
	return a.in.Crowded == b.in.Crowded && slices.EqualFunc(a.related, b.related, func(a, b relatedVersion) bool { return a.uid == b.uid && a.lifecycle == b.lifecycle })
}

// surroundings are what a version of a contribution is projected beside.
type surroundings struct {
	related []ehr.Related
	crowded bool
}

// surroundings finds what is related to the versions of a contribution, by their
// places in it: of what is stored and of what the contribution says itself.
func (s *Store) surroundings(ctx context.Context, tx pgx.Tx, c *ehr.Contribution) (map[int]surroundings, error) {
	archetypes := ehr.Gathered(c.Projections)
	var seeds marks
	var objects []uuid.UUID
	type member struct {
		marks marks
		vo    int64 // what is new comes after what is stored
		at    int   // in the contribution; -1: stored
		as    *ehr.Related
	}
	var members []member
	for i := range c.Versions {
		v := &c.Versions[i]
		if v.Kind != ehr.KindComposition || v.UID.IsBranch() {
			continue
		}
		objects = append(objects, v.UID.Object)
		if m := marksOf(v.Workflow, archetypes); !m.none() {
			seeds.all(&m)
			members = append(members, member{m, math.MaxInt64, i, &ehr.Related{
				Root: v.Root, ObjectID: v.UID.Object.String(), VersionUID: v.UID.String(), LifecycleState: v.LifecycleState,
			}})
		}
	}
	if seeds.none() {
		return nil, nil
	}
	var ehrNo int64
	rows, err := tx.Query(ctx, `
		select e.ehr_no, v.object_id, v.vo_no from ehr e
		left join version v on v.ehr_no = e.ehr_no and v.object_id = any($2) and v.kind = 1
		where e.ehr_id = $1`, c.EHRID, objects)
	if err != nil {
		return nil, err
	}
	var object *uuid.UUID
	var vo *int64
	if _, err := pgx.ForEachRow(rows, []any{&ehrNo, &object, &vo}, func() error {
		for i := range members {
			if object != nil && c.Versions[members[i].at].UID.Object == *object {
				members[i].vo = *vo
			}
		}
		object, vo = nil, nil
		return nil
	}); err != nil {
		return nil, err
	}
	stored, err := neighbours(ctx, tx, ehrNo, &seeds, archetypes, objects)
	if err != nil {
		return nil, err
	}
	for _, n := range stored {
		members = append(members, member{n.marks, n.vo, -1, nil})
	}
	slices.SortStableFunc(members, func(a, b member) int {
		if a.vo != b.vo || a.at < 0 {
			return cmp.Compare(a.vo, b.vo)
		}
		// As commit_contribution numbers what is new.
		x, y := c.Versions[a.at].UID.Object, c.Versions[b.at].UID.Object
		return bytes.Compare(x[:], y[:])
	})
	out := map[int]surroundings{}
	for own := range members {
		if members[own].at < 0 {
			continue
		}
		in := make([]bool, len(members))
		in[own] = true
		n, reach := 0, members[own].marks
		for grown := true; grown; {
			grown = false
			for i := range members {
				if !in[i] && members[i].marks.meet(&reach) {
					in[i], grown = true, true
					n++
					reach.all(&members[i].marks)
				}
			}
		}
		around := surroundings{crowded: n > maxRelated}
		if !around.crowded {
			var read []int64
			for i := range members {
				if in[i] && members[i].as == nil {
					read = append(read, members[i].vo)
				}
			}
			if len(read) > 0 {
				versions, err := relatedVersions(ctx, tx, ehrNo, read)
				if err != nil {
					return nil, err
				}
				for k := range versions {
					r := &versions[k]
					root, err := s.document(r.raw, ehr.KindComposition)
					if err != nil { // a commit does not fail because of what was stored before it
						around.crowded = true
						break
					}
					for i := range members {
						if members[i].vo == r.vo && members[i].at < 0 {
							members[i].as = &ehr.Related{Root: root, ObjectID: r.object, VersionUID: r.uid, LifecycleState: r.lifecycle}
						}
					}
				}
			}
			for i := range members {
				if in[i] && i != own && members[i].as != nil && !around.crowded {
					r := *members[i].as
					r.Earlier = i < own
					around.related = append(around.related, r)
				}
			}
		}
		out[members[own].at] = around
	}
	return out, nil
}

// said are the marks of what objects have said until now.
func said(ctx context.Context, tx pgx.Tx, ehrID uuid.UUID, objects []uuid.UUID) (m marks, err error) {
	rows, err := tx.Query(ctx, `
		select w.target, w.workflow from ehr e join workflow_entry w on w.ehr_no = e.ehr_no
		where e.ehr_id = $1 and w.object_id = any($2) and w.action is not null`, ehrID, objects)
	if err != nil {
		return m, err
	}
	var target *uuid.UUID
	var workflow *string
	_, err = pgx.ForEachRow(rows, []any{&target, &workflow}, func() error {
		if target != nil {
			m.add(*target, "")
		}
		if workflow != nil {
			m.add(uuid.Nil, *workflow)
		}
		target, workflow = nil, nil
		return nil
	})
	return m, err
}
