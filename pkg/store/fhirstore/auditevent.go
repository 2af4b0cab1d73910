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

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// accessID is the id of an AuditEvent: of a version by its key, of a physical
// deletion by the number of its trace, of an access by its time and number.
type accessID struct {
	class      int // index of accessNames
	k1, k2, k3 int64
}

// accessNames begin the ids.
var accessNames = []string{"version", "erased", "ehr", "access"}

// ofAccess is the class of the ids of accesses that changed nothing.
const ofAccess = 3

func (a accessID) String() string {
	switch a.class {
	case 0:
		return fmt.Sprintf("version-%d-%d-%d", a.k1, a.k2, a.k3)
	case ofAccess:
		return fmt.Sprintf("access-%d-%d", a.k1, a.k2)
	}
	return fmt.Sprintf("%s-%d", accessNames[a.class], a.k1)
}

// parseAccessID reads an id; false for one that no AuditEvent can have.
func parseAccessID(s string) (a accessID, ok bool) {
	name, rest, _ := strings.Cut(s, "-")
	if a.class = slices.Index(accessNames, name); a.class < 0 {
		return a, false
	}
	var err error
	switch a.class {
	case 0:
		_, err = fmt.Sscanf(rest, "%d-%d-%d", &a.k1, &a.k2, &a.k3)
	case ofAccess:
		_, err = fmt.Sscanf(rest, "%d-%d", &a.k1, &a.k2)
	default:
		_, err = fmt.Sscanf(rest, "%d", &a.k1)
	}
	return a, err == nil && a.String() == s && a.k3 == int64(int32(a.k3))
}

// condition selects what the id is of. It names the constant columns of each part
// of accesses, and the time, by which partitions are left out.
func (a accessID) condition(w *where) string {
	term := `a.class = ` + w.arg(a.class) + `::integer and a.k1 = ` + w.arg(a.k1) + `::bigint and a.k2 = ` + w.arg(a.k2) + `::bigint and a.k3 = ` + w.arg(a.k3) + `::bigint`
	if a.class == ofAccess {
		term += ` and a.at = ` + w.arg(time.UnixMicro(a.k1))
	}
	return `(` + term + `)`
}

// accesses are what AuditEvents are made of, as rows a. Of EHRs that were deleted
// physically there is no EHR_STATUS any more that could keep them out of queries,
// and parties are in no EHR.
var accesses = `
	from (
		select 0 as class, v.ehr_no as k1, v.vo_no as k2, v.ver as k3, e.ehr_id, coalesce(e.is_queryable, true) as queryable, v.time_committed as at,
			c.actor, coalesce(c.on_behalf_of, '') as behalf, coalesce(c.purpose, '') as purpose, v.committer, v.audit_system_id as system,
			case when v.change_type = 523 then 'D' when v.ver = 1 then 'C' else 'U' end as action,
			v.kind::integer as kind, v.object_id::text || '::' || v.creating_system || '::' || coalesce(array_to_string(v.tree, '.'), v.ver::text) as object,
			'110110' as type, case when v.change_type = 523 then 'delete' when v.ver = 1 then 'create' else 'update' end as subtype,
			0 as status, '' as door, '' as subject, '' as request, 0::bigint as lost, v.made
		from version v left join ehr e on e.ehr_no = v.ehr_no join contribution c on c.ehr_no = v.ehr_no and c.contribution_id = v.contribution_id
		union all
		select 1, erased_no, 0, 0, ehr_id, true, time_deleted, actor, coalesce(on_behalf_of, ''), coalesce(purpose, ''), null::jsonb, '', 'D', case kind ` + kindNumbersSQL + ` end, id,
			'110110', 'delete', 0, '', '', '', 0, made
		from erased where kind = 'COMPOSITION' and ehr_id is not null or kind in ('AGENT', 'GROUP', 'ORGANISATION', 'PERSON', 'ROLE')
		union all
		select 2, tombstone_no, 0, 0, ehr_id, true, time_deleted, actor, coalesce(on_behalf_of, ''), coalesce(purpose, ''), null::jsonb, system_id, 'D', 0, '',
			'110110', 'delete', 0, '', '', '', 0, made
		from ehr_tombstone
		union all
		select 3, (extract(epoch from x.at) * 1000000)::bigint, x.access_no, 0, x.ehr_id, coalesce(e.is_queryable, true), x.at, x.actor,
			coalesce(x.on_behalf_of, ''), coalesce(x.purpose, ''), null::jsonb, '', x.action, 0, coalesce(x.object, ''),
			'rest', x.interaction, x.status, x.door, x.subject, coalesce(x.request_id, ''), x.lost, x.made
		from access x left join ehr e on e.ehr_id = x.ehr_id
	) a where `

var accessColumns = `select a.class, a.k1, a.k2, a.k3, a.ehr_id, a.at, a.actor, a.behalf, a.purpose, a.committer, a.system, a.action, a.kind, a.object,
	a.type, a.subtype, a.status, a.door, a.subject, a.request, a.lost, ` + partiesSQL(`a.committer`)

// outcomes are the codes of audit-event-outcome by the status of an answer; 0 is
// that of what was stored.
const outcomeSQL = `case when a.lost > 0 and a.status = 0 or a.status >= 500 then '8' when a.status >= 400 then '4' else '0' end`

func (r *Reader) scanAccess(row pgx.Row) (rec fhir.Record, owner *uuid.UUID, err error) {
	var id accessID
	var x virtual.Access
	var kind int
	if err = row.Scan(&id.class, &id.k1, &id.k2, &id.k3, &owner, &x.Recorded, &x.Actor, &x.OnBehalfOf, &x.Purpose, &x.Committer, &x.System, &x.Action, &kind, &x.Object,
		&x.Type, &x.Interaction, &x.Status, &x.Door, &x.Class, &x.RequestID, &x.Lost, &x.Parties); err != nil {
		return rec, owner, err
	}
	if x.Erased = id.class == 1 || id.class == 2; owner != nil {
		x.Patient = owner.String()
	}
	if kind > 0 {
		x.Class = ehr.Kind(kind).String()
	}
	rec = fhir.Record{Type: virtual.AuditEvent, ID: id.String(), Version: fhir.VersionID{Trunk: 1}, LastUpdated: x.Recorded.UTC(), First: true, Security: r.labels.All}
	rec.JSON, err = x.JSON(rec.ID)
	return rec, owner, err
}

// kindNamesSQL gives the number of a class its name.
var kindNamesSQL = func() string {
	var b strings.Builder
	for k := ehr.Kind(1); !strings.HasPrefix(k.String(), "kind "); k++ {
		fmt.Fprintf(&b, ` when %d then '%s'`, k, k)
	}
	return b.String()
}()

// kindNumbersSQL gives the name of a class its number.
var kindNumbersSQL = func() string {
	var b strings.Builder
	for k := ehr.Kind(1); !strings.HasPrefix(k.String(), "kind "); k++ {
		fmt.Fprintf(&b, ` when '%s' then %d`, k, k)
	}
	return b.String()
}()

// accessCode is the condition of a code, which may come with its system.
func accessCode(w *where, param string, v fhir.Value) string {
	column := `a.` + param
	switch param {
	case "type":
		want := map[string]string{"110110": "http://dicom.nema.org/resources/ontology/DCM", "rest": "http://terminology.hl7.org/CodeSystem/audit-event-type"}[v.Code]
		if v.Code != "" && want == "" || v.HasSystem && v.Code != "" && v.System != want {
			return `false`
		}
		if v.Code == "" {
			switch v.System {
			case "http://dicom.nema.org/resources/ontology/DCM":
				return column + ` = '110110'`
			case "http://terminology.hl7.org/CodeSystem/audit-event-type":
				return column + ` = 'rest'`
			}
			return `false`
		}
	case "subtype":
		if v.HasSystem && v.System != "http://hl7.org/fhir/restful-interaction" {
			return `false`
		}
	case "outcome":
		if column = outcomeSQL; v.HasSystem && v.System != "http://hl7.org/fhir/audit-event-outcome" {
			return `false`
		}
	}
	if v.Code == "" {
		return `true` // any code of the system
	}
	return column + ` = ` + w.arg(v.Code)
}

// access reads one AuditEvent, which has one version.
func (r *Reader) access(ctx context.Context, who ehr.Actor, id string) (fhir.Record, error) {
	const op = "fhirstore.access"
	missing := errs.New(errs.NotFound, op, "no such resource")
	key, ok := parseAccessID(id)
	if !ok {
		return fhir.Record{}, missing
	}
	w := &where{args: new([]any)}
	sql := accessColumns + accesses + key.condition(w)
	rec, owner, err := r.scanAccess(r.store.Pool().QueryRow(ctx, sql, *w.args...))
	if errors.Is(err, pgx.ErrNoRows) {
		return fhir.Record{}, missing
	}
	if err != nil {
		return fhir.Record{}, fail(op, err)
	}
	target := ehr.Target{Class: virtual.AuditEvent}
	if owner != nil {
		target.EHRID = owner.String()
	}
	if err := r.decide(ctx, who, ehr.ActionRead, target); err != nil {
		missing.Err = err
		return fhir.Record{}, missing
	}
	return rec, nil
}

// accessed searches for AuditEvents, in the order of their ids' parts.
func (r *Reader) accessed(ctx context.Context, who ehr.Actor, q fhir.Query) (fhir.Page, error) {
	const op = "fhirstore.accessed"
	if len(q.Sort) > 1 || len(q.Has)+len(q.OfPatient)+q.Latest > 0 {
		return fhir.Page{}, errs.New(errs.Unsupported, op, "AuditEvent is sorted by date or _lastUpdated alone, and not found by what a Patient is found by")
	}
	patients, err := r.authorise(ctx, who, q)
	if err != nil {
		return fhir.Page{}, err
	}
	w := &where{args: new([]any)}
	at, err := w.asOf(op, q.After)
	if err != nil {
		return fhir.Page{}, err
	}
	w.add(w.seen(`a`, `at`))
	if patients == nil {
		w.add(`a.queryable`)
	} else {
		w.add(`a.ehr_id = any(` + w.arg(patients) + `::uuid[])`)
	}
	date := func(v fhir.Value) (string, error) {
		return w.date(op, v, timestamps, `a.at`, `a.at + interval '1 microsecond'`)
	}
	for _, t := range q.Templates { // of compositions it is not, and so of none of them
		w.add(strconv.FormatBool(t.Not))
	}
	for _, l := range q.Labelled { // those of the server
		w.add(strconv.FormatBool(slices.ContainsFunc(r.labels.All, l.Names) != l.Not))
	}
	for _, f := range q.Meta {
		w.madeMeta(f, false)
	}
	for _, v := range q.LastUpdated {
		term, err := date(v)
		if err != nil {
			return fhir.Page{}, err
		}
		w.add(term)
	}
	if q.IDs != nil {
		terms := []string{`false`}
		for _, text := range q.IDs {
			if id, ok := parseAccessID(text); ok {
				terms = append(terms, id.condition(w))
			}
		}
		w.add(`(` + strings.Join(terms, ` or `) + `)`)
	}
	for _, f := range q.Filters {
		terms := []string{`false`}
		for _, v := range f.Values {
			term, err := r.accessTerm(ctx, who, w, f, v)
			if err != nil {
				return fhir.Page{}, err
			}
			terms = append(terms, term)
		}
		term := `(` + strings.Join(terms, ` or `) + `)`
		if f.Modifier == fhir.Not {
			term = `(` + term + ` is not true)`
		}
		w.add(term)
	}
	page := fhir.Page{Records: []fhir.Record{}, Total: -1}
	count := `select count(*)` + accesses + strings.Join(w.terms, ` and `)
	countArgs := slices.Clone(*w.args)
	o := newMadeOrder(q, `a.at`, `a.class`, `a.k1`, `a.k2`, `a.k3`)
	beyond, err := o.after(w, q.After, func(text string) ([]any, bool) {
		id, ok := parseAccessID(text)
		return []any{int64(id.class), id.k1, id.k2, id.k3}, ok
	})
	if err != nil {
		return fhir.Page{}, errs.Wrap(errs.Invalid, op, "the cursor is not one of this search", err)
	}
	w.add(beyond)
	sql := accessColumns + accesses + strings.Join(w.terms, ` and `) + ` order by ` + o.keys + ` limit ` + w.arg(q.Count+1)
	at, err = r.madePage(ctx, q, &page, at, statement{sql, *w.args}, statement{count, countArgs}, func(row pgx.Row) (fhir.Record, error) {
		rec, _, err := r.scanAccess(row)
		return rec, err
	}, nil)
	if err != nil {
		return fhir.Page{}, fail(op, err)
	}
	if cutPage(&page, q.Count); page.More {
		page.Next = o.next(page.Records, at)
	}
	return page, nil
}

// accessTerm is the condition of one value of a parameter.
func (r *Reader) accessTerm(ctx context.Context, who ehr.Actor, w *where, f fhir.Filter, v fhir.Value) (string, error) {
	const op = "fhirstore.accessed"
	switch f.Param {
	case "date":
		return w.date(op, v, timestamps, `a.at`, `a.at + interval '1 microsecond'`)
	case "action":
		if v.HasSystem && v.System != "http://hl7.org/fhir/audit-event-action" {
			return `false`, nil
		}
		if v.Code == "" {
			return `true`, nil
		}
		return `a.action = ` + w.arg(v.Code), nil
	case "altid":
		if v.System != "" {
			return `false`, nil
		}
		return w.arg(v.Code) + ` in (a.actor, nullif(a.behalf, ''))`, nil
	case "type", "subtype", "outcome":
		return accessCode(w, f.Param, v), nil
	case "entity-role", "entity-type":
		return accessEntity(f.Param, v), nil
	case "entity-name":
		return w.text(op, `(case a.kind `+kindNamesSQL+` else a.subject end)`, f, v)
	case "agent-name":
		return w.text(op, `(case when a.type = 'rest' and a.actor = '' then 'not authenticated' else a.committer->>'name' end)`, f, v)
	case "agent":
		return w.party(op, `a.committer`, `a.system`, f, v)
	case "entity":
		return r.accessEntityTerm(ctx, who, w, f, v)
	case "patient", "subject": // the patients that a search names are no condition here, and nothing is about anybody else
		return `false`, nil
	}
	return "", errs.New(errs.Unsupported, op, "AuditEvent is not found by "+f.Param)
}

// accessEntityTerm is the condition of a reference to what an event is about: the
// patient, a resource that was read, or by identifier a version or a request.
func (r *Reader) accessEntityTerm(ctx context.Context, who ehr.Actor, w *where, f fhir.Filter, v fhir.Value) (string, error) {
	if f.Modifier == fhir.ByIdentifier {
		terms := []string{`false`}
		if uid, ok := strings.CutPrefix(v.Code, virtual.SourceURI("")); ok && (!v.HasSystem || v.System == "urn:ietf:rfc:3986") {
			terms = append(terms, `a.object = `+w.arg(uid)+` and a.object <> '' and a.door <> 'fhir'`)
		}
		if v.System == "" && v.Code != "" {
			terms = append(terms, `a.request = `+w.arg(v.Code))
		}
		return `(` + strings.Join(terms, ` or `) + `)`, nil
	}
	terms := []string{`a.door = 'fhir' and a.object = ` + w.arg(v.Code)}
	if id, bad := uuid.Parse(strings.TrimPrefix(v.Code, "Patient/")); bad == nil && v.Code == "Patient/"+id.String() {
		if err := r.decide(ctx, who, ehr.ActionQuery, ehr.Target{EHRID: id.String(), Class: virtual.AuditEvent}); err != nil {
			return "", err
		}
		terms = append(terms, `a.ehr_id = `+w.arg(id))
	}
	return `(` + strings.Join(terms, ` or `) + `)`, nil
}

// What a request is about, and which requests search rather than read.
const (
	aboutSQL   = `a.type = 'rest' and (a.subject <> '' or a.object <> '')`
	queriesSQL = `(a.subtype in ('search-type', 'batch') or a.subject = 'AQL' or a.subject ^@ '$')`
)

// entityCodes are the codes of the entities of events by search parameter, as
// virtual.Access writes them, and where an event has such an entity.
var entityCodes = map[string][]struct{ code, system, where string }{
	"entity-type": {
		{"1", "http://terminology.hl7.org/CodeSystem/audit-entity-type", `a.ehr_id is not null`},
		{"2", "http://terminology.hl7.org/CodeSystem/audit-entity-type", `(` + aboutSQL + ` or a.type <> 'rest' and a.object <> '')`},
		{"XrequestId", "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", `a.request <> ''`},
	},
	"entity-role": {
		{"1", "http://terminology.hl7.org/CodeSystem/object-role", `a.ehr_id is not null`},
		{"3", "http://terminology.hl7.org/CodeSystem/object-role", `a.type <> 'rest' and a.object <> ''`},
		{"4", "http://terminology.hl7.org/CodeSystem/object-role", aboutSQL + ` and not ` + queriesSQL},
		{"24", "http://terminology.hl7.org/CodeSystem/object-role", aboutSQL + ` and ` + queriesSQL},
	},
}

// accessEntity is the condition of a code that the entities of an event have.
func accessEntity(param string, v fhir.Value) string {
	terms := []string{`false`}
	for _, e := range entityCodes[param] {
		if (v.Code == "" || v.Code == e.code) && (!v.HasSystem || v.System == e.system) {
			terms = append(terms, `(`+e.where+`)`)
		}
	}
	return `(` + strings.Join(terms, ` or `) + `)`
}

// accessHistory is the one version of an AuditEvent.
func (r *Reader) accessHistory(ctx context.Context, who ehr.Actor, q fhir.HistoryQuery) (fhir.Page, error) {
	if q.ID == "" {
		return fhir.Page{}, errs.New(errs.Unsupported, "fhirstore.History", "the history of all AuditEvents is not kept: search them by date")
	}
	rec, err := r.access(ctx, who, q.ID)
	if err != nil {
		return fhir.Page{}, err
	}
	return onlyVersion(rec, q), nil
}
