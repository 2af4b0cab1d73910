package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// source is a stored version with what was derived from it and its predecessors.
type source struct {
	ehr, vo  int64
	in       ehr.ProjectionInput
	raw      []byte
	existing []existing // current resources of the object
	losses   []ehr.Loss
	mapped   []string
	since    *time.Time // of its place in the queue; nil: not there

	// said is what is kept of what the version says about workflows, says what it
	// does say; orders tells whether it has INSTRUCTIONs. The last two are known
	// once it was projected.
	said, says []ehr.WorkflowEntry
	orders     bool
	// related are the compositions with what in.Related is made of.
	related []relatedVersion
	// person is whom an EHR_STATUS is about and personRaw its document, roleRaws
	// are those of the ROLEs of a PERSON.
	person    uuid.UUID
	personRaw []byte
	roleRaws  [][]byte
}

// existing is a current resource of an object.
type existing struct {
	typ, id  string
	ver      int32
	revision int16
	kind     int32
	profiles []string
	json     []byte // nil: gone
	search   []byte // nil: none
}

// versions reads versions that are the latest of their objects, in one snapshot
// with what was derived.
func (p *projector) versions(ctx context.Context, where string, args ...any) ([]source, error) {
	const op = "store.Reproject"
	var list []source
	if p.tx != nil {
		list, err := p.read(ctx, p.tx, where, args...)
		if err != nil {
			return nil, failure(op, err)
		}
		return list, nil
	}
	err := pgx.BeginTxFunc(ctx, p.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		list, err = p.read(ctx, tx, where, args...)
		return err
	})
	if err != nil {
		return nil, failure(op, err)
	}
	return list, nil
}

func (p *projector) read(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]source, error) {
	rows, err := tx.Query(ctx, `
			select v.ehr_no, v.vo_no, v.ver, v.kind, v.object_id, v.creating_system, v.audit_system_id, v.lifecycle_state,
				coalesce(t.template_id, ''), e.ehr_id, coalesce(e.subject_type, ''), coalesce(e.subject_id, ''), coalesce(e.subject_namespace, ''),
				d.raw, f.mapped, f.losses, q.since
			from version v
			left join ehr e on e.ehr_no = v.ehr_no
			left join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver
			left join template t on t.template_no = v.template_no
			left join fhir_loss f on f.ehr_no = v.ehr_no and f.vo_no = v.vo_no and f.ver = v.ver
			left join fhir_queue q on q.ehr_no = v.ehr_no and q.vo_no = v.vo_no`+where, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanSource)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if err := p.workflows(ctx, tx, list); err != nil {
		return nil, err
	}
	if err := p.gather(ctx, tx, list); err != nil {
		return nil, err
	}
	if err := p.around(ctx, tx, list); err != nil {
		return nil, err
	}
	return list, p.resources(ctx, tx, list)
}

func scanSource(row pgx.CollectableRow) (s source, err error) {
	var object uuid.UUID
	var record *uuid.UUID // nil: a party
	var system string
	var losses []byte
	var kind int16
	in := &s.in
	if err := row.Scan(&s.ehr, &s.vo, &in.Trunk, &kind, &object, &system, &in.SystemID, &in.LifecycleState,
		&in.TemplateID, &record, &in.SubjectType, &in.SubjectID, &in.SubjectNamespace, &s.raw, &s.mapped, &losses, &s.since); err != nil {
		return s, err
	}
	in.Kind, in.ObjectID = ehr.Kind(kind), object.String()
	if record != nil {
		in.EHRID = record.String()
	}
	in.VersionUID = ehr.VersionUID{Object: object, System: system, Trunk: in.Trunk}.String()
	if losses != nil {
		err = json.Unmarshal(losses, &s.losses)
	}
	return s, err
}

// resources reads the current resources of the objects.
func (p *projector) resources(ctx context.Context, tx pgx.Tx, list []source) error {
	type object struct{ ehr, vo int64 }
	at := make(map[object]int, len(list))
	ehrs, vos := make([]int64, len(list)), make([]int64, len(list))
	for i := range list {
		ehrs[i], vos[i] = list[i].ehr, list[i].vo
		at[object{ehrs[i], vos[i]}] = i
	}
	rows, err := tx.Query(ctx, `
		select r.ehr_no, r.vo_no, r.resource_type, r.resource_id, r.ver, r.revision, r.kind_no, k.profiles, r.byte_from, r.byte_len, r.search, c.raw
		from unnest($1::bigint[], $2::bigint[]) as u(ehr_no, vo_no)
		join fhir_resource r on r.ehr_no = u.ehr_no and r.vo_no = u.vo_no and r.superseded is null
		join fhir_kind k on k.kind_no = r.kind_no
		left join fhir_content c on c.ehr_no = r.ehr_no and c.vo_no = r.vo_no and c.ver = r.ver and c.revision = r.revision and r.byte_len is not null
		order by r.ehr_no, r.vo_no, r.ver, r.revision`, ehrs, vos)
	if err != nil {
		return err
	}
	var o object
	var r existing
	var from, length *int32
	var raw, content []byte
	type key struct {
		object
		ver      int32
		revision int16
	}
	var last key // whose content is expanded already
	_, err = pgx.ForEachRow(rows, []any{&o.ehr, &o.vo, &r.typ, &r.id, &r.ver, &r.revision, &r.kind, &r.profiles, &from, &length, &r.search, &raw}, func() error {
		r.json = nil
		if length != nil {
			if k := (key{o, r.ver, r.revision}); k != last {
				if content, err = p.Content(raw); err != nil {
					return err
				}
				last = k
			}
			if *from < 0 || *length < 0 || int(*from)+int(*length) > len(content) {
				return errs.New(errs.Internal, "store.Reproject", "a resource is not where its version has it")
			}
			r.json = content[*from : *from+*length]
		}
		s := &list[at[o]]
		s.existing = append(s.existing, r)
		return nil
	})
	return err
}

// differences are the arguments of project_versions after the rules.
type differences struct {
	ehrs, vos   []int64
	vers, made  []int32
	rI, rKind   []int32
	rType, rID  []string
	rFrom, rLen []*int32
	rSearch     []*string
	rAstray     []int32
	cI          []int32
	cRaw        [][]byte
	sI, sKind   []int32
	sType, sID  []string
	sSearch     []*string
	lI          []int32
	lMapped     []string
	lLosses     []*string
	changed     []bool // by version
	touched     bool
	flow        bool  // a version is of a workflow, or may be
	index       []int // of the version among those asked for
}

// attempts bounds how often a version is compared again because a commit came
// in between.
const attempts = 20

// project projects versions and stores what came out differently. Queued ones
// leave the queue. It counts those that changed and those that failed.
func (p *projector) project(ctx context.Context, list []source, queued bool) (changed, failed int, err error) {
	const op = "store.Reproject"
	for attempt := 0; len(list) > 0; attempt++ {
		if attempt == attempts {
			return changed, failed, errs.New(errs.Conflict, op, "a version changes faster than it can be projected")
		}
		// What was not done is tried alone, so that it can be waited for.
		size := len(list)
		if attempt > 0 {
			size = 1
		}
		var left []source
		for part := range slices.Chunk(list, size) {
			d, bad, err := p.compare(ctx, part)
			if err != nil {
				return changed, failed, err
			}
			failed += bad
			var done []int32
			if d.touched || queued {
				if d.flow {
					done, err = p.writeWorkflow(ctx, part, d, attempt > 0)
				} else {
					done, err = p.write(ctx, d, attempt > 0)
				}
				switch {
				case err == nil:
				case !refused(err):
					return changed, failed, err
				case len(part) == 1:
					failed++
					if err := p.fail(ctx, &part[0], err); err != nil {
						return changed, failed, err
					}
					continue
				default: // which one it is will be seen when each is tried alone
				}
				if err := p.told(ctx, part, d, done); err != nil {
					return changed, failed, err
				}
			} else {
				for i := range d.index {
					done = append(done, int32(i+1))
				}
			}
			for i, at := range d.index {
				if !slices.Contains(done, int32(i+1)) {
					left = append(left, part[at])
				} else if d.changed[i] {
					changed++
				}
			}
		}
		if list, err = p.again(ctx, left); err != nil {
			return changed, failed, err
		}
	}
	return changed, failed, nil
}

// refused reports whether an error is of what was to be read or written, which
// would not be otherwise if it was tried again at once.
func refused(err error) bool {
	return errs.Is(err, errs.Internal) || errs.Is(err, errs.Invalid) || errs.Is(err, errs.Unprocessable) || errs.Is(err, errs.TooLarge)
}

// told tells how long those have waited that have left the queue.
func (p *projector) told(ctx context.Context, part []source, d *differences, done []int32) error {
	var now time.Time
	for _, at := range done {
		since := part[d.index[at-1]].since
		if since == nil {
			continue
		}
		if now.IsZero() { // by the clock that since is by
			if err := p.db.QueryRow(ctx, `select clock_timestamp()`).Scan(&now); err != nil {
				return failure("store.Reproject", err)
			}
		}
		p.opt.Waited(now.Sub(*since))
	}
	return nil
}

// again reads versions anew: the latest ones of their objects, if those are
// still there.
func (p *projector) again(ctx context.Context, left []source) ([]source, error) {
	if len(left) == 0 {
		return nil, nil
	}
	ehrs, vos := make([]int64, len(left)), make([]int64, len(left))
	for i := range left {
		ehrs[i], vos[i] = left[i].ehr, left[i].vo
	}
	return p.versions(ctx, ` where v.kind in (1, 2, 7, 8, 9) and v.time_superseded is null and v.ver > 0
		and (v.ehr_no, v.vo_no) in (select * from unnest($1::bigint[], $2::bigint[]))`, ehrs, vos)
}

func (p *projector) write(ctx context.Context, d *differences, wait bool) (done []int32, err error) {
	if len(d.index) == 0 {
		return nil, nil
	}
	if p.tx != nil { // what cannot be stored must not end the transaction
		err = pgx.BeginFunc(ctx, p.tx, func(tx pgx.Tx) error {
			done, err = p.store(ctx, tx, d, wait)
			return err
		})
	} else {
		done, err = p.store(ctx, p.db, d, wait)
	}
	if err != nil {
		return nil, failure("store.Reproject", err)
	}
	return done, nil
}

func (p *projector) store(ctx context.Context, db conn, d *differences, wait bool) (done []int32, err error) {
	err = db.QueryRow(ctx, `select project_versions(`+placeholders(24)+`)`, p.rules, wait, d.ehrs, d.vos, d.vers, d.made,
		d.rI, d.rKind, d.rType, d.rID, d.rFrom, d.rLen, d.rSearch, d.rAstray, d.cI, d.cRaw,
		d.sI, d.sKind, d.sType, d.sID, d.sSearch, d.lI, d.lMapped, d.lLosses).Scan(&done)
	return done, err
}

// fail puts a version that cannot be projected into the queue, to be tried again.
func (p *projector) fail(ctx context.Context, s *source, cause error) error {
	p.opt.Failed(s.in.VersionUID, cause)
	_, err := p.db.Exec(ctx, `
		with v as (select ehr_no, vo_no from version where ehr_no = $1 and vo_no = $2 and ver > 0 and time_superseded is null for no key update)
		insert into fhir_queue as q (ehr_no, vo_no, since, attempts, retry) select ehr_no, vo_no, now(), 1, now() + interval '1 minute' from v
		on conflict (ehr_no, vo_no) do update set attempts = q.attempts + 1, retry = now() + least(q.attempts + 1, 60) * interval '1 minute'`, s.ehr, s.vo)
	if err != nil {
		return failure("store.Reproject", err)
	}
	return nil
}

// compare projects versions and finds what came out differently.
func (p *projector) compare(ctx context.Context, list []source) (*differences, int, error) {
	// Empty, not nil: nil would be passed as null.
	d := &differences{
		ehrs: []int64{}, vos: []int64{}, vers: []int32{}, made: []int32{},
		rI: []int32{}, rKind: []int32{}, rType: []string{}, rID: []string{}, rFrom: []*int32{}, rLen: []*int32{}, rSearch: []*string{}, rAstray: []int32{},
		cI: []int32{}, cRaw: [][]byte{}, sI: []int32{}, sKind: []int32{}, sType: []string{}, sID: []string{}, sSearch: []*string{},
		lI: []int32{}, lMapped: []string{}, lLosses: []*string{},
	}
	failed := 0
	p.decoded = nil
	for i := range list {
		s := &list[i]
		out, err := p.derive(ctx, s)
		if err == nil {
			err = p.differ(ctx, d, i, s, &out)
		}
		switch {
		case err == nil:
		case refused(err):
			failed++
			if err := p.fail(ctx, s, err); err != nil {
				return nil, failed, err
			}
		default:
			return nil, failed, err
		}
	}
	return d, failed, nil
}

// derive projects one version.
func (p *projector) derive(ctx context.Context, s *source) (out ehr.Projected, err error) {
	const op = "store.Reproject"
	defer func() {
		// One version must not keep all others from being projected, nor end the
		// server. What it was is told like any other reason.
		if v := recover(); v != nil {
			// Not v itself: it may quote the record.
			err = errs.Wrap(errs.Internal, op, "a stored version makes the projection panic", fmt.Errorf("%T\n%s", v, debug.Stack()))
		}
	}()
	in := s.in
	if s.raw != nil {
		if in.Root, err = p.document(s.raw, in.Kind); err != nil {
			return ehr.Projected{}, err
		}
		if err := p.surround(s, &in); err != nil {
			return ehr.Projected{}, err
		}
		if in.Kind == ehr.KindComposition {
			s.says, s.orders = ehr.Workflow(in.Root, in.LifecycleState)
		}
		for i := range s.related {
			r := &s.related[i]
			root, err := p.relatedDocument(r)
			if err != nil {
				return ehr.Projected{}, err
			}
			in.Related = append(in.Related, ehr.Related{Root: root, ObjectID: r.object, VersionUID: r.uid, LifecycleState: r.lifecycle, Earlier: r.vo < s.vo})
		}
	}
	var failed error
	in.Resource = func(party uuid.UUID) string {
		typ, err := partyResource(ctx, p.db, party)
		if err != nil && failed == nil {
			failed = err
		}
		return typ
	}
	if record, bad := uuid.Parse(in.EHRID); bad == nil && in.Kind == ehr.KindComposition {
		in.Linked = func(object uuid.UUID) ehr.LinkTarget {
			t, err := p.linkTarget(ctx, p.db, record, object)
			if err != nil && failed == nil {
				failed = err
			}
			t.Waiting = false // what waits is stored in its order
			return t
		}
	}
	out = ehr.Derive(p.opt.Projections, in)
	return out, failed
}

// differ adds what differs of one version. Nothing is added if it fails.
func (p *projector) differ(ctx context.Context, d *differences, index int, s *source, out *ehr.Projected) error {
	const op = "store.Reproject"
	w := searchWriter{self: "Patient/" + s.in.EHRID}
	kinds, searches := make([]kind, len(out.Resources)), make([]*string, len(out.Resources))
	for i := range out.Resources {
		r := &out.Resources[i]
		if !json.Valid(r.JSON) {
			return errs.New(errs.Internal, op, "a projected resource is not valid JSON")
		}
		search, _, err := w.resource(r)
		if err != nil {
			return err
		}
		kinds[i], searches[i] = kind{resource: r, digest: w.digest()}, jsonText(search)
	}
	numbers, err := p.kindNumbers(ctx, &w, kinds)
	if err != nil {
		return err
	}
	at := int32(len(d.index) + 1)
	made := int32(-1)
	seen := make([]bool, len(out.Resources))
	changed := false
	change := func(kind int32, typ, id string, from, length *int32, search *string) {
		changed = true
		d.rI, d.rKind, d.rType, d.rID = append(d.rI, at), append(d.rKind, kind), append(d.rType, typ), append(d.rID, id)
		d.rFrom, d.rLen, d.rSearch = append(d.rFrom, from), append(d.rLen, length), append(d.rSearch, search)
	}
	for _, r := range s.existing {
		if int(r.ver) == s.in.Trunk {
			made = max(made, int32(r.revision))
		}
		k := slices.IndexFunc(out.Resources, func(n ehr.Resource) bool { return n.Type == r.typ && n.ID == r.id })
		switch {
		case k < 0 && r.json != nil:
			change(r.kind, r.typ, r.id, nil, nil, nil)
		case k >= 0 && r.json != nil && int(r.ver) == s.in.Trunk && bytes.Equal(r.json, out.Resources[k].JSON) &&
			slices.Equal(r.profiles, out.Resources[k].Profiles):
			seen[k] = true
			if r.kind != numbers[k] || !sameJSON(r.search, searches[k]) {
				d.touched = true
				d.sI, d.sKind, d.sType, d.sID = append(d.sI, at), append(d.sKind, numbers[k]), append(d.sType, r.typ), append(d.sID, r.id)
				d.sSearch = append(d.sSearch, searches[k])
			}
		}
	}
	object, err := uuid.Parse(s.in.ObjectID)
	if err != nil {
		return errs.Wrap(errs.Internal, op, "", err)
	}
	record, _ := uuid.Parse(s.in.EHRID) // none for a party
	var content []byte
	for k := range out.Resources {
		if seen[k] {
			continue
		}
		r := &out.Resources[k]
		from, length := int32(len(content)), int32(len(r.JSON))
		content = append(content, r.JSON...)
		change(numbers[k], r.Type, r.ID, &from, &length, searches[k])
		if astray(r.ID, object, record) {
			d.rAstray = append(d.rAstray, int32(len(d.rID)))
		}
	}
	if len(content) > 0 {
		d.cI = append(d.cI, at)
		d.cRaw = append(d.cRaw, compact.FHIR.Make(content))
	}
	if !slices.Equal(s.losses, out.Losses) || len(out.Losses) > 0 && !slices.Equal(s.mapped, out.Types) {
		d.touched = true
		var losses *string
		if len(out.Losses) > 0 {
			b, err := json.Marshal(out.Losses)
			if err != nil {
				return errs.Wrap(errs.Invalid, op, "", err)
			}
			losses = jsonText(b)
		}
		d.lI, d.lMapped, d.lLosses = append(d.lI, at), append(d.lMapped, textArray(out.Types)), append(d.lLosses, losses)
	}
	d.touched = d.touched || changed || !sameEntries(s.said, s.says)
	d.flow = d.flow || s.flow()
	d.changed, d.index = append(d.changed, changed), append(d.index, index)
	d.ehrs, d.vos = append(d.ehrs, s.ehr), append(d.vos, s.vo)
	d.vers, d.made = append(d.vers, int32(s.in.Trunk)), append(d.made, made)
	return nil
}

// sameJSON compares a stored document with one to be stored.
func sameJSON(stored []byte, text *string) bool {
	if stored == nil || text == nil {
		return stored == nil && text == nil
	}
	var a, b any
	decode := func(doc []byte, v *any) bool {
		dec := json.NewDecoder(bytes.NewReader(doc))
		dec.UseNumber()
		return dec.Decode(v) == nil
	}
	return decode(stored, &a) && decode([]byte(*text), &b) && reflect.DeepEqual(a, b)
}
