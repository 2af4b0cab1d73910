package server

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/pgembed"
)

// Database says which database a maintenance command works on.
type Database struct {
	DataDir     string `default:".cairn" env:"CAIRN_DATA_DIR" type:"path" help:"Directory of the embedded Postgres cluster."`
	DatabaseURL string `env:"CAIRN_DATABASE_URL" help:"Use this Postgres instead of the embedded one."`
}

// Migrator changes or reports the schema of one database.
type Migrator struct{ url string }

// Up applies all missing migrations.
func (m Migrator) Up(ctx context.Context) error { return migrations.Up(ctx, m.url) }

// Down undoes a number of migrations; 0 undoes all.
func (m Migrator) Down(ctx context.Context, steps int) error {
	return migrations.Down(ctx, m.url, steps)
}

// Version is the number of the newest migration applied, 0 if none, and
// whether it ended half-way.
func (m Migrator) Version(ctx context.Context) (uint, bool, error) {
	return migrations.Version(ctx, m.url)
}

// With runs a command on the database, starting the embedded cluster for as
// long as it takes.
func (d Database) With(ctx context.Context, do func(context.Context, Migrator) error) (err error) {
	url := d.DatabaseURL
	if url == "" {
		dir, err := filepath.Abs(d.DataDir)
		if err != nil {
			return err
		}
		cluster, err := pgembed.Start(ctx, pgembed.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		db := &database{cluster: cluster}
		defer func() {
			if stopErr := db.close(); err == nil {
				err = stopErr
			}
		}()
		if err := cluster.EnsureDatabase(ctx, databaseName); err != nil {
			return err
		}
		url = cluster.ConnString(databaseName)
	}
	return do(ctx, Migrator{url})
}
