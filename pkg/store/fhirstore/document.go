package fhirstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// documentID is the id of the resources that stand for a composition: the key of
// its versioned object.
type documentID struct{ ehrNo, voNo int64 }

func (d documentID) String() string { return fmt.Sprintf("%d-%d", d.ehrNo, d.voNo) }

// parseDocumentID reads an id; false for one that no document can have.
func parseDocumentID(s string) (d documentID, ok bool) {
	_, err := fmt.Sscanf(s, "%d-%d", &d.ehrNo, &d.voNo)
	return d, err == nil && d.String() == s
}

// A version can be shown if it is of a composition, on the trunk and complete,
// as those that are mapped.
const (
	composition = `v.kind = 1 and v.tree is null`
	complete    = `v.lifecycle_state = 532`
)

// lastRevision holds for a resource r that no later projection of the same version
// has made again or has let vanish.
const lastRevision = `not exists (select from fhir_resource n where n.ehr_no = r.ehr_no and n.resource_type = r.resource_type
		and n.resource_id = r.resource_id and n.ver = r.ver and n.revision > r.revision)`

// documentSQL is the columns of a document of rows (ehr_no, vo_no, ver) called p.
// A version that cannot be shown comes without its content. A Composition names what
// was made of it at the snapshot of w, or now if nothing had been.
func (w *where) documentSQL(typ string) string {
	content, made, revision := `d.content - 'content'`, `null::text[]`, `0`
	if typ == virtual.Composition {
		const ofVersion = `from fhir_resource r where r.ehr_no = p.ehr_no and r.vo_no = p.vo_no and r.ver = p.ver`
		last := `max(r.revision)`
		if w.at != "" {
			last = `coalesce(max(r.revision) filter (where ` + w.seen(`r`, `last_updated`) + `), max(r.revision))`
		}
		content = `d.content`
		revision = `(select coalesce(` + last + `, 0) ` + ofVersion + `)`
		made = `array(select n.resource_type || '/' || n.resource_id from (
				select distinct on (r.resource_type, r.resource_id) r.resource_type, r.resource_id, r.byte_len ` + ofVersion + ` and r.revision <= ` + revision + `
				order by r.resource_type, r.resource_id, r.revision desc) n
			where n.byte_len is not null)`
	}
	return `
	select e.ehr_id, p.ehr_no, p.vo_no, p.ver, ` + revision + `, v.object_id::text, v.object_id::text || '::' || v.creating_system || '::' || v.ver,
		v.time_committed, coalesce(a.archetype_id, ''), w.earlier, case when ` + complete + ` then ` + content + ` end, ` + made + `, coalesce(t.template_id, ''),
		v.audit_system_id, ` + partiesSQL(`d.content->'composer'`, `d.content->'context'->'health_care_facility'`) + `
	from p
	join ehr e on e.ehr_no = p.ehr_no
	join version v on v.ehr_no = p.ehr_no and v.vo_no = p.vo_no and v.ver = p.ver and v.tree is null
	left join concept a on a.concept_id = v.root_concept
	left join template t on t.template_no = v.template_no
	left join document d on d.ehr_no = p.ehr_no and d.vo_no = p.vo_no and d.ver = p.ver
	cross join lateral (select exists (select from version o where o.ehr_no = p.ehr_no and o.vo_no = p.vo_no and o.ver < p.ver
		and o.tree is null and o.lifecycle_state = 532) as earlier) w`
}

// scanDocument reads one version as a resource of a type. A version that is not
// shown is a deletion if an earlier one was, else nothing: ok is false.
func (r *Reader) scanDocument(row pgx.Row, typ string) (rec fhir.Record, owner uuid.UUID, ok bool, err error) {
	var id documentID
	var d virtual.Document
	var template string
	if err = row.Scan(&owner, &id.ehrNo, &id.voNo, &rec.Version.Trunk, &rec.Version.Revision, &d.ObjectUID, &d.VersionUID, &d.Committed, &d.Archetype,
		&d.Amended, &d.Content, &d.Made, &template, &d.System, &d.Parties); err != nil {
		return rec, owner, false, err
	}
	d.EHRID, rec.Security, rec.Template = owner.String(), r.labels.Of(template), template
	rec.Type, rec.ID, rec.LastUpdated, rec.Source, rec.First = typ, id.String(), d.Committed.UTC(), d.VersionUID, !d.Amended
	if d.Content == nil {
		return rec, owner, d.Amended, nil
	}
	rec.JSON, err = d.JSON(typ, rec.ID)
	return rec, owner, true, err
}

// document reads a version of a document; the zero version is the latest. Of a
// Composition, which names what was made of the version, there is only that
// revision that was made last.
func (r *Reader) document(ctx context.Context, who ehr.Actor, typ, id string, version fhir.VersionID) (fhir.Record, error) {
	const op = "fhirstore.document"
	missing := errs.New(errs.NotFound, op, "no such resource")
	key, valid := parseDocumentID(id)
	if !valid {
		return fhir.Record{}, missing
	}
	rec, owner, ok, err := r.scanDocument(r.store.Pool().QueryRow(ctx, `with p as (select ehr_no, vo_no, ver from version v
		where ehr_no = $1 and vo_no = $2 and (case when $3 = 0 then time_superseded is null else ver = $3 end) and `+composition+`)`+present.documentSQL(typ),
		key.ehrNo, key.voNo, version.Trunk), typ)
	if errors.Is(err, pgx.ErrNoRows) {
		return fhir.Record{}, missing
	}
	if err != nil {
		return fhir.Record{}, fail(op, err)
	}
	if err := r.decide(ctx, who, ehr.ActionRead, ehr.Target{EHRID: owner.String(), Class: typ}); err != nil {
		missing.Err = err
		return fhir.Record{}, missing
	}
	if err := r.label(ctx, &rec); err != nil {
		return fhir.Record{}, err
	}
	switch {
	case !ok || version.Trunk > 0 && version != rec.Version:
		return fhir.Record{}, missing
	case rec.JSON == nil:
		return rec, errs.New(errs.Gone, op, "the resource was deleted")
	}
	if typ == virtual.Composition {
		// It would not name what is made of it, and look complete.
		var waits bool
		err := r.store.Pool().QueryRow(ctx, `select exists (select from fhir_queue q join version v on v.ehr_no = q.ehr_no and v.vo_no = q.vo_no
			where q.ehr_no = $1 and q.vo_no = $2 and v.ver = $3 and v.time_superseded is null)`, key.ehrNo, key.voNo, rec.Version.Trunk).Scan(&waits)
		if err != nil {
			return fhir.Record{}, fail(op, err)
		}
		if waits {
			return fhir.Record{}, errs.New(errs.Unavailable, op, "the resources of this version are not made yet")
		}
	}
	return rec, nil
}

// present has no snapshot.
var present = &where{}

// lastVersion is the condition that a row v of version is the latest of its object, or was
// at the snapshot.
func (w *where) lastVersion() string {
	if w.at == "" {
		return `v.time_superseded is null`
	}
	return w.seen(`v`, `time_committed`) + ` and (v.time_superseded is null or v.time_superseded > now() - ` + replacedAge + ` and not exists (
		select from version n where n.ehr_no = v.ehr_no and n.vo_no = v.vo_no and n.tree is null and n.ver > v.ver and ` + w.seen(`n`, `time_committed`) + `))`
}

// documents searches for the documents whose latest version is complete.
func (r *Reader) documents(ctx context.Context, who ehr.Actor, q fhir.Query) (fhir.Page, error) {
	const op = "fhirstore.documents"
	if q.Latest > 0 || len(q.Sort) > 1 {
		return fhir.Page{}, errs.New(errs.Unsupported, op, q.Type+" is sorted by date or _lastUpdated alone")
	}
	patients, err := r.authorise(ctx, who, q)
	if err != nil {
		return fhir.Page{}, err
	}
	w := &where{from: "\n\tfrom version v join ehr e on e.ehr_no = v.ehr_no\n\twhere ", r: "v", args: new([]any)}
	at, err := w.asOf(op, q.After)
	if err != nil {
		return fhir.Page{}, err
	}
	w.add(composition, complete, w.lastVersion())
	if q.Type == virtual.Composition {
		waiting := `select from fhir_queue q where q.ehr_no = v.ehr_no and q.vo_no = v.vo_no`
		if at != nil { // since then
			waiting += ` and q.since <= ` + w.arg(time.UnixMicro(at.at))
		}
		w.add(`not exists (` + waiting + `)`)
	}
	if patients == nil {
		w.add(`e.is_queryable`)
	} else {
		w.add(`v.ehr_no = any(array(select ehr_no from ehr where ehr_id = any(` + w.arg(patients) + `)))`)
	}
	if err := w.documents(op, q, patients != nil); err != nil {
		return fhir.Page{}, err
	}
	page := fhir.Page{Records: []fhir.Record{}, Total: -1}
	count, countArgs := `select count(*)`+w.from+strings.Join(w.terms, ` and `), slices.Clone(*w.args)

	order, desc := "", ""
	if len(q.Sort) == 1 {
		if s := q.Sort[0]; s.Param != "date" && s.Param != "_lastUpdated" {
			return fhir.Page{}, errs.New(errs.Unsupported, op, q.Type+" is sorted by date or _lastUpdated")
		} else if s.Desc {
			desc = " desc"
		}
		order = `v.time_committed` + desc + `, `
	}
	if len(q.After.Keys) > 0 {
		bad := errs.New(errs.Invalid, op, "the cursor is not one of this search")
		last := q.After.Keys[len(q.After.Keys)-1]
		if len(q.After.Keys) != len(q.Sort)+1 || slices.Contains(q.After.Keys, nil) {
			return fhir.Page{}, bad
		}
		after, ok := parseDocumentID(*last)
		if !ok {
			return fhir.Page{}, bad
		}
		rest := `(v.ehr_no, v.vo_no) > (` + w.arg(after.ehrNo) + `::bigint, ` + w.arg(after.voNo) + `::bigint)`
		if order != "" {
			us, err := strconv.ParseInt(*q.After.Keys[0], 10, 64)
			if err != nil {
				return fhir.Page{}, bad
			}
			at := w.arg(time.UnixMicro(us)) + `::timestamptz`
			beyond := map[string]string{"": ` > `, " desc": ` < `}[desc]
			rest = `(v.time_committed` + beyond + at + ` or v.time_committed = ` + at + ` and ` + rest + `)`
		}
		w.add(rest)
	}
	keys := order + `v.ehr_no, v.vo_no`
	sql := `with p as (select v.ehr_no, v.vo_no, v.ver` + w.from + strings.Join(w.terms, ` and `) +
		` order by ` + keys + ` limit ` + w.arg(q.Count+1) + `)` + w.documentSQL(q.Type) + ` order by ` + keys
	at, err = r.madePage(ctx, q, &page, at, statement{sql, *w.args}, statement{count, countArgs}, func(row pgx.Row) (fhir.Record, error) {
		rec, _, _, err := r.scanDocument(row, q.Type)
		return rec, err
	}, func(tx pgx.Tx) error {
		if len(patients) > 0 {
			rows, err := tx.Query(ctx, unfinishedSQL, patients)
			if err != nil {
				return err
			}
			if page.Gaps, err = pgx.CollectRows(rows, pgx.RowToStructByPos[fhir.Gap]); err != nil {
				return err
			}
		}
		lag, args := lagOf(patients)
		return scanLag(tx.QueryRow(ctx, lag, args...), &page.Lag)
	})
	if err == nil {
		err = r.labelAll(ctx, page.Records)
	}
	if err != nil {
		return fhir.Page{}, fail(op, err)
	}
	if cutPage(&page, q.Count); page.More {
		last := page.Records[len(page.Records)-1]
		page.Next.Snapshot = at.String()
		if order != "" {
			us := strconv.FormatInt(last.LastUpdated.UnixMicro(), 10)
			page.Next.Keys = append(page.Next.Keys, &us)
		}
		page.Next.Keys = append(page.Next.Keys, &last.ID)
	}
	return page, nil
}

// unfinishedSQL groups the compositions that are not shown since they are not
// complete.
const unfinishedSQL = `
	select coalesce(t.template_id, ''), 'unmapped', coalesce(a.archetype_id, ''), 'only versions whose lifecycle state is complete are shown in FHIR', count(*)
	from ehr e
	join version v on v.ehr_no = e.ehr_no and v.time_superseded is null and ` + composition + ` and v.lifecycle_state not in (532, 523)
	left join template t on t.template_no = v.template_no
	left join concept a on a.concept_id = v.root_concept
	where e.ehr_id = any($1)
	group by t.template_id, a.archetype_id
	order by t.template_id, a.archetype_id`

// documents adds the conditions of a search of documents.
func (w *where) documents(op string, q fhir.Query, ofPatients bool) error {
	if q.IDs != nil {
		var ehrs, vos []int64
		for _, id := range q.IDs {
			if key, ok := parseDocumentID(id); ok {
				ehrs, vos = append(ehrs, key.ehrNo), append(vos, key.voNo)
			}
		}
		w.add(`(v.ehr_no, v.vo_no) in (select * from unnest(` + w.arg(ehrs) + `::bigint[], ` + w.arg(vos) + `::bigint[]))`)
	}
	for _, t := range q.Templates {
		w.template(t)
	}
	for _, l := range q.Labelled {
		w.labelled(l)
	}
	for _, f := range q.Meta {
		w.madeMeta(f, true)
	}
	dates := func(v fhir.Value) error {
		term, err := w.date(op, v, timestamps, `v.time_committed`, `v.time_committed + interval '1 microsecond'`)
		w.add(term)
		return err
	}
	for _, v := range q.LastUpdated {
		if err := dates(v); err != nil {
			return err
		}
	}
	if len(q.OfPatient) > 0 {
		if err := w.related(op, "Patient", q.OfPatient, ` = any(array(`, `))`); err != nil {
			return err
		}
	}
	for _, f := range q.Filters {
		if fhir.WithinPatient(q.Type, f.Param) && !ofPatients {
			return errs.New(errs.Invalid, op, f.Param+": "+q.Type+" is found by it only with a patient")
		}
		var terms []string
		for _, v := range f.Values {
			term, err := w.documentTerm(op, q.Type, f, v)
			if err != nil {
				return err
			}
			terms = append(terms, term)
		}
		term := `(` + strings.Join(terms, ` or `) + `)`
		if f.Modifier == fhir.Not {
			term = `(` + term + ` is not true)`
		}
		w.add(term)
	}
	if len(q.Has) > 0 {
		return errs.New(errs.Unsupported, op, q.Type+" is not found by _has")
	}
	return nil
}

// content is a part of the document of a row v of version. It is read where the
// rest of the search leaves a row.
func content(path string) string {
	return `(select d.content->` + path + ` from document d where d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver)`
}

// documentTerm is the condition of one value of a parameter.
func (w *where) documentTerm(op, typ string, f fhir.Filter, v fhir.Value) (string, error) {
	in := func(system string) bool { return !v.HasSystem || v.System == system }
	constant := func(system, code string) string {
		return strconv.FormatBool((in(system) || in("")) && (v.Code == "" || v.Code == code))
	}
	var terms []string
	switch f.Param {
	case "author":
		if v.Code == "Patient/"+strings.TrimPrefix(v.Code, "Patient/") && f.Modifier == "" {
			return `(` + content(`'composer'->>'_type'`) + ` = 'PARTY_SELF' and e.ehr_id::text = ` + w.arg(strings.TrimPrefix(v.Code, "Patient/")) + `)`, nil
		}
		return w.party(op, content(`'composer'`), `v.audit_system_id`, f, v)
	case "related":
		return w.party(op, content(`'context'->'health_care_facility'`), `v.audit_system_id`, f, v)
	case "title":
		return w.text(op, content(`'name'->>'value'`), f, v)
	case "period":
		low, _ := instants(content(`'context'->'start_time'->>'value'`))
		_, high := instants(content(`'context'->'end_time'->>'value'`))
		term, err := w.date(op, v, timestamps, `coalesce(`+low+`, '-infinity')`, `coalesce(`+high+`, 'infinity')`)
		return `(coalesce(` + low + `, ` + high + `) is not null and ` + term + `)`, err
	case "language":
		return `(` + content(`'language'->>'code_string'`) + ` <> '' and ` + strconv.FormatBool(in("urn:ietf:bcp:47") || in("")) + ` and (` + w.arg(v.Code) + `::text = '' or lower(` + content(`'language'->>'code_string'`) + `) = lower(` + w.arg(v.Code) + `)))`, nil
	case "setting":
		if !in(fhirmap.OpenEHRSystem) {
			return `false`, nil
		}
		code := content(`'context'->'setting'->'defining_code'->>'code_string'`)
		return `(` + content(`'context'->'setting'->'defining_code'->'terminology_id'->>'value'`) + ` = 'openehr' and ` + code + ` <> '' and (` + w.arg(v.Code) + `::text = '' or ` + code + ` = ` + w.arg(v.Code) + `))`, nil
	case "contenttype":
		return constant("urn:ietf:bcp:13", r4.MediaTypeJSON), nil
	case "location":
		id, ok := strings.CutPrefix(v.Code, virtual.Composition+"/")
		key, valid := parseDocumentID(strings.TrimSuffix(id, "/$document"))
		if !ok || !valid || f.Modifier != "" || !strings.HasSuffix(id, "/$document") {
			return `false`, nil
		}
		return `(v.ehr_no = ` + w.arg(key.ehrNo) + ` and v.vo_no = ` + w.arg(key.voNo) + `)`, nil
	case "entry":
		typ, id, _ := strings.Cut(v.Code, "/")
		return `(v.ehr_no, v.vo_no, v.ver) in (select r.ehr_no, r.vo_no, r.ver from fhir_resource r
			where r.resource_type = ` + w.arg(typ) + ` and ` + w.known(`r`, id) + ` and r.byte_len is not null and (` + strings.Join(w.statesOf(`r`), ` or `) + `))`, nil
	case "date":
		return w.date(op, v, timestamps, `v.time_committed`, `v.time_committed + interval '1 microsecond'`)
	case "status":
		if typ == virtual.DocumentReference {
			if in("http://hl7.org/fhir/document-reference-status") && (v.Code == "" || v.Code == "current") {
				return `true`, nil
			}
			return `false`, nil
		}
		const earlier = `exists (select from version o where o.ehr_no = v.ehr_no and o.vo_no = v.vo_no and o.ver < v.ver and o.tree is null and o.lifecycle_state = 532)`
		if !in("http://hl7.org/fhir/composition-status") {
			return `false`, nil
		}
		switch v.Code {
		case "":
			return `true`, nil
		case "amended":
			return earlier, nil
		case "final":
			return `not ` + earlier, nil
		}
		return `false`, nil
	case "category":
		if in(fhirmap.OpenEHRSystem) {
			if v.Code == "" {
				return `v.category is not null`, nil
			}
			return `v.category::text = ` + w.arg(v.Code), nil
		}
	case "type":
		root := func(list ...string) {
			terms = append(terms, `v.root_concept = any(array(select concept_id from concept where archetype_id = any(`+w.arg(list)+`::text[])))`)
		}
		if id, ok := strings.CutPrefix(v.System, fhirmap.ArchetypeSystem("")); ok && v.HasSystem && (v.Code == "" || v.Code == "at0000") {
			root(id)
		}
		if !v.HasSystem && v.Code == "at0000" {
			terms = append(terms, `true`)
		}
		var loinc []string
		for archetype, code := range virtual.DocumentTypes {
			if in("http://loinc.org") && (v.Code == "" || v.Code == code) {
				loinc = append(loinc, archetype)
			}
		}
		if len(loinc) > 0 {
			slices.Sort(loinc)
			root(loinc...)
		}
	case "identifier":
		if !in("urn:ietf:rfc:3986") {
			return `false`, nil
		}
		if id, ok := strings.CutPrefix(v.Code, "urn:uuid:"); ok {
			if object, err := uuid.Parse(id); err == nil && object.String() == id {
				terms = append(terms, `v.object_id = `+w.arg(object))
			}
		}
		if uid, ok := strings.CutPrefix(v.Code, virtual.SourceURI("")); ok && typ == virtual.DocumentReference {
			if id, err := ehr.ParseVersionUID(uid); err == nil {
				terms = append(terms, `(v.object_id = `+w.arg(id.Object)+` and v.creating_system = `+w.arg(id.System)+` and v.ver = `+w.arg(id.Trunk)+`)`)
			}
		}
		if v.Code == "" {
			terms = append(terms, `true`)
		}
	case "patient", "subject": // the patients that a search names are no condition here, and nothing is about anybody else
		return `false`, nil
	default:
		return "", errs.New(errs.Unsupported, op, typ+" is not found by "+f.Param)
	}
	if len(terms) == 0 {
		return `false`, nil
	}
	return `(` + strings.Join(terms, ` or `) + `)`, nil
}

// documentHistory is the versions of one document, the newest first.
func (r *Reader) documentHistory(ctx context.Context, who ehr.Actor, q fhir.HistoryQuery) (fhir.Page, error) {
	const op = "fhirstore.documentHistory"
	if q.ID == "" {
		return fhir.Page{}, errs.New(errs.Unsupported, op, "the history of all "+q.Type+" is not kept: search them by date")
	}
	if _, err := r.document(ctx, who, q.Type, q.ID, fhir.VersionID{}); err != nil && !errs.Is(err, errs.Gone) {
		return fhir.Page{}, err
	}
	key, _ := parseDocumentID(q.ID)
	w := &where{args: new([]any)}
	w.add(`v.ehr_no = `+w.arg(key.ehrNo), `v.vo_no = `+w.arg(key.voNo), composition)
	if !q.Since.IsZero() {
		w.add(`v.time_committed >= ` + w.arg(q.Since))
	}
	if !q.At.Low.IsZero() {
		w.add(`v.time_committed < `+w.arg(q.At.High), `(v.time_superseded is null or v.time_superseded > `+w.arg(q.At.Low)+`)`)
	}
	if !q.After.LastUpdated.IsZero() {
		w.add(`v.time_committed < ` + w.arg(q.After.LastUpdated))
	}
	rows, err := r.store.Pool().Query(ctx, `with p as (select v.ehr_no, v.vo_no, v.ver from version v where `+strings.Join(w.terms, ` and `)+`)`+
		present.documentSQL(q.Type)+` order by p.ver desc limit `+w.arg(q.Count+1), *w.args...)
	if err != nil {
		return fhir.Page{}, fail(op, err)
	}
	defer rows.Close()
	page := fhir.Page{Records: []fhir.Record{}, Total: -1}
	for rows.Next() {
		rec, _, ok, err := r.scanDocument(rows, q.Type)
		if err != nil {
			return fhir.Page{}, fail(op, err)
		}
		if ok {
			page.Records = append(page.Records, rec)
		}
	}
	if err := rows.Err(); err != nil {
		return fhir.Page{}, fail(op, err)
	}
	cutPage(&page, q.Count)
	return page, r.labelAll(ctx, page.Records)
}

const madeSQL = `select e.ehr_id, ` + recordColumns + `
	from fhir_resource r join ehr e on e.ehr_no = r.ehr_no` + recordJoins + `
	where r.ehr_no = $1 and r.vo_no = $2 and r.ver = $3 and r.byte_len is not null and ` + lastRevision + `
	order by r.resource_type, r.resource_id`

// Made reads the resources made from the version of a composition that a record
// of a document shows. See fhir.Reader.
func (r *Reader) Made(ctx context.Context, who ehr.Actor, document fhir.Record) ([]fhir.Record, error) {
	const op = "fhirstore.Made"
	key, ok := parseDocumentID(document.ID)
	if !ok || !virtual.WholeComposition(document.Type) {
		return nil, errs.New(errs.NotFound, op, "no such resource")
	}
	rows, err := r.store.Pool().Query(ctx, madeSQL, key.ehrNo, key.voNo, document.Version.Trunk)
	if err != nil {
		return nil, fail(op, err)
	}
	defer rows.Close()
	scan := scanner{store: r.store, labels: r.labels}
	defer scan.forget()
	var list []fhir.Record
	var owner uuid.UUID
	for rows.Next() {
		var rec fhir.Record
		if err := scan.record(rows, &rec, &owner); err != nil {
			return nil, fail(op, err)
		}
		list = append(list, rec)
	}
	if err := rows.Err(); err != nil {
		return nil, fail(op, err)
	}
	if err := scan.completeAll(ctx, list); err != nil {
		return nil, fail(op, err)
	}
	for _, rec := range list {
		if err := r.decide(ctx, who, ehr.ActionRead, ehr.Target{EHRID: owner.String(), Class: rec.Type}); err != nil {
			return nil, err
		}
	}
	return list, nil
}
