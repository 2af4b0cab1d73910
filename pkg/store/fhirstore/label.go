package fhirstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// labelText is a label as it stands in the arrays that moreLabelsSQL makes.
func labelText(l fhir.Label) string { return l.System + "|" + l.Code }

// ranked are the labels that say how confidential something is, as texts, from the
// least to the most.
var ranked = func() (out []string) {
	for _, l := range fhir.Confidentialities() {
		out = append(out, labelText(l))
	}
	return out
}()

// moreLabelsSQL is the labels, as text[], that the tags and codes give to the version
// with the key of a row k; null if there is no such version. They are evaluated when
// they are asked for, so that a tag holds at once.
func moreLabelsSQL(l fhir.Labels, k string, arg func(any) string) string {
	var sources []string
	if len(l.Tags) > 0 {
		system, _, _ := strings.Cut(ranked[0], "|")
		// A tag labels the whole object: all its versions, and all parts. What cannot be
		// a label, as fhir.ParseLabel reads it, is the strictest.
		sources = append(sources, `
			select case when `+arg(system+`|`)+`::text || g.value = any(`+arg(ranked)+`::text[]) then `+arg(system+`|`)+`::text || g.value
				when g.value = 'HTEST' then `+arg(labelText(fhir.TestData))+`::text
				when g.value = any(`+arg(ranked)+`::text[]) then g.value
				when g.value ~ '^[A-Za-z][^\s|]*:[^\s|]*\|[^\s|]+$' and not g.value ^@ `+arg(system+`|`)+`::text then g.value
				else `+arg(labelText(fhir.Strictest))+` end
			from item_tag g where g.ehr_no = s.ehr_no and g.object_id = s.object_id and g.key = any(`+arg(l.Tags)+`::text[])`)
	}
	for _, c := range l.Codes {
		path, vars := codePath(c)
		// Null, where there is no content or the path cannot be followed, counts.
		sources = append(sources, `
			select `+arg(labelText(c.Label))+`::text where s.kind = 1 and coalesce((select jsonb_path_exists(d.content, `+arg(path)+`::text::jsonpath, `+arg(vars)+`::text::jsonb, true)
				from document d where d.ehr_no = s.ehr_no and d.vo_no = s.vo_no and d.ver = s.ver), true)`)
	}
	return `(select array(select distinct x.label from (` + strings.Join(sources, ` union all `) + `) x(label) order by x.label)
		from version s where s.ehr_no = ` + k + `.ehr_no and s.vo_no = ` + k + `.vo_no and s.ver = ` + k + `.ver and s.tree is null)`
}

// codePath is a path of SQL/JSON, with its variables in JSON, that finds something in
// a COMPOSITION with the code.
func codePath(c fhir.CodeLabel) (path, vars string) {
	values := map[string]string{"t": c.Terminology, "v": c.Terminology + "(", "c": c.Code}
	is := func(at string) string {
		return `(` + at + `.code_string == $c && (` + at + `.terminology_id.value == $t || ` + at + `.terminology_id.value starts with $v))`
	}
	path = `$.** ? ` + is(`@`)
	if len(c.Path.Steps) > 0 {
		path = `$`
		for i, step := range c.Path.Steps {
			path += `.` + quoted(step.Attribute) + `[*]`
			if step.NodeID != "" {
				name := fmt.Sprint("n", i)
				values[name] = step.NodeID
				path += ` ? (@.archetype_node_id == $` + name + `)`
			}
			if step.HasName {
				name := fmt.Sprint("m", i)
				values[name] = step.Name
				path += ` ? (@.name.value == $` + name + `)`
			}
		}
		terms := []string{is(`@`)}
		for _, at := range []string{`@.defining_code`, `@.mappings[*].target`, `@.value.defining_code`, `@.value.mappings[*].target`} {
			terms = append(terms, `exists (`+at+` ? `+is(`@`)+`)`)
		}
		// What has no code at all may be meant.
		terms = append(terms, `!(exists (@.code_string) || exists (@.defining_code.code_string) || exists (@.value.defining_code.code_string))`)
		path += ` ? (` + strings.Join(terms, ` || `) + `)`
	}
	return path, quoted(values)
}

// quoted is a text, or texts by their names, in JSON.
func quoted(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("fhirstore: " + err.Error()) // texts can always be marshalled
	}
	return string(text)
}

// moreLabels are the labels that the tags and codes give to versions, in their order.
func moreLabels(ctx context.Context, s *store.Store, l fhir.Labels, versions []versionKey) ([][]fhir.Label, error) {
	const op = "fhirstore.moreLabels"
	out := make([][]fhir.Label, len(versions))
	if len(versions) == 0 {
		return out, nil
	}
	var ehrs, objects []int64
	var vers []int32
	place := map[versionKey]int{}
	for _, v := range versions {
		if v.id.Revision = 0; !contains(place, v) {
			place[v] = len(ehrs)
			ehrs, objects, vers = append(ehrs, v.ehrNo), append(objects, v.voNo), append(vers, int32(v.id.Trunk))
		}
	}
	args := []any{ehrs, objects, vers}
	sql := moreLabelsSQL(l, `k`, func(v any) string {
		args = append(args, v)
		return fmt.Sprint("$", len(args))
	})
	rows, err := s.Pool().Query(ctx, `select `+sql+` from unnest($1::bigint[], $2::bigint[], $3::integer[]) with ordinality as k(ehr_no, vo_no, ver, i) order by k.i`, args...)
	if err != nil {
		return nil, fail(op, err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (list []fhir.Label, err error) {
		var texts []string
		if err := row.Scan(&texts); err != nil {
			return nil, err
		}
		if texts == nil { // deleted physically in between
			return []fhir.Label{fhir.Strictest}, nil
		}
		for _, text := range texts {
			x, err := fhir.ParseLabel(text)
			if err != nil {
				x = fhir.Strictest
			}
			list = append(list, x)
		}
		return list, nil
	})
	if err != nil {
		return nil, fail(op, err)
	}
	for i, v := range versions {
		v.id.Revision = 0
		out[i] = found[place[v]]
	}
	return out, nil
}

func contains(m map[versionKey]int, k versionKey) bool {
	_, ok := m[k]
	return ok
}

// label adds the labels of what a version says and is tagged with to records that
// are made of it when they are asked for.
func (r *Reader) label(ctx context.Context, list ...*fhir.Record) error {
	if !r.labels.ByContent() {
		return nil
	}
	versions := make([]versionKey, len(list))
	for i, rec := range list {
		var ok bool
		if rec.Type == virtual.Provenance {
			var key versionID
			key, ok = parseVersionID(rec.ID)
			versions[i] = versionKey(key)
		} else {
			var key documentID
			key, ok = parseDocumentID(rec.ID)
			versions[i] = versionKey{key.ehrNo, key.voNo, rec.Version}
		}
		if !ok {
			return errs.New(errs.Internal, "fhirstore.label", "a record has an id that names no version")
		}
	}
	more, err := moreLabels(ctx, r.store, r.labels, versions)
	if err != nil {
		return err
	}
	for i, rec := range list {
		rec.Security = r.labels.With(rec.Template, more[i])
	}
	return nil
}

func (r *Reader) labelAll(ctx context.Context, list []fhir.Record) error {
	all := make([]*fhir.Record, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return r.label(ctx, all...)
}

// labelled adds a condition on security labels: those by template, and in l.a what
// else the version has. Of those that say how confidential it is the highest of both
// holds.
func (w *where) labelled(c fhir.Labelled) {
	most := `coalesce((select max(array_position(` + w.arg(ranked) + `::text[], y)) from unnest(l.a) y), 0) - 1`
	var terms []string
	for rank, x := range fhir.Confidentialities() {
		if !c.Names(x) {
			continue
		}
		number := w.arg(rank) + `::integer`
		is := w.ofTemplates(c.ByTemplate(func(list []fhir.Label) bool { return fhir.Rank(list) == rank }))
		below := w.ofTemplates(c.ByTemplate(func(list []fhir.Label) bool { return fhir.Rank(list) < rank }))
		terms = append(terms, `l.most <= `+number+` and `+is, `l.most = `+number+` and `+below)
	}
	terms = append(terms, w.ofTemplates(c.ByTemplate(func(list []fhir.Label) bool {
		for _, x := range list {
			if fhir.Rank([]fhir.Label{x}) < 0 && c.Names(x) {
				return true
			}
		}
		return false
	})))
	for _, v := range c.Values {
		term := `array_position(` + w.arg(ranked) + `::text[], y) is null`
		if v.Code != "" {
			term += ` and substr(y, strpos(y, '|') + 1) = ` + w.arg(v.Code)
		}
		if v.HasSystem {
			term += ` and left(y, strpos(y, '|') - 1) = ` + w.arg(v.System)
		}
		terms = append(terms, `exists (select from unnest(l.a) y where `+term+`)`)
	}
	for i, t := range terms {
		terms[i] = `(` + t + `)`
	}
	w.add(`exists (select from (select l.a, ` + most + ` as most from (select ` + moreLabelsSQL(*c.Labels, w.r, w.arg) + ` as a) l) l
		where ` + strings.Join(terms, ` or `) + `) <> ` + w.arg(c.Not) + `::boolean`)
}
