package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

const templateColumns = `template_no, template_id, revision, concept, archetype_id, language, coalesce(uid, ''), created`

// latestTemplates are the latest revisions of templates.
const latestTemplates = `
	from template t
	where not exists (select from template x where x.template_id = t.template_id and x.revision > t.revision)`

// InsertTemplate stores a revision of a template. See ehr.Store.
func (s *Store) InsertTemplate(ctx context.Context, t ehr.Template, after int, actor string) (ehr.TemplateInfo, error) {
	const op = "store.InsertTemplate"
	info := t.TemplateInfo
	err := s.transaction(ctx, op, func(tx pgx.Tx) error {
		if err := lockTemplate(ctx, tx, t.TemplateID); err != nil {
			return failure(op, err)
		}
		err := tx.QueryRow(ctx, `
			insert into template (template_id, revision, concept, archetype_id, language, uid, opt, actor)
			select $1, coalesce(max(revision), 0) + 1, $2, $3, $4, $5, $6, $7 from template where template_id = $1
			having coalesce(max(revision), 0) = $8
			returning template_no, revision, created`,
			t.TemplateID, t.Concept, t.ArchetypeID, t.Language, optional(t.UID), t.OPT, actor, after).
			Scan(&info.No, &info.Revision, &info.Created)
		if errors.Is(err, pgx.ErrNoRows) {
			return &errs.Error{Op: op, Kind: errs.Conflict, Code: ehr.CodeTemplateRevision, Msg: "another revision of the template was stored meanwhile"}
		}
		if err != nil {
			return failure(op, err)
		}
		return nil
	})
	if err != nil {
		return ehr.TemplateInfo{}, err
	}
	info.Created = info.Created.UTC()
	return info, nil
}

// lockTemplate lets writers of a template go one after the other. In memory:
// no row is there yet for the first.
func lockTemplate(ctx context.Context, tx pgx.Tx, id string) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('template ' || $1, 0))`, id)
	return err
}

// Templates lists the templates by id.
func (s *Store) Templates(ctx context.Context) ([]ehr.TemplateInfo, error) {
	const op = "store.Templates"
	rows, err := s.conn(ctx).Query(ctx, `select `+templateColumns+latestTemplates+` order by template_id`)
	if err != nil {
		return nil, failure(op, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ehr.TemplateInfo, error) {
		return scanTemplate(row)
	})
	if err != nil {
		return nil, failure(op, err)
	}
	return out, nil
}

// TemplateRevisions lists the revisions of a template with their use.
func (s *Store) TemplateRevisions(ctx context.Context, id string) ([]ehr.TemplateUse, error) {
	const op = "store.TemplateRevisions"
	rows, err := s.conn(ctx).Query(ctx, `
		select `+templateColumns+`, (select count(*) from version v where v.template_no = t.template_no)
		from template t where template_id = $1 order by revision`, id)
	if err != nil {
		return nil, failure(op, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ehr.TemplateUse, error) {
		var u ehr.TemplateUse
		var err error
		u.TemplateInfo, err = scanTemplate(row, &u.Versions)
		return u, err
	})
	if err != nil {
		return nil, failure(op, err)
	}
	if len(out) == 0 {
		return nil, noTemplate(op)
	}
	return out, nil
}

func noTemplate(op string) error { return errs.New(errs.NotFound, op, "no such template") }

// one is the condition for a revision, or for the latest.
func one(revision int) string {
	if revision == 0 {
		return ` from template where template_id = $1 and $2 = 0 order by revision desc limit 1`
	}
	return ` from template where template_id = $1 and revision = $2`
}

// Template reads a revision of a template with its OPT.
func (s *Store) Template(ctx context.Context, id string, revision int) (ehr.Template, error) {
	const op = "store.Template"
	var t ehr.Template
	var err error
	t.TemplateInfo, err = scanTemplate(s.conn(ctx).QueryRow(ctx, `select `+templateColumns+`, opt`+one(revision), id, revision), &t.OPT)
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.Template{}, noTemplate(op)
	}
	if err != nil {
		return ehr.Template{}, failure(op, err)
	}
	return t, nil
}

// TemplateInfo describes a revision of a template.
func (s *Store) TemplateInfo(ctx context.Context, id string, revision int) (ehr.TemplateInfo, error) {
	const op = "store.TemplateInfo"
	t, err := scanTemplate(s.conn(ctx).QueryRow(ctx, `select `+templateColumns+one(revision), id, revision))
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.TemplateInfo{}, noTemplate(op)
	}
	if err != nil {
		return ehr.TemplateInfo{}, failure(op, err)
	}
	return t, nil
}

// TemplateInUse reports whether a version refers to a template.
func (s *Store) TemplateInUse(ctx context.Context, id string) (bool, error) {
	var used bool
	err := s.conn(ctx).QueryRow(ctx, `
		select exists (select from template t join version v on v.template_no = t.template_no where t.template_id = $1)`, id).Scan(&used)
	if err != nil {
		return false, failure("store.TemplateInUse", err)
	}
	return used, nil
}

func scanTemplate(row pgx.Row, more ...any) (ehr.TemplateInfo, error) {
	var t ehr.TemplateInfo
	err := row.Scan(append([]any{&t.No, &t.TemplateID, &t.Revision, &t.Concept, &t.ArchetypeID, &t.Language, &t.UID, &t.Created}, more...)...)
	t.Created = t.Created.UTC()
	return t, err
}

const adl2Columns = `template_id, name, version, concept, archetype_id, language, lifecycle, coalesce(uid, ''), created`

// InsertADL2 stores an ADL 2 template; errs.Conflict if its id is taken.
func (s *Store) InsertADL2(ctx context.Context, t ehr.ADL2Template, actor string) (ehr.ADL2Info, error) {
	info := t.ADL2Info
	err := s.conn(ctx).QueryRow(ctx, `
		insert into adl2_template (template_id, name, version, concept, archetype_id, language, lifecycle, uid, adl, actor)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning created`,
		t.TemplateID, t.Name, t.Version, t.Concept, t.ArchetypeID, t.Language, t.Lifecycle, optional(t.UID), t.ADL, actor).Scan(&info.Created)
	if err != nil {
		return ehr.ADL2Info{}, failure("store.InsertADL2", err)
	}
	info.Created = info.Created.UTC()
	return info, nil
}

// ADL2Templates lists the ADL 2 templates, those of a name if one is given.
func (s *Store) ADL2Templates(ctx context.Context, name string) ([]ehr.ADL2Info, error) {
	const op = "store.ADL2Templates"
	rows, err := s.conn(ctx).Query(ctx, `select `+adl2Columns+` from adl2_template where name = $1 or $1 = '' order by template_id`, name)
	if err != nil {
		return nil, failure(op, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ehr.ADL2Info, error) { return scanADL2(row) })
	if err != nil {
		return nil, failure(op, err)
	}
	return out, nil
}

// ADL2 reads an ADL 2 template.
func (s *Store) ADL2(ctx context.Context, id string) (ehr.ADL2Template, error) {
	const op = "store.ADL2"
	var t ehr.ADL2Template
	var err error
	t.ADL2Info, err = scanADL2(s.conn(ctx).QueryRow(ctx, `select `+adl2Columns+`, adl from adl2_template where template_id = $1`, id), &t.ADL)
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.ADL2Template{}, noTemplate(op)
	}
	if err != nil {
		return ehr.ADL2Template{}, failure(op, err)
	}
	return t, nil
}

func scanADL2(row pgx.Row, more ...any) (ehr.ADL2Info, error) {
	var t ehr.ADL2Info
	err := row.Scan(append([]any{&t.TemplateID, &t.Name, &t.Version, &t.Concept, &t.ArchetypeID, &t.Language, &t.Lifecycle, &t.UID, &t.Created}, more...)...)
	t.Created = t.Created.UTC()
	return t, err
}
