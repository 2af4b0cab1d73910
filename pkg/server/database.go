package server

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/cairn-ehr/cairn/migrations"
	"github.com/cairn-ehr/cairn/pkg/pgembed"
)

// databaseName is the database that Cairn keeps in its embedded cluster.
const databaseName = "cairn"

// database is the connection string of the record, migrated, and what runs it.
type database struct {
	url     string
	cluster *pgembed.Cluster // nil for an external database
	log     *slog.Logger
}

// openDatabase starts the embedded cluster or takes the external database, and
// brings the schema up.
func openDatabase(ctx context.Context, o Options, log *slog.Logger) (*database, error) {
	db := &database{url: o.DatabaseURL, log: log}
	if db.url == "" {
		dir, err := filepath.Abs(o.DataDir)
		if err != nil {
			return nil, err
		}
		db.cluster, err = pgembed.Start(ctx, pgembed.Options{Dir: dir, Logger: log})
		if err != nil {
			return nil, err
		}
		if err := db.cluster.EnsureDatabase(ctx, databaseName); err != nil {
			return nil, db.fail(err)
		}
		db.url = db.cluster.ConnString(databaseName)
	}
	if err := migrations.Up(ctx, db.url); err != nil {
		return nil, db.fail(err)
	}
	return db, nil
}

// fail stops the cluster on the way out of a failed start.
func (db *database) fail(err error) error {
	if stopErr := db.close(); stopErr != nil {
		db.log.Error("the embedded Postgres did not stop", "error", stopErr)
	}
	return err
}

func (db *database) close() error {
	if db.cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return db.cluster.Stop(ctx)
}

// done is closed when the embedded cluster has ended for good; nil (never)
// for an external database.
func (db *database) done() <-chan struct{} {
	if db.cluster == nil {
		return nil
	}
	return db.cluster.Done()
}
