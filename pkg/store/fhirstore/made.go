package fhirstore

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
)

// statement is SQL with its arguments.
type statement struct {
	sql  string
	args []any
}

// madePage reads a page of resources that are made when they are asked for, and
// if the query wants it their number, in one snapshot. What else belongs to the
// page is read by more; nil for nothing. The conditions are those on the state of
// at, the snapshot of the first page; nil if this is it. It gives that of the page.
func (r *Reader) madePage(ctx context.Context, q fhir.Query, page *fhir.Page, at *snapshot, rows, count statement,
	scan func(pgx.Row) (fhir.Record, error), more func(pgx.Tx) error,
) (*snapshot, error) {
	err := pgx.BeginTxFunc(ctx, r.store.QueryPool(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var now snapshot
		if err := now.scan(tx.QueryRow(ctx, snapshotSQL)); err != nil {
			return err
		}
		if at == nil {
			at = &now
		} else if err := at.check("fhirstore.Search", &now); err != nil {
			return err
		}
		found, err := tx.Query(ctx, rows.sql, rows.args...)
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			rec, err := scan(found)
			if err != nil {
				return err
			}
			page.Records = append(page.Records, rec)
		}
		if err := found.Err(); err != nil {
			return err
		}
		if more != nil {
			if err := more(tx); err != nil {
				return err
			}
		}
		if !q.Total {
			return nil
		}
		return tx.QueryRow(ctx, count.sql, count.args...).Scan(&page.Total)
	})
	return at, err
}

// onlyVersion is the history of a resource that has one version.
func onlyVersion(rec fhir.Record, q fhir.HistoryQuery) fhir.Page {
	if rec.LastUpdated.Before(q.Since) || !q.At.High.IsZero() && !rec.LastUpdated.Before(q.At.High) || !q.After.LastUpdated.IsZero() {
		return fhir.Page{Records: []fhir.Record{}, Total: -1}
	}
	return fhir.Page{Records: []fhir.Record{rec}, Total: 1}
}

// madeOrder is the order of a search of such resources: that of their keys, after
// that of their time if that is asked for.
type madeOrder struct {
	keys       string
	time, desc string
	columns    []string
}

func newMadeOrder(q fhir.Query, at string, columns ...string) madeOrder {
	o := madeOrder{keys: strings.Join(columns, ", "), columns: columns}
	if len(q.Sort) > 0 {
		if o.time = at; q.Sort[0].Desc {
			o.desc = " desc"
		}
		o.keys = at + o.desc + ", " + o.keys
	}
	return o
}

// after is the condition that a row comes after a cursor; the parts of the id in it
// are what the columns are compared with.
func (o madeOrder) after(w *where, from fhir.Cursor, parts func(id string) ([]any, bool)) (string, error) {
	c := from.Keys
	if len(c) == 0 {
		return `true`, nil
	}
	bad := errs.New(errs.Invalid, "fhirstore.Search", "the cursor is not one of this search")
	at := 0
	if o.time != "" {
		at = 1
	}
	if len(c) != at+1 || slices.Contains(c, nil) {
		return "", bad
	}
	values, ok := parts(*c[at])
	if !ok {
		return "", bad
	}
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = w.arg(v) + `::bigint`
	}
	rest := `(` + strings.Join(o.columns, ", ") + `) > (` + strings.Join(places, ", ") + `)`
	if o.time == "" {
		return rest, nil
	}
	us, err := strconv.ParseInt(*c[0], 10, 64)
	if err != nil {
		return "", bad
	}
	then := w.arg(time.UnixMicro(us)) + `::timestamptz`
	beyond := ` > `
	if o.desc != "" {
		beyond = ` < `
	}
	return `(` + o.time + beyond + then + ` or ` + o.time + ` = ` + then + ` and ` + rest + `)`, nil
}

// next is the cursor after the last of the records, of a state.
func (o madeOrder) next(list []fhir.Record, at *snapshot) (c fhir.Cursor) {
	c.Snapshot = at.String()
	last := list[len(list)-1]
	if o.time != "" {
		us := strconv.FormatInt(last.LastUpdated.UnixMicro(), 10)
		c.Keys = append(c.Keys, &us)
	}
	c.Keys = append(c.Keys, &last.ID)
	return c
}
