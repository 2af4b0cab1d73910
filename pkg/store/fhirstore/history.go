package fhirstore

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// ResourceVersion reads one version of a resource. See fhir.Reader.
func (r *Reader) ResourceVersion(ctx context.Context, who ehr.Actor, typ, id string, version fhir.VersionID) (fhir.Record, error) {
	if typ == virtual.AuditEvent {
		if version != (fhir.VersionID{Trunk: 1}) {
			return fhir.Record{}, errs.New(errs.NotFound, "fhirstore.ResourceVersion", "no such version")
		}
		return r.access(ctx, who, id)
	}
	if typ == virtual.Provenance {
		if version != (fhir.VersionID{Trunk: 1}) {
			return fhir.Record{}, errs.New(errs.NotFound, "fhirstore.ResourceVersion", "no such version")
		}
		return r.provenance(ctx, who, id)
	}
	if virtual.WholeComposition(typ) {
		if version.Trunk < 1 {
			return fhir.Record{}, errs.New(errs.NotFound, "fhirstore.ResourceVersion", "no such version")
		}
		return r.document(ctx, who, typ, id, version)
	}
	got, err := r.versions.Get(ctx, versionOf{resourceKey{typ, id}, version})
	return r.resource(ctx, "fhirstore.ResourceVersion", who, typ, got, err)
}

// resource is the record of what was fetched, if the actor may see it.
func (r *Reader) resource(ctx context.Context, op string, who ehr.Actor, typ string, got found, err error) (fhir.Record, error) {
	if err != nil {
		return fhir.Record{}, store.Failure(op, err)
	}
	if !got.ok {
		return fhir.Record{}, r.missing(ctx, op, nil)
	}
	if err := r.decide(ctx, who, ehr.ActionRead, on(got.owner, typ)); err != nil {
		return fhir.Record{}, r.missing(ctx, op, err)
	}
	var rec fhir.Record
	scan := scanner{store: r.store, labels: r.labels, row: got.row}
	err = scan.make(&rec)
	scan.forget()
	if err != nil {
		return fhir.Record{}, err
	}
	if got.since != nil {
		rec.Waiting = got.since.UTC()
	}
	if err := scan.complete(ctx, &rec); err != nil {
		return fhir.Record{}, err
	}
	if rec.JSON == nil {
		return rec, errs.New(errs.Gone, op, "the resource was deleted")
	}
	return rec, nil
}

// missing is the error of a resource that there is not, or not for the actor
// because of a cause. It says if there may be one that is not projected yet.
func (r *Reader) missing(ctx context.Context, op string, cause error) error {
	var lag fhir.Lag
	if err := scanLag(r.store.Pool().QueryRow(ctx, lagSQL), &lag); err != nil {
		return store.Failure(op, err)
	}
	err := errs.New(errs.NotFound, op, "no such resource")
	if lag.Waiting {
		err.Msg += "; " + lag.String()
	}
	err.Err = cause
	return err
}

// History lists versions of resources. See fhir.Reader. Beyond one resource it
// is a population query, which leaves out EHRs that are not queryable.
func (r *Reader) History(ctx context.Context, who ehr.Actor, q fhir.HistoryQuery) (fhir.Page, error) {
	const op = "fhirstore.History"
	if q.Count < 1 {
		return fhir.Page{}, errs.New(errs.Invalid, op, "the page size must be at least 1")
	}
	if q.Type == virtual.AuditEvent {
		return r.accessHistory(ctx, who, q)
	}
	if q.Type == virtual.Provenance {
		return r.provenanceHistory(ctx, who, q)
	}
	if virtual.WholeComposition(q.Type) {
		return r.documentHistory(ctx, who, q)
	}
	if q.ID != "" {
		return r.instanceHistory(ctx, who, q)
	}
	if err := r.decide(ctx, who, ehr.ActionQuery, ehr.Target{Class: q.Type}); err != nil {
		return fhir.Page{}, err
	}
	page := fhir.Page{Records: []fhir.Record{}, Total: -1}
	tx, err := r.store.QueryPool().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fhir.Page{}, store.Failure(op, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // a read has nothing to lose
	var oldest, newest *time.Time
	if err := tx.QueryRow(ctx, `select least((select time_created from ehr where ehr_no > 0 order by ehr_no limit 1),
			(select time_committed from version where ehr_no = 0 order by vo_no limit 1)) - interval '1 hour',
		clock_timestamp() + interval '1 day'`).Scan(&oldest, &newest); err != nil {
		return fhir.Page{}, store.Failure(op, err)
	}
	if oldest == nil {
		return page, nil
	}
	if err := scanLag(tx.QueryRow(ctx, lagSQL), &page.Lag); err != nil {
		return fhir.Page{}, store.Failure(op, err)
	}
	from := *oldest
	if q.Since.After(from) {
		from = q.Since
	}
	to := *newest
	if !q.After.LastUpdated.IsZero() {
		to = q.After.LastUpdated.Add(time.Microsecond)
	}
	// The index finds rows by time but cannot order them: windows that grow
	// back from the newest keep the sort small.
	for window := 36 * time.Hour; len(page.Records) <= q.Count && to.After(from); window *= 8 {
		low := to.Add(-window)
		if low.Before(from) {
			low = from
		}
		if err := r.window(ctx, tx, q, low, to, &page); err != nil {
			return fhir.Page{}, store.Failure(op, err)
		}
		to = low
	}
	cutPage(&page, q.Count)
	shown(ctx, page.Records)
	return page, nil
}

// cutPage drops the record that only shows that there are more.
func cutPage(page *fhir.Page, count int) {
	if len(page.Records) > count {
		page.Records, page.More = page.Records[:count], true
	}
}

// window adds the versions committed from low until before high.
func (r *Reader) window(ctx context.Context, tx pgx.Tx, q fhir.HistoryQuery, low, high time.Time, page *fhir.Page) error {
	w := where{from: "\n\tfrom fhir_resource r left join ehr e on e.ehr_no = r.ehr_no\n\twhere ", args: new([]any)}
	w.add(`(r.ehr_no = 0 or e.is_queryable)`, `r.last_updated >= `+w.arg(low), `r.last_updated < `+w.arg(high))
	if q.Type != "" {
		w.add(`r.resource_type = ` + w.arg(q.Type))
	}
	w.history(q)
	return r.historyRows(ctx, tx, &w, q.Count+1-len(page.Records), page)
}

// history adds the conditions of every kind of history.
func (w *where) history(q fhir.HistoryQuery) {
	if !q.Since.IsZero() {
		w.add(`r.last_updated >= ` + w.arg(q.Since))
	}
	if !q.At.Low.IsZero() {
		w.add(`r.last_updated < `+w.arg(q.At.High), `(r.superseded is null or r.superseded > `+w.arg(q.At.Low)+`)`)
	}
	if after := q.After; !after.LastUpdated.IsZero() {
		w.add(`(r.last_updated, r.resource_type, r.resource_id) < (` + w.arg(after.LastUpdated) + `::timestamptz, ` + w.arg(after.Type) + `, ` + w.arg(after.ID) + `)`)
	}
}

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func (r *Reader) historyRows(ctx context.Context, db queryer, w *where, limit int, page *fhir.Page) error {
	const newest = "\n\torder by r.last_updated desc, r.resource_type desc, r.resource_id desc"
	sql := `select not exists (select from fhir_resource b where b.ehr_no = r.ehr_no and b.resource_type = r.resource_type
		and b.resource_id = r.resource_id and (b.ver, b.revision) < (r.ver, r.revision)), ` + recordColumns +
		"\n\tfrom (select r.*" + w.from + all(w.terms) + newest + ` limit ` + strconv.Itoa(limit) + `) r` + recordJoins + newest
	rows, err := db.Query(ctx, sql, *w.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	at := len(page.Records)
	scan := scanner{store: r.store, labels: r.labels}
	defer scan.forget()
	for rows.Next() {
		var rec fhir.Record
		var first bool
		if err := scan.record(rows, &rec, &first); err != nil {
			return err
		}
		rec.First = first
		page.Records = append(page.Records, rec)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return scan.completeAll(ctx, page.Records[at:])
}

// instanceHistory is that of one resource, whose record is found by it.
func (r *Reader) instanceHistory(ctx context.Context, who ehr.Actor, q fhir.HistoryQuery) (fhir.Page, error) {
	const op = "fhirstore.History"
	var owner uuid.UUID
	var ehrNo int64
	var total int
	var since *time.Time
	err := r.store.Pool().QueryRow(ctx, about(q.Type, `select e.ehr_id, `+waitingSQL+`e.ehr_no,
			(select count(*) from fhir_resource a where a.ehr_no = r.ehr_no and a.resource_type = $1 and a.resource_id = $2)
		from fhir_resource r join ehr e on e.ehr_no = r.ehr_no
		where r.ehr_no = any(array(`+leadsTo(`$2`, `$3`)+`)) and r.resource_id = $2 and r.resource_type = $1 and r.superseded is null`), q.Type, q.ID, place(q.ID)).Scan(&owner, &since, &ehrNo, &total)
	if errors.Is(err, pgx.ErrNoRows) {
		return fhir.Page{}, r.missing(ctx, op, nil)
	}
	if err != nil {
		return fhir.Page{}, store.Failure(op, err)
	}
	if err := r.decide(ctx, who, ehr.ActionRead, on(owner, q.Type)); err != nil {
		return fhir.Page{}, r.missing(ctx, op, err)
	}
	page := fhir.Page{Records: []fhir.Record{}, Total: -1}
	if since != nil {
		page.Lag = fhir.Lag{Waiting: true, Since: since.UTC()}
	}
	if q.Since.IsZero() && q.At.Low.IsZero() {
		page.Total = total
	}
	w := where{from: "\n\tfrom fhir_resource r\n\twhere ", args: new([]any)}
	w.add(`r.ehr_no = `+w.arg(ehrNo), `r.resource_type = `+w.arg(q.Type), `r.resource_id = `+w.arg(q.ID))
	w.history(q)
	if err := r.historyRows(ctx, r.store.Pool(), &w, q.Count+1, &page); err != nil {
		return fhir.Page{}, store.Failure(op, err)
	}
	cutPage(&page, q.Count)
	return page, nil
}
