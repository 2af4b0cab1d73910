package fhirstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// versionID is the id of a Provenance: the key of the version that it is of,
// and which projection of it made the resources.
type versionID struct {
	ehrNo, voNo int64
	id          fhir.VersionID
}

func (v versionID) String() string { return fmt.Sprintf("%d-%d-%s", v.ehrNo, v.voNo, v.id) }

// parseVersionID reads an id; false for one that no Provenance can have.
func parseVersionID(s string) (v versionID, ok bool) {
	var id string
	_, err := fmt.Sscanf(s, "%d-%d-%s", &v.ehrNo, &v.voNo, &id)
	v.id, ok = fhir.ParseVersionID(id)
	return v, err == nil && ok && v.String() == s
}

// originSQL is the columns of an Origin, for rows (ehr_no, vo_no, ver, revision) called p, and
// goes on with their order.
var originSQL = `
	select coalesce(e.ehr_id, '00000000-0000-0000-0000-000000000000'), p.ehr_no, p.vo_no, p.ver, p.revision, v.object_id::text || '::' || v.creating_system || '::' || v.ver,
		v.change_type, v.time_committed, v.audit_system_id, v.committer, d.content->'composer', v.description, d.content->'feeder_audit', t.made, t.targets, coalesce(l.template_id, ''),
		` + partiesSQL(`d.content->'composer'`, `v.committer`) + `
	from p
	cross join lateral (select max(r.last_updated) as made,
			array_agg(r.resource_type || '/' || r.resource_id || '/_history/' || ` + versionText + ` order by r.resource_type, r.resource_id) as targets
		from fhir_resource r
		where r.ehr_no = p.ehr_no and r.vo_no = p.vo_no and r.ver = p.ver and r.revision = p.revision) t
	left join ehr e on e.ehr_no = p.ehr_no
	join version v on v.ehr_no = p.ehr_no and v.vo_no = p.vo_no and v.ver = p.ver
	left join template l on l.template_no = v.template_no
	left join document d on d.ehr_no = p.ehr_no and d.vo_no = p.vo_no and d.ver = p.ver
	order by `

// originKey is the order of the ids.
const originKey = `p.ehr_no, p.vo_no, p.ver, p.revision`

// versionText is the version id of a row r of fhir_resource.
const versionText = `r.ver || coalesce('.' || nullif(r.revision, 0), '')`

func (r *Reader) scanOrigin(row pgx.Row) (rec fhir.Record, owner uuid.UUID, err error) {
	var id versionID
	var o virtual.Origin
	var template string
	if err = row.Scan(&owner, &id.ehrNo, &id.voNo, &id.id.Trunk, &id.id.Revision, &o.VersionUID, &o.ChangeType, &o.Committed, &o.System,
		&o.Committer, &o.Composer, &o.Description, &o.Feeder, &o.Recorded, &o.Targets, &template, &o.Parties); err != nil {
		return rec, owner, err
	}
	rec = fhir.Record{Type: virtual.Provenance, ID: id.String(), Version: fhir.VersionID{Trunk: 1}, LastUpdated: o.Recorded.UTC(), Source: o.VersionUID, First: true, Security: r.labels.Of(template), Template: template}
	rec.JSON, err = o.JSON(rec.ID)
	return rec, owner, err
}

// provenance reads one Provenance, which has one version. It never changes, and
// is gone only with its EHR.
func (r *Reader) provenance(ctx context.Context, who ehr.Actor, id string) (fhir.Record, error) {
	const op = "fhirstore.provenance"
	key, ok := parseVersionID(id)
	if !ok {
		return fhir.Record{}, errs.New(errs.NotFound, op, "no such resource")
	}
	rec, owner, err := r.scanOrigin(r.store.Pool().QueryRow(ctx, `with p as (
			select distinct ehr_no, vo_no, ver, revision from fhir_resource where ehr_no = $1 and vo_no = $2 and ver = $3 and revision = $4)`+originSQL+originKey,
		key.ehrNo, key.voNo, key.id.Trunk, key.id.Revision))
	if errors.Is(err, pgx.ErrNoRows) { // or made with what waits to be projected
		return fhir.Record{}, r.missing(ctx, op, nil)
	}
	if err != nil {
		return fhir.Record{}, fail(op, err)
	}
	if err := r.decide(ctx, who, ehr.ActionRead, on(owner, virtual.Provenance)); err != nil {
		return fhir.Record{}, r.missing(ctx, op, err)
	}
	return rec, r.label(ctx, &rec)
}

// provenances searches for Provenances, in the order of their ids' parts.
func (r *Reader) provenances(ctx context.Context, who ehr.Actor, q fhir.Query) (fhir.Page, error) {
	const op = "fhirstore.provenances"
	if len(q.Sort) > 1 || len(q.Has)+q.Latest > 0 {
		return fhir.Page{}, errs.New(errs.Unsupported, op, "Provenance is sorted by recorded or _lastUpdated alone")
	}
	patients, err := r.authorise(ctx, who, q)
	if err != nil {
		return fhir.Page{}, err
	}
	// Of all versions, current or not: a deletion has a provenance too.
	w := records(patients)
	if patients == nil { // of parties, too
		w = &where{from: "\n\tfrom fhir_resource r left join ehr e on e.ehr_no = r.ehr_no\n\twhere ", r: "r", kind: `r.kind_no`, args: new([]any)}
		w.add(`(r.ehr_no = 0 or e.is_queryable)`)
	}
	at, err := w.asOf(op, q.After)
	if err != nil {
		return fhir.Page{}, err
	}
	w.add(w.seen(`r`, `last_updated`))
	if err := w.origins(op, q, patients != nil); err != nil {
		return fhir.Page{}, err
	}
	page := fhir.Page{Records: []fhir.Record{}, Total: -1}
	count := `select count(*) from (select distinct r.ehr_no, r.vo_no, r.ver, r.revision` + w.from + strings.Join(w.terms, ` and `) + `) p`
	countArgs := append([]any(nil), *w.args...)
	// All that was made of one version at once is of one time.
	rows := `select r.ehr_no, r.vo_no, r.ver, r.revision, max(r.last_updated) as at` + w.from + strings.Join(w.terms, ` and `) + ` group by 1, 2, 3, 4`
	o := newMadeOrder(q, `p.at`, `p.ehr_no`, `p.vo_no`, `p.ver`, `p.revision`)
	after := func(text string) ([]any, bool) {
		id, ok := parseVersionID(text)
		return []any{id.ehrNo, id.voNo, int64(id.id.Trunk), int64(id.id.Revision)}, ok
	}
	beyond, err := o.after(w, q.After, after)
	if err != nil {
		return fhir.Page{}, errs.Wrap(errs.Invalid, op, "the cursor is not one of this search", err)
	}
	sql := `with p as (select p.* from (` + rows + `) p where ` + beyond + ` order by ` + o.keys + ` limit ` + w.arg(q.Count+1) + `)` + originSQL + o.keys
	at, err = r.madePage(ctx, q, &page, at, statement{sql, *w.args}, statement{count, countArgs}, func(row pgx.Row) (fhir.Record, error) {
		rec, _, err := r.scanOrigin(row)
		return rec, err
	}, func(tx pgx.Tx) error {
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
		page.Next = o.next(page.Records, at)
	}
	return page, nil
}

// origins adds the conditions of a search for Provenances.
func (w *where) origins(op string, q fhir.Query, ofPatients bool) error {
	if err := w.narrow(op, fhir.Query{OfPatient: q.OfPatient, LastUpdated: q.LastUpdated, Templates: q.Templates, Labelled: q.Labelled}); err != nil {
		return err
	}
	for _, f := range q.Meta {
		w.madeMeta(f, true)
	}
	if q.IDs != nil {
		var keys []string
		for _, id := range q.IDs {
			if _, ok := parseVersionID(id); ok {
				keys = append(keys, id)
			}
		}
		w.add(`r.ehr_no || '-' || r.vo_no || '-' || ` + versionText + ` = any(` + w.arg(keys) + `::text[])`)
		var ehrs []int64
		for _, k := range keys {
			id, _ := parseVersionID(k)
			ehrs = append(ehrs, id.ehrNo)
		}
		w.add(`r.ehr_no = any(` + w.arg(ehrs) + `::bigint[])`)
	}
	for _, f := range q.Filters {
		if fhir.WithinPatient(q.Type, f.Param) && !ofPatients {
			return errs.New(errs.Invalid, op, f.Param+": Provenance is found by it only with a patient")
		}
		terms := []string{`false`}
		for _, v := range f.Values {
			term, err := w.origin(op, f, v)
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
	return nil
}

// origin is the condition of one value of a parameter.
func (w *where) origin(op string, f fhir.Filter, v fhir.Value) (string, error) {
	of := func(table, term string) string {
		return `exists (select from ` + table + ` s where s.ehr_no = r.ehr_no and s.vo_no = r.vo_no and s.ver = r.ver and ` + term + `)`
	}
	switch f.Param {
	case "patient": // the patients that a search names are no condition here, and nothing is about anybody else
		return `false`, nil
	case "recorded":
		return w.date(op, v, timestamps, `r.last_updated`, `r.last_updated + interval '1 microsecond'`)
	case "when":
		term, err := w.date(op, v, timestamps, `s.time_committed`, `s.time_committed + interval '1 microsecond'`)
		return of(`version`, term), err
	case "target":
		typ, rest, _ := strings.Cut(v.Code, "/")
		id, ver, _ := strings.Cut(rest, "/_history/")
		term := `r.resource_type = ` + w.arg(typ) + ` and r.ehr_no in (select t.ehr_no from fhir_resource t
			where ` + w.known(`t`, id) + ` and t.resource_type = ` + w.arg(typ) + ` and t.superseded is null) and r.resource_id = ` + w.arg(id)
		if ver != "" {
			term += ` and ` + versionText + ` = ` + w.arg(ver)
		}
		return `(` + term + `)`, nil
	case "agent":
		committer, err := w.party(op, `s.committer`, `s.audit_system_id`, f, v)
		if err != nil {
			return "", err
		}
		composer, err := w.party(op, `d.content->'composer'`, `s.audit_system_id`, f, v)
		return `exists (select from version s left join document d on d.ehr_no = s.ehr_no and d.vo_no = s.vo_no and d.ver = s.ver
			where s.ehr_no = r.ehr_no and s.vo_no = r.vo_no and s.ver = r.ver and (` + committer + ` or ` + composer + `))`, err
	case "agent-type":
		if v.HasSystem && v.System != participantSystem {
			return `false`, nil
		}
		switch v.Code {
		case "", "assembler":
			return `true`, nil
		case "author":
			return of(`document`, tells(`s.content->'composer'`)), nil
		case "enterer":
			return of(`version`, tells(`s.committer`)), nil
		case "composer":
			return of(`document`, `s.content->'feeder_audit'->'originating_system_audit'->>'system_id' <> ''`), nil
		}
		return `false`, nil
	case "entity":
		if f.Modifier != fhir.ByIdentifier {
			return `false`, nil // there is none but by identifier
		}
		var terms []string
		if uid, ok := strings.CutPrefix(v.Code, virtual.SourceURI("")); ok && (!v.HasSystem || v.System == "urn:ietf:rfc:3986") {
			if id, err := ehr.ParseVersionUID(uid); err == nil && id.String() == uid {
				terms = append(terms, of(`version`, `s.object_id = `+w.arg(id.Object)+` and s.creating_system = `+w.arg(id.System)+` and s.ver = `+w.arg(id.Trunk)+`::integer`))
			}
		}
		if v.Code == "" && (!v.HasSystem || v.System == "urn:ietf:rfc:3986") {
			terms = append(terms, `true`)
		}
		terms = append(terms, of(`document`, `exists (select from jsonb_path_query(s.content, '$.feeder_audit.originating_system_item_ids[*]') i where `+
			identified(w, v, `i->>'issuer'`, `i->>'id'`)+`)`))
		return `(` + strings.Join(terms, ` or `) + `)`, nil
	}
	return "", errs.New(errs.Unsupported, op, "Provenance is not found by "+f.Param)
}

// participantSystem is that of the roles of agents.
const participantSystem = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"

// tells holds for a PARTY_PROXY, an SQL expression, that says who it is.
func tells(proxy string) string {
	return `(` + proxy + `->>'name' <> '' or case when ` + proxy + `->'identifiers'->0 is not null then ` + proxy + `->'identifiers'->0->>'id' <> '' else ` + refersTo(proxy) + ` <> '' end)`
}

// provenanceHistory is the one version of a Provenance.
func (r *Reader) provenanceHistory(ctx context.Context, who ehr.Actor, q fhir.HistoryQuery) (fhir.Page, error) {
	if q.ID == "" {
		return fhir.Page{}, errs.New(errs.Unsupported, "fhirstore.History", "the history of all Provenance is not kept: search them by recorded")
	}
	rec, err := r.provenance(ctx, who, q.ID)
	if err != nil {
		return fhir.Page{}, err
	}
	return onlyVersion(rec, q), nil
}
