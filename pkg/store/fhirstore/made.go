package fhirstore

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/fhir"
)

// statement is SQL with its arguments.
type statement struct {
	sql  string
	args []any
}

// madePage reads a page of resources that are made when they are asked for, and
// if the query wants it their number, in one snapshot. What else belongs to the
// page is read by more; nil for nothing.
func (r *Reader) madePage(ctx context.Context, q fhir.Query, page *fhir.Page, rows, count statement,
	scan func(pgx.Row) (fhir.Record, error), more func(pgx.Tx) error,
) error {
	return pgx.BeginTxFunc(ctx, r.store.QueryPool(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
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
}

// onlyVersion is the history of a resource that has one version.
func onlyVersion(rec fhir.Record, q fhir.HistoryQuery) fhir.Page {
	if rec.LastUpdated.Before(q.Since) || !q.At.High.IsZero() && !rec.LastUpdated.Before(q.At.High) || !q.After.LastUpdated.IsZero() {
		return fhir.Page{Records: []fhir.Record{}, Total: -1}
	}
	return fhir.Page{Records: []fhir.Record{rec}, Total: 1}
}
