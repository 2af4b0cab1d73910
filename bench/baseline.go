package main

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/zstd"
)

// database connects to the cluster of the server under test.
func (w *workloads) database(ctx context.Context) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(w.server.database)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 32
	return pgxpool.NewWithConfig(ctx, cfg)
}

func (w *workloads) analyze(ctx context.Context) error {
	db, err := w.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(ctx, "vacuum analyze")
	return err
}

// baselines measures what the machine gives without Cairn's work: the HTTP
// stack alone, and durable inserts of the same documents alone.
func (w *workloads) baselines(ctx context.Context) error {
	err := w.sweep(ctx, "baseline: HTTP, no work", 6000, func(_ context.Context, client, _ int) error {
		return w.server.get(client, "/health/live", "")
	})
	if err != nil {
		return err
	}
	db, err := w.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(ctx, `create table bench_document (id bigint primary key, content jsonb not null, raw bytea not null);
		alter table bench_document alter column content set compression lz4;
		alter table bench_document alter column raw set storage external`); err != nil {
		return err
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		return err
	}
	defer enc.Close()
	share := w.compositions / len(clientCounts)
	for i, clients := range clientCounts {
		r := once(ctx, w.server.procs, "baseline: bare insert", clients, share, i*share, func(ctx context.Context, _, n int) error {
			_, err := db.Exec(ctx, "insert into bench_document values ($1, $2, $3)",
				n, string(w.bodies[n]), enc.EncodeAll(w.bodies[n], nil))
			return err
		})
		if err := w.report.add(r); err != nil {
			return err
		}
	}
	_, err = db.Exec(ctx, "drop table bench_document")
	return err
}

// sizes reads what the tables take on disk.
func (w *workloads) sizes(ctx context.Context) error {
	db, err := w.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(ctx, `select relname, pg_total_relation_size(oid), pg_indexes_size(oid) from pg_class
		where relkind = 'r' and relnamespace = current_schema()::regnamespace order by 2 desc`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.Name, &t.Bytes, &t.Indexes); err != nil {
			return err
		}
		w.report.Tables = append(w.report.Tables, t)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	w.report.Committed = len(w.committed)
	var version string
	if err := db.QueryRow(ctx, "show server_version").Scan(&version); err != nil {
		return err
	}
	w.report.Machine["postgres"] = version
	return nil
}
