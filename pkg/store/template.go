package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

const templateColumns = `template_no, template_id, concept, archetype_id, language, coalesce(uid, ''), created`

// InsertTemplate stores a template; errs.Conflict if its id is taken.
func (s *Store) InsertTemplate(ctx context.Context, t ehr.Template) (ehr.TemplateInfo, error) {
	const op = "store.InsertTemplate"
	info := t.TemplateInfo
	err := s.conn(ctx).QueryRow(ctx, `
		insert into template (template_id, concept, archetype_id, language, uid, opt)
		values ($1, $2, $3, $4, $5, $6)
		returning template_no, created`,
		t.TemplateID, t.Concept, t.ArchetypeID, t.Language, optional(t.UID), t.OPT).
		Scan(&info.No, &info.Created)
	if err != nil {
		return ehr.TemplateInfo{}, failure(op, err)
	}
	info.Created = info.Created.UTC()
	return info, nil
}

// Templates lists the templates by id.
func (s *Store) Templates(ctx context.Context) ([]ehr.TemplateInfo, error) {
	const op = "store.Templates"
	rows, err := s.conn(ctx).Query(ctx, `select `+templateColumns+` from template order by template_id`)
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

// Template reads a template with its OPT.
func (s *Store) Template(ctx context.Context, id string) (ehr.Template, error) {
	const op = "store.Template"
	var t ehr.Template
	var err error
	t.TemplateInfo, err = scanTemplate(
		s.conn(ctx).QueryRow(ctx, `select `+templateColumns+`, opt from template where template_id = $1`, id), &t.OPT)
	if errors.Is(err, pgx.ErrNoRows) {
		return ehr.Template{}, errs.New(errs.NotFound, op, "no such template")
	}
	if err != nil {
		return ehr.Template{}, failure(op, err)
	}
	return t, nil
}

func scanTemplate(row pgx.Row, more ...any) (ehr.TemplateInfo, error) {
	var t ehr.TemplateInfo
	err := row.Scan(append([]any{&t.No, &t.TemplateID, &t.Concept, &t.ArchetypeID, &t.Language, &t.UID, &t.Created}, more...)...)
	t.Created = t.Created.UTC()
	return t, err
}
