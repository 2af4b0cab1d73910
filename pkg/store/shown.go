package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// What a party is shown as depends on others: a Patient on the EHR_STATUS and
// the PERSON, a Practitioner on the PERSON and its ROLEs, a PractitionerRole on
// whether there is that Practitioner. So that none of them is made of what has
// just been replaced, who changes a party has it alone, and the performers of
// ROLEs with them; who commits an EHR_STATUS shares the PERSON.

// lockParties has parties alone until the end of the transaction, in the order
// of their ids, so that two of these cannot wait for each other in a circle.
func lockParties(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) error {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(uuid_hash_extended(u, 4)) from unnest($1::uuid[]) u`, slices.Compact(ids))
	return err
}

// latestParty reads the latest version of parties of a kind.
const latestParty = `
	select v.object_id, v.ver, v.lifecycle_state, d.raw
	from version v left join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver
	where v.ehr_no = 0 and v.ver > 0 and v.time_superseded is null and `

// Person reads a PERSON for projections. See ehr.Store.
func (s *Store) Person(ctx context.Context, object uuid.UUID) (*rm.Node, int, error) {
	const op = "store.Person"
	var id uuid.UUID
	var ver, lifecycle int
	var raw []byte
	err := s.conn(ctx).QueryRow(ctx, latestParty+`v.kind = 8 and v.object_id = $1`, object).Scan(&id, &ver, &lifecycle, &raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, failure(op, err)
	}
	if lifecycle != ehr.LifecycleComplete || raw == nil {
		return nil, ver, nil
	}
	root, err := s.document(raw, ehr.KindPerson)
	return root, ver, err
}

// document reads a stored document.
func (s *Store) document(raw []byte, kind ehr.Kind) (*rm.Node, error) {
	const op = "store.document"
	text, err := compact.Expand(raw, nil)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, op, "a stored document cannot be read", err)
	}
	root, problems := rm.DecodeJSON(text, rm.Lookup(kind.String()), rm.JSONOptions{Incomplete: true, Limits: rm.Limits{Bytes: len(text) + 1}})
	if root == nil || slices.ContainsFunc(problems, func(p rm.Problem) bool { return p.Severity == rm.Error }) {
		return nil, errs.New(errs.Internal, op, "a stored document cannot be read")
	}
	return root, nil
}

// PartyResource finds what a party is shown as. See ehr.Store.
func (s *Store) PartyResource(ctx context.Context, object uuid.UUID) (string, error) {
	return partyResource(ctx, s.conn(ctx), object)
}

func partyResource(ctx context.Context, db conn, object uuid.UUID) (typ string, err error) {
	err = db.QueryRow(ctx, `
		select r.resource_type from version v
		join fhir_resource r on r.ehr_no = v.ehr_no and r.vo_no = v.vo_no
		where v.ehr_no = 0 and v.object_id = $1 and v.time_superseded is null and v.ver > 0
			and r.resource_id = $1::uuid::text and r.superseded is null and r.byte_len is not null`, object).Scan(&typ)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", failure("store.PartyResource", err)
	}
	return typ, nil
}

// LinkTarget reads a COMPOSITION for projections. See ehr.Store.
func (s *Store) LinkTarget(ctx context.Context, ehrID, object uuid.UUID) (ehr.LinkTarget, error) {
	return s.linkTarget(ctx, s.conn(ctx), ehrID, object)
}

func (s *Store) linkTarget(ctx context.Context, db conn, ehrID, object uuid.UUID) (t ehr.LinkTarget, err error) {
	var raw []byte
	t.UID.Object = object
	err = db.QueryRow(ctx, `
		select v.creating_system, v.ver, v.audit_system_id, v.lifecycle_state, d.raw,
			exists (select from fhir_queue q where q.ehr_no = v.ehr_no and q.vo_no = v.vo_no)
		from ehr e join version v on v.ehr_no = e.ehr_no and v.kind = 1 and v.object_id = $2 and v.ver > 0 and v.time_superseded is null
		join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver
		where e.ehr_id = $1`, ehrID, object).Scan(&t.UID.System, &t.UID.Trunk, &t.SystemID, &t.LifecycleState, &raw, &t.Waiting)
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.LinkTarget{}, nil
	}
	if err != nil {
		return ehr.LinkTarget{}, failure("store.LinkTarget", err)
	}
	t.Root, err = s.document(raw, ehr.KindComposition)
	return t, err
}

// commitParties stores a contribution of parties by store, and projects them and
// what depends on them in the same transaction.
func (s *Store) commitParties(ctx context.Context, c *ehr.Contribution, store func(pgx.Tx) error) error {
	const op = "store.Commit"
	left := false
	err := s.transaction(ctx, op, func(tx pgx.Tx) error {
		x := depending{store: s, tx: tx, system: c.SystemID}
		if err := x.find(ctx, c); err != nil {
			return failure(op, err)
		}
		if err := store(tx); err != nil {
			return err
		}
		var err error
		left, err = x.project(ctx, c.Projections)
		return err
	})
	if err == nil && left {
		s.wake()
	}
	return err
}

// depending is what is to be projected when parties change.
type depending struct {
	store  *Store
	tx     pgx.Tx
	system string
	// madeOf are objects of whose resources parts come from a party that is
	// deleted physically, by their EHR's number and their own.
	madeOf [2][]int64
	// changed are parties of a contribution, persons those among them that EHRs may
	// be about, performers of its ROLEs before and after.
	changed, persons, performers []uuid.UUID
}

// find takes and locks what a contribution changes.
func (x *depending) find(ctx context.Context, c *ehr.Contribution) error {
	var roles []uuid.UUID
	for i := range c.Versions {
		v := &c.Versions[i]
		if v.UID.IsBranch() || !v.Kind.Shown() {
			continue
		}
		x.changed = append(x.changed, v.UID.Object)
		switch v.Kind {
		case ehr.KindPerson:
			x.persons = append(x.persons, v.UID.Object)
		case ehr.KindRole:
			roles = append(roles, v.UID.Object)
			if id, ok := ehr.PartyOf(v.Root.Get("performer"), x.system); ok {
				x.performers = append(x.performers, id)
			}
		}
	}
	if err := x.before(ctx, roles); err != nil {
		return err
	}
	return lockParties(ctx, x.tx, slices.Concat(x.changed, x.performers))
}

// before adds the performers that ROLEs have had until now. Should a ROLE get
// another version before it is locked, the contribution does not follow that and
// fails.
func (x *depending) before(ctx context.Context, roles []uuid.UUID) error {
	if len(roles) == 0 {
		return nil
	}
	rows, err := x.tx.Query(ctx, `
		select d.content->'performer'->'id'->>'value' from version v
		join document d on d.ehr_no = 0 and d.vo_no = v.vo_no and d.ver = v.ver
		where v.ehr_no = 0 and v.kind = 9 and v.object_id = any($1) and v.time_superseded is null`, roles)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[*string])
	for _, text := range ids {
		if text == nil {
			continue
		}
		if id, bad := uuid.Parse(*text); bad == nil {
			x.performers = append(x.performers, id)
		}
	}
	return err
}

// Statements that find the objects of each stage, by their EHR's number and
// their own: the later ones refer to resources of those before.
const (
	partiesSQL = `select v.ehr_no, v.vo_no from version v
		where v.ehr_no = 0 and v.time_superseded is null and v.ver > 0 and v.lifecycle_state <> 523 and (
			v.kind in (7, 8) and v.object_id = any($1) or v.kind = 8 and v.object_id = any($2))`
	rolesSQL = `select v.ehr_no, v.vo_no from version v
		where v.ehr_no = 0 and v.kind = 9 and v.time_superseded is null and v.ver > 0 and v.lifecycle_state <> 523 and (
			v.object_id = any($1) or v.vo_no in (
				select d.vo_no from document d where d.ehr_no = 0 and d.content ? 'performer'
				and d.content->'performer'->'id'->>'value' = any($2::uuid[]::text[])))`
	subjectsSQL = `select e.ehr_no, v.vo_no from ehr e
		join version v on v.ehr_no = e.ehr_no and v.object_id = e.status_object and v.kind = 2 and v.time_superseded is null and v.ver > 0
		where e.subject_id = any($1::uuid[]::text[]) and e.subject_type = 'PERSON' and lower(e.subject_namespace) in ('local', 'demographic', lower($2))`
)

// project projects what changed and what depends on it. If the rules are not
// those in force, that is left to the program that has those.
func (x *depending) project(ctx context.Context, projections []ehr.Projection) (left bool, err error) {
	const op = "store.Commit"
	p := &projector{Store: x.store, db: x.tx, tx: x.tx, rules: ehr.Rules(projections), opt: ReprojectOptions{
		Projections: projections, Waited: func(time.Duration) {}, Failed: func(string, error) { left = true },
	}}
	var force bool
	if err := x.tx.QueryRow(ctx, `select coalesce(rules = $1, false) from fhir_state`, p.rules).Scan(&force); err != nil {
		return false, failure(op, err)
	}
	for _, stage := range []struct {
		sql  string
		args []any
	}{
		{partiesSQL, []any{x.changed, x.performers}},
		{rolesSQL, []any{x.changed, x.persons}},
		{subjectsSQL, []any{x.persons, x.system}},
	} {
		if !force {
			left = true
			if _, err := x.tx.Exec(ctx, `insert into fhir_queue (ehr_no, vo_no, since, retry)
				select q.ehr_no, q.vo_no, now(), now() from (`+stage.sql+`) q
				on conflict (ehr_no, vo_no) do update set retry = excluded.retry, attempts = 0`, stage.args...); err != nil {
				return left, failure(op, err)
			}
			continue
		}
		list, err := p.versions(ctx, ` where (v.ehr_no, v.vo_no) in (`+stage.sql+`) and v.time_superseded is null and v.ver > 0`, stage.args...)
		if err != nil {
			return left, err
		}
		if _, _, err := p.project(ctx, list, true); err != nil {
			return left, err
		}
	}
	return left, nil
}

// sharePerson has the PERSON that an EHR_STATUS was projected with stay as it is
// until the end of the transaction; ehr.ErrStaleContext if it has changed.
func sharePerson(ctx context.Context, tx pgx.Tx, person uuid.UUID, trunk int) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock_shared(uuid_hash_extended($1, 4))`, person); err != nil {
		return failure("store.Commit", err)
	}
	var ver int
	if err := tx.QueryRow(ctx, `select coalesce(max(ver), 0) from version where ehr_no = 0 and kind = 8 and object_id = $1 and ver > 0`, person).Scan(&ver); err != nil {
		return failure("store.Commit", err)
	}
	if ver != trunk {
		return ehr.ErrStaleContext
	}
	return nil
}

// around reads what the objects are shown with: of EHR_STATUSes the PERSON, of
// PERSONs the ROLEs.
func (p *projector) around(ctx context.Context, tx pgx.Tx, list []source) error {
	var persons []uuid.UUID
	var performers []string
	for i := range list {
		switch in := &list[i].in; in.Kind {
		case ehr.KindEHRStatus:
			if id, ok := ehr.PersonOf(ehr.Subject{ID: in.SubjectID, Namespace: in.SubjectNamespace, Type: in.SubjectType}, in.SystemID); ok {
				list[i].person = id
				persons = append(persons, id)
			}
		case ehr.KindPerson:
			performers = append(performers, in.ObjectID)
		}
	}
	if len(persons) > 0 {
		rows, err := tx.Query(ctx, latestParty+`v.kind = 8 and v.lifecycle_state = 532 and v.object_id = any($1)`, persons)
		if err != nil {
			return err
		}
		var id uuid.UUID
		var ver, lifecycle int
		var raw []byte
		if _, err := pgx.ForEachRow(rows, []any{&id, &ver, &lifecycle, &raw}, func() error {
			for i := range list {
				if list[i].person == id {
					list[i].personRaw = raw
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if len(performers) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `
		select d.content->'performer'->'id'->>'value', d.raw
		from document d join version v on v.ehr_no = 0 and v.vo_no = d.vo_no and v.ver = d.ver
		where d.ehr_no = 0 and d.content ? 'performer' and d.content->'performer'->'id'->>'value' = any($1)
		  and v.kind = 9 and v.time_superseded is null and v.ver > 0 and v.lifecycle_state = 532
		order by v.object_id`, performers)
	if err != nil {
		return err
	}
	var performer string
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&performer, &raw}, func() error {
		for i := range list {
			if list[i].in.Kind == ehr.KindPerson && list[i].in.ObjectID == performer {
				list[i].roleRaws = append(list[i].roleRaws, raw)
			}
		}
		return nil
	})
	return err
}

// surround decodes what around has read.
func (p *projector) surround(s *source, in *ehr.ProjectionInput) error {
	var err error
	if s.personRaw != nil {
		if in.Person, err = p.document(s.personRaw, ehr.KindPerson); err != nil {
			return err
		}
	}
	for _, raw := range s.roleRaws {
		role, err := p.document(raw, ehr.KindRole)
		if err != nil {
			return err
		}
		if id, ok := ehr.PartyOf(role.Get("performer"), in.SystemID); ok && id.String() == in.ObjectID {
			in.Roles = append(in.Roles, role)
		}
	}
	return nil
}

// erasing takes and locks what depends on a party that is about to be deleted
// physically, now or in any version.
func (x *depending) erasing(ctx context.Context, object uuid.UUID) error {
	var kind ehr.Kind
	err := x.tx.QueryRow(ctx, `select kind, audit_system_id from version where ehr_no = 0 and object_id = $1 order by ver desc limit 1`, object).Scan(&kind, &x.system)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !kind.Shown() {
		return nil
	}
	if err != nil {
		return err
	}
	sql := `select v.ehr_no, v.vo_no from version v join document d on d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver
		where v.kind = 2 and d.content->'subject'->'external_ref'->'id'->>'value' = $1::uuid::text group by 1, 2`
	switch kind {
	case ehr.KindPerson:
		x.persons = append(x.persons, object)
	case ehr.KindRole:
		if err := x.before(ctx, []uuid.UUID{object}); err != nil {
			return err
		}
		sql = `select p.ehr_no, p.vo_no from version v
			join document d on d.ehr_no = 0 and d.vo_no = v.vo_no and d.ver = v.ver
			join version p on p.ehr_no = 0 and p.kind = 8 and p.object_id::text = d.content->'performer'->'id'->>'value'
			where v.ehr_no = 0 and v.object_id = $1 group by 1, 2`
	}
	if err := lockParties(ctx, x.tx, append([]uuid.UUID{object}, x.performers...)); err != nil || kind == ehr.KindOrganisation {
		return err
	}
	rows, err := x.tx.Query(ctx, sql, object)
	if err != nil {
		return err
	}
	var ehrNo, voNo int64
	_, err = pgx.ForEachRow(rows, []any{&ehrNo, &voNo}, func() error {
		x.madeOf[0], x.madeOf[1] = append(x.madeOf[0], ehrNo), append(x.madeOf[1], voNo)
		return nil
	})
	return err
}

// erased makes anew what depended on a party that was deleted physically, and
// deletes earlier versions of that, which may tell of the party.
func (x *depending) erased(ctx context.Context, projections []ehr.Projection) error {
	const op = "store.EraseParty"
	left, err := x.project(ctx, projections)
	if err != nil {
		return err
	}
	if left {
		return errs.New(errs.Conflict, op, "what is shown of the party cannot be made anew here: another program has other mappings in force")
	}
	for _, sql := range []string{
		`delete from fhir_resource r using unnest($1::bigint[], $2::bigint[]) as u(ehr_no, vo_no)
			where r.ehr_no = u.ehr_no and r.vo_no = u.vo_no and r.superseded is not null`,
		`delete from fhir_content c using unnest($1::bigint[], $2::bigint[]) as u(ehr_no, vo_no)
			where c.ehr_no = u.ehr_no and c.vo_no = u.vo_no and not exists (
				select from fhir_resource r where r.ehr_no = c.ehr_no and r.vo_no = c.vo_no and r.ver = c.ver and r.revision = c.revision)`,
	} {
		if _, err := x.tx.Exec(ctx, sql, x.madeOf[0], x.madeOf[1]); err != nil {
			return failure(op, err)
		}
	}
	return nil
}

// unrefer has what refers to the resource of a party that was deleted physically
// projected again, so that it does not go on referring to it. References are found
// among the values of search parameters: all resources are looked through, since no
// index knows to whom they refer, and parties are deleted rarely.
func unrefer(ctx context.Context, tx pgx.Tx, object uuid.UUID) (waiting bool, err error) {
	const op = "store.EraseParty"
	if _, err := tx.Exec(ctx, `set local statement_timeout = 0`); err != nil {
		return false, failure(op, err)
	}
	done, err := tx.Exec(ctx, `
		insert into fhir_queue (ehr_no, vo_no, since, retry)
		select distinct r.ehr_no, r.vo_no, now(), now() from fhir_resource r
		where r.superseded is null and r.byte_len is not null and strpos(r.search::text, '/' || $1::uuid || '"') > 0
		on conflict (ehr_no, vo_no) do update set retry = excluded.retry, attempts = 0`, object)
	if err != nil {
		return false, failure(op, err)
	}
	return done.RowsAffected() > 0, nil
}
